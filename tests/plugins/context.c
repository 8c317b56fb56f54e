/* The context area through the running service: what is computed, what is refused and with which words, the views. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEEP "/api/v1/orgs/keep/context/"
#define MOAT "/api/v1/orgs/moat/context/"

static struct api *manager, *reader;
static char stamp[32]; /* makes names new in every run */

static int log_in(void **state)
{
    (void)state;
    manager = api_as("moat", "manager");
    reader = api_as("keep", "reader");
    snprintf(stamp, sizeof stamp, "%lld", (long long)time(NULL));
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(reader);
    return 0;
}

/* "context/…" of moat. Steals the body; the answer's status is checked. */
static struct answer make(const char *resource, json_t *body, int status)
{
    char path[200];
    snprintf(path, sizeof path, MOAT "%s", resource);
    struct answer a = api_post(manager, path, body);
    expect_status(&a, status);
    return a;
}

static void refuse(const char *resource, json_t *body, int status, const char *code, const char *pointer)
{
    char path[200];
    snprintf(path, sizeof path, MOAT "%s", resource);
    struct answer a = api_post(manager, path, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

static char *make_id(const char *resource, json_t *body)
{
    struct answer a = make(resource, body, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static struct answer patch(const char *resource, const char *id, json_t *body)
{
    struct answer now = api_get(manager, MOAT "%s/%s", resource, id);
    expect_status(&now, 200);
    char path[200];
    snprintf(path, sizeof path, MOAT "%s/%s", resource, id);
    struct answer a = api_send(manager, "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static void archive(const char *resource, const char *id)
{
    struct answer now = api_get(manager, MOAT "%s/%s", resource, id);
    char path[200];
    snprintf(path, sizeof path, MOAT "%s/%s:archive", resource, id);
    struct answer a = api_send(manager, "POST", path, NULL, answer_header(&now, "etag"));
    expect_status(&a, 200);
    answer_free(&now);
    answer_free(&a);
}

static json_t *issue(const char *origin, const char *effect, const char *category)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "title", "Computed", "origin", origin, "effect", effect, "category",
                     category, "influence", 4, "control", 2);
}

static void priority_and_quadrant_are_computed(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *effect, *category, *quadrant;
    } cases[] = {
        {"internal", "positive", "people", "strength"},
        {"internal", "negative", "technology", "weakness"},
        {"external", "positive", "economic", "opportunity"},
        {"external", "negative", "technological", "threat"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = make("issues", issue(cases[i].origin, cases[i].effect, cases[i].category), 201);
        assert_string_equal(answer_text(&a, "quadrant"), cases[i].quadrant);
        assert_int_equal(answer_integer(&a, "priority"), 16);
        assert_string_equal(answer_text(&a, "status"), "open");
        struct answer b = patch("issues", answer_text(&a, "id"), json_pack("{s:i, s:i}", "influence", 5, "control", 1));
        assert_int_equal(answer_integer(&b, "priority"), 25);
        archive("issues", answer_text(&a, "id"));
        answer_free(&a);
        answer_free(&b);
    }
    static const char *const computed[] = {"priority", "quadrant"};
    for (size_t i = 0; i < 2; i++) {
        char pointer[20];
        json_t *body = issue("internal", "positive", "people");
        json_object_set_new(body, computed[i], i ? json_string("strength") : json_integer(25));
        snprintf(pointer, sizeof pointer, "/%s", computed[i]);
        struct answer a = make("issues", body, 422);
        assert_non_null(strstr(a.body, pointer));
        answer_free(&a);
    }
}

static void category_goes_with_origin_on_every_way_in(void **state)
{
    (void)state;
    refuse("issues", issue("internal", "negative", "legal"), 422, "category_not_of_origin", "/category");
    refuse("issues", issue("external", "negative", "technology"), 422, "category_not_of_origin", "/category");
    char *id = make_id("issues", issue("internal", "negative", "people"));
    struct answer a = patch("issues", id, json_pack("{s:s}", "origin", "external"));
    expect_problem(&a, 422, "category_not_of_origin", "/category");
    answer_free(&a);
    a = patch("issues", id, json_pack("{s:s, s:s}", "origin", "external", "category", "social"));
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "quadrant"), "threat");
    answer_free(&a);
    archive("issues", id);
    free(id);
}

static void the_purpose_is_one(void **state)
{
    (void)state;
    refuse("statements", json_pack("{s:s, s:s, s:s}", "kind", "purpose", "title", "Another", "text", "Another purpose."), 409,
           "purpose_exists", "/kind");
}

static void reviews_and_decisions_lie_in_the_past(void **state)
{
    (void)state;
    json_t *body = issue("internal", "negative", "people");
    json_object_set_new(body, "reviewed_on", json_string("2999-01-01"));
    refuse("issues", body, 422, "in_the_future", "/reviewed_on");
    struct answer me = api_get(manager, "/api/v1/me");
    expect_status(&me, 200);
    refuse("climate-determinations",
           json_pack("{s:b, s:s, s:s, s:s}", "relevant", 0, "reason", "Later", "decided_on", "2999-01-01", "decided_by_id",
                     answer_text(&me, "user/id")),
           422, "in_the_future", "/decided_on");
    answer_free(&me);
}

static void accepted_requirements_become_our_own(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "Party %s", stamp);
    char *party = make_id("interested-parties",
                          json_pack("{s:s, s:s, s:i, s:i}", "name", name, "type", "interface", "influence", 3, "control", 3));
    refuse("interested-parties",
           json_pack("{s:s, s:s, s:i, s:i}", "name", name, "type", "external", "influence", 1, "control", 1), 409, "party_exists",
           "/name");
    refuse("requirements",
           json_pack("{s:s, s:s, s:s, s:s}", "party_id", party, "title", "Answer", "kind", "expectation", "addressed_by_isms",
                     "yes"),
           422, "reason_missing", "/reason");
    char *id = make_id("requirements", json_pack("{s:s, s:s, s:s}", "party_id", party, "title", "Answer", "kind", "expectation"));
    struct answer a = patch("requirements", id, json_pack("{s:s, s:s}", "addressed_by_isms", "yes", "reason", "We can"));
    expect_status(&a, 200);
    assert_true(json_is_true(answer_at(&a, "accepted")));
    assert_non_null(answer_text(&a, "decided_on"));
    assert_non_null(answer_text(&a, "decided_by_id"));
    answer_free(&a);
    a = patch("requirements", id, json_pack("{s:s}", "addressed_by_isms", "undecided"));
    assert_true(json_is_false(answer_at(&a, "accepted")));
    assert_null(answer_text(&a, "decided_on"));
    answer_free(&a);
    archive("requirements", id);
    archive("interested-parties", party);
    free(id);
    free(party);
}

static void links_between_processes_are_sound(void **state)
{
    (void)state;
    char *ids[2];
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "Test %s %zu", stamp, i);
        ids[i] = make_id("processes", json_pack("{s:s, s:s}", "name", name, "family", "support"));
    }
