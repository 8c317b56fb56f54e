/* A plan from the template, and a plan as it stands: forecast, critical path, JSON or a drawing. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char bl_data_project_plan_csv[];

enum {
    ID,
    NUMBER,
    TITLE,
    PHASE,
    BEFORE,
    DAYS,
    CLAUSES,
    DELIVERABLE,
    RESPONSIBLE,
    MILESTONE,
    PROGRESS,
    STARTED,
    FINISHED,
    BASE_START,
    BASE_FINISH,
    COLUMNS
};

static const char find_plan[] = "SELECT id, title, status, starts_on, target_on, baseline_end_on FROM certification.project_plan"
                                " WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";
static const char find_tasks[] =
    "SELECT id, number, title, phase, array_to_string(predecessors, ' '), duration_days, array_to_string(clauses, ' '), "
    "deliverable,"
    " responsible, milestone, progress, started_on, finished_on, baseline_start_on, baseline_finish_on"
    " FROM certification.project_step WHERE tenant_id = $1 AND plan_id = $2 AND archived_at IS NULL ORDER BY number LIMIT 200";

static void read_bar(struct bl_request *r, const struct bl_rows *rows, int i, struct certification_bar *bar)
{
    *bar = (struct certification_bar){.id = bl_cell(r, rows, i, ID),
                                      .title = bl_cell(r, rows, i, TITLE),
                                      .phase = bl_cell(r, rows, i, PHASE),
                                      .clauses = bl_cell(r, rows, i, CLAUSES),
                                      .deliverable = bl_cell(r, rows, i, DELIVERABLE),
                                      .responsible = bl_cell(r, rows, i, RESPONSIBLE),
                                      .number = (long)bl_integer(r, rows, i, NUMBER),
                                      .progress = (long)bl_integer(r, rows, i, PROGRESS),
                                      .milestone = bl_integer(r, rows, i, MILESTONE) != 0,
                                      .started = certification_day(bl_cell(r, rows, i, STARTED)),
                                      .finished = certification_day(bl_cell(r, rows, i, FINISHED)),
                                      .baseline_start = certification_day(bl_cell(r, rows, i, BASE_START)),
                                      .baseline_finish = certification_day(bl_cell(r, rows, i, BASE_FINISH))};
    bar->task = (struct certification_task){.duration = (long)bl_integer(r, rows, i, DAYS),
                                            .started = bar->started,
                                            .finished = bar->finished,
                                            .progress = (int)bar->progress,
                                            .counts = strcmp(bar->phase, "maintain") != 0};
}

/* A predecessor that was archived is no longer waited for. */
static void read_before(struct bl_request *r, const struct bl_rows *rows, struct certification_chart *chart, size_t i)
{
    const char *text = bl_cell(r, rows, (int)i, BEFORE);
    struct certification_task *task = &chart->bars[i].task;
    char *end;
    for (long number = text ? strtol(text, &end, 10) : 0; text && end != text; number = strtol(text, &end, 10)) {
        for (size_t k = 0; k < chart->count && task->before_count < CERTIFICATION_BEFORE; k++)
            if (chart->bars[k].number == number && k != i)
                task->before[task->before_count++] = k;
        text = end;
    }
}

static void schedule(struct certification_chart *chart, long today)
{
    struct certification_task tasks[CERTIFICATION_TASKS];
    for (size_t i = 0; i < chart->count; i++)
        tasks[i] = chart->bars[i].task;
    chart->forecast = certification_schedule(tasks, chart->count, chart->start, today);
    for (size_t i = 0; i < chart->count; i++)
        chart->bars[i].task = tasks[i];
}

