/* Reminders on a real database, step by step, and mail servers that they go to. */
#ifndef SUPPORT_POST_H
#define SUPPORT_POST_H

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

static inline void change(struct post *p, const char *format, ...) BL_PRINTF(2, 3);
static inline void change(struct post *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sql = arena_vformat(p->arena, format, args);
    va_end(args);
    if (!db_script(p->root, sql))
        fail_msg("%s: %s", sql, db_error(p->root)->message);
}

static inline void put_person(struct post *p, char id[UUID_TEXT], const char *name)
{
    uuid_v7(id);
    change(p,
           "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', '%s'); INSERT INTO core.membership "
           "(tenant_id, user_id, roles) VALUES ('%s', '%s', '{reader}')",
           id, id, name, p->tenant, id);
}

/* A file that is valid for so many days from now. */
static inline void put_file(struct post *p, const char *ref, const char *name, int days, const char *custodian)
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

/* `how` NULL: tests/support/smtp.py; else how smtp_tls.py is to serve. */
static inline void start_server(struct post *p, const char *how)
{
    int out[2];
    char line[16] = "";
    assert_int_equal(pipe(out), 0);
    if ((p->server = fork()) == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when a test dies */
        dup2(out[1], 1);
        if (how == NULL)
            execlp("python3", "python3", TEST_SOURCE "/tests/support/smtp.py", p->folder, (char *)NULL);
        else /* Debian's Python, which has Debian's aiosmtpd */
            execl("/usr/bin/python3", "python3", TEST_SOURCE "/tests/support/smtp_tls.py", p->folder, how, "mail.localhost",
                  (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    assert_true(read(out[0], line, sizeof line - 1) > 0);
    close(out[0]);
    p->port = atoi(line);
    snprintf(p->url, sizeof p->url, "smtp://127.0.0.1:%d", p->port);
}

static inline void stop_server(struct post *p)
{
    kill(p->server, SIGTERM);
    waitpid(p->server, NULL, 0);
}

/* How the server answers a command: "RCPT 450 later". NULL: as it should. */
static inline void answer(struct post *p, const char *words)
{
    const char *path = arena_format(p->arena, "%s/answer", p->folder);
    FILE *f = words != NULL ? fopen(path, "w") : NULL;
    if (f != NULL)
        assert_int_equal((fputs(words, f), fclose(f)), 0);
    else
        unlink(path);
}

static inline int set_up(void **state)
{
    struct post *p = calloc(1, sizeof *p);
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *super = getenv("BALLIUM_TEST_SUPERUSER");
    if (p == NULL || worker == NULL || super == NULL || sodium_init() < 0)
        return -1;
    strcpy(p->folder, "/tmp/ballium-post-XXXXXX");
    if (mkdtemp(p->folder) == NULL)
        return -1;
    start_server(p, NULL);
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

static inline int tear_down(void **state)
{
    struct post *p = *state;
    change(p, "DELETE FROM core.file WHERE tenant_id = '%s'; UPDATE core.organisation SET status = 'closed' WHERE id = '%s'",
           p->tenant, p->tenant);
    stop_server(p);
    answer(p, NULL);
    static const char *const made[] = {"ca.pem", "key.pem", "passwords"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(arena_format(p->arena, "%s/%s", p->folder, made[i]));
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

static inline char *contents(struct post *p, const char *path)
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
static inline char *next(struct post *p)
{
    char *text = contents(p, arena_format(p->arena, "%s/%d", p->folder, p->taken + 1));
    p->taken += text != NULL;
    return text;
}

static inline enum bl_status work(struct post *p)
{
    return inside_remind(p->inside, p->worker, p->arena, &p->config, p->outcome, sizeof p->outcome);
}

static inline void nothing_comes(struct post *p)
{
    assert_int_equal(work(p), BL_OK);
    assert_null(next(p));
}

static inline char *one_comes(struct post *p)
{
    assert_int_equal(work(p), BL_OK);
    char *mail = next(p);
    if (mail == NULL)
        fail_msg("no mail: %s", p->outcome);
    assert_null(next(p));
    return mail;
}

static inline char *decode(struct post *p, const char *from, size_t length)
{
    char *out = arena_alloc(p->arena, length + 1);
    size_t got;
    assert_int_equal(
        sodium_base642bin((unsigned char *)out, length, from, length, "\r\n", &got, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    out[got] = '\0';
    return out;
}

static inline char *body(struct post *p, const char *mail)
{
    const char *start = strstr(strstr(mail, "\r\n\r\n") + 4, "\r\n\r\n") + 4; /* after the envelope, and the header */
    return decode(p, start, strlen(start));
}

static inline char *subject(struct post *p, const char *mail)
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

/* By way of a far past: the key is looked at row by row, and one row's new day may be another's old one. */
static inline void a_day_later(struct post *p)
{
    change(p, "UPDATE core.reminder SET day = day - 10001 WHERE organisation_id = '%s'", p->tenant);
    change(p, "UPDATE core.reminder SET day = day + 10000 WHERE organisation_id = '%s'", p->tenant);
}

/* What Anna wants from now on, with the day of her last reminder behind. */
static inline void choose(struct post *p, const char *rhythm, int days, const char *way)
{
    change(p, "SELECT core.reminder_choose('%s', '%s', %d, '%s')", p->anna, rhythm, days, way);
    a_day_later(p);
}

/* Its log, from what standard error got meanwhile. */
static inline char *logged(struct post *p, enum bl_status *status)
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

#endif
