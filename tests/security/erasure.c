/* The right to be forgotten: after one act no name and no address of the person is anywhere in the database, and the trail is as
 * provable as before. People and their names are this run's own. */
#include "person.h"
#include "planning.h"

#define ISSUES "/api/v1/orgs/" PLANNING_ORG "/context/issues"
#define PEOPLE "/api/v1/orgs/" PLANNING_ORG "/support/persons"

static struct api *head; /* the organisation's owner */

struct known {
    struct person sign_in;
    char surname[40], name[80], id[40];
    struct api *as;
};

static int set_up(void **state)
{
    head = api_as(PLANNING_ORG, "owner");
    return log_in(state);
}

static int tear_down(void **state)
{
    api_free(head);
    return log_out(state);
}

/* Somebody whose name nobody else has comes by an invitation of `who`. */
static struct known new_known(struct api *who, const char *org, const char *role)
{
    static int number;
    struct known k = {.sign_in.password = "correct horse of somebody"};
    snprintf(k.surname, sizeof k.surname, "Zwoelf%lld%c%d", (long long)time(NULL) % 1000000, 'a' + number++, (int)getpid());
    snprintf(k.name, sizeof k.name, "Quintessa %s", k.surname);
    snprintf(k.sign_in.email, sizeof k.sign_in.email, "q.%s@example.org", k.surname);
    for (char *p = k.sign_in.email; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    char *token = person_invited(who, org, k.sign_in.email, role);
    struct answer r = person_accepted(token, k.sign_in.password, k.name);
    expect_status(&r, 200);
    answer_free(&r);
    free(token);
    k.as = person_api(&k.sign_in, NULL);
    char *id = id_of_me(k.as);
    snprintf(k.id, sizeof k.id, "%s", id);
    free(id);
    return k;
}

/* Lines of a dump of the whole database in which the surname stands, as text or as bytes. */
static int traces(const struct known *k)
{
    char hex[120] = "", said[40];
    for (const char *p = k->surname; *p; p++)
        snprintf(hex + strlen(hex), 3, "%02x", (unsigned char)*p);
    person_shell(said, sizeof said,
                 "pg_dump --data-only 2>/dev/null \"$(%s/sql/cluster env \"$BALLIUM_CLUSTER_DIR\" | sed -n \"s/^export "
                 "BALLIUM_TEST_SUPERUSER='\\(.*\\)'$/\\1/p\")\" | grep -icE '%s|%s' || true",
                 TEST_SOURCE, k->surname, hex);
    return atoi(said);
}

static void verify_trail(const char *org)
{
    person_shell(NULL, 0,
                 "f=$(mktemp -u) && \"$BALLIUM_BINARY\" audit export --org %s --out $f && \"$BALLIUM_BINARY\" audit verify $f; "
                 "code=$?; rm -f $f; exit $code",
                 org);
}

static json_t *issue_about(const char *name)
{
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:i, s:i}", "title", json_sprintf("%s has the key", name), "description",
                     json_sprintf("Ask\n%s, or %s's deputy.", name, name), "origin", "internal", "effect", "negative", "concern",
                     "isms_outcome", "category", "people", "influence", 2, "control", 2);
}

/* Writes the person into every kind of place: a title, a text, a list, a file's name, the list of people (under another name), a
 * reason on the trail, an answer that is kept for a repeat. The caller frees the issue's id. */
