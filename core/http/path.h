/* The path of a request in its one form: segments, each percent-decoded exactly once. What could be read in two ways is refused,
 * so that nobody in front of or behind this can route it differently. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include "base/arena.h"
#include <stdbool.h>

enum { HTTP_SEGMENTS = 24, HTTP_PATH_BYTES = 2048 };

struct http_path {
    size_t count;                  /* 0: "/" */
    char *segments[HTTP_SEGMENTS]; /* the router cuts a verb off in place */
};

/* `raw`: the request target up to the query. NULL: fine; else a constant text that says what is wrong (400): an empty segment,
 * "." or "..", %2F, %00 or another control character, a broken escape, invalid UTF-8. Segments live in the arena. */
const char *http_path_split(struct http_path *, struct arena *, const char *raw, size_t length);

/* Decodes %XX once; `plus`: "+" is a space. Returns the decoded length, or -1 at a broken escape. `out` may be `raw`. */
long http_percent_decode(char *out, const char *raw, size_t length, bool plus);

#endif
