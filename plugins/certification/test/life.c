/* The life of a certification: the table against data/certification_states.csv, each guard, and a walk at random. */
#define _DEFAULT_SOURCE
#include "../certification.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

extern const char bl_data_certification_states_csv[];

static void the_table_is_the_catalogue(void **state)
{
    (void)state;
    const char *line = strchr(bl_data_certification_states_csv, '\n');
    for (size_t i = 0; i < CERTIFICATION_STEPS; i++, line = strchr(line + 1, '\n')) {
        char id[8], from[24], to[24];
        assert_non_null(line);
        assert_int_equal(sscanf(line + 1, "%7[^,],%23[^,],%23[^,]", id, from, to), 3);
        assert_string_equal(certification_steps[i].id, id);
        assert_string_equal(certification_state_names[certification_steps[i].from], from);
        assert_string_equal(certification_state_names[certification_steps[i].to], to);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(certification_steps[i].verb, certification_steps[k].verb);
    }
}

/* What the service offers is that table too: every step, in its order, and by a decision where one is needed. */
static void the_workflow_is_the_table(void **state)
{
    (void)state;
    size_t i = 0, count = 0;
    for (const struct bl_transition *t = certification_certificate_transitions; t->name; t++, i++) {
        assert_true(i < CERTIFICATION_STEPS);
        assert_string_equal(t->name, certification_steps[i].verb);
        assert_string_equal(t->from, certification_state_names[certification_steps[i].from]);
        assert_string_equal(t->to, certification_state_names[certification_steps[i].to]);
        assert_int_equal(t->permission && strcmp(t->permission, "decide") == 0, certification_steps[i].decision);
        assert_ptr_equal(t->rule, certification_step_rule);
    }
    assert_int_equal(i, CERTIFICATION_STEPS);
    for (const struct bl_state *s = certification_certificate_states; s->name; s++, count++)
        assert_string_equal(s->name, certification_state_names[count]);
    assert_int_equal(count, CERTIFICATION_STATES);
}

#define DAY 20000L /* 2024-10-04 */

/* Facts with which the step may go. */
static struct certification_facts good(const char *verb)
{
    struct certification_facts f = {.on = DAY,
                                    .stated = true,
                                    .agreed = true,
                                    .timed = true,
                                    .documented = true,
                                    .internal_audit = true,
                                    .management_review = true,
                                    .stage1 = DAY - 60,
                                    .stage2 = DAY - 20,
                                    .decided = true,
                                    .decision = DAY - 400,
                                    .expiry = DAY + 695,
                                    .surveillance = true,
                                    .recertification = true,
                                    .special = true,
                                    .audited = DAY - 2,
                                    .surveillance_due = DAY + 10,
                                    .suspended = DAY - 30,
                                    .resolved = true,
                                    .requested = true,
                                    .scope_changed = true,
                                    .other_valid = true,
                                    .other_accredited = true,
                                    .accepted_elsewhere = true,
                                    .stage2_months = 6,
                                    .suspension_months = 6};
    f.reviewed = strcmp(verb, "contract") == 0;
    if (strcmp(verb, "demand_stage2") == 0) {
        f.majors = 1;
        f.stage2 = DAY - 200;
    }
    if (strcmp(verb, "surveillance_2") == 0)
        f.surveillances = 1;
    if (strcmp(verb, "suspend_missed") == 0)
        f.surveillance_due = DAY - 1;
    if (strcmp(verb, "withdraw_unresolved") == 0)
        f.suspended = DAY - 200;
    if (strncmp(verb, "expire", 6) == 0 || strcmp(verb, "restore_certification") == 0)
        f.expiry = DAY - 1;
    if (strcmp(verb, "start_again") == 0)
        f.expiry = DAY - 190;
    if (strcmp(verb, "withdraw_edition") == 0) {
        f.edition_2013 = true;
        f.on = CERTIFICATION_END_OF_2013 + 1;
    }
    return f;
}

static void expect(const char *verb, const struct certification_facts *f, const char *code)
{
    const char *found = certification_objection(certification_step(verb), f);
    if (!code) {
        if (found)
            fail_msg("%s: %s", verb, found);
        return;
    }
    if (!found)
        fail_msg("%s went, should be refused for %s", verb, code);
    assert_string_equal(found, code);
    assert_string_not_equal(certification_objection_text(code), "not possible now");
}

