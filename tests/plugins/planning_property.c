/* Random risks, assets, controls, tests, evidence, acceptances and a Statement through the API; after each step everything that
 * the service derives is derived again here, from what was written, by other code. The argument: seconds (15) and seed (of the
 * clock). */
#include "planning.h"

#define RISKS "planning/risks"
#define CONTROLS "annex-a/controls"
#define ROWS "planning/soa-rows"
#define ACCEPTANCES "planning/risk-acceptances"

#define ASSETS "operation/assets"

enum {
    METHODS = 5,
    RISK_COUNT = 6,
    CONTROL_COUNT = 4,
    ASSET_COUNT = 4,
    MARKS = 64,
    STAGE_COUNT = 3,
    LEVEL_COUNT = 4,
    PLACES = 4
};

static int seconds = 15;
static unsigned long seed;

static unsigned roll(unsigned n)
{
    static unsigned long state;
    if (state == 0)
        state = seed * 2654435761u + 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % n);
}

/* ---- what was written ---- */

struct method {
    enum { GRID, WORST_PROPERTY, PRODUCT, WEIGHTED, THREATS } kind;
    int grid[PLACES][PLACES], from[LEVEL_COUNT];
    char *round;
};
struct rating {
    bool given, rises; /* rises: says why it is above an earlier stage */
    int l, i, part[3], threat, weakness;
};
struct proof { /* a test or a piece of evidence, in days from today */
    int on, until;
    bool passed;
};
struct control {
    char *id, *row, *ref;
    bool implemented;
    struct proof tests[MARKS], evidence[MARKS];
    int test_count, evidence_count, actions;
    char *action[MARKS];
    /* its row in the Statement */
    enum { UNDECIDED, YES, NO } applicable;
    bool for_risk, for_business, said_done, business_linked, risk_linked[RISK_COUNT];
};
struct asset {
    char *id;
    int c, i, a;
    int rests_on; /* the next one in the chain that it needs; -1: none */
};
struct risk {
    char *id, *ref;
    int method;
    struct rating ratings[STAGE_COUNT];
    bool controls[CONTROL_COUNT], assets[ASSET_COUNT], modify;
    const char *state;
    json_t *kept; /* how it read when it was retired */
};

static struct method methods[METHODS];
static struct control controls[CONTROL_COUNT];
static struct asset assets[ASSET_COUNT];
static struct risk risks[RISK_COUNT];
static char *soa_id, *plan_id, *outcome_id;
static int now; /* steps so far */

/* ---- the oracle ---- */

struct level {
    int l, i, score, level; /* level -1: none */
};

/* What the assets of the risk are worth: each as much as the most that rests on it. 0: it has none. */
static int worth(const struct risk *r)
{
    int most = 0;
    for (int k = 0; k < ASSET_COUNT; k++)
        for (int up = 0; up < ASSET_COUNT; up++) {
            int at = up; /* does `up` rest on k? */
            while (at >= 0 && at != k)
                at = assets[at].rests_on;
            int own = assets[up].c > assets[up].i ? assets[up].c : assets[up].i;
            own = own > assets[up].a ? own : assets[up].a;
            if (r->assets[k] && at == k && own > most)
                most = own;
        }
    return most;
}

