/* Every rule of a descriptor: one sound sample, spoiled in one way at a time, and the line that must come. */
#include "unit.h"

#include "plugin/registry.h"
#include "printed.h"
#include <string.h>

static enum bl_status answer(struct bl_request *r)
{
    (void)r;
    return BL_OK;
}

static enum bl_status hear(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    (void)change;
    return BL_OK;
}

static enum bl_status work(struct bl_request *r, const json_t *input, json_t **outcome)
{
    (void)r;
    (void)input;
    (void)outcome;
    return BL_OK;
}

static enum bl_status receive(struct bl_request *r, const char *from, const json_t *message)
{
    (void)r;
    (void)from;
    (void)message;
    return BL_OK;
}

/* A descriptor that can be changed. One spare element at each end. */
struct sample {
    struct bl_field item[3], input[3], task[9], note[3];
    struct bl_state states[4];
    struct bl_transition transitions[3];
    struct bl_relation relations[4];
    struct bl_constraint constraints[2];
    struct bl_resource resources[3];
    struct bl_route routes[4];
    struct bl_migration migrations[3];
    struct bl_signal signals[3];
    struct bl_watch watches[3];
    struct bl_duty duties[3];
    struct bl_job jobs[3];
    struct bl_inbox inboxes[3];
    struct bl_report reports[3];
    struct bl_plugin plugin;
};

enum { TITLE, KIND, LEVEL, COST, DUE_ON, OWNER, TAGS, STEPS }; /* of sample.task */

static void make_sound(struct sample *s)
{
    *s = (struct sample){
        .item = {{.name = "action", .type = BL_TEXT}},
        .input = {{.name = "remark", .type = BL_TEXT}},
        .task = {{.name = "title", .type = BL_TEXT, .flags = BL_TITLE},
                 {.name = "kind", .type = BL_ENUM, .values = "repair guard"},
                 {.name = "level", .type = BL_INT, .min = 1, .max = 5},
                 {.name = "cost", .type = BL_DECIMAL, .scale = 2},
                 {.name = "due_on", .type = BL_DATE, .flags = BL_DUE},
                 {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER},
                 {.name = "tags", .type = BL_LIST},
                 {.name = "steps", .type = BL_ITEMS}},
        .note = {{.name = "title", .type = BL_TEXT, .flags = BL_TITLE}, {.name = "done_at", .type = BL_TIME, .flags = BL_SERVER}},
        .states = {{.name = "open", .flags = BL_INITIAL}, {.name = "done"}},
        .transitions = {{.name = "finish", .from = "open", .to = "done"}},
        .relations = {{.name = "controls", .to = "annex_a.controls", .inverse = "tasks"}},
        .constraints = {{.name = "task_pair_key", .pointer = "/title", .code = "twice", .detail = "It is there."}},
        .resources = {{.name = "tasks", .singular = "task", .table = "sample.task", .prefix = "TSK", .clause = "8.1"},
                      {.name = "notes", .singular = "note", .table = "sample.note", .prefix = "NTE", .clause = "7.5"}},
        .routes =
            {{.method = "GET", .path = "views/{name}", .permission = "sample.task:read", .handler = answer, .summary = "View"}},
        .migrations = {{.number = 1, .name = "sample", .sql = "SELECT 1", .length = 8}},
        .signals = {{.name = "open_tasks",
                     .clause = "8.1",
                     .label = "Open",
                     .sql = "SELECT count(*), NULL::bigint, true FROM sample.task WHERE tenant_id = $1"}},
        .watches = {{.what = "planning.risks.controls", .told = hear}},
        .duties = {{.name = "expire", .period = 3600, .run = answer}},
        .jobs = {{.name = "print", .run = work}},
        .inboxes = {{.name = "finding", .receive = receive}},
        .reports = {{.name = "list", .label = "List", .permission = "sample.task:read", .make = work}},
        .plugin = {.abi = BL_ABI, .name = "sample", .version = "1.0.0", .clause = "8"},
    };
    s->task[STEPS].items = s->item;
    s->transitions[0].input = s->input;
    s->resources[0].fields = s->task;
    s->resources[0].states = s->states;
    s->resources[0].transitions = s->transitions;
    s->resources[0].relations = s->relations;
    s->resources[0].constraints = s->constraints;
    s->resources[1].fields = s->note;
    s->plugin.resources = s->resources;
    s->plugin.routes = s->routes;
    s->plugin.migrations = s->migrations;
    s->plugin.signals = s->signals;
    s->plugin.watches = s->watches;
    s->plugin.duties = s->duties;
    s->plugin.jobs = s->jobs;
    s->plugin.inboxes = s->inboxes;
    s->plugin.reports = s->reports;
}

