/* Log-in, refresh, log-out, who am I, and the public keys. */
#include "auth/internal.h"
#include "auth/password.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { EMAIL_MAX = 4 * 254 }; /* bytes: 254 code points */

/* A person's attempt to log in. */
struct attempt {
    const char *email, *password;
    char network[NETWORK_ROOM];
};

/* The string members of the body, all required, and no others. */
static enum bl_status read_members(struct bl_request *r, const char *const names[], const char **const values[], size_t count)
{
    json_t *body;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        size_t i = 0;
        while (i < count && strcmp(names[i], name) != 0)
            i++;
        if (i == count) /* not named here: it may be anything, a misplaced secret too */
            status = bl_fail(r, BL_UNPROCESSABLE, "unknown", NULL, "the body has a member that is not known here");
    }
    for (size_t i = 0; i < count; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%s", names[i]);
        value = json_object_get(body, names[i]);
        *values[i] = json_string_value(value);
        if (!value)
            status = bl_fail(r, BL_UNPROCESSABLE, "required", pointer, "is required");
        else if (!*values[i])
            status = bl_fail(r, BL_UNPROCESSABLE, "type", pointer, "must be a string");
    }
    return status;
}

/* RFC 6749, section 5.1. */
static enum bl_status answer_tokens(struct bl_request *r, const char *user, const char *session, const char *refresh)
{
    const struct auth *auth = auth_current();
    int64_t now = r->now / 1000000;
    struct token token = {.expires = now + auth->access_ttl};
    snprintf(token.subject, sizeof token.subject, "%s", user);
    snprintf(token.session, sizeof token.session, "%s", session);
    char *access = token_mint(&auth->terms, &token, now);
    if (!access)
        return bl_fail(r, BL_INTERNAL, "signing", NULL, "the token could not be signed");
    bl_defer(r, free, access);
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_text(r, "access_token", access);
    bl_json_text(r, "token_type", "Bearer");
    bl_json_integer(r, "expires_in", auth->access_ttl);
    bl_json_text(r, "refresh_token", refresh);
    bl_json_close(r);
    return BL_OK;
}

static void log_attempt(const char *event, const struct attempt *a, const char *user)
{
    log_pairs(LOG_WARN, event, (const char *const[]){"network", a->network, "user", user ? user : "", NULL});
}

static enum bl_status too_many(struct bl_request *r, int64_t wait)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)wait);
    bl_set_header(r, "Retry-After", seconds);
    return bl_fail(r, BL_TOO_MANY_REQUESTS, "too_many_attempts", NULL, "too many attempts: try again in %s seconds", seconds);
}

static enum bl_status wrong_credentials(struct bl_request *r)
{
    return bl_fail(r, BL_UNAUTHORIZED, "wrong_credentials", NULL, "the e-mail address or the password is wrong");
}

/* Says `answer` after the statement about the attempt is committed: a failure must leave its mark, although the request fails. */
static enum bl_status note(struct bl_request *r, const char *sql, const struct attempt *a)
{
    struct bl_rows *rows;
    return bl_sql(r, sql, (const char *const[]){a->email, a->network}, 2, BL_FINAL, &rows);
}

static enum bl_status start_session(struct bl_request *r, const struct attempt *a, const char *user)
{
    char session[UUID_TEXT], refresh[REFRESH_ROOM], hash[SECRET_HASH_ROOM], lifetime[24];
    uuid_v7(session);
    refresh_new(refresh);
    secret_hash(refresh, hash);
    snprintf(lifetime, sizeof lifetime, "%ld", auth_current()->refresh_ttl);
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT core.login_succeeded($1, $2, $3::uuid, $4::uuid, $5::bytea, $6::integer)",
               (const char *const[]){a->email, a->network, user, session, hash, lifetime}, 6, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    int64_t wait = bl_integer(r, rows, 0, 0);
    if (wait > 0)
        return too_many(r, wait);
    return wait < 0 ? wrong_credentials(r) : answer_tokens(r, user, session, refresh);
}

/* POST /api/v1/auth/login. The password is hashed whoever asks, so that the time tells nothing about the account; the database
 * holds no lock meanwhile. */
