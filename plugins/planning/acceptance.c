/* Accepting a risk, or what is left of it (6.1.3 f): asked for by one, answered by those who may bear it. */
#include "planning.h"
#include <stdio.h>
#include <string.h>

const struct bl_field planning_acceptance_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What is accepted",
     .min = 1,
     .max = 200,
     .example = "Laptops without remote wiping until the new ones come"},
    {.name = "risk_id",
     .type = BL_REF,
     .ref = "planning.risks",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Risk",
     .help = "The risk that is accepted."},
    {.name = "stage",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Stage",
     .help = "The risk as it is, or what is left after its treatment.",
     .initial = "current",
     .values = "current residual"},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Reason",
     .help = "Why it is better to bear it than to act.",
     .min = 1,
     .max = 5000,
     .example = "The new machines arrive in spring; until then nobody takes drawings home."},
    {.name = "until_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Until",
     .help = "The last day on which it holds. Needed above the acceptable level. After it the risk is opened again.",
     .example = "2027-03-01"},
    {.name = "level", .type = BL_INT, .flags = BL_SERVER | BL_FILTER, .label = "Level", .help = "Of the risk when it was asked."},
    {.name = "rank",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Needs the rank",
     .help = "From the method: who may accept this level.",
     .values = "risk_owner top_management organisation_owner"},
    {.name = "above", .type = BL_BOOL, .flags = BL_SERVER | BL_FILTER, .label = "Above the acceptable level"},
    {.name = "signed_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Signed by the owner at"},
    {.name = "signed_by_id", .type = BL_REF, .ref = "core.member", .flags = BL_SERVER, .label = "Signed by"},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at"},
    {.name = "approved_by_id", .type = BL_REF, .ref = "core.member", .flags = BL_SERVER, .label = "Approved by"},
    {0},
};

