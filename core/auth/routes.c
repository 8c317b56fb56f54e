/* Log-in, refresh, log-out, who am I, and the public keys. */
#include "auth/internal.h"
#include "base/log.h"

#include <string.h>

/* POST /api/v1/auth/login. With a second factor in force the answer to the right password alone is 401 second_factor_required;
 * the caller sends all of it again with the code. So there is no half-opened session that somebody could steal. */
static enum bl_status login(struct bl_request *r)
{
    struct attempt a = {0};
    const struct member members[] = {{"email", &a.email, true}, {"password", &a.password, true}, {"code", &a.code, false}, {0}};
    enum bl_status status = read_members(r, members);
    if (status == BL_OK)
        status = prove(r, &a);
    return status == BL_OK ? start_session(r, &a, NULL) : status;
}

static enum bl_status wrong_refresh_token(struct bl_request *r)
{
    return bl_fail(r, BL_UNAUTHORIZED, "invalid_refresh_token", NULL, "the refresh token is not valid (any more): log in again");
}

/* POST /api/v1/auth/refresh */
static enum bl_status refresh(struct bl_request *r)
{
    const char *token;
    enum bl_status status = read_members(r, (const struct member[]){{"refresh_token", &token, true}, {0}});
    if (status != BL_OK)
        return status;
    if (!refresh_valid(token))
        return wrong_refresh_token(r);
    char hash[SECRET_HASH_ROOM], successor[REFRESH_ROOM], successor_hash[SECRET_HASH_ROOM];
    refresh_new(successor);
    secret_hash(token, hash);
    secret_hash(successor, successor_hash);
    struct bl_rows *rows;
    status = bl_sql(
        r, "SELECT outcome, user_id, session_id, authenticated, two_factor, organisation FROM core.refresh($1::bytea, $2::bytea)",
        (const char *const[]){hash, successor_hash}, 2, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    const char *outcome = bl_cell(r, rows, 0, 0), *user = bl_cell(r, rows, 0, 1), *session = bl_cell(r, rows, 0, 2);
    if (strcmp(outcome, "rotated") == 0)
        return answer_tokens(r, &(struct grant){.user = user,
                                                .session = session,
                                                .organisation = bl_cell(r, rows, 0, 5),
                                                .authenticated = bl_integer(r, rows, 0, 3),
                                                .two_factor = bl_integer(r, rows, 0, 4) != 0,
                                                .refresh = successor});
    if (strcmp(outcome, "reused") == 0) {
        forget_session(session);
        log_pairs(LOG_WARN, "refresh_reused", (const char *const[]){"user", user, "session", session, NULL});
    }
    return wrong_refresh_token(r);
}

/* POST /api/v1/auth/logout: 204 for any token, known or not (RFC 7009, section 2.2). */
static enum bl_status logout(struct bl_request *r)
{
    const char *token;
    enum bl_status status = read_members(r, (const struct member[]){{"refresh_token", &token, true}, {0}});
    if (status != BL_OK)
        return status;
    char hash[SECRET_HASH_ROOM];
    secret_hash(token, hash);
    struct bl_rows *rows;
    status = bl_sql(r, "SELECT id FROM core.log_out($1::bytea)", (const char *const[]){hash}, 1, BL_FINAL, &rows);
    if (status == BL_OK) {
        forget_session(bl_count(r, rows) == 1 ? bl_cell(r, rows, 0, 0) : NULL);
        bl_respond(r, 204, NULL);
    }
    return status;
}

/* GET /api/v1/me */
static enum bl_status me(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT id, email, name, memberships::text, permissions::text FROM core.me($1::uuid)",
                                   (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_UNAUTHORIZED, "account_not_active", NULL, "the account is not active");
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_object(r, "user");
    bl_json_cell(r, "id", rows, 0, 0);
    bl_json_cell(r, "email", rows, 0, 1);
    bl_json_cell(r, "name", rows, 0, 2);
    bl_json_close(r);
    bl_json_raw(r, "memberships", bl_cell(r, rows, 0, 3));
    bl_json_raw(r, "role_permissions", bl_cell(r, rows, 0, 4));
    bl_json_close(r);
    return BL_OK;
}

/* GET /.well-known/jwks.json */
static enum bl_status jwks(struct bl_request *r)
{
    const char *document = auth_current()->keys->jwks;
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "public, max-age=300");
    bl_write(r, document, strlen(document));
    return BL_OK;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__

static const char login_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["email", "password"],
    "properties": {
        "email": {"type": "string", "maxLength": 254}, "password": {"type": "string", "maxLength": 1024},
        "code": {"type": "string", "maxLength": 64}
    }
});