#define T "resource tasks: "
#define F(name) "resource tasks, field " name ": "
#define X "resource tasks, transition finish: "
#define R "route GET views/{name}: "

#define FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define CUT FIFTY FIFTY FIFTY FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* what a line shows of a long path */

/* More states than the engine has room for: 25 names of 42 letters. */
static struct bl_state many[26];
static char many_names[25][43];

static void make_many(void)
{
    for (int i = 0; i < 25; i++) {
        memset(many_names[i], 'a' + i, sizeof many_names[i] - 1);
        many[i] = (struct bl_state){.name = many_names[i], .flags = i == 0 ? BL_INITIAL : 0};
    }
}

/* A plugin with nothing in it. */
#define BARE(text) ((struct bl_plugin){.abi = BL_ABI, .name = text, .version = "1.0.0", .clause = "8"})

/* CASE(name, what spoils it, the line behind "sample.so: ") */
/* One case a line, whatever its length. */
/* clang-format off */
#define CASES \
    CASE(plugin_name, s->plugin = BARE("Sample"), "its name is not snake_case") \
    CASE(plugin_name_taken, s->plugin = BARE("calendar"), "the name `calendar` is taken") \
    CASE(plugin_name_view, s->plugin = BARE("due"), "the name `due` is taken") \
    CASE(plugin_name_schema, s->plugin = BARE("pg_sample"), "the name `pg_sample` is taken") \
    CASE(plugin_version, s->plugin.version = "1.0", "version is `1.0`: three numbers with points, such as 1.0.0") \
    CASE(plugin_version_none, s->plugin.version = NULL, "version is ``: three numbers with points, such as 1.0.0") \
    CASE(plugin_clause, s->plugin.clause = NULL, "no clause") \
    CASE(plugin_permission, s->plugin.permissions = "thing", "permissions: `thing` is not thing:verb") \
    CASE(plugin_permission_case, s->plugin.permissions = "a:b a:Read", "permissions: `a:Read` is not thing:verb") \
    CASE(requires_name, s->plugin.requires = "annex-a", "requires: `annex-a` is not a snake_case name") \
    CASE(requires_itself, s->plugin.requires = "sample", "requires itself") \
    CASE(plugin_version_points, s->plugin.version = "1..0", "version is `1..0`: three numbers with points, such as 1.0.0") \
    CASE(plugin_version_more, s->plugin.version = "1.0.0-a", "version is `1.0.0-a`: three numbers with points, such as 1.0.0") \
    CASE(migration_gap, s->migrations[0].number = 2, "migration 0002 stands where 0001 is due: numbers are dense, from 1") \
    CASE(migration_order, s->migrations[1] = ((struct bl_migration){.number = 1, .name = "b", .sql = "SELECT 1", .length = 8}), "migration 0001 stands where 0002 is due: numbers are dense, from 1") \
    CASE(migration_sql, s->migrations[0].sql = NULL, "migration 0001 has no name or no SQL") \
    CASE(signal_name, s->signals[0].name = "Open", "signal Open: its name is not snake_case") \
    CASE(signal_twice, s->signals[1] = s->signals[0], "signal open_tasks: named twice") \
    CASE(signal_clause, s->signals[0].clause = NULL, "signal open_tasks: no clause") \
    CASE(signal_label, s->signals[0].label = NULL, "signal open_tasks: no label") \
    CASE(signal_sql, s->signals[0].sql = NULL, "signal open_tasks: no SQL") \
    CASE(signal_tenant, s->signals[0].sql = "SELECT 1, 1, true", "signal open_tasks: sql: its SQL does not say `tenant_id = $1`") \
    CASE(watch_shape, s->watches[0].what = "planning", "watch planning: must be area.resource or area.resource.relation") \
    CASE(watch_long, s->watches[0].what = "a.b.c.d", "watch a.b.c.d: must be area.resource or area.resource.relation") \
    CASE(watch_name, s->watches[0].what = "planning.Risks", "watch planning.Risks: must be area.resource or area.resource.relation") \
    CASE(watch_own, s->watches[0].what = "sample.tasks", "watch sample.tasks: it is the plugin's own: use `after` there") \
    CASE(watch_none, s->watches[0].told = NULL, "watch planning.risks.controls: nothing to tell it to") \
    CASE(watch_twice, s->watches[1] = s->watches[0], "watch planning.risks.controls: named twice") \
    CASE(duty_name, s->duties[0].name = "Expire", "duty Expire: its name is not snake_case") \
    CASE(duty_period, s->duties[0].period = 0, "duty expire: period is 0: must be a second at least") \
    CASE(duty_none, s->duties[0].run = NULL, "duty expire: nothing to run") \
    CASE(duty_twice, s->duties[1] = s->duties[0], "duty expire: named twice") \
    CASE(duty_job, s->duties[0].name = "print", "duty print: a job has the same name") \
    CASE(job_name, s->jobs[0].name = "Print", "job Print: its name is not snake_case") \
    CASE(job_none, s->jobs[0].run = NULL, "job print: nothing to run") \
    CASE(job_twice, s->jobs[1] = s->jobs[0], "job print: named twice") \
    CASE(inbox_name, s->inboxes[0].name = "a-b", "inbox a-b: its name is not snake_case") \
    CASE(inbox_none, s->inboxes[0].receive = NULL, "inbox finding: nothing to receive with") \
    CASE(inbox_twice, s->inboxes[1] = s->inboxes[0], "inbox finding: named twice") \
    CASE(report_name, s->reports[0].name = "List", "report List: its name is not snake_case") \
    CASE(report_twice, s->reports[1] = s->reports[0], "report list: named twice") \
    CASE(report_label, s->reports[0].label = NULL, "report list: no label") \
    CASE(report_no_permission, s->reports[0].permission = NULL, "report list: no permission") \
    CASE(report_permission, s->reports[0].permission = "sample.task:print", "report list: nothing declares the permission `sample.task:print`") \
    CASE(report_none, s->reports[0].make = NULL, "report list: nothing makes it") \
    CASE(resource_name, s->resources[0].name = "task-s", "resource task-s: its name is not snake_case") \
    CASE(resource_singular, s->resources[1].singular = NULL, "resource notes: singular is not snake_case") \
    CASE(resource_table, s->resources[0].table = "task", T "table is `task`: must be `sample.` and a snake_case name") \
    CASE(resource_table_area, s->resources[0].table = "core.task", T "table is `core.task`: must be `sample.` and a snake_case name") \
    CASE(resource_table_word, s->resources[0].table = "sample.order", T "table `sample.order`: a reserved word of SQL") \
    CASE(resource_prefix, s->resources[0].prefix = "tsk", T "prefix is `tsk`: one to eight capitals and digits, a capital first") \
    CASE(resource_prefix_long, s->resources[0].prefix = "ABCDEFGHI", T "prefix is `ABCDEFGHI`: one to eight capitals and digits, a capital first") \
    CASE(resource_clause, s->resources[0].clause = "", T "no clause") \
    CASE(resource_flags, s->resources[0].flags = 1u << 20, T "unknown flags") \
    CASE(resource_fields, s->resources[1].fields = NULL, "resource notes: no fields") \
    CASE(resource_twice, s->resources[1].name = "tasks", T "named twice") \
    CASE(singular_twice, s->resources[1].singular = "task", "resource notes: singular `task` is that of tasks") \
    CASE(table_twice, s->resources[1].table = "sample.task", "resource notes: table `sample.task` is that of tasks") \
    CASE(prefix_twice, s->resources[1].prefix = "TSK", "resource notes: prefix `TSK` is that of tasks") \
    CASE(sort_unknown, s->resources[0].sort = "-rank", T "sort: no field `rank`") \
    CASE(sort_tenant, s->resources[0].sort = "tenant_id", T "sort: no field `tenant_id`") \
    CASE(sort_status_without, s->resources[1].sort = "status", "resource notes: sort: no field `status`") \
    CASE(sort_list, s->resources[0].sort = "tags", T "sort: field tags has no order") \
    CASE(title_none, s->task[TITLE].flags = 0, T "0 fields are TITLE: must be one") \
    CASE(title_twice, s->note[0].flags = BL_TITLE; s->note[1].type = BL_TEXT; s->note[1].flags = BL_TITLE, "resource notes: 2 fields are TITLE: must be one") \
    CASE(field_name, s->task[KIND].name = "Kind", F("Kind") "its name is not snake_case") \
    CASE(field_name_end, s->task[KIND].name = "kind_", F("kind_") "its name is not snake_case") \
    CASE(field_name_double, s->task[KIND].name = "a__b", F("a__b") "its name is not snake_case") \
    CASE(field_name_digit, s->task[KIND].name = "2nd", F("2nd") "its name is not snake_case") \
    CASE(field_name_empty, s->task[KIND].name = "", F("") "its name is not snake_case") \
    CASE(field_name_long, s->reports[0].name = FIFTY "x", "report " FIFTY "x: its name is not snake_case") \
    CASE(field_twice, s->task[KIND].name = "title", F("title") "named twice") \
    CASE(field_engine, s->task[KIND].name = "version", F("version") "the name is the engine's own") \
    CASE(field_status, s->task[KIND].name = "status", F("status") "the name is the engine's own") \
    CASE(field_actions, s->task[KIND].name = "actions", F("actions") "the name is the engine's own") \
    CASE(field_keyword, s->task[KIND].name = "user", F("user") "the name is a reserved word of SQL") \
    CASE(field_query, s->task[KIND].name = "sort"; s->task[KIND].flags = BL_FILTER, F("sort") "FILTER: the name is a query parameter of the engine's") \
    CASE(field_long_name, s->task[KIND].name = "a2345678901234567890123456789012345678901234567890"; s->resources[0].table = "sample.task_of_many", F("a2345678901234567890123456789012345678901234567890") "table and field are too long for the constraint's name: 55 " "bytes together") \
    CASE(field_type, s->task[KIND].type = 0, F("kind") "unknown type 0") \
    CASE(field_flags, s->task[KIND].flags = 1u << 20, F("kind") "unknown flags") \
    CASE(enum_without, s->task[KIND].values = NULL, F("kind") "ENUM without values") \
    CASE(enum_empty, s->task[KIND].values = " ", F("kind") "ENUM without values") \
    CASE(enum_letters, s->task[KIND].values = "it's", F("kind") "value `it's`: letters, digits, _ . and - only") \
    CASE(enum_twice, s->task[KIND].values = "a b a", F("kind") "value `a` twice") \
    CASE(values_on_int, s->task[LEVEL].values = "1 2", F("level") "values on a type other than ENUM and LIST") \
    CASE(ref_without, s->task[OWNER].ref = NULL; s->task[OWNER].flags = 0, F("owner_id") "REF without ref") \
    CASE(ref_shape, s->task[OWNER].ref = "tasks"; s->task[OWNER].flags = 0, F("owner_id") "ref is `tasks`: must be area.resource, core.member or core.file") \
    CASE(ref_own_unknown, s->task[OWNER].ref = "sample.task"; s->task[OWNER].flags = 0, F("owner_id") "ref: no resource `sample.task`") \
    CASE(ref_not_required, s->task[OWNER].ref = "planning.risks"; s->task[OWNER].flags = 0, F("owner_id") "ref `planning.risks`: `planning` is not in requires: require it, or make this a relation") \
    CASE(ref_on_text, s->task[TITLE].ref = "sample.notes", F("title") "ref on a type other than REF") \
    CASE(scale_on_int, s->task[LEVEL].scale = 2, F("level") "scale 2: 0 to 18, on a DECIMAL only") \
    CASE(scale_much, s->task[COST].scale = 19, F("cost") "scale 19: 0 to 18, on a DECIMAL only") \
    CASE(range_turned, s->task[LEVEL].min = 6, F("level") "min 6 is above max 5") \
    CASE(range_text, s->task[TITLE].min = 300, F("title") "min 300 is above max 200") \
    CASE(range_negative, s->task[TAGS].min = -1, F("tags") "min is below 0") \
    CASE(range_date, s->task[DUE_ON].max = 3, F("due_on") "min and max mean nothing on this type") \
    CASE(range_wide, s->task[LEVEL].max = 3000000000, F("level") "min and max must fit 32 bits") \
    CASE(items_without, s->task[STEPS].items = NULL, F("steps") "ITEMS without items") \
    CASE(items_on_list, s->task[TAGS].items = s->item, F("tags") "items on a type other than ITEMS") \
    CASE(item_type, s->item[0].type = BL_LIST, F("steps, item action") "an object in ITEMS holds TEXT, ENUM, INT, DECIMAL, BOOL and DATE only") \
    CASE(item_flags, s->item[0].flags = BL_FILTER, F("steps, item action") "flags other than REQUIRED, LONG, SEARCH and PERSONAL mean nothing in ITEMS") \
    CASE(item_twice, s->item[1] = s->item[0], F("steps, item action") "named twice") \
    CASE(item_expr, s->item[0].expr = "1", F("steps, item action") "expr: only on a column") \
    CASE(search_on_int, s->task[LEVEL].flags = BL_SEARCH, F("level") "SEARCH cannot stand on this type") \
    CASE(due_on_time, s->task[DUE_ON].type = BL_TIME, F("due_on") "DUE cannot stand on this type") \
    CASE(owner_on_text, s->task[KIND].flags = BL_OWNER, F("kind") "OWNER cannot stand on this type") \
    CASE(owner_elsewhere, s->task[OWNER].ref = "sample.notes", F("owner_id") "OWNER must be a REF to core.member") \
    CASE(long_on_enum, s->task[KIND].flags = BL_LONG, F("kind") "LONG cannot stand on this type") \
    CASE(long_filter, s->task[TITLE].flags |= BL_LONG, F("title") "LONG text can be neither FILTER nor TITLE") \
    CASE(unique_on_list, s->task[TAGS].flags = BL_UNIQUE, F("tags") "UNIQUE cannot stand on this type") \
    CASE(unique_long, s->task[TITLE].flags |= BL_UNIQUE; s->task[TITLE].max = 501, F("title") "UNIQUE text may have 500 code points: set max") \
    CASE(filter_on_items, s->task[STEPS].flags = BL_FILTER, F("steps") "FILTER cannot stand on this type") \
    CASE(generated_without, s->task[LEVEL].flags = BL_GENERATED, F("level") "GENERATED without expr") \
    CASE(expr_without, s->task[LEVEL].expr = "1", F("level") "expr without GENERATED") \
    CASE(generated_required, s->task[LEVEL].flags = BL_GENERATED | BL_REQUIRED; s->task[LEVEL].expr = "1", F("level") "GENERATED: neither REQUIRED, SERVER, FIXED nor initial, since nobody gives it") \
    CASE(initial_enum, s->task[KIND].initial = "guards", F("kind") "initial `guards` is not a value of this field") \
    CASE(initial_int, s->task[LEVEL].initial = "6", F("level") "initial `6` is not a value of this field") \
    CASE(initial_int_text, s->task[LEVEL].initial = "3x", F("level") "initial `3x` is not a value of this field") \
    CASE(initial_decimal, s->task[COST].initial = "1.234", F("cost") "initial `1.234` is not a value of this field") \
    CASE(initial_decimal_bare, s->task[COST].initial = ".5", F("cost") "initial `.5` is not a value of this field") \
    CASE(initial_decimal_long, s->task[COST].initial = "1234567890123456789", F("cost") "initial `1234567890123456789` is not a value of this field") \
    CASE(initial_date, s->task[DUE_ON].initial = "2026-02-30", F("due_on") "initial `2026-02-30` is not a value of this field") \
    CASE(initial_time, s->note[1].initial = "now", "resource notes, field done_at: initial `now` is not a value of this field") \
    CASE(initial_bool, s->task[LEVEL] = ((struct bl_field){.name = "far", .type = BL_BOOL, .initial = "yes"}), F("far") "initial `yes` is not a value of this field") \
    CASE(initial_ref, s->task[OWNER].initial = "me", F("owner_id") "initial: not on LIST, ITEMS and REF") \
    CASE(example_text, s->task[TITLE].max = 3; s->task[TITLE].example = "four", F("title") "example `four` is not a value of this field") \
    CASE(states_initial, s->states[0].flags = 0, T "0 states are INITIAL: must be one") \
    CASE(states_initial_two, s->states[1].flags = BL_INITIAL, T "2 states are INITIAL: must be one") \
    CASE(states_flags, s->states[1].flags = 1u << 9, T "state done: unknown flags") \
    CASE(states_twice, s->states[2].name = "done", T "state done: named twice") \
    CASE(states_name, s->states[2].name = "in review", T "state `in review` is not snake_case") \
    CASE(states_many, s->resources[0].states = many; s->resources[0].transitions = NULL, "resource tasks: too many states: their names may have 1022 bytes in all") \
    CASE(no_states, s->resources[0].states = NULL, T "transitions without states") \
    CASE(transition_verb, s->transitions[0].name = "archive", "resource tasks, transition archive: its name is a verb of the engine's") \
    CASE(transition_twice, s->transitions[1] = s->transitions[0], X "named twice") \
    CASE(transition_from, s->transitions[0].from = "open opened", X "from: no state `opened`") \
    CASE(transition_nowhere, s->transitions[0].from = NULL, X "no state to come from") \
    CASE(transition_to, s->transitions[0].to = "over", X "to: no state `over`") \
    CASE(transition_permission, s->transitions[0].permission = "task:finish", X "permission `task:finish` is not a verb in snake_case") \
    CASE(transition_flags, s->transitions[0].flags = 1u << 5, X "unknown flags") \
    CASE(transition_needs, s->transitions[0].needs = "kind rank", X "needs: no field `rank`") \
    CASE(transition_guard, s->transitions[0].guard = "SELECT 1", X "guard: its SQL does not say `tenant_id = $1`") \
    CASE(sets_unknown, s->transitions[0].sets = "done_at=now", X "sets: no field `done_at`") \
    CASE(sets_type, s->task[DUE_ON].flags = BL_SERVER; s->transitions[0].sets = "due_on=now", X "sets: `due_on=now`: must be =now on a TIME, =today on a DATE, =actor on a REF to core.member or =input " "with a member of the input of that name and type") \
    CASE(sets_bare, s->task[DUE_ON].flags = BL_SERVER; s->transitions[0].sets = "due_on", X "sets: `due_on`: must be =now on a TIME, =today on a DATE, =actor on a REF to core.member or =input " "with a member of the input of that name and type") \
    CASE(sets_not_server, s->transitions[0].sets = "due_on=today", X "sets: field due_on is not SERVER") \
    CASE(input_type, s->input[0].type = BL_ENUM, X2 "ENUM without values") \
    CASE(input_flags, s->input[0].flags = BL_SERVER, X2 "flags other than REQUIRED, LONG and PERSONAL mean nothing in a transition's input") \
    CASE(input_reason, s->input[0].name = "reason"; s->transitions[0].flags = BL_REASON, "resource tasks, transition finish, input reason: REASON brings this member already") \
    CASE(relation_name, s->relations[0].name = "Controls", "resource tasks, relation Controls: its name is not snake_case") \
    CASE(relation_inverse, s->relations[0].inverse = NULL, L "inverse is not snake_case: what are these records called at the other end?") \
    CASE(relation_to, s->relations[0].to = "controls", L "to is `controls`: must be area.resource") \
    CASE(relation_own, s->relations[0].to = "sample.controls", L "to: no resource `sample.controls`") \
    CASE(relation_twice, s->relations[1] = s->relations[0]; s->relations[1].inverse = "works", L "named twice") \
    CASE(relation_inverse_twice, s->relations[1] = s->relations[0]; s->relations[1].name = "more", "resource tasks, relation more: inverse `tasks` is that of controls") \
    CASE(relation_inverse_taken, s->relations[0] = ((struct bl_relation){.name = "a", .to = "sample.tasks", .inverse = "a"}), "resource tasks, relation a: inverse `a` is a relation of sample.tasks already") \
    CASE(constraint_pointer, s->constraints[0].pointer = "title", T "constraint task_pair_key: pointer must be a JSON Pointer") \
    CASE(constraint_words, s->constraints[0].detail = NULL, T "constraint task_pair_key: no code or no detail") \
    CASE(route_method, s->routes[0].method = "get", "route get views/{name}: method must be GET, POST, PUT, PATCH or DELETE") \
    CASE(route_handler, s->routes[0].handler = NULL, R "no handler") \
    CASE(route_summary, s->routes[0].summary = NULL, R "no summary") \
    CASE(sets_input, s->task[DUE_ON].flags = BL_SERVER; s->transitions[0].sets = "due_on=input", X "sets: `due_on=input`: must be =now on a TIME, =today on a DATE, =actor on a REF to core.member or =input " "with a member of the input of that name and type") \
    CASE(route_two_answers, s->routes[0].flags = BL_CREATED | BL_ACCEPTED, R "CREATED and ACCEPTED: one of them") \
    CASE(route_flags, s->routes[0].flags = 1u << 9, R "unknown flags") \
    CASE(route_portfolio_name, s->routes[0].flags = BL_PORTFOLIO, R VIEW) \
    CASE(route_portfolio_flags, s->routes[0].flags = BL_PORTFOLIO | BL_WRITE; s->routes[0].path = "all", "route GET all: " VIEW) \
    CASE(route_portfolio_method, s->routes[0].flags = BL_PORTFOLIO; s->routes[0].path = "all"; s->routes[0].method = "POST", "route POST all: " VIEW) \
    CASE(route_portfolio_open, s->routes[0].flags = BL_PORTFOLIO; s->routes[0].path = ""; s->routes[0].permission = NULL, "route GET : no permission") \
    CASE(route_portfolio_twice, s->routes[0].flags = BL_PORTFOLIO; s->routes[0].path = "tasks"; s->routes[1] = s->routes[0], "route GET tasks: duplicate of GET tasks") \
    CASE(route_empty, s->routes[0].path = "", "route GET : " PATH) \
    CASE(route_no_permission, s->routes[0].permission = NULL, R "no permission") \
    CASE(route_public, s->routes[0].flags = BL_PUBLIC, R "PUBLIC, so no permission can be asked for") \
    CASE(route_permission, s->routes[0].permission = "sample.task:finish", R "nothing declares the permission `sample.task:finish`") \
    CASE(route_permission_other, s->routes[0].permission = "context.issue:read", R "nothing declares the permission `context.issue:read`") \
    CASE(route_permission_prefix, s->routes[0].permission = "sample2.task:read", R "nothing declares the permission `sample2.task:read`") \
    CASE(route_append_only, s->resources[1].flags = BL_APPEND_ONLY; s->routes[0].permission = "sample.note:archive", R "nothing declares the permission `sample.note:archive`") \
    CASE(route_query, s->routes[0].query = "from From", R "query: `From` is not a snake_case name") \
    CASE(route_produces, s->routes[0].produces = "json", R "produces: `json` is not a media type") \
    CASE(route_body, s->routes[0].body = "{}", R "a GET takes no body") \
    CASE(route_answer, s->routes[0].answer = "[]", R "answer is not a JSON object") \
    CASE(route_twice, s->routes[1] = s->routes[0]; s->routes[1].path = "views/{id}", "route GET views/{id}: duplicate of GET views/{name}") \
    CASE(route_engine, s->routes[0].path = "tasks/{name}", "route GET tasks/{name}: the engine serves this path already") \
    CASE(route_history, s->routes[0].path = "tasks/{id}/history", "route GET tasks/{id}/history: the engine serves this path already") \
    CASE(route_links, s->routes[0].path = "tasks/{id}/links/mine", "route GET tasks/{id}/links/mine: the engine serves this path already") \
    CASE(route_list, s->routes[0].path = "tasks", "route GET tasks: the engine serves this path already") \
    CASE(route_transition, s->routes[0].path = "tasks/{id}:finish", "route GET tasks/{id}:finish: the engine serves this path already") \
    CASE(route_slash, s->routes[0].path = "/views", "route GET /views: " PATH) \
    CASE(route_empty_segment, s->routes[0].path = "views//all", "route GET views//all: " PATH) \
    CASE(route_open_brace, s->routes[0].path = "views/{name", "route GET views/{name: " PATH) \
    CASE(route_half_segment, s->routes[0].path = "views/x{name}", "route GET views/x{name}: " PATH) \
    CASE(route_after_brace, s->routes[0].path = "views/{name}x", "route GET views/{name}x: " PATH) \
    CASE(route_brace_name, s->routes[0].path = "views/{Name}", "route GET views/{Name}: " PATH) \
    CASE(route_long, s->routes[0].path = CUT "bbbbbbbbbb", "route GET " CUT ": " PATH) \
    CASE(route_capitals, s->routes[0].path = "Views", "route GET Views: " PATH)
