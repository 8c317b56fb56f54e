/* A certification played through the running service: a body and a client of this program's own, who meet nobody else's records,
 * and the words that its tests share. Paths begin with BODY or CLIENT. Days lie relative to today: records of earlier days are
 * allowed. Static: each program has its own. */
#ifndef SUPPORT_CERTIFICATION_H
#define SUPPORT_CERTIFICATION_H

#include "area.h"
#include "person.h"
#include <poll.h>

#define BODY "body:"
#define CLIENT "client:"

static struct api *office, *auditor, *decider, *client, *client_owner;
static char body_org[60], client_org[60];

/* What a path says, as the service knows it. Good until the next call but seven. */
AREA_UNUSED static const char *at(const char *path)
{
    static char paths[8][300];
    static int next;
    const char *rest = strchr(path, ':') + 1;
    if (path[0] == '/')
        return path;
    next = (next + 1) % 8;
    snprintf(paths[next], sizeof paths[next], "/api/v1/orgs/%s/certification/%s", *path == 'b' ? body_org : client_org, rest);
    return paths[next];
}

AREA_UNUSED static struct answer get(struct api *who, const char *format, ...) __attribute__((format(printf, 2, 3)));
AREA_UNUSED static struct answer get(struct api *who, const char *format, ...)
{
    char path[300];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return api_get(who, "%s", at(path));
}

