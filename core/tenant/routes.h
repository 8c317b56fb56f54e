/* The tables of routes in this folder. Each ends with a zeroed element. */
#ifndef TENANT_ROUTES_H
#define TENANT_ROUTES_H

#include <ballium/plugin.h>

extern const struct bl_route tenant_organisation_routes[]; /* organisations.c */
extern const struct bl_route tenant_engagement_routes[];   /* engagements.c */

#endif
