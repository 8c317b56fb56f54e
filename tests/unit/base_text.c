/* Arena, buffers, UTF-8 and the JSON writer. */
#include "base/json.h"
#include "base/utf8.h"
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void arena_zeroes_and_aligns(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    for (size_t n = 0; n < 5000; n += 37) {
        unsigned char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
    arena_reset(a);
    assert_int_equal(arena_used(a), 0);
    assert_int_equal(((unsigned char *)arena_alloc(a, 100))[50], 0);
    arena_free(a);
}

static char order[8];
static void note(void *letter)
{
    strncat(order, letter, 1);
}

static void cleanups_run_last_first_once(void **state)
{
    (void)state;
    order[0] = '\0';
    struct arena *a = arena_new(1 << 20);
    arena_defer(a, note, "a");
    arena_defer(a, note, "b");
    arena_reset(a);
    assert_string_equal(order, "ba");
    arena_defer(a, note, "c");
    arena_free(a);
    assert_string_equal(order, "bac");
}

static jmp_buf out;
static void jump(void *arg)
{
    (void)arg;
    longjmp(out, 1);
}

static void arena_goes_back_to_a_mark(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char *kept = arena_string(a, "kept");
    arena_defer(a, note, "a");
    order[0] = '\0';
    for (int i = 0; i < 100; i++) { /* far more than the limit, were it not given back */
        struct arena_mark outer = arena_mark(a);
        arena_alloc(a, 100000);
        struct arena_mark inner = arena_mark(a);
        arena_alloc(a, 200000);
        arena_release(a, inner);
        arena_release(a, outer);
    }
    assert_string_equal(order, "");
    struct arena_mark mark = arena_mark(a);
    size_t used = arena_used(a);
    arena_defer(a, note, "b");
    arena_defer(a, note, "c");
    arena_release(a, mark);
    assert_string_equal(order, "cb"); /* those behind the mark, last first */
    assert_int_equal(arena_used(a), used);
    assert_int_equal(((char *)arena_alloc(a, 64))[10], 0);
    assert_string_equal(kept, "kept");
    arena_free(a);
    assert_string_equal(order, "cba");
}

static void what_was_allocated_last_grows_where_it_is(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char *p = arena_copy(a, "kept", 4);
    assert_ptr_equal(arena_grow(a, p, 5, 1000), p);
    memset(p + 4, 'x', 996);
    char *other = arena_copy(a, "other", 5);
    char *moved = arena_grow(a, p, 1000, 2000);
    assert_ptr_not_equal(moved, p);
    memset(moved + 1000, 'y', 1000);
    assert_string_equal(other, "other");
    assert_memory_equal(moved, "keptxxx", 7);
    char *far = arena_grow(a, moved, 2000, 100000); /* more than its block has */
    assert_ptr_not_equal(far, moved);
    assert_memory_equal(far + 996, "xxxxyyyy", 8);
    size_t used = arena_used(a);
    assert_true(used >= 100000);
    assert_int_equal(((char *)arena_alloc(a, 64))[10], 0);
    arena_free(a);
}

static void arena_is_bounded(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    arena_on_full(a, jump, NULL);
    volatile int taken = 0;
    if (setjmp(out) == 0)
        for (;; taken++)
            arena_alloc(a, 10000);
    assert_in_range(taken, 50, 105);
    if (setjmp(out) == 0) {
        arena_alloc(a, SIZE_MAX);
        fail();
    }
    arena_free(a);
}

static void buffers_grow(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 24);
    struct buf b = buf_new(a, 0);
    for (int i = 0; i < 10000; i++)
        buf_format(&b, "%d,", i % 10);
    assert_int_equal(b.length, 20000);
    assert_memory_equal(b.data + 19990, "5,6,7,8,9,", 11);
    buf_clear(&b);
    buf_integer(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_integer(&b, 0);
    assert_string_equal(b.data, "-9223372036854775808 0");
    arena_free(a);
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain and rather long ASCII text", true},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xC0\xAF", false},         /* overlong */
        {"\xE0\x80\xAF", false},     /* overlong */
        {"\xF0\x80\x80\x80", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xF4\x90\x80\x80", false}, /* past U+10FFFF */
        {"\xFF", false},
        {"\x80", false},
        {"abcdefgh\xE2\x82", false}, /* cut off */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
    assert_int_equal(utf8_length("a\xC3\xA9\xF0\x9F\x98\x80"), 3);
}

static void json_is_written(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct buf b = buf_new(a, 16);
    struct json j;
    json_start(&j, &b);
    json_open(&j, NULL, '{');
    json_put_text(&j, "a\"b", "x\\y\n\x01\x7f\xC3\xA9");
    json_put_text(&j, "none", NULL);
    json_open(&j, "list", '[');
    json_put_integer(&j, NULL, -5);
    json_put_bool(&j, NULL, true);
    json_open(&j, NULL, '{');
    json_end(&j);
    json_end(&j);
    json_put_raw(&j, "raw", "[1,2]");
    json_end(&j);
    assert_string_equal(b.data,
                        "{\"a\\\"b\":\"x\\\\y\\n\\u0001\\u007f\xC3\xA9\",\"none\":null,\"list\":[-5,true,{}],\"raw\":[1,2]}");
    arena_free(a);
}

/* Whatever bytes come in, jansson reads what goes out. */
static void any_bytes_stay_valid_json(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 24);
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        char bytes[40];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (char)(seed >> 16);
        }
        struct buf b = buf_new(a, 64);
        json_quote(&b, bytes, sizeof bytes);
        json_t *value = json_loadb(b.data, b.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        json_decref(value);
        arena_reset(a);
    }
    arena_free(a);
}

