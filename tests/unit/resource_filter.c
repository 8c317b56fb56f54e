/* Queries: the SQL they become, the arguments they bring, and how wrong ones are refused. */
#include "yard_unit.h"

#include "resource/filter.h"

#include <sodium.h>

static void put_query(struct ask *a, const char *query)
{
    char *copy = arena_string(a->arena, query), *save = NULL;
    for (char *pair = strtok_r(copy, "&", &save); pair; pair = strtok_r(NULL, "&", &save)) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        ask_query(a, pair, equals + 1);
    }
}

static void conditions_become_sql(void **state)
{
    static const struct {
        const char *query, *sql, *args; /* args with a bar between them */
    } cases[] = {
        {"", "", ""},
        {"kind=iron", " AND t.kind = $2::text", "iron"},
        {"kind=in.(iron,wood)", " AND t.kind = ANY ($2::text[])", "{\"iron\",\"wood\"}"},
        {"due_on=lt.2026-01-01", " AND t.due_on < $2::date", "2026-01-01"},
        {"due_on=gte.2026-01-01&due_on=lte.2026-02-01", " AND t.due_on >= $2::date AND t.due_on <= $3::date",
         "2026-01-01|2026-02-01"},
        {"height=ne.3", " AND t.height IS DISTINCT FROM $2::integer", "3"},
        {"kind=ne.iron", " AND t.kind <> $2::text", "iron"},
        {"owner_id=is.null", " AND t.owner_id IS NULL", ""},
        {"owner_id=not.null", " AND t.owner_id IS NOT NULL", ""},
        {"cost=gt.1.5", " AND t.cost > $2::numeric(18,2)", "1.5"},
        {"tags=x", " AND t.tags && $2::text[]", "{\"x\"}"},
        {"tags=ne.x", " AND NOT t.tags && $2::text[]", "{\"x\"}"},
        {"title=x.y", " AND t.title = $2::text", "x.y"},
        {"title=eq.lt.5", " AND t.title = $2::text", "lt.5"},
        {"title='; DROP TABLE x", " AND t.title = $2::text", "'; DROP TABLE x"},
        {"created_at=gt.2026-01-01T02:00:00+02:00", " AND t.created_at > $2::timestamptz", "2026-01-01T00:00:00.000000Z"},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        struct statement where;
        struct filter f;
        char sql[400], args[400] = "";
        put_query(a, cases[i].query);
        assert_int_equal(filter_read(&a->fake.request, y->gates, &where, &f), BL_OK);
        /* the tenant leads, what is archived stays out */
        snprintf(sql, sizeof sql, " WHERE t.tenant_id = $1%s AND t.archived_at IS NULL", cases[i].sql);
        assert_string_equal(where.text, sql);
        for (int n = 0; n < where.nargs; n++)
            snprintf(args + strlen(args), sizeof args - strlen(args), "%s%s", n ? "|" : "", where.args[n]);
        assert_string_equal(args, cases[i].args);
        assert_int_equal(f.plain, *cases[i].query == '\0');
        ask_free(a);
    }
}

