/* Clause 9.1: what is measured, by whom, how often, held against which target. A measurement stays as it was written down. */
#include "evaluation.h"
#include <string.h>

#define SET_BY_MEASUREMENTS "From its measurements."

const struct bl_field evaluation_metric_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Metric",
     .help = "What it shows.",
     .min = 1,
     .max = 200,
     .example = "Remote sessions that have an order"},
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What for",
     .help = "Which process or control it watches, and what somebody will do when it is off its target.",
     .max = 2000,
     .example = "The rules for remote maintenance; the shift leader is told."},
    {.name = "method",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Method",
     .help = "How it is measured, so that two people get the same figure.",
     .min = 1,
     .max = 2000,
     .example = "Sessions of the month on the gateway, held against the orders in the ticket system."},
    {.name = "formula",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Formula",
     .help = "How the figure is computed.",
     .max = 500,
     .example = "100 × sessions with an order / sessions"},
    {.name = "unit",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Unit",
     .help = "%, days, number …",
     .min = 1,
     .max = 40,
     .example = "%"},
    {.name = "direction",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Wanted",
     .help = "At least the target, at most, or as near to it as possible.",
     .values = "at_least at_most near",
     .initial = "at_least",
     .example = "at_least"},
    {.name = "target",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED,
     .label = "Target",
     .help = "The figure that is wanted.",
     .min = -1000000000,
     .max = 1000000000,
     .scale = 4,
     .example = "98"},
    {.name = "tolerance",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED,
     .label = "Tolerance",
     .help = "How far off the target it may be before somebody has to act.",
     .min = 0,
     .max = 1000000000,
     .scale = 4,
     .initial = "0",
     .example = "3"},
    {.name = "frequency",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "How often",
     .help = "A measurement is due this long after the last one.",
     .values = "weekly monthly quarterly half_yearly yearly",
     .initial = "monthly",
     .example = "monthly"},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "First measurement",
     .help = "The day on which it is due for the first time.",
     .example = "2026-02-01"},
    {.name = "measurer_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Measured by",
     .help = "Who measures; reminded when it is due.",
     .ref = "core.member"},
    {.name = "analyst_id",
     .type = BL_REF,
     .flags = BL_FILTER,
     .label = "Analysed by",
     .help = "Who judges the figures.",
     .ref = "core.member"},
    {.name = "signal",
     .type = BL_TEXT,
     .flags = BL_FILTER,
     .label = "Signal",
     .help = "For a metric that is computed from the data kept here: the signal as area.name. With the unit % it is its share, "
             "else its count.",
     .max = 100},
    {.name = "last_value",
     .type = BL_DECIMAL,
     .flags = BL_SERVER,
     .label = "Last value",
     .help = SET_BY_MEASUREMENTS,
     .min = -1000000000,
     .max = 1000000000,
     .scale = 4},
    {.name = "last_measured_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last measured",
     .help = SET_BY_MEASUREMENTS},
    {.name = "standing",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Standing",
     .help = "The last value held against target and tolerance.",
     .values = "on_target within_tolerance off_target"},
    {.name = "trend",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Trend",
     .help = "The last value held against the one before.",
     .values = "better same worse"},
    {.name = "next_due_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next measurement",
     .help = "Missed when it has passed."},
    {0},
};

const struct bl_state evaluation_metric_states[] = {
    {.name = "active", .label = "Active", .help = "It is measured.", .flags = BL_INITIAL},
    {.name = "retired", .label = "Retired", .help = "No longer measured; what was stays.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition evaluation_metric_transitions[] = {
    {.name = "retire",
     .from = "active",
     .to = "retired",
     .flags = BL_REASON,
     .label = "Retire",
     .help = "It is no longer measured; say why."},
    {.name = "resume", .from = "retired", .to = "active", .label = "Resume", .help = "It is measured again."},
    {0},
};

/* $2 the metric, $3 target, $4 tolerance, $5 direction, $6 frequency, $7 first day. The newest measurement is that of the latest
 * day; of several of one day the one that was written down last. */
static const char standing[] =
    "WITH of_day AS (SELECT value, measured_on, CASE $5::text WHEN 'at_least' THEN value WHEN 'at_most' THEN -value"
    " ELSE -abs(value - $3::numeric) END AS good, row_number() OVER (ORDER BY measured_on DESC, created_at DESC, id DESC) AS nth"
    " FROM evaluation.measurement WHERE tenant_id = $1 AND metric_id = $2::uuid ORDER BY nth LIMIT 2),"
    " off AS (SELECT CASE $5::text WHEN 'at_least' THEN greatest($3::numeric - value, 0) WHEN 'at_most' THEN"
    " greatest(value - $3::numeric, 0) ELSE abs(value - $3::numeric) END AS by FROM of_day WHERE nth = 1)"
    " SELECT a.value::text, a.measured_on::text, CASE WHEN off.by = 0 THEN 'on_target' WHEN off.by <= $4::numeric THEN"
    " 'within_tolerance' WHEN off.by IS NOT NULL THEN 'off_target' END,"
    " CASE WHEN a.good > b.good THEN 'better' WHEN a.good = b.good THEN 'same' WHEN a.good < b.good THEN 'worse' END,"
    " coalesce((a.measured_on + evaluation.period($6::text))::date, $7::date)::text"
    " FROM (SELECT 1) one LEFT JOIN of_day a ON a.nth = 1 LEFT JOIN of_day b ON b.nth = 2 LEFT JOIN off ON true";

enum bl_status evaluation_metric_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const fields[] = {"last_value", "last_measured_on", "standing", "trend", "next_due_on"};
    const char *args[] = {change->id,
                          bl_text(change->after, "target"),
                          bl_text(change->after, "tolerance"),
                          bl_text(change->after, "direction"),
                          bl_text(change->after, "frequency"),
                          bl_text(change->after, "starts_on")};
    const char *signal = bl_text(change->after, "signal");
    struct bl_rows *rows;
    enum bl_status status = BL_OK;
    if (signal &&
        !(change->before && json_equal(json_object_get(change->before, "signal"), json_object_get(change->after, "signal"))))
        status = evaluation_signal_known(r, signal);
    if (status == BL_OK)
        status = bl_sql(r, standing, args, 6, 0, &rows);
    for (int i = 0; status == BL_OK && i < 5; i++) {
        const char *value = bl_cell(r, rows, 0, i);
        json_object_set_new(change->after, fields[i], value ? json_string(value) : json_null());
    }
    return status;
}

