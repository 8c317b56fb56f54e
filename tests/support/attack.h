/* For tests of the doors: the live OpenAPI document as a list of what can be asked, and bytes that no HTTP client would send. */
#ifndef SUPPORT_ATTACK_H
#define SUPPORT_ATTACK_H

#include "api.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NOBODYS "01900000-0000-7000-8000-0000000000ff" /* an id that no record has */

/* The document as the service tells it now. The caller owns it. */
static inline json_t *attack_document(void)
{
    struct api *a = api_new();
    struct answer r = api_get(a, "/api/v1/openapi.json");
    expect_status(&r, 200);
    json_t *document = json_incref(r.json);
    answer_free(&r);
    api_free(a);
    return document;
}

/* `template` with {org}, {id} and {other} filled in. */
static inline void attack_path(char *out, size_t room, const char *template, const char *org, const char *id, const char *other)
{
    size_t n = 0;
    for (const char *p = template; *p && n + 100 < room;) {
        const char *value = strncmp(p, "{org}", 5) == 0 ? org : strncmp(p, "{id}", 4) == 0 ? id : *p == '{' ? other : NULL;
        if (value == NULL) {
            out[n++] = *p++;
            continue;
        }
        n += (size_t)snprintf(out + n, room - n, "%s", value);
        p = strchr(p, '}') + 1;
    }
    out[n] = '\0';
}

/* "/api/v1/orgs/{org}/area/resource" of a template that goes on with {id}, ":batch" and so on. */
static inline void attack_list(char *out, size_t room, const char *template)
{
    const char *org = strstr(template, "{org}");
    const char *end = strstr(template, "/{id}");
    if (end == NULL)
        end = strchr(org + 5, ':') ? strchr(org + 5, ':') : template + strlen(template);
    snprintf(out, room, "%.*s", (int)(end - template), template);
}

/* The id of the first record of a list; NULL: it is empty. The caller frees it. */
static inline char *attack_first(struct api *who, const char *template, const char *org)
{
    char list[300], path[400];
    attack_list(list, sizeof list, template);
    attack_path(path, sizeof path, list, org, "", "");
    struct answer r = api_get(who, "%s?limit=1", path);
    const char *id = r.status == 200 ? answer_text(&r, "items/0/id") : NULL;
    char *copy = id ? strdup(id) : NULL;
    answer_free(&r);
    return copy;
}

/* How many records a list has. */
static inline json_int_t attack_count(struct api *who, const char *path)
{
    struct answer r = api_call(who, "GET", path, NULL, (const char *const[]){"Prefer: count=exact", NULL});
    expect_status(&r, 200);
    json_int_t count = answer_integer(&r, "count");
    answer_free(&r);
    return count;
}

/* What an answer says, without what differs in every answer: its request id. The caller frees it. */
static inline char *attack_said(const struct answer *r)
{
    json_t *body = r->json ? json_deep_copy(r->json) : json_string(r->body);
    if (json_is_object(body))
        json_object_del(body, "instance");
    char *text = json_dumps(body, JSON_SORT_KEYS | JSON_ENCODE_ANY), *out = NULL;
    const char *type = answer_header(r, "content-type");
    if (asprintf(&out, "%d %s %s", r->status, type ? type : "", text) < 0)
        fail_msg("out of memory");
    free(text);
    json_decref(body);
    return out;
}

static inline void attack_same(const struct answer *a, const struct answer *b, const char *what)
{
    char *one = attack_said(a), *two = attack_said(b);
    if (strcmp(one, two) != 0)
        fail_msg("%s\n tells one from the other:\n  %s\n  %s", what, one, two);
    free(one);
    free(two);
}

/* Archives a record that a test made. */
static inline void attack_archive(struct api *who, const char *list, const char *id)
{
    struct answer now = api_get(who, "%s/%s", list, id);
    expect_status(&now, 200);
    char path[400];
    snprintf(path, sizeof path, "%s/%s:archive", list, id);
    struct answer done = api_send(who, "POST", path, NULL, answer_header(&now, "etag"));
    expect_status(&done, 200);
    answer_free(&now);
    answer_free(&done);
}

/* Sends the bytes as they are from that address of this machine (NULL: any) and returns the status; -1: closed without an answer.
 * `out` takes what came back. The request must close the connection. */
static inline int attack_raw(const char *from, const char *bytes, size_t length, char *out, size_t room)
{
    const char *url = getenv("BALLIUM_URL");
    char host[64] = "";
    int port = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (url == NULL || sscanf(url, "http://%63[^:/]:%d", host, &port) != 2)
        fail_msg("BALLIUM_URL must be http://<address>:<port>");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}, own = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, host, &to.sin_addr), 1);
    if (from) {
        assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
        assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 30}, sizeof(struct timeval));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    size_t have = 0;
    ssize_t n;
    while (have + 1 < room && (n = recv(fd, out + have, room - have - 1, 0)) > 0)
        have += (size_t)n;
    out[have] = '\0';
    close(fd);
    int status;
    return sscanf(out, "HTTP/1.1 %d", &status) == 1 ? status : -1;
}

#endif
