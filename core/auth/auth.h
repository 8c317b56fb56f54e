/* Who is calling. Tokens, keys, passwords, sessions. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/vault.h"
#include "base/arena.h"
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
    char session[UUID_TEXT];      /* "" for service clients */
    char organisation[UUID_TEXT]; /* the only one that the token opens; "": all that the actor is a member of */
    int64_t expires;              /* seconds since 1970 */
    int64_t authenticated;        /* when the person last proved who they are, in seconds since 1970; 0: not known */
    bool client;                  /* a service client */
    bool two_factor;              /* with a second factor */
    bool scoped;                  /* the token is good for a part of what the client may: auth_scope says which */
};

/* The whole Authorization header value ("Bearer …"). BL_OK, or BL_UNAUTHORIZED with `why` set to a constant RFC 6750 text
 * ("invalid_token: expired"), or to "" when the header (NULL: none) holds no bearer token: section 3 wants no error code then.
 * Uses a per-process cache of verified tokens; never logs the token. Thread-safe. */
BL_MUST_CHECK enum bl_status auth_verify(const struct auth *, const char *header, struct auth_caller *, const char **why);

/* The same for a token of another issuer, on a route of that organisation: is it of one of its identity providers, about one of
 * its members? The caller is then good for that organisation alone. BL_UNAUTHORIZED leaves `*why` as it was when the organisation
 * knows no such issuer: whoever has no token learns nothing of it. BL_UNAVAILABLE: the database. Costs two statements and a
 * signature; the provider's keys may have to be fetched. `db` stands between two transactions. `now`: seconds since 1970. */
struct db;
BL_MUST_CHECK enum bl_status auth_verify_outside(const struct auth *, struct db *db, struct arena *, const char *header,
                                                 const char *organisation, int64_t now, struct auth_caller *, const char **why);

/* The token of a calendar feed: its owner, good for that feed's organisation alone. BL_UNAUTHORIZED: there is none, or it was
 * taken back; BL_UNAVAILABLE: the database. One statement; `db` stands between two transactions. */
BL_MUST_CHECK enum bl_status auth_feed(struct db *db, struct arena *, const char *token, struct auth_caller *);

/* Sessions that ended are remembered here, so that their access tokens end with them on this machine (elsewhere they live out
 * their few minutes). quota_map in the master before the first fork; borrowed; may be left out. */
struct quota_table;
void auth_use_quotas(struct auth *, struct quota_table *);

/* The scope of a token that auth_verify accepted: permissions separated by spaces, in the arena. NULL: it has none. */
const char *auth_scope(const char *header, struct arena *);

/* Has the person proved who they are a moment ago? Routes with BL_FRESH ask for it (RFC 9470). `now`: seconds since 1970. */
enum { AUTH_FRESH = 300 /* seconds */ };
bool auth_fresh(const struct auth_caller *, int64_t now);

/* Signing in, sessions, the second factor, service clients: tables with absolute paths, each ending with a zeroed element; NULL
 * ends the list. */
extern const struct bl_route *const auth_routes[];
/* A secret that the database is to keep for the service (vault.h), in the request's memory: sealed, and opened again. Opening
 * fails as BL_UNAVAILABLE, told and logged without the secret, when its key is not here or it is not that place's. `out` is to
 * be overwritten after use. */
BL_MUST_CHECK enum bl_status auth_seal(struct bl_request *, const struct vault_place *, const char *secret, const char **sealed);
BL_MUST_CHECK enum bl_status auth_open(struct bl_request *, const struct vault_place *, const char *sealed,
                                       char out[VAULT_SECRET + 1]);

void auth_use(const struct auth *); /* the one the routes work with, from now on; it must outlive their last request */

#endif
