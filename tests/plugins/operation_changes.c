/* Changes, operational plans, continuity and the gaps through the running service. */
#include "operation.h"

static json_t *planned(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", fresh("Change"), "description", "One tool", "owner_id", me,
                     "planned_on", day(7), "risk", "medium", "assessment", "Touches remote access", "fallback",
                     "The old tool stays");
}

static json_t *unintended(void)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "title", fresh("Change"), "kind", "unintended", "description", "It happened",
                     "happened_on", day(-1));
}

static json_t *done_today(void)
{
    return json_pack("{s:s}", "implemented_on", day(0));
}

static char *change_in(const char *state)
{
    static const char *const later[] = {"approved", "implemented", "reviewed"};
    json_t *body = planned();
    json_object_set_new(body, "consequences", json_string("As meant"));
    char *id = make_id("changes", body);
    bool is_later = false;
    for (size_t i = 0; i < 3; i++)
        is_later = is_later || strcmp(state, later[i]) == 0;
    if (is_later || strcmp(state, "assessed") == 0)
        changed("changes", id, "assess", NULL);
    if (is_later)
        changed_by(owner, "changes", id, "approve", NULL);
    if (strcmp(state, "implemented") == 0 || strcmp(state, "reviewed") == 0)
        changed("changes", id, "implement", done_today());
    if (strcmp(state, "reviewed") == 0)
        changed("changes", id, "review", NULL);
    if (strcmp(state, "rejected") == 0)
        changed_by(owner, "changes", id, "reject", with_reason());
    if (strcmp(state, "cancelled") == 0)
        changed("changes", id, "cancel", with_reason());
    return id;
}

static void every_transition_of_a_planned_change(void **state)
{
    (void)state;
    static const char *const states[] = {"requested", "assessed", "approved",  "implemented",
                                         "reviewed",  "rejected", "cancelled", NULL};
    static const struct lead table[] = {
        {"assess", {"assessed"}, NULL},
        {"send_back", {NULL, "requested"}, with_reason},
        {"approve", {NULL, "approved"}, NULL},
        {"reject", {"rejected", "rejected"}, with_reason},
        {"cancel", {"cancelled", "cancelled", "cancelled"}, with_reason},
        {"implement", {NULL, NULL, "implemented"}, done_today},
        {"review", {NULL, NULL, NULL, "reviewed"}, NULL},
        {NULL, {NULL}, NULL},
    };
    try_table("changes", states, table, change_in);
}

/* An unintended change takes one way only; a planned one does not take it. */
static void unintended_changes_are_reviewed(void **state)
{
    (void)state;
    static const char *const closed[] = {"assess", "reject", "cancel", "approve", "implement", "review", "send_back"};
    char *id = make_id("changes", unintended());
    changed("changes", id, "",
            json_pack("{s:s, s:s, s:s, s:s}", "owner_id", me, "risk", "low", "assessment", "Small", "fallback", "None"));
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        struct answer a = change_as(owner, "changes", id, closed[i], json_pack("{s:s}", "reason", "Tried in a test"));
        if (a.status == 200)
            fail_msg("%s of an unintended change", closed[i]);
        answer_free(&a);
    }
    changed("changes", id, "", json_pack("{s:s}", "consequences", "A port stood open"));
    not_changed("changes", id, "review_consequences", NULL, 422, "required", "/mitigation");
    changed("changes", id, "", json_pack("{s:s, s:n}", "mitigation", "Closed", "consequences"));
    not_changed("changes", id, "review_consequences", NULL, 422, "required", "/consequences");
    changed("changes", id, "", json_pack("{s:s}", "consequences", "A port stood open"));
    changed("changes", id, "review_consequences", NULL);
    struct answer a = api_get(manager, MOAT "changes/%s", id);
    assert_string_equal(answer_text(&a, "status"), "reviewed");
    assert_string_equal(answer_text(&a, "reviewed_by_id"), me);
    answer_free(&a);
    free(id);
    id = change_in("requested");
    changed("changes", id, "", json_pack("{s:s, s:s}", "mitigation", "None", "consequences", "None"));
    not_changed("changes", id, "review_consequences", NULL, 409, "planned", NULL);
    free(id);
    json_t *body = unintended();
    json_object_del(body, "happened_on");
    refuse("changes", body, 422, "required", "/happened_on");
    body = unintended();
    json_object_set_new(body, "happened_on", json_string("2999-01-01"));
    refuse("changes", body, 422, "in_the_future", "/happened_on");
    body = unintended();
    json_object_set_new(body, "planned_on", json_string(day(3)));
    refuse("changes", body, 422, "not_planned", "/planned_on");
    body = planned();
    json_object_set_new(body, "happened_on", json_string(day(-3)));
    refuse("changes", body, 422, "not_happened", "/happened_on");
}

