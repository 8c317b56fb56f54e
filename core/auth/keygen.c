/* Making, choosing and retiring keys. */
#include "auth/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RSA_BITS = 3072, SECRET_BYTES = 32, PATH_ROOM = 4096 };

static bool fail(FILE *errors, const char *path)
{
    fprintf(errors, "%s: %s\n", path, strerror(errno));
    return false;
}

/* A file of secrets, complete or not there at all. Made by root it belongs to whom the folder belongs: the service. */
static bool write_secret(const char *dir, const char *file, const char *text, size_t length, FILE *errors)
{
    char path[PATH_ROOM], temporary[PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    snprintf(temporary, sizeof temporary, "%s/.new-%ld", dir, (long)getpid());
    struct stat st;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(errors, temporary);
    bool good = stat(dir, &st) == 0 && (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0) &&
                write(fd, text, length) == (ssize_t)length && fsync(fd) == 0;
    good = close(fd) == 0 && good && rename(temporary, path) == 0;
    if (good)
        return true;
    fail(errors, path);
    unlink(temporary);
    return false;
}

/* Memory of the BIO is the secret heap's or plain: BIO_s_secmem overwrites it when it is freed. */
static BIO *new_private_pem(enum key_algorithm algorithm)
{
    EVP_PKEY *pkey = algorithm == KEY_RS256 ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_secmem());
    if (!pkey || !bio || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        bio = NULL;
    }
    EVP_PKEY_free(pkey);
    return bio;
}

/* The date says at a glance which key is old. */
static void make_kid(char kid[KID_ROOM])
{
    time_t now = time(NULL);
    struct tm day;
    unsigned char random[4];
    char hex[2 * sizeof random + 1], date[16];
    gmtime_r(&now, &day);
    strftime(date, sizeof date, "%Y%m%d", &day);
    randombytes_buf(random, sizeof random);
    snprintf(kid, KID_ROOM, "%s-%s", date, sodium_bin2hex(hex, sizeof hex, random, sizeof random));
}

static bool write_key(const char *dir, enum key_algorithm algorithm, const char *kid, FILE *errors)
{
    static const char *const suffixes[] = {
        [KEY_ES256] = "es256.pem", [KEY_RS256] = "rs256.pem", [KEY_HS256] = "hs256.key", [KEY_VAULT] = "vault.key"};
    char file[KID_ROOM + 16];
    snprintf(file, sizeof file, "%s.%s", kid, suffixes[algorithm]);
    if (algorithm == KEY_HS256 || algorithm == KEY_VAULT) {
        unsigned char secret[SECRET_BYTES];
        char hex[2 * SECRET_BYTES + 2];
        randombytes_buf(secret, sizeof secret);
        sodium_bin2hex(hex, sizeof hex, secret, sizeof secret);
        hex[2 * SECRET_BYTES] = '\n';
        bool good = write_secret(dir, file, hex, sizeof hex - 1, errors);
        sodium_memzero(secret, sizeof secret);
        sodium_memzero(hex, sizeof hex);
        return good;
    }
    BIO *bio = new_private_pem(algorithm);
    char *pem;
    long length = bio ? BIO_get_mem_data(bio, &pem) : 0;
    bool good = length > 0 ? write_secret(dir, file, pem, (size_t)length, errors)
                           : (fprintf(errors, "%s/%s: OpenSSL could not make a key\n", dir, file), false);
    BIO_free(bio);
    return good;
}

/* The file that names the chosen key of this kind. */
static void chooser(const char *dir, enum key_algorithm algorithm, char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "%s/%s", dir, algorithm == KEY_VAULT ? "sealing" : "signing");
}

bool key_chosen(const char *dir, enum key_algorithm algorithm, char kid[KID_ROOM])
{
    char path[PATH_ROOM];
    chooser(dir, algorithm, path);
    kid[0] = '\0';
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    if (fgets(kid, KID_ROOM, f))
        kid[strcspn(kid, "\r\n")] = '\0';
    fclose(f);
    return true;
}

bool key_generate(const char *dir, enum key_algorithm algorithm, char kid[KID_ROOM], FILE *errors)
{
    char path[PATH_ROOM], vault[KID_ROOM];
    if (sodium_init() < 0 || (mkdir(dir, 0700) < 0 && errno != EEXIST))
        return fail(errors, dir);
    make_kid(kid);
    if (!write_key(dir, algorithm, kid, errors))
        return false;
    chooser(dir, algorithm, path);
    if (access(path, F_OK) != 0 && !key_use(dir, kid, errors)) /* the first one is chosen */
        return false;
    chooser(dir, KEY_VAULT, path);
    return access(path, F_OK) == 0 || key_generate(dir, KEY_VAULT, vault, errors);
}

/* The file of a kid; false after a line to `errors`. */
static bool find_file(const char *dir, const char *wanted, char path[PATH_ROOM], enum key_algorithm *algorithm, bool *public_only,
                      FILE *errors)
{
    DIR *d = opendir(dir);
    if (!d)
        return fail(errors, dir);
    bool found = false;
    for (struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        char kid[KID_ROOM];
        found = key_file_name(e->d_name, kid, algorithm, public_only) && strcmp(kid, wanted) == 0;
        if (found)
            snprintf(path, PATH_ROOM, "%s/%s", dir, e->d_name);
    }
    closedir(d);
    if (!found)
        fprintf(errors, "%s: there is no key %s: see `ballium key list`\n", dir, wanted);
    return found;
}

bool key_kind(const char *dir, const char *kid, enum key_algorithm *algorithm, FILE *errors)
{
    char path[PATH_ROOM];
    bool public_only;
    return find_file(dir, kid, path, algorithm, &public_only, errors);
}

bool key_use(const char *dir, const char *kid, FILE *errors)
{
    char path[PATH_ROOM], line[KID_ROOM + 1];
    enum key_algorithm algorithm;
    bool public_only;
    if (!find_file(dir, kid, path, &algorithm, &public_only, errors))
        return false;
    if (public_only) {
        fprintf(errors, "%s: can only verify: choose a private key or a secret\n", path);
        return false;
    }
    int length = snprintf(line, sizeof line, "%s\n", kid);
    return write_secret(dir, algorithm == KEY_VAULT ? "sealing" : "signing", line, (size_t)length, errors);
}

bool key_retire(const char *dir, const char *kid, FILE *errors)
{
    char path[PATH_ROOM], chosen[KID_ROOM];
    enum key_algorithm algorithm;
    bool public_only;
    if (!find_file(dir, kid, path, &algorithm, &public_only, errors))
        return false;
    if (!key_chosen(dir, algorithm, chosen) || strcmp(chosen, kid) != 0)
        return unlink(path) == 0 || fail(errors, path);
    fprintf(errors,
            algorithm == KEY_VAULT
                ? "%s: seals: choose another one first by `ballium key use KID`, seal anew what stands under this "
                  "one by `ballium key reseal`, then retire it\n"
                : "%s: signs: choose another one first by `ballium key use KID`, let it sign until the old "
                  "tokens have expired, then retire this one\n",
            path);
    return false;
}
