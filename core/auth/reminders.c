/* What a person wants of reminders: never, every day, every week, how many days ahead, and by which way. Outside any
 * organisation. */
#include "auth/internal.h"
#include "resource/value.h"
#include "tenant/input.h"

static enum bl_status answer(struct bl_request *r, enum bl_status status, const struct bl_rows *rows)
{
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_UNAUTHORIZED, "account_not_active", NULL, "the account is not active");
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "rhythm", rows, 0, 0);
    bl_json_cell(r, "days_ahead", rows, 0, 1);
    bl_json_cell(r, "way", rows, 0, 2);
    bl_json_close(r);
    return BL_OK;
}

/* GET /api/v1/me/reminders */
static enum bl_status show(struct bl_request *r)
{
    struct bl_rows *rows = NULL;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT rhythm, days_ahead, way FROM core.reminder_chosen($1::uuid)", (const char *const[]){r->actor},
                        1, BL_FINAL, &rows);
    return answer(r, status, rows);
}

static const struct bl_field choice_fields[] = {
    {.name = "rhythm", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "off daily weekly"},
    {.name = "days_ahead", .type = BL_INT, .flags = BL_REQUIRED, .min = 0, .max = 60},
    {.name = "way", .type = BL_ENUM, .values = "mail webhook both"},
    {0},
};

/* PUT /api/v1/me/reminders */
static enum bl_status choose(struct bl_request *r)
{
    struct bl_rows *rows = NULL;
    struct auth_caller caller;
    json_t *in = NULL;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = input_read(r, choice_fields, &in);
    if (status == BL_OK) {
        long long days = json_integer_value(json_object_get(in, "days_ahead"));
        const char *way = input_text(in, "way");
        const char *args[] = {r->actor, input_text(in, "rhythm"), value_text(r, "%lld", days), way ? way : "mail"};
        status = bl_sql(r, "SELECT rhythm, days_ahead, way FROM core.reminder_choose($1::uuid, $2, $3::integer, $4)", args, 4,
                        BL_FINAL, &rows);
    }
    return answer(r, status, rows);
}

#define SCHEMA(...) #__VA_ARGS__
/* clang-format off */
static const char choice_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["rhythm", "days_ahead"],
    "properties": {
        "rhythm": {"type": "string", "enum": ["off", "daily", "weekly"], "description": "How often one may come."},
        "days_ahead": {"type": "integer", "minimum": 0, "maximum": 60, "description": "What is due within so many days is in it."},
        "way": {"type": ["string", "null"], "enum": ["mail", "webhook", "both", null], "default": "mail",
                "description": "By mail, by the organisation's webhooks that listen to core.reminders, or by both."}
    },
    "example": {"rhythm": "weekly", "days_ahead": 14, "way": "mail"}
});
/* clang-format on */

const struct bl_route auth_reminder_routes[] = {
    {.method = "GET",
     .path = "/api/v1/me/reminders",
     .handler = show,
     .summary = "Which reminders the caller wants",
     .answer = choice_schema},
    {.method = "PUT",
     .path = "/api/v1/me/reminders",
     .handler = choose,
     .summary = "Choose which reminders to get, and by which way: one for each organisation, of what is due there",
     .body = choice_schema,
     .answer = choice_schema},
    {0},
};
