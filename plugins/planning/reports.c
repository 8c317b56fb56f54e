/* What goes out on paper: the Statement, the register of risks, a treatment plan, each as it stands at that moment. */
#include "planning.h"
#include <string.h>

struct column {
    const char *title, *kind;
    int width;
};

struct paper {
    const char *singular, *about, *heading; /* about: what stands over the text */
    const char *head;  /* $2 id: title, subtitle, version, classification, role, name and day of approval, text, facts (JSON) */
    const char *lines; /* $2 id: each row one JSON array, as the columns are */
    const struct column *columns;
};

static const char soa_head[] =
    "SELECT v.title, 'Annex A of ISO/IEC 27001:' || v.edition, v.ref, 'internal', 'Approved by', m.name, "
    "v.approved_at::date::text,"
    " o.statement, (SELECT jsonb_build_array(jsonb_build_array('State', replace(v.status, '_', ' ')),"
    " jsonb_build_array('Scope', o.ref || ' ' || o.title), jsonb_build_array('Controls', count(*)::text),"
    " jsonb_build_array('Applicable', (count(*) FILTER (WHERE s.applicable = 'yes'))::text),"
    " jsonb_build_array('Implemented', (count(*) FILTER (WHERE s.applicable = 'yes' AND s.implementation_state ="
    " 'implemented'))::text)) FROM planning.soa_row s WHERE s.tenant_id = $1 AND s.soa_id = v.id AND s.archived_at IS NULL)::text"
    " FROM planning.soa_version v JOIN context.scope o ON o.tenant_id = $1 AND o.id = v.scope_id"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = v.approved_by_id WHERE v.tenant_id = $1 AND v.id::text = $2";

static const char soa_lines[] =
    "SELECT jsonb_build_array(coalesce(s.catalogue_id, s.ref), s.title, s.applicable, array_to_string(s.reasons, ', '),"
    " coalesce(CASE s.applicable WHEN 'no' THEN s.exclusion_reason ELSE (SELECT string_agg(b.what, ', ' ORDER BY b.n, b.id)"
    " FROM core.link l JOIN LATERAL (SELECT 1 AS n, k.id, k.ref AS what FROM planning.risk k WHERE k.tenant_id = $1"
    " AND l.relation = 'planning.soa_rows.risks' AND k.id = l.to_id UNION ALL SELECT 2, q.id, q.ref || ' ' || q.title"
    " FROM context.requirement q WHERE q.tenant_id = $1 AND l.relation = 'planning.soa_rows.requirements' AND q.id = l.to_id"
    " UNION ALL SELECT 3, o.id, o.ref || ' ' || o.title FROM context.statement o WHERE o.tenant_id = $1"
    " AND l.relation = 'planning.soa_rows.statements' AND o.id = l.to_id) b ON true"
    " WHERE l.tenant_id = $1 AND l.from_id = s.id) END, ''),"
    " CASE s.implementation_state WHEN 'n_a' THEN '' ELSE replace(s.implementation_state, '_', ' ') END, coalesce(m.name, ''),"
    " s.target_date)::text FROM planning.soa_row s JOIN planning.soa_version v ON v.tenant_id = $1 AND v.id = s.soa_id"
    " LEFT JOIN annex_a.catalogue a ON a.edition = v.edition AND a.id = s.catalogue_id"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = s.owner_id"
    " WHERE s.tenant_id = $1 AND s.soa_id::text = $2 AND s.archived_at IS NULL ORDER BY a.place NULLS LAST, s.id";

static const struct column soa_columns[] = {
    {"No.", "text", 9},      {"Control", "text", 30},       {"Applicable", "text", 13},
    {"Reasons", "text", 14}, {"Justification", "text", 30}, {"Implementation", "text", 18},
    {"Owner", "text", 16},   {"Target", "date", 13},        {0},
};