enum bl_status certification_chart_read(struct bl_request *r, const char *plan, struct certification_chart *chart)
{
    struct bl_rows *head, *rows;
    *chart = (struct certification_chart){.count = 0};
    enum bl_status status = bl_sql(r, find_plan, &plan, 1, 0, &head);
    if (status == BL_OK)
        status = bl_sql(r, find_tasks, &plan, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, head) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such plan");
    *chart = (struct certification_chart){.id = bl_cell(r, head, 0, 0),
                                          .title = bl_cell(r, head, 0, 1),
                                          .status = bl_cell(r, head, 0, 2),
                                          .start = certification_day(bl_cell(r, head, 0, 3)),
                                          .target = certification_day(bl_cell(r, head, 0, 4)),
                                          .baseline = certification_day(bl_cell(r, head, 0, 5)),
                                          .count = (size_t)bl_count(r, rows)};
    chart->bars = bl_alloc(r, (chart->count + 1) * sizeof *chart->bars); /* room for the one that is being written */
    for (size_t i = 0; i < chart->count; i++)
        read_bar(r, rows, (int)i, &chart->bars[i]);
    for (size_t i = 0; i < chart->count; i++)
        read_before(r, rows, chart, i);
    bool over = strcmp(chart->status, "reached") == 0 || strcmp(chart->status, "dropped") == 0;
    schedule(chart, over ? 1 : certification_today(r));
    return BL_OK;
}

static void put_bar(struct bl_request *r, const struct certification_chart *chart, const struct certification_bar *bar)
{
    bl_json_object(r, NULL);
    bl_json_text(r, "id", bar->id);
    bl_json_integer(r, "number", bar->number);
    bl_json_text(r, "title", bar->title);
    bl_json_text(r, "phase", bar->phase);
    bl_json_text(r, "responsible", bar->responsible);
    bl_json_text(r, "deliverable", bar->deliverable);
    bl_json_text(r, "clauses", bar->clauses);
    bl_json_bool(r, "milestone", bar->milestone);
    bl_json_integer(r, "progress", bar->progress);
    bl_json_array(r, "predecessors");
    for (size_t i = 0; i < bar->task.before_count; i++)
        bl_json_integer(r, NULL, chart->bars[bar->task.before[i]].number);
    bl_json_close(r);
    certification_put_day(r, "start", chart->forecast ? bar->task.start : 0);
    certification_put_day(r, "finish", chart->forecast ? bar->task.finish : 0);
    bl_json_integer(r, "slack_days", bar->task.slack);
    bl_json_bool(r, "critical", bar->task.critical);
    certification_put_day(r, "baseline_start", bar->baseline_start);
    certification_put_day(r, "baseline_finish", bar->baseline_finish);
    bl_json_bool(r, "done", bar->finished != 0);
    bl_json_close(r);
}

long certification_done_share(const struct certification_chart *chart)
{
    long days = 0, done = 0;
    for (size_t i = 0; i < chart->count; i++)
        if (chart->bars[i].task.counts) {
            days += chart->bars[i].task.duration * 100;
            done += chart->bars[i].task.duration * chart->bars[i].progress;
        }
    return days ? done * 100 / days : 0;
}

static void put_chart(struct bl_request *r, const struct certification_chart *chart)
{
    bl_json_object(r, NULL);
    bl_json_text(r, "id", chart->id);
    bl_json_text(r, "title", chart->title);
    bl_json_text(r, "status", chart->status);
    certification_put_day(r, "start", chart->start);
    certification_put_day(r, "target", chart->target);
    certification_put_day(r, "baseline_end", chart->baseline);
    certification_put_day(r, "forecast_end", chart->forecast);
    if (chart->forecast && chart->baseline)
        bl_json_integer(r, "behind_baseline_days", chart->forecast - chart->baseline);
    if (chart->forecast && chart->target)
        bl_json_integer(r, "behind_target_days", chart->forecast - chart->target);
    bl_json_bool(r, "circle", chart->count > 0 && !chart->forecast);
    bl_json_integer(r, "progress", certification_done_share(chart));
    certification_gauge_put(r, chart);
    bl_json_array(r, "critical_path");
    for (size_t i = 0; i < chart->count; i++)
        if (chart->bars[i].task.critical)
            bl_json_integer(r, NULL, chart->bars[i].number);
    bl_json_close(r);
    bl_json_array(r, "tasks");
    for (size_t i = 0; i < chart->count; i++)
        put_bar(r, chart, &chart->bars[i]);
    bl_json_close(r);
    bl_json_close(r);
}

