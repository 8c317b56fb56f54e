/* Secrets that the database keeps for the service and that must be read again (a hash would not do): second factors, secrets
 * towards identity providers, keys of webhooks. They stand there sealed: encrypted by XChaCha20-Poly1305 under a key that is not
 * in the database, <keys_dir>/<kid>.vault.key. What a sealed secret belongs to is sealed with it, so that it opens nowhere else.
 *
 *   v1.<kid>.<base64url of nonce and ciphertext>
 *
 * Several keys may be there: the one that <keys_dir>/sealing names seals, the others still open. `ballium key` makes, chooses and
 * retires them, and seals anew what stands under an old one. */
#ifndef AUTH_VAULT_H
#define AUTH_VAULT_H

#include "auth/keys.h"

enum {
    VAULT_SECRET = 512, /* bytes of a secret, at most; it is text */
    VAULT_SEALED = 3 + KID_ROOM + (24 + VAULT_SECRET + 16) * 4 / 3 + 3
};

struct vault;

/* NULL after printing each problem to `errors`. Free: vault_free, which overwrites the keys. */
struct vault *vault_load(const char *dir, FILE *errors);
void vault_free(struct vault *);

/* Whose secret it is: "totp", nobody's tenant (""), the user; "webhook.secret", the tenant, the row. */
struct vault_place {
    const char *purpose, *tenant, *row;
};

/* False: longer than VAULT_SECRET. */
BL_MUST_CHECK bool vault_seal(const struct vault *, const struct vault_place *, const char *secret, char out[VAULT_SEALED]);

/* NULL: done. Else a constant that says why not, without the secret: its key is not here, or it was not sealed by that key for
 * that place. `out` is to be overwritten (sodium_memzero) when it was used. */
BL_MUST_CHECK const char *vault_open(const struct vault *, const struct vault_place *, const char *sealed,
                                     char out[VAULT_SECRET + 1]);
extern const char vault_no_key[]; /* that constant, when the key is not here: it may come back */

/* The kid of a sealed secret. False: it is none. */
bool vault_kid(const char *sealed, char kid[KID_ROOM]);
bool vault_has(const struct vault *, const char *kid);
const char *vault_sealing(const struct vault *);      /* the kid of the key that seals */
const char *vault_at(const struct vault *, size_t i); /* the i-th kid; NULL: no more */

#endif
