#include "resource/validate.h"

#include "plugin/shape.h"
#include "resource/value.h"

#include <stdlib.h>
#include <string.h>

/* One pass over a body: where we are and how often we have objected. */
struct pass {
    struct bl_request *r;
    int objections;
};

/* Adds "/" and the name to a pointer (RFC 6901: ~ and / are escaped). */
static char *below(struct bl_request *r, const char *prefix, const char *name)
{
    char *out = bl_alloc(r, strlen(prefix) + 2 * strlen(name) + 2), *p = out;
    p = stpcpy(p, prefix);
    *p++ = '/';
    for (; *name; name++) {
        if (*name == '~' || *name == '/') {
            *p++ = '~';
            *p++ = *name == '~' ? '0' : '1';
        } else {
            *p++ = *name;
        }
    }
    return out;
}

static void object(struct pass *pass, const char *pointer, const char *code, const char *detail)
{
    if (pass->objections++ < VALIDATE_OBJECTIONS)
        (void)bl_fail(pass->r, BL_UNPROCESSABLE, code, pointer, "%s", detail);
}

static const struct bl_field *field_named(const struct bl_field *fields, const char *name, size_t *index)
{
    for (*index = 0; fields && fields[*index].name; ++*index)
        if (strcmp(fields[*index].name, name) == 0)
            return &fields[*index];
    return NULL;
}

/* An object of simple fields (an item, a transition's input): clean gets what was given and what is initial. */
static void check_object(struct pass *pass, const struct bl_field *fields, const json_t *body, const char *prefix,
                         const char *also, json_t *clean)
{
    const char *name;
    json_t *value;
    size_t i;
    json_object_foreach((json_t *)body, name, value)
    {
        if (!field_named(fields, name, &i) && !(also && strcmp(name, also) == 0))
            object(pass, below(pass->r, prefix, name), "unknown_member", "no such member here");
    }
    for (const struct bl_field *f = fields; f && f->name; f++) {
        const char *text;
        struct verdict why = {0};
        value = json_object_get(body, f->name);
        if (value == NULL && f->initial)
            value = value_keep(pass->r, value_from(f, f->initial));
        if (value == NULL || json_is_null(value)) {
            if (f->flags & BL_REQUIRED)
                object(pass, below(pass->r, prefix, f->name), "required", "must be given");
        } else if (!value_of(pass->r, f, value, &text, &why)) {
            object(pass, below(pass->r, prefix, f->name), why.code, why.detail);
        } else {
            json_object_set(clean, f->name, value);
        }
    }
}

/* BL_ITEMS: a new array of what its sub-table knows, and the same as compact text. */
static void check_items(struct pass *pass, const struct bl_field *f, const json_t *value, const char *pointer,
                        const char **text_out, json_t **json_out)
{
    struct verdict why = {0};
    if (!json_is_array(value)) {
        object(pass, pointer, "type", "must be an array of objects");
        return;
    }
    if (!value_count(pass->r, f, value, &why)) {
        object(pass, pointer, why.code, why.detail);
        return;
    }
    json_t *clean = value_keep(pass->r, json_array());
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        const char *here = value_text(pass->r, "%s/%zu", pointer, i);
        json_t *one = json_object();
        json_array_append_new(clean, one);
        if (json_is_object(item))
            check_object(pass, f->items, item, here, NULL, one);
        else
            object(pass, here, "type", "must be an object");
    }
    char *text = json_dumps(clean, JSON_COMPACT);
    bl_defer(pass->r, free, text);
    *text_out = text;
    *json_out = clean;
}

static const char *empty_of(const struct bl_field *f)
{
    return f->type == BL_LIST ? "{}" : f->type == BL_ITEMS ? "[]" : NULL;
}

static void take(struct pass *pass, const struct bl_field *f, size_t i, json_t *value, const char *pointer,
                 struct plan_values *out)
{
    struct verdict why = {0};
    out->given |= 1ULL << i;
    if (json_is_null(value)) {
        if (f->flags & BL_REQUIRED)
            object(pass, pointer, "required", "must have a value");
        out->text[i] = empty_of(f);
    } else if (f->type == BL_ITEMS) {
        check_items(pass, f, value, pointer, &out->text[i], &out->json[i]);
    } else if (value_of(pass->r, f, value, &out->text[i], &why)) {
        out->json[i] = value;
    } else {
        object(pass, pointer, why.code, why.detail);
    }
}

static void take_member(struct pass *pass, const struct plan *plan, const char *name, json_t *value, enum plan_mode mode,
                        const char *pointer, struct plan_values *out)
{
    size_t i;
    const struct bl_field *f = field_named(plan->resource->fields, name, &i);
    if (strcmp(name, "status") == 0 && plan->status >= 0)
        object(pass, pointer, "read_only", "changes by a transition, POST …/{id}:<name>; \"actions\" lists those open now");
    else if (f == NULL && (plan_column(plan, name) || strcmp(name, "actions") == 0))
        object(pass, pointer, "read_only", "is kept by the service and cannot be sent");
    else if (f == NULL)
        object(pass, pointer, "unknown_member", "no such member here");
    else if (f->flags & (BL_SERVER | BL_GENERATED))
        object(pass, pointer, "read_only", "is computed by the service and cannot be sent");
    else if (mode == PLAN_PATCH && (f->flags & BL_FIXED))
        object(pass, pointer, "fixed", "is given once, when the record is made, and does not change");
    else
        take(pass, f, i, value, pointer, out);
}

static void take_absent(struct pass *pass, const struct plan *plan, const char *prefix, struct plan_values *out)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        if ((out->given >> i & 1) || (f->flags & BL_GENERATED))
            continue;
        if (f->initial)
            take(pass, f, i, value_keep(pass->r, value_from(f, f->initial)), below(pass->r, prefix, f->name), out);
        else if ((f->flags & BL_REQUIRED) && (f->flags & BL_SERVER) == 0)
            object(pass, below(pass->r, prefix, f->name), "required", "must be given");
        else
            out->text[i] = empty_of(f);
    }
}

enum bl_status resource_validate(struct bl_request *r, const struct plan *plan, const json_t *body, enum plan_mode mode,
                                 const char *prefix, struct plan_values *out)
{
    struct pass pass = {.r = r};
    const char *name;
    json_t *value;
    memset(out, 0, sizeof *out);
    if (!json_is_object(body)) {
        object(&pass, prefix, "type", "must be an object");
        return BL_UNPROCESSABLE;
    }
    json_object_foreach((json_t *)body, name, value) take_member(&pass, plan, name, value, mode, below(r, prefix, name), out);
    if (mode == PLAN_CREATE)
        take_absent(&pass, plan, prefix, out);
    return pass.objections ? BL_UNPROCESSABLE : BL_OK;
}

enum bl_status validate_input(struct bl_request *r, const struct bl_field *fields, const json_t *body, const char *also,
                              json_t **clean)
{
    struct pass pass = {.r = r};
    *clean = value_keep(r, json_object());
    check_object(&pass, fields, body, "", also, *clean);
    return pass.objections ? BL_UNPROCESSABLE : BL_OK;
}
