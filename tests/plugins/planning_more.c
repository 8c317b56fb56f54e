/* Objectives, opportunities, changes, losses, and the views against hand-computed figures. */
#include "planning.h"

#define OBJECTIVES "planning/objectives"
#define INDICATORS "planning/indicators"
#define CHANGES "planning/isms-changes"
#define CHANCES "planning/opportunities"
#define RISKS "planning/risks"

static char *objective(void)
{
    return make(OBJECTIVES, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Restores work", "what", "Drills", "resources",
                                      "Two days", "owner_id", owner_id, "due_on", day(100), "evaluation", "By the drills"));
}

static char *indicator(const char *of, const char *better, const char *baseline, const char *target)
{
    return make(INDICATORS, json_pack("{s:s, s:s, s:s, s:s, s:s}", "objective_id", of, "title", "Restores", "better", better,
                                      "baseline", baseline, "target", target));
}

static void measure(const char *indicator_id, int when, const char *value)
{
    free(make("planning/measurements", json_pack("{s:s, s:s, s:s, s:s}", "indicator_id", indicator_id, "measured_on", day(when),
                                                 "value", value, "note", "As counted")));
}

static void figures_say_how_an_objective_stands(void **state)
{
    (void)state;
    char *one = objective();
    stop_as(top, OBJECTIVES, one, "agree", NULL, 422, "no_indicator", NULL);
    char *up = indicator(one, "higher", "60", "100"), *down = indicator(one, "lower", "10", "2");
    is_text(OBJECTIVES, one, "standing", "not_measured");
    stop(OBJECTIVES, one, "agree", NULL, 403, NULL, NULL);
    go_as(top, OBJECTIVES, one, "agree", NULL);
    measure(up, 0, "100");
    is_text(INDICATORS, up, "standing", "reached");
    is_text(OBJECTIVES, one, "standing", "not_measured"); /* the worst of them */
    measure(down, 0, "2.5");
    is_text(INDICATORS, down, "standing", "on_track");
    is_text(OBJECTIVES, one, "standing", "on_track");
    stop(OBJECTIVES, one, "achieve", NULL, 422, "not_reached", NULL);
    stop(OBJECTIVES, one, "miss", reason(), 422, "not_over", "/due_on");
    measure(down, 0, "10.5"); /* worse than where it began */
    is_text(OBJECTIVES, one, "standing", "behind");
    measure(down, -3, "1"); /* came in late: the newer one counts */
    is_text(OBJECTIVES, one, "standing", "behind");
    measure(down, 0, "2");
    is_text(OBJECTIVES, one, "standing", "reached");
    go(OBJECTIVES, one, "achieve", NULL);
    measure(up, 0, "10"); /* what is closed stays as it was */
    is_text(OBJECTIVES, one, "standing", "reached");
    refuse("planning/measurements",
           json_pack("{s:s, s:s, s:s, s:s}", "indicator_id", up, "measured_on", day(3), "value", "1", "note", "Early"), 422,
           "in_the_future", "/measured_on");
    free(one);
    free(up);
    free(down);
}

/* Over and not reached: missed, with the reason. Over and reached: achieved. */
static void a_day_that_is_over_decides(void **state)
{
    (void)state;
    char *late = objective(), *good = objective();
    char *of_late = indicator(late, "higher", "0", "10"), *of_good = indicator(good, "higher", "0", "10");
    char *const both[] = {late, good};
    for (size_t i = 0; i < 2; i++) {
        go(OBJECTIVES, both[i], "", json_pack("{s:s}", "due_on", day(-1)));
        go_as(top, OBJECTIVES, both[i], "agree", NULL);
    }
    measure(of_late, -2, "9.9999");
    measure(of_good, -2, "10");
    stop(OBJECTIVES, late, "miss", NULL, 422, "required", "/reason");
    stop(OBJECTIVES, late, "achieve", NULL, 422, "not_reached", NULL);
    stop(OBJECTIVES, good, "miss", reason(), 422, "is_reached", NULL);
    go(OBJECTIVES, late, "miss", reason());
    is_text(OBJECTIVES, late, "status", "missed");
    is_text(OBJECTIVES, late, "standing", "behind");
    stop(OBJECTIVES, late, "miss", reason(), 409, "wrong_state", NULL);
    stop(OBJECTIVES, late, "", json_pack("{s:s}", "due_on", day(100)), 409, "frozen", NULL); /* no way out */
    go(OBJECTIVES, good, "achieve", NULL);
    is_text(OBJECTIVES, good, "status", "achieved");
    free(late);
    free(good);
    free(of_late);
    free(of_good);
}

