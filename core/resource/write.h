/* What the writers of records share: write.c, workflow.c, record.c. */
#ifndef RESOURCE_WRITE_H
#define RESOURCE_WRITE_H

#include "resource/plan.h"

/* The arguments that every write begins with (sql.h): id, actor, a new event id, request id. */
void write_head(struct bl_request *, const char *id, const char **args);

/* Locks the row until the transaction ends and reads it. 404 when it is not there. */
BL_MUST_CHECK enum bl_status write_lock(struct bl_request *, const struct plan *, const char *id, struct bl_rows **);

/* What stands in the way of a change to this row: another version (412; `version` < 0: any), archived or not (409; `archived`: as
 * the change wants it), a frozen state (409; only when `frozen`). BL_OK: nothing. */
BL_MUST_CHECK enum bl_status write_objection(struct bl_request *, const struct plan *, const struct bl_rows *, long version,
                                             bool archived, bool frozen);

/* The resource's .before rule over validated values, and what it sets. `before` NULL: a new record. */
BL_MUST_CHECK enum bl_status write_before(struct bl_request *, const struct plan *, const char *id, json_t *before,
                                          struct plan_values *values);
/* Do rules follow what is written: its own, or those of areas that watch it? */
static inline bool write_followed(const struct plan *plan)
{
    return plan->resource->after || plan->watches;
}
/* The resource's .after rule over a row that was written, then those of areas that watch it. */
BL_MUST_CHECK enum bl_status write_after(struct bl_request *, const struct plan *, const char *verb, json_t *before,
                                         const struct bl_rows *, int row);

/* Archives a record, or restores it, with everything that POST …/{id}:archive does, permission apart. */
BL_MUST_CHECK enum bl_status write_put_away(struct bl_request *, const struct plan *, const char *id, long version, bool restore,
                                            unsigned flags, struct bl_rows **out);

/* BL_SERVER fields that a rule has set in `after`, checked, into `values`. `which`: bits of the fields that may be taken. */
BL_MUST_CHECK enum bl_status write_taken(struct bl_request *, const struct plan *, const json_t *before, const json_t *after,
                                         uint64_t which, struct plan_values *values);

#endif