static void each_step_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < CERTIFICATION_STEPS; i++) {
        struct certification_facts f = good(certification_steps[i].verb);
        expect(certification_steps[i].verb, &f, NULL);
        if (!certification_steps[i].decision)
            continue;
        f.decided = false;
        expect(certification_steps[i].verb, &f, "decision_missing");
        f.decided = true;
        f.decider_in_team = true;
        expect(certification_steps[i].verb, &f, "decider_in_team");
    }
    assert_null(certification_step("nothing"));
}

/* One fact changed, one code. */
#define REFUSED(verb, change, code)                                                                                              \
    do {                                                                                                                         \
        struct certification_facts f = good(verb);                                                                               \
        f.change;                                                                                                                \
        expect(verb, &f, code);                                                                                                  \
    } while (0)

/* Whatever has a last day may go on it, and not on the next. */
#define GOES(verb, ...)                                                                                                          \
    do {                                                                                                                         \
        struct certification_facts f = good(verb);                                                                               \
        __VA_ARGS__;                                                                                                             \
        expect(verb, &f, NULL);                                                                                                  \
    } while (0)
#define STOPS(verb, code, ...)                                                                                                   \
    do {                                                                                                                         \
        struct certification_facts f = good(verb);                                                                               \
        __VA_ARGS__;                                                                                                             \
        expect(verb, &f, code);                                                                                                  \
    } while (0)

static void the_last_day_counts(void **state)
{
    (void)state;
    static const char *const valid[] = {"surveillance_1", "extend",         "reduce",    "recertify",
                                        "suspend",        "suspend_missed", "reinstate", "reinstate_reduced",
                                        "transfer_out",   "transfer_in"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        GOES(valid[i], f.expiry = DAY);
        STOPS(valid[i], "expired", f.expiry = DAY - 1);
    }
    GOES("grant", f.edition_2013 = true, f.on = CERTIFICATION_END_OF_2013);
    STOPS("grant", "edition_ended", f.edition_2013 = true, f.on = CERTIFICATION_END_OF_2013 + 1);
    GOES("grant", f.on = CERTIFICATION_END_OF_2013 + 1);
    GOES("complete_stage2", f.stage2 = f.stage1);
    GOES("complete_stage2", f.stage2 = certification_months(f.stage1, 6));
    STOPS("complete_stage2", "stage1_too_old", f.stage2 = certification_months(f.stage1, 6) + 1);
    STOPS("demand_stage2", "major_in_time", f.on = certification_months(f.stage2, 6));
    GOES("demand_stage2", f.on = certification_months(f.stage2, 6) + 1);
    GOES("demand_stage2", f.majors = 0, f.majors_late = 1);
    GOES("grant", f.stage2 = DAY);
    GOES("surveillance_1", f.audited = f.decision);
    STOPS("surveillance_1", "audit_before_cycle", f.audited = f.decision - 1);
    GOES("surveillance_1", f.audited = f.surveillance_due);
    STOPS("surveillance_1", "surveillance_late", f.audited = f.surveillance_due + 1);
    STOPS("suspend_missed", "surveillance_in_time", f.surveillance_due = DAY);
    GOES("restore_certification", f.on = certification_restore_until(f.expiry));
    STOPS("restore_certification", "restoration_over", f.on = certification_restore_until(f.expiry) + 1);
    STOPS("restore_certification", "not_expired", f.on = f.expiry);
    GOES("restore_certification", f.edition_2013 = true, f.on = CERTIFICATION_END_OF_2013, f.expiry = f.on - 10);
    STOPS("restore_certification", "edition_ended", f.edition_2013 = true, f.on = CERTIFICATION_END_OF_2013 + 1,
          f.expiry = f.on - 10);
    GOES("restore_certification", f.on = CERTIFICATION_END_OF_2013 + 1, f.expiry = f.on - 10);
    STOPS("start_again", "restoration_open", f.on = certification_restore_until(f.expiry));
    GOES("start_again", f.on = certification_restore_until(f.expiry) + 1);
    GOES("reinstate", f.on = certification_months(f.suspended, 6));
    STOPS("reinstate", "suspension_too_long", f.on = certification_months(f.suspended, 6) + 1);
    GOES("reinstate_reduced", f.on = certification_months(f.suspended, 6));
    STOPS("reinstate_reduced", "suspension_too_long", f.on = certification_months(f.suspended, 6) + 1);
    STOPS("withdraw_unresolved", "suspension_in_time", f.on = certification_months(f.suspended, 6));
    GOES("withdraw_unresolved", f.on = certification_months(f.suspended, 6) + 1);
    GOES("transfer_in", f.other_ceased = DAY - 184, f.on = certification_months(f.other_ceased, 6));
    STOPS("transfer_in", "transfer_too_late", f.other_ceased = DAY - 184, f.on = certification_months(f.other_ceased, 6) + 1);
    STOPS("expire", "not_expired", f.on = f.expiry);
    STOPS("withdraw_edition", "edition_current", f.on = CERTIFICATION_END_OF_2013);
    STOPS("withdraw_edition", "edition_current", f.edition_2013 = false);
}

