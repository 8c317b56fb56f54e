/* Access tokens: JSON Web Tokens (RFC 7519), and the only place that calls libjwt. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "auth/jws.h"
#include "auth/keys.h"
#include "base/arena.h"
#include "base/ids.h"
#include <jansson.h>
#include <stdint.h>

struct token {
    char subject[UUID_TEXT];
    char session[UUID_TEXT];      /* "": has none */
    char organisation[UUID_TEXT]; /* the only one it opens; "": all that the subject is a member of */
    int64_t expires;              /* seconds since 1970 */
    int64_t authenticated;        /* when the person last proved who they are (auth_time); 0: a program, or not known */
    bool client;                  /* of a service client, which is the subject (client_id) */
    bool two_factor;              /* acr says so */
    bool scoped;                  /* has a scope: token_scope reads it */
    const char *scope;            /* for token_mint only; NULL: none */
};
#define TOKEN_ACR_PASSWORD "urn:ballium:acr:password"
#define TOKEN_ACR_TWO_FACTOR "urn:ballium:acr:two-factor"

/* What a token must say. */
struct token_terms {
    const struct keys *keys;
    const char *issuer, *audience;
};

/* NULL: verified, `out` filled. Else why not: a constant RFC 6750 text ("invalid_token: expired"), `out` undefined.
 * `now`: seconds since 1970. Thread-safe. */
BL_MUST_CHECK const char *token_verify(const struct token_terms *, const char *text, int64_t now, struct token *out);

/* The scope that a verified token carries, in the arena; NULL: it has none. */
const char *token_scope(const char *text, struct arena *);

/* A token signed with the signing key, of a jti of its own. NULL: no memory, or the key does not sign. Free: free. */
BL_MUST_CHECK char *token_mint(const struct token_terms *, const struct token *, int64_t now);

/* Anything else that the service signs: a JSON object as the payload of a JWS. Good for no door: it has no exp, and says nobody's
 * sub. NULL: no memory, or it is no object. Free: free. token_signed: the payload of one whose signature holds; NULL: it does
 * not. */
BL_MUST_CHECK char *token_sign(const struct keys *, const char *claims);
json_t *token_signed(const struct keys *, const char *text);

#endif
