/* Competence through the running service: who must be able to do what, what proves it, whether a training worked, and the matrix
 * of persons and needs against figures done by hand. */
#include "register.h"

#define PERSONS "support/persons"
#define COMPETENCES "support/competences"
#define NEEDS "support/competence-needs"
#define TRAININGS "support/trainings"
#define QUALIFICATIONS "support/qualifications"

static struct api *owner, *manager, *contributor;

static int log_in(void **state)
{
    (void)state;
    owner = api_as("keep", "owner");
    manager = api_as("keep", "manager");
    contributor = api_as("keep", "contributor");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    api_free(manager);
    api_free(contributor);
    return 0;
}

static char *new_person(const char *name, const char *unit, const char *role)
{
    return make(manager, PERSONS, json_pack("{s:s, s:s, s:[s]}", "name", name, "unit", unit, "roles", role));
}

static char *new_competence(void)
{
    return make(manager, COMPETENCES, json_pack("{s:s}", "name", fresh("Competence")));
}

static json_t *need(const char *role, const char *competence, int level)
{
    return json_pack("{s:s, s:s, s:i}", "role", role, "competence_id", competence, "level", level);
}

static json_t *proof(const char *person, const char *competence, int level, const char *expires_on)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s?}", "person_id", person, "competence_id", competence, "level", level,
                     "basis", "experience", "evidence", "Did it alone", "obtained_on", day(-400), "expires_on", expires_on);
}

static void link_to(const char *training, const char *person)
{
    char path[300];
    snprintf(path, sizeof path, TRAININGS "/%s/links/participants", training);
    struct answer a = try_make(manager, path, json_pack("{s:s}", "id", person));
    expect_status(&a, 201);
    answer_free(&a);
}

static char *new_training(const char *competence, const char *person)
{
    char *id = make(manager, TRAININGS,
                    json_pack("{s:s, s:s, s:s}", "title", "Drill", "competence_id", competence, "planned_on", day(-10)));
    if (person)
        link_to(id, person);
    return id;
}

static json_t *held(int from_today)
{
    return json_pack("{s:s}", "held_on", day(from_today));
}

static json_t *judged(void)
{
    return json_pack("{s:s, s:s}", "evaluation_method", "drill", "finding", "Three of four did it alone");
}

/* ---- the states -------------------------------------------------------------------------------------------------------- */

static json_t *body_of(const char *verb)
{
    return strcmp(verb, "hold") == 0     ? held(-5)
           : strcmp(verb, "prove") == 0  ? judged()
           : strcmp(verb, "fail") == 0   ? judged()
           : strcmp(verb, "expire") == 0 ? json_object()
                                         : json_pack("{s:s}", "reason", "Tried in a test");
}

static void every_verb_of_a_training(void **unused)
{
    (void)unused;
    static const char *const states[] = {"planned", "held", "effective", "ineffective", "cancelled"};
    static const char *const ways[] = {"", "hold", "hold prove", "hold fail", "cancel"};
    static const char *const verbs[] = {"hold", "prove", "fail", "cancel"};
    static const struct line lines[] = {{"planned", "hold", 200, NULL},
                                        {"planned", "cancel", 200, NULL},
                                        {"held", "prove", 200, NULL},
                                        {"held", "fail", 200, NULL},
                                        {0}};
    char *competence = new_competence(), *person = new_person("Ada", fresh("Unit"), "Nobody");
    for (size_t s = 0; s < 5; s++)
        for (size_t v = 0; v < 4; v++) {
            char *id = new_training(competence, person);
            for (size_t w = 0; w < 4; w++) /* the verbs stand in the order of the ways */
                if (strstr(ways[s], verbs[w]))
                    moves(owner, TRAININGS, id, verbs[w], body_of(verbs[w]), NULL);
            has(owner, TRAININGS, id, "status", states[s]);
            expect_line(owner, TRAININGS, id, find(lines, states[s], verbs[v]), verbs[v], body_of(verbs[v]));
            free(id);
        }
    free(competence);
    free(person);
}

static void every_verb_of_a_qualification(void **unused)
{
    (void)unused;
    static const char *const states[] = {"valid", "expired", "revoked"}, *const ways[] = {NULL, "expire", "revoke"};
    static const char *const verbs[] = {"expire", "revoke"};
    static const struct line lines[] = {{"valid", "expire", 200, NULL}, {"valid", "revoke", 200, NULL}, {0}};
    char *competence = new_competence(), *person = new_person("Ada", fresh("Unit"), "Nobody");
    for (size_t s = 0; s < 3; s++)
        for (size_t v = 0; v < 2; v++) {
            char *id = make(manager, QUALIFICATIONS, proof(person, competence, 2, day(-1)));
            if (ways[s])
                moves(manager, QUALIFICATIONS, id, ways[s], body_of(ways[s]), states[s]);
            expect_line(manager, QUALIFICATIONS, id, find(lines, states[s], verbs[v]), verbs[v], body_of(verbs[v]));
            free(id);
        }
    free(competence);
    free(person);
}

