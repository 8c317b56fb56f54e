/* An area that listens to another one: what it is told, as whom, and that its change and its refusal are part of the same
 * transaction. */
#include <ballium/plugin.h>
#define YARD_NEIGHBOURS , &lookout
static const struct bl_plugin lookout;
#include "formats.h"

#define TOWER "yard/towers/{id}"
#define NEAR GATE "/links/near-towers"
#define LOG "yard/log-entries"

/* ---- the area that listens ---- */

static struct {
    int count;
    char verb[30], id[UUID_TEXT], actor[UUID_TEXT], other[UUID_TEXT];
    char was[30], is[30]; /* the title before and after; "": there was none */
} heard;

static void note(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "");
}

static const char *member(const json_t *record, const char *name)
{
    return json_string_value(json_object_get(record, name));
}

/* What is told of a gate; the tower that its note names gets its height, whoever has changed the gate. */
static enum bl_status gate_told(struct bl_request *r, const struct bl_change *change)
{
    const char *tower = member(change->after, "note");
    heard.count++;
    note(heard.verb, sizeof heard.verb, change->verb);
    note(heard.id, sizeof heard.id, change->id);
    note(heard.actor, sizeof heard.actor, r->actor);
    note(heard.was, sizeof heard.was, member(change->before, "title"));
    note(heard.is, sizeof heard.is, member(change->after, "title"));
    if (strcmp(heard.is, "Silent") == 0)
        return bl_fail(r, BL_CONFLICT, "not_so", "/floors", "nobody hears of it");
    if (tower == NULL || strlen(tower) != UUID_TEXT - 1)
        return BL_OK;
    json_t *patch = json_pack("{s:O}", "height", json_object_get(change->after, "height"));
    enum bl_status status = bl_update(r, "yard.towers", tower, patch, NULL);
    json_decref(patch);
    return status;
}

static enum bl_status link_told(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    heard.count++;
    note(heard.verb, sizeof heard.verb, change->verb);
    note(heard.id, sizeof heard.id, change->id);
    note(heard.other, sizeof heard.other, member(change->input, "id"));
    return BL_OK;
}

/* Each entry makes another one. */
static enum bl_status entry_told(struct bl_request *r, const struct bl_change *change)
{
    json_t *body = json_pack("{s:s}", "text", "and so on");
    enum bl_status status = bl_create(r, "yard.log_entries", body, NULL);
    (void)change;
    json_decref(body);
    return status;
}

static const struct bl_watch lookout_watches[] = {
    {.what = "yard.gates", .told = gate_told},
    {.what = "yard.gates.near_towers", .told = link_told},
    {.what = "yard.log_entries", .told = entry_told},
    {.what = "planning.risks", .told = gate_told}, /* not loaded: nothing is heard */
    {0},
};
static const struct bl_plugin lookout = {
    .abi = BL_ABI, .name = "lookout", .version = "1.0.0", .clause = "4", .watches = lookout_watches};

/* ---- what it hears ---- */

static void expect_heard(int count, const char *verb, const char *id, const char *was, const char *is)
{
    assert_int_equal(heard.count, count);
    assert_string_equal(heard.verb, verb);
    assert_string_equal(heard.id, id);
    assert_string_equal(heard.actor, BL_SERVICE);
    assert_string_equal(heard.was, was);
    assert_string_equal(heard.is, is);
}

static int act(struct yard_db *y, const char *path, const char *id, const char *tag, const char *body)
{
    struct ask *a = yard_ask(y);
    ask_header(a, "If-Match", tag);
    if (body)
        ask_body(a, body);
    int status = ask(a, "POST", path, id);
    ask_free(a);
    return status;
}

