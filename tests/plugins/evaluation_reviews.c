/* Management reviews through the running service: their life, the inputs of each edition, the frozen pack, what carries over. */
#include "area.h"

#define MR "evaluation/management-reviews"
#define DEC "evaluation/review-decisions"

static struct api *manager, *management;
static char *manager_id, *management_id;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    management = api_as("keep", "top_management");
    manager_id = area_id_of(manager);
    management_id = area_id_of(management);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(management);
    free(manager_id);
    free(management_id);
    return 0;
}

static const char *const inputs[] = {"previous_actions", "issues",     "parties",  "nonconformities", "measurements",
                                     "audits",           "objectives", "feedback", "risks",           "improvement"};
static const char *const number_2022[] = {"a", "b", "c", "d 1", "d 2", "d 3", "d 4", "e", "f", "g"};
static const char *const number_2013[] = {"a", "b", NULL, "c 1", "c 2", "c 3", "c 4", "d", "e", "f"};

/* All inputs but one. */
static json_t *minutes(const char *edition, const char *left_out)
{
    json_t *array = json_array();
    for (size_t i = 0; i < 10; i++)
        if (!(left_out && strcmp(inputs[i], left_out) == 0) && (strcmp(edition, "2022") == 0 || number_2013[i]))
            json_array_append_new(array, json_pack("{s:s, s:s}", "input", inputs[i], "discussed", "Looked at."));
    return json_pack("{s:o}", "minutes", array);
}

static char *new_review(const char *edition)
{
    return area_make(manager, MR,
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:s}", "title", "Review", "edition", edition, "planned_on",
                               area_day(0), "chair_id", management_id, "held_on", area_day(0), "attendees", "All", "conclusion",
                               "It works."));
}

static char *review_in(const char *state)
{
    static const char *const steps[][2] = {{"draft", NULL}, {"prepared", "gather"}, {"held", "hold"}, {"closed", "close"}};
    char *id = new_review("2022");
    area_do(manager, MR, id, "", minutes("2022", NULL));
    for (size_t i = 0;; i++) {
        if (steps[i][1])
            area_do(i == 3 ? management : manager, MR, id, steps[i][1], NULL);
        if (strcmp(steps[i][0], state) == 0)
            break;
    }
    return id;
}

static void every_transition_from_every_state(void **state)
{
    (void)state;
    static const char *const states[] = {"draft", "prepared", "held", "closed"};
    static const struct {
        const char *verb, *from, *to;
    } table[] = {{"gather", "draft prepared", "prepared"}, {"hold", "prepared", "held"}, {"close", "held", "closed"}};
    struct api *owner = api_as("keep", "owner"); /* may do all */
    for (size_t s = 0; s < 4; s++)
        for (size_t v = 0; v < 3; v++) {
            char *id = review_in(states[s]);
            if (strstr(table[v].from, states[s])) {
                area_do(owner, MR, id, table[v].verb, NULL);
                area_is(manager, MR, id, "status", table[v].to);
            } else {
                area_cannot(owner, MR, id, table[v].verb, NULL, 409, "wrong_state", NULL);
            }
            free(id);
        }
    char *id = review_in("held");
    area_cannot(manager, MR, id, "close", NULL, 403, "forbidden", NULL);
    area_cannot(manager, MR, id, "archive", NULL, 409, "kept", NULL);
    area_do(manager, MR, id, "", json_pack("{s:n}", "conclusion"));
    area_cannot(management, MR, id, "close", NULL, 422, "required", "/conclusion");
    free(id);
    static const char *const needed[] = {"held_on", "chair_id", "attendees"};
    for (size_t i = 0; i < 3; i++) {
        char pointer[32];
        id = review_in("prepared");
        snprintf(pointer, sizeof pointer, "/%s", needed[i]);
        area_do(manager, MR, id, "", json_pack("{s:o}", needed[i], i == 2 ? json_array() : json_null()));
        area_cannot(manager, MR, id, "hold", NULL, 422, "required", pointer);
        free(id);
    }
    api_free(owner);
}

static void each_edition_has_its_inputs(void **state)
{
    (void)state;
    static const char *const editions[] = {"2013", "2022"};
    for (size_t e = 0; e < 2; e++) {
        char *id = new_review(editions[e]);
        area_do(manager, MR, id, "gather", NULL);
        struct answer a = area_read(manager, MR, id);
        const char *const *numbers = e ? number_2022 : number_2013;
        size_t at = 0;
        for (size_t i = 0; i < 10; i++) {
            if (!numbers[i])
                continue;
            const json_t *item = json_array_get(answer_at(&a, "pack"), at++);
            assert_string_equal(json_string_value(json_object_get(item, "input")), inputs[i]);
            assert_string_equal(json_string_value(json_object_get(item, "number")), numbers[i]);
        }
        assert_int_equal(json_array_size(answer_at(&a, "pack")), at);
        answer_free(&a);
        free(id);
    }
}

