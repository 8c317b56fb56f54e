/* Service clients: what a secret buys, what a scope leaves, and that neither a stranger nor a taken-back secret gets anything. */
#include "person.h"

#include <ctype.h>

#define CLIENTS "/api/v1/orgs/keep/clients"
#define ISSUES "/api/v1/orgs/keep/context/issues"

static struct person owner;
static struct api *who;

static int set_up(void **state)
{
    (void)state;
    api_from_own_address();
    owner = person_new("keep", "owner");
    who = person_api(&owner, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(who);
    return 0;
}

struct client {
    char id[40], secret[80], secret_id[40], etag[20];
};

static struct client take(struct answer *r)
{
    struct client c;
    expect_status(r, 201);
    snprintf(c.id, sizeof c.id, "%s", answer_text(r, "id"));
    snprintf(c.secret, sizeof c.secret, "%s", answer_text(r, "client_secret"));
    snprintf(c.secret_id, sizeof c.secret_id, "%s", answer_text(r, "client_secret_id"));
    snprintf(c.etag, sizeof c.etag, "%s", answer_header(r, "etag"));
    answer_free(r);
    return c;
}

static struct client new_client(const char *const *permissions)
{
    json_t *list = json_array();
    for (; *permissions; permissions++)
        json_array_append_new(list, json_string(*permissions));
    struct answer r = api_post(who, CLIENTS, json_pack("{s:s, s:o}", "name", "Scanner", "permissions", list));
    return take(&r);
}

static void end_client(const struct client *c)
{
    char path[200];
    snprintf(path, sizeof path, CLIENTS "/%s", c->id);
    struct answer r = api_call(who, "DELETE", path, NULL, NULL);
    expect_status(&r, 204);
    answer_free(&r);
}

static struct answer token_call(const char *body, const char *basic)
{
    struct api *a = api_new();
    char header[400];
    snprintf(header, sizeof header, "Authorization: Basic %s", basic ? basic : "");
    const char *headers[] = {"Content-Type: application/x-www-form-urlencoded", basic ? header : NULL, NULL};
    struct answer r = api_call(a, "POST", "/oauth/token", body, headers);
    api_free(a);
    assert_string_equal(answer_header(&r, "cache-control"), "no-store");
    return r;
}

static struct answer ask_token(const struct client *c, const char *more)
{
    char body[600];
    snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s&client_secret=%s%s", c->id, c->secret, more);
    return token_call(body, NULL);
}

static struct api *client_api(const struct client *c, const char *more)
{
    struct answer r = ask_token(c, more);
    expect_status(&r, 200);
    struct api *a = api_new();
    api_set_token(a, answer_text(&r, "access_token"));
    answer_free(&r);
    return a;
}

static void status_of(struct api *a, const char *path, int status)
{
    struct answer r = api_get(a, "%s", path);
    expect_status(&r, status);
    answer_free(&r);
}

static void encode64(const char *text, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i += 3) {
        unsigned v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < length ? (unsigned char)text[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            *out++ = i + k <= length ? digits[v >> (18 - 6 * k) & 63] : '=';
    }
    *out = '\0';
}

static const char *const reads[] = {"context.issue:read", "context.issue:write", NULL};

static void a_secret_buys_a_token_for_one_organisation(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct api *a = client_api(&c, "");
    status_of(a, ISSUES, 200);
    status_of(a, "/api/v1/orgs/keep/context/scopes", 403); /* not one of its permissions */
    status_of(a, "/api/v1/orgs/moat/context/issues", 404); /* not its organisation: as if there were none */
    struct answer r = api_post(a, ISSUES,
                               json_pack("{s:s, s:s, s:s, s:i}", "title", "Found by a scanner", "kind", "internal", "category",
                                         "technological", "likelihood", 3));
    if (r.status != 201) { /* what an issue needs is the area's affair: that the door was open is ours */
        assert_int_equal(r.status, 422);
    } else {
        char id[40];
        snprintf(id, sizeof id, "%s", answer_text(&r, "id"));
        struct answer history = api_get(who, ISSUES "/%s/history", id);
        expect_status(&history, 200);
        assert_non_null(strstr(history.body, c.id)); /* the trail names the client */
        assert_non_null(strstr(history.body, "Scanner"));
        answer_free(&history);
        attack_archive(who, ISSUES, id);
    }
    answer_free(&r);
    end_client(&c);
    api_free(a);
}

static void a_scope_leaves_less_and_never_more(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct api *a = client_api(&c, "&scope=context.issue:read");
    status_of(a, ISSUES, 200);
    struct answer r = api_post(a, ISSUES, json_object());
    expect_problem(&r, 403, "forbidden", NULL);
    answer_free(&r);
    static const char *const too_much[] = {"&scope=context.issue:read%20context.scope:read", "&scope=core.client:write",
                                           "&scope=*.*:*", "&scope=%20"};
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
        r = ask_token(&c, too_much[i]);
        expect_status(&r, 400);
        assert_string_equal(answer_text(&r, "error"), "invalid_scope");
        answer_free(&r);
    }
    end_client(&c);
    api_free(a);
}

