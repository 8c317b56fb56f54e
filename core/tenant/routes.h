/* The tables of routes in this folder. Each ends with a zeroed element. */
#ifndef TENANT_ROUTES_H
#define TENANT_ROUTES_H

#include <ballium/plugin.h>

extern const struct bl_route tenant_organisation_routes[]; /* organisations.c */
extern const struct bl_route tenant_member_routes[];       /* members.c */
extern const struct bl_route tenant_engagement_routes[];   /* engagements.c */
extern const struct bl_route tenant_portfolio_routes[];    /* portfolio.c */

/* One member as JSON, of (id, name, email, roles as JSON, status, engagement_id, version), and what that looks like. */
void tenant_put_member(struct bl_request *, const struct bl_rows *, int row);
extern const char tenant_member_schema[];

#endif
