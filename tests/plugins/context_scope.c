/* The life of a scope through the running service: every transition from every state, who may, what is frozen, one in force. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DITCH "/api/v1/orgs/ditch/context/"

static struct api *owner, *consultant; /* the owner may approve, the consultant writes */

static int log_in(void **state)
{
    (void)state;
    owner = api_as("ditch", "owner");
    consultant = api_as("ditch", "consultant");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    api_free(consultant);
    return 0;
}

/* POST or PATCH with the record's ETag. Steals the body. */
static struct answer change(struct api *who, const char *method, const char *id, const char *verb, json_t *body)
{
    struct answer now = api_get(who, DITCH "scopes/%s", id);
    expect_status(&now, 200);
    char path[200];
    snprintf(path, sizeof path, DITCH "scopes/%s%s%s", id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, method, path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static void step(struct api *who, const char *id, const char *verb, const char *status)
{
    struct answer a = change(who, "POST", id, verb, json_pack("{s:s}", "reason", "Tried in a test"));
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "status"), status);
    answer_free(&a);
}

static void refused(struct api *who, const char *id, const char *verb, int status, const char *code)
{
    struct answer a = change(who, "POST", id, verb, json_pack("{s:s}", "reason", "Tried in a test"));
    expect_status(&a, status);
    char type[100];
    snprintf(type, sizeof type, "urn:ballium:problem:%s", code);
    assert_string_equal(answer_text(&a, "type"), type);
    answer_free(&a);
}

static void link_sites(struct api *who, const char *id, int status)
{
    struct answer sites = api_get(who, DITCH "sites?limit=500");
    expect_status(&sites, 200);
    size_t i;
    json_t *site;
    json_array_foreach(answer_at(&sites, "items"), i, site)
    {
        char path[200];
        snprintf(path, sizeof path, DITCH "scopes/%s/links/sites", id);
        struct answer a = api_post(who, path, json_pack("{s:O}", "id", json_object_get(site, "id")));
        assert_int_equal(a.status / 100, status / 100);
        answer_free(&a);
    }
    answer_free(&sites);
}

static char *new_site(void)
{
    static int made;
    char name[60];
    snprintf(name, sizeof name, "Site %lld-%d", (long long)time(NULL), ++made);
    struct answer a =
        api_post(owner, DITCH "sites",
                 json_pack("{s:s, s:s, s:s, s:i}", "name", name, "address", "Lane 1", "country", "DE", "headcount", 3));
    expect_status(&a, 201);
    char *ref = strdup(answer_text(&a, "ref"));
    answer_free(&a);
    return ref;
}

/* A complete draft by the consultant, with every site. */
static char *new_scope(void)
{
    struct answer a =
        api_post(consultant, DITCH "scopes",
                 json_pack("{s:s, s:s, s:s, s:[{s:s}], s:[{s:s}]}", "title", "Scope", "statement", "All we do.", "rationale",
                           "We are few.", "units", "name", "Everybody", "services", "name", "Analysers"));
    expect_status(&a, 201);
    assert_string_equal(answer_text(&a, "status"), "draft");
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    link_sites(consultant, id, 201);
    return id;
}

static const char *const verbs[] = {"submit", "withdraw", "return", "approve", "enforce", "confirm", "supersede"};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* Everything but the listed verbs is refused in this state. */
static void only(const char *id, const char *allowed)
{
    for (size_t i = 0; i < VERBS; i++)
        if (!strstr(allowed, verbs[i]))
            refused(owner, id, verbs[i], 409, "wrong_state");
}

static void every_transition_from_every_state(void **state)
{
    (void)state;
    char *id = new_scope();
    only(id, "submit");
    step(consultant, id, "submit", "in_review");
    only(id, "withdraw return approve");
    step(consultant, id, "withdraw", "draft");
    step(consultant, id, "submit", "in_review");
    step(owner, id, "return", "draft");
    step(consultant, id, "submit", "in_review");
    step(owner, id, "approve", "approved");
    only(id, "enforce");
    step(owner, id, "enforce", "in_force");
    only(id, "confirm supersede");
    step(owner, id, "confirm", "in_force");
    step(owner, id, "supersede", "superseded");
    only(id, "");
    free(id);
}

