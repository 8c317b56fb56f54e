/* The rows of a new Statement: from Annex A and the register of controls, from the version before it, or from one of the other
 * edition by the mapping. Each statement answers bodies, ready to be created; links follow in one go. */
#include "planning.h"
#include <string.h>

/* Fresh: a control that a risk or a requirement asks for is applicable already, and says why. $2 the Statement, $3 its edition.
 */
static const char fresh[] =
    "SELECT jsonb_build_object('soa_id', $2::text, 'origin', 'annex_a', 'catalogue_id', a.id, 'title', a.title, 'control_id', "
    "c.id,"
    " 'implementation_state', coalesce(c.status, 'not_started'), 'owner_id', c.owner_id, 'target_date', c.target_date,"
    " 'documents', coalesce(to_jsonb(c.documents), '[]'), 'reasons', to_jsonb(n.reasons),"
    " 'applicable', CASE WHEN cardinality(n.reasons) > 0 THEN 'yes' ELSE 'undecided' END)::text FROM annex_a.catalogue a"
    " LEFT JOIN annex_a.control c ON c.tenant_id = $1 AND c.edition = a.edition AND c.catalogue_id = a.id AND c.archived_at IS "
    "NULL"
    " CROSS JOIN LATERAL (SELECT array_remove(ARRAY["
    "CASE WHEN EXISTS (SELECT FROM core.link l JOIN planning.risk k ON k.tenant_id = $1 AND k.id = l.from_id AND k.archived_at "
    "IS NULL"
    " AND k.status <> 'retired' WHERE l.tenant_id = $1 AND l.relation = 'planning.risks.controls' AND l.to_id = c.id) THEN "
    "'risk' END,"
    "CASE WHEN EXISTS (SELECT FROM core.link l JOIN context.requirement q ON q.tenant_id = $1 AND q.id = l.to_id"
    " AND q.archived_at IS NULL AND q.addressed_by_isms <> 'no' AND q.kind IN ('legal', 'regulatory')"
    " WHERE l.tenant_id = $1 AND l.relation = 'annex_a.controls.requirements' AND l.from_id = c.id) THEN 'legal' END,"
    "CASE WHEN EXISTS (SELECT FROM core.link l JOIN context.requirement q ON q.tenant_id = $1 AND q.id = l.to_id"
    " AND q.archived_at IS NULL AND q.addressed_by_isms <> 'no' AND q.kind = 'contractual'"
    " WHERE l.tenant_id = $1 AND l.relation = 'annex_a.controls.requirements' AND l.from_id = c.id) THEN 'contractual' END],"
    " NULL) AS reasons) n WHERE a.edition = $3 ORDER BY a.place";

/* The links that back those reasons. */
static const char fresh_links[] =
    "INSERT INTO core.link (tenant_id, relation, from_id, to_id, created_by)"
    " SELECT $1::uuid, 'planning.soa_rows.risks', s.id, k.id, $3::uuid FROM planning.soa_row s"
    " JOIN core.link l ON l.tenant_id = $1 AND l.relation = 'planning.risks.controls' AND l.to_id = s.control_id"
    " JOIN planning.risk k ON k.tenant_id = $1 AND k.id = l.from_id AND k.archived_at IS NULL AND k.status <> 'retired'"
    " WHERE s.tenant_id = $1 AND s.soa_id = $2::uuid"
    " UNION SELECT $1::uuid, 'planning.soa_rows.requirements', s.id, q.id, $3::uuid FROM planning.soa_row s"
    " JOIN core.link l ON l.tenant_id = $1 AND l.relation = 'annex_a.controls.requirements' AND l.from_id = s.control_id"
    " JOIN context.requirement q ON q.tenant_id = $1 AND q.id = l.to_id AND q.archived_at IS NULL AND q.addressed_by_isms <> 'no'"
    " WHERE s.tenant_id = $1 AND s.soa_id = $2::uuid ON CONFLICT DO NOTHING";

/* The next version of the same edition. $2 the new one, $3 the one before. */
static const char next[] =
    "SELECT jsonb_build_object('soa_id', $2::text, 'origin', o.origin, 'catalogue_id', o.catalogue_id, 'title', o.title,"
    " 'control_id', o.control_id, 'applicable', o.applicable, 'reasons', to_jsonb(o.reasons), 'exclusion_reason',"
    " o.exclusion_reason, 'implementation_state', CASE WHEN o.applicable = 'yes' THEN coalesce(c.status, o.implementation_state)"
    " ELSE o.implementation_state END, 'owner_id', o.owner_id, 'target_date', o.target_date, 'documents', to_jsonb(o.documents),"
    " 'note', o.note)::text FROM planning.soa_row o"
    " LEFT JOIN annex_a.control c ON c.tenant_id = $1 AND c.id = o.control_id AND c.archived_at IS NULL"
    " WHERE o.tenant_id = $1 AND o.soa_id = $3::uuid AND o.archived_at IS NULL ORDER BY o.id";

