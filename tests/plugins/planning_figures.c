/* The figures of a Statement and of the risks that it covers, and the order of risks, against values that were worked out by
 * hand, in an organisation that begins empty. */
#include "area.h"

#define RISKS "planning/risks"
#define ROWS "planning/soa-rows"
#define CONTROLS "annex-a/controls"

static struct api *manager, *owner, *top;
static char *manager_id, *owner_id;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    owner = api_as("keep", "risk_owner");
    top = api_as("keep", "top_management");
    manager_id = area_id_of(manager);
    owner_id = area_id_of(owner);
    area_new_org("figures");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(owner);
    api_free(top);
    free(manager_id);
    free(owner_id);
    return 0;
}

/* The member of …/planning/figures as text; "null" where it has no value. Good until the next call. */
static const char *figure(const char *soa, const char *member)
{
    static char text[40];
    char path[150];
    snprintf(path, sizeof path, "planning/figures%s%s", soa ? "?soa=" : "", soa ? soa : "");
    struct answer a = area_get(manager, path);
    expect_status(&a, 200);
    char *dump = json_dumps(answer_at(&a, member), JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    snprintf(text, sizeof text, "%s", dump);
    free(dump);
    answer_free(&a);
    return text;
}

static char *open_round(const char *function)
{
    json_t *scale =
        json_pack("[{s:s}, {s:s}, {s:s}, {s:s}, {s:s}]", "name", "0", "name", "1", "name", "2", "name", "3", "name", "4");
    json_t *levels = json_array();
    for (int i = 0; i < 5; i++)
        json_array_append_new(levels, json_pack("{s:o, s:s, s:i}", "name", json_sprintf("Level %d", i), "rank", "risk_owner",
                                                "from_score", i * 1000));
    json_t *body = json_pack("{s:s, s:O, s:o, s:o, s:i, s:s}", "title", "Method", "likelihood_scale", scale, "impact_scale",
                             scale, "levels", levels, "accept_up_to", 1, "level_function", function);
    if (strcmp(function, "grid") == 0)
        json_object_set_new(body, "grid_name", json_string("5x5_5"));
    char *method = area_make(manager, "planning/risk-methods", body);
    area_do(top, "planning/risk-methods", method, "approve", NULL);
    char *round = area_make(manager, "planning/risk-rounds", json_pack("{s:s, s:s}", "title", "Round", "method_id", method));
    area_do(manager, "planning/risk-rounds", round, "start", NULL);
    free(method);
    return round;
}

static char *risk_with(const char *round, json_t *inherent, json_t *last, const char *stage)
{
    json_object_set_new(inherent, "stage", json_string("inherent"));
    json_object_set_new(inherent, "reason", json_string("As judged"));
    json_object_set_new(last, "reason", json_string("As judged"));
    json_t *current = json_deep_copy(strcmp(stage, "current") == 0 ? last : inherent);
    json_object_set_new(current, "stage", json_string("current"));
    json_t *ratings = json_pack("[o, o]", inherent, current);
    if (strcmp(stage, "residual") == 0) {
        json_object_set_new(last, "stage", json_string("residual"));
        json_array_append(ratings, last);
    }
    json_decref(last);
    return area_make(manager, RISKS, json_pack("{s:s, s:s, s:o}", "title", "Risk", "round_id", round, "ratings", ratings));
}

static char *risk(const char *round, int likelihood, int impact)
{
    json_t *rating = json_pack("{s:i, s:i}", "likelihood", likelihood, "impact", impact);
    return risk_with(round, json_deep_copy(rating), rating, "current");
}

static char *control(bool implemented, bool proved)
{
    char *id = area_make(
        manager, CONTROLS,
        json_pack("{s:s, s:s, s:s, s:s}", "origin", "own", "title", "Ours", "owner_id", manager_id, "description", "Done."));
    if (implemented)
        area_do(manager, CONTROLS, id, "implement", NULL);
    if (proved)
        free(area_make(manager, "annex-a/evidence-items",
                       json_pack("{s:s, s:s, s:s, s:s}", "control_id", id, "title", "A log", "location", "Archive",
                                 "collected_on", area_day(-1))));
    return id;
}

static void tie(const char *risk_id, const char *control_id)
{
    char path[200];
    snprintf(path, sizeof path, RISKS "/%s/links/controls", risk_id);
    struct answer a = area_post(manager, path, json_pack("{s:s}", "id", control_id));
    expect_status(&a, 201);
    answer_free(&a);
}

static void rates_of_a_statement(void **state)
{
    (void)state;
    static const char *const states[] = {"implemented", "implemented", "partial", "planned"};
    char path[150], *scope = area_make(manager, "context/scopes", json_pack("{s:s, s:s}", "title", "Scope", "statement", "All"));
    char *soa = area_make(manager, "planning/soa-versions",
                          json_pack("{s:s, s:s, s:s}", "title", "Statement", "edition", "2022", "scope_id", scope));
    assert_string_equal(figure(NULL, "rows"), "0"); /* none holds yet: nothing to divide by */
    assert_string_equal(figure(NULL, "applicable_rate"), "null");
    assert_string_equal(figure(soa, "rows"), "93");
    assert_string_equal(figure(soa, "applicable_rate"), "0.0");
    assert_string_equal(figure(soa, "implementation_rate"), "null"); /* of no applicable row */
    assert_string_equal(figure(soa, "evidence_rate"), "null");
    char *proved = control(true, true);
    snprintf(path, sizeof path, "planning/soa-rows?soa_id=%s&limit=4&sort=ref", soa);
    struct answer a = area_get(manager, path);
    for (size_t i = 0; i < 4; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(answer_at(&a, "items"), i), "id"));
        area_do(manager, ROWS, id, "", json_pack("{s:s, s:s}", "applicable", "yes", "implementation_state", states[i]));
        if (i == 0)
            area_do(manager, ROWS, id, "", json_pack("{s:s}", "control_id", proved));
    }
    answer_free(&a);
    assert_string_equal(figure(soa, "applicable"), "4");
    assert_string_equal(figure(soa, "applicable_rate"), "0.043");     /* 4 / 93 */
    assert_string_equal(figure(soa, "implementation_rate"), "0.625"); /* (2 + 0.5) / 4 */
    assert_string_equal(figure(soa, "readiness_rate"), "0.5");        /* 2 / 4: half done is not ready */
    assert_string_equal(figure(soa, "evidence_rate"), "0.25");        /* 1 / 4 */
    free(proved);
    free(scope);
    free(soa);
}

