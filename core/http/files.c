#include "http/files.h"

#include "base/buf.h"
#include "db/db.h"
#include "files/files.h"
#include "http/response.h"
#include "http/worker.h"

#include <ctype.h>
#include <string.h>

/* attachment; filename="plain.txt"; filename*=UTF-8''percent-encoded (RFC 6266). What is not harmless in a header or a file
 * system is a dash in the first and escaped in the second. */
static const char *disposition(struct http_request *r, const char *name)
{
    struct buf text = buf_new(r->arena, 256);
    buf_text(&text, "attachment; filename=\"");
    for (const char *p = name; *p != '\0'; p++)
        if (((unsigned char)*p & 0xc0) != 0x80) /* one dash for a character of many bytes */
            buf_char(&text, isalnum((unsigned char)*p) || (strchr("._ -", *p) != NULL && p != name) ? *p : '-');
    buf_text(&text, "\"; filename*=UTF-8''");
    for (const char *p = name; *p != '\0'; p++) {
        if (isalnum((unsigned char)*p) || strchr("-._~", *p) != NULL)
            buf_char(&text, *p);
        else
            buf_format(&text, "%%%02X", (unsigned)(unsigned char)*p);
    }
    return text.data;
}

static bool pass_on(void *arg, const char *bytes, size_t length)
{
    struct http_request *r = arg;
    http_write(r, bytes, length);
    return !r->response.gone;
}

/* GET …/files/{id}/content. Whatever the bytes are, they are called bytes, saved and never shown: a page or a picture with a
 * script in it stays a file. */
static enum bl_status content(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    const struct files *files = r->worker->http->files;
    const char *const args[] = {bl_param(base, "id")};
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(base, "SELECT name, sha256 FROM core.file WHERE tenant_id = $1::uuid AND id = $2::uuid", args, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (db_count(rows) == 0)
        return bl_fail(base, BL_NOT_FOUND, "not_found", NULL, "there is no file with this id here");
    const char *sha256 = db_cell(rows, 0, 1), *inside = files_inside(files, r->arena, base->tenant, sha256);
    bl_respond(base, 200, "application/octet-stream");
    bl_set_header(base, "Content-Disposition", disposition(r, db_cell(rows, 0, 0)));
    bl_set_header(base, "Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
    bl_set_header(base, "Cross-Origin-Resource-Policy", "same-origin");
    if (inside != NULL) {
        bl_set_header(base, "X-Accel-Redirect", inside);
        return BL_OK;
    }
    struct files_problem problem;
    if (r->head || files_send(files, base->tenant, sha256, pass_on, r, &problem))
        return BL_OK;
    return r->response.gone ? BL_UNAVAILABLE : bl_fail(base, problem.status, problem.code, NULL, "%s", problem.detail);
}

/* GET …/files:usage */
static enum bl_status usage(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    const char *const args[] = {arena_format(r->arena, "%lld", (long long)r->worker->http->config->file_quota << 20)};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(base,
                                   "SELECT (SELECT count(*) FROM core.file f WHERE f.tenant_id = $1::uuid), coalesce(q.used, 0), "
                                   "coalesce(core.file_limit(), $2::bigint) FROM (SELECT) one "
                                   "LEFT JOIN core.file_quota q ON q.tenant_id = $1::uuid",
                                   args, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(base, 200, "application/json");
    bl_json_object(base, NULL);
    bl_json_integer(base, "files", db_integer(rows, 0, 0));
    bl_json_integer(base, "used", db_integer(rows, 0, 1));
    bl_json_integer(base, "limit", db_integer(rows, 0, 2));
    bl_json_close(base);
    return BL_OK;
}

/* clang-format off */
static const char usage_schema[] =
    "{\"type\": \"object\", \"required\": [\"files\", \"used\", \"limit\"], \"properties\": {"
    "\"files\": {\"type\": \"integer\"}, \"used\": {\"type\": \"integer\", \"description\": \"Bytes of all files, archived ones too.\"},"
    "\"limit\": {\"type\": \"integer\", \"description\": \"Bytes that the organisation may keep.\"}}}";
/* clang-format on */

/* For the document; the upload is described by hand (core/data/openapi.json). */
static const struct bl_route about_content = {
    .method = "GET", .summary = "The bytes of a file, to be saved", .produces = "application/octet-stream"};
static const struct bl_route about_usage = {
    .method = "GET", .summary = "How much the organisation keeps, and may keep", .answer = usage_schema};

const struct engine_route http_file_routes[] = {
    {.method = "POST",
     .path = "/api/v1/orgs/{org}/files",
     .permission = "core.file:write",
     .handler = http_upload,
     .flags = BL_WRITE,
     .body_limit = FILES_MAX,
     .checks_query = true,
     .streams = true,
     .plugin = &plugin_core},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/files/{id}/content",
     .permission = "core.file:read",
     .handler = content,
     .own = &about_content,
     .plugin = &plugin_core},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/files:usage",
     .permission = "core.file:read",
     .handler = usage,
     .own = &about_usage,
     .plugin = &plugin_core},
};
const size_t http_file_route_count = sizeof http_file_routes / sizeof *http_file_routes;
