/* Nonconformities that the body raises: what the client answers, what the body accepts and verifies, and the clocks. */
#include "certification.h"
#include "fields.h"
#include <stdlib.h>
#include <string.h>

const struct bl_field certification_finding_fields[] = {
    CERTIFICATION_NONCONFORMITY,
    {.name = "audit_id",
     .type = BL_REF,
     .ref = "certification.certification_audits",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Audit",
     .help = "In which it was found."},
    CERTIFICATION_GRADE("Major: in doubt whether the system reaches its results. An observation is no fault."),
    CERTIFICATION_REQUIREMENT,
    CERTIFICATION_STATEMENT("What is not met. Neither cause nor remedy: those are the client's."),
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Evidence",
     .help = "What was seen, where.",
     .min = 1,
     .max = 5000,
     .example = "Log of drills, seen on 3 February; the last entry is of 2024."},
    {.name = "site", .type = BL_TEXT, .label = "Site", .max = 200, .help = "Where it was found."},
    {.name = "auditor_id",
     .type = BL_REF,
     .ref = "certification.auditors",
     .flags = BL_FILTER,
     .label = "Auditor",
     .help = "Who found it."},
    CERTIFICATION_FOUND("A day of the audit."),
    CERTIFICATION_CORRECTION("The client's: what was put right at once."),
    CERTIFICATION_CAUSE("The client's."),
    {.name = "corrective_action",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Plan",
     .help = "The client's: what keeps it from coming back, by whom, by when.",
     .max = 5000,
     .example = "Drills each quarter by operations, from April on; seen in the management review."},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Done",
     .help = "The client's: what was done, with its proof.",
     .max = 5000,
     .example = "Two drills held; records attached."},
    {.name = "assessment",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Assessment",
     .help = "The body's; the client reads it.",
     .max = 5000,
     .example = "Plan fits the cause."},
    {.name = "plan_by_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Plan due",
     .help = "By this body's setting."},
    {.name = "verify_by_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Verification due",
     .help = "Major at stage 2: six months after its last day; at a recertification: the expiry; else this body's setting."},
    {.name = "verified_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Verified",
     .help = "Given with the verification."},
    CERTIFICATION_FINDING_DUE,
    CERTIFICATION_ANSWERED,
    {0},
};

const struct bl_state certification_finding_states[] = {
    {.name = "open", .label = "Open", .help = "Raised.", .flags = BL_INITIAL},
    {.name = "contained", .label = "Contained", .help = "Corrected; its cause is looked for."},
    {.name = "cause_found", .label = "Cause found", .help = "A plan is needed."},
    {.name = "plan_submitted", .label = "Plan submitted", .help = "The body judges it."},
    {.name = "plan_accepted", .label = "Plan accepted", .help = "To be carried out."},
    {.name = "implemented", .label = "Carried out", .help = "The body verifies it."},
    {.name = "verified", .label = "Verified", .help = "It works.", .flags = BL_FROZEN},
    {.name = "closed", .label = "Closed", .help = "Over.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field verify_input[] = {
    {.name = "verified_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Verified",
     .help = "The day on which its effect was seen.",
     .example = "2026-05-04"},
    {0},
};

static enum bl_status verified(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "verified_on");
    return status == BL_OK ? certification_ordered(r, change->after, "found_on", "verified_on") : status;
}

static enum bl_status observation(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(bl_text(change->before, "grade"), "observation") == 0)
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "not_an_observation", "/grade",
                   "only an observation is closed without correction and verification");
}

static enum bl_status tell(struct bl_request *r, const struct bl_change *change)
{
    return certification_tell(r, CERTIFICATION_FINDING, change->id);
}

