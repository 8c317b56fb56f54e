/* One key file: its name, its permissions, its content. */
#include "auth/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024, SECRET_MIN = 32, RSA_MIN = 2048, RSA_MAX = 8192 };

static const struct {
    const char *name, *suffix, *public_suffix;
} algorithms[] = {
    [KEY_ES256] = {"ES256", ".es256.pem", ".es256.pub.pem"},
    [KEY_RS256] = {"RS256", ".rs256.pem", ".rs256.pub.pem"},
    [KEY_HS256] = {"HS256", ".hs256.key", NULL},
    [KEY_VAULT] = {"VAULT", ".vault.key", NULL},
};

const char *key_algorithm_name(enum key_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

bool key_file_name(const char *file, char kid[KID_ROOM], enum key_algorithm *algorithm, bool *public_only)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strspn(file, allowed);
    if (length == 0 || length >= KID_ROOM)
        return false;
    for (int i = 0; i < KEY_ALGORITHMS; i++) {
        bool public = algorithms[i].public_suffix && strcmp(file + length, algorithms[i].public_suffix) == 0;
        if (!public && strcmp(file + length, algorithms[i].suffix) != 0)
            continue;
        memcpy(kid, file, length);
        kid[length] = '\0';
        *algorithm = (enum key_algorithm)i;
        *public_only = public;
        return true;
    }
    return false;
}

static bool refuse(FILE *errors, const char *path, const char *what)
{
    fprintf(errors, "%s: %s\n", path, what);
    return false;
}

static bool check_mode(const char *path, mode_t mode, bool public_only, FILE *errors)
{
    if (!S_ISREG(mode))
        return refuse(errors, path, "not a file: move it out of the folder of keys");
    if (mode & (S_IWGRP | S_IWOTH))
        return refuse(errors, path, "others may write it: chmod go-w");
    if (!public_only && (mode & S_IRWXO))
        return refuse(errors, path, "others may read this secret: chmod 600, and make a new key if anyone could have");
    return true;
}

/* The whole file; NULL after a line to `errors`. Free: free, after sodium_memzero. */
static unsigned char *slurp(const char *path, bool public_only, size_t *length, FILE *errors)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        fprintf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    unsigned char *bytes = NULL;
    if (check_mode(path, st.st_mode, public_only, errors)) {
        bytes = malloc(FILE_MAX + 1);
        ssize_t got = bytes ? read(fd, bytes, FILE_MAX + 1) : -1;
        if (got <= 0 || got > FILE_MAX) {
            refuse(errors, path, "empty, too long or unreadable: put a key of at most 16 KiB there");
            free(bytes);
            bytes = NULL;
        }
        *length = got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return bytes;
}

static unsigned char *copy_of(const void *bytes, size_t length)
{
    unsigned char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

/* 32 hexadecimal digits are 32 bytes of a file, but only 16 of a secret: such text is never taken as raw bytes. */
static bool read_secret(struct key *key, const char *path, unsigned char *bytes, size_t length, FILE *errors)
{
    size_t digits = length;
    while (digits > 0 && (bytes[digits - 1] == '\n' || bytes[digits - 1] == '\r'))
        digits--;
    size_t hex = 0;
    while (hex < digits && strchr("0123456789abcdefABCDEF", bytes[hex]) && bytes[hex] != '\0')
        hex++;
    if (hex == digits && sodium_hex2bin(bytes, digits, (const char *)bytes, digits, NULL, &length, NULL) != 0)
        return refuse(errors, path, "an odd number of hexadecimal digits: make a key by `ballium key new`");
    if (length < SECRET_MIN)
        return refuse(errors, path, "less than 32 random bytes (RFC 7518, 3.2): make a key by `ballium key new`");
    if (length >= 10 && memcmp(bytes, "-----BEGIN", 10) == 0)
        return refuse(errors, path,
                      "PEM, not a secret: name it .es256.pem or .rs256.pem, with .pub before .pem when it is public");
    key->verify = copy_of(bytes, length);
    key->verify_length = length;
    key->sign = copy_of(bytes, length);
    key->sign_length = length;
    return key->verify && key->sign;
}

/* A pass phrase is never asked for: a service has no terminal. */
static int no_pass_phrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool check_kind(EVP_PKEY *pkey, enum key_algorithm algorithm, const char *path, FILE *errors)
{
    char group[32] = "";
    if (algorithm == KEY_RS256) {
        int bits = EVP_PKEY_get_bits(pkey);
        if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || bits < RSA_MIN || bits > RSA_MAX)
            return refuse(errors, path, "not an RSA key of 2,048 to 8,192 bits: make one by `ballium key new rs256`");
    } else if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC || EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 ||
               strcmp(group, "prime256v1") != 0) {
        return refuse(errors, path, "not an EC key on P-256: make one by `ballium key new es256`");
    }
    return true;
}

