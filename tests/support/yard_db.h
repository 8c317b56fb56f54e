/* The yard of yard.h on a real database: its tables made from the descriptor's own DDL, two organisations, two people. */
#ifndef SUPPORT_YARD_DB_H
#define SUPPORT_YARD_DB_H

#include "ask.h"
#include "yard.h"

#include "plugin/registry.h"

#ifndef YARD_NEIGHBOURS
#define YARD_NEIGHBOURS /* further plugins, each behind a comma: ", &other" */
#endif

struct yard_db {
    struct registry *registry;
    struct engine *engine;
    struct db *app, *owner; /* the serving role; the migrator as ballium_owner */
    struct arena *arena;
    char keep[UUID_TEXT], moat[UUID_TEXT]; /* organisations */
    char anna[UUID_TEXT], bert[UUID_TEXT]; /* members of keep; anna of moat too */
};

static inline struct db *yard_connect(const char *name)
{
    const char *conninfo = getenv(name);
    if (conninfo == NULL)
        fail_msg("%s is not set: these tests need a migrated database", name);
    struct db *db = db_new(conninfo, true);
    assert_int_equal(db_ready(db), BL_OK);
    return db;
}

static inline void yard_run(struct yard_db *y, const char *format, ...) BL_PRINTF(2, 3);
static inline void yard_run(struct yard_db *y, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sql = arena_vformat(y->arena, format, args);
    va_end(args);
    if (!db_script(y->owner, sql))
        fail_msg("%s: %s", db_error(y->owner)->message, sql);
}

/* One value of a superuser's query, past every policy. */
static inline const char *yard_value(struct yard_db *y, const char *format, ...) BL_PRINTF(2, 3);
static inline const char *yard_value(struct yard_db *y, const char *format, ...)
{
    struct bl_rows *rows = NULL;
    va_list args;
    va_start(args, format);
    const char *sql = arena_vformat(y->arena, format, args);
    va_end(args);
    struct db *super = yard_connect("BALLIUM_TEST_SUPERUSER");
    db_queue(super, sql, NULL, 0);
    if (db_flush(super, y->arena, &rows) != BL_OK)
        fail_msg("%s: %s", db_error(super)->message, sql);
    const char *value = db_count(rows) ? arena_string(y->arena, db_cell(rows, 0, 0)) : NULL;
    db_free(super);
    return value;
}

static inline void yard_tables(struct yard_db *y)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    plugin_ddl(&yard, y->registry, out);
    fclose(out);
    yard_run(y, "SET ROLE ballium_owner; DROP SCHEMA IF EXISTS yard CASCADE; CREATE SCHEMA yard;"
                " GRANT USAGE ON SCHEMA yard TO ballium_app");
    yard_run(y, "%s", text);
    yard_run(y, "ALTER TABLE yard.gate ADD CONSTRAINT gate_steep_check CHECK (height <> 7)");
    free(text);
}

static inline void yard_people(struct yard_db *y)
{
    uuid_v7(y->keep);
    uuid_v7(y->moat);
    uuid_v7(y->anna);
    uuid_v7(y->bert);
    yard_run(y,
             "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', 'k%.8s-%.4s', 'Keep', 'client'),"
             " ('%s', 'm%.8s-%.4s', 'Moat', 'client')",
             y->keep, y->keep + 28, y->keep + 24, y->moat, y->moat + 28, y->moat + 24);
    yard_run(y,
             "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.org', 'Anna'),"
             " ('%s', '%s@example.org', 'Bert')",
             y->anna, y->anna, y->bert, y->bert);
    yard_run(
        y,
        "INSERT INTO core.membership (tenant_id, user_id, roles) VALUES ('%s', '%s', '{manager}'), ('%s', '%s', '{manager}'),"
        " ('%s', '%s', '{manager}')",
        y->keep, y->anna, y->keep, y->bert, y->moat, y->anna);
}

static inline int yard_up(void **state)
{
    static const struct bl_plugin *const plugins[] = {&yard YARD_NEIGHBOURS};
    struct yard_db *y = calloc(1, sizeof *y);
    assert_non_null(y);
    y->registry = registry_of(plugins, sizeof plugins / sizeof *plugins, stderr);
    assert_non_null(y->registry);
    y->engine = engine_new(y->registry, stderr);
    assert_non_null(y->engine);
    y->arena = arena_new(64u << 20);
    y->app = yard_connect("BALLIUM_TEST_DATABASE");
    y->owner = yard_connect("BALLIUM_TEST_MIGRATOR");
    yard_tables(y);
    yard_people(y);
    *state = y;
    return 0;
}

static inline int yard_down(void **state)
{
    struct yard_db *y = *state;
    if (y == NULL) /* the set-up failed */
        return 0;
    yard_run(y, "DROP SCHEMA yard CASCADE");
    db_free(y->app);
    db_free(y->owner);
    engine_free(y->engine);
    registry_free(y->registry);
    arena_free(y->arena);
    free(y);
    return 0;
}

/* A request by anna to keep; change a->fake.request before ask() for another. */
static inline struct ask *yard_ask(struct yard_db *y)
{
    struct ask *a = ask_new(y->engine, y->app);
    a->fake.request.tenant = y->keep;
    a->fake.request.actor = y->anna;
    a->fake.request.id = "0123456789abcdef0123456789abcdef";
    return a;
}

static inline void yard_expect(struct ask *a, int status, int wanted)
{
    if (status == wanted)
        return;
    char *told = json_dumps(a->fake.problems, JSON_INDENT(2));
    fail_msg("status %d instead of %d: %s", status, wanted, told);
}

/* Creates a record and returns its id. */
static inline const char *yard_create(struct yard_db *y, const char *path, const char *body)
{
    struct ask *a = yard_ask(y);
    ask_body(a, body);
    yard_expect(a, ask(a, "POST", path, NULL), 201);
    const char *id = arena_string(y->arena, ask_text(a, "id"));
    ask_free(a);
    return id;
}

/* The record as it reads now; the caller frees the request. */
static inline struct ask *yard_read(struct yard_db *y, const char *path, const char *id)
{
    struct ask *a = yard_ask(y);
    yard_expect(a, ask(a, "GET", path, id), 200);
    return a;
}

static inline int yard_patch(struct yard_db *y, const char *path, const char *id, const char *tag, const char *body,
                             struct ask **out)
{
    struct ask *a = yard_ask(y);
    ask_header(a, "If-Match", tag);
    ask_header(a, "Content-Type", "application/merge-patch+json");
    ask_body(a, body);
    int status = ask(a, "PATCH", path, id);
    if (out)
        *out = a;
    else
        ask_free(a);
    return status;
}

#endif
