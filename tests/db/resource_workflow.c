/* Transitions, history, and two writers at once. */
#include "yard_db.h"

#include <pthread.h>

#define GATES "yard/gates"
#define GATE "yard/gates/{id}"
#define TOWERS "yard/towers"
#define TOWER "yard/towers/{id}"

static int transit(struct yard_db *y, const char *actor, const char *id, const char *name, const char *tag, const char *body,
                   struct ask **out)
{
    char path[80];
    snprintf(path, sizeof path, GATE ":%s", name);
    struct ask *a = yard_ask(y);
    a->fake.request.actor = actor;
    ask_header(a, "If-Match", tag);
    if (body)
        ask_body(a, body);
    int status = ask(a, "POST", path, id);
    if (out)
        *out = a;
    else
        ask_free(a);
    return status;
}

static const char *complete(struct yard_db *y)
{
    return yard_create(y, GATES, "{\"title\":\"Gate\",\"note\":\"words\",\"tags\":[\"one\"],\"height\":5}");
}

static void needs_and_guard_speak_at_their_members(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *bare = yard_create(y, GATES, "{\"title\":\"Bare\",\"note\":\" \"}");
    assert_int_equal(transit(y, y->anna, bare, "submit", "\"1\"", NULL, &a), 422);
    assert_true(ask_told(a, "required", "/note"));
    assert_true(ask_told(a, "required", "/tags"));
    ask_free(a);
    const char *low = yard_create(y, GATES, "{\"title\":\"Low\",\"note\":\"n\",\"tags\":[\"t\"],\"height\":2}");
    assert_int_equal(transit(y, y->anna, low, "submit", "\"1\"", NULL, &a), 422);
    assert_true(ask_told(a, "too_low", "/height"));
    assert_string_equal(json_string_value(json_object_get(ask_problem(a, "too_low"), "detail")), "a gate of 2 m is too low");
    ask_free(a);
}

static void the_author_does_not_approve(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = complete(y);
    yard_expect(a, transit(y, y->anna, id, "submit", "\"1\"", "{}", &a), 200);
    assert_string_equal(ask_text(a, "status"), "review");
    assert_string_equal(ask_text(a, "version"), "2");
    /* may approve, but is the author: not offered, and refused */
    assert_string_equal(ask_text(a, "actions"), "[\"update\",\"archive\",\"reject\",\"mark\"]");
    ask_free(a);
    assert_int_equal(transit(y, y->anna, id, "approve", "\"2\"", NULL, &a), 403);
    assert_true(ask_told(a, "separation_of_duties", NULL));
    ask_free(a);
    yard_expect(a, transit(y, y->bert, id, "approve", "\"2\"", NULL, &a), 200);
    assert_string_equal(ask_text(a, "status"), "approved");
    assert_string_equal(ask_text(a, "approved_by_id"), y->bert);
    assert_non_null(ask_text(a, "approved_at"));
    assert_string_equal(ask_text(a, "updated_by"), y->anna);                /* names who last edited the content */
    assert_string_equal(ask_text(a, "actions"), "[\"archive\",\"close\"]"); /* frozen */
    ask_free(a);
    assert_int_equal(yard_patch(y, GATE, id, "\"3\"", "{\"title\":\"Other\"}", &a), 409);
    assert_true(ask_told(a, "frozen", NULL));
    ask_free(a);
}

static void who_edited_last_does_not_approve_either(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    const char *id = complete(y);
    a->fake.request.actor = y->bert;
    ask_header(a, "If-Match", "\"1\"");
    ask_header(a, "Content-Type", "application/json");
    ask_body(a, "{\"height\":6}");
    yard_expect(a, ask(a, "PATCH", GATE, id), 200);
    ask_free(a);
    assert_int_equal(transit(y, y->anna, id, "submit", "\"2\"", NULL, NULL), 200);
    assert_int_equal(transit(y, y->bert, id, "approve", "\"3\"", NULL, NULL), 403);
}

static void reason_and_input_are_checked_and_kept(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = complete(y);
    assert_int_equal(transit(y, y->anna, id, "submit", "\"1\"", NULL, NULL), 200);
    assert_int_equal(transit(y, y->bert, id, "reject", "\"2\"", "{\"grade\":9,\"colour\":1}", &a), 422);
    assert_true(ask_told(a, "required", "/reason"));
    assert_true(ask_told(a, "out_of_range", "/grade"));
    assert_true(ask_told(a, "unknown_member", "/colour"));
    ask_free(a);
    assert_int_equal(transit(y, y->bert, id, "reject", "\"2\"", "{\"reason\":null,\"grade\":2}", &a), 422);
    assert_true(ask_told(a, "required", "/reason"));
    ask_free(a);
    assert_int_equal(transit(y, y->bert, id, "reject", "\"2\"", "{\"reason\":\" \",\"grade\":2}", NULL), 422);
    assert_int_equal(transit(y, y->bert, id, "reject", "\"2\"", "{\"reason\":\"too short\",\"grade\":2}", NULL), 200);
    assert_string_equal(
        yard_value(y, "SELECT verb || ' ' || reason || ' ' || change FROM core.event WHERE record_id = '%s' AND version = 3", id),
        "reject too short {\"input\": [null, {\"grade\": 2}], \"status\": [\"review\", \"draft\"]}");
}

