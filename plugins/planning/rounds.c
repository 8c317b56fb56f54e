/* Clauses 6.1.2 and 8.2: one assessment of the risks, under one version of a method. */
#include "planning.h"
#include <string.h>

const struct bl_field planning_round_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Round",
     .help = "What is assessed, and when.",
     .min = 1,
     .max = 200,
     .example = "Yearly assessment 2027"},
    {.name = "trigger_kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Trigger",
     .help = "Why now.",
     .initial = "calendar",
     .values = "first calendar change incident law threat scope review"},
    {.name = "trigger_note",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "What happened",
     .help = "Needed unless the calendar is the reason.",
     .max = 2000},
    {.name = "method_id",
     .type = BL_REF,
     .ref = "planning.risk_methods",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Method",
     .help = "The version of the method under which all risks of this round are rated."},
    {.name = "lead_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Led by"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Due",
     .help = "When it shall be closed.",
     .example = "2027-03-31"},
    {.name = "conclusion", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH, .label = "Conclusion", .max = 5000},
    {.name = "started_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Started"},
    {.name = "closed_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Closed"},
    {0},
};

const struct bl_state planning_round_states[] = {
    {.name = "planned", .label = "Planned", .help = "Not begun: nothing is rated yet.", .flags = BL_INITIAL},
    {.name = "open", .label = "Open", .help = "Risks are being rated."},
    {.name = "closed",
     .label = "Closed",
     .help = "Its results are kept as they were on that day.",
     .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "Never came to an end.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char ready[] =
    "SELECT '/method_id', 'method_not_approved', format('%s is %s: a round needs an approved version', m.ref, m.status)"
    " FROM planning.risk_round r JOIN planning.risk_method m ON m.tenant_id = $1 AND m.id = r.method_id"
    " WHERE r.tenant_id = $1 AND r.id = $2 AND m.status <> 'approved'"
    " UNION ALL SELECT '/trigger_note', 'required', 'say what happened that calls for this round' FROM planning.risk_round r"
    " WHERE r.tenant_id = $1 AND r.id = $2 AND r.trigger_kind NOT IN ('calendar', 'first') AND coalesce(r.trigger_note, '') = ''";

static const char done[] =
    "SELECT '', 'not_evaluated', format('%s is %s still: evaluate it, move it to another round, or retire it', k.ref, k.status)"
    " FROM planning.risk k WHERE k.tenant_id = $1 AND k.round_id = $2 AND k.archived_at IS NULL"
    " AND k.status IN ('identified', 'analysed', 'reopened') ORDER BY k.id LIMIT 20";

#define RESULT                                                                                                                   \
    "k.id, k.ref, k.title, k.status, k.inherent_level, k.current_level, k.counted_level, k.residual_level,"                      \
    " k.current_likelihood, k.current_impact"

/* What a round came to, kept as it was: later ratings of the same risks belong to later rounds. */
static enum bl_status keep_results(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    return bl_sql(r,
                  "INSERT INTO planning.round_result SELECT $1::uuid, $2::uuid, " RESULT " FROM planning.risk k"
                  " WHERE k.tenant_id = $1 AND k.round_id = $2::uuid AND k.archived_at IS NULL AND k.status <> 'retired'",
                  &change->id, 1, 0, &rows);
}

const struct bl_transition planning_round_transitions[] = {
    {.name = "start",
     .from = "planned",
     .to = "open",
     .guard = ready,
     .sets = "started_on=today",
     .label = "Start",
     .help = "From now risks are rated in it."},
    {.name = "close",
     .from = "open",
     .to = "closed",
     .needs = "conclusion",
     .guard = done,
     .sets = "closed_on=today",
     .after = keep_results,
     .label = "Close",
     .help = "Every risk of it has been evaluated; the results are kept."},
    {.name = "cancel",
     .from = "planned open",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "Say why it is not finished."},
    {0},
};

/* ---- two rounds beside each other ---- */

/* The results of a round: those kept when it was closed; of an open one, what stands now. */
#define RESULTS(n)                                                                                                               \
    "(SELECT risk_id, ref, title, status, inherent_level, current_level, counted_level, residual_level"                          \
    " FROM planning.round_result WHERE tenant_id = $1 AND round_id = " n "::uuid"                                                \
    " UNION ALL SELECT k.id, k.ref, k.title, k.status, k.inherent_level, k.current_level, k.counted_level, k.residual_level"     \
    " FROM planning.risk k JOIN planning.risk_round o ON o.tenant_id = $1 AND o.id = k.round_id AND o.status <> 'closed'"        \
    " WHERE k.tenant_id = $1 AND k.round_id = " n "::uuid AND k.archived_at IS NULL AND k.status <> 'retired')"
#define SIDE(x)                                                                                                                  \
    "CASE WHEN " x ".risk_id IS NOT NULL THEN json_build_object('status', " x ".status, 'inherent_level', " x                    \
    ".inherent_level, 'current_level', " x ".current_level, 'counted_level', " x ".counted_level, 'residual_level', " x          \
    ".residual_level) END"

static const char comparison[] =
    "SELECT json_build_object('id', coalesce(a.risk_id, b.risk_id), 'ref', coalesce(b.ref, a.ref), 'title',"
    " coalesce(b.title, a.title), 'change', CASE WHEN a.risk_id IS NULL THEN 'new' WHEN b.risk_id IS NULL THEN 'gone'"
    " WHEN a.counted_level IS NULL OR b.counted_level IS NULL THEN 'not_rated' WHEN b.counted_level > a.counted_level THEN 'up'"
    " WHEN b.counted_level < a.counted_level THEN 'down' ELSE 'same' END, 'before', " SIDE("a") ", 'after', " SIDE(
        "b") ")::text FROM " RESULTS("$3") " a FULL JOIN " RESULTS("$2") " b USING (risk_id)"
                                                                         " ORDER BY coalesce(b.risk_id, a.risk_id) LIMIT 10000";

/* GET risk-rounds/{id}/comparison?with= */
enum bl_status planning_round_compare(struct bl_request *r)
{
    const char *args[] = {bl_param(r, "id"), bl_query(r, "with")};
    struct bl_rows *rows;
    enum bl_status status = planning_pair(r, "planning.risk_rounds", args);
    if (status == BL_OK)
        status = bl_sql(r, comparison, args, 2, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
