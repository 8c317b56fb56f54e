/* Log-in, sessions, who am I and the organisation's own routes, over a real database of its own: from the request to the row. */
#include "inside.h"

#include "auth/keys.h"
#include "auth/password.h"
#include "db/migrate.h"
#include "tenant/tenant.h"
#include <unistd.h>

#define DATABASE "ballium_identity"
#define PASSWORD "a long enough password"
#define LOGIN "/api/v1/auth/login"
#define REFRESH "/api/v1/auth/refresh"
#define LOGOUT "/api/v1/auth/logout"

static char super_conninfo[512], app_conninfo[512], keys_dir[] = "/tmp/ballium-identity-XXXXXX";
static char url[] = "https://ballium.test", audience[] = "ballium";
static struct config config;
static struct registry *registry, *no_plugins;
static struct engine *engine;
static struct auth *auth;
static struct http *http;
static struct http_worker *worker;
static struct db *super;
static char hash[PASSWORD_HASH];

/* ---- the stage ---- */

static void run(struct db *db, const char *sql)
{
    assert_int_equal(db_ready(db), BL_OK);
    if (!db_script(db, sql))
        fail_msg("%s: %s", sql, db_error(db)->message);
}

/* The one number that a query answers. */
static long number(const char *sql)
{
    struct arena *arena = arena_new(1 << 20);
    struct bl_rows *rows;
    assert_int_equal(db_ready(super), BL_OK);
    db_queue(super, sql, NULL, 0);
    if (db_flush(super, arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(super)->message);
    long value = (long)db_integer(rows, 0, 0);
    arena_free(arena);
    return value;
}

/* The last dbname of a connection string wins. */
static void elsewhere(char out[512], const char *variable)
{
    snprintf(out, 512, "%s dbname=" DATABASE, getenv(variable));
}

static bool make_database(void)
{
    elsewhere(super_conninfo, "BALLIUM_TEST_SUPERUSER");
    elsewhere(app_conninfo, "BALLIUM_TEST_DATABASE");
    struct db *first = db_new(getenv("BALLIUM_TEST_SUPERUSER"), false);
    run(first, "DROP DATABASE IF EXISTS " DATABASE);
    run(first, "CREATE DATABASE " DATABASE " OWNER ballium_owner");
    db_free(first);
    super = db_new(super_conninfo, false);
    return migrate_area(super, "core", bl_migrations_core, stderr, stderr) && tenant_sync_grants(super, registry, stderr);
}

static int set_up(void **state)
{
    (void)state;
    char kid[KID_ROOM], dir[] = TEST_PLUGINS, plugins[] = "good";
    if (!getenv("BALLIUM_TEST_SUPERUSER") || !getenv("BALLIUM_TEST_DATABASE"))
        return -1;
    registry = registry_load(&(struct config){.plugin_dir = dir, .plugins = plugins}, stderr);
    if (!registry || !make_database() || !mkdtemp(keys_dir) || !key_generate(keys_dir, KEY_ES256, kid, stderr) ||
        !password_hash(PASSWORD, hash))
        return -1;
    config = (struct config){.database = app_conninfo,
                             .keys_dir = keys_dir,
                             .base_url = url,
                             .audience = audience,
                             .body_limit = 65536,
                             .access_ttl = 600,
                             .refresh_ttl = 3600,
                             .prepared = true};
    no_plugins = registry_of(NULL, 0, stderr);
    engine = no_plugins ? engine_new(no_plugins, stderr) : NULL;
    auth = auth_new(&config, stderr);
    http = engine && auth ? http_new(&config, engine, auth, stderr) : NULL;
    worker = http ? http_worker_new(http) : NULL;
    return worker ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    if (!super)
        return -1;
    http_worker_free(worker);
    http_free(http);
    auth_free(auth);
    engine_free(engine);
    registry_free(registry);
    registry_free(no_plugins);
    db_free(super);
    struct db *last = db_new(getenv("BALLIUM_TEST_SUPERUSER"), false);
    run(last, "DROP DATABASE " DATABASE);
    db_free(last);
    snprintf(command, sizeof command, "rm -r %s", keys_dir);
    return system(command);
}

/* Each test starts with these people: ann (owner of keep, reader of moat), bob (cb_auditor of keep), sue (suspended), nil
 * (without a password). */
static int people(void **state)
{
    (void)state;
    char sql[4096];
    snprintf(sql, sizeof sql,
             "TRUNCATE core.organisation, core.user_account, core.login_attempt CASCADE;"
             "INSERT INTO core.organisation (id, slug, name, kind) VALUES "
             "('00000000-0000-7000-8000-0000000000a1', 'keep', 'Keep', 'client'),"
             "('00000000-0000-7000-8000-0000000000a2', 'moat', 'Moat', 'client'),"
             "('00000000-0000-7000-8000-0000000000a3', 'shut', 'Shut', 'client');"
             "INSERT INTO core.user_account (id, email, name, password_hash, status) VALUES "
             "('00000000-0000-7000-8000-0000000000b1', 'ann@keep.test', 'Ann', '%s', 'active'),"
             "('00000000-0000-7000-8000-0000000000b2', 'bob@body.test', 'Bob', '%s', 'active'),"
             "('00000000-0000-7000-8000-0000000000b3', 'sue@keep.test', 'Sue', '%s', 'active'),"
             "('00000000-0000-7000-8000-0000000000b4', 'nil@keep.test', 'Nil', NULL, 'active');"
             "INSERT INTO core.membership (tenant_id, user_id, roles, status) VALUES "
             "('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000b1', '{owner}', 'active'),"
             "('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-0000000000b1', '{reader,risk_owner}', 'active'),"
             "('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-0000000000b1', '{owner}', 'active'),"
             "('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000b2', '{cb_auditor}', 'active'),"
             "('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000b3', '{owner}', 'ended');"
             "UPDATE core.organisation SET status = 'closed' WHERE slug = 'shut';"
             "UPDATE core.user_account SET status = 'suspended' WHERE email = 'sue@keep.test'",
             hash, hash, hash);
    run(super, sql);
    return 0;
}

static struct reply post(const char *path, const char *body)
{
    return inside_call(worker, "POST", path, NULL, NULL, body);
}

static struct reply get(const char *path, const char *token)
{
    return inside_call(worker, "GET", path, token, NULL, NULL);
}

static struct reply log_in(const char *email, const char *password, const char *address)
{
    char body[512];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    return inside_call(worker, "POST", LOGIN, NULL, address, body);
}

static int log_in_status(const char *email, const char *password, const char *address)
{
    struct reply reply = log_in(email, password, address);
    int status = reply.status;
    reply_free(&reply);
    return status;
}

static struct reply trade(const char *path, const char *token)
{
    char body[256];
    snprintf(body, sizeof body, "{\"refresh_token\":\"%s\"}", token);
    return post(path, body);
}

/* Ann's tokens. */
static void tokens(char access[2048], char refresh[64])
{
    struct reply reply = log_in("ann@keep.test", PASSWORD, NULL);
    reply_expect(&reply, 200, "");
    snprintf(access, 2048, "%s", reply_text(&reply, "access_token"));
    snprintf(refresh, 64, "%s", reply_text(&reply, "refresh_token"));
    reply_free(&reply);
}

/* ---- log-in ---- */

static void good_login(void **state)
{
    (void)state;
    struct auth_caller caller;
    const char *why;
    char header[2200];
    struct reply reply = log_in("Ann@Keep.test", PASSWORD, NULL);
    reply_expect(&reply, 200, "Cache-Control: no-store");
    assert_string_equal(reply_text(&reply, "token_type"), "Bearer");
    assert_int_equal(json_integer_value(json_object_get(reply.json, "expires_in")), 600);
    snprintf(header, sizeof header, "Bearer %s", reply_text(&reply, "access_token"));
    assert_int_equal(auth_verify(auth, header, &caller, &why), BL_OK);
    assert_string_equal(caller.actor, "00000000-0000-7000-8000-0000000000b1");
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM core.session WHERE id = '%s' AND user_id = '%s'", caller.session,
             caller.actor);
    assert_int_equal(number(sql), 1);
    /* the hash of the token is in the database, the token is not */
    snprintf(sql, sizeof sql, "SELECT count(*) FROM core.refresh_token WHERE hash = sha256('%s')",
             reply_text(&reply, "refresh_token"));
    assert_int_equal(number(sql), 1);
    reply_free(&reply);
}