#define LINK(from, to, what) json_pack("{s:s, s:s, s:s}", "from_process_id", from, "to_process_id", to, "flow", what)
    refuse("process-links", LINK(ids[0], ids[0], "Loop"), 422, "link_to_itself", "/to_process_id");
    char *link = make_id("process-links", LINK(ids[0], ids[1], "Result"));
    refuse("process-links", LINK(ids[0], ids[1], "RESULT"), 409, "link_exists", "/flow");
    char *other = make_id("process-links", LINK(ids[0], ids[1], "Another result"));
    archive("processes", ids[1]);
    refuse("process-links", LINK(ids[0], ids[1], "Third"), 422, "not_found", "/to_process_id");
    struct answer map = api_get(manager, MOAT "process-map");
    assert_non_null(strstr(map.body, ids[0]));
    assert_null(strstr(map.body, ids[1])); /* neither the archived process nor its links */
    answer_free(&map);
    archive("process-links", link);
    archive("process-links", other);
    archive("processes", ids[0]);
    free(ids[0]);
    free(ids[1]);
    free(link);
    free(other);
}

static void adopting_twice_makes_one(void **state)
{
    (void)state;
    refuse("processes:adopt", json_pack("{s:[s]}", "ids", "PR-77"), 422, "not_in_catalogue", "/ids/0");
    json_t *many = json_array();
    for (int i = 0; i < 101; i++)
        json_array_append_new(many, json_string("PR-33"));
    refuse("processes:adopt", json_pack("{s:o}", "ids", many), 422, "too_many", "/ids/100");
    struct answer a = make("processes:adopt", json_pack("{s:[s,s]}", "ids", "PR-33", "PR-34"), 200);
    answer_free(&a);
    a = make("processes:adopt", json_pack("{s:[s,s]}", "ids", "PR-33", "PR-34"), 200);
    assert_int_equal(json_array_size(answer_at(&a, "adopted")), 0);
    assert_int_equal(json_array_size(answer_at(&a, "already")), 2);
    answer_free(&a);
    a = api_get(manager, MOAT "processes?catalogue_id=in.(PR-33,PR-34)");
    assert_int_equal(json_array_size(answer_at(&a, "items")), 2);
    answer_free(&a);
    a = api_get(manager, MOAT "process-catalogue");
    assert_int_equal(json_array_size(answer_at(&a, "items")), 35);
    assert_non_null(answer_text(&a, "items/32/adopted_as"));
    answer_free(&a);
}

