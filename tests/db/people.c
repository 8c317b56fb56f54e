/* ballium org, user and key as a person calls them: what they print, what they refuse, what is in the database afterwards. */
#include "unit.h"

#include "auth/password.h"
#include "base/ids.h"
#include "command.h"
#include "db/db.h"
#include <unistd.h>

static char folder[] = "/tmp/ballium-people-XXXXXX", environment[1024];
static char slug[32], email[64]; /* of this run: the database may hold those of another */
static struct arena *arena;
static struct db *owner;

static int set_up(void **state)
{
    (void)state;
    const char *migrator = getenv("BALLIUM_TEST_MIGRATOR");
    char id[UUID_TEXT];
    if (!migrator || !mkdtemp(folder))
        return -1;
    snprintf(environment, sizeof environment, "BALLIUM_CONFIG=/dev/null BALLIUM_MIGRATOR='%s' BALLIUM_KEYS_DIR=%s/keys ",
             migrator, folder);
    uuid_v7(id);
    snprintf(slug, sizeof slug, "org-%s", id + 24);
    snprintf(email, sizeof email, "Person-%s@example.org", id + 24);
    arena = arena_new(1 << 20);
    owner = db_new(migrator, false);
    return db_ready(owner) == BL_OK && db_script(owner, "SET ROLE ballium_owner") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char line[64];
    arena_free(arena);
    db_free(owner);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return command_run("", line).code;
}

/* "{slug}" and "{email}" in the command stand for this run's. */
static struct said ballium(const char *command)
{
    char line[1024] = "";
    for (const char *at = command; *at; at++) {
        if (strncmp(at, "{slug}", 6) == 0) {
            strncat(line, slug, sizeof line - strlen(line) - 1);
            at += 5;
        } else if (strncmp(at, "{email}", 7) == 0) {
            strncat(line, email, sizeof line - strlen(line) - 1);
            at += 6;
        } else {
            strncat(line, at, 1);
        }
    }
    return command_run(environment, line);
}

static struct said expect(const char *command, int code, const char *words)
{
    struct said said = ballium(command);
    if (said.code != code || !strstr(said.text, words))
        fail_msg("%s: %d, expected %d and \"%s\": %s", command, said.code, code, words, said.text);
    return said;
}

/* The one text that a query about this run's user answers. */
static const char *ask(const char *sql)
{
    struct bl_rows *rows;
    db_queue(owner, sql, (const char *const[]){email}, 1);
    if (db_flush(owner, arena, &rows) != BL_OK)
        fail_msg("%s: %s", sql, db_error(owner)->message);
    return db_count(rows) == 0 || db_null(rows, 0, 0) ? "" : db_cell(rows, 0, 0);
}

static const char hash_of_user[] = "SELECT password_hash FROM core.user_account WHERE email = lower($1)";

static void organisations(void **state)
{
    (void)state;
    expect("ballium org create --slug {slug} --name 'The Organisation' --kind client 2>&1", 0, slug);
    expect("ballium org create --slug {slug} --name Again --kind client 2>&1", 1,
           "an organisation of that slug is there already");
    expect("ballium org create --slug Bad_Slug --name Bad --kind client 2>&1", 1, "a slug is 3 to 40 of");
    expect("ballium org create --slug {slug}x --name Bad --kind castle 2>&1", 1, "a kind is client, consultancy");
    expect("ballium org create --slug {slug}x --name '' --kind client 2>&1", 1, "a name has 1 to 200");
    expect("ballium org create --slug {slug}x --name Bad 2>&1", 2, "--kind is missing");
    expect("ballium org create --slug {slug}x --name Bad --kind 2>&1", 2, "its value is missing");
    expect("ballium org destroy 2>&1", 2, "usage: ballium org");
    expect("ballium org list 2>&1", 0, "The Organisation");
}

static void people(void **state)
{
    (void)state;
    struct said said = expect("ballium user create --email {email} --name 'A Person' 2>&1", 0, "password: ");
    char password[64];
    assert_int_equal(sscanf(strstr(said.text, "password: "), "password: %63s", password), 1);
    assert_true(strlen(password) >= 20);
    assert_int_equal(password_check(ask(hash_of_user), password), PASSWORD_RIGHT);
    expect("ballium user create --email {email} --name Again 2>&1", 1, "a user of that e-mail address is there already");
    expect("ballium user create --email nobody --name Bad 2>&1", 1, "an e-mail address has an @");
    expect("ballium user create --email x{email} --name Bad --password-stdin 2>&1 <<'EOT'\nshort\nEOT", 1, "at least 12 bytes");
    expect("ballium user password --email {email} --password-stdin 2>&1 <<'EOT'\nanother long password\nEOT", 0, "");
    assert_int_equal(password_check(ask(hash_of_user), "another long password"), PASSWORD_RIGHT);
    expect("ballium user password --email nobody{email} 2>&1", 1, "there is no such user");
}

