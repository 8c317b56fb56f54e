/* Idempotency-Key and the probes, on a real database. */
#include "http/health.h"
#include "http_db.h"

#include <pthread.h>

static struct stand stand;

/* ---- routes of the test: each success counts a register of the tenant up ---- */

static enum bl_status add(struct bl_request *r)
{
    struct bl_rows *rows;
    json_t *body;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    status = bl_sql(r,
                    "INSERT INTO core.counter (tenant_id, register, value) VALUES ($1::uuid, $2, 1) "
                    "ON CONFLICT (tenant_id, register) DO UPDATE SET value = core.counter.value + 1 RETURNING value",
                    (const char *const[]){json_string_value(json_object_get(body, "register"))}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (json_is_true(json_object_get(body, "fail")))
        return bl_fail(r, BL_CONFLICT, "failed", NULL, "as asked for");
    if (json_is_true(json_object_get(body, "break")))
        return bl_fail(r, BL_INTERNAL, "broken", NULL, "as asked for");
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "ETag", "\"7\"");
    bl_set_header(r, "Location", "/somewhere");
    bl_json_object(r, NULL);
    bl_json_cell(r, "value", rows, 0, 0);
    bl_json_text(r, "text", "caf\xC3\xA9 \"x\"\n");
    bl_json_close(r);
    return BL_OK;
}

/* Is in the transaction, with the key taken, until the other one waits for its row; then ends. */
static enum bl_status add_slowly(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = BL_OK;
    while (status == BL_OK) {
        status = bl_sql(r,
                        "SELECT 1 FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid)) AND "
                        "$1::uuid IS NOT NULL",
                        NULL, 0, 0, &rows);
        if (status == BL_OK && bl_count(r, rows) > 0)
            return add(r);
    }
    return status;
}

static enum bl_status binary(struct bl_request *r)
{
    bl_respond(r, 200, "application/octet-stream");
    bl_write(r, "\0\xff\x80\n", 4);
    return BL_OK;
}

static enum bl_status long_answer(struct bl_request *r)
{
    for (int i = 0; i < 40000; i++)
        bl_write(r, "0123456789", 10);
    return BL_OK;
}

static enum bl_status empty(struct bl_request *r)
{
    bl_respond(r, 204, NULL);
    return BL_OK;
}

#define BELOW "/orgs/{org}"
static const struct bl_route plain = {.query = NULL};
static const struct engine_route routes[] = {
    {.method = "POST", .path = BELOW "/add", .handler = add, .checks_query = true},
    {.method = "POST", .path = BELOW "/add2", .handler = add, .checks_query = true},
    {.method = "PATCH", .path = BELOW "/add", .handler = add, .checks_query = true},
    {.method = "POST", .path = BELOW "/slow", .handler = add_slowly, .checks_query = true},
    {.method = "POST", .path = BELOW "/binary", .handler = binary, .checks_query = true},
    {.method = "POST", .path = BELOW "/long", .handler = long_answer, .checks_query = true},
    {.method = "POST", .path = BELOW "/empty", .handler = empty, .checks_query = true},
    {.method = "POST", .path = BELOW "/denied", .handler = add, .permission = "core.nothing:do", .checks_query = true},
    {.method = "GET", .path = "/livez", .handler = http_livez, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/readyz", .handler = http_readyz, .flags = BL_PUBLIC, .own = &plain},
};

static int set_up(void **state)
{
    (void)state;
    return stand_start(&stand, routes, sizeof routes / sizeof *routes, "");
}

static int tear_down(void **state)
{
    (void)state;
    stand_end(&stand);
    return 0;
}

static int counted(const char *name)
{
    return atoi(
        stand_ask(&stand, "SELECT value FROM core.counter WHERE tenant_id = '%s' AND register = '%s'", stand.tenant, name));
}

static int send_by(struct http_worker *worker, struct fake_io *f, const char *method, const char *path, const char *key,
                   const char *body)
{
    stand_request(&stand, f, method, path);
    if (key != NULL)
        fake_set(f, "HTTP_IDEMPOTENCY_KEY", key);
    fake_body(f, "application/json", body);
    (void)http_handle(worker, &f->io);
    return fake_status(f);
}

static int post(struct fake_io *f, const char *path, const char *key, const char *body)
{
    return send_by(stand.worker, f, "POST", path, key, body);
}

static bool replayed(const struct fake_io *f)
{
    const char *value = fake_header(f, "Idempotency-Replayed");
    return value != NULL && strcmp(value, "true") == 0;
}

/* ---- the key ---- */

static void a_repeat_is_answered_not_done(void **state)
{
    (void)state;
    struct fake_io first, again;
    assert_int_equal(post(&first, "/add", "key-1", "{\"register\":\"a\"}"), 201);
    assert_false(replayed(&first));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(post(&again, "/add", "key-1", "{\"register\":\"a\"}"), 201);
        assert_true(replayed(&again));
        assert_string_equal(fake_answer(&again), fake_answer(&first));
        assert_string_equal(fake_header(&again, "ETag"), "\"7\"");
        assert_string_equal(fake_header(&again, "Location"), "/somewhere");
        assert_string_equal(fake_header(&again, "Content-Type"), "application/json");
        fake_end(&again);
    }
    fake_end(&first);
    assert_int_equal(counted("a"), 1);
    assert_int_equal(post(&again, "/add", NULL, "{\"register\":\"a\"}"), 201); /* without a key it is done again */
    fake_end(&again);
    assert_int_equal(counted("a"), 2);
}

