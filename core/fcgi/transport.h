/* The FastCGI transport of one process: one epoll set, a few threads, blocking handlers.
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

struct fcgi;

/* Makes the pool. False: errno. */
bool fcgi_pool(int pool[2]);

/* Starts `threads` threads. The sockets and the application are borrowed. All signals are blocked in the threads. NULL: logged.
 */
struct fcgi *fcgi_start(const struct fcgi_sockets *, const struct fcgi_app *, long threads, long read_timeout_seconds);

enum fcgi_drain {
    FCGI_STOP,     /* serve what is connected and under way, close what is idle */
    FCGI_HAND_OVER /* give the connections to the pool, each as soon as no request is under way on it */
};

/* Takes nothing new and waits until the last request has ended, `seconds` at most. True: all ended. Call it once. */
bool fcgi_drain(struct fcgi *, enum fcgi_drain, long seconds);

/* After fcgi_drain returned true. (After false the threads still run: leave with _exit.) */
void fcgi_free(struct fcgi *);

#endif
