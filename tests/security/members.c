/* Members at the doors: nobody gives or takes what they do not hold, the last owner stays, an invitation opens once. Each test
 * has people and, where it matters, an organisation of its own. */
#include "person.h"

#include <pthread.h>

#define KEEP "/api/v1/orgs/keep"

static struct api *owner, *manager;

static int set_up(void **state)
{
    (void)state;
    owner = api_as("keep", "owner");
    manager = api_as("keep", "manager");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(owner);
    api_free(manager);
    return 0;
}

static void expect_tagged(struct api *who, const char *method, const char *path, const char *body, const char *etag, int status,
                          const char *code)
{
    char header[200];
    snprintf(header, sizeof header, "If-Match: %s", etag ? etag : "");
    struct answer r = api_call(who, method, path, body, etag ? (const char *const[]){header, NULL} : NULL);
    if (r.status != status)
        fail_msg("%s %s %s: %d instead of %d: %s", method, path, body ? body : "", r.status, status, r.body);
    if (code)
        expect_problem(&r, status, code, NULL);
    answer_free(&r);
}

/* What changes or deletes names the version that there is now, as far as this caller may see it. */
static void expect(struct api *who, const char *method, const char *path, const char *body, int status, const char *code)
{
    char etag[100] = "\"1\"";
    bool tagged = strcmp(method, "PATCH") == 0 || strcmp(method, "DELETE") == 0;
    struct answer now = tagged ? api_get(who, "%s", path) : (struct answer){0};
    const char *seen = tagged ? answer_header(&now, "etag") : NULL;
    if (seen)
        snprintf(etag, sizeof etag, "%s", seen);
    answer_free(&now);
    expect_tagged(who, method, path, body, tagged ? etag : NULL, status, code);
}

static char *id_of(struct api *who)
{
    struct answer me = api_get(who, "/api/v1/me");
    expect_status(&me, 200);
    char *id = strdup(answer_text(&me, "user/id"));
    answer_free(&me);
    return id;
}

static char *member_path(struct api *who, const char *org, const char *verb)
{
    char *id = id_of(who), *path = NULL;
    if (asprintf(&path, "/api/v1/orgs/%s/members/%s%s", org, id, verb) < 0)
        fail_msg("out of memory");
    free(id);
    return path;
}

/* ---- roles of the organisation's own ---- */

static void an_own_role_allows_what_it_says_and_no_more(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    struct api *who = person_api(&p, NULL);
    char *path = member_path(who, "keep", "");
    expect(who, "POST", KEEP "/context/issues", "{}", 403, "forbidden");
    expect(
        manager, "POST", KEEP "/roles",
        "{\"name\":\"issue-clerk\",\"label\":\"Issue clerk\",\"permissions\":[\"context.issue:read\",\"context.issue:write\"]}",
        201, NULL);
    expect(manager, "PATCH", path, "{\"roles\":[\"issue-clerk\"]}", 200, NULL);
    expect(who, "POST", KEEP "/context/issues", "{}", 422, NULL);
    expect(who, "GET", KEEP "/context/sites", NULL, 403, "forbidden");
    expect(who, "POST", KEEP "/context/issues/" NOBODYS ":archive", NULL, 403, "forbidden");
    struct answer found = api_get(who, KEEP "/search?q=s&limit=100");
    size_t i;
    json_t *hit;
    expect_status(&found, 200);
    json_array_foreach(answer_at(&found, "items"), i, hit)
        assert_string_equal(json_string_value(json_object_get(hit, "resource")), "context.issues");
    answer_free(&found);
    struct answer me = api_get(who, "/api/v1/me");
    expect_status(&me, 200);
    assert_string_equal(answer_text(&me, "memberships/0/own_roles/issue-clerk/1"), "context.issue:write");
    answer_free(&me);
    expect(manager, "DELETE", KEEP "/roles/issue-clerk", NULL, 409, "in_use");
    expect(manager, "PATCH", KEEP "/roles/issue-clerk", "{\"permissions\":[\"context.issue:read\"]}", 200, NULL);
    expect(who, "POST", KEEP "/context/issues", "{}", 403, "forbidden"); /* the next request */
    expect(manager, "PATCH", path, "{\"roles\":[\"reader\"]}", 200, NULL);
    expect(manager, "DELETE", KEEP "/roles/issue-clerk", NULL, 204, NULL);
    api_free(who);
    free(path);
}

