/* What changes without anybody touching a risk or what it is linked to: an acceptance ends, the proof of a control runs out, the
 * method is superseded, an owner leaves. Settled risks are opened again; levels that no longer hold are computed anew. Views do
 * not wait for this: they ask for credit when they are read. */
#include "planning.h"
#include <string.h>

enum { BATCH = 200 }; /* in one go: the next run takes the rest */

static const char over[] = "SELECT id FROM planning.risk_acceptance WHERE tenant_id = $1 AND status = 'approved'"
                           " AND archived_at IS NULL AND until_on < current_date ORDER BY id LIMIT 200";

static const char stale[] =
    "SELECT k.id, k.credited, k.status FROM planning.risk k LEFT JOIN (" PLANNING_CREDITS ") n ON n.risk_id = k.id"
    " WHERE k.tenant_id = $1 AND k.archived_at IS NULL AND k.status <> 'retired'"
    " AND coalesce(k.credited, false) <> coalesce(n.credited, false) ORDER BY k.id LIMIT 200";

#define SETTLED " WHERE k.tenant_id = $1 AND k.archived_at IS NULL AND k.status IN ('accepted', 'treated', 'monitored')"

/* (risk, cause, note) */
static const char causes[] =
    "SELECT k.id, 'method_changed', format('%s has been superseded', m.ref) FROM planning.risk k"
    " JOIN planning.risk_round o ON o.tenant_id = $1 AND o.id = k.round_id"
    " JOIN planning.risk_method m ON m.tenant_id = $1 AND m.id = o.method_id AND m.superseded_at > k.settled_at" SETTLED
    " UNION ALL SELECT k.id, 'owner_left', 'its owner is no longer a member' FROM planning.risk k"
    " JOIN core.membership b ON b.tenant_id = $1 AND b.user_id = k.owner_id AND (b.status = 'ended' OR b.user_status = "
    "'erased')" SETTLED " ORDER BY 1 LIMIT 200";

struct found {
    int expired, recomputed, reopened;
};

static enum bl_status expire(struct bl_request *r, struct found *found)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, over, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++, found->expired++)
        status = bl_transit(r, "planning.risk_acceptances", bl_cell(r, rows, i, 0), "expire", NULL, NULL);
    return status;
}

static enum bl_status refresh(struct bl_request *r, struct found *found)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, stale, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++, found->recomputed++) {
        status = planning_recompute(r, bl_cell(r, rows, i, 0));
        bool had = bl_integer(r, rows, i, 1), settled = planning_is(bl_cell(r, rows, i, 2), "accepted treated monitored");
        if (status == BL_OK && had && settled) {
            status = planning_reopen(r, bl_cell(r, rows, i, 0), "credit_lost", "a control of it no longer counts");
            found->reopened++;
        }
    }
    return status;
}

static enum bl_status reopen(struct bl_request *r, struct found *found)
{
    struct bl_rows *rows;
    const char *last = "";
    enum bl_status status = bl_sql(r, causes, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        const char *risk = bl_cell(r, rows, i, 0);
        if (strcmp(risk, last) == 0)
            continue; /* one cause is enough */
        last = risk;
        status = planning_reopen(r, risk, bl_cell(r, rows, i, 1), bl_cell(r, rows, i, 2));
        found->reopened++;
    }
    return status;
}

static enum bl_status sweep(struct bl_request *r, struct found *found)
{
    enum bl_status status = expire(r, found);
    if (status == BL_OK)
        status = reopen(r, found);
    return status == BL_OK ? refresh(r, found) : status;
}

enum bl_status planning_sweep(struct bl_request *r)
{
    struct found found = {0};
    return sweep(r, &found);
}

/* POST risks:check */
enum bl_status planning_sweep_now(struct bl_request *r)
{
    struct found found = {0};
    enum bl_status status = sweep(r, &found);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_integer(r, "expired", found.expired);
    bl_json_integer(r, "recomputed", found.recomputed);
    bl_json_integer(r, "reopened", found.reopened);
    bl_json_bool(r, "more", found.expired == BATCH || found.recomputed == BATCH || found.reopened >= BATCH);
    bl_json_close(r);
    return BL_OK;
}
