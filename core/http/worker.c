#include "http/worker.h"

#include "audit/routes.h"
#include "base/log.h"
#include "db/db.h"
#include "files/files.h"
#include "http/exports.h"
#include "http/files.h"
#include "http/health.h"
#include "http/pipeline.h"
#include "http/webhooks.h"
#include "tenant/tenant.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static const struct bl_route own_routes[] = {
    {.method = "GET", .path = "/livez", .handler = http_livez, .flags = BL_PUBLIC, .summary = "Does the process answer?"},
    {.method = "GET", .path = "/readyz", .handler = http_readyz, .flags = BL_PUBLIC, .summary = "Can it serve?"},
    {.method = "GET",
     .path = "/metrics",
     .handler = http_metrics_handle,
     .flags = BL_PUBLIC,
     .summary = "Counters for Prometheus, on this machine only",
     .produces = "text/plain"},
    {.method = NULL},
};

static size_t count_routes(const struct bl_route *routes)
{
    size_t n = 0;
    while (routes[n].method != NULL)
        n++;
    return n;
}

static size_t append(struct engine_route *table, size_t at, const struct bl_route *routes, const void *data)
{
    for (; routes->method != NULL; routes++)
        table[at++] = (struct engine_route){
            .method = routes->method,
            .path = routes->path,
            .permission = routes->permission,
            .handler = routes->handler,
            .flags = routes->flags,
            .data = data,
            .own = routes,
        };
    return at;
}

static size_t count_tables(const struct bl_route *const *tables)
{
    size_t n = 0;
    for (; *tables != NULL; tables++)
        n += count_routes(*tables);
    return n;
}

static size_t append_tables(struct engine_route *table, size_t at, const struct bl_route *const *tables, const void *data)
{
    for (; *tables != NULL; tables++)
        at = append(table, at, *tables, data);
    return at;
}

struct http *http_of(const struct config *config, const struct engine *engine, const struct auth *auth,
                     struct engine_route *routes, size_t count, FILE *errors)
{
    for (size_t i = 0; i < count; i++)
        routes[i].holders = tenant_role_holders(routes[i].permission);
    struct http *http = calloc(1, sizeof *http);
    struct http_router *router = http == NULL ? NULL : http_router_new(routes, count, errors);
    if (router != NULL)
        http->files = files_new(config, errors);
    if (router == NULL || http->files == NULL) {
        http_router_free(router);
        free(http);
        free(routes);
        return NULL;
    }
    http->config = config;
    http->engine = engine;
    http->routes = routes;
    http->route_count = count;
    http->router = router;
    http_core_serves(engine == NULL ? NULL : engine_registry(engine));
    http_set_auth(http, auth);
    engine_describe(routes, count);
    return http;
}

struct http *http_new(const struct config *config, const struct engine *engine, const struct auth *auth, FILE *errors)
{
    size_t count, at;
    const struct engine_route *areas = engine_routes(engine, &count);
    size_t files = registry_plugin(engine_registry(engine), plugin_core.name) == NULL ? 0 : http_file_route_count;
    size_t total = count + files + count_tables(auth_routes) + count_tables(tenant_routes) + count_routes(own_routes) +
                   count_routes(audit_routes) + count_routes(http_export_routes) + count_routes(http_webhook_routes);
    struct engine_route *table = calloc(total, sizeof *table);
    if (table == NULL) {
        fputs("no memory for the routes\n", errors);
        return NULL;
    }
    if (count > 0)
        memcpy(table, areas, count * sizeof *table);
    const void *data = engine_data(engine);
    at = append_tables(table, count, auth_routes, data);
    at = append_tables(table, at, tenant_routes, data);
    at = append(table, at, own_routes, data);
    at = append(table, at, audit_routes, data);
    at = append(table, at, http_export_routes, data);
    at = append(table, at, http_webhook_routes, data);
    memcpy(table + at, http_file_routes, files * sizeof *table);
    return http_of(config, engine, auth, table, total, errors);
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    http_router_free(http->router);
    files_free(http->files);
    engine_forget(http->routes);
    free(http->routes);
    free(http->rate_policy);
    free(http);
}

void http_set_auth(struct http *http, const struct auth *auth)
{
    atomic_store(&http->auth, auth);
    auth_use(auth);
}

size_t http_route_count(const struct http *http)
{
    return http->route_count;
}

static void leap(void *worker)
{
    longjmp(((struct http_worker *)worker)->full, 1);
}

struct http_worker *http_worker_new(struct http *http)
{
    struct http_worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->http = http;
    w->arena = arena_new(ARENA_BYTES + (size_t)http->config->body_limit);
    w->db = db_new(http->config->database, http->config->prepared);
    if (w->arena == NULL || w->db == NULL) {
        http_worker_free(w);
        return NULL;
    }
    arena_on_full(w->arena, leap, w);
    http_metrics_attach(http->metrics);
    return w;
}

void http_worker_free(struct http_worker *w)
{
    if (w == NULL)
        return;
    arena_free(w->arena);
    db_free(w->db);
    free(w);
}

static bool serve(struct http_worker *w, const struct http_io *io)
{
    struct http_request *r = w->request = arena_alloc(w->arena, sizeof *r);
    r->base.core = &http_core;
    r->base.now = clock_now();
    r->worker = w;
    r->io = io;
    r->arena = w->arena;
    r->started = clock_monotonic();
    http_pipeline(r);
    return r->whole;
}

/* The answer to a request whose memory is full, made without any. */
static bool answer_full(const struct http_io *io, bool changed)
{
    char answer[640];
    int length = snprintf(answer, sizeof answer,
                          "Status: 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Language: en\r\n"
                          "Cache-Control: no-store\r\nRetry-After: 1\r\n\r\n"
                          "{\"type\":\"urn:ballium:problem:memory_full\",\"title\":\"Not available right now\",\"status\":503,"
                          "\"detail\":\"the request took more memory than one may take: ask for less at once%s\"}",
                          changed ? "; what it changed is changed" : "");
    return io->write(io->self, answer, (size_t)length);
}

void http_worker_reconnect(struct http_worker *w)
{
    struct db *fresh = db_new(w->http->config->database, w->http->config->prepared);
    if (fresh != NULL) {
        db_free(w->db);
        w->db = fresh;
    }
}

static bool give_up(struct http_worker *w, const struct http_io *io)
{
    const struct http_request *r = w->request;
    bool matched = r != NULL && r->match.route != NULL;
    bool answered = r != NULL && r->response.head_sent;
    bool whole = answered ? r->whole : answer_full(io, r != NULL && r->tx.state == TX_COMMITTED && !r->tx.read_only);
    log_write(LOG_ERROR, "memory_full", "%s", matched ? r->match.route->path : "-");
    http_metrics_end(w->http->metrics, matched ? r->match.index : SIZE_MAX, 503, r == NULL ? 0 : clock_monotonic() - r->started);
    http_worker_reconnect(w);
    return whole;
}

static bool serve_or_give_up(struct http_worker *w, const struct http_io *io)
{
    if (setjmp(w->full) != 0)
        return give_up(w, io);
    return serve(w, io);
}

bool http_handle(struct http_worker *w, const struct http_io *io)
{
    http_metrics_begin(w->http->metrics);
    bool whole = serve_or_give_up(w, io);
    log_request(NULL, NULL);
    w->request = NULL;
    arena_reset(w->arena);
    return whole;
}
