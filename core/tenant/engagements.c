/* Engagements: what a consultancy or a certification body has with a client. Both sides see and end them; the rules are in
 * sql/0004_engagements.sql, where the rows of both are. */
#include "tenant/routes.h"

#include "tenant/input.h"

#include <string.h>

static const char select_sql[] =
    "WITH staff AS MATERIALIZED (SELECT s.engagement_id, json_agg(json_build_object('id', s.id, 'name', s.name, 'email', "
    "s.email, "
    "'role', s.role, 'status', s.status)) AS people FROM core.engagement_staff($1) s GROUP BY s.engagement_id) "
    "SELECT e.id, e.side, e.other_slug, e.other_name, e.other_kind, e.kind, to_json(e.roles)::text, to_json(e.areas)::text, "
    "e.valid_from, e.valid_to, e.note, e.state, e.in_force, e.asked_side, e.asked_at, e.answered_at, e.ended_side, e.ended_at, "
    "coalesce(s.people, '[]')::text, e.version FROM core.this_engagement e LEFT JOIN staff s ON s.engagement_id = e.id "
    "WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.id = $2::uuid) AND ($3::text IS NULL OR e.state = $3) "
    "AND ($4::uuid IS NULL OR e.id < $4::uuid) ORDER BY e.id DESC LIMIT $5::integer";

static void put(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "side", rows, row, 1);
    bl_json_object(r, "organisation");
    bl_json_cell(r, "slug", rows, row, 2);
    bl_json_cell(r, "name", rows, row, 3);
    bl_json_cell(r, "kind", rows, row, 4);
    bl_json_close(r);
    bl_json_cell(r, "kind", rows, row, 5);
    bl_json_raw(r, "roles", bl_cell(r, rows, row, 6));
    bl_json_raw(r, "areas", bl_cell(r, rows, row, 7));
    bl_json_cell(r, "valid_from", rows, row, 8);
    bl_json_cell(r, "valid_to", rows, row, 9);
    bl_json_cell(r, "note", rows, row, 10);
    bl_json_cell(r, "state", rows, row, 11);
    bl_json_cell(r, "in_force", rows, row, 12);
    bl_json_cell(r, "asked_side", rows, row, 13);
    bl_json_cell(r, "asked_at", rows, row, 14);
    bl_json_cell(r, "answered_at", rows, row, 15);
    bl_json_cell(r, "ended_side", rows, row, 16);
    bl_json_cell(r, "ended_at", rows, row, 17);
    bl_json_raw(r, "staff", bl_cell(r, rows, row, 18));
    bl_json_cell(r, "version", rows, row, 19);
    bl_json_close(r);
}

static enum bl_status list(struct bl_request *r)
{
    struct input_page page;
    struct bl_rows *rows;
    enum bl_status status = input_page(r, &page);
    if (status == BL_OK)
        status = bl_sql(r, select_sql, (const char *const[]){NULL, bl_query(r, "state"), page.cursor, page.limit_text}, 4,
                        BL_FINAL, &rows);
    return status == BL_OK ? input_answer_page(r, rows, &page, put) : status;
}

/* The engagement as it is now: the last statement of each of these routes. */
static enum bl_status answer(struct bl_request *r, int code, const char *id)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, select_sql, (const char *const[]){id, NULL, NULL, "1"}, 4, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no such engagement");
    bl_respond(r, code, "application/json");
    put(r, rows, 0);
    return BL_OK;
}

static enum bl_status read(struct bl_request *r)
{
    return answer(r, 200, bl_param(r, "id"));
}

static const struct bl_field ask_fields[] = {
    {.name = "organisation", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 40},
    {.name = "kind", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "advice internal_audit certification"},
    {.name = "roles", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = 8},
    {.name = "areas", .type = BL_LIST, .max = 32},
    {.name = "valid_from", .type = BL_DATE, .flags = BL_REQUIRED},
    {.name = "valid_to", .type = BL_DATE, .flags = BL_REQUIRED},
    {.name = "note", .type = BL_TEXT, .flags = BL_LONG, .max = 2000},
    {0},
};

