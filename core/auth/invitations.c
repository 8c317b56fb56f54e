/* Invitations: a link that lets one person into one organisation, once. And organisations that a consultancy founds, whose first
 * owner comes by such a link. */
#include "auth/internal.h"
#include "auth/password.h"
#include "tenant/input.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void invitation_new(char out[INVITATION_ROOM])
{
    unsigned char secret[32];
    randombytes_buf(secret, sizeof secret);
    char *at = stpcpy(out, INVITATION_PREFIX);
    sodium_bin2base64(at, INVITATION_ROOM - 4, secret, sizeof secret, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof secret);
}

/* Only a shape: whether an address exists is for the one who sends the link to find out. */
static enum bl_status check_email(struct bl_request *r, const char *email, const char *pointer)
{
    const char *at = strchr(email, '@');
    if (at && at != email && at[1] != '\0' && email[strcspn(email, " \t\r\n")] == '\0')
        return BL_OK;
    return bl_fail(r, BL_UNPROCESSABLE, "format", pointer, "is an e-mail address, such as eva@acme.example");
}

/* The answer to a request with an Idempotency-Key is kept for a day; a token is kept nowhere. */
static enum bl_status keep_no_token(struct bl_request *r)
{
    return bl_header(r, "Idempotency-Key") == NULL
               ? BL_OK
               : bl_fail(r, BL_BAD_REQUEST, "no_idempotency_key", NULL,
                         "the answer holds a token and is stored nowhere: send this without Idempotency-Key");
}

static const char *days_of(struct bl_request *r, const json_t *in)
{
    char *text = bl_alloc(r, 8);
    snprintf(text, 8, "%d", (int)json_integer_value(json_object_get(in, "days")));
    return text;
}

/* ---- for those who may write members ---- */

static const struct bl_field invite_fields[] = {
    {.name = "email", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 3, .max = 254},
    {.name = "roles", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = 16},
    {.name = "days", .type = BL_INT, .min = 1, .max = 30, .initial = "7"},
    {0},
};

static const char select_sql[] =
    "SELECT i.id, i.email, to_json(i.roles)::text, CASE WHEN i.state = 'open' AND i.expires_at <= now() THEN 'expired' ELSE "
    "i.state END, "
    "i.invited_by, i.created_at, i.expires_at, i.accepted_by FROM core.invitation i WHERE i.tenant_id = $1 "
    "AND ($2::uuid IS NULL OR i.id = $2::uuid) AND ($3::uuid IS NULL OR i.id < $3::uuid) ORDER BY i.id DESC LIMIT $4::integer";

static void put_members(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "email", rows, row, 1);
    bl_json_raw(r, "roles", bl_cell(r, rows, row, 2));
    bl_json_cell(r, "state", rows, row, 3);
    bl_json_cell(r, "invited_by", rows, row, 4);
    bl_json_cell(r, "created_at", rows, row, 5);
    bl_json_cell(r, "expires_at", rows, row, 6);
    bl_json_cell(r, "accepted_by", rows, row, 7);
}

static void put(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    put_members(r, rows, row);
    bl_json_close(r);
}

