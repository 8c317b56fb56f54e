/* bl_core as http serves it: each member is a line over what the layers do. */
#include "base/qr.h"
#include "db/db.h"
#include "http/act.h"
#include "http/door.h"
#include "http/problem.h"
#include "http/response.h"
#include "http/transaction.h"
#include "http/worker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void *core_alloc(struct bl_request *r, size_t n)
{
    return arena_alloc(http_request_of(r)->arena, n);
}

static void core_defer(struct bl_request *r, void (*fn)(void *), void *arg)
{
    arena_defer(http_request_of(r)->arena, fn, arg);
}

/* Path parameters, and "remote_addr": the caller's address as nginx saw it. */
static const char *core_param(struct bl_request *base, const char *name)
{
    const struct http_request *r = http_request_of(base);
    for (size_t i = 0; i < r->match.count; i++)
        if (strcmp(r->match.names[i], name) == 0)
            return r->match.values[i];
    return strcmp(name, "remote_addr") == 0 ? http_params_find(&r->params, "REMOTE_ADDR") : NULL;
}

static const char *core_query(struct bl_request *r, const char *name)
{
    return http_query_find(&http_request_of(r)->query, name);
}

static const char *core_query_at(struct bl_request *r, size_t i, const char **value)
{
    const struct http_query *q = &http_request_of(r)->query;
    if (i >= q->count)
        return NULL;
    *value = q->pairs[i].value;
    return q->pairs[i].name;
}

static const char *core_header(struct bl_request *r, const char *name)
{
    return http_params_header(&http_request_of(r)->params, name);
}

static enum bl_status core_body(struct bl_request *r, json_t **out)
{
    return http_body_json(http_request_of(r), out);
}

static enum bl_status core_text(struct bl_request *r, const char **out, size_t *length)
{
    return http_body_text(http_request_of(r), out, length);
}

static const char *core_accepts(struct bl_request *r)
{
    return http_request_of(r)->media_type;
}

static bool core_may(struct bl_request *r, const char *permission)
{
    return http_may(http_request_of(r), permission);
}

static enum bl_status core_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs, unsigned flags,
                               struct bl_rows **out)
{
    return http_sql(http_request_of(r), sql, args, nargs, flags, out);
}

static void core_respond(struct bl_request *r, int status, const char *media_type)
{
    http_respond(http_request_of(r), status, media_type);
}

static void core_set_header(struct bl_request *r, const char *name, const char *value)
{
    http_set_header(http_request_of(r), name, value);
}

static void core_write(struct bl_request *r, const char *bytes, size_t length)
{
    http_write(http_request_of(r), bytes, length);
}

static void core_json_open(struct bl_request *base, const char *name, char bracket)
{
    struct http_request *r = http_request_of(base);
    json_open(http_json(r), name, bracket);
    http_json_moved(r);
}

static void core_json_close(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    json_end(http_json(r));
    http_json_moved(r);
}

static void core_json_text(struct bl_request *base, const char *name, const char *value)
{
    struct http_request *r = http_request_of(base);
    json_put_text(http_json(r), name, value);
    http_json_moved(r);
}

static void core_json_integer(struct bl_request *base, const char *name, int64_t value)
{
    struct http_request *r = http_request_of(base);
    json_put_integer(http_json(r), name, value);
    http_json_moved(r);
}

static void core_json_bool(struct bl_request *base, const char *name, bool value)
{
    struct http_request *r = http_request_of(base);
    json_put_bool(http_json(r), name, value);
    http_json_moved(r);
}

static void core_json_raw(struct bl_request *base, const char *name, const char *json)
{
    struct http_request *r = http_request_of(base);
    json_put_raw(http_json(r), name, json);
    http_json_moved(r);
}

static void core_json_cell(struct bl_request *base, const char *name, const struct bl_rows *rows, int row, int column)
{
    struct http_request *r = http_request_of(base);
    db_json(http_json(r), name, rows, row, column);
    http_json_moved(r);
}

static bool core_organisation(struct bl_request *r, const char *id, const char **slug, const char **name)
{
    return http_organisation(http_request_of(r), id, slug, name);
}

/* bl_core.loaded has no request to find the registry by: there is one a process. */
static const struct registry *_Atomic loaded_registry;

void http_core_serves(const struct registry *registry)
{
    atomic_store(&loaded_registry, registry);
}

static bool core_loaded(const char *plugin)
{
    const struct registry *registry = atomic_load(&loaded_registry);
    return registry != NULL && registry_plugin(registry, plugin) != NULL;
}

/* Only inside a transaction that has been entered: what its first statement leaves (the caller's roles) must stay. */
static enum bl_status core_scratch(struct bl_request *base, enum bl_status (*fn)(struct bl_request *, void *), void *arg)
{
    struct http_request *r = http_request_of(base);
    if (r->tx.state != TX_OPEN)
        return fn(base, arg);
    struct arena_mark mark = arena_mark(r->arena);
    struct buf piece = r->response.piece;
    enum bl_status status = fn(base, arg);
    if (status == BL_OK && r->tx.state == TX_OPEN)
        http_response_release(r, mark, piece);
    return status;
}

static enum bl_status core_enqueue(struct bl_request *base, const char *kind, const json_t *input, const char **id)
{
    const struct http_request *r = http_request_of(base);
    return engine_enqueue(base, kind, input, r->caller.client, r->scope, id);
}

static void core_progress(struct bl_request *base, int64_t done, int64_t of)
{
    const struct http_act *act = http_request_of(base)->act;
    if (act != NULL && act->progress != NULL)
        act->progress(act->arg, done, of);
}

static const char *core_qr_svg(struct bl_request *r, const char *text)
{
    char *svg = qr_svg(text);
    if (svg != NULL)
        core_defer(r, free, svg);
    return svg;
}

const struct bl_core http_core = {
    .size = sizeof(struct bl_core),
    .alloc = core_alloc,
    .defer = core_defer,
    .vfail = http_vfail,
    .param = core_param,
    .query = core_query,
    .header = core_header,
    .body = core_body,
    .text = core_text,
    .accepts = core_accepts,
    .may = core_may,
    .sql = core_sql,
    .count = db_count,
    .cell = db_cell,
    .integer = db_integer,
    .respond = core_respond,
    .set_header = core_set_header,
    .write = core_write,
    .json_open = core_json_open,
    .json_close = core_json_close,
    .json_text = core_json_text,
    .json_integer = core_json_integer,
    .json_bool = core_json_bool,
    .json_raw = core_json_raw,
    .json_cell = core_json_cell,
    .create = engine_create,
    .update = engine_update,
    .transit = engine_transit,
    .link = engine_link,
    .loaded = core_loaded,
    .query_at = core_query_at,
    .scratch = core_scratch,
    .enqueue = core_enqueue,
    .progress = core_progress,
    .send = engine_send,
    .signals = engine_signals,
    .enter_door = http_door_enter,
    .open_door = http_door_open,
    .shut_door = http_door_shut,
    .there = engine_there,
    .qr_svg = core_qr_svg,
    .organisation = core_organisation,
};
