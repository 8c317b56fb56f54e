/* What opens a settled risk again, each as it happens: nobody has to look. And levels that follow the assets of a risk. */
#include "planning.h"

#include <pthread.h>

#define METHODS "planning/risk-methods"
#define RISKS "planning/risks"
#define ASSETS "operation/assets"
#define SUPPLIERS "operation/suppliers"

static void is_settled(const char *risk)
{
    is_text(RISKS, risk, "status", "accepted");
}

/* Opened again, for this cause, with a note that names it; then it is settled anew for what comes next. */
static void was_opened(const char *risk, const char *cause, const char *note)
{
    struct answer a = record(RISKS, risk);
    if (strcmp(answer_text(&a, "status"), "reopened") != 0)
        fail_msg("it is %s still: nothing opened it for %s", answer_text(&a, "status"), cause);
    assert_string_equal(answer_text(&a, "reopen_cause"), cause);
    if (!strstr(answer_text(&a, "reopen_note"), note))
        fail_msg("the note \"%s\" does not say \"%s\"", answer_text(&a, "reopen_note"), note);
    answer_free(&a);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    stop_as(owner, RISKS, risk, "accept", NULL, 422, "not_accepted", NULL); /* what was accepted before no longer holds */
    free(accept_risk(risk, "current", top));
    is_settled(risk);
}

static const char *unique(const char *stem)
{
    static char text[80];
    static int count;
    snprintf(text, sizeof text, "%s %ld.%d", stem, (long)time(NULL), ++count);
    return text;
}

static char *asset(int value)
{
    return make(ASSETS, json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "name", unique("Asset"), "kind", "information", "owner_id",
                                  manager_id, "confidentiality", value, "integrity", 1, "availability", 1));
}

static void untie(const char *resource, const char *id, const char *relation, const char *other)
{
    char path[250];
    snprintf(path, sizeof path, HERE "%s/%s/links/%s/%s", resource, id, relation, other);
    struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
    expect_status(&a, 204);
    answer_free(&a);
}

/* ---- assets and suppliers ---- */

static void an_asset_changes(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_as(round, "accepted"), *other = risk_as(round, "accepted"), *one = asset(3);
    char *planned = risk_as(round, "treatment_planned"), *gone = risk_as(round, "retired");
    tie(RISKS, risk, "assets", one);
    tie(RISKS, planned, "assets", one);
    is_settled(risk); /* the method has a grid: what the asset is worth is not its impact */
    go(ASSETS, one, "", json_pack("{s:s, s:s}", "reviewed_on", day(0), "review_on", day(300)));
    is_settled(risk); /* somebody has looked at it and found it right */
    go(ASSETS, one, "", json_pack("{s:s, s:s}", "location", "Another hall", "description", "Now with the drawings of customers"));
    was_opened(risk, "asset_changed", "location");
    go(ASSETS, one, "", json_pack("{s:i}", "availability", 5));
    was_opened(risk, "asset_changed", "availability");
    go(ASSETS, one, "report_lost", reason());
    was_opened(risk, "asset_changed", "report_lost");
    go(ASSETS, one, "find", reason());
    was_opened(risk, "asset_changed", "find");
    go(ASSETS, one, "archive", NULL);
    was_opened(risk, "asset_changed", "put away");
    is_settled(other);
    is_text(RISKS, planned, "status", "treatment_planned"); /* it is being worked on already */
    is_text(RISKS, gone, "status", "retired");
    free(round);
    free(risk);
    free(other);
    free(planned);
    free(gone);
    free(one);
}

static void a_supplier_changes(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_as(round, "accepted"), *other = risk_as(round, "accepted");
    char *firm = make(SUPPLIERS, json_pack("{s:s, s:s, s:s, s:s}", "name", unique("Firm"), "service", "Runs servers",
                                           "criticality", "low", "owner_id", manager_id));
    tie(SUPPLIERS, firm, "risks", risk);
    go(SUPPLIERS, firm, "", json_pack("{s:s, s:s}", "contact", "Night desk", "reviewed_on", day(0)));
    is_settled(risk);
    go(SUPPLIERS, firm, "", json_pack("{s:s}", "service", "Runs servers, and hands half of it on"));
    was_opened(risk, "supplier_changed", "service");
    go(SUPPLIERS, firm, "", json_pack("{s:[{s:s}]}", "sub_suppliers", "name", "A data centre far away"));
    was_opened(risk, "supplier_changed", "sub_suppliers");
    go(SUPPLIERS, firm, "end", reason());
    was_opened(risk, "supplier_changed", "end");
    is_settled(other);
    free(round);
    free(risk);
    free(other);
    free(firm);
}