static void changes_are_not_backdated(void **state)
{
    (void)state;
    json_t *body = planned();
    json_object_set_new(body, "planned_on", json_string(day(-2)));
    refuse("changes", body, 422, "backdated", "/planned_on");
    char *id = change_in("approved");
    not_changed("changes", id, "implement", json_pack("{s:s}", "implemented_on", day(-1)), 422, "backdated", "/implemented_on");
    not_changed("changes", id, "implement", json_pack("{s:s}", "implemented_on", "2999-01-01"), 422, "in_the_future",
                "/implemented_on");
    not_changed("changes", id, "", json_pack("{s:s}", "description", "Another"), 409, "frozen", NULL);
    changed("changes", id, "implement", done_today());
    free(id);
}

static void changes_are_approved_by_another(void **state)
{
    (void)state;
    struct answer a = api_post(owner, MOAT "changes", planned());
    char *own = strdup(answer_text(&a, "id"));
    answer_free(&a);
    changed("changes", own, "assess", NULL);
    a = change_as(owner, "changes", own, "approve", NULL); /* wrote it */
    expect_problem(&a, 403, "separation_of_duties", NULL);
    answer_free(&a);
    free(own);
    json_t *body = planned();
    json_object_set_new(body, "requester_id", json_string(boss));
    char *id = make_id("changes", body);
    changed("changes", id, "assess", NULL);
    a = change_as(owner, "changes", id, "approve", NULL); /* asked for it */
    expect_problem(&a, 403, "separation_of_duties", NULL);
    answer_free(&a);
    struct api *management = api_as("moat", "top_management");
    changed_by(management, "changes", id, "approve", NULL);
    api_free(management);
    free(id);
    static const char *const needs[] = {"owner_id", "planned_on", "risk", "assessment", "fallback"};
    char pointer[40];
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        body = planned();
        json_object_del(body, needs[i]);
        id = make_id("changes", body);
        snprintf(pointer, sizeof pointer, "/%s", needs[i]);
        not_changed("changes", id, "assess", NULL, 422, "required", pointer);
        free(id);
    }
}

/* ---- operational plans ---- */

static json_t *plan_body(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "title", fresh("Plan"), "steps", "Look", "criteria", "All seen",
                     "owner_id", me, "starts_on", day(-100), "rhythm_days", 30);
}

static char *record(const char *plan, int on)
{
    return make_id("operational-records",
                   json_pack("{s:s, s:s, s:s}", "plan_id", plan, "title", "Looked through", "performed_on", day(on)));
}

static char *plan_in(const char *state)
{
    char *id = make_id("operational-plans", plan_body());
    free(record(id, -5));
    if (strcmp(state, "cancelled") == 0)
        changed("operational-plans", id, "cancel", with_reason());
    else if (strcmp(state, "draft") != 0)
        changed_by(owner, "operational-plans", id, "approve", NULL);
    if (strcmp(state, "completed") == 0)
        changed("operational-plans", id, "complete", NULL);
    return id;
}