static struct level derive(const struct risk *risk, int stage)
{
    static const int weight[] = {50, 30, 20}, places[] = {-1, 0, 1, 2, 2, 3}; /* of values 1 to 5 in a scale of four */
    const struct method *m = &methods[risk->method];
    const struct rating *r = &risk->ratings[stage];
    struct level out = {-1, -1, -1, -1};
    if (!r->given)
        return out;
    if (m->kind == THREATS) {
        int product = (r->threat + 1) * (r->weakness + 1), value = worth(risk);
        out.l = product <= 4 ? 0 : product <= 8 ? 1 : product <= 12 ? 2 : 3;
        out.i = value ? places[value] : r->i;
        out.score = (out.i + 1) * product;
        for (int k = 0; k < LEVEL_COUNT; k++)
            if (out.score >= m->from[k])
                out.level = k;
        return out;
    }
    out.l = r->l;
    out.i = r->i;
    if (m->kind == WORST_PROPERTY)
        out.i = r->part[0] > r->part[1] ? (r->part[0] > r->part[2] ? r->part[0] : r->part[2])
                                        : (r->part[1] > r->part[2] ? r->part[1] : r->part[2]);
    if (m->kind == WEIGHTED) {
        double mean = 0;
        for (int k = 0; k < 3; k++)
            mean += r->part[k] * weight[k] / 100.0;
        out.i = (int)(mean + 0.5 + 1e-9);
    }
    out.score = (out.l + 1) * (out.i + 1);
    if (m->kind == PRODUCT) {
        for (int k = 0; k < LEVEL_COUNT; k++)
            if (out.score >= m->from[k])
                out.level = k;
    } else
        out.level = m->grid[out.l][out.i];
    return out;
}

static bool rises_without_reason(const struct risk *r)
{
    for (int b = 1; b < STAGE_COUNT; b++)
        for (int a = 0; a < b; a++) {
            struct level x = derive(r, a), y = derive(r, b);
            if (x.level >= 0 && y.level >= 0 && (y.l > x.l || y.i > x.i || y.level > x.level) && !r->ratings[b].rises)
                return true;
        }
    return false;
}

static bool has_evidence(const struct control *c)
{
    for (int k = 0; k < c->evidence_count; k++)
        if (c->evidence[k].until >= 0)
            return true;
    return false;
}

static bool has_credit(const struct control *c)
{
    const struct proof *newest = NULL;
    for (int k = 0; k < c->test_count; k++)
        if (!newest || c->tests[k].on >= newest->on)
            newest = &c->tests[k];
    return c->implemented && has_evidence(c) && newest && newest->passed && newest->until >= 0;
}

static bool credited(const struct risk *r)
{
    int implemented = 0, good = 0;
    for (int k = 0; k < CONTROL_COUNT; k++)
        if (r->controls[k] && controls[k].implemented) {
            implemented++;
            good += has_credit(&controls[k]);
        }
    return implemented > 0 && good == implemented;
}

/* The level that counts. */
static struct level counted(const struct risk *r)
{
    struct level inherent = derive(r, 0), current = derive(r, 1);
    return current.level < 0 || credited(r) || inherent.level < current.level ? current : inherent;
}

static bool settled(const struct risk *r)
{
    return strcmp(r->state, "accepted") == 0;
}

static bool retired(const struct risk *r)
{
    return strcmp(r->state, "retired") == 0;
}

/* ---- what the service says ---- */

static int member(const json_t *record, const char *name)
{
    json_t *value = json_object_get(record, name);
    return json_is_integer(value) ? (int)json_integer_value(value) : json_is_boolean(value) ? json_is_true(value) : -1;
}

static void same(const struct risk *r, const char *what, int is, int should)
{
    if (is != should)
        fail_msg("seed %lu: %s %s is %d instead of %d", seed, r->ref, what, is, should);
}

