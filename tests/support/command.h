/* Runs the real program and gives back what it said. */
#ifndef SUPPORT_COMMAND_H
#define SUPPORT_COMMAND_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct said {
    char text[16384]; /* standard output, and standard error where the command line says 2>&1 */
    int code;         /* exit code; -1: a signal */
};

/* `command` is for sh; "ballium" at its start is the program under test, behind `environment` ("A=b C=d "). */
static inline struct said command_run(const char *environment, const char *command)
{
    struct said said = {.code = -1};
    bool ours = strncmp(command, "ballium", 7) == 0;
    char *line = NULL;
    if (asprintf(&line, "%s%s%s", environment, ours ? TEST_BALLIUM : "", ours ? command + 7 : command) < 0)
        return said;
    FILE *pipe = popen(line, "r");
    free(line);
    if (!pipe)
        return said;
    size_t length = fread(said.text, 1, sizeof said.text - 1, pipe);
    said.text[length] = '\0';
    for (char rest[4096]; fread(rest, 1, sizeof rest, pipe) > 0;) /* it must not meet a closed pipe */
        ;
    int status = pclose(pipe);
    said.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return said;
}

#endif
