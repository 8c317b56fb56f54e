/* Signing in: the second factor, sessions, passwords, dangerous acts, and what the time of an answer tells. */
#include "otp.h"
#include "person.h"
#include "qr.h"

#define TOTP "/api/v1/me/totp"
#define CLIENTS "/api/v1/orgs/keep/clients"
#define PROVIDERS "/api/v1/orgs/keep/identity-providers"
#define ENGAGEMENTS "/api/v1/orgs/keep/engagements"
#define ONE_CLIENT "{\"name\":\"x\",\"permissions\":[\"context.issue:read\"]}"

static int set_up(void **state)
{
    (void)state;
    api_from_own_address();
    return 0;
}

static int status_and_free(struct answer r)
{
    int status = r.status;
    answer_free(&r);
    return status;
}

static void gone(struct answer r, const char *code)
{
    expect_problem(&r, 401, code, NULL);
    answer_free(&r);
}

/* A person with a second factor; `recovery` takes one of the codes. The code of this moment is used up. */
static struct person protected_person(char secret[64], char recovery[2][24], struct api **api)
{
    struct person p = person_new("keep", "owner");
    struct api *a = person_api(&p, NULL);
    struct answer r = api_call(a, "POST", TOTP, NULL, NULL);
    expect_status(&r, 200);
    snprintf(secret, 64, "%s", answer_text(&r, "secret"));
    assert_non_null(strstr(answer_text(&r, "uri"), "otpauth://totp/Ballium:"));
    char read[1000];
    qr_read(answer_text(&r, "qr_svg"), read, sizeof read); /* what an authenticator sees */
    assert_string_equal(read, answer_text(&r, "uri"));
    assert_string_equal(answer_header(&r, "cache-control"), "no-store");
    answer_free(&r);
    assert_int_equal(status_and_free(person_log_in(&p, p.password, NULL)), 200); /* not in force before it is confirmed */
    char code[8];
    otp_code(secret, 0, code);
    r = api_post(a, TOTP ":confirm", json_pack("{s:s}", "code", code));
    expect_status(&r, 200);
    assert_int_equal(json_array_size(answer_at(&r, "recovery_codes")), 10);
    for (int i = 0; i < 2; i++)
        snprintf(recovery[i], 24, "%s", answer_text(&r, i ? "recovery_codes/1" : "recovery_codes/0"));
    answer_free(&r);
    *api = a;
    return p;
}

static void the_second_factor_is_asked_for_and_no_code_works_twice(void **state)
{
    (void)state;
    char secret[64], recovery[2][24], now[8], next[8];
    struct api *a;
    struct person p = protected_person(secret, recovery, &a);
    gone(person_log_in(&p, p.password, NULL), "second_factor_required");
    gone(person_log_in(&p, "not the password", "000000"), "wrong_credentials"); /* the code tells nothing without the password */
    otp_code(secret, 0, now);
    gone(person_log_in(&p, p.password, now), "wrong_code"); /* it was used to confirm: a replay */
    otp_code(secret, 1, next);
    assert_int_equal(status_and_free(person_log_in(&p, p.password, next)), 200);
    gone(person_log_in(&p, p.password, next), "wrong_code"); /* a replay */
    gone(person_log_in(&p, p.password, now), "wrong_code");  /* older than one that was taken */
    char far[8];
    otp_code(secret, 4, far);
    person_sql("DELETE FROM core.login_attempt");
    gone(person_log_in(&p, p.password, far), "wrong_code"); /* a code of the future */
    assert_int_equal(status_and_free(person_log_in(&p, p.password, recovery[0])), 200);
    gone(person_log_in(&p, p.password, recovery[0]), "wrong_code"); /* each works once */
    for (char *c = recovery[1]; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    assert_int_equal(status_and_free(person_log_in(&p, p.password, recovery[1])), 200); /* whatever the case */
    struct answer r = api_get(a, TOTP);
    expect_status(&r, 200);
    assert_int_equal(answer_integer(&r, "recovery_codes_left"), 8);
    assert_null(strstr(r.body, secret));
    answer_free(&r);
    r = api_call(a, "POST", TOTP, NULL, NULL); /* a new secret does not take the place of the one in force */
    expect_problem(&r, 409, "second_factor_in_force", NULL);
    answer_free(&r);
    api_free(a);
}

/* A label has room for 250 bytes: of 42 letters that take six bytes each in a URI, 41 fit. */
static void a_long_address_is_cut_at_a_letter(void **state)
{
    (void)state;
    struct person p = {.password = "correct horse of a long name"};
    char *at = p.email;
    for (int i = 0; i < 42; i++)
        at = stpcpy(at, "\u00e9");
    snprintf(at, 16, "@%d.org", (int)getpid());
    person_shell(NULL, 0, "echo '%s' | \"$BALLIUM_BINARY\" user create --email %s --name L --password-stdin", p.password,
                 p.email);
    struct api *a = person_api(&p, NULL);
    struct answer r = api_call(a, "POST", TOTP, NULL, NULL);
    expect_status(&r, 200);
    const char *label = strchr(answer_text(&r, "uri"), ':') + strlen("://totp/Ballium:"), *end = strstr(label, "?secret=");
    assert_int_equal(end - label, 41 * 6);
    assert_int_equal(strncmp(end - 6, "%C3%A9", 6), 0);
    answer_free(&r);
    api_free(a);
}

static void guessing_codes_is_slowed_like_guessing_passwords(void **state)
{
    (void)state;
    char secret[64], recovery[2][24];
    struct api *a;
    struct person p = protected_person(secret, recovery, &a);
    int last = 0;
    for (int i = 0; i < 7 && last != 429; i++)
        last = status_and_free(person_log_in(&p, p.password, "000000"));
    assert_int_equal(last, 429);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user unprotect --email %s",
                 p.email); /* whoever lost it all asks those who run the service */
    person_sql("DELETE FROM core.login_attempt");
    assert_int_equal(status_and_free(person_log_in(&p, p.password, NULL)), 200);
    api_free(a);
}

