/* The transaction of a request, on a real database: who is let in, what is committed, what a failure leaves behind. */
#include "http_db.h"

static struct stand stand;

/* ---- routes of the test: a counter of the tenant is what they read and write ---- */

#define ADD                                                                                                                      \
    "INSERT INTO core.counter (tenant_id, register, value) VALUES ($1::uuid, $2, 1) "                                            \
    "ON CONFLICT (tenant_id, register) DO UPDATE SET value = core.counter.value + 1 RETURNING value"

static enum bl_status add(struct bl_request *r, unsigned flags)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, ADD, (const char *const[]){bl_query(r, "register")}, 1, flags, &rows);
    if (status != BL_OK)
        return status;
    bl_json_object(r, NULL);
    bl_json_cell(r, "value", rows, 0, 0);
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status add_final(struct bl_request *r)
{
    return add(r, BL_FINAL);
}
static enum bl_status add_open(struct bl_request *r)
{
    return add(r, 0);
}

static enum bl_status read_counter(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT count(*) FROM core.counter WHERE tenant_id = $1 AND register = $2",
                                   (const char *const[]){bl_query(r, "register")}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_json_object(r, NULL);
    bl_json_cell(r, "count", rows, 0, 0);
    bl_json_text(r, "tenant", r->tenant);
    bl_json_text(r, "org", r->org);
    bl_json_text(r, "actor", r->actor);
    bl_json_bool(r, "may", bl_may(r, "core.member:read"));
    bl_json_bool(r, "may_not", bl_may(r, "context.issue:write"));
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status add_then_fail(struct bl_request *r)
{
    enum bl_status status = add(r, 0);
    return status != BL_OK ? status : bl_fail(r, BL_UNPROCESSABLE, "no", "/x", "is wrong");
}

static enum bl_status fail_first(struct bl_request *r)
{
    (void)bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no such record in this organisation");
    return bl_fail(r, BL_UNPROCESSABLE, "no", "/secret", "is wrong here");
}

static enum bl_status without_sql(struct bl_request *r)
{
    bl_write(r, "{\"open\":true}", 13);
    return BL_OK;
}

static enum bl_status only_may(struct bl_request *r)
{
    bl_write(r, bl_may(r, "core.member:read") ? "true" : "false", bl_may(r, "core.member:read") ? 4 : 5);
    return BL_OK;
}

static enum bl_status swallow(struct bl_request *r)
{
    enum bl_status first = add(r, 0);
    if (first != BL_OK)
        return first;
    (void)!bl_sql(r, "SELECT 1 / (CASE WHEN $1::uuid IS NULL THEN 1 ELSE 0 END)", NULL, 0, 0, NULL);
    (void)!add(r, 0); /* refused: the transaction is over */
    return BL_OK;
}

static enum bl_status after_final(struct bl_request *r)
{
    enum bl_status status = add(r, BL_FINAL);
    return status != BL_OK ? status : add(r, 0);
}

static enum bl_status sleeps(struct bl_request *r)
{
    return bl_sql(r, "SELECT pg_sleep(20) WHERE $1::uuid IS NOT NULL", NULL, 0, BL_FINAL, NULL);
}

/* The server ends the connection in the middle of the flush. */
static enum bl_status dies(struct bl_request *r, unsigned flags)
{
    return bl_sql(r, "SELECT pg_terminate_backend(pg_backend_pid()) WHERE $1::uuid IS NOT NULL", NULL, 0, flags, NULL);
}
static enum bl_status dies_open(struct bl_request *r)
{
    return dies(r, 0);
}
static enum bl_status dies_final(struct bl_request *r)
{
    return dies(r, BL_FINAL);
}

static enum bl_status raises(struct bl_request *r)
{
    static const struct {
        const char *state, *sql;
    } table[] = {
#define RAISE(state) {state, "DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '" state "'; END $$"}
        RAISE("40001"), RAISE("40P01"), RAISE("53100"), RAISE("53300"), RAISE("57014"),
        RAISE("55P03"), RAISE("BL409"), RAISE("BL404"), RAISE("XX000"),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].state, bl_query(r, "state")) == 0)
            return bl_sql(r, table[i].sql, NULL, 0, BL_FINAL, NULL);
    return BL_INTERNAL;
}

