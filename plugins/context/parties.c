/* Clause 4.2: who has an interest in our information security, what they need and expect, and what of it the ISMS takes on. */
#include "context.h"
#include <string.h>

const struct bl_field context_party_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Interested party",
     .help = "A person, group or organisation; one entry for those who want the same.",
     .min = 1,
     .max = 200,
     .example = "Car makers as customers"},
    {.name = "type",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Type",
     .help = "Internal: part of the organisation. External: outside it. Interface: in between, such as an authority, an "
             "association or a service that works inside our house.",
     .values = "internal external interface",
     .example = "external"},
    {.name = "activity",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What they do with us",
     .help = "Their part in our work, and where our information meets them.",
     .max = 2000,
     .example = "Send drawings before series start; audit us every second year."},
    {.name = "influence",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Influence",
     .help = "How strongly they bear on us: 1 hardly, 5 decisively.",
     .min = 1,
     .max = 5,
     .example = "5"},
    {.name = "control",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Control",
     .help = "How far we can steer them: 1 not at all, 5 fully.",
     .min = 1,
     .max = 5,
     .example = "2"},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who keeps in touch with them and hears of new expectations.",
     .ref = "core.member"},
    CONTEXT_REVIEW_FIELDS,
    {.name = "priority",
     .type = BL_INT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Priority",
     .help = "Computed: influence x (6 - control), from 1 to 25. Strong parties whom we can hardly steer come first.",
     .min = 1,
     .max = 25,
     .expr = "influence * (6 - control)",
     .example = "20"},
    {0},
};

const struct bl_constraint context_party_constraints[] = {
    {.name = "interested_party_name_key",
     .pointer = "/name",
     .code = "party_exists",
     .detail = "a party of this name is listed already: use that one, or tell the two apart by name"},
    {0},
};

const struct bl_field context_requirement_fields[] = {
    {.name = "party_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Interested party",
     .help = "Who needs or expects it.",
     .ref = "context.interested_parties"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Need or expectation",
     .help = "What they want of us, in one line.",
     .min = 1,
     .max = 200,
     .example = "Report a leak of their data within 24 hours"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Details",
     .help = "What exactly is asked, and by when it holds.",
     .example = "By telephone to their security desk, then in writing within three days."},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "Legal: a law. Regulatory: an authority's rule or permit. Contractual: agreed. Expectation: neither, but wanted.",
     .values = "legal regulatory contractual expectation",
     .example = "contractual"},
    {.name = "source",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Source",
     .help = "Where it is written: the article, the contract and its section, the minutes.",
     .max = 500,
     .example = "Framework contract 2024-17, annex 3, section 5"},
    {.name = "addressed_by_isms",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Does the ISMS take it on?",
     .help = "Yes makes it a requirement of our own. No leaves it to somebody else. Either needs a reason.",
     .values = "undecided yes no",
     .initial = "undecided",
     .example = "yes"},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Reason for the decision",
     .help = "Why the ISMS takes it on, or why not and who cares for it instead.",
     .max = 2000,
     .example = "Leaks are handled by our incident process anyway."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it that we meet it.",
     .ref = "core.member"},
    CONTEXT_REVIEW_FIELDS,
    {.name = "decided_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Decided on",
     .help = "Set when the decision changes."},
    {.name = "decided_by_id",
     .type = BL_REF,
     .flags = BL_SERVER,
     .label = "Decided by",
     .help = "Set when the decision changes.",
     .ref = "core.member"},
    {.name = "accepted",
     .type = BL_BOOL,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Internal requirement",
     .help = "Computed: true once the ISMS takes it on. These are the requirements that the ISMS itself must meet.",
     .expr = "addressed_by_isms = 'yes'",
     .example = "true"},
    {0},
};

#define REASON_WORDS "a decision, yes or no, needs its reason: say why, or leave it undecided"

const struct bl_constraint context_requirement_constraints[] = {
    {.name = "requirement_reason_given_check", .pointer = "/reason", .code = "reason_missing", .detail = REASON_WORDS},
    {0},
};

static void set_text(const struct bl_change *change, const char *field, const char *value)
{
    json_object_set_new(change->after, field, value ? json_string(value) : json_null());
}

enum bl_status context_requirement_before(struct bl_request *r, const struct bl_change *change)
{
    const char *decision = bl_text(change->after, "addressed_by_isms");
    const char *was = bl_text(change->before, "addressed_by_isms");
    bool open = !decision || strcmp(decision, "undecided") == 0;
    enum bl_status status = BL_OK;
    if (!open && !bl_text(change->after, "reason"))
        status = bl_fail(r, BL_UNPROCESSABLE, "reason_missing", "/reason", "%s", REASON_WORDS);
    enum bl_status reviewed = context_reviewed(r, change);
    if (status || reviewed)
        return status ? status : reviewed;
    if (decision && (!was || strcmp(decision, was) != 0)) {
        char today[11];
        bl_day(r->now, today);
        set_text(change, "decided_on", open ? NULL : today);
        set_text(change, "decided_by_id", open ? NULL : r->actor);
    }
    return BL_OK;
}