static void nobody_makes_a_role_above_the_own(void **state)
{
    (void)state;
    static const char *const above[] = {"context.scope:approve", "core.organisation:close"};
    char body[300];
    for (size_t i = 0; i < 2; i++) {
        snprintf(body, sizeof body, "{\"name\":\"too-much\",\"label\":\"Too much\",\"permissions\":[\"%s\"]}", above[i]);
        expect(manager, "POST", KEEP "/roles", body, 403, "not_held");
    }
    expect(owner, "POST", KEEP "/roles", body, 201, NULL);
    expect(manager, "PATCH", KEEP "/roles/too-much", "{\"label\":\"Mine now\"}", 403, "not_held");
    expect(manager, "PATCH", KEEP "/roles/too-much", "{\"permissions\":[\"context.issue:read\"]}", 403, "not_held");
    expect(manager, "DELETE", KEEP "/roles/too-much", NULL, 403, "not_held");
    struct person p = person_new("keep", "reader");
    struct api *who = person_api(&p, NULL);
    char *path = member_path(who, "keep", "");
    expect(manager, "PATCH", path, "{\"roles\":[\"too-much\"]}", 403, "not_held");
    expect(who, "POST", KEEP "/roles", body, 403, "forbidden");
    expect(owner, "DELETE", KEEP "/roles/too-much", NULL, 204, NULL);
    expect(owner, "POST", KEEP "/roles", "{\"name\":\"strange-one\",\"label\":\"x\",\"permissions\":[\"context.issue:fly\"]}",
           422, NULL);
    expect(owner, "POST", KEEP "/roles", "{\"name\":\"reader\",\"label\":\"x\",\"permissions\":[\"context.issue:read\"]}", 409,
           NULL);
    expect(owner, "POST", KEEP "/roles", "{\"name\":\"approver\",\"label\":\"x\",\"permissions\":[\"context.issue:read\"]}", 422,
           NULL);
    api_free(who);
    free(path);
}

/* ---- members ---- */

static void nobody_gives_a_role_above_the_own(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    struct api *who = person_api(&p, NULL);
    char *path = member_path(who, "keep", ""), *own = member_path(manager, "keep", ""),
         *above = member_path(owner, "keep", ":suspend");
    expect(who, "PATCH", path, "{\"roles\":[\"owner\"]}", 403, "forbidden");
    expect(manager, "PATCH", path, "{\"roles\":[\"owner\"]}", 403, "not_held");
    expect(manager, "PATCH", path, "{\"roles\":[\"reader\",\"top_management\"]}", 403, "not_held");
    expect(manager, "PATCH", own, "{\"roles\":[\"owner\"]}", 403, "not_held");
    expect(manager, "POST", above, NULL, 403, "not_held");
    expect(manager, "PATCH", path, "{\"roles\":[\"king\"]}", 422, NULL);
    expect(manager, "PATCH", path, "{\"roles\":[]}", 422, "too_few");
    expect(manager, "PATCH", path, "{\"roles\":[\"service_client\"]}", 422, NULL);
    struct answer r =
        api_post(manager, KEEP "/invitations", json_pack("{s:s, s:[s]}", "email", "x@example.org", "roles", "owner"));
    expect_problem(&r, 403, "not_held", "/roles");
    answer_free(&r);
    api_free(who);
    free(path);
    free(own);
    free(above);
}

