/* ballium org: organisations. */
#include "base/ids.h"
#include "cli/cli.h"
#include "cli/directory.h"
#include "cli/purge.h"
#include "jobs/transfer.h"

#include <string.h>

static int create(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *name = NULL, *kind = NULL;
    char id[UUID_TEXT];
    if (!read_options(argc, argv,
                      (const struct option_slot[]){
                          {"--slug", &slug, NULL, true}, {"--name", &name, NULL, true}, {"--kind", &kind, NULL, true}, {0}}))
        return CLI_USAGE;
    uuid_v7(id);
    struct bl_rows *rows;
    if (!directory_ask(d, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ($1::uuid, $2, $3, $4)",
                       (const char *const[]){id, slug, name, kind}, 4, &rows))
        return CLI_FAILED;
    printf("%s  %s\n", id, slug);
    return CLI_OK;
}

static int list(struct directory *d, int argc, char **argv)
{
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{0}}))
        return CLI_USAGE;
    if (!directory_ask(d,
                       "SELECT id, slug, kind, status || coalesce(' (purge ' || purge_on || ')', ''), name FROM "
                       "core.organisation ORDER BY slug",
                       NULL, 0, &rows))
        return CLI_FAILED;
    for (int i = 0; i < db_count(rows); i++)
        printf("%s  %-20s  %-18s  %-9s  %s\n", db_cell(rows, i, 0), db_cell(rows, i, 1), db_cell(rows, i, 2), db_cell(rows, i, 3),
               db_cell(rows, i, 4));
    return CLI_OK;
}

/* In the name of the platform, whose word holds over an owner's. */
static int set_status(struct directory *d, int argc, char **argv, const char *verb, const char *words)
{
    const char *slug = NULL, *reason = NULL;
    char event[UUID_TEXT];
    struct bl_rows *rows;
    if (!read_options(argc, argv,
                      (const struct option_slot[]){{"--slug", &slug, NULL, true}, {"--reason", &reason, NULL, false}, {0}}))
        return CLI_USAGE;
    const char *id = directory_find(d, slug);
    uuid_v7(event);
    if (!id || !directory_enter(d, id) ||
        !directory_ask(d, "SELECT core.organisation_status($1::uuid, '" DIRECTORY_ACTOR "', $2, $3, $4::uuid, 'command line')",
                       (const char *const[]){id, verb, reason, event}, 4, &rows))
        return CLI_FAILED;
    printf("%s  %s\n", id, words);
    return CLI_OK;
}

static int suspend(struct directory *d, int argc, char **argv)
{
    return set_status(d, argc, argv, "suspend", "suspended");
}

static int resume(struct directory *d, int argc, char **argv)
{
    return set_status(d, argc, argv, "resume", "active");
}

static int close_organisation(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *reason = NULL, *purge_on = NULL;
    char event[UUID_TEXT];
    struct bl_rows *rows;
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){
                {"--slug", &slug, NULL, true}, {"--reason", &reason, NULL, false}, {"--purge-on", &purge_on, NULL, false}, {0}}))
        return CLI_USAGE;
    const char *id = directory_find(d, slug);
    uuid_v7(event);
    if (!id || !directory_enter(d, id) ||
        !directory_ask(d,
                       "SELECT core.organisation_close($1::uuid, '" DIRECTORY_ACTOR "', $2::date, $3, $4::uuid, 'command line')",
                       (const char *const[]){id, purge_on, reason, event}, 4, &rows))
        return CLI_FAILED;
    printf("%s  closed\n", id);
    return CLI_OK;
}

static int report(const struct transfer *t, const char *what, bool good)
{
    if (!good) {
        fprintf(stderr, "ballium: %s\n", t->problem);
        return CLI_FAILED;
    }
    printf("%s  %s  %s: %lld rows in %lld parts, %lld files\n", t->tenant, t->slug, what, t->rows, t->parts, t->files);
    return CLI_OK;
}

