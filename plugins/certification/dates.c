/* Dates and the windows of a cycle. The calendar is the proleptic Gregorian one, in whole days. */
#include "rules.h"
#include <stdio.h>
#include <string.h>

struct civil {
    long year, month, day;
};

static bool leap(long year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static long month_days(long year, long month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Years begin in March here, so that the leap day is the last of them. */
static long number_of(struct civil c)
{
    long year = c.month <= 2 ? c.year - 1 : c.year, era = year / 400, of_era = year - era * 400;
    long of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct civil civil_of(long day)
{
    long shifted = day + 719468, era = shifted / 146097, of_era = shifted - era * 146097;
    long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    struct civil c = {.day = of_year - (153 * month + 2) / 5 + 1, .month = month < 10 ? month + 3 : month - 9};
    c.year = year + era * 400 + (c.month <= 2);
    return c;
}

static bool digits(const char *text, size_t count, long *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

long certification_day(const char *text)
{
    struct civil c;
    if (!text || strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !digits(text, 4, &c.year) ||
        !digits(text + 5, 2, &c.month) || !digits(text + 8, 2, &c.day))
        return 0;
    if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > month_days(c.year, c.month))
        return 0;
    return number_of(c);
}

void certification_date(long day, char out[11])
{
    struct civil c = civil_of(day);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100);
}

long certification_months(long day, long months)
{
    struct civil c = civil_of(day);
    long month = c.year * 12 + c.month - 1 + months;
    c.year = month / 12;
    c.month = month % 12 + 1;
    if (c.day > month_days(c.year, c.month))
        c.day = month_days(c.year, c.month);
    return number_of(c);
}

long certification_year(long day)
{
    return civil_of(day).year;
}

long certification_year_end(long year)
{
    return number_of((struct civil){.year = year, .month = 12, .day = 31});
}

long certification_expiry(long decision, enum certification_convention convention)
{
    return certification_months(decision, 36) - (convention == CERTIFICATION_MINUS_ONE_DAY);
}

long certification_next_expiry(long expiry)
{
    return certification_months(expiry, 36);
}

long certification_restore_until(long expiry)
{
    return certification_months(expiry, 6);
}

/* Is a surveillance wanted in this calendar year? */
static bool wanted(const struct certification_cycle *c, long year)
{
    return year > certification_year(c->decision) && year < certification_year(c->expiry) &&
           !(c->recertification && certification_year(c->recertification) == year);
}

long certification_surveillance_by(const struct certification_cycle *c, int nth)
{
    if (nth == 1 && c->initial)
        return certification_months(c->decision, 12);
    int seen = 0;
    for (long year = certification_year(c->decision) + 1; year < certification_year(c->expiry); year++)
        if (wanted(c, year) && ++seen == nth)
            return certification_year_end(year);
    return 0;
}

long certification_missing_by(const struct certification_cycle *c, const long *held, size_t count, long forgiven)
{
    long first = certification_months(c->decision, 12);
    bool early = !c->initial || first < forgiven;
    for (size_t i = 0; i < count; i++)
        early = early || (held[i] >= c->decision && held[i] <= first);
    if (!early)
        return first;
    for (long year = certification_year(c->decision) + 1; year < certification_year(c->expiry); year++) {
        bool covered = !wanted(c, year) || certification_year_end(year) < forgiven;
        for (size_t i = 0; i < count; i++)
            covered = covered || certification_year(held[i]) == year;
        if (!covered)
            return certification_year_end(year);
    }
    return 0;
}
