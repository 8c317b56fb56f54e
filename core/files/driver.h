/* Where bytes can be kept. One row of drivers[] for each kind of store. */
#ifndef FILES_DRIVER_H
#define FILES_DRIVER_H

#include "files/files.h"
#include <magic.h>
#include <pthread.h>

struct files_driver;

struct files {
    const struct config *config;
    const struct files_driver *driver;
    char *root;           /* <data_dir>/files */
    pthread_mutex_t lock; /* of the cookie: libmagic's is for one thread at a time */
    magic_t magic;        /* NULL: not loaded yet */
};

/* Of one kept object. False ends the walk. */
typedef bool (*files_visit)(void *arg, const char *tenant, const char *sha256, int64_t age_seconds);

struct files_driver {
    const char *name;
    bool remote;
    bool (*check)(const struct config *, FILE *errors); /* are its settings complete? */
    bool (*put)(const struct files *, int fd, const char *path, const struct files_facts *, const char *tenant,
                struct files_problem *);
    bool (*send)(const struct files *, const char *tenant, const char *sha256, bool (*sink)(void *, const char *, size_t),
                 void *arg, struct files_problem *);
    bool (*walk)(const struct files *, files_visit, void *arg, struct files_problem *);
    bool (*drop)(const struct files *, const char *tenant, const char *sha256, struct files_problem *);
};
extern const struct files_driver files_disk, files_s3;

/* Always false: `return files_fail(…)`. */
bool files_fail(struct files_problem *, enum bl_status, const char *code, const char *format, ...) BL_PRINTF(4, 5);
bool files_is_name(const char *tenant, const char *sha256); /* a UUID and 64 small hexadecimal digits */

/* disk.c */
int files_temp(const struct files *, struct arena *, char **path, struct files_problem *); /* -1: told */
void files_sweep_temp(const struct files *, long long *taken);

/* scan.c: one conversation with clamd. */
struct files_scan;
struct files_scan *files_scan_begin(const char *path, struct arena *, struct files_problem *);
bool files_scan_add(struct files_scan *, const char *bytes, size_t length, struct files_problem *);
bool files_scan_end(struct files_scan *, struct files_problem *); /* false also when it found something (BL_UNPROCESSABLE) */

#endif
