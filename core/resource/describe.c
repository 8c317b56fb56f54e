#include "resource/describe.h"
#include "plugin/shape.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *describe_label(const char *label, const char *name, size_t length, char out[LABEL_TEXT])
{
    if (label != NULL)
        return label;
    if (length > 3 && memcmp(name + length - 3, "_id", 3) == 0)
        length -= 3;
    if (length > LABEL_TEXT - 1)
        length = LABEL_TEXT - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = name[i] == '_' ? ' ' : name[i];
    out[length] = '\0';
    out[0] = (char)toupper((unsigned char)out[0]);
    return out;
}

const char *describe_field(const struct bl_field *field, char out[LABEL_TEXT])
{
    return describe_label(field->label, field->name, strlen(field->name), out);
}

const char *describe_type(enum bl_type type)
{
    static const char *const names[] = {
        [BL_TEXT] = "text", [BL_ENUM] = "enum", [BL_INT] = "integer", [BL_DECIMAL] = "decimal", [BL_BOOL] = "boolean",
        [BL_DATE] = "date", [BL_TIME] = "time", [BL_REF] = "ref",     [BL_LIST] = "list",       [BL_ITEMS] = "items",
    };
    return names[type];
}

/* The label, made as long as the field asks and no longer than it allows. */
static void example_of_text(const struct bl_field *field, char out[EXAMPLE_TEXT])
{
    char made[LABEL_TEXT] = "";
    const char *label = describe_field(field, made);
    size_t least = field->min > 0 ? (size_t)field->min : 0, most = (size_t)shape_max(field), n = 0;
    if (least > EXAMPLE_TEXT - 1)
        least = EXAMPLE_TEXT - 1;
    for (; n < most && label[n] != '\0'; n++)
        out[n] = (unsigned char)label[n] < 0x80 ? label[n] : '-'; /* bytes and code points stay the same number */
    while (n < least)
        out[n++] = '.';
    out[n] = '\0';
}

static void example_of_number(const struct bl_field *field, char out[EXAMPLE_TEXT])
{
    long value = field->min != 0 || field->max != 0 ? field->min : 1;
    int n = snprintf(out, EXAMPLE_TEXT, "%ld", value);
    if (field->type == BL_DECIMAL && field->scale > 0)
        snprintf(out + n, EXAMPLE_TEXT - (size_t)n, ".%0*d", field->scale, 0);
}

static size_t add_quoted(char *out, size_t n, const char *text)
{
    out[n++] = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = (unsigned char)*text < 0x20 ? ' ' : *text;
    }
    out[n++] = '"';
    return n;
}

static void example_of_items(const struct bl_field *field, char out[EXAMPLE_TEXT])
{
    size_t n = 0;
    out[n++] = '[';
    out[n++] = '{';
    for (const struct bl_field *item = field->items; item != NULL && item->name != NULL; item++) {
        char made[EXAMPLE_TEXT];
        const char *value = describe_example(item, made);
        if (n + 2 * strlen(item->name) + 2 * strlen(value) + 16 > EXAMPLE_TEXT)
            break;
        if (out[n - 1] != '{')
            out[n++] = ',';
        n = add_quoted(out, n, item->name);
        out[n++] = ':';
        if (item->type == BL_INT || item->type == BL_BOOL)
            n += (size_t)snprintf(out + n, EXAMPLE_TEXT - n, "%s", value);
        else
            n = add_quoted(out, n, value);
    }
    memcpy(out + n, "}]", 3);
}

const char *describe_example(const struct bl_field *field, char out[EXAMPLE_TEXT])
{
    if (field->example != NULL)
        return field->example;
    if (field->initial != NULL)
        return field->initial;
    const char *values = field->values;
    size_t length;
    const char *word = shape_word(&values, &length);
    switch (field->type) {
    case BL_TEXT:
        example_of_text(field, out);
        return out;
    case BL_ENUM:
    case BL_LIST:
        snprintf(out, EXAMPLE_TEXT, "%.*s", length > 0 ? (int)length : 5, length > 0 ? word : "first");
        return out;
    case BL_INT:
    case BL_DECIMAL:
        example_of_number(field, out);
        return out;
    case BL_BOOL:
        return "true";
    case BL_DATE:
        return "2026-01-31";
    case BL_TIME:
        return "2026-01-31T12:00:00Z";
    case BL_REF:
        return "0197c2a4-5b1e-7c3d-8f00-4a6b9c8d7e6f";
    case BL_ITEMS:
        example_of_items(field, out);
        return out;
    }
    return "";
}
