/* ballium user: people and what they may do where. */
#include "auth/internal.h"
#include "auth/password.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "cli/directory.h"
#include "cli/erase.h"
#include "tenant/tenant.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_BYTES = 15, SECRET_ROOM = 1026 };

/* One line of standard input, or 20 random characters (120 bits), which the caller prints. */
static bool choose_password(bool from_stdin, char password[SECRET_ROOM])
{
    if (from_stdin) {
        if (!fgets(password, SECRET_ROOM, stdin))
            password[0] = '\0';
        password[strcspn(password, "\r\n")] = '\0';
    } else {
        unsigned char bytes[RANDOM_BYTES];
        if (sodium_init() < 0)
            return false;
        randombytes_buf(bytes, sizeof bytes);
        sodium_bin2base64(password, SECRET_ROOM, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    }
    const char *objection = password_objection(password);
    if (objection)
        fprintf(stderr, "ballium: %s\n", objection);
    return objection == NULL;
}

/* Sets `hash` and prints the password when it was made here: it is shown this once. */
static bool make_password(bool from_stdin, char password[SECRET_ROOM], char hash[PASSWORD_HASH])
{
    if (!choose_password(from_stdin, password))
        return false;
    if (password_hash(password, hash))
        return true;
    fputs("ballium: no memory to hash the password\n", stderr);
    return false;
}

/* The statement must answer a row for the user (and organisation) it was about. */
static int report(struct bl_rows *rows, const char *what)
{
    if (db_count(rows) == 0) {
        fputs("ballium: there is no such user, or no such organisation: see `ballium user list` and `ballium org list`\n",
              stderr);
        return CLI_FAILED;
    }
    printf("%s  %s\n", db_cell(rows, 0, 0), what);
    return CLI_OK;
}

static int create(struct directory *d, int argc, char **argv)
{
    const char *email = NULL, *name = NULL;
    bool from_stdin = false;
    char id[UUID_TEXT], password[SECRET_ROOM], hash[PASSWORD_HASH];
    if (!read_options(argc, argv,
                      (const struct option_slot[]){{"--email", &email, NULL, true},
                                                   {"--name", &name, NULL, true},
                                                   {"--password-stdin", NULL, &from_stdin, false},
                                                   {0}}))
        return CLI_USAGE;
    if (!strchr(email, '@')) {
        fputs("ballium: an e-mail address has an @\n", stderr);
        return CLI_FAILED;
    }
    if (!make_password(from_stdin, password, hash))
        return CLI_FAILED;
    uuid_v7(id);
    struct bl_rows *rows;
    bool good = directory_ask(d,
                              "INSERT INTO core.user_account (id, email, name, password_hash) "
                              "VALUES ($1::uuid, lower($2), $3, $4) RETURNING id",
                              (const char *const[]){id, email, name, hash}, 4, &rows);
    if (good) {
        printf("%s  %s\n", id, email);
        if (!from_stdin)
            printf("password: %s\n", password);
    }
    sodium_memzero(password, sizeof password);
    return good ? CLI_OK : CLI_FAILED;
}

/* A new password ends every session: whoever knew the old one is out. */
static int set_password(struct directory *d, int argc, char **argv)
{
    const char *email = NULL;
    bool from_stdin = false;
    char password[SECRET_ROOM], hash[PASSWORD_HASH];
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){{"--email", &email, NULL, true}, {"--password-stdin", NULL, &from_stdin, false}, {0}}))
        return CLI_USAGE;
    if (!make_password(from_stdin, password, hash))
        return CLI_FAILED;
    struct bl_rows *rows;
    int code = CLI_FAILED;
    if (directory_ask(d,
                      "WITH changed AS (UPDATE core.user_account SET password_hash = $2 WHERE email = lower($1) RETURNING id), "
                      "ended AS (UPDATE core.session SET ended_at = now(), ended_why = 'password' "
                      "WHERE user_id IN (SELECT id FROM changed) AND ended_at IS NULL) SELECT id FROM changed",
                      (const char *const[]){email, hash}, 2, &rows))
        code = report(rows, email);
    if (code == CLI_OK && !from_stdin)
        printf("password: %s\n", password);
    sodium_memzero(password, sizeof password);
    return code;
}

static bool role_known(const char *name, size_t length)
{
    const char *role;
    for (size_t i = 0; (role = tenant_role_name(i)) != NULL; i++)
        if (strlen(role) == length && strncmp(role, name, length) == 0)
            return true;
    return false;
}

