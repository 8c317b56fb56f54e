/* One connection between a client that speaks FastCGI records and fcgi_request_serve, over a socket pair. */
#include "unit.h"

#include "fcgi/request.h"
#include "fcgi_client.h"

#include <pthread.h>
#include <signal.h>

/* The application: does what the path says. */
struct app {
    int calls;
    long last_read;  /* what the last read gave */
    size_t received; /* bytes of the last body */
    size_t unsaid;   /* bytes it could write before the peer was found gone */
};

static const char *param(const struct http_io *io, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; io->params[i] != NULL; i++)
        if (strncmp(io->params[i], name, n) == 0 && io->params[i][n] == '=')
            return io->params[i] + n + 1;
    return "";
}

/* Around what is held back, around what one record takes, and small ones between. */
static const size_t part_sizes[] = {1,     7999, 8000, 1,     8000, 8001,  7,    65527, 3,      65528, 65529,
                                    57528, 5,    2,    57529, 4000, 61528, 4000, 61529, 131056, 9,     0};
static char pattern[1 << 20];

static size_t fill(void)
{
    size_t length = 0;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (char)(i % 251);
    for (size_t i = 0; part_sizes[i] > 0; i++)
        length += part_sizes[i];
    return length;
}

static bool say(const struct http_io *io, const char *text)
{
    return io->write(io->self, text, strlen(text));
}

static bool answer(void *worker, const struct http_io *io)
{
    struct app *app = worker;
    app->calls++;
    const char *path = param(io, "DOCUMENT_URI");
    char bytes[5000];
    app->received = 0;
    app->last_read = 0;
    if (strcmp(path, "/ignore") != 0)
        while ((app->last_read = io->read(io->self, bytes, sizeof bytes)) > 0)
            app->received += (size_t)app->last_read;
    if (strcmp(path, "/abort") == 0) {
        memset(bytes, 'x', sizeof bytes);
        for (int i = 0; i < 10; i++)
            io->write(io->self, bytes, sizeof bytes);
        return false;
    }
    if (strcmp(path, "/large") == 0) {
        static char large[1 << 20];
        memset(large, 'y', sizeof large);
        return say(io, "Status: 200 OK\r\n\r\n") && io->write(io->self, large, sizeof large);
    }
    if (strcmp(path, "/parts") == 0) {
        fill();
        bool good = true;
        for (size_t i = 0, at = 0; part_sizes[i] > 0; at += part_sizes[i++])
            good = good && io->write(io->self, pattern + at, part_sizes[i]);
        return good;
    }
    if (strcmp(path, "/endless") == 0) {
        memset(bytes, 'z', sizeof bytes);
        while (io->write(io->self, bytes, sizeof bytes))
            app->unsaid += sizeof bytes;
        return false;
    }
    return say(io, "Status: 200 OK\r\n\r\n") && say(io, path);
}

/* Serves the connection until it is closed. */
struct server {
    struct app app;
    struct fcgi_app table;
    int client, fd;
    int64_t timeout;
    int served; /* requests after which the connection was kept */
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *s = arg;
    FCGX_Request request;
    fcgi_request_init(&request);
    while (fcgi_request_serve(&request, s->fd, &s->table, &s->app, s->timeout))
        s->served++;
    return NULL;
}

static void start_with(struct server *s, int64_t timeout)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    *s = (struct server){.client = pair[0], .fd = pair[1], .timeout = timeout, .table = {.handle = answer}};
    pthread_create(&s->thread, NULL, serve, s);
}

static void start(struct server *s)
{
    start_with(s, 20000000);
}

/* The thread ends when the connection does; then its counters may be read. */
static void finish(struct server *s)
{
    close(s->client);
    pthread_join(s->thread, NULL);
}

static void expect(int fd, const char *text)
{
    struct client_answer a = client_answer(fd);
    assert_string_equal(a.text, text);
    assert_true(a.ended);
    free(a.text);
}

static void a_kept_connection_serves_several_requests(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    for (int i = 0; i < 5; i++) {
        assert_true(client_request(s.client, "POST", "/echo", "hello", 5));
        expect(s.client, "Status: 200 OK\r\n\r\n/echo");
    }
    finish(&s);
    assert_int_equal(s.served, 5);
    assert_int_equal(s.app.received, 5);
    assert_int_equal(s.app.last_read, 0);
}

static void an_unread_body_does_not_reach_the_next_request(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    static char body[200000];
    memset(body, 'b', sizeof body);
    assert_true(client_request(s.client, "POST", "/ignore", body, sizeof body));
    expect(s.client, "Status: 200 OK\r\n\r\n/ignore");
    assert_true(client_request(s.client, "GET", "/next", "", 0));
    expect(s.client, "Status: 200 OK\r\n\r\n/next");
    finish(&s);
    assert_int_equal(s.served, 2);
}

static void *swallow(void *fd)
{
    free(client_answer(*(int *)fd).text);
    return NULL;
}

