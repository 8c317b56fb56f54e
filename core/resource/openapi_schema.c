/* Field tables as JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
#include "plugin/shape.h"
#include "resource/describe.h"
#include "resource/openapi.h"

#include <ctype.h>
#include <string.h>

enum shape { SHAPE_RECORD, SHAPE_CREATE, SHAPE_PATCH };

const char *openapi_schema_name(struct arena *arena, const struct plan *plan, const char *suffix)
{
    struct buf name = buf_new(arena, 64);
    const char *parts[] = {plan->plugin->name, plan->resource->singular};
    for (size_t i = 0; i < 2; i++) {
        bool upper = true;
        for (const char *p = parts[i]; *p != '\0'; p++) {
            if (*p != '_')
                buf_char(&name, upper ? (char)toupper((unsigned char)*p) : *p);
            upper = *p == '_';
        }
    }
    buf_text(&name, suffix);
    return name.data;
}

void openapi_ref(struct json *json, const char *name, const char *pointer)
{
    struct buf target = buf_new(json->out->arena, 64);
    buf_format(&target, "#/components/%s", pointer);
    json_open(json, name, '{');
    json_put_text(json, "$ref", target.data);
    json_end(json);
}

static void put_type(struct json *json, const char *type, bool nullable)
{
    if (!nullable) {
        json_put_text(json, "type", type);
        return;
    }
    json_open(json, "type", '[');
    json_put_text(json, NULL, type);
    json_put_text(json, NULL, "null");
    json_end(json);
}

static void put_enum(struct json *json, const char *values, bool nullable)
{
    size_t length;
    json_open(json, "enum", '[');
    for (const char *word = shape_word(&values, &length); length > 0; word = shape_word(&values, &length))
        json_put_bytes(json, NULL, word, length);
    if (nullable)
        json_put_raw(json, NULL, NULL);
    json_end(json);
}

/* A value given as text, as the JSON that its field takes. */
static void put_value(struct json *json, const char *name, const struct bl_field *field, const char *text)
{
    json_t *items;
    switch (field->type) {
    case BL_INT:
    case BL_BOOL:
        json_put_raw(json, name, text);
        return;
    case BL_LIST:
        json_open(json, name, '[');
        for (const char *p = text; *p != '\0';) {
            size_t length = strcspn(p, field->values != NULL ? "; " : ";");
            json_put_bytes(json, NULL, p, length);
            p += length;
            p += strspn(p, "; ");
        }
        json_end(json);
        return;
    case BL_ITEMS:
        items = json_loads(text, 0, NULL);
        json_put_raw(json, name, items ? text : "[]");
        json_decref(items);
        return;
    default:
        json_put_text(json, name, text);
    }
}

static void put_example(struct json *json, const char *name, const struct bl_field *field)
{
    char made[EXAMPLE_TEXT];
    put_value(json, name, field, describe_example(field, made));
}

static void put_object(struct openapi *doc, const struct bl_field *fields, enum shape shape);

static void put_text_bounds(struct json *json, const struct bl_field *field)
{
    if (field->min > 0)
        json_put_integer(json, "minLength", field->min);
    json_put_integer(json, "maxLength", shape_max(field));
}

static void put_decimal(struct json *json, const struct bl_field *field, bool nullable)
{
    struct buf pattern = buf_new(json->out->arena, 64);
    buf_format(&pattern, "^-?[0-9]{1,%d}", 18 - field->scale);
    if (field->scale > 0)
        buf_format(&pattern, "([.][0-9]{1,%d})?", field->scale);
    buf_char(&pattern, '$');
    put_type(json, "string", nullable);
    json_put_text(json, "pattern", pattern.data);
}

/* What the type says: "type", "format", bounds. */
static void put_kind(struct openapi *doc, const struct bl_field *field, enum shape shape, bool nullable)
{
    struct json *json = &doc->json;
    switch (field->type) {
    case BL_TEXT:
        put_type(json, "string", nullable);
        put_text_bounds(json, field);
        return;
    case BL_ENUM:
        put_type(json, "string", nullable);
        put_enum(json, field->values, nullable);
        return;
    case BL_INT:
        put_type(json, "integer", nullable);
        json_put_text(json, "format", "int32");
        if (field->min != 0 || field->max != 0) {
            json_put_integer(json, "minimum", field->min);
            json_put_integer(json, "maximum", field->max);
        }
        return;
    case BL_DECIMAL:
        put_decimal(json, field, nullable);
        return;
    case BL_BOOL:
        put_type(json, "boolean", nullable);
        return;
    case BL_DATE:
    case BL_TIME:
    case BL_REF:
        put_type(json, "string", nullable);
        json_put_text(json, "format", field->type == BL_DATE ? "date" : field->type == BL_TIME ? "date-time" : "uuid");
        return;
    case BL_LIST:
        put_type(json, "array", nullable);
        json_put_integer(json, "maxItems", shape_max(field));
        json_open(json, "items", '{');
        json_put_text(json, "type", "string");
        if (field->values != NULL)
            put_enum(json, field->values, false);
        json_end(json);
        return;
    case BL_ITEMS:
        put_type(json, "array", nullable);
        json_put_integer(json, "maxItems", shape_max(field));
        json_open(json, "items", '{');
        put_object(doc, field->items, shape);
        json_end(json);
        return;
    }
}