AREA_UNUSED static int days_from_today(const char *date)
{
    struct tm parts = {0};
    assert_int_equal(sscanf(date, "%d-%d-%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday), 3);
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return (int)(timegm(&parts) / 86400 - time(NULL) / 86400);
}

/* So many years after, the last day of February when there is no 29th, less so many days. */
AREA_UNUSED static const char *years_after(const char *date, int years, int less)
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
AREA_UNUSED static char *make(struct api *who, const char *path, json_t *body)
{
    struct answer a = api_post(who, at(path), body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

/* PATCH (verb "") or a transition, with the record's ETag; expects 200, or the problem. Steals the body. */
AREA_UNUSED static void act(struct api *who, const char *path, const char *id, const char *verb, json_t *body, int status,
                            const char *code)
{
    char full[300];
    struct answer now = get(who, "%s/%s", path, id);
    expect_status(&now, 200);
    snprintf(full, sizeof full, "%s/%s%s%s", path, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", at(full), body, answer_header(&now, "etag"));
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
AREA_UNUSED static char *arrives(struct api *who, const char *query, const char *member, const char *value)
{
    for (int i = 0; i < 300; i++) {
        struct answer a = get(who, "%s", query);
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

AREA_UNUSED static void expect_member(struct api *who, const char *path, const char *id, const char *member, const char *value)
{
    struct answer a = get(who, "%s/%s", path, id);
    expect_status(&a, 200);
    const char *found = answer_text(&a, member);
    if (!value ? found != NULL : !found || strcmp(found, value) != 0)
        fail_msg("%s/%s: %s is %s, not %s", path, id, member, found ? found : "null", value ? value : "null");
    answer_free(&a);
}

AREA_UNUSED static char *read_member(struct api *who, const char *path, const char *id, const char *member)
{
    struct answer a = get(who, "%s/%s", path, id);
    expect_status(&a, 200);
    const char *found = answer_text(&a, member);
    char *copy = found ? strdup(found) : NULL;
    answer_free(&a);
    return copy;
}
/* An organisation of that kind, in which the people of the demo's `like` have their roles. */
AREA_UNUSED static void new_org(char slug[60], const char *stem, const char *kind, const char *like, const char *const *roles)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(slug, 60, "%s-%llx", stem, (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org create --slug %s --name 'The %s of a test' --kind %s", slug, stem, kind);
    for (; *roles; roles++)
        person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org %s --roles %s", api_email(like, *roles), slug,
                     *roles);
}

/* `provider` offers, the client accepts; `area` NULL: in all areas. Free the engagement's id. */
AREA_UNUSED static char *engage(struct api *provider, const char *slug, const char *kind, const char *role, const char *area)
{
    char path[200];
    json_t *body = json_pack("{s:s, s:s, s:[s], s:s, s:s}", "organisation", client_org, "kind", kind, "roles", role, "valid_from",
                             area_day(-1), "valid_to", area_day(400));
    if (area)
        json_object_set_new(body, "areas", json_pack("[s]", area));
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements", slug);
    struct answer a = api_post(provider, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements/%s:accept", client_org, id);
    a = api_post(client_owner, path, json_object());
    expect_status(&a, 200);
    answer_free(&a);
    return id;
}

/* One statement past all walls: what only time would do otherwise. The first cell goes to `out` (may be NULL). */
AREA_UNUSED static void as_superuser(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
AREA_UNUSED static void as_superuser(char *out, size_t room, const char *format, ...)
{
    char sql[1500];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    person_shell(out, room,
                 "eval \"$('%s/sql/cluster' env \"$BALLIUM_CLUSTER_DIR\")\" && psql \"$BALLIUM_TEST_SUPERUSER\" -XAtq "
                 "-v ON_ERROR_STOP=1 -c \"%s\"",
                 TEST_SOURCE, sql);
}

/* Waits until body and client have everything that the other has sent: what is not there then was not sent, and no news comes
 * between a reading and the change that names its version. (What a message calls forth is there before the message itself counts
 * as carried.) */
AREA_UNUSED static void all_is_carried(void)
{
    char waiting[12] = "";
    for (int i = 0; i < 600 && strcmp(waiting, "0") != 0; i++) {
        as_superuser(
            waiting, sizeof waiting,
            "SELECT count(*) FROM core.message m JOIN core.organisation a ON a.id = m.tenant_id JOIN core.organisation b ON"
            " b.id = m.to_tenant WHERE m.state = 'waiting' AND a.slug IN ('%s', '%s') AND b.slug IN ('%s', '%s')",
            body_org, client_org, body_org, client_org);
        poll(NULL, 0, strcmp(waiting, "0") != 0 ? 50 : 0);
    }
    assert_string_equal(waiting, "0");
}

/* Tells the running `ballium work` that the hour of that duty has come, and waits until a round that began after this call is
 * over: the second one to end, for the first may have been under way. */
AREA_UNUSED static void round_of(const char *duty)
{
    char before[30], now[30] = "";
    for (int round = 0; round < 2; round++) {
        as_superuser(
            before, sizeof before,
            "SELECT coalesce(max(finished_at)::text, '-') FROM core.job WHERE kind = 'certification.%s' AND state = 'done'",
            duty);
        as_superuser(NULL, 0, "UPDATE core.job SET run_at = now() WHERE kind = 'certification.%s' AND state = 'queued'", duty);
        for (int i = 0; i < 600; i++) {
            as_superuser(
                now, sizeof now,
                "SELECT coalesce(max(finished_at)::text, '-') FROM core.job WHERE kind = 'certification.%s' AND state = 'done'",
                duty);
            if (strcmp(now, before) != 0)
                break;
            poll(NULL, 0, 50);
        }
        if (strcmp(now, before) == 0)
            fail_msg("the duty %s made no round", duty);
    }
}

/* What the tests share: two auditors who cover everything. */
static char *lead, *second;

AREA_UNUSED static char *make_auditor(const char *name, const char *member, const char *from)
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
    static const char *const body_roles[] = {"owner", "cb_auditor", "cb_decider", NULL};
    static const char *const client_roles[] = {"owner", "manager", "top_management", NULL};
    (void)state;
    office = api_as("outerwall", "owner");
    auditor = api_as("outerwall", "cb_auditor");
    decider = api_as("outerwall", "cb_decider");
    client = api_as("moat", "manager");
    client_owner = api_as("moat", "owner");
    new_org(body_org, "body", "certification_body", "outerwall", body_roles);
    new_org(client_org, "client", "client", "moat", client_roles);
    free(engage(office, body_org, "certification", "reader", NULL));
    char *me = area_id_of(auditor);
    lead = make_auditor("Marco Bellini", me, area_day(-3000));
    second = make_auditor("Second of the test", NULL, area_day(-3000));
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

AREA_UNUSED static char *plan_audit(const struct file *f, const char *kind, int from, int to)
{
    char *id = make(auditor, BODY "certification-audits",
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", kind, "certificate_id", f->certificate, "kind",
                              kind, "starts_on", area_day(from), "ends_on", area_day(to), "days", "2.00", "plan",
                              "Who looks at what.", "notes", "SECRET of the team"));
    free(make(auditor, BODY "team-members", json_pack("{s:s, s:s, s:s}", "audit_id", id, "auditor_id", lead, "duty", "leader")));
    return id;
}

/* Announced, agreed by the client in its own organisation, concluded. */
AREA_UNUSED static void hold(const struct file *f, const char *audit)
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

AREA_UNUSED static void audit_held(const struct file *f, const char *kind, int from, int to)
{
    char *id = plan_audit(f, kind, from, to);
    hold(f, id);
    act(auditor, BODY "certification-audits", id, "conclude", NULL, OK);
    free(id);
}

AREA_UNUSED static char *draft(const struct file *f, const char *outcome, const char *on, json_t *more)
{
    json_t *body =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", outcome, "certificate_id", f->certificate, "outcome", outcome,
                  "decided_on", on, "reasons", "For the reasons given.", "considerations", "SECRET of the decision");
    if (more)
        json_object_update(body, more);
    json_decref(more);
    return make(office, BODY "decisions", body);
}

AREA_UNUSED static void decided(const struct file *f, const char *outcome, const char *on, json_t *more)
{
    char *id = draft(f, outcome, on, more);
    act(decider, BODY "decisions", id, "decide", NULL, OK);
    act(decider, BODY "decisions", id, "release", NULL, OK);
    free(id);
}

AREA_UNUSED static void not_decided(const struct file *f, const char *outcome, const char *on, json_t *more, int status,
                                    const char *code)
{
    char *id = draft(f, outcome, on, more);
    act(decider, BODY "decisions", id, "decide", NULL, status, code);
    act(office, BODY "decisions", id, "drop", json_pack("{s:s}", "reason", "Refused"), OK);
    free(id);
}

AREA_UNUSED static char *raise_finding(const char *audit, const char *grade, int on)
{
    return make(auditor, BODY "nonconformities",
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", grade, "audit_id", audit, "grade", grade, "requirement",
                          "A.8.13", "statement", "No restore was tried.", "evidence", "The log.", "found_on", area_day(on)));
}

/* What the body said when it had only the first answer, come late: what the client has done since stays as it is. */
AREA_UNUSED static void old_news(const char *finding, const char *mine)
{
    as_superuser(
        NULL, 0,
        "INSERT INTO core.message (tenant_id, id, to_tenant, kind, body, created_by) SELECT f.tenant_id, gen_random_uuid(), b.id,"
        " 'certification.news', jsonb_build_object('subject', 'finding', 'source', f.id, 'state', 'contained', 'answered', 1,"
        " 'fields', jsonb_build_object('title', f.title, 'correction', 'An older one.', 'cause', NULL)), f.created_by"
        " FROM certification.finding f CROSS JOIN core.organisation b WHERE f.id = '%s' AND b.slug = '%s'",
        finding, client_org);
    all_is_carried();
    expect_member(client, CLIENT "received-findings", mine, "status", "plan_submitted");
    expect_member(client, CLIENT "received-findings", mine, "correction", "Ours.");
    expect_member(client, CLIENT "received-findings", mine, "cause", "Ours.");
}

/* The answers of the client, in its own organisation. */
AREA_UNUSED static void client_answers(const char *finding)
{
    static const struct {
        const char *field, *verb, *state;
    } steps[] = {{"correction", "contain", "contained"},
                 {"cause", "find_cause", "cause_found"},
                 {"corrective_action", "submit_plan", "plan_submitted"}};
    char query[200];
    snprintf(query, sizeof query, CLIENT "received-findings?source=%s", finding);
    char *mine = arrives(client, query, "status", "open");
    struct answer taken = api_get(client, "/api/v1/orgs/%s/improvement/nonconformities?origin_id=%s", client_org, mine);
    assert_int_equal(json_array_size(answer_at(&taken, "items")), 1); /* and is one of the client's own improvement */
    assert_string_equal(answer_text(&taken, "items/0/source"), "certification_body");
    answer_free(&taken);
    for (size_t i = 0; i < 3; i++) {
        act(client, CLIENT "received-findings", mine, steps[i].verb, NULL, 422, "required");
        act(client, CLIENT "received-findings", mine, "", json_pack("{s:s}", steps[i].field, "Ours."), OK);
        act(client, CLIENT "received-findings", mine, steps[i].verb, NULL, OK);
        all_is_carried();
    }
    old_news(finding, mine);
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

AREA_UNUSED static void verified(const char *finding, int on)
{
    act(auditor, BODY "nonconformities", finding, "verify", json_pack("{s:s}", "verified_on", area_day(on)), OK);
}

/* By hand at the body, for a client that is not here. */
AREA_UNUSED static void answered_by_hand(const char *finding)
{
    act(auditor, BODY "nonconformities", finding, "",
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "correction", "x", "cause", "x", "corrective_action", "x", "assessment", "x",
                  "result", "x"),
        OK);
    static const char *const verbs[] = {"contain", "find_cause", "submit_plan", "accept_plan", "implement"};
    for (size_t i = 0; i < 5; i++)
        act(auditor, BODY "nonconformities", finding, verbs[i], NULL, OK);
}

AREA_UNUSED static void declare(const struct file *f, const char *who, const char *as)
{
    free(make(office, BODY "impartiality-declarations",
              json_pack("{s:s, s:s, s:s, s:s}", "auditor_id", who, "certificate_id", f->certificate, "worked_as", as,
                        "declared_on", area_day(-1200))));
}

AREA_UNUSED static void contract(struct file *f)
{
    act(office, BODY "certificates", f->certificate, "apply", NULL, OK);
    struct answer timed = get(office, BODY "audit-time-calculations?application_id=%s&status=approved", f->application);
    bool again = json_array_size(answer_at(&timed, "items")) > 0; /* another certificate of the same application */
    answer_free(&timed);
    if (again) {
        act(office, BODY "certificates", f->certificate, "contract", json_pack("{s:s}", "agreement_signed_on", area_day(-1190)),
            OK);
        declare(f, lead, "none");
        return;
    }
    json_t *signed_on = json_pack("{s:s}", "agreement_signed_on", area_day(-1190));
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

AREA_UNUSED static json_t *certificate_of(const struct file *f)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "client_name", f->here ? "Moat Hosting" : "By Hand Ltd", "application_id",
                     f->application, "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "scope", "Hosting.");
}

AREA_UNUSED static json_t *stage2_facts(void)
{
    return json_pack("{s:b, s:s, s:s}", "concerns_settled", 1, "internal_audit_on", area_day(-1150), "management_review_on",
                     area_day(-1140));
}

/* Every member of the client's record, and nothing beside: what the body sends is all that there is. */
AREA_UNUSED static void only_these(const char *path, const char *id, const char *words)
{
    struct answer a = get(client, "%s/%s", path, id);
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

AREA_UNUSED static char *apply_from_client(void)
{
    char *request = make(client, CLIENT "certification-requests",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "title", "Our application", "body_org", body_org,
                                   "scope", "Hosting.", "address", "Mill Lane 12", "city", "Göttingen", "country", "DE",
                                   "persons", 14, "outsourcing", "The room."));
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
AREA_UNUSED static struct file by_hand(void)
{
    struct file f = {.here = false};
    f.application = make(office, BODY "applications",
                         json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "client_name", "By Hand Ltd", "scope",
                                   "Hosting.", "address", "Mill Lane 12", "city", "Göttingen", "country", "DE", "persons", 14,
                                   "outsourcing", "Nothing.", "received_on", area_day(-1300), "review", "We can."));
    act(office, BODY "applications", f.application, "accept", NULL, OK);
    f.certificate = make(office, BODY "certificates", certificate_of(&f));
    contract(&f);
    return f;
}

AREA_UNUSED static void granted_by_hand(struct file *f, int on)
{
    audit_held(f, "stage_1", on - 60, on - 59);
    act(auditor, BODY "certificates", f->certificate, "complete_stage1", json_pack("{s:b}", "documented", 1), OK);
    audit_held(f, "stage_2", on - 30, on - 29);
    act(auditor, BODY "certificates", f->certificate, "complete_stage2", stage2_facts(), OK);
    act(auditor, BODY "certificates", f->certificate, "recommend", NULL, OK);
    decided(f, "grant", area_day(on), json_pack("{s:s}", "soa_version", "1"));
}

#endif
