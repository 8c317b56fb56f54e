/* Risks and their treatment at a glance. Each view is one statement, and asks for the credit of controls at the moment of
 * reading: what a control no longer carries does not count, whether or not anybody has touched the risk. */
#include "planning.h"
#include <stdlib.h>
#include <string.h>

/* May the current rating of the risk k count? n: its row of PLANNING_CREDITS. */
#define COUNTS "(coalesce(n.credited, false) OR k.inherent_level IS NULL OR k.inherent_level < k.current_level)"
#define NOW(member) "CASE WHEN k.current_level IS NULL OR " COUNTS " THEN k.current_" member " ELSE k.inherent_" member " END"
#define RISKS                                                                                                                    \
    " FROM planning.risk k LEFT JOIN (" PLANNING_CREDITS ") n ON n.risk_id = k.id"                                               \
    " WHERE k.tenant_id = $1 AND k.archived_at IS NULL AND k.status <> 'retired'"
#define IN_ROUND " AND ($2::text IS NULL OR k.round_id::text = $2)"

static enum bl_status answer(struct bl_request *r, const char *sql, const char *const *args, int count)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, count, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

/* $2 round, $3 stage: NULL for all. The current cell is the one that counts. */
static const char heat[] =
    "WITH k AS MATERIALIZED (SELECT k.inherent_likelihood, k.inherent_impact, k.inherent_level, k.residual_likelihood,"
    " k.residual_impact, k.residual_level, " NOW("likelihood") " AS l, " NOW("impact") " AS i, " NOW(
        "level") " AS v" RISKS IN_ROUND ") SELECT json_build_object('stage', c.stage, 'likelihood', c.l, 'impact', c.i, 'level', "
                 "c.v, 'risks', count(*))::text"
                 " FROM k CROSS JOIN LATERAL (VALUES (1, 'inherent', k.inherent_likelihood, k.inherent_impact, k.inherent_level),"
                 " (2, 'current', k.l, k.i, k.v), (3, 'residual', k.residual_likelihood, k.residual_impact, k.residual_level)"
                 ") c (n, stage, l, i, v) WHERE c.v IS NOT NULL AND ($3::text IS NULL OR c.stage = $3)"
                 " GROUP BY c.n, c.stage, c.l, c.i, c.v ORDER BY c.n, c.l, c.i, c.v";

/* GET heat-map?round=&stage= */
enum bl_status planning_heat_map(struct bl_request *r)
{
    const char *args[] = {bl_query(r, "round"), bl_query(r, "stage")};
    if (args[1] && !planning_is(args[1], "inherent current residual"))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL,
                       "query parameter stage: must be inherent, current or residual; left out: all three");
    return answer(r, heat, args, 2);
}

static const char top[] =
    "SELECT json_build_object('id', t.id, 'ref', t.ref, 'title', t.title, 'status', t.status, 'owner_id', t.owner_id, 'owner',"
    " m.name, 'level', t.v, 'impact', t.i, 'likelihood', t.l, 'inherent_level', t.inherent_level, 'residual_level',"
    " t.residual_level, 'credited', t.credit, 'needs_treatment', t.v > t.acceptance_level, 'due_on', t.due_on, 'reduction',"
    " CASE WHEN t.inherent_score = 0 THEN 0 ELSE round((t.inherent_score - t.residual_score)::numeric / t.inherent_score, 4) END"
    ")::text FROM (SELECT k.*, coalesce(n.credited, false) AS credit, " NOW("level") " AS v, " NOW("impact") " AS i, " NOW(
        "likelihood") " AS l" RISKS IN_ROUND ") t LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = t.owner_id"
                      " WHERE t.v IS NOT NULL ORDER BY t.v DESC, t.i DESC, t.l DESC, t.due_on ASC NULLS LAST, t.id LIMIT "
                      "$3::integer";

/* GET top-risks?round=&limit= */
enum bl_status planning_top_risks(struct bl_request *r)
{
    const char *args[] = {bl_query(r, "round"), bl_query(r, "limit")};
    long limit = args[1] ? strtol(args[1], NULL, 10) : 10;
    if (limit < 1 || limit > 500 || (args[1] && args[1][strspn(args[1], "0123456789")]))
        return bl_fail(r, BL_BAD_REQUEST, "bad_limit", NULL, "query parameter limit: must be a number from 1 to 500");
    if (!args[1])
        args[1] = "10";
    return answer(r, top, args, 2);
}