static char *scatter(const struct known *k)
{
    char path[400], key[60], text[600];
    struct answer r = api_post(manager, ISSUES, issue_about(k->name));
    expect_status(&r, 201);
    char *issue = strdup(answer_text(&r, "id"));
    answer_free(&r);
    snprintf(path, sizeof path, ISSUES "/%s:archive", issue);
    snprintf(text, sizeof text, "{\"reason\":\"%s asked for it\"}", k->name);
    r = api_call(manager, "POST", path, text, (const char *const[]){"If-Match: \"1\"", NULL});
    expect_status(&r, 200);
    answer_free(&r);
    r = api_post(manager, PEOPLE,
                 json_pack("{s:o, s:s, s:s, s:s, s:[o], s:s}", "name", json_sprintf("Dr Q. (Tess) %s-Lee", k->surname), "email",
                           k->sign_in.email, "unit", "Desk", "bond", "employee", "roles", json_sprintf("Deputy of %s", k->name),
                           "member_id", k->id));
    expect_status(&r, 201);
    answer_free(&r);
    snprintf(path, sizeof path, "/api/v1/orgs/" PLANNING_ORG "/files?name=cv%%20%%28Quintessa%%20%s%%29.txt", k->surname);
    r = api_call(manager, "POST", path, "A life\n", (const char *const[]){"Content-Type: text/plain", NULL});
    expect_status(&r, 201);
    answer_free(&r);
    r = api_post(k->as, "/api/v1/orgs/" PLANNING_ORG "/calendar/feeds",
                 json_pack("{s:o}", "name", json_sprintf("Telephone of %s", k->name)));
    expect_status(&r, 201);
    answer_free(&r);
    snprintf(key, sizeof key, "Idempotency-Key: %s", k->id);
    json_t *body = issue_about(k->name);
    char *words = json_dumps(body, 0);
    r = api_call(manager, "POST", ISSUES, words, (const char *const[]){key, NULL});
    expect_status(&r, 201);
    answer_free(&r);
    free(words);
    json_decref(body);
    return issue;
}

static struct answer erased(struct api *who, const char *org, const struct known *k)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/members/%s:erase", org, k->id);
    return api_post(who, path, json_pack("{s:s, s:s}", "email", k->sign_in.email, "reason", "Asked to be forgotten"));
}

static void nothing_of_a_person_is_left(void **state)
{
    (void)state;
    struct known k = new_known(head, PLANNING_ORG, "reader");
    char *issue = scatter(&k), *plan_risk, *round = plain_round(), *action, path[300];
    /* a line of a plan that was signed as it reads */
    plan_risk = risk_in(round);
    rate(plan_risk, 2, 2, 2, 2, -1, -1);
    char *plan = make("planning/treatment-plans", json_pack("{s:s}", "title", "Plan"));
    action = make("planning/treatment-actions",
                  json_pack("{s:o, s:s, s:s, s:s, s:s}", "title", json_sprintf("Train %s", k.name), "plan_id", plan, "risk_id",
                            plan_risk, "owner_id", manager_id, "due_on", day(60)));
    go("planning/treatment-plans", plan, "submit", NULL);
    go_as(owner, "planning/treatment-plans", plan, "sign", NULL);
    go_as(owner, "planning/treatment-plans", plan, "approve", NULL);
    go_as(owner, "planning/treatment-plans", plan, "enforce", NULL);
    assert_true(traces(&k) > 12);

    struct answer r = erased(head, PLANNING_ORG, &k);
    expect_status(&r, 200);
    assert_true(answer_integer(&r, "records") >= 5);
    assert_true(answer_integer(&r, "events") >= 5);
    answer_free(&r);
    assert_int_equal(traces(&k), 0);
    verify_trail(PLANNING_ORG);

    r = api_get(k.as, "/api/v1/orgs/" PLANNING_ORG); /* a token that was good a moment ago */
    assert_true(r.status == 401 || r.status == 404);
    answer_free(&r);
    r = person_log_in(&k.sign_in, k.sign_in.password, NULL);
    expect_status(&r, 401);
    answer_free(&r);
    r = api_get(manager, ISSUES "/%s/history", issue); /* that it happened, and who did it, stays */
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/verb"), "forget");
    assert_string_equal(answer_text(&r, "items/1/verb"), "archive");
    assert_null(answer_text(&r, "items/1/reason"));
    assert_string_equal(answer_text(&r, "items/2/verb"), "create");
    answer_free(&r);
    r = api_get(manager, ISSUES "/%s", issue);
    assert_non_null(strstr(answer_text(&r, "title"), " has the key"));
    assert_int_equal(answer_integer(&r, "version"), 3);
    answer_free(&r);
    r = api_get(manager, "/api/v1/orgs/" PLANNING_ORG "/search?q=%s", k.surname);
    expect_status(&r, 200);
    assert_int_equal(json_array_size(answer_at(&r, "items")), 0);
    answer_free(&r);
    go("planning/treatment-actions", action, "approve", NULL); /* the signature holds for the words that are left */
    snprintf(path, sizeof path, "/api/v1/orgs/" PLANNING_ORG "/members/%s", k.id);
    r = api_get(manager, "%s", path);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "name"), "Erased");
    answer_free(&r);
    r = erased(head, PLANNING_ORG, &k);
    assert_true(r.status == 422 || r.status == 404); /* once is enough */
    answer_free(&r);
    api_free(k.as);
    free(issue);
    free(round);
    free(plan_risk);
    free(plan);
    free(action);
}

