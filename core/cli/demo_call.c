#include "auth/auth.h"
#include "cli/demo.h"
#include "http/http.h"
#include "plugin/registry.h"
#include "resource/engine.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct demo_service {
    struct registry *registry;
    struct engine *engine;
    struct auth *auth;
    struct http *http;
    struct http_worker *worker;
};

struct demo_service *demo_service_new(const struct config *config)
{
    struct demo_service *s = calloc(1, sizeof *s);
    if (s && (s->registry = registry_load(config, stderr)) != NULL && (s->engine = engine_new(s->registry, stderr)) != NULL &&
        (s->auth = auth_new(config, stderr)) != NULL && (s->http = http_new(config, s->engine, s->auth, stderr)) != NULL &&
        registry_init(s->registry, &http_core, stderr) && (s->worker = http_worker_new(s->http)) != NULL)
        return s;
    demo_service_free(s);
    return NULL;
}

void demo_service_free(struct demo_service *s)
{
    if (!s)
        return;
    if (s->worker) {
        http_worker_free(s->worker);
        registry_fini(s->registry);
    }
    if (s->http)
        http_free(s->http);
    if (s->auth)
        auth_free(s->auth);
    if (s->engine)
        engine_free(s->engine);
    if (s->registry)
        registry_free(s->registry);
    free(s);
}

/* What stands in for the connection to nginx. */
struct wire {
    const char *in; /* what is left of the body */
    size_t in_left;
    char *out;
    size_t out_length;
    FILE *sink; /* writes to `out` */
};

static long wire_read(void *self, char *out, size_t n)
{
    struct wire *w = self;
    size_t taken = n < w->in_left ? n : w->in_left;
    memcpy(out, w->in, taken);
    w->in += taken;
    w->in_left -= taken;
    return (long)taken;
}

static bool wire_write(void *self, const char *bytes, size_t n)
{
    return fwrite(bytes, 1, n, ((struct wire *)self)->sink) == n;
}

enum { PARAMS = 12 };

/* "NAME=value"; `list` keeps room for its NULL. */
static void add(char *list[PARAMS], const char *name, const char *value)
{
    size_t i = 0, room = strlen(name) + strlen(value) + 2;
    while (list[i])
        i++;
    if (i + 1 < PARAMS && (list[i] = malloc(room)) != NULL)
        snprintf(list[i], room, "%s=%s", name, value);
}

static void add_params(char *list[PARAMS], const struct demo_request *request, size_t body)
{
    char text[2000];
    const char *query = strchr(request->path, '?');
    add(list, "REQUEST_METHOD", request->method);
    add(list, "REQUEST_URI", request->path);
    add(list, "QUERY_STRING", query ? query + 1 : "");
    add(list, "REMOTE_ADDR", "127.0.0.1");
    if (request->body) {
        snprintf(text, sizeof text, "%zu", body);
        add(list, "CONTENT_LENGTH", text);
        add(list, "CONTENT_TYPE", strcmp(request->method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json");
    }
    if (request->token) {
        snprintf(text, sizeof text, "Bearer %s", request->token);
        add(list, "HTTP_AUTHORIZATION", text);
    }
    if (request->if_match)
        add(list, "HTTP_IF_MATCH", request->if_match);
    if (request->key)
        add(list, "HTTP_IDEMPOTENCY_KEY", request->key);
}

/* Reads a CGI answer: header lines, an empty line, the body. */
static struct demo_answer read_answer(const char *text)
{
    struct demo_answer answer = {.status = 200};
    const char *line = text;
    while (*line != '\0' && *line != '\r' && *line != '\n') {
        size_t length = strcspn(line, "\r\n");
        if (strncasecmp(line, "Status:", 7) == 0)
            answer.status = (int)strtol(line + 7, NULL, 10);
        if (strncasecmp(line, "ETag:", 5) == 0) {
            const char *value = line + 5 + strspn(line + 5, " ");
            free(answer.etag);
            answer.etag = strndup(value, (size_t)(line + length - value));
        }
        line += length;
        line += *line == '\r';
        line += *line == '\n';
    }
    line += *line == '\r';
    line += *line == '\n';
    answer.text = strdup(line);
    answer.json = json_loads(line, JSON_DECODE_ANY, NULL);
    return answer;
}

struct demo_answer demo_call(struct demo_service *s, const struct demo_request *request)
{
    char *list[PARAMS] = {NULL};
    char *body = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    struct wire wire = {.in = body, .in_left = body ? strlen(body) : 0};
    struct demo_answer answer = {.status = 500};
    wire.sink = open_memstream(&wire.out, &wire.out_length);
    add_params(list, request, wire.in_left);
    if (wire.sink) {
        http_handle(s->worker, &(struct http_io){
                                   .self = &wire, .params = (const char *const *)list, .read = wire_read, .write = wire_write});
        fclose(wire.sink);
        answer = read_answer(wire.out);
    }
    free(wire.out);
    for (size_t i = 0; i < PARAMS; i++)
        free(list[i]);
    free(body);
    return answer;
}

void demo_answer_free(struct demo_answer *answer)
{
    free(answer->text);
    free(answer->etag);
    json_decref(answer->json);
}