static void other_states_versions_and_archived_rows_are_refused(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = complete(y);
    assert_int_equal(transit(y, y->bert, id, "approve", "\"1\"", NULL, &a), 409);
    assert_true(ask_told(a, "wrong_state", NULL));
    assert_non_null(strstr(json_string_value(json_object_get(ask_problem(a, "wrong_state"), "detail")), "submit, close"));
    ask_free(a);
    assert_int_equal(transit(y, y->anna, id, "submit", "\"7\"", NULL, NULL), 412);
    assert_int_equal(transit(y, y->anna, "01990000-0000-7000-8000-000000000bad", "submit", "\"1\"", NULL, NULL), 404);
    a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    yard_expect(a, ask(a, "POST", GATE ":archive", id), 200);
    ask_free(a);
    assert_int_equal(transit(y, y->anna, id, "submit", "\"2\"", NULL, NULL), 409);
    a = yard_ask(y);
    assert_int_equal(ask(a, "POST", GATE ":submit", id), 428);
    ask_free(a);
}

static void a_rule_refuses_or_fills_server_fields(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *locked = yard_create(y, GATES, "{\"title\":\"Shut\",\"locked\":true}");
    assert_int_equal(transit(y, y->anna, locked, "close", "\"1\"", NULL, &a), 409);
    assert_true(ask_told(a, "locked", "/locked"));
    ask_free(a);
    const char *id = complete(y);
    yard_expect(a, transit(y, y->anna, id, "close", "\"1\"", "{\"reason\":\"done\"}", &a), 200);
    assert_string_equal(ask_text(a, "score"), "42");
    ask_free(a);
    const char *odd = yard_create(y, GATES, "{\"title\":\"Odd\"}"); /* what the rule makes is held to the table, too */
    assert_int_equal(transit(y, y->anna, odd, "close", "\"1\"", NULL, &a), 500);
    assert_true(ask_told(a, "internal", NULL));
    ask_free(a);
    const char *last = yard_create(y, GATES, "{\"title\":\"Last\"}"); /* refused after it was written */
    assert_int_equal(transit(y, y->anna, last, "close", "\"1\"", NULL, NULL), 409);
    a = yard_read(y, GATE, last);
    assert_string_equal(ask_text(a, "status"), "draft");
    ask_free(a);
}

/* A transition without a state to go to: an act that leaves an event, and here fills a field from its input. */
static void an_act_stays_in_its_state(void **state)
{
    struct yard_db *y = *state;
    struct ask *a;
    const char *id = complete(y);
    assert_int_equal(transit(y, y->anna, id, "mark", "\"1\"", "{\"score\":7}", NULL), 409);
    assert_int_equal(transit(y, y->anna, id, "submit", "\"1\"", NULL, NULL), 200);
    assert_int_equal(transit(y, y->anna, id, "mark", "\"2\"", NULL, &a), 422);
    assert_true(ask_told(a, "required", "/score"));
    ask_free(a);
    yard_expect(a, transit(y, y->anna, id, "mark", "\"2\"", "{\"score\":7,\"note\":\"kept in the event\"}", &a), 200);
    assert_string_equal(ask_text(a, "status"), "review");
    assert_string_equal(ask_text(a, "score"), "7");
    assert_string_equal(ask_text(a, "version"), "3");
    assert_string_equal(ask_text(a, "note"), "words"); /* not of .sets */
    ask_free(a);
}

static void a_rule_keeps_a_record_from_being_put_away(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, TOWERS, "{\"name\":\"Keep\",\"height\":98}");
    struct ask *a = yard_ask(y);
    ask_header(a, "If-Match", "\"1\"");
    assert_int_equal(ask(a, "POST", "yard/towers/{id}:archive", id), 409);
    assert_true(ask_told(a, "in_use", NULL));
    ask_free(a);
    a = yard_ask(y); /* who names a version that is gone is told so first */
    ask_header(a, "If-Match", "\"9\"");
    assert_int_equal(ask(a, "POST", "yard/towers/{id}:archive", id), 412);
    ask_free(a);
    a = yard_read(y, "yard/towers/{id}", id);
    assert_string_equal(ask_text(a, "version"), "1");
    ask_free(a);
}

