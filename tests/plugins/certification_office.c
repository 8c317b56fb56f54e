/* The body's office through the running service: audit time, nonconformities from state to state, complaints, the sealed audit
 * file, the printed certificate. */
#include "api.h"
#include "unit.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY "/api/v1/orgs/outerwall/certification/"
#define CLIENT "/api/v1/orgs/keep/certification/"

static struct api *office, *auditor, *decider, *client, *top;
static char *application, *certificate, *audit, *lead;

static const char *day(int days)
{
    static char texts[8][11];
    static int next;
    time_t then = time(NULL) + (time_t)days * 86400;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 8;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%d", &parts);
    return texts[next];
}

static char *make(struct api *who, const char *path, json_t *body)
{
    struct answer a = api_post(who, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static struct answer act(struct api *who, const char *path, const char *id, const char *verb, json_t *body)
{
    char full[300];
    struct answer now = api_get(who, "%s/%s", path, id);
    expect_status(&now, 200);
    snprintf(full, sizeof full, "%s/%s%s%s", path, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", full, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static void done(struct answer a)
{
    expect_status(&a, 200);
    answer_free(&a);
}

static void refused(struct answer a, int status, const char *code, const char *pointer)
{
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

static char *own_id(struct api *who)
{
    struct answer a = api_get(who, "/api/v1/me");
    char *id = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return id;
}

static int set_up(void **state)
{
    (void)state;
    office = api_as("outerwall", "owner");
    auditor = api_as("outerwall", "cb_auditor");
    decider = api_as("outerwall", "cb_decider");
    client = api_as("keep", "manager");
    top = api_as("keep", "top_management");
    application = make(office, BODY "applications",
                       json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "client_name", "Of the office's test", "scope",
                                 "Hosting.", "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "persons", 14,
                                 "outsourcing", "Nothing.", "received_on", day(-300)));
    certificate =
        make(office, BODY "certificates",
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "client_name", "Of the office's test", "application_id", application,
                       "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "scope", "Hosting."));
    audit = make(auditor, BODY "certification-audits",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Stage 2", "certificate_id", certificate, "kind", "stage_2",
                           "starts_on", day(-20), "ends_on", day(-18), "days", "3"));
    char *me = own_id(auditor);
    lead = make(office, BODY "auditors", json_pack("{s:s, s:s}", "name", "Marco Bellini", "member_id", me));
    free(make(auditor, BODY "team-members",
              json_pack("{s:s, s:s, s:s}", "audit_id", audit, "auditor_id", lead, "duty", "leader")));
    free(me);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(office);
    api_free(auditor);
    api_free(decider);
    api_free(client);
    api_free(top);
    free(application);
    free(certificate);
    free(audit);
    free(lead);
    return 0;
}

/* ---- audit time */

static json_t *calculation(void)
{
    return json_pack("{s:s, s:s, s:i, s:[{s:s, s:i, s:s}]}", "title", "Of the test", "application_id", application, "persons", 60,
                     "groups", "work", "Assembly", "persons", 60, "reason", "All do the same.");
}

static json_t *with(json_t *body, const char *name, json_t *value)
{
    json_object_set_new(body, name, value);
    return body;
}

static void expect_days(json_t *body, const char *effective, const char *initial, const char *on_audit, const char *surveillance,
                        const char *recertification)
{
    struct answer a = api_post(auditor, BODY "audit-time-calculations", body);
    char persons[24];
    expect_status(&a, 201);
    snprintf(persons, sizeof persons, "%lld", (long long)answer_integer(&a, "persons_effective"));
    assert_string_equal(persons, effective);
    assert_string_equal(answer_text(&a, "initial_days"), initial);
    assert_string_equal(answer_text(&a, "on_audit_days"), on_audit);
    assert_string_equal(answer_text(&a, "surveillance_days"), surveillance);
    assert_string_equal(answer_text(&a, "recertification_days"), recertification);
    answer_free(&a);
}

static void refuse_calculation(json_t *body, const char *code, const char *pointer)
{
    refused(api_post(auditor, BODY "audit-time-calculations", body), 422, code, pointer);
}

static void audit_time(void **state)
{
    (void)state;
    expect_days(calculation(), "68", "11.00", "7.70", "3.67", "7.34"); /* 60 and the root of 60, rounded up */
    json_t *low = calculation();
    static const char *const scores[] = {"business_kind",     "business_processes", "business_maturity",
                                         "it_infrastructure", "it_suppliers",       "it_development"};
    for (size_t i = 0; i < 6; i++)
        json_object_set_new(low, scores[i], json_integer(1));
    json_object_set_new(low, "adjustment", json_integer(-30));
    expect_days(json_deep_copy(low), "68", "7.70", "5.39", "2.57", "5.14");
    json_object_set_new(low, "factors",
                        json_pack("[{s:s, s:i, s:s}]", "what", "Certified before", "share", -5, "reason", "Two cycles."));
    struct answer a = api_post(auditor, BODY "audit-time-calculations", json_deep_copy(low));
    expect_status(&a, 201);
    assert_string_equal(answer_text(&a, "initial_days"), "7.70"); /* not below 70 per cent */
    assert_true(json_is_true(answer_at(&a, "floored")));
    answer_free(&a);
    refuse_calculation(with(low, "adjustment", json_integer(-5)), "outside_cell", "/adjustment");
    refuse_calculation(with(calculation(), "adjustment", json_integer(10)), "outside_cell",
                       "/adjustment"); /* medium, medium: none */
    refuse_calculation(with(calculation(), "override_days", json_string("9.00")), "required", "/override_reason");
    refuse_calculation(with(with(calculation(), "override_days", json_string("7.69")), "override_reason", json_string("x")),
                       "below_floor", "/override_days");
    expect_days(with(with(calculation(), "override_days", json_string("7.70")), "override_reason", json_string("x")), "68",
                "7.70", "5.39", "2.57", "5.14");
    refuse_calculation(with(with(calculation(), "groups", json_array()), "persons", json_integer(0)), "required", "/persons");
    a = api_post(auditor, BODY "audit-time-calculations", with(calculation(), "sites", json_integer(26)));
    expect_status(&a, 201);
    assert_int_equal(answer_integer(&a, "sample_initial"), 6);
    assert_int_equal(answer_integer(&a, "sample_surveillance"), 4);
    assert_int_equal(answer_integer(&a, "sample_recertification"), 6);
    assert_int_equal(answer_integer(&a, "sample_random"), 2);
    answer_free(&a);
    char *own = make(office, BODY "audit-time-tables",
                     json_pack("{s:s, s:s, s:[{s:i, s:i, s:s}]}", "title", "Our own", "valid_from_on", day(0), "bands",
                               "persons_min", 1, "persons_max", 100, "days", "20.00"));
    expect_days(with(calculation(), "table_id", json_string(own)), "68", "20.00", "14.00", "6.67", "13.34");
    free(own);
    refused(api_post(office, BODY "audit-time-tables",
                     json_pack("{s:s, s:s, s:[{s:i, s:i, s:s}]}", "title", "With a gap", "valid_from_on", day(0), "bands",
                               "persons_min", 2, "persons_max", 100, "days", "20.00")),
            422, "gap_in_bands", "/bands");
}

/* ---- nonconformities */

static const char *const finding_states[] = {"open",          "contained",   "cause_found", "plan_submitted",
                                             "plan_accepted", "implemented", "verified",    "closed"};
static const char *const way[] = {"contain", "find_cause", "submit_plan", "accept_plan", "implement", "verify", "close"};
enum { FINDING_STATES = 8 };

static json_t *input_of(const char *verb)
{
    if (strcmp(verb, "verify") == 0)
        return json_pack("{s:s}", "verified_on", day(-1));
    bool reason = strcmp(verb, "reject_plan") == 0 || strcmp(verb, "fail_verification") == 0;
    return reason ? json_pack("{s:s}", "reason", "Of the test") : NULL;
}

static char *finding_in(size_t at)
{
    char *id =
        make(auditor, BODY "nonconformities",
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Of the test", "audit_id", audit,
                       "grade", "major", "requirement", "A.8.13", "statement", "x", "evidence", "x", "found_on", day(-19),
                       "correction", "x", "cause", "x", "corrective_action", "x", "assessment", "x", "result", "x"));
    for (size_t i = 0; i < at; i++)
        done(act(auditor, BODY "nonconformities", id, way[i], input_of(way[i])));
    return id;
}

static void nonconformities_step_by_step(void **state)
{
    (void)state;
    static const struct {
        const char *verb;
        int from, to; /* of finding_states; from -1: from none here (an observation only) */
    } table[] = {{"contain", 0, 1},     {"find_cause", 1, 2},        {"submit_plan", 2, 3},
                 {"accept_plan", 3, 4}, {"reject_plan", 3, 2},       {"implement", 4, 5},
                 {"verify", 5, 6},      {"fail_verification", 5, 2}, {"close", 6, 7}};
    for (size_t v = 0; v < sizeof table / sizeof *table; v++)
        for (int s = 0; s < FINDING_STATES; s++) {
            char *id = finding_in((size_t)s);
            struct answer a = act(auditor, BODY "nonconformities", id, table[v].verb, input_of(table[v].verb));
            if (s == table[v].from) {
                expect_status(&a, 200);
                assert_string_equal(answer_text(&a, "status"), finding_states[table[v].to]);
            } else {
                expect_problem(&a, 409, "wrong_state", NULL);
            }
            answer_free(&a);
            free(id);
        }
    char *id = finding_in(0);
    refused(act(auditor, BODY "nonconformities", id, "note", NULL), 409, "not_an_observation", "/grade");
    done(act(auditor, BODY "nonconformities", id, "", json_pack("{s:s}", "grade", "observation")));
    done(act(auditor, BODY "nonconformities", id, "note", NULL));
    free(id);
    id = finding_in(5);
    refused(act(auditor, BODY "nonconformities", id, "verify", json_pack("{s:s}", "verified_on", day(3))), 422, "in_the_future",
            "/verified_on");
    refused(act(auditor, BODY "nonconformities", id, "verify", json_pack("{s:s}", "verified_on", day(-40))), 422, "wrong_order",
            "/verified_on");
    free(id);
    refused(api_post(auditor, BODY "nonconformities",
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "x", "audit_id", audit, "requirement", "4.1",
                               "statement", "x", "evidence", "x", "found_on", day(-10))),
            422, "outside_audit", "/found_on");
    refused(api_post(auditor, BODY "nonconformities",
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "x", "audit_id", audit, "requirement", "4.1",
                               "statement", "x", "evidence", "x", "found_on", day(-21))),
            422, "outside_audit", "/found_on");
}

/* ---- complaints */

static void panels_are_independent(void **state)
{
    (void)state;
    char *marco = own_id(auditor), *ursula = own_id(decider), *edda = own_id(office);
    char *id = make(office, BODY "complaints",
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Late", "raised_by", "The client", "text", "Late.",
                              "received_on", day(-3), "certificate_id", certificate, "panel_1_id", marco));
    refused(act(office, BODY "complaints", id, "assign", NULL), 422, "not_independent", "/panel_1_id");
    done(act(office, BODY "complaints", id, "", json_pack("{s:s, s:s}", "panel_1_id", edda, "panel_2_id", marco)));
    refused(act(office, BODY "complaints", id, "assign", NULL), 422, "not_independent", "/panel_2_id");
    done(act(office, BODY "complaints", id, "", json_pack("{s:s}", "panel_2_id", ursula)));
    done(act(office, BODY "complaints", id, "assign", NULL));
    refused(act(office, BODY "complaints", id, "answer", NULL), 422, "required", "/answer");
    done(act(office, BODY "complaints", id, "", json_pack("{s:s, s:s}", "outcome", "upheld", "answer", "You are right.")));
    done(act(office, BODY "complaints", id, "answer", NULL));
    free(id);
    id = make(office, BODY "complaints",
              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Against it", "kind", "appeal", "raised_by", "The client",
                        "text", "x", "received_on", day(-3), "panel_1_id", edda));
    refused(act(office, BODY "complaints", id, "assign", NULL), 422, "required", "/decision_id");
    free(id);
    free(marco);
    free(ursula);
    free(edda);
}

