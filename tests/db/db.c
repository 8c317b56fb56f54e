/* The connection: errors in the middle of a flush, transactions, lost connections, the statements that the server knows. */
#include "database.h"
#include <stdio.h>

static struct bl_rows *out[1024];

static enum bl_status flush_all(struct world *w, struct db *db, const char *const *statements, int count)
{
    for (int i = 0; i < count; i++)
        db_queue(db, statements[i], NULL, 0);
    return db_flush(db, w->arena, out);
}
#define flush(w, db, ...)                                                                                                        \
    flush_all(w, db, (const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))

static void a_failure_ends_the_flush_where_it_stands(void **state)
{
    struct world *w = *state;
    assert_int_equal(flush(w, w->app, "BEGIN", "SELECT 1", "SELECT 1/0", "SELECT 2", "COMMIT"), BL_INTERNAL);
    assert_int_equal(db_integer(out[1], 0, 0), 1);
    assert_null(out[2]);
    assert_null(out[3]);
    assert_null(out[4]);
    const struct db_error *e = db_error(w->app);
    assert_string_equal(e->state, "22012");
    assert_string_equal(e->message, "division by zero");
    assert_int_equal(e->index, 2);
    db_rollback(w->app);
    assert_string_equal(e->state, "22012"); /* still there for who explains it */
    assert_int_equal(flush(w, w->app, "SELECT 3"), BL_OK);
    assert_string_equal(db_error(w->app)->state, "");
}

static void an_error_names_what_it_is_about(void **state)
{
    struct world *w = *state;
    char id[UUID_TEXT];
    uuid_v7(id);
    script(w->super, "BEGIN");
    refused(w, w->super, "23514",
            "INSERT INTO core.organisation (id, slug, name, kind) VALUES ($1::uuid, 'Not A Slug', 'n', 'client')", id);
    const struct db_error *e = db_error(w->super);
    assert_string_equal(e->constraint, "organisation_slug_check");
    assert_string_equal(e->schema, "core");
    assert_string_equal(e->table, "organisation");
    db_rollback(w->super);
    refused(w, w->super, "23502", "INSERT INTO core.organisation (id) VALUES ($1::uuid)", id);
    assert_string_equal(db_error(w->super)->column, "slug");
    refused(w, w->super, "42601", "SELEC 1");
    assert_int_equal(db_error(w->super)->position, 1);
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
    struct world *w = *state;
    char tenant[UUID_TEXT], actor[UUID_TEXT];
    make_organisation(w, tenant);
    make_user(w, actor);
    make_member(w, tenant, actor, "{reader}");
    run(w, w->app, "BEGIN");
    run(w, w->app, "SELECT core.enter($1::uuid, $2::uuid, NULL)", actor, tenant);
    run(w, w->app, "INSERT INTO core.counter VALUES ($1::uuid, 'register', 1)", tenant);
    refused(w, w->app, "23505", "INSERT INTO core.counter VALUES ($1::uuid, 'register', 1)", tenant);
    assert_string_equal(db_error(w->app)->constraint, "counter_pk");
    /* PostgreSQL answers COMMIT with success and the word ROLLBACK: that must not pass for a commit. */
    refused(w, w->app, "25P02", "COMMIT");
    assert_int_equal(db_ready(w->app), BL_OK);
    assert_int_equal(number_of(w, w->super, "SELECT count(*) FROM core.counter WHERE tenant_id = $1::uuid", tenant), 0);
}

static void ready_ends_a_forgotten_transaction(void **state)
{
    struct world *w = *state;
    run(w, w->app, "BEGIN");
    assert_int_equal(db_ready(w->app), BL_OK);
    refused(w, w->app, "25P01", "SAVEPOINT s"); /* only inside a transaction */
}

static int64_t backend(struct world *w, struct db *db)
{
    return number_of(w, db, "SELECT pg_backend_pid()");
}

static void terminate(struct world *w, int64_t pid)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)pid);
    /* With a timeout it waits until the process is gone. */
    assert_string_equal(text_of(w, w->super, "SELECT pg_terminate_backend($1::integer, 10000)", text), "true");
}

