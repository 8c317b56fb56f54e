/* Audit programmes and audits through the running service: their lives, what each step asks, the holes of a programme, nobody
 * audits his own work, what is issued does not change, findings become nonconformities. */
#include "area.h"

#define AP "evaluation/audit-programmes"
#define AUD "evaluation/audits"
#define TEAM "evaluation/audit-members"
#define ASK "evaluation/audit-checklist-items"
#define FND "evaluation/audit-findings"
#define NC "improvement/nonconformities"

static struct api *manager, *auditor, *management;
static char *manager_id, *auditor_id, *contributor_id;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    auditor = api_as("keep", "internal_auditor");
    management = api_as("keep", "top_management");
    struct api *contributor = api_as("keep", "contributor");
    manager_id = area_id_of(manager);
    auditor_id = area_id_of(auditor);
    contributor_id = area_id_of(contributor);
    api_free(contributor);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(auditor);
    api_free(management);
    free(manager_id);
    free(auditor_id);
    free(contributor_id);
    return 0;
}

static json_t *why(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

/* ---- programmes ---- */

static char *new_programme(const char *edition)
{
    return area_make(manager, AP,
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:s}", "title", "Cycle", "edition", edition, "period_from",
                               area_day(-100), "period_to", area_day(900), "criteria", "The standard.", "methods", "interview",
                               "weight", "All alike.", "owner_id", manager_id));
}

static json_t *audit_of(const char *programme, const char *edition)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "title", "Audit", "edition", edition, "scope", "All of it.",
                             "criteria", "The standard.", "starts_on", area_day(-2), "ends_on", area_day(0));
    if (programme)
        json_object_set_new(body, "programme_id", json_string(programme));
    return body;
}

/* An audit of the programme that covers these; words separated by blanks. */
static char *covering(const char *programme, const char *edition, const char *clauses, const char *controls)
{
    json_t *body = audit_of(programme, edition);
    const char *const lists[][2] = {{"clauses", clauses}, {"controls", controls}};
    for (size_t i = 0; i < 2; i++) {
        json_t *array = json_array();
        for (const char *at = lists[i][1]; *at;) {
            size_t length = strcspn(at, " ");
            json_array_append_new(array, json_stringn(at, length));
            at += length + (at[length] == ' ');
        }
        json_object_set_new(body, lists[i][0], array);
    }
    return area_make(manager, AUD, body);
}

#define EVERY_CLAUSE "4 5 6 7 8 9 10"
#define EVERY_CONTROL "A CTL"

static struct answer coverage(const char *programme)
{
    struct answer a = api_get(manager, "/api/v1/orgs/keep/evaluation/audit-programmes/%s/coverage", programme);
    expect_status(&a, 200);
    return a;
}

static void a_programme_has_no_hole(void **state)
{
    (void)state;
    static const struct {
        const char *edition, *clauses, *controls, *hole;
    } table[] = {
        {"2022", "4 5 6 7.1 7.2 7.3 7.5 8 9 10", EVERY_CONTROL, "clause 7.4 ("},
        {"2022", "4 5 6 7 8 9.1 9.2 9.3.1 9.3.2 10", EVERY_CONTROL, "clause 9.3.3 ("},
        {"2022", "4 5 6 7 8 9 10.1", EVERY_CONTROL, "clause 10.2 ("}, /* 10.1 is not a prefix of 10.2 */
        {"2013", "4 5 6 7 8 9.1 9.2 10", EVERY_CONTROL, "clause 9.3 ("},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *programme = new_programme(table[i].edition);
        char *audit = covering(programme, table[i].edition, table[i].clauses, table[i].controls);
        struct answer a = area_change(management, AP, programme, "approve", NULL);
        expect_problem(&a, 422, "not_covered", NULL);
        assert_int_equal(json_array_size(answer_at(&a, "errors")), 1);
        assert_non_null(strstr(answer_text(&a, "errors/0/detail"), table[i].hole));
        answer_free(&a);
        area_do(manager, AUD, audit, "", json_pack("{s:[s,s,s,s,s,s,s]}", "clauses", "4", "5", "6", "7", "8", "9", "10"));
        area_do(management, AP, programme, "approve", NULL);
        free(audit);
        free(programme);
    }
}

