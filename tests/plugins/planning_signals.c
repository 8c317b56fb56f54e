/* The signals of planning and of Annex A in an organisation that begins empty: after each step every one of them is held against
 * figures that were worked out by hand. */
#include "area.h"

#define RISKS "planning/risks"
#define ACTIONS "planning/treatment-actions"

static struct api *manager, *owner, *top;
static char *manager_id, *owner_id;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    owner = api_as("keep", "risk_owner");
    top = api_as("keep", "top_management");
    manager_id = area_id_of(manager);
    owner_id = area_id_of(owner);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(owner);
    api_free(top);
    free(manager_id);
    free(owner_id);
    return 0;
}

/* ---- what is compared ---- */

enum { NONE = -1 }; /* of a total: it has none */
struct figure {
    int value, of, good;
};
static struct figures {
    struct figure method_approved, assessed_within_a_year, risks_without_answer, actions_overdue, plan_in_force, soa_approved,
        objectives_behind, controls_credited, control_tests_overdue, control_targets_overdue;
} now = {.method_approved = {0, NONE, 0},
         .assessed_within_a_year = {0, NONE, 0},
         .plan_in_force = {0, NONE, 0},
         .soa_approved = {0, NONE, 0}};

static void same(const struct answer *a, const char *step, const char *area, const char *name, const struct figure *f)
{
    size_t i;
    json_t *signal;
    json_array_foreach(answer_at(a, "items"), i, signal)
    {
        if (strcmp(json_string_value(json_object_get(signal, "name")), name) != 0 ||
            strcmp(json_string_value(json_object_get(signal, "area")), area) != 0)
            continue;
        const json_t *of = json_object_get(signal, "of");
        int value = (int)json_integer_value(json_object_get(signal, "value"));
        int total = json_is_integer(of) ? (int)json_integer_value(of) : NONE;
        int good = json_is_true(json_object_get(signal, "good"));
        if (value != f->value || total != f->of || good != f->good)
            fail_msg("%s: %s is %d of %d, good %d; by hand %d of %d, good %d", step, name, value, total, good, f->value, f->of,
                     f->good);
        return;
    }
    fail_msg("no signal %s.%s", area, name);
}

static void compare(const char *step)
{
    struct answer a = area_get(manager, "signals");
    expect_status(&a, 200);
    same(&a, step, "planning", "method_approved", &now.method_approved);
    same(&a, step, "planning", "assessed_within_a_year", &now.assessed_within_a_year);
    same(&a, step, "planning", "risks_without_answer", &now.risks_without_answer);
    same(&a, step, "planning", "actions_overdue", &now.actions_overdue);
    same(&a, step, "planning", "plan_in_force", &now.plan_in_force);
    same(&a, step, "planning", "soa_approved", &now.soa_approved);
    same(&a, step, "planning", "objectives_behind", &now.objectives_behind);
    same(&a, step, "annex_a", "controls_credited", &now.controls_credited);
    same(&a, step, "annex_a", "control_tests_overdue", &now.control_tests_overdue);
    same(&a, step, "annex_a", "control_targets_overdue", &now.control_targets_overdue);
    answer_free(&a);
}

static json_t *why(void)
{
    return json_pack("{s:s}", "reason", "For the test");
}

/* ---- risks and their treatment ---- */

static char *round_of_three(char *risks[3])
{
    json_t *scale = json_pack("[{s:s}, {s:s}, {s:s}]", "name", "Low", "name", "Middle", "name", "High");
    json_t *levels = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "Low", "rank", "risk_owner", "name", "Middle",
                               "rank", "risk_owner", "name", "High", "rank", "risk_owner");
    char *method = area_make(manager, "planning/risk-methods",
                             json_pack("{s:s, s:s, s:O, s:o, s:o, s:i}", "title", "Method", "grid_name", "3x3_3",
                                       "likelihood_scale", scale, "impact_scale", scale, "levels", levels, "accept_up_to", 0));
    compare("a method that nobody has approved");
    area_do(top, "planning/risk-methods", method, "approve", NULL);
    now.method_approved = (struct figure){1, NONE, 1};
    compare("a method");
    char *round = area_make(manager, "planning/risk-rounds", json_pack("{s:s, s:s}", "title", "First", "method_id", method));
    area_do(manager, "planning/risk-rounds", round, "start", NULL);
    for (int i = 0; i < 3; i++) { /* levels 2, 1 and 0 */
        static const int places[] = {2, 1, 0};
        json_t *rating = json_pack("{s:s, s:i, s:i, s:s}", "stage", "inherent", "likelihood", places[i], "impact", places[i],
                                   "reason", "As judged");
        json_t *current = json_deep_copy(rating);
        json_object_set_new(current, "stage", json_string("current"));
        risks[i] = area_make(manager, RISKS,
                             json_pack("{s:s, s:s, s:s, s:[o, o]}", "title", "Risk", "round_id", round, "owner_id", owner_id,
                                       "ratings", rating, current));
    }
    now.risks_without_answer = (struct figure){2, 3, 0};
    compare("three risks, two above what is acceptable");
    for (int i = 0; i < 3; i++) {
        area_do(manager, RISKS, risks[i], "analyse", NULL);
        area_do(manager, RISKS, risks[i], "evaluate", NULL);
    }
    compare("evaluated, and nothing decided");
    free(method);
    return round;
}

