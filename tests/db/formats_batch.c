/* Batches on a real database: all or nothing, and every objection names its operation. */
#include "formats.h"

static struct ask *batch(struct yard_db *y, const char *path, const char *body, int wanted)
{
    struct ask *a = formats_ask(y);
    ask_body(a, body);
    yard_expect(a, ask(a, "POST", path, NULL), wanted);
    return a;
}

static void every_kind_of_operation(void **state)
{
    struct yard_db *y = *state;
    const char *first = yard_create(y, GATES, "{\"title\":\"first\"}");
    const char *second = yard_create(y, GATES, "{\"title\":\"second\",\"note\":\"n\",\"tags\":[\"t\"],\"height\":5}");
    const char *third = yard_create(y, GATES, "{\"title\":\"third\"}");
    struct ask *a = batch(y, GATES ":batch",
                          arena_format(y->arena,
                                       "{\"operations\":[{\"op\":\"create\",\"body\":{\"title\":\"made in a batch\"}},"
                                       "{\"op\":\"update\",\"id\":\"%s\",\"if_match\":\"\\\"1\\\"\",\"body\":{\"height\":4}},"
                                       "{\"op\":\"submit\",\"id\":\"%s\",\"if_match\":\"\\\"1\\\"\"},"
                                       "{\"op\":\"archive\",\"id\":\"%s\",\"if_match\":\"\\\"1\\\"\"},"
                                       "{\"op\":\"restore\",\"id\":\"%s\",\"if_match\":\"\\\"2\\\"\"}]}",
                                       first, second, third, third),
                          200);
    assert_string_equal(ask_text(a, "results/0/status"), "201");
    assert_string_equal(ask_text(a, "results/0/version"), "1");
    assert_ptr_equal(strstr(ask_text(a, "results/0/ref"), "GATE-"), ask_text(a, "results/0/ref"));
    assert_string_equal(ask_text(a, "results/1/id"), first);
    assert_string_equal(ask_text(a, "results/1/version"), "2");
    assert_string_equal(ask_text(a, "results/2/status"), "200");
    assert_string_equal(ask_text(a, "results/4/version"), "3");
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT status FROM yard.gate WHERE id = '%s'", second), "review");
    assert_string_equal(yard_value(y, "SELECT height FROM yard.gate WHERE id = '%s'", first), "4");
}

static void bad_bodies_are_all_named(void **state)
{
    struct yard_db *y = *state;
    long before = formats_count(y, "SELECT count(*) FROM yard.gate");
    struct ask *a = batch(y, GATES ":batch",
                          "{\"operations\":[{\"op\":\"create\",\"body\":{\"title\":\"good\"}},"
                          "{\"op\":\"create\",\"body\":{\"title\":\"x\",\"kind\":\"paper\"}},"
                          "{\"op\":\"melt\",\"id\":\"" NOBODY "\"},"
                          "{\"op\":\"update\",\"body\":{\"height\":99}},"
                          "{\"op\":\"archive\",\"id\":\"x\",\"if_match\":\"3\",\"body\":{}},"
                          "{\"op\":\"create\",\"id\":\"" NOBODY "\",\"extra\":1}, 7,"
                          "{\"op\":\"archive\",\"id\":\"" NOBODY "\",\"if_match\":\"\\\"1\\\"x\"},"
                          "{\"op\":\"archive\",\"id\":\"" NOBODY "\",\"if_match\":\"\\\"4294967297\\\"\"},"
                          "{\"op\":\"create\",\"body\":[]}]}",
                          422);
    static const char *const told[][2] = {
        {"too_short", "/operations/1/body/title"},
        {"not_allowed", "/operations/1/body/kind"},
        {"not_allowed", "/operations/2/op"},
        {"required", "/operations/3/id"},
        {"required", "/operations/3/if_match"},
        {"bad_id", "/operations/4/id"},
        {"bad_if_match", "/operations/4/if_match"},
        {"unknown_member", "/operations/4/body"},
        {"unknown_member", "/operations/5/id"},
        {"unknown_member", "/operations/5/extra"},
        {"required", "/operations/5/body"},
        {"type", "/operations/6"},
        {"bad_if_match", "/operations/7/if_match"},
        {"bad_if_match", "/operations/8/if_match"},
        {"type", "/operations/9/body"},
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (!ask_told(a, told[i][0], told[i][1]))
            fail_msg("%s at %s was not told", told[i][0], told[i][1]);
    }
    ask_free(a);
    assert_int_equal(formats_count(y, "SELECT count(*) FROM yard.gate"), before);
}

