#include "http/act.h"

#include "base/log.h"
#include "db/db.h"
#include "http/problem.h"
#include "http/transaction.h"

#include <string.h>

/* The first thing that was told; what is our own fault stands in the log. */
static void explain(const struct http_request *r, enum bl_status status, char *out, size_t room)
{
    const struct http_entry *first = r->problem.count > 0 ? &r->problem.entries[0] : NULL;
    for (size_t i = 0; i < r->problem.count; i++)
        if (r->problem.entries[i].status == status) {
            first = &r->problem.entries[i];
            break;
        }
    if (status == BL_INTERNAL || first == NULL)
        snprintf(out, room, "internal: something broke on our side; the log has it under %s", r->id);
    else
        snprintf(out, room, "%s: %s%s%s", first->code, first->pointer ? first->pointer : "", first->pointer ? ": " : "",
                 first->detail);
}

/* RESET ROLE, the last statement as the worker, COMMIT: one flush. */
static enum bl_status settle(struct http_request *r, struct http_act *act)
{
    struct db *db = r->worker->db;
    struct bl_rows *rows[3];
    int count = 0;
    const char *const *args = act->last && act->last_args ? act->last_args(act->arg, &count) : NULL;
    if (act->last == NULL)
        return http_settle(r, BL_OK);
    db_queue(db, "RESET ROLE", NULL, 0);
    db_queue(db, act->last, args, count);
    db_queue(db, "COMMIT", NULL, 0);
    enum bl_status status = db_flush(db, r->arena, rows);
    if (status == BL_OK)
        r->tx.state = TX_COMMITTED;
    else
        (void)bl_fail(&r->base, status, "commit", NULL, "the end of the work was not written: %s", db_error(db)->message);
    return status;
}

static enum bl_status perform(struct http_request *r, struct http_act *act)
{
    struct bl_rows *none[1];
    enum bl_status status = http_run(r, NULL, 0, false, none); /* enters, so that `last` finds a transaction in any case */
    if (status == BL_OK)
        status = act->run(&r->base, act->arg);
    if (status == BL_OK && r->tx.state == TX_FAILED)
        status = r->tx.failed;
    if (status == BL_OK)
        status = settle(r, act);
    if (status != BL_OK) {
        db_rollback(r->worker->db);
        r->tx.state = TX_FAILED;
    }
    return status;
}

static const struct engine_route no_route = {.method = "POST", .path = "work", .flags = BL_WRITE};

static struct http_request *start(struct http_worker *w, struct http_act *act)
{
    struct http_request *r = w->request = arena_alloc(w->arena, sizeof *r);
    r->base.core = &http_core;
    r->base.now = clock_now();
    r->base.method = "POST";
    r->base.path = act->what;
    r->base.tenant = act->tenant;
    r->base.org = act->slug;
    r->base.actor = act->actor ? act->actor : BL_SERVICE;
    r->base.data = engine_data(w->http->engine);
    r->match.route = &no_route;
    r->body = (struct http_body){.read = true, .status = BL_BAD_REQUEST};
    r->worker = w;
    r->arena = w->arena;
    r->act = act;
    r->caller.client = act->client;
    r->scope = act->scope;
    r->started = clock_monotonic();
    http_request_id(NULL, r->id);
    memcpy(r->trace, r->id, sizeof r->trace);
    r->base.id = r->id;
    log_request(r->id, r->trace);
    return r;
}

static enum bl_status act_or_give_up(struct http_worker *w, struct http_act *act)
{
    if (setjmp(w->full) != 0) {
        snprintf(act->problem, sizeof act->problem, "memory_full: the work took more memory than it may");
        http_worker_reconnect(w);
        return BL_UNPROCESSABLE; /* it would be the same the next time */
    }
    struct http_request *r = start(w, act);
    enum bl_status status = perform(r, act);
    if (status != BL_OK) {
        explain(r, status, act->problem, sizeof act->problem);
        http_problem_log(r);
    }
    return status;
}

enum bl_status http_act(struct http_worker *w, struct http_act *act)
{
    act->problem[0] = '\0';
    enum bl_status status = act_or_give_up(w, act);
    log_request(NULL, NULL);
    w->request = NULL;
    arena_reset(w->arena);
    return status;
}
