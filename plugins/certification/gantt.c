/* The plan as a drawing: a row a task, today's line, the baseline below each bar, the critical path in another colour. */
#include "certification.h"
#include <stdio.h>
#include <string.h>

enum { ROW = 24, LEFT = 360, WIDTH = 900, TOP = 50 };

static void put(struct bl_request *r, const char *text)
{
    bl_write(r, text, strlen(text));
}

static void put_escaped(struct bl_request *r, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            put(r, "&lt;");
            break;
        case '>':
            put(r, "&gt;");
            break;
        case '&':
            put(r, "&amp;");
            break;
        case '"':
            put(r, "&quot;");
            break;
        default:
            if ((unsigned char)*text >= 0x20 || *text == '\t')
                bl_write(r, text, 1);
        }
}

struct scale {
    long first, days;
};

static long x_of(struct scale s, long day)
{
    return LEFT + (day - s.first) * WIDTH / s.days;
}

static void put_box(struct bl_request *r, struct scale s, long from, long to, long y, long height, const char *class)
{
    char line[160];
    long x = x_of(s, from), width = x_of(s, to + 1) - x;
    snprintf(line, sizeof line, "<rect class=\"%s\" x=\"%ld\" y=\"%ld\" width=\"%ld\" height=\"%ld\"/>\n", class, x, y,
             width > 1 ? width : 1, height);
    put(r, line);
}

static void put_words(struct bl_request *r, long x, long y, const char *text)
{
    char line[80];
    snprintf(line, sizeof line, "<text x=\"%ld\" y=\"%ld\">", x, y);
    put(r, line);
    put_escaped(r, text);
    put(r, "</text>\n");
}

static void put_row(struct bl_request *r, struct scale s, const struct certification_bar *bar, long y)
{
    char label[300], days[11];
    const struct certification_task *t = &bar->task;
    snprintf(label, sizeof label, "%ld %.200s", bar->number, bar->title);
    put_words(r, 8, y + 14, label);
    put_box(r, s, t->start, t->finish, y + 3, 11, bar->finished ? "done" : t->critical ? "critical" : "task");
    if (!bar->finished && bar->progress > 0)
        put_box(r, s, t->start, t->start + (t->finish - t->start) * bar->progress / 100, y + 3, 11, "done");
    if (bar->baseline_start && bar->baseline_finish)
        put_box(r, s, bar->baseline_start, bar->baseline_finish, y + 16, 3, "baseline");
    if (bar->milestone) {
        certification_date(t->finish, days);
        put_words(r, x_of(s, t->finish + 1) + 4, y + 13, days);
    }
}

static struct scale scale_of(const struct certification_chart *chart)
{
    long first = chart->start, last = chart->forecast;
    for (size_t i = 0; i < chart->count; i++) {
        const struct certification_bar *bar = &chart->bars[i];
        if (!bar->task.counts)
            continue;
        first = bar->task.start < first ? bar->task.start : first;
        last = bar->baseline_finish > last ? bar->baseline_finish : last;
    }
    last = chart->target > last ? chart->target : last;
    return (struct scale){.first = first, .days = last - first + 1};
}

void certification_gantt_svg(struct bl_request *r, const struct certification_chart *chart, long today)
{
    char line[300], day[11];
    struct scale s = scale_of(chart);
    size_t rows = 0;
    for (size_t i = 0; i < chart->count; i++)
        rows += chart->bars[i].task.counts;
    snprintf(line, sizeof line,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" font-family=\"sans-serif\" font-size=\"12\">\n",
             LEFT + WIDTH + 90, TOP + rows * ROW + 10);
    put(r, line);
    put(r,
        "<style>.task{fill:#4a7ab5}.critical{fill:#c0504d}.done{fill:#5d8a48}.baseline{fill:#999}.today{fill:#d9a300}</style>\n"
        "<title>");
    put_escaped(r, chart->title);
    put(r, "</title>\n");
    put_words(r, 8, 18, chart->title);
    if (chart->forecast) {
        certification_date(chart->forecast, day);
        snprintf(line, sizeof line, "end by today's forecast: %s", day);
        put_words(r, LEFT, 18, line);
        if (today >= s.first && today < s.first + s.days)
            put_box(r, s, today, today, TOP - 14, (long)rows * ROW + 14, "today");
    } else {
        put_words(r, LEFT, 18, chart->count ? "some tasks wait for each other" : "no tasks yet");
    }
    long y = TOP;
    for (size_t i = 0; i < chart->count && chart->forecast; i++)
        if (chart->bars[i].task.counts) { /* upkeep has no end: a year of it would dwarf the rest */
            put_row(r, s, &chart->bars[i], y);
            y += ROW;
        }
    put(r, "</svg>\n");
}
