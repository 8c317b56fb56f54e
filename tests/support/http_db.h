/* Requests against a real database: an organisation with a member, an outsider, and their tokens. Needs BALLIUM_TEST_DATABASE,
 * BALLIUM_TEST_MIGRATOR and BALLIUM_TEST_SUPERUSER. */
#ifndef SUPPORT_HTTP_DB_H
#define SUPPORT_HTTP_DB_H

#include "auth/internal.h"
#include "fake_io.h"
#include "http/response.h"
#include "http/worker.h"
#include "unit.h"

#include <libpq-fe.h>
#include <time.h>
#include <unistd.h>

struct stand {
    struct config config;
    struct registry *registry;
    struct engine *engine;
    struct auth *auth;
    struct http *http;
    struct http_worker *worker;
    PGconn *admin; /* a superuser: sees what the service has done */
    char keys[64];
    char org[64], other_org[64]; /* slugs; the member belongs to the first only */
    char tenant[UUID_TEXT], other_tenant[UUID_TEXT], member[UUID_TEXT], outsider[UUID_TEXT];
    char *member_token, *outsider_token;
};

/* One statement by the superuser; the first value, or "". */
static inline const char *stand_ask(struct stand *s, const char *format, ...)
{
    static char value[256], sql[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    PGresult *result = PQexec(s->admin, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s: %s", sql, PQresultErrorMessage(result));
        abort();
    }
    snprintf(value, sizeof value, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static inline char *stand_token(struct stand *s, const char *user)
{
    struct token token = {.expires = time(NULL) + 600};
    snprintf(token.subject, sizeof token.subject, "%s", user);
    char *text = token_mint(&s->auth->terms, &token, time(NULL));
    if (text == NULL)
        abort();
    return text;
}

static inline void stand_directory(struct stand *s)
{
    const char *const users[] = {s->member, s->outsider};
    uuid_v7(s->tenant);
    uuid_v7(s->other_tenant);
    uuid_v7(s->member);
    uuid_v7(s->outsider);
    snprintf(s->org, sizeof s->org, "t-%s", s->tenant + 20);
    snprintf(s->other_org, sizeof s->other_org, "o-%s", s->other_tenant + 20);
    for (size_t i = 0; i < 2; i++)
        stand_ask(s, "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', 'T')", users[i], users[i]);
    stand_ask(
        s, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', '%s', 'T', 'client'), ('%s', '%s', 'O', 'client')",
        s->tenant, s->org, s->other_tenant, s->other_org);
    stand_ask(s, "INSERT INTO core.membership (tenant_id, user_id, roles) VALUES ('%s', '%s', '{reader}')", s->tenant, s->member);
    stand_ask(s, "INSERT INTO core.membership (tenant_id, user_id, roles) VALUES ('%s', '%s', '{reader}')", s->other_tenant,
              s->outsider);
}

/* `options`: more of the conninfo, such as " options='-c lock_timeout=100'". 0: ready. */
static inline int stand_start(struct stand *s, const struct engine_route *routes, size_t count, const char *options)
{
    static char conninfo[512];
    const char *database = getenv("BALLIUM_TEST_DATABASE"), *superuser = getenv("BALLIUM_TEST_SUPERUSER");
    char kid[KID_ROOM];
    memset(s, 0, sizeof *s);
    if (database == NULL || superuser == NULL) {
        fputs("BALLIUM_TEST_DATABASE and BALLIUM_TEST_SUPERUSER are not set\n", stderr);
        return -1;
    }
    snprintf(conninfo, sizeof conninfo, "%s application_name=http-test%s", database, options);
    strcpy(s->keys, "/tmp/ballium-keys-XXXXXX");
    s->admin = PQconnectdb(superuser);
    if (PQstatus(s->admin) != CONNECTION_OK || mkdtemp(s->keys) == NULL || !key_generate(s->keys, KEY_HS256, kid, stderr) ||
        !key_use(s->keys, kid, stderr))
        return -1;
    s->config = (struct config){.database = conninfo,
                                .keys_dir = s->keys,
                                .base_url = "http://127.0.0.1",
                                .audience = "ballium",
                                .access_ttl = 600,
                                .refresh_ttl = 600,
                                .body_limit = 65536,
                                .prepared = true};
    stand_directory(s);
    s->registry = registry_of(NULL, 0, stderr);
    s->engine = engine_new(s->registry, stderr);
    s->auth = auth_new(&s->config, stderr);
    struct engine_route *table = malloc(count * sizeof *routes);
    if (s->engine == NULL || s->auth == NULL || table == NULL)
        return -1;
    memcpy(table, routes, count * sizeof *routes);
    s->http = http_of(&s->config, s->engine, s->auth, table, count, stderr);
    s->worker = s->http == NULL ? NULL : http_worker_new(s->http);
    s->member_token = stand_token(s, s->member);
    s->outsider_token = stand_token(s, s->outsider);
    return s->worker == NULL;
}

static inline void stand_end(struct stand *s)
{
    char line[96];
    http_worker_free(s->worker);
    http_free(s->http);
    auth_free(s->auth);
    engine_free(s->engine);
    registry_free(s->registry);
    PQfinish(s->admin);
    free(s->member_token);
    free(s->outsider_token);
    snprintf(line, sizeof line, "rm -rf %s", s->keys);
    if (system(line) != 0)
        abort();
}

/* A request below the member's organisation, as the member. `path`: "/read". */
static inline void stand_request(struct stand *s, struct fake_io *f, const char *method, const char *path)
{
    char target[256], header[1024];
    snprintf(target, sizeof target, "/orgs/%s%s", s->org, path);
    fake_start(f, method, target);
    snprintf(header, sizeof header, "Bearer %s", s->member_token);
    fake_set(f, "HTTP_AUTHORIZATION", header);
}

/* Handles it and answers the status. */
static inline int stand_serve(struct stand *s, struct fake_io *f)
{
    (void)http_handle(s->worker, &f->io);
    return fake_status(f);
}

/* The code of the answered problem document. */
static inline const char *stand_code(const struct fake_io *f)
{
    static char code[64];
    const char *type = strstr(fake_answer(f), "urn:ballium:problem:");
    snprintf(code, sizeof code, "%.*s", type == NULL ? 0 : (int)strcspn(type + 20, "\""), type == NULL ? "" : type + 20);
    return code;
}

#endif
