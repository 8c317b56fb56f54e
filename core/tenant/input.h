/* What the handlers of this folder share: bodies against a table of fields, ids, pages. */
#ifndef TENANT_INPUT_H
#define TENANT_INPUT_H

#include <ballium/plugin.h>

/* The body, checked member by member; an absent body is an empty one. Everything taken from `clean` lives as long as the request.
 */
BL_MUST_CHECK enum bl_status input_read(struct bl_request *, const struct bl_field *, json_t **clean);
const char *input_text(const json_t *clean, const char *name);                      /* NULL: not given */
const char *input_list(struct bl_request *, const json_t *clean, const char *name); /* as a text[] literal; NULL: not given */

BL_MUST_CHECK enum bl_status input_not_empty(struct bl_request *, const json_t *clean, const char *name); /* a list, if given */

const char *input_id(struct bl_request *); /* a new UUIDv7, in the request's memory */

/* Query parameters `limit` and `cursor` (an id) of a page. The limit comes one above, so that a row too many shows a next page.
 */
struct input_page {
    long limit;
    const char *limit_text, *cursor;
};
BL_MUST_CHECK enum bl_status input_page(struct bl_request *, struct input_page *);
/* {"items": […]} of everything that was asked for. `put` writes one element, brackets included. */
enum bl_status input_answer_list(struct bl_request *, const struct bl_rows *,
                                 void (*put)(struct bl_request *, const struct bl_rows *, int row));
/* {"items": […], "next": …}; column 0 of the rows is the id that the cursor names. */
enum bl_status input_answer_page(struct bl_request *, const struct bl_rows *, const struct input_page *,
                                 void (*put)(struct bl_request *, const struct bl_rows *, int row));

#endif
