/* What the core does for a plugin. The core hands every handler a request; the request points at this table; the inline wrappers
 * below are what plugin code calls. A table instead of symbols keeps plugins linked with -z defs and lets a test pass a fake.
 * Members are only ever appended. Everything a function returns lives in the request's arena and dies with it, unless its
 * comment says otherwise; nothing needs to be freed. */
#ifndef BALLIUM_CORE_H
#define BALLIUM_CORE_H

#include <ballium/resource.h>
#include <ballium/status.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bl_core;
struct bl_route;
struct bl_rows; /* the answer of one statement */

/* A request as a handler sees it. Read only. Ids are 36-character lower-case UUID text. */
struct bl_request {
    const struct bl_core *core;
    const struct bl_resource *resource; /* NULL on a route of the plugin's own */
    const char *method;                 /* "GET" */
    const char *path;                   /* as routed */
    const char *id;                     /* request id: log, events, problem documents */
    const char *tenant, *org;           /* the organisation's id and slug; NULL where the route has none */
    const char *actor;                  /* the user's or service client's id; NULL on a public route */
    int64_t now;                        /* microseconds since 1970, taken once per request */
    const void *data;                   /* what the core registered the route with; nothing for a plugin to read */
};

typedef enum bl_status (*bl_handler)(struct bl_request *);

/* A statement is its text: constant, or put together from descriptor tables, never from a value. It is prepared once per
 * connection and found again by its text. On a route with an organisation $1 is the tenant: bl_sql passes it, `args` start at $2,
 * and the text must say `tenant_id = $1` for every tenant table. On a BL_PORTFOLIO route $1 is those organisations (plugin.h).
 * Elsewhere `args` start at $1. Arguments travel as text (NULL is SQL null); cast where PostgreSQL cannot infer the type. Results
 * travel in binary: cast numeric, jsonb and arrays to text. */

enum bl_sql_flag {
    BL_FINAL = 1 << 0, /* the last statement of this request: COMMIT goes in the same flush (one round trip in all) */
    /* The core's own, on a GET: the statement runs in a transaction of its own, which may write and is committed with it; one
     * that is open ends before, and the next statement opens the one that reads. So a note of what is read stands before the
     * first byte leaves. */
    BL_APART = 1 << 1,
};

/* The actor of what the service does by itself: duties, messages from other organisations. Nobody's user id. */
#define BL_SERVICE "00000000-0000-0000-0000-000000000000"

struct bl_core {
    size_t size; /* of this struct as the core has it */

    /* memory */
    void *(*alloc)(struct bl_request *, size_t);                       /* zeroed; never NULL (the request ends with 503) */
    void (*defer)(struct bl_request *, void (*fn)(void *), void *arg); /* runs when the arena dies, last first */

    /* failure: adds an entry to the problem document and returns `status`. `pointer` is RFC 6901 into the body, or NULL. */
    enum bl_status (*vfail)(struct bl_request *, enum bl_status status, const char *code, const char *pointer, const char *format,
                            va_list args);

    /* what was asked */
    const char *(*param)(struct bl_request *, const char *name);                   /* path parameter, decoded; NULL: none */
    const char *(*query)(struct bl_request *, const char *name);                   /* query parameter, decoded; NULL: none */
    const char *(*header)(struct bl_request *, const char *name);                  /* "If-Match"; NULL: none */
    enum bl_status (*body)(struct bl_request *, json_t **out);                     /* parsed JSON object, borrowed */
    enum bl_status (*text)(struct bl_request *, const char **out, size_t *length); /* the raw body */
    const char *(*accepts)(struct bl_request *);                                   /* the chosen one of the route's media types */
    bool (*may)(struct bl_request *, const char *permission); /* has the caller this one too? Enters the tenant when need be */

    /* database: runs in the request's transaction, under the tenant. The first call enters the tenant in the same flush. */
    enum bl_status (*sql)(struct bl_request *, const char *sql, const char *const *args, int nargs, unsigned flags,
                          struct bl_rows **out);
    int (*count)(const struct bl_rows *);
    const char *(*cell)(const struct bl_rows *, int row, int column); /* as text, in the arena; NULL: SQL null */
    int64_t (*integer)(const struct bl_rows *, int row, int column);  /* int2, int4, int8, bool; 0 for null */

