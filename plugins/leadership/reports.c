/* A policy as top management stands for it; who answers for what. Each is one statement. */
#include "leadership.h"
#include <ballium/paper.h>

/* Not formatted: SQL that is put together from macros would be broken up. */
/* clang-format off */
#define PROMISE(label, field) BL_FACT(label, "CASE WHEN p." field " THEN 'yes' ELSE 'no' END")

/* The version that it was published with; before that, the one that is in force or the newest one. $2 policy. */
static const char policy[] =
    "SELECT jsonb_build_object('title', p.title, 'version', v.number::text, 'classification', d.classification,"
    " 'subtitle', CASE p.level WHEN 'top' THEN 'Information security policy' ELSE 'Policy on ' || lower(coalesce(p.topic, 'one matter'))"
    " END || CASE p.status WHEN 'draft' THEN ' (draft, nobody stands for it yet)' WHEN 'withdrawn' THEN ' (withdrawn)' ELSE '' END,"
    " 'approval', (SELECT coalesce(jsonb_agg(s.signed ORDER BY s.place, s.day), '[]') FROM ("
    "SELECT 1 AS place, w.decided_at AS day, " BL_SIGNED("Text approved by", BL_MEMBER("w.reviewer_id"), "w.decided_at::date")
    " AS signed FROM support.document_review w WHERE w.tenant_id = $1 AND w.version_id = v.id AND w.status = 'approved'"
    " AND w.archived_at IS NULL UNION ALL SELECT 2, p.published_on::timestamptz, "
    BL_SIGNED("Published by", BL_MEMBER("p.published_by_id"), "p.published_on") " WHERE p.published_on IS NOT NULL) s),"
    " 'facts', jsonb_build_array(" BL_FACT("Number", "coalesce(d.number, d.ref)") ", " BL_FACT("Owner", BL_MEMBER("p.owner_id")) ", "
    BL_FACT("For", "coalesce(" BL_LISTED("p.units") ", 'everybody')") ", " BL_FACT("Outside the house", "p.outside") ", "
    BL_FACT("Published on", "p.published_on::text") ", " BL_FACT("Next review", "p.review_on::text") ", "
    PROMISE("Fits what we are for", "fits_purpose") ", " PROMISE("Gives objectives", "gives_objectives") ", "
    PROMISE("Promises to meet requirements", "promises_requirements") ", " PROMISE("Promises to improve", "promises_improvement") ", "
    BL_FACT("SHA-256 of the text", "v.sha256") "),"
    " 'sections', jsonb_build_array(" BL_MARKDOWN("Policy", "CASE WHEN v.file_id IS NOT NULL THEN 'Its text is the file **' || f.name ||"
    " '**, which has the SHA-256 above.' ELSE v.text END") ", "
    BL_TABLE("Who has read it",
             BL_COLUMN("Campaign", 36, "text") ", " BL_COLUMN("Version", 10, "number") ", " BL_COLUMN("Until", 12, "date") ", "
             BL_COLUMN("State", 10, "text") ", " BL_COLUMN("Meant", 8, "number") ", " BL_COLUMN("Have", 8, "number"),
             "SELECT c.id AS place, jsonb_build_array(c.title, (SELECT n.number FROM support.document_version n WHERE n.tenant_id = $1"
             " AND n.id = c.version_id), c.due_on, c.status, coalesce(c.expected, g.meant), coalesce(c.acknowledged, g.have)) AS cells"
             " FROM leadership.acknowledgement_campaign c CROSS JOIN LATERAL (SELECT count(*) AS meant, count(a.id) AS have"
             " FROM support.person p LEFT JOIN support.acknowledgement a ON a.tenant_id = $1 AND a.version_id = c.version_id"
             " AND a.member_id = p.member_id WHERE p.tenant_id = $1 AND " LEADERSHIP_MEANT ") g"
             " WHERE c.tenant_id = $1 AND c.policy_id = o.id AND c.archived_at IS NULL AND c.status IN ('running', 'closed')") "))::text"
    " FROM leadership.policy p JOIN leadership.policy o ON o.tenant_id = $1 AND o.id = p.id"
    " JOIN support.document d ON d.tenant_id = $1 AND d.id = p.document_id"
    " LEFT JOIN LATERAL (SELECT o.* FROM support.document_version o WHERE o.tenant_id = $1 AND o.document_id = d.id"
    " AND o.archived_at IS NULL AND o.status <> 'discarded' ORDER BY o.id = p.version_id DESC NULLS LAST,"
    " o.id = d.live_version_id DESC NULLS LAST, o.number DESC LIMIT 1) v ON true"
    " LEFT JOIN core.file f ON f.tenant_id = $1 AND f.id = v.file_id WHERE p.tenant_id = $1 AND p.id = $2::uuid";

