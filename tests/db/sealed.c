/* Sealed secrets in a real database: none of them is found in a dump, none opens in another's row, keys are rotated by
 * `ballium key`, and `ballium doctor` tells of one that is lost. */
#include "unit.h"

#include "auth/vault.h"
#include "base/ids.h"
#include "command.h"
#include "db/db.h"
#include <unistd.h>

enum { SECRETS = 4 };
static const char *const purposes[SECRETS] = {"totp", "provider", "webhook.secret", "webhook.signing"};
static const char *const plain[SECRETS] = {"3132333435363738393031323334353637383930", "client secret of the directory",
                                           "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                           "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="};
static char folder[] = "/tmp/ballium-sealed-XXXXXX", environment[2048], keys[64];
static char user[UUID_TEXT], other_user[UUID_TEXT], tenant[UUID_TEXT], provider[UUID_TEXT], webhook[UUID_TEXT], key[UUID_TEXT];
static struct arena *arena;
static struct db *root;

static void change(const char *sql)
{
    if (!db_script(root, sql))
        fail_msg("%s: %s", sql, db_error(root)->message);
}

static const char *word(const char *sql)
{
    struct bl_rows *rows;
    db_queue(root, sql, NULL, 0);
    if (db_flush(root, arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(root)->message);
    return db_cell(rows, 0, 0);
}

static struct said expect(const char *command, int code, const char *words)
{
    struct said said = command_run(environment, command);
    if (said.code != code || !strstr(said.text, words))
        fail_msg("%s: %d, expected %d and \"%s\": %s", command, said.code, code, words, said.text);
    return said;
}

static struct vault *load(void)
{
    struct vault *v = vault_load(keys, stderr);
    assert_non_null(v);
    return v;
}

static const char *sealed(struct vault *v, int i, const char *where, const char *row)
{
    char out[VAULT_SEALED];
    assert_true(vault_seal(v, &(struct vault_place){purposes[i], where, row}, plain[i], out));
    return arena_string(arena, out);
}

/* One secret of each kind. Those of other tests are sealed under their keys: they go. */
static void fill(void)
{
    struct vault *v = load();
    change("DELETE FROM core.webhook_delivery; DELETE FROM core.webhook_key; DELETE FROM core.webhook; DELETE FROM core.totp; "
           "DELETE "
           "FROM core.identity_provider");
    char *const ids[] = {user, other_user, tenant, provider, webhook, key};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        uuid_v7(ids[i]);
    change(arena_format(arena,
                        "INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', 'S'), ('%s', "
                        "'%s@example.test', 'S')",
                        user, user, other_user, other_user));
    change(arena_format(arena, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', 's-%s', 'S', 'client')",
                        tenant, tenant + 24));
    change(arena_format(arena, "INSERT INTO core.totp (user_id, secret) VALUES ('%s', '%s')", user, sealed(v, 0, "", user)));
    change(
        arena_format(arena,
                     "INSERT INTO core.identity_provider (id, organisation_id, name, issuer, audience, jwks_uri, "
                     "authorization_endpoint, token_endpoint, client_id, client_secret, trust_email, created_by) VALUES ('%s', "
                     "'%s', 'D', 'https://d.test', 'a', 'https://d.test/k', 'https://d.test/a', 'https://d.test/t', 'c', '%s', "
                     "false, '%s')",
                     provider, tenant, sealed(v, 1, tenant, provider), user));
    change(
        arena_format(arena,
                     "INSERT INTO core.webhook (tenant_id, id, url, events, created_by) VALUES ('%s', '%s', 'https://h.test/', "
                     "'{*}', '%s')",
                     tenant, webhook, user));
    change(arena_format(arena,
                        "INSERT INTO core.webhook_key (tenant_id, webhook_id, id, secret, signing_key) VALUES ('%s', '%s', '%s', "
                        "'%s', '%s')",
                        tenant, webhook, key, sealed(v, 2, tenant, key), sealed(v, 3, tenant, key)));
    vault_free(v);
}

static int set_up(void **state)
{
    (void)state;
    const char *database = getenv("BALLIUM_TEST_DATABASE"), *migrator = getenv("BALLIUM_TEST_MIGRATOR"),
               *worker = getenv("BALLIUM_TEST_WORKER"), *superuser = getenv("BALLIUM_TEST_SUPERUSER");
    if (!database || !migrator || !worker || !superuser || !mkdtemp(folder))
        return -1;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    snprintf(environment, sizeof environment,
             "BALLIUM_CONFIG=/dev/null BALLIUM_DATABASE='%s' BALLIUM_MIGRATOR='%s' BALLIUM_WORKER='%s' BALLIUM_KEYS_DIR=%s "
             "BALLIUM_DATA_DIR=%s ",
             database, migrator, worker, keys, folder);
    arena = arena_new(8 << 20);
    root = db_new(superuser, false);
    return arena && db_ready(root) == BL_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char line[64];
    bool gone = db_script(root, "DELETE FROM core.webhook_key; DELETE FROM core.webhook; DELETE FROM core.totp; DELETE FROM "
                                "core.identity_provider");
    arena_free(arena);
    db_free(root);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return command_run("", line).code != 0 || !gone;
}

/* A folder of keys and secrets of its own for each test. */
static int begin(void **state)
{
    (void)state;
    expect(arena_format(arena, "rm -rf %s; mkdir -m 0700 %s", keys, keys), 0, "");
    expect("ballium key new 2>&1", 0, "");
    fill();
    return 0;
}

static void nothing_of_it_is_found_in_a_dump(void **state)
{
    (void)state;
    const char *dump = arena_format(arena, "pg_dump \"%s\" >%s/dump", getenv("BALLIUM_TEST_SUPERUSER"), folder);
    expect(dump, 0, "");
    expect(arena_format(arena, "grep -c '%s' %s/dump", word("SELECT secret FROM core.totp"), folder), 0, "1\n"); /* it is whole */
    for (int i = 0; i < SECRETS; i++) {
        const char *bare = strchr(plain[i], '_') ? strchr(plain[i], '_') + 1 : plain[i];
        expect(arena_format(arena, "grep -cF '%s' %s/dump", bare, folder), 1, "0\n");
    }
    struct said said = command_run("", arena_format(arena, "cat %s/*.vault.key", keys));
    assert_int_equal(strlen(said.text), 65);
    said.text[64] = '\0';
    expect(arena_format(arena, "grep -ciF '%s' %s/dump", said.text, folder), 1, "0\n"); /* nor the key */
}

static void nothing_in_plain_text_can_be_stored(void **state)
{
    (void)state;
    assert_false(db_script(root, "UPDATE core.totp SET secret = '3132333435363738393031323334353637383930'"));
    assert_false(db_script(root, "UPDATE core.identity_provider SET client_secret = 'client secret of the directory'"));
    assert_false(db_script(root, "UPDATE core.webhook_key SET secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'"));
}

static void a_row_that_is_moved_does_not_open(void **state)
{
    (void)state;
    expect("ballium doctor 2>&1", 1, "ok    secrets: 4 in the database; ");
    change(arena_format(arena, "UPDATE core.totp SET user_id = '%s'", other_user));
    expect("ballium doctor 2>&1", 1, "FAIL  secrets: 1 of 4 cannot be opened\n");
    struct said said = expect("ballium doctor 2>&1", 1, arena_format(arena, "FAIL  secrets: totp of %s, key ", other_user));
    assert_null(strstr(said.text, plain[0]));
    change(arena_format(arena, "UPDATE core.totp SET user_id = '%s'", user));
    change(arena_format(arena,
                        "UPDATE core.identity_provider SET organisation_id = (SELECT id FROM core.organisation WHERE id <> "
                        "'%s' LIMIT 1)",
                        tenant));
    expect("ballium doctor 2>&1", 1, "not sealed for this place");
}

static void keys_are_rotated(void **state)
{
    (void)state;
    char old[64], new[64];
    struct said said = expect("ballium key list 2>&1 | grep VAULT", 0, "VAULT  seals");
    assert_int_equal(sscanf(said.text, "%63s", old), 1);
    assert_int_equal(sscanf(expect("ballium key new vault 2>&1", 0, "").text, "%63s", new), 1);
    expect("ballium key reseal 2>&1", 0, arena_format(arena, "4 secrets, 0 sealed anew under %s\n", old));
    expect(arena_format(arena, "ballium key use %s 2>&1", new), 0, "");
    expect("ballium key list 2>&1", 0, arena_format(arena, "%-24s  VAULT  opens", old));
    expect("ballium key list 2>&1", 0, arena_format(arena, "%-24s  VAULT  seals", new));
    expect(arena_format(arena, "ballium key retire %s 2>&1", new), 1, "seals: choose another one first");
    expect(arena_format(arena, "ballium key retire %s 2>&1", old), 1, "4 secrets stand under ");
    expect("ballium key reseal 2>&1", 0, arena_format(arena, "4 secrets, 4 sealed anew under %s\n", new));
    expect("ballium key reseal 2>&1", 0, "4 secrets, 0 sealed anew");
    expect(arena_format(arena, "ballium key retire %s 2>&1", old), 0, "");
    expect("ballium doctor 2>&1", 1, arena_format(arena, "ok    secrets: 4 in the database; %s seals\n", new));
    struct vault *v = load();
    char out[VAULT_SECRET + 1];
    assert_null(vault_open(v, &(struct vault_place){"totp", "", user}, word("SELECT secret FROM core.totp"), out));
    assert_string_equal(out, plain[0]); /* the same secret as before */
    assert_null(vault_open(v, &(struct vault_place){"webhook.signing", tenant, key},
                           word("SELECT signing_key FROM core.webhook_key"), out));
    assert_string_equal(out, plain[3]);
    vault_free(v);
}

static void a_lost_key_is_told(void **state)
{
    (void)state;
    struct said said = expect("ballium key list 2>&1 | grep VAULT", 0, "");
    char kid[64];
    assert_int_equal(sscanf(said.text, "%63s", kid), 1);
    expect(arena_format(arena, "rm %s/%s.vault.key", keys, kid), 0, "");
    expect("ballium doctor 2>&1", 1, "sealing: names a key that is not here: make a key by `ballium key new vault`");
    expect(arena_format(arena, "rm %s/sealing", keys), 0, "");
    expect("ballium key new vault 2>&1", 0, "");
    expect("ballium doctor 2>&1", 1, "FAIL  secrets: 4 of 4 cannot be opened\n");
    expect("ballium doctor 2>&1", 1,
           arena_format(arena, "webhook.secret of %s, key %s: the key that it is sealed under is not", key, kid));
    expect("ballium key reseal 2>&1", 1, "4 secrets, 0 sealed anew");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(nothing_of_it_is_found_in_a_dump),
        TEST(nothing_in_plain_text_can_be_stored),
        TEST(a_row_that_is_moved_does_not_open),
        TEST(keys_are_rotated),
        TEST(a_lost_key_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
