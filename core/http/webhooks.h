/* /api/v1/orgs/{org}/webhooks: who is told of what; `ballium work` does the telling (jobs/webhooks.h). */
#ifndef HTTP_WEBHOOKS_H
#define HTTP_WEBHOOKS_H

#include <ballium/plugin.h>

extern const struct bl_route http_webhook_routes[]; /* ends with a zeroed element */

/* webhooks.c: what the handlers share. */
const char *http_webhook_id(struct bl_request *); /* of the path; NULL: no id */
enum bl_status http_webhook_missing(struct bl_request *);
/* The webhook as it is now; `secret` NULL: none is shown. The last statement of the request. */
enum bl_status http_webhook_answer(struct bl_request *, const char *id, int code, const char *secret);

/* webhook_change.c: the handlers that change one. */
enum bl_status http_webhook_make(struct bl_request *), http_webhook_patch(struct bl_request *),
    http_webhook_rotate(struct bl_request *), http_webhook_suspend(struct bl_request *), http_webhook_resume(struct bl_request *),
    http_webhook_end(struct bl_request *);
/* On the trail; `change`: {"member": [before, after]} as JSON. */
BL_MUST_CHECK enum bl_status http_webhook_event(struct bl_request *, const char *id, const char *verb, const char *change);

#endif
