/* The OpenAPI document: every mounted route, from the same tables that serve it. What does not come from tables (the frame, the
 * parameters and problems that routes share, the engine's tenant-wide routes) is core/data/openapi.json. */
#include "resource/openapi.h"

#include "plugin/shape.h"
#include "resource/describe.h"

#include "resource/routes.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char bl_data_openapi_json[];

/* "/api/v1/orgs/{org}/context/processes:adopt" -> "context_processes_adopt" */
static const char *words_of(struct openapi *doc, const char *path)
{
    static const char *const starts[] = {"/api/v1/orgs/{org}", "/api/v1"};
    struct buf words = buf_new(doc->arena, 64);
    for (size_t i = 0; i < 2; i++) {
        if (strncmp(path, starts[i], strlen(starts[i])) == 0) {
            path += strlen(starts[i]);
            break;
        }
    }
    for (; *path != '\0'; path++) {
        if (*path == '{')
            path += strcspn(path, "}");
        else if (isalnum((unsigned char)*path))
            buf_char(&words, *path);
        else if (words.length > 0 && words.data[words.length - 1] != '_')
            buf_char(&words, '_');
    }
    while (words.length > 0 && words.data[words.length - 1] == '_')
        words.data[--words.length] = '\0';
    return words.length > 0 ? words.data : "organisation";
}

/* A schema that a plugin wrote: as it is, when it is JSON. */
static void put_own_schema(struct openapi *doc, const char *schema)
{
    json_t *checked = schema != NULL ? json_loads(schema, JSON_DECODE_ANY, NULL) : NULL;
    json_put_raw(&doc->json, "schema", checked != NULL ? schema : "{}");
    json_decref(checked);
}

static void put_own_answer(struct openapi *doc, const struct bl_route *own)
{
    struct json *json = &doc->json;
    const char *produces = own->produces != NULL ? own->produces : "application/json";
    bool sure = own->answer != NULL || (own->flags & (BL_CREATED | BL_ACCEPTED)) != 0 || own->produces != NULL ||
                strcmp(own->method, "GET") == 0;
    size_t length;
    const char *status = own->flags & BL_CREATED ? "201" : own->flags & BL_ACCEPTED ? "202" : sure ? "200" : "2XX";
    json_open(json, status, '{');
    json_put_text(json, "description", "As asked.");
    if ((own->flags & BL_TAGGED) != 0 && own->answer != NULL) {
        json_open(json, "headers", '{');
        openapi_ref(json, "ETag", "headers/ETag");
        json_end(json);
    }
    if (sure) {
        json_open(json, "content", '{');
        for (const char *media = shape_word(&produces, &length); length > 0; media = shape_word(&produces, &length)) {
            if (length == strlen("application/json") && memcmp(media, "application/json", length) == 0) {
                json_open(json, "application/json", '{');
                put_own_schema(doc, own->answer);
                json_end(json);
            } else {
                openapi_text_media(doc, media, length);
            }
        }
        json_end(json);
    }
    json_end(json);
}

/* A route of a plugin's own, or of the core's: what its bl_route says. */
static void put_own_operation(struct openapi *doc, const struct engine_route *route, const char *tag)
{
    struct json *json = &doc->json;
    const struct bl_route *own = route->own;
    const char *query = own->query;
    bool get = strcmp(own->method, "GET") == 0, public = (own->flags & BL_PUBLIC) != 0;
    size_t length;
    openapi_id(doc, words_of(doc, route->path));
    json_put_text(json, "summary", own->summary != NULL ? own->summary : route->path);
    if (route->permission != NULL)
        json_put_text(json, "description", arena_format(doc->arena, "Permission `%s`.", route->permission));
    openapi_tag(doc, tag);
    if (public)
        json_put_raw(json, "security", "[]");
    json_open(json, "parameters", '[');
    openapi_path_parameters(doc, route->path);
    for (const char *word = shape_word(&query, &length); length > 0; word = shape_word(&query, &length))
        openapi_query(doc, arena_copy(doc->arena, word, length), NULL, NULL);
    if ((own->flags & BL_TAGGED) != 0 && !get)
        openapi_ref(json, NULL, "parameters/If-Match");
    json_end(json);
    if (own->body != NULL) {
        json_open(json, "requestBody", '{');
        json_put_bool(json, "required", true);
        json_open(json, "content", '{');
        json_open(json, "application/json", '{');
        put_own_schema(doc, own->body);
        json_end(json);
        json_end(json);
        json_end(json);
    }
    json_open(json, "responses", '{');
    put_own_answer(doc, own);
    openapi_problems(doc, get ? "400 409" : "400 409 412 413 415 422 428");
    openapi_problems(doc, public && get ? "401 404 406 429 503" : openapi_common_problems);
    json_end(json);
}