/* Ten thousand bytes of the answer, and memory that goes with the scratch. */
static enum bl_status scrap(struct bl_request *r, void *letter)
{
    static char block[1000];
    memset(block, *(const char *)letter, sizeof block);
    for (int i = 0; i < 10; i++)
        bl_write(r, block, sizeof block);
    memset(bl_alloc(r, 3000), 0xff, 3000);
    return BL_OK;
}

static enum bl_status scraps(struct bl_request *r)
{
    enum bl_status status = bl_sql(r, "SELECT 1 WHERE $1::uuid IS NOT NULL", NULL, 0, 0, NULL);
    bl_respond(r, 200, "text/plain");
    bl_write(r, "-", 1);
    for (char letter = 'a'; letter <= 'd' && status == BL_OK; letter++) {
        status = bl_scratch(r, scrap, &letter);
        memset(bl_alloc(r, 20000), '!', 20000); /* lies where the scratch lay */
    }
    return status;
}

static enum bl_status stream(struct bl_request *r)
{
    static char block[HTTP_PIECE];
    memset(block, 'x', sizeof block);
    enum bl_status status = bl_sql(r, "SELECT 1 WHERE $1::uuid IS NOT NULL", NULL, 0, 0, NULL);
    bl_respond(r, 200, "text/csv");
    bl_write(r, block, sizeof block);
    bl_write(r, block, sizeof block);
    if (status != BL_OK || bl_query(r, "fail") == NULL)
        return status;
    return bl_sql(r, "SELECT 1 / (CASE WHEN $1::uuid IS NULL THEN 1 ELSE 0 END)", NULL, 0, BL_FINAL, NULL);
}

static enum bl_status add_then_devour(struct bl_request *r)
{
    enum bl_status status = add(r, 0);
    while (status == BL_OK && bl_alloc(r, 1 << 20) != NULL)
        ;
    return status;
}

#define BELOW "/orgs/{org}"
#define READ "core.member:read"
static const struct engine_route routes[] = {
    {.method = "POST", .path = BELOW "/add", .handler = add_final, .permission = READ, .checks_query = true},
    {.method = "POST", .path = BELOW "/add-open", .handler = add_open, .checks_query = true},
    {.method = "POST", .path = BELOW "/denied", .handler = add_final, .permission = "core.nothing:do", .checks_query = true},
    {.method = "POST",
     .path = BELOW "/denied-fails",
     .handler = fail_first,
     .permission = "core.nothing:do",
     .checks_query = true},
    {.method = "GET", .path = BELOW "/read", .handler = read_counter, .permission = READ, .checks_query = true},
    {.method = "GET", .path = BELOW "/writes", .handler = add_final, .checks_query = true},
    {.method = "GET", .path = BELOW "/writes-open", .handler = add_open, .checks_query = true},
    {.method = "GET", .path = BELOW "/may-write", .handler = add_final, .flags = BL_WRITE, .checks_query = true},
    {.method = "POST", .path = BELOW "/add-fail", .handler = add_then_fail, .checks_query = true},
    {.method = "POST", .path = BELOW "/fail", .handler = fail_first, .permission = READ, .checks_query = true},
    {.method = "GET", .path = BELOW "/open", .handler = without_sql, .permission = READ, .checks_query = true},
    {.method = "GET", .path = BELOW "/may", .handler = only_may, .checks_query = true},
    {.method = "POST", .path = BELOW "/swallow", .handler = swallow, .checks_query = true},
    {.method = "POST", .path = BELOW "/after-final", .handler = after_final, .checks_query = true},
    {.method = "GET", .path = BELOW "/sleeps", .handler = sleeps, .checks_query = true},
    {.method = "GET", .path = BELOW "/dies", .handler = dies_final, .checks_query = true},
    {.method = "POST", .path = BELOW "/dies", .handler = dies_open, .checks_query = true},
    {.method = "POST", .path = BELOW "/dies-committing", .handler = dies_final, .checks_query = true},
    {.method = "POST", .path = "/raises", .handler = raises, .checks_query = true},
    {.method = "GET", .path = BELOW "/scraps", .handler = scraps, .permission = READ},
    {.method = "GET", .path = BELOW "/stream", .handler = stream, .permission = READ, .checks_query = true},
    {.method = "POST", .path = BELOW "/add-devour", .handler = add_then_devour, .checks_query = true},
};

