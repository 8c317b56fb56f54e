/* Binary results as text, number and JSON, each beside what PostgreSQL itself says. */
#include "base/buf.h"
#include "base/json.h"
#include "database.h"
#include <math.h>
#include <stdio.h>

struct sample {
    const char *sql, *cell, *json; /* cell NULL: SQL null */
};

static const char *json_of(struct world *w, const struct bl_rows *rows, int column)
{
    struct buf out = buf_new(w->arena, 64);
    struct json json;
    json_start(&json, &out);
    db_json(&json, NULL, rows, 0, column);
    return out.data;
}

static void check(struct world *w, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT %s", samples[i].sql);
        const struct bl_rows *rows = run(w, w->app, sql);
        const char *cell = db_cell(rows, 0, 0), *json = json_of(w, rows, 0);
        bool same = samples[i].cell ? cell && strcmp(cell, samples[i].cell) == 0 : !cell;
        if (!same || strcmp(json, samples[i].json) != 0)
            fail_msg("%s: cell %s, JSON %s", samples[i].sql, cell ? cell : "(null)", json);
        assert_int_equal(db_null(rows, 0, 0), samples[i].cell == NULL);
    }
}
#define CHECK(w, ...)                                                                                                            \
    do {                                                                                                                         \
        static const struct sample samples[] = {__VA_ARGS__};                                                                    \
        check(w, samples, sizeof samples / sizeof *samples);                                                                     \
    } while (0)

static void texts(void **state)
{
    CHECK(*state, {"'a\"b\\c'::text", "a\"b\\c", "\"a\\\"b\\\\c\""}, {"''::text", "", "\"\""}, {"NULL::text", NULL, "null"},
          {"'Zażółć 🏰'::varchar", "Zażółć 🏰", "\"Zażółć 🏰\""}, {"'ab'::char(4)", "ab  ", "\"ab  \""},
          {"'unknown'", "unknown", "\"unknown\""}, {"'n'::name", "n", "\"n\""});
}

static void integers(void **state)
{
    CHECK(*state, {"32767::int2", "32767", "32767"}, {"(-32768)::int2", "-32768", "-32768"},
          {"2147483647", "2147483647", "2147483647"}, {"-2147483647 - 1", "-2147483648", "-2147483648"},
          {"9223372036854775807", "9223372036854775807", "9223372036854775807"},
          {"-9223372036854775807 - 1", "-9223372036854775808", "-9223372036854775808"}, {"0::int8", "0", "0"},
          {"4294967295::oid", "4294967295", "4294967295"}, {"NULL::int", NULL, "null"});
    struct world *w = *state;
    assert_int_equal(number_of(w, w->app, "SELECT -5::int2"), -5);
    assert_int_equal(number_of(w, w->app, "SELECT true"), 1);
    assert_int_equal(number_of(w, w->app, "SELECT NULL::int8"), 0);
    assert_int_equal(number_of(w, w->app, "SELECT sum(x) FROM generate_series(1::bigint, 10) x"), 55); /* numeric */
}

static void booleans(void **state)
{
    CHECK(*state, {"true", "true", "true"}, {"false", "false", "false"}, {"NULL::boolean", NULL, "null"});
}

static void decimals(void **state)
{
    CHECK(*state, {"0::numeric", "0", "\"0\""}, {"0.00::numeric(18,2)", "0.00", "\"0.00\""},
          {"12.50::numeric(18,2)", "12.50", "\"12.50\""}, {"-12.05::numeric", "-12.05", "\"-12.05\""},
          {"0.0001::numeric", "0.0001", "\"0.0001\""}, {"0.00000001::numeric", "0.00000001", "\"0.00000001\""},
          {"10000::numeric", "10000", "\"10000\""}, {"100000000::numeric", "100000000", "\"100000000\""},
          {"10000.0001::numeric", "10000.0001", "\"10000.0001\""},
          {"9999999999999999.99::numeric(18,2)", "9999999999999999.99", "\"9999999999999999.99\""},
          {"1.23456::numeric", "1.23456", "\"1.23456\""}, {"'NaN'::numeric", "NaN", "\"NaN\""}, {"NULL::numeric", NULL, "null"});
}

static void every_decimal_reads_as_postgresql_writes_it(void **state)
{
    struct world *w = *state;
    const struct bl_rows *rows =
        run(w, w->app,
            "SELECT n, n::text FROM (SELECT (random() * 10 ^ (i % 20) - 3)::numeric(30, 10) / 10::numeric ^ (i % 7) AS n"
            " FROM generate_series(1, 500) i) t");
    for (int i = 0; i < db_count(rows); i++)
        assert_string_equal(db_cell(rows, i, 0), db_cell(rows, i, 1));
}

