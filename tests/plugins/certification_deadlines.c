/* What time brings, in figures: the windows of a cycle as they follow from its decision, the programme, and what the service does
 * by itself when a last day has passed, and what it leaves to a person. */
#include "certification.h"

static struct file granted(int on)
{
    struct file f = by_hand();
    granted_by_hand(&f, on);
    return f;
}

static void state_is(const struct file *f, const char *status)
{
    expect_member(office, BODY "certificates", f->certificate, "status", status);
}

static void day_is(const struct file *f, const char *member, const char *day)
{
    expect_member(office, BODY "certificates", f->certificate, member, day);
}

/* So many months after, the month's last day when there is no such one. Written without the rules' own arithmetic. */
static const char *months_after(const char *date, int months)
{
    static char text[4][11];
    static int next;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    assert_int_equal(sscanf(date, "%d-%d-%d", &year, &month, &day), 3);
    month += months;
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    int last = lengths[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    next = (next + 1) % 4;
    snprintf(text[next], sizeof text[next], "%04d-%02d-%02d", year % 10000, month, day > last ? last : day);
    return text[next];
}

/* ---- windows */

static void windows_follow_from_the_decision(void **state)
{
    (void)state;
    static const struct { /* of the reference */
        const char *decision, *expiry, *first, *restore;
    } rows[] = {{"2024-02-29", "2027-02-27", "2025-02-28", "2027-08-27"},
                {"2025-01-10", "2028-01-09", "2026-01-10", "2028-07-09"},
                {"2025-11-15", "2028-11-14", "2026-11-15", "2029-05-14"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct file f = granted(days_from_today(rows[i].decision));
        day_is(&f, "decided_on", rows[i].decision);
        day_is(&f, "expires_on", rows[i].expiry);
        day_is(&f, "surveillance_due_on", rows[i].first);
        assert_string_equal(months_after(rows[i].expiry, 6), rows[i].restore); /* see below: what the service sets then */
        free(f.application);
        free(f.certificate);
    }
}

/* The programme's row of that record, or NULL. Borrowed from the answer. */
static json_t *row_of(const struct answer *a, const char *id, const char *what)
{
    size_t i;
    json_t *row;
    json_array_foreach(answer_at(a, "items"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "id")), id) == 0 &&
            strcmp(json_string_value(json_object_get(row, "what")), what) == 0)
            return row;
    }
    return NULL;
}

static void in_programme(const char *id, const char *what, const char *on)
{
    struct answer a = get(decider, BODY "programme?days=4000");
    json_t *row = row_of(&a, id, what);
    if (!row)
        fail_msg("no %s in the programme: %s", what, a.body);
    int days = days_from_today(on);
    assert_string_equal(json_string_value(json_object_get(row, "on")), on);
    assert_int_equal(json_integer_value(json_object_get(row, "days")), days);
    assert_int_equal(json_is_true(json_object_get(row, "late")), days < 0);
    assert_string_equal(json_string_value(json_object_get(row, "side")), "body");
    answer_free(&a);
}

static bool listed(const char *days, const char *id, const char *what)
{
    struct answer a = get(decider, BODY "programme?days=%s", days);
    expect_status(&a, 200);
    bool found = row_of(&a, id, what) != NULL;
    answer_free(&a);
    return found;
}

