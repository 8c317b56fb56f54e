/* A request through all stages, over a transport in memory and without a database. */
#include "fake_io.h"
#include "hark.h"
#include "http/door.h"
#include "http/pipeline.h"
#include "http/response.h"
#include "http/worker.h"
#include "unit.h"

#include <jansson.h>
#include <unistd.h>

/* ---- routes of the test ---- */

static enum bl_status hello(struct bl_request *r)
{
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "ETag", "\"1\"");
    bl_json_object(r, NULL);
    bl_json_text(r, "id", bl_param(r, "id"));
    bl_json_text(r, "q", bl_query(r, "q"));
    bl_json_text(r, "address", bl_param(r, "remote_addr"));
    bl_json_text(r, "path", r->path);
    bl_json_text(r, "accepts", bl_accepts(r));
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status echo(struct bl_request *r)
{
    json_t *body;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    char *text = json_dumps(body, JSON_COMPACT);
    bl_defer(r, free, text);
    bl_write(r, text, strlen(text));
    return bl_body(r, &body); /* the second time it is at hand */
}

static enum bl_status echo_text(struct bl_request *r)
{
    const char *text;
    size_t length;
    enum bl_status status = bl_body_text(r, &text, &length);
    if (status == BL_OK)
        bl_write(r, text, length);
    return status;
}

static enum bl_status object(struct bl_request *r)
{
    for (int i = 0; i < 320; i++)
        (void)bl_fail(r, BL_UNPROCESSABLE, "wrong", "/a~1b/0", "value %d is \"wrong\"", i);
    (void)bl_fail(r, BL_CONFLICT, "elsewhere", NULL, "of another status");
    return BL_UNPROCESSABLE;
}

static enum bl_status lead_and_more(struct bl_request *r)
{
    (void)bl_fail(r, BL_CONFLICT, "frozen", NULL, "the record is approved");
    return bl_fail(r, BL_CONFLICT, "frozen_field", "/title", "cannot be changed");
}

static enum bl_status broken(struct bl_request *r)
{
    bl_set_header(r, "ETag", "\"1\"");
    bl_set_header(r, "Retry-After", "9");
    bl_write(r, "half an answer", 14);
    return bl_fail(r, BL_INTERNAL, "secret", NULL, "password=hunter2");
}

static enum bl_status silent(struct bl_request *r)
{
    (void)r;
    return BL_NOT_FOUND;
}

/* Of each status, without a word: those of the table in problem.c. */
static enum bl_status wordless(struct bl_request *r)
{
    return (enum bl_status)atoi(bl_query(r, "status"));
}

/* A route that has entered, or may enter, an organisation in the usual way needs no door. */
static enum bl_status wrong_door(struct bl_request *r)
{
    return http_door_enter(r, "good.report", "token", "good.thing:write");
}

static enum bl_status odd_status(struct bl_request *r)
{
    (void)r;
    return (enum bl_status)299;
}

static enum bl_status splits(struct bl_request *r)
{
    bl_set_header(r, bl_query(r, "name"), bl_query(r, "value"));
    bl_write(r, "fine", 4);
    return BL_OK;
}

static enum bl_status splits_type(struct bl_request *r)
{
    bl_respond(r, 200, "text/plain\r\nX-Evil: 1");
    return BL_OK;
}

static enum bl_status many_headers(struct bl_request *r)
{
    char name[16];
    for (int i = 0; i <= HTTP_HEADERS; i++) {
        snprintf(name, sizeof name, "X-%d", i);
        bl_set_header(r, name, "1");
    }
    return BL_OK;
}

static enum bl_status nothing(struct bl_request *r)
{
    (void)r;
    return BL_OK;
}

enum { LARGE = 200 * 1024 };
static enum bl_status large(struct bl_request *r)
{
    bl_json_array(r, NULL);
    for (int i = 0; i < LARGE / 8; i++)
        bl_json_text(r, NULL, "12345"); /* 8 bytes with quotes and comma */
    bl_json_close(r);
    return BL_OK;
}

/* A read-only transaction in which core.enter has let the caller in, as far as the answer is concerned. */
static void entered(struct bl_request *r)
{
    http_request_of(r)->tx.state = TX_OPEN;
    http_request_of(r)->tx.read_only = true;
}