    /* answer: status and headers first, then the body. Nothing leaves before the transaction is committed. */
    void (*respond)(struct bl_request *, int status, const char *media_type);
    void (*set_header)(struct bl_request *, const char *name, const char *value);
    void (*write)(struct bl_request *, const char *bytes, size_t length);

    /* answer as JSON: commas, quoting and UTF-8 are the writer's. `name` is NULL inside arrays. */
    void (*json_open)(struct bl_request *, const char *name, char bracket); /* '{' or '[' */
    void (*json_close)(struct bl_request *);
    void (*json_text)(struct bl_request *, const char *name, const char *value); /* NULL writes null */
    void (*json_integer)(struct bl_request *, const char *name, int64_t value);
    void (*json_bool)(struct bl_request *, const char *name, bool value);
    void (*json_raw)(struct bl_request *, const char *name, const char *json); /* already JSON; NULL writes null */
    void (*json_cell)(struct bl_request *, const char *name, const struct bl_rows *, int row, int column); /* by its type */

    /* resources from code: the same checks, permissions, numbering, history and search as through the API. `resource` is
     * "area.resource". `out` (may be NULL) takes the record as it is now. */
    enum bl_status (*create)(struct bl_request *, const char *resource, json_t *body, json_t **out);
    enum bl_status (*update)(struct bl_request *, const char *resource, const char *id, json_t *patch, json_t **out);
    enum bl_status (*transit)(struct bl_request *, const char *resource, const char *id, const char *transition, json_t *input,
                              json_t **out);
    enum bl_status (*link)(struct bl_request *, const char *resource, const char *id, const char *relation, const char *to_id);
    bool (*loaded)(const char *plugin); /* is this area here? */

    /* name of the i-th query parameter, its value in *value; NULL: no more. For routes that refuse what they do not know.
     * Repeated names stay apart; query gives the first. */
    const char *(*query_at)(struct bl_request *, size_t i, const char **value);

    /* Calls `fn`; when it returns BL_OK, the memory that it took through the request (rows, cells, bl_alloc) is given back. For
     * work page by page over more than fits. `fn` sets no headers. */
    enum bl_status (*scratch)(struct bl_request *, enum bl_status (*fn)(struct bl_request *, void *), void *arg);

    /* Orders a job ("area.name" of a bl_job) in this transaction: without its commit there is none. *id: of the job. */
    enum bl_status (*enqueue)(struct bl_request *, const char *kind, const json_t *input, const char **id);
    /* In a job: how far it is, seen by GET …/jobs/{id} at once. Elsewhere nothing happens. */
    void (*progress)(struct bl_request *, int64_t done, int64_t of);
    /* Writes to another organisation ("area.name" of a bl_inbox there), in this transaction. BL_UNPROCESSABLE: no engagement
     * binds the two. `message` holds what the other side may know, and nothing else. */
    enum bl_status (*send)(struct bl_request *, const char *to_tenant, const char *kind, const json_t *message);
    /* Every signal of every loaded area, computed now: [{"area", "name", "clause", "label", "value", "of", "good"}]. */
    enum bl_status (*signals)(struct bl_request *, json_t **out);

    /* Doors: an organisation lets strangers hand something in by a token that it gives out for one purpose ("operation.report").
     * enter_door: on a BL_PUBLIC route whose path has {org}, before any SQL; then the tenant is entered for this request as
     * BL_SERVICE with that one permission, and nothing else. BL_NOT_FOUND: no such organisation, door or token, never told apart;
     * BL_TOO_MANY_REQUESTS: more than 60 an hour. open_door: a new token, shown once and kept as a hash; the one before ends.
     * shut_door: BL_NOT_FOUND when there was none. View core.this_door: purpose, made_at, made_by, used_at, used (this hour). */
    enum bl_status (*enter_door)(struct bl_request *, const char *purpose, const char *token, const char *permission);
    enum bl_status (*open_door)(struct bl_request *, const char *purpose, const char **token);
    enum bl_status (*shut_door)(struct bl_request *, const char *purpose);

