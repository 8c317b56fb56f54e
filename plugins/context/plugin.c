/* The context area, clause 4: its registers, routes and signals. */
#include "context.h"

extern const struct bl_migration bl_migrations_context[];
extern const struct bl_plugin bl_plugin_context;

static const struct bl_resource resources[] = {
    {.name = "statements",
     .singular = "statement",
     .table = "context.statement",
     .prefix = "ST",
     .clause = "4.1",
     .label = "Purpose and outcomes",
     .help = "What the organisation is there for, and what the ISMS shall bring about. Issues are measured against these.",
     .fields = context_statement_fields,
     .constraints = context_statement_constraints,
     .before = context_reviewed},
    {.name = "issues",
     .singular = "issue",
     .table = "context.issue",
     .prefix = "ISS",
     .clause = "4.1",
     .label = "Issues",
     .help = "What inside and outside the organisation helps or hinders information security.",
     .fields = context_issue_fields,
     .relations = context_issue_relations,
     .states = context_issue_states,
     .transitions = context_issue_transitions,
     .constraints = context_issue_constraints,
     .sort = "-priority",
     .before = context_issue_before},
    {.name = "climate_determinations",
     .singular = "climate_determination",
     .table = "context.climate_determination",
     .prefix = "CLI",
     .clause = "4.1",
     .label = "Climate determinations",
     .help = "Whether climate change is a relevant issue, and why (Amendment 1:2024). The newest one counts.",
     .fields = context_climate_fields,
     .sort = "-decided_on",
     .before = context_climate_before},
    {.name = "interested_parties",
     .singular = "interested_party",
     .table = "context.interested_party",
     .prefix = "IP",
     .clause = "4.2",
     .label = "Interested parties",
     .help = "Who cares about our information security, or is touched by it.",
     .fields = context_party_fields,
     .constraints = context_party_constraints,
     .sort = "-priority",
     .before = context_reviewed},
    {.name = "requirements",
     .singular = "requirement",
     .table = "context.requirement",
     .prefix = "REQ",
     .clause = "4.2",
     .label = "Requirements of parties",
     .help = "What interested parties need and expect, and which of it the ISMS takes on.",
     .fields = context_requirement_fields,
     .constraints = context_requirement_constraints,
     .before = context_requirement_before},
    {.name = "sites",
     .singular = "site",
     .table = "context.site",
     .prefix = "SITE",
     .clause = "4.3",
     .label = "Sites",
     .help = "Where the organisation works. Each is part of the scope, or excluded from it with a reason.",
     .fields = context_site_fields,
     .constraints = context_site_constraints,
     .sort = "name",
     .before = context_site_before},
    {.name = "scopes",
     .singular = "scope",
     .table = "context.scope",
     .prefix = "SCO",
     .clause = "4.3",
     .label = "Scope",
     .help = "The limits of the ISMS, version by version. One is in force; approved text does not change.",
     .fields = context_scope_fields,
     .relations = context_scope_relations,
     .states = context_scope_states,
     .transitions = context_scope_transitions,
     .constraints = context_scope_constraints,
     .sort = "-version_number",
     .after = context_scope_after},
    {.name = "processes",
     .singular = "process",
     .table = "context.process",
     .prefix = "PRO",
     .clause = "4.4",
     .label = "Processes",
     .help = "The sheets of the processes that the ISMS needs.",
     .fields = context_process_fields,
     .constraints = context_process_constraints,
     .sort = "name",
     .before = context_process_before},
    {.name = "process_links",
     .singular = "process_link",
     .table = "context.process_link",
     .prefix = "PL",
     .clause = "4.4",
     .label = "Links between processes",
     .help = "What flows from one process to another.",
     .fields = context_process_link_fields,
     .constraints = context_process_link_constraints,
     .before = context_process_link_before},
    {0},
};

#define STRING "{\"type\":\"string\"}"
#define NULLABLE "{\"type\":[\"string\",\"null\"]}"
#define UUID "{\"type\":\"string\",\"format\":\"uuid\"}"
#define NULLABLE_UUID "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}"
#define RATING "{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}"
#define ARRAY_OF(items) "{\"type\":\"array\",\"items\":" items "}"