/* Wrong password, no such user, suspended, without a password: one answer, and each leaves the same marks. */
static void refused_login(void **state)
{
    (void)state;
    static const char *const emails[] = {"ann@keep.test", "nobody@keep.test", "sue@keep.test", "nil@keep.test"};
    char first[512] = "";
    for (size_t i = 0; i < 4; i++) {
        people(NULL);
        struct reply reply = log_in(emails[i], i == 0 ? "a wrong password" : PASSWORD, NULL);
        reply_expect(&reply, 401, "WWW-Authenticate:");
        assert_string_equal(reply_text(&reply, "type"), "urn:ballium:problem:wrong_credentials");
        json_object_del(reply.json, "instance");
        char *text = json_dumps(reply.json, JSON_SORT_KEYS);
        if (i == 0)
            snprintf(first, sizeof first, "%s", text);
        assert_string_equal(text, first);
        free(text);
        reply_free(&reply);
        assert_int_equal(number("SELECT count(*) FROM core.login_attempt WHERE failures = 1 AND NOT trusted"), 2);
        assert_int_equal(number("SELECT count(*) FROM core.session"), 0);
    }
}

static void bad_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
        int status;
        const char *words;
    } table[] = {
        {LOGIN, "{\"email\":\"a@b\"}", 422, "\"/password\""},
        {LOGIN, "{}", 422, "\"/email\""},
        {LOGIN, "{\"email\":1,\"password\":\"x\"}", 422, "must be a string"},
        {LOGIN, "{\"email\":\"a@b\",\"password\":null}", 422, "must be a string"},
        {LOGIN, "{\"email\":\"a@b\",\"password\":\"x\",\"otp\":\"1\"}", 422, "not known here"},
        {LOGIN, "[]", 400, ""},
        {LOGIN, "{\"email\":\"a@b\",\"password\":\"x\"", 400, ""},
        {LOGIN, "{\"email\":\"a@b\",\"email\":\"c@d\",\"password\":\"x\"}", 400, ""},
        {REFRESH, "{}", 422, "\"/refresh_token\""},
        {REFRESH, "{\"refresh_token\":\"blr_short\"}", 401, "invalid_refresh_token"},
        {LOGOUT, "{\"refresh_token\":7}", 422, "must be a string"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reply reply = post(table[i].path, table[i].body);
        reply_expect(&reply, table[i].status, table[i].words);
        reply_free(&reply);
    }
    char body[1200] = "{\"email\":\"ann@keep.test\",\"password\":\"";
    size_t length = strlen(body);
    memset(body + length, 'x', PASSWORD_MAX + 1);
    strcpy(body + length + PASSWORD_MAX + 1, "\"}");
    struct reply reply = post(LOGIN, body);
    reply_expect(&reply, 422, "\"/password\"");
    reply_free(&reply);
    assert_int_equal(number("SELECT count(*) FROM core.login_attempt"), 0);
}

