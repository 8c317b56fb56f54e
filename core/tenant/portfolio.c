/* The portfolio: over all organisations that the caller may enter, one query each, under row-level security. core.enter_portfolio
 * opens the organisations; which of their resources the caller may read is worked out here from what is held in each. */
#include "tenant/routes.h"

#include "base/ids.h"
#include "resource/describe.h"
#include "resource/plan.h"
#include "resource/value.h"
#include "tenant/tenant.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 1000, DAYS_AHEAD = 30, HITS = 200, HITS_SHOWN = 50 };

struct portfolio {
    const struct engine *engine;
    const struct bl_rows *rows; /* of core.enter_portfolio */
    int count;
    const char *resources;      /* text[]: every resource that may be read somewhere, and next to it */
    const char *resource_class; /* integer[]: the class of organisations where it may */
    const char *classes;        /* integer[]: class, and next to it */
    const char *tenants;        /* uuid[]: an organisation of it */
};

/* Two organisations in which the caller holds the same are asked about once. */
static int same_as(struct bl_request *r, const struct bl_rows *rows, int row)
{
    for (int i = 0; i < row; i++)
        if (strcmp(bl_cell(r, rows, i, 5), bl_cell(r, rows, row, 5)) == 0)
            return i;
    return row;
}

struct lists {
    struct statement resources, resource_class, classes, tenants; /* only their texts */
};

static void add(struct statement *list, const char *value)
{
    statement_text(list, list->length > 1 ? "," : "");
    statement_text(list, value);
}

/* Puts the organisations with set[i] into a class of their own, or into the one that is there already. */
static int class_of(struct bl_request *r, const struct portfolio *p, struct lists *lists, char **known, int *count,
                    const char *set)
{
    for (int c = 0; c < *count; c++)
        if (memcmp(known[c], set, (size_t)p->count) == 0)
            return c;
    known[*count] = bl_alloc(r, (size_t)p->count + 1);
    memcpy(known[*count], set, (size_t)p->count);
    const char *number = value_text(r, "%d", *count);
    for (int i = 0; i < p->count; i++)
        if (set[i]) {
            add(&lists->classes, number);
            add(&lists->tenants, bl_cell(r, p->rows, i, 0));
        }
    return (*count)++;
}

static void sort_out(struct bl_request *r, struct portfolio *p)
{
    size_t plan_count;
    const struct plan *const *plans = plan_all(p->engine, &plan_count);
    struct lists *lists = bl_alloc(r, sizeof *lists);
    struct statement *all[] = {&lists->resources, &lists->resource_class, &lists->classes, &lists->tenants};
    int *twin = bl_alloc(r, ((size_t)p->count + 1) * sizeof *twin), classes = 0;
    char *set = bl_alloc(r, (size_t)p->count + 1), **known = bl_alloc(r, (plan_count + 1) * sizeof *known);
    for (size_t i = 0; i < 4; i++) {
        statement_start(all[i], r);
        statement_text(all[i], "{");
    }
    for (int i = 0; i < p->count; i++)
        twin[i] = same_as(r, p->rows, i);
    for (size_t k = 0; k < plan_count; k++) {
        bool any = false;
        for (int i = 0; i < p->count; i++) {
            set[i] = twin[i] < i ? set[twin[i]] : tenant_role_may(bl_cell(r, p->rows, i, 5), plans[k]->read);
            any |= set[i];
        }
        if (!any)
            continue;
        add(&lists->resources, plans[k]->name);
        add(&lists->resource_class, value_text(r, "%d", class_of(r, p, lists, known, &classes, set)));
    }
    for (size_t i = 0; i < 4; i++)
        statement_text(all[i], "}");
    p->resources = lists->resources.text;
    p->resource_class = lists->resource_class.text;
    p->classes = lists->classes.text;
    p->tenants = lists->tenants.text;
}