static void an_unread_body_without_end_closes_the_connection(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    const char *const pairs[] = {"REQUEST_METHOD", "POST", "DOCUMENT_URI", "/ignore", NULL};
    assert_true(client_begin(s.client, FCGI_RESPONDER, true) && client_params(s.client, pairs));
    pthread_t reader;
    pthread_create(&reader, NULL, swallow, &s.client);
    static char part[32000];
    size_t sent = 0;
    while (sent <= 2u * FCGI_DRAIN_BYTES && client_record(s.client, FCGI_STDIN, 1, part, sizeof part))
        sent += sizeof part;
    assert_true(sent < 2u * FCGI_DRAIN_BYTES);
    pthread_join(reader, NULL);
    finish(&s);
    assert_int_equal(s.served, 0);
}

static void send_body(struct server *s, const char *said, const char *body)
{
    const char *const pairs[] = {"REQUEST_METHOD", "POST", "DOCUMENT_URI", "/echo", "CONTENT_LENGTH", said, NULL};
    assert_true(client_begin(s->client, FCGI_RESPONDER, true) && client_params(s->client, pairs) &&
                client_body(s->client, body, strlen(body)));
}

static void a_body_that_is_not_as_long_as_said_is_broken(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"10", "four"}, {"3", "four"}, {"1", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server s;
        start(&s);
        send_body(&s, cases[i][0], cases[i][1]);
        assert_true(client_body_end(s.client));
        expect(s.client, "Status: 200 OK\r\n\r\n/echo"); /* the application may still say what is wrong */
        assert_true(client_closed(s.client));
        finish(&s);
        assert_int_equal(s.app.last_read, -1);
        assert_int_equal(s.served, 0);
    }
}

static void a_body_without_a_length_ends_with_its_stream(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    send_body(&s, "", "four");
    assert_true(client_body_end(s.client));
    expect(s.client, "Status: 200 OK\r\n\r\n/echo");
    finish(&s);
    assert_int_equal(s.app.received, 4);
    assert_int_equal(s.app.last_read, 0);
    assert_int_equal(s.served, 1);
}

static void a_body_that_breaks_off_is_broken(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    send_body(&s, "", "four"); /* no length to compare with: only libfcgi's error tells */
    shutdown(s.client, SHUT_WR);
    expect(s.client, "Status: 200 OK\r\n\r\n/echo");
    assert_true(client_closed(s.client));
    finish(&s);
    assert_int_equal(s.app.last_read, -1);
}

static void a_body_after_the_deadline_is_broken(void **state)
{
    (void)state;
    struct server s;
    start_with(&s, -1); /* over before it starts */
    send_body(&s, "4", "four");
    assert_true(client_body_end(s.client));
    expect(s.client, "Status: 200 OK\r\n\r\n/echo");
    assert_true(client_closed(s.client));
    finish(&s);
    assert_int_equal(s.app.last_read, -1);
}

static void a_request_that_does_not_ask_for_it_is_not_kept(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    const char *const pairs[] = {"REQUEST_METHOD", "GET", "DOCUMENT_URI", "/once", NULL};
    assert_true(client_begin(s.client, FCGI_RESPONDER, false) && client_params(s.client, pairs) && client_body_end(s.client));
    expect(s.client, "Status: 200 OK\r\n\r\n/once");
    assert_true(client_closed(s.client));
    finish(&s);
    assert_int_equal(s.served, 0);
}

static void a_large_answer_arrives_whole(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    assert_true(client_request(s.client, "GET", "/large", "", 0));
    struct client_answer a = client_answer(s.client);
    assert_true(a.ended);
    assert_int_equal(a.length, strlen("Status: 200 OK\r\n\r\n") + (1 << 20));
    free(a.text);
    finish(&s);
    assert_int_equal(s.served, 1);
}

static void an_answer_in_parts_of_any_size_keeps_its_order(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    for (int i = 0; i < 2; i++) { /* twice: the connection stands between two requests afterwards */
        assert_true(client_request(s.client, "GET", "/parts", "", 0));
        struct client_answer a = client_answer(s.client);
        assert_true(a.ended);
        assert_int_equal(a.length, fill());
        assert_memory_equal(a.text, pattern, a.length);
        free(a.text);
    }
    finish(&s);
    assert_int_equal(s.served, 2);
}

static void an_answer_that_breaks_off_has_no_end(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    assert_true(client_request(s.client, "GET", "/abort", "", 0));
    struct client_answer a = client_answer(s.client);
    assert_false(a.ended);
    assert_true(a.length > 0);
    free(a.text);
    finish(&s);
    assert_int_equal(s.served, 0);
}

static void a_writer_learns_that_the_peer_is_gone(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    assert_true(client_request(s.client, "GET", "/endless", "", 0));
    char first[100];
    assert_true(client_read(s.client, first, sizeof first));
    finish(&s);
    assert_int_equal(s.served, 0);
}

