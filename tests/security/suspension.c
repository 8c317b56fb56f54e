/* An organisation is stopped and goes on: by an owner from outside of it, by the platform on the command line. Everybody is out
 * with the next request, whatever they hold; the trail says who did it. Each test has an organisation of its own. */
#include "person.h"

struct yard {
    struct person person; /* its first owner */
    struct api *owner;
    char *slug;
};

static struct yard new_yard(void)
{
    struct yard y;
    y.slug = person_founded(&y.person, &y.owner);
    return y;
}

static void leave(struct yard *y)
{
    api_free(y->owner);
    free(y->slug);
}

__attribute__((format(printf, 5, 6))) static void expect(struct api *who, const char *method, const char *body, int status,
                                                         const char *path, ...)
{
    char at[300];
    va_list args;
    va_start(args, path);
    vsnprintf(at, sizeof at, path, args);
    va_end(args);
    struct answer r = api_call(who, method, at, body, NULL);
    if (r.status != status)
        fail_msg("%s %s %s: %d instead of %d: %s", method, at, body ? body : "", r.status, status, r.body);
    answer_free(&r);
}

static struct answer suspended(struct api *who, const char *slug)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s:suspend", slug);
    return api_post(who, path, json_pack("{s:s, s:s}", "slug", slug, "reason", "A laptop is gone"));
}

static struct answer resumed(struct api *who, const char *slug)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/me/organisations/%s:resume", slug);
    return api_call(who, "POST", path, NULL, NULL);
}

/* A service client of the organisation: what authenticates it, and a token that it has bought. */
static struct api *new_client(const struct yard *y, char form[400])
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/clients", y->slug);
    struct answer r = api_post(y->owner, path, json_pack("{s:s, s:[s]}", "name", "Scanner", "permissions", "context.issue:read"));
    expect_status(&r, 201);
    snprintf(form, 400, "grant_type=client_credentials&client_id=%s&client_secret=%s", answer_text(&r, "id"),
             answer_text(&r, "client_secret"));
    answer_free(&r);
    struct api *client = api_new();
    r = api_call(client, "POST", "/oauth/token", form,
                 (const char *const[]){"Content-Type: application/x-www-form-urlencoded", NULL});
    expect_status(&r, 200);
    api_set_token(client, answer_text(&r, "access_token"));
    answer_free(&r);
    return client;
}

static void expect_last_event(const struct yard *y, const char *verb, const char *actor)
{
    struct answer r = api_get(y->owner, "/api/v1/orgs/%s/events?resource=core.organisations&limit=1", y->slug);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/verb"), verb);
    assert_string_equal(answer_text(&r, "items/0/actor/id"), actor);
    answer_free(&r);
}

static void everybody_is_out_at_once_and_in_again(void **state)
{
    (void)state;
    struct yard y = new_yard();
    struct api *consultant = api_as("barbican", "owner") /* engaged by the founding */, *nobody = api_new();
    char form[400], feed[300];
    struct api *client = new_client(&y, form);
    struct answer me = api_get(y.owner, "/api/v1/me"), r;
    r = api_call(y.owner, "POST", (snprintf(feed, sizeof feed, "/api/v1/orgs/%s/calendar/feeds", y.slug), feed),
                 "{\"name\":\"Phone\"}", NULL);
    expect_status(&r, 201);
    const char *url = answer_text(&r, "url");
    snprintf(feed, sizeof feed, "%s", strstr(url, "/api/"));
    answer_free(&r);
    expect(client, "GET", NULL, 200, "/api/v1/orgs/%s/context/issues", y.slug);
    expect(consultant, "GET", NULL, 200, "/api/v1/orgs/%s/context/issues", y.slug);
    expect(nobody, "GET", NULL, 200, "%s", feed);

    r = suspended(y.owner, y.slug);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "status"), "suspended");
    answer_free(&r);
    struct api *const all[] = {y.owner, consultant, client};
    for (size_t i = 0; i < 3; i++) { /* tokens that were good a moment ago */
        expect(all[i], "GET", NULL, 404, "/api/v1/orgs/%s/context/issues", y.slug);
        expect(all[i], "GET", NULL, 404, "/api/v1/orgs/%s", y.slug);
    }
    expect(nobody, "GET", NULL, 404, "%s", feed);
    r = api_call(nobody, "POST", "/oauth/token", form,
                 (const char *const[]){"Content-Type: application/x-www-form-urlencoded", NULL});
    if (r.status != 401 && (r.status != 400 || !strstr(r.body, "invalid_client")))
        fail_msg("the secret still buys: %d %s", r.status, r.body);
    answer_free(&r);
    r = api_get(consultant, "/api/v1/portfolio/organisations");
    expect_status(&r, 200);
    assert_null(strstr(r.body, y.slug));
    answer_free(&r);

    r = api_get(y.owner, "/api/v1/me/organisations");
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/slug"), y.slug);
    assert_string_equal(answer_text(&r, "items/0/suspended_by"), "owner");
    answer_free(&r);
    r = resumed(y.owner, y.slug);
    expect_status(&r, 204);
    answer_free(&r);
    for (size_t i = 0; i < 3; i++)
        expect(all[i], "GET", NULL, 200, "/api/v1/orgs/%s/context/issues", y.slug);
    expect_last_event(&y, "resume", answer_text(&me, "user/id"));
    answer_free(&me);
    api_free(nobody);
    api_free(consultant);
    api_free(client);
    leave(&y);
}

