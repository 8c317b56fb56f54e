/* A transport in memory: what a request brings, and what came back. */
#ifndef SUPPORT_FAKE_IO_H
#define SUPPORT_FAKE_IO_H

#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAKE_PARAMS = 140 };

struct fake_io {
    struct http_io io;
    const char *params[FAKE_PARAMS + 1];
    size_t count;
    char *made[64]; /* params that fake_end frees */
    size_t made_count;
    const char *body;
    size_t body_length, body_read;
    size_t read_most;           /* bytes that one read gives; 0: as many as asked */
    bool body_breaks;           /* at its end a read says -1, not 0 */
    size_t writes, writes_good; /* writes_good: how many succeed; 0: all */
    char *out;
    size_t out_length;
};

static inline long fake_read(void *self, char *out, size_t n)
{
    struct fake_io *f = self;
    size_t left = f->body_length - f->body_read;
    if (left == 0)
        return f->body_breaks ? -1 : 0;
    if (f->read_most != 0 && n > f->read_most)
        n = f->read_most;
    if (n > left)
        n = left;
    memcpy(out, f->body + f->body_read, n);
    f->body_read += n;
    return (long)n;
}

static inline bool fake_write(void *self, const char *bytes, size_t n)
{
    struct fake_io *f = self;
    if (f->writes_good != 0 && f->writes >= f->writes_good)
        return false;
    f->writes++;
    f->out = realloc(f->out, f->out_length + n + 1);
    if (f->out == NULL)
        abort();
    memcpy(f->out + f->out_length, bytes, n);
    f->out_length += n;
    f->out[f->out_length] = '\0';
    return true;
}

static inline void fake_param(struct fake_io *f, const char *pair)
{
    if (f->count == FAKE_PARAMS)
        abort();
    f->params[f->count++] = pair;
}

static inline void fake_set(struct fake_io *f, const char *name, const char *value)
{
    if (f->made_count == sizeof f->made / sizeof *f->made || asprintf(&f->made[f->made_count], "%s=%s", name, value) < 0)
        abort();
    fake_param(f, f->made[f->made_count++]);
}

static inline void fake_start(struct fake_io *f, const char *method, const char *target)
{
    memset(f, 0, sizeof *f);
    f->io = (struct http_io){.self = f, .params = f->params, .read = fake_read, .write = fake_write};
    fake_set(f, "REQUEST_METHOD", method);
    fake_set(f, "REQUEST_URI", target);
    fake_set(f, "REMOTE_ADDR", "192.0.2.7");
    const char *mark = strchr(target, '?');
    fake_set(f, "QUERY_STRING", mark == NULL ? "" : mark + 1);
}

static inline void fake_body(struct fake_io *f, const char *type, const char *body)
{
    char length[24];
    f->body = body;
    f->body_length = strlen(body);
    snprintf(length, sizeof length, "%zu", f->body_length);
    fake_set(f, "CONTENT_LENGTH", length);
    if (type != NULL)
        fake_set(f, "CONTENT_TYPE", type);
}

static inline int fake_status(const struct fake_io *f)
{
    return f->out != NULL && strncmp(f->out, "Status: ", 8) == 0 ? atoi(f->out + 8) : -1;
}

/* A header's value, in a buffer of the next call's; NULL: not there. */
static inline const char *fake_header(const struct fake_io *f, const char *name)
{
    static char value[4096];
    const char *end = f->out == NULL ? NULL : strstr(f->out, "\r\n\r\n");
    size_t length = strlen(name);
    for (const char *line = f->out; end != NULL && line < end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + length + 2, "\r"), line + length + 2);
        return value;
    }
    return NULL;
}

static inline const char *fake_answer(const struct fake_io *f) /* the body */
{
    const char *end = f->out == NULL ? NULL : strstr(f->out, "\r\n\r\n");
    return end == NULL ? "" : end + 4;
}

static inline void fake_end(struct fake_io *f)
{
    for (size_t i = 0; i < f->made_count; i++)
        free(f->made[i]);
    free(f->out);
    memset(f, 0, sizeof *f);
}

#endif
