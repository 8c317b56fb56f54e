/* ballium plugin: what is loaded, the DDL it implies, whether a descriptor is sound, a new one to start from. */
#include "cli/cli.h"
#include "cli/plugin_new.h"
#include "plugin/registry.h"
#include <limits.h>
#include <string.h>

static int list(struct config *config)
{
    struct registry *registry = registry_load(config, stderr);
    if (!registry)
        return CLI_FAILED;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct registry_plugin *entry = registry_at(registry, i);
        const struct bl_plugin *p = entry->plugin;
        int resources = 0;
        if (p == &plugin_core)
            continue;
        for (const struct bl_resource *r = p->resources; r && r->name; r++)
            resources++;
        printf("%-16s %-8s clause %-6s %2d resources  requires %s  %s\n", p->name, p->version, p->clause, resources,
               p->requires ? p->requires : "-", entry->file);
    }
    registry_free(registry);
    return CLI_OK;
}

static int ddl(struct config *config, const char *name)
{
    if (strcmp(name, plugin_core.name) == 0) {
        plugin_ddl(&plugin_core, NULL, stdout);
        return CLI_OK;
    }
    char path[PATH_MAX];
    if (strchr(name, '/'))
        snprintf(path, sizeof path, "%s", name);
    else
        snprintf(path, sizeof path, "%s/%s.so", config->plugin_dir, name);
    struct registry *registry = registry_load_file(config, path, stderr);
    if (!registry)
        return CLI_FAILED;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct registry_plugin *entry = registry_at(registry, i);
        const char *file = strrchr(path, '/') + 1;
        if (strncmp(file, entry->plugin->name, strlen(file) - 3) == 0 && strlen(entry->plugin->name) == strlen(file) - 3)
            plugin_ddl(entry->plugin, registry, stdout);
    }
    registry_free(registry);
    return CLI_OK;
}

static int check(struct config *config, const char *path)
{
    struct registry *registry = path ? registry_load_file(config, path, stderr) : registry_load(config, stderr);
    if (!registry)
        return CLI_FAILED;
    for (size_t i = 0; i < registry_count(registry); i++)
        if (registry_at(registry, i)->plugin != &plugin_core)
            printf("ok    %s\n", registry_at(registry, i)->file);
    registry_free(registry);
    return CLI_OK;
}

static int plugin_run(struct config *config, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "list") == 0 && argc == 2)
        return list(config);
    if (strcmp(verb, "ddl") == 0 && argc == 3)
        return ddl(config, argv[2]);
    if (strcmp(verb, "check") == 0 && argc <= 3)
        return check(config, argc == 3 ? argv[2] : NULL);
    if (strcmp(verb, "new") == 0 && (argc == 3 || argc == 4))
        return plugin_new(argv[2], argv[argc - 1]);
    return cli_usage(&cli_plugin);
}

const struct cli_command cli_plugin = {
    .name = "plugin",
    .usage = "list | ddl NAME | check [FILE] | new NAME [DIR]\n"
             "  list            the plugins that would be loaded, in order\n"
             "  ddl NAME        the DDL that the plugin's descriptor implies (NAME, or a path with a slash)\n"
             "  check [FILE]    every rule a descriptor must keep; without FILE: all that would be loaded\n"
             "  new NAME [DIR]  writes a small plugin to start from into DIR (otherwise ./NAME)",
    .summary = "list, check and print plugins, or start a new one",
    .run = plugin_run,
};
