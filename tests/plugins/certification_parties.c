/* Both parties of a certification, each in its own organisation: lapse and restoration, suspension, change of scope, transfer.
 * After each step every field that the client reads is held against the body's record, nothing beside is there, and what is not
 * released is not there at all. */
#include "certification.h"

/* What shows what: the client's register, the body's, and every field that the client reads; each is the body's unless it says
 * so. */
struct mirror {
    const char *mine, *theirs, *fields, *own; /* own: what is the client's, or has another shape there */
};
static const struct mirror held = {CLIENT "held-certificates", BODY "certificates",
                                   "client_name number edition scope soa_version revision decided_on effective_on expires_on "
                                   "surveillance_due_on recertification_due_on suspended_on suspended_until_on restore_until_on",
                                   "body_name state change_told"};
static const struct mirror visit = {CLIENT "announced-audits", BODY "certification-audits",
                                    "title kind starts_on ends_on days sites plan report", "team objection answers"};
static const struct mirror found = {
    CLIENT "received-findings", BODY "nonconformities",
    "title grade requirement statement evidence site found_on plan_by_on verify_by_on verified_on "
    "assessment correction cause corrective_action result due_on",
    "owner_id answers"};
static const struct mirror verdict = {CLIENT "received-decisions", BODY "decisions",
                                      "title outcome decided_on reasons effective_on new_scope", ""};

/* The client's record of that one of the body's; NULL: none. Free it. */
static char *shown(const struct mirror *m, const char *source)
{
    struct answer a = get(client, "%s?source=%s", m->mine, source);
    expect_status(&a, 200);
    assert_true(json_array_size(answer_at(&a, "items")) <= 1);
    const char *id = answer_text(&a, "items/0/id");
    char *copy = id ? strdup(id) : NULL;
    answer_free(&a);
    return copy;
}

/* Every field is the body's word for word, and there is no other. Frees the id. */
static void same(const struct mirror *m, const char *source, char *id)
{
    char words[600];
    struct answer mine = get(client, "%s/%s", m->mine, id), theirs = get(office, "%s/%s", m->theirs, source);
    expect_status(&mine, 200);
    expect_status(&theirs, 200);
    for (const char *at = m->fields; *at; at += strspn(at, " ")) {
        char name[40];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " "), at);
        at += strcspn(at, " ");
        json_t *a = answer_at(&mine, name), *b = answer_at(&theirs, name);
        if (!a || !b || !json_equal(a, b))
            fail_msg("%s of %s: %s\nand there: %s", name, m->mine, mine.body, theirs.body);
    }
    answer_free(&mine);
    answer_free(&theirs);
    snprintf(words, sizeof words, ENGINE " %s %s ", m->fields, m->own);
    only_these(m->mine, id, words);
    free(id);
}

/* Waits until the client's certificate says so, and holds it against the body's. */
static void client_reads(const struct file *f, const char *member, const char *value)
{
    char query[200];
    snprintf(query, sizeof query, "%s?source=%s", held.mine, f->certificate);
    same(&held, f->certificate, arrives(client, query, member, value));
}

/* Drafted and decided it is the body's alone; released, the client reads both the decision and what it did. */
static void known_when_released(const struct file *f, const char *outcome, json_t *more, const char *member, const char *before,
                                const char *after)
{
    char query[200];
    char *id = draft(f, outcome, area_day(-1), more), *certificate = shown(&held, f->certificate);
    act(decider, BODY "decisions", id, "decide", NULL, OK);
    all_is_carried();
    assert_null(shown(&verdict, id));
    if (certificate)
        expect_member(client, CLIENT "held-certificates", certificate, member, before);
    struct answer a = get(client, BODY "decisions/%s", id);
    expect_problem(&a, 404, "no_such_organisation", NULL);
    answer_free(&a);
    act(decider, BODY "decisions", id, "release", NULL, OK);
    client_reads(f, member, after);
    snprintf(query, sizeof query, CLIENT "received-decisions?source=%s", id);
    char *told = arrives(client, query, "outcome", outcome),
         *made = read_member(client, CLIENT "received-decisions", told, "created_at"),
         *released = read_member(office, BODY "decisions", id, "released_at");
    assert_true(strcmp(made, released) > 0); /* not even for a moment before */
    same(&verdict, id, told);
    free(made);
    free(released);
    free(certificate);
    free(id);
}

/* An audit that the client agrees to, with a major that it answers; both read in its own organisation. */
static void audited(const struct file *f, const char *kind, int from, int to, bool major)
{
    char *audit = plan_audit(f, kind, from, to), *finding = NULL, query[200];
    all_is_carried();
    assert_null(shown(&visit, audit)); /* planned: the body's alone */
    hold(f, audit);
    all_is_carried();
    char *mine = shown(&visit, audit);
    expect_member(client, CLIENT "announced-audits", mine, "report", NULL); /* written, not concluded */
    if (major) {
        finding = raise_finding(audit, "major", to);
        snprintf(query, sizeof query, CLIENT "received-findings?source=%s", finding);
        same(&found, finding, arrives(client, query, "status", "open"));
    }
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    snprintf(query, sizeof query, CLIENT "announced-audits?source=%s", audit);
    free(arrives(client, query, "status", "concluded"));
    struct answer a = get(client, CLIENT "announced-audits/%s", mine);
    assert_string_equal(answer_text(&a, "team/0/name"), "Marco Bellini");
    assert_int_equal(json_object_size(answer_at(&a, "team/0")), 2);
    answer_free(&a);
    same(&visit, audit, mine);
    if (major) {
        client_answers(finding);
        verified(finding, -1);
        snprintf(query, sizeof query, CLIENT "received-findings?source=%s", finding);
        same(&found, finding, arrives(client, query, "status", "verified"));
    }
    free(finding);
    free(audit);
}

