/* Members: change roles, suspend, resume, remove; who can do what and why; roles of the organisation's own. The rules (nobody
 * gives what they do not hold, the last owner stays) are in sql/0008_members.sql and sql/0024_versions.sql. */
#include "tenant/routes.h"

#include "base/ids.h"
#include "resource/plan.h"
#include "resource/value.h"
#include "tenant/input.h"

#include <strings.h>

/* ---- members ---- */

static const struct bl_field roles_fields[] = {
    {.name = "roles", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = 16},
    {.name = "reason", .type = BL_TEXT, .flags = BL_LONG, .min = 1, .max = 2000},
    {0},
};
static const struct bl_field *const reason_fields = roles_fields + 1;

static enum bl_status answer_member(struct bl_request *r, const char *person)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT id, name, email, to_json(roles)::text, status, engagement_id, version FROM core.member "
               "WHERE tenant_id = $1 AND id = $2::uuid",
               (const char *const[]){person}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no such member");
    bl_respond(r, 200, "application/json");
    resource_tag(r, bl_integer(r, rows, 0, 6));
    tenant_put_member(r, rows, 0);
    return BL_OK;
}

static enum bl_status read_member(struct bl_request *r)
{
    return answer_member(r, bl_param(r, "id"));
}

/* What core.member_write and core.role_write answer is the version that the row had; when it is not `seen`, they wrote nothing.
 */
static enum bl_status as_seen(struct bl_request *r, const struct bl_rows *rows, const char *what, long seen)
{
    int64_t now = bl_integer(r, rows, 0, 0);
    return now == seen ? BL_OK : resource_changed_since(r, what, now, seen);
}

/* seen 0: whatever the version is. */
static enum bl_status write_member(struct bl_request *r, const char *verb, const struct bl_field *fields, long seen)
{
    json_t *in;
    struct bl_rows *rows;
    const char *person = bl_param(r, "id");
    enum bl_status status = input_read(r, fields, &in);
    if (status == BL_OK)
        status = input_not_empty(r, in, "roles");
    if (status == BL_OK)
        status = bl_sql(
            r, "SELECT core.member_write($1, $2::uuid, $3, $4::uuid, nullif($5::integer, 0), $6::text[], $7, $8::uuid, $9)",
            (const char *const[]){r->actor, verb, person, value_text(r, "%ld", seen), input_list(r, in, "roles"),
                                  input_text(in, "reason"), input_id(r), r->id},
            8, 0, &rows);
    if (status == BL_OK && seen > 0)
        status = as_seen(r, rows, "member", seen);
    return status == BL_OK ? answer_member(r, person) : status;
}

static enum bl_status change_member(struct bl_request *r)
{
    long seen = 0;
    enum bl_status status = resource_if_match(r, &seen);
    return status == BL_OK ? write_member(r, "change", roles_fields, seen) : status;
}

static enum bl_status suspend_member(struct bl_request *r)
{
    return write_member(r, "suspend", reason_fields, 0);
}

static enum bl_status resume_member(struct bl_request *r)
{
    return write_member(r, "resume", reason_fields, 0);
}

static enum bl_status remove_member(struct bl_request *r)
{
    return write_member(r, "remove", reason_fields, 0);
}

static const struct bl_field erase_fields[] = {
    {.name = "email", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 3, .max = 254},
    {.name = "reason", .type = BL_TEXT, .flags = BL_REQUIRED | BL_LONG, .min = 1, .max = 2000},
    {0},
};

