/* The Statement of Applicability through the running service: its rows, the eight checks, its life, its way from 2013 to 2022. */
#define PLANNING_ORG "moat"
#define PLANNING_OWNER "owner"
#include "planning.h"

#define SOAS "planning/soa-versions"
#define ROWS "planning/soa-rows"
#define RISKS "planning/risks"
#define SCOPES "context/scopes"

/* The scope in force; made when there is none. */
static char *scope(void)
{
    struct answer a = api_get(manager, HERE SCOPES "?status=in_force"), sites;
    expect_status(&a, 200);
    char *id = answer_text(&a, "items/0/id") ? strdup(answer_text(&a, "items/0/id")) : NULL;
    answer_free(&a);
    if (id)
        return id;
    json_t *part = json_pack("[{s:s}]", "name", "All of it");
    id = make(SCOPES, json_pack("{s:s, s:s, s:s, s:O, s:o}", "title", "Scope", "statement", "All", "rationale", "All of it",
                                "units", part, "services", part));
    sites = api_get(manager, HERE "context/sites?limit=500");
    size_t i;
    json_t *site;
    json_array_foreach(answer_at(&sites, "items"), i, site)
    {
        tie(SCOPES, id, "sites", json_string_value(json_object_get(site, "id")));
    }
    answer_free(&sites);
    go(SCOPES, id, "submit", NULL);
    go_as(top, SCOPES, id, "approve", NULL);
    go_as(top, SCOPES, id, "enforce", NULL);
    return id;
}

static char *soa(const char *edition, const char *revises)
{
    char *of = scope();
    json_t *body = json_pack("{s:s, s:s, s:s}", "title", "Statement of a test", "edition", edition, "scope_id", of);
    if (revises)
        json_object_set_new(body, "revises_id", json_string(revises));
    free(of);
    return make(SOAS, body);
}

/* All rows of a version by their numbers; own ones by their titles. */
static json_t *rows_of(const char *soa_id)
{
    struct answer a = api_get(manager, HERE ROWS "?soa_id=%s&limit=500", soa_id);
    expect_status(&a, 200);
    json_t *rows = json_object(), *row;
    size_t i;
    json_array_foreach(answer_at(&a, "items"), i, row)
    {
        const char *number = json_string_value(json_object_get(row, "catalogue_id"));
        json_object_set(rows, number ? number : json_string_value(json_object_get(row, "title")), row);
    }
    assert_int_equal(json_object_size(rows), json_array_size(answer_at(&a, "items")));
    answer_free(&a);
    return rows;
}

static char *row(const char *soa_id, const char *number)
{
    struct answer a = api_get(manager, HERE ROWS "?soa_id=%s&catalogue_id=%s", soa_id, number);
    expect_status(&a, 200);
    assert_non_null(answer_text(&a, "items/0/id"));
    char *id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    return id;
}

static char *statement(void)
{
    return make("context/statements",
                json_pack("{s:s, s:s, s:s}", "kind", "outcome", "title", "Customers trust us", "text", "They do."));
}

static json_t *yes(const char *why, const char *state)
{
    return json_pack("{s:s, s:[s], s:s, s:s, s:s}", "applicable", "yes", "reasons", why, "implementation_state", state,
                     "owner_id", manager_id, "target_date", day(100));
}

static json_t *no(void)
{
    return json_pack("{s:s, s:s, s:s}", "applicable", "no", "exclusion_reason", "We do not do this", "implementation_state",
                     "n_a");
}

/* Decides every row: excluded, or for the business where something asks for it. */
static void decide(const char *soa_id)
{
    json_t *rows = rows_of(soa_id), *r;
    const char *number;
    char *outcome = statement();
    json_object_foreach(rows, number, r)
    {
        const char *id = json_string_value(json_object_get(r, "id"));
        if (strcmp(json_string_value(json_object_get(r, "status")), "confirmed") == 0)
            continue;
        struct answer a = step_as(manager, ROWS, id, "", no());
        if (a.status == 409) {
            go(ROWS, id, "", yes("business", "not_started"));
            tie(ROWS, id, "statements", outcome);
        } else
            expect_status(&a, 200);
        answer_free(&a);
    }
    free(outcome);
    json_decref(rows);
}