static enum bl_status ask(struct bl_request *r)
{
    json_t *in;
    enum bl_status status = input_read(r, ask_fields, &in);
    if (status == BL_OK)
        status = input_not_empty(r, in, "roles");
    if (status == BL_OK)
        status = input_not_empty(r, in, "areas");
    if (status != BL_OK)
        return status;
    const char *id = input_id(r);
    const char *args[] = {r->actor,
                          id,
                          input_text(in, "organisation"),
                          input_text(in, "kind"),
                          input_list(r, in, "roles"),
                          input_list(r, in, "areas"),
                          input_text(in, "valid_from"),
                          input_text(in, "valid_to"),
                          input_text(in, "note"),
                          input_id(r),
                          r->id};
    status = bl_sql(r,
                    "SELECT core.engagement_ask($1, $2::uuid, $3::uuid, $4, $5, $6::text[], $7::text[], $8::date, $9::date, $10, "
                    "$11::uuid, $12)",
                    args, 11, 0, NULL);
    return status == BL_OK ? answer(r, 201, id) : status;
}

static const struct bl_field reason_fields[] = {
    {.name = "reason", .type = BL_TEXT, .flags = BL_LONG, .min = 1, .max = 2000},
    {0},
};

static enum bl_status settle(struct bl_request *r, const char *verb)
{
    json_t *in;
    const char *id = bl_param(r, "id");
    enum bl_status status = input_read(r, reason_fields, &in);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.engagement_answer($1, $2::uuid, $3::uuid, $4, $5, $6::uuid, $7)",
                        (const char *const[]){r->actor, id, verb, input_text(in, "reason"), input_id(r), r->id}, 6, 0, NULL);
    return status == BL_OK ? answer(r, 200, id) : status;
}

static enum bl_status accept(struct bl_request *r)
{
    return settle(r, "accept");
}

static enum bl_status decline(struct bl_request *r)
{
    return settle(r, "decline");
}

static enum bl_status end(struct bl_request *r)
{
    return settle(r, "end");
}

static const struct bl_field staff_fields[] = {
    {.name = "user_id", .type = BL_REF, .ref = "core.member", .flags = BL_REQUIRED},
    {.name = "role", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 40},
    {0},
};

static enum bl_status assign(struct bl_request *r)
{
    json_t *in;
    const char *id = bl_param(r, "id");
    enum bl_status status = input_read(r, staff_fields, &in);
    if (status == BL_OK)
        status =
            bl_sql(r, "SELECT core.engagement_assign($1, $2::uuid, $3::uuid, $4::uuid, $5, $6::uuid, $7)",
                   (const char *const[]){r->actor, id, input_text(in, "user_id"), input_text(in, "role"), input_id(r), r->id}, 6,
                   0, NULL);
    return status == BL_OK ? answer(r, 200, id) : status;
}