    /* Is that record of "area.resources" in this organisation, archived or not? What a route of the plugin's own with {id} asks
     * before anything else, so that another organisation's id is answered like one that nobody has. BL_NOT_FOUND when it is not;
     * with a pointer (an id in a body) BL_UNPROCESSABLE there. Asks for no permission: the route has done so. */
    enum bl_status (*there)(struct bl_request *, const char *resource, const char *id, const char *pointer);

    /* The text as a QR code: an SVG document, black on white with its quiet zone. NULL: too long for one (some 2,300 bytes), or
     * no memory. */
    const char *(*qr_svg)(struct bl_request *, const char *text);

    /* On a BL_PORTFOLIO route: slug and name (NULL: not wanted) of one of its organisations. False: it is none of them. */
    bool (*organisation)(struct bl_request *, const char *id, const char **slug, const char **name);
};

static inline void *bl_alloc(struct bl_request *r, size_t n)
{
    return r->core->alloc(r, n);
}
static inline void bl_defer(struct bl_request *r, void (*fn)(void *), void *arg)
{
    r->core->defer(r, fn, arg);
}

BL_PRINTF(5, 6)
static inline enum bl_status bl_fail(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum bl_status result = r->core->vfail(r, status, code, pointer, format, args);
    va_end(args);
    return result;
}

static inline const char *bl_param(struct bl_request *r, const char *name)
{
    return r->core->param(r, name);
}
static inline const char *bl_query(struct bl_request *r, const char *name)
{
    return r->core->query(r, name);
}
static inline const char *bl_query_at(struct bl_request *r, size_t i, const char **value)
{
    return r->core->query_at(r, i, value);
}
static inline const char *bl_header(struct bl_request *r, const char *name)
{
    return r->core->header(r, name);
}
BL_MUST_CHECK static inline enum bl_status bl_body(struct bl_request *r, json_t **out)
{
    return r->core->body(r, out);
}
BL_MUST_CHECK static inline enum bl_status bl_body_text(struct bl_request *r, const char **out, size_t *length)
{
    return r->core->text(r, out, length);
}
static inline const char *bl_accepts(struct bl_request *r)
{
    return r->core->accepts(r);
}
static inline bool bl_may(struct bl_request *r, const char *permission)
{
    return r->core->may(r, permission);
}

BL_MUST_CHECK static inline enum bl_status bl_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs,
                                                  unsigned flags, struct bl_rows **out)
{
    return r->core->sql(r, sql, args, nargs, flags, out);
}
static inline int bl_count(struct bl_request *r, const struct bl_rows *rows)
{
    return r->core->count(rows);
}
static inline const char *bl_cell(struct bl_request *r, const struct bl_rows *rows, int row, int column)
{
    return r->core->cell(rows, row, column);
}
static inline int64_t bl_integer(struct bl_request *r, const struct bl_rows *rows, int row, int column)
{
    return r->core->integer(rows, row, column);
}

static inline void bl_respond(struct bl_request *r, int status, const char *media_type)
{
    r->core->respond(r, status, media_type);
}
static inline void bl_set_header(struct bl_request *r, const char *name, const char *value)
{
    r->core->set_header(r, name, value);
}
static inline void bl_write(struct bl_request *r, const char *bytes, size_t length)
{
    r->core->write(r, bytes, length);
}

static inline const char *bl_qr_svg(struct bl_request *r, const char *text)
{
    return r->core->qr_svg(r, text);
}

