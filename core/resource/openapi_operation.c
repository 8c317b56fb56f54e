/* What the engine serves for every resource, as OpenAPI operations: one table of what each route takes and answers. */
#include "plugin/shape.h"
#include "resource/describe.h"
#include "resource/openapi.h"

#include <string.h>

enum content { NOTHING, RECORD, PAGE, CREATE, PATCH, INPUT, EVENTS, LINKED, LINKS, LINK, BATCH, RESULTS, IMPORTED, CSV };

enum operation_flag {
    FILTERED = 1 << 0, /* takes filters, and sort */
    TAGGED = 1 << 1,   /* answers with an ETag */
    PLURAL = 1 << 2,   /* the summary names all of the resource */
};

/* What the engine serves for every resource. The suffix follows the resource's path. */
struct operation {
    const char *method, *suffix;
    const char *id, *summary; /* the summary is followed by the resource's name */
    const char *parameters;   /* list of shared ones; path parameters come from the path */
    enum content body, answer;
    int status;
    unsigned flags;
    const char *problems; /* list of statuses, beside those of every route */
};

static const struct operation operations[] = {
    {"GET", "", "list", "List", "cursor limit fields archived Prefer", NOTHING, PAGE, 200, FILTERED | PLURAL, "400 422"},
    {"POST", "", "create", "Create", "Idempotency-Key", CREATE, RECORD, 201, TAGGED, "400 409 413 415 422"},
    {"GET", "/{id}", "read", "Read", "fields", NOTHING, RECORD, 200, TAGGED, "400"},
    {"PATCH", "/{id}", "update", "Change", "If-Match", PATCH, RECORD, 200, TAGGED, "400 409 412 413 415 422 428"},
    {"POST", "/{id}:archive", "archive", "Archive", "If-Match Idempotency-Key", NOTHING, RECORD, 200, TAGGED,
     "400 409 412 422 428"},
    {"POST", "/{id}:restore", "restore", "Restore", "If-Match Idempotency-Key", NOTHING, RECORD, 200, TAGGED,
     "400 409 412 422 428"},
    {"GET", "/{id}/history", "history", "Read the history of", "cursor limit", NOTHING, EVENTS, 200, 0, "400"},
    {"POST", ":batch", "batch", "Change many at once, or none:", "Idempotency-Key", BATCH, RESULTS, 200, PLURAL,
     "400 409 412 413 415 422"},
    {"POST", ":import", "import", "Import a CSV file of", "dry_run Idempotency-Key", CSV, IMPORTED, 200, PLURAL,
     "400 409 413 415 422"},
    {"GET", ":template", "template", "Get an empty CSV file for", NULL, NOTHING, CSV, 200, PLURAL, "400"},
    {NULL, NULL, NULL, NULL, NULL, NOTHING, NOTHING, 0, 0, NULL},
};

static const struct operation transition_operation = {
    "POST", "/{id}:{transition}",         NULL, NULL, "If-Match Idempotency-Key", INPUT, RECORD, 200,
    TAGGED, "400 409 412 413 415 422 428"};

static const struct operation relation_operations[] = {
    {"GET", "/{id}/links/{relation}", "list", "List what is linked to", "cursor limit", NOTHING, LINKS, 200, 0, "400 409"},
    {"POST", "/{id}/links/{relation}", "link", "Link a record to", "Idempotency-Key", LINK, LINKED, 201, 0,
     "400 409 413 415 422"},
    {"DELETE", "/{id}/links/{relation}/{other}", "unlink", "Unlink a record from", NULL, NOTHING, NOTHING, 204, 0, "400 409"},
};

