/* What engine_new makes of a descriptor: routes, permissions, relations, statements; and how rows become records. */
#include "yard_unit.h"

#include "printed.h"

static const struct engine_route *route(struct yard_unit *y, const char *method, const char *path)
{
    size_t count;
    const struct engine_route *routes = engine_routes(y->engine, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(routes[i].method, method) == 0 && strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

#define GATES "/api/v1/orgs/{org}/yard/gates"

static void every_resource_has_its_routes(void **state)
{
    static const struct {
        const char *method, *path, *permission;
        unsigned flags;
    } wanted[] = {
        {"GET", GATES, "yard.gate:read", 0},
        {"POST", GATES, "yard.gate:write", BL_WRITE},
        {"GET", GATES "/{id}", "yard.gate:read", 0},
        {"PATCH", GATES "/{id}", "yard.gate:write", BL_WRITE},
        {"POST", GATES "/{id}:archive", "yard.gate:archive", BL_WRITE},
        {"POST", GATES "/{id}:restore", "yard.gate:archive", BL_WRITE},
        {"POST", GATES "/{id}:submit", "yard.gate:write", BL_WRITE},
        {"POST", GATES "/{id}:approve", "yard.gate:approve", BL_WRITE},
        {"GET", GATES "/{id}/history", "yard.gate:read", 0},
        {"GET", "/api/v1/orgs/{org}/yard/log-entries", "yard.log_entry:read", 0},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct engine_route *r = route(y, wanted[i].method, wanted[i].path);
        if (r == NULL)
            fail_msg("%s %s is missing", wanted[i].method, wanted[i].path);
        assert_string_equal(r->permission, wanted[i].permission);
        assert_int_equal(r->flags, wanted[i].flags);
        assert_non_null(r->handler);
        assert_non_null(((const struct plan_route *)r->data)->plan);
    }
    assert_null(route(y, "DELETE", GATES "/{id}"));
    assert_null(route(y, "PATCH", "/api/v1/orgs/{org}/yard/log-entries/{id}")); /* append-only */
}

static void relations_stand_at_both_ends(void **state)
{
    struct yard_unit *y = *state;
    assert_int_equal(y->gates->relation_count, 4); /* the last is the other end of the third */
    assert_string_equal(y->gates->relations[3].name, "twin_of");
    assert_string_equal(y->gates->relations[3].key, "yard.gates.twins");
    assert_true(y->gates->relations[3].inverse);
    assert_string_equal(y->gates->relations[0].name, "near_towers");
    assert_string_equal(y->gates->relations[0].key, "yard.gates.near_towers");
    assert_ptr_equal(y->gates->relations[0].other_plan, y->towers);
    assert_false(y->gates->relations[0].inverse);
    assert_null(y->gates->relations[1].other_plan); /* that area is not loaded */
    assert_string_equal(y->gates->relations[1].other, "planning.risks");
    assert_int_equal(y->towers->relation_count, 1);
    assert_string_equal(y->towers->relations[0].name, "gates");
    assert_string_equal(y->towers->relations[0].key, "yard.gates.near_towers");
    assert_true(y->towers->relations[0].inverse);
}

/* A snapshot: a change of these texts is a change of what the database is asked, and must be meant. */
static void statements_of_a_small_resource(void **state)
{
    struct yard_unit *y = *state;
    const struct plan *p = y->entries;
    assert_string_equal(p->select,
                        "t.id, t.ref, t.version, t.text, t.created_at, t.created_by, t.updated_at, t.updated_by, t.archived_at");
    char wanted[4000];
    snprintf(wanted, sizeof wanted, "SELECT %s FROM yard.log_entry t WHERE t.tenant_id = $1 AND t.id = $2::uuid", p->select);
    assert_string_equal(p->sql_read, wanted);
    snprintf(
        wanted, sizeof wanted,
        "SELECT %s FROM yard.log_entry t WHERE t.tenant_id = $1 AND t.archived_at IS NULL ORDER BY t.created_at DESC, t.id DESC "
        "LIMIT 51",
        p->select);
    assert_string_equal(p->sql_list, wanted);
    snprintf(
        wanted, sizeof wanted,
        "WITH counter AS (INSERT INTO core.counter AS c (tenant_id, register, value) VALUES ($1, 'yard.log_entries', 1)\n"
        "  ON CONFLICT (tenant_id, register) DO UPDATE SET value = c.value + 1 RETURNING value),\n"
        "new AS (INSERT INTO yard.log_entry (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, text)\n"
        "  SELECT $1::uuid, $2::uuid, 'LOG' || '-' || value, 1, now(), $3::uuid, now(), $3::uuid, $6::text FROM counter "
        "RETURNING "
        "*),\n"
        "event AS (INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, request_id, reason, "
        "change)\n"
        "  SELECT $1::uuid, $4::uuid, $3::uuid, 'yard.log_entries', n.id, n.ref, 'create', n.version, $5::text, NULL,\n"
        "  (SELECT coalesce(jsonb_object_agg(a.key, jsonb_build_array(NULL, a.value)), '{}') FROM "
        "jsonb_each(jsonb_build_object('text', n.text)) a WHERE a.value <> 'null') FROM new n)\n"
        "SELECT %s, true AS written FROM new t",
        p->select);
    assert_string_equal(p->sql_create, wanted);
}

/* The highest $n of a text, and whether each below it is used: PostgreSQL refuses gaps. */
static int parameters(const char *sql)
{
    bool used[100] = {false};
    int highest = 0;
    for (const char *p = strchr(sql, '$'); p; p = strchr(p + 1, '$')) {
        int n = atoi(p + 1);
        if (n > 0 && n < 100)
            used[n] = true;
        highest = n > highest ? n : highest;
    }
    for (int i = 1; i <= highest; i++)
        if (!used[i])
            fail_msg("$%d is not used in: %s", i, sql);
    return highest;
}

static void every_statement_names_the_tenant(void **state)
{
    struct yard_unit *y = *state;
    const struct plan *plans[] = {y->gates, y->towers, y->entries};
    for (size_t i = 0; i < 3; i++) {
        const struct plan *p = plans[i];
        const char *all[] = {p->sql_read,    p->sql_lock,    p->sql_list,   p->sql_update,
                             p->sql_archive, p->sql_restore, p->sql_history};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            assert_non_null(strstr(all[k], "t.tenant_id = $1"));
            parameters(all[k]);
        }
        parameters(p->sql_create);
    }
    for (size_t i = 0; i < y->gates->transition_count; i++) {
        assert_non_null(strstr(y->gates->transitions[i].sql, "t.tenant_id = $1"));
        /* a rule may fill what .sets does not: three fields and a mask */
        bool rule = y->gates->transitions[i].transition->rule != NULL;
        assert_int_equal(parameters(y->gates->transitions[i].sql), rule ? 11 : 7);
    }
}

static const char *const row[] = {"01990000-0000-7000-8000-000000000001", "GATE-1", "4", "review", "Gate", NULL};

/* A row of canned cells: id, ref, version, the state, then names. */
static void put_row(struct ask *a, const struct plan *plan, const char *state, const char *author, const char *archived_at)
{
    const char **cells = arena_alloc(a->arena, (plan->column_count + 1) * sizeof *cells);
    for (size_t i = 0; i < 3; i++)
        cells[i] = row[i];
    cells[plan->status] = state;
    cells[plan->created_by] = author;
    cells[plan->updated_by] = author;
    cells[plan->archived_at] = archived_at;
    cells[plan->column_count] = "0"; /* written */
    a->fake.rows[0] = (struct bl_rows){.count = 1, .columns = (int)plan->column_count + 1, .cells = cells};
}

static void actions_are_what_the_caller_may_do_now(void **state)
{
    static const struct {
        const char *status, *author, *archived_at, *refused, *actions;
    } cases[] = {
        {"draft", "other", NULL, NULL, "[\"update\",\"archive\",\"submit\",\"close\"]"},
        {"draft", "other", NULL, "yard.gate:write", "[\"archive\"]"},
        {"draft", "other", NULL, "yard.gate:archive", "[\"update\",\"submit\",\"close\"]"},
        {"draft", "other", "2026-01-01", NULL, "[\"restore\"]"},
        {"review", "other", NULL, NULL, "[\"update\",\"archive\",\"approve\",\"reject\",\"mark\"]"},
        {"review", FAKE_ACTOR, NULL, NULL, "[\"update\",\"archive\",\"reject\",\"mark\"]"}, /* not one's own */
        {"review", "other", NULL, "yard.gate:approve", "[\"update\",\"archive\",\"mark\"]"},
        {"approved", "other", NULL, NULL, "[\"archive\",\"close\"]"}, /* frozen */
        {"closed", "other", NULL, NULL, "[\"archive\"]"},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        a->refused = cases[i].refused;
        put_row(a, y->gates, cases[i].status, cases[i].author, cases[i].archived_at);
        assert_int_equal(ask(a, "GET", "yard/gates/{id}", row[0]), 200);
        assert_string_equal(ask_text(a, "actions"), cases[i].actions);
        ask_free(a);
    }
}

static void a_read_is_one_statement_and_the_last(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    put_row(a, y->gates, "draft", "other", NULL);
    assert_int_equal(ask(a, "GET", "yard/gates/{id}", row[0]), 200);
    assert_int_equal(a->fake.statements, 1);
    assert_int_equal(a->fake.flags[0], BL_FINAL);
    assert_string_equal(a->fake.sql[0], y->gates->sql_read);
    assert_string_equal(a->args[0][0], row[0]);
    assert_string_equal(json_string_value(json_object_get(a->fake.headers, "ETag")), "\"4\"");
    ask_free(a);
}

static void what_stands_in_a_writer_s_way(void **state)
{
    static const struct {
        const char *tag, *status, *archived_at;
        int wanted;
        const char *code;
    } cases[] = {
        {"\"3\"", "draft", NULL, 412, "version_mismatch"},
        {"\"4\"", "draft", "2026-01-01", 409, "archived"},
        {"\"4\"", "approved", NULL, 409, "frozen"},
        {"\"4\"", "draft", NULL, 200, NULL}, /* nothing to change */
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        put_row(a, y->gates, cases[i].status, "other", cases[i].archived_at);
        ask_header(a, "If-Match", cases[i].tag);
        ask_header(a, "Content-Type", "application/merge-patch+json");
        ask_body(a, "{\"title\":\"New\"}");
        assert_int_equal(ask(a, "PATCH", "yard/gates/{id}", row[0]), cases[i].wanted);
        if (cases[i].code)
            assert_true(ask_told(a, cases[i].code, NULL));
        assert_int_equal(a->fake.flags[0], BL_FINAL); /* one statement: no rule in C */
        assert_string_equal(a->args[0][4], cases[i].tag[1] == '3' ? "3" : "4");
        assert_string_equal(a->args[0][5], "1"); /* the mask: the first field */
        ask_free(a);
    }
}

static void rules_in_c_lock_the_row_first(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    ask_header(a, "If-Match", "\"4\"");
    ask_header(a, "Content-Type", "application/json");
    ask_body(a, "{\"height\":1}");
    assert_int_equal(ask(a, "PATCH", "yard/towers/{id}", row[0]), 404); /* no row was locked */
    assert_string_equal(a->fake.sql[0], y->towers->sql_lock);
    assert_int_equal(a->fake.flags[0], 0);
    ask_free(a);
}

static void a_body_that_is_wrong_reaches_no_database(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    ask_body(a, "{\"name\":\"Babel\"}"); /* a rule's word, before the row is written */
    assert_int_equal(ask(a, "POST", "yard/towers", NULL), 422);
    assert_true(ask_told(a, "too_high", "/name"));
    assert_int_equal(a->fake.statements, 0);
    ask_free(a);
}

static void unknown_parameters_are_refused_everywhere(void **state)
{
    static const struct {
        const char *method, *path;
    } routes[] = {
        {"GET", "yard/gates"},
        {"POST", "yard/gates"},
        {"GET", "yard/gates/{id}"},
        {"PATCH", "yard/gates/{id}"},
        {"POST", "yard/gates/{id}:archive"},
        {"POST", "yard/gates/{id}:submit"},
        {"GET", "yard/gates/{id}/history"},
    };
    struct yard_unit *y = *state;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        ask_query(a, "colour", "red");
        ask_header(a, "If-Match", "\"1\"");
        ask_header(a, "Content-Type", "application/json");
        ask_body(a, "{}");
        assert_int_equal(ask(a, routes[i].method, routes[i].path, row[0]), 400);
        assert_true(ask_told(a, "unknown_parameter", NULL));
        ask_free(a);
    }
}