static void check_record(struct risk *r)
{
    static const char *const stages[] = {"inherent", "current", "residual"};
    struct answer a = record(RISKS, r->id);
    if (r->kept) {
        if (!json_equal(a.json, r->kept))
            fail_msg("seed %lu: %s is retired and has changed: %s", seed, r->ref, a.body);
        answer_free(&a);
        return;
    }
    if (strcmp(answer_text(&a, "status"), r->state) != 0)
        fail_msg("seed %lu: %s is %s instead of %s", seed, r->ref, answer_text(&a, "status"), r->state);
    for (int s = 0; s < STAGE_COUNT; s++) {
        struct level d = derive(r, s);
        const int values[] = {d.l, d.i, d.score, d.level};
        static const char *const members[] = {"likelihood", "impact", "score", "level"};
        for (int m = 0; m < 4; m++) {
            char name[40];
            snprintf(name, sizeof name, "%s_%s", stages[s], members[m]);
            same(r, name, member(a.json, name), values[m]);
        }
    }
    struct level c = counted(r);
    same(r, "counted_level", member(a.json, "counted_level"), c.level);
    same(r, "needs_treatment", member(a.json, "needs_treatment"), c.level < 0 ? -1 : c.level > 1);
    same(r, "credited", member(a.json, "credited"), credited(r));
    bool by_asset = methods[r->method].kind == THREATS && worth(r) > 0;
    same(r, "asset_value", member(a.json, "asset_value"), by_asset ? worth(r) : -1);
    if (retired(r))
        r->kept = json_incref(a.json);
    answer_free(&a);
}

/* The views ask at the moment of reading. */
static void check_view(int method)
{
    struct answer a = api_get(manager, HERE "planning/top-risks?limit=500&round=%s", methods[method].round);
    expect_status(&a, 200);
    size_t i;
    json_t *item;
    int shown = 0, expected = 0, last = 1 << 20;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        for (int k = 0; k < RISK_COUNT; k++) {
            const struct risk *r = &risks[k];
            if (strcmp(json_string_value(json_object_get(item, "id")), r->id) != 0)
                continue;
            struct level is = counted(r);
            same(r, "level now", member(item, "level"), is.level);
            same(r, "credit now", member(item, "credited"), credited(r));
            int order = is.level * 10000 + is.i * 100 + is.l;
            if (order > last)
                fail_msg("seed %lu: %s stands below a lower one", seed, r->ref);
            last = order;
            shown++;
        }
    }
    for (int k = 0; k < RISK_COUNT; k++)
        expected += risks[k].method == method && !retired(&risks[k]) && derive(&risks[k], 1).level >= 0;
    if (shown != expected)
        fail_msg("seed %lu: %d risks instead of %d in the view", seed, shown, expected);
    answer_free(&a);
}

static int findings(const json_t *checks, int check, const char *code, const char *row)
{
    json_t *list = json_object_get(json_array_get(checks, (size_t)check - 1), "findings"), *finding;
    size_t i;
    int count = 0;
    json_array_foreach(list, i, finding)
    {
        const char *id = json_string_value(json_object_get(finding, "row_id"));
        count += id && strcmp(id, row) == 0 && strcmp(json_string_value(json_object_get(finding, "code")), code) == 0;
    }
    return count;
}

static void row_same(const struct control *c, const char *what, int is, int should)
{
    if (is != should)
        fail_msg("seed %lu: row of %s, %s: %d instead of %d", seed, c->ref, what, is, should);
}

