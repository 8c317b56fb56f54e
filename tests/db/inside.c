/* Duties, ordered jobs and messages: what `ballium work` does inside organisations, with the fixture area "postman". */
#include "unit.h"

#include "base/config.h"
#include "http/act.h"
#include "jobs/inside.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct house {
    struct config config;
    struct inside *inside;
    struct db *worker, *root;
    struct arena *arena;
    char client[UUID_TEXT], body[UUID_TEXT], person[UUID_TEXT], client_slug[64];
};

static int64_t number(struct house *h, const char *format, ...) BL_PRINTF(2, 3);
static int64_t number(struct house *h, const char *format, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    struct bl_rows *rows;
    assert_int_equal(db_ready(h->root), BL_OK);
    db_queue(h->root, arena_string(h->arena, sql), NULL, 0);
    if (db_flush(h->root, h->arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(h->root)->message);
    return db_count(rows) > 0 ? db_integer(rows, 0, 0) : -1;
}

static void change(struct house *h, const char *sql)
{
    if (!db_script(h->root, sql))
        fail_msg("%s: %s", sql, db_error(h->root)->message);
}

static int64_t counted(struct house *h, const char *tenant, const char *what)
{
    return number(h, "SELECT value FROM core.counter WHERE tenant_id = '%s' AND register = '%s'", tenant, what);
}

static void found(struct house *h, char id[UUID_TEXT], const char *prefix, const char *kind)
{
    uuid_v7(id);
    change(h, arena_format(h->arena, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', '%s-%s', 'T', '%s')", id,
                           prefix, id + 24, kind));
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *app = getenv("BALLIUM_TEST_DATABASE");
    if (h == NULL || worker == NULL || app == NULL || getenv("BALLIUM_TEST_SUPERUSER") == NULL)
        return -1;
    h->config = (struct config){.worker = (char *)(uintptr_t)worker,
                                .database = (char *)(uintptr_t)app,
                                .plugin_dir = TEST_PLUGINS,
                                .plugins = "postman",
                                .prepared = true};
    h->root = db_new(getenv("BALLIUM_TEST_SUPERUSER"), true);
    h->worker = db_new(worker, true);
    h->arena = arena_new(8 << 20);
    h->inside = inside_new(&h->config, stderr);
    if (h->inside == NULL || db_ready(h->root) != BL_OK || db_ready(h->worker) != BL_OK)
        return -1;
    change(h, "DELETE FROM core.job; DELETE FROM core.message; DELETE FROM core.receipt");
    found(h, h->client, "c", "client");
    found(h, h->body, "b", "certification_body");
    snprintf(h->client_slug, sizeof h->client_slug, "c-%s", h->client + 24);
    change(h, arena_format(
                  h->arena,
                  "INSERT INTO core.engagement (id, client_id, provider_id, kind, roles, valid_from, valid_to, state, "
                  "asked_side, asked_by) VALUES (gen_random_uuid(), '%s', '%s', 'certification', '{cb_auditor}', '2026-01-01', "
                  "'2026-01-02', 'active', 'client', '%s')",
                  h->client, h->body, h->client));
    uuid_v7(h->person);
    change(h, arena_format(h->arena,
                           "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', 'P'); INSERT INTO "
                           "core.membership (tenant_id, user_id, roles) VALUES ('%s', '%s', '{cb_auditor}')",
                           h->person, h->person, h->client, h->person));
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    change(h, "DELETE FROM core.job; DELETE FROM core.message; DELETE FROM core.receipt");
    change(h, arena_format(h->arena,
                           "DELETE FROM core.counter WHERE tenant_id IN ('%s', '%s'); UPDATE core.organisation SET "
                           "status = 'closed' WHERE id IN ('%s', '%s')",
                           h->client, h->body, h->client, h->body));
    inside_free(h->inside);
    db_free(h->root);
    db_free(h->worker);
    arena_free(h->arena);
    free(h);
    return 0;
}

/* A job of that kind, as the worker takes it. */
static struct job take(struct house *h, const char *kind)
{
    struct job job;
    do
        assert_int_equal(jobs_take(h->worker, h->arena, inside_registry(h->inside), &job), BL_OK);
    while (*job.name != '\0' && strcmp(job.name, kind) != 0);
    return job;
}

static void order(struct house *h, const char *input)
{
    change(h, arena_format(h->arena,
                           "INSERT INTO core.job (tenant_id, id, kind, actor, input) VALUES ('%s', gen_random_uuid(), "
                           "'postman.carry', '%s', '%s')",
                           h->client, h->person, input));
}

static void a_duty_is_done_in_every_active_organisation(void **state)
{
    struct house *h = *state;
    char outcome[200];
    struct job job;
    assert_int_equal(jobs_schedule(h->worker, h->arena, inside_registry(h->inside)), BL_OK);
    job = take(h, "postman.round");
    assert_non_null(job.duty);
    change(h, arena_format(h->arena, "INSERT INTO core.counter VALUES ('%s', 'no_duty', 1)", h->body));
    assert_int_equal(inside_duty(h->inside, h->worker, &job, outcome, sizeof outcome), BL_OK);
    assert_int_equal(counted(h, h->client, "duty"), 1);
    assert_int_equal(counted(h, h->body, "duty"), -1); /* it failed there: undone, and no other's matter */
    assert_non_null(strstr(outcome, "failed in 1"));
    assert_int_equal(jobs_done(h->worker, h->arena, &job, outcome), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE kind = 'postman.round' AND state = 'queued' AND run_at > "
                               "now() + interval '3500 seconds'"),
                     1);
    change(h, arena_format(h->arena, "UPDATE core.organisation SET status = 'suspended' WHERE id = '%s'", h->client));
    assert_int_equal(inside_duty(h->inside, h->worker, &job, outcome, sizeof outcome), BL_OK);
    assert_int_equal(counted(h, h->client, "duty"), 1);
}

