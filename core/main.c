/* Wiring: options, configuration, the subcommand. */
#include "base/config.h"
#include "base/log.h"
#include "cli/cli.h"
#include <string.h>

static int run(const struct cli_command *command, const char *file, int argc, char **argv)
{
    struct config *config = config_load(file, stderr);
    if (!config)
        return CLI_FAILED;
    log_set_level(log_level_of(config->log_level));
    int code = command->run(config, argc, argv);
    config_free(config);
    if (fflush(stdout) != 0 && code == CLI_OK) {
        perror("ballium: standard output");
        code = CLI_FAILED;
    }
    return code;
}

int main(int argc, char **argv)
{
    const char *file = NULL;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            cli_overview(stdout);
            return CLI_OK;
        }
        if (strcmp(argv[at], "--version") == 0) {
            puts("ballium " BALLIUM_VERSION);
            return CLI_OK;
        }
        if (strcmp(argv[at], "-c") != 0 || at + 1 == argc) {
            fprintf(stderr, "ballium: option `%s`: unknown, or its FILE is missing: see `ballium --help`\n", argv[at]);
            return CLI_USAGE;
        }
        file = argv[++at];
    }
    if (at == argc) {
        cli_overview(stderr);
        return CLI_USAGE;
    }
    const struct cli_command *command = cli_find(argv[at]);
    if (!command) {
        fprintf(stderr, "ballium: no command `%s`: see `ballium --help`\n", argv[at]);
        return CLI_USAGE;
    }
    if (argc - at == 2 && strcmp(argv[at + 1], "--help") == 0)
        return cli_help.run(NULL, 2, (char *[]){"help", argv[at], NULL});
    return run(command, file, argc - at, argv + at);
}