static void other_content_under_the_key_is_refused(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post(&f, "/add", "key-2", "{\"register\":\"b\"}"), 201);
    fake_end(&f);
    assert_int_equal(post(&f, "/add", "key-2", "{\"register\":\"c\"}"), 422);
    assert_string_equal(stand_code(&f), "idempotency_key_reused");
    fake_end(&f);
    stand_request(&stand, &f, "POST", "/add"); /* the same bytes as another type */
    fake_set(&f, "HTTP_IDEMPOTENCY_KEY", "key-2");
    fake_body(&f, "application/merge-patch+json", "{\"register\":\"b\"}");
    assert_int_equal(stand_serve(&stand, &f), 422);
    fake_end(&f);
    assert_int_equal(counted("b"), 1);
    assert_int_equal(counted("c"), 0);
}

static void a_key_is_the_route_s_own(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post(&f, "/add", "key-3", "{\"register\":\"d\"}"), 201);
    fake_end(&f);
    assert_int_equal(post(&f, "/add2", "key-3", "{\"register\":\"d\"}"), 201);
    assert_false(replayed(&f));
    fake_end(&f);
    assert_int_equal(send_by(stand.worker, &f, "PATCH", "/add", "key-3", "{\"register\":\"d\"}"), 201); /* POST's alone */
    assert_false(replayed(&f));
    fake_end(&f);
    assert_int_equal(counted("d"), 3);
}

static void a_failure_leaves_the_key_free(void **state)
{
    (void)state;
    struct fake_io f;
    static const struct {
        const char *body;
        int status;
    } failures[] = {
        {"{\"register\":\"e\",\"fail\":true}", 409},
        {"{\"register\":\"e\",\"break\":true}", 500},
        {"{\"register\":null}", 500},
        {"not json", 400},
    };
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        assert_int_equal(post(&f, "/add", "key-4", failures[i].body), failures[i].status);
        fake_end(&f);
        assert_int_equal(counted("e"), 0);
    }
    assert_int_equal(post(&f, "/add", "key-4", "{\"register\":\"e\"}"), 201);
    assert_false(replayed(&f));
    fake_end(&f);
    assert_int_equal(counted("e"), 1);
}

static void keys_that_are_refused(void **state)
{
    (void)state;
    char long_key[202];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[201] = '\0';
    const char *const keys[] = {"a b", "caf\xC3\xA9", "a\tb", "a\x7f", long_key};
    struct fake_io f;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_int_equal(post(&f, "/add", keys[i], "{\"register\":\"f\"}"), 400);
        assert_string_equal(stand_code(&f), "bad_idempotency_key");
        fake_end(&f);
    }
    assert_int_equal(counted("f"), 0);
    assert_int_equal(post(&f, "/add", long_key + 1, "{\"register\":\"f\"}"), 201);
    fake_end(&f);
    assert_int_equal(counted("f"), 1);
}

static void any_answer_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char *const paths[] = {"/binary", "/long", "/empty"};
    for (size_t i = 0; i < 3; i++) {
        struct fake_io first, again;
        int status = post(&first, paths[i], "key-5", "{}");
        assert_int_equal(post(&again, paths[i], "key-5", "{}"), status);
        assert_true(replayed(&again));
        const char *a = fake_answer(&first), *b = fake_answer(&again);
        size_t length = first.out_length - (size_t)(a - first.out);
        assert_int_equal(again.out_length - (size_t)(b - again.out), length);
        assert_memory_equal(a, b, length);
        assert_int_equal(fake_header(&again, "Content-Type") == NULL, status == 204);
        fake_end(&first);
        fake_end(&again);
    }
}

