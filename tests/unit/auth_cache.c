/* The cache of verified tokens: it answers for the whole text, in time, whatever the hash does. */
#include "unit.h"

#include "auth/cache.h"
#include <pthread.h>
#include <string.h>

enum { NOW = 1800000000 };

static struct token token_of(int n)
{
    struct token t = {.expires = NOW + 600};
    snprintf(t.subject, sizeof t.subject, "00000000-0000-7000-8000-%012d", n);
    return t;
}

static int setup(void **state)
{
    *state = cache_new();
    return *state == NULL;
}

static int teardown(void **state)
{
    cache_free(*state);
    return 0;
}

static void test_hit_and_miss(void **state)
{
    struct token a = token_of(1), out;
    assert_int_equal(cache_find(*state, "head.body.sign", 14, NOW, &out), CACHE_MISS);
    cache_keep(*state, "head.body.sign", 14, &a);
    assert_int_equal(cache_find(*state, "head.body.sign", 14, NOW, &out), CACHE_HIT);
    assert_string_equal(out.subject, a.subject);
    assert_int_equal(out.expires, a.expires);
    assert_int_equal(cache_find(*state, "head.body.sigm", 14, NOW, &out), CACHE_MISS);
    assert_int_equal(cache_find(*state, "", 0, NOW, &out), CACHE_MISS);
}

/* One hash for all: as if somebody had found collisions of the keyed hash. */
static void test_collisions(void **state)
{
    enum { HASH = 42 };
    struct token a = token_of(1), b = token_of(2), out;
    cache_keep_hashed(*state, HASH, "token-a", 7, &a);
    assert_int_equal(cache_find_hashed(*state, HASH, "token-b", 7, NOW, &out), CACHE_MISS);
    assert_int_equal(cache_find_hashed(*state, HASH, "token-", 6, NOW, &out), CACHE_MISS);
    assert_int_equal(cache_find_hashed(*state, HASH, "token-aa", 8, NOW, &out), CACHE_MISS);
    cache_keep_hashed(*state, HASH, "token-b", 7, &b);
    assert_int_equal(cache_find_hashed(*state, HASH, "token-a", 7, NOW, &out), CACHE_HIT);
    assert_string_equal(out.subject, a.subject);
    assert_int_equal(cache_find_hashed(*state, HASH, "token-b", 7, NOW, &out), CACHE_HIT);
    assert_string_equal(out.subject, b.subject);
}

/* More tokens than a set has room for: some are forgotten, none is mistaken. */
static void test_full_set(void **state)
{
    int hits = 0;
    char text[24];
    for (int i = 0; i < 100; i++) {
        struct token t = token_of(i);
        snprintf(text, sizeof text, "token-%03d", i);
        cache_keep_hashed(*state, 7, text, 9, &t);
    }
    for (int i = 0; i < 100; i++) {
        struct token t = token_of(i), out;
        snprintf(text, sizeof text, "token-%03d", i);
        if (cache_find_hashed(*state, 7, text, 9, NOW, &out) == CACHE_HIT) {
            assert_string_equal(out.subject, t.subject);
            hits++;
        }
    }
    assert_int_equal(hits, 4);
}

static void test_expired(void **state)
{
    struct token a = token_of(1), out;
    cache_keep(*state, "t", 1, &a);
    assert_int_equal(cache_find(*state, "t", 1, a.expires + TOKEN_SKEW - 1, &out), CACHE_HIT);
    assert_int_equal(cache_find(*state, "t", 1, a.expires + TOKEN_SKEW, &out), CACHE_EXPIRED);
    assert_int_equal(cache_find(*state, "t", 1, NOW, &out), CACHE_MISS); /* and its slot is free again */
}

static void test_too_long(void **state)
{
    static char text[TOKEN_MAX];
    struct token a = token_of(1), out;
    memset(text, 'x', sizeof text);
    cache_keep(*state, text, sizeof text, &a);
    assert_int_equal(cache_find(*state, text, sizeof text, NOW, &out), CACHE_MISS);
    cache_keep(*state, text, 1500, &a); /* RS256 with a large key and a long issuer */
    assert_int_equal(cache_find(*state, text, 1500, NOW, &out), CACHE_HIT);
}

static void *hammer(void *cache)
{
    for (int i = 0; i < 20000; i++) {
        char text[24];
        int n = i * 7919 % 37;
        struct token t = token_of(n), out;
        snprintf(text, sizeof text, "token-%03d", n);
        /* Few hashes: sets are full, slots change hands all the time. */
        if (cache_find_hashed(cache, (uint64_t)(n % 3), text, 9, NOW, &out) == CACHE_MISS)
            cache_keep_hashed(cache, (uint64_t)(n % 3), text, 9, &t);
        else if (strcmp(out.subject, t.subject) != 0)
            return "another one's token";
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, *state), 0);
    for (int i = 0; i < 4; i++) {
        void *why;
        pthread_join(threads[i], &why);
        assert_null(why);
    }
}

static void test_speed(void **state)
{
    enum { ROUNDS = 100000 };
    char text[600];
    struct token a = token_of(1), out;
    memset(text, 'x', sizeof text);
    cache_keep(*state, text, sizeof text, &a);
    int64_t start = clock_monotonic();
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(cache_find(*state, text, sizeof text, NOW, &out), CACHE_HIT);
    print_message("a hit on a token of %zu bytes: %.0f ns\n", sizeof text, (double)(clock_monotonic() - start) * 1000 / ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hit_and_miss, setup, teardown),
        cmocka_unit_test_setup_teardown(test_collisions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_speed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
