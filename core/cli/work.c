#include "cli/cli.h"
#include "jobs/jobs.h"

static int work(struct config *config, int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? cli_usage(&cli_work) : jobs_work(config);
}

const struct cli_command cli_work = {
    .name = "work",
    .summary = "run the jobs of the queue and the housekeeping, until SIGTERM",
    .run = work,
};
