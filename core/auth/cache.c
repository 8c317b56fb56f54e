/* Set-associative: a token can stand in one set of four slots, the set is chosen by a hash that is keyed per process. A lock
 * guards the sets of a shard; it is held for a comparison and a copy of about a hundred bytes. */
#include "auth/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, SHARDS = 64, TEXT_MAX = 2048 };

struct slot {
    uint64_t hash;
    size_t length; /* 0: free */
    char *text;    /* owned */
    struct token token;
};

struct shard {
    _Alignas(64) pthread_mutex_t lock; /* on a cache line of its own */
    unsigned victim;
};

struct cache {
    struct shard shards[SHARDS];
    struct slot slots[SETS * WAYS];
};

struct cache *cache_new(void)
{
    struct cache *cache = aligned_alloc(64, sizeof *cache);
    if (!cache)
        return NULL;
    memset(cache, 0, sizeof *cache);
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].lock, NULL);
    return cache;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&cache->shards[i].lock);
    for (int i = 0; i < SETS * WAYS; i++)
        free(cache->slots[i].text);
    free(cache);
}

static struct slot *set_of(struct cache *cache, uint64_t hash)
{
    return cache->slots + hash % SETS * WAYS;
}

static struct shard *shard_of(struct cache *cache, uint64_t hash)
{
    return &cache->shards[hash % SETS % SHARDS];
}

static struct slot *find(struct slot *set, uint64_t hash, const char *text, size_t length)
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].hash == hash && set[i].length == length && memcmp(set[i].text, text, length) == 0)
            return &set[i];
    return NULL;
}

enum cache_answer cache_find_hashed(struct cache *cache, uint64_t hash, const char *text, size_t length, int64_t now,
                                    struct token *out)
{
    struct shard *shard = shard_of(cache, hash);
    enum cache_answer answer = CACHE_MISS;
    if (length == 0)
        return CACHE_MISS;
    pthread_mutex_lock(&shard->lock);
    struct slot *slot = find(set_of(cache, hash), hash, text, length);
    if (slot && slot->token.expires <= now - TOKEN_SKEW) {
        slot->length = 0;
        answer = CACHE_EXPIRED;
    } else if (slot) {
        *out = slot->token;
        answer = CACHE_HIT;
    }
    pthread_mutex_unlock(&shard->lock);
    return answer;
}

/* A free slot, or the one that is next to give way. */
static struct slot *room_in(struct slot *set, struct shard *shard)
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].length == 0)
            return &set[i];
    return &set[shard->victim++ % WAYS];
}

void cache_keep_hashed(struct cache *cache, uint64_t hash, const char *text, size_t length, const struct token *token)
{
    struct shard *shard = shard_of(cache, hash);
    char *copy = length > 0 && length <= TEXT_MAX ? malloc(length) : NULL;
    if (!copy)
        return;
    memcpy(copy, text, length);
    pthread_mutex_lock(&shard->lock);
    struct slot *set = set_of(cache, hash), *slot = find(set, hash, text, length);
    if (!slot)
        slot = room_in(set, shard);
    char *old = slot->text;
    *slot = (struct slot){.hash = hash, .length = length, .text = copy, .token = *token};
    pthread_mutex_unlock(&shard->lock);
    free(old);
}

enum cache_answer cache_find(struct cache *cache, const char *text, size_t length, int64_t now, struct token *out)
{
    return cache_find_hashed(cache, hash_bytes(text, length), text, length, now, out);
}

void cache_keep(struct cache *cache, const char *text, size_t length, const struct token *token)
{
    cache_keep_hashed(cache, hash_bytes(text, length), text, length, token);
}
