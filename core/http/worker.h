/* What a process and what a thread of it keeps between requests. */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include "http/metrics.h"
#include "http/request.h"
#include <setjmp.h>

struct http {
    const struct config *config;
    const struct engine *engine;
    const struct auth *_Atomic auth;
    struct files *files;
    struct engine_route *routes; /* everybody's: the engine's, auth's, tenant's, http's own */
    size_t route_count;
    struct http_router *router;
    struct http_metrics *metrics; /* NULL: nobody counts */
    struct quota_table *quotas;   /* NULL: nothing is limited */
    char *rate_policy;            /* value of RateLimit-Policy; NULL: nothing is limited */
};

struct http_worker {
    struct http *http;
    struct arena *arena;
    struct db *db;
    struct http_request *request; /* under way; NULL: none */
    jmp_buf full;                 /* where a request goes whose memory is full */
};

/* A new connection in place of one that may be in the middle of anything. */
void http_worker_reconnect(struct http_worker *);

/* Whose areas bl_core.loaded knows, from now on. NULL: none. */
void http_core_serves(const struct registry *);

/* http_new with a table of routes given whole; it takes the table over (free). */
struct http *http_of(const struct config *, const struct engine *, const struct auth *, struct engine_route *routes, size_t count,
                     FILE *errors);

#endif
