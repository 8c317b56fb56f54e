#include "jobs/inside.h"
#include "jobs/transfer.h"

#include "files/files.h"

#include <stdio.h>

/* Runs a statement that answers how many rows it took away, until it takes none: short transactions, small locks. */
static enum bl_status sweep(struct db *db, struct arena *arena, const char *sql, const char *what, char *outcome, size_t room)
{
    long long all = 0;
    for (int64_t some = 1; some > 0; all += some) {
        struct bl_rows *rows;
        db_queue(db, sql, NULL, 0);
        enum bl_status status = db_flush(db, arena, &rows);
        if (status != BL_OK)
            return status;
        some = db_integer(rows, 0, 0);
    }
    snprintf(outcome, room, "%lld %s removed", all, what);
    return BL_OK;
}

/* The policy of the table shows the worker only what is older than a day. */
static enum bl_status sweep_idempotency(struct db *db, struct arena *arena, const struct config *config, char *outcome,
                                        size_t room)
{
    (void)config;
    return sweep(
        db, arena,
        "WITH gone AS (DELETE FROM core.idempotency WHERE created_at < now() - interval '24 hours' RETURNING created_at) "
        "SELECT count(*) FROM gone",
        "idempotency keys", outcome, room);
}

static enum bl_status sweep_logins(struct db *db, struct arena *arena, const struct config *config, char *outcome, size_t room)
{
    (void)config;
    return sweep(db, arena, "SELECT core.sweep_logins(1000)", "sessions and failed log-ins", outcome, room);
}

/* Dead ones stay longer: somebody should have looked at them. */
static enum bl_status sweep_jobs(struct db *db, struct arena *arena, const struct config *config, char *outcome, size_t room)
{
    (void)config;
    return sweep(db, arena,
                 "WITH gone AS (DELETE FROM core.job WHERE state = 'done' AND finished_at < now() - interval '7 days' "
                 "OR state = 'dead' AND finished_at < now() - interval '90 days' RETURNING id) SELECT count(*) FROM gone",
                 "finished jobs", outcome, room);
}

const struct bl_job core_jobs[] = {{"report", jobs_report}, {"export", transfer_job}, {.name = NULL}};

static enum bl_status sweep_webhooks(struct db *db, struct arena *arena, const struct config *config, char *outcome, size_t room)
{
    (void)config;
    return sweep(
        db, arena,
        "WITH keys AS (DELETE FROM core.webhook_key WHERE ends_at < now()), gone AS (DELETE FROM core.webhook_delivery WHERE "
        "state = 'delivered' AND finished_at < now() - interval "
        "'30 days' OR state = 'dead' AND finished_at < now() - interval '90 days' RETURNING id) SELECT count(*) FROM gone",
        "webhook deliveries", outcome, room);
}

static enum bl_status sweep_files(struct db *db, struct arena *arena, const struct config *config, char *outcome, size_t room)
{
    long long taken = 0;
    struct files *files = files_new(config, stderr);
    enum bl_status status = files == NULL ? BL_INTERNAL : files_sweep(files, db, arena, &taken);
    files_free(files);
    snprintf(outcome, room, "%lld files that nobody names removed", taken);
    return status;
}

const struct job_kind job_kinds[] = {
    {"sweep_idempotency", 600, .run = sweep_idempotency},
    {"sweep_logins", 3600, .run = sweep_logins},
    {"sweep_jobs", 3600, .run = sweep_jobs},
    {"sweep_files", 3600, .run = sweep_files},
    {"sweep_webhooks", 3600, .run = sweep_webhooks},
    {"remind", 900, .within = inside_remind},
    {.name = NULL},
};
