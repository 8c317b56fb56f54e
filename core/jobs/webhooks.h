/* Webhooks by Standard Webhooks 1.0.0: events of the trail become deliveries, and deliveries leave, each in its own connection.
 */
#ifndef JOBS_WEBHOOKS_H
#define JOBS_WEBHOOKS_H

#include "jobs/inside.h"

enum {
    WEBHOOK_ATTEMPTS = 10, /* then a delivery is dead */
    WEBHOOK_DAYS = 5       /* of failures without a success: then the webhook is suspended */
};

/* Looks at the webhook that has waited longest, in its organisation as the service: what is new becomes deliveries in the
 * transaction that moves the cursor. *more: one was there. BL_UNAVAILABLE, BL_INTERNAL: of `queue`. */
BL_MUST_CHECK enum bl_status webhooks_collect(struct inside *, struct db *queue, bool *more);
/* Takes a delivery that is due and tries it: at most ten seconds and 16 KiB of an answer. No redirect is followed, and no address
 * inside is connected to: what is looked at is the address that the socket gets, so a name cannot change its mind in between. */
BL_MUST_CHECK enum bl_status webhooks_deliver(struct db *, struct arena *, const struct config *, bool *more);

struct webhook_sender; /* a thread that delivers, so that slow receivers keep no other job waiting */
struct webhook_sender *webhooks_start(const struct config *); /* NULL: it could not; signals must be blocked */
void webhooks_stop(struct webhook_sender *);                  /* waits for the delivery under way */

#endif
