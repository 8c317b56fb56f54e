#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT, NUMBER, SWITCH, CONNINFO, SECRET };

/* The one table of settings. */
static const struct setting {
    const char *name;
    enum kind kind;
    size_t at;
    const char *value; /* built in */
    long min, max;
    const char *help;
} settings[] = {
#define AT(member) offsetof(struct config, member)
    {"socket", TEXT, AT(socket), "/run/ballium/ballium.sock", 0, 0, "Unix socket that nginx reaches (FastCGI)"},
    {"socket_group", TEXT, AT(socket_group), "", 0, 0, "group that may connect to it; empty: the process's own"},
    {"database", CONNINFO, AT(database), "dbname=ballium user=ballium_app", 0, 0, "conninfo of the serving role"},
    {"migrator", CONNINFO, AT(migrator), "dbname=ballium user=ballium_migrator", 0, 0,
     "conninfo of the migrating role; only `migrate`, `org`, `user`, `demo` use it"},
    {"worker", CONNINFO, AT(worker), "dbname=ballium user=ballium_worker", 0, 0, "conninfo of the role of `ballium work`"},
    {"plugin_dir", TEXT, AT(plugin_dir), "/usr/lib/ballium/plugins", 0, 0, "folder of the plugins"},
    {"plugins", TEXT, AT(plugins), "*", 0, 0, "names of the plugins to load; *: all in the folder"},
    {"keys_dir", TEXT, AT(keys_dir), "/etc/ballium/keys", 0, 0, "folder of the token keys, readable by the service alone"},
    {"data_dir", TEXT, AT(data_dir), "/var/lib/ballium", 0, 0, "folder for files and reports"},
    {"file_store", TEXT, AT(file_store), "disk", 0, 0, "where files are kept: disk (below data_dir) or s3"},
    {"file_quota", NUMBER, AT(file_quota), "10240", 1, 1073741824, "MiB of files that an organisation may keep"},
    {"clamd_socket", TEXT, AT(clamd_socket), "", 0, 0, "Unix socket of clamd, which scans each upload; empty: no scan"},
    {"s3_endpoint", TEXT, AT(s3_endpoint), "", 0, 0, "address of an S3-compatible store: https://s3.example.org"},
    {"s3_bucket", TEXT, AT(s3_bucket), "", 0, 0, "bucket that holds the files"},
    {"s3_region", TEXT, AT(s3_region), "us-east-1", 0, 0, "region that requests are signed for"},
    {"s3_key", TEXT, AT(s3_key), "", 0, 0, "access key"},
    {"s3_secret", SECRET, AT(s3_secret), "", 0, 0, "secret of the access key"},
    {"smtp_url", TEXT, AT(smtp_url), "", 0, 0,
     "mail server for reminders: smtp://host:587 (STARTTLS) or smtps://host:465; without TLS on this machine only; empty: no "
     "mails"},
    {"smtp_from", TEXT, AT(smtp_from), "", 0, 0, "address that reminders come from"},
    {"smtp_user", TEXT, AT(smtp_user), "", 0, 0, "user at the mail server; empty: none"},
    {"smtp_password", SECRET, AT(smtp_password), "", 0, 0, "password of that user"},
    {"smtp_ca", TEXT, AT(smtp_ca), "", 0, 0,
     "file of the certificates (PEM) that vouch for a mail server inside; empty: those of the system"},
    {"base_url", TEXT, AT(base_url), "http://127.0.0.1:8080", 0, 0, "address that callers use; also the issuer of tokens"},
    {"audience", TEXT, AT(audience), "ballium", 0, 0, "audience of tokens"},
    {"log_level", TEXT, AT(log_level), "info", 0, 0, "debug, info, warn or error"},
    {"processes", NUMBER, AT(processes), "2", 1, 64, "worker processes"},
    {"threads", NUMBER, AT(threads), "2", 1, 64,
     "requests that a process serves at once, each with a database connection; those that wait for something slow do not count"},
    {"body_limit", NUMBER, AT(body_limit), "1048576", 1024, 67108864, "bytes of a JSON body"},
    {"read_timeout", NUMBER, AT(read_timeout), "15", 1, 300, "seconds that a slow sender has for a request"},
    {"access_ttl", NUMBER, AT(access_ttl), "600", 60, 3600, "seconds that an access token lives"},
    {"refresh_ttl", NUMBER, AT(refresh_ttl), "2592000", 3600, 31536000, "seconds that a refresh token lives"},
    {"rate_token", NUMBER, AT(rate_token), "30000", 0, 6000000,
     "requests that one session or service client may make in a minute; 0: any number"},
    {"rate_tenant", NUMBER, AT(rate_tenant), "120000", 0, 6000000,
     "requests that the members of one organisation may make in a minute, together; 0: any number"},
    {"private_addresses", SWITCH, AT(private_addresses), "off", 0, 0,
     "let identity providers and webhooks have private addresses, and http:// ones: where they stand on the own network, and in "
     "tests"},
    {"prepared", SWITCH, AT(prepared), "on", 0, 0, "named prepared statements; off behind pgbouncer in transaction mode"},
#undef AT
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static void *member(struct config *c, const struct setting *s)
{
    return (char *)c + s->at;
}

/* NULL: stored; else what is wrong. */
static const char *store(struct config *c, const struct setting *s, const char *value)
{
    if (s->kind == NUMBER) {
        char *end;
        errno = 0;
        long n = strtol(value, &end, 10);
        if (end == value || *end != '\0' || errno != 0)
            return "takes a whole number";
        if (n < s->min || n > s->max)
            return "is out of its range";
        *(long *)member(c, s) = n;
    } else if (s->kind == SWITCH) {
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            return "takes on or off";
        *(bool *)member(c, s) = strcmp(value, "on") == 0;
    } else {
        char *copy = strdup(value);
        if (copy == NULL)
            return "no memory";
        char **slot = member(c, s);
        free(*slot);
        *slot = copy;
    }
    return NULL;
}

static bool complain(FILE *errors, const char *where, const struct setting *s, const char *what)
{
    fprintf(errors, "%s: %s %s", where, s->name, what);
    if (s->kind == NUMBER)
        fprintf(errors, " (%ld to %ld)", s->min, s->max);
    fputc('\n', errors);
    return false;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

static bool read_line(struct config *c, char *line, const char *path, int number, FILE *errors)
{
    char where[512];
    snprintf(where, sizeof where, "%s:%d", path, number);
    char *text = trim(line);
    if (*text == '\0' || *text == '#')
        return true;
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        fprintf(errors, "%s: not a `name = value` line\n", where);
        return false;
    }
    *equals = '\0';
    char *name = trim(text);
    const struct setting *s = find(name);
    if (s == NULL) {
        fprintf(errors, "%s: no setting is called `%s`: `ballium config help` lists them\n", where, name);
        return false;
    }
    const char *wrong = store(c, s, trim(equals + 1));
    return wrong == NULL || complain(errors, where, s, wrong);
}

static bool read_file(struct config *c, const char *path, FILE *errors)
{
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        fprintf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    for (int number = 1; getline(&line, &room, f) >= 0; number++)
        good &= read_line(c, line, path, number, errors);
    free(line);
    fclose(f);
    c->path = strdup(path);
    return good && c->path != NULL;
}

/* BALLIUM_DATABASE_FILE names a file that holds the value: how containers hand over secrets. NULL after saying why. Free it. */
static char *read_secret(const char *name, const char *path, FILE *errors)
{
    char *value = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL || getline(&value, &room, f) < 0) {
        fprintf(errors, "%s: %s cannot be read, or is empty\n", name, path);
        free(value);
        value = NULL;
    } else {
        value[strcspn(value, "\r\n")] = '\0';
    }
    if (f != NULL)
        fclose(f);
    return value;
}

