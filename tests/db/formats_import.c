/* CSV files on a real database: what comes of them, what is wrong with them and where, and that an export taken back changes
 * nothing. */
#include "formats.h"

static struct ask *import(struct yard_db *y, const char *path, const char *text, const char *dry, int wanted)
{
    struct ask *a = formats_ask(y);
    formats_file = text;
    ask_header(a, "Content-Type", "text/csv; charset=utf-8");
    if (dry != NULL)
        ask_query(a, "dry_run", dry);
    yard_expect(a, ask(a, "POST", path, NULL), wanted);
    return a;
}

static void expect_counts(struct ask *a, const char *rows, const char *created, const char *updated, const char *unchanged)
{
    assert_string_equal(ask_text(a, "rows"), rows);
    assert_string_equal(ask_text(a, "created"), created);
    assert_string_equal(ask_text(a, "updated"), updated);
    assert_string_equal(ask_text(a, "unchanged"), unchanged);
    ask_free(a);
}

static const char *export(struct yard_db *y, const char *path, const char *name, const char *value)
{
    struct ask *a = formats_ask(y);
    a->fake.accepts = "text/csv";
    if (name != NULL)
        ask_query(a, name, value);
    yard_expect(a, ask(a, "GET", path, NULL), 200);
    const char *text = arena_string(y->arena, a->fake.written);
    ask_free(a);
    return text;
}

static void rows_become_records(void **state)
{
    struct yard_db *y = *state;
    const char *tower = yard_create(y, TOWERS, "{\"name\":\"Corner\"}");
    const char *file =
        arena_format(y->arena,
                     "\xEF\xBB\xBFTitle;note;kind;height;cost;locked;due_on;owner_id;tower_id;tags;parts;serial\r\n"
                     "'=North gate;\"two\r\nlines\";wood;4;12.50;TRUE;2026-05-01;%s@EXAMPLE.org;%s;a\\;b; c;"
                     "\"[{\"\"name\"\":\"\"hinge\"\"}]\";S-1\r\n"
                     ";;;;;;;;;;;\r\n"
                     "South gate;;;;;;;;;;;S-2\r\n",
                     y->anna, tower);
    file = arena_string(y->arena, file);
    /* the first column of tags holds the separator, hence quotes */
    char *tags = strstr((char *)file, "a\\;b; c");
    const char *quoted = arena_format(y->arena, "%.*s\"a\\;b; c\"%s", (int)(tags - file), file, tags + strlen("a\\;b; c"));
    expect_counts(import(y, GATES ":import", quoted, NULL, 200), "2", "2", "0", "0");
    static const char row[] =
        "SELECT concat_ws('|', note, kind, height, cost, locked, due_on, owner_id, tower_id, tags, "
        "parts->0->>'name', parts->0->>'amount', weight, status, version) FROM yard.gate WHERE serial = '%s'";
    assert_string_equal(
        yard_value(y, row, "S-1"),
        arena_format(y->arena, "two\nlines|wood|4|12.50|t|2026-05-01|%s|%s|{a;b,c}|hinge|1|8|draft|1", y->anna, tower));
    assert_string_equal(yard_value(y, row, "S-2"), "iron|f|{}|draft|1");
    assert_string_equal(yard_value(y, "SELECT title FROM yard.gate WHERE serial = 'S-1'"), "=North gate");
}

/* A record of a file leaves the same traces as one of a body: number, event, search terms. */
static void traces_are_those_of_a_create(void **state)
{
    struct yard_db *y = *state;
    const char *one = yard_create(y, GATES, "{\"title\":\"Postern of salt\",\"note\":\"narrow and damp\",\"tags\":[\"salt\"]}");
    ask_free(import(y, GATES ":import", "title,note,tags,serial\nPostern of salt,narrow and damp,salt,T-1\n", NULL, 200));
    const char *other = yard_value(y, "SELECT id::text FROM yard.gate WHERE serial = 'T-1'");
    static const char terms[] =
        "SELECT string_agg(lexeme || weight, ' ' ORDER BY lexeme) FROM core.search_term WHERE record_id = '%s'"
        " AND lexeme !~ '^-?[0-9]+$'";
    assert_string_equal(yard_value(y, terms, one), yard_value(y, terms, other));
    static const char event[] = "SELECT concat_ws(' ', verb, version, actor, request_id, (change - 'serial')::text)"
                                " FROM core.event WHERE record_id = '%s'";
    assert_string_equal(yard_value(y, event, one), yard_value(y, event, other));
    static const char number[] = "SELECT substr(ref, 6) FROM yard.gate WHERE id = '%s'";
    assert_int_equal(atol(yard_value(y, number, other)), atol(yard_value(y, number, one)) + 1);
    assert_string_equal(yard_value(y, "SELECT ref FROM core.event WHERE record_id = '%s'", other),
                        yard_value(y, "SELECT ref FROM yard.gate WHERE id = '%s'", other));
}