static void confirming_ends_the_other_sessions(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    char other[100], mine[100], code[8];
    struct api *beside = person_api(&p, other), *a = person_api(&p, mine);
    struct answer r = api_call(a, "POST", TOTP, NULL, NULL);
    expect_status(&r, 200);
    otp_code(answer_text(&r, "secret"), 0, code);
    answer_free(&r);
    r = api_post(a, TOTP ":confirm", json_pack("{s:s}", "code", "000000"));
    expect_problem(&r, 422, "wrong_code", "/code");
    answer_free(&r);
    r = api_post(a, TOTP ":confirm", json_pack("{s:s}", "code", code));
    expect_status(&r, 200);
    answer_free(&r);
    gone(person_refresh(other), "invalid_refresh_token");
    assert_int_equal(status_and_free(person_refresh(mine)), 200);
    api_free(beside);
    api_free(a);
}

/* Every act that asks for it: with a sign-in of an hour ago it is refused, says how to go on, and does nothing. */
static void dangerous_acts_need_a_fresh_sign_in(void **state)
{
    (void)state;
    static const char *const acts[][3] = {
        {"POST", CLIENTS, ONE_CLIENT},
        {"PATCH", CLIENTS "/" NOBODYS, "{}"},
        {"DELETE", CLIENTS "/" NOBODYS, NULL},
        {"POST", CLIENTS "/" NOBODYS "/secrets", NULL},
        {"DELETE", CLIENTS "/" NOBODYS "/secrets/" NOBODYS, NULL},
        {"POST", PROVIDERS, "{}"},
        {"DELETE", PROVIDERS "/" NOBODYS, NULL},
        {"POST", PROVIDERS "/" NOBODYS "/subjects", "{}"},
        {"DELETE", PROVIDERS "/" NOBODYS "/subjects/s", NULL},
        {"POST", ENGAGEMENTS, "{}"},
        {"POST", ENGAGEMENTS "/" NOBODYS ":accept", "{}"},
        {"POST", "/api/v1/orgs/keep/organisations", "{}"},
        {"POST", "/api/v1/orgs/keep/members/" NOBODYS ":erase", "{}"},
        {"POST", "/api/v1/orgs/keep:close", "{}"},
        {"POST", "/api/v1/orgs/keep:suspend", "{}"},
        {"POST", "/api/v1/me/organisations/keep:resume", NULL},
        {"POST", "/api/v1/orgs/keep/export", NULL},
        {"GET", "/api/v1/orgs/keep/exports/" NOBODYS, NULL},
        {"POST", TOTP, NULL},
        {"POST", TOTP ":confirm", "{\"code\":\"000000\"}"},
        {"POST", TOTP ":recovery", NULL},
        {"DELETE", TOTP, NULL},
    };
    struct person p = person_new("keep", "owner");
    char refresh[100];
    struct api *a = person_api(&p, refresh);
    person_grow_stale(&p, a, refresh);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct answer r = api_call(a, acts[i][0], acts[i][1], acts[i][2], (const char *const[]){"If-Match: \"1\"", NULL});
        expect_problem(&r, 401, "insufficient_user_authentication", NULL);
        assert_non_null(strstr(answer_header(&r, "www-authenticate"), "error=\"insufficient_user_authentication\""));
        assert_non_null(strstr(answer_header(&r, "www-authenticate"), "max_age=\"300\""));
        answer_free(&r);
    }
    assert_int_equal(status_and_free(api_get(a, CLIENTS)), 200); /* what is not dangerous goes on */
    struct answer r = api_post(a, "/api/v1/auth/step-up", json_pack("{s:s}", "password", "not the password"));
    expect_problem(&r, 401, "wrong_credentials", NULL);
    answer_free(&r);
    r = api_post(a, "/api/v1/auth/step-up", json_pack("{s:s}", "password", p.password));
    expect_status(&r, 200);
    assert_null(answer_text(&r, "refresh_token"));
    api_set_token(a, answer_text(&r, "access_token"));
    answer_free(&r);
    r = api_call(a, "POST", CLIENTS, ONE_CLIENT, NULL);
    expect_status(&r, 201);
    char path[200];
    snprintf(path, sizeof path, CLIENTS "/%s", answer_text(&r, "id"));
    answer_free(&r);
    assert_int_equal(status_and_free(api_call(a, "DELETE", path, NULL, NULL)), 204);
    api_free(a);
}

