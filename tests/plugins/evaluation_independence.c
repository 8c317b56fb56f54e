/* Nobody audits his own work, against an oracle: 1,000 random graphs of people, what they own, what is in the scope and who is on
 * the team. The oracle knows nothing but the graph. */
#include "area.h"

enum { PEOPLE = 6, CONTROLS = 5, PROCESSES = 4, DOCUMENTS = 3, LINKED = PROCESSES + DOCUMENTS, GRAPHS = 1000, NOBODY = -1 };

static struct api *manager;
static char *people[PEOPLE], *controls[CONTROLS], *refs[CONTROLS], *linked[LINKED]; /* processes, then documents */

static const char *resource_of(size_t i)
{
    return i < PROCESSES ? "context/processes" : "support/documents";
}

static const char *relation_of(size_t i)
{
    return i < PROCESSES ? "processes" : "documents";
}

/* Of the tests alone: the same graphs in every run. */
static unsigned roll(unsigned sides)
{
    static uint64_t seed = 20260923;
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % sides;
}

static char *make(const char *path, json_t *body, char **ref)
{
    struct answer a = area_post(manager, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    if (ref)
        *ref = strdup(answer_text(&a, "ref"));
    answer_free(&a);
    return id;
}

static int set_up(void **state)
{
    (void)state;
    static const char *const roles[PEOPLE] = {"owner",      "manager",        "contributor",
                                              "risk_owner", "top_management", "internal_auditor"};
    manager = api_as("keep", "manager");
    for (size_t i = 0; i < PEOPLE; i++) {
        struct api *person = api_as("keep", roles[i]);
        people[i] = area_id_of(person);
        api_free(person);
    }
    for (size_t i = 0; i < CONTROLS; i++)
        controls[i] = make("annex-a/controls", json_pack("{s:s, s:s}", "origin", "own", "title", "Of a graph"), &refs[i]);
    for (size_t i = 0; i < PROCESSES; i++)
        linked[i] = make("context/processes", json_pack("{s:s, s:s}", "name", area_unique("Draw"), "family", "support"), NULL);
    for (size_t i = PROCESSES; i < LINKED; i++)
        linked[i] = make("support/documents", json_pack("{s:s}", "title", area_unique("Draw")), NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTROLS; i++) {
        area_do(manager, "annex-a/controls", controls[i], "archive", NULL);
        free(controls[i]);
        free(refs[i]);
    }
    for (size_t i = 0; i < LINKED; i++) {
        area_do(manager, resource_of(i), linked[i], "archive", NULL);
        free(linked[i]);
    }
    for (size_t i = 0; i < PEOPLE; i++)
        free(people[i]);
    api_free(manager);
    return 0;
}

struct graph {
    int control_owner[CONTROLS], linked_owner[LINKED];
    bool control_in[CONTROLS], linked_in[LINKED];
    bool team[PEOPLE]; /* who would audit; the lead among them */
    int lead;          /* or NOBODY */
};

static void draw(struct graph *g)
{
    for (size_t i = 0; i < CONTROLS; i++) {
        g->control_owner[i] = roll(3) ? (int)roll(PEOPLE) : NOBODY;
        g->control_in[i] = roll(4) == 0;
    }
    for (size_t i = 0; i < LINKED; i++) {
        g->linked_owner[i] = roll(3) ? (int)roll(PEOPLE) : NOBODY;
        g->linked_in[i] = roll(4) == 0;
    }
    g->lead = roll(8) ? (int)roll(PEOPLE) : NOBODY;
    for (int i = 0; i < PEOPLE; i++)
        g->team[i] = i == g->lead || roll(3) == 0;
}

static bool by_control(const struct graph *g, int person)
{
    for (size_t i = 0; i < CONTROLS; i++)
        if (g->control_in[i] && g->control_owner[i] == person)
            return true;
    return false;
}

static bool owns(const struct graph *g, size_t which, int person)
{
    return g->linked_owner[which] == person;
}

static void give(const char *resource, const char *id, int owner)
{
    json_t *to = owner == NOBODY ? json_null() : json_string(people[owner]);
    area_do(manager, resource, id, "", json_pack("{s:o}", "owner_id", to));
}

/* As the oracle says, or the test fails with the graph's number. */
static bool as_foretold(struct answer a, bool refused, size_t graph, const char *what)
{
    if ((a.status == 422) != refused || (!refused && a.status / 100 != 2))
        fail_msg("graph %zu, %s: the oracle says %s, the service %d %s", graph, what, refused ? "no" : "yes", a.status, a.body);
    if (refused)
        expect_problem(&a, 422, "own_work", NULL);
    answer_free(&a);
    return !refused;
}

static struct answer plan(const struct graph *g)
{
    json_t *scope = json_array();
    for (size_t i = 0; i < CONTROLS; i++)
        if (g->control_in[i])
            json_array_append_new(scope, json_string(refs[i]));
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "title", "Of a graph", "edition", "2022", "scope", "Drawn.",
                             "criteria", "Rules.", "starts_on", area_day(0), "ends_on", area_day(0), "controls", scope);
    if (g->lead != NOBODY)
        json_object_set_new(body, "lead_id", json_string(people[g->lead]));
    return area_post(manager, "evaluation/audits", body);
}