static int set_up(void **state)
{
    (void)state;
    return stand_start(&stand, routes, sizeof routes / sizeof *routes, " options='-c statement_timeout=300 -c lock_timeout=150'");
}

static int tear_down(void **state)
{
    (void)state;
    stand_end(&stand);
    return 0;
}

/* What the register counts to, as committed. */
static int counted(const char *name)
{
    return atoi(
        stand_ask(&stand, "SELECT value FROM core.counter WHERE tenant_id = '%s' AND register = '%s'", stand.tenant, name));
}

static int post(const char *path, struct fake_io *f)
{
    stand_request(&stand, f, "POST", path);
    return stand_serve(&stand, f);
}

static void assert_code(struct fake_io *f, const char *code)
{
    assert_string_equal(stand_code(f), code);
    fake_end(f);
}

/* ---- who is let in ---- */

static void a_member_reads_and_writes(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/add?register=a", &f), 200);
    assert_string_equal(fake_answer(&f), "{\"value\":1}");
    fake_end(&f);
    assert_int_equal(counted("a"), 1);
    stand_request(&stand, &f, "GET", "/read?register=a");
    assert_int_equal(stand_serve(&stand, &f), 200);
    char expected[400];
    snprintf(expected, sizeof expected,
             "{\"count\":1,\"tenant\":\"%s\",\"org\":\"%s\",\"actor\":\"%s\",\"may\":true,\"may_not\":false}", stand.tenant,
             stand.org, stand.member);
    assert_string_equal(fake_answer(&f), expected);
    fake_end(&f);
}

static void the_id_opens_the_same_door(void **state)
{
    (void)state;
    struct fake_io f;
    char slug[64];
    strcpy(slug, stand.org);
    strcpy(stand.org, stand.tenant);
    stand_request(&stand, &f, "GET", "/read?register=none");
    strcpy(stand.org, slug);
    assert_int_equal(stand_serve(&stand, &f), 200);
    assert_non_null(strstr(fake_answer(&f), slug)); /* and the handler knows it by its slug */
    fake_end(&f);
}

/* Whatever somebody sends who is not a member, the answer is that of an organisation that does not exist. */
static void outsiders_learn_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
    } requests[] = {
        {"POST", "/add?register=x"},
        {"POST", "/fail"},
        {"POST", "/denied"},
        {"POST", "/denied-fails"},
        {"GET", "/open"},
        {"GET", "/read?register=x"},
        {"GET", "/may"},
        {"GET", "/stream"},
        {"POST", "/add-fail?register=x"},
        {"POST", "/add-devour?register=x"},
    };
    static const char *const who[] = {"member", "outsider"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        for (size_t w = 0; w < 2; w++) {
            char target[2][256], header[1024];
            struct fake_io f[2];
            const char *foreign = w == 0 ? stand.other_org : stand.org;
            snprintf(target[0], sizeof target[0], "/orgs/%s%s", foreign, requests[i].path);
            snprintf(target[1], sizeof target[1], "/orgs/no-such-organisation%s", requests[i].path);
            snprintf(header, sizeof header, "Bearer %s", w == 0 ? stand.member_token : stand.outsider_token);
            for (size_t k = 0; k < 2; k++) {
                fake_start(&f[k], requests[i].method, target[k]);
                fake_set(&f[k], "HTTP_AUTHORIZATION", header);
                fake_set(&f[k], "REQUEST_ID", "0123456789abcdef0123456789abcdef");
                if (stand_serve(&stand, &f[k]) != 404)
                    fail_msg("%s %s as %s: %s", requests[i].method, target[k], who[w], f[k].out);
            }
            assert_string_equal(f[0].out, f[1].out); /* to the byte */
            fake_end(&f[0]);
            fake_end(&f[1]);
        }
    }
    assert_int_equal(counted("x"), 0);
}

static void permissions_are_asked_before_anything_is_told(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/denied?register=d", &f), 403);
    assert_non_null(strstr(fake_answer(&f), "core.nothing:do"));
    assert_code(&f, "forbidden");
    assert_int_equal(post("/denied-fails", &f), 403);
    assert_null(strstr(f.out, "secret"));
    assert_code(&f, "forbidden");
    assert_int_equal(counted("d"), 0);
    assert_int_equal(post("/fail", &f), 422); /* who may, reads what is wrong */
    assert_non_null(strstr(f.out, "/secret"));
    fake_end(&f);
}

