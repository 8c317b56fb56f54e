/* The windows of a cycle: the vectors of the rules, and an independent calendar over random decisions. */
#define _DEFAULT_SOURCE
#include "../rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the four that it needs */
#include <cmocka.h>

static void is(long day, const char *text)
{
    char out[11];
    if (day)
        certification_date(day, out);
    assert_string_equal(day ? out : "none", text);
}

static void vectors(void **state)
{
    (void)state;
    static const struct {
        const char *decision, *expiry, *first, *second, *restore;
    } rows[] = {
        {"2025-11-15", "2028-11-14", "2026-11-15", "2027-12-31", "2029-05-14"},
        {"2024-02-29", "2027-02-27", "2025-02-28", "2026-12-31", "2027-08-27"},
        {"2025-01-10", "2028-01-09", "2026-01-10", "2027-12-31", "2028-07-09"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct certification_cycle c = {.decision = certification_day(rows[i].decision), .initial = true};
        c.expiry = certification_expiry(c.decision, CERTIFICATION_MINUS_ONE_DAY);
        is(c.expiry, rows[i].expiry);
        is(certification_surveillance_by(&c, 1), rows[i].first);
        is(certification_surveillance_by(&c, 2), rows[i].second);
        is(certification_surveillance_by(&c, 3), "none");
        is(certification_restore_until(c.expiry), rows[i].restore);
    }
    is(certification_expiry(certification_day("2024-02-29"), CERTIFICATION_SAME_DAY), "2027-02-28");
    is(certification_months(certification_day("2027-08-31"), 6), "2028-02-29");
    is(certification_months(certification_day("2026-08-31"), 6), "2027-02-28");
    is(certification_next_expiry(certification_day("2028-02-29")), "2031-02-28");
}

static void the_recertification_takes_its_year(void **state)
{
    (void)state;
    struct certification_cycle c = {.decision = certification_day("2024-02-29"), .initial = true};
    c.expiry = certification_expiry(c.decision, CERTIFICATION_MINUS_ONE_DAY);
    c.recertification = certification_day("2026-12-10");
    is(certification_surveillance_by(&c, 2), "none");
    c.recertification = certification_day("2027-01-20");
    is(certification_surveillance_by(&c, 2), "2026-12-31");
    c = (struct certification_cycle){.decision = certification_day("2025-01-10"), .initial = true};
    c.expiry = certification_expiry(c.decision, CERTIFICATION_MINUS_ONE_DAY);
    c.recertification = certification_day("2027-11-01");
    is(certification_surveillance_by(&c, 2), "none");
}

static void what_is_missing(void **state)
{
    (void)state;
    struct certification_cycle c = {.decision = certification_day("2025-01-10"), .initial = true};
    c.expiry = certification_expiry(c.decision, CERTIFICATION_MINUS_ONE_DAY);
    long held[2] = {0};
    is(certification_missing_by(&c, held, 0, 0), "2026-01-10");
    held[0] = certification_day("2026-01-11"); /* a day late */
    is(certification_missing_by(&c, held, 1, 0), "2026-01-10");
    held[0] = certification_day("2026-01-10"); /* serves the twelve months and the year 2026 */
    is(certification_missing_by(&c, held, 1, 0), "2027-12-31");
    held[0] = certification_day("2025-12-15"); /* the twelve months only */
    is(certification_missing_by(&c, held, 1, 0), "2026-12-31");
    held[1] = certification_day("2026-12-31");
    is(certification_missing_by(&c, held, 2, 0), "2027-12-31");
    c.recertification = certification_day("2027-12-01");
    is(certification_missing_by(&c, held, 2, 0), "none");
    c.recertification = 0; /* what a suspension dealt with is over */
    is(certification_missing_by(&c, held, 0, certification_day("2026-03-01")), "2026-12-31");
    is(certification_missing_by(&c, held, 0, certification_day("2027-01-10")), "2027-12-31");
    c.recertification = certification_day("2027-12-01");
    c.initial = false; /* after a recertification only the years count */
    is(certification_missing_by(&c, held, 0, 0), "2026-12-31");
}

static void what_is_a_date(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "2025-02-29", "2025-13-01", "2025-00-10", "2025-04-31", "2025-4-3",
                                        "2025/04/03", "x025-04-03", "2025-04-0x", "1900-02-29", "0000-01-01", "2025-04-030"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(certification_day(wrong[i]), 0);
    assert_int_equal(certification_day(NULL), 0);
    assert_int_equal(certification_day("2000-02-29"), 11016);
    is(CERTIFICATION_END_OF_2013, "2025-10-31");
    assert_int_equal(certification_day("2026x01-31"), 0);
    assert_int_equal(certification_day("2026-01x31"), 0);
    assert_int_equal(certification_day("0000-12-31"), 0);
}

/* The C library's calendar: lets 31 June become 1 July, which tells that the day was clamped. */
static long library_months(long day, int months)
{
    time_t seconds = (time_t)day * 86400;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    parts.tm_mon += months;
    int wanted = parts.tm_mday;
    struct tm copy = parts;
    time_t then = timegm(&copy);
    if (copy.tm_mday != wanted) { /* ran over into the next month: the last day of the one before */
        copy.tm_mday = 0;
        then = timegm(&copy);
    }
    return (long)(then / 86400);
}

static int year_of(long day)
{
    time_t seconds = (time_t)day * 86400;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return parts.tm_year + 1900;
}

static long last_of_year(int year)
{
    struct tm parts = {.tm_year = year - 1900, .tm_mon = 11, .tm_mday = 31};
    return (long)(timegm(&parts) / 86400);
}

/* A calendar kept by hand, a day at a time: a day is its text, and the text its day. */
static void every_month_of_the_calendar(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    long day = -719162; /* 0001-01-01 */
    for (int year = 1; year <= 9999; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++)
            for (int d = 1, last = lengths[month - 1] + (month == 2 && leap); d <= last; d++, day++) {
                char expected[40], out[11];
                if (d != 1 && d != last) /* where a month begins and ends */
                    continue;
                snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, d);
                certification_date(day, out);
                if (strcmp(out, expected) != 0 || certification_day(expected) != day)
                    fail_msg("%s is %s, day %ld not %ld", expected, out, certification_day(expected), day);
            }
    }
}