/* Two secrets live side by side; what is taken back buys nothing; a third is refused. */
static void secrets_rotate(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    char path[300];
    snprintf(path, sizeof path, CLIENTS "/%s/secrets", c.id);
    struct answer r = api_call(who, "POST", path, NULL, NULL);
    struct client second = take(&r);
    assert_string_not_equal(c.secret, second.secret);
    r = api_call(who, "POST", path, NULL, NULL);
    expect_problem(&r, 409, "full", NULL);
    answer_free(&r);
    const struct client *both[] = {&c, &second};
    for (size_t i = 0; i < 2; i++) {
        r = ask_token(both[i], "");
        expect_status(&r, 200);
        answer_free(&r);
    }
    snprintf(path, sizeof path, CLIENTS "/%s/secrets/%s", c.id, c.secret_id);
    r = api_call(who, "DELETE", path, NULL, NULL);
    expect_status(&r, 204);
    answer_free(&r);
    r = ask_token(&c, "");
    expect_status(&r, 401);
    assert_string_equal(answer_text(&r, "error"), "invalid_client");
    answer_free(&r);
    r = ask_token(&second, "");
    expect_status(&r, 200);
    answer_free(&r);
    r = api_get(who, CLIENTS "/%s", c.id);
    expect_status(&r, 200);
    assert_int_equal(json_array_size(answer_at(&r, "secrets")), 1);
    assert_non_null(answer_text(&r, "last_used_at"));
    assert_non_null(answer_text(&r, "secrets/0/last_used_at"));
    assert_null(strstr(r.body, "blsk_")); /* shown once, and not here */
    answer_free(&r);
    end_client(&c);
}

static void an_ended_client_is_out_at_once(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct api *a = client_api(&c, "");
    status_of(a, ISSUES, 200);
    end_client(&c);
    status_of(a, ISSUES, 404);
    struct answer r = ask_token(&c, "");
    expect_status(&r, 401);
    answer_free(&r);
    r = api_get(who, CLIENTS "/%s", c.id);
    expect_status(&r, 404);
    answer_free(&r);
    api_free(a);
}

