/* Links between records on a real database: from both ends, with their events, and what is refused. */
#include "formats.h"

#define NEAR GATE "/links/near-towers"
#define NEAR_ONE NEAR "/{other}"
#define BACK "yard/towers/{id}/links/gates"

struct pair {
    const char *gate, *tower;
};

static struct pair make_pair(struct yard_db *y)
{
    return (struct pair){yard_create(y, GATES, "{\"title\":\"linked gate\"}"), yard_create(y, TOWERS, "{\"name\":\"Belfry\"}")};
}

static struct ask *link_ask(struct yard_db *y, const char *path, const char *id, const char *to, int wanted)
{
    struct ask *a = formats_ask(y);
    ask_body(a, arena_format(a->arena, "{\"id\":\"%s\"}", to));
    yard_expect(a, ask(a, "POST", path, id), wanted);
    return a;
}

static void link_to(struct yard_db *y, const char *path, const char *id, const char *to, int wanted)
{
    ask_free(link_ask(y, path, id, to, wanted));
}

static int unlink_from(struct yard_db *y, const char *path, const char *id, const char *other)
{
    struct ask *a = formats_ask(y);
    formats_other = other;
    return formats_done(a, ask(a, "DELETE", path, id));
}

static size_t linked(struct yard_db *y, const char *path, const char *id)
{
    struct ask *a = formats_ask(y);
    yard_expect(a, ask(a, "GET", path, id), 200);
    size_t n = json_array_size(json_object_get(a->fake.answer, "items"));
    ask_free(a);
    return n;
}

static void links_show_at_both_ends(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    struct ask *a = link_ask(y, NEAR, p.gate, p.tower, 201);
    assert_string_equal(ask_text(a, "title"), "Belfry");
    assert_string_equal(ask_text(a, "resource"), "yard.towers");
    assert_string_equal(ask_text(a, "id"), p.tower);
    ask_free(a);
    link_to(y, NEAR, p.gate, p.tower, 200); /* again: the same, nothing new */
    link_to(y, BACK, p.tower, p.gate, 200); /* from the other end too */
    assert_int_equal(linked(y, NEAR, p.gate), 1);
    a = formats_ask(y);
    yard_expect(a, ask(a, "GET", BACK, p.tower), 200);
    assert_string_equal(ask_text(a, "items/0/title"), "linked gate");
    assert_string_equal(ask_text(a, "items/0/linked_by"), y->anna);
    char url[200];
    snprintf(url, sizeof url, "/api/v1/orgs/keep/yard/gates/%s", p.gate);
    assert_string_equal(ask_text(a, "items/0/url"), url);
    ask_free(a);
    assert_int_equal(formats_count(y, "SELECT count(*) FROM core.link WHERE from_id = '%s' AND to_id = '%s'", p.gate, p.tower),
                     1);
}

static void both_ends_keep_the_event(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    static const char changes[] = "SELECT string_agg(verb || ' ' || change::text, ' ' ORDER BY id) FROM core.event"
                                  " WHERE record_id = '%s' AND verb LIKE '%%link'";
    link_to(y, BACK, p.tower, p.gate, 201);
    link_to(y, BACK, p.tower, p.gate, 200);
    const char *at_gate = yard_value(y, changes, p.gate), *at_tower = yard_value(y, changes, p.tower);
    assert_ptr_equal(strstr(at_gate, "link {\"near_towers\": [null, {\"id\": "), at_gate);
    assert_ptr_equal(strstr(at_tower, "link {\"gates\": [null, {\"id\": "), at_tower);
    assert_non_null(strstr(at_gate, p.tower));
    assert_non_null(strstr(at_tower, p.gate));
    assert_null(strstr(at_gate + 1, "link {")); /* the second POST changed nothing and tells nothing */
    assert_int_equal(unlink_from(y, NEAR_ONE, p.gate, p.tower), 204);
    assert_non_null(strstr(yard_value(y, changes, p.gate), "unlink {\"near_towers\": [{\"id\": "));
    assert_non_null(strstr(yard_value(y, changes, p.tower), "unlink {\"gates\": [{\"id\": "));
    assert_int_equal(unlink_from(y, NEAR_ONE, p.gate, p.tower), 404);
    assert_int_equal(linked(y, NEAR, p.gate), 0);
}