static void sending_back_needs_a_reason(void **state)
{
    (void)state;
    char *id = new_scope();
    step(consultant, id, "submit", "in_review");
    static const char *const back[] = {"return", "withdraw"};
    for (size_t i = 0; i < 2; i++) {
        struct answer a = change(owner, "POST", id, back[i], json_object());
        assert_int_equal(a.status, 422);
        assert_non_null(strstr(a.body, "/reason"));
        answer_free(&a);
    }
    free(id);
}

static void approval_is_by_somebody_else_who_may(void **state)
{
    (void)state;
    char *id = new_scope();
    step(consultant, id, "submit", "in_review");
    refused(consultant, id, "approve", 403, "forbidden"); /* wrote it, and may not */
    struct answer a = change(owner, "PATCH", id, "", json_pack("{s:s}", "statement", "All we do, by the owner's hand."));
    expect_status(&a, 200);
    answer_free(&a);
    refused(owner, id, "approve", 403, "separation_of_duties"); /* may, but edited it last */
    a = change(consultant, "PATCH", id, "", json_pack("{s:s}", "statement", "All we do, by the consultant's hand."));
    expect_status(&a, 200);
    answer_free(&a);
    step(owner, id, "approve", "approved");
    a = api_get(owner, DITCH "scopes/%s", id);
    assert_non_null(answer_text(&a, "approved_at"));
    assert_non_null(answer_text(&a, "approved_by_id"));
    answer_free(&a);
    free(id);
}

static void incomplete_scopes_are_not_submitted(void **state)
{
    (void)state;
    char *site = new_site();
    struct answer a = api_post(consultant, DITCH "scopes", json_pack("{s:s, s:s}", "title", "Half", "statement", "Something."));
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    a = change(consultant, "POST", id, "submit", NULL);
    assert_int_equal(a.status, 422);
    assert_non_null(strstr(a.body, "/rationale"));
    answer_free(&a);
    a = change(consultant, "PATCH", id, "", json_pack("{s:s}", "rationale", "We are few."));
    expect_status(&a, 200);
    answer_free(&a);
    a = change(consultant, "POST", id, "submit", NULL);
    assert_int_equal(a.status, 422);
    assert_non_null(strstr(a.body, "/services"));
    assert_non_null(strstr(a.body, "/exclusions"));
    assert_non_null(strstr(a.body, site));
    answer_free(&a);
    a = change(consultant, "PATCH", id, "", json_pack("{s:[{s:s}]}", "exclusions", "what", "The new site"));
    assert_int_equal(a.status, 422);
    assert_non_null(strstr(a.body, "/exclusions/0/reason"));
    answer_free(&a);
    a = change(consultant, "PATCH", id, "",
               json_pack("{s:[{s:s}], s:[{s:s}], s:[{s:s, s:s, s:s}]}", "units", "name", "All", "services", "name", "All",
                         "exclusions", "what", "The new site", "reason", "Empty still", "site", site));
    expect_status(&a, 200);
    answer_free(&a);
    a = change(consultant, "POST", id, "submit", NULL);
    if (a.status == 422) /* sites of other tests */
        assert_null(strstr(a.body, site));
    answer_free(&a);
    free(site);
    free(id);
}

static void approved_text_and_sites_do_not_change(void **state)
{
    (void)state;
    char *id = new_scope();
    step(consultant, id, "submit", "in_review");
    step(owner, id, "approve", "approved");
    struct answer a = change(consultant, "PATCH", id, "", json_pack("{s:s}", "statement", "Something else."));
    expect_status(&a, 409);
    answer_free(&a);
    free(new_site());
    link_sites(consultant, id, 409);
    struct answer links = api_get(consultant, DITCH "scopes/%s/links/sites", id);
    expect_status(&links, 200);
    const char *site = answer_text(&links, "items/0/id");
    char path[200];
    snprintf(path, sizeof path, DITCH "scopes/%s/links/sites/%s", id, site);
    a = api_call(consultant, "DELETE", path, NULL, NULL);
    expect_status(&a, 409);
    answer_free(&a);
    snprintf(path, sizeof path, DITCH "sites/%s/links/scopes/%s", site, id); /* nor from the other end */
    a = api_call(consultant, "DELETE", path, NULL, NULL);
    expect_status(&a, 409);
    answer_free(&a);
    answer_free(&links);
    free(id);
}