static void coverage_of_risks(void **state)
{
    (void)state;
    assert_string_equal(figure(NULL, "coverage"), "null");
    char *round = open_round("grid"), *high[] = {risk(round, 4, 4), risk(round, 3, 3), risk(round, 2, 3)};
    char *low = risk(round, 0, 0), *with = control(true, false), *planned = control(false, false);
    assert_string_equal(figure(NULL, "risks_above"), "3");
    assert_string_equal(figure(NULL, "coverage"), "0.0");
    tie(high[0], planned); /* it is not there yet */
    tie(low, with);        /* needs none */
    assert_string_equal(figure(NULL, "coverage"), "0.0");
    tie(high[0], with);
    assert_string_equal(figure(NULL, "coverage"), "0.3333");
    tie(high[1], with);
    area_do(manager, RISKS, high[2], "retire", json_pack("{s:s}", "reason", "Gone"));
    assert_string_equal(figure(NULL, "coverage"), "1.0");
    for (size_t i = 0; i < 3; i++)
        free(high[i]);
    free(low);
    free(with);
    free(planned);
    free(round);
}

/* By level, impact, likelihood, the day that comes sooner, and then as they came. */
static void risks_in_their_order(void **state)
{
    (void)state;
    static const struct {
        int likelihood, impact, due; /* due 0: none */
    } made[] = {
        {3, 3, 0},  /* level 3, impact 3, likelihood 3, no day: sixth */
        {4, 3, 0},  /* level 4: first */
        {2, 3, 5},  /* level 3, likelihood 2: seventh */
        {3, 3, 30}, /* fifth */
        {2, 4, 0},  /* level 3, impact 4: second */
        {3, 3, 9},  /* third */
        {3, 3, 9},  /* fourth: the same, and later */
        {3, 2, 1},  /* level 3, impact 2: eighth */
    };
    static const int order[] = {1, 4, 5, 6, 3, 0, 2, 7};
    char *round = open_round("grid"), *ids[8], path[150];
    for (size_t i = 0; i < 8; i++) {
        ids[i] = risk(round, made[i].likelihood, made[i].impact);
        if (made[i].due)
            area_do(manager, RISKS, ids[i], "", json_pack("{s:s}", "due_on", area_day(made[i].due)));
    }
    snprintf(path, sizeof path, "planning/top-risks?round=%s", round);
    struct answer a = area_get(manager, path);
    for (size_t i = 0; i < 8; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(answer_at(&a, "items"), i), "id"));
        if (strcmp(id, ids[order[i]]) != 0)
            fail_msg("place %zu is another one's", i);
    }
    answer_free(&a);
    for (size_t i = 0; i < 8; i++)
        free(ids[i]);
    free(round);
}

