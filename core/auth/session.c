/* Refresh tokens as text, and the network an attempt comes from. */
#include "auth/internal.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

enum { SECRET = 32, BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

void refresh_new(char out[REFRESH_ROOM])
{
    unsigned char secret[SECRET];
    randombytes_buf(secret, sizeof secret);
    char *at = stpcpy(out, REFRESH_PREFIX);
    sodium_bin2base64(at, REFRESH_ROOM - (size_t)(at - out), secret, sizeof secret, BASE64URL);
    sodium_memzero(secret, sizeof secret);
}

bool refresh_valid(const char *text)
{
    unsigned char secret[SECRET];
    size_t prefix = strlen(REFRESH_PREFIX), length;
    return strlen(text) == REFRESH_ROOM - 1 && strncmp(text, REFRESH_PREFIX, prefix) == 0 &&
           sodium_base642bin(secret, sizeof secret, text + prefix, strlen(text + prefix), NULL, &length, NULL, BASE64URL) == 0 &&
           length == SECRET;
}

void network_of(const char *address, char out[NETWORK_ROOM])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:a.b.c.d */
    unsigned char bytes[16];
    out[0] = '\0';
    if (!address)
        return;
    if (inet_pton(AF_INET, address, bytes) == 1) {
        inet_ntop(AF_INET, bytes, out, NETWORK_ROOM);
    } else if (inet_pton(AF_INET6, address, bytes) == 1) {
        if (memcmp(bytes, mapped, sizeof mapped) == 0) {
            inet_ntop(AF_INET, bytes + sizeof mapped, out, NETWORK_ROOM);
            return;
        }
        memset(bytes + 8, 0, 8);
        inet_ntop(AF_INET6, bytes, out, NETWORK_ROOM);
    }
}
