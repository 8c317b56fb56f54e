/* Clause 8.1: what is planned to run, by which criteria, and the records that it ran so. */
#include "operation.h"
#include <stdio.h>
#include <string.h>

const struct bl_field operation_plan_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Operational plan",
     .help = "What is done again and again, or until it is done.",
     .min = 1,
     .max = 200,
     .example = "Look through rights of access"},
    {.name = "purpose",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Purpose",
     .help = "Which requirement, risk or objective it serves.",
     .max = 5000},
    {.name = "steps",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Steps",
     .help = "What is done, in order, by whom, with what.",
     .max = 10000},
    {.name = "criteria",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Criteria",
     .help = "By what you see that it was done right.",
     .max = 5000,
     .example = "Every account has a person; every leaver's account is closed."},
    OPERATION_OWNER("Who sees to it that it is done."),
    {.name = "starts_on", .type = BL_DATE, .flags = BL_FILTER, .label = "From", .help = "First day.", .example = "2026-01-01"},
    {.name = "ends_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Until",
     .help = "Last day; left out: no end. It is on the calendar.",
     .example = "2099-12-31"},
    {.name = "rhythm_days",
     .type = BL_INT,
     .flags = BL_FILTER,
     .label = "Rhythm in days",
     .help = "How often it is done; left out: once.",
     .min = 1,
     .max = 1830,
     .example = "90"},
    {.name = "last_record_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last done on",
     .help = "From its records."},
    {.name = "next_record_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next due on",
     .help = "Computed: the last record (or the first day) and the rhythm. It is on the calendar."},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at", .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval."},
    {0},
};

const struct bl_relation operation_plan_relations[] = {
    {.name = "processes",
     .to = "context.processes",
     .inverse = "operational_plans",
     .label = "Processes",
     .help = "The processes that it runs."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "operational_plans",
     .label = "Controls",
     .help = "The controls that it carries out."},
    {.name = "risks",
     .to = "planning.risks",
     .inverse = "operational_plans",
     .label = "Risks",
     .help = "The risks whose treatment it carries out."},
    {0},
};

const struct bl_state operation_plan_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "active", .label = "Active", .help = "Runs; records are made."},
    {.name = "completed", .label = "Completed", .help = "All of it is done.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "Not (any more) to be done.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char proved[] =
    "SELECT '/status', 'no_record', 'nothing shows that it was done: add a record first' FROM operation.operational_plan p"
    " WHERE p.tenant_id = $1 AND p.id = $2 AND p.last_record_on IS NULL";

/* The newest record. $2 plan. */
static const char newest[] =
    "SELECT max(performed_on), (coalesce(max(performed_on), $3::date) + $4::integer) FROM operation.operational_record"
    " WHERE tenant_id = $1 AND plan_id = $2::uuid AND archived_at IS NULL";

static enum bl_status compute(struct bl_request *r, const struct bl_change *change)
{
    char rhythm[16];
    json_t *days = json_object_get(change->after, "rhythm_days");
    snprintf(rhythm, sizeof rhythm, "%d", (int)json_integer_value(days));
    const char *args[] = {change->id, bl_text(change->after, "starts_on"), json_is_integer(days) ? rhythm : NULL};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, newest, args, 3, 0, &rows);
    if (status)
        return status;
    bool runs = operation_is(change->after, "status", "active");
    bl_set(change, "last_record_on", bl_cell(r, rows, 0, 0));
    bl_set(change, "next_record_on", runs ? bl_cell(r, rows, 0, 1) : NULL);
    return BL_OK;
}

const struct bl_transition operation_plan_transitions[] = {
    {.name = "approve",
     .from = "draft",
     .to = "active",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .needs = "owner_id steps criteria starts_on",
     .sets = "approved_at=now approved_by_id=actor",
     .rule = compute,
     .label = "Approve",
     .help = "By somebody else than who wrote it: it runs from its first day."},
    {.name = "complete",
     .from = "active",
     .to = "completed",
     .guard = proved,
     .rule = compute,
     .label = "Complete",
     .help = "All of it is done, and records show it."},
    {.name = "cancel",
     .from = "draft active",
     .to = "cancelled",
     .flags = BL_REASON,
     .rule = compute,
     .label = "Cancel",
     .help = "Say why it is not (any more) to be done."},
    {0},
};

enum bl_status operation_plan_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = operation_ordered(r, change->after, "starts_on", "ends_on");
    return status || !change->before ? status : compute(r, change);
}

const struct bl_field operation_record_fields[] = {
    {.name = "plan_id",
     .type = BL_REF,
     .ref = "operation.operational_plans",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Plan",
     .help = "What was carried out."},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "Record",
     .help = "What was done, in one line.",
     .min = 1,
     .max = 200,
     .example = "Rights of all 84 accounts looked through"},
    {.name = "performed_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Done on",
     .help = "The day.",
     .example = "2026-06-30"},
    {.name = "performed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_FILTER,
     .label = "Done by",
     .help = "Who did it."},
    {.name = "result",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Result",
     .help = "Against the plan's criteria.",
     .values = "as_planned deviated",
     .initial = "as_planned",
     .example = "as_planned"},
    {.name = "findings",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Findings",
     .help = "What was seen. A deviation needs it.",
     .max = 10000},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Evidence",
     .help = "What shows it, and where that lies.",
     .max = 500},
    {0},
};

enum bl_status operation_record_before(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "plan_id");
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "performed_on");
    if (status == BL_OK && operation_is(change->after, "result", "deviated") && !bl_text(change->after, "findings"))
        status = bl_fail(r, BL_UNPROCESSABLE, "required", "/findings", "a deviation needs to say what was seen");
    if (status == BL_OK)
        status = bl_sql(r,
                        "SELECT ref, status FROM operation.operational_plan WHERE tenant_id = $1 AND id = $2::uuid"
                        " AND (archived_at IS NOT NULL OR status IN ('completed', 'cancelled'))",
                        &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(r, BL_CONFLICT, "plan_over", NULL, "%s is %s: nothing more is recorded for it", bl_cell(r, rows, 0, 0),
                       bl_cell(r, rows, 0, 1));
    return status;
}

enum bl_status operation_record_after(struct bl_request *r, const struct bl_change *change)
{
    json_t *nothing = json_object();
    enum bl_status status = bl_update(r, "operation.operational_plans", bl_text(change->after, "plan_id"), nothing, NULL);
    json_decref(nothing);
    return status;
}