/* What only the database or a rule can say ends the batch there, and nothing of it stays. */
static void one_failure_undoes_all(void **state)
{
    struct yard_db *y = *state;
    const char *gate = yard_create(y, GATES, "{\"title\":\"stays as it is\"}");
    long before = formats_count(y, "SELECT count(*) FROM yard.gate");
    static const struct {
        const char *second, *code, *pointer;
        int status;
    } table[] = {
        {"{\"op\":\"create\",\"body\":{\"title\":\"steep\",\"height\":7}}", "steep", "/operations/1/body/height", 422},
        {"{\"op\":\"update\",\"id\":\"" NOBODY "\",\"if_match\":\"\\\"1\\\"\",\"body\":{}}", "not_found", "/operations/1", 404},
        {"{\"op\":\"update\",\"id\":\"@\",\"if_match\":\"\\\"9\\\"\",\"body\":{\"height\":1}}", "version_mismatch",
         "/operations/1", 412},
        {"{\"op\":\"approve\",\"id\":\"@\",\"if_match\":\"\\\"1\\\"\"}", "wrong_state", "/operations/1", 409},
        {"{\"op\":\"create\",\"body\":{\"title\":\"nobody's\",\"owner_id\":\"" NOBODY "\"}}", "unknown_reference",
         "/operations/1/body/owner_id", 422},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *second = table[i].second, *at = strstr(second, "\"@\"");
        if (at != NULL)
            second = arena_format(y->arena, "%.*s\"%s\"%s", (int)(at - second), second, gate, at + 3);
        struct ask *a =
            batch(y, GATES ":batch",
                  arena_format(y->arena, "{\"operations\":[{\"op\":\"create\",\"body\":{\"title\":\"undone\"}},%s]}", second),
                  table[i].status);
        if (!ask_told(a, table[i].code, table[i].pointer))
            yard_expect(a, 0, 1);
        ask_free(a);
    }
    assert_int_equal(formats_count(y, "SELECT count(*) FROM yard.gate"), before);
    assert_int_equal(formats_count(y, "SELECT count(*) FROM core.event WHERE change->'title'->>1 = 'undone'"), 0);
}

static void rules_speak_from_their_operation(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = batch(
        y, TOWERS ":batch",
        "{\"operations\":[{\"op\":\"create\",\"body\":{\"name\":\"Sound\"}},{\"op\":\"create\",\"body\":{\"name\":\"Babel\"}}]}",
        422);
    assert_true(ask_told(a, "too_high", "/operations/1/body/name"));
    ask_free(a);
    a = batch(y, TOWERS ":batch", "{\"operations\":[{\"op\":\"create\",\"body\":{\"name\":\"Pisa\"}}]}", 422);
    assert_true(ask_told(a, "leans", "/operations/0/body/name"));
    ask_free(a);
    assert_int_equal(formats_count(y, "SELECT count(*) FROM yard.tower WHERE name IN ('Sound', 'Pisa')"), 0);
}

static void each_operation_needs_its_permission(void **state)
{
    struct yard_db *y = *state;
    const char *gate = yard_create(y, GATES, "{\"title\":\"guarded\"}");
    struct ask *a = formats_ask(y);
    a->refused = "yard.gate:archive";
    ask_body(a, arena_format(a->arena, "{\"operations\":[{\"op\":\"archive\",\"id\":\"%s\",\"if_match\":\"\\\"1\\\"\"}]}", gate));
    assert_int_equal(ask(a, "POST", GATES ":batch", NULL), 403);
    assert_true(ask_told(a, "forbidden", "/operations/0"));
    ask_free(a);
}

static const char *entries(struct yard_db *y, int count)
{
    struct buf body = buf_new(y->arena, 1 << 16);
    buf_text(&body, "{\"operations\":[");
    for (int i = 0; i < count; i++)
        buf_format(&body, "%s{\"op\":\"create\",\"body\":{\"text\":\"entry %d\"}}", i ? "," : "", i);
    buf_text(&body, "]}");
    return body.data;
}

static void sizes_are_bounded(void **state)
{
    struct yard_db *y = *state;
    static const char *const bodies[] = {"{}", "{\"operations\":{}}", "{\"operations\":[]}", "{\"operations\":[],\"more\":1}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        ask_free(batch(y, GATES ":batch", bodies[i], 422));
    ask_free(batch(y, "yard/log-entries:batch", entries(y, 501), 422));
    struct ask *a = batch(y, "yard/log-entries:batch", entries(y, 500), 200);
    assert_int_equal(json_array_size(json_object_get(a->fake.answer, "results")), 500);
    ask_free(a);
    ask_free(batch(y, "yard/log-entries:batch",
                   "{\"operations\":[{\"op\":\"update\",\"id\":\"" NOBODY "\",\"if_match\":\"\\\"1\\\"\",\"body\":{}}]}", 422));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_operation),
        cmocka_unit_test(bad_bodies_are_all_named),
        cmocka_unit_test(one_failure_undoes_all),
        cmocka_unit_test(rules_speak_from_their_operation),
        cmocka_unit_test(each_operation_needs_its_permission),
        cmocka_unit_test(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, yard_up, yard_down);
}