const char openapi_common_problems[] = "401 403 404 406 429 503";
static const char media_csv[] = "text/csv";
static const char media_xlsx[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

static const struct operation *find_operation(const struct engine_route *route)
{
    const struct plan_route *data = route->data;
    if (route->own != NULL || data == NULL || data->plan == NULL)
        return NULL;
    if (data->transition != NULL)
        return &transition_operation;
    if (data->relation != NULL) {
        for (size_t i = 0; i < sizeof relation_operations / sizeof *relation_operations; i++) {
            if (strcmp(relation_operations[i].method, route->method) == 0)
                return &relation_operations[i];
        }
        return NULL;
    }
    const char *suffix = route->path + strlen(data->plan->base);
    for (const struct operation *o = operations; o->method != NULL; o++) {
        if (strcmp(o->method, route->method) == 0 && strcmp(o->suffix, suffix) == 0)
            return o;
    }
    return NULL;
}

/* Takes the words, made of letters and digits, as the operation's id; when they are taken already, with a number. */
void openapi_id(struct openapi *doc, const char *words)
{
    const char *id = words;
    for (int i = 2; json_object_get(doc->ids, id) != NULL; i++)
        id = arena_format(doc->arena, "%s_%d", words, i);
    json_object_set_new(doc->ids, id, json_true());
    json_put_text(&doc->json, "operationId", id);
}

void openapi_tag(struct openapi *doc, const char *tag)
{
    json_open(&doc->json, "tags", '[');
    json_put_text(&doc->json, NULL, tag);
    json_end(&doc->json);
}

const char *openapi_area(struct openapi *doc, const struct bl_plugin *plugin)
{
    char made[LABEL_TEXT];
    return arena_string(doc->arena, describe_label(plugin->label, plugin->name, strlen(plugin->name), made));
}

static void put_shared(struct openapi *doc, const char *kind, const char *name, size_t length)
{
    openapi_ref(&doc->json, NULL, arena_format(doc->arena, "%s/%.*s", kind, (int)length, name));
}

static bool is_shared_parameter(const struct openapi *doc, const char *name)
{
    return json_object_get(json_object_get(json_object_get(doc->base, "components"), "parameters"), name) != NULL;
}

void openapi_path_parameters(struct openapi *doc, const char *path)
{
    for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{')) {
        size_t length = strcspn(open, "}") - 1;
        char *name = arena_copy(doc->arena, open + 1, length);
        if (is_shared_parameter(doc, name)) {
            put_shared(doc, "parameters", name, length);
            continue;
        }
        json_open(&doc->json, NULL, '{');
        json_put_text(&doc->json, "name", name);
        json_put_text(&doc->json, "in", "path");
        json_put_bool(&doc->json, "required", true);
        json_put_raw(&doc->json, "schema", "{\"type\":\"string\"}");
        json_end(&doc->json);
    }
}

static void put_shared_parameters(struct openapi *doc, const char *list)
{
    size_t length;
    for (const char *word = shape_word(&list, &length); length > 0; word = shape_word(&list, &length))
        put_shared(doc, "parameters", word, length);
}

void openapi_query(struct openapi *doc, const char *name, const char *help, const char *example)
{
    struct json *json = &doc->json;
    json_open(json, NULL, '{');
    json_put_text(json, "name", name);
    json_put_text(json, "in", "query");
    if (help != NULL)
        json_put_text(json, "description", help);
    json_put_raw(json, "schema", "{\"type\":\"string\",\"maxLength\":2000}");
    if (example != NULL)
        json_put_text(json, "example", example);
    json_end(json);
}

/* A parameter for each column that may stand in a filter; `sort` with their names; `q` when there is something to search. */
static void put_filters(struct openapi *doc, const struct plan *plan)
{
    struct buf sorts = buf_new(doc->arena, 256);
    bool searched = false;
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *column = &plan->columns[i];
        searched = searched || (column->field != NULL && (column->field->flags & BL_SEARCH) != 0);
        if (!column->filter)
            continue;
        char made[LABEL_TEXT];
        const char *label = column->field != NULL ? describe_field(column->field, made)
                                                  : describe_label(NULL, column->name, strlen(column->name), made);
        openapi_query(doc, column->name,
                      arena_format(doc->arena, "%s: a value, or `op.value` (see the document's description).", label), NULL);
        if (column->type != BL_LIST && column->type != BL_ITEMS)
            buf_format(&sorts, "%s`%s`", sorts.length > 0 ? ", " : "", column->name);
    }
    const char *initial = plan->resource->sort != NULL ? plan->resource->sort : "-created_at";
    openapi_query(doc, "sort", arena_format(doc->arena, "Members to order by, with `-` the other way round: %s.", sorts.data),
                  initial);
    if (searched)
        put_shared(doc, "parameters", "q", 1);
}

void openapi_problems(struct openapi *doc, const char *list)
{
    size_t length;
    for (const char *word = shape_word(&list, &length); length > 0; word = shape_word(&list, &length))
        openapi_ref(&doc->json, arena_copy(doc->arena, word, length),
                    arena_format(doc->arena, "responses/Problem%.*s", (int)length, word));
}

/* "media type": {"schema": {"$ref": …}} */
static void put_media(struct openapi *doc, const char *media, const char *schema)
{
    json_open(&doc->json, media, '{');
    openapi_ref(&doc->json, "schema", arena_format(doc->arena, "schemas/%s", schema));
    json_end(&doc->json);
}

