/* Evaluation, clause 9: metrics, audits by a programme, management reviews. */
#include "evaluation.h"

extern const struct bl_migration bl_migrations_evaluation[];
extern const struct bl_plugin bl_plugin_evaluation;

static const struct bl_resource resources[] = {
    {.name = "metrics",
     .singular = "metric",
     .table = "evaluation.metric",
     .prefix = "MET",
     .clause = "9.1",
     .label = "Metrics",
     .help = "What is measured, how often, by whom, held against which target.",
     .fields = evaluation_metric_fields,
     .states = evaluation_metric_states,
     .transitions = evaluation_metric_transitions,
     .before = evaluation_metric_before},
    {.name = "measurements",
     .singular = "measurement",
     .table = "evaluation.measurement",
     .prefix = "MEA",
     .clause = "9.1",
     .label = "Measurements",
     .help = "Figures as they were written down; never changed. One that was written down later says so.",
     .flags = BL_APPEND_ONLY,
     .fields = evaluation_measurement_fields,
     .sort = "-measured_on",
     .before = evaluation_measurement_before,
     .after = evaluation_measurement_after},
    {.name = "audit_programmes",
     .singular = "audit_programme",
     .table = "evaluation.audit_programme",
     .prefix = "AP",
     .clause = "9.2.2",
     .label = "Audit programmes",
     .help = "Which audits there are over a cycle, and that they leave nothing out.",
     .fields = evaluation_programme_fields,
     .states = evaluation_programme_states,
     .transitions = evaluation_programme_transitions,
     .sort = "-period_from",
     .before = evaluation_programme_before,
     .retire = evaluation_programme_retire},
    {.name = "audits",
     .singular = "audit",
     .table = "evaluation.audit",
     .prefix = "AUD",
     .clause = "9.2.1",
     .label = "Internal audits",
     .help = "Scope, team, plan, meetings, conclusion. The report does not change once it is issued.",
     .fields = evaluation_audit_fields,
     .relations = evaluation_audit_relations,
     .states = evaluation_audit_states,
     .transitions = evaluation_audit_transitions,
     .sort = "-starts_on",
     .before = evaluation_audit_before,
     .after = evaluation_audit_after,
     .retire = evaluation_audit_retire},
    {.name = "audit_members",
     .singular = "audit_member",
     .table = "evaluation.audit_member",
     .prefix = "AUM",
     .clause = "9.2.2",
     .label = "Audit team",
     .help = "Who takes part beside the lead auditor. Nobody audits his own work.",
     .fields = evaluation_team_fields,
     .before = evaluation_team_before,
     .after = evaluation_team_after,
     .retire = evaluation_audit_part_retire},
    {.name = "audit_checklist_items",
     .singular = "audit_checklist_item",
     .table = "evaluation.audit_checklist_item",
     .prefix = "AQ",
     .clause = "9.2.1",
     .label = "Checklist",
     .help = "Questions of the catalogue and own ones, with answer, evidence and sample.",
     .fields = evaluation_checklist_fields,
     .sort = "number",
     .before = evaluation_checklist_before,
     .retire = evaluation_audit_part_retire},
    {.name = "audit_findings",
     .singular = "audit_finding",
     .table = "evaluation.audit_finding",
     .prefix = "FND",
     .clause = "9.2.2",
     .label = "Audit findings",
     .help = "What was found, held against a criterion, with evidence.",
     .fields = evaluation_finding_fields,
     .relations = evaluation_finding_relations,
     .before = evaluation_finding_before,
     .retire = evaluation_audit_part_retire},
    {.name = "management_reviews",
     .singular = "management_review",
     .table = "evaluation.management_review",
     .prefix = "MR",
     .clause = "9.3",
     .label = "Management reviews",
     .help = "What top management looked at and concluded.",
     .fields = evaluation_review_fields,
     .states = evaluation_review_states,
     .transitions = evaluation_review_transitions,
     .sort = "-planned_on",
     .before = evaluation_review_before,
     .retire = evaluation_review_retire},
    {.name = "review_decisions",
     .singular = "review_decision",
     .table = "evaluation.review_decision",
     .prefix = "DEC",
     .clause = "9.3.3",
     .label = "Decisions of reviews",
     .help = "What a management review decided. Open ones come over to the next.",
     .fields = evaluation_decision_fields,
     .states = evaluation_decision_states,
     .transitions = evaluation_decision_transitions,
     .before = evaluation_decision_before,
     .retire = evaluation_decision_retire},
    {.name = "requirement_statuses",
     .singular = "requirement_status",
     .table = "evaluation.requirement_status",
     .prefix = "RS",
     .clause = "9.1",
     .label = "State of requirements",
     .help = "How far each requirement of the standard is met, and by what one can see it. The newest judgement counts.",
     .fields = evaluation_status_fields,
     .sort = "-judged_on",
     .before = evaluation_status_before},
    {0},
};

