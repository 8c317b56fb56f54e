/* What was not as it must be: what is written down about it, and what of that may still change. */
#include "improvement.h"
#include <stdio.h>
#include <string.h>

static const struct bl_field why_items[] = {
    {.name = "why",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Why?",
     .help = "The question; each asks for the cause of the answer before.",
     .min = 1,
     .max = 500,
     .example = "Why was the door open?"},
    {.name = "because",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Because",
     .min = 1,
     .max = 1000,
     .example = "It takes two hands to carry a crate through."},
    {0},
};

static const struct bl_field effect_items[] = {
    {.name = "branch",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Branch",
     .help = "Of the cause-effect diagram.",
     .values = IMPROVEMENT_CAUSES,
     .example = "process"},
    {.name = "cause",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Possible cause",
     .min = 1,
     .max = 500,
     .example = "Deliveries come at the change of shift"},
    {.name = "weight",
     .type = BL_ENUM,
     .label = "Part it plays",
     .help = "Root: without it this would not have happened.",
     .values = "root contributing ruled_out"},
    {.name = "note", .type = BL_TEXT, .label = "How we know", .max = 1000},
    {0},
};

static const struct bl_field similar_items[] = {
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Similar case",
     .min = 1,
     .max = 500,
     .example = "The side door of the hill works"},
    {.name = "dealt_with",
     .type = BL_TEXT,
     .label = "What becomes of it",
     .help = "Its own nonconformity, or covered by these actions.",
     .max = 500,
     .example = "Covered: both doors get a closer"},
    {0},
};

static const struct bl_field failed_items[] = {
    {.name = "on", .type = BL_DATE, .flags = BL_REQUIRED, .label = "Checked on"},
    {.name = "by", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Checked by", .max = 36},
    {.name = "found", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "What was found", .max = 5000},
    {.name = "cause", .type = BL_TEXT, .label = "Cause as it was believed then", .max = 2000},
    {0},
};

#define LONG(field_name, field_label, field_help, field_max, field_example)                                                      \
    {                                                                                                                            \
        .name = (field_name), .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = (field_label), .help = (field_help),       \
        .max = (field_max), .example = (field_example)                                                                           \
    }
#define MUST(field_name, field_label, field_help, field_max, field_example)                                                      \
    {                                                                                                                            \
        .name = (field_name), .type = BL_TEXT, .flags = BL_REQUIRED | BL_LONG | BL_SEARCH, .label = (field_label),               \
        .help = (field_help), .min = 1, .max = (field_max), .example = (field_example)                                           \
    }
#define SET_ON(field_name, field_label, field_help)                                                                              \
    {                                                                                                                            \
        .name = (field_name), .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = (field_label), .help = (field_help)      \
    }

const struct bl_field improvement_nonconformity_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Nonconformity",
     .help = "In a few words, without blame.",
     .min = 1,
     .max = 200,
     .example = "Yard door stood open at the change of shift"},
    {.name = "source",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Source",
     .help = "How it came to light. Sets its clocks.",
     .values = IMPROVEMENT_SOURCES,
     .example = "own_finding"},
    {.name = "grade",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Grade",
     .help = "Major: the management system cannot do what it must, or its outcome is in doubt. Sets its clocks.",
     .values = "major minor",
     .example = "minor"},
    {.name = "requirement",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_FILTER,
     .label = "Requirement",
     .help = "The number of the clause or control that was not met, or the own rule, law or contract.",
     .min = 1,
     .max = 200,
     .example = "A.7.2"},
    MUST("statement", "Statement", "What was found to be other than it must be.", 5000,
         "The door to the yard was held open and nobody watched it."),
    MUST("evidence", "Evidence", "What was seen, read or heard: when, where, which sample.", 5000,
         "Walk at 5:50 on two mornings; photographs in the audit folder."),
    {.name = "detected_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Detected on",
     .help = "The clocks run from this day.",
     .example = "2026-03-02"},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it that it is put right and does not come back. Does not check the effect.",
     .ref = "core.member"},
    {.name = "repeats_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "Repeats",
     .help = "The earlier nonconformity of which this is a return.",
     .ref = "improvement.nonconformities"},
    IMPROVEMENT_ORIGIN,

    LONG("correction", "Correction", "What was done at once to stop it and put it right.", 5000,
         "Door closed; the shift leader looks at each change of shift until further notice."),
    LONG("consequences", "Consequences", "What it led to or could have led to, and how that is dealt with.", 5000,
         "Strangers could reach the hall. The door log shows nobody; nothing is missing."),
    {.name = "five_whys",
     .type = BL_ITEMS,
     .label = "Five whys",
     .help = "Question and answer, each about the answer before.",
     .max = 10,
     .items = why_items},
    {.name = "cause_effect",
     .type = BL_ITEMS,
     .label = "Cause and effect",
     .help = "Possible causes by branch, and which of them played which part.",
     .max = 60,
     .items = effect_items},
    LONG("root_cause", "Cause", "What must change so that it does not come back.", 2000,
         "The door has no closer and deliveries were never part of the house rules."),
    {.name = "cause_category",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .label = "Kind of cause",
     .help = "Shows which causes repeat.",
     .values = IMPROVEMENT_CAUSES,
     .example = "process"},
    LONG("similar_search", "Search for similar cases", "Where it was looked for the same, and what that showed.", 5000,
         "All outer doors at the three sites, one morning each: one more at the hill works."),
    {.name = "similar_cases",
     .type = BL_ITEMS,
     .label = "Similar cases",
     .help = "What the search brought up; empty when it brought up nothing.",
     .max = 50,
     .items = similar_items},
    LONG("effectiveness_criterion", "Sign of success", "By what one will see that the actions worked. Set before they begin.",
         2000, "Twenty walks on different days within a quarter: every door shut."),
    {.name = "effectiveness_check_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Check of the effect from",
     .help = "The first day on which the sign of success can be judged.",
     .example = "2026-09-01"},
    LONG("risk_changes", "Changes to risks", "Which risks were judged anew, or why none had to be.", 2000,
         "RSK-4 (strangers in the yard) was raised, then lowered with the closer."),
    LONG("isms_changes", "Changes to the management system",
         "Which documents, controls or processes changed, or why none had to.", 2000, "House rules version 3 name deliveries."),

    {.name = "cycle",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Round",
     .help = "1; one more each time that the effect was not there.",
     .min = 1,
     .max = 1000},
    {.name = "failed_checks",
     .type = BL_ITEMS,
     .flags = BL_SERVER,
     .label = "Checks that failed",
     .help = "Kept with the cause that was believed then.",
     .items = failed_items},
    SET_ON("correction_due_on", "Correction due", "From the clock."),
    SET_ON("cause_due_on", "Cause due", "From the clock."),
    SET_ON("act_due_on", "Actions due", "From the clock."),
    SET_ON("corrected_on", "Corrected on", "Set by the step."),
    SET_ON("cause_found_on", "Cause found on", "Set by the step."),
    SET_ON("acted_on", "Actions done on", "Set by the step."),
    SET_ON("verified_on", "Effect verified on", "Set by the check."),
    {.name = "verified_by_id",
     .type = BL_REF,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Effect verified by",
     .help = "Set by the check.",
     .ref = "core.member"},
    {.name = "verification_note",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .label = "What the check showed",
     .help = "Set by the check.",
     .max = 5000},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_DUE | BL_FILTER,
     .label = "Next step due",
     .help = "The day by which the step that is next must be done.",
     .expr = "CASE status WHEN 'open' THEN correction_due_on WHEN 'corrected' THEN cause_due_on WHEN 'analysed' THEN act_due_on"
             " WHEN 'in_action' THEN act_due_on WHEN 'in_check' THEN effectiveness_check_on END"},
    {0},
};

