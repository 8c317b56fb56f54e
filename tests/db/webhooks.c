/* Webhooks from the trail to a receiver on the loopback: what is told and signed, what is tried again and given up, and that no
 * address inside is reached. The worker's own functions run here, one step at a time. */
#include "unit.h"

#include "auth/vault.h"
#include "base/config.h"
#include "base/webhook.h"
#include "command.h"
#include "jobs/jobs.h"
#include "jobs/webhooks.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define NEWER "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SEED "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="

struct house {
    struct config config;
    struct inside *inside;
    struct db *worker, *root;
    struct arena *arena;
    char organisation[UUID_TEXT], webhook[UUID_TEXT], record[UUID_TEXT], key[UUID_TEXT];
};

static char keys_dir[] = "/tmp/ballium-webhooks-XXXXXX"; /* with one key, by which the secrets of these tests are sealed */

/* ---- a receiver: one thread that answers `status`, and keeps the last request ---- */

static struct {
    pthread_t thread;
    int fd, port;
    int asked;
    const char *status; /* "200 OK" */
    char last[8192];
} receiver;

static void *receive(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(receiver.fd, NULL, NULL)) >= 0; close(fd)) {
        size_t length = 0, want = SIZE_MAX;
        for (ssize_t n; length < want && (n = recv(fd, receiver.last + length, sizeof receiver.last - 1 - length, 0)) > 0;) {
            length += (size_t)n;
            receiver.last[length] = '\0';
            const char *end = strstr(receiver.last, "\r\n\r\n"), *size = strstr(receiver.last, "Content-Length: ");
            if (end)
                want = (size_t)(end + 4 - receiver.last) + (size < end && size ? strtoul(size + 16, NULL, 10) : 0);
        }
        receiver.asked++;
        char answer[200];
        int n =
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 %s\r\nLocation: http://127.0.0.1:%d/elsewhere\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                     receiver.status, receiver.port);
        if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) != n)
            continue;
        shutdown(fd, SHUT_WR);
    }
    return NULL;
}

static int open_receiver(void **state)
{
    (void)state;
    char kid[KID_ROOM];
    if (!mkdtemp(keys_dir) || !key_generate(keys_dir, KEY_VAULT, kid, stderr))
        return -1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    receiver.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(receiver.fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(receiver.fd, 8) != 0 ||
        getsockname(receiver.fd, (struct sockaddr *)&at, &size) != 0)
        return -1;
    receiver.port = ntohs(at.sin_port);
    return pthread_create(&receiver.thread, NULL, receive, NULL);
}

static int close_receiver(void **state)
{
    (void)state;
    shutdown(receiver.fd, SHUT_RDWR);
    pthread_join(receiver.thread, NULL);
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", keys_dir);
    return close(receiver.fd) != 0 || command_run("", line).code != 0;
}

/* ---- the house ---- */

