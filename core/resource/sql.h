/* The statements of a resource that depend on its descriptor alone. All their text comes from tables; values are parameters.
 *
 * A write is one statement of data-modifying parts: the row, its event, its search terms. It answers the record as plan.select
 * lists it, and after it one more column, `written`: false when the row is there but was not changed (another version, archived,
 * frozen, or nothing to change: the caller looks at the record to say which). No row: no such record.
 *
 * Each new version sets updated_at. updated_by is left to create and update: it names who last edited the content, so that a
 * transition does not hide the author from whoever has to be another person.
 *
 * $1 is the tenant. What follows it, for each statement:
 *
 * - read, lock: id
 *
 * - create: id, actor, event id, request id, one per field that is not generated
 *
 * - create_many: rows, actor, how many, request id. Rows are a JSON array of objects: "n" counts from 1, "id", "event" is the id
 *   of its event, "f3" is fields[3] as text or null, and so on.
 *
 * - update: id, actor, event id, request id, version (NULL: any), mask, one per field that is not generated. Bit i of the mask
 *   says that fields[i] is to be set.
 *
 * - archive, restore: id, actor, event id, request id, version (NULL: any)
 *
 * - transition: id, actor, event id, request id, reason, input (JSON or NULL). When plan_transition.taken is not 0, then a mask
 *   and one per field in it.
 *
 * - history: id, event id before which to begin (NULL: the newest), how many */
#ifndef RESOURCE_SQL_H
#define RESOURCE_SQL_H

#include "resource/plan.h"

#define SQL_ORDER 512
#define SQL_CREATE_FIELDS 6 /* number of the first field's parameter */
#define SQL_UPDATE_FIELDS 8
#define SQL_TRANSITION_FIELDS 9

/* Fills the sql_* members of the plan and of its transitions. */
void sql_compile(struct arena *, struct plan *);

/* "t.due_on DESC NULLS LAST, t.id DESC" */
void sql_order(const struct plan *, const struct plan_sort *, char out[SQL_ORDER]);

/* Has this field a column to write? */
static inline bool sql_stored(const struct bl_field *field)
{
    return (field->flags & BL_GENERATED) == 0;
}

#endif