/* ---- the audit file */

static char *arrives(struct api *who, const char *query)
{
    for (int i = 0; i < 300; i++) {
        struct answer a = api_get(who, "%s", query);
        expect_status(&a, 200);
        const char *found = answer_text(&a, "items/0/id");
        char *id = found && answer_text(&a, "items/0/digest") ? strdup(found) : NULL;
        answer_free(&a);
        if (id)
            return id;
        poll(NULL, 0, 100);
    }
    fail_msg("nothing arrived at %s", query);
    return NULL;
}

static void the_audit_file_is_a_copy(void **state)
{
    (void)state;
    char query[200];
    char *id = make(client, CLIENT "audit-files",
                    json_pack("{s:s, s:s, s:s}", "title", "File of the test", "body_org", "outerwall", "expires_on", day(30)));
    refused(api_get(client, CLIENT "audit-files/%s/content", id), 409, "nothing_in_it", NULL);
    done(act(client, CLIENT "audit-files", id, "seal", NULL));
    refused(act(client, CLIENT "audit-files", id, "give", NULL), 403, "forbidden",
            NULL); /* the manager seals, top management gives */
    struct answer mine = api_get(client, CLIENT "audit-files/%s/content", id);
    expect_status(&mine, 200);
    assert_true(json_array_size(answer_at(&mine, "items")) >= 2);
    assert_null(strstr(mine.body, "tenant_id"));
    done(act(top, CLIENT "audit-files", id, "give", NULL));
    snprintf(query, sizeof query, BODY "received-files?source=%s", id);
    char *there = arrives(auditor, query);
    struct answer theirs = api_get(auditor, BODY "received-files/%s/content", there);
    expect_status(&theirs, 200);
    assert_true(json_equal(answer_at(&mine, "items"), answer_at(&theirs, "items")));
    size_t i;
    json_t *part;
    json_array_foreach(answer_at(&theirs, "items"), i, part)
    {
        assert_true(json_is_true(json_object_get(part, "intact")));
    }
    answer_free(&mine);
    answer_free(&theirs);
    refused(api_get(auditor, CLIENT "audit-files/%s/content", id), 404, "no_such_organisation",
            NULL); /* never in the client's own */
    done(act(top, CLIENT "audit-files", id, "recall", json_pack("{s:s}", "reason", "Done")));
    int status = 200;
    for (int k = 0; k < 300 && status == 200; k++) {
        struct answer a = api_get(auditor, BODY "received-files/%s/content", there);
        status = a.status;
        answer_free(&a);
        poll(NULL, 0, status == 200 ? 100 : 0);
    }
    assert_int_equal(status, 409);
    free(there);
    free(id);
    id = make(client, CLIENT "audit-files",
              json_pack("{s:s, s:s, s:s}", "title", "Over", "body_org", "outerwall", "expires_on", day(-2)));
    refused(act(client, CLIENT "audit-files", id, "seal", NULL), 422, "over", "/expires_on");
    free(id);
}

