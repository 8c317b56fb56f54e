/* Methods, rounds and the life of a risk through the running service. */
#include "planning.h"

#define METHODS "planning/risk-methods"
#define ROUNDS "planning/risk-rounds"
#define RISKS "planning/risks"

/* ---- methods ---- */

static json_t *with(json_t *body, const char *name, json_t *value)
{
    json_object_set_new(body, name, value);
    return body;
}

static json_t *rows(const char *a, const char *b, const char *c)
{
    return json_pack("[{s:s}, {s:s}, {s:s}]", "levels", a, "levels", b, "levels", c);
}

static json_t *own(const char *a, const char *b, const char *c)
{
    return with(method_body("own", 3, 3), "own_grid", rows(a, b, c));
}

static void methods_are_sound_or_refused(void **state)
{
    (void)state;
    refuse(METHODS, own("0 1 1", "1 1 2", "1 2 1"), 422, "bad_grid", "/own_grid");      /* falls with impact */
    refuse(METHODS, own("0 1 2", "1 1 1", "1 2 2"), 422, "bad_grid", "/own_grid");      /* falls with likelihood */
    refuse(METHODS, own("0 1 1", "1 1", "1 2 2"), 422, "not_rectangular", "/own_grid"); /* a gap */
    refuse(METHODS, own("0 1 1", "1 1 2", "1 2 3"), 422, "bad_grid", "/own_grid");      /* level 3 of 3 */
    refuse(METHODS, own("0 1 1", "1 x 2", "1 2 2"), 422, "bad_grid", "/own_grid");      /* no number */
    refuse(METHODS, method_body("5x5_5", 4, 5), 422, "grid_size", "/grid_name");        /* scales of four */
    refuse(METHODS, method_body("5x5_5", 5, 4), 422, "bad_grid", "/grid_name");         /* level 4 of 4 */
    refuse(METHODS, with(method_body("3x3_3", 3, 3), "likelihood_scale", scale(2)), 422, "scale_size", "/likelihood_scale");
    refuse(METHODS, with(method_body("3x3_3", 3, 3), "accept_up_to", json_integer(3)), 422, "out_of_range", "/accept_up_to");
    refuse(METHODS, with(method_body("3x3_3", 3, 3), "aggregation", json_string("sum")), 422, "sum_leaves_scale", "/aggregation");
    json_t *weighted =
        with(with(method_body("3x3_3", 3, 3), "aggregation", json_string("weighted")), "impact_basis", json_string("properties"));
    refuse(METHODS, json_deep_copy(weighted), 422, "not_100", "/weights");
    free(make(METHODS, with(weighted, "weights",
                            json_pack("[{s:s, s:i}, {s:s, s:i}]", "part", "c", "percent", 60, "part", "a", "percent", 40))));
    json_t *falling = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "Low", "rank", "top_management", "name", "Middle",
                                "rank", "risk_owner", "name", "High", "rank", "top_management");
    refuse(METHODS, with(method_body("3x3_3", 3, 3), "levels", falling), 422, "ranks_must_rise", "/levels");
    json_t *product = with(method_body("3x3_3", 3, 3), "level_function", json_string("product"));
    refuse(METHODS, json_deep_copy(product), 422, "scores_must_rise", "/levels");
    free(make(METHODS, with(product, "levels", level_list(3, 3))));
    char *id = make(METHODS, own("0 0 0", "0 2 2", "0 2 2")); /* a level that nothing gives is a warning */
    is_text(METHODS, id, "unused_levels/0", "1");
    free(id);
}

static void an_approved_method_is_frozen(void **state)
{
    (void)state;
    char *empty = make(METHODS, json_pack("{s:s}", "title", "Empty")), *first = make(METHODS, method_body("4x4_3", 4, 3));
    stop_as(top, METHODS, empty, "approve", NULL, 422, "scale_size", "/likelihood_scale");
    stop(METHODS, first, "approve", NULL, 403, NULL, NULL); /* who runs the ISMS does not approve it */
    refuse(ROUNDS, json_pack("{s:s, s:s}", "title", "No such method", "method_id", owner_id), 422, "unknown_reference",
           "/method_id");
    char *early = make(ROUNDS, json_pack("{s:s, s:s}", "title", "Too early", "method_id", first));
    stop(ROUNDS, early, "start", NULL, 422, "method_not_approved", "/method_id");
    refuse(METHODS, with(method_body("4x4_3", 4, 3), "revises_id", json_string(first)), 409, "draft_still", "/revises_id");
    go_as(top, METHODS, first, "approve", NULL);
    stop(METHODS, first, "", json_pack("{s:i}", "accept_up_to", 2), 409, "frozen", NULL);
    char *second = make(METHODS, with(method_body("4x4_5", 4, 5), "revises_id", json_string(first)));
    refuse(METHODS, with(method_body("4x4_3", 4, 3), "revises_id", json_string(first)), 409, "revised_already", "/revises_id");
    assert_int_equal(number(METHODS, second, "version_number"), 2);
    go_as(top, METHODS, second, "approve", NULL);
    is_text(METHODS, first, "status", "superseded");
    stop(ROUNDS, early, "start", NULL, 422, "method_not_approved", "/method_id");
    free(empty);
    free(first);
    free(early);
    free(second);
}

