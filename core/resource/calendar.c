/* What is due, over all areas: GET …/calendar from the BL_DUE dates, GET …/my-work from the BL_OWNER fields. One statement each:
 * a branch per resource, and the branches that the caller may not read are shut by a parameter. */
#include "base/ids.h"
#include "resource/describe.h"
#include "resource/ical.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <string.h>

#define ENTRIES 1000 /* in one answer; `truncated` says that there are more */
#define DAYS_AHEAD 30
#define DAYS_BACK 365 /* of the feed */
#define DAYS_ON 730

struct asked {
    const char *from, *to; /* days */
    const char *owner;     /* NULL: anybody's */
    const char *today;
};

const struct bl_field *plan_next_with(const struct plan *plan, unsigned flag, const struct bl_field *after)
{
    for (const struct bl_field *f = after != NULL ? after + 1 : plan->resource->fields; f->name != NULL; f++) {
        if ((f->flags & flag) != 0)
            return f;
    }
    return NULL;
}

void plan_put_open(struct statement *s, const struct plan *plan)
{
    const char *comma = " AND t.status NOT IN ('";
    if (plan->closed == 0)
        return;
    for (size_t i = 0; plan->resource->states[i].name != NULL; i++) {
        if ((plan->closed >> i & 1) == 0)
            continue;
        statement_text(s, comma);
        statement_text(s, plan->resource->states[i].name);
        comma = "', '";
    }
    statement_text(s, "')");
}

/* "$4 = ANY (ARRAY[t.owner_id, t.deputy_id])": the record is that person's. */
static void put_owned(struct statement *s, const struct plan *plan, const char *person)
{
    const char *comma = "";
    statement_text(s, person);
    statement_text(s, " IN (");
    for (const struct bl_field *f = plan_next_with(plan, BL_OWNER, NULL); f != NULL; f = plan_next_with(plan, BL_OWNER, f)) {
        statement_text(s, comma);
        statement_text(s, "t.");
        statement_text(s, f->name);
        comma = ", ";
    }
    statement_text(s, ")");
}

/* What every branch shows of a record: …, id, ref, title, state, owner. */
static void put_record(struct statement *s, const struct plan *plan)
{
    const struct bl_field *owner = plan_next_with(plan, BL_OWNER, NULL);
    statement_text(s, value_text(s->request, "t.id, t.ref, t.%s::text AS title, %s AS status, %s%s AS owner_id",
                                 plan->title != NULL ? plan->title->name : "ref", plan->status >= 0 ? "t.status" : "NULL::text",
                                 owner != NULL ? "t." : "NULL::uuid", owner != NULL ? owner->name : ""));
}

static void put_from(struct statement *s, const struct plan *plan)
{
    statement_text(s, value_text(s->request,
                                 " FROM %s t WHERE t.tenant_id = $1 AND '%s' = ANY ($2::text[]) AND t.archived_at IS NULL",
                                 plan->resource->table, plan->name));
    plan_put_open(s, plan);
}

/* $2 readable resources, $3 from, $4 to, $5 owner */
static void put_due_branch(struct statement *s, const struct plan *plan, size_t number, const struct bl_field *due)
{
    statement_text(s, value_text(s->request, "SELECT %zu AS branch, t.%s AS day, '%s' AS field, ", number, due->name, due->name));
    put_record(s, plan);
    put_from(s, plan);
    statement_text(s, value_text(s->request, " AND t.%s BETWEEN $3::date AND $4::date AND ($5::uuid IS NULL", due->name));
    if (plan_next_with(plan, BL_OWNER, NULL) != NULL) {
        statement_text(s, " OR ");
        put_owned(s, plan, "$5::uuid");
    }
    statement_text(s, ")");
}

/* $2 readable resources, $3 the caller */
static void put_work_branch(struct statement *s, const struct plan *plan, size_t number)
{
    const char *comma = "least(";
    statement_text(s, value_text(s->request, "SELECT %zu AS branch, ", number));
    for (const struct bl_field *f = plan_next_with(plan, BL_DUE, NULL); f != NULL; f = plan_next_with(plan, BL_DUE, f)) {
        statement_text(s, comma);
        statement_text(s, "t.");
        statement_text(s, f->name);
        comma = ", ";
    }
    statement_text(s, plan_next_with(plan, BL_DUE, NULL) != NULL ? ") AS day, NULL::text AS field, "
                                                                 : "NULL::date AS day, NULL::text AS field, ");
    put_record(s, plan);
    put_from(s, plan);
    statement_text(s, " AND ");
    put_owned(s, plan, "$3::uuid");
}

