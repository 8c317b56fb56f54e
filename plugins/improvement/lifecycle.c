/* How a nonconformity comes to an end: corrected, understood, acted on, checked by somebody else. A check that fails leads back
 * to the cause. */
#include "improvement.h"
#include <string.h>

const struct bl_state improvement_nonconformity_states[] = {
    {.name = "open", .label = "Open", .help = "Found, not yet put right.", .flags = BL_INITIAL},
    {.name = "corrected", .label = "Corrected", .help = "Stopped and put right; the cause is looked for."},
    {.name = "analysed", .label = "Cause known", .help = "The cause is known; actions are planned."},
    {.name = "in_action", .label = "In action", .help = "Corrective actions are under way."},
    {.name = "in_check", .label = "Effect to be checked", .help = "The actions are done; did they work?", .flags = BL_FROZEN},
    {.name = "closed", .label = "Closed", .help = "Somebody else has seen that it worked.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dismissed", .label = "Dismissed", .help = "Was none after all.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define FROM_NC " FROM improvement.nonconformity n WHERE n.tenant_id = $1 AND n.id = $2::uuid"
#define ACTIONS " FROM improvement.corrective_action a WHERE a.tenant_id = $1 AND a.nonconformity_id = $2::uuid"
#define LIVE " AND a.archived_at IS NULL AND a.status <> 'cancelled'"

/* The cause must have been worked out, and after a failed check it must be another one than was believed before. */
static const char cause_shown[] =
    "SELECT '/five_whys', 'cause_not_shown', 'show how the cause was found: five whys, or a cause-effect list with one cause "
    "marked root'" FROM_NC " AND jsonb_array_length(n.five_whys) = 0"
    " AND NOT n.cause_effect @> '[{\"weight\": \"root\"}]'"
    " UNION ALL SELECT '/root_cause', 'cause_unchanged', 'actions against this cause did not work: look for the one behind "
    "it'" FROM_NC " AND EXISTS (SELECT FROM jsonb_array_elements(n.failed_checks) f"
    " WHERE lower(btrim(f ->> 'cause')) = lower(btrim(n.root_cause)))";

static const char actions_planned[] =
    "SELECT '', 'no_action', 'there is no corrective action for this round: plan at least one, with owner and date'"
    " WHERE NOT EXISTS (SELECT" ACTIONS LIVE " AND a.cycle = (SELECT n.cycle" FROM_NC "))";

static const char actions_done[] =
    "SELECT '', 'action_not_done', format('%s (%s) is not done: complete it, or cancel it with a reason', a.title, a.ref)" ACTIONS
        LIVE " AND a.status <> 'done'"
    " UNION ALL SELECT '', 'no_action', 'no corrective action of this round was done'"
    " WHERE NOT EXISTS (SELECT" ACTIONS LIVE " AND a.status = 'done' AND a.cycle = (SELECT n.cycle" FROM_NC "))";

/* Not by those who did the work, nor before the sign of success can show. $3 the caller. */
static const char by_another[] =
    "SELECT '', 'separation_of_duties', 'you own this nonconformity: somebody else checks the effect'" FROM_NC
    " AND n.owner_id = $3::uuid"
    " UNION ALL SELECT '', 'separation_of_duties', format('%s (%s) was yours: somebody else checks the effect', a.title, "
    "a.ref)" ACTIONS LIVE " AND $3::uuid IN (a.owner_id, a.done_by_id)"
    " UNION ALL SELECT '/effectiveness_check_on', 'too_early', format('the effect can be judged from %s on', "
    "n.effectiveness_check_on)" FROM_NC " AND n.effectiveness_check_on > current_date";

static const char own_matter[] =
    "SELECT '/source', 'not_ours_to_dismiss', 'an auditor raised it: only the auditor''s own report can take it back'" FROM_NC
    " AND n.source IN ('internal_audit', 'certification_body')";

static enum bl_status verified(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    json_object_set(change->after, "verification_note", json_object_get(change->input, "note"));
    return BL_OK;
}

/* The check is kept, with the cause that proved wrong; the next round has clocks of its own. */
static enum bl_status failed(struct bl_request *r, const struct bl_change *change)
{
    char today[11];
    bl_day(r->now, today);
    json_t *checks = json_deep_copy(json_object_get(change->before, "failed_checks"));
    json_array_append_new(checks, json_pack("{s:s, s:s, s:O, s:O}", "on", today, "by", r->actor, "found",
                                            json_object_get(change->input, "note"), "cause",
                                            json_object_get(change->before, "root_cause")));
    json_object_set_new(change->after, "failed_checks", checks);
    json_int_t cycle = json_integer_value(json_object_get(change->before, "cycle"));
    json_object_set_new(change->after, "cycle", json_integer(cycle + 1));
    json_object_set_new(change->after, "cause_found_on", json_null());
    json_object_set_new(change->after, "acted_on", json_null());
    return improvement_wind(r, change->after, today, true);
}

static const struct bl_field note_input[] = {
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "What the check showed",
     .help = "What was looked at, by which sample, and how it stands to the sign of success.",
     .min = 1,
     .max = 5000,
     .example = "Twenty-two walks between May and August: all doors shut."},
    {0},
};

const struct bl_transition improvement_nonconformity_transitions[] = {
    {.name = "correct",
     .from = "open",
     .to = "corrected",
     .needs = "owner_id correction consequences",
     .sets = "corrected_on=today",
     .label = "Corrected",
     .help = "It is stopped and put right, and its consequences are dealt with."},
    {.name = "analyse",
     .from = "corrected",
     .to = "analysed",
     .needs = "root_cause cause_category similar_search",
     .sets = "cause_found_on=today",
     .guard = cause_shown,
     .label = "Cause found",
     .help = "The cause is known and it was looked for similar cases."},
    {.name = "begin",
     .from = "analysed",
     .to = "in_action",
     .needs = "effectiveness_criterion effectiveness_check_on",
     .guard = actions_planned,
     .label = "Begin the actions",
     .help = "Actions are planned, and it is settled by what their success will be seen."},
    {.name = "finish",
     .from = "in_action",
     .to = "in_check",
     .needs = "risk_changes isms_changes",
     .sets = "acted_on=today",
     .guard = actions_done,
     .label = "Actions done",
     .help = "All actions are done; risks and the management system were looked at."},
    {.name = "verify",
     .from = "in_check",
     .to = "closed",
     .permission = "verify",
     .sets = "verified_on=today verified_by_id=actor",
     .input = note_input,
     .guard = by_another,
     .rule = verified,
     .label = "Effect verified",
     .help = "By somebody who had no part in the actions. Closes it."},
    {.name = "fail",
     .from = "in_check",
     .to = "corrected",
     .permission = "verify",
     .input = note_input,
     .guard = by_another,
     .rule = failed,
     .label = "No effect",
     .help = "The actions did not work: back to the cause."},
    {.name = "dismiss",
     .from = "open",
     .to = "dismissed",
     .permission = "verify",
     .flags = BL_NOT_AUTHOR | BL_REASON,
     .guard = own_matter,
     .label = "Dismiss",
     .help = "It was none after all; by somebody else than who wrote it, with the reason."},
    {0},
};
