/* ballium client: service clients, their permissions and secrets. */
#include "auth/internal.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "cli/directory.h"

#include <sodium.h>
#include <string.h>

struct new_secret {
    char id[UUID_TEXT], text[CLIENT_SECRET_ROOM], hash[SECRET_HASH_ROOM];
    const char *hint;
};

static bool make_secret(struct new_secret *s)
{
    if (sodium_init() < 0)
        return false;
    uuid_v7(s->id);
    client_secret_new(s->text);
    secret_hash(s->text, s->hash);
    s->hint = s->text + sizeof s->text - 1 - CLIENT_SECRET_HINT;
    return true;
}

/* The end of each statement here: `done` (client, home, change) goes on the trail of the client's home. */
#define NOTED(verb)                                                                                                              \
    "SELECT client, core.note(home, core.new_id(), '" DIRECTORY_ACTOR "', 'core.clients', client, NULL, '" verb                  \
    "', (SELECT c.version FROM core.client c WHERE c.id = client), change, NULL, 'command line') FROM done"

static int say(const char *words)
{
    fprintf(stderr, "ballium: %s\n", words);
    return CLI_FAILED;
}

/* One statement answers the id of the client that it changed. */
static int report(struct bl_rows *rows, const char *done)
{
    if (db_count(rows) == 0)
        return say("there is no such client, organisation or permission: see `ballium client list`, `ballium org list`");
    printf("%s  %s\n", db_cell(rows, 0, 0), done);
    return CLI_OK;
}

/* All permissions must be known, or nothing is made. The client itself stands as its maker: nobody else is here. */
static int create(struct directory *d, int argc, char **argv)
{
    const char *org = NULL, *name = NULL, *permissions = NULL;
    char id[UUID_TEXT];
    struct new_secret secret;
    struct bl_rows *rows;
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){
                {"--org", &org, NULL, true}, {"--name", &name, NULL, true}, {"--permissions", &permissions, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!make_secret(&secret))
        return say("the kernel gives no random numbers");
    uuid_v7(id);
    if (!directory_ask(
            d,
            "WITH place AS (SELECT o.id FROM core.organisation o WHERE o.slug = $2 AND "
            "core.unknown_permission(string_to_array($4, ',')) IS NULL), "
            "account AS (INSERT INTO core.user_account (id, email, name, kind) SELECT $1::uuid, $1 || '@client.invalid', $3, "
            "'service' FROM place RETURNING id), "
            "member AS (INSERT INTO core.membership (tenant_id, user_id, roles) SELECT p.id, a.id, '{service_client}' FROM "
            "place p, account a), "
            "client AS (INSERT INTO core.client (id, organisation_id, permissions, created_by) SELECT a.id, p.id, "
            "string_to_array($4, ','), a.id FROM place p, "
            "account a), "
            "secret AS (INSERT INTO core.client_secret (id, client_id, hash, hint) SELECT $5::uuid, a.id, $6::bytea, $7 FROM "
            "account "
            "a), done AS (SELECT a.id AS client, p.id AS home, jsonb_build_object('name', jsonb_build_array(NULL, $3::text), "
            "'permissions', jsonb_build_array(NULL, string_to_array($4, ','))) AS change FROM place p, account a) "
            "SELECT client, core.note(home, core.new_id(), '" DIRECTORY_ACTOR
            "', 'core.clients', client, NULL, 'create', 1, change, "
            "NULL, 'command line') FROM done",
            (const char *const[]){id, org, name, permissions, secret.id, secret.hash, secret.hint}, 7, &rows))
        return CLI_FAILED;
    int code = report(rows, name);
    if (code == CLI_OK)
        printf("client_secret: %s\n", secret.text);
    sodium_memzero(&secret, sizeof secret);
    return code;
}

static int add_secret(struct directory *d, int argc, char **argv)
{
    const char *id = NULL;
    struct new_secret secret;
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--id", &id, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!uuid_valid(id))
        return say("--id takes the id of a client");
    if (!make_secret(&secret))
        return say("the kernel gives no random numbers");
    if (!directory_ask(
            d,
            "WITH client AS (SELECT c.id, c.organisation_id FROM core.client c JOIN core.membership m ON m.user_id = c.id AND "
            "m.status = 'active' WHERE c.id = $1::uuid FOR UPDATE OF c), "
            "added AS (INSERT INTO core.client_secret (id, client_id, hash, hint) SELECT $2::uuid, c.id, $3::bytea, $4 FROM "
            "client c WHERE (SELECT count(*) FROM core.client_secret s WHERE s.client_id = c.id) < 2 RETURNING client_id), "
            "done AS (SELECT c.id AS client, c.organisation_id AS home, jsonb_build_object('secret', jsonb_build_array(NULL, "
            "$2::text)) AS change FROM client c JOIN added a ON a.client_id = c.id) " NOTED("add_secret"),
            (const char *const[]){id, secret.id, secret.hash, secret.hint}, 4, &rows))
        return CLI_FAILED;
    if (db_count(rows) == 0)
        return say("there is no such client, or it has two secrets: take one back first");
    printf("%s  %s\nclient_secret: %s\n", id, secret.id, secret.text);
    sodium_memzero(&secret, sizeof secret);
    return CLI_OK;
}

