#include "cli/directory.h"

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* Constraints in words. */
static const struct {
    const char *constraint, *words;
} words[] = {
    {"organisation_slug_key", "an organisation of that slug is there already"},
    {"organisation_slug_check", "a slug is 3 to 40 of a-z 0-9 -, begins with a letter and does not end with -"},
    {"organisation_name_check", "a name has 1 to 200 characters"},
    {"organisation_kind_check", "a kind is client, consultancy or certification_body"},
    {"user_account_email_key", "a user of that e-mail address is there already"},
    {"user_account_email_check", "an e-mail address has 3 to 254 characters"},
    {"user_account_name_check", "a name has 1 to 200 characters"},
    {"membership_roles_check", "a member has 1 to 16 roles"},
};

static bool complain(const struct db *db)
{
    const struct db_error *e = db_error(db);
    const char *text = e->message;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].constraint, e->constraint) == 0)
            text = words[i].words;
    fprintf(stderr, "ballium: %s\n", text);
    if (strcmp(e->state, "3F000") == 0 || strcmp(e->state, "42P01") == 0)
        fputs("ballium: the database has no tables yet: run `ballium migrate`\n", stderr);
    return false;
}

bool directory_open(struct directory *d, const struct config *config)
{
    d->config = config;
    d->arena = arena_new(64 << 20);
    d->db = db_new(config->migrator, false);
    if (!d->arena || !d->db) {
        fputs("ballium: no memory\n", stderr);
        return false;
    }
    if (db_ready(d->db) != BL_OK) {
        fprintf(stderr, "ballium: the database cannot be reached: %s: check the setting `migrator`\n", db_error(d->db)->message);
        return false;
    }
    return db_script(d->db, "SET ROLE ballium_owner") || complain(d->db);
}

void directory_close(struct directory *d)
{
    arena_free(d->arena); /* frees results, before their connection */
    db_free(d->db);
}

bool directory_ask(struct directory *d, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    db_queue(d->db, sql, args, nargs);
    return db_flush(d->db, d->arena, rows) == BL_OK || complain(d->db);
}

bool directory_enter(struct directory *d, const char *tenant)
{
    struct bl_rows *rows;
    return directory_ask(d, "SELECT set_config('ballium.tenant', $1, false)", &tenant, 1, &rows);
}

const char *directory_find(struct directory *d, const char *slug)
{
    struct bl_rows *rows;
    if (!directory_ask(d, "SELECT id FROM core.organisation WHERE slug = $1", &slug, 1, &rows))
        return NULL;
    if (db_count(rows) == 1)
        return db_cell(rows, 0, 0);
    fprintf(stderr, "ballium: there is no organisation `%s`: see `ballium org list`\n", slug);
    return NULL;
}

int directory_run(const struct config *config, int argc, char **argv, const struct directory_command *commands,
                  const struct cli_command *self)
{
    for (const struct directory_command *c = commands; argc > 1 && c->name; c++)
        if (strcmp(c->name, argv[1]) == 0) {
            struct directory d = {0};
            int code = directory_open(&d, config) ? c->run(&d, argc - 1, argv + 1) : CLI_FAILED;
            directory_close(&d);
            return code;
        }
    return cli_usage(self);
}

static const struct option_slot *find(const struct option_slot *options, const char *name)
{
    for (; options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

bool read_options(int argc, char **argv, const struct option_slot *options)
{
    for (int i = 1; i < argc; i++) {
        const struct option_slot *o = find(options, argv[i]);
        if (!o || (o->value && i + 1 == argc)) {
            fprintf(stderr, "ballium: option `%s`: unknown, or its value is missing\n", argv[i]);
            return false;
        }
        if (o->value)
            *o->value = argv[++i];
        else
            *o->on = true;
    }
    for (; options->name; options++)
        if (options->required && options->value && !*options->value) {
            fprintf(stderr, "ballium: %s is missing\n", options->name);
            return false;
        }
    return true;
}