/* Enters, and prepares the four arguments that every query here begins with. */
static enum bl_status enter(struct bl_request *r, struct portfolio *p)
{
    struct bl_rows *rows;
    *p = (struct portfolio){.engine = plan_route(r)->engine};
    enum bl_status status = bl_sql(r, "SELECT id, slug, name, kind, engagement_id, held FROM core.enter_portfolio($1::uuid)",
                                   (const char *const[]){r->actor}, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    p->rows = rows;
    p->count = bl_count(r, rows);
    sort_out(r, p);
    return BL_OK;
}

/* $1 to $4 are the lists of struct portfolio. */
static const char may_sql[] =
    "WITH resource AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::integer[]) AS r (name, class)), "
    "may AS MATERIALIZED (SELECT * FROM unnest($3::integer[], $4::uuid[]) AS m (class, tenant_id))";

/* "FROM context.issue t WHERE t.tenant_id = ANY (where that may be read) AND …": live records that are not over. */
static void put_from(struct statement *s, const struct plan *plan)
{
    statement_text(
        s, value_text(s->request,
                      " FROM %s t WHERE t.tenant_id = ANY (ARRAY(SELECT m.tenant_id FROM resource r JOIN may m ON m.class = "
                      "r.class WHERE r.name = '%s')) AND t.archived_at IS NULL",
                      plan->resource->table, plan->name));
    plan_put_open(s, plan);
}

static const char *row_of(struct bl_request *r, const struct portfolio *p, const char *id, int column)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(bl_cell(r, p->rows, i, 0), id) == 0)
            return bl_cell(r, p->rows, i, column);
    return NULL;
}

static void put_organisation(struct bl_request *r, const struct portfolio *p, const char *id)
{
    bl_json_object(r, "organisation");
    bl_json_text(r, "slug", row_of(r, p, id, 1));
    bl_json_text(r, "name", row_of(r, p, id, 2));
    bl_json_close(r);
}

static const char *url_of(struct bl_request *r, const struct portfolio *p, const char *tenant, const struct plan *plan,
                          const char *id)
{
    return value_text(r, "/api/v1/orgs/%s/%s/%s", row_of(r, p, tenant, 1), plan->path, id);
}

static const char *day_of(struct bl_request *r, int64_t days)
{
    char *day = bl_alloc(r, TIME_TEXT);
    date_format((int32_t)days, day);
    return day;
}

/* ---- GET /api/v1/portfolio/organisations ---- */

/* Per branch the counts of one field or one resource; the whole sums them up. $5 today, $6 the last day that counts as due. */
static void put_counts(struct statement *s, const struct engine *engine)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    statement_text(s, may_sql);
    statement_text(
        s, " SELECT x.tenant_id, sum(x.overdue)::bigint, sum(x.due)::bigint, sum(x.open)::bigint FROM ("
           "SELECT NULL::uuid AS tenant_id, 0::bigint AS overdue, 0::bigint AS due, 0::bigint AS open WHERE $5::date > $6::date");
    for (size_t i = 0; i < count; i++) {
        for (const struct bl_field *f = plan_next_with(plans[i], BL_DUE, NULL); f; f = plan_next_with(plans[i], BL_DUE, f)) {
            statement_text(s,
                           value_text(s->request,
                                      "\nUNION ALL SELECT t.tenant_id, count(*) FILTER (WHERE t.%s < $5::date), count(*) FILTER "
                                      "(WHERE t.%s >= $5::date), 0",
                                      f->name, f->name));
            put_from(s, plans[i]);
            statement_text(s, value_text(s->request, " AND t.%s <= $6::date GROUP BY t.tenant_id", f->name));
        }
        if (plans[i]->closed == 0)
            continue;
        statement_text(s, "\nUNION ALL SELECT t.tenant_id, 0, 0, count(*)");
        put_from(s, plans[i]);
        statement_text(s, " GROUP BY t.tenant_id");
    }
    statement_text(s, ") x GROUP BY x.tenant_id");
}

static const char *count_in(struct bl_request *r, const struct bl_rows *rows, const char *tenant, int column)
{
    for (int i = 0; i < bl_count(r, rows); i++)
        if (bl_cell(r, rows, i, 0) && strcmp(bl_cell(r, rows, i, 0), tenant) == 0)
            return bl_cell(r, rows, i, column);
    return "0";
}

