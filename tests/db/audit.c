/* The trail sealed, exported and checked offline: intact as it is, and not after any one thing was changed behind the service's
 * back. */
#include "unit.h"

#include "audit/seal.h"
#include "audit/verify.h"
#include "base/config.h"
#include "cli/cli.h"
#include "db/db.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct db *worker, *root;
static struct arena *arena;
static struct checkpoint_key key;
static struct config config;
static char keys[] = "/tmp/ballium-audit-XXXXXX";

struct trail {
    char tenant[UUID_TEXT], slug[64], path[96];
    char said[1000];
};

static void change(const char *format, ...) BL_PRINTF(1, 2);
static void change(const char *format, ...)
{
    char sql[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    if (!db_script(root, sql))
        fail_msg("%s: %s", sql, db_error(root)->message);
}

static void seal_all(void)
{
    long sealed;
    do {
        assert_int_equal(audit_seal(worker, arena, &key, &sealed), BL_OK);
        arena_reset(arena);
    } while (sealed > 0);
}

static void happen(const struct trail *t, int count)
{
    change(
        "INSERT INTO core.event (tenant_id, id, at, actor, resource, record_id, ref, verb, version, change, reason, request_id) "
        "SELECT '%s', gen_random_uuid(), clock_timestamp() + n * interval '1 ms', gen_random_uuid(), 'context.issues', "
        "gen_random_uuid(), 'ISS-' || n, 'update', n, jsonb_build_object('title', jsonb_build_array('a', 'b' || n)), "
        "CASE WHEN n %% 2 = 0 THEN 'why' END, 'test' FROM generate_series(1, %d) n",
        t->tenant, count);
}

/* Three checkpoints: of 5, 8 and 10 events; one event more is not sealed. */
static void make(struct trail *t)
{
    uuid_v7(t->tenant);
    snprintf(t->slug, sizeof t->slug, "trail-%s", t->tenant + 24);
    snprintf(t->path, sizeof t->path, "%s/%s.jsonl", keys, t->slug);
    change("INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', '%s', 'T', 'client')", t->tenant, t->slug);
    static const int counts[] = {5, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        happen(t, counts[i]);
        seal_all();
    }
    happen(t, 1);
}

static void write_file(const struct trail *t)
{
    char *argv[] = {"audit", "export", "--org", (char *)(uintptr_t)t->slug, "--out", (char *)(uintptr_t)t->path, NULL};
    unlink(t->path);
    assert_int_equal(cli_audit.run(&config, 6, argv), CLI_OK);
}

static bool verify_file(struct trail *t, const struct verify_known *known)
{
    char *said = NULL;
    size_t length = 0;
    FILE *file = fopen(t->path, "r"), *out = open_memstream(&said, &length);
    assert_true(file && out);
    bool intact = audit_verify(file, known, out);
    fclose(file);
    fclose(out);
    snprintf(t->said, sizeof t->said, "%s", said);
    free(said);
    return intact;
}

static bool verify(struct trail *t, const struct verify_known *known)
{
    write_file(t);
    return verify_file(t, known);
}

/* One row about the trail, whose organisation is $1. */
static struct bl_rows *ask(const struct trail *t, const char *sql)
{
    const char *tenant = t->tenant;
    struct bl_rows *rows;
    db_queue(root, sql, &tenant, 1);
    if (db_flush(root, arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(root)->message);
    assert_int_equal(db_count(rows), 1);
    return rows;
}

static const struct tampering {
    const char *name, *sql, *said; /* %1$s: tenant */
} tamperings[] = {
    {"nothing", "SELECT 1", NULL},
    {"what an event says", "UPDATE core.event SET change = '{\"title\": [\"a\", \"c\"]}' WHERE tenant_id = '%1$s' AND seq = 6",
     "something was changed, or put in another order, in the events from number 5 to 7"},
    {"why", "UPDATE core.event SET reason = 'because' WHERE tenant_id = '%1$s' AND seq = 1", "in the events from number 0 to 4"},
    {"who", "UPDATE core.event SET actor = gen_random_uuid() WHERE tenant_id = '%1$s' AND seq = 9",
     "in the events from number 8 to 9"},
    {"when", "UPDATE core.event SET at = at - interval '1 day' WHERE tenant_id = '%1$s' AND seq = 0", "something was changed"},
    {"what was done", "UPDATE core.event SET verb = 'read' WHERE tenant_id = '%1$s' AND seq = 4", "something was changed"},
    {"to what", "UPDATE core.event SET record_id = gen_random_uuid() WHERE tenant_id = '%1$s' AND seq = 4",
     "something was changed"},
    {"an event taken out", "DELETE FROM core.event WHERE tenant_id = '%1$s' AND seq = 3", "event number 3 is missing"},
    {"an event taken out and the gap closed",
     "DELETE FROM core.event WHERE tenant_id = '%1$s' AND seq = 9; UPDATE core.event SET seq = 9 WHERE tenant_id = '%1$s' AND "
     "seq IS NULL",
     "something was changed"},
    {"two events in another order",
     "UPDATE core.event SET seq = 100 WHERE tenant_id = '%1$s' AND seq = 2; UPDATE core.event SET seq = 2 WHERE tenant_id = "
     "'%1$s' AND "
     "seq = 3; UPDATE core.event SET seq = 3 WHERE tenant_id = '%1$s' AND seq = 100",
     "put in another order"},
    {"a false redaction",
     "UPDATE core.event SET commitment = sha256('x'), change = '{}', reason = NULL, salt = '' WHERE tenant_id = '%1$s' AND seq = "
     "6",
     "something was changed"},
    {"a root", "UPDATE core.checkpoint SET root = sha256('x') WHERE tenant_id = '%1$s' AND size = 8",
     "the signature of the checkpoint"},
    {"a checkpoint's moment", "UPDATE core.checkpoint SET at = at + interval '1 second' WHERE tenant_id = '%1$s' AND size = 8",
     "the signature of the checkpoint"},
    {"a checkpoint taken out", "DELETE FROM core.checkpoint WHERE tenant_id = '%1$s' AND size = 8", "a checkpoint is missing"},
    {"the last checkpoint taken out", "DELETE FROM core.checkpoint WHERE tenant_id = '%1$s' AND size = 10",
     "a checkpoint is missing"},
    {"two checkpoints in another order",
     "UPDATE core.checkpoint SET size = 100 WHERE tenant_id = '%1$s' AND size = 5; UPDATE core.checkpoint SET size = 5 WHERE "
     "tenant_id = "
     "'%1$s' AND size = 8; UPDATE core.checkpoint SET size = 8 WHERE tenant_id = '%1$s' AND size = 100",
     "the signature of the checkpoint"},
};
enum { TAMPERINGS = sizeof tamperings / sizeof *tamperings };

static void each_tampering_shows(void **state)
{
    const struct tampering *c = *state;
    const struct verify_known nothing = {0};
    struct trail t;
    make(&t);
    assert_true(verify(&t, &nothing));
    assert_non_null(strstr(t.said, "intact: 10 events"));
    assert_non_null(strstr(t.said, "3 checkpoints, 0 redacted, 1 not sealed yet"));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    change(c->sql, t.tenant);
#pragma GCC diagnostic pop
    bool intact = verify(&t, &nothing);
    if (intact != (c->said == NULL) || (c->said && !strstr(t.said, c->said)))
        fail_msg("%s: %s", c->name, t.said);
}

/* What was said can go without a proof breaking. */
static void a_redaction_keeps_the_proofs(void **state)
{
    (void)state;
    struct trail t;
    char record[UUID_TEXT], guess[80];
    make(&t);
    /* Whoever suspects what the event said computes this, and compares. */
    struct bl_rows *rows = ask(&t, "SELECT record_id, encode(sha256(convert_to(change::text || E'\\n' || coalesce(reason, ''), "
                                   "'UTF8')), 'hex') FROM core.event WHERE tenant_id = $1::uuid AND seq = 7");
    snprintf(record, sizeof record, "%s", db_cell(rows, 0, 0));
    snprintf(guess, sizeof guess, "%s", db_cell(rows, 0, 1));
    char *argv[] = {"audit", "redact", "--org", t.slug, "--record", record, "--reason", "asked for by the person", NULL};
    assert_int_equal(cli_audit.run(&config, 8, argv), CLI_OK);
    assert_true(verify(&t, &(struct verify_known){0}));
    assert_non_null(strstr(t.said, "1 redacted, 2 not sealed yet")); /* the redaction itself is on the trail */
    char line[4000] = "";
    FILE *file = fopen(t.path, "r");
    while (fgets(line, sizeof line, file) && !strstr(line, "\"seq\":7"))
        ;
    fclose(file);
    assert_non_null(strstr(line, "\"salt\":\"\",\"change\":\"{}\",\"reason\":null"));
    assert_non_null(strstr(line, "\"commitment\":\""));
    assert_null(strstr(line, guess));
}

/* What needs no database to be forged: the lines of an export. */
static void a_checkpoint_stands_behind_its_last_event(void **state)
{
    (void)state;
    static char lines[64][2000];
    struct trail t;
    int count = 0, at = 0;
    make(&t);
    write_file(&t);
    FILE *file = fopen(t.path, "r");
    while (count < 64 && fgets(lines[count], sizeof lines[count], file))
        count++;
    fclose(file);
    while (!strstr(lines[at], "{\"checkpoint\""))
        at++;
    file = fopen(t.path, "w");
    for (int i = 0; i < count; i++)
        fputs(lines[i == at ? at - 1 : i == at - 1 ? at : i], file);
    fclose(file);
    assert_false(verify_file(&t, &(struct verify_known){0}));
    assert_non_null(strstr(t.said, "the checkpoint of size 5 comes after 4 events"));
}

/* It is written before others and finished after them: it gets its number when it is finished, and nothing that stands moves. */
static void what_is_not_finished_is_not_sealed(void **state)
{
    (void)state;
    struct trail t;
    struct db *slow = db_new(getenv("BALLIUM_TEST_SUPERUSER"), true);
    assert_int_equal(db_ready(slow), BL_OK);
    make(&t);
    char sql[600];
    snprintf(
        sql, sizeof sql,
        "BEGIN; INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) VALUES "
        "('%s', gen_random_uuid(), gen_random_uuid(), 'context.issues', gen_random_uuid(), 'update', 1, '{}', 'slow')",
        t.tenant);
    assert_true(db_script(slow, sql));
    happen(&t, 1);
    seal_all();
    assert_true(verify(&t, &(struct verify_known){0}));
    assert_non_null(strstr(t.said, "intact: 12 events"));
    assert_non_null(strstr(t.said, "0 not sealed yet"));
    assert_true(db_script(slow, "COMMIT"));
    seal_all();
    assert_true(verify(&t, &(struct verify_known){0}));
    assert_non_null(strstr(t.said, "intact: 13 events"));
    db_free(slow);
}

static void how_long_events_wait_is_told(void **state)
{
    (void)state;
    static const char told[] = "SELECT s.oldest IS NULL, s.oldest = e.at FROM core.sealing s, core.event e WHERE e.tenant_id = "
                               "$1::uuid ORDER BY e.at DESC LIMIT 1";
    struct trail t;
    long sealed;
    make(&t);
    seal_all();
    struct bl_rows *rows = ask(&t, told);
    assert_int_equal(db_integer(rows, 0, 0), 1);
    happen(&t, 1);
    assert_int_equal(audit_seal(worker, arena, &key, &sealed), BL_OK); /* looks, then seals */
    rows = ask(&t, told);
    assert_int_equal(db_integer(rows, 0, 1), 1);
}

/* Against a trail that is cut or made anew helps only what somebody has kept: the key and a checkpoint. */
static void what_was_kept_is_compared(void **state)
{
    (void)state;
    struct trail t;
    char kept[80], hex[65];
    make(&t);
    struct bl_rows *rows =
        ask(&t, "SELECT encode(root, 'hex'), encode(key, 'hex') FROM core.checkpoint WHERE tenant_id = $1::uuid AND size = 10");
    snprintf(kept, sizeof kept, "%s", db_cell(rows, 0, 0));
    snprintf(hex, sizeof hex, "%s", db_cell(rows, 0, 1));
    struct verify_known known = {.key = hex, .size = 10, .root = kept};
    assert_true(verify(&t, &known));
    change("DELETE FROM core.event WHERE tenant_id = '%s' AND (seq >= 8 OR seq IS NULL); DELETE FROM core.checkpoint WHERE "
           "tenant_id = '%s' "
           "AND size = 10",
           t.tenant, t.tenant);
    assert_true(verify(&t, &(struct verify_known){.key = hex})); /* cut clean: nothing inside tells */
    assert_false(verify(&t, &known));
    assert_non_null(strstr(t.said, "the trail was cut or begun anew"));
    /* Sealed anew, by another key, as one who holds the database would have to. */
    struct checkpoint_key other = key;
    crypto_sign_keypair(other.key, other.secret);
    change("UPDATE core.event SET seq = NULL, verb = 'nothing' WHERE tenant_id = '%s'; DELETE FROM core.checkpoint WHERE "
           "tenant_id = '%s'; "
           "DELETE FROM core.tree_node WHERE tenant_id = '%s'; UPDATE core.tree SET size = 0 WHERE tenant_id = '%s'",
           t.tenant, t.tenant, t.tenant, t.tenant);
    long sealed = 1;
    while (sealed > 0)
        assert_int_equal(audit_seal(worker, arena, &other, &sealed), BL_OK);
    assert_true(verify(&t, &(struct verify_known){0}));
    assert_false(verify(&t, &(struct verify_known){.key = hex}));
    assert_non_null(strstr(t.said, "signed by another key"));
}

/* Whoever holds the key, too, seals anew what he has changed: the root that was kept is another one. */
static void a_trail_sealed_anew_by_its_own_key_is_not_the_one_that_was_kept(void **state)
{
    (void)state;
    struct trail t;
    char kept[80];
    make(&t);
    snprintf(kept, sizeof kept, "%s",
             db_cell(ask(&t, "SELECT encode(root, 'hex') FROM core.checkpoint WHERE tenant_id = $1::uuid AND size = 10"), 0, 0));
    change("DELETE FROM core.event WHERE tenant_id = '%s' AND seq IS NULL; UPDATE core.event SET seq = NULL, verb = 'nothing' "
           "WHERE tenant_id = '%s'; DELETE FROM core.checkpoint WHERE tenant_id = '%s'; DELETE FROM core.tree_node WHERE "
           "tenant_id = '%s'; UPDATE core.tree SET size = 0 WHERE tenant_id = '%s'",
           t.tenant, t.tenant, t.tenant, t.tenant, t.tenant);
    seal_all();
    assert_true(verify(&t, &(struct verify_known){0}));
    assert_false(verify(&t, &(struct verify_known){.size = 10, .root = kept}));
    assert_non_null(strstr(t.said, "the checkpoint of size 10 is not the one that was kept"));
}

/* Somebody who reads only the end of the line must not miss that another key signed in between. */
static void each_key_that_signed_is_named(void **state)
{
    (void)state;
    struct trail t;
    struct checkpoint_key other = key;
    char hex[2][2 * CHECKPOINT_KEY + 1], words[300];
    long sealed;
    make(&t);
    sodium_bin2hex(hex[0], sizeof hex[0], key.key, sizeof key.key);
    assert_true(verify(&t, &(struct verify_known){0}));
    snprintf(words, sizeof words, "signed by %s (compare this key with the one you know)\n", hex[0]);
    assert_non_null(strstr(t.said, words));
    crypto_sign_keypair(other.key, other.secret);
    sodium_bin2hex(hex[1], sizeof hex[1], other.key, sizeof other.key);
    assert_int_equal(audit_seal(worker, arena, &other, &sealed), BL_OK);
    happen(&t, 1);
    seal_all();
    assert_true(verify(&t, &(struct verify_known){0}));
    snprintf(words, sizeof words, "signed by %s, %s (compare these keys with those you know)\n", hex[0], hex[1]);
    assert_non_null(strstr(t.said, words));
    assert_false(verify(&t, &(struct verify_known){.key = hex[0]}));
}

static void the_sealer_sees_no_content_and_the_service_no_seal(void **state)
{
    (void)state;
    assert_false(db_script(worker, "SELECT change FROM core.event"));
    assert_false(db_script(worker, "UPDATE core.event SET verb = 'x'"));
    struct db *app = db_new(getenv("BALLIUM_TEST_DATABASE"), true);
    assert_int_equal(db_ready(app), BL_OK);
    assert_false(db_script(app, "UPDATE core.event SET seq = 1"));
    assert_false(db_script(app, "INSERT INTO core.checkpoint SELECT * FROM core.checkpoint"));
    assert_false(db_script(app, "DELETE FROM core.event"));
    db_free(app);
    /* The same by the catalogue: nobody who logs in changes an event, the sealer its number alone. */
    struct trail none = {.tenant = "00000000-0000-0000-0000-000000000000"};
    struct bl_rows *rows =
        ask(&none, "SELECT count(*) FILTER (WHERE has_table_privilege(r, 'core.event', p)), string_agg(DISTINCT r || '.' || "
                   "a.attname, ' ') FILTER (WHERE has_column_privilege(r, 'core.event', a.attnum, 'UPDATE')) FROM "
                   "unnest('{ballium_app,ballium_portfolio,ballium_worker}'::text[]) AS r, "
                   "unnest('{UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) AS p, pg_attribute a WHERE a.attrelid = "
                   "'core.event'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND $1::uuid IS NOT NULL");
    assert_int_equal(db_integer(rows, 0, 0), 0);
    assert_string_equal(db_cell(rows, 0, 1), "ballium_worker.seq");
}

static int set_up(void **state)
{
    (void)state;
    worker = db_new(getenv("BALLIUM_TEST_WORKER"), true);
    root = db_new(getenv("BALLIUM_TEST_SUPERUSER"), true);
    arena = arena_new(32 << 20);
    config = (struct config){.migrator = getenv("BALLIUM_TEST_MIGRATOR"), .keys_dir = keys};
    return mkdtemp(keys) && checkpoint_key_load(keys, true, &key, stderr) && db_ready(worker) == BL_OK && db_ready(root) == BL_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char line[96];
    db_free(worker);
    db_free(root);
    arena_free(arena);
    snprintf(line, sizeof line, "rm -rf %s", keys);
    return system(line) == 0 ? 0 : -1;
}

int main(void)
{
    alarm(120);
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(a_redaction_keeps_the_proofs),
        cmocka_unit_test(a_checkpoint_stands_behind_its_last_event),
        cmocka_unit_test(what_is_not_finished_is_not_sealed),
        cmocka_unit_test(how_long_events_wait_is_told),
        cmocka_unit_test(what_was_kept_is_compared),
        cmocka_unit_test(a_trail_sealed_anew_by_its_own_key_is_not_the_one_that_was_kept),
        cmocka_unit_test(each_key_that_signed_is_named),
        cmocka_unit_test(the_sealer_sees_no_content_and_the_service_no_seal),
    };
    enum { OTHERS = sizeof others / sizeof *others };
    struct CMUnitTest tests[TAMPERINGS + OTHERS];
    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < TAMPERINGS; i++)
        tests[OTHERS + i] = (struct CMUnitTest){
            .name = tamperings[i].name, .test_func = each_tampering_shows, .initial_state = (void *)(uintptr_t)&tamperings[i]};
    return cmocka_run_group_tests_name("audit", tests, set_up, tear_down);
}
