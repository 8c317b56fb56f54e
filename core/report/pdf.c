#include "report/report.h"

#include "base/ids.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PYTHON "/usr/bin/python3"
#define WEASYPRINT "/usr/lib/python3/dist-packages/weasyprint/__init__.py"

enum { PATIENCE = 240 /* seconds, by the clock */, OUTPUT_MAX = 100 * 1024 * 1024, COMPLAINT = 1000 };

extern const char bl_data_report_py[];

struct child {
    pid_t pid;
    int out, err; /* what it writes */
    char folder[128];
};

bool report_can_pdf(void)
{
    return access(PYTHON, X_OK) == 0 && access(WEASYPRINT, R_OK) == 0;
}

/* The document as a file without a name, at its beginning. -1: no memory. */
static int page_source(const json_t *document)
{
    int fd = memfd_create("report", MFD_CLOEXEC), own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *out = own < 0 ? NULL : fdopen(own, "w");
    if (out != NULL)
        report_html(document, out);
    bool good = out != NULL && fclose(out) == 0 && lseek(fd, 0, SEEK_SET) == 0;
    if (!good && fd >= 0)
        close(fd);
    return good ? fd : -1;
}

/* After fork: only what may be called there. */
static void become(const struct child *c, int in, int out, int err, pid_t parent)
{
    static char home[160], temporary[160];
    char *const args[] = {(char *)PYTHON, (char *)"-I", (char *)"-B", (char *)"-c", (char *)bl_data_report_py, NULL};
    char *const environment[] = {home, temporary, (char *)"PATH=/usr/bin", (char *)"LANG=C.UTF-8", NULL};
    sigset_t none;
    snprintf(home, sizeof home, "HOME=%s", c->folder);
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", c->folder);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (getppid() != parent || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || close_range(3, ~0u, 0) != 0 ||
        chdir(c->folder) != 0 || !report_enclose(c->folder))
        _exit(126);
    execve(PYTHON, args, environment);
    _exit(127);
}

static bool start(struct child *c, const json_t *document, const char *scratch)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1}, in = -1;
    snprintf(c->folder, sizeof c->folder, "%s/report-XXXXXX", scratch);
    c->pid = -1;
    if (strlen(scratch) > 100 || mkdtemp(c->folder) == NULL) {
        c->folder[0] = '\0';
        return false;
    }
    in = page_source(document);
    if (in >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0) {
        pid_t parent = getpid();
        c->pid = fork();
        if (c->pid == 0)
            become(c, in, out[1], err[1], parent);
    }
    c->out = out[0];
    c->err = err[0];
    if (in >= 0)
        close(in);
    if (out[1] >= 0)
        close(out[1]);
    if (err[1] >= 0)
        close(err[1]);
    return c->pid > 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Ends it, whatever it does; its exit status. */
static int finish(struct child *c, bool kill_it)
{
    int status = -1;
    if (c->out >= 0)
        close(c->out);
    if (c->err >= 0)
        close(c->err);
    if (c->pid > 0) {
        if (kill_it)
            kill(c->pid, SIGKILL);
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    if (*c->folder != '\0')
        nftw(c->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

/* Passes on what it prints until it closes. NULL: all of it; else why not, "" for the sink. */
static const char *drain(const struct child *c, report_sink sink, void *arg, char complaint[COMPLAINT])
{
    char bytes[65536];
    size_t total = 0, said = 0;
    int64_t deadline = clock_monotonic() + PATIENCE * INT64_C(1000000);
    struct pollfd p[] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
    while (p[0].fd >= 0) {
        int64_t left = deadline - clock_monotonic();
        if (left <= 0 || poll(p, 2, (int)(left / 1000) + 1) == 0)
            return "it takes too long: order less at once, or a workbook";
        if (p[1].fd >= 0 && p[1].revents != 0) {
            ssize_t n = read(c->err, bytes, sizeof bytes);
            p[1].fd = n <= 0 ? -1 : p[1].fd;
            for (ssize_t i = 0; i < n && said < COMPLAINT - 1; i++)
                complaint[said++] = bytes[i];
            complaint[said] = '\0';
        }
        if (p[0].revents == 0)
            continue;
        ssize_t n = read(c->out, bytes, sizeof bytes);
        if (n <= 0) {
            p[0].fd = -1;
        } else if ((total += (size_t)n) > OUTPUT_MAX) {
            return "it becomes too large: order less at once, or a workbook";
        } else if (!sink(arg, bytes, (size_t)n)) {
            return "";
        }
    }
    return total > 0 ? NULL : "the renderer gave nothing";
}

bool report_pdf(const json_t *document, const char *scratch, report_sink sink, void *arg, char why[REPORT_WHY])
{
    struct child c = {.pid = -1, .out = -1, .err = -1};
    char complaint[COMPLAINT] = "";
    if (!report_can_pdf()) {
        snprintf(why, REPORT_WHY, "this service makes no PDF, since WeasyPrint is not installed: order a workbook (xlsx)");
        return false;
    }
    bool started = start(&c, document, scratch);
    const char *wrong = started ? drain(&c, sink, arg, complaint) : "the renderer cannot be started";
    int status = finish(&c, wrong != NULL);
    if (wrong == NULL && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        wrong = "the renderer failed: order it again, or a workbook";
    if (wrong == NULL)
        return true;
    if (*wrong != '\0')
        log_write(LOG_ERROR, "report", "WeasyPrint: %s (status %d) %s", wrong, status, complaint);
    snprintf(why, REPORT_WHY, "%s%s", *wrong == '\0' ? "" : "the PDF could not be made: ", wrong);
    return false;
}
