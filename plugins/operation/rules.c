/* Small things that rules of several tables need. */
#include "operation.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool operation_is(const json_t *record, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text && strcmp(text, value) == 0;
}

void operation_time(int64_t microseconds, char out[32])
{
    char day[11];
    int64_t rest = microseconds % INT64_C(86400000000), seconds = rest / 1000000;
    bl_day(microseconds, day);
    snprintf(out, 32, "%sT%02d:%02d:%02d.%06dZ", day, (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60),
             (int)(rest % 1000000));
}

/* The engine has checked the form: RFC 3339 with any offset. */
bool operation_moment(const json_t *record, const char *field, int64_t *out)
{
    const char *text = bl_text(record, field);
    struct tm parts = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    int64_t micro = 0, scale = 100000, hours = 0, minutes = 0;
    if (!end)
        return false;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
            micro += (*end - '0') * scale;
    if (*end == '+' || *end == '-') {
        hours = strtol(end, NULL, 10);
        minutes = strtol(end + 4, NULL, 10) * (*end == '-' ? -1 : 1);
    }
    *out = ((int64_t)timegm(&parts) - hours * 3600 - minutes * 60) * 1000000 + micro;
    return true;
}

/* Clocks differ: a minute ahead is still now. */
enum bl_status operation_happened(struct bl_request *r, const json_t *record, const char *field)
{
    int64_t at;
    char pointer[64];
    if (!operation_moment(record, field, &at) || at <= r->now + INT64_C(60) * 1000000)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the moment at which it happened",
                   bl_text(record, field));
}

enum bl_status operation_ordered(struct bl_request *r, const json_t *record, const char *first, const char *then)
{
    const char *a = bl_text(record, first), *b = bl_text(record, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "not_after", pointer, "must not lie before %s, which is %s", first, a);
}

enum bl_status operation_reviewed(struct bl_request *r, const struct bl_change *change)
{
    return operation_worse(bl_not_future(r, change->after, "reviewed_on"),
                           operation_ordered(r, change->after, "reviewed_on", "review_on"));
}

enum bl_status operation_worse(enum bl_status a, enum bl_status b)
{
    return a ? a : b;
}

void operation_items(struct bl_request *r, const struct bl_rows *rows, int most)
{
    int count = bl_count(r, rows) > most ? most : bl_count(r, rows);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_integer(r, "count", count);
    bl_json_bool(r, "more", bl_count(r, rows) > most);
    bl_json_close(r);
}
