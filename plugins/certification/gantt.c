/* The plan as a drawing: a row a task, today's line, the baseline below each bar, the critical path in another colour. */
#include "certification.h"
#include <stdio.h>
#include <string.h>

enum { ROW = 24, LEFT = 360, WIDTH = 900, TOP = 66, GAUGE = 100 };

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

static void put_line(struct bl_request *r, const char *class, long x1, long y1, long x2, long y2)
{
    char line[160];
    snprintf(line, sizeof line, "<line class=\"%s\" x1=\"%ld\" y1=\"%ld\" x2=\"%ld\" y2=\"%ld\"/>\n", class, x1, y1, x2, y2);
    put(r, line);
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

/* Months, or as many of them as leave room for their names. */
static void put_months(struct bl_request *r, struct scale s, long height)
{
    static const long steps[] = {1, 3, 6, 12};
    char name[11];
    size_t k = 0;
    while (k < 3 && steps[k] * 30 * WIDTH / s.days < 64)
        k++;
    certification_date(s.first, name);
    snprintf(name + 5, sizeof name - 5, "01-01"); /* January of that year */
    for (long day = certification_day(name); day < s.first + s.days; day = certification_months(day, steps[k])) {
        if (day < s.first)
            continue;
        certification_date(day, name);
        name[7] = '\0';
        put_words(r, x_of(s, day) + 3, TOP - 16, name);
        put_line(r, "grid", x_of(s, day), TOP - 28, x_of(s, day), TOP + height);
    }
}

static void put_legend(struct bl_request *r)
{
    static const struct {
        const char *class, *words;
    } rows[] = {{"done", "done"},         {"task", "to do"},  {"critical", "to do, sets the end"},
                {"baseline", "baseline"}, {"today", "today"}, {"target", "wanted end"}};
    char line[160];
    long x = LEFT + 240;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(line, sizeof line, "<rect class=\"%s\" x=\"%ld\" y=\"8\" width=\"11\" height=\"11\"/>\n", rows[i].class, x);
        put(r, line);
        put_words(r, x + 16, 18, rows[i].words);
        x += 50 + 7 * (long)strlen(rows[i].words);
    }
}

/* ---- the gauge below the bars: done, planned and ready in per cent, on the same days */

/* A step of a curve: a share that is not known makes a gap. */
static void put_step(struct bl_request *r, struct scale s, long day, long share, long bottom, bool *drawing)
{
    char step[60];
    if (day < s.first || day >= s.first + s.days || share < 0) {
        *drawing = *drawing && share >= 0;
        return;
    }
    snprintf(step, sizeof step, "%s%ld %ld%s", *drawing ? "L" : "M", x_of(s, day + 1), bottom - share * GAUGE / 100,
             *drawing ? "" : "h0");
    *drawing = true;
    put(r, step);
}

static void put_curve(struct bl_request *r, const struct certification_chart *chart, struct scale s, long today, long bottom,
                      bool ready)
{
    bool drawing = false;
    put(r, ready ? "<path class=\"readiness\" d=\"" : "<path class=\"progress\" d=\"");
    for (size_t i = 0; i < chart->gauge_count; i++) {
        const struct certification_point *p = &chart->gauge[i];
        if (p->on < today)
            put_step(r, s, p->on, ready ? p->readiness : p->progress, bottom, &drawing);
    }
    put_step(r, s, today, ready ? chart->readiness : certification_done_share(chart), bottom, &drawing);
    put(r, "\"/>\n");
}

static void put_gauge(struct bl_request *r, const struct certification_chart *chart, struct scale s, long today, long top)
{
    char words[100];
    bool drawing = false;
    long bottom = top + GAUGE;
    for (int share = 0; share <= 100; share += 50) {
        snprintf(words, sizeof words, "%d %%", share);
        put_words(r, LEFT - 46, bottom - (long)share * GAUGE / 100 + 4, words);
        put_line(r, "grid", LEFT, bottom - share * GAUGE / 100, LEFT + WIDTH, bottom - share * GAUGE / 100);
    }
    put(r, "<path class=\"planned\" d=\"");
    for (long day = s.first; day < s.first + s.days; day += 1 + s.days / 200)
        put_step(r, s, day, certification_planned_share(chart, day), bottom, &drawing);
    put(r, "\"/>\n");
    put_curve(r, chart, s, today, bottom, false);
    put_curve(r, chart, s, today, bottom, true);
    snprintf(words, sizeof words, "done: %ld %%", certification_done_share(chart));
    put_words(r, 28, top + 12, words);
    put_words(r, 28, top + 34, "planned, by the baseline");
    if (chart->readiness >= 0)
        snprintf(words, sizeof words, "ready, as the evaluation says: %ld %%", chart->readiness);
    else
        snprintf(words, sizeof words, "ready: not known here");
    put_words(r, 28, top + 56, words);
    put_line(r, "progress", 8, top + 8, 22, top + 8);
    put_line(r, "planned", 8, top + 30, 22, top + 30);
    put_line(r, "readiness", 8, top + 52, 22, top + 52);
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
             LEFT + WIDTH + 90, TOP + rows * ROW + GAUGE + 50);
    put(r, line);
    put(r, "<style>.task{fill:#4a7ab5}.critical{fill:#c0504d}.done{fill:#5d8a48}.baseline{fill:#999}.today{fill:#d9a300}.target{"
           "fill:#222}"
           ".grid{stroke:#ccc}.progress,.planned,.readiness{fill:none;stroke-width:2;stroke-linecap:round}.progress{stroke:#"
           "5d8a48}.planned{stroke:#999;"
           "stroke-dasharray:4 3}.readiness{stroke:#7b4fa3}</style>\n"
           "<title>");
    put_escaped(r, chart->title);
    put(r, "</title>\n");
    put(r, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    put_words(r, 8, 18, chart->title);
    if (chart->forecast) {
        certification_date(chart->forecast, day);
        snprintf(line, sizeof line, "end by today's forecast: %s", day);
        put_words(r, LEFT, 18, line);
        put_legend(r);
        put_months(r, s, (long)rows * ROW);
        if (today >= s.first && today < s.first + s.days)
            put_box(r, s, today, today, TOP - 10, (long)rows * ROW + 10, "today");
        if (chart->target)
            put_box(r, s, chart->target, chart->target, TOP - 10, (long)rows * ROW + 10, "target");
    } else {
        put_words(r, LEFT, 18, chart->count ? "some tasks wait for each other" : "no tasks yet");
    }
    long y = TOP;
    for (size_t i = 0; i < chart->count && chart->forecast; i++)
        if (chart->bars[i].task.counts) { /* upkeep has no end: a year of it would dwarf the rest */
            put_row(r, s, &chart->bars[i], y);
            y += ROW;
        }
    if (chart->forecast)
        put_gauge(r, chart, s, today, y + 25);
    put(r, "</svg>\n");
}
