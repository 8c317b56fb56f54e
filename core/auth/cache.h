/* Tokens that were verified already: an RS256 or ES256 signature takes some 300 µs to check, a look-up well under one. Fixed
 * size. Belongs to the keys it was filled under: new keys, new cache. Thread-safe. */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "auth/token.h"

struct cache;

struct cache *cache_new(void); /* 4,096 tokens: half a MiB, and their texts. NULL: memory. Free: cache_free. */
void cache_free(struct cache *);

enum cache_answer { CACHE_MISS, CACHE_HIT, CACHE_EXPIRED };

/* The whole text decides, not its hash. CACHE_EXPIRED: it was good once; `out` is not filled. */
enum cache_answer cache_find(struct cache *, const char *text, size_t length, int64_t now, struct token *out);

/* Only of what token_verify has just accepted. A text of more than 2 KiB is not kept. */
void cache_keep(struct cache *, const char *text, size_t length, const struct token *);

/* For tests: the same with a hash of the caller's choice. */
enum cache_answer cache_find_hashed(struct cache *, uint64_t hash, const char *text, size_t length, int64_t now,
                                    struct token *out);
void cache_keep_hashed(struct cache *, uint64_t hash, const char *text, size_t length, const struct token *);

#endif
