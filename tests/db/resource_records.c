/* Records on a real database: create, read, patch, archive, and what the database refuses. */
#include "yard_db.h"

#define GATES "yard/gates"
#define GATE "yard/gates/{id}"
#define TOWERS "yard/towers"
#define TOWER "yard/towers/{id}"

static const char full[] =
    "{\"title\":\"Süd ‘gate’\",\"note\":\"two\\nlines\",\"kind\":\"wood\",\"height\":4,\"cost\":\"12.5\",\"locked\":true,"
    "\"due_on\":\"2028-02-29\",\"seen_at\":\"2026-01-31T14:00:00+02:00\",\"tags\":[\"a \\\"b\\\\\",\"c\"],\"colours\":[\"red\"],"
    "\"parts\":[{\"name\":\"hinge\"},{\"name\":\"bolt\",\"amount\":3,\"made_on\":\"2020-01-01\"}]}";

static void create_keeps_every_kind_of_value(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    ask_body(a, full);
    yard_expect(a, ask(a, "POST", GATES, NULL), 201);
    assert_int_equal(a->fake.statements, 1); /* with BEGIN and COMMIT: one round trip */
    assert_string_equal(json_string_value(json_object_get(a->fake.headers, "ETag")), "\"1\"");
    assert_non_null(strstr(json_string_value(json_object_get(a->fake.headers, "Location")), "/api/v1/orgs/keep/yard/gates/"));
    assert_string_equal(ask_text(a, "ref"), "GATE-1");
    assert_string_equal(ask_text(a, "status"), "draft");
    assert_string_equal(ask_text(a, "title"), "Süd ‘gate’");
    assert_string_equal(ask_text(a, "note"), "two\nlines");
    assert_string_equal(ask_text(a, "kind"), "wood");
    assert_string_equal(ask_text(a, "height"), "4");
    assert_string_equal(ask_text(a, "cost"), "12.50");
    assert_string_equal(ask_text(a, "locked"), "true");
    assert_string_equal(ask_text(a, "due_on"), "2028-02-29");
    assert_string_equal(ask_text(a, "seen_at"), "2026-01-31T12:00:00.000000Z");
    assert_string_equal(ask_text(a, "tags"), "[\"a \\\"b\\\\\",\"c\"]");
    assert_string_equal(ask_text(a, "colours"), "[\"red\"]");
    assert_string_equal(ask_text(a, "parts/0/name"), "hinge");
    assert_string_equal(ask_text(a, "parts/0/amount"), "1"); /* initial */
    assert_string_equal(ask_text(a, "parts/1/made_on"), "2020-01-01");
    assert_string_equal(ask_text(a, "weight"), "8"); /* generated */
    assert_null(ask_text(a, "score"));
    assert_null(ask_text(a, "archived_at"));
    assert_string_equal(ask_text(a, "created_by"), y->anna);
    assert_string_equal(ask_text(a, "actions"), "[\"update\",\"archive\",\"submit\",\"close\"]");
    ask_free(a);
}

static void what_is_left_out_is_initial_or_null(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Plain\"}");
    struct ask *a = yard_read(y, GATE, id);
    assert_int_equal(a->fake.statements, 1);
    assert_string_equal(ask_text(a, "kind"), "iron");
    assert_string_equal(ask_text(a, "locked"), "false");
    assert_string_equal(ask_text(a, "tags"), "[]");
    assert_string_equal(ask_text(a, "parts"), "[]");
    assert_null(ask_text(a, "height"));
    ask_free(a);
}

static void references_count_per_tenant(void **state)
{
    struct yard_db *y = *state;
    const char *first = yard_create(y, TOWERS, "{\"name\":\"One\"}");
    const char *second = yard_create(y, TOWERS, "{\"name\":\"Two\"}");
    struct ask *a = yard_ask(y);
    a->fake.request.tenant = y->moat;
    ask_body(a, "{\"name\":\"One\"}");
    yard_expect(a, ask(a, "POST", TOWERS, NULL), 201);
    assert_string_equal(ask_text(a, "ref"), "TOW-1");
    ask_free(a);
    long one = strtol(yard_value(y, "SELECT substring(ref from 5) FROM yard.tower WHERE id = '%s'", first), NULL, 10);
    long two = strtol(yard_value(y, "SELECT substring(ref from 5) FROM yard.tower WHERE id = '%s'", second), NULL, 10);
    assert_int_equal(two, one + 1);
}