static enum bl_status withdraw(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    enum bl_status status = bl_sql(r, "SELECT core.engagement_withdraw($1, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6)",
                                   (const char *const[]){r->actor, id, bl_param(r, "user_id"), input_id(r), r->id}, 5, 0, NULL);
    return status == BL_OK ? answer(r, 200, id) : status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
#define ENGAGEMENT                                                                                                               \
    {"type": "object",                                                                                                           \
     "required": ["id", "side", "organisation", "kind", "roles", "areas", "valid_from", "valid_to", "note", "state", "in_force", \
                  "asked_side", "asked_at", "answered_at", "ended_side", "ended_at", "staff", "version"],                        \
     "properties": {                                                                                                             \
        "id": {"type": "string", "format": "uuid"},                                                                              \
        "side": {"type": "string", "enum": ["client", "provider"], "description": "Of the organisation in the path."},           \
        "organisation": {"type": "object", "description": "The other side.", "properties": {                                     \
            "slug": {"type": "string"}, "name": {"type": "string"}, "kind": {"type": "string"}}},                                \
        "kind": {"type": "string", "enum": ["advice", "internal_audit", "certification"]},                                       \
        "roles": {"type": "array", "items": {"type": "string"}},                                                                 \
        "areas": {"type": ["array", "null"], "items": {"type": "string"}, "description": "null: all"},                           \
        "valid_from": {"type": "string", "format": "date"}, "valid_to": {"type": "string", "format": "date"},                    \
        "note": {"type": ["string", "null"]},                                                                                    \
        "state": {"type": "string", "enum": ["asked", "active", "declined", "ended"]}, "in_force": {"type": "boolean"},          \
        "asked_side": {"type": "string"}, "asked_at": {"type": "string", "format": "date-time"},                                 \
        "answered_at": {"type": ["string", "null"], "format": "date-time"},                                                      \
        "ended_side": {"type": ["string", "null"]}, "ended_at": {"type": ["string", "null"], "format": "date-time"},             \
        "staff": {"type": "array", "items": {"type": "object", "properties": {                                                   \
            "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "email": {"type": "string"},                 \
            "role": {"type": "string"},                                                                                          \
            "status": {"type": "string", "enum": ["active", "suspended"], "description": "suspended: shut out by the client"}}}},\
        "version": {"type": "integer"}}}
#define TEXT(...) SCHEMA(__VA_ARGS__)

static const char engagement_schema[] = TEXT(ENGAGEMENT);
static const char list_schema[] = TEXT({"type": "object", "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": ENGAGEMENT}, "next": {"type": ["string", "null"]}}});
static const char ask_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false,
    "required": ["organisation", "kind", "roles", "valid_from", "valid_to"],
    "properties": {
        "organisation": {"type": "string", "description": "Slug of the other side."},
        "kind": {"type": "string", "enum": ["advice", "internal_audit", "certification"]},
        "roles": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string"},
                  "description": "That the provider's people may be given."},
        "areas": {"type": ["array", "null"], "minItems": 1, "maxItems": 32, "items": {"type": "string"},
                  "description": "Left out: all."},
        "valid_from": {"type": "string", "format": "date"}, "valid_to": {"type": "string", "format": "date"},
        "note": {"type": ["string", "null"], "maxLength": 2000}
    }
});
static const char reason_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "properties": {"reason": {"type": "string", "maxLength": 2000}}
});
static const char staff_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["user_id", "role"],
    "properties": {"user_id": {"type": "string", "format": "uuid"}, "role": {"type": "string"}}
});
/* clang-format on */

#define PATH "/api/v1/orgs/{org}/engagements"

const struct bl_route tenant_engagement_routes[] = {
    {.method = "GET",
     .path = PATH,
     .permission = "core.engagement:read",
     .handler = list,
     .summary = "The engagements of this organisation, on whichever side it stands",
     .query = "state limit cursor",
     .answer = list_schema},
    {.method = "POST",
     .path = PATH,
     .permission = "core.engagement:write",
     .handler = ask,
     .flags = BL_CREATED | BL_FRESH,
     .summary = "Ask another organisation for an engagement",
     .body = ask_schema,
     .answer = engagement_schema},
    {.method = "GET",
     .path = PATH "/{id}",
     .permission = "core.engagement:read",
     .handler = read,
     .summary = "One engagement",
     .answer = engagement_schema},
    {.method = "POST",
     .path = PATH "/{id}:accept",
     .permission = "core.engagement:write",
     .handler = accept,
     .flags = BL_FRESH,
     .summary = "Accept an engagement that the other side asked for",
     .body = reason_schema,
     .answer = engagement_schema},
    {.method = "POST",
     .path = PATH "/{id}:decline",
     .permission = "core.engagement:write",
     .handler = decline,
     .summary = "Decline an engagement that the other side asked for",
     .body = reason_schema,
     .answer = engagement_schema},
    {.method = "POST",
     .path = PATH "/{id}:end",
     .permission = "core.engagement:write",
     .handler = end,
     .summary = "End an engagement: everybody it let in is out at once",
     .body = reason_schema,
     .answer = engagement_schema},
    {.method = "POST",
     .path = PATH "/{id}/staff",
     .permission = "core.engagement:write",
     .handler = assign,
     .summary = "Send one of the provider's people to the client",
     .body = staff_schema,
     .answer = engagement_schema},
    {.method = "DELETE",
     .path = PATH "/{id}/staff/{user_id}",
     .permission = "core.engagement:write",
     .handler = withdraw,
     .summary = "Withdraw a person; done by the client, it shuts the person out for good",
     .answer = engagement_schema},
    {0},
};