static void a_suspended_member_is_out_at_once(void **state)
{
    (void)state;
    struct person p = person_new("keep", "contributor");
    struct api *who = person_api(&p, NULL);
    char *suspend = member_path(who, "keep", ":suspend"), *resume = member_path(who, "keep", ":resume"),
         *remove = member_path(who, "keep", ":remove");
    expect(who, "GET", KEEP, NULL, 200, NULL);
    expect(manager, "POST", suspend, "{\"reason\":\"Lost the laptop\"}", 200, NULL);
    expect(who, "GET", KEEP, NULL, 404, NULL);
    expect(manager, "POST", suspend, NULL, 409, "wrong_state");
    expect(manager, "POST", resume, NULL, 200, NULL);
    expect(who, "GET", KEEP, NULL, 200, NULL);
    expect(manager, "POST", remove, NULL, 200, NULL);
    expect(who, "GET", KEEP, NULL, 404, NULL);
    expect(manager, "POST", resume, NULL, 404, NULL);
    api_free(who);
    free(suspend);
    free(resume);
    free(remove);
}

static void the_last_owner_stays(void **state)
{
    (void)state;
    struct person first, second;
    struct api *as;
    char *slug = person_founded(&first, &as);
    char *path = member_path(as, slug, ""), *suspend = member_path(as, slug, ":suspend"),
         *remove = member_path(as, slug, ":remove");
    expect(as, "PATCH", path, "{\"roles\":[\"manager\"]}", 409, "last_owner");
    expect(as, "POST", suspend, NULL, 409, "last_owner");
    expect(as, "POST", remove, NULL, 409, "last_owner");
    second = person_new(slug, "owner");
    char sql[300]; /* an owner whose account is suspended does not count */
    snprintf(sql, sizeof sql, "UPDATE core.user_account SET status = 'suspended' WHERE email = '%s'", second.email);
    person_sql(sql);
    expect(as, "POST", remove, NULL, 409, "last_owner");
    snprintf(sql, sizeof sql, "UPDATE core.user_account SET status = 'active' WHERE email = '%s'", second.email);
    person_sql(sql);
    expect(as, "POST", remove, NULL, 200, NULL);
    expect(as, "GET", path, NULL, 404, NULL);
    api_free(as);
    free(slug);
    free(path);
    free(suspend);
    free(remove);
}

/* ---- two who change the same ---- */

static void a_member_changes_for_one_who_has_seen_it(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    struct api *who = person_api(&p, NULL);
    char *path = member_path(who, "keep", ""), *suspend = member_path(who, "keep", ":suspend"),
         *resume = member_path(who, "keep", ":resume"), first[40], last[40];
    struct answer r = api_get(manager, "%s", path);
    expect_status(&r, 200);
    snprintf(first, sizeof first, "%s", answer_header(&r, "etag"));
    assert_int_equal(answer_integer(&r, "version"), atoi(first + 1));
    answer_free(&r);
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"contributor\"]}", NULL, 428, "if_match_required");
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"contributor\"]}", "1", 400, "bad_if_match");
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"contributor\"]}", "\"99\"", 412, "version_mismatch");
    r = api_send(manager, "PATCH", path, json_pack("{s:[s]}", "roles", "contributor"), first);
    expect_status(&r, 200);
    snprintf(last, sizeof last, "%s", answer_header(&r, "etag"));
    assert_string_not_equal(first, last);
    answer_free(&r);
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"reader\"]}", first, 412, "version_mismatch");
    expect(manager, "POST", suspend, NULL, 200, NULL); /* whoever read the member before does not know of it */
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"reader\"]}", last, 412, "version_mismatch");
    expect(manager, "POST", resume, NULL, 200, NULL);
    r = api_get(manager, "%s", path);
    assert_string_equal(answer_text(&r, "roles/0"), "contributor");
    snprintf(last, sizeof last, "%s", answer_header(&r, "etag"));
    answer_free(&r);
    r = api_get(manager, KEEP "/events?record=%s", strrchr(path, '/') + 1); /* the newest first */
    assert_int_equal(answer_integer(&r, "items/0/version"), atoi(last + 1));
    answer_free(&r);
    /* who has gone and comes again is not the one of the first answer */
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user end --email %s --org keep", p.email);
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" user grant --email %s --org keep --roles reader", p.email);
    expect_tagged(manager, "PATCH", path, "{\"roles\":[\"contributor\"]}", last, 412, "version_mismatch");
    api_free(who);
    free(path);
    free(suspend);
    free(resume);
}

