#include "cli/purge.h"

#include "auth/token.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "http/exports.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEX = 2 * crypto_hash_sha256_BYTES + 1 };

struct purge {
    struct directory *d;
    const char *slug, *tenant, *manifest;
    const char *statement; /* JSON: what was deleted */
    char *proof;           /* JWS over its hash */
};

static void hash_of(const char *text, char out[HEX])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
    sodium_bin2hex(out, HEX, hash, sizeof hash);
}

/* One statement for all tables: foreign keys are looked at when it ends. */
static bool delete_rows(struct purge *p, struct bl_rows **tables, struct bl_rows **counts)
{
    struct buf sql = buf_new(p->d->arena, 16384);
    if (!directory_ask(p->d,
                       "SELECT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                       "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attname = 'tenant_id' AND NOT a.attisdropped "
                       "AND c.relkind = 'r' AND n.nspname !~ '^pg_' ORDER BY 1",
                       NULL, 0, tables))
        return false;
    int count = db_count(*tables);
    for (int i = 0; i < count; i++)
        buf_format(&sql, "%s t%d AS (DELETE FROM %s WHERE tenant_id = $1::uuid RETURNING 1)\n", i == 0 ? "WITH" : ",", i,
                   db_cell(*tables, i, 0));
    buf_text(&sql, "SELECT ");
    for (int i = 0; i < count; i++)
        buf_format(&sql, "%s(SELECT count(*) FROM t%d)", i == 0 ? "" : ", ", i);
    return directory_ask(p->d, sql.data, &p->tenant, 1, counts);
}

static const char *describe(struct purge *p, const struct bl_rows *tables, const struct bl_rows *counts, int64_t people)
{
    struct buf text = buf_new(p->d->arena, 4096);
    char now[TIME_TEXT];
    const char *comma = "";
    time_format(clock_now(), now);
    buf_format(&text, "{\"format\":\"ballium-purge\",\"version\":1,\"tenant\":\"%s\",\"slug\":\"%s\",\"at\":\"%s\",", p->tenant,
               p->slug, now);
    if (p->manifest)
        buf_format(&text, "\"export_manifest_sha256\":\"%s\",", p->manifest);
    buf_format(&text, "\"people_erased\":%lld,\"rows\":{", (long long)people);
    for (int i = 0; i < db_count(tables); i++)
        if (db_integer(counts, 0, i) > 0) {
            buf_format(&text, "%s\"%s\":%lld", comma, db_cell(tables, i, 0), (long long)db_integer(counts, 0, i));
            comma = ",";
        }
    buf_text(&text, "}}");
    return text.data;
}

static bool sign(struct purge *p)
{
    char hash[HEX];
    hash_of(p->statement, hash);
    struct keys *keys = keys_load(p->d->config->keys_dir, stderr);
    if (!keys)
        return false;
    p->proof = token_sign(keys, arena_format(p->d->arena,
                                             "{\"iss\":\"%s\",\"iat\":%lld,\"purge\":\"%s\",\"slug\":\"%s\",\"sha256\":\"%s\"}",
                                             p->d->config->base_url, (long long)time(NULL), p->tenant, p->slug, hash));
    keys_free(keys);
    if (!p->proof)
        fputs("ballium: the proof cannot be signed: see `ballium key list`\n", stderr);
    return p->proof != NULL;
}

static bool purge(struct purge *p)
{
    struct bl_rows *rows, *people, *tables, *counts;
    if (!directory_ask(p->d, "SELECT core.enter_purge($1::uuid)", &p->tenant, 1, &rows) ||
        !directory_ask(p->d, "SELECT coalesce(array_agg(user_id), '{}')::text FROM core.membership WHERE tenant_id = $1::uuid",
                       &p->tenant, 1, &people) ||
        !delete_rows(p, &tables, &counts))
        return false;
    const char *who = db_cell(people, 0, 0);
    if (!directory_ask(p->d, "SELECT core.erase_people($1::uuid[])", &who, 1, &rows))
        return false;
    p->statement = describe(p, tables, counts, db_integer(rows, 0, 0));
    return directory_ask(p->d,
                         "WITH note AS (UPDATE core.engagement SET note = NULL WHERE $1::uuid IN (client_id, provider_id)) "
                         "UPDATE core.organisation SET name = 'Purged' WHERE id = $1::uuid",
                         &p->tenant, 1, &rows) &&
           sign(p) &&
           directory_ask(p->d, "INSERT INTO core.purge (organisation_id, slug, statement, proof) VALUES ($1::uuid, $2, $3, $4)",
                         (const char *const[]){p->tenant, p->slug, p->statement, p->proof}, 4, &rows);
}

static bool write_proof(const char *path, const struct purge *p)
{
    FILE *file = fopen(path, "wxe");
    bool good = file && fprintf(file, "%s\n%s\n", p->statement, p->proof) > 0;
    good = file && fclose(file) == 0 && good;
    if (!good)
        fprintf(stderr, "ballium: cannot write %s: %s\n", path, strerror(errno));
    return good;
}

