/* Nonconformities, corrective actions and improvements through the running service: their lives, what each step asks, who may not
 * check his own work, the clocks, the views. */
#include "area.h"

#define NC "improvement/nonconformities"
#define CA "improvement/corrective-actions"
#define IMP "improvement/improvements"
#define CLOCK "improvement/clocks"

static struct api *manager, *contributor, *auditor;
static char *manager_id, *contributor_id, *auditor_id;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    contributor = api_as("keep", "contributor");
    auditor = api_as("keep", "internal_auditor");
    manager_id = area_id_of(manager);
    contributor_id = area_id_of(contributor);
    auditor_id = area_id_of(auditor);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(contributor);
    api_free(auditor);
    free(manager_id);
    free(contributor_id);
    free(auditor_id);
    return 0;
}

static json_t *found(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Door open", "source", "own_finding", "grade", "minor",
                     "requirement", "A.7.2", "statement", "The door was open.", "evidence", "Two walks.", "detected_on",
                     area_day(0));
}

/* Everything that any step asks for, but the actions. */
static json_t *complete(void)
{
    json_t *body = found();
    json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "owner_id", contributor_id,
                             "correction", "Closed.", "consequences", "None seen.", "root_cause", "No closer", "cause_category",
                             "process", "similar_search", "All doors.", "effectiveness_criterion", "Shut twenty times.",
                             "effectiveness_check_on", area_day(0), "risk_changes", "None: assumed so.", "isms_changes",
                             "House rules.", "five_whys", "why", "Why open?", "because", "It falls not shut.");
    json_object_update(body, more);
    json_decref(more);
    return body;
}

static json_t *action(const char *nc)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "nonconformity_id", nc, "title", "Fit a closer", "owner_id", contributor_id,
                     "due_on", area_day(20));
}

static void act(const char *nc)
{
    char *id = area_make(manager, CA, action(nc));
    area_do(contributor, CA, id, "", json_pack("{s:s}", "result", "Fitted."));
    area_do(contributor, CA, id, "complete", NULL);
    free(id);
}

static json_t *note(void)
{
    return json_pack("{s:s}", "note", "Looked twenty times.");
}

static char *nc_in(const char *state)
{
    static const char *const steps[][2] = {
        {"open", NULL},         {"corrected", "correct"}, {"analysed", "analyse"},
        {"in_action", "begin"}, {"in_check", "finish"},   {"closed", "verify"},
    };
    char *id = area_make(manager, NC, complete());
    if (strcmp(state, "dismissed") == 0)
        area_do(auditor, NC, id, "dismiss", json_pack("{s:s}", "reason", "A closer was there."));
    for (size_t i = 0; strcmp(state, "dismissed") != 0; i++) {
        if (i == 3)
            act(id);
        if (steps[i][1])
            area_do(i == 5 ? auditor : manager, NC, id, steps[i][1], i == 5 ? note() : NULL);
        if (strcmp(steps[i][0], state) == 0)
            break;
    }
    area_is(manager, NC, id, "status", state);
    return id;
}

static void every_transition_from_every_state(void **state)
{
    (void)state;
    static const char *const states[] = {"open", "corrected", "analysed", "in_action", "in_check", "closed", "dismissed"};
    static const struct {
        const char *verb, *from, *to;
    } table[] = {
        {"correct", "open", "corrected"},    {"analyse", "corrected", "analysed"}, {"begin", "analysed", "in_action"},
        {"finish", "in_action", "in_check"}, {"verify", "in_check", "closed"},     {"fail", "in_check", "corrected"},
        {"dismiss", "open", "dismissed"},
    };
    for (size_t s = 0; s < 7; s++) {
        char *id = nc_in(states[s]);
        for (size_t v = 0; v < 7; v++) {
            json_t *body = v == 6 ? json_pack("{s:s}", "reason", "Tried") : v == 4 || v == 5 ? note() : NULL;
            if (strcmp(table[v].from, states[s]) != 0) {
                area_cannot(auditor, NC, id, table[v].verb, body, 409, "wrong_state", NULL);
                continue;
            }
            char *own = nc_in(states[s]);
            if (v == 2)
                act(own);
            area_do(auditor, NC, own, table[v].verb, body);
            area_is(manager, NC, own, "status", table[v].to);
            free(own);
        }
        free(id);
    }
}