static void a_parameter_stands_once(void **state)
{
    struct yard_unit *y = *state;
    struct ask *a = ask_new(y->engine, NULL);
    ask_query(a, "limit", "1");
    ask_query(a, "limit", "2");
    assert_int_equal(ask(a, "GET", "yard/gates/{id}/history", row[0]), 400);
    assert_true(ask_told(a, "repeated_parameter", NULL));
    ask_free(a);
}

static void fields_choose_columns(void **state)
{
    struct yard_unit *y = *state;
    static const char *const good[] = {"id", "id,title", "actions", "archived_at,actions"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        put_row(a, y->gates, "draft", "other", NULL);
        ask_query(a, "fields", good[i]);
        assert_int_equal(ask(a, "GET", "yard/gates/{id}", row[0]), 200);
        size_t names = 1;
        for (const char *p = good[i]; *p; p++)
            names += *p == ',';
        assert_int_equal(json_object_size(a->fake.answer), names);
        ask_free(a);
    }
    static const char *const bad[] = {"", "id,", "colour", "id,tenant_id", "id title"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ask *a = ask_new(y->engine, NULL);
        ask_query(a, "fields", bad[i]);
        assert_int_equal(ask(a, "GET", "yard/gates/{id}", row[0]), 400);
        ask_free(a);
    }
}

