/* Organisations, memberships, roles. */
#ifndef TENANT_TENANT_H
#define TENANT_TENANT_H

#include "base/ids.h"
#include "db/db.h"
#include "plugin/registry.h"

/* The id of a slug (or of an id). A small cache per process: slugs do not change hands. BL_NOT_FOUND: no such organisation.
 * BL_UNAVAILABLE: the database. May cost one round trip the first time. Thread-safe. */
BL_MUST_CHECK enum bl_status tenant_find(struct db *, struct arena *, const char *slug_or_id, char id[UUID_TEXT], char slug[64]);

/* The built-in roles are one table in roles.c: role -> patterns over permission names ("*.*:read"). Deny by default. */
bool tenant_role_may(const char *held, const char *permission); /* `held`: as core.enter answers it */
/* The built-in roles that hold it, as PostgreSQL writes an array: "{owner,manager}". NULL for NULL. Static memory; to be called
 * while the process has one thread. */
const char *tenant_role_holders(const char *permission);
const char *tenant_role_name(size_t i); /* the i-th built-in role; NULL behind the last */
/* Writes the expansion role x permission into core.role_grant (migrator's connection). Run by `ballium migrate`. */
bool tenant_sync_grants(struct db *, const struct registry *, FILE *errors);

/* Everything below /api/v1/orgs that is not an area's: absolute paths. Each table ends with a zeroed element, the list with NULL.
 */
extern const struct bl_route *const tenant_routes[];

#endif
