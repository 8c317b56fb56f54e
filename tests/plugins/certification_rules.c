/* The rules between two organisations and inside the body's office that the three years do not meet: who may audit, what a step
 * may rest on, what a message may claim, what ends by itself. */
#include "certification.h"

/* ---- impartiality, known by the service */

/* A person of the body's, who has that role at the client too (NULL: not). Free the id of the auditor. */
static char *auditor_with_past(const char *at_client, char **person)
{
    struct person p = person_new(body_org, "cb_auditor");
    char id[40];
    if (at_client)
        person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org %s --roles %s", p.email, client_org, at_client);
    as_superuser(id, sizeof id, "SELECT id FROM core.user_account WHERE email = '%s'", p.email);
    *person = strdup(p.email);
    return make_auditor("Of the test", id, area_day(-3000));
}

static struct file certification_of_the_client(void)
{
    struct file f = {.here = true, .application = apply_from_client()};
    f.certificate = make(office, BODY "certificates", certificate_of(&f));
    return f;
}

static void cleared_is(const struct file *f, const char *who, bool cleared, const char *finding)
{
    struct answer a = api_post(office, at(BODY "impartiality-declarations"),
                               json_pack("{s:s, s:s, s:s, s:s}", "auditor_id", who, "certificate_id", f->certificate, "worked_as",
                                         "none", "declared_on", area_day(0)));
    expect_status(&a, 201);
    assert_int_equal(json_is_true(answer_at(&a, "cleared")), cleared);
    if (finding)
        assert_non_null(strstr(answer_text(&a, "finding"), finding));
    answer_free(&a);
}