static void other_ends_must_be_there(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    struct ask *a = link_ask(y, NEAR, p.gate, NOBODY, 422);
    assert_true(ask_told(a, "unknown_reference", "/id"));
    ask_free(a);
    link_to(y, NEAR, p.gate, p.gate, 422); /* a gate, not a tower */
    link_to(y, NEAR, NOBODY, p.tower, 404);
    assert_int_equal(unlink_from(y, NEAR_ONE, p.gate, "not-an-id"), 404);
    a = formats_ask(y);
    assert_int_equal(ask(a, "GET", NEAR, NOBODY), 404);
    ask_free(a);

    a = formats_ask(y); /* a tower of another organisation is not there */
    a->fake.request.tenant = y->moat;
    ask_body(a, "{\"name\":\"Foreign\"}");
    yard_expect(a, ask(a, "POST", TOWERS, NULL), 201);
    const char *foreign = arena_string(y->arena, ask_text(a, "id"));
    ask_free(a);
    link_to(y, NEAR, p.gate, foreign, 422);
}

static void archive(struct yard_db *y, const char *path, const char *id)
{
    struct ask *a = formats_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", path, id), 200);
    ask_free(a);
}

/* The relation's rule, from whichever end the link is made: what it refuses is undone. */
static void a_relation_has_a_rule(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    const char *alone = yard_create(y, TOWERS, "{\"name\":\"Alone\"}"), *always = yard_create(y, TOWERS, "{\"name\":\"Always\"}");
    link_to(y, NEAR, p.gate, alone, 409);
    link_to(y, BACK, alone, p.gate, 409);
    assert_int_equal(linked(y, NEAR, p.gate), 0);
    link_to(y, NEAR, p.gate, always, 201);
    assert_int_equal(unlink_from(y, NEAR_ONE, p.gate, always), 409);
    assert_int_equal(linked(y, NEAR, p.gate), 1);
}

static void archived_ends_take_no_links(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y), q = make_pair(y);
    link_to(y, NEAR, p.gate, p.tower, 201);
    archive(y, "yard/towers/{id}:archive", p.tower);
    assert_int_equal(linked(y, NEAR, p.gate), 0);
    struct ask *a = link_ask(y, NEAR, q.gate, p.tower, 422);
    assert_true(ask_told(a, "archived", "/id"));
    ask_free(a);
    archive(y, GATE ":archive", q.gate);
    link_to(y, NEAR, q.gate, q.tower, 409);
}

static void absent_areas_say_so(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    struct ask *a = formats_ask(y);
    assert_int_equal(ask(a, "GET", GATE "/links/risks", p.gate), 409);
    assert_non_null(ask_problem(a, "area_not_loaded"));
    ask_free(a);
    ask_free(link_ask(y, GATE "/links/risks", p.gate, p.tower, 409));
}

static void who_may_not_read_the_other_end_learns_nothing(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    link_to(y, NEAR, p.gate, p.tower, 201);
    struct ask *a = formats_ask(y);
    a->refused = "yard.tower:read";
    assert_int_equal(ask(a, "GET", NEAR, p.gate), 403);
    assert_null(a->fake.answer);
    ask_free(a);
    a = formats_ask(y);
    a->refused = "yard.tower:read";
    ask_body(a, arena_format(a->arena, "{\"id\":\"%s\"}", yard_create(y, TOWERS, "{\"name\":\"Keep out\"}")));
    assert_int_equal(ask(a, "POST", NEAR, p.gate), 403);
    ask_free(a);
    assert_int_equal(linked(y, NEAR, p.gate), 1);
}

static void bodies_are_checked(void **state)
{
    static const struct {
        const char *body, *code, *pointer;
    } table[] = {
        {"{}", "required", "/id"},
        {"{\"id\":7}", "bad_id", "/id"},
        {"{\"id\":\"x\"}", "bad_id", "/id"},
        {"{\"id\":\"" NOBODY "\",\"note\":1}", "unknown_member", "/note"},
    };
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ask *a = formats_ask(y);
        ask_body(a, table[i].body);
        assert_int_equal(ask(a, "POST", NEAR, p.gate), 422);
        assert_true(ask_told(a, table[i].code, table[i].pointer));
        ask_free(a);
    }
}

