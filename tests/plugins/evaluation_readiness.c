/* Readiness through the running service: what counts and what does not, the sums, both editions, the reference data against its
 * sources, metrics that are computed from signals. */
#include "area.h"

#define RS "evaluation/requirement-statuses"
#define DATA TEST_SOURCE "/plugins/evaluation/data/"

static struct api *manager;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    return 0;
}

static struct answer ready(const char *query)
{
    char path[100];
    snprintf(path, sizeof path, "evaluation/readiness%s", query);
    struct answer a = area_get(manager, path);
    expect_status(&a, 200);
    return a;
}

static json_t *clause_of(const struct answer *a, const char *number)
{
    size_t i;
    json_t *clause;
    json_array_foreach(answer_at(a, "clauses"), i, clause)
    {
        if (strcmp(json_string_value(json_object_get(clause, "clause")), number) == 0)
            return clause;
    }
    fail_msg("no clause %s", number);
    return NULL;
}

static int halves(const json_t *object)
{
    return (int)(2 * json_number_value(json_object_get(object, "points")));
}

static json_t *judged(const char *requirement, const char *state, const char *evidence, int day)
{
    json_t *body = json_pack("{s:s, s:s, s:s}", "requirement", requirement, "state", state, "judged_on", area_day(day));
    if (evidence)
        json_object_set_new(body, "evidence", json_string(evidence));
    return body;
}

/* 2022#36 is a requirement of 6.1.2; no other test judges it. */
static void only_what_has_fresh_evidence_counts(void **state)
{
    (void)state;
    static const struct {
        const char *state, *evidence, *lacks;
        int day, halves;
    } table[] = {
        {"not_started", NULL, "fulfilment", 0, 0},
        {"planned", "Plan", "fulfilment", 0, 0},
        {"partial", "Sheet 1", "rest", 0, 1},
        {"fulfilled", "Sheet 1", NULL, 0, 2},
        {"fulfilled", "Sheet 1", NULL, -363, 2},
        {"fulfilled", "Sheet 1", "newer_judgement", -367, 0},
        {"partial", "Sheet 1", "newer_judgement", -367, 0},
    };
    struct answer before = ready("");
    int was = halves(clause_of(&before, "6.1.2"));
    json_int_t of = json_integer_value(json_object_get(clause_of(&before, "6.1.2"), "of"));
    answer_free(&before);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = area_make(manager, RS, judged("2022#36", table[i].state, table[i].evidence, table[i].day));
        struct answer a = ready("");
        const json_t *clause = clause_of(&a, "6.1.2");
        assert_int_equal(halves(clause), was + table[i].halves);
        assert_int_equal(json_integer_value(json_object_get(clause, "of")), of);
        assert_int_equal(json_integer_value(json_object_get(clause, "score")), 50 * (was + table[i].halves) / of);
        size_t k;
        json_t *requirement;
        json_array_foreach(json_object_get(clause, "requirements"), k, requirement)
        {
            if (strcmp(json_string_value(json_object_get(requirement, "id")), "2022#36") != 0)
                continue;
            const char *lacks = json_string_value(json_object_get(requirement, "lacks"));
            assert_string_equal(lacks ? lacks : "", table[i].lacks ? table[i].lacks : "");
        }
        answer_free(&a);
        area_do(manager, RS, id, "archive", NULL);
        free(id);
    }
    area_refuse(manager, RS, judged("2022#36", "fulfilled", NULL, 0), 422, "required", "/evidence");
    area_refuse(manager, RS, judged("2022#36", "partial", NULL, 0), 422, "required", "/evidence");
    area_refuse(manager, RS, judged("2022#999", "planned", NULL, 0), 422, "not_in_catalogue", "/requirement");
    area_refuse(manager, RS, judged("2022#36", "planned", NULL, 3), 422, "in_the_future", "/judged_on");
}

