/* What a member sees of the organisation, and which organisations a caller has. */
#include "tenant/input.h"
#include "tenant/routes.h"
#include "tenant/tenant.h"

#include <string.h>

static void put_organisation(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "slug", rows, row, 1);
    bl_json_cell(r, "name", rows, row, 2);
    bl_json_cell(r, "kind", rows, row, 3);
    bl_json_raw(r, "roles", bl_cell(r, rows, row, 4));
    bl_json_cell(r, "engagement_id", rows, row, 5);
    bl_json_close(r);
}

/* GET /api/v1/orgs: by membership, or by an engagement that is in force. */
static enum bl_status list_organisations(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT id, slug, name, kind, to_json(roles)::text, engagement_id FROM core.memberships_of($1::uuid)",
               (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_organisation) : status;
}

/* GET /api/v1/orgs/{org} */
static enum bl_status read_organisation(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT tenant_id, slug, name, kind, status, created_at FROM core.this_organisation WHERE tenant_id = $1", NULL,
               0, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such organisation");
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, 0, 0);
    bl_json_cell(r, "slug", rows, 0, 1);
    bl_json_cell(r, "name", rows, 0, 2);
    bl_json_cell(r, "kind", rows, 0, 3);
    bl_json_cell(r, "status", rows, 0, 4);
    bl_json_cell(r, "created_at", rows, 0, 5);
    bl_json_close(r);
    return BL_OK;
}

static const struct bl_field rename_fields[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {0},
};

/* PATCH /api/v1/orgs/{org} */
static enum bl_status rename_organisation(struct bl_request *r)
{
    json_t *in;
    enum bl_status status = input_read(r, rename_fields, &in);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.organisation_rename($1, $2::uuid, $3, $4::uuid, $5)",
                        (const char *const[]){r->actor, input_text(in, "name"), input_id(r), r->id}, 4, 0, NULL);
    return status == BL_OK ? read_organisation(r) : status;
}

static const struct bl_field close_fields[] = {
    {.name = "purge_on", .type = BL_DATE},
    {.name = "slug", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 40},
    {.name = "reason", .type = BL_TEXT, .flags = BL_LONG, .min = 1, .max = 2000},
    {0},
};
static const struct bl_field *const suspend_fields = close_fields + 1;

/* The slug of the organisation, typed: what follows shuts everybody out. */
static enum bl_status read_typed(struct bl_request *r, const struct bl_field *fields, json_t **in)
{
    enum bl_status status = input_read(r, fields, in);
    if (status == BL_OK && strcmp(input_text(*in, "slug"), r->org) != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/slug", "is the slug of this organisation, %s", r->org);
    return status;
}

/* POST /api/v1/orgs/{org}:suspend. Whoever does it is out too; POST /api/v1/me/organisations/{slug}:resume ends it. */
static enum bl_status suspend_organisation(struct bl_request *r)
{
    json_t *in;
    enum bl_status status = read_typed(r, suspend_fields, &in);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.organisation_status($1, $2::uuid, 'suspend', $3, $4::uuid, $5)",
                        (const char *const[]){r->actor, input_text(in, "reason"), input_id(r), r->id}, 4, 0, NULL);
    return status == BL_OK ? read_organisation(r) : status;
}

/* POST /api/v1/orgs/{org}:close. An owner's act: nobody else answers for the organisation as a whole. */
static enum bl_status close_organisation(struct bl_request *r)
{
    json_t *in;
    enum bl_status status = read_typed(r, close_fields, &in);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.organisation_close($1, $2::uuid, $3::date, $4, $5::uuid, $6)",
                        (const char *const[]){r->actor, input_text(in, "purge_on"), input_text(in, "reason"), input_id(r), r->id},
                        5, 0, NULL);
    return status == BL_OK ? read_organisation(r) : status;
}

void tenant_put_member(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "name", rows, row, 1);
    bl_json_cell(r, "email", rows, row, 2);
    bl_json_raw(r, "roles", bl_cell(r, rows, row, 3));
    bl_json_cell(r, "status", rows, row, 4);
    bl_json_cell(r, "engagement_id", rows, row, 5);
    bl_json_cell(r, "version", rows, row, 6);
    bl_json_close(r);
}

/* GET /api/v1/orgs/{org}/members: oldest first; one row more than the page tells whether there is a next one. The cursor is the
 * last member's id. */
