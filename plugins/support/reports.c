/* A controlled document as it holds, with its approvals; the matrix of persons and competences. Each is one statement. */
#include "support.h"
#include <ballium/paper.h>

/* Not formatted: SQL that is put together from macros would be broken up. */
/* clang-format off */

/* The version in force; where none is, the newest one, which is then called what it is. $2 document. */
static const char controlled[] =
    "SELECT jsonb_build_object('title', d.title, 'version', v.number::text, 'classification', d.classification,"
    " 'subtitle', initcap(" BL_WORDS("d.kind") ") || CASE WHEN d.status IN ('withdrawn', 'disposed') THEN ' (' ||"
    " CASE d.status WHEN 'disposed' THEN 'disposed of' ELSE 'withdrawn' END || ', no longer in force)'"
    " WHEN v.status IS DISTINCT FROM 'published' AND d.status <> 'in_force' THEN ' (draft, not in force)' ELSE '' END,"
    " 'approval', (SELECT coalesce(jsonb_agg(s.signed ORDER BY s.place, s.day), '[]') FROM ("
    "SELECT 1 AS place, w.decided_at AS day, " BL_SIGNED("Approved by", BL_MEMBER("w.reviewer_id"), "w.decided_at::date") " AS signed"
    " FROM support.document_review w WHERE w.tenant_id = $1 AND w.version_id = v.id AND w.status = 'approved' AND w.archived_at IS NULL"
    " UNION ALL SELECT 2, v.published_at, " BL_SIGNED("Published by", BL_MEMBER("v.published_by_id"), "v.published_at::date")
    " WHERE v.published_at IS NOT NULL) s),"
    " 'facts', jsonb_build_array(" BL_FACT("Number", "coalesce(d.number, d.ref)") ", " BL_FACT("State", BL_WORDS("d.status")) ", "
    BL_FACT("Owner", BL_MEMBER("d.owner_id")) ", " BL_FACT("Author", BL_MEMBER("coalesce(v.author_id, v.created_by)")) ", "
    BL_FACT("In force since", "d.in_force_on::text") ", " BL_FACT("Next review", "d.review_on::text") ", "
    BL_FACT("Kept after its end", "d.retention_months || ' months'") ", "
    BL_FACT("Answers to", "(SELECT m.id || ' ' || m.name FROM support.mandatory_document m WHERE m.id = d.mandatory_id)") ", "
    BL_FACT("SHA-256", "v.sha256") "),"
    " 'sections', jsonb_build_array(" BL_MARKDOWN("Text", "CASE WHEN v.file_id IS NOT NULL THEN 'Its text is the file **' || f.name ||"
    " '** (' || f.size || ' bytes), which is kept beside this sheet and has the SHA-256 above.'"
    " ELSE coalesce(v.text, 'It lies elsewhere: ' || d.location) END") ", "
    BL_TABLE("Versions",
             BL_COLUMN("No.", 6, "number") ", " BL_COLUMN("What changed", 44, "text") ", " BL_COLUMN("Author", 18, "text") ", "
             BL_COLUMN("From", 12, "date") ", " BL_COLUMN("Until", 12, "date") ", " BL_COLUMN("State", 11, "text"),
             "SELECT -o.number AS place, jsonb_build_array(o.number, o.changes, " BL_MEMBER("coalesce(o.author_id, o.created_by)")
             ", o.published_at::date, o.superseded_on, " BL_WORDS("o.status") ") AS cells FROM support.document_version o"
             " WHERE o.tenant_id = $1 AND o.document_id = d.id AND o.archived_at IS NULL") "))::text"
    " FROM support.document d LEFT JOIN LATERAL (SELECT o.* FROM support.document_version o WHERE o.tenant_id = $1"
    " AND o.document_id = d.id AND o.archived_at IS NULL AND o.status <> 'discarded'"
    " ORDER BY o.id = d.live_version_id DESC NULLS LAST, o.number DESC LIMIT 1) v ON true"
    " LEFT JOIN core.file f ON f.tenant_id = $1 AND f.id = v.file_id WHERE d.tenant_id = $1 AND d.id = $2::uuid";

#define COUNTED(state) "(SELECT count(*)::text FROM cell WHERE state = '" state "')"
#define CELLS(heading, condition)                                                                                                \
    BL_TABLE(heading,                                                                                                            \
             BL_COLUMN("Person", 22, "text") ", " BL_COLUMN("Unit", 18, "text") ", " BL_COLUMN("Role", 22, "text") ", "          \
             BL_COLUMN("Competence", 26, "text") ", " BL_COLUMN("Needed", 9, "number") ", " BL_COLUMN("Shown", 9, "number") ", " \
             BL_COLUMN("State", 9, "text") ", " BL_COLUMN("Valid until", 11, "date") ", " BL_COLUMN("Training", 10, "text"),     \
             "SELECT row_number() OVER (ORDER BY unit, person, person_id, role, competence, need_id) AS place,"                  \
             " jsonb_build_array(person, unit, role, competence, needed, shown, state, expires_on, training) AS cells"           \
             " FROM cell WHERE " condition)
#define MATRIX                                                                                                                   \
    " SELECT jsonb_build_object('title', 'Competence matrix', 'subtitle', 'Persons, what their roles need, and what is shown',"  \
    " 'classification', 'confidential', 'facts', jsonb_build_array(" BL_FACT("Met", COUNTED("met")) ", "                         \
    BL_FACT("Below", COUNTED("below")) ", " BL_FACT("Expired", COUNTED("expired")) ", " BL_FACT("Missing", COUNTED("missing"))   \
    "), 'sections', jsonb_build_array(" CELLS("Gaps", "state <> 'met'") ", " CELLS("Matrix", "true") "))::text WHERE $1::uuid IS NOT NULL"

static const char with_appointments[] = SUPPORT_HOLDS SUPPORT_OWN_ROLES SUPPORT_APPOINTMENTS SUPPORT_CELLS MATRIX,
                  own_roles[] = SUPPORT_HOLDS SUPPORT_OWN_ROLES SUPPORT_CELLS MATRIX;
/* clang-format on */

static enum bl_status document(struct bl_request *r, const json_t *order, json_t **out)
{
    return bl_paper(r, controlled, "document", order, out);
}

static enum bl_status competences(struct bl_request *r, const json_t *order, json_t **out)
{
    return bl_paper(r, bl_loaded(r, "leadership") ? with_appointments : own_roles, NULL, order, out);
}

const struct bl_report support_reports[] = {
    {.name = "document", .label = "Controlled document", .permission = "support.document_version:read", .make = document},
    {.name = "competence_matrix", .label = "Competence matrix", .permission = "support.qualification:read", .make = competences},
    {0},
};