static const char owners[] =
    "SELECT json_build_object('owner_id', t.owner_id, 'owner', m.name, 'risks', count(*), 'above', count(*) FILTER (WHERE t.v >"
    " t.acceptance_level), 'not_rated', count(*) FILTER (WHERE t.v IS NULL), 'reopened', count(*) FILTER (WHERE t.status ="
    " 'reopened'), 'highest', max(t.v))::text FROM (SELECT k.*, " NOW(
        "level") " AS v" RISKS ") t"
                 " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = t.owner_id"
                 " GROUP BY t.owner_id, m.name ORDER BY count(*) FILTER (WHERE t.v > t.acceptance_level) DESC, m.name, "
                 "t.owner_id";

/* GET risk-owners */
enum bl_status planning_owners(struct bl_request *r)
{
    return answer(r, owners, NULL, 0);
}

/* No value where nothing is left to be done. */
static const char progress[] =
    "SELECT json_build_object('id', p.id, 'ref', p.ref, 'title', p.title, 'status', p.status, 'version', p.plan_version,"
    " 'actions', count(t.id), 'cancelled', count(t.id) FILTER (WHERE t.status = 'cancelled'), 'verified', count(t.id) FILTER "
    "(WHERE"
    " t.status = 'verified'), 'blocked', count(t.id) FILTER (WHERE t.status = 'blocked'), 'overdue', count(t.id) FILTER (WHERE"
    " t.due_on < current_date AND t.status NOT IN ('verified', 'cancelled')), 'progress', round(count(t.id) FILTER (WHERE "
    "t.status"
    " = 'verified')::numeric / nullif(count(t.id) FILTER (WHERE t.status <> 'cancelled'), 0), 4))::text"
    " FROM planning.treatment_plan p LEFT JOIN planning.treatment_action t ON t.tenant_id = $1 AND t.plan_id = p.id"
    " AND t.archived_at IS NULL WHERE p.tenant_id = $1 AND p.archived_at IS NULL GROUP BY p.tenant_id, p.id ORDER BY p.id";

/* GET treatment-progress */
enum bl_status planning_progress(struct bl_request *r)
{
    return answer(r, progress, NULL, 0);
}

/* $2: the Statement, NULL: the one that holds. Partial counts half for display and nothing for audit readiness. */
static const char figures[] =
    "WITH v AS (SELECT id FROM planning.soa_version WHERE tenant_id = $1 AND archived_at IS NULL"
    " AND CASE WHEN $2::text IS NULL THEN status IN ('approved', 'published') ELSE id::text = $2 END),"
    " s AS (SELECT s.*, EXISTS (SELECT FROM annex_a.control c WHERE c.tenant_id = $1 AND c.id = s.control_id"
    " AND c.evidence_until >= current_date) AS shown FROM planning.soa_row s JOIN v ON v.id = s.soa_id"
    " WHERE s.tenant_id = $1 AND s.archived_at IS NULL),"
    " f AS (SELECT count(*) AS total, count(*) FILTER (WHERE applicable = 'yes') AS applicable, count(*) FILTER (WHERE "
    "applicable ="
    " 'yes' AND implementation_state = 'implemented') AS implemented, count(*) FILTER (WHERE applicable = 'yes'"
    " AND implementation_state = 'partial') AS partial, count(*) FILTER (WHERE applicable = 'yes' AND shown) AS shown FROM s),"
    " t AS (SELECT count(*) FILTER (WHERE x.v > x.acceptance_level) AS above, count(*) FILTER (WHERE x.v > x.acceptance_level"
    " AND x.implemented > 0) AS covered FROM (SELECT k.acceptance_level, n.implemented, " NOW(
        "level") " AS v" RISKS ") x)"
                 " SELECT json_build_object('soa_id', (SELECT id FROM v), 'rows', f.total, 'applicable', f.applicable, "
                 "'implemented',"
                 " f.implemented, 'partial', f.partial, 'with_evidence', f.shown,"
                 " 'applicable_rate', round(f.applicable::numeric / nullif(f.total, 0), 4),"
                 " 'implementation_rate', round((f.implemented + 0.5 * f.partial) / nullif(f.applicable, 0), 4),"
                 " 'readiness_rate', round(f.implemented::numeric / nullif(f.applicable, 0), 4),"
                 " 'evidence_rate', round(f.shown::numeric / nullif(f.applicable, 0), 4), 'risks_above', t.above, "
                 "'risks_covered', t.covered,"
                 " 'coverage', round(t.covered::numeric / nullif(t.above, 0), 4))::text FROM f CROSS JOIN t";

/* GET figures?soa= */
enum bl_status planning_figures(struct bl_request *r)
{
    const char *soa = bl_query(r, "soa");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, figures, &soa, 1, BL_FINAL, &rows);
    if (status)
        return status;
    const char *text = bl_cell(r, rows, 0, 0);
    bl_respond(r, 200, "application/json");
    bl_write(r, text, strlen(text));
    return BL_OK;
}
