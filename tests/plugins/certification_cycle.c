/* Three years of a certification through the running service, played by both parties: application, stages with a major
 * nonconformity, decision, surveillances, a suspension, a recertification; an expiry with its restoration. Each side reads in its
 * own organisation only, and what the client reads is checked field by field. Days lie relative to today: records of earlier days
 * are allowed. */
#include "certification.h"

/* Initial audit with a major and a minor, up to the recommendation. */
static void initial_audit(const struct file *f)
{
    audit_held(f, "stage_1", -1060, -1059);
    act(auditor, BODY "certificates", f->certificate, "complete_stage1", json_pack("{s:b}", "documented", 0), 422,
        "isms_not_documented");
    act(auditor, BODY "certificates", f->certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    act(auditor, BODY "certificates", f->certificate, "complete_stage2", stage2_facts(), 422, "stage2_missing");
    char *audit = plan_audit(f, "stage_2", -1032, -1030);
    hold(f, audit);
    char *major = raise_finding(audit, "major", -1031), *minor = raise_finding(audit, "minor", -1030);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    act(auditor, BODY "certificates", f->certificate, "complete_stage2", stage2_facts(), OK);
    act(auditor, BODY "certificates", f->certificate, "recommend", NULL, 422, "major_not_verified");
    client_answers(major);
    verified(major, -1020);
    act(auditor, BODY "certificates", f->certificate, "recommend", NULL, 422, "minor_plan_not_accepted");
    client_answers(minor);
    act(auditor, BODY "certificates", f->certificate, "recommend", NULL, OK);
    free(major);
    free(minor);
    free(audit);
}

/* In progress it is the body's alone. */
static void the_decision_is_hidden_until_its_release(const struct file *f)
{
    char held_query[200];
    snprintf(held_query, sizeof held_query, CLIENT "held-certificates?source=%s", f->certificate);
    char *held = arrives(client, held_query, "state", "stage2_done"),
         *decision = draft(f, "grant", area_day(-1000), json_pack("{s:s}", "soa_version", "2"));
    act(office, BODY "decisions", decision, "decide", NULL, 403, "separation_of_duties"); /* who wrote it */
    act(decider, BODY "decisions", decision, "decide", NULL, OK);
    act(office, BODY "certificates", f->certificate, "grant", NULL, 422, "decision_missing"); /* not past the release */
    char query[200];
    snprintf(query, sizeof query, CLIENT "received-decisions?source=%s", decision);
    all_is_carried();
    struct answer a = get(client, "%s", query);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 0);
    answer_free(&a);
    expect_member(client, CLIENT "held-certificates", held, "state", "stage2_done");
    expect_member(client, CLIENT "held-certificates", held, "number", NULL);
    a = get(client, BODY "decisions/%s", decision);
    expect_status(&a, 404);
    answer_free(&a);
    act(decider, BODY "decisions", decision, "release", NULL, OK);
    char *told = arrives(client, query, "outcome", "grant");
    only_these(CLIENT "received-decisions", told, ENGINE "title outcome decided_on reasons effective_on new_scope ");
    free(arrives(client, held_query, "state", "certified"));
    only_these(CLIENT "held-certificates", held,
               ENGINE "client_name body_name number state edition scope soa_version revision decided_on effective_on expires_on "
                      "surveillance_due_on "
                      "recertification_due_on suspended_on suspended_until_on restore_until_on change_told ");
    free(told);
    free(held);
    free(decision);
}

static void surveillances(const struct file *f)
{
    for (;;) {
        char *due = read_member(office, BODY "certificates", f->certificate, "surveillance_due_on");
        int by = due ? days_from_today(due) : 1;
        free(due);
        if (by >= -5)
            break;
        audit_held(f, "surveillance", by - 4, by - 3);
        decided(f, "maintain", area_day(by - 1), NULL);
    }
}

