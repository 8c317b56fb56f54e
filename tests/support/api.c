#include "api.h"

#include "unit.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct api {
    CURL *curl;
    char *token;
};

struct bytes {
    char *data;
    size_t length;
};

static json_t *credentials(void)
{
    static json_t *loaded;
    if (loaded == NULL) {
        const char *path = getenv("BALLIUM_CREDENTIALS");
        json_error_t error;
        loaded = path == NULL ? NULL : json_load_file(path, 0, &error);
        if (loaded == NULL)
            fail_msg("BALLIUM_CREDENTIALS must name the demo-credentials.json of a running service (tests/run starts one)");
    }
    return loaded;
}

static json_t *user(const char *organisation, const char *role)
{
    size_t i;
    json_t *u;
    json_array_foreach(json_object_get(credentials(), "users"), i, u)
    {
        if (strcmp(json_string_value(json_object_get(u, "organisation")), organisation) == 0 &&
            strcmp(json_string_value(json_object_get(u, "role")), role) == 0)
            return u;
    }
    fail_msg("the demo has no %s at %s", role, organisation);
    return NULL;
}

const char *api_email(const char *organisation, const char *role)
{
    return json_string_value(json_object_get(user(organisation, role), "email"));
}

const char *api_password(const char *organisation, const char *role)
{
    return json_string_value(json_object_get(user(organisation, role), "password"));
}

static char own_address[32];

void api_from_own_address(void)
{
    snprintf(own_address, sizeof own_address, "127.77.%d.%d", getpid() >> 8 & 255, (getpid() & 255) | 1);
}

struct api *api_new(void)
{
    struct api *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->curl = curl_easy_init();
    assert_non_null(a->curl);
    return a;
}

void api_free(struct api *a)
{
    curl_easy_cleanup(a->curl);
    free(a->token);
    free(a);
}

const char *api_token(struct api *a)
{
    return a->token;
}

void api_set_token(struct api *a, const char *token)
{
    free(a->token);
    a->token = token == NULL ? NULL : strdup(token);
}

struct api *api_as(const char *organisation, const char *role)
{
    json_t *u = user(organisation, role);
    struct api *a = api_new();
    if (json_object_get(u, "token") == NULL) {
        struct answer r =
            api_post(a, "/api/v1/auth/login",
                     json_pack("{s:O, s:O}", "email", json_object_get(u, "email"), "password", json_object_get(u, "password")));
        expect_status(&r, 200);
        json_object_set_new(u, "token", json_string(answer_text(&r, "access_token")));
        answer_free(&r);
    }
    api_set_token(a, json_string_value(json_object_get(u, "token")));
    return a;
}

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct bytes *b = arg;
    size_t n = size * count;
    char *grown = realloc(b->data, b->length + n + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + b->length, bytes, n);
    b->data = grown;
    b->length += n;
    b->data[b->length] = '\0';
    return n;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct bytes *b = arg;
    size_t n = size * count, before = b->length;
    /* a new status line (100 Continue before the real one) starts over */
    if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        before = b->length = 0;
    if (take(bytes, size, count, arg) != n)
        return 0;
    for (char *p = b->data + before; *p != '\0' && *p != ':'; p++)
        *p = (char)tolower((unsigned char)*p);
    return n;
}

/* BALLIUM_ANSWERS names a file: each answer becomes a line of it, which the contract check judges by the document. */
static void keep(const char *method, const char *path, const struct answer *r)
{
    const char *name = getenv("BALLIUM_ANSWERS");
    FILE *file = name == NULL || r->length > 100000 ? NULL : fopen(name, "a");
    if (file == NULL)
        return;
    json_t *headers = json_object();
    static const char *const kept[] = {"content-type", "etag", "location"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (answer_header(r, kept[i]) != NULL)
            json_object_set_new(headers, kept[i], json_string(answer_header(r, kept[i])));
    json_t *line = json_pack("{s:s, s:s, s:i, s:o, s:s?}", "method", method, "path", path, "status", r->status, "headers",
                             headers, "text", r->json != NULL || r->length == 0 ? r->body : NULL);
    char *text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT); /* NULL: a path that is no UTF-8 */
    if (text != NULL)
        fprintf(file, "%s\n", text);
    free(text);
    json_decref(line);
    fclose(file);
}

