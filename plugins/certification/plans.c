/* The client's way to a certificate: a plan, and its tasks with what each waits for. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bl_field certification_plan_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Project",
     .help = "What the project is called.",
     .min = 1,
     .max = 200,
     .example = "Way to the certificate"},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Start",
     .help = "The first day of the project.",
     .example = "2027-01-11"},
    {.name = "target_on",
     .type = BL_DATE,
     .flags = BL_FILTER | BL_DUE,
     .label = "Target",
     .help = "The day by which the certificate is wanted.",
     .example = "2028-06-30"},
    {.name = "lead_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Lead",
     .help = "Who runs the project."},
    {.name = "notes",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Notes",
     .help = "What the plan rests on.",
     .max = 5000,
     .example = "One person half of the time; the office moves in May."},
    {.name = "baseline_on",
     .type = BL_DATE,
     .flags = BL_SERVER,
     .label = "Baseline taken on",
     .help = "Set when the plan is started or taken anew."},
    {.name = "baseline_end_on",
     .type = BL_DATE,
     .flags = BL_SERVER,
     .label = "End by the baseline",
     .help = "What the plan promised on that day."},
    {0},
};

const struct bl_field certification_task_fields[] = {
    {.name = "plan_id",
     .type = BL_REF,
     .ref = "certification.project_plans",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Plan",
     .help = "The plan that this task belongs to."},
    {.name = "number",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Number",
     .help = "Tasks name each other by it; one number once in a plan.",
     .min = 1,
     .max = 999,
     .example = "1"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Task",
     .help = "What is to be done.",
     .min = 1,
     .max = 200,
     .example = "Measure the gap to the standard"},
    {.name = "phase",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Phase",
     .help = "Upkeep (maintain) comes after the certificate and does not count towards the end of the project.",
     .values = "prepare design risk implement operate check certify maintain",
     .initial = "prepare"},
    {.name = "predecessors",
     .type = BL_LIST,
     .label = "Waits for",
     .help = "Numbers of the tasks that must be finished before this one begins.",
     .max = CERTIFICATION_BEFORE},
    {.name = "duration_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Days",
     .help = "How long it takes, in days of the calendar.",
     .min = 1,
     .max = 2000,
     .example = "14"},
    {.name = "clauses", .type = BL_LIST, .label = "Clauses", .help = "The clauses that it serves.", .max = 30},
    {.name = "deliverable",
     .type = BL_TEXT,
     .label = "Result",
     .help = "What is there when it is done.",
     .max = 500,
     .example = "Gap report with scores"},
    {.name = "responsible",
     .type = BL_TEXT,
     .label = "Role",
     .help = "The role that answers for it.",
     .max = 200,
     .example = "Project lead"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Responsible",
     .help = "The person who answers for it."},
    {.name = "milestone",
     .type = BL_BOOL,
     .flags = BL_FILTER,
     .label = "Milestone",
     .help = "Its end is a milestone of the project.",
     .initial = "false"},
    {.name = "progress",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Progress",
     .help = "How much of it is done, in per cent.",
     .min = 0,
     .max = 100,
     .initial = "0",
     .example = "0"},
    {.name = "started_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Begun", .help = "The day on which it was begun."},
    {.name = "finished_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Finished",
     .help = "The day on which it was finished."},
    {.name = "baseline_start_on",
     .type = BL_DATE,
     .flags = BL_SERVER,
     .label = "Start by the baseline",
     .help = "Set when the baseline is taken."},
    {.name = "baseline_finish_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "End by the baseline",
     .help = "Set when the baseline is taken."},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_DUE,
     .label = "Due",
     .help = "The end by the baseline, until it is finished.",
     .expr = "CASE WHEN finished_on IS NULL THEN baseline_finish_on END"},
    {0},
};

const struct bl_state certification_plan_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being put together.", .flags = BL_INITIAL},
    {.name = "running", .label = "Running", .help = "Under way; measured against its baseline."},
    {.name = "reached", .label = "Reached", .help = "The certificate is there.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dropped", .label = "Dropped", .help = "Given up; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_constraint certification_task_constraints[] = {
    {.name = "project_step_number_key",
     .pointer = "/number",
     .code = "number_taken",
     .detail = "the plan has a task of this number: take another"},
    {0},
};

/* The tasks' days by the plan, kept as what later days are compared with. $2 plan, $3 ids, $4 first days, $5 last days. */
static const char keep_baseline[] =
    "UPDATE certification.project_step s SET baseline_start_on = b.first, baseline_finish_on = b.last, version = s.version + 1"
    " FROM unnest($3::uuid[], $4::date[], $5::date[]) b (id, first, last)"
    " WHERE s.tenant_id = $1 AND s.plan_id = $2 AND s.id = b.id";

static void append(char *list, size_t *length, const char *text)
{
    *length += (size_t)sprintf(list + *length, "%s%s", *length > 1 ? "," : "", text);
}

static enum bl_status write_baseline(struct bl_request *r, const char *plan, const struct certification_chart *chart)
{
    struct bl_rows *rows;
    char *lists[3];
    size_t length[3] = {1, 1, 1};
    for (size_t k = 0; k < 3; k++) {
        lists[k] = bl_alloc(r, chart->count * 37 + 3);
        lists[k][0] = '{';
    }
    for (size_t i = 0; i < chart->count; i++) {
        char day[11];
        append(lists[0], &length[0], chart->bars[i].id);
        certification_date(chart->bars[i].task.start, day);
        append(lists[1], &length[1], day);
        certification_date(chart->bars[i].task.finish, day);
        append(lists[2], &length[2], day);
    }
    for (size_t k = 0; k < 3; k++)
        lists[k][length[k]] = '}';
    const char *args[] = {plan, lists[0], lists[1], lists[2]};
    return bl_sql(r, keep_baseline, args, 4, 0, &rows);
}