/* ---- measurements ---- */

const struct bl_field evaluation_measurement_fields[] = {
    {.name = "metric_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Metric",
     .help = "What was measured.",
     .ref = "evaluation.metrics"},
    {.name = "value",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Value",
     .help = "In the metric's unit.",
     .min = -1000000000,
     .max = 1000000000,
     .scale = 4,
     .example = "97.5"},
    {.name = "measured_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Measured on",
     .help = "The day that the value is of.",
     .example = "2026-03-01"},
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Analysis",
     .help = "What the figure says, and what was special.",
     .max = 2000,
     .example = "Two sessions of a building site had no order."},
    {.name = "figure",
     .type = BL_TEXT,
     .flags = BL_GENERATED | BL_TITLE,
     .label = "Figure",
     .help = "The value without needless zeros.",
     .expr = "trim_scale(value)::text"},
    {.name = "recorded_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Written down on",
     .help = "The day it was written down (UTC).",
     .expr = "(created_at AT TIME ZONE 'UTC')::date"},
    {.name = "backdated",
     .type = BL_BOOL,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Written down later",
     .help = "Its day lies before the day on which it was written down.",
     .expr = "measured_on < (created_at AT TIME ZONE 'UTC')::date"},
    {0},
};

enum bl_status evaluation_measurement_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT status, signal FROM evaluation.metric WHERE tenant_id = $1 AND id = $2::uuid"
                              " AND archived_at IS NULL";
    const char *metric = bl_text(change->after, "metric_id");
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "measured_on");
    if (status == BL_OK)
        status = bl_sql(r, sql, &metric, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/metric_id", "there is no such metric");
    if (strcmp(bl_cell(r, rows, 0, 0), "retired") == 0)
        return bl_fail(r, BL_CONFLICT, "retired", "/metric_id", "the metric is retired: resume it first");
    /* r->resource: somebody wrote it through the API. */
    if (bl_cell(r, rows, 0, 1) && r->resource)
        return bl_fail(r, BL_CONFLICT, "computed", "/metric_id",
                       "this metric is computed from the data kept here: POST evaluation/metrics:take measures it");
    return BL_OK;
}

/* An empty change: the metric's own rule reads its measurements again, so that one that came in late does not undo a newer one.
 */
enum bl_status evaluation_measurement_after(struct bl_request *r, const struct bl_change *change)
{
    json_t *nothing = json_object();
    enum bl_status status = bl_update(r, "evaluation.metrics", bl_text(change->after, "metric_id"), nothing, NULL);
    json_decref(nothing);
    return status;
}

/* ---- views ---- */

/* $2 the metric. A slot is a period from the first day on; it is missed when it is over and nothing was measured in it. */
static const char series[] =
    "SELECT json_build_object('from', s.first, 'to', s.last, 'value', m.value, 'measured_on', m.measured_on,"
    " 'recorded_on', m.recorded_on, 'backdated', m.backdated, 'missed', m.value IS NULL AND s.last < current_date)::text"
    " FROM evaluation.metric k CROSS JOIN LATERAL (SELECT d::date AS first, (d + evaluation.period(k.frequency))::date - 1 AS "
    "last"
    " FROM generate_series(k.starts_on::timestamp, current_date::timestamp, evaluation.period(k.frequency)) d"
    " ORDER BY d DESC LIMIT 1000) s"
    " LEFT JOIN LATERAL (SELECT value::text AS value, measured_on, recorded_on, backdated FROM evaluation.measurement m"
    " WHERE m.tenant_id = $1 AND m.metric_id = k.id AND m.measured_on BETWEEN s.first AND s.last"
    " ORDER BY measured_on DESC, created_at DESC, id DESC LIMIT 1) m ON true"
    " WHERE k.tenant_id = $1 AND k.id = $2::uuid ORDER BY s.first";

/* GET metrics/{id}/series */
enum bl_status evaluation_series(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "evaluation.metrics", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, series, &id, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

/* Worst first. `missed`: periods that passed since the next measurement was due. */
static const char board[] =
    "SELECT json_build_object('id', k.id, 'ref', k.ref, 'title', k.title, 'unit', k.unit, 'target', k.target::text,"
    " 'tolerance', k.tolerance::text, 'direction', k.direction, 'value', k.last_value::text, 'measured_on', k.last_measured_on,"
    " 'standing', k.standing, 'trend', k.trend, 'next_due_on', k.next_due_on, 'missed', CASE WHEN k.next_due_on < current_date"
    " THEN (SELECT count(*) FROM generate_series(k.next_due_on::timestamp, current_date::timestamp - interval '1 day',"
    " evaluation.period(k.frequency))) ELSE 0 END)::text"
    " FROM evaluation.metric k WHERE k.tenant_id = $1 AND k.archived_at IS NULL AND k.status = 'active'"
    " ORDER BY array_position(ARRAY['off_target', NULL, 'within_tolerance', 'on_target'], k.standing), k.next_due_on, k.id LIMIT "
    "1000";

/* GET metrics-board */
enum bl_status evaluation_board(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, board, NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