/* How many findings of this check and code, about this number (NULL: any). */
static int findings(const char *soa_id, int check, const char *code, const char *number)
{
    struct answer a = api_get(manager, HERE SOAS "/%s/checks", soa_id);
    expect_status(&a, 200);
    assert_int_equal(json_array_size(answer_at(&a, "checks")), 8);
    json_t *one = json_array_get(answer_at(&a, "checks"), (size_t)check - 1), *finding;
    size_t i;
    int count = 0;
    assert_int_equal(json_integer_value(json_object_get(one, "check")), check);
    assert_int_equal(json_is_true(json_object_get(one, "passed")), json_array_size(json_object_get(one, "findings")) == 0);
    json_array_foreach(json_object_get(one, "findings"), i, finding)
    {
        const char *is = json_string_value(json_object_get(finding, "catalogue_id"));
        count += strcmp(json_string_value(json_object_get(finding, "code")), code) == 0 &&
                 (!number || (is && strcmp(is, number) == 0));
    }
    answer_free(&a);
    return count;
}

static bool passes(const char *soa_id)
{
    struct answer a = api_get(manager, HERE SOAS "/%s/checks", soa_id);
    bool passed = json_is_true(answer_at(&a, "passed"));
    if (!passed)
        print_message("%.3000s\n", a.body);
    answer_free(&a);
    return passed;
}

/* The tenant's control of that number, made when it is not there. */
static char *control_of(const char *edition, const char *number)
{
    struct answer a = api_get(manager, HERE "annex-a/controls?edition=%s&catalogue_id=%s", edition, number);
    char *id = answer_text(&a, "items/0/id") ? strdup(answer_text(&a, "items/0/id")) : NULL;
    answer_free(&a);
    return id ? id
              : make("annex-a/controls", json_pack("{s:s, s:s, s:s, s:s}", "origin", "annex_a", "edition", edition,
                                                   "catalogue_id", number, "title", number));
}

static char *requirement(const char *kind)
{
    struct answer a = api_get(manager, HERE "context/interested-parties?limit=1");
    char *party = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);
    char *id = make("context/requirements",
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "party_id", party, "title", "They ask for it", "kind", kind,
                              "source", "Contract 7", "addressed_by_isms", "yes", "reason", "Ours"));
    free(party);
    return id;
}

static void put_away(const char *resource, char *id)
{
    go(resource, id, "archive", NULL);
    free(id);
}

/* ---- rows ---- */

static void rows_follow_from_the_edition(void **state)
{
    (void)state;
    static const struct {
        const char *edition;
        size_t rows;
    } editions[] = {{"2013", 114}, {"2022", 93}};
    for (size_t i = 0; i < 2; i++) {
        char *id = soa(editions[i].edition, NULL);
        json_t *rows = rows_of(id);
        assert_int_equal(json_object_size(rows), editions[i].rows);
        assert_int_equal(findings(id, 1, "missing", NULL), 0);
        json_decref(rows);
        refuse(ROWS,
               json_pack("{s:s, s:s, s:s, s:s}", "soa_id", id, "origin", "annex_a", "catalogue_id", "A.99", "title", "None"), 422,
               "not_of_edition", "/catalogue_id");
        refuse(ROWS, json_pack("{s:s, s:s, s:s, s:s}", "soa_id", id, "origin", "own", "catalogue_id", "A.5.1", "title", "Both"),
               422, "number_and_origin", "/catalogue_id");
        refuse(ROWS,
               json_pack("{s:s, s:s, s:s, s:s}", "soa_id", id, "origin", "annex_a", "catalogue_id", i ? "A.5.1" : "A.5.1.1",
                         "title", "Twice"),
               409, "row_exists", "/catalogue_id");
        free(make(ROWS, json_pack("{s:s, s:s}", "soa_id", id, "title", "Our own control")));
        char *one = row(id, i ? "A.5.1" : "A.5.1.1");
        stop(ROWS, one, "", json_pack("{s:s}", "implementation_state", "n_a"), 422, "not_allowed", "/implementation_state");
        stop(ROWS, one, "", json_pack("{s:s}", "applicable", "no"), 422, "required", "/exclusion_reason");
        stop(ROWS, one, "confirm", NULL, 422, "undecided", "/applicable");
        go(ROWS, one, "archive", NULL);
        assert_int_equal(findings(id, 1, "missing", i ? "A.5.1" : "A.5.1.1"), 1);
        free(one);
        put_away(SOAS, id);
    }
}