static void a_job_is_done_in_the_name_of_who_ordered_it(void **state)
{
    struct house *h = *state;
    char problem[500];
    order(h, "{\"letters\": 3}");
    struct job job = take(h, "postman.carry");
    assert_non_null(job.task);
    assert_int_equal(inside_task(h->inside, h->worker, &job, problem, sizeof problem), BL_OK);
    assert_int_equal(counted(h, h->client, "letters"), 3);
    assert_int_equal(number(h,
                            "SELECT count(*) FROM core.job WHERE tenant_id = '%s' AND state = 'done' AND progress = 3 AND "
                            "progress_of = 3 AND result = '{\"carried\": 3, \"may_read\": false, \"actor\": \"%s\"}'",
                            h->client, h->person),
                     1);
    assert_string_equal(take(h, "postman.carry").name, ""); /* it is over */
}

static void a_refused_job_is_undone_and_final(void **state)
{
    struct house *h = *state;
    char problem[500];
    order(h, "{\"letters\": 4}");
    struct job job = take(h, "postman.carry");
    assert_int_equal(inside_task(h->inside, h->worker, &job, problem, sizeof problem), BL_UNPROCESSABLE);
    assert_string_equal(problem, "too_many: /letters: the bag holds three");
    assert_int_equal(counted(h, h->client, "letters"), -1);
    assert_int_equal(jobs_failed(h->worker, h->arena, &job, problem, false), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE tenant_id = '%s' AND state = 'dead' AND problem = '%s'",
                            h->client, problem),
                     1);
}

static void who_has_left_has_no_jobs_done(void **state)
{
    struct house *h = *state;
    char problem[500];
    order(h, "{\"letters\": 1}");
    change(h, arena_format(h->arena, "UPDATE core.membership SET status = 'ended' WHERE user_id = '%s'", h->person));
    struct job job = take(h, "postman.carry");
    assert_int_equal(inside_task(h->inside, h->worker, &job, problem, sizeof problem), BL_NOT_FOUND);
    assert_int_equal(counted(h, h->client, "letters"), -1);
}

static void put_message(struct house *h, const char *to, const char *kind, const char *body)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    change(h,
           arena_format(h->arena,
                        "INSERT INTO core.message (tenant_id, id, to_tenant, kind, body, created_by) VALUES ('%s', '%s', '%s', "
                        "'%s', '%s', '%s')",
                        h->client, id, to, kind, body, h->person));
}

static struct message next(struct house *h)
{
    struct message m;
    assert_int_equal(messages_take(h->worker, h->arena, &m), BL_OK);
    return m;
}

