/* Codes of an authenticator (RFC 6238), made by other code than what checks them. */
#ifndef SUPPORT_OTP_H
#define SUPPORT_OTP_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static inline size_t otp_decode(const char *base32, unsigned char out[64])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    size_t n = 0;
    for (int have = 0; *base32 != '\0'; base32++) {
        bits = bits << 5 | (uint32_t)(strchr(letters, *base32) - letters);
        have += 5;
        if (have >= 8)
            out[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return n;
}

/* The code of `offset` steps from now. */
static inline void otp_code(const char *base32, int offset, char out[8])
{
    unsigned char key[64], message[8], mac[20];
    uint64_t step = (uint64_t)(time(NULL) / 30 + offset);
    for (int i = 7; i >= 0; i--, step >>= 8)
        message[i] = (unsigned char)step;
    HMAC(EVP_sha1(), key, (int)otp_decode(base32, key), message, sizeof message, mac, NULL);
    const unsigned char *at = mac + (mac[19] & 15);
    uint32_t value = ((uint32_t)at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(out, 8, "%06u", value % 1000000);
}

#endif