static size_t writes_in_mid_stream;
static enum bl_status stream_fails(struct bl_request *r)
{
    entered(r);
    (void)large(r);
    writes_in_mid_stream = ((struct fake_io *)http_request_of(r)->io->self)->writes;
    return bl_fail(r, BL_UNAVAILABLE, "lost", NULL, "the database went away");
}

static enum bl_status write_fails(struct bl_request *r)
{
    entered(r);
    http_request_of(r)->tx.read_only = false;
    (void)large(r);
    writes_in_mid_stream = ((struct fake_io *)http_request_of(r)->io->self)->writes;
    return bl_fail(r, BL_CONFLICT, "late", NULL, "too late");
}

static enum bl_status stream_ends(struct bl_request *r)
{
    entered(r);
    (void)large(r);
    http_request_of(r)->tx.state = TX_COMMITTED;
    return BL_OK;
}

static enum bl_status devour(struct bl_request *r)
{
    while (bl_alloc(r, 1 << 20) != NULL)
        ;
    return BL_OK;
}

static enum bl_status asks_database(struct bl_request *r)
{
    return bl_sql(r, "SELECT 1", NULL, 0, 0, NULL);
}

static const struct bl_route described = {.query = "q page", .produces = "application/json text/csv"};
static const struct bl_route plain = {.query = NULL};

