/* The program's own options, its exit codes and the commands that need no database. */
#include "unit.h"

#include "command.h"

static const char environment[] =
    "BALLIUM_CONFIG=/dev/null BALLIUM_PLUGIN_DIR=" TEST_PLUGINS " BALLIUM_PLUGINS='good needs_good' ";

static void expect(const char *command, int code, const char *part)
{
    struct said said = command_run(environment, command);
    if (!strstr(said.text, part))
        fail_msg("%s: \"%s\" is not in: %s", command, part, said.text);
    assert_int_equal(said.code, code);
}

static void options(void **state)
{
    (void)state;
    expect("ballium --version", 0, "ballium " BALLIUM_VERSION "\n");
    expect("ballium --help", 0, "  plugin ");
    expect("ballium -h", 0, "usage: ballium [-c FILE] COMMAND");
    expect("ballium 2>&1", 2, "usage: ballium [-c FILE] COMMAND");
    expect("ballium --versions 2>&1", 2, "ballium: option `--versions`: unknown");
    expect("ballium -c 2>&1", 2, "ballium: option `-c`: unknown, or its FILE is missing");
    expect("ballium siege 2>&1", 2, "ballium: no command `siege`: see `ballium --help`\n");
    expect("ballium -c /nonexistent config 2>&1", 1, "/nonexistent");
}

static void help(void **state)
{
    (void)state;
    expect("ballium help", 0, "`ballium help COMMAND` says more.");
    expect("ballium help migrate", 0, "usage: ballium migrate\n");
    expect("ballium plugin --help", 0, "ddl NAME");
    expect("ballium help siege 2>&1", 2, "no command `siege`");
    expect("ballium help a b 2>&1", 2, "usage: ballium help [COMMAND]\n");
    expect("ballium plugin 2>&1", 2, "usage: ballium plugin list");
    expect("ballium migrate now 2>&1", 2, "usage: ballium migrate\n");
    expect("ballium doctor now 2>&1", 2, "usage: ballium doctor [--files]\n");
}

static void settings(void **state)
{
    (void)state;
    expect("ballium config", 0, "plugin_dir = " TEST_PLUGINS "\n");
    expect("ballium config settings", 0, "| `plugin_dir` | `/usr/lib/ballium/plugins` |");
    expect("ballium config all 2>&1", 2, "usage: ballium config [settings]");
}

static void secrets_are_masked(void **state)
{
    (void)state;
    struct said said = command_run("BALLIUM_CONFIG=/dev/null BALLIUM_DATABASE='user=a password=Gruft7' ", "ballium config");
    assert_int_equal(said.code, 0);
    assert_non_null(strstr(said.text, "database = user=a password=***"));
    assert_null(strstr(said.text, "Gruft7"));
}

static void plugins(void **state)
{
    (void)state;
    expect("ballium plugin list", 0,
           "good             1.0.0    clause 8       2 resources  requires -  " TEST_PLUGINS "/good.so\n");
    expect("ballium plugin check", 0, "ok    " TEST_PLUGINS "/needs_good.so\n");
    expect("ballium plugin check " TEST_PLUGINS "/needs_good.so", 0, "ok    " TEST_PLUGINS "/good.so\n");
    expect("ballium plugin check " TEST_PLUGINS "/wrong_name.so 2>&1", 1, "wrong_name.so: the descriptor's name is `right_name`");
    expect("ballium plugin ddl needs_good", 0, "REFERENCES good.task (tenant_id, id);");
    expect("ballium plugin ddl " TEST_PLUGINS "/good.so", 0, "CREATE TABLE good.task (");
    expect("ballium plugin ddl nothing 2>&1", 1, TEST_PLUGINS "/nothing.so: No such file or directory\n");
}

static void a_full_disk_is_a_failure(void **state)
{
    (void)state;
    expect("ballium config 2>&1 >/dev/full", 1, "ballium: standard output: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),  cmocka_unit_test(help),
        cmocka_unit_test(settings), cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(plugins),  cmocka_unit_test(a_full_disk_is_a_failure),
    };
    return cmocka_run_group_tests_name("cli/main", tests, NULL, NULL);
}
