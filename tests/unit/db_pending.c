/* What waits for the flush is a copy: texts, arguments, nulls. */
#include "db/pending.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copies_text_and_arguments(void **state)
{
    (void)state;
    struct pending p = {.count = 0};
    char sql[] = "SELECT $1, $2, $3", value[] = "first";
    db_pending_add(&p, "BEGIN", NULL, 0);
    db_pending_add(&p, sql, (const char *[]){value, NULL, ""}, 3);
    sql[0] = value[0] = '?';

    assert_int_equal(p.count, 2);
    assert_string_equal(db_pending_text(&p, 0), "BEGIN");
    assert_string_equal(db_pending_text(&p, 1), "SELECT $1, $2, $3");
    assert_int_equal(p.statements[1].length, strlen("SELECT $1, $2, $3"));
    assert_int_equal(p.statements[1].nargs, 3);
    const char **values = db_pending_arguments(&p, 1, 0)->values;
    assert_string_equal(values[0], "first");
    assert_null(values[1]);
    assert_string_equal(values[2], "");
    db_pending_free(&p);
}

/* Offsets, not pointers: growing moves the bytes. */
static void survives_growth(void **state)
{
    (void)state;
    struct pending p = {.count = 0};
    char text[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "statement %d", i);
        db_pending_add(&p, text, (const char *[]){text + 10, text}, 2);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "statement %d", i);
        assert_string_equal(db_pending_text(&p, (size_t)i), text);
        assert_string_equal(db_pending_arguments(&p, (size_t)i, 0)->values[0], text + 10);
        assert_string_equal(db_pending_arguments(&p, (size_t)i, 0)->values[1], text);
    }
    db_pending_free(&p);
}

static void clear_keeps_small_memory_and_gives_back_large(void **state)
{
    (void)state;
    struct pending p = {.count = 0};
    db_pending_add(&p, "SELECT 1", NULL, 0);
    db_pending_clear(&p);
    assert_int_equal(p.count, 0);
    assert_non_null(p.bytes);

    char *large = calloc(1, (1u << 20) + 1);
    memset(large, 'x', 1u << 20);
    db_pending_add(&p, "SELECT $1", (const char *[]){large}, 1);
    assert_string_equal(db_pending_arguments(&p, 0, 0)->values[0], large);
    db_pending_clear(&p);
    assert_null(p.bytes);
    db_pending_add(&p, "SELECT 2", NULL, 0);
    assert_string_equal(db_pending_text(&p, 0), "SELECT 2");
    db_pending_free(&p);
    free(large);
}

static void a_uuid_goes_as_its_bytes(void **state)
{
    (void)state;
    struct pending p = {.count = 0};
    const char *id = "01a20b2e-3a32-7abc-8def-0123456789AB", *const args[] = {id, id, NULL, "01a20b2e"};
    db_pending_add(&p, "SELECT $1, $2, $3, $4", args, 4);
    for (int again = 0; again < 2; again++) {
        const struct arguments *a = db_pending_arguments(&p, 0, 0xd); /* all but the second */
        assert_memory_equal(a->values[0], "\x01\xa2\x0b\x2e\x3a\x32\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab", 16);
        assert_int_equal(a->lengths[0], 16);
        assert_int_equal(a->formats[0], 1);
        assert_string_equal(a->values[1], id);
        assert_int_equal(a->formats[1], 0);
        assert_null(a->values[2]);
        assert_string_equal(a->values[3], "01a20b2e"); /* no uuid: the server says so */
        assert_int_equal(a->formats[3], 0);
    }
    db_pending_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_text_and_arguments),
        cmocka_unit_test(survives_growth),
        cmocka_unit_test(a_uuid_goes_as_its_bytes),
        cmocka_unit_test(clear_keeps_small_memory_and_gives_back_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