static void check_statement(void)
{
    struct answer a = api_get(manager, HERE "planning/soa-versions/%s/checks", soa_id);
    expect_status(&a, 200);
    json_t *checks = answer_at(&a, "checks"), *finding;
    for (int c = 0; c < CONTROL_COUNT; c++) {
        const struct control *k = &controls[c];
        int pointing = 0, linked = 0;
        for (int r = 0; r < RISK_COUNT; r++) {
            pointing += !retired(&risks[r]) && (risks[r].controls[c] || k->risk_linked[r]);
            linked += !retired(&risks[r]) && k->risk_linked[r];
        }
        bool yes = k->applicable == YES;
        row_same(k, "risk_points", findings(checks, 2, "risk_points", k->row), k->applicable == NO ? pointing : 0);
        row_same(k, "undecided", findings(checks, 3, "undecided", k->row), k->applicable == UNDECIDED);
        row_same(k, "no_reason", findings(checks, 3, "no_reason", k->row), yes && !k->for_risk && !k->for_business);
        row_same(k, "reason_without_link", findings(checks, 3, "reason_without_link", k->row),
                 yes ? (k->for_risk && linked == 0) + (k->for_business && !k->business_linked) : 0);
        row_same(k, "no_owner", findings(checks, 3, "no_owner_or_target", k->row), yes && !k->said_done);
        row_same(k, "treated", findings(checks, 4, "treated_but_not_applicable", k->row), yes ? 0 : k->actions);
        row_same(k, "evidence", findings(checks, 5, "evidence_missing_or_old", k->row), yes && k->said_done && !has_evidence(k));
    }
    int expected = 0, found = 0;
    for (int r = 0; r < RISK_COUNT; r++)
        for (int c = 0; c < CONTROL_COUNT; c++)
            expected += !retired(&risks[r]) && risks[r].modify && risks[r].controls[c] && controls[c].applicable == NO;
    size_t i;
    json_array_foreach(json_object_get(json_array_get(checks, 5), "findings"), i, finding)
    {
        const char *detail = json_string_value(json_object_get(finding, "detail"));
        for (int r = 0; r < RISK_COUNT; r++) {
            size_t n = strlen(risks[r].ref);
            found += strncmp(detail, risks[r].ref, n) == 0 && detail[n] == ' ';
        }
    }
    if (found != expected)
        fail_msg("seed %lu: check 6 finds %d instead of %d", seed, found, expected);
    answer_free(&a);
}

/* ---- steps ---- */

static int status_of(struct answer a)
{
    int status = a.status;
    if (status >= 500)
        fail_msg("seed %lu: %s", seed, a.body);
    answer_free(&a);
    return status;
}

static void expect_step(const char *what, int is, int should)
{
    if (is != should)
        fail_msg("seed %lu: %s answered %d instead of %d", seed, what, is, should);
}

static json_t *rating_body(const struct method *m, const char *stage, const struct rating *r)
{
    json_t *body = json_pack("{s:s, s:i, s:s}", "stage", stage, "likelihood", r->l, "reason", "Rolled");
    if (m->kind == GRID || m->kind == PRODUCT || m->kind == THREATS)
        json_object_set_new(body, "impact", json_integer(r->i));
    if (m->kind == THREATS) {
        json_object_del(body, "likelihood");
        json_object_set_new(body, "threat", json_integer(r->threat));
        json_object_set_new(body, "weakness", json_integer(r->weakness));
    }
    if (m->kind == WORST_PROPERTY || m->kind == WEIGHTED)
        for (int k = 0; k < 3; k++) {
            static const char *const parts[] = {"c", "i", "a"};
            json_object_set_new(body, parts[k], json_integer(r->part[k]));
        }
    if (r->rises)
        json_object_set_new(body, "rise_reason", json_string("It depends on more now"));
    return body;
}

static void rate_risk(struct risk *r)
{
    static const char *const stages[] = {"inherent", "current", "residual"};
    struct risk next = *r;
    json_t *list = json_array();
    for (int s = 0; s < STAGE_COUNT; s++) {
        struct rating *x = &next.ratings[s];
        *x = (struct rating){.given = roll(5) > 0, .rises = roll(3) == 0, .l = (int)roll(PLACES), .i = (int)roll(PLACES)};
        x->threat = (int)roll(PLACES), x->weakness = (int)roll(PLACES);
        for (int k = 0; k < 3; k++)
            x->part[k] = (int)roll(PLACES);
        if (x->given)
            json_array_append_new(list, rating_body(&methods[r->method], stages[s], x));
    }
    int expected = retired(r) || settled(r) ? 409 : rises_without_reason(&next) ? 422 : 200;
    expect_step("rate", status_of(step_as(manager, RISKS, r->id, "", json_pack("{s:o}", "ratings", list))), expected);
    if (expected == 200)
        *r = next;
}

/* Runs a change that may take credit from risks, and opens the settled ones again that have lost theirs. */
static void watch_credit(void (*change)(struct control *), struct control *c)
{
    bool had[RISK_COUNT];
    for (int k = 0; k < RISK_COUNT; k++)
        had[k] = credited(&risks[k]);
    change(c);
    for (int k = 0; k < RISK_COUNT; k++)
        if (settled(&risks[k]) && had[k] && !credited(&risks[k]))
            risks[k].state = "reopened";
}