/* clang-format on */

#define X2 "resource tasks, transition finish, input remark: "
#define L "resource tasks, relation controls: "
#define VIEW "PORTFOLIO is a GET without {name}s and without other flags"
#define PATH "the path is not segments of a-z, 0-9 and - or {name}, with :verb at most at the end of one"

#define CASE(name, change, line)                                                                                                 \
    static void spoil_##name(struct sample *s)                                                                                   \
    {                                                                                                                            \
        change;                                                                                                                  \
    }
CASES
#undef CASE

static const struct spoiling {
    const char *name;
    void (*spoil)(struct sample *);
    const char *line;
} spoilings[] = {
#define CASE(name, change, line) {#name, spoil_##name, line},
    CASES
#undef CASE
};
enum { SPOILINGS = sizeof spoilings / sizeof *spoilings };

static void refused(void **state)
{
    const struct spoiling *spoiling = *state;
    struct sample s;
    make_sound(&s);
    spoiling->spoil(&s);
    char expected[512];
    snprintf(expected, sizeof expected, "%s.so: %s\n", s.plugin.name, spoiling->line);
    struct printed printed;
    printed_start(&printed);
    int count = plugin_check(&s.plugin, NULL, printed.out);
    assert_string_equal(printed_end(&printed), expected);
    assert_int_equal(count, 1);
    printed_free(&printed);
}