static void a_handler_without_sql_is_behind_the_door_too(void **state)
{
    (void)state;
    struct fake_io f;
    stand_request(&stand, &f, "GET", "/open");
    assert_int_equal(stand_serve(&stand, &f), 200);
    assert_string_equal(fake_answer(&f), "{\"open\":true}");
    fake_end(&f);
    stand_request(&stand, &f, "GET", "/may");
    assert_int_equal(stand_serve(&stand, &f), 200);
    assert_string_equal(fake_answer(&f), "true");
    fake_end(&f);
}

static void a_revoked_member_is_out_at_once(void **state)
{
    (void)state;
    struct fake_io f;
    stand_ask(&stand, "UPDATE core.membership SET status = 'ended' WHERE user_id = '%s'", stand.member);
    assert_int_equal(post("/add?register=r", &f), 404);
    fake_end(&f);
    stand_ask(&stand, "UPDATE core.membership SET status = 'active' WHERE user_id = '%s'", stand.member);
    assert_int_equal(post("/add?register=r", &f), 200);
    fake_end(&f);
}

/* ---- what is committed ---- */

static void what_a_handler_leaves_open_is_committed(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/add-open?register=o", &f), 200);
    fake_end(&f);
    assert_int_equal(counted("o"), 1);
}

static void what_fails_changes_nothing(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/add-fail?register=f", &f), 422);
    assert_code(&f, "invalid");
    assert_int_equal(counted("f"), 0);
    assert_int_equal(post("/swallow?register=f", &f), 500); /* a failure that the handler does not pass on */
    fake_end(&f);
    assert_int_equal(counted("f"), 0);
    assert_int_equal(post("/add-devour?register=f", &f), 503);
    assert_code(&f, "memory_full");
    assert_int_equal(counted("f"), 0);
    assert_int_equal(post("/add?register=f", &f), 200); /* the worker is none the worse */
    fake_end(&f);
    assert_int_equal(counted("f"), 1);
}

static void nothing_runs_after_the_final_statement(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/after-final?register=n", &f), 500);
    fake_end(&f);
    assert_int_equal(counted("n"), 1);
}

static void get_cannot_write(void **state)
{
    (void)state;
    static const char *const paths[] = {"/writes?register=g", "/writes-open?register=g"}; /* without BEGIN, and after it */
    struct fake_io f;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        stand_request(&stand, &f, "GET", paths[i]);
        assert_int_equal(stand_serve(&stand, &f), 500);
        fake_end(&f);
        assert_int_equal(counted("g"), 0);
    }
    stand_request(&stand, &f, "GET", "/may-write?register=g");
    assert_int_equal(stand_serve(&stand, &f), 200);
    fake_end(&f);
    stand_request(&stand, &f, "HEAD", "/may-write?register=g");
    assert_int_equal(stand_serve(&stand, &f), 200);
    fake_end(&f);
    assert_int_equal(counted("g"), 2);
}

/* ---- what a database does when it does not do what it should ---- */

static void statements_and_locks_have_their_time(void **state)
{
    (void)state;
    struct fake_io f;
    stand_request(&stand, &f, "GET", "/sleeps");
    assert_int_equal(stand_serve(&stand, &f), 503);
    assert_string_equal(fake_header(&f, "Retry-After"), "1");
    assert_code(&f, "timeout");

    assert_int_equal(post("/add?register=l", &f), 200);
    fake_end(&f);
    stand_ask(&stand, "BEGIN");
    stand_ask(&stand, "SELECT value FROM core.counter WHERE tenant_id = '%s' AND register = 'l' FOR UPDATE", stand.tenant);
    assert_int_equal(post("/add?register=l", &f), 503);
    assert_string_equal(fake_header(&f, "Retry-After"), "1");
    assert_code(&f, "timeout");
    stand_ask(&stand, "ROLLBACK");
    assert_int_equal(post("/add?register=l", &f), 200);
    fake_end(&f);
    assert_int_equal(counted("l"), 2);
}

