/* Log-in, refresh, log-out, tokens and public keys through the running service. Guesses are made at an address that no other
 * program uses, from a network of its own. */
#include "attack.h"

#define ME "/api/v1/me"

static char victim[100];

static int set_up(void **state)
{
    (void)state;
    snprintf(victim, sizeof victim, "nobody-%lld-%d@example.org", (long long)time(NULL), (int)getpid());
    return 0;
}

static struct answer log_in(const char *email, const char *password)
{
    struct api *a = api_new();
    struct answer r = api_post(a, "/api/v1/auth/login", json_pack("{s:s, s:s}", "email", email, "password", password));
    api_free(a);
    return r;
}

static struct answer trade(const char *verb, const char *token)
{
    char path[100];
    struct api *a = api_new();
    snprintf(path, sizeof path, "/api/v1/auth/%s", verb);
    struct answer r = api_post(a, path, json_pack("{s:s}", "refresh_token", token));
    api_free(a);
    return r;
}

static struct answer session(void)
{
    struct answer r = log_in(api_email("outerwall", "cb_decider"), api_password("outerwall", "cb_decider"));
    expect_status(&r, 200);
    return r;
}

static void log_in_answers_tokens(void **state)
{
    (void)state;
    struct answer r = session();
    assert_string_equal(answer_text(&r, "token_type"), "Bearer");
    assert_true(answer_integer(&r, "expires_in") > 0 && answer_integer(&r, "expires_in") <= 600);
    assert_string_equal(answer_header(&r, "cache-control"), "no-store");
    struct api *a = api_new();
    api_set_token(a, answer_text(&r, "access_token"));
    struct answer me = api_get(a, ME);
    expect_status(&me, 200);
    assert_string_equal(answer_text(&me, "user/email"), api_email("outerwall", "cb_decider"));
    assert_string_equal(answer_text(&me, "memberships/0/organisation/slug"), "outerwall");
    assert_null(strstr(me.body, "password"));
    answer_free(&me);
    answer_free(&r);
    api_free(a);
}

static void refused_token(const char *token)
{
    struct api *a = api_new();
    api_set_token(a, token);
    struct answer r = api_get(a, ME);
    if (r.status != 401)
        fail_msg("the token %s is answered %d", token, r.status);
    assert_non_null(strstr(answer_header(&r, "www-authenticate"), "Bearer"));
    answer_free(&r);
    api_free(a);
}

static void a_refresh_token_works_once_and_reuse_ends_the_family(void **state)
{
    (void)state;
    struct answer first = session(), second = trade("refresh", answer_text(&first, "refresh_token"));
    expect_status(&second, 200);
    struct answer third = trade("refresh", answer_text(&second, "refresh_token"));
    expect_status(&third, 200); /* rotation as meant */
    struct answer again = trade("refresh", answer_text(&first, "refresh_token"));
    expect_problem(&again, 401, "invalid_refresh_token", NULL);
    struct answer newest = trade("refresh", answer_text(&third, "refresh_token"));
    expect_problem(&newest, 401, "invalid_refresh_token", NULL); /* the thief and the owner are both out */
    refused_token(answer_text(&third, "access_token"));          /* at once, with what they hold already */
    struct answer *all[] = {&first, &second, &third, &again, &newest};
    for (size_t i = 0; i < 5; i++)
        answer_free(all[i]);
}

static void log_out_ends_the_session(void **state)
{
    (void)state;
    struct answer r = session(), other = session(), out = trade("logout", answer_text(&r, "refresh_token"));
    expect_status(&out, 204);
    struct answer after = trade("refresh", answer_text(&r, "refresh_token"));
    expect_problem(&after, 401, "invalid_refresh_token", NULL);
    struct answer beside = trade("refresh", answer_text(&other, "refresh_token"));
    expect_status(&beside, 200); /* the other session of the same person lives */
    refused_token(answer_text(&r, "access_token"));
    struct answer *all[] = {&r, &other, &out, &after, &beside};
    for (size_t i = 0; i < 5; i++)
        answer_free(all[i]);
}

static void a_wrong_password_says_what_an_unknown_address_says(void **state)
{
    (void)state;
    struct answer known = log_in(api_email("outerwall", "cb_decider"), "not the password");
    struct answer unknown = log_in(victim, "not the password");
    expect_problem(&known, 401, "wrong_credentials", NULL);
    attack_same(&known, &unknown, "log-in");
    answer_free(&known);
    answer_free(&unknown);
}

