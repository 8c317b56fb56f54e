/* What the files of auth/ share and nobody else sees. */
#ifndef AUTH_INTERNAL_H
#define AUTH_INTERNAL_H

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/token.h"
#include "auth/vault.h"

struct auth {
    struct keys *keys;
    struct vault *vault;
    struct cache *cache; /* lives and dies with the keys, so that it cannot outlive a retired one */
    char *issuer, *audience;
    struct token_terms terms; /* of the three above */
    long access_ttl, refresh_ttl;
    bool inside;                /* identity providers may have private addresses */
    struct quota_table *quotas; /* NULL: ended sessions are not remembered */
};

/* The session's access tokens are refused from now on. */
void forget_session(const char *session);

/* auth_verify at a given time, in seconds since 1970. */
BL_MUST_CHECK enum bl_status auth_verify_at(const struct auth *, const char *header, int64_t now, struct auth_caller *,
                                            const char **why);

const struct auth *auth_current(void); /* what auth_use was given last */

/* The network that an attempt is counted for: an IPv4 address, the /64 of an IPv6 one (a subscriber has all of it); "" for
 * anything else. */
enum { NETWORK_ROOM = 48 };
void network_of(const char *address, char out[NETWORK_ROOM]);

/* Refresh tokens: "blr_" and 32 random bytes as base64url: a prefix that secret scanners can look for. */
#define REFRESH_PREFIX "blr_"
enum { REFRESH_ROOM = 4 + 43 + 1 };
void refresh_new(char out[REFRESH_ROOM]);
bool refresh_valid(const char *text); /* has the shape of one */

/* Secrets of service clients: "blsk_", 40 random letters and digits (238 bits), 6 that are the CRC-32 of all before them: a
 * scanner (blsk_[0-9A-Za-z]{46}) can tell a secret from what only looks like one. */
#define CLIENT_SECRET_PREFIX "blsk_"
enum { CLIENT_SECRET_ROOM = 5 + 40 + 6 + 1, CLIENT_SECRET_HINT = 4 /* characters at the end that may be shown */ };
void client_secret_new(char out[CLIENT_SECRET_ROOM]);
bool client_secret_valid(const char *text);

/* Invitations: "bli_" and 32 random bytes as base64url. */
#define INVITATION_PREFIX "bli_"
enum { INVITATION_ROOM = 4 + 43 + 1 };
void invitation_new(char out[INVITATION_ROOM]);

/* SHA-256 as a bytea literal, "\x…". Enough for secrets that nobody can guess, unlike passwords. */
enum { SECRET_HASH_ROOM = 2 + 64 + 1 };
void secret_hash(const char *secret, char out[SECRET_HASH_ROOM]);

/* application/x-www-form-urlencoded (RFC 6749, appendix B). */
enum { FORM_PAIRS = 16 };
struct form {
    size_t count;
    struct {
        const char *name, *value;
    } pairs[FORM_PAIRS];
};
/* Decoded into memory of the request. False: not a form, not UTF-8, too many pairs. */
bool form_parse(struct form *, struct bl_request *, const char *text, size_t length);
/* A pair without a value is as if it were not there. `*repeated`: it is there twice. NULL: it is not there. */
const char *form_find(const struct form *, const char *name, bool *repeated);
/* One value decoded; NULL: not one. */
char *form_decode(struct bl_request *, const char *text, size_t length);

/* One table a file: routes.c, sessions.c, totp.c, clients.c, invitations.c. */
extern const struct bl_route auth_sign_in_routes[], auth_session_routes[], auth_totp_routes[], auth_client_routes[],
    auth_invitation_routes[], auth_provider_routes[], auth_oidc_routes[], auth_feed_routes[], auth_reminder_routes[],
    auth_owned_routes[];

/* The string members of a body, and no others. Ends with a zeroed element. */
struct member {
    const char *name;
    const char **value; /* NULL when it is not there */
    bool required;
};
BL_MUST_CHECK enum bl_status read_members(struct bl_request *, const struct member *);

/* A person's attempt to prove who they are. */
struct attempt {
    const char *email, *password, *code; /* code: the second factor; NULL: none was sent */
    /* found out: */
    char network[NETWORK_ROOM];
    const char *user;
    bool two_factor;
};
/* BL_OK: proved, and the transaction is open: the caller's next statement ends it. Else the failure is told and, when it counts,
 * counted and committed. */
BL_MUST_CHECK enum bl_status prove(struct bl_request *, struct attempt *);

/* The last step of a sign-in. `organisation`: the only one that the session opens; NULL: all of the person's. */
enum bl_status start_session(struct bl_request *, const struct attempt *, const char *organisation);

/* RFC 6749, section 5.1. */
struct grant {
    const char *user, *session, *organisation, *refresh; /* organisation, refresh: may be NULL */
    int64_t authenticated;
    bool two_factor;
};
enum bl_status answer_tokens(struct bl_request *, const struct grant *);

/* The caller, when it is a person with a session; a service client is told that this is not for it. */
BL_MUST_CHECK enum bl_status person_of(struct bl_request *, struct auth_caller *);

/* totp.c: is `code` the one of this moment (30 s more or less), or a recovery code, and was it never used? It is used now.
 * `sealed`: the secret, hexadecimal. */
BL_MUST_CHECK enum bl_status second_factor_take(struct bl_request *, const char *user, const char *sealed, const char *code,
                                                bool *taken);

/* outside.h inside a request's transaction. */
struct outside_place;
struct outside_place place_of(struct bl_request *);

/* Who the verified claims of a provider speak of; no row of `rows`: nobody here. Columns: user id, organisation. */
BL_MUST_CHECK enum bl_status ask_member(const struct outside_place *, const char *provider, json_t *claims,
                                        struct bl_rows **rows);

/* An event of the trail about one of the core's own things; `change` is taken over. */
enum bl_status leave_event(struct bl_request *, const char *resource, const char *id, const char *verb, json_t *change);

enum bl_status oauth_token(struct bl_request *); /* POST /oauth/token */

#endif
