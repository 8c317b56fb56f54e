/* ballium config: what is set, and what can be. */
#include "cli/cli.h"
#include <string.h>

static int config_run(struct config *config, int argc, char **argv)
{
    if (argc == 1) {
        config_print(config, stdout);
        return CLI_OK;
    }
    if (argc == 2 && strcmp(argv[1], "settings") == 0) {
        config_help(stdout);
        return CLI_OK;
    }
    return cli_usage(&cli_config);
}

const struct cli_command cli_config = {
    .name = "config",
    .usage = "[settings]\n"
             "  (nothing)  the settings in force, secrets masked\n"
             "  settings   every setting with its default and meaning, as Markdown",
    .summary = "the settings in force, or all that can be set",
    .run = config_run,
};
