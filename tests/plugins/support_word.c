/* Awareness, communication and means through the running service: the states of each, whom a campaign has reached unit by unit,
 * when a line of the plan comes back, and what was granted of what was asked for. */
#include "register.h"

#define PERSONS "support/persons"
#define CAMPAIGNS "support/awareness-campaigns"
#define ATTENDANCES "support/attendances"
#define ITEMS "support/communication-items"
#define LOG "support/communications"
#define PLANS "support/resource-plans"

static struct api *owner, *manager, *contributor, *top;

static int log_in(void **state)
{
    (void)state;
    owner = api_as("keep", "owner");
    manager = api_as("keep", "manager");
    contributor = api_as("keep", "contributor");
    top = api_as("keep", "top_management");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    api_free(manager);
    api_free(contributor);
    api_free(top);
    return 0;
}

static json_t *reason(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

/* ---- awareness --------------------------------------------------------------------------------------------------------- */

static char *new_person(const char *name, const char *unit)
{
    return make(manager, PERSONS, json_pack("{s:s, s:s}", "name", name, "unit", unit));
}

/* For one or two units. */
static json_t *campaign(const char *unit, const char *other)
{
    json_t *body = json_pack("{s:s, s:[s], s:[s], s:s, s:s, s:i}", "title", "Strangers in the yard", "topics", "contribution",
                             "units", unit, "starts_on", day(-20), "ends_on", day(20), "pass_mark", 80);
    if (other)
        json_array_append_new(json_object_get(body, "units"), json_string(other));
    return body;
}

static json_t *attendance(const char *of, const char *person, int score)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "campaign_id", of, "person_id", person, "attended_on", day(-2), "score", score);
}

static void every_verb_of_a_campaign(void **unused)
{
    (void)unused;
    static const char *const states[] = {"planned", "running", "closed", "cancelled"};
    static const char *const verbs[] = {"start", "close", "cancel"}, *const ways[] = {"", "start", "start close", "cancel"};
    static const struct line lines[] = {{"planned", "start", 200, NULL},
                                        {"planned", "cancel", 200, NULL},
                                        {"running", "close", 200, NULL},
                                        {"running", "cancel", 200, NULL},
                                        {0}};
    const char *unit = fresh("Unit");
    free(new_person("Ada", unit));
    for (size_t s = 0; s < 4; s++)
        for (size_t v = 0; v < 3; v++) {
            char *id = make(manager, CAMPAIGNS, campaign(unit, NULL));
            for (size_t w = 0; w < 3; w++)
                if (strstr(ways[s], verbs[w]))
                    moves(manager, CAMPAIGNS, id, verbs[w], reason(), NULL);
            has(manager, CAMPAIGNS, id, "status", states[s]);
            expect_line(manager, CAMPAIGNS, id, find(lines, states[s], verbs[v]), verbs[v], reason());
            free(id);
        }
}

