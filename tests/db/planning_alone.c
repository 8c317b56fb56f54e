/* Planning where the areas that it listens to are not loaded: risks are rated, settled and looked after without them; what is
 * typed stands for what they would say. */
#include "unit.h"

#include "base/config.h"
#include "base/ids.h"
#include "db/db.h"
#include "http/act.h"
#include "http/http.h"
#include <stdlib.h>
#include <string.h>

struct house {
    struct config config;
    struct registry *registry;
    struct engine *engine;
    struct http *http;
    struct http_worker *worker;
    struct arena *arena;
    char tenant[UUID_TEXT], person[UUID_TEXT], other[UUID_TEXT], slug[64];
};

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *worker = getenv("BALLIUM_TEST_WORKER");
    if (h == NULL || worker == NULL || getenv("BALLIUM_TEST_SUPERUSER") == NULL)
        return -1;
    h->config = (struct config){.worker = (char *)(uintptr_t)worker,
                                .database = (char *)(uintptr_t)worker,
                                .plugin_dir = TEST_AREAS,
                                .plugins = "context annex_a planning",
                                .prepared = true};
    h->arena = arena_new(8 << 20);
    h->registry = registry_load(&h->config, stderr);
    h->engine = h->registry ? engine_new(h->registry, stderr) : NULL;
    h->http = h->engine ? http_new(&h->config, h->engine, NULL, stderr) : NULL;
    h->worker = h->http ? http_worker_new(h->http) : NULL;
    struct db *root = db_new(getenv("BALLIUM_TEST_SUPERUSER"), true);
    if (h->worker == NULL || db_ready(root) != BL_OK)
        return -1;
    uuid_v7(h->tenant);
    uuid_v7(h->person);
    uuid_v7(h->other);
    snprintf(h->slug, sizeof h->slug, "a-%s", h->tenant + 24);
    const char *people = arena_format(
        h->arena,
        "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('%s', '%s', 'T', 'client');"
        " INSERT INTO core.user_account (id, email, name) VALUES ('%s', '%s@example.test', 'P'), ('%s', '%s@example.test', 'Q');"
        " INSERT INTO core.membership (tenant_id, user_id, roles) VALUES ('%s', '%s', '{owner}'), ('%s', '%s', '{owner}')",
        h->tenant, h->slug, h->person, h->person, h->other, h->other, h->tenant, h->person, h->tenant, h->other);
    bool made = db_script(root, people);
    db_free(root);
    *state = h;
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    http_worker_free(h->worker);
    http_free(h->http);
    engine_free(h->engine);
    registry_free(h->registry);
    arena_free(h->arena);
    free(h);
    return 0;
}

/* ---- acts, each a transaction ---- */

struct story {
    const struct house *house;
    char method[UUID_TEXT], risk[UUID_TEXT];
    enum bl_status linked;
};

static void act(struct house *h, const char *actor, enum bl_status (*run)(struct bl_request *, void *), struct story *s)
{
    struct http_act act = {.tenant = h->tenant, .slug = h->slug, .actor = actor, .what = "test", .run = run, .arg = s};
    if (http_act(h->worker, &act) != BL_OK)
        fail_msg("%s", act.problem);
}

static enum bl_status make(struct bl_request *r, const char *resource, json_t *body, char id[UUID_TEXT])
{
    json_t *out = NULL;
    enum bl_status status = bl_create(r, resource, body, &out);
    json_decref(body);
    if (status == BL_OK)
        snprintf(id, UUID_TEXT, "%s", json_string_value(json_object_get(out, "id")));
    return status;
}

static json_t *places(void)
{
    return json_pack("[{s:s}, {s:s}, {s:s}]", "name", "Low", "name", "Middle", "name", "High");
}

static enum bl_status write_method(struct bl_request *r, void *arg)
{
    struct story *s = arg;
    json_t *levels = json_pack("[{s:s, s:s}, {s:s, s:s, s:i}]", "name", "Low", "rank", "risk_owner", "name", "High", "rank",
                               "risk_owner", "from_score", 10);
    return make(r, "planning.risk_methods",
                json_pack("{s:s, s:s, s:o, s:o, s:o}", "title", "Threats", "level_function", "threats", "likelihood_scale",
                          places(), "impact_scale", places(), "levels", levels),
                s->method);
}

