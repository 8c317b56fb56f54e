/* Corrective actions: what is done against the cause of a nonconformity. */
#include "improvement.h"
#include <string.h>

const struct bl_field improvement_action_fields[] = {
    {.name = "nonconformity_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Nonconformity",
     .help = "What it shall keep from coming back.",
     .ref = "improvement.nonconformities"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Action",
     .help = "What will be done, as a deed.",
     .min = 1,
     .max = 200,
     .example = "Fit closers to all outer doors"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "How",
     .help = "Steps, means, and which cause it takes away.",
     .max = 5000,
     .example = "Order three closers, fit them on a Saturday, tell the shifts."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who does it. Does not check its effect.",
     .ref = "core.member"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "Due",
     .help = "By when it is done.",
     .example = "2026-05-01"},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What was done",
     .help = "And where one can see it.",
     .max = 5000,
     .example = "Closers fitted on 18 April; work order 2211."},
    {.name = "cycle",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Round",
     .help = "The round of the nonconformity in which it was planned.",
     .min = 1,
     .max = 1000},
    {.name = "done_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Done on", .help = "Set by the step."},
    {.name = "done_by_id",
     .type = BL_REF,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Completed by",
     .help = "Set by the step.",
     .ref = "core.member"},
    {0},
};

const struct bl_state improvement_action_states[] = {
    {.name = "planned", .label = "Planned", .help = "Not begun.", .flags = BL_INITIAL},
    {.name = "in_progress", .label = "In progress", .help = "Begun."},
    {.name = "done", .label = "Done", .help = "As its result says.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled",
     .label = "Cancelled",
     .help = "Will not be done, for the reason given.",
     .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define NC_STATE                                                                                                                 \
    "(SELECT n.status FROM improvement.nonconformity n JOIN improvement.corrective_action a ON a.tenant_id = $1"                 \
    " AND a.id = $2::uuid AND n.id = a.nonconformity_id WHERE n.tenant_id = $1)"

static const char still_open[] =
    "SELECT '/nonconformity_id', 'nonconformity_settled', 'the nonconformity is in check or over: its "
    "actions stay as they are' WHERE " NC_STATE " IN ('in_check', 'closed', 'dismissed')";

const struct bl_transition improvement_action_transitions[] = {
    {.name = "start", .from = "planned", .to = "in_progress", .label = "Start", .help = "Somebody is at it."},
    {.name = "complete",
     .from = "planned in_progress",
     .to = "done",
     .needs = "result",
     .sets = "done_on=today done_by_id=actor",
     .guard = still_open,
     .label = "Complete",
     .help = "It is done, as the result says."},
    {.name = "cancel",
     .from = "planned in_progress",
     .to = "cancelled",
     .flags = BL_REASON,
     .guard = still_open,
     .label = "Cancel",
     .help = "It will not be done; say why."},
    {.name = "reopen",
     .from = "done cancelled",
     .to = "in_progress",
     .flags = BL_REASON,
     .guard = still_open,
     .label = "Reopen",
     .help = "It is not done after all; say why."},
    {0},
};

/* An action belongs to the round that its nonconformity is in. FOR SHARE: the round does not end while this is written. */
enum bl_status improvement_action_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT status, cycle, archived_at IS NOT NULL FROM improvement.nonconformity"
                              " WHERE tenant_id = $1 AND id = $2::uuid FOR SHARE";
    const char *id = bl_text(change->after, "nonconformity_id");
    struct bl_rows *rows;
    if (change->before)
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/nonconformity_id", "there is no such nonconformity");
    const char *state = bl_cell(r, rows, 0, 0);
    if (bl_integer(r, rows, 0, 2) || strcmp(state, "in_check") == 0 || strcmp(state, "closed") == 0 ||
        strcmp(state, "dismissed") == 0)
        return bl_fail(r, BL_CONFLICT, "nonconformity_settled", "/nonconformity_id",
                       "the nonconformity is in check or over: it takes no more actions");
    json_object_set_new(change->after, "cycle", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

/* What was done is part of the record of the nonconformity. */
enum bl_status improvement_action_retire(struct bl_request *r, const struct bl_change *change)
{
    const char *status = bl_text(change->before, "status");
    if (strcmp(change->verb, "archive") != 0 || strcmp(status, "planned") == 0 || strcmp(status, "cancelled") == 0)
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "kept", NULL, "an action that was begun is kept: complete it, or cancel it with a reason");
}
