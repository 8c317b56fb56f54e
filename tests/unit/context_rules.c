/* The rules of the context area that need no database: each refusal with its pointer, each allowance. */
#include "fake_core.h"

static const struct bl_plugin *plugin;

static int load(void **state)
{
    (void)state;
    plugin = fake_plugin("context");
    return 0;
}

/* Runs the resource's `before` on a create, or an update when `before` is given. Steals both. */
static struct fake *judge(const char *resource, json_t *before, json_t *after)
{
    struct fake *f = fake_new();
    const struct bl_resource *r = fake_resource(plugin, resource);
    struct bl_change change = {.resource = r, .verb = before ? "update" : "create", .before = before, .after = after};
    assert_non_null(after);
    enum bl_status status = r->before(&f->request, &change);
    assert_int_equal(status == BL_OK, json_array_size(f->problems) == 0);
    if (status)
        assert_int_equal(status, BL_UNPROCESSABLE);
    f->answer = json_incref(after);
    json_decref(before);
    json_decref(after);
    return f;
}

static void expect_good(struct fake *f)
{
    assert_int_equal(json_array_size(f->problems), 0);
    fake_free(f);
}

static void expect(struct fake *f, const char *code, const char *pointer)
{
    fake_expect_problem(f, code, pointer);
    fake_free(f);
}

static void category_goes_with_origin(void **state)
{
    (void)state;
    static const char *const external[] = {"political", "economic", "social", "technological", "environmental", "legal"};
    static const char *const internal[] = {"culture", "strategy", "people", "process", "technology", "finance", "governance"};
    for (size_t i = 0; i < sizeof external / sizeof *external; i++) {
        expect_good(judge("issues", NULL, json_pack("{s:s, s:s}", "origin", "external", "category", external[i])));
        expect(judge("issues", NULL, json_pack("{s:s, s:s}", "origin", "internal", "category", external[i])),
               "category_not_of_origin", "/category");
    }
    for (size_t i = 0; i < sizeof internal / sizeof *internal; i++) {
        expect_good(judge("issues", NULL, json_pack("{s:s, s:s}", "origin", "internal", "category", internal[i])));
        expect(judge("issues", NULL, json_pack("{s:s, s:s}", "origin", "external", "category", internal[i])),
               "category_not_of_origin", "/category");
    }
}

/* The day is 2026-03-04 in UTC, and has been 2026-03-04 for 14 hours somewhere. */
static void reviews_lie_in_the_past(void **state)
{
    (void)state;
    static const char *const reviewed[] = {"issues", "statements", "interested_parties", "requirements", "processes"};
    for (size_t i = 0; i < sizeof reviewed / sizeof *reviewed; i++) {
        expect_good(judge(reviewed[i], NULL, json_pack("{s:s}", "reviewed_on", "2026-03-04")));
        expect(judge(reviewed[i], NULL, json_pack("{s:s}", "reviewed_on", "2026-03-05")), "in_the_future", "/reviewed_on");
        expect(judge(reviewed[i], NULL, json_pack("{s:s, s:s}", "reviewed_on", "2026-03-01", "review_on", "2026-03-01")),
               "not_after_review", "/review_on");
        expect_good(judge(reviewed[i], NULL, json_pack("{s:s, s:s}", "reviewed_on", "2026-03-01", "review_on", "2026-03-02")));
        expect_good(judge(reviewed[i], NULL, json_pack("{s:n, s:s}", "reviewed_on", "review_on", "2020-01-01")));
    }
    expect(judge("climate_determinations", NULL, json_pack("{s:s}", "decided_on", "2026-03-05")), "in_the_future", "/decided_on");
    expect_good(judge("climate_determinations", NULL, json_pack("{s:s}", "decided_on", "2026-03-04")));
}

static void a_decision_needs_its_reason(void **state)
{
    (void)state;
    expect_good(judge("requirements", NULL, json_pack("{s:s}", "addressed_by_isms", "undecided")));
    expect_good(judge("requirements", NULL, json_pack("{s:s, s:s}", "addressed_by_isms", "no", "reason", "HR cares for it")));
    expect(judge("requirements", NULL, json_pack("{s:s}", "addressed_by_isms", "yes")), "reason_missing", "/reason");
    expect(judge("requirements", NULL, json_pack("{s:s, s:s}", "addressed_by_isms", "no", "reason", " \n\t")), "reason_missing",
           "/reason");
}