static void a_role_changes_for_one_who_has_seen_it(void **state)
{
    (void)state;
    struct answer r =
        api_post(manager, KEEP "/roles",
                 json_pack("{s:s, s:s, s:[s]}", "name", "seen-clerk", "label", "Seen", "permissions", "context.issue:read"));
    expect_status(&r, 201);
    assert_string_equal(answer_header(&r, "etag"), "\"1\"");
    answer_free(&r);
    expect_tagged(manager, "PATCH", KEEP "/roles/seen-clerk", "{\"label\":\"A\"}", NULL, 428, "if_match_required");
    expect_tagged(manager, "DELETE", KEEP "/roles/seen-clerk", NULL, NULL, 428, "if_match_required");
    expect_tagged(manager, "PATCH", KEEP "/roles/seen-clerk", "{\"label\":\"A\"}", "\"1\"", 200, NULL);
    expect_tagged(manager, "PATCH", KEEP "/roles/seen-clerk", "{\"label\":\"B\"}", "\"1\"", 412, "version_mismatch");
    expect_tagged(manager, "DELETE", KEEP "/roles/seen-clerk", NULL, "\"1\"", 412, "version_mismatch");
    r = api_get(manager, KEEP "/roles/seen-clerk");
    assert_string_equal(answer_text(&r, "label"), "A");
    assert_string_equal(answer_header(&r, "etag"), "\"2\"");
    answer_free(&r);
    expect_tagged(manager, "DELETE", KEEP "/roles/seen-clerk", NULL, "\"2\"", 204, NULL);
    r = api_get(manager, KEEP "/roles/reader"); /* built in: it does not change */
    expect_status(&r, 200);
    assert_string_equal(answer_header(&r, "etag"), "\"0\"");
    answer_free(&r);
}

enum { WRITERS = 6 };
struct writer {
    pthread_t thread;
    pthread_barrier_t *start;
    struct api *api;
    const char *path, *etag;
    int status;
};

static void *write_at_once(void *arg)
{
    struct writer *me = arg;
    pthread_barrier_wait(me->start);
    struct answer r = api_send(me->api, "PATCH", me->path, json_pack("{s:[s]}", "roles", "contributor"), me->etag);
    me->status = r.status;
    answer_free(&r);
    return NULL;
}

static void of_many_at_once_one_changes_a_member(void **state)
{
    (void)state;
    struct person p = person_new("keep", "reader");
    struct api *who = person_api(&p, NULL);
    char *path = member_path(who, "keep", ""), etag[40];
    struct answer r = api_get(manager, "%s", path);
    snprintf(etag, sizeof etag, "%s", answer_header(&r, "etag"));
    answer_free(&r);
    struct writer writers[WRITERS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, WRITERS);
    int won = 0, late = 0;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.start = &start, .api = api_as("keep", "manager"), .path = path, .etag = etag};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_at_once, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        api_free(writers[i].api);
        won += writers[i].status == 200;
        late += writers[i].status == 412;
    }
    assert_int_equal(won, 1);
    assert_int_equal(late, WRITERS - 1);
    pthread_barrier_destroy(&start);
    api_free(who);
    free(path);
}

/* ---- invitations ---- */

