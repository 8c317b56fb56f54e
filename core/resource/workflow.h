/* Transitions: from one state to another, under the descriptor's conditions. */
#ifndef RESOURCE_WORKFLOW_H
#define RESOURCE_WORKFLOW_H

#include "resource/plan.h"

/* Everything that POST …/{id}:name does, permission apart. `version` < 0: any. `body` may be NULL. `flags`: BL_FINAL when nothing
 * follows; dropped when the transition has an .after. Row 0 of `out` is the record as plan.select lists it. */
BL_MUST_CHECK enum bl_status workflow_transit(struct bl_request *, const struct plan *, const struct plan_transition *,
                                              const char *id, long version, const json_t *body, unsigned flags,
                                              struct bl_rows **out);

#endif
