/* A.5.29, A.5.30: how the work goes on when something fails, and whether that was tried. */
#include "operation.h"
#include <string.h>

static const struct bl_field step_items[] = {
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Step",
     .help = "What is done.",
     .min = 1,
     .max = 1000,
     .example = "Start the machines in the second room"},
    {.name = "who",
     .type = BL_TEXT,
     .label = "Who",
     .help = "Role or person, and the deputy.",
     .max = 200,
     .example = "Administrator on call"},
    {.name = "minutes",
     .type = BL_INT,
     .label = "Minutes",
     .help = "How long it takes.",
     .min = 0,
     .max = 525600,
     .example = "30"},
    {0},
};

#define MINUTES(field, title, words, flag, sample)                                                                               \
    {                                                                                                                            \
        .name = (field), .type = BL_INT, .flags = BL_FILTER | (flag), .label = (title), .help = (words), .min = 0,               \
        .max = 525600, .example = (sample)                                                                                       \
    }

const struct bl_field operation_continuity_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Continuity plan",
     .help = "What must go on, and after which failure.",
     .min = 1,
     .max = 200,
     .example = "Server room of the hill works is lost"},
    {.name = "scenario",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Failure",
     .help = "What has failed, and what no longer works.",
     .max = 5000},
    {.name = "strategy",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Strategy",
     .help = "How the work goes on meanwhile, and how it comes back.",
     .max = 5000,
     .example = "Second room takes over; drawings from the copy of the night."},
    {.name = "security",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Security meanwhile",
     .help = "What keeps information safe while the usual controls are down (A.5.29).",
     .max = 5000,
     .example = "Remote sessions stay closed until the gateway is back; paper is locked away each evening."},
    OPERATION_OWNER("Who answers for it, and leads when it is needed."),
    MINUTES("rto_minutes", "Recovery time (RTO) in minutes", "How soon it must work again.", BL_REQUIRED, "240"),
    MINUTES("rpo_minutes", "Recovery point (RPO) in minutes", "How much of the latest work may be lost.", BL_REQUIRED, "1440"),
    MINUTES("tolerable_minutes", "Longest tolerable outage in minutes",
            "After which the harm is no longer bearable. Not shorter than the recovery time.", 0, "480"),
    {.name = "steps", .type = BL_ITEMS, .label = "Steps", .help = "In order.", .items = step_items},
    {.name = "contacts",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_PERSONAL,
     .label = "Whom to call",
     .help = "Names, telephones, deputies; also outside.",
     .max = 5000},
    {.name = "exercise_rhythm_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Exercise rhythm in days",
     .help = "How often it is tried.",
     .initial = "365",
     .min = 1,
     .max = 1830,
     .example = "365"},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at", .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval."},
    {0},
};

const struct bl_relation operation_continuity_relations[] = {
    {.name = "assets",
     .to = "operation.assets",
     .inverse = "continuity_plans",
     .label = "Assets",
     .help = "What it brings back."},
    {.name = "processes",
     .to = "context.processes",
     .inverse = "continuity_plans",
     .label = "Processes",
     .help = "What goes on by it."},
    {.name = "suppliers",
     .to = "operation.suppliers",
     .inverse = "continuity_plans",
     .label = "Suppliers",
     .help = "Whom it needs."},
    {.name = "risks",
     .to = "planning.risks",
     .inverse = "continuity_plans",
     .label = "Risks",
     .help = "The risks that it softens."},
    {0},
};

