/* Suppliers through the running service: their life, what agreements must hold, questionnaires and scores, outsourced processes.
 */
#include "operation.h"

static json_t *supplier_body(const char *criticality, json_t *clauses)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "name", fresh("Supplier"), "service", "Runs servers", "criticality",
                     criticality, "owner_id", me, "agreement", "Contract 7", "security_clauses", clauses, "exit_plan",
                     "To another one within a quarter");
}

static json_t *low(void)
{
    return supplier_body("low", json_pack("[s]", "confidentiality"));
}

static char *supplier_in(const char *state)
{
    char *id = make_id("suppliers", low());
    if (strcmp(state, "ended") == 0)
        changed("suppliers", id, "end", with_reason());
    else if (strcmp(state, "candidate") != 0)
        changed_by(owner, "suppliers", id, "approve", NULL);
    if (strcmp(state, "suspended") == 0)
        changed("suppliers", id, "suspend", with_reason());
    return id;
}

static void every_transition_of_a_supplier(void **state)
{
    (void)state;
    static const char *const states[] = {"candidate", "approved", "suspended", "ended", NULL};
    static const struct lead table[] = {
        {"approve", {"approved", NULL, NULL, NULL}, NULL},
        {"suspend", {NULL, "suspended", NULL, NULL}, with_reason},
        {"reinstate", {NULL, NULL, "approved", NULL}, with_reason},
        {"end", {"ended", "ended", "ended", NULL}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("suppliers", states, table, supplier_in);
    char *id = supplier_in("candidate");
    not_changed("suppliers", id, "approve", NULL, 403, NULL, NULL); /* the manager approves nothing */
    free(id);
    struct answer a = api_post(owner, MOAT "suppliers", low());
    char *own = strdup(answer_text(&a, "id"));
    answer_free(&a);
    a = change_as(owner, "suppliers", own, "approve", NULL);
    expect_problem(&a, 403, "separation_of_duties", NULL);
    answer_free(&a);
    free(own);
}

/* What the approval says is missing; "" when it is given. */
static void lacks(const char *criticality, const char *data, const char *clauses, const char *expected)
{
    json_t *list = json_array(), *body;
    char copy[300], wanted[400];
    snprintf(copy, sizeof copy, "%s", clauses);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        json_array_append_new(list, json_string(word));
    body = supplier_body(criticality, list);
    json_object_set_new(body, "data_processed", json_pack("[s]", data));
    char *id = make_id("suppliers", body);
    struct answer a = change_as(owner, "suppliers", id, "approve", NULL);
    snprintf(wanted, sizeof wanted, "the agreement lacks: %s\"", expected);
    if (*expected && !strstr(a.body, wanted))
        fail_msg("not \"%s\": %s", wanted, a.body);
    if (!*expected && strstr(a.body, "clauses_missing"))
        fail_msg("%s", a.body);
    answer_free(&a);
    free(id);
}

static void agreements_hold_what_criticality_asks(void **state)
{
    (void)state;
#define HIGH "confidentiality incidents access_control audit subcontracting return_of_data continuity"
    lacks("low", "none", "", "confidentiality");
    lacks("low", "none", "confidentiality", "");
    lacks("low", "personal", "confidentiality", "data_protection");
    lacks("medium", "none", "confidentiality", "incidents, access_control");
    lacks("medium", "internal", "confidentiality incidents access_control", "");
    lacks("high", "none", "confidentiality incidents access_control", "audit, subcontracting, return_of_data, continuity");
    lacks("high", "none", HIGH, "");
    lacks("critical", "personal", HIGH, "data_protection");
    lacks("critical", "personal", HIGH " data_protection", "");
}

/* ---- questionnaires ---- */

static json_t *questions(void)
{
    return json_pack("[{s:s,s:s,s:i},{s:s,s:s,s:i,s:b},{s:s,s:s,s:i}]", "number", "1", "text", "Secrecy?", "weight", 5, "number",
                     "2", "text", "Incidents told?", "weight", 3, "must", true, "number", "3", "text", "Exercises?", "weight", 2);
}

static char *template_in(const char *state)
{
    char *id = make_id("questionnaire-templates",
                       json_pack("{s:s, s:o, s:i}", "name", fresh("Questions"), "questions", questions(), "pass_score", 60));
    if (strcmp(state, "draft") != 0)
        changed("questionnaire-templates", id, "publish", NULL);
    if (strcmp(state, "retired") == 0)
        changed("questionnaire-templates", id, "retire", NULL);
    return id;
}

static void every_transition_of_a_questionnaire(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "published", "retired", NULL};
    static const struct lead table[] = {
        {"publish", {"published", NULL, NULL}, NULL},
        {"retire", {NULL, "retired", NULL}, NULL},
        {NULL, {NULL}, NULL},
    };
    try_table("questionnaire-templates", states, table, template_in);
    char *id = template_in("published");
    not_changed("questionnaire-templates", id, "", json_pack("{s:i}", "pass_score", 1), 409, "frozen", NULL);
    free(id);
    id = make_id("questionnaire-templates", json_pack("{s:s}", "name", fresh("Empty")));
    not_changed("questionnaire-templates", id, "publish", NULL, 422, "no_questions", "/questions");
    changed("questionnaire-templates", id, "",
            json_pack("{s:[{s:s,s:s,s:i},{s:s,s:s,s:i}]}", "questions", "number", "1", "text", "A?", "weight", 1, "number", "1",
                      "text", "B?", "weight", 1));
    not_changed("questionnaire-templates", id, "publish", NULL, 422, "number_twice", "/questions");
    free(id);
}

static json_t *answers(const char *one, const char *two, const char *three)
{
    const char *const given[] = {one, two, three};
    json_t *list = json_array();
    char number[2] = "1";
    for (int i = 0; i < 3; i++, number[0]++)
        if (given[i])
            json_array_append_new(list, json_pack("{s:s, s:s}", "number", number, "answer", given[i]));
    return list;
}

static char *questionnaire, *assessed; /* a published template; a supplier */

static char *assessment(json_t *given, int on)
{
    return make_id("supplier-assessments",
                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "title", "Yearly", "supplier_id", assessed, "template_id",
                             questionnaire, "assessed_on", day(on), "assessor_id", me, "answers", given));
}

