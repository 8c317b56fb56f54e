/* Three years of a certification through the running service, played by both parties: application, stages with a major
 * nonconformity, decision, surveillances, a suspension, a recertification; an expiry with its restoration. Each side reads in its
 * own organisation only, and what the client reads is checked field by field. Days lie relative to today: records of earlier days
 * are allowed. */
#include "api.h"
#include "unit.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY "/api/v1/orgs/outerwall/certification/"
#define CLIENT "/api/v1/orgs/moat/certification/"

static struct api *office, *auditor, *decider, *client, *client_owner;

static char *own_id(struct api *who)
{
    struct answer a = api_get(who, "/api/v1/me");
    char *id = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return id;
}

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

static int days_from_today(const char *date)
{
    struct tm parts = {0};
    assert_int_equal(sscanf(date, "%d-%d-%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday), 3);
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return (int)(timegm(&parts) / 86400 - time(NULL) / 86400);
}

/* So many years after, the last day of February when there is no 29th, less so many days. */
static const char *years_after(const char *date, int years, int less)
{
    struct tm parts = {0};
    static char text[11];
    sscanf(date, "%d-%d-%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday);
    int wanted = parts.tm_mday;
    parts.tm_year += years - 1900;
    parts.tm_mon--;
    timegm(&parts);
    if (parts.tm_mday != wanted)
        parts.tm_mday = 0;
    parts.tm_mday -= less;
    timegm(&parts);
    strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return text;
}

static char *make(struct api *who, const char *path, json_t *body)
{
    struct answer a = api_post(who, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

/* PATCH (verb "") or a transition, with the record's ETag; expects 200, or the problem. Steals the body. */
static void act(struct api *who, const char *path, const char *id, const char *verb, json_t *body, int status, const char *code)
{
    char full[300];
    struct answer now = api_get(who, "%s/%s", path, id);
    expect_status(&now, 200);
    snprintf(full, sizeof full, "%s/%s%s%s", path, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", full, body, answer_header(&now, "etag"));
    if (code)
        expect_problem(&a, status, code, NULL);
    else
        expect_status(&a, status);
    answer_free(&a);
    answer_free(&now);
}
#define OK 200, NULL

/* The worker carries messages over about once a second. Waits for the first record of a list whose member has the value; the list
 * is narrowed by its query. The caller frees the id. */
static char *arrives(struct api *who, const char *query, const char *member, const char *value)
{
    for (int i = 0; i < 300; i++) {
        struct answer a = api_get(who, "%s", query);
        expect_status(&a, 200);
        size_t k;
        json_t *record;
        json_array_foreach(answer_at(&a, "items"), k, record)
        {
            const char *found = json_string_value(json_object_get(record, member));
            if (found && strcmp(found, value) == 0) {
                char *id = strdup(json_string_value(json_object_get(record, "id")));
                answer_free(&a);
                return id;
            }
        }
        answer_free(&a);
        poll(NULL, 0, 100);
    }
    fail_msg("nothing with %s = %s arrived at %s", member, value, query);
    return NULL;
}

static void expect_member(struct api *who, const char *path, const char *id, const char *member, const char *value)
{
    struct answer a = api_get(who, "%s/%s", path, id);
    expect_status(&a, 200);
    const char *found = answer_text(&a, member);
    if (!value ? found != NULL : !found || strcmp(found, value) != 0)
        fail_msg("%s/%s: %s is %s, not %s", path, id, member, found ? found : "null", value ? value : "null");
    answer_free(&a);
}

static char *read_member(struct api *who, const char *path, const char *id, const char *member)
{
    struct answer a = api_get(who, "%s/%s", path, id);
    expect_status(&a, 200);
    const char *found = answer_text(&a, member);
    char *copy = found ? strdup(found) : NULL;
    answer_free(&a);
    return copy;
}

static void engage(void)
{
    struct answer a = api_get(office, "/api/v1/orgs/outerwall/engagements");
    expect_status(&a, 200);
    size_t i;
    json_t *e;
    bool there = false;
    json_array_foreach(answer_at(&a, "items"), i, e)
    {
        there = there || (strcmp(json_string_value(json_object_get(json_object_get(e, "organisation"), "slug")), "moat") == 0 &&
                          strcmp(json_string_value(json_object_get(e, "state")), "active") == 0);
    }
    answer_free(&a);
    if (there)
        return;
    char *id = make(office, "/api/v1/orgs/outerwall/engagements",
                    json_pack("{s:s, s:s, s:[s], s:s, s:s}", "organisation", "moat", "kind", "certification", "roles", "reader",
                              "valid_from", day(-1), "valid_to", day(400)));
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/moat/engagements/%s:accept", id);
    a = api_post(client_owner, path, json_object());
    expect_status(&a, 200);
    answer_free(&a);
    free(id);
}

/* What the tests share: two auditors who cover everything. */
static char *lead, *second;

static char *make_auditor(const char *name, const char *member, const char *from)
{
    static const char *const areas[] = {"leading",    "audit_method", "management_systems", "isms",
                                        "sector_law", "threats",      "measurement",        "good_practice",
                                        "assets",     "technology",   "risk_method"};
    json_t *competences = json_array();
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        json_array_append_new(competences, json_pack("{s:s, s:s}", "area", areas[i], "from_on", from));
    json_t *body = json_pack("{s:s, s:o}", "name", name, "competences", competences);
    if (member)
        json_object_set_new(body, "member_id", json_string(member));
    return make(office, BODY "auditors", body);
}

static int set_up(void **state)
{
    (void)state;
    office = api_as("outerwall", "owner");
    auditor = api_as("outerwall", "cb_auditor");
    decider = api_as("outerwall", "cb_decider");
    client = api_as("moat", "manager");
    client_owner = api_as("moat", "owner");
    engage();
    char *me = own_id(auditor);
    lead = make_auditor("Marco Bellini", me, day(-3000));
    second = make_auditor("Second of the test", NULL, day(-3000));
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
    api_free(client_owner);
    free(lead);
    free(second);
    return 0;
}

struct file { /* of one certification */
    char *application, *certificate;
    bool here; /* the client is an organisation of the service */
};

static char *plan_audit(const struct file *f, const char *kind, int from, int to)
{
    char *id = make(auditor, BODY "certification-audits",
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", kind, "certificate_id", f->certificate, "kind",
                              kind, "starts_on", day(from), "ends_on", day(to), "days", "2.00", "plan", "Who looks at what.",
                              "notes", "SECRET of the team"));
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s, s:s}", "audit_id", id, "auditor_id", lead, "duty", "leader")));
    return id;
}

/* Announced, agreed by the client in its own organisation, concluded. */
static void hold(const struct file *f, const char *audit)
{
    act(auditor, BODY "certification-audits", audit, "announce", NULL, OK);
    if (f->here) {
        char query[200];
        snprintf(query, sizeof query, CLIENT "announced-audits?source=%s", audit);
        char *visit = arrives(client, query, "status", "announced");
        act(client, CLIENT "announced-audits", visit, "agree", NULL, OK);
        free(visit);
        snprintf(query, sizeof query, BODY "certification-audits?certificate_id=%s&status=agreed", f->certificate);
        free(arrives(auditor, query, "id", audit));
    } else {
        act(auditor, BODY "certification-audits", audit, "agree", NULL, OK);
    }
    act(auditor, BODY "certification-audits", audit, "", json_pack("{s:s}", "report", "As it was found."), OK);
}

static void audit_held(const struct file *f, const char *kind, int from, int to)
{
    char *id = plan_audit(f, kind, from, to);
    hold(f, id);
    act(auditor, BODY "certification-audits", id, "conclude", NULL, OK);
    free(id);
}

static char *draft(const struct file *f, const char *outcome, const char *on, json_t *more)
{
    json_t *body =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", outcome, "certificate_id", f->certificate, "outcome", outcome,
                  "decided_on", on, "reasons", "For the reasons given.", "considerations", "SECRET of the decision");
    if (more)
        json_object_update(body, more);
    json_decref(more);
    return make(office, BODY "decisions", body);
}

static void decided(const struct file *f, const char *outcome, const char *on, json_t *more)
{
    char *id = draft(f, outcome, on, more);
    act(decider, BODY "decisions", id, "decide", NULL, OK);
    act(decider, BODY "decisions", id, "release", NULL, OK);
    free(id);
}

static void not_decided(const struct file *f, const char *outcome, const char *on, json_t *more, int status, const char *code)
{
    char *id = draft(f, outcome, on, more);
    act(decider, BODY "decisions", id, "decide", NULL, status, code);
    act(office, BODY "decisions", id, "drop", json_pack("{s:s}", "reason", "Refused"), OK);
    free(id);
}

static char *raise_finding(const char *audit, const char *grade, int on)
{
    return make(auditor, BODY "nonconformities",
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", grade, "audit_id", audit, "grade", grade, "requirement",
                          "A.8.13", "statement", "No restore was tried.", "evidence", "The log.", "found_on", day(on)));
}

/* The answers of the client, in its own organisation. */
static void client_answers(const char *finding)
{
    static const struct {
        const char *field, *verb, *state;
    } steps[] = {{"correction", "contain", "contained"},
                 {"cause", "find_cause", "cause_found"},
                 {"corrective_action", "submit_plan", "plan_submitted"}};
    char query[200];
    snprintf(query, sizeof query, CLIENT "received-findings?source=%s", finding);
    char *mine = arrives(client, query, "status", "open");
    struct answer taken = api_get(client, "/api/v1/orgs/moat/improvement/nonconformities?origin_id=%s", mine);
    assert_int_equal(json_array_size(answer_at(&taken, "items")), 1); /* and is one of the client's own improvement */
    assert_string_equal(answer_text(&taken, "items/0/source"), "certification_body");
    answer_free(&taken);
    for (size_t i = 0; i < 3; i++) {
        act(client, CLIENT "received-findings", mine, steps[i].verb, NULL, 422, "required");
        act(client, CLIENT "received-findings", mine, "", json_pack("{s:s}", steps[i].field, "Ours."), OK);
        act(client, CLIENT "received-findings", mine, steps[i].verb, NULL, OK);
    }
    act(client, CLIENT "received-findings", mine, "", json_pack("{s:s}", "grade", "observation"), 409, "of_the_body");
    snprintf(query, sizeof query, BODY "nonconformities?status=plan_submitted&limit=500");
    free(arrives(auditor, query, "id", finding));
    act(auditor, BODY "nonconformities", finding, "", json_pack("{s:s}", "assessment", "Fits."), OK);
    act(auditor, BODY "nonconformities", finding, "accept_plan", NULL, OK);
    snprintf(query, sizeof query, CLIENT "received-findings?source=%s", finding);
    free(arrives(client, query, "status", "plan_accepted"));
    act(client, CLIENT "received-findings", mine, "", json_pack("{s:s}", "result", "Done."), OK);
    act(client, CLIENT "received-findings", mine, "implement", NULL, OK);
    free(arrives(auditor, BODY "nonconformities?status=implemented&limit=500", "id", finding));
    free(mine);
}

static void verified(const char *finding, int on)
{
    act(auditor, BODY "nonconformities", finding, "verify", json_pack("{s:s}", "verified_on", day(on)), OK);
}

/* By hand at the body, for a client that is not here. */
static void answered_by_hand(const char *finding)
{
    act(auditor, BODY "nonconformities", finding, "",
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "correction", "x", "cause", "x", "corrective_action", "x", "assessment", "x",
                  "result", "x"),
        OK);
    static const char *const verbs[] = {"contain", "find_cause", "submit_plan", "accept_plan", "implement"};
    for (size_t i = 0; i < 5; i++)
        act(auditor, BODY "nonconformities", finding, verbs[i], NULL, OK);
}

static void declare(const struct file *f, const char *who, const char *as)
{
    free(make(office, BODY "impartiality-declarations",
              json_pack("{s:s, s:s, s:s, s:s}", "auditor_id", who, "certificate_id", f->certificate, "worked_as", as,
                        "declared_on", day(-1200))));
}

static void contract(struct file *f)
{
    act(office, BODY "certificates", f->certificate, "apply", NULL, OK);
    struct answer timed = api_get(office, BODY "audit-time-calculations?application_id=%s&status=approved", f->application);
    bool again = json_array_size(answer_at(&timed, "items")) > 0; /* another certificate of the same application */
    answer_free(&timed);
    if (again) {
        act(office, BODY "certificates", f->certificate, "contract", json_pack("{s:s}", "agreement_signed_on", day(-1190)), OK);
        declare(f, lead, "none");
        return;
    }
    json_t *signed_on = json_pack("{s:s}", "agreement_signed_on", day(-1190));
    act(office, BODY "certificates", f->certificate, "contract", json_incref(signed_on), 422, "audit_time_missing");
    char *time = make(auditor, BODY "audit-time-calculations",
                      json_pack("{s:s, s:s, s:i, s:s}", "title", "Initial audit", "application_id", f->application, "persons", 14,
                                "adjustment_reason", "Usual."));
    act(auditor, BODY "audit-time-calculations", time, "approve", NULL, 403, "separation_of_duties");
    act(office, BODY "audit-time-calculations", time, "approve", NULL, OK);
    act(office, BODY "audit-time-calculations", time, "", json_pack("{s:i}", "persons", 3), 409, "frozen");
    expect_member(office, BODY "audit-time-calculations", time, "initial_days", "6.00");
    free(time);
    act(office, BODY "certificates", f->certificate, "contract", signed_on, OK);
    declare(f, lead, "none");
}

static json_t *certificate_of(const struct file *f)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "client_name", f->here ? "Moat Hosting" : "By Hand Ltd", "application_id",
                     f->application, "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "scope", "Hosting.");
}

