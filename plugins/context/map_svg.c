/* The process map as SVG. Boxes stand in rows, a lane per family; between the rows lie gutters, and every link has a track of its
 * own in them, so that no line runs behind a box and no label upon another. Drawn here rather than by Graphviz: no process is
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
    GAP = 46, /* between two columns */
    PER_ROW = 6,
    GUTTER = 24, /* height of an empty one */
    TRACK = 15,  /* height of a track: a label fits above its line */
    LINE = 20,   /* code points in a line of a box */
    FLOW = 26,   /* code points of a flow's label */
    LANES = 3,
    NARROW = 4, /* between two lines in a column's gap */
};

static const struct lane {
    const char *family, *label, *fill;
} lanes[LANES] = {
    {"management", "Management", "#e8eef7"},
    {"realization", "Realization", "#eaf4ea"},
    {"support", "Support", "#f7f0e4"},
};

enum side { TOP, BOTTOM };

struct box {
    int row, column;
    int ports[2]; /* links that begin or end at this side */
};

/* The way of a link: out of its box, along a track; to another gutter through the gap left of the target's column; into its box.
 */
struct way {
    enum side out, in;
    int out_port, in_port;   /* which of the side's ports */
    int gutter[2], track[2]; /* gutter 0 is above row 0; the two are the same for neighbours */
    int line;                /* which of the lines in the column's gap; -1: none is needed */
};

struct drawing {
    const struct context_map *map;
    struct box *boxes;
    struct way *ways;
    int rows, first[LANES + 1]; /* first row of each lane */
    int *tracks, *gutter_y, *row_y;
    int lines[PER_ROW]; /* in each column's gap */
    int width, height;
};

static void put(struct bl_request *r, const char *text)
{
    bl_write(r, text, strlen(text));
}

/* What stands for the character at `text` in XML 1.0, and how many bytes that is; NULL: itself. Control characters and U+FFFE and
 * U+FFFF are not allowed there in any form. */
static const char *escape(const char *text, size_t *bytes)
{
    *bytes = 1;
    switch (*text) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        if (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0) {
            *bytes = 3;
            return " ";
        }
        return (unsigned char)*text < ' ' || *text == 0x7f ? " " : NULL;
    }
}