static void the_sample_is_sound(void **state)
{
    (void)state;
    struct sample s;
    make_sound(&s);
    assert_int_equal(plugin_check(&s.plugin, NULL, stderr), 0);
}

static void what_has_no_name_is_not_looked_at(void **state)
{
    (void)state;
    struct sample s;
    make_sound(&s);
    s.plugin.name = NULL;
    struct printed printed;
    printed_start(&printed);
    assert_int_equal(plugin_check(&s.plugin, NULL, printed.out), 1);
    assert_non_null(strstr(printed_end(&printed), "the descriptor has no name\n"));
    printed_free(&printed);
}

/* What may look odd, but is allowed. */
static void allowed(void **state)
{
    (void)state;
    struct sample s;
    make_sound(&s);
    s.plugin.requires = "planning";
    s.task[OWNER] =
        (struct bl_field){.name = "risk_id", .type = BL_REF, .ref = "planning.risks"}; /* not loaded: cannot be checked */
    s.task[LEVEL].initial = "5";
    s.task[COST].initial = "-0.05";
    s.task[COST].example = "100";
    s.task[TITLE].max = 4;
    s.task[TITLE].example = "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"; /* four code points */
    s.resources[0].sort = "-status";
    s.plugin.permissions = "view:read";
    s.routes[0].permission = "sample.view:read";
    s.routes[1] = (struct bl_route){
        .method = "POST", .path = "tasks/{id}:copy", .flags = BL_PUBLIC, .handler = answer, .summary = "Copy", .body = "{}"};
    s.routes[2] = (struct bl_route){.method = "GET", /* at the area's own name, and where an organisation has its records */
                                    .path = "",
                                    .flags = BL_PORTFOLIO,
                                    .permission = "sample.view:read",
                                    .handler = answer,
                                    .summary = "All"};
    s.reports[0].permission = "sample.task:archive";
    s.reports[1] = (struct bl_report){.name = "two", .label = "Two", .permission = "sample.task:approve", .make = work};
    s.transitions[0].permission = "approve";
    s.relations[1] = (struct bl_relation){.name = "parts", .to = "sample.tasks", .inverse = "wholes"};
    assert_int_equal(plugin_check(&s.plugin, NULL, stderr), 0);
}