static void many_rows_are_numbered_in_their_order(void **state)
{
    struct yard_db *y = *state;
    enum { ROWS = 5000 };
    struct buf file = buf_new(y->arena, 1 << 20);
    buf_text(&file, "title,height,note\n");
    for (int i = 1; i <= ROWS; i++)
        buf_format(&file, "Gate number %d,%d,It is the one of that number\n", i, i % 6 + 1);
    int64_t start = clock_monotonic();
    char rows[16];
    snprintf(rows, sizeof rows, "%d", ROWS);
    expect_counts(import(y, GATES ":import", file.data, NULL, 200), rows, rows, "0", "0");
    assert_true(clock_monotonic() - start < 60 * 1000000);
    print_message("%d rows in %ld ms\n", ROWS, (long)((clock_monotonic() - start) / 1000));
    assert_int_equal(
        formats_count(y,
                      "SELECT count(*) FROM (SELECT substr(title, 13)::int - substr(ref, 6)::int AS d FROM yard.gate WHERE "
                      "title LIKE 'Gate number %%') x WHERE d <> (SELECT min(substr(title, 13)::int - substr(ref, 6)::int) FROM "
                      "yard.gate WHERE title LIKE 'Gate number %%')"),
        0);
    assert_int_equal(formats_count(y,
                                   "SELECT count(*) FROM core.event e JOIN yard.gate g ON g.id = e.record_id WHERE g.title LIKE "
                                   "'Gate number %%'"),
                     ROWS);
    const char *next = yard_create(y, GATES, "{\"title\":\"after them\"}"); /* the counter went on */
    assert_int_equal(
        formats_count(y, "SELECT count(*) FROM yard.gate WHERE ref = (SELECT ref FROM yard.gate WHERE id = '%s')", next), 1);
}

static void a_trial_is_true_or_false(void **state)
{
    struct ask *a = import(*state, GATES ":import", "title\nTried\n", "maybe", 400);
    assert_non_null(ask_problem(a, "bad_parameter"));
    ask_free(a);
}

static void every_bad_line_is_named(void **state)
{
    struct yard_db *y = *state;
    yard_create(y, GATES, "{\"title\":\"has a serial\",\"serial\":\"TAKEN\"}");
    long before = formats_count(y, "SELECT count(*) FROM yard.gate");
    struct ask *a = import(y, GATES ":import",
                           "title,kind,height,due_on,owner_id,tower_id,parts,serial,cost\n"
                           "good one,iron,3,2026-01-01,,,,N-1,\n"
                           "x,paper,99,31.01.2026,nobody@example.org,,,N-2,1e3\n"
                           "no tower,,,,," NOBODY ",,N-3,\n"
                           "too steep,,7,,,,,N-4,\n"
                           "same serial,,,,,,,N-1,\n"
                           "old serial,,,,,,,TAKEN,\n"
                           "bad parts,,,,,,{},N-5,\n"
                           "bad part,,,,,,[{}],N-6,\n"
                           ",,,,,,,N-7,\n"
                           "short line,iron\n"
                           "steep without tower,,7,,," NOBODY ",,N-8,\n",
                           NULL, 422);
    static const char *const told[][2] = {
        {"too_short", "/lines/3/title"},
        {"not_allowed", "/lines/3/kind"},
        {"out_of_range", "/lines/3/height"},
        {"bad_date", "/lines/3/due_on"},
        {"unknown_address", "/lines/3/owner_id"},
        {"bad_decimal", "/lines/3/cost"},
        {"unknown_reference", "/lines/4/tower_id"},
        {"steep", "/lines/5/height"},
        {"duplicate", "/lines/6/serial"},
        {"duplicate", "/lines/7/serial"},
        {"type", "/lines/8/parts"},
        {"required", "/lines/9/parts/0/name"},
        {"required", "/lines/10/title"},
        {"wrong_width", "/lines/11"},
        {"unknown_reference", "/lines/12/tower_id"},
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (!ask_told(a, told[i][0], told[i][1])) {
            print_message("not told: %s at %s\n", told[i][0], told[i][1]);
            yard_expect(a, 0, 1);
        }
    }
    size_t i;
    json_t *problem;
    json_array_foreach(a->fake.problems, i, problem)
        assert_int_equal(json_integer_value(json_object_get(problem, "status")), 422); /* one status, or some would be left out */
    assert_int_equal(json_array_size(a->fake.problems), sizeof told / sizeof *told);
    ask_free(a);
    assert_int_equal(formats_count(y, "SELECT count(*) FROM yard.gate"), before);
}