/* A tenant-wide route of the engine: core/data/openapi.json describes it by hand. */
static void put_written_operation(struct openapi *doc, const struct engine_route *route, const char *method)
{
    json_t *written = json_object_get(json_object_get(json_object_get(doc->base, "paths"), route->path), method);
    const char *name;
    json_t *member;
    json_object_foreach(written, name, member)
    {
        if (strcmp(name, "operationId") == 0) {
            openapi_id(doc, json_string_value(member));
            continue;
        }
        char *text = json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY);
        json_put_raw(&doc->json, name, text);
        free(text);
    }
}

static const char *core_tag(const char *path)
{
    static const char *const of[][2] = {{"/api/v1/orgs", "Organisation"}, {"/api/v1/", "Sign-in"}, {"/.well-known/", "Sign-in"}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (strncmp(path, of[i][0], strlen(of[i][0])) == 0)
            return of[i][1];
    }
    return "Service";
}

static void put_operation(struct openapi *doc, const struct engine_route *route)
{
    char method[16] = "";
    for (size_t i = 0; i < sizeof method - 1 && route->method[i] != '\0'; i++)
        method[i] = (char)tolower((unsigned char)route->method[i]);
    json_open(&doc->json, method, '{');
    if (route->own != NULL && route->plugin != NULL)
        put_own_operation(doc, route, openapi_area(doc, route->plugin));
    else if (route->own != NULL)
        put_own_operation(doc, route, core_tag(route->path));
    else if (!openapi_operation(doc, route))
        put_written_operation(doc, route, method);
    json_end(&doc->json);
}

static int by_path(const void *a, const void *b)
{
    const struct engine_route *const *left = a, *const *right = b;
    int order = strcmp((*left)->path, (*right)->path);
    return order != 0 ? order : strcmp((*left)->method, (*right)->method);
}

static void put_paths(struct openapi *doc, const struct engine_route *routes, size_t count)
{
    const struct engine_route **sorted = arena_alloc(doc->arena, (count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &routes[i];
    qsort(sorted, count, sizeof(const struct engine_route *), by_path);
    json_open(&doc->json, "paths", '{');
    for (size_t i = 0; i < count;) {
        const char *path = sorted[i]->path;
        json_open(&doc->json, path, '{');
        for (; i < count && strcmp(sorted[i]->path, path) == 0; i++)
            put_operation(doc, sorted[i]);
        json_end(&doc->json);
    }
    json_end(&doc->json);
}

static void put_tags(struct openapi *doc, const struct engine *engine)
{
    const struct registry *registry = engine_registry(engine);
    size_t i;
    json_t *tag;
    json_open(&doc->json, "tags", '[');
    for (i = 0; i < registry_count(registry); i++) {
        const struct bl_plugin *plugin = registry_at(registry, i)->plugin;
        json_open(&doc->json, NULL, '{');
        json_put_text(&doc->json, "name", openapi_area(doc, plugin));
        json_put_text(&doc->json, "description",
                      plugin->help != NULL ? plugin->help : arena_format(doc->arena, "Clause %s.", plugin->clause));
        json_end(&doc->json);
    }
    json_array_foreach(json_object_get(doc->base, "tags"), i, tag)
    {
        char *text = json_dumps(tag, JSON_COMPACT);
        json_put_raw(&doc->json, NULL, text);
        free(text);
    }
    json_end(&doc->json);
}

static void put_members(struct openapi *doc, json_t *object)
{
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member)
    {
        char *text = json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY);
        json_put_raw(&doc->json, name, text);
        free(text);
    }
}