static json_t *rating(const char *stage, int impact)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:s}", "stage", stage, "threat", 1, "weakness", 1, "impact", impact, "reason", "Seen");
}

static enum bl_status rate_a_risk(struct bl_request *r, void *arg)
{
    struct story *s = arg;
    char round[UUID_TEXT];
    enum bl_status status = bl_transit(r, "planning.risk_methods", s->method, "approve", NULL, NULL);
    if (status == BL_OK)
        status = make(r, "planning.risk_rounds", json_pack("{s:s, s:s}", "title", "First", "method_id", s->method), round);
    if (status == BL_OK)
        status = bl_transit(r, "planning.risk_rounds", round, "start", NULL, NULL);
    if (status == BL_OK)
        status = make(r, "planning.risks",
                      json_pack("{s:s, s:s, s:s, s:[o, o]}", "title", "Risk", "round_id", round, "owner_id", s->house->person,
                                "ratings", rating("inherent", 2), rating("current", 1)),
                      s->risk);
    if (status == BL_OK)
        status = bl_transit(r, "planning.risks", s->risk, "analyse", NULL, NULL);
    return status == BL_OK ? bl_transit(r, "planning.risks", s->risk, "evaluate", NULL, NULL) : status;
}

static enum bl_status accept_it(struct bl_request *r, void *arg)
{
    struct story *s = arg;
    char id[UUID_TEXT];
    enum bl_status status = make(
        r, "planning.risk_acceptances",
        json_pack("{s:s, s:s, s:s, s:s}", "title", "Bear it", "risk_id", s->risk, "reason", "Cheaper", "until_on", "2199-01-01"),
        id);
    memcpy(s->method, id, UUID_TEXT);
    return status;
}

static enum bl_status approve_it(struct bl_request *r, void *arg)
{
    struct story *s = arg;
    return bl_transit(r, "planning.risk_acceptances", s->method, "approve", NULL, NULL);
}

static enum bl_status tie_an_asset(struct bl_request *r, void *arg)
{
    struct story *s = arg;
    s->linked = bl_link(r, "planning.risks", s->risk, "assets", s->house->person);
    return BL_OK; /* what was told is not this test's */
}

static enum bl_status sweep(struct bl_request *r, void *arg)
{
    const struct story *s = arg;
    enum bl_status status = BL_OK;
    const struct bl_duty *duties = registry_plugin(s->house->registry, "planning")->duties;
    for (const struct bl_duty *d = duties; status == BL_OK && d->name; d++)
        status = d->run(r);
    return status;
}

static enum bl_status look(struct bl_request *r, void *arg)
{
    const struct story *s = arg;
    struct bl_rows *rows;
    const char *id = s->risk;
    enum bl_status status = bl_sql(r,
                                   "SELECT current_score, current_level, asset_value, status FROM planning.risk"
                                   " WHERE tenant_id = $1 AND id = $2::uuid",
                                   &id, 1, 0, &rows);
    assert_int_equal(status, BL_OK);
    assert_int_equal(bl_integer(r, rows, 0, 0), 8); /* as typed: 2 x 2 x 2 */
    assert_int_equal(bl_integer(r, rows, 0, 1), 0);
    assert_null(bl_cell(r, rows, 0, 2));
    assert_string_equal(bl_cell(r, rows, 0, 3), "accepted");
    return BL_OK;
}

static void risks_live_without_the_other_areas(void **state)
{
    struct house *h = *state;
    struct story s = {.house = h};
    act(h, h->person, write_method, &s);
    act(h, h->other, rate_a_risk, &s);
    act(h, h->other, accept_it, &s);
    act(h, h->person, approve_it, &s);
    act(h, NULL, tie_an_asset, &s);
    assert_int_equal(s.linked, BL_CONFLICT); /* area_not_loaded */
    act(h, NULL, sweep, &s);
    act(h, NULL, look, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(risks_live_without_the_other_areas)};
    return cmocka_run_group_tests_name("planning/alone", tests, set_up, tear_down);
}