static json_t *stage2_facts(void)
{
    return json_pack("{s:b, s:s, s:s}", "concerns_settled", 1, "internal_audit_on", day(-1150), "management_review_on",
                     day(-1140));
}

/* Every member of the client's record, and nothing beside: what the body sends is all that there is. */
static void only_these(const char *path, const char *id, const char *words)
{
    struct answer a = api_get(client, "%s/%s", path, id);
    const char *name;
    json_t *value;
    expect_status(&a, 200);
    json_object_foreach(a.json, name, value)
    {
        char word[64];
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(words, word))
            fail_msg("the client reads %s of %s", name, path);
    }
    assert_null(strstr(a.body, "SECRET"));
    answer_free(&a);
}
#define ENGINE " id ref version created_at created_by updated_at updated_by archived_at status actions links sender source "

static char *apply_from_client(void)
{
    char *request = make(client, CLIENT "certification-requests",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "title", "Our application", "body_org",
                                   "outerwall", "scope", "Hosting.", "address", "Mill Lane 12", "city", "Göttingen", "country",
                                   "DE", "persons", 14, "outsourcing", "The room."));
    act(client, CLIENT "certification-requests", request, "send", NULL, OK);
    char query[200];
    snprintf(query, sizeof query, BODY "applications?request_id=%s", request);
    char *application = arrives(office, query, "request_id", request);
    act(office, BODY "applications", application, "accept", NULL, 422, "required");
    act(office, BODY "applications", application, "", json_pack("{s:s}", "review", "We can."), OK);
    act(office, BODY "applications", application, "accept", NULL, OK);
    snprintf(query, sizeof query, CLIENT "certification-requests?status=accepted&limit=500");
    free(arrives(client, query, "id", request));
    free(request);
    return application;
}

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
         *decision = draft(f, "grant", day(-1000), json_pack("{s:s}", "soa_version", "2"));
    act(office, BODY "decisions", decision, "decide", NULL, 403, "separation_of_duties"); /* who wrote it */
    act(decider, BODY "decisions", decision, "decide", NULL, OK);
    act(office, BODY "certificates", f->certificate, "grant", NULL, 422, "decision_missing"); /* not past the release */
    char query[200];
    snprintf(query, sizeof query, CLIENT "received-decisions?source=%s", decision);
    struct answer a = api_get(client, "%s", query);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 0);
    answer_free(&a);
    expect_member(client, CLIENT "held-certificates", held, "state", "stage2_done");
    expect_member(client, CLIENT "held-certificates", held, "number", NULL);
    a = api_get(client, BODY "decisions/%s", decision);
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
        decided(f, "maintain", day(by - 1), NULL);
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
    const char *expiry = years_after(day(-1000), 3, 1);
    char first_expiry[11];
    snprintf(first_expiry, sizeof first_expiry, "%s", expiry);
    expect_member(office, BODY "certificates", f.certificate, "expires_on", first_expiry);
    expect_member(office, BODY "certificates", f.certificate, "surveillance_due_on", years_after(day(-1000), 1, 0));
    decided(&f, "suspend", day(-990), NULL);
    expect_member(office, BODY "certificates", f.certificate, "expires_on", first_expiry); /* the clock runs on */
    not_decided(&f, "reinstate", day(-980), NULL, 422, "not_resolved");
    decided(&f, "reinstate", day(-980), json_pack("{s:b}", "resolved", 1));
    not_decided(&f, "maintain", day(-970), NULL, 422, "surveillance_missing");
    surveillances(&f);
    not_decided(&f, "renew", day(0), NULL, 422, "recertification_missing");
    char *audit = plan_audit(&f, "recertification", -30, -28);
    hold(&f, audit);
    char *major = raise_finding(audit, "major", -29);
    expect_member(office, BODY "nonconformities", major, "verify_by_on", first_expiry);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    not_decided(&f, "renew", day(0), NULL, 422, "major_not_verified");
    client_answers(major);
    verified(major, -5);
    decided(&f, "renew", day(0), json_pack("{s:s}", "soa_version", "3"));
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