static void either_audit_will_do_for_an_extension(void **state)
{
    (void)state;
    GOES("extend", f.special = false);
    GOES("extend", f.surveillance = false);
}

static void each_guard(void **state)
{
    (void)state;
    REFUSED("apply", stated = false, "application_incomplete");
    REFUSED("refuse", reviewed = true, "review_positive");
    REFUSED("contract", reviewed = false, "review_missing");
    REFUSED("contract", agreed = false, "agreement_missing");
    REFUSED("contract", timed = false, "audit_time_missing");
    REFUSED("contract", conflict = true, "conflict_of_interest");
    REFUSED("complete_stage1", documented = false, "isms_not_documented");
    REFUSED("complete_stage1", stage1 = 0, "stage1_missing");
    REFUSED("repeat_stage1", stage1 = 0, "stage1_missing");
    REFUSED("complete_stage2", stage2 = 0, "stage2_missing");
    REFUSED("complete_stage2", concerns = true, "concerns_open");
    REFUSED("complete_stage2", internal_audit = false, "internal_audit_missing");
    REFUSED("complete_stage2", management_review = false, "management_review_missing");
    REFUSED("complete_stage2", stage2 = DAY - 61, "stage2_before_stage1");
    REFUSED("complete_stage2", stage1 = DAY - 220, "stage1_too_old");
    REFUSED("demand_stage2", stage2 = DAY - 20, "major_in_time");
    REFUSED("demand_stage2", majors = 0, "major_in_time");
    REFUSED("repeat_stage2", stage2 = 0, "stage2_missing");
    REFUSED("recommend", majors = 1, "major_not_verified");
    REFUSED("recommend", majors_late = 1, "major_verified_late");
    REFUSED("recommend", minors = 1, "minor_plan_not_accepted");
    REFUSED("grant", majors = 1, "major_not_verified");
    REFUSED("grant", minors = 1, "minor_plan_not_accepted");
    REFUSED("grant", stage2 = DAY + 1, "before_audit");
    REFUSED("surveillance_1", surveillance = false, "surveillance_missing");
    REFUSED("surveillance_1", surveillances = 1, "not_the_first");
    REFUSED("surveillance_1", audited = DAY + 11, "surveillance_late");
    REFUSED("surveillance_1", audited = DAY - 401, "audit_before_cycle");
    REFUSED("surveillance_2", surveillances = 0, "the_first_comes_first");
    REFUSED("surveillance_2", majors = 1, "major_not_verified");
    REFUSED("surveillance_2", expiry = DAY - 1, "expired");
    REFUSED("surveillance_1", minors = 1, "minor_plan_not_accepted");
    REFUSED("recertify", minors = 1, "minor_plan_not_accepted");
    REFUSED("restore_certification", minors = 1, "minor_plan_not_accepted");
    REFUSED("extend", scope_changed = false, "scope_missing");
    REFUSED("extend", special = f.surveillance = false, "audit_missing");
    REFUSED("reduce", scope_changed = false, "scope_missing");
    REFUSED("recertify", expiry = DAY - 1, "expired");
    REFUSED("recertify", majors = 1, "major_not_verified");
    REFUSED("recertify", recertification = false, "recertification_missing");
    REFUSED("suspend", expiry = DAY - 1, "expired");
    REFUSED("suspend_missed", surveillance_due = DAY, "surveillance_in_time");
    REFUSED("suspend_missed", surveillance_due = 0, "surveillance_in_time");
    REFUSED("suspend_requested", requested = false, "request_missing");
    REFUSED("reinstate", resolved = false, "not_resolved");
    REFUSED("reinstate", suspended = DAY - 200, "suspension_too_long");
    REFUSED("reinstate", expiry = DAY - 1, "expired"); /* suspension does not stop the clock */
    REFUSED("reinstate_reduced", scope_changed = false, "scope_missing");
    REFUSED("reinstate_reduced", expiry = DAY - 1, "expired");
    REFUSED("withdraw_unresolved", suspended = DAY - 30, "suspension_in_time");
    REFUSED("expire", expiry = DAY, "not_expired");
    REFUSED("expire_suspended", expiry = DAY, "not_expired");
    REFUSED("restore_certification", expiry = DAY - 200, "restoration_over");
    REFUSED("restore_certification", expiry = DAY, "not_expired");
    REFUSED("restore_certification", recertification = false, "recertification_missing");
    REFUSED("restore_certification", majors = 1, "major_not_verified");
    REFUSED("start_again", expiry = DAY - 30, "restoration_open");
    REFUSED("transfer_out", accepted_elsewhere = false, "not_accepted_elsewhere");
    REFUSED("transfer_out", majors = 1, "major_not_verified");
    REFUSED("transfer_in", other_ceased = DAY - 184, "transfer_too_late");
    REFUSED("transfer_in", other_accredited = false, "not_accredited");
    REFUSED("transfer_in", other_suspended = true, "transfer_suspended");
    REFUSED("transfer_in", other_valid = false, "transfer_not_valid");
    REFUSED("transfer_in", scope_larger = true, "transfer_scope_larger");
    REFUSED("transfer_in", expiry = DAY - 1, "expired");
    REFUSED("withdraw_edition", on = CERTIFICATION_END_OF_2013, "edition_current");
    REFUSED("withdraw_edition", edition_2013 = false, "edition_current");
    static const char *const active[] = {"grant",
                                         "surveillance_1",
                                         "extend",
                                         "reduce",
                                         "recertify",
                                         "reinstate",
                                         "reinstate_reduced",
                                         "restore_certification",
                                         "transfer_in"};
    for (size_t i = 0; i < sizeof active / sizeof *active; i++) {
        struct certification_facts f = good(active[i]);
        f.edition_2013 = true;
        f.on = CERTIFICATION_END_OF_2013 + 1;
        f.expiry = strcmp(active[i], "restore_certification") == 0 ? f.on - 1 : f.on + 100;
        f.suspended = f.on - 10;
        f.surveillance_due = f.on + 1;
        expect(active[i], &f, "edition_ended");
    }
}

