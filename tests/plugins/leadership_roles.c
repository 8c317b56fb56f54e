/* Roles, appointments and the matrix of responsibilities through the running service, and what clause 5 lacks. At ditch, whose
 * demo names no role; what holds is ended again. */
#include "register.h"
#include <pthread.h>

#define ROLES "leadership/roles"
#define APPOINTMENTS "leadership/appointments"
#define MATRIX "leadership/responsibilities"
#define PERSONS "support/persons"

static struct api *owner, *writer;

static int log_in(void **state)
{
    (void)state;
    register_org = "ditch";
    owner = api_as("ditch", "owner");
    writer = api_as("ditch", "consultant");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    api_free(writer);
    return 0;
}

static json_t *reason(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

static char *new_role(const char *duty, int single)
{
    return make(writer, ROLES,
                json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", fresh("Role"), "duty", duty, "responsibilities", "Sees to it",
                          "authorities", "May stop it", "single", single));
}

static char *new_person(void)
{
    return make(writer, PERSONS, json_pack("{s:s, s:s}", "name", fresh("Person"), "unit", "Everybody"));
}

static char *propose(const char *role, const char *person, const char *part)
{
    return make(writer, APPOINTMENTS,
                json_pack("{s:s, s:s, s:s, s:s, s:s}", "role_id", role, "person_id", person, "part", part, "from_on", day(-10),
                          "signed_on", day(-12)));
}

static char *appoint(const char *role, const char *person, const char *part)
{
    char *id = propose(role, person, part);
    moves(owner, APPOINTMENTS, id, "appoint", NULL, "in_force");
    return id;
}

static void end(char *appointment)
{
    moves(writer, APPOINTMENTS, appointment, "end", reason(), "ended");
    free(appointment);
}

/* ---- appointments ------------------------------------------------------------------------------------------------------ */

static void every_verb_of_an_appointment(void **unused)
{
    (void)unused;
    static const char *const states[] = {"proposed", "in_force", "ended"}, *const ways[] = {"", "appoint", "appoint end"};
    static const char *const verbs[] = {"appoint", "end"};
    static const struct line lines[] = {
        {"proposed", "appoint", 200, NULL}, {"proposed", "end", 200, NULL}, {"in_force", "end", 200, NULL}, {0}};
    char *role = new_role("other", 0);
    for (size_t s = 0; s < 3; s++)
        for (size_t v = 0; v < 2; v++) {
            char *person = new_person(), *id = propose(role, person, "holder");
            for (size_t w = 0; w < 2; w++)
                if (strstr(ways[s], verbs[w]))
                    moves(owner, APPOINTMENTS, id, verbs[w], reason(), NULL);
            has(owner, APPOINTMENTS, id, "status", states[s]);
            expect_line(owner, APPOINTMENTS, id, find(lines, states[s], verbs[v]), verbs[v], reason());
            free(person);
            free(id);
        }
    free(role);
}

