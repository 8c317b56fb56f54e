/* One connection to PostgreSQL in pipeline mode. Statements are queued, then flushed together: one round trip.
 * Belongs to one thread. Names no business: transactions are asked for by the caller. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"
#include <ballium/status.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct db;
struct bl_rows; /* one statement's result: holds the PGresult and the arena that frees it */

/* Does not connect yet. `prepared` off: unnamed statements each time. Free: db_free. NULL: memory. */
struct db *db_new(const char *conninfo, bool prepared);
void db_free(struct db *);

/* Connected, idle and not in a transaction? Reconnects when it is not, at most once per back-off step (10 ms to 1 s).
 * BL_UNAVAILABLE: cannot now. Call it before the first db_queue of a request. */
BL_MUST_CHECK enum bl_status db_ready(struct db *);
bool db_connected(const struct db *);
int db_fd(const struct db *);

/* Adds a statement to the pipeline; nothing is sent yet (libpq may send when its buffer is full). Prepares it the first time.
 * Arguments as text, NULL is SQL null. */
void db_queue(struct db *, const char *sql, const char *const *args, int nargs);

/* Sends what is queued, ends it with a sync, and takes every result. `out` has room for as many as were queued since the last
 * flush; on failure out[] is NULL from the failed one on. Results are freed with the arena.
 * BL_INTERNAL: a statement failed: see db_error. BL_UNAVAILABLE: the connection is lost; unknown whether a COMMIT got through. */
BL_MUST_CHECK enum bl_status db_flush(struct db *, struct arena *, struct bl_rows **out);

/* The last failed statement of the last flush. Fields are "" when absent; valid until the next db_queue. */
struct db_error {
    char state[6]; /* SQLSTATE: "23505"; core.* functions raise "BL404" and the like with the text for the caller */
    char constraint[64], table[64], schema[64], column[64];
    char message[512], detail[512], hint[512];
    int index;    /* which queued statement */
    int position; /* in its text, in characters from 1; 0: not known */
};
const struct db_error *db_error(const struct db *);

/* ROLLBACK when a transaction is open; drops what was queued but not flushed. Never fails: a lost connection has rolled back. */
void db_rollback(struct db *);

/* For tools: one statement or script without parameters, simple protocol; false: db_error. */
bool db_script(struct db *, const char *sql);

/* Values. Types are told apart by their OID: text kinds, bool, int2/4/8, uuid, date, timestamptz, json, jsonb, numeric (exact
 * decimal text), float4/8, and one-dimensional arrays of text, uuid, int, bool, date (JSON text in db_cell); others are logged
 * and read as null unless the statement casts them to text. */
int db_count(const struct bl_rows *);
int db_columns(const struct bl_rows *);
bool db_null(const struct bl_rows *, int row, int column);
int64_t db_integer(const struct bl_rows *, int row, int column);
const char *db_cell(const struct bl_rows *, int row, int column); /* formatted into the arena; NULL: SQL null */
Oid db_type(const struct bl_rows *, int column);
const char *db_bytes(const struct bl_rows *, int row, int column, int *length); /* as received */
const char *db_name(const struct bl_rows *, int column);                        /* column name */

struct json;
void db_json(struct json *, const char *name, const struct bl_rows *, int row, int column); /* writes the value by its type */

#endif
