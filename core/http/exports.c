#include "http/exports.h"

#include "base/ids.h"
#include "http/response.h"
#include "http/worker.h"

#include <stdio.h>
#include <string.h>

enum { PATH = 1024, PIECE = 64 * 1024 };

void http_export_path(const struct config *config, const char *tenant, const char *id, char *out, size_t room)
{
    snprintf(out, room, "%s/exports/%s%s%s%s", config->data_dir, tenant, id ? "/" : "", id ? id : "", id ? ".tar" : "");
}

static enum bl_status note(struct bl_request *r, const char *id, const char *verb, unsigned flags)
{
    char event[UUID_TEXT];
    uuid_v7(event);
    return bl_sql(r,
                  "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) "
                  "VALUES ($1::uuid, $2::uuid, $3::uuid, 'core.exports', $4::uuid, $5, 1, '{}', $6)",
                  (const char *const[]){event, r->actor, id, verb, r->id}, 5, flags, NULL);
}

/* POST /api/v1/orgs/{org}/export */
static enum bl_status order(struct bl_request *r)
{
    char id[UUID_TEXT];
    const char *job;
    uuid_v7(id);
    json_t *input = json_pack("{s:s}", "export", id);
    enum bl_status status = note(r, id, "order", 0);
    if (status == BL_OK)
        status = bl_enqueue(r, "core.export", input, &job);
    json_decref(input);
    if (status == BL_OK)
        bl_accepted(r, job);
    return status;
}

static enum bl_status absent(struct bl_request *r)
{
    return bl_fail(r, BL_NOT_FOUND, "no_such_export", NULL, "there is no such export here (any more): order a new one");
}

/* GET /api/v1/orgs/{org}/exports/{id}. Who took it away is on the trail before the first byte leaves. */
static enum bl_status fetch(struct bl_request *r)
{
    char path[PATH], piece[PIECE], name[200];
    const char *id = bl_param(r, "id");
    char *low = bl_alloc(r, UUID_TEXT);
    for (int i = 0; i < UUID_TEXT - 1; i++)
        low[i] = (char)(id[i] >= 'A' && id[i] <= 'F' ? id[i] + 32 : id[i]);
    http_export_path(http_request_of(r)->worker->http->config, r->tenant, low, path, sizeof path);
    FILE *file = fopen(path, "re");
    if (!file)
        return absent(r);
    enum bl_status status = note(r, low, "download", BL_FINAL);
    if (status == BL_OK) {
        bl_respond(r, 200, "application/x-tar");
        snprintf(name, sizeof name, "attachment; filename=\"%s.tar\"", r->org);
        bl_set_header(r, "Content-Disposition", name);
        for (size_t n; !http_request_of(r)->response.gone && (n = fread(piece, 1, sizeof piece, file)) > 0;)
            bl_write(r, piece, n);
    }
    fclose(file);
    return status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
static const char accepted_schema[] = SCHEMA({"type": "object"});
/* clang-format on */

const struct bl_route http_export_routes[] = {
    {.method = "POST",
     .path = "/api/v1/orgs/{org}/export",
     .permission = "core.organisation:export",
     .handler = order,
     .flags = BL_ACCEPTED | BL_FRESH,
     .summary = "Order an archive of the whole organisation; the job's outcome says where it is",
     .answer = accepted_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/exports/{id}",
     .permission = "core.organisation:export",
     .handler = fetch,
     .flags = BL_WRITE | BL_FRESH,
     .summary = "Take an archive away; kept for seven days",
     .produces = "application/x-tar"},
    {.method = NULL},
};