static bool check_roles(const char *roles)
{
    for (const char *at = roles;; at++) {
        size_t length = strcspn(at, ",");
        if (!role_known(at, length)) {
            fprintf(stderr, "ballium: there is no role `%.*s`; roles are", (int)length, at);
            const char *role;
            for (size_t i = 0; (role = tenant_role_name(i)) != NULL; i++)
                fprintf(stderr, " %s", role);
            fputc('\n', stderr);
            return false;
        }
        at += length;
        if (*at == '\0')
            return true;
    }
}

static int grant(struct directory *d, int argc, char **argv)
{
    const char *email = NULL, *org = NULL, *roles = NULL;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){
                          {"--email", &email, NULL, true}, {"--org", &org, NULL, true}, {"--roles", &roles, NULL, true}, {0}}))
        return CLI_USAGE;
    struct bl_rows *rows;
    if (!check_roles(roles) ||
        !directory_ask(d,
                       "WITH done AS (INSERT INTO core.membership (tenant_id, user_id, roles, user_status, tenant_status) "
                       "SELECT o.id, u.id, string_to_array($3, ','), u.status, o.status "
                       "FROM core.organisation o, core.user_account u WHERE o.slug = $2 AND u.email = lower($1) "
                       "ON CONFLICT (tenant_id, user_id) DO UPDATE SET roles = excluded.roles, status = 'active', "
                       "engagement_id = NULL, version = core.membership.version + 1 RETURNING tenant_id, user_id, roles) "
                       "SELECT user_id, core.note(tenant_id, core.new_id(), '" DIRECTORY_ACTOR
                       "', 'core.members', user_id, NULL, 'grant', 1, "
                       "jsonb_build_object('roles', jsonb_build_array(NULL, roles)), NULL, 'command line') FROM done",
                       (const char *const[]){email, org, roles}, 3, &rows))
        return CLI_FAILED;
    return report(rows, roles);
}

/* As POST …/invitations does, in the name of the platform: so the first owner of an organisation can come by a link too. */
static int invite(struct directory *d, int argc, char **argv)
{
    const char *email = NULL, *org = NULL, *roles = NULL;
    char id[UUID_TEXT], event[UUID_TEXT], token[INVITATION_ROOM], hash[SECRET_HASH_ROOM];
    struct bl_rows *rows;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){
                          {"--email", &email, NULL, true}, {"--org", &org, NULL, true}, {"--roles", &roles, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!strchr(email, '@')) {
        fputs("ballium: an e-mail address has an @\n", stderr);
        return CLI_FAILED;
    }
    const char *tenant = sodium_init() < 0 ? NULL : directory_find(d, org);
    if (!tenant)
        return CLI_FAILED;
    uuid_v7(id);
    uuid_v7(event);
    invitation_new(token);
    secret_hash(token, hash);
    if (!directory_enter(d, tenant) || !directory_ask(d,
                                                      "SELECT core.invite($1::uuid, '" DIRECTORY_ACTOR
                                                      "', $2::uuid, $3, string_to_array($4, ','), $5::bytea, 7, "
                                                      "$6::uuid, 'command line')",
                                                      (const char *const[]){tenant, id, email, roles, hash, event}, 6, &rows))
        return CLI_FAILED;
    printf("%s  %s\ntoken: %s\n", id, email, token);
    return CLI_OK;
}

static int end_membership(struct directory *d, int argc, char **argv)
{
    const char *email = NULL, *org = NULL;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){{"--email", &email, NULL, true}, {"--org", &org, NULL, true}, {0}}))
        return CLI_USAGE;
    struct bl_rows *rows;
    if (!directory_ask(d,
                       "WITH done AS (UPDATE core.membership m SET status = 'ended', version = m.version + 1 FROM "
                       "core.organisation o, core.user_account u "
                       "WHERE o.slug = $2 AND u.email = lower($1) AND m.tenant_id = o.id AND m.user_id = u.id "
                       "RETURNING m.tenant_id, u.id) SELECT id, core.note(tenant_id, core.new_id(), '" DIRECTORY_ACTOR
                       "', 'core.members', id, NULL, 'remove', 1, '{\"status\": [\"active\", \"ended\"]}', NULL, 'command line') "
                       "FROM done",
                       (const char *const[]){email, org}, 2, &rows))
        return CLI_FAILED;
    return report(rows, "ended");
}