/* The risks of a round, with the levels that count at this moment. $2 round. */
#define IN_ROUND                                                                                                                 \
    "(SELECT k.*, CASE WHEN k.current_level IS NULL OR coalesce(n.credited, false) OR k.inherent_level IS NULL"                  \
    " OR k.inherent_level < k.current_level THEN k.current_level ELSE k.inherent_level END AS now FROM planning.risk k"          \
    " LEFT JOIN (" PLANNING_CREDITS ") n ON n.risk_id = k.id WHERE k.tenant_id = $1 AND k.round_id::text = $2"                   \
    " AND k.archived_at IS NULL AND k.status <> 'retired')"

static const char register_head[] =
    "SELECT 'Register of risks', o.title, o.ref || ', ' || h.ref || ' version ' || h.version_number, 'confidential',"
    " 'Method approved by', m.name, h.approved_at::date::text, coalesce(o.conclusion, 'The round is not closed.'),"
    " (SELECT jsonb_build_array(jsonb_build_array('State of the round', o.status), jsonb_build_array('Acceptable up to',"
    " coalesce(h.levels -> h.accept_up_to ->> 'name', h.accept_up_to::text)), jsonb_build_array('Risks', count(*)::text),"
    " jsonb_build_array('Above what is acceptable', (count(*) FILTER (WHERE x.now > h.accept_up_to))::text))"
    " FROM " IN_ROUND " x)::text FROM planning.risk_round o"
    " JOIN planning.risk_method h ON h.tenant_id = $1 AND h.id = o.method_id"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = h.approved_by_id WHERE o.tenant_id = $1 AND o.id::text = $2";

static const char register_lines[] =
    "SELECT jsonb_build_array(x.ref, x.title, coalesce(m.name, ''), coalesce(h.levels -> x.inherent_level ->> 'name', ''),"
    " coalesce(h.levels -> x.now ->> 'name', ''), coalesce(h.levels -> x.residual_level ->> 'name', ''),"
    " coalesce(x.treatment_option, ''), replace(x.status, '_', ' '), x.due_on)::text FROM " IN_ROUND " x"
    " JOIN planning.risk_round o ON o.tenant_id = $1 AND o.id = x.round_id"
    " JOIN planning.risk_method h ON h.tenant_id = $1 AND h.id = o.method_id"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = x.owner_id ORDER BY x.now DESC NULLS LAST, x.id";

static const struct column register_columns[] = {
    {"No.", "text", 9},       {"Risk", "text", 40},   {"Owner", "text", 18}, {"Inherent", "text", 10}, {"Now", "text", 10},
    {"Residual", "text", 10}, {"Option", "text", 10}, {"State", "text", 14}, {"Due", "date", 13},      {0},
};

static const char plan_head[] =
    "SELECT p.title, 'Plan for treating risks', p.ref || ' version ' || p.plan_version, 'confidential', 'Approved by',"
    " CASE WHEN a.holds THEN m.name END, CASE WHEN a.holds THEN p.approved_at::date::text END, coalesce(p.summary, ''),"
    " (SELECT jsonb_build_array(jsonb_build_array('State', replace(p.status, '_', ' ')), jsonb_build_array('In force since',"
    " coalesce(p.in_force_on::text, 'not yet')), jsonb_build_array('Actions', count(*)::text),"
    " jsonb_build_array('Verified', (count(*) FILTER (WHERE t.status = 'verified'))::text),"
    " jsonb_build_array('Overdue', (count(*) FILTER (WHERE t.due_on < current_date AND t.status NOT IN ('verified', 'cancelled')"
    "))::text)) FROM planning.treatment_action t WHERE t.tenant_id = $1 AND t.plan_id = p.id AND t.archived_at IS NULL)::text"
    " FROM planning.treatment_plan p CROSS JOIN LATERAL (SELECT p.status IN ('approved', 'in_force', 'superseded') AS holds) a"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = p.approved_by_id WHERE p.tenant_id = $1 AND p.id::text = $2";

