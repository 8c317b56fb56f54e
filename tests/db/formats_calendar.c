/* The calendar, one's own work, and the tables behind forms, on a real database. */
#include "formats.h"

static const char *gate(struct yard_db *y, const char *title, const char *due, const char *owner)
{
    return yard_create(y, GATES,
                       arena_format(y->arena, "{\"title\":\"%s\",\"due_on\":\"%s\",\"owner_id\":\"%s\"}", title, due, owner));
}

static void transit(struct yard_db *y, const char *id, const char *name)
{
    struct ask *a = formats_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", arena_format(a->arena, GATE ":%s", name), id), 200);
    ask_free(a);
}

/* The fake request is of 2026-03-04. */
static int calendar_up(void **state)
{
    if (yard_up(state) != 0)
        return -1;
    struct yard_db *y = *state;
    gate(y, "late", "2026-01-10", y->anna);
    gate(y, "soon", "2026-03-20", y->bert);
    gate(y, "far away", "2027-01-01", y->anna);
    transit(y, gate(y, "over", "2026-03-10", y->anna), "close");
    transit(y, gate(y, "put away", "2026-03-11", y->anna), "archive");
    yard_create(y, GATES, "{\"title\":\"no date\"}");
    return 0;
}

static const char *titles(struct yard_db *y, struct ask *a)
{
    struct buf out = buf_new(y->arena, 64);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(a->fake.answer, "items"), i, item)
        buf_format(&out, "%s%s", i ? ", " : "", json_string_value(json_object_get(item, "title")));
    return out.data;
}

static const char *calendar(struct yard_db *y, const char *from, const char *to, const char *owner)
{
    struct ask *a = formats_ask(y);
    if (from != NULL)
        ask_query(a, "from", from);
    if (to != NULL)
        ask_query(a, "to", to);
    if (owner != NULL)
        ask_query(a, "owner", owner);
    yard_expect(a, ask(a, "GET", "calendar", NULL), 200);
    const char *text = titles(y, a);
    ask_free(a);
    return text;
}

static void what_is_due_is_shown(void **state)
{
    struct yard_db *y = *state;
    assert_string_equal(calendar(y, NULL, NULL, NULL), "late, soon");
    assert_string_equal(calendar(y, "2026-03-04", "2027-12-31", NULL), "soon, far away");
    assert_string_equal(calendar(y, "2026-03-20", "2026-03-20", NULL), "soon");
    assert_string_equal(calendar(y, NULL, NULL, "me"), "late");
    assert_string_equal(calendar(y, NULL, NULL, y->bert), "soon");
    assert_string_equal(calendar(y, "2028-01-01", "2028-01-02", NULL), "");

    struct ask *a = formats_ask(y);
    yard_expect(a, ask(a, "GET", "calendar", NULL), 200);
    assert_string_equal(ask_text(a, "to"), "2026-04-03");
    assert_string_equal(ask_text(a, "truncated"), "false");
    assert_string_equal(ask_text(a, "items/0/date"), "2026-01-10");
    assert_string_equal(ask_text(a, "items/0/field"), "due_on");
    assert_string_equal(ask_text(a, "items/0/label"), "Due on");
    assert_string_equal(ask_text(a, "items/0/resource"), "yard.gates");
    assert_string_equal(ask_text(a, "items/0/owner"), "Anna");
    assert_string_equal(ask_text(a, "items/0/owner_id"), y->anna);
    assert_string_equal(ask_text(a, "items/0/status"), "draft");
    assert_string_equal(ask_text(a, "items/0/overdue"), "true");
    assert_string_equal(ask_text(a, "items/1/overdue"), "false");
    assert_non_null(strstr(ask_text(a, "items/0/url"), "/api/v1/orgs/keep/yard/gates/"));
    ask_free(a);
}

static void ones_own_work_is_what_is_open(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = formats_ask(y);
    yard_expect(a, ask(a, "GET", "my-work", NULL), 200);
    assert_string_equal(titles(y, a), "late, far away");
    assert_string_equal(ask_text(a, "items/0/overdue"), "true");
    ask_free(a);
    a = formats_ask(y);
    a->fake.request.actor = y->bert;
    yard_expect(a, ask(a, "GET", "my-work", NULL), 200);
    assert_string_equal(titles(y, a), "soon");
    ask_free(a);
}

