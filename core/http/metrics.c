#include "http/metrics.h"

#include "http/response.h"
#include "http/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum { PROCESSES = 128, CLASSES = 5, BUCKETS = 11 };

static const struct {
    int64_t microseconds;
    const char *label;
} bounds[BUCKETS] = {
    {1000, "0.001"}, {2500, "0.0025"}, {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"}, {250000, "0.25"}, {500000, "0.5"}, {1000000, "1"},  {5000000, "5"},
};

struct counters {
    _Atomic uint64_t status[CLASSES];
    _Atomic uint64_t bucket[BUCKETS + 1]; /* not cumulative; the last is +Inf */
    _Atomic uint64_t microseconds;
};

/* One process that serves. A dead one's slot is taken over by the next: what it had in flight dies with it. */
struct process {
    _Atomic int pid;
    _Atomic int in_flight;
    _Atomic int64_t started; /* clock_now */
};

struct http_metrics {
    size_t routes; /* [0] is for requests that matched none */
    struct process process[PROCESSES];
    _Atomic uint64_t total[METRICS];
    struct counters route[];
};

/* The slot of this process, found once a thread. */
static _Thread_local struct {
    const struct http_metrics *map;
    struct process *slot;
    int pid;
} mine;

struct http_metrics *http_metrics_map(size_t routes)
{
    size_t size = sizeof(struct http_metrics) + (routes + 1) * sizeof(struct counters);
    struct http_metrics *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        return NULL;
    m->routes = routes + 1;
    return m;
}

void http_use_metrics(struct http *http, struct http_metrics *m)
{
    http->metrics = m;
}

static bool alive(int pid)
{
    return pid != 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static struct process *claim(struct http_metrics *m, int pid)
{
    for (size_t i = 0; i < PROCESSES; i++)
        if (atomic_load(&m->process[i].pid) == pid)
            return &m->process[i];
    for (size_t i = 0; i < PROCESSES; i++) {
        struct process *p = &m->process[i];
        int holder = atomic_load(&p->pid);
        if (alive(holder) || !atomic_compare_exchange_strong(&p->pid, &holder, pid))
            continue;
        atomic_store(&p->in_flight, 0);
        atomic_store(&p->started, clock_now());
        return p;
    }
    return NULL;
}

/* NULL: all slots are taken; then the requests of this process are not in the gauge. */
static struct process *slot(struct http_metrics *m)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* two threads of a process must not claim two slots */
    int pid = process_id();
    if (mine.map != m || mine.pid != pid) {
        pthread_mutex_lock(&lock);
        mine.slot = claim(m, pid);
        pthread_mutex_unlock(&lock);
        mine.map = m;
        mine.pid = pid;
    }
    return mine.slot;
}

void http_metrics_count(struct http_metrics *m, enum http_metric which)
{
    if (m != NULL)
        atomic_fetch_add_explicit(&m->total[which], 1, memory_order_relaxed);
}

void http_metrics_attach(struct http_metrics *m)
{
    if (m != NULL)
        (void)slot(m);
}

void http_metrics_begin(struct http_metrics *m)
{
    struct process *p = m == NULL ? NULL : slot(m);
    if (p != NULL)
        atomic_fetch_add_explicit(&p->in_flight, 1, memory_order_relaxed);
}

void http_metrics_end(struct http_metrics *m, size_t route, int status, int64_t microseconds)
{
    if (m == NULL)
        return;
    struct counters *c = &m->route[route < m->routes - 1 ? route + 1 : 0];
    struct process *p = slot(m);
    size_t class = status >= 100 && status < 600 ? (size_t)status / 100 - 1 : CLASSES - 1, bucket = 0;
    while (bucket < BUCKETS && microseconds > bounds[bucket].microseconds)
        bucket++;
    atomic_fetch_add_explicit(&c->status[class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->microseconds, (uint64_t)microseconds, memory_order_relaxed);
    if (p != NULL)
        atomic_fetch_sub_explicit(&p->in_flight, 1, memory_order_relaxed);
}

static void help(struct buf *out, const char *name, const char *type, const char *text)
{
    buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

static uint64_t requests(const struct counters *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < CLASSES; i++)
        sum += atomic_load_explicit(&c->status[i], memory_order_relaxed);
    return sum;
}

/* The labels of a route. Templates and methods are ours: nothing in them needs escaping. */
static const char *labels(struct buf *out, const struct engine_route *routes, size_t count, size_t at)
{
    bool known = at > 0 && at <= count;
    return arena_format(out->arena, "method=\"%s\",route=\"%s\"", known ? routes[at - 1].method : "",
                        known ? routes[at - 1].path : "");
}

static void write_counts(const struct counters *c, const char *label, struct buf *out)
{
    for (size_t i = 0; i < CLASSES; i++) {
        uint64_t n = atomic_load_explicit(&c->status[i], memory_order_relaxed);
        if (n > 0)
            buf_format(out, "ballium_http_requests_total{%s,status=\"%zuxx\"} %llu\n", label, i + 1, (unsigned long long)n);
    }
}

static void write_histogram(const struct counters *c, const char *label, struct buf *out)
{
    unsigned long long sum = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        sum += atomic_load_explicit(&c->bucket[i], memory_order_relaxed);
        buf_format(out, "ballium_http_request_duration_seconds_bucket{%s,le=\"%s\"} %llu\n", label,
                   i == BUCKETS ? "+Inf" : bounds[i].label, sum);
    }
    uint64_t us = atomic_load_explicit(&c->microseconds, memory_order_relaxed);
    buf_format(out, "ballium_http_request_duration_seconds_sum{%s} %llu.%06llu\n", label, (unsigned long long)(us / 1000000),
               (unsigned long long)(us % 1000000));
    buf_format(out, "ballium_http_request_duration_seconds_count{%s} %llu\n", label, sum);
}

static void write_processes(struct http_metrics *m, struct buf *out)
{
    long long in_flight = 0;
    help(out, "ballium_process_up", "gauge", "1 for each process that serves.");
    for (size_t i = 0; i < PROCESSES; i++) {
        int pid = atomic_load(&m->process[i].pid);
        if (!alive(pid))
            continue;
        in_flight += atomic_load(&m->process[i].in_flight);
        buf_format(out, "ballium_process_up{pid=\"%d\"} 1\n", pid);
    }
    help(out, "ballium_process_start_time_seconds", "gauge", "When each process began to serve, in seconds since 1970.");
    for (size_t i = 0; i < PROCESSES; i++) {
        int pid = atomic_load(&m->process[i].pid);
        if (alive(pid))
            buf_format(out, "ballium_process_start_time_seconds{pid=\"%d\"} %lld\n", pid,
                       (long long)(atomic_load(&m->process[i].started) / 1000000));
    }
    help(out, "ballium_http_requests_in_flight", "gauge", "Requests that are being handled now.");
    buf_format(out, "ballium_http_requests_in_flight %lld\n", in_flight);
}

void http_metrics_write(struct http_metrics *m, const struct engine_route *routes, size_t count, struct buf *out)
{
    static const struct {
        const char *name, *help;
    } totals[METRICS] = {
        [METRIC_DATABASE_ERRORS] = {"ballium_database_errors_total", "Statements that failed and connections that were lost."},
        [METRIC_DATABASE_CONNECTS] = {"ballium_database_connects_total", "Connections made to PostgreSQL, the first ones too."},
        [METRIC_BROKEN_ANSWERS] = {"ballium_http_broken_answers_total", "Answers that broke off after bytes had left."},
    };
    help(out, "ballium_http_requests_total", "counter", "Requests by route template and class of status.");
    for (size_t i = 0; i < m->routes; i++)
        if (requests(&m->route[i]) > 0)
            write_counts(&m->route[i], labels(out, routes, count, i), out);
    help(out, "ballium_http_request_duration_seconds", "histogram", "From the first parameter to the last byte handed over.");
    for (size_t i = 0; i < m->routes; i++)
        if (requests(&m->route[i]) > 0)
            write_histogram(&m->route[i], labels(out, routes, count, i), out);
    for (size_t i = 0; i < METRICS; i++) {
        help(out, totals[i].name, "counter", totals[i].help);
        buf_format(out, "%s %llu\n", totals[i].name, (unsigned long long)atomic_load(&m->total[i]));
    }
    write_processes(m, out);
}

static bool loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (address == NULL)
        return false;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* From what the sealer left when it last looked. Without a database, or before its first look: nothing. */
static void write_sealing(struct bl_request *r, struct buf *out)
{
    struct bl_rows *rows;
    if (bl_sql(
            r,
            "SELECT coalesce(extract(epoch FROM now() - oldest), 0)::bigint, extract(epoch FROM now() - looked_at)::bigint FROM "
            "core.sealing",
            NULL, 0, BL_FINAL, &rows) != BL_OK ||
        bl_count(r, rows) == 0)
        return;
    help(out, "ballium_audit_unsealed_seconds", "gauge", "Age of the oldest event that is not sealed.");
    buf_format(out, "ballium_audit_unsealed_seconds %lld\n", (long long)bl_integer(r, rows, 0, 0));
    help(out, "ballium_audit_sealer_seconds", "gauge", "Since the sealer (`ballium work`) last looked.");
    buf_format(out, "ballium_audit_sealer_seconds %lld\n", (long long)bl_integer(r, rows, 0, 1));
}

enum bl_status http_metrics_handle(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    const struct http *http = r->worker->http;
    if (!loopback(bl_param(base, "remote_addr")))
        return bl_fail(base, BL_FORBIDDEN, "loopback_only", NULL, "metrics are for callers on the machine itself");
    if (http->metrics == NULL)
        return bl_fail(base, BL_UNAVAILABLE, "no_metrics", NULL, "nobody counts in this process");
    struct buf text = buf_new(r->arena, 16 * 1024);
    http_metrics_write(http->metrics, http->routes, http->route_count, &text);
    write_sealing(base, &text);
    http_respond(r, 200, "text/plain; version=0.0.4; charset=utf-8");
    http_write(r, text.data, text.length);
    return BL_OK;
}