/* ---- limits ---- */

static long retry_after(const struct reply *reply)
{
    const char *at = strstr(reply->text, "Retry-After: ");
    return at ? atol(at + 13) : -1;
}

/* Time is moved by moving what is remembered. */
static void pass(const char *seconds)
{
    char sql[256];
    snprintf(sql, sizeof sql, "UPDATE core.login_attempt SET seen_at = seen_at - interval '%s seconds'", seconds);
    run(super, sql);
}

static void locked_pair(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(log_in_status("ann@keep.test", "a wrong password", "192.0.2.66"), 401);
    struct reply reply = log_in("ANN@keep.test", PASSWORD, "192.0.2.66"); /* the right one, too late */
    reply_expect(&reply, 429, "too_many_attempts");
    assert_in_range(retry_after(&reply), 10, 15);
    reply_free(&reply);
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "192.0.2.1"), 200); /* the owner, from elsewhere */
    pass("16");
    assert_int_equal(log_in_status("ann@keep.test", "a wrong password", "192.0.2.66"), 401);
    reply = log_in("ann@keep.test", PASSWORD, "192.0.2.66");
    assert_in_range(retry_after(&reply), 25, 30); /* twice as long */
    reply_free(&reply);
    pass("31");
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "192.0.2.66"), 200);
    assert_int_equal(log_in_status("ann@keep.test", "a wrong password", "192.0.2.66"), 401); /* the count began again */
    for (int i = 0; i < 30; i++) {
        pass("1000");
        assert_int_equal(log_in_status("ann@keep.test", "a wrong password", "192.0.2.77"),
                         401); /* never longer than 15 minutes */
    }
}

