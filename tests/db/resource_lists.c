/* Lists on a real database: conditions, order, pages. */
#include "yard_db.h"

#include "resource/plan.h"

#define GATES "yard/gates"
#define GATE "yard/gates/{id}"

/* Letters name the records in the tests below; half of the values are missing, and some are the same. */
static const char *const gates[] = {
    "{\"title\":\"aa\",\"height\":3,\"cost\":\"1.50\",\"due_on\":\"2026-01-01\",\"tags\":[\"x\",\"y\"]}",
    "{\"title\":\"bb\",\"height\":3,\"cost\":\"10\",\"kind\":\"wood\",\"locked\":true}",
    "{\"title\":\"cc\",\"height\":9,\"due_on\":\"2026-02-01\",\"tags\":[\"y\"]}",
    "{\"title\":\"dd\",\"cost\":\"9.99\",\"kind\":\"wood\",\"seen_at\":\"2026-01-01T00:00:00.000001Z\"}",
    "{\"title\":\"ee\",\"due_on\":\"2026-01-01\",\"seen_at\":\"2026-01-01T00:00:00Z\"}",
    "{\"title\":\"ff\",\"height\":1}",
    "{\"title\":\"g,(\\\"q\\\")\",\"height\":9,\"locked\":true}",
};
enum { GATES_COUNT = sizeof gates / sizeof *gates };

static int lists_up(void **state)
{
    if (yard_up(state) != 0)
        return -1;
    struct yard_db *y = *state;
    for (size_t i = 0; i < GATES_COUNT; i++)
        yard_create(y, GATES, gates[i]);
    const char *gone = yard_create(y, GATES, "{\"title\":\"zz\"}");
    struct ask *a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", GATE ":archive", gone), 200);
    ask_free(a);
    a = yard_ask(y); /* another organisation has one too */
    a->fake.request.tenant = y->moat;
    ask_body(a, "{\"title\":\"mm\"}");
    yard_expect(a, ask(a, "POST", GATES, NULL), 201);
    ask_free(a);
    return 0;
}

/* "height=gte.3&sort=title": decoded already. */
static void put_query(struct ask *a, const char *query)
{
    char *copy = arena_string(a->arena, query), *save = NULL;
    for (char *pair = strtok_r(copy, "&", &save); pair; pair = strtok_r(NULL, "&", &save)) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        ask_query(a, pair, equals + 1);
    }
}

/* The first letters of the titles that a list gives, in its order. */
static const char *letters(struct yard_db *y, const char *query)
{
    struct ask *a = yard_ask(y);
    put_query(a, query);
    yard_expect(a, ask(a, "GET", GATES, NULL), 200);
    json_t *items = json_object_get(a->fake.answer, "items"), *item;
    char *out = arena_alloc(y->arena, json_array_size(items) + 1);
    size_t i;
    json_array_foreach(items, i, item) out[i] = json_string_value(json_object_get(item, "title"))[0];
    ask_free(a);
    return out;
}

static void conditions_choose(void **state)
{
    static const struct {
        const char *query, *letters;
    } cases[] = {
        {"sort=title", "abcdefg"},
        {"", "gfedcba"}, /* the newest first */
        {"sort=title&kind=wood", "bd"},
        {"sort=title&kind=eq.iron", "acefg"},
        {"sort=title&kind=in.(iron,wood)", "abcdefg"},
        {"sort=title&kind=ne.iron", "bd"},
        {"sort=title&height=gte.3&height=lt.9", "ab"},
        {"sort=title&height=ne.3", "cdefg"}, /* no height is not three either */
        {"sort=title&height=is.null", "de"},
        {"sort=title&height=not.null", "abcfg"},
        {"sort=title&height=in.(1,9)", "cfg"},
        {"sort=title&cost=gt.1.50", "bd"},
        {"sort=title&cost=lte.9.99", "ad"},
        {"sort=title&locked=true", "bg"},
        {"sort=title&due_on=2026-01-01", "ae"},
        {"sort=title&due_on=gt.2026-01-01", "c"},
        {"sort=title&seen_at=gt.2026-01-01T01:00:00%2B01:00", NULL},
        {"sort=title&seen_at=gt.2026-01-01T01:00:00+01:00", "d"},
        {"sort=title&seen_at=2026-01-01T00:00:00Z", "e"},
        {"sort=title&tags=y", "ac"},
        {"sort=title&tags=in.(x,z)", "a"},
        {"sort=title&tags=ne.y", "bdefg"},
        {"sort=title&title=g,(\"q\")", "g"},
        {"sort=title&title=gte.ee", "efg"},
        {"sort=title&title=in.(aa,\"g,(\",ff)", "af"},
        {"sort=title&owner_id=is.null", "abcdefg"},
        {"sort=title&weight=18", "cg"},
        {"sort=title&status=draft", "abcdefg"},
        {"sort=title&status=closed", ""},
        {"sort=title&archived=true", "abcdefgz"},
        {"sort=title&archived=only", "z"},
        {"sort=title&archived=false", "abcdefg"},
        {"sort=-title&limit=2", "gf"},
        {"sort=ref&version=1", "abcdefg"},
        {"sort=-height,title", "cgabfde"},
        {"sort=height,-title", "fbagced"},
    };
    struct yard_db *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].letters == NULL) { /* a value that was not decoded is none */
            struct ask *a = yard_ask(y);
            put_query(a, cases[i].query);
            assert_int_equal(ask(a, "GET", GATES, NULL), 400);
            ask_free(a);
            continue;
        }
        const char *got = letters(y, cases[i].query);
        if (strcmp(got, cases[i].letters) != 0)
            fail_msg("%s: %s instead of %s", cases[i].query, got, cases[i].letters);
    }
}

