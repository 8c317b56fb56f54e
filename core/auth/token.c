/* libjwt 1.10.2 checks signatures and nothing else: it takes whatever algorithm the token names (so that an RSA public key
 * becomes an HS256 secret), skips what it cannot decode, ignores exp, aud and crit, and recurses and copies without limits. So a
 * token reaches it only after everything that can be told without a signature was checked here, and what the token says is read
 * here too, from the very bytes that were signed. The rules are those of RFC 8725. */
#include "auth/token.h"
#include "auth/jws.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/err.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const jwt_alg_t jwt_algorithms[] = {[KEY_ES256] = JWT_ALG_ES256, [KEY_RS256] = JWT_ALG_RS256, [KEY_HS256] = JWT_ALG_HS256};

/* The key that the header names, when the header asks for nothing else. */
static const char *check_header(json_t *header, const struct keys *keys, const struct key **key)
{
    const char *kid = json_string_value(json_object_get(header, "kid"));
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const char *why = jws_check_header(header, false); /* ours say JWT; libjwt knows no at+jwt either */
    if (why)
        return why;
    *key = kid ? keys_find(keys, kid) : NULL;
    if (!*key)
        return JWS_INVALID("unknown key");
    if (!alg || strcmp(alg, key_algorithm_name((*key)->algorithm)) != 0)
        return JWS_INVALID("wrong algorithm for its key");
    return NULL;
}

/* Given an empty key libjwt verifies nothing, calls the algorithm none and is content: hence the last condition. */
static bool signature_holds(const char *text, const struct key *key)
{
    jwt_t *jwt = NULL;
    bool holds =
        jwt_decode(&jwt, text, key->verify, (int)key->verify_length) == 0 && jwt_get_alg(jwt) == jwt_algorithms[key->algorithm];
    jwt_free(jwt);
    ERR_clear_error();
    return holds;
}

/* An id, in the lower case in which everything else compares it. */
static bool copy_id(json_t *value, char out[UUID_TEXT])
{
    uint8_t bytes[16];
    if (!json_is_string(value) || !uuid_parse(json_string_value(value), bytes))
        return false;
    uuid_format(bytes, out);
    return true;
}

/* What says how the caller got the token, and what it is good for. Present but not understood is refused, never passed over: each
 * of these makes a token good for less. */
static const char *check_own_claims(json_t *claims, int64_t now, struct token *out)
{
    json_t *client = json_object_get(claims, "client_id"), *scope = json_object_get(claims, "scope");
    json_t *org = json_object_get(claims, "org");
    char id[UUID_TEXT];
    out->authenticated = jws_date(claims, "auth_time", 0);
    out->two_factor = jws_names(json_object_get(claims, "acr"), TOKEN_ACR_TWO_FACTOR);
    out->client = client != NULL;
    out->scoped = scope != NULL;
    if (out->authenticated < 0 || out->authenticated > now + TOKEN_SKEW)
        return JWS_INVALID("auth_time is not a date in the past");
    if (client && (!copy_id(client, id) || strcmp(id, out->subject) != 0))
        return JWS_INVALID("client_id is not the subject");
    if (scope && !json_is_string(scope))
        return JWS_INVALID("scope is not text");
    if (org && !copy_id(org, out->organisation))
        return JWS_INVALID("org is not an id");
    return NULL;
}

static const char *check_claims(json_t *claims, const struct token_terms *terms, int64_t now, struct token *out)
{
    json_t *sid = json_object_get(claims, "sid");
    const char *why = jws_check_claims(claims, terms->issuer, terms->audience, now);
    if (why)
        return why;
    *out = (struct token){.expires = jws_date(claims, "exp", -1)};
    if (!copy_id(json_object_get(claims, "sub"), out->subject) || (sid && !copy_id(sid, out->session)))
        return JWS_INVALID("sub or sid is not an id");
    return check_own_claims(claims, now, out);
}

