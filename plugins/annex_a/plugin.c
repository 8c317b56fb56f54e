/* Annex A: the catalogue of both editions, a tenant's controls, their tests and evidence. */
#include "annex_a.h"

extern const struct bl_migration bl_migrations_annex_a[];
extern const struct bl_plugin bl_plugin_annex_a;

static const struct bl_resource resources[] = {
    {.name = "controls",
     .singular = "control",
     .table = "annex_a.control",
     .prefix = "CTL",
     .clause = "Annex A",
     .label = "Controls",
     .help = "The controls of Annex A that you implement, and your own.",
     .fields = annex_a_control_fields,
     .relations = annex_a_control_relations,
     .states = annex_a_control_states,
     .transitions = annex_a_control_transitions,
     .constraints = annex_a_control_constraints,
     .before = annex_a_control_before},
    {.name = "control_tests",
     .singular = "control_test",
     .table = "annex_a.control_test",
     .prefix = "TST",
     .clause = "9.1",
     .label = "Tests of controls",
     .help = "What was tested, when, with what result. Kept as it was; the newest one counts.",
     .flags = BL_APPEND_ONLY,
     .fields = annex_a_test_fields,
     .sort = "-tested_on",
     .before = annex_a_test_before,
     .after = annex_a_proof_after},
    {.name = "evidence_items",
     .singular = "evidence_item",
     .table = "annex_a.evidence_item",
     .prefix = "EVI",
     .clause = "9.1",
     .label = "Evidence of controls",
     .help = "What shows that a control is done, where it lies, and how long it is good.",
     .fields = annex_a_evidence_fields,
     .sort = "-collected_on",
     .before = annex_a_evidence_before,
     .after = annex_a_proof_after},
    {0},
};

#define ITEMS                                                                                                                    \
    "{\"type\":\"object\",\"required\":[\"items\",\"count\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":"           \
    "{\"type\":\"object\"}},\"count\":{\"type\":\"integer\"}}}"

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "catalogue",
     .permission = "annex_a.control:read",
     .handler = annex_a_catalogue,
     .query = "edition id section objective theme type property concept capability domain new clause q",
     .summary = "Annex A of both editions, by attribute and words, with your control where there is one",
     .answer = ITEMS},
    {.method = "GET",
     .path = "mapping",
     .permission = "annex_a.control:read",
     .handler = annex_a_mapping,
     .query = "from to relation",
     .summary = "Which control of 2013 became which of 2022",
     .answer = ITEMS},
    {.method = "GET",
     .path = "overlaps",
     .permission = "annex_a.control:read",
     .handler = annex_a_overlaps,
     .query = "edition control clause",
     .summary = "Controls that do the work of a clause too; source says whose view that is",
     .answer = ITEMS},
    {.method = "GET",
     .path = "summary",
     .permission = "annex_a.control:read",
     .handler = annex_a_summary,
     .query = "by edition",
     .summary = "Counts of your controls by theme, attribute, state or owner",
     .answer = ITEMS},
    {.method = "GET",
     .path = "credits",
     .permission = "annex_a.control:read",
     .handler = annex_a_credits,
     .query = "edition",
     .summary = "Which controls count, and what the others lack",
     .answer = ITEMS},
    {.method = "POST",
     .path = "controls:adopt",
     .permission = "annex_a.control:write",
     .handler = annex_a_adopt,
     .summary = "Makes controls from the catalogue; those in the register already are left alone",
     .body =
         "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"edition\"],\"properties\":{\"edition\":{\"enum\":"
         "[\"2013\",\"2022\"]},\"ids\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"numbers such as "
         "A.8.13; left out: all\"}}}",
     .answer =
         "{\"type\":\"object\",\"required\":[\"adopted\",\"already\"],\"properties\":{\"adopted\":{\"type\":\"array\",\"items\":"
         "{\"type\":\"object\"}},\"already\":{\"type\":\"integer\"}}}"},
    {0},
};

#define LIVE_CONTROLS " FROM annex_a.control WHERE tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"controls_credited", "8.1", "Implemented controls that count: with evidence and a passed test",
     "SELECT count(*) FILTER (WHERE good), count(*), count(*) > 0 AND bool_and(good) FROM (SELECT annex_a.has_credit(status,"
     " evidence_until, last_result, next_test_on) AS good" LIVE_CONTROLS " AND status = 'implemented') c"},
    {"control_tests_overdue", "8.1", "Implemented controls whose test is overdue, or that were never tested",
     "SELECT count(*) FILTER (WHERE late), count(*), count(*) > 0 AND NOT bool_or(late) FROM (SELECT"
     " coalesce(next_test_on < current_date, true) AS late" LIVE_CONTROLS " AND status = 'implemented') c"},
    {"control_targets_overdue", "8.1", "Controls that are not implemented by their target",
     "SELECT count(*) FILTER (WHERE late), count(*), count(*) > 0 AND NOT bool_or(late) FROM (SELECT"
     " status <> 'implemented' AND target_date < current_date AS late" LIVE_CONTROLS " AND target_date IS NOT NULL) c"},
    {"control_tests_passed", "A.5.36", "Tests of controls within a year that were passed",
     "SELECT count(*) FILTER (WHERE result = 'passed'), count(*), count(*) > 0 AND bool_and(result = 'passed') FROM"
     " annex_a.control_test WHERE tenant_id = $1 AND archived_at IS NULL AND tested_on > current_date - interval '1 year'"},
    {0},
};

const struct bl_plugin bl_plugin_annex_a = {
    .abi = BL_ABI,
    .name = "annex_a",
    .version = "1.0.0",
    .clause = "Annex A",
    .label = "Annex A",
    .help = "The reference controls of both editions, how you implement them, and what proves it.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_annex_a,
    .signals = signals,
};
