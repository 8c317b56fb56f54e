/* Is the management system ready? Every requirement of an edition with what people say of it, and the signals that the areas
 * compute from their data, clause by clause and by plan, do, check, act. */
#include "evaluation.h"
#include <stdlib.h>
#include <string.h>

static const char rule[] =
    "A requirement gives one point when its newest judgement says fulfilled and half a point when it says partial, as long as "
    "the "
    "judgement names evidence and is not older than a year. A signal gives one point when it is good. Notes of the standard are "
    "not counted. The score is points / (requirements + signals) in percent, rounded down.";

/* $2 the edition. Points are counted in halves. */
static const char requirements[] =
    "SELECT q.clause, q.title, q.phase, json_build_object('id', q.edition || '#' || q.seq, 'requirement', q.requirement, 'item', "
    "q.item,"
    " 'proof', q.proof, 'evidence_hint', q.evidence_hint, 'obligation', q.obligation, 'state', s.state, 'evidence', s.evidence,"
    " 'judged_on', s.judged_on, 'status_id', s.id, 'lacks', CASE WHEN s.id IS NULL THEN 'judgement' WHEN s.state IN "
    "('not_started',"
    " 'planned') THEN 'fulfilment' WHEN btrim(coalesce(s.evidence, '')) = '' THEN 'evidence' WHEN s.judged_on <= current_date -"
    " interval '1 year' THEN 'newer_judgement' WHEN s.state = 'partial' THEN 'rest' END)::text,"
    " q.obligation = 'shall', coalesce(h.halves, 0)"
    " FROM evaluation.requirement q LEFT JOIN evaluation.requirement_halves($1, $2::text) h ON h.seq = q.seq LEFT JOIN (SELECT "
    "DISTINCT ON (t.requirement) t.* FROM evaluation.requirement_status t"
    " WHERE t.tenant_id = $1 AND t.archived_at IS NULL ORDER BY t.requirement, t.judged_on DESC, t.created_at DESC, t.id DESC) s"
    " ON s.requirement = q.edition || '#' || q.seq WHERE q.edition = $2::text ORDER BY q.seq";

enum column { CLAUSE, TITLE, PHASE, JSON, SHALL, HALVES };

struct tally {
    json_int_t halves, of;
};

static void add(struct tally *t, json_int_t halves)
{
    t->halves += halves;
    t->of++;
}

/* {"points", "of", "score"} of a tally. */
static void put_tally(json_t *object, const struct tally *t)
{
    json_object_set_new(object, "points", json_real((double)t->halves / 2));
    json_object_set_new(object, "of", json_integer(t->of));
    json_object_set_new(object, "score", t->of ? json_integer(50 * t->halves / t->of) : json_null());
}

static const char *const phases[] = {"PLAN", "DO", "CHECK", "ACT"};
enum { PHASES = 4, CLAUSES = 64 };

struct clause {
    const char *number, *phase;
    json_t *object, *requirements, *signals; /* borrowed: held by the answer */
    struct tally tally;
};

struct view {
    struct clause clauses[CLAUSES];
    size_t count;
    struct tally all, phase[PHASES];
    json_t *list;
};

static struct clause *find(struct view *v, const char *number, const char *title, const char *phase)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->clauses[i].number, number) == 0)
            return &v->clauses[i];
    if (v->count == CLAUSES)
        return NULL;
    struct clause *c = &v->clauses[v->count++];
    *c = (struct clause){
        .number = number, .phase = phase, .object = json_object(), .requirements = json_array(), .signals = json_array()};
    json_object_set_new(c->object, "clause", json_string(number));
    json_object_set_new(c->object, "title", title ? json_string(title) : json_null());
    json_object_set_new(c->object, "phase", json_string(phase));
    json_object_set_new(c->object, "requirements", c->requirements);
    json_object_set_new(c->object, "signals", c->signals);
    json_array_append_new(v->list, c->object);
    return c;
}

static void count(struct view *v, struct clause *c, json_int_t halves)
{
    add(&c->tally, halves);
    add(&v->all, halves);
    for (size_t i = 0; i < PHASES; i++)
        if (strstr(c->phase, phases[i]))
            add(&v->phase[i], halves);
}

