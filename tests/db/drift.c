/* A table that is no longer what its descriptor says, one way at a time, each with its line. In a database of its own. */
#include "unit.h"

#include "base/ids.h"
#include "db/migrate.h"
#include "plugin/registry.h"
#include "printed.h"
#include <stdlib.h>
#include <string.h>

#define TASK "good.so: table good.task: "

static const struct change {
    const char *name, *sql, *lines;
} changes[] = {
    {"nothing", "SELECT 1", ""},
    {"further things are fine",
     "ALTER TABLE good.task ADD COLUMN extra text, ADD COLUMN more integer NOT NULL DEFAULT 1,"
     " ADD CONSTRAINT task_extra CHECK (extra <> title); CREATE INDEX task_extra_idx ON good.task (tenant_id, extra)",
     ""},
    {"a column is missing", "ALTER TABLE good.task DROP COLUMN notes",
     TASK "column notes is missing: must be text\n" TASK "task_notes_check is missing: CHECK (char_length(notes) <= 20000)\n"},
    {"a column has another type", "ALTER TABLE good.task ALTER COLUMN cost TYPE numeric(12,2)",
     TASK "column cost is numeric(12,2): must be numeric(18,2)\n"},
    {"an engine column has another type", "ALTER TABLE good.task ALTER COLUMN archived_at TYPE timestamp",
     TASK "column archived_at is timestamp without time zone: must be timestamp with time zone\n"},
    {"NOT NULL is gone", "ALTER TABLE good.task ALTER COLUMN title DROP NOT NULL",
     TASK "column title is nullable: must be NOT NULL\n"},
    {"NOT NULL too much", "ALTER TABLE good.task ALTER COLUMN code SET NOT NULL",
     TASK "column code is NOT NULL: must be nullable\n"},
    {"a stranger that no insert fills", "ALTER TABLE good.task ADD COLUMN extra text NOT NULL",
     TASK "column extra is not in the descriptor, NOT NULL and without a default: nothing can be inserted\n"},
    {"a generated column is typed in", "ALTER TABLE good.task ALTER COLUMN priority DROP EXPRESSION",
     TASK "column priority is not generated: must be\n"},
    {"a column is generated in another way",
     "ALTER TABLE good.task DROP COLUMN priority;"
     "ALTER TABLE good.task ADD COLUMN priority integer GENERATED ALWAYS AS (influence * 4 - coalesce(balance, 0)) STORED",
     TASK "column priority is generated as ((influence * 4) - COALESCE(balance, 0)): must be (influence * 5 - coalesce(balance, "
          "0))\n"},
    {"an enum allows one more",
     "ALTER TABLE good.task DROP CONSTRAINT task_kind_check;"
     "ALTER TABLE good.task ADD CONSTRAINT task_kind_check CHECK (kind IN ('repair', 'guard', 'watch'))",
     TASK "task_kind_check is CHECK ((kind = ANY (ARRAY['repair'::text, 'guard'::text, 'watch'::text]))): must be CHECK (kind IN "
          "('repair', 'guard'))\n"},
    {"the order of an enum is nothing",
     "ALTER TABLE good.task DROP CONSTRAINT task_kind_check;"
     "ALTER TABLE good.task ADD CONSTRAINT task_kind_check CHECK (kind IN ('guard', 'repair'))",
     ""},
    {"a range has moved",
     "ALTER TABLE good.task DROP CONSTRAINT task_balance_check;"
     "ALTER TABLE good.task ADD CONSTRAINT task_balance_check CHECK (balance BETWEEN 5 AND 5)",
     TASK "task_balance_check is CHECK (((balance >= 5) AND (balance <= 5))): must be CHECK (balance BETWEEN -5 AND 5)\n"},
    {"a state is missing",
     "ALTER TABLE good.task DROP CONSTRAINT task_status_check;"
     "ALTER TABLE good.task ADD CONSTRAINT task_status_check CHECK (status IN ('open'))",
     TASK "task_status_check is CHECK ((status = 'open'::text)): must be CHECK (status IN ('open', 'done'))\n"},
    {"a check is not valid",
     "ALTER TABLE good.task DROP CONSTRAINT task_influence_check;"
     "ALTER TABLE good.task ADD CONSTRAINT task_influence_check CHECK (influence BETWEEN 1 AND 5) NOT VALID",
     TASK "task_influence_check is not valid: the rows that are there break it\n"},
    {"a unique index is gone", "DROP INDEX good.task_code_key",
     TASK "task_code_key is missing: CREATE UNIQUE INDEX task_code_key ON good.task USING btree (tenant_id, code) WHERE "
          "(archived_at IS NULL)\n"},
    {"a unique index without the tenant",
     "DROP INDEX good.task_code_key; CREATE UNIQUE INDEX task_code_key ON good.task (code) WHERE archived_at IS NULL",
     TASK "task_code_key is CREATE UNIQUE INDEX task_code_key ON good.task USING btree (code) WHERE (archived_at IS NULL): must "
          "be CREATE UNIQUE INDEX task_code_key ON good.task USING btree (tenant_id, code) WHERE (archived_at IS NULL)\n"},
    {"the primary key has another name", "ALTER TABLE good.reading RENAME CONSTRAINT reading_pk TO reading_pkey",
     "good.so: table good.reading: reading_pk is missing: PRIMARY KEY (tenant_id, id)\n"},
    {"a reference is gone", "ALTER TABLE good.task DROP CONSTRAINT task_owner_id_fk",
     TASK "task_owner_id_fk is missing: FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership(tenant_id, user_id)\n"},
    {"a reference deletes",
     "ALTER TABLE good.task DROP CONSTRAINT task_parent_id_fk; ALTER TABLE good.task ADD CONSTRAINT task_parent_id_fk"
     " FOREIGN KEY (tenant_id, parent_id) REFERENCES good.task (tenant_id, id) ON DELETE CASCADE",
     TASK
     "task_parent_id_fk is FOREIGN KEY (tenant_id, parent_id) REFERENCES good.task(tenant_id, id) ON DELETE CASCADE: must be "
     "FOREIGN KEY (tenant_id, parent_id) REFERENCES good.task(tenant_id, id)\n"},
    {"row-level security is not forced", "ALTER TABLE good.task NO FORCE ROW LEVEL SECURITY",
     TASK "row-level security is not forced: SELECT core.fence('good.task')\n"},
    {"row-level security is off", "ALTER TABLE good.task DISABLE ROW LEVEL SECURITY",
     TASK "row-level security is not enabled: SELECT core.fence('good.task')\n"},
    {"the policy is gone", "DROP POLICY tenant ON good.task",
     TASK "no policy keeps ballium_app to the tenant: SELECT core.fence('good.task')\n"},
    {"a second policy opens a door", "CREATE POLICY door ON good.task FOR SELECT USING (true)",
     TASK "policy door lets ballium_app past the tenant's\n"},
    {"a second policy that narrows", "CREATE POLICY narrow ON good.task AS RESTRICTIVE TO ballium_app USING (version > 0)", ""},
    {"the table is gone", "DROP TABLE good.reading", "good.so: table good.reading: is missing: run `ballium migrate`\n"},
    {"the table is a view", "DROP TABLE good.reading; CREATE VIEW good.reading AS SELECT 1 AS one",
     "good.so: table good.reading: is missing: run `ballium migrate`\n"},
};
enum { CHANGES = sizeof changes / sizeof *changes };

