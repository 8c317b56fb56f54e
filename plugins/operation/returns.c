/* A.5.11: what people hold of the organisation's, and that they hand it back. */
#include "operation.h"
#include <string.h>

const struct bl_field operation_return_fields[] = {
    {.name = "asset_id",
     .type = BL_REF,
     .ref = "operation.assets",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Asset",
     .help = "What was handed out."},
    {.name = "holder",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER | BL_PERSONAL | BL_FIXED,
     .label = "Holder",
     .help = "Who has it: an employee, a contractor, a firm.",
     .min = 1,
     .max = 200,
     .example = "Jana Roth, contractor"},
    {.name = "holder_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Holder's account",
     .help = "When the holder is a member here: it then is among the holder's own work."},
    {.name = "issued_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Handed out on",
     .help = "The day on which the holder got it.",
     .example = "2026-02-02"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Due back on",
     .help = "The last day of the employment, the contract or the loan. It is on the calendar.",
     .example = "2026-12-31"},
    {.name = "returned_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Returned on",
     .help = "Set by the return."},
    {.name = "condition",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "Condition",
     .help = "Set by the return: what came back and how, and what was done about the information on it.",
     .max = 1000},
    {0},
};

const struct bl_state operation_return_states[] = {
    {.name = "issued", .label = "Handed out", .help = "The holder has it.", .flags = BL_INITIAL},
    {.name = "returned", .label = "Returned", .help = "It came back.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "missing", .label = "Missing", .help = "It was not handed back.", .flags = BL_CLOSED},
    {0},
};

static const struct bl_field return_input[] = {
    {.name = "returned_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Returned on",
     .help = "The day on which it came back.",
     .example = "2026-11-20"},
    {.name = "condition",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Condition",
     .help = "What came back and how, and what was done about the information on it.",
     .min = 1,
     .max = 1000,
     .example = "Whole, with charger; disk erased the same day."},
    {0},
};

static enum bl_status came_back(struct bl_request *r, const struct bl_change *change)
{
    return operation_worse(bl_not_future(r, change->after, "returned_on"),
                           operation_ordered(r, change->after, "issued_on", "returned_on"));
}

const struct bl_transition operation_return_transitions[] = {
    {.name = "hand_back",
     .from = "issued missing",
     .to = "returned",
     .sets = "returned_on=input condition=input",
     .input = return_input,
     .rule = came_back,
     .label = "Hand back",
     .help = "It is with us again."},
    {.name = "give_up",
     .from = "issued",
     .to = "missing",
     .flags = BL_REASON,
     .label = "Missing",
     .help = "Say what was tried. Report the loss of the asset too."},
    {0},
};

const struct bl_constraint operation_return_constraints[] = {
    {.name = "asset_return_open_key",
     .pointer = "/holder",
     .code = "holds_it_already",
     .detail = "this holder has this asset already: note the return first"},
    {0},
};

/* Only what is there can be handed out. */
static enum bl_status there(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "asset_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT ref, status FROM operation.asset WHERE tenant_id = $1 AND id = $2::uuid"
                                   " AND (archived_at IS NOT NULL OR status NOT IN ('in_use', 'in_storage'))",
                                   &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_there", "/asset_id", "%s is %s or put away: it cannot be handed out",
                       bl_cell(r, rows, 0, 0), bl_cell(r, rows, 0, 1));
    return status;
}

enum bl_status operation_return_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status =
        operation_worse(bl_not_future(r, change->after, "issued_on"), operation_ordered(r, change->after, "issued_on", "due_on"));
    return status || change->before ? status : there(r, change);
}