static struct engine_route table[] = {
    {.method = "GET", .path = "/hello/{id}", .handler = hello, .flags = BL_PUBLIC, .own = &described},
    {.method = "POST", .path = "/echo", .handler = echo, .flags = BL_PUBLIC, .own = &plain},
    {.method = "POST", .path = "/small", .handler = echo, .flags = BL_PUBLIC, .own = &plain, .body_limit = 10},
    {.method = "POST", .path = "/text", .handler = echo_text, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/object", .handler = object, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/lead", .handler = lead_and_more, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/broken", .handler = broken, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/silent", .handler = silent, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/wordless", .handler = wordless, .flags = BL_PUBLIC, .checks_query = true},
    {.method = "GET", .path = "/odd", .handler = odd_status, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/splits", .handler = splits, .flags = BL_PUBLIC, .checks_query = true},
    {.method = "GET", .path = "/splits-type", .handler = splits_type, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/many-headers", .handler = many_headers, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/nothing", .handler = nothing, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/large", .handler = large, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/stream-fails", .handler = stream_fails, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/write-fails", .handler = write_fails, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/stream-ends", .handler = stream_ends, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/devour", .handler = devour, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/database", .handler = asks_database, .flags = BL_PUBLIC, .own = &plain},
    {.method = "GET", .path = "/private", .handler = nothing, .own = &plain},
    {.method = "GET", .path = "/orgs/{org}/private", .handler = nothing, .own = &plain},
    {.method = "GET",
     .path = "/metrics",
     .handler = http_metrics_handle,
     .flags = BL_PUBLIC,
     .produces = "text/plain",
     .own = &plain},
};
enum { ROUTES = sizeof table / sizeof *table };

static struct config config = {
    .database = "host=/nonexistent dbname=none connect_timeout=1", .body_limit = 4096, .prepared = true};
static struct http *http;
static struct http_worker *worker;
static struct http_metrics *metrics;

static int set_up(void **state)
{
    (void)state;
    struct engine_route *routes = malloc(sizeof table);
    memcpy(routes, table, sizeof table);
    http = http_of(&config, NULL, NULL, routes, ROUTES, stderr);
    metrics = http_metrics_map(ROUTES);
    http_use_metrics(http, metrics);
    worker = http_worker_new(http);
    return http == NULL || worker == NULL || metrics == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    http_worker_free(worker);
    http_free(http);
    return 0;
}

static json_t *problem(const struct fake_io *f)
{
    assert_string_equal(fake_header(f, "Content-Type"), "application/problem+json");
    assert_string_equal(fake_header(f, "Content-Language"), "en");
    json_error_t error;
    json_t *json = json_loads(fake_answer(f), JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%s: %s", error.text, fake_answer(f));
    assert_int_equal(json_integer_value(json_object_get(json, "status")), fake_status(f));
    assert_int_equal(atoi(fake_header(f, "Content-Length")), strlen(fake_answer(f)));
    return json;
}

static const char *member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text == NULL ? "" : text;
}

/* The answer to `f` is a problem of this status and code. */
static void assert_problem(struct fake_io *f, int status, const char *code)
{
    bool whole = http_handle(worker, &f->io);
    if (fake_status(f) != status)
        fail_msg("%s %s: %d, not %d: %s", f->params[0], f->params[1], fake_status(f), status, fake_answer(f));
    assert_true(whole);
    json_t *json = problem(f);
    char type[128];
    snprintf(type, sizeof type, "urn:ballium:problem:%s", code);
    assert_string_equal(member(json, "type"), type);
    assert_true(strlen(member(json, "title")) > 0 && strlen(member(json, "detail")) > 0);
    assert_memory_equal(member(json, "instance"), "urn:ballium:request:", 20);
    assert_string_equal(member(json, "instance") + 20, fake_header(f, "X-Request-Id"));
    json_decref(json);
    fake_end(f);
}

/* ---- what is served ---- */

static void a_request_is_answered(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/hello/caf%C3%A9?q=a+b");
    fake_set(&f, "REQUEST_ID", "0123456789abcdef0123456789abcdef");
    assert_true(http_handle(worker, &f.io));
    assert_memory_equal(f.out, "Status: 200 OK\r\n", 16);
    assert_string_equal(fake_header(&f, "Content-Type"), "application/json");
    assert_string_equal(fake_header(&f, "ETag"), "\"1\"");
    assert_string_equal(fake_header(&f, "Cache-Control"), "no-store");
    assert_string_equal(fake_header(&f, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(fake_header(&f, "Vary"), "Accept");
    assert_string_equal(fake_header(&f, "X-Request-Id"), "0123456789abcdef0123456789abcdef");
    assert_string_equal(fake_answer(&f), "{\"id\":\"café\",\"q\":\"a b\",\"address\":\"192.0.2.7\","
                                         "\"path\":\"/hello/caf%C3%A9\",\"accepts\":\"application/json\"}");
    assert_int_equal(atoi(fake_header(&f, "Content-Length")), strlen(fake_answer(&f)));
    fake_end(&f);
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    struct fake_io get, head;
    static const char *const targets[] = {"/hello/7", "/large", "/stream-ends"};
    for (size_t i = 0; i < 3; i++) {
        fake_start(&get, "GET", targets[i]);
        fake_start(&head, "HEAD", targets[i]);
        assert_true(http_handle(worker, &get.io) && http_handle(worker, &head.io));
        assert_int_equal(fake_status(&head), 200);
        assert_string_equal(fake_answer(&head), "");
        assert_int_equal(atoi(fake_header(&head, "Content-Length")), strlen(fake_answer(&get)));
        fake_end(&get);
        fake_end(&head);
    }
}

static void options_lists_methods(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "OPTIONS", "/private"); /* needs no token */
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 204);
    assert_string_equal(fake_header(&f, "Allow"), "GET, HEAD, OPTIONS");
    assert_null(fake_header(&f, "Content-Length"));
    assert_null(fake_header(&f, "Content-Type"));
    fake_end(&f);
}

static void no_body_is_204(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/nothing");
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 204);
    fake_end(&f);
}

/* ---- what is refused before a handler runs ---- */

static void malformed_requests(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *param;
        int status;
        const char *code;
    } refusals[] = {
        {"GET", "/nothing", "HTTP_ACCEPT", 400, "bad_headers"}, /* given twice, see below */
        {"GET", "/a%2Fb", NULL, 400, "bad_path"},
        {"GET", "/nothing/", NULL, 400, "bad_path"},
        {"GET", "//nothing", NULL, 400, "bad_path"},
        {"GET", "/x/../nothing", NULL, 400, "bad_path"},
        {"GET", "nothing", NULL, 400, "bad_path"},
        {"GET", "/nothing?a=%zz", NULL, 400, "bad_query"},
        {"GET", "/nothing?a=%00", NULL, 400, "bad_query"},
        {"GET", "/nowhere", NULL, 404, "no_such_path"},
        {"GET", "/", NULL, 404, "no_such_path"},
        {"DELETE", "/nothing", NULL, 405, "method_not_allowed"},
        {"get", "/nothing", NULL, 405, "method_not_allowed"},
        {"", "/nothing", NULL, 400, "bad_request"},
        {"GET", "/nothing?a=1", NULL, 400, "unknown_parameter"},
        {"GET", "/hello/7?q=1&r=2", NULL, 400, "unknown_parameter"},
        {"GET", "/hello/7?q=1&q=2", NULL, 400, "repeated_parameter"},
        {"GET", "/private", NULL, 401, "unauthorized"},
        {"GET", "/orgs/keep/private", NULL, 401, "unauthorized"}, /* says nothing of the organisation */
        {"HEAD", "/nowhere", NULL, 404, NULL},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct fake_io f;
        fake_start(&f, refusals[i].method, refusals[i].target);
        if (refusals[i].param != NULL) {
            fake_set(&f, refusals[i].param, "a");
            fake_set(&f, refusals[i].param, "b");
        }
        if (refusals[i].code != NULL) {
            assert_problem(&f, refusals[i].status, refusals[i].code);
            continue;
        }
        assert_true(http_handle(worker, &f.io));
        assert_int_equal(fake_status(&f), refusals[i].status);
        assert_string_equal(fake_answer(&f), "");
        fake_end(&f);
    }
    for (int missing = 0; missing < 2; missing++) { /* the method, then the target */
        struct fake_io f;
        fake_start(&f, "GET", "/nothing");
        f.params[missing] = "OTHER=x";
        assert_problem(&f, 400, "bad_request");
    }
}