static void every_other_step(void **state)
{
    (void)state;
    static const struct {
        const char *resource, *state, *way, *verb;
    } refused[] = {
        {OBJECTIVES, "draft", "", "achieve"},
        {OBJECTIVES, "draft", "", "miss"},
        {OBJECTIVES, "dropped", "drop", "agree"},
        {OBJECTIVES, "dropped", "drop", "drop"},
        {CHANGES, "proposed", "", "carry_out"},
        {CHANGES, "proposed", "", "review"},
        {CHANGES, "planned", "plan", "plan"},
        {CHANGES, "planned", "plan", "review"},
        {CHANGES, "done", "plan carry_out", "cancel"},
        {CHANGES, "done", "plan carry_out", "plan"},
        {CHANGES, "reviewed", "plan carry_out review", "carry_out"},
        {CHANGES, "reviewed", "plan carry_out review", "cancel"},
        {CHANGES, "cancelled", "cancel", "plan"},
        {CHANCES, "identified", "", "pursue"},
        {CHANCES, "identified", "", "realise"},
        {CHANCES, "assessed", "assess", "realise"},
        {CHANCES, "pursued", "assess pursue", "assess"},
        {CHANCES, "realised", "assess pursue realise", "leave"},
        {CHANCES, "left", "leave", "assess"},
        {CHANCES, "left", "leave", "pursue"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        json_t *whole =
            strcmp(refused[i].resource, OBJECTIVES) == 0 ? json_pack("{s:s}", "title", "One")
            : strcmp(refused[i].resource, CHANGES) == 0
                ? json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "One", "purpose", "Less work", "consequences",
                            "None", "integrity", "Side by side", "resources", "A week", "owner_id", owner_id, "planned_for",
                            day(5), "result", "Good")
                : json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s}", "title", "One", "benefit", "Orders", "likelihood", 3,
                            "gain", 4, "owner_id", owner_id, "choice", "take", "due_on", day(9), "result", "Good");
        char *id = make(refused[i].resource, whole), way[80], *rest = way;
        snprintf(way, sizeof way, "%s", refused[i].way);
        for (char *verb = strtok_r(way, " ", &rest); verb; verb = strtok_r(NULL, " ", &rest))
            go(refused[i].resource, id, verb, in_list("drop cancel leave", verb) ? reason() : NULL);
        is_text(refused[i].resource, id, "status", refused[i].state);
        stop_as(in_list("agree", refused[i].verb) ? top : manager, refused[i].resource, id, refused[i].verb,
                in_list("drop cancel leave miss", refused[i].verb) ? reason() : NULL, 409, "wrong_state", NULL);
        free(id);
    }
}

static void what_must_be_known_first(void **state)
{
    (void)state;
    static const char *const plan[] = {"purpose", "consequences", "integrity", "resources", "owner_id", "planned_for"};
    char *bare = make(CHANGES, json_pack("{s:s}", "title", "Bare")), *chance = make(CHANCES, json_pack("{s:s}", "title", "Bare")),
         path[40];
    for (size_t i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "/%s", plan[i]);
        stop(CHANGES, bare, "plan", NULL, 422, "required", path);
    }
    stop(CHANGES, bare, "carry_out", NULL, 409, "wrong_state", NULL); /* planned before it is done */
    stop(CHANCES, chance, "assess", NULL, 422, "required", "/gain");
    go(CHANCES, chance, "", json_pack("{s:i, s:i, s:s}", "likelihood", 4, "gain", 5, "owner_id", owner_id));
    assert_int_equal(number(CHANCES, chance, "worth"), 20);
    go(CHANCES, chance, "assess", NULL);
    stop(CHANCES, chance, "pursue", NULL, 422, "required", "/benefit");
    free(bare);
    free(chance);
}