/* ---- the eight checks ---- */

static void what_is_asked_for_is_not_excluded(void **state)
{
    (void)state;
    char *control = control_of("2022", "A.7.13"), *round = plain_round(), *risk = risk_in(round), *id = soa("2022", NULL);
    char *one = row(id, "A.7.13"), *duty = requirement("contractual");
    go(ROWS, one, "", no());
    assert_int_equal(findings(id, 2, "risk_points", "A.7.13"), 0);
    tie(RISKS, risk, "controls", control);
    assert_int_equal(findings(id, 2, "risk_points", "A.7.13"), 1);
    go(ROWS, one, "", json_pack("{s:s, s:s}", "applicable", "undecided", "implementation_state", "planned"));
    stop(ROWS, one, "", no(), 409, "risk_points", "/applicable");
    go(RISKS, risk, "retire", reason());
    go(ROWS, one, "", no()); /* the risk is no more */
    tie("annex-a/controls", control, "requirements", duty);
    assert_int_equal(findings(id, 2, "requirement_points", "A.7.13"), 1);
    go(ROWS, one, "", json_pack("{s:s, s:s}", "applicable", "undecided", "implementation_state", "planned"));
    stop(ROWS, one, "", no(), 409, "requirement_points", "/applicable");
    put_away("context/requirements", duty);
    go(ROWS, one, "", no());
    assert_int_equal(findings(id, 2, "no_reason", NULL), 0);
    free(control);
    free(round);
    free(risk);
    free(one);
    put_away(SOAS, id);
}

static void what_is_included_has_backed_reasons(void **state)
{
    (void)state;
    char *id = soa("2022", NULL), *one = row(id, "A.7.4"), *round = plain_round(), *risk = risk_in(round), *outcome = statement();
    char *law = requirement("legal"), *contract = requirement("contractual");
    const struct {
        const char *reason, *relation, *right, *wrong;
    } kinds[] = {{"risk", "risks", risk, NULL},
                 {"legal", "requirements", law, contract},
                 {"contractual", "requirements", contract, law},
                 {"business", "statements", outcome, NULL}};
    assert_int_equal(findings(id, 3, "undecided", "A.7.4"), 1);
    go(ROWS, one, "", json_pack("{s:s}", "applicable", "yes"));
    assert_int_equal(findings(id, 3, "no_reason", "A.7.4"), 1);
    assert_int_equal(findings(id, 3, "no_owner_or_target", "A.7.4"), 1);
    for (size_t i = 0; i < 4; i++) {
        char path[250];
        go(ROWS, one, "", yes(kinds[i].reason, "planned"));
        assert_int_equal(findings(id, 3, "no_reason", "A.7.4"), 0);
        assert_int_equal(findings(id, 3, "reason_without_link", "A.7.4"), 1);
        if (kinds[i].wrong) {
            tie(ROWS, one, kinds[i].relation, kinds[i].wrong);
            assert_int_equal(findings(id, 3, "reason_without_link", "A.7.4"), 1);
            snprintf(path, sizeof path, HERE ROWS "/%s/links/%s/%s", one, kinds[i].relation, kinds[i].wrong);
            struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
            expect_status(&a, 204);
            answer_free(&a);
        }
        tie(ROWS, one, kinds[i].relation, kinds[i].right);
        assert_int_equal(findings(id, 3, "reason_without_link", "A.7.4"), 0);
        snprintf(path, sizeof path, HERE ROWS "/%s/links/%s/%s", one, kinds[i].relation, kinds[i].right);
        struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
        expect_status(&a, 204);
        answer_free(&a);
    }
    assert_int_equal(findings(id, 3, "no_owner_or_target", "A.7.4"), 0);
    free(one);
    free(round);
    go(RISKS, risk, "retire", reason());
    free(risk);
    put_away("context/statements", outcome);
    put_away("context/requirements", law);
    put_away("context/requirements", contract);
    put_away(SOAS, id);
}

