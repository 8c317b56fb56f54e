/* Between load.c (files), registry.c (order and look-up) and check.c (rules). */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "plugin/registry.h"

/* Compares what the plugin was compiled with to this core, field by field; prints each difference; returns how many. Reads
 * nothing but .abi. `file` is what the lines begin with. */
int plugin_check_abi(const struct bl_plugin *, const char *file, FILE *errors);

/* Checks, orders and indexes the plugins. Takes over `plugins` (malloc) with its files and handles. NULL: printed, all is freed.
 */
struct registry *registry_assemble(struct registry_plugin *plugins, size_t count, FILE *errors);
void registry_release(struct registry_plugin *plugins, size_t count); /* closes handles, frees files and the array */

#endif
