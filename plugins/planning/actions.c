/* The actions of a treatment plan: what is done about which risk, by whom, by when. */
#include "planning.h"
#include <string.h>

const struct bl_field planning_action_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Action",
     .min = 1,
     .max = 200,
     .example = "Encrypt the disks of all laptops"},
    {.name = "plan_id",
     .type = BL_REF,
     .ref = "planning.treatment_plans",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Plan"},
    {.name = "risk_id",
     .type = BL_REF,
     .ref = "planning.risks",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Risk",
     .help = "Its owner signs the action."},
    {.name = "control_id",
     .type = BL_REF,
     .ref = "annex_a.controls",
     .flags = BL_FILTER,
     .label = "Control",
     .help = "The control that it brings about or strengthens."},
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is done",
     .max = 5000,
     .example = "Roll out disk encryption with the next start-up; keep the keys in the vault."},
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Done by"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Due", .example = "2027-04-30"},
    {.name = "cost", .type = BL_DECIMAL, .label = "Cost", .min = 0, .max = 1000000000, .scale = 2, .example = "1200.00"},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Result",
     .help = "What came of it. Needed before it is done; no part of what is signed.",
     .max = 5000},
    {.name = "started_on", .type = BL_DATE, .flags = BL_SERVER, .label = "Started"},
    {.name = "done_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Done"},
    {.name = "verified_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Verified"},
    {.name = "verified_by_id", .type = BL_REF, .ref = "core.member", .flags = BL_SERVER, .label = "Verified by"},
    {.name = "fingerprint",
     .type = BL_TEXT,
     .flags = BL_GENERATED,
     .label = "Fingerprint",
     .help = "Of everything that is signed.",
     .max = 32,
     .expr = "md5(title || chr(1) || coalesce(what, '') || chr(1) || coalesce(control_id::text, '') || chr(1) || "
             "coalesce(owner_id::text, '') || chr(1) || coalesce((due_on - '2000-01-01'::date)::text, '') || chr(1) || "
             "coalesce(cost::text, ''))"},
    {0},
};

const struct bl_state planning_action_states[] = {
    {.name = "proposed", .label = "Proposed", .help = "Waits for the owner of the risk.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "The owner of the risk wants it."},
    {.name = "in_progress", .label = "In progress", .help = "It is being done."},
    {.name = "blocked", .label = "Blocked", .help = "Something stands in its way."},
    {.name = "done", .label = "Done", .help = "It waits for somebody else to look."},
    {.name = "verified", .label = "Verified", .help = "Somebody else has seen that it works.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "It is not done.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* A line that comes, changes or goes sends its plan back to be signed. */
static enum bl_status revise_plan(struct bl_request *r, const char *plan)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(
        r, "SELECT status FROM planning.treatment_plan WHERE tenant_id = $1 AND id = $2::uuid FOR UPDATE", &plan, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) && planning_is(bl_cell(r, rows, 0, 0), "submitted approved in_force"))
        status = bl_transit(r, "planning.treatment_plans", plan, "revise", NULL, NULL);
    return status;
}

static bool same(const json_t *a, const json_t *b, const char *name)
{
    const json_t *x = json_object_get(a, name), *y = json_object_get(b, name);
    return json_equal(x, y) || (!json_string_value(x) && !json_string_value(y));
}

enum bl_status planning_action_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT p.status FROM planning.treatment_plan p WHERE p.tenant_id = $1 AND p.id = $2::uuid";
    const char *plan = bl_text(change->after, "plan_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &plan, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) && strcmp(bl_cell(r, rows, 0, 0), "superseded") == 0)
        return bl_fail(r, BL_CONFLICT, "plan_superseded", "/plan_id", "the plan is superseded: its actions do not change");
    return status;
}

enum bl_status planning_action_after(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "update") == 0 && same(change->before, change->after, "fingerprint"))
        return BL_OK; /* the result, say: nothing that was signed */
    return revise_plan(r, bl_text(change->after, "plan_id"));
}

static enum bl_status cancelled(struct bl_request *r, const struct bl_change *change)
{
    return revise_plan(r, bl_text(change->after, "plan_id"));
}

/* Somebody else than who did it. */
static enum bl_status verify(struct bl_request *r, const struct bl_change *change)
{
    const char *owner = bl_text(change->before, "owner_id");
    if (owner && strcmp(owner, r->actor) == 0)
        return bl_fail(r, BL_FORBIDDEN, "separation_of_duties", NULL, "who did it does not verify it: somebody else has to");
    return BL_OK;
}

static const char wanted[] =
    "SELECT '', 'not_signed', format('the owner of %s has not signed this action as it reads now', k.ref)"
    " FROM planning.treatment_action t JOIN planning.risk k ON k.tenant_id = $1 AND k.id = t.risk_id"
    " WHERE t.tenant_id = $1 AND t.id = $2 AND NOT EXISTS (SELECT FROM planning.line_signature s WHERE s.tenant_id = $1"
    " AND s.action_id = t.id AND s.fingerprint = t.fingerprint AND s.signed_by = k.owner_id)";

const struct bl_transition planning_action_transitions[] = {
    {.name = "approve",
     .from = "proposed",
     .to = "approved",
     .guard = wanted,
     .label = "Approve",
     .help = "The owner of the risk has signed it in the plan, as it reads now."},
    {.name = "start",
     .from = "approved blocked",
     .to = "in_progress",
     .needs = "owner_id due_on",
     .sets = "started_on=today",
     .guard = wanted,
     .label = "Start",
     .help = "Somebody does it, with a date."},
    {.name = "block",
     .from = "approved in_progress",
     .to = "blocked",
     .flags = BL_REASON,
     .label = "Block",
     .help = "Say what stands in its way."},
    {.name = "finish",
     .from = "in_progress",
     .to = "done",
     .needs = "result",
     .sets = "done_on=today",
     .guard = wanted,
     .label = "Done",
     .help = "Say what came of it."},
    {.name = "rework",
     .from = "done",
     .to = "in_progress",
     .flags = BL_REASON,
     .label = "Send back",
     .help = "Say what is missing."},
    {.name = "verify",
     .from = "done",
     .to = "verified",
     .sets = "verified_on=today verified_by_id=actor",
     .rule = verify,
     .label = "Verify",
     .help = "Somebody else than who did it has seen that it works."},
    {.name = "cancel",
     .from = "proposed approved in_progress blocked done",
     .to = "cancelled",
     .flags = BL_REASON,
     .after = cancelled,
     .label = "Cancel",
     .help = "Say why it is not done. The plan goes back to be signed."},
    {0},
};
