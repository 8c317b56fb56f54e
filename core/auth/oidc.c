/* Sign-in through an organisation's identity provider: OpenID Connect Core 1.0, the code flow, with PKCE (RFC 7636), state and
 * nonce. The session that comes of it opens that organisation and no other. */
#include "auth/internal.h"
#include "auth/outside.h"
#include "base/fetch.h"
#include "base/log.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE "ballium_sign_in"
#define COOKIE_PATH "/api/v1/auth/oidc"
enum { SECRET = 32, SECRET_TEXT = 44, BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static void make_secret(char out[SECRET_TEXT])
{
    unsigned char bytes[SECRET];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(out, SECRET_TEXT, bytes, sizeof bytes, BASE64URL);
}

/* RFC 7636, section 4.2: S256. */
static void challenge_of(const char *verifier, char out[SECRET_TEXT])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)verifier, strlen(verifier));
    sodium_bin2base64(out, SECRET_TEXT, hash, sizeof hash, BASE64URL);
}

/* `format` with every %s percent-encoded, which is right in a query and in a form. */
static char *encoded(struct bl_request *r, const char *format, const char *const *values)
{
    size_t room = strlen(format) + 1;
    for (size_t i = 0; values[i]; i++)
        room += 3 * strlen(values[i]);
    char *out = bl_alloc(r, room), *at = out;
    for (; *format != '\0'; format++) {
        if (format[0] != '%' || format[1] != 's') {
            *at++ = *format;
            continue;
        }
        for (const char *v = *values; *v != '\0'; v++) {
            if (isalnum((unsigned char)*v) || strchr("-._~", *v))
                *at++ = *v;
            else
                at += sprintf(at, "%%%02X", (unsigned char)*v);
        }
        values++;
        format++;
    }
    *at = '\0';
    return out;
}

static const char *callback_address(struct bl_request *r)
{
    const char *base = auth_current()->issuer;
    char *out = bl_alloc(r, strlen(base) + sizeof COOKIE_PATH + 16);
    sprintf(out, "%s" COOKIE_PATH "/callback", base);
    return out;
}

/* The cookie binds the sign-in to the browser that began it: nobody can make another one finish his. */
static void set_cookie(struct bl_request *r, const char *value, int seconds)
{
    char *cookie = bl_alloc(r, 200);
    bool tls = strncmp(auth_current()->issuer, "https://", 8) == 0;
    snprintf(cookie, 200, COOKIE "=%s; Path=" COOKIE_PATH "; Max-Age=%d; HttpOnly; SameSite=Lax%s", value, seconds,
             tls ? "; Secure" : "");
    bl_set_header(r, "Set-Cookie", cookie);
}