static void floats(void **state)
{
    CHECK(*state, {"1.5::float8", "1.5", "1.5"}, {"0.1::float8", "0.1", "0.1"}, {"1e300::float8", "1e+300", "1e+300"},
          {"(1.0::float8 / 3)", "0.3333333333333333", "0.3333333333333333"}, {"2.25::float4", "2.25", "2.25"},
          {"'NaN'::float8", "nan", "null"}, {"'Infinity'::float8", "inf", "null"});
}

static void dates_and_times(void **state)
{
    CHECK(*state, {"'2026-01-31'::date", "2026-01-31", "\"2026-01-31\""}, {"'1999-12-31'::date", "1999-12-31", "\"1999-12-31\""},
          {"'2000-02-29'::date", "2000-02-29", "\"2000-02-29\""}, {"'0001-01-01'::date", "0001-01-01", "\"0001-01-01\""},
          {"'9999-12-31'::date", "9999-12-31", "\"9999-12-31\""}, {"'infinity'::date", "infinity", "\"infinity\""},
          {"'2026-01-31 12:00:00.000001+02'::timestamptz", "2026-01-31T10:00:00.000001Z", "\"2026-01-31T10:00:00.000001Z\""},
          {"'1969-12-31 23:59:59.5+00'::timestamptz", "1969-12-31T23:59:59.500000Z", "\"1969-12-31T23:59:59.500000Z\""},
          {"'-infinity'::timestamptz", "-infinity", "\"-infinity\""}, {"NULL::timestamptz", NULL, "null"});
}

static void ids(void **state)
{
    CHECK(*state, {"'0190F5E0-1234-7abc-8def-0123456789AB'::uuid", "0190f5e0-1234-7abc-8def-0123456789ab",
                   "\"0190f5e0-1234-7abc-8def-0123456789ab\""});
}

static void documents(void **state)
{
    CHECK(*state, {"'{\"a\": [1, null]}'::jsonb", "{\"a\": [1, null]}", "{\"a\": [1, null]}"},
          {"'{\"b\" :1}'::json", "{\"b\" :1}", "{\"b\" :1}"}, {"'\"s\"'::jsonb", "\"s\"", "\"s\""},
          {"NULL::jsonb", NULL, "null"});
}

static void lists(void **state)
{
    CHECK(*state, {"ARRAY['x', 'y\"', NULL, '']", "[\"x\",\"y\\\"\",null,\"\"]", "[\"x\",\"y\\\"\",null,\"\"]"},
          {"'{}'::text[]", "[]", "[]"}, {"ARRAY[1, -2]", "[1,-2]", "[1,-2]"},
          {"ARRAY[true, false]", "[true,false]", "[true,false]"},
          {"ARRAY['2026-01-31'::date]", "[\"2026-01-31\"]", "[\"2026-01-31\"]"}, {"NULL::text[]", NULL, "null"});
}

/* A type that nobody reads is null and a line in the log, not a wrong value. */
static void other_types_are_null(void **state)
{
    struct world *w = *state;
    const struct bl_rows *rows = run(w, w->app, "SELECT point(1, 2)");
    assert_string_equal(json_of(w, rows, 0), "null");
    assert_false(db_null(rows, 0, 0));
}

static void rows_and_columns(void **state)
{
    struct world *w = *state;
    const struct bl_rows *rows = run(w, w->app, "SELECT i AS number, 'x' || i AS name FROM generate_series(1, 3) i");
    assert_int_equal(db_count(rows), 3);
    assert_int_equal(db_columns(rows), 2);
    assert_string_equal(db_name(rows, 1), "name");
    assert_int_equal(db_type(rows, 0), 23);
    assert_string_equal(db_cell(rows, 2, 1), "x3");
    int length;
    assert_memory_equal(db_bytes(rows, 0, 0, &length), "\0\0\0\1", 4);
    assert_int_equal(length, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(integers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(decimals),
        cmocka_unit_test(every_decimal_reads_as_postgresql_writes_it),
        cmocka_unit_test(floats),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(ids),
        cmocka_unit_test(documents),
        cmocka_unit_test(lists),
        cmocka_unit_test(other_types_are_null),
        cmocka_unit_test(rows_and_columns),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