static void no_input_is_left_uncovered(void **state)
{
    (void)state;
    static const char *const editions[] = {"2013", "2022"};
    for (size_t e = 0; e < 2; e++)
        for (size_t i = 0; i < 10; i++) {
            bool wanted = e || number_2013[i];
            char *id = new_review(editions[e]);
            area_do(manager, MR, id, "gather", NULL);
            area_do(manager, MR, id, "hold", NULL);
            area_do(manager, MR, id, "", minutes(editions[e], inputs[i]));
            struct answer a = area_change(management, MR, id, "close", NULL);
            if (wanted) {
                expect_problem(&a, 422, "input_uncovered", "/minutes");
                assert_int_equal(json_array_size(answer_at(&a, "errors")), 1);
            } else {
                expect_status(&a, 200);
            }
            answer_free(&a);
            free(id);
        }
    char *id = review_in("held");
    area_do(manager, MR, id, "", json_pack("{s:[]}", "minutes"));
    struct answer a = area_change(management, MR, id, "close", NULL);
    assert_int_equal(json_array_size(answer_at(&a, "errors")), 10);
    answer_free(&a);
    free(id);
}

/* The facts of one input; borrowed. */
static const char *facts(const struct answer *a, const char *input)
{
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(a, "pack"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "input")), input) == 0)
            return json_string_value(json_object_get(item, "facts"));
    }
    return NULL;
}

/* The first number behind a colon: "Complaints since 2026-01-31: 4". */
static int first_number(const char *text)
{
    const char *at = text ? strstr(text, ": ") : NULL;
    return at ? atoi(at + 2) : -1;
}

static void the_pack_is_gathered_and_then_frozen(void **state)
{
    (void)state;
    char *id = new_review("2022");
    area_do(manager, MR, id, "", json_pack("{s:s}", "since", area_day(0)));
    area_do(manager, MR, id, "gather", NULL);
    struct answer before = area_read(manager, MR, id);
    free(area_make(manager, "improvement/nonconformities",
                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Late parcel", "source", "complaint", "grade",
                             "major", "requirement", "8.1", "statement", "Late.", "evidence", "Letter.", "detected_on",
                             area_day(0))));
    area_do(manager, MR, id, "gather", NULL);
    struct answer after = area_read(manager, MR, id);
    assert_int_equal(first_number(facts(&after, "nonconformities")), first_number(facts(&before, "nonconformities")) + 1);
    assert_int_equal(first_number(facts(&after, "feedback")), first_number(facts(&before, "feedback")) + 1);
    area_do(manager, MR, id, "hold", NULL);
    struct answer held = area_read(manager, MR, id);
    assert_true(json_equal(answer_at(&held, "pack"), answer_at(&after, "pack")));
    area_cannot(manager, MR, id, "gather", NULL, 409, "wrong_state", NULL);
    area_cannot(manager, MR, id, "", json_pack("{s:[]}", "pack"), 422, NULL, "/pack");
    answer_free(&before);
    answer_free(&after);
    answer_free(&held);
    free(id);
}

static json_t *decision(const char *review, const char *kind)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "review_id", review, "kind", kind, "title", "A second list", "text", "By summer.");
}

static void no_decision_is_left_without_an_owner(void **state)
{
    (void)state;
    char *id = review_in("held"), *action = area_make(manager, DEC, decision(id, "action")),
         *word = area_make(manager, DEC, decision(id, "decision"));
    struct answer a = area_change(management, MR, id, "close", NULL);
    expect_problem(&a, 422, "decision_without_owner", NULL);
    assert_int_equal(json_array_size(answer_at(&a, "errors")), 3); /* two owners, one date */
    answer_free(&a);
    area_do(manager, DEC, word, "", json_pack("{s:s}", "owner_id", manager_id));
    area_do(manager, DEC, action, "", json_pack("{s:s}", "owner_id", manager_id));
    area_cannot(management, MR, id, "close", NULL, 422, "action_without_date", NULL);
    area_do(manager, DEC, action, "", json_pack("{s:s}", "due_on", area_day(30)));
    area_do(management, MR, id, "close", NULL);
    area_is(manager, MR, id, "closed_by_id", management_id);
    /* what was decided stays; its date may move */
    area_cannot(manager, DEC, action, "", json_pack("{s:s}", "title", "Other"), 409, "review_closed", "/title");
    area_cannot(manager, DEC, action, "", json_pack("{s:n}", "owner_id"), 409, "decision_without_owner", "/owner_id");
    area_cannot(manager, DEC, action, "archive", NULL, 409, "kept", NULL);
    area_do(manager, DEC, action, "", json_pack("{s:s}", "due_on", area_day(40)));
    area_refuse(manager, DEC, decision(id, "action"), 409, "review_closed", "/review_id");
    free(action);
    free(word);
    free(id);
}