/* The scores of all stages, as one number. */
static int scores(const struct risk *r)
{
    int sum = 0;
    for (int s = 0; s < STAGE_COUNT; s++)
        sum = sum * 101 + derive(r, s).score + 1;
    return sum;
}

/* Another worth: what is linked to the asset is opened again, and what inherits from it where that makes a difference. */
static void change_asset(struct asset *asset)
{
    int before[RISK_COUNT], value = 1 + (int)roll(5), *part = roll(2) ? &asset->c : roll(2) ? &asset->i : &asset->a;
    bool same_value = *part == value;
    for (int k = 0; k < RISK_COUNT; k++)
        before[k] = scores(&risks[k]);
    go(ASSETS, asset->id, "",
       json_pack("{s:i}",
                 part == &asset->c   ? "confidentiality"
                 : part == &asset->i ? "integrity"
                                     : "availability",
                 value));
    *part = value;
    for (int k = 0; k < RISK_COUNT; k++)
        if (settled(&risks[k]) && !same_value && (risks[k].assets[asset - assets] || before[k] != scores(&risks[k])))
            risks[k].state = "reopened";
}

static void tie_asset(struct risk *r)
{
    unsigned k = roll(ASSET_COUNT);
    char path[250];
    int before = scores(r);
    snprintf(path, sizeof path, HERE RISKS "/%s/links/assets%s%s", r->id, r->assets[k] ? "/" : "",
             r->assets[k] ? assets[k].id : "");
    int status = status_of(r->assets[k] ? api_call(manager, "DELETE", path, NULL, NULL)
                                        : api_post(manager, path, json_pack("{s:s}", "id", assets[k].id)));
    expect_step("link", status, retired(r) ? 409 : r->assets[k] ? 204 : 201);
    if (retired(r))
        return;
    r->assets[k] = !r->assets[k];
    if (settled(r) && before != scores(r))
        r->state = "reopened";
}

static void tie_control(struct risk *r)
{
    unsigned c = roll(CONTROL_COUNT);
    char path[250];
    snprintf(path, sizeof path, HERE RISKS "/%s/links/controls%s%s", r->id, r->controls[c] ? "/" : "",
             r->controls[c] ? controls[c].id : "");
    int status = status_of(r->controls[c] ? api_call(manager, "DELETE", path, NULL, NULL)
                                          : api_post(manager, path, json_pack("{s:s}", "id", controls[c].id)));
    expect_step("link", status, retired(r) ? 409 : r->controls[c] ? 204 : 201);
    if (retired(r))
        return;
    r->controls[c] = !r->controls[c];
}

static void prove(struct control *c)
{
    if (roll(2) && c->test_count < MARKS) {
        struct proof *t = &c->tests[c->test_count++];
        *t = (struct proof){.on = -(int)(5 + roll(20)), .passed = roll(3) > 0};
        t->until = roll(3) ? 365 + t->on : -2;
        free(make("annex-a/control-tests",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "control_id", c->id, "method", "technical", "what", "A sample",
                            "tested_on", day(t->on), "result", t->passed ? "passed" : "failed", "findings", "Seen",
                            "next_test_on", day(t->until))));
        for (int k = 0; k < RISK_COUNT; k++)
            if (!t->passed && settled(&risks[k]) && risks[k].controls[c - controls])
                risks[k].state = "reopened";
    } else if (c->evidence_count < MARKS) {
        struct proof *e = &c->evidence[c->evidence_count++];
        *e = (struct proof){.on = -(int)(10 + roll(20))};
        e->until = roll(2) ? 20 : -3;
        free(make("annex-a/evidence-items",
                  json_pack("{s:s, s:s, s:s, s:s, s:s}", "control_id", c->id, "title", "A log", "location", "Archive",
                            "collected_on", day(e->on), "valid_until", day(e->until))));
    }
}

