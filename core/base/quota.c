#include "base/quota.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* An entry: 20 bits of the key's hash over 44 bits of time, in ticks of 10 us since the machine was started (five years of them).
 * The time is GCRA's "theoretical arrival time": when all of the quota is there again. One that has passed says the same as an
 * empty entry. */
enum { SETS = 65536, WAYS = 4, TICK = 10 /* microseconds */, TIME_BITS = 44 };
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

struct quota_table {
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody outside chooses which keys meet */
    _Atomic uint64_t entry[SETS * WAYS];
};

struct quota_table *quota_map(void)
{
    struct quota_table *table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        return NULL;
    randombytes_buf(table->secret, sizeof table->secret);
    return table;
}

uint64_t quota_key(const struct quota_table *table, char kind, const char *text)
{
    unsigned char bytes[128], out[crypto_shorthash_BYTES];
    size_t length = strnlen(text, sizeof bytes - 1);
    uint64_t key;
    bytes[0] = (unsigned char)kind;
    memcpy(bytes + 1, text, length);
    crypto_shorthash(out, bytes, length + 1, table->secret);
    memcpy(&key, out, sizeof key);
    return key;
}

/* At least 1: an empty entry is 0. */
static uint64_t tick_of(int64_t now)
{
    return (uint64_t)(now / TICK) + 1;
}

static uint64_t time_of(uint64_t entry)
{
    return entry & TIME_MASK;
}

static bool is_of(uint64_t entry, uint64_t key)
{
    return entry >> TIME_BITS == key >> TIME_BITS;
}

static size_t set_of(uint64_t key)
{
    return (size_t)(key % SETS) * WAYS;
}

/* The key's entry, or the one that gives way to it: whose time is earliest, past ones first. */
static size_t place_of(const struct quota_table *table, uint64_t key)
{
    size_t first = set_of(key), best = first;
    for (size_t i = first; i < first + WAYS; i++) {
        uint64_t entry = atomic_load_explicit(&table->entry[i], memory_order_relaxed);
        if (is_of(entry, key))
            return i;
        if (time_of(entry) < time_of(atomic_load_explicit(&table->entry[best], memory_order_relaxed)))
            best = i;
    }
    return best;
}

static uint64_t entry_of(uint64_t key, uint64_t time)
{
    return key >> TIME_BITS << TIME_BITS | (time & TIME_MASK);
}

struct quota_left quota_take(struct quota_table *table, uint64_t key, struct quota q, int64_t now)
{
    const uint64_t window = (uint64_t)q.window * 1000000 / TICK, each = window / (uint64_t)q.quota, tick = tick_of(now);
    for (;;) {
        size_t at = place_of(table, key);
        uint64_t seen = atomic_load_explicit(&table->entry[at], memory_order_relaxed);
        uint64_t full = is_of(seen, key) && time_of(seen) > tick ? time_of(seen) : tick, next = full + each;
        if (next > tick + window)
            return (struct quota_left){.wait = (int64_t)((next - tick - window) * TICK / 1000000 + 1),
                                       .reset = (int64_t)((full - tick) * TICK / 1000000 + 1)};
        if (atomic_compare_exchange_weak_explicit(&table->entry[at], &seen, entry_of(key, next), memory_order_relaxed,
                                                  memory_order_relaxed))
            return (struct quota_left){.taken = true,
                                       .remaining = (int64_t)((tick + window - next) / each),
                                       .reset = (int64_t)((next - tick) * TICK / 1000000 + 1)};
    }
}

void quota_mark(struct quota_table *table, uint64_t key, int64_t seconds, int64_t now)
{
    uint64_t until = tick_of(now) + (uint64_t)seconds * 1000000 / TICK;
    for (;;) {
        size_t at = place_of(table, key);
        uint64_t seen = atomic_load_explicit(&table->entry[at], memory_order_relaxed);
        if (is_of(seen, key) && time_of(seen) >= until)
            return;
        if (atomic_compare_exchange_weak_explicit(&table->entry[at], &seen, entry_of(key, until), memory_order_release,
                                                  memory_order_relaxed))
            return;
    }
}

bool quota_marked(const struct quota_table *table, uint64_t key, int64_t now)
{
    size_t first = set_of(key);
    for (size_t i = first; i < first + WAYS; i++) {
        uint64_t entry = atomic_load_explicit(&table->entry[i], memory_order_acquire);
        if (is_of(entry, key) && time_of(entry) > tick_of(now))
            return true;
    }
    return false;
}
