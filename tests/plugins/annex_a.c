/* A tenant's controls through the running service: their life, what proves them, what takes their credit, the counts. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOAT "/api/v1/orgs/moat/annex-a/"
#define KEEP "/api/v1/orgs/keep/annex-a/"

static struct api *manager, *stranger;
static char *me; /* the manager's id */

static int log_in(void **state)
{
    (void)state;
    manager = api_as("moat", "manager");
    stranger = api_as("keep", "manager");
    struct answer a = api_get(manager, "/api/v1/me");
    me = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(stranger);
    free(me);
    return 0;
}

/* The day so many days from now. Good until the next call but three. */
static const char *day(int days)
{
    static char texts[4][11];
    static int next;
    time_t then = time(NULL) + (time_t)days * 86400;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 4;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%d", &parts);
    return texts[next];
}

static struct answer make(const char *resource, json_t *body, int status)
{
    char path[200];
    snprintf(path, sizeof path, MOAT "%s", resource);
    struct answer a = api_post(manager, path, body);
    expect_status(&a, status);
    return a;
}

static char *make_id(const char *resource, json_t *body)
{
    struct answer a = make(resource, body, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static void refuse(const char *resource, json_t *body, int status, const char *code, const char *pointer)
{
    char path[200];
    snprintf(path, sizeof path, MOAT "%s", resource);
    struct answer a = api_post(manager, path, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* PATCH (verb "") or POST …:verb with the record's ETag. Steals the body. */
static struct answer change(const char *resource, const char *id, const char *verb, json_t *body)
{
    char path[200];
    struct answer now = api_get(manager, MOAT "%s/%s", resource, id);
    expect_status(&now, 200);
    snprintf(path, sizeof path, MOAT "%s/%s%s%s", resource, id, *verb ? ":" : "", verb);
    struct answer a = api_send(manager, *verb ? "POST" : "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static void changed(const char *resource, const char *id, const char *verb, json_t *body)
{
    struct answer a = change(resource, id, verb, body);
    expect_status(&a, 200);
    answer_free(&a);
}

static json_t *own(const char *title)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "origin", "own", "title", title, "owner_id", me, "description",
                     "As written.", "target_date", day(30), "test_rhythm_days", 100);
}

static char *own_in(const char *state)
{
    static const char *const steps[][2] = {{"planned", "plan"}, {"partial", "begin"}, {"implemented", "implement"}};
    char *id = make_id("controls", own("A control of our own"));
    for (size_t i = 0; i < 3; i++)
        if (strcmp(steps[i][0], state) == 0)
            changed("controls", id, steps[i][1], NULL);
    return id;
}

static void put_away(char *id)
{
    changed("controls", id, "archive", NULL);
    free(id);
}

static void every_transition_from_every_state(void **state)
{
    (void)state;
    static const char *const states[] = {"not_started", "planned", "partial", "implemented"};
    static const struct {
        const char *verb, *to[4]; /* by the state it starts from; NULL: refused */
    } table[] = {
        {"plan", {"planned", NULL, "planned", NULL}},
        {"begin", {"partial", "partial", NULL, NULL}},
        {"implement", {"implemented", "implemented", "implemented", NULL}},
        {"fall_back", {NULL, NULL, NULL, "partial"}},
        {"drop", {NULL, "not_started", "not_started", "not_started"}},
    };
    for (size_t v = 0; v < sizeof table / sizeof *table; v++)
        for (size_t s = 0; s < 4; s++) {
            const char *to = table[v].to[s];
            bool reason = strcmp(table[v].verb, "drop") == 0 || strcmp(table[v].verb, "fall_back") == 0;
            char *id = own_in(states[s]);
            struct answer a =
                change("controls", id, table[v].verb, reason ? json_pack("{s:s}", "reason", "Tried in a test") : NULL);
            if (to)
                expect_status(&a, 200);
            else
                expect_problem(&a, 409, "wrong_state", NULL);
            answer_free(&a);
            a = api_get(manager, MOAT "controls/%s", id);
            assert_string_equal(answer_text(&a, "status"), to ? to : states[s]);
            answer_free(&a);
            put_away(id);
        }
}

static void transitions_have_needs(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *field;
    } needs[] = {{"plan", "owner_id"},
                 {"plan", "target_date"},
                 {"begin", "owner_id"},
                 {"implement", "owner_id"},
                 {"implement", "description"}};
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        char pointer[40];
        json_t *body = own("Not complete");
        json_object_del(body, needs[i].field);
        char *id = make_id("controls", body);
        snprintf(pointer, sizeof pointer, "/%s", needs[i].field);
        struct answer a = change("controls", id, needs[i].verb, NULL);
        expect_problem(&a, 422, "required", pointer);
        answer_free(&a);
        put_away(id);
    }
    char *id = own_in("implemented");
    static const char *const with_reason[] = {"fall_back", "drop"};
    for (size_t i = 0; i < 2; i++) {
        struct answer a = change("controls", id, with_reason[i], json_object());
        expect_problem(&a, 422, "required", "/reason");
        answer_free(&a);
    }
    struct answer a = api_get(manager, MOAT "controls/%s", id);
    assert_non_null(answer_text(&a, "implemented_on"));
    answer_free(&a);
    put_away(id);
}

static void origin_goes_with_number(void **state)
{
    (void)state;
    json_t *body = own("With a number");
    json_object_set_new(body, "catalogue_id", json_string("A.8.13"));
    refuse("controls", body, 422, "not_of_annex_a", "/catalogue_id");
    body = own("With an edition");
    json_object_set_new(body, "edition", json_string("2022"));
    json_object_set_new(body, "origin", json_string("other"));
    refuse("controls", body, 422, "not_of_annex_a", "/catalogue_id");
#define ANNEX(edition, id)                                                                                                       \
    json_pack("{s:s, s:s, s:s, s:s}", "origin", "annex_a", "edition", edition, "catalogue_id", id, "title", id)
    refuse("controls", json_pack("{s:s, s:s, s:s}", "origin", "annex_a", "edition", "2022", "title", "No number"), 422,
           "required", "/catalogue_id");
    refuse("controls", json_pack("{s:s, s:s, s:s}", "origin", "annex_a", "catalogue_id", "A.8.13", "title", "No edition"), 422,
           "required", "/edition");
    refuse("controls", ANNEX("2022", "A.12.3.1"), 422, "not_in_catalogue", "/catalogue_id");
    char *id = make_id("controls", ANNEX("2022", "A.5.30"));
    refuse("controls", ANNEX("2022", "A.5.30"), 409, "control_exists", "/catalogue_id");
    put_away(id);
    id = make_id("controls", ANNEX("2022", "A.5.30")); /* the other one is put away */
    put_away(id);
}

/* What `credits` says of the control: "credit", or what it lacks, with spaces between. */
static void credit_is(const char *id, const char *expected)
{
    struct answer a = api_get(manager, MOAT "credits");
    char said[200] = "absent";
    size_t i, k;
    json_t *item, *word;
    expect_status(&a, 200);
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), id) != 0)
            continue;
        strcpy(said, json_is_true(json_object_get(item, "credit")) ? "credit" : "");
        json_array_foreach(json_object_get(item, "lacks"), k, word)
        {
            size_t length = strlen(said);
            snprintf(said + length, sizeof said - length, "%s%s", length ? " " : "", json_string_value(word));
        }
    }
    answer_free(&a);
    assert_string_equal(said, expected);
}

