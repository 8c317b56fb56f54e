/* Each role against each verb: what a role does not hold is 403, says so, and changes nothing. */
#include "attack.h"

#define CONTEXT "/api/v1/orgs/keep/context/"

static const struct {
    const char *role;
    bool write, archive, approve;
} roles[] = {
    {"owner", true, true, true},         {"manager", true, true, false},         {"contributor", true, false, false},
    {"risk_owner", false, false, false}, {"top_management", false, false, true}, {"internal_auditor", false, false, false},
    {"reader", false, false, false},     {"consultant", true, true, false},
};
enum { ROLES = sizeof roles / sizeof *roles };

static struct api *who[ROLES];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++)
        who[i] = api_as("keep", roles[i].role);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++)
        api_free(who[i]);
    return 0;
}

static const struct {
    const char *method, *path, *body;
    char verb; /* Write, aRchive, aPprove */
} asked[] = {
    {"POST", "", "{}", 'w'},
    {"PATCH", "/" NOBODYS, "{}", 'w'},
    {"POST", ":batch", "{\"operations\":[]}", 'w'},
    {"POST", "/" NOBODYS ":archive", NULL, 'r'},
    {"POST", ":batch", "{\"operations\":[{\"op\":\"archive\",\"id\":\"" NOBODYS "\",\"if_match\":\"\\\"1\\\"\"}]}", 'r'},
    {"POST", "/" NOBODYS ":restore", NULL, 'r'},
    {"POST", "/" NOBODYS ":approve", NULL, 'p'},
    {"POST", "/" NOBODYS ":enforce", NULL, 'p'},
};

/* What a role may is answered otherwise than 403 (the record does not exist, the body is bad): the permission alone is tried. */
static void each_role_each_verb(void **state)
{
    (void)state;
    static const char *const resources[] = {
        "issues", "statements", "climate-determinations", "interested-parties", "requirements", "scopes",
        "sites",  "processes",  "process-links"};
    for (size_t i = 0; i < ROLES; i++)
        for (size_t k = 0; k < sizeof resources / sizeof *resources; k++) {
            struct answer list = api_get(who[i], CONTEXT "%s", resources[k]);
            expect_status(&list, 200);
            answer_free(&list);
            for (size_t v = 0; v < sizeof asked / sizeof *asked; v++) {
                if (asked[v].verb == 'p' && strcmp(resources[k], "scopes") != 0)
                    continue;
                const char *rest = asked[v].path;
                char path[300];
                snprintf(path, sizeof path, CONTEXT "%s%s", resources[k], rest);
                struct answer r =
                    api_call(who[i], asked[v].method, path, asked[v].body, (const char *const[]){"If-Match: \"1\"", NULL});
                bool may = asked[v].verb == 'w' ? roles[i].write : asked[v].verb == 'r' ? roles[i].archive : roles[i].approve;
                if ((r.status != 403) != may || r.status >= 500 || r.status < 400)
                    fail_msg("%s %s as %s: %d %s", asked[v].method, path, roles[i].role, r.status, r.body);
                if (!may)
                    expect_problem(&r, 403, "forbidden", NULL);
                answer_free(&r);
            }
        }
}

static struct answer act(struct api *a, const char *id, const char *verb)
{
    struct answer now = api_get(a, CONTEXT "scopes/%s", id);
    expect_status(&now, 200);
    char path[300];
    snprintf(path, sizeof path, CONTEXT "scopes/%s:%s", id, verb);
    struct answer r = api_send(a, "POST", path, json_pack("{s:s}", "reason", "Tried"), answer_header(&now, "etag"));
    answer_free(&now);
    return r;
}

/* The owner holds every permission, and still does not approve what the owner wrote. */
static void nobody_approves_the_own_scope(void **state)
{
    (void)state;
    struct api *owner = who[0], *top = who[4];
    struct answer r = api_post(owner, CONTEXT "scopes",
                               json_pack("{s:s, s:s, s:s, s:[{s:s}], s:[{s:s}]}", "title", "Own", "statement", "All.",
                                         "rationale", "Few.", "units", "name", "Everybody", "services", "name", "Advice"));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id")), path[300];
    answer_free(&r);
    snprintf(path, sizeof path, CONTEXT "scopes/%s/links/sites", id);
    struct answer sites = api_get(owner, CONTEXT "sites?limit=500");
    size_t i;
    json_t *site;
    json_array_foreach(answer_at(&sites, "items"), i, site)
    {
        r = api_post(owner, path, json_pack("{s:O}", "id", json_object_get(site, "id")));
        answer_free(&r);
    }
    answer_free(&sites);
    r = act(owner, id, "submit");
    expect_status(&r, 200);
    answer_free(&r);
    r = act(owner, id, "approve");
    if (r.status < 400 || r.status >= 500)
        fail_msg("the author approved: %s", r.body);
    answer_free(&r);
    struct answer now = api_get(owner, CONTEXT "scopes/%s", id);
    assert_string_equal(answer_text(&now, "status"), "in_review");
    answer_free(&now);
    r = act(top, id, "return"); /* another person may decide on it: it was the author that was refused */
    expect_status(&r, 200);
    answer_free(&r);
    attack_archive(owner, CONTEXT "scopes", id);
    free(id);
}

static void nobody_without_a_token_gets_in(void **state)
{
    (void)state;
    struct api *a = api_new();
    json_t *document = attack_document(), *item, *operation;
    const char *template, *name;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        char path[500], method[16];
        if (strstr(template, "{org}") == NULL || strncmp(template, "/api/v1/public/", 15) == 0)
            continue; /* what is public stands apart, so that nothing becomes so by a flag alone */
        attack_path(path, sizeof path, template, "keep", NOBODYS, NOBODYS);
        json_object_foreach(item, name, operation)
        {
            size_t n = 0;
            for (; name[n] && n < 15; n++)
                method[n] = (char)(name[n] - 32);
            method[n] = '\0';
            if (strcmp(name, "parameters") == 0)
                continue;
            struct answer r = api_call(a, method, path, NULL, NULL);
            if (r.status != 401)
                fail_msg("%s %s without a token: %d %s", method, path, r.status, r.body);
            answer_free(&r);
        }
    }
    json_decref(document);
    api_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_each_verb),
        cmocka_unit_test(nobody_approves_the_own_scope),
        cmocka_unit_test(nobody_without_a_token_gets_in),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