/* The number as base64url, in `width` bytes (0: as many as it has). */
static bool add_number(json_t *jwk, const char *name, const EVP_PKEY *pkey, const char *parameter, int width)
{
    BIGNUM *n = NULL;
    unsigned char bytes[RSA_MAX / 8];
    char text[sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    if (EVP_PKEY_get_bn_param(pkey, parameter, &n) != 1)
        return false;
    int length = BN_bn2binpad(n, bytes, width ? width : BN_num_bytes(n));
    BN_free(n);
    if (length < 0)
        return false;
    sodium_bin2base64(text, sizeof text, bytes, (size_t)length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return json_object_set_new(jwk, name, json_string(text)) == 0;
}

static char *make_jwk(const struct key *key, const EVP_PKEY *pkey)
{
    bool ec = key->algorithm == KEY_ES256;
    json_t *jwk = json_pack("{s:s,s:s,s:s,s:s}", "kty", ec ? "EC" : "RSA", "use", "sig", "alg",
                            key_algorithm_name(key->algorithm), "kid", key->kid);
    bool good = jwk && (ec ? json_object_set_new(jwk, "crv", json_string("P-256")) == 0 &&
                                 add_number(jwk, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32) &&
                                 add_number(jwk, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32)
                           : add_number(jwk, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0) &&
                                 add_number(jwk, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0));
    char *text = good ? json_dumps(jwk, JSON_COMPACT) : NULL;
    json_decref(jwk);
    return text;
}

/* The public half as PEM, which is what a signature is verified with, whichever file it came from. */
static bool fill_public(struct key *key, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    long length = bio && PEM_write_bio_PUBKEY(bio, pkey) == 1 ? BIO_get_mem_data(bio, &pem) : 0;
    if (length > 0) {
        key->verify = copy_of(pem, (size_t)length);
        key->verify_length = (size_t)length;
    }
    BIO_free(bio);
    key->jwk = make_jwk(key, pkey);
    return key->verify && key->jwk;
}

static bool read_pem(struct key *key, const char *path, bool public_only, const unsigned char *bytes, size_t length, FILE *errors)
{
    BIO *bio = BIO_new_mem_buf(bytes, (int)length);
    EVP_PKEY *pkey = NULL;
    if (bio)
        pkey = public_only ? PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL)
                           : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
    BIO_free(bio);
    bool good = true;
    if (!pkey) {
        good =
            refuse(errors, path,
                   public_only ? "not a public key in PEM (BEGIN PUBLIC KEY)" : "not a private key in PEM without a pass phrase");
    } else if (check_kind(pkey, key->algorithm, path, errors)) {
        if (!public_only) {
            key->sign = copy_of(bytes, length);
            key->sign_length = length;
        }
        good = fill_public(key, pkey) && (public_only || key->sign) ? true : refuse(errors, path, "the key cannot be used");
    } else {
        good = false;
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good;
}

bool key_read(struct key *key, const char *path, bool public_only, FILE *errors)
{
    size_t length;
    unsigned char *bytes = slurp(path, public_only, &length, errors);
    if (!bytes)
        return false;
    bool secret = key->algorithm == KEY_HS256 || key->algorithm == KEY_VAULT;
    bool good = secret ? read_secret(key, path, bytes, length, errors) : read_pem(key, path, public_only, bytes, length, errors);
    sodium_memzero(bytes, FILE_MAX + 1);
    free(bytes);
    if (!good)
        key_wipe(key);
    return good;
}

void key_wipe(struct key *key)
{
    if (key->verify)
        sodium_memzero(key->verify, key->verify_length);
    if (key->sign)
        sodium_memzero(key->sign, key->sign_length);
    free(key->verify);
    free(key->sign);
    free(key->jwk);
    *key = (struct key){0};
}
