/* core.enter: who comes in, who does not, and that nothing of a tenant outlives its transaction. */
#include "database.h"

#define ENTER "SELECT core.enter($1::uuid, $2::uuid, $3, '{test_reader}')"

struct people {
    char tenant[UUID_TEXT], other[UUID_TEXT], member[UUID_TEXT], stranger[UUID_TEXT];
};
static struct people p;

static int setup(void **state)
{
    world_make(state);
    struct world *w = *state;
    make_organisation(w, p.tenant);
    make_organisation(w, p.other);
    make_user(w, p.member);
    make_user(w, p.stranger);
    make_member(w, p.tenant, p.member, "{test_reader,test_writer}");
    make_member(w, p.other, p.stranger, "{test_reader}");
    run(w, w->super, "INSERT INTO core.counter VALUES ($1::uuid, 'mine', 1), ($2::uuid, 'theirs', 1)", p.tenant, p.other);
    return 0;
}

static const char *setting(struct world *w)
{
    return text_of(w, w->app, "SELECT coalesce(current_setting('ballium.tenant', true), '')");
}

static void a_member_enters_and_is_told_the_roles(void **state)
{
    struct world *w = *state;
    run(w, w->app, "BEGIN READ ONLY");
    assert_string_equal(text_of(w, w->app, ENTER, p.member, p.tenant, "test.thing:read"), "test_reader,test_writer");
    assert_string_equal(setting(w), p.tenant);
    assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.counter"), 1);
    assert_string_equal(text_of(w, w->app, "SELECT register FROM core.counter"), "mine");
    assert_string_equal(text_of(w, w->app, "SELECT id FROM core.member"), p.member);
    assert_string_equal(text_of(w, w->app, "SELECT tenant_id FROM core.this_organisation"), p.tenant);
    run(w, w->app, "COMMIT");
}

static void without_a_permission_any_member_enters(void **state)
{
    struct world *w = *state;
    run(w, w->app, "BEGIN");
    assert_string_equal(text_of(w, w->app, ENTER, p.member, p.tenant, NULL), "test_reader,test_writer");
}

static void a_missing_permission_is_403_and_sets_nothing(void **state)
{
    struct world *w = *state;
    static const char *const held_by_others[] = {
        "SELECT core.enter($1::uuid, $2::uuid, 'test.thing:write', '{owner,reader}')",
        "SELECT core.enter($1::uuid, $2::uuid, 'test.thing:write', '{}')",
        "SELECT core.enter($1::uuid, $2::uuid, 'test.thing:write', NULL)",
        "SELECT core.enter($1::uuid, $2::uuid, 'test.thing:write')", /* nobody is named: nobody may */
    };
    for (size_t i = 0; i < sizeof held_by_others / sizeof *held_by_others; i++) {
        run(w, w->app, "BEGIN");
        refused(w, w->app, "BL403", held_by_others[i], p.member, p.tenant);
        assert_non_null(strstr(db_error(w->app)->message, "test.thing:write"));
        db_rollback(w->app);
        assert_string_equal(setting(w), "");
    }
}

/* Not a member, no such organisation, no such person: one answer, so that nobody can ask which organisations exist. */
static void strangers_are_404_and_cannot_tell_why(void **state)
{
    struct world *w = *state;
    const char *nobody = "00000000-0000-7000-8000-000000000000";
    const char *const cases[][2] = {{p.stranger, p.tenant}, {p.member, p.other}, {p.member, nobody}, {nobody, p.tenant}};
    char first[512] = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(w, w->app, "BEGIN");
        refused(w, w->app, "BL404", ENTER, cases[i][0], cases[i][1], "test.thing:read");
        const struct db_error *e = db_error(w->app);
        if (i == 0)
            snprintf(first, sizeof first, "%s", e->message);
        assert_string_equal(e->message, first);
        assert_string_equal(e->detail, "");
        db_rollback(w->app);
    }
}

/* Takes effect at the next transaction: there is no cache to wait for. */
static void shut_out(struct world *w, const char *change, const char *undo, const char *id)
{
    run(w, w->super, change, id);
    run(w, w->app, "BEGIN");
    refused(w, w->app, "BL404", ENTER, p.member, p.tenant, NULL);
    db_rollback(w->app);
    run(w, w->super, undo, id);
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    db_rollback(w->app);
}