static void what_is_not_there_is_404_for_everybody(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Mine\"}");
    const char *strangers[] = {"01990000-0000-7000-8000-000000000bad", "no-uuid", "", id};
    for (size_t i = 0; i < 4; i++) {
        struct ask *a = yard_ask(y);
        if (strangers[i] == id)
            a->fake.request.tenant = y->moat; /* another organisation's record */
        assert_int_equal(ask(a, "GET", GATE, strangers[i]), 404);
        assert_true(ask_told(a, "not_found", NULL));
        assert_string_equal(json_string_value(json_object_get(ask_problem(a, "not_found"), "detail")),
                            "there is no gate with this id here");
        ask_free(a);
    }
}

static void fields_choose_members(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Sparse\"}");
    struct ask *a = yard_ask(y);
    ask_query(a, "fields", "id,title,actions");
    yard_expect(a, ask(a, "GET", GATE, id), 200);
    assert_int_equal(json_object_size(a->fake.answer), 3);
    assert_string_equal(ask_text(a, "title"), "Sparse");
    ask_free(a);
}

static void patch_changes_what_it_names(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = yard_create(y, GATES, full);
    yard_expect(a, yard_patch(y, GATE, id, "\"1\"", "{\"title\":\"North\",\"height\":null,\"tags\":null,\"cost\":\"12.50\"}", &a),
                200);
    assert_int_equal(a->fake.statements, 1);
    assert_string_equal(json_string_value(json_object_get(a->fake.headers, "ETag")), "\"2\"");
    assert_string_equal(ask_text(a, "title"), "North");
    assert_null(ask_text(a, "height"));
    assert_null(ask_text(a, "weight"));
    assert_string_equal(ask_text(a, "tags"), "[]");
    assert_string_equal(ask_text(a, "kind"), "wood"); /* untouched */
    assert_string_equal(ask_text(a, "cost"), "12.50");
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT change::text FROM core.event WHERE record_id = '%s' AND verb = 'update'", id),
                        "{\"tags\": [[\"a \\\"b\\\\\", \"c\"], []], \"title\": [\"Süd ‘gate’\", \"North\"], \"height\": [4, "
                        "null], \"weight\": [8, "
                        "null]}");
}

static void a_patch_without_a_change_leaves_no_trace(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = yard_create(y, GATES, full);
    yard_expect(a, yard_patch(y, GATE, id, "\"1\"", "{\"height\":4,\"colours\":[\"red\"],\"due_on\":\"2028-02-29\"}", &a), 200);
    assert_string_equal(ask_text(a, "version"), "1");
    ask_free(a);
    yard_expect(a, yard_patch(y, GATE, id, "\"1\"", "{}", &a), 200);
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT count(*)::text FROM core.event WHERE record_id = '%s'", id), "1");
}

static void patch_needs_the_version_it_was_made_from(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Gate\"}");
    static const struct {
        const char *tag;
        int status;
        const char *code;
    } cases[] = {
        {NULL, 428, "if_match_required"},         {"\"2\"", 412, "version_mismatch"},    {"1", 400, "bad_if_match"},
        {"W/\"1\"", 400, "bad_if_match"},         {"\"1\", \"2\"", 400, "bad_if_match"}, {"*", 400, "bad_if_match"},
        {"\"99999999999\"", 400, "bad_if_match"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = yard_ask(y);
        ask_header(a, "Content-Type", "application/json; charset=utf-8");
        if (cases[i].tag)
            ask_header(a, "If-Match", cases[i].tag);
        ask_body(a, "{\"title\":\"Other\"}");
        assert_int_equal(ask(a, "PATCH", GATE, id), cases[i].status);
        assert_true(ask_told(a, cases[i].code, NULL));
        ask_free(a);
    }
    struct ask *a = yard_read(y, GATE, id);
    assert_string_equal(ask_text(a, "title"), "Gate");
    ask_free(a);
}

