/* The query as pairs (application/x-www-form-urlencoded): bounded, decoded once. A name may come
 * twice: whether that makes sense is the route's to say. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/arena.h"

enum { HTTP_QUERY_PAIRS = 64, HTTP_QUERY_BYTES = 8192 };

struct http_query {
    size_t count;
    struct {
        const char *name, *value; /* valid UTF-8, no NUL; value "" when there is no "=" */
    } pairs[HTTP_QUERY_PAIRS];
};

/* NULL: fine; else a constant text that says what is wrong (400). Pairs live in the arena. */
const char *http_query_parse(struct http_query *, struct arena *, const char *raw);
const char *http_query_find(const struct http_query *, const char *name); /* the first of the name; NULL: none */

#endif
