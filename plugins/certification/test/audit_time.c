/* Audit time and samples: the vectors of the rules, and the tables that are shipped. */
#include "../rules.h"
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

extern const char bl_data_audit_time_table_csv[];

static struct certification_time_table shipped(void)
{
    struct certification_time_table table = {.count = 0};
    const char *line = strchr(bl_data_audit_time_table_csv, '\n');
    for (; line && isdigit((unsigned char)line[1]); line = strchr(line + 1, '\n')) {
        char *at = strchr(line + 1, ',') + 1; /* behind the number of the row */
        long from = strtol(at, &at, 10), to = strtol(at + 1, &at, 10);
        table.bands[table.count++] = (struct certification_band){from, to, (long)(strtod(at + 1, &at) * 100)};
    }
    return table;
}

static void bands(void **state)
{
    (void)state;
    struct certification_time_table table = shipped();
    assert_int_equal(table.count, 22);
    assert_int_equal(certification_base(&(struct certification_time_table){.count = 0}, 5), 0);
    assert_int_equal(certification_base(&(struct certification_time_table){.count = 1, .bands = {{1, 10, 500}}}, 5), 500);
    static const struct {
        long persons, centidays;
    } rows[] = {{1, 500},     {10, 500},     {11, 600},     {45, 850},     {46, 1000},    {68, 1100}, {625, 1650},
                {8501, 2800}, {10700, 2800}, {10701, 2900}, {13450, 2900}, {13451, 3000}, {0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(certification_base(&table, rows[i].persons), rows[i].centidays);
    for (size_t i = 1; i < table.count; i++) {
        assert_int_equal(table.bands[i].from, table.bands[i - 1].to + 1);
        assert_true(table.bands[i].centidays > table.bands[i - 1].centidays);
    }
}

static void people_who_do_the_same(void **state)
{
    (void)state;
    struct certification_group groups[] = {{60, 0}, {100, 25}, {100, 3}};
    assert_int_equal(certification_effective(60, groups, 1), 68);
    assert_int_equal(certification_effective(0, groups + 1, 1), 25);
    assert_int_equal(certification_effective(0, groups + 2, 1), 10); /* the root is the greatest cut */
    assert_int_equal(certification_effective(7, groups, 3), 7 + 8 + 25 + 10);
    for (long n = 0; n < 5000; n++) {
        long y = certification_root(n);
        assert_true(y * y >= n && (y == 0 || (y - 1) * (y - 1) < n));
    }
}

static void days(void **state)
{
    (void)state;
    struct certification_time t = certification_audit_time(50, 1000, -35);
    assert_int_equal(t.initial, 700);
    assert_true(t.floored);
    t = certification_audit_time(50, 1000, -30);
    assert_int_equal(t.initial, 700);
    assert_false(t.floored);
    t = certification_audit_time(68, 1100, 20);
    assert_int_equal(t.initial, 1320);
    assert_int_equal(t.on_audit, 924);
    assert_int_equal(t.surveillance, 440);
    assert_int_equal(t.recertification, 880);
    t = certification_audit_time(40, 850, 5);
    assert_int_equal(t.initial, 893); /* 892.5, never rounded down */
    assert_int_equal(certification_audit_time(40, 850, 100).initial, 1700);
}

static void complexity(void **state)
{
    (void)state;
    for (int a = 1; a <= 3; a++)
        for (int b = 1; b <= 3; b++)
            for (int c = 1; c <= 3; c++) {
                int sum = a + b + c;
                assert_int_equal(certification_complexity(a, b, c), sum <= 4   ? CERTIFICATION_LOW
                                                                    : sum <= 6 ? CERTIFICATION_MEDIUM
                                                                               : CERTIFICATION_HIGH);
            }
}

static void samples(void **state)
{
    (void)state;
    static const long rows[][6] = {{2, 2, 1, 2, 2, 1},  {9, 3, 2, 3, 3, 3},      {25, 5, 3, 4, 5, 8},
                                   {26, 6, 4, 5, 6, 8}, {100, 10, 6, 8, 10, 30}, {0, 0, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(certification_sites(rows[i][0], CERTIFICATION_INITIAL), rows[i][1]);
        assert_int_equal(certification_sites(rows[i][0], CERTIFICATION_SURVEILLANCE), rows[i][2]);
        assert_int_equal(certification_sites(rows[i][0], CERTIFICATION_RECERTIFICATION_EFFECTIVE), rows[i][3]);
        assert_int_equal(certification_sites(rows[i][0], CERTIFICATION_RECERTIFICATION), rows[i][4]);
        assert_int_equal(certification_sites(rows[i][0], CERTIFICATION_UNLIKE), rows[i][5]);
    }
    for (long x = 1; x < 5000; x++) {
        long y = certification_sites(x, CERTIFICATION_SURVEILLANCE),
             z = certification_sites(x, CERTIFICATION_RECERTIFICATION_EFFECTIVE);
        assert_true(25 * y * y >= 9 * x && 25 * (y - 1) * (y - 1) < 9 * x);
        assert_true(25 * z * z >= 16 * x && 25 * (z - 1) * (z - 1) < 16 * x);
    }
    assert_int_equal(certification_random(1), 1);
    assert_int_equal(certification_random(4), 1);
    assert_int_equal(certification_random(5), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands),   cmocka_unit_test(people_who_do_the_same), cmocka_unit_test(days), cmocka_unit_test(complexity),
        cmocka_unit_test(samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
