#include "http/transaction.h"

#include "base/aside.h"
#include "base/buf.h"
#include "base/log.h"
#include "db/db.h"
#include "http/act.h"
#include "http/idempotency.h"
#include "http/problem.h"
#include "http/response.h"
#include "http/worker.h"
#include "tenant/tenant.h"

#include <string.h>

enum { QUEUE = 6 }; /* BEGIN, enter, two statements, COMMIT, and one to spare */

#define ENTER "SELECT core.enter($1::uuid, $2::uuid, $3, $4::text[])"
#define ENTER_CLIENT "SELECT core.enter_client($1::uuid, $2::uuid, $3, $4)"
#define TO_READ ", set_config('transaction_read_only', 'on', true)"

enum bl_status http_no_organisation(struct http_request *r)
{
    return bl_fail(&r->base, BL_NOT_FOUND, "no_such_organisation", NULL,
                   "there is no such organisation, or you are not a member of it");
}

static enum bl_status unavailable(struct http_request *r, const char *code, const char *detail)
{
    const struct db_error *e = db_error(r->worker->db);
    log_pairs(LOG_WARN, "db_error", (const char *const[]){"code", code, "sqlstate", e->state, "message", e->message, NULL});
    http_set_header(r, "Retry-After", "1");
    return bl_fail(&r->base, BL_UNAVAILABLE, code, NULL, "%s", detail);
}

enum bl_status http_database_ready(struct http_request *r)
{
    struct http_worker *w = r->worker;
    if (r->tx.ready)
        return BL_OK;
    bool connected = db_connected(w->db);
    if (db_ready(w->db) != BL_OK) {
        http_metrics_count(w->http->metrics, METRIC_DATABASE_ERRORS);
        return unavailable(r, "database_unavailable", "the database cannot be reached right now: try again in a moment");
    }
    if (!connected)
        http_metrics_count(w->http->metrics, METRIC_DATABASE_CONNECTS);
    r->tx.ready = true;
    return BL_OK;
}

/* The connection went away. Only a COMMIT that was under way leaves a doubt. */
static enum bl_status lost(struct http_request *r, bool commit)
{
    if (commit && !r->tx.read_only)
        return unavailable(
            r, "outcome_unknown",
            "the database went away while the change was being committed: it may or may not have been made; look it "
            "up, or repeat the request with the same Idempotency-Key");
    return unavailable(r, "database_lost", "the database went away and nothing was changed: try again in a moment");
}

/* What core.enter refused. Nothing that was told before may show: it would tell that the organisation exists. */
static enum bl_status refused(struct http_request *r, const struct db_error *e)
{
    http_problem_clear(r);
    if (strcmp(e->state, "BL403") == 0)
        return bl_fail(&r->base, BL_FORBIDDEN, "forbidden", NULL, "%s", e->message);
    return http_no_organisation(r);
}

static bool state_is(const struct db_error *e, const char *states)
{
    return e->state[0] != '\0' && strstr(states, e->state) != NULL;
}

static enum bl_status explain(struct http_request *r, bool entering, bool commit)
{
    const struct db_error *e = db_error(r->worker->db);
    if (entering && e->index == r->tx.enter && state_is(e, "BL403 BL404"))
        return refused(r, e);
    if (state_is(e, "57P01 57P02 57P03") || strncmp(e->state, "08", 2) == 0)
        return lost(r, commit);
    if (state_is(e, "57014 55P03"))
        return unavailable(r, "timeout", "the database took too long and nothing was changed: try again in a moment");
    if (strncmp(e->state, "53", 2) == 0)
        return unavailable(r, "database_full",
                           "the database is out of room or connections and nothing was changed: try again later");
    if (state_is(e, "40001 40P01")) {
        http_set_header(r, "Retry-After", "1");
        return bl_fail(&r->base, BL_CONFLICT, "try_again", NULL,
                       "another request changed the same records at the same moment, and this one changed nothing: try again");
    }
    if (state_is(e, "25006"))
        return bl_fail(&r->base, BL_INTERNAL, "read_only", NULL, "a statement of a read-only route writes: %s", e->message);
    return engine_explain(&r->base, r->worker->http->engine, e);
}

/* The transaction is over and has failed: tells why. */
static enum bl_status fail(struct http_request *r, enum bl_status flushed, bool entering, bool commit)
{
    http_metrics_count(r->worker->http->metrics, METRIC_DATABASE_ERRORS);
    r->tx.failed = flushed == BL_UNAVAILABLE ? lost(r, commit) : explain(r, entering, commit);
    r->tx.state = TX_FAILED;
    db_rollback(r->worker->db);
    return r->tx.failed;
}