static void code_transits_as_the_api_does(void **state)
{
    struct yard_db *y = *state;
    const char *id = complete(y);
    struct ask *a = yard_ask(y);
    struct bl_request *r = &a->fake.request;
    json_t *record = NULL, *input = json_pack("{s:s, s:i}", "reason", "again", "grade", 2);
    ask_route(a, "POST", GATES);
    assert_int_equal(bl_transit(r, "yard.gates", id, "submit", NULL, &record), BL_OK); /* of any version, without a body */
    assert_string_equal(json_string_value(json_object_get(record, "status")), "review");
    assert_int_equal(bl_transit(r, "yard.gates", id, "approve", NULL, NULL), BL_FORBIDDEN); /* its author still */
    assert_int_equal(bl_transit(r, "yard.gates", id, "reject", NULL, NULL), BL_UNPROCESSABLE);
    assert_int_equal(bl_transit(r, "yard.gates", id, "reject", input, NULL), BL_OK);
    assert_int_equal(bl_transit(r, "yard.gates", id, "open", NULL, NULL), BL_NOT_FOUND);
    assert_int_equal(bl_transit(r, "yard.gates", "no-uuid", "submit", NULL, NULL), BL_NOT_FOUND);
    assert_int_equal(bl_transit(r, "yard.bridges", id, "submit", NULL, NULL), BL_NOT_FOUND);
    assert_int_equal(bl_create(r, "yard.bridges", input, NULL), BL_NOT_FOUND);
    assert_int_equal(bl_update(r, "yard.bridges", id, input, NULL), BL_NOT_FOUND);
    a->refused = "yard.gate:approve";
    assert_int_equal(bl_transit(r, "yard.gates", id, "reject", input, NULL), BL_FORBIDDEN);
    assert_true(ask_told(a, "forbidden", NULL));
    assert_true(db_script(y->app, "COMMIT"));
    json_decref(input);
    ask_free(a);
}

static void history_tells_newest_first_in_pages(void **state)
{
    struct yard_db *y = *state;
    const char *id = complete(y);
    assert_int_equal(yard_patch(y, GATE, id, "\"1\"", "{\"height\":6}", NULL), 200);
    assert_int_equal(transit(y, y->bert, id, "submit", "\"2\"", NULL, NULL), 200);
    struct ask *a = yard_ask(y);
    ask_query(a, "limit", "2");
    yard_expect(a, ask(a, "GET", GATE "/history", id), 200);
    assert_int_equal(a->fake.statements, 1);
    assert_int_equal(json_array_size(json_object_get(a->fake.answer, "items")), 2);
    assert_string_equal(ask_text(a, "items/0/verb"), "submit");
    assert_string_equal(ask_text(a, "items/0/actor/name"), "Bert");
    assert_string_equal(ask_text(a, "items/1/verb"), "update");
    assert_string_equal(ask_text(a, "items/1/change/height"), "[5,6]");
    const char *next = arena_string(y->arena, ask_text(a, "next"));
    ask_free(a);
    a = yard_ask(y);
    ask_query(a, "limit", "2");
    ask_query(a, "cursor", next);
    yard_expect(a, ask(a, "GET", GATE "/history", id), 200);
    assert_int_equal(json_array_size(json_object_get(a->fake.answer, "items")), 1);
    assert_string_equal(ask_text(a, "items/0/verb"), "create");
    assert_string_equal(ask_text(a, "items/0/change/title"), "[null,\"Gate\"]");
    assert_null(json_object_get(json_object_get(json_array_get(json_object_get(a->fake.answer, "items"), 0), "change"), "cost"));
    assert_null(ask_text(a, "next"));
    ask_free(a);
    a = yard_ask(y);
    assert_int_equal(ask(a, "GET", GATE "/history", "01990000-0000-7000-8000-000000000bad"), 404);
    ask_free(a);
    a = yard_ask(y);
    ask_query(a, "sort", "at");
    assert_int_equal(ask(a, "GET", GATE "/history", id), 400);
    ask_free(a);
}

/* One PATCH of a thread of its own, over a connection of its own. */
struct writer {
    struct yard_db *y;
    const char *path, *id;
    int status;
    pthread_t thread;
};

static void *write_once(void *arg)
{
    struct writer *w = arg;
    struct db *db = yard_connect("BALLIUM_TEST_DATABASE");
    struct ask *a = ask_new(w->y->engine, db);
    a->fake.request.tenant = w->y->keep;
    a->fake.request.actor = w->y->bert;
    ask_header(a, "If-Match", "\"1\"");
    ask_header(a, "Content-Type", "application/json");
    ask_body(a, strcmp(w->path, GATE) == 0 ? "{\"title\":\"Late\"}" : "{\"name\":\"Late\"}");
    w->status = ask(a, "PATCH", w->path, w->id);
    ask_free(a);
    db_free(db);
    return NULL;
}

