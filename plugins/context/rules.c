/* Small things that rules of several tables need. */
#include "context.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void context_year_after(const char date[11], char out[11])
{
    long year = strtol(date, NULL, 10) + 1;
    snprintf(out, 11, "%04ld%s", year % 10000, strcmp(date + 4, "-02-29") == 0 ? "-02-28" : date + 4);
}

enum bl_status context_reviewed(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "reviewed_on");
    const char *last = bl_text(change->after, "reviewed_on"), *next = bl_text(change->after, "review_on");
    if (status == BL_OK && last && next && strcmp(next, last) <= 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_after_review", "/review_on",
                       "the next review must be after the last one (%s): give a later day", last);
    return status;
}