#define INTEGER "{\"type\":\"integer\"}"
#define STRING "{\"type\":\"string\"}"
#define STRING_OR_NULL "{\"type\":[\"string\",\"null\"]}"
#define BOOLEAN "{\"type\":\"boolean\"}"
#define ITEMS(item, more)                                                                                                        \
    "{\"type\":\"object\",\"required\":[\"items\",\"count\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":" item      \
    "},\"count\":" INTEGER more "}}"

static const char coverage_answer[] = ITEMS(
    "{\"type\":\"object\",\"required\":[\"kind\",\"number\",\"title\",\"planned\",\"done\",\"audits\"],\"properties\":{\"kind\":"
    "{\"enum\":[\"clause\",\"control\"]},\"number\":" STRING ",\"title\":" STRING ",\"planned\":" BOOLEAN ",\"done\":" BOOLEAN
    ",\"audits\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}",
    ",\"planned\":" INTEGER ",\"done\":" INTEGER);

static const char questions_answer[] =
    ITEMS("{\"type\":\"object\",\"required\":[\"id\",\"clause\",\"clause_2013\",\"question\",\"evidence\",\"method\"],"
          "\"properties\":{\"id\":" STRING ",\"clause\":" STRING ",\"clause_2013\":" STRING_OR_NULL ",\"question\":" STRING
          ",\"evidence\":" STRING_OR_NULL ",\"method\":" STRING_OR_NULL "}}",
          "");

static const char series_answer[] = ITEMS("{\"type\":\"object\",\"required\":[\"from\",\"to\",\"value\",\"missed\"]}", "");
static const char board_answer[] = ITEMS("{\"type\":\"object\",\"required\":[\"id\",\"title\",\"standing\",\"missed\"]}", "");

#define TALLY                                                                                                                    \
    "\"points\":{\"type\":\"number\"},\"of\":" INTEGER                                                                           \
    ",\"score\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":100}"