static enum bl_status invite(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    char token[INVITATION_ROOM], hash[SECRET_HASH_ROOM];
    const char *id = input_id(r);
    enum bl_status status = keep_no_token(r);
    if (status == BL_OK)
        status = input_read(r, invite_fields, &in);
    if (status == BL_OK)
        status = input_not_empty(r, in, "roles");
    if (status == BL_OK)
        status = check_email(r, input_text(in, "email"), "/email");
    if (status != BL_OK)
        return status;
    invitation_new(token);
    secret_hash(token, hash);
    const char *args[] = {r->actor,    id,   input_text(in, "email"), input_list(r, in, "roles"), hash, days_of(r, in),
                          input_id(r), r->id};
    status = bl_sql(r, "SELECT core.invite($1, $2::uuid, $3::uuid, $4, $5::text[], $6::bytea, $7::integer, $8::uuid, $9)", args,
                    8, 0, NULL);
    if (status == BL_OK)
        status = bl_sql(r, select_sql, (const char *const[]){id, NULL, "1"}, 3, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    put_members(r, rows, 0);
    bl_json_text(r, "token", token);
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status list(struct bl_request *r)
{
    struct input_page page;
    struct bl_rows *rows;
    enum bl_status status = input_page(r, &page);
    if (status == BL_OK)
        status = bl_sql(r, select_sql, (const char *const[]){NULL, page.cursor, page.limit_text}, 3, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_page(r, rows, &page, put) : status;
}

static enum bl_status revoke(struct bl_request *r)
{
    enum bl_status status = bl_sql(r, "SELECT core.invitation_revoke($1, $2::uuid, $3::uuid, $4::uuid, $5)",
                                   (const char *const[]){r->actor, bl_param(r, "id"), input_id(r), r->id}, 4, BL_FINAL, NULL);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* ---- a consultancy founds a client ---- */

static const struct bl_field found_fields[] = {
    {.name = "slug", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 3, .max = 40},
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {.name = "owner_email", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 3, .max = 254},
    {.name = "valid_to", .type = BL_DATE, .flags = BL_REQUIRED},
    {.name = "role", .type = BL_ENUM, .values = "consultant manager", .initial = "consultant"},
    {.name = "days", .type = BL_INT, .min = 1, .max = 30, .initial = "7"},
    {0},
};

static const char *three_ids(struct bl_request *r)
{
    char *text = bl_alloc(r, 3 * UUID_TEXT + 3);
    snprintf(text, 3 * UUID_TEXT + 3, "{%s,%s,%s}", input_id(r), input_id(r), input_id(r));
    return text;
}

static enum bl_status found(struct bl_request *r)
{
    json_t *in;
    char token[INVITATION_ROOM], hash[SECRET_HASH_ROOM];
    const char *id = input_id(r), *engagement = input_id(r);
    enum bl_status status = keep_no_token(r);
    if (status == BL_OK)
        status = input_read(r, found_fields, &in);
    if (status == BL_OK)
        status = check_email(r, input_text(in, "owner_email"), "/owner_email");
    if (status != BL_OK)
        return status;
    invitation_new(token);
    secret_hash(token, hash);
    const char *args[] = {r->actor,
                          id,
                          input_text(in, "slug"),
                          input_text(in, "name"),
                          engagement,
                          input_text(in, "role"),
                          input_text(in, "valid_to"),
                          input_id(r),
                          input_text(in, "owner_email"),
                          hash,
                          days_of(r, in),
                          three_ids(r),
                          r->id};
    status = bl_sql(
        r,
        "SELECT core.organisation_found($1, $2::uuid, $3::uuid, $4, $5, $6::uuid, $7, $8::date, $9::uuid, $10, $11::bytea, "
        "$12::integer, $13::uuid[], $14)",
        args, 13, BL_FINAL, NULL);
    if (status != BL_OK)
        return status;
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_text(r, "id", id);
    bl_json_text(r, "slug", input_text(in, "slug"));
    bl_json_text(r, "name", input_text(in, "name"));
    bl_json_text(r, "engagement_id", engagement);
    bl_json_text(r, "owner_token", token);
    bl_json_close(r);
    return BL_OK;
}

/* ---- for the one who was invited ---- */

static const struct bl_field token_fields[] = {
    {.name = "token", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {0},
};
static const struct bl_field accept_fields[] = {
    {.name = "token", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {.name = "name", .type = BL_TEXT, .min = 1, .max = 200},
    {.name = "password", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = PASSWORD_MAX},
    {.name = "code", .type = BL_TEXT, .min = 1, .max = 64},
    {0},
};

/* What a token opens: one row of email, slug, name, roles as JSON, known. */
static enum bl_status look(struct bl_request *r, const char *token, char hash[SECRET_HASH_ROOM], struct bl_rows **rows)
{
    secret_hash(token, hash);
    enum bl_status status =
        bl_sql(r, "SELECT email, slug, name, to_json(roles)::text, known FROM core.invitation_look($1::bytea)",
               (const char *const[]){hash}, 1, 0, rows);
    if (status == BL_OK && bl_count(r, *rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_invitation", NULL,
                       "the invitation is not valid: it was used, taken back, or its days are over: ask for a new one");
    return status;
}

static enum bl_status join(struct bl_request *r, const char *hash, const char *person, const char *name, const char *password)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT core.invitation_accept($1::bytea, $2::uuid, $3, $4, $5::uuid, $6)",
                                   (const char *const[]){hash, person, name, password, input_id(r), r->id}, 6, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "organisation", rows, 0, 0);
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status make_account(struct bl_request *r, const json_t *in, const char *hash)
{
    char password[PASSWORD_HASH];
    const char *name = input_text(in, "name"), *objection = password_objection(input_text(in, "password"));
    if (!name)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/name", "must be given: there is no account of this address yet");
    if (objection)
        return bl_fail(r, BL_UNPROCESSABLE, "password", "/password", "%s", objection);
    if (!password_hash(input_text(in, "password"), password)) {
        bl_set_header(r, "Retry-After", "1");
        return bl_fail(r, BL_UNAVAILABLE, "busy", NULL, "many people are logging in: try again in a second");
    }
    return join(r, hash, input_id(r), name, password);
}

/* POST /api/v1/auth/invitation:look */
static enum bl_status show(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    char hash[SECRET_HASH_ROOM];
    enum bl_status status = input_read(r, token_fields, &in);
    if (status == BL_OK)
        status = look(r, input_text(in, "token"), hash, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "email", rows, 0, 0);
    bl_json_cell(r, "organisation", rows, 0, 1);
    bl_json_cell(r, "name", rows, 0, 2);
    bl_json_raw(r, "roles", bl_cell(r, rows, 0, 3));
    bl_json_cell(r, "known", rows, 0, 4);
    bl_json_close(r);
    return BL_OK;
}

/* POST /api/v1/auth/invitation: an account of the address proves itself as at a sign-in; without one, it is made. */
static enum bl_status accept(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    char hash[SECRET_HASH_ROOM];
    enum bl_status status = input_read(r, accept_fields, &in);
    if (status == BL_OK)
        status = look(r, input_text(in, "token"), hash, &rows);
    if (status != BL_OK)
        return status;
    if (bl_integer(r, rows, 0, 4) == 0)
        return make_account(r, in, hash);
    struct attempt a = {.email = bl_cell(r, rows, 0, 0), .password = input_text(in, "password"), .code = input_text(in, "code")};
    status = prove(r, &a);
    return status == BL_OK ? join(r, hash, a.user, NULL, NULL) : status;
}

/* POST /api/v1/me/invitations: for one who is signed in. */
static enum bl_status accept_as_caller(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    char hash[SECRET_HASH_ROOM];
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = input_read(r, token_fields, &in);
    if (status == BL_OK)
        status = look(r, input_text(in, "token"), hash, &rows);
    return status == BL_OK ? join(r, hash, r->actor, NULL, NULL) : status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
#define INVITATION                                                                                                               \
    "id": {"type": "string", "format": "uuid"}, "email": {"type": "string"},                                                     \
    "roles": {"type": "array", "items": {"type": "string"}},                                                                     \
    "state": {"type": "string", "enum": ["open", "accepted", "revoked", "expired"]},                                             \
    "invited_by": {"type": "string", "format": "uuid"}, "created_at": {"type": "string", "format": "date-time"},                 \
    "expires_at": {"type": "string", "format": "date-time"}, "accepted_by": {"type": ["string", "null"], "format": "uuid"}
#define TEXT(...) SCHEMA(__VA_ARGS__)

static const char invite_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["email", "roles"],
    "properties": {"email": {"type": "string", "maxLength": 254},
                   "roles": {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "string"}},
                   "days": {"type": "integer", "minimum": 1, "maximum": 30, "default": 7}}
});
static const char invited_schema[] = TEXT({"type": "object", "required": ["id", "email", "roles", "state", "expires_at", "token"],
    "properties": {INVITATION, "token": {"type": "string", "description": "Shown this once: send it to the address."}}});
static const char list_schema[] = TEXT({"type": "object", "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": {"type": "object", "properties": {INVITATION}}},
                   "next": {"type": ["string", "null"]}}});
static const char found_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["slug", "name", "owner_email", "valid_to"],
    "properties": {"slug": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,38}[a-z0-9]$"}, "name": {"type": "string", "maxLength": 200},
                   "owner_email": {"type": "string", "maxLength": 254}, "valid_to": {"type": "string", "format": "date"},
                   "role": {"type": "string", "enum": ["consultant", "manager"], "default": "consultant"},
                   "days": {"type": "integer", "minimum": 1, "maximum": 30, "default": 7}}
});
static const char founded_schema[] = SCHEMA({
    "type": "object", "required": ["id", "slug", "name", "engagement_id", "owner_token"],
    "properties": {"id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
                   "engagement_id": {"type": "string", "format": "uuid"},
                   "owner_token": {"type": "string", "description": "The first owner's invitation, shown this once."}}
});
static const char token_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["token"], "properties": {"token": {"type": "string"}}
});
static const char accept_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["token", "password"],
    "properties": {"token": {"type": "string"}, "name": {"type": "string", "maxLength": 200, "description": "Of a new account."},
                   "password": {"type": "string", "description": "Of the account of this address, or for a new one."},
                   "code": {"type": "string", "description": "The second factor, when the account has one."}}
});
static const char look_schema[] = SCHEMA({
    "type": "object", "required": ["email", "organisation", "name", "roles", "known"],
    "properties": {"email": {"type": "string"}, "organisation": {"type": "string"}, "name": {"type": "string"},
                   "roles": {"type": "array", "items": {"type": "string"}},
                   "known": {"type": "boolean", "description": "The address has an account already."}}
});
static const char joined_schema[] = SCHEMA({
    "type": "object", "required": ["organisation"], "properties": {"organisation": {"type": "string"}}
});
/* clang-format on */