static void a_key_does_not_open_the_door(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post(&f, "/denied", "key-6", "{\"register\":\"g\"}"), 403);
    fake_end(&f);
    assert_int_equal(post(&f, "/add", "key-6", "{\"register\":\"g\"}"), 201);
    fake_end(&f);
    stand_ask(&stand, "UPDATE core.membership SET status = 'ended' WHERE user_id = '%s'", stand.member);
    assert_int_equal(post(&f, "/add", "key-6", "{\"register\":\"g\"}"), 404); /* not even to one's own old answer */
    fake_end(&f);
    assert_int_equal(post(&f, "/add", "bad key", "{\"register\":\"g\"}"), 404);
    fake_end(&f);
    stand_ask(&stand, "UPDATE core.membership SET status = 'active' WHERE user_id = '%s'", stand.member);
    assert_int_equal(counted("g"), 1);
}

struct rival {
    struct fake_io f;
    int status;
};

static void *send_slowly(void *arg)
{
    struct rival *rival = arg;
    struct http_worker *worker = http_worker_new(stand.http);
    rival->status = send_by(worker, &rival->f, "POST", "/slow", "key-7", "{\"register\":\"h\"}");
    http_worker_free(worker);
    return NULL;
}

/* Both are under way at once: the one that comes second waits on the row, so the first sees it wait and goes on. */
static void two_at_once_are_one(void **state)
{
    (void)state;
    struct rival rivals[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_slowly, &rivals[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(rivals[0].status, 201);
    assert_int_equal(rivals[1].status, 201);
    assert_int_equal(replayed(&rivals[0].f) + replayed(&rivals[1].f), 1);
    assert_string_equal(fake_answer(&rivals[0].f), fake_answer(&rivals[1].f));
    assert_int_equal(counted("h"), 1);
    fake_end(&rivals[0].f);
    fake_end(&rivals[1].f);
}

/* ---- probes ---- */

/* The probe's status; its answer goes to `answer`. */
static int probe(const char *path, char answer[256])
{
    struct fake_io f;
    fake_start(&f, "GET", path);
    int status = stand_serve(&stand, &f);
    snprintf(answer, 256, "%s", fake_answer(&f));
    fake_end(&f);
    return status;
}

static void swap_hash(void) /* twice is not at all */
{
    stand_ask(&stand, "UPDATE core.migration SET sha256 = reverse(sha256) WHERE area = 'core' AND number = 1");
}

static void ready_means_migrated(void **state)
{
    (void)state;
    char answer[256];
    assert_int_equal(probe("/livez", answer), 200);
    assert_string_equal(answer, "{\"status\":\"ok\"}");
    assert_int_equal(probe("/readyz", answer), 200);
    assert_string_equal(answer, "{\"status\":\"ok\",\"database\":\"ok\",\"migrations\":\"ok\"}");
    swap_hash();
    int status = probe("/readyz", answer);
    swap_hash();
    assert_int_equal(status, 503);
    assert_non_null(strstr(answer, "\"migrations\":\"missing or changed"));
}

static void not_ready_without_a_database(void **state)
{
    (void)state;
    char *conninfo = stand.config.database, ready_said[256], live_said[256];
    struct http_worker *served = stand.worker;
    stand.config.database = (char[]){"host=/nonexistent"};
    stand.worker = http_worker_new(stand.http);
    int ready = probe("/readyz", ready_said), live = probe("/livez", live_said);
    http_worker_free(stand.worker);
    stand.worker = served;
    stand.config.database = conninfo;
    assert_int_equal(ready, 503);
    assert_non_null(strstr(ready_said, "\"database\":\"does not answer\""));
    assert_int_equal(live, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeat_is_answered_not_done), cmocka_unit_test(other_content_under_the_key_is_refused),
        cmocka_unit_test(a_key_is_the_route_s_own),      cmocka_unit_test(a_failure_leaves_the_key_free),
        cmocka_unit_test(keys_that_are_refused),         cmocka_unit_test(any_answer_comes_back_as_it_was),
        cmocka_unit_test(a_key_does_not_open_the_door),  cmocka_unit_test(two_at_once_are_one),
        cmocka_unit_test(ready_means_migrated),          cmocka_unit_test(not_ready_without_a_database),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
