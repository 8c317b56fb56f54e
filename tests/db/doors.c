/* Doors: who holds the token comes in once per transaction, sixty times an hour, as long as the organisation is active. */
#include "database.h"

#define HASH "decode(repeat('ab', 32), 'hex')"
#define OTHER "decode(repeat('cd', 32), 'hex')"
#define ENTER "SELECT outcome, tenant FROM core.enter_door($1, $2, " HASH ", 60)"

static char here[UUID_TEXT], boss[UUID_TEXT];

static void open_door(struct world *w, const char *hash)
{
    char sql[300], door[UUID_TEXT], event[UUID_TEXT];
    uuid_v7(door);
    uuid_v7(event);
    snprintf(sql, sizeof sql, "SELECT core.door_open($1::uuid, $2::uuid, 'operation.report', %s, $3::uuid, $4::uuid, 'r')", hash);
    script(w->app, "BEGIN");
    run(w, w->app, "SELECT core.enter($1::uuid, $2::uuid, NULL)", boss, here);
    run(w, w->app, sql, here, door, boss, event);
    script(w->app, "COMMIT");
}

static int a_tenant(void **state)
{
    struct world *w = *state;
    world_clean(state);
    make_organisation(w, here);
    make_user(w, boss);
    make_member(w, here, boss, "{owner}");
    return 0;
}

/* "in", "busy", or "" when nobody opens. */
static const char *knock(struct world *w, const char *segment, const char *purpose)
{
    script(w->app, "BEGIN");
    struct bl_rows *rows = run(w, w->app, ENTER, segment, purpose);
    const char *outcome = db_count(rows) > 0 ? db_cell(rows, 0, 0) : "";
    const char *tenant = text_of(w, w->app, "SELECT core.tenant()::text");
    if (strcmp(outcome, "in") == 0)
        assert_string_equal(tenant, here);
    else
        assert_null(tenant);
    script(w->app, "COMMIT");
    return outcome;
}

static void the_token_opens(void **state)
{
    struct world *w = *state;
    assert_string_equal(knock(w, here, "operation.report"), ""); /* there is no door yet */
    open_door(w, HASH);
    assert_string_equal(knock(w, here, "operation.report"), "in");
    assert_string_equal(knock(w, here, "operation.other"), "");
    assert_string_equal(knock(w, boss, "operation.report"), "");
    open_door(w, OTHER); /* another token: the one before opens nothing */
    assert_string_equal(knock(w, here, "operation.report"), "");
}

static void an_hour_has_sixty_uses(void **state)
{
    struct world *w = *state;
    open_door(w, HASH);
    for (int i = 0; i < 60; i++)
        assert_string_equal(knock(w, here, "operation.report"), "in");
    assert_string_equal(knock(w, here, "operation.report"), "busy");
    run(w, w->super, "UPDATE core.door SET hour = now() - interval '61 minutes' WHERE organisation = $1::uuid", here);
    assert_string_equal(knock(w, here, "operation.report"), "in");
}

static void what_fails_counts_nothing(void **state)
{
    struct world *w = *state;
    open_door(w, HASH);
    script(w->app, "BEGIN");
    run(w, w->app, ENTER, here, "operation.report");
    script(w->app, "ROLLBACK");
    assert_int_equal(number_of(w, w->super, "SELECT used::bigint FROM core.door WHERE organisation = $1::uuid", here), 0);
}

static void a_closed_organisation_takes_nothing(void **state)
{
    struct world *w = *state;
    open_door(w, HASH);
    run(w, w->super, "UPDATE core.organisation SET status = 'suspended' WHERE id = $1::uuid", here);
    assert_string_equal(knock(w, here, "operation.report"), "");
}

static void doors_are_their_organisations(void **state)
{
    struct world *w = *state;
    char door[UUID_TEXT], there[UUID_TEXT];
    open_door(w, HASH);
    make_organisation(w, there);
    uuid_v7(door);
    refused(w, w->app, "42501", "SELECT hash FROM core.door WHERE organisation = $1::uuid", here);
    script(w->app, "BEGIN");
    run(w, w->app, "SELECT core.enter($1::uuid, $2::uuid, NULL)", boss, here);
    assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.this_door WHERE tenant_id = $1::uuid", here), 1);
    assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.this_door"), 1);
    refused(w, w->app, "BL500",
            "SELECT core.door_open($1::uuid, $2::uuid, 'operation.report', " HASH ", $3::uuid, $2::uuid, 'r')", there, door,
            boss);
    db_rollback(w->app);
    script(w->app, "BEGIN");
    run(w, w->app, ENTER, here, "operation.report");
    refused(w, w->app, "BL500", ENTER, here, "operation.report"); /* once in a transaction */
    db_rollback(w->app);
    assert_int_equal(
        number_of(w, w->super, "SELECT count(*) FROM core.event WHERE tenant_id = $1::uuid AND resource = 'core.doors'", here),
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_token_opens, a_tenant),
        cmocka_unit_test_setup(an_hour_has_sixty_uses, a_tenant),
        cmocka_unit_test_setup(what_fails_counts_nothing, a_tenant),
        cmocka_unit_test_setup(a_closed_organisation_takes_nothing, a_tenant),
        cmocka_unit_test_setup(doors_are_their_organisations, a_tenant),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
