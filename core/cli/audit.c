/* ballium audit: the trail outside the service: its key, export, the check without a database, redaction. */
#include "audit/checkpoint.h"
#include "audit/verify.h"
#include "cli/cli.h"
#include "cli/directory.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 1000 };

static int print_key(const struct config *config)
{
    struct checkpoint_key key;
    char hex[2 * CHECKPOINT_KEY + 1];
    if (!checkpoint_key_load(config->keys_dir, true, &key, stderr))
        return CLI_FAILED;
    puts(sodium_bin2hex(hex, sizeof hex, key.key, sizeof key.key));
    sodium_memzero(&key, sizeof key);
    return CLI_OK;
}

/* ---- export ------------------------------------------------------------------------------------------------------------- */

static bool put(FILE *out, const char *name, json_t *value)
{
    json_t *line = json_pack("{s:o}", name, value);
    char *text = json_dumps(line, JSON_COMPACT);
    bool good = text && fprintf(out, "%s\n", text) > 0;
    free(text);
    json_decref(line);
    return good;
}

static json_t *text_or_null(const struct bl_rows *rows, int i, int column)
{
    return db_null(rows, i, column) ? json_null() : json_string(db_cell(rows, i, column));
}

static json_t *number_or_null(const struct bl_rows *rows, int i, int column)
{
    return db_null(rows, i, column) ? json_null() : json_integer(db_integer(rows, i, column));
}

/* Events from `first` on, at most PAGE; sealed ones by number, or those that are not sealed. */
static bool put_events(struct directory *d, const char *tenant, int64_t first, int64_t end, bool sealed, FILE *out)
{
    static const char columns[] = "SELECT e.seq, e.id::text, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor::text, "
                                  "e.resource, e.record_id::text, e.ref, "
                                  "e.verb, e.version, e.request_id, encode(e.salt, 'hex'), e.change::text, e.reason, "
                                  "encode(e.commitment, 'hex') FROM core.event "
                                  "e WHERE e.tenant_id = $1::uuid AND ";
    struct bl_rows *rows;
    const char *sql = arena_format(d->arena, "%s%s", columns,
                                   sealed ? "e.seq >= $2::bigint AND e.seq < $3::bigint ORDER BY e.seq"
                                          : "e.seq IS NULL AND $2::bigint < $3::bigint ORDER BY e.at, e.id");
    if (!directory_ask(d, sql,
                       (const char *const[]){tenant, arena_format(d->arena, "%lld", (long long)first),
                                             arena_format(d->arena, "%lld", (long long)end)},
                       3, &rows))
        return false;
    for (int i = 0; i < db_count(rows); i++) {
        json_t *event = json_pack(
            "{s:o, s:s, s:I, s:s, s:s, s:s, s:o, s:s, s:I, s:s, s:s, s:s, s:o, s:o}", "seq", number_or_null(rows, i, 0), "id",
            db_cell(rows, i, 1), "at", (json_int_t)db_integer(rows, i, 2), "actor", db_cell(rows, i, 3), "resource",
            db_cell(rows, i, 4), "record", db_cell(rows, i, 5), "ref", text_or_null(rows, i, 6), "verb", db_cell(rows, i, 7),
            "version", (json_int_t)db_integer(rows, i, 8), "request_id", db_cell(rows, i, 9), "salt", db_cell(rows, i, 10),
            "change", db_cell(rows, i, 11), "reason", text_or_null(rows, i, 12), "commitment", text_or_null(rows, i, 13));
        if (!put(out, "event", event))
            return false;
    }
    return true;
}

static bool put_checkpoint(const struct bl_rows *rows, int i, FILE *out)
{
    return put(out, "checkpoint",
               json_pack("{s:I, s:I, s:s, s:I, s:s, s:s}", "size", (json_int_t)db_integer(rows, i, 0), "previous",
                         (json_int_t)db_integer(rows, i, 1), "root", db_cell(rows, i, 2), "at",
                         (json_int_t)db_integer(rows, i, 3), "key", db_cell(rows, i, 4), "signature", db_cell(rows, i, 5)));
}

static bool put_trail(struct directory *d, const char *slug, FILE *out)
{
    struct bl_rows *checkpoints;
    const char *tenant = directory_find(d, slug);
    if (!tenant)
        return false;
    json_t *head = json_pack("{s:s, s:s, s:s}", "trail", "ballium.trail/1", "organisation", tenant, "slug", slug);
    char *text = json_dumps(head, JSON_COMPACT);
    bool good = text && fprintf(out, "%s\n", text) > 0;
    free(text);
    json_decref(head);
    good = good &&
           directory_ask(d,
                         "SELECT size, previous, encode(root, 'hex'), (extract(epoch FROM at) * 1000000)::bigint, encode(key, "
                         "'hex'), encode(signature, 'hex') FROM core.checkpoint WHERE tenant_id = $1::uuid ORDER BY size",
                         &tenant, 1, &checkpoints);
    int64_t next = 0;
    for (int i = 0; good && i < db_count(checkpoints); i++) {
        for (int64_t size = db_integer(checkpoints, i, 0); good && next < size; next = next + PAGE < size ? next + PAGE : size)
            good = put_events(d, tenant, next, next + PAGE < size ? next + PAGE : size, true, out);
        good = good && put_checkpoint(checkpoints, i, out);
    }
    /* What is numbered beyond the last checkpoint should not be there: it goes along, for `verify` to say so. */
    return good && put_events(d, tenant, next, INT64_MAX, true, out) && put_events(d, tenant, 0, 1, false, out);
}

