/* What a database test needs: connections by role, statements that must work or must be refused, a tenant of its own.
 * A missing BALLIUM_TEST_* fails the test. */
#ifndef SUPPORT_DATABASE_H
#define SUPPORT_DATABASE_H

#include "base/ids.h"
#include "db/db.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

struct world {
    struct db *app, *super; /* ballium_app, a superuser */
    struct arena *arena;
};

static inline const char *conninfo_of(const char *variable)
{
    const char *conninfo = getenv(variable);
    if (!conninfo || !*conninfo)
        fail_msg("%s is not set: tests/run db sets it", variable);
    return conninfo;
}

static inline struct db *connect_to(const char *conninfo)
{
    struct db *db = db_new(conninfo, true);
    assert_non_null(db);
    if (db_ready(db) != BL_OK)
        fail_msg("cannot connect: %s", db_error(db)->message);
    return db;
}

/* Group fixtures. */
static inline int world_make(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    *state = w;
    w->arena = arena_new(64u << 20);
    w->app = connect_to(conninfo_of("BALLIUM_TEST_DATABASE"));
    w->super = connect_to(conninfo_of("BALLIUM_TEST_SUPERUSER"));
    return 0;
}

static inline int world_end(void **state)
{
    struct world *w = *state;
    db_free(w->app);
    db_free(w->super);
    arena_free(w->arena);
    free(w);
    return 0;
}

/* Test fixture: each test starts outside a transaction. */
static inline int world_clean(void **state)
{
    struct world *w = *state;
    db_rollback(w->app);
    db_rollback(w->super);
    return 0;
}

static inline struct bl_rows *run_args(struct world *w, struct db *db, const char *sql, const char *const *args, int nargs)
{
    struct bl_rows *rows;
    db_queue(db, sql, args, nargs);
    if (db_flush(db, w->arena, &rows) != BL_OK)
        fail_msg("%s: %s (%s)", sql, db_error(db)->message, db_error(db)->state);
    return rows;
}

/* run(w, db, "SELECT $1", "x"): must work. refused(w, db, "42501", "INSERT …", …): must fail with that SQLSTATE. */
#define ARGS(...)                                                                                                                \
    (const char *const[]){NULL, ##__VA_ARGS__} + 1, (int)(sizeof((const char *const[]){NULL, ##__VA_ARGS__}) / sizeof(char *)) - 1
#define run(w, db, sql, ...) run_args(w, db, sql, ARGS(__VA_ARGS__))
#define refused(w, db, state, sql, ...) refused_args(w, db, state, sql, ARGS(__VA_ARGS__))
#define text_of(w, db, sql, ...) db_cell(run_args(w, db, sql, ARGS(__VA_ARGS__)), 0, 0)
#define number_of(w, db, sql, ...) db_integer(run_args(w, db, sql, ARGS(__VA_ARGS__)), 0, 0)

static inline void refused_args(struct world *w, struct db *db, const char *state, const char *sql, const char *const *args,
                                int nargs)
{
    struct bl_rows *rows;
    db_queue(db, sql, args, nargs);
    if (db_flush(db, w->arena, &rows) == BL_OK)
        fail_msg("was not refused: %s", sql);
    if (strcmp(db_error(db)->state, state) != 0)
        fail_msg("%s: %s (%s), expected %s", sql, db_error(db)->message, db_error(db)->state, state);
    assert_null(rows);
}

static inline void script(struct db *db, const char *sql)
{
    if (!db_script(db, sql))
        fail_msg("%s: %s (%s)", sql, db_error(db)->message, db_error(db)->state);
}

/* A new client organisation; its slug is "t" and the last 12 digits of its id. */
static inline void make_organisation(struct world *w, char id[UUID_TEXT])
{
    uuid_v7(id);
    run(w, w->super,
        "INSERT INTO core.organisation (id, slug, name, kind) SELECT i::uuid, 't' || right(i, 12), 'Test ' || i, 'client' FROM "
        "(SELECT $1::text AS i) t",
        id);
}

static inline void make_user(struct world *w, char id[UUID_TEXT])
{
    uuid_v7(id);
    run(w, w->super,
        "INSERT INTO core.user_account (id, email, name) SELECT i::uuid, i || '@example.org', 'User ' || i FROM (SELECT $1::text "
        "AS i) t",
        id);
}

/* `roles` as a PostgreSQL array: "{manager}". */
static inline void make_member(struct world *w, const char *tenant, const char *user, const char *roles)
{
    run(w, w->super, "INSERT INTO core.membership (tenant_id, user_id, roles) VALUES ($1::uuid, $2::uuid, $3::text[])", tenant,
        user, roles);
}

#endif