static const char plan_lines[] =
    "SELECT jsonb_build_array(t.ref, t.title, k.ref || ' ' || k.title, coalesce(m.name, ''), t.due_on, t.cost,"
    " replace(t.status, '_', ' '), coalesce((SELECT w.name FROM planning.line_signature s"
    " JOIN core.member w ON w.tenant_id = $1 AND w.id = s.signed_by WHERE s.tenant_id = $1 AND s.action_id = t.id"
    " AND s.fingerprint = t.fingerprint AND s.signed_by = k.owner_id), ''))::text FROM planning.treatment_action t"
    " JOIN planning.risk k ON k.tenant_id = $1 AND k.id = t.risk_id"
    " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = t.owner_id"
    " WHERE t.tenant_id = $1 AND t.plan_id::text = $2 AND t.archived_at IS NULL ORDER BY t.due_on, t.id";

static const struct column plan_columns[] = {
    {"No.", "text", 9},      {"Action", "text", 40},    {"Risk", "text", 30},
    {"Done by", "text", 18}, {"Due", "date", 13},       {"Cost", "number", 12},
    {"State", "text", 12},   {"Signed by", "text", 18}, {0},
};

/* A table with its columns; each row is JSON already. NULL: out of memory. */
static json_t *table_of(struct bl_request *r, const struct column *columns, const struct bl_rows *rows)
{
    json_t *heads = json_array(), *lines = json_array();
    for (const struct column *c = columns; c->title; c++)
        json_array_append_new(heads, json_pack("{s:s, s:i, s:s}", "title", c->title, "width", c->width, "kind", c->kind));
    for (int i = 0; i < bl_count(r, rows); i++)
        json_array_append_new(lines, json_loads(bl_cell(r, rows, i, 0), 0, NULL));
    return json_pack("{s:o, s:o}", "columns", heads, "rows", lines);
}

static enum bl_status make(struct bl_request *r, const json_t *order, const struct paper *paper, json_t **document)
{
    const char *id = bl_text(order, "id"), *cell[9];
    struct bl_rows *head, *lines;
    if (!id)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/id", "give the id of the %s", paper->singular);
    enum bl_status status = bl_sql(r, paper->head, &id, 1, 0, &head);
    if (status == BL_OK && bl_count(r, head) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", "/id", "there is no such %s", paper->singular);
    if (status == BL_OK)
        status = bl_sql(r, paper->lines, &id, 1, 0, &lines);
    if (status)
        return status;
    for (int i = 0; i < 9; i++)
        cell[i] = bl_cell(r, head, 0, i);
    json_t *approval =
        cell[5] && cell[6] ? json_pack("[{s:s, s:s, s:s}]", "role", cell[4], "name", cell[5], "date", cell[6]) : json_array();
    *document = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:[{s:s, s:s}, {s:s, s:o}]}", "title", cell[0], "subtitle", cell[1],
                          "version", cell[2], "classification", cell[3], "approval", approval, "facts",
                          json_loads(cell[8], 0, NULL), "sections", "heading", paper->about, "text", cell[7], "heading",
                          paper->heading, "table", table_of(r, paper->columns, lines));
    return *document ? BL_OK : bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
}

static enum bl_status make_soa(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, order, &(struct paper){"Statement", "Scope", "Controls", soa_head, soa_lines, soa_columns}, document);
}

static enum bl_status make_register(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, order, &(struct paper){"round", "Conclusion", "Risks", register_head, register_lines, register_columns},
                document);
}

static enum bl_status make_plan(struct bl_request *r, const json_t *order, json_t **document)
{
    return make(r, order, &(struct paper){"treatment plan", "Summary", "Actions", plan_head, plan_lines, plan_columns}, document);
}

const struct bl_report planning_reports[] = {
    {.name = "soa", .label = "Statement of Applicability", .permission = "planning.soa_version:read", .make = make_soa},
    {.name = "risk_register", .label = "Register of risks of a round", .permission = "planning.risk:read", .make = make_register},
    {.name = "treatment_plan", .label = "Treatment plan", .permission = "planning.treatment_plan:read", .make = make_plan},
    {0},
};
