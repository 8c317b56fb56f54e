/* What the tests of the planning area share: people of one organisation, records with plain bodies, steps, refusals. Each test
 * makes its own records. Included once per program. */
#ifndef SUPPORT_PLANNING_H
#define SUPPORT_PLANNING_H

#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef PLANNING_ORG
#define PLANNING_ORG "keep"
#define PLANNING_OWNER "risk_owner"
#endif
#define HERE "/api/v1/orgs/" PLANNING_ORG "/"

static struct api *manager, *owner, *top; /* of the ISMS; of risks; top management */
static char *owner_id, *manager_id;

static inline char *id_of_me(struct api *who)
{
    struct answer a = api_get(who, "/api/v1/me");
    char *id = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return id;
}

static inline int log_in(void **state)
{
    (void)state;
    manager = api_as(PLANNING_ORG, "manager");
    owner = api_as(PLANNING_ORG, PLANNING_OWNER);
    top = api_as(PLANNING_ORG, "top_management");
    owner_id = id_of_me(owner);
    manager_id = id_of_me(manager);
    return 0;
}

static inline int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(owner);
    api_free(top);
    free(owner_id);
    free(manager_id);
    return 0;
}

/* The day so many days from now. Good until the next call but three. */
static inline const char *day(int days)
{
    static char texts[4][11];
    static int next;
    time_t then = time(NULL) + (time_t)days * 86400;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 4;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%d", &parts);
    return texts[next];
}

/* ---- one request ---- */

static inline struct answer send_as(struct api *who, const char *resource, json_t *body)
{
    char path[200];
    snprintf(path, sizeof path, HERE "%s", resource);
    return api_post(who, path, body);
}

