/* Migrations: from nothing, again, changed, failing, two at once. Each test has a database of its own. */
#include "db/migrate.h"
#include "database.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct place {
    struct world w; /* .app is ballium_app in the new database, .super a superuser in it */
    struct db *migrator;
    char name[48], conninfo[512];
    char *said;
    size_t said_length;
    FILE *errors; /* writes to said */
};

#define FILE_OF(n, label, text)                                                                                                  \
    {                                                                                                                            \
        .number = (n), .name = (label), .sql = (text), .length = sizeof(text) - 1                                                \
    }

static const struct bl_migration two_files[] = {
    FILE_OF(1, "first", "CREATE TABLE demo.one (a integer);\nINSERT INTO demo.one VALUES (1);\n"),
    FILE_OF(2, "second", "CREATE TABLE demo.two (a integer);\nINSERT INTO demo.one VALUES (2);\n"),
    {.number = 0},
};

static void in_database(char out[512], const char *variable, const char *name)
{
    snprintf(out, 512, "%s dbname=%s", conninfo_of(variable), name); /* the later dbname wins */
}

static int setup(void **state)
{
    static int serial;
    struct place *p = calloc(1, sizeof *p);
    char sql[128], conninfo[512];
    *state = p;
    snprintf(p->name, sizeof p->name, "ballium_migrate_%d_%d", (int)getpid(), serial++);
    struct db *root = connect_to(conninfo_of("BALLIUM_TEST_SUPERUSER"));
    snprintf(sql, sizeof sql, "CREATE DATABASE %s OWNER ballium_owner", p->name);
    script(root, sql);
    db_free(root);
    in_database(p->conninfo, "BALLIUM_TEST_MIGRATOR", p->name);
    p->migrator = connect_to(p->conninfo);
    in_database(conninfo, "BALLIUM_TEST_DATABASE", p->name);
    p->w.app = connect_to(conninfo);
    in_database(conninfo, "BALLIUM_TEST_SUPERUSER", p->name);
    p->w.super = connect_to(conninfo);
    p->w.arena = arena_new(16u << 20);
    p->errors = open_memstream(&p->said, &p->said_length);
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    char sql[128];
    db_free(p->migrator);
    db_free(p->w.app);
    db_free(p->w.super);
    arena_free(p->w.arena);
    fclose(p->errors);
    free(p->said);
    struct db *root = connect_to(conninfo_of("BALLIUM_TEST_SUPERUSER"));
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", p->name);
    script(root, sql);
    db_free(root);
    free(p);
    return 0;
}

static const char *said(struct place *p)
{
    fflush(p->errors);
    return p->said;
}

static bool migrate(struct place *p, const struct bl_migration *files)
{
    return migrate_area(p->migrator, "demo", files, p->errors, p->errors);
}

static int64_t rows_of_one(struct place *p)
{
    return number_of(&p->w, p->w.super, "SELECT count(*) FROM demo.one");
}

static int64_t recorded(struct place *p)
{
    return number_of(&p->w, p->w.super, "SELECT count(*) FROM core.migration WHERE area = 'demo'");
}

static void the_core_applies_from_empty(void **state)
{
    struct place *p = *state;
    assert_true(migrate_check(p->w.app, "core", bl_migrations_core, p->errors) > 0);
    assert_true(migrate_area(p->migrator, "core", bl_migrations_core, p->errors, p->errors));
    assert_non_null(strstr(said(p), "core/0001_core: applied in "));
    assert_int_equal(migrate_check(p->w.app, "core", bl_migrations_core, p->errors), 0);
    /* Everything belongs to the owner, who cannot log in. */
    assert_int_equal(number_of(&p->w, p->w.super,
                               "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                               " WHERE n.nspname = 'core' AND c.relowner <> 'ballium_owner'::regrole"),
                     0);
}

static void a_second_run_does_nothing(void **state)
{
    struct place *p = *state;
    assert_true(migrate(p, two_files));
    const char *before = text_of(&p->w, p->w.super, "SELECT string_agg(number || ' ' || applied_at, ',') FROM core.migration");
    size_t length = strlen(said(p));
    assert_true(migrate(p, two_files));
    assert_int_equal(strlen(said(p)), length);
    assert_int_equal(rows_of_one(p), 2);
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT string_agg(number || ' ' || applied_at, ',') FROM core.migration"),
                        before);
}

