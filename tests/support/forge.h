/* Tokens as an attacker would write them: any header, any claims, signed with any key by any algorithm. Uses no code of the core.
 */
#ifndef SUPPORT_FORGE_H
#define SUPPORT_FORGE_H

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum forge_mac { FORGE_HS256, FORGE_ASYMMETRIC, FORGE_NOTHING };

static inline char *forge_base64(const void *bytes, size_t length)
{
    size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(malloc(room), room, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* ES256 signatures are r and s, 32 bytes each (RFC 7518, 3.4); OpenSSL gives DER. */
static inline size_t forge_raw_ecdsa(unsigned char *signature, size_t length)
{
    const unsigned char *at = signature;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)length);
    unsigned char raw[64];
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    memcpy(signature, raw, sizeof raw);
    return sizeof raw;
}

static inline size_t forge_asymmetric(const void *pem, size_t length, const char *input, unsigned char *out, size_t room)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey);
    EVP_DigestSign(context, out, &room, (const unsigned char *)input, strlen(input));
    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC)
        room = forge_raw_ecdsa(out, room);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return room;
}

/* Free: free. */
static inline char *forge(const char *header, const char *claims, enum forge_mac mac, const void *key, size_t key_length)
{
    char *h = forge_base64(header, strlen(header)), *c = forge_base64(claims, strlen(claims));
    size_t room = strlen(h) + strlen(c) + 2048;
    char *text = malloc(room);
    size_t length = (size_t)snprintf(text, room, "%s.%s", h, c);
    unsigned char signature[1024];
    size_t n = 0;
    if (mac == FORGE_HS256) {
        crypto_auth_hmacsha256_state s;
        crypto_auth_hmacsha256_init(&s, key, key_length);
        crypto_auth_hmacsha256_update(&s, (const unsigned char *)text, strlen(text));
        crypto_auth_hmacsha256_final(&s, signature);
        n = 32;
    } else if (mac == FORGE_ASYMMETRIC) {
        n = forge_asymmetric(key, key_length, text, signature, sizeof signature);
    }
    char *s = forge_base64(signature, n);
    snprintf(text + length, room - length, ".%s", s);
    free(h);
    free(c);
    free(s);
    return text;
}

#endif
