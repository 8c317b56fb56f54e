/* Asks the resource engine as http would, without http: a request is a route of the engine, path parameters, query, headers and a
 * body. On the canned rows of fake_core.h, or on a real transaction when `db` is set. */
#ifndef SUPPORT_ASK_H
#define SUPPORT_ASK_H

#include "fake_core.h"

#include "base/arena.h"
#include "base/ids.h"
#include "db/db.h"
#include "resource/engine.h"

#include <strings.h>

enum { ASK_PAIRS = 72, ASK_ARGS = 80 };

struct ask {
    struct fake fake; /* first, as the request is first in it */
    const struct engine *engine;
    struct arena *arena;
    struct {
        const char *name, *value;
    } query[ASK_PAIRS], headers[ASK_PAIRS];
    size_t queries, header_count;
    const char *refused;                         /* list of permissions that the caller does not have */
    const char *args[FAKE_STATEMENTS][ASK_ARGS]; /* of each statement, without the tenant */
    int nargs[FAKE_STATEMENTS];
    int status; /* of the whole request */
    struct db *db;
    bool open, committed;
};

static inline struct ask *ask_of(struct bl_request *r)
{
    return (struct ask *)(void *)r;
}

static inline void *ask_alloc(struct bl_request *r, size_t size)
{
    return arena_alloc(ask_of(r)->arena, size);
}
static inline void ask_defer(struct bl_request *r, void (*fn)(void *), void *arg)
{
    arena_defer(ask_of(r)->arena, fn, arg);
}
static inline const char *ask_query_value(struct bl_request *r, const char *name)
{
    for (size_t i = 0; i < ask_of(r)->queries; i++)
        if (strcmp(ask_of(r)->query[i].name, name) == 0)
            return ask_of(r)->query[i].value;
    return NULL;
}
static inline const char *ask_query_at(struct bl_request *r, size_t i, const char **value)
{
    if (i >= ask_of(r)->queries)
        return NULL;
    *value = ask_of(r)->query[i].value;
    return ask_of(r)->query[i].name;
}
static inline const char *ask_header_value(struct bl_request *r, const char *name)
{
    for (size_t i = 0; i < ask_of(r)->header_count; i++)
        if (strcasecmp(ask_of(r)->headers[i].name, name) == 0)
            return ask_of(r)->headers[i].value;
    return NULL;
}
static inline enum bl_status ask_body_text(struct bl_request *r, const char **text, size_t *length)
{
    *text = fake_of(r)->body ? "{}" : "";
    *length = strlen(*text);
    return BL_OK;
}
static inline bool ask_may(struct bl_request *r, const char *permission)
{
    const char *refused = ask_of(r)->refused;
    return refused == NULL || strstr(refused, permission) == NULL;
}

static inline enum bl_status ask_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs, unsigned flags,
                                     struct bl_rows **out)
{
    struct ask *a = ask_of(r);
    size_t n = a->fake.statements;
    assert_true(n < FAKE_STATEMENTS);
    a->nargs[n] = nargs;
    for (int i = 0; i < nargs; i++)
        a->args[n][i] = arena_string(a->arena, args[i]);
    a->fake.sql[n] = arena_string(a->arena, sql);
    a->fake.flags[n] = flags;
    *out = &a->fake.rows[a->fake.statements++];
    return BL_OK;
}

static inline enum bl_status ask_real_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs,
                                          unsigned flags, struct bl_rows **out)
{
    struct ask *a = ask_of(r);
    struct bl_rows *rows[4] = {NULL};
    const char *all[ASK_ARGS] = {r->tenant};
    size_t before = 0;
    assert_false(a->committed); /* nothing after BL_FINAL */
    assert_non_null(strstr(sql, "$1"));
    a->fake.statements++;
    if (flags & BL_APART && a->open) {
        assert_true(db_script(a->db, "COMMIT"));
        a->open = false;
    }
    if (!a->open) {
        bool reads = strcmp(r->method, "GET") == 0 && (flags & BL_APART) == 0;
        db_queue(a->db, reads ? "BEGIN READ ONLY" : "BEGIN", NULL, 0);
        db_queue(a->db, "SELECT core.enter($1::uuid, $2::uuid, NULL)", (const char *[]){r->actor, r->tenant}, 2);
        before = 2;
    }
    for (int i = 0; i < nargs; i++)
        all[i + 1] = args[i];
    db_queue(a->db, sql, all, nargs + 1);
    if (flags & (BL_FINAL | BL_APART))
        db_queue(a->db, "COMMIT", NULL, 0);
    enum bl_status status = db_flush(a->db, a->arena, rows);
    a->open = (flags & BL_APART) == 0;
    a->committed = (flags & BL_FINAL) != 0 && status == BL_OK;
    if (status != BL_OK)
        return engine_explain(r, a->engine, db_error(a->db));
    *out = rows[before];
    return BL_OK;
}

static inline json_t *ask_cell_json(const struct bl_rows *rows, int row, int column)
{
    const char *text = db_cell(rows, row, column);
    if (text == NULL)
        return json_null();
    switch (db_type(rows, column)) {
    case 16: /* bool */
        return json_boolean(db_integer(rows, row, column) != 0);
    case 20: /* int8, int4 */
    case 23:
        return json_integer(db_integer(rows, row, column));
    case 1009: /* text[] */
    case 3802: /* jsonb */
        return json_loads(text, JSON_DECODE_ANY, NULL);
    default:
        return json_string(text);
    }
}
static inline void ask_json_cell(struct bl_request *r, const char *name, const struct bl_rows *rows, int row, int column)
{
    fake_put(r, name, ask_cell_json(rows, row, column));
}

