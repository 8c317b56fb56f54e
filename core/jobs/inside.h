/* Work inside organisations: duties, tasks, messages. */
#ifndef JOBS_INSIDE_H
#define JOBS_INSIDE_H

#include "http/http.h"
#include "jobs/jobs.h"

struct inside; /* the areas, and a connection that enters organisations */

/* NULL after printing why. `config` is borrowed and outlives it. Free: inside_free. */
struct inside *inside_new(const struct config *, FILE *errors);
void inside_free(struct inside *);
const struct registry *inside_registry(const struct inside *);
struct http_worker *inside_worker(struct inside *); /* for http_act */
struct arena *inside_arena(struct inside *);        /* for what the queue's connection answers; whoever uses it resets it */

const struct engine *inside_engine(const struct inside *);

/* remind.c: tells what is due to those for whom it is still to be decided today. BL_INTERNAL: the mail server takes no mail. */
BL_MUST_CHECK enum bl_status inside_remind(struct inside *, struct db *queue, struct arena *, const struct config *,
                                           char *outcome, size_t room);

/* One round of a duty over every active organisation; `queue` is another connection. Fills `outcome`. BL_UNAVAILABLE,
 * BL_INTERNAL: the list of organisations could not be read; a failure inside one is logged and counted. */
BL_MUST_CHECK enum bl_status inside_duty(struct inside *, struct db *queue, const struct job *, char *outcome, size_t room);
/* BL_OK: done, and marked so in the same transaction. Else `problem` says why. */
BL_MUST_CHECK enum bl_status inside_task(struct inside *, struct db *queue, const struct job *, char *problem, size_t room);
/* BL_OK: received, now or by an earlier attempt. */
BL_MUST_CHECK enum bl_status inside_receive(struct inside *, const struct message *, char *problem, size_t room);

#endif