/* ---- levels ---- */

static void levels_are_computed(void **state)
{
    (void)state;
    static const int vectors[][3] = {{4, 4, 4}, {0, 4, 1}, {2, 2, 2}, {3, 2, 3}, {4, 0, 2}};
    char *round = plain_round(), *risk = risk_in(round);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        rate(risk, vectors[i][0], vectors[i][1], vectors[i][0], vectors[i][1], -1, -1);
        assert_int_equal(number(RISKS, risk, "inherent_level"), vectors[i][2]);
        assert_int_equal(number(RISKS, risk, "current_level"), vectors[i][2]);
        assert_int_equal(number(RISKS, risk, "counted_level"), vectors[i][2]);
        assert_int_equal(number(RISKS, risk, "needs_treatment"), vectors[i][2] > 1);
    }
    static const char *const computed[] = {"inherent_level", "current_level",  "residual_level",
                                           "counted_level",  "inherent_score", "current_impact",
                                           "credited",       "priority",       "needs_treatment"};
    for (size_t i = 0; i < sizeof computed / sizeof *computed; i++) {
        struct answer a = step_as(manager, RISKS, risk, "", json_pack("{s:i}", computed[i], 0));
        expect_status(&a, 422);
        answer_free(&a);
    }
    stop(RISKS, risk, "", json_pack("{s:[o]}", "ratings", rating("inherent", 5, 0)), 422, "out_of_range",
         "/ratings/0/likelihood");
    stop(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", rating("inherent", 1, 1), rating("inherent", 1, 1)), 422,
         "stage_twice", "/ratings");
    json_t *bare = rating("inherent", 1, 1);
    json_object_del(bare, "reason");
    stop(RISKS, risk, "", json_pack("{s:[o]}", "ratings", bare), 422, "required", "/ratings/0/reason");
    free(risk);
    free(round);
}

static void a_rise_needs_its_reason(void **state)
{
    (void)state;
    static const int rises[][4] = {{1, 3, 2, 3}, {1, 3, 0, 4}, {2, 2, 4, 4}, {0, 4, 1, 3}};
    char *round = plain_round(), *risk = risk_in(round);
    for (size_t i = 0; i < sizeof rises / sizeof *rises; i++) {
        json_t *before = rating("inherent", rises[i][0], rises[i][1]), *after = rating("current", rises[i][2], rises[i][3]);
        stop(RISKS, risk, "", json_pack("{s:[O, O]}", "ratings", before, after), 422, "rise_without_reason",
             "/ratings/1/rise_reason");
        json_object_set_new(after, "rise_reason", json_string("We depend on one supplier now"));
        go(RISKS, risk, "", json_pack("{s:[o, o]}", "ratings", before, after));
    }
    json_t *list = json_pack("[o, o, o]", rating("inherent", 2, 2), rating("current", 2, 2), rating("residual", 2, 3));
    stop(RISKS, risk, "", json_pack("{s:o}", "ratings", list), 422, "rise_without_reason", "/ratings/2/rise_reason");
    free(risk);
    free(round);
}

/* The current rating counts only while every implemented control of the risk has credit. */
static void credit_decides_what_counts(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_in(round), *good = control(true), *bare = control(false);
    rate(risk, 4, 4, 1, 1, -1, -1);
    assert_int_equal(number(RISKS, risk, "counted_level"), 4);
    tie(RISKS, risk, "controls", good);
    assert_int_equal(number(RISKS, risk, "counted_level"), 1);
    tie(RISKS, risk, "controls", bare);
    assert_int_equal(number(RISKS, risk, "counted_level"), 4);
    char path[250];
    snprintf(path, sizeof path, HERE RISKS "/%s/links/controls/%s", risk, bare);
    struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
    expect_status(&a, 204);
    answer_free(&a);
    assert_int_equal(number(RISKS, risk, "counted_level"), 1);
    assert_int_equal(number(RISKS, risk, "current_level"), 1);
    fail_control(good);
    a = send_as(manager, "planning/risks:check", json_object());
    expect_status(&a, 200);
    answer_free(&a);
    assert_int_equal(number(RISKS, risk, "counted_level"), 4);
    free(risk);
    free(round);
    free(good);
    free(bare);
}