static void stages_come_in_order(void **state)
{
    (void)state;
    static const char *const order[] = {"parse",     "route",       "authenticate", "tenant", "limit", "query",
                                        "negotiate", "idempotency", "handler",      "finish", "log"};
    size_t i = 0;
    for (; http_stages[i].name != NULL; i++) {
        assert_string_equal(http_stages[i].name, order[i]);
        assert_int_equal(http_stages[i].always, i >= 9);
    }
    assert_int_equal(i, sizeof order / sizeof *order);

    /* each request is wrong in two ways: the earlier stage speaks */
    struct fake_io f;
    fake_start(&f, "DELETE", "/nowhere?a=%zz");
    assert_problem(&f, 400, "bad_query");
    fake_start(&f, "DELETE", "/private");
    assert_problem(&f, 405, "method_not_allowed");
    fake_start(&f, "GET", "/private?unknown=1");
    assert_problem(&f, 401, "unauthorized");
    fake_start(&f, "GET", "/hello/7?unknown=1");
    fake_set(&f, "HTTP_ACCEPT", "image/png");
    assert_problem(&f, 400, "unknown_parameter");
    fake_start(&f, "GET", "/hello/7");
    fake_set(&f, "HTTP_ACCEPT", "image/png");
    assert_problem(&f, 406, "not_acceptable");
}

static void the_query_is_the_one_of_the_target(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/hello/7?q=1");
    f.params[3] = "QUERY_STRING=q=2";
    assert_problem(&f, 400, "bad_query");
    fake_start(&f, "GET", "/hello/7");
    f.params[3] = "QUERY_STRING=q=2";
    assert_problem(&f, 400, "bad_query");
}

static void too_many_params(void **state)
{
    (void)state;
    struct fake_io f;
    static char names[HTTP_PARAMS][24];
    fake_start(&f, "GET", "/nothing");
    for (int i = 0; i < HTTP_PARAMS; i++) {
        snprintf(names[i], sizeof names[i], "HTTP_X%d=1", i);
        fake_param(&f, names[i]);
    }
    assert_problem(&f, 400, "bad_headers");
}

static void unauthorised_answers_say_how(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/private");
    assert_true(http_handle(worker, &f.io));
    assert_string_equal(fake_header(&f, "WWW-Authenticate"), "Bearer realm=\"ballium\"");
    fake_end(&f);
    fake_start(&f, "GET", "/private");
    fake_set(&f, "HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz");
    assert_problem(&f, 401, "unauthorized");
    fake_start(&f, "DELETE", "/private");
    assert_true(http_handle(worker, &f.io));
    assert_string_equal(fake_header(&f, "Allow"), "GET, HEAD, OPTIONS");
    fake_end(&f);
}

/* ---- bodies ---- */