static void put_field(struct openapi *doc, const struct bl_field *field, enum shape shape)
{
    struct json *json = &doc->json;
    char made[LABEL_TEXT];
    bool read_only = (field->flags & (BL_SERVER | BL_GENERATED)) != 0;
    json_open(json, field->name, '{');
    json_put_text(json, "title", describe_field(field, made));
    struct buf text = buf_new(doc->arena, 128);
    if (field->help != NULL)
        buf_text(&text, field->help);
    if (field->type == BL_REF)
        buf_format(&text, "%sThe id of one of %s.", text.length > 0 ? " " : "", field->ref);
    if (text.length > 0)
        json_put_text(json, "description", text.data);
    put_kind(doc, field, shape, shape == SHAPE_RECORD ? !shape_not_null(field) : (field->flags & BL_REQUIRED) == 0);
    if (read_only && shape == SHAPE_RECORD)
        json_put_bool(json, "readOnly", true);
    if (field->initial != NULL && shape == SHAPE_CREATE)
        put_value(json, "default", field, field->initial);
    json_open(json, "examples", '[');
    put_example(json, NULL, field);
    json_end(json);
    json_end(json);
}

static bool takes(const struct bl_field *field, enum shape shape)
{
    if (shape == SHAPE_RECORD)
        return true;
    unsigned closed = BL_SERVER | BL_GENERATED | (shape == SHAPE_PATCH ? (unsigned)BL_FIXED : 0u);
    return (field->flags & closed) == 0;
}

static bool required(const struct bl_field *field, enum shape shape)
{
    return shape == SHAPE_CREATE && (field->flags & BL_REQUIRED) != 0 && field->initial == NULL && takes(field, shape);
}

/* Members of an object whose shape is `fields`, inside braces that are open. */
static void put_object(struct openapi *doc, const struct bl_field *fields, enum shape shape)
{
    struct json *json = &doc->json;
    json_put_text(json, "type", "object");
    json_open(json, "properties", '{');
    for (const struct bl_field *f = fields; f != NULL && f->name != NULL; f++) {
        if (takes(f, shape))
            put_field(doc, f, shape);
    }
    json_end(json);
    json_put_bool(json, "additionalProperties", false);
    bool open = false;
    for (const struct bl_field *f = fields; f != NULL && f->name != NULL; f++) {
        if (!required(f, shape))
            continue;
        if (!open)
            json_open(json, "required", '[');
        open = true;
        json_put_text(json, NULL, f->name);
    }
    if (open)
        json_end(json);
}

void openapi_input(struct openapi *doc, const char *name, const struct bl_field *fields, bool reason)
{
    struct json *json = &doc->json;
    json_open(json, name, '{');
    json_put_text(json, "type", "object");
    json_open(json, "properties", '{');
    if (reason)
        openapi_ref(json, "reason", "schemas/Reason");
    for (const struct bl_field *f = fields; f != NULL && f->name != NULL; f++)
        put_field(doc, f, SHAPE_CREATE);
    json_end(json);
    json_put_bool(json, "additionalProperties", false);
    json_open(json, "required", '[');
    if (reason)
        json_put_text(json, NULL, "reason");
    for (const struct bl_field *f = fields; f != NULL && f->name != NULL; f++) {
        if (required(f, SHAPE_CREATE))
            json_put_text(json, NULL, f->name);
    }
    json_end(json);
    json_end(json);
}

/* An example body: what is required, and what has an example of its own. */
static void put_examples(struct json *json, const struct bl_field *fields, enum shape shape)
{
    json_open(json, "examples", '[');
    json_open(json, NULL, '{');
    for (const struct bl_field *f = fields; f->name != NULL; f++) {
        bool wanted = shape == SHAPE_CREATE ? required(f, shape) || f->example != NULL : (f->flags & BL_TITLE) != 0;
        if (wanted && takes(f, shape))
            put_example(json, f->name, f);
    }
    json_end(json);
    json_end(json);
}