/* ---- rounds ---- */

static void rounds_move_as_said(void **state)
{
    (void)state;
    char *method = approved_method(method_body("5x5_5", 5, 5)), *round;
    round =
        make(ROUNDS, json_pack("{s:s, s:s, s:s}", "title", "After an incident", "method_id", method, "trigger_kind", "incident"));
    char *risk = risk_in(round);
    stop(RISKS, risk, "", json_pack("{s:[o]}", "ratings", rating("inherent", 1, 1)), 409, "round_not_open", "/ratings");
    stop(ROUNDS, round, "close", NULL, 409, "wrong_state", NULL);
    stop(ROUNDS, round, "start", NULL, 422, "required", "/trigger_note");
    go(ROUNDS, round, "", json_pack("{s:s}", "trigger_note", "The theft in May"));
    go(ROUNDS, round, "start", NULL);
    stop(ROUNDS, round, "start", NULL, 409, "wrong_state", NULL);
    rate(risk, 3, 3, 2, 2, -1, -1);
    stop(ROUNDS, round, "close", NULL, 422, "required", "/conclusion");
    go(ROUNDS, round, "", json_pack("{s:s}", "conclusion", "One risk stands out"));
    stop(ROUNDS, round, "close", NULL, 422, "not_evaluated", NULL);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    go(ROUNDS, round, "close", NULL);
    stop(ROUNDS, round, "", json_pack("{s:s}", "conclusion", "Another"), 409, "frozen", NULL);
    stop(ROUNDS, round, "cancel", reason(), 409, "wrong_state", NULL);
    char *other = make(ROUNDS, json_pack("{s:s, s:s}", "title", "Never", "method_id", method));
    stop(ROUNDS, other, "cancel", json_object(), 422, "required", "/reason");
    go(ROUNDS, other, "cancel", reason());
    stop(ROUNDS, other, "start", NULL, 409, "wrong_state", NULL);
    free(method);
    free(round);
    free(risk);
    free(other);
}

static void rounds_are_compared(void **state)
{
    (void)state;
    char *first = plain_round(), *second = plain_round();
    char *up = risk_in(first), *same = risk_in(first), *gone = risk_in(first), *fresh = risk_in(second);
    char *const old[] = {up, same, gone};
    for (size_t i = 0; i < 3; i++) {
        rate(old[i], 2, 2, 2, 2, -1, -1);
        go(RISKS, old[i], "analyse", NULL);
        go(RISKS, old[i], "evaluate", NULL);
    }
    go(ROUNDS, first, "", json_pack("{s:s}", "conclusion", "Done"));
    go(ROUNDS, first, "close", NULL);
    for (size_t i = 0; i < 2; i++)
        go(RISKS, old[i], "", json_pack("{s:s}", "round_id", second));
    rate(up, 4, 4, 4, 4, -1, -1);
    rate(fresh, 1, 1, 1, 1, -1, -1);
    struct answer a = api_get(manager, HERE ROUNDS "/%s/comparison?with=%s", second, first);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 4);
    const struct {
        const char *id, *change;
    } wanted[] = {{up, "up"}, {same, "same"}, {gone, "gone"}, {fresh, "new"}};
    for (size_t w = 0; w < 4; w++) {
        size_t i;
        json_t *item;
        const char *change = "absent";
        json_array_foreach(answer_at(&a, "items"), i, item)
        {
            if (strcmp(json_string_value(json_object_get(item, "id")), wanted[w].id) == 0)
                change = json_string_value(json_object_get(item, "change"));
        }
        assert_string_equal(change, wanted[w].change);
    }
    answer_free(&a);
    a = api_get(manager, HERE ROUNDS "/%s/comparison", second);
    expect_status(&a, 400);
    answer_free(&a);
    a = api_get(manager, HERE ROUNDS "/%s/comparison?with=%s", second, owner_id);
    expect_status(&a, 404);
    answer_free(&a);
    for (size_t i = 0; i < 3; i++)
        free(old[i]);
    free(fresh);
    free(first);
    free(second);
}