#define ISSUE                                                                                                                    \
    "{\"type\":\"object\",\"required\":[\"id\",\"ref\",\"title\",\"priority\"],\"properties\":{\"id\":" UUID ",\"ref\":" STRING  \
    ",\"title\":" STRING ",\"category\":" STRING ",\"effect\":" STRING ",\"concern\":" STRING ",\"influence\":" RATING           \
    ",\"control\":" RATING ",\"priority\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":25},\"owner_id\":" NULLABLE_UUID       \
    ",\"owner\":" NULLABLE ",\"review_on\":{\"type\":[\"string\",\"null\"],\"format\":\"date\"}}}"
#define MORE "\"more\":{\"type\":\"boolean\",\"description\":\"true when the answer is cut at its limit\"}"

static const char swot_answer[] =
    "{\"type\":\"object\",\"required\":[\"strengths\",\"weaknesses\",\"opportunities\",\"threats\",\"more\"],\"properties\":{"
    "\"strengths\":" ARRAY_OF(ISSUE) ",\"weaknesses\":" ARRAY_OF(ISSUE) ",\"opportunities\":" ARRAY_OF(
        ISSUE) ",\"threats\":" ARRAY_OF(ISSUE) "," MORE "}}";

static const char pestel_answer[] =
    "{\"type\":\"object\",\"required\":[\"political\",\"economic\",\"social\",\"technological\",\"environmental\",\"legal\","
    "\"more\"],"
    "\"properties\":{\"political\":" ARRAY_OF(ISSUE) ",\"economic\":" ARRAY_OF(ISSUE) ",\"social\":" ARRAY_OF(
        ISSUE) ",\"technological\":" ARRAY_OF(ISSUE) ",\"environmental\":" ARRAY_OF(ISSUE) ",\"legal\":" ARRAY_OF(ISSUE) "," MORE
                                                                                                                         "}}";

static const char map_answer[] =
    "{\"type\":\"object\",\"required\":[\"processes\",\"links\",\"more\"],\"properties\":{\"processes\":" ARRAY_OF(
        "{\"type\":\"object\",\"required\":[\"id\",\"ref\",\"name\",\"family\"],\"properties\":{\"id\":" UUID ",\"ref\":" STRING
        ",\"name\":" STRING ",\"family\":{\"enum\":[\"management\",\"realization\",\"support\"]},\"owner_id\":" NULLABLE_UUID
        ",\"owner\":" NULLABLE
        "}}") ",\"links\":" ARRAY_OF("{\"type\":\"object\",\"required\":[\"id\",\"from_process_id\",\"to_process_id\",\"flow\"],"
                                     "\"properties\":{\"id\":" UUID ",\"ref\":" STRING ",\"from_process_id\":" UUID
                                     ",\"to_process_id\":" UUID ",\"flow\":" STRING "}}") "," MORE "}}";