static void open_actions_carry_over(void **state)
{
    (void)state;
    char *first = review_in("held");
    json_t *body = decision(first, "action");
    json_object_set_new(body, "owner_id", json_string(manager_id));
    json_object_set_new(body, "due_on", json_string(area_day(-3)));
    json_object_set_new(body, "title", json_string(area_unique("Carried")));
    char *stays = area_make(manager, DEC, json_deep_copy(body)), *done = area_make(manager, DEC, body);
    area_do(management, MR, first, "close", NULL);
    area_do(manager, DEC, done, "", json_pack("{s:s}", "result", "In use."));
    area_do(manager, DEC, done, "complete", NULL);
    char *second = new_review("2022");
    area_do(manager, MR, second, "gather", NULL);
    area_do(manager, MR, second, "gather", NULL);
    struct answer a = area_read(manager, DEC, stays);
    assert_int_equal(answer_integer(&a, "times_carried"), 1); /* twice gathered, once carried */
    assert_string_equal(answer_text(&a, "carried_to_id"), second);
    char ref[40];
    snprintf(ref, sizeof ref, "%s ", answer_text(&a, "ref"));
    answer_free(&a);
    a = area_read(manager, MR, second);
    const char *text = facts(&a, "previous_actions"), *line = strstr(text, ref);
    assert_non_null(line);
    assert_non_null(strstr(line, "open, overdue since"));
    answer_free(&a);
    area_is(manager, DEC, done, "carried_to_id", NULL);
    char *third = new_review("2022");
    area_do(manager, MR, third, "gather", NULL);
    a = area_read(manager, DEC, stays);
    assert_int_equal(answer_integer(&a, "times_carried"), 2);
    answer_free(&a);
    free(third);
    free(second);
    free(stays);
    free(done);
    free(first);
}

static void every_transition_of_a_decision(void **state)
{
    (void)state;
    static const char *const states[] = {"open", "done", "dropped"}, *const way[] = {NULL, "complete", "drop"};
    static const struct {
        const char *verb, *to[3];
    } table[] = {{"complete", {"done", NULL, NULL}}, {"drop", {"dropped", NULL, NULL}}, {"carry", {"open", NULL, NULL}}};
    char *review = review_in("held"), *other = review_in("draft");
    for (size_t v = 0; v < 3; v++)
        for (size_t s = 0; s < 3; s++) {
            json_t *body = decision(review, "decision");
            json_object_set_new(body, "owner_id", json_string(manager_id));
            json_object_set_new(body, "result", json_string("Done."));
            char *id = area_make(manager, DEC, body);
            if (way[s])
                area_do(manager, DEC, id, way[s], s == 2 ? json_pack("{s:s}", "reason", "No") : NULL);
            area_is(manager, DEC, id, "status", states[s]);
            body = v == 0 ? NULL : v == 1 ? json_pack("{s:s}", "reason", "No") : json_pack("{s:s}", "carried_to_id", other);
            if (table[v].to[s]) {
                area_do(manager, DEC, id, table[v].verb, body);
                area_is(manager, DEC, id, "status", table[v].to[s]);
            } else {
                area_cannot(manager, DEC, id, table[v].verb, body, 409, "wrong_state", NULL);
            }
            free(id);
        }
    char *id = area_make(manager, DEC, decision(review, "decision"));
    area_cannot(manager, DEC, id, "complete", NULL, 422, "required", "/owner_id");
    area_cannot(manager, DEC, id, "complete", NULL, 422, "required", "/result");
    area_cannot(manager, DEC, id, "drop", NULL, 422, "required", "/reason");
    free(id);
    free(other);
    free(review);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_from_every_state),    cmocka_unit_test(each_edition_has_its_inputs),
        cmocka_unit_test(no_input_is_left_uncovered),           cmocka_unit_test(the_pack_is_gathered_and_then_frozen),
        cmocka_unit_test(no_decision_is_left_without_an_owner), cmocka_unit_test(open_actions_carry_over),
        cmocka_unit_test(every_transition_of_a_decision),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
