/* The loaded plugins in dependency order, and what is looked up in them. */
#include "plugin/load.h"
#include "plugin/shape.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct registry {
    struct registry_plugin *plugins;
    size_t count, initialised;
    char **permissions;
    size_t permission_count;
};

void registry_release(struct registry_plugin *plugins, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (plugins[i].handle)
            dlclose(plugins[i].handle);
        free(plugins[i].file);
    }
    free(plugins);
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->permission_count; i++)
        free(registry->permissions[i]);
    free(registry->permissions);
    registry_release(registry->plugins, registry->count);
    free(registry);
}

static int by_name(const void *a, const void *b)
{
    const struct registry_plugin *left = a, *right = b;
    return strcmp(left->plugin->name, right->plugin->name);
}

static size_t position(const struct registry *registry, const char *name, size_t length)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strlen(registry->plugins[i].plugin->name) == length && strncmp(registry->plugins[i].plugin->name, name, length) == 0)
            return i;
    return registry->count;
}

/* Depth first, so that what a plugin requires stands before it. */
struct ordering {
    const struct registry *registry;
    enum { UNSEEN, ON_PATH, PLACED } * marks;
    size_t *path, *order;
    size_t depth, placed;
    int problems;
    FILE *errors;
};

static void print_cycle(const struct ordering *o, size_t back_to)
{
    size_t i = 0;
    while (o->path[i] != back_to)
        i++;
    fprintf(o->errors, "plugins: dependency cycle: ");
    for (; i < o->depth; i++)
        fprintf(o->errors, "%s requires ", o->registry->plugins[o->path[i]].plugin->name);
    fprintf(o->errors, "%s\n", o->registry->plugins[back_to].plugin->name);
}

static void place(struct ordering *o, size_t i)
{
    const struct bl_plugin *plugin = o->registry->plugins[i].plugin;
    o->marks[i] = ON_PATH;
    o->path[o->depth++] = i;
    const char *list = plugin->requires;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        size_t required = position(o->registry, word, length);
        if (required == o->registry->count) {
            fprintf(o->errors, "%s.so: requires `%.*s`, which is not loaded: add it to `plugins`, or take %s out\n", plugin->name,
                    (int)length, word, plugin->name);
            o->problems++;
        } else if (o->marks[required] == ON_PATH) {
            print_cycle(o, required);
            o->problems++;
        } else if (o->marks[required] == UNSEEN) {
            place(o, required);
        }
    }
    o->depth--;
    o->marks[i] = PLACED;
    o->order[o->placed++] = i;
}

/* Sorts by name first: the order does not depend on how the plugins were named or found. Returns how many problems. */
static int put_in_order(struct registry *registry, FILE *errors)
{
    size_t count = registry->count;
    struct ordering o = {.registry = registry, .errors = errors};
    struct registry_plugin *sorted = calloc(count + 1, sizeof *sorted);
    o.marks = calloc(count + 1, sizeof *o.marks);
    o.path = calloc(count + 1, sizeof *o.path);
    o.order = calloc(count + 1, sizeof *o.order);
    if (!sorted || !o.marks || !o.path || !o.order) {
        fprintf(errors, "plugins: out of memory\n");
        o.problems++;
    } else {
        for (size_t i = 0; i < count; i++)
            if (o.marks[i] == UNSEEN)
                place(&o, i);
        for (size_t i = 0; i < count; i++)
            sorted[i] = registry->plugins[o.order[i]];
        if (count)
            memcpy(registry->plugins, sorted, count * sizeof *sorted);
    }
    free(sorted);
    free(o.marks);
    free(o.path);
    free(o.order);
    return o.problems;
}

static bool add_permission(struct registry *registry, const char *area, const char *thing, const char *colon, const char *verb,
                           size_t length)
{
    char **bigger = reallocarray(registry->permissions, registry->permission_count + 1, sizeof *bigger);
    if (!bigger)
        return false;
    registry->permissions = bigger;
    char *name = NULL;
    if (asprintf(&name, "%s.%s%s%.*s", area, thing, colon, (int)length, verb) < 0)
        return false;
    registry->permissions[registry->permission_count++] = name;
    return true;
}

