/* clamd's INSTREAM (clamd(8)): pieces with their lengths, an empty one at the end, then one line that says what was found. */
#include "files/driver.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE = 60 }; /* seconds for one step; the verdict on a large archive takes the longest */

struct files_scan {
    int fd;
    bool refused; /* it stopped listening: its line says why */
};

static bool away(struct files_problem *problem, const char *what)
{
    log_write(LOG_ERROR, "clamd", "%s: %s", what, strerror(errno));
    return files_fail(problem, BL_UNAVAILABLE, "scanner_unavailable",
                      "the malware scanner cannot be reached, so the file was not kept: try again later");
}

static void hang_up(void *arg)
{
    close(((struct files_scan *)arg)->fd);
}

struct files_scan *files_scan_begin(const char *path, struct arena *arena, struct files_problem *problem)
{
    static const char command[] = "zINSTREAM"; /* with its NUL */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE};
    struct files_scan *s = arena_alloc(arena, sizeof *s);
    s->fd = strlen(path) < sizeof address.sun_path ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (s->fd < 0) {
        away(problem, path);
        return NULL;
    }
    arena_defer(arena, hang_up, s);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        connect(s->fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(s->fd, command, sizeof command, MSG_NOSIGNAL) == sizeof command)
        return s;
    away(problem, path);
    return NULL;
}

static bool give(struct files_scan *s, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = send(s->fd, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

bool files_scan_add(struct files_scan *s, const char *bytes, size_t length, struct files_problem *problem)
{
    uint32_t size = htonl((uint32_t)length);
    if (s->refused || length == 0)
        return true;
    if (give(s, &size, sizeof size) && give(s, bytes, length))
        return true;
    s->refused = errno == EPIPE || errno == ECONNRESET;
    return s->refused || away(problem, "send");
}

bool files_scan_end(struct files_scan *s, struct files_problem *problem)
{
    static const char clean[] = "stream: OK", found[] = " FOUND";
    char line[256] = "";
    size_t length = 0;
    const uint32_t end = 0;
    if (!s->refused && !give(s, &end, sizeof end) && errno != EPIPE)
        return away(problem, "send");
    for (ssize_t n = 1; n > 0 && length < sizeof line - 1 && memchr(line, '\0', length) == NULL; length += (size_t)n) {
        n = recv(s->fd, line + length, sizeof line - 1 - length, 0);
        if (n < 0)
            return away(problem, "the verdict");
    }
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    size_t said = strlen(line);
    if (strcmp(line, clean) == 0)
        return true;
    if (said > sizeof found - 1 && strcmp(line + said - (sizeof found - 1), found) == 0) {
        log_write(LOG_WARN, "infected", "an upload was refused: %s", line);
        return files_fail(problem, BL_UNPROCESSABLE, "infected", "the malware scanner refuses this file (%.*s): it was not kept",
                          (int)(said - sizeof found + 1 < 200 ? said - sizeof found + 1 : 200), line);
    }
    errno = EPROTO;
    log_write(LOG_ERROR, "clamd", "it says: %s (a limit below 100 MB? StreamMaxLength in clamd.conf)",
              said == 0 ? "nothing" : line);
    return files_fail(problem, BL_UNAVAILABLE, "scanner_unavailable",
                      "the malware scanner could not scan the file, so it was not kept: try again later");
}
