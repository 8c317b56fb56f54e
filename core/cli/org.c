/* ballium org: organisations. */
#include "base/ids.h"
#include "cli/cli.h"
#include "cli/directory.h"

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
    if (!directory_ask(d, "SELECT id, slug, kind, status, name FROM core.organisation ORDER BY slug", NULL, 0, &rows))
        return CLI_FAILED;
    for (int i = 0; i < db_count(rows); i++)
        printf("%s  %-20s  %-18s  %-9s  %s\n", db_cell(rows, i, 0), db_cell(rows, i, 1), db_cell(rows, i, 2), db_cell(rows, i, 3),
               db_cell(rows, i, 4));
    return CLI_OK;
}

static int org_run(struct config *config, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    struct directory d = {0};
    int code = CLI_FAILED;
    if (strcmp(verb, "create") != 0 && strcmp(verb, "list") != 0)
        return cli_usage(&cli_org);
    if (directory_open(&d, config))
        code = *verb == 'c' ? create(&d, argc - 1, argv + 1) : list(&d, argc - 1, argv + 1);
    directory_close(&d);
    return code;
}

const struct cli_command cli_org = {
    .name = "org",
    .usage = "create --slug SLUG --name NAME --kind client|consultancy|certification_body | list\n"
             "  create  prints its id; the slug stands in every path and never changes hands\n"
             "  list    id, slug, kind, status, name",
    .summary = "organisations: create, list",
    .run = org_run,
};
