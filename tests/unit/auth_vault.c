/* Sealed secrets: what opens where, what happens without the right key, and the life of the keys. */
#include "unit.h"

#include "auth/vault.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "JBSWY3DPEHPK3PXP, and nobody else's"
static const struct vault_place mine = {"totp", "", "0198c0de-0000-7000-8000-000000000001"};
static char dir[64];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ballium-vault-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static const char *path_of(const char *kid, const char *suffix)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s%s", dir, kid, suffix);
    return path;
}

static struct vault *load(void)
{
    struct vault *v = vault_load(dir, stderr);
    assert_non_null(v);
    return v;
}

static struct vault *with_new_key(char kid[KID_ROOM])
{
    assert_true(key_generate(dir, KEY_VAULT, kid, stderr));
    return load();
}

static void expect_refusal(const char *words)
{
    char *text;
    size_t length;
    FILE *errors = open_memstream(&text, &length);
    struct vault *v = vault_load(dir, errors);
    fclose(errors);
    if (v || !strstr(text, words) || !strstr(text, dir))
        fail_msg("expected `%s`, got `%s`", words, text);
    free(text);
}

static void what_is_sealed_opens_in_its_place_alone(void **state)
{
    (void)state;
    static const struct vault_place others[] = {
        {"totp", "", "0198c0de-0000-7000-8000-000000000002"},                                     /* another person */
        {"provider", "", "0198c0de-0000-7000-8000-000000000001"},                                 /* another use */
        {"totp", "0198c0de-0000-7000-8000-000000000009", "0198c0de-0000-7000-8000-000000000001"}, /* another tenant */
        {"totp", "\n0198c0de-0000-7000-8000-000000000001", ""},
    };
    char kid[KID_ROOM], sealed[VAULT_SEALED], again[VAULT_SEALED], out[VAULT_SECRET + 1] = "nothing";
    struct vault *v = with_new_key(kid);
    assert_true(vault_seal(v, &mine, SECRET, sealed));
    assert_true(vault_seal(v, &mine, SECRET, again));
    assert_string_not_equal(sealed, again); /* a nonce each: equal secrets do not show */
    assert_null(strstr(sealed, "JBSWY3DPEHPK3PXP"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_non_null(vault_open(v, &others[i], sealed, out));
        assert_null(strstr(out, "JBSWY3DPEHPK3PXP"));
    }
    assert_null(vault_open(v, &mine, sealed, out));
    assert_string_equal(out, SECRET);
    vault_free(v);
}

static void a_changed_character_opens_nothing(void **state)
{
    (void)state;
    char kid[KID_ROOM], sealed[VAULT_SEALED], out[VAULT_SECRET + 1];
    struct vault *v = with_new_key(kid);
    assert_true(vault_seal(v, &mine, SECRET, sealed));
    for (size_t i = 0; sealed[i] != '\0'; i++) {
        char kept = sealed[i];
        sealed[i] = kept == 'A' ? 'B' : 'A';
        assert_non_null(vault_open(v, &mine, sealed, out));
        sealed[i] = '\0'; /* and cut there */
        assert_non_null(vault_open(v, &mine, sealed, out));
        sealed[i] = kept;
    }
    static const char *const none[] = {"", "v1.", "v1..", "v2.a.b", "v1.no-dot", "JBSWY3DPEHPK3PXP"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_non_null(vault_open(v, &mine, none[i], out));
    assert_null(vault_open(v, &mine, sealed, out));
    vault_free(v);
}

static void the_longest_secret_fits_and_no_longer_one(void **state)
{
    (void)state;
    char kid[KID_ROOM], text[VAULT_SECRET + 2], sealed[VAULT_SEALED], out[VAULT_SECRET + 1];
    struct vault *v = with_new_key(kid);
    memset(text, 'x', sizeof text);
    text[VAULT_SECRET + 1] = '\0';
    assert_false(vault_seal(v, &mine, text, sealed));
    text[VAULT_SECRET] = '\0';
    assert_true(vault_seal(v, &mine, text, sealed));
    assert_null(vault_open(v, &mine, sealed, out));
    assert_string_equal(out, text);
    assert_true(vault_seal(v, &mine, "", sealed));
    assert_null(vault_open(v, &mine, sealed, out));
    assert_string_equal(out, "");
    vault_free(v);
}

static void an_old_key_still_opens_and_the_chosen_one_seals(void **state)
{
    (void)state;
    char first[KID_ROOM], second[KID_ROOM], kid[KID_ROOM], old[VAULT_SEALED], new[VAULT_SEALED], out[VAULT_SECRET + 1];
    struct vault *v = with_new_key(first);
    assert_true(vault_seal(v, &mine, SECRET, old));
    vault_free(v);
    v = with_new_key(second);
    assert_string_equal(vault_sealing(v), first); /* until it is chosen, so that all processes know it before it seals */
    vault_free(v);
    assert_true(key_use(dir, second, stderr));
    v = load();
    assert_string_equal(vault_sealing(v), second);
    assert_null(vault_open(v, &mine, old, out));
    assert_true(vault_seal(v, &mine, out, new));
    assert_true(vault_kid(old, kid));
    assert_string_equal(kid, first);
    assert_true(vault_kid(new, kid));
    assert_string_equal(kid, second);
    assert_true(vault_has(v, first));
    vault_free(v);
    FILE *null = fopen("/dev/null", "w");
    assert_false(key_retire(dir, second, null)); /* it seals */
    fclose(null);
    assert_true(key_retire(dir, first, stderr));
    v = load();
    assert_false(vault_has(v, first));
    assert_null(vault_open(v, &mine, new, out));
    assert_ptr_equal(vault_open(v, &mine, old, out), vault_no_key);
    vault_free(v);
}

/* The file of the kid holds other bytes: nothing opens, and it is not taken for a missing key. */
static void another_key_of_the_same_name_opens_nothing(void **state)
{
    (void)state;
    char kid[KID_ROOM], sealed[VAULT_SEALED], out[VAULT_SECRET + 1];
    struct vault *v = with_new_key(kid);
    assert_true(vault_seal(v, &mine, SECRET, sealed));
    vault_free(v);
    FILE *f = fopen(path_of(kid, ".vault.key"), "w");
    fprintf(f, "%064d\n", 1);
    fclose(f);
    v = load();
    const char *why = vault_open(v, &mine, sealed, out);
    assert_non_null(why);
    assert_ptr_not_equal(why, vault_no_key);
    vault_free(v);
}

static void files_that_are_refused(void **state)
{
    (void)state;
    char kid[KID_ROOM], token[KID_ROOM];
    struct stat st;
    expect_refusal("sealing: no key is chosen to seal secrets in the database: make a key by `ballium key new vault`");
    vault_free(with_new_key(kid));
    assert_int_equal(stat(path_of(kid, ".vault.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    chmod(path_of(kid, ".vault.key"), 0604);
    expect_refusal("others may read this secret");
    chmod(path_of(kid, ".vault.key"), 0620);
    expect_refusal("others may write it");
    chmod(path_of(kid, ".vault.key"), 0600);
    FILE *f = fopen(path_of(kid, ".vault.key"), "w");
    fprintf(f, "%066d\n", 1);
    fclose(f);
    expect_refusal("has 33 bytes where 32 belong");
    f = fopen(path_of(kid, ".vault.key"), "w");
    fprintf(f, "%032d\n", 1);
    fclose(f);
    expect_refusal("less than 32 random bytes");
    unlink(path_of(kid, ".vault.key"));
    expect_refusal("sealing: names a key that is not here");
    unlink(path_of("sealing", ""));
    assert_true(key_generate(dir, KEY_ES256, token, stderr)); /* brings one along */
    vault_free(load());
    assert_true(key_use(dir, token, stderr));
    struct keys *keys = keys_load(dir, stderr);
    assert_int_equal(keys->count, 1); /* what seals is no key for tokens */
    keys_free(keys);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_sealed_opens_in_its_place_alone),    TEST(a_changed_character_opens_nothing),
        TEST(the_longest_secret_fits_and_no_longer_one),  TEST(an_old_key_still_opens_and_the_chosen_one_seals),
        TEST(another_key_of_the_same_name_opens_nothing), TEST(files_that_are_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
