#include "jobs/inside.h"

#include "base/log.h"
#include "http/act.h"

#include <stdlib.h>
#include <string.h>

struct inside {
    struct config config; /* the caller's, but that the connection is the worker's */
    struct registry *registry;
    struct engine *engine;
    struct http *http;
    struct http_worker *worker;
    struct arena *arena; /* of the queue's connection: lists of organisations, progress */
};

enum { ARENA_LIMIT = 16 * 1024 * 1024, PAGE = 500 };

struct inside *inside_new(const struct config *config, FILE *errors)
{
    struct inside *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    in->config = *config;
    in->config.database = config->worker;
    if ((in->arena = arena_new(ARENA_LIMIT)) != NULL && (in->registry = registry_load(config, errors)) != NULL &&
        (in->engine = engine_new(in->registry, errors)) != NULL &&
        (in->http = http_new(&in->config, in->engine, NULL, errors)) != NULL && /* nobody logs in here */
        registry_init(in->registry, &http_core, errors) && (in->worker = http_worker_new(in->http)) != NULL)
        return in;
    inside_free(in);
    return NULL;
}

void inside_free(struct inside *in)
{
    if (in == NULL)
        return;
    if (in->worker != NULL) {
        http_worker_free(in->worker);
        registry_fini(in->registry);
    }
    if (in->http != NULL)
        http_free(in->http);
    if (in->engine != NULL)
        engine_free(in->engine);
    if (in->registry != NULL)
        registry_free(in->registry);
    if (in->arena != NULL)
        arena_free(in->arena);
    free(in);
}

const struct registry *inside_registry(const struct inside *in)
{
    return in->registry;
}

struct http_worker *inside_worker(struct inside *in)
{
    return in->worker;
}

struct arena *inside_arena(struct inside *in)
{
    return in->arena;
}

const struct engine *inside_engine(const struct inside *in)
{
    return in->engine;
}

/* ---- duties ------------------------------------------------------------------------------------------------------------- */

static enum bl_status run_duty(struct bl_request *r, void *job)
{
    return (*(const struct job **)job)->duty->run(r);
}

static bool duty_in(struct inside *in, const struct job *job, const char *tenant, const char *slug)
{
    struct http_act act = {.tenant = tenant, .slug = slug, .what = job->name, .run = run_duty, .arg = &job};
    if (http_act(in->worker, &act) == BL_OK)
        return true;
    log_write(LOG_ERROR, "duty_failed", "%s in %s: %s", job->name, slug, act.problem);
    return false;
}

enum bl_status inside_duty(struct inside *in, struct db *queue, const struct job *job, char *outcome, size_t room)
{
    char after[UUID_TEXT] = "";
    long done = 0, failed = 0;
    for (int got = PAGE; got == PAGE;) {
        struct bl_rows *rows;
        enum bl_status status = db_ready(queue);
        if (status != BL_OK)
            return status;
        db_queue(queue, "SELECT id, slug FROM core.work_organisations($1::uuid, $2::integer)",
                 (const char *const[]){*after ? after : NULL, arena_format(in->arena, "%d", PAGE)}, 2);
        status = db_flush(queue, in->arena, &rows);
        if (status != BL_OK)
            return status;
        got = db_count(rows);
        for (int i = 0; i < got; i++)
            (*(duty_in(in, job, db_cell(rows, i, 0), db_cell(rows, i, 1)) ? &done : &failed))++;
        if (got > 0)
            snprintf(after, sizeof after, "%s", db_cell(rows, got - 1, 0));
        arena_reset(in->arena);
    }
    snprintf(outcome, room, "done in %ld organisations, failed in %ld", done, failed);
    return BL_OK;
}

/* ---- tasks -------------------------------------------------------------------------------------------------------------- */

struct task {
    const struct job *job;
    struct db *queue;
    struct arena *arena;
    json_t *outcome;
    char *text;
    const char *args[3];
};

static enum bl_status run_task(struct bl_request *r, void *arg)
{
    struct task *t = arg;
    json_t *input = json_loads(t->job->input, JSON_DECODE_ANY, NULL);
    enum bl_status status = t->job->task->run(r, input, &t->outcome);
    json_decref(input);
    return status;
}