static void an_invitation_works_once(void **state)
{
    (void)state;
    char *email = person_email(), *token = person_invited(manager, "keep", email, "reader");
    struct answer r = person_accepted(token, "short", "New Person");
    expect_problem(&r, 422, NULL, "/password");
    answer_free(&r);
    r = person_accepted(token, "correct horse battery", NULL);
    expect_problem(&r, 422, "required", "/name");
    answer_free(&r);
    r = person_accepted(token, "correct horse battery", "New Person");
    expect_status(&r, 200);
    answer_free(&r);
    r = person_accepted(token, "correct horse battery", "New Person");
    expect_problem(&r, 404, "no_such_invitation", NULL);
    answer_free(&r);
    struct person p = {.password = "correct horse battery"};
    snprintf(p.email, sizeof p.email, "%s", email);
    struct api *who = person_api(&p, NULL);
    expect(who, "GET", KEEP "/context/issues", NULL, 200, NULL);
    expect(who, "POST", KEEP "/context/issues", "{}", 403, "forbidden");
    r = api_post(manager, KEEP "/invitations", json_pack("{s:s, s:[s]}", "email", email, "roles", "reader"));
    expect_problem(&r, 409, "member", "/email");
    answer_free(&r);
    api_free(who);
    free(email);
    free(token);
}

/* It opens only the account of its address, and that one proves itself. */
static void an_invitation_joins_the_account_of_its_address(void **state)
{
    (void)state;
    struct person p = person_new("moat", "reader"), other = person_new("moat", "reader");
    char *token = person_invited(manager, "keep", p.email, "reader");
    struct answer r = person_accepted(token, "not the password", "Another Name");
    expect_problem(&r, 401, "wrong_credentials", NULL);
    answer_free(&r);
    struct api *them = person_api(&other, NULL), *me = person_api(&p, NULL);
    r = api_post(them, "/api/v1/me/invitations", json_pack("{s:s}", "token", token));
    expect_problem(&r, 404, "no_such_invitation", NULL);
    answer_free(&r);
    r = api_post(me, "/api/v1/me/invitations", json_pack("{s:s}", "token", token));
    expect_status(&r, 200);
    answer_free(&r);
    expect(me, "GET", KEEP, NULL, 200, NULL);
    expect(them, "GET", KEEP, NULL, 404, NULL);
    api_free(them);
    api_free(me);
    free(token);
}

static void an_old_or_revoked_invitation_is_nothing(void **state)
{
    (void)state;
    char *email = person_email(), sql[300];
    char *token = person_invited(manager, "keep", email, "reader"), *second = person_invited(manager, "keep", email, "reader");
    struct answer r = person_accepted(token, "correct horse battery", "New Person"); /* a new one takes the place of the old */
    expect_problem(&r, 404, "no_such_invitation", NULL);
    answer_free(&r);
    snprintf(sql, sizeof sql, "UPDATE core.invitation SET expires_at = now() WHERE email = '%s'", email);
    person_sql(sql);
    r = person_accepted(second, "correct horse battery", "New Person");
    expect_problem(&r, 404, "no_such_invitation", NULL);
    answer_free(&r);
    r = api_post(manager, KEEP "/invitations", json_pack("{s:s, s:[s]}", "email", email, "roles", "reader"));
    expect_status(&r, 201);
    char path[200];
    snprintf(path, sizeof path, KEEP "/invitations/%s", answer_text(&r, "id"));
    expect(manager, "DELETE", path, NULL, 204, NULL);
    struct answer late = person_accepted(answer_text(&r, "token"), "correct horse battery", "New Person");
    expect_problem(&late, 404, "no_such_invitation", NULL);
    answer_free(&late);
    answer_free(&r);
    free(email);
    free(token);
    free(second);
}

/* What was promised by somebody who could not give it now is not given. */
static void an_invitation_is_worth_what_its_maker_is(void **state)
{
    (void)state;
    struct person p = person_new("keep", "manager");
    struct api *who = person_api(&p, NULL);
    char *email = person_email(), *token = person_invited(who, "keep", email, "manager"), *path = member_path(who, "keep", "");
    expect(owner, "PATCH", path, "{\"roles\":[\"reader\"]}", 200, NULL);
    struct answer r = person_accepted(token, "correct horse battery", "New Person");
    expect_problem(&r, 403, "not_held", NULL);
    answer_free(&r);
    api_free(who);
    free(email);
    free(token);
    free(path);
}