static void work_on(struct control *c)
{
    go(CONTROLS, c->id, c->implemented ? "fall_back" : "implement", c->implemented ? reason() : NULL);
    c->implemented = !c->implemented;
}

static void step_risk(struct risk *r)
{
    static const char *const verbs[] = {"analyse", "evaluate", "reopen", "retire"};
    unsigned v = roll(20) ? roll(3) : 3; /* seldom the end */
    struct level inherent = derive(r, 0), current = derive(r, 1);
    json_t *body = v == 2 ? json_pack("{s:s, s:s}", "reopen_cause", "other", "reopen_note", "Rolled") : v == 3 ? reason() : NULL;
    int expected = 409;
    const char *next = r->state;
    if (v == 0 && in_list("identified reopened", r->state)) {
        expected = inherent.level < 0 || current.level < 0 ? 422 : 200;
        next = "analysed";
    } else if (v == 1 && strcmp(r->state, "analysed") == 0) {
        expected = current.level < 0 ? 422 : 200;
        next = "evaluated";
    } else if (v == 2 && settled(r)) {
        expected = 200;
        next = "reopened";
    } else if (v == 3 && !retired(r)) {
        expected = 200;
        next = "retired";
    }
    expect_step(verbs[v], status_of(step_as(manager, RISKS, r->id, verbs[v], body)), expected);
    if (expected == 200)
        r->state = next;
}

/* Levels 0 and 1 are acceptable; 2 is the owner's; 3 is top management's. */
static void ask_to_accept(struct risk *r)
{
    int level = counted(r).level;
    char *id = make(ACCEPTANCES, json_pack("{s:s, s:s, s:s, s:s}", "title", "Rolled", "risk_id", r->id, "reason", "Cheaper",
                                           "until_on", day(20)));
    struct api *who = roll(2) ? owner : top;
    bool sign = who == top && roll(2);
    if (sign)
        expect_step("sign", status_of(step_as(owner, ACCEPTANCES, id, "sign", NULL)), level < 0 ? 422 : 200);
    int expected = level < 0 ? 422 : who == top ? (sign ? 200 : 409) : level <= 2 ? 200 : 403;
    expect_step("approve", status_of(step_as(who, ACCEPTANCES, id, "approve", NULL)), expected);
    if (expected == 200 && strcmp(r->state, "evaluated") == 0)
        r->state = "accepted";
    free(id);
}

/* The sweep finds nothing: what people do is seen when they do it. */
static void sweep(void)
{
    struct answer a = send_as(manager, "planning/risks:check", json_object());
    expect_status(&a, 200);
    answer_free(&a);
}

static void decide_row(struct control *c)
{
    static const char *const states[] = {"planned", "implemented"};
    unsigned to = roll(3);
    bool risk = roll(2), business = roll(2), said = roll(2);
    json_t *reasons = json_array();
    if (risk)
        json_array_append_new(reasons, json_string("risk"));
    if (business)
        json_array_append_new(reasons, json_string("business"));
    json_t *body = json_pack("{s:s, s:o, s:s}", "applicable",
                             to == 0   ? "undecided"
                             : to == 1 ? "yes"
                                       : "no",
                             "reasons", reasons, "implementation_state", to == 2 ? "n_a" : states[said]);
    if (to == 2)
        json_object_set_new(body, "exclusion_reason", json_string("Rolled"));
    int expected = 200;
    for (int r = 0; r < RISK_COUNT && to == 2; r++)
        if (!retired(&risks[r]) && (risks[r].controls[c - controls] || c->risk_linked[r]))
            expected = 409;
    expect_step("row", status_of(step_as(manager, ROWS, c->row, "", body)), expected);
    if (expected != 200)
        return;
    c->applicable = to == 0 ? UNDECIDED : to == 1 ? YES : NO;
    c->for_risk = risk;
    c->for_business = business;
    c->said_done = said;
}

