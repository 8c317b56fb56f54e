#include "auth/keys.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool load_file(struct keys *keys, const char *dir, const char *file, FILE *errors)
{
    struct key key = {0};
    bool public_only;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (strcmp(file, "audit.ed25519") == 0) /* of the trail: signs no tokens */
        return true;
    bool named = key_file_name(file, key.kid, &key.algorithm, &public_only);
    if (named && key.algorithm == KEY_VAULT) /* vault.c reads it */
        return true;
    if (!named) {
        fprintf(errors,
                "%s: not a key: name it <kid>.es256.pem, .rs256.pem, .es256.pub.pem, .rs256.pub.pem, .hs256.key or .vault.key, "
                "or move it away\n",
                path);
        return false;
    }
    if (keys->count == KEYS_MAX) {
        fprintf(errors, "%s: more than %d keys: remove those that are no longer used\n", path, KEYS_MAX);
        return false;
    }
    if (keys_find(keys, key.kid)) {
        fprintf(errors, "%s: a second file of the kid %s: a kid stands for one key and one algorithm; remove one of them\n", path,
                key.kid);
        return false;
    }
    if (!key_read(&key, path, public_only, errors))
        return false;
    keys->list[keys->count++] = key;
    return true;
}

static bool load_files(struct keys *keys, const char *dir, FILE *errors)
{
    struct stat st;
    DIR *d = opendir(dir);
    if (!d || fstat(dirfd(d), &st) < 0) {
        fprintf(errors, "%s: cannot be read: %s; set keys_dir, make a key by `ballium key new`\n", dir, strerror(errno));
        if (d)
            closedir(d);
        return false;
    }
    bool good = true;
    if (st.st_mode & S_IWOTH) {
        fprintf(errors, "%s: others may write here: chmod o-w\n", dir);
        good = false;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "signing") != 0 && strcmp(e->d_name, "sealing") != 0)
            good &= load_file(keys, dir, e->d_name, errors);
    closedir(d);
    return good;
}

static int by_kid(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->kid, ((const struct key *)b)->kid);
}

static bool choose_signing(struct keys *keys, const char *dir, FILE *errors)
{
    char kid[KID_ROOM];
    bool chosen = key_chosen(dir, KEY_ES256, kid);
    keys->signing = keys_find(keys, kid);
    if (keys->signing && keys->signing->sign)
        return true;
    fprintf(errors, "%s/signing: %s: make a key by `ballium key new`, or choose one by `ballium key use KID`\n", dir,
            !chosen          ? "no key is chosen to sign"
            : !keys->signing ? "names a key that is not here"
                             : "names a key that can only verify");
    return false;
}

static bool make_jwks(struct keys *keys)
{
    size_t room = 16;
    for (size_t i = 0; i < keys->count; i++)
        room += keys->list[i].jwk ? strlen(keys->list[i].jwk) + 1 : 0;
    char *out = keys->jwks = malloc(room);
    if (!out)
        return false;
    out = stpcpy(out, "{\"keys\":[");
    const char *comma = "";
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i].jwk) {
            out = stpcpy(stpcpy(out, comma), keys->list[i].jwk);
            comma = ",";
        }
    stpcpy(out, "]}");
    return true;
}

struct keys *keys_load(const char *dir, FILE *errors)
{
    struct keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        return NULL;
    bool good = load_files(keys, dir, errors);
    qsort(keys->list, keys->count, sizeof *keys->list, by_kid);
    if (good && choose_signing(keys, dir, errors) && make_jwks(keys))
        return keys;
    keys_free(keys);
    return NULL;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        key_wipe(&keys->list[i]);
    free(keys->jwks);
    free(keys);
}

const struct key *keys_find(const struct keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->list[i].kid, kid) == 0)
            return &keys->list[i];
    return NULL;
}
