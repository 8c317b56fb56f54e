/* The loaded plugins and what is made from their tables. Built once, before the first fork; read-only afterwards. */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include "base/config.h"
#include <ballium/plugin.h>
#include <stdbool.h>
#include <stdio.h>

struct registry;

struct registry_plugin {
    const struct bl_plugin *plugin;
    void *handle; /* of dlopen; NULL for one that was given in memory (tests) */
    char *file;
};

/* dlopen(RTLD_NOW | RTLD_LOCAL) of each plugin, ABI, descriptor check, dependency order. All or nothing: NULL after printing
 * every problem as one line to `errors` ("context.so: resource issues, field origin: ENUM without values"). Free: registry_free.
 */
struct registry *registry_load(const struct config *, FILE *errors);
/* One plugin by its path, and from plugin_dir what it requires: a broken neighbour is no hindrance. For tools. */
struct registry *registry_load_file(const struct config *, const char *path, FILE *errors);
struct registry *registry_of(const struct bl_plugin *const *plugins, size_t count, FILE *errors); /* the same from memory */
void registry_free(struct registry *);

size_t registry_count(const struct registry *);
const struct registry_plugin *registry_at(const struct registry *, size_t i);       /* in dependency order */
const struct bl_plugin *registry_plugin(const struct registry *, const char *name); /* NULL: not loaded */
/* "area.resource"; NULL: unknown. `plugin` may be NULL. */
const struct bl_resource *registry_resource(const struct registry *, const char *name, const struct bl_plugin **plugin);
/* Every permission that the loaded plugins declare, sorted, each once: "context.issue:read". */
const char *const *registry_permissions(const struct registry *, size_t *count);

bool registry_init(struct registry *, const struct bl_core *, FILE *errors); /* calls each .init, in order */
void registry_fini(struct registry *);                                       /* calls .fini of the initialised, last first */

/* The core's own resources (core_area.c): registry_load puts them before the plugins, registry_of does not. No .so, no
 * migrations of its own: sql/ has them. */
extern const struct bl_plugin plugin_core;

/* plugin/check.c: every rule a descriptor must keep; prints all objections; returns how many. */
int plugin_check(const struct bl_plugin *, const struct registry *others, FILE *errors);
/* plugin/ddl.c: the DDL the descriptor implies. `others` holds the areas it refers to; may be NULL when it refers to none. */
void plugin_ddl(const struct bl_plugin *, const struct registry *others, FILE *out);
/* plugin/drift.c: compares the tables with the descriptor; prints a line per difference; returns how many, -1: no answer. */
struct db;
int plugin_drift(struct db *, const struct bl_plugin *, FILE *errors);
/* plugin/stamp.c: the same for every loaded area that was not compared as it is now; returns how many areas differ. */
int plugin_drift_all(struct db *, const struct registry *, FILE *errors);
/* Compares them (the migrator's connection) and leaves word of those that are as they should be. False: printed, could not. */
bool plugin_stamp_all(struct db *, const struct registry *, FILE *errors);

#endif
