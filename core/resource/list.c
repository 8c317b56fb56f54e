/* Lists: one statement per page, one round trip. */
#include "resource/filter.h"
#include "resource/routes.h"
#include "resource/sql.h"
#include "resource/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_MOST 1500 /* bytes */

/* SELECT … FROM the table, the conditions with their arguments, whatever `after` adds. */
static void start(struct statement *s, const struct statement *where, const char *select, const struct plan *plan)
{
    statement_start(s, where->request);
    statement_text(s, "SELECT ");
    statement_text(s, select);
    statement_text(s, " FROM ");
    statement_text(s, plan->resource->table);
    statement_text(s, " t");
    statement_text(s, where->text);
    memcpy(s->args, where->args, sizeof s->args);
    s->nargs = where->nargs;
}

static bool finish(struct statement *s, const struct plan *plan, const struct plan_sort *sort, long limit)
{
    char order[SQL_ORDER];
    sql_order(plan, sort, order);
    statement_text(s, " ORDER BY ");
    statement_text(s, order);
    statement_text(s, " LIMIT ");
    return statement_arg(s, value_text(s->request, "%ld", limit), "integer");
}

static enum bl_status page_of(struct bl_request *r, const struct plan *plan, const struct filter *f,
                              const struct statement *where, struct bl_rows **rows)
{
    if (f->plain && !f->paged)
        return bl_sql(r, plan->sql_list, NULL, 0, BL_FINAL, rows);
    struct statement s;
    start(&s, where, plan->select, plan);
    enum bl_status status = f->cursor ? filter_after(r, plan, f, &s) : BL_OK;
    if (status != BL_OK)
        return status;
    if (!finish(&s, plan, &f->sort, f->limit + 1))
        return filter_full(r);
    return bl_sql(r, s.text, s.args, s.nargs, BL_FINAL, rows);
}

/* Prefer: count=exact (RFC 7240), alone or in a list. */
static bool wants_count(struct bl_request *r)
{
    const char *prefer = bl_header(r, "Prefer");
    while (prefer && *prefer) {
        prefer += strspn(prefer, " \t,;");
        size_t length = strcspn(prefer, " \t,;");
        if (length == 11 && memcmp(prefer, "count=exact", 11) == 0)
            return true;
        prefer += length;
    }
    return false;
}

static enum bl_status count_of(struct bl_request *r, const struct plan *plan, const struct statement *where, int64_t *count)
{
    struct statement s;
    struct bl_rows *rows;
    start(&s, where, "count(*)", plan);
    enum bl_status status = bl_sql(r, s.text, s.args, s.nargs, 0, &rows);
    if (status == BL_OK)
        *count = bl_integer(r, rows, 0, 0);
    return status;
}

static void put_escaped(struct statement *s, const char *text)
{
    char one[4];
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        snprintf(one, sizeof one, plain ? "%c" : "%%%02X", *p);
        statement_text(s, one);
    }
}

/* A header has less room than the body, which holds the cursor in any case: a long one is left out. */
static void link_next(struct bl_request *r, const char *cursor)
{
    struct statement link; /* only its text */
    const char *name, *value;
    statement_start(&link, r);
    statement_text(&link, "<");
    statement_text(&link, r->path);
    statement_text(&link, "?");
    for (size_t i = 0; (name = bl_query_at(r, i, &value)) != NULL; i++) {
        if (strcmp(name, "cursor") == 0)
            continue;
        put_escaped(&link, name);
        statement_text(&link, "=");
        put_escaped(&link, value);
        statement_text(&link, "&");
    }
    statement_text(&link, "cursor=");
    statement_text(&link, cursor);
    statement_text(&link, ">; rel=\"next\"");
    if (link.length <= LINK_MOST)
        bl_set_header(r, "Link", link.text);
}