/* A subscriber's whole IPv6 network is one, and an account that does not exist is locked like any other. */
static void locked_network(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char address[64];
        snprintf(address, sizeof address, "2001:db8:1:2::%x", i + 1);
        assert_int_equal(log_in_status("nobody@keep.test", "a wrong password", address), 401);
    }
    assert_int_equal(log_in_status("nobody@keep.test", "a wrong password", "2001:db8:1:2:ffff::1"), 429);
    assert_int_equal(log_in_status("nobody@keep.test", "a wrong password", "2001:db8:1:3::1"), 401);
}

/* Guesses from everywhere: the account's owner is slowed where unknown, by seconds, and locked out nowhere. */
static void account_under_attack(void **state)
{
    (void)state;
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.1"), 200); /* home */
    for (int i = 0; i < 20; i++) {
        char address[32];
        snprintf(address, sizeof address, "203.0.113.%d", i + 1);
        assert_int_equal(log_in_status("ann@keep.test", "a wrong password", address), 401);
    }
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.1"), 200); /* from home as ever */
    struct reply reply = log_in("ann@keep.test", PASSWORD, "198.51.100.2");
    reply_expect(&reply, 429, "too_many_attempts");
    assert_in_range(retry_after(&reply), 4, 6);
    reply_free(&reply);
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.2"), 429); /* at once again: still waiting */
    pass("6");
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.2"), 200);
    run(super, "UPDATE core.login_attempt SET failures = 1000000 WHERE failures > 19"); /* however hard the attack is */
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.3"), 429);
    pass("61");
    assert_int_equal(log_in_status("ann@keep.test", PASSWORD, "198.51.100.3"), 200);
    assert_int_equal(log_in_status("bob@body.test", PASSWORD, "203.0.113.1"), 200); /* nobody else is concerned */
}

/* Guesses that run side by side have all looked before the first has failed: a right one among them comes too late as well. */
static void late_success(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        run(super, "SELECT core.login_failed('ann@keep.test', '192.0.2.9')");
    assert_true(number("SELECT core.login_proved('ann@keep.test', '192.0.2.9')") > 0);
    assert_int_equal(number("SELECT core.login_proved('ann@keep.test', '192.0.2.8')"), 0); /* only that pair */
    assert_int_equal(
        number("SELECT core.session_start('00000000-0000-7000-8000-0000000000b3', gen_random_uuid(), sha256('x'), 60, "
               "false, '', '', NULL)"),
        0); /* suspended meanwhile */
    assert_int_equal(number("SELECT count(*) FROM core.session"), 0);
}

