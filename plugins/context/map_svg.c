/* The process map as SVG: a lane per family, boxes in rows, an arrow per link. Drawn here rather than by Graphviz: no process is
 * started and no foreign parser of drawings runs inside the server. What comes from people is escaped, and nothing is scripted.
 */
#include "context.h"
#include <stdio.h>
#include <string.h>

enum {
    MARGIN = 20,
    LABEL = 110, /* width of the lane's name */
    BOX_WIDTH = 150,
    BOX_HEIGHT = 52,
    GAP_X = 30,
    GAP_Y = 46,
    PER_ROW = 6,
    LINE = 22, /* code points in a line of a box */
    FLOW = 26, /* code points of a flow's label */
    LANES = 3,
};

static const struct lane {
    const char *family, *label, *fill;
} lanes[LANES] = {
    {"management", "Management", "#e8eef7"},
    {"realization", "Realization", "#eaf4ea"},
    {"support", "Support", "#f7f0e4"},
};

struct box {
    int x, y;
};

static void put(struct bl_request *r, const char *text)
{
    bl_write(r, text, strlen(text));
}

/* Text of XML 1.0: control characters are not allowed in any form, so they become spaces. */
static void put_escaped(struct bl_request *r, const char *text, size_t length)
{
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        const char *instead = NULL;
        switch (text[i]) {
        case '&':
            instead = "&amp;";
            break;
        case '<':
            instead = "&lt;";
            break;
        case '>':
            instead = "&gt;";
            break;
        case '"':
            instead = "&quot;";
            break;
        case '\'':
            instead = "&#39;";
            break;
        default:
            if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
                instead = " ";
        }
        if (instead) {
            bl_write(r, text + from, i - from);
            put(r, instead);
            from = i + 1;
        }
    }
    bl_write(r, text + from, length - from);
}

/* Bytes of the first `points` code points; all of the text when it is not longer. */
static size_t prefix(const char *text, size_t points)
{
    size_t bytes = 0;
    while (text[bytes] && points > 0) {
        bytes++;
        while (((unsigned char)text[bytes] & 0xC0) == 0x80)
            bytes++;
        points--;
    }
    return bytes;
}

/* Bytes of the first line: up to the last space that fits, or cut within a long word. */
static size_t line_of(const char *text, size_t points)
{
    size_t fits = prefix(text, points), at = fits;
    if (text[fits] == '\0')
        return fits;
    while (at > 0 && text[at] != ' ')
        at--;
    return at ? at : fits;
}

static void put_line(struct bl_request *r, int x, int y, const char *attributes, const char *text, size_t length, bool cut)
{
    char tag[160];
    snprintf(tag, sizeof tag, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\"%s>", x, y, attributes);
    put(r, tag);
    put_escaped(r, text, length);
    put(r, cut ? "…</text>" : "</text>");
}

static void put_box(struct bl_request *r, const struct context_node *node, struct box at)
{
    char tag[200];
    put(r, "<g><title>");
    put_escaped(r, node->ref, strlen(node->ref));
    put(r, " ");
    put_escaped(r, node->name, strlen(node->name));
    put(r, ", owner: ");
    const char *owner = node->owner ? node->owner : "none";
    put_escaped(r, owner, strlen(owner));
    snprintf(tag, sizeof tag,
             "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#ffffff\" stroke=\"%s\"/>", at.x, at.y,
             BOX_WIDTH, BOX_HEIGHT, node->owner ? "#33506f" : "#b3261e");
    put(r, tag);
    size_t first = line_of(node->name, LINE);
    const char *rest = node->name + first + strspn(node->name + first, " ");
    int middle = at.x + BOX_WIDTH / 2;
    put_line(r, middle, at.y + (*rest ? 22 : 31), "", node->name, first, false);
    if (*rest) {
        size_t second = prefix(rest, LINE);
        put_line(r, middle, at.y + 40, "", rest, second, rest[second] != '\0');
    }
    put(r, "</g>\n");
}

