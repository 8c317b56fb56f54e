/* Idempotency-Key: a POST that is sent again is answered again, not done again. The first answer is kept in the request's own
 * transaction, for 24 hours, per tenant, actor and route. A request that fails has changed nothing and leaves its key free. */
#ifndef HTTP_IDEMPOTENCY_H
#define HTTP_IDEMPOTENCY_H

#include "http/request.h"

/* Before the handler; on a route that streams, by the handler. Takes the key, or replays its answer (then r->done). A second
 * request with the key of one that is under way waits for that one's row. Other content under the same key: BL_UNPROCESSABLE. */
BL_MUST_CHECK enum bl_status http_idempotency_take(struct http_request *);

/* After the handler: keeps the answer and commits. */
BL_MUST_CHECK enum bl_status http_idempotency_keep(struct http_request *);

#endif
