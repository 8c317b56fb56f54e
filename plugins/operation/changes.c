/* Clauses 8.1 and A.8.32: changes that are planned, and those that nobody planned. */
#include "operation.h"
#include <string.h>
#include <strings.h>

const struct bl_field operation_change_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Change",
     .help = "What will be, or has become, different.",
     .min = 1,
     .max = 200,
     .example = "One tool for all remote maintenance"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Kind",
     .help = "Planned: asked for, assessed, approved, then done. Unintended: it happened; its consequences are reviewed.",
     .values = "planned unintended",
     .initial = "planned",
     .example = "planned"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "What and why",
     .help = "What changes, from what to what, and what for.",
     .min = 1,
     .max = 10000,
     .example = "Three tools are replaced by the gateway, so that sessions can be recorded."},
    {.name = "concerns",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Concerns",
     .help = "What is changed.",
     .values = "organisation process technology supplier people premises",
     .initial = "technology",
     .example = "technology"},
    {.name = "requester_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_FILTER | BL_FIXED,
     .label = "Asked for by",
     .help = "Who wants it, when that is not who writes it down. Neither of the two approves it."},
    OPERATION_OWNER("Who carries it out."),
    {.name = "planned_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Planned for",
     .help = "The day on which a planned change shall be done. Not in the past: what is done already is not planned.",
     .example = "2099-01-15"},
    {.name = "happened_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Happened on",
     .help = "Of an unintended change: when it happened."},
    {.name = "risk",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .label = "Risk",
     .help = "Of the change itself, for information security.",
     .values = "low medium high"},
    {.name = "assessment",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Assessment",
     .help = "What it does to information security: what can go wrong, which risks and controls it touches.",
     .max = 10000},
    {.name = "fallback",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Way back",
     .help = "How it is undone when it goes wrong; or why it cannot be.",
     .max = 5000},
    {.name = "consequences",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Consequences",
     .help = "What it did, intended or not.",
     .max = 10000},
    {.name = "mitigation",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is done about them",
     .help = "Against harmful consequences; or that none was needed, and why.",
     .max = 10000},
    {.name = "approved_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Approved at",
     .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval."},
    {.name = "implemented_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Done on",
     .help = "Set when it is done. Not before its approval."},
    {.name = "reviewed_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Reviewed at",
     .help = "Set by the review."},
    {.name = "reviewed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Reviewed by",
     .help = "Set by the review."},
    {0},
};

const struct bl_relation operation_change_relations[] = {
    {.name = "assets", .to = "operation.assets", .inverse = "changes", .label = "Assets", .help = "What it touches."},
    {.name = "suppliers", .to = "operation.suppliers", .inverse = "changes", .label = "Suppliers", .help = "Whom it touches."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "changes",
     .label = "Controls",
     .help = "Controls that it touches."},
    {.name = "risks",
     .to = "planning.risks",
     .inverse = "changes",
     .label = "Risks",
     .help = "Risks that it brings, changes or takes away."},
    {0},
};