/* Signals are numbered by the edition of 2022. NULL: the edition has no such clause. */
static const char *clause_of(const char *edition, const char *number)
{
    static const char *const pairs[][2] = {{"9.2.1", "9.2"}, {"9.2.2", "9.2"}, {"9.3.1", "9.3"}, {"9.3.2", "9.3"},
                                           {"9.3.3", "9.3"}, {"10.1", "10.2"}, {"10.2", "10.1"}, {"6.3", NULL}};
    for (size_t i = 0; strcmp(edition, "2013") == 0 && i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(pairs[i][0], number) == 0)
            return pairs[i][1];
    return number;
}

/* Where a clause without requirements of its own belongs: 4 to 6 plan, 7 and 8 and the controls do, 9 check, 10 act. */
static const char *phase_of(const char *number)
{
    long n = strtol(number, NULL, 10);
    return n >= 4 && n <= 6 ? "PLAN" : n == 9 ? "CHECK" : n == 10 ? "ACT" : "DO";
}

static void put_signals(struct view *v, const json_t *signals, const char *edition)
{
    size_t i;
    json_t *signal;
    json_array_foreach(signals, i, signal)
    {
        const char *number = clause_of(edition, json_string_value(json_object_get(signal, "clause")));
        if (number && number[0] == 'A')
            number = "Annex A";
        struct clause *c = number ? find(v, number, NULL, phase_of(number)) : NULL;
        if (!c)
            continue;
        json_array_append(c->signals, signal);
        count(v, c, json_is_true(json_object_get(signal, "good")) ? 2 : 0);
    }
}

static void put_requirements(struct bl_request *r, struct view *v, const struct bl_rows *rows, bool detail)
{
    for (int i = 0; i < bl_count(r, rows); i++) {
        struct clause *c = find(v, bl_cell(r, rows, i, CLAUSE), bl_cell(r, rows, i, TITLE), bl_cell(r, rows, i, PHASE));
        if (detail)
            json_array_append_new(c->requirements, json_loads(bl_cell(r, rows, i, JSON), 0, NULL));
        if (bl_integer(r, rows, i, SHALL))
            count(v, c, bl_integer(r, rows, i, HALVES));
    }
}

static json_t *whole(const char *edition, struct view *v)
{
    json_t *answer = json_pack("{s:s, s:s}", "edition", edition, "rule", rule), *pdca = json_array();
    put_tally(answer, &v->all);
    for (size_t i = 0; i < PHASES; i++) {
        json_t *phase = json_pack("{s:s}", "phase", phases[i]);
        put_tally(phase, &v->phase[i]);
        json_array_append_new(pdca, phase);
    }
    for (size_t i = 0; i < v->count; i++)
        put_tally(v->clauses[i].object, &v->clauses[i].tally);
    json_object_set_new(answer, "pdca", pdca);
    json_object_set_new(answer, "clauses", v->list);
    return answer;
}

/* GET readiness?edition=&detail= */
enum bl_status evaluation_readiness(struct bl_request *r)
{
    const char *edition = bl_query(r, "edition"), *detail = bl_query(r, "detail");
    struct bl_rows *rows;
    json_t *signals = NULL;
    edition = edition ? edition : "2022";
    detail = detail ? detail : "true";
    if (strcmp(edition, "2013") != 0 && strcmp(edition, "2022") != 0)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter edition: must be 2013 or 2022");
    if (strcmp(detail, "true") != 0 && strcmp(detail, "false") != 0)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter detail: must be true or false");
    enum bl_status status = bl_sql(r, requirements, &edition, 1, 0, &rows);
    if (status == BL_OK)
        status = bl_signals(r, &signals);
    if (status)
        return status;
    struct view *v = bl_alloc(r, sizeof *v);
    v->list = json_array();
    put_requirements(r, v, rows, strcmp(detail, "true") == 0);
    put_signals(v, signals, edition);
    json_t *answer = whole(edition, v);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(answer);
    if (!text)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
    bl_respond(r, 200, "application/json");
    bl_write(r, text, strlen(text));
    free(text);
    return BL_OK;
}