static void patch_takes_json_only(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    ask_header(a, "Content-Type", "application/jsonx");
    ask_body(a, "{}");
    assert_int_equal(ask(a, "PATCH", GATE, "01990000-0000-7000-8000-000000000bad"), 415);
    ask_free(a);
}

static void archived_records_are_out_of_the_way(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = yard_create(y, GATES, "{\"title\":\"Old\",\"serial\":\"S-1\"}");
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    assert_int_equal(ask(a, "POST", GATE ":restore", id), 409);
    assert_true(ask_told(a, "not_archived", NULL));
    ask_free(a);
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", GATE ":archive", id), 200);
    assert_int_equal(a->fake.statements, 1);
    assert_non_null(ask_text(a, "archived_at"));
    assert_string_equal(ask_text(a, "version"), "2");
    assert_string_equal(ask_text(a, "actions"), "[\"restore\"]");
    ask_free(a);

    assert_int_equal(yard_patch(y, GATE, id, "\"2\"", "{\"title\":\"New\"}", &a), 409);
    assert_true(ask_told(a, "archived", NULL));
    ask_free(a);
    const char *next = yard_create(y, GATES, "{\"title\":\"Young\",\"serial\":\"S-1\"}"); /* the value is free again */

    a = yard_ask(y);
    ask_header(a, "If-Match", "\"2\"");
    assert_int_equal(ask(a, "POST", GATE ":archive", id), 409);
    ask_free(a);
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"2\"");
    assert_int_equal(ask(a, "POST", GATE ":restore", id), 409); /* and taken by now */
    assert_true(ask_told(a, "duplicate", "/serial"));
    ask_free(a);
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", GATE ":archive", next), 200);
    ask_free(a);
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"2\"");
    yard_expect(a, ask(a, "POST", GATE ":restore", id), 200);
    assert_null(ask_text(a, "archived_at"));
    ask_free(a);
    assert_string_equal(
        yard_value(y, "SELECT string_agg(verb || version, ' ' ORDER BY id) FROM core.event WHERE record_id = '%s'", id),
        "create1 archive2 restore3");
}

static void constraints_are_told_at_their_member(void **state)
{
    struct yard_db *y = *state;
    yard_create(y, GATES, "{\"title\":\"First\",\"serial\":\"X\"}");
    struct ask *moat = yard_ask(y);
    moat->fake.request.tenant = y->moat;
    ask_body(moat, "{\"name\":\"Theirs\"}");
    yard_expect(moat, ask(moat, "POST", TOWERS, NULL), 201);
    char foreign[200];
    snprintf(foreign, sizeof foreign, "{\"title\":\"Gate\",\"tower_id\":\"%s\"}", ask_text(moat, "id"));
    ask_free(moat);
    struct {
        const char *body;
        int status;
        const char *code, *pointer;
    } cases[] = {
        {"{\"title\":\"Second\",\"serial\":\"X\"}", 409, "duplicate", "/serial"},
        {"{\"title\":\"Gate\",\"owner_id\":\"01990000-0000-7000-8000-000000000bad\"}", 422, "unknown_reference", "/owner_id"},
        {foreign, 422, "unknown_reference", "/tower_id"}, /* another tenant's: the same as none */
        {"{\"title\":\"Gate\",\"height\":7}", 422, "steep", "/height"},
    };
    const char *before = yard_value(y, "SELECT count(*)::text FROM core.event");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = yard_ask(y);
        ask_body(a, cases[i].body);
        yard_expect(a, ask(a, "POST", GATES, NULL), cases[i].status);
        assert_true(ask_told(a, cases[i].code, cases[i].pointer));
        ask_free(a);
    }
    assert_string_equal(yard_value(y, "SELECT count(*)::text FROM core.event"), before);
}