/* ---- the life of a risk ---- */

static void every_step_from_every_state(void **state)
{
    (void)state;
    static const char *const states[] = {"identified",   "analysed", "evaluated", "accepted", "treatment_planned",
                                         "in_treatment", "treated",  "monitored", "reopened", "retired"};
    static const struct move moves[] = {
        {"analyse", "identified reopened"},
        {"evaluate", "analysed"},
        {"accept", "evaluated"},
        {"plan", "evaluated"},
        {"begin", "treatment_planned"},
        {"finish", "in_treatment"},
        {"monitor", "treated"},
        {"reopen", "accepted treated monitored"},
        {"retire", "identified analysed evaluated accepted treatment_planned in_treatment treated monitored reopened"},
    };
    char *round = plain_round();
    for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
        char *risk = risk_as(round, states[s]);
        is_text(RISKS, risk, "status", states[s]);
        for (size_t m = 0; m < sizeof moves / sizeof *moves; m++) {
            if (in_list(moves[m].from, states[s]))
                continue; /* each is taken on the way to some state, and below */
            json_t *body = strcmp(moves[m].verb, "reopen") == 0
                               ? json_pack("{s:s, s:s}", "reopen_cause", "other", "reopen_note", "A test")
                           : strcmp(moves[m].verb, "retire") == 0 ? reason()
                                                                  : NULL;
            stop_as(owner, RISKS, risk, moves[m].verb, body, 409, "wrong_state", NULL);
        }
        if (strcmp(states[s], "retired") != 0)
            go(RISKS, risk, "retire", reason());
        free(risk);
    }
    free(round);
}

static void steps_ask_for_what_they_need(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = make(RISKS, json_pack("{s:s, s:s}", "title", "Bare", "round_id", round));
    stop(RISKS, risk, "analyse", NULL, 422, "required", "/owner_id");
    go(RISKS, risk, "", json_pack("{s:s}", "owner_id", owner_id));
    stop(RISKS, risk, "analyse", NULL, 422, "required", "/ratings");
    rate(risk, 4, 4, 4, 4, -1, -1);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    stop(RISKS, risk, "accept", NULL, 403, NULL, NULL);
    stop_as(owner, RISKS, risk, "accept", NULL, 422, "not_accepted", NULL);
    stop(RISKS, risk, "plan", NULL, 422, "required", "/treatment_option");
    static const struct {
        const char *option, *code, *pointer;
    } options[] = {{"retain", "use_acceptance", "/treatment_option"},
                   {"modify", "no_control", "/treatment_option"},
                   {"share", "no_contract", "/treatment_option"},
                   {"avoid", "required", "/decision"}};
    for (size_t i = 0; i < 4; i++) {
        go(RISKS, risk, "", json_pack("{s:s}", "treatment_option", options[i].option));
        stop(RISKS, risk, "plan", NULL, 422, options[i].code, options[i].pointer);
    }
    go(RISKS, risk, "", json_pack("{s:s}", "decision", "Management stops the service, minutes of May"));
    stop(RISKS, risk, "plan", NULL, 422, "no_plan", NULL);
    char *action;
    char *plan = plan_for(risk, &action);
    go(RISKS, risk, "plan", NULL);
    go(RISKS, risk, "begin", NULL);
    stop(RISKS, risk, "finish", NULL, 422, "required", "/ratings");
    rate(risk, 4, 4, 4, 4, 0, 1);
    stop(RISKS, risk, "finish", NULL, 422, "not_verified", NULL);
    carry_out(action);
    stop(RISKS, risk, "finish", NULL, 422, "residual_not_accepted", NULL);
    free(accept_risk(risk, "residual", owner));
    go(RISKS, risk, "finish", NULL);
    stop(RISKS, risk, "monitor", NULL, 422, "required", "/review_on");
    stop(RISKS, risk, "", json_pack("{s:[o]}", "ratings", rating("inherent", 1, 1)), 409, "settled", "/ratings");
    stop(RISKS, risk, "", json_pack("{s:s}", "owner_id", manager_id), 409, "settled", "/owner_id");
    stop(RISKS, risk, "reopen", json_object(), 422, "required", "/reopen_cause");
    free(action);
    free(plan);
    free(risk);
    free(round);
}

