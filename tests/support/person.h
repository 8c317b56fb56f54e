/* A person of a test's own, made by the program's command line, so that locking, second factors and passwords disturb nobody
 * else's test. Needs BALLIUM_BINARY and BALLIUM_CONFIG beside what api.h needs. */
#ifndef SUPPORT_PERSON_H
#define SUPPORT_PERSON_H

#include "attack.h"

struct person {
    char email[100], password[64];
};

/* Runs a line in sh; the first line that it prints goes to `out` (may be NULL). Its failure fails the test. */
static inline void person_shell(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
static inline void person_shell(char *out, size_t room, const char *format, ...)
{
    char line[4096], first[1024] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!getenv("BALLIUM_BINARY") || !getenv("BALLIUM_CONFIG"))
        fail_msg("BALLIUM_BINARY and BALLIUM_CONFIG must name the service's program and configuration (tests/run sets them)");
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    if (!fgets(first, sizeof first, pipe))
        first[0] = '\0';
    first[strcspn(first, "\n")] = '\0';
    for (char rest[1024]; fread(rest, 1, sizeof rest, pipe) > 0;)
        ;
    if (pclose(pipe) != 0)
        fail_msg("this failed: %s", line);
    if (out)
        snprintf(out, room, "%s", first);
}

/* One statement as the owner of all tables: what only time or another process would do otherwise. */
static inline void person_sql(const char *sql)
{
    person_shell(
        NULL, 0,
        "psql -qX -v ON_ERROR_STOP=1 \"$(sed -n 's/^migrator = //p' \"$BALLIUM_CONFIG\")\" -c 'SET ROLE ballium_owner' -c \"%s\"",
        sql);
}

/* A new person with these roles at the organisation. */
static inline struct person person_new(const char *organisation, const char *roles)
{
    static int number;
    struct person p;
    snprintf(p.email, sizeof p.email, "p%d-%lld-%d@example.org", ++number, (long long)time(NULL), (int)getpid());
    snprintf(p.password, sizeof p.password, "correct horse %d staple", number);
    person_shell(NULL, 0, "echo '%s' | \"$BALLIUM_BINARY\" user create --email %s --name 'Test Person' --password-stdin",
                 p.password, p.email);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org %s --roles %s", p.email, organisation, roles);
    return p;
}

static inline struct answer person_log_in(const struct person *p, const char *password, const char *code)
{
    struct api *a = api_new();
    struct answer r =
        api_post(a, "/api/v1/auth/login", json_pack("{s:s, s:s, s:s*}", "email", p->email, "password", password, "code", code));
    api_free(a);
    return r;
}

/* A client that is logged in; its refresh token goes to `refresh` (may be NULL). */
static inline struct api *person_api(const struct person *p, char refresh[100])
{
    struct answer r = person_log_in(p, p->password, NULL);
    expect_status(&r, 200);
    struct api *a = api_new();
    api_set_token(a, answer_text(&r, "access_token"));
    if (refresh)
        snprintf(refresh, 100, "%s", answer_text(&r, "refresh_token"));
    answer_free(&r);
    return a;
}

static inline struct answer person_refresh(const char *token)
{
    struct api *a = api_new();
    struct answer r = api_post(a, "/api/v1/auth/refresh", json_pack("{s:s}", "refresh_token", token));
    api_free(a);
    return r;
}

/* Makes the sign-ins of that person an hour old, and gives `a` a token that says so. */
static inline void person_grow_stale(const struct person *p, struct api *a, char refresh[100])
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "UPDATE core.session SET authenticated_at = now() - interval '1 hour' WHERE user_id = (SELECT id FROM "
             "core.user_account WHERE email = '%s')",
             p->email);
    person_sql(sql);
    struct answer r = person_refresh(refresh);
    expect_status(&r, 200);
    api_set_token(a, answer_text(&r, "access_token"));
    snprintf(refresh, 100, "%s", answer_text(&r, "refresh_token"));
    answer_free(&r);
}

/* What invites to `org`; the caller frees it. */
static inline char *person_invited(struct api *who, const char *org, const char *email, const char *role)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/invitations", org);
    struct answer r = api_post(who, path, json_pack("{s:s, s:[s]}", "email", email, "roles", role));
    expect_status(&r, 201);
    char *token = strdup(answer_text(&r, "token"));
    answer_free(&r);
    return token;
}

static inline struct answer person_accepted(const char *token, const char *password, const char *name)
{
    struct api *nobody = api_new();
    struct answer r = api_post(nobody, "/api/v1/auth/invitation",
                               json_pack("{s:s, s:s, s:s*}", "token", token, "password", password, "name", name));
    api_free(nobody);
    return r;
}

static inline char *person_email(void)
{
    static int number;
    char *email = NULL;
    if (asprintf(&email, "i%d-%lld-%d@example.org", ++number, (long long)time(NULL), (int)getpid()) < 0)
        fail_msg("out of memory");
    return email;
}

/* A client organisation that barbican has founded, and its first owner. The caller frees the slug. */
static inline char *person_founded(struct person *first, struct api **as)
{
    static int number;
    struct api *consultancy = api_as("barbican", "owner");
    char *slug = NULL, *email = person_email();
    if (asprintf(&slug, "own%d-%lld-%d", ++number, (long long)time(NULL) % 1000000, (int)getpid()) < 0)
        fail_msg("out of memory");
    struct answer r = api_post(
        consultancy, "/api/v1/orgs/barbican/organisations",
        json_pack("{s:s, s:s, s:s, s:s}", "slug", slug, "name", "Own Works", "owner_email", email, "valid_to", "2199-12-31"));
    expect_status(&r, 201);
    snprintf(first->email, sizeof first->email, "%s", email);
    snprintf(first->password, sizeof first->password, "correct horse of the owner");
    struct answer joined = person_accepted(answer_text(&r, "owner_token"), first->password, "First Owner");
    expect_status(&joined, 200);
    assert_string_equal(answer_text(&joined, "organisation"), slug);
    answer_free(&joined);
    answer_free(&r);
    api_free(consultancy);
    free(email);
    *as = person_api(first, NULL);
    return slug;
}

#endif