/* ---- organisations ---- */

static void a_consultancy_founds_a_client_that_can_leave_it(void **state)
{
    (void)state;
    struct person first;
    struct api *as, *consultancy = api_as("barbican", "owner");
    char *slug = person_founded(&first, &as), path[300];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/context/issues", slug);
    expect(consultancy, "GET", path, NULL, 200, NULL);
    expect(as, "GET", path, NULL, 200, NULL);
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements", slug);
    struct answer r = api_get(as, "%s", path);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/organisation/slug"), "barbican");
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements/%s:end", slug, answer_text(&r, "items/0/id"));
    answer_free(&r);
    expect(as, "POST", path, NULL, 200, NULL);
    snprintf(path, sizeof path, "/api/v1/orgs/%s/context/issues", slug);
    expect(consultancy, "GET", path, NULL, 404, NULL);
    expect(owner, "POST", "/api/v1/orgs/keep/organisations",
           "{\"slug\":\"keep-two\",\"name\":\"K\",\"owner_email\":\"a@b.example\",\"valid_to\":\"2199-01-01\"}", 409,
           "wrong_kind");
    expect(consultancy, "POST", "/api/v1/orgs/barbican/organisations",
           "{\"slug\":\"keep\",\"name\":\"K\",\"owner_email\":\"a@b.example\",\"valid_to\":\"2199-01-01\"}", 409, NULL);
    /* closed: everybody is out */
    snprintf(path, sizeof path, "/api/v1/orgs/%s:close", slug);
    expect(as, "POST", path, "{\"slug\":\"keep\"}", 422, NULL);
    char body[100];
    snprintf(body, sizeof body, "{\"slug\":\"%s\"}", slug);
    expect(as, "POST", path, body, 200, NULL);
    snprintf(path, sizeof path, "/api/v1/orgs/%s", slug);
    expect(as, "GET", path, NULL, 404, NULL);
    expect(manager, "POST", "/api/v1/orgs/keep:close", "{\"slug\":\"keep\"}", 403, "forbidden");
    api_free(as);
    api_free(consultancy);
    free(slug);
}

static void access_says_who_can_do_what_and_why(void **state)
{
    (void)state;
    struct answer r = api_get(owner, KEEP "/access?permission=context.scope:approve&limit=500");
    expect_status(&r, 200);
    size_t i, n = 0;
    json_t *item;
    json_array_foreach(answer_at(&r, "items"), i, item)
    {
        const char *permission = NULL, *role = NULL;
        assert_int_equal(json_unpack(item, "{s:[{s:s, s:[s]}]}", "permissions", "permission", &permission, "roles", &role), 0);
        assert_string_equal(permission, "context.scope:approve");
        assert_true(strcmp(role, "owner") == 0 || strcmp(role, "top_management") == 0);
        n++;
    }
    assert_true(n >= 2);
    answer_free(&r);
    r = api_get(owner, KEEP "/permissions");
    expect_status(&r, 200);
    assert_true(json_array_size(answer_at(&r, "items")) > 50);
    answer_free(&r);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_own_role_allows_what_it_says_and_no_more),
        CASE(nobody_makes_a_role_above_the_own),
        CASE(nobody_gives_a_role_above_the_own),
        CASE(a_suspended_member_is_out_at_once),
        CASE(the_last_owner_stays),
        CASE(a_member_changes_for_one_who_has_seen_it),
        CASE(a_role_changes_for_one_who_has_seen_it),
        CASE(of_many_at_once_one_changes_a_member),
        CASE(an_invitation_works_once),
        CASE(an_invitation_joins_the_account_of_its_address),
        CASE(an_old_or_revoked_invitation_is_nothing),
        CASE(an_invitation_is_worth_what_its_maker_is),
        CASE(a_consultancy_founds_a_client_that_can_leave_it),
        CASE(access_says_who_can_do_what_and_why),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