static void too_many_parameters_are_refused_before_the_application(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    const char *pairs[2 * (FCGI_PARAMS_COUNT + 1) + 1];
    for (int i = 0; i < 2 * (FCGI_PARAMS_COUNT + 1); i++)
        pairs[i] = "HTTP_X";
    pairs[2 * (FCGI_PARAMS_COUNT + 1)] = NULL;
    assert_true(client_begin(s.client, FCGI_RESPONDER, true) && client_params(s.client, pairs) && client_body_end(s.client));
    struct client_answer a = client_answer(s.client);
    assert_non_null(strstr(a.text, "Status: 431 "));
    assert_non_null(strstr(a.text, "urn:ballium:problem:headers_too_large"));
    free(a.text);
    assert_true(client_request(s.client, "GET", "/next", "", 0));
    expect(s.client, "Status: 200 OK\r\n\r\n/next");
    finish(&s);
    assert_int_equal(s.app.calls, 1);
}

static void too_long_parameters_are_refused_before_the_application(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    static char value[50000];
    memset(value, 'v', sizeof value - 1);
    char bytes[60000];
    size_t n = client_pair(bytes, "HTTP_X", value);
    assert_true(client_begin(s.client, FCGI_RESPONDER, true) && client_record(s.client, FCGI_PARAMS, 1, bytes, n) &&
                client_record(s.client, FCGI_PARAMS, 1, bytes, n) && client_record(s.client, FCGI_PARAMS, 1, NULL, 0) &&
                client_body_end(s.client));
    struct client_answer a = client_answer(s.client);
    assert_non_null(strstr(a.text, "Status: 431 "));
    free(a.text);
    finish(&s);
    assert_int_equal(s.app.calls, 0);
}

/* Bytes that are no request: the connection is closed and the thread is free again. */
static void expect_closed_after(const void *bytes, size_t n)
{
    struct server s;
    start(&s);
    assert_true(client_write(s.client, bytes, n));
    shutdown(s.client, SHUT_WR);
    assert_true(client_closed(s.client));
    finish(&s);
    assert_int_equal(s.app.calls, 0);
}

static void malformed_records_close_the_connection(void **state)
{
    (void)state;
    expect_closed_after("", 0);
    expect_closed_after("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    expect_closed_after("\1\1\0\1", 4);                                           /* half a header */
    expect_closed_after("\1\1\0\1\0\3\0\0\0\1\1", 11);                            /* a begin of the wrong length */
    expect_closed_after("\1\1\0\0\0\10\0\0\0\1\1\0\0\0\0\0", 16);                 /* request 0 */
    expect_closed_after("\1\1\0\1\0\10\0\0\0\2\1\0\0\0\0\0", 16);                 /* an authorizer, cut off */
    expect_closed_after("\1\1\0\1\0\10\0\0\0\7\1\0\0\0\0\0", 16);                 /* no such role */
    expect_closed_after("\1\5\0\1\0\0\0\0", 8);                                   /* standard input first */
    expect_closed_after("\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0\1\5\0\1\0\0\0\0", 24); /* and before the parameters */
    /* a parameter longer than its record and the stream */
    expect_closed_after("\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0\1\4\0\1\0\4\0\0\11\2AB\1\4\0\1\0\0\0\0", 36);
}

static void other_roles_are_closed(void **state)
{
    (void)state;
    struct server s;
    start(&s);
    const char *const pairs[] = {"REQUEST_METHOD", "GET", NULL};
    assert_true(client_begin(s.client, FCGI_AUTHORIZER, true) && client_params(s.client, pairs) && client_body_end(s.client));
    struct client_answer a = client_answer(s.client);
    assert_false(a.ended);
    free(a.text);
    finish(&s);
    assert_int_equal(s.app.calls, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
    if (FCGX_Init() != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_connection_serves_several_requests),
        cmocka_unit_test(an_unread_body_does_not_reach_the_next_request),
        cmocka_unit_test(an_unread_body_without_end_closes_the_connection),
        cmocka_unit_test(a_body_that_is_not_as_long_as_said_is_broken),
        cmocka_unit_test(a_body_without_a_length_ends_with_its_stream),
        cmocka_unit_test(a_body_that_breaks_off_is_broken),
        cmocka_unit_test(a_body_after_the_deadline_is_broken),
        cmocka_unit_test(a_request_that_does_not_ask_for_it_is_not_kept),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(an_answer_in_parts_of_any_size_keeps_its_order),
        cmocka_unit_test(an_answer_that_breaks_off_has_no_end),
        cmocka_unit_test(a_writer_learns_that_the_peer_is_gone),
        cmocka_unit_test(too_many_parameters_are_refused_before_the_application),
        cmocka_unit_test(too_long_parameters_are_refused_before_the_application),
        cmocka_unit_test(malformed_records_close_the_connection),
        cmocka_unit_test(other_roles_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