static void put_held(struct bl_request *r, const char *held)
{
    size_t length = strcspn(held, ";");
    const char *areas = strstr(held, ";areas=");
    bl_json_array(r, "roles");
    for (const char *at = held; at < held + length; at += strcspn(at, ",;") + 1)
        bl_json_text(r, NULL, value_text(r, "%.*s", (int)strcspn(at, ",;"), at));
    bl_json_close(r);
    if (!areas || areas[7] == '*') {
        bl_json_text(r, "areas", NULL);
        return;
    }
    bl_json_array(r, "areas");
    for (const char *at = areas + 7; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
        bl_json_text(r, NULL, value_text(r, "%.*s", (int)strcspn(at, " "), at));
    bl_json_close(r);
}

static enum bl_status organisations(struct bl_request *r)
{
    struct portfolio p;
    struct bl_rows *rows;
    struct statement s;
    enum bl_status status = enter(r, &p);
    if (status != BL_OK)
        return status;
    int64_t today = r->now / 86400000000;
    statement_start(&s, r);
    put_counts(&s, p.engine);
    const char *args[] = {p.resources, p.resource_class, p.classes, p.tenants, day_of(r, today), day_of(r, today + DAYS_AHEAD)};
    status = bl_sql(r, s.text, args, 6, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < p.count; i++) {
        const char *id = bl_cell(r, p.rows, i, 0);
        bl_json_object(r, NULL);
        bl_json_text(r, "id", id);
        bl_json_cell(r, "slug", p.rows, i, 1);
        bl_json_cell(r, "name", p.rows, i, 2);
        bl_json_cell(r, "kind", p.rows, i, 3);
        bl_json_cell(r, "engagement_id", p.rows, i, 4);
        put_held(r, bl_cell(r, p.rows, i, 5));
        bl_json_raw(r, "overdue", count_in(r, rows, id, 1));
        bl_json_raw(r, "due", count_in(r, rows, id, 2));
        bl_json_raw(r, "open", count_in(r, rows, id, 3));
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* ---- GET /api/v1/portfolio/due ---- */

/* $5 from, $6 to, $7 one organisation (NULL: all). */
static void put_due(struct statement *s, const struct engine *engine)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    statement_text(s, may_sql);
    statement_text(
        s, " SELECT * FROM (SELECT NULL::integer AS branch, NULL::date AS day, NULL::text AS field, NULL::uuid AS tenant_id, "
           "NULL::uuid AS id, NULL::text AS ref, NULL::text AS title, NULL::text AS status, NULL::uuid AS owner_id WHERE false");
    for (size_t i = 0; i < count; i++) {
        const struct plan *plan = plans[i];
        const struct bl_field *owner = plan_next_with(plan, BL_OWNER, NULL);
        for (const struct bl_field *f = plan_next_with(plan, BL_DUE, NULL); f; f = plan_next_with(plan, BL_DUE, f)) {
            statement_text(s, value_text(s->request,
                                         "\nUNION ALL SELECT %zu, t.%s, '%s', t.tenant_id, t.id, t.ref, t.%s::text, %s, %s%s", i,
                                         f->name, f->name, plan->title ? plan->title->name : "ref",
                                         plan->status >= 0 ? "t.status" : "NULL::text", owner ? "t." : "NULL::uuid",
                                         owner ? owner->name : ""));
            put_from(s, plan);
            statement_text(s, value_text(s->request,
                                         " AND t.%s BETWEEN $5::date AND $6::date AND ($7::uuid IS NULL OR t.tenant_id = "
                                         "$7::uuid)",
                                         f->name));
        }
    }
    statement_text(s, value_text(s->request, ") x ORDER BY x.day, x.ref, x.id LIMIT %d", ENTRIES + 1));
}

static void put_entry(struct bl_request *r, const struct portfolio *p, const struct bl_rows *rows, int row, const char *today)
{
    size_t count;
    char made[LABEL_TEXT];
    const struct plan *plan = plan_all(p->engine, &count)[bl_integer(r, rows, row, 0)];
    const char *day = bl_cell(r, rows, row, 1), *field = bl_cell(r, rows, row, 2), *tenant = bl_cell(r, rows, row, 3);
    bl_json_object(r, NULL);
    bl_json_text(r, "date", day);
    put_organisation(r, p, tenant);
    bl_json_text(r, "field", field);
    bl_json_text(r, "label", describe_field(plan_column(plan, field)->field, made));
    bl_json_text(r, "resource", plan->name);
    bl_json_cell(r, "id", rows, row, 4);
    bl_json_cell(r, "ref", rows, row, 5);
    bl_json_cell(r, "title", rows, row, 6);
    bl_json_cell(r, "status", rows, row, 7);
    bl_json_cell(r, "owner_id", rows, row, 8);
    bl_json_bool(r, "overdue", strcmp(day, today) < 0);
    bl_json_text(r, "url", url_of(r, p, tenant, plan, bl_cell(r, rows, row, 4)));
    bl_json_close(r);
}

static enum bl_status day_asked(struct bl_request *r, const char *name, const char **day)
{
    int32_t days;
    const char *text = bl_query(r, name);
    if (!text)
        return BL_OK;
    *day = text;
    if (date_parse(text, &days))
        return BL_OK;
    return bl_fail(r, BL_BAD_REQUEST, "bad_date", NULL, "query parameter %s: a day as YYYY-MM-DD that the calendar has", name);
}

/* The organisation of that slug in the portfolio. */
static enum bl_status organisation_asked(struct bl_request *r, const struct portfolio *p, const char **id)
{
    const char *slug = bl_query(r, "organisation");
    *id = NULL;
    for (int i = 0; slug && i < p->count && !*id; i++)
        if (strcmp(bl_cell(r, p->rows, i, 1), slug) == 0)
            *id = bl_cell(r, p->rows, i, 0);
    if (slug && !*id)
        return bl_fail(r, BL_BAD_REQUEST, "no_such_organisation", NULL,
                       "query parameter organisation: none of that slug that you may enter");
    return BL_OK;
}

static enum bl_status due(struct bl_request *r)
{
    struct portfolio p;
    struct bl_rows *rows;
    struct statement s;
    int64_t days = r->now / 86400000000;
    const char *from = "0001-01-01", *to = day_of(r, days + DAYS_AHEAD), *today = day_of(r, days), *one;
    enum bl_status status = day_asked(r, "from", &from);
    if (status == BL_OK)
        status = day_asked(r, "to", &to);
    if (status == BL_OK)
        status = enter(r, &p);
    if (status == BL_OK)
        status = organisation_asked(r, &p, &one);
    if (status != BL_OK)
        return status;
    statement_start(&s, r);
    put_due(&s, p.engine);
    const char *args[] = {p.resources, p.resource_class, p.classes, p.tenants, from, to, one};
    status = bl_sql(r, s.text, args, 7, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    int got = bl_count(r, rows), shown = got > ENTRIES ? ENTRIES : got;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_text(r, "from", from);
    bl_json_text(r, "to", to);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        put_entry(r, &p, rows, i, today);
    bl_json_close(r);
    bl_json_bool(r, "truncated", got > shown);
    bl_json_close(r);
    return BL_OK;
}

/* ---- GET /api/v1/portfolio/search ---- */

/* $5 what was typed. As in one organisation: each word must be in the record, the last one may be half typed (chr(1) is below
 * every character of a word, chr(1114111) above). The best HITS by weight, then their records, branch by branch. */
static void put_search(struct statement *s, const struct engine *engine)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    statement_text(s, may_sql);
    statement_text(
        s,
        ", word AS MATERIALIZED (SELECT w.word, w.word || chr(CASE WHEN w.n = max(w.n) OVER () THEN 1114111 ELSE 1 END) AS above "
        "FROM (SELECT lower(p.token) COLLATE \"C\" AS word, max(p.n) AS n FROM ts_parse('default', $5) WITH ORDINALITY p(type, "
        "token, n) "
        "WHERE p.type NOT IN (5, 12, 13, 14, 15, 16, 17, 23) GROUP BY 1) w), "
        "hit AS MATERIALIZED (SELECT h.tenant_id, h.resource, h.record_id, sum(h.weight) AS rank FROM ("
        "SELECT s.tenant_id, s.resource, s.record_id, w.word, max(s.weight) AS weight FROM word w JOIN core.search_term s "
        "ON s.tenant_id = ANY (ARRAY(SELECT m.tenant_id FROM may m)) AND s.lexeme >= w.word AND s.lexeme < w.above "
        "WHERE EXISTS (SELECT FROM resource r JOIN may m ON m.class = r.class WHERE r.name = s.resource AND m.tenant_id = "
        "s.tenant_id) "
        "GROUP BY 1, 2, 3, 4) h GROUP BY 1, 2, 3 HAVING count(*) = (SELECT count(*) FROM word) ");
    statement_text(s, value_text(s->request, "ORDER BY rank DESC, h.record_id DESC LIMIT %d) ", HITS));
    statement_text(s,
                   "SELECT * FROM (SELECT NULL::integer AS branch, NULL::uuid AS tenant_id, NULL::uuid AS id, NULL::text AS ref, "
                   "NULL::text AS title, NULL::bigint AS rank WHERE false");
    for (size_t i = 0; i < count; i++)
        statement_text(
            s, value_text(s->request,
                          "\nUNION ALL SELECT %zu, t.tenant_id, t.id, t.ref, t.%s::text, h.rank FROM hit h JOIN %s t ON "
                          "t.tenant_id = h.tenant_id AND t.id = h.record_id WHERE h.resource = '%s' AND t.archived_at IS NULL",
                          i, plans[i]->title ? plans[i]->title->name : "ref", plans[i]->resource->table, plans[i]->name));
    statement_text(s, value_text(s->request, ") x ORDER BY x.rank DESC, x.id DESC LIMIT %d", HITS_SHOWN));
}

static enum bl_status search(struct bl_request *r)
{
    struct portfolio p;
    struct bl_rows *rows;
    struct statement s;
    size_t count;
    const char *q = bl_query(r, "q");
    if (!q || *q == '\0' || strlen(q) > 500)
        return bl_fail(r, BL_BAD_REQUEST, "no_words", NULL, "query parameter q: what to look for, at most 500 bytes");
    enum bl_status status = enter(r, &p);
    if (status != BL_OK)
        return status;
    statement_start(&s, r);
    put_search(&s, p.engine);
    const char *args[] = {p.resources, p.resource_class, p.classes, p.tenants, q};
    status = bl_sql(r, s.text, args, 5, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        const struct plan *plan = plan_all(p.engine, &count)[bl_integer(r, rows, i, 0)];
        const char *tenant = bl_cell(r, rows, i, 1), *id = bl_cell(r, rows, i, 2);
        bl_json_object(r, NULL);
        put_organisation(r, &p, tenant);
        bl_json_text(r, "resource", plan->name);
        bl_json_text(r, "id", id);
        bl_json_cell(r, "ref", rows, i, 3);
        bl_json_cell(r, "title", rows, i, 4);
        bl_json_cell(r, "rank", rows, i, 5);
        bl_json_text(r, "url", url_of(r, &p, tenant, plan, id));
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__

static const char organisations_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": ["id", "slug", "name", "kind", "engagement_id", "roles", "areas", "overdue", "due", "open"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"}, "kind": {"type": "string"},
            "engagement_id": {"type": ["string", "null"], "format": "uuid"},
            "roles": {"type": "array", "items": {"type": "string"}},
            "areas": {"type": ["array", "null"], "items": {"type": "string"}, "description": "null: all"},
            "overdue": {"type": "integer"}, "due": {"type": "integer", "description": "In the next 30 days."},
            "open": {"type": "integer", "description": "Records with a workflow that are not over."}
        }
    }}}
});
static const char due_schema[] = SCHEMA({
    "type": "object", "required": ["from", "to", "items", "truncated"],
    "properties": {
        "from": {"type": "string"}, "to": {"type": "string"}, "truncated": {"type": "boolean"},
        "items": {"type": "array", "items": {"type": "object",
            "required": ["date", "organisation", "field", "label", "resource", "id", "ref", "title", "overdue", "url"],
            "properties": {
                "date": {"type": "string", "format": "date"},
                "organisation": {"type": "object", "properties": {"slug": {"type": "string"}, "name": {"type": "string"}}},
                "field": {"type": "string"}, "label": {"type": "string"}, "resource": {"type": "string"},
                "id": {"type": "string", "format": "uuid"}, "ref": {"type": "string"}, "title": {"type": ["string", "null"]},
                "status": {"type": ["string", "null"]}, "owner_id": {"type": ["string", "null"]},
                "overdue": {"type": "boolean"}, "url": {"type": "string"}
            }}}
    }
});
static const char search_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "object",
        "required": ["organisation", "resource", "id", "ref", "title", "rank", "url"],
        "properties": {
            "organisation": {"type": "object", "properties": {"slug": {"type": "string"}, "name": {"type": "string"}}},
            "resource": {"type": "string"}, "id": {"type": "string", "format": "uuid"}, "ref": {"type": "string"},
            "title": {"type": ["string", "null"]}, "rank": {"type": "integer"}, "url": {"type": "string"}
        }}}}
});
/* clang-format on */

#define PORTFOLIO "/api/v1/portfolio"

const struct bl_route tenant_portfolio_routes[] = {
    {.method = "GET",
     .path = PORTFOLIO "/organisations",
     .handler = organisations,
     .flags = ENGINE_PORTFOLIO,
     .summary = "The organisations that the caller may enter, with what is overdue, due and open in each",
     .answer = organisations_schema},
    {.method = "GET",
     .path = PORTFOLIO "/due",
     .handler = due,
     .flags = ENGINE_PORTFOLIO,
     .summary = "What is due, over all organisations that the caller may enter",
     .query = "from to organisation",
     .answer = due_schema},
    {.method = "GET",
     .path = PORTFOLIO "/search",
     .handler = search,
     .flags = ENGINE_PORTFOLIO,
     .summary = "Search in all organisations that the caller may enter",
     .query = "q",
     .answer = search_schema},
    {0},
};