static inline void bl_json_object(struct bl_request *r, const char *name)
{
    r->core->json_open(r, name, '{');
}
static inline void bl_json_array(struct bl_request *r, const char *name)
{
    r->core->json_open(r, name, '[');
}
static inline void bl_json_close(struct bl_request *r)
{
    r->core->json_close(r);
}
static inline void bl_json_text(struct bl_request *r, const char *name, const char *v)
{
    r->core->json_text(r, name, v);
}
static inline void bl_json_integer(struct bl_request *r, const char *name, int64_t v)
{
    r->core->json_integer(r, name, v);
}
static inline void bl_json_bool(struct bl_request *r, const char *name, bool v)
{
    r->core->json_bool(r, name, v);
}
static inline void bl_json_raw(struct bl_request *r, const char *name, const char *v)
{
    r->core->json_raw(r, name, v);
}
static inline void bl_json_cell(struct bl_request *r, const char *name, const struct bl_rows *rows, int row, int column)
{
    r->core->json_cell(r, name, rows, row, column);
}

BL_MUST_CHECK static inline enum bl_status bl_create(struct bl_request *r, const char *resource, json_t *body, json_t **out)
{
    return r->core->create(r, resource, body, out);
}
BL_MUST_CHECK static inline enum bl_status bl_update(struct bl_request *r, const char *resource, const char *id, json_t *patch,
                                                     json_t **out)
{
    return r->core->update(r, resource, id, patch, out);
}
BL_MUST_CHECK static inline enum bl_status bl_transit(struct bl_request *r, const char *resource, const char *id,
                                                      const char *transition, json_t *input, json_t **out)
{
    return r->core->transit(r, resource, id, transition, input, out);
}
BL_MUST_CHECK static inline enum bl_status bl_link(struct bl_request *r, const char *resource, const char *id,
                                                   const char *relation, const char *to_id)
{
    return r->core->link(r, resource, id, relation, to_id);
}
BL_MUST_CHECK static inline enum bl_status bl_there(struct bl_request *r, const char *resource, const char *id,
                                                    const char *pointer)
{
    return r->core->there(r, resource, id, pointer);
}
static inline bool bl_organisation(struct bl_request *r, const char *id, const char **slug, const char **name)
{
    return r->core->organisation(r, id, slug, name);
}
BL_MUST_CHECK static inline enum bl_status bl_scratch(struct bl_request *r, enum bl_status (*fn)(struct bl_request *, void *),
                                                      void *arg)
{
    return r->core->scratch(r, fn, arg);
}
BL_MUST_CHECK static inline enum bl_status bl_enqueue(struct bl_request *r, const char *kind, const json_t *input,
                                                      const char **id)
{
    return r->core->enqueue(r, kind, input, id);
}
static inline void bl_progress(struct bl_request *r, int64_t done, int64_t of)
{
    r->core->progress(r, done, of);
}
BL_MUST_CHECK static inline enum bl_status bl_send(struct bl_request *r, const char *to_tenant, const char *kind,
                                                   const json_t *message)
{
    return r->core->send(r, to_tenant, kind, message);
}
BL_MUST_CHECK static inline enum bl_status bl_signals(struct bl_request *r, json_t **out)
{
    return r->core->signals(r, out);
}
BL_MUST_CHECK static inline enum bl_status bl_enter_door(struct bl_request *r, const char *purpose, const char *token,
                                                         const char *permission)
{
    return r->core->enter_door(r, purpose, token, permission);
}
BL_MUST_CHECK static inline enum bl_status bl_open_door(struct bl_request *r, const char *purpose, const char **token)
{
    return r->core->open_door(r, purpose, token);
}
BL_MUST_CHECK static inline enum bl_status bl_shut_door(struct bl_request *r, const char *purpose)
{
    return r->core->shut_door(r, purpose);
}
/* The answer of a route with BL_ACCEPTED: 202, and where the job can be watched. */
static inline void bl_accepted(struct bl_request *r, const char *job)
{
    char *url = (char *)bl_alloc(r, 200);
    snprintf(url, 200, "/api/v1/orgs/%s/jobs/%s", r->org, job);
    bl_respond(r, 202, "application/json");
    bl_set_header(r, "Location", url);
    bl_json_object(r, NULL);
    bl_json_text(r, "job", job);
    bl_json_text(r, "url", url);
    bl_json_close(r);
}
static inline bool bl_loaded(struct bl_request *r, const char *plugin)
{
    return r->core->loaded(plugin);
}

#endif