static const char *const *task_done(void *arg, int *count)
{
    struct task *t = arg;
    t->text = t->outcome ? json_dumps(t->outcome, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    t->args[0] = t->job->tenant;
    t->args[1] = t->job->id;
    t->args[2] = t->text;
    *count = 3;
    return t->args;
}

/* On the other connection: this one's transaction shows nothing before its end. The lease begins anew. What fails here is only
 * not seen. */
static void task_progress(void *arg, int64_t done, int64_t of)
{
    struct task *t = arg;
    struct bl_rows *rows;
    if (db_ready(t->queue) != BL_OK)
        return;
    db_queue(t->queue,
             "UPDATE core.job SET progress = $3::bigint, progress_of = $4::bigint, run_at = now() + $5::integer * interval "
             "'1 second' WHERE tenant_id = $1::uuid AND id = $2::uuid AND state = 'queued'",
             (const char *const[]){t->job->tenant, t->job->id, arena_format(t->arena, "%lld", (long long)done),
                                   arena_format(t->arena, "%lld", (long long)of), arena_format(t->arena, "%d", JOB_LEASE)},
             5);
    if (db_flush(t->queue, t->arena, &rows) != BL_OK)
        log_write(LOG_WARN, "jobs", "%s: the progress could not be written", t->job->name);
}

enum bl_status inside_task(struct inside *in, struct db *queue, const struct job *job, char *problem, size_t room)
{
    struct task task = {.job = job, .queue = queue, .arena = in->arena};
    struct http_act act = {.tenant = job->tenant,
                           .slug = job->slug,
                           .actor = job->actor,
                           .client = job->client,
                           .scope = job->scope,
                           .what = job->name,
                           .run = run_task,
                           .arg = &task,
                           .last = JOB_TASK_DONE,
                           .last_args = task_done,
                           .progress = task_progress};
    enum bl_status status = http_act(in->worker, &act);
    json_decref(task.outcome);
    free(task.text);
    arena_reset(in->arena);
    snprintf(problem, room, "%s", act.problem);
    return status;
}

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

static const struct bl_inbox *find_inbox(const struct registry *registry, const char *kind)
{
    char area[64];
    const char *dot = strchr(kind, '.');
    if (dot == NULL)
        return NULL;
    snprintf(area, sizeof area, "%.*s", (int)(dot - kind), kind);
    const struct bl_plugin *plugin = registry_plugin(registry, area);
    for (const struct bl_inbox *i = plugin ? plugin->inboxes : NULL; i && i->name; i++)
        if (strcmp(i->name, dot + 1) == 0)
            return i;
    return NULL;
}

struct receiving {
    const struct bl_inbox *inbox;
    const struct message *message;
};

/* The receipt comes first: a second attempt waits for the first, and finds it. */
static enum bl_status receive(struct bl_request *r, void *arg)
{
    const struct receiving *in = arg;
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "INSERT INTO core.receipt (tenant_id, message_id, from_tenant) VALUES ($1::uuid, $2::uuid, "
                                   "$3::uuid) ON CONFLICT DO NOTHING RETURNING 1",
                                   (const char *const[]){in->message->id, in->message->from}, 2, 0, &rows);
    if (status != BL_OK || bl_count(r, rows) == 0)
        return status;
    json_t *body = json_loads(in->message->body, JSON_DECODE_ANY, NULL);
    status = in->inbox->receive(r, in->message->from, body);
    json_decref(body);
    return status;
}

enum bl_status inside_receive(struct inside *in, const struct message *m, char *problem, size_t room)
{
    struct receiving receiving = {.inbox = find_inbox(in->registry, m->kind), .message = m};
    struct http_act act = {.tenant = m->to, .slug = m->to_slug, .what = m->kind, .run = receive, .arg = &receiving};
    if (receiving.inbox == NULL) {
        snprintf(problem, room, "no loaded area takes %s", m->kind);
        return BL_NOT_FOUND;
    }
    enum bl_status status = http_act(in->worker, &act);
    snprintf(problem, room, "%s", act.problem);
    return status;
}
