/* Files below the data folder. */
#include "files/driver.h"

#include "base/ids.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FOLDER = 0750, FILE_MODE = 0640 }; /* the group is nginx's way in */

static bool unavailable(struct files_problem *problem, const char *what, const char *path)
{
    log_write(LOG_ERROR, "files", "%s %s: %s", what, path, strerror(errno));
    return files_fail(problem, BL_UNAVAILABLE, "store_unavailable",
                      "the store of files cannot be used right now: try again later");
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Makes the folder when it is not there, so that it outlives a power cut. */
static bool make_folder(const char *parent, const char *path)
{
    if (mkdir(path, FOLDER) != 0)
        return errno == EEXIST;
    return sync_folder(parent);
}

int files_temp(const struct files *files, struct arena *arena, char **path, struct files_problem *problem)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    char *folder = arena_format(arena, "%s/.new", files->root);
    char *name = arena_format(arena, "%s/%s", folder, id);
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0 && errno == ENOENT && files->config->data_dir != NULL && make_folder(files->config->data_dir, files->root) &&
        make_folder(files->root, folder))
        fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        unavailable(problem, "cannot make", name);
    *path = fd < 0 ? NULL : name;
    return fd;
}

static bool check(const struct config *config, FILE *errors)
{
    (void)config;
    (void)errors;
    return true; /* the folder is made when it is needed; `ballium doctor` looks at it */
}

static bool put(const struct files *files, int fd, const char *path, const struct files_facts *facts, const char *tenant,
                struct files_problem *problem)
{
    char top[PATH_MAX], folder[PATH_MAX], name[PATH_MAX];
    (void)fd;
    snprintf(top, sizeof top, "%s/%s", files->root, tenant);
    snprintf(folder, sizeof folder, "%s/%.2s", top, facts->sha256);
    if ((size_t)snprintf(name, sizeof name, "%s/%s", folder, facts->sha256) >= sizeof name)
        return files_fail(problem, BL_INTERNAL, "bad_name", "data_dir is too long a path");
    if (!make_folder(files->root, top) || !make_folder(top, folder))
        return unavailable(problem, "cannot make", folder);
    /* Over what may be there: it is the same, and its age begins anew. */
    if (rename(path, name) != 0 || !sync_folder(folder))
        return unavailable(problem, "cannot make", name);
    return true;
}

static bool fetch(const struct files *files, const char *tenant, const char *sha256, bool (*sink)(void *, const char *, size_t),
                  void *arg, struct files_problem *problem)
{
    char name[PATH_MAX], bytes[FILES_PIECE];
    snprintf(name, sizeof name, "%s/%s/%.2s/%s", files->root, tenant, sha256, sha256);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return files_fail(problem, BL_INTERNAL, "file_lost", "the bytes of this file are not in the store");
    if (fd < 0)
        return unavailable(problem, "cannot read", name);
    ssize_t n;
    bool good = true;
    while (good && (n = read(fd, bytes, sizeof bytes)) != 0)
        good = n > 0 ? sink(arg, bytes, (size_t)n) : unavailable(problem, "cannot read", name);
    close(fd);
    return good;
}

/* ---- walk -------------------------------------------------------------------------------------------------------------- */

static int64_t age_of(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (int64_t)time(NULL) - st.st_mtim.tv_sec : -1;
}

static DIR *open_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL && fd >= 0)
        close(fd);
    return dir;
}

static bool walk_tenant(DIR *top, const char *tenant, files_visit visit, void *arg)
{
    static const char digits[] = "0123456789abcdef";
    bool on = true;
    for (int i = 0; i < 256 && on; i++) {
        const char pair[] = {digits[i >> 4], digits[i & 15], '\0'};
        DIR *dir = open_folder(dirfd(top), pair);
        struct dirent *e;
        while (dir != NULL && on && (e = readdir(dir)) != NULL)
            if (files_is_name(tenant, e->d_name))
                on = visit(arg, tenant, e->d_name, age_of(dirfd(dir), e->d_name));
        if (dir != NULL)
            closedir(dir);
    }
    return on;
}

static bool walk(const struct files *files, files_visit visit, void *arg, struct files_problem *problem)
{
    DIR *root = open_folder(AT_FDCWD, files->root);
    struct dirent *e;
    bool on = true;
    if (root == NULL)
        return errno == ENOENT || unavailable(problem, "cannot read", files->root); /* nothing was ever kept */
    while (on && (e = readdir(root)) != NULL) {
        DIR *top = uuid_valid(e->d_name) ? open_folder(dirfd(root), e->d_name) : NULL;
        if (top == NULL)
            continue;
        on = walk_tenant(top, e->d_name, visit, arg);
        closedir(top);
    }
    closedir(root);
    return true;
}

static bool drop(const struct files *files, const char *tenant, const char *sha256, struct files_problem *problem)
{
    char name[PATH_MAX];
    struct stat st;
    snprintf(name, sizeof name, "%s/%s/%.2s/%s", files->root, tenant, sha256, sha256);
    if (stat(name, &st) == 0 && time(NULL) - st.st_mtim.tv_sec < FILES_ORPHAN_AGE)
        return true; /* sent again meanwhile */
    return unlink(name) == 0 || errno == ENOENT || unavailable(problem, "cannot remove", name);
}

void files_sweep_temp(const struct files *files, long long *taken)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/.new", files->root);
    DIR *dir = open_folder(AT_FDCWD, folder);
    struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL)
        if (uuid_valid(e->d_name) && age_of(dirfd(dir), e->d_name) > FILES_ORPHAN_AGE && unlinkat(dirfd(dir), e->d_name, 0) == 0)
            (*taken)++;
    if (dir != NULL)
        closedir(dir);
}

const struct files_driver files_disk = {.name = "disk", .check = check, .put = put, .send = fetch, .walk = walk, .drop = drop};
