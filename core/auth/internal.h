/* What the files of auth/ share and nobody else sees. */
#ifndef AUTH_INTERNAL_H
#define AUTH_INTERNAL_H

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/token.h"

struct auth {
    struct keys *keys;
    struct cache *cache; /* lives and dies with the keys, so that it cannot outlive a retired one */
    char *issuer, *audience;
    struct token_terms terms; /* of the three above */
    long access_ttl, refresh_ttl;
};

/* auth_verify at a given time, in seconds since 1970. */
BL_MUST_CHECK enum bl_status auth_verify_at(const struct auth *, const char *header, int64_t now, struct auth_caller *,
                                            const char **why);

const struct auth *auth_current(void); /* what auth_use was given last */

/* Refresh tokens: "blr_" and 32 random bytes as base64url: a prefix that secret scanners can look for. */
#define REFRESH_PREFIX "blr_"
enum { REFRESH_ROOM = 4 + 43 + 1, REFRESH_HASH_ROOM = 2 + 64 + 1 };
void refresh_new(char out[REFRESH_ROOM]);
bool refresh_valid(const char *text);                              /* has the shape of one */
void refresh_hash(const char *token, char out[REFRESH_HASH_ROOM]); /* its SHA-256 as a bytea literal, "\x…" */

/* The network that an attempt is counted for: an IPv4 address, the /64 of an IPv6 one (a subscriber has all of it); "" for
 * anything else. */
enum { NETWORK_ROOM = 48 };
void network_of(const char *address, char out[NETWORK_ROOM]);

#endif