/* ---- incidents and findings ---- */

static void an_incident_is_linked(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_as(round, "accepted"), *other = risk_as(round, "monitored");
    char *incident = make("operation/incidents",
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "It came true", "category", "outage", "severity",
                                    "low", "aware_at", "2026-01-02T10:00:00Z", "owner_id", manager_id, "description", "Seen."));
    tie("operation/incidents", incident, "risks", risk);
    was_opened(risk, "incident", "INC-");
    untie("operation/incidents", incident, "risks", risk);
    is_settled(risk);
    tie(RISKS, risk, "incidents", incident); /* from the other end */
    was_opened(risk, "incident", "INC-");
    tie(RISKS, risk, "incidents", incident); /* is there already */
    is_settled(risk);
    is_text(RISKS, other, "status", "monitored");
    tie("operation/incidents", incident, "risks", other);
    is_text(RISKS, other, "status", "reopened");
    free(round);
    free(risk);
    free(other);
    free(incident);
}

static void a_finding_is_linked(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_as(round, "accepted"), *other = risk_as(round, "accepted");
    char *audit =
        make("evaluation/audits", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Audit", "edition", "2022", "scope",
                                            "All of it.", "criteria", "The standard.", "starts_on", day(-2), "ends_on", day(0)));
    char *finding =
        make("evaluation/audit-findings",
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "audit_id", audit, "kind", "minor", "title", "Doors stand open",
                       "criterion", "A.7.2", "statement", "The door was open.", "evidence", "Seen on the first day."));
    tie(RISKS, risk, "findings", finding);
    was_opened(risk, "finding", "is linked");
    untie(RISKS, risk, "findings", finding);
    is_settled(risk);
    tie("evaluation/audit-findings", finding, "risks", risk);
    was_opened(risk, "finding", "is linked");
    is_settled(other);
    free(round);
    free(risk);
    free(other);
    free(audit);
    free(finding);
}

/* ---- controls ---- */

/* A risk that is accepted because a control of it counts. */
static char *carried(const char *round, const char *with)
{
    char *risk = risk_in(round);
    tie(RISKS, risk, "controls", with);
    rate(risk, 3, 3, 1, 2, -1, -1);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    free(accept_risk(risk, "current", owner));
    return risk;
}

static void a_control_fails(void **state)
{
    (void)state;
    char *round = plain_round(), *good = control(true), *bare = control(false);
    char *risk = carried(round, good), *other = risk_as(round, "accepted");
    assert_int_equal(number(RISKS, risk, "counted_level"), 1);
    fail_control(good);
    assert_int_equal(number(RISKS, risk, "counted_level"), 3); /* its credit is gone at once */
    was_opened(risk, "control_failed", "CTL-");
    fail_control(good); /* no credit left to lose, and yet a failed test */
    was_opened(risk, "control_failed", "CTL-");
    free(make("annex-a/control-tests",
              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", bare, "method", "technical", "what", "A sample",
                        "tested_on", day(-1), "result", "failed", "findings", "No.")));
    is_settled(risk); /* none of its controls */
    is_settled(other);
    free(round);
    free(good);
    free(bare);
    free(risk);
    free(other);
}

static void a_control_loses_its_credit(void **state)
{
    (void)state;
    char *round = plain_round(), *falls = control(true), *unproved = control(true), *away = control(true);
    char *first = carried(round, falls), *second = carried(round, unproved), *third = carried(round, away);
    go("annex-a/controls", falls, "fall_back", reason());
    was_opened(first, "credit_lost", "CTL-");
    assert_int_equal(number(RISKS, first, "counted_level"), 3);
    struct answer a = api_get(manager, HERE "annex-a/evidence-items?control_id=%s", unproved);
    char *proof = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    go("annex-a/evidence-items", proof, "", json_pack("{s:s, s:s}", "collected_on", day(-9), "valid_until", day(-1)));
    was_opened(second, "credit_lost", "CTL-");
    go("annex-a/evidence-items", proof, "", json_pack("{s:s}", "valid_until", day(9))); /* and it comes back */
    assert_int_equal(number(RISKS, second, "counted_level"), 1);
    is_settled(second);
    go("annex-a/controls", away, "archive", NULL);
    was_opened(third, "credit_lost", "CTL-");
    free(proof);
    free(falls);
    free(unproved);
    free(away);
    free(first);
    free(second);
    free(third);
    free(round);
}

/* ---- the value of assets: asset x threat x weakness ---- */