static void tie_row(struct control *c)
{
    unsigned r = roll(RISK_COUNT);
    if (roll(3) == 0) {
        tie(ROWS, c->row, "statements", outcome_id);
        c->business_linked = true;
    } else {
        tie(ROWS, c->row, "risks", risks[r].id);
        c->risk_linked[r] = true;
    }
}

static void act(struct control *c)
{
    if (c->actions && roll(2)) {
        char *id = c->action[--c->actions];
        go("planning/treatment-actions", id, "cancel", reason());
        free(id);
    } else if (c->actions < MARKS)
        c->action[c->actions++] =
            make("planning/treatment-actions", json_pack("{s:s, s:s, s:s, s:s}", "title", "Rolled", "plan_id", plan_id, "risk_id",
                                                         risks[roll(RISK_COUNT)].id, "control_id", c->id));
}

static void choose(struct risk *r)
{
    bool modify = roll(2);
    int expected = retired(r) || (settled(r) && modify != r->modify) ? 409 : 200;
    expect_step(
        "option",
        status_of(step_as(manager, RISKS, r->id, "",
                          modify ? json_pack("{s:s}", "treatment_option", "modify") : json_pack("{s:n}", "treatment_option"))),
        expected);
    if (expected == 200)
        r->modify = modify;
}

/* ---- the world ---- */

static void make_method(struct method *m, int kind)
{
    json_t *body = method_body("own", PLACES, LEVEL_COUNT), *grid = json_array();
    m->kind = kind == GRID             ? GRID
              : kind == WORST_PROPERTY ? WORST_PROPERTY
              : kind == PRODUCT        ? PRODUCT
              : kind == THREATS        ? THREATS
                                       : WEIGHTED;
    for (int l = 0; l < PLACES; l++) {
        char text[40] = "";
        for (int i = 0; i < PLACES; i++) {
            int low = l ? m->grid[l - 1][i] : 0, left = i ? m->grid[l][i - 1] : 0;
            int level = (low > left ? low : left) + (roll(3) == 0);
            m->grid[l][i] = level < LEVEL_COUNT ? level : LEVEL_COUNT - 1;
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", i ? " " : "", m->grid[l][i]);
        }
        json_array_append_new(grid, json_pack("{s:s}", "levels", text));
    }
    if (kind == PRODUCT || kind == THREATS) {
        json_decref(grid);
        json_object_del(body, "grid_name");
        json_object_set_new(body, "level_function", json_string(kind == PRODUCT ? "product" : "threats"));
        json_object_set_new(body, "levels", level_list(LEVEL_COUNT, kind == PRODUCT ? 4 : 12));
        for (int k = 0; k < LEVEL_COUNT; k++)
            m->from[k] = (kind == PRODUCT ? 4 : 12) * k;
    } else
        json_object_set_new(body, "own_grid", grid);
    if (kind == WORST_PROPERTY || kind == WEIGHTED)
        json_object_set_new(body, "impact_basis", json_string("properties"));
    if (kind == WEIGHTED) {
        json_object_set_new(body, "aggregation", json_string("weighted"));
        json_object_set_new(body, "weights",
                            json_pack("[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]", "part", "c", "percent", 50, "part", "i", "percent",
                                      30, "part", "a", "percent", 20));
    }
    char *id = approved_method(body);
    m->round = open_round(id);
    free(id);
}

static char *ref_of(const char *resource, const char *id)
{
    struct answer a = record(resource, id);
    char *ref = strdup(answer_text(&a, "ref"));
    answer_free(&a);
    return ref;
}