static struct file by_hand(void)
{
    struct file f = {.here = false};
    f.application = make(office, BODY "applications",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "client_name", "By Hand Ltd", "scope",
                                   "Hosting.", "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "persons", 14,
                                   "outsourcing", "Nothing.", "received_on", day(-1300), "review", "We can."));
    act(office, BODY "applications", f.application, "accept", NULL, OK);
    f.certificate = make(office, BODY "certificates", certificate_of(&f));
    contract(&f);
    return f;
}

static void granted_by_hand(struct file *f, int on)
{
    audit_held(f, "stage_1", on - 60, on - 59);
    act(auditor, BODY "certificates", f->certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    audit_held(f, "stage_2", on - 30, on - 29);
    act(auditor, BODY "certificates", f->certificate, "complete_stage2", stage2_facts(), OK);
    act(auditor, BODY "certificates", f->certificate, "recommend", NULL, OK);
    decided(f, "grant", day(on), json_pack("{s:s}", "soa_version", "1"));
}

/* By the service when it is quicker, by us when not. */
static void expired(const struct file *f)
{
    char path[300];
    snprintf(path, sizeof path, BODY "certificates/%s", f->certificate);
    struct answer now = api_get(office, "%s", path);
    strcat(path, ":expire");
    struct answer a = api_send(office, "POST", path, NULL, answer_header(&now, "etag"));
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
    not_decided(&f, "renew", day(0), NULL, 409, "wrong_state");
    not_decided(&f, "restore", day(0), NULL, 422, "recertification_missing");
    char *audit = plan_audit(&f, "recertification", -3, -2);
    hold(&f, audit);
    char *major = raise_finding(audit, "major", -2);
    act(auditor, BODY "certification-audits", audit, "conclude", NULL, OK);
    not_decided(&f, "restore", day(0), NULL, 422, "major_not_verified");
    answered_by_hand(major);
    verified(major, -1);
    decided(&f, "restore", day(0), NULL);
    expect_member(office, BODY "certificates", f.certificate, "status", "certified");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", years_after(last, 3, 0));
    expect_member(office, BODY "certificates", f.certificate, "effective_on", day(0));
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
    not_decided(&f, "restore", day(0), NULL, 422, "restoration_over");
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
    struct answer a = api_post(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", lead));
    expect_problem(&a, 409, "in_team", "/auditor_id");
    answer_free(&a);
    char *late = make_auditor("Competent too late", NULL, day(-10));
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", second)));
    act(auditor, BODY "certification-audits", audit, "announce", NULL, 422,
        "not_impartial"); /* the second has declared nothing */
    declare(&f, second, "none");
    act(auditor, BODY "certification-audits", audit, "announce", NULL, OK);
    a = api_post(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", audit, "auditor_id", late));
    expect_problem(&a, 409, "announced", NULL);
    answer_free(&a);
    char *other = make(auditor, BODY "certification-audits",
                       json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Again", "certificate_id", f.certificate, "kind",
                                 "stage_1", "starts_on", day(-60), "ends_on", day(-5), "days", "1", "plan", "x"));
    declare(&f, late, "none");
    free(make(auditor, BODY "team-members",
              json_pack("{s:s, s:s, s:s}", "audit_id", other, "auditor_id", late, "duty", "leader")));
    act(auditor, BODY "certification-audits", other, "announce", NULL, 422, "area_not_covered");
    char *ties = make_auditor("Consulted last year", NULL, day(-3000));
    free(make(office, BODY "impartiality-declarations",
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "auditor_id", ties, "certificate_id", f.certificate, "worked_as",
                        "consultant", "worked_until_on", day(-700), "declared_on", day(0))));
    a = api_post(auditor, BODY "team-members", json_pack("{s:s, s:s}", "audit_id", other, "auditor_id", ties));
    expect_problem(&a, 422, "not_impartial", "/auditor_id");
    answer_free(&a);
    free(make(office, BODY "impartiality-declarations", /* more than two years: cleared */
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "auditor_id", ties, "certificate_id", f.certificate, "worked_as",
                        "consultant", "worked_until_on", day(-740), "declared_on", day(0))));
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
    json_t *there = json_pack("{s:s, s:s, s:s, s:b, s:b}", "transfer_from", "Another Body", "transfer_decided_on", day(-400),
                              "transfer_expires_on", day(690), "transfer_accredited", 1, "transfer_suspended", 1);
    json_object_update(body, there);
    json_decref(there);
    f.certificate = make(office, BODY "certificates", body);
    not_decided(&f, "take_over", day(-1), json_pack("{s:s}", "soa_version", "1"), 422, "transfer_suspended");
    act(office, BODY "certificates", f.certificate, "", json_pack("{s:b}", "transfer_suspended", 0), OK);
    not_decided(&f, "take_over", day(-1), NULL, 422, "soa_version_missing");
    decided(&f, "take_over", day(-1), json_pack("{s:s}", "soa_version", "1"));
    expect_member(office, BODY "certificates", f.certificate, "status", "certified");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", day(690)); /* the running cycle carries over */
    expect_member(office, BODY "certificates", f.certificate, "decided_on", day(-400));
    expect_member(office, BODY "certificates", f.certificate, "effective_on", day(-1));
    free(f.application);
    free(f.certificate);
}