/* Ended where this process could not see it: the token is good for some minutes, and makes no other. */
static void a_session_that_is_over_steps_up_to_nothing(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    struct api *a = person_api(&p, NULL);
    char sql[300];
    snprintf(
        sql, sizeof sql,
        "UPDATE core.session s SET ended_at = now(), ended_why = 'reuse' FROM core.user_account u WHERE u.id = s.user_id AND "
        "u.email = '%s'",
        p.email);
    person_sql(sql);
    struct answer r = api_post(a, "/api/v1/auth/step-up", json_pack("{s:s}", "password", p.password));
    expect_problem(&r, 401, "session_over", NULL);
    assert_null(strstr(r.body, "access_token"));
    answer_free(&r);
    api_free(a);
}

static void stepping_up_asks_for_the_second_factor(void **state)
{
    (void)state;
    char secret[64], recovery[2][24];
    struct api *a;
    struct person p = protected_person(secret, recovery, &a);
    struct answer r = api_post(a, "/api/v1/auth/step-up", json_pack("{s:s}", "password", p.password));
    expect_problem(&r, 401, "second_factor_required", NULL);
    answer_free(&r);
    r = api_post(a, "/api/v1/auth/step-up", json_pack("{s:s, s:s}", "password", p.password, "code", recovery[0]));
    expect_status(&r, 200);
    api_set_token(a, answer_text(&r, "access_token"));
    answer_free(&r);
    assert_int_equal(status_and_free(api_call(a, "DELETE", TOTP, NULL, NULL)), 204);
    assert_int_equal(status_and_free(person_log_in(&p, p.password, NULL)), 200);
    api_free(a);
}

static void sessions_are_listed_and_ended(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader"), q = person_new("keep", "reader");
    char first[100], second[100], strange[100], path[200], other[40] = "";
    struct api *a = person_api(&p, first), *b = person_api(&p, second), *stranger = person_api(&q, strange);
    struct answer r = api_get(a, "/api/v1/me/sessions");
    expect_status(&r, 200);
    assert_int_equal(json_array_size(answer_at(&r, "items")), 2);
    assert_null(strstr(r.body, "blr_"));
    size_t i;
    json_t *one;
    json_array_foreach(answer_at(&r, "items"), i, one) if (json_is_false(json_object_get(one, "current")))
        snprintf(other, sizeof other, "%s", json_string_value(json_object_get(one, "id")));
    answer_free(&r);
    snprintf(path, sizeof path, "/api/v1/me/sessions/%s", other);
    assert_int_equal(status_and_free(api_call(stranger, "DELETE", path, NULL, NULL)), 404); /* nobody ends another's */
    assert_int_equal(status_and_free(api_call(a, "DELETE", path, NULL, NULL)), 204);
    assert_int_equal(status_and_free(api_call(a, "DELETE", path, NULL, NULL)), 404);
    gone(person_refresh(second), "invalid_refresh_token");
    gone(api_get(b, "/api/v1/me"), "invalid_token"); /* its access token is out at once, too */
    assert_int_equal(status_and_free(api_get(a, "/api/v1/me")), 200);
    assert_int_equal(status_and_free(person_log_in(&p, p.password, NULL)), 200);
    assert_int_equal(status_and_free(api_call(a, "DELETE", "/api/v1/me/sessions", NULL, NULL)), 204);
    r = api_get(a, "/api/v1/me/sessions");
    assert_int_equal(json_array_size(answer_at(&r, "items")), 1);
    answer_free(&r);
    assert_int_equal(status_and_free(person_refresh(first)), 200);
    assert_int_equal(status_and_free(person_refresh(strange)), 200);
    api_free(a);
    api_free(b);
    api_free(stranger);
}