static void an_appointment_is_signed_by_others_and_for_now(void **unused)
{
    (void)unused;
    char *role = new_role("other", 1), *person = new_person();
    json_t *body = json_pack("{s:s, s:s, s:s}", "role_id", role, "person_id", person, "from_on", day(-10));
    char *id = make(writer, APPOINTMENTS, json_incref(body));
    refuses(writer, APPOINTMENTS, id, "appoint", NULL, 403, "forbidden");
    refuses(owner, APPOINTMENTS, id, "appoint", NULL, 422, "required"); /* not signed */
    refuses(writer, APPOINTMENTS, id, NULL, json_pack("{s:s}", "signed_on", day(3)), 422, "in_the_future");
    refuses_new(writer, APPOINTMENTS, json_incref(body), 409, "appointed_already", "/person_id");
    moves(writer, APPOINTMENTS, id, NULL, json_pack("{s:s, s:s}", "signed_on", day(-1), "from_on", day(5)), NULL);
    refuses(owner, APPOINTMENTS, id, "appoint", NULL, 422, "too_early");
    refuses(writer, APPOINTMENTS, id, NULL, json_pack("{s:s}", "to_on", day(1)), 422, "not_after");
    moves(writer, APPOINTMENTS, id, NULL, json_pack("{s:s, s:s}", "from_on", day(-10), "to_on", day(-1)), NULL);
    refuses(owner, APPOINTMENTS, id, "appoint", NULL, 422, "over_already");
    moves(writer, APPOINTMENTS, id, NULL, json_pack("{s:n}", "to_on"), NULL);
    moves(writer, PERSONS, person, NULL, json_pack("{s:s}", "left_on", day(-1)), NULL);
    refuses(owner, APPOINTMENTS, id, "appoint", NULL, 422, "person_gone");
    moves(writer, PERSONS, person, NULL, json_pack("{s:n}", "left_on"), NULL);
    moves(owner, APPOINTMENTS, id, "appoint", NULL, "in_force");
    refuses(writer, ROLES, role, "archive", NULL, 409, "role_in_use");
    end(id);

    char *me = user_id(owner);
    struct answer a = api_get(writer, "/api/v1/orgs/ditch/" PERSONS "?member_id=%s", me);
    expect_status(&a, 200);
    char *self = answer_text(&a, "items/0/id")
                     ? strdup(answer_text(&a, "items/0/id"))
                     : make(writer, PERSONS, json_pack("{s:s, s:s, s:s}", "name", "Sam", "unit", "All", "member_id", me));
    answer_free(&a);
    id = propose(role, self, "holder");
    refuses(owner, APPOINTMENTS, id, "appoint", NULL, 422, "separation_of_duties");
    end(id);
    json_decref(body);
    free(self);
    free(me);
    free(person);
    free(role);
}

static void one_holds_a_role_for_one(void **unused)
{
    (void)unused;
    char *role = new_role("other", 1), *ada = new_person(), *bo = new_person(), *cy = new_person();
    char *held = appoint(role, ada, "holder"), *second = propose(role, bo, "holder"), *deputy = appoint(role, cy, "deputy");
    refuses(owner, APPOINTMENTS, second, "appoint", NULL, 422, "role_held");
    refuses_new(writer, APPOINTMENTS,
                json_pack("{s:s, s:s, s:s, s:s}", "role_id", role, "person_id", ada, "part", "deputy", "from_on", day(-1)), 409,
                "appointed_already", "/person_id"); /* nobody is his own deputy */
    moves(writer, ROLES, role, NULL, json_pack("{s:b}", "single", 0), NULL);
    moves(owner, APPOINTMENTS, second, "appoint", NULL, "in_force");
    end(held);
    end(second);
    end(deputy);
    free(cy);
    free(bo);
    free(ada);
    free(role);
}

struct call {
    struct api *who;
    const char *id;
    pthread_barrier_t *together;
    int status;
};

static void *call_appoint(void *arg)
{
    struct call *c = arg;
    char path[300];
    register_path(path, APPOINTMENTS, c->id, "appoint");
    pthread_barrier_wait(c->together);
    struct answer a = api_send(c->who, "POST", path, NULL, "\"1\"");
    c->status = a.status;
    answer_free(&a);
    return NULL;
}

static void two_are_not_appointed_at_the_same_moment(void **unused)
{
    (void)unused;
    struct api *again = api_as("ditch", "owner");
    for (int round = 0; round < 10; round++) {
        char *role = new_role("other", 1), *ada = new_person(), *bo = new_person();
        char *one = propose(role, ada, "holder"), *two = propose(role, bo, "holder");
        pthread_barrier_t together;
        pthread_t thread;
        pthread_barrier_init(&together, NULL, 2);
        struct call calls[] = {{owner, one, &together, 0}, {again, two, &together, 0}};
        pthread_create(&thread, NULL, call_appoint, &calls[0]);
        call_appoint(&calls[1]);
        pthread_join(thread, NULL);
        pthread_barrier_destroy(&together);
        assert_int_equal(calls[0].status + calls[1].status, 200 + 422);
        end(one);
        end(two);
        free(bo);
        free(ada);
        free(role);
    }
    api_free(again);
}

/* ---- what is missing --------------------------------------------------------------------------------------------------- */

/* id NULL: a gap that is about no record. */
static bool gap(const char *code, const char *id)
{
    struct answer a = api_get(owner, "/api/v1/orgs/ditch/leadership/gaps");
    expect_status(&a, 200);
    assert_false(json_is_true(answer_at(&a, "more")));
    size_t i;
    json_t *item;
    bool found = false;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        const char *of = json_string_value(json_object_get(item, "id"));
        found = found || (strcmp(json_string_value(json_object_get(item, "code")), code) == 0 &&
                          (id ? of && strcmp(of, id) == 0 : of == NULL));
    }
    answer_free(&a);
    return found;
}

