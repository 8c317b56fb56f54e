/* What a resource implies for its table, said once: ddl.c prints it, drift.c compares it, check.c keeps names apart from it. */
#ifndef PLUGIN_SHAPE_H
#define PLUGIN_SHAPE_H

#include "plugin/registry.h"

/* The engine's own columns, in their order, before the fields. Ends with a zeroed element. */
struct shape_column {
    const char *name, *type;
    bool not_null;
};
extern const struct shape_column shape_engine[];

/* The status column as a field, so that nothing else needs to know of it. False: the resource has no workflow. */
#define SHAPE_STATES 1024 /* bytes of all state names, with spaces between them */
bool shape_status(const struct bl_resource *, struct bl_field *status, char values[SHAPE_STATES]);

#define SHAPE_TYPE 32
void shape_type(const struct bl_field *, char out[SHAPE_TYPE]); /* "numeric(18,2)", as format_type() prints it */
bool shape_not_null(const struct bl_field *);
bool shape_check(const struct bl_field *, FILE *out); /* the expression of its CHECK; false: it needs none, nothing printed */

enum shape_index { SHAPE_NO_INDEX, SHAPE_INDEX, SHAPE_UNIQUE };
enum shape_index shape_index(const struct bl_resource *, const struct bl_field *);
/* The column of the default order ("created_at"); it has an index of its own when it is one of the engine's. */
const char *shape_sort(const struct bl_resource *);
bool shape_sort_is_engine(const struct bl_resource *);

#define SHAPE_LENGTH_INDEXED 500         /* code points; a B-tree entry must stay below 2,704 bytes */
long shape_max(const struct bl_field *); /* .max with the defaults of TEXT, LIST and ITEMS */

const char *shape_table(const struct bl_resource *); /* without its schema; "" when there is none */

/* The table behind a REF: "core.membership", "core.file" or another resource's, with its key column. False: not loaded. */
bool shape_target(const struct bl_plugin *, const struct registry *others, const char *ref, const char **table, const char **key);

/* The next word of a list; `length` 0 at its end. Start with *list at the text (NULL: empty). */
const char *shape_word(const char **list, size_t *length);

#endif
