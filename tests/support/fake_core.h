/* A core for unit tests of plugins: what a handler asks for is given from canned rows, what it answers and does is kept to look
 * at. The plugin is loaded as the core loads it, so that a test reaches what the descriptor names and nothing else. */
#ifndef SUPPORT_FAKE_CORE_H
#define SUPPORT_FAKE_CORE_H

#include "unit.h"
#include <ballium/plugin.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bl_rows {
    int count, columns;
    const char *const *cells; /* row by row; NULL: SQL null */
};

enum { FAKE_DEPTH = 16, FAKE_STATEMENTS = 16 };

struct fake {
    struct bl_request request; /* first: the core's functions find the fake by it */
    struct bl_core core;
    /* given by the test */
    struct bl_rows rows[FAKE_STATEMENTS]; /* the answers, statement by statement; none left: no rows */
    json_t *body;                         /* of the request; stolen */
    const char *accepts, *id;             /* chosen media type; path parameter {id} */
    const char *refuse;                   /* a call ("create context.processes") that fails with 409 */
    /* looked at by the test */
    size_t statements;
    unsigned flags[FAKE_STATEMENTS];
    const char *sql[FAKE_STATEMENTS];
    const char *args[8]; /* of the last statement */
    json_t *problems;    /* [{"status", "code", "pointer", "detail"}] */
    json_t *calls;       /* [{"call": "transit context.scopes", "id", "arg", "body"}] */
    int status;
    char *media_type;
    json_t *headers, *answer;
    char *written;
    size_t length;
    /* its own */
    json_t *open[FAKE_DEPTH];
    int depth;
    void *memory[4096];
    size_t blocks;
    struct {
        void (*fn)(void *);
        void *arg;
    } deferred[64];
    size_t defers;
};

static inline struct fake *fake_of(struct bl_request *r)
{
    return (struct fake *)(void *)r;
}

static inline void *fake_alloc(struct bl_request *r, size_t size)
{
    struct fake *f = fake_of(r);
    assert_true(f->blocks < sizeof f->memory / sizeof *f->memory);
    void *block = calloc(1, size ? size : 1);
    assert_non_null(block);
    f->memory[f->blocks++] = block;
    return block;
}

static inline void fake_defer(struct bl_request *r, void (*fn)(void *), void *arg)
{
    struct fake *f = fake_of(r);
    assert_true(f->defers < sizeof f->deferred / sizeof *f->deferred);
    f->deferred[f->defers].fn = fn;
    f->deferred[f->defers++].arg = arg;
}

static inline enum bl_status fake_vfail(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                        const char *format, va_list args) BL_PRINTF(5, 0);
static inline enum bl_status fake_vfail(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                        const char *format, va_list args)
{
    char detail[1000];
    vsnprintf(detail, sizeof detail, format, args);
    json_array_append_new(fake_of(r)->problems, json_pack("{s:i, s:s, s:s?, s:s}", "status", (int)status, "code", code, "pointer",
                                                          pointer, "detail", detail));
    return status;
}

static inline const char *fake_param(struct bl_request *r, const char *name)
{
    return strcmp(name, "id") == 0 ? fake_of(r)->id : NULL;
}
static inline enum bl_status fake_body(struct bl_request *r, json_t **out)
{
    *out = fake_of(r)->body;
    return BL_OK;
}
static inline const char *fake_accepts(struct bl_request *r)
{
    return fake_of(r)->accepts;
}

