/* The life of a risk, and what each step asks for. */
#include "planning.h"
#include <stdio.h>
#include <string.h>

/* ---- what it is linked to ---- */

static enum bl_status recompute(struct bl_request *r, const struct bl_change *change)
{
    return planning_recompute(r, change->id);
}

const struct bl_relation planning_risk_relations[] = {
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "risks",
     .label = "Controls",
     .help = "What modifies the risk. Only implemented ones with evidence and a passed test count.",
     .after = recompute},
    {.name = "issues", .to = "context.issues", .inverse = "risks", .label = "Issues", .help = "Where it comes from (4.1)."},
    {.name = "requirements",
     .to = "context.requirements",
     .inverse = "risks",
     .label = "Requirements",
     .help = "Needs of parties that it touches; the contract by which it is shared."},
    {.name = "processes", .to = "context.processes", .inverse = "risks", .label = "Processes", .help = "What it would disturb."},
    {.name = "assets",
     .to = "operation.assets",
     .inverse = "risks",
     .label = "Assets",
     .help = "What it would hit.",
     .after = planning_asset_linked},
    {.name = "findings",
     .to = "evaluation.audit_findings",
     .inverse = "risks",
     .label = "Findings",
     .help = "What an audit has found about it. A new one opens it again.",
     .after = planning_finding_linked},
    {0},
};

/* ---- what it says ---- */

/* What a settled risk keeps: whoever wants to change it opens it again. */
static enum bl_status check_settled(struct bl_request *r, const struct bl_change *change)
{
    static const char *const kept[] = {"ratings", "round_id", "owner_id", "treatment_option", "decision"};
    if (!change->before || !planning_is(bl_text(change->before, "status"), "accepted treated monitored"))
        return BL_OK;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!json_equal(json_object_get(change->before, kept[i]), json_object_get(change->after, kept[i])))
            return bl_fail(r, BL_CONFLICT, "settled", planning_print(r, "/%s", kept[i]),
                           "the risk is %s on what it says: reopen it first", bl_text(change->before, "status"));
    return BL_OK;
}

enum bl_status planning_risk_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = check_settled(r, change);
    return status ? status : planning_rate(r, change);
}

/* ---- the steps ---- */

