/* What rests on what. A dependency says: asset_id does not work without depends_on_id. What is depended on inherits the ratings
 * of all that rests on it, directly or over others: the maximum of each. */
#include "operation.h"
#include <string.h>
#include <strings.h>

const struct bl_field operation_dependency_fields[] = {
    {.name = "asset_id",
     .type = BL_REF,
     .ref = "operation.assets",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Asset",
     .help = "What does not work without the other."},
    {.name = "depends_on_id",
     .type = BL_REF,
     .ref = "operation.assets",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Rests on",
     .help = "What it needs. It inherits the ratings of the first."},
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "How",
     .help = "In what way the one needs the other.",
     .min = 1,
     .max = 200,
     .initial = "needs it",
     .example = "is stored on it"},
    {0},
};

#define LOOP_WORDS "an asset does not rest on itself: choose another one"

const struct bl_constraint operation_dependency_constraints[] = {
    {.name = "asset_dependency_loop_check", .pointer = "/depends_on_id", .code = "rests_on_itself", .detail = LOOP_WORDS},
    {.name = "asset_dependency_ends_key",
     .pointer = "/depends_on_id",
     .code = "dependency_exists",
     .detail = "this dependency is noted already"},
    {0},
};

enum bl_status operation_dependency_before(struct bl_request *r, const struct bl_change *change)
{
    const char *asset = bl_text(change->after, "asset_id"), *needed = bl_text(change->after, "depends_on_id");
    if (asset && needed && strcasecmp(asset, needed) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "rests_on_itself", "/depends_on_id", "%s", LOOP_WORDS);
    return BL_OK;
}

/* Who changes the graph holds the row of its counter until the commit, so that two dependencies that close a circle together are
 * seen one after the other. Who makes one holds it already. */
static const char take_turns[] =
    "SELECT value FROM core.counter WHERE tenant_id = $1 AND register = 'operation.asset_dependencies' FOR UPDATE";

/* The way back from what is needed to what needs it. Assets that are put away count: they may come back. */
static const char find_cycle[] =
    "WITH RECURSIVE needs AS (SELECT $2::uuid AS id UNION SELECT d.depends_on_id FROM needs n"
    " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d.asset_id = n.id AND d.archived_at IS NULL)"
    " SELECT a.name, a.ref, b.name, b.ref FROM needs n"
    " JOIN operation.asset a ON a.tenant_id = $1 AND a.id = $2::uuid JOIN operation.asset b ON b.tenant_id = $1 AND b.id = n.id"
    " WHERE n.id = $3::uuid LIMIT 1";

enum bl_status operation_dependency_after(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {bl_text(change->after, "depends_on_id"), bl_text(change->after, "asset_id")};
    struct bl_rows *rows;
    if (strcmp(change->verb, "create") != 0 && strcmp(change->verb, "restore") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, take_turns, NULL, 0, 0, &rows);
    if (status == BL_OK)
        status = bl_sql(r, find_cycle, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        status = bl_fail(r, BL_UNPROCESSABLE, "cycle", "/depends_on_id",
                         "%s (%s) rests on %s (%s) already, directly or over others: the two would rest on each other",
                         bl_cell(r, rows, 0, 0), bl_cell(r, rows, 0, 1), bl_cell(r, rows, 0, 2), bl_cell(r, rows, 0, 3));
    return status;
}

enum { MOST = 20000 }; /* assets in one answer */

static const char values[] = OPERATION_INHERITED
    " SELECT a.id, a.ref, a.name, a.kind, a.classification, a.status, a.owner_id, a.confidentiality, a.integrity,"
    " a.availability, coalesce(l.c, 1), coalesce(l.i, 1), coalesce(l.a, 1), greatest(l.c, l.i, l.a, 1)"
    " FROM operation.asset a LEFT JOIN level l ON l.id = a.id WHERE " OPERATION_LIVE_ASSET
    " ORDER BY greatest(l.c, l.i, l.a, 1) DESC, a.id LIMIT 20001";

/* GET asset-values */
enum bl_status operation_asset_values(struct bl_request *r)
{
    static const char *const names[] = {"id",
                                        "ref",
                                        "name",
                                        "kind",
                                        "classification",
                                        "status",
                                        "owner_id",
                                        "confidentiality",
                                        "integrity",
                                        "availability",
                                        "inherited_confidentiality",
                                        "inherited_integrity",
                                        "inherited_availability",
                                        "value"};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, values, NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows) > MOST ? MOST : bl_count(r, rows);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++) {
        bl_json_object(r, NULL);
        for (int column = 0; column < (int)(sizeof names / sizeof *names); column++)
            bl_json_cell(r, names[column], rows, i, column);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_integer(r, "count", count);
    bl_json_bool(r, "more", bl_count(r, rows) > MOST);
    bl_json_close(r);
    return BL_OK;
}

/* Both directions from one asset, each asset once at its shortest distance. $2 asset. */
#define WALK(name, from, to)                                                                                                     \
    name " AS (SELECT $2::uuid AS id, 0 AS distance UNION SELECT d." to ", w.distance + 1 FROM " name " w"                       \
         " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d." from " = w.id AND d.archived_at IS NULL"                \
         " WHERE w.distance < 50)"
#define SIDE(name)                                                                                                               \
    "(SELECT coalesce(json_agg(json_build_object('id', a.id, 'ref', a.ref, 'name', a.name, 'kind', a.kind, 'status', a.status,"  \
    " 'distance', s.distance, 'confidentiality', a.confidentiality, 'integrity', a.integrity, 'availability', a.availability)"   \
    " ORDER BY s.distance, a.id), '[]'::json) FROM (SELECT id, min(distance) AS distance FROM " name                             \
    " WHERE distance > 0 GROUP BY id ORDER BY 2, 1 LIMIT 1000) s JOIN operation.asset a ON a.id = s.id "                         \
    "AND " OPERATION_LIVE_ASSET ")"

static const char chain[] = "WITH RECURSIVE " WALK("below", "asset_id", "depends_on_id") ", " WALK(
    "above", "depends_on_id", "asset_id") " SELECT json_build_object('id', x.id, 'ref', x.ref, 'name', x.name, "
                                          "'rests_on', " SIDE("below") ", 'carries', " SIDE("above") ")::text FROM "
                                                                                                     "operation.asset x "
                                                                                                     "WHERE x.tenant_id = $1 "
                                                                                                     "AND x.id = $2::uuid";

/* GET assets/{id}/chain */
enum bl_status operation_asset_chain(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, chain, &id, 1, BL_FINAL, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such asset");
    const char *text = bl_cell(r, rows, 0, 0);
    bl_respond(r, 200, "application/json");
    bl_write(r, text, strlen(text));
    return BL_OK;
}
