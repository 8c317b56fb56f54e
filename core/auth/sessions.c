/* What a person does about their own sign-in: sessions, password, proving anew who they are. */
#include "auth/internal.h"
#include "auth/password.h"
#include "tenant/input.h"

#include <string.h>

static void put_session(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "started_at", rows, row, 1);
    bl_json_cell(r, "authenticated_at", rows, row, 2);
    bl_json_cell(r, "refreshed_at", rows, row, 3);
    bl_json_cell(r, "expires_at", rows, row, 4);
    bl_json_cell(r, "two_factor", rows, row, 5);
    bl_json_cell(r, "network", rows, row, 6);
    bl_json_cell(r, "agent", rows, row, 7);
    bl_json_cell(r, "current", rows, row, 8);
    bl_json_close(r);
}

/* GET /api/v1/me/sessions */
static enum bl_status list_sessions(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r,
                        "SELECT id, started_at, authenticated_at, refreshed_at, expires_at, two_factor, network, agent, id = "
                        "$2::uuid FROM core.sessions($1::uuid)",
                        (const char *const[]){r->actor, caller.session}, 2, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_session) : status;
}

/* The sessions that a committed statement has ended. */
static enum bl_status ended(struct bl_request *r, const struct bl_rows *rows)
{
    for (int i = 0; i < bl_count(r, rows); i++)
        forget_session(bl_cell(r, rows, i, 0));
    bl_respond(r, 204, NULL);
    return BL_OK;
}

/* DELETE /api/v1/me/sessions/{id} */
static enum bl_status end_session(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    const char *id = bl_param(r, "id");
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK && uuid_valid(id)) {
        status = bl_sql(r, "SELECT id FROM core.sessions_end($1::uuid, $2::uuid, NULL)", (const char *const[]){r->actor, id}, 2,
                        BL_FINAL, &rows);
        if (status == BL_OK && bl_count(r, rows) == 1) {
            forget_session(id);
            bl_respond(r, 204, NULL);
            return BL_OK;
        }
    }
    return status != BL_OK ? status : bl_fail(r, BL_NOT_FOUND, "no_such_session", NULL, "you have no session of that id");
}

/* DELETE /api/v1/me/sessions: all but this one. */
static enum bl_status end_sessions(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT id FROM core.sessions_end($1::uuid, NULL, $2::uuid)",
                        (const char *const[]){r->actor, caller.session}, 2, BL_FINAL, &rows);
    return status == BL_OK ? ended(r, rows) : status;
}

/* The caller proves with password and second factor who they are: the same counting as at a log-in, so that a stolen access token
 * is no way to guess a password faster. */
static enum bl_status prove_caller(struct bl_request *r, const char *password, const char *code, struct attempt *a)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT email FROM core.me($1::uuid)", (const char *const[]){r->actor}, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_UNAUTHORIZED, "account_not_active", NULL, "the account is not active");
    *a = (struct attempt){.email = bl_cell(r, rows, 0, 0), .password = password, .code = code};
    return prove(r, a);
}

/* POST /api/v1/auth/step-up: a new access token of the same session that is fresh enough for dangerous acts. */
static enum bl_status step_up(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    struct attempt a = {0};
    const char *password, *code;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = read_members(r, (const struct member[]){{"password", &password, true}, {"code", &code, false}, {0}});
    if (status == BL_OK)
        status = prove_caller(r, password, code, &a);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT organisation FROM core.session_proved($1::uuid, $2::uuid, $3::boolean)",
                        (const char *const[]){r->actor, caller.session, a.two_factor ? "t" : "f"}, 3, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_UNAUTHORIZED, "session_over", NULL, "this session is over: log in again");
    return answer_tokens(r, &(struct grant){.user = r->actor,
                                            .session = caller.session,
                                            .organisation = bl_cell(r, rows, 0, 0),
                                            .authenticated = r->now / 1000000,
                                            .two_factor = a.two_factor});
}

/* POST /api/v1/me/password: the old password is asked for again, whatever the token says. */
static enum bl_status change_password(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    struct attempt a;
    const char *password, *wanted, *code;
    char hash[PASSWORD_HASH];
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = read_members(
            r,
            (const struct member[]){{"password", &password, true}, {"new_password", &wanted, true}, {"code", &code, false}, {0}});
    const char *objection = status == BL_OK ? password_objection(wanted) : NULL;
    if (objection)
        return bl_fail(r, BL_UNPROCESSABLE, "password", "/new_password", "%s", objection);
    if (status == BL_OK && strcmp(password, wanted) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "password", "/new_password", "is the old one");
    if (status == BL_OK)
        status = prove_caller(r, password, code, &a);
    if (status != BL_OK)
        return status;
    if (!password_hash(wanted, hash)) {
        bl_set_header(r, "Retry-After", "1");
        return bl_fail(r, BL_UNAVAILABLE, "busy", NULL, "many people are logging in: try again in a second");
    }
    status = bl_sql(r, "SELECT id FROM core.password_change($1::uuid, $2::uuid, $3)",
                    (const char *const[]){r->actor, caller.session, hash}, 3, BL_FINAL, &rows);
    return status == BL_OK ? ended(r, rows) : status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
static const char sessions_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {
        "type": "object",
        "required": ["id", "started_at", "authenticated_at", "refreshed_at", "expires_at", "two_factor", "network", "agent", "current"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "started_at": {"type": "string", "format": "date-time"},
            "authenticated_at": {"type": "string", "format": "date-time"}, "refreshed_at": {"type": "string", "format": "date-time"},
            "expires_at": {"type": "string", "format": "date-time"}, "two_factor": {"type": "boolean"},
            "network": {"type": "string"}, "agent": {"type": "string"}, "current": {"type": "boolean"}
        }
    }}}
});
static const char step_up_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["password"],
    "properties": {"password": {"type": "string", "maxLength": 1024}, "code": {"type": "string", "maxLength": 64}}
});
static const char token_schema[] = SCHEMA({
    "type": "object", "required": ["access_token", "token_type", "expires_in"],
    "properties": {
        "access_token": {"type": "string"}, "token_type": {"type": "string", "const": "Bearer"}, "expires_in": {"type": "integer"}
    }
});
static const char password_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["password", "new_password"],
    "properties": {
        "password": {"type": "string", "maxLength": 1024}, "new_password": {"type": "string", "minLength": 12, "maxLength": 1024},
        "code": {"type": "string", "maxLength": 64}
    }
});
/* clang-format on */

const struct bl_route auth_session_routes[] = {
    {.method = "GET",
     .path = "/api/v1/me/sessions",
     .handler = list_sessions,
     .summary = "Where the caller is signed in",
     .answer = sessions_schema},
    {.method = "DELETE",
     .path = "/api/v1/me/sessions",
     .handler = end_sessions,
     .summary = "End all sessions of the caller but this one"},
    {.method = "DELETE", .path = "/api/v1/me/sessions/{id}", .handler = end_session, .summary = "End a session of the caller"},
    {.method = "POST",
     .path = "/api/v1/me/password",
     .handler = change_password,
     .summary = "Change the caller's password; ends the other sessions",
     .body = password_schema},
    {.method = "POST",
     .path = "/api/v1/auth/step-up",
     .handler = step_up,
     .summary = "Prove again who you are: a fresh access token, which dangerous acts ask for",
     .body = step_up_schema,
     .answer = token_schema},
    {0},
};
