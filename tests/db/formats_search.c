/* Search on a real database: words, beginnings of words, rank, and who finds what. */
#include "formats.h"

static int search_up(void **state)
{
    if (yard_up(state) != 0)
        return -1;
    struct yard_db *y = *state;
    yard_create(y, GATES,
                "{\"title\":\"Portcullis of iron\",\"note\":\"Falls in a moment\",\"tags\":[\"gatehouse\",\"e-mail\"]}");
    yard_create(y, GATES, "{\"title\":\"Drawbridge\",\"note\":\"The portcullis stands behind it, see ISO 27001:2022\"}");
    yard_create(y, GATES,
                "{\"title\":\"Stra\xC3\x9F"
                "entor \xC3\x84u\xC3\x9F"
                "eres\",\"note\":\"mailed to anna@example.org\"}");
    yard_create(y, TOWERS, "{\"name\":\"Portcullis tower\"}"); /* has no searched field: never found */
    return 0;
}

/* The titles that a list with ?q= gives, in the order of titles. */
static const char *listed(struct yard_db *y, const char *q)
{
    struct ask *a = formats_ask(y);
    ask_query(a, "q", q);
    ask_query(a, "sort", "title");
    yard_expect(a, ask(a, "GET", GATES, NULL), 200);
    struct buf out = buf_new(y->arena, 64);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(a->fake.answer, "items"), i, item)
        buf_format(&out, "%s%.4s", i ? " " : "", json_string_value(json_object_get(item, "title")));
    ask_free(a);
    return out.data;
}

static void lists_are_searched(void **state)
{
    static const char *const table[][2] = {
        {"portcullis", "Draw Port"},
        {"PORTCULLIS", "Draw Port"},
        {"port", "Draw Port"},
        {"ortcullis", ""},
        {"portcullis iron", "Port"},
        {"iron portcullis", "Port"},
        {"port iron", ""},
        {"iron port", "Port"},
        {"gatehouse", "Port"},
        {"e-mail", "Port"},
        {"e-ma", "Port"},
        {"mail", "Port Stra"},
        {"stra\xC3\x9F", "Stra"},
        {"\xC3\xA4u\xC3\x9F"
         "eres",
         "Stra"},
        {"27001", "Draw"},
        {"iso 2022", "Draw"},
        {"anna@example.org", "Stra"},

        {"portcullis portcullis", "Draw Port"},
        {"nowhere", ""},
    };
    struct yard_db *y = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *got = listed(y, table[i][0]);
        if (strcmp(got, table[i][1]) != 0)
            fail_msg("%s finds \"%s\", not \"%s\"", table[i][0], got, table[i][1]);
    }
}

static void references_are_words_too(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Found by number\"}");
    const char *ref = yard_value(y, "SELECT ref FROM yard.gate WHERE id = '%s'", id);
    assert_non_null(strstr(listed(y, ref), "Foun"));
    assert_null(strstr(listed(y, ref), "Draw"));
}

static void words_go_with_the_record(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Oubliette\",\"note\":\"deep\"}");
    assert_string_equal(listed(y, "oubliette"), "Oubl");
    assert_int_equal(yard_patch(y, GATE, id, "\"1\"", "{\"title\":\"Cellar door\"}", NULL), 200);
    assert_string_equal(listed(y, "oubliette"), "");
    assert_string_equal(listed(y, "cellar"), "Cell");
    assert_string_equal(listed(y, "deep"), "Cell");
}

static struct ask *search(struct yard_db *y, const char *q)
{
    struct ask *a = formats_ask(y);
    ask_query(a, "q", q);
    yard_expect(a, ask(a, "GET", "search", NULL), 200);
    return a;
}

static size_t found(struct ask *a)
{
    return json_array_size(json_object_get(a->fake.answer, "items"));
}

static void the_best_comes_first(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = search(y, "portcullis");
    assert_int_equal(found(a), 2);
    assert_string_equal(ask_text(a, "items/0/title"), "Portcullis of iron"); /* in the title: 4; in a long text: 1 */
    assert_string_equal(ask_text(a, "items/0/rank"), "4");
    assert_string_equal(ask_text(a, "items/1/rank"), "1");
    assert_string_equal(ask_text(a, "items/0/resource"), "yard.gates");
    assert_non_null(strstr(ask_text(a, "items/0/url"), "/api/v1/orgs/keep/yard/gates/"));
    assert_non_null(strstr(ask_text(a, "items/0/ref"), "GATE-"));
    ask_free(a);
    a = search(y, "iron portcul");
    assert_int_equal(found(a), 1);
    assert_string_equal(ask_text(a, "items/0/rank"), "8");
    ask_free(a);
    a = formats_ask(y);
    ask_query(a, "q", "portcullis");
    ask_query(a, "limit", "1");
    yard_expect(a, ask(a, "GET", "search", NULL), 200);
    assert_int_equal(found(a), 1);
    ask_free(a);
}

static void nobody_finds_what_is_not_theirs(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = formats_ask(y);
    a->refused = "yard.gate:read";
    ask_query(a, "q", "portcullis");
    yard_expect(a, ask(a, "GET", "search", NULL), 200);
    assert_int_equal(found(a), 0);
    ask_free(a);
    a = formats_ask(y);
    a->fake.request.tenant = y->moat;
    ask_query(a, "q", "portcullis");
    yard_expect(a, ask(a, "GET", "search", NULL), 200);
    assert_int_equal(found(a), 0);
    ask_free(a);
}

static void archived_records_are_not_found(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Sallyport\"}");
    struct ask *a = search(y, "sallyport");
    assert_int_equal(found(a), 1);
    ask_free(a);
    a = formats_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", GATE ":archive", id), 200);
    ask_free(a);
    a = search(y, "sallyport");
    assert_int_equal(found(a), 0);
    ask_free(a);
    assert_string_equal(listed(y, "sallyport"), "");
}

static void bad_questions_are_refused(void **state)
{
    static const char *const table[][3] = {
        {"q", "", "no_words"},
        {"q", " -- , ", "no_words"},
        {"q", "a b c d e f g h i", "too_many_words"},
        {"limit", "5", "no_words"},
        {"limit", "0", "bad_limit"},
        {"limit", "1x", "bad_limit"},
        {"page", "1", "unknown_parameter"},
    };
    struct yard_db *y = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ask *a = formats_ask(y);
        ask_query(a, table[i][0], table[i][1]);
        assert_int_equal(ask(a, "GET", "search", NULL), 400);
        assert_non_null(ask_problem(a, table[i][2]));
        ask_free(a);
    }
    struct ask *a = formats_ask(y);
    ask_query(a, "q", "--");
    assert_int_equal(ask(a, "GET", GATES, NULL), 400);
    ask_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_searched),
        cmocka_unit_test(references_are_words_too),
        cmocka_unit_test(words_go_with_the_record),
        cmocka_unit_test(the_best_comes_first),
        cmocka_unit_test(nobody_finds_what_is_not_theirs),
        cmocka_unit_test(archived_records_are_not_found),
        cmocka_unit_test(bad_questions_are_refused),
    };
    return cmocka_run_group_tests(tests, search_up, yard_down);
}
