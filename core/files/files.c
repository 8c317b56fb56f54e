#include "files/driver.h"

#include "base/ids.h"
#include "base/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct files_upload {
    struct files *files;
    int fd;
    char *path; /* NULL: it is nobody's to remove any more */
    struct files_facts facts;
    struct files_scan *scan; /* NULL: there is no scanner */
    crypto_hash_sha256_state hash;
    char head[FILES_PIECE]; /* its first bytes tell what it is */
    size_t head_length;
};

static const struct files_driver *const drivers[] = {&files_disk, &files_s3};

bool files_fail(struct files_problem *p, enum bl_status status, const char *code, const char *format, ...)
{
    p->status = status;
    p->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(p->detail, sizeof p->detail, format, args);
    va_end(args);
    return false;
}

bool files_is_name(const char *tenant, const char *sha256)
{
    return uuid_valid(tenant) && strlen(sha256) == FILES_SHA256 - 1 && strspn(sha256, "0123456789abcdef") == FILES_SHA256 - 1;
}

struct files *files_new(const struct config *config, FILE *errors)
{
    const char *wanted = config->file_store == NULL ? files_disk.name : config->file_store;
    const struct files_driver *driver = NULL;
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (strcmp(drivers[i]->name, wanted) == 0)
            driver = drivers[i];
    if (driver == NULL) {
        fprintf(errors, "file_store is `%s`: disk or s3\n", wanted);
        return NULL;
    }
    if (!driver->check(config, errors))
        return NULL;
    struct files *files = calloc(1, sizeof *files);
    if (files == NULL || asprintf(&files->root, "%s/files", config->data_dir == NULL ? "." : config->data_dir) < 0) {
        fputs("files: no memory\n", errors);
        free(files);
        return NULL;
    }
    files->config = config;
    files->driver = driver;
    pthread_mutex_init(&files->lock, NULL);
    return files;
}

void files_free(struct files *files)
{
    if (files == NULL)
        return;
    if (files->magic != NULL)
        magic_close(files->magic);
    pthread_mutex_destroy(&files->lock);
    free(files->root);
    free(files);
}

bool files_remote(const struct files *files)
{
    return files->driver->remote;
}

/* ---- in ---------------------------------------------------------------------------------------------------------------- */

static void let_go(void *arg)
{
    struct files_upload *u = arg;
    close(u->fd);
    if (u->path != NULL)
        unlink(u->path);
}

struct files_upload *files_begin(struct files *files, struct arena *arena, struct files_problem *problem)
{
    const char *socket = files->config->clamd_socket;
    struct files_upload *u = arena_alloc(arena, sizeof *u);
    u->files = files;
    u->fd = files_temp(files, arena, &u->path, problem);
    if (u->fd < 0)
        return NULL;
    arena_defer(arena, let_go, u);
    crypto_hash_sha256_init(&u->hash);
    if (socket != NULL && *socket != '\0' && (u->scan = files_scan_begin(socket, arena, problem)) == NULL)
        return NULL;
    return u;
}

static bool write_all(int fd, const char *bytes, size_t length, struct files_problem *problem)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            log_write(LOG_ERROR, "files", "a file cannot be written: %s", strerror(errno));
            return files_fail(problem, BL_UNAVAILABLE, "store_full",
                              "the file could not be stored, nothing was kept: try again later");
        }
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

bool files_add(struct files_upload *u, const char *bytes, size_t length, struct files_problem *problem)
{
    u->facts.size += (int64_t)length;
    if (u->facts.size > FILES_MAX)
        return files_fail(problem, BL_TOO_LARGE, "too_large", "a file may have %d MiB", FILES_MAX >> 20);
    crypto_hash_sha256_update(&u->hash, (const unsigned char *)bytes, length);
    size_t room = sizeof u->head - u->head_length, head = length < room ? length : room;
    memcpy(u->head + u->head_length, bytes, head);
    u->head_length += head;
    return write_all(u->fd, bytes, length, problem) && (u->scan == NULL || files_scan_add(u->scan, bytes, length, problem));
}

/* What the bytes are. What libmagic cannot tell is bytes. */
static void sniff(struct files_upload *u)
{
    struct files *files = u->files;
    const char *type = NULL;
    pthread_mutex_lock(&files->lock);
    if (files->magic == NULL) {
        files->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
        if (files->magic != NULL && magic_load(files->magic, NULL) != 0) {
            log_write(LOG_ERROR, "files", "libmagic cannot load its table: %s", magic_error(files->magic));
            magic_close(files->magic);
            files->magic = NULL;
        }
    }
    if (files->magic != NULL)
        type = magic_buffer(files->magic, u->head, u->head_length);
    bool usable = type != NULL && strlen(type) < FILES_MEDIA && strchr(type, '/') != NULL && strpbrk(type, " \r\n\";,") == NULL;
    snprintf(u->facts.media_type, FILES_MEDIA, "%s", usable ? type : "application/octet-stream");
    pthread_mutex_unlock(&files->lock);
}

const struct files_facts *files_end(struct files_upload *u, struct files_problem *problem)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    if (u->facts.size == 0) {
        files_fail(problem, BL_UNPROCESSABLE, "empty_file", "the body is empty: send the bytes of a file");
        return NULL;
    }
    if (u->scan != NULL && !files_scan_end(u->scan, problem))
        return NULL;
    u->facts.scanned = u->scan != NULL;
    if (fsync(u->fd) != 0) {
        log_write(LOG_ERROR, "files", "fsync: %s", strerror(errno));
        files_fail(problem, BL_UNAVAILABLE, "store_full", "the file could not be stored, nothing was kept: try again later");
        return NULL;
    }
    crypto_hash_sha256_final(&u->hash, hash);
    sodium_bin2hex(u->facts.sha256, sizeof u->facts.sha256, hash, sizeof hash);
    sniff(u);
    return &u->facts;
}

bool files_keep(struct files_upload *u, const char *tenant, struct files_problem *problem)
{
    if (!u->files->driver->put(u->files, u->fd, u->path, &u->facts, tenant, problem))
        return false;
    if (!u->files->driver->remote)
        u->path = NULL; /* it has its place now */
    return true;
}

/* ---- out --------------------------------------------------------------------------------------------------------------- */

const char *files_inside(const struct files *files, struct arena *arena, const char *tenant, const char *sha256)
{
    return files->driver->remote ? NULL : arena_format(arena, "/-files/%s/%.2s/%s", tenant, sha256, sha256);
}

bool files_send(const struct files *files, const char *tenant, const char *sha256, bool (*sink)(void *, const char *, size_t),
                void *arg, struct files_problem *problem)
{
    if (!files_is_name(tenant, sha256))
        return files_fail(problem, BL_INTERNAL, "bad_name", "a file has no name that it can be kept under");
    return files->driver->send(files, tenant, sha256, sink, arg, problem);
}