/* RFC 6749, sections 2.3.1 and 5.2. */
static void the_token_endpoint_answers_as_oauth_has_it(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    char joined[200], basic[300], body[600];
    snprintf(joined, sizeof joined, "%s:%s", c.id, c.secret);
    encode64(joined, basic);
    struct answer r = token_call("grant_type=client_credentials", basic);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "token_type"), "Bearer");
    assert_null(answer_text(&r, "refresh_token")); /* section 4.4.3 */
    answer_free(&r);
    snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s&client_secret=%s", c.id, c.secret);
    const struct {
        const char *body, *basic;
        int status;
        const char *error;
    } cases[] = {
        {"grant_type=client_credentials", NULL, 401, "invalid_client"},
        {"grant_type=client_credentials", "bm9ib2R5Om5vdGhpbmc=", 401, "invalid_client"},
        {"grant_type=client_credentials", "!!!", 401, "invalid_client"},
        {body, basic, 400, "invalid_request"}, /* in two ways at once */
        {"grant_type=password&username=a&password=b", basic, 400, "unsupported_grant_type"},
        {"scope=a", basic, 400, "invalid_request"},
        {"grant_type=client_credentials&grant_type=client_credentials", basic, 400, "invalid_request"},
        {"grant_type=client_credentials&scope=%zz", basic, 400, "invalid_request"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r = token_call(cases[i].body, cases[i].basic);
        if (r.status != cases[i].status || !answer_text(&r, "error") || strcmp(answer_text(&r, "error"), cases[i].error) != 0)
            fail_msg("case %zu: %d %s", i, r.status, r.body);
        if (r.status == 401)
            assert_non_null(strstr(answer_header(&r, "www-authenticate"), "Basic"));
        assert_null(strstr(r.body, c.secret));
        answer_free(&r);
    }
    struct client wrong = c;
    wrong.secret[20] = wrong.secret[20] == 'a' ? 'b' : 'a'; /* its check sum is wrong now */
    r = ask_token(&wrong, "");
    expect_status(&r, 401);
    answer_free(&r);
    struct client other = new_client(reads); /* a good secret of another client */
    snprintf(wrong.secret, sizeof wrong.secret, "%s", other.secret);
    r = ask_token(&wrong, "");
    expect_status(&r, 401);
    answer_free(&r);
    end_client(&other);
    end_client(&c);
}

static void nobody_gives_what_they_do_not_hold(void **state)
{
    (void)state;
    struct person manager = person_new("keep", "manager"), reader = person_new("keep", "reader");
    struct api *m = person_api(&manager, NULL), *rd = person_api(&reader, NULL);
    struct answer r = api_post(m, CLIENTS, json_pack("{s:s, s:[s]}", "name", "Up", "permissions", "context.scope:approve"));
    expect_problem(&r, 422, "not_held", "/permissions/0");
    answer_free(&r);
    r = api_post(who, CLIENTS, json_pack("{s:s, s:[s]}", "name", "Up", "permissions", "no.such:thing"));
    assert_int_equal(r.status, 422);
    answer_free(&r);
    r = api_post(rd, CLIENTS, json_pack("{s:s, s:[s]}", "name", "Up", "permissions", "context.issue:read"));
    expect_problem(&r, 403, "forbidden", NULL);
    answer_free(&r);
    api_free(m);
    api_free(rd);
}

/* A program signs in nowhere: it makes no other client, and has no sessions, password or second factor. */
static void a_client_does_nothing_that_is_for_people(void **state)
{
    (void)state;
    static const char *const all[] = {"core.client:read", "core.client:write", "context.issue:read", NULL};
    struct client c = new_client(all);
    struct api *a = client_api(&c, "");
    struct answer r = api_post(a, CLIENTS, json_pack("{s:s, s:[s]}", "name", "Child", "permissions", "context.issue:read"));
    expect_problem(&r, 403, "person_needed", NULL);
    answer_free(&r);
    static const char *const paths[][2] = {{"GET", "/api/v1/me/sessions"},  {"DELETE", "/api/v1/me/sessions"},
                                           {"GET", "/api/v1/me/totp"},      {"POST", "/api/v1/me/totp"},
                                           {"DELETE", "/api/v1/me/totp"},   {"POST", "/api/v1/me/password"},
                                           {"POST", "/api/v1/auth/step-up"}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        r = api_call(a, paths[i][0], paths[i][1], "{}", NULL);
        expect_problem(&r, 403, "person_needed", NULL);
        answer_free(&r);
    }
    char email[100];
    snprintf(email, sizeof email, "%s@client.invalid", c.id);
    struct person door = {0};
    snprintf(door.email, sizeof door.email, "%s", email);
    r = person_log_in(&door, c.secret, NULL);
    expect_problem(&r, 401, "wrong_credentials", NULL);
    answer_free(&r);
    end_client(&c);
    api_free(a);
}

