/* A service of a test's own by ./run, with the demo freshly loaded, for what must not meet the records of other tests. */
#ifndef SUPPORT_HOUSE_H
#define SUPPORT_HOUSE_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char folder[40], data[48]; /* `data`: the data folder of ./run */
    pid_t run;
    FILE *says;
} house;

/* A port that nobody listens on, asked of the kernel. */
static int house_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0;
    close(fd);
    return good ? ntohs(at.sin_port) : 0;
}

static void house_set(const char *name, const char *below)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", house.data, below);
    setenv(name, path, 1);
}

static void house_run(int port, int out)
{
    char number[8];
    snprintf(number, sizeof number, "%d", port);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when a test dies */
    dup2(out, 1);
    dup2(out, 2);
    setenv("BALLIUM_PRESET", TEST_PRESET, 1);
    setenv("BALLIUM_PORT", number, 1);
    setenv("BALLIUM_DATA", house.data, 1);
    setenv("BALLIUM_USER", "root", 1);
    setenv("BALLIUM_CLUSTER_FAST", "1", 1);
    execl(TEST_SOURCE "/run", "run", (char *)NULL);
    _exit(127);
}

/* From here on the words of api.h and area.h mean this service. As a group's set-up: called before any of them. */
static int house_up(void)
{
    int out[2], port = house_port();
    char line[500], before[2000] = "";
    strcpy(house.folder, "/tmp/ballium-house-XXXXXX");
    if (port == 0 || !mkdtemp(house.folder) || chmod(house.folder, 0755) != 0 || pipe(out) != 0)
        return -1;
    snprintf(house.data, sizeof house.data, "%s/data", house.folder);
    if ((house.run = fork()) == 0)
        house_run(port, out[1]);
    close(out[1]);
    house.says = fdopen(out[0], "r");
    while (house.says && fgets(line, sizeof line, house.says) && strncmp(line, "ready ", 6) != 0)
        snprintf(before + strlen(before), sizeof before - strlen(before), "%s", line);
    if (strncmp(line, "ready ", 6) != 0) {
        fprintf(stderr, "%s", before);
        return -1;
    }
    line[strcspn(line, "\n")] = '\0';
    setenv("BALLIUM_URL", line + 6, 1);
    house_set("BALLIUM_CREDENTIALS", "demo-credentials.json");
    house_set("BALLIUM_CONFIG", "ballium.conf");
    house_set("BALLIUM_BINARY", "app/sbin/ballium");
    return 0;
}

static int house_down(void)
{
    char line[80];
    kill(house.run, SIGTERM);
    waitpid(house.run, NULL, 0);
    fclose(house.says);
    snprintf(line, sizeof line, "rm -rf '%s'", house.folder);
    return system(line); // NOLINT(cert-env33-c): a folder of its own
}

#endif