static void the_duties_of_the_standard_are_held(void **unused)
{
    (void)unused;
    char *both = new_role("both", 1), *reporting = new_role("reporting", 1), *audit = new_role("audit", 1);
    char *ada = new_person(), *bo = new_person();
    assert_true(gap("conformity_role_missing", NULL));
    assert_true(gap("reporting_role_missing", NULL));
    assert_true(gap("role_vacant", both));
    char *deputy = appoint(reporting, bo, "deputy");
    assert_true(gap("reporting_role_missing", NULL)); /* a deputy does not hold it */
    assert_false(signal_of(owner, "leadership", "reporting_role").good);
    struct signal_now held = signal_of(owner, "leadership", "roles_held");
    char *reports = appoint(reporting, ada, "holder");
    assert_false(gap("reporting_role_missing", NULL));
    assert_true(signal_of(owner, "leadership", "reporting_role").good);
    struct signal_now more = signal_of(owner, "leadership", "roles_held");
    assert_int_equal(more.value, held.value + 1);
    assert_int_equal(more.of, held.of);
    assert_true(gap("conformity_role_missing", NULL));
    assert_false(gap("role_vacant", reporting));
    assert_false(gap("deputy_missing", reporting));
    assert_true(gap("role_not_announced", reporting));
    moves(writer, ROLES, reporting, NULL, json_pack("{s:s}", "announced_on", day(-1)), NULL);
    assert_false(gap("role_not_announced", reporting));
    char *runs = appoint(both, ada, "holder");
    assert_false(gap("conformity_role_missing", NULL));
    assert_true(gap("deputy_missing", both));
    moves(writer, ROLES, both, NULL, json_pack("{s:b}", "deputy_needed", 0), NULL);
    assert_false(gap("deputy_missing", both));
    char *checks = appoint(audit, ada, "holder");
    assert_true(gap("runs_and_audits", audit)); /* the same person */
    end(checks);
    checks = appoint(audit, bo, "holder");
    assert_false(gap("runs_and_audits", audit));
    end(checks);
    end(runs);
    end(reports);
    end(deputy);
    assert_true(gap("reporting_role_missing", NULL));
    char *roles[] = {both, reporting, audit, ada, bo};
    for (size_t i = 0; i < 3; i++) {
        moves(writer, ROLES, roles[i], "archive", NULL, NULL);
        assert_false(gap("role_vacant", roles[i]));
    }
    for (size_t i = 0; i < 5; i++)
        free(roles[i]);
}

/* ---- the matrix -------------------------------------------------------------------------------------------------------- */

static struct answer link_role(const char *row, const char *relation, const char *to)
{
    char path[300];
    snprintf(path, sizeof path, MATRIX "/%s/links/%s", row, relation);
    return try_make(writer, path, json_pack("{s:s}", "id", to));
}

static void linked(const char *row, const char *relation, const char *to)
{
    struct answer a = link_role(row, relation, to);
    expect_status(&a, 201);
    answer_free(&a);
}

static void refused_link(const char *row, const char *relation, const char *to)
{
    struct answer a = link_role(row, relation, to);
    expect_problem(&a, 409, "one_letter", NULL);
    answer_free(&a);
}

