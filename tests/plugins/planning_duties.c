/* What the running `ballium work` does about risks as time passes: acceptances end, owners leave, the proof of controls runs out.
 * The days are put into the past, and the worker is told that the hour has come. */
#include "person.h"
#include "planning.h"

#define RISKS "planning/risks"
#define ACCEPTANCES "planning/risk-acceptances"

/* One statement past every policy: what only time would do. The first value of its answer goes to `out` (may be NULL). */
static void superuser(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void superuser(char *out, size_t room, const char *format, ...)
{
    char sql[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    person_shell(out, room,
                 "psql -qXAt -v ON_ERROR_STOP=1 "
                 "\"$(sed -n 's/^migrator = //p' \"$BALLIUM_CONFIG\" | sed 's/ballium_migrator/postgres/')\" -c \"%s\"",
                 sql);
}

/* The worker makes a round now; the second one has begun after all that was done before. */
static void work_at(const char *duty)
{
    for (int round = 0; round < 2; round++) {
        char job[60] = "", state[20] = "queued";
        time_t end = time(NULL) + 60;
        while (!*job && time(NULL) < end)
            superuser(job, sizeof job, "SELECT id FROM core.job WHERE kind = 'planning.%s' AND state = 'queued'", duty);
        superuser(NULL, 0, "UPDATE core.job SET run_at = now() WHERE kind = 'planning.%s' AND state = 'queued'", duty);
        while (strcmp(state, "queued") == 0 && time(NULL) < end)
            superuser(state, sizeof state, "SELECT state FROM core.job WHERE id = '%s'", job);
        assert_string_equal(state, "done");
    }
}

static void was_opened(const char *risk, const char *cause)
{
    is_text(RISKS, risk, "status", "reopened");
    is_text(RISKS, risk, "reopen_cause", cause);
    struct answer a = api_get(manager, HERE RISKS "/%s/history", risk);
    assert_string_equal(answer_text(&a, "items/0/actor/id"), "00000000-0000-0000-0000-000000000000"); /* the service itself */
    answer_free(&a);
}

/* The acceptance of this risk. */
static char *acceptance_of(const char *risk, const char *stage)
{
    struct answer a = api_get(manager, HERE ACCEPTANCES "?risk_id=%s&stage=%s&status=approved", risk, stage);
    assert_non_null(answer_text(&a, "items/0/id"));
    char *id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    return id;
}

static void acceptances_end(void **state)
{
    (void)state;
    char *round = plain_round(), *over = risk_as(round, "accepted"), *last_day = risk_as(round, "accepted");
    char *watched = risk_as(round, "monitored");
    char *ids[] = {acceptance_of(over, "current"), acceptance_of(last_day, "current"), acceptance_of(watched, "residual")};
    superuser(NULL, 0, "UPDATE planning.risk_acceptance SET until_on = current_date - 1 WHERE id IN ('%s', '%s')", ids[0],
              ids[2]);
    superuser(NULL, 0, "UPDATE planning.risk_acceptance SET until_on = current_date WHERE id = '%s'", ids[1]);
    work_at("check_risks");
    is_text(ACCEPTANCES, ids[0], "status", "expired");
    was_opened(over, "acceptance_ended");
    is_text(ACCEPTANCES, ids[2], "status", "expired");
    was_opened(watched, "acceptance_ended");
    is_text(ACCEPTANCES, ids[1], "status", "approved"); /* on its last day it holds */
    is_text(RISKS, last_day, "status", "accepted");
    int version = number(RISKS, over, "version");
    work_at("check_risks");
    assert_int_equal(number(RISKS, over, "version"), version); /* once */
    go(RISKS, over, "analyse", NULL);
    go(RISKS, over, "evaluate", NULL);
    stop_as(owner, RISKS, over, "accept", NULL, 422, "not_accepted", NULL); /* it takes a new acceptance */
    for (size_t i = 0; i < 3; i++)
        free(ids[i]);
    free(round);
    free(over);
    free(last_day);
    free(watched);
}

/* A risk that this person owns and has accepted. */
static char *owned(const char *round, struct api *who, const char *id)
{
    char *risk = make(RISKS, json_pack("{s:s, s:s, s:s}", "title", "Risk of one who goes", "round_id", round, "owner_id", id));
    rate(risk, 1, 1, 1, 1, -1, -1);
    go(RISKS, risk, "analyse", NULL);
    go(RISKS, risk, "evaluate", NULL);
    char *acceptance = make(ACCEPTANCES, json_pack("{s:s, s:s, s:s}", "title", "Bear it", "risk_id", risk, "reason", "Cheaper"));
    go_as(who, ACCEPTANCES, acceptance, "approve", NULL);
    is_text(RISKS, risk, "status", "accepted");
    free(acceptance);
    return risk;
}

static void member(const char *id, const char *verb)
{
    char path[200];
    snprintf(path, sizeof path, HERE "members/%s%s", id, verb);
    struct api *head = api_as(PLANNING_ORG, "owner"); /* nobody sends away who may do more */
    struct answer a = api_post(head, path, json_object());
    expect_status(&a, 200);
    answer_free(&a);
    api_free(head);
}

static void owners_leave(void **state)
{
    (void)state;
    struct person one = person_new(PLANNING_ORG, "risk_owner"), two = person_new(PLANNING_ORG, "risk_owner");
    struct api *leaves = person_api(&one, NULL), *rests = person_api(&two, NULL);
    char *ids[] = {id_of_me(leaves), id_of_me(rests)};
    char *round = plain_round(), *left = owned(round, leaves, ids[0]), *kept = owned(round, rests, ids[1]);
    member(ids[0], ":remove");
    member(ids[1], ":suspend"); /* away for a time, and answers for it still */
    work_at("check_risks");
    was_opened(left, "owner_left");
    is_text(RISKS, kept, "status", "accepted");
    stop(RISKS, left, "analyse", NULL, 422, "owner_left", "/owner_id");
    go(RISKS, left, "", json_pack("{s:s}", "owner_id", owner_id));
    go(RISKS, left, "analyse", NULL);
    member(ids[1], ":remove");
    work_at("check_risks");
    was_opened(kept, "owner_left");
    api_free(leaves);
    api_free(rests);
    free(ids[0]);
    free(ids[1]);
    free(round);
    free(left);
    free(kept);
}

static void proof_runs_out(void **state)
{
    (void)state;
    char *round = plain_round(), *untested = control(true), *unproved = control(true), *fresh = control(true);
    char *const with[] = {untested, unproved, fresh};
    char *risks[3];
    for (size_t i = 0; i < 3; i++) {
        risks[i] = risk_in(round);
        tie(RISKS, risks[i], "controls", with[i]);
        rate(risks[i], 3, 3, 1, 2, -1, -1);
        go(RISKS, risks[i], "analyse", NULL);
        go(RISKS, risks[i], "evaluate", NULL);
        free(accept_risk(risks[i], "current", owner));
    }
    superuser(NULL, 0, "UPDATE annex_a.control SET next_test_on = current_date - 1 WHERE id = '%s'", untested);
    superuser(NULL, 0, "UPDATE annex_a.control SET evidence_until = current_date - 1 WHERE id = '%s'", unproved);
    superuser(NULL, 0, "UPDATE annex_a.control SET evidence_until = current_date, next_test_on = current_date WHERE id = '%s'",
              fresh);
    work_at("check_risks");
    for (size_t i = 0; i < 2; i++) {
        was_opened(risks[i], "credit_lost");
        assert_int_equal(number(RISKS, risks[i], "counted_level"), 3);
    }
    is_text(RISKS, risks[2], "status", "accepted"); /* on the last day it counts */
    for (size_t i = 0; i < 3; i++) {
        free(risks[i]);
        free(with[i]);
    }
    free(round);
}

static void an_objective_runs_over(void **state)
{
    (void)state;
    char *id = make("planning/objectives",
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Restores work", "what", "Drills", "resources",
                              "Two days", "owner_id", owner_id, "due_on", day(100), "evaluation", "By the drills"));
    char *by = make("planning/indicators",
                    json_pack("{s:s, s:s, s:s, s:s}", "objective_id", id, "title", "Restores", "baseline", "0", "target", "10"));
    go_as(top, "planning/objectives", id, "agree", NULL);
    free(make("planning/measurements",
              json_pack("{s:s, s:s, s:s, s:s}", "indicator_id", by, "measured_on", day(0), "value", "9", "note", "Counted")));
    is_text("planning/objectives", id, "standing", "on_track");
    superuser(NULL, 0, "UPDATE planning.objective SET due_on = current_date WHERE id = '%s'", id);
    work_at("check_objectives");
    is_text("planning/objectives", id, "standing", "on_track"); /* its day is not over */
    superuser(NULL, 0, "UPDATE planning.objective SET due_on = current_date - 1 WHERE id = '%s'", id);
    work_at("check_objectives");
    is_text("planning/indicators", by, "standing", "behind");
    is_text("planning/objectives", id, "standing", "behind");
    free(id);
    free(by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(acceptances_end), cmocka_unit_test(owners_leave),
                                       cmocka_unit_test(proof_runs_out), cmocka_unit_test(an_objective_runs_over)};
    return cmocka_run_group_tests(tests, log_in, log_out);
}
