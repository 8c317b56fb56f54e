/* What happens to the neighbours of a risk, in the transaction in which it happens: an asset or a supplier changes, an incident
 * or a finding is linked, a control fails a test or loses its credit. A settled risk is opened again; a level that rests on the
 * value of assets, or on the credit of controls, is computed anew. What the clock brings is the sweep's (sweep.c). */
#include "planning.h"
#include <string.h>

/* ---- risks, one after the other ---- */

struct news {
    const char *risk, *cause, *note;
};

static enum bl_status open_again(struct bl_request *r, void *arg)
{
    const struct news *news = arg;
    return planning_reopen(r, news->risk, news->cause, news->note);
}

/* Opens the settled ones of those that the statement finds. */
static enum bl_status open_all(struct bl_request *r, const char *sql, const char *id, const char *cause, const char *note)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_scratch(r, open_again, &(struct news){bl_cell(r, rows, i, 0), cause, note});
    return status;
}

static const char scores[] = "SELECT coalesce(inherent_score, -1), coalesce(current_score, -1), coalesce(residual_score, -1)"
                             " FROM planning.risk WHERE tenant_id = $1 AND id = $2::uuid FOR UPDATE";

/* Computed anew; a settled one that comes out otherwise is opened again. */
static enum bl_status value_again(struct bl_request *r, void *arg)
{
    const struct news *news = arg;
    struct bl_rows *rows;
    json_t *now = NULL;
    bool same = true;
    enum bl_status status = bl_sql(r, scores, &news->risk, 1, 0, &rows);
    if (status == BL_OK)
        status = bl_update(r, "planning.risks", news->risk, planning_object(r), &now);
    for (int i = 0; status == BL_OK && i < 3; i++) {
        static const char *const names[] = {"inherent_score", "current_score", "residual_score"};
        same = same && bl_integer(r, rows, 0, i) == planning_int(now, names[i]);
    }
    return status || same ? status : planning_reopen(r, news->risk, news->cause, news->note);
}

static enum bl_status value_all(struct bl_request *r, const char *sql, const char *id, const char *note)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_scratch(r, value_again, &(struct news){bl_cell(r, rows, i, 0), "asset_changed", note});
    return status;
}

/* ---- what has changed ---- */

/* "AST-3 has changed: location, owner_id"; NULL: nothing but what `quiet` lists and what the engine writes. */
static const char *difference(struct bl_request *r, const struct bl_change *change, const char *quiet)
{
    const char *ref = bl_text(change->before, "ref"), *names = "";
    const char *name;
    json_t *is;
    if (strcmp(change->verb, "create") == 0 || strcmp(change->verb, "restore") == 0)
        return NULL;
    if (strcmp(change->verb, "archive") == 0)
        return planning_print(r, "%s has been put away", ref);
    if (strcmp(change->verb, "update") != 0)
        return planning_print(r, "%s has changed: %s", ref, change->verb);
    json_object_foreach(change->after, name, is)
    {
        if (!planning_is(name, "version updated_at updated_by review_on reviewed_on") && !planning_is(name, quiet) &&
            !json_equal(is, json_object_get(change->before, name)))
            names = planning_print(r, "%s%s%s", names, *names ? ", " : "", name);
    }
    return *names ? planning_print(r, "%s has changed: %.400s", ref, names) : NULL;
}

/* ---- assets ---- */

#define LINKED_TO(relation, here, there)                                                                                         \
    " FROM core.link l JOIN planning.risk k ON k.tenant_id = $1 AND k.id = l." here " AND k.archived_at IS NULL"                 \
    " WHERE l.tenant_id = $1 AND l.relation = '" relation "' AND l." there " = $2::uuid"
#define SETTLED " AND k.status IN ('accepted', 'treated', 'monitored') ORDER BY k.id"

static const char risks_of_asset[] = "SELECT k.id" LINKED_TO("planning.risks.assets", "from_id", "to_id") SETTLED;

/* Risks that are rated by the value of the asset $2, or of one that it rests on, which inherits it. */
static const char valued_by[] =
    "WITH RECURSIVE below AS (SELECT $2::uuid AS id UNION SELECT d.depends_on_id FROM below b"
    " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d.asset_id = b.id AND d.archived_at IS NULL)"
    " SELECT DISTINCT k.id FROM below b JOIN core.link l ON l.tenant_id = $1 AND l.relation = 'planning.risks.assets'"
    " AND l.to_id = b.id JOIN planning.risk k ON k.tenant_id = $1 AND k.id = l.from_id AND k.archived_at IS NULL"
    " AND k.status <> 'retired' JOIN planning.risk_round o ON o.tenant_id = $1 AND o.id = k.round_id"
    " JOIN planning.risk_method m ON m.tenant_id = $1 AND m.id = o.method_id AND m.level_function = 'threats' ORDER BY k.id";

static enum bl_status asset_told(struct bl_request *r, const struct bl_change *change)
{
    const char *what = difference(r, change, "own_value");
    enum bl_status status = BL_OK;
    if (strcmp(change->verb, "create") == 0)
        return BL_OK; /* nothing is linked to it yet */
    if (what)
        status = open_all(r, risks_of_asset, change->id, "asset_changed", what);
    if (status == BL_OK && (what || strcmp(change->verb, "restore") == 0))
        status = value_all(r, valued_by, change->id, what ? what : "an asset has come back");
    return status;
}