static int drop_secret(struct directory *d, int argc, char **argv)
{
    const char *id = NULL, *secret = NULL;
    struct bl_rows *rows;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){{"--id", &id, NULL, true}, {"--secret", &secret, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!uuid_valid(id) || !uuid_valid(secret))
        return say("--id takes the id of a client, --secret that of a secret");
    if (!directory_ask(
            d,
            "WITH gone AS (DELETE FROM core.client_secret WHERE client_id = $1::uuid AND id = $2::uuid RETURNING client_id), "
            "done AS (SELECT c.id AS client, c.organisation_id AS home, jsonb_build_object('secret', "
            "jsonb_build_array($2::text, NULL)) AS change FROM core.client c JOIN gone g ON g.client_id = c.id) " NOTED(
                "drop_secret"),
            (const char *const[]){id, secret}, 2, &rows))
        return CLI_FAILED;
    return report(rows, "secret taken back");
}

static int end(struct directory *d, int argc, char **argv)
{
    const char *id = NULL;
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--id", &id, NULL, true}, {0}}))
        return CLI_USAGE;
    if (!uuid_valid(id))
        return say("--id takes the id of a client");
    if (!directory_ask(d,
                       "WITH gone AS (DELETE FROM core.client_secret WHERE client_id = $1::uuid), "
                       "ended AS (UPDATE core.membership m SET status = 'ended' FROM core.client c WHERE c.id = $1::uuid AND "
                       "m.user_id = c.id "
                       "RETURNING m.user_id), done AS (SELECT c.id AS client, c.organisation_id AS home, '{}'::jsonb AS change "
                       "FROM core.client "
                       "c WHERE c.id IN (SELECT user_id FROM ended)) " NOTED("archive"),
                       (const char *const[]){id}, 1, &rows))
        return CLI_FAILED;
    return report(rows, "ended");
}

static int list(struct directory *d, int argc, char **argv)
{
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{0}}))
        return CLI_USAGE;
    if (!directory_ask(d,
                       "SELECT c.id, o.slug, m.status, coalesce(to_char(max(s.used_at), 'YYYY-MM-DD HH24:MI'), 'never'), u.name, "
                       "coalesce(string_agg(s.id || ' (…' || s.hint || ')', ', ' ORDER BY s.id), '-') "
                       "FROM core.client c JOIN core.user_account u ON u.id = c.id JOIN core.membership m ON m.user_id = c.id "
                       "AND m.tenant_id = c.organisation_id "
                       "JOIN core.organisation o ON o.id = m.tenant_id LEFT JOIN core.client_secret s ON s.client_id = c.id "
                       "GROUP BY c.id, o.slug, m.status, u.name ORDER BY o.slug, c.id",
                       NULL, 0, &rows))
        return CLI_FAILED;
    for (int i = 0; i < db_count(rows); i++)
        printf("%s  %-20s  %-7s  %-16s  %-24s  %s\n", db_cell(rows, i, 0), db_cell(rows, i, 1), db_cell(rows, i, 2),
               db_cell(rows, i, 3), db_cell(rows, i, 4), db_cell(rows, i, 5));
    return CLI_OK;
}

static const struct directory_command commands[] = {{"create", create}, {"secret", add_secret}, {"drop", drop_secret},
                                                    {"end", end},       {"list", list},         {0}};

static int client_run(struct config *config, int argc, char **argv)
{
    return directory_run(config, argc, argv, commands, &cli_client);
}

const struct cli_command cli_client = {
    .name = "client",
    .usage = "create --org SLUG --name NAME --permissions PERMISSION,… | secret --id ID |\n"
             "               drop --id ID --secret ID | end --id ID | list\n"
             "  create  a service client of one organisation; prints its id and its secret, this once\n"
             "  secret  a second secret, so that the first can be taken back once the new one is in use\n"
             "  drop    takes a secret back\n"
             "  end     the client; its tokens are refused from then on, and the records go on naming it\n"
             "  list    id, organisation, status, last use, name, secrets",
    .summary = "service clients: create, secret, drop, end, list",
    .run = client_run,
};
