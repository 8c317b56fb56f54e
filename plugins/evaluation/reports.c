/* Audit plan, audit report, pack of a management review: documents that the core prints. Each is one statement that answers the
 * whole document as JSON. A table of up to 105 characters stands on a page upright, a wider one on one that lies. */
#include "evaluation.h"

#include <ballium/paper.h>

/* Not formatted: SQL that is put together from macros would be broken up. */
/* clang-format off */
/* Signed once `day` is there. */
#define APPROVAL(role, person, day)                                                                                              \
    "'approval', CASE WHEN " day " IS NULL THEN '[]'::jsonb ELSE jsonb_build_array("                                             \
    BL_SIGNED(role, BL_MEMBER(person), day) ") END"
#define HEAD(title, subtitle, version)                                                                                           \
    "'title', '" title "', 'subtitle', " subtitle ", 'version', " version "::text, 'classification', 'Internal'"

/* ---- audits ---- */

#define AUDIT                                                                                                                    \
    " FROM evaluation.audit a LEFT JOIN evaluation.audit_programme p ON p.tenant_id = $1 AND p.id = a.programme_id"              \
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid"

#define AUDIT_FACTS \
    BL_FACT("Audit", "a.title || ' (' || a.ref || ')'") ", " \
    BL_FACT("Programme", "p.title || ' (' || p.ref || ')'") ", " \
    BL_FACT("Edition", "'ISO/IEC 27001:' || a.edition") ", " \
    BL_FACT("Days", "a.starts_on || ' to ' || a.ends_on") ", " \
    BL_FACT("Lead auditor", BL_MEMBER("a.lead_id")) ", " \
    BL_FACT("Clauses", BL_LISTED("a.clauses")) ", " \
    BL_FACT("Controls", BL_LISTED("a.controls")) ", " \
    BL_FACT("Methods", BL_LISTED("a.methods"))

#define MEETINGS \
    BL_FACT("Opening meeting", "a.opening_on || ': ' || " BL_LISTED("a.opening_attendees")) ", " \
    BL_FACT("Closing meeting", "a.closing_on || ': ' || " BL_LISTED("a.closing_attendees")) ", " \
    BL_FACT("Distribution", BL_LISTED("a.distribution"))

/* Upright in the plan; lying in the report, beside tables that lie. */
#define TEAM_TABLE(competence) \
    BL_TABLE("Team", \
          BL_COLUMN("Person", 35, "text") ", " BL_COLUMN("Part", 15, "text") ", " BL_COLUMN("Competence", competence, "text"), \
          "SELECT 0 AS place, jsonb_build_array(coalesce(" BL_MEMBER("a.lead_id") ", '-'), 'lead auditor', '') AS cells" \
          " UNION ALL SELECT 1, jsonb_build_array(coalesce(t.external, " BL_MEMBER("t.member_id") ", '-'), t.role," \
          " coalesce(t.competence, '')) FROM evaluation.audit_member t WHERE t.tenant_id = $1 AND t.audit_id = a.id" \
          " AND t.archived_at IS NULL")

#define SESSIONS_TABLE \
    BL_TABLE("Sessions", \
          BL_COLUMN("Day", 13, "date") ", " BL_COLUMN("From", 8, "text") ", " BL_COLUMN("To", 8, "text") ", " \
          BL_COLUMN("Topic", 36, "text") ", " BL_COLUMN("Auditor", 20, "text") ", " BL_COLUMN("With", 20, "text"), \
          "SELECT row_number() OVER (ORDER BY s ->> 'day', s ->> 'begins') AS place, jsonb_build_array(s ->> 'day'," \
          " coalesce(s ->> 'begins', ''), coalesce(s ->> 'ends', ''), s ->> 'topic', coalesce(s ->> 'auditor', '')," \
          " coalesce(s ->> 'with', '')) AS cells FROM jsonb_array_elements(a.sessions) s")

/* The gravest first. */
#define FINDINGS_TABLE \
    BL_TABLE("Findings", \
          BL_COLUMN("Number", 12, "text") ", " BL_COLUMN("Kind", 17, "text") ", " BL_COLUMN("Criterion", 14, "text") ", " \
          BL_COLUMN("Finding", 36, "text") ", " BL_COLUMN("Statement", 46, "text") ", " BL_COLUMN("Evidence", 46, "text") ", " \
          BL_COLUMN("For", 20, "text"), \
          "SELECT row_number() OVER (ORDER BY array_position(ARRAY['major', 'minor', 'observation', 'opportunity'," \
          " 'conformity'], f.kind), f.id) AS place, jsonb_build_array(f.ref, f.kind, f.criterion, f.title, f.statement," \
          " f.evidence, coalesce(" BL_MEMBER("f.owner_id") ", '')) AS cells FROM evaluation.audit_finding f" \
          " WHERE f.tenant_id = $1 AND f.audit_id = a.id AND f.archived_at IS NULL")

