#include "fcgi/master.h"

#include "base/ids.h"
#include "base/log.h"
#include "fcgi/listen.h"
#include "fcgi/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORKERS = 64,
    RETIRED = 256,
    STOP_SECONDS = 10,
    HAND_OVER_SECONDS = 60,
    KEPT_BYTES = 1 << 20,
    MS = 1000, /* in microseconds */
    SECOND = 1000 * MS,
};

/* The place of one worker. Times are monotonic microseconds. */
struct slot {
    pid_t pid;    /* 0: none */
    size_t place; /* on the board */
    bool ready;   /* it serves */
    int64_t started;
    int64_t again; /* when to start one, while pid is 0 */
    int64_t pause; /* before the next start, when this one dies young */
};

/* A worker that ends, or will as soon as those that replace it serve. */
struct retired {
    pid_t pid;
    size_t place;
    bool told;
    int64_t deadline; /* then it is killed; when told */
};

struct master {
    struct master_plan *plan;
    struct fcgi_sockets sockets;
    struct fcgi_board *board;
    int ready[2]; /* a pipe: workers that serve write their pid */
    char *path;   /* of the listener; NULL: it came from systemd */
    pid_t pid;
    int signals;
    bool stopping;
    int code; /* exit code */
    size_t count;
    struct slot slots[WORKERS];
    size_t retired_count;
    struct retired retired[RETIRED + WORKERS];
    pid_t checker; /* 0: none */
    int64_t check_at;
};

/* In a child: dies with the master, also when the master died before this line. */
static void tie_to_master(const struct master *m, const char *name)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != m->pid)
        _exit(0);
    prctl(PR_SET_NAME, name);
    close(m->signals);
}

/* Two habits of the system that cost more than they give here. What a list took stays for the next one: else glibc gives each
 * one's half a megabyte back and the kernel clears it anew. And a worker does not interrupt who wakes it: nginx passes on all
 * that has come before it is a worker's turn, which is 7 more requests in a hundred when the processors are busy. */
static void spare_the_kernel(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){.sched_priority = 0}) != 0)
        log_write(LOG_DEBUG, "worker", "no batch scheduling: %s", strerror(errno));
}

/* A worker process, from its fork to its end. */
static int work(const struct master *m, size_t place)
{
    tie_to_master(m, "ballium: worker");
    const struct config *c = m->plan->config;
    spare_the_kernel();
    struct fcgi *f = fcgi_start(&m->sockets, m->board, place, &m->plan->app, c->threads, c->read_timeout);
    pid_t self = getpid();
    if (f == NULL || write(m->ready[1], &self, sizeof self) != sizeof self)
        return 1;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR2);
    int signal;
    do
        signal = sigwaitinfo(&set, NULL);
    while (signal < 0);
    bool hand_over = signal == SIGUSR2;
    if (!fcgi_drain(f, hand_over ? FCGI_HAND_OVER : FCGI_STOP, hand_over ? HAND_OVER_SECONDS : STOP_SECONDS)) {
        log_write(LOG_WARN, "worker", "a request was still running at the end of the time to finish: it is cut off");
        _exit(1);
    }
    fcgi_free(f);
    return 0;
}

static pid_t fork_child(void)
{
    fflush(NULL); /* so that nothing is printed twice */
    pid_t pid = fork();
    if (pid < 0)
        log_write(LOG_ERROR, "master", "fork: %s", strerror(errno));
    return pid;
}

/* A place that no living worker has. There are more places than workers can be. */
static size_t free_place(const struct master *m)
{
    for (size_t place = 0;; place++) {
        bool taken = false;
        for (size_t i = 0; i < m->count; i++)
            taken |= m->slots[i].pid != 0 && m->slots[i].place == place;
        for (size_t i = 0; i < m->retired_count; i++)
            taken |= m->retired[i].place == place;
        if (!taken)
            return place;
    }
}

static void start_worker(struct master *m, struct slot *s)
{
    int64_t now = clock_monotonic();
    s->place = free_place(m);
    s->ready = false;
    pid_t pid = fork_child();
    if (pid == 0)
        exit(work(m, s->place));
    s->pid = pid > 0 ? pid : 0;
    s->started = now;
    s->again = now + SECOND; /* when the fork failed */
}

