/* One HTTP request to an address that somebody else chose, by libcurl: no address inside, no redirect, bounded in time and size.
 * The address that the connection really goes to is looked at, so that a name cannot change its mind between look-up and use. */
#ifndef BASE_FETCH_H
#define BASE_FETCH_H

#include <stdbool.h>
#include <stddef.h>

struct fetch {
    const char *url;            /* https; with `inside` http too */
    const char *form;           /* body of a POST as application/x-www-form-urlencoded; NULL: GET */
    const char *json;           /* body of a POST as application/json, instead of `form` */
    const char *const *headers; /* further "Name: value" lines; ends with NULL; NULL: none */
    const char *user, *secret;  /* Basic credentials; NULL: none */
    bool inside;                /* private, loopback and link-local addresses may be reached */
    long timeout;               /* milliseconds, all in all */
    char *out;                  /* takes the answer, NUL-terminated: limit + 1 bytes */
    size_t limit;
};
struct fetched {
    long status; /* 0: no answer */
    size_t length;
    const char *why; /* status 0: constant text */
};
struct fetched fetch(const struct fetch *);

/* Why this address cannot be asked, seen without a look-up (constant text), or NULL: it is not https:// (with `inside` http://
 * too), names a user, or its host is written as an address inside. A name is looked at when it is asked. */
const char *fetch_refuses(const char *url, bool inside);

/* May this address (of AF_INET or AF_INET6) be reached by those who must stay outside? */
struct sockaddr;
bool fetch_outside(const struct sockaddr *);

#endif
