/* Who is calling. Tokens, keys, passwords, sessions. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/config.h"
#include "base/ids.h"
#include <ballium/plugin.h>
#include <stdio.h>

struct auth; /* keys and settings; read-only after auth_new; made anew on SIGHUP */

/* Reads keys_dir (auth/keys.h says the layout). NULL after printing to `errors`. Free: auth_free. */
struct auth *auth_new(const struct config *, FILE *errors);
void auth_free(struct auth *);

/* A verified caller. */
struct auth_caller {
    char actor[UUID_TEXT];
    char session[UUID_TEXT]; /* "" for service clients */
    int64_t expires;         /* seconds since 1970 */
};

/* The whole Authorization header value ("Bearer …"). BL_OK, or BL_UNAUTHORIZED with `why` set to a constant RFC 6750 text
 * ("invalid_token: expired"), or to "" when the header (NULL: none) holds no bearer token: section 3 wants no error code then.
 * Uses a per-process cache of verified tokens; never logs the token. Thread-safe. */
BL_MUST_CHECK enum bl_status auth_verify(const struct auth *, const char *header, struct auth_caller *, const char **why);

/* /api/v1/auth/login, /refresh, /logout, /api/v1/me, /.well-known/jwks.json: absolute paths. Ends with a zeroed element. */
extern const struct bl_route auth_routes[];
void auth_use(const struct auth *); /* the one the routes work with, from now on; it must outlive their last request */

#endif