/* Two units. Dock: three persons, two took part, one passed. Yard: one person, who passed. One of the dock has left. */
static void coverage_by_unit(void **unused)
{
    (void)unused;
    const char *dock = fresh("A dock"), *yard = fresh("B yard"), *other = fresh("Other");
    char *ada = new_person("Ada", dock), *bo = new_person("Bo", dock), *cy = new_person("Cy", dock), *di = new_person("Di", yard);
    char *gone = new_person("Gone", dock), *stranger = new_person("Stranger", other);
    moves(manager, PERSONS, gone, NULL, json_pack("{s:s}", "left_on", day(-1)), NULL);
    struct signal_now before = signal_of(owner, "support", "awareness_coverage");
    char *id = make(manager, CAMPAIGNS, campaign(dock, yard));
    moves(manager, CAMPAIGNS, id, "start", NULL, "running");
    free(make(contributor, ATTENDANCES, attendance(id, ada, 80))); /* just */
    char *again = make(contributor, ATTENDANCES, attendance(id, bo, 79));
    free(make(contributor, ATTENDANCES, attendance(id, di, 100)));
    refuses_new(contributor, ATTENDANCES, attendance(id, di, 90), 409, "attendance_exists", "/person_id");
    refuses_new(contributor, ATTENDANCES, attendance(id, stranger, 90), 422, "not_meant", "/person_id");
    refuses_new(contributor, ATTENDANCES, attendance(id, gone, 90), 422, "not_meant", "/person_id");
    json_t *early = attendance(id, cy, 90);
    json_object_set_new(early, "attended_on", json_string(day(-21)));
    refuses_new(contributor, ATTENDANCES, early, 422, "before_start", "/attended_on");

    struct answer a = api_get(contributor, "/api/v1/orgs/keep/" CAMPAIGNS "/%s/coverage", id);
    expect_status(&a, 200);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 2);
    assert_string_equal(answer_text(&a, "items/0/unit"), dock);
    assert_int_equal(answer_integer(&a, "items/0/persons"), 3);
    assert_int_equal(answer_integer(&a, "items/0/attended"), 2);
    assert_int_equal(answer_integer(&a, "items/0/passed"), 1);
    assert_int_equal(answer_integer(&a, "items/0/percent"), 33);
    assert_int_equal(json_array_size(answer_at(&a, "items/0/missing")), 2);
    assert_string_equal(answer_text(&a, "items/0/missing/0/name"), "Bo");
    assert_string_equal(answer_text(&a, "items/0/missing/1/name"), "Cy");
    assert_int_equal(answer_integer(&a, "items/1/percent"), 100);
    assert_int_equal(answer_integer(&a, "persons"), 4);
    assert_int_equal(answer_integer(&a, "passed"), 2);
    assert_int_equal(answer_integer(&a, "percent"), 50);
    answer_free(&a);

    assert_int_equal(signal_of(owner, "support", "awareness_coverage").value, before.value + 2);
    moves(contributor, ATTENDANCES, again, NULL, json_pack("{s:i}", "score", 95), NULL); /* a second try */
    moves(manager, CAMPAIGNS, id, "close", NULL, "closed");
    a = look(manager, CAMPAIGNS, id);
    assert_int_equal(answer_integer(&a, "expected"), 4);
    assert_int_equal(answer_integer(&a, "reached"), 3);
    answer_free(&a);
    refuses(contributor, ATTENDANCES, again, NULL, json_pack("{s:i}", "score", 10), 409, "campaign_over");
    refuses_new(contributor, ATTENDANCES, attendance(id, cy, 90), 409, "campaign_over", "/campaign_id");
    char *all[] = {ada, bo, cy, di, gone, stranger, id, again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void without_a_quiz_presence_passes(void **unused)
{
    (void)unused;
    const char *unit = fresh("Unit");
    char *ada = new_person("Ada", unit);
    json_t *body = campaign(unit, NULL);
    json_object_set_new(body, "pass_mark", json_null());
    char *id = make(manager, CAMPAIGNS, body);
    moves(manager, CAMPAIGNS, id, "start", NULL, "running");
    body = attendance(id, ada, 0);
    json_object_del(body, "score");
    struct answer a = try_make(contributor, ATTENDANCES, body);
    expect_status(&a, 201);
    assert_true(json_is_true(answer_at(&a, "passed")));
    answer_free(&a);
    char *empty = make(manager, CAMPAIGNS, campaign(fresh("Nobody's unit"), NULL));
    refuses(manager, CAMPAIGNS, empty, "start", NULL, 422, "nobody_meant");
    body = campaign(unit, NULL);
    json_object_set_new(body, "ends_on", json_string(day(-21)));
    refuses_new(manager, CAMPAIGNS, body, 422, "not_after", "/ends_on");
    body = campaign(unit, NULL);
    json_object_set_new(body, "topics", json_pack("[s]", "weather"));
    refuses_new(manager, CAMPAIGNS, body, 422, NULL, "/topics");
    free(empty);
    free(id);
    free(ada);
}

/* ---- communication ----------------------------------------------------------------------------------------------------- */

static void a_line_of_the_plan_comes_back_by_its_log(void **unused)
{
    (void)unused;
    char *me = user_id(manager);
    json_t *body =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "subject", "State of the ISMS", "occasion", "Each quarter", "audience",
                  "Everybody", "sender_id", me, "channel", "Notice board", "every_days", 90, "first_on", day(10));
    char *item = make(contributor, ITEMS, json_incref(body));
    has(contributor, ITEMS, item, "next_on", day(10));
    has(contributor, ITEMS, item, "last_on", NULL);
    static const int days[] = {-30, -50}; /* the later one entered first: the newest day counts */
    for (size_t i = 0; i < 2; i++) {
        json_t *told = json_pack("{s:s, s:s, s:s, s:s, s:s}", "item_id", item, "subject", "All is well", "sent_on", day(days[i]),
                                 "recipients", "All hands", "channel", "Board");
        free(make(contributor, LOG, told));
        has(contributor, ITEMS, item, "last_on", day(-30));
        has(contributor, ITEMS, item, "next_on", day(60));
    }
    moves(contributor, ITEMS, item, NULL, json_pack("{s:i}", "every_days", 10), NULL);
    has(contributor, ITEMS, item, "next_on", day(-20));
    moves(contributor, ITEMS, item, NULL, json_pack("{s:n}", "every_days"), NULL); /* by occasion only */
    has(contributor, ITEMS, item, "next_on", NULL);
    refuses_new(contributor, LOG,
                json_pack("{s:s, s:s, s:s, s:s, s:s}", "item_id", item, "subject", "Soon", "sent_on", day(3), "recipients", "All",
                          "channel", "Board"),
                422, "in_the_future", "/sent_on");
    static const char *const parts[] = {"subject", "occasion", "audience", "sender_id", "channel"}; /* 7.4 a to d, and who */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char pointer[40];
        json_t *without = json_deep_copy(body);
        json_object_del(without, parts[i]);
        snprintf(pointer, sizeof pointer, "/%s", parts[i]);
        refuses_new(contributor, ITEMS, without, 422, "required", pointer);
    }
    json_decref(body);
    free(item);
    free(me);
}