static char *threats_round(void)
{
    json_t *body = method_body("5x5_5", 5, 5);
    json_object_del(body, "grid_name");
    json_object_set_new(body, "level_function", json_string("threats"));
    json_object_set_new(body, "unit", json_string("asset_threat_vulnerability"));
    json_object_set_new(body, "levels", level_list(5, 20)); /* from 0, 20, 40, 60, 80 */
    char *method = approved_method(body), *round = open_round(method);
    free(method);
    return round;
}

static json_t *threat(const char *stage, int threat_level, int weakness, int impact)
{
    json_t *body =
        json_pack("{s:s, s:i, s:i, s:s}", "stage", stage, "threat", threat_level, "weakness", weakness, "reason", "Seen");
    if (impact >= 0)
        json_object_set_new(body, "impact", json_integer(impact));
    return body;
}

static void is_worth(const char *risk, int value, int score, int level)
{
    assert_int_equal(number(RISKS, risk, "asset_value"), value);
    assert_int_equal(number(RISKS, risk, "current_score"), score);
    assert_int_equal(number(RISKS, risk, "current_level"), level);
}

static void rests_on(const char *what, const char *needs, char **id)
{
    *id = make("operation/asset-dependencies", json_pack("{s:s, s:s}", "asset_id", what, "depends_on_id", needs));
}

static void levels_follow_the_assets(void **state)
{
    (void)state;
    char *round = threats_round(), *risk = risk_in(round), *disk = asset(2), *archive = asset(4), *crown = asset(5), *first,
         *second;
    stop(RISKS, risk, "", json_pack("{s:[o]}", "ratings", threat("inherent", 3, 3, -1)), 422, "required", "/ratings/0/impact");
    go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", threat("inherent", 3, 3, 0), threat("current", 2, 3, 0)));
    is_worth(risk, -1, 12, 0); /* as typed: 1 x 3 x 4 */
    tie(RISKS, risk, "assets", disk);
    is_worth(risk, 2, 24, 1); /* 2 x 3 x 4 */
    assert_int_equal(number(RISKS, risk, "inherent_score"), 32);
    assert_int_equal(number(RISKS, risk, "current_impact"), 1);
    go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", threat("inherent", 3, 3, -1), threat("current", 2, 3, -1)));
    is_worth(risk, 2, 24, 1);        /* nobody needs to type it */
    rests_on(archive, disk, &first); /* the disk is worth what lies on it */
    is_worth(risk, 4, 48, 2);
    rests_on(crown, archive, &second); /* over two steps */
    is_worth(risk, 5, 60, 3);
    struct answer a = api_get(manager, HERE "operation/asset-values");
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(&a, "items"), i, item) /* as the register of assets says itself */
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), disk) == 0)
            assert_int_equal(json_integer_value(json_object_get(item, "value")), 5);
    }
    answer_free(&a);
    go(ASSETS, crown, "", json_pack("{s:i}", "confidentiality", 1));
    is_worth(risk, 4, 48, 2);
    go("operation/asset-dependencies", first, "archive", NULL);
    is_worth(risk, 2, 24, 1);
    go("operation/asset-dependencies", first, "restore", NULL);
    is_worth(risk, 4, 48, 2);
    tie(RISKS, risk, "assets", crown); /* the largest of several */
    is_worth(risk, 4, 48, 2);
    untie(RISKS, risk, "assets", disk);
    is_worth(risk, 1, 12, 0);
    untie(RISKS, risk, "assets", crown);
    is_worth(risk, 1, 12, 0); /* nothing typed: the last that was known */
    go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", threat("inherent", 3, 3, 4), threat("current", 2, 3, 4)));
    is_worth(risk, -1, 60, 3);
    stop(RISKS, risk, "", json_pack("{s:i}", "asset_value", 1), 422, "read_only", "/asset_value");
    free(round);
    free(risk);
    free(disk);
    free(archive);
    free(crown);
    free(first);
    free(second);
}

/* A settled risk is opened again by what its asset inherits; one whose level rests on a grid is not. */
static void inherited_value_opens_a_risk(void **state)
{
    (void)state;
    char *round = threats_round(), *grid = plain_round(), *risk = risk_in(round), *plain = risk_as(grid, "accepted");
    char *disk = asset(2), *archive = asset(2), *link;
    tie(RISKS, risk, "assets", disk);
    tie(RISKS, plain, "assets", disk);
    rests_on(archive, disk, &link);
    go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", threat("inherent", 0, 4, -1), threat("current", 0, 4, -1)));
    is_worth(risk, 2, 10, 0);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    free(accept_risk(risk, "current", owner));
    go(ASSETS, archive, "", json_pack("{s:s}", "location", "Next door")); /* nothing that is inherited */
    is_settled(risk);
    go(ASSETS, archive, "", json_pack("{s:i}", "integrity", 3));
    is_worth(risk, 3, 15, 0);
    was_opened(risk, "asset_changed", "integrity");
    go("operation/asset-dependencies", link, "archive", NULL);
    was_opened(risk, "asset_changed", "rests on");
    untie(RISKS, risk, "assets", disk);
    tie(RISKS, risk, "assets", archive); /* worth 3 */
    was_opened(risk, "asset_changed", "its assets are others");
    is_settled(plain);
    free(round);
    free(grid);
    free(risk);
    free(plain);
    free(disk);
    free(archive);
    free(link);
}

