/* Small things that rules of several tables need. */
#include "certification.h"
#include <stdio.h>
#include <string.h>

long certification_number(const json_t *record, const char *name)
{
    return (long)json_integer_value(json_object_get(record, name));
}

long certification_day_in(const json_t *record, const char *name)
{
    return certification_day(bl_text(record, name));
}

long certification_today(struct bl_request *r)
{
    return (long)(r->now / INT64_C(86400000000));
}

/* A day counts as begun once it has begun anywhere: at UTC+14. */
long certification_latest_today(struct bl_request *r)
{
    return (long)((r->now + INT64_C(14) * 3600 * 1000000) / INT64_C(86400000000));
}

void certification_set_day(json_t *record, const char *name, long day)
{
    char text[11];
    if (day)
        certification_date(day, text);
    json_object_set_new(record, name, day ? json_string(text) : json_null());
}

enum bl_status certification_ordered(struct bl_request *r, const json_t *record, const char *first, const char *then)
{
    long a = certification_day_in(record, first), b = certification_day_in(record, then);
    char pointer[64];
    if (!a || !b || a <= b)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "wrong_order", pointer, "must not lie before %s (%s)", first, bl_text(record, first));
}

void certification_release(void *json)
{
    json_decref(json);
}

void certification_put_day(struct bl_request *r, const char *name, long day)
{
    char text[11];
    if (day)
        certification_date(day, text);
    bl_json_text(r, name, day ? text : NULL);
}