/* ---- means ------------------------------------------------------------------------------------------------------------- */

static json_t *plan(const char *unit, const char *planned)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Two days a month", "kind", "people", "purpose", "Rights",
                     "unit", unit, "period_from", "2031-01-01", "period_to", "2031-12-31", "planned", planned);
}

static json_t *body_of(const char *verb)
{
    if (strcmp(verb, "grant") == 0)
        return json_pack("{s:s}", "granted", "16.00");
    return strcmp(verb, "refuse") == 0 ? reason() : json_object();
}

static void every_verb_of_a_plan(void **unused)
{
    (void)unused;
    static const char *const states[] = {"draft", "requested", "granted", "refused", "closed"};
    static const char *const ways[] = {"", "request", "request grant", "request refuse", "request grant close"};
    static const char *const verbs[] = {"request", "withdraw", "grant", "refuse", "close"};
    static const struct line lines[] = {{"draft", "request", 200, NULL},   {"requested", "withdraw", 200, NULL},
                                        {"requested", "grant", 200, NULL}, {"requested", "refuse", 200, NULL},
                                        {"granted", "close", 200, NULL},   {0}};
    for (size_t s = 0; s < 5; s++)
        for (size_t v = 0; v < 5; v++) {
            char *id = make(contributor, PLANS, plan("days", "24.00"));
            for (size_t w = 0; w < 5; w++)
                if (strstr(ways[s], verbs[w])) {
                    if (strcmp(verbs[w], "close") == 0)
                        moves(contributor, PLANS, id, NULL, json_pack("{s:s}", "used", "10.00"), NULL);
                    moves(owner, PLANS, id, verbs[w], body_of(verbs[w]), NULL);
                }
            if (strcmp(states[s], "granted") == 0)
                moves(contributor, PLANS, id, NULL, json_pack("{s:s}", "used", "10.00"), NULL);
            has(owner, PLANS, id, "status", states[s]);
            expect_line(owner, PLANS, id, find(lines, states[s], verbs[v]), verbs[v], body_of(verbs[v]));
            free(id);
        }
}

