/* Archives of parts, each with its SHA-256: POSIX ustar, plain files only, so that any tar can open one. */
#ifndef JOBS_TAR_H
#define JOBS_TAR_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TAR_NAME = 100, TAR_SHA256 = 65 };

struct tar { /* being written; a part at a time */
    FILE *file;
    long long start, size; /* of the part's header, of its content so far */
    char name[TAR_NAME];
    crypto_hash_sha256_state hash;
    bool bad; /* sticky: something could not be written */
};

struct tar_part {
    char name[TAR_NAME], sha256[TAR_SHA256];
    long long size, rows;
    const char *bytes; /* of one that was read; not NUL-terminated */
};

bool tar_create(struct tar *, const char *path); /* a new file, for the owner alone. False: errno */
void tar_begin(struct tar *, const char *name);
void tar_add(struct tar *, const char *bytes, size_t length);
void tar_end(struct tar *, struct tar_part *); /* its name, size and hash; rows are the caller's */
bool tar_finish(struct tar *);                 /* all of it is on the disk; else the caller removes the file */

/* Takes the archive in `bytes` apart; parts[] is made by malloc. NULL, or what is wrong with it. */
const char *tar_read(const char *bytes, size_t length, struct tar_part **parts, size_t *count);

#endif