static void the_client_names_whom_it_knows(void **state)
{
    (void)state;
    char *e1, *e2, *e3, *e4, *consultancy_person;
    char *internal = auditor_with_past("internal_auditor", &e1), *consultant = auditor_with_past("consultant", &e2),
         *employee = auditor_with_past("contributor", &e3), *stranger = auditor_with_past(NULL, &e4);
    struct file f = certification_of_the_client();
    cleared_is(&f, internal, false, "internal_auditor"); /* whatever the person declares */
    cleared_is(&f, consultant, false, "consultant");
    cleared_is(&f, employee, false, "employee");
    cleared_is(&f, stranger, true, NULL);
    char *audit = plan_audit(&f, "stage_1", -60, -59);
    struct answer a =
        api_post(auditor, at(BODY "team-members"), json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", internal));
    expect_problem(&a, 422, "not_impartial", "/auditor_id");
    answer_free(&a);
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", stranger)));
    free(audit);
    /* A consultant whose engagement is over: two years count from its end. */
    static const struct {
        const char *ago;
        bool cleared;
    } ends[] = {{"23 months", false}, {"25 months", true}};
    struct api *consultancy = api_as("barbican", "owner");
    for (size_t i = 0; i < 2; i++) {
        char path[200], id[40], *engagement = engage(consultancy, "barbican", "advice", "consultant", NULL);
        char *past = auditor_with_past(NULL, &consultancy_person);
        person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org barbican --roles consultant", consultancy_person);
        as_superuser(id, sizeof id, "SELECT id FROM core.user_account WHERE email = '%s'", consultancy_person);
        snprintf(path, sizeof path, "/api/v1/orgs/barbican/engagements/%s/staff", engagement);
        a = api_post(consultancy, path, json_pack("{s:s, s:s}", "user_id", id, "role", "consultant"));
        expect_status(&a, 200);
        answer_free(&a);
        snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements/%s:end", client_org, engagement);
        a = api_post(client_owner, path, NULL);
        expect_status(&a, 200);
        answer_free(&a);
        as_superuser(NULL, 0, "UPDATE core.engagement SET ended_at = now() - interval '%s' WHERE id = '%s'", ends[i].ago,
                     engagement);
        struct file g = certification_of_the_client();
        cleared_is(&g, past, ends[i].cleared, ends[i].cleared ? NULL : "consultant");
        free(engagement);
        free(past);
        free(consultancy_person);
        free(g.application);
        free(g.certificate);
    }
    api_free(consultancy);
    char *all[] = {e1, e2, e3, e4, internal, consultant, employee, stranger, f.application, f.certificate};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* Who came to know the client after the application is objected to by the client's side itself. */
static void the_clients_side_objects_by_itself(void **state)
{
    (void)state;
    char *email, query[200], *late = auditor_with_past(NULL, &email);
    struct file f = certification_of_the_client();
    act(office, BODY "certificates", f.certificate, "apply", NULL, OK);
    snprintf(query, sizeof query, CLIENT "held-certificates?source=%s", f.certificate);
    char *mine = arrives(client, query, "state", "applied");
    act(client, CLIENT "held-certificates", mine, "archive", NULL, 409, "of_the_body"); /* what the body sent stays as it is */
    act(client, CLIENT "held-certificates", mine, "", json_pack("{s:s}", "state", "certified"), 409, "of_the_body");
    free(mine);
    declare(&f, lead, "none");
    cleared_is(&f, late, true, NULL);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org %s --roles internal_auditor", email, client_org);
    char *audit = plan_audit(&f, "stage_1", -60, -59);
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", late)));
    act(auditor, BODY "certification-audits", audit, "announce", NULL, OK);
    snprintf(query, sizeof query, BODY "certification-audits?certificate_id=%s", f.certificate);
    free(arrives(auditor, query, "status", "objected"));
    char *why = read_member(auditor, BODY "certification-audits", audit, "objection");
    assert_non_null(strstr(why, "within the last two years"));
    act(auditor, BODY "certification-audits", audit, "", json_pack("{s:s}", "report", "As found."), OK);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, 409, "wrong_state");
    free(why);
    free(email);
    free(late);
    free(audit);
    free(f.application);
    free(f.certificate);
}

/* ---- audits and what rests on them */

static void audits_rest_on_what_was_held(void **state)
{
    (void)state;
    struct file f = by_hand();
    char *audit = plan_audit(&f, "stage_1", -1, 2); /* tomorrow may have begun somewhere */
    declare(&f, second, "none");
    char *other = make(auditor, BODY "team-members",
                       json_pack("{s:s, s:s, s:s}", "audit_id", audit, "auditor_id", second, "duty", "leader"));
    act(auditor, BODY "certification-audits", audit, "announce", NULL, 422, "leader_missing"); /* two are none */
    act(auditor, BODY "team-members", other, "", json_pack("{s:s}", "duty", "observer"), OK);
    char *narrow = make(office, BODY "auditors", json_pack("{s:s}", "name", "Leads, and knows nothing")),
         *alone = make(auditor, BODY "certification-audits",
                       json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "x", "certificate_id", f.certificate, "kind",
                                 "stage_1", "starts_on", area_day(-9), "ends_on", area_day(-8), "days", "1", "plan", "x"));
    declare(&f, narrow, "none");
    free(make(auditor, BODY "team-members",
              json_pack("{s:s, s:s, s:s}", "audit_id", alone, "auditor_id", narrow, "duty", "leader")));
    free(make(auditor, BODY "team-members",
              json_pack("{s:s, s:s, s:s}", "audit_id", alone, "auditor_id", second, "duty", "observer")));
    act(auditor, BODY "certification-audits", alone, "announce", NULL, 422, "area_not_covered"); /* who looks on covers nothing */
    free(narrow);
    free(alone);
    hold(&f, audit);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, 422, "not_over");
    char *held = plan_audit(&f, "stage_1", -60, -59);
    hold(&f, held);
    act(auditor, BODY "certification-audits", held, "conclude", NULL, OK);
    act(auditor, BODY "certification-audits", held, "use", NULL, 422, "by_step"); /* only by a step of the certificate */
    act(auditor, BODY "certificates", f.certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    expect_member(auditor, BODY "certification-audits", held, "status", "used");
    struct answer a = api_post(auditor, at(BODY "nonconformities"),
                               json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "x", "audit_id", held, "grade", "minor",
                                         "requirement", "4.1", "statement", "x", "evidence", "x", "found_on", area_day(-60)));
    expect_problem(&a, 409, "audit_over", "/audit_id");
    answer_free(&a);
    free(held);
    free(other);
    free(audit);
    free(f.application);
    free(f.certificate);
}