/* Each step with one thing missing. */
static void each_step_asks_for_what_it_rests_on(void **state)
{
    (void)state;
    static const struct {
        const char *in, *verb, *missing, *code;
    } table[] = {
        {"open", "correct", "owner_id", "required"},
        {"open", "correct", "correction", "required"},
        {"open", "correct", "consequences", "required"},
        {"corrected", "analyse", "root_cause", "required"},
        {"corrected", "analyse", "cause_category", "required"},
        {"corrected", "analyse", "similar_search", "required"},
        {"corrected", "analyse", "five_whys", "cause_not_shown"},
        {"analysed", "begin", "effectiveness_criterion", "required"},
        {"analysed", "begin", "effectiveness_check_on", "required"},
        {"in_action", "finish", "risk_changes", "required"},
        {"in_action", "finish", "isms_changes", "required"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = nc_in(table[i].in), pointer[64];
        bool list = strcmp(table[i].missing, "five_whys") == 0;
        snprintf(pointer, sizeof pointer, "/%s", table[i].missing);
        area_do(manager, NC, id, "", json_pack("{s:o}", table[i].missing, list ? json_array() : json_null()));
        area_cannot(manager, NC, id, table[i].verb, NULL, 422, table[i].code, pointer);
        free(id);
    }
}

static void a_cause_effect_list_shows_the_cause_when_one_is_marked_root(void **state)
{
    (void)state;
    static const char *const weights[] = {"contributing", "root"};
    for (size_t i = 0; i < 2; i++) {
        char *id = nc_in("corrected");
        area_do(manager, NC, id, "",
                json_pack("{s:[], s:[{s:s, s:s, s:s}]}", "five_whys", "cause_effect", "branch", "technology", "cause",
                          "No closer", "weight", weights[i]));
        if (i)
            area_do(manager, NC, id, "analyse", NULL);
        else
            area_cannot(manager, NC, id, "analyse", NULL, 422, "cause_not_shown", "/five_whys");
        free(id);
    }
}

static void nothing_begins_without_an_action_and_nothing_ends_before_it(void **state)
{
    (void)state;
    char *id = nc_in("analysed");
    area_cannot(manager, NC, id, "begin", NULL, 422, "no_action", NULL);
    char *first = area_make(manager, CA, action(id)), *second = area_make(manager, CA, action(id));
    area_do(manager, NC, id, "begin", NULL);
    area_cannot(manager, NC, id, "finish", NULL, 422, "action_not_done", NULL);
    area_do(manager, CA, first, "cancel", json_pack("{s:s}", "reason", "Twice."));
    area_cannot(manager, NC, id, "finish", NULL, 422, "action_not_done", NULL);
    area_do(manager, CA, second, "cancel", json_pack("{s:s}", "reason", "Dropped."));
    area_cannot(manager, NC, id, "finish", NULL, 422, "no_action", NULL);
    area_do(manager, CA, second, "reopen", json_pack("{s:s}", "reason", "After all."));
    area_do(manager, CA, second, "", json_pack("{s:s}", "result", "Fitted."));
    area_do(contributor, CA, second, "complete", NULL);
    area_is(manager, CA, second, "done_by_id", contributor_id);
    area_is(manager, CA, second, "done_on", area_day(0));
    area_do(manager, NC, id, "finish", NULL);
    area_cannot(manager, CA, second, "reopen", json_pack("{s:s}", "reason", "Too late."), 422, "nonconformity_settled", NULL);
    area_refuse(manager, CA, action(id), 409, "nonconformity_settled", "/nonconformity_id");
    free(first);
    free(second);
    free(id);
}

static void the_doers_do_not_check_the_effect(void **state)
{
    (void)state;
    static const char *const verbs[] = {"verify", "fail"};
    struct api *owner = api_as("keep", "owner");
    char *owner_id = area_id_of(owner);
    /* the nonconformity's owner */
    char *id = area_make(manager, NC, complete());
    area_do(manager, NC, id, "", json_pack("{s:s}", "owner_id", manager_id));
    area_do(manager, NC, id, "correct", NULL);
    area_do(manager, NC, id, "analyse", NULL);
    /* the action's owner, and who completed it */
    char *ca = area_make(manager, CA, action(id));
    area_do(manager, CA, ca, "", json_pack("{s:s, s:s}", "owner_id", auditor_id, "result", "Fitted."));
    area_do(manager, NC, id, "begin", NULL);
    area_do(owner, CA, ca, "complete", NULL);
    area_do(manager, NC, id, "finish", NULL);
    for (size_t i = 0; i < 2; i++) {
        area_cannot(manager, NC, id, verbs[i], note(), 422, "separation_of_duties", NULL);
        area_cannot(auditor, NC, id, verbs[i], note(), 422, "separation_of_duties", NULL);
        area_cannot(owner, NC, id, verbs[i], note(), 422, "separation_of_duties", NULL);
        area_cannot(contributor, NC, id, verbs[i], note(), 403, "forbidden", NULL);
    }
    free(ca);
    free(id);
    id = nc_in("in_check"); /* whoever had no part may */
    area_cannot(auditor, NC, id, "verify", NULL, 422, "required", "/note");
    area_do(auditor, NC, id, "verify", note());
    area_is(manager, NC, id, "verified_by_id", auditor_id);
    area_is(manager, NC, id, "verified_on", area_day(0));
    area_is(manager, NC, id, "verification_note", "Looked twenty times.");
    free(id);
    free(owner_id);
    api_free(owner);
}

static void the_effect_is_not_judged_before_it_can_show(void **state)
{
    (void)state;
    json_t *body = complete();
    json_object_set_new(body, "effectiveness_check_on", json_string(area_day(1)));
    char *id = area_make(manager, NC, body);
    area_do(manager, NC, id, "correct", NULL);
    area_do(manager, NC, id, "analyse", NULL);
    act(id);
    area_do(manager, NC, id, "begin", NULL);
    area_do(manager, NC, id, "finish", NULL);
    area_is(manager, NC, id, "due_on", area_day(1));
    area_cannot(auditor, NC, id, "verify", note(), 422, "too_early", "/effectiveness_check_on");
    area_cannot(auditor, NC, id, "fail", note(), 422, "too_early", "/effectiveness_check_on");
    free(id);
}

static void a_failed_check_leads_back_to_another_cause(void **state)
{
    (void)state;
    char *id = nc_in("in_check");
    area_do(auditor, NC, id, "fail", json_pack("{s:s}", "note", "Open on the third walk."));
    struct answer a = area_read(manager, NC, id);
    assert_string_equal(answer_text(&a, "status"), "corrected");
    assert_int_equal(answer_integer(&a, "cycle"), 2);
    assert_string_equal(answer_text(&a, "failed_checks/0/found"), "Open on the third walk.");
    assert_string_equal(answer_text(&a, "failed_checks/0/cause"), "No closer");
    assert_string_equal(answer_text(&a, "failed_checks/0/by"), auditor_id);
    assert_string_equal(answer_text(&a, "failed_checks/0/on"), area_day(0));
    assert_null(answer_text(&a, "cause_found_on"));
    assert_null(answer_text(&a, "acted_on"));
    answer_free(&a);
    area_cannot(manager, NC, id, "analyse", NULL, 422, "cause_unchanged", "/root_cause");
    area_do(manager, NC, id, "", json_pack("{s:s}", "root_cause", "  no CLOSER "));
    area_cannot(manager, NC, id, "analyse", NULL, 422, "cause_unchanged", "/root_cause");
    area_do(manager, NC, id, "", json_pack("{s:s}", "root_cause", "Deliveries at the change of shift"));
    area_do(manager, NC, id, "analyse", NULL);
    area_cannot(manager, NC, id, "begin", NULL, 422, "no_action", NULL); /* that of the first round does not count */
    act(id);
    area_do(manager, NC, id, "begin", NULL);
    area_do(manager, NC, id, "finish", NULL);
    area_do(auditor, NC, id, "verify", note());
    area_is(manager, NC, id, "status", "closed");
    free(id);
}

static void what_a_step_rests_on_does_not_change_under_it(void **state)
{
    (void)state;
    static const struct {
        const char *in, *field, *value;
    } table[] = {
        {"corrected", "statement", "Another."},
        {"corrected", "evidence", "Another."},
        {"corrected", "grade", "major"},
        {"corrected", "requirement", "A.7.3"},
        {"corrected", "title", "Another."},
        {"corrected", "detected_on", "2026-01-01"},
        {"analysed", "root_cause", "Another."},
        {"analysed", "cause_category", "people"},
        {"in_action", "similar_search", "Nobody."},
        {"in_action", "effectiveness_criterion", "None."},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = nc_in(table[i].in), pointer[64];
        snprintf(pointer, sizeof pointer, "/%s", table[i].field);
        area_cannot(manager, NC, id, "", json_pack("{s:s}", table[i].field, table[i].value), 409, "settled", pointer);
        free(id);
    }
    static const char *const frozen[] = {"in_check", "closed", "dismissed"};
    for (size_t i = 0; i < 3; i++) {
        char *id = nc_in(frozen[i]);
        area_cannot(manager, NC, id, "", json_pack("{s:s}", "consequences", "Another."), 409, "frozen", NULL);
        free(id);
    }
}

static void putting_away_is_no_way_round(void **state)
{
    (void)state;
    static const char *const states[] = {"open", "corrected", "analysed", "in_action", "in_check", "closed", "dismissed"};
    for (size_t i = 0; i < 7; i++) {
        char *id = nc_in(states[i]);
        if (i == 0 || i > 4)
            area_do(manager, NC, id, "archive", NULL);
        else
            area_cannot(manager, NC, id, "archive", NULL, 409, "not_closed", NULL);
        free(id);
    }
    static const char *const auditors[] = {"internal_audit", "certification_body"};
    for (size_t i = 0; i < 2; i++) {
        json_t *body = found();
        json_object_set_new(body, "source", json_string(auditors[i]));
        char *id = area_make(manager, NC, body);
        area_cannot(manager, NC, id, "archive", NULL, 409, "not_closed", NULL);
        area_cannot(auditor, NC, id, "dismiss", json_pack("{s:s}", "reason", "No"), 422, "not_ours_to_dismiss", "/source");
        free(id);
    }
    char *id = nc_in("open");
    area_cannot(manager, NC, id, "dismiss", json_pack("{s:s}", "reason", "Mine"), 403, "separation_of_duties", NULL);
    area_cannot(auditor, NC, id, "dismiss", NULL, 422, "required", "/reason");
    char *ca = area_make(manager, CA, action(id));
    area_do(manager, CA, ca, "start", NULL);
    area_cannot(manager, CA, ca, "archive", NULL, 409, "kept", NULL);
    free(ca);
    free(id);
}

static void what_is_found_is_checked(void **state)
{
    (void)state;
    json_t *body = found();
    json_object_set_new(body, "detected_on", json_string(area_day(3)));
    area_refuse(manager, NC, body, 422, "in_the_future", "/detected_on");
    char *id = area_make(manager, NC, found());
    area_cannot(manager, NC, id, "", json_pack("{s:s}", "repeats_id", id), 422, "repeats_itself", "/repeats_id");
    body = found();
    json_object_set_new(body, "repeats_id", json_string(id));
    char *again = area_make(manager, NC, body);
    area_is(manager, NC, again, "repeats_id", id);
    free(again);
    free(id);
}

static void clocks_run_by_source_and_grade(void **state)
{
    (void)state;
    json_t *body = found();
    json_object_set_new(body, "detected_on", json_string("2026-03-01"));
    json_object_set_new(body, "grade", json_string("major"));
    json_object_set_new(body, "owner_id", json_string(contributor_id));
    json_object_set_new(body, "correction", json_string("Closed."));
    json_object_set_new(body, "consequences", json_string("None."));
    char *id = area_make(manager, NC, body);
    area_is(manager, NC, id, "correction_due_on", "2026-03-08"); /* 7 days */
    area_is(manager, NC, id, "cause_due_on", "2026-03-31");      /* 30 days */
    area_is(manager, NC, id, "act_due_on", "2026-04-30");        /* 60 days */
    area_is(manager, NC, id, "due_on", "2026-03-08");
    area_do(manager, NC, id, "", json_pack("{s:s}", "grade", "minor"));
    area_is(manager, NC, id, "correction_due_on", "2026-03-31"); /* 30 days */
    area_is(manager, NC, id, "cause_due_on", "2026-04-30");      /* 60 days */
    area_is(manager, NC, id, "act_due_on", "2026-05-30");        /* 90 days */
    area_do(manager, NC, id, "correct", NULL);
    area_is(manager, NC, id, "due_on", "2026-04-30");
    free(id);

    json_t *clock = json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "source", "metric", "grade", "major", "correct_days", 2,
                              "cause_days", 1, "act_days", 20, "reason", "Agreed.");
    area_refuse(manager, CLOCK, json_deep_copy(clock), 422, "out_of_order", "/cause_days");
    json_object_set_new(clock, "cause_days", json_integer(21));
    area_refuse(manager, CLOCK, json_deep_copy(clock), 422, "out_of_order", "/act_days");
    json_object_set_new(clock, "cause_days", json_integer(10));
    char *set = area_make(manager, CLOCK, clock);
    body = found();
    json_object_set_new(body, "source", json_string("metric"));
    json_object_set_new(body, "grade", json_string("major"));
    json_object_set_new(body, "detected_on", json_string("2026-03-01"));
    id = area_make(manager, NC, json_deep_copy(body));
    area_is(manager, NC, id, "correction_due_on", "2026-03-03");
    area_is(manager, NC, id, "cause_due_on", "2026-03-11");
    area_is(manager, NC, id, "act_due_on", "2026-03-21");
    free(id);
    /* of another source, or of another grade: as without it */
    static const char *const others[][3] = {{"own_finding", "major", "2026-03-08"}, {"metric", "minor", "2026-03-31"}};
    for (size_t i = 0; i < 2; i++) {
        json_t *other = json_deep_copy(body);
        json_object_set_new(other, "source", json_string(others[i][0]));
        json_object_set_new(other, "grade", json_string(others[i][1]));
        id = area_make(manager, NC, other);
        area_is(manager, NC, id, "correction_due_on", others[i][2]);
        free(id);
    }
    area_do(manager, CLOCK, set, "archive", NULL);
    id = area_make(manager, NC, body);
    area_is(manager, NC, id, "correction_due_on", "2026-03-08");
    free(id);
    free(set);
}