static char *test(const char *control, int tested, const char *result)
{
    return make_id("control-tests",
                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", control, "method", "technical", "what", "A sample",
                             "tested_on", day(tested), "result", result, "findings", "Seen."));
}

static char *evidence(const char *control, int collected)
{
    return make_id("evidence-items", json_pack("{s:s, s:s, s:s, s:s}", "control_id", control, "title", "A log", "location",
                                               "Archive", "collected_on", day(collected)));
}

static void credit_comes_and_goes(void **state)
{
    (void)state;
    char *id = own_in("partial");
    credit_is(id, "implementation evidence test");
    changed("controls", id, "implement", NULL);
    credit_is(id, "evidence test");
    char *log = evidence(id, -20);
    credit_is(id, "test");
    free(test(id, -10, "passed"));
    credit_is(id, "credit");
    struct answer a = api_get(manager, MOAT "controls/%s", id);
    assert_string_equal(answer_text(&a, "last_result"), "passed");
    assert_string_equal(answer_text(&a, "last_tested_on"), day(-10));
    assert_string_equal(answer_text(&a, "next_test_on"), day(90)); /* the rhythm is 100 days */
    assert_string_equal(answer_text(&a, "evidence_until"), day(80));
    answer_free(&a);
    free(test(id, -15, "failed")); /* came in late: the newer one counts */
    credit_is(id, "credit");
    free(test(id, -5, "failed"));
    credit_is(id, "passed_test");
    free(test(id, -4, "passed"));
    credit_is(id, "credit");
    changed("evidence-items", log, "archive", NULL);
    credit_is(id, "evidence");
    changed("evidence-items", log, "restore", NULL);
    credit_is(id, "credit");
    changed("controls", id, "fall_back", json_pack("{s:s}", "reason", "Half of it stopped"));
    credit_is(id, "implementation");
    changed("controls", id, "implement", NULL);
    credit_is(id, "credit");
    free(log);
    put_away(id);
}

