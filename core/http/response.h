/* The answer. It is held back until nothing can take it back any more: until the transaction is committed, or, in a read-only
 * one, until the caller has been let in. From then on a long body leaves in pieces of 64 KiB. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "http/request.h"

enum { HTTP_PIECE = 64 * 1024 };

struct http_piece {
    struct http_piece *next;
    const char *bytes;
    size_t length;
};

void http_respond(struct http_request *, int status, const char *media_type);
/* A later value of the same name takes the place of the earlier. What is not a header (CR, LF, a bad name, more than 32) makes
 * the request fail with 500: it is a mistake of ours, and never leaves. */
void http_set_header(struct http_request *, const char *name, const char *value);
const char *http_response_header(const struct http_request *, const char *name); /* NULL: not set */
void http_write(struct http_request *, const char *bytes, size_t length);
struct json *http_json(struct http_request *); /* the writer of the body */
void http_json_moved(struct http_request *);   /* after each use of it: full pieces may leave */

/* Forgets the body, and the headers but those that a failure carries (Allow, Retry-After, WWW-Authenticate). */
void http_response_reset(struct http_request *);

/* Sets the status that a handler left out: 200, or 204 without a body. */
void http_response_complete(struct http_request *);
/* The body in one run; only while nothing has left. */
const char *http_response_body(struct http_request *, size_t *length);

/* Releases the request's memory down to the mark, but for the part of the body that has not left. `then`: the piece at the mark.
 * Nothing happens while pieces of the body wait: they lie behind the mark. */
void http_response_release(struct http_request *, struct arena_mark, struct buf then);

/* Sends what has not left. False: broken off. */
bool http_response_send(struct http_request *);

#endif
