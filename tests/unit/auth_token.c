/* Every way in which a token can be wrong that we know of: RFC 8725 (JWT best practices), RFC 7515 (JWS), RFC 7519 (claims), and
 * what libjwt 1.10.2 alone would let through. */
#include "unit.h"

#include "auth/internal.h"
#include "forge.h"
#include <unistd.h>

enum { NOW = 1800000000 };
#define SUB "0198c0de-0000-7000-8000-000000000001"
#define SID "0198c0de-0000-7000-8000-000000000002"
#define CLAIMS(rest) "{\"iss\":\"https://ballium.test\",\"aud\":\"ballium\",\"sub\":\"" SUB "\",\"sid\":\"" SID "\"," rest "}"
#define DATES "\"iat\":1800000000,\"exp\":1800000600"
#define GOOD CLAIMS(DATES)
#define WITHOUT(rest) "{" rest "," DATES "}"
#define ISS "\"iss\":\"https://ballium.test\""
#define AUD "\"aud\":\"ballium\""
#define WHO "\"sub\":\"" SUB "\""

static char dir[] = "/tmp/ballium-token-XXXXXX";
static char es[KID_ROOM], rs[KID_ROOM], hs[KID_ROOM];
static struct token_terms terms;

static int setup(void **state)
{
    (void)state;
    if (sodium_init() < 0 || !mkdtemp(dir) || !key_generate(dir, KEY_ES256, es, stderr) ||
        !key_generate(dir, KEY_RS256, rs, stderr) || !key_generate(dir, KEY_HS256, hs, stderr))
        return -1;
    terms = (struct token_terms){keys_load(dir, stderr), "https://ballium.test", "ballium"};
    return terms.keys ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[64];
    keys_free((struct keys *)(uintptr_t)terms.keys);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* "@es", "@rs" and "@hs" in a header stand for the kid of that key. */
static void fill_kid(const char *pattern, char out[512])
{
    const char *at = strchr(pattern, '@');
    if (!at) {
        snprintf(out, 512, "%s", pattern);
        return;
    }
    const char *kid = at[1] == 'e' ? es : at[1] == 'r' ? rs : hs;
    snprintf(out, 512, "%.*s%s%s", (int)(at - pattern), pattern, kid, at + 3);
}

static const struct key *key_of(char letter)
{
    return keys_find(terms.keys, letter == 'e' ? es : letter == 'r' ? rs : hs);
}

/* signer: e, r, h: with the key of that kind as it should be; R: HS256 with the RSA public PEM as its secret; E: the same with
 * the EC one; n: no signature; x: a signature that is not one. */
static char *sign(const char *pattern, const char *claims, char signer)
{
    char header[512];
    fill_kid(pattern, header);
    const struct key *key = key_of((char)(signer | 0x20));
    switch (signer) {
    case 'e':
    case 'r':
        return forge(header, claims, FORGE_ASYMMETRIC, key->sign, key->sign_length);
    case 'h':
        return forge(header, claims, FORGE_HS256, key->sign, key->sign_length);
    case 'R':
    case 'E':
        return forge(header, claims, FORGE_HS256, key->verify, key->verify_length);
    case 'x':
        return forge(header, claims, FORGE_HS256, (const unsigned char *)"guess", 5);
    default:
        return forge(header, claims, FORGE_NOTHING, NULL, 0);
    }
}

#define ES "{\"alg\":\"ES256\",\"kid\":\"@es\"}"
#define RS "{\"alg\":\"RS256\",\"kid\":\"@rs\"}"
#define HS "{\"alg\":\"HS256\",\"kid\":\"@hs\"}"
#define HSX(more) "{\"alg\":\"HS256\",\"kid\":\"@hs\"," more "}"
#define NESTED "[[[[[[[[[1]]]]]]]]]"

static const struct {
    const char *rule, *header, *claims;
    char signer;
    const char *why; /* behind "invalid_token: "; NULL: good */
} cases[] = {
    {"ES256", ES, GOOD, 'e', NULL},
    {"RS256", RS, GOOD, 'r', NULL},
    {"HS256", HS, GOOD, 'h', NULL},

    {"RFC 8725 3.1: none, no signature", "{\"alg\":\"none\",\"kid\":\"@hs\"}", GOOD, 'n', "malformed"},
    {"RFC 8725 3.1: none, no kid", "{\"alg\":\"none\"}", GOOD, 'x', "unknown key"},
    {"RFC 8725 3.1: none with a signature", "{\"alg\":\"none\",\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},
    {"RFC 8725 3.1: NONE", "{\"alg\":\"NONE\",\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},
    {"RFC 8725 2.1: RS256 -> HS256, public PEM as secret", "{\"alg\":\"HS256\",\"kid\":\"@rs\"}", GOOD, 'R',
     "wrong algorithm for its key"},
    {"RFC 8725 2.1: ES256 -> HS256, public PEM as secret", "{\"alg\":\"HS256\",\"kid\":\"@es\"}", GOOD, 'E',
     "wrong algorithm for its key"},
    {"the same MAC under the right name", RS, GOOD, 'R', "wrong signature"},
    {"HS256 -> HS384", "{\"alg\":\"HS384\",\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},
    {"alg in lower case", "{\"alg\":\"hs256\",\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},
    {"alg is missing", "{\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},
    {"alg is a number", "{\"alg\":256,\"kid\":\"@hs\"}", GOOD, 'h', "wrong algorithm for its key"},

    {"kid of another key of ours", "{\"alg\":\"ES256\",\"kid\":\"@es\"}", GOOD, 'r', "wrong signature"},
    {"kid is missing", "{\"alg\":\"HS256\"}", GOOD, 'h', "unknown key"},
    {"kid is a number", "{\"alg\":\"HS256\",\"kid\":1}", GOOD, 'h', "unknown key"},
    {"kid is a path", "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", GOOD, 'h', "unknown key"},
    {"kid is SQL", "{\"alg\":\"HS256\",\"kid\":\"' OR 1=1 --\"}", GOOD, 'h', "unknown key"},
    {"a guessed secret", HS, GOOD, 'x', "wrong signature"},

    {"RFC 7515 4.1.11: crit", HSX("\"crit\":[\"exp\"]"), GOOD, 'h', "critical extension"},
    {"RFC 7797: crit b64", HSX("\"b64\":false,\"crit\":[\"b64\"]"), GOOD, 'h', "critical extension"},
    {"crit is empty", HSX("\"crit\":[]"), GOOD, 'h', "critical extension"},
    {"RFC 8725 3.10: jku", HSX("\"jku\":\"https://evil.test/keys\""), GOOD, 'h', "brings its own key"},
    {"RFC 8725 3.10: x5u", HSX("\"x5u\":\"https://evil.test/cert\""), GOOD, 'h', "brings its own key"},
    {"CVE-2018-0114: jwk", HSX("\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}"), GOOD, 'h', "brings its own key"},
    {"x5c", HSX("\"x5c\":[\"AA\"]"), GOOD, 'h', "brings its own key"},
    {"RFC 8725 3.11: typ JWT", HSX("\"typ\":\"JWT\""), GOOD, 'h', NULL},
    {"typ in lower case", HSX("\"typ\":\"jwt\""), GOOD, 'h', NULL},
    {"RFC 9068: typ at+jwt, which libjwt knows nothing of", HSX("\"typ\":\"at+jwt\""), GOOD, 'h', "not an access token"},
    {"RFC 8725 3.11: another typ", HSX("\"typ\":\"logout+jwt\""), GOOD, 'h', "not an access token"},
    {"typ is a number", HSX("\"typ\":1"), GOOD, 'h', "not an access token"},

    {"a header member twice", HSX("\"alg\":\"none\""), GOOD, 'h', "malformed"},
    {"a header member twice, escaped", HSX("\"\\u0061lg\":\"none\""), GOOD, 'h', "malformed"},
    {"a claim twice", HS, CLAIMS(DATES ",\"exp\":1900000000"), 'h', "malformed"},
    {"a nested member twice", HS, CLAIMS(DATES ",\"x\":{\"a\":1,\"a\":2}"), 'h', "malformed"},
    {"header is an array", "[1]", GOOD, 'h', "malformed"},
    {"header is not JSON", "{\"alg\":\"HS256\"", GOOD, 'h', "malformed"},
    {"text behind the header", HS " {}", GOOD, 'h', "malformed"},
    {"claims are a string", HS, "\"claims\"", 'h', "malformed"},
    {"claims are null", HS, "null", 'h', "malformed"},
    {"claims are deep", HS, CLAIMS(DATES ",\"x\":" NESTED), 'h', "malformed"},
    {"brackets in a string are not depth", HS, CLAIMS(DATES ",\"x\":\"[[[[[[[[[[ \\\" [[[\""), 'h', NULL},
    {"header is deep", HSX("\"x\":" NESTED), GOOD, 'h', "malformed"},
    {"not UTF-8", HS, CLAIMS(DATES ",\"x\":\"\xff\""), 'h', "malformed"},
    {"a NUL in a claim", HS, CLAIMS(DATES ",\"x\":\"a\\u0000b\""), 'h', "malformed"},

    {"exp has just passed", HS, CLAIMS("\"iat\":1799999000,\"exp\":1799999970"), 'h', "expired"},
    {"exp within the skew", HS, CLAIMS("\"iat\":1799999000,\"exp\":1799999971"), 'h', NULL},
    {"exp is missing", HS, CLAIMS("\"iat\":1800000000"), 'h', "exp, iat or nbf is missing or not a date"},
    {"exp is text", HS, CLAIMS("\"iat\":1800000000,\"exp\":\"1800000600\""), 'h', "exp, iat or nbf is missing or not a date"},
    {"exp is a fraction", HS, CLAIMS("\"iat\":1800000000,\"exp\":1800000600.5"), 'h', "exp, iat or nbf is missing or not a date"},
    {"exp is negative", HS, CLAIMS("\"iat\":1800000000,\"exp\":-1"), 'h', "exp, iat or nbf is missing or not a date"},
    {"exp is null", HS, CLAIMS("\"iat\":1800000000,\"exp\":null"), 'h', "exp, iat or nbf is missing or not a date"},
    {"exp would overflow", HS, CLAIMS("\"iat\":1800000000,\"exp\":9223372036854775807"), 'h',
     "exp, iat or nbf is missing or not a date"},
    {"exp is more than an integer holds", HS, CLAIMS("\"iat\":1800000000,\"exp\":99999999999999999999"), 'h', "malformed"},
    {"nbf within the skew", HS, CLAIMS(DATES ",\"nbf\":1800000030"), 'h', NULL},
    {"nbf is to come", HS, CLAIMS(DATES ",\"nbf\":1800000031"), 'h', "not valid yet"},
    {"nbf is text", HS, CLAIMS(DATES ",\"nbf\":\"0\""), 'h', "exp, iat or nbf is missing or not a date"},
    {"iat is to come", HS, CLAIMS("\"iat\":1800000031,\"exp\":1800000600"), 'h', "not valid yet"},
    {"iat is missing", HS, CLAIMS("\"exp\":1800000600"), 'h', "exp, iat or nbf is missing or not a date"},

    {"RFC 8725 3.8: another issuer", HS, WITHOUT("\"iss\":\"https://evil.test\"," AUD "," WHO), 'h', "wrong issuer"},
    {"issuer with a slash more", HS, WITHOUT("\"iss\":\"https://ballium.test/\"," AUD "," WHO), 'h', "wrong issuer"},
    {"no issuer", HS, WITHOUT(AUD "," WHO), 'h', "wrong issuer"},
    {"issuer in an array", HS, WITHOUT("\"iss\":[\"https://ballium.test\"]," AUD "," WHO), 'h', "wrong issuer"},
    {"RFC 8725 3.9: another audience", HS, WITHOUT(ISS ",\"aud\":\"other\"," WHO), 'h', "wrong audience"},
    {"audience that begins with ours", HS, WITHOUT(ISS ",\"aud\":\"ballium2\"," WHO), 'h', "wrong audience"},
    {"no audience", HS, WITHOUT(ISS "," WHO), 'h', "wrong audience"},
    {"among several audiences", HS, WITHOUT(ISS ",\"aud\":[\"other\",\"ballium\"]," WHO), 'h', NULL},
    {"several other audiences", HS, WITHOUT(ISS ",\"aud\":[\"other\",1,[\"ballium\"]]," WHO), 'h', "wrong audience"},
    {"no audience in the array", HS, WITHOUT(ISS ",\"aud\":[]," WHO), 'h', "wrong audience"},

    {"sub is a name", HS, WITHOUT(ISS "," AUD ",\"sub\":\"admin\""), 'h', "sub or sid is not an id"},
    {"sub is missing", HS, WITHOUT(ISS "," AUD), 'h', "sub or sid is not an id"},
    {"sub is longer than an id", HS, WITHOUT(ISS "," AUD ",\"sub\":\"" SUB "0\""), 'h', "sub or sid is not an id"},
    {"sid is not an id", HS, WITHOUT(ISS "," AUD "," WHO ",\"sid\":\"1\""), 'h', "sub or sid is not an id"},
    {"no sid", HS, WITHOUT(ISS "," AUD "," WHO), 'h', NULL},

    {"client_id is the subject", HS, CLAIMS(DATES ",\"client_id\":\"" SUB "\",\"scope\":\"a.b:read\""), 'h', NULL},
    {"client_id of another client", HS, CLAIMS(DATES ",\"client_id\":\"" SID "\""), 'h', "client_id is not the subject"},
    {"client_id is null", HS, CLAIMS(DATES ",\"client_id\":null"), 'h', "client_id is not the subject"},
    {"scope is a list", HS, CLAIMS(DATES ",\"scope\":[\"a.b:read\"]"), 'h', "scope is not text"},
    {"org is a name", HS, CLAIMS(DATES ",\"org\":\"keep\""), 'h', "org is not an id"},
    {"auth_time is to come", HS, CLAIMS(DATES ",\"auth_time\":1800000031"), 'h', "auth_time is not a date in the past"},
    {"auth_time is text", HS, CLAIMS(DATES ",\"auth_time\":\"1800000000\""), 'h', "auth_time is not a date in the past"},
};

static void check(const char *rule, const char *text, const char *why)
{
    struct token out;
    const char *got = token_verify(&terms, text, NOW, &out);
    if (why == NULL ? got != NULL : got == NULL || strcmp(got + strlen("invalid_token: "), why) != 0)
        fail_msg("%s: %s", rule, got ? got : "accepted");
    if (!got)
        assert_string_equal(out.subject, SUB);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = sign(cases[i].header, cases[i].claims, cases[i].signer);
        check(cases[i].rule, text, cases[i].why);
        free(text);
    }
}

/* The last character of an unpadded part whose bits behind the end are zero: one that decodes to the same bytes. */
static char twin(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return alphabet[(strchr(alphabet, c) - alphabet) + 1];
}

/* The text of a good token, written otherwise. */
static void test_forms(void **state)
{
    (void)state;
    char *good = sign(ES, GOOD, 'e');
    size_t length = strlen(good), first = strcspn(good, "."), second = first + 1 + strcspn(good + first + 1, ".");
    char text[TOKEN_MAX];
    check("as it is", good, NULL);
#define FORM(rule, why, ...)                                                                                                     \
    do {                                                                                                                         \
        snprintf(text, sizeof text, __VA_ARGS__);                                                                                \
        check(rule, text, why);                                                                                                  \
    } while (0)
    FORM("nothing", "malformed", "%s", "");
    FORM("dots", "malformed", "%s", "..");
    FORM("one part", "malformed", "%.*s", (int)first, good);
    FORM("two parts", "malformed", "%.*s", (int)second, good);
    FORM("three parts, the last empty", "malformed", "%.*s.", (int)second, good);
    FORM("four parts", "malformed", "%s.%s", good, "AAAA");
    FORM("four parts, the last empty", "malformed", "%s.", good);
    FORM("five parts (JWE)", "malformed", "%s.AAAA.AAAA", good);
    FORM("first part empty", "malformed", "%s", good + first);
    FORM("padding", "malformed", "%s==", good);
    FORM("padding inside", "malformed", "%.*s=%s", (int)first, good, good + first);
    FORM("white space behind", "malformed", "%s ", good);
    FORM("white space before", "malformed", " %s", good);
    FORM("a line break inside", "malformed", "%.*s\n%s", (int)second, good, good + second);
    FORM("the other alphabet", "malformed", "%.*s+%s", (int)length - 2, good, good + length - 1);
    FORM("signature cut", "wrong signature", "%.*s", (int)length - 2, good);
    FORM("signature longer", "wrong signature", "%sAAAA", good);
    memset(text, 0, sizeof text);
    memcpy(text, good, second + 1);
    memset(text + second + 1, 'A', 86);
    check("CVE-2022-21449: a signature of r = s = 0", text, "wrong signature");
    FORM("trailing bits of the signature", "malformed", "%.*s%c", (int)length - 1, good, twin(good[length - 1]));
    FORM("characters of no alphabet", "malformed", "%.*s.!!!!%s", (int)first, good, good + first + 5);
#undef FORM
    snprintf(text, sizeof text, "%s", good);
    text[second + 10] = text[second + 10] == 'A' ? 'B' : 'A';
    check("a bit of the signature", text, "wrong signature");
    char *other = sign(ES, CLAIMS(DATES ",\"x\":1"), 'e');
    snprintf(text, sizeof text, "%.*s%s", (int)second, good, strrchr(other, '.'));
    check("the signature of another token", text, "wrong signature");
    free(other);
    free(good);
}

/* libjwt copies a token to the stack. */
static void test_size(void **state)
{
    (void)state;
    size_t lengths[] = {TOKEN_MAX + 1, 1 << 20, 64 << 20};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *text = malloc(lengths[i] + 1);
        memset(text, 'A', lengths[i]);
        text[10] = text[20] = '.';
        text[lengths[i]] = '\0';
        check("too long", text, "too long");
        free(text);
    }
    char claims[TOKEN_MAX];
    snprintf(claims, sizeof claims, CLAIMS(DATES ",\"x\":\"%05000d\""), 0);
    char *text = sign(HS, claims, 'h');
    check("long, but not too long", text, NULL);
    free(text);
}

/* libjwt takes an empty key for "do not verify". Loading refuses one already. */
static void test_empty_key(void **state)
{
    (void)state;
    static unsigned char none[1];
    static struct keys keys = {.count = 1, .list = {{.kid = "empty", .algorithm = KEY_HS256, .verify = none}}};
    struct token_terms empty = {&keys, terms.issuer, terms.audience};
    struct token out;
    char *text = forge("{\"alg\":\"HS256\",\"kid\":\"empty\"}", GOOD, FORGE_HS256, "", 0);
    assert_string_equal(token_verify(&empty, text, NOW, &out), "invalid_token: wrong signature");
    free(text);
}

static void test_ids_in_lower_case(void **state)
{
    (void)state;
    struct token out;
    char *text = sign(HS, WITHOUT(ISS "," AUD ",\"sub\":\"0198C0DE-0000-7000-8000-000000000001\""), 'h');
    assert_null(token_verify(&terms, text, NOW, &out));
    assert_string_equal(out.subject, SUB);
    assert_string_equal(out.session, "");
    free(text);
}

static void test_mint(void **state)
{
    (void)state;
    const struct key *kinds[] = {key_of('e'), key_of('r'), key_of('h')};
    for (size_t i = 0; i < 3; i++) {
        struct keys *keys = (struct keys *)(uintptr_t)terms.keys;
        struct token token = {.subject = SUB, .session = SID, .expires = NOW + 600}, out;
        const struct key *before = keys->signing;
        keys->signing = kinds[i];
        char *a = token_mint(&terms, &token, NOW), *b = token_mint(&terms, &token, NOW);
        keys->signing = before;
        assert_string_not_equal(a, b); /* a jti each */
        assert_null(token_verify(&terms, a, NOW, &out));
        assert_string_equal(out.subject, SUB);
        assert_string_equal(out.session, SID);
        assert_int_equal(out.expires, NOW + 600);
        free(a);
        free(b);
    }
}

/* What a token is minted with is what is read from it. */
static void test_own_claims(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct token person = {
        .subject = SUB, .session = SID, .organisation = SID, .expires = NOW + 600, .authenticated = NOW - 5, .two_factor = true};
    struct token client = {.subject = SUB, .expires = NOW + 600, .client = true, .scope = "a.b:read c.d:write"}, out;
    char *a = token_mint(&terms, &person, NOW), *b = token_mint(&terms, &client, NOW);
    assert_null(token_verify(&terms, a, NOW, &out));
    assert_string_equal(out.organisation, SID);
    assert_int_equal(out.authenticated, NOW - 5);
    assert_true(out.two_factor && !out.client && !out.scoped);
    assert_null(token_scope(a, arena));
    assert_null(token_verify(&terms, b, NOW, &out));
    assert_true(out.client && out.scoped && !out.two_factor);
    assert_int_equal(out.authenticated, 0);
    assert_string_equal(out.session, "");
    assert_string_equal(out.organisation, "");
    assert_string_equal(token_scope(b, arena), "a.b:read c.d:write");
    arena_free(arena);
    free(a);
    free(b);
}

/* Dangerous acts: a person, in a session, within the last five minutes. */
static void test_fresh(void **state)
{
    (void)state;
    struct auth_caller caller = {.session = SID, .authenticated = NOW - AUTH_FRESH + 1};
    assert_true(auth_fresh(&caller, NOW));
    assert_false(auth_fresh(&caller, NOW + 1));
    caller.session[0] = '\0';
    assert_false(auth_fresh(&caller, NOW));
    caller = (struct auth_caller){.session = SID};
    assert_false(auth_fresh(&caller, NOW));
}

static struct auth *new_auth(void)
{
    char url[] = "https://ballium.test", audience[] = "ballium";
    struct config config = {.keys_dir = dir, .base_url = url, .audience = audience, .access_ttl = 600, .refresh_ttl = 3600};
    struct auth *auth = auth_new(&config, stderr);
    assert_non_null(auth);
    return auth;
}

static const char *ask(const struct auth *auth, const char *scheme, const char *text, int64_t now)
{
    char header[TOKEN_MAX];
    struct auth_caller caller;
    const char *why = NULL;
    snprintf(header, sizeof header, "%s%s", scheme, text);
    if (auth_verify_at(auth, header, now, &caller, &why) == BL_OK) {
        assert_string_equal(caller.actor, SUB);
        return NULL;
    }
    assert_non_null(why);
    return why;
}

static void test_header(void **state)
{
    (void)state;
    struct auth *auth = new_auth();
    struct auth_caller caller;
    const char *why;
    char *text = sign(HS, GOOD, 'h');
    assert_int_equal(auth_verify_at(auth, NULL, NOW, &caller, &why), BL_UNAUTHORIZED);
    assert_string_equal(why, "");
    assert_string_equal(ask(auth, "Basic ", text, NOW), "");
    assert_string_equal(ask(auth, "Bearer", "", NOW), "");
    assert_string_equal(ask(auth, "Bearer ", "", NOW), "");
    assert_string_equal(ask(auth, "Bearer", text, NOW), "");
    assert_string_equal(ask(auth, "Bearer x ", text, NOW), "invalid_token: malformed");
    assert_null(ask(auth, "Bearer ", text, NOW));
    assert_null(ask(auth, "bearer  ", text, NOW));
    free(text);
    auth_free(auth);
}

static void test_expired_while_cached(void **state)
{
    (void)state;
    struct auth *auth = new_auth();
    struct token out;
    char *text = sign(RS, GOOD, 'r');
    assert_null(ask(auth, "Bearer ", text, NOW));
    assert_int_equal(cache_find(auth->cache, text, strlen(text), NOW, &out), CACHE_HIT);
    assert_null(ask(auth, "Bearer ", text, NOW + 629));
    assert_string_equal(ask(auth, "Bearer ", text, NOW + 630), "invalid_token: expired");
    assert_string_equal(ask(auth, "Bearer ", text, NOW + 631), "invalid_token: expired");
    free(text);
    auth_free(auth);
}

/* What was not accepted is not cached, and what one key set accepted is not known to the next. */
static void test_key_retired(void **state)
{
    (void)state;
    char extra[KID_ROOM], header[512];
    assert_true(key_generate(dir, KEY_HS256, extra, stderr));
    struct auth *auth = new_auth();
    struct token out;
    const struct key *key = keys_find(auth->keys, extra);
    snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", extra);
    char *text = forge(header, GOOD, FORGE_HS256, key->sign, key->sign_length);
    char *guess = forge(header, GOOD, FORGE_HS256, "guess", 5);
    assert_null(ask(auth, "Bearer ", text, NOW));
    assert_string_equal(ask(auth, "Bearer ", guess, NOW), "invalid_token: wrong signature");
    assert_int_equal(cache_find(auth->cache, guess, strlen(guess), NOW, &out), CACHE_MISS);
    assert_true(key_retire(dir, extra, stderr));
    struct auth *next = new_auth();
    assert_string_equal(ask(next, "Bearer ", text, NOW), "invalid_token: unknown key");
    auth_free(next);
    free(text);
    free(guess);
    auth_free(auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_claims),  cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_forms),
        cmocka_unit_test(test_size),        cmocka_unit_test(test_empty_key),
        cmocka_unit_test(test_mint),        cmocka_unit_test(test_ids_in_lower_case),
        cmocka_unit_test(test_header),      cmocka_unit_test(test_expired_while_cached),
        cmocka_unit_test(test_key_retired),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
