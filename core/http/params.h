/* CGI parameters (RFC 3875, section 4.1) as the transport hands them over: bounded, each name once. */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include <stddef.h>

enum { HTTP_PARAMS = 128, HTTP_PARAMS_BYTES = 64 * 1024, HTTP_HEADER_NAME = 64 };

struct http_params {
    size_t count;
    struct http_param {
        const char *name, *value; /* name without NUL at its end */
        size_t name_length;
    } list[HTTP_PARAMS];
};

/* `pairs`: "NAME=value", NULL-terminated, borrowed for as long as the params are used. NULL: fine; else a constant text that says
 * what is wrong. nginx passes a repeated header as a repeated parameter: which of them counts would be anybody's guess. */
const char *http_params_read(struct http_params *, const char *const *pairs);

const char *http_params_find(const struct http_params *, const char *name); /* "REMOTE_ADDR"; NULL: none */
/* By the header's own name, case-insensitive: "If-Match". An empty value counts as none, as nginx means it. */
const char *http_params_header(const struct http_params *, const char *name);

#endif