const char *token_verify(const struct token_terms *terms, const char *text, int64_t now, struct token *out)
{
    struct jws_part parts[JWS_PARTS];
    unsigned char signature[TOKEN_MAX];
    size_t signature_length;
    if (strnlen(text, TOKEN_MAX + 1) > TOKEN_MAX)
        return JWS_INVALID("too long");
    if (!jws_split(text, parts) || !jws_decode(parts[2], signature, &signature_length))
        return JWS_INVALID("malformed");
    json_t *header = jws_parse(parts[0]), *claims = jws_parse(parts[1]);
    const struct key *key = NULL;
    const char *why = header && claims ? check_header(header, terms->keys, &key) : JWS_INVALID("malformed");
    if (!why && !signature_holds(text, key))
        why = JWS_INVALID("wrong signature");
    if (!why)
        why = check_claims(claims, terms, now, out);
    json_decref(header);
    json_decref(claims);
    return why;
}

const char *token_scope(const char *text, struct arena *arena)
{
    struct jws_part parts[JWS_PARTS];
    json_t *claims = jws_split(text, parts) ? jws_parse(parts[1]) : NULL;
    const char *scope = arena_string(arena, json_string_value(json_object_get(claims, "scope")));
    json_decref(claims);
    return scope;
}

/* The claims that not every token has. */
static bool add_own_claims(jwt_t *jwt, const struct token *token)
{
    const char *acr = token->two_factor ? TOKEN_ACR_TWO_FACTOR : TOKEN_ACR_PASSWORD;
    return (token->session[0] == '\0' || jwt_add_grant(jwt, "sid", token->session) == 0) &&
           (token->organisation[0] == '\0' || jwt_add_grant(jwt, "org", token->organisation) == 0) &&
           (token->scope == NULL || jwt_add_grant(jwt, "scope", token->scope) == 0) &&
           (!token->client || jwt_add_grant(jwt, "client_id", token->subject) == 0) &&
           (token->authenticated == 0 ||
            (jwt_add_grant_int(jwt, "auth_time", token->authenticated) == 0 && jwt_add_grant(jwt, "acr", acr) == 0));
}

char *token_mint(const struct token_terms *terms, const struct token *token, int64_t now)
{
    const struct key *key = terms->keys->signing;
    char id[UUID_TEXT];
    uuid_v7(id);
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0)
        return NULL;
    bool good = jwt_set_alg(jwt, jwt_algorithms[key->algorithm], key->sign, (int)key->sign_length) == 0 &&
                jwt_add_header(jwt, "kid", key->kid) == 0 && jwt_add_grant(jwt, "iss", terms->issuer) == 0 &&
                jwt_add_grant(jwt, "aud", terms->audience) == 0 && jwt_add_grant(jwt, "sub", token->subject) == 0 &&
                jwt_add_grant_int(jwt, "exp", token->expires) == 0 && jwt_add_grant_int(jwt, "iat", now) == 0 &&
                jwt_add_grant(jwt, "jti", id) == 0 && add_own_claims(jwt, token);
    char *text = good ? jwt_encode_str(jwt) : NULL;
    jwt_free(jwt);
    ERR_clear_error();
    return text;
}

char *token_sign(const struct keys *keys, const char *claims)
{
    const struct key *key = keys->signing;
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0)
        return NULL;
    bool good = jwt_set_alg(jwt, jwt_algorithms[key->algorithm], key->sign, (int)key->sign_length) == 0 &&
                jwt_add_header(jwt, "kid", key->kid) == 0 && jwt_add_grants_json(jwt, claims) == 0;
    char *text = good ? jwt_encode_str(jwt) : NULL;
    jwt_free(jwt);
    ERR_clear_error();
    return text;
}

json_t *token_signed(const struct keys *keys, const char *text)
{
    struct jws_part parts[JWS_PARTS];
    const struct key *key = NULL;
    if (strnlen(text, TOKEN_MAX + 1) > TOKEN_MAX || !jws_split(text, parts))
        return NULL;
    json_t *header = jws_parse(parts[0]);
    bool holds = header && check_header(header, keys, &key) == NULL && signature_holds(text, key);
    json_decref(header);
    return holds ? jws_parse(parts[1]) : NULL;
}