static void a_row_has_one_accountable_and_each_role_one_letter(void **unused)
{
    (void)unused;
    char *answers = new_role("other", 1), *does = new_role("other", 1), *asked = new_role("other", 1),
         *told = new_role("other", 1);
    refuses_new(writer, MATRIX, json_pack("{s:s}", "activity", "Nobody answers"), 422, "required", "/accountable_id");
    char *row = make(writer, MATRIX, json_pack("{s:s, s:s}", "activity", fresh("Look at rights"), "accountable_id", answers));
    refuses(writer, MATRIX, row, NULL, json_pack("{s:n}", "accountable_id"), 422, "required");
    assert_true(gap("nobody_responsible", row));
    linked(row, "responsible", does);
    assert_false(gap("nobody_responsible", row));
    linked(row, "responsible", answers); /* who answers may do it as well */
    linked(row, "consulted", asked);
    linked(row, "informed", told);
    refused_link(row, "consulted", answers);
    refused_link(row, "informed", answers);
    refused_link(row, "informed", asked);
    refused_link(row, "consulted", does);
    refused_link(row, "responsible", told);
    char path[200], whole[300];
    snprintf(path, sizeof path, MATRIX "/%s/links/consulted/%s", row, told);
    register_path(whole, path, NULL, NULL);
    struct answer never = api_call(writer, "DELETE", whole, NULL, NULL);
    expect_problem(&never, 404, "not_linked", NULL);
    answer_free(&never);
    refuses(writer, MATRIX, row, NULL, json_pack("{s:s}", "accountable_id", told), 409, "one_letter");
    refuses(writer, ROLES, answers, "archive", NULL, 409, "role_in_use");

    char *process = make(writer, "context/processes", json_pack("{s:s, s:s}", "name", fresh("Assess"), "family", "management"));
    char *control = make(writer, "annex-a/controls", json_pack("{s:s, s:s}", "title", fresh("Own control"), "origin", "own"));
    assert_true(gap("process_unanswered", process));
    assert_true(gap("control_unanswered", control));
    linked(row, "processes", process);
    linked(row, "controls", control);
    assert_false(gap("process_unanswered", process));
    assert_false(gap("control_unanswered", control));

    struct answer a = api_get(owner, "/api/v1/orgs/ditch/leadership/responsibility-matrix");
    expect_status(&a, 200);
    size_t i;
    json_t *item, *found = NULL;
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), row) == 0)
            found = item;
    }
    assert_non_null(found);
    json_t *roles = json_object_get(found, "roles");
    assert_int_equal(json_array_size(roles), 5);
    char letters[6] = "";
    json_array_foreach(roles, i, item)
    {
        strcat(letters, json_string_value(json_object_get(item, "letter")));
    }
    assert_string_equal(letters, "ARRCI");
    assert_int_equal(json_array_size(json_object_get(found, "processes")), 1);
    assert_int_equal(json_array_size(json_object_get(found, "controls")), 1);
    answer_free(&a);
    moves(writer, MATRIX, row, "archive", NULL, NULL);
    assert_true(gap("process_unanswered", process));
    char *all[] = {answers, does, asked, told};
    for (size_t k = 0; k < 4; k++)
        moves(writer, ROLES, all[k], "archive", NULL, NULL);
    moves(writer, "context/processes", process, "archive", NULL, NULL);
    moves(writer, "annex-a/controls", control, "archive", NULL, NULL);
    for (size_t k = 0; k < 4; k++)
        free(all[k]);
    free(control);
    free(process);
    free(row);
}

/* Whoever is appointed must be able to do what the role needs (7.2). */
static void an_appointment_brings_its_needs(void **unused)
{
    (void)unused;
    char *role = new_role("other", 1), *person = new_person();
    char *name = member_of(writer, ROLES, role, "name");
    char *competence = make(writer, "support/competences", json_pack("{s:s}", "name", fresh("Competence")));
    char *need = make(writer, "support/competence-needs",
                      json_pack("{s:s, s:s, s:i}", "role", name, "competence_id", competence, "level", 3));
    char *held = appoint(role, person, "holder");
    struct answer a = api_get(owner, "/api/v1/orgs/ditch/support/competence-gaps?person_id=%s", person);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 1);
    assert_string_equal(answer_text(&a, "items/0/role"), name);
    assert_string_equal(answer_text(&a, "items/0/state"), "missing");
    answer_free(&a);
    end(held);
    a = api_get(owner, "/api/v1/orgs/ditch/support/competence-gaps?person_id=%s", person);
    assert_int_equal(answer_integer(&a, "count"), 0);
    answer_free(&a);
    char *all[] = {role, person, name, competence, need};
    for (size_t i = 0; i < 5; i++)
        free(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_of_an_appointment),
        cmocka_unit_test(an_appointment_is_signed_by_others_and_for_now),
        cmocka_unit_test(one_holds_a_role_for_one),
        cmocka_unit_test(two_are_not_appointed_at_the_same_moment),
        cmocka_unit_test(the_duties_of_the_standard_are_held),
        cmocka_unit_test(a_row_has_one_accountable_and_each_role_one_letter),
        cmocka_unit_test(an_appointment_brings_its_needs),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
