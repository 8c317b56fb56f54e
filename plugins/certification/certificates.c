/* A certification from application to end: what the record holds, and the table of its thirty steps. */
#include "certification.h"
#include "fields.h"
#include <string.h>

#define SET_DAY(field, more, words, text)                                                                                        \
    {                                                                                                                            \
        .name = (field), .type = BL_DATE, .flags = BL_SERVER | (more), .label = (words), .help = (text)                          \
    }

const struct bl_field certification_certificate_fields[] = {
    {.name = "client_name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER,
     .label = "Client",
     .help = "Legal name, as on the certificate.",
     .min = 1,
     .max = 200,
     .example = "Moat Hosting"},
    {.name = "application_id",
     .type = BL_REF,
     .ref = "certification.applications",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Application",
     .help = "That it began with."},
    CERTIFICATION_ADDRESS("As on the certificate."),
    CERTIFICATION_CITY(BL_REQUIRED | BL_FILTER),
    CERTIFICATION_COUNTRY(BL_REQUIRED | BL_FILTER),
    {.name = "sites",
     .type = BL_ITEMS,
     .items = certification_site_items,
     .max = 200,
     .label = "Sites",
     .help = "Every certified site, with its part of the scope."},
    CERTIFICATION_EDITION(BL_REQUIRED | BL_FILTER, "Of ISO/IEC 27001. Certificates to that of 2013 ended on 2025-10-31."),
    CERTIFICATION_SCOPE(BL_REQUIRED | BL_LONG | BL_SEARCH, "As on the certificate."),
    {.name = "soa_version",
     .type = BL_TEXT,
     .label = "Version of the SoA",
     .help = "As on the certificate: number and date.",
     .max = 60,
     .example = "2 of 2026-01-12"},
    {.name = "remote_only",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .initial = "false",
     .label = "No physical place",
     .help = "All work is done remotely; the certificate says so."},
    {.name = "public",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .initial = "true",
     .label = "In the public register",
     .help = "Whether everybody may look it up by its number."},
    {.name = "transfer_from", .type = BL_TEXT, .max = 200, .label = "Taken over from", .help = "The other body, for a transfer."},
    {.name = "transfer_number",
     .type = BL_TEXT,
     .max = 60,
     .label = "Its certificate",
     .help = "Number of the other body's certificate."},
    {.name = "transfer_decided_on",
     .type = BL_DATE,
     .label = "Decided there",
     .help = "The decision that began the running cycle."},
    {.name = "transfer_expires_on", .type = BL_DATE, .label = "Expires there", .help = "The running cycle carries over."},
    {.name = "transfer_ceased_on",
     .type = BL_DATE,
     .label = "Ceased there",
     .help = "When the other body stopped working or lost its accreditation: six months remain, or until the expiry."},
    {.name = "transfer_accredited",
     .type = BL_BOOL,
     .initial = "false",
     .label = "Accredited there",
     .help = "Only an accredited certification can be taken over."},
    {.name = "transfer_suspended",
     .type = BL_BOOL,
     .initial = "false",
     .label = "Suspended there",
     .help = "A suspended one cannot."},
    {.name = "transfer_scope_larger",
     .type = BL_BOOL,
     .initial = "false",
     .label = "Scope larger than there",
     .help = "It may be the same or smaller."},
    {.name = "number",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_FILTER | BL_UNIQUE,
     .max = 60,
     .label = "Certificate number",
     .help = "Given with the first decision to grant."},
    {.name = "revision", .type = BL_INT, .flags = BL_SERVER, .label = "Revision", .help = "Counts what was printed."},
    SET_DAY("agreement_signed_on", 0, "Agreement", "Given with the contract."),
    SET_DAY("stage1_on", BL_FILTER, "Stage 1", "Its last day."),
    SET_DAY("stage2_on", BL_FILTER, "Stage 2", "Its last day."),
    SET_DAY("internal_audit_on", 0, "Client's internal audit", "Given with stage 2."),
    SET_DAY("management_review_on", 0, "Client's management review", "Given with stage 2."),
    SET_DAY("decided_on", BL_FILTER, "Decision", "The day from which the cycle counts."),
    SET_DAY("effective_on", BL_FILTER, "Effective", "As on the certificate; not before the decision."),
    SET_DAY("expires_on", BL_FILTER | BL_DUE, "Expires", "Three years on. Never extended."),
    SET_DAY("first_certified_on", 0, "Certified since", "The first decision."),
    SET_DAY("previous_expires_on", 0, "Expired before", "Of the cycle before; with a gap it stands on the certificate."),
    {.name = "initial_cycle",
     .type = BL_BOOL,
     .flags = BL_SERVER,
     .label = "First cycle",
     .help = "Its first surveillance is due twelve months after the decision."},
    {.name = "surveillances", .type = BL_INT, .flags = BL_SERVER, .label = "Surveillances", .help = "Passed in this cycle."},
    SET_DAY("last_surveillance_on", 0, "Last surveillance", "Its last day."),
    SET_DAY("surveillance_due_on", BL_FILTER | BL_DUE, "Next surveillance by", "Computed; suspension does not stop it."),
    SET_DAY("recertification_due_on", BL_FILTER | BL_DUE, "Recertification audit by", "This body's lead time before the expiry."),
    SET_DAY("suspended_on", BL_FILTER, "Suspended", "Since."),
    SET_DAY("suspended_until_on", BL_FILTER | BL_DUE, "Resolve by", "By this body's limit; then it is withdrawn or reduced."),
    SET_DAY("reinstated_on", 0, "Reinstated", "Surveillances missed before it were dealt with."),
    SET_DAY("restore_until_on", BL_FILTER | BL_DUE, "Restore by", "Six months after the expiry."),
    SET_DAY("ended_on", BL_FILTER, "Ended", "Withdrawn, expired or taken over."),
    {.name = "decision_id",
     .type = BL_REF,
     .ref = "certification.decisions",
     .flags = BL_SERVER,
     .label = "Last decision",
     .help = "That took effect."},
    {.name = "client_change",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .max = 500,
     .label = "Changed at the client",
     .help = "The client's SoA or scope moved away from what stands on the certificate."},
    {.name = "client_org",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_FILTER,
     .max = 40,
     .label = "Organisation here",
     .help = "Taken from the application."},
    {0},
};