const struct bl_state planning_risk_states[] = {
    {.name = "identified", .label = "Identified", .help = "Somebody has seen it.", .flags = BL_INITIAL},
    {.name = "analysed", .label = "Analysed", .help = "Rated, with reasons."},
    {.name = "evaluated", .label = "Evaluated", .help = "Its level is held against what is acceptable."},
    {.name = "accepted", .label = "Accepted", .help = "Its owner, and the rank for its level, have accepted it."},
    {.name = "treatment_planned", .label = "Treatment planned", .help = "Its owner has approved what shall be done."},
    {.name = "in_treatment", .label = "In treatment", .help = "It is being done."},
    {.name = "treated", .label = "Treated", .help = "All is verified, and what is left is accepted."},
    {.name = "monitored", .label = "Monitored", .help = "Watched until something changes."},
    {.name = "reopened", .label = "Reopened", .help = "Something has changed: analyse it again."},
    {.name = "retired", .label = "Retired", .help = "It no longer exists; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char rated[] = "SELECT '/ratings', 'required', format('the %s rating is missing: give it with its reason', v.stage)"
                            " FROM planning.risk k CROSS JOIN LATERAL (VALUES ('inherent', k.inherent_level), ('current', "
                            "k.current_level)) v (stage, level)"
                            " WHERE k.tenant_id = $1 AND k.id = $2 AND v.level IS NULL"
                            " UNION ALL SELECT '/owner_id', 'owner_left', 'its owner is no longer a member: name another one'"
                            " FROM planning.risk k JOIN core.membership b ON b.tenant_id = $1 AND b.user_id = k.owner_id"
                            " AND (b.status = 'ended' OR b.user_status = 'erased') WHERE k.tenant_id = $1 AND k.id = $2";

static const char under_method[] =
    "SELECT '/round_id', 'method_not_in_use', format('the method of the round is %s: move the risk to a round under the version "
    "in use', m.status) FROM planning.risk k JOIN planning.risk_round o ON o.tenant_id = $1 AND o.id = k.round_id"
    " JOIN planning.risk_method m ON m.tenant_id = $1 AND m.id = o.method_id"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND m.status <> 'approved'"
    " UNION ALL SELECT '/ratings', 'required', 'the risk has no level under its method'"
    " FROM planning.risk k WHERE k.tenant_id = $1 AND k.id = $2 AND k.counted_level IS NULL";

/* An acceptance that holds for the risk k as it stands; `stage` is the level that it must cover. */
#define ACCEPTED(stage, level)                                                                                                   \
    "EXISTS (SELECT FROM planning.risk_acceptance a WHERE a.tenant_id = $1 AND a.risk_id = k.id AND a.status = 'approved'"       \
    " AND a.archived_at IS NULL AND a.stage = '" stage "' AND a.level >= " level                                                 \
    " AND (a.until_on IS NULL OR a.until_on >= current_date) AND a.approved_at > coalesce(k.reopened_at, '-infinity'))"

static const char acceptable[] =
    "SELECT '', 'not_accepted', CASE WHEN k.counted_level > k.acceptance_level THEN 'its level is above what is acceptable: ask "
    "for an acceptance (risk-acceptances) that its owner signs and the rank for this level approves'"
    " ELSE 'its owner has not accepted it: ask for an acceptance (risk-acceptances)' END FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND NOT " ACCEPTED("current", "k.counted_level");

/* Live lines of the risk in a plan that is approved or in force. */
#define LINES                                                                                                                    \
    " FROM planning.treatment_action t JOIN planning.treatment_plan p ON p.tenant_id = $1 AND p.id = t.plan_id"                  \
    " WHERE t.tenant_id = $1 AND t.risk_id = k.id AND t.archived_at IS NULL AND t.status <> 'cancelled'"

static const char plannable[] =
    "SELECT '/treatment_option', 'use_acceptance', 'to retain a risk is to accept it: use accept' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND k.treatment_option = 'retain'"
    " UNION ALL SELECT '/treatment_option', 'no_control', 'to modify a risk takes a control: link one' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND k.treatment_option = 'modify' AND NOT EXISTS (SELECT FROM core.link l"
    " JOIN annex_a.control c ON c.tenant_id = $1 AND c.id = l.to_id AND c.archived_at IS NULL"
    " WHERE l.tenant_id = $1 AND l.relation = 'planning.risks.controls' AND l.from_id = k.id)"
    " UNION ALL SELECT '/treatment_option', 'no_contract', 'to share a risk takes a contract: link a contractual requirement or "
    "a "
    "supplier' FROM planning.risk k WHERE k.tenant_id = $1 AND k.id = $2 AND k.treatment_option = 'share'"
    " AND NOT EXISTS (SELECT FROM core.link l JOIN context.requirement q ON q.tenant_id = $1 AND q.id = l.to_id"
    " AND q.archived_at IS NULL AND q.kind = 'contractual'"
    " WHERE l.tenant_id = $1 AND l.relation = 'planning.risks.requirements' AND l.from_id = k.id)"
    " AND NOT EXISTS (SELECT FROM core.link l"
    " WHERE l.tenant_id = $1 AND l.relation = 'operation.suppliers.risks' AND l.to_id = k.id)"
    " UNION ALL SELECT '/decision', 'required', 'to avoid a risk is a decision: write it down' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND k.treatment_option = 'avoid' AND coalesce(k.decision, '') = ''"
    " UNION ALL SELECT '', 'no_plan', 'a treatment plan with an action for this risk must be approved' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND NOT EXISTS (SELECT" LINES " AND p.status IN ('approved', 'in_force'))"
    " UNION ALL SELECT '', 'not_signed', format('its owner has not signed %s as it reads now', t.ref) FROM planning.risk k"
    " JOIN planning.treatment_action t ON t.tenant_id = $1 AND t.risk_id = k.id AND t.archived_at IS NULL"
    " AND t.status <> 'cancelled' WHERE k.tenant_id = $1 AND k.id = $2 AND NOT EXISTS (SELECT FROM planning.line_signature s"
    " WHERE s.tenant_id = $1 AND s.action_id = t.id AND s.fingerprint = t.fingerprint AND s.signed_by = k.owner_id)";

static const char under_way[] =
    "SELECT '', 'plan_not_in_force', 'no plan with an action for this risk is in force' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND NOT EXISTS (SELECT" LINES " AND p.status = 'in_force')";

static const char treated[] =
    "SELECT '/ratings', 'required', 'the residual rating is missing: rate what is left' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND k.residual_level IS NULL"
    " UNION ALL SELECT '', 'not_verified', format('%s is %s still', t.ref, t.status) FROM planning.risk k"
    " JOIN planning.treatment_action t ON t.tenant_id = $1 AND t.risk_id = k.id AND t.archived_at IS NULL"
    " AND t.status NOT IN ('verified', 'cancelled') WHERE k.tenant_id = $1 AND k.id = $2"
    " UNION ALL SELECT '', 'nothing_done', 'no action for this risk has been verified' FROM planning.risk k"
    " WHERE k.tenant_id = $1 AND k.id = $2 AND NOT EXISTS (SELECT" LINES " AND t.status = 'verified')"
    " UNION ALL SELECT '', 'residual_not_accepted', 'what is left has not been accepted by its owner: ask for an acceptance of "
    "the residual risk' FROM planning.risk k WHERE k.tenant_id = $1 AND k.id = $2 AND NOT " ACCEPTED("residual",
                                                                                                     "k.residual_level");

static const struct bl_field reopen_input[] = {
    {.name = "reopen_cause",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Cause",
     .values = "acceptance_ended control_failed credit_lost incident finding method_changed asset_changed supplier_changed "
               "owner_left other",
     .example = "other"},
    {.name = "reopen_note",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "What happened",
     .min = 1,
     .max = 500,
     .example = "The works move to another building"},
    {0},
};

const struct bl_transition planning_risk_transitions[] = {
    {.name = "analyse",
     .from = "identified reopened",
     .to = "analysed",
     .needs = "owner_id",
     .guard = rated,
     .label = "Analyse",
     .help = "It has an owner, and its inherent and current ratings with their reasons."},
    {.name = "evaluate",
     .from = "analysed",
     .to = "evaluated",
     .guard = under_method,
     .label = "Evaluate",
     .help = "Its level, under the method of its round, is held against what is acceptable."},
    {.name = "accept",
     .from = "evaluated",
     .to = "accepted",
     .permission = "accept",
     .sets = "settled_at=now",
     .guard = acceptable,
     .label = "Accept",
     .help = "An acceptance of it has been approved. Happens by itself with that approval."},
    {.name = "plan",
     .from = "evaluated",
     .to = "treatment_planned",
     .needs = "treatment_option",
     .guard = plannable,
     .label = "Plan treatment",
     .help = "The option is chosen, what it needs is linked, and the owner has approved the plan."},
    {.name = "begin",
     .from = "treatment_planned",
     .to = "in_treatment",
     .guard = under_way,
     .label = "Begin treatment",
     .help = "The plan is in force."},
    {.name = "finish",
     .from = "in_treatment",
     .to = "treated",
     .sets = "settled_at=now",
     .guard = treated,
     .label = "Treated",
     .help = "Every action is verified, what is left is rated, and its owner has accepted that."},
    {.name = "monitor",
     .from = "treated",
     .to = "monitored",
     .needs = "review_on",
     .label = "Monitor",
     .help = "Watched from now; looked at again on the day of its review."},
    {.name = "reopen",
     .from = "accepted treated monitored",
     .to = "reopened",
     .input = reopen_input,
     .sets = "reopened_at=now reopen_cause=input reopen_note=input",
     .label = "Reopen",
     .help = "Something has changed: acceptances given before no longer hold."},
    {.name = "retire",
     .from = "identified analysed evaluated accepted treatment_planned in_treatment treated monitored reopened",
     .to = "retired",
     .flags = BL_REASON,
     .label = "Retire",
     .help = "Say why it no longer exists."},
    {0},
};

enum bl_status planning_reopen(struct bl_request *r, const char *risk_id, const char *cause, const char *note)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT FROM planning.risk WHERE tenant_id = $1 AND id = $2::uuid AND archived_at IS NULL"
                                   " AND status IN ('accepted', 'treated', 'monitored') FOR UPDATE",
                                   &risk_id, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status;
    json_t *input = planning_object(r);
    json_object_set_new(input, "reopen_cause", json_string(cause));
    json_object_set_new(input, "reopen_note", json_string(note));
    return bl_transit(r, "planning.risks", risk_id, "reopen", input, NULL);
}
