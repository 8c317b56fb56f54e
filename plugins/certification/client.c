/* The client's registers: applications it sends, and what it knows of the body's work. A record that the body sent says so in
 * `sender`: its facts are the body's, the client adds its answers. Without a sender the client keeps it by hand, for a body that
 * is not here. */
#include "certification.h"
#include "fields.h"
#include <string.h>

const struct bl_field certification_site_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Site", .min = 1, .max = 200},
    {.name = "address", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Address", .min = 1, .max = 500},
    {.name = "city", .type = BL_TEXT, .label = "City", .max = 200},
    {.name = "country", .type = BL_TEXT, .label = "Country", .help = "Two capital letters.", .max = 2},
    {.name = "activities", .type = BL_TEXT, .label = "Part of the scope", .max = 1000},
    {0},
};

/* Who sent it, and which record of theirs it shows. */
#define SENT                                                                                                                     \
    {.name = "sender", .type = BL_TEXT, .flags = BL_SERVER, .max = 36, .label = "Sent by", .help = "The body's organisation."},  \
    {                                                                                                                            \
        .name = "source", .type = BL_TEXT, .flags = BL_SERVER | BL_FILTER, .max = 36, .label = "Its record", .help = "There."    \
    }
#define ANSWERED                                                                                                                 \
    {                                                                                                                            \
        .name = "answers", .type = BL_INT, .flags = BL_SERVER, .label = "Answers", .help = "How many went to the body."          \
    }

const struct bl_field certification_request_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Application",
     .help = "What it is called.",
     .min = 1,
     .max = 200,
     .example = "Application for the first certificate"},
    {.name = "body_org",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Certification body",
     .help = "The short name of its organisation here. An engagement must bind you.",
     .min = 3,
     .max = 40,
     .example = "outerwall"},
    CERTIFICATION_APPLIES_FOR,
    CERTIFICATION_EDITION(BL_REQUIRED, "Of ISO/IEC 27001."),
    CERTIFICATION_SCOPE(BL_REQUIRED | BL_LONG, "What shall be certified."),
    CERTIFICATION_ADDRESS("Street, postal code, town."),
    CERTIFICATION_CITY(BL_REQUIRED),
    CERTIFICATION_COUNTRY(BL_REQUIRED),
    {.name = "sites",
     .type = BL_ITEMS,
     .items = certification_site_items,
     .max = 200,
     .label = "Sites",
     .help = "Every place of work inside the scope."},
    CERTIFICATION_PERSONS,
    CERTIFICATION_OUTSOURCING("Inside the scope; say so when it is nothing."),
    {.name = "sent_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Sent", .help = "Set when it is sent."},
    {.name = "answer",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .max = 5000,
     .label = "Answer",
     .help = "The body's reason when it refuses."},
    {0},
};

const struct bl_state certification_request_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "sent", .label = "Sent", .help = "The body reviews it.", .flags = BL_FROZEN},
    {.name = "accepted", .label = "Accepted", .help = "By the body.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "refused", .label = "Refused", .help = "By the body, with its reason.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition certification_request_transitions[] = {
    {.name = "send",
     .from = "draft",
     .to = "sent",
     .sets = "sent_on=today",
     .after = certification_request_send,
     .label = "Send",
     .help = "To the body. It learns what stands here, and whom among its people you know from work for you."},
    {0},
};

#define DAY(field, more, words)                                                                                                  \
    {                                                                                                                            \
        .name = (field), .type = BL_DATE, .flags = (more), .label = (words), .help = "As the body says."                         \
    }

const struct bl_field certification_held_fields[] = {
    {.name = "client_name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Certified",
     .help = "The name on the certificate.",
     .min = 1,
     .max = 200,
     .example = "Moat Hosting"},
    {.name = "body_name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Certification body",
     .help = "That issued it.",
     .min = 1,
     .max = 200,
     .example = "Outerwall Certification"},
    {.name = "number", .type = BL_TEXT, .flags = BL_FILTER, .label = "Number", .help = "Of the certificate.", .max = 60},
    {.name = "state",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .values =
         "applied refused contracted stage1_done stage2_done stage2_repeat certified suspended withdrawn expired transferred_out",
     .initial = "certified",
     .label = "State",
     .help = "Where the certification stands at the body."},
    CERTIFICATION_EDITION(BL_REQUIRED, "Of ISO/IEC 27001."),
    CERTIFICATION_SCOPE(BL_REQUIRED | BL_LONG, "As on the certificate."),
    {.name = "soa_version", .type = BL_TEXT, .label = "Version of the SoA", .help = "As on the certificate.", .max = 60},
    {.name = "revision", .type = BL_INT, .label = "Revision", .help = "Of the certificate."},
    DAY("decided_on", BL_FILTER, "Decision"),
    DAY("effective_on", 0, "Effective"),
    DAY("expires_on", BL_FILTER | BL_DUE, "Expires"),
    DAY("surveillance_due_on", BL_FILTER | BL_DUE, "Next surveillance by"),
    DAY("recertification_due_on", BL_FILTER | BL_DUE, "Recertification audit by"),
    DAY("suspended_on", 0, "Suspended"),
    DAY("suspended_until_on", BL_DUE, "Resolve by"),
    DAY("restore_until_on", BL_DUE, "Restore by"),
    {.name = "change_told",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .max = 500,
     .label = "Change told",
     .help = "What the body was told of your scope or SoA."},
    SENT,
    {0},
};

static const struct bl_field team_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Name", .max = 200},
    {.name = "duty", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "leader auditor expert observer", .label = "Duty"},
    {0},
};

