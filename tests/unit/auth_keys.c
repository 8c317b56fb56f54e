/* The folder of keys: what is taken, what is refused and with which words, and the document of public keys. */
#include "unit.h"

#include "auth/keys.h"
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ballium-keys-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static const char *path_of(const char *file)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    return path;
}

static void put(const char *file, const char *bytes, size_t length, mode_t mode)
{
    FILE *f = fopen(path_of(file), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    fclose(f);
    assert_int_equal(chmod(path_of(file), mode), 0);
}

/* Writes a key as PEM; public: only its public half; phrase: encrypted. */
static void put_pem(const char *file, EVP_PKEY *pkey, bool public, const char *phrase)
{
    FILE *f = fopen(path_of(file), "w");
    assert_non_null(f);
    if (public)
        PEM_write_PUBKEY(f, pkey);
    else
        PEM_write_PrivateKey(f, pkey, phrase ? EVP_aes_128_cbc() : NULL, (const unsigned char *)phrase,
                             phrase ? (int)strlen(phrase) : 0, NULL, NULL);
    fclose(f);
    assert_int_equal(chmod(path_of(file), public ? 0644 : 0600), 0);
    EVP_PKEY_free(pkey);
}

/* Loads the folder; the lines of complaint, empty when it was taken. Free: free. */
static char *load(struct keys **keys)
{
    char *text;
    size_t length;
    FILE *errors = open_memstream(&text, &length);
    *keys = keys_load(dir, errors);
    fclose(errors);
    return text;
}

static void expect_refusal(const char *words)
{
    struct keys *keys;
    char *text = load(&keys);
    if (keys || !strstr(text, words) || !strstr(text, dir))
        fail_msg("expected `%s`, got `%s`", words, text);
    free(text);
}

static void expect_taken(size_t count)
{
    struct keys *keys;
    char *text = load(&keys);
    if (!keys)
        fail_msg("refused: %s", text);
    assert_int_equal(keys->count, count);
    keys_free(keys);
    free(text);
}

static void generate(enum key_algorithm algorithm, char kid[KID_ROOM])
{
    assert_true(key_generate(dir, algorithm, kid, stderr));
}

static void test_life_of_a_key(void **state)
{
    (void)state;
    char first[KID_ROOM], second[KID_ROOM];
    struct keys *keys;
    generate(KEY_ES256, first);
    generate(KEY_HS256, second);
    assert_string_not_equal(first, second);
    free(load(&keys));
    assert_string_equal(keys->signing->kid, first); /* the first one signs */
    assert_null(keys_find(keys, "nobody"));
    keys_free(keys);

    FILE *null = fopen("/dev/null", "w");
    assert_false(key_retire(dir, first, null)); /* it signs */
    assert_false(key_use(dir, "nobody", null));
    fclose(null);
    assert_true(key_use(dir, second, stderr));
    free(load(&keys));
    assert_string_equal(keys->signing->kid, second);
    assert_non_null(keys_find(keys, first));
    keys_free(keys);
    assert_true(key_retire(dir, first, stderr));
    expect_taken(1);
}

static void test_modes(void **state)
{
    (void)state;
    char kid[KID_ROOM], file[KID_ROOM + 16];
    struct stat st;
    generate(KEY_ES256, kid);
    snprintf(file, sizeof file, "%s.es256.pem", kid);
    assert_int_equal(stat(path_of(file), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    chmod(path_of(file), 0640); /* root's, read by the service's group */
    expect_taken(1);
    chmod(path_of(file), 0644);
    expect_refusal("others may read this secret: chmod 600");
    chmod(path_of(file), 0620);
    expect_refusal("others may write it");
    chmod(path_of(file), 0600);
    put_pem("idp.es256.pub.pem", EVP_EC_gen("P-256"), true, NULL);
    expect_taken(2); /* a public key may be read by all */
    chmod(path_of("idp.es256.pub.pem"), 0666);
    expect_refusal("others may write it");
    chmod(path_of("idp.es256.pub.pem"), 0644);
    chmod(dir, 0707);
    expect_refusal("others may write here");
}

static void test_weak_keys(void **state)
{
    (void)state;
    char kid[KID_ROOM];
    generate(KEY_ES256, kid);
#define REFUSED(file, pkey, words)                                                                                               \
    do {                                                                                                                         \
        put_pem(file, pkey, strstr(file, ".pub.") != NULL, NULL);                                                                \
        expect_refusal(words);                                                                                                   \
        unlink(path_of(file));                                                                                                   \
    } while (0)
    REFUSED("a.rs256.pem", EVP_RSA_gen(1024), "not an RSA key of 2,048 to 8,192 bits");
    REFUSED("a.rs256.pub.pem", EVP_RSA_gen(1024), "not an RSA key of 2,048 to 8,192 bits");
    REFUSED("a.rs256.pem", EVP_EC_gen("P-256"), "not an RSA key");
    REFUSED("a.es256.pem", EVP_EC_gen("P-384"), "not an EC key on P-256");
    REFUSED("a.es256.pem", EVP_EC_gen("secp256k1"), "not an EC key on P-256");
    REFUSED("a.es256.pem", EVP_RSA_gen(2048), "not an EC key on P-256");
    REFUSED("a.es256.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "not an EC key on P-256");
#undef REFUSED
    put_pem("a.es256.pem", EVP_EC_gen("P-256"), false, "secret");
    expect_refusal("not a private key in PEM without a pass phrase");
    unlink(path_of("a.es256.pem"));
    put_pem("a.es256.pub.pem", EVP_EC_gen("P-256"), false, NULL); /* a private key where a public one belongs */
    expect_refusal("not a public key in PEM");
    unlink(path_of("a.es256.pub.pem"));
    put("a.es256.pem", "", 0, 0600);
    expect_refusal("empty, too long or unreadable");
    unlink(path_of("a.es256.pem"));
    expect_taken(1);
}

static void test_secrets(void **state)
{
    (void)state;
    static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    static const char raw[] = "\x00\x01\x02\x03 thirty-two bytes as they are\n\xff";
    char kid[KID_ROOM];
    struct keys *keys;
    generate(KEY_ES256, kid);
    put("hex.hs256.key", hex, sizeof hex - 1, 0600);
    put("raw.hs256.key", raw, sizeof raw - 1, 0600);
    char *text = load(&keys);
    assert_non_null(keys);
    assert_int_equal(keys_find(keys, "hex")->verify_length, 32);
    assert_int_equal(keys_find(keys, "hex")->verify[31], 0x1f);
    assert_int_equal(keys_find(keys, "raw")->verify_length, sizeof raw - 1);
    assert_memory_equal(keys_find(keys, "raw")->verify, raw, sizeof raw - 1);
    keys_free(keys);
    free(text);
    put("hex.hs256.key", hex, 62, 0600); /* 31 bytes, although the text has 62 */
    expect_refusal("less than 32 random bytes");
    put("hex.hs256.key", hex, 63, 0600);
    expect_refusal("an odd number of hexadecimal digits");
    put("hex.hs256.key", "\n", 1, 0600);
    expect_refusal("less than 32 random bytes");
    unlink(path_of("hex.hs256.key"));
    put("raw.hs256.key", raw, 31, 0600);
    expect_refusal("less than 32 random bytes");
    unlink(path_of("raw.hs256.key"));
    put_pem("pem.hs256.key", EVP_EC_gen("P-256"), false, NULL);
    expect_refusal("PEM, not a secret");
}

static void test_names(void **state)
{
    (void)state;
    char kid[KID_ROOM];
    enum key_algorithm algorithm;
    bool public_only;
    assert_true(key_file_name("a-B_9.rs256.pub.pem", kid, &algorithm, &public_only));
    assert_string_equal(kid, "a-B_9");
    assert_int_equal(algorithm, KEY_RS256);
    assert_true(public_only);
    static const char *const bad[] = {".es256.pem",      "a.pem",         "a.es256",         "a.es384.pem",
                                      "a.hs256.pub.pem", "a b.es256.pem", "a.es256.pem.bak", "a/b.es256.pem",
                                      "README.md",       "a.hs256.pem",   "signing"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(key_file_name(bad[i], kid, &algorithm, &public_only));
    generate(KEY_ES256, kid);
    put("README", "x", 1, 0600);
    expect_refusal("not a key: name it");
    unlink(path_of("README"));
    put_pem("one.es256.pem", EVP_EC_gen("P-256"), false, NULL);
    put_pem("one.es256.pub.pem", EVP_EC_gen("P-256"), true, NULL);
    expect_refusal("a second file of the kid one");
}

static void test_signing(void **state)
{
    (void)state;
    expect_refusal("no key is chosen to sign: make a key by `ballium key new`");
    put_pem("idp.rs256.pub.pem", EVP_RSA_gen(2048), true, NULL);
    put("signing", "idp\n", 4, 0600);
    expect_refusal("names a key that can only verify");
    put("signing", "gone\n", 5, 0600);
    expect_refusal("names a key that is not here");
    put("signing", "", 0, 0600);
    expect_refusal("names a key that is not here");
    put_pem("own.es256.pem", EVP_EC_gen("P-256"), false, NULL);
    put("signing", "own", 3, 0600);
    expect_taken(2);
}

static size_t decoded(json_t *jwk, const char *name)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    assert_non_null(text);
    assert_null(strpbrk(text, "+/="));
    return strlen(text) * 6 / 8;
}

/* Public numbers only, and none of the secrets. */
static void test_jwks(void **state)
{
    (void)state;
    char kid[KID_ROOM];
    struct keys *keys;
    generate(KEY_HS256, kid);
    put_pem("ec.es256.pem", EVP_EC_gen("P-256"), false, NULL);
    put_pem("rsa.rs256.pub.pem", EVP_RSA_gen(2048), true, NULL);
    char *text = load(&keys);
    assert_non_null(keys);
    json_t *document = json_loads(keys->jwks, JSON_REJECT_DUPLICATES, NULL), *list = json_object_get(document, "keys");
    assert_int_equal(json_array_size(list), 2);
    json_t *ec = json_array_get(list, 0), *rsa = json_array_get(list, 1);
    assert_string_equal(json_string_value(json_object_get(ec, "kid")), "ec");
    assert_string_equal(json_string_value(json_object_get(ec, "kty")), "EC");
    assert_string_equal(json_string_value(json_object_get(ec, "crv")), "P-256");
    assert_string_equal(json_string_value(json_object_get(ec, "alg")), "ES256");
    assert_string_equal(json_string_value(json_object_get(ec, "use")), "sig");
    assert_int_equal(decoded(ec, "x"), 32);
    assert_int_equal(decoded(ec, "y"), 32);
    assert_int_equal(json_object_size(ec), 7);
    assert_string_equal(json_string_value(json_object_get(rsa, "kty")), "RSA");
    assert_int_equal(decoded(rsa, "n"), 256);
    assert_string_equal(json_string_value(json_object_get(rsa, "e")), "AQAB");
    assert_int_equal(json_object_size(rsa), 6);
    json_decref(document);
    keys_free(keys);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life_of_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_weak_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_jwks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
