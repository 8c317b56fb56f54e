/* What every JSON Web Signature (RFC 7515) is looked at for before its signature, whoever signed it. The rules are those of RFC
 * 8725. */
#ifndef AUTH_JWS_H
#define AUTH_JWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWS_INVALID(text) "invalid_token: " text

enum {
    TOKEN_MAX = 8192, /* bytes; libjwt puts the token on the stack and dies of megabytes */
    TOKEN_SKEW = 30,  /* seconds that two clocks may differ */
    JWS_PARTS = 3,
};

struct jws_part {
    const char *text;
    size_t length;
};

/* Exactly three parts, none empty: no JWE (five), no detached signature. */
bool jws_split(const char *text, struct jws_part parts[JWS_PARTS]);
/* libsodium refuses padding, white space, characters of the other alphabet and trailing bits that are not zero: one text, one
 * meaning. */
bool jws_decode(struct jws_part, unsigned char out[TOKEN_MAX], size_t *length);
/* The part as a JSON object; NULL: it is not one, names a member twice, or is too deep. The caller owns it. */
json_t *jws_parse(struct jws_part);
/* NULL: the header asks for nothing that we do not do: no extension, no key of its own. `typ`: JWT, or with `access` at+jwt too,
 * or missing. */
const char *jws_check_header(json_t *header, bool access);

/* A NumericDate in whole seconds of years 1970 to 9999; -1: is not one; `absent` when it is missing. */
int64_t jws_date(json_t *claims, const char *name, int64_t absent);
bool jws_names(json_t *value, const char *text);   /* is it this text? */
bool jws_is_for(json_t *audience, const char *us); /* aud: a text or a list of them */
/* exp, iat and nbf are there and say that it is good now; iss and aud are these. NULL: all of it. */
const char *jws_check_claims(json_t *claims, const char *issuer, const char *audience, int64_t now);

#endif
