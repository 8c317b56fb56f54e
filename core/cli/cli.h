/* Subcommands of the one program. To add one: a file with `const struct cli_command cli_<name>`, its name in the line below and
 * in the table of cli.c. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/config.h"
#include <stdio.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 }; /* exit codes */

struct cli_command {
    const char *name;
    const char *usage;   /* what follows the name: "list | ddl NAME"; lines after the first are details. NULL: nothing follows */
    const char *summary; /* one line */
    /* argv[0] is the subcommand's name. Returns an exit code; has printed what went wrong. The configuration is borrowed. */
    int (*run)(struct config *, int argc, char **argv);
};

extern const struct cli_command cli_serve, cli_work;
extern const struct cli_command cli_migrate, cli_org, cli_user, cli_client, cli_key, cli_audit, cli_plugin, cli_demo, cli_doctor,
    cli_config, cli_help;

const struct cli_command *cli_find(const char *name); /* NULL: no such command */
void cli_overview(FILE *);                            /* global options and every command with its summary */
int cli_usage(const struct cli_command *);            /* "usage: ballium …" to standard error; returns CLI_USAGE */

#endif
