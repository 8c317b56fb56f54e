/* A request that nobody sent: what `ballium work` does inside an organisation, under the same wall and with the same core. */
#ifndef HTTP_ACT_H
#define HTTP_ACT_H

#include "http/worker.h"

struct http_act {
    const char *tenant, *slug;
    const char *actor; /* NULL: the service itself */
    bool client;       /* a service client, */
    const char *scope; /* narrowed to this; NULL: not */
    const char *what;  /* for the log: "planning.expire_acceptances" */
    enum bl_status (*run)(struct bl_request *, void *arg);
    void *arg;
    /* In the transaction of `run`, after it, as the worker's own role; $1… are `args`. NULL: nothing. */
    const char *last;
    const char *const *(*last_args)(void *arg, int *count);
    void (*progress)(void *arg, int64_t done, int64_t of); /* may be NULL */
    char problem[500];                                     /* out: why not BL_OK, for people; "" when BL_OK */
};

/* The worker's connection is that of the worker's role, which goes on as ballium_app once it is inside. BL_OK: committed. */
BL_MUST_CHECK enum bl_status http_act(struct http_worker *, struct http_act *);

#endif