static const char readiness_answer[] =
    "{\"type\":\"object\",\"required\":[\"edition\",\"rule\",\"points\",\"of\",\"score\",\"pdca\",\"clauses\"],\"properties\":{"
    "\"edition\":" STRING ",\"rule\":" STRING "," TALLY
    ",\"pdca\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"phase\":" STRING "," TALLY
    "}}},\"clauses\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"clause\",\"requirements\","
    "\"signals\"],\"properties\":{\"clause\":" STRING ",\"title\":" STRING_OR_NULL ",\"phase\":" STRING "," TALLY
    ",\"requirements\":{\"type\":\"array\",\"items\":"
    "{\"type\":\"object\"}},\"signals\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}}}}";

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "readiness",
     .permission = "evaluation.requirement_status:read",
     .handler = evaluation_readiness,
     .query = "edition detail",
     .summary = "Every requirement of the edition with its state, the signals of all areas, the score per clause and by PDCA",
     .answer = readiness_answer},
    {.method = "POST",
     .path = "metrics:take",
     .permission = "evaluation.measurement:write",
     .handler = evaluation_take,
     .summary = "Measures the metrics that have a signal and were not measured today",
     .answer = "{\"type\":\"object\",\"required\":[\"taken\",\"without_data\"],\"properties\":{\"taken\":" INTEGER
               ",\"without_data\":" INTEGER "}}"},
    {.method = "GET",
     .path = "metrics/{id}/series",
     .permission = "evaluation.measurement:read",
     .handler = evaluation_series,
     .summary = "Period by period what was measured, and which measurements were missed",
     .answer = series_answer},
    {.method = "GET",
     .path = "metrics-board",
     .permission = "evaluation.metric:read",
     .handler = evaluation_board,
     .summary = "All active metrics with standing, trend and missed measurements, the worst first",
     .answer = board_answer},
    {.method = "GET",
     .path = "audit-programmes/{id}/coverage",
     .permission = "evaluation.audit_programme:read",
     .handler = evaluation_coverage,
     .summary = "Every clause and every control, and which audits of the programme cover it",
     .answer = coverage_answer},
    {.method = "GET",
     .path = "questions",
     .permission = "evaluation.audit_checklist_item:read",
     .handler = evaluation_questions,
     .query = "clause",
     .summary = "The questions of the catalogue, of a clause and what is below it",
     .answer = questions_answer},
    {.method = "POST",
     .path = "audits/{id}:draw",
     .permission = "evaluation.audit_checklist_item:write",
     .handler = evaluation_draw,
     .summary = "Puts the catalogue's questions on the audit's clauses on its checklist; those on it already are left alone",
     .answer = "{\"type\":\"object\",\"required\":[\"drawn\"],\"properties\":{\"drawn\":" INTEGER "}}"},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"metrics_measured", "9.1", "Metrics whose measurement is not overdue",
     "SELECT count(*) FILTER (WHERE last_measured_on IS NOT NULL AND next_due_on >= current_date), count(*), count(*) > 0"
     " AND bool_and(last_measured_on IS NOT NULL AND next_due_on >= current_date)"
     " FROM evaluation.metric WHERE " LIVE " AND status = 'active'"},
    {"metrics_on_target", "9.1", "Metrics on target or within tolerance",
     "SELECT count(*) FILTER (WHERE standing IN ('on_target', 'within_tolerance')), count(*), count(*) > 0"
     " AND coalesce(bool_and(standing IN ('on_target', 'within_tolerance')), false)"
     " FROM evaluation.metric WHERE " LIVE " AND status = 'active'"},
    {"review_closed", "9.3.1", "A management review was closed within a year",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM evaluation.management_review WHERE " LIVE
     " AND status = 'closed' AND closed_on > current_date - interval '1 year'"},
    {"review_actions_overdue", "9.3.3", "Actions of reviews that are overdue",
     "SELECT count(*) FILTER (WHERE status = 'open' AND due_on < current_date), count(*), count(*) > 0"
     " AND count(*) FILTER (WHERE status = 'open' AND due_on < current_date) = 0"
     " FROM evaluation.review_decision WHERE " LIVE},
    {"audit_programme_approved", "9.2.2", "An audit programme is approved and runs",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM evaluation.audit_programme WHERE " LIVE
     " AND status = 'approved' AND current_date BETWEEN period_from AND period_to"},
    {"audit_reported", "9.2.1", "An audit report was issued within a year",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM evaluation.audit WHERE " LIVE
     " AND status IN ('issued', 'closed') AND report_issued_on > current_date - interval '1 year'"},
    {"audits_overdue", "9.2.1", "Audits that should have begun",
     "SELECT count(*) FILTER (WHERE status IN ('planned', 'scheduled') AND starts_on < current_date), count(*), count(*) > 0"
     " AND count(*) FILTER (WHERE status IN ('planned', 'scheduled') AND starts_on < current_date) = 0"
     " FROM evaluation.audit WHERE " LIVE " AND status <> 'cancelled'"},
    {0},
};

static const struct bl_duty duties[] = {
    {.name = "take_metrics", .period = 3600, .run = evaluation_take_due},
    {0},
};

const struct bl_plugin bl_plugin_evaluation = {
    .abi = BL_ABI,
    .name = "evaluation",
    .version = "1.0.0",
    .clause = "9",
    .label = "Evaluation",
    .help = "Whether the management system does what it shall: metrics, internal audits, management reviews.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_evaluation,
    .signals = signals,
    .duties = duties,
    .reports = evaluation_reports,
};
