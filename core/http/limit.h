/* How much one caller, and one organisation, may ask for (draft-ietf-httpapi-ratelimit-headers). What an address may ask for is
 * nginx's affair. */
#ifndef HTTP_LIMIT_H
#define HTTP_LIMIT_H

#include "http/request.h"

/* The stage: BL_TOO_MANY_REQUESTS when nothing is left. */
enum bl_status http_limit_take(struct http_request *);

/* After core.enter: the caller is one of the organisation's, and counts as such for a minute. */
void http_limit_remember(struct http_request *);

/* RateLimit-Policy and RateLimit; nothing when nothing is limited. */
void http_limit_write(const struct http_request *, struct buf *head);

#endif
