/* The public report form of an organisation (A.6.8): whoever noticed something tells it, without an account. It is open once a
 * token was made for it, which stands on the organisation's own page. A report becomes an event, and shows nothing of others. */
#include "operation.h"
#include <stdio.h>
#include <string.h>

static const char purpose[] = "operation.report";
enum { MOST = 32 * 1024 }; /* bytes of a report */

static enum bl_status token_of(struct bl_request *r, json_t **body, const char **token)
{
    const char *text;
    size_t length;
    enum bl_status status = bl_body_text(r, &text, &length);
    if (status == BL_OK && length > MOST)
        return bl_fail(r, BL_TOO_LARGE, "too_large", NULL, "a report may have 32 KiB: say the rest when you are called back");
    if (status == BL_OK)
        status = bl_body(r, body);
    *token = status == BL_OK ? json_string_value(json_object_get(*body, "token")) : NULL;
    return status;
}

/* What a stranger may say; the rest of an event is not theirs to set. */
static enum bl_status event_of(struct bl_request *r, const json_t *body, json_t *event)
{
    static const char *const members[] = {"title",         "description",     "kind", "noticed_at", "place",
                                          "reporter_name", "reporter_contact"};
    enum bl_status status = BL_OK;
    const char *name;
    json_t *value;
    char now[32];
    json_object_foreach((json_t *)body, name, value)
    {
        size_t i = 0;
        while (i < sizeof members / sizeof *members && strcmp(members[i], name) != 0)
            i++;
        char pointer[80];
        snprintf(pointer, sizeof pointer, "/%s", name);
        if (i < sizeof members / sizeof *members)
            json_object_set(event, name, value);
        else if (strcmp(name, "token") != 0)
            status = bl_fail(r, BL_UNPROCESSABLE, "unknown_field", pointer, "is not a part of a report");
    }
    operation_time(r->now, now);
    if (!bl_text(event, "noticed_at"))
        json_object_set_new(event, "noticed_at", json_string(now));
    json_object_set_new(event, "channel", json_string("form"));
    return status;
}

/* POST /api/v1/public/reports/{org} */
enum bl_status operation_report(struct bl_request *r)
{
    json_t *body = NULL, *event;
    const char *token = NULL;
    enum bl_status status = token_of(r, &body, &token);
    if (status == BL_OK)
        status = bl_enter_door(r, purpose, token, "operation.event:write");
    if (status)
        return status;
    event = json_object();
    status = event_of(r, body, event);
    if (status == BL_OK)
        status = bl_create(r, "operation.events", event, NULL);
    json_decref(event);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_bool(r, "received", true);
    bl_json_close(r);
    return BL_OK;
}

/* GET report-form */
enum bl_status operation_form(struct bl_request *r)
{
    const char *args[] = {purpose};
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT made_at, used_at, used FROM core.this_door WHERE tenant_id = $1 AND purpose = $2", args, 1, 0, &rows);
    if (status)
        return status;
    bool open = bl_count(r, rows) > 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_bool(r, "open", open);
    bl_json_text(r, "made_at", open ? bl_cell(r, rows, 0, 0) : NULL);
    bl_json_text(r, "used_at", open ? bl_cell(r, rows, 0, 1) : NULL);
    bl_json_integer(r, "used", open ? bl_integer(r, rows, 0, 2) : 0);
    bl_json_close(r);
    return BL_OK;
}

/* POST report-form:open */
enum bl_status operation_form_open(struct bl_request *r)
{
    const char *token;
    char url[120];
    enum bl_status status = bl_open_door(r, purpose, &token);
    if (status)
        return status;
    snprintf(url, sizeof url, "/api/v1/public/reports/%s", r->org);
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_text(r, "token", token);
    bl_json_text(r, "url", url);
    bl_json_close(r);
    return BL_OK;
}

/* POST report-form:shut */
enum bl_status operation_form_shut(struct bl_request *r)
{
    enum bl_status status = bl_shut_door(r, purpose);
    return status ? status : operation_form(r);
}
