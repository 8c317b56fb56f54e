/* Complaints about the body and appeals against its decisions: a panel of people who had no part in the matter. */
#include "certification.h"
#include <string.h>

const struct bl_field certification_complaint_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Subject",
     .help = "In a line.",
     .min = 1,
     .max = 200,
     .example = "The report came eight weeks late"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .values = "complaint appeal",
     .initial = "complaint",
     .label = "Kind",
     .help = "An appeal is against a decision."},
    {.name = "raised_by",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_PERSONAL,
     .label = "Raised by",
     .help = "Who complains or appeals.",
     .min = 1,
     .max = 200,
     .example = "Moat Hosting"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Text",
     .help = "What is said.",
     .min = 1,
     .max = 10000,
     .example = "The report of the audit of March came in May."},
    {.name = "received_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Received",
     .help = "The day on which it came.",
     .example = "2026-05-20"},
    {.name = "certificate_id",
     .type = BL_REF,
     .ref = "certification.certificates",
     .flags = BL_FILTER,
     .label = "Certification",
     .help = "That it is about."},
    {.name = "decision_id",
     .type = BL_REF,
     .ref = "certification.decisions",
     .flags = BL_FILTER,
     .label = "Decision",
     .help = "That an appeal is against."},
    {.name = "panel_1_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Panel, chair",
     .help = "Nobody who audited or decided in the matter."},
    {.name = "panel_2_id", .type = BL_REF, .ref = "core.member", .label = "Panel, second", .help = "As the chair."},
    {.name = "panel_3_id", .type = BL_REF, .ref = "core.member", .label = "Panel, third", .help = "As the chair."},
    {.name = "answer_by_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Answer due",
     .help = "When the answer is promised."},
    {.name = "outcome",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .values = "upheld partly_upheld rejected",
     .label = "Outcome",
     .help = "What the panel found."},
    {.name = "answer",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Answer",
     .help = "With its reasons.",
     .max = 10000,
     .example = "You are right; reports now leave within three weeks."},
    {.name = "answered_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Answered at", .help = "Set with the answer."},
    {0},
};

const struct bl_state certification_complaint_states[] = {
    {.name = "received", .label = "Received", .help = "Acknowledged.", .flags = BL_INITIAL},
    {.name = "under_review", .label = "Before the panel", .help = "The panel looks into it."},
    {.name = "answered", .label = "Answered", .help = "With reasons.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "withdrawn", .label = "Withdrawn", .help = "By who raised it.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* Each of the panel, and the case that the matter has. */
#define PANEL                                                                                                                    \
    " FROM certification.complaint k CROSS JOIN LATERAL (VALUES ('/panel_1_id', k.panel_1_id), ('/panel_2_id', k.panel_2_id),"   \
    " ('/panel_3_id', k.panel_3_id)) p (place, person) LEFT JOIN certification.decision d ON d.tenant_id = k.tenant_id"          \
    " AND d.id = k.decision_id WHERE k.tenant_id = $1 AND k.id = $2 AND p.person IS NOT NULL"

static const char independent[] =
    "SELECT p.place, 'not_independent', 'this person took part in an audit of the matter: choose another'" PANEL
    " AND " CERTIFICATION_IN_TEAM(
        "coalesce(k.certificate_id, d.certificate_id)",
        "p.person") " UNION ALL SELECT p.place, 'not_independent', 'this person decided in the matter: choose another'" PANEL
                    " AND EXISTS (SELECT FROM certification.decision o WHERE o.tenant_id = $1 AND o.decided_by_id = p.person"
                    " AND (o.id = k.decision_id OR o.certificate_id = coalesce(k.certificate_id, d.certificate_id)))"
                    " UNION ALL SELECT '/decision_id', 'required', 'an appeal names the decision that it is against' FROM "
                    "certification.complaint k"
                    " WHERE k.tenant_id = $1 AND k.id = $2 AND k.kind = 'appeal' AND k.decision_id IS NULL";

const struct bl_transition certification_complaint_transitions[] = {
    {.name = "assign",
     .from = "received",
     .to = "under_review",
     .needs = "panel_1_id",
     .guard = independent,
     .label = "Put before the panel",
     .help = "The panel had no part in the matter."},
    {.name = "answer",
     .from = "under_review",
     .to = "answered",
     .needs = "outcome answer",
     .guard = independent,
     .sets = "answered_at=now",
     .label = "Answer",
     .help = "The panel has found; who raised it is told."},
    {.name = "withdraw",
     .from = "received under_review",
     .to = "withdrawn",
     .flags = BL_REASON,
     .label = "Withdrawn",
     .help = "By who raised it."},
    {0},
};

enum bl_status certification_complaint_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "received_on");
    return status == BL_OK ? certification_ordered(r, change->after, "received_on", "answer_by_on") : status;
}