/* ---- rules ------------------------------------------------------------------------------------------------------------- */

static void what_counts_still_does_not_expire(void **unused)
{
    (void)unused;
    char *competence = new_competence(), *person = new_person("Ada", fresh("Unit"), "Nobody");
    const char *const days[] = {day(0), NULL};
    for (size_t i = 0; i < 2; i++) {
        char *id = make(manager, QUALIFICATIONS, proof(person, competence, 2, days[i]));
        refuses(manager, QUALIFICATIONS, id, "expire", NULL, 422, "not_expired");
        free(id);
    }
    free(competence);
    free(person);
}

static void a_training_is_open_until_its_effect_is_judged(void **unused)
{
    (void)unused;
    char *competence = new_competence();
    char *me = user_id(manager), *person = NULL;
    struct answer a = api_get(manager, "/api/v1/orgs/keep/" PERSONS "?member_id=%s", me);
    expect_status(&a, 200);
    if (answer_text(&a, "items/0/id"))
        person = strdup(answer_text(&a, "items/0/id"));
    else
        person = make(manager, PERSONS, json_pack("{s:s, s:s, s:s}", "name", "Tomas", "unit", "Office", "member_id", me));
    answer_free(&a);
    refuses_new(manager, PERSONS, json_pack("{s:s, s:s, s:s}", "name", "Twice", "unit", "Office", "member_id", me), 409,
                "member_listed", "/member_id");

    char *training = new_training(competence, NULL);
    refuses(manager, TRAININGS, training, "hold", held(-5), 422, "participants_missing");
    link_to(training, person);
    refuses(manager, TRAININGS, training, "hold", NULL, 422, "required");
    refuses(manager, TRAININGS, training, "hold", held(3), 422, "in_the_future");
    has(manager, TRAININGS, training, "next_step_on", day(-10));
    moves(manager, TRAININGS, training, "hold", held(0), "held");
    has(manager, TRAININGS, training, "evaluate_on", day(60));
    has(manager, TRAININGS, training, "next_step_on", day(60));
    refuses(owner, TRAININGS, training, "prove", judged(), 422, "too_early"); /* on the same day */
    free(training);

    training = new_training(competence, person);
    moves(manager, TRAININGS, training, "hold", held(-30), "held");
    refuses(manager, TRAININGS, training, "prove", judged(), 422, "separation_of_duties"); /* was there himself */
    refuses(manager, TRAININGS, training, "fail", judged(), 422, "separation_of_duties");
    refuses(owner, TRAININGS, training, "prove", NULL, 422, "required");
    moves(owner, TRAININGS, training, "prove", judged(), "effective");
    has(owner, TRAININGS, training, "finding", "Three of four did it alone");
    has(owner, TRAININGS, training, "evaluated_on", day(0));
    has(owner, TRAININGS, training, "next_step_on", NULL);
    free(training);
    free(person);
    free(me);
    free(competence);
}

static void having_been_there_proves_nothing(void **unused)
{
    (void)unused;
    char *competence = new_competence(), *other = new_competence();
    char *person = new_person("Ada", fresh("Unit"), "Nobody"), *stranger = new_person("Bo", fresh("Unit"), "Nobody");
    char *training = new_training(competence, person);
    json_t *body = proof(person, competence, 3, NULL);
    json_object_set_new(body, "basis", json_string("training"));
    refuses_new(manager, QUALIFICATIONS, json_incref(body), 422, "required", "/training_id");
    json_object_set_new(body, "training_id", json_string(training));
    refuses_new(manager, QUALIFICATIONS, json_incref(body), 422, "not_effective", "/training_id");
    moves(manager, TRAININGS, training, "hold", held(-30), "held");
    refuses_new(manager, QUALIFICATIONS, json_incref(body), 422, "not_effective", "/training_id");
    moves(owner, TRAININGS, training, "prove", judged(), "effective");
    json_object_set_new(body, "person_id", json_string(stranger));
    refuses_new(manager, QUALIFICATIONS, json_incref(body), 422, "not_a_participant", "/training_id");
    json_object_set_new(body, "person_id", json_string(person));
    json_object_set_new(body, "competence_id", json_string(other));
    refuses_new(manager, QUALIFICATIONS, json_incref(body), 422, "other_competence", "/training_id");
    json_object_set_new(body, "competence_id", json_string(competence));
    free(make(manager, QUALIFICATIONS, json_incref(body)));
    json_object_set_new(body, "basis", json_string("experience"));
    refuses_new(manager, QUALIFICATIONS, body, 422, "not_from_training", "/training_id");
    body = proof(person, competence, 3, day(-500));
    refuses_new(manager, QUALIFICATIONS, body, 422, "not_after", "/expires_on");
    body = proof(person, competence, 3, NULL);
    json_object_set_new(body, "obtained_on", json_string(day(3)));
    refuses_new(manager, QUALIFICATIONS, body, 422, "in_the_future", "/obtained_on");
    free(training);
    free(stranger);
    free(person);
    free(other);
    free(competence);
}

