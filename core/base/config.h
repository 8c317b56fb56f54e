/* Configuration: built-in values, then a file of `name = value` lines (# comments), then the environment (BALLIUM_NAME; for
 * a conninfo or a secret also BALLIUM_NAME_FILE, a file that holds it).
 * config.c holds the one table of settings with their defaults, kinds and help; `ballium doctor` and the README print it. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct config {
    char *socket;       /* Unix socket that nginx reaches */
    char *socket_group; /* group that may connect; empty: the process's own */
    char *database;     /* libpq conninfo of the serving role */
    char *migrator;     /* libpq conninfo of the migrating role; only `migrate`, `org`, `user`, `demo` use it */
    char *worker;       /* libpq conninfo of the role of `ballium work` */
    char *plugin_dir;
    char *plugins;      /* list of names; "*": all in plugin_dir */
    char *keys_dir;     /* signing and verification keys */
    char *data_dir;     /* files, reports */
    char *file_store;   /* where files are kept: "disk", below data_dir, or "s3" */
    long file_quota;    /* MiB that an organisation may keep, unless it has a quota of its own */
    char *clamd_socket; /* of the malware scanner; empty: files are not scanned */
    char *s3_endpoint, *s3_bucket, *s3_region, *s3_key, *s3_secret;
    char *smtp_url, *smtp_from, *smtp_user, *smtp_password, *smtp_ca; /* reminders; smtp_url empty: no mails */
    char *base_url;                                                   /* as the outside sees it; also the token issuer */
    char *audience;
    char *log_level;
    long processes, threads;      /* threads per process */
    long body_limit;              /* bytes of a JSON body */
    long read_timeout;            /* seconds for a slow sender */
    long access_ttl, refresh_ttl; /* seconds */
    long rate_token, rate_tenant; /* requests a minute; 0: any number */
    bool private_addresses;       /* identity providers and webhooks may stand inside */
    bool prepared;                /* named prepared statements; off behind pgbouncer in transaction mode */
    char *path;                   /* the file that was read; NULL: none */
};

/* NULL after printing each problem as a line "file:line: what, what to do" to `errors`. `path` NULL: $BALLIUM_CONFIG, else
 * /etc/ballium/ballium.conf when it exists. Free: config_free. */
struct config *config_load(const char *path, FILE *errors);
void config_free(struct config *);
void config_print(const struct config *, FILE *); /* effective settings, secrets in conninfo masked */
void config_help(FILE *);                         /* the table of settings as Markdown */

#endif
