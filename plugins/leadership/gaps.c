/* What clause 5 still lacks here. One statement finds every gap; the words for each kind are a table. */
#include "leadership.h"
#include <stdio.h>
#include <string.h>

static const struct kind {
    const char *code, *clause;
    const char *resource, *opens; /* where it is mended; the register of the record that it is about */
    const char *title, *detail;   /* detail: one %s, the name of what it is about */
} kinds[] = {
    {"deed_missing", "5.1", "commitments", "leadership/commitments", "Nothing shows what top management does",
     "Within a year nothing was noted for: %s."},
    {"policy_missing", "5.2", "policies", "leadership/policies", "There is no information security policy",
     "Enter the policy of level top, and publish it."},
    {"policy_not_published", "5.2", "policies", "leadership/policies", "A policy is not published",
     "Top management has not published: %s."},
    {"policy_outdated", "5.2", "policies", "leadership/policies", "The policy is behind its document",
     "A newer version of the document is in force than the one published as policy: %s."},
    {"policy_review_overdue", "5.2", "policies", "leadership/policies", "The review of a policy is overdue",
     "Review and confirm, or revise: %s."},
    {"policy_not_told", "5.2", "acknowledgement_campaigns", "leadership/policies", "Nobody was asked to read a policy",
     "Start a campaign so that those whom it is for acknowledge this version: %s."},
    {"conformity_role_missing", "5.3", "roles", "leadership/roles", "Nobody sees to conformity",
     "No role with the duty conformity (5.3 a) has a holder: appoint one."},
    {"reporting_role_missing", "5.3", "roles", "leadership/roles", "Nobody reports to top management",
     "No role with the duty reporting (5.3 b) has a holder: appoint one."},
    {"role_vacant", "5.3", "roles", "leadership/roles", "A role has no holder", "Appoint somebody, or archive the role: %s."},
    {"deputy_missing", "5.3", "roles", "leadership/roles", "A role has no deputy", "Nobody is there when the holder is not: %s."},
    {"role_not_announced", "5.3", "roles", "leadership/roles", "A role was not announced",
     "Tell the organisation who holds it: %s."},
    {"runs_and_audits", "5.3", "roles", "leadership/roles", "One person runs and audits the ISMS",
     "Give one of the two roles to somebody else: %s."},
    {"nobody_responsible", "5.3", "responsibilities", "leadership/responsibilities", "Nobody does an activity",
     "Link the role that does it: %s."},
    {"process_unanswered", "5.3", "responsibilities", "context/processes", "Nobody answers for a process",
     "No row of the matrix is about: %s."},
    {"control_unanswered", "5.3", "responsibilities", "annex-a/controls", "Nobody answers for a control",
     "No row of the matrix is about: %s."},
};

enum { MOST = 1000 };

#define HELD "a.tenant_id = $1 AND a.archived_at IS NULL AND a.status = 'in_force'"
#define PROCESSES                                                                                                                \
    " UNION ALL SELECT 14, 'process_unanswered', s.id, s.ref, s.name FROM context.process s WHERE s.tenant_id = $1"              \
    " AND s.archived_at IS NULL AND NOT EXISTS (SELECT FROM core.link l JOIN leadership.responsibility t ON t.tenant_id = $1"    \
    " AND t.id = l.from_id AND t.archived_at IS NULL WHERE l.tenant_id = $1"                                                     \
    " AND l.relation = 'leadership.responsibilities.processes' AND l.to_id = s.id)"
#define CONTROLS                                                                                                                 \
    " UNION ALL SELECT 15, 'control_unanswered', s.id, s.ref, s.title FROM annex_a.control s WHERE s.tenant_id = $1"             \
    " AND s.archived_at IS NULL AND NOT EXISTS (SELECT FROM core.link l JOIN leadership.responsibility t ON t.tenant_id = $1"    \
    " AND t.id = l.from_id AND t.archived_at IS NULL WHERE l.tenant_id = $1"                                                     \
    " AND l.relation = 'leadership.responsibilities.controls' AND l.to_id = s.id)"

