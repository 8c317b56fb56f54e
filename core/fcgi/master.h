/* The prefork master: binds the socket, keeps the worker processes alive, and replaces them without losing a request.
 *
 * SIGTERM, SIGINT  stop: what runs may end (10 s), exit 0
 * SIGHUP           read the configuration and the keys again; once the new workers serve, the old ones hand over and end (60 s)
 * SIGCHLD          a worker that died is back at once; one that dies within a second of its start, after 10 ms, 20 ms … 5 s
 *
 * To a worker: SIGTERM stop, SIGUSR2 hand the connections over and end. */
#ifndef FCGI_MASTER_H
#define FCGI_MASTER_H

#include "base/config.h"
#include "fcgi/request.h"
#include <stdbool.h>
#include <stdio.h>

enum master_check {
    MASTER_GOOD,
    MASTER_LATER, /* cannot be said now: the database is away */
    MASTER_BAD    /* must not serve; the reason was logged */
};

/* What the master calls. `app` is read in every worker after the fork, so that `reload` may change what app.self points to. */
struct master_plan {
    void *self;
    struct fcgi_app app;
    const struct config *config; /* replaced by reload */
    /* SIGHUP: builds everything anew. The new configuration, or NULL after logging why the old one stays. */
    const struct config *(*reload)(void *self);
    /* May this be served? Called in a child once a second while `unchecked`, so that the master never waits for a database. */
    enum master_check (*check)(void *self);
    bool unchecked; /* serve for now (it answers 503): the check said MASTER_LATER */
};

/* Serves until it is told to stop. Returns an exit code; prints to `errors` what keeps it from starting. */
int master_run(struct master_plan *, FILE *errors);

#endif