static void swept(void **state)
{
    (void)state;
    run(super,
        "INSERT INTO core.login_attempt (key, failures, expires_at) SELECT sha256(n::text::bytea), 1, now() - interval '1 s' "
        "FROM generate_series(1, 20) n;"
        "INSERT INTO core.session (id, user_id, expires_at) SELECT gen_random_uuid(), "
        "'00000000-0000-7000-8000-0000000000b1', now() - interval '1 s' FROM generate_series(1, 6);"
        "INSERT INTO core.refresh_token (hash, session_id) SELECT sha256(id::text::bytea), id FROM core.session");
    for (int i = 0; i < 3; i++)
        assert_int_equal(log_in_status("ann@keep.test", PASSWORD, NULL), 200);
    assert_int_equal(number("SELECT count(*) FROM core.login_attempt"), 1);
    assert_int_equal(number("SELECT count(*) FROM core.session"), 3);
    assert_int_equal(number("SELECT count(*) FROM core.refresh_token"), 3);
}

/* ---- sessions ---- */

static void rotation(void **state)
{
    (void)state;
    char access[2048], first[64];
    tokens(access, first);
    struct reply reply = trade(REFRESH, first);
    reply_expect(&reply, 200, "Cache-Control: no-store");
    assert_string_not_equal(reply_text(&reply, "refresh_token"), first);
    struct reply me = get("/api/v1/me", reply_text(&reply, "access_token"));
    reply_expect(&me, 200, "ann@keep.test");
    struct reply again = trade(REFRESH, reply_text(&reply, "refresh_token"));
    reply_expect(&again, 200, "");
    reply_free(&again);
    reply_free(&me);
    reply_free(&reply);
    assert_int_equal(number("SELECT count(*) FROM core.session"), 1);
}

static void reuse_ends_the_family(void **state)
{
    (void)state;
    char access[2048], first[64], other[64];
    tokens(access, first);
    tokens(access, other);
    struct reply second = trade(REFRESH, first);
    reply_expect(&second, 200, "");
    struct reply stolen = trade(REFRESH, first);
    reply_expect(&stolen, 401, "invalid_refresh_token");
    struct reply victim = trade(REFRESH, reply_text(&second, "refresh_token"));
    reply_expect(&victim, 401, "invalid_refresh_token"); /* over for both */
    struct reply unrelated = trade(REFRESH, other);
    reply_expect(&unrelated, 200, ""); /* another log-in of the same person goes on */
    reply_free(&unrelated);
    reply_free(&victim);
    reply_free(&stolen);
    reply_free(&second);
    assert_int_equal(number("SELECT count(*) FROM core.session WHERE ended_why = 'reuse'"), 1);
}

/* Two trades of one token at the same moment: the second waits for the first, and is a reuse. */
static void two_at_once(void **state)
{
    (void)state;
    char access[2048], refresh[64], sql[256];
    tokens(access, refresh);
    PGconn *a = PQconnectdb(app_conninfo), *b = PQconnectdb(app_conninfo);
    assert_int_equal(PQstatus(a), CONNECTION_OK);
    assert_int_equal(PQstatus(b), CONNECTION_OK);
    PQclear(PQexec(a, "BEGIN"));
    snprintf(sql, sizeof sql, "SELECT outcome FROM core.refresh(sha256('%s'), sha256('one'))", refresh);
    PGresult *first = PQexec(a, sql);
    assert_string_equal(PQgetvalue(first, 0, 0), "rotated");
    snprintf(sql, sizeof sql, "SELECT outcome FROM core.refresh(sha256('%s'), sha256('two'))", refresh);
    assert_int_equal(PQsendQuery(b, sql), 1);
    while (number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '" DATABASE "'") == 0)
        assert_true(PQconsumeInput(b) && PQisBusy(b)); /* else it did not wait */
    PQclear(PQexec(a, "COMMIT"));
    PGresult *second = PQgetResult(b);
    assert_string_equal(PQgetvalue(second, 0, 0), "reused");
    PQclear(first);
    PQclear(second);
    PQfinish(a);
    PQfinish(b);
    assert_int_equal(number("SELECT count(*) FROM core.refresh_token WHERE hash = sha256('two')"), 0);
}

static void log_out(void **state)
{
    (void)state;
    char access[2048], refresh[64];
    tokens(access, refresh);
    struct reply reply = trade(LOGOUT, refresh);
    reply_expect(&reply, 204, "");
    assert_string_equal(reply.body, "");
    reply_free(&reply);
    reply = trade(REFRESH, refresh);
    reply_expect(&reply, 401, "invalid_refresh_token");
    reply_free(&reply);
    reply = trade(LOGOUT, "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"); /* tells nothing about a token */
    reply_expect(&reply, 204, "");
    reply_free(&reply);
}

/* What ends a session from outside. */
static void ended(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "UPDATE core.session SET expires_at = now()",
        "UPDATE core.session SET ended_at = now(), ended_why = 'password'",
        "UPDATE core.user_account SET status = 'suspended'",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char access[2048], refresh[64];
        people(NULL);
        tokens(access, refresh);
        run(super, ways[i]);
        struct reply reply = trade(REFRESH, refresh);
        reply_expect(&reply, 401, "invalid_refresh_token");
        reply_free(&reply);
    }
}

