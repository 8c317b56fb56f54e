/* The queue and the housekeeping, as the worker's own role. */
#include "unit.h"

#include "jobs/jobs.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct house {
    struct db *worker, *root;
    struct arena *arena;
};

static int set_up(void **state)
{
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *root = getenv("BALLIUM_TEST_SUPERUSER");
    struct house *h = calloc(1, sizeof *h);
    if (worker == NULL || root == NULL || h == NULL)
        return -1;
    h->worker = db_new(worker, true);
    h->root = db_new(root, true);
    h->arena = arena_new(1 << 20);
    *state = h;
    return db_ready(h->root) == BL_OK && db_ready(h->worker) == BL_OK && db_script(h->root, "DELETE FROM core.job") ? 0 : -1;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    db_script(h->root, "DELETE FROM core.job");
    db_free(h->worker);
    db_free(h->root);
    arena_free(h->arena);
    free(h);
    return 0;
}

/* The one number that a statement of the superuser answers. */
static int64_t number(struct house *h, const char *sql)
{
    struct bl_rows *rows;
    assert_int_equal(db_ready(h->root), BL_OK);
    db_queue(h->root, sql, NULL, 0);
    assert_int_equal(db_flush(h->root, h->arena, &rows), BL_OK);
    return db_integer(rows, 0, 0);
}

static void change(struct house *h, const char *sql)
{
    assert_true(db_script(h->root, sql));
}

static struct job take(struct house *h)
{
    struct job job;
    assert_int_equal(jobs_take(h->worker, h->arena, NULL, &job), BL_OK);
    return job;
}

static int64_t kinds(void)
{
    int64_t n = 0;
    while (job_kinds[n].name != NULL)
        n++;
    return n;
}

static void each_kind_is_queued_once(void **state)
{
    struct house *h = *state;
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job"), kinds());
}

static void a_job_is_taken_by_one_worker(void **state)
{
    struct house *h = *state;
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    for (int64_t i = 0; i < kinds(); i++)
        assert_non_null(take(h).kind);
    assert_null(take(h).kind);
    /* one that is being taken elsewhere is not waited for */
    change(h, "UPDATE core.job SET run_at = now()");
    change(h, "BEGIN; SELECT FROM core.job WHERE kind <> 'sweep_jobs' FOR UPDATE");
    assert_string_equal(take(h).kind->name, "sweep_jobs");
    assert_null(take(h).kind);
    change(h, "ROLLBACK");
}

static void a_job_whose_worker_died_comes_back(void **state)
{
    struct house *h = *state;
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    struct job first = take(h);
    assert_int_equal(first.attempts, 1);
    change(h, "UPDATE core.job SET run_at = run_at - interval '600 seconds' WHERE attempts = 1");
    change(h, "DELETE FROM core.job WHERE attempts = 0");
    struct job second = take(h);
    assert_string_equal(second.id, first.id);
    assert_int_equal(second.attempts, 2);
}

static void what_is_done_is_queued_again_after_its_period(void **state)
{
    struct house *h = *state;
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    change(h, "DELETE FROM core.job WHERE kind <> 'sweep_logins'");
    struct job job = take(h);
    assert_int_equal(jobs_done(h->worker, h->arena, &job, "all well"), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE state = 'done' AND outcome = 'all well'"), 1);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE state = 'queued' AND attempts = 0 AND "
                               "run_at BETWEEN now() + interval '59 minutes' AND now() + interval '60 minutes'"),
                     1);
    assert_null(take(h).kind);
}

static void what_failed_waits_longer_each_time_and_dies(void **state)
{
    struct house *h = *state;
    static const int pauses[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560};
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    change(h, "DELETE FROM core.job WHERE kind <> 'sweep_logins'");
    for (int i = 0; i < JOB_ATTEMPTS; i++) {
        struct job job = take(h);
        assert_int_equal(job.attempts, i + 1);
        assert_int_equal(jobs_failed(h->worker, h->arena, &job, "the roof fell in", true), BL_OK);
        if (i < JOB_ATTEMPTS - 1)
            assert_in_range(number(h, "SELECT ceil(extract(epoch FROM run_at - now()))::bigint FROM core.job"), pauses[i] - 1,
                            pauses[i]);
        assert_null(take(h).kind);
        change(h, "UPDATE core.job SET run_at = now() WHERE attempts > 0 AND state = 'queued'");
    }
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE state = 'dead' AND problem = 'the roof fell in'"), 1);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE state = 'queued' AND attempts = 0"), 1);
}

static void a_kind_of_another_version_is_left_alone(void **state)
{
    struct house *h = *state;
    change(h, "INSERT INTO core.job (tenant_id, id, kind, actor) VALUES (gen_random_uuid(), gen_random_uuid(), "
              "'from_the_future', gen_random_uuid())");
    assert_string_equal(take(h).name, ""); /* not taken, and not as one that nobody here can do */
}

static const struct job_kind *kind(const char *name)
{
    const struct job_kind *k = job_kinds;
    while (strcmp(k->name, name) != 0)
        k++;
    return k;
}

static void expect_outcome(struct house *h, const char *name, const char *outcome)
{
    char text[200];
    assert_int_equal(db_ready(h->worker), BL_OK);
    assert_int_equal(kind(name)->run(h->worker, h->arena, NULL, text, sizeof text), BL_OK);
    assert_string_equal(text, outcome);
}

