/* A part of a body that is handled as a body of its own: an operation of a batch, a line of a file. Between enter and leave every
 * objection's pointer is put behind the part's. */
#ifndef RESOURCE_WITHIN_H
#define RESOURCE_WITHIN_H

#include <ballium/core.h>

struct within;

/* In the request's memory, not on the stack: the request may end in the middle of a part (memory is out). */
struct within *within_new(struct bl_request *);
/* `part`: "/operations/3"; `body`: what stands before the pointers of its own body: "/operations/3/body". Both borrowed.
 * `as`: the status that every objection of the caller's making gets, so that one answer holds all of them; 0: its own. */
void within_enter(struct within *, struct bl_request *, const char *part, const char *body, enum bl_status as);
void within_leave(struct bl_request *);

#endif