/* A session is its person's, whatever organisations they are a member of: who has left one goes on, and not into that one. */
static void a_refresh_brings_no_membership_back(void **state)
{
    (void)state;
    char access[2048], refresh[64];
    tokens(access, refresh);
    run(super, "UPDATE core.membership SET status = 'ended' WHERE tenant_id = '00000000-0000-7000-8000-0000000000a1'");
    struct reply reply = trade(REFRESH, refresh);
    reply_expect(&reply, 200, "");
    static const struct {
        const char *path;
        int status;
    } table[] = {{"/api/v1/orgs/keep", 404}, {"/api/v1/orgs/keep/members", 404}, {"/api/v1/orgs/moat", 200}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reply answer = get(table[i].path, reply_text(&reply, "access_token"));
        reply_expect(&answer, table[i].status, "");
        reply_free(&answer);
    }
    reply_free(&reply);
}

/* ---- who am I, and where ---- */

static void me_and_organisations(void **state)
{
    (void)state;
    char access[2048], refresh[64];
    tokens(access, refresh);
    struct reply me = get("/api/v1/me", access);
    reply_expect(&me, 200, "");
    assert_string_equal(reply_text(&me, "user/email"), "ann@keep.test");
    assert_int_equal(json_array_size(json_object_get(me.json, "memberships")), 2); /* not the closed one */
    assert_string_equal(reply_text(&me, "memberships/0/organisation/slug"), "keep");
    assert_string_equal(reply_text(&me, "memberships/1/roles/1"), "risk_owner");
    assert_int_equal(json_object_size(json_object_get(me.json, "role_permissions")), 3);
    assert_string_equal(reply_text(&me, "role_permissions/reader/0"), "core.access:read");
    reply_free(&me);
    struct reply list = get("/api/v1/orgs", access);
    reply_expect(&list, 200, "");
    assert_int_equal(json_array_size(json_object_get(list.json, "items")), 2);
    assert_string_equal(reply_text(&list, "items/1/slug"), "moat");
    assert_string_equal(reply_text(&list, "items/1/roles/0"), "reader");
    reply_free(&list);
    struct reply org = get("/api/v1/orgs/keep", access);
    reply_expect(&org, 200, "\"client\"");
    assert_string_equal(reply_text(&org, "id"), "00000000-0000-7000-8000-0000000000a1");
    reply_free(&org);
    org = get("/api/v1/orgs/00000000-0000-7000-8000-0000000000A2", access);
    reply_expect(&org, 200, "\"moat\"");
    reply_free(&org);
    run(super, "UPDATE core.user_account SET status = 'suspended'");
    me = get("/api/v1/me", access); /* the token is still good, the person is not */
    reply_expect(&me, 401, "account_not_active");
    reply_free(&me);
    list = get("/api/v1/orgs", access);
    reply_expect(&list, 200, "\"items\":[]");
    reply_free(&list);
}