/* Duties by law and contract (operation) ask for controls, and stand behind reasons, as requirements do. */
static void duties_ask_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *reason;
    } kinds[] = {{"regulatory", "legal"}, {"contractual", "contractual"}};
    char *control = control_of("2022", "A.7.12"), *id = soa("2022", NULL), *one = row(id, "A.7.12"), path[250];
    for (size_t i = 0; i < 2; i++) {
        char *duty = make("operation/obligations",
                          json_pack("{s:s, s:s, s:s}", "title", "Cables are guarded", "kind", kinds[i].kind, "source", "Act 7"));
        go(ROWS, one, "", no());
        assert_int_equal(findings(id, 2, "obligation_points", "A.7.12"), 0);
        tie("operation/obligations", duty, "controls", control);
        assert_int_equal(findings(id, 2, "obligation_points", "A.7.12"), 1);
        go(ROWS, one, "", yes(kinds[1 - i].reason, "planned"));
        stop(ROWS, one, "", no(), 409, "obligation_points", "/applicable");
        assert_int_equal(findings(id, 3, "reason_without_link", "A.7.12"), 1); /* of the other kind */
        go(ROWS, one, "", yes(kinds[i].reason, "planned"));
        assert_int_equal(findings(id, 3, "reason_without_link", "A.7.12"), 0);
        snprintf(path, sizeof path, HERE "operation/obligations/%s/links/controls/%s", duty, control);
        struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
        expect_status(&a, 204);
        answer_free(&a);
        assert_int_equal(findings(id, 3, "reason_without_link", "A.7.12"), 1);
        put_away("operation/obligations", duty);
    }
    free(control);
    free(one);
    put_away(SOAS, id);
}

static void treatment_evidence_and_risks_are_checked(void **state)
{
    (void)state;
    char *id = soa("2022", NULL), *one = row(id, "A.7.9"), *control = control_of("2022", "A.7.9"), *round = plain_round();
    char *risk = risk_in(round), *plan = make("planning/treatment-plans", json_pack("{s:s}", "title", "Plan"));
    go(ROWS, one, "", no());
    char *action = make("planning/treatment-actions", json_pack("{s:s, s:s, s:s, s:s}", "title", "Lock it", "plan_id", plan,
                                                                "risk_id", risk, "control_id", control));
    assert_int_equal(findings(id, 4, "treated_but_not_applicable", "A.7.9"), 1);
    go("planning/treatment-actions", action, "cancel", reason());
    assert_int_equal(findings(id, 4, "treated_but_not_applicable", "A.7.9"), 0);
    /* 5: said to be implemented, and nothing shows it */
    go(ROWS, one, "", yes("business", "implemented"));
    assert_int_equal(findings(id, 5, "evidence_missing_or_old", "A.7.9"), 1);
    char *log = make("annex-a/evidence-items", json_pack("{s:s, s:s, s:s, s:s, s:s}", "control_id", control, "title", "A log",
                                                         "location", "Archive", "collected_on", day(-2), "valid_until", day(5)));
    assert_int_equal(findings(id, 5, "evidence_missing_or_old", "A.7.9"), 0);
    go("annex-a/evidence-items", log, "", json_pack("{s:s}", "valid_until", day(-1)));
    assert_int_equal(findings(id, 5, "evidence_missing_or_old", "A.7.9"), 1);
    /* 6: a control of our own modifies a risk, and the Statement does not know it */
    char *ours = make("annex-a/controls", json_pack("{s:s, s:s}", "origin", "own", "title", "Ours"));
    int before = findings(id, 6, "control_not_in_soa", NULL);
    tie(RISKS, risk, "controls", ours);
    assert_int_equal(findings(id, 6, "control_not_in_soa", NULL), before);
    go(RISKS, risk, "", json_pack("{s:s}", "treatment_option", "modify"));
    assert_int_equal(findings(id, 6, "control_not_in_soa", NULL), before + 1);
    char *own = make(ROWS, json_pack("{s:s, s:s, s:s}", "soa_id", id, "title", "Ours", "control_id", ours));
    assert_int_equal(findings(id, 6, "control_not_in_soa", NULL), before);
    /* 7: the scope in force, and the version on the certificate */
    assert_int_equal(findings(id, 7, "not_the_scope", NULL), 0);
    char *other = make(SCOPES, json_pack("{s:s, s:s}", "title", "Another scope", "statement", "Less"));
    go(SOAS, id, "", json_pack("{s:s, s:s}", "scope_id", other, "certified", "certified"));
    assert_int_equal(findings(id, 7, "not_the_scope", NULL), 1);
    assert_int_equal(findings(id, 7, "certificate_unknown", NULL), 1);
    go(SOAS, id, "", json_pack("{s:s}", "certificate_soa", "SOA-1"));
    assert_int_equal(findings(id, 7, "certificate_unknown", NULL), 0);
    go(RISKS, risk, "retire", reason());
    free(one);
    free(control);
    free(round);
    free(risk);
    free(plan);
    free(action);
    free(log);
    free(ours);
    free(own);
    free(other);
    put_away(SOAS, id);
}

