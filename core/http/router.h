/* From a method and a path to a route: a trie over segments, compiled once, read-only afterwards.
 * In a segment literal text goes before "{id}:verb", and that before "{id}"; a plain parameter takes no segment with a colon, so
 * that an unknown verb is an unknown path. Where the nearer branch ends, the other is tried. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/path.h"
#include "resource/engine.h"
#include <stdbool.h>
#include <stdio.h>

enum { HTTP_ROUTE_PARAMS = 8 };

struct http_router;

struct http_match {
    const struct engine_route *route;
    size_t index;      /* of the route in the table: the metrics label */
    const char *allow; /* methods of the path, for Allow; NULL: no such path */
    size_t count;
    const char *names[HTTP_ROUTE_PARAMS], *values[HTTP_ROUTE_PARAMS]; /* values point into the path's segments */
};

/* `routes` is borrowed. NULL after printing every problem: two routes of one shape, a template that makes no sense. */
struct http_router *http_router_new(const struct engine_route *routes, size_t count, FILE *errors);
void http_router_free(struct http_router *);

/* HEAD finds the route of GET. BL_OK; BL_NOT_FOUND; BL_METHOD_NOT_ALLOWED (also for OPTIONS, which no route has): then `allow` is
 * set. */
BL_MUST_CHECK enum bl_status http_router_find(const struct http_router *, const char *method, struct http_path *,
                                              struct http_match *);

#endif
