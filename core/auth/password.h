/* Passwords: argon2id by libsodium. */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <ballium/status.h>
#include <stdbool.h>

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 1024 }; /* bytes */
#define PASSWORD_HASH 128                        /* room for a hash as text and its NUL */

/* NULL: may be used; else what is wrong with it, for people. */
const char *password_objection(const char *password);

/* A new hash with a salt of its own. False: no memory, or (as for password_check) too many hashings at once. */
BL_MUST_CHECK bool password_hash(const char *password, char out[PASSWORD_HASH]);

/* `hash` NULL: there is no such account; takes the same time as a wrong password, and is one. At most two hashings run at once in
 * a process; PASSWORD_BUSY after a quarter of a second of waiting for that. Thread-safe. */
enum password_verdict { PASSWORD_WRONG, PASSWORD_RIGHT, PASSWORD_BUSY };
BL_MUST_CHECK enum password_verdict password_check(const char *hash, const char *password);

#endif
