/* An incident from awareness to lessons, with its clocks and its evidence; the register of assets. Each is one statement. */
#include "operation.h"
#include <ballium/paper.h>

/* Not formatted: SQL that is put together from macros would be broken up. */
/* clang-format off */
static const char incident[] =
    "SELECT jsonb_build_object('title', 'Incident report', 'version', i.version::text, 'classification', 'confidential',"
    " 'subtitle', i.ref || ' ' || i.title || CASE WHEN i.status IN ('closed', 'discarded') THEN '' ELSE ' (still open)' END,"
    " 'approval', CASE WHEN i.closed_at IS NULL OR i.status NOT IN ('closed', 'discarded') THEN '[]'::jsonb ELSE jsonb_build_array("
    BL_SIGNED("Closed by", BL_MEMBER("i.closed_by_id"), "i.closed_at::date") ") END,"
    " 'facts', jsonb_build_array(" BL_FACT("State", BL_WORDS("i.status")) ", " BL_FACT("Category", BL_WORDS("i.category")) ", "
    BL_FACT("Severity", "i.severity") ", " BL_FACT("Led by", BL_MEMBER("i.owner_id")) ", "
    BL_FACT("Began (UTC)", BL_MINUTE("i.occurred_at")) ", " BL_FACT("Aware since (UTC)", BL_MINUTE("i.aware_at")) ", "
    BL_FACT("Contained (UTC)", BL_MINUTE("i.contained_at")) ", " BL_FACT("Recovered (UTC)", BL_MINUTE("i.recovered_at")) ", "
    BL_FACT("Personal data", "CASE WHEN i.personal_data THEN 'yes, of ' || coalesce(i.persons_affected::text, 'an unknown number of')"
    " || ' people' ELSE 'no' END") ", " BL_FACT("Cost", "i.cost::text") "),"
    " 'sections', jsonb_build_array(" BL_SECTION("What happened", "i.description") ", " BL_SECTION("Consequences", "i.impact") ", "
    BL_SECTION("Containment", "i.containment") ", " BL_SECTION("Eradication", "i.eradication") ", "
    BL_SECTION("Recovery", "i.recovery") ", " BL_SECTION("Cause", "i.root_cause") ", " BL_SECTION("Lessons learned", "i.lessons") ", "
    BL_TABLE("Timeline",
             BL_COLUMN("At (UTC)", 16, "text") ", " BL_COLUMN("Kind", 13, "text") ", " BL_COLUMN("What", 60, "text") ", "
             BL_COLUMN("By", 16, "text"),
             "SELECT row_number() OVER (ORDER BY t.at, t.id) AS place, jsonb_build_array(" BL_MINUTE("t.at") ", t.kind, t.text, "
             "coalesce(" BL_MEMBER("t.by_id") ", 'the service')) AS cells FROM " OPERATION_TIMELINE " t") ", "
    BL_TABLE("Notifications",
             BL_COLUMN("No.", 8, "text") ", " BL_COLUMN("Recipient", 26, "text") ", " BL_COLUMN("Hours", 8, "number") ", "
             BL_COLUMN("Due (UTC)", 16, "text") ", " BL_COLUMN("Sent (UTC)", 16, "text") ", " BL_COLUMN("State", 10, "text") ", "
             BL_COLUMN("Reason for the delay", 21, "text"),
             "SELECT n.id AS place, jsonb_build_array(n.ref, n.recipient, n.term_hours, " BL_MINUTE("n.due_at") ", "
             BL_MINUTE("n.sent_at") ", n.status || CASE WHEN n.late OR (n.status = 'pending' AND n.due_at < now()) THEN ', late' ELSE ''"
             " END, n.delay_reason) AS cells FROM operation.notification n WHERE n.tenant_id = $1 AND n.incident_id = i.id"
             " AND n.archived_at IS NULL") ", "
    BL_TABLE("Evidence",
             BL_COLUMN("Piece", 20, "text") ", " BL_COLUMN("No.", 6, "number") ", " BL_COLUMN("At (UTC)", 16, "text") ", "
             BL_COLUMN("What", 12, "text") ", " BL_COLUMN("From", 14, "text") ", " BL_COLUMN("To", 14, "text") ", "
             BL_COLUMN("SHA-256", 23, "text"),
             "SELECT row_number() OVER (ORDER BY lower(c.item), c.sequence) AS place, jsonb_build_array(c.item, c.sequence, "
             BL_MINUTE("c.at") ", c.action, coalesce(c.handed_by, ''), c.held_by, c.digest) AS cells"
             " FROM operation.custody_entry c WHERE c.tenant_id = $1 AND c.incident_id = i.id") ", "
    BL_TABLE("Assets",
             BL_COLUMN("No.", 10, "text") ", " BL_COLUMN("Asset", 60, "text") ", " BL_COLUMN("Classification", 14, "text"),
             "SELECT a.id AS place, jsonb_build_array(a.ref, a.name, a.classification) AS cells FROM core.link l"
             " JOIN operation.asset a ON a.tenant_id = $1 AND a.id = l.to_id WHERE l.tenant_id = $1 AND l.from_id = i.id"
             " AND l.relation = 'operation.incidents.assets'") "))::text"
    " FROM operation.incident i WHERE i.tenant_id = $1 AND i.id = $2::uuid";