#define ORG "/api/v1/orgs/{org}"

const struct bl_route auth_invitation_routes[] = {
    {.method = "GET",
     .path = ORG "/invitations",
     .permission = "core.member:write",
     .handler = list,
     .summary = "Who was invited, and what became of it",
     .query = "limit cursor",
     .answer = list_schema},
    {.method = "POST",
     .path = ORG "/invitations",
     .permission = "core.member:write",
     .handler = invite,
     .flags = BL_CREATED,
     .summary = "Invite a person: a token that works once",
     .body = invite_schema,
     .answer = invited_schema},
    {.method = "DELETE",
     .path = ORG "/invitations/{id}",
     .permission = "core.member:write",
     .handler = revoke,
     .summary = "Take an open invitation back"},
    {.method = "POST",
     .path = ORG "/organisations",
     .permission = "core.organisation:write",
     .handler = found,
     .flags = BL_CREATED | BL_FRESH,
     .summary = "For a consultancy: make a client organisation, with an engagement and an invitation for its first owner",
     .body = found_schema,
     .answer = founded_schema},
    {.method = "POST",
     .path = "/api/v1/auth/invitation:look",
     .handler = show,
     .flags = BL_PUBLIC,
     .summary = "What an invitation opens",
     .body = token_schema,
     .answer = look_schema},
    {.method = "POST",
     .path = "/api/v1/auth/invitation",
     .handler = accept,
     .flags = BL_PUBLIC,
     .summary = "Accept an invitation, with the account of its address or a new one",
     .body = accept_schema,
     .answer = joined_schema},
    {.method = "POST",
     .path = "/api/v1/me/invitations",
     .handler = accept_as_caller,
     .summary = "Accept an invitation as the caller, whose address it must be for",
     .body = token_schema,
     .answer = joined_schema},
    {0},
};