static void members(void **state)
{
    (void)state;
    char access[2048], refresh[64];
    tokens(access, refresh);
    struct reply all = get("/api/v1/orgs/keep/members", access);
    reply_expect(&all, 200, "");
    assert_int_equal(json_array_size(json_object_get(all.json, "items")), 3);
    assert_string_equal(reply_text(&all, "items/2/status"), "ended"); /* records go on naming the person */
    assert_string_equal(reply_text(&all, "items/1/roles/0"), "cb_auditor");
    assert_true(json_is_null(json_object_get(all.json, "next")));
    assert_null(strstr(all.text, "argon2"));
    reply_free(&all);
    struct reply page = get("/api/v1/orgs/keep/members?limit=2", access);
    reply_expect(&page, 200, "");
    char path[128];
    snprintf(path, sizeof path, "/api/v1/orgs/keep/members?limit=2&cursor=%s", reply_text(&page, "next"));
    reply_free(&page);
    page = get(path, access);
    reply_expect(&page, 200, "sue@keep.test");
    assert_int_equal(json_array_size(json_object_get(page.json, "items")), 1);
    reply_free(&page);
    page = get("/api/v1/orgs/keep/members?limit=0", access);
    reply_expect(&page, 400, "bad_limit");
    reply_free(&page);
    page = get("/api/v1/orgs/keep/members?cursor=1", access);
    reply_expect(&page, 400, "bad_cursor");
    reply_free(&page);
}

static void outsiders(void **state)
{
    (void)state;
    struct reply reply = log_in("bob@body.test", PASSWORD, NULL);
    reply_expect(&reply, 200, "");
    const char *access = reply_text(&reply, "access_token");
    static const struct {
        const char *path;
        int status;
    } table[] = {
        {"/api/v1/orgs/keep", 200},         {"/api/v1/orgs/keep/members", 403}, {"/api/v1/orgs/moat", 404},
        {"/api/v1/orgs/moat/members", 404}, {"/api/v1/orgs/nowhere", 404},      {"/api/v1/orgs/shut", 404},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reply answer = get(table[i].path, access);
        reply_expect(&answer, table[i].status, "");
        reply_free(&answer);
    }
    run(super, "UPDATE core.membership SET status = 'ended'");
    struct reply answer = get("/api/v1/orgs/keep", access); /* out at once */
    reply_expect(&answer, 404, "");
    reply_free(&answer);
    reply_free(&reply);
    answer = get("/api/v1/me", NULL);
    reply_expect(&answer, 401, "WWW-Authenticate:");
    reply_free(&answer);
}

static void public_keys(void **state)
{
    (void)state;
    struct reply reply = get("/.well-known/jwks.json", NULL);
    reply_expect(&reply, 200, "max-age=300");
    assert_string_equal(reply_text(&reply, "keys/0/kty"), "EC");
    reply_free(&reply);
}

/* ---- the database's own walls ---- */

static void grants_are_the_table(void **state)
{
    (void)state;
    assert_int_equal(number("SELECT count(*) FROM core.role_grant WHERE role = 'owner' AND permission = 'good.task:finish'"), 1);
    assert_int_equal(number("SELECT count(*) FROM core.role_grant WHERE role = 'reader' AND permission NOT LIKE '%:read'"), 0);
    assert_int_equal(number("SELECT count(*) FROM core.role_grant WHERE permission = 'core.member:read'"), 8);
    long before = number("SELECT count(*) FROM core.role_grant");
    run(super, "INSERT INTO core.role_grant VALUES ('reader', 'good.task:write'), ('boss', 'good.task:read');"
               "DELETE FROM core.role_grant WHERE role = 'manager'");
    assert_true(tenant_sync_grants(super, registry, stderr));
    assert_int_equal(number("SELECT count(*) FROM core.role_grant"), before);
    assert_int_equal(number("SELECT count(*) FROM core.role_grant WHERE role = 'boss'"), 0);
}