static char owner_conninfo[512], app_conninfo[512];
static struct db *owner, *app;
static struct registry *registry;

/* The last dbname of a connection string wins. */
static void elsewhere(char out[512], const char *variable)
{
    const char *conninfo = getenv(variable);
    if (!conninfo)
        fail_msg("%s is not set", variable);
    else
        snprintf(out, 512, "%s dbname=ballium_drift", conninfo);
}

static void run(struct db *db, const char *sql)
{
    assert_int_equal(db_ready(db), BL_OK);
    if (!db_script(db, sql))
        fail_msg("%s: %s", sql, db_error(db)->message);
}

static int set_up(void **state)
{
    (void)state;
    elsewhere(owner_conninfo, "BALLIUM_TEST_SUPERUSER");
    elsewhere(app_conninfo, "BALLIUM_TEST_DATABASE");
    struct db *super = db_new(getenv("BALLIUM_TEST_SUPERUSER"), false);
    run(super, "DROP DATABASE IF EXISTS ballium_drift");
    run(super, "CREATE DATABASE ballium_drift OWNER ballium_owner");
    db_free(super);
    owner = db_new(owner_conninfo, false);
    app = db_new(app_conninfo, true);
    char dir[] = TEST_PLUGINS, plugins[] = "good needs_good";
    registry = registry_load(&(struct config){.plugin_dir = dir, .plugins = plugins}, stderr);
    return registry && migrate_area(owner, "core", bl_migrations_core, stderr, stderr) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_free(owner);
    db_free(app);
    registry_free(registry);
    struct db *super = db_new(getenv("BALLIUM_TEST_SUPERUSER"), false);
    run(super, "DROP DATABASE ballium_drift");
    db_free(super);
    return 0;
}

static void make_good(void)
{
    struct printed printed;
    printed_start(&printed);
    run(owner, "DROP SCHEMA IF EXISTS good CASCADE; DELETE FROM core.migration WHERE area = 'good'");
    assert_true(migrate_area(owner, "good", registry_plugin(registry, "good")->migrations, printed.out, stderr));
    printed_end(&printed);
    printed_free(&printed);
}

