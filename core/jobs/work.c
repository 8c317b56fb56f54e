#include "jobs/inside.h"
#include "jobs/webhooks.h"

#include "audit/seal.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { ARENA_LIMIT = 16 * 1024 * 1024 };

struct worker {
    const struct config *config;
    struct inside *inside;
    struct db *db;
    struct arena *arena;
    struct checkpoint_key key;
    bool seals; /* there is a key to sign with */
    int signals, clock;
    enum bl_status last; /* what went wrong is said once, not every second */
    bool scheduled;      /* every kind is in the queue */
};

static void explain(const struct worker *w, enum bl_status status)
{
    const struct db_error *e = db_error(w->db);
    if (status == BL_INTERNAL)
        log_write(LOG_ERROR, "jobs", "the queue does not work: %s (SQLSTATE %s)%s", e->message, e->state,
                  strcmp(e->state, "42P01") == 0 ? ": run `ballium migrate`" : "");
    else
        log_write(LOG_WARN, "jobs", "the database cannot be reached: trying again every second");
}

static enum bl_status failed(struct worker *w, const struct job *job, const char *problem, bool again)
{
    log_write(LOG_ERROR, "job_failed", "%s, attempt %ld of %d: %s", job->name, job->attempts, JOB_ATTEMPTS, problem);
    return jobs_failed(w->db, w->arena, job, problem, again);
}

/* What a person ordered. A refusal is final: the same order meets the same rule. */
static enum bl_status run_task(struct worker *w, const struct job *job)
{
    char problem[500];
    int64_t start = clock_monotonic();
    enum bl_status status = inside_task(w->inside, w->db, job, problem, sizeof problem);
    if (status != BL_OK)
        return failed(w, job, problem, status == BL_UNAVAILABLE || status == BL_INTERNAL);
    log_write(LOG_INFO, "job_done", "%s in %lld ms", job->name, (long long)(clock_monotonic() - start) / 1000);
    return BL_OK;
}

/* The platform's own, and the duties of the areas. */
static enum bl_status run_periodic(struct worker *w, const struct job *job)
{
    char outcome[200] = "", problem[700];
    int64_t start = clock_monotonic();
    const struct job_kind *kind = job->kind;
    bool within = kind != NULL && kind->within != NULL;
    enum bl_status status;
    if (kind == NULL)
        status = inside_duty(w->inside, w->db, job, outcome, sizeof outcome);
    else if (within)
        status = kind->within(w->inside, w->db, w->arena, w->config, outcome, sizeof outcome);
    else
        status = kind->run(w->db, w->arena, w->config, outcome, sizeof outcome);
    long long ms = (clock_monotonic() - start) / 1000;
    if (status == BL_OK) {
        log_write(LOG_INFO, "job_done", "%s: %s in %lld ms", job->name, outcome, ms);
        return jobs_done(w->db, w->arena, job, outcome);
    }
    if (status == BL_UNAVAILABLE)
        return status; /* the lease runs out, then it is tried again */
    if (within && *outcome != '\0')
        snprintf(problem, sizeof problem, "%s", outcome);
    else
        snprintf(problem, sizeof problem, "%s (SQLSTATE %s)", db_error(w->db)->message, db_error(w->db)->state);
    db_rollback(w->db);
    return failed(w, job, problem, true);
}

/* True: one was there. */
static bool deliver(struct worker *w, enum bl_status *status)
{
    struct message m;
    char problem[500];
    *status = messages_take(w->db, w->arena, &m);
    if (*status != BL_OK || m.attempts == 0)
        return false;
    if (inside_receive(w->inside, &m, problem, sizeof problem) == BL_OK) {
        *status = messages_done(w->db, w->arena, &m);
    } else {
        log_write(LOG_ERROR, "message_failed", "%s, attempt %ld of %d: %s", m.kind, m.attempts, JOB_ATTEMPTS, problem);
        *status = messages_failed(w->db, w->arena, &m, problem);
    }
    return true;
}

/* True: there was something to seal. */
static bool seal(struct worker *w, enum bl_status *status)
{
    long sealed = 0;
    *status = audit_seal(w->db, w->arena, &w->key, &sealed);
    if (sealed > 0)
        log_write(LOG_DEBUG, "sealed", "%ld events", sealed);
    return sealed > 0;
}

/* True: there may be more to do now. */
static bool step(struct worker *w)
{
    const struct registry *areas = inside_registry(w->inside);
    struct job job = {.kind = NULL};
    enum bl_status status = w->scheduled ? BL_OK : jobs_schedule(w->db, w->arena, areas);
    w->scheduled = status == BL_OK;
    if (status == BL_OK)
        status = jobs_take(w->db, w->arena, areas, &job);
    bool more = status == BL_OK && *job.name != '\0';
    if (more)
        status = job.task != NULL ? run_task(w, &job) : run_periodic(w, &job);
    if (status == BL_OK && deliver(w, &status))
        more = true;
    if (status == BL_OK && w->seals && seal(w, &status))
        more = true;
    bool told_of = false;
    if (status == BL_OK)
        status = webhooks_collect(w->inside, w->db, &told_of);
    more = more || told_of;
    if (status != BL_OK && status != w->last)
        explain(w, status);
    w->last = status;
    w->scheduled = w->scheduled && status == BL_OK;
    arena_reset(w->arena);
    return status == BL_OK && more;
}

/* Until the next second or a signal; `now`: only looks. True: told to stop. */
static bool told(struct worker *w, bool now)
{
    struct pollfd p[] = {{.fd = w->signals, .events = POLLIN}, {.fd = w->clock, .events = POLLIN}};
    if (poll(p, 2, now ? 0 : -1) < 0)
        return false;
    uint64_t ticks;
    if (p[1].revents != 0 && read(w->clock, &ticks, sizeof ticks) != sizeof ticks)
        return false;
    return p[0].revents != 0;
}

int jobs_work(const struct config *config)
{
    prctl(PR_SET_NAME, "ballium: jobs");
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct worker w = {.config = config,
                       .inside = inside_new(config, stderr),
                       .db = db_new(config->worker, config->prepared),
                       .arena = arena_new(ARENA_LIMIT),
                       .signals = signalfd(-1, &set, SFD_CLOEXEC),
                       .clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)};
    const struct itimerspec second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    bool good =
        w.inside != NULL && w.db != NULL && w.arena != NULL && w.signals >= 0 && timerfd_settime(w.clock, 0, &second, NULL) == 0;
    w.seals = config->keys_dir != NULL && checkpoint_key_load(config->keys_dir, true, &w.key, stderr);
    struct webhook_sender *sender = good ? webhooks_start(config) : NULL;
    good = sender != NULL;
    if (good) {
        log_write(LOG_INFO, "jobs", w.seals ? "working" : "working; the trail is not sealed: there is no key for it");
        for (bool more = true; !told(&w, more);)
            more = step(&w);
        log_write(LOG_INFO, "jobs", "stopped");
    } else {
        log_write(LOG_ERROR, "jobs", "cannot start: %s", w.inside == NULL ? "see the lines above" : strerror(errno));
    }
    webhooks_stop(sender);
    inside_free(w.inside);
    if (w.db != NULL)
        db_free(w.db);
    if (w.arena != NULL)
        arena_free(w.arena);
    close(w.signals);
    close(w.clock);
    return good ? 0 : 1;
}