static void rules_in_c_read_and_complete_the_record(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = yard_create(y, TOWERS, "{\"name\":\"Green\",\"rooms\":[\"hall\"]}");
    a = yard_read(y, TOWER, id);
    assert_string_equal(ask_text(a, "floors"), "3"); /* of the initial height */
    ask_free(a);
    yard_expect(a, yard_patch(y, TOWER, id, "\"1\"", "{\"height\":31}", &a), 200);
    assert_string_equal(ask_text(a, "floors"), "10");
    assert_string_equal(ask_text(a, "rooms"), "[\"hall\"]");
    ask_free(a);
    assert_int_equal(yard_patch(y, TOWER, id, "\"2\"", "{\"name\":\"Babel\"}", &a), 422);
    assert_true(ask_told(a, "too_high", "/name"));
    ask_free(a);
    assert_int_equal(yard_patch(y, TOWER, id, "\"1\"", "{\"name\":\"Red\"}", NULL), 412);
    /* refused after it was written: nothing of it stays */
    assert_int_equal(yard_patch(y, TOWER, id, "\"2\"", "{\"name\":\"Pisa\"}", NULL), 422);
    a = yard_read(y, TOWER, id);
    assert_string_equal(ask_text(a, "name"), "Green");
    ask_free(a);
    assert_string_equal(
        yard_value(y, "SELECT string_agg(verb || version, ' ' ORDER BY id) FROM core.event WHERE record_id = '%s'", id),
        "create1 update2");
}

static void what_a_later_rule_refuses_is_undone(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    ask_body(a, "{\"name\":\"Pisa\"}");
    assert_int_equal(ask(a, "POST", TOWERS, NULL), 422);
    assert_true(ask_told(a, "leans", "/name"));
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT count(*)::text FROM yard.tower WHERE name = 'Pisa'"), "0");
    const char *id = yard_create(y, TOWERS, "{\"name\":\"Tall\",\"height\":99}");
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    assert_int_equal(ask(a, "POST", TOWER ":archive", id), 409);
    ask_free(a);
    a = yard_read(y, TOWER, id);
    assert_null(ask_text(a, "archived_at"));
    ask_free(a);
}

static void code_writes_as_the_api_does(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    struct bl_request *r = &a->fake.request;
    json_t *body = json_pack("{s:s}", "name", "Coded"), *record = NULL;
    ask_route(a, "POST", TOWERS);
    assert_int_equal(bl_create(r, "yard.towers", body, &record), BL_OK);
    const char *id = json_string_value(json_object_get(record, "id"));
    assert_int_equal(json_integer_value(json_object_get(record, "floors")), 3);
    json_object_set_new(body, "name", json_string("Recoded"));
    assert_int_equal(bl_update(r, "yard.towers", id, body, &record), BL_OK);
    assert_int_equal(json_integer_value(json_object_get(record, "version")), 2);
    assert_int_equal(bl_update(r, "yard.towers", "no-uuid", body, NULL), BL_NOT_FOUND);
    a->refused = "yard.tower:write";
    assert_int_equal(bl_create(r, "yard.towers", body, NULL), BL_FORBIDDEN);
    assert_int_equal(bl_create(r, "yard.bridges", body, NULL), BL_NOT_FOUND);
    assert_true(db_script(y->app, "COMMIT"));
    json_decref(body);
    ask_free(a);
}

static const char *terms_of(struct yard_db *y, const char *id)
{
    return yard_value(
        y, "SELECT string_agg(lexeme || ':' || weight, ' ' ORDER BY lexeme) FROM core.search_term WHERE record_id = '%s'", id);
}

