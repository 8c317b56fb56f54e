/* A request from the first parameter to the log line: an array of stages over a transport that is somebody else's. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "auth/auth.h"
#include "base/config.h"
#include "resource/engine.h"
#include <stdbool.h>

/* What a transport gives. CGI names (RFC 3875) as nginx sends them: REQUEST_METHOD, DOCUMENT_URI?, HTTP_ACCEPT … */
struct http_io {
    void *self;
    const char *const *params; /* "NAME=value", NULL-terminated; live until the request ends */
    /* Reads at most n bytes of the body: > 0; 0: end; -1: broken or timed out. */
    long (*read)(void *self, char *out, size_t n);
    /* Writes all n bytes. False: the peer is gone. */
    bool (*write)(void *self, const char *bytes, size_t n);
};

struct http;        /* per process: router, engine, auth, metrics */
struct http_worker; /* per thread: connection, arena */

/* NULL after printing each problem (two routes of one shape) to `errors`. All arguments are borrowed and outlive it. */
struct http *http_new(const struct config *, const struct engine *, const struct auth *, FILE *errors);
void http_free(struct http *);
void http_set_auth(struct http *, const struct auth *);

struct http_worker *http_worker_new(struct http *); /* connects lazily */
void http_worker_free(struct http_worker *);

/* Handles one request completely: status line, headers and body go to io->write. True: the answer is whole. False: it broke off
 * after bytes had left (the database went away in mid-stream, or the peer did): close the connection without FCGI_END_REQUEST,
 * so that nginx cuts the client off instead of passing half an answer as a whole one. */
bool http_handle(struct http_worker *, const struct http_io *);

/* Counters shared by all processes: map them in the master before the first fork. NULL: no memory. */
struct http_metrics;
struct http_metrics *http_metrics_map(size_t routes); /* http_route_count() of them */
void http_use_metrics(struct http *, struct http_metrics *);
size_t http_route_count(const struct http *);

/* Rate limits are counted here: quota_map in the master before the first fork. Borrowed. Without it nothing is limited. */
struct quota_table;
void http_use_quotas(struct http *, struct quota_table *);

/* What handlers and plugins' init get. It answers only requests that http_handle made. */
extern const struct bl_core http_core;

#endif
