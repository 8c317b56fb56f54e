/* Small things that rules of several tables need. */
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum bl_status support_row(struct bl_request *r, const char *sql, const char *id, const char *pointer, struct bl_rows **rows)
{
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, rows);
    if (status == BL_OK && bl_count(r, *rows) == 0)
        return bl_fail(r, pointer ? BL_UNPROCESSABLE : BL_NOT_FOUND, "not_found", pointer,
                       "there is no such record here, or it is archived");
    return status;
}

enum bl_status support_ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = bl_text(change->after, first), *b = bl_text(change->after, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "not_after", pointer, "%s lies before %s: give a day that does not", b, a);
}

enum bl_status support_transit_each(struct bl_request *r, const char *sql, const char *arg, const char *resource,
                                    const char *transition, const char *reason)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &arg, 1, 0, &rows);
    json_t *input = reason ? json_pack("{s:s}", "reason", reason) : NULL;
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, resource, bl_cell(r, rows, i, 0), transition, input, NULL);
    json_decref(input);
    return status;
}

enum bl_status support_created(struct bl_request *r, const char *path, const json_t *record)
{
    const char *id = bl_text(record, "id");
    size_t room = strlen(r->org) + strlen(path) + strlen(id) + 40;
    char *location = bl_alloc(r, room), *text = json_dumps(record, JSON_COMPACT);
    if (!text)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
    snprintf(location, room, "/api/v1/orgs/%s/support/%s/%s", r->org, path, id);
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Location", location);
    bl_write(r, text, strlen(text));
    free(text);
    return BL_OK;
}