static void search_terms_follow_the_record(void **state)
{
    struct yard_db *y = *state;
    const char *id =
        yard_create(y, GATES, "{\"title\":\"North Gate\",\"note\":\"gate of oak\",\"tags\":[\"old oak\"],\"height\":5}");
    const char *number =
        yard_value(y, "SELECT substring(ref from 5) FROM yard.gate WHERE id = '%s'", id); /* "-7": as it is parsed */
    char wanted[200];
    snprintf(wanted, sizeof wanted, "%s:4 gate:4 north:4 oak:2 of:1 old:2", number);
    assert_string_equal(terms_of(y, id), wanted);
    assert_int_equal(yard_patch(y, GATE, id, "\"1\"", "{\"height\":6}", NULL), 200);
    assert_string_equal(terms_of(y, id), wanted);
    assert_int_equal(yard_patch(y, GATE, id, "\"2\"", "{\"title\":\"South Oak\",\"tags\":[]}", NULL), 200);
    snprintf(wanted, sizeof wanted, "%s:4 gate:4 oak:4 of:1 south:4", number);
    assert_string_equal(terms_of(y, id), wanted);
}

static void append_only_takes_no_change(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    ask_body(a, "{\"text\":\"seen\"}");
    yard_expect(a, ask(a, "POST", "yard/log-entries", NULL), 201);
    assert_string_equal(ask_text(a, "actions"), "[]");
    ask_free(a);
    size_t count;
    const struct engine_route *routes = engine_routes(y->engine, &count);
    for (size_t i = 0; i < count; i++)
        if (strstr(routes[i].path, "yard/log-entries"))
            assert_true(strcmp(routes[i].method, "PATCH") != 0 && !strstr(routes[i].path, ":archive"));
}

/* The word for a plugin's own routes: here, archived or not; anybody else's id is like one that nobody has. */
static void code_asks_whether_a_record_is_there(void **state)
{
    struct yard_db *y = *state;
    const char *own = yard_create(y, GATES, "{\"title\":\"Here\"}");
    const struct {
        const char *tenant, *resource, *id, *pointer;
        enum bl_status status;
    } cases[] = {
        {y->keep, "yard.gates", own, NULL, BL_OK},
        {y->keep, "yard.gates", y->anna, NULL, BL_NOT_FOUND},
        {y->keep, "yard.gates", "no id", NULL, BL_NOT_FOUND},
        {y->keep, "yard.gates", NULL, "/gate_id", BL_UNPROCESSABLE},
        {y->keep, "yard.towers", own, NULL, BL_NOT_FOUND}, /* another resource's */
        {y->keep, "yard.bridges", own, NULL, BL_NOT_FOUND},
        {y->moat, "yard.gates", own, NULL, BL_NOT_FOUND},
        {y->moat, "yard.gates", own, "/gate_id", BL_UNPROCESSABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = yard_ask(y);
        a->fake.request.tenant = cases[i].tenant;
        ask_route(a, "GET", GATES);
        enum bl_status status = bl_there(&a->fake.request, cases[i].resource, cases[i].id, cases[i].pointer);
        if (status != cases[i].status)
            fail_msg("case %zu: %d", i, (int)status);
        assert_true(db_script(y->app, "COMMIT"));
        ask_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_keeps_every_kind_of_value),
        cmocka_unit_test(what_is_left_out_is_initial_or_null),
        cmocka_unit_test(references_count_per_tenant),
        cmocka_unit_test(what_is_not_there_is_404_for_everybody),
        cmocka_unit_test(fields_choose_members),
        cmocka_unit_test(patch_changes_what_it_names),
        cmocka_unit_test(a_patch_without_a_change_leaves_no_trace),
        cmocka_unit_test(patch_needs_the_version_it_was_made_from),
        cmocka_unit_test(patch_takes_json_only),
        cmocka_unit_test(archived_records_are_out_of_the_way),
        cmocka_unit_test(constraints_are_told_at_their_member),
        cmocka_unit_test(rules_in_c_read_and_complete_the_record),
        cmocka_unit_test(what_a_later_rule_refuses_is_undone),
        cmocka_unit_test(code_writes_as_the_api_does),
        cmocka_unit_test(search_terms_follow_the_record),
        cmocka_unit_test(code_asks_whether_a_record_is_there),
        cmocka_unit_test(append_only_takes_no_change),
    };
    return cmocka_run_group_tests(tests, yard_up, yard_down);
}
