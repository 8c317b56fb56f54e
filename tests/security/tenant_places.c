/* The other places of a request where an id of somebody else's can stand: patches, batches, links, filters, cursors, and the key
 * of a repeat. */
#include "stranger.h"

/* A record of the stranger's own. */
static char *own_issue(void)
{
    struct answer r = api_post(stranger, HOME "issues",
                               json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "title", "Doors", "origin", "internal", "effect",
                                         "negative", "category", "people", "influence", 2, "control", 2));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    return id;
}

static void patches_batches_and_links_stay_inside(void **state)
{
    (void)state;
    char *own = own_issue(), *theirs = attack_first(insider, "/api/v1/orgs/{org}/context/issues", "keep");
    char *outcome = attack_first(insider, "/api/v1/orgs/{org}/context/statements", "keep"), path[300];
    char *member = foreign("/members");
    snprintf(path, sizeof path, HOME "issues/%s", own);
    struct answer a = api_send(stranger, "PATCH", path, json_pack("{s:s}", "owner_id", member), "\"1\"");
    expect_status(&a, 422);
    assert_true(complains(&a, "/owner_id"));
    answer_free(&a);
    snprintf(path, sizeof path, HOME "issues/%s/links/outcomes", own);
    a = api_post(stranger, path, json_pack("{s:s}", "id", outcome));
    struct answer b = api_post(stranger, path, json_pack("{s:s}", "id", NOBODYS));
    expect_status(&a, 422);
    attack_same(&a, &b, path);
    answer_free(&a);
    answer_free(&b);
    struct answer before = api_get(insider, KEEP "issues/%s", theirs);
    static const char *const operations[] = {"update", "archive"};
    for (size_t i = 0; i < 2; i++) {
        json_t *one = json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", operations[i], "id", theirs, "if_match", "\"1\"", "body",
                                "title", "taken");
        if (i == 1)
            json_object_del(one, "body");
        json_t *other = json_deep_copy(one);
        json_object_set_new(other, "id", json_string(NOBODYS));
        a = api_post(stranger, HOME "issues:batch", json_pack("{s:[o]}", "operations", one));
        b = api_post(stranger, HOME "issues:batch", json_pack("{s:[o]}", "operations", other));
        assert_true(a.status >= 400 && a.status < 500);
        attack_same(&a, &b, operations[i]);
        answer_free(&a);
        answer_free(&b);
    }
    struct answer after = api_get(insider, KEEP "issues/%s", theirs);
    assert_string_equal(before.body, after.body);
    answer_free(&before);
    answer_free(&after);
    attack_archive(stranger, HOME "issues", own);
    free(own);
    free(theirs);
    free(outcome);
    free(member);
}

static void filters_find_nothing_foreign(void **state)
{
    (void)state;
    char *member = foreign("/members"), *party = attack_first(insider, "/api/v1/orgs/{org}/context/interested-parties", "keep");
    assert_non_null(party);
    const char *const asked[][2] = {{"issues?owner_id", member}, {"requirements?party_id", party}, {"issues?q", "customers"}};
    for (size_t i = 0; i < 3; i++) {
        struct answer a = api_get(stranger, HOME "%s=%s", asked[i][0], asked[i][1]);
        expect_status(&a, 200);
        if (json_array_size(answer_at(&a, "items")) != 0)
            fail_msg("%s finds %s", asked[i][0], a.body);
        answer_free(&a);
    }
    free(member);
    free(party);
}

/* A word that stands in keep alone. */
static void a_search_finds_nothing_foreign(void **state)
{
    (void)state;
    char word[60];
    snprintf(word, sizeof word, "Postern%lldx%d", (long long)time(NULL), (int)getpid());
    struct answer made =
        api_post(insider, KEEP "sites",
                 json_pack("{s:s, s:s, s:s, s:i}", "name", word, "address", "Lane 1", "country", "DE", "headcount", 1));
    expect_status(&made, 201);
    struct answer ours = api_get(insider, "/api/v1/orgs/keep/search?q=%s", word),
                  theirs = api_get(stranger, "/api/v1/orgs/barbican/search?q=%s", word),
                  list = api_get(stranger, HOME "sites?q=%s", word);
    expect_status(&theirs, 200);
    expect_status(&list, 200);
    assert_int_equal(json_array_size(answer_at(&ours, "items")), 1);
    assert_int_equal(json_array_size(answer_at(&theirs, "items")), 0);
    assert_int_equal(json_array_size(answer_at(&list, "items")), 0);
    attack_archive(insider, KEEP "sites", answer_text(&made, "id"));
    answer_free(&made);
    answer_free(&ours);
    answer_free(&theirs);
    answer_free(&list);
}