/* ---- the matrix -------------------------------------------------------------------------------------------------------- */

static struct answer gaps(const char *format, const char *value, const char *more)
{
    char query[300];
    snprintf(query, sizeof query, "%s=%s%s", format, value, more);
    for (char *c = query; *c; c++)
        if (*c == ' ')
            *c = '+';
    struct answer a = api_get(contributor, "/api/v1/orgs/keep/support/competence-gaps?%s", query);
    expect_status(&a, 200);
    return a;
}

static void expect_cell(struct answer *a, const char *person, const char *competence, const char *state, int needed, int shown)
{
    size_t i;
    json_t *cell;
    json_array_foreach(answer_at(a, "items"), i, cell)
    {
        if (strcmp(json_string_value(json_object_get(cell, "person_id")), person) == 0 &&
            strcmp(json_string_value(json_object_get(cell, "competence_id")), competence) == 0) {
            assert_string_equal(json_string_value(json_object_get(cell, "state")), state);
            assert_int_equal(json_integer_value(json_object_get(cell, "needed")), needed);
            assert_int_equal(json_integer_value(json_object_get(cell, "shown")), shown); /* null reads as 0 */
            return;
        }
    }
    fail_msg("no cell of %s and %s", person, competence);
}

/* Three persons of one unit, one of whom has left; a role that needs two competences at levels 3 and 2.
 *            restore (3)                         order (2)
 * Ada        3 and 4, the 4 expired: met         1: below
 * Bo         3 expired: expired                  2 revoked: missing
 * Cy, left   -                                   -                */
static void the_matrix_of_persons_and_needs(void **unused)
{
    (void)unused;
    const char *role = fresh("Shift"), *unit = fresh("Yard");
    struct signal_now before = signal_of(owner, "support", "competence_met");
    char *restore = new_competence(), *order = new_competence();
    char *ada = new_person("Ada", unit, role), *bo = new_person("Bo", unit, role), *cy = new_person("Cy", unit, role);
    moves(manager, PERSONS, cy, NULL, json_pack("{s:s}", "left_on", day(-1)), NULL);
    free(make(manager, NEEDS, need(role, restore, 3)));
    free(make(manager, NEEDS, need(role, order, 2)));
    refuses_new(manager, NEEDS, need(role, order, 4), 409, "need_exists", "/competence_id");
    free(make(manager, QUALIFICATIONS, proof(ada, restore, 4, day(-1))));
    free(make(manager, QUALIFICATIONS, proof(ada, restore, 3, day(0)))); /* its last day */
    free(make(manager, QUALIFICATIONS, proof(ada, order, 1, NULL)));
    free(make(manager, QUALIFICATIONS, proof(bo, restore, 3, day(-1))));
    char *revoked = make(manager, QUALIFICATIONS, proof(bo, order, 2, NULL));
    moves(manager, QUALIFICATIONS, revoked, "revoke", json_pack("{s:s}", "reason", "It was not he"), "revoked");
    char *training = new_training(order, bo);

    struct signal_now now = signal_of(owner, "support", "competence_met");
    assert_int_equal(now.of, before.of + 4);
    assert_int_equal(now.value, before.value + 1);
    assert_false(now.good);
    struct answer a = gaps("unit", unit, "");
    assert_int_equal(answer_integer(&a, "count"), 4);
    assert_int_equal(answer_integer(&a, "met"), 1);
    expect_cell(&a, ada, restore, "met", 3, 3);
    expect_cell(&a, ada, order, "below", 2, 1);
    expect_cell(&a, bo, restore, "expired", 3, 0);
    expect_cell(&a, bo, order, "missing", 2, 0);
    char *ref = member_of(manager, TRAININGS, training, "ref");
    assert_non_null(strstr(a.body, ref)); /* what is done about it */
    answer_free(&a);
    a = gaps("unit", unit, "&state=gap");
    assert_int_equal(answer_integer(&a, "count"), 3);
    answer_free(&a);
    a = gaps("person_id", bo, "&state=expired");
    assert_int_equal(answer_integer(&a, "count"), 1);
    expect_cell(&a, bo, restore, "expired", 3, 0);
    answer_free(&a);
    a = api_get(owner, "/api/v1/orgs/keep/support/competence-gaps?state=good");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    a = api_get(owner, "/api/v1/orgs/keep/support/competence-gaps?person_id=ada");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);

    moves(manager, PERSONS, ada, NULL, json_pack("{s:[]}", "roles"), NULL); /* holds the role no more */
    a = gaps("unit", unit, "");
    assert_int_equal(answer_integer(&a, "count"), 2);
    answer_free(&a);
    char *all[] = {restore, order, ada, bo, cy, revoked, training, ref};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_of_a_training),          cmocka_unit_test(every_verb_of_a_qualification),
        cmocka_unit_test(what_counts_still_does_not_expire), cmocka_unit_test(a_training_is_open_until_its_effect_is_judged),
        cmocka_unit_test(having_been_there_proves_nothing),  cmocka_unit_test(the_matrix_of_persons_and_needs),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
