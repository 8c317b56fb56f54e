/* From files to descriptors: dlopen, the one symbol, the ABI. */
#include "plugin/load.h"
#include "plugin/shape.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct list {
    struct registry_plugin *plugins;
    size_t count;
    int problems;
};

int plugin_check_abi(const struct bl_plugin *plugin, const char *file, FILE *errors)
{
    static const struct bl_abi core = BL_ABI;
    const struct bl_abi *abi = &plugin->abi;
    if (abi->major != core.major) {
        fprintf(errors, "%s: ABI major is %d there and %d here: build it against this core's headers\n", file, abi->major,
                core.major);
        return 1; /* the sizes may mean something else there */
    }
    if (abi->minor > core.minor) {
        fprintf(errors, "%s: ABI minor is %d there and %d here: it needs a newer core\n", file, abi->minor, core.minor);
        return 1;
    }
    const struct {
        const char *name;
        int there, here;
    } sizes[] = {
        {"bl_plugin", abi->plugin, core.plugin},
        {"bl_resource", abi->resource, core.resource},
        {"bl_field", abi->field, core.field},
        {"bl_relation", abi->relation, core.relation},
        {"bl_state", abi->state, core.state},
        {"bl_transition", abi->transition, core.transition},
        {"bl_constraint", abi->constraint, core.constraint},
        {"bl_route", abi->route, core.route},
        {"bl_migration", abi->migration, core.migration},
        {"bl_signal", abi->signal, core.signal},
        {"bl_duty", abi->duty, core.duty},
        {"bl_job", abi->job, core.job},
        {"bl_inbox", abi->inbox, core.inbox},
        {"bl_report", abi->report, core.report},
        {"bl_watch", abi->watch, core.watch},
    };
    int problems = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].there != sizes[i].here) {
            fprintf(errors, "%s: struct %s has %d bytes there and %d here: build it against this core's headers\n", file,
                    sizes[i].name, sizes[i].there, sizes[i].here);
            problems++;
        }
    return problems;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* NULL after printing why. On success *handle is open. */
static const struct bl_plugin *open_plugin(const char *path, void **handle, FILE *errors)
{
    const char *file = base_name(path);
    char symbol[128];
    snprintf(symbol, sizeof symbol, "bl_plugin_%.*s", (int)(strlen(file) - strlen(".so")), file);

    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*handle) {
        fprintf(errors, "%s: cannot be loaded: %s\n", file, dlerror());
        return NULL;
    }
    const struct bl_plugin *plugin = dlsym(*handle, symbol);
    if (!plugin)
        fprintf(errors, "%s: exports no %s: the file and its descriptor must have the same name\n", file, symbol);
    else if (plugin_check_abi(plugin, file, errors) == 0) {
        size_t stem = strlen(file) - strlen(".so");
        if (plugin->name && strlen(plugin->name) == stem && strncmp(plugin->name, file, stem) == 0)
            return plugin;
        fprintf(errors, "%s: the descriptor's name is `%s`: it must be the file's, `%.*s`\n", file,
                plugin->name ? plugin->name : "", (int)stem, file);
    }
    dlclose(*handle);
    return NULL;
}

static bool grow(struct list *list, FILE *errors)
{
    struct registry_plugin *bigger = reallocarray(list->plugins, list->count + 1, sizeof *bigger);
    if (!bigger) {
        fprintf(errors, "plugins: out of memory\n");
        list->problems++;
        return false;
    }
    list->plugins = bigger;
    return true;
}

static void add_core(struct list *list, FILE *errors)
{
    if (grow(list, errors))
        list->plugins[list->count++] = (struct registry_plugin){.plugin = &plugin_core, .file = strdup("the core")};
}

static void add_file(struct list *list, const char *path, FILE *errors)
{
    if (!grow(list, errors))
        return;
    struct registry_plugin *entry = &list->plugins[list->count];
    *entry = (struct registry_plugin){.file = strdup(path)};
    entry->plugin = entry->file ? open_plugin(path, &entry->handle, errors) : NULL;
    if (entry->plugin) {
        list->count++;
    } else {
        free(entry->file);
        list->problems++;
    }
}

