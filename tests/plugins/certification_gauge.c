/* The gauge of a client's project plan: the evaluation area's own score, the plan's progress, and both day by day. */
#include "certification.h"

static char *plan;

static struct answer gantt(struct api *who)
{
    struct answer a = get(who, CLIENT "project-plans/%s/gantt", plan);
    expect_status(&a, 200);
    return a;
}

static json_int_t score_of_evaluation(void)
{
    struct answer a = api_get(client, "/api/v1/orgs/%s/evaluation/readiness?detail=false", client_org);
    expect_status(&a, 200);
    json_int_t score = answer_integer(&a, "score");
    answer_free(&a);
    return score;
}

static void judge(const char *requirement, const char *state)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/evaluation/requirement-statuses", client_org);
    struct answer a = api_post(client, path,
                               json_pack("{s:s, s:s, s:s, s:s}", "requirement", requirement, "state", state, "evidence", "Seen.",
                                         "judged_on", area_day(0)));
    expect_status(&a, 201);
    answer_free(&a);
}

/* The task of that number, done today by so many per cent. */
static void work(int number, int percent)
{
    struct answer a = get(client, CLIENT "project-steps?plan_id=%s&number=%d", plan, number);
    char *id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    json_t *body = json_pack("{s:s, s:i}", "started_on", area_day(0), "progress", percent);
    if (percent == 100)
        json_object_set_new(body, "finished_on", json_string(area_day(0)));
    act(client, CLIENT "project-steps", id, "", body, OK);
    free(id);
}

static void the_score_is_that_of_the_evaluation_area(void **state)
{
    (void)state;
    char *me = area_id_of(client);
    struct answer a =
        api_post(client, at(CLIENT "project-plans:adopt"),
                 json_pack("{s:s, s:s, s:s}", "title", "A way of the test", "starts_on", area_day(0), "lead_id", me));
    free(me);
    expect_status(&a, 201);
    plan = strdup(answer_text(&a, "id"));
    answer_free(&a);
    a = gantt(client);
    json_int_t before = answer_integer(&a, "gauge/readiness");
    assert_int_equal(before, score_of_evaluation());
    assert_true(json_is_null(answer_at(&a, "gauge/planned"))); /* no baseline yet */
    assert_int_equal(json_array_size(answer_at(&a, "gauge/history")), 0);
    answer_free(&a);
    for (int i = 1; i <= 12; i++) {
        char requirement[20];
        snprintf(requirement, sizeof requirement, "2022#%d", i);
        judge(requirement, i % 4 == 0 ? "partial" : "fulfilled");
    }
    judge("2022#1", "planned"); /* the newest judgement counts */
    a = gantt(client);
    assert_true(answer_integer(&a, "gauge/readiness") > before);
    assert_int_equal(answer_integer(&a, "gauge/readiness"), score_of_evaluation());
    answer_free(&a);
}

static void both_go_on_day_by_day(void **state)
{
    (void)state;
    char *running = plan, *draft_plan = make(client, CLIENT "project-plans",
                                             json_pack("{s:s, s:s}", "title", "Not begun", "starts_on", area_day(0)));
    free(make(client, CLIENT "project-steps",
              json_pack("{s:s, s:i, s:s, s:i}", "plan_id", draft_plan, "number", 1, "title", "x", "duration_days", 5)));
    act(client, CLIENT "project-plans", plan, "start", NULL, OK);
    round_of("gauge_plans");
    plan = draft_plan;
    struct answer a = gantt(client);
    assert_int_equal(json_array_size(answer_at(&a, "gauge/history")), 0); /* a draft is not measured */
    answer_free(&a);
    plan = running;
    free(draft_plan);
    a = gantt(client);
    assert_int_equal(json_array_size(answer_at(&a, "gauge/history")), 1);
    assert_string_equal(answer_text(&a, "gauge/history/0/on"), area_day(0));
    assert_int_equal(answer_integer(&a, "gauge/history/0/progress"), 0);
    assert_int_equal(answer_integer(&a, "gauge/history/0/readiness"), score_of_evaluation());
    answer_free(&a);
    as_superuser(
        NULL, 0, /* two earlier days; on the second evaluation was not loaded */
        "INSERT INTO certification.plan_gauge SELECT tenant_id, id, core.today() - 20, 3, 10 FROM certification.project_plan"
        " WHERE id = '%s' UNION ALL SELECT tenant_id, id, core.today() - 10, 4, NULL FROM certification.project_plan"
        " WHERE id = '%s'",
        plan, plan);
    for (int number = 1; number <= 5; number++)
        work(number, 100);
    round_of("gauge_plans"); /* the same day: the last look stays */
    a = gantt(client);
    assert_int_equal(json_array_size(answer_at(&a, "gauge/history")), 3);
    assert_string_equal(answer_text(&a, "gauge/history/0/on"), area_day(-20));
    assert_int_equal(answer_integer(&a, "gauge/history/0/readiness"), 10);
    assert_true(json_is_null(answer_at(&a, "gauge/history/1/readiness")));
    assert_int_equal(answer_integer(&a, "gauge/history/1/progress"), 4);
    assert_true(answer_integer(&a, "progress") > 0);
    assert_int_equal(answer_integer(&a, "gauge/history/2/progress"), answer_integer(&a, "progress"));
    answer_free(&a);
    const char *svg[] = {"Accept: image/svg+xml", NULL};
    char path[300];
    snprintf(path, sizeof path, CLIENT "project-plans/%s/gantt", plan);
    a = api_call(client, "GET", at(path), NULL, svg);
    expect_status(&a, 200);
    assert_non_null(strstr(a.body, "class=\"progress\""));
    assert_non_null(strstr(a.body, "class=\"readiness\""));
    answer_free(&a);
}

/* Who may read this area and not evaluation. */
static void readiness_is_for_who_may_read_it(void **state)
{
    (void)state;
    char path[200];
    struct api *consultancy = api_as("barbican", "owner"), *consultant = api_as("barbican", "consultant");
    char *person = area_id_of(consultant), *id = engage(consultancy, "barbican", "advice", "consultant", "certification");
    snprintf(path, sizeof path, "/api/v1/orgs/barbican/engagements/%s/staff", id);
    struct answer a = api_post(consultancy, path, json_pack("{s:s, s:s}", "user_id", person, "role", "consultant"));
    expect_status(&a, 200);
    answer_free(&a);
    a = gantt(consultant);
    assert_true(answer_integer(&a, "progress") > 0);
    assert_true(json_is_null(answer_at(&a, "gauge/readiness")));
    for (int i = 0; i < 3; i++) {
        char member[60];
        snprintf(member, sizeof member, "gauge/history/%d/readiness", i);
        assert_true(json_is_null(answer_at(&a, member)));
    }
    answer_free(&a);
    free(person);
    free(id);
    free(plan);
    api_free(consultancy);
    api_free(consultant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_score_is_that_of_the_evaluation_area),
        cmocka_unit_test(both_go_on_day_by_day),
        cmocka_unit_test(readiness_is_for_who_may_read_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