/* Which row of the version before became which number of the edition; own controls keep themselves. $2 new, $3 old, $4 edition.
 */
#define CAME_FROM                                                                                                                \
    "WITH o AS (SELECT * FROM planning.soa_row WHERE tenant_id = $1 AND soa_id = $3::uuid AND archived_at IS NULL),"             \
    " came AS (SELECT m.to_2022 AS number, o.* FROM o JOIN annex_a.mapping m ON m.from_2013 = o.catalogue_id"                    \
    " WHERE $4 = '2022' UNION ALL SELECT m.from_2013, o.* FROM o JOIN annex_a.mapping m ON m.to_2022 = o.catalogue_id"           \
    " WHERE $4 = '2013' AND m.from_2013 IS NOT NULL)"

/* Merged ones take the weakest state and all reasons; split ones are copied; what has no forerunner is undecided. */
static const char brought[] = CAME_FROM
    " SELECT jsonb_build_object('soa_id', $2::text, 'origin', 'annex_a', 'catalogue_id', a.id, 'title', a.title, 'control_id', "
    "c.id,"
    " 'applicable', CASE WHEN f.some_yes THEN 'yes' WHEN f.all_no THEN 'no' ELSE 'undecided' END,"
    " 'reasons', to_jsonb(coalesce(f.reasons, '{}')), 'exclusion_reason', CASE WHEN f.all_no THEN f.why_not END,"
    " 'implementation_state', CASE WHEN f.all_no THEN 'n_a' ELSE coalesce(f.weakest, 'not_started') END,"
    " 'owner_id', coalesce(c.owner_id, f.owner_id), 'target_date', f.target_date, 'documents', to_jsonb(coalesce(f.documents, "
    "'{}')),"
    " 'taken_from', to_jsonb(coalesce(f.numbers, '{}')))::text FROM annex_a.catalogue a"
    " LEFT JOIN annex_a.control c ON c.tenant_id = $1 AND c.edition = a.edition AND c.catalogue_id = a.id AND c.archived_at IS "
    "NULL"
    " LEFT JOIN LATERAL (SELECT bool_or(w.applicable = 'yes') AS some_yes, bool_and(w.applicable = 'no') AS all_no,"
    " left(string_agg(DISTINCT w.exclusion_reason, '; '), 2000) AS why_not, array_agg(DISTINCT w.catalogue_id) AS numbers,"
    " (array_agg(w.owner_id ORDER BY w.id) FILTER (WHERE w.owner_id IS NOT NULL))[1] AS owner_id, max(w.target_date) AS "
    "target_date,"
    " (SELECT array_agg(DISTINCT e) FROM came x CROSS JOIN LATERAL unnest(x.reasons) e"
    " WHERE x.number = a.id AND x.applicable = 'yes') AS reasons,"
    " (SELECT array_agg(DISTINCT e) FROM came x CROSS JOIN LATERAL unnest(x.documents) e WHERE x.number = a.id) AS documents,"
    " (SELECT x.implementation_state FROM came x WHERE x.number = a.id AND x.applicable <> 'no'"
    " ORDER BY array_position(ARRAY['not_started', 'planned', 'partial', 'implemented'], x.implementation_state) LIMIT 1) AS "
    "weakest"
    " FROM came w WHERE w.number = a.id) f ON true WHERE a.edition = $4 AND $2::text IS NOT NULL ORDER BY a.place";

/* Rows of other origins come over as they are. */
static const char brought_own[] =
    "SELECT jsonb_build_object('soa_id', $2::text, 'origin', o.origin, 'title', o.title, 'control_id', o.control_id, "
    "'applicable',"
    " o.applicable, 'reasons', to_jsonb(o.reasons), 'exclusion_reason', o.exclusion_reason, 'implementation_state',"
    " o.implementation_state, 'owner_id', o.owner_id, 'target_date', o.target_date, 'documents', to_jsonb(o.documents))::text"
    " FROM planning.soa_row o WHERE o.tenant_id = $1 AND o.soa_id = $3::uuid AND o.origin <> 'annex_a' AND o.archived_at IS NULL"
    " ORDER BY o.id";

/* The links of the rows they came from. */
static const char brought_links[] =
    CAME_FROM " INSERT INTO core.link (tenant_id, relation, from_id, to_id, created_by)"
              " SELECT DISTINCT $1::uuid, l.relation, s.id, l.to_id, $5::uuid FROM (SELECT number, id FROM came"
              " UNION SELECT coalesce(catalogue_id, control_id::text, title), id FROM o) w"
              " JOIN planning.soa_row s ON s.tenant_id = $1 AND s.soa_id = $2::uuid"
              " AND coalesce(s.catalogue_id, s.control_id::text, s.title) = w.number"
              " JOIN core.link l ON l.tenant_id = $1 AND l.from_id = w.id AND l.relation IN ('planning.soa_rows.risks',"
              " 'planning.soa_rows.requirements', 'planning.soa_rows.statements') ON CONFLICT DO NOTHING";

