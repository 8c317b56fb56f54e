/* The critical path: the template by hand, slack, what has happened, circles. */
#include "../rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

/* Durations in weeks and predecessors of data/project_plan.csv, typical pace. */
static const struct {
    int weeks, before[3];
} template[] = {
    {2, {0}},      {2, {1}},          {1, {2}},  {2, {3}},  {3, {3}},      {2, {4, 5}}, {3, {6}},  {2, {7}},   {3, {8}},
    {3, {8}},      {2, {9}},          {4, {10}}, {2, {9}},  {5, {12, 13}}, {3, {14}},   {1, {15}}, {2, {16}},  {14, {16}},
    {8, {11, 16}}, {8, {17, 18, 19}}, {3, {20}}, {4, {21}}, {1, {22}},     {4, {23}},   {6, {24}}, {52, {25}},
};
enum { STEPS = sizeof template / sizeof *template, START = 20000 };

static void fill(struct certification_task *tasks)
{
    for (size_t i = 0; i < STEPS; i++) {
        tasks[i] = (struct certification_task){.duration = 7 * template[i].weeks, .counts = i != STEPS - 1};
        for (size_t k = 0; k < 3 && template[i].before[k]; k++)
            tasks[i].before[tasks[i].before_count++] = (size_t) template[i].before[k] - 1;
    }
}

static void the_template(void **state)
{
    (void)state;
    struct certification_task tasks[STEPS];
    fill(tasks);
    /* 1 2 3 5 6 7 8 10 12 14 15 16 18 20 21 22 23 24 25: 2+2+1+3+2+3+2+3+4+5+3+1+14+8+3+4+1+4+6 = 71 weeks */
    assert_int_equal(certification_schedule(tasks, STEPS, START, START), START + 71 * 7 - 1);
    static const int critical[] = {1, 2, 3, 5, 6, 7, 8, 10, 12, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25};
    size_t next = 0;
    for (int i = 0; i < STEPS; i++) {
        bool expected = next < sizeof critical / sizeof *critical && critical[next] == i + 1;
        assert_int_equal(tasks[i].critical, expected);
        assert_int_equal(tasks[i].finish - tasks[i].start + 1, tasks[i].duration);
        next += expected;
    }
    assert_int_equal(tasks[3].slack, 7);      /* 4 beside 5: three weeks against two */
    assert_int_equal(tasks[12].slack, 14);    /* 13: 9 and 13 take five weeks, 10 and 12 beside them seven */
    assert_int_equal(tasks[18].slack, 6 * 7); /* 19 beside 18: eight against fourteen */
    assert_int_equal(tasks[25].start, START + 71 * 7);
}

static void what_has_happened(void **state)
{
    (void)state;
    struct certification_task tasks[STEPS];
    fill(tasks);
    tasks[0].started = START;
    tasks[0].finished = START + 20; /* a week late */
    tasks[0].progress = 100;
    assert_int_equal(certification_schedule(tasks, STEPS, START, START + 21), START + 72 * 7 - 1);
    assert_false(tasks[0].critical);
    tasks[1].started = START + 21;
    tasks[1].progress = 50; /* seven days are left, from today on */
    assert_int_equal(certification_schedule(tasks, STEPS, START, START + 24), START + 24 + 7 + (71 - 4) * 7 - 1);
    fill(tasks);
    assert_int_equal(certification_schedule(tasks, STEPS, START, START + 100), START + 100 + 71 * 7 - 1); /* nothing was begun */
}

static void small_ones(void **state)
{
    (void)state;
    static struct certification_task many[CERTIFICATION_TASKS];
    struct certification_task one = {.duration = 101, .counts = true, .started = START};
    assert_int_equal(certification_schedule(&one, 1, START, START), START + 100);
    assert_true(one.critical);
    struct certification_task beside[] = {{.duration = 5, .counts = true}, {.duration = 4, .counts = true}, {.duration = 9}};
    assert_int_equal(certification_schedule(beside, 3, START, START), START + 4); /* upkeep moves no end */
    assert_true(beside[0].critical);
    assert_int_equal(beside[1].slack, 1); /* a day is enough not to be critical */
    assert_false(beside[1].critical);
    assert_false(beside[2].critical);
    for (size_t i = 0; i < CERTIFICATION_TASKS; i++)
        many[i] = (struct certification_task){.duration = 1, .counts = true, .before = {i - 1}, .before_count = i > 0};
    assert_int_equal(certification_schedule(many, CERTIFICATION_TASKS, START, START), START + CERTIFICATION_TASKS - 1);
    struct certification_task done = {.duration = 3, .counts = true, .started = START, .finished = START + 2, .progress = 100};
    assert_int_equal(certification_schedule(&done, 1, START, START), START + 2);
    assert_int_equal(done.slack, 0);
}

static void circles(void **state)
{
    (void)state;
    struct certification_task tasks[STEPS];
    fill(tasks);
    tasks[0].before[tasks[0].before_count++] = 24;
    assert_int_equal(certification_schedule(tasks, STEPS, START, START), 0);
    assert_int_equal(certification_schedule(tasks, 0, START, START), 0);
    assert_int_equal(certification_schedule(tasks, CERTIFICATION_TASKS + 1, START, START), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_template),
        cmocka_unit_test(what_has_happened),
        cmocka_unit_test(small_ones),
        cmocka_unit_test(circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
