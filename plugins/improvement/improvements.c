/* Continual improvement: an idea, what it would bring, what was decided, what came of it. */
#include "improvement.h"

const struct bl_field improvement_improvement_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Improvement",
     .min = 1,
     .max = 200,
     .help = "What would be better.",
     .example = "One list of all remote sessions"},
    {.name = "idea",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Idea",
     .help = "What to do, and what it is about.",
     .max = 5000,
     .example = "All three tools write into one log that the shift sees."},
    {.name = "benefit",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Benefit",
     .help = "What it would bring, in figures where there are any.",
     .max = 2000,
     .example = "A strange session is seen within minutes, not weeks."},
    IMPROVEMENT_ORIGIN,
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who carries it out.",
     .ref = "core.member"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Due", .help = "By when.", .example = "2026-10-31"},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Result",
     .help = "What came of it, held against the benefit that was hoped for.",
     .max = 5000,
     .example = "Sessions are in one list since August; two strange ones were seen the same day."},
    {.name = "decision",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .label = "Decision",
     .help = "Set when it is decided.",
     .max = 2000},
    {.name = "decided_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Decided on",
     .help = "Set when it is decided."},
    {.name = "decided_by_id",
     .type = BL_REF,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Decided by",
     .help = "Set when it is decided.",
     .ref = "core.member"},
    {.name = "done_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Done on", .help = "Set by the step."},
    {0},
};

const struct bl_state improvement_improvement_states[] = {
    {.name = "proposed", .label = "Proposed", .help = "Waits for a decision.", .flags = BL_INITIAL},
    {.name = "accepted", .label = "Accepted", .help = "Will be done."},
    {.name = "done", .label = "Done", .help = "As its result says.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "rejected", .label = "Rejected", .help = "For the reason given.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field decision_input[] = {
    {.name = "decision",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Decision",
     .help = "What was decided, and why.",
     .min = 1,
     .max = 2000,
     .example = "Yes, with the budget of the second half-year."},
    {0},
};

static enum bl_status decided(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    json_object_set(change->after, "decision", json_object_get(change->input, "decision"));
    return BL_OK;
}

const struct bl_transition improvement_improvement_transitions[] = {
    {.name = "accept",
     .from = "proposed rejected",
     .to = "accepted",
     .permission = "judge",
     .needs = "benefit owner_id due_on",
     .sets = "decided_on=today decided_by_id=actor",
     .input = decision_input,
     .rule = decided,
     .label = "Accept",
     .help = "It will be done, by whom and when is settled."},
    {.name = "reject",
     .from = "proposed accepted",
     .to = "rejected",
     .permission = "judge",
     .sets = "decided_on=today decided_by_id=actor",
     .input = decision_input,
     .rule = decided,
     .label = "Reject",
     .help = "It will not be done; the decision says why."},
    {.name = "complete",
     .from = "accepted",
     .to = "done",
     .needs = "result",
     .sets = "done_on=today",
     .label = "Complete",
     .help = "It is done, as the result says."},
    {0},
};

enum bl_status improvement_improvement_before(struct bl_request *r, const struct bl_change *change)
{
    return improvement_origin(r, change);
}