/* GET /api/v1/auth/oidc/{provider}: on to the provider. */
static enum bl_status begin(struct bl_request *r)
{
    char state[SECRET_TEXT], browser[SECRET_TEXT], nonce[SECRET_TEXT], verifier[SECRET_TEXT], challenge[SECRET_TEXT];
    char state_hash[SECRET_HASH_ROOM], browser_hash[SECRET_HASH_ROOM];
    struct bl_rows *rows;
    const char *provider = bl_param(r, "provider");
    if (!uuid_valid(provider))
        return bl_fail(r, BL_NOT_FOUND, "no_such_provider", NULL, "nobody signs in through an identity provider of that id");
    char *const made[] = {state, browser, nonce, verifier};
    for (size_t i = 0; i < 4; i++)
        make_secret(made[i]);
    challenge_of(verifier, challenge);
    secret_hash(state, state_hash);
    secret_hash(browser, browser_hash);
    enum bl_status status =
        bl_sql(r, "SELECT authorization_endpoint, client_id FROM core.sign_in_begin($1::uuid, $2::bytea, $3::bytea, $4, $5)",
               (const char *const[]){provider, state_hash, browser_hash, nonce, verifier}, 5, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bl_fail(r, BL_NOT_FOUND, "no_such_provider", NULL, "nobody signs in through an identity provider of that id");
    const char *endpoint = bl_cell(r, rows, 0, 0);
    const char *query =
        encoded(r,
                "response_type=code&scope=openid%20email&client_id=%s&redirect_uri=%s&state=%s&nonce=%s&"
                "code_challenge=%s&code_challenge_method=S256",
                (const char *const[]){bl_cell(r, rows, 0, 1), callback_address(r), state, nonce, challenge, NULL});
    char *location = bl_alloc(r, strlen(endpoint) + strlen(query) + 2);
    sprintf(location, "%s%c%s", endpoint, strchr(endpoint, '?') ? '&' : '?', query);
    bl_respond(r, 302, NULL);
    bl_set_header(r, "Location", location);
    set_cookie(r, browser, 600);
    return BL_OK;
}

static const char *cookie_of(struct bl_request *r)
{
    const char *header = bl_header(r, "Cookie");
    for (const char *at = header; at && *at != '\0'; at += strcspn(at, ";") + (at[strcspn(at, ";")] == ';')) {
        at += strspn(at, " ");
        if (strncmp(at, COOKIE "=", sizeof COOKIE) == 0) {
            size_t length = strcspn(at + sizeof COOKIE, ";");
            char *value = bl_alloc(r, length + 1);
            memcpy(value, at + sizeof COOKIE, length);
            return value;
        }
    }
    return NULL;
}

static enum bl_status refuse(struct bl_request *r, const char *words)
{
    log_pairs(LOG_WARN, "sign_in_refused", (const char *const[]){"why", words, NULL});
    return bl_fail(r, BL_UNAUTHORIZED, "sign_in_failed", NULL, "the sign-in did not work: %s; begin it again", words);
}

/* What sign_in_end answered. */
struct under_way {
    const char *provider, *issuer, *token_endpoint, *client_id, *client_secret, *nonce, *verifier, *jwks, *organisation;
    bool stale;
};

/* The code for an ID token (section 3.1.3). `client_secret` NULL: a public client. NULL: *why. */
static const char *trade_code(struct bl_request *r, const struct outside_place *place, const struct under_way *u,
                              const char *client_secret, const char *code, const char **why)
{
    const char *form = encoded(r, "grant_type=authorization_code&code=%s&redirect_uri=%s&code_verifier=%s&client_id=%s",
                               (const char *const[]){code, callback_address(r), u->verifier, u->client_id, NULL});
    const char *user = client_secret ? encoded(r, "%s", (const char *const[]){u->client_id, NULL}) : NULL;
    const char *secret = client_secret ? encoded(r, "%s", (const char *const[]){client_secret, NULL}) : NULL;
    json_t *answer =
        outside_fetch(place, &(struct fetch){.url = u->token_endpoint, .form = form, .user = user, .secret = secret}, why);
    if (!answer)
        return NULL;
    bl_defer(r, (void (*)(void *))json_decref, answer);
    const char *token = json_string_value(json_object_get(answer, "id_token"));
    *why = token ? NULL : "its answer holds no id_token";
    return token;
}

/* Section 3.1.3.7: issuer, audience, signature and times were checked; azp and nonce are left. */
static const char *check_id_token(json_t *claims, const struct under_way *u)
{
    json_t *authorized = json_object_get(claims, "azp");
    if (!jws_names(json_object_get(claims, "nonce"), u->nonce))
        return "its token belongs to another sign-in";
    if (json_array_size(json_object_get(claims, "aud")) > 1 && !authorized)
        return "its token does not say for whom it is";
    return authorized && !jws_names(authorized, u->client_id) ? "its token is for somebody else" : NULL;
}

static enum bl_status finish(struct bl_request *r, const struct under_way *u, const char *code)
{
    const struct outside_place place = place_of(r);
    struct outside_terms terms = {.jwks = u->jwks, .issuer = u->issuer, .audience = u->client_id};
    struct attempt a = {0};
    struct bl_rows *rows;
    json_t *claims;
    char secret[VAULT_SECRET + 1];
    enum bl_status status =
        u->client_secret ? auth_open(r, &(struct vault_place){"provider", u->organisation, u->provider}, u->client_secret, secret)
                         : BL_OK;
    if (status != BL_OK)
        return status;
    const char *why, *token = trade_code(r, &place, u, u->client_secret ? secret : NULL, code, &why);
    sodium_memzero(secret, sizeof secret);
    if (!token)
        return refuse(r, why);
    status = outside_check(&place, u->provider, u->stale, &terms, token, r->now / 1000000, &claims, &why);
    if (status != BL_OK)
        return status == BL_UNAUTHORIZED ? refuse(r, strchr(why, ':') ? strchr(why, ':') + 2 : why) : status;
    bl_defer(r, (void (*)(void *))json_decref, claims);
    why = check_id_token(claims, u);
    if (why)
        return refuse(r, why);
    status = ask_member(&place, u->provider, claims, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return refuse(r, "you are no member here under that name");
    network_of(bl_param(r, "remote_addr"), a.network);
    a.user = bl_cell(r, rows, 0, 0);
    set_cookie(r, "", 0);
    return start_session(r, &a, bl_cell(r, rows, 0, 1));
}

/* GET /api/v1/auth/oidc/callback */
static enum bl_status callback(struct bl_request *r)
{
    char state_hash[SECRET_HASH_ROOM], browser_hash[SECRET_HASH_ROOM];
    struct bl_rows *rows;
    const char *state = bl_query(r, "state"), *code = bl_query(r, "code"), *browser = cookie_of(r), *issuer = bl_query(r, "iss");
    if (!state || !browser)
        return refuse(r, "it was not begun in this browser");
    secret_hash(state, state_hash);
    secret_hash(browser, browser_hash);
    enum bl_status status = bl_sql(
        r,
        "SELECT provider, issuer, token_endpoint, client_id, client_secret, nonce, verifier, jwks, stale, organisation FROM "
        "core.sign_in_end($1::bytea, $2::bytea)",
        (const char *const[]){state_hash, browser_hash}, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return refuse(r, "it was not begun in this browser, or too long ago");
    const struct under_way u = {.provider = bl_cell(r, rows, 0, 0),
                                .issuer = bl_cell(r, rows, 0, 1),
                                .token_endpoint = bl_cell(r, rows, 0, 2),
                                .client_id = bl_cell(r, rows, 0, 3),
                                .client_secret = bl_cell(r, rows, 0, 4),
                                .nonce = bl_cell(r, rows, 0, 5),
                                .verifier = bl_cell(r, rows, 0, 6),
                                .jwks = bl_cell(r, rows, 0, 7),
                                .stale = bl_integer(r, rows, 0, 8) != 0,
                                .organisation = bl_cell(r, rows, 0, 9)};
    if (issuer && strcmp(issuer, u.issuer) != 0) /* RFC 9207: another provider answers in this one's name */
        return refuse(r, "another provider has answered");
    return code ? finish(r, &u, code) : refuse(r, "the provider gave no code");
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
static const char tokens_schema[] = SCHEMA({
    "type": "object", "required": ["access_token", "token_type", "expires_in", "refresh_token"],
    "properties": {
        "access_token": {"type": "string"}, "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer"}, "refresh_token": {"type": "string"}
    }
});
/* clang-format on */

const struct bl_route auth_oidc_routes[] = {
    {.method = "GET",
     .path = "/api/v1/auth/oidc/{provider}",
     .handler = begin,
     .flags = BL_PUBLIC | BL_WRITE,
     .summary = "Sign in through an identity provider: on to it (302)",
     .produces = "application/json"},
    {.method = "GET",
     .path = "/api/v1/auth/oidc/callback",
     .handler = callback,
     .flags = BL_PUBLIC | BL_WRITE,
     .summary = "Back from the identity provider: tokens that open its organisation",
     .query = "code state iss session_state error error_description",
     .answer = tokens_schema},
    {0},
};
