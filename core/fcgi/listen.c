#include "fcgi/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PASSED = 3 }; /* SD_LISTEN_FDS_START */

static int from_systemd(FILE *errors)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    if (pid == NULL || fds == NULL || strtol(pid, NULL, 10) != getpid() || strtol(fds, NULL, 10) < 1)
        return -1;
    int listening = 0;
    socklen_t length = sizeof listening;
    if (strtol(fds, NULL, 10) != 1 || getsockopt(PASSED, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening) {
        fprintf(errors, "LISTEN_FDS: exactly one listening stream socket is wanted: mend the socket unit\n");
        return -2;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    fcntl(PASSED, F_SETFD, FD_CLOEXEC);
    fcntl(PASSED, F_SETFL, fcntl(PASSED, F_GETFL) | O_NONBLOCK);
    return PASSED;
}

/* Is a process listening there? A full backlog says yes, too. */
static bool living(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true;
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

/* True: nothing is in the way at the address any more. */
static bool clear_way(const struct sockaddr_un *address, FILE *errors)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0)
        return true; /* bind says what else is wrong */
    if (!S_ISSOCK(st.st_mode)) {
        fprintf(errors, "%s: is there and is not a socket: remove it, or set another `socket`\n", address->sun_path);
        return false;
    }
    if (living(address)) {
        fprintf(errors, "%s: another process serves there: stop it first, or set another `socket`\n", address->sun_path);
        return false;
    }
    if (unlink(address->sun_path) != 0) {
        fprintf(errors, "%s: a dead process left it and it cannot be removed: %s\n", address->sun_path, strerror(errno));
        return false;
    }
    return true;
}

static bool give_to_group(const char *path, const char *group, FILE *errors)
{
    if (*group == '\0')
        return true;
    errno = 0;
    const struct group *g = getgrnam(group);
    if (g == NULL) {
        fprintf(errors, "socket_group: there is no group `%s`: make it, or set another\n", group);
        return false;
    }
    if (chown(path, (uid_t)-1, g->gr_gid) != 0) {
        fprintf(errors, "%s: cannot be given to group %s: %s (is the service's user in it?)\n", path, group, strerror(errno));
        return false;
    }
    return true;
}

int fcgi_listen(const char *path, const char *group, bool *passed, FILE *errors)
{
    int fd = from_systemd(errors);
    *passed = fd == PASSED;
    if (fd != -1)
        return fd < 0 ? -1 : fd;

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(errors, "%s: too long for a Unix socket (%zu bytes at most): set a shorter `socket`\n", path,
                sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (!clear_way(&address, errors))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0117); /* 0660 from its first moment on */
    int bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof address);
    int error = errno;
    umask(before);
    if (bound != 0) {
        fprintf(errors, "%s: cannot be made: %s: does its folder exist, and may the service write there?\n", path,
                strerror(error));
    } else if (give_to_group(path, group, errors)) { /* nobody can connect before listen */
        if (listen(fd, SOMAXCONN) == 0)
            return fd;
        fprintf(errors, "%s: listen: %s\n", path, strerror(errno));
    }
    if (bound == 0)
        unlink(path);
    if (fd >= 0)
        close(fd);
    return -1;
}