static void losses_are_computed(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_in(round);
    char *id =
        make("planning/loss-estimates", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Fire", "risk_id", risk,
                                                  "asset_value", "200000", "exposure", "0.4", "yearly_rate", "0.25",
                                                  "exposure_after", "0.1", "yearly_rate_after", "0.25", "control_cost", "9000"));
    is_text("planning/loss-estimates", id, "single_loss", "80000.00");
    is_text("planning/loss-estimates", id, "yearly_loss", "20000.00");
    is_text("planning/loss-estimates", id, "yearly_loss_after", "5000.00");
    is_text("planning/loss-estimates", id, "control_value", "6000.00");
    assert_int_equal(number("planning/loss-estimates", id, "pays_off"), 1);
    go("planning/loss-estimates", id, "", json_pack("{s:s}", "control_cost", "15000"));
    assert_int_equal(number("planning/loss-estimates", id, "pays_off"), 0);
    free(id);
    free(risk);
    free(round);
}

/* ---- views ---- */

static int cell(const char *round, const char *stage, int likelihood, int impact)
{
    struct answer a = api_get(manager, HERE "planning/heat-map?round=%s&stage=%s", round, stage);
    expect_status(&a, 200);
    size_t i;
    json_t *item;
    int risks = 0;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (json_integer_value(json_object_get(item, "likelihood")) == likelihood &&
            json_integer_value(json_object_get(item, "impact")) == impact)
            risks += (int)json_integer_value(json_object_get(item, "risks"));
    }
    answer_free(&a);
    return risks;
}

static void views_add_up(void **state)
{
    (void)state;
    char *round = plain_round(), *with = control(true);
    char *risks[] = {risk_in(round), risk_in(round), risk_in(round), risk_in(round)};
    rate(risks[0], 4, 4, 1, 2, 0, 0);
    rate(risks[1], 4, 4, 4, 4, -1, -1);
    rate(risks[2], 2, 3, 2, 3, -1, -1); /* the same level 3 as the one below, but more impact */
    rate(risks[3], 3, 2, 3, 2, -1, -1);
    tie(RISKS, risks[0], "controls", with);
    assert_int_equal(cell(round, "inherent", 4, 4), 2);
    assert_int_equal(cell(round, "current", 4, 4), 1);
    assert_int_equal(cell(round, "current", 1, 2), 1);
    assert_int_equal(cell(round, "residual", 0, 0), 1);
    const int order[] = {1, 2, 3, 0};
    struct answer a = api_get(manager, HERE "planning/top-risks?round=%s", round);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 4);
    for (size_t i = 0; i < 4; i++) {
        char at[30];
        snprintf(at, sizeof at, "items/%zu/id", i);
        assert_string_equal(answer_text(&a, at), risks[order[i]]);
    }
    assert_int_equal((int)(1e4 * json_number_value(answer_at(&a, "items/3/reduction"))), 9600); /* (25 - 1) / 25 */
    answer_free(&a);
    fail_control(with); /* nobody touches the risk: the views know at once */
    assert_int_equal(cell(round, "current", 4, 4), 2);
    assert_int_equal(cell(round, "current", 1, 2), 0);
    static const char *const wrong[] = {"heat-map?stage=none", "top-risks?limit=0", "top-risks?limit=x", "figures?none=1"};
    for (size_t i = 0; i < 4; i++) {
        a = api_get(manager, HERE "planning/%s", wrong[i]);
        expect_status(&a, 400);
        answer_free(&a);
    }
    for (size_t i = 0; i < 4; i++)
        free(risks[i]);
    free(with);
    free(round);
}

/* The member of the plan's line; -1: null. */
static double progress_of(const char *plan, const char *name)
{
    struct answer a = api_get(manager, HERE "planning/treatment-progress");
    expect_status(&a, 200);
    size_t i;
    json_t *item;
    double value = -2;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), plan) == 0)
            value = json_is_null(json_object_get(item, name)) ? -1 : json_number_value(json_object_get(item, name));
    }
    answer_free(&a);
    return value;
}