/* Without A.8 every control of A.8 is named, and none but these. */
static void every_missing_control_is_named(void **state)
{
    (void)state;
    char *programme = new_programme("2022"), *audit = covering(programme, "2022", EVERY_CLAUSE, "A.5 A.6 A.7 CTL");
    struct answer matrix = coverage(programme), a = area_change(management, AP, programme, "approve", NULL);
    size_t i, holes = 0;
    json_t *item;
    json_array_foreach(answer_at(&matrix, "items"), i, item)
    {
        const char *number = json_string_value(json_object_get(item, "number"));
        bool in_eight = strncmp(number, "A.8.", 4) == 0;
        assert_int_equal(json_is_true(json_object_get(item, "planned")), !in_eight);
        assert_int_equal(json_array_size(json_object_get(item, "audits")), !in_eight);
        holes += in_eight;
    }
    assert_true(holes > 0); /* how many depends on what keep declares applicable */
    assert_int_equal(json_array_size(answer_at(&a, "errors")), holes);
    assert_int_equal(answer_integer(&matrix, "planned"), answer_integer(&matrix, "count") - (json_int_t)holes);
    assert_int_equal(answer_integer(&matrix, "done"), 0);
    answer_free(&matrix);
    answer_free(&a);
    free(audit);
    free(programme);
}

static void every_transition_of_a_programme(void **state)
{
    (void)state;
    char *programme = new_programme("2022");
    area_cannot(manager, AP, programme, "revise", why(), 409, "wrong_state", NULL);
    area_cannot(manager, AP, programme, "complete", NULL, 409, "wrong_state", NULL);
    char *audit = covering(programme, "2022", EVERY_CLAUSE, EVERY_CONTROL);
    area_cannot(manager, AP, programme, "approve", NULL, 403, "forbidden", NULL);
    struct api *owner = api_as("keep", "owner"); /* may approve, but not what he wrote */
    area_do(owner, AP, programme, "", json_pack("{s:s}", "weight", "Remote first."));
    area_cannot(owner, AP, programme, "approve", NULL, 403, "separation_of_duties", NULL);
    area_do(management, AP, programme, "approve", NULL);
    area_is(manager, AP, programme, "status", "approved");
    area_is(manager, AP, programme, "approved_on", area_day(0));
    area_cannot(management, AP, programme, "approve", NULL, 409, "wrong_state", NULL);
    area_cannot(manager, AP, programme, "", json_pack("{s:s}", "weight", "Other."), 409, "frozen", NULL);
    area_cannot(manager, AP, programme, "archive", NULL, 409, "kept", NULL);
    area_cannot(manager, AUD, audit, "", json_pack("{s:[]}", "controls"), 409, "programme_approved", NULL);
    area_cannot(manager, AP, programme, "complete", NULL, 422, "not_covered", NULL);
    area_cannot(manager, AP, programme, "revise", NULL, 422, "required", "/reason");
    area_do(manager, AP, programme, "revise", why());
    area_is(manager, AP, programme, "status", "draft");
    area_do(manager, AUD, audit, "", json_pack("{s:[]}", "controls"));
    area_do(manager, AP, programme, "archive", NULL);
    api_free(owner);
    free(audit);
    free(programme);
}

static void an_audit_fits_its_programme(void **state)
{
    (void)state;
    char *programme = new_programme("2022");
    area_refuse(manager, AUD, audit_of(programme, "2013"), 422, "other_edition", "/programme_id");
    json_t *body = audit_of(programme, "2022");
    json_object_set_new(body, "starts_on", json_string(area_day(-101)));
    area_refuse(manager, AUD, body, 422, "outside_period", "/starts_on");
    body = audit_of(programme, "2022");
    json_object_set_new(body, "ends_on", json_string(area_day(901)));
    area_refuse(manager, AUD, body, 422, "outside_period", "/starts_on");
    body = audit_of(programme, "2022");
    json_object_set_new(body, "ends_on", json_string(area_day(-3)));
    area_refuse(manager, AUD, body, 422, "out_of_order", "/ends_on");
    area_refuse(manager, AUD, audit_of(manager_id, "2022"), 422, "not_found", "/programme_id");
    area_refuse(manager, AP,
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s]}", "title", "Cycle", "edition", "2022", "period_from", area_day(3),
                          "period_to", area_day(2), "criteria", "All.", "methods", "interview"),
                422, "out_of_order", "/period_to");
    free(programme);
}