static void what_one_organisation_forgets_another_keeps(void **state)
{
    (void)state;
    struct known k = new_known(head, PLANNING_ORG, "reader");
    struct api *moat = api_as("moat", "owner");
    struct answer r = api_post(moat, "/api/v1/orgs/moat/context/issues", issue_about(k.name));
    expect_status(&r, 201);
    char *issue = strdup(answer_text(&r, "id"));
    answer_free(&r);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org moat --roles reader", k.sign_in.email);
    r = api_post(k.as, "/api/v1/orgs/" PLANNING_ORG "/calendar/feeds", json_pack("{s:s}", "name", k.name));
    expect_status(&r, 201);
    answer_free(&r);
    r = erased(head, PLANNING_ORG, &k);
    expect_status(&r, 200);
    answer_free(&r);
    char feeds[300];
    snprintf(feeds, sizeof feeds, "SELECT 1 / (count(*) = 0)::integer FROM core.calendar_feed WHERE user_id = '%s'", k.id);
    person_sql(feeds);
    r = api_get(head, "/api/v1/orgs/" PLANNING_ORG "/members/%s", k.id);
    assert_string_equal(answer_text(&r, "name"), "Erased");
    answer_free(&r);
    r = api_get(moat, "/api/v1/orgs/moat/members/%s", k.id);
    assert_string_equal(answer_text(&r, "name"), k.name);
    answer_free(&r);
    r = api_get(k.as, "/api/v1/orgs/moat/context/issues/%s", issue);
    expect_status(&r, 200);
    assert_non_null(strstr(answer_text(&r, "title"), k.name));
    answer_free(&r);
    r = api_get(k.as, "/api/v1/orgs/" PLANNING_ORG);
    expect_status(&r, 404);
    answer_free(&r);
    assert_true(traces(&k) > 0);
    /* the platform forgets everywhere */
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user erase --email %s --confirm %s --reason 'Asked'", k.sign_in.email,
                 k.sign_in.email);
    assert_int_equal(traces(&k), 0);
    verify_trail("moat");
    api_free(moat);
    api_free(k.as);
    free(issue);
}

/* One act: what stands in the way in one organisation leaves the person known in all of them. */
static void all_or_nothing(void **state)
{
    (void)state;
    struct person first;
    struct api *as;
    char *slug = person_founded(&first, &as), open[200];
    struct known k = new_known(as, slug, "owner");
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org " PLANNING_ORG " --roles reader", k.sign_in.email);
    struct api *moat = api_as("moat", "owner");
    free(person_invited(moat, "moat", k.sign_in.email, "reader")); /* never accepted */
    api_free(moat);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user end --email %s --org %s", first.email, slug);
    int before = traces(&k);
    person_shell(NULL, 0, "! \"$BALLIUM_BINARY\" user erase --email %s --confirm %s --reason Asked 2>/dev/null", k.sign_in.email,
                 k.sign_in.email); /* the last owner */
    assert_int_equal(traces(&k), before);
    person_shell(NULL, 0, "! \"$BALLIUM_BINARY\" user erase --email %s --confirm other --reason Asked 2>/dev/null",
                 k.sign_in.email);
    snprintf(open, sizeof open, "\"$BALLIUM_BINARY\" org close --slug %s", slug);
    person_shell(NULL, 0, "%s", open);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user erase --email %s --confirm %s --reason Asked", k.sign_in.email,
                 k.sign_in.email);
    assert_int_equal(traces(&k), 0);
    verify_trail(slug);
    api_free(as);
    api_free(k.as);
    free(slug);
}

