/* Bodies against the fields: what is refused, where, and what reaches the database. */
#include "yard_unit.h"

#include "resource/validate.h"
#include "resource/value.h"

static struct ask *validate(struct yard_unit *y, const struct plan *plan, enum plan_mode mode, const char *prefix,
                            const char *body, struct plan_values *values)
{
    struct ask *a = ask_new(y->engine, NULL);
    ask_body(a, body);
    a->status = resource_validate(&a->fake.request, plan, a->fake.body, mode, prefix, values);
    return a;
}

struct refusal {
    const char *body, *code, *pointer;
};

static void expect_refusals(struct yard_unit *y, const struct plan *plan, enum plan_mode mode, const struct refusal *cases,
                            size_t count)
{
    struct plan_values values;
    for (size_t i = 0; i < count; i++) {
        struct ask *a = validate(y, plan, mode, "", cases[i].body, &values);
        if (a->status != BL_UNPROCESSABLE || !ask_told(a, cases[i].code, cases[i].pointer)) {
            char *told = json_dumps(a->fake.problems, 0);
            fail_msg("%s: %s at %s was not told, but %s", cases[i].body, cases[i].code, cases[i].pointer, told);
        }
        ask_free(a);
    }
}
#define EXPECT(y, plan, mode, cases) expect_refusals(y, plan, mode, cases, sizeof(cases) / sizeof *(cases))

#define LONG_31 "\"1234567890123456789012345678901\""

static void values_are_refused_at_their_pointer(void **state)
{
    static const struct refusal cases[] = {
        {"{}", "required", "/title"},
        {"{\"title\":null}", "required", "/title"},
        {"{\"title\":1}", "type", "/title"},
        {"{\"title\":\"a\"}", "too_short", "/title"},
        {"{\"title\":" LONG_31 "}", "too_long", "/title"},
        {"{\"title\":\"   \"}", "blank", "/title"},
        {"{\"title\":\"\\u00a0\\u2003\\u3000\"}", "blank", "/title"},
        {"{\"title\":\"a\\nb\"}", "control_character", "/title"},
        {"{\"title\":\"a\\u007fb\"}", "control_character", "/title"},
        {"{\"title\":\"a\\u0085b\"}", "control_character", "/title"},
        {"{\"title\":\"ok\",\"note\":\"a\\rb\"}", "control_character", "/note"},
        {"{\"title\":\"ok\",\"kind\":\"stone\"}", "not_allowed", "/kind"},
        {"{\"title\":\"ok\",\"kind\":\"iron wood\"}", "not_allowed", "/kind"},
        {"{\"title\":\"ok\",\"kind\":\"\"}", "not_allowed", "/kind"},
        {"{\"title\":\"ok\",\"kind\":null}", "required", "/kind"},
        {"{\"title\":\"ok\",\"height\":0}", "out_of_range", "/height"},
        {"{\"title\":\"ok\",\"height\":11}", "out_of_range", "/height"},
        {"{\"title\":\"ok\",\"height\":3.0}", "type", "/height"},
        {"{\"title\":\"ok\",\"height\":\"3\"}", "type", "/height"},
        {"{\"title\":\"ok\",\"height\":true}", "type", "/height"},
        {"{\"title\":\"ok\",\"cost\":1.5}", "type", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"1.234\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"1.\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\".5\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"1e3\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"+1\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"NaN\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"99999999999999999\"}", "bad_decimal", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"1000.01\"}", "out_of_range", "/cost"},
        {"{\"title\":\"ok\",\"cost\":\"-0.01\"}", "out_of_range", "/cost"},
        {"{\"title\":\"ok\",\"locked\":1}", "type", "/locked"},
        {"{\"title\":\"ok\",\"due_on\":\"2026-02-29\"}", "bad_date", "/due_on"},
        {"{\"title\":\"ok\",\"due_on\":\"2026-2-1\"}", "bad_date", "/due_on"},
        {"{\"title\":\"ok\",\"due_on\":\"\"}", "bad_date", "/due_on"},
        {"{\"title\":\"ok\",\"seen_at\":\"2026-01-01\"}", "bad_time", "/seen_at"},
        {"{\"title\":\"ok\",\"due_on\":20260101}", "type", "/due_on"},
        {"{\"title\":\"ok\",\"seen_at\":1}", "type", "/seen_at"},
        {"{\"title\":\"ok\",\"owner_id\":7}", "type", "/owner_id"},
        {"{\"title\":\"ok\",\"owner_id\":\"anna\"}", "bad_id", "/owner_id"},
        {"{\"title\":\"ok\",\"tags\":\"x\"}", "type", "/tags"},
        {"{\"title\":\"ok\",\"tags\":[1]}", "type", "/tags"},
        {"{\"title\":\"ok\",\"tags\":[\"x\",\"x\"]}", "duplicate_value", "/tags"},
        {"{\"title\":\"ok\",\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]}", "too_many", "/tags"},
        {"{\"title\":\"ok\",\"tags\":[\" \"]}", "blank", "/tags"},
        {"{\"title\":\"ok\",\"colours\":[\"blue\"]}", "not_allowed", "/colours"},
        {"{\"title\":\"ok\",\"parts\":{}}", "type", "/parts"},
        {"{\"title\":\"ok\",\"parts\":[1]}", "type", "/parts/0"},
        {"{\"title\":\"ok\",\"parts\":[{\"name\":\"a\"},{}]}", "required", "/parts/1/name"},
        {"{\"title\":\"ok\",\"parts\":[{\"name\":\"a\",\"x/y~z\":1}]}", "unknown_member", "/parts/0/x~1y~0z"},
        {"{\"title\":\"ok\",\"parts\":[{\"name\":\"a\",\"amount\":10}]}", "out_of_range", "/parts/0/amount"},
        {"{\"title\":\"ok\",\"parts\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"d\"}]}", "too_many",
         "/parts"},
        {"{\"title\":\"ok\",\"nothing\":1}", "unknown_member", "/nothing"},
        {"{\"title\":\"ok\",\"id\":\"x\"}", "read_only", "/id"},
        {"{\"title\":\"ok\",\"status\":\"closed\"}", "read_only", "/status"},
        {"{\"title\":\"ok\",\"actions\":[]}", "read_only", "/actions"},
        {"{\"title\":\"ok\",\"score\":1}", "read_only", "/score"},
        {"{\"title\":\"ok\",\"weight\":1}", "read_only", "/weight"},
        {"{\"title\":\"ok\",\"tenant_id\":\"x\"}", "unknown_member", "/tenant_id"},
    };
    struct yard_unit *y = *state;
    EXPECT(y, y->gates, PLAN_CREATE, cases);
}

