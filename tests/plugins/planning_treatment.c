/* Acceptances, treatment plans and their actions through the running service; and what happens when people do it all at once. */
#include "planning.h"

#include <pthread.h>

#define RISKS "planning/risks"
#define ACCEPTANCES "planning/risk-acceptances"
#define PLANS "planning/treatment-plans"
#define ACTIONS "planning/treatment-actions"

/* A risk that waits for a verdict at this level (the diagonal of the grid): its controls are none, so the current level counts.
 */
static char *risk_at(const char *round, int likelihood, int impact)
{
    char *risk = risk_in(round);
    rate(risk, likelihood, impact, likelihood, impact, -1, -1);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    return risk;
}

static json_t *request(const char *risk, const char *until)
{
    json_t *body = json_pack("{s:s, s:s, s:s}", "title", "Bear it", "risk_id", risk, "reason", "Cheaper");
    if (until)
        json_object_set_new(body, "until_on", json_string(until));
    return body;
}

/* ---- acceptances ---- */

static void the_rank_goes_with_the_level(void **state)
{
    (void)state;
    char *round = plain_round(), *low = risk_at(round, 1, 1), *middle = risk_at(round, 2, 2), *high = risk_at(round, 4, 4);
    /* within what is acceptable the owner alone decides, and may have asked */
    char *id = make_as(owner, ACCEPTANCES, request(low, NULL));
    stop(ACCEPTANCES, id, "approve", NULL, 403, NULL, NULL);
    stop_as(top, ACCEPTANCES, id, "approve", NULL, 409, "not_signed", NULL);
    go_as(owner, ACCEPTANCES, id, "approve", NULL);
    is_text(RISKS, low, "status", "accepted");
    free(id);
    /* above it: an end, and nobody approves what he asked for */
    refuse(ACCEPTANCES, request(middle, NULL), 422, "required", "/until_on");
    refuse(ACCEPTANCES, request(middle, day(-2)), 422, "in_the_past", "/until_on");
    refuse(ACCEPTANCES, request(middle, day(310)), 422, "too_long", "/until_on"); /* level 2: 300 days */
    id = make_as(owner, ACCEPTANCES, request(middle, day(200)));
    assert_int_equal(number(ACCEPTANCES, id, "level"), 2);
    assert_int_equal(number(ACCEPTANCES, id, "above"), 1);
    is_text(ACCEPTANCES, id, "rank", "risk_owner");
    stop_as(owner, ACCEPTANCES, id, "approve", NULL, 403, "separation_of_duties", NULL);
    free(id);
    id = make(ACCEPTANCES, request(middle, day(200)));
    go_as(owner, ACCEPTANCES, id, "approve", NULL);
    is_text(RISKS, middle, "status", "accepted");
    free(id);
    /* level 4 belongs to top management, after the owner has signed */
    id = make(ACCEPTANCES, request(high, day(90)));
    is_text(ACCEPTANCES, id, "rank", "top_management");
    stop_as(top, ACCEPTANCES, id, "sign", NULL, 403, "not_the_owner", NULL);
    stop_as(top, ACCEPTANCES, id, "approve", NULL, 409, "not_signed", NULL);
    stop_as(owner, ACCEPTANCES, id, "approve", NULL, 403, "rank_too_low", NULL);
    go_as(owner, ACCEPTANCES, id, "sign", NULL);
    go(ACCEPTANCES, id, "", json_pack("{s:s}", "reason", "Other words")); /* what was signed is no longer said */
    stop_as(top, ACCEPTANCES, id, "approve", NULL, 409, "not_signed", NULL);
    go_as(owner, ACCEPTANCES, id, "sign", NULL);
    go_as(top, ACCEPTANCES, id, "approve", NULL);
    is_text(RISKS, high, "status", "accepted");
    stop(ACCEPTANCES, id, "", json_pack("{s:s}", "reason", "Too late"), 409, "frozen", NULL);
    free(id);
    free(low);
    free(middle);
    free(high);
    free(round);
}

