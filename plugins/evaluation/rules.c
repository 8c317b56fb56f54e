/* Small things that rules of several tables need. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *evaluation_text(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

static void date(int64_t microseconds, char out[11])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(out, 11, "%Y-%m-%d", &day);
}

void evaluation_today(const struct bl_request *r, char out[11])
{
    date(r->now, out);
}

/* A day counts as begun once it has begun anywhere: at UTC+14. */
enum bl_status evaluation_not_future(struct bl_request *r, const struct bl_change *change, const char *field)
{
    const char *given = evaluation_text(change->after, field);
    char latest[11], pointer[64];
    date(r->now + INT64_C(14) * 3600 * 1000000, latest);
    if (!given || strcmp(given, latest) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the day on which it happened",
                   given);
}

enum bl_status evaluation_ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = evaluation_text(change->after, first), *b = evaluation_text(change->after, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "out_of_order", pointer, "must not be a day before %s", a);
}

bool evaluation_is_state(const json_t *record, const char *states)
{
    char padded[40];
    snprintf(padded, sizeof padded, " %s ", json_string_value(json_object_get(record, "status")));
    return strstr(states, padded) != NULL;
}

static enum bl_status part_of(struct bl_request *r, const json_t *record)
{
    static const char sql[] = "SELECT status FROM evaluation.audit WHERE tenant_id = $1 AND id = $2::uuid FOR SHARE";
    const char *id = evaluation_text(record, "audit_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/audit_id", "there is no such audit");
    const char *state = bl_cell(r, rows, 0, 0);
    if (strcmp(state, "issued") == 0 || strcmp(state, "closed") == 0 || strcmp(state, "cancelled") == 0)
        return bl_fail(r, BL_CONFLICT, "audit_over", "/audit_id", "the audit is %s: what belongs to it does not change any more",
                       state);
    return BL_OK;
}

enum bl_status evaluation_audit_open(struct bl_request *r, const struct bl_change *change)
{
    return part_of(r, change->after);
}

enum bl_status evaluation_audit_part_retire(struct bl_request *r, const struct bl_change *change)
{
    return part_of(r, change->before);
}

void evaluation_items(struct bl_request *r, const struct bl_rows *rows)
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_integer(r, "count", bl_count(r, rows));
    bl_json_close(r);
}