/* The branches of all resources that have the flag; how many there are. */
static size_t put_branches(struct statement *s, const struct engine *engine, unsigned flag)
{
    size_t count, branches = 0;
    const struct plan *const *plans = plan_all(engine, &count);
    statement_text(s, "SELECT x.*, m.name AS owner FROM (");
    for (size_t i = 0; i < count; i++) {
        for (const struct bl_field *f = plan_next_with(plans[i], flag, NULL); f != NULL; f = plan_next_with(plans[i], flag, f)) {
            if (branches++ > 0)
                statement_text(s, "\nUNION ALL ");
            if (flag == BL_DUE)
                put_due_branch(s, plans[i], i, f);
            else
                put_work_branch(s, plans[i], i);
            if (flag == BL_OWNER)
                break;
        }
    }
    statement_text(
        s, value_text(s->request,
                      "\nORDER BY day NULLS LAST, ref, id LIMIT %d) x\nLEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = "
                      "x.owner_id ORDER BY x.day NULLS LAST, x.ref, x.id",
                      ENTRIES + 1));
    return branches;
}

static void put_entry(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row, const char *today)
{
    char made[LABEL_TEXT];
    const char *day = bl_cell(r, rows, row, 1), *field = bl_cell(r, rows, row, 2);
    bl_json_object(r, NULL);
    bl_json_text(r, "date", day);
    if (field != NULL) {
        bl_json_text(r, "field", field);
        bl_json_text(r, "label", describe_field(plan_column(plan, field)->field, made));
    }
    bl_json_text(r, "resource", plan->name);
    bl_json_cell(r, "id", rows, row, 3);
    bl_json_cell(r, "ref", rows, row, 4);
    bl_json_cell(r, "title", rows, row, 5);
    bl_json_cell(r, "status", rows, row, 6);
    bl_json_cell(r, "owner_id", rows, row, 7);
    bl_json_cell(r, "owner", rows, row, 8);
    bl_json_bool(r, "overdue", day != NULL && strcmp(day, today) < 0);
    bl_json_text(r, "url", resource_url(r, plan, bl_cell(r, rows, row, 3)));
    bl_json_close(r);
}

static void answer(struct bl_request *r, const struct engine *engine, const struct bl_rows *rows, const struct asked *asked)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    int got = rows != NULL ? bl_count(r, rows) : 0, shown = got > ENTRIES ? ENTRIES : got;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    if (asked->from != NULL) {
        bl_json_text(r, "from", asked->from);
        bl_json_text(r, "to", asked->to);
    }
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        put_entry(r, plans[bl_integer(r, rows, i, 0)], rows, i, asked->today);
    bl_json_close(r);
    bl_json_bool(r, "truncated", got > shown);
    bl_json_close(r);
}

static const char *day_of(struct bl_request *r, int64_t days)
{
    char *day = bl_alloc(r, TIME_TEXT);
    date_format((int32_t)days, day);
    return day;
}

static enum bl_status day_asked(struct bl_request *r, const char *name, const char **day)
{
    const char *text = bl_query(r, name);
    int32_t days;
    if (text == NULL)
        return BL_OK;
    *day = text;
    if (date_parse(text, &days))
        return BL_OK;
    return bl_fail(r, BL_BAD_REQUEST, "bad_date", NULL, "query parameter %s: a day as YYYY-MM-DD that the calendar has", name);
}

static enum bl_status read_query(struct bl_request *r, const char *known, struct asked *asked)
{
    int64_t today = r->now / 86400000000;
    const char *owner = bl_query(r, "owner");
    *asked = (struct asked){.from = "0001-01-01", .to = day_of(r, today + DAYS_AHEAD), .today = day_of(r, today)};
    enum bl_status status = resource_known_query(r, known);
    if (status == BL_OK)
        status = day_asked(r, "from", &asked->from);
    if (status == BL_OK)
        status = day_asked(r, "to", &asked->to);
    if (status != BL_OK || owner == NULL)
        return status;
    asked->owner = strcmp(owner, "me") == 0 ? r->actor : owner;
    if (!uuid_valid(asked->owner))
        return bl_fail(r, BL_BAD_REQUEST, "bad_id", NULL, "query parameter owner: the id of a member, or me");
    return BL_OK;
}

