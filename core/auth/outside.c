#include "auth/outside.h"

#include "base/fetch.h"
#include "db/db.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_MIN = 2048, RSA_MAX = 8192 /* bits; larger ones only burn time */, P256 = 32, KEYS = 100 };

/* A member of a JWK as bytes. */
static bool member(const json_t *jwk, const char *name, unsigned char out[TOKEN_MAX], size_t *length)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    return text && *text != '\0' && strlen(text) < TOKEN_MAX && jws_decode((struct jws_part){text, strlen(text)}, out, length);
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    unsigned char n[TOKEN_MAX], e[TOKEN_MAX];
    size_t n_length, e_length;
    if (!member(jwk, "n", n, &n_length) || !member(jwk, "e", e, &e_length) || e_length > 4)
        return NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n, (int)n_length, NULL), *exponent = BN_bin2bn(e, (int)e_length, NULL);
    EVP_PKEY *key = NULL;
    if (build && modulus && exponent && BN_num_bits(modulus) >= RSA_MIN && BN_num_bits(modulus) <= RSA_MAX &&
        BN_is_odd(exponent) && !BN_is_one(exponent) && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        key = key_from("RSA", build);
    BN_free(modulus);
    BN_free(exponent);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *p256_key(const json_t *jwk)
{
    unsigned char x[TOKEN_MAX], y[TOKEN_MAX], point[1 + 2 * P256] = {4};
    size_t x_length, y_length;
    if (!jws_names(json_object_get(jwk, "crv"), "P-256") || !member(jwk, "x", x, &x_length) || !member(jwk, "y", y, &y_length) ||
        x_length != P256 || y_length != P256)
        return NULL;
    memcpy(point + 1, x, P256);
    memcpy(point + 1 + P256, y, P256);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        key = key_from("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* The one key of that kid, and the algorithm that its type has: never the one that the token asks for. */
static const json_t *find_key(json_t *jwks, const char *kid, const char **algorithm)
{
    json_t *keys = json_object_get(jwks, "keys"), *found = NULL, *one;
    size_t i;
    if (json_array_size(keys) > KEYS)
        return NULL;
    json_array_foreach(keys, i, one)
    {
        if (!jws_names(json_object_get(one, "kid"), kid))
            continue;
        if (found) /* two keys of one name: whose signature would it be? */
            return NULL;
        found = one;
    }
    json_t *use = json_object_get(found, "use"), *alg = json_object_get(found, "alg");
    *algorithm = jws_names(json_object_get(found, "kty"), "RSA")  ? "RS256"
                 : jws_names(json_object_get(found, "kty"), "EC") ? "ES256"
                                                                  : NULL;
    bool signs = (!use || jws_names(use, "sig")) && *algorithm && (!alg || jws_names(alg, *algorithm));
    return signs ? found : NULL;
}

/* r and s, 32 bytes each (RFC 7518, section 3.4), as OpenSSL wants them. */
static unsigned char *der_of(const unsigned char *raw, size_t length, size_t *der_length)
{
    unsigned char *der = NULL;
    ECDSA_SIG *signature = length == 2 * P256 ? ECDSA_SIG_new() : NULL;
    if (!signature)
        return NULL;
    BIGNUM *r = BN_bin2bn(raw, P256, NULL), *s = BN_bin2bn(raw + P256, P256, NULL);
    if (!r || !s || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        int n = i2d_ECDSA_SIG(signature, &der);
        *der_length = n > 0 ? (size_t)n : 0;
    }
    ECDSA_SIG_free(signature);
    return der;
}

static bool signature_holds(EVP_PKEY *key, bool elliptic, const char *text, size_t signed_length, const unsigned char *raw,
                            size_t length)
{
    unsigned char *der = NULL;
    if (elliptic) {
        der = der_of(raw, length, &length);
        raw = der;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = context && raw && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(context, raw, length, (const unsigned char *)text, signed_length) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ERR_clear_error();
    return holds;
}

static const char *check_signature(const struct outside_terms *terms, json_t *header, const char *text,
                                   const struct jws_part parts[JWS_PARTS])
{
    unsigned char signature[TOKEN_MAX];
    size_t length;
    const char *algorithm = NULL, *kid = json_string_value(json_object_get(header, "kid"));
    json_t *jwks = terms->jwks && kid ? json_loads(terms->jwks, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *jwk = jwks ? find_key(jwks, kid, &algorithm) : NULL;
    const char *why = jwk ? NULL : OUTSIDE_UNKNOWN_KEY;
    if (!why && !jws_names(json_object_get(header, "alg"), algorithm))
        why = JWS_INVALID("wrong algorithm for its key");
    if (!why && !jws_decode(parts[2], signature, &length))
        why = JWS_INVALID("malformed");
    if (!why) {
        bool elliptic = strcmp(algorithm, "ES256") == 0;
        EVP_PKEY *key = elliptic ? p256_key(jwk) : rsa_key(jwk);
        size_t signed_length = (size_t)(parts[2].text - text) - 1;
        if (!key)
            why = JWS_INVALID("its key is too weak, or not one that is taken here");
        else if (!signature_holds(key, elliptic, text, signed_length, signature, length))
            why = JWS_INVALID("wrong signature");
        EVP_PKEY_free(key);
        ERR_clear_error();
    }
    json_decref(jwks);
    return why;
}

const char *outside_verify(const struct outside_terms *terms, const char *text, int64_t now, json_t **claims)
{
    struct jws_part parts[JWS_PARTS];
    *claims = NULL;
    if (strnlen(text, TOKEN_MAX + 1) > TOKEN_MAX)
        return JWS_INVALID("too long");
    if (!jws_split(text, parts))
        return JWS_INVALID("malformed");
    json_t *header = jws_parse(parts[0]), *said = jws_parse(parts[1]);
    const char *why = header && said ? jws_check_header(header, terms->access) : JWS_INVALID("malformed");
    if (!why)
        why = check_signature(terms, header, text, parts);
    if (!why)
        why = jws_check_claims(said, terms->issuer, terms->audience, now);
    const char *subject = json_string_value(json_object_get(said, "sub"));
    if (!why && (!subject || *subject == '\0' || strlen(subject) > 255))
        why = JWS_INVALID("sub is missing or too long");
    json_decref(header);
    if (why)
        json_decref(said);
    else
        *claims = said;
    return why;
}

/* One at a time, so that slow providers never hold more than one thread of a process. */
json_t *outside_fetch(const struct outside_place *place, const struct fetch *order, const char **why)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    struct fetch bounded = *order;
    json_t *document = NULL;
    if (atomic_flag_test_and_set(&busy)) {
        *why = "another address is just being asked: try again in a second";
        return NULL;
    }
    bounded.inside = place->inside;
    bounded.timeout = OUTSIDE_TIMEOUT;
    bounded.limit = OUTSIDE_LIMIT;
    bounded.out = place->alloc(place->self, OUTSIDE_LIMIT + 1);
    struct fetched got = fetch(&bounded);
    atomic_flag_clear(&busy);
    *why = got.status == 0 ? got.why : got.status != 200 ? "its answer is not 200" : NULL;
    if (!*why) {
        document = json_loadb(bounded.out, got.length, JSON_REJECT_DUPLICATES, NULL);
        *why = json_is_object(document) ? NULL : "its answer is not a JSON object";
    }
    if (*why) {
        json_decref(document);
        return NULL;
    }
    return document;
}

/* The provider's keys anew. `*fresh` NULL: not now. */
static enum bl_status fetch_keys(const struct outside_place *place, const char *provider, const char **fresh)
{
    struct bl_rows *rows;
    const char *why;
    *fresh = NULL;
    enum bl_status status =
        place->ask(place->self, "SELECT core.provider_claim($1::uuid)", (const char *const[]){provider}, 1, &rows);
    const char *uri = status == BL_OK ? db_cell(rows, 0, 0) : NULL;
    if (!uri)
        return status;
    json_t *jwks = outside_fetch(place, &(struct fetch){.url = uri}, &why);
    char *text = json_is_array(json_object_get(jwks, "keys")) ? json_dumps(jwks, JSON_COMPACT) : NULL;
    json_decref(jwks);
    if (!text)
        return BL_OK;
    char *kept = place->alloc(place->self, strlen(text) + 1);
    strcpy(kept, text);
    free(text);
    *fresh = kept;
    return place->ask(place->self, "SELECT core.provider_keep($1::uuid, $2)", (const char *const[]){provider, kept}, 2, &rows);
}

enum bl_status outside_check(const struct outside_place *place, const char *provider, bool stale, struct outside_terms *terms,
                             const char *text, int64_t now, json_t **claims, const char **why)
{
    *claims = NULL;
    if (!stale) {
        *why = outside_verify(terms, text, now, claims);
        if (!*why || strcmp(*why, OUTSIDE_UNKNOWN_KEY) != 0)
            return *why ? BL_UNAUTHORIZED : BL_OK;
    }
    const char *fresh;
    enum bl_status status = fetch_keys(place, provider, &fresh);
    if (status != BL_OK)
        return status;
    if (fresh)
        terms->jwks = fresh;
    *why = outside_verify(terms, text, now, claims);
    return *why ? BL_UNAUTHORIZED : BL_OK;
}
