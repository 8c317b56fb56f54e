/* Treating risks (6.1.3, 8.3): a plan, its actions, and the signatures of the risks' owners. A signature is on an action as it
 * read then: planning.line_signature keeps the fingerprint of its words. Whoever changes the words voids it, and nothing has to
 * be undone. Locks: an action's row first, then the plan's; a plan's steps lock no action. */
#include "planning.h"
#include <string.h>

const struct bl_field planning_plan_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Plan",
     .min = 1,
     .max = 200,
     .example = "Treatment plan 2027"},
    {.name = "round_id",
     .type = BL_REF,
     .ref = "planning.risk_rounds",
     .flags = BL_FILTER,
     .label = "Round",
     .help = "The assessment that it answers."},
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Led by"},
    {.name = "summary", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "Summary", .max = 5000},
    {.name = "plan_version",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Version",
     .help = "Rises when an approved plan is changed."},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at"},
    {.name = "approved_by_id", .type = BL_REF, .ref = "core.member", .flags = BL_SERVER, .label = "Approved by"},
    {.name = "in_force_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "In force since"},
    {0},
};

const struct bl_state planning_plan_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "submitted", .label = "Submitted", .help = "Lies before the owners of its risks."},
    {.name = "approved", .label = "Approved", .help = "Every action is signed by the owner of its risk."},
    {.name = "in_force", .label = "In force", .help = "It is being carried out."},
    {.name = "superseded", .label = "Superseded", .help = "Over; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

enum bl_status planning_plan_before(struct bl_request *r, const struct bl_change *change)
{
    if (!change->before)
        json_object_set_new(change->after, "plan_version", json_integer(1));
    else if (planning_is(bl_text(change->before, "status"), "approved in_force"))
        return bl_fail(r, BL_CONFLICT, "frozen", NULL, "the plan is %s: revise it first", bl_text(change->before, "status"));
    return BL_OK;
}

/* Live actions of the plan $2, with the owner of each one's risk. */
#define LINES                                                                                                                    \
    " FROM planning.treatment_action t JOIN planning.risk k ON k.tenant_id = $1 AND k.id = t.risk_id"                            \
    " WHERE t.tenant_id = $1 AND t.plan_id = $2::uuid AND t.archived_at IS NULL AND t.status <> 'cancelled'"
#define SIGNED                                                                                                                   \
    "EXISTS (SELECT FROM planning.line_signature s WHERE s.tenant_id = $1 AND s.action_id = t.id"                                \
    " AND s.fingerprint = t.fingerprint AND s.signed_by = k.owner_id)"

static const char submittable[] =
    "SELECT '', 'nothing_planned', 'the plan has no action yet' WHERE NOT EXISTS (SELECT" LINES ")"
    " UNION ALL SELECT '', 'no_owner', format('%s has no owner who could sign %s', k.ref, t.ref)" LINES " AND k.owner_id IS NULL";

static const char all_signed[] =
    "SELECT '', 'nothing_planned', 'the plan has no action yet' WHERE NOT EXISTS (SELECT" LINES ")"
    " UNION ALL SELECT '', 'not_signed', format('the owner of %s has not signed %s as it reads now', k.ref, t.ref)" LINES
    " AND NOT " SIGNED;

/* The caller's own lines, as they read now: his If-Match says that he has seen the plan since its last change. */
static enum bl_status sign_lines(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "INSERT INTO planning.line_signature (tenant_id, action_id, fingerprint, signed_by, signed_at)"
                              " SELECT $1::uuid, t.id, t.fingerprint, k.owner_id, now()" LINES
                              " AND k.owner_id = $3::uuid ON CONFLICT DO NOTHING RETURNING action_id";
    const char *args[] = {change->id, r->actor};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_CONFLICT, "nothing_to_sign", NULL,
                       "no action of this plan waits for your signature: you sign for the risks that you own");
    return status;
}

/* Each approved version as it read, for later. */
static enum bl_status keep_version(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "INSERT INTO planning.plan_version (tenant_id, plan_id, number, approved_at, approved_by, lines)"
        " SELECT $1::uuid, p.id, p.plan_version, p.approved_at, p.approved_by_id, coalesce((SELECT jsonb_agg(jsonb_build_object("
        "'id', t.id, 'ref', t.ref, 'title', t.title, 'what', t.what, 'risk', k.ref, 'risk_id', k.id, 'control_id', t.control_id,"
        " 'owner_id', t.owner_id, 'due_on', t.due_on, 'cost', t.cost, 'signed_by', k.owner_id) ORDER BY t.id)" LINES "), '[]')"
        " FROM planning.treatment_plan p WHERE p.tenant_id = $1 AND p.id = $2::uuid";
    struct bl_rows *rows;
    return bl_sql(r, sql, &change->id, 1, 0, &rows);
}

/* A new version begins; the one before it stays as it was approved. */
static enum bl_status next_version(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    if (planning_is(bl_text(change->before, "status"), "approved in_force"))
        json_object_set_new(change->after, "plan_version", json_integer(planning_int(change->before, "plan_version") + 1));
    return BL_OK;
}

const struct bl_transition planning_plan_transitions[] = {
    {.name = "submit",
     .from = "draft",
     .to = "submitted",
     .guard = submittable,
     .label = "Submit",
     .help = "Asks the owners of its risks to sign their actions."},
    {.name = "sign",
     .from = "submitted",
     .permission = "accept",
     .rule = sign_lines,
     .label = "Sign",
     .help = "For all actions of the risks that you own, as they read now."},
    {.name = "approve",
     .from = "submitted",
     .to = "approved",
     .permission = "accept",
     .sets = "approved_at=now approved_by_id=actor",
     .guard = all_signed,
     .after = keep_version,
     .label = "Approve",
     .help = "Once every action is signed by the owner of its risk."},
    {.name = "enforce",
     .from = "approved",
     .to = "in_force",
     .permission = "accept",
     .sets = "in_force_on=today",
     .label = "Bring into force",
     .help = "From today it is carried out."},
    {.name = "revise",
     .from = "submitted approved in_force",
     .to = "draft",
     .rule = next_version,
     .label = "Revise",
     .help = "Back to work. An approved plan gets a new version; signatures stay on the actions that do not change."},
    {.name = "supersede",
     .from = "approved in_force",
     .to = "superseded",
     .permission = "accept",
     .flags = BL_REASON,
     .label = "Supersede",
     .help = "Say what takes its place."},
    {0},
};

/* GET treatment-plans/{id}/versions */
enum bl_status planning_plan_versions(struct bl_request *r)
{
    static const char sql[] =
        "SELECT json_build_object('number', v.number, 'approved_at', v.approved_at, 'approved_by', m.name, 'in_force',"
        " p.status = 'in_force' AND p.plan_version = v.number, 'lines', v.lines)::text FROM planning.plan_version v"
        " JOIN planning.treatment_plan p ON p.tenant_id = $1 AND p.id = v.plan_id"
        " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = v.approved_by"
        " WHERE v.tenant_id = $1 AND v.plan_id = $2::uuid ORDER BY v.number";
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "planning.treatment_plans", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, sql, &id, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
