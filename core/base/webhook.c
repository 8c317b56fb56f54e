#include "base/webhook.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 32, SECRET_MAX = 64, SECRET_MIN = 24 };

static void put_base64(char *out, size_t room, const unsigned char *bytes, size_t length)
{
    sodium_bin2base64(out, room, bytes, length, sodium_base64_VARIANT_ORIGINAL);
}

static void put_key(char out[WEBHOOK_KEY_ROOM], const char *prefix, const unsigned char key[KEY])
{
    char *at = stpcpy(out, prefix);
    put_base64(at, WEBHOOK_KEY_ROOM - strlen(prefix), key, KEY);
}

void webhook_new_secret(char out[WEBHOOK_KEY_ROOM])
{
    unsigned char key[KEY];
    randombytes_buf(key, sizeof key);
    put_key(out, "whsec_", key);
    sodium_memzero(key, sizeof key);
}

void webhook_new_pair(char signing[WEBHOOK_KEY_ROOM], char public[WEBHOOK_KEY_ROOM])
{
    unsigned char seed[crypto_sign_SEEDBYTES], secret[crypto_sign_SECRETKEYBYTES], open[crypto_sign_PUBLICKEYBYTES];
    randombytes_buf(seed, sizeof seed);
    crypto_sign_seed_keypair(open, secret, seed);
    put_key(signing, "whsk_", seed);
    put_key(public, "whpk_", open);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
}

static bool take_key(const char *text, const char *prefix, unsigned char *out, size_t room, size_t *length)
{
    size_t skip = strncmp(text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    return sodium_base642bin(out, room, text + skip, strlen(text + skip), NULL, length, NULL, sodium_base64_VARIANT_ORIGINAL) ==
           0;
}

static bool put_hmac(const char *secret, const char *text, size_t length, char out[45])
{
    unsigned char key[SECRET_MAX], sum[crypto_auth_hmacsha256_BYTES];
    size_t size;
    crypto_auth_hmacsha256_state state;
    bool good = take_key(secret, "whsec_", key, sizeof key, &size) && size >= SECRET_MIN;
    if (good) {
        crypto_auth_hmacsha256_init(&state, key, size);
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, length);
        crypto_auth_hmacsha256_final(&state, sum);
        put_base64(out, 45, sum, sizeof sum);
    }
    sodium_memzero(key, sizeof key);
    return good;
}

static bool put_ed25519(const char *signing, const char *text, size_t length, char out[89])
{
    unsigned char seed[crypto_sign_SEEDBYTES], secret[crypto_sign_SECRETKEYBYTES], open[crypto_sign_PUBLICKEYBYTES],
        signature[crypto_sign_BYTES];
    size_t size;
    bool good = take_key(signing, "whsk_", seed, sizeof seed, &size) && size == sizeof seed;
    if (good) {
        crypto_sign_seed_keypair(open, secret, seed);
        crypto_sign_detached(signature, NULL, (const unsigned char *)text, length, secret);
        put_base64(out, 89, signature, sizeof signature);
    }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    return good;
}

bool webhook_sign(const struct webhook_key *keys, int count, const char *id, long long at, const char *payload,
                  char out[WEBHOOK_SIGNATURE_ROOM])
{
    char hmac[45], ed25519[89], *text, *end = out;
    int length = asprintf(&text, "%s.%lld.%s", id, at, payload);
    bool good = length >= 0 && count >= 1 && count <= WEBHOOK_KEYS;
    for (int i = 0; good && i < count; i++) {
        const char *signing = keys[i].signing;
        good = put_hmac(keys[i].secret, text, (size_t)length, hmac) &&
               (!signing || put_ed25519(signing, text, (size_t)length, ed25519));
        if (good)
            end += sprintf(end, "%sv1,%s%s%s", i > 0 ? " " : "", hmac, signing ? " v1a," : "", signing ? ed25519 : "");
    }
    if (length >= 0)
        free(text);
    return good;
}