static void a_failed_check_winds_the_clocks_again(void **state)
{
    (void)state;
    char *id = nc_in("in_check");
    struct answer a = area_read(manager, NC, id);
    char *correction = strdup(answer_text(&a, "correction_due_on"));
    answer_free(&a);
    area_do(auditor, NC, id, "fail", note());
    area_is(manager, NC, id, "correction_due_on", correction);
    area_is(manager, NC, id, "cause_due_on", area_day(60));
    area_is(manager, NC, id, "act_due_on", area_day(90));
    area_is(manager, NC, id, "due_on", area_day(60));
    free(correction);
    free(id);
}

static void every_transition_of_an_action(void **state)
{
    (void)state;
    static const char *const states[] = {"planned", "in_progress", "done", "cancelled"};
    static const struct {
        const char *verb, *to[4];
    } table[] = {
        {"start", {"in_progress", NULL, NULL, NULL}},
        {"complete", {"done", "done", NULL, NULL}},
        {"cancel", {"cancelled", "cancelled", NULL, NULL}},
        {"reopen", {NULL, NULL, "in_progress", "in_progress"}},
    };
    static const char *const way[] = {NULL, "start", "complete", "cancel"};
    char *nc = nc_in("analysed");
    for (size_t v = 0; v < 4; v++)
        for (size_t s = 0; s < 4; s++) {
            char *id = area_make(manager, CA, action(nc));
            area_cannot(manager, CA, id, "complete", NULL, 422, "required", "/result");
            area_do(manager, CA, id, "", json_pack("{s:s}", "result", "Done."));
            if (way[s])
                area_do(manager, CA, id, way[s], json_pack("{s:s}", "reason", "Tried"));
            area_is(manager, CA, id, "status", states[s]);
            if (table[v].to[s]) {
                area_do(manager, CA, id, table[v].verb, json_pack("{s:s}", "reason", "Tried"));
                area_is(manager, CA, id, "status", table[v].to[s]);
            } else {
                area_cannot(manager, CA, id, table[v].verb, json_pack("{s:s}", "reason", "Tried"), 409, "wrong_state", NULL);
            }
            free(id);
        }
    free(nc);
}

