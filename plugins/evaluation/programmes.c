/* Clause 9.2: the audit programme, approved only when its audits leave no hole. */
#include "evaluation.h"
#include <string.h>

const struct bl_field evaluation_programme_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Programme",
     .help = "How it is called.",
     .min = 1,
     .max = 200,
     .example = "Internal audits 2026 to 2028"},
    {.name = "edition",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Edition",
     .help = "Of ISO/IEC 27001, by year: its clauses must all be covered.",
     .values = EVALUATION_EDITIONS,
     .example = "2022"},
    {.name = "period_from",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "From",
     .help = "First day of the cycle.",
     .example = "2026-01-01"},
    {.name = "period_to",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_DUE,
     .label = "To",
     .help = "Last day of the cycle: by then everything has been audited.",
     .example = "2028-12-31"},
    {.name = "criteria",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Criteria",
     .help = "What the audits hold practice against: the standard, own rules, law, contracts.",
     .min = 1,
     .max = 5000,
     .example = "ISO/IEC 27001, our policies and rules, the service contracts of the port authority."},
    {.name = "methods",
     .type = BL_LIST,
     .flags = BL_REQUIRED,
     .label = "Methods",
     .help = "How it is audited.",
     .values = "document_review interview observation sampling technical_test remote",
     .example = "interview"},
    {.name = "weight",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What was given weight",
     .help = "How the importance of processes, changes and the results of earlier audits led to these audits.",
     .max = 5000,
     .example = "Remote maintenance twice a year: new, and weightiest among the risks."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who runs the programme.",
     .ref = "core.member"},
    {.name = "approved_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Approved on",
     .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval.",
     .ref = "core.member"},
    {0},
};

const struct bl_state evaluation_programme_states[] = {
    {.name = "draft", .label = "Draft", .help = "Audits are being planned.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "In force. Audits are carried out by it.", .flags = BL_FROZEN},
    {.name = "completed", .label = "Completed", .help = "Everything was audited.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static enum bl_status planned(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_holes(r, change->id, false);
}

static enum bl_status done(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_holes(r, change->id, true);
}

const struct bl_transition evaluation_programme_transitions[] = {
    {.name = "approve",
     .from = "draft",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .needs = "owner_id weight",
     .sets = "approved_on=today approved_by_id=actor",
     .rule = planned,
     .label = "Approve",
     .help = "By somebody else than who wrote it. Refused as long as a clause or an applicable control is in no audit."},
    {.name = "revise",
     .from = "approved",
     .to = "draft",
     .flags = BL_REASON,
     .label = "Revise",
     .help = "Opens it for changes; say why. It needs approval again."},
    {.name = "complete",
     .from = "approved",
     .to = "completed",
     .rule = done,
     .label = "Complete",
     .help = "Refused as long as something was not audited."},
    {0},
};

enum bl_status evaluation_programme_before(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_ordered(r, change, "period_from", "period_to");
}

enum bl_status evaluation_programme_retire(struct bl_request *r, const struct bl_change *change)
{
    if (evaluation_is_state(change->before, " draft "))
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "kept", NULL, "an approved programme is evidence and is kept: revise it, or complete it");
}
