#include "jobs/tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512 };

/* POSIX.1-1988, ustar. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32],
        group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

bool tar_create(struct tar *t, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    *t = (struct tar){.file = fd < 0 ? NULL : fdopen(fd, "w")};
    return t->file != NULL;
}

static void put(struct tar *t, const void *bytes, size_t length)
{
    t->bad |= fwrite(bytes, 1, length, t->file) != length;
}

void tar_begin(struct tar *t, const char *name)
{
    static const struct header empty;
    t->start = ftello(t->file);
    t->size = 0;
    snprintf(t->name, sizeof t->name, "%s", name);
    crypto_hash_sha256_init(&t->hash);
    put(t, &empty, sizeof empty); /* the size is not known yet */
}

void tar_add(struct tar *t, const char *bytes, size_t length)
{
    crypto_hash_sha256_update(&t->hash, (const unsigned char *)bytes, length);
    t->size += (long long)length;
    put(t, bytes, length);
}

static unsigned sum_of(const struct header *h)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *h; i++)
        sum += ((const unsigned char *)h)[i];
    return sum;
}

void tar_end(struct tar *t, struct tar_part *part)
{
    static const char zeros[BLOCK];
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct header h = {
        .mode = "0000600", .uid = "0000000", .gid = "0000000", .mtime = "00000000000", .type = '0', .magic = "ustar"};
    put(t, zeros, (size_t)(-t->size & (BLOCK - 1)));
    memcpy(h.name, t->name, strlen(t->name));
    memcpy(h.version, "00", 2);
    snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)t->size);
    memset(h.checksum, ' ', sizeof h.checksum);
    snprintf(h.checksum, 7, "%06o", sum_of(&h));
    t->bad |= fseeko(t->file, t->start, SEEK_SET) != 0;
    put(t, &h, sizeof h);
    t->bad |= fseeko(t->file, 0, SEEK_END) != 0;
    crypto_hash_sha256_final(&t->hash, hash);
    *part = (struct tar_part){.size = t->size};
    snprintf(part->name, sizeof part->name, "%s", t->name);
    sodium_bin2hex(part->sha256, sizeof part->sha256, hash, sizeof hash);
}

bool tar_finish(struct tar *t)
{
    static const char zeros[2 * BLOCK];
    put(t, zeros, sizeof zeros);
    bool good = !t->bad && fflush(t->file) == 0 && fsync(fileno(t->file)) == 0;
    return (fclose(t->file) == 0) && good;
}

static bool take(const struct header *h, const char *content, size_t left, struct tar_part *part)
{
    struct header copy = *h;
    char *end;
    memset(copy.checksum, ' ', sizeof copy.checksum);
    if (sum_of(&copy) != strtoul(h->checksum, NULL, 8) || memcmp(h->magic, "ustar", 5) != 0 || h->type != '0')
        return false;
    long long size = strtoll(h->size, &end, 8);
    if (end != h->size + 11 || size < 0 || (unsigned long long)size > left || memchr(h->name, '\0', sizeof h->name) == NULL)
        return false;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)content, (unsigned long long)size);
    *part = (struct tar_part){.size = size, .bytes = content};
    memcpy(part->name, h->name, sizeof part->name);
    sodium_bin2hex(part->sha256, sizeof part->sha256, hash, sizeof hash);
    return true;
}

const char *tar_read(const char *bytes, size_t length, struct tar_part **parts, size_t *count)
{
    static const char zeros[BLOCK];
    size_t at = 0;
    *parts = NULL;
    for (*count = 0; at + BLOCK <= length && memcmp(bytes + at, zeros, BLOCK) != 0; ++*count) {
        struct tar_part *more = realloc(*parts, (*count + 1) * sizeof *more);
        if (!more)
            return "there is no memory for it";
        *parts = more;
        struct header h;
        memcpy(&h, bytes + at, sizeof h);
        at += BLOCK;
        if (!take(&h, bytes + at, length - at, &more[*count]))
            return "it is not an archive of ballium org export, or a part of it is missing";
        at += ((size_t)more[*count].size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return *count == 0 ? "it is empty" : NULL;
}