void openapi_text_media(struct openapi *doc, const char *media, size_t length)
{
    json_open(&doc->json, arena_copy(doc->arena, media, length), '{');
    json_put_raw(&doc->json, "schema", "{\"type\":\"string\"}");
    json_end(&doc->json);
}

static void put_files(struct openapi *doc)
{
    openapi_text_media(doc, media_csv, strlen(media_csv));
    json_open(&doc->json, media_xlsx, '{');
    json_end(&doc->json);
}

/* What a batch takes: its operations name what the resource has. */
static void put_batch_media(struct openapi *doc, const struct plan *plan)
{
    struct json *json = &doc->json;
    json_open(json, "application/json", '{');
    json_open(json, "schema", '{');
    json_put_text(json, "type", "object");
    json_put_raw(json, "required", "[\"operations\"]");
    json_put_bool(json, "additionalProperties", false);
    json_open(json, "properties", '{');
    json_open(json, "operations", '{');
    json_put_text(json, "type", "array");
    json_put_integer(json, "minItems", 1);
    json_put_integer(json, "maxItems", 500);
    json_open(json, "items", '{');
    json_put_text(json, "type", "object");
    json_put_raw(json, "required", "[\"op\"]");
    json_put_bool(json, "additionalProperties", false);
    json_open(json, "properties", '{');
    json_open(json, "op", '{');
    json_put_text(json, "type", "string");
    json_open(json, "enum", '[');
    json_put_text(json, NULL, "create");
    if ((plan->resource->flags & BL_APPEND_ONLY) == 0) {
        json_put_text(json, NULL, "update");
        json_put_text(json, NULL, "archive");
        json_put_text(json, NULL, "restore");
    }
    for (size_t i = 0; i < plan->transition_count; i++)
        json_put_text(json, NULL, plan->transitions[i].transition->name);
    json_end(json);
    json_end(json);
    json_put_raw(json, "id", "{\"type\":\"string\",\"format\":\"uuid\",\"description\":\"Of the record; not with create.\"}");
    json_put_raw(json, "if_match", "{\"type\":\"string\",\"description\":\"The record's ETag; not with create.\"}");
    json_put_raw(json, "body", "{\"type\":\"object\",\"description\":\"What the operation alone would take.\"}");
    for (int i = 0; i < 6; i++) /* members, items, operations, members, schema, media type */
        json_end(json);
}