static void credit_runs_out(void **state)
{
    (void)state;
    char *id = own_in("implemented");
    char *log = evidence(id, -99); /* good for one more day */
    free(test(id, -99, "passed"));
    credit_is(id, "credit");
    changed("controls", id, "", json_pack("{s:i}", "test_rhythm_days", 90)); /* the rhythm holds for what there is */
    credit_is(id, "newer_evidence newer_test");
    changed("evidence-items", log, "", json_pack("{s:s}", "collected_on", day(-3)));
    credit_is(id, "newer_test");
    struct answer a = make("control-tests",
                           json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", id, "method", "interview", "what", "Asked",
                                     "tested_on", day(-80), "result", "passed", "next_test_on", day(-2)),
                           201);
    answer_free(&a);
    credit_is(id, "newer_test"); /* the day that the test names goes before the rhythm */
    free(test(id, -60, "passed"));
    credit_is(id, "credit");
    changed("evidence-items", log, "", json_pack("{s:s}", "valid_until", day(-2)));
    credit_is(id, "newer_evidence");
    free(evidence(id, -50)); /* the best piece counts */
    credit_is(id, "credit");
    free(log);
    put_away(id);
}

static void proofs_are_checked(void **state)
{
    (void)state;
    char *id = own_in("implemented");
#define TEST(tested, result, next)                                                                                               \
    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", id, "method", "observation", "what", "Seen", "tested_on", tested,  \
              "result", result, "next_test_on", next)
#define PROOF(collected, until)                                                                                                  \
    json_pack("{s:s, s:s, s:s, s:s, s:s}", "control_id", id, "title", "A log", "location", "Archive", "collected_on", collected, \
              "valid_until", until)
    refuse("control-tests", TEST("2999-01-01", "passed", "2999-02-01"), 422, "in_the_future", "/tested_on");
    refuse("control-tests", TEST("2026-01-01", "passed", "2026-01-01"), 422, "not_after", "/next_test_on");
    refuse("control-tests", TEST("2026-01-01", "failed", "2999-01-01"), 422, "required", "/findings");
    refuse("evidence-items", PROOF("2999-01-01", "2999-02-01"), 422, "in_the_future", "/collected_on");
    refuse("evidence-items", PROOF("2026-01-01", "2026-01-01"), 422, "not_after", "/valid_until");
    credit_is(id, "evidence test"); /* nothing of it was kept */
    char *log = evidence(id, -3);
    struct answer a = change("evidence-items", log, "", json_pack("{s:s}", "collected_on", "2999-01-01"));
    expect_problem(&a, 422, "in_the_future", "/collected_on");
    answer_free(&a);
    put_away(id);
    free(log);
}

