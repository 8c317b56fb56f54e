/* The CSV reader and writer: tables of input and what must come of it. */
#include "resource/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state)
{
    *state = arena_new(64u << 20);
    return *state == NULL;
}

static int drop_arena(void **state)
{
    arena_free(*state);
    return 0;
}

/* Rows as "a|b/c|d": easy to compare. An error ends the text with "!code@line:column". */
static char *rows_of(struct arena *arena, const char *text, size_t length)
{
    struct csv *csv = arena_alloc(arena, sizeof *csv);
    struct buf out = buf_new(arena, 64);
    csv_start(csv, arena, text, length);
    enum csv_result result;
    while ((result = csv_next(csv)) == CSV_ROW) {
        if (csv->rows > 1)
            buf_char(&out, '/');
        for (unsigned i = 0; i < csv->count; i++) {
            if (i > 0)
                buf_char(&out, '|');
            buf_add(&out, csv->cells[i].text, csv->cells[i].length);
        }
    }
    if (result == CSV_BAD)
        buf_format(&out, "!%s@%u:%u", csv->code, csv->bad_line, csv->bad_column);
    return out.data;
}

struct reading {
    const char *text, *rows;
};

static void reads_rows(void **state)
{
    static const struct reading table[] = {
        {"", ""},
        {"a,b\r\n1,2\r\n", "a|b/1|2"},
        {"a,b\n1,2", "a|b/1|2"},
        {"\xEF\xBB\xBF"
         "a,b\n1,2\n",
         "a|b/1|2"},
        {"a;b\n1,5;2\n", "a|b/1,5|2"},
        {"\"a;b;c\",d\n1,2\n", "a;b;c|d/1|2"},
        {"a,b\n\"x, \"\"y\"\"\n z\",\n", "a|b/x, \"y\"\n z|"},
        {"a,b\n,\n", "a|b/|"},
        {"a\n\n\r\n1\n\n", "a/1"},
        {"a,b\n\"\",x", "a|b/|x"},
        {"a\n\"\"\n", "a/"},
        {"h\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8F\xB0\n", "h/\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8F\xB0"},
        {"a,b\n1,2\nx\"y,3\n", "a|b/1|2!stray_quote@3:2"},
        {"a\n\"x\"y\n", "a!text_after_quote@2:4"},
        {"a,b\n1,\"x\ny\nz", "a|b!open_quote@2:3"},
        {"a\rb\n", "!stray_return@1:2"},
        {"a\n\xC3\xA9\xC3\n", "a!invalid_utf8@2:2"},
        {"a\n\"q\n\xFF\"\n", "a!invalid_utf8@3:1"},
        {"\xFF\xFE"
         "a",
         "!invalid_utf8@1:1"},
        {"a\n\xED\xA0\x80\n", "a!invalid_utf8@2:1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(rows_of(*state, table[i].text, strlen(table[i].text)), table[i].rows);
    assert_string_equal(rows_of(*state, "a\nx\0y\n", 6), "a!zero_byte@2:2");
}

static char *repeat(struct arena *arena, const char *text, size_t times, size_t *length)
{
    struct buf out = buf_new(arena, 64);
    for (size_t i = 0; i < times; i++)
        buf_text(&out, text);
    *length = out.length;
    return out.data;
}

static void bounds_hold(void **state)
{
    size_t length;
    struct csv *csv = arena_alloc(*state, sizeof *csv);

    char *text = repeat(*state, "x", CSV_FIELD_MAX, &length);
    csv_start(csv, *state, text, length);
    assert_int_equal(csv_next(csv), CSV_ROW);
    text = repeat(*state, "x", CSV_FIELD_MAX + 1, &length);
    csv_start(csv, *state, text, length);
    assert_int_equal(csv_next(csv), CSV_BAD);
    assert_string_equal(csv->code, "field_too_long");
    text[0] = '"';
    text = repeat(*state, "\"\"", CSV_FIELD_MAX, &length);
    text[0] = '"';
    csv_start(csv, *state, text, length);
    assert_int_equal(csv_next(csv), CSV_BAD);

    text = repeat(*state, ",", CSV_COLUMNS_MAX - 1, &length);
    csv_start(csv, *state, text, length);
    assert_int_equal(csv_next(csv), CSV_ROW);
    assert_int_equal(csv->count, CSV_COLUMNS_MAX);
    text = repeat(*state, ",", CSV_COLUMNS_MAX, &length);
    csv_start(csv, *state, text, length);
    assert_int_equal(csv_next(csv), CSV_BAD);
    assert_string_equal(csv->code, "too_many_columns");

    text = repeat(*state, "x\n", CSV_ROWS_MAX + 1, &length);
    csv_start(csv, *state, text, length);
    enum csv_result result;
    while ((result = csv_next(csv)) == CSV_ROW)
        ;
    assert_int_equal(result, CSV_END);
    text = repeat(*state, "x\n", CSV_ROWS_MAX + 2, &length);
    csv_start(csv, *state, text, length);
    while ((result = csv_next(csv)) == CSV_ROW)
        ;
    assert_int_equal(result, CSV_BAD);
    assert_string_equal(csv->code, "too_many_rows");
    assert_int_equal(csv->bad_line, CSV_ROWS_MAX + 2);
}

static void writes_cells(void **state)
{
    static const struct {
        const char *text, *guarded, *bare;
    } table[] = {
        {"", "", ""},
        {"plain", "plain", "plain"},
        {"a,b", "\"a,b\"", "\"a,b\""},
        {"a;b", "\"a;b\"", "\"a;b\""},
        {"say \"no\"", "\"say \"\"no\"\"\"", "\"say \"\"no\"\"\""},
        {"two\nlines", "\"two\nlines\"", "\"two\nlines\""},
        {"=1+1", "'=1+1", "=1+1"},
        {"+1", "'+1", "+1"},
        {"-5", "'-5", "-5"},
        {"@SUM(A1)", "'@SUM(A1)", "@SUM(A1)"},
        {"\t=1", "'\t=1", "\t=1"},
        {"\r=1", "\"'\r=1\"", "\"\r=1\""},
        {"'=1", "''=1", "'=1"},
        {"'tis", "'tis", "'tis"},
        {"''", "''", "''"},
        {"=a,b", "\"'=a,b\"", "\"=a,b\""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buf out = buf_new(*state, 16);
        csv_put(&out, table[i].text, strlen(table[i].text), true);
        assert_string_equal(out.data, table[i].guarded);
        buf_clear(&out);
        csv_put(&out, table[i].text, strlen(table[i].text), false);
        assert_string_equal(out.data, table[i].bare);
    }
}

/* Whatever a text is, what was written is read as the same text. */
static void texts_come_back(void **state)
{
    static const char *const texts[] = {"",    "=1",  "'=1",       "''=1", "'",    "''",   "'a", "-", "'-",
                                        "\t",  "\r",  "\r\n",      "\n",   "\"",   "\"\"", ",",  ";", "a\"b,c;d\r\ne",
                                        "' =", " = ", "\xC3\xA9=", "@'=",  "'\t'", "+\"+"};
    size_t count = sizeof texts / sizeof *texts;
    struct buf out = buf_new(*state, 256);
    for (size_t i = 0; i < count; i++) {
        csv_put(&out, texts[i], strlen(texts[i]), true);
        buf_text(&out, ",end\r\n");
    }
    struct csv *csv = arena_alloc(*state, sizeof *csv);
    csv_start(csv, *state, out.data, out.length);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(csv_next(csv), CSV_ROW);
        assert_int_equal(csv->count, 2);
        struct csv_cell cell = csv_plain(csv->cells[0]);
        assert_string_equal(arena_copy(*state, cell.text, cell.length), texts[i]);
    }
    assert_int_equal(csv_next(csv), CSV_END);
}

static void lists_come_back(void **state)
{
    static const char *const lists[][4] = {
        {NULL},
        {"a", NULL},
        {"a", "b", NULL},
        {"a;b", "c\\", NULL},
        {" a ", "b", NULL},
        {"a", "", "b", NULL},
        {"\\;", ";\\", NULL},
        {" ", "  ", NULL},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct buf out = buf_new(*state, 16);
        for (size_t k = 0; lists[i][k]; k++)
            csv_list_put(&out, lists[i][k], strlen(lists[i][k]), k == 0);
        struct csv_cell cell = {out.data, out.length}, element;
        for (size_t k = 0; lists[i][k]; k++) {
            assert_true(csv_list_next(*state, &cell, &element));
            assert_string_equal(arena_copy(*state, element.text, element.length), lists[i][k]);
        }
        assert_false(csv_list_next(*state, &cell, &element));
    }
    struct csv_cell typed = {"  one;two  ;three", 17}, element;
    const char *const wanted[] = {"one", "two", "three"};
    for (size_t k = 0; k < 3; k++) {
        assert_true(csv_list_next(*state, &typed, &element));
        assert_string_equal(arena_copy(*state, element.text, element.length), wanted[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_rows, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(bounds_hold, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(writes_cells, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(texts_come_back, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(lists_come_back, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
