#include "fcgi/transport.h"

#include "base/aside.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 4096, /* descriptors at or above it are turned away */
    TAKEN_AT_ONCE = 16
};

enum { BUSY, ARMING, REST };

struct thread {
    struct fcgi *fcgi;
    void *worker; /* the application's */
    bool placed;  /* else it has left its place to another, or waits for one */
    pthread_cond_t turn;
    struct thread *next; /* of those that wait for a place */
    pthread_t id;
};

struct fcgi {
    const struct fcgi_app *app;
    struct fcgi_sockets sockets;
    struct fcgi_board *board;
    size_t mine;
    long timeout; /* seconds */
    int epoll, wake;
    long thread_count;
    struct thread *threads;

    /* By descriptor. Whoever makes it BUSY owns the connection, so that a request needs no lock. An event may come while its
     * thread is still putting it back (ARMING); a drain waits for what is at REST. */
    _Atomic unsigned char state[CONNECTIONS];
    _Atomic bool draining; /* set before the marks are looked at, looked at after a mark is set: one of the two sees the other */

    pthread_mutex_t lock; /* guards what follows */
    bool listed;          /* on the board: others compare themselves with this process */
    enum fcgi_drain how;
    int open;               /* connections, idle and busy */
    long places;            /* free ones */
    struct thread *resting; /* wait for one; the last to come is the first to go: its connection and caches are warm */
};

bool fcgi_pool(int pool[2])
{
    /* SEQPACKET: a message is one connection; each is taken by exactly one process. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pool) != 0)
        return false;
    struct timeval patience = {.tv_sec = 5}; /* when nobody takes: the senders give up */
    return fcntl(pool[0], F_SETFL, O_NONBLOCK) == 0 &&
           setsockopt(pool[1], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0;
}

struct fcgi_board *fcgi_board_map(void)
{
    struct fcgi_board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < FCGI_PLACES; i++)
        board->open[i] = FCGI_NOBODY;
    return board;
}

static bool pool_send(int pool, int fd)
{
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(pool, &message, MSG_NOSIGNAL) == 1;
}

