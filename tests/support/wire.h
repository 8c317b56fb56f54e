/* A Unix socket between libpq and PostgreSQL that counts the client's messages. One connection at a time. */
#ifndef SUPPORT_WIRE_H
#define SUPPORT_WIRE_H

#include "unit.h"
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct wire {
    char folder[32], conninfo[512];
    struct sockaddr_un server;
    int listener, wake[2];
    pthread_t thread;
    atomic_bool refuse; /* accept and close at once */
    atomic_int accepted;
    atomic_int messages[256]; /* by type: 'S' Sync, 'P' Parse, 'B' Bind, 'Q' simple query */
    /* the parser of the client's bytes: type, four bytes of length (its own included), the rest */
    bool started; /* the first message has no type */
    unsigned char head[5];
    size_t have, left;
};

static inline void wire_count(struct wire *wire, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        if (wire->left > 0) {
            size_t skip = wire->left < n - i ? wire->left : n - i;
            wire->left -= skip;
            i += skip;
            continue;
        }
        if (!wire->started && wire->have == 0)
            wire->have = 1;
        wire->head[wire->have++] = bytes[i++];
        if (wire->have == 5) {
            wire->left =
                ((size_t)wire->head[1] << 24 | (size_t)wire->head[2] << 16 | (size_t)wire->head[3] << 8 | wire->head[4]) - 4;
            if (wire->started)
                wire->messages[wire->head[0]]++;
            wire->started = true;
            wire->have = 0;
        }
    }
}

static inline bool wire_pass(struct wire *wire, int from, int to, bool count)
{
    unsigned char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes);
    if (n <= 0)
        return false;
    if (count)
        wire_count(wire, bytes, (size_t)n);
    for (ssize_t sent = 0; sent < n;) {
        ssize_t one = send(to, bytes + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        if (one <= 0)
            return false;
        sent += one;
    }
    return true;
}

static inline void wire_serve(struct wire *wire, int client)
{
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    wire->started = false;
    wire->have = wire->left = 0;
    if (connect(server, (struct sockaddr *)&wire->server, sizeof wire->server) == 0) {
        struct pollfd fds[] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {wire->wake[0], POLLIN, 0}};
        while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
            if (fds[0].revents && !wire_pass(wire, client, server, true))
                break;
            if (fds[1].revents && !wire_pass(wire, server, client, false))
                break;
        }
    }
    close(server);
}

static inline void *wire_run(void *arg)
{
    struct wire *wire = arg;
    struct pollfd fds[] = {{wire->listener, POLLIN, 0}, {wire->wake[0], POLLIN, 0}};
    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int client = accept(wire->listener, NULL, NULL);
        if (client < 0)
            continue;
        wire->accepted++;
        if (!wire->refuse)
            wire_serve(wire, client);
        close(client);
    }
    return NULL;
}

/* Stands before the server of `conninfo`, a socket folder; wire->conninfo leads through it. */
static inline struct wire *wire_open(const char *conninfo)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    const char *host = "", *port = "5432";
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (strcmp(o->keyword, "host") == 0 && o->val)
            host = o->val;
        if (strcmp(o->keyword, "port") == 0 && o->val)
            port = o->val;
    }
    assert_int_equal(host[0], '/');
    wire->server.sun_family = AF_UNIX;
    snprintf(wire->server.sun_path, sizeof wire->server.sun_path, "%s/.s.PGSQL.%s", host, port);
    strcpy(wire->folder, "/tmp/ballium-wire-XXXXXX");
    assert_non_null(mkdtemp(wire->folder));
    snprintf(own.sun_path, sizeof own.sun_path, "%s/.s.PGSQL.%s", wire->folder, port);
    snprintf(wire->conninfo, sizeof wire->conninfo, "%s host=%s", conninfo, wire->folder);
    PQconninfoFree(options);

    wire->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(wire->listener, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(listen(wire->listener, 8), 0);
    assert_int_equal(pipe(wire->wake), 0);
    assert_int_equal(pthread_create(&wire->thread, NULL, wire_run, wire), 0);
    return wire;
}

static inline void wire_reset(struct wire *wire)
{
    wire->accepted = 0;
    for (int i = 0; i < 256; i++)
        wire->messages[i] = 0;
}

static inline int wire_messages(const struct wire *wire)
{
    int sum = 0;
    for (int i = 0; i < 256; i++)
        sum += wire->messages[i];
    return sum;
}

static inline void wire_close(struct wire *wire)
{
    char path[128];
    close(wire->wake[1]);
    pthread_join(wire->thread, NULL);
    close(wire->wake[0]);
    close(wire->listener);
    const char *name = strrchr(wire->server.sun_path, '/');
    snprintf(path, sizeof path, "%s%s", wire->folder, name);
    unlink(path);
    rmdir(wire->folder);
    free(wire);
}

#endif