static void the_newest_judgement_counts(void **state)
{
    (void)state;
    struct answer before = ready("");
    int was = halves(clause_of(&before, "6.1.2"));
    answer_free(&before);
    char *newer = area_make(manager, RS, judged("2022#37", "partial", "Sheet 2", -1));
    char *older = area_make(manager, RS, judged("2022#37", "fulfilled", "Sheet 1", -20));
    struct answer a = ready("");
    assert_int_equal(halves(clause_of(&a, "6.1.2")), was + 1);
    answer_free(&a);
    area_do(manager, RS, newer, "archive", NULL);
    a = ready("");
    assert_int_equal(halves(clause_of(&a, "6.1.2")), was + 2);
    answer_free(&a);
    area_do(manager, RS, older, "archive", NULL);
    free(newer);
    free(older);
}

/* Every sum again from the parts that the answer shows. */
static void the_sums_are_those_of_the_parts(void **state)
{
    (void)state;
    static const char *const editions[] = {"?edition=2013", "?edition=2022"}, *const phases[] = {"PLAN", "DO", "CHECK", "ACT"};
    char *id = area_make(manager, RS, judged("2013#50", "partial", "Sheet", 0));
    for (size_t e = 0; e < 2; e++) {
        struct answer a = ready(editions[e]);
        int all = 0, phase[4] = {0};
        json_int_t of = 0, phase_of[4] = {0};
        size_t i, k;
        json_t *clause, *part;
        json_array_foreach(answer_at(&a, "clauses"), i, clause)
        {
            int sum = 0;
            json_int_t parts = 0;
            json_array_foreach(json_object_get(clause, "requirements"), k, part)
            {
                const char *is = json_string_value(json_object_get(part, "state"));
                if (strcmp(json_string_value(json_object_get(part, "obligation")), "shall") != 0)
                    continue;
                bool whole = json_is_null(json_object_get(part, "lacks"));
                const char *lacks = json_string_value(json_object_get(part, "lacks"));
                sum += whole ? 2 : lacks && strcmp(lacks, "rest") == 0 && strcmp(is, "partial") == 0;
                parts++;
            }
            json_array_foreach(json_object_get(clause, "signals"), k, part)
            {
                sum += json_is_true(json_object_get(part, "good")) ? 2 : 0;
                parts++;
            }
            assert_int_equal(halves(clause), sum);
            assert_int_equal(json_integer_value(json_object_get(clause, "of")), parts);
            all += sum;
            of += parts;
            for (size_t p = 0; p < 4; p++)
                if (strstr(json_string_value(json_object_get(clause, "phase")), phases[p])) {
                    phase[p] += sum;
                    phase_of[p] += parts;
                }
        }
        assert_int_equal(halves(a.json), all);
        assert_int_equal(answer_integer(&a, "of"), of);
        assert_int_equal(answer_integer(&a, "score"), 50 * all / of);
        for (size_t p = 0; p < 4; p++) {
            const json_t *shown = json_array_get(answer_at(&a, "pdca"), p);
            assert_string_equal(json_string_value(json_object_get(shown, "phase")), phases[p]);
            assert_int_equal(halves(shown), phase[p]);
            assert_int_equal(json_integer_value(json_object_get(shown, "of")), phase_of[p]);
        }
        answer_free(&a);
    }
    area_do(manager, RS, id, "archive", NULL);
    free(id);
}