/* ---- the life of a version ---- */

static void an_approved_version_never_changes(void **state)
{
    (void)state;
    char *first = soa("2022", NULL), *one, *outcome = statement();
    stop(SOAS, first, "submit", NULL, 422, "undecided", NULL);
    decide(first);
    one = row(first, "A.7.14");
    go(ROWS, one, "", yes("business", "planned"));
    tie(ROWS, one, "statements", outcome);
    assert_true(passes(first));
    static const char *const not_yet[] = {"withdraw", "approve", "publish", "supersede"};
    for (size_t i = 0; i < 4; i++)
        stop_as(top, SOAS, first, not_yet[i], i ? NULL : reason(), i ? 409 : 403, NULL, NULL);
    go(SOAS, first, "submit", NULL);
    stop(ROWS, one, "", json_pack("{s:s}", "note", "Late"), 409, "frozen", NULL);
    stop(SOAS, first, "approve", NULL, 403, NULL, NULL);
    go(SOAS, first, "withdraw", reason());
    go(SOAS, first, "submit", NULL);
    go_as(top, SOAS, first, "approve", NULL);
    stop(SOAS, first, "", json_pack("{s:s}", "note", "Late"), 409, "frozen", NULL);
    stop(SOAS, first, "archive", NULL, 409, "soa_kept", NULL);
    stop(ROWS, one, "", json_pack("{s:s}", "note", "Late"), 409, "frozen", NULL);
    stop(ROWS, one, "archive", NULL, 409, "frozen", NULL);
    stop(ROWS, one, "confirm", NULL, 409, "frozen", NULL);
    refuse(ROWS, json_pack("{s:s, s:s}", "soa_id", first, "title", "Late"), 409, "frozen", NULL);
    char path[250];
    snprintf(path, sizeof path, HERE ROWS "/%s/links/statements/%s", one, outcome);
    struct answer a = api_call(manager, "DELETE", path, NULL, NULL);
    expect_problem(&a, 409, "frozen", NULL);
    answer_free(&a);
    stop_as(top, SOAS, first, "approve", NULL, 409, "wrong_state", NULL);
    go_as(top, SOAS, first, "publish", NULL);
    /* the next one starts from it, and takes its place */
    char *second = soa("2022", first), *moved = row(second, "A.7.14");
    a = api_get(manager, HERE ROWS "/%s/links/statements", moved);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 1);
    answer_free(&a);
    go(ROWS, moved, "", json_pack("{s:s}", "target_date", day(300)));
    a = api_get(manager, HERE SOAS "/%s/difference?with=%s", second, first);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 1);
    assert_string_equal(answer_text(&a, "items/0/catalogue_id"), "A.7.14");
    assert_string_equal(answer_text(&a, "items/0/members/0"), "target_date");
    answer_free(&a);
    go(SOAS, second, "submit", NULL);
    go_as(top, SOAS, second, "approve", NULL);
    is_text(SOAS, first, "status", "superseded");
    go_as(top, SOAS, second, "supersede", NULL);
    stop_as(top, SOAS, second, "publish", NULL, 409, "wrong_state", NULL);
    free(first);
    free(second);
    free(one);
    free(moved);
    free(outcome);
}

