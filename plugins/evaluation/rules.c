/* Small things that rules of several tables need. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum bl_status evaluation_ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = bl_text(change->after, first), *b = bl_text(change->after, then);
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
    const char *id = bl_text(record, "audit_id");
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