const struct bl_state operation_continuity_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "Holds when it is needed; its text stays.", .flags = BL_FROZEN},
    {.name = "retired", .label = "Retired", .help = "Needed no more.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char workable[] =
    "SELECT '/steps', 'no_steps', 'say what is done, step by step' FROM operation.continuity_plan p WHERE p.tenant_id = $1"
    " AND p.id = $2 AND jsonb_array_length(p.steps) = 0"
    " UNION ALL SELECT '/rto_minutes', 'steps_take_longer', format('the steps take %s minutes, more than the recovery time',"
    " sum((s ->> 'minutes')::integer)) FROM operation.continuity_plan p CROSS JOIN LATERAL jsonb_array_elements(p.steps) s"
    " WHERE p.tenant_id = $1 AND p.id = $2 GROUP BY p.rto_minutes HAVING sum((s ->> 'minutes')::integer) > p.rto_minutes";

const struct bl_transition operation_continuity_transitions[] = {
    {.name = "approve",
     .from = "draft",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .needs = "owner_id strategy security",
     .sets = "approved_at=now approved_by_id=actor",
     .guard = workable,
     .label = "Approve",
     .help = "By somebody else than who wrote it. Its steps fit into the recovery time."},
    {.name = "revise",
     .from = "approved",
     .to = "draft",
     .flags = BL_REASON,
     .label = "Revise",
     .help = "Say what is to change. Until it is approved again it does not hold."},
    {.name = "retire",
     .from = "draft approved",
     .to = "retired",
     .flags = BL_REASON,
     .label = "Retire",
     .help = "Say why it is needed no more."},
    {0},
};

enum bl_status operation_continuity_before(struct bl_request *r, const struct bl_change *change)
{
    json_t *tolerable = json_object_get(change->after, "tolerable_minutes");
    if (json_is_integer(tolerable) &&
        json_integer_value(tolerable) < json_integer_value(json_object_get(change->after, "rto_minutes")))
        return bl_fail(r, BL_UNPROCESSABLE, "recovery_too_slow", "/rto_minutes",
                       "it must work again before the outage is no longer tolerable (%lld minutes)",
                       json_integer_value(tolerable));
    return BL_OK;
}

/* ---- exercises ---- */

const struct bl_field operation_exercise_fields[] = {
    {.name = "plan_id",
     .type = BL_REF,
     .ref = "operation.continuity_plans",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Plan",
     .help = "What is tried."},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Exercise",
     .help = "What is tried, in one line.",
     .min = 1,
     .max = 200,
     .example = "Drawings back from the copy of the night"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "At the desk, walked through, simulated, a part of the technology, or all of it.",
     .values = "desk walk_through simulation technical full",
     .initial = "desk",
     .example = "technical"},
    {.name = "planned_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "Planned for",
     .help = "It is on the calendar until it is held.",
     .example = "2027-03-01"},
    OPERATION_OWNER("Who leads it."),
    {.name = "held_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Held on", .help = "Set when it is held."},
    {.name = "reached_rto_minutes",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Recovery time reached",
     .help = "Set when it is held. Empty: not measured."},
    {.name = "reached_rpo_minutes",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Recovery point reached",
     .help = "Set when it is held. Empty: not measured."},
    {.name = "findings",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG | BL_SEARCH,
     .label = "Findings",
     .help = "Set when it is held.",
     .max = 10000},
    {.name = "result",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Result",
     .help = "Computed: met when both figures are measured and neither is above the plan's; missed when one is.",
     .values = "met missed not_measured"},
    {0},
};

const struct bl_relation operation_exercise_relations[] = {
    {.name = "nonconformities",
     .to = "improvement.nonconformities",
     .inverse = "exercises",
     .label = "Nonconformities",
     .help = "What it showed not to be as it should."},
    {0},
};

