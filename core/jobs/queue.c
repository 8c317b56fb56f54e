#include "jobs/jobs.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#define NIL "00000000-0000-0000-0000-000000000000" /* the platform's own "tenant" */

/* One statement, a transaction of its own. */
static enum bl_status ask(struct db *db, struct arena *arena, const char *sql, const char *const *args, int nargs,
                          struct bl_rows **rows)
{
    enum bl_status status = db_ready(db);
    if (status != BL_OK)
        return status;
    db_queue(db, sql, args, nargs);
    return db_flush(db, arena, rows);
}

static enum bl_status settle(struct db *db, struct arena *arena, const char *sql, const char *const *args, int nargs)
{
    struct bl_rows *rows;
    return ask(db, arena, sql, args, nargs, &rows);
}

/* ---- what is known here ------------------------------------------------------------------------------------------------- */

/* Calls `each` with every name and what it stands for (the others NULL) until it returns true. */
typedef bool (*each_name)(void *arg, const char *name, const struct job_kind *, const struct bl_duty *, const struct bl_job *);

static bool walk_area(struct arena *arena, const struct bl_plugin *plugin, each_name each, void *arg)
{
    for (const struct bl_duty *d = plugin->duties; d && d->name; d++)
        if (each(arg, arena_format(arena, "%s.%s", plugin->name, d->name), NULL, d, NULL))
            return true;
    for (const struct bl_job *j = plugin->jobs; j && j->name; j++)
        if (each(arg, arena_format(arena, "%s.%s", plugin->name, j->name), NULL, NULL, j))
            return true;
    return false;
}

static void walk(struct arena *arena, const struct registry *registry, each_name each, void *arg)
{
    for (const struct job_kind *kind = job_kinds; kind->name != NULL; kind++)
        if (each(arg, kind->name, kind, NULL, NULL))
            return;
    for (const struct bl_job *j = core_jobs; j->name != NULL; j++)
        if (each(arg, arena_format(arena, "core.%s", j->name), NULL, NULL, j))
            return;
    for (size_t i = 0; registry != NULL && i < registry_count(registry); i++)
        if (walk_area(arena, registry_at(registry, i)->plugin, each, arg))
            return;
}

static bool add_to_list(void *list, const char *name, const struct job_kind *kind, const struct bl_duty *duty,
                        const struct bl_job *task)
{
    struct buf *b = list;
    (void)kind, (void)duty, (void)task;
    buf_format(b, "%s%s", b->length > 1 ? "," : "", name);
    return false;
}

static bool is_it(void *arg, const char *name, const struct job_kind *kind, const struct bl_duty *duty, const struct bl_job *task)
{
    struct job *job = arg;
    if (strcmp(job->name, name) != 0)
        return false;
    job->kind = kind;
    job->duty = duty;
    job->task = task;
    return true;
}

/* ---- periodic ones ------------------------------------------------------------------------------------------------------ */

/* Queued unless it is: the unique index decides between workers. */
static void queue_next(struct db *db, struct arena *arena, const char *name, long seconds)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    const char *args[] = {NIL, id, name, arena_format(arena, "%ld", seconds)};
    db_queue(db,
             "INSERT INTO core.job (tenant_id, id, kind, run_at) VALUES ($1::uuid, $2::uuid, $3, now() + $4::integer * interval "
             "'1 second') ON CONFLICT (tenant_id, kind) WHERE state = 'queued' AND tenant_id = '" NIL "' DO NOTHING",
             args, 4);
}

struct schedule {
    struct db *db;
    struct arena *arena;
    enum bl_status status;
};

static bool schedule_one(void *arg, const char *name, const struct job_kind *kind, const struct bl_duty *duty,
                         const struct bl_job *task)
{
    struct schedule *s = arg;
    struct bl_rows *rows;
    (void)task;
    if (kind == NULL && duty == NULL)
        return false;
    queue_next(s->db, s->arena, name, 0);
    s->status = db_flush(s->db, s->arena, &rows);
    return s->status != BL_OK;
}

enum bl_status jobs_schedule(struct db *db, struct arena *arena, const struct registry *registry)
{
    struct schedule s = {.db = db, .arena = arena, .status = db_ready(db)};
    if (s.status == BL_OK)
        walk(arena, registry, schedule_one, &s);
    return s.status;
}

/* ---- one job ------------------------------------------------------------------------------------------------------------ */

static const char *known_kinds(struct arena *arena, const struct registry *registry)
{
    struct buf list = buf_new(arena, 512);
    buf_char(&list, '{');
    walk(arena, registry, add_to_list, &list);
    buf_char(&list, '}');
    return list.data;
}