static void every_transition_of_an_improvement(void **state)
{
    (void)state;
    static const char *const states[] = {"proposed", "accepted", "done", "rejected"};
    static const struct {
        const char *verb, *to[4];
    } table[] = {
        {"accept", {"accepted", NULL, NULL, "accepted"}},
        {"reject", {"rejected", "rejected", NULL, NULL}},
        {"complete", {NULL, "done", NULL, NULL}},
    };
    static const char *const way[][2] = {{NULL}, {"accept"}, {"accept", "complete"}, {"reject"}};
    for (size_t v = 0; v < 3; v++)
        for (size_t s = 0; s < 4; s++) {
            char *id = area_make(contributor, IMP, json_pack("{s:s}", "title", "One list of sessions"));
            area_do(contributor, IMP, id, "",
                    json_pack("{s:s, s:s, s:s, s:s}", "benefit", "Seen sooner.", "owner_id", contributor_id, "due_on",
                              area_day(60), "result", "Two seen."));
            for (size_t i = 0; i < 2 && way[s][i]; i++)
                area_do(manager, IMP, id, way[s][i],
                        strcmp(way[s][i], "complete") == 0 ? NULL : json_pack("{s:s}", "decision", "Before."));
            area_is(manager, IMP, id, "status", states[s]);
            json_t *body = v < 2 ? json_pack("{s:s}", "decision", "So be it.") : NULL;
            if (table[v].to[s]) {
                area_do(manager, IMP, id, table[v].verb, body);
                area_is(manager, IMP, id, "status", table[v].to[s]);
                if (v < 2) {
                    area_is(manager, IMP, id, "decision", "So be it.");
                    area_is(manager, IMP, id, "decided_by_id", manager_id);
                }
            } else {
                area_cannot(manager, IMP, id, table[v].verb, body, 409, "wrong_state", NULL);
            }
            free(id);
        }
    char *id = area_make(contributor, IMP, json_pack("{s:s}", "title", "One list of sessions"));
    area_cannot(contributor, IMP, id, "accept", json_pack("{s:s}", "decision", "Mine."), 403, "forbidden", NULL);
    area_cannot(manager, IMP, id, "accept", json_pack("{s:s}", "decision", "So."), 422, "required", "/benefit");
    area_cannot(manager, IMP, id, "accept", json_pack("{s:s}", "decision", "So."), 422, "required", "/owner_id");
    area_cannot(manager, IMP, id, "accept", json_pack("{s:s}", "decision", "So."), 422, "required", "/due_on");
    area_cannot(manager, IMP, id, "reject", NULL, 422, "required", "/decision");
    free(id);
}