const struct bl_constraint improvement_nonconformity_constraints[] = {
    {.name = "nonconformity_self_check",
     .pointer = "/repeats_id",
     .code = "repeats_itself",
     .detail = "a nonconformity is not its own repetition: name the earlier one"},
    {0},
};

/* Is the record in one of these states? The list begins and ends with a space. */
static bool in_state(const json_t *record, const char *states)
{
    char padded[40];
    snprintf(padded, sizeof padded, " %s ", json_string_value(json_object_get(record, "status")));
    return strstr(states, padded) != NULL;
}

/* Refuses a change of any of the fields. */
static enum bl_status keep(struct bl_request *r, const struct bl_change *change, const char *const *fields, const char *why)
{
    enum bl_status status = BL_OK;
    for (; *fields; fields++)
        if (!json_equal(json_object_get(change->before, *fields), json_object_get(change->after, *fields))) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/%s", *fields);
            status = bl_fail(r, BL_CONFLICT, "settled", pointer, "%s", why);
        }
    return status;
}

/* What earlier steps rest on does not change under them. */
static enum bl_status settled(struct bl_request *r, const struct bl_change *change)
{
    static const char *const facts[] = {"title", "grade", "requirement", "statement", "evidence", "detected_on", NULL};
    static const char *const cause[] = {"root_cause",     "cause_category", "five_whys", "cause_effect",
                                        "similar_search", "similar_cases",  NULL};
    static const char *const criterion[] = {"effectiveness_criterion", "effectiveness_check_on", NULL};
    enum bl_status status = BL_OK;
    if (!in_state(change->before, " open "))
        status = keep(r, change, facts, "what was found is kept as it was once the work on it has begun");
    if (status == BL_OK && in_state(change->before, " analysed in_action "))
        status = keep(r, change, cause, "the actions rest on this cause: it changes when a check of the effect fails");
    if (status == BL_OK && in_state(change->before, " in_action "))
        status = keep(r, change, criterion, "the sign of success is set before the actions begin, not after");
    return status;
}

enum bl_status improvement_nonconformity_before(struct bl_request *r, const struct bl_change *change)
{
    const char *repeats = bl_text(change->after, "repeats_id"), *detected = bl_text(change->after, "detected_on");
    enum bl_status status = bl_not_future(r, change->after, "detected_on");
    if (status == BL_OK && repeats && strcmp(repeats, change->id) == 0)
        status =
            bl_fail(r, BL_UNPROCESSABLE, "repeats_itself", "/repeats_id", "%s", improvement_nonconformity_constraints[0].detail);
    if (status == BL_OK)
        status = improvement_origin(r, change);
    if (status == BL_OK && change->before)
        status = settled(r, change);
    bool open = !change->before || in_state(change->before, " open ");
    if (status == BL_OK && open)
        status = improvement_wind(r, change->after, detected, false);
    if (status == BL_OK && !change->before)
        json_object_set_new(change->after, "cycle", json_integer(1));
    return status;
}

/* Putting it away must not be a way round the check of the effect. */
enum bl_status improvement_nonconformity_retire(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "archive") != 0 || in_state(change->before, " closed dismissed "))
        return BL_OK;
    const char *source = bl_text(change->before, "source");
    if (in_state(change->before, " open ") && strcmp(source, "internal_audit") != 0 && strcmp(source, "certification_body") != 0)
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "not_closed", NULL,
                   "it cannot be put away before the effect of its actions has been verified: bring it to its end");
}