/* ---- all at once ---- */

struct person {
    struct api *api;
    const char *risk, *disk, *archive;
    int odd; /* statuses that nobody should see */
};

static void count(struct person *p, struct answer a)
{
    static const int fine[] = {200, 201, 204, 404, 409, 412}; /* 404: not linked; 409: two waited for each other: try again */
    bool known = false;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        known |= a.status == fine[i];
    if (!known)
        print_message("%d %.500s\n", a.status, a.body);
    p->odd += !known;
    answer_free(&a);
}

static void *rates_what_rests_on_it(void *arg)
{
    struct person *p = arg;
    for (int i = 0; i < 20; i++)
        count(p, step_as(p->api, ASSETS, p->archive, "", json_pack("{s:i}", "integrity", 1 + i * 3 % 5)));
    return NULL;
}

static void *links_and_unlinks(void *arg)
{
    struct person *p = arg;
    char path[250];
    for (int i = 0; i < 21; i++) {
        snprintf(path, sizeof path, HERE RISKS "/%s/links/assets%s%s", p->risk, i % 2 ? "/" : "", i % 2 ? p->disk : "");
        count(p,
              i % 2 ? api_call(p->api, "DELETE", path, NULL, NULL) : api_post(p->api, path, json_pack("{s:s}", "id", p->disk)));
    }
    return NULL;
}

static void *rates_the_risk(void *arg)
{
    struct person *p = arg;
    for (int i = 0; i < 20; i++)
        count(p, step_as(p->api, RISKS, p->risk, "",
                         json_pack("{s:[o, o]}", "ratings", threat("inherent", 4, 4, 0), threat("current", i % 3, i % 4, 0))));
    return NULL;
}

/* Whoever comes first: in the end the risk is worth what its assets are worth, and rated so. */
static void people_at_once_end_in_one_value(void **state)
{
    (void)state;
    char *round = threats_round(), *risk = risk_in(round), *disk = asset(1), *archive = asset(1), *link;
    rests_on(archive, disk, &link);
    go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", threat("inherent", 4, 4, 0), threat("current", 0, 0, 0)));
    struct person people[] = {{.api = api_as("keep", "consultant"), .archive = archive},
                              {.api = api_as("keep", "contributor"), .risk = risk, .disk = disk},
                              {.api = api_as("keep", "risk_owner"), .risk = risk}};
    void *(*const does[])(void *) = {rates_what_rests_on_it, links_and_unlinks, rates_the_risk};
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, does[i], &people[i]);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        api_free(people[i].api);
        assert_int_equal(people[i].odd, 0);
    }
    struct answer a = api_get(manager, HERE RISKS "/%s/links/assets", risk);
    bool linked = json_array_size(answer_at(&a, "items")) == 1;
    answer_free(&a);
    int value = number(ASSETS, archive, "own_value"), was = number(RISKS, risk, "current_score");
    assert_int_equal(number(RISKS, risk, "asset_value"), linked ? value : -1);
    assert_int_equal(number(RISKS, risk, "inherent_score"), 25 * (linked ? value : 1));
    int version = number(RISKS, risk, "version");
    go(RISKS, risk, "", json_pack("{s:s}", "verdict", "Looked at again")); /* and computed again: it was right already */
    assert_int_equal(number(RISKS, risk, "current_score"), was);
    assert_int_equal(number(RISKS, risk, "version"), version + 1);
    free(round);
    free(risk);
    free(disk);
    free(archive);
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_asset_changes),
        cmocka_unit_test(a_supplier_changes),
        cmocka_unit_test(an_incident_is_linked),
        cmocka_unit_test(a_finding_is_linked),
        cmocka_unit_test(a_control_fails),
        cmocka_unit_test(a_control_loses_its_credit),
        cmocka_unit_test(levels_follow_the_assets),
        cmocka_unit_test(inherited_value_opens_a_risk),
        cmocka_unit_test(people_at_once_end_in_one_value),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