static void bodies(void **state)
{
    (void)state;
    static const struct {
        const char *target, *type, *body;
        int status;
        const char *code; /* or the answer, when the status is 200 */
    } cases[] = {
        {"/echo", "application/json", "{\"a\":1}", 200, "{\"a\":1}"},
        {"/echo", "application/merge-patch+json; charset=UTF-8", "{\"a\":null}", 200, "{\"a\":null}"},
        {"/echo", "application/json; charset=latin1", "{}", 415, "unsupported_charset"},
        {"/echo", "text/csv", "{}", 415, "unsupported_type"},
        {"/echo", "application/x-www-form-urlencoded", "{}", 415, "unsupported_type"},
        {"/echo", NULL, "{}", 415, "unsupported_type"},
        {"/echo", "application", "{}", 415, "bad_content_type"},
        {"/echo", "application/json", "", 400, "empty_body"},
        {"/echo", "application/json", "{", 400, "bad_json"},
        {"/echo", "application/json", "[]", 400, "bad_json"},
        {"/echo", "application/json", "{\"a\":1,\"a\":1}", 400, "bad_json"},
        {"/echo", "application/json", "{\"a\":\"\\u0000\"}", 400, "bad_json"},
        {"/echo", "application/json", "{\"a\":\"\xff\"}", 400, "bad_json"},
        {"/small", "application/json", "{\"a\":1234}", 200, "{\"a\":1234}"},
        {"/small", "application/json", "{\"a\":12345}", 413, "too_large"},
        {"/text", "text/csv", "a;b\n", 200, "a;b\n"},
        {"/text", "text/csv; charset=utf-8", "caf\xC3\xA9", 200, "caf\xC3\xA9"},
        {"/text", "text/csv", "caf\xE9", 400, "not_utf8"},
        {"/text", "text/csv; charset=windows-1252", "a", 415, "unsupported_charset"},
        {"/text", "application/octet-stream", "\xff\xfe", 200, "\xff\xfe"},
        {"/text", NULL, "a", 200, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_io f;
        fake_start(&f, "POST", cases[i].target);
        fake_body(&f, cases[i].type, cases[i].body);
        f.read_most = 3;
        if (cases[i].status != 200) {
            assert_problem(&f, cases[i].status, cases[i].code);
            continue;
        }
        assert_true(http_handle(worker, &f.io));
        assert_int_equal(fake_status(&f), 200);
        assert_string_equal(fake_answer(&f), cases[i].code);
        fake_end(&f);
    }
    struct fake_io f;
    fake_start(&f, "POST", "/text");
    fake_set(&f, "CONTENT_LENGTH", "3");
    fake_set(&f, "CONTENT_TYPE", "text/csv");
    f.body = "a\0b";
    f.body_length = 3;
    assert_problem(&f, 400, "not_utf8");
}

static void bodies_that_do_not_arrive(void **state)
{
    (void)state;
    static const struct {
        const char *declared;
        bool breaks;
        int status;
        const char *code;
    } cases[] = {
        {"8", false, 400, "broken_body"},
        {"8", true, 400, "broken_body"},
        {"4097", false, 413, "too_large"},
        {"99999999999999999999999", false, 413, "too_large"},
        {"-1", false, 400, "bad_content_length"},
        {"7x", false, 400, "bad_content_length"},
        {"0x7", false, 400, "bad_content_length"},
        {" 7", false, 400, "bad_content_length"},
        {"", false, 400, "empty_body"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_io f;
        fake_start(&f, "POST", "/echo");
        f.body = "{\"a\":1}";
        f.body_length = 7;
        f.body_breaks = cases[i].breaks;
        fake_set(&f, "CONTENT_LENGTH", cases[i].declared);
        fake_set(&f, "CONTENT_TYPE", "application/json");
        assert_problem(&f, cases[i].status, cases[i].code);
    }
}

static void json_errors_have_a_place(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "POST", "/echo");
    fake_body(&f, "application/json", "{\n  \"a\": 1,\n  \"b\": }\n");
    assert_true(http_handle(worker, &f.io));
    json_t *json = problem(&f);
    assert_memory_equal(member(json, "detail"), "line 3, column 8: ", 18);
    json_decref(json);
    fake_end(&f);
}

/* ---- failures ---- */

static void problems_point_at_values(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/object");
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 422);
    json_t *json = problem(&f);
    assert_string_equal(member(json, "type"), "urn:ballium:problem:invalid");
    const json_t *errors = json_object_get(json, "errors");
    assert_int_equal(json_array_size(errors), 200); /* all of this status, none of the other */
    assert_string_equal(member(json_array_get(errors, 1), "pointer"), "/a~1b/0");
    assert_string_equal(member(json_array_get(errors, 1), "code"), "wrong");
    assert_string_equal(member(json_array_get(errors, 1), "detail"), "value 1 is \"wrong\"");
    assert_int_equal(json_integer_value(json_object_get(json, "more")), 121);
    json_decref(json);
    fake_end(&f);
}