/* A life as it is kept: what a walk remembers from step to step. */
struct life {
    enum certification_state at;
    long today, stage1, stage2, decision, expiry, suspended, due;
    int surveillances;
    bool edition_2013;
};

static unsigned seed = 17021;
static int dice(int sides)
{
    return (int)((unsigned)rand_r(&seed) % (unsigned)sides);
}

static struct certification_facts chance(const struct life *l)
{
    struct certification_facts f = {.on = l->today,
                                    .stated = dice(4),
                                    .reviewed = dice(2),
                                    .agreed = dice(4),
                                    .timed = dice(4),
                                    .conflict = !dice(4),
                                    .documented = dice(4),
                                    .concerns = !dice(3),
                                    .internal_audit = dice(4),
                                    .management_review = dice(4),
                                    .stage1 = l->stage1,
                                    .stage2 = l->stage2,
                                    .majors = dice(3) ? 0 : dice(3),
                                    .majors_late = !dice(6),
                                    .minors = dice(3) ? 0 : 1,
                                    .decided = dice(4),
                                    .decider_in_team = !dice(5),
                                    .decision = l->decision,
                                    .expiry = l->expiry,
                                    .surveillance = dice(2),
                                    .recertification = dice(2),
                                    .special = dice(2),
                                    .audited = l->today - dice(30),
                                    .surveillances = l->surveillances,
                                    .surveillance_due = l->due,
                                    .suspended = l->suspended,
                                    .resolved = dice(2),
                                    .requested = dice(2),
                                    .scope_changed = dice(2),
                                    .other_valid = dice(4),
                                    .other_accredited = dice(4),
                                    .other_suspended = !dice(4),
                                    .scope_larger = !dice(4),
                                    .accepted_elsewhere = !dice(3),
                                    .edition_2013 = l->edition_2013,
                                    .stage2_months = 6,
                                    .suspension_months = 6};
    return f;
}

static void begin_cycle(struct life *l, const struct certification_facts *f, long expiry, bool initial)
{
    struct certification_cycle c = {.decision = f->on, .expiry = expiry, .initial = initial};
    l->decision = f->on;
    l->expiry = expiry;
    l->surveillances = 0;
    l->due = certification_surveillance_by(&c, 1);
}

