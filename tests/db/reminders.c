/* Reminders by mail, to a mail server that really speaks SMTP (tests/support/smtp.py): what is in them, whom they reach, how
 * often. */
#include "post.h"

static void a_mail_says_what_is_due(void **state)
{
    struct post *p = *state;
    put_file(p, "FILE-1", "Late", -3, p->anna);
    put_file(p, "FILE-2", "Soon", 7, p->anna);
    put_file(p, "FILE-3", "Far", 8, p->anna);
    put_file(p, "FILE-4", "Away", 1, p->anna);
    put_file(p, "FILE-5", "Of Bert", 1, p->bert);
    change(p, "UPDATE core.file SET archived_at = now() WHERE ref = 'FILE-4' AND tenant_id = '%s'", p->tenant);
    assert_int_equal(work(p), BL_OK);
    assert_string_equal(p->outcome, "2 mails sent, 0 failed, 0 told to webhooks");
    char *mail = next(p), *text = body(p, mail);
    assert_non_null(strstr(mail, arena_format(p->arena, "RCPT TO:<%s@example.test>\r\n", p->anna)));
    assert_non_null(strstr(mail, "\r\nFrom: Ballium <isms@example.test>\r\n"));
    assert_non_null(strstr(text, "OVERDUE  FILE-1  Late\r\n    Valid until: https://isms.example.test/api/v1/orgs/p-"));
    assert_non_null(strstr(text, "  FILE-2  Soon\r\n"));
    for (int i = 3; i <= 5; i++)
        assert_null(strstr(text, arena_format(p->arena, "FILE-%d", i)));
    text = body(p, mail = next(p));
    assert_non_null(strstr(mail, p->bert));
    assert_non_null(strstr(text, "FILE-5  Of Bert"));
    assert_null(strstr(text, "FILE-1"));
    nothing_comes(p); /* once a day */
}

static void a_person_chooses(void **state)
{
    struct post *p = *state;
    put_file(p, "FILE-1", "Soon", 9, p->anna);
    nothing_comes(p);
    choose(p, "off", 20, "mail");
    nothing_comes(p);
    choose(p, "daily", 8, "mail");
    nothing_comes(p);
    choose(p, "daily", 9, "mail");
    one_comes(p);
    a_day_later(p);
    one_comes(p);
    choose(p, "weekly", 9, "mail");
    for (int i = 0; i < 6; i++) {
        nothing_comes(p);
        a_day_later(p);
    }
    one_comes(p);
}

static void who_may_not_read_gets_none(void **state)
{
    struct post *p = *state;
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    change(p, "UPDATE core.membership SET status = 'suspended' WHERE user_id = '%s'", p->anna);
    nothing_comes(p);
    change(p, "UPDATE core.membership SET status = 'active', roles = '{of-no-use}' WHERE user_id = '%s'", p->anna);
    nothing_comes(p);
    a_day_later(p);
    change(p, "UPDATE core.membership SET roles = '{reader}' WHERE user_id = '%s'", p->anna);
    one_comes(p);
}

static void a_title_is_no_header(void **state)
{
    struct post *p = *state;
    put_file(
        p, "FILE-1",
        "\\u00c4rger, der so lang ist, dass er nicht in ein Wort passt\\r\\nBcc: evil@example.test\\r\\n\\r\\n2026-01-01  FILE-9",
        1, p->anna);
    char *mail = one_comes(p), *text = body(p, mail), *title = subject(p, mail);
    assert_null(strstr(mail, "Bcc"));
    assert_null(strstr(mail, "Cc:"));
    assert_null(strpbrk(title, "\r\n"));
    assert_non_null(strstr(title, "K\u00f6ln  Cc: x: \u00c4rger, der so lang ist, dass er nicht in ein Wort passt  Bcc: evil"));
    assert_non_null(strstr(text, "passt  Bcc: evil@example.test    2026-01-01  FILE-9\r\n    Valid"));
    char *line = strstr(mail, "\r\n");
    for (char *end; (end = strstr(line + 2, "\r\n")) != NULL; line = end)
        assert_true(end - line <= 80);
}