/* POST …/members/{id}:erase. What it takes out, and where, is in sql/0023_erasure.sql. */
static enum bl_status erase_member(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    const char *person = bl_param(r, "id");
    enum bl_status status = input_read(r, erase_fields, &in);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT email FROM core.member WHERE tenant_id = $1 AND id = $2::uuid", (const char *const[]){person},
                        1, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no such member");
    if (strcasecmp(bl_cell(r, rows, 0, 0), input_text(in, "email")) != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/email", "is the e-mail address of this member");
    status = bl_sql(r, "SELECT records, events FROM core.forget_member($1, $2::uuid, $3::uuid, $4, $5::uuid, $6)",
                    (const char *const[]){r->actor, person, input_text(in, "reason"), input_id(r), r->id}, 5, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "records", rows, 0, 0);
    bl_json_cell(r, "events", rows, 0, 1);
    bl_json_close(r);
    return BL_OK;
}

/* ---- access ---- */

static void put_access(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "name", rows, row, 1);
    bl_json_cell(r, "email", rows, row, 2);
    bl_json_cell(r, "status", rows, row, 3);
    bl_json_raw(r, "roles", bl_cell(r, rows, row, 4));
    bl_json_raw(r, "engagement", bl_cell(r, rows, row, 5));
    bl_json_raw(r, "permissions", bl_cell(r, rows, row, 6));
    bl_json_close(r);
}

static enum bl_status access_list(struct bl_request *r)
{
    struct input_page page;
    struct bl_rows *rows;
    const char *person = bl_query(r, "member");
    enum bl_status status = input_page(r, &page);
    if (status == BL_OK && person && !uuid_valid(person))
        status = bl_fail(r, BL_BAD_REQUEST, "bad_id", NULL, "query parameter member: the id of a member");
    if (status == BL_OK)
        status =
            bl_sql(r,
                   "SELECT id, name, email, status, to_json(roles)::text, engagement::text, permissions::text "
                   "FROM core.access_of($1, $2, $3::uuid, $4::uuid, $5::integer)",
                   (const char *const[]){bl_query(r, "permission"), person, page.cursor, page.limit_text}, 4, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_page(r, rows, &page, put_access) : status;
}

/* ---- roles and permissions ---- */

static void put_permission(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "permission", rows, row, 0);
    bl_json_cell(r, "held", rows, row, 1);
    bl_json_close(r);
}

static enum bl_status list_permissions(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT permission, held FROM core.permissions_here($1, $2::uuid)",
                                   (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_permission) : status;
}

static void put_role(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "name", rows, row, 0);
    bl_json_cell(r, "label", rows, row, 1);
    bl_json_cell(r, "built_in", rows, row, 2);
    bl_json_raw(r, "permissions", bl_cell(r, rows, row, 3));
    bl_json_cell(r, "members", rows, row, 4);
    bl_json_cell(r, "version", rows, row, 5);
    bl_json_close(r);
}

/* name NULL: all of them. */
static enum bl_status ask_roles(struct bl_request *r, const char *name, struct bl_rows **rows)
{
    return bl_sql(r,
                  "SELECT name, label, built_in, to_json(permissions)::text, members, version FROM core.roles_here($1) "
                  "WHERE $2::text IS NULL OR name = $2",
                  (const char *const[]){name}, 1, BL_FINAL, rows);
}

static enum bl_status list_roles(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = ask_roles(r, NULL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_role) : status;
}

static enum bl_status answer_role(struct bl_request *r, int code, const char *name)
{
    struct bl_rows *rows;
    enum bl_status status = ask_roles(r, name, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no such role");
    bl_respond(r, code, "application/json");
    resource_tag(r, bl_integer(r, rows, 0, 5)); /* a built-in role has none, so 0: it does not change */
    put_role(r, rows, 0);
    return BL_OK;
}

static enum bl_status read_role(struct bl_request *r)
{
    return answer_role(r, 200, bl_param(r, "role"));
}

static const struct bl_field role_fields[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 40},
    {.name = "label", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {.name = "permissions", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = 500},
    {0},
};
static const struct bl_field role_patch_fields[] = {
    {.name = "label", .type = BL_TEXT, .min = 1, .max = 200},
    {.name = "permissions", .type = BL_LIST, .min = 1, .max = 500},
    {0},
};

/* seen 0: there is none yet. */
static enum bl_status write_role(struct bl_request *r, const char *verb, const char *name, long seen, const json_t *in)
{
    struct bl_rows *rows;
    enum bl_status status = input_not_empty(r, in, "permissions");
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.role_write($1, $2::uuid, $3, $4, nullif($5::integer, 0), $6, $7::text[], $8::uuid, $9)",
                        (const char *const[]){r->actor, verb, name, value_text(r, "%ld", seen), input_text(in, "label"),
                                              input_list(r, in, "permissions"), input_id(r), r->id},
                        8, 0, &rows);
    return status == BL_OK && seen > 0 ? as_seen(r, rows, "role", seen) : status;
}

