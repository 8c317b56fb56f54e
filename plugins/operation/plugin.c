/* The operation area, clause 8 and the operational controls: its registers, routes and signals. */
#include "operation.h"

extern const struct bl_migration bl_migrations_operation[];
extern const struct bl_plugin bl_plugin_operation;

static const struct bl_resource resources[] = {
    {.name = "assets",
     .singular = "asset",
     .table = "operation.asset",
     .prefix = "AST",
     .clause = "A.5.9",
     .label = "Assets",
     .help = "What is worth protecting: information and all that carries it, each with an owner.",
     .fields = operation_asset_fields,
     .relations = operation_asset_relations,
     .states = operation_asset_states,
     .transitions = operation_asset_transitions,
     .constraints = operation_asset_constraints,
     .sort = "name",
     .before = operation_asset_before,
     .retire = operation_asset_retire},
    {.name = "asset_dependencies",
     .singular = "asset_dependency",
     .table = "operation.asset_dependency",
     .prefix = "DEP",
     .clause = "A.5.9",
     .label = "Dependencies of assets",
     .help = "What does not work without what. The needed one inherits the ratings of all that rests on it.",
     .fields = operation_dependency_fields,
     .constraints = operation_dependency_constraints,
     .before = operation_dependency_before,
     .after = operation_dependency_after},
    {.name = "asset_returns",
     .singular = "asset_return",
     .table = "operation.asset_return",
     .prefix = "RET",
     .clause = "A.5.11",
     .label = "Assets handed out",
     .help = "Who holds what of ours, and when it comes back.",
     .fields = operation_return_fields,
     .states = operation_return_states,
     .transitions = operation_return_transitions,
     .constraints = operation_return_constraints,
     .before = operation_return_before},
    {0},
};

#define ITEMS                                                                                                                    \
    "{\"type\":\"object\",\"required\":[\"items\",\"count\",\"more\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":"  \
    "{\"type\":\"object\"}},\"count\":{\"type\":\"integer\"},\"more\":{\"type\":\"boolean\",\"description\":\"true when the "    \
    "answer is cut at its limit\"}}}"

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "asset-values",
     .permission = "operation.asset:read",
     .handler = operation_asset_values,
     .summary = "Assets with the ratings they inherit from all that rests on them, the weightiest first",
     .answer = ITEMS},
    {.method = "GET",
     .path = "assets/{id}/chain",
     .permission = "operation.asset:read",
     .handler = operation_asset_chain,
     .summary = "What one asset rests on and what rests on it, directly and over others",
     .answer =
         "{\"type\":\"object\",\"required\":[\"id\",\"ref\",\"name\",\"rests_on\",\"carries\"],\"properties\":{\"rests_on\":"
         "{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"carries\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"object\"}}}}"},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"assets_without_owner", "A.5.9", "Assets without an owner",
     "SELECT count(*) FILTER (WHERE owner_id IS NULL), count(*), count(*) > 0 AND count(owner_id) = count(*)"
     " FROM operation.asset WHERE " LIVE " AND status <> 'disposed'"},
    {0},
};

const struct bl_plugin bl_plugin_operation = {
    .abi = BL_ABI,
    .name = "operation",
    .version = "1.0.0",
    .clause = "8",
    .label = "Operation",
    .help = "Day by day: assets, suppliers, changes, incidents, continuity, and the duties that apply.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_operation,
    .signals = signals,
};