static void put_body(struct openapi *doc, const struct plan_route *route, enum content body)
{
    struct json *json = &doc->json;
    const struct bl_transition *transition = route->transition != NULL ? route->transition->transition : NULL;
    bool reason = transition != NULL && (transition->flags & BL_REASON) != 0;
    bool needed = body != INPUT || reason;
    if (body == NOTHING || (body == INPUT && (transition == NULL || (!reason && transition->input == NULL))))
        return;
    for (const struct bl_field *f = body == INPUT ? transition->input : NULL; f != NULL && f->name != NULL; f++)
        needed = needed || ((f->flags & BL_REQUIRED) != 0 && f->initial == NULL);
    json_open(json, "requestBody", '{');
    json_put_bool(json, "required", needed);
    json_open(json, "content", '{');
    if (body == CREATE)
        put_media(doc, "application/json", openapi_schema_name(doc->arena, route->plan, "Create"));
    if (body == PATCH) {
        put_media(doc, "application/merge-patch+json", openapi_schema_name(doc->arena, route->plan, "Patch"));
        put_media(doc, "application/json", openapi_schema_name(doc->arena, route->plan, "Patch"));
    }
    if (body == LINK)
        put_media(doc, "application/json", "LinkCreate");
    if (body == CSV)
        openapi_text_media(doc, media_csv, strlen(media_csv));
    if (body == BATCH)
        put_batch_media(doc, route->plan);
    if (body == INPUT) {
        json_open(json, "application/json", '{');
        openapi_input(doc, "schema", transition->input, reason);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

static void put_header(struct openapi *doc, const char *name)
{
    openapi_ref(&doc->json, name, arena_format(doc->arena, "headers/%s", name));
}

static void put_answer(struct openapi *doc, const struct plan *plan, const struct operation *operation, int status,
                       const char *description)
{
    static const char *const shared[] = {[EVENTS] = "EventPage",    [LINKED] = "Linked",         [LINKS] = "LinkedPage",
                                         [RESULTS] = "BatchResult", [IMPORTED] = "ImportResult", [CSV] = NULL};
    struct json *json = &doc->json;
    enum content answer = operation->answer;
    json_open(json, arena_format(doc->arena, "%d", status), '{');
    json_put_text(json, "description", description);
    json_open(json, "headers", '{');
    if ((operation->flags & TAGGED) != 0)
        put_header(doc, "ETag");
    if (status == 201 && answer == RECORD)
        put_header(doc, "Location");
    if (answer == PAGE)
        put_header(doc, "Link");
    if (answer == PAGE || answer == CSV)
        put_header(doc, "Content-Disposition");
    json_end(json);
    if (answer != NOTHING) {
        json_open(json, "content", '{');
        if (answer == RECORD || answer == PAGE)
            put_media(doc, "application/json", openapi_schema_name(doc->arena, plan, answer == PAGE ? "Page" : ""));
        else if (answer == CSV)
            openapi_text_media(doc, media_csv, strlen(media_csv));
        else
            put_media(doc, "application/json", shared[answer]);
        if (answer == PAGE)
            put_files(doc);
        json_end(json);
    }
    json_end(json);
}

static const char *spaced(struct openapi *doc, const char *name)
{
    char *words = arena_string(doc->arena, name);
    for (char *p = words; *p != '\0'; p++) {
        if (*p == '_')
            *p = ' ';
    }
    return words;
}

static const char *summary_of(struct openapi *doc, const struct plan_route *route, const struct operation *operation)
{
    char made[LABEL_TEXT];
    const struct bl_resource *resource = route->plan->resource;
    const char *noun = spaced(doc, (operation->flags & PLURAL) != 0 ? resource->name : resource->singular);
    if (route->transition != NULL) {
        const struct bl_transition *t = route->transition->transition;
        return arena_format(doc->arena, "%s: %s", describe_label(t->label, t->name, strlen(t->name), made), noun);
    }
    if (route->relation != NULL)
        return arena_format(doc->arena, "%s %s: %s", operation->summary, noun, spaced(doc, route->relation->name));
    return arena_format(doc->arena, "%s %s", operation->summary, noun);
}

static const char *id_of(struct openapi *doc, const struct plan_route *route, const struct operation *operation)
{
    const struct plan *plan = route->plan;
    const char *start = arena_format(doc->arena, "%s_%s", plan->plugin->name, plan->resource->name);
    if (route->transition != NULL)
        return arena_format(doc->arena, "%s_%s", start, route->transition->transition->name);
    if (route->relation != NULL)
        return arena_format(doc->arena, "%s_%s_%s", start, route->relation->name, operation->id);
    return arena_format(doc->arena, "%s_%s", start, operation->id);
}

static const char *help_of(struct openapi *doc, const struct plan_route *route, const struct operation *operation,
                           const char *permission)
{
    struct buf text = buf_new(doc->arena, 256);
    const char *help = NULL;
    if (route->transition != NULL)
        help = route->transition->transition->help;
    else if (route->relation != NULL)
        help = route->relation->relation->help;
    else if (operation->answer == PAGE || operation->body == CREATE)
        help = route->plan->resource->help;
    if (help != NULL)
        buf_format(&text, "%s\n\n", help);
    if (route->transition != NULL)
        buf_format(&text, route->transition->transition->to ? "From `%s` to `%s`.\n\n" : "In `%s`.\n\n",
                   route->transition->transition->from, route->transition->transition->to);
    if (permission != NULL)
        buf_format(&text, "Permission `%s`.", permission);
    if (route->plan->resource->clause != NULL)
        buf_format(&text, " ISO/IEC 27001 clause %s.", route->plan->resource->clause);
    return text.data;
}

bool openapi_operation(struct openapi *doc, const struct engine_route *route)
{
    struct json *json = &doc->json;
    const struct plan_route *data = route->data;
    const struct operation *operation = find_operation(route);
    if (operation == NULL)
        return false;
    openapi_id(doc, id_of(doc, data, operation));
    json_put_text(json, "summary", summary_of(doc, data, operation));
    json_put_text(json, "description", help_of(doc, data, operation, route->permission));
    openapi_tag(doc, openapi_area(doc, data->plan->plugin));
    json_open(json, "parameters", '[');
    openapi_path_parameters(doc, route->path);
    put_shared_parameters(doc, operation->parameters);
    if ((operation->flags & FILTERED) != 0)
        put_filters(doc, data->plan);
    json_end(json);
    put_body(doc, data, operation->body);
    json_open(json, "responses", '{');
    if (operation->answer == LINKED)
        put_answer(doc, data->plan, operation, 200, "Was linked already.");
    put_answer(doc, data->plan, operation, operation->status, operation->answer == NOTHING ? "Done." : "As asked.");
    openapi_problems(doc, operation->problems);
    openapi_problems(doc, openapi_common_problems);
    json_end(json);
    return true;
}