static void only_an_owner_and_only_when_fresh(void **state)
{
    (void)state;
    struct yard y = new_yard();
    struct api *consultant = api_as("barbican", "owner"), *stranger = api_as("keep", "owner");
    char *email = person_email(), *token = person_invited(y.owner, y.slug, email, "manager"), refresh[100], body[200];
    struct answer r = person_accepted(token, "correct horse manager", "A Manager");
    expect_status(&r, 200);
    answer_free(&r);
    struct person p = {.password = "correct horse manager"};
    snprintf(p.email, sizeof p.email, "%s", email);
    struct api *manager = person_api(&p, NULL);
    struct api *const others[] = {manager, consultant, stranger};
    static const int refused[] = {403, 404, 404};
    for (size_t i = 0; i < 3; i++) {
        r = suspended(others[i], y.slug);
        expect_status(&r, refused[i]);
        answer_free(&r);
    }
    snprintf(body, sizeof body, "{\"slug\":\"keep\"}");
    expect(y.owner, "POST", body, 422, "/api/v1/orgs/%s:suspend", y.slug);
    api_free(y.owner);
    y.owner = person_api(&y.person, refresh);
    person_grow_stale(&y.person, y.owner, refresh);
    r = suspended(y.owner, y.slug);
    expect_status(&r, 401);
    answer_free(&r);
    expect(manager, "GET", NULL, 200, "/api/v1/orgs/%s", y.slug);

    api_free(y.owner);
    y.owner = person_api(&y.person, refresh);
    r = suspended(y.owner, y.slug);
    expect_status(&r, 200);
    answer_free(&r);
    for (size_t i = 0; i < 3; i++) {
        r = resumed(others[i], y.slug);
        expect_status(&r, 404);
        answer_free(&r);
    }
    person_grow_stale(&y.person, y.owner, refresh);
    r = resumed(y.owner, y.slug);
    expect_status(&r, 401);
    answer_free(&r);
    expect(manager, "GET", NULL, 404, "/api/v1/orgs/%s", y.slug);
    for (size_t i = 0; i < 3; i++)
        api_free(others[i]);
    free(email);
    free(token);
    leave(&y);
}

static void the_platforms_word_holds_over_an_owners(void **state)
{
    (void)state;
    struct yard y = new_yard();
    struct answer r = suspended(y.owner, y.slug);
    expect_status(&r, 200);
    answer_free(&r);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org suspend --slug %s --reason 'A court order'", y.slug);
    r = resumed(y.owner, y.slug);
    expect_problem(&r, 409, "platform", NULL);
    answer_free(&r);
    expect(y.owner, "GET", NULL, 404, "/api/v1/orgs/%s", y.slug);
    person_shell(NULL, 0, "! \"$BALLIUM_BINARY\" org suspend --slug %s 2>/dev/null", y.slug); /* it is already */
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org resume --slug %s", y.slug);
    expect(y.owner, "GET", NULL, 200, "/api/v1/orgs/%s", y.slug);
    expect_last_event(&y, "resume", "00000000-0000-0000-0000-000000000000");
    r = resumed(y.owner, y.slug); /* nothing to resume */
    expect_problem(&r, 409, "wrong_state", NULL);
    answer_free(&r);
    leave(&y);
}

/* Offboarding ends with a day on which the data go; until then they stay, and nobody but the platform opens the organisation. */
static void a_closed_organisation_is_purged_on_its_day(void **state)
{
    (void)state;
    struct yard y = new_yard();
    char body[200], said[300], folder[] = "/tmp/ballium-proofs-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(body, sizeof body, "{\"slug\":\"%s\",\"purge_on\":\"2020-01-01\"}", y.slug);
    expect(y.owner, "POST", body, 422, "/api/v1/orgs/%s:close", y.slug);
    snprintf(body, sizeof body, "{\"slug\":\"%s\",\"purge_on\":\"2999-01-01\"}", y.slug);
    expect(y.owner, "POST", body, 200, "/api/v1/orgs/%s:close", y.slug);
    expect(y.owner, "GET", NULL, 404, "/api/v1/orgs/%s", y.slug);
    struct answer r = resumed(y.owner, y.slug);
    expect_status(&r, 404);
    answer_free(&r);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org purge --due --proofs %s", folder);
    person_shell(NULL, 0, "test ! -e %s/%s.proof", folder, y.slug);
    snprintf(body, sizeof body, "UPDATE core.organisation SET purge_on = core.today() WHERE slug = '%s'", y.slug);
    person_sql(body);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org purge --due --proofs %s", folder);
    person_shell(said, sizeof said, "\"$BALLIUM_BINARY\" org proof --in %s/%s.proof", folder, y.slug);
    assert_string_equal(said, "the proof holds");
    person_shell(NULL, 0, "! \"$BALLIUM_BINARY\" org resume --slug %s 2>/dev/null", y.slug);
    r = person_log_in(&y.person, y.person.password, NULL); /* who belonged to it alone is nobody */
    expect_status(&r, 401);
    answer_free(&r);
    person_shell(NULL, 0, "rm -r %s", folder);
    leave(&y);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    api_from_own_address();
    const struct CMUnitTest tests[] = {
        CASE(everybody_is_out_at_once_and_in_again),
        CASE(only_an_owner_and_only_when_fresh),
        CASE(the_platforms_word_holds_over_an_owners),
        CASE(a_closed_organisation_is_purged_on_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
