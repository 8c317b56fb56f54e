/* What goes over the wire: one Sync per flush is one round trip; a statement is parsed once per connection. */
#include "database.h"
#include "wire.h"

struct counted {
    struct wire *wire;
    struct db *db;
    struct arena *arena;
    struct bl_rows *out[8];
};

static int open_with(void **state, bool prepared)
{
    struct counted *c = calloc(1, sizeof *c);
    *state = c;
    c->wire = wire_open(conninfo_of("BALLIUM_TEST_DATABASE"));
    c->arena = arena_new(64u << 20);
    c->db = db_new(c->wire->conninfo, prepared);
    assert_int_equal(db_ready(c->db), BL_OK);
    assert_int_equal(wire_messages(c->wire), 0); /* connecting asks nothing more than libpq does */
    return 0;
}

static int open_prepared(void **state)
{
    return open_with(state, true);
}

static int open_unprepared(void **state)
{
    return open_with(state, false);
}

static int close_counted(void **state)
{
    struct counted *c = *state;
    db_free(c->db);
    wire_close(c->wire);
    arena_free(c->arena);
    free(c);
    return 0;
}

static void queue_request(struct counted *c)
{
    db_queue(c->db, "BEGIN READ ONLY", NULL, 0);
    db_queue(c->db, "SELECT core.tenant()", NULL, 0);
    db_queue(c->db, "SELECT count(*) FROM core.counter WHERE tenant_id = $1",
             (const char *[]){"00000000-0000-7000-8000-000000000000"}, 1);
    db_queue(c->db, "COMMIT", NULL, 0);
}

static void request(struct counted *c)
{
    wire_reset(c->wire);
    assert_int_equal(db_ready(c->db), BL_OK);
    queue_request(c);
    assert_int_equal(db_flush(c->db, c->arena, c->out), BL_OK);
    assert_int_equal(db_integer(c->out[2], 0, 0), 0);
}

static void a_flush_is_one_round_trip(void **state)
{
    struct counted *c = *state;
    request(c);
    assert_int_equal(c->wire->messages['S'], 1);
    assert_int_equal(c->wire->messages['P'], 4); /* in the same flush as the first use */
    assert_int_equal(c->wire->messages['B'], 4);
    request(c);
    assert_int_equal(c->wire->messages['S'], 1);
    assert_int_equal(c->wire->messages['P'], 0);
    assert_int_equal(c->wire->messages['B'], 4);
    assert_int_equal(c->wire->messages['Q'], 0);
}

static void unprepared_statements_are_parsed_each_time(void **state)
{
    struct counted *c = *state;
    for (int i = 0; i < 2; i++) {
        request(c);
        assert_int_equal(c->wire->messages['S'], 1);
        assert_int_equal(c->wire->messages['P'], 4);
    }
    assert_int_equal(number_of(&(struct world){.arena = c->arena}, c->db, "SELECT count(*) FROM pg_prepared_statements"), 0);
}

static void a_repeated_text_is_parsed_once_in_a_flush(void **state)
{
    struct counted *c = *state;
    for (int i = 0; i < 3; i++)
        db_queue(c->db, "SELECT $1::integer", (const char *[]){i == 2 ? "2" : "1"}, 1);
    assert_int_equal(db_flush(c->db, c->arena, c->out), BL_OK);
    assert_int_equal(c->wire->messages['P'], 1);
    assert_int_equal(c->wire->messages['B'], 3);
    assert_int_equal(db_integer(c->out[2], 0, 0), 2);
}

static void what_is_dropped_is_never_sent(void **state)
{
    struct counted *c = *state;
    queue_request(c);
    db_rollback(c->db);
    assert_int_equal(db_flush(c->db, c->arena, c->out), BL_OK); /* nothing queued: nothing to do */
    queue_request(c);
    assert_int_equal(db_ready(c->db), BL_OK);
    assert_int_equal(wire_messages(c->wire), 0);
}

static void rollback_costs_a_round_trip_only_when_a_transaction_is_open(void **state)
{
    struct counted *c = *state;
    db_queue(c->db, "BEGIN", NULL, 0);
    db_queue(c->db, "SELECT 1/0", NULL, 0);
    assert_int_equal(db_flush(c->db, c->arena, c->out), BL_INTERNAL);
    wire_reset(c->wire);
    db_rollback(c->db);
    assert_int_equal(c->wire->messages['S'], 1);
    db_rollback(c->db);
    assert_int_equal(db_ready(c->db), BL_OK);
    assert_int_equal(c->wire->messages['S'], 1);
}

/* The first try is at once, the next one waits for its step: a dead server is not hammered by every request. */
static void attempts_to_connect_back_off(void **state)
{
    struct counted *c = *state;
    struct db *db = db_new(c->wire->conninfo, true);
    db_free(c->db);
    c->db = db;
    c->wire->refuse = true;
    wire_reset(c->wire);
    int64_t until = clock_monotonic() + 300000;
    int calls = 0;
    while (clock_monotonic() < until) {
        assert_int_equal(db_ready(db), BL_UNAVAILABLE);
        calls++;
    }
    assert_in_range(c->wire->accepted, 2, 6); /* after 0, 10, 30, 70, 150 ms and the time each try takes */
    assert_true(calls > 100);
    c->wire->refuse = false;
    while (db_ready(db) != BL_OK)
        assert_true(clock_monotonic() < until + 3000000);
    assert_true(db_connected(db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flush_is_one_round_trip, open_prepared, close_counted),
        cmocka_unit_test_setup_teardown(unprepared_statements_are_parsed_each_time, open_unprepared, close_counted),
        cmocka_unit_test_setup_teardown(a_repeated_text_is_parsed_once_in_a_flush, open_prepared, close_counted),
        cmocka_unit_test_setup_teardown(what_is_dropped_is_never_sent, open_prepared, close_counted),
        cmocka_unit_test_setup_teardown(rollback_costs_a_round_trip_only_when_a_transaction_is_open, open_prepared,
                                        close_counted),
        cmocka_unit_test_setup_teardown(attempts_to_connect_back_off, open_prepared, close_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
