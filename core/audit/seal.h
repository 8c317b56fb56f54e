/* The sealer: numbers the finished events of each organisation, extends its tree, signs a checkpoint. Runs in `ballium work`, as
 * its own role; several may run at once. */
#ifndef AUDIT_SEAL_H
#define AUDIT_SEAL_H

#include "audit/checkpoint.h"
#include "db/db.h"

/* One round over some organisations. *sealed: how many events. BL_UNAVAILABLE or BL_INTERNAL (db_error): undone where it failed.
 */
BL_MUST_CHECK enum bl_status audit_seal(struct db *, struct arena *, const struct checkpoint_key *, long *sealed);

#endif