static enum bl_status login(struct bl_request *r)
{
    struct attempt a;
    enum bl_status status =
        read_members(r, (const char *const[]){"email", "password"}, (const char **const[]){&a.email, &a.password}, 2);
    if (status != BL_OK)
        return status;
    if (strlen(a.email) > EMAIL_MAX)
        return bl_fail(r, BL_UNPROCESSABLE, "length", "/email", "has at most 254 characters");
    if (strlen(a.password) > PASSWORD_MAX)
        return bl_fail(r, BL_UNPROCESSABLE, "length", "/password", "has at most %d bytes", PASSWORD_MAX);
    network_of(bl_param(r, "remote_addr"), a.network);
    struct bl_rows *rows;
    status = bl_sql(r, "SELECT wait, user_id, password_hash FROM core.login_look($1, $2)",
                    (const char *const[]){a.email, a.network}, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    int64_t wait = bl_integer(r, rows, 0, 0);
    const char *user = bl_cell(r, rows, 0, 1);
    if (wait > 0) {
        log_attempt("login_delayed", &a, user);
        status = note(r, "SELECT core.login_refused($1, $2)", &a);
        return status != BL_OK ? status : too_many(r, wait);
    }
    switch (password_check(bl_cell(r, rows, 0, 2), a.password)) {
    case PASSWORD_RIGHT:
        return start_session(r, &a, user);
    case PASSWORD_WRONG:
        log_attempt("login_failed", &a, user);
        status = note(r, "SELECT core.login_failed($1, $2)", &a);
        return status != BL_OK ? status : wrong_credentials(r);
    case PASSWORD_BUSY:
        break;
    }
    bl_set_header(r, "Retry-After", "1");
    return bl_fail(r, BL_UNAVAILABLE, "busy", NULL, "many people are logging in: try again in a second");
}

static enum bl_status wrong_refresh_token(struct bl_request *r)
{
    return bl_fail(r, BL_UNAUTHORIZED, "invalid_refresh_token", NULL, "the refresh token is not valid (any more): log in again");
}

/* POST /api/v1/auth/refresh */
static enum bl_status refresh(struct bl_request *r)
{
    const char *token;
    enum bl_status status = read_members(r, (const char *const[]){"refresh_token"}, (const char **const[]){&token}, 1);
    if (status != BL_OK)
        return status;
    if (!refresh_valid(token))
        return wrong_refresh_token(r);
    char hash[SECRET_HASH_ROOM], successor[REFRESH_ROOM], successor_hash[SECRET_HASH_ROOM];
    refresh_new(successor);
    secret_hash(token, hash);
    secret_hash(successor, successor_hash);
    struct bl_rows *rows;
    status = bl_sql(r, "SELECT outcome, user_id, session_id FROM core.refresh($1::bytea, $2::bytea)",
                    (const char *const[]){hash, successor_hash}, 2, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    const char *outcome = bl_cell(r, rows, 0, 0), *user = bl_cell(r, rows, 0, 1), *session = bl_cell(r, rows, 0, 2);
    if (strcmp(outcome, "rotated") == 0)
        return answer_tokens(r, user, session, successor);
    if (strcmp(outcome, "reused") == 0)
        log_pairs(LOG_WARN, "refresh_reused", (const char *const[]){"user", user, "session", session, NULL});
    return wrong_refresh_token(r);
}

/* POST /api/v1/auth/logout: 204 for any token, known or not (RFC 7009, section 2.2). Access tokens of the session live out their
 * few minutes. */
static enum bl_status logout(struct bl_request *r)
{
    const char *token;
    enum bl_status status = read_members(r, (const char *const[]){"refresh_token"}, (const char **const[]){&token}, 1);
    if (status != BL_OK)
        return status;
    char hash[SECRET_HASH_ROOM];
    secret_hash(token, hash);
    struct bl_rows *rows;
    status = bl_sql(r, "SELECT core.log_out($1::bytea)", (const char *const[]){hash}, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
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
    "properties": {"email": {"type": "string", "maxLength": 254}, "password": {"type": "string", "maxLength": 1024}}
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
        "properties": {"kty": {"type": "string"}, "use": {"type": "string"}, "alg": {"type": "string"}, "kid": {"type": "string"}}
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
