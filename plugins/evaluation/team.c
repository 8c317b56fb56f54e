/* Who audits, and that nobody audits his own work (9.2.2 b of 2022, 9.2 e of 2013). */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>

const struct bl_field evaluation_team_fields[] = {
    {.name = "audit_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Audit",
     .help = "The audit that this person takes part in.",
     .ref = "evaluation.audits"},
    {.name = "member_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "Person",
     .help = "A member of the organisation; else name the person below.",
     .ref = "core.member"},
    {.name = "external",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Person from outside",
     .help = "Name and firm of somebody who is no member.",
     .max = 200,
     .example = "Ada Byron, Engine Audits"},
    {.name = "role",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Part",
     .help = "Observers look on and ask nothing.",
     .values = "auditor trainee expert observer",
     .initial = "auditor",
     .example = "auditor"},
    {.name = "competence",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Competence",
     .help = "What makes this person fit for the part: training, audits done, knowledge of the field.",
     .max = 2000,
     .example = "Four audits as trainee; knows control rooms."},
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_GENERATED | BL_TITLE,
     .label = "Part in the team",
     .expr = "role || coalesce(': ' || external, '')",
     .max = 300},
    {0},
};

/* People of the team ($2 the audit), and the pointer at which a refusal points. */
#define TEAM                                                                                                                     \
    "WITH audit AS (SELECT a.id, a.edition, a.controls, a.lead_id FROM evaluation.audit a WHERE a.tenant_id = $1"                \
    " AND a.id = $2::uuid), team AS (SELECT lead_id AS person, '/lead_id' AS pointer FROM audit WHERE lead_id IS NOT NULL"       \
    " UNION ALL SELECT t.member_id, '/member_id' FROM evaluation.audit_member t WHERE t.tenant_id = $1"                          \
    " AND t.audit_id = $2::uuid AND t.archived_at IS NULL AND t.role <> 'observer' AND t.member_id IS NOT NULL),"                \
    " owned AS (SELECT NULL::uuid AS owner, NULL::text AS what, NULL::text AS ref WHERE false"

#define PROCESSES                                                                                                                \
    " UNION ALL SELECT p.owner_id, 'the process ' || p.name, p.ref FROM context.process p JOIN core.link l ON l.tenant_id = $1"  \
    " AND l.relation = 'evaluation.audits.processes' AND l.from_id = $2::uuid AND l.to_id = p.id"                                \
    " WHERE p.tenant_id = $1 AND p.archived_at IS NULL"

#define CONTROLS                                                                                                                 \
    " UNION ALL SELECT c.owner_id, 'the control ' || coalesce(c.catalogue_id || ' ', '') || c.title, c.ref"                      \
    " FROM annex_a.control c JOIN audit a ON c.edition IS NULL OR c.edition = a.edition WHERE c.tenant_id = $1"                  \
    " AND c.archived_at IS NULL AND EXISTS (SELECT FROM unnest(a.controls) x WHERE coalesce(c.catalogue_id, c.ref) = x"          \
    " OR starts_with(coalesce(c.catalogue_id, c.ref), x || '.') OR starts_with(coalesce(c.catalogue_id, c.ref), x || '-'))"

#define DOCUMENTS                                                                                                                \
    " UNION ALL SELECT d.owner_id, 'the document ' || d.title, d.ref FROM support.document d JOIN core.link l"                   \
    " ON l.tenant_id = $1 AND l.relation = 'evaluation.audits.documents' AND l.from_id = $2::uuid AND l.to_id = d.id"            \
    " WHERE d.tenant_id = $1 AND d.archived_at IS NULL"

#define CONFLICTS                                                                                                                \
    ") SELECT DISTINCT t.pointer, m.name, o.what, o.ref FROM team t JOIN owned o ON o.owner = t.person"                          \
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = t.person ORDER BY 2, 4 LIMIT 100"

/* The statement by which areas are here: context 1, annex_a 2, support 4. */
static const char *const conflicts[] = {
    TEAM CONFLICTS,
    TEAM PROCESSES CONFLICTS,
    TEAM CONTROLS CONFLICTS,
    TEAM PROCESSES CONTROLS CONFLICTS,
    TEAM DOCUMENTS CONFLICTS,
    TEAM PROCESSES DOCUMENTS CONFLICTS,
    TEAM CONTROLS DOCUMENTS CONFLICTS,
    TEAM PROCESSES CONTROLS DOCUMENTS CONFLICTS,
};

enum bl_status evaluation_independence(struct bl_request *r, const char *audit_id)
{
    int here = (bl_loaded(r, "context") ? 1 : 0) | (bl_loaded(r, "annex_a") ? 2 : 0) | (bl_loaded(r, "support") ? 4 : 0);
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, conflicts[here], &audit_id, 1, 0, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < count; i++) {
        const char *name = bl_cell(r, rows, i, 1);
        status = bl_fail(r, BL_UNPROCESSABLE, "own_work", bl_cell(r, rows, i, 0),
                         "%s owns %s (%s), which is in the scope of this audit, and nobody audits his own work: choose another "
                         "person, or audit it in another audit",
                         name ? name : "this person", bl_cell(r, rows, i, 2), bl_cell(r, rows, i, 3));
    }
    return status;
}

enum bl_status evaluation_team_before(struct bl_request *r, const struct bl_change *change)
{
    bool member = bl_text(change->after, "member_id") != NULL, external = bl_text(change->after, "external") != NULL;
    enum bl_status status = evaluation_audit_open(r, change);
    if (status == BL_OK && member == external)
        status = bl_fail(r, BL_UNPROCESSABLE, "one_person", "/member_id",
                         "name one person: a member, or somebody from outside (external)");
    return status;
}

enum bl_status evaluation_team_after(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "archive") == 0)
        return BL_OK;
    return evaluation_independence(r, bl_text(change->after, "audit_id"));
}
