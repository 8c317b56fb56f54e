/* Small things that rules of several tables need. */
#include "leadership.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum bl_status leadership_row(struct bl_request *r, const char *sql, const char *id, struct bl_rows **rows)
{
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, rows);
    if (status == BL_OK && bl_count(r, *rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such record here, or it is archived");
    return status;
}

enum bl_status leadership_ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = bl_text(change->after, first), *b = bl_text(change->after, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "not_after", pointer, "%s lies before %s: give a day that does not", b, a);
}
