/* The gauge of a project plan where the evaluation area is not loaded, where its figures may not be read, and where they may. */
#include "fake_core.h"

static const struct bl_plugin *plugin;
static bool evaluation_loaded, evaluation_read;

static int load(void **state)
{
    (void)state;
    plugin = fake_plugin("certification");
    return 0;
}

static bool loaded(const char *name)
{
    return strcmp(name, "evaluation") == 0 ? evaluation_loaded : true;
}

static bool may(struct bl_request *r, const char *permission)
{
    (void)r;
    assert_string_equal(permission, "evaluation.requirement_status:read");
    return evaluation_read;
}

/* Three signals, of which two are good: two points and the requirements' own, of three and theirs. */
static enum bl_status signals(struct bl_request *r, json_t **out)
{
    *out = json_pack("[{s:b}, {s:b}, {s:b}]", "good", 1, "good", 0, "good", 1);
    bl_defer(r, fake_decref, *out);
    return BL_OK;
}

#define ID "01990000-0000-7000-8000-000000000002"
/* Two tasks of ten days, the first done; from 2026-03-01 on, and today is 4 March. Upkeep is no part of it. */
static const char *const head[] = {ID, "Way", "running", "2026-03-01", NULL, "2026-03-20"};
#define TASK(number, phase, progress, from, to)                                                                                  \
    ID, number, "Task " number, phase, NULL, "10", NULL, NULL, NULL, "0", progress, NULL, NULL, from, to
static const char *const tasks[] = {TASK("1", "plan", "100", "2026-03-01", "2026-03-10"),
                                    TASK("2", "do", "0", "2026-03-11", "2026-03-20"),
                                    TASK("3", "maintain", "0", "2026-03-21", "2026-03-30")};
static const char *const history[] = {"2026-03-03", "50", "31", "2026-02-01", "10", NULL}; /* the newest first, as it is read */
static const char *const points[] = {"13", "10"};

static struct fake *gantt(void)
{
    struct fake *f = fake_new();
    f->core.loaded = loaded;
    f->core.may = may;
    f->core.signals = signals;
    f->id = ID;
    f->rows[0] = (struct bl_rows){1, 6, head};
    f->rows[1] = (struct bl_rows){3, 15, tasks};
    f->rows[2] = (struct bl_rows){2, 3, history};
    f->rows[3] = (struct bl_rows){1, 2, points};
    assert_int_equal(fake_handler(plugin, "GET", "project-plans/{id}/gantt")(&f->request), BL_OK);
    assert_int_equal(f->status, 200);
    return f;
}

static json_t *point(const struct fake *f, size_t i, const char *member)
{
    json_t *list = json_object_get(json_object_get(f->answer, "gauge"), "history");
    assert_int_equal(json_array_size(list), 2);
    return json_object_get(json_array_get(list, i), member);
}

static void without_evaluation_there_is_progress_alone(void **state)
{
    (void)state;
    evaluation_loaded = false;
    evaluation_read = true;
    struct fake *f = gantt();
    json_t *gauge = json_object_get(f->answer, "gauge");
    assert_int_equal(f->statements, 3); /* nothing is asked of tables that are not there */
    assert_true(json_is_null(json_object_get(gauge, "readiness")));
    assert_int_equal(json_integer_value(json_object_get(f->answer, "progress")), 50);
    assert_int_equal(json_integer_value(json_object_get(gauge, "planned")), 20); /* four of twenty days */
    assert_string_equal(json_string_value(point(f, 0, "on")), "2026-02-01");     /* the oldest first */
    assert_int_equal(json_integer_value(point(f, 0, "progress")), 10);
    assert_int_equal(json_integer_value(point(f, 0, "planned")), 0);
    assert_true(json_is_null(point(f, 0, "readiness")));
    assert_int_equal(json_integer_value(point(f, 1, "planned")), 15);
    assert_int_equal(json_integer_value(point(f, 1, "readiness")), 31); /* of a time when it was loaded */
    fake_free(f);
}

static void who_may_not_read_evaluation_sees_progress_alone(void **state)
{
    (void)state;
    evaluation_loaded = true;
    evaluation_read = false;
    struct fake *f = gantt();
    assert_int_equal(f->statements, 3);
    assert_true(json_is_null(json_object_get(json_object_get(f->answer, "gauge"), "readiness")));
    assert_true(json_is_null(point(f, 1, "readiness")));
    assert_int_equal(json_integer_value(point(f, 1, "progress")), 50);
    fake_free(f);
}

static void readiness_is_points_of_all_that_counts(void **state)
{
    (void)state;
    evaluation_loaded = evaluation_read = true;
    struct fake *f = gantt();
    assert_int_equal(f->statements, 4);
    /* 13 halves of ten requirements and two of three signals: 8.5 points of 13 */
    assert_int_equal(json_integer_value(json_object_get(json_object_get(f->answer, "gauge"), "readiness")), 65);
    fake_free(f);
}

static void a_round_measures_only_what_runs(void **state)
{
    (void)state;
    static const char *const yes[] = {"1"};
    const struct bl_duty *duty = plugin->duties;
    while (strcmp(duty->name, "gauge_plans") != 0)
        duty++;
    evaluation_loaded = false;
    evaluation_read = true;
    struct fake *f = fake_new();
    f->core.loaded = loaded;
    f->core.may = may;
    assert_int_equal(duty->run(&f->request), BL_OK);
    assert_int_equal(f->statements, 1); /* no plan runs */
    fake_free(f);
    f = fake_new();
    f->core.loaded = loaded;
    f->core.may = may;
    f->rows[0] = (struct bl_rows){1, 1, yes};
    assert_int_equal(duty->run(&f->request), BL_OK);
    assert_int_equal(f->statements, 2);
    assert_null(f->args[0]); /* readiness is not known: progress is written alone */
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_evaluation_there_is_progress_alone),
        cmocka_unit_test(who_may_not_read_evaluation_sees_progress_alone),
        cmocka_unit_test(readiness_is_points_of_all_that_counts),
        cmocka_unit_test(a_round_measures_only_what_runs),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