static inline char *make_as(struct api *who, const char *resource, json_t *body)
{
    struct answer a = send_as(who, resource, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static inline char *make(const char *resource, json_t *body)
{
    return make_as(manager, resource, body);
}

static inline void refuse(const char *resource, json_t *body, int status, const char *code, const char *pointer)
{
    struct answer a = send_as(manager, resource, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* PATCH (verb "") or POST …:verb with the record's ETag. Steals the body. */
static inline struct answer step_as(struct api *who, const char *resource, const char *id, const char *verb, json_t *body)
{
    char path[200];
    struct answer now = api_get(who, HERE "%s/%s", resource, id);
    expect_status(&now, 200);
    snprintf(path, sizeof path, HERE "%s/%s%s%s", resource, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static inline void go_as(struct api *who, const char *resource, const char *id, const char *verb, json_t *body)
{
    struct answer a = step_as(who, resource, id, verb, body);
    if (a.status != 200)
        fail_msg("%s %s:%s: %d %.1500s", resource, id, verb, a.status, a.body);
    answer_free(&a);
}

static inline void go(const char *resource, const char *id, const char *verb, json_t *body)
{
    go_as(manager, resource, id, verb, body);
}

static inline void stop_as(struct api *who, const char *resource, const char *id, const char *verb, json_t *body, int status,
                           const char *code, const char *pointer)
{
    struct answer a = step_as(who, resource, id, verb, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

static inline void stop(const char *resource, const char *id, const char *verb, json_t *body, int status, const char *code,
                        const char *pointer)
{
    stop_as(manager, resource, id, verb, body, status, code, pointer);
}

static inline struct answer record(const char *resource, const char *id)
{
    struct answer a = api_get(manager, HERE "%s/%s", resource, id);
    expect_status(&a, 200);
    return a;
}

static inline void is_text(const char *resource, const char *id, const char *member, const char *expected)
{
    struct answer a = record(resource, id);
    const char *is = answer_text(&a, member);
    if ((is == NULL) != (expected == NULL) || (is && strcmp(is, expected) != 0))
        fail_msg("%s %s is %s instead of %s", resource, member, is ? is : "null", expected ? expected : "null");
    answer_free(&a);
}

/* -1: null. */
static inline int number(const char *resource, const char *id, const char *member)
{
    struct answer a = record(resource, id);
    json_t *value = answer_at(&a, member);
    int n = json_is_integer(value) ? (int)json_integer_value(value) : json_is_true(value) ? 1 : json_is_false(value) ? 0 : -1;
    answer_free(&a);
    return n;
}

static inline void tie(const char *resource, const char *id, const char *relation, const char *to)
{
    char path[250];
    snprintf(path, sizeof path, HERE "%s/%s/links/%s", resource, id, relation);
    struct answer a = api_post(manager, path, json_pack("{s:s}", "id", to));
    if (a.status != 201 && a.status != 200)
        fail_msg("%s: %d %.1000s", path, a.status, a.body);
    answer_free(&a);
}

static inline json_t *reason(void)
{
    return json_pack("{s:s}", "reason", "For the test");
}

/* ---- records ---- */

/* A scale of n places, levels of n names; ranks: the lower half the owner's, the rest top management's. */
static inline json_t *scale(int n)
{
    json_t *items = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(items, json_pack("{s:o}", "name", json_sprintf("Place %d", i)));
    return items;
}

static inline json_t *level_list(int n, int from_step)
{
    json_t *items = json_array();
    for (int i = 0; i < n; i++) {
        json_t *level = json_pack("{s:o, s:s, s:i}", "name", json_sprintf("Level %d", i), "rank",
                                  i <= n / 2 ? "risk_owner" : "top_management", "max_days", 400 - 50 * i);
        if (from_step)
            json_object_set_new(level, "from_score", json_integer((json_int_t)i * from_step));
        json_array_append_new(items, level);
    }
    return items;
}

static inline json_t *method_body(const char *grid, int size, int levels)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}", "title", "Method of a test", "grid_name", grid, "likelihood_scale",
                     scale(size), "impact_scale", scale(size), "levels", level_list(levels, 0), "accept_up_to", 1);
}

static inline char *approved_method(json_t *body)
{
    char *id = make("planning/risk-methods", body);
    go_as(top, "planning/risk-methods", id, "approve", NULL);
    return id;
}

static inline char *open_round(const char *method)
{
    char *id = make("planning/risk-rounds", json_pack("{s:s, s:s}", "title", "Round of a test", "method_id", method));
    go("planning/risk-rounds", id, "start", NULL);
    return id;
}

/* An open round under the 5x5 grid with five levels, acceptable up to 1. */
static inline char *plain_round(void)
{
    char *method = approved_method(method_body("5x5_5", 5, 5)), *round = open_round(method);
    free(method);
    return round;
}

static inline json_t *rating(const char *stage, int likelihood, int impact)
{
    return json_pack("{s:s, s:i, s:i, s:s}", "stage", stage, "likelihood", likelihood, "impact", impact, "reason", "As judged");
}

static inline char *risk_in(const char *round)
{
    return make("planning/risks",
                json_pack("{s:s, s:s, s:s}", "title", "Risk of a test", "round_id", round, "owner_id", owner_id));
}

/* Inherent and current; residual too when it is not -1. */
static inline void rate(const char *risk, int l0, int i0, int l1, int i1, int l2, int i2)
{
    json_t *list = json_pack("[o, o]", rating("inherent", l0, i0), rating("current", l1, i1));
    if (l2 >= 0)
        json_array_append_new(list, rating("residual", l2, i2));
    go("planning/risks", risk, "", json_pack("{s:o}", "ratings", list));
}

/* A control of our own, implemented, with evidence and a passed test: it has credit. */
static inline char *control(bool with_credit)
{
    char *id = make("annex-a/controls", json_pack("{s:s, s:s, s:s, s:s}", "origin", "own", "title", "Control of a test",
                                                  "owner_id", manager_id, "description", "Done."));
    go("annex-a/controls", id, "implement", NULL);
    if (with_credit) {
        free(make("annex-a/evidence-items", json_pack("{s:s, s:s, s:s, s:s}", "control_id", id, "title", "A log", "location",
                                                      "Archive", "collected_on", day(-1))));
        free(make("annex-a/control-tests", json_pack("{s:s, s:s, s:s, s:s, s:s}", "control_id", id, "method", "technical", "what",
                                                     "A sample", "tested_on", day(-1), "result", "passed")));
    }
    return id;
}

static inline void fail_control(const char *control_id)
{
    free(make("annex-a/control-tests",
              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", control_id, "method", "technical", "what", "A sample",
                        "tested_on", day(0), "result", "failed", "findings", "It did not hold.")));
}

/* An acceptance that the owner signs, and the rank approves. */
static inline char *accept_risk(const char *risk, const char *stage, struct api *approver)
{
    char *id =
        make("planning/risk-acceptances", json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", "Acceptance of a test", "risk_id", risk,
                                                    "stage", stage, "reason", "Cheaper to bear", "until_on", day(30)));
    if (approver != owner)
        go_as(owner, "planning/risk-acceptances", id, "sign", NULL);
    go_as(approver, "planning/risk-acceptances", id, "approve", NULL);
    return id;
}

/* A plan in force with one signed action for the risk; *action when asked for. */
static inline char *plan_for(const char *risk, char **action)
{
    char *plan = make("planning/treatment-plans", json_pack("{s:s}", "title", "Plan of a test"));
    char *line = make("planning/treatment-actions", json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", "Action of a test", "plan_id",
                                                              plan, "risk_id", risk, "owner_id", manager_id, "due_on", day(60)));
    go("planning/treatment-plans", plan, "submit", NULL);
    go_as(owner, "planning/treatment-plans", plan, "sign", NULL);
    go_as(owner, "planning/treatment-plans", plan, "approve", NULL);
    go_as(owner, "planning/treatment-plans", plan, "enforce", NULL);
    if (action)
        *action = line;
    else
        free(line);
    return plan;
}

/* Brings an action that is signed to its verified end. */
static inline void carry_out(const char *action)
{
    go("planning/treatment-actions", action, "approve", NULL);
    go("planning/treatment-actions", action, "start", NULL);
    go("planning/treatment-actions", action, "", json_pack("{s:s}", "result", "It works"));
    go("planning/treatment-actions", action, "finish", NULL);
    go_as(owner, "planning/treatment-actions", action, "verify", NULL);
}

/* A risk in the state, on the way that a working day would take. */
static inline char *risk_as(const char *round, const char *state)
{
    char *risk = risk_in(round);
    static const char *const order[] = {"identified", "analysed",          "evaluated",    "accepted", "reopened",
                                        "retired",    "treatment_planned", "in_treatment", "treated",  "monitored"};
    int at = 0;
    while (strcmp(order[at], state) != 0)
        at++;
    if (at == 0)
        return risk;
    if (strcmp(state, "retired") == 0) {
        go("planning/risks", risk, "retire", reason());
        return risk;
    }
    char *with = control(true);
    tie("planning/risks", risk, "controls", with);
    free(with);
    rate(risk, 3, 3, 1, 2, 0, 2);
    go("planning/risks", risk, "analyse", NULL);
    if (at >= 2)
        go("planning/risks", risk, "evaluate", NULL);
    if (strcmp(state, "accepted") == 0 || strcmp(state, "reopened") == 0)
        free(accept_risk(risk, "current", owner));
    if (strcmp(state, "reopened") == 0)
        go("planning/risks", risk, "reopen", json_pack("{s:s, s:s}", "reopen_cause", "other", "reopen_note", "A test"));
    if (at >= 6) {
        char *action;
        go("planning/risks", risk, "", json_pack("{s:s, s:s}", "treatment_option", "modify", "review_on", day(90)));
        free(plan_for(risk, &action));
        go("planning/risks", risk, "plan", NULL);
        if (at >= 7)
            go("planning/risks", risk, "begin", NULL);
        if (at >= 8) {
            carry_out(action);
            free(accept_risk(risk, "residual", owner));
            go("planning/risks", risk, "finish", NULL);
        }
        if (at >= 9)
            go("planning/risks", risk, "monitor", NULL);
        free(action);
    }
    return risk;
}

/* Every transition of a resource from every state: allowed as the table says, else 409 wrong_state. */
struct move {
    const char *verb, *from; /* list of states */
};

static inline bool in_list(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

#endif
