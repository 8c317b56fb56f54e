/* A part of a body that is handled as a body of its own: an operation of a batch, a line of a file. Between enter and leave every
 * objection's pointer is put behind the part's. */
#ifndef RESOURCE_WITHIN_H
#define RESOURCE_WITHIN_H

#include <ballium/core.h>

/* Lives on the caller's stack, and must not move between enter and leave. */
struct within {
    struct bl_core core; /* the request's, with another vfail; first, so that the request's pointer finds this */
    const struct bl_core *outer;
    const char *part; /* "/operations/3" */
    const char *body; /* what stands before the pointers of the part's own body: "/operations/3/body" */
};

void within_enter(struct within *, struct bl_request *, const char *part, const char *body);
void within_leave(struct bl_request *);

#endif
