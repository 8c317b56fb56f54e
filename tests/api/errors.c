/* Bad input through nginx: each kind is refused with the right status and place, and nothing is changed by any of it. */
#include "attack.h"
#include "outerwall.h"

#define SITES "/api/v1/orgs/outerwall/context/sites"
#define GOOD "\"name\":\"Bad input\",\"address\":\"Lane 1\",\"country\":\"DE\",\"headcount\":1"

static const struct {
    const char *what, *body, *type;
    int status;
    const char *pointer;
} bad[] = {
    {"truncated", "{" GOOD ",", NULL, 400, NULL},
    {"empty", "", NULL, 400, NULL},
    {"an array", "[{" GOOD "}]", NULL, 400, NULL},
    {"two documents", "{" GOOD "}{}", NULL, 400, NULL},
    {"a name twice", "{" GOOD ",\"name\":\"again\"}", NULL, 400, NULL},
    {"a zero character", "{\"name\":\"a\\u0000b\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 400, NULL},
    {"half a surrogate", "{\"name\":\"a\\ud800b\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 400, NULL},
    {"invalid UTF-8", "{\"name\":\"a\xc3(\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 400, NULL},
    {"an overlong form", "{\"name\":\"\xc0\xaf\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 400, NULL},
    {"another type", "{" GOOD "}", "Content-Type: application/xml", 415, NULL},
    {"a form", "name=a&address=b", "Content-Type: application/x-www-form-urlencoded", 415, NULL},
    {"an unknown member", "{" GOOD ",\"colour\":\"red\"}", NULL, 422, "/colour"},
    {"a number too large", "{\"name\":\"a\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":99999999999}", NULL, 422,
     "/headcount"},
    {"a number below zero", "{\"name\":\"a\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":-1}", NULL, 422, "/headcount"},
    {"a fraction", "{\"name\":\"a\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":1.5}", NULL, 422, "/headcount"},
    {"a number as text", "{\"name\":\"a\",\"address\":\"L\",\"country\":\"DE\",\"headcount\":\"1\"}", NULL, 422, "/headcount"},
    {"an object for a text", "{\"name\":{},\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 422, "/name"},
    {"null for what is required", "{\"name\":null,\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 422, "/name"},
    {"nothing for what is required", "{\"address\":\"L\",\"country\":\"DE\",\"headcount\":1}", NULL, 422, "/name"},
    {"the tenant", "{" GOOD ",\"tenant_id\":\"" NOBODYS "\"}", NULL, 422, "/tenant_id"},
    {"the id", "{" GOOD ",\"id\":\"" NOBODYS "\"}", NULL, 422, "/id"},
    {"the author", "{" GOOD ",\"created_by\":\"" NOBODYS "\"}", NULL, 422, "/created_by"},
    {"the version", "{" GOOD ",\"version\":7}", NULL, 422, "/version"},
};

/* A problem document of any code; `pointer` NULL: it need not have a place. */
static void problem(const struct answer *r, int status, const char *pointer)
{
    expect_status(r, status);
    assert_string_equal(answer_header(r, "content-type"), "application/problem+json");
    assert_int_equal(answer_integer(r, "status"), status);
    bool placed = pointer == NULL;
    size_t i;
    json_t *e;
    json_array_foreach(answer_at(r, "errors"), i, e)
    {
        placed |= pointer && strcmp(json_string_value(json_object_get(e, "pointer")), pointer) == 0;
    }
    if (!placed)
        fail_msg("nothing at %s: %s", pointer, r->body);
}

static void bad_bodies_change_nothing(void **state)
{
    (void)state;
    json_int_t before = attack_count(owner, SITES);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer r = api_call(owner, "POST", SITES, bad[i].body, (const char *const[]){bad[i].type, NULL});
        if (r.status != bad[i].status)
            fail_msg("%s: %d instead of %d: %s", bad[i].what, r.status, bad[i].status, r.body);
        problem(&r, bad[i].status, bad[i].pointer);
        answer_free(&r);
    }
    assert_int_equal(attack_count(owner, SITES), before);
}

static void refuse(const char *body, int status)
{
    struct answer r = api_call(owner, "POST", SITES, body, NULL);
    problem(&r, status, NULL);
    answer_free(&r);
}

static void depth_and_length_have_bounds(void **state)
{
    (void)state;
    enum { LARGE = 2 << 20 };
    json_int_t before = attack_count(owner, SITES);
    char deep[300], *p = stpcpy(deep, "{" GOOD ",\"x\":");
    p += 32;
    memset(p - 32, '[', 32); /* 33 with the object */
    memset(p, ']', 32);
    strcpy(p + 32, "}");
    refuse(deep, 400);
    p = stpcpy(deep, "{" GOOD ",\"x\":");
    memset(p, '[', 31);
    memset(p + 31, ']', 31);
    strcpy(p + 62, "}");
    refuse(deep, 422); /* 32 are read, and then there is no such member */
    char *large = malloc(LARGE + 1);
    memset(large, ' ', LARGE);
    large[LARGE] = '\0';
    refuse(large, 413);
    free(large);
    assert_int_equal(attack_count(owner, SITES), before);
}

static void bad_dates_are_named(void **state)
{
    (void)state;
    static const char *const dates[] = {"2026-02-30", "2026-13-01", "26-01-01", "2026-01-01T00:00:00Z", "infinity", "today", ""};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct answer r =
            api_post(owner, "/api/v1/orgs/outerwall/context/issues",
                     json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "title", "Bad date", "origin", "internal", "effect",
                               "negative", "category", "people", "influence", 1, "control", 1, "review_on", dates[i]));
        problem(&r, 422, "/review_on");
        answer_free(&r);
    }
}

static void bad_parameters_are_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "colour=red",  "headcount=lt.many",  "sort=colour", "fields=colour",   "limit=0",
        "limit=501",   "limit=ten",          "cursor=none", "limit=1&limit=2", "q=%00",
        "country=%ff", "headcount=in.(1,x)", "name=%zz",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct answer r = api_get(owner, SITES "?%s", queries[i]);
        if (r.status != 400)
            fail_msg("%s is answered %d: %.500s", queries[i], r.status, r.body);
        problem(&r, 400, NULL);
        answer_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_bodies_change_nothing),
        cmocka_unit_test(depth_and_length_have_bounds),
        cmocka_unit_test(bad_dates_are_named),
        cmocka_unit_test(bad_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