static int export(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *path = NULL;
    struct transfer t;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--slug", &slug, NULL, true}, {"--out", &path, NULL, true}, {0}}))
        return CLI_USAGE;
    const char *id = directory_find(d, slug);
    if (!id)
        return CLI_FAILED;
    bool good = transfer_export(d->config, id, NULL, path, &t);
    if (good)
        printf("manifest sha256:%s\n", t.manifest);
    return report(&t, "exported", good);
}

static int import(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *path = NULL, *manifest = NULL;
    struct transfer t;
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){
                {"--in", &path, NULL, true}, {"--slug", &slug, NULL, false}, {"--manifest", &manifest, NULL, false}, {0}}))
        return CLI_USAGE;
    bool good = transfer_import(d->config, path, slug, manifest, &t);
    return report(&t, "imported", good);
}

/* Without --mib: as the setting file_quota says. */
static int quota(struct directory *d, int argc, char **argv)
{
    const char *slug = NULL, *mib = NULL;
    struct bl_rows *rows;
    if (!read_options(argc, argv, (const struct option_slot[]){{"--slug", &slug, NULL, true}, {"--mib", &mib, NULL, false}, {0}}))
        return CLI_USAGE;
    if (mib && (*mib == '\0' || strlen(mib) > 9 || strspn(mib, "0123456789") != strlen(mib))) {
        fprintf(stderr, "ballium: --mib takes a whole number\n");
        return CLI_USAGE;
    }
    const char *id = directory_find(d, slug);
    if (!id || !directory_ask(d, "UPDATE core.organisation SET file_limit = $2::bigint * 1048576 WHERE id = $1::uuid",
                              (const char *const[]){id, mib}, 2, &rows))
        return CLI_FAILED;
    if (mib)
        printf("%s  %s MiB of files\n", slug, mib);
    else
        printf("%s  as the setting file_quota says\n", slug);
    return CLI_OK;
}

static const struct directory_command commands[] = {
    {"create", create}, {"list", list},     {"suspend", suspend}, {"resume", resume},   {"close", close_organisation},
    {"export", export}, {"import", import}, {"quota", quota},     {"purge", org_purge}, {0},
};

static int org_run(struct config *config, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "proof") == 0)
        return org_proof(config, argc - 1, argv + 1);
    return directory_run(config, argc, argv, commands, &cli_org);
}

const struct cli_command cli_org = {
    .name = "org",
    .usage =
        "create --slug SLUG --name NAME --kind client|consultancy|certification_body | list |\n"
        "            suspend --slug SLUG [--reason TEXT] | resume --slug SLUG [--reason TEXT] |\n"
        "            close --slug SLUG [--reason TEXT] [--purge-on DAY] |\n"
        "            export --slug SLUG --out FILE | import --in FILE [--slug SLUG] [--manifest SHA256] |\n"
        "            purge --slug SLUG --confirm SLUG --proof FILE [--manifest SHA256] | purge --due --proofs FOLDER |\n"
        "            proof --in FILE |\n"
        "            quota --slug SLUG [--mib N]\n"
        "  create   prints its id; the slug stands in every path and never changes hands\n"
        "  list     id, slug, kind, status, name\n"
        "  suspend  lets nobody in until `resume`, whatever an owner says\n"
        "  close    the end of the service: as suspend, and its engagements are over; its data stay, until DAY if one is given\n"
        "  export   all of it as an archive (tar): rows, files, events, and a manifest with their hashes; no passwords\n"
        "  import   makes a new organisation of an archive, here or in another installation; --manifest: what `export` printed\n"
        "  purge    deletes every row of a closed organisation, and the people who belong to no other; leaves a signed proof.\n"
        "           --due: of each whose day has come, FOLDER/SLUG.proof\n"
        "  proof    does a proof hold? It takes the keys and no database\n"
        "  quota    how much it may keep in files; without --mib: what the setting file_quota says",
    .summary = "organisations: create, list, suspend, resume, close, export, import, purge, quota",
    .run = org_run,
};
