/* The known test vectors of the grids and formulas, without a service. */
#include "../planning.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct planning_method five(void)
{
    struct planning_method m = {.likelihoods = 5, .impacts = 5, .levels = 5};
    assert_true(planning_grid_known("5x5_5", &m.grid));
    return m;
}

static int level_with(const struct planning_method *m, const char *rating, int asset_value, int64_t *score)
{
    struct planning_level out;
    struct planning_fault fault;
    json_t *json = json_loads(rating, 0, NULL);
    assert_non_null(json);
    bool good = planning_level_of(m, json, asset_value, &out, &fault);
    json_decref(json);
    if (score)
        *score = out.score;
    return good ? out.level : -1;
}

static int level(const struct planning_method *m, const char *rating, int64_t *score)
{
    return level_with(m, rating, 0, score);
}

static void five_by_five(void **state)
{
    (void)state;
    static const int vectors[][3] = {{4, 4, 4}, {0, 4, 1}, {2, 2, 2}, {3, 2, 3}, {4, 0, 2}};
    struct planning_method m = five();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char rating[80];
        snprintf(rating, sizeof rating, "{\"likelihood\": %d, \"impact\": %d}", vectors[i][0], vectors[i][1]);
        assert_int_equal(level(&m, rating, NULL), vectors[i][2]);
    }
    assert_int_equal(level(&m, "{\"likelihood\": 5, \"impact\": 0}", NULL), -1);
    assert_int_equal(level(&m, "{\"likelihood\": 0}", NULL), -1);
}

/* All six as the reference has them, and each keeps the invariants and uses every level. */
static void known_grids(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int size, levels, cells[36];
    } wanted[] = {
        {"3x3_3", 3, 3, {0, 1, 1, 1, 1, 2, 1, 2, 2}},
        {"4x4_3", 4, 3, {0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 2, 2, 1, 2, 2, 2}},
        {"4x4_5", 4, 5, {0, 0, 1, 1, 0, 1, 2, 2, 1, 2, 3, 3, 1, 2, 3, 4}},
        {"5x5_5", 5, 5, {0, 0, 1, 1, 1, 0, 1, 1, 2, 2, 1, 1, 2, 3, 3, 1, 2, 3, 3, 4, 2, 3, 3, 4, 4}},
        {"5x5_4", 5, 4, {0, 0, 0, 1, 1, 0, 0, 1, 1, 2, 0, 1, 1, 2, 3, 1, 1, 2, 3, 3, 1, 2, 3, 3, 3}},
        {"6x6_4", 6, 4, {0, 0, 0, 0, 1, 3, 0, 0, 1, 1, 2, 3, 0, 1, 1, 2, 2, 3,
                         0, 1, 2, 2, 2, 3, 0, 1, 2, 2, 3, 3, 1, 2, 2, 3, 3, 3}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct planning_grid grid;
        unsigned used = 0;
        assert_true(planning_grid_known(wanted[i].name, &grid));
        assert_int_equal(grid.rows, wanted[i].size);
        assert_null(planning_grid_fault(&grid, wanted[i].levels));
        for (int k = 0; k < wanted[i].size * wanted[i].size; k++) {
            assert_int_equal(grid.level[k / wanted[i].size][k % wanted[i].size], wanted[i].cells[k]);
            used |= 1u << wanted[i].cells[k];
        }
        assert_int_equal(used, (1u << wanted[i].levels) - 1);
        assert_non_null(planning_grid_fault(&grid, wanted[i].levels - 1)); /* names a level that is not there */
    }
    assert_false(planning_grid_known("7x7_7", &(struct planning_grid){0}));
}

static void grids_do_not_fall(void **state)
{
    (void)state;
    struct planning_method m = five();
    m.grid.level[2][3] = 0;
    assert_non_null(planning_grid_fault(&m.grid, 5));
    m = five();
    m.grid.level[4][4] = 3;
    assert_non_null(planning_grid_fault(&m.grid, 5)); /* below its neighbour */
}

