/* The FastCGI transport of one process: one epoll set, a few threads, blocking handlers.
 *
 * As many threads serve at once as there are places. Few of them keep PostgreSQL and the caches warm (two a process serve half as
 * much again as four), but few that all wait would stop the rest: so a thread that waits for something slow leaves its place
 * (base/aside.h) to one of the spare threads, and rests when its request has ended until a place is free.
 *
 * The set holds the listener, every connection that nginx keeps, the pool and a wake-up. A thread that gets a ready connection
 * owns it for one request and puts it back. No idle connection pins a thread.
 *
 * The pool is a socket pair shared by all processes of the service, of every generation. A process that is being replaced sends
 * its connections into it, each between two requests, and any other takes them out: nginx never sees a kept connection close
 * under a request that it is just sending. */
#ifndef FCGI_TRANSPORT_H
#define FCGI_TRANSPORT_H

#include "fcgi/request.h"

struct fcgi_sockets {
    int listener; /* non-blocking */
    int pool[2];  /* [0] to take from, [1] to send into */
};

/* How many connections each process holds, in memory that all of them share. A kept connection stays where it was accepted, so
 * one that holds more than another lets that one go first. FCGI_NOBODY: no process has this place. */
enum { FCGI_PLACES = 512, FCGI_NOBODY = 1 << 30 };
struct fcgi_board {
    _Atomic int open[FCGI_PLACES];
};
struct fcgi_board *fcgi_board_map(void); /* before the first fork; NULL: errno. Nobody is in any place */

enum { FCGI_SPARE = 6 }; /* threads beside those that have a place */

struct fcgi;

/* Makes the pool. False: errno. */
bool fcgi_pool(int pool[2]);

/* Starts threads for `places` places and FCGI_SPARE more, in which all signals are blocked, at place `mine` of the board. The
 * listener is taken over and closed as soon as it is drained, so that the address is free while the last requests run; the pool,
 * the board and the application are borrowed. NULL: logged. */
struct fcgi *fcgi_start(const struct fcgi_sockets *, struct fcgi_board *, size_t mine, const struct fcgi_app *, long places,
                        long read_timeout_seconds);

enum fcgi_drain {
    FCGI_STOP,     /* serve what is connected and under way, close what is idle */
    FCGI_HAND_OVER /* give the connections to the pool, each as soon as no request is under way on it */
};

/* Takes nothing new and waits until the last request has ended, `seconds` at most. True: all ended. Call it once. */
bool fcgi_drain(struct fcgi *, enum fcgi_drain, long seconds);

/* After fcgi_drain returned true. (After false the threads still run: leave with _exit.) */
void fcgi_free(struct fcgi *);

#endif
