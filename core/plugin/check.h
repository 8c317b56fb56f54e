/* Shared by the three files that check a descriptor: check.c (plugin, routes, migrations, signals), check_resource.c (resources,
 * workflow, relations), check_field.c (fields and their values). */
#ifndef PLUGIN_CHECK_H
#define PLUGIN_CHECK_H

#include "plugin/registry.h"

struct check {
    const struct bl_plugin *plugin;
    const struct registry *others; /* may be NULL; may hold the plugin itself */
    FILE *errors;
    int objections;
    char place[256]; /* "resource issues, field origin"; "": the plugin itself */
};

void check_object(struct check *, const char *format, ...) BL_PRINTF(2, 3); /* prints "name.so: place: …" */

/* Moves to a place inside this one and back. */
size_t check_enter(struct check *, const char *format, ...) BL_PRINTF(2, 3);
void check_leave(struct check *, size_t);

bool check_is_name(const char *word, size_t length); /* snake_case: small letters and digits, a letter first, single _ between */
bool check_is_name_text(const char *text);           /* the same; false for NULL */
bool check_is_keyword(const char *name);             /* reserved by SQL: it would need quotes */
bool check_in_list(const char *list, const char *word, size_t length);
void check_list(struct check *, const char *what, const char *list); /* words are names, each once */
void check_sql(struct check *, const char *what, const char *sql);   /* must say tenant_id = $1 */

void check_resources(struct check *);
void check_fields(struct check *, const struct bl_resource *);
void check_input(struct check *, const struct bl_transition *); /* the further members of a transition's body */

const struct bl_field *check_find_field(const struct bl_resource *, const char *name, size_t length);

/* Is it a route of the engine's for one of the plugin's resources? `path` has {} for every parameter. */
bool check_is_engine_path(const struct bl_plugin *, const char *path);

#endif
