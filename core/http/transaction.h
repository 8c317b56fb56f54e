/* The one transaction of a request: opened with its first statement, entered in the same flush, committed with its last. */
#ifndef HTTP_TRANSACTION_H
#define HTTP_TRANSACTION_H

#include "http/request.h"

/* The connection is there and idle; once a request. BL_UNAVAILABLE: told. */
BL_MUST_CHECK enum bl_status http_database_ready(struct http_request *);

/* bl_core.sql. A failure is told, and the transaction rolled back. */
BL_MUST_CHECK enum bl_status http_sql(struct http_request *, const char *sql, const char *const *args, int nargs, unsigned flags,
                                      struct bl_rows **out);

/* BEGIN and, on a route with an organisation, core.enter, queued with up to two statements more in one flush (idempotency.c).
 * $1 is the tenant in them too. rows[i] may be NULL when nobody wants it. */
struct http_statement {
    const char *sql;
    const char *const *args;
    int nargs;
};
BL_MUST_CHECK enum bl_status http_run(struct http_request *, const struct http_statement *, size_t count, bool commit,
                                      struct bl_rows **rows);

/* Lets the caller in and asks one thing, in a transaction of its own that ends with it: what follows may take its time, and opens
 * the request's transaction with its first statement as ever. */
BL_MUST_CHECK enum bl_status http_admit(struct http_request *, const struct http_statement *, struct bl_rows **rows);

/* bl_core.may: has the caller this permission too? Enters the tenant when nothing has yet. */
bool http_may(struct http_request *, const char *permission);

/* bl_core.organisation. */
bool http_organisation(const struct http_request *, const char *id, const char **slug, const char **name);

/* After the handler: commits what it did when `status` is BL_OK, else rolls back. On a route with an organisation the caller has
 * been let in by core.enter when this returns, whatever the handler did: one who is not a member learns nothing, not even that a
 * body was wrong. Returns the status to answer with. */
BL_MUST_CHECK enum bl_status http_settle(struct http_request *, enum bl_status status);

/* The same words for an organisation that does not exist and for one that does not know the caller. */
enum bl_status http_no_organisation(struct http_request *);

#endif