/* The first writer holds its transaction open until the second waits for the row: then the second must see what the first did. */
static void race(struct yard_db *y, const char *collection, const char *path, const char *id, const char *body)
{
    struct writer second = {.y = y, .path = path, .id = id};
    struct ask *a = yard_ask(y);
    json_t *patch = json_loads(body, 0, NULL), *record;
    ask_route(a, "POST", collection);
    const char *name = strcmp(collection, GATES) == 0 ? "yard.gates" : "yard.towers";
    assert_int_equal(bl_update(&a->fake.request, name, id, patch, &record), BL_OK);
    assert_int_equal(pthread_create(&second.thread, NULL, write_once, &second), 0);
    while (strcmp(yard_value(y, "SELECT count(*)::text FROM pg_locks WHERE NOT granted"), "0") == 0)
        ;
    assert_true(db_script(y->app, "COMMIT"));
    pthread_join(second.thread, NULL);
    assert_int_equal(second.status, 412);
    json_decref(patch);
    ask_free(a);
    assert_string_equal(
        yard_value(y, "SELECT string_agg(verb || version, ' ' ORDER BY id) FROM core.event WHERE record_id = '%s'", id),
        "create1 update2");
}

static void of_two_patches_of_one_version_one_wins(void **state)
{
    struct yard_db *y = *state;
    race(y, GATES, GATE, complete(y), "{\"title\":\"Early\"}");
    race(y, TOWERS, TOWER, yard_create(y, TOWERS, "{\"name\":\"Tower\"}"), "{\"name\":\"Early\"}");
}

/* Without If-Match the second writer's change goes on top of the first's, and its event says from where. */
static void *update_once(void *arg)
{
    struct writer *w = arg;
    struct db *db = yard_connect("BALLIUM_TEST_DATABASE");
    struct ask *a = ask_new(w->y->engine, db);
    json_t *patch = json_pack("{s:s}", "title", "Late");
    a->fake.request.tenant = w->y->keep;
    a->fake.request.actor = w->y->bert;
    ask_route(a, "POST", GATES);
    w->status = bl_update(&a->fake.request, "yard.gates", w->id, patch, NULL);
    if (!db_script(db, "COMMIT"))
        w->status = -1;
    json_decref(patch);
    ask_free(a);
    db_free(db);
    return NULL;
}

static void writers_from_code_queue_up(void **state)
{
    struct yard_db *y = *state;
    struct writer second = {.y = y, .id = complete(y)};
    struct ask *a = yard_ask(y);
    json_t *patch = json_pack("{s:s}", "title", "Early");
    ask_route(a, "POST", GATES);
    assert_int_equal(bl_update(&a->fake.request, "yard.gates", second.id, patch, NULL), BL_OK);
    assert_int_equal(pthread_create(&second.thread, NULL, update_once, &second), 0);
    while (strcmp(yard_value(y, "SELECT count(*)::text FROM pg_locks WHERE NOT granted"), "0") == 0)
        ;
    assert_true(db_script(y->app, "COMMIT"));
    pthread_join(second.thread, NULL);
    assert_int_equal(second.status, BL_OK);
    json_decref(patch);
    ask_free(a);
    assert_string_equal(yard_value(y,
                                   "SELECT string_agg(version || change::text, ' ' ORDER BY id) FROM core.event WHERE record_id "
                                   "= '%s' AND verb = 'update'",
                                   second.id),
                        "2{\"title\": [\"Gate\", \"Early\"]} 3{\"title\": [\"Early\", \"Late\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_and_guard_speak_at_their_members),
        cmocka_unit_test(the_author_does_not_approve),
        cmocka_unit_test(who_edited_last_does_not_approve_either),
        cmocka_unit_test(reason_and_input_are_checked_and_kept),
        cmocka_unit_test(other_states_versions_and_archived_rows_are_refused),
        cmocka_unit_test(a_rule_refuses_or_fills_server_fields),
        cmocka_unit_test(an_act_stays_in_its_state),
        cmocka_unit_test(a_rule_keeps_a_record_from_being_put_away),
        cmocka_unit_test(code_transits_as_the_api_does),
        cmocka_unit_test(history_tells_newest_first_in_pages),
        cmocka_unit_test(of_two_patches_of_one_version_one_wins),
        cmocka_unit_test(writers_from_code_queue_up),
    };
    return cmocka_run_group_tests(tests, yard_up, yard_down);
}