static void acceptances_move_as_said(void **state)
{
    (void)state;
    static const char *const states[] = {"requested", "approved", "rejected", "revoked"};
    static const struct move moves[] = {
        {"sign", "requested"}, {"approve", "requested"}, {"reject", "requested"}, {"revoke", "approved"}, {"expire", "approved"}};
    char *round = plain_round();
    for (size_t s = 0; s < 4; s++) {
        char *risk = risk_at(round, 1, 1), *id = make(ACCEPTANCES, request(risk, day(20)));
        if (s == 1 || s == 3)
            go_as(owner, ACCEPTANCES, id, "approve", NULL);
        if (s == 2)
            go_as(owner, ACCEPTANCES, id, "reject", reason());
        if (s == 3)
            go(ACCEPTANCES, id, "revoke", reason());
        is_text(ACCEPTANCES, id, "status", states[s]);
        for (size_t m = 0; m < sizeof moves / sizeof *moves; m++)
            if (!in_list(moves[m].from, states[s]))
                stop_as(owner, ACCEPTANCES, id, moves[m].verb, in_list("reject revoke", moves[m].verb) ? reason() : NULL, 409,
                        "wrong_state", NULL);
        if (s == 1)
            stop(ACCEPTANCES, id, "expire", NULL, 422, "not_over", "/until_on");
        if (s == 3) { /* the risk stood on it */
            is_text(RISKS, risk, "status", "reopened");
            is_text(RISKS, risk, "reopen_cause", "acceptance_ended");
        }
        free(id);
        free(risk);
    }
    free(round);
}

static void an_acceptance_is_of_the_level_it_names(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_at(round, 1, 1), *id = make(ACCEPTANCES, request(risk, day(20)));
    rate(risk, 3, 3, 3, 3, -1, -1);
    stop_as(owner, ACCEPTANCES, id, "approve", NULL, 409, "level_changed", "/level");
    go(ACCEPTANCES, id, "", json_pack("{s:s}", "reason", "Seen again"));
    assert_int_equal(number(ACCEPTANCES, id, "level"), 3);
    stop_as(owner, ACCEPTANCES, id, "approve", NULL, 403, "rank_too_low", NULL);
    char *bare = risk_in(round), *early = make(ACCEPTANCES, request(bare, day(20)));
    stop_as(owner, ACCEPTANCES, early, "approve", NULL, 422, "not_rated", "/risk_id");
    free(bare);
    free(early);
    free(round);
    free(risk);
    free(id);
}

/* ---- plans and actions ---- */

static json_t *line(const char *plan, const char *risk)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", "Line", "plan_id", plan, "risk_id", risk, "owner_id", manager_id,
                     "due_on", day(30));
}

static void plans_move_as_said(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "submitted", "approved", "in_force", "superseded"};
    static const struct move moves[] = {{"submit", "draft"},
                                        {"sign", "submitted"},
                                        {"approve", "submitted"},
                                        {"enforce", "approved"},
                                        {"revise", "submitted approved in_force"},
                                        {"supersede", "approved in_force"}};
    static const char *const way[] = {"submit", "sign", "approve", "enforce", "supersede"};
    char *round = plain_round(), *risk = risk_at(round, 3, 3);
    for (size_t s = 0; s < 5; s++) {
        char *plan = make(PLANS, json_pack("{s:s}", "title", "Plan"));
        stop(PLANS, plan, "submit", NULL, 422, "nothing_planned", NULL);
        free(make(ACTIONS, line(plan, risk)));
        for (size_t w = 0; s > 0 && w < (s == 1 ? 1 : s + 1); w++)
            go_as(owner, PLANS, plan, way[w], in_list("supersede", way[w]) ? reason() : NULL);
        is_text(PLANS, plan, "status", states[s]);
        for (size_t m = 0; m < sizeof moves / sizeof *moves; m++)
            if (!in_list(moves[m].from, states[s]))
                stop_as(owner, PLANS, plan, moves[m].verb, in_list("supersede", moves[m].verb) ? reason() : NULL, 409,
                        "wrong_state", NULL);
        if (s == 1) {
            stop_as(owner, PLANS, plan, "approve", NULL, 422, "not_signed", NULL);
            stop_as(top, PLANS, plan, "sign", NULL, 409, "nothing_to_sign", NULL);
            stop(PLANS, plan, "sign", NULL, 403, NULL, NULL);
        }
        if (s == 2 || s == 3)
            stop(PLANS, plan, "", json_pack("{s:s}", "title", "Other"), 409, "frozen", NULL);
        if (s == 4)
            refuse(ACTIONS, line(plan, risk), 409, "plan_superseded", "/plan_id");
        free(plan);
    }
    free(risk);
    free(round);
}

