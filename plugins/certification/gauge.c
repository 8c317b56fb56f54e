/* The gauge of a plan: what the evaluation area, where it is loaded, says of readiness now, and how both went up to today. The
 * service writes a line a day for each plan that runs; where evaluation is not loaded, the lines have progress alone. */
#include "certification.h"
#include <stdio.h>

/* Points of the requirements, in halves. evaluation.requirement_halves is that area's own count. */
static const char requirements[] =
    "SELECT coalesce(sum(h.halves), 0)::bigint, count(*) FROM evaluation.requirement_halves($1, '2022') h"
    " WHERE h.tenant_id = $1";

/* In per cent, as that area counts it: requirements, and the signals of all areas; -1: not known. */
static enum bl_status readiness(struct bl_request *r, long *score)
{
    struct bl_rows *rows;
    json_t *signals = NULL, *signal;
    size_t i;
    *score = -1;
    if (!bl_loaded(r, "evaluation") || !bl_may(r, "evaluation.requirement_status:read"))
        return BL_OK;
    enum bl_status status = bl_sql(r, requirements, NULL, 0, 0, &rows);
    if (status == BL_OK)
        status = bl_signals(r, &signals);
    if (status)
        return status;
    long halves = (long)bl_integer(r, rows, 0, 0), of = (long)bl_integer(r, rows, 0, 1);
    json_array_foreach(signals, i, signal)
    {
        halves += json_is_true(json_object_get(signal, "good")) ? 2 : 0;
        of++;
    }
    *score = of ? 50 * halves / of : -1;
    return BL_OK;
}

/* $2 plan. */
static const char history[] =
    "SELECT g.measured_on, g.progress, g.readiness FROM certification.plan_gauge g WHERE g.tenant_id = $1"
    " AND g.plan_id = $2 ORDER BY g.measured_on DESC LIMIT 1000";

enum bl_status certification_gauge_read(struct bl_request *r, struct certification_chart *chart)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, history, &chart->id, 1, 0, &rows);
    if (status == BL_OK)
        status = readiness(r, &chart->readiness);
    if (status)
        return status;
    bool known = bl_may(r, "evaluation.requirement_status:read");
    chart->gauge_count = (size_t)bl_count(r, rows);
    chart->gauge = bl_alloc(r, (chart->gauge_count + 1) * sizeof *chart->gauge);
    for (size_t i = 0; i < chart->gauge_count; i++) { /* the oldest first */
        int row = (int)(chart->gauge_count - 1 - i);
        chart->gauge[i] =
            (struct certification_point){.on = certification_day(bl_cell(r, rows, row, 0)),
                                         .progress = (long)bl_integer(r, rows, row, 1),
                                         .readiness = known && bl_cell(r, rows, row, 2) ? (long)bl_integer(r, rows, row, 2) : -1};
    }
    return BL_OK;
}

long certification_planned_share(const struct certification_chart *chart, long day)
{
    long days = 0, due = 0;
    for (size_t i = 0; i < chart->count; i++) {
        const struct certification_bar *bar = &chart->bars[i];
        if (!bar->task.counts || !bar->baseline_start || !bar->baseline_finish)
            continue;
        long length = bar->baseline_finish - bar->baseline_start + 1, passed = day - bar->baseline_start + 1;
        passed = passed < 0 ? 0 : passed > length ? length : passed;
        days += length;
        due += passed;
    }
    return days ? due * 100 / days : -1;
}

static void put_share(struct bl_request *r, const char *name, long share)
{
    if (share >= 0)
        bl_json_integer(r, name, share);
    else
        bl_json_text(r, name, NULL);
}

void certification_gauge_put(struct bl_request *r, const struct certification_chart *chart)
{
    bl_json_object(r, "gauge");
    put_share(r, "readiness", chart->readiness);
    put_share(r, "planned", certification_planned_share(chart, certification_today(r)));
    bl_json_array(r, "history");
    for (size_t i = 0; i < chart->gauge_count; i++) {
        bl_json_object(r, NULL);
        certification_put_day(r, "on", chart->gauge[i].on);
        bl_json_integer(r, "progress", chart->gauge[i].progress);
        put_share(r, "planned", certification_planned_share(chart, chart->gauge[i].on));
        put_share(r, "readiness", chart->gauge[i].readiness);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
}

/* ---- a line a day: the last look of the day stays */

/* $2 readiness or NULL. */
static const char measure[] =
    "INSERT INTO certification.plan_gauge (tenant_id, plan_id, measured_on, progress, readiness)"
    " SELECT $1, p.id, core.today(), sum(s.duration_days * s.progress) / sum(s.duration_days), $2::integer"
    " FROM certification.project_plan p JOIN certification.project_step s ON s.tenant_id = p.tenant_id AND s.plan_id = p.id"
    " WHERE p.tenant_id = $1 AND p.status = 'running' AND p.archived_at IS NULL AND s.archived_at IS NULL AND s.phase <> "
    "'maintain'"
    " GROUP BY p.id ON CONFLICT ON CONSTRAINT plan_gauge_pk DO UPDATE SET progress = excluded.progress, readiness = "
    "excluded.readiness";

static const char running[] = "SELECT 1 FROM certification.project_plan p WHERE p.tenant_id = $1 AND p.status = 'running'"
                              " AND p.archived_at IS NULL LIMIT 1";

enum bl_status certification_gauge_plans(struct bl_request *r)
{
    struct bl_rows *rows;
    long score = -1;
    char text[12];
    enum bl_status status = bl_sql(r, running, NULL, 0, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status;
    status = readiness(r, &score);
    snprintf(text, sizeof text, "%ld", score);
    const char *value = score >= 0 ? text : NULL;
    return status == BL_OK ? bl_sql(r, measure, &value, 1, 0, &rows) : status;
}