/* Who decides took no part, in whatever role the person stands; and the panel of a complaint neither took part nor decided. */
static void deciding_is_kept_apart(void **state)
{
    (void)state;
    char *ursula = area_id_of(decider), *edda = area_id_of(office), *too = make_auditor("Decides too", ursula, area_day(-3000));
    struct file f = by_hand();
    granted_by_hand(&f, -200);
    act(office, BODY "certificates", f.certificate, "suspend_requested",
        json_pack("{s:s, s:s}", "request", "Letter", "asked_on", area_day(3)), 422, "in_the_future");
    char *complaint = make(office, BODY "complaints",
                           json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Unfair", "raised_by", "The client", "text", "x",
                                     "received_on", area_day(-1), "certificate_id", f.certificate, "panel_1_id", ursula));
    act(office, BODY "complaints", complaint, "assign", NULL, 422, "not_independent"); /* decided in the matter */
    act(office, BODY "complaints", complaint, "", json_pack("{s:s}", "panel_1_id", edda), OK);
    act(office, BODY "complaints", complaint, "assign", NULL, OK);
    char *audit = plan_audit(&f, "special", -20, -19);
    declare(&f, too, "none");
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", too)));
    hold(&f, audit);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    not_decided(&f, "extend", area_day(-10), json_pack("{s:s}", "new_scope", "More."), 422, "decider_in_team");
    free(complaint);
    free(audit);
    free(too);
    free(ursula);
    free(edda);
    free(f.application);
    free(f.certificate);
}

static void figures_that_cannot_be(void **state)
{
    (void)state;
    struct file f = by_hand();
    json_t *high =
        json_pack("{s:s, s:s, s:i, s:i, s:s, s:[{s:s, s:i, s:s}]}", "title", "x", "application_id", f.application, "persons", 14,
                  "adjustment", 100, "adjustment_reason", "x", "factors", "what", "More", "share", 1, "reason", "x");
    static const char *const scores[] = {"business_kind",     "business_processes", "business_maturity",
                                         "it_infrastructure", "it_suppliers",       "it_development"};
    for (size_t i = 0; i < 6; i++)
        json_object_set_new(high, scores[i], json_integer(3));
    struct answer a = api_post(auditor, at(BODY "audit-time-calculations"), high);
    expect_problem(&a, 422, "above_limit", "/factors");
    answer_free(&a);
    a = api_post(office, at(BODY "audit-time-tables"),
                 json_pack("{s:s, s:s, s:[{s:i, s:i, s:s}], s:[{s:s, s:s, s:i, s:i}]}", "title", "x", "valid_from_on",
                           area_day(0), "bands", "persons_min", 1, "persons_max", 100, "days", "20.00", "cells", "business",
                           "low", "it", "low", "least", -30, "most", 0));
    expect_problem(&a, 422, "cell_missing", "/cells");
    answer_free(&a);
    char *me = area_id_of(client),
         *plan = make(client, CLIENT "project-plans",
                      json_pack("{s:s, s:s, s:s}", "title", "Empty", "starts_on", area_day(0), "lead_id", me));
    act(client, CLIENT "project-plans", plan, "start", NULL, 422, "no_tasks");
    free(plan);
    free(me);
    free(f.application);
    free(f.certificate);
}

/* ---- what a message may claim */

/* As if the worker of `from` had been lied to: what the other side makes of it. Answers what it says. */
static const char *told(const char *from, const char *to, const char *kind, const char *body)
{
    static char problem[400];
    char id[40];
    as_superuser(
        id, sizeof id,
        "INSERT INTO core.message (tenant_id, id, to_tenant, kind, body, created_by) SELECT a.id, gen_random_uuid(), b.id,"
        " 'certification.%s', \\$x\\$%s\\$x\\$::jsonb, a.id FROM core.organisation a, core.organisation b"
        " WHERE a.slug = '%s' AND b.slug = '%s' RETURNING id",
        kind, body, from, to);
    for (int i = 0; i < 300; i++) {
        as_superuser(problem, sizeof problem,
                     "SELECT coalesce(problem, CASE state WHEN 'delivered' THEN 'delivered' ELSE '' END)"
                     " FROM core.message WHERE id = '%s'",
                     id);
        if (*problem)
            break;
        poll(NULL, 0, 50);
    }
    as_superuser(NULL, 0, "DELETE FROM core.message WHERE id = '%s'", id); /* the next ones of the two wait behind it */
    return problem;
}