static void wrong_queries_are_refused_by_name(void **state)
{
    static const struct {
        const char *query, *code, *word; /* a word that the detail must hold */
    } cases[] = {
        {"nothing=1", "unknown_parameter", "nothing"},
        {"note=x", "unknown_parameter", "archived, id"}, /* a field, but not one to filter by; the detail lists those */
        {"parts=x", "unknown_parameter", "parts"},
        {"tenant_id=x", "unknown_parameter", "tenant_id"},
        {"kind=stone", "bad_filter", "iron wood"},
        {"kind=gt.iron", "bad_filter", "kind"},
        {"kind=is.null", "bad_filter", "kind"},
        {"kind=in.(iron", "bad_filter", "brackets"},
        {"kind=in.()", "bad_filter", "brackets"},
        {"kind=in.(iron,,wood)", "bad_filter", "empty"},
        {"title=in.(\"a)", "bad_filter", "quote"},
        {"title=in.(\"a\"b)", "bad_filter", "quote"},
        {"kind=", "bad_filter", "kind"},
        {"height=tall", "bad_filter", "whole number"},
        {"height=99999999999", "bad_filter", "height"},
        {"due_on=2026-02-30", "bad_filter", "due_on"},
        {"due_on=foo.2026-01-01", "bad_filter", "lte."},
        {"owner_id=me", "bad_filter", "owner_id"},
        {"locked=yes", "bad_filter", "true or false"},
        {"status=gone", "bad_filter", "draft review approved closed"},
        {"limit=0", "bad_limit", "500"},
        {"limit=501", "bad_limit", "500"},
        {"limit=5x", "bad_limit", "500"},
        {"limit=-1", "bad_limit", "500"},
        {"limit=1&limit=2", "repeated_parameter", "limit"},
        {"sort=note", "bad_sort", "note"},
        {"sort=tags", "bad_sort", "tags"},
        {"sort=", "bad_sort", "comma"},
        {"sort=title,", "bad_sort", ""},
        {"sort=title,,kind", "bad_sort", ""},
        {"sort=title,-title", "bad_sort", "twice"},
        {"sort=title,kind,height,cost", "bad_sort", "3"},
        {"archived=maybe", "bad_filter", "only"},
        {"fields=title,colour", "unknown_field", "colour"},
        {"fields=", "unknown_field", "fields"},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        struct statement where;
        struct filter f;
        put_query(a, cases[i].query);
        int status = filter_read(&a->fake.request, y->gates, &where, &f);
        const json_t *problem = ask_problem(a, cases[i].code);
        const char *detail = json_string_value(json_object_get(problem, "detail"));
        if (status != BL_BAD_REQUEST || detail == NULL || strstr(detail, cases[i].word) == NULL)
            fail_msg("%s: %d, %s", cases[i].query, status, detail ? detail : "not told");
        ask_free(a);
    }
}

static void every_wrong_parameter_is_told(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    struct statement where;
    struct filter f;
    put_query(a, "x=1&kind=stone&limit=0&sort=note&archived=2");
    assert_int_equal(filter_read(&a->fake.request, y->gates, &where, &f), BL_BAD_REQUEST);
    assert_int_equal(json_array_size(a->fake.problems), 5);
    ask_free(a);
}

static void too_many_conditions_are_refused(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    struct statement where;
    struct filter f;
    statement_start(&where, &a->fake.request);
    for (int i = 0; i < STATEMENT_ARGS; i++)
        assert_true(statement_arg(&where, "1", "integer"));
    assert_false(statement_arg(&where, "1", "integer"));
    char values[3000] = "in.(a";
    for (int i = 0; i < 100; i++)
        strcat(values, ",b");
    strcat(values, ")");
    ask_query(a, "title", values);
    assert_int_equal(filter_read(&a->fake.request, y->gates, &where, &f), BL_BAD_REQUEST);
    assert_true(ask_told(a, "bad_filter", NULL));
    ask_free(a);
}

static const char *after(struct yard_unit *y, struct ask *a, const char *sort, const char *const *values)
{
    struct statement s;
    struct plan_sort order;
    char why[FILTER_WHY];
    assert_true(filter_sort(y->gates, sort, &order, why));
    statement_start(&s, &a->fake.request);
    assert_true(filter_put_after(&s, y->gates, &order, values));
    return s.text;
}

static void the_next_page_begins_behind_the_last_row(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    const char *id = "01990000-0000-7000-8000-000000000001";
    assert_string_equal(after(y, a, "-created_at", (const char *[]){"2026-01-01T00:00:00Z", id}),
                        " AND (t.created_at, t.id) < ($2::timestamptz, $3::uuid)");
    assert_string_equal(after(y, a, "title", (const char *[]){"x", id}), " AND (t.title, t.id) > ($2::text, $3::uuid)");
    assert_string_equal(after(y, a, "id", (const char *[]){id}), " AND (t.id) > ($2::uuid)");
    assert_string_equal(after(y, a, "-height", (const char *[]){"3", id}),
                        " AND (t.height < $2::integer OR t.height IS NULL OR (t.height = $3::integer AND (t.id < $4::uuid)))");
    assert_string_equal(after(y, a, "height", (const char *[]){NULL, id}), " AND (t.height IS NULL AND (t.id > $2::uuid))");
    assert_string_equal(
        after(y, a, "-kind,title", (const char *[]){"iron", "x", id}),
        " AND (t.kind < $2::text OR (t.kind = $3::text AND (t.title > $4::text OR (t.title = $5::text AND (t.id > "
        "$6::uuid)))))");
    ask_free(a);
}