static void a_new_password_ends_the_other_sessions(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    char mine[100], other[100];
    static const char fresh[] = "an entirely new password";
    struct api *a = person_api(&p, mine), *b = person_api(&p, other);
    struct answer r = api_post(a, "/api/v1/me/password", json_pack("{s:s, s:s}", "password", "not it", "new_password", fresh));
    expect_problem(&r, 401, "wrong_credentials", NULL); /* a stolen access token is not enough */
    answer_free(&r);
    r = api_post(a, "/api/v1/me/password", json_pack("{s:s, s:s}", "password", p.password, "new_password", "short"));
    expect_problem(&r, 422, "password", "/new_password");
    answer_free(&r);
    r = api_post(a, "/api/v1/me/password", json_pack("{s:s, s:s}", "password", p.password, "new_password", fresh));
    expect_status(&r, 204);
    answer_free(&r);
    gone(person_refresh(other), "invalid_refresh_token");
    assert_int_equal(status_and_free(person_refresh(mine)), 200);
    gone(person_log_in(&p, p.password, NULL), "wrong_credentials");
    assert_int_equal(status_and_free(person_log_in(&p, fresh, NULL)), 200);
    api_free(a);
    api_free(b);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The hash of a password is most of the time of a log-in, so an account that were skipped would answer in a tenth of it.
 * Alternating, so that whatever else the machine does meets both alike. The addresses differ, so that nobody is slowed. */
static void the_time_of_an_answer_does_not_tell_who_exists(void **state)
{
    (void)state;
    enum { ROUNDS = 15 };
    double known[ROUNDS], unknown[ROUNDS];
    struct person p = person_new("keep", "reader"), nobody = {.email = "nobody-at-all@example.org"};
    struct api *a = api_new();
    for (int i = 0; i < ROUNDS; i++) {
        const struct person *who[] = {&p, &nobody};
        for (int k = 0; k < 2; k++) {
            person_sql("DELETE FROM core.login_attempt");
            double start = now_ms();
            struct answer r = api_post(a, "/api/v1/auth/login",
                                       json_pack("{s:s, s:s}", "email", who[k]->email, "password", "not the password"));
            (k ? unknown : known)[i] = now_ms() - start;
            expect_problem(&r, 401, "wrong_credentials", NULL);
            answer_free(&r);
        }
    }
    qsort(known, ROUNDS, sizeof *known, by_value);
    qsort(unknown, ROUNDS, sizeof *unknown, by_value);
    double ratio = known[ROUNDS / 2] / unknown[ROUNDS / 2];
    if (ratio < 0.67 || ratio > 1.5)
        fail_msg("a known address takes %.2f ms, an unknown one %.2f ms", known[ROUNDS / 2], unknown[ROUNDS / 2]);
    api_free(a);
}

/* Somebody guesses at a person's account from one network until it is locked: the person, from another, logs in. */
static void a_lock_is_no_way_to_lock_others_out(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    char body[400], request[900], answer[8000];
    int status = 0;
    for (int right = 0; right < 2; right++) {
        snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", p.email, right ? p.password : "guess");
        int n = snprintf(request, sizeof request,
                         "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         strlen(body), body);
        for (int i = 0; i < (right ? 1 : 8); i++)
            status = attack_raw("127.0.0.91", request, (size_t)n, answer, sizeof answer);
        assert_int_equal(status, 429); /* even with the right password, from there */
        assert_non_null(strcasestr(answer, "\r\nRetry-After: "));
    }
    assert_int_equal(attack_raw("127.0.0.92", request, strlen(request), answer, sizeof answer), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_factor_is_asked_for_and_no_code_works_twice),
        cmocka_unit_test(a_long_address_is_cut_at_a_letter),
        cmocka_unit_test(guessing_codes_is_slowed_like_guessing_passwords),
        cmocka_unit_test(confirming_ends_the_other_sessions),
        cmocka_unit_test(dangerous_acts_need_a_fresh_sign_in),
        cmocka_unit_test(a_session_that_is_over_steps_up_to_nothing),
        cmocka_unit_test(stepping_up_asks_for_the_second_factor),
        cmocka_unit_test(sessions_are_listed_and_ended),
        cmocka_unit_test(a_new_password_ends_the_other_sessions),
        cmocka_unit_test(the_time_of_an_answer_does_not_tell_who_exists),
        cmocka_unit_test(a_lock_is_no_way_to_lock_others_out),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
