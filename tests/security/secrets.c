/* Second factors at rest: sealed in the database of the running service, for their owner alone, and what a sign-in says when one
 * cannot be opened. (Keys of webhooks: tests/db/webhooks.c. Identity providers: outside/sign_in.mjs. Rotation:
 * tests/db/sealed.c.) */
#include "otp.h"
#include "person.h"

#define TOTP "/api/v1/me/totp"

static int set_up(void **state)
{
    (void)state;
    api_from_own_address();
    return 0;
}

struct holder {
    struct person person;
    char secret[64], hex[80], recovery[24];
};

static struct holder new_holder(void)
{
    struct holder h = {.person = person_new("keep", "reader")};
    struct api *a = person_api(&h.person, NULL);
    struct answer r = api_call(a, "POST", TOTP, NULL, NULL);
    expect_status(&r, 200);
    snprintf(h.secret, sizeof h.secret, "%s", answer_text(&r, "secret"));
    answer_free(&r);
    unsigned char bytes[64];
    size_t length = otp_decode(h.secret, bytes);
    for (size_t i = 0; i < length; i++)
        snprintf(h.hex + 2 * i, 3, "%02x", bytes[i]);
    char code[8];
    otp_code(h.secret, 0, code);
    r = api_post(a, TOTP ":confirm", json_pack("{s:s}", "code", code));
    expect_status(&r, 200);
    snprintf(h.recovery, sizeof h.recovery, "%s", answer_text(&r, "recovery_codes/0"));
    answer_free(&r);
    api_free(a);
    return h;
}

/* With the code of the next step, since that of this one was used. */
static struct answer sign_in(const struct holder *h, const char *code)
{
    char next[8];
    otp_code(h->secret, 1, next);
    return person_log_in(&h->person, h->person.password, code ? code : next);
}

/* One statement on the row of a holder's second factor; {id} stands for its owner. */
static void change(const struct holder *h, const char *set)
{
    char sql[800];
    snprintf(sql, sizeof sql, "UPDATE core.totp SET %s WHERE user_id = (SELECT id FROM core.user_account WHERE email = '%s')",
             set, h->person.email);
    person_sql(sql);
}

static void a_dump_holds_no_second_factor(void **state)
{
    (void)state;
    struct holder h = new_holder();
    char count[40];
    static const char dump[] =
        "pg_dump \"$(sed -n 's/^migrator = //p' \"$BALLIUM_CONFIG\")\" --role=ballium_owner -t core.totp | ";
    person_shell(count, sizeof count, "%s grep -c '\tv1\\.' >/dev/null && echo there", dump); /* what is sought would be found */
    assert_string_equal(count, "there");
    person_shell(count, sizeof count, "%s grep -ciE '%s|%s' || true", dump, h.hex, h.secret);
    assert_string_equal(count, "0");
}

static void a_second_factor_of_somebody_else_opens_nothing(void **state)
{
    (void)state;
    struct holder mine = new_holder(), other = new_holder();
    char set[400];
    snprintf(set, sizeof set,
             "secret = (SELECT t.secret FROM core.totp t JOIN core.user_account u ON u.id = t.user_id WHERE u.email = '%s')",
             mine.person.email);
    change(&other, set);
    char next[8];
    otp_code(mine.secret, 1, next); /* whoever writes to the table cannot give another his own second factor */
    struct answer r = sign_in(&other, next);
    expect_problem(&r, 503, "secret_unreadable", NULL);
    assert_null(strstr(r.body, mine.secret));
    answer_free(&r);
    r = sign_in(&other, other.recovery); /* and the person is not shut out */
    expect_status(&r, 200);
    answer_free(&r);
    r = sign_in(&mine, NULL);
    expect_status(&r, 200);
    answer_free(&r);
}

static void a_lost_key_is_said_and_logged_without_the_secret(void **state)
{
    (void)state;
    struct holder h = new_holder();
    change(&h, "secret = regexp_replace(secret, '^v1[.][^.]*', 'v1.lost-key')");
    struct answer r = sign_in(&h, NULL);
    expect_problem(&r, 503, "secret_key_missing", NULL);
    assert_non_null(strstr(r.body, "is not in keys_dir: put it back, or enter the secret anew"));
    assert_non_null(answer_header(&r, "retry-after"));
    assert_null(strstr(r.body, h.secret));
    answer_free(&r);
    char lines[40];
    person_shell(lines, sizeof lines,
                 "grep -c '\"event\":\"vault\".*\"purpose\":\"totp\".*\"key\":\"lost-key\"' \"$BALLIUM_SERVE_LOG\"");
    assert_true(atoi(lines) >= 1);
    person_shell(lines, sizeof lines, "grep -ciE '%s|%s' \"$BALLIUM_SERVE_LOG\" || true", h.hex, h.secret);
    assert_string_equal(lines, "0");
    r = sign_in(&h, h.recovery);
    expect_status(&r, 200);
    answer_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_holds_no_second_factor),
        cmocka_unit_test(a_second_factor_of_somebody_else_opens_nothing),
        cmocka_unit_test(a_lost_key_is_said_and_logged_without_the_secret),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
