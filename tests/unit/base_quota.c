/* Quotas: what a key may take, when it gets it back, and that processes and threads that take at once get no more together. */
#include "base/quota.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
enum { START = 1000 };
static struct quota_table *table;

static int set_up(void **state)
{
    (void)state;
    table = quota_map();
    return table == NULL;
}

static uint64_t key(const char *text)
{
    return quota_key(table, 't', text);
}

static void a_key_takes_its_quota_and_gets_it_back_evenly(void **state)
{
    (void)state;
    const struct quota q = {60, 60};
    int64_t now = START * SECOND;
    for (int i = 0; i < 60; i++) {
        struct quota_left left = quota_take(table, key("a"), q, now);
        assert_true(left.taken);
        assert_int_equal(left.remaining, 59 - i);
        assert_in_range(left.reset, i + 1, i + 2);
    }
    struct quota_left none = quota_take(table, key("a"), q, now);
    assert_false(none.taken);
    assert_in_range(none.wait, 1, 2);
    assert_in_range(none.reset, 60, 61);
    assert_true(quota_take(table, key("b"), q, now).taken); /* another key has its own */
    assert_false(quota_take(table, key("a"), q, now + SECOND / 2).taken);
    assert_true(quota_take(table, key("a"), q, now + SECOND + SECOND / 10).taken); /* one a second comes back */
    assert_false(quota_take(table, key("a"), q, now + SECOND + SECOND / 10).taken);
    for (int i = 0; i < 60; i++)
        assert_true(quota_take(table, key("a"), q, now + 200 * SECOND).taken);
    assert_false(quota_take(table, key("a"), q, now + 200 * SECOND).taken);
}

static void marks_last_as_long_as_they_were_asked_to(void **state)
{
    (void)state;
    int64_t now = START * SECOND;
    assert_false(quota_marked(table, key("s"), now));
    quota_mark(table, key("s"), 10, now);
    quota_mark(table, key("s"), 5, now); /* a shorter one takes nothing away */
    assert_true(quota_marked(table, key("s"), now));
    assert_true(quota_marked(table, key("s"), now + 9 * SECOND));
    assert_false(quota_marked(table, key("s"), now + 11 * SECOND));
    assert_int_not_equal(quota_key(table, 't', "s"), quota_key(table, 's', "s"));
}

static void a_full_table_forgets_what_is_oldest_and_never_fails(void **state)
{
    (void)state;
    char text[32];
    int64_t now = 2 * START * SECOND;
    int kept = 0;
    for (int i = 0; i < 400000; i++) { /* half as many again as there is room for */
        snprintf(text, sizeof text, "k%d", i);
        quota_mark(table, key(text), 60 + i / 10000, now);
    }
    for (int i = 390000; i < 400000; i++) {
        snprintf(text, sizeof text, "k%d", i);
        kept += quota_marked(table, key(text), now);
    }
    assert_in_range(kept, 9900, 10000);
}

static void *take_many(void *arg)
{
    long *taken = arg;
    for (int i = 0; i < 20000; i++)
        *taken += quota_take(table, key("shared"), (struct quota){50000, 60}, 3 * START * SECOND).taken;
    return NULL;
}

static void threads_and_processes_get_no_more_together(void **state)
{
    (void)state;
    long taken[2] = {0}, all = 0;
    pthread_t threads[2];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        long mine = 0;
        take_many(&mine);
        _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &taken[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(read(ends[0], &all, sizeof all), sizeof all);
    waitpid(child, NULL, 0);
    assert_int_equal(all + taken[0] + taken[1], 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_takes_its_quota_and_gets_it_back_evenly),
        cmocka_unit_test(marks_last_as_long_as_they_were_asked_to),
        cmocka_unit_test(a_full_table_forgets_what_is_oldest_and_never_fails),
        cmocka_unit_test(threads_and_processes_get_no_more_together),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