static void answer(struct bl_request *r, const struct plan *plan, const struct filter *f, const struct bl_rows *rows,
                   const int64_t *count)
{
    int got = bl_count(r, rows), shown = got > f->limit ? (int)f->limit : got;
    const char *next = got > shown ? filter_cursor(r, plan, f, rows, shown - 1) : NULL;
    struct plan_caller caller = {0};
    if (f->columns & PLAN_ACTIONS)
        resource_caller(r, plan, &caller);
    bl_respond(r, 200, "application/json");
    if (next)
        link_next(r, next);
    if (count)
        bl_set_header(r, "Preference-Applied", "count=exact");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        resource_json_row(r, plan, &caller, rows, i, f->columns, NULL);
    bl_json_close(r);
    bl_json_text(r, "next", next);
    if (count)
        bl_json_integer(r, "count", *count);
    bl_json_close(r);
}

enum bl_status resource_list(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    const char *type = bl_accepts(r);
    if (type && strcmp(type, "text/csv") == 0)
        return resource_list_csv(r);
    if (type && strcmp(type, "application/json") != 0)
        return resource_list_xlsx(r);

    struct statement where;
    struct filter f;
    struct bl_rows *rows = NULL;
    int64_t count = 0;
    bool counted = wants_count(r);
    enum bl_status status = filter_read(r, plan, &where, &f);
    if (status == BL_OK && counted)
        status = count_of(r, plan, &where, &count);
    if (status == BL_OK)
        status = page_of(r, plan, &f, &where, &rows);
    if (status == BL_OK)
        answer(r, plan, &f, rows, counted ? &count : NULL);
    return status;
}

/* A scan between two pages. The last row's keys live outside the page's memory, which goes with the page. */
struct scan {
    const struct plan *plan;
    struct statement where;
    struct filter filter;
    resource_page page;
    void *arg;
    char *last[PLAN_SORT];
    bool begun, more;
};

static void drop_keys(void *arg)
{
    struct scan *scan = arg;
    for (size_t i = 0; i < PLAN_SORT; i++) {
        free(scan->last[i]);
        scan->last[i] = NULL;
    }
}

static void keep_keys(struct bl_request *r, struct scan *scan, const struct bl_rows *rows, int row)
{
    drop_keys(scan);
    for (size_t i = 0; i < scan->filter.sort.count; i++) {
        const char *key = bl_cell(r, rows, row, (int)scan->filter.sort.keys[i].column);
        scan->last[i] = key ? strdup(key) : NULL;
    }
}

static enum bl_status scan_page(struct bl_request *r, void *arg)
{
    struct scan *scan = arg;
    struct statement s;
    struct bl_rows *rows;
    const char *last[PLAN_SORT];
    memcpy(last, scan->last, sizeof last);
    start(&s, &scan->where, scan->plan->select, scan->plan);
    if ((scan->begun && !filter_put_after(&s, scan->plan, &scan->filter.sort, last)) ||
        !finish(&s, scan->plan, &scan->filter.sort, PLAN_SCAN))
        return filter_full(r);
    enum bl_status status = bl_sql(r, s.text, s.args, s.nargs, 0, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    scan->begun = true;
    scan->more = count == PLAN_SCAN;
    if (count > 0)
        status = scan->page(r, scan->plan, rows, count, scan->arg);
    if (status == BL_OK && scan->more)
        keep_keys(r, scan, rows, count - 1);
    return status;
}

enum bl_status resource_scan(struct bl_request *r, const struct plan *plan, resource_page page, void *arg)
{
    struct scan *scan = bl_alloc(r, sizeof *scan);
    *scan = (struct scan){.plan = plan, .page = page, .arg = arg, .more = true};
    bl_defer(r, drop_keys, scan);
    enum bl_status status = filter_read(r, plan, &scan->where, &scan->filter);
    if (status == BL_OK)
        status = filter_whole(r, &scan->filter);
    while (status == BL_OK && scan->more)
        status = bl_scratch(r, scan_page, scan);
    return status;
}
