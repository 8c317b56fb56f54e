#include "unit.h"

#include "auth/internal.h"
#include "auth/password.h"
#include <pthread.h>
#include <string.h>
#include <time.h>

static const char password[] = "correct horse battery";

static void test_right_and_wrong(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH], again[PASSWORD_HASH];
    assert_true(password_hash(password, hash));
    assert_true(password_hash(password, again));
    assert_string_not_equal(hash, again); /* a salt each */
    assert_ptr_equal(strstr(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash);
    assert_int_equal(password_check(hash, password), PASSWORD_RIGHT);
    assert_int_equal(password_check(hash, "correct horse batterz"), PASSWORD_WRONG);
    assert_int_equal(password_check(hash, ""), PASSWORD_WRONG);
    assert_int_equal(password_check("not a hash", password), PASSWORD_WRONG);
}

static void test_objections(void **state)
{
    (void)state;
    char text[PASSWORD_MAX + 2];
    memset(text, 'x', sizeof text);
    text[PASSWORD_MAX + 1] = '\0';
    assert_non_null(password_objection(text));
    text[PASSWORD_MAX] = '\0';
    assert_null(password_objection(text));
    text[PASSWORD_MIN] = '\0';
    assert_null(password_objection(text));
    text[PASSWORD_MIN - 1] = '\0';
    assert_non_null(password_objection(text));
}

static double cpu_seconds(const char *hash)
{
    struct timespec a, b;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    assert_int_equal(password_check(hash, "some other password"), PASSWORD_WRONG);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* An unknown user costs the same hashing, not only the same answer. The least of five runs, of the processor's time. */
static void test_unknown_user(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH];
    double known = 1e9, unknown = 1e9;
    assert_true(password_hash(password, hash));
    for (int i = 0; i < 5; i++) {
        double k = cpu_seconds(hash), u = cpu_seconds(NULL);
        known = k < known ? k : known;
        unknown = u < unknown ? u : unknown;
    }
    print_message("known %.1f ms, unknown %.1f ms\n", known * 1000, unknown * 1000);
    assert_true(unknown > known / 2 && unknown < known * 2);
}

static void *check(void *hash)
{
    return password_check(hash, password) == PASSWORD_WRONG ? hash : NULL;
}

/* A crowd is served or told to come back; nobody's right password is called wrong. */
static void test_crowd(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH];
    pthread_t threads[8];
    assert_true(password_hash(password, hash));
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check, hash), 0);
    for (int i = 0; i < 8; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(password_check(hash, password), PASSWORD_RIGHT); /* the places were given back */
}

static void test_refresh_tokens(void **state)
{
    (void)state;
    char a[REFRESH_ROOM], b[REFRESH_ROOM], hash[SECRET_HASH_ROOM];
    refresh_new(a);
    refresh_new(b);
    assert_string_not_equal(a, b);
    assert_ptr_equal(strstr(a, "blr_"), a);
    assert_int_equal(strlen(a), 47);
    assert_true(refresh_valid(a));
    secret_hash("blr_", hash);
    assert_string_equal(hash, "\\x5bc603fb5dfb2530fae1e2770453e7988b6ad4d096cf0056048fc09199a00c6c");
    static const char *const bad[] = {"",
                                      "blr_",
                                      "blx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
                                      "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
                                      "blr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(refresh_valid(bad[i]));
}

static void test_networks(void **state)
{
    (void)state;
    static const struct {
        const char *address, *network;
    } table[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:2:ffff::1", "2001:db8:1:2::"}, /* the same subscriber */
        {"2001:db8:1:3::1", "2001:db8:1:3::"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::1", "::"},
        {"unix:", ""},
        {"192.0.2.7, 10.0.0.1", ""},
        {"*", ""}, /* stands for all networks in the table of attempts */
        {NULL, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char out[NETWORK_ROOM];
        network_of(table[i].address, out);
        assert_string_equal(out, table[i].network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_and_wrong), cmocka_unit_test(test_objections),     cmocka_unit_test(test_unknown_user),
        cmocka_unit_test(test_crowd),           cmocka_unit_test(test_refresh_tokens), cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
