/* Which causes repeat, and how the figures move. Each is one statement. */
#include "improvement.h"
#include <stdlib.h>
#include <string.h>

/* Nonconformities by `value`, the most frequent first; $2 months back from today. */
#define GROUPED(value)                                                                                                           \
    "SELECT json_build_object('value', " value ", 'count', count(*), 'repeated', count(*) > 1 AND " value " IS NOT NULL,"        \
    " 'open', count(*) FILTER (WHERE n.status <> 'closed'), 'major', count(*) FILTER (WHERE n.grade = 'major'),"                 \
    " 'returned', count(n.repeats_id), 'failed_checks', sum(n.cycle - 1), 'first_on', min(n.detected_on),"                       \
    " 'last_on', max(n.detected_on), 'refs', json_agg(n.ref ORDER BY n.detected_on, n.id))::text"                                \
    " FROM improvement.nonconformity n WHERE n.tenant_id = $1 AND n.archived_at IS NULL AND n.status <> 'dismissed'"             \
    " AND n.detected_on > current_date - make_interval(months => $2::integer)"                                                   \
    " GROUP BY " value " ORDER BY count(*) DESC, " value " NULLS LAST LIMIT 500"

static const struct view {
    const char *by, *sql;
} views[] = {
    {"cause", GROUPED("n.cause_category")},
    {"requirement", GROUPED("n.requirement")},
    {"source", GROUPED("n.source")},
};

static enum bl_status months_asked(struct bl_request *r, const char **months)
{
    const char *text = bl_query(r, "months");
    *months = text ? text : "12";
    char *end;
    long n = strtol(*months, &end, 10);
    if (**months >= '1' && **months <= '9' && !*end && n <= 120)
        return BL_OK;
    return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter months: must be a number from 1 to 120");
}

/* GET causes?by=&months= */
enum bl_status improvement_causes(struct bl_request *r)
{
    const char *by = bl_query(r, "by"), *sql = NULL, *months;
    struct bl_rows *rows;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcmp(by ? by : "cause", views[i].by) == 0)
            sql = views[i].sql;
    if (!sql)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter by: must be cause, requirement or source");
    enum bl_status status = months_asked(r, &months);
    if (status == BL_OK)
        status = bl_sql(r, sql, &months, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

/* Month by month, this one last. A month's `open` counts what was found by its end and not verified by then. */
static const char trends[] =
    "SELECT json_build_object('month', to_char(m.first, 'YYYY-MM'),"
    " 'found', count(*) FILTER (WHERE n.detected_on >= m.first),"
    " 'major', count(*) FILTER (WHERE n.detected_on >= m.first AND n.grade = 'major'),"
    " 'closed', count(*) FILTER (WHERE n.verified_on BETWEEN m.first AND m.last),"
    " 'open', count(n.id) FILTER (WHERE n.verified_on IS NULL OR n.verified_on > m.last),"
    " 'days_to_close', round(avg(n.verified_on - n.detected_on) FILTER (WHERE n.verified_on BETWEEN m.first AND m.last)),"
    " 'failed_checks', coalesce(sum((SELECT count(*) FROM jsonb_array_elements(n.failed_checks) f"
    " WHERE (f ->> 'on')::date BETWEEN m.first AND m.last)), 0))::text"
    " FROM (SELECT s::date AS first, (s + interval '1 month')::date - 1 AS last FROM generate_series("
    "date_trunc('month', current_date::timestamp) - make_interval(months => $2::integer - 1),"
    " date_trunc('month', current_date::timestamp), interval '1 month') s) m"
    " LEFT JOIN improvement.nonconformity n ON n.tenant_id = $1 AND n.archived_at IS NULL AND n.status <> 'dismissed'"
    " AND n.detected_on <= m.last GROUP BY m.first, m.last ORDER BY m.first";

/* GET trends?months= */
enum bl_status improvement_trends(struct bl_request *r)
{
    const char *months;
    struct bl_rows *rows;
    enum bl_status status = months_asked(r, &months);
    if (status == BL_OK)
        status = bl_sql(r, trends, &months, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