static inline enum bl_status fake_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs, unsigned flags,
                                      struct bl_rows **out)
{
    struct fake *f = fake_of(r);
    assert_in_range(nargs, 0, 8);
    for (int i = 0; i < 8; i++)
        f->args[i] = i < nargs ? args[i] : NULL;
    assert_true(f->statements < FAKE_STATEMENTS);
    assert_non_null(strstr(sql, "tenant_id = $1"));
    f->sql[f->statements] = sql;
    f->flags[f->statements] = flags;
    *out = &f->rows[f->statements++];
    return BL_OK;
}
static inline int fake_count(const struct bl_rows *rows)
{
    return rows->count;
}
static inline const char *fake_cell(const struct bl_rows *rows, int row, int column)
{
    assert_in_range(row, 0, rows->count - 1);
    assert_in_range(column, 0, rows->columns - 1);
    return rows->cells[row * rows->columns + column];
}
static inline int64_t fake_integer(const struct bl_rows *rows, int row, int column)
{
    const char *text = fake_cell(rows, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

static inline void fake_respond(struct bl_request *r, int status, const char *media_type)
{
    struct fake *f = fake_of(r);
    f->status = status;
    free(f->media_type);
    f->media_type = strdup(media_type);
}
static inline void fake_set_header(struct bl_request *r, const char *name, const char *value)
{
    json_object_set_new(fake_of(r)->headers, name, json_string(value));
}
static inline void fake_write(struct bl_request *r, const char *bytes, size_t length)
{
    struct fake *f = fake_of(r);
    f->written = realloc(f->written, f->length + length + 1);
    assert_non_null(f->written);
    memcpy(f->written + f->length, bytes, length);
    f->length += length;
    f->written[f->length] = '\0';
}

/* Takes `value`. */
static inline void fake_put(struct bl_request *r, const char *name, json_t *value)
{
    struct fake *f = fake_of(r);
    assert_non_null(value); /* NULL: text that is not UTF-8 */
    if (f->depth == 0)
        f->answer = value;
    else if (json_is_array(f->open[f->depth - 1]))
        assert_int_equal(json_array_append_new(f->open[f->depth - 1], value), 0);
    else {
        assert_non_null(name);
        assert_null(json_object_get(f->open[f->depth - 1], name));
        assert_int_equal(json_object_set_new(f->open[f->depth - 1], name, value), 0);
    }
}
static inline void fake_json_open(struct bl_request *r, const char *name, char bracket)
{
    struct fake *f = fake_of(r);
    json_t *value = bracket == '{' ? json_object() : json_array();
    fake_put(r, name, value);
    assert_true(f->depth < FAKE_DEPTH);
    f->open[f->depth++] = value;
}
static inline void fake_json_close(struct bl_request *r)
{
    assert_true(fake_of(r)->depth > 0);
    fake_of(r)->depth--;
}
static inline void fake_json_text(struct bl_request *r, const char *name, const char *value)
{
    fake_put(r, name, value ? json_string(value) : json_null());
}
static inline void fake_json_integer(struct bl_request *r, const char *name, int64_t value)
{
    fake_put(r, name, json_integer(value));
}
static inline void fake_json_bool(struct bl_request *r, const char *name, bool value)
{
    fake_put(r, name, json_boolean(value));
}
static inline void fake_json_raw(struct bl_request *r, const char *name, const char *json)
{
    fake_put(r, name, json ? json_loads(json, JSON_DECODE_ANY, NULL) : json_null());
}
static inline void fake_json_cell(struct bl_request *r, const char *name, const struct bl_rows *rows, int row, int column)
{
    fake_json_text(r, name, fake_cell(rows, row, column)); /* canned cells have no type */
}

static inline void fake_decref(void *value)
{
    json_decref(value);
}

static inline enum bl_status fake_call(struct bl_request *r, const char *verb, const char *resource, const char *id,
                                       const char *arg, json_t *body, json_t **out)
{
    struct fake *f = fake_of(r);
    char call[200];
    snprintf(call, sizeof call, "%s %s", verb, resource);
    json_array_append_new(f->calls, json_pack("{s:s, s:s?, s:s?, s:O?}", "call", call, "id", id, "arg", arg, "body", body));
    if (f->refuse && strcmp(f->refuse, call) == 0)
        return bl_fail(r, BL_CONFLICT, "refused", NULL, "refused by the test");
    if (out) {
        *out = body ? json_deep_copy(body) : json_object();
        json_object_set_new(*out, "id", json_string(id ? id : "01990000-0000-7000-8000-00000000000f"));
        json_object_set_new(*out, "ref", json_string("NEW-1"));
        bl_defer(r, fake_decref, *out);
    }
    return BL_OK;
}
static inline enum bl_status fake_create(struct bl_request *r, const char *resource, json_t *body, json_t **out)
{
    return fake_call(r, "create", resource, NULL, NULL, body, out);
}
static inline enum bl_status fake_update(struct bl_request *r, const char *resource, const char *id, json_t *patch, json_t **out)
{
    return fake_call(r, "update", resource, id, NULL, patch, out);
}
static inline enum bl_status fake_transit(struct bl_request *r, const char *resource, const char *id, const char *transition,
                                          json_t *input, json_t **out)
{
    return fake_call(r, "transit", resource, id, transition, input, out);
}
static inline enum bl_status fake_link(struct bl_request *r, const char *resource, const char *id, const char *relation,
                                       const char *to_id)
{
    (void)relation;
    return fake_call(r, "link", resource, id, to_id, NULL, NULL);
}

static inline enum bl_status fake_scratch(struct bl_request *r, enum bl_status (*fn)(struct bl_request *, void *), void *arg)
{
    return fn(r, arg);
}

#define FAKE_NOW INT64_C(1772582400000000) /* 2026-03-04T00:00:00Z */
#define FAKE_ACTOR "01990000-0000-7000-8000-00000000000a"

static inline struct fake *fake_new(void)
{
    struct fake *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->core = (struct bl_core){.size = sizeof f->core,
                               .alloc = fake_alloc,
                               .defer = fake_defer,
                               .vfail = fake_vfail,
                               .param = fake_param,
                               .body = fake_body,
                               .accepts = fake_accepts,
                               .sql = fake_sql,
                               .count = fake_count,
                               .cell = fake_cell,
                               .integer = fake_integer,
                               .respond = fake_respond,
                               .set_header = fake_set_header,
                               .write = fake_write,
                               .json_open = fake_json_open,
                               .json_close = fake_json_close,
                               .json_text = fake_json_text,
                               .json_integer = fake_json_integer,
                               .json_bool = fake_json_bool,
                               .json_raw = fake_json_raw,
                               .json_cell = fake_json_cell,
                               .create = fake_create,
                               .update = fake_update,
                               .transit = fake_transit,
                               .link = fake_link,
                               .scratch = fake_scratch};
    f->request = (struct bl_request){.core = &f->core,
                                     .method = "GET",
                                     .id = "req",
                                     .tenant = "01990000-0000-7000-8000-000000000001",
                                     .org = "keep",
                                     .actor = FAKE_ACTOR,
                                     .now = FAKE_NOW};
    f->problems = json_array();
    f->calls = json_array();
    f->headers = json_object();
    return f;
}

static inline void fake_free(struct fake *f)
{
    while (f->defers > 0) {
        f->defers--;
        f->deferred[f->defers].fn(f->deferred[f->defers].arg);
    }
    for (size_t i = 0; i < f->blocks; i++)
        free(f->memory[i]);
    json_decref(f->problems);
    json_decref(f->calls);
    json_decref(f->headers);
    json_decref(f->answer);
    json_decref(f->body);
    free(f->written);
    free(f->media_type);
    free(f);
}

/* The code of the only problem; fails the test when there is another number of them. NULL pointer: none is expected. */
static inline void fake_expect_problem(struct fake *f, const char *code, const char *pointer)
{
    assert_int_equal(json_array_size(f->problems), 1);
    json_t *problem = json_array_get(f->problems, 0);
    assert_string_equal(json_string_value(json_object_get(problem, "code")), code);
    if (pointer)
        assert_string_equal(json_string_value(json_object_get(problem, "pointer")), pointer);
    else
        assert_true(json_is_null(json_object_get(problem, "pointer")));
}

/* The plugin of that name from the build this test belongs to. It stays loaded. */
static inline const struct bl_plugin *fake_plugin(const char *name)
{
    char path[PATH_MAX], symbol[100];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 200);
    assert_true(length > 0);
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/../plugins.d/%s.so", name);
    snprintf(symbol, sizeof symbol, "bl_plugin_%s", name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        fail_msg("%s", dlerror());
    const struct bl_plugin *plugin = dlsym(handle, symbol);
    assert_non_null(plugin);
    return plugin;
}

static inline const struct bl_resource *fake_resource(const struct bl_plugin *plugin, const char *name)
{
    for (const struct bl_resource *r = plugin->resources; r->name; r++)
        if (strcmp(r->name, name) == 0)
            return r;
    fail_msg("no resource %s", name);
    return NULL;
}

static inline bl_handler fake_handler(const struct bl_plugin *plugin, const char *method, const char *path)
{
    for (const struct bl_route *r = plugin->routes; r->method; r++)
        if (strcmp(r->method, method) == 0 && strcmp(r->path, path) == 0)
            return r->handler;
    fail_msg("no route %s %s", method, path);
    return NULL;
}

#endif
