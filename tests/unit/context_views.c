/* What the context area computes: SWOT and PESTEL, the process map in its three forms, the gaps, adopting from the catalogue. */
#include "fake_core.h"

static const struct bl_plugin *plugin;

static int load(void **state)
{
    (void)state;
    plugin = fake_plugin("context");
    return 0;
}

/* Runs a route over one canned result. One statement, and its COMMIT in the same flush. */
static struct fake *get(const char *path, const char *accepts, int count, int columns, const char *const *cells)
{
    struct fake *f = fake_new();
    f->accepts = accepts;
    f->rows[0] = (struct bl_rows){count, columns, cells};
    assert_int_equal(fake_handler(plugin, "GET", path)(&f->request), BL_OK);
    assert_int_equal(f->status, 200);
    assert_int_equal(f->statements, 1);
    assert_int_equal(f->flags[0], BL_FINAL);
    assert_int_equal(f->depth, 0);
    return f;
}

#define ISSUE(group, ref)                                                                                                        \
    group, "id-" ref, ref, "Title of " ref, "legal", "negative", "isms_outcome", "5", "1", "25", NULL, NULL, "2026-01-01"

static size_t size_of(struct fake *f, const char *member)
{
    json_t *list = json_object_get(f->answer, member);
    assert_true(json_is_array(list));
    return json_array_size(list);
}

static void swot_groups_by_quadrant(void **state)
{
    (void)state;
    const char *const cells[] = {ISSUE("threat", "ISS-1"), ISSUE("strength", "ISS-2"), ISSUE("threat", "ISS-3")};
    struct fake *f = get("swot", NULL, 3, 13, cells);
    assert_int_equal(size_of(f, "strengths"), 1);
    assert_int_equal(size_of(f, "weaknesses"), 0);
    assert_int_equal(size_of(f, "opportunities"), 0);
    assert_int_equal(size_of(f, "threats"), 2);
    assert_true(json_is_false(json_object_get(f->answer, "more")));
    json_t *second = json_array_get(json_object_get(f->answer, "threats"), 1); /* the order of the rows is kept */
    assert_string_equal(json_string_value(json_object_get(second, "ref")), "ISS-3");
    assert_string_equal(json_string_value(json_object_get(second, "review_on")), "2026-01-01");
    assert_true(json_is_null(json_object_get(second, "owner_id")));
    fake_free(f);
}

static void pestel_names_every_category(void **state)
{
    (void)state;
    const char *const cells[] = {ISSUE("legal", "ISS-1")};
    struct fake *f = get("pestel", NULL, 1, 13, cells);
    static const char *const categories[] = {"political", "economic", "social", "technological", "environmental", "legal"};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(size_of(f, categories[i]), i == 5);
    fake_free(f);
}

#define P1 "01990000-0000-7000-8000-000000000001"
#define P2 "01990000-0000-7000-8000-000000000002"
#define P9 "01990000-0000-7000-8000-000000000009"

static const char *const map_cells[] = {
    "process",
    P1,
    "PRO-1",
    "Sell \"gates\" & <doors>",
    "management",
    "u",
    "Ann <b>",
    NULL,
    NULL,
    "process",
    P2,
    "PRO-2",
    "Überprüfen\nund einen sehr langen Namen tragen, der nicht paßt",
    "support",
    NULL,
    NULL,
    NULL,
    NULL,
    "link",
    "l1",
    "PL-1",
    "]]>\\\"x\x01\xef\xbf\xbf",
    NULL,
    NULL,
    NULL,
    P1,
    P2,
    "link",
    "l2",
    "PL-2",
    "beyond the limit",
    NULL,
    NULL,
    NULL,
    P1,
    P9,
};

static void map_as_json(void **state)
{
    (void)state;
    struct fake *f = get("process-map", "application/json", 4, 9, map_cells);
    assert_string_equal(f->media_type, "application/json");
    assert_int_equal(size_of(f, "processes"), 2);
    assert_int_equal(size_of(f, "links"), 2);
    json_t *link = json_array_get(json_object_get(f->answer, "links"), 0);
    assert_string_equal(json_string_value(json_object_get(link, "from_process_id")), P1);
    assert_string_equal(json_string_value(json_object_get(link, "to_process_id")), P2);
    fake_free(f);
}

static void map_as_dot_is_quoted(void **state)
{
    (void)state;
    struct fake *f = get("process-map", "text/vnd.graphviz", 4, 9, map_cells);
    assert_string_equal(f->media_type, "text/vnd.graphviz");
    assert_non_null(strstr(f->written, "\"PRO-1\" [label=\"Sell \\\"gates\\\" & <doors>\""));
    assert_non_null(strstr(f->written, "label=\"Überprüfen\\nund"));
    assert_non_null(strstr(f->written, "\"PRO-1\" -> \"PRO-2\" [label=\"]]>\\\\\\\"x"));
    assert_null(strstr(f->written, "beyond"));
    assert_non_null(strstr(f->written, "subgraph \"cluster_realization\""));
    fake_free(f);
}