static enum bl_status take_baseline(struct bl_request *r, const struct bl_change *change)
{
    struct certification_chart chart;
    enum bl_status status = certification_chart_read(r, change->id, &chart);
    if (status)
        return status;
    if (chart.count == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "no_tasks", NULL,
                       "the plan has no tasks: write them, or make the plan from the template");
    if (!chart.forecast)
        return bl_fail(r, BL_UNPROCESSABLE, "circle", NULL, "some tasks wait for each other: take one out of its predecessors");
    certification_set_day(change->after, "baseline_on", certification_today(r));
    certification_set_day(change->after, "baseline_end_on", chart.forecast);
    return write_baseline(r, change->id, &chart);
}

const struct bl_transition certification_plan_transitions[] = {
    {.name = "start",
     .from = "draft",
     .to = "running",
     .needs = "lead_id",
     .rule = take_baseline,
     .label = "Start",
     .help = "Takes the baseline and starts."},
    {.name = "rebase",
     .from = "running",
     .flags = BL_REASON,
     .rule = take_baseline,
     .label = "Take a new baseline",
     .help = "From today's forecast; say why the old one no longer holds."},
    {.name = "reach", .from = "running", .to = "reached", .label = "Reached", .help = "The certificate is there."},
    {.name = "drop",
     .from = "draft running",
     .to = "dropped",
     .flags = BL_REASON,
     .label = "Drop",
     .help = "Gives the project up; say why."},
    {0},
};

enum bl_status certification_plan_before(struct bl_request *r, const struct bl_change *change)
{
    return certification_ordered(r, change->after, "starts_on", "target_on");
}

static enum bl_status check_days(struct bl_request *r, json_t *task)
{
    enum bl_status status = bl_not_future(r, task, "started_on");
    if (status == BL_OK)
        status = bl_not_future(r, task, "finished_on");
    if (status == BL_OK)
        status = certification_ordered(r, task, "started_on", "finished_on");
    bool finished = certification_day_in(task, "finished_on") != 0;
    if (status == BL_OK && finished != (certification_number(task, "progress") == 100))
        status = bl_fail(r, BL_UNPROCESSABLE, "progress_not_of_state", "/progress",
                         "a finished task has progress 100 and its day, any other has less: give both together");
    if (status == BL_OK && certification_number(task, "progress") > 0 && !certification_day_in(task, "started_on"))
        status = bl_fail(r, BL_UNPROCESSABLE, "required", "/started_on", "give the day on which the task was begun");
    return status;
}

static size_t find(const struct certification_chart *chart, long number)
{
    for (size_t i = 0; i < chart->count; i++)
        if (chart->bars[i].number == number)
            return i;
    return chart->count;
}

/* Puts the predecessors of the record in place of what the chart read, and asks whether an order is left. */
static enum bl_status check_predecessors(struct bl_request *r, const struct bl_change *change, struct certification_chart *chart)
{
    long own = certification_number(change->after, "number");
    size_t at = find(chart, own), i;
    json_t *word;
    if (at == chart->count)
        chart->bars[chart->count++] = (struct certification_bar){.number = own};
    struct certification_task *task = &chart->bars[at].task;
    task->duration = certification_number(change->after, "duration_days");
    task->before_count = 0;
    json_array_foreach(json_object_get(change->after, "predecessors"), i, word)
    {
        size_t before = find(chart, strtol(json_string_value(word), NULL, 10));
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/predecessors/%zu", i);
        if (before == chart->count || before == at)
            return bl_fail(r, BL_UNPROCESSABLE, "no_such_task", pointer, "the plan has no other task of this number");
        task->before[task->before_count++] = before;
    }
    struct certification_task tasks[CERTIFICATION_TASKS];
    for (i = 0; i < chart->count; i++)
        tasks[i] = chart->bars[i].task;
    if (!certification_schedule(tasks, chart->count, 1, 1))
        return bl_fail(r, BL_UNPROCESSABLE, "circle", "/predecessors", "the task would wait for itself: leave one of these out");
    return BL_OK;
}

enum bl_status certification_task_before(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    struct certification_chart chart;
    const char *plan = bl_text(change->after, "plan_id");
    bool waits = json_array_size(json_object_get(change->after, "predecessors")) > 0;
    enum bl_status status = check_days(r, change->after);
    if (status == BL_OK && change->before && !waits)
        return BL_OK;
    if (status == BL_OK) /* two who change one plan at once take turns */
        status =
            bl_sql(r, "SELECT FROM certification.project_plan WHERE tenant_id = $1 AND id = $2 FOR UPDATE", &plan, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return BL_OK; /* an unknown plan is refused by the reference itself */
    if (status == BL_OK)
        status = certification_chart_read(r, plan, &chart);
    if (status == BL_OK && !change->before && chart.count >= CERTIFICATION_TASKS)
        return bl_fail(r, BL_UNPROCESSABLE, "too_many", NULL, "a plan has %d tasks at most", CERTIFICATION_TASKS);
    return status == BL_OK && waits ? check_predecessors(r, change, &chart) : status;
}