static struct bl_rows *ask(struct house *h, const char *sql)
{
    struct bl_rows *rows;
    db_queue(h->root, arena_string(h->arena, sql), NULL, 0);
    if (db_flush(h->root, h->arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(h->root)->message);
    return rows;
}

static void change(struct house *h, const char *sql)
{
    if (!db_script(h->root, sql))
        fail_msg("%s: %s", sql, db_error(h->root)->message);
}

/* Of the one delivery, or of the webhook. */
static const char *word(struct house *h, const char *what)
{
    return db_cell(ask(h, arena_format(h->arena,
                                       "SELECT (%s)::text FROM core.webhook w LEFT JOIN core.webhook_delivery d ON d.tenant_id = "
                                       "w.tenant_id AND d.webhook_id = w.id WHERE w.id = '%s'",
                                       what, h->webhook)),
                   0, 0);
}

static void happens(struct house *h, const char *resource, const char *verb)
{
    char id[UUID_TEXT];
    uuid_v7(id);
    change(h, arena_format(h->arena,
                           "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, change, "
                           "request_id) VALUES ('%s', '%s', '%s', '%s', '%s', 'ISS-7', '%s', 2, '{\"title\": [null, "
                           "\"the secret plan\"]}', 'test')",
                           h->organisation, id, h->record, resource, h->record, verb));
}

/* A key of the webhook's; `ends`: SQL. `signing` NULL: no pair. */
static void add_key(struct house *h, const char *secret, const char *signing, const char *ends)
{
    char sealed[VAULT_SEALED], pair[VAULT_SEALED] = "";
    struct vault *vault = vault_load(keys_dir, stderr);
    assert_non_null(vault);
    uuid_v7(h->key);
    assert_true(vault_seal(vault, &(struct vault_place){"webhook.secret", h->organisation, h->key}, secret, sealed));
    if (signing)
        assert_true(vault_seal(vault, &(struct vault_place){"webhook.signing", h->organisation, h->key}, signing, pair));
    vault_free(vault);
    change(h, arena_format(h->arena,
                           "INSERT INTO core.webhook_key (tenant_id, webhook_id, id, secret, signing_key, ends_at) VALUES ('%s', "
                           "'%s', '%s', '%s', nullif('%s', ''), %s)",
                           h->organisation, h->webhook, h->key, sealed, pair, ends));
}

static void subscribe(struct house *h, const char *url, const char *events)
{
    uuid_v7(h->webhook);
    change(h, arena_format(h->arena,
                           "INSERT INTO core.webhook (tenant_id, id, url, events, created_by) VALUES ('%s', '%s', '%s', '%s', "
                           "'%s')",
                           h->organisation, h->webhook, url, events, h->record));
    add_key(h, SECRET, SEED, "NULL");
}

static void subscribe_here(struct house *h, const char *events)
{
    subscribe(h, arena_format(h->arena, "http://127.0.0.1:%d/hook", receiver.port), events);
}

static void collect(struct house *h)
{
    bool more = true;
    change(h, "UPDATE core.webhook SET looked_at = '-infinity'");
    while (more)
        assert_int_equal(webhooks_collect(h->inside, h->worker, &more), BL_OK);
}

/* One attempt at what is due. False: nothing is. */
static bool deliver(struct house *h)
{
    bool more;
    assert_int_equal(webhooks_deliver(h->worker, h->arena, &h->config, &more), BL_OK);
    return more;
}

static void time_passes(struct house *h)
{
    change(h,
           "UPDATE core.webhook_delivery SET run_at = now() - interval '1 second' WHERE state = 'waiting'; UPDATE core.webhook "
           "SET rests_until = '-infinity'");
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *worker = getenv("BALLIUM_TEST_WORKER"), *root = getenv("BALLIUM_TEST_SUPERUSER");
    if (h == NULL || worker == NULL || root == NULL)
        return -1;
    h->config = (struct config){.worker = (char *)(uintptr_t)worker,
                                .plugin_dir = TEST_PLUGINS,
                                .plugins = "postman",
                                .private_addresses = true,
                                .keys_dir = keys_dir,
                                .prepared = true};
    h->root = db_new(root, true);
    h->worker = db_new(worker, true);
    h->arena = arena_new(8 << 20);
    h->inside = inside_new(&h->config, stderr);
    if (h->inside == NULL || db_ready(h->root) != BL_OK || db_ready(h->worker) != BL_OK)
        return -1;
    change(h, "DELETE FROM core.webhook_delivery; DELETE FROM core.webhook_key; DELETE FROM core.webhook");
    uuid_v7(h->organisation);
    uuid_v7(h->record);
    change(h, arena_format(h->arena, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', 'w-%s', 'W', 'client')",
                           h->organisation, h->organisation + 24));
    receiver.status = "200 OK";
    receiver.asked = 0;
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    change(h, arena_format(h->arena,
                           "DELETE FROM core.webhook_delivery; DELETE FROM core.webhook_key; DELETE FROM core.webhook; UPDATE "
                           "core.organisation SET status = "
                           "'closed' WHERE id = '%s'",
                           h->organisation));
    inside_free(h->inside);
    db_free(h->root);
    db_free(h->worker);
    arena_free(h->arena);
    free(h);
    return 0;
}

/* ---- tests ---- */

static const char *header(struct house *h, const char *name)
{
    const char *at = strstr(receiver.last, arena_format(h->arena, "\r\n%s: ", name));
    assert_non_null(at);
    at += strlen(name) + 4;
    return arena_format(h->arena, "%.*s", (int)strcspn(at, "\r"), at);
}

static void an_event_is_told_signed_and_without_its_content(void **state)
{
    struct house *h = *state;
    char expected[WEBHOOK_SIGNATURE_ROOM];
    subscribe_here(h, "{context.issues}");
    happens(h, "context.issues", "update");
    collect(h);
    assert_true(deliver(h));
    assert_false(deliver(h));
    collect(h); /* the last hour is read again */
    assert_false(deliver(h));
    assert_int_equal(receiver.asked, 1);
    const char *body = strstr(receiver.last, "\r\n\r\n") + 4, *id = header(h, "webhook-id");
    assert_true(webhook_sign(&(struct webhook_key){SECRET, SEED}, 1, id, atoll(header(h, "webhook-timestamp")), body, expected));
    assert_string_equal(header(h, "webhook-signature"), expected);
    assert_string_equal(header(h, "Content-Type"), "application/json");
    assert_string_equal(id, word(h, "d.id"));
    assert_null(strstr(receiver.last, "secret plan"));
    json_t *told = json_loads(body, 0, NULL), *data = json_object_get(told, "data");
    assert_string_equal(json_string_value(json_object_get(told, "type")), "context.issues.update");
    assert_int_equal(json_string_length(json_object_get(told, "timestamp")), strlen("2026-01-01T00:00:00.000000Z"));
    assert_string_equal(json_string_value(json_object_get(data, "id")), id);
    assert_string_equal(json_string_value(json_object_get(data, "record_id")), h->record);
    assert_string_equal(json_string_value(json_object_get(data, "ref")), "ISS-7");
    assert_int_equal(json_object_size(data), 7);
    json_decref(told);
    assert_string_equal(word(h, "d.state || ' ' || d.status"), "delivered 200");
}

static void what_is_asked_for_is_told_once(void **state)
{
    struct house *h = *state;
    happens(h, "context.issues", "create"); /* before the webhook was there */
    change(h, arena_format(h->arena,
                           "UPDATE core.event SET id = core.uuid_floor(now() - interval '1 minute') WHERE tenant_id = '%s'",
                           h->organisation));
    subscribe_here(h, "{context.issues:approve,planning.risks}");
    happens(h, "context.issues", "approve");
    happens(h, "context.issues", "update");
    happens(h, "planning.risks", "create");
    collect(h);
    assert_string_equal(word(h, "SELECT string_agg(type, ' ' ORDER BY id) FROM core.webhook_delivery"),
                        "context.issues.approve planning.risks.create");
    collect(h);
    assert_string_equal(word(h, "SELECT count(*) FROM core.webhook_delivery"), "2");
    /* One whose id was made half an hour ago and whose transaction commits only now. */
    happens(h, "planning.risks", "archive");
    change(h, arena_format(h->arena,
                           "UPDATE core.webhook SET since = now() - interval '1 day'; UPDATE core.event SET id = "
                           "core.uuid_floor(now() - interval '30 minutes') WHERE tenant_id = '%s' AND verb = 'archive'",
                           h->organisation));
    collect(h);
    assert_string_equal(word(h, "SELECT count(*) FROM core.webhook_delivery WHERE type = 'planning.risks.archive'"), "1");
    assert_string_equal(word(h, "SELECT count(*) FROM core.webhook_delivery WHERE type = 'context.issues.create'"), "0");
}

static void a_suspended_webhook_is_told_nothing(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    change(h, "UPDATE core.webhook SET state = 'suspended', reason = 'person'");
    happens(h, "context.issues", "update");
    collect(h);
    assert_false(deliver(h));
    assert_string_equal(word(h, "SELECT count(*) FROM core.webhook_delivery"), "1");
    change(h, arena_format(h->arena,
                           "UPDATE core.webhook SET state = 'active', reason = NULL; UPDATE core.organisation SET status = "
                           "'suspended' WHERE id = '%s'",
                           h->organisation));
    assert_false(deliver(h)); /* neither is one of an organisation that is */
    assert_int_equal(receiver.asked, 0);
}

static void a_failure_is_tried_again_and_succeeds(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    receiver.status = "500 Oops";
    assert_true(deliver(h));
    assert_false(deliver(h)); /* not at once */
    assert_string_equal(word(h, "d.state || ' ' || d.attempts || ' ' || d.status || ' ' || w.failures"), "waiting 1 500 1");
    assert_string_equal(word(h, "d.run_at BETWEEN now() + interval '2 seconds' AND now() + interval '5 seconds'"), "true");
    const char *first = header(h, "webhook-id");
    time_passes(h);
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.run_at BETWEEN now() + interval '4 minutes' AND now() + interval '5 minutes'"), "true");
    time_passes(h);
    receiver.status = "204 No Content";
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.state || ' ' || d.attempts || ' ' || d.status || ' ' || w.failures"), "delivered 3 204 0");
    assert_string_equal(header(h, "webhook-id"), first);
    assert_null(word(h, "w.failing_since"));
}

static void a_receiver_that_fails_rests(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    happens(h, "context.issues", "archive");
    collect(h);
    receiver.status = "503 Later";
    assert_true(deliver(h));
    assert_false(deliver(h)); /* the other one is due, and waits */
    assert_int_equal(receiver.asked, 1);
}

static void after_the_last_attempt_it_is_dead(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    receiver.status = "500 Oops";
    for (int i = 0; i < WEBHOOK_ATTEMPTS; i++) {
        time_passes(h);
        assert_string_equal(word(h, "d.state"), "waiting");
        assert_true(deliver(h));
    }
    assert_string_equal(word(h, "d.state || ' ' || d.attempts || ' ' || (d.finished_at IS NOT NULL)"), "dead 10 true");
    time_passes(h);
    assert_false(deliver(h));
    assert_int_equal(receiver.asked, WEBHOOK_ATTEMPTS);
    assert_string_equal(word(h, "w.state"), "active");
}

static void a_redirect_is_not_followed(void **state)
{
    struct house *h = *state;
    static const char *const codes[] = {"301 Moved", "302 Found", "307 Temporary", "308 Permanent"};
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    for (int i = 0; i < 4; i++) {
        receiver.status = codes[i];
        time_passes(h);
        assert_true(deliver(h));
        assert_int_equal(receiver.asked, i + 1);
        assert_null(strstr(receiver.last, "/elsewhere"));
        assert_string_equal(word(h, "d.state || ': ' || d.problem"),
                            "waiting: it answered with a redirect, and none is followed");
    }
}

static void an_endpoint_that_fails_for_days_or_is_gone_is_suspended(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    receiver.status = "500 Oops";
    change(h, "UPDATE core.webhook SET failing_since = now() - interval '119 hours', failures = 40");
    assert_true(deliver(h));
    assert_string_equal(word(h, "w.state"), "active");
    change(h, "UPDATE core.webhook SET failing_since = now() - interval '121 hours'");
    time_passes(h);
    assert_true(deliver(h));
    assert_string_equal(word(h, "w.state || ' ' || w.reason"), "suspended failing");
    change(h, "UPDATE core.webhook SET state = 'active', reason = NULL, failing_since = NULL");
    time_passes(h);
    receiver.status = "410 Gone";
    assert_true(deliver(h));
    assert_string_equal(word(h, "w.state || ' ' || w.reason"), "suspended gone");
}

/* Addresses that the API refuses, were they in the table all the same, and a name that leads inside. */
static void no_address_inside_is_reached(void **state)
{
    struct house *h = *state;
    static const char *const hosts[] = {"127.0.0.1",       "localhost",          "[::ffff:127.0.0.1]", "0.0.0.0",  "0",    "[::]",
                                        "169.254.169.254", "[::ffff:a9fe:a9fe]", "2130706433",         "10.0.0.1", "[::1]"};
    h->config.private_addresses = false;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        change(h, "DELETE FROM core.webhook_delivery; DELETE FROM core.webhook_key; DELETE FROM core.webhook");
        subscribe(h, arena_format(h->arena, "https://%s:%d/hook", hosts[i], receiver.port), "{*}");
        happens(h, "context.issues", "update");
        collect(h);
        assert_true(deliver(h));
        if (strcmp(word(h, "d.problem"), "its address is not one of the public Internet") != 0)
            fail_msg("%s: %s", hosts[i], word(h, "d.problem"));
    }
    change(h, "DELETE FROM core.webhook_delivery; DELETE FROM core.webhook_key; DELETE FROM core.webhook");
    subscribe_here(h, "{*}"); /* http:// */
    happens(h, "context.issues", "update");
    collect(h);
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.problem"), "its address does not begin with https://");
    assert_int_equal(receiver.asked, 0);
}