static void progress_counts_what_is_verified(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_in(round), *action, *plan = plan_for(risk, &action);
    char *empty = make("planning/treatment-plans", json_pack("{s:s}", "title", "Empty"));
    assert_true(progress_of(empty, "progress") == -1); /* no value: neither 0 nor 100 % */
    assert_true(progress_of(plan, "progress") == 0);
    carry_out(action);
    assert_true(progress_of(plan, "progress") == 1);
    char *late = make("planning/treatment-actions",
                      json_pack("{s:s, s:s, s:s, s:s}", "title", "Late", "plan_id", plan, "risk_id", risk, "due_on", day(-2)));
    assert_true(progress_of(plan, "overdue") == 1);
    assert_true(progress_of(plan, "progress") == 0.5);
    go("planning/treatment-actions", late, "cancel", reason());
    assert_true(progress_of(plan, "overdue") == 0);
    assert_true(progress_of(plan, "progress") == 1);
    free(action);
    free(plan);
    free(empty);
    free(late);
    free(risk);
    free(round);
}

static void figures_have_no_value_over_nothing(void **state)
{
    (void)state;
    struct answer a = api_get(manager, HERE "planning/figures?soa=%s", owner_id); /* names none */
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "rows"), 0);
    assert_true(json_is_null(answer_at(&a, "applicable_rate")));
    assert_true(json_is_null(answer_at(&a, "implementation_rate")));
    assert_true(json_is_null(answer_at(&a, "evidence_rate")));
    answer_free(&a);
    a = api_get(manager, HERE "planning/risk-owners");
    expect_status(&a, 200);
    answer_free(&a);
}

/* Orders the report and waits for its job: `ballium work` says when it is done. */
static void ordered(const char *name, const char *id, const char *format)
{
    char path[200];
    snprintf(path, sizeof path, HERE "planning/reports/%s", name);
    struct answer a = api_post(manager, path, json_pack("{s:s, s:s}", "id", id, "format", format));
    expect_status(&a, 202);
    char *job = strdup(answer_text(&a, "url"));
    answer_free(&a);
    const char *state = "queued";
    for (time_t end = time(NULL) + 60; strcmp(state, "queued") == 0 && time(NULL) < end;) {
        a = api_get(manager, "%s", job);
        expect_status(&a, 200);
        state = strcmp(answer_text(&a, "state"), "done") == 0   ? "done"
                : strcmp(answer_text(&a, "state"), "dead") == 0 ? "dead"
                                                                : "queued";
        if (strcmp(state, "queued") != 0 && strcmp(state, "done") != 0)
            print_message("%.1000s\n", a.body);
        answer_free(&a);
    }
    assert_string_equal(state, "done");
    free(job);
}

static void papers_are_made(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_in(round), *plan = plan_for(risk, NULL);
    rate(risk, 3, 3, 2, 2, -1, -1);
    ordered("risk-register", round, "xlsx");
    ordered("treatment-plan", plan, "pdf");
    struct answer a = api_get(manager, HERE "planning/soa-versions?limit=1");
    if (answer_text(&a, "items/0/id"))
        ordered("soa", answer_text(&a, "items/0/id"), "xlsx");
    answer_free(&a);
    free(round);
    free(risk);
    free(plan);
}

static void records_belong_to_their_tenant(void **state)
{
    (void)state;
    struct api *stranger = api_as("moat", "manager");
    char *round = plain_round(), *risk = risk_in(round);
    static const char *const views[] = {"heat-map", "top-risks", "risk-owners", "treatment-progress", "figures", "grids"};
    struct answer a = api_get(stranger, HERE "planning/risks/%s", risk);
    expect_status(&a, 404);
    answer_free(&a);
    for (size_t i = 0; i < 6; i++) {
        a = api_get(stranger, HERE "planning/%s", views[i]);
        expect_status(&a, 404);
        answer_free(&a);
        a = api_get(stranger, "/api/v1/orgs/moat/planning/%s", views[i]);
        expect_status(&a, 200);
        assert_null(strstr(a.body, risk));
        answer_free(&a);
    }
    api_free(stranger);
    free(risk);
    free(round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_say_how_an_objective_stands),
        cmocka_unit_test(a_day_that_is_over_decides),
        cmocka_unit_test(every_other_step),
        cmocka_unit_test(what_must_be_known_first),
        cmocka_unit_test(losses_are_computed),
        cmocka_unit_test(views_add_up),
        cmocka_unit_test(progress_counts_what_is_verified),
        cmocka_unit_test(figures_have_no_value_over_nothing),
        cmocka_unit_test(papers_are_made),
        cmocka_unit_test(records_belong_to_their_tenant),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
