/* What `ballium org` and `ballium user` share: the migrator's connection as the owner of all tables, and options. */
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