static void the_programme_over_three_years(void **state)
{
    (void)state;
    struct file f = granted(-200);
    char decided_on[11], expiry[11], due[24], days[12];
    snprintf(decided_on, sizeof decided_on, "%s", area_day(-200));
    snprintf(expiry, sizeof expiry, "%s", years_after(decided_on, 3, 1));
    in_programme(f.certificate, "surveillance", months_after(decided_on, 12));
    in_programme(f.certificate, "expiry", expiry);
    in_programme(f.certificate, "recertification_audit", area_day(days_from_today(expiry) - 90));
    audit_held(&f, "surveillance", -20, -19);
    decided(&f, "maintain", area_day(-10), NULL);
    long year = strtol(decided_on, NULL, 10) + 1, held = strtol(area_day(-19), NULL, 10), last = strtol(expiry, NULL, 10);
    while (year == held) /* the next calendar year without one */
        year++;
    snprintf(due, sizeof due, "%ld-12-31", year);
    assert_true(year < last);
    in_programme(f.certificate, "surveillance", due);
    snprintf(days, sizeof days, "%d", days_from_today(expiry));
    assert_true(listed(days, f.certificate, "expiry")); /* the last day asked for counts */
    snprintf(days, sizeof days, "%d", days_from_today(expiry) - 1);
    assert_false(listed(days, f.certificate, "expiry"));
    char *audit = plan_audit(&f, "special", 30, 31);
    in_programme(audit, "audit", area_day(30));
    act(auditor, BODY "certification-audits", audit, "cancel", json_pack("{s:s}", "reason", "Not needed"), OK);
    assert_false(listed("4000", audit, "audit"));
    act(office, BODY "certificates", f.certificate, "suspend_requested",
        json_pack("{s:s, s:s}", "request", "Letter", "asked_on", area_day(-3)), OK);
    in_programme(f.certificate, "suspension", months_after(area_day(-3), 6));
    in_programme(f.certificate, "surveillance", due); /* the clock runs on */
    in_programme(f.certificate, "expiry", expiry);
    free(audit);
    free(f.application);
    free(f.certificate);
}

/* ---- what the service does by itself */

/* Certificates whose days have passed, each in one way; and some on their last day. */
static struct {
    struct file expired, expired_suspended, edition, missed, unresolved, major, last_day, last_limit;
} cases;

static void on_its_last_day(const struct file *f, const char *set)
{
    as_superuser(NULL, 0, "UPDATE certification.certificate SET %s WHERE id = '%s'", set, f->certificate);
}

static struct file stage2_with_a_major(int on)
{
    struct file f = by_hand();
    audit_held(&f, "stage_1", on - 30, on - 29);
    act(auditor, BODY "certificates", f.certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    char *audit = plan_audit(&f, "stage_2", on, on);
    hold(&f, audit);
    char *major = raise_finding(audit, "major", on);
    expect_member(office, BODY "nonconformities", major, "verify_by_on", months_after(area_day(on), 6));
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    act(auditor, BODY "certificates", f.certificate, "complete_stage2", stage2_facts(), OK);
    free(major);
    free(audit);
    return f;
}

static void make_cases(void)
{
    cases.expired = granted(-1101);
    cases.expired_suspended = granted(-1101);
    as_superuser(NULL, 0,
                 "UPDATE certification.certificate SET status = 'suspended', suspended_on = expires_on - 9 WHERE id = '%s'",
                 cases.expired_suspended.certificate);
    cases.edition = granted(-100);
    on_its_last_day(&cases.edition, "edition = '2013'");
    cases.missed = granted(-400);
    cases.unresolved = granted(-300);
    as_superuser(
        NULL, 0,
        "UPDATE certification.certificate SET status = 'suspended', suspended_on = core.today() - 190, suspended_until_on ="
        " (core.today() - 190 + interval '6 months')::date WHERE id = '%s'",
        cases.unresolved.certificate);
    cases.major = stage2_with_a_major(-200);
    cases.last_day = granted(-100);
    on_its_last_day(&cases.last_day, "expires_on = core.today(), surveillance_due_on = core.today()");
    cases.last_limit = granted(-300);
    as_superuser(
        NULL, 0,
        "UPDATE certification.certificate SET status = 'suspended', suspended_on = (core.today() - interval '6 months')::date,"
        " suspended_until_on = core.today() WHERE id = '%s'",
        cases.last_limit.certificate);
}

static void public_status_is(const struct file *f, const char *status)
{
    struct api *nobody = api_new();
    char *number = read_member(office, BODY "certificates", f->certificate, "number");
    struct answer a = api_get(nobody, "/api/v1/public/certificates/%s", number);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "status"), status);
    answer_free(&a);
    free(number);
    api_free(nobody);
}

static void what_needs_nobodys_word(void)
{
    public_status_is(&cases.expired, "Expired"); /* on the day, whether or not the service has been round */
    round_of("apply_deadlines");
    char *expiry = read_member(office, BODY "certificates", cases.expired.certificate, "expires_on");
    state_is(&cases.expired, "expired");
    day_is(&cases.expired, "restore_until_on", months_after(expiry, 6));
    day_is(&cases.expired, "ended_on", expiry);
    free(expiry);
    state_is(&cases.expired_suspended, "expired"); /* suspension stops no clock */
    day_is(&cases.expired_suspended, "suspended_on", NULL);
    state_is(&cases.edition, "withdrawn");
    day_is(&cases.edition, "ended_on", area_day(0));
    public_status_is(&cases.expired, "Expired");
    public_status_is(&cases.edition, "Withdrawn");
}

