/* What a caller reads when a statement has failed. */
#include "yard_unit.h"

static void failures_become_words(void **state)
{
    static const struct {
        struct db_error error;
        int status;
        const char *code, *pointer, *word;
    } cases[] = {
        {{.state = "23503", .schema = "yard", .table = "gate", .constraint = "gate_owner_id_fk"},
         422,
         "unknown_reference",
         "/owner_id",
         "does not exist"},
        {{.state = "23505", .schema = "yard", .table = "gate", .constraint = "gate_serial_key"},
         409,
         "duplicate",
         "/serial",
         "taken"},
        {{.state = "23514", .schema = "yard", .table = "gate", .constraint = "gate_height_check"},
         422,
         "not_allowed",
         "/height",
         ""},
        {{.state = "23514", .schema = "yard", .table = "gate", .constraint = "gate_steep_check"},
         422,
         "steep",
         "/height",
         "seven"},
        /* another table's, or no field's: ours to look at, not the caller's */
        {{.state = "23505", .schema = "yard", .table = "gate", .constraint = "gate_pk"}, 500, "internal", NULL, "logged"},
        {{.state = "23505", .schema = "core", .table = "event", .constraint = "event_pk"}, 500, "internal", NULL, "logged"},
        {{.state = "23505", .schema = "yar", .table = "d.gate", .constraint = "gate_serial_key"},
         500,
         "internal",
         NULL,
         "logged"},
        /* no constraint of a field of this table, however like one it looks */
        {{.state = "23514", .schema = "yard", .table = "gate", .constraint = "date_height_check"},
         500,
         "internal",
         NULL,
         "logged"},
        {{.state = "23514", .schema = "yard", .table = "gate", .constraint = "gatexheight_check"},
         500,
         "internal",
         NULL,
         "logged"},
        {{.state = "23514", .schema = "yard", .table = "gate", .constraint = "gate_heightxcheck"},
         500,
         "internal",
         NULL,
         "logged"},
        {{.state = "23502", .schema = "yard", .table = "gate", .column = "title"}, 500, "internal", NULL, "logged"},
        {{.state = "BL404", .message = "no such organisation"}, 404, "not_found", NULL, "no such organisation"},
        {{.state = "BL403", .message = "your roles do not"}, 403, "forbidden", NULL, "your roles"},
        {{.state = "BL409", .message = "not now"}, 409, "conflict", NULL, "not now"},
        {{.state = "BL500", .message = "entered twice"}, 500, "internal", NULL, "logged"}, /* not its text */
        {{.state = "22P02", .message = "invalid input syntax for type uuid: \"x\""}, 400, "bad_value", NULL, "form"},
        {{.state = "22003", .message = "integer out of range"}, 400, "bad_value", NULL, "too large"},
        {{.state = "42P01", .message = "relation \"secret\" does not exist"}, 500, "internal", NULL, "logged"},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        int status = engine_explain(&a->fake.request, y->engine, &cases[i].error);
        if (status != cases[i].status || !ask_told(a, cases[i].code, cases[i].pointer)) {
            char *told = json_dumps(a->fake.problems, 0);
            fail_msg("%s %s: %d, %s", cases[i].error.state, cases[i].error.constraint, status, told);
        }
        assert_int_equal(json_array_size(a->fake.problems), 1);
        const char *detail = json_string_value(json_object_get(json_array_get(a->fake.problems, 0), "detail"));
        assert_non_null(strstr(detail, cases[i].word));
        if (status == 500)
            assert_null(strstr(detail, "secret"));
        ask_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_become_words),
    };
    return cmocka_run_group_tests(tests, yard_unit_up, yard_unit_down);
}