static void headers_and_syntax_are_checked(void **state)
{
    static const struct {
        const char *text, *code, *pointer;
    } table[] = {
        {"", "empty_file", NULL},
        {"title,colour\nx,y\n", "unknown_column", "/lines/1"},
        {"title,kind,Title\nx,y,z\n", "repeated_column", "/lines/1/title"},
        {"title\n\"open\n", "open_quote", "/lines/2"},
        {"title\nab\"c\n", "stray_quote", "/lines/2"},
    };
    struct yard_db *y = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ask *a = import(y, GATES ":import", table[i].text, NULL, 422);
        if (!ask_told(a, table[i].code, table[i].pointer))
            yard_expect(a, 0, 1);
        ask_free(a);
    }
    ask_free(import(y, GATES ":import", "title\nwell\n", "perhaps", 400));
    struct ask *a = formats_ask(y);
    formats_file = "title\nwell\n";
    ask_header(a, "Content-Type", "application/json");
    assert_int_equal(formats_done(a, ask(a, "POST", GATES ":import", NULL)), 415);
}

static void an_export_comes_back_unchanged(void **state)
{
    struct yard_db *y = *state;
    const char *owner = y->bert;
    const char *one = yard_create(
        y, GATES,
        arena_format(
            y->arena,
            "{\"title\":\"=HYPERLINK(1)\",\"note\":\"@a\\n\\\"b\\\",;c\",\"kind\":\"wood\",\"height\":2,\"cost\":\"0.10\","
            "\"locked\":true,\"due_on\":\"2026-02-03\",\"seen_at\":\"2026-02-03T04:05:06.5Z\",\"owner_id\":\"%s\","
            "\"tags\":[\"round;trip\",\"b\\\\c\"],\"colours\":[\"red\",\"green\"],"
            "\"parts\":[{\"name\":\"=x\",\"amount\":2}],\"serial\":\"RT-1\"}",
            owner));
    const char *two = yard_create(y, GATES, "{\"title\":\"'=quoted\",\"serial\":\"RT-2\",\"note\":\"-1\"}");
    const char *three = yard_create(y, GATES, "{\"title\":\"''+\",\"serial\":\"RT-3\"}");
    const char *file = export(y, GATES, "id", arena_format(y->arena, "in.(%s,%s,%s)", one, two, three));
    assert_non_null(strstr(file, ",'=HYPERLINK(1),"));
    assert_non_null(strstr(file, ",''=quoted,"));
    assert_non_null(strstr(file, ",'''+,"));
    assert_non_null(strstr(file, "\"round\\;trip; b\\\\c\""));
    const char *before = yard_value(y, "SELECT string_agg(g::text, ' ' ORDER BY id) FROM yard.gate g");
    expect_counts(import(y, GATES ":import", file, "true", 200), "3", "0", "0", "3");
    expect_counts(import(y, GATES ":import", file, NULL, 200), "3", "0", "0", "3");
    assert_string_equal(yard_value(y, "SELECT string_agg(g::text, ' ' ORDER BY id) FROM yard.gate g"), before);
}

