/* /api/v1/orgs/{org}/webhooks: who is told of what; `ballium work` does the telling (jobs/webhooks.h). */
#ifndef HTTP_WEBHOOKS_H
#define HTTP_WEBHOOKS_H

#include <ballium/plugin.h>

extern const struct bl_route http_webhook_routes[]; /* ends with a zeroed element */

#endif
