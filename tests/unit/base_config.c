/* Configuration: order of sources, every refusal with its place, and no password in what is printed. */
#include "base/config.h"
#include "base/log.h"
#include "hark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[] = "/tmp/ballium-config-XXXXXX";
static char *said;
static size_t said_length;

static struct config *load(const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(said);
    FILE *errors = open_memstream(&said, &said_length);
    struct config *c = config_load(file, errors);
    fclose(errors);
    return c;
}

static void sources_in_order(void **state)
{
    (void)state;
    setenv("BALLIUM_THREADS", "3", 1);
    struct config *c = load("# comment\n\n threads = 2 \nprocesses=5\nsocket = /a b\n");
    unsetenv("BALLIUM_THREADS");
    assert_non_null(c);
    assert_int_equal(c->threads, 3);
    assert_int_equal(c->processes, 5);
    assert_string_equal(c->socket, "/a b");
    assert_string_equal(c->audience, "ballium");
    assert_true(c->prepared);
    config_free(c);
}

static void refusals_name_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"threads = many\n", ":1: threads takes a whole number (1 to 64)\n"},
        {"\nthreads = 65\n", ":2: threads is out of its range (1 to 64)\n"},
        {"threads\n", ":1: not a `name = value` line\n"},
        {"colour = red\n", ":1: no setting is called `colour`: `ballium config help` lists them\n"},
        {"prepared = yes\n", ":1: prepared takes on or off\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(load(cases[i].text));
        assert_non_null(strstr(said, cases[i].said));
    }
    free(said);
    FILE *errors = open_memstream(&said, &said_length);
    assert_null(config_load("/nonexistent/ballium.conf", errors));
    fclose(errors);
    assert_non_null(strstr(said, "cannot be read"));
}

static void passwords_are_masked(void **state)
{
    (void)state;
    static const char *const secrets[] = {"host=h password=Gruft7 user=u", "host=h password='Gruft 7 u\\'nd' user=u",
                                          "postgresql://u:Gruft7@h/db", "password=Gruft7"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "database = %s\ns3_secret = Gruft7\n", secrets[i]);
        struct config *c = load(text);
        assert_non_null(c);
        char *printed;
        size_t length;
        FILE *out = open_memstream(&printed, &length);
        config_print(c, out);
        fclose(out);
        assert_null(strstr(printed, "Gruft"));
        assert_non_null(strstr(printed, "***"));
        assert_non_null(strstr(printed, "s3_secret = ***\n"));
        free(printed);
        config_free(c);
    }
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    char secret[] = "/tmp/ballium-secret-XXXXXX";
    int fd = mkstemp(secret);
    assert_int_equal(write(fd, "host=h user=u\n", 14), 14);
    close(fd);
    setenv("BALLIUM_DATABASE_FILE", secret, 1);
    struct config *c = load("database = host=other\n");
    assert_non_null(c);
    assert_string_equal(c->database, "host=h user=u");
    config_free(c);
    unlink(secret);
    assert_null(load(""));
    assert_non_null(strstr(said, "BALLIUM_DATABASE_FILE: /tmp/ballium-secret-"));
    unsetenv("BALLIUM_DATABASE_FILE");
}

/* A line of the log is one line of JSON whatever is in it. */
static void log_lines_cannot_be_forged(void **state)
{
    (void)state;
    struct hark log = hark_begin();
    log_request("req\"1", NULL);
    log_write(LOG_INFO, "test", "%s", "a\n{\"event\":\"forged\"}\r\n");
    log_write(LOG_DEBUG, "test", "below the threshold");
    log_request(NULL, NULL);
    const char *text = hark_end(&log);
    assert_true(*text != '\0');
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_non_null(strstr(text, "\"request_id\":\"req\\\"1\""));
    assert_int_equal(log_level_of("warn"), LOG_WARN);
}

int main(void)
{
    close(mkstemp(file));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_in_order),           cmocka_unit_test(refusals_name_the_place),
        cmocka_unit_test(passwords_are_masked),       cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(log_lines_cannot_be_forged),
    };
    int failed = cmocka_run_group_tests_name("base/config", tests, NULL, NULL);
    unlink(file);
    free(said);
    return failed;
}