/* Each signal of the service is in it once, under the clause of the edition. */
static void signals_stand_where_the_edition_has_them(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"9.2.1", "9.2"}, {"9.2.2", "9.2"}, {"9.3.1", "9.3"},
                                           {"9.3.3", "9.3"}, {"10.1", "10.2"}, {"10.2", "10.1"}};
    struct answer all = area_get(manager, "signals"), old = ready("?edition=2013&detail=false"), now = ready("");
    size_t i, k, seen = 0;
    json_t *signal, *clause, *other;
    json_array_foreach(answer_at(&all, "items"), i, signal)
    {
        const char *number = json_string_value(json_object_get(signal, "clause")), *in_2013 = number;
        for (size_t p = 0; p < 6; p++)
            if (strcmp(pairs[p][0], number) == 0)
                in_2013 = pairs[p][1];
        if (strcmp(number, "6.3") == 0)
            continue;
        const struct answer *answers[] = {&now, &old};
        for (size_t e = 0; e < 2; e++) {
            const char *place = *number == 'A' ? "Annex A" : e ? in_2013 : number;
            bool found = false;
            clause = clause_of(answers[e], place);
            json_array_foreach(json_object_get(clause, "signals"), k, other)
            {
                found = found || json_equal(other, signal);
            }
            if (!found)
                fail_msg("%s is not under %s", json_string_value(json_object_get(signal, "name")), place);
            assert_true(!e || json_array_size(json_object_get(clause, "requirements")) == 0);
        }
        seen++;
    }
    assert_true(seen > 10);
    answer_free(&all);
    answer_free(&old);
    answer_free(&now);
    static const char *const bad[] = {"?edition=2005", "?detail=maybe", "?colour=red"};
    for (size_t b = 0; b < 3; b++) {
        char path[100];
        snprintf(path, sizeof path, "evaluation/readiness%s", bad[b]);
        struct answer a = area_get(manager, path);
        assert_int_equal(a.status, 400);
        answer_free(&a);
    }
}

/* ---- reference data ---- */

enum { CELLS = 14, LINE = 2000 };

/* Cuts a line of CSV in place; a quoted cell holds no quote in these files. */
static size_t cut(char *line, char *cells[CELLS])
{
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < CELLS;) {
        bool quoted = *at == '"';
        cells[count++] = at + quoted;
        at = strchr(at + quoted, quoted ? '"' : ',');
        if (at && quoted) {
            *at++ = '\0';
            at = *at == ',' ? at : NULL;
        }
        if (at)
            *at++ = '\0';
    }
    return count;
}

static FILE *open_csv(const char *name)
{
    char path[500], head[LINE];
    snprintf(path, sizeof path, DATA "%s", name);
    FILE *csv = fopen(path, "r");
    assert_non_null(csv);
    assert_non_null(fgets(head, sizeof head, csv));
    return csv;
}

static void same(const json_t *item, const char *member, const char *expected)
{
    const char *is = json_string_value(json_object_get(item, member));
    assert_string_equal(is ? is : "", expected);
}

static void every_requirement_is_that_of_its_source(void **state)
{
    (void)state;
    static const char *const editions[] = {"2013", "2022"};
    size_t rows = 0;
    for (size_t e = 0; e < 2; e++) {
        char query[40], line[LINE], *cells[CELLS], id[20];
        snprintf(query, sizeof query, "?edition=%s", editions[e]);
        struct answer a = ready(query);
        FILE *csv = open_csv("clauses.csv");
        while (fgets(line, sizeof line, csv)) {
            assert_int_equal(cut(line, cells), CELLS);
            if (strcmp(cells[0], editions[e]) != 0)
                continue;
            size_t k;
            json_t *clause = clause_of(&a, cells[1]), *requirement;
            bool found = false;
            snprintf(id, sizeof id, "%s#%s", cells[0], cells[4]);
            same(clause, "title", cells[2]);
            same(clause, "phase", cells[3]);
            json_array_foreach(json_object_get(clause, "requirements"), k, requirement)
            {
                if (strcmp(json_string_value(json_object_get(requirement, "id")), id) != 0)
                    continue;
                found = true;
                same(requirement, "requirement", cells[5]);
                same(requirement, "proof", cells[7]);
                same(requirement, "evidence_hint", cells[8]);
                same(requirement, "item", cells[9]);
                same(requirement, "obligation", cells[11]);
            }
            assert_true(found);
            rows++;
        }
        fclose(csv);
        answer_free(&a);
    }
    assert_int_equal(rows, 284);
}