static void only_what_may_be_read(void **state)
{
    static const char *const paths[] = {"calendar", "my-work"};
    struct yard_db *y = *state;
    for (size_t i = 0; i < 2; i++) {
        struct ask *a = formats_ask(y);
        a->refused = "yard.gate:read";
        yard_expect(a, ask(a, "GET", paths[i], NULL), 200);
        assert_string_equal(titles(y, a), "");
        ask_free(a);
        a = formats_ask(y);
        a->fake.request.tenant = y->moat;
        yard_expect(a, ask(a, "GET", paths[i], NULL), 200);
        assert_string_equal(titles(y, a), "");
        ask_free(a);
    }
}

static void bad_days_are_refused(void **state)
{
    static const char *const table[][3] = {{"from", "2026-02-30", "bad_date"},
                                           {"to", "soon", "bad_date"},
                                           {"owner", "anna", "bad_id"},
                                           {"until", "x", "unknown_parameter"}};
    struct yard_db *y = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ask *a = formats_ask(y);
        ask_query(a, table[i][0], table[i][1]);
        assert_int_equal(ask(a, "GET", "calendar", NULL), 400);
        assert_non_null(ask_problem(a, table[i][2]));
        ask_free(a);
    }
}

static json_t *named(json_t *list, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
            return one;
    }
    fail_msg("no %s", name);
    return NULL;
}

static const char *text(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool yes(json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static void tables_are_told(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = formats_ask(y);
    a->refused = "yard.gate:approve yard.tower:write";
    yard_expect(a, ask(a, "GET", "meta", NULL), 200);
    assert_string_equal(ask_text(a, "organisation/name"), "Keep");
    json_t *area = named(json_object_get(a->fake.answer, "areas"), "yard");
    json_t *gates = named(json_object_get(area, "resources"), "yard.gates");
    assert_string_equal(text(gates, "label"), "Gates");
    assert_string_equal(text(gates, "path"), "yard/gates");
    assert_string_equal(text(gates, "title"), "title");
    assert_true(yes(json_object_get(gates, "permitted"), "write"));
    json_t *towers = named(json_object_get(area, "resources"), "yard.towers");
    assert_false(yes(json_object_get(towers, "permitted"), "write"));

    json_t *fields = json_object_get(gates, "fields"), *field = named(fields, "kind");
    assert_string_equal(text(field, "type"), "enum");
    assert_string_equal(text(field, "default"), "iron");
    assert_true(yes(field, "required") && yes(field, "filter") && yes(field, "sort"));
    assert_string_equal(text(json_array_get(json_object_get(field, "values"), 1), "value"), "wood");
    assert_string_equal(text(json_array_get(json_object_get(field, "values"), 1), "label"), "Wood");
    field = named(fields, "owner_id");
    assert_string_equal(text(field, "label"), "Owner");
    assert_string_equal(text(field, "ref"), "core.member");
    assert_true(yes(named(fields, "weight"), "read_only") && yes(named(fields, "serial"), "fixed"));
    assert_true(yes(named(fields, "tags"), "filter") && !yes(named(fields, "tags"), "sort"));
    assert_int_equal(json_integer_value(json_object_get(named(fields, "title"), "max")), 30);
    assert_int_equal(json_integer_value(json_object_get(named(fields, "note"), "max")), 20000);
    assert_int_equal(json_integer_value(json_object_get(named(fields, "cost"), "scale")), 2);
    assert_string_equal(text(named(json_object_get(named(fields, "parts"), "items"), "made_on"), "label"), "Made on");

    json_t *reject = named(json_object_get(gates, "transitions"), "reject");
    assert_false(yes(reject, "permitted"));
    assert_true(yes(reject, "reason"));
    assert_string_equal(json_string_value(json_array_get(json_object_get(reject, "from"), 0)), "review");
    named(json_object_get(reject, "input"), "grade");
    assert_true(yes(named(json_object_get(gates, "transitions"), "submit"), "permitted"));
    assert_true(yes(named(json_object_get(gates, "states"), "closed"), "closed"));
    assert_false(yes(named(json_object_get(gates, "relations"), "risks"), "loaded"));
    assert_true(yes(named(json_object_get(towers, "relations"), "gates"), "inverse"));

    size_t i;
    json_t *permission;
    bool read = false;
    json_array_foreach(json_object_get(a->fake.answer, "permissions"), i, permission)
    {
        assert_string_not_equal(json_string_value(permission), "yard.gate:approve");
        read = read || strcmp(json_string_value(permission), "yard.gate:read") == 0;
    }
    assert_true(read);
    ask_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_is_shown),  cmocka_unit_test(ones_own_work_is_what_is_open),
        cmocka_unit_test(only_what_may_be_read), cmocka_unit_test(bad_days_are_refused),
        cmocka_unit_test(tables_are_told),
    };
    return cmocka_run_group_tests(tests, calendar_up, yard_down);
}
