/* The cache of prepared statements: found by text, bounded, the least recently used goes first. */
#include "db/statements.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct statements *cache;

static int setup(void **state)
{
    (void)state;
    cache = calloc(1, sizeof *cache);
    db_statements_init(cache);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    db_statements_clear(cache);
    free(cache);
    return 0;
}

static struct statement *find(const char *text)
{
    return db_statements_find(cache, text, strlen(text));
}

static struct statement *add(const char *text)
{
    return db_statements_add(cache, text, strlen(text));
}

static void numbered(int i, char out[32])
{
    snprintf(out, 32, "SELECT %d", i);
}

static void fill(void)
{
    char text[32];
    for (int i = 0; i < STATEMENTS_MAX; i++) {
        numbered(i, text);
        struct statement *s = add(text);
        assert_non_null(s);
        s->used = (uint64_t)i + 1;
    }
}

static void is_found_by_its_whole_text(void **state)
{
    (void)state;
    assert_null(find("SELECT 1"));
    char text[] = "SELECT 1";
    struct statement *s = add(text);
    text[7] = '2'; /* the cache has its own copy */
    assert_ptr_equal(find("SELECT 1"), s);
    assert_null(find("SELECT 2"));
    assert_null(find("SELECT 11"));
    assert_null(find("SELECT "));
}

static void same_hash_is_not_the_same_text(void **state)
{
    (void)state;
    struct statement *s = add("SELECT 1");
    s->text[7] = '9'; /* a text that only shares the hash */
    assert_null(find("SELECT 1"));
}

static void removal_leaves_the_others(void **state)
{
    (void)state;
    char text[32];
    fill(); /* 512 texts in 1024 buckets: many share one */
    for (int i = 0; i < STATEMENTS_MAX; i += 2) {
        numbered(i, text);
        db_statements_remove(cache, find(text));
    }
    for (int i = 0; i < STATEMENTS_MAX; i++) {
        numbered(i, text);
        if (i % 2)
            assert_string_equal(find(text)->text, text);
        else
            assert_null(find(text));
    }
    assert_int_equal(cache->count, STATEMENTS_MAX / 2);
}

static void full_takes_no_more_until_the_oldest_goes(void **state)
{
    (void)state;
    assert_null(db_statements_surplus(cache, UINT64_MAX));
    fill();
    assert_null(add("SELECT 'one more'"));
    assert_null(db_statements_surplus(cache, 1)); /* all were used by this flush or later */
    struct statement *oldest = db_statements_surplus(cache, 2);
    assert_string_equal(oldest->text, "SELECT 0");
    db_statements_remove(cache, oldest);
    assert_non_null(add("SELECT 'one more'"));
}

static void names_are_never_given_twice(void **state)
{
    (void)state;
    char names[3][24];
    strcpy(names[0], add("SELECT 1")->name);
    db_statements_remove(cache, find("SELECT 1"));
    strcpy(names[1], add("SELECT 1")->name);
    db_statements_clear(cache);
    assert_null(find("SELECT 1"));
    strcpy(names[2], add("SELECT 1")->name);
    assert_string_not_equal(names[0], names[1]);
    assert_string_not_equal(names[0], names[2]);
    assert_string_not_equal(names[1], names[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_found_by_its_whole_text, setup, teardown),
        cmocka_unit_test_setup_teardown(same_hash_is_not_the_same_text, setup, teardown),
        cmocka_unit_test_setup_teardown(removal_leaves_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(full_takes_no_more_until_the_oldest_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_never_given_twice, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
