/* A.5.19 to A.5.23: who works for us with our information, what was agreed, and whether it is kept. */
#include "operation.h"
#include <stdio.h>
#include <string.h>

static const struct bl_field sub_supplier_items[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Sub-supplier",
     .help = "Who works for our supplier.",
     .min = 1,
     .max = 200,
     .example = "Data centre Frankfurt"},
    {.name = "service", .type = BL_TEXT, .label = "Service", .help = "What it does.", .max = 500, .example = "Runs the halls"},
    {.name = "country", .type = BL_TEXT, .label = "Country", .help = "Where it does so.", .max = 100, .example = "Germany"},
    {.name = "agreed", .type = BL_BOOL, .label = "Agreed to", .help = "Did we agree to it?"},
    {0},
};

const struct bl_field operation_supplier_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Supplier",
     .help = "The firm, or the department outside the scope.",
     .min = 1,
     .max = 200,
     .example = "IT service firm in the house"},
    {.name = "service",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Service",
     .help = "What it does for us, and where it meets our information.",
     .min = 1,
     .max = 5000,
     .example = "Runs servers and desktops; has administrator rights."},
    {.name = "category",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Category",
     .help = "What sort of supplier it is.",
     .values = "cloud ict_service software hardware consultancy logistics facility personnel other",
     .initial = "other",
     .example = "ict_service"},
    {.name = "criticality",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Criticality",
     .help = "Low: we would hardly notice its failure. Medium: a team stops. High: the business stops, or it holds confidential "
             "information. Critical: the business does not outlive its failure. It decides what the agreement must hold.",
     .values = "low medium high critical",
     .example = "medium"},
    OPERATION_OWNER("Who answers for this supplier."),
    {.name = "contact",
     .type = BL_TEXT,
     .flags = BL_PERSONAL | BL_SEARCH,
     .label = "Contact",
     .help = "Whom to call about security, day and night.",
     .max = 500},
    {.name = "data_processed",
     .type = BL_LIST,
     .flags = BL_FILTER,
     .label = "Data it handles",
     .help = "Which of our information it sees or keeps.",
     .values = "none public internal confidential secret personal customer credentials"},
    {.name = "locations",
     .type = BL_LIST,
     .flags = BL_SEARCH,
     .label = "Where it handles them",
     .help = "Countries or regions.",
     .max = 50},
    {.name = "agreement",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Agreement",
     .help = "The contract's number and where it lies.",
     .max = 500,
     .example = "Service contract 2023, archive, folder Contracts"},
    {.name = "agreement_from",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Agreed from",
     .help = "First day.",
     .example = "2023-04-01"},
    {.name = "agreement_until",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Agreed until",
     .help = "Last day, or the last day to give notice. It is on the calendar.",
     .example = "2028-03-31"},
    {.name = "security_clauses",
     .type = BL_LIST,
     .flags = BL_FILTER,
     .label = "Security clauses",
     .help = "What the agreement holds. Always: confidentiality. From medium: incidents, access_control. From high: audit, "
             "subcontracting, return_of_data, continuity. With personal data: data_protection.",
     .values = "confidentiality incidents access_control audit subcontracting return_of_data continuity data_protection "
               "screening changes training intellectual_property law_and_place termination"},
    {.name = "certificate",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Certificate",
     .help = "Standard, number, and who issued it.",
     .max = 300,
     .example = "ISO/IEC 27001, 4711, Outerwall"},
    {.name = "certificate_until",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Certificate valid until",
     .help = "It is on the calendar.",
     .example = "2027-08-31"},
    {.name = "certificate_scope",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Scope of the certificate",
     .help = "As it stands on it. A certificate whose scope leaves out what we buy proves nothing.",
     .max = 2000},
    {.name = "certificate_covers",
     .type = BL_BOOL,
     .flags = BL_FILTER,
     .label = "Its scope covers our service",
     .help = "Was the scope read, and is our service in it?"},
    {.name = "sub_suppliers",
     .type = BL_ITEMS,
     .label = "Sub-suppliers",
     .help = "Who works for it on our service.",
     .items = sub_supplier_items},
    {.name = "exit_plan",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Exit plan",
     .help = "How we get away from it: to whom, how our data come back, how long it takes.",
     .max = 5000},
    {.name = "assessment_rhythm_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Assessment rhythm in days",
     .help = "How long an assessment counts.",
     .initial = "365",
     .min = 1,
     .max = 1830,
     .example = "365"},
    OPERATION_REVIEW_FIELDS,
    {.name = "last_assessed_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last assessment",
     .help = "From its assessments."},
    {.name = "last_score",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last score",
     .help = "From its assessments, 0 to 100."},
    {.name = "last_passed",
     .type = BL_BOOL,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last passed",
     .help = "From its assessments."},
    {.name = "next_assessment_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next assessment",
     .help = "Computed: the last one and the rhythm. It is on the calendar."},
    {0},
};

