/* Order, permissions and look-ups of plugins given in memory; init and fini around them. */
#include "unit.h"

#include "plugin/registry.h"
#include "printed.h"
#include <string.h>

static const struct bl_field fields[] = {{.name = "title", .type = BL_TEXT, .flags = BL_TITLE}, {0}};
static const struct bl_state states[] = {{.name = "open", .flags = BL_INITIAL}, {.name = "shut"}, {0}};
static const struct bl_transition transitions[] = {
    {.name = "shut", .from = "open", .to = "shut", .permission = "approve"},
    {.name = "reopen", .from = "shut", .to = "open"},
    {0},
};
static const struct bl_resource gates[] = {
    {.name = "gates",
     .singular = "gate",
     .table = "gate.gate",
     .prefix = "GTE",
     .clause = "4",
     .fields = fields,
     .states = states,
     .transitions = transitions},
    {.name = "passages",
     .singular = "passage",
     .table = "gate.passage",
     .prefix = "PSG",
     .clause = "4",
     .flags = BL_APPEND_ONLY,
     .fields = fields},
    {0},
};

static char calls[64];
static int fail_of; /* which init fails */

static int init_of(char who)
{
    strncat(calls, &who, 1);
    return fail_of == who ? 7 : 0;
}
static int init_a(const struct bl_core *core)
{
    (void)core;
    return init_of('a');
}
static int init_b(const struct bl_core *core)
{
    (void)core;
    return init_of('b');
}
static void fini_a(void)
{
    strcat(calls, "A");
}
static void fini_b(void)
{
    strcat(calls, "B");
}

#define PLUGIN .abi = BL_ABI, .version = "1.0.0", .clause = "4"
static const struct bl_plugin gate = {
    PLUGIN,         .name = "gate", .requires = "tower", .permissions = "view:read gate:read", .resources = gates,
    .init = init_a, .fini = fini_a};
static const struct bl_plugin tower = {PLUGIN, .name = "tower", .requires = "yard", .init = init_b, .fini = fini_b};
static const struct bl_plugin yard = {PLUGIN, .name = "yard"};

static struct registry *load(FILE *errors)
{
    return registry_of((const struct bl_plugin *[]){&gate, &yard, &tower}, 3, errors);
}

static void what_is_required_comes_first(void **state)
{
    (void)state;
    struct registry *r = load(stderr);
    assert_non_null(r);
    assert_int_equal(registry_count(r), 3);
    assert_ptr_equal(registry_at(r, 0)->plugin, &yard);
    assert_ptr_equal(registry_at(r, 1)->plugin, &tower);
    assert_ptr_equal(registry_at(r, 2)->plugin, &gate);
    registry_free(r);
}

static void look_ups(void **state)
{
    (void)state;
    struct registry *r = load(stderr);
    const struct bl_plugin *plugin = NULL;
    assert_non_null(r);
    assert_ptr_equal(registry_plugin(r, "tower"), &tower);
    assert_null(registry_plugin(r, "towers"));
    assert_null(registry_plugin(r, "towe"));
    assert_ptr_equal(registry_resource(r, "gate.passages", &plugin), &gates[1]);
    assert_ptr_equal(plugin, &gate);
    assert_ptr_equal(registry_resource(r, "gate.gates", NULL), &gates[0]);
    assert_null(registry_resource(r, "gate.passage", NULL));
    assert_null(registry_resource(r, "gate", NULL));
    assert_null(registry_resource(r, "tower.gates", NULL));
    assert_null(registry_resource(r, "", NULL));
    registry_free(r);
}

static void permissions_are_sorted_and_each_once(void **state)
{
    (void)state;
    static const char *const expected[] = {"gate.gate:approve", "gate.gate:archive",  "gate.gate:read", "gate.gate:write",
                                           "gate.passage:read", "gate.passage:write", "gate.view:read"};
    struct registry *r = load(stderr);
    assert_non_null(r);
    size_t count;
    const char *const *permissions = registry_permissions(r, &count);
    assert_int_equal(count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(permissions[i], expected[i]);
    registry_free(r);
}

static void nothing_is_a_registry_too(void **state)
{
    (void)state;
    size_t count;
    struct registry *r = registry_of(NULL, 0, stderr);
    assert_non_null(r);
    assert_int_equal(registry_count(r), 0);
    assert_null(registry_plugin(r, "gate"));
    (void)registry_permissions(r, &count);
    assert_int_equal(count, 0);
    assert_true(registry_init(r, NULL, stderr));
    registry_fini(r);
    registry_free(r);
    registry_free(NULL);
}

static void init_in_order_fini_backwards(void **state)
{
    (void)state;
    struct registry *r = load(stderr);
    assert_non_null(r);
    calls[0] = '\0';
    fail_of = 0;
    assert_true(registry_init(r, NULL, stderr));
    assert_string_equal(calls, "ba");
    assert_true(registry_init(r, NULL, stderr)); /* once per process */
    registry_fini(r);
    registry_fini(r);
    assert_string_equal(calls, "baAB");
    registry_free(r);
}

static void a_failing_init_stops_the_start(void **state)
{
    (void)state;
    struct printed printed;
    struct registry *r = load(stderr);
    assert_non_null(r);
    printed_start(&printed);
    calls[0] = '\0';
    fail_of = 'a';
    assert_false(registry_init(r, NULL, printed.out));
    registry_fini(r); /* of those that were initialised */
    assert_string_equal(calls, "baB");
    assert_string_equal(printed_end(&printed), "gate.so: its init returned 7: the start stops\n");
    printed_free(&printed);
    registry_free(r);
}

static void a_cycle_of_one(void **state)
{
    (void)state;
    static const struct bl_plugin narcissus = {PLUGIN, .name = "narcissus", .requires = "narcissus"};
    struct printed printed;
    printed_start(&printed);
    assert_null(registry_of((const struct bl_plugin *[]){&narcissus}, 1, printed.out));
    assert_string_equal(printed_end(&printed), "narcissus.so: requires itself\n"
                                               "plugins: dependency cycle: narcissus requires narcissus\n");
    printed_free(&printed);
}

static void a_descriptor_without_a_name(void **state)
{
    (void)state;
    static const struct bl_plugin nobody = {PLUGIN};
    struct printed printed;
    printed_start(&printed);
    assert_null(registry_of((const struct bl_plugin *[]){&nobody}, 1, printed.out));
    assert_string_equal(printed_end(&printed), "plugin 1: the descriptor has no name\n");
    printed_free(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_required_comes_first),
        cmocka_unit_test(look_ups),
        cmocka_unit_test(permissions_are_sorted_and_each_once),
        cmocka_unit_test(nothing_is_a_registry_too),
        cmocka_unit_test(init_in_order_fini_backwards),
        cmocka_unit_test(a_failing_init_stops_the_start),
        cmocka_unit_test(a_cycle_of_one),
        cmocka_unit_test(a_descriptor_without_a_name),
    };
    return cmocka_run_group_tests_name("plugin/registry", tests, NULL, NULL);
}