static const char refresh_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["refresh_token"],
    "properties": {"refresh_token": {"type": "string"}}
});

static const char tokens_schema[] = SCHEMA({
    "type": "object", "required": ["access_token", "token_type", "expires_in", "refresh_token"],
    "properties": {
        "access_token": {"type": "string"}, "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer"}, "refresh_token": {"type": "string"}
    }
});

static const char me_schema[] = SCHEMA({
    "type": "object", "required": ["user", "memberships", "role_permissions"],
    "properties": {
        "user": {
            "type": "object", "required": ["id", "email", "name"],
            "properties": {"id": {"type": "string", "format": "uuid"}, "email": {"type": "string"}, "name": {"type": "string"}}
        },
        "memberships": {"type": "array", "items": {
            "type": "object", "required": ["organisation", "roles", "own_roles", "engagement"],
            "properties": {
                "organisation": {
                    "type": "object", "required": ["id", "slug", "name", "kind"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
                        "kind": {"type": "string", "enum": ["client", "consultancy", "certification_body"]}
                    }
                },
                "roles": {"type": "array", "items": {"type": "string"}},
                "own_roles": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}},
                              "description": "Those of the organisation's own making, with what each allows."},
                "engagement": {"type": ["object", "null"], "description": "By which the caller comes; null: a member.",
                    "properties": {
                        "id": {"type": "string", "format": "uuid"}, "kind": {"type": "string"},
                        "areas": {"type": ["array", "null"], "items": {"type": "string"}},
                        "valid_from": {"type": "string", "format": "date"}, "valid_to": {"type": "string", "format": "date"},
                        "provider": {"type": "object"}
                    }}
            }
        }},
        "role_permissions": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    }
});

static const char jwks_schema[] = SCHEMA({
    "type": "object", "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {
        "type": "object", "required": ["kty", "use", "alg", "kid"],
        "properties": {"kty": {"type": "string"}, "use": {"type": "string"}, "alg": {"type": "string"}, "kid": {"type": "string"},
                       "crv": {"type": "string"}, "x": {"type": "string"}, "y": {"type": "string"},
                       "n": {"type": "string"}, "e": {"type": "string"}}
    }}}
});
/* clang-format on */

const struct bl_route auth_sign_in_routes[] = {
    {.method = "POST",
     .path = "/api/v1/auth/login",
     .handler = login,
     .flags = BL_PUBLIC,
     .summary = "Trade an e-mail address and a password for tokens",
     .body = login_schema,
     .answer = tokens_schema},
    {.method = "POST",
     .path = "/api/v1/auth/refresh",
     .handler = refresh,
     .flags = BL_PUBLIC,
     .summary = "Trade a refresh token for new tokens; each works once",
     .body = refresh_schema,
     .answer = tokens_schema},
    {.method = "POST",
     .path = "/api/v1/auth/logout",
     .handler = logout,
     .flags = BL_PUBLIC,
     .summary = "End the session that a refresh token belongs to",
     .body = refresh_schema},
    {.method = "GET",
     .path = "/api/v1/me",
     .handler = me,
     .summary = "The caller, the organisations, the roles and what each role may",
     .answer = me_schema},
    {.method = "GET",
     .path = "/.well-known/jwks.json",
     .handler = jwks,
     .flags = BL_PUBLIC,
     .summary = "The public keys that verify tokens (RFC 7517)",
     .answer = jwks_schema},
    {0},
};
