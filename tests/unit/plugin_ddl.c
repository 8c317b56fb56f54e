/* The DDL of a sound plugin is, byte for byte, the migration that it brings. */
#include "unit.h"

#include "plugin/registry.h"
#include "printed.h"

static void ddl_is_the_migration(void **state)
{
    (void)state;
    char dir[] = TEST_PLUGINS, plugins[] = "good";
    struct config config = {.plugin_dir = dir, .plugins = plugins};
    struct printed printed;
    printed_start(&printed);
    struct registry *registry = registry_load(&config, stderr);
    assert_non_null(registry);
    const struct bl_plugin *good = registry_plugin(registry, "good");
    plugin_ddl(good, registry, printed.out);
    assert_string_equal(printed_end(&printed), good->migrations[0].sql);
    assert_int_equal(printed.length, good->migrations[0].length);
    printed_free(&printed);
    registry_free(registry);
}

static void references_name_the_other_area_s_table(void **state)
{
    (void)state;
    char dir[] = TEST_PLUGINS, plugins[] = "good needs_good";
    struct config config = {.plugin_dir = dir, .plugins = plugins};
    struct printed printed;
    printed_start(&printed);
    struct registry *registry = registry_load(&config, stderr);
    assert_non_null(registry);
    plugin_ddl(registry_plugin(registry, "needs_good"), registry, printed.out);
    assert_string_equal(
        printed_end(&printed),
        "CREATE TABLE needs_good.note (\n"
        "    tenant_id uuid NOT NULL,\n"
        "    id uuid NOT NULL,\n"
        "    ref text NOT NULL,\n"
        "    version integer NOT NULL,\n"
        "    created_at timestamptz NOT NULL,\n"
        "    created_by uuid NOT NULL,\n"
        "    updated_at timestamptz NOT NULL,\n"
        "    updated_by uuid NOT NULL,\n"
        "    archived_at timestamptz,\n"
        "    title text NOT NULL,\n"
        "    task_id uuid,\n"
        "    CONSTRAINT note_pk PRIMARY KEY (tenant_id, id),\n"
        "    CONSTRAINT note_ref_key UNIQUE (tenant_id, ref),\n"
        "    CONSTRAINT note_title_check CHECK (char_length(title) <= 200)\n"
        ");\n"
        "CREATE INDEX note_created_at_idx ON needs_good.note (tenant_id, created_at, id) WHERE archived_at IS NULL;\n"
        "CREATE INDEX note_task_id_idx ON needs_good.note (tenant_id, task_id, id) WHERE archived_at IS NULL;\n"
        "\n"
        "ALTER TABLE needs_good.note ADD CONSTRAINT note_task_id_fk FOREIGN KEY (tenant_id, task_id) REFERENCES good.task "
        "(tenant_id, id);\n"
        "\n"
        "SELECT core.fence('needs_good.note');\n");
    printed_free(&printed);
    registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ddl_is_the_migration),
        cmocka_unit_test(references_name_the_other_area_s_table),
    };
    return cmocka_run_group_tests_name("plugin/ddl", tests, NULL, NULL);
}