/* openssl's own server, with a certificate that nobody signed, for one connection. */
static void a_receiver_that_cannot_prove_its_name_is_told_nothing(void **state)
{
    struct house *h = *state;
    char line[200] = "";
    FILE *server = popen("d=$(mktemp -d) && cd $d && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj "
                         "/CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 1 2>/dev/null && timeout 60 openssl s_server "
                         "-accept 127.0.0.1:0 -key key -cert cert -rev -naccept 1 2>/dev/null </dev/null; rm -r $d",
                         "r");
    assert_non_null(server);
    while (strncmp(line, "ACCEPT ", 7) != 0)
        assert_non_null(fgets(line, sizeof line, server));
    line[strcspn(line, "\n")] = '\0';
    subscribe(h, arena_format(h->arena, "https://%s/hook", line + 7), "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.problem"), "its certificate is not good");
    while (fgets(line, sizeof line, server))
        assert_null(strstr(line, "webhook-"));
    pclose(server);
}

/* A delivery's signature is that of these keys, in this order. */
static void expect_signed(struct house *h, const struct webhook_key *keys, int count)
{
    char expected[WEBHOOK_SIGNATURE_ROOM];
    receiver.last[0] = '\0';
    happens(h, "context.issues", "update");
    collect(h);
    assert_true(deliver(h));
    const char *body = strstr(receiver.last, "\r\n\r\n") + 4;
    assert_true(webhook_sign(keys, count, header(h, "webhook-id"), atoll(header(h, "webhook-timestamp")), body, expected));
    assert_string_equal(header(h, "webhook-signature"), expected);
}