const struct bl_field certification_visit_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Audit",
     .help = "By the certification body.",
     .min = 1,
     .max = 200,
     .example = "Stage 1"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .values = "stage_1 stage_2 surveillance recertification special transfer",
     .initial = "stage_1",
     .label = "Kind",
     .help = "In the cycle."},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_DUE,
     .label = "First day",
     .help = "Of the audit.",
     .example = "2026-02-02"},
    {.name = "ends_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Last day",
     .help = "Of the audit.",
     .example = "2026-02-03"},
    {.name = "days", .type = BL_DECIMAL, .scale = 2, .min = 0, .max = 1000, .label = "Days", .help = "Of all auditors together."},
    {.name = "sites", .type = BL_LIST, .max = 200, .label = "Sites", .help = "That are looked at."},
    {.name = "plan", .type = BL_TEXT, .flags = BL_LONG, .label = "Plan", .help = "Who looks at what, when.", .max = 20000},
    {.name = "team", .type = BL_ITEMS, .items = team_items, .label = "Team", .help = "You may object to any of them."},
    {.name = "report",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Report",
     .help = "When the audit is concluded.",
     .max = 20000},
    {.name = "objection", .type = BL_TEXT, .flags = BL_SERVER | BL_LONG, .max = 5000, .label = "Objection", .help = "Yours."},
    SENT,
    ANSWERED,
    {0},
};

const struct bl_state certification_visit_states[] = {
    {.name = "announced", .label = "Announced", .help = "You may object to a member of the team.", .flags = BL_INITIAL},
    {.name = "planned", .label = "Planned anew", .help = "The body changes plan or team."},
    {.name = "agreed", .label = "Agreed", .help = "Without objection."},
    {.name = "objected", .label = "Objected", .help = "The body answers."},
    {.name = "concluded", .label = "Concluded", .help = "With its report.", .flags = BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "Not held.", .flags = BL_CLOSED},
    {0},
};

const struct bl_field certification_objection_input[] = {
    {.name = "objection",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Objection",
     .help = "Against whom, and why.",
     .min = 1,
     .max = 5000,
     .example = "One of the team worked for a competitor until last year."},
    {0},
};

const struct bl_transition certification_visit_transitions[] = {
    {.name = "agree",
     .from = "announced",
     .to = "agreed",
     .after = certification_answer,
     .label = "Agree",
     .help = "No objection to plan and team."},
    {.name = "object",
     .from = "announced",
     .to = "objected",
     .input = certification_objection_input,
     .sets = "objection=input",
     .after = certification_answer,
     .label = "Object",
     .help = "To a member of the team; the body answers."},
    {0},
};