/* Plain text is passed eight bytes at a time: no place hides a byte that needs an escape, and none becomes another. */
static void each_byte_is_seen_at_each_place(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    for (int c = 1; c < 0x100; c++)
        for (size_t at = 0; at < 19; at++) {
            char text[20] = "the quick brown fox";
            text[at] = (char)c;
            struct buf b = buf_new(a, 64);
            json_quote(&b, text, strlen(text));
            json_t *value = json_loadb(b.data, b.length, JSON_DECODE_ANY, NULL);
            assert_non_null(value);
            if (c < 0x80)
                assert_string_equal(json_string_value(value), text);
            else
                assert_non_null(strstr(b.data, "\xEF\xBF\xBD"));
            assert_null(strchr(b.data, 0x7f));
            json_decref(value);
            arena_reset(a);
        }
    arena_free(a);
}

/* Short ones are quoted in one pass, up to forty characters; in a buffer that is nearly full, too. */
static void names_of_any_length(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    for (size_t length = 0; length < 100; length++) {
        char name[100], whole[120];
        memset(name, 'n', length);
        name[length] = '\0';
        struct buf b = buf_new(a, 64);
        struct json j;
        json_start(&j, &b);
        json_open(&j, NULL, '{');
        json_put_integer(&j, name, 1);
        json_put_integer(&j, name, 2);
        json_end(&j);
        snprintf(whole, sizeof whole, "{\"%s\":1,", name);
        assert_memory_equal(b.data, whole, length + 6);
        snprintf(whole, sizeof whole, "\"%s\":2}", name);
        assert_string_equal(b.data + length + 6, whole);
        assert_int_equal(b.length, strlen(b.data));
        arena_reset(a);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_zeroes_and_aligns),
        cmocka_unit_test(cleanups_run_last_first_once),
        cmocka_unit_test(arena_goes_back_to_a_mark),
        cmocka_unit_test(what_was_allocated_last_grows_where_it_is),
        cmocka_unit_test(arena_is_bounded),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(utf8),
        cmocka_unit_test(json_is_written),
        cmocka_unit_test(names_of_any_length),
        cmocka_unit_test(any_bytes_stay_valid_json),
        cmocka_unit_test(each_byte_is_seen_at_each_place),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