static void map_as_svg_is_escaped(void **state)
{
    (void)state;
    struct fake *f = get("process-map", "image/svg+xml", 4, 9, map_cells);
    assert_string_equal(f->media_type, "image/svg+xml");
    assert_string_equal(json_string_value(json_object_get(f->headers, "Content-Security-Policy")), "default-src 'none'");
    assert_non_null(strstr(f->written, "Sell &quot;gates&quot; &amp; &lt;doors&gt;"));
    assert_non_null(strstr(f->written, "owner: Ann &lt;b&gt;</title>"));
    assert_non_null(strstr(f->written, "]]&gt;\\&quot;x  </title>"));
    assert_non_null(strstr(f->written, "<title id=\"title\">"));
    assert_non_null(strstr(f->written, "2 processes in three lanes"));
    assert_null(strchr(f->written, 1));
    assert_non_null(strstr(f->written, "…</text>")); /* cut between code points: the whole is UTF-8 */
    json_t *utf8 = json_string(f->written);
    assert_non_null(utf8);
    json_decref(utf8);
    fake_free(f);
}

static void an_empty_map_is_a_drawing_too(void **state)
{
    (void)state;
    struct fake *f = get("process-map", "image/svg+xml", 0, 9, NULL);
    assert_non_null(strstr(f->written, "</svg>"));
    fake_free(f);
}

static json_t *item(struct fake *f, size_t i)
{
    return json_array_get(json_object_get(f->answer, "items"), i);
}

static void gaps_say_what_and_where(void **state)
{
    (void)state;
    const char *const cells[] = {
        "outcome_missing",
        "4.1",
        "statements",
        NULL,
        NULL,
        NULL,
        "pestel_category_empty",
        "4.1",
        "issues",
        NULL,
        NULL,
        "legal",
        "party_without_requirement",
        "4.2",
        "interested_parties",
        P1,
        "IP-1",
        "100 % owners %s %n",
    };
    struct fake *f = get("gaps", NULL, 3, 6, cells);
    assert_int_equal(json_integer_value(json_object_get(f->answer, "count")), 3);
    assert_string_equal(json_string_value(json_object_get(item(f, 0), "url")), "/api/v1/orgs/keep/context/statements");
    assert_true(json_is_null(json_object_get(item(f, 0), "id")));
    assert_non_null(strstr(json_string_value(json_object_get(item(f, 1), "detail")), "external issue is legal."));
    assert_string_equal(json_string_value(json_object_get(item(f, 2), "url")),
                        "/api/v1/orgs/keep/context/interested-parties/" P1);
    assert_string_equal(json_string_value(json_object_get(item(f, 2), "resource")), "context.interested_parties");
    assert_non_null(strstr(json_string_value(json_object_get(item(f, 2), "detail")), "100 % owners %s %n"));
    fake_free(f);
}

/* Every code that the statement can give has words of its own. */
static void every_gap_has_its_words(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "purpose_missing",
        "outcome_missing",
        "pestel_category_empty",
        "climate_undetermined",
        "party_missing",
        "party_without_requirement",
        "requirement_undecided",
        "requirement_without_source",
        "scope_missing",
        "scope_not_approved",
        "scope_not_in_force",
        "scope_old",
        "site_outside_scope",
        "process_missing",
        "process_without_owner",
        "process_without_link",
        "process_without_indicator",
        "process_name_not_a_verb",
        "nothing_reviewed",
        "review_overdue",
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const char *const cells[] = {codes[i], "4", "issues", P1, "ISS-1", "Training"};
        struct fake *f = get("gaps", NULL, 1, 6, cells);
        char quoted[60];
        snprintf(quoted, sizeof quoted, "'%s'", codes[i]);
        assert_non_null(strstr(f->sql[0], quoted));
        assert_string_equal(json_string_value(json_object_get(item(f, 0), "code")), codes[i]);
        fake_free(f);
    }
}

static void names_that_are_things_are_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool verb;
    } cases[] = {
        {"assess risks", true},
        {"Implement security", true},
        {"communicate", true},
        {"control documentation", true},
        {"provide training", true},
        {"conduct an audit", true},
        {"Bring parcels in", true},
        {"manage the employment contract", true},
        {"Training", false},
        {"Risk assessment", false},
        {"Incident management", false},
        {"Monitoring of networks", false},
        {"Recovery", false},
        {"Information security", false},
        {"access management", false},
        {"Betriebsrat fragen", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const cells[] = {"process_name_not_a_verb", "4.4", "processes", P1, "PRO-1", cases[i].name};
        struct fake *f = get("gaps", NULL, 1, 6, cells);
        if (json_integer_value(json_object_get(f->answer, "count")) != !cases[i].verb)
            fail_msg("%s", cases[i].name);
        fake_free(f);
    }
}

