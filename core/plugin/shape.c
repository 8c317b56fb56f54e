#include "plugin/shape.h"
#include <string.h>

const struct shape_column shape_engine[] = {
    {"tenant_id", "uuid", true},
    {"id", "uuid", true},
    {"ref", "text", true},
    {"version", "integer", true},
    {"created_at", "timestamp with time zone", true},
    {"created_by", "uuid", true},
    {"updated_at", "timestamp with time zone", true},
    {"updated_by", "uuid", true},
    {"archived_at", "timestamp with time zone", false},
    {0},
};

const char *shape_word(const char **list, size_t *length)
{
    const char *word = *list ? *list + strspn(*list, " ") : "";
    *length = strcspn(word, " ");
    *list = word + *length;
    return word;
}

bool shape_status(const struct bl_resource *resource, struct bl_field *status, char values[SHAPE_STATES])
{
    if (!resource->states)
        return false;
    size_t used = 0;
    values[0] = '\0';
    for (const struct bl_state *s = resource->states; s->name; s++) {
        size_t length = strlen(s->name);
        if (used + length + 2 > SHAPE_STATES) /* check.c refuses such a resource */
            break;
        if (used)
            values[used++] = ' ';
        memcpy(values + used, s->name, length + 1);
        used += length;
    }
    *status = (struct bl_field){.name = "status", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, .values = values};
    return true;
}

void shape_type(const struct bl_field *field, char out[SHAPE_TYPE])
{
    static const char *const types[] = {
        [BL_TEXT] = "text",    [BL_ENUM] = "text",   [BL_INT] = "integer",
        [BL_BOOL] = "boolean", [BL_DATE] = "date",   [BL_TIME] = "timestamp with time zone",
        [BL_REF] = "uuid",     [BL_LIST] = "text[]", [BL_ITEMS] = "jsonb",
    };
    if (field->type == BL_DECIMAL)
        snprintf(out, SHAPE_TYPE, "numeric(18,%d)", field->scale);
    else
        snprintf(out, SHAPE_TYPE, "%s", types[field->type]);
}

bool shape_not_null(const struct bl_field *field)
{
    return (field->flags & BL_REQUIRED) || field->type == BL_LIST || field->type == BL_ITEMS;
}

long shape_max(const struct bl_field *field)
{
    if (field->max)
        return field->max;
    switch (field->type) {
    case BL_TEXT:
        return field->flags & BL_LONG ? 20000 : 200;
    case BL_LIST:
    case BL_ITEMS:
        return 100;
    default:
        return 0;
    }
}

static void put_words(const char *list, FILE *out)
{
    size_t length;
    const char *separator = "";
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        fprintf(out, "%s'%.*s'", separator, (int)length, word);
        separator = ", ";
    }
}

static void put_range(const char *function, const struct bl_field *field, FILE *out)
{
    if (field->min)
        fprintf(out, "%s(%s) BETWEEN %ld AND %ld", function, field->name, field->min, shape_max(field));
    else
        fprintf(out, "%s(%s) <= %ld", function, field->name, shape_max(field));
}

bool shape_check(const struct bl_field *field, FILE *out)
{
    switch (field->type) {
    case BL_TEXT:
        put_range("char_length", field, out);
        return true;
    case BL_ENUM:
        fprintf(out, "%s IN (", field->name);
        put_words(field->values, out);
        fputs(")", out);
        return true;
    case BL_INT:
    case BL_DECIMAL:
        if (!field->min && !field->max)
            return false;
        fprintf(out, "%s BETWEEN %ld AND %ld", field->name, field->min, field->max);
        return true;
    case BL_LIST:
        put_range("cardinality", field, out);
        if (field->values) {
            fprintf(out, " AND %s <@ ARRAY[", field->name);
            put_words(field->values, out);
            fputs("]", out);
        }
        return true;
    case BL_ITEMS:
        fprintf(out, "jsonb_typeof(%s) = 'array' AND ", field->name);
        put_range("jsonb_array_length", field, out);
        return true;
    default:
        return false;
    }
}

const char *shape_sort(const struct bl_resource *resource)
{
    if (!resource->sort)
        return "created_at";
    return resource->sort + (resource->sort[0] == '-');
}

bool shape_sort_is_engine(const struct bl_resource *resource)
{
    for (const struct shape_column *c = shape_engine; c->name; c++)
        if (strcmp(c->name, shape_sort(resource)) == 0)
            return strcmp(c->name, "id") != 0 && strcmp(c->name, "ref") != 0; /* these two have one in any case */
    return false;
}

enum shape_index shape_index(const struct bl_resource *resource, const struct bl_field *field)
{
    if (field->flags & BL_UNIQUE)
        return SHAPE_UNIQUE;
    if (field->type == BL_LIST || field->type == BL_ITEMS) /* row-level security hides a GIN index: it would never be used */
        return SHAPE_NO_INDEX;
    if (field->type == BL_TEXT && shape_max(field) > SHAPE_LENGTH_INDEXED)
        return SHAPE_NO_INDEX;
    /* A filter alone needs none: it narrows the rows of one tenant, and every index is paid for by each write. */
    if (field->type == BL_REF || (field->flags & (BL_DUE | BL_OWNER)) || strcmp(field->name, shape_sort(resource)) == 0)
        return SHAPE_INDEX;
    return SHAPE_NO_INDEX;
}

const char *shape_table(const struct bl_resource *resource)
{
    const char *dot = resource->table ? strchr(resource->table, '.') : NULL;
    return dot ? dot + 1 : "";
}

bool shape_target(const struct bl_plugin *plugin, const struct registry *others, const char *ref, const char **table,
                  const char **key)
{
    *key = "id";
    if (strcmp(ref, "core.member") == 0) {
        *table = "core.membership";
        *key = "user_id";
        return true;
    }
    if (strcmp(ref, "core.file") == 0) {
        *table = "core.file";
        return true;
    }
    size_t area = strcspn(ref, ".");
    const struct bl_resource *target = NULL;
    if (strlen(plugin->name) == area && strncmp(plugin->name, ref, area) == 0) {
        for (const struct bl_resource *r = plugin->resources; ref[area] && r && r->name && !target; r++)
            if (strcmp(r->name, ref + area + 1) == 0)
                target = r;
    } else if (others) {
        target = registry_resource(others, ref, NULL);
    }
    if (target)
        *table = target->table;
    return target != NULL;
}