static void answer_ical(struct bl_request *r, const struct engine *engine, const struct bl_rows *rows)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    char made[LABEL_TEXT];
    int got = rows != NULL ? bl_count(r, rows) : 0, shown = got > ENTRIES ? ENTRIES : got;
    ical_begin(r, r->org);
    for (int i = 0; i < shown; i++) {
        const struct plan *plan = plans[bl_integer(r, rows, i, 0)];
        const char *field = bl_cell(r, rows, i, 2), *id = bl_cell(r, rows, i, 3), *owner = bl_cell(r, rows, i, 8);
        const char *title = bl_cell(r, rows, i, 5), *ref = bl_cell(r, rows, i, 4);
        struct ical_event e = {.uid = value_text(r, "%s-%s@ballium", id, field),
                               .day = bl_cell(r, rows, i, 1),
                               .summary = value_text(r, "%s %s", ref, title)};
        e.description = value_text(r, "%s%s%s\n%s", describe_field(plan_column(plan, field)->field, made), owner ? ": " : "",
                                   owner ? owner : "", resource_url(r, plan, id));
        ical_event(r, &e);
    }
    ical_end(r);
}

/* Enters the tenant, so that the caller's permissions are known, then asks once. */
static enum bl_status run(struct bl_request *r, const struct engine *engine, unsigned flag, const char **args, int nargs,
                          unsigned last, struct bl_rows **rows)
{
    struct statement s;
    enum bl_status status = bl_sql(r, "SELECT FROM core.this_organisation WHERE tenant_id = $1", NULL, 0, 0, rows);
    if (status != BL_OK)
        return status;
    statement_start(&s, r);
    args[0] = resource_readable(r, engine);
    *rows = NULL;
    if (put_branches(&s, engine, flag) > 0)
        status = bl_sql(r, s.text, args, nargs, last, rows);
    return status;
}

enum bl_status engine_calendar(struct bl_request *r)
{
    struct asked asked;
    enum bl_status status = read_query(r, "from to owner", &asked);
    if (status != BL_OK)
        return status;
    const char *args[] = {NULL, asked.from, asked.to, asked.owner};
    struct bl_rows *rows = NULL;
    status = run(r, plan_route(r)->engine, BL_DUE, args, 4, BL_FINAL, &rows);
    if (status == BL_OK)
        answer(r, plan_route(r)->engine, rows, &asked);
    return status;
}

/* The same as iCalendar, a year back and two ahead unless asked otherwise. */
enum bl_status engine_calendar_feed(struct bl_request *r)
{
    struct asked asked;
    int64_t today = r->now / 86400000000;
    enum bl_status status = read_query(r, "from to owner token", &asked);
    if (status != BL_OK)
        return status;
    const char *args[] = {NULL, bl_query(r, "from") ? asked.from : day_of(r, today - DAYS_BACK),
                          bl_query(r, "to") ? asked.to : day_of(r, today + DAYS_ON), asked.owner};
    struct bl_rows *rows = NULL;
    status = run(r, plan_route(r)->engine, BL_DUE, args, 4, BL_FINAL, &rows);
    if (status == BL_OK)
        answer_ical(r, plan_route(r)->engine, rows);
    return status;
}

enum bl_status engine_my_work(struct bl_request *r)
{
    enum bl_status status = resource_known_query(r, NULL);
    if (status != BL_OK)
        return status;
    struct asked asked = {.today = day_of(r, r->now / 86400000000)};
    const char *args[] = {NULL, r->actor};
    struct bl_rows *rows = NULL;
    status = run(r, plan_route(r)->engine, BL_OWNER, args, 2, BL_FINAL, &rows);
    if (status == BL_OK)
        answer(r, plan_route(r)->engine, rows, &asked);
    return status;
}

enum bl_status engine_due(struct bl_request *r, const struct engine *engine, const char *owner, int days_ahead,
                          struct engine_due **items, size_t *count)
{
    size_t all;
    const struct plan *const *plans = plan_all(engine, &all);
    int64_t now = r->now / 86400000000;
    const char *today = day_of(r, now), *args[] = {NULL, "0001-01-01", day_of(r, now + days_ahead), owner};
    struct bl_rows *rows;
    enum bl_status status = run(r, engine, BL_DUE, args, 4, 0, &rows);
    *count = status == BL_OK && rows != NULL ? (size_t)bl_count(r, rows) : 0;
    *items = bl_alloc(r, (*count + 1) * sizeof **items);
    for (int i = 0; i < (int)*count; i++) {
        const struct plan *plan = plans[bl_integer(r, rows, i, 0)];
        const char *day = bl_cell(r, rows, i, 1);
        char *made = bl_alloc(r, LABEL_TEXT);
        (*items)[i] = (struct engine_due){.day = day,
                                          .label = describe_field(plan_column(plan, bl_cell(r, rows, i, 2))->field, made),
                                          .ref = bl_cell(r, rows, i, 4),
                                          .title = bl_cell(r, rows, i, 5),
                                          .path = resource_url(r, plan, bl_cell(r, rows, i, 3)),
                                          .resource = plan->name,
                                          .id = bl_cell(r, rows, i, 3),
                                          .overdue = strcmp(day, today) < 0};
    }
    return status;
}