static void a_suspended_person_is_out(void **state)
{
    shut_out(*state, "UPDATE core.user_account SET status = 'suspended' WHERE id = $1::uuid",
             "UPDATE core.user_account SET status = 'active' WHERE id = $1::uuid", p.member);
}

static void a_suspended_organisation_is_closed(void **state)
{
    shut_out(*state, "UPDATE core.organisation SET status = 'suspended' WHERE id = $1::uuid",
             "UPDATE core.organisation SET status = 'active' WHERE id = $1::uuid", p.tenant);
}

static void an_ended_membership_is_out(void **state)
{
    shut_out(*state, "UPDATE core.membership SET status = 'ended' WHERE user_id = $1::uuid",
             "UPDATE core.membership SET status = 'active' WHERE user_id = $1::uuid", p.member);
}

static void a_second_entry_is_refused(void **state)
{
    struct world *w = *state;
    run(w, w->super, "INSERT INTO core.membership VALUES ($1::uuid, $2::uuid, '{test_reader}') ON CONFLICT DO NOTHING", p.other,
        p.member);
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    refused(w, w->app, "BL500", ENTER, p.member, p.other, NULL);
    db_rollback(w->app);
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    refused(w, w->app, "BL500", ENTER, p.member, p.tenant, NULL);
    db_rollback(w->app);
    run(w, w->super, "DELETE FROM core.membership WHERE tenant_id = $1::uuid AND user_id = $2::uuid", p.other, p.member);
}

static void nothing_outlives_the_transaction(void **state)
{
    struct world *w = *state;
    const char *const ends[] = {"COMMIT", "ROLLBACK"};
    for (size_t i = 0; i < 2; i++) {
        run(w, w->app, "BEGIN");
        run(w, w->app, ENTER, p.member, p.tenant, NULL);
        run(w, w->app, ends[i]);
        assert_string_equal(setting(w), "");
        assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.counter"), 0);
        assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.member"), 0);
        assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.this_organisation"), 0);
    }
    /* The next transaction of the same connection is another tenant's alone. */
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.stranger, p.other, NULL);
    assert_string_equal(text_of(w, w->app, "SELECT string_agg(register, ',') FROM core.counter"), "theirs");
    assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.counter WHERE tenant_id = $1::uuid", p.tenant), 0);
}

/* One flush, as a request sends it: a refusal keeps the work behind it from running. */
static void a_refusal_stops_the_work_in_the_same_flush(void **state)
{
    struct world *w = *state;
    struct bl_rows *out[4];
    db_queue(w->app, "BEGIN", NULL, 0);
    db_queue(w->app, ENTER, (const char *[]){p.stranger, p.tenant, NULL}, 3);
    db_queue(w->app, "INSERT INTO core.counter VALUES ($1::uuid, 'stolen', 1)", (const char *[]){p.tenant}, 1);
    db_queue(w->app, "COMMIT", NULL, 0);
    assert_int_equal(db_flush(w->app, w->arena, out), BL_INTERNAL);
    assert_int_equal(db_error(w->app)->index, 1);
    db_rollback(w->app);
    assert_int_equal(number_of(w, w->super, "SELECT count(*) FROM core.counter WHERE register = 'stolen'"), 0);
}

static void a_tenant_cannot_write_for_another(void **state)
{
    struct world *w = *state;
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    refused(w, w->app, "42501", "INSERT INTO core.counter VALUES ($1::uuid, 'foreign', 1)", p.other);
    db_rollback(w->app);
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    refused(w, w->app, "42501", "UPDATE core.counter SET tenant_id = $1::uuid", p.other);
    db_rollback(w->app);
    run(w, w->app, "BEGIN");
    run(w, w->app, ENTER, p.member, p.tenant, NULL);
    run(w, w->app, "UPDATE core.counter SET value = 99 WHERE tenant_id = $1::uuid", p.other);
    run(w, w->app, "COMMIT");
    assert_int_equal(number_of(w, w->super, "SELECT value FROM core.counter WHERE tenant_id = $1::uuid", p.other), 1);
}

