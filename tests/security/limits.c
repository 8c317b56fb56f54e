/* Rate limits: what one token and one organisation may ask for, what the headers say, and who does not count. The service is told
 * other limits by its configuration and a reload, and the old ones at the end. */
#include "person.h"

#define ISSUES "/api/v1/orgs/keep/context/issues?limit=1"

static char saved[40];

/* Until every worker of the old configuration is gone: fifty answers in a row that say the new one. Each asks as somebody new,
 * since the new limits are low. */
static void settle(const char *policy)
{
    int same = 0;
    for (int i = 0; i < 200 && same < 50; i++) {
        struct person p = person_new("keep", "reader");
        struct api *a = person_api(&p, NULL);
        for (int k = 0; k < 5; k++) {
            struct answer r = api_get(a, "/api/v1/me");
            const char *said = answer_header(&r, "ratelimit-policy");
            same = said && strcmp(said, policy) == 0 ? same + 1 : 0;
            answer_free(&r);
        }
        api_free(a);
    }
    assert_true(same >= 50);
}

static void set_limits(int token, int tenant, const char *policy)
{
    person_shell(
        NULL, 0,
        "sed -i '/^rate_/d' \"$BALLIUM_CONFIG\" && printf 'rate_token = %d\\nrate_tenant = %d\\n' >>\"$BALLIUM_CONFIG\" && "
        "kill -HUP \"$BALLIUM_MASTER_PID\"",
        token, tenant);
    settle(policy);
}

static int set_up(void **state)
{
    (void)state;
    api_from_own_address();
    snprintf(saved, sizeof saved, "%d", (int)getpid());
    person_shell(NULL, 0, "cp -p \"$BALLIUM_CONFIG\" \"$BALLIUM_CONFIG\".%s", saved);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    person_shell(
        NULL, 0,
        "cat \"$BALLIUM_CONFIG\".%s >\"$BALLIUM_CONFIG\" && rm \"$BALLIUM_CONFIG\".%s && kill -HUP \"$BALLIUM_MASTER_PID\"",
        saved, saved);
    return 0;
}

static int ask(struct api *a, const char *path)
{
    struct answer r = api_get(a, "%s", path);
    int status = r.status;
    if (status == 429) {
        expect_problem(&r, 429, "too_many_requests", NULL);
        char words[60];
        long wait = atol(answer_header(&r, "retry-after"));
        assert_in_range(wait, 1, 60);
        snprintf(words, sizeof words, "try again in %ld seconds", wait); /* nginx would say one, whatever is left */
        assert_non_null(strstr(answer_text(&r, "detail"), words));
        assert_non_null(strstr(answer_header(&r, "ratelimit"), ";r=0;"));
    }
    answer_free(&r);
    return status;
}

static void a_session_has_its_quota_whatever_its_tokens(void **state)
{
    (void)state;
    set_limits(5, 0, "\"token\";q=5;w=60");
    struct person p = person_new("keep", "reader"), q = person_new("keep", "reader");
    char refresh[100];
    struct api *a = person_api(&p, refresh), *b = person_api(&q, NULL);
    struct answer r = api_get(a, ISSUES);
    expect_status(&r, 200);
    assert_string_equal(answer_header(&r, "ratelimit-policy"), "\"token\";q=5;w=60");
    assert_non_null(strstr(answer_header(&r, "ratelimit"), "\"token\";r=4;t="));
    answer_free(&r);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask(a, "/api/v1/me"), 200);
    assert_int_equal(ask(a, "/api/v1/me"), 429);
    r = person_refresh(refresh); /* a new token of the same session has no new quota */
    expect_status(&r, 200);
    api_set_token(a, answer_text(&r, "access_token"));
    answer_free(&r);
    assert_int_equal(ask(a, "/api/v1/me"), 429);
    assert_int_equal(ask(b, "/api/v1/me"), 200); /* nobody else is concerned */
    api_free(a);
    api_free(b);
}

static void members_share_what_the_organisation_has_and_strangers_take_nothing_of_it(void **state)
{
    (void)state;
    set_limits(1000, 8, "\"token\";q=1000;w=60, \"organisation\";q=8;w=60");
    struct person p = person_new("keep", "reader"), q = person_new("keep", "reader"), s = person_new("moat", "reader");
    struct api *a = person_api(&p, NULL), *b = person_api(&q, NULL), *stranger = person_api(&s, NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(stranger, ISSUES), 404);
    int answered = 0;
    for (int i = 0; i < 20; i++) {
        int status = ask(i % 2 ? a : b, ISSUES);
        assert_true(status == 200 || status == 429);
        answered += status == 200;
    }
    assert_in_range(answered, 8, 11); /* each one's first is not counted yet, and a second may have passed */
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(stranger, ISSUES), 404); /* not 429: that would say that there is such an organisation */
    assert_int_equal(ask(stranger, "/api/v1/orgs/moat/context/issues?limit=1"), 200);
    api_free(a);
    api_free(b);
    api_free(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_has_its_quota_whatever_its_tokens),
        cmocka_unit_test(members_share_what_the_organisation_has_and_strangers_take_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
