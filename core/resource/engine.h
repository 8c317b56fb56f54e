/* The resource engine: routes, validation, SQL, documents, all from the descriptors. It answers through <ballium/core.h> alone,
 * so that it runs under a fake core in a unit test. */
#ifndef RESOURCE_ENGINE_H
#define RESOURCE_ENGINE_H

#include "plugin/registry.h"

struct engine; /* compiled from a registry: one plan per resource, its SQL built once. Read-only after engine_new. */

/* Beside enum bl_route_flag, for the core's own routes: the transaction is that of ballium_portfolio, which reads the
 * organisations that core.enter_portfolio lists, and writes nothing. A BL_PORTFOLIO route of a plugin's has both flags. */
enum {
    ENGINE_PORTFOLIO = 1 << 16,
    ENGINE_FEED = 1 << 17, /* query parameter `token`, the token of a calendar feed, may stand for a bearer token */
};

/* One mounted route: what the router, the metrics and the OpenAPI document need. */
struct engine_route {
    const char *method;
    const char *path;       /* whole template: "/api/v1/orgs/{org}/context/issues/{id}:archive" */
    const char *permission; /* NULL: any member (tenant routes) or no check (others) */
    const char *holders;    /* the built-in roles that hold it: tenant_role_holders */
    bl_handler handler;
    unsigned flags;    /* enum bl_route_flag */
    size_t body_limit; /* 0: the configured one */
    const struct bl_resource *resource;
    const void *data;           /* becomes bl_request.data, on plugins' own routes too */
    const struct bl_route *own; /* the plugin's (or core's) own route, for its schemas; NULL on engine routes */
    bool checks_query;          /* the handler itself refuses unknown query parameters; else only own->query are allowed */
    const struct bl_plugin *plugin;
    const char *produces; /* list of media types, first is the default; NULL: own->produces, else application/json. http picks one
                           * by Accept (or answers 406); bl_accepts says which */
    bool streams;         /* the handler itself reads the body, piece by piece, and takes the Idempotency-Key when it has it */
};

struct engine *engine_new(const struct registry *, FILE *errors); /* NULL: printed. Free: engine_free. */
void engine_free(struct engine *);
const struct registry *engine_registry(const struct engine *);

/* Every route of every resource and plugin, and the engine's tenant-wide ones (calendar, meta, search, openapi). */
const struct engine_route *engine_routes(const struct engine *, size_t *count);

/* What the OpenAPI document shows: every mounted route, the engine's and the core's own (borrowed). Call it before the first
 * request. engine_forget: these routes are going away; it does nothing when others are described by now (a reload makes the new
 * ones before it drops the old). */
void engine_describe(const struct engine_route *routes, size_t count);
void engine_forget(const struct engine_route *routes);

/* The engine behind bl_core.create, .update, .transit, .link, .there (the core's table points here). */
enum bl_status engine_create(struct bl_request *, const char *resource, json_t *body, json_t **out);
enum bl_status engine_update(struct bl_request *, const char *resource, const char *id, json_t *patch, json_t **out);
enum bl_status engine_transit(struct bl_request *, const char *resource, const char *id, const char *transition, json_t *input,
                              json_t **out);
enum bl_status engine_link(struct bl_request *, const char *resource, const char *id, const char *relation, const char *to_id);
enum bl_status engine_there(struct bl_request *, const char *resource, const char *id, const char *pointer);

/* Behind bl_core.enqueue, .send and .signals. */
enum bl_status engine_enqueue(struct bl_request *, const char *kind, const json_t *input, bool client, const char *scope,
                              const char **id); /* `client`, `scope`: how the caller came in */
enum bl_status engine_send(struct bl_request *, const char *to_tenant, const char *kind, const json_t *message);
enum bl_status engine_signals(struct bl_request *, json_t **out);

/* What is due for a person in the next days or overdue, soonest first, of what the caller may read. The transaction stays open.
 */
struct engine_due {
    const char *day, *label, *ref, *title, *path; /* in the request's memory; `path` of the record below base_url */
    const char *resource, *id;                    /* "planning.risks" */
    bool overdue;
};
BL_MUST_CHECK enum bl_status engine_due(struct bl_request *, const struct engine *, const char *owner, int days_ahead,
                                        struct engine_due **, size_t *count);

/* A report by its whole name, "planning.soa"; NULL: not loaded. */
const struct bl_report *engine_report(const struct engine *, const char *name);

/* bl_request.data of a request that no route made (`ballium work`). */
const void *engine_data(const struct engine *);

/* A record of a BL_UPLOADED resource, by the core itself, which has asked for the permission. `server` holds its BL_SERVER
 * fields; its `out` (may be NULL) the record. `answer`: 201 with it. */
enum bl_status engine_put(struct bl_request *, const struct engine *, const char *resource, const json_t *body,
                          const json_t *server, json_t **out, bool answer);

/* Words for a failed statement: constraint names become pointers (23503, 23505, 23514), core.* errors (BLnnn) keep their text.
 * Returns the status it failed the request with. Used by http for every database error. */
struct db_error;
enum bl_status engine_explain(struct bl_request *, const struct engine *, const struct db_error *);

#endif
