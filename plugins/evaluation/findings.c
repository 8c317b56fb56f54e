/* What an audit found. A finding that something is not met becomes a nonconformity when the report is issued. */
#include "evaluation.h"
#include <string.h>

const struct bl_field evaluation_finding_fields[] = {
    {.name = "audit_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Audit",
     .help = "The audit that found it.",
     .ref = "evaluation.audits"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "Major and minor are nonconformities.",
     .values = "conformity major minor observation opportunity",
     .example = "minor"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Finding",
     .help = "In a few words.",
     .min = 1,
     .max = 200,
     .example = "Sessions on building sites are not on the list"},
    {.name = "criterion",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_FILTER,
     .label = "Criterion",
     .help = "The number of the clause or control, or the own rule, that it is held against.",
     .min = 1,
     .max = 200,
     .example = "A.8.15"},
    {.name = "statement",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Statement",
     .help = "What is, held against what must be.",
     .min = 1,
     .max = 5000,
     .example = "Sessions from building sites are made with a tool that keeps no list."},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Evidence",
     .help = "What was seen, read or heard: of what, when.",
     .min = 1,
     .max = 5000,
     .example = "Sites at lock 3 and 5 on 14 April; three sessions, none on the list."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "For",
     .help = "Who has to deal with it; becomes owner of the nonconformity.",
     .ref = "core.member"},
    {.name = "checklist_item_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "Question",
     .help = "The question of the checklist that brought it up.",
     .ref = "evaluation.audit_checklist_items"},
    {0},
};

const struct bl_relation evaluation_finding_relations[] = {
    {.name = "nonconformities",
     .to = "improvement.nonconformities",
     .inverse = "audit_findings",
     .label = "Nonconformities",
     .help = "Opened by this finding when the report was issued."},
    {0},
};

enum bl_status evaluation_finding_before(struct bl_request *r, const struct bl_change *change)
{
    static const char asked[] = "SELECT 1 FROM evaluation.audit_checklist_item WHERE tenant_id = $1 AND id = $2::uuid"
                                " AND audit_id = $3::uuid AND archived_at IS NULL";
    const char *args[] = {bl_text(change->after, "checklist_item_id"), bl_text(change->after, "audit_id")};
    struct bl_rows *rows;
    enum bl_status status = evaluation_audit_open(r, change);
    if (status || !args[0])
        return status;
    status = bl_sql(r, asked, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status =
            bl_fail(r, BL_UNPROCESSABLE, "other_audit", "/checklist_item_id", "this question is not on the audit's checklist");
    return status;
}

static const char to_open[] =
    "SELECT f.id, json_build_object('title', f.title, 'source', 'internal_audit', 'grade', f.kind, 'requirement', f.criterion,"
    " 'statement', f.statement, 'evidence', f.evidence, 'detected_on', coalesce(a.closing_on, current_date), 'owner_id', "
    "f.owner_id,"
    " 'origin_resource', 'evaluation.audit_findings', 'origin_id', f.id)::text"
    " FROM evaluation.audit_finding f JOIN evaluation.audit a ON a.tenant_id = $1 AND a.id = f.audit_id"
    " WHERE f.tenant_id = $1 AND f.audit_id = $2::uuid AND f.archived_at IS NULL AND f.kind IN ('major', 'minor') ORDER BY f.id";

static enum bl_status open_one(struct bl_request *r, const char *finding, const char *text)
{
    json_t *body = json_loads(text, 0, NULL), *made = NULL;
    if (!body)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
    enum bl_status status = bl_create(r, "improvement.nonconformities", body, &made);
    json_decref(body);
    if (status == BL_OK)
        status = bl_link(r, "evaluation.audit_findings", finding, "nonconformities", bl_text(made, "id"));
    return status;
}

enum bl_status evaluation_open_nonconformities(struct bl_request *r, const char *audit_id)
{
    struct bl_rows *rows;
    if (!bl_loaded(r, "improvement"))
        return BL_OK;
    enum bl_status status = bl_sql(r, to_open, &audit_id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = open_one(r, bl_cell(r, rows, i, 0), bl_cell(r, rows, i, 1));
    return status;
}

static const char not_over[] =
    "SELECT n.ref, n.title FROM improvement.nonconformity n JOIN evaluation.audit_finding f ON f.tenant_id = $1"
    " AND f.audit_id = $2::uuid AND n.origin_id = f.id::text WHERE n.tenant_id = $1 AND n.archived_at IS NULL"
    " AND n.status NOT IN ('closed', 'dismissed') ORDER BY n.id LIMIT 100";

enum bl_status evaluation_follow_up(struct bl_request *r, const char *audit_id)
{
    struct bl_rows *rows;
    if (!bl_loaded(r, "improvement"))
        return BL_OK;
    enum bl_status status = bl_sql(r, not_over, &audit_id, 1, 0, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < count; i++)
        status = bl_fail(r, BL_UNPROCESSABLE, "not_over", "", "%s (%s) is not closed yet", bl_cell(r, rows, i, 1),
                         bl_cell(r, rows, i, 0));
    return status;
}