static int lines_in(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void compare(const char *plugin, const char *lines)
{
    struct printed printed;
    printed_start(&printed);
    int count = plugin_drift(app, registry_plugin(registry, plugin), printed.out);
    assert_string_equal(printed_end(&printed), lines);
    assert_int_equal(count, lines_in(lines));
    printed_free(&printed);
}

static void drifted(void **state)
{
    const struct change *change = *state;
    make_good();
    run(owner, change->sql);
    compare("good", change->lines);
}

/* What was compared once is not compared again, and whatever is changed is. */
static void drifted_after_it_was_compared(void **state)
{
    const struct change *change = *state;
    struct printed printed;
    make_good();
    printed_start(&printed);
    assert_true(plugin_stamp_all(owner, registry, printed.out));
    printed_end(&printed);
    printed_free(&printed);
    run(owner, change->sql);
    printed_start(&printed);
    int wrong = plugin_drift_all(app, registry, printed.out);
    const char *said = printed_end(&printed);
    assert_int_equal(wrong, *change->lines ? 2 : 1); /* needs_good has no tables here at all */
    assert_true(strstr(said, change->lines) != NULL);
    printed_free(&printed);
}

/* A stamp that lies shows that it is believed: the comparison is left out. */
static void a_stamp_spares_the_comparison(void **state)
{
    (void)state;
    static struct bl_plugin other;
    static struct bl_resource resources[8];
    static struct bl_field fields[64];
    struct printed printed;
    char sum[65], sql[300], *text = NULL;
    size_t n = 0;
    make_good();
    other = *registry_plugin(registry, "good");
    for (; other.resources[n].name; n++)
        resources[n] = other.resources[n];
    for (n = 0; resources[0].fields[n].name; n++)
        fields[n] = resources[0].fields[n];
    fields[0].max = 77; /* a longer text than the table's CHECK allows */
    resources[0].fields = fields;
    other.resources = resources;
    const struct bl_plugin *const plugins[] = {&other};
    struct registry *changed = registry_of(plugins, 1, stderr);
    assert_non_null(changed);
    printed_start(&printed);
    assert_true(plugin_stamp_all(owner, registry, printed.out));
    assert_int_equal(plugin_drift_all(app, changed, printed.out), 1);
    FILE *ddl = open_memstream(&text, &n);
    plugin_ddl(&other, changed, ddl);
    fclose(ddl);
    sha256_text(text, n, sum);
    free(text);
    snprintf(sql, sizeof sql, "UPDATE core.stamp SET descriptor = '%s' WHERE area = 'good'", sum);
    run(owner, sql);
    assert_int_equal(plugin_drift_all(app, changed, printed.out), 0);
    printed_end(&printed);
    printed_free(&printed);
    registry_free(changed);
}

static void another_area_s_table(void **state)
{
    (void)state;
    struct printed printed;
    make_good();
    printed_start(&printed);
    fputs("CREATE SCHEMA needs_good;\n", printed.out);
    plugin_ddl(registry_plugin(registry, "needs_good"), registry, printed.out);
    run(owner, printed_end(&printed));
    printed_free(&printed);
    compare("needs_good", "");
    run(owner, "ALTER TABLE needs_good.note DROP CONSTRAINT note_task_id_fk; ALTER TABLE needs_good.note ADD CONSTRAINT "
               "note_task_id_fk FOREIGN KEY (tenant_id, task_id) REFERENCES core.membership (tenant_id, user_id)");
    compare("needs_good", "needs_good.so: table needs_good.note: note_task_id_fk is FOREIGN KEY (tenant_id, task_id) REFERENCES "
                          "core.membership(tenant_id, user_id): must be FOREIGN KEY (tenant_id, task_id) REFERENCES good.\n");
    run(owner, "DROP SCHEMA needs_good CASCADE");
}

static void nobody_answers(void **state)
{
    (void)state;
    struct printed printed;
    struct db *nowhere = db_new("host=/nonexistent dbname=x", false);
    printed_start(&printed);
    assert_int_equal(plugin_drift(nowhere, registry_plugin(registry, "good"), printed.out), -1);
    assert_non_null(strstr(printed_end(&printed), "good.so: its tables cannot be compared: "));
    printed_free(&printed);
    db_free(nowhere);
}

int main(void)
{
    struct CMUnitTest tests[2 * CHANGES + 3] = {cmocka_unit_test(another_area_s_table), cmocka_unit_test(nobody_answers),
                                                cmocka_unit_test(a_stamp_spares_the_comparison)};
    for (size_t i = 0; i < CHANGES; i++) {
        void *change = (void *)(uintptr_t)&changes[i];
        tests[3 + 2 * i] = (struct CMUnitTest){.name = changes[i].name, .test_func = drifted, .initial_state = change};
        tests[4 + 2 * i] =
            (struct CMUnitTest){.name = changes[i].name, .test_func = drifted_after_it_was_compared, .initial_state = change};
    }
    return cmocka_run_group_tests_name("drift", tests, set_up, tear_down);
}
