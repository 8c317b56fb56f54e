/* A list as CSV. Every row of the filter leaves page by page; nothing is held but one page. */
#include "resource/export.h"

#include "base/ids.h"
#include "resource/csv.h"
#include "resource/filter.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_MEMORY ((size_t)64 << 20) /* of one record as text; most need a few KiB */

static json_t *filter_names(struct bl_request *r)
{
    const char *name, *value;
    json_t *names = json_array();
    for (size_t i = 0; (name = bl_query_at(r, i, &value)) != NULL; i++)
        if (strcmp(name, "fields") != 0 && strcmp(name, "sort") != 0 && strcmp(name, "limit") != 0)
            json_array_append_new(names, json_string(name));
    return names;
}

enum bl_status export_put_note(struct statement *s, const char *list, const char *format)
{
    struct bl_request *r = s->request;
    char *id = bl_alloc(r, UUID_TEXT);
    char *change = json_dumps(
        value_keep(r, json_pack("{s:[n,s], s:[n,s], s:[n,o]}", "list", list, "format", format, "filters", filter_names(r))),
        JSON_COMPACT);
    bl_defer(r, free, change);
    uuid_v7(id);
    statement_text(s,
                   "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) SELECT "
                   "$1::uuid, ");
    bool fits = statement_arg(s, id, "uuid");
    statement_text(s, ", ");
    fits = fits && statement_arg(s, r->actor, "uuid");
    statement_text(s, ", 'core.exports', ");
    fits = fits && statement_arg(s, id, "uuid");
    statement_text(s, ", 'list', 1, ");
    fits = fits && statement_arg(s, change, "jsonb");
    statement_text(s, ", ");
    return fits && statement_arg(s, r->id, "text") ? BL_OK : filter_full(r);
}

enum bl_status export_start(struct bl_request *r, const struct plan *plan, const char *format, uint64_t *columns)
{
    struct statement where, s;
    struct filter f;
    struct bl_rows *rows;
    enum bl_status status = filter_read(r, plan, &where, &f);
    if (status == BL_OK)
        status = filter_whole(r, &f);
    if (status != BL_OK)
        return status;
    *columns = f.columns;
    statement_start(&s, r);
    statement_text(&s, "WITH n AS (SELECT count(*) AS rows FROM (SELECT FROM ");
    statement_text(&s, plan->resource->table);
    statement_text(&s, " t");
    statement_text(&s, where.text);
    statement_text(&s, value_text(r, " LIMIT %d) n), noted AS (", EXPORT_ROWS + 1));
    memcpy(s.args, where.args, sizeof s.args);
    s.nargs = where.nargs;
    status = export_put_note(&s, plan->name, format);
    if (status != BL_OK)
        return status;
    statement_text(&s, value_text(r, " FROM n WHERE n.rows <= %d) SELECT rows FROM n", EXPORT_ROWS));
    status = bl_sql(r, s.text, s.args, s.nargs, BL_APART, &rows);
    if (status == BL_OK && bl_integer(r, rows, 0, 0) > EXPORT_ROWS)
        status = bl_fail(r, BL_UNPROCESSABLE, "too_many_rows", NULL,
                         "more than %d records match; narrow the list with filters and fetch it in parts", EXPORT_ROWS);
    return status;
}

void export_respond(struct bl_request *r, const struct plan *plan, const char *media_type, const char *extension)
{
    char day[TIME_TEXT];
    date_format((int32_t)(r->now / 86400000000), day);
    char *name = value_text(r, "attachment; filename=\"%s-%s-%s.%s\"", r->org, plan->path, day, extension);
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL;)
        *slash = '-';
    bl_respond(r, 200, media_type);
    bl_set_header(r, "Content-Disposition", name);
}

void export_list(struct buf *out, const char *json)
{
    json_t *list = json_loads(json, 0, NULL), *element;
    size_t i;
    buf_clear(out);
    json_array_foreach(list, i, element) csv_list_put(out, json_string_value(element), json_string_length(element), i == 0);
    json_decref(list);
}

struct writer {
    struct buf line, list;
    uint64_t columns;
};

static void put_row(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row, struct writer *w)
{
    const char *comma = "";
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *column = &plan->columns[i];
        if ((w->columns >> i & 1) == 0)
            continue;
        const char *text = bl_cell(r, rows, row, (int)i);
        buf_text(&w->line, comma);
        comma = ",";
        if (text == NULL)
            continue;
        if (column->type == BL_LIST) {
            export_list(&w->list, text);
            text = w->list.data;
        }
        csv_put(&w->line, text, strlen(text), column->type != BL_INT && column->type != BL_DECIMAL);
    }
    buf_text(&w->line, "\r\n");
}

static enum bl_status put_page(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int count, void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < count; i++) {
        put_row(r, plan, rows, i, w);
        bl_write(r, w->line.data, w->line.length);
        buf_clear(&w->line);
    }
    return BL_OK;
}

static void drop_arena(void *arena)
{
    arena_free(arena);
}

enum bl_status resource_list_csv(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    struct writer w;
    enum bl_status status = export_start(r, plan, "csv", &w.columns);
    if (status != BL_OK)
        return status;
    struct arena *arena = arena_new(EXPORT_MEMORY);
    if (arena == NULL)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "not enough memory for the file; try again");
    bl_defer(r, drop_arena, arena);
    w.line = buf_new(arena, 4096);
    w.list = buf_new(arena, 256);
    export_respond(r, plan, "text/csv; charset=utf-8; header=present", "csv");
    for (size_t i = 0; i < plan->column_count; i++) {
        if (w.columns >> i & 1)
            buf_format(&w.line, "%s%s", w.line.length > 0 ? "," : "", plan->columns[i].name);
    }
    buf_text(&w.line, "\r\n");
    bl_write(r, w.line.data, w.line.length);
    buf_clear(&w.line);
    return resource_scan(r, plan, put_page, &w);
}