static void what_was_asked_for_stands(void **unused)
{
    (void)unused;
    char *id = make(contributor, PLANS, plan("days", "24.00"));
    refuses(contributor, PLANS, id, NULL, json_pack("{s:s}", "used", "1.00"), 409, "not_granted");
    moves(contributor, PLANS, id, "request", NULL, "requested");
    refuses(contributor, PLANS, id, NULL, json_pack("{s:s}", "planned", "48.00"), 409, "asked_for");
    refuses(contributor, PLANS, id, "grant", body_of("grant"), 403, "forbidden");
    refuses(top, PLANS, id, "grant", NULL, 422, "required");
    moves(top, PLANS, id, "grant", body_of("grant"), "granted");
    has(top, PLANS, id, "granted", "16.00");
    has(top, PLANS, id, "short_by", "8.00");
    refuses(contributor, PLANS, id, "close", NULL, 422, "required");
    moves(contributor, PLANS, id, NULL, json_pack("{s:s}", "used", "17.50"), NULL);
    refuses(contributor, PLANS, id, NULL, json_pack("{s:s}", "unit", "weeks"), 409, "asked_for");
    free(id);
    id = make(owner, PLANS, plan("days", "24.00")); /* may grant, but asks himself */
    moves(owner, PLANS, id, "request", NULL, "requested");
    refuses(owner, PLANS, id, "grant", body_of("grant"), 403, "separation_of_duties");
    free(id);
}

/* Three plans in one unit of their own: 24 of which 16 were granted and 17.50 used; 10 asked for; 5 of the year after. */
static void the_means_at_a_glance(void **unused)
{
    (void)unused;
    char unit[31];
    snprintf(unit, sizeof unit, "%.30s", fresh("d"));
    char *one = make(contributor, PLANS, plan(unit, "24.00")), *two = make(contributor, PLANS, plan(unit, "10.00"));
    json_t *later = plan(unit, "5.00");
    json_object_set_new(later, "period_from", json_string("2032-01-01"));
    json_object_set_new(later, "period_to", json_string("2032-06-30"));
    char *three = make(contributor, PLANS, later);
    struct signal_now undecided = signal_of(owner, "support", "means_undecided");
    moves(contributor, PLANS, one, "request", NULL, NULL);
    moves(contributor, PLANS, two, "request", NULL, NULL);
    assert_int_equal(signal_of(owner, "support", "means_undecided").value, undecided.value + 2);
    moves(top, PLANS, one, "grant", body_of("grant"), NULL);
    moves(contributor, PLANS, one, NULL, json_pack("{s:s}", "used", "17.50"), NULL);
    struct answer a = api_get(top, "/api/v1/orgs/keep/support/resource-summary?year=2031");
    expect_status(&a, 200);
    size_t i;
    json_t *row;
    bool found = false;
    json_array_foreach(answer_at(&a, "items"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "unit")), unit) != 0)
            continue;
        found = true;
        assert_int_equal(json_integer_value(json_object_get(row, "plans")), 2);
        assert_string_equal(json_string_value(json_object_get(row, "planned")), "34.00");
        assert_string_equal(json_string_value(json_object_get(row, "granted")), "16.00");
        assert_string_equal(json_string_value(json_object_get(row, "used")), "17.50");
        assert_string_equal(json_string_value(json_object_get(row, "left")), "-1.50");
        assert_int_equal(json_integer_value(json_object_get(row, "undecided")), 1);
        assert_int_equal(json_integer_value(json_object_get(row, "overspent")), 1);
    }
    assert_true(found);
    answer_free(&a);
    a = api_get(top, "/api/v1/orgs/keep/support/resource-summary?year=31");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    free(one);
    free(two);
    free(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_of_a_campaign),       cmocka_unit_test(coverage_by_unit),
        cmocka_unit_test(without_a_quiz_presence_passes), cmocka_unit_test(a_line_of_the_plan_comes_back_by_its_log),
        cmocka_unit_test(every_verb_of_a_plan),           cmocka_unit_test(what_was_asked_for_stands),
        cmocka_unit_test(the_means_at_a_glance),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
