/* ballium serve: what is put together before the first fork, and anew on SIGHUP. */
#include "base/log.h"
#include "base/quota.h"
#include "cli/cli.h"
#include "db/migrate.h"
#include "fcgi/master.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct service {
    const struct config *first; /* main's */
    struct config *config;      /* of the last reload; NULL: none yet */
    struct registry *registry;
    struct engine *engine;
    struct auth *auth;
    struct http *http;
    struct http_metrics *metrics;
    struct quota_table *quotas;
};

static const struct config *config_of(const struct service *s)
{
    return s->config != NULL ? s->config : s->first;
}

/* Are the tables those of this build? Printed if not. */
static enum master_check check_tables(const struct service *s, FILE *errors)
{
    const struct config *c = config_of(s);
    struct db *db = db_new(c->database, c->prepared);
    if (db == NULL || db_ready(db) != BL_OK) {
        db_free(db);
        return MASTER_LATER;
    }
    int wrong = migrate_check(db, "core", bl_migrations_core, errors);
    for (size_t i = 0; i < registry_count(s->registry); i++) {
        const struct bl_plugin *plugin = registry_at(s->registry, i)->plugin;
        int missing = plugin->migrations == NULL ? 0 : migrate_check(db, plugin->name, plugin->migrations, errors);
        wrong += missing;
    }
    if (wrong == 0)
        wrong = plugin_drift_all(db, s->registry, errors);
    enum master_check result = wrong == 0 ? MASTER_GOOD : db_connected(db) ? MASTER_BAD : MASTER_LATER;
    db_free(db);
    return result;
}

/* Lines that were printed into `text`, to the log. */
static void log_lines(const char *event, char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        log_write(LOG_ERROR, event, "%s", line);
}

static enum master_check check(void *self)
{
    char *text = NULL;
    size_t n = 0;
    FILE *errors = open_memstream(&text, &n);
    if (errors == NULL)
        return MASTER_LATER;
    enum master_check result = check_tables(self, errors);
    fclose(errors);
    if (result == MASTER_BAD)
        log_lines("check", text);
    free(text);
    return result;
}

/* Keys and what is made from them and the configuration. False: printed, nothing has changed. */
static bool build(struct service *s, const struct config *config, FILE *errors)
{
    struct auth *auth = auth_new(config, errors);
    struct http *http = auth == NULL ? NULL : http_new(config, s->engine, auth, errors);
    if (http == NULL) {
        auth_free(auth);
        return false;
    }
    if (s->metrics == NULL)
        s->metrics = http_metrics_map(http_route_count(http));
    if (s->metrics != NULL)
        http_use_metrics(http, s->metrics);
    if (s->quotas == NULL)
        s->quotas = quota_map();
    if (s->quotas != NULL) {
        http_use_quotas(http, s->quotas);
        auth_use_quotas(auth, s->quotas);
    }
    auth_use(auth);
    http_free(s->http);
    auth_free(s->auth);
    s->http = http;
    s->auth = auth;
    return true;
}

static void warn_of_fixed(const struct config *old, const struct config *new)
{
    if (strcmp(old->socket, new->socket) != 0 || strcmp(old->socket_group, new->socket_group) != 0 ||
        strcmp(old->plugin_dir, new->plugin_dir) != 0 || strcmp(old->plugins, new->plugins) != 0)
        log_write(LOG_WARN, "reload",
                  "socket, socket_group, plugin_dir and plugins are read at the start only: restart to change them");
}

static const struct config *reload(void *self)
{
    struct service *s = self;
    char *text = NULL;
    size_t n = 0;
    FILE *errors = open_memstream(&text, &n);
    if (errors == NULL)
        return NULL;
    struct config *config = config_load(config_of(s)->path, errors);
    bool good = config != NULL && build(s, config, errors);
    fclose(errors);
    log_lines("reload", text);
    free(text);
    if (!good) {
        config_free(config);
        log_write(LOG_ERROR, "reload", "the old configuration and keys stay in use: mend what the lines above say, then reload");
        return NULL;
    }
    warn_of_fixed(config_of(s), config);
    log_set_level(log_level_of(config->log_level));
    config_free(s->config);
    s->config = config;
    return config;
}

static void *open_worker(void *self)
{
    const struct service *s = self;
    return http_worker_new(s->http);
}

static void close_worker(void *worker)
{
    http_worker_free(worker);
}

static bool handle(void *worker, const struct http_io *io)
{
    return http_handle(worker, io);
}

struct beside {
    const struct service *service;
    enum master_check found;
};

static void *check_beside(void *arg)
{
    struct beside *b = arg;
    b->found = check_tables(b->service, stderr);
    return NULL;
}

/* PostgreSQL looks into its catalogue while the statements are put together here: a third of the time to the first answer. */
static bool prepare(struct service *s, enum master_check *checked)
{
    pthread_t thread;
    struct beside beside = {.service = s};
    s->registry = registry_load(s->first, stderr);
    if (s->registry == NULL)
        return false;
    bool apart = pthread_create(&thread, NULL, check_beside, &beside) == 0;
    s->engine = engine_new(s->registry, stderr);
    bool good = s->engine != NULL && build(s, s->first, stderr);
    if (apart)
        pthread_join(thread, NULL);
    else
        check_beside(&beside);
    *checked = beside.found;
    return good && *checked != MASTER_BAD;
}

static int run(struct service *s)
{
    enum master_check checked;
    if (!prepare(s, &checked))
        return CLI_FAILED;
    if (checked == MASTER_LATER)
        log_write(LOG_WARN, "serve", "the database cannot be reached: answering 503 until it can");
    if (!registry_init(s->registry, &http_core, stderr))
        return CLI_FAILED;
    struct master_plan plan = {.self = s,
                               .app = {s, open_worker, close_worker, handle},
                               .config = s->first,
                               .reload = reload,
                               .check = check,
                               .unchecked = checked == MASTER_LATER};
    return master_run(&plan, stderr);
}

static int serve(struct config *config, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return cli_usage(&cli_serve);
    struct service s = {.first = config};
    int code = run(&s);
    if (s.registry != NULL)
        registry_fini(s.registry);
    http_free(s.http);
    auth_free(s.auth);
    engine_free(s.engine);
    registry_free(s.registry);
    config_free(s.config);
    return code;
}

const struct cli_command cli_serve = {
    .name = "serve",
    .summary = "answer requests from nginx, until SIGTERM; SIGHUP reads configuration and keys again",
    .run = serve,
};