static void start_due(struct master *m, int64_t now)
{
    for (size_t i = 0; i < m->count && !m->stopping; i++)
        if (m->slots[i].pid == 0 && m->slots[i].again <= now)
            start_worker(m, &m->slots[i]);
}

static void start_check(struct master *m, int64_t now)
{
    if (!m->plan->unchecked || m->checker != 0 || m->stopping || m->check_at > now)
        return;
    m->check_at = now + SECOND;
    pid_t pid = fork_child();
    if (pid == 0) {
        tie_to_master(m, "ballium: check");
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL); /* SIGTERM ends it */
        exit((int)m->plan->check(m->plan->self));
    }
    m->checker = pid > 0 ? pid : 0;
}

static void tell(struct retired *r, int signal, int seconds)
{
    r->told = true;
    r->deadline = clock_monotonic() + (seconds + 2) * (int64_t)SECOND;
    kill(r->pid, signal);
}

static void retire(struct master *m, const struct slot *s)
{
    if (s->pid != 0)
        m->retired[m->retired_count++] = (struct retired){s->pid, s->place, false, 0};
}

/* Once all new workers serve, the old ones hand over to them. New ones that cannot serve leave the old ones in place. */
static void tell_replaced(struct master *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (!m->slots[i].ready)
            return;
    for (size_t i = 0; i < m->retired_count; i++)
        if (!m->retired[i].told)
            tell(&m->retired[i], SIGUSR2, HAND_OVER_SECONDS);
}

static void take_ready(struct master *m)
{
    pid_t pid;
    while (read(m->ready[0], &pid, sizeof pid) == sizeof pid)
        for (size_t i = 0; i < m->count; i++)
            m->slots[i].ready |= m->slots[i].pid == pid;
    tell_replaced(m);
}

static void stop(struct master *m, int code)
{
    if (m->stopping)
        return;
    log_write(LOG_INFO, "master", "stopping: running requests have %d s to end", STOP_SECONDS);
    m->stopping = true;
    m->code = code;
    if (m->path != NULL)
        unlink(m->path); /* nginx gets "no such file" from here on; who is connected is served */
    for (size_t i = 0; i < m->count; i++)
        retire(m, &m->slots[i]);
    memset(m->slots, 0, sizeof m->slots);
    for (size_t i = 0; i < m->retired_count; i++)
        tell(&m->retired[i], SIGTERM, STOP_SECONDS);
    if (m->checker != 0)
        kill(m->checker, SIGTERM);
}

static void reload(struct master *m)
{
    if (m->stopping)
        return;
    if (m->retired_count + m->count > RETIRED) {
        log_write(LOG_ERROR, "master", "reload refused: %zu workers of earlier reloads still finish their requests: try later",
                  m->retired_count);
        return;
    }
    const struct config *config = m->plan->reload(m->plan->self);
    if (config == NULL)
        return;
    m->plan->config = config;
    for (size_t i = 0; i < m->count; i++)
        retire(m, &m->slots[i]);
    memset(m->slots, 0, sizeof m->slots);
    m->count = (size_t)config->processes;
    start_due(m, clock_monotonic());
    log_write(LOG_INFO, "master", "configuration and keys read again: %zu new workers", m->count);
}

static void log_death(pid_t pid, int status, const char *more)
{
    if (WIFSIGNALED(status))
        log_write(LOG_ERROR, "worker_died", "worker %d was killed by signal %d (%s); %s", (int)pid, WTERMSIG(status),
                  strsignal(WTERMSIG(status)), more);
    else
        log_write(LOG_ERROR, "worker_died", "worker %d ended with code %d; %s", (int)pid, WEXITSTATUS(status), more);
}

static void checked(struct master *m, int status)
{
    m->checker = 0;
    if (m->stopping)
        return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == MASTER_GOOD) {
        m->plan->unchecked = false;
        log_write(LOG_INFO, "master", "the database is there, its tables are as they should be");
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == MASTER_BAD) {
        stop(m, 1);
    }
}