static void another_organisation_does_not_see_it(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct person stranger = person_new("moat", "owner");
    struct api *a = person_api(&stranger, NULL);
    char path[300];
    const char *const asked[][2] = {{"GET", ""}, {"DELETE", ""}, {"POST", "/secrets"}};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/api/v1/orgs/moat/clients/%s%s", c.id, asked[i][1]);
        struct answer r = api_call(a, asked[i][0], path, NULL, NULL);
        expect_status(&r, 404);
        answer_free(&r);
        snprintf(path, sizeof path, CLIENTS "/%s%s", c.id, asked[i][1]);
        r = api_call(a, asked[i][0], path, NULL, NULL);
        expect_status(&r, 404);
        answer_free(&r);
    }
    struct answer r = api_post(a, "/api/v1/orgs/moat/clients",
                               json_pack("{s:s, s:[s]}", "name", "Theirs", "permissions", "context.issue:read"));
    struct client theirs = take(&r);
    const char *const by[] = {c.id, theirs.id}; /* and not by a client of their own either */
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/api/v1/orgs/moat/clients/%s/secrets/%s", by[i], c.secret_id);
        r = api_call(a, "DELETE", path, NULL, NULL);
        expect_status(&r, 404);
        answer_free(&r);
    }
    snprintf(path, sizeof path, "/api/v1/orgs/moat/clients/%s", theirs.id);
    r = api_call(a, "DELETE", path, NULL, NULL);
    expect_status(&r, 204);
    answer_free(&r);
    r = ask_token(&c, "");
    expect_status(&r, 200);
    answer_free(&r);
    end_client(&c);
    api_free(a);
}

/* Whatever memberships somebody gives its account, a client stays at home. */
static void a_client_has_one_home(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct api *a = client_api(&c, "");
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s@client.invalid --org moat --roles owner", c.id);
    status_of(a, "/api/v1/orgs/moat/context/issues", 404);
    status_of(a, ISSUES, 200);
    struct person stranger = person_new("moat", "owner");
    struct api *there = person_api(&stranger, NULL);
    struct answer r = api_get(there, "/api/v1/orgs/moat/clients/%s", c.id);
    expect_status(&r, 404);
    answer_free(&r);
    end_client(&c);
    r = ask_token(&c, "");
    expect_status(&r, 401);
    answer_free(&r);
    api_free(a);
    api_free(there);
}

static void a_change_needs_the_version_that_was_seen(void **state)
{
    (void)state;
    struct client c = new_client(reads);
    struct api *a = client_api(&c, "");
    char path[200];
    snprintf(path, sizeof path, CLIENTS "/%s", c.id);
    struct answer r = api_send(who, "PATCH", path, json_pack("{s:[s]}", "permissions", "context.scope:read"), NULL);
    expect_status(&r, 428);
    answer_free(&r);
    r = api_send(who, "PATCH", path, json_pack("{s:[s]}", "permissions", "context.scope:read"), c.etag);
    expect_status(&r, 200);
    answer_free(&r);
    r = api_send(who, "PATCH", path, json_pack("{s:s}", "name", "Late"), c.etag);
    expect_status(&r, 412);
    answer_free(&r);
    status_of(a, ISSUES, 403); /* a permission that is taken away is gone from tokens that are out */
    r = api_call(who, "POST", CLIENTS, "{\"name\":\"Kept\",\"permissions\":[\"context.issue:read\"]}",
                 (const char *const[]){"Idempotency-Key: keeps-a-secret", NULL});
    expect_problem(&r, 400, "no_idempotency_key", NULL); /* the answer would lie in the database for a day */
    answer_free(&r);
    end_client(&c);
    api_free(a);
}

/* The job as it is when it is over. */
static struct answer job_ended(struct api *a, const char *id)
{
    time_t until = time(NULL) + 60;
    for (;;) {
        struct answer r = api_get(a, "/api/v1/orgs/keep/jobs/%s", id);
        expect_status(&r, 200);
        if (strcmp(answer_text(&r, "state"), "queued") != 0 || time(NULL) >= until)
            return r;
        answer_free(&r);
    }
}

