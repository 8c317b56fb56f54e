/* What must be written down, and what of it is here. */
#include "support.h"
#include <string.h>

/* Does the control that a conditional line hangs on apply? The Statement of Applicability that holds says so; before there is
 * one, the register of controls; without that nobody knows. $2 edition. */
#define CONTROL "CASE $2 WHEN '2013' THEN m.clause_2013 ELSE m.trigger_control END"
#define APPLIES(known) "CASE WHEN m.obligation = 'conditional' THEN " known " ELSE true END"
#define NOBODY "NULL::boolean"
#define REGISTER                                                                                                                 \
    "EXISTS (SELECT FROM annex_a.control c WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND c.edition = $2"                  \
    " AND c.catalogue_id = " CONTROL ")"
#define STATEMENT                                                                                                                \
    "coalesce((SELECT bool_or(w.applicable = 'yes' AND w.catalogue_id = " CONTROL ") FROM planning.soa_version v"                \
    " JOIN planning.soa_row w ON w.tenant_id = $1 AND w.soa_id = v.id AND w.archived_at IS NULL WHERE v.tenant_id = $1"          \
    " AND v.archived_at IS NULL AND v.edition = $2 AND v.status IN ('approved', 'published')), " REGISTER ")"

/* "2013" leaves out what only the edition of 2022 knows. A line is answered by any document that names it and is in force. */
#define LIST(applies)                                                                                                            \
    "SELECT json_build_object('id', l.id, 'name', l.name, 'information', l.information, 'obligation', l.obligation,"             \
    " 'clause', l.clause, 'basis', l.basis, 'trigger_control', l.trigger_control, 'minimum_content', l.minimum_content,"         \
    " 'approval_required', l.approval_required, 'review_rhythm', l.review_rhythm, 'applies', l.applies, 'state', CASE"           \
    " WHEN l.in_force > 0 THEN 'in_force' WHEN l.drafts > 0 THEN 'draft' WHEN l.applies IS NULL THEN 'unknown'"                  \
    " WHEN NOT l.applies THEN 'not_needed' ELSE 'missing' END, 'documents', l.documents)::text,"                                 \
    " l.in_force = 0 AND coalesce(l.applies, false) AND l.obligation <> 'customary'"                                             \
    " FROM (SELECT m.*, CASE $2 WHEN '2013' THEN m.clause_2013 ELSE m.clause_2022 END AS clause, " applies " AS applies,"        \
    " d.in_force, d.drafts, d.documents FROM support.mandatory_document m CROSS JOIN LATERAL ("                                  \
    "SELECT count(*) FILTER (WHERE d.status = 'in_force') AS in_force, count(*) FILTER (WHERE d.status = 'draft') AS drafts,"    \
    " coalesce(json_agg(json_build_object('id', d.id, 'ref', d.ref, 'number', d.number, 'title', d.title, 'status', d.status,"   \
    " 'review_on', d.review_on) ORDER BY d.id) FILTER (WHERE d.id IS NOT NULL), '[]') AS documents"                              \
    " FROM support.document d WHERE d.tenant_id = $1 AND d.mandatory_id = m.id AND d.archived_at IS NULL"                        \
    " AND d.status IN ('draft', 'in_force')) d"                                                                                  \
    " WHERE $2 = '2022' OR m.clause_2013 IS NOT NULL) l"                                                                         \
    " WHERE $3::text IS NULL OR l.obligation = $3 ORDER BY l.id"

static const char by_statement[] = LIST(APPLIES(STATEMENT)), by_register[] = LIST(APPLIES(REGISTER)),
                  unknown[] = LIST(APPLIES(NOBODY));

static bool one_of(const char *value, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, value) == 0)
            return true;
    return false;
}

/* GET mandatory-documents?edition=&obligation= */
enum bl_status support_mandatory(struct bl_request *r)
{
    static const char *const editions[] = {"2013", "2022", NULL}, *const obligations[] = {"mandatory", "customary", "conditional",
                                                                                          NULL};
    const char *edition = bl_query(r, "edition"), *args[] = {edition ? edition : "2022", bl_query(r, "obligation")};
    struct bl_rows *rows;
    if (!one_of(args[0], editions))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter edition: must be 2013 or 2022");
    if (args[1] && !one_of(args[1], obligations))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL,
                       "query parameter obligation: must be mandatory, customary or conditional");
    const char *sql = bl_loaded(r, "planning") ? by_statement : bl_loaded(r, "annex_a") ? by_register : unknown;
    enum bl_status status = bl_sql(r, sql, args, 2, BL_FINAL, &rows);
    if (status)
        return status;
    int64_t missing = 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
        missing += bl_integer(r, rows, i, 1);
    }
    bl_json_close(r);
    bl_json_integer(r, "count", bl_count(r, rows));
    bl_json_integer(r, "missing", missing);
    bl_json_close(r);
    return BL_OK;
}
