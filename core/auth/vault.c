#include "auth/vault.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    BOX = NONCE + VAULT_SECRET + TAG,
    PLACE = 256, /* of a place as text */
    BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};
#define VERSION "v1."
_Static_assert(VAULT_SEALED >= sizeof VERSION + KID_ROOM + sodium_base64_ENCODED_LEN(BOX, BASE64URL), "room for what is sealed");

const char vault_no_key[] = "the key that it is sealed under is not in keys_dir: put it back, or enter the secret anew";

struct vault {
    size_t count;
    const struct vault_key *sealing;
    struct vault_key {
        char kid[KID_ROOM];
        unsigned char secret[KEY];
    } list[KEYS_MAX];
};

/* ---- keys ---- */

static const struct vault_key *find(const struct vault *v, const char *kid)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->list[i].kid, kid) == 0)
            return &v->list[i];
    return NULL;
}

static bool load_file(struct vault *v, const char *dir, const char *file, const char *kid, FILE *errors)
{
    char path[4096];
    struct key key = {.algorithm = KEY_VAULT};
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (v->count == KEYS_MAX) {
        fprintf(errors, "%s: more than %d keys: retire those that nothing is sealed under\n", path, KEYS_MAX);
        return false;
    }
    if (!key_read(&key, path, false, errors))
        return false;
    bool good = key.verify_length == KEY;
    if (good) {
        struct vault_key *k = &v->list[v->count++];
        snprintf(k->kid, sizeof k->kid, "%s", kid);
        memcpy(k->secret, key.verify, KEY);
    } else {
        fprintf(errors, "%s: has %zu bytes where %d belong: make a key by `ballium key new vault`\n", path, key.verify_length,
                KEY);
    }
    key_wipe(&key);
    return good;
}

static bool load_files(struct vault *v, const char *dir, FILE *errors)
{
    DIR *d = opendir(dir);
    if (!d) {
        fprintf(errors, "%s: cannot be read: %s; set keys_dir, make a key by `ballium key new`\n", dir, strerror(errno));
        return false;
    }
    bool good = true;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char kid[KID_ROOM];
        enum key_algorithm algorithm;
        bool public_only;
        if (key_file_name(e->d_name, kid, &algorithm, &public_only) && algorithm == KEY_VAULT)
            good &= load_file(v, dir, e->d_name, kid, errors);
    }
    closedir(d);
    return good;
}

struct vault *vault_load(const char *dir, FILE *errors)
{
    char kid[KID_ROOM];
    struct vault *v = sodium_init() < 0 ? NULL : calloc(1, sizeof *v);
    if (!v)
        return NULL;
    bool good = load_files(v, dir, errors), chosen = good && key_chosen(dir, KEY_VAULT, kid);
    v->sealing = chosen ? find(v, kid) : NULL;
    if (v->sealing)
        return v;
    if (good)
        fprintf(errors, "%s/sealing: %s: make a key by `ballium key new vault`, or choose one by `ballium key use KID`\n", dir,
                chosen ? "names a key that is not here" : "no key is chosen to seal secrets in the database");
    vault_free(v);
    return NULL;
}

void vault_free(struct vault *v)
{
    if (v)
        sodium_memzero(v, sizeof *v);
    free(v);
}

bool vault_has(const struct vault *v, const char *kid)
{
    return find(v, kid) != NULL;
}

const char *vault_sealing(const struct vault *v)
{
    return v->sealing->kid;
}

const char *vault_at(const struct vault *v, size_t i)
{
    return i < v->count ? v->list[i].kid : NULL;
}

/* ---- secrets ---- */

static size_t text_of(const struct vault_place *place, const char *kid, char out[PLACE])
{
    return (size_t)snprintf(out, PLACE, "ballium.vault/1\n%s\n%s\n%s\n%s\n", place->purpose, place->tenant, place->row, kid);
}

bool vault_seal(const struct vault *v, const struct vault_place *place, const char *secret, char out[VAULT_SEALED])
{
    unsigned char box[BOX];
    char where[PLACE];
    unsigned long long sealed;
    size_t length = strlen(secret), about = text_of(place, v->sealing->kid, where);
    if (length > VAULT_SECRET || about >= PLACE)
        return false;
    randombytes_buf(box, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, &sealed, (const unsigned char *)secret, length,
                                               (const unsigned char *)where, about, NULL, box, v->sealing->secret);
    char *at = stpcpy(stpcpy(stpcpy(out, VERSION), v->sealing->kid), ".");
    sodium_bin2base64(at, VAULT_SEALED - (size_t)(at - out), box, NONCE + (size_t)sealed, BASE64URL);
    return true;
}

bool vault_kid(const char *sealed, char kid[KID_ROOM])
{
    const size_t skip = sizeof VERSION - 1;
    if (strncmp(sealed, VERSION, skip) != 0)
        return false;
    size_t length = strcspn(sealed + skip, ".");
    if (length == 0 || length >= KID_ROOM || sealed[skip + length] != '.')
        return false;
    memcpy(kid, sealed + skip, length);
    kid[length] = '\0';
    return true;
}

const char *vault_open(const struct vault *v, const struct vault_place *place, const char *sealed, char out[VAULT_SECRET + 1])
{
    static const char broken[] = "it was not sealed for this place, or was changed since: enter the secret anew";
    char kid[KID_ROOM], where[PLACE];
    unsigned char box[BOX];
    size_t length;
    unsigned long long opened;
    if (!vault_kid(sealed, kid))
        return broken;
    const struct vault_key *key = find(v, kid);
    if (!key)
        return vault_no_key;
    const char *text = strrchr(sealed, '.') + 1;
    size_t about = text_of(place, kid, where);
    if (about >= PLACE || sodium_base642bin(box, sizeof box, text, strlen(text), NULL, &length, NULL, BASE64URL) != 0 ||
        length < NONCE + TAG ||
        crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out, &opened, NULL, box + NONCE, length - NONCE,
                                                   (const unsigned char *)where, about, box, key->secret) != 0)
        return broken;
    out[opened] = '\0';
    return NULL;
}