static void a_later_file_is_added_to_what_is_there(void **state)
{
    struct place *p = *state;
    const struct bl_migration first_only[] = {two_files[0], {.number = 0}};
    assert_true(migrate(p, first_only));
    assert_int_equal(migrate_check(p->w.app, "demo", two_files, p->errors), 1);
    assert_non_null(strstr(said(p), "demo/0002_second: not applied: run `ballium migrate`"));
    assert_true(migrate(p, two_files));
    assert_int_equal(rows_of_one(p), 2);
    assert_int_equal(migrate_check(p->w.app, "demo", two_files, p->errors), 0);
}

static void the_hash_is_sha256_of_the_file(void **state)
{
    struct place *p = *state;
    assert_true(migrate(p, two_files));
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT sha256 FROM core.migration WHERE number = 1"),
                        text_of(&p->w, p->w.super, "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", two_files[0].sql));
}

static void a_changed_file_is_refused(void **state)
{
    struct place *p = *state;
    assert_true(migrate(p, two_files));
    const struct bl_migration changed[] = {FILE_OF(1, "first", "CREATE TABLE demo.one (a bigint);"),
                                           two_files[1],
                                           FILE_OF(3, "third", "CREATE TABLE demo.three (a integer);"),
                                           {.number = 0}};
    assert_false(migrate(p, changed));
    assert_non_null(strstr(said(p), "demo/0001_first: changed after it was applied"));
    assert_int_equal(recorded(p), 2);
    assert_int_equal(migrate_check(p->w.app, "demo", changed, p->errors), 2);
}

static void a_failing_file_leaves_nothing(void **state)
{
    struct place *p = *state;
    const struct bl_migration broken[] = {
        two_files[0],
        FILE_OF(2, "broken", "CREATE TABLE demo.two (a integer);\n-- é\nINSERT INTO demo.one VALUES (2);\nSELEC 1;\n"),
        FILE_OF(3, "third", "CREATE TABLE demo.three (a integer);"),
        {.number = 0},
    };
    assert_false(migrate(p, broken));
    assert_non_null(strstr(said(p), "demo/0002_broken:4: syntax error"));
    assert_int_equal(recorded(p), 1);
    assert_int_equal(rows_of_one(p), 1);
    assert_string_equal(
        text_of(&p->w, p->w.super, "SELECT (to_regclass('demo.two') IS NULL AND to_regclass('demo.three') IS NULL)::text"),
        "true");
    assert_true(migrate(p, two_files)); /* mended: goes on where it stopped */
}

static void a_failure_at_run_time_leaves_nothing(void **state)
{
    struct place *p = *state;
    const struct bl_migration broken[] = {FILE_OF(1, "broken", "CREATE TABLE demo.one (a integer); SELECT 1/0;"), {.number = 0}};
    assert_false(migrate(p, broken));
    assert_non_null(strstr(said(p), "demo/0001_broken: division by zero (22012)"));
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT (to_regclass('demo.one') IS NULL)::text"), "true");
}

static void a_file_may_not_end_its_transaction(void **state)
{
    struct place *p = *state;
    const struct bl_migration bold[] = {FILE_OF(1, "bold", "CREATE TABLE demo.one (a integer); COMMIT; BEGIN;"), {.number = 0}};
    assert_false(migrate(p, bold));
    assert_non_null(strstr(said(p), "demo/0001_bold: ends its own transaction"));
    assert_int_equal(recorded(p), 0);
}

static void badly_numbered_or_named_ones_are_refused(void **state)
{
    struct place *p = *state;
    const struct bl_migration gap[] = {two_files[0], FILE_OF(3, "third", "SELECT 1"), {.number = 0}};
    const struct bl_migration zero[] = {FILE_OF(1, "zero", "SELECT 1;\0SELECT 2;"), {.number = 0}};
    assert_false(migrate(p, gap));
    assert_non_null(strstr(said(p), "demo/0003_third: the next file must have number 0002"));
    assert_false(migrate(p, zero));
    assert_non_null(strstr(said(p), "demo/0001_zero: holds a zero byte"));
    assert_false(migrate_area(p->migrator, "demo; DROP SCHEMA core", two_files, p->errors, p->errors));
    assert_false(migrate_area(p->migrator, "", two_files, p->errors, p->errors));
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT (to_regnamespace('demo') IS NULL)::text"), "true");
}