/* Functions that run as the owner see every organisation's directory: each acts for the one that was entered. */
static void a_function_acts_for_the_organisation_that_was_entered(void **state)
{
    struct world *w = *state;
    static const char *const acts[] = {
        "SELECT core.organisation_rename($1::uuid, $2::uuid, 'Mine', gen_random_uuid(), 'r')",
        "SELECT core.organisation_status($1::uuid, $2::uuid, 'suspend', NULL, gen_random_uuid(), 'r')",
        "SELECT core.organisation_close($1::uuid, $2::uuid, NULL::date, NULL, gen_random_uuid(), 'r')",
        "SELECT core.member_write($1::uuid, $2::uuid, 'remove', $2::uuid, NULL, NULL, NULL, gen_random_uuid(), 'r')",
        "SELECT core.role_write($1::uuid, $2::uuid, 'create', 'my-role', NULL, 'Mine', '{}', gen_random_uuid(), 'r')",
        "SELECT core.invite($1::uuid, $2::uuid, gen_random_uuid(), 'a@example.org', '{reader}', '\\x00', 1, gen_random_uuid(), "
        "'r')",
        "SELECT core.door_open($1::uuid, gen_random_uuid(), 'operation.report', '\\x00', $2::uuid, gen_random_uuid(), 'r')",
    };
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        run(w, w->app, "BEGIN");
        run(w, w->app, ENTER, p.member, p.tenant, NULL);
        refused(w, w->app, "BL500", acts[i], p.other, p.member);
        db_rollback(w->app);
    }
}

static void the_lists_of_people_and_organisations_are_out_of_reach(void **state)
{
    struct world *w = *state;
    refused(w, w->app, "42501", "SELECT count(*) FROM core.organisation");
    refused(w, w->app, "42501", "SELECT count(*) FROM core.user_account");
    refused(w, w->app, "42501", "SELECT count(*) FROM core.role_grant");
    refused(w, w->app, "42501", "SELECT count(*) FROM core.engagement");
    refused(w, w->app, "42501", "UPDATE core.role SET permissions = '{x}'");
    refused(w, w->app, "42501", "UPDATE core.membership SET roles = '{owner}'");
    refused(w, w->app, "42501", "CREATE TEMPORARY TABLE own (a integer)");
    refused(w, w->app, "42501", "SET ROLE ballium_owner");
    refused(w, w->app, "42501", "SELECT core.fence('core.counter')");
}

static void an_organisation_is_found_by_slug_or_id(void **state)
{
    struct world *w = *state;
    const char *slug = text_of(w, w->super, "SELECT slug FROM core.organisation WHERE id = $1::uuid", p.tenant);
    const char *upper = text_of(w, w->super, "SELECT upper($1)", p.tenant);
    assert_string_equal(text_of(w, w->app, "SELECT id FROM core.find_organisation($1)", slug), p.tenant);
    assert_string_equal(text_of(w, w->app, "SELECT slug FROM core.find_organisation($1)", p.tenant), slug);
    assert_string_equal(text_of(w, w->app, "SELECT id FROM core.find_organisation($1)", upper), p.tenant);
    assert_int_equal(number_of(w, w->app, "SELECT count(*) FROM core.find_organisation($1)", "no-such-place"), 0);
    assert_int_equal(
        number_of(w, w->app, "SELECT count(*) FROM core.find_organisation($1)", "zzzzzzzz-0000-0000-0000-000000000000"), 0);
}

#define CASE(name) cmocka_unit_test_teardown(name, world_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_member_enters_and_is_told_the_roles),
        CASE(without_a_permission_any_member_enters),
        CASE(a_missing_permission_is_403_and_sets_nothing),
        CASE(strangers_are_404_and_cannot_tell_why),
        CASE(a_suspended_person_is_out),
        CASE(a_suspended_organisation_is_closed),
        CASE(an_ended_membership_is_out),
        CASE(a_second_entry_is_refused),
        CASE(nothing_outlives_the_transaction),
        CASE(a_refusal_stops_the_work_in_the_same_flush),
        CASE(a_tenant_cannot_write_for_another),
        CASE(a_function_acts_for_the_organisation_that_was_entered),
        CASE(the_lists_of_people_and_organisations_are_out_of_reach),
        CASE(an_organisation_is_found_by_slug_or_id),
    };
    return cmocka_run_group_tests(tests, setup, world_end);
}
