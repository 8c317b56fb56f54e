/* Media types: what a body says it is, what a caller accepts (RFC 9110, sections 8.3 and 12.5.1). */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_MEDIA_TYPE = 128 };

struct http_media {
    char type[HTTP_MEDIA_TYPE]; /* "application/json", lower case */
    char charset[32];           /* lower case; "": not declared */
};

/* A Content-Type value. False: malformed, or longer than any real one. */
bool http_media_parse(struct http_media *, const char *value);
bool http_media_is_json(const struct http_media *); /* application/json or application/<…>+json */

/* The one of `offers` (list of words, first is the default) that `accept` likes best, written to `out`. False: none of them.
 * `accept` NULL: the default. Of equal quality the earlier offer wins; a range counts by its most specific match. */
bool http_media_choose(const char *offers, const char *accept, char out[HTTP_MEDIA_TYPE]);

#endif