const struct bl_state operation_exercise_states[] = {
    {.name = "planned", .label = "Planned", .help = "To come.", .flags = BL_INITIAL},
    {.name = "held", .label = "Held", .help = "Done, with figures.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "Not held.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field held_input[] = {
    {.name = "held_on", .type = BL_DATE, .flags = BL_REQUIRED, .label = "Held on", .help = "The day.", .example = "2026-11-20"},
    {.name = "reached_rto_minutes",
     .type = BL_INT,
     .label = "Recovery time reached",
     .help = "After how many minutes it worked again. Left out: not measured.",
     .min = 0,
     .max = 525600,
     .example = "200"},
    {.name = "reached_rpo_minutes",
     .type = BL_INT,
     .label = "Recovery point reached",
     .help = "How many minutes of work were lost. Left out: not measured.",
     .min = 0,
     .max = 525600,
     .example = "600"},
    {.name = "findings",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Findings",
     .help = "What went well and what did not. Needed when a figure was missed.",
     .max = 10000},
    {0},
};

/* What was reached, against the plan as it is on that day. */
static enum bl_status measured(struct bl_request *r, const struct bl_change *change)
{
    const char *plan = bl_text(change->before, "plan_id");
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "held_on");
    if (status == BL_OK)
        status =
            bl_sql(r, "SELECT rto_minutes, rpo_minutes FROM operation.continuity_plan WHERE tenant_id = $1 AND id = $2::uuid",
                   &plan, 1, 0, &rows);
    if (status)
        return status;
    json_t *rto = json_object_get(change->after, "reached_rto_minutes"),
           *rpo = json_object_get(change->after, "reached_rpo_minutes");
    bool missed = (json_is_integer(rto) && json_integer_value(rto) > bl_integer(r, rows, 0, 0)) ||
                  (json_is_integer(rpo) && json_integer_value(rpo) > bl_integer(r, rows, 0, 1));
    bool whole = json_is_integer(rto) && json_is_integer(rpo);
    if (missed && !bl_text(change->after, "findings"))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/findings",
                       "the plan asks for %s and %s minutes: say why they were missed", bl_cell(r, rows, 0, 0),
                       bl_cell(r, rows, 0, 1));
    bl_set(change, "result", missed ? "missed" : whole ? "met" : "not_measured");
    return BL_OK;
}

const struct bl_transition operation_exercise_transitions[] = {
    {.name = "hold",
     .from = "planned",
     .to = "held",
     .sets = "held_on=input reached_rto_minutes=input reached_rpo_minutes=input findings=input",
     .input = held_input,
     .rule = measured,
     .label = "Held",
     .help = "With the figures that were reached; the result is computed."},
    {.name = "cancel", .from = "planned", .to = "cancelled", .flags = BL_REASON, .label = "Cancel", .help = "Say why."},
    {0},
};

/* GET continuity: each plan, what it asks, and what its exercises reached. */
enum bl_status operation_continuity(struct bl_request *r)
{
    static const char sql[] =
        "SELECT json_build_object('id', p.id, 'ref', p.ref, 'title', p.title, 'status', p.status, 'rto_minutes', p.rto_minutes,"
        " 'rpo_minutes', p.rpo_minutes, 'tolerable_minutes', p.tolerable_minutes, 'exercises', coalesce(a.held, 0),"
        " 'last_held_on', l.held_on, 'last_result', l.result, 'last_rto_minutes', l.reached_rto_minutes,"
        " 'last_rpo_minutes', l.reached_rpo_minutes, 'worst_rto_minutes', a.rto, 'worst_rpo_minutes', a.rpo,"
        " 'next_planned_on', n.planned_on, 'exercise_due_on', coalesce(l.held_on, p.approved_at::date) + p.exercise_rhythm_days,"
        " 'overdue', p.status = 'approved' AND coalesce(l.held_on, p.approved_at::date) + p.exercise_rhythm_days < "
        "current_date)::text"
        " FROM operation.continuity_plan p"
        " LEFT JOIN LATERAL (SELECT held_on, result, reached_rto_minutes, reached_rpo_minutes FROM operation.exercise e"
        " WHERE e.tenant_id = $1 AND e.plan_id = p.id AND e.status = 'held' AND e.archived_at IS NULL"
        " ORDER BY held_on DESC, id DESC LIMIT 1) l ON true"
        " LEFT JOIN LATERAL (SELECT count(*) AS held, max(reached_rto_minutes) AS rto, max(reached_rpo_minutes) AS rpo"
        " FROM operation.exercise e WHERE e.tenant_id = $1 AND e.plan_id = p.id AND e.status = 'held' AND e.archived_at IS NULL) "
        "a ON true"
        " LEFT JOIN LATERAL (SELECT min(planned_on) AS planned_on FROM operation.exercise e WHERE e.tenant_id = $1"
        " AND e.plan_id = p.id AND e.status = 'planned' AND e.archived_at IS NULL) n ON true"
        " WHERE p.tenant_id = $1 AND p.archived_at IS NULL AND p.status <> 'retired' ORDER BY p.rto_minutes, p.id LIMIT 1001";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        operation_items(r, rows, 1000);
    return status;
}