/* The reader of bodies lets none through; what a rule of an area makes is checked here. */
static void a_zero_byte_is_refused(void **state)
{
    struct yard_unit *y = *state;
    struct plan_values values;
    struct ask *a = ask_new(y->engine, NULL);
    json_t *body = json_pack("{s:o}", "title", json_stringn("a\0b", 3));
    assert_int_equal(resource_validate(&a->fake.request, y->gates, body, PLAN_CREATE, "", &values), BL_UNPROCESSABLE);
    assert_true(ask_told(a, "control_character", "/title"));
    json_decref(body);
    ask_free(a);
}

static void a_patch_names_only_what_may_change(void **state)
{
    static const struct refusal cases[] = {
        {"{\"serial\":\"S\"}", "fixed", "/serial"},
        {"{\"title\":null}", "required", "/title"},
        {"{\"locked\":null}", "required", "/locked"},
        {"{\"version\":2}", "read_only", "/version"},
    };
    struct yard_unit *y = *state;
    struct plan_values values;
    EXPECT(y, y->gates, PLAN_PATCH, cases);
    struct ask *a = validate(y, y->gates, PLAN_PATCH, "", "{\"height\":null,\"tags\":null,\"parts\":null}", &values);
    assert_int_equal(a->status, BL_OK);
    assert_int_equal(values.given, 1u << 3 | 1u << 10 | 1u << 12);
    assert_null(values.text[3]);
    assert_string_equal(values.text[10], "{}"); /* lists are never null in the table */
    assert_string_equal(values.text[12], "[]");
    ask_free(a);
}

static void good_values_reach_the_database_as_text(void **state)
{
    struct yard_unit *y = *state;
    struct plan_values v;
    struct ask *a =
        validate(y, y->gates, PLAN_CREATE, "",
                 "{\"title\":\"\\u00dc\\ud83d\\ude00\",\"note\":\"a\\n\\tb\",\"height\":10,\"cost\":\"-0.00\",\"locked\":true,"
                 "\"due_on\":\"2024-02-29\",\"seen_at\":\"2026-01-01T00:00:00+01:00\",\"tags\":[\"a\\\\\\\"b\",\"c d\"],"
                 "\"parts\":[{\"name\":\"n\",\"made_on\":null}]}",
                 &v);
    assert_int_equal(a->status, BL_OK);
    assert_string_equal(v.text[0], "Ü😀"); /* two characters: as many as must be */
    assert_string_equal(v.text[1], "a\n\tb");
    assert_string_equal(v.text[2], "iron");
    assert_string_equal(v.text[3], "10");
    assert_string_equal(v.text[4], "-0.00");
    assert_string_equal(v.text[5], "true");
    assert_string_equal(v.text[6], "2024-02-29");
    assert_string_equal(v.text[7], "2025-12-31T23:00:00.000000Z");
    assert_null(v.text[8]);
    assert_string_equal(v.text[10], "{\"a\\\\\\\"b\",\"c d\"}");
    assert_string_equal(v.text[11], "{}");
    assert_string_equal(v.text[12], "[{\"name\":\"n\",\"amount\":1}]");
    ask_free(a);
}