static void every_transition_of_a_plan(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "active", "completed", "cancelled", NULL};
    static const struct lead table[] = {
        {"approve", {"active", NULL, NULL, NULL}, NULL},
        {"complete", {NULL, "completed", NULL, NULL}, NULL},
        {"cancel", {"cancelled", "cancelled", NULL, NULL}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("operational-plans", states, table, plan_in);
}

static void plans_are_carried_out(void **state)
{
    (void)state;
    char *id = make_id("operational-plans", plan_body());
    not_changed("operational-plans", id, "approve", NULL, 403, NULL, NULL);
    changed_by(owner, "operational-plans", id, "approve", NULL);
    struct answer a = api_get(manager, MOAT "operational-plans/%s", id);
    assert_string_equal(answer_text(&a, "next_record_on"), day(-70)); /* from its first day: overdue */
    answer_free(&a);
    not_changed("operational-plans", id, "complete", NULL, 422, "no_record", "/status");
    free(record(id, -10));
    free(record(id, -40)); /* came in late */
    a = api_get(manager, MOAT "operational-plans/%s", id);
    assert_string_equal(answer_text(&a, "last_record_on"), day(-10));
    assert_string_equal(answer_text(&a, "next_record_on"), day(20));
    answer_free(&a);
#define DONE(on, result) json_pack("{s:s, s:s, s:s, s:s}", "plan_id", id, "title", "Looked", "performed_on", on, "result", result)
    refuse("operational-records", DONE("2999-01-01", "as_planned"), 422, "in_the_future", "/performed_on");
    refuse("operational-records", DONE(day(-1), "deviated"), 422, "required", "/findings");
    changed("operational-plans", id, "complete", NULL);
    a = api_get(manager, MOAT "operational-plans/%s", id);
    assert_null(answer_text(&a, "next_record_on")); /* nothing more is due */
    answer_free(&a);
    refuse("operational-records", DONE(day(-1), "as_planned"), 409, "plan_over", NULL);
    free(id);
}

/* ---- continuity ---- */

static json_t *continuity_body(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:[{s:s,s:i},{s:s,s:i}]}", "title", fresh("Plan"), "strategy",
                     "Second room", "security", "Sessions stay closed", "owner_id", me, "rto_minutes", 240, "rpo_minutes", 1440,
                     "tolerable_minutes", 480, "steps", "what", "Start", "minutes", 100, "what", "Load", "minutes", 140);
}

static char *continuity_in(const char *state)
{
    char *id = make_id("continuity-plans", continuity_body());
    if (strcmp(state, "approved") == 0)
        changed_by(owner, "continuity-plans", id, "approve", NULL);
    if (strcmp(state, "retired") == 0)
        changed("continuity-plans", id, "retire", with_reason());
    return id;
}