static int set_status(struct directory *d, int argc, char **argv, const char *status)
{
    const char *email = NULL;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--email", &email, NULL, true}, {0}}))
        return CLI_USAGE;
    struct bl_rows *rows;
    if (!directory_ask(d,
                       "WITH changed AS (UPDATE core.user_account SET status = $2 WHERE email = lower($1) AND status <> 'erased' "
                       "RETURNING id, status), "
                       "ended AS (UPDATE core.session SET ended_at = now(), ended_why = 'suspended' "
                       "WHERE user_id IN (SELECT id FROM changed WHERE status = 'suspended') AND ended_at IS NULL), "
                       "noted AS (SELECT core.note(m.tenant_id, core.new_id(), '" DIRECTORY_ACTOR
                       "', 'core.members', c.id, NULL, CASE c.status WHEN 'suspended' THEN 'suspend' ELSE 'resume' END, 1, "
                       "jsonb_build_object('account', jsonb_build_array(NULL, c.status)), NULL, 'command line') "
                       "FROM changed c JOIN core.membership m ON m.user_id = c.id AND m.status <> 'ended') "
                       "SELECT id, (SELECT count(*) FROM noted) FROM changed",
                       (const char *const[]){email, status}, 2, &rows))
        return CLI_FAILED;
    return report(rows, status);
}

static int suspend(struct directory *d, int argc, char **argv)
{
    return set_status(d, argc, argv, "suspended");
}

static int resume(struct directory *d, int argc, char **argv)
{
    return set_status(d, argc, argv, "active");
}

/* For somebody who has lost the authenticator and the recovery codes, and has shown who they are in another way. */
static int remove_second_factor(struct directory *d, int argc, char **argv)
{
    const char *email = NULL;
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--email", &email, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!directory_ask(d,
                       "WITH person AS (SELECT id FROM core.user_account WHERE email = lower($1)), "
                       "codes AS (DELETE FROM core.recovery_code WHERE user_id IN (SELECT id FROM person)) "
                       "DELETE FROM core.totp WHERE user_id IN (SELECT id FROM person) RETURNING user_id",
                       (const char *const[]){email}, 1, &rows))
        return CLI_FAILED;
    return report(rows, "second factor removed");
}

static int list(struct directory *d, int argc, char **argv)
{
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{0}}))
        return CLI_USAGE;
    if (!directory_ask(d,
                       "SELECT u.id, u.email, u.status, u.name, coalesce(string_agg(o.slug || ':' || "
                       "array_to_string(m.roles, ','), ' ' ORDER BY o.slug) FILTER (WHERE m.status = 'active'), '-') "
                       "FROM core.user_account u LEFT JOIN core.membership m ON m.user_id = u.id "
                       "LEFT JOIN core.organisation o ON o.id = m.tenant_id GROUP BY u.id ORDER BY u.email",
                       NULL, 0, &rows))
        return CLI_FAILED;
    for (int i = 0; i < db_count(rows); i++)
        printf("%s  %-32s  %-9s  %-24s  %s\n", db_cell(rows, i, 0), db_cell(rows, i, 1), db_cell(rows, i, 2), db_cell(rows, i, 3),
               db_cell(rows, i, 4));
    return CLI_OK;
}

static const struct directory_command commands[] = {
    {"create", create},
    {"password", set_password},
    {"grant", grant},
    {"invite", invite},
    {"end", end_membership},
    {"suspend", suspend},
    {"resume", resume},
    {"unprotect", remove_second_factor},
    {"erase", user_erase},
    {"list", list},
    {0},
};

static int user_run(struct config *config, int argc, char **argv)
{
    return directory_run(config, argc, argv, commands, &cli_user);
}

const struct cli_command cli_user = {
    .name = "user",
    .usage =
        "create --email ADDRESS --name NAME [--password-stdin] | password --email ADDRESS [--password-stdin] |\n"
        "             grant --email ADDRESS --org SLUG --roles ROLE,… | invite --email ADDRESS --org SLUG --roles ROLE,… |\n"
        "             end --email ADDRESS --org SLUG |\n"
        "             suspend --email ADDRESS | resume --email ADDRESS |\n"
        "             unprotect --email ADDRESS | erase --email ADDRESS --confirm ADDRESS --reason TEXT | list\n"
        "  create    prints the id, and a random password unless one is read from standard input\n"
        "  password  a new one; ends the user's sessions\n"
        "  grant     these roles in that organisation, instead of those held before\n"
        "  invite    prints a token that lets this person in once, within seven days (POST /api/v1/auth/invitation)\n"
        "  end       the membership; the records go on naming the person\n"
        "  suspend   no organisation lets the user in; ends the sessions\n"
        "  unprotect removes the second factor of somebody who lost it\n"
        "  erase     forgets the person: name and address go from the account, from the texts of every organisation that knows\n"
        "            them, and from the trails, whose proofs stay valid\n"
        "  list      id, e-mail address, status, name, organisation:roles",
    .summary = "people: create, password, grant, invite, end, suspend, resume, unprotect, erase, list",
    .run = user_run,
};