static void a_server_that_takes_none_is_asked_again(void **state)
{
    struct post *p = *state;
    char nowhere[] = "smtp://127.0.0.1:1";
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    p->config.smtp_url = nowhere;
    assert_int_equal(work(p), BL_INTERNAL); /* the queue tries again */
    assert_non_null(strstr(p->outcome, "takes no mail: Couldn't connect"));
    p->config.smtp_url = p->url;
    static const char *const away[] = {"HELLO 421 busy", "MAIL 421 closing", "DATA drop"};
    for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
        answer(p, away[i]);
        assert_int_equal(work(p), BL_INTERNAL);
    }
    answer(p, "RCPT 450 greylisted");
    nothing_comes(p);
    answer(p, NULL);
    one_comes(p);
}

static void what_may_have_arrived_is_not_sent_again(void **state)
{
    struct post *p = *state;
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    put_file(p, "FILE-2", "Soon", 1, p->bert);
    static const char *const over[] = {"END drop", "RCPT 550 nobody"};
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        answer(p, over[i]);
        nothing_comes(p);
        assert_string_equal(p->outcome, "0 mails sent, 2 failed, 0 told to webhooks"); /* one's trouble is not the other's */
        answer(p, NULL);
        nothing_comes(p);
        assert_string_equal(p->outcome, "0 mails sent, 0 failed, 0 told to webhooks");
        a_day_later(p);
    }
}

/* Another worker was first, between the list and the decision. */
static void a_decision_is_taken_once(void **state)
{
    struct post *p = *state;
    const char *decide = arena_format(p->arena, "SELECT core.reminder_decide('%s', '%s', 1)", p->tenant, p->anna);
    assert_int_equal(db_ready(p->worker), BL_OK);
    assert_true(db_script(p->worker, decide));
    assert_false(db_script(p->worker, decide));
    assert_false(db_script(p->worker, "SELECT * FROM core.reminder"));
}

static void the_password_stays_secret(void **state)
{
    struct post *p = *state;
    char user[] = "isms", password[] = SECRET, far[64], inside[80];
    enum bl_status status;
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    p->config.smtp_user = user;
    p->config.smtp_password = password;
    answer(p, "AUTH 535 no");
    char *log = logged(p, &status);
    assert_int_equal(status, BL_INTERNAL);
    assert_non_null(strstr(log, "reminder_failed"));
    assert_null(strstr(log, SECRET));
    assert_null(strstr(p->outcome, SECRET));
    answer(p, NULL);
    /* a name that leads here but is not this machine's: no TLS, no mail */
    snprintf(far, sizeof far, "smtp://mail.localhost:%d", p->port);
    p->config.smtp_url = far;
    assert_int_equal(work(p), BL_INTERNAL);
    assert_non_null(strstr(p->outcome, "SSL"));
    assert_null(next(p));
    snprintf(inside, sizeof inside, "smtp://isms:" SECRET "@127.0.0.1:%d", p->port);
    p->config.smtp_url = inside;
    assert_int_equal(work(p), BL_INTERNAL);
    assert_non_null(strstr(p->outcome, "smtp_user"));
    assert_null(strstr(p->outcome, SECRET));
    p->config.smtp_url = p->url;
    one_comes(p);
}

static void without_a_server_nothing_is_decided(void **state)
{
    struct post *p = *state;
    char none[] = "";
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    p->config.smtp_url = none;
    nothing_comes(p);
    p->config.smtp_url = p->url;
    one_comes(p);
}

int main(void)
{
    alarm(120);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_mail_says_what_is_due),
        TEST(a_person_chooses),
        TEST(who_may_not_read_gets_none),
        TEST(a_title_is_no_header),
        TEST(a_server_that_takes_none_is_asked_again),
        TEST(what_may_have_arrived_is_not_sent_again),
        TEST(a_decision_is_taken_once),
        TEST(the_password_stays_secret),
        TEST(without_a_server_nothing_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
