/* Tokens that an organisation's identity provider signed. libjwt refuses `typ: at+jwt`, takes keys as PEM only, and trusts what
 * the token says; so these are verified by OpenSSL itself, with keys of the provider's JWKS (RFC 7517). */
#ifndef AUTH_OUTSIDE_H
#define AUTH_OUTSIDE_H

#include "auth/jws.h"
#include <ballium/status.h>

struct bl_rows;

#define OUTSIDE_UNKNOWN_KEY "invalid_token: unknown key"

struct outside_terms {
    const char *jwks; /* the document; NULL: there is none yet */
    const char *issuer, *audience;
    bool access; /* an access token (at+jwt is one); else an ID token */
};

/* NULL: verified; *claims is the caller's to json_decref. Else why not: constant text. */
BL_MUST_CHECK const char *outside_verify(const struct outside_terms *, const char *text, int64_t now, json_t **claims);

/* How the functions below reach the database and memory: inside a request's transaction, or before there is one. */
struct outside_place {
    void *self;
    enum bl_status (*ask)(void *self, const char *sql, const char *const *args, int nargs, struct bl_rows **rows);
    void *(*alloc)(void *self, size_t);
    bool inside; /* addresses inside may be fetched from */
};

/* Verifies, and fetches the provider's keys when they are old or the token names one that is not among them: once a minute at
 * most, one fetch at a time in a process. BL_UNAUTHORIZED: *why. BL_UNAVAILABLE: the database, told. */
BL_MUST_CHECK enum bl_status outside_check(const struct outside_place *, const char *provider, bool stale, struct outside_terms *,
                                           const char *text, int64_t now, json_t **claims, const char **why);

/* Fetches a document from outside and reads it as a JSON object; NULL: *why says what is wrong with it. The caller owns it.
 * BUSY: somebody else in this process is fetching. */
enum { OUTSIDE_TIMEOUT = 3000 /* ms */, OUTSIDE_LIMIT = 256 * 1024 };
struct fetch;
json_t *outside_fetch(const struct outside_place *, const struct fetch *, const char **why);

#endif
