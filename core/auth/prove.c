/* How people prove who they are: e-mail address, password and, when it is in force, the second factor. */
#include "auth/internal.h"
#include "auth/password.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { EMAIL_MAX = 4 * 254 /* bytes: 254 code points */, CODE_MAX = 64 };

static const struct member *member_of(const struct member *members, const char *name)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    return members->name ? members : NULL;
}

enum bl_status read_members(struct bl_request *r, const struct member *members)
{
    json_t *body, *value;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    json_object_foreach(body, name, value) if (!member_of(members, name)) /* it may be anything, a misplaced secret too */
        status = bl_fail(r, BL_UNPROCESSABLE, "unknown", NULL, "the body has a member that is not known here");
    for (const struct member *m = members; m->name; m++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%s", m->name);
        value = json_object_get(body, m->name);
        *m->value = json_string_value(value);
        if (!value && m->required)
            status = bl_fail(r, BL_UNPROCESSABLE, "required", pointer, "is required");
        else if (value && !*m->value)
            status = bl_fail(r, BL_UNPROCESSABLE, "type", pointer, "must be a string");
    }
    return status;
}

enum bl_status answer_tokens(struct bl_request *r, const struct grant *g)
{
    const struct auth *auth = auth_current();
    int64_t now = r->now / 1000000;
    struct token token = {.expires = now + auth->access_ttl, .authenticated = g->authenticated, .two_factor = g->two_factor};
    snprintf(token.subject, sizeof token.subject, "%s", g->user);
    snprintf(token.session, sizeof token.session, "%s", g->session);
    snprintf(token.organisation, sizeof token.organisation, "%s", g->organisation ? g->organisation : "");
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
    if (g->refresh)
        bl_json_text(r, "refresh_token", g->refresh);
    bl_json_close(r);
    return BL_OK;
}

static void log_attempt(const char *event, const struct attempt *a)
{
    log_pairs(LOG_WARN, event, (const char *const[]){"network", a->network, "user", a->user ? a->user : "", NULL});
}

static enum bl_status too_many(struct bl_request *r, int64_t wait)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)wait);
    bl_set_header(r, "Retry-After", seconds);
    return bl_fail(r, BL_TOO_MANY_REQUESTS, "too_many_attempts", NULL, "too many attempts: try again in %s seconds", seconds);
}

/* The statement about an attempt is committed: a failure must leave its mark, although the request fails. */
static enum bl_status note(struct bl_request *r, const char *sql, const struct attempt *a)
{
    struct bl_rows *rows;
    return bl_sql(r, sql, (const char *const[]){a->email, a->network}, 2, BL_FINAL, &rows);
}

static enum bl_status failed(struct bl_request *r, const struct attempt *a, const char *code, const char *words)
{
    log_attempt("login_failed", a);
    enum bl_status status = note(r, "SELECT core.login_failed($1, $2)", a);
    return status != BL_OK ? status : bl_fail(r, BL_UNAUTHORIZED, code, NULL, "%s", words);
}

/* The password was right. A missing code is no failed attempt; a wrong one is. */
static enum bl_status prove_more(struct bl_request *r, struct attempt *a, const char *sealed)
{
    bool taken = false;
    if (!a->code) {
        enum bl_status status = note(r, "SELECT core.login_refused($1, $2)", a);
        return status != BL_OK ? status
                               : bl_fail(r, BL_UNAUTHORIZED, "second_factor_required", NULL,
                                         "send it again with `code`: six digits of your authenticator, or a recovery code");
    }
    enum bl_status status = second_factor_take(r, a->user, sealed, a->code, &taken);
    if (status != BL_OK)
        return status;
    a->two_factor = taken;
    return taken ? BL_OK : failed(r, a, "wrong_code", "the code is wrong, too old, or was used before: wait for the next one");
}

static enum bl_status settle(struct bl_request *r, const struct attempt *a)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT core.login_proved($1, $2)", (const char *const[]){a->email, a->network}, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    int64_t wait = bl_integer(r, rows, 0, 0);
    return wait > 0 ? too_many(r, wait) : BL_OK;
}