static void bury(struct master *m, pid_t pid, int status)
{
    int64_t now = clock_monotonic();
    if (pid == m->checker) {
        checked(m, status);
        return;
    }
    for (size_t i = 0; i < m->retired_count; i++) {
        if (m->retired[i].pid == pid) {
            if (WIFSIGNALED(status))
                log_death(pid, status, "it was ending anyway");
            m->board->open[m->retired[i].place] = FCGI_NOBODY;
            m->retired[i] = m->retired[--m->retired_count];
            return;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        struct slot *s = &m->slots[i];
        if (s->pid != pid)
            continue;
        int64_t lived = now - s->started, pause = lived < SECOND ? s->pause : 0;
        char more[80];
        snprintf(more, sizeof more, "it lived %lld ms, the next starts in %lld ms", (long long)(lived / MS),
                 (long long)(pause / MS));
        log_death(pid, status, more);
        m->board->open[s->place] = FCGI_NOBODY;
        s->ready = false;
        s->pid = 0;
        s->again = now + pause;
        s->pause = pause == 0 ? 10 * MS : pause < 2500 * MS ? pause * 2 : 5 * SECOND;
        return;
    }
}

static void kill_overdue(struct master *m, int64_t now)
{
    for (size_t i = 0; i < m->retired_count; i++) {
        if (!m->retired[i].told || m->retired[i].deadline > now)
            continue;
        log_write(LOG_ERROR, "master", "worker %d does not end: killed", (int)m->retired[i].pid);
        m->retired[i].deadline = now + SECOND;
        kill(m->retired[i].pid, SIGKILL);
    }
}

/* Milliseconds until something is due; -1: nothing is. */
static int patience(const struct master *m, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < m->count && !m->stopping; i++)
        if (m->slots[i].pid == 0 && m->slots[i].again < next)
            next = m->slots[i].again;
    for (size_t i = 0; i < m->retired_count; i++)
        if (m->retired[i].told && m->retired[i].deadline < next)
            next = m->retired[i].deadline;
    if (m->plan->unchecked && m->checker == 0 && !m->stopping && m->check_at < next)
        next = m->check_at;
    if (next == INT64_MAX)
        return -1;
    return next <= now ? 0 : (int)((next - now) / MS + 1);
}

static void take_signals(struct master *m)
{
    struct signalfd_siginfo info;
    while (read(m->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop(m, 0);
        else if (info.ssi_signo == SIGHUP)
            reload(m);
    }
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        bury(m, pid, status);
}

static void loop(struct master *m)
{
    while (!m->stopping || m->retired_count > 0 || m->checker != 0) {
        int64_t now = clock_monotonic();
        start_due(m, now);
        start_check(m, now);
        kill_overdue(m, now);
        struct pollfd p[] = {{.fd = m->signals, .events = POLLIN}, {.fd = m->ready[0], .events = POLLIN}};
        if (poll(p, 2, patience(m, clock_monotonic())) > 0) {
            take_signals(m);
            take_ready(m);
        }
    }
}

/* No work is done in signal handlers: there are none. The workers inherit the mask. */
static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        sigaddset(&set, ours[i]);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return fd;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 8192)
        return;
    limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int master_run(struct master_plan *plan, FILE *errors)
{
    struct master *m = calloc(1, sizeof *m);
    if (m == NULL)
        return 1;
    m->plan = plan;
    m->pid = getpid();
    m->count = (size_t)plan->config->processes;
    raise_file_limit();
    prctl(PR_SET_NAME, "ballium: master");
    m->signals = block_signals();
    bool passed;
    m->sockets = (struct fcgi_sockets){-1, {-1, -1}};
    m->ready[0] = m->ready[1] = -1;
    m->sockets.listener = fcgi_listen(plan->config->socket, plan->config->socket_group, &passed, errors);
    if (m->sockets.listener < 0) {
        m->code = 1;
    } else if (m->signals < 0 || !fcgi_pool(m->sockets.pool) || pipe2(m->ready, O_CLOEXEC | O_NONBLOCK) != 0 ||
               (m->board = fcgi_board_map()) == NULL || (!passed && !(m->path = strdup(plan->config->socket)))) {
        fprintf(errors, "cannot start: %s\n", strerror(errno));
        m->code = 1;
    } else {
        log_write(LOG_INFO, "master", "serving on %s with %zu workers", passed ? "the socket from systemd" : m->path, m->count);
        loop(m);
        log_write(LOG_INFO, "master", "stopped");
    }
    const int fds[] = {m->sockets.listener, m->sockets.pool[0], m->sockets.pool[1], m->signals, m->ready[0], m->ready[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (m->board != NULL)
        munmap(m->board, sizeof *m->board);
    int code = m->code;
    free(m->path);
    free(m);
    return code;
}
