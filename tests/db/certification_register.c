/* The public register: read by everybody, written only by certification.publish for the body whose tenant was entered. */
#include "database.h"

static char body[UUID_TEXT], rival[UUID_TEXT], client[UUID_TEXT], person[UUID_TEXT];

#define ENTRY                                                                                                                    \
    "jsonb_build_object('name', 'A client', 'address', 'x', 'city', 'x', 'country', 'DE', 'status', 'Active', 'standard', "      \
    "'ISO/IEC 27001:2022', 'scope', 'x', 'sites', '[]'::jsonb, 'expires_on', '2099-01-01')"
#define STATUS "SELECT coalesce((SELECT status FROM certification.public_register WHERE number = $1), 'none')"

static int setup(void **state)
{
    world_make(state);
    struct world *w = *state;
    char *const ids[] = {body, rival, client};
    make_user(w, person);
    for (size_t i = 0; i < 3; i++) {
        make_organisation(w, ids[i]);
        make_member(w, ids[i], person, "{owner}");
    }
    run(w, w->super, "UPDATE core.organisation SET kind = 'certification_body' WHERE id IN ($1::uuid, $2::uuid)", body, rival);
    return 0;
}

/* In a transaction of that organisation. */
static void publish(struct world *w, const char *tenant, const char *number, const char *status)
{
    run(w, w->app, "BEGIN");
    run(w, w->app, "SELECT core.enter($1::uuid, $2::uuid, NULL)", person, tenant);
    if (status)
        run(w, w->app, "SELECT certification.publish($1, " ENTRY " || jsonb_build_object('status', $2::text))", number, status);
    else
        run(w, w->app, "SELECT certification.publish($1, NULL)", number);
    run(w, w->app, "COMMIT");
}

static void only_the_body_writes_and_only_its_own(void **state)
{
    struct world *w = *state;
    const char *number = body; /* one that no other run has used */
    publish(w, client, number, "Active");
    assert_string_equal(text_of(w, w->app, STATUS, number), "none"); /* a client certifies nobody */
    publish(w, body, number, "Active");
    assert_string_equal(text_of(w, w->app, STATUS, number), "Active"); /* read without a tenant */
    publish(w, rival, number, "Withdrawn");
    publish(w, rival, number, NULL);
    assert_string_equal(text_of(w, w->app, STATUS, number), "Active"); /* the number is another body's */
    publish(w, body, number, "Suspended");
    assert_string_equal(text_of(w, w->app, STATUS, number), "Suspended");
    publish(w, body, number, NULL);
    assert_string_equal(text_of(w, w->app, STATUS, number), "none");
}

static void without_a_tenant_nothing_is_published(void **state)
{
    struct world *w = *state;
    run(w, w->app, "SELECT certification.publish($1, " ENTRY ")", rival);
    assert_string_equal(text_of(w, w->app, STATUS, rival), "none");
}

static void the_table_itself_is_closed(void **state)
{
    struct world *w = *state;
    assert_int_equal(number_of(w, w->super,
                               "SELECT count(*) FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p"
                               " WHERE has_table_privilege('ballium_app', 'certification.public_register', p)"),
                     0);
    assert_int_equal(number_of(w, w->super,
                               "SELECT count(*) FROM pg_attribute WHERE attrelid = 'certification.public_register'::regclass"
                               " AND attname = 'tenant_id'"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_body_writes_and_only_its_own, NULL, world_clean),
        cmocka_unit_test_setup_teardown(without_a_tenant_nothing_is_published, NULL, world_clean),
        cmocka_unit_test_setup_teardown(the_table_itself_is_closed, NULL, world_clean),
    };
    return cmocka_run_group_tests(tests, setup, world_end);
}
