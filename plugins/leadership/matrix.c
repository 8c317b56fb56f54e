/* Who answers for what (RACI): one role is accountable for each activity, by its field; others do it, are asked or are told, by
 * relations; the processes and controls that it is about are relations too, to areas that may not be here. */
#include "leadership.h"
#include <string.h>

const struct bl_field leadership_responsibility_fields[] = {
    {.name = "activity",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Activity",
     .help = "What is done. Link the processes and controls that it belongs to.",
     .min = 1,
     .max = 200,
     .example = "Look at access rights each quarter"},
    {.name = "accountable_id",
     .type = BL_REF,
     .ref = "leadership.roles",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Accountable",
     .help = "The one role that answers for it. There is exactly one."},
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Note",
     .help = "What is particular about it.",
     .max = 2000,
     .example = "In the works the shift leaders do it."},
    {0},
};

static const char relation_key[] = "leadership.responsibilities.";

/* A role has one letter in a row; only the accountable one may do the work as well. */
static enum bl_status one_letter(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT substring(l.relation from '[a-z]+$') FROM core.link l WHERE l.tenant_id = $1 AND l.relation IN"
        " ('leadership.responsibilities.responsible', 'leadership.responsibilities.consulted', "
        "'leadership.responsibilities.informed')"
        " AND l.relation <> $4::text AND l.from_id = $2::uuid AND l.to_id = $3::uuid"
        " UNION ALL SELECT 'accountable' FROM leadership.responsibility WHERE tenant_id = $1 AND id = $2::uuid"
        " AND accountable_id = $3::uuid AND $4::text <> 'leadership.responsibilities.responsible' LIMIT 1";
    const char *name = bl_text(change->input, "relation");
    char *relation = bl_alloc(r, sizeof relation_key + strlen(name));
    const char *args[] = {change->id, bl_text(change->input, "id"), relation};
    struct bl_rows *rows;
    if (strcmp(change->verb, "link") != 0)
        return BL_OK;
    strcpy(relation, relation_key);
    strcat(relation, name);
    enum bl_status status = bl_sql(r, sql, args, 3, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(
            r, BL_CONFLICT, "one_letter", "/id",
            "this role is %s in this row already: a role has one part in it, and only who is accountable may do it too",
            bl_cell(r, rows, 0, 0));
    return status;
}

const struct bl_relation leadership_responsibility_relations[] = {
    {.name = "responsible",
     .to = "leadership.roles",
     .inverse = "responsible_for",
     .label = "Responsible",
     .help = "The roles that do it.",
     .after = one_letter},
    {.name = "consulted",
     .to = "leadership.roles",
     .inverse = "consulted_on",
     .label = "Consulted",
     .help = "The roles that are asked before.",
     .after = one_letter},
    {.name = "informed",
     .to = "leadership.roles",
     .inverse = "informed_of",
     .label = "Informed",
     .help = "The roles that are told afterwards.",
     .after = one_letter},
    {.name = "processes",
     .to = "context.processes",
     .inverse = "responsibilities",
     .label = "Processes",
     .help = "The processes that it belongs to."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "responsibilities",
     .label = "Controls",
     .help = "The controls that it belongs to."},
    {0},
};

/* A change of the accountable role must not give it a second letter. */
enum bl_status leadership_responsibility_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT o.archived_at IS NOT NULL, EXISTS (SELECT FROM core.link l WHERE l.tenant_id = $1 AND l.relation IN"
        " ('leadership.responsibilities.consulted', 'leadership.responsibilities.informed') AND l.from_id = $3::uuid"
        " AND l.to_id = o.id) FROM leadership.role o WHERE o.tenant_id = $1 AND o.id = $2::uuid";
    const char *args[] = {bl_text(change->after, "accountable_id"), change->id};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0 || bl_integer(r, rows, 0, 0))
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/accountable_id", "there is no such role, or it is archived");
    if (bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_CONFLICT, "one_letter", "/accountable_id",
                       "this role is asked or told in this row: unlink that first, then make it accountable");
    return BL_OK;
}

/* ---- the matrix -------------------------------------------------------------------------------------------------------- */

#define WITH_PROCESSES                                                                                                           \
    ", 'processes', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'ref', s.ref, 'name', s.name) ORDER BY s.id), '[]')" \
    " FROM core.link l JOIN context.process s ON s.tenant_id = $1 AND s.id = l.to_id AND s.archived_at IS NULL"                  \
    " WHERE l.tenant_id = $1 AND l.relation = 'leadership.responsibilities.processes' AND l.from_id = t.id)"
#define WITH_CONTROLS                                                                                                            \
    ", 'controls', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'ref', s.ref, 'name', s.title) ORDER BY s.id), '[]')" \
    " FROM core.link l JOIN annex_a.control s ON s.tenant_id = $1 AND s.id = l.to_id AND s.archived_at IS NULL"                  \
    " WHERE l.tenant_id = $1 AND l.relation = 'leadership.responsibilities.controls' AND l.from_id = t.id)"

#define MATRIX                                                                                                                   \
    "SELECT json_build_object('id', t.id, 'ref', t.ref, 'activity', t.activity, 'roles', (SELECT json_agg(json_build_object("    \
    "'letter', m.letter, 'ref', m.ref, 'name', m.name) ORDER BY position(m.letter in 'ARCI'), m.name) FROM ("                    \
    "SELECT 'A' AS letter, o.ref, o.name FROM leadership.role o WHERE o.tenant_id = $1 AND o.id = t.accountable_id"              \
    " UNION ALL SELECT CASE l.relation WHEN 'leadership.responsibilities.responsible' THEN 'R'"                                  \
    " WHEN 'leadership.responsibilities.consulted' THEN 'C' ELSE 'I' END, o.ref, o.name FROM core.link l"                        \
    " JOIN leadership.role o ON o.tenant_id = $1 AND o.id = l.to_id AND o.archived_at IS NULL WHERE l.tenant_id = $1"            \
    " AND l.relation IN ('leadership.responsibilities.responsible', 'leadership.responsibilities.consulted',"                    \
    " 'leadership.responsibilities.informed') AND l.from_id = t.id) m)"
#define MATRIX_END                                                                                                               \
    ")::text FROM leadership.responsibility t WHERE t.tenant_id = $1 AND t.archived_at IS NULL"                                  \
    " ORDER BY t.activity, t.id LIMIT 1000"

/* By which areas are here: neither, processes, controls, both. */
static const char *const matrix[] = {MATRIX MATRIX_END, MATRIX WITH_PROCESSES MATRIX_END, MATRIX WITH_CONTROLS MATRIX_END,
                                     MATRIX WITH_PROCESSES WITH_CONTROLS MATRIX_END};

/* GET responsibility-matrix */
enum bl_status leadership_matrix(struct bl_request *r)
{
    struct bl_rows *rows;
    int here = (bl_loaded(r, "context") ? 1 : 0) + (bl_loaded(r, "annex_a") ? 2 : 0);
    enum bl_status status = bl_sql(r, matrix[here], NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
