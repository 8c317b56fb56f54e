/* The trail over HTTP: events of the organisation, checkpoints, proofs. */
#ifndef AUDIT_ROUTES_H
#define AUDIT_ROUTES_H

#include <ballium/plugin.h>

extern const struct bl_route audit_routes[]; /* whole paths; ends with a zeroed element */

#endif
