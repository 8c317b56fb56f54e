/* Clause 6.2: what shall be reached, and whether the figures say so. */
#include "planning.h"
#include <string.h>

const struct bl_field planning_objective_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Objective",
     .help = "What shall be so, in one line.",
     .min = 1,
     .max = 200,
     .example = "Every restore works within four hours"},
    {.name = "what", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "What will be done", .max = 5000},
    {.name = "resources", .type = BL_TEXT, .flags = BL_LONG, .label = "With what", .max = 5000},
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Who answers for it"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "By when", .example = "2027-12-31"},
    {.name = "evaluation", .type = BL_TEXT, .flags = BL_LONG, .label = "How it is evaluated", .max = 5000},
    {.name = "standing",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Standing",
     .help = "From its indicators: the worst of them.",
     .values = "not_measured behind on_track reached"},
    {0},
};

const struct bl_relation planning_objective_relations[] = {
    {.name = "statements",
     .to = "context.statements",
     .inverse = "objectives",
     .label = "Purpose and outcomes",
     .help = "What it serves."},
    {.name = "risks", .to = "planning.risks", .inverse = "objectives", .label = "Risks", .help = "What it answers."},
    {0},
};

const struct bl_state planning_objective_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "agreed", .label = "Agreed", .help = "It is pursued."},
    {.name = "achieved", .label = "Achieved", .help = "Its figures say so.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "missed", .label = "Missed", .help = "It was not reached in time.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dropped", .label = "Dropped", .help = "It is no longer wanted.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char measurable[] =
    "SELECT '', 'no_indicator', 'give it an indicator first: how would you see that it is reached?'"
    " FROM planning.objective o WHERE o.tenant_id = $1 AND o.id = $2 AND NOT EXISTS (SELECT FROM planning.indicator i"
    " WHERE i.tenant_id = $1 AND i.objective_id = o.id AND i.archived_at IS NULL)";
static const char reached[] = "SELECT '', 'not_reached', 'its indicators do not say that it is reached' FROM planning.objective"
                              " WHERE tenant_id = $1 AND id = $2 AND standing IS DISTINCT FROM 'reached'";
static const char not_over[] = "SELECT '/due_on', 'not_over', 'its day is not over' FROM planning.objective"
                               " WHERE tenant_id = $1 AND id = $2 AND due_on >= current_date"
                               " UNION ALL SELECT '', 'is_reached', 'every indicator has reached its target: it is achieved'"
                               " FROM planning.objective WHERE tenant_id = $1 AND id = $2 AND standing = 'reached'";

const struct bl_transition planning_objective_transitions[] = {
    {.name = "agree",
     .from = "draft",
     .to = "agreed",
     .permission = "approve",
     .needs = "what resources owner_id due_on evaluation",
     .guard = measurable,
     .label = "Agree",
     .help = "It says what, with what, who, when and how it is evaluated, and can be measured."},
    {.name = "achieve",
     .from = "agreed",
     .to = "achieved",
     .guard = reached,
     .label = "Achieved",
     .help = "Every indicator has reached its target."},
    {.name = "miss",
     .from = "agreed",
     .to = "missed",
     .flags = BL_REASON,
     .guard = not_over,
     .label = "Missed",
     .help = "Its day is over and the target is not reached: say why."},
    {.name = "drop",
     .from = "draft agreed",
     .to = "dropped",
     .flags = BL_REASON,
     .label = "Drop",
     .help = "Say why it is no longer wanted."},
    {0},
};

const struct bl_field planning_indicator_fields[] = {
    {.name = "objective_id",
     .type = BL_REF,
     .ref = "planning.objectives",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Objective"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Indicator",
     .min = 1,
     .max = 200,
     .example = "Restores within four hours"},
    {.name = "unit", .type = BL_TEXT, .label = "Unit", .max = 20, .example = "%"},
    {.name = "better",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Better is",
     .initial = "higher",
     .values = "higher lower"},
    {.name = "baseline", .type = BL_DECIMAL, .label = "Where it began", .scale = 4, .example = "60"},
    {.name = "target", .type = BL_DECIMAL, .flags = BL_REQUIRED, .label = "Target", .scale = 4, .example = "100"},
    {.name = "source", .type = BL_TEXT, .label = "Where the figure comes from", .max = 500},
    {.name = "rhythm_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Measured every (days)",
     .initial = "90",
     .min = 1,
     .max = 1100},
    {.name = "latest", .type = BL_DECIMAL, .flags = BL_SERVER | BL_FILTER, .label = "Latest figure", .scale = 4},
    {.name = "measured_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Measured on"},
    {.name = "measure_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER | BL_DUE,
     .label = "Next measurement",
     .help = "From the latest one and the rhythm."},
    {.name = "standing",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Standing",
     .help = "Reached: at the target. On track: at least as far along as the time is. Behind: less, or the day is over.",
     .values = "not_measured behind on_track reached"},
    {0},
};

/* The newest measurement, and what it means. Progress from baseline to target is held against the time from the day on which the
 * indicator was written to the day of its objective. $2 indicator, $3 better, $4 baseline, $5 target, $6 rhythm. */
static const char standing[] =
    "SELECT m.value::text, m.measured_on, m.measured_on + $6::integer, CASE WHEN m.value IS NULL THEN 'not_measured'"
    " WHEN CASE $3 WHEN 'higher' THEN m.value >= n.target ELSE m.value <= n.target END THEN 'reached'"
    " WHEN n.target = n.baseline OR n.baseline IS NULL OR n.due_on IS NULL OR n.due_on < current_date THEN 'behind'"
    " WHEN (m.value - n.baseline) / (n.target - n.baseline) >= (m.measured_on - n.began)::numeric / greatest(n.due_on - n.began, "
    "1)"
    " THEN 'on_track' ELSE 'behind' END"
    " FROM (SELECT $4::numeric AS baseline, $5::numeric AS target, i.created_at::date AS began, o.due_on"
    " FROM planning.indicator i JOIN planning.objective o ON o.tenant_id = $1 AND o.id = i.objective_id"
    " WHERE i.tenant_id = $1 AND i.id = $2::uuid) n"
    " LEFT JOIN LATERAL (SELECT value, measured_on FROM planning.measurement WHERE tenant_id = $1 AND indicator_id = $2::uuid"
    " ORDER BY measured_on DESC, id DESC LIMIT 1) m ON true";

enum bl_status planning_indicator_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const members[] = {"latest", "measured_on", "measure_on", "standing"};
    const char *args[] = {change->id, bl_text(change->after, "better"), bl_text(change->after, "baseline"),
                          bl_text(change->after, "target"), planning_print(r, "%d", planning_int(change->after, "rhythm_days"))};
    struct bl_rows *rows;
    if (!change->before) {
        json_object_set_new(change->after, "standing", json_string("not_measured"));
        return BL_OK;
    }
    enum bl_status status = bl_sql(r, standing, args, 5, 0, &rows);
    for (int i = 0; status == BL_OK && bl_count(r, rows) && i < 4; i++) {
        const char *cell = bl_cell(r, rows, 0, i);
        json_object_set_new(change->after, members[i], cell ? json_string(cell) : json_null());
    }
    return status;
}

