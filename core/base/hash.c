/* SipHash-2-4 (libsodium), keyed anew in each process: an outsider who chooses the keys of a table
 * cannot choose its collisions. */
#include "base/ids.h"

#include <pthread.h>
#include <sodium.h>

static unsigned char key[crypto_shorthash_KEYBYTES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
    randombytes_buf(key, sizeof key);
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t value = 0;
    pthread_once(&once, make_key);
    crypto_shorthash(out, bytes, length, key);
    for (size_t i = 0; i < sizeof out; i++)
        value = value << 8 | out[i];
    return value;
}