/* A test has no states and stays as it was: each way to change one is refused. */
static void tests_stay_as_they_were(void **state)
{
    (void)state;
    char *id = own_in("implemented"), *done = test(id, -5, "failed"), path[200];
    static const char *const ways[][2] = {{"PATCH", ""}, {"POST", ":archive"}, {"POST", ":restore"}, {"POST", ":implement"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        snprintf(path, sizeof path, MOAT "control-tests/%s%s", done, ways[i][1]);
        struct answer a = api_send(manager, ways[i][0], path, json_pack("{s:s}", "result", "passed"), "\"1\"");
        if (a.status != 404 && a.status != 405)
            fail_msg("%s %s: %d", ways[i][0], path, a.status);
        answer_free(&a);
    }
    struct answer a = api_get(manager, MOAT "control-tests/%s", done);
    assert_string_equal(answer_text(&a, "result"), "failed");
    answer_free(&a);
    static const char *const computed[] = {"last_result", "next_test_on", "evidence_until", "implemented_on"};
    for (size_t i = 0; i < 4; i++) {
        a = change("controls", id, "", json_pack("{s:s}", computed[i], i ? "2999-01-01" : "passed"));
        expect_status(&a, 422); /* nobody says himself what the proofs say */
        answer_free(&a);
    }
    free(done);
    put_away(id);
}

/* One figure of the summary; 0 when it has no row of that value. */
static json_int_t figure(const char *query, const char *value, const char *member)
{
    struct answer a = api_get(manager, MOAT "summary?by=%s", query);
    json_int_t found = 0;
    size_t i;
    json_t *row;
    expect_status(&a, 200);
    json_array_foreach(answer_at(&a, "items"), i, row)
    {
        const char *text = json_string_value(json_object_get(row, "value"));
        if (text && strcmp(text, value) == 0)
            found = json_integer_value(json_object_get(row, member));
    }
    answer_free(&a);
    return found;
}

/* What three controls add to the counts: A.8.13 with credit, A.8.14 implemented without, A.7.11 planned. */
static void summary_adds_up(void **state)
{
    (void)state;
    const struct {
        const char *by, *value;
        int controls, planned, implemented, credited;
    } rows[] = {
        {"theme", "technological", 2, 0, 2, 1},
        {"theme", "physical", 1, 1, 0, 0},
        {"theme&edition=2022", "technological", 2, 0, 2, 1},
        {"theme&edition=2013", "technological", 0, 0, 0, 0},
        {"section", "A.8", 2, 0, 2, 1},
        {"type", "corrective", 1, 0, 1, 1},
        {"type", "preventive", 2, 1, 1, 0},
        {"type", "detective", 1, 1, 0, 0},
        {"property", "A", 3, 1, 2, 1},
        {"property", "I", 2, 1, 1, 1},
        {"property", "C", 0, 0, 0, 0},
        {"concept", "Recover", 1, 0, 1, 1},
        {"capability", "Continuity", 2, 0, 2, 1},
        {"domain", "Resilience", 1, 0, 1, 0},
        {"domain", "Protection", 3, 1, 2, 1},
        {"state", "implemented", 2, 0, 2, 1},
        {"state", "planned", 1, 1, 0, 0},
        {"owner", me, 3, 1, 2, 1},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    static const char *const members[] = {"controls", "planned", "implemented", "credited"};
    static const char *const numbers[] = {"A.8.13", "A.8.14", "A.7.11"};
    json_int_t before[ROWS][4];
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < 4; k++)
            before[i][k] = figure(rows[i].by, rows[i].value, members[k]);
    char *ids[3];
    for (size_t i = 0; i < 3; i++) {
        ids[i] = make_id("controls", ANNEX("2022", numbers[i]));
        changed("controls", ids[i], "",
                json_pack("{s:s, s:s, s:s}", "owner_id", me, "description", "Done.", "target_date", day(9)));
        changed("controls", ids[i], i < 2 ? "implement" : "plan", NULL);
    }
    free(evidence(ids[0], -1));
    free(test(ids[0], -1, "passed"));
    for (size_t i = 0; i < ROWS; i++) {
        const int added[] = {rows[i].controls, rows[i].planned, rows[i].implemented, rows[i].credited};
        for (size_t k = 0; k < 4; k++) {
            json_int_t now = figure(rows[i].by, rows[i].value, members[k]);
            if (now - before[i][k] != added[k])
                fail_msg("%s %s %s: %lld more, not %d", rows[i].by, rows[i].value, members[k], (long long)(now - before[i][k]),
                         added[k]);
        }
    }
    for (size_t i = 0; i < 3; i++)
        put_away(ids[i]);
    assert_int_equal(figure("owner", me, "controls"), before[ROWS - 1][0]); /* what is put away does not count */
}

static void records_belong_to_their_tenant(void **state)
{
    (void)state;
    char *id = own_in("not_started"), *log = evidence(id, -1), *done = test(id, -1, "passed"), path[200];
    const char *const there[][2] = {{"controls", id}, {"evidence-items", log}, {"control-tests", done}};
    for (size_t i = 0; i < 3; i++) {
        static const char *const orgs[] = {"moat", "keep"};
        for (size_t k = 0; k < 2; k++) {
            struct answer a = api_get(stranger, "/api/v1/orgs/%s/annex-a/%s/%s", orgs[k], there[i][0], there[i][1]);
            expect_status(&a, 404);
            answer_free(&a);
        }
    }
    snprintf(path, sizeof path, KEEP "evidence-items");
    struct answer a = api_post(
        stranger, path,
        json_pack("{s:s, s:s, s:s, s:s}", "control_id", id, "title", "Foreign", "location", "Here", "collected_on", day(-1)));
    expect_problem(&a, 422, "unknown_reference", "/control_id");
    answer_free(&a);
    static const char *const views[] = {"credits", "controls?limit=500", "catalogue"};
    for (size_t i = 0; i < 3; i++) {
        a = api_get(stranger, KEEP "%s", views[i]);
        expect_status(&a, 200);
        assert_null(strstr(a.body, id));
        answer_free(&a);
        a = api_get(stranger, MOAT "%s", views[i]);
        expect_status(&a, 404);
        answer_free(&a);
    }
    struct api *reader = api_as("keep", "reader"), *risk_owner = api_as("keep", "risk_owner");
    a = api_post(reader, KEEP "controls:adopt", json_pack("{s:s}", "edition", "2022"));
    expect_status(&a, 403);
    answer_free(&a);
    a = api_post(risk_owner, KEEP "controls:adopt", json_pack("{s:s, s:[]}", "edition", "2022", "ids"));
    expect_status(&a, 200);
    answer_free(&a);
    a = api_post(risk_owner, KEEP "control-tests", json_object());
    expect_status(&a, 403);
    answer_free(&a);
    api_free(reader);
    api_free(risk_owner);
    free(log);
    free(done);
    put_away(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_from_every_state),
        cmocka_unit_test(transitions_have_needs),
        cmocka_unit_test(origin_goes_with_number),
        cmocka_unit_test(credit_comes_and_goes),
        cmocka_unit_test(credit_runs_out),
        cmocka_unit_test(proofs_are_checked),
        cmocka_unit_test(tests_stay_as_they_were),
        cmocka_unit_test(summary_adds_up),
        cmocka_unit_test(records_belong_to_their_tenant),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