static void expect_told(const char *from, const char *to, const char *kind, const char *body, const char *words)
{
    const char *said = told(from, to, kind, body);
    if (!strstr(said, words))
        fail_msg("%s says: %s", kind, said);
}

static void messages_speak_for_their_sender_alone(void **state)
{
    (void)state;
    struct file f = by_hand(); /* of another client */
    char *audit = plan_audit(&f, "stage_1", -60, -59), body[300];
    act(auditor, BODY "certification-audits", audit, "announce", NULL, OK);
    expect_told(client_org, body_org, "application", "{\\\"org\\\": \\\"keep\\\", \\\"fields\\\": {}}", "another organisation");
    expect_told(client_org, body_org, "answer", "{}", "names no subject");
    snprintf(body, sizeof body, "{\\\"subject\\\": \\\"audit\\\", \\\"verb\\\": \\\"agree\\\", \\\"source\\\": \\\"%s\\\"}",
             audit);
    expect_told(client_org, body_org, "answer", body, "no such record");
    expect_member(auditor, BODY "certification-audits", audit, "status", "announced");
    expect_told(client_org, body_org, "news", "{\\\"subject\\\": \\\"certificate\\\"}",
                "no certification engagement"); /* the wrong way round */
    expect_told(body_org, client_org, "news", "{\\\"subject\\\": \\\"everything\\\"}", "no such subject");
    expect_told(client_org, body_org, "audit_file",
                "{\\\"source\\\": \\\"x\\\", \\\"title\\\": \\\"F\\\", \\\"client_name\\\": \\\"C\\\", \\\"expires_on\\\": "
                "\\\"2199-01-01\\\", \\\"digest\\\": "
                "\\\"00\\\", \\\"parts\\\": [{\\\"place\\\": 1, \\\"name\\\": \\\"Scope\\\", \\\"content\\\": \\\"{}\\\", "
                "\\\"digest\\\": \\\"00\\\"}]}",
                "not those that were sealed");
    snprintf(body, sizeof body, "{\\\"source\\\": \\\"%s\\\", \\\"change\\\": \\\"Moved\\\"}", f.certificate);
    expect_told(client_org, body_org, "change", body, "delivered");
    expect_member(office, BODY "certificates", f.certificate, "client_change", NULL); /* not this client's */
    char *request = make(client, CLIENT "certification-requests",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "title", "x", "body_org", "outerwall", "scope",
                                   "x", "address", "x", "city", "x", "country", "DE", "persons", 1, "outsourcing", "x"));
    act(client, CLIENT "certification-requests", request, "send", NULL, 422, "no_engagement");
    snprintf(body, sizeof body,
             "{\\\"subject\\\": \\\"application\\\", \\\"source\\\": \\\"%s\\\", \\\"state\\\": \\\"accepted\\\"}", request);
    act(client, CLIENT "certification-requests", request, "", json_pack("{s:s}", "body_org", body_org), OK);
    expect_told(body_org, client_org, "news", body, "delivered");
    expect_member(client, CLIENT "certification-requests", request, "status", "draft"); /* nothing was asked yet */
    struct file own = certification_of_the_client();
    char *planned = plan_audit(&own, "stage_1", -60, -59);
    snprintf(body, sizeof body, "{\\\"subject\\\": \\\"audit\\\", \\\"verb\\\": \\\"agree\\\", \\\"source\\\": \\\"%s\\\"}",
             planned);
    expect_told(client_org, body_org, "answer", body, "delivered");
    expect_member(auditor, BODY "certification-audits", planned, "status", "planned"); /* the body's record stands */
    free(planned);
    free(own.application);
    free(own.certificate);
    free(request);
    free(audit);
    free(f.application);
    free(f.certificate);
}

/* ---- what moves, and what ends, by itself */