static void a_message_is_received_once_and_in_order(void **state)
{
    struct house *h = *state;
    char problem[500];
    put_message(h, h->body, "postman.letter", "{\"bad\": true}");
    put_message(h, h->body, "postman.letter", "{}");
    struct message first = next(h);
    assert_int_equal(first.attempts, 1);
    assert_int_equal(next(h).attempts, 0); /* the second one waits for the first */
    assert_int_equal(inside_receive(h->inside, &first, problem, sizeof problem), BL_CONFLICT);
    assert_string_equal(problem, "unwanted: return to sender");
    assert_int_equal(counted(h, h->body, h->client), -1);
    assert_int_equal(messages_failed(h->worker, h->arena, &first, problem), BL_OK);
    assert_int_equal(next(h).attempts, 0); /* it waits for its next attempt */
    first.attempts = JOB_ATTEMPTS;
    assert_int_equal(messages_failed(h->worker, h->arena, &first, problem), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.message WHERE state = 'dead'"), 1);
    struct message second = next(h);
    assert_int_equal(second.attempts, 1);
    assert_int_equal(inside_receive(h->inside, &second, problem, sizeof problem), BL_OK);
    assert_int_equal(inside_receive(h->inside, &second, problem, sizeof problem), BL_OK); /* as after a crash before "done" */
    assert_int_equal(counted(h, h->body, h->client), 1);
    assert_int_equal(messages_done(h->worker, h->arena, &second), BL_OK);
    assert_int_equal(next(h).attempts, 0);
}

static void a_message_that_nobody_takes_says_so(void **state)
{
    struct house *h = *state;
    char problem[500];
    put_message(h, h->body, "postman.parcel", "{}");
    struct message m = next(h);
    assert_int_equal(inside_receive(h->inside, &m, problem, sizeof problem), BL_NOT_FOUND);
    assert_string_equal(problem, "no loaded area takes postman.parcel");
}

/* ---- what a request orders: here in the worker's own way of making requests ------------------------------------------------ */

struct asked {
    const char *to;
    json_t *signals;
    enum bl_status status;
};

static enum bl_status ask(struct bl_request *r, void *arg)
{
    struct asked *a = arg;
    const char *job;
    json_t *input = json_pack("{s:i}", "letters", 1), *signals;
    enum bl_status status = bl_enqueue(r, "postman.carry", input, &job);
    if (status == BL_OK)
        status = bl_send(r, a->to, "postman.letter", input);
    json_decref(input);
    if (status == BL_OK && bl_signals(r, &signals) == BL_OK)
        a->signals = json_incref(signals);
    return status;
}

static enum bl_status ask_as_person(struct house *h, struct asked *a, char *problem)
{
    struct config config = h->config;
    config.database = config.worker;
    struct http *http;
    struct registry *registry = registry_load(&config, stderr);
    struct engine *engine = engine_new(registry, stderr);
    assert_non_null(http = http_new(&config, engine, NULL, stderr));
    struct http_worker *worker = http_worker_new(http);
    struct http_act act = {.tenant = h->client, .slug = h->client_slug, .actor = h->person, .what = "test", .run = ask, .arg = a};
    enum bl_status status = http_act(worker, &act);
    snprintf(problem, 500, "%s", act.problem);
    http_worker_free(worker);
    http_free(http);
    engine_free(engine);
    registry_free(registry);
    return status;
}

static void orders_stand_with_their_transaction(void **state)
{
    struct house *h = *state;
    struct asked a = {.to = h->body};
    char problem[500], stranger[UUID_TEXT];
    change(h, arena_format(h->arena, "INSERT INTO core.counter VALUES ('%s', 'letters', 2)", h->client));
    assert_int_equal(ask_as_person(h, &a, problem), BL_OK);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE kind = 'postman.carry' AND actor = '%s'", h->person), 1);
    assert_int_equal(number(h, "SELECT count(*) FROM core.message WHERE to_tenant = '%s' AND state = 'waiting'", h->body), 1);
    assert_int_equal(json_array_size(a.signals), 1); /* the other one has nothing to say here */
    json_t *s = json_array_get(a.signals, 0);
    assert_string_equal(json_string_value(json_object_get(s, "name")), "letters");
    assert_int_equal(json_integer_value(json_object_get(s, "value")), 2);
    assert_int_equal(json_integer_value(json_object_get(s, "of")), 3);
    assert_true(json_is_true(json_object_get(s, "good")));
    json_decref(a.signals);
    a = (struct asked){.to = stranger};
    found(h, stranger, "d", "client"); /* two clients have nothing to do with each other */
    assert_int_equal(ask_as_person(h, &a, problem), BL_UNPROCESSABLE);
    assert_int_equal(strncmp(problem, "no_engagement", 13), 0);
    assert_int_equal(number(h, "SELECT count(*) FROM core.job WHERE kind = 'postman.carry'"), 1); /* undone with it */
}

static void the_serving_role_cannot_enter_as_the_service(void **state)
{
    struct house *h = *state;
    struct db *app = db_new(getenv("BALLIUM_TEST_DATABASE"), true);
    assert_int_equal(db_ready(app), BL_OK);
    assert_false(db_script(app, arena_format(h->arena, "SELECT core.enter_service('%s')", h->client)));
    assert_false(db_script(app, "SELECT * FROM core.work_organisations(NULL, 10)"));
    assert_false(db_script(app, "SET ROLE ballium_worker"));
    assert_false(db_script(app, "UPDATE core.message SET state = 'dead'"));
    db_free(app);
    assert_false(db_script(h->worker, "SELECT change FROM core.event")); /* the worker alone reads no tenant's table */
}

int main(void)
{
    alarm(120);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_duty_is_done_in_every_active_organisation), TEST(a_job_is_done_in_the_name_of_who_ordered_it),
        TEST(a_refused_job_is_undone_and_final),           TEST(who_has_left_has_no_jobs_done),
        TEST(a_message_is_received_once_and_in_order),     TEST(a_message_that_nobody_takes_says_so),
        TEST(orders_stand_with_their_transaction),         TEST(the_serving_role_cannot_enter_as_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
