#include "base/log.h"

#include "base/ids.h"
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level threshold = LOG_INFO;
static _Thread_local const char *request_id, *trace_id;

void log_set_level(enum log_level level)
{
    threshold = level;
}

enum log_level log_level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

void log_request(const char *request, const char *trace)
{
    request_id = request;
    trace_id = trace;
}

static void head(struct json *j, enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char now[TIME_TEXT];
    time_format(clock_now(), now);
    json_open(j, NULL, '{');
    json_put_text(j, "time", now);
    json_put_text(j, "level", names[level]);
    json_put_text(j, "event", event);
    json_put_integer(j, "pid", process_id());
    if (request_id != NULL)
        json_put_text(j, "request_id", request_id);
    if (trace_id != NULL)
        json_put_text(j, "trace_id", trace_id);
}

static void finish(struct json *j)
{
    json_end(j);
    buf_char(j->out, '\n');
    /* a log that cannot be written must not stop the service */
    if (write(STDERR_FILENO, j->out->data, j->out->length) < 0)
        return;
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if (level < threshold)
        return;
    struct arena *arena = arena_new(1024 * 1024);
    if (arena == NULL)
        return;
    struct buf out = buf_new(arena, 512);
    struct json j;
    json_start(&j, &out);
    head(&j, level, event);
    va_list args;
    va_start(args, format);
    json_put_text(&j, "message", arena_vformat(arena, format, args));
    va_end(args);
    finish(&j);
    arena_free(arena);
}

void log_pairs(enum log_level level, const char *event, const char *const *pairs)
{
    if (level < threshold)
        return;
    struct arena *arena = arena_new(1024 * 1024);
    if (arena == NULL)
        return;
    struct buf out = buf_new(arena, 1024);
    struct json j;
    json_start(&j, &out);
    head(&j, level, event);
    for (; pairs[0] != NULL; pairs += 2) {
        if (pairs[0][0] == '#')
            json_put_raw(&j, pairs[0] + 1, pairs[1]);
        else
            json_put_text(&j, pairs[0], pairs[1]);
    }
    finish(&j);
    arena_free(arena);
}