const struct bl_transition certification_finding_transitions[] = {
    {.name = "contain",
     .from = "open",
     .to = "contained",
     .needs = "correction",
     .after = tell,
     .label = "Contain",
     .help = "The client has put it right at once."},
    {.name = "find_cause",
     .from = "contained",
     .to = "cause_found",
     .needs = "cause",
     .after = tell,
     .label = "Cause found",
     .help = "The client has found out why."},
    {.name = "submit_plan",
     .from = "cause_found",
     .to = "plan_submitted",
     .needs = "corrective_action",
     .after = tell,
     .label = "Submit plan",
     .help = "The client says what it will do."},
    {.name = "accept_plan",
     .from = "plan_submitted",
     .to = "plan_accepted",
     .needs = "assessment",
     .after = tell,
     .label = "Accept plan",
     .help = "The plan fits cause and extent."},
    {.name = "reject_plan",
     .from = "plan_submitted",
     .to = "cause_found",
     .needs = "assessment",
     .flags = BL_REASON,
     .after = tell,
     .label = "Reject plan",
     .help = "It does not; say why."},
    {.name = "implement",
     .from = "plan_accepted",
     .to = "implemented",
     .needs = "result",
     .after = tell,
     .label = "Carried out",
     .help = "The client has done it."},
    {.name = "verify",
     .from = "implemented",
     .to = "verified",
     .input = verify_input,
     .sets = "verified_on=input",
     .rule = verified,
     .after = tell,
     .label = "Verify",
     .help = "The body has seen that it works."},
    {.name = "fail_verification",
     .from = "implemented",
     .to = "cause_found",
     .flags = BL_REASON,
     .after = tell,
     .label = "Does not work",
     .help = "Back to the cause; say why."},
    {.name = "close", .from = "verified", .to = "closed", .after = tell, .label = "Close", .help = "Nothing is left to do."},
    {.name = "note",
     .from = "open",
     .to = "closed",
     .rule = observation,
     .after = tell,
     .label = "Close observation",
     .help = "An observation needs no answer."},
    {0},
};

/* $2 audit: its kind, first and last day, state, the certificate's expiry, the settings' days. */
static const char about[] =
    "SELECT x.kind, x.starts_on, x.ends_on, x.status, c.expires_on, coalesce(s.major_days, 90), coalesce(s.minor_plan_days, 30)"
    " FROM certification.audit x JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = "
    "x.certificate_id" CERTIFICATION_SETTINGS " WHERE x.tenant_id = $1 AND x.id = $2 FOR UPDATE OF x";

enum bl_status certification_finding_before(struct bl_request *r, const struct bl_change *change)
{
    json_t *f = change->after;
    struct bl_rows *rows;
    const char *audit = bl_text(f, "audit_id");
    enum bl_status status = bl_sql(r, about, &audit, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status; /* an unknown audit is refused by the reference itself */
    const char *kind = bl_cell(r, rows, 0, 0), *state = bl_cell(r, rows, 0, 3), *grade = bl_text(f, "grade");
    long ends = certification_day(bl_cell(r, rows, 0, 2)), expiry = certification_day(bl_cell(r, rows, 0, 4)), by = 0;
    if (!change->before && (strcmp(state, "used") == 0 || strcmp(state, "cancelled") == 0))
        return bl_fail(r, BL_CONFLICT, "audit_over", "/audit_id", "that audit is %s: raise it in another one", state);
    long found = certification_day_in(f, "found_on");
    if (found < certification_day(bl_cell(r, rows, 0, 1)) || found > ends)
        return bl_fail(r, BL_UNPROCESSABLE, "outside_audit", "/found_on", "give a day of the audit: %s to %s",
                       bl_cell(r, rows, 0, 1), bl_cell(r, rows, 0, 2));
    if (strcmp(grade, "major") == 0 && strcmp(kind, "stage_2") == 0)
        by = certification_months(ends, 6);
    else if (strcmp(grade, "major") == 0)
        by = strcmp(kind, "recertification") == 0 && expiry ? expiry : ends + (long)bl_integer(r, rows, 0, 5);
    certification_set_day(f, "verify_by_on", by);
    certification_set_day(f, "plan_by_on", strcmp(grade, "observation") == 0 ? 0 : ends + (long)bl_integer(r, rows, 0, 6));
    return BL_OK;
}

/* The client reads it as soon as it is raised. */
enum bl_status certification_finding_after(struct bl_request *r, const struct bl_change *change)
{
    bool written = strcmp(change->verb, "create") == 0 || strcmp(change->verb, "update") == 0;
    return written ? certification_tell(r, CERTIFICATION_FINDING, change->id) : BL_OK;
}