/* What a rule of an area links is held to the same. */
static void a_rule_links_what_its_caller_could(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    const struct {
        const char *resource, *id, *relation, *to, *refused;
        int status;
        const char *code;
    } table[] = {
        {"planning.risks", p.gate, "assets", p.tower, NULL, 409, "area_not_loaded"},
        {"yard.gates", p.gate, "far_towers", p.tower, NULL, 404, "no_such_relation"},
        {"yard.gates", p.gate, "near_towers", p.tower, "yard.gate:write", 403, "forbidden"},
        {"yard.gates", "here", "near_towers", p.tower, NULL, 404, "not_found"},
        {"yard.gates", NOBODY, "near_towers", p.tower, NULL, 404, "not_found"},
        {"yard.gates", p.gate, "near_towers", "there", NULL, 422, "bad_id"},
        {"yard.gates", p.gate, "near_towers", NOBODY, NULL, 422, "unknown_reference"},
        {"yard.gates", p.gate, "near_towers", p.tower, NULL, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ask *a = formats_ask(y);
        a->refused = table[i].refused;
        ask_route(a, "POST", GATES);
        int status = engine_link(&a->fake.request, table[i].resource, table[i].id, table[i].relation, table[i].to);
        yard_expect(a, status, table[i].status);
        if (table[i].code != NULL && ask_problem(a, table[i].code) == NULL)
            yard_expect(a, 0, 1);
        if (a->open)
            assert_true(db_script(a->db, status == BL_OK ? "COMMIT" : "ROLLBACK"));
        ask_free(a);
    }
    assert_int_equal(linked(y, NEAR, p.gate), 1);
}

static void nothing_is_linked_to_itself(void **state)
{
    struct yard_db *y = *state;
    const char *gate = yard_create(y, GATES, "{\"title\":\"alone\"}");
    struct ask *a = link_ask(y, GATE "/links/twins", gate, gate, 422);
    assert_true(ask_told(a, "not_allowed", "/id"));
    ask_free(a);
    link_to(y, GATE "/links/twins", gate, yard_create(y, GATES, "{\"title\":\"another\"}"), 201);
}

/* The lists that have no conditions of their own: links and history. */
static void pages_are_asked_for_in_words_that_exist(void **state)
{
    static const struct {
        const char *name, *value, *code;
    } table[] = {
        {"limit", "0", "bad_limit"},  {"limit", "501", "bad_limit"},
        {"limit", "5x", "bad_limit"}, {"limit", "-1", "bad_limit"},
        {"limit", "", "bad_limit"},   {"cursor", "next", "bad_cursor"},
        {"cursor", "", "bad_cursor"}, {"sort", "title", "unknown_parameter"},
    };
    static const char *const paths[] = {NEAR, GATE "/history"};
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    for (size_t i = 0; i < 2 * (sizeof table / sizeof *table); i++) {
        struct ask *a = formats_ask(y);
        ask_query(a, table[i / 2].name, table[i / 2].value);
        yard_expect(a, ask(a, "GET", paths[i % 2], p.gate), 400);
        if (ask_problem(a, table[i / 2].code) == NULL)
            yard_expect(a, 0, 1);
        ask_free(a);
    }
}

static void pages_follow_one_another(void **state)
{
    struct yard_db *y = *state;
    struct pair p = make_pair(y);
    enum { TOWERS_COUNT = 5 };
    for (int i = 0; i < TOWERS_COUNT; i++)
        link_to(y, NEAR, p.gate, yard_create(y, TOWERS, "{\"name\":\"One of many\"}"), 201);
    size_t seen = 0;
    const char *cursor = NULL;
    do {
        struct ask *a = formats_ask(y);
        ask_query(a, "limit", "2");
        if (cursor != NULL)
            ask_query(a, "cursor", cursor);
        yard_expect(a, ask(a, "GET", NEAR, p.gate), 200);
        seen += json_array_size(json_object_get(a->fake.answer, "items"));
        const char *next = ask_text(a, "next");
        cursor = next != NULL ? arena_string(y->arena, next) : NULL;
        ask_free(a);
    } while (cursor != NULL && seen < 100);
    assert_int_equal(seen, TOWERS_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_show_at_both_ends),
        cmocka_unit_test(a_relation_has_a_rule),
        cmocka_unit_test(both_ends_keep_the_event),
        cmocka_unit_test(other_ends_must_be_there),
        cmocka_unit_test(archived_ends_take_no_links),
        cmocka_unit_test(absent_areas_say_so),
        cmocka_unit_test(who_may_not_read_the_other_end_learns_nothing),
        cmocka_unit_test(bodies_are_checked),
        cmocka_unit_test(a_rule_links_what_its_caller_could),
        cmocka_unit_test(nothing_is_linked_to_itself),
        cmocka_unit_test(pages_are_asked_for_in_words_that_exist),
        cmocka_unit_test(pages_follow_one_another),
    };
    return cmocka_run_group_tests(tests, yard_up, yard_down);
}
