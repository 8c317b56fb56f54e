#include "tenant/input.h"

#include "base/ids.h"
#include "resource/statement.h"
#include "resource/validate.h"
#include "resource/value.h"

#include <stdlib.h>

enum { PAGE = 50, PAGE_MAX = 500 };

enum bl_status input_read(struct bl_request *r, const struct bl_field *fields, json_t **clean)
{
    const char *text;
    size_t length;
    json_t *body = NULL;
    enum bl_status status = bl_body_text(r, &text, &length);
    if (status == BL_OK && length > 0)
        status = bl_body(r, &body);
    return status == BL_OK ? validate_input(r, fields, body, NULL, clean) : status;
}

const char *input_text(const json_t *clean, const char *name)
{
    return json_string_value(json_object_get(clean, name));
}

const char *input_list(struct bl_request *r, const json_t *clean, const char *name)
{
    const json_t *list = json_object_get(clean, name);
    size_t count = json_array_size(list);
    if (list == NULL)
        return NULL;
    const char **words = bl_alloc(r, (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = json_string_value(json_array_get(list, i));
    return resource_array(r, words, count);
}

enum bl_status input_not_empty(struct bl_request *r, const json_t *clean, const char *name)
{
    const json_t *list = json_object_get(clean, name);
    if (!json_is_array(list) || json_array_size(list) > 0)
        return BL_OK;
    return bl_fail(r, BL_UNPROCESSABLE, "length", value_text(r, "/%s", name), "has at least one element");
}

const char *input_id(struct bl_request *r)
{
    char *id = bl_alloc(r, UUID_TEXT);
    uuid_v7(id);
    return id;
}

enum bl_status input_page(struct bl_request *r, struct input_page *page)
{
    const char *text = bl_query(r, "limit");
    char *end = NULL;
    page->limit = text ? strtol(text, &end, 10) : PAGE;
    page->cursor = bl_query(r, "cursor");
    page->limit_text = value_text(r, "%ld", page->limit + 1);
    if (text && (end == text || *end != '\0' || page->limit < 1 || page->limit > PAGE_MAX))
        return bl_fail(r, BL_BAD_REQUEST, "bad_limit", NULL, "limit takes a number from 1 to %d", PAGE_MAX);
    if (page->cursor && !uuid_valid(page->cursor))
        return bl_fail(r, BL_BAD_REQUEST, "bad_cursor", NULL, "cursor takes what `next` of the page before says");
    return BL_OK;
}

/* The object is left open. */
static void put_items(struct bl_request *r, const struct bl_rows *rows, int count,
                      void (*put)(struct bl_request *, const struct bl_rows *, int row))
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++)
        put(r, rows, i);
    bl_json_close(r);
}

enum bl_status input_answer_list(struct bl_request *r, const struct bl_rows *rows,
                                 void (*put)(struct bl_request *, const struct bl_rows *, int row))
{
    put_items(r, rows, bl_count(r, rows), put);
    bl_json_close(r);
    return BL_OK;
}

enum bl_status input_answer_page(struct bl_request *r, const struct bl_rows *rows, const struct input_page *page,
                                 void (*put)(struct bl_request *, const struct bl_rows *, int row))
{
    int count = bl_count(r, rows), shown = count > (int)page->limit ? (int)page->limit : count;
    put_items(r, rows, shown, put);
    bl_json_text(r, "next", count > shown ? bl_cell(r, rows, shown - 1, 0) : NULL);
    bl_json_close(r);
    return BL_OK;
}