static void a_huge_value_comes_back_cut(void **state)
{
    (void)state;
    struct fake_io f;
    char target[3000] = "/hello/7?";
    memset(target + 9, 'x', 2500);
    strcpy(target + 2509, "=1");
    fake_start(&f, "GET", target);
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 400);
    json_t *json = problem(&f);
    const char *detail = member(json, "detail");
    assert_true(strlen(detail) > 900 && strlen(detail) <= 1000);
    assert_string_equal(detail + strlen(detail) - 3, "…");
    json_decref(json);
    fake_end(&f);
}

static void problems_have_a_lead(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/lead");
    assert_true(http_handle(worker, &f.io));
    json_t *json = problem(&f);
    assert_string_equal(member(json, "type"), "urn:ballium:problem:frozen");
    assert_string_equal(member(json, "detail"), "the record is approved");
    assert_int_equal(json_array_size(json_object_get(json, "errors")), 1);
    json_decref(json);
    fake_end(&f);
}

static void internal_failures_tell_nothing(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/broken");
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 500);
    assert_null(strstr(f.out, "hunter2"));
    assert_null(strstr(f.out, "half an answer"));
    assert_null(fake_header(&f, "ETag"));
    assert_string_equal(fake_header(&f, "Retry-After"), "9"); /* one that a failure may carry */
    fake_end(&f);
    fake_start(&f, "GET", "/silent");
    assert_problem(&f, 404, "not_found");
    fake_start(&f, "GET", "/odd");
    assert_problem(&f, 500, "internal");
}

static void headers_cannot_be_split(void **state)
{
    (void)state;
    static const char *const queries[] = {"name=X-A&value=a%0D%0ASet-Cookie:+b",
                                          "name=X-A&value=%0A",
                                          "name=X-A%0D%0AX-B&value=a",
                                          "name=X-A:&value=a",
                                          "name=&value=a",
                                          "name=Content-Length&value=7",
                                          "name=status&value=200",
                                          "name=X+A&value=a",
                                          "name=X-A&value=%7f",
                                          "name=X-A"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char target[128];
        struct fake_io f;
        snprintf(target, sizeof target, "/splits?%s", queries[i]);
        fake_start(&f, "GET", target);
        struct hark log = hark_begin();
        assert_problem(&f, 500, "internal");
        assert_non_null(strstr(hark_end(&log), "bad_header"));
    }
    struct fake_io f;
    fake_start(&f, "GET", "/splits?name=X-A&value=caf%C3%A9");
    assert_true(http_handle(worker, &f.io));
    assert_string_equal(fake_header(&f, "X-A"), "café");
    fake_end(&f);
    char target[HTTP_QUERY_BYTES] = "/splits?name=X-A&value=";
    memset(target + strlen(target), 'x', sizeof target - strlen(target) - 20);
    fake_start(&f, "GET", target);
    assert_problem(&f, 500, "internal");
    fake_start(&f, "GET", "/splits-type");
    assert_problem(&f, 500, "internal");
    fake_start(&f, "GET", "/many-headers");
    assert_problem(&f, 500, "internal");
}

static void no_database_is_503(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/database");
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 503);
    assert_string_equal(fake_header(&f, "Retry-After"), "1");
    fake_end(&f);
}

/* ---- long answers ---- */

