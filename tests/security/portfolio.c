/* The portfolio shows the organisations that the caller may enter, in each what the caller may read there, and nothing else. */
#include "person.h"

#define PORTFOLIO "/api/v1/portfolio"

static struct api *client; /* keep's owner */
static struct person person;
static struct api *who; /* manager of barbican, reader of moat */
static char *who_id;

static int set_up(void **state)
{
    (void)state;
    client = api_as("keep", "owner");
    person = person_new("barbican", "manager");
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org moat --roles reader", person.email);
    who = person_api(&person, NULL);
    struct answer me = api_get(who, "/api/v1/me");
    expect_status(&me, 200);
    who_id = strdup(answer_text(&me, "user/id"));
    answer_free(&me);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(client);
    api_free(who);
    free(who_id);
    return 0;
}

static struct answer asked(struct api *a, const char *path)
{
    struct answer r = api_get(a, PORTFOLIO "%s", path);
    expect_status(&r, 200);
    return r;
}

/* How many of the items are of that organisation; every one must be of one in `allowed`. */
static size_t of(const struct answer *r, const char *slug, const char *allowed)
{
    size_t i, n = 0;
    json_t *item;
    json_array_foreach(answer_at(r, "items"), i, item)
    {
        const char *of = NULL, *resource = NULL;
        if (json_unpack(item, "{s:{s:s}}", "organisation", "slug", &of) != 0)
            of = json_string_value(json_object_get(item, "slug"));
        json_unpack(item, "{s:s}", "resource", &resource);
        if (!of || !strstr(allowed, of))
            fail_msg("an item of %s: %s", of ? of : "nobody", r->body);
        n += strcmp(of, slug) == 0;
    }
    return n;
}

static size_t count(struct api *a, const char *path, const char *slug, const char *allowed)
{
    struct answer r = asked(a, path);
    size_t n = of(&r, slug, allowed);
    answer_free(&r);
    return n;
}

static char *today(int days)
{
    static char out[2][16];
    static int at;
    char *day = out[at++ % 2];
    time_t when = time(NULL) + (time_t)days * 86400;
    strftime(day, 16, "%Y-%m-%d", gmtime(&when));
    return day;
}

/* An engagement of barbican's with keep, the person assigned. The caller frees the id. */
static char *engaged(const char *area)
{
    struct api *provider = api_as("barbican", "owner");
    json_t *body = json_pack("{s:s, s:s, s:[s], s:s, s:s}", "organisation", "keep", "kind", "advice", "roles", "consultant",
                             "valid_from", today(-1), "valid_to", today(9));
    if (area)
        json_object_set_new(body, "areas", json_pack("[s]", area));
    struct answer r = api_post(provider, "/api/v1/orgs/barbican/engagements", body);
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id")), path[300];
    answer_free(&r);
    snprintf(path, sizeof path, "/api/v1/orgs/keep/engagements/%s:accept", id);
    r = api_post(client, path, NULL);
    expect_status(&r, 200);
    answer_free(&r);
    snprintf(path, sizeof path, "/api/v1/orgs/barbican/engagements/%s/staff", id);
    r = api_post(provider, path, json_pack("{s:s, s:s}", "user_id", who_id, "role", "consultant"));
    expect_status(&r, 200);
    answer_free(&r);
    api_free(provider);
    return id;
}

static void end(const char *id)
{
    char path[300];
    snprintf(path, sizeof path, "/api/v1/orgs/keep/engagements/%s:end", id);
    struct answer r = api_post(client, path, NULL);
    expect_status(&r, 200);
    answer_free(&r);
}

#define FAR "/due?from=2000-01-01&to=2199-12-31"