static void any_record_gives_rise_to_one_in_one_call(void **state)
{
    (void)state;
    char *control =
        area_make(manager, "annex-a/controls", json_pack("{s:s, s:s}", "origin", "own", "title", "Sessions are seen"));
    struct answer a = area_read(manager, "annex-a/controls", control);
    char *ref = strdup(answer_text(&a, "ref"));
    answer_free(&a);
    static const char *const resources[] = {IMP, NC};
    for (size_t i = 0; i < 2; i++) {
        json_t *body = i ? found() : json_pack("{s:s}", "title", "One list of sessions");
        json_object_set_new(body, "origin_resource", json_string("annex_a.controls"));
        area_refuse(manager, resources[i], json_deep_copy(body), 422, "origin_incomplete", "/origin_id");
        json_object_set_new(body, "origin_id", json_string("not-an-id"));
        area_refuse(manager, resources[i], json_deep_copy(body), 422, "not_found", "/origin_id");
        json_object_set_new(body, "origin_id", json_string(manager_id));
        area_refuse(manager, resources[i], json_deep_copy(body), 422, "not_found", "/origin_id");
        json_object_set_new(body, "origin_id", json_string(control));
        char *id = area_make(manager, resources[i], body);
        area_is(manager, resources[i], id, "origin_ref", ref);
        free(id);
    }
    free(ref);
    free(control);
}