/* The demo's client moved on since it was certified: its body is told once, and a new paper settles it. */
static void the_body_hears_what_moved(void **state)
{
    (void)state;
    struct api *keep = api_as("keep", "manager"), *outerwall = api_as("outerwall", "owner");
    round_of("tell_changes");
    struct answer scope = api_get(keep, "/api/v1/orgs/keep/context/scopes?status=in_force"),
                  soa = api_get(keep, "/api/v1/orgs/keep/planning/soa-versions?status=published"), a = {0};
    const char *refs[] = {answer_text(&scope, "items/0/ref"), answer_text(&soa, "items/0/ref")};
    for (int i = 0; i < 300; i++) {
        a = api_get(outerwall, "/api/v1/orgs/outerwall/certification/certificates?number=OUTERWALL-1");
        if (answer_text(&a, "items/0/client_change"))
            break;
        answer_free(&a);
        poll(NULL, 0, 100);
    }
    const char *change = answer_text(&a, "items/0/client_change");
    for (size_t i = 0; i < 2; i++)
        if (!refs[i] || !strstr(change, refs[i]))
            fail_msg("%s is not in: %s", refs[i] ? refs[i] : "nothing", change);
    json_int_t version = answer_integer(&a, "items/0/version");
    answer_free(&a);
    round_of("tell_changes");
    a = api_get(outerwall, "/api/v1/orgs/outerwall/certification/certificates?number=OUTERWALL-1");
    assert_int_equal(answer_integer(&a, "items/0/version"), version); /* once for each change */
    answer_free(&a);
    answer_free(&scope);
    answer_free(&soa);
    api_free(keep);
    api_free(outerwall);
    struct file f = by_hand();
    granted_by_hand(&f, -200);
    as_superuser(NULL, 0, "UPDATE certification.certificate SET client_change = 'Moved' WHERE id = '%s'", f.certificate);
    audit_held(&f, "surveillance", -20, -19);
    decided(&f, "maintain", area_day(-10), json_pack("{s:s}", "soa_version", "2"));
    expect_member(office, BODY "certificates", f.certificate, "client_change", NULL);
    expect_member(office, BODY "certificates", f.certificate, "soa_version", "2");
    free(f.application);
    free(f.certificate);
}

static char *given_file(struct api *top, const char *title)
{
    char query[200], *id = make(client, CLIENT "audit-files",
                                json_pack("{s:s, s:s, s:s}", "title", title, "body_org", body_org, "expires_on", area_day(0)));
    act(client, CLIENT "audit-files", id, "seal", NULL, OK);
    act(top, CLIENT "audit-files", id, "give", NULL, OK);
    snprintf(query, sizeof query, BODY "received-files?source=%s", id);
    free(arrives(auditor, query, "source", id));
    return id;
}

static long parts_of(const char *id)
{
    char n[12];
    as_superuser(n, sizeof n,
                 "SELECT count(*) FROM certification.audit_file_part p WHERE p.file_id = '%s' OR p.file_id IN (SELECT id FROM"
                 " certification.received_file WHERE source = '%s')",
                 id, id);
    return strtol(n, NULL, 10);
}

static void a_given_file_ends_with_its_last_day(void **state)
{
    (void)state;
    struct api *top = api_as("moat", "top_management");
    char *over = given_file(top, "Over"), *last = given_file(top, "On its last day"), query[200];
    as_superuser(
        NULL, 0,
        "UPDATE certification.audit_file SET expires_on = core.today() - 1 WHERE id = '%s'; UPDATE certification.received_file"
        " SET expires_on = core.today() - 1 WHERE source = '%s'",
        over, over);
    snprintf(query, sizeof query, BODY "received-files?source=%s", over);
    char *there = arrives(auditor, query, "source", over);
    struct answer a = get(auditor, BODY "received-files/%s/content", there);
    expect_problem(&a, 409, "nothing_in_it", NULL); /* at once, though it is still kept */
    answer_free(&a);
    assert_true(parts_of(over) > 0);
    round_of("end_audit_files");
    assert_int_equal(parts_of(over), 0);
    assert_true(parts_of(last) >= 4); /* the client's and the body's, on the last day */
    free(there);
    free(over);
    free(last);
    api_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_names_whom_it_knows), cmocka_unit_test(the_clients_side_objects_by_itself),
        cmocka_unit_test(audits_rest_on_what_was_held),   cmocka_unit_test(deciding_is_kept_apart),
        cmocka_unit_test(figures_that_cannot_be),         cmocka_unit_test(messages_speak_for_their_sender_alone),
        cmocka_unit_test(the_body_hears_what_moved),      cmocka_unit_test(a_given_file_ends_with_its_last_day),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
