/* The secrets of service clients as text. */
#include "auth/internal.h"

#include <sodium.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { BASE = 62, RANDOM = 40, CHECK = 6, PREFIX = sizeof CLIENT_SECRET_PREFIX - 1 };
_Static_assert(PREFIX + RANDOM + CHECK + 1 == CLIENT_SECRET_ROOM, "room for a secret");

/* CRC-32 as zip and PNG have it, so that every scanner has one at hand. */
static uint32_t crc32_of(const char *text, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

static void put_check(const char *text, char out[CHECK + 1])
{
    uint32_t crc = crc32_of(text, PREFIX + RANDOM);
    for (int i = CHECK - 1; i >= 0; i--, crc /= BASE)
        out[i] = digits[crc % BASE];
    out[CHECK] = '\0';
}

void client_secret_new(char out[CLIENT_SECRET_ROOM])
{
    char *at = stpcpy(out, CLIENT_SECRET_PREFIX);
    for (int i = 0; i < RANDOM; i++)
        *at++ = digits[randombytes_uniform(BASE)];
    put_check(out, at);
}

bool client_secret_valid(const char *text)
{
    char check[CHECK + 1];
    if (strlen(text) != CLIENT_SECRET_ROOM - 1 || strncmp(text, CLIENT_SECRET_PREFIX, PREFIX) != 0 ||
        strspn(text + PREFIX, digits) != RANDOM + CHECK)
        return false;
    put_check(text, check);
    return strcmp(check, text + PREFIX + RANDOM) == 0;
}

void secret_hash(const char *secret, char out[SECRET_HASH_ROOM])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)secret, strlen(secret));
    out[0] = '\\';
    out[1] = 'x';
    sodium_bin2hex(out + 2, SECRET_HASH_ROOM - 2, hash, sizeof hash);
}
