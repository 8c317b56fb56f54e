/* By which way reminders go: mails over TLS to a real mail server (aiosmtpd, tests/support/smtp_tls.py), which a password is
 * shown to only when it has proved who it is, and messages to the organisation's webhooks. */
#include "post.h"

/* ---- TLS ---- */

/* What the server was shown; "" when nothing. */
static const char *passwords(struct post *p)
{
    const char *text = contents(p, arena_format(p->arena, "%s/passwords", p->folder));
    return text ? text : "";
}

static void a_password_goes_to_a_proved_server_alone(void **state)
{
    struct post *p = *state;
    static const struct {
        const char *how, *scheme, *host, *problem; /* NULL: the mail comes */
        bool known;                                /* the certificate is in smtp_ca */
    } table[] = {
        {"starttls", "smtp", "mail.localhost", NULL, true},
        {"starttls", "smtp", "mail.localhost", "SSL peer certificate", false},
        {"starttls", "smtp", "other.localhost", "SSL peer certificate", true},
        {"plain", "smtp", "mail.localhost", "SSL", true},
        {"tls", "smtps", "mail.localhost", NULL, true},
        {"tls", "smtps", "mail.localhost", "SSL peer certificate", false},
        {"tls", "smtps", "127.0.0.1", "SSL peer certificate", true},
    };
    char user[] = "isms", password[] = SECRET, url[64], ca[64];
    snprintf(ca, sizeof ca, "%s/ca.pem", p->folder);
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stop_server(p);
        unlink(arena_format(p->arena, "%s/passwords", p->folder));
        start_server(p, table[i].how);
        p->taken = 0;
        snprintf(url, sizeof url, "%s://%s:%d", table[i].scheme, table[i].host, p->port);
        p->config.smtp_url = url;
        p->config.smtp_user = user;
        p->config.smtp_password = password;
        p->config.smtp_ca = table[i].known ? ca : NULL;
        enum bl_status status = work(p);
        if (table[i].problem) {
            assert_int_equal(status, BL_INTERNAL); /* the queue tries again */
            if (!strstr(p->outcome, table[i].problem))
                fail_msg("%s by %s: %s", table[i].how, url, p->outcome);
            assert_string_equal(passwords(p), "");
            assert_null(next(p));
            continue;
        }
        const char *mail = next(p);
        if (status != BL_OK || mail == NULL)
            fail_msg("%s by %s: %s", table[i].how, url, p->outcome);
        assert_memory_equal(mail, "TLSv1.", 6);
        assert_memory_equal(mail + 7, " isms\r\n", 7);
        assert_string_equal(passwords(p), SECRET "\n");
        unlink(arena_format(p->arena, "%s/1", p->folder));
        a_day_later(p);
    }
}

/* ---- webhooks ---- */

static void listen_for(struct post *p, const char *events, const char *state)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    change(p,
           "INSERT INTO core.webhook (tenant_id, id, url, events, state, reason, created_by) VALUES ('%s', '%s', "
           "'https://hooks.example.test', '%s', '%s', %s, '%s')",
           p->tenant, id, events, state, strcmp(state, "active") == 0 ? "NULL" : "'person'", p->anna);
}

/* Of the organisation's deliveries; "" for null. */
static const char *of_deliveries(struct post *p, const char *what)
{
    struct bl_rows *rows;
    const char *args[] = {p->tenant};
    db_queue(p->root, arena_format(p->arena, "SELECT (%s)::text FROM core.webhook_delivery WHERE tenant_id = $1::uuid", what),
             args, 1);
    if (db_flush(p->root, p->arena, &rows) != BL_OK)
        fail_msg("%s", db_error(p->root)->message);
    return db_null(rows, 0, 0) ? "" : db_cell(rows, 0, 0);
}

#define TOLD "count(*)"
#define PAYLOAD(path) of_deliveries(p, "payload::jsonb #>> '" path "'")