/* A risk is shared by a contract: as a requirement of that kind, or as the supplier who takes it. */
static void sharing_takes_a_contract(void **state)
{
    (void)state;
    char *round = plain_round(), *by_contract = risk_as(round, "evaluated"), *by_supplier = risk_as(round, "evaluated"), name[60];
    struct answer a = api_get(manager, HERE "context/interested-parties?limit=1");
    char *party = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    static const char *const kinds[] = {"legal", "contractual"};
    for (size_t i = 0; i < 2; i++) {
        go(RISKS, by_contract, "", json_pack("{s:s}", "treatment_option", "share"));
        stop(RISKS, by_contract, "plan", NULL, 422, "no_contract", "/treatment_option"); /* a law is none */
        char *id = make("context/requirements",
                        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "party_id", party, "title", "They pay for it", "kind",
                                  kinds[i], "source", "Policy 7", "addressed_by_isms", "yes", "reason", "Ours"));
        tie(RISKS, by_contract, "requirements", id);
        free(id);
    }
    stop(RISKS, by_contract, "plan", NULL, 422, "no_plan", NULL);
    free(plan_for(by_contract, NULL));
    go(RISKS, by_contract, "plan", NULL);
    snprintf(name, sizeof name, "Insurer %ld", (long)time(NULL));
    char *insurer = make("operation/suppliers",
                         json_pack("{s:s, s:s, s:s}", "name", name, "service", "Pays for damage", "criticality", "low"));
    go(RISKS, by_supplier, "", json_pack("{s:s}", "treatment_option", "share"));
    stop(RISKS, by_supplier, "plan", NULL, 422, "no_contract", "/treatment_option");
    tie("operation/suppliers", insurer, "risks", by_supplier);
    free(plan_for(by_supplier, NULL));
    go(RISKS, by_supplier, "plan", NULL);
    free(insurer);
    free(party);
    free(round);
    free(by_contract);
    free(by_supplier);
}

/* ---- what opens a settled risk again ---- */

static void look(void)
{
    struct answer a = send_as(manager, "planning/risks:check", json_object());
    expect_status(&a, 200);
    answer_free(&a);
}

static void settled_risks_open_again(void **state)
{
    (void)state;
    char *method = approved_method(method_body("5x5_5", 5, 5)), *round = open_round(method);
    char *quiet = risk_as(round, "accepted"), *failed = risk_in(round), *with_control = control(true);
    tie(RISKS, failed, "controls", with_control);
    rate(failed, 3, 3, 1, 2, -1, -1);
    go(RISKS, failed, "analyse", NULL);
    go(RISKS, failed, "evaluate", NULL);
    free(accept_risk(failed, "current", owner));
    look();
    is_text(RISKS, quiet, "status", "accepted");
    fail_control(with_control);
    look();
    is_text(RISKS, failed, "status", "reopened");
    is_text(RISKS, failed, "reopen_cause", "control_failed");
    is_text(RISKS, quiet, "status", "accepted");
    go(RISKS, failed, "analyse", NULL); /* and what was accepted before no longer holds */
    go(RISKS, failed, "evaluate", NULL);
    stop_as(owner, RISKS, failed, "accept", NULL, 422, "not_accepted", NULL);
    assert_int_equal(number(RISKS, failed, "counted_level"), 3);
    char *next = make(METHODS, with(method_body("5x5_4", 5, 4), "revises_id", json_string(method)));
    go_as(top, METHODS, next, "approve", NULL);
    look();
    is_text(RISKS, quiet, "status", "reopened");
    is_text(RISKS, quiet, "reopen_cause", "method_changed");
    go(RISKS, quiet, "analyse", NULL);
    stop(RISKS, quiet, "evaluate", NULL, 422, "method_not_in_use", "/round_id");
    char *fresh = open_round(next);
    go(RISKS, quiet, "", json_pack("{s:s}", "round_id", fresh));
    go(RISKS, quiet, "evaluate", NULL);
    free(method);
    free(round);
    free(quiet);
    free(failed);
    free(with_control);
    free(next);
    free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_sound_or_refused), cmocka_unit_test(an_approved_method_is_frozen),
        cmocka_unit_test(levels_are_computed),          cmocka_unit_test(a_rise_needs_its_reason),
        cmocka_unit_test(credit_decides_what_counts),   cmocka_unit_test(rounds_move_as_said),
        cmocka_unit_test(rounds_are_compared),          cmocka_unit_test(every_step_from_every_state),
        cmocka_unit_test(steps_ask_for_what_they_need), cmocka_unit_test(sharing_takes_a_contract),
        cmocka_unit_test(settled_risks_open_again),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
