/* A FastCGI client for tests: speaks records to a connected socket, right or deliberately wrong. Blocking; a test that would
 * wait for ever is ended by alarm(). */
#ifndef SUPPORT_FCGI_CLIENT_H
#define SUPPORT_FCGI_CLIENT_H

#include <fastcgi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static inline bool client_write(int fd, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool client_record(int fd, int type, int id, const void *bytes, size_t n)
{
    FCGI_Header head = {.version = FCGI_VERSION_1,
                        .type = (unsigned char)type,
                        .requestIdB1 = (unsigned char)(id >> 8),
                        .requestIdB0 = (unsigned char)id,
                        .contentLengthB1 = (unsigned char)(n >> 8),
                        .contentLengthB0 = (unsigned char)n};
    return client_write(fd, &head, sizeof head) && client_write(fd, bytes, n);
}

static inline bool client_begin(int fd, int role, bool keep)
{
    FCGI_BeginRequestBody body = {.roleB0 = (unsigned char)role, .flags = keep ? FCGI_KEEP_CONN : 0};
    return client_record(fd, FCGI_BEGIN_REQUEST, 1, &body, sizeof body);
}

static inline size_t client_pair(char *out, const char *name, const char *value)
{
    size_t n = strlen(name), v = strlen(value), at = 0;
    out[at++] = (char)n;
    if (v < 128) {
        out[at++] = (char)v;
    } else {
        out[at++] = (char)(0x80 | (v >> 24));
        out[at++] = (char)(v >> 16);
        out[at++] = (char)(v >> 8);
        out[at++] = (char)v;
    }
    memcpy(out + at, name, n);
    memcpy(out + at + n, value, v);
    return at + n + v;
}

/* Names and values by turns, ended by NULL; then the end of the parameters. */
static inline bool client_params(int fd, const char *const *pairs)
{
    char bytes[60000];
    size_t n = 0;
    for (; pairs[0] != NULL; pairs += 2)
        n += client_pair(bytes + n, pairs[0], pairs[1]);
    return client_record(fd, FCGI_PARAMS, 1, bytes, n) && client_record(fd, FCGI_PARAMS, 1, NULL, 0);
}

/* A body in records of at most 32,000 bytes, without its end. */
static inline bool client_body(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        size_t part = n > 32000 ? 32000 : n;
        if (!client_record(fd, FCGI_STDIN, 1, bytes, part))
            return false;
        bytes += part;
        n -= part;
    }
    return true;
}

static inline bool client_body_end(int fd)
{
    return client_record(fd, FCGI_STDIN, 1, NULL, 0);
}

/* A whole request with a body that CONTENT_LENGTH tells rightly. */
static inline bool client_request(int fd, const char *method, const char *path, const char *body, size_t n)
{
    char length[24];
    snprintf(length, sizeof length, "%zu", n);
    const char *const pairs[] = {"REQUEST_METHOD", method, "DOCUMENT_URI", path, "CONTENT_LENGTH", length, NULL};
    return client_begin(fd, FCGI_RESPONDER, true) && client_params(fd, pairs) && client_body(fd, body, n) && client_body_end(fd);
}

struct client_answer {
    char *text; /* of standard output, NUL-terminated; free it */
    size_t length;
    bool ended; /* FCGI_END_REQUEST came; otherwise the connection closed first */
};

static inline bool client_read(int fd, void *out, size_t n)
{
    for (char *p = out; n > 0;) {
        ssize_t got = recv(fd, p, n, 0);
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static inline struct client_answer client_answer(int fd)
{
    struct client_answer a = {.text = calloc(1, 1)};
    FCGI_Header head;
    while (client_read(fd, &head, sizeof head)) {
        size_t n = (size_t)head.contentLengthB1 << 8 | head.contentLengthB0;
        char bytes[65536 + 256];
        if (!client_read(fd, bytes, n + head.paddingLength))
            break;
        if (head.type == FCGI_END_REQUEST) {
            a.ended = true;
            break;
        }
        if (head.type != FCGI_STDOUT)
            continue;
        a.text = realloc(a.text, a.length + n + 1);
        memcpy(a.text + a.length, bytes, n);
        a.length += n;
        a.text[a.length] = '\0';
    }
    return a;
}

/* Nothing more comes: the other side has closed. */
static inline bool client_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}

static inline int client_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

#endif
