/* The way to a certificate through the running service: the template, the forecast, the baseline, what is refused. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLANS "/api/v1/orgs/moat/certification/"

static struct api *manager;
static char *me;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("moat", "manager");
    struct answer a = api_get(manager, "/api/v1/me");
    me = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    free(me);
    return 0;
}

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

static char *adopted(const char *pace)
{
    struct answer a = api_post(
        manager, PLANS "project-plans:adopt",
        json_pack("{s:s, s:s, s:s, s:s}", "title", "A way of the test", "starts_on", day(0), "lead_id", me, "pace", pace));
    expect_status(&a, 201);
    assert_non_null(answer_header(&a, "location"));
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static void act(const char *path, const char *id, const char *verb, json_t *body, int status, const char *code,
                const char *pointer)
{
    char full[200];
    struct answer now = api_get(manager, PLANS "%s/%s", path, id);
    expect_status(&now, 200);
    snprintf(full, sizeof full, PLANS "%s/%s%s%s", path, id, *verb ? ":" : "", verb);
    struct answer a = api_send(manager, *verb ? "POST" : "PATCH", full, body, answer_header(&now, "etag"));
    if (code)
        expect_problem(&a, status, code, pointer);
    else
        expect_status(&a, status);
    answer_free(&a);
    answer_free(&now);
}

static char *task(const char *plan, int number)
{
    struct answer a = api_get(manager, PLANS "project-steps?plan_id=%s&number=%d", plan, number);
    expect_status(&a, 200);
    char *id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    return id;
}

static void the_template_ends_when_it_must(void **state)
{
    (void)state;
    static const struct {
        const char *pace;
        int days; /* along the critical path, by hand */
    } paces[] = {{"fast", 43 * 7}, {"typical", 71 * 7}, {"slow", 127 * 7}};
    for (size_t i = 0; i < 3; i++) {
        char *plan = adopted(paces[i].pace);
        struct answer a = api_get(manager, PLANS "project-plans/%s/gantt", plan);
        expect_status(&a, 200);
        assert_string_equal(answer_text(&a, "forecast_end"), day(paces[i].days - 1));
        assert_int_equal(json_array_size(answer_at(&a, "tasks")), 26);
        assert_int_equal(answer_integer(&a, "tasks/25/number"), 26);
        answer_free(&a);
        free(plan);
    }
}

static void the_baseline_stays_when_the_forecast_moves(void **state)
{
    (void)state;
    char *plan = adopted("typical"), *first = task(plan, 1);
    act("project-plans", plan, "start", NULL, 200, NULL, NULL);
    act("project-steps", first, "", json_pack("{s:i}", "duration_days", 21), 200, NULL, NULL);
    struct answer a = api_get(manager, PLANS "project-plans/%s/gantt", plan);
    assert_int_equal(answer_integer(&a, "behind_baseline_days"), 7);
    assert_string_equal(answer_text(&a, "baseline_end"), day(71 * 7 - 1));
    assert_string_equal(answer_text(&a, "tasks/0/baseline_finish"), day(13));
    assert_string_equal(answer_text(&a, "tasks/0/finish"), day(20));
    answer_free(&a);
    act("project-plans", plan, "rebase", json_object(), 422, "required", "/reason");
    act("project-plans", plan, "rebase", json_pack("{s:s}", "reason", "Holidays"), 200, NULL, NULL);
    a = api_get(manager, PLANS "project-plans/%s/gantt", plan);
    assert_int_equal(answer_integer(&a, "behind_baseline_days"), 0);
    answer_free(&a);
    const char *svg[] = {"Accept: image/svg+xml", NULL};
    char path[200];
    snprintf(path, sizeof path, PLANS "project-plans/%s/gantt", plan);
    a = api_call(manager, "GET", path, NULL, svg);
    expect_status(&a, 200);
    assert_non_null(strstr(a.body, "<svg"));
    assert_non_null(strstr(a.body, "class=\"critical\""));
    answer_free(&a);
    free(first);
    free(plan);
}

static void what_a_task_must_not_say(void **state)
{
    (void)state;
    char *plan = adopted("fast"), *second = task(plan, 2), *first = task(plan, 1);
    act("project-steps", first, "", json_pack("{s:[s]}", "predecessors", "2"), 422, "circle", "/predecessors");
    act("project-steps", second, "", json_pack("{s:[s]}", "predecessors", "77"), 422, "no_such_task", "/predecessors/0");
    act("project-steps", second, "", json_pack("{s:[s]}", "predecessors", "2"), 422, "no_such_task", "/predecessors/0");
    act("project-steps", first, "", json_pack("{s:i}", "progress", 100), 422, "progress_not_of_state", "/progress");
    act("project-steps", first, "", json_pack("{s:i}", "progress", 10), 422, "required", "/started_on");
    act("project-steps", first, "", json_pack("{s:s}", "started_on", day(3)), 422, "in_the_future", "/started_on");
    act("project-steps", first, "", json_pack("{s:s, s:s, s:i}", "started_on", day(0), "finished_on", day(-1), "progress", 100),
        422, "wrong_order", "/finished_on");
    act("project-steps", first, "", json_pack("{s:s, s:s, s:i}", "started_on", day(-1), "finished_on", day(0), "progress", 100),
        200, NULL, NULL);
    struct answer a =
        api_post(manager, PLANS "project-steps",
                 json_pack("{s:s, s:i, s:s, s:i}", "plan_id", plan, "number", 1, "title", "Again", "duration_days", 1));
    expect_problem(&a, 409, "number_taken", "/number");
    answer_free(&a);
    a = api_post(manager, PLANS "project-plans:adopt",
                 json_pack("{s:s, s:s, s:s}", "title", "x", "starts_on", day(0), "pace", "warp"));
    expect_problem(&a, 422, "not_allowed", "/pace");
    answer_free(&a);
    free(first);
    free(second);
    free(plan);
}

/* All of a plan is computed anew with each of its tasks: it has a size. */
static void the_201st_task_is_one_too_many(void **state)
{
    (void)state;
    char *plan = adopted("fast");
    json_t *tasks = json_array();
    for (int number = 27; number <= 200; number++)
        json_array_append_new(tasks, json_pack("{s:s, s:{s:s, s:i, s:s, s:s, s:i}}", "op", "create", "body", "plan_id", plan,
                                               "number", number, "title", "One more", "phase", "operate", "duration_days", 1));
    struct answer a = api_post(manager, PLANS "project-steps:batch", json_pack("{s:o}", "operations", tasks));
    expect_status(&a, 200);
    answer_free(&a);
    a = api_post(manager, PLANS "project-steps",
                 json_pack("{s:s, s:i, s:s, s:s, s:i}", "plan_id", plan, "number", 201, "title", "One too many", "phase",
                           "operate", "duration_days", 1));
    expect_problem(&a, 422, "too_many", NULL);
    answer_free(&a);
    free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_template_ends_when_it_must),
        cmocka_unit_test(the_baseline_stays_when_the_forecast_moves),
        cmocka_unit_test(what_a_task_must_not_say),
        cmocka_unit_test(the_201st_task_is_one_too_many),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