static void actions_move_as_said(void **state)
{
    (void)state;
    static const char *const states[] = {"proposed", "approved", "in_progress", "blocked", "done", "verified", "cancelled"};
    static const struct move moves[] = {{"approve", "proposed"},
                                        {"start", "approved blocked"},
                                        {"block", "approved in_progress"},
                                        {"finish", "in_progress"},
                                        {"rework", "done"},
                                        {"verify", "done"},
                                        {"cancel", "proposed approved in_progress blocked done"}};
    char *round = plain_round(), *risk = risk_at(round, 3, 3);
    for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
        char *action, *plan = plan_for(risk, &action);
        if (s == 6)
            go(ACTIONS, action, "cancel", reason());
        if (s >= 1 && s <= 5)
            go(ACTIONS, action, "approve", NULL);
        if (s >= 2 && s <= 5)
            go(ACTIONS, action, "start", NULL);
        if (s == 3)
            go(ACTIONS, action, "block", reason());
        if (s == 2)
            stop(ACTIONS, action, "finish", NULL, 422, "required", "/result");
        if (s == 4 || s == 5) {
            go(ACTIONS, action, "", json_pack("{s:s}", "result", "It works"));
            go(ACTIONS, action, "finish", NULL);
            stop(ACTIONS, action, "verify", NULL, 403, "separation_of_duties", NULL);
        }
        if (s == 5)
            go_as(owner, ACTIONS, action, "verify", NULL);
        is_text(ACTIONS, action, "status", states[s]);
        for (size_t m = 0; m < sizeof moves / sizeof *moves; m++)
            if (!in_list(moves[m].from, states[s]))
                stop_as(owner, ACTIONS, action, moves[m].verb, in_list("block rework cancel", moves[m].verb) ? reason() : NULL,
                        409, "wrong_state", NULL);
        free(action);
        free(plan);
    }
    free(risk);
    free(round);
}

/* An approved plan that is changed: a new version; the signature on the changed line is void, that on the other one stays. */
static void a_change_voids_what_was_signed(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_at(round, 3, 3), *plan = make(PLANS, json_pack("{s:s}", "title", "Plan"));
    char *changed = make(ACTIONS, line(plan, risk)), *kept = make(ACTIONS, line(plan, risk));
    static const char *const way[] = {"submit", "sign", "approve", "enforce"};
    for (size_t i = 0; i < 4; i++)
        go_as(owner, PLANS, plan, way[i], NULL);
    go(ACTIONS, kept, "", json_pack("{s:s}", "result", "Half of it")); /* nothing that is signed */
    is_text(PLANS, plan, "status", "in_force");
    go(ACTIONS, changed, "", json_pack("{s:s}", "due_on", day(200)));
    is_text(PLANS, plan, "status", "draft");
    assert_int_equal(number(PLANS, plan, "plan_version"), 2);
    stop(ACTIONS, changed, "approve", NULL, 422, "not_signed", NULL);
    go(ACTIONS, kept, "approve", NULL);
    go(PLANS, plan, "submit", NULL);
    stop_as(owner, PLANS, plan, "approve", NULL, 422, "not_signed", NULL);
    struct answer a = step_as(owner, PLANS, plan, "approve", NULL);
    assert_int_equal(json_array_size(answer_at(&a, "errors")), 1); /* the kept one needs nothing */
    answer_free(&a);
    go_as(owner, PLANS, plan, "sign", NULL);
    go_as(owner, PLANS, plan, "approve", NULL);
    go(ACTIONS, changed, "approve", NULL);
    a = api_get(manager, HERE PLANS "/%s/versions", plan);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 2);
    assert_string_not_equal(answer_text(&a, "items/0/lines/0/due_on"), answer_text(&a, "items/1/lines/0/due_on"));
    answer_free(&a);
    free(make(ACTIONS, line(plan, risk))); /* a line that comes is a change too */
    is_text(PLANS, plan, "status", "draft");
    assert_int_equal(number(PLANS, plan, "plan_version"), 3);
    free(changed);
    free(kept);
    free(plan);
    free(risk);
    free(round);
}

/* ---- all at once ---- */

struct person {
    struct api *api;
    const char *plan, *action, *acceptance, *risk;
    int turn, odd; /* statuses that nobody should see */
};

static void count(struct person *p, struct answer *a)
{
    static const int fine[] = {200, 201, 403, 409, 412, 422, 503};
    bool known = false;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        known |= a->status == fine[i];
    p->odd += !known;
    answer_free(a);
}

