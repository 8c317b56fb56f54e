#include "cli/cli.h"
#include <string.h>

/* In the order in which `ballium help` prints them. */
/* clang-format off */
static const struct cli_command *const commands[] = {
    &cli_serve,
    &cli_work,
    &cli_migrate,
    &cli_org,
    &cli_user,
    &cli_client,
    &cli_key,
    &cli_audit,
    &cli_plugin,
    &cli_demo,
    &cli_config,
    &cli_doctor,
    &cli_help,
};
/* clang-format on */

enum { COMMANDS = sizeof commands / sizeof *commands };

const struct cli_command *cli_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

void cli_overview(FILE *out)
{
    fputs("usage: ballium [-c FILE] COMMAND [ARGUMENT…]\n"
          "       ballium --help | --version\n\n"
          "  -c FILE     configuration file (otherwise $BALLIUM_CONFIG, then /etc/ballium/ballium.conf)\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`ballium help COMMAND` says more. Exit code: 0 done, 1 failed, 2 wrong usage.\n", out);
}

static void print_usage(const struct cli_command *command, FILE *out)
{
    fprintf(out, "usage: ballium %s%s%s\n", command->name, command->usage ? " " : "", command->usage ? command->usage : "");
}

int cli_usage(const struct cli_command *command)
{
    print_usage(command, stderr);
    return CLI_USAGE;
}

static int help_run(struct config *config, int argc, char **argv)
{
    (void)config;
    if (argc > 2)
        return cli_usage(&cli_help);
    if (argc == 1) {
        cli_overview(stdout);
        return CLI_OK;
    }
    const struct cli_command *command = cli_find(argv[1]);
    if (!command) {
        fprintf(stderr, "ballium: no command `%s`: see `ballium help`\n", argv[1]);
        return CLI_USAGE;
    }
    printf("%s: %s\n", command->name, command->summary);
    print_usage(command, stdout);
    return CLI_OK;
}

const struct cli_command cli_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "what a command does and how to call it",
    .run = help_run,
};