/* The row of the answer whose member has this value; borrowed. */
static json_t *row(const struct answer *a, const char *member, const char *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(a, "items"), i, item)
    {
        const char *is = json_string_value(json_object_get(item, member));
        if (is && strcmp(is, value) == 0)
            return item;
    }
    return NULL;
}

static json_int_t number(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static void repeating_requirements_are_shown(void **state)
{
    (void)state;
    const char *rule = area_unique("Rule");
    char *first = NULL;
    for (int i = 0; i < 3; i++) {
        json_t *body = complete();
        json_object_set_new(body, "requirement", json_string(rule));
        json_object_set_new(body, "grade", json_string(i == 0 ? "major" : "minor"));
        if (i == 2)
            json_object_set_new(body, "detected_on", json_string(area_day(-800))); /* outside the year */
        if (i == 1)
            json_object_set_new(body, "repeats_id", json_string(first));
        char *id = area_make(manager, NC, body);
        if (i == 0)
            first = id;
        else
            free(id);
    }
    struct answer a = area_get(manager, "improvement/causes?by=requirement");
    expect_status(&a, 200);
    json_t *item = row(&a, "value", rule);
    assert_non_null(item);
    assert_int_equal(number(item, "count"), 2);
    assert_true(json_is_true(json_object_get(item, "repeated")));
    assert_int_equal(number(item, "open"), 2);
    assert_int_equal(number(item, "major"), 1);
    assert_int_equal(number(item, "returned"), 1);
    assert_int_equal(json_array_size(json_object_get(item, "refs")), 2);
    answer_free(&a);
    a = area_get(manager, "improvement/causes?by=requirement&months=36");
    assert_int_equal(number(row(&a, "value", rule), "count"), 3);
    answer_free(&a);
    static const char *const bad[] = {"by=nothing", "months=0", "months=121", "months=x"};
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof path, "improvement/causes?%s", bad[i]);
        a = area_get(manager, path);
        expect_problem(&a, 400, "bad_filter", NULL);
        answer_free(&a);
    }
    free(first);
}