static void failures_of_the_database_have_their_status(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        int status;
        const char *code;
        bool again;
    } table[] = {
        {"40001", 409, "try_again", true},     {"40P01", 409, "try_again", true},  {"53100", 503, "database_full", true},
        {"53300", 503, "database_full", true}, {"57014", 503, "timeout", true},    {"55P03", 503, "timeout", true},
        {"BL409", 409, "conflict", false},     {"BL404", 404, "not_found", false}, {"XX000", 500, "internal", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char target[64], header[1024];
        struct fake_io f;
        snprintf(target, sizeof target, "/raises?state=%s", table[i].state);
        snprintf(header, sizeof header, "Bearer %s", stand.member_token);
        fake_start(&f, "POST", target);
        fake_set(&f, "HTTP_AUTHORIZATION", header);
        int status = stand_serve(&stand, &f);
        if (status != table[i].status)
            fail_msg("%s: %s", table[i].state, f.out);
        assert_int_equal(fake_header(&f, "Retry-After") != NULL, table[i].again);
        if (table[i].status == 500)
            assert_null(strstr(f.out, "raised")); /* the database's own words stay inside */
        assert_code(&f, table[i].code);
    }
}

static void a_lost_connection_is_503_and_the_next_request_works(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *code;
    } table[] = {
        {"POST", "/dies", "database_lost"},
        {"POST", "/dies-committing", "outcome_unknown"}, /* nobody knows whether the COMMIT got through */
        {"GET", "/dies", "database_lost"},               /* a read has no outcome */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fake_io f;
        stand_request(&stand, &f, table[i].method, table[i].path);
        assert_int_equal(stand_serve(&stand, &f), 503);
        assert_string_equal(fake_header(&f, "Retry-After"), "1");
        assert_code(&f, table[i].code);
        assert_int_equal(post("/add?register=c", &f), 200);
        fake_end(&f);
    }
    assert_int_equal(counted("c"), 3);
}

static void a_connection_that_died_idle_costs_no_request(void **state)
{
    (void)state;
    struct fake_io f;
    assert_int_equal(post("/add?register=i", &f), 200);
    fake_end(&f);
    /* waits for the end of each backend, so that the next request finds it gone */
    stand_ask(&stand, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'http-test'");
    assert_int_equal(post("/add?register=i", &f), 200);
    fake_end(&f);
    assert_int_equal(counted("i"), 2);
}

static void a_stream_leaves_once_the_caller_is_let_in(void **state)
{
    (void)state;
    struct fake_io f;
    stand_request(&stand, &f, "GET", "/stream");
    assert_true(http_handle(stand.worker, &f.io));
    assert_null(fake_header(&f, "Content-Length"));
    assert_int_equal(strlen(fake_answer(&f)), 2 * HTTP_PIECE);
    fake_end(&f);
    stand_request(&stand, &f, "GET", "/stream?fail=1");
    assert_false(http_handle(stand.worker, &f.io));
    assert_int_equal(strlen(fake_answer(&f)), 2 * HTTP_PIECE);
    fake_end(&f);
}

static void an_answer_outlives_the_scratch_it_grew_in(void **state)
{
    (void)state;
    struct fake_io f;
    stand_request(&stand, &f, "GET", "/scraps");
    assert_int_equal(stand_serve(&stand, &f), 200);
    const char *answer = fake_answer(&f);
    assert_int_equal(strlen(answer), 40001);
    for (size_t i = 1; i <= 40000; i++)
        assert_int_equal(answer[i], 'a' + (i - 1) / 10000);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_reads_and_writes),
        cmocka_unit_test(the_id_opens_the_same_door),
        cmocka_unit_test(outsiders_learn_nothing),
        cmocka_unit_test(permissions_are_asked_before_anything_is_told),
        cmocka_unit_test(a_handler_without_sql_is_behind_the_door_too),
        cmocka_unit_test(a_revoked_member_is_out_at_once),
        cmocka_unit_test(what_a_handler_leaves_open_is_committed),
        cmocka_unit_test(what_fails_changes_nothing),
        cmocka_unit_test(nothing_runs_after_the_final_statement),
        cmocka_unit_test(get_cannot_write),
        cmocka_unit_test(statements_and_locks_have_their_time),
        cmocka_unit_test(failures_of_the_database_have_their_status),
        cmocka_unit_test(a_lost_connection_is_503_and_the_next_request_works),
        cmocka_unit_test(a_connection_that_died_idle_costs_no_request),
        cmocka_unit_test(a_stream_leaves_once_the_caller_is_let_in),
        cmocka_unit_test(an_answer_outlives_the_scratch_it_grew_in),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
