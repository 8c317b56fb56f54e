/* Which addresses are outside, and that a fetch goes nowhere else, follows nobody and takes no more than it was asked to. */
#include "base/fetch.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void addresses_inside_and_outside(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool outside;
    } cases[] = {
        {"1.1.1.1", true},
        {"93.184.216.34", true},
        {"172.15.255.255", true},
        {"172.32.0.1", true},
        {"100.128.0.1", true},
        {"10.1.2.3", false},
        {"127.0.0.1", false},
        {"127.255.0.1", false},
        {"0.0.0.0", false},
        {"169.254.169.254", false},
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"192.168.1.1", false},
        {"100.64.0.1", false},
        {"224.0.0.1", false},
        {"255.255.255.255", false},
        {"192.0.2.1", false},
        {"198.18.0.1", false},
        {"198.19.255.255", false},
        {"240.0.0.1", false},
        {"0.255.255.255", false},
        {"192.0.0.8", false},
        {"192.88.99.1", false},
        {"198.51.100.7", false},
        {"203.0.113.7", false},
        {"100.127.255.255", false},
        {"192.167.255.255", true},
        {"198.20.0.1", true},
        {"223.255.255.255", true},
        {"2001:1ff::1", false},
        {"2003::1", true},
        {"3fff:ffff::1", true},
        {"5f00::1", false},
        {"fec0::1", false},
        {"2606:4700::1", true},
        {"::1", false},
        {"::", false},
        {"fe80::1", false},
        {"fc00::1", false},
        {"fd12:3456::1", false},
        {"ff02::1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:1.1.1.1", false},
        {"64:ff9b::7f00:1", false},
        {"2001:db8::1", false},
        {"2002:7f00:1::", false},
        {"2001::1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_in four = {.sin_family = AF_INET};
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        bool is_four = inet_pton(AF_INET, cases[i].address, &four.sin_addr) == 1;
        if (!is_four)
            assert_int_equal(inet_pton(AF_INET6, cases[i].address, &six.sin6_addr), 1);
        if (fetch_outside(is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six) != cases[i].outside)
            fail_msg("%s", cases[i].address);
    }
}

static char out[101];
static struct {
    int fd, port;
    const char *answer;
    int asked;
} server;

static void *serve(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(server.fd, NULL, NULL)) >= 0; close(fd)) {
        char request[4096];
        if (recv(fd, request, sizeof request, 0) <= 0)
            continue;
        server.asked++;
        size_t length = strlen(server.answer), sent = 0;
        for (ssize_t n; sent < length && (n = send(fd, server.answer + sent, length - sent, MSG_NOSIGNAL)) > 0;)
            sent += (size_t)n;
        shutdown(fd, SHUT_WR);
    }
    return NULL;
}

static struct fetched ask(const char *host, bool inside, size_t limit)
{
    char url[100];
    snprintf(url, sizeof url, "http://%s:%d/keys", host, server.port);
    return fetch(&(struct fetch){.url = url, .inside = inside, .timeout = 3000, .out = out, .limit = limit});
}

static void a_fetch_stays_outside_and_in_bounds(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    pthread_t thread;
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server.fd, 8), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&at, &size), 0);
    server.port = ntohs(at.sin_port);
    server.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"keys\":[]}";
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);

    struct fetched got = ask("127.0.0.1", true, 100);
    assert_int_equal(got.status, 200);
    assert_string_equal(out, "{\"keys\":[]}");
    got = ask("127.0.0.1", true, 5);
    assert_int_equal(got.status, 0);
    assert_string_equal(got.why, "its answer is too large");
    int asked = server.asked;
    got = ask("127.0.0.1", false, 100); /* not https */
    assert_int_equal(got.status, 0);
    char url[100];
    const char *const names[] = {"127.0.0.1", "localhost", "[::1]", "0", "2130706433"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(url, sizeof url, "https://%s:%d/", names[i], server.port);
        got = fetch(&(struct fetch){.url = url, .timeout = 3000, .out = out, .limit = 100});
        assert_int_equal(got.status, 0);
    }
    assert_int_equal(server.asked, asked); /* nothing of it came here */
    server.answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n";
    got = ask("127.0.0.1", true, 100);
    assert_int_equal(got.status, 302);
    got = fetch(&(struct fetch){.url = "file:///etc/passwd", .inside = true, .timeout = 1000, .out = out, .limit = 100});
    assert_int_equal(got.status, 0);
    /* A proxy of the environment would look the name up, and connect, where nobody checks the address. */
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    assert_int_equal(setenv("http_proxy", url, 1), 0);
    asked = server.asked;
    got = fetch(&(struct fetch){.url = "http://127.0.0.1:1/", .inside = true, .timeout = 3000, .out = out, .limit = 100});
    unsetenv("http_proxy");
    assert_int_equal(got.status, 0);
    assert_int_equal(server.asked, asked);
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(server.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_inside_and_outside),
        cmocka_unit_test(a_fetch_stays_outside_and_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