static void after_a_rotation_both_keys_sign_for_a_while(void **state)
{
    struct house *h = *state;
    static const struct webhook_key both[] = {{NEWER, NULL}, {SECRET, SEED}};
    subscribe_here(h, "{*}");
    change(h, "UPDATE core.webhook_key SET ends_at = now() + interval '1 hour'");
    add_key(h, NEWER, NULL, "NULL");
    expect_signed(h, both, 2);
    change(h, "UPDATE core.webhook_key SET ends_at = now() WHERE ends_at IS NOT NULL");
    expect_signed(h, both, 1);
    static const char left[] = "SELECT count(*) FROM core.webhook_key";
    assert_string_equal(word(h, left), "2");
    const struct job_kind *sweep = job_kinds; /* what has ended goes with the housekeeping */
    char outcome[200];
    while (strcmp(sweep->name, "sweep_webhooks") != 0)
        sweep++;
    assert_int_equal(sweep->run(h->worker, h->arena, &h->config, outcome, sizeof outcome), BL_OK);
    assert_string_equal(word(h, left), "1");
    expect_signed(h, both, 1);
}

/* Nothing leaves unsigned, no attempt is counted, and it goes on where the key comes back. */
static void without_the_right_key_a_delivery_waits(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    happens(h, "context.issues", "update");
    collect(h);
    char *empty = strdup("/tmp/ballium-webhooks-XXXXXX"), kid[KID_ROOM];
    assert_non_null(mkdtemp(empty));
    h->config.keys_dir = empty;
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.attempts || ': ' || d.problem"),
                        "0: its signing key cannot be opened: the keys of the service cannot be read");
    assert_string_equal(word(h, "d.run_at > now() + interval '4 minutes'"), "true");
    assert_true(key_generate(empty, KEY_VAULT, kid, stderr)); /* another one */
    time_passes(h);
    assert_true(deliver(h));
    assert_non_null(strstr(word(h, "d.problem"), "is not in keys_dir"));
    h->config.keys_dir = keys_dir;
    /* The row of another webhook's key, and of another organisation's. */
    change(h, "UPDATE core.webhook_key SET id = '0198c0de-0000-7000-8000-000000000001'");
    time_passes(h);
    assert_true(deliver(h));
    assert_non_null(strstr(word(h, "d.problem"), "not sealed for this place"));
    assert_int_equal(receiver.asked, 0);
    change(h, arena_format(h->arena, "UPDATE core.webhook_key SET id = '%s'", h->key));
    time_passes(h);
    assert_true(deliver(h));
    assert_string_equal(word(h, "d.state || ' ' || d.attempts || ' ' || w.failures"), "delivered 1 0");
    assert_int_equal(command_run("", arena_format(h->arena, "rm -r %s", empty)).code, 0);
    free(empty);
}

