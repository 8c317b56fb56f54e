/* Chances (6.1.1), changes of the management system (6.3), and risks in money. */
#include "planning.h"

/* ---- opportunities ---- */

const struct bl_field planning_opportunity_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Opportunity",
     .min = 1,
     .max = 200,
     .example = "A certificate opens the ports of the north"},
    {.name = "source", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "Where it comes from", .max = 2000},
    {.name = "benefit",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Benefit",
     .help = "What we gain. Needed before it is taken.",
     .max = 2000},
    {.name = "likelihood", .type = BL_INT, .flags = BL_FILTER, .label = "Likelihood, 1 to 5", .min = 1, .max = 5, .example = "3"},
    {.name = "gain", .type = BL_INT, .flags = BL_FILTER, .label = "Gain, 1 to 5", .min = 1, .max = 5, .example = "4"},
    {.name = "choice",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .label = "Option",
     .help = "Take it, make it more likely or greater, share it, or leave it.",
     .values = "take increase share leave"},
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Owner"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Due", .example = "2027-06-30"},
    {.name = "result", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "What came of it", .max = 2000},
    {.name = "worth",
     .type = BL_INT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Worth",
     .help = "Likelihood x gain.",
     .expr = "likelihood * gain"},
    {0},
};

const struct bl_relation planning_opportunity_relations[] = {
    {.name = "issues",
     .to = "context.issues",
     .inverse = "opportunities",
     .label = "Issues",
     .help = "Where it comes from (4.1)."},
    {.name = "requirements",
     .to = "context.requirements",
     .inverse = "opportunities",
     .label = "Requirements",
     .help = "Where it comes from (4.2)."},
    {0},
};