#define QUESTIONS_TABLE \
    BL_TABLE("Questions", \
          BL_COLUMN("Number", 12, "text") ", " BL_COLUMN("Question", 52, "text") ", " BL_COLUMN("Answer", 14, "text") ", " \
          BL_COLUMN("Evidence", 52, "text") ", " BL_COLUMN("Sample", 14, "text"), \
          "SELECT row_number() OVER (ORDER BY string_to_array(substring(i.number from '[0-9]+(?:[.][0-9]+)*'), '.')::integer[]," \
          " i.id) AS place, jsonb_build_array(coalesce(i.number, ''), i.question, coalesce(replace(i.answer, '_', ' '), '-')," \
          " coalesce(i.evidence, ''), coalesce(i.sample || ' of ' || i.population, '')) AS cells" \
          " FROM evaluation.audit_checklist_item i WHERE i.tenant_id = $1 AND i.audit_id = a.id AND i.archived_at IS NULL")

static const char plan[] =
    "SELECT jsonb_build_object(" HEAD("Audit plan", "a.title", "a.version")
    ", 'facts', jsonb_build_array(" AUDIT_FACTS "), 'sections', jsonb_build_array("
    BL_SECTION("Objective", "a.objective") ", " BL_SECTION("Scope", "a.scope") ", " BL_SECTION("Criteria", "a.criteria") ", "
    TEAM_TABLE(50) ", " SESSIONS_TABLE "))::text" AUDIT;

static const char report[] =
    "SELECT jsonb_build_object(" HEAD("Audit report",
        "a.title || CASE WHEN a.report_issued_on IS NULL THEN ' (draft, not issued)' ELSE '' END", "a.version")
    ", " APPROVAL("Lead auditor", "a.report_issued_by_id", "a.report_issued_on")
    ", 'facts', jsonb_build_array(" AUDIT_FACTS ", " MEETINGS "), 'sections', jsonb_build_array("
    BL_SECTION("Conclusion", "a.conclusion") ", " BL_SECTION("Scope", "a.scope") ", " BL_SECTION("Criteria", "a.criteria") ", "
    FINDINGS_TABLE ", " QUESTIONS_TABLE ", " TEAM_TABLE(90) "))::text" AUDIT;

/* ---- management reviews ---- */

#define REVIEW_FACTS \
    BL_FACT("Edition", "'ISO/IEC 27001:' || v.edition") ", " \
    BL_FACT("Planned for", "v.planned_on::text") ", " \
    BL_FACT("Held on", "v.held_on::text") ", " \
    BL_FACT("Chair", BL_MEMBER("v.chair_id")) ", " \
    BL_FACT("Who was there", BL_LISTED("v.attendees")) ", " \
    BL_FACT("Data of", "to_char(v.gathered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'")

/* A section an input: what the data said, then what was concluded. */
#define INPUTS \
    "coalesce((SELECT jsonb_agg(jsonb_build_object('heading', (s.item ->> 'number') || ') ' || (s.item ->> 'title')," \
    " 'text', coalesce(s.item ->> 'facts', 'No data kept here.') || coalesce(E'\\n\\nConcluded: ' ||" \
    " (SELECT string_agg(m ->> 'discussed', E'\\n') FROM jsonb_array_elements(v.minutes) m" \
    " WHERE m ->> 'input' = s.item ->> 'input'), '')) ORDER BY s.place)" \
    " FROM jsonb_array_elements(v.pack) WITH ORDINALITY s(item, place)), '[]'::jsonb)"

#define DECISIONS_TABLE \
    BL_TABLE("Decisions and actions", \
          BL_COLUMN("Number", 12, "text") ", " BL_COLUMN("Kind", 12, "text") ", " BL_COLUMN("Decision", 36, "text") ", " \
          BL_COLUMN("Owner", 20, "text") ", " BL_COLUMN("Due", 13, "date") ", " BL_COLUMN("State", 10, "text"), \
          "SELECT d.id AS place, jsonb_build_array(d.ref, d.kind, d.title, coalesce(" BL_MEMBER("d.owner_id") ", '-')," \
          " coalesce(d.due_on::text, ''), d.status) AS cells FROM evaluation.review_decision d" \
          " WHERE d.tenant_id = $1 AND d.review_id = v.id AND d.archived_at IS NULL")

static const char pack[] =
    "SELECT jsonb_build_object(" HEAD("Management review", "v.title", "v.version")
    ", " APPROVAL("Top management", "v.closed_by_id", "v.closed_on")
    ", 'facts', jsonb_build_array(" REVIEW_FACTS "), 'sections', " INPUTS
    " || jsonb_build_array(" BL_SECTION("Conclusion", "v.conclusion") ", " DECISIONS_TABLE "))::text"
    " FROM evaluation.management_review v WHERE v.tenant_id = $1 AND v.id = $2::uuid";
/* clang-format on */

static enum bl_status audit_plan(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, plan, "audit", order, document);
}

static enum bl_status audit_report(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, report, "audit", order, document);
}

static enum bl_status review_pack(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, pack, "management review", order, document);
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