const struct bl_state certification_certificate_states[] = {
    {.name = "none", .label = "New", .help = "Not applied for yet.", .flags = BL_INITIAL},
    {.name = "applied", .label = "Applied", .help = "The application is reviewed."},
    {.name = "refused", .label = "Refused", .help = "No certificate.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "contracted", .label = "Contracted", .help = "The agreement is signed."},
    {.name = "stage1_done", .label = "Stage 1 done", .help = "Ready for stage 2."},
    {.name = "stage2_done", .label = "Stage 2 done", .help = "Findings are dealt with."},
    {.name = "stage2_repeat", .label = "Stage 2 again", .help = "A major nonconformity was not verified in six months."},
    {.name = "decision_pending",
     .label = "Decision pending",
     .help = "Recommended; decided by people outside the team.",
     .flags = BL_FROZEN},
    {.name = "certified", .label = "Certified", .help = "Valid.", .flags = BL_FROZEN},
    {.name = "suspended", .label = "Suspended", .help = "Temporarily invalid; its clock runs on.", .flags = BL_FROZEN},
    {.name = "withdrawn", .label = "Withdrawn", .help = "For good.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "expired", .label = "Expired", .help = "Can be restored for six months.", .flags = BL_FROZEN},
    {.name = "transferred_out", .label = "Taken over", .help = "By another body.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field contract_input[] = {
    {.name = "agreement_signed_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Agreement signed",
     .help = "By both.",
     .example = "2026-01-22"},
    {0},
};
static const struct bl_field stage1_input[] = {
    {.name = "documented",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .label = "Written down",
     .help = "The management system is documented.",
     .example = "true"},
    {0},
};
static const struct bl_field stage2_input[] = {
    {.name = "concerns_settled",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .label = "Concerns settled",
     .help = "Of stage 1.",
     .example = "true"},
    {.name = "internal_audit_on",
     .type = BL_DATE,
     .label = "Internal audit",
     .help = "The client's last one over the scope.",
     .example = "2026-01-10"},
    {.name = "management_review_on",
     .type = BL_DATE,
     .label = "Management review",
     .help = "The client's last one.",
     .example = "2026-01-17"},
    {0},
};
static const struct bl_field request_input[] = {
    {.name = "request",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Request",
     .help = "The client's letter: from whom, of when.",
     .min = 1,
     .max = 2000,
     .example = "Letter of the managing director of 3 March."},
    {.name = "asked_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "From",
     .help = "The day from which it is suspended; not to come.",
     .example = "2026-03-03"},
    {0},
};
static const struct bl_field transfer_input[] = {
    {.name = "accepted_by",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Other body",
     .help = "That took it over.",
     .min = 1,
     .max = 200,
     .example = "Another Body Ltd"},
    {.name = "accepted_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Accepted",
     .help = "The day of its decision.",
     .example = "2026-03-03"},
    {0},
};

/* In the order of data/certification_states.csv; a test compares the two. */
#define STEP(verb, state, next, more, words, text)                                                                               \
    {                                                                                                                            \
        .name = (verb), .from = (state), .to = (next), .rule = certification_step_rule, .after = certification_step_after,       \
        .label = (words), .help = (text), more                                                                                   \
    }
#define CONTRACT .input = contract_input, .sets = "agreement_signed_on=input"
#define BY_DECISION .permission = "decide"
const struct bl_transition certification_certificate_transitions[] = {
    STEP("apply", "none", "applied", .flags = 0, "Applied", "Scope, sites, persons and what others do are stated."),
    STEP("refuse", "applied", "refused", .flags = BL_REASON, "Refuse", "The review was negative."),
    STEP("contract", "applied", "contracted", CONTRACT, "Contract", "Review positive, audit time approved, agreement signed."),
    STEP("complete_stage1", "contracted", "stage1_done", .input = stage1_input, "Stage 1 done", "Its audit is concluded."),
    STEP("repeat_stage1", "stage1_done", "stage1_done", .input = stage1_input, "Stage 1 again",
         "After important changes or too many concerns."),
    STEP("complete_stage2", "stage1_done", "stage2_done", .input = stage2_input, "Stage 2 done", "Its audit is concluded."),
    STEP("demand_stage2", "stage2_done", "stage2_repeat", .flags = 0, "Another stage 2",
         "A major nonconformity was not verified in six months."),
    STEP("repeat_stage2", "stage2_repeat", "stage2_done", .flags = 0, "Stage 2 held again", "Its audit is concluded."),
    STEP("recommend", "stage2_done", "decision_pending", .flags = 0, "Recommend", "To those who decide."),
    STEP("grant", "decision_pending", "certified", BY_DECISION, "Grant", "By the release of a decision."),
    STEP("deny", "decision_pending", "refused", BY_DECISION, "Deny", "By the release of a decision."),
    STEP("surveillance_1", "certified", "certified", BY_DECISION, "First surveillance passed", "By the release of a decision."),
    STEP("surveillance_2", "certified", "certified", BY_DECISION, "Later surveillance passed", "By the release of a decision."),
    STEP("extend", "certified", "certified", BY_DECISION, "Extend scope", "By the release of a decision; the expiry stays."),
    STEP("reduce", "certified", "certified", BY_DECISION, "Reduce scope", "By the release of a decision."),
    STEP("recertify", "certified", "certified", BY_DECISION, "Recertify", "By the release of a decision, before the expiry."),
    STEP("suspend", "certified", "suspended", BY_DECISION, "Suspend", "By the release of a decision."),
    STEP("suspend_missed", "certified", "suspended", .flags = 0, "Suspend: surveillance missed", "Its last day has passed."),
    STEP("suspend_requested", "certified", "suspended", .input = request_input, "Suspend: on request",
         "The client asks for it in writing."),
    STEP("reinstate", "suspended", "certified", BY_DECISION, "Reinstate", "By the release of a decision: the cause is settled."),
    STEP("reinstate_reduced", "suspended", "certified", BY_DECISION, "Reinstate with less scope",
         "By the release of a decision."),
    STEP("withdraw_unresolved", "suspended", "withdrawn", .flags = 0, "Withdraw: not resolved",
         "The limit of the suspension has passed."),
    STEP("expire_suspended", "suspended", "expired", .flags = 0, "Expire", "Suspension does not stop the clock."),
    STEP("withdraw", "certified", "withdrawn", BY_DECISION, "Withdraw", "By the release of a decision."),
    STEP("expire", "certified", "expired", .flags = 0, "Expire", "The last day has passed."),
    STEP("restore_certification", "expired", "certified", BY_DECISION, "Restore",
         "By the release of a decision, within six months."),
    STEP("start_again", "expired", "stage1_done", .flags = 0, "Start again",
         "The six months have passed: at least a new stage 2."),
    STEP("transfer_out", "certified", "transferred_out", .input = transfer_input, "Taken over", "By another body."),
    STEP("transfer_in", "none", "certified", BY_DECISION, "Take over", "By the release of a decision."),
    STEP("withdraw_edition", "certified", "withdrawn", .flags = 0, "Withdraw: edition ended", "2013 after 2025-10-31."),
    {0},
};

enum bl_status certification_certificate_before(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *application = bl_text(change->after, "application_id");
    enum bl_status status = certification_ordered(r, change->after, "transfer_decided_on", "transfer_expires_on");
    if (status || change->before)
        return status;
    status =
        bl_sql(r, "SELECT client_org FROM certification.application WHERE tenant_id = $1 AND id = $2", &application, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0 && bl_cell(r, rows, 0, 0))
        json_object_set_new(change->after, "client_org", json_string(bl_cell(r, rows, 0, 0)));
    return status;
}

const struct bl_constraint certification_certificate_constraints[] = {
    {.name = "certificate_expiry_check",
     .pointer = "/expires_on",
     .code = "expiry_moved",
     .detail = "a valid certificate has its days, and cannot outlive three years"},
    {0},
};

/* What the register shows moves with the record. */
enum bl_status certification_certificate_after(struct bl_request *r, const struct bl_change *change)
{
    return certification_publish(r, change->id);
}