const struct bl_state planning_opportunity_states[] = {
    {.name = "identified", .label = "Identified", .help = "Somebody has seen it.", .flags = BL_INITIAL},
    {.name = "assessed", .label = "Assessed", .help = "Its likelihood and gain are judged."},
    {.name = "pursued", .label = "Pursued", .help = "Somebody takes it."},
    {.name = "realised", .label = "Realised", .help = "It was taken.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "left", .label = "Left", .help = "It was not taken.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition planning_opportunity_transitions[] = {
    {.name = "assess",
     .from = "identified",
     .to = "assessed",
     .needs = "likelihood gain owner_id",
     .label = "Assess",
     .help = "Its likelihood, its gain and its owner are known."},
    {.name = "pursue",
     .from = "assessed",
     .to = "pursued",
     .needs = "choice benefit due_on",
     .label = "Pursue",
     .help = "The option is chosen, and what we gain is written down."},
    {.name = "realise",
     .from = "pursued",
     .to = "realised",
     .needs = "result",
     .label = "Realised",
     .help = "Say what came of it."},
    {.name = "leave",
     .from = "identified assessed pursued",
     .to = "left",
     .flags = BL_REASON,
     .label = "Leave",
     .help = "Say why it is not taken."},
    {0},
};

/* ---- changes of the ISMS ---- */

const struct bl_field planning_change_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Change",
     .min = 1,
     .max = 200,
     .example = "One team answers for all incidents"},
    {.name = "purpose", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "Purpose", .max = 5000},
    {.name = "consequences", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "What it may lead to", .max = 5000},
    {.name = "integrity", .type = BL_TEXT, .flags = BL_LONG, .label = "How the ISMS stays whole meanwhile", .max = 5000},
    {.name = "resources", .type = BL_TEXT, .flags = BL_LONG, .label = "With what", .max = 5000},
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Who answers for it"},
    {.name = "planned_for", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Planned for", .example = "2027-02-01"},
    {.name = "result", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "What came of it", .max = 5000},
    {.name = "planned_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Planned at"},
    {.name = "done_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Done on"},
    {0},
};

const struct bl_state planning_change_states[] = {
    {.name = "proposed", .label = "Proposed", .help = "Somebody wants it.", .flags = BL_INITIAL},
    {.name = "planned", .label = "Planned", .help = "It is known what it is for, what follows, with what, who and when."},
    {.name = "done", .label = "Done", .help = "It has been carried out."},
    {.name = "reviewed", .label = "Reviewed", .help = "It is known what came of it.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "It is not done.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition planning_change_transitions[] = {
    {.name = "plan",
     .from = "proposed",
     .to = "planned",
     .needs = "purpose consequences integrity resources owner_id planned_for",
     .sets = "planned_at=now",
     .label = "Plan",
     .help = "What 6.3 asks for is written down."},
    {.name = "carry_out",
     .from = "planned",
     .to = "done",
     .sets = "done_on=today",
     .label = "Carried out",
     .help = "Only what was planned is done."},
    {.name = "review", .from = "done", .to = "reviewed", .needs = "result", .label = "Review", .help = "Say what came of it."},
    {.name = "cancel",
     .from = "proposed planned",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "Say why it is not done."},
    {0},
};

/* ---- risks in money ---- */

#define FACTOR(n, words)                                                                                                         \
    {                                                                                                                            \
        .name = (n), .type = BL_DECIMAL, .label = (words), .help = "From 0 to 1.", .min = 0, .max = 1, .scale = 4,               \
        .example = "0.4"                                                                                                         \
    }
#define RATE(n, words)                                                                                                           \
    {                                                                                                                            \
        .name = (n), .type = BL_DECIMAL, .label = (words), .help = "How often a year.", .min = 0, .max = 100000, .scale = 4,     \
        .example = "0.25"                                                                                                        \
    }
#define MONEY(n, words, formula)                                                                                                 \
    {                                                                                                                            \
        .name = (n), .type = BL_DECIMAL, .flags = BL_GENERATED | BL_FILTER, .label = (words), .scale = 2, .expr = (formula)      \
    }
#define LOSS(factor, rate) "asset_value * " factor " * " rate

const struct bl_field planning_loss_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Estimate",
     .min = 1,
     .max = 200,
     .example = "Fire in the server room, with and without extinguishers"},
    {.name = "risk_id", .type = BL_REF, .ref = "planning.risks", .flags = BL_REQUIRED | BL_FILTER | BL_FIXED, .label = "Risk"},
    {.name = "control_id",
     .type = BL_REF,
     .ref = "annex_a.controls",
     .flags = BL_FILTER,
     .label = "Control",
     .help = "Whose worth is asked for."},
    {.name = "asset_value",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED,
     .label = "Value at stake",
     .min = 0,
     .max = 2000000000,
     .scale = 2,
     .example = "200000.00"},
    FACTOR("exposure", "Part that is lost"),
    RATE("yearly_rate", "Events per year"),
    FACTOR("exposure_after", "Part that is lost with the control"),
    RATE("yearly_rate_after", "Events per year with the control"),
    {.name = "control_cost",
     .type = BL_DECIMAL,
     .label = "Cost of the control per year",
     .min = 0,
     .max = 2000000000,
     .scale = 2,
     .example = "9000.00"},
    {.name = "basis", .type = BL_TEXT, .flags = BL_LONG, .label = "Where the figures come from", .max = 2000},
    MONEY("single_loss", "Loss of one event (SLE)", "asset_value * exposure"),
    MONEY("yearly_loss", "Loss per year (ALE)", LOSS("exposure", "yearly_rate")),
    MONEY("yearly_loss_after", "Loss per year with the control", LOSS("exposure_after", "yearly_rate_after")),
    MONEY("control_value", "What the control is worth per year",
          LOSS("exposure", "yearly_rate") " - " LOSS("exposure_after", "yearly_rate_after") " - control_cost"),
    {.name = "pays_off",
     .type = BL_BOOL,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Pays off",
     .expr = LOSS("exposure", "yearly_rate") " - " LOSS("exposure_after", "yearly_rate_after") " - control_cost > 0"},
    {0},
};