struct answer api_call(struct api *a, const char *method, const char *path, const char *body, const char *const *headers)
{
    const char *base = getenv("BALLIUM_URL");
    if (base == NULL)
        fail_msg("BALLIUM_URL must name a running service (tests/run starts one)");
    char url[8192], bearer[9000];
    snprintf(url, sizeof url, "%s%s", base, path);
    struct curl_slist *list = NULL;
    bool typed = false;
    for (; headers != NULL && *headers != NULL; headers++) {
        typed |= strncasecmp(*headers, "content-type:", 13) == 0;
        list = curl_slist_append(list, *headers);
    }
    if (body != NULL && !typed)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (a->token != NULL) {
        snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", a->token);
        list = curl_slist_append(list, bearer);
    }
    list = curl_slist_append(list, "Expect:");
    struct bytes head = {0}, content = {0};
    curl_easy_reset(a->curl);
    curl_easy_setopt(a->curl, CURLOPT_URL, url);
    curl_easy_setopt(a->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(a->curl, CURLOPT_PROXY, "");
    if (own_address[0] != '\0')
        curl_easy_setopt(a->curl, CURLOPT_INTERFACE, own_address);
    curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, &content);
    curl_easy_setopt(a->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(a->curl, CURLOPT_HEADERDATA, &head);
    curl_easy_setopt(a->curl, CURLOPT_TIMEOUT, 60L);
    if (body != NULL) {
        curl_easy_setopt(a->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, body);
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(a->curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(a->curl, CURLOPT_CUSTOMREQUEST, method);
    CURLcode code = curl_easy_perform(a->curl);
    curl_slist_free_all(list);
    if (code != CURLE_OK)
        fail_msg("%s %s: %s", method, path, curl_easy_strerror(code));
    long status;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    struct answer r = {.status = (int)status, .headers = head.data, .body = content.data, .length = content.length};
    if (r.body == NULL)
        r.body = calloc(1, 1);
    const char *type = answer_header(&r, "content-type");
    if (type != NULL && strstr(type, "json") != NULL)
        r.json = json_loadb(r.body, r.length, JSON_DECODE_ANY, NULL);
    keep(method, path, &r);
    return r;
}

struct answer api_get(struct api *a, const char *format, ...)
{
    char path[8000];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return api_call(a, "GET", path, NULL, NULL);
}

struct answer api_send(struct api *a, const char *method, const char *path, json_t *body, const char *etag)
{
    char line[200];
    const char *headers[] = {line, NULL};
    snprintf(line, sizeof line, "If-Match: %s", etag == NULL ? "" : etag);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    struct answer r = api_call(a, method, path, text, etag == NULL ? NULL : headers);
    free(text);
    json_decref(body);
    return r;
}

struct answer api_post(struct api *a, const char *path, json_t *body)
{
    return api_send(a, "POST", path, body, NULL);
}

void answer_free(struct answer *r)
{
    free(r->headers);
    free(r->body);
    json_decref(r->json);
    *r = (struct answer){0};
}

void expect_status(const struct answer *r, int status)
{
    if (r->status != status)
        fail_msg("status %d instead of %d: %.2000s", r->status, status, r->body);
}

void expect_problem(const struct answer *r, int status, const char *code, const char *pointer)
{
    expect_status(r, status);
    const char *type = answer_header(r, "content-type");
    if (type == NULL || strstr(type, "application/problem+json") == NULL || r->json == NULL)
        fail_msg("not a problem document (%s): %.500s", type == NULL ? "no type" : type, r->body);
    char wanted[200];
    snprintf(wanted, sizeof wanted, "urn:ballium:problem:%s", code);
    bool found = code == NULL || strcmp(answer_text(r, "type"), wanted) == 0, placed = pointer == NULL;
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(r->json, "errors"), i, e)
    {
        const char *c = json_string_value(json_object_get(e, "code")), *p = json_string_value(json_object_get(e, "pointer"));
        bool here = pointer == NULL || (p != NULL && strcmp(p, pointer) == 0);
        placed |= here;
        found |= here && c != NULL && code != NULL && strcmp(c, code) == 0;
    }
    if (!found || !placed)
        fail_msg("no problem %s at %s: %.2000s", code, pointer == NULL ? "(anywhere)" : pointer, r->body);
}

const char *answer_header(const struct answer *r, const char *name)
{
    static _Thread_local char value[4096];
    size_t n = strlen(name);
    for (const char *line = r->headers; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1 + strspn(line + n + 1, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r\n"), line);
            return value;
        }
        if (strchr(line, '\n') == NULL)
            break;
    }
    return NULL;
}

json_t *answer_at(const struct answer *r, const char *path)
{
    json_t *at = r->json;
    while (at != NULL && *path != '\0') {
        char part[200];
        size_t n = strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(part, NULL, 10)) : json_object_get(at, part);
        path += n + (path[n] == '/');
    }
    return at;
}

const char *answer_text(const struct answer *r, const char *path)
{
    return json_string_value(answer_at(r, path));
}
json_int_t answer_integer(const struct answer *r, const char *path)
{
    return json_integer_value(answer_at(r, path));
}