static char *assessment_in(const char *state)
{
    char *id = assessment(answers("yes", "yes", "yes"), -30);
    if (strcmp(state, "completed") == 0)
        changed("supplier-assessments", id, "complete", NULL);
    return id;
}

static void every_transition_of_an_assessment(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "completed", NULL};
    static const struct lead table[] = {{"complete", {"completed", NULL}, NULL}, {NULL, {NULL}, NULL}};
    questionnaire = template_in("published");
    assessed = supplier_in("approved");
    try_table("supplier-assessments", states, table, assessment_in);
    char *id = assessment_in("completed");
    not_changed("supplier-assessments", id, "", json_pack("{s:s}", "findings", "Others"), 409, "frozen", NULL);
    not_changed("supplier-assessments", id, "archive", NULL, 409, "completed", NULL);
    free(id);
    free(questionnaire);
    free(assessed);
}

/* By hand: weights 5, 3 (must), 2; yes counts whole, partly half; what does not apply leaves the sum. To pass: 60. */
static void scores_are_computed(void **state)
{
    (void)state;
    static const struct {
        const char *one, *two, *three;
        int score;
        bool passed;
    } rows[] = {
        {"yes", "yes", "yes", 100, true},
        {"no", "no", "no", 0, false},
        {"yes", "partly", "no", 65, true},             /* 5 + 1.5 of 10 */
        {"partly", "partly", "yes", 60, true},         /* 2.5 + 1.5 + 2 */
        {"partly", "partly", "partly", 50, false},     /* half of all */
        {"yes", "no", "yes", 70, false},               /* enough, but a must is not met */
        {"yes", "partly", "not_applicable", 81, true}, /* 6.5 of 8: 81.25 */
        {"not_applicable", "not_applicable", "yes", 100, true},
    };
    questionnaire = template_in("published");
    assessed = supplier_in("approved");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *id = assessment(answers(rows[i].one, rows[i].two, rows[i].three), -1);
        if (!rows[i].passed) {
            not_changed("supplier-assessments", id, "complete", NULL, 422, "required", "/findings");
            changed("supplier-assessments", id, "", json_pack("{s:s}", "findings", "To be mended"));
        }
        changed("supplier-assessments", id, "complete", NULL);
        struct answer a = api_get(manager, MOAT "supplier-assessments/%s", id);
        if (answer_integer(&a, "score") != rows[i].score || json_is_true(answer_at(&a, "passed")) != rows[i].passed)
            fail_msg("row %zu: %.800s", i, a.body);
        answer_free(&a);
        free(id);
    }
    free(questionnaire);
    free(assessed);
}