/* ---- audits ---- */

/* All that any step of an audit asks for. Clause 7.4 has five questions; nobody owns it. */
static json_t *complete(void)
{
    json_t *body = audit_of(NULL, "2022");
    json_t *more =
        json_pack("{s:s, s:[s], s:[s], s:s, s:[{s:s, s:s}], s:s, s:[s], s:s, s:[s], s:s, s:[s]}", "objective",
                  "See whether it works.", "clauses", "7.4", "methods", "interview", "lead_id", auditor_id, "sessions", "day",
                  area_day(-1), "topic", "Messages", "opening_on", area_day(-2), "opening_attendees", "All", "closing_on",
                  area_day(0), "closing_attendees", "All", "conclusion", "It works.", "distribution", "Top management");
    json_object_update(body, more);
    json_decref(more);
    return body;
}

static json_t *finding(const char *audit, const char *kind)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "audit_id", audit, "kind", kind, "title", "Nobody told the works",
                     "criterion", "7.4", "statement", "The rule says by noon.", "evidence", "Two of five.", "owner_id",
                     contributor_id);
}

static char *audit_in(const char *state)
{
    static const char *const steps[][2] = {{"planned", NULL},         {"scheduled", "schedule"}, {"running", "open"},
                                           {"reporting", "conclude"}, {"issued", "issue"},       {"closed", "close"}};
    char *id = area_make(manager, AUD, complete());
    if (strcmp(state, "cancelled") == 0)
        area_do(auditor, AUD, id, "cancel", why());
    for (size_t i = 0; strcmp(state, "cancelled") != 0; i++) {
        if (i == 4)
            free(area_make(auditor, FND, finding(id, "conformity")));
        if (steps[i][1])
            area_do(auditor, AUD, id, steps[i][1], NULL);
        if (strcmp(steps[i][0], state) == 0)
            break;
    }
    area_is(manager, AUD, id, "status", state);
    return id;
}

static void every_transition_of_an_audit(void **state)
{
    (void)state;
    static const char *const states[] = {"planned", "scheduled", "running", "reporting", "issued", "closed", "cancelled"};
    static const struct {
        const char *verb, *from, *to;
    } table[] = {
        {"schedule", "planned", "scheduled"}, {"open", "scheduled", "running"}, {"conclude", "running", "reporting"},
        {"issue", "reporting", "issued"},     {"close", "issued", "closed"},    {"cancel", "planned scheduled", "cancelled"},
    };
    for (size_t s = 0; s < 7; s++)
        for (size_t v = 0; v < 6; v++) {
            char *id = audit_in(states[s]);
            json_t *body = v == 5 ? why() : NULL;
            if (strstr(table[v].from, states[s])) {
                if (v == 3)
                    free(area_make(auditor, FND, finding(id, "conformity")));
                area_do(auditor, AUD, id, table[v].verb, body);
                area_is(manager, AUD, id, "status", table[v].to);
            } else {
                area_cannot(auditor, AUD, id, table[v].verb, body, 409, "wrong_state", NULL);
            }
            free(id);
        }
}

static void each_step_asks_for_what_it_rests_on(void **state)
{
    (void)state;
    static const struct {
        const char *in, *verb, *missing, *code;
    } table[] = {
        {"planned", "schedule", "lead_id", "required"},           {"planned", "schedule", "sessions", "required"},
        {"planned", "schedule", "objective", "required"},         {"planned", "schedule", "methods", "required"},
        {"planned", "schedule", "clauses", "nothing_to_audit"},   {"scheduled", "open", "opening_on", "required"},
        {"scheduled", "open", "opening_attendees", "required"},   {"running", "conclude", "closing_on", "required"},
        {"running", "conclude", "closing_attendees", "required"}, {"reporting", "issue", "conclusion", "required"},
        {"reporting", "issue", "distribution", "required"},
    };
    static const char *const lists[] = {"sessions",          "methods",           "clauses",
                                        "opening_attendees", "closing_attendees", "distribution"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = audit_in(table[i].in), pointer[64];
        bool list = false;
        for (size_t k = 0; k < 6; k++)
            list = list || strcmp(lists[k], table[i].missing) == 0;
        snprintf(pointer, sizeof pointer, "/%s", table[i].missing);
        area_do(manager, AUD, id, "", json_pack("{s:o}", table[i].missing, list ? json_array() : json_null()));
        area_cannot(auditor, AUD, id, table[i].verb, NULL, 422, table[i].code, pointer);
        free(id);
    }
    char *id = area_make(manager, AUD, complete());
    area_do(manager, AUD, id, "", json_pack("{s:[{s:s, s:s}]}", "sessions", "day", area_day(1), "topic", "Late"));
    area_cannot(manager, AUD, id, "schedule", NULL, 422, "session_outside", "/sessions");
    free(id);
}