/* Every order, in pages of every size, gives what one page gives. */
static void pages_add_up(void **state)
{
    static const char *const sorts[] = {"title",
                                        "-title",
                                        "height",
                                        "-height",
                                        "height,-title",
                                        "-height,title",
                                        "due_on,-height",
                                        "-due_on",
                                        "seen_at,height",
                                        "kind",
                                        "-kind,height",
                                        "cost",
                                        "locked,-due_on",
                                        "-created_at",
                                        "id",
                                        "-id",
                                        "created_at,title"};
    struct yard_db *y = *state;
    for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++) {
        char query[100];
        snprintf(query, sizeof query, "sort=%s", sorts[s]);
        const char *whole = letters(y, query);
        assert_int_equal(strlen(whole), GATES_COUNT);
        for (int limit = 1; limit <= 4; limit++) {
            char together[GATES_COUNT + 1] = "", size[12];
            const char *cursor = NULL;
            snprintf(size, sizeof size, "%d", limit);
            for (int page = 0; page <= GATES_COUNT; page++) {
                struct ask *a = yard_ask(y);
                size_t used = strlen(together), i;
                json_t *item;
                ask_query(a, "sort", sorts[s]);
                ask_query(a, "limit", size);
                if (cursor)
                    ask_query(a, "cursor", cursor);
                yard_expect(a, ask(a, "GET", GATES, NULL), 200);
                assert_int_equal(a->fake.statements, 1);
                json_array_foreach(json_object_get(a->fake.answer, "items"), i, item) together[used + i] =
                    json_string_value(json_object_get(item, "title"))[0];
                cursor = arena_string(y->arena, ask_text(a, "next"));
                ask_free(a);
                if (cursor == NULL)
                    break;
            }
            if (strcmp(together, whole) != 0)
                fail_msg("sort=%s in pages of %d: %s instead of %s", sorts[s], limit, together, whole);
        }
    }
}

static void a_cursor_belongs_to_its_list(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    put_query(a, "sort=title&limit=2&kind=iron");
    yard_expect(a, ask(a, "GET", GATES, NULL), 200);
    const char *cursor = arena_string(y->arena, ask_text(a, "next"));
    const char *link = json_string_value(json_object_get(a->fake.headers, "Link"));
    char wanted[400];
    snprintf(wanted, sizeof wanted, "</api/v1/orgs/keep/here?sort=title&limit=2&kind=iron&cursor=%s>; rel=\"next\"", cursor);
    assert_string_equal(link, wanted);
    ask_free(a);

    const char *good[] = {"sort=title&kind=iron", "kind=iron&sort=title&limit=4&fields=title"};
    for (size_t i = 0; i < 2; i++) {
        a = yard_ask(y);
        put_query(a, good[i]);
        ask_query(a, "cursor", cursor);
        yard_expect(a, ask(a, "GET", GATES, NULL), 200);
        assert_string_equal(ask_text(a, "items/0/title"), "ee");
        ask_free(a);
    }
    const char *bad[] = {"sort=-title&kind=iron", "sort=title&kind=wood", "sort=title", "sort=title&kind=iron&archived=true",
                         "kind=iron"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a = yard_ask(y);
        put_query(a, bad[i]);
        ask_query(a, "cursor", cursor);
        assert_int_equal(ask(a, "GET", GATES, NULL), 400);
        assert_true(ask_told(a, "bad_cursor", NULL));
        ask_free(a);
    }
    a = yard_ask(y);
    a->fake.request.tenant = y->moat;
    put_query(a, good[0]);
    ask_query(a, "cursor", cursor);
    assert_int_equal(ask(a, "GET", GATES, NULL), 400);
    ask_free(a);
}