static void three_years(void **state)
{
    (void)state;
    struct file f = {.here = true, .application = apply_from_client()};
    f.certificate = make(office, BODY "certificates", certificate_of(&f));
    contract(&f);
    initial_audit(&f);
    the_decision_is_hidden_until_its_release(&f);
    const char *expiry = years_after(area_day(-1000), 3, 1);
    char first_expiry[11];
    snprintf(first_expiry, sizeof first_expiry, "%s", expiry);
    expect_member(office, BODY "certificates", f.certificate, "expires_on", first_expiry);
    expect_member(office, BODY "certificates", f.certificate, "surveillance_due_on", years_after(area_day(-1000), 1, 0));
    decided(&f, "suspend", area_day(-990), NULL);
    expect_member(office, BODY "certificates", f.certificate, "expires_on", first_expiry); /* the clock runs on */
    not_decided(&f, "reinstate", area_day(-980), NULL, 422, "not_resolved");
    decided(&f, "reinstate", area_day(-980), json_pack("{s:b}", "resolved", 1));
    not_decided(&f, "maintain", area_day(-970), NULL, 422, "surveillance_missing");
    surveillances(&f);
    not_decided(&f, "renew", area_day(0), NULL, 422, "recertification_missing");
    char *audit = plan_audit(&f, "recertification", -30, -28);
    hold(&f, audit);
    char *major = raise_finding(audit, "major", -29);
    expect_member(office, BODY "nonconformities", major, "verify_by_on", first_expiry);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    not_decided(&f, "renew", area_day(0), NULL, 422, "major_not_verified");
    client_answers(major);
    verified(major, -5);
    decided(&f, "renew", area_day(0), json_pack("{s:s}", "soa_version", "3"));
    expect_member(office, BODY "certificates", f.certificate, "expires_on", years_after(first_expiry, 3, 0));
    expect_member(office, BODY "certificates", f.certificate, "previous_expires_on", first_expiry);
    char query[200];
    snprintf(query, sizeof query, CLIENT "held-certificates?source=%s", f.certificate);
    free(arrives(client, query, "expires_on", years_after(first_expiry, 3, 0)));
    free(major);
    free(audit);
    free(f.application);
    free(f.certificate);
}

/* By the service when it is quicker, by us when not. */
static void expired(const struct file *f)
{
    char path[300];
    snprintf(path, sizeof path, BODY "certificates/%s", f->certificate);
    struct answer now = get(office, "%s", path);
    strcat(path, ":expire");
    struct answer a = api_send(office, "POST", at(path), NULL, answer_header(&now, "etag"));
    if (a.status != 200 && a.status != 409 && a.status != 412)
        expect_status(&a, 200);
    answer_free(&a);
    answer_free(&now);
    expect_member(office, BODY "certificates", f->certificate, "status", "expired");
}

static void a_lapse_and_its_restoration(void **state)
{
    (void)state;
    struct file f = by_hand();
    granted_by_hand(&f, -1101); /* its last day lies some days back */
    char *last = read_member(office, BODY "certificates", f.certificate, "expires_on");
    expired(&f);
    not_decided(&f, "renew", area_day(0), NULL, 409, "wrong_state");
    not_decided(&f, "restore", area_day(0), NULL, 422, "recertification_missing");
    char *audit = plan_audit(&f, "recertification", -3, -2);
    hold(&f, audit);
    char *major = raise_finding(audit, "major", -2);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    not_decided(&f, "restore", area_day(0), NULL, 422, "major_not_verified");
    answered_by_hand(major);
    verified(major, -1);
    decided(&f, "restore", area_day(0), NULL);
    expect_member(office, BODY "certificates", f.certificate, "status", "certified");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", years_after(last, 3, 0));
    expect_member(office, BODY "certificates", f.certificate, "effective_on", area_day(0));
    free(last);
    free(major);
    free(audit);
    free(f.application);
    free(f.certificate);
}

static void after_six_months_a_lapse_is_final(void **state)
{
    (void)state;
    struct file f = by_hand();
    granted_by_hand(&f, -1101 - 190);
    expired(&f);
    audit_held(&f, "recertification", -3, -2);
    not_decided(&f, "restore", area_day(0), NULL, 422, "restoration_over");
    act(office, BODY "certificates", f.certificate, "start_again", NULL, OK);
    expect_member(office, BODY "certificates", f.certificate, "status", "stage1_done");
    free(f.application);
    free(f.certificate);
}

static void teams_are_competent_and_impartial(void **state)
{
    (void)state;
    struct file f = by_hand();
    char *audit = plan_audit(&f, "stage_1", -60, -59);
    struct answer a = api_post(auditor, at(BODY "team-members"), json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", lead));
    expect_problem(&a, 409, "in_team", "/auditor_id");
    answer_free(&a);
    char *late = make_auditor("Competent too late", NULL, area_day(-10));
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", second)));
    act(auditor, BODY "certification-audits", audit, "announce", NULL, 422,
        "not_impartial"); /* the second has declared nothing */
    declare(&f, second, "none");
    act(auditor, BODY "certification-audits", audit, "announce", NULL, OK);
    a = api_post(auditor, at(BODY "team-members"), json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", late));
    expect_problem(&a, 409, "announced", NULL);
    answer_free(&a);
    char *other = make(auditor, BODY "certification-audits",
                       json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Again", "certificate_id", f.certificate, "kind",
                                 "stage_1", "starts_on", area_day(-60), "ends_on", area_day(-5), "days", "1", "plan", "x"));
    declare(&f, late, "none");
    free(make(auditor, BODY "team-members",
              json_pack("{s:s, s:s, s:s}", "audit_id", other, "auditor_id", late, "duty", "leader")));
    act(auditor, BODY "certification-audits", other, "announce", NULL, 422, "area_not_covered");
    char *ties = make_auditor("Consulted last year", NULL, area_day(-3000));
    free(make(office, BODY "impartiality-declarations",
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "auditor_id", ties, "certificate_id", f.certificate, "worked_as",
                        "consultant", "worked_until_on", area_day(-700), "declared_on", area_day(0))));
    a = api_post(auditor, at(BODY "team-members"), json_pack("{s:s, s:s}", "audit_id", other, "auditor_id", ties));
    expect_problem(&a, 422, "not_impartial", "/auditor_id");
    answer_free(&a);
    free(make(office, BODY "impartiality-declarations", /* more than two years: cleared */
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "auditor_id", ties, "certificate_id", f.certificate, "worked_as",
                        "consultant", "worked_until_on", area_day(-740), "declared_on", area_day(0))));
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", other, "auditor_id", ties)));
    free(ties);
    free(late);
    free(other);
    free(audit);
    free(f.application);
    free(f.certificate);
}

