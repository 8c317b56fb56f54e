/* Words about descriptors that the documents share: labels, examples. */
#ifndef RESOURCE_DESCRIBE_H
#define RESOURCE_DESCRIBE_H

#include <ballium/resource.h>
#include <stddef.h>

/* What people read: `label`, or when that is NULL one made from the name: "review_on" -> "Review on", "owner_id" -> "Owner".
 * Returns the label or `out`. */
#define LABEL_TEXT 128
const char *describe_label(const char *label, const char *name, size_t length, char out[LABEL_TEXT]);
const char *describe_field(const struct bl_field *, char out[LABEL_TEXT]);

const char *describe_type(enum bl_type); /* "text", "enum", … as the meta document names it */

/* A value that the field accepts, as text (LIST: "a; b", ITEMS: JSON): its .example, else one made from its bounds. `out` holds a
 * made one. */
#define EXAMPLE_TEXT 4096
const char *describe_example(const struct bl_field *, char out[EXAMPLE_TEXT]);

#endif