/* base64url, unpadded; the caller frees it. */
static char *encoded(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(text);
    char *out = malloc(length * 2 + 4), *p = out;
    for (size_t i = 0; i < length; i += 3) {
        unsigned v = (unsigned)(unsigned char)text[i] << 16;
        size_t left = length - i;
        v |= left > 1 ? (unsigned)(unsigned char)text[i + 1] << 8 : 0;
        v |= left > 2 ? (unsigned)(unsigned char)text[i + 2] : 0;
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            *p++ = digits[v >> (18 - 6 * k) & 63];
    }
    *p = '\0';
    return out;
}

static void forged_tokens_are_refused(void **state)
{
    (void)state;
    struct answer r = session();
    const char *good = answer_text(&r, "access_token"), *body = strchr(good, '.') + 1, *mark = strchr(body, '.') + 1;
    char forged[4000], *none = encoded("{\"alg\":\"none\",\"typ\":\"JWT\"}"),
                       *hmac = encoded("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    char *admin = encoded("{\"sub\":\"" NOBODYS "\",\"exp\":4000000000}");
    snprintf(forged, sizeof forged, "%s", good);
    forged[mark - good] = forged[mark - good] == 'A' ? 'B' : 'A'; /* one digit of the signature */
    refused_token(forged);
    snprintf(forged, sizeof forged, "%s.%.*s.", none, (int)(mark - body - 1), body);
    refused_token(forged);
    snprintf(forged, sizeof forged, "%s.%.*s.%s", hmac, (int)(mark - body - 1), body, mark);
    refused_token(forged);
    snprintf(forged, sizeof forged, "%.*s.%s.%s", (int)(body - good - 1), good, admin, mark);
    refused_token(forged);
    snprintf(forged, sizeof forged, "%.*s", (int)(mark - good - 1), good);
    refused_token(forged);
    snprintf(forged, sizeof forged, "%s.x", good);
    refused_token(forged);
    refused_token(answer_text(&r, "refresh_token"));
    refused_token("..");
    free(none);
    free(hmac);
    free(admin);
    answer_free(&r);
}

static void the_key_set_holds_public_members_only(void **state)
{
    (void)state;
    static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    struct api *a = api_new();
    struct answer r = api_get(a, "/.well-known/jwks.json");
    expect_status(&r, 200);
    size_t i;
    json_t *key;
    assert_true(json_array_size(answer_at(&r, "keys")) > 0);
    json_array_foreach(answer_at(&r, "keys"), i, key)
    {
        assert_string_not_equal(json_string_value(json_object_get(key, "kty")), "oct");
        for (size_t k = 0; k < sizeof secret / sizeof *secret; k++)
            assert_null(json_object_get(key, secret[k]));
    }
    answer_free(&r);
    api_free(a);
}

static int guess(const char *from, const char *email, const char *password)
{
    char body[400], request[900], answer[8000];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    int n = snprintf(request, sizeof request,
                     "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
    int status = attack_raw(from, request, (size_t)n, answer, sizeof answer);
    if (status == 429)
        assert_non_null(strcasestr(answer, "\r\nRetry-After: "));
    return status;
}

static void guesses_are_slowed_and_nobody_else_is(void **state)
{
    (void)state;
    char mine[100];
    snprintf(mine, sizeof mine, "guessed-%s", victim);
    for (int i = 0; i < 5; i++)
        assert_int_equal(guess("127.0.0.77", mine, "guess"), 401);
    assert_int_equal(guess("127.0.0.77", mine, "guess"), 429);
    assert_int_equal(guess("127.0.0.78", mine, "guess"), 401); /* the same account from elsewhere */
    assert_int_equal(guess("127.0.0.77", api_email("outerwall", "cb_decider"), api_password("outerwall", "cb_decider")), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_in_answers_tokens),
        cmocka_unit_test(a_refresh_token_works_once_and_reuse_ends_the_family),
        cmocka_unit_test(log_out_ends_the_session),
        cmocka_unit_test(a_wrong_password_says_what_an_unknown_address_says),
        cmocka_unit_test(forged_tokens_are_refused),
        cmocka_unit_test(the_key_set_holds_public_members_only),
        cmocka_unit_test(guesses_are_slowed_and_nobody_else_is),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
