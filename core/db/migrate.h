/* Ordered SQL files, each applied once in a transaction, their SHA-256 kept in core.migration (area, number, name, sha256,
 * applied_at). One advisory lock, lock_timeout. A file that changed after it was applied is an error. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/db.h"
#include <ballium/plugin.h>
#include <stdio.h>

extern const struct bl_migration bl_migrations_core[]; /* sql/NNNN_name.sql, embedded */

/* Applies what is missing of `area`. `db` is the migrator's connection (it does SET ROLE ballium_owner). Prints a line per file
 * to `out`. False: printed to `errors` what failed and where. */
bool migrate_area(struct db *, const char *area, const struct bl_migration *, FILE *out, FILE *errors);

/* Start-up check with the serving role: is each of `migrations` applied, unchanged? 0 yes; else how many are missing or changed,
 * and a line each to `errors`. */
int migrate_check(struct db *, const char *area, const struct bl_migration *, FILE *errors);

#endif