static char *action(const char *plan, const char *risk, int due)
{
    return area_make(manager, ACTIONS,
                     json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", "Do it", "plan_id", plan, "risk_id", risk, "owner_id",
                               manager_id, "due_on", area_day(due)));
}

static void treat(const char *risk)
{
    static const char *const way[] = {"sign", "approve", "enforce"};
    char *plan = area_make(manager, "planning/treatment-plans", json_pack("{s:s}", "title", "Plan"));
    char *late = action(plan, risk, -1), *today = action(plan, risk, 0), *never = action(plan, risk, -9);
    now.actions_overdue = (struct figure){2, 3, 0};
    compare("a plan with late actions");
    area_do(manager, ACTIONS, never, "cancel", why());
    now.actions_overdue = (struct figure){1, 2, 0};
    compare("one of them is not done");
    area_do(manager, "planning/treatment-plans", plan, "submit", NULL);
    for (int i = 0; i < 3; i++)
        area_do(owner, "planning/treatment-plans", plan, way[i], NULL);
    now.plan_in_force = (struct figure){1, NONE, 1};
    compare("the plan is in force");
    area_do(manager, RISKS, risk, "", json_pack("{s:s, s:s}", "treatment_option", "avoid", "decision", "We stop doing it."));
    area_do(manager, RISKS, risk, "plan", NULL);
    now.risks_without_answer = (struct figure){1, 3, 0};
    compare("one risk has its answer");
    area_do(manager, ACTIONS, late, "approve", NULL);
    area_do(manager, ACTIONS, late, "start", NULL);
    area_do(manager, ACTIONS, late, "", json_pack("{s:s}", "result", "Done"));
    area_do(manager, ACTIONS, late, "finish", NULL);
    compare("done and not verified is overdue still");
    area_do(owner, ACTIONS, late, "verify", NULL);
    now.actions_overdue = (struct figure){0, 2, 1};
    compare("verified");
    area_do(owner, "planning/treatment-plans", plan, "supersede", why());
    now.plan_in_force = (struct figure){0, NONE, 0};
    compare("the plan is superseded");
    free(plan);
    free(late);
    free(today);
    free(never);
}

static void risks_and_plans(void)
{
    char *risks[3], *round = round_of_three(risks);
    treat(risks[0]);
    char *acceptance = area_make(manager, "planning/risk-acceptances",
                                 json_pack("{s:s, s:s, s:s, s:s}", "title", "Bear it", "risk_id", risks[1], "reason", "Cheaper",
                                           "until_on", area_day(20)));
    area_do(owner, "planning/risk-acceptances", acceptance, "approve", NULL);
    now.risks_without_answer = (struct figure){0, 3, 1};
    compare("the other is accepted");
    area_do(manager, "planning/risk-acceptances", acceptance, "revoke", why());
    now.risks_without_answer = (struct figure){1, 3, 0};
    compare("and is not any more");
    area_do(manager, RISKS, risks[1], "retire", why());
    now.risks_without_answer = (struct figure){0, 2, 1};
    compare("it exists no longer");
    area_do(manager, "planning/risk-rounds", round, "", json_pack("{s:s}", "conclusion", "All seen"));
    area_do(manager, "planning/risk-rounds", round, "close", NULL);
    now.assessed_within_a_year = (struct figure){1, NONE, 1};
    compare("the round is closed");
    for (int i = 0; i < 3; i++)
        free(risks[i]);
    free(acceptance);
    free(round);
}

/* ---- the rest of planning ---- */

static void objectives(void)
{
    char *id = area_make(manager, "planning/objectives",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Restores work", "what", "Drills", "resources",
                                   "Two days", "owner_id", owner_id, "due_on", area_day(100), "evaluation", "By the drills"));
    char *by =
        area_make(manager, "planning/indicators",
                  json_pack("{s:s, s:s, s:s, s:s}", "objective_id", id, "title", "Restores", "baseline", "0", "target", "10"));
    compare("an objective that nobody has agreed to");
    area_do(top, "planning/objectives", id, "agree", NULL);
    now.objectives_behind = (struct figure){1, 1, 0};
    compare("agreed, not measured");
    free(area_make(
        manager, "planning/measurements",
        json_pack("{s:s, s:s, s:s, s:s}", "indicator_id", by, "measured_on", area_day(0), "value", "10", "note", "Counted")));
    now.objectives_behind = (struct figure){0, 1, 1};
    compare("measured, reached");
    area_do(manager, "planning/objectives", id, "achieve", NULL);
    now.objectives_behind = (struct figure){0, 0, 0};
    compare("nothing is agreed any more");
    free(id);
    free(by);
}