static void windows_end_with_their_last_day(void **state)
{
    (void)state;
    struct certification_cycle c = {.decision = certification_day("2024-03-10"), .initial = true};
    c.expiry = certification_expiry(c.decision, CERTIFICATION_MINUS_ONE_DAY);
    long first = certification_day("2025-03-10"), end = certification_day("2025-12-31");
    is(certification_missing_by(&c, &c.decision, 1, 0), "2025-12-31"); /* held on the day of the decision: in the window */
    is(certification_missing_by(&c, &first, 1, 0), "2026-12-31");      /* on its last day: it covers the year too */
    is(certification_missing_by(&c, NULL, 0, first), "2025-03-10");    /* forgiven is what ended before, not on that day */
    is(certification_missing_by(&c, NULL, 0, first + 1), "2025-12-31");
    is(certification_missing_by(&c, NULL, 0, end), "2025-12-31");
    is(certification_missing_by(&c, NULL, 0, end + 1), "2026-12-31");
}

static void ten_thousand_decisions(void **state)
{
    (void)state;
    unsigned seed = 27001;
    for (int i = 0; i < 10000; i++) {
        long decision = 5000 + (long)(rand_r(&seed) % 40000); /* 1983 to 2093 */
        char text[11], again[11];
        time_t seconds = (time_t)decision * 86400;
        struct tm parts;
        certification_date(decision, text);
        gmtime_r(&seconds, &parts);
        strftime(again, sizeof again, "%Y-%m-%d", &parts);
        assert_string_equal(text, again);
        assert_int_equal(certification_day(text), decision);
        struct certification_cycle c = {.decision = decision, .initial = true};
        c.expiry = certification_expiry(decision, CERTIFICATION_MINUS_ONE_DAY);
        assert_int_equal(c.expiry, library_months(decision, 36) - 1);
        assert_int_equal(certification_expiry(decision, CERTIFICATION_SAME_DAY), library_months(decision, 36));
        assert_int_equal(certification_surveillance_by(&c, 1), library_months(decision, 12));
        assert_int_equal(certification_restore_until(c.expiry), library_months(c.expiry, 6));
        int second = year_of(decision) + 2;
        assert_int_equal(certification_surveillance_by(&c, 2), second < year_of(c.expiry) ? last_of_year(second) : 0);
        long held[] = {library_months(decision, 12), last_of_year(second)};
        assert_int_equal(certification_missing_by(&c, held, 0, 0), held[0]);
        assert_int_equal(certification_missing_by(&c, held, 1, 0), second < year_of(c.expiry) ? last_of_year(second) : 0);
        assert_int_equal(certification_missing_by(&c, held, 2, 0), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(the_recertification_takes_its_year),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(what_is_a_date),
        cmocka_unit_test(every_month_of_the_calendar),
        cmocka_unit_test(windows_end_with_their_last_day),
        cmocka_unit_test(ten_thousand_decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