static void a_webhook_is_told_who_and_what_is_due(void **state)
{
    struct post *p = *state;
    listen_for(p, "{core.reminders}", "active");
    put_file(p, "FILE-1", "The secret plan", -3, p->anna);
    put_file(p, "FILE-2", "Soon", 1, p->anna);
    put_file(p, "FILE-3", "Of Bert", 1, p->bert);
    choose(p, "daily", 7, "webhook");
    char *mail = one_comes(p);
    assert_non_null(strstr(mail, p->bert)); /* who chose nothing */
    assert_string_equal(p->outcome, "1 mails sent, 0 failed, 1 told to webhooks");
    assert_string_equal(of_deliveries(p, TOLD), "1");
    assert_string_equal(of_deliveries(p, "type || ' ' || state"), "core.reminders.due waiting");
    assert_string_equal(PAYLOAD("{type}"), "core.reminders.due");
    assert_string_equal(PAYLOAD("{data,record_id}"), p->anna);
    assert_string_equal(PAYLOAD("{data,dates}"), "2");
    assert_string_equal(PAYLOAD("{data,items,0,ref}"), "FILE-1");
    assert_string_equal(PAYLOAD("{data,items,0,resource}"), "core.files");
    assert_string_equal(PAYLOAD("{data,items,0,overdue}"), "true");
    assert_string_equal(PAYLOAD("{data,items,1,ref}"), "FILE-2");
    assert_string_equal(PAYLOAD("{data,items,1,overdue}"), "false");
    assert_string_equal(PAYLOAD("{data,items,2}"), "");
    assert_string_equal(PAYLOAD("{data,id}"), of_deliveries(p, "id"));
    assert_null(strstr(PAYLOAD("{}"), "secret plan"));
    nothing_comes(p); /* once a day */
    assert_string_equal(of_deliveries(p, TOLD), "1");
    choose(p, "off", 7, "webhook");
    one_comes(p); /* Bert's of the next day */
    assert_string_equal(p->outcome, "1 mails sent, 0 failed, 0 told to webhooks");
}

static void only_webhooks_that_listen_are_told(void **state)
{
    struct post *p = *state;
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    choose(p, "daily", 7, "webhook");
    static const struct {
        const char *events, *state, *told;
    } table[] = {{"{context.issues,core.files}", "active", "0"},
                 {"{core.reminders}", "suspended", "0"},
                 {"{core.reminders:due}", "active", "1"},
                 {"{*}", "active", "2"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        change(p, "DELETE FROM core.webhook_delivery WHERE tenant_id = '%s'", p->tenant);
        listen_for(p, table[i].events, table[i].state);
        a_day_later(p);
        nothing_comes(p);
        assert_string_equal(of_deliveries(p, TOLD), table[i].told);
    }
}

static void both_ways_are_one_message_each(void **state)
{
    struct post *p = *state;
    listen_for(p, "{core.reminders}", "active");
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    choose(p, "daily", 7, "both");
    answer(p, "RCPT 450 greylisted");
    nothing_comes(p);
    assert_string_equal(of_deliveries(p, TOLD), "1");
    answer(p, NULL);
    one_comes(p); /* the mail is tried again, and the webhook not told again */
    assert_string_equal(of_deliveries(p, TOLD), "1");
    nothing_comes(p);
}

/* Bert, whose turn is after the one at whom the server is found away. */
static void webhooks_do_not_wait_for_the_mail_server(void **state)
{
    struct post *p = *state;
    char nowhere[] = "smtp://127.0.0.1:1", none[] = "";
    assert_true(strcmp(p->anna, p->bert) < 0);
    listen_for(p, "{core.reminders}", "active");
    put_file(p, "FILE-1", "Soon", 1, p->anna);
    put_file(p, "FILE-2", "Of Bert", 1, p->bert);
    change(p, "SELECT core.reminder_choose('%s', 'daily', 7, 'webhook')", p->bert);
    p->config.smtp_url = nowhere;
    assert_int_equal(work(p), BL_INTERNAL);
    assert_string_equal(of_deliveries(p, TOLD), "1");
    change(p, "DELETE FROM core.webhook_delivery WHERE tenant_id = '%s'", p->tenant);
    a_day_later(p);
    change(p, "SELECT core.reminder_choose('%s', 'daily', 7, 'both')", p->bert); /* he waits for it with Anna */
    assert_int_equal(work(p), BL_INTERNAL);
    assert_string_equal(of_deliveries(p, TOLD), "0");
    p->config.smtp_url = none;
    nothing_comes(p); /* there is none to wait for */
    assert_string_equal(of_deliveries(p, TOLD), "1");
    p->config.smtp_url = p->url;
    assert_non_null(strstr(one_comes(p), p->anna));
}

int main(void)
{
    alarm(120);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_password_goes_to_a_proved_server_alone), TEST(a_webhook_is_told_who_and_what_is_due),
        TEST(only_webhooks_that_listen_are_told),       TEST(both_ways_are_one_message_each),
        TEST(webhooks_do_not_wait_for_the_mail_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