static void a_certificate_is_taken_over(void **state)
{
    (void)state;
    struct file f = by_hand();
    free(f.certificate);
    json_t *body = certificate_of(&f);
    json_t *there = json_pack("{s:s, s:s, s:s, s:b, s:b}", "transfer_from", "Another Body", "transfer_decided_on", area_day(-400),
                              "transfer_expires_on", area_day(690), "transfer_accredited", 1, "transfer_suspended", 1);
    json_object_update(body, there);
    json_decref(there);
    f.certificate = make(office, BODY "certificates", body);
    not_decided(&f, "take_over", area_day(-1), json_pack("{s:s}", "soa_version", "1"), 422, "transfer_suspended");
    act(office, BODY "certificates", f.certificate, "", json_pack("{s:b}", "transfer_suspended", 0), OK);
    not_decided(&f, "take_over", area_day(-1), NULL, 422, "soa_version_missing");
    decided(&f, "take_over", area_day(-1), json_pack("{s:s}", "soa_version", "1"));
    expect_member(office, BODY "certificates", f.certificate, "status", "certified");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", area_day(690)); /* the running cycle carries over */
    expect_member(office, BODY "certificates", f.certificate, "decided_on", area_day(-400));
    expect_member(office, BODY "certificates", f.certificate, "effective_on", area_day(-1));
    free(f.application);
    free(f.certificate);
}

static void a_scope_changes_and_the_expiry_stays(void **state)
{
    (void)state;
    struct file f = by_hand();
    granted_by_hand(&f, -200);
    char *expiry = read_member(office, BODY "certificates", f.certificate, "expires_on");
    not_decided(&f, "extend", area_day(-10), json_pack("{s:s}", "new_scope", "Hosting and backup."), 422, "audit_missing");
    audit_held(&f, "special", -20, -19);
    not_decided(&f, "extend", area_day(-10), NULL, 422, "scope_missing");
    decided(&f, "extend", area_day(-10), json_pack("{s:s}", "new_scope", "Hosting and backup."));
    expect_member(office, BODY "certificates", f.certificate, "scope", "Hosting and backup.");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", expiry);
    decided(&f, "reduce", area_day(-9), json_pack("{s:s}", "new_scope", "Backup."));
    expect_member(office, BODY "certificates", f.certificate, "scope", "Backup.");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", expiry);
    act(office, BODY "certificates", f.certificate, "", json_pack("{s:s}", "scope", "More."), 409,
        "frozen"); /* by decision only */
    free(expiry);
    free(f.application);
    free(f.certificate);
}

static void nothing_to_2013_is_granted_any_more(void **state)
{
    (void)state;
    struct file f = by_hand();
    free(f.certificate);
    json_t *body = certificate_of(&f);
    json_object_set_new(body, "edition", json_string("2013"));
    f.certificate = make(office, BODY "certificates", body);
    contract(&f);
    audit_held(&f, "stage_1", -60, -59);
    act(auditor, BODY "certificates", f.certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    audit_held(&f, "stage_2", -30, -29);
    act(auditor, BODY "certificates", f.certificate, "complete_stage2", stage2_facts(), OK);
    act(auditor, BODY "certificates", f.certificate, "recommend", NULL, OK);
    not_decided(&f, "grant", area_day(-1), json_pack("{s:s}", "soa_version", "1"), 422, "edition_ended");
    free(f.application);
    free(f.certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_years),
        cmocka_unit_test(a_lapse_and_its_restoration),
        cmocka_unit_test(after_six_months_a_lapse_is_final),
        cmocka_unit_test(teams_are_competent_and_impartial),
        cmocka_unit_test(a_certificate_is_taken_over),
        cmocka_unit_test(a_scope_changes_and_the_expiry_stays),
        cmocka_unit_test(nothing_to_2013_is_granted_any_more),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
