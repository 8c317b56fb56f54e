/* The controls at a glance: counts by theme, attribute, state and owner; which have credit, and why the others have none. */
#include "annex_a.h"
#include <string.h>

#define CREDIT "annex_a.has_credit(c.status, c.evidence_until, c.last_result, c.next_test_on)"
#define LIVE " FROM annex_a.control c LEFT JOIN annex_a.catalogue k ON k.edition = c.edition AND k.id = c.catalogue_id"

/* Counts of live controls by `value`; a control with several values of an attribute counts under each. $2 edition or NULL. */
#define COUNTS(value, label, join)                                                                                               \
    "SELECT json_build_object('value', " value ", 'label', " label ", 'controls', count(*),"                                     \
    " 'not_started', count(*) FILTER (WHERE c.status = 'not_started'), 'planned', count(*) FILTER (WHERE c.status = 'planned')," \
    " 'partial', count(*) FILTER (WHERE c.status = 'partial'), 'implemented', count(*) FILTER (WHERE c.status = 'implemented')," \
    " 'credited', count(*) FILTER (WHERE " CREDIT "))::text" LIVE join                                                           \
    " WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND ($2::text IS NULL OR c.edition = $2)"                                 \
    " GROUP BY " value ", " label " ORDER BY " value " NULLS LAST"

#define EACH(column) " CROSS JOIN LATERAL unnest(k." column ") v"
#define SPACED(value) "replace(" value ", '_', ' ')"

static const struct view {
    const char *by, *sql;
} by[] = {
    {"theme", COUNTS("k.theme", "k.theme", "")},
    {"section", COUNTS("k.section_id", "k.section", "")},
    {"type", COUNTS("v", SPACED("v"), EACH("control_type"))},
    {"property", COUNTS("v", SPACED("v"), EACH("security_properties"))},
    {"concept", COUNTS("v", SPACED("v"), EACH("cybersecurity_concepts"))},
    {"capability", COUNTS("v", SPACED("v"), EACH("operational_capabilities"))},
    {"domain", COUNTS("v", SPACED("v"), EACH("security_domains"))},
    {"state", COUNTS("c.status", SPACED("c.status"), "")},
    {"owner", COUNTS("c.owner_id", "m.name", " LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = c.owner_id")},
};

/* GET summary?by=&edition= */
enum bl_status annex_a_summary(struct bl_request *r)
{
    const char *what = bl_query(r, "by"), *edition, *sql = NULL;
    struct bl_rows *rows;
    enum bl_status status = annex_a_filter(r, "edition", ANNEX_A_EDITIONS, &edition);
    for (size_t i = 0; i < sizeof by / sizeof *by; i++)
        if (what && strcmp(by[i].by, what) == 0)
            sql = by[i].sql;
    if (!sql)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL,
                       "query parameter by: must be theme, section, type, property, concept, capability, domain, state or owner");
    if (status == BL_OK)
        status = bl_sql(r, sql, &edition, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

static const char credits[] =
    "SELECT json_build_object('id', c.id, 'ref', c.ref, 'title', c.title, 'edition', c.edition, 'catalogue_id', c.catalogue_id,"
    " 'status', c.status, 'credit', " CREDIT ", 'lacks', array_remove(ARRAY["
    "CASE WHEN c.status <> 'implemented' THEN 'implementation' END,"
    "CASE WHEN c.evidence_until IS NULL THEN 'evidence' WHEN c.evidence_until < current_date THEN 'newer_evidence' END,"
    "CASE WHEN c.last_result IS NULL THEN 'test' WHEN c.last_result = 'failed' THEN 'passed_test'"
    " WHEN c.next_test_on < current_date THEN 'newer_test' END], NULL))::text"
    " FROM annex_a.control c WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND ($2::text IS NULL OR c.edition = $2)"
    " ORDER BY c.edition DESC NULLS LAST, c.catalogue_id COLLATE \"C\", c.id LIMIT 1000";

/* GET credits?edition= */
enum bl_status annex_a_credits(struct bl_request *r)
{
    const char *edition;
    struct bl_rows *rows;
    enum bl_status status = annex_a_filter(r, "edition", ANNEX_A_EDITIONS, &edition);
    if (status == BL_OK)
        status = bl_sql(r, credits, &edition, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
