/* The process map: one statement reads processes and links; JSON, DOT or SVG is made from the same rows. */
#include "context.h"
#include <stdio.h>
#include <string.h>

enum { MOST = 2000 }; /* rows in one map */

enum column { KIND, ID, REF, NAME, FAMILY, OWNER_ID, OWNER, FROM, TO };

static const char find_map[] =
    "SELECT 'process' AS kind, p.id, p.ref, p.name, p.family, p.owner_id, m.name, NULL::uuid, NULL::uuid"
    " FROM context.process p LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = p.owner_id"
    " WHERE p.tenant_id = $1 AND p.archived_at IS NULL"
    " UNION ALL SELECT 'link', l.id, l.ref, l.flow, NULL, NULL, NULL, l.from_process_id, l.to_process_id"
    " FROM context.process_link l"
    " JOIN context.process a ON a.tenant_id = l.tenant_id AND a.id = l.from_process_id AND a.archived_at IS NULL"
    " JOIN context.process b ON b.tenant_id = l.tenant_id AND b.id = l.to_process_id AND b.archived_at IS NULL"
    " WHERE l.tenant_id = $1 AND l.archived_at IS NULL"
    " ORDER BY 1 DESC, 2 LIMIT 2001";

static bool is_process(struct bl_request *r, const struct bl_rows *rows, int i)
{
    return bl_cell(r, rows, i, KIND)[0] == 'p';
}

static int processes(struct bl_request *r, const struct bl_rows *rows, int count)
{
    int n = 0;
    while (n < count && is_process(r, rows, n)) /* 'process' sorts before 'link', descending */
        n++;
    return n;
}

static void put_json(struct bl_request *r, const struct bl_rows *rows, int count)
{
    int split = processes(r, rows, count);
    bl_json_object(r, NULL);
    bl_json_array(r, "processes");
    for (int i = 0; i < split; i++) {
        bl_json_object(r, NULL);
        bl_json_cell(r, "id", rows, i, ID);
        bl_json_cell(r, "ref", rows, i, REF);
        bl_json_cell(r, "name", rows, i, NAME);
        bl_json_cell(r, "family", rows, i, FAMILY);
        bl_json_cell(r, "owner_id", rows, i, OWNER_ID);
        bl_json_cell(r, "owner", rows, i, OWNER);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_array(r, "links");
    for (int i = split; i < count; i++) {
        bl_json_object(r, NULL);
        bl_json_cell(r, "id", rows, i, ID);
        bl_json_cell(r, "ref", rows, i, REF);
        bl_json_cell(r, "from_process_id", rows, i, FROM);
        bl_json_cell(r, "to_process_id", rows, i, TO);
        bl_json_cell(r, "flow", rows, i, NAME);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_bool(r, "more", bl_count(r, rows) > MOST);
    bl_json_close(r);
}

/* Ids of rows come in the order of the statement, so the nodes are sorted by id. */
static size_t node_of(const struct context_map *map, const char *id)
{
    size_t low = 0, high = map->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(map->nodes[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->node_count && strcmp(map->nodes[low].id, id) == 0 ? low : map->node_count;
}

static struct context_map read_map(struct bl_request *r, const struct bl_rows *rows, int count)
{
    int split = processes(r, rows, count);
    struct context_node *nodes = bl_alloc(r, sizeof *nodes * (size_t)split + 1);
    struct context_edge *edges = bl_alloc(r, sizeof *edges * (size_t)(count - split) + 1);
    struct context_map map = {.nodes = nodes, .edges = edges, .node_count = (size_t)split};
    for (int i = 0; i < split; i++)
        nodes[i] = (struct context_node){.id = bl_cell(r, rows, i, ID),
                                         .ref = bl_cell(r, rows, i, REF),
                                         .name = bl_cell(r, rows, i, NAME),
                                         .family = bl_cell(r, rows, i, FAMILY),
                                         .owner = bl_cell(r, rows, i, OWNER)};
    for (int i = split; i < count; i++) {
        size_t from = node_of(&map, bl_cell(r, rows, i, FROM)), to = node_of(&map, bl_cell(r, rows, i, TO));
        if (from < map.node_count && to < map.node_count) /* an end may be cut off by the limit */
            edges[map.edge_count++] = (struct context_edge){.from = from, .to = to, .flow = bl_cell(r, rows, i, NAME)};
    }
    return map;
}

static void put(struct bl_request *r, const char *text)
{
    bl_write(r, text, strlen(text));
}

/* A quoted string of DOT: only the quote and the backslash mean anything inside it; line breaks become \n. */
static void put_quoted(struct bl_request *r, const char *text)
{
    put(r, "\"");
    while (*text) {
        size_t plain = strcspn(text, "\"\\\n\r");
        bl_write(r, text, plain);
        text += plain;
        if (!*text)
            break;
        if (*text == '\n')
            put(r, "\\n");
        else if (*text != '\r') {
            put(r, "\\");
            bl_write(r, text, 1);
        }
        text++;
    }
    put(r, "\"");
}

static void put_dot(struct bl_request *r, const struct context_map *map)
{
    static const char *const families[] = {"management", "realization", "support"};
    put(r, "digraph \"process map\" {\n  rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
           "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (size_t f = 0; f < 3; f++) {
        put(r, "  subgraph \"cluster_");
        put(r, families[f]);
        put(r, "\" {\n    label=\"");
        put(r, families[f]);
        put(r, "\";\n");
        for (size_t i = 0; i < map->node_count; i++) {
            const struct context_node *node = &map->nodes[i];
            if (strcmp(node->family, families[f]) != 0)
                continue;
            put(r, "    ");
            put_quoted(r, node->ref);
            put(r, " [label=");
            put_quoted(r, node->name);
            put(r, ", tooltip=");
            put_quoted(r, node->owner ? node->owner : "no owner");
            put(r, "];\n");
        }
        put(r, "  }\n");
    }
    for (size_t i = 0; i < map->edge_count; i++) {
        put(r, "  ");
        put_quoted(r, map->nodes[map->edges[i].from].ref);
        put(r, " -> ");
        put_quoted(r, map->nodes[map->edges[i].to].ref);
        put(r, " [label=");
        put_quoted(r, map->edges[i].flow);
        put(r, "];\n");
    }
    put(r, "}\n");
}

/* GET process-map */
enum bl_status context_process_map(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, find_map, NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows) > MOST ? MOST : bl_count(r, rows);
    const char *type = bl_accepts(r);
    if (!type || strcmp(type, "application/json") == 0) {
        bl_respond(r, 200, "application/json");
        put_json(r, rows, count);
        return BL_OK;
    }
    struct context_map map = read_map(r, rows, count);
    bl_respond(r, 200, type);
    if (strcmp(type, "image/svg+xml") == 0) {
        bl_set_header(r, "Content-Security-Policy", "default-src 'none'");
        context_map_svg(r, &map);
    } else {
        put_dot(r, &map);
    }
    return BL_OK;
}
