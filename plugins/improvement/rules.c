/* Small things that rules of several tables need. */
#include "improvement.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Every record has left an event: no need to know its table. */
static const char origin[] = "SELECT ref FROM core.event WHERE tenant_id = $1 AND resource = $2::text AND record_id = $3::uuid"
                             " ORDER BY id LIMIT 1";

enum bl_status improvement_origin(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {bl_text(change->after, "origin_resource"), bl_text(change->after, "origin_id")};
    struct bl_rows *rows;
    if (change->before || (!args[0] && !args[1]))
        return BL_OK;
    if (!args[0] || !args[1])
        return bl_fail(r, BL_UNPROCESSABLE, "origin_incomplete", args[0] ? "/origin_id" : "/origin_resource",
                       "name both the register (origin_resource) and the record (origin_id), or neither");
    enum bl_status status = BL_OK;
    bool found = bl_is_id(args[1]);
    if (found) {
        status = bl_sql(r, origin, args, 2, 0, &rows);
        found = status == BL_OK && bl_count(r, rows) > 0;
    }
    if (status)
        return status;
    if (!found)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/origin_id", "%s has no such record", args[0]);
    json_object_set_new(change->after, "origin_ref", json_string(bl_cell(r, rows, 0, 0)));
    return BL_OK;
}
