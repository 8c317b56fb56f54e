/* Small things that rules of several tables need. */
#include "context.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *context_member(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    if (!text)
        return NULL;
    return text[strspn(text, " \t\r\n")] ? text : NULL;
}

void context_date(int64_t microseconds, char out[11])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(out, 11, "%Y-%m-%d", &day);
}

void context_year_after(const char date[11], char out[11])
{
    long year = strtol(date, NULL, 10) + 1;
    snprintf(out, 11, "%04ld%s", year % 10000, strcmp(date + 4, "-02-29") == 0 ? "-02-28" : date + 4);
}

/* A day counts as begun once it has begun anywhere: at UTC+14. */
enum bl_status context_not_future(struct bl_request *r, const struct bl_change *change, const char *field)
{
    const char *date = context_member(change->after, field);
    char latest[11], pointer[64];
    context_date(r->now + INT64_C(14) * 3600 * 1000000, latest);
    if (!date || strcmp(date, latest) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the day on which it happened", date);
}

enum bl_status context_reviewed(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = context_not_future(r, change, "reviewed_on");
    const char *last = context_member(change->after, "reviewed_on"), *next = context_member(change->after, "review_on");
    if (status == BL_OK && last && next && strcmp(next, last) <= 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_after_review", "/review_on",
                       "the next review must be after the last one (%s): give a later day", last);
    return status;
}