static enum bl_status list_members(struct bl_request *r)
{
    struct input_page page;
    struct bl_rows *rows;
    enum bl_status status = input_page(r, &page);
    if (status == BL_OK)
        status = bl_sql(
            r,
            "SELECT id, name, email, to_json(roles)::text, status, engagement_id, version FROM core.member WHERE tenant_id "
            "= $1 AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3::int",
            (const char *const[]){page.cursor, page.limit_text}, 2, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_page(r, rows, &page, tenant_put_member) : status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__

static const char organisations_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": ["id", "slug", "name", "kind", "roles", "engagement_id"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
            "kind": {"type": "string", "enum": ["client", "consultancy", "certification_body"]},
            "roles": {"type": "array", "items": {"type": "string"}},
            "engagement_id": {"type": ["string", "null"], "format": "uuid"}
        }
    }}}
});

static const char organisation_schema[] = SCHEMA({
    "type": "object", "required": ["id", "slug", "name", "kind", "status", "created_at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["client", "consultancy", "certification_body"]},
        "status": {"type": "string", "enum": ["active", "suspended", "closed"]},
        "created_at": {"type": "string", "format": "date-time"}
    }
});

#define MEMBER                                                                                                                   \
    {"type": "object", "required": ["id", "name", "email", "roles", "status", "engagement_id", "version"],                       \
     "properties": {                                                                                                             \
        "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "email": {"type": "string"},                     \
        "roles": {"type": "array", "items": {"type": "string"}},                                                                 \
        "status": {"type": "string", "enum": ["active", "suspended", "ended"]},                                                  \
        "engagement_id": {"type": ["string", "null"], "format": "uuid", "description": "By which the person comes, if by one."},    \
        "version": {"type": "integer"}}}
#define TEXT(...) SCHEMA(__VA_ARGS__)
const char tenant_member_schema[] = TEXT(MEMBER);
static const char members_schema[] = TEXT({"type": "object", "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": MEMBER}, "next": {"type": ["string", "null"]}}});

static const char rename_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 200}}
});
static const char close_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["slug"],
    "properties": {"slug": {"type": "string", "description": "Of the organisation, typed: this cannot be undone here."},
                   "reason": {"type": "string", "maxLength": 2000},
                   "purge_on": {"type": "string", "format": "date", "description":
                       "From this day on the data may be purged; without it they stay until the operator is asked."}}
});
static const char suspend_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["slug"],
    "properties": {"slug": {"type": "string", "description": "Of the organisation, typed: everybody is out, the caller too."},
                   "reason": {"type": "string", "maxLength": 2000}}
});
/* clang-format on */

const struct bl_route tenant_organisation_routes[] = {
    {.method = "GET",
     .path = "/api/v1/orgs",
     .handler = list_organisations,
     .summary = "The organisations that the caller may enter, as a member or by an engagement",
     .answer = organisations_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}",
     .permission = "core.organisation:read",
     .handler = read_organisation,
     .summary = "This organisation",
     .answer = organisation_schema},
    {.method = "PATCH",
     .path = "/api/v1/orgs/{org}",
     .permission = "core.organisation:write",
     .handler = rename_organisation,
     .summary = "Change the organisation's name",
     .body = rename_schema,
     .answer = organisation_schema},
    {.method = "POST",
     .path = "/api/v1/orgs/{org}:close",
     .permission = "core.organisation:close",
     .handler = close_organisation,
     .flags = BL_FRESH,
     .summary = "End the service to this organisation: everybody is out at once, its engagements are over",
     .body = close_schema,
     .answer = organisation_schema},
    {.method = "POST",
     .path = "/api/v1/orgs/{org}:suspend",
     .permission = "core.organisation:suspend",
     .handler = suspend_organisation,
     .flags = BL_FRESH,
     .summary = "Let nobody in, the caller included, until an owner resumes",
     .body = suspend_schema,
     .answer = organisation_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/members",
     .permission = "core.member:read",
     .handler = list_members,
     .summary = "The members of this organisation, with their roles",
     .query = "limit cursor",
     .answer = members_schema},
    {0},
};

const struct bl_route *const tenant_routes[] = {
    tenant_organisation_routes, tenant_member_routes, tenant_engagement_routes, tenant_portfolio_routes, NULL,
};