/* The roles that have a letter in the row t. */
#define LETTER(relation)                                                                                                         \
    "(SELECT coalesce(string_agg(o.name, ', ' ORDER BY o.name), '') FROM core.link l JOIN leadership.role o ON o.tenant_id = $1" \
    " AND o.id = l.to_id AND o.archived_at IS NULL WHERE l.tenant_id = $1 AND l.from_id = t.id"                                  \
    " AND l.relation = 'leadership.responsibilities." relation "')"
#define LINKED(relation, table, words)                                                                                           \
    "(SELECT string_agg(" words ", ', ' ORDER BY s.id) FROM core.link l JOIN " table " s ON s.tenant_id = $1 AND s.id = l.to_id" \
    " AND s.archived_at IS NULL WHERE l.tenant_id = $1 AND l.from_id = t.id"                                                     \
    " AND l.relation = 'leadership.responsibilities." relation "')"
#define PROCESSES LINKED("processes", "context.process", "s.name")
#define CONTROLS LINKED("controls", "annex_a.control", "s.title")
#define HOLDERS(part)                                                                                                            \
    "(SELECT coalesce(string_agg(p.name, ', ' ORDER BY p.name), '') FROM leadership.appointment a JOIN support.person p"         \
    " ON p.tenant_id = $1 AND p.id = a.person_id WHERE a.tenant_id = $1 AND a.role_id = o.id AND a.part = '" part "'"            \
    " AND a.status = 'in_force' AND a.archived_at IS NULL)"

/* `belongs`: what the rows belong to, as text. */
#define MATRIX(belongs)                                                                                                          \
    "SELECT jsonb_build_object('title', 'Responsibility matrix', 'subtitle', 'Who answers for what, who does it, who is asked"   \
    " and who is told', 'classification', 'internal', 'facts', jsonb_build_array("                                               \
    BL_FACT("Activities", "(SELECT count(*)::text FROM leadership.responsibility t WHERE t.tenant_id = $1 AND t.archived_at IS NULL)") \
    ", " BL_FACT("Roles", "(SELECT count(*)::text FROM leadership.role o WHERE o.tenant_id = $1 AND o.archived_at IS NULL)")     \
    "), 'sections', jsonb_build_array("                                                                                          \
    BL_TABLE("Activities",                                                                                                       \
             BL_COLUMN("Activity", 34, "text") ", " BL_COLUMN("Accountable", 20, "text") ", " BL_COLUMN("Responsible", 20, "text") ", " \
             BL_COLUMN("Consulted", 20, "text") ", " BL_COLUMN("Informed", 20, "text") ", " BL_COLUMN("Belongs to", 30, "text"), \
             "SELECT row_number() OVER (ORDER BY t.activity, t.id) AS place, jsonb_build_array(t.activity, r.name, "             \
             LETTER("responsible") ", " LETTER("consulted") ", " LETTER("informed") ", " belongs ") AS cells"                    \
             " FROM leadership.responsibility t JOIN leadership.role r ON r.tenant_id = $1 AND r.id = t.accountable_id"          \
             " WHERE t.tenant_id = $1 AND t.archived_at IS NULL") ", "                                                           \
    BL_TABLE("Roles",                                                                                                            \
             BL_COLUMN("Role", 24, "text") ", " BL_COLUMN("Holder", 24, "text") ", " BL_COLUMN("Deputy", 24, "text") ", "        \
             BL_COLUMN("Responsibilities", 40, "text") ", " BL_COLUMN("Authorities", 40, "text"),                                \
             "SELECT row_number() OVER (ORDER BY o.name) AS place, jsonb_build_array(o.name, " HOLDERS("holder") ", "            \
             HOLDERS("deputy") ", o.responsibilities, o.authorities) AS cells FROM leadership.role o"                            \
             " WHERE o.tenant_id = $1 AND o.archived_at IS NULL") "))::text WHERE $1::uuid IS NOT NULL"

/* By which areas are here: neither, processes, controls, both. */
static const char *const matrix[] = {MATRIX("''"), MATRIX("coalesce(" PROCESSES ", '')"), MATRIX("coalesce(" CONTROLS ", '')"),
                                     MATRIX("concat_ws(', ', " PROCESSES ", " CONTROLS ")")};
/* clang-format on */

static enum bl_status make_policy(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, policy, "policy", order, document);
}

static enum bl_status make_matrix(struct bl_request *r, const json_t *order, json_t **document)
{
    int here = (bl_loaded(r, "context") ? 1 : 0) + (bl_loaded(r, "annex_a") ? 2 : 0);
    return bl_paper(r, matrix[here], NULL, order, document);
}

const struct bl_report leadership_reports[] = {
    {.name = "policy", .label = "Policy", .permission = "leadership.policy:read", .make = make_policy},
    {.name = "responsibility_matrix",
     .label = "Responsibility matrix",
     .permission = "leadership.responsibility:read",
     .make = make_matrix},
    {0},
};
