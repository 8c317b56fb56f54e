/* POST …/<area>/reports/<name>: orders the job that makes the document. */
#include "resource/routes.h"

#include "base/ids.h"

#include <string.h>

const char report_order_schema[] = "{\"type\": \"object\", \"properties\": {"
                                   "\"id\": {\"type\": \"string\", \"format\": \"uuid\", \"description\": \"The record that it "
                                   "is about, where the report takes one.\"},"
                                   "\"format\": {\"type\": \"string\", \"enum\": [\"pdf\", \"xlsx\"], \"default\": \"pdf\"}}}";
const char report_answer_schema[] = "{\"type\": \"object\", \"required\": [\"job\", \"url\"], \"properties\": {"
                                    "\"job\": {\"type\": \"string\", \"format\": \"uuid\"}, \"url\": {\"type\": \"string\", "
                                    "\"description\": \"Says how far it is; its "
                                    "outcome names the file.\"}}}";

const struct bl_report *engine_report(const struct engine *engine, const char *name)
{
    char area[64];
    const char *dot = strchr(name, '.');
    if (dot == NULL)
        return NULL;
    snprintf(area, sizeof area, "%.*s", (int)(dot - name), name);
    const struct bl_plugin *plugin = registry_plugin(engine_registry(engine), area);
    for (const struct bl_report *r = plugin ? plugin->reports : NULL; r && r->name; r++)
        if (strcmp(r->name, dot + 1) == 0)
            return r;
    return NULL;
}

enum bl_status resource_report(struct bl_request *r)
{
    json_t *body;
    const char *job;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    const json_t *id = json_object_get(body, "id"), *format = json_object_get(body, "format");
    const char *word = format == NULL ? "pdf" : json_string_value(format);
    if (word == NULL || (strcmp(word, "pdf") != 0 && strcmp(word, "xlsx") != 0))
        status = bl_fail(r, BL_UNPROCESSABLE, "unknown_format", "/format", "must be pdf or xlsx");
    if (id != NULL && (!json_is_string(id) || !uuid_valid(json_string_value(id))))
        status = bl_fail(r, BL_UNPROCESSABLE, "bad_id", "/id", "must be the id of a record");
    if (status != BL_OK)
        return status;
    json_t *order = json_pack("{s:s, s:s, s:O}", "report", plan_route(r)->report, "format", word, "order", body);
    status = bl_enqueue(r, "core.report", order, &job);
    json_decref(order);
    if (status == BL_OK)
        bl_accepted(r, job);
    return status;
}