static int pool_take(int pool)
{
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (recvmsg(pool, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (c == NULL || c->cmsg_type != SCM_RIGHTS) {
        errno = EMFILE; /* the kernel drops what does not fit into the table of descriptors */
        return -1;
    }
    int fd;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static void watch(struct fcgi *f, int op, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = fd};
    if (epoll_ctl(f->epoll, op, fd, &event) != 0)
        log_write(LOG_ERROR, "fcgi", "epoll_ctl: %s", strerror(errno));
}

static void wake(const struct fcgi *f)
{
    uint64_t one = 1;
    if (write(f->wake, &one, sizeof one) != sizeof one)
        log_write(LOG_ERROR, "fcgi", "wake-up: %s", strerror(errno));
}

/* With the lock. */
static void count(struct fcgi *f, int change)
{
    f->open += change;
    if (f->listed)
        f->board->open[f->mine] = f->open;
}

/* With the lock: a connection has left this process. */
static void gone(struct fcgi *f)
{
    count(f, -1);
    if (f->open == 0 && f->draining)
        wake(f);
}

/* With the lock: what this process does with a connection that it will not serve again. */
static void leave(struct fcgi *f, int fd)
{
    if (f->how == FCGI_HAND_OVER && !pool_send(f->sockets.pool[1], fd)) {
        log_write(LOG_ERROR, "fcgi", "a connection could not be handed over, the rest will be closed: %s", strerror(errno));
        f->how = FCGI_STOP;
    }
    epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL); /* closing does not do it: the connection lives on elsewhere */
    close(fd);
    gone(f);
}

/* With the lock: a connection is ours from now on. The timeouts bound a single read or write of libfcgi. */
static void adopt(struct fcgi *f, int fd)
{
    struct timeval limit = {.tv_sec = f->timeout};
    if (fd >= CONNECTIONS || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
        log_write(LOG_ERROR, "fcgi", "a connection was turned away: %s",
                  fd >= CONNECTIONS ? "too many are open" : strerror(errno));
        close(fd);
        return;
    }
    count(f, 1);
    f->state[fd] = REST;
    watch(f, EPOLL_CTL_ADD, fd);
}

/* With the lock: one new connection from the listener or the pool. False: there was none. */
static bool take(struct fcgi *f, int from)
{
    int fd = from == f->sockets.pool[0] ? pool_take(from) : accept4(from, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    adopt(f, fd);
    return true;
}

/* Holds no other process fewer connections than this one? */
static bool first_choice(const struct fcgi *f)
{
    int own = f->board->open[f->mine];
    for (size_t i = 0; i < FCGI_PLACES; i++)
        if (f->board->open[i] < own)
            return false;
    return true;
}

/* The listener or the pool is ready. Other processes were woken too, so finding nothing is usual. Some are taken at a time: were
 * it one, a crowd that comes at once would wait until each of those before it had been served once per newcomer. */
static void take_some(struct fcgi *f, int from)
{
    bool taken = true;
    int error = 0;
    for (int i = 0; i < TAKEN_AT_ONCE && taken; i++) {
        if (!first_choice(f))
            poll(NULL, 0, 1); /* a millisecond's courtesy; if the other has no thread free, it stays ours */
        pthread_mutex_lock(&f->lock);
        taken = !f->draining && take(f, from);
        error = errno;
        pthread_mutex_unlock(&f->lock);
    }
    if (!taken && !f->draining && (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)) {
        log_write(LOG_ERROR, "fcgi", "accept: %s", strerror(error));
        poll(NULL, 0, 50); /* it stays ready: do not spin on it */
    }
    pthread_mutex_lock(&f->lock);
    if (!f->draining)
        watch(f, EPOLL_CTL_MOD, from);
    pthread_mutex_unlock(&f->lock);
}

/* False: it is in other hands. */
static bool take_rest(struct fcgi *f, int fd)
{
    unsigned char seen = REST;
    return atomic_compare_exchange_strong(&f->state[fd], &seen, BUSY);
}

static void serve_one(struct thread *t, FCGX_Request *request, int fd)
{
    struct fcgi *f = t->fcgi;
    if (atomic_exchange(&f->state[fd], BUSY) == BUSY)
        return; /* handed over between the event and here */
    bool kept = fcgi_request_serve(request, fd, f->app, t->worker, f->timeout * INT64_C(1000000));
    if (kept && !f->draining) {
        unsigned char seen = ARMING;
        f->state[fd] = ARMING; /* before the event can come */
        watch(f, EPOLL_CTL_MOD, fd);
        if (!atomic_compare_exchange_strong(&f->state[fd], &seen, REST) || !f->draining || !take_rest(f, fd))
            return;
    }
    pthread_mutex_lock(&f->lock);
    if (kept)
        leave(f, fd);
    else
        gone(f);
    pthread_mutex_unlock(&f->lock);
}

/* For base/aside.h. */
static void leave_place(void *arg)
{
    struct thread *t = arg;
    struct fcgi *f = t->fcgi;
    if (!t->placed)
        return;
    pthread_mutex_lock(&f->lock);
    t->placed = false;
    struct thread *other = f->resting;
    if (other == NULL) {
        f->places++;
    } else {
        f->resting = other->next;
        other->placed = true;
        pthread_cond_signal(&other->turn);
    }
    pthread_mutex_unlock(&f->lock);
}

static void take_place(struct thread *t)
{
    struct fcgi *f = t->fcgi;
    pthread_mutex_lock(&f->lock);
    if (f->places > 0) {
        f->places--;
        t->placed = true;
    } else {
        t->next = f->resting;
        f->resting = t;
    }
    while (!t->placed)
        pthread_cond_wait(&t->turn, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void *run(void *arg)
{
    struct thread *t = arg;
    struct fcgi *f = t->fcgi;
    FCGX_Request request;
    fcgi_request_init(&request);
    aside_by(leave_place, t);
    for (;;) {
        struct epoll_event event;
        if (!t->placed)
            take_place(t);
        if (epoll_wait(f->epoll, &event, 1, -1) != 1)
            continue;
        int fd = event.data.fd;
        if (fd == f->wake) { /* never read, so that it wakes every thread that has a place, one after the other */
            leave_place(t);
            return NULL;
        }
        if (fd == f->sockets.listener || fd == f->sockets.pool[0])
            take_some(f, fd);
        else
            serve_one(t, &request, fd);
    }
}

static bool start_threads(struct fcgi *f, long count)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    while (f->thread_count < count && error == 0) {
        struct thread *t = &f->threads[f->thread_count];
        t->fcgi = f;
        pthread_cond_init(&t->turn, NULL);
        t->worker = f->app->open(f->app->self);
        error = t->worker == NULL ? ENOMEM : pthread_create(&t->id, NULL, run, t);
        if (error != 0 && t->worker != NULL)
            f->app->close(t->worker);
        if (error == 0)
            f->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return error == 0;
}

struct fcgi *fcgi_start(const struct fcgi_sockets *sockets, struct fcgi_board *board, size_t mine, const struct fcgi_app *app,
                        long places, long read_timeout_seconds)
{
    /* libfcgi would stop accepting at SIGPIPE, and takes SIGUSR1 unless it is taken. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    struct fcgi *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->app = app;
    f->sockets = *sockets;
    f->board = board;
    f->mine = mine;
    f->listed = true;
    board->open[mine] = 0;
    f->timeout = read_timeout_seconds;
    pthread_mutex_init(&f->lock, NULL);
    f->places = places;
    f->threads = calloc((size_t)places + FCGI_SPARE, sizeof *f->threads);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (f->threads == NULL || f->epoll < 0 || f->wake < 0 || FCGX_Init() != 0) {
        log_write(LOG_ERROR, "fcgi", "cannot start: %s", strerror(errno));
        fcgi_free(f);
        return NULL;
    }
    watch(f, EPOLL_CTL_ADD, sockets->listener);
    watch(f, EPOLL_CTL_ADD, sockets->pool[0]);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = f->wake};
    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->wake, &event);
    if (!start_threads(f, places + FCGI_SPARE)) {
        log_write(LOG_ERROR, "fcgi", "cannot start a thread: %s", strerror(errno));
        wake(f);
        fcgi_free(f);
        return NULL;
    }
    return f;
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

bool fcgi_drain(struct fcgi *f, enum fcgi_drain how, long seconds)
{
    bool resting[CONNECTIONS];
    pthread_mutex_lock(&f->lock);
    f->how = how;
    f->listed = false;
    f->board->open[f->mine] = FCGI_NOBODY;
    f->draining = true;
    for (int fd = 0; fd < CONNECTIONS; fd++)
        resting[fd] = f->state[fd] == REST;
    epoll_ctl(f->epoll, EPOLL_CTL_DEL, f->sockets.pool[0], NULL);
    /* Nobody comes after us: serve who has knocked already. */
    while (how == FCGI_STOP && (take(f, f->sockets.pool[0]) || take(f, f->sockets.listener)))
        ;
    epoll_ctl(f->epoll, EPOLL_CTL_DEL, f->sockets.listener, NULL);
    close(f->sockets.listener);
    for (int fd = 0; fd < CONNECTIONS; fd++) {
        if (!resting[fd] || (how == FCGI_STOP && readable(fd)))
            continue; /* busy, new, or a request has come: a thread will have it */
        if (take_rest(f, fd))
            leave(f, fd);
    }
    if (f->open == 0)
        wake(f);
    pthread_mutex_unlock(&f->lock);
    struct pollfd ended = {.fd = f->wake, .events = POLLIN};
    return poll(&ended, 1, (int)seconds * 1000) == 1;
}

void fcgi_free(struct fcgi *f)
{
    for (long i = 0; f->threads != NULL && i < f->thread_count; i++) {
        pthread_join(f->threads[i].id, NULL);
        f->app->close(f->threads[i].worker);
    }
    if (f->epoll >= 0)
        close(f->epoll);
    if (f->wake >= 0)
        close(f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f->threads);
    free(f);
}
