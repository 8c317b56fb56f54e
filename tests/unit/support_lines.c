/* The difference of two texts against what it must be: applied to the first it gives the second, with no more edits than the
 * longest common subsequence leaves. */
#include "fake_core.h"

static bl_handler handler;

static int load(void **state)
{
    (void)state;
    handler = fake_handler(fake_plugin("support"), "GET", "document-versions/{id}/difference");
    return 0;
}

enum { LINES = 24, TEXT = 2 * LINES + 1 };
static const char some_id[] = "01900000-0000-7000-8000-000000000000";

/* Texts of one letter a line: many lines are alike, so that there are many ways. */
static size_t random_text(char out[TEXT], unsigned *seed)
{
    size_t lines = (size_t)rand_r(seed) % LINES;
    for (size_t i = 0; i < lines; i++) {
        out[2 * i] = (char)('a' + rand_r(seed) % 3);
        out[2 * i + 1] = '\n';
    }
    out[2 * lines] = '\0';
    return lines;
}

static size_t common(const char *a, size_t a_lines, const char *b, size_t b_lines)
{
    size_t length[LINES + 1][LINES + 1] = {{0}};
    for (size_t i = 1; i <= a_lines; i++)
        for (size_t j = 1; j <= b_lines; j++) {
            size_t left = length[i - 1][j], up = length[i][j - 1];
            length[i][j] = a[2 * i - 2] == b[2 * j - 2] ? length[i - 1][j - 1] + 1 : left > up ? left : up;
        }
    return length[a_lines][b_lines];
}

static const char *no_query(struct bl_request *r, const char *name)
{
    (void)r;
    (void)name;
    return NULL;
}

static json_t *difference(struct fake *f, const char *old_text, const char *new_text)
{
    const char *cells[] = {new_text, "2", some_id, old_text, "1", some_id, "0"};
    f->id = some_id;
    f->core.query = no_query;
    f->rows[0] = (struct bl_rows){.count = 1, .columns = 7, .cells = cells};
    assert_int_equal(handler(&f->request), BL_OK);
    return f->answer;
}

/* The first text with the hunks put in. */
static void apply(const json_t *answer, const char *old_text, char out[2 * TEXT])
{
    size_t i, k, at = 0, length = 0, lines = strlen(old_text) / 2;
    json_t *hunk, *line;
    json_array_foreach(json_object_get(answer, "hunks"), i, hunk)
    {
        size_t from = (size_t)json_integer_value(json_object_get(hunk, "from_line")) - 1;
        assert_true(from >= at && from <= lines);
        for (; at < from; at++, length += 2)
            memcpy(out + length, old_text + 2 * at, 2);
        assert_int_equal(json_integer_value(json_object_get(hunk, "to_line")) - 1, length / 2);
        json_array_foreach(json_object_get(hunk, "lines"), k, line)
        {
            const char *change = json_string_value(json_object_get(line, "change"));
            const char *text = json_string_value(json_object_get(line, "text"));
            if (strcmp(change, "added") != 0)
                assert_int_equal(old_text[2 * at++], text[0]);
            if (strcmp(change, "removed") != 0)
                length += (size_t)snprintf(out + length, 3, "%s\n", text);
        }
    }
    strcpy(out + length, old_text + 2 * at);
}

static void the_fewest_edits_that_do_it(void **state)
{
    (void)state;
    unsigned seed = 27001;
    for (int i = 0; i < 2000; i++) {
        char a[TEXT], b[TEXT], made[2 * TEXT];
        size_t a_lines = random_text(a, &seed), b_lines = random_text(b, &seed), same = common(a, a_lines, b, b_lines);
        struct fake *f = fake_new();
        json_t *answer = difference(f, a, b);
        apply(answer, a, made);
        assert_string_equal(made, b);
        assert_int_equal(json_integer_value(json_object_get(answer, "removed")), a_lines - same);
        assert_int_equal(json_integer_value(json_object_get(answer, "added")), b_lines - same);
        assert_true(json_is_true(json_object_get(answer, "minimal")));
        fake_free(f);
    }
}

static void lines_end_with_either_ending(void **state)
{
    (void)state;
    struct fake *f = fake_new();
    json_t *answer = difference(f, "a\r\nb", "a\nb\n");
    assert_int_equal(json_array_size(json_object_get(answer, "hunks")), 0);
    fake_free(f);
}

/* 600 lines that are all different, between two that are equal. */
static void what_differs_too_much_stands_as_replaced(void **state)
{
    (void)state;
    char *a = calloc(1, 10000), *b = calloc(1, 10000);
    size_t a_length = (size_t)sprintf(a, "first\n"), b_length = (size_t)sprintf(b, "first\n");
    for (int i = 0; i < 600; i++) {
        a_length += (size_t)sprintf(a + a_length, "old %d\n", i);
        b_length += (size_t)sprintf(b + b_length, "new %d\n", i);
    }
    strcpy(a + a_length, "last\n");
    strcpy(b + b_length, "last\n");
    struct fake *f = fake_new();
    json_t *answer = difference(f, a, b);
    assert_false(json_is_true(json_object_get(answer, "minimal")));
    assert_int_equal(json_integer_value(json_object_get(answer, "removed")), 600);
    assert_int_equal(json_integer_value(json_object_get(answer, "added")), 600);
    assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(answer, "hunks"), 0), "lines")), 1202);
    fake_free(f);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fewest_edits_that_do_it),
        cmocka_unit_test(lines_end_with_either_ending),
        cmocka_unit_test(what_differs_too_much_stands_as_replaced),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