static void queue(struct http_request *r, const struct http_statement *s)
{
    struct db *db = r->worker->db;
    const char *first = r->base.tenant != NULL ? r->base.tenant : r->tx.organisations;
    if (first == NULL) {
        db_queue(db, s->sql, s->args, s->nargs);
        return;
    }
    const char **args = arena_alloc(r->arena, ((size_t)s->nargs + 1) * sizeof *args);
    args[0] = first;
    if (s->nargs > 0)
        memcpy(args + 1, s->args, (size_t)s->nargs * sizeof *args);
    db_queue(db, s->sql, args, s->nargs + 1);
}

static bool reads_only(const struct http_request *r)
{
    return !r->tx.apart && strcmp(r->base.method, "GET") == 0 && (r->match.route->flags & BL_WRITE) == 0;
}

static void queue_enter(struct http_request *r, bool alone)
{
    const struct engine_route *route = r->match.route;
    const char *const args[] = {r->base.actor, r->base.tenant, route->permission, r->caller.client ? r->scope : route->holders};
    if (r->caller.client)
        db_queue(r->worker->db, alone ? ENTER_CLIENT TO_READ : ENTER_CLIENT, args, 4);
    else
        db_queue(r->worker->db, alone ? ENTER TO_READ : ENTER, args, 4);
}

/* `ballium work` has a role of its own. It enters as the service, or goes on as the serving role and enters as the person. */
static size_t queue_enter_act(struct http_request *r)
{
    struct db *db = r->worker->db;
    static const char become[] = "SET LOCAL ROLE ballium_app";
    if (r->act->actor == NULL) {
        db_queue(db, "SELECT core.enter_service($1::uuid)", (const char *const[]){r->base.tenant}, 1);
        db_queue(db, become, NULL, 0);
        r->tx.enter = 1;
    } else {
        db_queue(db, become, NULL, 0);
        queue_enter(r, false);
        r->tx.enter = 2;
    }
    return 3;
}

/* Queues BEGIN and what enters; returns how many that is. A read that is whole in this flush needs no BEGIN and no COMMIT: what
 * stands before one Sync is a transaction (PostgreSQL's protocol, "Pipelining"). That saves a twentieth of a read. */
static size_t queue_begin(struct http_request *r, bool whole)
{
    struct db *db = r->worker->db;
    r->tx.read_only = reads_only(r);
    r->tx.alone = whole && r->tx.read_only && r->base.tenant != NULL && r->act == NULL;
    if (r->tx.alone) {
        queue_enter(r, true);
        r->tx.enter = 0;
        return 1;
    }
    db_queue(db, r->tx.read_only ? "BEGIN READ ONLY" : "BEGIN", NULL, 0);
    if (r->base.tenant == NULL && (r->match.route->flags & ENGINE_PORTFOLIO) != 0) {
        db_queue(db, "SET LOCAL ROLE ballium_portfolio", NULL, 0); /* the handler's first statement is core.enter_portfolio */
        return 2;
    }
    if (r->base.tenant == NULL)
        return 1;
    if (r->act != NULL)
        return queue_enter_act(r);
    queue_enter(r, false);
    r->tx.enter = 1;
    return 2;
}

static bool portfolio_view(const struct http_request *r)
{
    return r->base.tenant == NULL && (r->match.route->flags & BL_PORTFOLIO) != 0;
}

/* A flush of its own: which organisations a plugin's view may read follows from what the caller holds in each. */
static enum bl_status enter_portfolio(struct http_request *r)
{
    struct bl_rows *all[QUEUE] = {NULL};
    const char *comma = "", *args[] = {r->base.actor};
    size_t last = queue_begin(r, false);
    db_queue(r->worker->db, "SELECT id, slug, name, held FROM core.enter_portfolio($1::uuid)", args, 1);
    enum bl_status flushed = db_flush(r->worker->db, r->arena, all);
    if (flushed != BL_OK)
        return fail(r, flushed, false, false);
    struct buf list = buf_new(r->arena, 256);
    buf_text(&list, "{");
    for (int i = 0; i < db_count(all[last]); i++) {
        if (!tenant_role_may(db_cell(all[last], i, 3), r->match.route->permission))
            continue;
        buf_format(&list, "%s%s", comma, db_cell(all[last], i, 0));
        comma = ",";
    }
    buf_text(&list, "}");
    r->tx.state = TX_OPEN;
    r->tx.portfolio = all[last];
    r->tx.organisations = list.data;
    return BL_OK;
}