static void a_connection_that_died_while_idle_is_replaced(void **state)
{
    struct world *w = *state;
    run(w, w->app, "SELECT 'known to the old connection'");
    int64_t old = backend(w, w->app);
    terminate(w, old);
    assert_int_equal(db_ready(w->app), BL_OK);
    run(w, w->app, "SELECT 'known to the old connection'"); /* prepared anew */
    assert_int_not_equal(backend(w, w->app), old);
}

static void a_connection_that_dies_in_use_is_unavailable(void **state)
{
    struct world *w = *state;
    run(w, w->app, "BEGIN");
    terminate(w, backend(w, w->app));
    assert_int_equal(flush(w, w->app, "SELECT 1", "COMMIT"), BL_UNAVAILABLE);
    assert_null(out[0]);
    assert_null(out[1]);
    assert_string_equal(db_error(w->app)->state, "08006");
    assert_string_equal(db_error(w->app)->message, "terminating connection due to administrator command");
    assert_false(db_connected(w->app));
    db_rollback(w->app); /* nothing to do, nothing to fail */
    assert_int_equal(flush(w, w->app, "SELECT 1"), BL_UNAVAILABLE);
    assert_int_equal(db_ready(w->app), BL_OK);
    assert_int_equal(flush(w, w->app, "SELECT 1"), BL_OK);
}

static void a_connection_that_kills_itself_in_the_flush_is_unavailable(void **state)
{
    struct world *w = *state;
    assert_int_equal(flush(w, w->super, "SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 2"), BL_UNAVAILABLE);
    assert_int_equal(db_integer(out[0], 0, 0), 1);
    assert_null(out[1]);
    assert_int_equal(db_ready(w->super), BL_OK);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
    (void)state;
    struct db *db = db_new("host=/nonexistent dbname=ballium", true);
    assert_int_equal(db_ready(db), BL_UNAVAILABLE);
    assert_string_equal(db_error(db)->state, "08001");
    assert_int_equal(db_fd(db), -1);
    db_rollback(db);
    assert_false(db_script(db, "SELECT 1"));
    db_free(db);
}

static void the_cache_is_bounded(void **state)
{
    struct world *w = *state;
    char sql[32];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 600; i++) {
            snprintf(sql, sizeof sql, "SELECT %d", i);
            assert_int_equal(number_of(w, w->app, sql), i);
        }
    int64_t known = number_of(w, w->app, "SELECT count(*) FROM pg_prepared_statements");
    assert_in_range(known, 500, 512);
}

/* More texts in one flush than there are slots: the rest goes unnamed. */
static void a_flush_may_be_larger_than_the_cache(void **state)
{
    struct world *w = *state;
    char sql[32];
    for (int i = 0; i < 700; i++) {
        snprintf(sql, sizeof sql, "SELECT 10000 + %d", i);
        db_queue(w->app, sql, NULL, 0);
    }
    assert_int_equal(db_flush(w->app, w->arena, out), BL_OK);
    for (int i = 0; i < 700; i++)
        assert_int_equal(db_integer(out[i], 0, 0), 10000 + i);
}

/* An evicted name lives on in the server when its DEALLOCATE was aborted; the next db_ready clears up. */
static void an_eviction_that_was_aborted_is_made_good(void **state)
{
    struct world *w = *state;
    char sql[40];
    for (int i = 0; i < 520; i++) {
        snprintf(sql, sizeof sql, "SELECT 20000 + %d", i);
        run(w, w->app, sql);
    }
    assert_int_equal(flush(w, w->app, "SELECT 1/0", "SELECT 'new one'", "SELECT 'new two'"), BL_INTERNAL);
    for (int i = 0; i < 520; i++) {
        snprintf(sql, sizeof sql, "SELECT 30000 + %d", i);
        assert_int_equal(db_ready(w->app), BL_OK);
        assert_int_equal(number_of(w, w->app, sql), 30000 + i);
    }
    assert_in_range(number_of(w, w->app, "SELECT count(*) FROM pg_prepared_statements"), 500, 512);
}

