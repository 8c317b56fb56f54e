/* A request through http_handle, without transport or nginx: for tests of routes with a real database. */
#ifndef SUPPORT_INSIDE_H
#define SUPPORT_INSIDE_H

#include "unit.h"

#include "http/http.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reply {
    int status;
    char *text; /* head and body as they left */
    json_t *json;
    const char *body; /* in text */
};

struct inside_stream {
    const char *body;
    size_t left;
    char *out;
    size_t length;
};

static inline long inside_read(void *self, char *out, size_t n)
{
    struct inside_stream *s = self;
    n = n < s->left ? n : s->left;
    memcpy(out, s->body, n);
    s->body += n;
    s->left -= n;
    return (long)n;
}

static inline bool inside_write(void *self, const char *bytes, size_t n)
{
    struct inside_stream *s = self;
    s->out = realloc(s->out, s->length + n + 1);
    assert_non_null(s->out);
    memcpy(s->out + s->length, bytes, n);
    s->length += n;
    s->out[s->length] = '\0';
    return true;
}

/* `token`, `address` and `body` may be NULL. Free: reply_free. */
static inline struct reply inside_call(struct http_worker *worker, const char *method, const char *target, const char *token,
                                       const char *address, const char *body)
{
    char params[6][9000];
    const char *list[7] = {params[0], params[1], params[2]};
    size_t count = 3;
    snprintf(params[0], sizeof params[0], "REQUEST_METHOD=%s", method);
    snprintf(params[1], sizeof params[1], "REQUEST_URI=%s", target);
    snprintf(params[2], sizeof params[2], "REMOTE_ADDR=%s", address ? address : "192.0.2.1");
    if (token) {
        snprintf(params[count], sizeof params[count], "HTTP_AUTHORIZATION=Bearer %s", token);
        list[count] = params[count];
        count++;
    }
    if (body) {
        snprintf(params[count], sizeof params[count], "CONTENT_LENGTH=%zu", strlen(body));
        list[count] = params[count];
        count++;
        snprintf(params[count], sizeof params[count], "CONTENT_TYPE=application/json");
        list[count] = params[count];
    }
    struct inside_stream stream = {.body = body ? body : "", .left = body ? strlen(body) : 0};
    struct http_io io = {.self = &stream, .params = list, .read = inside_read, .write = inside_write};
    assert_true(http_handle(worker, &io));
    struct reply reply = {.text = stream.out};
    assert_non_null(reply.text);
    assert_int_equal(sscanf(reply.text, "Status: %d", &reply.status), 1);
    reply.body = strstr(reply.text, "\r\n\r\n") + 4;
    reply.json = json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL);
    return reply;
}

static inline void reply_free(struct reply *reply)
{
    json_decref(reply->json);
    free(reply->text);
}

/* The text at "a/0/b"; NULL: there is none. */
static inline const char *reply_text(const struct reply *reply, const char *path)
{
    json_t *at = reply->json;
    while (at && *path) {
        char name[64];
        size_t length = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10)) : json_object_get(at, name);
        path += length + (path[length] == '/');
    }
    return json_string_value(at);
}

static inline void reply_expect(const struct reply *reply, int status, const char *words)
{
    if (reply->status != status || !strstr(reply->text, words))
        fail_msg("expected %d and `%s`, got\n%s", status, words, reply->text);
}

#endif
