/* Audit plan, audit report, pack of a management review: documents that the core prints. Each is one statement that answers the
 * whole document as JSON. A table of up to 105 characters stands on a page upright, a wider one on one that lies. */
#include "evaluation.h"

/* Not formatted: SQL that is put together from macros would be broken up. */
/* clang-format off */
#define COLUMN(title, width, kind) "jsonb_build_object('title', '" title "', 'width', " width ", 'kind', '" kind "')"
/* A section with a table: rows are what the subselect gives; none: the section says so. */
#define TABLE(heading, columns, rows)                                                                                            \
    "jsonb_build_object('heading', '" heading "', 'table', jsonb_build_object('columns', jsonb_build_array(" columns             \
    "), 'rows', coalesce((SELECT jsonb_agg(x.cells ORDER BY x.place) FROM (" rows ") x), '[]'::jsonb)))"
#define TEXT(heading, text) "jsonb_build_object('heading', '" heading "', 'text', coalesce(" text ", '-'))"
#define FACT(label, value) "jsonb_build_array('" label "', coalesce(" value ", '-'))"
#define LIST(array) "nullif(array_to_string(" array ", ', '), '')"
#define NAME(id) "(SELECT m.name FROM core.member m WHERE m.tenant_id = $1 AND m.id = " id ")"
/* Signed once `day` is there. */
#define APPROVAL(role, person, day)                                                                                              \
    "'approval', CASE WHEN " day " IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object('role', '" role "',"       \
    " 'name', coalesce(" NAME(person) ", '-'), 'date', " day ")) END"
#define HEAD(title, subtitle, version)                                                                                           \
    "'title', '" title "', 'subtitle', " subtitle ", 'version', " version "::text, 'classification', 'Internal'"

/* ---- audits ---- */

#define AUDIT                                                                                                                    \
    " FROM evaluation.audit a LEFT JOIN evaluation.audit_programme p ON p.tenant_id = $1 AND p.id = a.programme_id"              \
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid"

#define AUDIT_FACTS \
    FACT("Audit", "a.title || ' (' || a.ref || ')'") ", " \
    FACT("Programme", "p.title || ' (' || p.ref || ')'") ", " \
    FACT("Edition", "'ISO/IEC 27001:' || a.edition") ", " \
    FACT("Days", "a.starts_on || ' to ' || a.ends_on") ", " \
    FACT("Lead auditor", NAME("a.lead_id")) ", " \
    FACT("Clauses", LIST("a.clauses")) ", " \
    FACT("Controls", LIST("a.controls")) ", " \
    FACT("Methods", "replace(" LIST("a.methods") ", '_', ' ')")

#define MEETINGS \
    FACT("Opening meeting", "a.opening_on || ': ' || " LIST("a.opening_attendees")) ", " \
    FACT("Closing meeting", "a.closing_on || ': ' || " LIST("a.closing_attendees")) ", " \
    FACT("Distribution", LIST("a.distribution"))

/* Upright in the plan; lying in the report, beside tables that lie. */
#define TEAM_TABLE(competence) \
    TABLE("Team", \
          COLUMN("Person", "35", "text") ", " COLUMN("Part", "15", "text") ", " COLUMN("Competence", competence, "text"), \
          "SELECT 0 AS place, jsonb_build_array(coalesce(" NAME("a.lead_id") ", '-'), 'lead auditor', '') AS cells" \
          " UNION ALL SELECT 1, jsonb_build_array(coalesce(t.external, " NAME("t.member_id") ", '-'), t.role," \
          " coalesce(t.competence, '')) FROM evaluation.audit_member t WHERE t.tenant_id = $1 AND t.audit_id = a.id" \
          " AND t.archived_at IS NULL")

#define SESSIONS_TABLE \
    TABLE("Sessions", \
          COLUMN("Day", "13", "date") ", " COLUMN("From", "8", "text") ", " COLUMN("To", "8", "text") ", " \
          COLUMN("Topic", "36", "text") ", " COLUMN("Auditor", "20", "text") ", " COLUMN("With", "20", "text"), \
          "SELECT row_number() OVER (ORDER BY s ->> 'day', s ->> 'begins') AS place, jsonb_build_array(s ->> 'day'," \
          " coalesce(s ->> 'begins', ''), coalesce(s ->> 'ends', ''), s ->> 'topic', coalesce(s ->> 'auditor', '')," \
          " coalesce(s ->> 'with', '')) AS cells FROM jsonb_array_elements(a.sessions) s")

/* The gravest first. */
#define FINDINGS_TABLE \
    TABLE("Findings", \
          COLUMN("Number", "12", "text") ", " COLUMN("Kind", "17", "text") ", " COLUMN("Criterion", "14", "text") ", " \
          COLUMN("Finding", "36", "text") ", " COLUMN("Statement", "46", "text") ", " COLUMN("Evidence", "46", "text") ", " \
          COLUMN("For", "20", "text"), \
          "SELECT row_number() OVER (ORDER BY array_position(ARRAY['major', 'minor', 'observation', 'opportunity'," \
          " 'conformity'], f.kind), f.id) AS place, jsonb_build_array(f.ref, f.kind, f.criterion, f.title, f.statement," \
          " f.evidence, coalesce(" NAME("f.owner_id") ", '')) AS cells FROM evaluation.audit_finding f" \
          " WHERE f.tenant_id = $1 AND f.audit_id = a.id AND f.archived_at IS NULL")