static void try_step(struct person *p, const char *resource, const char *id, const char *verb, json_t *body)
{
    char path[200];
    struct answer now = api_get(p->api, HERE "%s/%s", resource, id);
    snprintf(path, sizeof path, HERE "%s/%s%s%s", resource, id, *verb ? ":" : "", verb);
    struct answer a = api_send(p->api, *verb ? "POST" : "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    count(p, &a);
}

static void *sign_and_approve(void *arg)
{
    struct person *p = arg;
    for (int i = 0; i < 12; i++) {
        try_step(p, PLANS, p->plan, "submit", NULL);
        try_step(p, PLANS, p->plan, "sign", NULL);
        try_step(p, PLANS, p->plan, "approve", NULL);
        try_step(p, ACCEPTANCES, p->acceptance, "approve", NULL);
    }
    return NULL;
}

static void *edit(void *arg)
{
    struct person *p = arg;
    for (int i = 0; i < 24; i++) {
        try_step(p, ACTIONS, p->action, "", json_pack("{s:o}", "title", json_sprintf("Words %d of %d", i, p->turn)));
        try_step(p, ACTIONS, p->action, "approve", NULL);
    }
    return NULL;
}

static void *rate_anew(void *arg)
{
    struct person *p = arg;
    for (int i = 0; i < 12; i++)
        try_step(p, RISKS, p->risk, "",
                 json_pack("{s:[o, o]}", "ratings", rating("inherent", 4, 4), rating("current", i % 3, i % 4)));
    return NULL;
}

static void people_at_once_end_in_one_state(void **state)
{
    (void)state;
    char *round = plain_round(), *risk = risk_at(round, 3, 3), *plan = make(PLANS, json_pack("{s:s}", "title", "Plan"));
    char *actions[] = {make(ACTIONS, line(plan, risk)), make(ACTIONS, line(plan, risk))};
    char *acceptance = make(ACCEPTANCES, request(risk, day(20)));
    struct person people[] = {
        {.api = api_as("keep", "risk_owner"), .plan = plan, .acceptance = acceptance},
        {.api = api_as("keep", "top_management"), .plan = plan, .acceptance = acceptance},
        {.api = api_as("keep", "manager"), .action = actions[0], .turn = 1},
        {.api = api_as("keep", "consultant"), .action = actions[1], .turn = 2},
        {.api = api_as("keep", "contributor"), .risk = risk},
    };
    void *(*const does[])(void *) = {sign_and_approve, sign_and_approve, edit, edit, rate_anew};
    pthread_t threads[5];
    for (size_t i = 0; i < 5; i++)
        pthread_create(&threads[i], NULL, does[i], &people[i]);
    for (size_t i = 0; i < 5; i++) {
        pthread_join(threads[i], NULL);
        api_free(people[i].api);
        assert_int_equal(people[i].odd, 0);
    }
    /* Whatever came out: an approved plan has every line signed as it reads now, and keeps as many versions as were approved. */
    struct answer a = record(PLANS, plan);
    bool approved = strcmp(answer_text(&a, "status"), "approved") == 0;
    int version = (int)answer_integer(&a, "plan_version");
    answer_free(&a);
    a = api_get(manager, HERE PLANS "/%s/versions", plan);
    int kept = (int)answer_integer(&a, "count");
    answer_free(&a);
    assert_int_equal(kept, approved ? version : version - 1);
    if (!approved) {
        a = step_as(manager, PLANS, plan, "submit", NULL); /* unless it lies there already */
        answer_free(&a);
        a = step_as(owner, PLANS, plan, "sign", NULL); /* unless all is signed */
        answer_free(&a);
        go_as(owner, PLANS, plan, "approve", NULL);
    }
    for (size_t i = 0; i < 2; i++) {
        a = record(ACTIONS, actions[i]);
        if (strcmp(answer_text(&a, "status"), "proposed") == 0)
            go(ACTIONS, actions[i], "approve", NULL);
        answer_free(&a);
        go(ACTIONS, actions[i], "start", NULL); /* only what is signed as it reads can start */
        free(actions[i]);
    }
    /* And an approved acceptance is of the level at which the risk was accepted. */
    a = record(ACCEPTANCES, acceptance);
    if (strcmp(answer_text(&a, "status"), "approved") == 0) {
        is_text(RISKS, risk, "status", "accepted");
        assert_int_equal(number(RISKS, risk, "counted_level"), (int)answer_integer(&a, "level"));
    } else {
        is_text(RISKS, risk, "status", "evaluated");
    }
    answer_free(&a);
    free(acceptance);
    free(plan);
    free(risk);
    free(round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rank_goes_with_the_level),
        cmocka_unit_test(acceptances_move_as_said),
        cmocka_unit_test(an_acceptance_is_of_the_level_it_names),
        cmocka_unit_test(plans_move_as_said),
        cmocka_unit_test(actions_move_as_said),
        cmocka_unit_test(a_change_voids_what_was_signed),
        cmocka_unit_test(people_at_once_end_in_one_state),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