static void a_report_rests_on_answers_and_findings(void **state)
{
    (void)state;
    char *id = audit_in("reporting");
    area_cannot(manager, AUD, id, "issue", NULL, 422, "not_the_lead", NULL);
    area_cannot(auditor, AUD, id, "issue", NULL, 422, "nothing_found", NULL);
    char *item = area_make(auditor, ASK, json_pack("{s:s, s:s}", "audit_id", id, "question", "Who was told?"));
    char *all_well = area_make(auditor, FND, finding(id, "conformity"));
    area_cannot(auditor, AUD, id, "issue", NULL, 422, "unanswered", NULL);
    area_do(auditor, ASK, item, "", json_pack("{s:s, s:s}", "answer", "not_met", "evidence", "Two of five."));
    area_cannot(auditor, AUD, id, "issue", NULL, 422, "no_finding_for_answer", NULL);
    json_t *body = finding(id, "observation");
    json_object_set_new(body, "checklist_item_id", json_string(item));
    char *seen = area_make(auditor, FND, body);
    area_do(auditor, AUD, id, "issue", NULL);
    area_is(manager, AUD, id, "report_issued_on", area_day(0));
    area_is(manager, AUD, id, "report_issued_by_id", auditor_id);
    /* nothing of it changes any more */
    area_cannot(auditor, AUD, id, "", json_pack("{s:s}", "conclusion", "Other."), 409, "frozen", NULL);
    area_cannot(manager, AUD, id, "archive", NULL, 409, "kept", NULL);
    area_cannot(auditor, FND, seen, "", json_pack("{s:s}", "statement", "Other."), 409, "audit_over", "/audit_id");
    area_cannot(manager, FND, seen, "archive", NULL, 409, "audit_over", "/audit_id");
    area_cannot(auditor, ASK, item, "", json_pack("{s:s}", "evidence", "Other."), 409, "audit_over", "/audit_id");
    area_cannot(manager, ASK, item, "archive", NULL, 409, "audit_over", "/audit_id");
    area_refuse(auditor, FND, finding(id, "minor"), 409, "audit_over", "/audit_id");
    area_refuse(auditor, ASK, json_pack("{s:s, s:s}", "audit_id", id, "question", "More?"), 409, "audit_over", "/audit_id");
    area_refuse(manager, TEAM, json_pack("{s:s, s:s}", "audit_id", id, "external", "Ada"), 409, "audit_over", "/audit_id");
    free(seen);
    free(all_well);
    free(item);
    free(id);
}

static void answers_need_evidence_and_sound_samples(void **state)
{
    (void)state;
    char *id = audit_in("running"), *other = audit_in("running");
    static const char *const answers[] = {"met", "partly_met", "not_met", "not_applicable", "not_audited"};
    char *item = area_make(auditor, ASK, json_pack("{s:s, s:s}", "audit_id", id, "question", "Who was told?"));
    for (size_t i = 0; i < 5; i++) {
        area_cannot(auditor, ASK, item, "", json_pack("{s:s}", "answer", answers[i]), 422, "required", "/evidence");
        area_do(auditor, ASK, item, "", json_pack("{s:s, s:s}", "answer", answers[i], "evidence", "Seen."));
        area_do(auditor, ASK, item, "", json_pack("{s:n, s:n}", "answer", "evidence"));
    }
    area_cannot(auditor, ASK, item, "", json_pack("{s:i}", "sample", 3), 422, "required", "/population");
    area_cannot(auditor, ASK, item, "", json_pack("{s:i, s:i}", "sample", 3, "population", 2), 422, "sample_too_large",
                "/sample");
    area_do(auditor, ASK, item, "", json_pack("{s:i, s:i}", "sample", 3, "population", 3));
    area_refuse(auditor, ASK, json_pack("{s:s, s:s, s:s}", "audit_id", id, "question", "Who?", "question_id", "AC-99.9-01"), 422,
                "not_in_catalogue", "/question_id");
    json_t *body = finding(other, "minor");
    json_object_set_new(body, "checklist_item_id", json_string(item));
    area_refuse(auditor, FND, body, 422, "other_audit", "/checklist_item_id");
    free(item);
    free(other);
    free(id);
}

