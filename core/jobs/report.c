/* Makes a report: the area answers a document as data, it is rendered, and becomes a file of the organisation with its origin. */
#include "report/report.h"
#include "base/ids.h"
#include "db/db.h"
#include "files/files.h"
#include "http/files.h"
#include "http/worker.h"
#include "jobs/jobs.h"

#include <string.h>

enum { STEPS = 2 };

struct keeping {
    struct http_request *request;
    struct files_upload *upload;
    struct files_problem problem;
    bool failed;
};

static bool keep(void *arg, const char *bytes, size_t length)
{
    struct keeping *k = arg;
    k->failed = !files_add(k->upload, bytes, length, &k->problem);
    return !k->failed;
}

static void release(void *json)
{
    json_decref(json);
}

/* The organisation's name and the moment; and no more patience of the database's than the renderer needs. */
static enum bl_status complete(struct bl_request *r, json_t *document)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT name, set_config('idle_in_transaction_session_timeout', '300s', true) FROM "
                                   "core.this_organisation WHERE tenant_id = $1",
                                   NULL, 0, 0, &rows);
    if (status != BL_OK || bl_count(r, rows) == 0)
        return status;
    char day[TIME_TEXT], moment[TIME_TEXT + 8];
    time_format(r->now, day);
    snprintf(moment, sizeof moment, "%.10s %.5s UTC", day, day + 11);
    json_object_set_new(document, "organisation", json_string(bl_cell(r, rows, 0, 0)));
    json_object_set_new(document, "made_at", json_string(moment));
    return BL_OK;
}

/* "Statement of Applicability 3 2026-11-23.pdf" */
static json_t *named(struct http_request *r, const json_t *document, const char *format)
{
    char day[TIME_TEXT];
    const char *version = report_text(document, "version");
    time_format(r->base.now, day);
    json_t *body = json_object();
    json_object_set_new(body, "name",
                        json_string(arena_format(r->arena, "%s%s%s %.10s.%s", report_text(document, "title"),
                                                 *version == '\0' ? "" : " ", version, day, format)));
    arena_defer(r->arena, release, body);
    return body;
}

static json_t *origin_of(struct http_request *r, const char *report, const json_t *order, const json_t *document)
{
    const char *id = json_string_value(json_object_get(order, "id")), *version = report_text(document, "version");
    json_t *origin = json_pack("{s:s}", "origin", report);
    if (id != NULL)
        json_object_set_new(origin, "origin_id", json_string(id));
    if (*version != '\0')
        json_object_set_new(origin, "origin_version", json_string(version));
    arena_defer(r->arena, release, origin);
    return origin;
}

static enum bl_status render(struct http_request *r, const json_t *document, const char *format, struct files_upload **upload)
{
    char why[REPORT_WHY] = "";
    const struct config *config = r->worker->http->config;
    struct keeping k = {.request = r};
    k.upload = *upload = files_begin(r->worker->http->files, r->arena, &k.problem);
    bool good = k.upload != NULL && (strcmp(format, "xlsx") == 0 ? report_xlsx(document, keep, &k, why)
                                                                 : report_pdf(document, config->data_dir, keep, &k, why));
    if (good)
        return BL_OK;
    if (k.upload == NULL || k.failed)
        return bl_fail(&r->base, k.problem.status, k.problem.code, NULL, "%s", k.problem.detail);
    return bl_fail(&r->base, BL_UNPROCESSABLE, "not_rendered", NULL, "%s", why);
}

static enum bl_status store(struct http_request *r, struct files_upload *upload, const char *name, const json_t *order,
                            const json_t *document, const char *format, json_t **outcome)
{
    json_t *record = NULL;
    enum bl_status status = http_keep_file(r, upload, named(r, document, format), origin_of(r, name, order, document), &record);
    if (status != BL_OK)
        return status;
    const char *id = json_string_value(json_object_get(record, "id"));
    *outcome = json_pack("{s:s, s:O, s:O, s:O, s:s}", "file", id, "name", json_object_get(record, "name"), "size",
                         json_object_get(record, "size"), "sha256", json_object_get(record, "sha256"), "url",
                         arena_format(r->arena, "/api/v1/orgs/%s/files/%s/content", r->base.org, id));
    return BL_OK;
}

enum bl_status jobs_report(struct bl_request *base, const json_t *input, json_t **outcome)
{
    struct http_request *r = http_request_of(base);
    const char *name = report_text(input, "report"), *format = report_text(input, "format");
    const struct bl_report *report = engine_report(r->worker->http->engine, name);
    const json_t *order = json_object_get(input, "order");
    struct files_upload *upload;
    char why[REPORT_WHY];
    json_t *document = NULL;
    if (report == NULL)
        return bl_fail(base, BL_NOT_FOUND, "not_loaded", NULL, "there is no report %s here: its area is not loaded", name);
    if (!bl_may(base, report->permission)) /* it may have been taken away since */
        return bl_fail(base, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", report->permission);
    enum bl_status status = report->make(base, order, &document);
    if (document != NULL)
        arena_defer(r->arena, release, document);
    if (status == BL_OK && report_check(document, why) != NULL)
        status = bl_fail(base, BL_INTERNAL, "bad_document", NULL, "%s", why);
    if (status == BL_OK)
        status = complete(base, document);
    bl_progress(base, 1, STEPS);
    if (status == BL_OK)
        status = render(r, document, format, &upload);
    bl_progress(base, 2, STEPS);
    return status == BL_OK ? store(r, upload, name, order, document, format, outcome) : status;
}