static void every_question_is_that_of_its_source(void **state)
{
    (void)state;
    struct answer a = area_get(manager, "evaluation/questions");
    expect_status(&a, 200);
    FILE *csv = open_csv("audit_checklist.csv");
    char line[LINE], *cells[CELLS];
    size_t i = 0;
    for (; fgets(line, sizeof line, csv); i++) {
        const json_t *item = json_array_get(answer_at(&a, "items"), i);
        assert_int_equal(cut(line, cells), 6);
        same(item, "id", cells[0]);
        same(item, "clause", cells[1]);
        same(item, "clause_2013", cells[2]);
        same(item, "question", cells[3]);
        same(item, "evidence", cells[4]);
        same(item, "method", cells[5]);
    }
    assert_int_equal(i, 205);
    assert_int_equal(answer_integer(&a, "count"), 205);
    fclose(csv);
    answer_free(&a);
    a = area_get(manager, "evaluation/questions?clause=9.3");
    assert_int_equal(answer_integer(&a, "count"), 13);
    answer_free(&a);
}

/* ---- metrics from signals ---- */

static char *computed(const char *signal, const char *unit)
{
    return area_make(manager, "evaluation/metrics",
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Computed", "method", "Signal.", "unit", unit, "target",
                               "1", "starts_on", area_day(0), "signal", signal));
}

static void signals_are_measured(void **state)
{
    (void)state;
    char *share = computed("improvement.nonconformities_handled", "%"),
         *number = computed("improvement.nonconformities_handled", "number");
    json_int_t value = -1, of = 0;
    struct answer a = area_get(manager, "signals");
    size_t i;
    json_t *signal;
    json_array_foreach(answer_at(&a, "items"), i, signal)
    {
        if (strcmp(json_string_value(json_object_get(signal, "name")), "nonconformities_handled") == 0) {
            value = json_integer_value(json_object_get(signal, "value"));
            of = json_integer_value(json_object_get(signal, "of"));
        }
    }
    assert_true(of > 0);
    answer_free(&a);
    a = area_post(manager, "evaluation/metrics:take", NULL);
    expect_status(&a, 200);
    assert_true(answer_integer(&a, "taken") >= 2);
    answer_free(&a);
    a = area_post(manager, "evaluation/metrics:take", NULL); /* once a day */
    assert_int_equal(answer_integer(&a, "taken"), 0);
    answer_free(&a);
    a = area_read(manager, "evaluation/metrics", number);
    assert_int_equal(atoi(answer_text(&a, "last_value")), value);
    assert_string_equal(answer_text(&a, "last_measured_on"), area_day(0));
    answer_free(&a);
    a = area_read(manager, "evaluation/metrics", share);
    double wanted = 100.0 * (double)value / (double)of, is = atof(answer_text(&a, "last_value"));
    assert_true(is - wanted < 0.00501 && wanted - is < 0.00501);
    answer_free(&a);
    area_refuse(manager, "evaluation/metrics",
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Computed", "method", "Signal.", "unit", "%", "target", "1",
                          "starts_on", area_day(0), "signal", "improvement.luck"),
                422, "no_such_signal", "/signal");
    char *ids[] = {share, number};
    for (i = 0; i < 2; i++) {
        area_do(manager, "evaluation/metrics", ids[i], "retire", json_pack("{s:s}", "reason", "Over"));
        free(ids[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_has_fresh_evidence_counts),
        cmocka_unit_test(the_newest_judgement_counts),
        cmocka_unit_test(the_sums_are_those_of_the_parts),
        cmocka_unit_test(signals_stand_where_the_edition_has_them),
        cmocka_unit_test(every_requirement_is_that_of_its_source),
        cmocka_unit_test(every_question_is_that_of_its_source),
        cmocka_unit_test(signals_are_measured),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
