/* The keys that tokens are signed and verified with, and those that secrets are sealed under (vault.h): files of one folder, so
 * that rotation is copying and removing files.
 *
 *   <kid>.es256.pem      private key, EC P-256, PEM without a pass phrase: can sign and verify
 *   <kid>.rs256.pem      private key, RSA of at least 2,048 bits
 *   <kid>.es256.pub.pem  public key ("BEGIN PUBLIC KEY"): only verifies, such as that of an outside identity provider
 *   <kid>.rs256.pub.pem
 *   <kid>.hs256.key      at least 32 random bytes, as hexadecimal digits or as they are: can sign and verify
 *   <kid>.vault.key      32 random bytes, likewise: seals secrets in the database, and is no key for tokens
 *   signing              holds the kid of the key that signs
 *   sealing              holds the kid of the key that seals
 *
 * A kid is 1 to 64 of A-Z a-z 0-9 _ - and stands for one key, which has one algorithm: the file's name decides it, never the
 * token (RFC 8725, section 3.1). Secret files may be read by their owner and group only, and nothing here may be written by
 * others. */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include <ballium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum key_algorithm { KEY_ES256, KEY_RS256, KEY_HS256, KEY_VAULT, KEY_ALGORITHMS };
const char *key_algorithm_name(enum key_algorithm); /* "ES256" */

enum { KID_ROOM = 65, KEYS_MAX = 64 };

struct key {
    char kid[KID_ROOM];
    enum key_algorithm algorithm;
    unsigned char *verify; /* the secret, or the public key as PEM; never empty */
    size_t verify_length;
    unsigned char *sign; /* the secret, or the private key as PEM; NULL: only verifies */
    size_t sign_length;
    char *jwk; /* the public key as JSON (RFC 7517); NULL: it has none */
};

struct keys {
    struct key list[KEYS_MAX]; /* sorted by kid */
    size_t count;
    const struct key *signing;
    char *jwks; /* the document for /.well-known/jwks.json */
};

/* All of the folder or NULL, after printing each problem as a line "path: what, what to do" to `errors`. Free: keys_free. */
struct keys *keys_load(const char *dir, FILE *errors);
void keys_free(struct keys *);                                     /* overwrites the secrets */
const struct key *keys_find(const struct keys *, const char *kid); /* NULL: no such key */

/* keyfile.c: one file, read and checked. */
bool key_read(struct key *, const char *path, bool public_only, FILE *errors);
void key_wipe(struct key *);

/* keygen.c: what `ballium key` does. False after a line to `errors`. */
/* Makes the folder when it is missing. The first key that signs, and the first that seals, is chosen; when none seals yet, a key
 * for tokens brings one along. */
bool key_generate(const char *dir, enum key_algorithm, char kid[KID_ROOM], FILE *errors);
bool key_use(const char *dir, const char *kid, FILE *errors);    /* lets this one sign, or seal */
bool key_retire(const char *dir, const char *kid, FILE *errors); /* removes its file: what it signed is refused from then on */
bool key_kind(const char *dir, const char *kid, enum key_algorithm *, FILE *errors);
bool key_chosen(const char *dir, enum key_algorithm, char kid[KID_ROOM]); /* what `signing` or `sealing` says. False: no file */

/* Takes the name of a file apart: "k1.es256.pub.pem". False: not a key's. */
bool key_file_name(const char *file, char kid[KID_ROOM], enum key_algorithm *, bool *public_only);

#endif