/* A plugin that plugin_check lets pass, but of which no engine can be made. */
static void expect_refused(const struct bl_resource *resources, const char *words)
{
    struct bl_plugin plugin = yard;
    const struct bl_plugin *plugins[] = {&plugin};
    struct printed printed;
    plugin.resources = resources;
    struct registry *registry = registry_of(plugins, 1, stderr);
    assert_non_null(registry);
    printed_start(&printed);
    assert_null(engine_new(registry, printed.out));
    const char *text = printed_end(&printed);
    if (strstr(text, words) == NULL)
        fail_msg("printed \"%s\"", text);
    printed_free(&printed);
    registry_free(registry);
}

static void what_no_engine_can_be_made_of_is_refused(void **state)
{
    (void)state;
    static struct bl_field many[60];
    static char names[60][8];
    for (size_t i = 0; i < 55; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        many[i] = (struct bl_field){.name = names[i], .type = BL_TEXT, .flags = i ? 0 : BL_REQUIRED | BL_TITLE};
    }
    const struct bl_resource wide[] = {
        {.name = "walls", .singular = "wall", .table = "yard.wall", .prefix = "W", .clause = "4", .fields = many}, {0}};
    expect_refused(wide, "55 fields; 50 are the most");

    static const struct bl_relation high[] = {{.name = "towers", .to = "yard.towers", .inverse = "defences"}, {0}};
    const struct bl_resource ends[] = {{.name = "walls",
                                        .singular = "wall",
                                        .table = "yard.wall",
                                        .prefix = "W",
                                        .clause = "4",
                                        .fields = yard_entry_fields,
                                        .relations = high},
                                       {.name = "moats",
                                        .singular = "moat",
                                        .table = "yard.moat",
                                        .prefix = "M",
                                        .clause = "4",
                                        .fields = yard_entry_fields,
                                        .relations = high},
                                       yard_resources[1],
                                       {0}};
    expect_refused(ends, "two relations are called defences");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_resource_has_its_routes),
        cmocka_unit_test(relations_stand_at_both_ends),
        cmocka_unit_test(statements_of_a_small_resource),
        cmocka_unit_test(every_statement_names_the_tenant),
        cmocka_unit_test(actions_are_what_the_caller_may_do_now),
        cmocka_unit_test(a_read_is_one_statement_and_the_last),
        cmocka_unit_test(what_stands_in_a_writer_s_way),
        cmocka_unit_test(rules_in_c_lock_the_row_first),
        cmocka_unit_test(a_body_that_is_wrong_reaches_no_database),
        cmocka_unit_test(unknown_parameters_are_refused_everywhere),
        cmocka_unit_test(a_parameter_stands_once),
        cmocka_unit_test(fields_choose_columns),
        cmocka_unit_test(what_no_engine_can_be_made_of_is_refused),
    };
    return cmocka_run_group_tests(tests, yard_unit_up, yard_unit_down);
}
