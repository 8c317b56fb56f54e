/* Reminders by mail, to a mail server that really speaks SMTP (tests/support/smtp.py): what is in them, whom they reach, how
 * often. */
#include "unit.h"

#include "base/config.h"
#include "jobs/inside.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "gruft-and-tomb"

struct post {
    struct config config;
    struct inside *inside;
    struct db *worker, *root;
    struct arena *arena;
    pid_t server;
    int port, taken; /* mails looked at */
    char folder[40], url[64], outcome[200];
    char tenant[UUID_TEXT], anna[UUID_TEXT], bert[UUID_TEXT];
};

static void change(struct post *p, const char *format, ...) BL_PRINTF(2, 3);
static void change(struct post *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sql = arena_vformat(p->arena, format, args);
    va_end(args);
    if (!db_script(p->root, sql))
        fail_msg("%s: %s", sql, db_error(p->root)->message);
}

static void put_person(struct post *p, char id[UUID_TEXT], const char *name)
{
    uuid_v7(id);
    change(p,
           "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', '%s'); INSERT INTO core.membership "
           "(tenant_id, user_id, roles) VALUES ('%s', '%s', '{reader}')",
           id, id, name, p->tenant, id);
}

/* A file that is valid for so many days from now. */
static void put_file(struct post *p, const char *ref, const char *name, int days, const char *custodian)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    change(
        p,
        "INSERT INTO core.file (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, name, media_type, "
        "size, "
        "sha256, scan, valid_until, custodian_id) VALUES ('%s', '%s', '%s', 1, now(), '%s', now(), '%s', E'%s', 'text/plain', 1, "
        "repeat('a', 64), 'none', current_date + %d, '%s')",
        p->tenant, id, ref, custodian, custodian, name, days, custodian);
}