#define QUESTIONS_TABLE \
    TABLE("Questions", \
          COLUMN("Number", "12", "text") ", " COLUMN("Question", "52", "text") ", " COLUMN("Answer", "14", "text") ", " \
          COLUMN("Evidence", "52", "text") ", " COLUMN("Sample", "14", "text"), \
          "SELECT row_number() OVER (ORDER BY string_to_array(substring(i.number from '[0-9]+(?:[.][0-9]+)*'), '.')::integer[]," \
          " i.id) AS place, jsonb_build_array(coalesce(i.number, ''), i.question, coalesce(replace(i.answer, '_', ' '), '-')," \
          " coalesce(i.evidence, ''), coalesce(i.sample || ' of ' || i.population, '')) AS cells" \
          " FROM evaluation.audit_checklist_item i WHERE i.tenant_id = $1 AND i.audit_id = a.id AND i.archived_at IS NULL")

static const char plan[] =
    "SELECT jsonb_build_object(" HEAD("Audit plan", "a.title", "a.version")
    ", 'facts', jsonb_build_array(" AUDIT_FACTS "), 'sections', jsonb_build_array("
    TEXT("Objective", "a.objective") ", " TEXT("Scope", "a.scope") ", " TEXT("Criteria", "a.criteria") ", "
    TEAM_TABLE("50") ", " SESSIONS_TABLE "))::text" AUDIT;

static const char report[] =
    "SELECT jsonb_build_object(" HEAD("Audit report",
        "a.title || CASE WHEN a.report_issued_on IS NULL THEN ' (draft, not issued)' ELSE '' END", "a.version")
    ", " APPROVAL("Lead auditor", "a.report_issued_by_id", "a.report_issued_on")
    ", 'facts', jsonb_build_array(" AUDIT_FACTS ", " MEETINGS "), 'sections', jsonb_build_array("
    TEXT("Conclusion", "a.conclusion") ", " TEXT("Scope", "a.scope") ", " TEXT("Criteria", "a.criteria") ", "
    FINDINGS_TABLE ", " QUESTIONS_TABLE ", " TEAM_TABLE("90") "))::text" AUDIT;

/* ---- management reviews ---- */

#define REVIEW_FACTS \
    FACT("Edition", "'ISO/IEC 27001:' || v.edition") ", " \
    FACT("Planned for", "v.planned_on::text") ", " \
    FACT("Held on", "v.held_on::text") ", " \
    FACT("Chair", NAME("v.chair_id")) ", " \
    FACT("Who was there", LIST("v.attendees")) ", " \
    FACT("Data of", "to_char(v.gathered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'")

/* A section an input: what the data said, then what was concluded. */
#define INPUTS \
    "coalesce((SELECT jsonb_agg(jsonb_build_object('heading', (s.item ->> 'number') || ') ' || (s.item ->> 'title')," \
    " 'text', coalesce(s.item ->> 'facts', 'No data kept here.') || coalesce(E'\\n\\nConcluded: ' ||" \
    " (SELECT string_agg(m ->> 'discussed', E'\\n') FROM jsonb_array_elements(v.minutes) m" \
    " WHERE m ->> 'input' = s.item ->> 'input'), '')) ORDER BY s.place)" \
    " FROM jsonb_array_elements(v.pack) WITH ORDINALITY s(item, place)), '[]'::jsonb)"

#define DECISIONS_TABLE \
    TABLE("Decisions and actions", \
          COLUMN("Number", "12", "text") ", " COLUMN("Kind", "12", "text") ", " COLUMN("Decision", "36", "text") ", " \
          COLUMN("Owner", "20", "text") ", " COLUMN("Due", "13", "date") ", " COLUMN("State", "10", "text"), \
          "SELECT d.id AS place, jsonb_build_array(d.ref, d.kind, d.title, coalesce(" NAME("d.owner_id") ", '-')," \
          " coalesce(d.due_on::text, ''), d.status) AS cells FROM evaluation.review_decision d" \
          " WHERE d.tenant_id = $1 AND d.review_id = v.id AND d.archived_at IS NULL")

static const char pack[] =
    "SELECT jsonb_build_object(" HEAD("Management review", "v.title", "v.version")
    ", " APPROVAL("Top management", "v.closed_by_id", "v.closed_on")
    ", 'facts', jsonb_build_array(" REVIEW_FACTS "), 'sections', " INPUTS
    " || jsonb_build_array(" TEXT("Conclusion", "v.conclusion") ", " DECISIONS_TABLE "))::text"
    " FROM evaluation.management_review v WHERE v.tenant_id = $1 AND v.id = $2::uuid";
/* clang-format on */

static enum bl_status make(struct bl_request *r, const char *sql, const char *what, const json_t *order, json_t **document)
{
    const char *id = bl_text(order, "id");
    struct bl_rows *rows;
    if (!id)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/id", "name the %s that the document is about", what);
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such %s", what);
    *document = json_loads(bl_cell(r, rows, 0, 0), 0, NULL);
    return *document ? BL_OK : bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
}

static enum bl_status audit_plan(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, plan, "audit", order, document);
}

static enum bl_status audit_report(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, report, "audit", order, document);
}

static enum bl_status review_pack(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, pack, "management review", order, document);
}

const struct bl_report evaluation_reports[] = {
    {.name = "audit_plan", .label = "Audit plan", .permission = "evaluation.audit:read", .make = audit_plan},
    {.name = "audit_report", .label = "Audit report", .permission = "evaluation.audit:read", .make = audit_report},
    {.name = "review_pack",
     .label = "Pack of a management review",
     .permission = "evaluation.management_review:read",
     .make = review_pack},
    {0},
};