/* From border to border: down or up between rows, an arc above within one row. */
static void put_edge(struct bl_request *r, const struct context_map *map, const struct context_edge *edge,
                     const struct box *boxes)
{
    struct box a = boxes[edge->from], b = boxes[edge->to];
    int x1 = a.x + BOX_WIDTH / 2, x2 = b.x + BOX_WIDTH / 2, y1 = a.y, y2 = b.y, bend1, bend2;
    if (a.y == b.y) {
        bend1 = bend2 = a.y - GAP_Y;
    } else if (a.y < b.y) {
        y1 = a.y + BOX_HEIGHT;
        bend1 = y1 + GAP_Y;
        bend2 = y2 - GAP_Y;
    } else {
        y2 = b.y + BOX_HEIGHT;
        bend1 = y1 - GAP_Y;
        bend2 = y2 + GAP_Y;
    }
    put(r, "<g><title>");
    put_escaped(r, map->nodes[edge->from].name, strlen(map->nodes[edge->from].name));
    put(r, " → ");
    put_escaped(r, map->nodes[edge->to].name, strlen(map->nodes[edge->to].name));
    put(r, ": ");
    put_escaped(r, edge->flow, strlen(edge->flow));
    char tag[200];
    snprintf(tag, sizeof tag,
             "</title><path d=\"M%d %d C%d %d %d %d %d %d\" fill=\"none\" stroke=\"#5b6b7b\" marker-end=\"url(#arrow)\"/>", x1,
             y1, x1, bend1, x2, bend2, x2, y2);
    put(r, tag);
    size_t shown = prefix(edge->flow, FLOW);
    /* the middle of the curve: (P0 + 3 P1 + 3 P2 + P3) / 8 */
    put_line(r, (x1 + x2) / 2, (y1 + 3 * bend1 + 3 * bend2 + y2) / 8, " font-size=\"10\" fill=\"#3c4a57\"", edge->flow, shown,
             edge->flow[shown] != '\0');
    put(r, "</g>\n");
}

/* Gives every node its place; returns the height of the drawing and each lane's upper edge. */
static int lay_out(const struct context_map *map, struct box *boxes, int tops[LANES + 1])
{
    int y = MARGIN;
    for (int lane = 0; lane < LANES; lane++) {
        int n = 0;
        tops[lane] = y;
        for (size_t i = 0; i < map->node_count; i++) {
            if (strcmp(map->nodes[i].family, lanes[lane].family) != 0)
                continue;
            boxes[i].x = MARGIN + LABEL + GAP_X + n % PER_ROW * (BOX_WIDTH + GAP_X);
            boxes[i].y = y + GAP_Y + n / PER_ROW * (BOX_HEIGHT + GAP_Y);
            n++;
        }
        int rows = n ? (n + PER_ROW - 1) / PER_ROW : 1;
        y += GAP_Y + rows * (BOX_HEIGHT + GAP_Y);
    }
    tops[LANES] = y;
    return y + MARGIN;
}

static void put_lane(struct bl_request *r, const struct lane *lane, int top, int bottom, int width)
{
    char tag[320];
    snprintf(tag, sizeof tag,
             "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>"
             "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n",
             MARGIN, top, width - 2 * MARGIN, bottom - top - 4, lane->fill, MARGIN + 12, top + (bottom - top) / 2, lane->label);
    put(r, tag);
}

void context_map_svg(struct bl_request *r, const struct context_map *map)
{
    struct box *boxes = bl_alloc(r, sizeof *boxes * map->node_count + 1);
    int tops[LANES + 1], height = lay_out(map, boxes, tops);
    int width = 2 * MARGIN + LABEL + GAP_X + PER_ROW * (BOX_WIDTH + GAP_X);
    char tag[480];
    snprintf(
        tag, sizeof tag,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "aria-labelledby=\"title desc\" font-family=\"sans-serif\" font-size=\"12\">\n<title id=\"title\">Process map</title>\n"
        "<desc id=\"desc\">%zu processes in three lanes, management, realization and support, and %zu links between them. "
        "A red frame marks a process without an owner.</desc>\n",
        width, height, width, height, map->node_count, map->edge_count);
    put(r, tag);
    put(r, "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
           "orient=\"auto\">"
           "<path d=\"M0 0 L8 4 L0 8 z\" fill=\"#5b6b7b\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" "
           "fill=\"#ffffff\"/>\n");
    for (int lane = 0; lane < LANES; lane++)
        put_lane(r, &lanes[lane], tops[lane], tops[lane + 1], width);
    for (size_t i = 0; i < map->edge_count; i++)
        put_edge(r, map, &map->edges[i], boxes);
    for (size_t i = 0; i < map->node_count; i++)
        put_box(r, &map->nodes[i], boxes[i]);
    put(r, "</svg>\n");
}
