/* Plugins as files: the sound ones load in order, each broken one is refused with its one line. */
#include "unit.h"

#include "plugin/registry.h"
#include "printed.h"
#include <string.h>

static char sizes[256]; /* written by main: they are the compiler's */

/* The cycle is found whatever else is named, and from its first name on. */
static const struct refusal {
    const char *plugins, *line;
} refusals[] = {
    {"wrong_major", "wrong_major.so: ABI major is 2 there and 1 here: build it against this core's headers\n"},
    {"wrong_minor", "wrong_minor.so: ABI minor is 3 there and 2 here: it needs a newer core\n"},
    {"wrong_size", sizes},
    {"wrong_symbol", "wrong_symbol.so: exports no bl_plugin_wrong_symbol: the file and its descriptor must have the same name\n"},
    {"wrong_name", "wrong_name.so: the descriptor's name is `right_name`: it must be the file's, `wrong_name`\n"},
    {"unresolved", "unresolved.so: cannot be loaded: " TEST_PLUGINS "/unresolved.so: undefined symbol: "
                   "ballium_has_no_such_function\n"},
    {"duplicate_route", "duplicate_route.so: route GET views/{id}: duplicate of GET views/{name}\n"},
    {"good cycle_c cycle_b cycle_a", "plugins: dependency cycle: cycle_a requires cycle_b requires cycle_c requires cycle_a\n"},
    {"needs_good", "needs_good.so: requires `good`, which is not loaded: add it to `plugins`, or take needs_good out\n"},
    {"good same_prefix", "good.so: resource tasks: prefix `TSK` is that of same_prefix.tasks\n"
                         "same_prefix.so: resource tasks: prefix `TSK` is that of good.tasks\n"},
    {"bad_descriptor",
     "bad_descriptor.so: resource issues: table is `context.issue`: must be `bad_descriptor.` and a snake_case name\n"
     "bad_descriptor.so: resource issues, field origin: ENUM without values\n"
     "bad_descriptor.so: resource issues, field origin: TITLE cannot stand on this type\n"
     "bad_descriptor.so: resource issues, field order: min 5 is above max 1\n"
     "bad_descriptor.so: resource issues, field order: the name is a reserved word of SQL\n"
     "bad_descriptor.so: resource issues, field risk_id: ref `planning.risks`: `planning` is not in requires: require it, or "
     "make "
     "this a relation\n"},
    {"absent", "absent.so: not found in " TEST_PLUGINS ": install it, or take it out of `plugins`\n"},
    {"../good", "plugins: `../good` is not a plugin's name: small letters, digits and _\n"},
    {"good good", "good.so: given twice: name it once in `plugins`\n"},
};

static struct config config_with(char *plugins)
{
    static char dir[] = TEST_PLUGINS;
    return (struct config){.plugin_dir = dir, .plugins = plugins};
}

static void refused(void **state)
{
    const struct refusal *refusal = *state;
    char plugins[64];
    snprintf(plugins, sizeof plugins, "%s", refusal->plugins);
    struct config config = config_with(plugins);
    struct printed printed;
    printed_start(&printed);
    struct registry *registry = registry_load(&config, printed.out);
    assert_string_equal(printed_end(&printed), refusal->line);
    assert_null(registry);
    printed_free(&printed);
}

static void sound_ones_load_in_order(void **state)
{
    (void)state;
    char plugins[] = "needs_good good";
    struct config config = config_with(plugins);
    struct printed printed;
    printed_start(&printed);
    struct registry *registry = registry_load(&config, printed.out);
    assert_string_equal(printed_end(&printed), "");
    assert_non_null(registry);
    assert_int_equal(registry_count(registry), 3);
    assert_ptr_equal(registry_at(registry, 0)->plugin, &plugin_core);
    assert_string_equal(registry_at(registry, 1)->plugin->name, "good");
    assert_string_equal(registry_at(registry, 2)->plugin->name, "needs_good");
    assert_string_equal(registry_at(registry, 1)->file, TEST_PLUGINS "/good.so");
    assert_null(registry_at(registry, 3));
    registry_free(registry);
    printed_free(&printed);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    char dir[] = "/nonexistent/plugins", all[] = "*";
    struct config config = {.plugin_dir = dir, .plugins = all};
    struct printed printed;
    printed_start(&printed);
    assert_null(registry_load(&config, printed.out));
    assert_string_equal(printed_end(&printed),
                        "/nonexistent/plugins: cannot be read: No such file or directory: set `plugin_dir` to "
                        "the folder that holds the plugins\n");
    printed_free(&printed);
}

static void all_of_a_folder_is_all_or_nothing(void **state)
{
    (void)state;
    char all[] = "*";
    struct config config = config_with(all);
    struct printed printed;
    printed_start(&printed);
    assert_null(registry_load(&config, printed.out));
    const char *text = printed_end(&printed);
    assert_non_null(strstr(text, "wrong_major.so: "));
    assert_non_null(strstr(text, "wrong_symbol.so: "));
    printed_free(&printed);
}

static void one_file_brings_what_it_requires(void **state)
{
    (void)state;
    char none[] = "";
    struct config config = config_with(none);
    struct printed printed;
    printed_start(&printed);
    struct registry *registry = registry_load_file(&config, TEST_PLUGINS "/needs_good.so", printed.out);
    assert_non_null(registry);
    assert_int_equal(registry_count(registry), 3); /* with the core itself */
    registry_free(registry);
    assert_null(registry_load_file(&config, TEST_PLUGINS "/nothing.so", printed.out));
    assert_null(registry_load_file(&config, "/etc/passwd", printed.out));
    assert_string_equal(printed_end(&printed), TEST_PLUGINS "/nothing.so: No such file or directory\n"
                                                            "/etc/passwd: not a plugin's file, which is <name>.so\n");
    printed_free(&printed);
}

enum { REFUSALS = sizeof refusals / sizeof *refusals };

int main(void)
{
    snprintf(sizes, sizeof sizes,
             "wrong_size.so: struct bl_field has %zu bytes there and %zu here: build it against this core's headers\n"
             "wrong_size.so: struct bl_transition has %zu bytes there and %zu here: build it against this core's headers\n",
             sizeof(struct bl_field) - 8, sizeof(struct bl_field), sizeof(struct bl_transition) + 16,
             sizeof(struct bl_transition));
    struct CMUnitTest tests[REFUSALS + 4] = {
        cmocka_unit_test(sound_ones_load_in_order),
        cmocka_unit_test(a_folder_that_is_not_there),
        cmocka_unit_test(all_of_a_folder_is_all_or_nothing),
        cmocka_unit_test(one_file_brings_what_it_requires),
    };
    for (size_t i = 0; i < REFUSALS; i++)
        tests[4 + i] = (struct CMUnitTest){
            .name = refusals[i].plugins, .test_func = refused, .initial_state = (void *)(uintptr_t)&refusals[i]};
    return cmocka_run_group_tests_name("plugin/load", tests, NULL, NULL);
}