static void only_what_the_caller_may_enter(void **state)
{
    (void)state;
    assert_int_equal(count(who, "/organisations", "moat", "barbican moat"), 1);
    assert_true(count(who, FAR, "moat", "barbican moat") > 0);
    assert_true(count(who, "/search?q=a", "moat", "barbican moat") + count(who, "/search?q=s", "moat", "barbican moat") > 0);
    char *id = engaged(NULL);
    assert_int_equal(count(who, "/organisations", "keep", "barbican moat keep"), 1);
    assert_true(count(who, FAR, "keep", "barbican moat keep") > 0);
    end(id);
    assert_int_equal(count(who, "/organisations", "keep", "barbican moat"), 0); /* the next request */
    assert_int_equal(count(who, FAR, "keep", "barbican moat"), 0);
    (void)count(who, "/search?q=s", "keep", "barbican moat");
    free(id);
}

static void only_the_areas_of_an_engagement(void **state)
{
    (void)state;
    char *id = engaged("annex_a");
    struct answer r = asked(who, FAR);
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(&r, "items"), i, item)
    {
        const char *org = NULL, *resource = NULL;
        assert_int_equal(json_unpack(item, "{s:{s:s}, s:s}", "organisation", "slug", &org, "resource", &resource), 0);
        if (strcmp(org, "keep") == 0)
            assert_int_equal(strncmp(resource, "annex_a.", 8), 0);
    }
    answer_free(&r);
    r = asked(who, "/organisations");
    json_array_foreach(answer_at(&r, "items"), i, item) if (strcmp(json_string_value(json_object_get(item, "slug")), "keep") == 0)
        assert_string_equal(json_string_value(json_array_get(json_object_get(item, "areas"), 0)), "annex_a");
    answer_free(&r);
    end(id);
    free(id);
}

/* The counts are those of the organisation's own calendar. */
static void the_counts_are_the_calendar_s(void **state)
{
    (void)state;
    struct answer r = asked(client, "/organisations");
    assert_string_equal(answer_text(&r, "items/0/slug"), "keep");
    json_int_t overdue = answer_integer(&r, "items/0/overdue"), due = answer_integer(&r, "items/0/due");
    assert_true(answer_integer(&r, "items/0/open") > 0);
    answer_free(&r);
    r = api_get(client, "/api/v1/orgs/keep/calendar");
    expect_status(&r, 200);
    size_t i, late = 0, all = json_array_size(answer_at(&r, "items"));
    json_t *item;
    json_array_foreach(answer_at(&r, "items"), i, item) late += json_is_true(json_object_get(item, "overdue"));
    assert_int_equal(overdue, late);
    assert_int_equal(due, all - late);
    answer_free(&r);
}

static void a_person_of_no_organisation_sees_nothing(void **state)
{
    (void)state;
    struct person p = person_new("moat", "reader");
    struct api *a = person_api(&p, NULL);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user end --email %s --org moat", p.email);
    static const char *const paths[] = {"/organisations", FAR, "/search?q=a"};
    for (size_t i = 0; i < 3; i++) {
        struct answer r = asked(a, paths[i]);
        assert_int_equal(json_array_size(answer_at(&r, "items")), 0);
        answer_free(&r);
    }
    struct answer r = api_get(a, PORTFOLIO "/due?organisation=moat");
    expect_problem(&r, 400, "no_such_organisation", NULL);
    answer_free(&r);
    api_free(a);
}

static void bad_questions(void **state)
{
    (void)state;
    static const char *const bad[] = {"/search",
                                      "/search?q=",
                                      "/due?from=x",
                                      "/due?organisation=nowhere",
                                      "/organisations?limit=1",
                                      "/due?from='%20OR%201=1--"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer r = api_get(who, PORTFOLIO "%s", bad[i]);
        expect_status(&r, 400);
        answer_free(&r);
    }
    struct answer r = asked(who, "/search?q=%27%3B%20DROP%20TABLE");
    answer_free(&r);
    r = asked(who, "/search?q=..."); /* no word in it: nothing is found */
    assert_int_equal(json_array_size(answer_at(&r, "items")), 0);
    answer_free(&r);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_what_the_caller_may_enter),
        CASE(only_the_areas_of_an_engagement),
        CASE(the_counts_are_the_calendar_s),
        CASE(a_person_of_no_organisation_sees_nothing),
        CASE(bad_questions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