static struct file hosted; /* of the client that is an organisation here */

/* What the client sent is all that the body learns of it. */
static void the_body_reads_the_application(void **state)
{
    (void)state;
    hosted = (struct file){.here = true, .application = apply_from_client()};
    struct answer a = get(office, BODY "applications/%s", hosted.application);
    expect_status(&a, 200);
    static const char words[] =
        ENGINE " client_name client_org kind edition scope address city country sites persons outsourcing "
               "received_on review conflict reviewed_at reviewed_by_id refusal title request_id people ";
    const char *name;
    json_t *value;
    json_object_foreach(a.json, name, value)
    {
        char word[64];
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(words, word))
            fail_msg("the body reads %s", name);
    }
    assert_string_equal(answer_text(&a, "client_org"), client_org);
    assert_string_equal(answer_text(&a, "scope"), "Hosting.");
    assert_int_equal(answer_integer(&a, "persons"), 14);
    answer_free(&a);
    static const char *const never[] = {"held-certificates", "announced-audits", "received-findings", "received-decisions",
                                        "certification-requests"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        a = get(office, CLIENT "%s", never[i]);
        expect_problem(&a, 404, "no_such_organisation", NULL);
        answer_free(&a);
    }
}

static void a_lapse_and_its_restoration(void **state)
{
    (void)state;
    hosted.certificate = make(office, BODY "certificates", certificate_of(&hosted));
    contract(&hosted);
    client_reads(&hosted, "state", "contracted");
    granted_by_hand(&hosted, -1101); /* its last day lies some days back */
    client_reads(&hosted, "state", "certified");
    char *expiry = read_member(office, BODY "certificates", hosted.certificate, "expires_on");
    act(office, BODY "certificates", hosted.certificate, "expire", NULL, OK);
    client_reads(&hosted, "state", "expired");
    audited(&hosted, "recertification", -4, -3, true);
    known_when_released(&hosted, "restore", json_pack("{s:s}", "soa_version", "2"), "state", "expired", "certified");
    expect_member(office, BODY "certificates", hosted.certificate, "expires_on", years_after(expiry, 3, 0));
    expect_member(office, BODY "certificates", hosted.certificate, "effective_on", area_day(-1));
    free(expiry);
}

static void a_suspension(void **state)
{
    (void)state;
    known_when_released(&hosted, "suspend", NULL, "state", "certified", "suspended");
    known_when_released(&hosted, "reinstate", json_pack("{s:b}", "resolved", 1), "state", "suspended", "certified");
}

static void the_scope_grows_and_shrinks(void **state)
{
    (void)state;
    char *expiry = read_member(office, BODY "certificates", hosted.certificate, "expires_on");
    audited(&hosted, "special", -3, -2, false);
    known_when_released(&hosted, "extend", json_pack("{s:s}", "new_scope", "Hosting and backup."), "scope", "Hosting.",
                        "Hosting and backup.");
    known_when_released(&hosted, "reduce", json_pack("{s:s}", "new_scope", "Backup."), "scope", "Hosting and backup.", "Backup.");
    known_when_released(&hosted, "suspend", NULL, "state", "certified", "suspended");
    known_when_released(&hosted, "reinstate_reduced", json_pack("{s:s}", "new_scope", "Backup of disks."), "scope", "Backup.",
                        "Backup of disks.");
    expect_member(office, BODY "certificates", hosted.certificate, "expires_on", expiry);
    free(expiry);
}

static void it_goes_to_another_body(void **state)
{
    (void)state;
    act(office, BODY "certificates", hosted.certificate, "transfer_out",
        json_pack("{s:s, s:s}", "accepted_by", "Another Body", "accepted_on", area_day(-1)), OK);
    client_reads(&hosted, "state", "transferred_out");
    free(hosted.certificate);
}

static void it_comes_from_another_body(void **state)
{
    (void)state;
    json_t *body = certificate_of(&hosted),
           *there =
               json_pack("{s:s, s:s, s:s, s:b, s:s}", "transfer_from", "Another Body", "transfer_decided_on", area_day(-400),
                         "transfer_expires_on", area_day(690), "transfer_accredited", 1, "transfer_ceased_on", area_day(-200));
    json_object_update(body, there);
    json_decref(there);
    hosted.certificate = make(office, BODY "certificates", body);
    assert_null(shown(&held, hosted.certificate));
    json_t *soa = json_pack("{s:s}", "soa_version", "4");
    not_decided(&hosted, "take_over", area_day(-1), json_incref(soa), 422, "transfer_too_late");
    act(office, BODY "certificates", hosted.certificate, "", json_pack("{s:s}", "transfer_ceased_on", area_day(-100)), OK);
    known_when_released(&hosted, "take_over", soa, "state", NULL, "certified");
    expect_member(office, BODY "certificates", hosted.certificate, "expires_on",
                  area_day(690)); /* the running cycle carries over */
    free(hosted.certificate);
    free(hosted.application);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_reads_the_application),
        cmocka_unit_test(a_lapse_and_its_restoration),
        cmocka_unit_test(a_suspension),
        cmocka_unit_test(the_scope_grows_and_shrinks),
        cmocka_unit_test(it_goes_to_another_body),
        cmocka_unit_test(it_comes_from_another_body),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
