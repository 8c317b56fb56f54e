/* What is due in the cycle, for a body over its clients and for a client over its certificates; the load of auditors; and the
 * deadlines that the service applies by itself. */
#include "certification.h"
#include "due.h"
#include <stdlib.h>

static const char due_days[] =
    "SELECT json_build_object('side', side, 'resource', resource, 'id', id, 'ref', ref, 'name', name, 'state', state, 'what', "
    "what, 'on', due, 'late', due < core.today(), 'days', due - core.today())::text FROM (" CERTIFICATION_DUE(
        "= $1") ") p"
                " WHERE due <= core.today() + $2::integer ORDER BY due, ref LIMIT 1001";

static enum bl_status put(struct bl_request *r, const char *sql, const char *const *args, int count)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, count, BL_FINAL, &rows);
    if (status)
        return status;
    int found = bl_count(r, rows);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < found && i < 1000; i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_bool(r, "more", found > 1000);
    bl_json_close(r);
    return BL_OK;
}

enum bl_status certification_days_ahead(struct bl_request *r, const char *unless, const char **days)
{
    const char *asked = bl_query(r, "days");
    char *end;
    long n = strtol(asked ? asked : unless, &end, 10);
    *days = asked ? asked : unless;
    if (n < 0 || n > 4000 || *end || end == *days)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter days: a number from 0 to 4000");
    return BL_OK;
}

/* GET programme?days= */
enum bl_status certification_programme(struct bl_request *r)
{
    const char *days;
    enum bl_status status = certification_days_ahead(r, "1100", &days); /* a cycle and a little */
    return status == BL_OK ? put(r, due_days, &days, 1) : status;
}

static const char auditor_load[] = "SELECT (to_jsonb(l) - 'tenant_id')::text FROM (" CERTIFICATION_LOAD(
    "= $1") ") l ORDER BY year DESC, name, auditor_id LIMIT 1001";

/* GET auditor-load */
enum bl_status certification_load(struct bl_request *r)
{
    return put(r, auditor_load, NULL, 0);
}

/* ---- deadlines */

/* clang-format off */
/* The step that time has brought, the weightiest first. What needs a person's word waits for it unless the body's settings say
 * not. */
static const char overdue[] =
    "SELECT c.id, CASE WHEN c.status = 'suspended' AND c.expires_on < core.today() THEN 'expire_suspended'"
    " WHEN c.status = 'certified' AND c.expires_on < core.today() THEN 'expire'"
    " WHEN c.status = 'certified' AND c.edition = '2013' THEN 'withdraw_edition' WHEN c.status = 'certified' THEN 'suspend_missed'"
    " WHEN c.status = 'suspended' THEN 'withdraw_unresolved' ELSE 'demand_stage2' END"
    " FROM certification.certificate c LEFT JOIN LATERAL (SELECT s.acts_by_itself FROM certification.body_setting s"
    " WHERE s.tenant_id = $1 AND s.archived_at IS NULL ORDER BY s.created_at DESC LIMIT 1) s ON true"
    " WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND ("
    "(c.status IN ('certified', 'suspended') AND c.expires_on < core.today())"
    " OR (c.status = 'certified' AND c.edition = '2013' AND core.today() > '2025-10-31')"
    " OR (coalesce(s.acts_by_itself, false) AND ((c.status = 'certified' AND c.surveillance_due_on < core.today())"
    " OR (c.status = 'suspended' AND c.suspended_until_on < core.today())"
    " OR (c.status = 'stage2_done' AND EXISTS (SELECT FROM certification.finding f JOIN certification.audit x"
    " ON x.tenant_id = f.tenant_id AND x.id = f.audit_id WHERE f.tenant_id = $1 AND x.certificate_id = c.id AND x.kind = 'stage_2'"
    " AND f.grade = 'major' AND f.status NOT IN ('verified', 'closed') AND f.archived_at IS NULL AND f.verify_by_on < core.today())))))"
    " ORDER BY c.id LIMIT 200";
/* clang-format on */

/* One that the rules refuse after all (an audit planned meanwhile) stands in the way of no other. */
static enum bl_status apply_deadlines(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, overdue, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        status = bl_transit(r, "certification.certificates", bl_cell(r, rows, i, 0), bl_cell(r, rows, i, 1), NULL, NULL);
        if (status == BL_UNPROCESSABLE || status == BL_CONFLICT)
            status = BL_OK;
    }
    return status;
}

const struct bl_duty certification_duties[] = {
    {.name = "apply_deadlines", .period = 3600, .run = apply_deadlines},
    {.name = "tell_changes", .period = 60, .run = certification_tell_changes},
    {.name = "gauge_plans", .period = 21600, .run = certification_gauge_plans},
    {.name = "end_audit_files", .period = 21600, .run = certification_file_end},
    {0},
};