static void a_long_answer_is_whole(void **state)
{
    (void)state;
    static const char *const targets[] = {"/large", "/stream-ends"};
    for (size_t i = 0; i < 2; i++) {
        struct fake_io f;
        fake_start(&f, "GET", targets[i]);
        assert_true(http_handle(worker, &f.io));
        assert_int_equal(fake_status(&f), 200);
        json_t *json = json_loads(fake_answer(&f), 0, NULL);
        assert_int_equal(json_array_size(json), LARGE / 8);
        json_decref(json);
        if (i == 0)
            assert_int_equal(atoi(fake_header(&f, "Content-Length")), strlen(fake_answer(&f)));
        else
            assert_null(fake_header(&f, "Content-Length")); /* the head left before the end was known */
        fake_end(&f);
    }
}

static void a_stream_that_fails_breaks_off(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/stream-fails");
    assert_false(http_handle(worker, &f.io)); /* the transport must cut the connection */
    assert_true(writes_in_mid_stream > 1);
    assert_int_equal(f.writes, writes_in_mid_stream); /* and nothing more was said: no second head, no problem document */
    assert_null(strstr(f.out, "problem"));
    fake_end(&f);
}

static void a_write_shows_nothing_before_its_commit(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/write-fails");
    assert_problem(&f, 409, "late");
    assert_int_equal(writes_in_mid_stream, 0);
}

static void a_peer_that_left_is_noticed(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/stream-ends");
    f.writes_good = 2;
    assert_false(http_handle(worker, &f.io));
    assert_int_equal(f.writes, 2);
    fake_end(&f);
}

static void full_memory_is_503(void **state)
{
    (void)state;
    struct fake_io f;
    for (int i = 0; i < 2; i++) { /* and the worker serves on */
        fake_start(&f, "GET", "/devour");
        assert_true(http_handle(worker, &f.io));
        assert_int_equal(fake_status(&f), 503);
        assert_string_equal(fake_header(&f, "Retry-After"), "1");
        json_t *json = json_loads(fake_answer(&f), 0, NULL);
        assert_string_equal(member(json, "type"), "urn:ballium:problem:memory_full");
        json_decref(json);
        fake_end(&f);
    }
    fake_start(&f, "GET", "/hello/7");
    assert_true(http_handle(worker, &f.io));
    assert_int_equal(fake_status(&f), 200);
    fake_end(&f);
}

static void a_status_without_words_has_words(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code;
    } cases[] = {
        {400, "bad_request"},           {401, "unauthorized"},      {403, "forbidden"},        {404, "not_found"},
        {405, "method_not_allowed"},    {406, "not_acceptable"},    {408, "request_timeout"},  {409, "conflict"},
        {412, "precondition_failed"},   {413, "too_large"},         {415, "unsupported_type"}, {422, "invalid"},
        {428, "precondition_required"}, {429, "too_many_requests"}, {500, "internal"},         {503, "unavailable"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_io f;
        char path[40];
        snprintf(path, sizeof path, "/wordless?status=%d", cases[i].status);
        fake_start(&f, "GET", path);
        assert_problem(&f, cases[i].status, cases[i].code);
    }
}

/* ---- the log and the counters ---- */

/* The log line of a request, with the newline, in a buffer of the next call's. */
static char *logged(struct fake_io *f)
{
    struct hark log = hark_begin();
    (void)http_handle(worker, &f->io);
    return hark_end(&log);
}