static int is_plugin(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static void add_all(struct list *list, const char *dir, FILE *errors)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_plugin, alphasort);
    if (count < 0) {
        fprintf(errors, "%s: cannot be read: %s: set `plugin_dir` to the folder that holds the plugins\n", dir, strerror(errno));
        list->problems++;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        add_file(list, path, errors);
        free(entries[i]);
    }
    free(entries);
}

static bool is_name(const char *word, size_t length)
{
    return length > 0 && length < 64 && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") >= length;
}

static void add_named(struct list *list, const char *dir, const char *names, FILE *errors)
{
    size_t length;
    for (const char *word = shape_word(&names, &length); length; word = shape_word(&names, &length)) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%.*s.so", dir, (int)length, word);
        if (!is_name(word, length)) {
            fprintf(errors, "plugins: `%.*s` is not a plugin's name: small letters, digits and _\n", (int)length, word);
            list->problems++;
        } else if (access(path, R_OK) != 0) {
            fprintf(errors, "%.*s.so: %s in %s: install it, or take it out of `plugins`\n", (int)length, word,
                    errno == ENOENT ? "not found" : strerror(errno), dir);
            list->problems++;
        } else {
            add_file(list, path, errors);
        }
    }
}

struct registry *registry_load(const struct config *config, FILE *errors)
{
    struct list list = {0};
    add_core(&list, errors);
    if (strcmp(config->plugins, "*") == 0)
        add_all(&list, config->plugin_dir, errors);
    else
        add_named(&list, config->plugin_dir, config->plugins, errors);
    if (list.problems) {
        registry_release(list.plugins, list.count);
        return NULL;
    }
    return registry_assemble(list.plugins, list.count, errors);
}

static bool listed(const struct list *list, const char *name, size_t length)
{
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->plugins[i].plugin->name) == length && strncmp(list->plugins[i].plugin->name, name, length) == 0)
            return true;
    return false;
}

struct registry *registry_load_file(const struct config *config, const char *path, FILE *errors)
{
    char full[PATH_MAX];
    if (strlen(base_name(path)) < 4 || strcmp(path + strlen(path) - 3, ".so") != 0) {
        fprintf(errors, "%s: not a plugin's file, which is <name>.so\n", path);
        return NULL;
    }
    if (!realpath(path, full)) {
        fprintf(errors, "%s: %s\n", path, strerror(errno));
        return NULL;
    }
    struct list list = {0};
    add_core(&list, errors);
    add_file(&list, full, errors);
    for (size_t i = 0; i < list.count; i++) { /* grows under way */
        const char *names = list.plugins[i].plugin->requires;
        size_t length;
        for (const char *word = shape_word(&names, &length); length; word = shape_word(&names, &length)) {
            snprintf(full, sizeof full, "%s/%.*s.so", config->plugin_dir, (int)length, word);
            if (is_name(word, length) && !listed(&list, word, length) && access(full, R_OK) == 0)
                add_file(&list, full, errors); /* what is missing, registry_assemble names */
        }
    }
    if (list.problems) {
        registry_release(list.plugins, list.count);
        return NULL;
    }
    return registry_assemble(list.plugins, list.count, errors);
}

struct registry *registry_of(const struct bl_plugin *const *plugins, size_t count, FILE *errors)
{
    struct list list = {0};
    for (size_t i = 0; i < count && grow(&list, errors); i++) {
        char file[128];
        snprintf(file, sizeof file, "plugin %zu", i + 1);
        list.problems += plugin_check_abi(plugins[i], file, errors);
        list.plugins[list.count++] = (struct registry_plugin){.plugin = plugins[i]};
    }
    if (list.problems) {
        registry_release(list.plugins, list.count);
        return NULL;
    }
    return registry_assemble(list.plugins, list.count, errors);
}
