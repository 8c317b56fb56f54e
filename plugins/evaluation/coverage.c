/* What of the standard and of the applicable controls the audits of a programme cover, item by item. One statement. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>

/* $2 the programme. */
#define PROGRAMME                                                                                                                \
    "WITH programme AS (SELECT p.id, p.edition FROM evaluation.audit_programme p WHERE p.tenant_id = $1 AND p.id = $2::uuid)"

#define CLAUSES                                                                                                                  \
    ", item AS (SELECT 'clause' AS kind, q.clause AS number, min(q.title) AS title, min(q.seq) AS place"                         \
    " FROM evaluation.requirement q JOIN programme p ON p.edition = q.edition GROUP BY q.clause"

/* Controls of the programme's edition and those of one's own. */
#define CONTROLS                                                                                                                 \
    " UNION ALL SELECT 'control', coalesce(c.catalogue_id, c.ref), c.title, 100000 + coalesce(k.place, 100000)"                  \
    " FROM annex_a.control c JOIN programme p ON c.edition IS NULL OR c.edition = p.edition"                                     \
    " LEFT JOIN annex_a.catalogue k ON k.edition = c.edition AND k.id = c.catalogue_id"                                          \
    " WHERE c.tenant_id = $1 AND c.archived_at IS NULL"

/* The statement of applicability that holds says which apply; without one for the edition all in the register do. */
#define STATEMENT                                                                                                                \
    ", statement AS (SELECT v.id FROM planning.soa_version v JOIN programme p ON p.edition = v.edition WHERE v.tenant_id = $1"   \
    " AND v.archived_at IS NULL AND v.status IN ('approved', 'published') ORDER BY v.approved_at DESC LIMIT 1)"
#define APPLICABLE                                                                                                               \
    " AND NOT EXISTS (SELECT FROM statement)"                                                                                    \
    " UNION ALL SELECT 'control', coalesce(w.catalogue_id, o.ref, w.ref), w.title, 100000 + coalesce(k.place, 100000)"           \
    " FROM planning.soa_row w JOIN statement s ON s.id = w.soa_id JOIN programme p ON true"                                      \
    " LEFT JOIN annex_a.control o ON o.tenant_id = $1 AND o.id = w.control_id"                                                   \
    " LEFT JOIN annex_a.catalogue k ON k.edition = p.edition AND k.id = w.catalogue_id"                                          \
    " WHERE w.tenant_id = $1 AND w.archived_at IS NULL AND w.applicable = 'yes'"

/* "9" covers 9.1 and 9.2.1; "A.8" covers A.8.13, "CTL" all controls of one's own. */
#define COVERED                                                                                                                  \
    "), covered AS (SELECT i.kind, i.number, i.title, i.place,"                                                                  \
    " coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'ref', a.ref, 'title', a.title, 'status', a.status,"                     \
    " 'starts_on', a.starts_on) ORDER BY a.starts_on, a.id) FILTER (WHERE a.id IS NOT NULL), '[]') AS audits,"                   \
    " count(a.id) > 0 AS planned, coalesce(bool_or(a.status IN ('issued', 'closed')), false) AS done"                            \
    " FROM item i LEFT JOIN evaluation.audit a ON a.tenant_id = $1 AND a.programme_id = $2::uuid AND a.archived_at IS NULL"      \
    " AND a.status <> 'cancelled' AND EXISTS (SELECT FROM unnest(CASE i.kind WHEN 'clause' THEN a.clauses ELSE a.controls END) " \
    "x"                                                                                                                          \
    " WHERE i.number = x OR starts_with(i.number, x || '.') OR starts_with(i.number, x || '-'))"                                 \
    " GROUP BY i.kind, i.number, i.title, i.place)"

/* Planning stands on Annex A: where it is, so is that. Without either only clauses are counted. */
static const char *items(struct bl_request *r)
{
    if (bl_loaded(r, "planning"))
        return PROGRAMME STATEMENT CLAUSES CONTROLS APPLICABLE COVERED;
    return bl_loaded(r, "annex_a") ? PROGRAMME CLAUSES CONTROLS COVERED : PROGRAMME CLAUSES COVERED;
}

static const char *sql(struct bl_request *r, const char *tail)
{
    size_t room = strlen(items(r)) + strlen(tail) + 1;
    char *text = bl_alloc(r, room);
    snprintf(text, room, "%s%s", items(r), tail);
    return text;
}

static enum bl_status read(struct bl_request *r, const char *tail, const char *programme_id, struct bl_rows **rows)
{
    return bl_sql(r, sql(r, tail), &programme_id, 1, 0, rows);
}

enum { NAMED = 200 }; /* holes in one answer */

enum bl_status evaluation_holes(struct bl_request *r, const char *programme_id, bool done)
{
    static const char not_planned[] = " SELECT kind, number, title FROM covered WHERE NOT planned ORDER BY place LIMIT 201";
    static const char not_done[] = " SELECT kind, number, title FROM covered WHERE NOT done ORDER BY place LIMIT 201";
    struct bl_rows *rows;
    enum bl_status status = read(r, done ? not_done : not_planned, programme_id, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < count && i < NAMED; i++)
        status = bl_fail(r, BL_UNPROCESSABLE, "not_covered", "", "%s %s (%s) %s", bl_cell(r, rows, i, 0), bl_cell(r, rows, i, 1),
                         bl_cell(r, rows, i, 2),
                         done ? "was not audited: no audit of this programme that covers it has issued its report"
                              : "is in no audit of this programme: add it to one, or plan one");
    return status;
}

static const char matrix[] =
    " SELECT json_build_object('kind', kind, 'number', number, 'title', title, 'planned', planned, 'done', done,"
    " 'audits', audits)::text, planned, done FROM covered ORDER BY place, number";

/* GET audit-programmes/{id}/coverage */
enum bl_status evaluation_coverage(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = read(r, matrix, bl_param(r, "id"), &rows);
    if (status)
        return status;
    int count = bl_count(r, rows), planned = 0, done = 0;
    if (count == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such audit programme");
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++) {
        planned += bl_integer(r, rows, i, 1) != 0;
        done += bl_integer(r, rows, i, 2) != 0;
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    }
    bl_json_close(r);
    bl_json_integer(r, "count", count);
    bl_json_integer(r, "planned", planned);
    bl_json_integer(r, "done", done);
    bl_json_close(r);
    return BL_OK;
}
