/* What clause 8 and the operational controls still lack here. One statement finds every gap; the words for each kind are a table.
 */
#include "operation.h"
#include <stdio.h>
#include <string.h>

static const struct bl_gap kinds[] = {
    {"asset_missing", "No asset is listed", "List what is worth protecting, the weightiest first."},
    {"asset_without_owner", "An asset without an owner", "Name who answers for: %s."},
    {"asset_unsupported", "An asset is out of support", "Replace, renew or retire: %s."},
    {"asset_lost", "An asset is lost", "Find, or write off with what follows from it: %s."},
    {"asset_not_disposed", "A retired asset is not disposed of", "Erase, destroy or hand back, with proof: %s."},
    {"return_overdue", "Something handed out is overdue", "Get it back, or note that it is missing: %s."},
    {"supplier_not_approved", "Others do our work without approval", "Approve, or take the process away from: %s."},
    {"supplier_agreement_lapsed", "An agreement has run out", "Renew the agreement, or end the service of: %s."},
    {"supplier_clauses_missing", "An agreement lacks security clauses", "%s. Agree on them, or note that they are agreed."},
    {"supplier_certificate_lapsed", "A supplier's certificate has run out", "Ask for the new one, or assess anew: %s."},
    {"supplier_certificate_unread", "A certificate whose scope nobody has read", "Read whether it covers our service: %s."},
    {"supplier_not_assessed", "A supplier's assessment is due", "Assess: %s."},
    {"supplier_failed", "A supplier did not pass its assessment", "Have it mended, suspend it, or note why it may go on: %s."},
    {"supplier_without_exit", "No way out of a supplier", "Say how we get away from: %s."},
    {"sub_supplier_not_agreed", "A sub-supplier that nobody agreed to", "Agree to it, or object: %s."},
    {"outsourced_not_controlled", "Control of an outsourced process is not determined",
     "Name who steers it, by which methods, and what is done: %s."},
    {"change_not_reviewed", "The consequences of a change are not reviewed", "Look at what it did: %s."},
    {"change_overdue", "An approved change is overdue", "Do it, plan it anew, or cancel it: %s."},
    {"plan_missing", "No operational plan runs", "Say what is done to run the ISMS, by which criteria, and approve it."},
    {"plan_overdue", "An operational plan is not carried out", "Do it and record it: %s."},
    {"event_not_assessed", "An event waits for its assessment", "Decide whether it is an incident: %s."},
    {"notification_overdue", "A notification is overdue", "Send it with the reason for the delay, or waive it with one: %s."},
    {"incident_not_closed", "An incident is over but not closed", "Write down cause and lessons, then close: %s."},
    {"custody_broken", "A chain of custody is broken",
     "The seals do not follow from the entries: %s. Find out who changed them."},
    {"continuity_missing", "No continuity plan is approved", "Say how the work goes on when what matters most fails."},
    {"continuity_not_exercised", "A continuity plan was not tried", "Plan and hold an exercise of: %s."},
    {"continuity_missed", "A continuity plan did not reach its times", "Mend the plan or its means, and try again: %s."},
    {"obligation_missing", "No duty is listed", "List what laws, authorities and contracts ask (A.5.31)."},
    {"obligation_not_assessed", "A duty is not compared with what is done", "Decide whether it is met: %s."},
    {"obligation_not_met", "A duty is not met", "Do what is missing: %s."},
    {"review_overdue", "A review is overdue", "Look again at: %s."},
    {0},
};

#define LIVE(table) " FROM operation." table " x WHERE x.tenant_id = $1 AND x.archived_at IS NULL"
/* One kind of gap: each live record of a table that meets a condition; or a register where none does. */
#define EACH(place, code, clause, resource, table, title, condition)                                                             \
    " UNION ALL SELECT " place ", '" code "', '" clause "', '" resource "', x.id, x.ref, " title LIVE(table) " AND " condition