static void every_verb_is_told(void **state)
{
    struct yard_db *y = *state;
    heard.count = 0;
    const char *id = yard_create(y, GATES, "{\"title\":\"Water\",\"note\":\"n\",\"tags\":[\"t\"],\"height\":5}");
    expect_heard(1, "create", id, "", "Water");
    assert_int_equal(yard_patch(y, GATE, id, "\"1\"", "{\"title\":\"Sally\"}", NULL), 200);
    expect_heard(2, "update", id, "Water", "Sally");
    assert_int_equal(yard_patch(y, GATE, id, "\"2\"", "{\"title\":\"Sally\"}", NULL), 200);
    assert_int_equal(heard.count, 2); /* nothing has changed */
    assert_int_equal(act(y, GATE ":submit", id, "\"2\"", NULL), 200);
    expect_heard(3, "submit", id, "Sally", "Sally");
    assert_int_equal(act(y, GATE ":submit", id, "\"3\"", NULL), 409);
    assert_int_equal(heard.count, 3); /* nothing has happened */
    assert_int_equal(act(y, GATE ":archive", id, "\"3\"", NULL), 200);
    expect_heard(4, "archive", id, "Sally", "Sally");
    assert_int_equal(act(y, GATE ":restore", id, "\"4\"", NULL), 200);
    expect_heard(5, "restore", id, "Sally", "Sally");
    assert_string_equal(
        yard_value(y, "SELECT count(*)::text FROM core.event WHERE record_id = '%s' AND actor = '%s'", id, y->anna),
        "5"); /* what the caller did is the caller's */
}

static void imported_lines_are_told(void **state)
{
    struct yard_db *y = *state;
    heard.count = 0;
    struct ask *a = formats_ask(y);
    formats_file = "title\nEast\nWest\n";
    ask_header(a, "Content-Type", "text/csv");
    yard_expect(a, ask(a, "POST", GATES ":import", NULL), 200);
    ask_free(a);
    assert_int_equal(heard.count, 2);
    assert_string_equal(heard.verb, "create");
}

static void links_are_told_from_both_ends(void **state)
{
    struct yard_db *y = *state;
    const char *gate = yard_create(y, GATES, "{\"title\":\"Near\"}"), *tower = yard_create(y, TOWERS, "{\"name\":\"Belfry\"}");
    heard.count = 0;
    assert_int_equal(act(y, "yard/towers/{id}/links/gates", tower, NULL, arena_format(y->arena, "{\"id\":\"%s\"}", gate)), 201);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.verb, "link");
    assert_string_equal(heard.id, gate); /* the record that declares the relation */
    assert_string_equal(heard.other, tower);
    assert_int_equal(act(y, NEAR, gate, NULL, arena_format(y->arena, "{\"id\":\"%s\"}", tower)), 200);
    assert_int_equal(heard.count, 1); /* it was there */
}

/* ---- what it does ---- */

static void it_acts_as_the_service(void **state)
{
    struct yard_db *y = *state;
    const char *tower = yard_create(y, TOWERS, "{\"name\":\"Keep\",\"height\":30}");
    struct ask *a = yard_ask(y);
    a->refused = "yard.tower:write";
    ask_body(a, arena_format(a->arena, "{\"title\":\"Gate\",\"note\":\"%s\",\"height\":9}", tower));
    yard_expect(a, ask(a, "POST", GATES, NULL), 201);
    ask_free(a);
    a = yard_read(y, TOWER, tower);
    assert_string_equal(ask_text(a, "height"), "9");
    assert_string_equal(ask_text(a, "floors"), "3"); /* by the tower's own rule */
    ask_free(a);
    assert_string_equal(
        yard_value(y, "SELECT actor::text FROM core.event WHERE record_id = '%s' ORDER BY id DESC LIMIT 1", tower), BL_SERVICE);
}

static void its_refusal_undoes_the_change(void **state)
{
    struct yard_db *y = *state;
    const char *id = yard_create(y, GATES, "{\"title\":\"Loud\"}");
    struct ask *a;
    assert_int_equal(yard_patch(y, GATE, id, "\"1\"", "{\"title\":\"Silent\"}", &a), 409);
    assert_true(ask_told(a, "not_so", NULL)); /* its member is none of the body's */
    ask_free(a);
    a = yard_read(y, GATE, id);
    assert_string_equal(ask_text(a, "title"), "Loud");
    ask_free(a);
}

static void a_circle_ends(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = yard_ask(y);
    ask_body(a, "{\"text\":\"first\"}");
    assert_int_equal(ask(a, "POST", LOG, NULL), 500);
    assert_true(ask_told(a, "watch_circle", NULL));
    ask_free(a);
    assert_string_equal(yard_value(y, "SELECT count(*)::text FROM yard.log_entry"), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_is_told),
        cmocka_unit_test(imported_lines_are_told),
        cmocka_unit_test(links_are_told_from_both_ends),
        cmocka_unit_test(it_acts_as_the_service),
        cmocka_unit_test(its_refusal_undoes_the_change),
        cmocka_unit_test(a_circle_ends),
    };
    return cmocka_run_group_tests_name("resource/watch", tests, yard_up, yard_down);
}
