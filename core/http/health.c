#include "http/health.h"

#include "base/log.h"
#include "db/migrate.h"
#include "http/response.h"
#include "http/worker.h"

#include <stdlib.h>
#include <string.h>

enum bl_status http_livez(struct bl_request *base)
{
    bl_respond(base, 200, "application/json");
    bl_json_object(base, NULL);
    bl_json_text(base, "status", "ok");
    bl_json_close(base);
    return BL_OK;
}

static bool database_answers(struct http_request *r)
{
    struct bl_rows *rows = NULL;
    struct db *db = r->worker->db;
    if (db_ready(db) != BL_OK)
        return false;
    db_queue(db, "SELECT 1", NULL, 0);
    return db_flush(db, r->arena, &rows) == BL_OK;
}

/* How many migrations are missing or changed, -1: cannot be told. What they are goes to the log. */
static int migrations_missing(struct http_request *r)
{
    const struct registry *registry = engine_registry(r->worker->http->engine);
    struct db *db = r->worker->db;
    char *text = NULL;
    size_t length = 0;
    FILE *lines = open_memstream(&text, &length);
    if (lines == NULL)
        return -1;
    int missing = migrate_check(db, "core", bl_migrations_core, lines);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct bl_plugin *plugin = registry_at(registry, i)->plugin;
        if (plugin->migrations != NULL)
            missing += migrate_check(db, plugin->name, plugin->migrations, lines);
    }
    fclose(lines);
    if (missing != 0)
        log_write(LOG_WARN, "not_ready", "%s", text);
    free(text);
    return missing;
}

enum bl_status http_readyz(struct bl_request *base)
{
    struct http_request *r = http_request_of(base);
    bool database = database_answers(r), migrated = database && migrations_missing(r) == 0;
    bl_respond(base, migrated ? 200 : 503, "application/json");
    if (!migrated)
        bl_set_header(base, "Retry-After", "1");
    bl_json_object(base, NULL);
    bl_json_text(base, "status", migrated ? "ok" : "unavailable");
    bl_json_text(base, "database", database ? "ok" : "does not answer");
    bl_json_text(base, "migrations", migrated ? "ok" : database ? "missing or changed: run `ballium migrate`" : "unknown");
    bl_json_close(base);
    return BL_OK;
}
