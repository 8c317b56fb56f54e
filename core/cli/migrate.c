/* ballium migrate: the core's files, each plugin's in dependency order, then the grants of the built-in roles. */
#include "db/migrate.h"
#include "cli/cli.h"
#include "plugin/registry.h"
#include "tenant/tenant.h"

static bool migrate_all(struct db *db, const struct registry *registry)
{
    if (!migrate_area(db, "core", bl_migrations_core, stdout, stderr))
        return false;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct bl_plugin *plugin = registry_at(registry, i)->plugin;
        if (plugin->migrations && !migrate_area(db, plugin->name, plugin->migrations, stdout, stderr))
            return false;
    }
    return tenant_sync_grants(db, registry, stderr) && plugin_stamp_all(db, registry, stderr);
}

static int migrate_run(struct config *config, int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return cli_usage(&cli_migrate);
    struct registry *registry = registry_load(config, stderr);
    if (!registry)
        return CLI_FAILED;
    struct db *db = db_new(config->migrator, false);
    bool good = db && migrate_all(db, registry);
    db_free(db);
    registry_free(registry);
    return good ? CLI_OK : CLI_FAILED;
}

const struct cli_command cli_migrate = {
    .name = "migrate",
    .summary = "bring the database up to this version (role: `migrator`)",
    .run = migrate_run,
};