/* (code, id, ref, name, count of all); the numbers keep the order of the clauses. */
#define FIND                                                                                                                     \
    "WITH policy AS (SELECT p.*, d.live_version_id FROM leadership.policy p JOIN support.document d ON d.tenant_id = $1"         \
    " AND d.id = p.document_id WHERE p.tenant_id = $1 AND p.archived_at IS NULL AND p.status <> 'withdrawn'),"                   \
    " role AS (SELECT o.*, (SELECT count(*) FROM leadership.appointment a WHERE " HELD                                           \
    " AND a.role_id = o.id AND a.part = 'holder') AS holders, (SELECT count(*) FROM leadership.appointment a WHERE " HELD        \
    " AND a.role_id = o.id AND a.part = 'deputy') AS deputies FROM leadership.role o WHERE o.tenant_id = $1"                     \
    " AND o.archived_at IS NULL)"                                                                                                \
    " SELECT code, id, ref, name, count(*) OVER () FROM ("                                                                       \
    "SELECT 1 AS place, 'deed_missing' AS code, NULL::uuid AS id, NULL AS ref, deed.letter || ', ' || deed.what AS name"         \
    " FROM " LEADERSHIP_DEEDS " WHERE NOT EXISTS (SELECT FROM leadership.commitment c WHERE c.tenant_id = $1"                    \
    " AND c.archived_at IS NULL AND c.letter = deed.letter AND c.done_on >= " LEADERSHIP_TODAY " - 365)"                         \
    " UNION ALL SELECT 2, 'policy_missing', NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM policy WHERE level = 'top')"          \
    " UNION ALL SELECT 3, 'policy_not_published', id, ref, title FROM policy WHERE status = 'draft'"                             \
    " UNION ALL SELECT 4, 'policy_outdated', id, ref, title FROM policy WHERE status = 'published'"                              \
    " AND version_id IS DISTINCT FROM live_version_id"                                                                           \
    " UNION ALL SELECT 5, 'policy_review_overdue', id, ref, title FROM policy WHERE status = 'published'"                        \
    " AND review_on < " LEADERSHIP_TODAY " UNION ALL SELECT 6, 'policy_not_told', id, ref, title FROM policy"                    \
    " WHERE status = 'published' AND NOT EXISTS (SELECT FROM leadership.acknowledgement_campaign c WHERE c.tenant_id = $1"       \
    " AND c.archived_at IS NULL AND c.version_id = policy.version_id AND c.status IN ('running', 'closed'))"                     \
    " UNION ALL SELECT 7, 'conformity_role_missing', NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM role"                        \
    " WHERE duty IN ('conformity', 'both') AND holders > 0)"                                                                     \
    " UNION ALL SELECT 8, 'reporting_role_missing', NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM role"                         \
    " WHERE duty IN ('reporting', 'both') AND holders > 0)"                                                                      \
    " UNION ALL SELECT 9, 'role_vacant', id, ref, name FROM role WHERE holders = 0"                                              \
    " UNION ALL SELECT 10, 'deputy_missing', id, ref, name FROM role WHERE deputy_needed AND holders > 0 AND deputies = 0"       \
    " UNION ALL SELECT 11, 'role_not_announced', id, ref, name FROM role WHERE holders > 0 AND announced_on IS NULL"             \
    " UNION ALL SELECT DISTINCT 12, 'runs_and_audits', y.id, y.ref, y.name || ': ' || p.name FROM leadership.appointment a"      \
    " JOIN role x ON x.id = a.role_id AND x.duty IN ('conformity', 'both') JOIN leadership.appointment b ON b.tenant_id = $1"    \
    " AND b.archived_at IS NULL AND b.status = 'in_force' AND b.person_id = a.person_id"                                         \
    " JOIN role y ON y.id = b.role_id AND y.duty = 'audit' JOIN support.person p ON p.tenant_id = $1 AND p.id = a.person_id"     \
    " WHERE " HELD " UNION ALL SELECT 13, 'nobody_responsible', t.id, t.ref, t.activity FROM leadership.responsibility t"        \
    " WHERE t.tenant_id = $1 AND t.archived_at IS NULL AND NOT EXISTS (SELECT FROM core.link l WHERE l.tenant_id = $1"           \
    " AND l.relation = 'leadership.responsibilities.responsible' AND l.from_id = t.id)"
#define FOUND ") AS gap (place, code, id, ref, name) ORDER BY place, id LIMIT 1000"

/* By which areas are here: neither, processes, controls, both. */
static const char *const find_gaps[] = {FIND FOUND, FIND PROCESSES FOUND, FIND CONTROLS FOUND, FIND PROCESSES CONTROLS FOUND};

static const struct kind *find(const char *code)
{
    size_t i = 0;
    while (i + 1 < sizeof kinds / sizeof *kinds && strcmp(kinds[i].code, code) != 0)
        i++;
    return &kinds[i];
}

static void put_gap(struct bl_request *r, const struct bl_rows *rows, int i)
{
    const struct kind *kind = find(bl_cell(r, rows, i, 0));
    bl_json_object(r, NULL);
    bl_json_text(r, "clause", kind->clause);
    bl_json_text(r, "code", kind->code);
    bl_json_text(r, "title", kind->title);
    bl_json_text(r, "detail", bl_named(r, kind->detail, bl_cell(r, rows, i, 3)));
    bl_json_text(r, "resource", kind->resource); /* where it is mended */
    bl_json_text(r, "id", bl_cell(r, rows, i, 1));
    bl_json_text(r, "ref", bl_cell(r, rows, i, 2));
    bl_json_text(r, "url", bl_url(r, kind->opens, bl_cell(r, rows, i, 1)));
    bl_json_close(r);
}

/* GET gaps */
enum bl_status leadership_gaps(struct bl_request *r)
{
    struct bl_rows *rows;
    int here = (bl_loaded(r, "context") ? 1 : 0) + (bl_loaded(r, "annex_a") ? 2 : 0);
    enum bl_status status = bl_sql(r, find_gaps[here], NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows);
    int64_t all = count ? bl_integer(r, rows, 0, 4) : 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++)
        put_gap(r, rows, i);
    bl_json_close(r);
    bl_json_integer(r, "count", all);
    bl_json_bool(r, "more", all > MOST);
    bl_json_close(r);
    return BL_OK;
}