/* What stands in the tables is not what signs. */
static void no_key_stands_in_the_database_in_plain_text(void **state)
{
    struct house *h = *state;
    subscribe_here(h, "{*}");
    assert_false(db_script(h->root, arena_format(h->arena, "UPDATE core.webhook_key SET secret = '%s'", SECRET)));
    assert_false(db_script(h->root, arena_format(h->arena, "UPDATE core.webhook_key SET signing_key = '%s'", SEED)));
    assert_string_equal(word(h, "SELECT string_agg(k::text, '') ~ '(MfKQ9r8GKYqrTw|VEVTVFNJR05J)' FROM core.webhook_key k"),
                        "false");
}

static void the_serving_role_cannot_read_the_keys(void **state)
{
    struct house *h = *state;
    struct db *app = db_new(getenv("BALLIUM_TEST_DATABASE"), true);
    assert_int_equal(db_ready(app), BL_OK);
    assert_true(db_script(app, "SELECT url FROM core.webhook"));
    assert_true(db_script(app, "SELECT public_key FROM core.webhook_key"));
    assert_false(db_script(app, "SELECT secret FROM core.webhook_key"));
    assert_false(db_script(app, "SELECT signing_key FROM core.webhook_key"));
    assert_false(db_script(app, "UPDATE core.webhook_key SET secret = secret"));
    assert_false(db_script(app, "UPDATE core.webhook SET looked_at = now()"));
    db_free(app);
    (void)h;
}

int main(void)
{
    alarm(120);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_told_signed_and_without_its_content),
        TEST(what_is_asked_for_is_told_once),
        TEST(a_suspended_webhook_is_told_nothing),
        TEST(a_failure_is_tried_again_and_succeeds),
        TEST(a_receiver_that_fails_rests),
        TEST(after_the_last_attempt_it_is_dead),
        TEST(a_redirect_is_not_followed),
        TEST(an_endpoint_that_fails_for_days_or_is_gone_is_suspended),
        TEST(no_address_inside_is_reached),
        TEST(a_receiver_that_cannot_prove_its_name_is_told_nothing),
        TEST(after_a_rotation_both_keys_sign_for_a_while),
        TEST(without_the_right_key_a_delivery_waits),
        TEST(no_key_stands_in_the_database_in_plain_text),
        TEST(the_serving_role_cannot_read_the_keys),
    };
    return cmocka_run_group_tests(tests, open_receiver, close_receiver);
}