static bool add_resource_permissions(struct registry *registry, const char *area, const struct bl_resource *resource)
{
    const char *thing = resource->singular;
    bool ok = add_permission(registry, area, thing, ":", "read", 4) && add_permission(registry, area, thing, ":", "write", 5);
    if (!(resource->flags & BL_APPEND_ONLY))
        ok = ok && add_permission(registry, area, thing, ":", "archive", 7);
    for (const struct bl_transition *t = resource->transitions; ok && t && t->name; t++)
        if (t->permission)
            ok = add_permission(registry, area, thing, ":", t->permission, strlen(t->permission));
    return ok;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_permissions(struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct bl_plugin *plugin = registry->plugins[i].plugin;
        for (const struct bl_resource *r = plugin->resources; r && r->name; r++)
            if (!add_resource_permissions(registry, plugin->name, r))
                return false;
        const char *list = plugin->permissions;
        size_t length;
        for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
            if (!add_permission(registry, plugin->name, "", "", word, length))
                return false;
    }
    if (registry->permission_count == 0)
        return true;
    qsort(registry->permissions, registry->permission_count, sizeof *registry->permissions, by_text);
    size_t kept = 1;
    for (size_t i = 1; i < registry->permission_count; i++) {
        if (strcmp(registry->permissions[i], registry->permissions[kept - 1]) == 0)
            free(registry->permissions[i]);
        else
            registry->permissions[kept++] = registry->permissions[i];
    }
    registry->permission_count = kept;
    return true;
}

/* Two plugins of one name would share a schema; nothing after this may meet that. */
static int check_names(const struct registry *registry, FILE *errors)
{
    int problems = 0;
    for (size_t i = 0; i < registry->count; i++) {
        const struct bl_plugin *plugin = registry->plugins[i].plugin;
        if (!plugin->name) {
            fprintf(errors, "plugin %zu: the descriptor has no name\n", i + 1);
            return 1;
        }
    }
    if (registry->count)
        qsort(registry->plugins, registry->count, sizeof *registry->plugins, by_name);
    for (size_t i = 1; i < registry->count; i++)
        if (by_name(&registry->plugins[i - 1], &registry->plugins[i]) == 0) {
            fprintf(errors, "%s.so: given twice: name it once in `plugins`\n", registry->plugins[i].plugin->name);
            problems++;
        }
    return problems;
}

struct registry *registry_assemble(struct registry_plugin *plugins, size_t count, FILE *errors)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (!registry) {
        fprintf(errors, "plugins: out of memory\n");
        registry_release(plugins, count);
        return NULL;
    }
    registry->plugins = plugins;
    registry->count = count;
    int problems = check_names(registry, errors);
    if (problems == 0) {
        for (size_t i = 0; i < count; i++)
            problems += plugin_check(plugins[i].plugin, registry, errors);
        problems += put_in_order(registry, errors);
    }
    if (problems == 0 && !list_permissions(registry)) {
        fprintf(errors, "plugins: out of memory\n");
        problems++;
    }
    if (problems) {
        registry_free(registry);
        return NULL;
    }
    return registry;
}

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

const struct registry_plugin *registry_at(const struct registry *registry, size_t i)
{
    return i < registry->count ? &registry->plugins[i] : NULL;
}

const struct bl_plugin *registry_plugin(const struct registry *registry, const char *name)
{
    size_t i = position(registry, name, strlen(name));
    return i < registry->count ? registry->plugins[i].plugin : NULL;
}

const struct bl_resource *registry_resource(const struct registry *registry, const char *name, const struct bl_plugin **plugin)
{
    size_t area = strcspn(name, ".");
    size_t i = position(registry, name, area);
    if (name[area] != '.' || i == registry->count)
        return NULL;
    for (const struct bl_resource *r = registry->plugins[i].plugin->resources; r && r->name; r++)
        if (strcmp(r->name, name + area + 1) == 0) {
            if (plugin)
                *plugin = registry->plugins[i].plugin;
            return r;
        }
    return NULL;
}

const char *const *registry_permissions(const struct registry *registry, size_t *count)
{
    *count = registry->permission_count;
    return (const char *const *)registry->permissions;
}

bool registry_init(struct registry *registry, const struct bl_core *core, FILE *errors)
{
    for (; registry->initialised < registry->count; registry->initialised++) {
        const struct bl_plugin *plugin = registry->plugins[registry->initialised].plugin;
        int code = plugin->init ? plugin->init(core) : 0;
        if (code != 0) {
            fprintf(errors, "%s.so: its init returned %d: the start stops\n", plugin->name, code);
            return false;
        }
    }
    return true;
}

void registry_fini(struct registry *registry)
{
    while (registry->initialised > 0) {
        const struct bl_plugin *plugin = registry->plugins[--registry->initialised].plugin;
        if (plugin->fini)
            plugin->fini();
    }
}
