/* What happened to a record: its events, newest first. */
#include "base/ids.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>

enum column { EVENT_ID, EVENT_AT, ACTOR_ID, ACTOR_NAME, VERB, VERSION, REASON, CHANGE };

void resource_put_event(struct bl_request *r, const struct bl_rows *rows, int i)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, i, EVENT_ID);
    bl_json_cell(r, "at", rows, i, EVENT_AT);
    bl_json_object(r, "actor");
    bl_json_cell(r, "id", rows, i, ACTOR_ID);
    bl_json_cell(r, "name", rows, i, ACTOR_NAME);
    bl_json_close(r);
}

static void put_event(struct bl_request *r, const struct bl_rows *rows, int i)
{
    resource_put_event(r, rows, i);
    bl_json_cell(r, "verb", rows, i, VERB);
    bl_json_cell(r, "version", rows, i, VERSION);
    bl_json_cell(r, "reason", rows, i, REASON);
    bl_json_raw(r, "change", bl_cell(r, rows, i, CHANGE));
    bl_json_close(r);
}

static void answer(struct bl_request *r, const struct bl_rows *rows, long limit)
{
    int got = bl_count(r, rows), shown = got > limit ? (int)limit : got;
    const char *next = got > shown ? bl_cell(r, rows, shown - 1, EVENT_ID) : NULL;
    bl_respond(r, 200, "application/json");
    if (next)
        bl_set_header(r, "Link", value_text(r, "<%s?limit=%ld&cursor=%s>; rel=\"next\"", r->path, limit, next));
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        if (bl_cell(r, rows, i, EVENT_ID)) /* a record without a (further) event is one row of nulls */
            put_event(r, rows, i);
    bl_json_close(r);
    bl_json_text(r, "next", next);
    bl_json_close(r);
}

enum bl_status resource_page_of(struct bl_request *r, long *limit, const char **cursor)
{
    const char *text = bl_query(r, "limit");
    char *end = NULL;
    *limit = text ? strtol(text, &end, 10) : PLAN_PAGE;
    *cursor = bl_query(r, "cursor");
    if (text && (*text < '1' || *text > '9' || *end || *limit > PLAN_PAGE_MAX))
        return bl_fail(r, BL_BAD_REQUEST, "bad_limit", NULL, "query parameter limit: must be a number from 1 to %d",
                       PLAN_PAGE_MAX);
    if (*cursor && !uuid_valid(*cursor))
        return bl_fail(r, BL_BAD_REQUEST, "bad_cursor", NULL,
                       "query parameter cursor: not one that this list gave; begin without it");
    return resource_known_query(r, "limit cursor");
}

enum bl_status resource_history(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    const char *args[3];
    struct bl_rows *rows;
    long limit;
    enum bl_status status = resource_page_of(r, &limit, &args[1]);
    if (status != BL_OK)
        return status;
    args[0] = resource_id(r);
    args[2] = value_text(r, "%ld", limit + 1);
    status = bl_sql(r, plan->sql_history, args, 3, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) == 0)
        return resource_missing(r, plan);
    answer(r, rows, limit);
    return BL_OK;
}
