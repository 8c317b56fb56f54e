/* Metrics and measurements through the running service: standing, trend, what is missed, what was written down later. */
#include "area.h"

#define MET "evaluation/metrics"
#define MEA "evaluation/measurements"

static struct api *manager;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    return 0;
}

static char *metric(const char *direction, const char *frequency, int starts)
{
    return area_make(manager, MET,
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Sessions with an order", "method", "Count.",
                               "unit", "%", "direction", direction, "target", "90", "tolerance", "5", "frequency", frequency,
                               "starts_on", area_day(starts)));
}

static void measure(const char *id, const char *value, int day)
{
    free(area_make(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", value, "measured_on", area_day(day))));
}

static void standing_is_the_last_value_against_the_target(void **state)
{
    (void)state;
    static const struct {
        const char *direction, *value, *standing;
    } table[] = {
        {"at_least", "90", "on_target"},
        {"at_least", "100", "on_target"},
        {"at_least", "89.9999", "within_tolerance"},
        {"at_least", "85", "within_tolerance"},
        {"at_least", "84.9999", "off_target"},
        {"at_most", "90", "on_target"},
        {"at_most", "0", "on_target"},
        {"at_most", "95", "within_tolerance"},
        {"at_most", "95.0001", "off_target"},
        {"near", "90", "on_target"},
        {"near", "85", "within_tolerance"},
        {"near", "95", "within_tolerance"},
        {"near", "84.9", "off_target"},
        {"near", "95.1", "off_target"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = metric(table[i].direction, "monthly", -40);
        area_is(manager, MET, id, "standing", NULL);
        measure(id, table[i].value, 0);
        area_is(manager, MET, id, "standing", table[i].standing);
        free(id);
    }
}

static void trend_is_the_last_value_against_the_one_before(void **state)
{
    (void)state;
    static const struct {
        const char *direction, *first, *second, *trend;
    } table[] = {
        {"at_least", "80", "81", "better"}, {"at_least", "80", "79", "worse"}, {"at_least", "80", "80.0", "same"},
        {"at_most", "80", "81", "worse"},   {"at_most", "80", "79", "better"}, {"near", "80", "95", "better"},
        {"near", "80", "101", "worse"},     {"near", "80", "100", "same"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = metric(table[i].direction, "weekly", -20);
        measure(id, table[i].first, -7);
        area_is(manager, MET, id, "trend", NULL);
        measure(id, table[i].second, 0);
        area_is(manager, MET, id, "trend", table[i].trend);
        free(id);
    }
}

static void a_late_measurement_does_not_undo_a_newer_one(void **state)
{
    (void)state;
    char *id = metric("at_least", "weekly", -30);
    area_is(manager, MET, id, "next_due_on", area_day(-30));
    measure(id, "91", 0);
    area_is(manager, MET, id, "next_due_on", area_day(7));
    struct answer a =
        area_post(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", "70", "measured_on", area_day(-10)));
    expect_status(&a, 201);
    assert_true(json_is_true(answer_at(&a, "backdated")));
    assert_string_equal(answer_text(&a, "recorded_on"), area_day(0));
    assert_string_equal(answer_text(&a, "measured_on"), area_day(-10));
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/keep/evaluation/measurements/%s", answer_text(&a, "id"));
    struct answer refused = api_send(manager, "PATCH", path, json_pack("{s:s}", "value", "99"), "\"1\"");
    assert_int_equal(refused.status, 405);
    answer_free(&refused);
    answer_free(&a);
    area_is(manager, MET, id, "last_value", "91.0000");
    area_is(manager, MET, id, "last_measured_on", area_day(0));
    area_is(manager, MET, id, "trend", "better"); /* than the one that is before it by day */
    measure(id, "60", 0);                         /* of one day the last that was written down */
    area_is(manager, MET, id, "standing", "off_target");
    area_refuse(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", "7", "measured_on", area_day(3)), 422,
                "in_the_future", "/measured_on");
    area_do(manager, MET, id, "", json_pack("{s:s}", "target", "60")); /* a new target is held against the same value */
    area_is(manager, MET, id, "standing", "on_target");
    free(id);
}

/* Five weeks; measured in the first and in the fourth. */
static void missed_measurements_are_shown_and_due(void **state)
{
    (void)state;
    char *id = metric("at_least", "weekly", -35), path[200];
    measure(id, "90", -34);
    measure(id, "80", -12);
    snprintf(path, sizeof path, MET "/%s/series", id);
    struct answer a = area_get(manager, path);
    expect_status(&a, 200);
    static const bool missed[] = {false, true, true, false, true, false};
    static const char *const values[] = {"90.0000", NULL, NULL, "80.0000", NULL, NULL};
    assert_int_equal(answer_integer(&a, "count"), 6);
    for (size_t i = 0; i < 6; i++) {
        const json_t *slot = json_array_get(answer_at(&a, "items"), i);
        assert_string_equal(json_string_value(json_object_get(slot, "from")), area_day(-35 + 7 * (int)i));
        assert_string_equal(json_string_value(json_object_get(slot, "to")), area_day(-29 + 7 * (int)i));
        assert_int_equal(json_is_true(json_object_get(slot, "missed")), missed[i]);
        const char *value = json_string_value(json_object_get(slot, "value"));
        assert_int_equal(value != NULL, values[i] != NULL);
        if (value)
            assert_string_equal(value, values[i]);
    }
    answer_free(&a);
    /* due a week after the last one: five days ago */
    snprintf(path, sizeof path, "calendar?from=%s&to=%s", area_day(-5), area_day(-5));
    a = area_get(manager, path);
    bool seen = false;
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        seen = seen || (strcmp(json_string_value(json_object_get(item, "id")), id) == 0 &&
                        json_is_true(json_object_get(item, "overdue")));
    }
    assert_true(seen);
    answer_free(&a);
    a = area_get(manager, "evaluation/metrics-board");
    json_int_t missing = -1;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
            missing = json_integer_value(json_object_get(item, "missed"));
    }
    assert_int_equal(missing, 1);
    answer_free(&a);
    area_do(manager, MET, id, "retire", json_pack("{s:s}", "reason", "Over"));
    free(id);
}

static void the_next_one_is_due_after_the_period(void **state)
{
    (void)state;
    static const struct {
        const char *frequency, *due;
    } table[] = {{"weekly", "2026-02-07"},
                 {"monthly", "2026-02-28"},
                 {"quarterly", "2026-04-30"},
                 {"half_yearly", "2026-07-31"},
                 {"yearly", "2027-01-31"}};
    for (size_t i = 0; i < 5; i++) {
        char *id = metric("at_least", table[i].frequency, -400);
        free(area_make(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", "1", "measured_on", "2026-01-31")));
        area_is(manager, MET, id, "next_due_on", table[i].due);
        area_do(manager, MET, id, "retire", json_pack("{s:s}", "reason", "Over"));
        free(id);
    }
}

static void every_transition_of_a_metric(void **state)
{
    (void)state;
    char *id = metric("at_least", "monthly", 0);
    area_cannot(manager, MET, id, "resume", NULL, 409, "wrong_state", NULL);
    area_cannot(manager, MET, id, "retire", NULL, 422, "required", "/reason");
    area_do(manager, MET, id, "retire", json_pack("{s:s}", "reason", "Over"));
    area_cannot(manager, MET, id, "retire", json_pack("{s:s}", "reason", "Over"), 409, "wrong_state", NULL);
    area_refuse(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", "7", "measured_on", area_day(0)), 409,
                "retired", "/metric_id");
    area_do(manager, MET, id, "resume", NULL);
    measure(id, "7", 0);
    free(id);
}

static void a_computed_metric_is_not_written_by_hand(void **state)
{
    (void)state;
    char *id = area_make(manager, MET,
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Scope", "method", "Signal.", "unit", "number",
                                   "target", "1", "starts_on", area_day(0), "signal", "context.scope_in_force"));
    area_refuse(manager, MEA, json_pack("{s:s, s:s, s:s}", "metric_id", id, "value", "1", "measured_on", area_day(0)), 409,
                "computed", "/metric_id");
    area_do(manager, MET, id, "retire", json_pack("{s:s}", "reason", "Over"));
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standing_is_the_last_value_against_the_target),
        cmocka_unit_test(trend_is_the_last_value_against_the_one_before),
        cmocka_unit_test(a_late_measurement_does_not_undo_a_newer_one),
        cmocka_unit_test(missed_measurements_are_shown_and_due),
        cmocka_unit_test(the_next_one_is_due_after_the_period),
        cmocka_unit_test(every_transition_of_a_metric),
        cmocka_unit_test(a_computed_metric_is_not_written_by_hand),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
