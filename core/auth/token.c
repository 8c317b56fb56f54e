/* libjwt 1.10.2 checks signatures and nothing else: it takes whatever algorithm the token names (so that an RSA public key
 * becomes an HS256 secret), skips what it cannot decode, ignores exp, aud and crit, and recurses and copies without limits. So a
 * token reaches it only after everything that can be told without a signature was checked here, and what the token says is read
 * here too, from the very bytes that were signed. The rules are those of RFC 8725. */
#include "auth/token.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/err.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH = 8, PARTS = 3 };

#define INVALID(text) "invalid_token: " text

static const jwt_alg_t jwt_algorithms[] = {[KEY_ES256] = JWT_ALG_ES256, [KEY_RS256] = JWT_ALG_RS256, [KEY_HS256] = JWT_ALG_HS256};

struct part {
    const char *text;
    size_t length;
};

/* Exactly three parts, none empty: no JWE (five), no detached signature. */
static bool split(const char *text, struct part parts[PARTS])
{
    for (int i = 0; i < PARTS; i++) {
        parts[i].text = text;
        parts[i].length = strcspn(text, ".");
        text += parts[i].length;
        if (parts[i].length == 0 || *text != (i < PARTS - 1 ? '.' : '\0'))
            return false;
        text++;
    }
    return true;
}

/* libsodium refuses padding, white space, characters of the other alphabet and trailing bits that are not zero: one text, one
 * meaning. */
static bool decode(struct part part, unsigned char out[TOKEN_MAX], size_t *length)
{
    return sodium_base642bin(out, TOKEN_MAX, part.text, part.length, NULL, length, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* Brackets outside strings; the parser itself recurses 2,048 levels deep. */
static bool too_deep(const unsigned char *text, size_t length)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > DEPTH)
            return true;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return false;
}

/* The part as a JSON object; NULL: it is not one, names a member twice, or is too deep. */
static json_t *parse(struct part part)
{
    unsigned char bytes[TOKEN_MAX];
    size_t length;
    if (!decode(part, bytes, &length) || too_deep(bytes, length))
        return NULL;
    json_t *object = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* The key that the header names, when the header asks for nothing else. */
static const char *check_header(json_t *header, const struct keys *keys, const struct key **key)
{
    static const char *const keys_of_its_own[] = {"jku", "jwk", "x5u", "x5c"};
    const char *kid = json_string_value(json_object_get(header, "kid"));
    const char *alg = json_string_value(json_object_get(header, "alg"));
    json_t *typ = json_object_get(header, "typ");
    if (json_object_get(header, "crit"))
        return INVALID("critical extension");
    for (size_t i = 0; i < sizeof keys_of_its_own / sizeof *keys_of_its_own; i++)
        if (json_object_get(header, keys_of_its_own[i]))
            return INVALID("brings its own key");
    if (typ && (!json_is_string(typ) || strcasecmp(json_string_value(typ), "JWT") != 0)) /* libjwt knows no at+jwt either */
        return INVALID("not an access token");
    *key = kid ? keys_find(keys, kid) : NULL;
    if (!*key)
        return INVALID("unknown key");
    if (!alg || strcmp(alg, key_algorithm_name((*key)->algorithm)) != 0)
        return INVALID("wrong algorithm for its key");
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

/* A NumericDate in whole seconds of years 1970 to 9999; -1: is not one; `absent` when it is missing. */
static int64_t date_of(json_t *claims, const char *name, int64_t absent)
{
    json_t *value = json_object_get(claims, name);
    if (!value)
        return absent;
    int64_t date = json_is_integer(value) ? json_integer_value(value) : -1;
    return date >= 0 && date < INT64_C(253402300800) ? date : -1;
}

static bool names(json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_for(json_t *audience, const char *us)
{
    size_t i;
    json_t *one;
    json_array_foreach(audience, i, one) if (names(one, us)) return true;
    return names(audience, us);
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
    out->authenticated = date_of(claims, "auth_time", 0);
    out->two_factor = names(json_object_get(claims, "acr"), TOKEN_ACR_TWO_FACTOR);
    out->client = client != NULL;
    out->scoped = scope != NULL;
    if (out->authenticated < 0 || out->authenticated > now + TOKEN_SKEW)
        return INVALID("auth_time is not a date in the past");
    if (client && (!copy_id(client, id) || strcmp(id, out->subject) != 0))
        return INVALID("client_id is not the subject");
    if (scope && !json_is_string(scope))
        return INVALID("scope is not text");
    if (org && !copy_id(org, out->organisation))
        return INVALID("org is not an id");
    return NULL;
}

static const char *check_claims(json_t *claims, const struct token_terms *terms, int64_t now, struct token *out)
{
    int64_t exp = date_of(claims, "exp", -1), iat = date_of(claims, "iat", -1), nbf = date_of(claims, "nbf", 0);
    json_t *sid = json_object_get(claims, "sid");
    if (exp < 0 || iat < 0 || nbf < 0)
        return INVALID("exp, iat or nbf is missing or not a date");
    if (exp <= now - TOKEN_SKEW)
        return INVALID("expired");
    if (nbf > now + TOKEN_SKEW || iat > now + TOKEN_SKEW)
        return INVALID("not valid yet");
    if (!names(json_object_get(claims, "iss"), terms->issuer))
        return INVALID("wrong issuer");
    if (!is_for(json_object_get(claims, "aud"), terms->audience))
        return INVALID("wrong audience");
    *out = (struct token){.expires = exp};
    if (!copy_id(json_object_get(claims, "sub"), out->subject) || (sid && !copy_id(sid, out->session)))
        return INVALID("sub or sid is not an id");
    return check_own_claims(claims, now, out);
}

const char *token_verify(const struct token_terms *terms, const char *text, int64_t now, struct token *out)
{
    struct part parts[PARTS];
    unsigned char signature[TOKEN_MAX];
    size_t signature_length;
    if (strnlen(text, TOKEN_MAX + 1) > TOKEN_MAX)
        return INVALID("too long");
    if (!split(text, parts) || !decode(parts[2], signature, &signature_length))
        return INVALID("malformed");
    json_t *header = parse(parts[0]), *claims = parse(parts[1]);
    const struct key *key = NULL;
    const char *why = header && claims ? check_header(header, terms->keys, &key) : INVALID("malformed");
    if (!why && !signature_holds(text, key))
        why = INVALID("wrong signature");
    if (!why)
        why = check_claims(claims, terms, now, out);
    json_decref(header);
    json_decref(claims);
    return why;
}

const char *token_scope(const char *text, struct arena *arena)
{
    struct part parts[PARTS];
    json_t *claims = split(text, parts) ? parse(parts[1]) : NULL;
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