static enum bl_status create_role(struct bl_request *r)
{
    json_t *in;
    enum bl_status status = input_read(r, role_fields, &in);
    if (status == BL_OK)
        status = write_role(r, "create", input_text(in, "name"), 0, in);
    return status == BL_OK ? answer_role(r, 201, input_text(in, "name")) : status;
}

static enum bl_status change_role(struct bl_request *r)
{
    json_t *in;
    long seen = 0;
    enum bl_status status = resource_if_match(r, &seen);
    if (status == BL_OK)
        status = input_read(r, role_patch_fields, &in);
    if (status == BL_OK)
        status = write_role(r, "update", bl_param(r, "role"), seen, in);
    return status == BL_OK ? answer_role(r, 200, bl_param(r, "role")) : status;
}

static enum bl_status delete_role(struct bl_request *r)
{
    long seen = 0;
    enum bl_status status = resource_if_match(r, &seen);
    if (status == BL_OK)
        status = write_role(r, "delete", bl_param(r, "role"), seen, NULL);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__

static const char roles_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["roles"],
    "properties": {"roles": {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "string"}},
                   "reason": {"type": "string", "maxLength": 2000}}
});
static const char reason_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "properties": {"reason": {"type": "string", "maxLength": 2000}}
});
static const char erase_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["email", "reason"],
    "properties": {"email": {"type": "string", "minLength": 3, "maxLength": 254, "description": "Of the member, typed."},
                   "reason": {"type": "string", "minLength": 1, "maxLength": 2000}}
});
static const char erased_schema[] = SCHEMA({
    "type": "object", "required": ["records", "events"],
    "properties": {"records": {"type": "integer", "description": "In which the person was named."},
                   "events": {"type": "integer", "description": "Of the trail, that gave up what they said."}}
});
static const char access_schema[] = SCHEMA({
    "type": "object", "required": ["items", "next"],
    "properties": {
        "items": {"type": "array", "items": {
            "type": "object", "required": ["id", "name", "email", "status", "roles", "engagement", "permissions"],
            "properties": {
                "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "email": {"type": "string"},
                "status": {"type": "string"}, "roles": {"type": "array", "items": {"type": "string"}},
                "engagement": {"type": ["object", "null"], "description": "By which the person comes, if by one."},
                "permissions": {"type": "array", "items": {"type": "object", "properties": {
                    "permission": {"type": "string"},
                    "roles": {"type": "array", "items": {"type": "string"}, "description": "That give it."}}}}
            }
        }},
        "next": {"type": ["string", "null"]}
    }
});
static const char permissions_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "object", "required": ["permission", "held"],
        "properties": {"permission": {"type": "string"}, "held": {"type": "boolean", "description": "By the caller."}}}}}
});
#define ROLE                                                                                                                     \
    {"type": "object", "required": ["name", "label", "built_in", "permissions", "members", "version"],                           \
     "properties": {"name": {"type": "string"}, "label": {"type": ["string", "null"]}, "built_in": {"type": "boolean"},          \
        "permissions": {"type": "array", "items": {"type": "string"}}, "members": {"type": "integer"},                           \
        "version": {"type": ["integer", "null"]}}}
