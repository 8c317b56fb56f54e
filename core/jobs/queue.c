#include "jobs/jobs.h"

#include <stdio.h>
#include <string.h>

#define NIL "00000000-0000-0000-0000-000000000000" /* the platform's own "tenant" */

/* Queued unless it is: the unique index decides between workers. */
static void queue_next(struct db *db, struct arena *arena, const struct job_kind *kind, long seconds)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    const char *args[] = {NIL, id, kind->name, arena_format(arena, "%ld", seconds)};
    db_queue(db,
             "INSERT INTO core.job (tenant_id, id, kind, run_at) VALUES ($1::uuid, $2::uuid, $3, now() + $4::integer * interval "
             "'1 second') ON CONFLICT (tenant_id, kind) WHERE state = 'queued' AND tenant_id = '" NIL "' DO NOTHING",
             args, 4);
}

enum bl_status jobs_schedule(struct db *db, struct arena *arena)
{
    enum bl_status status = db_ready(db);
    for (const struct job_kind *kind = job_kinds; kind->name != NULL && status == BL_OK; kind++) {
        struct bl_rows *rows;
        queue_next(db, arena, kind, 0);
        status = db_flush(db, arena, &rows);
    }
    return status;
}

static const struct job_kind *find(const char *name)
{
    for (const struct job_kind *kind = job_kinds; kind->name != NULL; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* "{a,b}": kinds of another version are left to its workers. */
static const char *known_kinds(struct arena *arena)
{
    const char *list = "";
    for (const struct job_kind *kind = job_kinds; kind->name != NULL; kind++)
        list = arena_format(arena, "%s%s%s", list, *list == '\0' ? "" : ",", kind->name);
    return arena_format(arena, "{%s}", list);
}

enum bl_status jobs_take(struct db *db, struct arena *arena, struct job *job)
{
    *job = (struct job){.kind = NULL};
    enum bl_status status = db_ready(db);
    if (status != BL_OK)
        return status;
    struct bl_rows *rows;
    const char *args[] = {known_kinds(arena), arena_format(arena, "%d", JOB_LEASE)};
    db_queue(db,
             "UPDATE core.job j SET attempts = j.attempts + 1, run_at = now() + $2::integer * interval '1 second' "
             "FROM (SELECT q.tenant_id, q.id FROM core.job q WHERE q.state = 'queued' AND q.run_at <= now() "
             "AND q.kind = ANY ($1::text[]) ORDER BY q.run_at LIMIT 1 FOR UPDATE SKIP LOCKED) due "
             "WHERE j.tenant_id = due.tenant_id AND j.id = due.id RETURNING j.tenant_id, j.id, j.kind, j.attempts",
             args, 2);
    status = db_flush(db, arena, &rows);
    if (status != BL_OK || db_count(rows) == 0)
        return status;
    snprintf(job->tenant, sizeof job->tenant, "%s", db_cell(rows, 0, 0));
    snprintf(job->id, sizeof job->id, "%s", db_cell(rows, 0, 1));
    job->kind = find(db_cell(rows, 0, 2));
    job->attempts = (long)db_integer(rows, 0, 3);
    return BL_OK;
}

/* The job ends and its next run is queued: one flush without BEGIN is one transaction. */
static enum bl_status end(struct db *db, struct arena *arena, const struct job *job, const char *sql, const char *words)
{
    enum bl_status status = db_ready(db);
    if (status != BL_OK)
        return status;
    struct bl_rows *rows[2];
    const char *args[] = {job->tenant, job->id, words};
    db_queue(db, sql, args, 3);
    queue_next(db, arena, job->kind, job->kind->period);
    return db_flush(db, arena, rows);
}

enum bl_status jobs_done(struct db *db, struct arena *arena, const struct job *job, const char *outcome)
{
    return end(db, arena, job,
               "UPDATE core.job SET state = 'done', outcome = $3, problem = NULL, finished_at = now() "
               "WHERE tenant_id = $1::uuid AND id = $2::uuid",
               outcome);
}

enum bl_status jobs_failed(struct db *db, struct arena *arena, const struct job *job, const char *problem)
{
    if (job->attempts >= JOB_ATTEMPTS)
        return end(db, arena, job,
                   "UPDATE core.job SET state = 'dead', problem = $3, finished_at = now() "
                   "WHERE tenant_id = $1::uuid AND id = $2::uuid",
                   problem);
    long pause = JOB_FIRST_PAUSE;
    for (long i = 1; i < job->attempts && pause < JOB_LAST_PAUSE; i++)
        pause *= 2;
    enum bl_status status = db_ready(db);
    if (status != BL_OK)
        return status;
    struct bl_rows *rows;
    const char *args[] = {job->tenant, job->id, problem,
                          arena_format(arena, "%ld", pause < JOB_LAST_PAUSE ? pause : JOB_LAST_PAUSE)};
    db_queue(db,
             "UPDATE core.job SET problem = $3, run_at = now() + $4::integer * interval '1 second' "
             "WHERE tenant_id = $1::uuid AND id = $2::uuid",
             args, 4);
    return db_flush(db, arena, &rows);
}