static void a_request_is_one_line_of_the_log(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/hello/7%22%7D%7B?q=%0A%22");
    fake_set(&f, "HTTP_TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    char *line = logged(&f);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_string_equal(member(json, "event"), "request");
    assert_string_equal(member(json, "method"), "GET");
    assert_string_equal(member(json, "route"), "/hello/{id}");
    assert_string_equal(member(json, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_string_equal(member(json, "request_id"), fake_header(&f, "X-Request-Id"));
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 200);
    assert_int_equal(json_integer_value(json_object_get(json, "bytes")), strlen(fake_answer(&f)));
    assert_true(json_is_integer(json_object_get(json, "duration_us")));
    json_decref(json);
    fake_end(&f);
}

static void the_log_cannot_be_written_to_from_outside(void **state)
{
    (void)state;
    static const char evil[] = "GET\"}\n{\"event\":\"forged\"}";
    struct fake_io f;
    fake_start(&f, evil, "/x\",\"event\":\"forged");
    fake_set(&f, "REQUEST_ID", "\"}\n{\"event\":\"forged\",\"x\":\"");
    fake_set(&f, "HTTP_TRACEPARENT", "00-\n{\"event\":\"forged\"}");
    char *line = logged(&f);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_string_equal(member(json, "event"), "request");
    assert_string_equal(member(json, "method"), evil);
    json_decref(json);
    fake_end(&f);
}

static void a_door_is_for_routes_that_enter_by_none_other(void **state)
{
    (void)state;
    struct engine_route route = {.method = "GET", .path = "/wrong-door", .handler = wrong_door, .own = &plain};
    struct http_request *r = arena_alloc(worker->arena, sizeof *r);
    r->base.core = &http_core;
    r->worker = worker;
    r->arena = worker->arena;
    r->match.route = &route;
    assert_int_equal(wrong_door(&r->base), BL_INTERNAL);
    assert_string_equal(r->problem.entries[0].code, "no_door");
    arena_reset(worker->arena);
}

static void without_counters_there_are_no_metrics(void **state)
{
    (void)state;
    struct fake_io f;
    http_use_metrics(http, NULL);
    fake_start(&f, "GET", "/metrics");
    f.params[2] = "REMOTE_ADDR=127.0.0.1";
    assert_problem(&f, 503, "no_metrics");
    http_use_metrics(http, metrics);
}

static void metrics_are_counted_and_local(void **state)
{
    (void)state;
    struct fake_io f;
    fake_start(&f, "GET", "/metrics");
    assert_problem(&f, 403, "loopback_only");
    static const char *const local[] = {"REMOTE_ADDR=127.0.0.1", "REMOTE_ADDR=127.8.9.1", "REMOTE_ADDR=::1"};
    static const char *const foreign[] = {"REMOTE_ADDR=128.0.0.1", "REMOTE_ADDR=::2", "REMOTE_ADDR=127.0.0.1.evil",
                                          "REMOTE_ADDR="};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        fake_start(&f, "GET", "/metrics");
        f.params[2] = foreign[i];
        assert_problem(&f, 403, "loopback_only");
    }
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        fake_start(&f, "GET", "/metrics");
        f.params[2] = local[i];
        assert_true(http_handle(worker, &f.io));
        assert_int_equal(fake_status(&f), 200);
        assert_non_null(
            strstr(fake_answer(&f), "ballium_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"4xx\"} 5\n"));
        assert_non_null(strstr(fake_answer(&f),
                               "ballium_http_request_duration_seconds_bucket{method=\"GET\",route=\"/metrics\",le=\"+Inf\"}"));
        assert_non_null(strstr(fake_answer(&f), "ballium_http_requests_in_flight 1\n")); /* this one */
        assert_non_null(strstr(fake_answer(&f), "ballium_process_up{pid="));
        fake_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(head_is_get_without_a_body),
        cmocka_unit_test(options_lists_methods),
        cmocka_unit_test(no_body_is_204),
        cmocka_unit_test(malformed_requests),
        cmocka_unit_test(stages_come_in_order),
        cmocka_unit_test(the_query_is_the_one_of_the_target),
        cmocka_unit_test(too_many_params),
        cmocka_unit_test(unauthorised_answers_say_how),
        cmocka_unit_test(bodies),
        cmocka_unit_test(bodies_that_do_not_arrive),
        cmocka_unit_test(json_errors_have_a_place),
        cmocka_unit_test(problems_point_at_values),
        cmocka_unit_test(problems_have_a_lead),
        cmocka_unit_test(a_huge_value_comes_back_cut),
        cmocka_unit_test(internal_failures_tell_nothing),
        cmocka_unit_test(headers_cannot_be_split),
        cmocka_unit_test(no_database_is_503),
        cmocka_unit_test(a_long_answer_is_whole),
        cmocka_unit_test(a_stream_that_fails_breaks_off),
        cmocka_unit_test(a_write_shows_nothing_before_its_commit),
        cmocka_unit_test(a_peer_that_left_is_noticed),
        cmocka_unit_test(full_memory_is_503),
        cmocka_unit_test(a_status_without_words_has_words),
        cmocka_unit_test(a_request_is_one_line_of_the_log),
        cmocka_unit_test(the_log_cannot_be_written_to_from_outside),
        cmocka_unit_test(metrics_are_counted_and_local),
        cmocka_unit_test(without_counters_there_are_no_metrics),
        cmocka_unit_test(a_door_is_for_routes_that_enter_by_none_other),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