static json_int_t draw(const char *audit)
{
    char path[200];
    snprintf(path, sizeof path, "evaluation/audits/%s:draw", audit);
    struct answer a = area_post(auditor, path, NULL);
    expect_status(&a, 200);
    json_int_t drawn = answer_integer(&a, "drawn");
    answer_free(&a);
    return drawn;
}

static void questions_are_drawn_once(void **state)
{
    (void)state;
    static const struct {
        const char *edition, *clauses;
        json_int_t questions;
    } table[] = {
        {"2022", EVERY_CLAUSE, 205}, {"2022", "7.4", 5}, {"2022", "9.3", 13}, {"2013", "9.3", 13},
        {"2013", EVERY_CLAUSE, 200}, {"2022", "6.3", 5}, {"2013", "6.3", 0},  {"2022", "1", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *id = covering(NULL, table[i].edition, table[i].clauses, "");
        assert_int_equal(draw(id), table[i].questions);
        assert_int_equal(draw(id), 0);
        free(id);
    }
    struct answer a = api_post(auditor, "/api/v1/orgs/keep/evaluation/audits/01900000-0000-7000-8000-000000000000:draw", NULL);
    expect_problem(&a, 404, "not_found", NULL);
    answer_free(&a);
}

static void findings_become_nonconformities(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        int opened;
    } table[] = {{"conformity", 0}, {"major", 1}, {"minor", 1}, {"observation", 0}, {"opportunity", 0}};
    char *id = audit_in("reporting"), *ids[5], path[200];
    for (size_t i = 0; i < 5; i++)
        ids[i] = area_make(auditor, FND, finding(id, table[i].kind));
    area_do(auditor, AUD, id, "issue", NULL);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, NC "?origin_id=%s", ids[i]);
        struct answer a = area_get(manager, path);
        assert_int_equal(json_array_size(answer_at(&a, "items")), table[i].opened);
        if (table[i].opened) {
            assert_string_equal(answer_text(&a, "items/0/grade"), table[i].kind);
            assert_string_equal(answer_text(&a, "items/0/source"), "internal_audit");
            assert_string_equal(answer_text(&a, "items/0/requirement"), "7.4");
            assert_string_equal(answer_text(&a, "items/0/owner_id"), contributor_id);
            assert_string_equal(answer_text(&a, "items/0/detected_on"), area_day(0));
        }
        answer_free(&a);
        snprintf(path, sizeof path, FND "/%s/links/nonconformities", ids[i]);
        a = area_get(manager, path);
        assert_int_equal(json_array_size(answer_at(&a, "items")), table[i].opened);
        answer_free(&a);
    }
    struct answer a = area_change(manager, AUD, id, "close", NULL);
    expect_problem(&a, 422, "not_over", NULL);
    assert_int_equal(json_array_size(answer_at(&a, "errors")), 2);
    answer_free(&a);
    for (size_t i = 0; i < 5; i++)
        free(ids[i]);
    free(id);
}

/* ---- nobody audits his own work ---- */

static char *own_control(const char *owner, char **ref)
{
    struct answer a = area_post(manager, "annex-a/controls",
                                json_pack("{s:s, s:s, s:s}", "origin", "own", "title", "Watch the gate", "owner_id", owner));
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    *ref = strdup(answer_text(&a, "ref"));
    answer_free(&a);
    return id;
}