static const char *cursor_of(struct yard_unit *y, struct ask *a, const char *title)
{
    struct statement where;
    struct filter f;
    static const char *cells[40];
    struct bl_rows rows = {.count = 1, .columns = 40, .cells = cells};
    assert_int_equal(filter_read(&a->fake.request, y->gates, &where, &f), BL_OK);
    cells[y->gates->id] = "01990000-0000-7000-8000-000000000001";
    cells[f.sort.keys[0].column] = title;
    return filter_cursor(&a->fake.request, y->gates, &f, &rows, 0);
}

static int follow(struct yard_unit *y, const char *query, const char *cursor, struct statement *s, struct ask **out)
{
    struct ask *a = ask_new(y->engine, NULL);
    struct filter f;
    put_query(a, query);
    ask_query(a, "cursor", cursor);
    assert_int_equal(filter_read(&a->fake.request, y->gates, s, &f), BL_OK);
    *out = a;
    return filter_after(&a->fake.request, y->gates, &f, s);
}

static void a_cursor_comes_back_as_it_went(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL), *b;
    struct statement s;
    put_query(a, "sort=title&kind=iron");
    const char *title = "a \"b\" \\ ü|%";
    const char *cursor = cursor_of(y, a, title);
    assert_int_equal(strspn(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(cursor));
    assert_int_equal(follow(y, "sort=title&kind=iron", cursor, &s, &b), BL_OK);
    assert_string_equal(s.args[1], title);
    ask_free(b);
    assert_int_equal(follow(y, "sort=title&kind=wood", cursor, &s, &b), BL_BAD_REQUEST);
    ask_free(b);
    ask_free(a);
}

static void a_tampered_cursor_is_refused(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL), *b;
    struct statement s;
    put_query(a, "sort=height");
    char *cursor = arena_string(a->arena, cursor_of(y, a, "3"));
    size_t length = strlen(cursor);
    for (size_t i = 0; i < length; i++) { /* each character, once: no crash, and never another seal */
        char was = cursor[i];
        cursor[i] = was == 'A' ? 'B' : 'A';
        int status = follow(y, "sort=height", cursor, &s, &b);
        assert_true(status == BL_BAD_REQUEST || (status == BL_OK && i > 24));
        ask_free(b);
        cursor[i] = was;
    }
    static const char *const junk[] = {"",   "x", "====", "W10", "bnVsbA", "eyJhIjoxfQ", "WyIwMDAwMDAwMDAwMDAwMDAwIiwiMyIsIngiXQ",
                                       "[]", "é"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        assert_int_equal(follow(y, "sort=height", junk[i], &s, &b), BL_BAD_REQUEST);
        assert_true(ask_told(b, "bad_cursor", NULL));
        ask_free(b);
    }
    /* the right seal with values of another kind */
    unsigned char text[200];
    size_t size;
    char seal[17], forged[200], coded[400];
    assert_int_equal(
        sodium_base642bin(text, sizeof text, cursor, length, NULL, &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
    memcpy(seal, text + 2, 16);
    seal[16] = '\0';
    static const char *const values[] = {"\"x\",\"01990000-0000-7000-8000-000000000001\"",
                                         "3,\"01990000-0000-7000-8000-000000000001\"",
                                         "\"3\",null",
                                         "\"3\"",
                                         "\"\",\"01990000-0000-7000-8000-000000000001\"",
                                         "\"3\",\"x\""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int n = snprintf(forged, sizeof forged, "[\"%s\",%s]", seal, values[i]);
        sodium_bin2base64(coded, sizeof coded, (unsigned char *)forged, (size_t)n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        assert_int_equal(follow(y, "sort=height", coded, &s, &b), BL_BAD_REQUEST);
        ask_free(b);
    }
    ask_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_become_sql),
        cmocka_unit_test(wrong_queries_are_refused_by_name),
        cmocka_unit_test(every_wrong_parameter_is_told),
        cmocka_unit_test(too_many_conditions_are_refused),
        cmocka_unit_test(the_next_page_begins_behind_the_last_row),
        cmocka_unit_test(a_cursor_comes_back_as_it_went),
        cmocka_unit_test(a_tampered_cursor_is_refused),
    };
    return cmocka_run_group_tests(tests, yard_unit_up, yard_unit_down);
}