/* Team first by the controls, then process by process and document by document: each is let in unless somebody who was let in
 * owns it. */
static void build(const struct graph *g, size_t number, int counts[2])
{
    struct answer a = plan(g);
    bool refused = g->lead != NOBODY && by_control(g, g->lead), in[PEOPLE] = {false};
    char *audit = refused ? NULL : strdup(answer_text(&a, "id") ? answer_text(&a, "id") : "");
    counts[refused]++;
    if (!as_foretold(a, refused, number, "lead"))
        return;
    if (g->lead != NOBODY)
        in[g->lead] = true;
    for (int i = 0; i < PEOPLE; i++) {
        if (!g->team[i] || i == g->lead)
            continue;
        a = area_post(manager, "evaluation/audit-members", json_pack("{s:s, s:s}", "audit_id", audit, "member_id", people[i]));
        counts[by_control(g, i)]++;
        in[i] = as_foretold(a, by_control(g, i), number, "member");
    }
    for (size_t p = 0; p < LINKED; p++) {
        if (!g->linked_in[p])
            continue;
        bool no = false;
        for (int i = 0; i < PEOPLE; i++)
            no = no || (in[i] && owns(g, p, i));
        char path[200];
        snprintf(path, sizeof path, "evaluation/audits/%s/links/%s", audit, relation_of(p));
        counts[no]++;
        as_foretold(area_post(manager, path, json_pack("{s:s}", "id", linked[p])), no, number, relation_of(p));
    }
    area_do(manager, "evaluation/audits", audit, "archive", NULL);
    free(audit);
}

static void a_thousand_graphs(void **state)
{
    (void)state;
    struct graph g, was = {.lead = NOBODY};
    int counts[2] = {0};
    for (size_t i = 0; i < CONTROLS; i++)
        was.control_owner[i] = NOBODY;
    for (size_t i = 0; i < LINKED; i++)
        was.linked_owner[i] = NOBODY;
    for (size_t n = 0; n < GRAPHS; n++) {
        draw(&g);
        for (size_t i = 0; i < CONTROLS; i++)
            if (g.control_owner[i] != was.control_owner[i])
                give("annex-a/controls", controls[i], g.control_owner[i]);
        for (size_t i = 0; i < LINKED; i++)
            if (g.linked_owner[i] != was.linked_owner[i])
                give(resource_of(i), linked[i], g.linked_owner[i]);
        build(&g, n, counts);
        was = g;
    }
    /* The graphs try both answers often. */
    assert_true(counts[0] > 500);
    assert_true(counts[1] > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_graphs)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