/* The same order once more, under another scope: past the door, so that only the job itself can refuse it. */
static struct answer again_under(struct api *a, const char *job, const char *scope)
{
    char id[40];
    person_shell(id, sizeof id,
                 "psql -qXAt -v ON_ERROR_STOP=1 \"$(sed -n 's/^worker = //p' \"$BALLIUM_CONFIG\")\" -c \"INSERT INTO core.job "
                 "(tenant_id, id, kind, actor, client, scope, input) SELECT tenant_id, gen_random_uuid(), kind, actor, client, "
                 "'%s', input FROM core.job WHERE id = '%s' RETURNING id\"",
                 scope, job);
    return job_ended(a, id);
}

static void job_refused(struct answer *r)
{
    if (strcmp(answer_text(r, "state"), "dead") != 0 || strstr(answer_text(r, "problem"), "forbidden") == NULL)
        fail_msg("not refused: %s", r->body);
    answer_free(r);
}

/* What is ordered and done later is done with the client's permissions of then, and within its token's scope. */
static void a_job_runs_as_the_client_that_ordered_it(void **state)
{
    (void)state;
    static const char report[] = "/api/v1/orgs/keep/planning/reports/risk-register";
    static const char *const held[] = {"planning.risk:read", "planning.treatment_plan:read", NULL};
    struct client c = new_client(held);
    struct api *a = client_api(&c, "&scope=planning.risk:read"), *narrow = client_api(&c, "&scope=planning.treatment_plan:read");
    char *round = attack_first(who, "/api/v1/orgs/{org}/planning/risk-rounds", "keep"), job[40], path[200];
    struct answer r = api_post(narrow, report, json_pack("{s:s, s:s}", "id", round, "format", "xlsx"));
    expect_problem(&r, 403, "forbidden", NULL);
    answer_free(&r);
    r = api_post(a, report, json_pack("{s:s, s:s}", "id", round, "format", "xlsx"));
    expect_status(&r, 202);
    snprintf(job, sizeof job, "%s", answer_text(&r, "job"));
    answer_free(&r);
    r = job_ended(a, job);
    assert_string_equal(answer_text(&r, "state"), "done");
    struct answer file = api_get(who, "/api/v1/orgs/keep/files/%s", answer_text(&r, "outcome/file"));
    expect_status(&file, 200);
    assert_string_equal(answer_text(&file, "created_by"), c.id);
    answer_free(&file);
    answer_free(&r);
    r = again_under(a, job, "planning.risk:read");
    assert_string_equal(answer_text(&r, "state"), "done");
    answer_free(&r);
    r = again_under(a, job, "planning.treatment_plan:read");
    job_refused(&r);
    snprintf(path, sizeof path, CLIENTS "/%s", c.id);
    r = api_send(who, "PATCH", path, json_pack("{s:[s]}", "permissions", held[1]), c.etag);
    expect_status(&r, 200);
    answer_free(&r);
    r = again_under(narrow, job, "planning.risk:read"); /* held no longer, whatever the token said */
    job_refused(&r);
    end_client(&c);
    free(round);
    api_free(narrow);
    api_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_buys_a_token_for_one_organisation),
        cmocka_unit_test(a_scope_leaves_less_and_never_more),
        cmocka_unit_test(secrets_rotate),
        cmocka_unit_test(an_ended_client_is_out_at_once),
        cmocka_unit_test(the_token_endpoint_answers_as_oauth_has_it),
        cmocka_unit_test(nobody_gives_what_they_do_not_hold),
        cmocka_unit_test(a_client_does_nothing_that_is_for_people),
        cmocka_unit_test(another_organisation_does_not_see_it),
        cmocka_unit_test(a_client_has_one_home),
        cmocka_unit_test(a_change_needs_the_version_that_was_seen),
        cmocka_unit_test(a_job_runs_as_the_client_that_ordered_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