static void old_idempotency_keys_go(void **state)
{
    struct house *h = *state;
    change(h, "DELETE FROM core.idempotency");
    change(h, "INSERT INTO core.idempotency (tenant_id, actor, route, key, request_hash, created_at)"
              " SELECT gen_random_uuid(), gen_random_uuid(), 'r', 'k' || n, '', now() - n * interval '1 hour'"
              " FROM generate_series(1, 48) n");
    expect_outcome(h, "sweep_idempotency", "25 idempotency keys removed");
    assert_int_equal(number(h, "SELECT count(*) FROM core.idempotency"), 23);
    expect_outcome(h, "sweep_idempotency", "0 idempotency keys removed");
    change(h, "DELETE FROM core.idempotency");
}

static void stale_log_ins_go(void **state)
{
    struct house *h = *state;
    expect_outcome(h, "sweep_logins", "0 sessions and failed log-ins removed");
    change(h, "INSERT INTO core.user_account (id, email, name) VALUES ('0198a000-0000-7000-8000-000000000001', "
              "'sweep@example.org', 'S')");
    change(h, "INSERT INTO core.session (id, user_id, expires_at) SELECT gen_random_uuid(), u.id, now() + n * interval '1 day'"
              " FROM core.user_account u, generate_series(-1, 1, 2) n WHERE u.email = 'sweep@example.org'");
    change(h, "INSERT INTO core.refresh_token (hash, session_id) SELECT sha256(s.id::text::bytea), s.id FROM core.session s"
              " JOIN core.user_account u ON u.id = s.user_id WHERE u.email = 'sweep@example.org'");
    change(h, "INSERT INTO core.login_attempt (key, failures, expires_at)"
              " SELECT ('\\x' || to_char(n, 'FM0000'))::bytea, 1, now() - interval '1 second' FROM generate_series(1, 1500) n");
    expect_outcome(h, "sweep_logins", "1501 sessions and failed log-ins removed");
    assert_int_equal(number(h, "SELECT count(*) FROM core.refresh_token t JOIN core.session s ON s.id = t.session_id"
                               " JOIN core.user_account u ON u.id = s.user_id WHERE u.email = 'sweep@example.org'"),
                     1);
    change(h, "DELETE FROM core.session WHERE user_id = '0198a000-0000-7000-8000-000000000001'");
    change(h, "DELETE FROM core.user_account WHERE id = '0198a000-0000-7000-8000-000000000001'");
}

static void finished_jobs_go_dead_ones_later(void **state)
{
    struct house *h = *state;
    change(h, "INSERT INTO core.job (actor, tenant_id, id, kind, state, finished_at) SELECT gen_random_uuid(), "
              "gen_random_uuid(), gen_random_uuid(), 'k', s,"
              " now() - d * interval '1 day' FROM unnest(ARRAY['done', 'dead']) s, unnest(ARRAY[6, 8, 89, 91]) d");
    change(h, "INSERT INTO core.job (actor, tenant_id, id, kind, run_at) VALUES (gen_random_uuid(), gen_random_uuid(), "
              "gen_random_uuid(), 'k', now() - "
              "interval '1 year')");
    expect_outcome(h, "sweep_jobs", "4 finished jobs removed");
    assert_int_equal(number(h, "SELECT count(*) FROM core.job"), 5);
}

static void the_serving_role_sees_only_its_tenants_jobs(void **state)
{
    struct house *h = *state;
    assert_int_equal(jobs_schedule(h->worker, h->arena, NULL), BL_OK);
    struct db *app = db_new(getenv("BALLIUM_TEST_DATABASE"), true);
    assert_int_equal(db_ready(app), BL_OK);
    struct bl_rows *rows;
    db_queue(app, "SELECT count(*) FROM core.job", NULL, 0);
    assert_int_equal(db_flush(app, h->arena, &rows), BL_OK);
    assert_int_equal(db_integer(rows, 0, 0), 0);
    assert_false(db_script(app, "UPDATE core.job SET state = 'done'"));
    assert_false(db_script(app, "SELECT core.sweep_logins(1)"));
    db_free(app);
}

static void the_worker_runs_what_is_due_and_stops_when_told(void **state)
{
    struct house *h = *state;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct config config = {
            .worker = getenv("BALLIUM_TEST_WORKER"), .plugin_dir = TEST_PLUGINS, .plugins = "", .prepared = true};
        exit(jobs_work(&config));
    }
    while (number(h, "SELECT count(*) FROM core.job WHERE state = 'done'") < kinds())
        arena_reset(h->arena);
    kill(pid, SIGTERM);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE state = 'queued'"), kinds());
}

int main(void)
{
    alarm(60);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_kind_is_queued_once),
        TEST(a_job_is_taken_by_one_worker),
        TEST(a_job_whose_worker_died_comes_back),
        TEST(what_is_done_is_queued_again_after_its_period),
        TEST(what_failed_waits_longer_each_time_and_dies),
        TEST(a_kind_of_another_version_is_left_alone),
        TEST(old_idempotency_keys_go),
        TEST(stale_log_ins_go),
        TEST(finished_jobs_go_dead_ones_later),
        TEST(the_serving_role_sees_only_its_tenants_jobs),
        TEST(the_worker_runs_what_is_due_and_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
