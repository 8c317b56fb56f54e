/* How struct db_error (db.h) is filled. */
#ifndef DB_ERROR_H
#define DB_ERROR_H

#include "db/db.h"

/* `message` may end with line feeds, as libpq's do; `index`: of the queued statement. */
void db_error_set(struct db_error *, const char *state, const char *message, size_t index);

/* What PostgreSQL said in a result that failed. */
void db_error_take(struct db_error *, const PGresult *, size_t index);

#endif