static void take(struct life *l, const struct certification_step *step, const struct certification_facts *f)
{
    enum certification_state before = l->at;
    const char *verb = step->verb;
    long expiry = l->expiry;
    l->at = step->to;
    if (strcmp(verb, "grant") == 0)
        begin_cycle(l, f, certification_expiry(f->on, CERTIFICATION_MINUS_ONE_DAY), true);
    else if (strcmp(verb, "recertify") == 0 || strcmp(verb, "restore_certification") == 0)
        begin_cycle(l, f, certification_next_expiry(expiry), false);
    else if (strncmp(verb, "surveillance_", 13) == 0) {
        struct certification_cycle c = {.decision = l->decision, .expiry = l->expiry, .initial = true};
        l->due = certification_surveillance_by(&c, ++l->surveillances + 1);
    } else if (strcmp(verb, "start_again") == 0) {
        l->stage1 = f->on;
        l->stage2 = l->decision = l->expiry = 0;
    } else
        assert_true(l->expiry == expiry); /* nothing else moves the expiry */
    if (l->at == CERTIFICATION_SUSPENDED)
        l->suspended = f->on;
    /* What must never be, whatever the facts were. */
    assert_true(before != CERTIFICATION_WITHDRAWN && before != CERTIFICATION_REFUSED && before != CERTIFICATION_TRANSFERRED_OUT);
    if (l->at == CERTIFICATION_CERTIFIED) {
        assert_true(f->on <= l->expiry);
        assert_false(l->edition_2013 && f->on > CERTIFICATION_END_OF_2013);
        assert_true(f->decided && !f->decider_in_team);
        if (before != CERTIFICATION_SUSPENDED && strcmp(verb, "reduce") != 0)
            assert_int_equal(f->majors, 0);
        if (before == CERTIFICATION_EXPIRED)
            assert_true(f->on <= certification_months(expiry, 6));
        if (before == CERTIFICATION_DECISION_PENDING)
            assert_true(f->minors == 0 && f->majors_late == 0);
    }
    if (l->at == CERTIFICATION_EXPIRED)
        assert_true(f->on > l->expiry);
    if (l->at == CERTIFICATION_DECISION_PENDING)
        assert_true(f->majors == 0 && f->minors == 0);
    if (before == CERTIFICATION_SUSPENDED && l->at == CERTIFICATION_WITHDRAWN)
        assert_true(f->on > certification_months(l->suspended, 6));
}

static void a_hundred_thousand_steps(void **state)
{
    (void)state;
    long visits[CERTIFICATION_STEPS] = {0};
    struct life l = {.at = CERTIFICATION_NONE, .today = 18000};
    for (long taken = 0, tried = 0; taken < 100000; tried++) {
        assert_true(tried < 20000000);
        bool over = l.at == CERTIFICATION_WITHDRAWN || l.at == CERTIFICATION_REFUSED || l.at == CERTIFICATION_TRANSFERRED_OUT;
        if (over || l.today > 40000)
            l = (struct life){.at = CERTIFICATION_NONE, .today = 18000 + dice(6000), .edition_2013 = !dice(3)};
        l.today += dice(3) ? 0 : dice(60);
        if (l.at == CERTIFICATION_CONTRACTED || (l.at == CERTIFICATION_STAGE1_DONE && !dice(4)))
            l.stage1 = l.today - dice(5);
        if (l.at == CERTIFICATION_STAGE1_DONE || l.at == CERTIFICATION_STAGE2_REPEAT)
            l.stage2 = l.today - dice(5);
        if (l.at == CERTIFICATION_NONE)
            l.expiry = dice(2) ? l.today + dice(900) : 0; /* of the certificate that would be taken over */
        size_t i = (size_t)dice(CERTIFICATION_STEPS);
        const struct certification_step *step = &certification_steps[i];
        struct certification_facts f = chance(&l);
        if (step->from != l.at || certification_objection(step, &f))
            continue;
        if (step->from == CERTIFICATION_NONE && step->to == CERTIFICATION_APPLIED)
            l.expiry = f.expiry = 0;
        take(&l, step, &f);
        visits[i]++;
        taken++;
    }
    for (size_t i = 0; i < CERTIFICATION_STEPS; i++)
        if (visits[i] == 0)
            fail_msg("the walk never took %s", certification_steps[i].verb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_the_catalogue),
        cmocka_unit_test(the_workflow_is_the_table),
        cmocka_unit_test(each_step_goes),
        cmocka_unit_test(each_guard),
        cmocka_unit_test(the_last_day_counts),
        cmocka_unit_test(either_audit_will_do_for_an_extension),
        cmocka_unit_test(a_hundred_thousand_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