static struct answer join(const char *audit, const char *person, const char *role)
{
    return area_post(manager, TEAM, json_pack("{s:s, s:s, s:s}", "audit_id", audit, "member_id", person, "role", role));
}

static void owners_of_what_is_audited_are_refused(void **state)
{
    (void)state;
    char *ref, *control = own_control(auditor_id, &ref), path[200];
    /* the lead, by a control: at the plan, at a change of the plan */
    json_t *body = complete();
    json_object_set_new(body, "controls", json_pack("[s]", ref));
    area_refuse(manager, AUD, json_deep_copy(body), 422, "own_work", "/lead_id");
    json_object_set_new(body, "lead_id", json_string(contributor_id));
    char *audit = area_make(manager, AUD, body);
    area_cannot(manager, AUD, audit, "", json_pack("{s:s}", "lead_id", auditor_id), 422, "own_work", "/lead_id");
    /* a member of the team, but not one who only looks on */
    struct answer a = join(audit, auditor_id, "auditor");
    expect_problem(&a, 422, "own_work", "/member_id");
    assert_non_null(strstr(a.body, "Watch the gate"));
    assert_non_null(strstr(a.body, "Jonas Weide"));
    answer_free(&a);
    a = join(audit, auditor_id, "observer");
    expect_status(&a, 201);
    char *observer = strdup(answer_text(&a, "id"));
    answer_free(&a);
    area_cannot(manager, TEAM, observer, "", json_pack("{s:s}", "role", "expert"), 422, "own_work", "/member_id");
    /* by a process that comes into the scope */
    char *process =
        area_make(manager, "context/processes",
                  json_pack("{s:s, s:s, s:s}", "name", area_unique("Watch"), "family", "support", "owner_id", contributor_id));
    snprintf(path, sizeof path, AUD "/%s/links/processes", audit);
    a = area_post(manager, path, json_pack("{s:s}", "id", process));
    expect_problem(&a, 422, "own_work", "/lead_id");
    answer_free(&a);
    a = area_get(manager, path);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 0);
    answer_free(&a);
    /* by a change of owner while the audit is under way */
    area_do(manager, "annex-a/controls", control, "", json_pack("{s:s}", "owner_id", manager_id));
    area_do(manager, TEAM, observer, "", json_pack("{s:s}", "role", "expert"));
    area_do(manager, AUD, audit, "schedule", NULL);
    area_do(manager, "annex-a/controls", control, "", json_pack("{s:s}", "owner_id", auditor_id));
    area_cannot(manager, AUD, audit, "open", NULL, 422, "own_work", "/member_id");
    area_do(manager, TEAM, observer, "archive", NULL);
    area_do(manager, AUD, audit, "open", NULL);
    area_do(manager, "context/processes", process, "archive", NULL);
    area_do(manager, "annex-a/controls", control, "archive", NULL);
    free(process);
    free(observer);
    free(audit);
    free(control);
    free(ref);
}

static void a_place_in_the_team_is_one_persons(void **state)
{
    (void)state;
    char *id = audit_in("planned");
    area_refuse(manager, TEAM, json_pack("{s:s}", "audit_id", id), 422, "one_person", "/member_id");
    area_refuse(manager, TEAM, json_pack("{s:s, s:s, s:s}", "audit_id", id, "external", "Ada", "member_id", manager_id), 422,
                "one_person", "/member_id");
    free(area_make(manager, TEAM, json_pack("{s:s, s:s}", "audit_id", id, "external", "Ada")));
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_programme_has_no_hole),
        cmocka_unit_test(every_missing_control_is_named),
        cmocka_unit_test(every_transition_of_a_programme),
        cmocka_unit_test(an_audit_fits_its_programme),
        cmocka_unit_test(every_transition_of_an_audit),
        cmocka_unit_test(each_step_asks_for_what_it_rests_on),
        cmocka_unit_test(a_report_rests_on_answers_and_findings),
        cmocka_unit_test(answers_need_evidence_and_sound_samples),
        cmocka_unit_test(questions_are_drawn_once),
        cmocka_unit_test(findings_become_nonconformities),
        cmocka_unit_test(owners_of_what_is_audited_are_refused),
        cmocka_unit_test(a_place_in_the_team_is_one_persons),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