/* A permission and a reference of a plugin that is required are known when it is there. */
static void neighbours(void **state)
{
    (void)state;
    struct sample s, t;
    struct printed printed;
    make_sound(&s);
    make_sound(&t);
    t.plugin.name = "other";
    t.plugin.requires = "sample";
    t.resources[0].table = "other.task", t.resources[0].prefix = "OTH";
    t.resources[1].table = "other.note", t.resources[1].prefix = "OTN";
    t.task[OWNER] = (struct bl_field){.name = "note_id", .type = BL_REF, .ref = "sample.notes"};
    t.routes[0].permission = "sample.note:write";
    t.relations[0] = (struct bl_relation){.name = "all", .to = "sample.tasks", .inverse = "others"};
    t.watches[0].what = "sample.tasks.controls";
    t.watches[1] = (struct bl_watch){.what = "sample.notes", .told = hear};
    struct registry *registry = registry_of((const struct bl_plugin *[]){&t.plugin, &s.plugin}, 2, stderr);
    assert_non_null(registry);
    registry_free(registry);

    t.task[OWNER].ref = "sample.note";
    t.routes[0].permission = "sample.note:approve";
    t.relations[0].to = "sample.task";
    t.watches[0].what = "sample.tasks.risks";
    t.watches[1].what = "sample.note";
    t.resources[1].prefix = "NTE";
    printed_start(&printed);
    assert_null(registry_of((const struct bl_plugin *[]){&t.plugin, &s.plugin}, 2, printed.out));
    assert_string_equal(printed_end(&printed),
                        "other.so: resource tasks, field note_id: ref: no resource `sample.note`\n"
                        "other.so: resource tasks, relation all: to: no resource `sample.task`\n"
                        "other.so: resource notes: prefix `NTE` is that of sample.notes\n"
                        "other.so: route GET views/{name}: nothing declares the permission `sample.note:approve`\n"
                        "other.so: watch sample.tasks.risks: sample has nothing of that name\n"
                        "other.so: watch sample.note: sample has nothing of that name\n"
                        "sample.so: resource notes: prefix `NTE` is that of other.notes\n");
    printed_free(&printed);
}

int main(void)
{
    enum { WHOLE = 4 };
    struct CMUnitTest tests[SPOILINGS + WHOLE] = {cmocka_unit_test(the_sample_is_sound), cmocka_unit_test(allowed),
                                                  cmocka_unit_test(neighbours),
                                                  cmocka_unit_test(what_has_no_name_is_not_looked_at)};
    make_many();
    for (size_t i = 0; i < SPOILINGS; i++)
        tests[WHOLE + i] = (struct CMUnitTest){
            .name = spoilings[i].name, .test_func = refused, .initial_state = (void *)(uintptr_t)&spoilings[i]};
    return cmocka_run_group_tests_name("plugin/check", tests, NULL, NULL);
}
