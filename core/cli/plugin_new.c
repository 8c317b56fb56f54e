/* ballium plugin new: a small plugin that builds, migrates and passes its test, in the tree or outside it. The texts are
 * core/data/new_plugin*, embedded by the build. */
#include "cli/plugin_new.h"
#include "cli/cli.h"
#include "plugin/registry.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

extern const char bl_data_new_plugin_cmake_in[], bl_data_new_plugin_c_in[], bl_data_new_plugin_sql_in[],
    bl_data_new_plugin_md_in[], bl_data_new_plugin_test_c_in[];

static const struct {
    const char *path, *text;
} files[] = {
    {"CMakeLists.txt", bl_data_new_plugin_cmake_in},    {"plugin.c", bl_data_new_plugin_c_in},
    {"sql/0001_@NAME@.sql", bl_data_new_plugin_sql_in}, {"README.md", bl_data_new_plugin_md_in},
    {"test/rules.c", bl_data_new_plugin_test_c_in},
};

struct words {
    char name[64], path[64], prefix[9];
};

/* Replaces @NAME@, @PATH@ and @PREFIX@. */
static void put(const char *text, const struct words *words, FILE *out)
{
    const struct {
        const char *mark, *word;
    } marks[] = {{"@NAME@", words->name}, {"@PATH@", words->path}, {"@PREFIX@", words->prefix}};
    while (*text) {
        size_t taken = 0;
        for (size_t i = 0; *text == '@' && !taken && i < sizeof marks / sizeof *marks; i++)
            if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0) {
                fputs(marks[i].word, out);
                taken = strlen(marks[i].mark);
            }
        if (!taken)
            fputc(*text, out);
        text += taken ? taken : 1;
    }
}

static bool say(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
}

static bool make_folder(const char *dir, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", dir, name);
    return mkdir(path, 0777) == 0 || say(path);
}

static bool write_file(const char *dir, const char *name, const char *text, const struct words *words)
{
    char path[PATH_MAX + 64];
    FILE *spelled = fmemopen(path, sizeof path, "w"); /* names have marks too */
    if (!spelled)
        return say(dir);
    fprintf(spelled, "%s/", dir);
    put(name, words, spelled);
    if (fclose(spelled) != 0)
        return say(dir);
    FILE *out = fopen(path, "wx");
    if (!out)
        return say(path);
    put(text, words, out);
    bool good = !ferror(out);
    return (fclose(out) == 0 && good) || say(path);
}

static void make_words(struct words *words, const char *name)
{
    size_t length = 0;
    snprintf(words->name, sizeof words->name, "%s", name);
    snprintf(words->path, sizeof words->path, "%s", name);
    for (char *p = words->path; *p; p++)
        if (*p == '_')
            *p = '-';
    for (const char *p = name; *p && length + 1 < sizeof words->prefix; p++)
        if (*p != '_')
            words->prefix[length++] = (char)toupper((unsigned char)*p);
    words->prefix[length] = '\0';
}

int plugin_new(const char *name, const char *dir)
{
    struct words words;
    const struct bl_plugin bare = {.abi = BL_ABI, .name = name, .version = "1.0.0", .clause = "8.1"};
    if (plugin_check(&bare, NULL, stderr) != 0) /* is the name one that the core will take? */
        return CLI_FAILED;
    make_words(&words, name);
    if (!make_folder(dir, "") || !make_folder(dir, "/sql") || !make_folder(dir, "/test"))
        return CLI_FAILED;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!write_file(dir, files[i].path, files[i].text, &words))
            return CLI_FAILED;
    printf("%s: written; %s/README.md says how to build it\n", dir, dir);
    return CLI_OK;
}