static void every_objection_is_told_at_once(void **state)
{
    struct yard_unit *y = *state;
    struct plan_values values;
    struct ask *a = validate(y, y->gates, PLAN_CREATE, "/items/3", "{\"kind\":1,\"height\":99,\"x\":1}", &values);
    assert_int_equal(json_array_size(a->fake.problems), 4);
    assert_true(ask_told(a, "required", "/items/3/title"));
    assert_true(ask_told(a, "type", "/items/3/kind"));
    assert_true(ask_told(a, "out_of_range", "/items/3/height"));
    assert_true(ask_told(a, "unknown_member", "/items/3/x"));
    ask_free(a);
}

static void objections_end_at_fifty(void **state)
{
    struct yard_unit *y = *state;
    struct plan_values values;
    char body[4000] = "{\"title\":\"ok\"";
    for (int i = 0; i < 200; i++)
        snprintf(body + strlen(body), sizeof body - strlen(body), ",\"m%d\":1", i);
    strcat(body, "}");
    struct ask *a = validate(y, y->gates, PLAN_CREATE, "", body, &values);
    assert_int_equal(a->status, BL_UNPROCESSABLE);
    assert_int_equal(json_array_size(a->fake.problems), VALIDATE_OBJECTIONS);
    ask_free(a);
}

static void a_body_is_an_object(void **state)
{
    struct yard_unit *y = *state;
    struct plan_values values;
    struct ask *a = validate(y, y->gates, PLAN_CREATE, "/items/0", "[1]", &values);
    assert_true(ask_told(a, "type", "/items/0"));
    ask_free(a);
}

static void input_of_a_transition(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    json_t *clean;
    ask_body(a, "{\"grade\":3,\"reason\":\"why\"}");
    assert_int_equal(validate_input(&a->fake.request, yard_reject_input, a->fake.body, "reason", &clean), BL_OK);
    assert_int_equal(json_object_size(clean), 1);
    assert_int_equal(json_integer_value(json_object_get(clean, "grade")), 3);
    ask_body(a, "{\"grade\":3,\"reason\":\"why\"}");
    assert_int_equal(validate_input(&a->fake.request, NULL, a->fake.body, "reason", &clean), BL_UNPROCESSABLE);
    assert_true(ask_told(a, "unknown_member", "/grade"));
    assert_int_equal(validate_input(&a->fake.request, yard_reject_input, NULL, "reason", &clean), BL_UNPROCESSABLE);
    assert_true(ask_told(a, "required", "/grade"));
    ask_free(a);
}

static void text_becomes_the_value_of_its_field(void **state)
{
    static const struct bl_field number = {.name = "n", .type = BL_INT}, yes = {.name = "b", .type = BL_BOOL},
                                 text = {.name = "t", .type = BL_TEXT};
    static const struct {
        const struct bl_field *field;
        const char *text, *json;
    } cases[] = {
        {&number, "12", "12"},     {&number, "-3", "-3"},   {&number, "1.5", "\"1.5\""}, {&number, " 1", "\" 1\""},
        {&number, "+1", "\"+1\""}, {&number, "-", "\"-\""}, {&number, "", "null"},       {&yes, "true", "true"},
        {&yes, "yes", "\"yes\""},  {&text, "12", "\"12\""}, {&text, "", "null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = value_from(cases[i].field, cases[i].text);
        char *dump = json_dumps(value, JSON_ENCODE_ANY);
        assert_string_equal(dump, cases[i].json);
        free(dump);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_refused_at_their_pointer),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(a_patch_names_only_what_may_change),
        cmocka_unit_test(good_values_reach_the_database_as_text),
        cmocka_unit_test(every_objection_is_told_at_once),
        cmocka_unit_test(objections_end_at_fifty),
        cmocka_unit_test(a_body_is_an_object),
        cmocka_unit_test(input_of_a_transition),
        cmocka_unit_test(text_becomes_the_value_of_its_field),
    };
    return cmocka_run_group_tests(tests, yard_unit_up, yard_unit_down);
}
