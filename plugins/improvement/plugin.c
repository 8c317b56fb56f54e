/* Improvement, clause 10: nonconformities with their corrective actions, and ideas. */
#include "improvement.h"

extern const struct bl_migration bl_migrations_improvement[];
extern const struct bl_plugin bl_plugin_improvement;

static const struct bl_resource resources[] = {
    {.name = "nonconformities",
     .singular = "nonconformity",
     .table = "improvement.nonconformity",
     .prefix = "NC",
     .clause = "10.2",
     .label = "Nonconformities",
     .help = "What was not as it must be, why, and whether what was done about it worked.",
     .fields = improvement_nonconformity_fields,
     .states = improvement_nonconformity_states,
     .transitions = improvement_nonconformity_transitions,
     .constraints = improvement_nonconformity_constraints,
     .sort = "-detected_on",
     .before = improvement_nonconformity_before,
     .retire = improvement_nonconformity_retire},
    {.name = "corrective_actions",
     .singular = "corrective_action",
     .table = "improvement.corrective_action",
     .prefix = "CA",
     .clause = "10.2",
     .label = "Corrective actions",
     .help = "What is done against the cause of a nonconformity.",
     .fields = improvement_action_fields,
     .states = improvement_action_states,
     .transitions = improvement_action_transitions,
     .before = improvement_action_before,
     .retire = improvement_action_retire},
    {.name = "improvements",
     .singular = "improvement",
     .table = "improvement.improvement",
     .prefix = "IMP",
     .clause = "10.1",
     .label = "Improvements",
     .help = "Ideas, what was decided on them, and what they brought. Any record can give rise to one.",
     .fields = improvement_improvement_fields,
     .states = improvement_improvement_states,
     .transitions = improvement_improvement_transitions,
     .before = improvement_improvement_before},
    {.name = "clocks",
     .singular = "clock",
     .table = "improvement.clock",
     .prefix = "CLK",
     .clause = "10.2",
     .label = "Clocks",
     .help = "How many days each step may take, by source and grade. The newest counts; without one the defaults do.",
     .fields = improvement_clock_fields,
     .before = improvement_clock_before},
    {0},
};

#define INTEGER "{\"type\":\"integer\"}"
#define NULLABLE "{\"type\":[\"string\",\"null\"]}"
#define ITEMS(item)                                                                                                              \
    "{\"type\":\"object\",\"required\":[\"items\",\"count\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":" item      \
    "},\"count\":" INTEGER "}}"

static const char causes_answer[] = ITEMS(
    "{\"type\":\"object\",\"required\":[\"value\",\"count\",\"repeated\",\"open\",\"major\",\"returned\",\"failed_checks\","
    "\"refs\"],\"properties\":{\"value\":" NULLABLE ",\"count\":" INTEGER ",\"repeated\":{\"type\":\"boolean\"},\"open\":" INTEGER
    ",\"major\":" INTEGER ",\"returned\":" INTEGER ",\"failed_checks\":" INTEGER ",\"first_on\":" NULLABLE
    ",\"last_on\":" NULLABLE ",\"refs\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}");

static const char trends_answer[] = ITEMS(
    "{\"type\":\"object\",\"required\":[\"month\",\"found\",\"major\",\"closed\",\"open\",\"days_to_close\",\"failed_checks\"],"
    "\"properties\":{\"month\":{\"type\":\"string\"},\"found\":" INTEGER ",\"major\":" INTEGER ",\"closed\":" INTEGER
    ",\"open\":" INTEGER ",\"days_to_close\":{\"type\":[\"number\",\"null\"]},\"failed_checks\":" INTEGER "}}");

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "causes",
     .permission = "improvement.nonconformity:read",
     .handler = improvement_causes,
     .query = "by months",
     .summary = "Which causes, requirements or sources repeat, the most frequent first",
     .answer = causes_answer},
    {.method = "GET",
     .path = "trends",
     .permission = "improvement.nonconformity:read",
     .handler = improvement_trends,
     .query = "months",
     .summary = "Found, closed and open nonconformities month by month, with the days they took",
     .answer = trends_answer},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"nonconformities_handled", "10.2", "Nonconformities closed after a check of the effect",
     "SELECT count(*) FILTER (WHERE status = 'closed'), count(*), count(*) FILTER (WHERE status = 'closed') > 0"
     " AND count(*) FILTER (WHERE due_on < current_date) = 0"
     " FROM improvement.nonconformity WHERE " LIVE " AND status <> 'dismissed'"},
    {"nonconformities_overdue", "10.2", "Open nonconformities whose next step is overdue",
     "SELECT count(*) FILTER (WHERE due_on < current_date), count(*) FILTER (WHERE status <> 'closed'), count(*) > 0"
     " AND count(*) FILTER (WHERE due_on < current_date) = 0"
     " FROM improvement.nonconformity WHERE " LIVE " AND status <> 'dismissed'"},
    {"corrective_actions_overdue", "10.2", "Corrective actions that are overdue",
     "SELECT count(*) FILTER (WHERE due_on < current_date AND status IN ('planned', 'in_progress')),"
     " count(*) FILTER (WHERE status IN ('planned', 'in_progress')), count(*) > 0"
     " AND count(*) FILTER (WHERE due_on < current_date AND status IN ('planned', 'in_progress')) = 0"
     " FROM improvement.corrective_action WHERE " LIVE},
    {"improvements_done", "10.1", "Improvements carried out within a year",
     "SELECT count(*) FILTER (WHERE status = 'done' AND done_on > current_date - interval '1 year'), count(*),"
     " count(*) FILTER (WHERE status = 'done' AND done_on > current_date - interval '1 year') > 0"
     " FROM improvement.improvement WHERE " LIVE},
    {0},
};

const struct bl_plugin bl_plugin_improvement = {
    .abi = BL_ABI,
    .name = "improvement",
    .version = "1.0.0",
    .clause = "10",
    .label = "Improvement",
    .help = "Nonconformities and what is done about their causes; ideas and what became of them.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_improvement,
    .signals = signals,
};
