/* Clause 9.2: one audit, from its plan to its report. The report, once issued, does not change, nor does what belongs to it. */
#include "evaluation.h"
#include <string.h>

static const struct bl_field session_items[] = {
    {.name = "day", .type = BL_DATE, .flags = BL_REQUIRED, .label = "Day", .example = "2026-04-14"},
    {.name = "begins", .type = BL_TEXT, .label = "From", .help = "Time of day.", .max = 5, .example = "09:00"},
    {.name = "ends", .type = BL_TEXT, .label = "To", .help = "Time of day.", .max = 5, .example = "10:30"},
    {.name = "topic", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Topic", .min = 1, .max = 300, .example = "Remote access"},
    {.name = "auditor", .type = BL_TEXT, .label = "Auditor", .max = 200, .example = "Jonas Weide"},
    {.name = "with", .type = BL_TEXT, .label = "With whom", .max = 300, .example = "Harbour office"},
    {0},
};

#define NUMBERS(field_name, field_label, field_help, field_example)                                                              \
    {                                                                                                                            \
        .name = (field_name), .type = BL_LIST, .label = (field_label), .help = (field_help), .max = 200,                         \
        .example = (field_example)                                                                                               \
    }

const struct bl_field evaluation_audit_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Audit",
     .help = "How it is called.",
     .min = 1,
     .max = 200,
     .example = "Remote maintenance, spring"},
    {.name = "programme_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "Programme",
     .help = "The audit programme that it is part of.",
     .ref = "evaluation.audit_programmes"},
    {.name = "edition",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Edition",
     .help = "Of ISO/IEC 27001, by year: its numbers are used for clauses and controls.",
     .values = EVALUATION_EDITIONS,
     .example = "2022"},
    {.name = "objective",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Objective",
     .help = "What the audit shall find out.",
     .max = 2000,
     .example = "Do the new rules for remote sessions work on building sites?"},
    {.name = "scope",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Scope",
     .help = "Places, units, processes, time.",
     .min = 1,
     .max = 5000,
     .example = "Harbour office and two building sites; sessions since January."},
    {.name = "criteria",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Criteria",
     .help = "What practice is held against.",
     .min = 1,
     .max = 5000,
     .example = "Clauses and controls below; rules for remote sessions, version 2."},
    NUMBERS("clauses", "Clauses", "Numbers; 9 stands for 9.1, 9.2.1 and so on.", "9.1"),
    NUMBERS("controls", "Controls",
            "Numbers of Annex A, or references of own controls; A.8 stands for A.8.1 and so on, CTL for all own ones.", "A.8.15"),
    {.name = "methods",
     .type = BL_LIST,
     .label = "Methods",
     .help = "How it is audited.",
     .values = "document_review interview observation sampling technical_test remote",
     .example = "interview"},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "From",
     .help = "First day.",
     .example = "2026-04-14"},
    {.name = "ends_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "To",
     .help = "Last day.",
     .example = "2026-04-15"},
    {.name = "lead_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Lead auditor",
     .help = "Leads the team and issues the report. Owns nothing of what is audited.",
     .ref = "core.member"},
    {.name = "sessions",
     .type = BL_ITEMS,
     .label = "Plan",
     .help = "Who talks with whom about what, when.",
     .items = session_items},
    {.name = "opening_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Opening meeting", .help = "The day it was held."},
    NUMBERS("opening_attendees", "At the opening", "Who was there.", "Tomas Brandt"),
    {.name = "closing_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Closing meeting", .help = "The day it was held."},
    NUMBERS("closing_attendees", "At the closing", "Who was there.", "Tomas Brandt"),
    {.name = "conclusion",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Conclusion",
     .help = "Does what was audited meet the criteria, is it done and does it work?",
     .max = 5000,
     .example = "The rules are known and kept in the office; on building sites they are not."},
    NUMBERS("distribution", "Distribution", "Who gets the report; top management is among them.", "Top management"),
    {.name = "report_issued_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Report issued on",
     .help = "Set by the step."},
    {.name = "report_issued_by_id",
     .type = BL_REF,
     .flags = BL_SERVER,
     .label = "Report issued by",
     .help = "Set by the step.",
     .ref = "core.member"},
    {0},
};

