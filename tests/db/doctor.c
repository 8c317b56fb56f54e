/* ballium doctor against a real database: all well, then one thing wrong at a time. */
#include "unit.h"

#include "command.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/ballium-doctor-XXXXXX";
static char environment[2048];

static void expect(const char *change, int code, const char *line)
{
    char all[4096];
    snprintf(all, sizeof all, "%s%s ", environment, change);
    struct said said = command_run(all, "ballium doctor 2>&1");
    if (!strstr(said.text, line))
        fail_msg("\"%s\" is not in: %s", line, said.text);
    assert_int_equal(said.code, code);
}

static void in_folder(char out[128], const char *name)
{
    snprintf(out, 128, "%s/%s", folder, name);
}

static int set_up(void **state)
{
    (void)state;
    const char *database = getenv("BALLIUM_TEST_DATABASE"), *migrator = getenv("BALLIUM_TEST_MIGRATOR"),
               *worker = getenv("BALLIUM_TEST_WORKER");
    char path[128];
    if (!database || !migrator || !worker || !mkdtemp(folder))
        return -1;
    const char *const names[] = {"run", "data", "keys", "plugins"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        in_folder(path, names[i]);
        if (mkdir(path, 0700) != 0)
            return -1;
    }
    snprintf(
        environment, sizeof environment,
        "BALLIUM_CONFIG=/dev/null BALLIUM_DATABASE='%s' BALLIUM_MIGRATOR='%s' BALLIUM_WORKER='%s' BALLIUM_SOCKET=%s/run/b.sock "
        "BALLIUM_DATA_DIR=%s/data BALLIUM_KEYS_DIR=%s/keys BALLIUM_PLUGIN_DIR=%s/plugins ",
        database, migrator, worker, folder, folder, folder, folder);
    return command_run(environment, "ballium key new es256 2>&1").code;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return command_run("", line).code;
}

static void all_is_well(void **state)
{
    (void)state;
    expect("", 0, "ok    database: PostgreSQL 15");
    expect("", 0, "ok    keys: ");
    expect("", 0, "ok    socket: ");
    expect("", 0, "ok    data: ");
    expect("", 0, "ok    clock: the same as the database's\n");
    expect("", 0, "ok    migrations: core\n");
    expect("", 0, "ok    migrator: connects\n");
    expect("", 0, "WARN  plugins: none in ");
    expect("", 0, "0 failures, 1 warnings\n");
}

static void roles_that_pass_the_wall(void **state)
{
    (void)state;
    char change[600];
    snprintf(change, sizeof change, "BALLIUM_DATABASE='%s'", getenv("BALLIUM_TEST_SUPERUSER"));
    expect(change, 1, "FAIL  database: postgres is a superuser, whom row-level security does not hold");
    snprintf(change, sizeof change, "BALLIUM_DATABASE='%s'", getenv("BALLIUM_TEST_MIGRATOR"));
    expect(change, 1, "FAIL  database: ballium_migrator may become ballium_owner");
}

static void databases_that_do_not_answer(void **state)
{
    (void)state;
    expect("BALLIUM_DATABASE=host=/nonexistent", 1, "is PostgreSQL running, and is `database` right?\n1 failures, 1 warnings\n");
    expect("BALLIUM_MIGRATOR=host=/nonexistent", 0, "only `ballium migrate` needs it");
    expect("BALLIUM_PROCESSES=64 BALLIUM_THREADS=64", 1,
           "and 64 processes of 64 threads and 6 spare ones take 4480: raise it, or lower `threads`\n");
}

static void areas_that_are_not_migrated(void **state)
{
    (void)state;
    static const char good[] = "BALLIUM_PLUGINS=good BALLIUM_PLUGIN_DIR=" TEST_PLUGINS;
    expect(good, 1, "FAIL  migrations: good/0001_good: not applied: run `ballium migrate`\n");
    expect(good, 1, "FAIL  tables: good.so: table good.task: is missing: run `ballium migrate`\n");
    expect("BALLIUM_PLUGINS=wrong_major BALLIUM_PLUGIN_DIR=" TEST_PLUGINS, 1, "FAIL  plugins: wrong_major.so: ABI major is 2");
}

static void folders(void **state)
{
    (void)state;
    char path[128];
    in_folder(path, "keys");
    chmod(path, 0755);
    expect("", 1, "/keys has mode 0755: others may change or read it: use a folder of its own, chmod 0750 ");
    chmod(path, 0700);
    in_folder(path, "run");
    chmod(path, 0777);
    expect("", 1, "/run has mode 0777: others may change or read it: use a folder of its own, chmod 0775 ");
    chmod(path, 0700);
    in_folder(path, "plugins");
    chmod(path, 0777);
    expect("", 1, "FAIL  plugins: anybody may put code into ");
    chmod(path, 0700);
    expect("BALLIUM_DATA_DIR=/nonexistent", 1, "FAIL  data: /nonexistent: No such file or directory: make it");
    expect("BALLIUM_DATA_DIR=/etc/passwd", 1, "FAIL  data: /etc/passwd is not a folder");
    expect("BALLIUM_KEYS_DIR=/tmp", 1, "FAIL  keys: /tmp has mode 1777: ");
    expect("BALLIUM_SOCKET=ballium.sock", 1, "FAIL  socket: ballium.sock: must be an absolute path");
    expect("BALLIUM_SOCKET_GROUP=nobody-of-that-name", 1, "FAIL  socket: there is no group `nobody-of-that-name`");
}

static void configuration(void **state)
{
    (void)state;
    char path[128], change[256];
    in_folder(path, "b.conf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("worker = user=w password=secret\nbase_url = http://isms.example\n", file);
    fclose(file);
    snprintf(change, sizeof change, "BALLIUM_CONFIG=%s BALLIUM_WORKER='user=w password=x'", path);
    chmod(path, 0604);
    expect(change, 1, "FAIL  configuration: anybody may read the passwords in ");
    chmod(path, 0602);
    expect(change, 1, "FAIL  configuration: anybody may write ");
    chmod(path, 0600);
    expect(change, 0, "WARN  configuration: base_url is http://isms.example: tokens and passwords should travel by https\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(roles_that_pass_the_wall),
        cmocka_unit_test(databases_that_do_not_answer),
        cmocka_unit_test(areas_that_are_not_migrated),
        cmocka_unit_test(folders),
        cmocka_unit_test(configuration),
    };
    return cmocka_run_group_tests_name("doctor", tests, set_up, tear_down);
}