#define NONE(place, code, clause, resource, table, condition)                                                                    \
    " UNION ALL SELECT " place ", '" code "', '" clause "', '" resource                                                          \
    "', NULL, NULL, NULL WHERE NOT EXISTS (SELECT" LIVE(table) " AND " condition ")"
#define REVIEW(resource, table, clause, title, condition)                                                                        \
    EACH("31", "review_overdue", clause, resource, table, title, "x.review_on < current_date AND " condition)

/* Has the last exercise of a plan (x) been within its rhythm? */
#define LAST_EXERCISE(column)                                                                                                    \
    "(SELECT e." column " FROM operation.exercise e WHERE e.tenant_id = $1 AND e.plan_id = x.id AND e.status = 'held'"           \
    " AND e.archived_at IS NULL ORDER BY e.held_on DESC, e.id DESC LIMIT 1)"
#define MISSING "operation.missing_clauses(x.criticality, x.data_processed, x.security_clauses)"

/* (code, clause, resource, id, ref, name, how many in all); the first line gives the types. At most 200 of one kind, so that one
 * large import hides nothing else. */
/* clang-format off */
static const char find_gaps[] =
    "SELECT code, clause, resource, id, ref, name, total FROM (SELECT gap.*, count(*) OVER () AS total,"
    " row_number() OVER (PARTITION BY code ORDER BY id) AS n FROM ("
    "SELECT 0 AS place, '' AS code, '' AS clause, '' AS resource, NULL::uuid AS id, NULL::text AS ref, NULL::text AS name WHERE false"
    NONE("1", "asset_missing", "A.5.9", "assets", "asset", "true")
    EACH("2", "asset_without_owner", "A.5.9", "assets", "asset", "x.name", "x.owner_id IS NULL AND x.status <> 'disposed'")
    EACH("3", "asset_unsupported", "A.5.9", "assets", "asset", "x.name", "x.supported_until < current_date AND x.status = 'in_use'")
    EACH("4", "asset_lost", "A.5.9", "assets", "asset", "x.name", "x.status = 'lost'")
    EACH("5", "asset_not_disposed", "A.5.9", "assets", "asset", "x.name",
         "x.status = 'retired' AND x.updated_at < now() - interval '90 days'")
    EACH("6", "return_overdue", "A.5.11", "asset_returns", "asset_return", "x.holder", "x.status = 'issued' AND x.due_on < current_date")
    EACH("7", "supplier_not_approved", "A.5.19", "suppliers", "supplier", "x.name",
         "x.status IN ('candidate', 'suspended') AND EXISTS (SELECT FROM operation.outsourced_process p WHERE p.tenant_id = $1"
         " AND p.supplier_id = x.id AND p.archived_at IS NULL)")
    EACH("8", "supplier_agreement_lapsed", "A.5.20", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND x.agreement_until < current_date")
    EACH("9", "supplier_clauses_missing", "A.5.20", "suppliers", "supplier",
         "x.name || ' lacks ' || array_to_string(" MISSING ", ', ')", "x.status = 'approved' AND cardinality(" MISSING ") > 0")
    EACH("10", "supplier_certificate_lapsed", "A.5.22", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND x.certificate_until < current_date")
    EACH("11", "supplier_certificate_unread", "A.5.22", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND coalesce(x.certificate, '') <> '' AND x.certificate_covers IS NOT TRUE")
    EACH("12", "supplier_not_assessed", "A.5.22", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND x.criticality <> 'low' AND coalesce(x.next_assessment_on, '-infinity') < current_date")
    EACH("13", "supplier_failed", "A.5.22", "suppliers", "supplier", "x.name", "x.status = 'approved' AND x.last_passed = false")
    EACH("14", "supplier_without_exit", "A.5.23", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND x.criticality IN ('high', 'critical') AND btrim(coalesce(x.exit_plan, '')) = ''")
    EACH("15", "sub_supplier_not_agreed", "A.5.21", "suppliers", "supplier", "x.name",
         "x.status = 'approved' AND EXISTS (SELECT FROM jsonb_array_elements(x.sub_suppliers) s"
         " WHERE (s ->> 'agreed')::boolean IS NOT TRUE)")
    EACH("16", "outsourced_not_controlled", "8.1", "outsourced_processes", "outsourced_process", "x.name", "NOT x.controlled")
    EACH("17", "change_not_reviewed", "8.1", "changes", "change", "x.title",
         "((x.kind = 'unintended' AND x.status = 'requested')"
         " OR (x.status = 'implemented' AND x.implemented_on < current_date - 30))")
    EACH("18", "change_overdue", "8.1", "changes", "change", "x.title", "x.status = 'approved' AND x.planned_on < current_date")
    NONE("19", "plan_missing", "8.1", "operational_plans", "operational_plan", "x.status IN ('active', 'completed')")
    EACH("20", "plan_overdue", "8.1", "operational_plans", "operational_plan", "x.title",
         "x.status = 'active' AND x.next_record_on < current_date")
    EACH("21", "event_not_assessed", "A.5.25", "events", "event", "x.title",
         "x.status = 'reported' AND x.noticed_at < now() - interval '3 days'")
    EACH("22", "notification_overdue", "A.5.26", "notifications", "notification", "x.recipient",
         "x.status = 'pending' AND x.due_at < now()")
    EACH("23", "incident_not_closed", "A.5.27", "incidents", "incident", "x.title",
         "x.status = 'recovered' AND x.recovered_at < now() - interval '30 days'")
    " UNION ALL SELECT 24, 'custody_broken', 'A.5.28', 'custody_entries', c.id, c.ref, c.item FROM ("
    "SELECT c.*, lag(c.seal) OVER (PARTITION BY c.incident_id, lower(c.item) ORDER BY c.sequence) AS previous"
    " FROM operation.custody_entry c WHERE c.tenant_id = $1) c"
    " WHERE c.seal <> operation.seal(coalesce(c.previous, ''), " OPERATION_SEALED ")"
    NONE("25", "continuity_missing", "A.5.30", "continuity_plans", "continuity_plan", "x.status = 'approved'")
    EACH("26", "continuity_not_exercised", "A.5.30", "continuity_plans", "continuity_plan", "x.title",
         "x.status = 'approved' AND coalesce(" LAST_EXERCISE("held_on") ", x.approved_at::date) + x.exercise_rhythm_days < current_date")
    EACH("27", "continuity_missed", "A.5.30", "continuity_plans", "continuity_plan", "x.title",
         "x.status = 'approved' AND " LAST_EXERCISE("result") " = 'missed'")
    NONE("28", "obligation_missing", "A.5.31", "obligations", "obligation", "true")
    EACH("29", "obligation_not_assessed", "A.5.31", "obligations", "obligation", "x.title", "x.status = 'identified'")
    EACH("30", "obligation_not_met", "A.5.31", "obligations", "obligation", "x.title", "x.status = 'not_met'")
    REVIEW("assets", "asset", "A.5.9", "x.name", "x.status <> 'disposed'")
    REVIEW("suppliers", "supplier", "A.5.22", "x.name", "x.status <> 'ended'")
    REVIEW("outsourced_processes", "outsourced_process", "8.1", "x.name", "true")
    REVIEW("obligations", "obligation", "A.5.31", "x.title", "x.status <> 'not_applicable'")
    ") AS gap) g WHERE n <= 200 ORDER BY place, id LIMIT 1000";
/* clang-format on */

enum { TOTAL = 6 }; /* behind the columns of a gap: how many there are in all */

/* GET gaps */
enum bl_status operation_gaps(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, find_gaps, NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows);
    int64_t total = count > 0 ? bl_integer(r, rows, 0, TOTAL) : 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++)
        bl_put_gap(r, "operation", kinds, rows, i);
    bl_json_close(r);
    bl_json_integer(r, "count", total);
    bl_json_bool(r, "more", total > count);
    bl_json_close(r);
    return BL_OK;
}