#define COUNTED(condition)                                                                                                       \
    "(SELECT count(*)::text FROM operation.asset a WHERE " OPERATION_LIVE_ASSET " AND " condition ")"

static const char assets[] =
    OPERATION_INHERITED " SELECT jsonb_build_object('title', 'Register of assets', 'subtitle',"
    " 'What is worth protecting, the weightiest first', 'classification', 'confidential', 'facts', jsonb_build_array("
    BL_FACT("Assets", COUNTED("true")) ", " BL_FACT("Without an owner", COUNTED("a.owner_id IS NULL")) ", "
    BL_FACT("Confidential or secret", COUNTED("a.classification IN ('confidential', 'secret')")) ", "
    BL_FACT("With personal data", COUNTED("a.personal_data")) "),"
    " 'sections', jsonb_build_array("
    BL_TABLE("Assets",
             BL_COLUMN("No.", 9, "text") ", " BL_COLUMN("Asset", 34, "text") ", " BL_COLUMN("Kind", 14, "text") ", "
             BL_COLUMN("Inventory number", 13, "text") ", " BL_COLUMN("Owner", 18, "text") ", " BL_COLUMN("Class", 12, "text") ", "
             BL_COLUMN("C", 4, "number") ", " BL_COLUMN("I", 4, "number") ", " BL_COLUMN("A", 4, "number") ", "
             BL_COLUMN("Value", 8, "number") ", " BL_COLUMN("Where", 18, "text") ", " BL_COLUMN("State", 10, "text") ", "
             BL_COLUMN("Next review", 11, "date"),
             "SELECT row_number() OVER (ORDER BY greatest(l.c, l.i, l.a, 1) DESC, a.name, a.id) AS place, jsonb_build_array(a.ref,"
             " a.name, a.kind, a.inventory_number, " BL_MEMBER("a.owner_id") ", a.classification, coalesce(l.c, 1), coalesce(l.i, 1),"
             " coalesce(l.a, 1), greatest(l.c, l.i, l.a, 1), a.location, " BL_WORDS("a.status") ", a.review_on) AS cells"
             " FROM operation.asset a LEFT JOIN level l ON l.id = a.id WHERE " OPERATION_LIVE_ASSET) "))::text WHERE $1::uuid IS NOT NULL";
/* clang-format on */

static enum bl_status make_incident(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, incident, "incident", order, document);
}

static enum bl_status make_assets(struct bl_request *r, const json_t *order, json_t **document)
{
    return bl_paper(r, assets, NULL, order, document);
}

const struct bl_report operation_reports[] = {
    {.name = "incident", .label = "Incident report", .permission = "operation.incident:read", .make = make_incident},
    {.name = "asset_register", .label = "Register of assets", .permission = "operation.asset:read", .make = make_assets},
    {0},
};