static void who_may_and_whom(void **state)
{
    (void)state;
    char refresh[100], path[200];
    struct known k = new_known(head, PLANNING_ORG, "reader");
    struct answer r = erased(manager, PLANNING_ORG, &k);
    expect_status(&r, 403);
    answer_free(&r);
    r = erased(k.as, PLANNING_ORG, &k);
    expect_status(&r, 403);
    answer_free(&r);
    struct api *moat = api_as("moat", "owner");
    r = erased(moat, PLANNING_ORG, &k);
    expect_status(&r, 404);
    answer_free(&r);
    r = erased(moat, "moat", &k); /* nobody of moat's */
    expect_status(&r, 404);
    answer_free(&r);
    struct known other = k;
    snprintf(other.sign_in.email, sizeof other.sign_in.email, "other@example.org");
    r = erased(head, PLANNING_ORG, &other);
    expect_problem(&r, 422, "not_allowed", "/email");
    answer_free(&r);
    struct person p = person_new(PLANNING_ORG, "owner");
    struct api *stale = person_api(&p, refresh);
    person_grow_stale(&p, stale, refresh);
    r = erased(stale, PLANNING_ORG, &k);
    expect_status(&r, 401);
    answer_free(&r);
    /* a role of the organisation's own is no way to one who holds more */
    r = api_post(head, "/api/v1/orgs/" PLANNING_ORG "/roles",
                 json_pack("{s:s, s:s, s:[s]}", "name", "privacy-clerk", "label", "Privacy", "permissions", "core.member:erase"));
    assert_true(r.status == 201 || r.status == 409);
    answer_free(&r);
    snprintf(path, sizeof path, "/api/v1/orgs/" PLANNING_ORG "/members/%s", k.id);
    struct answer now = api_get(head, "%s", path);
    r = api_send(head, "PATCH", path, json_pack("{s:[s]}", "roles", "privacy-clerk"), answer_header(&now, "etag"));
    answer_free(&now);
    expect_status(&r, 200);
    answer_free(&r);
    struct api *chief = person_api(&p, NULL); /* `stale` is the same person, an owner */
    struct known above = {.sign_in = p};
    char *above_id = id_of_me(chief);
    snprintf(above.id, sizeof above.id, "%s", above_id);
    free(above_id);
    api_free(chief);
    r = erased(k.as, PLANNING_ORG, &above);
    expect_problem(&r, 403, "not_held", NULL);
    answer_free(&r);
    struct person first; /* of an organisation that a consultancy has founded, whose person comes by the engagement */
    struct api *as, *consultant = api_as("barbican", "owner");
    char *slug = person_founded(&first, &as), *came = id_of_me(consultant);
    struct known engaged = {.name = ""};
    snprintf(engaged.id, sizeof engaged.id, "%s", came);
    snprintf(engaged.sign_in.email, sizeof engaged.sign_in.email, "%s", api_email("barbican", "owner"));
    r = erased(as, slug, &engaged);
    expect_problem(&r, 409, "engaged", NULL);
    answer_free(&r);
    api_free(consultant);
    api_free(as);
    free(came);
    free(slug);
    assert_true(traces(&k) > 0);
    api_free(stale);
    api_free(moat);
    api_free(k.as);
}

/* A word that is somebody else's too stays: of two people with one name, the other one is still named. */
static void a_namesake_stays(void **state)
{
    (void)state;
    struct known k = new_known(head, PLANNING_ORG, "reader"), twin = new_known(head, PLANNING_ORG, "reader");
    char sql[300];
    snprintf(sql, sizeof sql, "UPDATE core.user_account SET name = '%s' WHERE id = '%s'", k.name, twin.id);
    person_sql(sql);
    struct answer r = api_post(manager, ISSUES, issue_about(k.name));
    expect_status(&r, 201);
    char *issue = strdup(answer_text(&r, "id"));
    answer_free(&r);
    r = erased(head, PLANNING_ORG, &k);
    expect_status(&r, 200);
    answer_free(&r);
    r = api_get(manager, ISSUES "/%s", issue);
    assert_non_null(strstr(answer_text(&r, "title"), k.name));
    answer_free(&r);
    r = erased(head, PLANNING_ORG, &twin);
    expect_status(&r, 200);
    answer_free(&r);
    assert_int_equal(traces(&k), 0);
    assert_int_equal(traces(&twin), 0);
    attack_archive(manager, ISSUES, issue);
    api_free(k.as);
    api_free(twin.as);
    free(issue);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    api_from_own_address();
    const struct CMUnitTest tests[] = {
        CASE(nothing_of_a_person_is_left),
        CASE(what_one_organisation_forgets_another_keeps),
        CASE(all_or_nothing),
        CASE(who_may_and_whom),
        CASE(a_namesake_stays),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