static void put_escaped(struct bl_request *r, const char *text, size_t length)
{
    size_t plain = 0, bytes;
    for (size_t i = 0; i < length; i += bytes) {
        const char *instead = escape(text + i, &bytes);
        if (!instead)
            continue;
        bl_write(r, text + plain, i - plain);
        put(r, instead);
        plain = i + bytes;
    }
    if (plain < length)
        bl_write(r, text + plain, length - plain);
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

/* Rows and columns. A lane without a process keeps an empty row. */
static void place(struct drawing *d)
{
    d->rows = 0;
    for (int lane = 0; lane < LANES; lane++) {
        int n = 0;
        d->first[lane] = d->rows;
        for (size_t i = 0; i < d->map->node_count; i++) {
            if (strcmp(d->map->nodes[i].family, lanes[lane].family) != 0)
                continue;
            d->boxes[i].row = d->rows + n / PER_ROW;
            d->boxes[i].column = n++ % PER_ROW;
        }
        d->rows += n ? (n + PER_ROW - 1) / PER_ROW : 1;
    }
    d->first[LANES] = d->rows;
}

/* Between two boxes of a row the way goes above them. */
static void find_way(struct drawing *d, const struct context_edge *edge, struct way *way)
{
    struct box *a = &d->boxes[edge->from], *b = &d->boxes[edge->to];
    way->out = a->row < b->row ? BOTTOM : TOP;
    way->in = a->row > b->row ? BOTTOM : TOP;
    way->out_port = a->ports[way->out]++;
    way->in_port = b->ports[way->in]++;
    way->gutter[0] = a->row + (way->out == BOTTOM);
    way->gutter[1] = b->row + (way->in == BOTTOM);
    way->track[0] = way->track[1] = d->tracks[way->gutter[0]]++;
    way->line = -1;
    if (way->gutter[0] != way->gutter[1]) {
        way->track[1] = d->tracks[way->gutter[1]]++;
        way->line = d->lines[b->column]++;
    }
}

static void measure(struct drawing *d)
{
    int y = MARGIN;
    for (int row = 0; row <= d->rows; row++) {
        d->gutter_y[row] = y;
        y += GUTTER + TRACK * d->tracks[row];
        if (row < d->rows) {
            d->row_y[row] = y;
            y += BOX_HEIGHT;
        }
    }
    d->width = 2 * MARGIN + LABEL + PER_ROW * (BOX_WIDTH + GAP) + GAP / 2;
    d->height = y + MARGIN;
}

static int box_x(const struct box *box)
{
    return MARGIN + LABEL + GAP + box->column * (BOX_WIDTH + GAP);
}

static int port_x(const struct box *box, enum side side, int port)
{
    return box_x(box) + BOX_WIDTH * (port + 1) / (box->ports[side] + 1);
}

static int track_y(const struct drawing *d, const struct way *way, int which)
{
    return d->gutter_y[way->gutter[which]] + GUTTER / 2 + TRACK * way->track[which] + TRACK / 2;
}

static void put_box(struct bl_request *r, const struct drawing *d, size_t i)
{
    const struct context_node *node = &d->map->nodes[i];
    int x = box_x(&d->boxes[i]), y = d->row_y[d->boxes[i].row];
    const char *owner = node->owner ? node->owner : "none";
    char tag[200];
    put(r, "<g><title>");
    put_escaped(r, node->ref, strlen(node->ref));
    put(r, " ");
    put_escaped(r, node->name, strlen(node->name));
    put(r, ", owner: ");
    put_escaped(r, owner, strlen(owner));
    snprintf(tag, sizeof tag,
             "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#ffffff\" stroke=\"%s\"/>", x, y,
             BOX_WIDTH, BOX_HEIGHT, node->owner ? "#33506f" : "#b3261e");
    put(r, tag);
    size_t first = line_of(node->name, LINE);
    const char *rest = node->name + first + strspn(node->name + first, " ");
    put_line(r, x + BOX_WIDTH / 2, y + (*rest ? 22 : 31), "", node->name, first, false);
    if (*rest) {
        size_t second = prefix(rest, LINE);
        put_line(r, x + BOX_WIDTH / 2, y + 40, "", rest, second, rest[second] != '\0');
    }
    put(r, "</g>\n");
}

static void put_way(struct bl_request *r, const struct drawing *d, const struct context_edge *edge, const struct way *way)
{
    const struct box *a = &d->boxes[edge->from], *b = &d->boxes[edge->to];
    int x1 = port_x(a, way->out, way->out_port), x2 = port_x(b, way->in, way->in_port), turn = x2;
    int y1 = d->row_y[a->row] + (way->out == BOTTOM ? BOX_HEIGHT : 0),
        y2 = d->row_y[b->row] + (way->in == BOTTOM ? BOX_HEIGHT : 0);
    char tag[240];
    put(r, "<g><title>");
    put_escaped(r, d->map->nodes[edge->from].name, strlen(d->map->nodes[edge->from].name));
    put(r, " → ");
    put_escaped(r, d->map->nodes[edge->to].name, strlen(d->map->nodes[edge->to].name));
    put(r, ": ");
    put_escaped(r, edge->flow, strlen(edge->flow));
    int n = snprintf(tag, sizeof tag, "</title><path d=\"M%d %dV%d", x1, y1, track_y(d, way, 0));
    if (way->line >= 0) {
        turn = box_x(b) - NARROW - NARROW * (way->line % (GAP / NARROW - 1));
        n += snprintf(tag + n, sizeof tag - (size_t)n, "H%dV%d", turn, track_y(d, way, 1));
    }
    snprintf(tag + n, sizeof tag - (size_t)n, "H%dV%d\" fill=\"none\" stroke=\"#5b6b7b\" marker-end=\"url(#arrow)\"/>", x2, y2);
    put(r, tag);
    size_t shown = prefix(edge->flow, FLOW);
    put_line(r, (x1 + turn) / 2, track_y(d, way, 0) - 3, " font-size=\"10\" fill=\"#3c4a57\"", edge->flow, shown,
             edge->flow[shown] != '\0');
    put(r, "</g>\n");
}

static void put_lanes(struct bl_request *r, const struct drawing *d)
{
    char tag[320];
    for (int lane = 0; lane < LANES; lane++) {
        int from = d->gutter_y[d->first[lane]] + (lane ? GUTTER / 3 : 0), to = d->gutter_y[d->first[lane + 1]] + GUTTER / 3;
        if (lane == LANES - 1)
            to = d->height - MARGIN;
        snprintf(tag, sizeof tag,
                 "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>"
                 "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n",
                 MARGIN, from, d->width - 2 * MARGIN, to - from, lanes[lane].fill, MARGIN + 12, (from + to) / 2,
                 lanes[lane].label);
        put(r, tag);
    }
}

static struct drawing draw(struct bl_request *r, const struct context_map *map)
{
    struct drawing d = {.map = map};
    d.boxes = bl_alloc(r, sizeof *d.boxes * (map->node_count + 1));
    d.ways = bl_alloc(r, sizeof *d.ways * (map->edge_count + 1));
    place(&d);
    d.tracks = bl_alloc(r, sizeof *d.tracks * (size_t)(d.rows + 1));
    d.gutter_y = bl_alloc(r, sizeof *d.gutter_y * (size_t)(d.rows + 1));
    d.row_y = bl_alloc(r, sizeof *d.row_y * (size_t)(d.rows + 1));
    for (size_t i = 0; i < map->edge_count; i++)
        find_way(&d, &map->edges[i], &d.ways[i]);
    measure(&d);
    return d;
}

void context_map_svg(struct bl_request *r, const struct context_map *map)
{
    struct drawing d = draw(r, map);
    char tag[480];
    snprintf(
        tag, sizeof tag,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "aria-labelledby=\"title desc\" font-family=\"sans-serif\" font-size=\"12\">\n<title id=\"title\">Process map</title>\n"
        "<desc id=\"desc\">%zu processes in three lanes, management, realization and support, and %zu links between them. "
        "A red frame marks a process without an owner.</desc>\n",
        d.width, d.height, d.width, d.height, map->node_count, map->edge_count);
    put(r, tag);
    put(r, "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
           "orient=\"auto\">"
           "<path d=\"M0 0 L8 4 L0 8 z\" fill=\"#5b6b7b\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" "
           "fill=\"#ffffff\"/>\n");
    put_lanes(r, &d);
    for (size_t i = 0; i < map->edge_count; i++)
        put_way(r, &d, &map->edges[i], &d.ways[i]);
    for (size_t i = 0; i < map->node_count; i++)
        put_box(r, &d, i);
    put(r, "</svg>\n");
}
