/* One value against one field: from JSON or from text to what PostgreSQL reads. */
#ifndef RESOURCE_VALUE_H
#define RESOURCE_VALUE_H

#include <ballium/core.h>

/* Why a value is refused; code NULL: it is not. The detail continues a sentence that begins with the member's name. */
struct verdict {
    const char *code, *detail;
};

/* Any type but BL_ITEMS, which needs a pointer per member (validate.c). `text` is in the request's memory or in `value`. */
bool value_of(struct bl_request *, const struct bl_field *, const json_t *value, const char **text, struct verdict *);
/* Is the number of elements of a LIST or ITEMS value allowed? */
bool value_count(struct bl_request *, const struct bl_field *, const json_t *value, struct verdict *);

/* A value given as text (a query parameter, an .initial, a cell) as the JSON value its field takes; a new reference. Text that is
 * not such a value comes back as a JSON string, so that value_of says what is wrong with it. "" is null. Not for LIST and ITEMS.
 */
json_t *value_from(const struct bl_field *, const char *text);

/* Hands a reference to the request: it is dropped when the request ends, wherever that may be. Returns it. */
json_t *value_keep(struct bl_request *, json_t *);

/* Formats into the request's memory. */
char *value_text(struct bl_request *, const char *format, ...) BL_PRINTF(2, 3);

#endif
