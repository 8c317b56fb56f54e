/* Duties, ordered jobs and messages: what `ballium work` does inside organisations, with the fixture area "postman". */
#include "hark.h"

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
    char client[UUID_TEXT], body[UUID_TEXT], person[UUID_TEXT], client_slug[64], folder[40];
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

/* A line in sh, in the house's folder. */
static void shell(struct house *h, const char *line)
{
    assert_int_equal(system(arena_format(h->arena, "cd %s && %s", h->folder, line)), 0); // NOLINT(cert-env33-c): of its own
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *app = getenv("BALLIUM_TEST_DATABASE");
    if (h == NULL || worker == NULL || app == NULL || getenv("BALLIUM_TEST_SUPERUSER") == NULL)
        return -1;
    strcpy(h->folder, "/tmp/ballium-inside-XXXXXX");
    if (mkdtemp(h->folder) == NULL)
        return -1;
    h->config = (struct config){.data_dir = h->folder,
                                .worker = (char *)(uintptr_t)worker,
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
    shell(h, "rm -r \"$PWD\"");
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

static void order_of(struct house *h, const char *kind, const char *input)
{
    change(h,
           arena_format(h->arena,
                        "INSERT INTO core.job (tenant_id, id, kind, actor, input) VALUES ('%s', gen_random_uuid(), '%s', '%s', "
                        "'%s')",
                        h->client, kind, h->person, input));
}

static void order(struct house *h, const char *input)
{
    order_of(h, "postman.carry", input);
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

/* A job of the core's that fails with this status. What it says is in `problem`, of our own faults in the log alone: what of both
 * is told. */
static char *fails(struct house *h, const char *kind, const char *input, enum bl_status status, char problem[500])
{
    order_of(h, kind, input);
    struct job job = take(h, kind);
    assert_string_equal(job.name, kind);
    struct hark log = hark_begin();
    enum bl_status got = inside_task(h->inside, h->worker, &job, problem, 500);
    char *said = hark_end(&log);
    if (got != status)
        fail_msg("%s %s: %d instead of %d: %s", kind, input, got, status, said);
    assert_int_equal(jobs_failed(h->worker, h->arena, &job, problem, false), BL_OK);
    return said;
}

static void what_is_wrong_with_an_order_of_the_cores_is_told(void **state)
{
    struct house *h = *state;
    char problem[500], id[UUID_TEXT], input[100];
    assert_non_null(strstr(fails(h, "core.export", "{}", BL_INTERNAL, problem), "bad_order"));
    assert_non_null(strstr(fails(h, "core.report", "{\"report\": \"postman.blank\", \"format\": \"pdf\"}", BL_INTERNAL, problem),
                           "bad_document"));
    assert_null(strstr(problem, "bad_document")); /* a fault of the area's is nothing for who ordered it */
    (void)fails(h, "core.report", "{\"report\": \"postman.parcel\", \"format\": \"pdf\"}", BL_NOT_FOUND, problem);
    assert_memory_equal(problem, "not_loaded: ", 12);
    uuid_v7(id);
    snprintf(input, sizeof input, "{\"export\": \"%s\"}", id);
    shell(h, "touch exports");
    assert_non_null(strstr(fails(h, "core.export", input, BL_INTERNAL, problem), "no_folder"));
    shell(h, arena_format(h->arena, "rm exports && mkdir -p exports/%s/%s.tar/in-the-way", h->client, id));
    (void)fails(h, "core.export", input, BL_CONFLICT, problem);
    assert_memory_equal(problem, "export_failed: ", 15);
}

static enum bl_status make_file(struct bl_request *r, void *arg)
{
    json_t *body = json_pack("{s:s}", "name", "list.txt");
    (void)arg;
    enum bl_status status = bl_create(r, "core.files", body, NULL);
    json_decref(body);
    return status;
}

static void an_area_makes_no_file_without_its_bytes(void **state)
{
    struct house *h = *state;
    struct http_act act = {.tenant = h->client, .slug = h->client_slug, .what = "test", .run = make_file};
    assert_int_equal(http_act(inside_worker(h->inside), &act), BL_UNPROCESSABLE);
    assert_memory_equal(act.problem, "needs_bytes: ", 13);
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
        TEST(a_duty_is_done_in_every_active_organisation),
        TEST(a_job_is_done_in_the_name_of_who_ordered_it),
        TEST(a_refused_job_is_undone_and_final),
        TEST(who_has_left_has_no_jobs_done),
        TEST(what_is_wrong_with_an_order_of_the_cores_is_told),
        TEST(an_area_makes_no_file_without_its_bytes),
        TEST(a_message_is_received_once_and_in_order),
        TEST(a_message_that_nobody_takes_says_so),
        TEST(orders_stand_with_their_transaction),
        TEST(the_serving_role_cannot_enter_as_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