#define TEXT(...) SCHEMA(__VA_ARGS__)
static const char role_schema[] = TEXT(ROLE);
static const char role_list_schema[] = TEXT({"type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": ROLE}}});
static const char role_create_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["name", "label", "permissions"],
    "properties": {"name": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)+$", "maxLength": 40},
                   "label": {"type": "string", "minLength": 1, "maxLength": 200},
                   "permissions": {"type": "array", "minItems": 1, "maxItems": 500, "items": {"type": "string"}}}
});
static const char role_patch_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false,
    "properties": {"label": {"type": "string", "minLength": 1, "maxLength": 200},
                   "permissions": {"type": "array", "minItems": 1, "maxItems": 500, "items": {"type": "string"}}}
});
/* clang-format on */

#define ORG "/api/v1/orgs/{org}"

const struct bl_route tenant_member_routes[] = {
    {.method = "GET",
     .path = ORG "/members/{id}",
     .permission = "core.member:read",
     .handler = read_member,
     .flags = BL_TAGGED,
     .summary = "One member",
     .answer = tenant_member_schema},
    {.method = "PATCH",
     .path = ORG "/members/{id}",
     .permission = "core.member:write",
     .handler = change_member,
     .flags = BL_TAGGED,
     .summary = "Give a member these roles instead of those held",
     .body = roles_schema,
     .answer = tenant_member_schema},
    {.method = "POST",
     .path = ORG "/members/{id}:suspend",
     .permission = "core.member:write",
     .handler = suspend_member,
     .summary = "Shut a member out until resumed",
     .body = reason_schema,
     .answer = tenant_member_schema},
    {.method = "POST",
     .path = ORG "/members/{id}:resume",
     .permission = "core.member:write",
     .handler = resume_member,
     .summary = "Let a suspended member in again",
     .body = reason_schema,
     .answer = tenant_member_schema},
    {.method = "POST",
     .path = ORG "/members/{id}:remove",
     .permission = "core.member:write",
     .handler = remove_member,
     .summary = "End a membership; records go on naming the person",
     .body = reason_schema,
     .answer = tenant_member_schema},
    {.method = "POST",
     .path = ORG "/members/{id}:erase",
     .permission = "core.member:erase",
     .handler = erase_member,
     .flags = BL_FRESH,
     .summary = "Forget a person here: name and address go from every text and from what the trail says; its proofs hold",
     .body = erase_schema,
     .answer = erased_schema},
    {.method = "GET",
     .path = ORG "/access",
     .permission = "core.access:read",
     .handler = access_list,
     .summary = "Who can do what, and by which role or engagement",
     .query = "permission member limit cursor",
     .answer = access_schema},
    {.method = "GET",
     .path = ORG "/permissions",
     .permission = "core.access:read",
     .handler = list_permissions,
     .summary = "Every permission that the loaded areas declare, and which of them the caller holds",
     .answer = permissions_schema},
    {.method = "GET",
     .path = ORG "/roles",
     .permission = "core.access:read",
     .handler = list_roles,
     .summary = "The built-in roles and those of the organisation's own",
     .answer = role_list_schema},
    {.method = "POST",
     .path = ORG "/roles",
     .permission = "core.role:write",
     .handler = create_role,
     .flags = BL_CREATED,
     .summary = "Make a role of the organisation's own",
     .body = role_create_schema,
     .answer = role_schema},
    {.method = "GET",
     .path = ORG "/roles/{role}",
     .permission = "core.access:read",
     .handler = read_role,
     .flags = BL_TAGGED,
     .summary = "One role",
     .answer = role_schema},
    {.method = "PATCH",
     .path = ORG "/roles/{role}",
     .permission = "core.role:write",
     .handler = change_role,
     .flags = BL_TAGGED,
     .summary = "Change a role of the organisation's own",
     .body = role_patch_schema,
     .answer = role_schema},
    {.method = "DELETE",
     .path = ORG "/roles/{role}",
     .permission = "core.role:write",
     .handler = delete_role,
     .flags = BL_TAGGED,
     .summary = "Take a role of the organisation's own away; nobody may have it"},
    {0},
};
