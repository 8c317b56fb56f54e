#include "audit/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static size_t text_of(const struct checkpoint *c, char out[512])
{
    char root[2 * MERKLE_HASH + 1];
    sodium_bin2hex(root, sizeof root, c->root, MERKLE_HASH);
    return (size_t)snprintf(out, 512, "ballium.checkpoint/1\n%s\n%llu\n%llu\n%s\n%lld\n", c->tenant, (unsigned long long)c->size,
                            (unsigned long long)c->previous, root, (long long)c->at);
}

void checkpoint_sign(struct checkpoint *c, const struct checkpoint_key *k)
{
    char text[512];
    size_t length = text_of(c, text);
    memcpy(c->key, k->key, sizeof c->key);
    crypto_sign_detached(c->signature, NULL, (const unsigned char *)text, length, k->secret);
}

bool checkpoint_verify(const struct checkpoint *c)
{
    char text[512];
    size_t length = text_of(c, text);
    return crypto_sign_verify_detached(c->signature, (const unsigned char *)text, length, c->key) == 0;
}

/* The seed, 64 hexadecimal digits and a line feed. */
static bool make_seed(const char *path, FILE *errors)
{
    unsigned char seed[crypto_sign_SEEDBYTES];
    char text[2 * crypto_sign_SEEDBYTES + 2];
    randombytes_buf(seed, sizeof seed);
    sodium_bin2hex(text, sizeof text, seed, sizeof seed);
    strcat(text, "\n");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return true; /* another worker was faster */
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    if (!good)
        fprintf(errors, "%s: cannot be written: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(text, sizeof text);
    return good;
}

bool checkpoint_key_load(const char *keys_dir, bool make, struct checkpoint_key *out, FILE *errors)
{
    char path[4096], text[2 * crypto_sign_SEEDBYTES + 1] = "";
    unsigned char seed[crypto_sign_SEEDBYTES];
    size_t length = 0;
    snprintf(path, sizeof path, "%s/audit.ed25519", keys_dir);
    if (make && access(path, F_OK) != 0 && !make_seed(path, errors))
        return false;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(errors, "%s: %s: `ballium audit key` makes one\n", path, strerror(errno));
        return false;
    }
    size_t got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    bool good = sodium_hex2bin(seed, sizeof seed, text, got, NULL, &length, NULL) == 0 && length == sizeof seed;
    if (good)
        crypto_sign_seed_keypair(out->key, out->secret, seed);
    else
        fprintf(errors, "%s: is no key: must be 64 hexadecimal digits\n", path);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(text, sizeof text);
    return good;
}