enum bl_status jobs_take(struct db *db, struct arena *arena, const struct registry *registry, struct job *job)
{
    *job = (struct job){.kind = NULL};
    struct bl_rows *rows;
    const char *args[] = {known_kinds(arena, registry), arena_format(arena, "%d", JOB_LEASE)};
    enum bl_status status =
        ask(db, arena,
            "UPDATE core.job j SET attempts = j.attempts + 1, run_at = now() + $2::integer * interval '1 second' "
            "FROM (SELECT q.tenant_id, q.id FROM core.job q WHERE q.state = 'queued' AND q.run_at <= now() "
            "AND q.kind = ANY ($1::text[]) ORDER BY q.run_at LIMIT 1 FOR UPDATE SKIP LOCKED) due "
            "WHERE j.tenant_id = due.tenant_id AND j.id = due.id "
            "RETURNING j.tenant_id, j.id, j.kind, j.attempts, j.actor, j.input::text, j.client, j.scope, "
            "(SELECT f.slug FROM core.find_organisation(j.tenant_id::text) f)",
            args, 2, &rows);
    if (status != BL_OK || db_count(rows) == 0)
        return status;
    snprintf(job->tenant, sizeof job->tenant, "%s", db_cell(rows, 0, 0));
    snprintf(job->id, sizeof job->id, "%s", db_cell(rows, 0, 1));
    snprintf(job->name, sizeof job->name, "%s", db_cell(rows, 0, 2));
    job->attempts = (long)db_integer(rows, 0, 3);
    snprintf(job->actor, sizeof job->actor, "%s", db_null(rows, 0, 4) ? "" : db_cell(rows, 0, 4));
    job->input = db_null(rows, 0, 5) ? "null" : db_cell(rows, 0, 5);
    job->client = db_integer(rows, 0, 6) != 0;
    job->scope = db_cell(rows, 0, 7);
    snprintf(job->slug, sizeof job->slug, "%s", db_null(rows, 0, 8) ? "" : db_cell(rows, 0, 8));
    walk(arena, registry, is_it, job);
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
    if (job->kind != NULL || job->duty != NULL)
        queue_next(db, arena, job->name, job->kind != NULL ? job->kind->period : job->duty->period);
    return db_flush(db, arena, rows);
}

enum bl_status jobs_done(struct db *db, struct arena *arena, const struct job *job, const char *outcome)
{
    return end(db, arena, job,
               "UPDATE core.job SET state = 'done', outcome = $3, problem = NULL, finished_at = now() "
               "WHERE tenant_id = $1::uuid AND id = $2::uuid",
               outcome);
}

/* Seconds until the next attempt. */
static const char *pause_after(struct arena *arena, long attempts)
{
    long pause = JOB_FIRST_PAUSE;
    for (long i = 1; i < attempts && pause < JOB_LAST_PAUSE; i++)
        pause *= 2;
    return arena_format(arena, "%ld", pause < JOB_LAST_PAUSE ? pause : JOB_LAST_PAUSE);
}

enum bl_status jobs_failed(struct db *db, struct arena *arena, const struct job *job, const char *problem, bool again)
{
    if (!again || job->attempts >= JOB_ATTEMPTS)
        return end(db, arena, job,
                   "UPDATE core.job SET state = 'dead', problem = $3, finished_at = now() "
                   "WHERE tenant_id = $1::uuid AND id = $2::uuid",
                   problem);
    const char *args[] = {job->tenant, job->id, problem, pause_after(arena, job->attempts)};
    return settle(db, arena,
                  "UPDATE core.job SET problem = $3, run_at = now() + $4::integer * interval '1 second' "
                  "WHERE tenant_id = $1::uuid AND id = $2::uuid",
                  args, 4);
}

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

enum bl_status messages_take(struct db *db, struct arena *arena, struct message *m)
{
    *m = (struct message){.attempts = 0};
    struct bl_rows *rows;
    const char *args[] = {arena_format(arena, "%d", JOB_LEASE)};
    enum bl_status status =
        ask(db, arena,
            "UPDATE core.message m SET attempts = m.attempts + 1, run_at = now() + $1::integer * interval '1 second' "
            "FROM (SELECT q.tenant_id, q.id FROM core.message q WHERE q.state = 'waiting' AND q.run_at <= now() "
            "AND NOT EXISTS (SELECT FROM core.message e WHERE e.tenant_id = q.tenant_id AND e.to_tenant = q.to_tenant AND "
            "e.state = 'waiting' AND e.id < q.id) ORDER BY q.run_at LIMIT 1 FOR UPDATE SKIP LOCKED) due "
            "WHERE m.tenant_id = due.tenant_id AND m.id = due.id RETURNING m.id, m.tenant_id, m.to_tenant, "
            "coalesce((SELECT f.slug FROM core.find_organisation(m.to_tenant::text) f), ''), m.kind, m.body::text, m.attempts",
            args, 1, &rows);
    if (status != BL_OK || db_count(rows) == 0)
        return status;
    snprintf(m->id, sizeof m->id, "%s", db_cell(rows, 0, 0));
    snprintf(m->from, sizeof m->from, "%s", db_cell(rows, 0, 1));
    snprintf(m->to, sizeof m->to, "%s", db_cell(rows, 0, 2));
    snprintf(m->to_slug, sizeof m->to_slug, "%s", db_cell(rows, 0, 3));
    snprintf(m->kind, sizeof m->kind, "%s", db_cell(rows, 0, 4));
    m->body = db_cell(rows, 0, 5);
    m->attempts = (long)db_integer(rows, 0, 6);
    return BL_OK;
}

enum bl_status messages_done(struct db *db, struct arena *arena, const struct message *m)
{
    return settle(db, arena,
                  "UPDATE core.message SET state = 'delivered', problem = NULL, finished_at = now() "
                  "WHERE tenant_id = $1::uuid AND id = $2::uuid AND state = 'waiting'",
                  (const char *const[]){m->from, m->id}, 2);
}

enum bl_status messages_failed(struct db *db, struct arena *arena, const struct message *m, const char *problem)
{
    if (m->attempts >= JOB_ATTEMPTS)
        return settle(db, arena,
                      "UPDATE core.message SET state = 'dead', problem = $3, finished_at = now() "
                      "WHERE tenant_id = $1::uuid AND id = $2::uuid",
                      (const char *const[]){m->from, m->id, problem}, 3);
    return settle(db, arena,
                  "UPDATE core.message SET problem = $3, run_at = now() + $4::integer * interval '1 second' "
                  "WHERE tenant_id = $1::uuid AND id = $2::uuid",
                  (const char *const[]){m->from, m->id, problem, pause_after(arena, m->attempts)}, 4);
}