static const char *kept(struct fake *f, const char *member)
{
    return json_string_value(json_object_get(f->answer, member));
}

static void a_decision_is_signed_and_dated_when_it_changes(void **state)
{
    (void)state;
    struct fake *f = judge("requirements", NULL, json_pack("{s:s, s:s}", "addressed_by_isms", "yes", "reason", "ours"));
    assert_string_equal(kept(f, "decided_on"), "2026-03-04");
    assert_string_equal(kept(f, "decided_by_id"), FAKE_ACTOR);
    fake_free(f);
    f = judge("requirements", json_pack("{s:s}", "addressed_by_isms", "yes"),
              json_pack("{s:s, s:s, s:s}", "addressed_by_isms", "yes", "reason", "better words", "decided_on", "2025-01-01"));
    assert_string_equal(kept(f, "decided_on"), "2025-01-01");
    fake_free(f);
    f = judge("requirements", json_pack("{s:s}", "addressed_by_isms", "yes"),
              json_pack("{s:s, s:s}", "addressed_by_isms", "undecided", "decided_on", "2025-01-01"));
    assert_true(json_is_null(json_object_get(f->answer, "decided_on")));
    assert_true(json_is_null(json_object_get(f->answer, "decided_by_id")));
    fake_free(f);
}

static void a_country_is_two_capitals(void **state)
{
    (void)state;
    expect_good(judge("sites", NULL, json_pack("{s:s}", "country", "DE")));
    static const char *const wrong[] = {"de", "D1", "DEU", "D", "Ü"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(judge("sites", NULL, json_pack("{s:s}", "country", wrong[i])), "not_a_country", "/country");
}

static void catalogue_numbers_exist(void **state)
{
    (void)state;
    expect_good(judge("processes", NULL, json_pack("{s:s}", "catalogue_id", "PR-01")));
    expect_good(judge("processes", NULL, json_pack("{s:s}", "catalogue_id", "PR-35")));
    expect_good(judge("processes", NULL, json_pack("{s:s}", "name", "Assemble drives")));
    expect(judge("processes", NULL, json_pack("{s:s}", "catalogue_id", "PR-36")), "not_in_catalogue", "/catalogue_id");
    expect(judge("processes", NULL, json_pack("{s:s}", "catalogue_id", "PR-0")), "not_in_catalogue", "/catalogue_id");
}

#define A "01990000-0000-7000-8000-0000000000aa"
#define B "01990000-0000-7000-8000-0000000000bb"

static struct fake *judge_link(const char *from, const char *to, const char *const *live, int count)
{
    struct fake *f = fake_new();
    f->rows[0] = (struct bl_rows){count, 1, live};
    const struct bl_resource *r = fake_resource(plugin, "process_links");
    json_t *after = json_pack("{s:s, s:s}", "from_process_id", from, "to_process_id", to);
    struct bl_change change = {.resource = r, .verb = "create", .after = after};
    enum bl_status status = r->before(&f->request, &change);
    assert_int_equal(status == BL_OK, json_array_size(f->problems) == 0);
    json_decref(after);
    return f;
}

static void links_join_two_live_processes(void **state)
{
    (void)state;
    expect(judge_link(A, A, (const char *const[]){A}, 1), "link_to_itself", "/to_process_id");
    expect_good(judge_link(A, B, (const char *const[]){B, A}, 2));
    expect(judge_link(A, B, (const char *const[]){A}, 1), "not_found", "/to_process_id");
    expect(judge_link(A, B, (const char *const[]){B}, 1), "not_found", "/from_process_id");
    struct fake *f = judge_link(A, B, NULL, 0);
    assert_int_equal(json_array_size(f->problems), 2);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(category_goes_with_origin),     cmocka_unit_test(reviews_lie_in_the_past),
        cmocka_unit_test(a_decision_needs_its_reason),   cmocka_unit_test(a_decision_is_signed_and_dated_when_it_changes),
        cmocka_unit_test(a_country_is_two_capitals),     cmocka_unit_test(catalogue_numbers_exist),
        cmocka_unit_test(links_join_two_live_processes),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