static void memberships(void **state)
{
    (void)state;
    static const char roles[] = "SELECT array_to_string(m.roles, ',') || ' ' || m.status FROM core.membership m "
                                "JOIN core.user_account u ON u.id = m.user_id WHERE u.email = lower($1)";
    expect("ballium user grant --email {email} --org {slug} --roles owner,king 2>&1", 1, "there is no role `king`");
    expect("ballium user grant --email {email} --org {slug} --roles '' 2>&1", 1, "there is no role ``");
    expect("ballium user grant --email {email} --org {slug}x --roles owner 2>&1", 1, "no such organisation");
    assert_string_equal(ask(roles), "");
    expect("ballium user grant --email {email} --org {slug} --roles manager,risk_owner 2>&1", 0, "manager,risk_owner");
    assert_string_equal(ask(roles), "manager,risk_owner active");
    expect("ballium user list 2>&1", 0, ":manager,risk_owner");
    expect("ballium user end --email {email} --org {slug} 2>&1", 0, "ended");
    assert_string_equal(ask(roles), "manager,risk_owner ended");
    expect("ballium user grant --email {email} --org {slug} --roles reader 2>&1", 0, "reader");
    assert_string_equal(ask(roles), "reader active");
}

/* A new password and a suspension end the sessions. */
static void sessions_end(void **state)
{
    (void)state;
    static const char start[] = "INSERT INTO core.session (id, user_id, expires_at) SELECT gen_random_uuid(), id, now() + "
                                "interval '1 h' FROM core.user_account WHERE email = lower($1)";
    static const char why[] = "SELECT string_agg(coalesce(s.ended_why, 'live'), ' ' ORDER BY s.started_at) FROM core.session s "
                              "JOIN core.user_account u ON u.id = s.user_id WHERE u.email = lower($1)";
    static const char status[] = "SELECT status FROM core.user_account WHERE email = lower($1)";
    ask(start);
    expect("ballium user password --email {email} 2>&1", 0, "password: ");
    ask(start);
    expect("ballium user resume --email {email} 2>&1", 0, "active");
    assert_string_equal(ask(why), "password live");
    expect("ballium user suspend --email {email} 2>&1", 0, "suspended");
    assert_string_equal(ask(status), "suspended");
    assert_string_equal(ask(why), "password suspended");
    expect("ballium user resume --email {email} 2>&1", 0, "active");
    assert_string_equal(ask(status), "active");
    expect("ballium user suspend --email nobody{email} 2>&1", 1, "there is no such user");
}

static void keys(void **state)
{
    (void)state;
    char line[128], kid[64], old[64];
    expect("ballium key list 2>&1", 1, "make a key by `ballium key new`");
    assert_int_equal(sscanf(expect("ballium key new 2>&1", 0, "").text, "%63s", old), 1);
    assert_int_equal(sscanf(expect("ballium key new hs256 2>&1", 0, "").text, "%63s", kid), 1);
    expect("ballium key new dsa 2>&1", 2, "es256, rs256, hs256 or vault");
    expect("ballium key list 2>&1", 0, "ES256  signs");
    expect("ballium key list 2>&1", 0, "HS256  verifies, could sign");
    expect("ballium key list 2>&1", 0, "VAULT  seals"); /* the first key brought it along */
    snprintf(line, sizeof line, "ballium key retire %s 2>&1", old);
    expect(line, 1, "choose another one first");
    snprintf(line, sizeof line, "ballium key use %s 2>&1", kid);
    expect(line, 0, "");
    snprintf(line, sizeof line, "ballium key retire %s 2>&1", old);
    expect(line, 0, "");
    expect("ballium key list 2>&1", 0, "HS256  signs");
    expect("ballium key use gone 2>&1", 1, "there is no key gone");
    expect("ballium key 2>&1", 2, "usage: ballium key");
}

/* What the platform does inside an organisation is on that organisation's trail, like what its own people do. */
static void the_trail_has_it(void **state)
{
    (void)state;
    char line[400], client[UUID_TEXT], secret[UUID_TEXT];
    expect("ballium org suspend --slug {slug} --reason 'A court order' 2>&1", 0, "suspended");
    expect("ballium org suspend --slug {slug} 2>&1", 1, "the organisation is suspended");
    expect("ballium org resume --slug {slug} 2>&1", 0, "active");
    struct said made =
        expect("ballium client create --org {slug} --name Scanner --permissions context.issue:read 2>&1", 0, "Scanner");
    assert_int_equal(sscanf(made.text, "%36s", client), 1);
    snprintf(line, sizeof line, "ballium client secret --id %s 2>&1", client);
    assert_int_equal(sscanf(strstr(expect(line, 0, "client_secret").text, "  ") + 2, "%36s", secret), 1);
    snprintf(line, sizeof line, "ballium client drop --id %s --secret %s 2>&1", client, secret);
    expect(line, 0, "secret taken back");
    expect(line, 1, "there is no such client");
    snprintf(line, sizeof line, "ballium client end --id %s 2>&1", client);
    expect(line, 0, "ended");
    char sql[600];
    snprintf(sql, sizeof sql,
             "SELECT string_agg(split_part(e.resource, '.', 2) || ':' || e.verb, ' ' ORDER BY e.at, e.id) FROM core.event e JOIN "
             "core.organisation o ON o.id = e.tenant_id WHERE o.slug = '%s' AND $1::text IS NOT NULL",
             slug);
    assert_string_equal(ask(sql), "members:grant members:remove members:grant members:resume members:suspend members:resume "
                                  "organisations:suspend organisations:resume clients:create clients:add_secret "
                                  "clients:drop_secret clients:archive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(organisations), cmocka_unit_test(people), cmocka_unit_test(memberships),
        cmocka_unit_test(sessions_end),  cmocka_unit_test(keys),   cmocka_unit_test(the_trail_has_it),
    };
    return cmocka_run_group_tests_name("people", tests, set_up, tear_down);
}
