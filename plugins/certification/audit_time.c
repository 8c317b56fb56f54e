/* Audit time and samples of sites, in integers. */
#include "rules.h"

static long up(long n, long divisor)
{
    return (n + divisor - 1) / divisor;
}

long certification_root(long n)
{
    long low = 0, high = 3037000499; /* whose square still fits 63 bits */
    while (low < high) {
        long middle = low + (high - low) / 2;
        if (middle * middle >= n)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

long certification_effective(long others, const struct certification_group *groups, size_t count)
{
    long effective = others;
    for (size_t i = 0; i < count; i++) {
        long root = certification_root(groups[i].persons);
        effective += groups[i].counted > root ? groups[i].counted : root;
    }
    return effective;
}

long certification_base(const struct certification_time_table *table, long persons)
{
    if (table->count == 0 || persons < 1)
        return 0;
    for (size_t i = 0; i < table->count; i++)
        if (persons <= table->bands[i].to)
            return table->bands[i].centidays;
    const struct certification_band *last = &table->bands[table->count - 1];
    long to = last->to, width = last->to - last->from + 1, centidays = last->centidays;
    while (persons > to) {
        width = up(width * 5, 4);
        to += width;
        centidays += 100;
    }
    return centidays;
}

enum certification_level certification_complexity(int a, int b, int c)
{
    int sum = a + b + c;
    return sum <= 4 ? CERTIFICATION_LOW : sum <= 6 ? CERTIFICATION_MEDIUM : CERTIFICATION_HIGH;
}

struct certification_time certification_audit_time(long effective, long base, int share)
{
    struct certification_time t = {.effective = effective, .base = base, .adjusted = up(base * (100 + share), 100)};
    long floor = up(base * 70, 100);
    t.floored = t.adjusted < floor;
    t.initial = t.floored ? floor : t.adjusted;
    t.on_audit = up(t.initial * 70, 100);
    t.surveillance = up(t.initial, 3);
    t.recertification = up(t.initial * 2, 3);
    return t;
}

long certification_sites(long sites, enum certification_sample kind)
{
    switch (kind) {
    case CERTIFICATION_SURVEILLANCE: /* 0.6 of the root: 25 y y >= 9 x */
        return up(certification_root(9 * sites), 5);
    case CERTIFICATION_RECERTIFICATION_EFFECTIVE: /* 0.8 of it: 25 y y >= 16 x */
        return up(certification_root(16 * sites), 5);
    case CERTIFICATION_UNLIKE: /* sites that are not alike, per calendar year */
        return up(sites * 3, 10);
    case CERTIFICATION_INITIAL:
    case CERTIFICATION_RECERTIFICATION:
        break;
    }
    return certification_root(sites);
}

long certification_random(long sample)
{
    return up(sample, 4);
}
