/* Small things that rules of several tables need. */
#include "leadership.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *leadership_text(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

void leadership_set(const struct bl_change *change, const char *field, const char *value)
{
    json_object_set_new(change->after, field, value ? json_string(value) : json_null());
}

enum bl_status leadership_row(struct bl_request *r, const char *sql, const char *id, struct bl_rows **rows)
{
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, rows);
    if (status == BL_OK && bl_count(r, *rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such record here, or it is archived");
    return status;
}

/* A day counts as begun once it has begun anywhere: at UTC+14. */
enum bl_status leadership_not_future(struct bl_request *r, const struct bl_change *change, const char *field)
{
    const char *date = leadership_text(change->after, field);
    time_t latest = (time_t)(r->now / 1000000) + (time_t)14 * 3600;
    struct tm day;
    char text[11], pointer[64];
    gmtime_r(&latest, &day);
    strftime(text, sizeof text, "%Y-%m-%d", &day);
    if (!date || strcmp(date, text) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the day on which it happened", date);
}

enum bl_status leadership_ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = leadership_text(change->after, first), *b = leadership_text(change->after, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "not_after", pointer, "%s lies before %s: give a day that does not", b, a);
}

void leadership_items(struct bl_request *r, const struct bl_rows *rows)
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