static void known_records_are_changed(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"before\",\"height\":2,\"tags\":[\"t\"],\"serial\":\"K-1\"}");
    const char *ref = yard_value(y, "SELECT ref FROM yard.gate WHERE id = '%s'", id);
    expect_counts(
        import(y, GATES ":import", arena_format(y->arena, "ref,title,height,tags\n%s,after,,\n,new one,3,\n", ref), "true", 200),
        "2", "1", "1", "0");
    assert_string_equal(yard_value(y, "SELECT title FROM yard.gate WHERE id = '%s'", id), "before");
    expect_counts(
        import(y, GATES ":import", arena_format(y->arena, "ref,title,height,tags\n%s,after,,\n,new one,3,\n", ref), NULL, 200),
        "2", "1", "1", "0");
    assert_string_equal(
        yard_value(y,
                   "SELECT concat_ws('|', title, coalesce(height::text, '-'), tags, serial, version) FROM yard.gate "
                   "WHERE id = '%s'",
                   id),
        "after|-|{}|K-1|2");
    expect_counts(import(y, GATES ":import", arena_format(y->arena, "id,title,serial\n%s,again,K-1\n", id), NULL, 200), "1", "0",
                  "1", "0");

    struct ask *a = import(
        y, GATES ":import",
        arena_format(y->arena, "id,title,serial,height\n%s,x1,K-2,1\n%s,x2,,1\n" NOBODY ",x3,,1\n,x4,,1\n", id, id), NULL, 422);
    assert_true(ask_told(a, "fixed", "/lines/2/serial"));
    assert_true(ask_told(a, "duplicate", "/lines/3/id"));
    assert_true(ask_told(a, "unknown_reference", "/lines/4/id"));
    ask_free(a);
    a = import(y, GATES ":import", arena_format(y->arena, "id,height\n%s,7\n", id), NULL, 422);
    assert_true(ask_told(a, "steep", "/lines/2/height"));
    ask_free(a);

    a = formats_ask(y);
    ask_header(a, "If-Match", "\"3\"");
    yard_expect(a, ask(a, "POST", GATE ":close", id), 200);
    ask_free(a);
    a = import(y, GATES ":import", arena_format(y->arena, "id,title\n%s,too late\n", id), NULL, 422);
    assert_true(ask_told(a, "frozen", "/lines/2"));
    ask_free(a);
}

static void rules_see_every_line(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = import(y, TOWERS ":import", "name,height\nBabel,3\nSound,9\nBabel,6\n", NULL, 422);
    assert_true(ask_told(a, "too_high", "/lines/2/name"));
    assert_true(ask_told(a, "too_high", "/lines/4/name"));
    ask_free(a);
    ask_free(import(y, TOWERS ":import", "name,height\nSound,9\nPisa,6\n", NULL, 422)); /* refused after it was written */
    assert_int_equal(formats_count(y, "SELECT count(*) FROM yard.tower WHERE name IN ('Sound', 'Pisa')"), 0);
    ask_free(import(y, TOWERS ":import", "name,height\nSound,9\n", NULL, 200));
    assert_string_equal(yard_value(y, "SELECT floors FROM yard.tower WHERE name = 'Sound'"), "3");
}

static void append_only_records_are_only_added(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, "yard/log-entries", "{\"text\":\"once\"}");
    expect_counts(import(y, "yard/log-entries:import", "text\nfirst\nsecond\n", NULL, 200), "2", "2", "0", "0");
    struct ask *a = import(y, "yard/log-entries:import", arena_format(y->arena, "id,text\n%s,changed\n", id), NULL, 422);
    assert_true(ask_told(a, "append_only", "/lines/2/id"));
    ask_free(a);
}

static void nothing_of_another_organisation_is_reached(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"ours alone\"}");
    struct ask *a = formats_ask(y);
    a->fake.request.tenant = y->moat;
    formats_file = arena_format(y->arena, "id,title\n%s,taken over\n", id);
    ask_header(a, "Content-Type", "text/csv");
    assert_int_equal(ask(a, "POST", GATES ":import", NULL), 422);
    assert_true(ask_told(a, "unknown_reference", "/lines/2/id"));
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT title FROM yard.gate WHERE id = '%s'", id), "ours alone");
}

static void the_template_is_taken_back(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = formats_ask(y);
    yard_expect(a, ask(a, "GET", TOWERS ":template", NULL), 200);
    assert_ptr_equal(strstr(a->fake.written, "name,height,rooms\r\n"), a->fake.written);
    const char *file = arena_string(y->arena, a->fake.written);
    ask_free(a);
    expect_counts(import(y, TOWERS ":import", file, "true", 200), "1", "1", "0", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_records),
        cmocka_unit_test(traces_are_those_of_a_create),
        cmocka_unit_test(many_rows_are_numbered_in_their_order),
        cmocka_unit_test(a_trial_is_true_or_false),
        cmocka_unit_test(every_bad_line_is_named),
        cmocka_unit_test(headers_and_syntax_are_checked),
        cmocka_unit_test(an_export_comes_back_unchanged),
        cmocka_unit_test(known_records_are_changed),
        cmocka_unit_test(rules_see_every_line),
        cmocka_unit_test(append_only_records_are_only_added),
        cmocka_unit_test(nothing_of_another_organisation_is_reached),
        cmocka_unit_test(the_template_is_taken_back),
    };
    return cmocka_run_group_tests(tests, yard_up, yard_down);
}