/* Largest, sum and weighted sum of parts; product and sum of places counted from 1. */
static void impacts_and_functions(void **state)
{
    (void)state;
    int64_t score;
    struct planning_method m = five();
    m.basis = PLANNING_PROPERTIES;
    assert_int_equal(level(&m, "{\"likelihood\": 3, \"c\": 1, \"i\": 2, \"a\": 0}", NULL), 3); /* as (3, 2) */
    assert_int_equal(level(&m, "{\"likelihood\": 3, \"impact\": 2}", NULL), -1);
    assert_int_equal(level(&m, "{\"likelihood\": 3}", NULL), -1);
    m.aggregation = PLANNING_WEIGHTED;
    m.percent[0] = 50, m.percent[1] = 30, m.percent[2] = 20;
    assert_int_equal(level(&m, "{\"likelihood\": 4, \"c\": 4, \"i\": 1, \"a\": 1}", NULL), 4); /* 2.5 becomes 3: (4, 3) */
    assert_int_equal(level(&m, "{\"likelihood\": 4, \"c\": 4, \"i\": 1}", NULL), -1);
    m.aggregation = PLANNING_TOTAL;
    m.function = PLANNING_PRODUCT;
    m.from[1] = 10, m.from[2] = 20, m.from[3] = 30, m.from[4] = 40;
    assert_int_equal(level(&m, "{\"likelihood\": 3, \"c\": 1, \"i\": 2, \"a\": 0}", &score), 2); /* 4 * (2 + 3 + 1) */
    assert_int_equal(score, 24);
    m.basis = PLANNING_OVERALL, m.aggregation = PLANNING_MAX, m.function = PLANNING_SUM;
    assert_int_equal(level(&m, "{\"likelihood\": 4, \"impact\": 4}", &score), 1);
    assert_int_equal(score, 10);
    m.function = PLANNING_THREATS, m.basis = PLANNING_PROPERTIES;
    assert_int_equal(level(&m, "{\"threat\": 2, \"weakness\": 3, \"c\": 0, \"a\": 2}", &score), 3); /* 3 * 3 * 4 */
    assert_int_equal(score, 36);
    m.function = PLANNING_LOSS;
    m.from[1] = 1000, m.from[2] = 10000, m.from[3] = 20000, m.from[4] = 100000;
    assert_int_equal(level(&m, "{\"loss_per_year\": \"20000.00\"}", NULL), 3);
    assert_int_equal(level(&m, "{\"loss_per_year\": \"19999.99\"}", NULL), 2);
    assert_int_equal(level(&m, "{}", NULL), -1);
}

/* asset value x threat x weakness, each counted from 1; a value of 1 to 5 finds its place in any scale. */
static void assets_take_the_place_of_the_impact(void **state)
{
    (void)state;
    static const int places[4][5] = {{1, 2, 2, 3, 3}, {1, 2, 3, 3, 4}, {1, 2, 3, 4, 5}, {1, 2, 4, 5, 6}}; /* scales of 3 to 6 */
    int64_t score;
    for (int n = 3; n <= 6; n++) {
        struct planning_method m = {.function = PLANNING_THREATS, .likelihoods = 5, .impacts = n, .levels = 5};
        for (int value = 1; value <= 5; value++) {
            (void)level_with(&m, "{\"threat\": 2, \"weakness\": 3, \"impact\": 0}", value, &score);
            assert_int_equal(score, places[n - 3][value - 1] * 3 * 4);
        }
    }
    struct planning_method m = {.function = PLANNING_THREATS, .likelihoods = 5, .impacts = 5, .levels = 5};
    m.from[1] = 10, m.from[2] = 20, m.from[3] = 40, m.from[4] = 80;
    assert_int_equal(level_with(&m, "{\"threat\": 1, \"weakness\": 4}", 4, &score), 3);  /* 4 * 2 * 5 */
    assert_int_equal(level_with(&m, "{\"threat\": 1, \"weakness\": 4}", 0, &score), -1); /* nobody says how bad it is */
    m.function = PLANNING_PRODUCT;                                                       /* only there */
    assert_int_equal(level_with(&m, "{\"likelihood\": 1, \"impact\": 0}", 5, &score), 0);
    assert_int_equal(score, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_by_five),
        cmocka_unit_test(known_grids),
        cmocka_unit_test(grids_do_not_fall),
        cmocka_unit_test(impacts_and_functions),
        cmocka_unit_test(assets_take_the_place_of_the_impact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