static inline enum bl_status ask_scratch(struct bl_request *r, enum bl_status (*fn)(struct bl_request *, void *), void *arg)
{
    struct ask *a = ask_of(r);
    struct arena_mark mark = arena_mark(a->arena);
    enum bl_status status = fn(r, arg);
    if (status == BL_OK && a->open)
        arena_release(a->arena, mark);
    return status;
}

/* `db` NULL: canned rows (a->fake.rows). */
static inline struct ask *ask_new(const struct engine *engine, struct db *db)
{
    struct ask *a = calloc(1, sizeof *a);
    struct fake *canned = fake_new();
    assert_non_null(a);
    a->fake = *canned;
    free(canned);
    a->engine = engine;
    a->arena = arena_new(64u << 20);
    a->db = db;
    struct bl_core *core = &a->fake.core;
    a->fake.request.core = core;
    core->alloc = ask_alloc;
    core->defer = ask_defer;
    core->query = ask_query_value;
    core->query_at = ask_query_at;
    core->header = ask_header_value;
    core->text = ask_body_text;
    core->may = ask_may;
    core->sql = db ? ask_real_sql : ask_sql;
    core->create = engine_create;
    core->update = engine_update;
    core->transit = engine_transit;
    core->there = engine_there;
    if (db) {
        core->count = db_count;
        core->scratch = ask_scratch;
        core->cell = db_cell;
        core->integer = db_integer;
        core->json_cell = ask_json_cell;
    }
    return a;
}

static inline void ask_free(struct ask *a)
{
    arena_free(a->arena);
    fake_free(&a->fake); /* it was allocated as the first member: the whole goes */
}

static inline void ask_query(struct ask *a, const char *name, const char *value)
{
    assert_true(a->queries < ASK_PAIRS);
    a->query[a->queries].name = name;
    a->query[a->queries++].value = value;
}

static inline void ask_header(struct ask *a, const char *name, const char *value)
{
    assert_true(a->header_count < ASK_PAIRS);
    a->headers[a->header_count].name = name;
    a->headers[a->header_count++].value = value;
}

static inline void ask_body(struct ask *a, const char *json)
{
    json_error_t error;
    json_decref(a->fake.body);
    a->fake.body = json_loads(json, 0, &error);
    if (a->fake.body == NULL)
        fail_msg("%s: %s", error.text, json);
}

/* Points the request at the engine's route, as the router would. */
static inline const struct engine_route *ask_route(struct ask *a, const char *method, const char *path)
{
    size_t count;
    char whole[300];
    const struct engine_route *routes = engine_routes(a->engine, &count);
    snprintf(whole, sizeof whole, "/api/v1/orgs/{org}/%s", path);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].method, method) != 0 || strcmp(routes[i].path, whole) != 0)
            continue;
        a->fake.request.method = routes[i].method;
        a->fake.request.path = "/api/v1/orgs/keep/here";
        a->fake.request.resource = routes[i].resource;
        a->fake.request.data = routes[i].data;
        return &routes[i];
    }
    fail_msg("no route %s %s", method, whole);
    return NULL;
}

/* Answers the whole request; returns its status, also in a->status. */
static inline int ask(struct ask *a, const char *method, const char *path, const char *id)
{
    const struct engine_route *route = ask_route(a, method, path);
    a->fake.id = id;
    enum bl_status status = route->handler(&a->fake.request);
    if (a->db && a->open && !a->committed) {
        if (status == BL_OK)
            assert_true(db_script(a->db, "COMMIT"));
        else
            db_rollback(a->db);
    }
    return a->status = status == BL_OK ? a->fake.status : (int)status;
}

/* The problem with this code; NULL: none has it. */
static inline const json_t *ask_problem(const struct ask *a, const char *code)
{
    size_t i;
    json_t *problem;
    json_array_foreach(a->fake.problems, i,
                       problem) if (strcmp(json_string_value(json_object_get(problem, "code")), code) == 0) return problem;
    return NULL;
}

/* Was this code told at this pointer? */
static inline bool ask_told(const struct ask *a, const char *code, const char *pointer)
{
    size_t i;
    json_t *problem;
    json_array_foreach(a->fake.problems, i, problem)
    {
        const char *at = json_string_value(json_object_get(problem, "pointer"));
        if (strcmp(json_string_value(json_object_get(problem, "code")), code) == 0 &&
            (pointer == NULL ? at == NULL : at && strcmp(at, pointer) == 0))
            return true;
    }
    return false;
}

/* A member of the answer as text: "title", "items/0/title". NULL: absent or null. */
static inline const char *ask_text(struct ask *a, const char *path)
{
    const json_t *at = a->fake.answer;
    char *copy = arena_string(a->arena, path), *save = NULL;
    for (char *step = strtok_r(copy, "/", &save); step && at; step = strtok_r(NULL, "/", &save))
        at = json_is_array(at) ? json_array_get(at, (size_t)atol(step)) : json_object_get(at, step);
    if (at == NULL || json_is_null(at))
        return NULL;
    if (json_is_string(at))
        return json_string_value(at);
    char *dump = json_dumps(at, JSON_COMPACT | JSON_ENCODE_ANY);
    char *out = arena_string(a->arena, dump);
    free(dump);
    return out;
}

#endif
