/* What `ballium org`, `ballium user` and `ballium client` share: the migrator's connection as the owner of all tables, and
 * options. */
#ifndef CLI_DIRECTORY_H
#define CLI_DIRECTORY_H

#include "base/config.h"
#include "db/db.h"

struct directory {
    const struct config *config;
    struct db *db;
    struct arena *arena; /* of everything that was asked */
};

/* False after a line to standard error. Close it in either case. */
bool directory_open(struct directory *, const struct config *);
void directory_close(struct directory *);

/* One statement, a transaction of its own. False after a line to standard error that says what to do. */
bool directory_ask(struct directory *, const char *sql, const char *const *args, int nargs, struct bl_rows **rows);

/* For functions that act inside an organisation: they ask which one was entered, and hold the platform itself for their actor. */
bool directory_enter(struct directory *, const char *tenant);
#define DIRECTORY_ACTOR "00000000-0000-0000-0000-000000000000"

/* The id of a slug's organisation; NULL after a line to standard error. */
const char *directory_find(struct directory *, const char *slug);

/* The subcommand that argv[1] names, with a directory that is opened for it; without such a one, the usage. `commands` ends with
 * a zeroed element. */
struct cli_command;
struct directory_command {
    const char *name;
    int (*run)(struct directory *, int argc, char **argv);
};
int directory_run(const struct config *, int argc, char **argv, const struct directory_command *commands,
                  const struct cli_command *self);

/* "--name VALUE" or "--name" alone. */
struct option_slot {
    const char *name;
    const char **value; /* NULL: a switch */
    bool *on;
    bool required;
};
/* argv[0] is what stands before the options. False after a line to standard error. `options` ends with a zeroed element. */
bool read_options(int argc, char **argv, const struct option_slot *options);

#endif