static void what_waits_for_a_person(void)
{
    state_is(&cases.missed, "certified");
    state_is(&cases.unresolved, "suspended");
    state_is(&cases.major, "stage2_done");
}

static void on_the_last_day_nothing_happens(void)
{
    state_is(&cases.last_day, "certified");
    state_is(&cases.last_limit, "suspended");
}

static void what_the_body_lets_it_do(void)
{
    free(make(office, BODY "body-settings", json_pack("{s:s, s:b}", "title", "By itself", "acts_by_itself", 1)));
    round_of("apply_deadlines");
    state_is(&cases.missed, "suspended");
    day_is(&cases.missed, "suspended_on", area_day(0));
    day_is(&cases.missed, "suspended_until_on", months_after(area_day(0), 6));
    public_status_is(&cases.missed, "Suspended");
    state_is(&cases.unresolved, "withdrawn");
    public_status_is(&cases.unresolved, "Withdrawn");
    state_is(&cases.major, "stage2_repeat");
    on_the_last_day_nothing_happens();
    struct answer a = get(office, BODY "certificates/%s/history", cases.missed.certificate);
    assert_string_equal(answer_text(&a, "items/0/actor/id"), "00000000-0000-0000-0000-000000000000");
    answer_free(&a);
}

static void what_time_brings(void **state)
{
    (void)state;
    make_cases();
    what_needs_nobodys_word();
    what_waits_for_a_person();
    on_the_last_day_nothing_happens();
    what_the_body_lets_it_do();
    for (struct file *f = &cases.expired; f <= &cases.last_limit; f++) {
        free(f->application);
        free(f->certificate);
    }
}

/* The rule for a planned audit: one that is refused stands in the way of no other; the next round is the same. */
static void a_round_changes_nothing_twice(void **state)
{
    (void)state;
    struct file f = granted(-1101);
    round_of("apply_deadlines");
    char *version = NULL;
    struct answer a = get(office, BODY "certificates/%s", f.certificate);
    version = strdup(answer_header(&a, "etag"));
    answer_free(&a);
    round_of("apply_deadlines");
    a = get(office, BODY "certificates/%s", f.certificate);
    assert_string_equal(answer_header(&a, "etag"), version);
    answer_free(&a);
    free(version);
    free(f.application);
    free(f.certificate);
}

/* Days after the last day of the audit; 0: no such day. */
static void clocks_are(const char *audit, const char *grade, int last, int verify, int plan)
{
    char *finding = raise_finding(audit, grade, last);
    expect_member(office, BODY "nonconformities", finding, "verify_by_on", verify ? area_day(last + verify) : NULL);
    expect_member(office, BODY "nonconformities", finding, "plan_by_on", plan ? area_day(last + plan) : NULL);
    free(finding);
}

/* Outside stage 2 and recertification the days are the body's own: 90 and 30 until it says otherwise. */
static void a_body_sets_its_own_clocks(void **state)
{
    (void)state;
    struct file f = granted(-300);
    char *audit = plan_audit(&f, "surveillance", -5, -3);
    hold(&f, audit);
    clocks_are(audit, "major", -3, 90, 30);
    clocks_are(audit, "minor", -3, 0, 30);
    clocks_are(audit, "observation", -3, 0, 0);
    struct answer settings = get(office, BODY "body-settings");
    act(office, BODY "body-settings", answer_text(&settings, "items/0/id"), "",
        json_pack("{s:i, s:i}", "major_days", 45, "minor_plan_days", 14), OK);
    answer_free(&settings);
    clocks_are(audit, "major", -3, 45, 14);
    clocks_are(audit, "minor", -3, 0, 14);
    free(audit);
    free(f.application);
    free(f.certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_follow_from_the_decision),
        cmocka_unit_test(the_programme_over_three_years),
        cmocka_unit_test(what_time_brings),
        cmocka_unit_test(a_round_changes_nothing_twice),
        cmocka_unit_test(a_body_sets_its_own_clocks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
