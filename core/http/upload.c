/* POST /api/v1/orgs/{org}/files: the body is the file, the query what is said of it. The caller is let in first; then the bytes
 * come, with no transaction open; then one transaction counts them, writes the row and puts them where they belong. */
#include "base/buf.h"
#include "db/db.h"
#include "files/files.h"
#include "http/files.h"
#include "http/idempotency.h"
#include "http/transaction.h"
#include "http/worker.h"

#include <stdlib.h>
#include <string.h>

static const char quota_sql[] = "SELECT coalesce(q.used, 0), coalesce(core.file_limit(), $2::bigint) FROM (SELECT) one "
                                "LEFT JOIN core.file_quota q ON q.tenant_id = $1::uuid";
/* Holds the organisation's row until the end: uploads of one organisation end one after the other, and no sweep comes between. */
static const char take_sql[] = "INSERT INTO core.file_quota AS q (tenant_id, used) SELECT $1::uuid, $2::bigint WHERE $2::bigint "
                               "<= coalesce(core.file_limit(), "
                               "$3::bigint) ON CONFLICT (tenant_id) DO UPDATE SET used = q.used + excluded.used "
                               "WHERE q.used + excluded.used <= coalesce(core.file_limit(), $3::bigint) RETURNING used";

static const char *const said[] = {"name", "description", "effective_on", "valid_until", "custodian_id"};

static enum bl_status fail(struct http_request *r, const struct files_problem *problem)
{
    return bl_fail(&r->base, problem->status, problem->code, NULL, "%s", problem->detail);
}

static void release(void *json)
{
    json_decref(json);
}

/* What the query says of the file, as the engine takes it. */
static enum bl_status read_query(struct http_request *r, json_t **body)
{
    *body = json_object();
    arena_defer(r->arena, release, *body);
    for (size_t i = 0; i < r->query.count; i++) {
        const char *name = r->query.pairs[i].name, *value = r->query.pairs[i].value;
        bool known = false;
        for (size_t k = 0; k < sizeof said / sizeof *said; k++)
            known |= strcmp(said[k], name) == 0;
        if (!known)
            return bl_fail(
                &r->base, BL_BAD_REQUEST, "unknown_parameter", NULL,
                "there is no query parameter %s here, only name, description, effective_on, valid_until and custodian_id", name);
        if (json_object_get(*body, name) != NULL)
            return bl_fail(&r->base, BL_BAD_REQUEST, "repeated_parameter", NULL, "query parameter %s is given twice", name);
        if (*value != '\0')
            json_object_set_new(*body, name, json_string(value));
    }
    return BL_OK;
}

static const char *limit_text(struct http_request *r)
{
    return arena_format(r->arena, "%lld", (long long)r->worker->http->config->file_quota << 20);
}

static enum bl_status over_quota(struct http_request *r, long long used, long long limit, long long size)
{
    return bl_fail(
        &r->base, BL_TOO_LARGE, "quota_exceeded", NULL,
        "the organisation keeps %lld of its %lld bytes of files, and this one has %lld: ask who runs the service for more", used,
        limit, size);
}

/* Is the caller let in, and is there room for what was announced? */
static enum bl_status admit(struct http_request *r)
{
    const char *const args[] = {limit_text(r)}, *length = http_params_find(&r->params, "CONTENT_LENGTH");
    struct bl_rows *rows[1];
    enum bl_status status = http_admit(r, &(struct http_statement){quota_sql, args, 1}, rows);
    if (status != BL_OK)
        return status;
    long long used = db_integer(rows[0], 0, 0), limit = db_integer(rows[0], 0, 1);
    long long announced = length == NULL ? 0 : strtoll(length, NULL, 10);
    return used + announced <= limit ? BL_OK : over_quota(r, used, limit, announced);
}

struct receiving {
    struct http_request *request;
    struct files_upload *upload;
};

static enum bl_status receive(void *arg, const char *bytes, size_t length)
{
    struct receiving *in = arg;
    struct files_problem problem;
    return files_add(in->upload, bytes, length, &problem) ? BL_OK : fail(in->request, &problem);
}

/* Takes the Idempotency-Key, now that it is known what came: the request's fingerprint instead of its body. */
static enum bl_status take_key(struct http_request *r, const struct files_facts *facts)
{
    struct buf text = buf_new(r->arena, 256);
    buf_format(&text, "%s\n%s", facts->sha256, http_params_find(&r->params, "QUERY_STRING"));
    r->body.read = true;
    r->body.status = BL_OK;
    r->body.bytes = text.data;
    r->body.length = text.length;
    return http_idempotency_take(r);
}

static enum bl_status count_in(struct http_request *r, const struct files_facts *facts)
{
    const char *const args[] = {arena_format(r->arena, "%lld", (long long)facts->size), limit_text(r)};
    struct bl_rows *rows;
    enum bl_status status = http_sql(r, take_sql, args, 2, 0, &rows);
    if (status != BL_OK || db_count(rows) == 1)
        return status;
    status = http_sql(r, quota_sql, args + 1, 1, 0, &rows);
    return status == BL_OK ? over_quota(r, db_integer(rows, 0, 0), db_integer(rows, 0, 1), facts->size) : status;
}

static enum bl_status write_row(struct http_request *r, const json_t *body, const json_t *origin, const struct files_facts *facts,
                                json_t **out)
{
    json_t *server = json_pack("{s:s, s:s, s:I, s:s}", "media_type", facts->media_type, "sha256", facts->sha256, "size",
                               (json_int_t)facts->size, "scan", facts->scanned ? "clean" : "none");
    arena_defer(r->arena, release, server);
    json_object_update(server, (json_t *)origin);
    return engine_put(&r->base, r->worker->http->engine, "core.files", body, server, out, out == NULL);
}

enum bl_status http_keep_file(struct http_request *r, struct files_upload *upload, const json_t *body, const json_t *origin,
                              json_t **out)
{
    struct files_problem problem;
    bool remote = files_remote(r->worker->http->files);
    const struct files_facts *facts = files_end(upload, &problem);
    /* A remote store takes its time, and a transaction must not wait for it. What fails afterwards leaves an orphan there. */
    if (facts == NULL || (remote && !files_keep(upload, r->base.tenant, &problem)))
        return fail(r, &problem);
    enum bl_status status = out == NULL ? take_key(r, facts) : BL_OK;
    if (status != BL_OK || r->done)
        return status;
    status = count_in(r, facts);
    if (status == BL_OK)
        status = write_row(r, body, origin, facts, out);
    if (status == BL_OK && !remote && !files_keep(upload, r->base.tenant, &problem))
        return fail(r, &problem);
    return status;
}

enum bl_status http_upload(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    struct files_problem problem;
    json_t *body;
    enum bl_status status = read_query(r, &body);
    if (status == BL_OK)
        status = admit(r);
    if (status != BL_OK)
        return status;
    struct receiving in = {r, files_begin(r->worker->http->files, r->arena, &problem)};
    if (in.upload == NULL)
        return fail(r, &problem);
    status = http_body_stream(r, receive, &in);
    return status == BL_OK ? http_keep_file(r, in.upload, body, NULL, NULL) : status;
}
