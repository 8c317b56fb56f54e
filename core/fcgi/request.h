/* One request on one connection, by libfcgi. Knows nothing of epoll, threads or processes. */
#ifndef FCGI_REQUEST_H
#define FCGI_REQUEST_H

#include "http/http.h"
#include <fcgiapp.h>
#include <stdbool.h>
#include <stdint.h>

/* Bounds that libfcgi does not have. nginx passes at most 32 KiB of header fields and repeats the URL in a few parameters. */
enum {
    FCGI_PARAMS_COUNT = 256,
    FCGI_PARAMS_BYTES = 64 * 1024,
    FCGI_DRAIN_BYTES = 101 * 1024 * 1024, /* of a body that nobody read; nginx lets no larger one through */
};

/* What runs behind the transport. The function pointers are set by whoever starts the service, so that tests can put
 * applications there that http would never be. */
struct fcgi_app {
    void *self;
    void *(*open)(void *self); /* one per thread, made before it starts; NULL: no memory */
    void (*close)(void *worker);
    bool (*handle)(void *worker, const struct http_io *); /* http_handle's contract */
};

/* Once per thread. libfcgi never accepts a connection through it. */
void fcgi_request_init(FCGX_Request *);

/* Reads a request from `fd`, lets the application answer it and ends it. True: `fd` is open and stands between two requests.
 * False: it was closed (the peer left, asked for it, or the state of the connection is unknown). `timeout`: microseconds for
 * the whole of a request to arrive; the socket's own timeouts bound each single read and write. */
bool fcgi_request_serve(FCGX_Request *, int fd, const struct fcgi_app *, void *worker, int64_t timeout);

#endif
