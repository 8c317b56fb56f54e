/* Decisions about certification, by people who took no part in the audit. Until its release a decision is the body's alone. */
#include "certification.h"
#include "fields.h"
#include <string.h>

const struct bl_field certification_decision_fields[] = {
    CERTIFICATION_DECISION_TITLE,
    {.name = "certificate_id",
     .type = BL_REF,
     .ref = "certification.certificates",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Certification",
     .help = "That it is about."},
    CERTIFICATION_OUTCOME("What is decided."),
    {.name = "decided_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Day of the decision",
     .help = "The cycle counts from it.",
     .example = "2026-03-02"},
    {.name = "reasons",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Reasons",
     .help = "The client reads them after the release.",
     .min = 1,
     .max = 10000,
     .example = "The system meets the standard; all findings are dealt with."},
    {.name = "considerations",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Considerations",
     .help = "Stay inside the body.",
     .max = 10000},
    {.name = "effective_on",
     .type = BL_DATE,
     .label = "Effective from",
     .help = "Not before the decision; none: the day of the decision."},
    {.name = "new_scope",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "New scope",
     .help = "When the decision changes it.",
     .max = 5000},
    {.name = "soa_version",
     .type = BL_TEXT,
     .label = "Version of the SoA",
     .help = "That stands on the certificate from now on.",
     .max = 60,
     .example = "3 of 2026-01-12"},
    {.name = "resolved",
     .type = BL_BOOL,
     .initial = "false",
     .label = "Cause settled",
     .help = "For a reinstatement: the body has verified that the cause of the suspension is gone."},
    {.name = "decided_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Decided by",
     .help = "Set by the decision."},
    {.name = "released_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Released at", .help = "Set by the release."},
    {0},
};

const struct bl_state certification_decision_states[] = {
    {.name = "draft", .label = "Draft", .help = "Put before those who decide.", .flags = BL_INITIAL},
    {.name = "decided", .label = "Decided", .help = "Not released yet; the client knows nothing of it.", .flags = BL_FROZEN},
    {.name = "released", .label = "Released", .help = "In effect; the client was told.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dropped", .label = "Dropped", .help = "Not decided.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char outside_team[] =
    "SELECT '', 'decider_in_team', 'who decides took part in an audit of this client: somebody outside the team has to decide'"
    " FROM certification.decision d WHERE d.tenant_id = $1 AND d.id = $2 AND " CERTIFICATION_IN_TEAM("d.certificate_id", "$3");

const struct bl_transition certification_decision_transitions[] = {
    {.name = "decide",
     .from = "draft",
     .to = "decided",
     .permission = "decide",
     .flags = BL_NOT_AUTHOR,
     .guard = outside_team,
     .sets = "decided_by_id=actor",
     .rule = certification_decide,
     .label = "Decide",
     .help = "By somebody who neither wrote the draft nor took part in an audit of this client. Refused while a major "
             "nonconformity is not verified or a minor one's plan not accepted."},
    {.name = "reopen",
     .from = "decided",
     .to = "draft",
     .permission = "decide",
     .flags = BL_REASON,
     .label = "Reopen",
     .help = "Before its release; say why."},
    {.name = "release",
     .from = "decided",
     .to = "released",
     .permission = "decide",
     .sets = "released_at=now",
     .rule = certification_decision_release,
     .after = certification_decision_tell,
     .label = "Release",
     .help = "Takes effect on the certificate; the client is told."},
    {.name = "drop",
     .from = "draft",
     .to = "dropped",
     .flags = BL_REASON,
     .label = "Drop",
     .help = "Nothing is decided; say why."},
    {0},
};

enum bl_status certification_decision_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "decided_on");
    return status == BL_OK ? certification_ordered(r, change->after, "decided_on", "effective_on") : status;
}

static const struct {
    const char *outcome, *verb;
} verbs[] = {
    {"grant", "grant"},
    {"deny", "deny"},
    {"maintain", "surveillance_1"},
    {"extend", "extend"},
    {"reduce", "reduce"},
    {"renew", "recertify"},
    {"suspend", "suspend"},
    {"reinstate", "reinstate"},
    {"reinstate_reduced", "reinstate_reduced"},
    {"withdraw", "withdraw"},
    {"restore", "restore_certification"},
    {"take_over", "transfer_in"},
};

/* The step of the certificate's life that the decision takes. */
const char *certification_decision_verb(const char *outcome, long surveillances)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].outcome, outcome) == 0)
            return strcmp(outcome, "maintain") == 0 && surveillances > 0 ? "surveillance_2" : verbs[i].verb;
    return "";
}

enum bl_status certification_decision_tell(struct bl_request *r, const struct bl_change *change)
{
    return certification_tell(r, CERTIFICATION_DECISION, change->id);
}
