/* The life of a scope: the table of its states, what its rules do, and a new version made from an old one. */
#include "fake_core.h"

static const struct bl_plugin *plugin;
static const struct bl_resource *scopes;

static int load(void **state)
{
    (void)state;
    plugin = fake_plugin("context");
    scopes = fake_resource(plugin, "scopes");
    return 0;
}

static const char *const states[] = {"draft", "in_review", "approved", "in_force", "superseded"};
enum { STATES = sizeof states / sizeof *states };

static const struct expected {
    const char *name, *from, *to, *verb; /* verb of the permission; NULL: write */
    unsigned flags;
} expected[] = {
    {"submit", "draft", "in_review", NULL, 0},
    {"withdraw", "in_review", "draft", NULL, BL_REASON},
    {"return", "in_review", "draft", "approve", BL_REASON},
    {"approve", "in_review", "approved", "approve", BL_NOT_AUTHOR},
    {"enforce", "approved", "in_force", "approve", 0},
    {"confirm", "in_force", "in_force", "approve", 0},
    {"supersede", "in_force", "superseded", "approve", 0},
};
enum { TRANSITIONS = sizeof expected / sizeof *expected };

static const struct bl_transition *transition(const char *name)
{
    for (const struct bl_transition *t = scopes->transitions; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return t;
    fail_msg("no transition %s", name);
    return NULL;
}

/* Every state against every transition: what is not listed above is refused. */
static void each_state_allows_what_it_should(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct bl_transition *t = scopes->transitions; t->name; t++)
        count++;
    assert_int_equal(count, TRANSITIONS);
    for (size_t i = 0; i < TRANSITIONS; i++) {
        const struct bl_transition *t = transition(expected[i].name);
        for (size_t s = 0; s < STATES; s++) /* each of these comes from one state only */
            assert_int_equal(strcmp(t->from, states[s]) == 0, strcmp(expected[i].from, states[s]) == 0);
        assert_string_equal(t->to, expected[i].to);
        assert_int_equal(t->flags, expected[i].flags);
        assert_int_equal(t->permission != NULL, expected[i].verb != NULL);
        if (t->permission)
            assert_string_equal(t->permission, expected[i].verb);
    }
}

static void text_is_frozen_from_the_approval_on(void **state)
{
    (void)state;
    size_t i = 0;
    for (const struct bl_state *s = scopes->states; s->name; s++, i++) {
        assert_true(i < STATES);
        assert_string_equal(s->name, states[i]);
        assert_int_equal((s->flags & BL_INITIAL) != 0, i == 0);
        assert_int_equal((s->flags & BL_FROZEN) != 0, i >= 2);
        assert_int_equal((s->flags & BL_CLOSED) != 0, i == 4);
    }
    assert_int_equal(i, STATES);
    assert_string_equal(transition("approve")->sets, "approved_at=now approved_by_id=actor");
}

static void incomplete_scopes_are_neither_submitted_nor_approved(void **state)
{
    (void)state;
    assert_string_equal(transition("submit")->needs, "rationale");
    assert_non_null(strstr(transition("submit")->guard, "site_left_out"));
    assert_ptr_equal(transition("submit")->guard, transition("approve")->guard);
}

#define OLD "01990000-0000-7000-8000-0000000000aa"

static void coming_into_force_supersedes_the_one_before(void **state)
{
    (void)state;
    const struct bl_transition *t = transition("enforce");
    struct fake *f = fake_new();
    f->rows[0] = (struct bl_rows){1, 1, (const char *const[]){OLD}};
    json_t *after = json_object();
    struct bl_change change = {.resource = scopes, .verb = "enforce", .after = after};
    assert_int_equal(t->rule(&f->request, &change), BL_OK); /* before the row: the unique index allows one at a time */
    json_t *call = json_array_get(f->calls, 0);
    assert_int_equal(json_array_size(f->calls), 1);
    assert_string_equal(json_string_value(json_object_get(call, "call")), "transit context.scopes");
    assert_string_equal(json_string_value(json_object_get(call, "id")), OLD);
    assert_string_equal(json_string_value(json_object_get(call, "arg")), "supersede");
    assert_string_equal(json_string_value(json_object_get(after, "review_on")), "2027-03-04");
    assert_string_equal(json_string_value(json_object_get(after, "reviewed_on")), "2026-03-04");
    fake_free(f);

    f = fake_new();
    f->rows[0] = (struct bl_rows){1, 1, (const char *const[]){OLD}};
    f->refuse = "transit context.scopes";
    assert_int_equal(t->rule(&f->request, &change), BL_CONFLICT);
    fake_free(f);

    f = fake_new(); /* the first scope of all */
    assert_int_equal(t->rule(&f->request, &change), BL_OK);
    assert_int_equal(json_array_size(f->calls), 0);
    json_decref(after);
    fake_free(f);
}

