/* The certification area: a client's way to the certificate, and a body's work on it. */
#include "certification.h"

extern const struct bl_migration bl_migrations_certification[];
extern const struct bl_plugin bl_plugin_certification;

static const struct bl_resource resources[] = {
    {.name = "project_plans",
     .singular = "project_plan",
     .table = "certification.project_plan",
     .prefix = "PLAN",
     .clause = "4.4",
     .label = "Project plans",
     .help = "The way to a certificate, with what waits for what.",
     .fields = certification_plan_fields,
     .states = certification_plan_states,
     .transitions = certification_plan_transitions,
     .before = certification_plan_before},
    {.name = "project_steps",
     .singular = "project_step",
     .table = "certification.project_step",
     .prefix = "TASK",
     .clause = "4.4",
     .label = "Steps of project plans",
     .help = "What is to be done, how long it takes, what it waits for, and how far it is.",
     .fields = certification_task_fields,
     .constraints = certification_task_constraints,
     .sort = "number",
     .before = certification_task_before},
    {0},
};

static const char template_body[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"title\",\"starts_on\"],\"properties\":{"
    "\"title\":{\"type\":\"string\"},\"starts_on\":{\"type\":\"string\",\"format\":\"date\"},\"target_on\":{\"type\":\"string\","
    "\"format\":\"date\"},\"lead_id\":{\"type\":\"string\",\"format\":\"uuid\"},\"notes\":{\"type\":\"string\"},\"pace\":{"
    "\"enum\":"
    "[\"fast\",\"typical\",\"slow\"],\"description\":\"which of the template's durations; typical when left out\"}},"
    "\"example\":{\"title\":\"Way to the certificate\",\"starts_on\":\"2027-01-11\"}}";

static const char gantt_answer[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"title\",\"status\",\"start\",\"forecast_end\",\"critical_path\",\"tasks\","
    "\"circle\","
    "\"progress\"],\"properties\":{\"critical_path\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"tasks\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"object\"}}}}";

static const struct bl_route routes[] = {
    {.method = "POST",
     .path = "project-plans:adopt",
     .permission = "certification.project_plan:write",
     .handler = certification_plan_from_template,
     .flags = BL_CREATED,
     .summary = "Makes a plan with the 26 steps of the template",
     .body = template_body},
    {.method = "GET",
     .path = "project-plans/{id}/gantt",
     .permission = "certification.project_plan:read",
     .handler = certification_gantt,
     .produces = "application/json image/svg+xml",
     .summary = "The plan as it stands: forecast, slack, critical path, baseline; as JSON or a drawing",
     .answer = gantt_answer},
    {0},
};

const struct bl_plugin bl_plugin_certification = {
    .abi = BL_ABI,
    .name = "certification",
    .version = "1.0.0",
    .clause = "Certification",
    .label = "Certification",
    .help = "The way to a certificate, and the body's and the client's side of the same cycle.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_certification,
};