static const char gaps_answer[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"count\",\"more\"],\"properties\":{\"items\":" ARRAY_OF(
        "{\"type\":\"object\",\"required\":[\"clause\",\"code\",\"title\",\"detail\",\"resource\",\"id\",\"ref\",\"url\"],"
        "\"properties\":{\"clause\":" STRING ",\"code\":" STRING ",\"title\":" STRING ",\"detail\":" STRING
        ",\"resource\":" STRING ",\"id\":" NULLABLE_UUID ",\"ref\":" NULLABLE ",\"url\":" STRING
        "}}") ",\"count\":{\"type\":\"integer\"}," MORE "}}";

static const char catalogue_answer[] = "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" ARRAY_OF(
    "{\"type\":\"object\",\"required\":[\"id\",\"family\",\"name\",\"mandatory\",\"clauses\",\"adopted_as\",\"process_id\"],"
    "\"properties\":{\"id\":" STRING ",\"family\":" STRING ",\"name\":" STRING
    ",\"mandatory\":{\"type\":\"boolean\"},\"clauses\":" ARRAY_OF(STRING) ",\"adopted_as\":" NULLABLE
                                                                          ",\"process_id\":" NULLABLE_UUID "}}") "}}";

static const char adopt_body[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"ids\":{\"type\":\"array\",\"maxItems\":100,\"items\":"
    "{\"type\":\"string\",\"pattern\":\"^PR-[0-9]{2}$\"},\"description\":\"numbers of the catalogue; left out: all\"}},"
    "\"example\":{\"ids\":[\"PR-01\",\"PR-02\"]}}";

static const char adopt_answer[] =
    "{\"type\":\"object\",\"required\":[\"adopted\",\"already\",\"name_taken\"],\"properties\":{\"adopted\":" ARRAY_OF(
        "{\"type\":\"object\",\"properties\":{\"id\":" UUID ",\"ref\":" STRING ",\"name\":" STRING ",\"family\":" STRING
        ",\"catalogue_id\":" STRING "}}") ",\"already\":" ARRAY_OF(STRING) ",\"name_taken\":" ARRAY_OF(STRING) "}}";

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "swot",
     .permission = "context.issue:read",
     .handler = context_swot,
     .summary = "Open issues as strengths, weaknesses, opportunities and threats, the weightiest first",
     .answer = swot_answer},
    {.method = "GET",
     .path = "pestel",
     .permission = "context.issue:read",
     .handler = context_pestel,
     .summary = "Open external issues by political, economic, social, technological, environmental and legal category",
     .answer = pestel_answer},
    {.method = "GET",
     .path = "process-map",
     .permission = "context.process:read",
     .handler = context_process_map,
     .summary = "Processes and what flows between them, as JSON, a drawing (SVG) or Graphviz source (DOT)",
     .produces = "application/json image/svg+xml text/vnd.graphviz",
     .answer = map_answer},
    {.method = "GET",
     .path = "gaps",
     .permission = "context.gap:read",
     .handler = context_gaps,
     .summary = "What clause 4 still lacks, each with the record to open",
     .answer = gaps_answer},
    {.method = "GET",
     .path = "process-catalogue",
     .permission = "context.process:read",
     .handler = context_process_catalogue,
     .summary = "The 35 processes that can be adopted, and which of them are",
     .answer = catalogue_answer},
    {.method = "POST",
     .path = "processes:adopt",
     .permission = "context.process:write",
     .handler = context_process_adopt,
     .summary = "Makes processes from the catalogue; those adopted already are left alone",
     .body = adopt_body,
     .answer = adopt_answer},
    {.method = "POST",
     .path = "scopes/{id}:revise",
     .permission = "context.scope:write",
     .handler = context_scope_revise,
     .summary = "Makes a draft of the next version from this one, with its sites (201)"},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"outcome_stated", "4.1", "Outcomes of the ISMS are stated",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM context.statement WHERE " LIVE " AND kind = 'outcome'"},
    {"climate_determined", "4.1", "Climate change has been considered",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM context.climate_determination WHERE " LIVE},
    {"requirements_undecided", "4.2", "Requirements of parties without a decision",
     "SELECT count(*) FILTER (WHERE addressed_by_isms = 'undecided'), count(*),"
     " count(*) > 0 AND count(*) FILTER (WHERE addressed_by_isms = 'undecided') = 0 FROM context.requirement WHERE " LIVE},
    {"scope_in_force", "4.3", "A scope is in force",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM context.scope WHERE " LIVE " AND status = 'in_force'"},
    {"processes_without_owner", "4.4", "Processes without an owner",
     "SELECT count(*) FILTER (WHERE owner_id IS NULL), count(*), count(*) > 0 AND count(owner_id) = count(*)"
     " FROM context.process WHERE " LIVE},
    {"context_reviewed", "4", "Parts of the context reviewed within a year",
     "SELECT count(*) FILTER (WHERE reviewed_on >= current_date - interval '1 year'), count(*),"
     " count(*) > 0 AND bool_and(reviewed_on >= current_date - interval '1 year') FROM (" CONTEXT_REVIEWS ") review"},
    {0},
};

const struct bl_plugin bl_plugin_context = {
    .abi = BL_ABI,
    .name = "context",
    .version = "1.0.0",
    .clause = "4",
    .label = "Context",
    .help = "What the organisation is for, what bears on it, who wants what of it, and what the ISMS covers.",
    .permissions = "gap:read",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_context,
    .signals = signals,
};