static void answers_fit_the_questions(void **state)
{
    (void)state;
    questionnaire = template_in("published");
    assessed = supplier_in("approved");
    char *id = assessment(answers("yes", NULL, "yes"), -1);
    not_changed("supplier-assessments", id, "complete", NULL, 422, "unanswered", "/answers");
    json_t *odd = answers("yes", "yes", "yes");
    json_array_append_new(odd, json_pack("{s:s, s:s}", "number", "9", "answer", "yes"));
    changed("supplier-assessments", id, "", json_pack("{s:o}", "answers", odd));
    not_changed("supplier-assessments", id, "complete", NULL, 422, "unknown_question", "/answers");
    odd = answers("yes", "yes", "yes");
    json_array_append_new(odd, json_pack("{s:s, s:s}", "number", "1", "answer", "no"));
    changed("supplier-assessments", id, "", json_pack("{s:o}", "answers", odd));
    not_changed("supplier-assessments", id, "complete", NULL, 422, "answered_twice", "/answers");
    free(id);
#define ASKED(template, supplier, on)                                                                                            \
    json_pack("{s:s, s:s, s:s, s:s}", "title", "Yearly", "supplier_id", supplier, "template_id", template, "assessed_on", on)
    char *draft = template_in("draft"), *gone = supplier_in("ended");
    refuse("supplier-assessments", ASKED(draft, assessed, day(-1)), 422, "not_published", "/template_id");
    refuse("supplier-assessments", ASKED(questionnaire, gone, day(-1)), 422, "supplier_ended", "/supplier_id");
    refuse("supplier-assessments", ASKED(questionnaire, assessed, "2999-01-01"), 422, "in_the_future", "/assessed_on");
    free(draft);
    free(gone);
    free(questionnaire);
    free(assessed);
}

static void the_supplier_takes_over_the_newest(void **state)
{
    (void)state;
    questionnaire = template_in("published");
    assessed =
        make_id("suppliers", supplier_body("high", json_pack("[s,s,s,s,s,s,s]", "confidentiality", "incidents", "access_control",
                                                             "audit", "subcontracting", "return_of_data", "continuity")));
    struct answer a = change_as(owner, "suppliers", assessed, "approve", NULL);
    expect_problem(&a, 422, "not_assessed", "/last_passed");
    answer_free(&a);
    char *id = assessment(answers("yes", "yes", "yes"), -10);
    changed("supplier-assessments", id, "complete", NULL);
    a = api_get(manager, MOAT "suppliers/%s", assessed);
    assert_int_equal(answer_integer(&a, "last_score"), 100);
    assert_string_equal(answer_text(&a, "last_assessed_on"), day(-10));
    assert_string_equal(answer_text(&a, "next_assessment_on"), day(355));
    answer_free(&a);
    free(id);
    id = assessment(answers("partly", "yes", "yes"), -20); /* came in late */
    changed("supplier-assessments", id, "complete", NULL);
    changed("suppliers", assessed, "", json_pack("{s:i}", "assessment_rhythm_days", 100));
    a = api_get(manager, MOAT "suppliers/%s", assessed);
    assert_int_equal(answer_integer(&a, "last_score"), 100);
    assert_string_equal(answer_text(&a, "next_assessment_on"), day(90));
    answer_free(&a);
    changed_by(owner, "suppliers", assessed, "approve", NULL);
    free(id);
    free(assessed);
    assessed = make_id("suppliers", supplier_body("critical", json_array()));
    changed("suppliers", assessed, "", json_pack("{s:n}", "exit_plan"));
    a = change_as(owner, "suppliers", assessed, "approve", NULL);
    expect_problem(&a, 422, "exit_plan_missing", "/exit_plan");
    answer_free(&a);
    free(questionnaire);
    free(assessed);
}

static void outsourced_processes_are_controlled(void **state)
{
    (void)state;
    char *supplier = supplier_in("approved"), *gone = supplier_in("ended");
#define OUT(who) json_pack("{s:s, s:s}", "name", fresh("Run servers"), "supplier_id", who)
    refuse("outsourced-processes", OUT(gone), 422, "supplier_ended", "/supplier_id");
    char *id = make_id("outsourced-processes", OUT(supplier));
    not_changed("suppliers", supplier, "end", with_reason(), 422, "still_outsourced", "/status");
    static const char *const fields[] = {"owner_id", "methods", "control"};
    json_t *whole = json_pack("{s:s, s:[s], s:s}", "owner_id", me, "methods", "reports", "control", "Report each month");
    for (int left = 0; left < 8; left++) { /* each set of the three */
        json_t *body = json_pack("{s:n, s:n, s:n}", "owner_id", "methods", "control");
        for (int i = 0; i < 3; i++)
            if (left >> i & 1)
                json_object_set(body, fields[i], json_object_get(whole, fields[i]));
        struct answer a = change("outsourced-processes", id, "", body);
        expect_status(&a, 200);
        assert_int_equal(json_is_true(answer_at(&a, "controlled")), left == 7);
        answer_free(&a);
    }
    json_decref(whole);
    changed("outsourced-processes", id, "archive", NULL);
    changed("suppliers", supplier, "end", with_reason());
    free(id);
    free(supplier);
    free(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_of_a_supplier),
        cmocka_unit_test(agreements_hold_what_criticality_asks),
        cmocka_unit_test(every_transition_of_a_questionnaire),
        cmocka_unit_test(every_transition_of_an_assessment),
        cmocka_unit_test(scores_are_computed),
        cmocka_unit_test(answers_fit_the_questions),
        cmocka_unit_test(the_supplier_takes_over_the_newest),
        cmocka_unit_test(outsourced_processes_are_controlled),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