/* ---- from 2013 to 2022 ---- */

static const char *member(const json_t *rows, const char *number, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(rows, number), name));
    return text ? text : "";
}

static void the_mapping_brings_rows_over(void **state)
{
    (void)state;
    static const struct {
        const char *number, *why, *state;
    } old_rows[] = {{"A.5.1.1", "risk", "implemented"},
                    {"A.5.1.2", "legal", "partial"}, /* merged into A.5.1 */
                    {"A.12.4.1", "risk", "planned"},
                    {"A.12.4.2", "business", "not_started"},
                    {"A.12.4.3", "risk", "implemented"}}; /* merged into A.8.15 */
    char *old = soa("2013", NULL);
    decide(old);
    for (size_t i = 0; i < sizeof old_rows / sizeof *old_rows; i++) {
        char *one = row(old, old_rows[i].number);
        go(ROWS, one, "", yes(old_rows[i].why, old_rows[i].state));
        free(one);
    }
    char *split = row(old, "A.18.2.3");
    go(ROWS, split, "", yes("contractual", "partial"));
    free(split);
    char *fresh = soa("2022", old);
    json_t *rows = rows_of(fresh), *r;
    const char *number;
    int undecided = 0;
    assert_int_equal(json_object_size(rows), 93);
    assert_string_equal(member(rows, "A.5.1", "implementation_state"), "partial");
    assert_string_equal(member(rows, "A.5.1", "applicable"), "yes");
    assert_int_equal(json_array_size(json_object_get(json_object_get(rows, "A.5.1"), "reasons")), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(rows, "A.5.1"), "taken_from")), 2);
    assert_string_equal(member(rows, "A.8.15", "implementation_state"), "not_started");
    assert_int_equal(json_array_size(json_object_get(json_object_get(rows, "A.8.15"), "reasons")), 2);
    assert_string_equal(member(rows, "A.5.36", "applicable"), "yes"); /* what was split is copied to both */
    assert_string_equal(member(rows, "A.8.8", "applicable"), "yes");
    json_object_foreach(rows, number, r)
    {
        undecided += strcmp(json_string_value(json_object_get(r, "applicable")), "undecided") == 0;
    }
    assert_int_equal(undecided, 11); /* the new ones */
    assert_string_equal(member(rows, "A.5.7", "applicable"), "undecided");
    json_decref(rows);
    assert_int_equal(findings(fresh, 8, "not_confirmed", NULL), 93);
    char *one = row(fresh, "A.5.1");
    go(ROWS, one, "confirm", NULL);
    assert_int_equal(findings(fresh, 8, "not_confirmed", NULL), 92);
    stop(ROWS, one, "", json_pack("{s:s}", "note", "Late"), 409, "frozen", NULL);
    stop(ROWS, one, "confirm", NULL, 409, "wrong_state", NULL);
    go(ROWS, one, "reconsider", NULL);
    stop(ROWS, one, "reconsider", NULL, 409, "wrong_state", NULL);
    assert_int_equal(findings(fresh, 8, "not_confirmed", NULL), 93);
    assert_int_equal(findings(old, 8, "not_confirmed", NULL), 0); /* not brought over */
    free(one);
    put_away(SOAS, fresh);
    put_away(SOAS, old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_from_the_edition),
        cmocka_unit_test(what_is_asked_for_is_not_excluded),
        cmocka_unit_test(duties_ask_and_back),
        cmocka_unit_test(what_is_included_has_backed_reasons),
        cmocka_unit_test(treatment_evidence_and_risks_are_checked),
        cmocka_unit_test(an_approved_version_never_changes),
        cmocka_unit_test(the_mapping_brings_rows_over),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