static int export_trail(const struct config *config, int argc, char **argv)
{
    const char *slug = NULL, *path = NULL;
    struct directory d;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--org", &slug, NULL, true}, {"--out", &path, NULL, false}, {0}}))
        return CLI_USAGE;
    FILE *out = path ? fopen(path, "wxe") : stdout;
    if (!out) {
        fprintf(stderr, "ballium: %s: %s\n", path, strerror(errno));
        return CLI_FAILED;
    }
    bool good = directory_open(&d, config) && db_script(d.db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") &&
                put_trail(&d, slug, out);
    directory_close(&d);
    if ((path ? fclose(out) : fflush(out)) != 0 && good) {
        fprintf(stderr, "ballium: %s: %s\n", path ? path : "standard output", strerror(errno));
        good = false;
    }
    return good ? CLI_OK : CLI_FAILED;
}

/* ---- verify, redact ----------------------------------------------------------------------------------------------------- */

static int verify_trail(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "", *known = NULL;
    struct verify_known expected = {0};
    if (argc < 2 ||
        !read_options(argc - 1, argv + 1,
                      (const struct option_slot[]){{"--key", &expected.key, NULL, false}, {"--known", &known, NULL, false}, {0}}))
        return CLI_USAGE;
    if (known) {
        char *colon = NULL;
        expected.size = strtoull(known, &colon, 10);
        expected.root = *colon == ':' ? colon + 1 : NULL;
        if (expected.size == 0 || !expected.root) {
            fputs("ballium: --known takes SIZE:ROOT of a checkpoint that was kept\n", stderr);
            return CLI_USAGE;
        }
    }
    FILE *trail = fopen(path, "re");
    if (!trail) {
        fprintf(stderr, "ballium: %s: %s\n", path, strerror(errno));
        return CLI_FAILED;
    }
    bool intact = audit_verify(trail, &expected, stdout);
    fclose(trail);
    return intact ? CLI_OK : CLI_FAILED;
}

/* What the events of a record said goes; that they happened, when and by whom stays, and so does every proof. */
static int redact(const struct config *config, int argc, char **argv)
{
    const char *slug = NULL, *record = NULL, *reason = NULL;
    struct directory d;
    struct bl_rows *rows;
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){
                {"--org", &slug, NULL, true}, {"--record", &record, NULL, true}, {"--reason", &reason, NULL, true}, {0}}))
        return CLI_USAGE;
    char event[UUID_TEXT];
    uuid_v7(event);
    const char *tenant = directory_open(&d, config) ? directory_find(&d, slug) : NULL;
    bool good =
        tenant && directory_ask(&d,
                                "WITH gone AS (UPDATE core.event e SET commitment = core.commitment(e.salt, e.change, e.reason), "
                                "change = '{}', reason = NULL, salt = '' WHERE e.tenant_id = $1::uuid AND e.record_id = "
                                "$2::uuid AND e.commitment IS NULL RETURNING 1), noted AS (INSERT INTO core.event (tenant_id, "
                                "id, actor, resource, record_id, verb, version, change, reason, request_id) SELECT $1::uuid, "
                                "$3::uuid, '" DIRECTORY_ACTOR "', 'core.events', $2::uuid, 'redact', 1, '{}', $4, 'cli' WHERE "
                                "EXISTS (SELECT FROM gone) RETURNING 1) SELECT count(*) FROM gone",
                                (const char *const[]){tenant, record, event, reason}, 4, &rows);
    if (good)
        printf("%lld events redacted\n", (long long)db_integer(rows, 0, 0));
    directory_close(&d);
    return good ? CLI_OK : CLI_FAILED;
}

static int audit_run(struct config *config, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "key") == 0 && argc == 2)
        return print_key(config);
    if (strcmp(verb, "export") == 0)
        return export_trail(config, argc - 1, argv + 1);
    if (strcmp(verb, "verify") == 0 && argc > 2)
        return verify_trail(argc - 1, argv + 1);
    if (strcmp(verb, "redact") == 0)
        return redact(config, argc - 1, argv + 1);
    return cli_usage(&cli_audit);
}

const struct cli_command cli_audit = {
    .name = "audit",
    .usage = "key | export --org SLUG [--out FILE] | verify FILE [--key KEY] [--known SIZE:ROOT] |\n"
             "redact --org SLUG --record ID --reason TEXT\n"
             "  key     prints the public key that signs checkpoints; makes the key when there is none\n"
             "  export  writes the trail of an organisation with its checkpoints, one JSON object a line\n"
             "  verify  checks such a file without a database: nothing changed, gone or in another order since it was sealed.\n"
             "          --key: the one key that may have signed; without it every key that has is taken, and named\n"
             "          --known: a checkpoint that you have kept, so that a trail begun anew is found too\n"
             "  redact  takes out what the events of one record said, as for the erasure of a person; proofs stay valid",
    .summary = "the audit trail: key, export, offline check, redaction",
    .run = audit_run,
};
