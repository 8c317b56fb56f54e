/* Work that nobody waits for: a queue in PostgreSQL with the housekeeping of the platform, the duties of the areas in each
 * organisation, the jobs that people ordered, and the messages between organisations. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "base/config.h"
#include "base/ids.h"
#include "db/db.h"
#include "plugin/registry.h"

struct inside;

/* One kind of the platform's own. What it does must be safe to do twice: a worker may die after it and before saying so. */
struct job_kind {
    const char *name;
    long period; /* seconds from the end of one run to the next */
    /* Fills `outcome` with a few words for the log. Not BL_OK: db_error says why. */
    enum bl_status (*run)(struct db *, struct arena *, const struct config *, char *outcome, size_t room);
    /* Or this, for what goes into organisations. Not BL_OK: `outcome` says why, unless it is empty. */
    enum bl_status (*within)(struct inside *, struct db *, struct arena *, const struct config *, char *outcome, size_t room);
};
extern const struct job_kind job_kinds[]; /* ends with a zeroed element */
/* report.c: makes what POST …/reports/<name> has ordered. */
enum bl_status jobs_report(struct bl_request *, const json_t *input, json_t **outcome);
extern const struct bl_job core_jobs[]; /* those that the core itself lets people order: kind "core.name" */

/* A job that was taken: it is this process's for JOB_LEASE seconds. One of kind, duty and task says what it is; none: no job. */
struct job {
    char tenant[UUID_TEXT], slug[64], id[UUID_TEXT];
    char name[128]; /* "sweep_jobs", "planning.expire_acceptances" */
    const struct job_kind *kind;
    const struct bl_duty *duty;
    const struct bl_job *task;
    char actor[UUID_TEXT]; /* who ordered the task, */
    bool client;           /* a service client, */
    const char *scope;     /* narrowed to this (NULL: not); in the arena */
    const char *input;     /* JSON of the task; in the arena */
    long attempts;         /* with this one */
};
enum {
    JOB_LEASE = 600,      /* seconds */
    JOB_ATTEMPTS = 10,    /* then it is dead */
    JOB_FIRST_PAUSE = 10, /* seconds after the first failure, doubled by each further one */
    JOB_LAST_PAUSE = 3600
};

/* All of these: BL_OK, BL_UNAVAILABLE (no database) or BL_INTERNAL (db_error). The registry may be NULL: the platform's own kinds
 * only. */
BL_MUST_CHECK enum bl_status jobs_schedule(struct db *, struct arena *, const struct registry *); /* queues what is periodic */
/* The job that has waited longest, of the kinds that are known here; those of another version are left to its workers. */
BL_MUST_CHECK enum bl_status jobs_take(struct db *, struct arena *, const struct registry *, struct job *);
/* Also queues the next run. Tasks say so in their own transaction instead: JOB_TASK_DONE, $1 tenant, $2 id, $3 result. */
BL_MUST_CHECK enum bl_status jobs_done(struct db *, struct arena *, const struct job *, const char *outcome);
#define JOB_TASK_DONE                                                                                                            \
    "UPDATE core.job SET state = 'done', result = $3::jsonb, problem = NULL, finished_at = now() "                               \
    "WHERE tenant_id = $1::uuid AND id = $2::uuid"
/* Queued again after a pause; dead after JOB_ATTEMPTS, or at once when trying again is no use. Then the next run of what is
 * periodic is queued as after a success. */
BL_MUST_CHECK enum bl_status jobs_failed(struct db *, struct arena *, const struct job *, const char *problem, bool again);

/* Messages: taken, and settled, much like jobs. One that waits keeps back the later ones of its pair. */
struct message {
    char id[UUID_TEXT], from[UUID_TEXT], to[UUID_TEXT], to_slug[64], kind[128];
    const char *body; /* JSON; in the arena */
    long attempts;    /* 0: there is none */
};
BL_MUST_CHECK enum bl_status messages_take(struct db *, struct arena *, struct message *);
BL_MUST_CHECK enum bl_status messages_done(struct db *, struct arena *, const struct message *);
BL_MUST_CHECK enum bl_status messages_failed(struct db *, struct arena *, const struct message *, const char *problem);

/* Takes and runs jobs until SIGTERM or SIGINT, which it looks at between two jobs. Returns an exit code. */
int jobs_work(const struct config *);

#endif
