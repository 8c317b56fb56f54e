/* A streaming JSON writer: no tree, commas and quoting are its own. Depth is bounded (32); opening more is a programming error.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include <stdbool.h>

#define JSON_DEPTH 32

struct json {
    struct buf *out;
    unsigned depth;
    bool filled[JSON_DEPTH + 1]; /* has this level a member already? */
    char close[JSON_DEPTH + 1];
};

void json_start(struct json *, struct buf *out);
void json_open(struct json *, const char *name, char bracket); /* '{' or '['; name NULL inside arrays and at the top */
void json_end(struct json *);
void json_put_text(struct json *, const char *name, const char *value); /* NULL: null; bytes that are not UTF-8 become U+FFFD */
void json_put_bytes(struct json *, const char *name, const char *value, size_t length);
void json_put_integer(struct json *, const char *name, int64_t value);
void json_put_bool(struct json *, const char *name, bool value);
void json_put_raw(struct json *, const char *name, const char *json); /* NULL: null */
void json_put_raw_bytes(struct json *, const char *name, const char *json, size_t length);

/* Only the quoting: adds "text" with its quotes. Used by the log too. */
void json_quote(struct buf *, const char *text, size_t length);

#endif