static void trends_count_by_month(void **state)
{
    (void)state;
    char month[8];
    snprintf(month, sizeof month, "%.7s", area_day(0));
    struct answer before = area_get(manager, "improvement/trends?months=3");
    expect_status(&before, 200);
    assert_int_equal(json_array_size(answer_at(&before, "items")), 3);
    char *open = nc_in("open"), *closed = nc_in("closed"), *failed = nc_in("in_check");
    area_do(auditor, NC, failed, "fail", note());
    struct answer after = area_get(manager, "improvement/trends?months=3");
    json_t *was = row(&before, "month", month), *is = row(&after, "month", month);
    assert_non_null(was);
    assert_int_equal(number(is, "found") - number(was, "found"), 3);
    assert_int_equal(number(is, "closed") - number(was, "closed"), 1);
    assert_int_equal(number(is, "open") - number(was, "open"), 2);
    assert_int_equal(number(is, "failed_checks") - number(was, "failed_checks"), 1);
    for (size_t i = 0; i < 2; i++)
        assert_true(json_equal(json_array_get(answer_at(&before, "items"), i), json_array_get(answer_at(&after, "items"), i)));
    answer_free(&before);
    answer_free(&after);
    free(open);
    free(closed);
    free(failed);
}

static void a_due_step_is_on_the_calendar(void **state)
{
    (void)state;
    char *id = nc_in("corrected"), path[100];
    snprintf(path, sizeof path, "calendar?from=%s&to=%s", area_day(60), area_day(60));
    struct answer a = area_get(manager, path);
    expect_status(&a, 200);
    assert_non_null(row(&a, "id", id));
    answer_free(&a);
    free(id);
    id = nc_in("closed");
    a = area_get(manager, path);
    assert_null(row(&a, "id", id));
    answer_free(&a);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_from_every_state),
        cmocka_unit_test(each_step_asks_for_what_it_rests_on),
        cmocka_unit_test(a_cause_effect_list_shows_the_cause_when_one_is_marked_root),
        cmocka_unit_test(nothing_begins_without_an_action_and_nothing_ends_before_it),
        cmocka_unit_test(the_doers_do_not_check_the_effect),
        cmocka_unit_test(the_effect_is_not_judged_before_it_can_show),
        cmocka_unit_test(a_failed_check_leads_back_to_another_cause),
        cmocka_unit_test(what_a_step_rests_on_does_not_change_under_it),
        cmocka_unit_test(putting_away_is_no_way_round),
        cmocka_unit_test(what_is_found_is_checked),
        cmocka_unit_test(clocks_run_by_source_and_grade),
        cmocka_unit_test(a_failed_check_winds_the_clocks_again),
        cmocka_unit_test(every_transition_of_an_action),
        cmocka_unit_test(every_transition_of_an_improvement),
        cmocka_unit_test(any_record_gives_rise_to_one_in_one_call),
        cmocka_unit_test(repeating_requirements_are_shown),
        cmocka_unit_test(trends_count_by_month),
        cmocka_unit_test(a_due_step_is_on_the_calendar),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