static void put_components(struct openapi *doc, const struct engine *engine)
{
    size_t count;
    json_t *components = json_deep_copy(json_object_get(doc->base, "components"));
    json_t *schemas = json_incref(json_object_get(components, "schemas"));
    const struct plan *const *plans = plan_all(engine, &count);
    json_object_del(components, "schemas");
    json_open(&doc->json, "components", '{');
    put_members(doc, components);
    json_open(&doc->json, "schemas", '{');
    put_members(doc, schemas);
    for (size_t i = 0; i < count; i++)
        openapi_schemas(doc, plans[i]);
    json_end(&doc->json);
    json_end(&doc->json);
    json_decref(schemas);
    json_decref(components);
}

void openapi_build(const struct engine *engine, const struct engine_route *routes, size_t count, struct buf *out)
{
    static const char *const first[] = {"openapi", "info", "servers", "security"};
    struct openapi doc = {.arena = out->arena, .base = json_loads(bl_data_openapi_json, 0, NULL), .ids = json_object()};
    json_start(&doc.json, out);
    json_open(&doc.json, NULL, '{');
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        char *text = json_dumps(json_object_get(doc.base, first[i]), JSON_COMPACT | JSON_ENCODE_ANY);
        json_put_raw(&doc.json, first[i], text);
        free(text);
    }
    put_tags(&doc, engine);
    put_paths(&doc, routes, count);
    put_components(&doc, engine);
    json_end(&doc.json);
    json_decref(doc.ids);
    json_decref(doc.base);
}

/* One document a process, made when it is first asked for. */
static struct {
    pthread_mutex_t lock;
    const struct engine_route *routes;
    size_t count;
    char *text;
    size_t length;
    char etag[24];
} document = {.lock = PTHREAD_MUTEX_INITIALIZER};

void engine_describe(const struct engine_route *routes, size_t count)
{
    document.routes = routes;
    document.count = count;
    free(document.text);
    document.text = NULL;
}

void engine_forget(const struct engine_route *routes)
{
    if (document.routes == routes)
        engine_describe(NULL, 0);
}

/* The same in every process, so that a validator holds whichever answers: FNV-1a. */
static void tag_document(void)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < document.length; i++)
        hash = (hash ^ (unsigned char)document.text[i]) * 0x100000001b3u;
    snprintf(document.etag, sizeof document.etag, "\"%016llx\"", (unsigned long long)hash);
}

static bool make_document(const struct engine *engine)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    if (arena == NULL)
        return false;
    struct buf out = buf_new(arena, (size_t)1 << 20);
    openapi_build(engine, document.routes, document.count, &out);
    document.text = malloc(out.length);
    document.length = out.length;
    if (document.text != NULL)
        memcpy(document.text, out.data, out.length);
    arena_free(arena);
    if (document.text != NULL)
        tag_document();
    return document.text != NULL;
}

enum bl_status engine_openapi(struct bl_request *r)
{
    const struct engine *engine = plan_route(r)->engine;
    enum bl_status status = resource_known_query(r, NULL);
    if (status != BL_OK)
        return status;
    pthread_mutex_lock(&document.lock);
    bool made = document.text != NULL || make_document(engine);
    pthread_mutex_unlock(&document.lock);
    if (!made)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "not enough memory for the document; try again");
    const char *known = bl_header(r, "If-None-Match");
    bool same = known != NULL && strstr(known, document.etag) != NULL; /* also behind W/, as a compressing proxy makes it */
    bl_respond(r, same ? 304 : 200, same ? NULL : "application/json");
    bl_set_header(r, "ETag", document.etag);
    bl_set_header(r, "Cache-Control", "public, no-cache");
    if (!same)
        bl_write(r, document.text, document.length);
    return BL_OK;
}