static void every_transition_of_a_continuity_plan(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "approved", "retired", NULL};
    static const struct lead table[] = {
        {"approve", {"approved", NULL, NULL}, NULL},
        {"revise", {NULL, "draft", NULL}, with_reason},
        {"retire", {"retired", "retired", NULL}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("continuity-plans", states, table, continuity_in);
}

static void continuity_plans_fit_their_times(void **state)
{
    (void)state;
    char *id = continuity_in("draft");
    not_changed("continuity-plans", id, "", json_pack("{s:i}", "rto_minutes", 481), 422, "recovery_too_slow", "/rto_minutes");
    changed("continuity-plans", id, "", json_pack("{s:i}", "rto_minutes", 239)); /* the steps take 240 */
    struct answer a = change_as(owner, "continuity-plans", id, "approve", NULL);
    expect_problem(&a, 422, "steps_take_longer", "/rto_minutes");
    answer_free(&a);
    changed("continuity-plans", id, "", json_pack("{s:[]}", "steps"));
    a = change_as(owner, "continuity-plans", id, "approve", NULL);
    expect_problem(&a, 422, "no_steps", "/steps");
    answer_free(&a);
    free(id);
    id = continuity_in("approved");
    not_changed("continuity-plans", id, "", json_pack("{s:i}", "rto_minutes", 1), 409, "frozen", NULL);
    free(id);
}

static char *exercised; /* a plan */

static char *exercise_of(const char *plan)
{
    return make_id("exercises", json_pack("{s:s, s:s, s:s}", "plan_id", plan, "title", fresh("Exercise"), "planned_on", day(10)));
}

static json_t *held(void)
{
    return json_pack("{s:s}", "held_on", day(0));
}

static char *exercise_in(const char *state)
{
    char *id = exercise_of(exercised);
    if (strcmp(state, "held") == 0)
        changed("exercises", id, "hold", held());
    if (strcmp(state, "cancelled") == 0)
        changed("exercises", id, "cancel", with_reason());
    return id;
}

static void every_transition_of_an_exercise(void **state)
{
    (void)state;
    static const char *const states[] = {"planned", "held", "cancelled", NULL};
    static const struct lead table[] = {
        {"hold", {"held", NULL, NULL}, held},
        {"cancel", {"cancelled", NULL, NULL}, with_reason},
        {NULL, {NULL}, NULL},
    };
    exercised = continuity_in("approved");
    try_table("exercises", states, table, exercise_in);
    free(exercised);
}

/* The plan asks for 240 and 1440 minutes. */
static void figures_are_compared_with_the_plan(void **state)
{
    (void)state;
    static const struct {
        int rto, rpo; /* -1: not measured */
        const char *result;
    } rows[] = {{240, 1440, "met"},  {0, 0, "met"},        {241, 1440, "missed"},     {240, 1441, "missed"},
                {241, -1, "missed"}, {-1, 1441, "missed"}, {240, -1, "not_measured"}, {-1, -1, "not_measured"}};
    char *plan = continuity_in("approved");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *id = exercise_of(plan);
        json_t *body = json_pack("{s:s}", "held_on", day(-(int)i));
        if (rows[i].rto >= 0)
            json_object_set_new(body, "reached_rto_minutes", json_integer(rows[i].rto));
        if (rows[i].rpo >= 0)
            json_object_set_new(body, "reached_rpo_minutes", json_integer(rows[i].rpo));
        if (strcmp(rows[i].result, "missed") == 0) {
            not_changed("exercises", id, "hold", json_deep_copy(body), 422, "required", "/findings");
            json_object_set_new(body, "findings", json_string("The copy was old"));
        }
        struct answer a = change("exercises", id, "hold", body);
        expect_status(&a, 200);
        assert_string_equal(answer_text(&a, "result"), rows[i].result);
        answer_free(&a);
        free(id);
    }
    char *next = exercise_of(plan);
    not_changed("exercises", next, "hold", json_pack("{s:s}", "held_on", "2999-01-01"), 422, "in_the_future", "/held_on");
    struct answer a = api_get(manager, MOAT "continuity");
    size_t i;
    json_t *item, *mine = NULL;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), plan) == 0)
            mine = item;
    }
    assert_non_null(mine);
    assert_int_equal(json_integer_value(json_object_get(mine, "exercises")), 8);
    assert_string_equal(json_string_value(json_object_get(mine, "last_result")), "met");
    assert_int_equal(json_integer_value(json_object_get(mine, "last_rto_minutes")), 240);
    assert_int_equal(json_integer_value(json_object_get(mine, "worst_rto_minutes")), 241);
    assert_int_equal(json_integer_value(json_object_get(mine, "worst_rpo_minutes")), 1441);
    assert_string_equal(json_string_value(json_object_get(mine, "next_planned_on")), day(10));
    assert_string_equal(json_string_value(json_object_get(mine, "exercise_due_on")), day(365));
    assert_true(json_is_false(json_object_get(mine, "overdue")));
    answer_free(&a);
    free(next);
    free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_of_a_planned_change),
        cmocka_unit_test(unintended_changes_are_reviewed),
        cmocka_unit_test(changes_are_not_backdated),
        cmocka_unit_test(changes_are_approved_by_another),
        cmocka_unit_test(every_transition_of_a_plan),
        cmocka_unit_test(plans_are_carried_out),
        cmocka_unit_test(every_transition_of_a_continuity_plan),
        cmocka_unit_test(continuity_plans_fit_their_times),
        cmocka_unit_test(every_transition_of_an_exercise),
        cmocka_unit_test(figures_are_compared_with_the_plan),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