static void a_scope_changes_and_the_expiry_stays(void **state)
{
    (void)state;
    struct file f = by_hand();
    granted_by_hand(&f, -200);
    char *expiry = read_member(office, BODY "certificates", f.certificate, "expires_on");
    not_decided(&f, "extend", day(-10), json_pack("{s:s}", "new_scope", "Hosting and backup."), 422, "audit_missing");
    audit_held(&f, "special", -20, -19);
    not_decided(&f, "extend", day(-10), NULL, 422, "scope_missing");
    decided(&f, "extend", day(-10), json_pack("{s:s}", "new_scope", "Hosting and backup."));
    expect_member(office, BODY "certificates", f.certificate, "scope", "Hosting and backup.");
    expect_member(office, BODY "certificates", f.certificate, "expires_on", expiry);
    decided(&f, "reduce", day(-9), json_pack("{s:s}", "new_scope", "Backup."));
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
    not_decided(&f, "grant", day(-1), json_pack("{s:s}", "soa_version", "1"), 422, "edition_ended");
    free(f.application);
    free(f.certificate);
}

static void the_register_shows_what_it_may(void **state)
{
    (void)state;
    struct file f = by_hand();
    struct api *nobody = api_new();
    granted_by_hand(&f, -200);
    char *number = read_member(office, BODY "certificates", f.certificate, "number");
    struct answer a = api_get(nobody, "/api/v1/public/certificates/%s", number);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "status"), "Active");
    assert_string_equal(answer_text(&a, "standard"), "ISO/IEC 27001:2022");
    assert_string_equal(answer_text(&a, "expires_on"), years_after(day(-200), 3, 1));
    static const char shown[] =
        " number name city country status standard scope sites effective_on expires_on revision body accreditation_body "
        "accreditation_number ";
    const char *name;
    json_t *value;
    json_object_foreach(a.json, name, value)
    {
        char word[64];
        snprintf(word, sizeof word, " %s ", name);
        assert_non_null(strstr(shown, word));
    }
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates?name=by%%20hand&status=Active");
    expect_status(&a, 200);
    assert_non_null(strstr(a.body, number));
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates?name=by");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    act(office, BODY "certificates", f.certificate, "suspend_requested",
        json_pack("{s:s, s:s}", "request", "Letter", "asked_on", day(-3)), OK);
    a = api_get(nobody, "/api/v1/public/certificates/%s", number);
    assert_string_equal(answer_text(&a, "status"), "Suspended");
    answer_free(&a);
    a = api_get(office, BODY "register-export");
    expect_status(&a, 200);
    assert_non_null(strstr(a.body, number));
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates/NO-SUCH-1");
    expect_status(&a, 404);
    answer_free(&a);
    api_free(nobody);
    free(number);
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
        cmocka_unit_test(the_register_shows_what_it_may),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