const struct bl_state operation_change_states[] = {
    {.name = "requested", .label = "Requested", .help = "Asked for, or reported.", .flags = BL_INITIAL},
    {.name = "assessed", .label = "Assessed", .help = "What it does to security is known."},
    {.name = "approved", .label = "Approved", .help = "May be done.", .flags = BL_FROZEN},
    {.name = "implemented", .label = "Done", .help = "Done; how it went is still to be looked at."},
    {.name = "reviewed", .label = "Reviewed", .help = "Looked at; its consequences are seen to.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "rejected", .label = "Rejected", .help = "Not to be done.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "No longer wanted.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field done_input[] = {
    {.name = "implemented_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Done on",
     .help = "The day on which it was done. Not before its approval.",
     .example = "2026-11-20"},
    {0},
};

static enum bl_status planned_only(struct bl_request *r, const struct bl_change *change)
{
    if (operation_is(change->before, "kind", "unintended"))
        return bl_fail(
            r, BL_CONFLICT, "unintended", NULL,
            "an unintended change has happened: it is not approved, its consequences are reviewed (review_consequences)");
    return BL_OK;
}

static enum bl_status unintended_only(struct bl_request *r, const struct bl_change *change)
{
    if (!operation_is(change->before, "kind", "unintended"))
        return bl_fail(r, BL_CONFLICT, "planned", NULL, "a planned change is assessed, approved and done before it is reviewed");
    return BL_OK;
}

static enum bl_status by_another(struct bl_request *r, const struct bl_change *change)
{
    const char *requester = bl_text(change->before, "requester_id");
    if (requester && strcasecmp(requester, r->actor) == 0)
        return bl_fail(r, BL_FORBIDDEN, "separation_of_duties", NULL,
                       "who asked for the change does not approve it: somebody else has to");
    return BL_OK;
}

/* Approval first, then the deed: whoever did it before reports an unintended change. */
static enum bl_status not_backdated(struct bl_request *r, const struct bl_change *change)
{
    const char *done = bl_text(change->after, "implemented_on"), *approved = bl_text(change->before, "approved_at");
    char day[11] = "";
    if (approved)
        memcpy(day, approved, 10);
    if (done && strcmp(done, day) < 0)
        return bl_fail(r, BL_UNPROCESSABLE, "backdated", "/implemented_on",
                       "it was approved on %s: a change that was done before is an unintended one, report it as such", day);
    return bl_not_future(r, change->after, "implemented_on");
}

const struct bl_transition operation_change_transitions[] = {
    {.name = "assess",
     .from = "requested",
     .to = "assessed",
     .needs = "owner_id planned_on risk assessment fallback",
     .rule = planned_only,
     .label = "Assessed",
     .help = "What it does to security, and the way back, are written down."},
    {.name = "send_back",
     .from = "assessed",
     .to = "requested",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Send back",
     .help = "Say what is missing."},
    {.name = "approve",
     .from = "assessed",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "approved_at=now approved_by_id=actor",
     .rule = by_another,
     .label = "Approve",
     .help = "By somebody who neither asked for it nor wrote it down."},
    {.name = "reject",
     .from = "requested assessed",
     .to = "rejected",
     .permission = "approve",
     .flags = BL_REASON,
     .rule = planned_only,
     .label = "Reject",
     .help = "Say why it shall not be done."},
    {.name = "cancel",
     .from = "requested assessed approved",
     .to = "cancelled",
     .flags = BL_REASON,
     .rule = planned_only,
     .label = "Cancel",
     .help = "Say why it is no longer wanted."},
    {.name = "implement",
     .from = "approved",
     .to = "implemented",
     .sets = "implemented_on=input",
     .input = done_input,
     .rule = not_backdated,
     .label = "Done",
     .help = "Not before its approval."},
    {.name = "review",
     .from = "implemented",
     .to = "reviewed",
     .needs = "consequences",
     .sets = "reviewed_at=now reviewed_by_id=actor",
     .label = "Review",
     .help = "What it did, intended or not, was looked at."},
    {.name = "review_consequences",
     .from = "requested",
     .to = "reviewed",
     .needs = "consequences mitigation",
     .sets = "reviewed_at=now reviewed_by_id=actor",
     .rule = unintended_only,
     .label = "Review consequences",
     .help = "Of an unintended change: what it did, and what is done about it."},
    {0},
};

/* A planned day may pass while the change waits; only a new one must not lie in the past. It is past once it has ended
 * everywhere. */
static enum bl_status to_come(struct bl_request *r, const struct bl_change *change)
{
    const char *day = bl_text(change->after, "planned_on"), *was = bl_text(change->before, "planned_on");
    char earliest[11];
    bl_day(r->now - INT64_C(12) * 3600 * 1000000, earliest);
    if (day && (!was || strcmp(day, was) != 0) && strcmp(day, earliest) < 0)
        return bl_fail(r, BL_UNPROCESSABLE, "backdated", "/planned_on",
                       "%s is over: a change is planned before it is done; what has happened is an unintended change", day);
    return BL_OK;
}

enum bl_status operation_change_before(struct bl_request *r, const struct bl_change *change)
{
    bool unintended = operation_is(change->after, "kind", "unintended");
    if (unintended && bl_text(change->after, "planned_on"))
        return bl_fail(r, BL_UNPROCESSABLE, "not_planned", "/planned_on",
                       "an unintended change was not planned: leave this day out");
    if (unintended && !bl_text(change->after, "happened_on"))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/happened_on", "say when it happened");
    if (!unintended && bl_text(change->after, "happened_on"))
        return bl_fail(r, BL_UNPROCESSABLE, "not_happened", "/happened_on",
                       "a planned change has not happened yet: leave this day out");
    return operation_worse(to_come(r, change), bl_not_future(r, change->after, "happened_on"));
}
