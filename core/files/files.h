/* Where the bytes of files are kept: content-addressed, each organisation for itself. Knows no request and no permission.
 *
 *   <data_dir>/files/.new/<uuid>              being received, or left by a process that died
 *   <data_dir>/files/<tenant>/<aa>/<sha256>   kept (the first two digits make the folder); a bucket has the same names
 *
 * A row of core.file is written only after its bytes are durable; bytes without a row are an orphan, which the sweep takes after
 * a day. Whoever keeps and whoever sweeps hold the organisation's row of core.file_quota meanwhile. */
#ifndef FILES_FILES_H
#define FILES_FILES_H

#include "base/arena.h"
#include "base/config.h"
#include <ballium/status.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    FILES_MAX = 100 * 1024 * 1024, /* bytes of a file; nginx/server.conf says the same */
    FILES_PIECE = 64 * 1024,
    FILES_SHA256 = 65,
    FILES_MEDIA = 128,
    FILES_ORPHAN_AGE = 24 * 3600 /* seconds */
};

/* What went wrong, for the caller: BL_UNPROCESSABLE (infected), BL_TOO_LARGE, BL_UNAVAILABLE or BL_INTERNAL. */
struct files_problem {
    enum bl_status status;
    const char *code;
    char detail[256];
};

struct files; /* the store as the configuration has it; read-only, for all threads */
struct files *files_new(const struct config *, FILE *errors); /* NULL: printed. Free: files_free. */
void files_free(struct files *);

/* ---- a file on its way in: begin, add …, end, keep. What was not kept goes with the arena. False or NULL: `problem` says why.
 */

struct files_upload;
struct files_facts {
    char sha256[FILES_SHA256];
    int64_t size;
    char media_type[FILES_MEDIA]; /* by its bytes, whatever the sender called it */
    bool scanned;                 /* clean, by the scanner; false: there is none */
};

struct files_upload *files_begin(struct files *, struct arena *, struct files_problem *);
bool files_add(struct files_upload *, const char *bytes, size_t length, struct files_problem *);
/* All has come: scanned, hashed, on the disk. */
const struct files_facts *files_end(struct files_upload *, struct files_problem *);
/* Puts it where it belongs. Durable when this returns true. A store that is remote takes its time: keep before the transaction.
 */
bool files_keep(struct files_upload *, const char *tenant, struct files_problem *);
bool files_remote(const struct files *);

/* ---- on its way out */

/* What X-Accel-Redirect names: nginx sends it itself. NULL: the store is remote, use files_send. */
const char *files_inside(const struct files *, struct arena *, const char *tenant, const char *sha256);
/* Gives the bytes to `sink` piece by piece; false from it ends. */
bool files_send(const struct files *, const char *tenant, const char *sha256, bool (*sink)(void *, const char *, size_t),
                void *arg, struct files_problem *);

/* ---- care (sweep.c) */

struct db;
/* Takes what nobody needs any more: orphans and half-received files of more than a day. `db`: the worker's role. */
BL_MUST_CHECK enum bl_status files_sweep(const struct files *, struct db *, struct arena *, long long *taken);
/* Every row has its bytes, with its hash and size; every quota is the sum of its rows; orphans are named. A line each to `out`.
 * Reads every byte. How many rows are broken (orphans are not); -1: no answer from the database or the store. */
long files_verify(const struct files *, struct db *, FILE *out, long long *files, long long *orphans);

#endif