static void a_foreign_cursor_opens_nothing(void **state)
{
    (void)state;
    struct answer page = api_get(insider, KEEP "issues?limit=1&sort=title");
    expect_status(&page, 200);
    assert_non_null(answer_text(&page, "next"));
    struct answer same = api_get(insider, KEEP "issues?limit=1&sort=title&cursor=%s", answer_text(&page, "next"));
    expect_status(&same, 200); /* it is good where it comes from */
    struct answer a = api_get(stranger, HOME "issues?limit=1&sort=title&cursor=%s", answer_text(&page, "next"));
    expect_status(&a, 400);
    answer_free(&a);
    answer_free(&same);
    answer_free(&page);
}

static void an_idempotency_key_is_one_organisations(void **state)
{
    (void)state;
    char key[100];
    snprintf(key, sizeof key, "Idempotency-Key: doors-%lld-%d", (long long)time(NULL), (int)getpid());
    const char *headers[] = {key, NULL};
    char text[300];
    snprintf(text, sizeof text, "{\"name\":\"Doors %s\",\"address\":\"Lane 1\",\"country\":\"DE\",\"headcount\":1}", key + 17);
    struct answer a = api_call(insider, "POST", KEEP "sites", text, headers);
    struct answer b = api_call(stranger, "POST", HOME "sites", text, headers);
    struct answer again = api_call(stranger, "POST", HOME "sites", text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    expect_status(&again, 201);
    assert_string_not_equal(answer_text(&a, "id"), answer_text(&b, "id"));
    assert_string_equal(answer_text(&again, "id"), answer_text(&b, "id"));
    attack_archive(insider, KEEP "sites", answer_text(&a, "id"));
    attack_archive(stranger, HOME "sites", answer_text(&b, "id"));
    answer_free(&a);
    answer_free(&b);
    answer_free(&again);
}

/* Two people of one organisation with the same key and the same words: each has a record of the own. Other words under a key
 * that was used are refused. */
static void an_idempotency_key_is_one_persons_and_one_requests(void **state)
{
    (void)state;
    struct api *other = api_as("keep", "owner");
    char key[100];
    snprintf(key, sizeof key, "Idempotency-Key: one-%lld-%d", (long long)time(NULL), (int)getpid());
    const char *headers[] = {key, NULL};
    static const char text[] = "{\"title\":\"One of two\",\"origin\":\"internal\",\"effect\":\"negative\",\"concern\":"
                               "\"isms_outcome\",\"category\":\"people\",\"influence\":2,\"control\":2}";
    struct answer a = api_call(insider, "POST", KEEP "issues", text, headers);
    struct answer b = api_call(other, "POST", KEEP "issues", text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    assert_string_not_equal(answer_text(&a, "id"), answer_text(&b, "id"));
    struct answer again = api_call(insider, "POST", KEEP "issues", "{\"title\":\"Other words\"}", headers);
    expect_problem(&again, 422, "idempotency_key_reused", NULL);
    attack_archive(insider, KEEP "issues", answer_text(&a, "id"));
    attack_archive(insider, KEEP "issues", answer_text(&b, "id"));
    answer_free(&a);
    answer_free(&b);
    answer_free(&again);
    api_free(other);
}

/* One person in two organisations, with the same key: the tenant alone keeps the two answers apart. */
static void an_idempotency_key_of_one_person_in_two_organisations(void **state)
{
    (void)state;
    struct api *both = api_as("ditch", "consultant");
    char key[100], text[300];
    snprintf(key, sizeof key, "Idempotency-Key: two-%lld-%d", (long long)time(NULL), (int)getpid());
    snprintf(text, sizeof text, "{\"name\":\"%s\",\"address\":\"Lane 1\",\"country\":\"DE\",\"headcount\":1}", key + 17);
    const char *headers[] = {key, NULL};
    struct answer a = api_call(both, "POST", KEEP "sites", text, headers);
    struct answer b = api_call(both, "POST", HOME "sites", text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    assert_string_not_equal(answer_text(&a, "id"), answer_text(&b, "id"));
    attack_archive(both, KEEP "sites", answer_text(&a, "id"));
    attack_archive(both, HOME "sites", answer_text(&b, "id"));
    answer_free(&a);
    answer_free(&b);
    api_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_batches_and_links_stay_inside),
        cmocka_unit_test(filters_find_nothing_foreign),
        cmocka_unit_test(a_search_finds_nothing_foreign),
        cmocka_unit_test(a_foreign_cursor_opens_nothing),
        cmocka_unit_test(an_idempotency_key_is_one_organisations),
        cmocka_unit_test(an_idempotency_key_is_one_persons_and_one_requests),
        cmocka_unit_test(an_idempotency_key_of_one_person_in_two_organisations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