static enum bl_status scope_changed(struct bl_request *r, const struct bl_change *change)
{
    return strcmp(change->verb, "link") == 0 ? evaluation_independence(r, change->id) : BL_OK;
}

const struct bl_relation evaluation_audit_relations[] = {
    {.name = "processes",
     .to = "context.processes",
     .inverse = "audits",
     .label = "Processes",
     .help = "Processes in the scope. Their owners are not on the team.",
     .after = scope_changed},
    {.name = "documents",
     .to = "support.documents",
     .inverse = "audits",
     .label = "Documents",
     .help = "Documents in the scope. Their owners are not on the team.",
     .after = scope_changed},
    {0},
};

const struct bl_state evaluation_audit_states[] = {
    {.name = "planned", .label = "Planned", .help = "In the programme.", .flags = BL_INITIAL},
    {.name = "scheduled", .label = "Scheduled", .help = "Team and plan stand; those concerned have the plan."},
    {.name = "running", .label = "Running", .help = "Opened; evidence is gathered."},
    {.name = "reporting", .label = "Reporting", .help = "The closing meeting was held; the report is written."},
    {.name = "issued",
     .label = "Report issued",
     .help = "The report is out and does not change.",
     .flags = BL_FROZEN | BL_CLOSED},
    {.name = "closed", .label = "Closed", .help = "Every nonconformity that it opened is over.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "For the reason given.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define AUDIT " FROM evaluation.audit a WHERE a.tenant_id = $1 AND a.id = $2::uuid"

static const char something_to_audit[] =
    "SELECT '/clauses', 'nothing_to_audit', 'name at least one clause or control'" AUDIT
    " AND cardinality(a.clauses) + cardinality(a.controls) = 0"
    " UNION ALL SELECT '/sessions', 'session_outside', format('the session of %s lies outside the days of the audit', s ->> "
    "'day')"
    " FROM evaluation.audit a CROSS JOIN LATERAL jsonb_array_elements(a.sessions) s WHERE a.tenant_id = $1 AND a.id = $2::uuid"
    " AND (s ->> 'day')::date NOT BETWEEN a.starts_on AND a.ends_on";

/* A report rests on answers with evidence, and is the lead's. $3 the caller. */
static const char report_whole[] =
    "SELECT '', 'not_the_lead', 'only the lead auditor issues the report'" AUDIT " AND a.lead_id IS DISTINCT FROM $3::uuid"
    " UNION ALL SELECT '', 'unanswered', format('%s of the checklist has no answer: answer it, or say that it was not audited', "
    "i.ref) FROM evaluation.audit_checklist_item i WHERE i.tenant_id = $1 AND i.audit_id = $2::uuid AND i.archived_at IS NULL"
    " AND i.answer IS NULL"
    " UNION ALL SELECT '', 'nothing_found', 'a report has at least one finding; that all is well is one too'"
    " WHERE NOT EXISTS (SELECT FROM evaluation.audit_finding f WHERE f.tenant_id = $1 AND f.audit_id = $2::uuid"
    " AND f.archived_at IS NULL)"
    " UNION ALL SELECT '', 'no_finding_for_answer', format('%s was answered as not met, but no finding says so: write one for "
    "it', "
    "i.ref) FROM evaluation.audit_checklist_item i WHERE i.tenant_id = $1 AND i.audit_id = $2::uuid AND i.archived_at IS NULL"
    " AND i.answer = 'not_met' AND NOT EXISTS (SELECT FROM evaluation.audit_finding f WHERE f.tenant_id = $1"
    " AND f.audit_id = $2::uuid AND f.archived_at IS NULL AND f.checklist_item_id = i.id)";

/* Owners change while an audit is under way: it is looked at again before each step. */
static enum bl_status team_independent(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_independence(r, change->id);
}

static enum bl_status issued(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_open_nonconformities(r, change->id);
}

static enum bl_status followed_up(struct bl_request *r, const struct bl_change *change)
{
    return evaluation_follow_up(r, change->id);
}

const struct bl_transition evaluation_audit_transitions[] = {
    {.name = "schedule",
     .from = "planned",
     .to = "scheduled",
     .needs = "lead_id sessions objective methods",
     .guard = something_to_audit,
     .rule = team_independent,
     .label = "Send the plan",
     .help = "Team, sessions and scope stand."},
    {.name = "open",
     .from = "scheduled",
     .to = "running",
     .needs = "opening_on opening_attendees",
     .guard = something_to_audit,
     .rule = team_independent,
     .label = "Open",
     .help = "The opening meeting was held."},
    {.name = "conclude",
     .from = "running",
     .to = "reporting",
     .needs = "closing_on closing_attendees",
     .label = "Conclude",
     .help = "The closing meeting was held: those audited know what was found."},
    {.name = "issue",
     .from = "reporting",
     .to = "issued",
     .needs = "conclusion distribution",
     .sets = "report_issued_on=today report_issued_by_id=actor",
     .guard = report_whole,
     .rule = team_independent,
     .after = issued,
     .label = "Issue the report",
     .help = "By the lead auditor. From now on nothing of it changes; its nonconformities are opened."},
    {.name = "close",
     .from = "issued",
     .to = "closed",
     .rule = followed_up,
     .label = "Close",
     .help = "Every nonconformity that it opened is over."},
    {.name = "cancel",
     .from = "planned scheduled",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "It will not be held; say why."},
    {0},
};

/* A programme that is approved keeps its coverage: its audits' scope changes only while it is being revised. */
static enum bl_status programme_fits(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT edition, $3::date BETWEEN period_from AND period_to AND $4::date <= period_to, status"
                              " FROM evaluation.audit_programme WHERE tenant_id = $1 AND id = $2::uuid AND archived_at IS NULL";
    const char *args[] = {bl_text(change->after, "programme_id"), bl_text(change->after, "starts_on"),
                          bl_text(change->after, "ends_on")};
    struct bl_rows *rows;
    enum bl_status status = args[0] ? bl_sql(r, sql, args, 3, 0, &rows) : BL_OK;
    if (status || !args[0])
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/programme_id", "there is no such programme");
    if (strcmp(bl_cell(r, rows, 0, 0), bl_text(change->after, "edition")) != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "other_edition", "/programme_id", "the programme is by the edition of %s",
                       bl_cell(r, rows, 0, 0));
    if (!bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_UNPROCESSABLE, "outside_period", "/starts_on", "the audit lies outside the programme's period");
    return BL_OK;
}

static enum bl_status coverage_kept(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT 1 FROM evaluation.audit_programme WHERE tenant_id = $1 AND id = $2::uuid"
                              " AND status <> 'draft'";
    static const char *const fields[] = {"clauses", "controls", "programme_id"};
    const char *programme = bl_text(change->before, "programme_id");
    struct bl_rows *rows;
    enum bl_status status = programme ? bl_sql(r, sql, &programme, 1, 0, &rows) : BL_OK;
    if (status || !programme || bl_count(r, rows) == 0)
        return status;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!json_equal(json_object_get(change->before, fields[i]), json_object_get(change->after, fields[i])))
            return bl_fail(r, BL_CONFLICT, "programme_approved", NULL,
                           "the programme was approved with what this audit covers: revise the programme first");
    return BL_OK;
}

enum bl_status evaluation_audit_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = evaluation_ordered(r, change, "starts_on", "ends_on");
    if (status == BL_OK)
        status = bl_not_future(r, change->after, "opening_on");
    if (status == BL_OK)
        status = bl_not_future(r, change->after, "closing_on");
    if (status == BL_OK)
        status = evaluation_ordered(r, change, "opening_on", "closing_on");
    if (status == BL_OK && change->before)
        status = coverage_kept(r, change);
    return status == BL_OK ? programme_fits(r, change) : status;
}

enum bl_status evaluation_audit_after(struct bl_request *r, const struct bl_change *change)
{
    bool written = strcmp(change->verb, "create") == 0 || strcmp(change->verb, "update") == 0;
    return written ? evaluation_independence(r, change->id) : BL_OK;
}

enum bl_status evaluation_audit_retire(struct bl_request *r, const struct bl_change *change)
{
    if (evaluation_is_state(change->before, " planned cancelled "))
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "kept", NULL,
                   "an audit that was begun is evidence and is kept: cancel it, or carry it through");
}