bool http_organisation(const struct http_request *r, const char *id, const char **slug, const char **name)
{
    for (int i = 0; r->tx.portfolio != NULL && i < db_count(r->tx.portfolio); i++) {
        if (strcmp(db_cell(r->tx.portfolio, i, 0), id) != 0 || strstr(r->tx.organisations, id) == NULL)
            continue;
        if (slug != NULL)
            *slug = db_cell(r->tx.portfolio, i, 1);
        if (name != NULL)
            *name = db_cell(r->tx.portfolio, i, 2);
        return true;
    }
    return false;
}

enum bl_status http_run(struct http_request *r, const struct http_statement *statements, size_t count, bool commit,
                        struct bl_rows **rows)
{
    struct bl_rows *all[QUEUE] = {NULL};
    size_t before = 0;
    if (r->tx.state == TX_NONE) {
        enum bl_status ready = http_database_ready(r);
        if (ready == BL_OK && portfolio_view(r))
            ready = enter_portfolio(r);
        else if (ready == BL_OK)
            before = queue_begin(r, commit);
        if (ready != BL_OK)
            return ready;
    }
    for (size_t i = 0; i < count; i++)
        queue(r, &statements[i]);
    if (commit && !r->tx.alone)
        db_queue(r->worker->db, "COMMIT", NULL, 0);
    bool entering = before > 0 && r->base.tenant != NULL;
    enum bl_status flushed = db_flush(r->worker->db, r->arena, all);
    if (flushed != BL_OK)
        return fail(r, flushed, entering, commit);
    r->tx.state = commit ? TX_COMMITTED : TX_OPEN;
    if (entering)
        r->tx.roles = db_cell(all[r->tx.enter], 0, 0);
    for (size_t i = 0; i < count; i++)
        rows[i] = all[before + i];
    return BL_OK;
}

enum bl_status http_admit(struct http_request *r, const struct http_statement *statement, struct bl_rows **rows)
{
    enum bl_status status = http_run(r, statement, 1, true, rows);
    if (status == BL_OK)
        r->tx.state = TX_NONE;
    aside();
    return status;
}

enum bl_status http_sql(struct http_request *r, const char *sql, const char *const *args, int nargs, unsigned flags,
                        struct bl_rows **out)
{
    struct bl_rows *rows = NULL;
    if (out != NULL)
        *out = NULL;
    if (r->tx.state == TX_FAILED)
        return r->tx.failed;
    if (r->tx.state == TX_COMMITTED)
        return bl_fail(&r->base, BL_INTERNAL, "after_final", NULL, "a statement came after the one marked BL_FINAL");
    if (r->response.gone) /* nobody listens to the stream any more: do not read on for it */
        return bl_fail(&r->base, BL_UNAVAILABLE, "gone", NULL, "the client has gone");
    struct bl_rows *none[1];
    const struct http_statement statement = {.sql = sql, .args = args, .nargs = nargs};
    bool commit = (flags & BL_FINAL) != 0 && !r->key_taken;
    if ((flags & BL_APART) != 0 && r->tx.state == TX_OPEN) { /* it has read what the filters ask */
        enum bl_status read = http_run(r, NULL, 0, true, none);
        if (read != BL_OK)
            return read;
        r->tx.state = TX_NONE;
    }
    r->tx.apart = (flags & BL_APART) != 0;
    enum bl_status status = r->tx.apart ? http_admit(r, &statement, &rows) : http_run(r, &statement, 1, commit, &rows);
    r->tx.apart = false;
    if (status == BL_OK && out != NULL)
        *out = rows;
    return status;
}

bool http_may(struct http_request *r, const char *permission)
{
    struct bl_rows *none[1];
    if (r->base.tenant != NULL && r->tx.state == TX_NONE && http_run(r, NULL, 0, false, none) != BL_OK)
        return false;
    if (r->act != NULL && r->act->actor == NULL)
        return true; /* the service itself */
    if (r->door != NULL)
        return strcmp(r->door, permission) == 0;
    return r->tx.roles != NULL && tenant_role_may(r->tx.roles, permission);
}

enum bl_status http_settle(struct http_request *r, enum bl_status status)
{
    struct bl_rows *none[1];
    if (status == BL_OK && r->response.bad)
        status = BL_INTERNAL;
    if (r->tx.state == TX_NONE && r->base.tenant != NULL) {
        /* nothing was asked of the database: ask core.enter whether the caller may be here at all */
        enum bl_status entered = http_run(r, NULL, 0, true, none);
        return entered == BL_OK ? status : entered;
    }
    if (r->tx.state == TX_FAILED)
        return status == BL_OK ? r->tx.failed : status;
    if (r->tx.state != TX_OPEN)
        return status;
    if (status != BL_OK) {
        db_rollback(r->worker->db);
        r->tx.state = TX_FAILED;
        return r->tx.failed = status;
    }
    return r->key_taken ? http_idempotency_keep(r) : http_run(r, NULL, 0, true, none);
}