static void make_world(void)
{
    struct answer a = api_get(manager, HERE "context/scopes?limit=1");
    soa_id = make("planning/soa-versions",
                  json_pack("{s:s, s:s, s:s}", "title", "Rolled", "edition", "2022", "scope_id", answer_text(&a, "items/0/id")));
    answer_free(&a);
    plan_id = make("planning/treatment-plans", json_pack("{s:s}", "title", "Rolled"));
    outcome_id = make("context/statements", json_pack("{s:s, s:s, s:s}", "kind", "outcome", "title", "Rolled", "text", "Rolled"));
    for (int k = 0; k < METHODS; k++)
        make_method(&methods[k], k);
    for (int k = 0; k < CONTROL_COUNT; k++) {
        controls[k].id = control(false);
        controls[k].implemented = true;
        controls[k].ref = ref_of(CONTROLS, controls[k].id);
        controls[k].row =
            make(ROWS, json_pack("{s:s, s:s, s:s}", "soa_id", soa_id, "title", "Rolled", "control_id", controls[k].id));
    }
    for (int k = 0; k < ASSET_COUNT; k++) { /* a chain: 0 rests on 1, 1 on 2; 3 stands alone */
        assets[k] =
            (struct asset){.c = 1 + (int)roll(5), .i = 1 + (int)roll(5), .a = 1 + (int)roll(5), .rests_on = k < 2 ? k + 1 : -1};
        assets[k].id = make(ASSETS, json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "name", "Rolled", "kind", "information",
                                              "owner_id", manager_id, "confidentiality", assets[k].c, "integrity", assets[k].i,
                                              "availability", assets[k].a));
    }
    for (int k = 0; k < 2; k++)
        free(make("operation/asset-dependencies",
                  json_pack("{s:s, s:s}", "asset_id", assets[k].id, "depends_on_id", assets[k + 1].id)));
    for (int k = 0; k < RISK_COUNT; k++) {
        risks[k] = (struct risk){.method = k % METHODS, .state = "identified"};
        risks[k].id = risk_in(methods[k % METHODS].round);
        risks[k].ref = ref_of(RISKS, risks[k].id);
    }
}

static void what_is_derived_is_derived_again(void **state)
{
    (void)state;
    print_message("seed %lu, %d seconds\n", seed, seconds);
    make_world();
    now = 1;
    for (time_t end = time(NULL) + seconds; time(NULL) < end; now++) {
        struct risk *r = &risks[roll(RISK_COUNT)];
        struct control *c = &controls[roll(CONTROL_COUNT)];
        switch (roll(13)) {
        case 0:
        case 1:
            rate_risk(r);
            break;
        case 2:
            tie_control(r);
            break;
        case 3:
            watch_credit(prove, c);
            break;
        case 4:
            watch_credit(work_on, c);
            break;
        case 5:
            step_risk(r);
            break;
        case 6:
            if (!retired(r))
                ask_to_accept(r);
            break;
        case 7:
            sweep();
            break;
        case 8:
            decide_row(c);
            break;
        case 9:
            if (roll(2))
                tie_row(c);
            else
                choose(r);
            break;
        case 10:
            change_asset(&assets[roll(ASSET_COUNT)]);
            break;
        case 11:
            tie_asset(r);
            break;
        default:
            act(c);
            break;
        }
        for (int k = 0; k < RISK_COUNT; k++)
            check_record(&risks[k]);
        check_view((int)roll(METHODS));
        check_statement();
        bool any = false; /* when all are retired there is nothing left to try */
        for (int k = 0; k < RISK_COUNT; k++)
            any |= !retired(&risks[k]);
        if (!any)
            break;
    }
    print_message("%d steps\n", now);
    assert_true(now > 5);
    for (int k = 0; k < RISK_COUNT; k++) {
        if (!retired(&risks[k]))
            go(RISKS, risks[k].id, "retire", reason());
        json_decref(risks[k].kept);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_derived_is_derived_again)};
    seconds = argc > 1 ? atoi(argv[1]) : 15;
    seed = argc > 2 ? strtoul(argv[2], NULL, 10) : (unsigned long)time(NULL);
    return cmocka_run_group_tests(tests, log_in, log_out);
}