static void the_map_has_three_forms(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"application/json", "\"processes\""}, {"image/svg+xml", "</svg>"}, {"text/vnd.graphviz", "digraph"}};
    for (size_t i = 0; i < 3; i++) {
        char accept[60];
        snprintf(accept, sizeof accept, "Accept: %s", forms[i][0]);
        struct answer a = api_call(reader, "GET", KEEP "process-map", NULL, (const char *const[]){accept, NULL});
        expect_status(&a, 200);
        assert_string_equal(answer_header(&a, "content-type"), forms[i][0]);
        assert_non_null(strstr(a.body, forms[i][1]));
        answer_free(&a);
    }
    struct answer a = api_call(reader, "GET", KEEP "process-map", NULL, (const char *const[]){"Accept: text/html", NULL});
    expect_status(&a, 406);
    answer_free(&a);
}

static size_t size_at(const struct answer *a, const char *path)
{
    assert_true(json_is_array(answer_at(a, path)));
    return json_array_size(answer_at(a, path));
}

/* The demo's issues (28, and what other tests have added): each open one in one quadrant, all six categories, the weightiest
 * first. */
static void views_show_the_demo(void **state)
{
    (void)state;
    struct answer a = api_get(reader, KEEP "issues?status=open&limit=500");
    expect_status(&a, 200);
    size_t open = size_at(&a, "items");
    assert_true(open >= 28);
    answer_free(&a);
    a = api_get(reader, KEEP "swot");
    expect_status(&a, 200);
    assert_int_equal(size_at(&a, "strengths") + size_at(&a, "weaknesses") + size_at(&a, "opportunities") + size_at(&a, "threats"),
                     open);
    assert_true(answer_integer(&a, "threats/0/priority") >= answer_integer(&a, "threats/1/priority"));
    assert_int_equal(answer_integer(&a, "threats/0/priority"), 25);
    answer_free(&a);
    a = api_get(reader, KEEP "pestel");
    static const char *const categories[] = {"political", "economic", "social", "technological", "environmental", "legal"};
    for (size_t i = 0; i < 6; i++)
        assert_true(size_at(&a, categories[i]) > 0);
    answer_free(&a);
    a = api_get(reader, KEEP "swot?nothing=1");
    expect_status(&a, 400);
    answer_free(&a);
}

static bool has_gap(const struct answer *a, const char *code)
{
    size_t i;
    json_t *gap;
    json_array_foreach(answer_at(a, "items"), i, gap) if (strcmp(json_string_value(json_object_get(gap, "code")), code) == 0)
    {
        struct answer record = api_get(reader, "%s", json_string_value(json_object_get(gap, "url")));
        expect_status(&record, 200); /* every gap names something that can be opened */
        answer_free(&record);
        return true;
    }
    return false;
}

static void gaps_of_the_demo(void **state)
{
    (void)state;
    struct answer a = api_get(reader, KEEP "gaps");
    expect_status(&a, 200);
    static const char *const there[] = {
        "review_overdue",        "party_without_requirement", "requirement_undecided",     "requirement_without_source",
        "process_without_owner", "process_without_link",      "process_without_indicator", "process_name_not_a_verb"};
    static const char *const absent[] = {
        "purpose_missing",    "outcome_missing", "pestel_category_empty", "climate_undetermined", "scope_missing",
        "scope_not_approved", "scope_old",       "site_outside_scope",    "process_missing",      "nothing_reviewed"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!has_gap(&a, there[i]))
            fail_msg("no gap %s", there[i]);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (has_gap(&a, absent[i]))
            fail_msg("gap %s", absent[i]);
    assert_int_equal(answer_integer(&a, "count"), size_at(&a, "items"));
    answer_free(&a);
}

/* A reader reads and changes nothing; other organisations are not there for him. */
static void readers_read(void **state)
{
    (void)state;
    struct answer a = api_post(reader, KEEP "processes:adopt", json_object());
    expect_status(&a, 403);
    answer_free(&a);
    a = api_get(reader, MOAT "swot");
    expect_status(&a, 404);
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priority_and_quadrant_are_computed),
        cmocka_unit_test(category_goes_with_origin_on_every_way_in),
        cmocka_unit_test(the_purpose_is_one),
        cmocka_unit_test(reviews_and_decisions_lie_in_the_past),
        cmocka_unit_test(accepted_requirements_become_our_own),
        cmocka_unit_test(links_between_processes_are_sound),
        cmocka_unit_test(adopting_twice_makes_one),
        cmocka_unit_test(the_map_has_three_forms),
        cmocka_unit_test(views_show_the_demo),
        cmocka_unit_test(gaps_of_the_demo),
        cmocka_unit_test(readers_read),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