static void confirming_moves_the_review_by_a_year(void **state)
{
    (void)state;
    static const struct {
        int64_t day; /* since 1970 */
        const char *today, *next;
    } cases[] = {
        {20516, "2026-03-04", "2027-03-04"},
        {21243, "2028-02-29", "2029-02-28"},
        {20454, "2026-01-01", "2027-01-01"},
        {20818, "2026-12-31", "2027-12-31"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake *f = fake_new();
        json_t *after = json_object();
        f->request.now = cases[i].day * 86400 * 1000000;
        struct bl_change change = {.resource = scopes, .verb = "confirm", .after = after};
        assert_int_equal(transition("confirm")->rule(&f->request, &change), BL_OK);
        assert_string_equal(json_string_value(json_object_get(after, "reviewed_on")), cases[i].today);
        assert_string_equal(json_string_value(json_object_get(after, "review_on")), cases[i].next);
        json_decref(after);
        fake_free(f);
    }
}

static void the_scope_in_force_is_not_archived(void **state)
{
    (void)state;
    for (size_t s = 0; s < STATES; s++) {
        struct fake *f = fake_new();
        json_t *after = json_pack("{s:s}", "status", states[s]);
        struct bl_change change = {.resource = scopes, .verb = "archive", .after = after};
        enum bl_status status = scopes->after(&f->request, &change);
        assert_int_equal(status, strcmp(states[s], "in_force") == 0 ? BL_CONFLICT : BL_OK);
        change.verb = "update";
        assert_int_equal(scopes->after(&f->request, &change), BL_OK);
        json_decref(after);
        fake_free(f);
    }
}

static struct fake *revise(const char *status, const char *sites)
{
    struct fake *f = fake_new();
    f->id = OLD;
    f->rows[0] = (struct bl_rows){status != NULL, 3,
                                  (const char *const[]){"{\"title\": \"Scope\", \"revises_id\": \"" OLD "\"}", status, sites}};
    enum bl_status result = fake_handler(plugin, "POST", "scopes/{id}:revise")(&f->request);
    assert_int_equal(result == BL_OK, json_array_size(f->problems) == 0);
    return f;
}

static void a_new_version_takes_over_text_and_sites(void **state)
{
    (void)state;
    struct fake *f = revise("in_force", "01990000-0000-7000-8000-0000000000c1 01990000-0000-7000-8000-0000000000c2");
    assert_int_equal(f->status, 201);
    assert_string_equal(json_string_value(json_object_get(f->headers, "Location")),
                        "/api/v1/orgs/keep/context/scopes/01990000-0000-7000-8000-00000000000f");
    assert_int_equal(json_array_size(f->calls), 3);
    json_t *body = json_object_get(json_array_get(f->calls, 0), "body");
    assert_string_equal(json_string_value(json_object_get(body, "title")), "Scope");
    assert_string_equal(json_string_value(json_object_get(body, "revises_id")), OLD);
    assert_string_equal(json_string_value(json_object_get(json_array_get(f->calls, 2), "arg")),
                        "01990000-0000-7000-8000-0000000000c2");
    json_t *answer = json_loads(f->written, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(answer, "ref")), "NEW-1");
    json_decref(answer);
    fake_free(f);
}

/* Such text would fail in the database as a malformed request; the statement is asked all the same, as it checks the caller. */
static void text_that_is_no_id_is_not_found(void **state)
{
    (void)state;
    static const char *const texts[] = {"abc", "01990000-0000-7000-8000-0000000000a", "01990000-0000-7000-8000-0000000000aaa",
                                        "01990000+0000-7000-8000-0000000000aa", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fake *f = fake_new();
        f->id = texts[i];
        assert_int_equal(fake_handler(plugin, "POST", "scopes/{id}:revise")(&f->request), BL_NOT_FOUND);
        assert_string_equal(f->args[0], "00000000-0000-0000-0000-000000000000");
        fake_free(f);
    }
    struct fake *f = fake_new();
    f->id = OLD;
    assert_int_equal(fake_handler(plugin, "POST", "scopes/{id}:revise")(&f->request), BL_NOT_FOUND);
    assert_string_equal(f->args[0], OLD);
    fake_free(f);
}

static void what_is_not_approved_is_not_revised(void **state)
{
    (void)state;
    static const char *const open[] = {"draft", "in_review"};
    for (size_t i = 0; i < 2; i++) {
        struct fake *f = revise(open[i], NULL);
        fake_expect_problem(f, "not_approved_yet", NULL);
        assert_int_equal(json_array_size(f->calls), 0);
        fake_free(f);
    }
    struct fake *f = revise(NULL, NULL);
    fake_expect_problem(f, "not_found", NULL);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_allows_what_it_should),
        cmocka_unit_test(text_is_frozen_from_the_approval_on),
        cmocka_unit_test(incomplete_scopes_are_neither_submitted_nor_approved),
        cmocka_unit_test(coming_into_force_supersedes_the_one_before),
        cmocka_unit_test(confirming_moves_the_review_by_a_year),
        cmocka_unit_test(the_scope_in_force_is_not_archived),
        cmocka_unit_test(a_new_version_takes_over_text_and_sites),
        cmocka_unit_test(text_that_is_no_id_is_not_found),
        cmocka_unit_test(what_is_not_approved_is_not_revised),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