static void a_failed_parse_is_not_taken_for_prepared(void **state)
{
    struct world *w = *state;
    refused(w, w->super, "42P01", "SELECT count(*) FROM pg_temp.later");
    /* Aborted, its Parse with it. */
    assert_int_equal(flush(w, w->super, "SELECT 1/0", "SELECT 'behind the failure'"), BL_INTERNAL);
    script(w->super, "CREATE TEMPORARY TABLE later (a integer)");
    assert_int_equal(number_of(w, w->super, "SELECT count(*) FROM pg_temp.later"), 0);
    assert_string_equal(text_of(w, w->super, "SELECT 'behind the failure'"), "behind the failure");
    script(w->super, "DROP TABLE later");
}

static void a_table_that_changed_costs_no_request(void **state)
{
    struct world *w = *state;
    script(w->super, "CREATE TEMPORARY TABLE shape (a integer); INSERT INTO shape VALUES (1)");
    run(w, w->super, "SELECT * FROM shape");
    script(w->super, "ALTER TABLE shape ADD b integer DEFAULT 7");
    assert_int_equal(flush(w, w->super, "BEGIN", "UPDATE shape SET a = a + 1", "SELECT * FROM shape", "COMMIT"), BL_OK);
    assert_int_equal(db_columns(out[2]), 2);
    assert_int_equal(db_integer(out[2], 0, 0), 2); /* sent again as a whole, done once */
    assert_string_equal(db_error(w->super)->state, "");
    script(w->super, "DROP TABLE shape");
}

/* Inside a transaction that began before, and after a COMMIT in the same flush, sending again would not be the same thing. */
static void a_stale_plan_is_an_error_where_repeating_is_not_safe(void **state)
{
    struct world *w = *state;
    script(w->super, "CREATE TEMPORARY TABLE shape (a integer); INSERT INTO shape VALUES (1)");
    run(w, w->super, "SELECT * FROM shape");
    script(w->super, "ALTER TABLE shape ADD b integer");
    run(w, w->super, "BEGIN");
    run(w, w->super, "UPDATE shape SET a = a + 1");
    refused(w, w->super, "0A000", "SELECT * FROM shape");
    assert_int_equal(db_ready(w->super), BL_OK);
    run(w, w->super, "SELECT * FROM shape");

    script(w->super, "ALTER TABLE shape ADD c integer");
    assert_int_equal(flush(w, w->super, "BEGIN", "UPDATE shape SET a = a + 1", "COMMIT", "SELECT * FROM shape"), BL_INTERNAL);
    assert_int_equal(number_of(w, w->super, "SELECT a FROM shape"), 2);
    script(w->super, "DROP TABLE shape");
}

static void statements_that_the_server_lost_are_prepared_again(void **state)
{
    struct world *w = *state;
    run(w, w->app, "SELECT 'kept'");
    script(w->app, "DEALLOCATE ALL");
    assert_string_equal(text_of(w, w->app, "SELECT 'kept'"), "kept");
}

/* Both directions at once, more than the sockets hold: a client that only writes would wait for ever. */
static void large_flushes_do_not_lock_up(void **state)
{
    struct world *w = *state;
    enum { SIZE = 2 << 20, COUNT = 8 };
    char *text = malloc(SIZE + 1);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    for (int i = 0; i < COUNT; i++)
        db_queue(w->app, "SELECT $1::text", (const char *[]){text}, 1);
    assert_int_equal(db_flush(w->app, w->arena, out), BL_OK);
    for (int i = 0; i < COUNT; i++) {
        int length;
        db_bytes(out[i], 0, 0, &length);
        assert_int_equal(length, SIZE);
    }
    free(text);
}

/* The caller's strings may go as soon as db_queue returns. */
static void the_queue_keeps_its_own_copies(void **state)
{
    struct world *w = *state;
    char sql[] = "SELECT $1::text || $2", value[] = "first";
    db_queue(w->app, sql, (const char *[]){value, ""}, 2);
    sql[0] = value[0] = '?';
    assert_int_equal(db_flush(w->app, w->arena, out), BL_OK);
    assert_string_equal(db_cell(out[0], 0, 0), "first");
}

static void give_up(void *arg)
{
    longjmp(*(jmp_buf *)arg, 1);
}