static enum bl_status touch(struct bl_request *r, const char *resource, const char *id)
{
    return bl_update(r, resource, id, planning_object(r), NULL);
}

/* A duty: an agreed objective whose day is over is on track no longer. */
enum bl_status planning_objectives_over(struct bl_request *r)
{
    static const char sql[] = "SELECT i.id FROM planning.indicator i JOIN planning.objective o ON o.tenant_id = $1"
                              " AND o.id = i.objective_id AND o.status = 'agreed' AND o.archived_at IS NULL"
                              " AND o.due_on < current_date WHERE i.tenant_id = $1 AND i.archived_at IS NULL"
                              " AND i.standing = 'on_track' ORDER BY i.id LIMIT 200";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = touch(r, "planning.indicators", bl_cell(r, rows, i, 0));
    return status;
}

/* Its objective looks again; one that is closed stays as it was. */
enum bl_status planning_indicator_after(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "objective_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT FROM planning.objective WHERE tenant_id = $1 AND id = $2::uuid AND archived_at IS NULL"
                                   " AND status IN ('draft', 'agreed')",
                                   &id, 1, 0, &rows);
    return status || bl_count(r, rows) == 0 ? status : touch(r, "planning.objectives", id);
}

enum bl_status planning_objective_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT coalesce((SELECT standing FROM planning.indicator WHERE tenant_id = $1"
                              " AND objective_id = $2::uuid AND archived_at IS NULL ORDER BY array_position(ARRAY['not_measured',"
                              " 'behind', 'on_track', 'reached'], standing) LIMIT 1), 'not_measured')";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &change->id, 1, 0, &rows);
    if (status == BL_OK)
        json_object_set_new(change->after, "standing", json_string(bl_cell(r, rows, 0, 0)));
    return status;
}

const struct bl_field planning_measurement_fields[] = {
    {.name = "indicator_id",
     .type = BL_REF,
     .ref = "planning.indicators",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Indicator"},
    {.name = "measured_on", .type = BL_DATE, .flags = BL_REQUIRED | BL_FILTER, .label = "Measured on", .example = "2026-03-01"},
    {.name = "value", .type = BL_DECIMAL, .flags = BL_REQUIRED | BL_FILTER, .label = "Figure", .scale = 4, .example = "80"},
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_TITLE | BL_REQUIRED | BL_SEARCH,
     .label = "What it says",
     .min = 1,
     .max = 200,
     .example = "Four of five restores"},
    {0},
};

enum bl_status planning_measurement_before(struct bl_request *r, const struct bl_change *change)
{
    char latest[11];
    bl_day(r->now + INT64_C(14) * 3600 * 1000000, latest); /* a day has begun once it has begun anywhere */
    if (strcmp(bl_text(change->after, "measured_on"), latest) > 0)
        return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", "/measured_on", "the day is still to come");
    return BL_OK;
}

enum bl_status planning_measurement_after(struct bl_request *r, const struct bl_change *change)
{
    return touch(r, "planning.indicators", bl_text(change->after, "indicator_id"));
}