const struct bl_field certification_received_fields[] = {
    CERTIFICATION_NONCONFORMITY,
    CERTIFICATION_GRADE("By the body."),
    CERTIFICATION_REQUIREMENT,
    CERTIFICATION_STATEMENT("What is not met."),
    {.name = "evidence", .type = BL_TEXT, .flags = BL_LONG, .label = "Evidence", .help = "What was seen.", .max = 5000},
    {.name = "site", .type = BL_TEXT, .label = "Site", .max = 200, .help = "Where it was found."},
    CERTIFICATION_FOUND("In the audit."),
    {.name = "plan_by_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Plan due", .help = "By the body's rule."},
    {.name = "verify_by_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Verification due", .help = "By the body's rule."},
    {.name = "verified_on", .type = BL_DATE, .label = "Verified", .help = "By the body."},
    {.name = "assessment",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Assessment",
     .help = "The body's, of your plan.",
     .max = 5000},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it here."},
    CERTIFICATION_CORRECTION("What you put right at once."),
    CERTIFICATION_CAUSE("Why it came to be."),
    {.name = "corrective_action",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Plan",
     .help = "What keeps it from coming back, by whom, by when.",
     .max = 5000,
     .example = "Drills each quarter by operations."},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Done",
     .help = "What you did, with its proof.",
     .max = 5000,
     .example = "Two drills held."},
    CERTIFICATION_FINDING_DUE,
    SENT,
    ANSWERED,
    {0},
};

const struct bl_state certification_received_states[] = {
    {.name = "open", .label = "Open", .help = "Answer with a correction.", .flags = BL_INITIAL},
    {.name = "contained", .label = "Contained", .help = "Find the cause."},
    {.name = "cause_found", .label = "Cause found", .help = "Say what you will do."},
    {.name = "plan_submitted", .label = "Plan submitted", .help = "The body judges it."},
    {.name = "plan_accepted", .label = "Plan accepted", .help = "Carry it out."},
    {.name = "implemented", .label = "Carried out", .help = "The body verifies it."},
    {.name = "verified", .label = "Verified", .help = "It works.", .flags = BL_CLOSED},
    {.name = "closed", .label = "Closed", .help = "Over.", .flags = BL_CLOSED},
    {0},
};

const struct bl_transition certification_received_transitions[] = {
    {.name = "contain",
     .from = "open",
     .to = "contained",
     .needs = "correction",
     .after = certification_answer,
     .label = "Contain",
     .help = "Put right at once."},
    {.name = "find_cause",
     .from = "contained",
     .to = "cause_found",
     .needs = "cause",
     .after = certification_answer,
     .label = "Cause found",
     .help = "You know why."},
    {.name = "submit_plan",
     .from = "cause_found",
     .to = "plan_submitted",
     .needs = "corrective_action",
     .after = certification_answer,
     .label = "Submit plan",
     .help = "The body judges it."},
    {.name = "implement",
     .from = "plan_accepted",
     .to = "implemented",
     .needs = "result",
     .after = certification_answer,
     .label = "Carried out",
     .help = "The body verifies it."},
    {0},
};

const struct bl_field certification_verdict_fields[] = {
    CERTIFICATION_DECISION_TITLE,
    CERTIFICATION_OUTCOME("What the body decided."),
    {.name = "decided_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Day of the decision",
     .help = "By the body.",
     .example = "2026-03-02"},
    {.name = "reasons", .type = BL_TEXT, .flags = BL_LONG, .label = "Reasons", .help = "The body's.", .max = 10000},
    {.name = "effective_on", .type = BL_DATE, .label = "Effective from", .help = "By the body."},
    {.name = "new_scope", .type = BL_TEXT, .flags = BL_LONG, .label = "New scope", .help = "When it changed.", .max = 5000},
    SENT,
    {0},
};

/* What the client may change of a record that the body sent. */
static bool own_answer(const char *name)
{
    static const char *const own[] = {"owner_id", "correction", "cause", "corrective_action", "result", "objection"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return false;
}

enum bl_status certification_mirror_before(struct bl_request *r, const struct bl_change *change)
{
    const char *name;
    json_t *value;
    enum bl_status status = BL_OK;
    if (!change->before || !bl_text(change->before, "sender") || strcmp(r->actor, BL_SERVICE) == 0)
        return BL_OK;
    json_object_foreach(change->after, name, value)
    {
        char pointer[64];
        if (own_answer(name) || json_equal(value, json_object_get(change->before, name)))
            continue;
        snprintf(pointer, sizeof pointer, "/%s", name);
        status = bl_fail(r, BL_CONFLICT, "of_the_body", pointer,
                         "the certification body sent this: only your answers can be changed here");
    }
    return status;
}

enum bl_status certification_mirror_retire(struct bl_request *r, const struct bl_change *change)
{
    if (!bl_text(change->before, "sender") || strcmp(r->actor, BL_SERVICE) == 0)
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "of_the_body", NULL, "the certification body sent this: it stays");
}