static bool read_environment(struct config *c, FILE *errors)
{
    bool good = true;
    for (size_t i = 0; i < SETTINGS; i++) {
        char name[64] = "BALLIUM_";
        for (size_t k = 0; settings[i].name[k] != '\0'; k++)
            name[8 + k] = (char)toupper((unsigned char)settings[i].name[k]);
        const char *value = getenv(name);
        const char *wrong = value == NULL ? NULL : store(c, &settings[i], value);
        if (wrong != NULL)
            good = complain(errors, name, &settings[i], wrong);
        const char *path = settings[i].kind >= CONNINFO ? getenv(strcat(name, "_FILE")) : NULL;
        if (path != NULL) {
            char *secret = read_secret(name, path, errors);
            good &= secret != NULL && store(c, &settings[i], secret) == NULL;
            free(secret);
        }
    }
    return good;
}

struct config *config_load(const char *path, FILE *errors)
{
    static const char usual[] = "/etc/ballium/ballium.conf";
    struct config *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    bool good = true;
    for (size_t i = 0; i < SETTINGS; i++)
        good &= store(c, &settings[i], settings[i].value) == NULL;
    if (path == NULL)
        path = getenv("BALLIUM_CONFIG");
    if (path == NULL && access(usual, F_OK) == 0)
        path = usual;
    if (path != NULL)
        good &= read_file(c, path, errors);
    good &= read_environment(c, errors);
    if (good)
        return c;
    config_free(c);
    return NULL;
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].kind == TEXT || settings[i].kind >= CONNINFO)
            free(*(char **)member(c, &settings[i]));
    free(c->path);
    free(c);
}

/* A conninfo with its password, in either form, replaced by stars. */
static void print_conninfo(const char *text, FILE *out)
{
    const char *password = strstr(text, "password=");
    const char *at = strstr(text, "://") == NULL ? NULL : strchr(text, '@');
    if (password != NULL) {
        const char *end = password + 9;
        char quote = *end == '\'' ? *end++ : ' ';
        while (*end != '\0' && *end != quote)
            end += *end == '\\' && end[1] != '\0' ? 2 : 1;
        if (quote == '\'' && *end == quote)
            end++;
        fprintf(out, "%.*s***%s", (int)(password + 9 - text), text, end);
    } else if (at != NULL) {
        const char *start = strstr(text, "://") + 3;
        const char *colon = memchr(start, ':', (size_t)(at - start));
        fprintf(out, "%.*s%s%s", (int)((colon != NULL ? colon + 1 : at) - text), text, colon != NULL ? "***" : "", at);
    } else {
        fputs(text, out);
    }
}

void config_print(const struct config *c, FILE *out)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        const void *at = (const char *)c + settings[i].at;
        fprintf(out, "%s = ", settings[i].name);
        if (settings[i].kind == NUMBER)
            fprintf(out, "%ld", *(const long *)at);
        else if (settings[i].kind == SWITCH)
            fputs(*(const bool *)at ? "on" : "off", out);
        else if (settings[i].kind == SECRET)
            fputs(**(char *const *)at == '\0' ? "" : "***", out);
        else if (settings[i].kind == CONNINFO)
            print_conninfo(*(char *const *)at, out);
        else
            fputs(*(char *const *)at, out);
        fputc('\n', out);
    }
}

void config_help(FILE *out)
{
    fputs("| setting | built in | what it is |\n| --- | --- | --- |\n", out);
    for (size_t i = 0; i < SETTINGS; i++)
        fprintf(out, "| `%s` | `%s` | %s |\n", settings[i].name, settings[i].value, settings[i].help);
}
