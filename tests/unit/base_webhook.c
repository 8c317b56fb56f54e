/* Signatures of Standard Webhooks: the vectors that its reference libraries publish, keys that are none, and that a receiver's
 * public key verifies what its webhook signs. And which addresses a webhook may have. */
#include "base/fetch.h"
#include "base/webhook.h"
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT 1614265330LL
#define PAYLOAD "{\"test\": 2432232314}"
#define SECRET "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SIGNED "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define SEED "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
#define SIGNED_A "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="

static bool sign(const char *secret, const char *signing, const char *id, long long at, const char *payload,
                 char out[WEBHOOK_SIGNATURE_ROOM])
{
    return webhook_sign(&(struct webhook_key){secret, signing}, 1, id, at, payload, out);
}

static void the_published_vectors(void **state)
{
    (void)state;
    char out[WEBHOOK_SIGNATURE_ROOM];
    assert_true(sign("whsec_" SECRET, NULL, ID, AT, PAYLOAD, out));
    assert_string_equal(out, SIGNED);
    assert_true(sign(SECRET, SEED, ID, AT, PAYLOAD, out));
    assert_string_equal(out, SIGNED " " SIGNED_A);
    assert_true(sign("whsec_" SECRET, "whsk_" SEED, ID, AT, PAYLOAD, out));
    assert_string_equal(out, SIGNED " " SIGNED_A);
    assert_true(sign(SECRET, NULL, ID, AT + 1, PAYLOAD, out)); /* the moment is signed */
    assert_string_not_equal(out, SIGNED);
    assert_true(sign(SECRET, NULL, ID "x", AT, PAYLOAD, out)); /* and the id */
    assert_string_not_equal(out, SIGNED);
}

static void what_is_no_key_signs_nothing(void **state)
{
    (void)state;
    char out[WEBHOOK_SIGNATURE_ROOM];
    assert_false(sign("whsec_", NULL, ID, AT, PAYLOAD, out));
    assert_false(sign("whsec_c2hvcnQ=", NULL, ID, AT, PAYLOAD, out)); /* shorter than 24 bytes */
    assert_false(sign("whsec_!", NULL, ID, AT, PAYLOAD, out));
    assert_false(sign(SECRET, "whsk_" SECRET, ID, AT, PAYLOAD, out)); /* a seed has 32 bytes */
}

static void a_new_pair_belongs_together(void **state)
{
    (void)state;
    char secret[WEBHOOK_KEY_ROOM], other[WEBHOOK_KEY_ROOM], signing[WEBHOOK_KEY_ROOM], public[WEBHOOK_KEY_ROOM];
    char out[WEBHOOK_SIGNATURE_ROOM];
    unsigned char key[32], signature[64];
    webhook_new_secret(secret);
    webhook_new_secret(other);
    assert_int_equal(strncmp(secret, "whsec_", 6), 0);
    assert_int_equal(strlen(secret), 50);
    assert_string_not_equal(secret, other);
    webhook_new_pair(signing, public);
    assert_int_equal(strncmp(signing, "whsk_", 5), 0);
    assert_int_equal(strncmp(public, "whpk_", 5), 0);
    assert_true(sign(secret, signing, ID, AT, PAYLOAD, out));
    const char *at = strstr(out, " v1a,") + 5, *text = ID ".1614265330." PAYLOAD;
    assert_int_equal(sodium_base642bin(key, sizeof key, public + 5, 44, NULL, NULL, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    assert_int_equal(
        sodium_base642bin(signature, sizeof signature, at, strlen(at), NULL, NULL, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    assert_int_equal(crypto_sign_verify_detached(signature, (const unsigned char *)text, strlen(text), key), 0);
}

/* The specification: the header is a list, separated by spaces. */
static void two_keys_sign_side_by_side(void **state)
{
    (void)state;
    char out[WEBHOOK_SIGNATURE_ROOM], other[WEBHOOK_KEY_ROOM], expected[WEBHOOK_SIGNATURE_ROOM + 8],
        alone[WEBHOOK_SIGNATURE_ROOM];
    webhook_new_secret(other);
    assert_true(sign(other, NULL, ID, AT, PAYLOAD, alone));
    assert_true(webhook_sign((const struct webhook_key[]){{other, NULL}, {SECRET, SEED}}, 2, ID, AT, PAYLOAD, out));
    snprintf(expected, sizeof expected, "%s %s %s", alone, SIGNED, SIGNED_A);
    assert_string_equal(out, expected);
    assert_true(webhook_sign((const struct webhook_key[]){{SECRET, SEED}, {SECRET, SEED}}, 2, ID, AT, PAYLOAD, out));
    assert_int_equal(strlen(out), 2 * strlen(SIGNED " " SIGNED_A) + 1); /* the longest fits */
    assert_false(webhook_sign((const struct webhook_key[]){{SECRET, NULL}, {"whsec_!", NULL}}, 2, ID, AT, PAYLOAD, out));
    assert_false(webhook_sign((const struct webhook_key[]){{SECRET, NULL}}, 0, ID, AT, PAYLOAD, out)); /* by nobody */
}

static void addresses_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"http://example.org/",
                                      "ftp://example.org/",
                                      "file:///etc/passwd",
                                      "gopher://127.0.0.1/",
                                      "",
                                      "example",
                                      "https://",
                                      "https://user:pass@example.org/",
                                      "https://user@example.org/",
                                      "https://127.0.0.1/",
                                      "https://127.1/",
                                      "https://0/",
                                      "https://0.0.0.0/",
                                      "https://2130706433/",
                                      "https://0x7f000001/",
                                      "https://0177.0.0.1/",
                                      "https://10.0.0.1/",
                                      "https://172.16.0.1/",
                                      "https://192.168.1.1:8443/x",
                                      "https://169.254.169.254/latest/meta-data/",
                                      "https://100.64.0.1/",
                                      "https://224.0.0.1/",
                                      "https://255.255.255.255/",
                                      "https://[::1]/",
                                      "https://[::]/",
                                      "https://[::ffff:127.0.0.1]/",
                                      "https://[::ffff:10.0.0.1]/",
                                      "https://[::ffff:7f00:1]/",
                                      "https://[fe80::1]/",
                                      "https://[fe80::1%25eth0]/",
                                      "https://[fc00::1]/",
                                      "https://[64:ff9b::7f00:1]/",
                                      "https://[2002:7f00:1::]/",
                                      "https://exa mple.org/"};
    static const char *const good[] = {"https://example.org/hook?x=1", "https://1.1.1.1/", "https://[2606:4700::1111]:8443/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (fetch_refuses(bad[i], false) == NULL)
            fail_msg("not refused: %s", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (fetch_refuses(good[i], false) != NULL)
            fail_msg("refused: %s", good[i]);
    assert_null(fetch_refuses("http://127.0.0.1:8080/", true));
    assert_non_null(fetch_refuses("ftp://127.0.0.1/", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors),       cmocka_unit_test(what_is_no_key_signs_nothing),
        cmocka_unit_test(a_new_pair_belongs_together), cmocka_unit_test(two_keys_sign_side_by_side),
        cmocka_unit_test(addresses_that_are_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