static void start_server(struct post *p)
{
    int out[2];
    char line[16] = "";
    assert_int_equal(pipe(out), 0);
    if ((p->server = fork()) == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when a test dies */
        dup2(out[1], 1);
        execlp("python3", "python3", TEST_SOURCE "/tests/support/smtp.py", p->folder, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    assert_true(read(out[0], line, sizeof line - 1) > 0);
    close(out[0]);
    p->port = atoi(line);
    snprintf(p->url, sizeof p->url, "smtp://127.0.0.1:%d", p->port);
}

/* How the server answers a command: "RCPT 450 later". NULL: as it should. */
static void answer(struct post *p, const char *words)
{
    const char *path = arena_format(p->arena, "%s/answer", p->folder);
    FILE *f = words != NULL ? fopen(path, "w") : NULL;
    if (f != NULL)
        assert_int_equal((fputs(words, f), fclose(f)), 0);
    else
        unlink(path);
}

static int set_up(void **state)
{
    struct post *p = calloc(1, sizeof *p);
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *super = getenv("BALLIUM_TEST_SUPERUSER");
    if (p == NULL || worker == NULL || super == NULL || sodium_init() < 0)
        return -1;
    strcpy(p->folder, "/tmp/ballium-post-XXXXXX");
    if (mkdtemp(p->folder) == NULL)
        return -1;
    start_server(p);
    p->config = (struct config){.worker = (char *)(uintptr_t)worker,
                                .database = (char *)(uintptr_t)worker,
                                .plugin_dir = TEST_PLUGINS,
                                .plugins = "postman",
                                .base_url = "https://isms.example.test",
                                .smtp_url = p->url,
                                .smtp_from = "isms@example.test",
                                .smtp_user = "",
                                .smtp_password = "",
                                .prepared = true};
    p->root = db_new(super, true);
    p->worker = db_new(worker, true);
    p->arena = arena_new(16 << 20);
    p->inside = inside_new(&p->config, stderr);
    if (p->inside == NULL || db_ready(p->root) != BL_OK)
        return -1;
    /* nobody else's turn today */
    change(p, "INSERT INTO core.reminder SELECT user_id, tenant_id, current_date, 0 FROM core.membership ON CONFLICT DO NOTHING");
    uuid_v7(p->tenant);
    change(p, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', 'p-%s', E'K\\u00f6ln\\r\\nCc: x', 'client')",
           p->tenant, p->tenant + 24);
    put_person(p, p->anna, "Anna");
    put_person(p, p->bert, "Bert");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct post *p = *state;
    change(p, "DELETE FROM core.file WHERE tenant_id = '%s'; UPDATE core.organisation SET status = 'closed' WHERE id = '%s'",
           p->tenant, p->tenant);
    kill(p->server, SIGTERM);
    waitpid(p->server, NULL, 0);
    answer(p, NULL);
    for (int i = 1; unlink(arena_format(p->arena, "%s/%d", p->folder, i)) == 0; i++)
        ;
    rmdir(p->folder);
    inside_free(p->inside);
    db_free(p->root);
    db_free(p->worker);
    arena_free(p->arena);
    free(p);
    return 0;
}

static char *contents(struct post *p, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = arena_alloc(p->arena, 200000);
    if (f == NULL)
        return NULL;
    text[fread(text, 1, 199999, f)] = '\0';
    fclose(f);
    return text;
}

/* The next mail that the server has taken; NULL: there is no more. */
static char *next(struct post *p)
{
    char *text = contents(p, arena_format(p->arena, "%s/%d", p->folder, p->taken + 1));
    p->taken += text != NULL;
    return text;
}

static enum bl_status work(struct post *p)
{
    return inside_remind(p->inside, p->worker, p->arena, &p->config, p->outcome, sizeof p->outcome);
}

static void nothing_comes(struct post *p)
{
    assert_int_equal(work(p), BL_OK);
    assert_null(next(p));
}

static char *one_comes(struct post *p)
{
    assert_int_equal(work(p), BL_OK);
    char *mail = next(p);
    if (mail == NULL)
        fail_msg("no mail: %s", p->outcome);
    assert_null(next(p));
    return mail;
}

static char *decode(struct post *p, const char *from, size_t length)
{
    char *out = arena_alloc(p->arena, length + 1);
    size_t got;
    assert_int_equal(
        sodium_base642bin((unsigned char *)out, length, from, length, "\r\n", &got, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    out[got] = '\0';
    return out;
}

static char *body(struct post *p, const char *mail)
{
    const char *start = strstr(strstr(mail, "\r\n\r\n") + 4, "\r\n\r\n") + 4; /* after the envelope, and the header */
    return decode(p, start, strlen(start));
}

static char *subject(struct post *p, const char *mail)
{
    char *all = arena_alloc(p->arena, 4000);
    const char *at = strstr(mail, "\r\nSubject: ") + 11;
    for (; strncmp(at, "=?UTF-8?B?", 10) == 0; at += 4 + (at[4] == ' ')) {
        const char *end = strstr(at, "?=");
        assert_true(end + 2 - at <= 75);
        strcat(all, decode(p, at + 10, (size_t)(end - at) - 10));
        at = end;
        if (at[4] != ' ')
            break;
    }
    return all;
}

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
    assert_string_equal(p->outcome, "2 mails sent, 0 failed");
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
#define A_DAY_LATER change(p, "UPDATE core.reminder SET day = day - 1 WHERE organisation_id = '%s'", p->tenant)
#define CHOOSE(rhythm, days)                                                                                                     \
    change(p, "SELECT core.reminder_choose('%s', '" rhythm "', " #days ")", p->anna);                                            \
    A_DAY_LATER
    CHOOSE("off", 20);
    nothing_comes(p);
    CHOOSE("daily", 8);
    nothing_comes(p);
    CHOOSE("daily", 9);
    one_comes(p);
    A_DAY_LATER;
    one_comes(p);
    CHOOSE("weekly", 9);
    for (int i = 0; i < 6; i++) {
        nothing_comes(p);
        A_DAY_LATER;
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
    A_DAY_LATER;
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
        assert_string_equal(p->outcome, "0 mails sent, 2 failed"); /* one's trouble is not the other's */
        answer(p, NULL);
        nothing_comes(p);
        assert_string_equal(p->outcome, "0 mails sent, 0 failed");
        A_DAY_LATER;
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

/* Its log, from what standard error got meanwhile. */
static char *logged(struct post *p, enum bl_status *status)
{
    const char *path = arena_format(p->arena, "%s/log", p->folder);
    int before = dup(2), file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(file, 2);
    *status = work(p);
    dup2(before, 2);
    close(before);
    close(file);
    char *log = contents(p, path);
    unlink(path);
    return log;
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