/* A full arena jumps out of db_flush: before anything was sent, so that nothing half-done is left. */
static void a_full_arena_leaves_the_connection_whole(void **state)
{
    struct world *w = *state;
    struct arena *small = arena_new(40000);
    jmp_buf here;
    arena_on_full(small, give_up, &here);
    for (int i = 0; i < 10000; i++)
        db_queue(w->app, "SELECT 1", NULL, 0);
    if (setjmp(here) == 0) {
        (void)!db_flush(w->app, small, out);
        fail_msg("the arena had room");
    }
    assert_int_equal(db_ready(w->app), BL_OK);
    assert_int_equal(number_of(w, w->app, "SELECT 5"), 5);
    arena_free(small);
}

static void a_script_runs_many_statements(void **state)
{
    struct world *w = *state;
    script(w->super, "CREATE TEMPORARY TABLE s (a integer); INSERT INTO s VALUES (1), (2)");
    assert_false(db_script(w->super, "INSERT INTO s VALUES (3); SELECT 1/0; INSERT INTO s VALUES (4)"));
    assert_string_equal(db_error(w->super)->state, "22012");
    assert_int_equal(number_of(w, w->super, "SELECT count(*) FROM s"), 2);
    script(w->super, "");
    script(w->super, "DROP TABLE s");
}

static void a_script_that_wants_to_copy_is_refused(void **state)
{
    struct world *w = *state;
    assert_false(db_script(w->super, "COPY core.organisation TO STDOUT"));
    assert_int_equal(db_ready(w->super), BL_OK);
    assert_int_equal(number_of(w, w->super, "SELECT 1"), 1);
}

/* From the second time on the server has told which parameters are uuids, and those go as bytes: nobody may see a difference. */
static void a_uuid_is_the_same_each_time(void **state)
{
    struct world *w = *state;
    static const char sql[] = "SELECT concat_ws(' ', $1::uuid, $2::text, coalesce($3::uuid::text, 'none'))";
    const char *id = "01A20B2E-3a32-7abc-8def-0123456789ab", *small = "01a20b2e-3a32-7abc-8def-0123456789ab";
    char expected[128];
    snprintf(expected, sizeof expected, "%s %s none", small, id); /* a text stays what it is */
    for (int i = 0; i < 3; i++) {
        assert_string_equal(text_of(w, w->app, sql, id, id, NULL), expected);
        refused(w, w->app, "22P02", sql, "01a20b2e", id, NULL);
        assert_non_null(strstr(db_error(w->app)->message, "\"01a20b2e\""));
        db_rollback(w->app);
    }
}

#define CASE(name) cmocka_unit_test_setup(name, world_ready)

/* A test may have left the connection lost on purpose. */
static int world_ready(void **state)
{
    struct world *w = *state;
    return db_ready(w->app) == BL_OK && db_ready(w->super) == BL_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_uuid_is_the_same_each_time),
        CASE(a_failure_ends_the_flush_where_it_stands),
        CASE(an_error_names_what_it_is_about),
        CASE(an_aborted_transaction_leaves_nothing),
        CASE(ready_ends_a_forgotten_transaction),
        CASE(a_connection_that_died_while_idle_is_replaced),
        CASE(a_connection_that_dies_in_use_is_unavailable),
        CASE(a_connection_that_kills_itself_in_the_flush_is_unavailable),
        CASE(a_server_that_is_not_there_is_unavailable),
        CASE(the_cache_is_bounded),
        CASE(a_flush_may_be_larger_than_the_cache),
        CASE(an_eviction_that_was_aborted_is_made_good),
        CASE(a_failed_parse_is_not_taken_for_prepared),
        CASE(a_table_that_changed_costs_no_request),
        CASE(a_stale_plan_is_an_error_where_repeating_is_not_safe),
        CASE(statements_that_the_server_lost_are_prepared_again),
        CASE(large_flushes_do_not_lock_up),
        CASE(the_queue_keeps_its_own_copies),
        CASE(a_full_arena_leaves_the_connection_whole),
        CASE(a_script_runs_many_statements),
        CASE(a_script_that_wants_to_copy_is_refused),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