static void same_owner(const char *id, int risks, int above, int not_rated, int reopened, int highest)
{
    const struct {
        const char *name;
        int value;
    } members[] = {{"risks", risks}, {"above", above}, {"not_rated", not_rated}, {"reopened", reopened}, {"highest", highest}};
    struct answer a = area_get(manager, "planning/risk-owners");
    size_t i;
    json_t *item;
    int found = 0;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        const char *is = json_string_value(json_object_get(item, "owner_id"));
        if (!is || strcmp(is, id) != 0)
            continue;
        found++;
        for (size_t k = 0; k < 5; k++)
            if (json_integer_value(json_object_get(item, members[k].name)) != members[k].value)
                fail_msg("%s is %lld instead of %d", members[k].name,
                         (long long)json_integer_value(json_object_get(item, members[k].name)), members[k].value);
    }
    assert_int_equal(found, 1);
    answer_free(&a);
}

static char *owned(const char *round, const char *by, int likelihood, int impact)
{
    char *id = likelihood < 0 ? area_make(manager, RISKS, json_pack("{s:s, s:s}", "title", "Not rated yet", "round_id", round))
                              : risk(round, likelihood, impact);
    area_do(manager, RISKS, id, "", json_pack("{s:s}", "owner_id", by));
    return id;
}

static void risks_of_each_owner(void **state)
{
    (void)state;
    char *round = open_round("grid"), *grave = owned(round, owner_id, 4, 4), *slight = owned(round, owner_id, 0, 0);
    char *fresh = owned(round, owner_id, -1, -1), *other = owned(round, manager_id, 3, 3);
    same_owner(owner_id, 3, 1, 1, 0, 4);
    same_owner(manager_id, 1, 1, 0, 0, 3);
    area_do(manager, RISKS, slight, "analyse", NULL);
    area_do(manager, RISKS, slight, "evaluate", NULL);
    char *acceptance = area_make(manager, "planning/risk-acceptances",
                                 json_pack("{s:s, s:s, s:s}", "title", "Bear it", "risk_id", slight, "reason", "Cheaper"));
    area_do(owner, "planning/risk-acceptances", acceptance, "approve", NULL);
    area_do(manager, "planning/risk-acceptances", acceptance, "revoke", json_pack("{s:s}", "reason", "Not any more"));
    same_owner(owner_id, 3, 1, 1, 1, 4);
    area_do(manager, RISKS, grave, "retire", json_pack("{s:s}", "reason", "Gone"));
    same_owner(owner_id, 2, 0, 1, 1, 0);
    free(acceptance);
    free(grave);
    free(slight);
    free(fresh);
    free(other);
    free(round);
}

static void reduction_by_scores(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        double reduction;
    } cases[] = {{"4000", "1000", 0.75}, {"3000", "3000", 0}, {"0", "0", 0}}; /* nothing to take away from: 0 */
    for (size_t i = 0; i < 3; i++) {
        char *round = open_round("loss"), path[150];
        free(risk_with(round, json_pack("{s:s}", "loss_per_year", cases[i].before),
                       json_pack("{s:s}", "loss_per_year", cases[i].after), "residual"));
        snprintf(path, sizeof path, "planning/top-risks?round=%s", round);
        struct answer a = area_get(manager, path);
        double is = json_number_value(answer_at(&a, "items/0/reduction"));
        if (is < cases[i].reduction - 1e-9 || is > cases[i].reduction + 1e-9)
            fail_msg("%s to %s is %f", cases[i].before, cases[i].after, is);
        answer_free(&a);
        free(round);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rates_of_a_statement), cmocka_unit_test(coverage_of_risks),
                                       cmocka_unit_test(risks_in_their_order), cmocka_unit_test(reduction_by_scores),
                                       cmocka_unit_test(risks_of_each_owner)};
    return cmocka_run_group_tests(tests, log_in, log_out);
}