static void count_on_request(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    put_query(a, "limit=1&kind=wood");
    ask_header(a, "Prefer", "handling=lenient, count=exact");
    yard_expect(a, ask(a, "GET", GATES, NULL), 200);
    assert_string_equal(ask_text(a, "count"), "2");
    assert_string_equal(json_string_value(json_object_get(a->fake.headers, "Preference-Applied")), "count=exact");
    ask_free(a);
    a = yard_ask(y);
    yard_expect(a, ask(a, "GET", GATES, NULL), 200);
    assert_int_equal(a->fake.statements, 1);
    assert_null(json_object_get(a->fake.answer, "count"));
    assert_null(ask_text(a, "next"));
    ask_free(a);
}

struct seen {
    size_t pages, rows;
};

static enum bl_status see(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int count, void *arg)
{
    struct seen *seen = arg;
    (void)plan;
    seen->pages++;
    seen->rows += (size_t)count;
    assert_non_null(bl_cell(r, rows, count - 1, 0));
    return BL_OK;
}

static void a_scan_reads_every_page(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    struct seen seen = {0};
    yard_run(y,
             "RESET ROLE; SET ROLE ballium_owner; ALTER TABLE yard.log_entry NO FORCE ROW LEVEL SECURITY;"
             " INSERT INTO yard.log_entry (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, text)"
             " SELECT '%s', gen_random_uuid(), 'LOG-' || n, 1, now(), '%s', now(), '%s', 'line ' || n FROM generate_series(1, "
             "10001) n;"
             " ALTER TABLE yard.log_entry FORCE ROW LEVEL SECURITY",
             y->keep, y->anna, y->anna);
    ask_route(a, "GET", "yard/log-entries");
    assert_int_equal(resource_scan(&a->fake.request, plan_find(y->engine, "yard.log_entries"), see, &seen), BL_OK);
    assert_int_equal(seen.pages, 3);
    assert_int_equal(seen.rows, 10001);
    db_rollback(y->app);
    ask_free(a);
    a = yard_ask(y);
    ask_query(a, "limit", "5");
    ask_route(a, "GET", "yard/log-entries");
    assert_int_equal(resource_scan(&a->fake.request, plan_find(y->engine, "yard.log_entries"), see, &seen), BL_BAD_REQUEST);
    ask_free(a);
}

/* A statement has room for 64 values: what is more is refused, whichever part of the query brings the one too many. */
static void a_query_of_any_size_is_answered_or_refused(void **state)
{
    static const char *const rest[] = {"", "&q=aa bb", "&sort=-kind,title"};
    struct yard_db *y = *state;
    for (int conditions = 50; conditions <= 64; conditions++)
        for (size_t kind = 0; kind < sizeof rest / sizeof *rest; kind++) {
            const char *query = arena_format(y->arena, "limit=1%s", rest[kind]), *cursor = NULL;
            int status = 200;
            for (int i = 0; i < conditions; i++)
                query = arena_format(y->arena, "%s&title=gt.a", query);
            for (int page = 0; page < 2 && status == 200; page++) {
                struct ask *a = yard_ask(y);
                put_query(a, cursor ? arena_format(y->arena, "%s&cursor=%s", query, cursor) : query);
                status = ask(a, "GET", GATES, NULL);
                if (status != 200 && !ask_problem(a, "bad_filter") && !ask_problem(a, "too_many_words"))
                    yard_expect(a, status, 400);
                cursor = status == 200 && ask_text(a, "next") ? arena_string(y->arena, ask_text(a, "next")) : NULL;
                ask_free(a);
                if (cursor == NULL)
                    break;
            }
            assert_int_equal(status, status == 200 ? 200 : 400);
            assert_true(status == 200 ? conditions < 64 : conditions > 52);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_choose),
        cmocka_unit_test(pages_add_up),
        cmocka_unit_test(a_cursor_belongs_to_its_list),
        cmocka_unit_test(count_on_request),
        cmocka_unit_test(a_scan_reads_every_page),
        cmocka_unit_test(a_query_of_any_size_is_answered_or_refused),
    };
    return cmocka_run_group_tests(tests, lists_up, yard_down);
}
