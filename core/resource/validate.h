/* Objects against tables of fields: bodies (resource_validate, plan.h) and the input of transitions. */
#ifndef RESOURCE_VALIDATE_H
#define RESOURCE_VALIDATE_H

#include "resource/plan.h"

#define VALIDATE_OBJECTIONS 50 /* entries in one answer at most */

/* Checks the members of `body` against `fields` where no column takes them: the input of a transition. `also` is one further
 * member that is allowed and left to the caller, or NULL. `clean` takes a new object of the given values. */
BL_MUST_CHECK enum bl_status validate_input(struct bl_request *, const struct bl_field *fields, const json_t *body,
                                            const char *also, json_t **clean);

#endif