static struct fake *adopt(const char *body, int count, const char *const *live, enum bl_status expected)
{
    struct fake *f = fake_new();
    f->body = json_loads(body, 0, NULL);
    assert_non_null(f->body);
    f->rows[0] = (struct bl_rows){count, 4, live};
    assert_int_equal(fake_handler(plugin, "POST", "processes:adopt")(&f->request), expected);
    return f;
}

static void all_that_is_not_adopted_is(void **state)
{
    (void)state;
    const char *const live[] = {"PR-02", "treat risks of ours", P1, "PRO-1", NULL, "communicate", P2, "PRO-2"};
    struct fake *f = adopt("{}", 2, live, BL_OK);
    assert_int_equal(json_array_size(f->calls), 33);
    assert_int_equal(size_of(f, "adopted"), 33);
    assert_int_equal(size_of(f, "already"), 1);
    assert_int_equal(size_of(f, "name_taken"), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->answer, "name_taken"), 0)), "PR-03");
    json_t *body = json_object_get(json_array_get(f->calls, 0), "body");
    json_t *wanted = json_loads("{\"name\": \"assess risks\", \"family\": \"management\", \"mandatory\": true, "
                                "\"clauses\": [\"6.1.2\", \"8.2\"], \"catalogue_id\": \"PR-01\"}",
                                0, NULL);
    assert_true(json_equal(body, wanted));
    json_decref(wanted);
    fake_free(f);
}

static void adopting_again_does_nothing(void **state)
{
    (void)state;
    const char *const live[] = {"PR-01", "assess risks", P1, "PRO-1"};
    struct fake *f = adopt("{\"ids\": [\"PR-01\", \"PR-01\"]}", 1, live, BL_OK);
    assert_int_equal(json_array_size(f->calls), 0);
    assert_int_equal(size_of(f, "already"), 1);
    fake_free(f);
}

static void adopting_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *pointer;
    } cases[] = {
        {"{\"ids\": [\"PR-01\", \"PR-99\"]}", "not_in_catalogue", "/ids/1"},
        {"{\"ids\": [7]}", "not_in_catalogue", "/ids/0"},
        {"{\"ids\": \"PR-01\"}", "wrong_type", "/ids"},
        {"{\"id~s/\": []}", "unknown_field", "/id~0s~1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake *f = adopt(cases[i].body, 0, NULL, BL_UNPROCESSABLE);
        fake_expect_problem(f, cases[i].code, cases[i].pointer);
        assert_int_equal(json_array_size(f->calls), 0);
        fake_free(f);
    }
}

static void a_refused_process_ends_adopting(void **state)
{
    (void)state;
    struct fake *f = fake_new();
    f->body = json_object();
    f->refuse = "create context.processes";
    assert_int_equal(fake_handler(plugin, "POST", "processes:adopt")(&f->request), BL_CONFLICT);
    assert_int_equal(json_array_size(f->calls), 1);
    assert_int_equal(f->status, 0);
    fake_free(f);
}

static void the_catalogue_says_what_is_adopted(void **state)
{
    (void)state;
    const char *const live[] = {"PR-35", "control documentation", P1, "PRO-7"};
    struct fake *f = get("process-catalogue", NULL, 1, 4, live);
    assert_int_equal(size_of(f, "items"), 35);
    assert_string_equal(json_string_value(json_object_get(item(f, 34), "adopted_as")), "PRO-7");
    assert_int_equal(json_array_size(json_object_get(item(f, 34), "clauses")), 3);
    assert_true(json_is_null(json_object_get(item(f, 0), "adopted_as")));
    size_t mandatory = 0;
    for (size_t i = 0; i < 35; i++)
        mandatory += json_is_true(json_object_get(item(f, i), "mandatory"));
    assert_int_equal(mandatory, 15);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swot_groups_by_quadrant),
        cmocka_unit_test(pestel_names_every_category),
        cmocka_unit_test(map_as_json),
        cmocka_unit_test(map_as_dot_is_quoted),
        cmocka_unit_test(map_as_svg_is_escaped),
        cmocka_unit_test(an_empty_map_is_a_drawing_too),
        cmocka_unit_test(gaps_say_what_and_where),
        cmocka_unit_test(every_gap_has_its_words),
        cmocka_unit_test(names_that_are_things_are_pointed_at),
        cmocka_unit_test(all_that_is_not_adopted_is),
        cmocka_unit_test(adopting_again_does_nothing),
        cmocka_unit_test(adopting_refuses_what_it_does_not_know),
        cmocka_unit_test(a_refused_process_ends_adopting),
        cmocka_unit_test(the_catalogue_says_what_is_adopted),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