const struct bl_state planning_acceptance_states[] = {
    {.name = "requested",
     .label = "Requested",
     .help = "Waits for the owner, and for the rank of its level.",
     .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "It holds until its end.", .flags = BL_FROZEN},
    {.name = "rejected", .label = "Rejected", .help = "It was refused.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "expired", .label = "Expired", .help = "Its end has passed.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "revoked", .label = "Revoked", .help = "It was taken back.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* What the request is about, as it stands now. The risk's row stays locked: it is not rated anew meanwhile. */
struct matter {
    int level, acceptable, max_days; /* level -1: not rated */
    enum planning_rank rank;
    const char *owner, *status;
};

static enum bl_status read_matter(struct bl_request *r, const json_t *acceptance, struct matter *out)
{
    static const char sql[] = "SELECT counted_level, residual_level, owner_id, status, round_id FROM planning.risk"
                              " WHERE tenant_id = $1 AND id = $2::uuid FOR NO KEY UPDATE";
    const char *risk = bl_text(acceptance, "risk_id"), *round_status;
    struct planning_method method;
    struct bl_rows *rows;
    *out = (struct matter){.level = -1};
    enum bl_status status = bl_sql(r, sql, &risk, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status; /* the foreign key says it */
    status = planning_method_of(r, bl_cell(r, rows, 0, 4), &method, &round_status);
    int column = strcmp(bl_text(acceptance, "stage"), "residual") == 0;
    if (bl_cell(r, rows, 0, column))
        out->level = (int)bl_integer(r, rows, 0, column);
    if (out->level >= 0 && out->level < method.levels) {
        out->rank = method.rank[out->level];
        out->max_days = method.max_days[out->level];
    }
    out->acceptable = method.accept_up_to;
    out->owner = bl_cell(r, rows, 0, 2);
    out->status = bl_cell(r, rows, 0, 3);
    return status;
}

static enum bl_status check_end(struct bl_request *r, const json_t *acceptance, const struct matter *m)
{
    const char *until = bl_text(acceptance, "until_on");
    char today[11], latest[11];
    bl_day(r->now, today);
    bl_day(r->now + (int64_t)m->max_days * 86400 * 1000000, latest);
    if (until && strcmp(until, today) < 0)
        return bl_fail(r, BL_UNPROCESSABLE, "in_the_past", "/until_on", "%s is over: give a day to come", until);
    if (m->level < 0)
        return BL_OK;
    if (!until && m->level > m->acceptable)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/until_on",
                       "the risk is above the acceptable level: it can be accepted for a time only");
    if (until && m->max_days && strcmp(until, latest) > 0)
        return bl_fail(r, BL_UNPROCESSABLE, "too_long", "/until_on",
                       "a risk of this level can be accepted for %d days: until %s at the latest", m->max_days, latest);
    return BL_OK;
}

enum bl_status planning_acceptance_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const ranks[] = {"risk_owner", "top_management", "organisation_owner"};
    struct matter m;
    enum bl_status status = read_matter(r, change->after, &m);
    if (status == BL_OK)
        status = check_end(r, change->after, &m);
    if (status || m.level < 0)
        return status;
    json_object_set_new(change->after, "level", json_integer(m.level));
    json_object_set_new(change->after, "rank", json_string(ranks[m.rank]));
    json_object_set_new(change->after, "above", json_boolean(m.level > m.acceptable));
    json_object_set_new(change->after, "signed_at", json_null()); /* what was signed has changed */
    json_object_set_new(change->after, "signed_by_id", json_null());
    return BL_OK;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static enum bl_status check_level(struct bl_request *r, const struct bl_change *change, const struct matter *m)
{
    if (m->level < 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_rated", "/risk_id", "the risk is not rated at this stage yet");
    if (m->level != planning_int(change->before, "level"))
        return bl_fail(r, BL_CONFLICT, "level_changed", "/level",
                       "the level has changed since this was asked: look at it again, then send the request anew (PATCH)");
    return check_end(r, change->before, m);
}

static enum bl_status sign(struct bl_request *r, const struct bl_change *change)
{
    struct matter m;
    enum bl_status status = read_matter(r, change->before, &m);
    if (status == BL_OK)
        status = check_level(r, change, &m);
    if (status == BL_OK && !same(r->actor, m.owner))
        status = bl_fail(r, BL_FORBIDDEN, "not_the_owner", NULL, "only the owner of the risk signs for it");
    return status;
}

/* Has the caller this rank, or a higher one? */
static enum bl_status check_rank(struct bl_request *r, const struct matter *m)
{
    static const char sql[] = "SELECT FROM core.member WHERE tenant_id = $1 AND id = $2::uuid AND status = 'active'"
                              " AND roles && CASE $3 WHEN 'top_management' THEN ARRAY['top_management', 'owner']"
                              " ELSE ARRAY['owner'] END";
    const char *args[] = {r->actor, m->rank == PLANNING_TOP_MANAGEMENT ? "top_management" : "owner"};
    struct bl_rows *rows;
    if (m->rank == PLANNING_RISK_OWNER)
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_FORBIDDEN, "rank_too_low", NULL, "a risk of this level is accepted by %s",
                       m->rank == PLANNING_TOP_MANAGEMENT ? "top management" : "the owner of the organisation");
    return status;
}

static enum bl_status approve(struct bl_request *r, const struct bl_change *change)
{
    struct matter m;
    enum bl_status status = read_matter(r, change->before, &m);
    if (status == BL_OK)
        status = check_level(r, change, &m);
    if (status)
        return status;
    bool owner = same(r->actor, m.owner), within = m.level <= m.acceptable;
    if (same(r->actor, bl_text(change->before, "created_by")) && !(owner && within))
        return bl_fail(r, BL_FORBIDDEN, "separation_of_duties", NULL, "who asked for the acceptance does not approve it");
    if (!owner && !same(bl_text(change->before, "signed_by_id"), m.owner))
        return bl_fail(r, BL_CONFLICT, "not_signed", NULL, "the owner of the risk has not signed it yet");
    return check_rank(r, &m);
}

static enum bl_status accept_risk(struct bl_request *r, const struct bl_change *change)
{
    struct matter m;
    enum bl_status status = read_matter(r, change->after, &m);
    if (status || strcmp(bl_text(change->after, "stage"), "current") != 0 || !same(m.status, "evaluated"))
        return status;
    return bl_transit(r, "planning.risks", bl_text(change->after, "risk_id"), "accept", NULL, NULL);
}

/* The risk stood on this acceptance unless another one holds too. */
static enum bl_status let_go(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT FROM planning.risk k WHERE k.tenant_id = $1 AND k.id = $2::uuid"
        " AND (k.reopened_at IS NULL OR k.reopened_at < $3::timestamptz)"
        " AND k.status = ANY (CASE $4 WHEN 'current' THEN ARRAY['accepted'] ELSE ARRAY['treated', 'monitored'] END)"
        " AND NOT EXISTS (SELECT FROM planning.risk_acceptance a WHERE a.tenant_id = $1 AND a.risk_id = k.id AND a.stage = $4"
        " AND a.status = 'approved' AND a.archived_at IS NULL AND (a.until_on IS NULL OR a.until_on >= current_date)"
        " AND a.approved_at > coalesce(k.reopened_at, '-infinity')"
        " AND a.level >= CASE $4 WHEN 'current' THEN k.counted_level ELSE k.residual_level END)";
    const char *args[] = {bl_text(change->after, "risk_id"), bl_text(change->after, "approved_at"),
                          bl_text(change->after, "stage")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, 3, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status;
    return planning_reopen(r, args[0], "acceptance_ended",
                           planning_print(r, "%s has been %s", bl_text(change->after, "ref"), bl_text(change->after, "status")));
}

static const char ended[] = "SELECT '/until_on', 'not_over', 'its last day is not over' FROM planning.risk_acceptance"
                            " WHERE tenant_id = $1 AND id = $2 AND (until_on IS NULL OR until_on >= current_date)";

const struct bl_transition planning_acceptance_transitions[] = {
    {.name = "sign",
     .from = "requested",
     .permission = "accept",
     .sets = "signed_at=now signed_by_id=actor",
     .rule = sign,
     .label = "Sign as the owner",
     .help = "The owner of the risk stands behind it. Above the acceptable level the rank approves after that."},
    {.name = "approve",
     .from = "requested",
     .to = "approved",
     .permission = "accept",
     .sets = "approved_at=now approved_by_id=actor",
     .rule = approve,
     .after = accept_risk,
     .label = "Approve",
     .help = "By the rank for the level; within the acceptable level by the owner. A risk that waits for it is accepted."},
    {.name = "reject",
     .from = "requested",
     .to = "rejected",
     .permission = "accept",
     .flags = BL_REASON,
     .label = "Reject",
     .help = "Say why it shall not be borne."},
    {.name = "revoke",
     .from = "approved",
     .to = "revoked",
     .flags = BL_REASON,
     .after = let_go,
     .label = "Revoke",
     .help = "Say why it no longer holds. The risk that stood on it is opened again."},
    {.name = "expire",
     .from = "approved",
     .to = "expired",
     .guard = ended,
     .after = let_go,
     .label = "Expire",
     .help = "Happens by itself when its last day is over. The risk that stood on it is opened again."},
    {0},
};