static char *in_force(void)
{
    struct answer a = api_get(owner, DITCH "scopes?status=in_force");
    expect_status(&a, 200);
    assert_true(json_array_size(answer_at(&a, "items")) <= 1);
    const char *id = answer_text(&a, "items/0/id");
    char *copy = id ? strdup(id) : NULL;
    answer_free(&a);
    return copy;
}

static void the_next_version_supersedes_the_last(void **state)
{
    (void)state;
    char *first = new_scope();
    step(consultant, first, "submit", "in_review");
    char path[200];
    snprintf(path, sizeof path, DITCH "scopes/%s:revise", first);
    struct answer a = api_post(consultant, path, NULL);
    expect_problem(&a, 409, "not_approved_yet", NULL);
    answer_free(&a);
    step(owner, first, "approve", "approved");
    step(owner, first, "enforce", "in_force");
    a = change(owner, "POST", first, "archive", NULL);
    expect_problem(&a, 409, "scope_in_force", NULL);
    answer_free(&a);

    a = api_post(consultant, path, NULL);
    expect_status(&a, 201);
    assert_string_equal(answer_text(&a, "status"), "draft");
    assert_string_equal(answer_text(&a, "revises_id"), first);
    assert_string_equal(answer_text(&a, "units/0/name"), "Everybody");
    struct answer old = api_get(owner, DITCH "scopes/%s", first);
    assert_int_equal(answer_integer(&a, "version_number"), answer_integer(&old, "version_number") + 1);
    answer_free(&old);
    char *second = strdup(answer_text(&a, "id"));
    assert_non_null(answer_header(&a, "location"));
    answer_free(&a);
    a = api_get(owner, DITCH "scopes/%s/links/sites?limit=500", second);
    struct answer sites = api_get(owner, DITCH "scopes/%s/links/sites?limit=500", first);
    assert_int_equal(json_array_size(answer_at(&a, "items")), json_array_size(answer_at(&sites, "items")));
    answer_free(&a);
    answer_free(&sites);

    link_sites(consultant, second, 200);
    step(consultant, second, "submit", "in_review");
    step(owner, second, "approve", "approved");
    step(owner, second, "enforce", "in_force");
    char *now = in_force();
    assert_string_equal(now, second);
    a = api_get(owner, DITCH "scopes/%s", first);
    assert_string_equal(answer_text(&a, "status"), "superseded");
    assert_non_null(answer_text(&a, "superseded_on"));
    answer_free(&a);
    a = api_get(owner, DITCH "scopes/%s", second);
    assert_non_null(answer_text(&a, "review_on"));
    answer_free(&a);
    free(now);
    free(first);
    free(second);
}

static void a_site_of_later_is_a_gap(void **state)
{
    (void)state;
    char *site = new_site();
    struct answer a = api_get(owner, DITCH "gaps");
    size_t i;
    json_t *gap;
    bool found = false;
    json_array_foreach(answer_at(&a, "items"), i, gap)
    {
        const char *ref = json_string_value(json_object_get(gap, "ref"));
        if (strcmp(json_string_value(json_object_get(gap, "code")), "site_outside_scope") == 0 && ref && strcmp(ref, site) == 0)
            found = true;
    }
    assert_true(found);
    answer_free(&a);
    free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_from_every_state),
        cmocka_unit_test(sending_back_needs_a_reason),
        cmocka_unit_test(approval_is_by_somebody_else_who_may),
        cmocka_unit_test(incomplete_scopes_are_not_submitted),
        cmocka_unit_test(approved_text_and_sites_do_not_change),
        cmocka_unit_test(the_next_version_supersedes_the_last),
        cmocka_unit_test(a_site_of_later_is_a_gap),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