/* The file runs as the owner, waits five seconds for a table's lock and no longer, and finds no name by a search path. */
static void a_file_runs_as_the_owner_with_a_lock_timeout(void **state)
{
    struct place *p = *state;
    const struct bl_migration curious[] = {
        FILE_OF(1, "curious",
                "CREATE TABLE demo.seen AS SELECT current_user::text AS who, current_setting('lock_timeout') AS lock,"
                " current_setting('search_path') AS path;"),
        {.number = 0}};
    assert_true(migrate(p, curious));
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT who || ' ' || lock || ' ' || path FROM demo.seen"),
                        "ballium_owner 5s pg_catalog, pg_temp");
    assert_string_equal(text_of(&p->w, p->migrator, "SELECT current_user || ' ' || current_setting('lock_timeout')"),
                        "ballium_migrator 0");
}

static void an_area_gets_its_schema_for_the_serving_roles(void **state)
{
    struct place *p = *state;
    assert_true(migrate(p, two_files));
    assert_string_equal(text_of(&p->w, p->w.super, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'demo'"),
                        "ballium_owner");
    const char *const roles[] = {"ballium_app", "ballium_portfolio"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(text_of(&p->w, p->w.super, "SELECT has_schema_privilege($1, 'demo', 'USAGE')::text", roles[i]),
                            "true");
        assert_string_equal(text_of(&p->w, p->w.super, "SELECT has_schema_privilege($1, 'demo', 'CREATE')::text", roles[i]),
                            "false");
    }
    refused(&p->w, p->w.app, "42501", "INSERT INTO core.migration VALUES ('demo', 9, 'x', 'x')");
}

static void the_serving_role_cannot_migrate(void **state)
{
    struct place *p = *state;
    assert_false(migrate_area(p->w.app, "demo", two_files, p->errors, p->errors));
    assert_non_null(strstr(said(p), "demo: cannot make its schema: permission denied to set role"));
}

static void a_database_out_of_reach_is_told(void **state)
{
    struct place *p = *state;
    struct db *nowhere = db_new("host=/nonexistent", true);
    assert_false(migrate_area(nowhere, "demo", two_files, p->errors, p->errors));
    assert_non_null(strstr(said(p), "demo: the database cannot be reached"));
    assert_int_equal(migrate_check(nowhere, "demo", two_files, p->errors), 2);
    assert_non_null(strstr(said(p), "demo: cannot read which migrations are applied"));
    db_free(nowhere);
}

struct runner {
    const struct place *place;
    pthread_t thread;
    bool good;
    char *said;
    size_t said_length;
};

static void *run_migration(void *arg)
{
    struct runner *r = arg;
    FILE *out = open_memstream(&r->said, &r->said_length);
    struct db *db = db_new(r->place->conninfo, true);
    r->good = migrate_area(db, "demo", two_files, out, out);
    db_free(db);
    fclose(out);
    return NULL;
}

/* Both stand at the lock before either may begin. */
static void two_at_once_apply_each_file_once(void **state)
{
    struct place *p = *state;
    struct runner runners[2] = {{.place = p}, {.place = p}};
    run(&p->w, p->w.super, "BEGIN");
    run(&p->w, p->w.super, "SELECT pg_advisory_xact_lock(4852613071936487)");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run_migration, &runners[i]), 0);
    int64_t until = clock_monotonic() + 20000000;
    while (number_of(&p->w, p->w.super,
                     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                     " (SELECT oid FROM pg_database WHERE datname = current_database())") < 2)
        assert_true(clock_monotonic() < until);
    run(&p->w, p->w.super, "COMMIT");

    int applied = 0;
    for (int i = 0; i < 2; i++) {
        pthread_join(runners[i].thread, NULL);
        assert_true(runners[i].good);
        for (const char *at = runners[i].said; (at = strstr(at, ": applied in ")) != NULL; at++)
            applied++;
        free(runners[i].said);
    }
    assert_int_equal(applied, 2);
    assert_int_equal(rows_of_one(p), 2);
    assert_int_equal(recorded(p), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_core_applies_from_empty),
        CASE(a_second_run_does_nothing),
        CASE(a_later_file_is_added_to_what_is_there),
        CASE(the_hash_is_sha256_of_the_file),
        CASE(a_changed_file_is_refused),
        CASE(a_failing_file_leaves_nothing),
        CASE(a_failure_at_run_time_leaves_nothing),
        CASE(a_file_may_not_end_its_transaction),
        CASE(badly_numbered_or_named_ones_are_refused),
        CASE(a_file_runs_as_the_owner_with_a_lock_timeout),
        CASE(an_area_gets_its_schema_for_the_serving_roles),
        CASE(the_serving_role_cannot_migrate),
        CASE(a_database_out_of_reach_is_told),
        CASE(two_at_once_apply_each_file_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