static void statement(void)
{
    json_t *part = json_pack("[{s:s}]", "name", "All of it");
    char path[150], *scope = area_make(manager, "context/scopes",
                                       json_pack("{s:s, s:s, s:s, s:O, s:o}", "title", "Scope", "statement", "All", "rationale",
                                                 "All of it", "units", part, "services", part));
    area_do(manager, "context/scopes", scope, "submit", NULL);
    area_do(top, "context/scopes", scope, "approve", NULL);
    area_do(top, "context/scopes", scope, "enforce", NULL);
    char *soa = area_make(manager, "planning/soa-versions",
                          json_pack("{s:s, s:s, s:s}", "title", "Statement", "edition", "2022", "scope_id", scope));
    snprintf(path, sizeof path, "planning/soa-rows?soa_id=%s&limit=500", soa);
    struct answer a = area_get(manager, path);
    size_t i;
    json_t *row;
    json_array_foreach(answer_at(&a, "items"), i, row)
    {
        area_do(manager, "planning/soa-rows", json_string_value(json_object_get(row, "id")), "",
                json_pack("{s:s, s:s, s:s}", "applicable", "no", "exclusion_reason", "Nobody works here yet",
                          "implementation_state", "n_a"));
    }
    answer_free(&a);
    area_do(manager, "planning/soa-versions", soa, "submit", NULL);
    compare("a Statement in review");
    area_do(top, "planning/soa-versions", soa, "approve", NULL);
    now.soa_approved = (struct figure){1, NONE, 1};
    compare("it is approved");
    area_do(top, "planning/soa-versions", soa, "publish", NULL);
    compare("and published");
    area_do(top, "planning/soa-versions", soa, "supersede", NULL);
    now.soa_approved = (struct figure){0, NONE, 0};
    compare("none holds");
    free(scope);
    free(soa);
}

/* ---- Annex A ---- */

static char *control(int target)
{
    return area_make(manager, "annex-a/controls",
                     json_pack("{s:s, s:s, s:s, s:s, s:s}", "origin", "own", "title", "Ours", "owner_id", manager_id,
                               "description", "Done.", "target_date", area_day(target)));
}

static void test(const char *of, const char *result, int on, int next)
{
    free(area_make(manager, "annex-a/control-tests",
                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", of, "method", "technical", "what", "A sample",
                             "tested_on", area_day(on), "next_test_on", area_day(next), "result", result, "findings", "Seen")));
}

static void controls(void)
{
    char *late = control(-1), *open = control(30), *own = control(-5);
    now.control_targets_overdue = (struct figure){2, 3, 0};
    compare("three controls, two of them late");
    area_do(manager, "annex-a/controls", late, "implement", NULL);
    area_do(manager, "annex-a/controls", own, "implement", NULL);
    now.control_targets_overdue = (struct figure){0, 3, 1};
    now.controls_credited = (struct figure){0, 2, 0};
    now.control_tests_overdue = (struct figure){2, 2, 0}; /* never tested */
    compare("implemented, and nothing shows it");
    char *const both[] = {late, own};
    for (int i = 0; i < 2; i++)
        free(area_make(manager, "annex-a/evidence-items",
                       json_pack("{s:s, s:s, s:s, s:s}", "control_id", both[i], "title", "A log", "location", "Archive",
                                 "collected_on", area_day(-1))));
    test(late, "passed", -30, -2);
    test(own, "passed", -3, 200);
    now.controls_credited = (struct figure){1, 2, 0};
    now.control_tests_overdue = (struct figure){1, 2, 0};
    compare("one of two proved, the other's test is old");
    test(late, "passed", -1, 0);
    now.controls_credited = (struct figure){2, 2, 1};
    now.control_tests_overdue = (struct figure){0, 2, 1};
    compare("both proved, one until today");
    test(own, "failed", -1, 100);
    now.controls_credited = (struct figure){1, 2, 0};
    compare("one failed");
    area_do(manager, "annex-a/controls", own, "archive", NULL);
    now.controls_credited = (struct figure){1, 1, 1};
    now.control_tests_overdue = (struct figure){0, 1, 1};
    now.control_targets_overdue = (struct figure){0, 2, 1};
    compare("and is put away");
    free(late);
    free(open);
    free(own);
}

static void figures_are_those_by_hand(void **state)
{
    (void)state;
    area_new_org("signals");
    compare("an empty organisation"); /* nothing is good without a record to show */
    risks_and_plans();
    objectives();
    statement();
    controls();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_are_those_by_hand)};
    return cmocka_run_group_tests(tests, log_in, log_out);
}