/* Archives that were ordered over the API and not taken away. The bytes of files have no row any more: the sweep takes them. */
static void drop_exports(const struct purge *p)
{
    char folder[1024], path[1400];
    http_export_path(p->d->config, p->tenant, NULL, folder, sizeof folder);
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.' && unlink(path) != 0)
            fprintf(stderr, "ballium: cannot remove %s: %s\n", path, strerror(errno));
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

/* The proof is on the disk before the rows are gone for good. */
static bool purge_one(struct directory *d, const char *tenant, const char *slug, const char *manifest, const char *path)
{
    struct purge p = {.d = d, .slug = slug, .tenant = tenant, .manifest = manifest};
    bool good = db_script(d->db, "BEGIN") && purge(&p) && write_proof(path, &p);
    if (good && !db_script(d->db, "COMMIT")) {
        fprintf(stderr, "ballium: %s\n", db_error(d->db)->message);
        good = false;
    }
    if (good)
        drop_exports(&p);
    if (good)
        printf("%s\n%s  purged; the proof is in %s\n", p.statement, tenant, path);
    else
        db_rollback(d->db);
    free(p.proof);
    return good;
}

/* Every closed organisation whose day has come: for a timer. One that fails holds up none of the others. */
static int purge_due(struct directory *d, const char *folder)
{
    struct bl_rows *due;
    bool good = true;
    if (!directory_ask(d,
                       "SELECT o.id, o.slug FROM core.organisation o WHERE o.status = 'closed' AND o.purge_on <= core.today() "
                       "AND NOT EXISTS (SELECT FROM core.purge p WHERE p.organisation_id = o.id) ORDER BY o.purge_on, o.slug",
                       NULL, 0, &due))
        return CLI_FAILED;
    for (int i = 0; i < db_count(due); i++)
        good = purge_one(d, db_cell(due, i, 0), db_cell(due, i, 1), NULL,
                         arena_format(d->arena, "%s/%s.proof", folder, db_cell(due, i, 1))) &&
               good;
    return good ? CLI_OK : CLI_FAILED;
}

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && text[strspn(text, "0123456789abcdef")] == '\0';
}

int org_purge(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *confirm = NULL, *path = NULL, *manifest = NULL, *folder = NULL;
    bool due = false;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){{"--slug", &slug, NULL, false},
                                                   {"--confirm", &confirm, NULL, false},
                                                   {"--proof", &path, NULL, false},
                                                   {"--manifest", &manifest, NULL, false},
                                                   {"--due", NULL, &due, false},
                                                   {"--proofs", &folder, NULL, false},
                                                   {0}}))
        return CLI_USAGE;
    if (due ? !folder || slug || confirm || path || manifest : !slug || !confirm || !path || folder) {
        fputs("ballium: purge takes --slug, --confirm and --proof, or --due and --proofs\n", stderr);
        return CLI_USAGE;
    }
    if (!due && strcmp(slug, confirm) != 0) {
        fputs("ballium: --confirm takes the slug once more: what is purged is gone\n", stderr);
        return CLI_USAGE;
    }
    if (manifest && !is_hash(manifest)) {
        fputs("ballium: --manifest takes the SHA-256 that `ballium org export` printed\n", stderr);
        return CLI_USAGE;
    }
    if (sodium_init() < 0)
        return CLI_FAILED;
    if (due)
        return purge_due(d, folder);
    const char *tenant = directory_find(d, slug);
    return tenant && purge_one(d, tenant, slug, manifest, path) ? CLI_OK : CLI_FAILED;
}

/* Does the signature hold, and is it over this statement? */
int org_proof(const struct config *config, int argc, char **argv)
{
    const char *path = NULL;
    char statement[65536], proof[TOKEN_MAX + 2], hash[HEX];
    if (!read_options(argc, argv, (const struct option_slot[]){{"--in", &path, NULL, true}, {0}}))
        return CLI_USAGE;
    FILE *file = fopen(path, "re");
    bool read = file && fgets(statement, sizeof statement, file) && fgets(proof, sizeof proof, file);
    if (file)
        fclose(file);
    struct keys *keys = read ? keys_load(config->keys_dir, stderr) : NULL;
    if (!keys) {
        fprintf(stderr, "ballium: cannot read %s, or the keys\n", path);
        return CLI_FAILED;
    }
    statement[strcspn(statement, "\n")] = '\0';
    proof[strcspn(proof, "\n")] = '\0';
    hash_of(statement, hash);
    json_t *claims = token_signed(keys, proof);
    const char *told = json_string_value(json_object_get(claims, "sha256"));
    bool good = told && strcmp(told, hash) == 0;
    json_decref(claims);
    keys_free(keys);
    puts(good ? "the proof holds" : "the proof does not hold: its signature, or the statement, is another one");
    return good ? CLI_OK : CLI_FAILED;
}
