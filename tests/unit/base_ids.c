/* Identifiers, times and dates as text: every form that must be read, and every near miss that must not. */
#include "base/ids.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void uuids_rise(void **state)
{
    (void)state;
    char last[UUID_TEXT] = "", now[UUID_TEXT];
    for (int i = 0; i < 20000; i++) {
        uuid_v7(now);
        assert_true(uuid_valid(now));
        assert_int_equal(now[14], '7');
        assert_non_null(strchr("89ab", now[19]));
        assert_true(strcmp(last, now) < 0);
        memcpy(last, now, sizeof now);
    }
}

static void uuids_are_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0192f3a0-0000-7000-8000-00000000000",
                                      "0192f3a0-0000-7000-8000-0000000000000",
                                      "0192f3a00000-7000-8000-000000000000x",
                                      "0192f3a0-0000-7000-8000-00000000000g",
                                      "0192f3a0 0000 7000 8000 000000000000",
                                      " 192f3a0-0000-7000-8000-000000000000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(uuid_valid(bad[i]));
    uint8_t bytes[16];
    char text[UUID_TEXT];
    assert_true(uuid_parse("0192F3A0-1234-7abc-8def-00ff10ee20dd", bytes));
    uuid_format(bytes, text);
    assert_string_equal(text, "0192f3a0-1234-7abc-8def-00ff10ee20dd");
}

static void dates_are_real(void **state)
{
    (void)state;
    static const char *const bad[] = {"2026-02-29", "2100-02-29",  "2026-13-01", "2026-00-10", "2026-04-31", "2026-4-3",
                                      "0000-01-01", "2026-01-01 ", "2026/01/01", "",           "26-01-01",   "2026-01-0a"};
    int32_t day;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(date_parse(bad[i], &day));
    assert_true(date_parse("1970-01-01", &day));
    assert_int_equal(day, 0);
    assert_true(date_parse("2000-02-29", &day));
    assert_int_equal(day, 11016);
}

/* gmtime is the oracle, over four centuries. */
static void dates_agree_with_libc(void **state)
{
    (void)state;
    for (int32_t day = -73048; day < 73048; day += 7) {
        char text[TIME_TEXT], wanted[TIME_TEXT];
        time_t t = (time_t)day * 86400;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(wanted, sizeof wanted, "%Y-%m-%d", &tm);
        date_format(day, text);
        assert_string_equal(text, wanted);
        int32_t back;
        assert_true(date_parse(text, &back));
        assert_int_equal(back, day);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc; /* utc NULL: refused */
    } cases[] = {
        {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"},
        {"2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500000Z"},
        {"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00.123456Z"},
        {"2026-01-31T12:00:00", NULL},
        {"2026-01-31 12:00:00Z", NULL},
        {"2026-01-31T24:00:00Z", NULL},
        {"2026-01-31T12:60:00Z", NULL},
        {"2026-01-31T12:00:00.Z", NULL},
        {"2026-01-31T12:00:00+2:00", NULL},
        {"2026-01-31T12:00:00+24:00", NULL},
        {"2026-01-31T12:00:00Zx", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t t;
        char text[TIME_TEXT];
        bool good = time_parse(cases[i].text, &t);
        assert_int_equal(good, cases[i].utc != NULL);
        if (good) {
            time_format(t, text);
            assert_string_equal(text, cases[i].utc);
        }
    }
}

static void infinities_stay_readable(void **state)
{
    (void)state;
    char text[TIME_TEXT];
    time_format(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31T", 11);
    time_format(INT64_MIN, text);
    assert_memory_equal(text, "0001-01-01T", 11);
    date_format(INT32_MAX, text);
    assert_string_equal(text, "9999-12-31");
    date_format(INT32_MIN, text);
    assert_string_equal(text, "0001-01-01");
}

static void hashes(void **state)
{
    (void)state;
    assert_true(hash_bytes("a", 1) == hash_bytes("a", 1));
    assert_true(hash_bytes("a", 1) != hash_bytes("b", 1));
    assert_true(hash_bytes("ab", 1) != hash_bytes("ab", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_rise), cmocka_unit_test(uuids_are_told),           cmocka_unit_test(dates_are_real),
        cmocka_unit_test(times),      cmocka_unit_test(infinities_stay_readable), cmocka_unit_test(dates_agree_with_libc),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests_name("base/ids", tests, NULL, NULL);
}