const struct bl_relation operation_supplier_relations[] = {
    {.name = "assets",
     .to = "operation.assets",
     .inverse = "suppliers",
     .label = "Assets",
     .help = "What of ours it delivers, runs, keeps or reaches."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "suppliers",
     .label = "Controls",
     .help = "Controls that it carries out or that steer it."},
    {.name = "risks", .to = "planning.risks", .inverse = "suppliers", .label = "Risks", .help = "The risks that come with it."},
    {.name = "incidents",
     .to = "operation.incidents",
     .inverse = "suppliers",
     .label = "Incidents",
     .help = "Incidents that it caused or helped in."},
    {0},
};

const struct bl_state operation_supplier_states[] = {
    {.name = "candidate", .label = "Candidate", .help = "Looked at; gets none of our information yet.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "Works for us."},
    {.name = "suspended", .label = "Suspended", .help = "Gets nothing new until what went wrong is mended."},
    {.name = "ended", .label = "Ended", .help = "Works for us no more.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* What must be agreed and known before it works for us. */
static const char acceptable[] =
    "SELECT x.pointer, x.code, x.detail FROM operation.supplier s CROSS JOIN LATERAL (VALUES"
    " ('/agreement', 'agreement_missing', coalesce(s.agreement, '') = '', 'name the agreement'),"
    " ('/security_clauses', 'clauses_missing', cardinality(operation.missing_clauses(s.criticality, s.data_processed, "
    "s.security_clauses)) > 0, 'the agreement lacks: ' || array_to_string(operation.missing_clauses(s.criticality, "
    "s.data_processed, s.security_clauses), ', ')),"
    " ('/last_passed', 'not_assessed', s.criticality IN ('high', 'critical') AND s.last_passed IS NOT TRUE,"
    " 'a supplier of this criticality needs a passed assessment'),"
    " ('/exit_plan', 'exit_plan_missing', s.criticality = 'critical' AND btrim(coalesce(s.exit_plan, '')) = '',"
    " 'say how we get away from it before we cannot')) AS x (pointer, code, holds, detail)"
    " WHERE s.tenant_id = $1 AND s.id = $2 AND x.holds";

static const char still_running[] =
    "SELECT '/status', 'still_outsourced', format('%s (%s) is still done by this supplier: move it, or put it away', p.name, "
    "p.ref)"
    " FROM operation.outsourced_process p WHERE p.tenant_id = $1 AND p.supplier_id = $2 AND p.archived_at IS NULL";

const struct bl_transition operation_supplier_transitions[] = {
    {.name = "approve",
     .from = "candidate",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .needs = "owner_id",
     .guard = acceptable,
     .label = "Approve",
     .help = "By somebody else than who wrote it down. The agreement holds what its criticality asks; high and critical ones "
             "have passed an assessment."},
    {.name = "suspend",
     .from = "approved",
     .to = "suspended",
     .flags = BL_REASON,
     .label = "Suspend",
     .help = "Say what went wrong, and what must happen."},
    {.name = "reinstate",
     .from = "suspended",
     .to = "approved",
     .permission = "approve",
     .flags = BL_REASON,
     .guard = acceptable,
     .label = "Reinstate",
     .help = "Say what was mended."},
    {.name = "end",
     .from = "candidate approved suspended",
     .to = "ended",
     .flags = BL_REASON,
     .guard = still_running,
     .label = "End",
     .help = "Say why, and that our data and assets came back."},
    {0},
};

const struct bl_constraint operation_supplier_constraints[] = {
    {.name = "supplier_name_key",
     .pointer = "/name",
     .code = "supplier_exists",
     .detail = "a supplier of this name is listed already: use that one"},
    {0},
};

/* The newest completed assessment. $2 supplier, $3 rhythm. */
static const char newest[] =
    "SELECT a.assessed_on, a.score, a.passed, coalesce(a.next_on, a.assessed_on + $3::integer) FROM "
    "operation.supplier_assessment a"
    " WHERE a.tenant_id = $1 AND a.supplier_id = $2::uuid AND a.status = 'completed' AND a.archived_at IS NULL"
    " ORDER BY a.assessed_on DESC, a.id DESC LIMIT 1";

enum bl_status operation_supplier_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status =
        operation_worse(operation_reviewed(r, change), operation_ordered(r, change->after, "agreement_from", "agreement_until"));
    char rhythm[16];
    const char *args[] = {change->id, rhythm};
    struct bl_rows *rows;
    if (status || !change->before)
        return status;
    snprintf(rhythm, sizeof rhythm, "%d", (int)json_integer_value(json_object_get(change->after, "assessment_rhythm_days")));
    status = bl_sql(r, newest, args, 2, 0, &rows);
    if (status)
        return status;
    bool none = bl_count(r, rows) == 0;
    bl_set(change, "last_assessed_on", none ? NULL : bl_cell(r, rows, 0, 0));
    json_object_set_new(change->after, "last_score", none ? json_null() : json_integer(bl_integer(r, rows, 0, 1)));
    json_object_set_new(change->after, "last_passed", none ? json_null() : json_boolean(bl_integer(r, rows, 0, 2)));
    bl_set(change, "next_assessment_on", none ? NULL : bl_cell(r, rows, 0, 3));
    return BL_OK;
}

/* ---- outsourced processes ---- */

const struct bl_field operation_outsourced_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Outsourced process",
     .help = "What is done by others and belongs to our ISMS. Starts with a verb.",
     .min = 1,
     .max = 200,
     .example = "Run servers and desktops"},
    {.name = "supplier_id",
     .type = BL_REF,
     .ref = "operation.suppliers",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Supplier",
     .help = "Who does it."},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Description",
     .help = "Where it begins and ends, and what passes over.",
     .max = 5000},
    OPERATION_OWNER("Who steers it from our side. What is done by others still is ours to answer for."),
    {.name = "methods",
     .type = BL_LIST,
     .flags = BL_FILTER,
     .label = "How it is controlled",
     .help = "By what we see and steer it.",
     .values =
         "contract service_levels own_audit outside_audit certificate reports own_monitoring joint_meetings acceptance_tests"},
    {.name = "control",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is done about it",
     .help = "Who looks at what, how often, and what happens when it is not right.",
     .max = 5000,
     .example = "Report each month; meeting each quarter; rights are looked through twice a year."},
    {.name = "indicators", .type = BL_LIST, .label = "Indicators", .help = "By what you see whether it works.", .max = 50},
    OPERATION_REVIEW_FIELDS,
    {.name = "controlled",
     .type = BL_BOOL,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Control is determined",
     .help = "Computed: an owner, at least one method, and words on what is done.",
     .expr = "owner_id IS NOT NULL AND cardinality(methods) > 0 AND btrim(coalesce(control, '')) <> ''"},
    {0},
};

const struct bl_relation operation_outsourced_relations[] = {
    {.name = "processes",
     .to = "context.processes",
     .inverse = "outsourced_processes",
     .label = "Processes",
     .help = "The processes of the map that it is, or is a part of."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "outsourced_processes",
     .label = "Controls",
     .help = "Controls that it carries out."},
    {0},
};

const struct bl_constraint operation_outsourced_constraints[] = {
    {.name = "outsourced_process_name_key",
     .pointer = "/name",
     .code = "process_exists",
     .detail = "an outsourced process of this name is listed already: use that one"},
    {0},
};

enum bl_status operation_outsourced_before(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "supplier_id");
    struct bl_rows *rows;
    enum bl_status status = operation_reviewed(r, change);
    if (status == BL_OK)
        status = bl_sql(r,
                        "SELECT ref FROM operation.supplier WHERE tenant_id = $1 AND id = $2::uuid"
                        " AND (archived_at IS NOT NULL OR status = 'ended')",
                        &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(r, BL_UNPROCESSABLE, "supplier_ended", "/supplier_id", "%s works for us no more: name another supplier",
                       bl_cell(r, rows, 0, 0));
    return status;
}