static enum bl_status check_lengths(struct bl_request *r, const struct attempt *a)
{
    if (strlen(a->email) > EMAIL_MAX)
        return bl_fail(r, BL_UNPROCESSABLE, "length", "/email", "has at most 254 characters");
    if (strlen(a->password) > PASSWORD_MAX)
        return bl_fail(r, BL_UNPROCESSABLE, "length", "/password", "has at most %d bytes", PASSWORD_MAX);
    if (a->code && strlen(a->code) > CODE_MAX)
        return bl_fail(r, BL_UNPROCESSABLE, "length", "/code", "has at most %d characters", CODE_MAX);
    return BL_OK;
}

/* The password is hashed whoever asks, so that the time tells nothing about the account; the database holds no lock meanwhile. */
enum bl_status prove(struct bl_request *r, struct attempt *a)
{
    struct bl_rows *rows;
    network_of(bl_param(r, "remote_addr"), a->network);
    enum bl_status status = check_lengths(r, a);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT wait, user_id, password_hash, totp FROM core.login_look($1, $2)",
                        (const char *const[]){a->email, a->network}, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    int64_t wait = bl_integer(r, rows, 0, 0);
    a->user = bl_cell(r, rows, 0, 1);
    if (wait > 0) {
        log_attempt("login_delayed", a);
        status = note(r, "SELECT core.login_refused($1, $2)", a);
        return status != BL_OK ? status : too_many(r, wait);
    }
    const char *sealed = bl_cell(r, rows, 0, 3);
    switch (password_check(bl_cell(r, rows, 0, 2), a->password)) {
    case PASSWORD_RIGHT:
        status = sealed ? prove_more(r, a, sealed) : BL_OK;
        return status == BL_OK ? settle(r, a) : status;
    case PASSWORD_WRONG:
        return failed(r, a, "wrong_credentials", "the e-mail address or the password is wrong");
    case PASSWORD_BUSY:
        break;
    }
    bl_set_header(r, "Retry-After", "1");
    return bl_fail(r, BL_UNAVAILABLE, "busy", NULL, "many people are logging in: try again in a second");
}

enum bl_status start_session(struct bl_request *r, const struct attempt *a, const char *organisation)
{
    char session[UUID_TEXT], refresh[REFRESH_ROOM], hash[SECRET_HASH_ROOM], lifetime[24];
    const char *agent = bl_header(r, "User-Agent");
    uuid_v7(session);
    refresh_new(refresh);
    secret_hash(refresh, hash);
    snprintf(lifetime, sizeof lifetime, "%ld", auth_current()->refresh_ttl);
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT core.session_start($1::uuid, $2::uuid, $3::bytea, $4::integer, $5::boolean, $6, $7, $8::uuid)",
               (const char *const[]){a->user, session, hash, lifetime, a->two_factor ? "t" : "f", a->network, agent ? agent : "",
                                     organisation},
               8, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_integer(r, rows, 0, 0) == 0)
        return bl_fail(r, BL_UNAUTHORIZED, "wrong_credentials", NULL, "the e-mail address or the password is wrong");
    return answer_tokens(r, &(struct grant){.user = a->user,
                                            .session = session,
                                            .organisation = organisation,
                                            .authenticated = r->now / 1000000,
                                            .two_factor = a->two_factor,
                                            .refresh = refresh});
}

enum bl_status person_of(struct bl_request *r, struct auth_caller *caller)
{
    const char *why;
    if (auth_verify_at(auth_current(), bl_header(r, "Authorization"), r->now / 1000000, caller, &why) == BL_OK &&
        caller->session[0] != '\0')
        return BL_OK;
    return bl_fail(r, BL_FORBIDDEN, "person_needed", NULL, "this is for people who signed in here: no service client may do it");
}

enum bl_status leave_event(struct bl_request *r, const char *resource, const char *id, const char *verb, json_t *change)
{
    char event[UUID_TEXT];
    char *text = json_dumps(change, JSON_COMPACT);
    json_decref(change);
    if (!text)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "no memory: try again");
    bl_defer(r, free, text);
    uuid_v7(event);
    struct bl_rows *rows;
    return bl_sql(
        r,
        "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) "
        "VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5::uuid, $6, coalesce((SELECT c.version FROM core.clients($5::uuid) c), 0), "
        "$7::jsonb, $8)",
        (const char *const[]){event, r->actor, resource, id, verb, text, r->id}, 7, 0, &rows);
}