/* What is depended on inherits. Its row is locked, so that who links it to a risk at this moment is seen, or sees. */
static enum bl_status dependency_told(struct bl_request *r, const struct bl_change *change)
{
    const char *asset = bl_text(change->after, "depends_on_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT ref FROM operation.asset WHERE tenant_id = $1 AND id = $2::uuid FOR NO KEY UPDATE",
                                   &asset, 1, 0, &rows);
    if (status == BL_OK && strcmp(change->verb, "update") != 0 && bl_count(r, rows))
        status = value_all(r, valued_by, asset, planning_print(r, "what rests on %s has changed", bl_cell(r, rows, 0, 0)));
    return status;
}

/* All that rests on the assets of the risk stays as it is until this link is seen. */
static const char hold_assets[] =
    "WITH RECURSIVE above AS (SELECT l.to_id AS id FROM core.link l WHERE l.tenant_id = $1"
    " AND l.relation = 'planning.risks.assets' AND l.from_id = $2::uuid UNION SELECT d.asset_id FROM above b"
    " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d.depends_on_id = b.id AND d.archived_at IS NULL)"
    " SELECT a.id FROM operation.asset a WHERE a.tenant_id = $1 AND a.id IN (SELECT id FROM above) ORDER BY a.id FOR SHARE";

enum bl_status planning_asset_linked(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, hold_assets, &change->id, 1, 0, &rows);
    return status == BL_OK ? value_again(r, &(struct news){change->id, "asset_changed", "its assets are others"}) : status;
}

/* ---- suppliers, incidents, findings ---- */

static const char risks_of_supplier[] = "SELECT k.id" LINKED_TO("operation.suppliers.risks", "to_id", "from_id") SETTLED;

/* That an assessment was passed, and whom to call, is no news for its risks; that it failed is. */
static enum bl_status supplier_told(struct bl_request *r, const struct bl_change *change)
{
    bool failed = json_is_false(json_object_get(change->after, "last_passed"));
    const char *what = difference(r, change,
                                  failed ? "contact last_assessed_on last_score next_assessment_on"
                                         : "contact last_assessed_on last_score next_assessment_on last_passed");
    return what ? open_all(r, risks_of_supplier, change->id, "supplier_changed", what) : BL_OK;
}

static enum bl_status incident_told(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT ref FROM operation.incident WHERE tenant_id = $1 AND id = $2::uuid";
    struct bl_rows *rows;
    if (strcmp(change->verb, "link") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, &change->id, 1, 0, &rows);
    return status == BL_OK ? planning_reopen(r, bl_text(change->input, "id"), "incident",
                                             planning_print(r, "%s is linked", bl_cell(r, rows, 0, 0)))
                           : status;
}

enum bl_status planning_finding_linked(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT ref FROM evaluation.audit_finding WHERE tenant_id = $1 AND id = $2::uuid";
    const char *finding = bl_text(change->input, "id");
    struct bl_rows *rows;
    if (strcmp(change->verb, "link") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, &finding, 1, 0, &rows);
    return status == BL_OK ? planning_reopen(r, change->id, "finding", planning_print(r, "%s is linked", bl_cell(r, rows, 0, 0)))
                           : status;
}

/* ---- controls ---- */

static const char risks_of_control[] = "SELECT k.id" LINKED_TO("planning.risks.controls", "from_id", "to_id") SETTLED;

/* Risks of the control $2 of which another thing is noted than holds now. */
static const char credit_differs[] = "SELECT k.id, k.credited" LINKED_TO(
    "planning.risks.controls", "from_id",
    "to_id") " AND k.status <> 'retired' AND coalesce(k.credited, false) <> (SELECT " PLANNING_CREDITED " FROM core.link n"
             " JOIN annex_a.control c ON c.tenant_id = $1 AND c.id = n.to_id AND c.archived_at IS NULL WHERE n.tenant_id = $1"
             " AND n.relation = 'planning.risks.controls' AND n.from_id = k.id) ORDER BY k.id";

static enum bl_status credit_again(struct bl_request *r, void *arg)
{
    const struct news *news = arg;
    enum bl_status status = planning_recompute(r, news->risk);
    return status == BL_OK && news->cause ? open_again(r, arg) : status;
}

/* What proves a control is written into it: annex_a does so after each test and each piece of evidence. */
static enum bl_status control_told(struct bl_request *r, const struct bl_change *change)
{
    const char *result = bl_text(change->after, "last_result");
    bool failed = result && strcmp(result, "failed") == 0;
    const char *cause = failed ? "control_failed" : "credit_lost";
    const char *note = planning_print(r, failed ? "%s has failed a test" : "%s no longer counts", bl_text(change->after, "ref"));
    struct bl_rows *rows;
    if (strcmp(change->verb, "create") == 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, credit_differs, &change->id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status =
            bl_scratch(r, credit_again, &(struct news){bl_cell(r, rows, i, 0), bl_integer(r, rows, i, 1) ? cause : NULL, note});
    return status;
}

/* A failed test opens risks again whether or not their controls counted, and however late it came in. */
static enum bl_status test_told(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT ref FROM annex_a.control WHERE tenant_id = $1 AND id = $2::uuid";
    const char *control = bl_text(change->after, "control_id");
    struct bl_rows *rows;
    if (strcmp(change->verb, "create") != 0 || strcmp(bl_text(change->after, "result"), "failed") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, &control, 1, 0, &rows);
    return status == BL_OK ? open_all(r, risks_of_control, control, "control_failed",
                                      planning_print(r, "%s has failed a test", bl_cell(r, rows, 0, 0)))
                           : status;
}

const struct bl_watch planning_watches[] = {
    {.what = "operation.assets", .told = asset_told},
    {.what = "operation.asset_dependencies", .told = dependency_told},
    {.what = "operation.suppliers", .told = supplier_told},
    {.what = "operation.incidents.risks", .told = incident_told},
    {.what = "annex_a.controls", .told = control_told},
    {.what = "annex_a.control_tests", .told = test_told},
    {0},
};
