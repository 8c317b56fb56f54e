/* Work that nobody waits for: a queue in PostgreSQL and the housekeeping that runs through it. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "base/config.h"
#include "base/ids.h"
#include "db/db.h"

/* One kind of job. What it does must be safe to do twice: a worker may die after it and before saying so. */
struct job_kind {
    const char *name;
    long period; /* seconds from the end of one run to the next */
    /* Fills `outcome` with a few words for the log. Not BL_OK: db_error says why. */
    enum bl_status (*run)(struct db *, struct arena *, char *outcome, size_t room);
};
extern const struct job_kind job_kinds[]; /* ends with a zeroed element */

/* A job that was taken: it is this process's for JOB_LEASE seconds. */
struct job {
    char tenant[UUID_TEXT], id[UUID_TEXT];
    const struct job_kind *kind;
    long attempts; /* with this one */
};
enum {
    JOB_LEASE = 600,      /* seconds */
    JOB_ATTEMPTS = 10,    /* then it is dead */
    JOB_FIRST_PAUSE = 10, /* seconds after the first failure, doubled by each further one */
    JOB_LAST_PAUSE = 3600
};

/* All of these: BL_OK, BL_UNAVAILABLE (no database) or BL_INTERNAL (db_error). */
BL_MUST_CHECK enum bl_status jobs_schedule(struct db *, struct arena *); /* queues each kind that is not queued */
/* The job that has waited longest; job->kind NULL: none is due. */
BL_MUST_CHECK enum bl_status jobs_take(struct db *, struct arena *, struct job *);
/* Also queues the next run. */
BL_MUST_CHECK enum bl_status jobs_done(struct db *, struct arena *, const struct job *, const char *outcome);
/* Queued again after a pause; dead after JOB_ATTEMPTS, and then the next run is queued as after a success. */
BL_MUST_CHECK enum bl_status jobs_failed(struct db *, struct arena *, const struct job *, const char *problem);

/* Takes and runs jobs until SIGTERM or SIGINT, which it looks at between two jobs. Returns an exit code. */
int jobs_work(const struct config *);

#endif