/* The serving role reaches what belongs to nobody through functions alone. */
static void nothing_but_functions(void **state)
{
    (void)state;
    assert_int_equal(number("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p "
                            "CROSS JOIN unnest('{ballium_app,ballium_portfolio,ballium_worker}'::text[]) AS r "
                            "WHERE n.nspname = 'core' AND c.relname IN ('user_account', 'session', 'refresh_token', "
                            "'login_attempt', 'organisation', 'role_grant', 'engagement') AND has_table_privilege(r, c.oid, p)"),
                     0);
    assert_int_equal(number("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, "
                            "unnest('{ballium_portfolio,ballium_worker}'::text[]) AS r WHERE n.nspname = 'core' AND "
                            "p.proname ~ '^(login|refresh|log_out|me$|memberships_of)' AND has_function_privilege(r, p.oid, "
                            "'EXECUTE')"),
                     0);
    assert_int_equal(
        number("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'core' "
               "AND p.proname IN ('login_key', 'login_wait', 'login_count', 'login_sweep') AND "
               "has_function_privilege('ballium_app', p.oid, 'EXECUTE')"),
        0);
    assert_int_equal(
        number("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'core' "
               "AND p.prosecdef AND coalesce(array_to_string(p.proconfig, ','), '') <> "
               "'search_path=pg_catalog, pg_temp'"),
        0);
}

#define TEST(function) cmocka_unit_test_setup(function, people)

/* ---- reminders ---- */

static void reminders_are_chosen(void **state)
{
    (void)state;
    char access[2048], refresh[64];
    static const struct {
        const char *method, *body, *words;
        int status;
    } steps[] = {
        {"GET", NULL, "{\"rhythm\":\"daily\",\"days_ahead\":7,\"way\":\"mail\"}", 200},
        {"PUT", "{\"rhythm\":\"daily\",\"days_ahead\":1,\"way\":\"both\"}", "\"daily\",\"days_ahead\":1,\"way\":\"both\"}", 200},
        {"PUT", "{\"rhythm\":\"daily\",\"days_ahead\":1,\"way\":\"pigeon\"}", "/way", 422},
        {"PUT", "{\"rhythm\":\"weekly\",\"days_ahead\":60}", "\"weekly\",\"days_ahead\":60,\"way\":\"mail\"}", 200},
        {"PUT", "{\"rhythm\":\"weekly\",\"days_ahead\":61}", "/days_ahead", 422},
        {"PUT", "{\"rhythm\":\"hourly\",\"days_ahead\":1}", "/rhythm", 422},
        {"PUT", "{\"rhythm\":\"off\"}", "/days_ahead", 422},
        {"GET", NULL, "{\"rhythm\":\"weekly\",\"days_ahead\":60,\"way\":\"mail\"}", 200},
    };
    tokens(access, refresh);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct reply reply = inside_call(worker, steps[i].method, "/api/v1/me/reminders", access, NULL, steps[i].body);
        reply_expect(&reply, steps[i].status, steps[i].words);
        reply_free(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reminders_are_chosen),
        TEST(good_login),
        TEST(refused_login),
        TEST(bad_bodies),
        TEST(locked_pair),
        TEST(locked_network),
        TEST(account_under_attack),
        TEST(late_success),
        TEST(swept),
        TEST(rotation),
        TEST(reuse_ends_the_family),
        TEST(two_at_once),
        TEST(log_out),
        TEST(ended),
        TEST(a_refresh_brings_no_membership_back),
        TEST(me_and_organisations),
        TEST(members),
        TEST(outsiders),
        TEST(public_keys),
        TEST(grants_are_the_table),
        TEST(nothing_but_functions),
    };
    return cmocka_run_group_tests_name("identity", tests, set_up, tear_down);
}
