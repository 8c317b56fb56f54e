/* ballium doctor: is everything there that the service needs, and is it kept as it should be? Changes nothing. */
#include "cli/doctor.h"
#include "auth/auth.h"
#include "base/ids.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/sealed.h"
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

void doctor_say(struct doctor *d, enum verdict verdict, const char *what, const char *format, ...)
{
    static const char *const words[] = {[FINE] = "ok", [WARNING] = "WARN", [FAILURE] = "FAIL"};
    d->failures += verdict == FAILURE;
    d->warnings += verdict == WARNING;
    char text[2048]; /* PostgreSQL's messages may have several lines; ours have one */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\t')
            *p = ' ';
    printf("%-4s  %s: %s\n", words[verdict], what, text);
}

void doctor_say_lines(struct doctor *d, enum verdict verdict, const char *what, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        doctor_say(d, verdict, what, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void check_configuration(struct doctor *d)
{
    const struct config *c = d->config;
    struct stat st = {0};
    if (!c->path) {
        doctor_say(d, FINE, "configuration", "no file; built-in values and the environment");
        return;
    }
    bool secret = strstr(c->database, "password=") || strstr(c->migrator, "password=") || strstr(c->worker, "password=");
    if (stat(c->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & S_IWOTH)
        doctor_say(d, FAILURE, "configuration", "anybody may write %s: chmod o-w %s", c->path, c->path);
    else if (secret && S_ISREG(st.st_mode) && st.st_mode & S_IROTH)
        doctor_say(d, FAILURE, "configuration", "anybody may read the passwords in %s: chmod o-r %s", c->path, c->path);
    else
        doctor_say(d, FINE, "configuration", "%s", c->path);
    if (strncmp(c->base_url, "https://", 8) != 0 && !strstr(c->base_url, "//127.0.0.1") && !strstr(c->base_url, "//localhost"))
        doctor_say(d, WARNING, "configuration", "base_url is %s: tokens and passwords should travel by https", c->base_url);
}

/* Is `path` a folder that this user may use in `mode`, and that nobody else may change? False: said. */
static bool check_folder(struct doctor *d, const char *what, const char *path, int mode, mode_t forbidden)
{
    struct stat st;
    if (stat(path, &st) != 0)
        doctor_say(d, FAILURE, what, "%s: %s: make it, owned by the service's user", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        doctor_say(d, FAILURE, what, "%s is not a folder: move it away", path);
    else if (access(path, mode) != 0)
        doctor_say(d, FAILURE, what, "%s cannot be used by this user: %s: run doctor as the service's user, or mend its owner",
                   path, strerror(errno));
    else if (st.st_mode & forbidden)
        doctor_say(d, FAILURE, what, "%s has mode %04o: others may change or read it: use a folder of its own, chmod %04o %s",
                   path, (unsigned)(st.st_mode & 07777), (unsigned)(st.st_mode & 07777 & ~forbidden), path);
    else
        return true;
    return false;
}

static void check_keys(struct doctor *d)
{
    if (!check_folder(d, "keys", d->config->keys_dir, R_OK | X_OK, S_IRWXO | S_IWGRP))
        return;
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    struct auth *auth = errors ? auth_new(d->config, errors) : NULL;
    if (errors)
        fclose(errors);
    if (auth)
        doctor_say(d, FINE, "keys", "%s", d->config->keys_dir);
    else
        doctor_say_lines(d, FAILURE, "keys", text && *text ? text : "cannot be read: out of memory");
    auth_free(auth);
    free(text);
}

/* Can all that is sealed in the database be opened? */
static void check_sealed(struct doctor *d)
{
    struct sealed s;
    char *text = NULL;
    size_t length = 0;
    long total = 0, lost = -1;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return;
    struct vault *vault = vault_load(d->config->keys_dir, out);
    bool open = vault && sealed_open(&s, d->config, out);
    if (open)
        lost = sealed_lost(&s, vault, &total, out);
    if (vault)
        sealed_close(&s);
    fclose(out);
    if (lost == 0)
        doctor_say(d, FINE, "secrets", "%ld in the database; %s seals", total, vault_sealing(vault));
    else if (lost > 0)
        doctor_say(d, FAILURE, "secrets", "%ld of %ld cannot be opened", lost, total);
    if (open && lost != 0) /* what is wrong with the keys or the connections, other checks have said */
        doctor_say_lines(d, lost > 0 ? FAILURE : WARNING, "secrets", text);
    vault_free(vault);
    free(text);
}

static void check_socket(struct doctor *d)
{
    const char *path = d->config->socket, *slash = strrchr(path, '/');
    char folder[sizeof((struct sockaddr_un){0}).sun_path];
    if (!slash || slash == path || strlen(path) >= sizeof folder) {
        doctor_say(d, FAILURE, "socket", "%s: must be an absolute path of less than %zu bytes: set `socket`", path,
                   sizeof folder);
        return;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (!check_folder(d, "socket", folder, W_OK | X_OK, S_IWOTH))
        return;
    struct stat st;
    if (*d->config->socket_group && !getgrnam(d->config->socket_group))
        doctor_say(d, FAILURE, "socket", "there is no group `%s`: set `socket_group` to the group of nginx",
                   d->config->socket_group);
    else if (stat(path, &st) == 0 && st.st_mode & S_IRWXO)
        doctor_say(d, FAILURE, "socket", "anybody may reach %s: chmod 0660 %s, and let nginx's user be in its group", path, path);
    else
        doctor_say(d, FINE, "socket", "%s", path);
}

static void check_plugins(struct doctor *d)
{
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    struct stat st;
    if (!errors)
        return;
    d->registry = registry_load(d->config, errors);
    fclose(errors);
    if (!d->registry)
        doctor_say_lines(d, FAILURE, "plugins", text);
    else if (registry_count(d->registry) == 1) /* the core itself */
        doctor_say(d, WARNING, "plugins", "none in %s: set `plugin_dir`, or install some", d->config->plugin_dir);
    else
        doctor_say(d, FINE, "plugins", "%zu in %s", registry_count(d->registry) - 1, d->config->plugin_dir);
    if (stat(d->config->plugin_dir, &st) == 0 && st.st_mode & S_IWOTH)
        doctor_say(d, FAILURE, "plugins", "anybody may put code into %s: chmod o-w %s", d->config->plugin_dir,
                   d->config->plugin_dir);
    free(text);
}

/* Room for reports and files; the database has its own. */
static void check_data(struct doctor *d)
{
    enum { MIB = 1 << 20 };
    const char *path = d->config->data_dir;
    struct statvfs fs;
    if (!check_folder(d, "data", path, R_OK | W_OK | X_OK, S_IWOTH))
        return;
    if (statvfs(path, &fs) != 0) {
        doctor_say(d, FAILURE, "data", "%s: %s", path, strerror(errno));
        return;
    }
    unsigned long long free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize / MIB;
    if (free_mib < 100)
        doctor_say(d, FAILURE, "data", "%llu MiB are free below %s: make room", free_mib, path);
    else if (free_mib < 1024)
        doctor_say(d, WARNING, "data", "%llu MiB are free below %s: make room soon", free_mib, path);
    else
        doctor_say(d, FINE, "data", "%s, %llu MiB free", path, free_mib);
}

static int doctor_run(struct config *config, int argc, char **argv)
{
    bool files = argc == 2 && strcmp(argv[1], "--files") == 0;
    if (argc != 1 && !files)
        return cli_usage(&cli_doctor);
    log_set_level(LOG_ERROR + 1); /* what the log would say, the lines say */
    struct doctor d = {.config = config, .files = files};
    check_configuration(&d);
    check_keys(&d);
    check_socket(&d);
    check_data(&d);
    check_plugins(&d);
    doctor_check_files(&d);
    check_sealed(&d);
    doctor_check_database(&d);
    registry_free(d.registry);
    printf("%d failures, %d warnings\n", d.failures, d.warnings);
    return d.failures ? CLI_FAILED : CLI_OK;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .usage = "[--files]\n"
             "  --files  also reads every file that is kept: it is there, with the bytes that were sent",
    .summary = "check configuration, keys, folders, plugins and the database, and say what to mend",
    .run = doctor_run,
};
