/* How often each of many keys may do something, and what happened a moment ago, in memory that all processes of the service
 * share. Fixed size, one 64-bit word an entry, changed by compare-and-swap alone: there is no lock that a crashed process could
 * leave behind.
 *
 * The rule is GCRA: a key may take `quota` at once and gets them back evenly over `window` seconds.
 * A key is a hash, so two keys may meet in one entry (4 in a million look-ups on a full table), and then share a quota. */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quota_table;

struct quota_table *quota_map(void); /* 2 MiB; before the first fork. NULL: errno. Lives as long as the process */

/* Of this kind of key ('t' for a token) and text; the same in every process of the service. */
uint64_t quota_key(const struct quota_table *, char kind, const char *text);

struct quota {
    int64_t quota, window; /* how many, in how many seconds */
};
struct quota_left {
    bool taken;        /* false: nothing was left */
    int64_t remaining; /* after this one */
    int64_t reset;     /* seconds until all of it is there again */
    int64_t wait;      /* not taken: seconds until the next one is there */
};
/* `now`: clock_monotonic. */
struct quota_left quota_take(struct quota_table *, uint64_t key, struct quota, int64_t now);

/* Remembers the key for so many seconds, unless thousands of younger ones push it out. */
void quota_mark(struct quota_table *, uint64_t key, int64_t seconds, int64_t now);
bool quota_marked(const struct quota_table *, uint64_t key, int64_t now);

#endif