/* ---- the certificate on paper: that of keep, which the demo has certified */

static void the_certificate_is_printed(void **state)
{
    (void)state;
    struct answer a = api_post(office, BODY "reports/certificate", json_pack("{s:s, s:s}", "id", certificate, "format", "pdf"));
    expect_status(&a, 202);
    char *job = strdup(answer_text(&a, "url"));
    answer_free(&a);
    for (int i = 0; i < 600; i++) { /* not certified: the job says so */
        a = api_get(office, "%s", job);
        const char *at = answer_text(&a, "state");
        if (at && strcmp(at, "dead") == 0)
            break;
        answer_free(&a);
        poll(NULL, 0, 100);
    }
    assert_non_null(strstr(a.body, "only a valid certificate"));
    answer_free(&a);
    free(job);
    a = api_get(office, BODY "certificates?client_org=keep&status=certified");
    char *id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    a = api_post(office, BODY "reports/certificate", json_pack("{s:s, s:s}", "id", id, "format", "pdf"));
    expect_status(&a, 202);
    job = strdup(answer_text(&a, "url"));
    answer_free(&a);
    for (int i = 0; i < 600; i++) {
        a = api_get(office, "%s", job);
        const char *at = answer_text(&a, "state");
        if (at && strcmp(at, "queued") != 0)
            break;
        answer_free(&a);
        poll(NULL, 0, 100);
    }
    assert_string_equal(answer_text(&a, "state"), "done");
    answer_free(&a);
    free(job);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_time),
        cmocka_unit_test(nonconformities_step_by_step),
        cmocka_unit_test(panels_are_independent),
        cmocka_unit_test(the_audit_file_is_a_copy),
        cmocka_unit_test(the_certificate_is_printed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