/* GET project-plans/{id}/gantt */
enum bl_status certification_gantt(struct bl_request *r)
{
    struct certification_chart chart;
    enum bl_status status = certification_chart_read(r, bl_param(r, "id"), &chart);
    if (status == BL_OK)
        status = certification_gauge_read(r, &chart);
    if (status)
        return status;
    const char *type = bl_accepts(r);
    if (!type || strcmp(type, "application/json") == 0) {
        bl_respond(r, 200, "application/json");
        put_chart(r, &chart);
        return BL_OK;
    }
    bl_respond(r, 200, type);
    bl_set_header(r, "Content-Security-Policy", "default-src 'none'");
    certification_gantt_svg(r, &chart, certification_today(r));
    return BL_OK;
}

/* ---- the template: 26 steps */

enum { T_ID, T_PHASE, T_STEP, T_BEFORE, T_MIN, T_TYPICAL, T_MAX, T_CLAUSES, T_DELIVERABLE, T_ROLE, T_MILESTONE, T_COLUMNS };

/* One line of the CSV into its cells; a cell in quotes may hold commas. Answers the next line. */
static const char *cells(const char *line, char out[T_COLUMNS][200])
{
    for (int i = 0; i < T_COLUMNS; i++) {
        bool quoted = *line == '"';
        size_t n = 0;
        for (line += quoted; *line && *line != '\n' && (quoted ? *line != '"' : *line != ','); line++)
            if (n < 199 && *line != '\r')
                out[i][n++] = *line;
        out[i][n] = '\0';
        line += quoted && *line == '"';
        line += *line == ',';
    }
    return line + strcspn(line, "\n") + 1;
}

static json_t *list(const char *text)
{
    json_t *words = json_array();
    while (*text) {
        size_t length = strcspn(text, ";");
        json_array_append_new(words, json_stringn(text, length));
        text += length + (text[length] == ';');
    }
    return words;
}

static enum bl_status make_task(struct bl_request *r, const char *plan, int pace, char row[T_COLUMNS][200])
{
    json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:o, s:i, s:o, s:s, s:s, s:b}", "plan_id", plan, "number",
                             (int)strtol(row[T_ID], NULL, 10), "title", row[T_STEP], "phase", row[T_PHASE], "predecessors",
                             list(row[T_BEFORE]), "duration_days", 7 * (int)strtol(row[pace], NULL, 10), "clauses",
                             list(row[T_CLAUSES]), "deliverable", row[T_DELIVERABLE], "responsible", row[T_ROLE], "milestone",
                             strcmp(row[T_MILESTONE], "yes") == 0);
    bl_defer(r, certification_release, body);
    return bl_create(r, "certification.project_steps", body, NULL);
}

/* The pace leaves the body; what is left is the plan. */
static enum bl_status take_pace(struct bl_request *r, json_t *body, int *pace)
{
    const char *name = bl_text(body, "pace");
    *pace = !name || strcmp(name, "typical") == 0 ? T_TYPICAL : strcmp(name, "fast") == 0 ? T_MIN : T_MAX;
    if (*pace == T_MAX && strcmp(name, "slow") != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/pace", "must be fast, typical or slow");
    json_object_del(body, "pace");
    return BL_OK;
}

/* POST project-plans:adopt */
enum bl_status certification_plan_from_template(struct bl_request *r)
{
    json_t *given, *record = NULL;
    int pace;
    char row[T_COLUMNS][200];
    enum bl_status status = bl_body(r, &given);
    if (status)
        return status;
    json_t *body = json_copy(given);
    bl_defer(r, certification_release, body);
    status = take_pace(r, body, &pace);
    if (status == BL_OK)
        status = bl_create(r, "certification.project_plans", body, &record);
    const char *id = status == BL_OK ? bl_text(record, "id") : NULL;
    for (const char *line = strchr(bl_data_project_plan_csv, '\n') + 1; status == BL_OK && *line;) {
        line = cells(line, row);
        status = make_task(r, id, pace, row);
    }
    if (status)
        return status;
    char *location = bl_alloc(r, strlen(r->org) + 100), *text = json_dumps(record, JSON_COMPACT);
    sprintf(location, "/api/v1/orgs/%s/certification/project-plans/%s", r->org, id);
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Location", location);
    bl_write(r, text ? text : "{}", text ? strlen(text) : 2);
    free(text);
    return BL_OK;
}
