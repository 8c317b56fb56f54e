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
    const char *const *values = db_pending_values(&p, 1);
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
        assert_string_equal(db_pending_values(&p, (size_t)i)[0], text + 10);
        assert_string_equal(db_pending_values(&p, (size_t)i)[1], text);
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
    assert_string_equal(db_pending_values(&p, 0)[0], large);
    db_pending_clear(&p);
    assert_null(p.bytes);
    db_pending_add(&p, "SELECT 2", NULL, 0);
    assert_string_equal(db_pending_text(&p, 0), "SELECT 2");
    db_pending_free(&p);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_text_and_arguments),
        cmocka_unit_test(survives_growth),
        cmocka_unit_test(clear_keeps_small_memory_and_gives_back_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