static enum bl_status create_rows(struct bl_request *r, const char *sql, const char *const *args, int count)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, count, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_create(r, "planning.soa_rows", planning_parse(r, bl_cell(r, rows, i, 0)), NULL);
    return status;
}

/* After a Statement was made. */
enum bl_status planning_soa_fill(struct bl_request *r, const struct bl_change *change)
{
    const char *edition = bl_text(change->after, "edition"), *revises = bl_text(change->after, "revises_id");
    const char *args[] = {change->id, revises, edition, r->actor};
    struct bl_rows *rows;
    if (strcmp(change->verb, "create") != 0)
        return BL_OK;
    if (!revises) {
        const char *plain[] = {change->id, edition}, *linked[] = {change->id, r->actor};
        enum bl_status status = create_rows(r, fresh, plain, 2);
        return status ? status : bl_sql(r, fresh_links, linked, 2, 0, &rows);
    }
    enum bl_status status =
        bl_sql(r, "SELECT edition FROM planning.soa_version WHERE tenant_id = $1 AND id = $2::uuid", &revises, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status;
    if (strcmp(bl_cell(r, rows, 0, 0), edition) == 0)
        status = create_rows(r, next, args, 2);
    else {
        status = create_rows(r, brought, args, 3);
        status = status ? status : create_rows(r, brought_own, args, 2);
    }
    return status ? status : bl_sql(r, brought_links, args, 4, 0, &rows);
}

/* ---- two versions beside each other ---- */

#define ROWS_OF(n)                                                                                                               \
    "(SELECT coalesce(catalogue_id, control_id::text, title) AS key, catalogue_id, title, applicable, reasons, "                 \
    "exclusion_reason,"                                                                                                          \
    " implementation_state, owner_id, target_date FROM planning.soa_row WHERE tenant_id = $1 AND soa_id = " n "::uuid"           \
    " AND archived_at IS NULL)"
#define MEMBER(name) "CASE WHEN b." name " IS DISTINCT FROM a." name " THEN '" name "' END"
#define SIDE(x)                                                                                                                  \
    "CASE WHEN " x ".key IS NOT NULL THEN json_build_object('applicable', " x ".applicable, 'reasons', " x                       \
    ".reasons, 'exclusion_reason', " x ".exclusion_reason, 'implementation_state', " x ".implementation_state, 'owner_id', " x   \
    ".owner_id, 'target_date', " x ".target_date) END"

static const char difference[] =
    "SELECT json_build_object('catalogue_id', coalesce(b.catalogue_id, a.catalogue_id), 'title', coalesce(b.title, a.title),"
    " 'change', CASE WHEN a.key IS NULL THEN 'added' WHEN b.key IS NULL THEN 'removed' ELSE 'changed' END, 'members', n.members,"
    " 'before', " SIDE("a") ", 'after', " SIDE("b") ")::text FROM " ROWS_OF("$3") " a FULL JOIN " ROWS_OF(
        "$2") " b USING (key)"
              " CROSS JOIN LATERAL (SELECT array_remove(ARRAY[" MEMBER("title") "," MEMBER("applicable") "," MEMBER("reasons") "," MEMBER(
                  "exclusion_reason") "," MEMBER("implementation_state") "," MEMBER("owner_id") "," MEMBER("target_date") "], "
                                                                                                                          "NULL) "
                                                                                                                          "AS "
                                                                                                                          "member"
                                                                                                                          "s) n "
                                                                                                                          "WHERE "
                                                                                                                          "a.key "
                                                                                                                          "IS "
                                                                                                                          "NULL "
                                                                                                                          "OR "
                                                                                                                          "b.key "
                                                                                                                          "IS "
                                                                                                                          "NULL "
                                                                                                                          "OR "
                                                                                                                          "cardin"
                                                                                                                          "ality("
                                                                                                                          "n."
                                                                                                                          "member"
                                                                                                                          "s) > 0"
                                                                                                                          " ORDER"
                                                                                                                          " BY "
                                                                                                                          "coales"
                                                                                                                          "ce(b."
                                                                                                                          "catalo"
                                                                                                                          "gue_"
                                                                                                                          "id, "
                                                                                                                          "a."
                                                                                                                          "catalo"
                                                                                                                          "gue_"
                                                                                                                          "id) "
                                                                                                                          "COLLAT"
                                                                                                                          "E "
                                                                                                                          "\"C\","
                                                                                                                          " key "
                                                                                                                          "LIMIT "
                                                                                                                          "1000";

/* GET soa-versions/{id}/difference?with= */
enum bl_status planning_soa_difference(struct bl_request *r)
{
    const char *args[] = {bl_param(r, "id"), bl_query(r, "with")};
    struct bl_rows *rows;
    enum bl_status status = planning_pair(r, "planning.soa_versions", args);
    if (status == BL_OK)
        status = bl_sql(r, difference, args, 2, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