static void put_states(struct json *json, const struct bl_state *states)
{
    struct buf help = buf_new(json->out->arena, 256);
    json_put_text(json, "type", "string");
    json_open(json, "enum", '[');
    for (const struct bl_state *s = states; s->name != NULL; s++) {
        char made[LABEL_TEXT];
        json_put_text(json, NULL, s->name);
        buf_format(&help, "%s`%s`: %s", help.length > 0 ? "\n" : "", s->name,
                   s->help ? s->help : describe_label(s->label, s->name, strlen(s->name), made));
    }
    json_end(json);
    json_put_text(json, "description", help.data);
}

/* One of the engine's own columns. */
static void put_own_column(struct json *json, const struct plan *plan, size_t i)
{
    const struct plan_column *column = &plan->columns[i];
    char made[LABEL_TEXT];
    json_open(json, column->name, '{');
    json_put_text(json, "title", describe_label(NULL, column->name, strlen(column->name), made));
    if ((int)i == plan->status) {
        put_states(json, plan->resource->states);
    } else if (column->type == BL_INT) {
        put_type(json, "integer", column->nullable);
    } else {
        put_type(json, "string", column->nullable);
        if (column->type == BL_REF || column->type == BL_TIME)
            json_put_text(json, "format", column->type == BL_REF ? "uuid" : "date-time");
    }
    json_put_bool(json, "readOnly", true);
    json_end(json);
}

static void put_record(struct openapi *doc, const struct plan *plan)
{
    struct json *json = &doc->json;
    char made[LABEL_TEXT];
    const struct bl_resource *resource = plan->resource;
    json_open(json, openapi_schema_name(doc->arena, plan, ""), '{');
    json_put_text(json, "title", describe_label(NULL, resource->singular, strlen(resource->singular), made));
    if (resource->help != NULL)
        json_put_text(json, "description", resource->help);
    json_put_text(json, "type", "object");
    json_open(json, "properties", '{');
    for (size_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i].field != NULL)
            put_field(doc, plan->columns[i].field, SHAPE_RECORD);
        else
            put_own_column(json, plan, i);
    }
    json_open(json, "actions", '{');
    json_put_text(json, "type", "array");
    json_put_text(json, "description", "What the caller may do with the record as it is now: POST …/{id}:<action>.");
    json_put_raw(json, "items", "{\"type\":\"string\"}");
    json_put_bool(json, "readOnly", true);
    json_end(json);
    json_end(json);
    json_open(json, "required", '[');
    for (size_t i = 0; i < plan->column_count; i++)
        json_put_text(json, NULL, plan->columns[i].name);
    json_end(json);
    json_end(json);
}

static void put_page(struct openapi *doc, const struct plan *plan)
{
    struct json *json = &doc->json;
    struct buf record = buf_new(doc->arena, 64);
    buf_format(&record, "schemas/%s", openapi_schema_name(doc->arena, plan, ""));
    json_open(json, openapi_schema_name(doc->arena, plan, "Page"), '{');
    json_put_text(json, "type", "object");
    json_open(json, "properties", '{');
    json_open(json, "items", '{');
    json_put_text(json, "type", "array");
    openapi_ref(json, "items", record.data);
    json_end(json);
    json_put_raw(json, "next",
                 "{\"type\":[\"string\",\"null\"],\"description\":\"Cursor of the next page; null: this was the last.\"}");
    json_put_raw(json, "count",
                 "{\"type\":\"integer\",\"description\":\"All that match the filter; only with Prefer: count=exact.\"}");
    json_end(json);
    json_put_raw(json, "required", "[\"items\",\"next\"]");
    json_end(json);
}

static void put_body(struct openapi *doc, const struct plan *plan, enum shape shape)
{
    struct json *json = &doc->json;
    json_open(json, openapi_schema_name(doc->arena, plan, shape == SHAPE_CREATE ? "Create" : "Patch"), '{');
    put_object(doc, plan->resource->fields, shape);
    put_examples(json, plan->resource->fields, shape);
    json_end(json);
}

void openapi_schemas(struct openapi *doc, const struct plan *plan)
{
    put_record(doc, plan);
    put_page(doc, plan);
    put_body(doc, plan, SHAPE_CREATE);
    if ((plan->resource->flags & BL_APPEND_ONLY) == 0)
        put_body(doc, plan, SHAPE_PATCH);
}
