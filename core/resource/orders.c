/* What a request leaves for `ballium work`: jobs, and messages to other organisations. */
#include "base/ids.h"
#include "base/json.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>
#include <string.h>

static const char *compact(struct bl_request *r, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    bl_defer(r, free, text);
    return text ? text : "null";
}

enum bl_status engine_enqueue(struct bl_request *r, const char *kind, const json_t *input, bool client, const char *scope,
                              const char **id)
{
    char *job = bl_alloc(r, UUID_TEXT);
    uuid_v7(job);
    const char *args[] = {job, kind, r->actor, compact(r, input), client ? "true" : "false", scope};
    *id = job;
    return bl_sql(r,
                  "INSERT INTO core.job (tenant_id, id, kind, actor, input, client, scope) VALUES ($1::uuid, $2::uuid, $3, "
                  "$4::uuid, $5::jsonb, $6::boolean, $7)",
                  args, 6, 0, NULL);
}

enum bl_status engine_send(struct bl_request *r, const char *to_tenant, const char *kind, const json_t *message)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    const char *args[] = {id, to_tenant, kind, compact(r, message), r->actor};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "INSERT INTO core.message (tenant_id, id, to_tenant, kind, body, created_by)\n"
                                   "SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5::jsonb, $6::uuid "
                                   "WHERE core.bound($1::uuid, $3::uuid) RETURNING id",
                                   args, 5, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "no_engagement", NULL,
                       "nothing can be sent to that organisation: no engagement binds it to this one");
    return status;
}

/* ---- GET …/jobs, …/jobs/{job}: the caller's own; all of them for those who may read the trail --------------------------- */

#define JOB_SELECT                                                                                                               \
    "SELECT j.id, j.kind, j.state, j.actor, j.created_at, j.finished_at, j.progress, j.progress_of, j.result::text, j.problem "  \
    "FROM core.job j WHERE j.tenant_id = $1 AND (j.actor = $2::uuid OR $3::boolean) "
enum job_column {
    JOB_ID,
    JOB_KIND,
    JOB_STATE,
    JOB_ACTOR,
    JOB_CREATED,
    JOB_FINISHED,
    JOB_PROGRESS,
    JOB_OF,
    JOB_RESULT,
    JOB_PROBLEM
};

static void put_job(struct bl_request *r, const struct bl_rows *rows, int i)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, i, JOB_ID);
    bl_json_cell(r, "kind", rows, i, JOB_KIND);
    bl_json_cell(r, "state", rows, i, JOB_STATE);
    bl_json_cell(r, "ordered_by", rows, i, JOB_ACTOR);
    bl_json_cell(r, "created_at", rows, i, JOB_CREATED);
    bl_json_cell(r, "finished_at", rows, i, JOB_FINISHED);
    if (bl_cell(r, rows, i, JOB_OF)) {
        bl_json_object(r, "progress");
        bl_json_cell(r, "done", rows, i, JOB_PROGRESS);
        bl_json_cell(r, "of", rows, i, JOB_OF);
        bl_json_close(r);
    } else {
        bl_json_text(r, "progress", NULL);
    }
    bl_json_raw(r, "outcome", bl_cell(r, rows, i, JOB_RESULT));
    bl_json_cell(r, "problem", rows, i, JOB_PROBLEM);
    bl_json_close(r);
}

static const char *sees_all(struct bl_request *r)
{
    return bl_may(r, "core.event:read") ? "true" : "false";
}

enum bl_status engine_job(struct bl_request *r)
{
    enum bl_status status = resource_known_query(r, NULL);
    const char *id = bl_param(r, "job");
    const char *args[] = {r->actor, sees_all(r), resource_uuid(id)};
    struct bl_rows *rows;
    if (status == BL_OK)
        status = bl_sql(r, JOB_SELECT "AND j.id = $4::uuid", args, 3, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "no_such_job", NULL, "there is no such job here, or somebody else has ordered it");
    bl_respond(r, 200, "application/json");
    put_job(r, rows, 0);
    return BL_OK;
}

enum bl_status engine_jobs(struct bl_request *r)
{
    long limit;
    const char *cursor;
    enum bl_status status = resource_page_of(r, &limit, &cursor);
    if (status != BL_OK)
        return status;
    const char *args[] = {r->actor, sees_all(r), cursor, value_text(r, "%ld", limit + 1)};
    struct bl_rows *rows;
    status = bl_sql(r, JOB_SELECT "AND ($4::uuid IS NULL OR j.id < $4::uuid) ORDER BY j.id DESC LIMIT $5::integer", args, 4,
                    BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    int got = bl_count(r, rows), shown = got > limit ? (int)limit : got;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        put_job(r, rows, i);
    bl_json_close(r);
    bl_json_text(r, "next", got > shown ? bl_cell(r, rows, shown - 1, JOB_ID) : NULL);
    bl_json_close(r);
    return BL_OK;
}
