/* What happens when a day passes and nobody has acted: `ballium work` notes it once, with who answers for it, and settles the
 * note when the matter is seen to. The owner of a record is reminded by the record's own date; where it has no owner, by the
 * note. */
#include "operation.h"
#include <string.h>

const struct bl_field operation_overdue_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "What is overdue",
     .help = "The record's own words.",
     .min = 1,
     .max = 200,
     .example = "IT service firm in the house"},
    {.name = "what",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Which of its dates",
     .help =
         "A notification's clock; a day to look again; the end of an agreement, a certificate, an assessment, support or a duty; "
         "something handed out; an exercise, a change or a plan that was to be carried out.",
     .values = "notification review agreement certificate assessment support obligation handed_out exercise change plan",
     .example = "agreement"},
    {.name = "passed_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Was due on",
     .help = "The last day on which it was in time.",
     .example = "2026-03-31"},
    {.name = "subject",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Register",
     .help = "Where the record stands.",
     .min = 1,
     .max = 60,
     .example = "operation.suppliers"},
    {.name = "subject_key",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Record",
     .help = "The record's id.",
     .min = 36,
     .max = 36,
     .example = "01900000-0000-7000-8000-000000000000"},
    {.name = "subject_ref",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Number of the record",
     .help = "As people call it.",
     .min = 1,
     .max = 40,
     .example = "SUP-3"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Who answers for it",
     .help = "The record's owner; without one, who leads the incident, or owns the asset that is out."},
    {.name = "remind_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Reminded of since",
     .help = "Set where the record itself reminds nobody: it has no owner, so this note is on the calendar in its place.",
     .example = "2026-03-31"},
    {.name = "settled_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Settled on", .help = "Set by that."},
    {0},
};

const struct bl_state operation_overdue_states[] = {
    {.name = "open", .label = "Open", .help = "The day has passed and nobody has acted.", .flags = BL_INITIAL},
    {.name = "settled", .label = "Settled", .help = "Done, moved, or somebody else's now.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static enum bl_status by_itself(struct bl_request *r)
{
    return strcmp(r->actor, BL_SERVICE) == 0 ? BL_OK
                                             : bl_fail(r, BL_CONFLICT, "by_itself", NULL,
                                                       "the service notes by itself what is overdue, and settles it when the "
                                                       "record is seen to: change the record");
}

static enum bl_status settled(struct bl_request *r, const struct bl_change *change)
{
    (void)change;
    return by_itself(r);
}

enum bl_status operation_overdue_before(struct bl_request *r, const struct bl_change *change)
{
    (void)change;
    return by_itself(r);
}

const struct bl_transition operation_overdue_transitions[] = {
    {.name = "settle",
     .from = "open",
     .to = "settled",
     .sets = "settled_on=today",
     .rule = settled,
     .label = "Settle",
     .help = "Happens by itself when the record was seen to, or has another owner."},
    {0},
};

/* ---- the duty ---------------------------------------------------------------------------------------------------------- */

/* One kind of date: (what, subject, id, ref, title, owner, its own owner?, day). */
#define DATE(what, resource, table, title, answers, own, day, passed, condition)                                                 \
    " UNION ALL SELECT '" what "', 'operation." resource "', x.id::text, x.ref, " title ", " answers ", " own                    \
    " IS NOT NULL, " day " FROM operation." table " x WHERE x.tenant_id = $1 AND x.archived_at IS NULL AND " passed              \
    " AND " condition
#define OWNED(what, resource, table, title, day, condition)                                                                      \
    DATE(what, resource, table, title, "x.owner_id", "x.owner_id", "x." day, "x." day " < current_date", condition)

#define LEADER "(SELECT i.owner_id FROM operation.incident i WHERE i.tenant_id = $1 AND i.id = x.incident_id)"
#define LENDER "(SELECT coalesce(a.owner_id, a.custodian_id) FROM operation.asset a WHERE a.tenant_id = $1 AND a.id = x.asset_id)"

/* The first line gives names and types. */
/* clang-format off */
#define OVERDUE                                                                                                                  \
    "(SELECT '' AS what, '' AS subject, '' AS key, '' AS ref, '' AS title, NULL::uuid AS owner_id, false AS reminds, NULL::date" \
    " AS day WHERE false"                                                                                                        \
    DATE("notification", "notifications", "notification", "x.recipient", "coalesce(x.owner_id, " LEADER ")", "x.owner_id",       \
         "x.due_on", "x.due_at < now()", "x.status = 'pending'")                                                                 \
    DATE("handed_out", "asset_returns", "asset_return", "x.holder", "coalesce(" LENDER ", x.holder_id)", "x.holder_id",          \
         "x.due_on", "x.due_on < current_date", "x.status = 'issued'")                                                           \
    OWNED("review", "assets", "asset", "x.name", "review_on", "x.status <> 'disposed'")                                          \
    OWNED("support", "assets", "asset", "x.name", "supported_until", "x.status = 'in_use'")                                      \
    OWNED("agreement", "suppliers", "supplier", "x.name", "agreement_until", "x.status IN ('approved', 'suspended')")            \
    OWNED("certificate", "suppliers", "supplier", "x.name", "certificate_until", "x.status IN ('approved', 'suspended')")        \
    OWNED("assessment", "suppliers", "supplier", "x.name", "next_assessment_on", "x.status = 'approved'")                        \
    OWNED("review", "suppliers", "supplier", "x.name", "review_on", "x.status <> 'ended'")                                       \
    OWNED("review", "outsourced_processes", "outsourced_process", "x.name", "review_on", "true")                                 \
    OWNED("review", "obligations", "obligation", "x.title", "review_on", "x.status <> 'not_applicable'")                         \
    OWNED("obligation", "obligations", "obligation", "x.title", "valid_until", "x.status <> 'not_applicable'")                   \
    OWNED("exercise", "exercises", "exercise", "x.title", "planned_on", "x.status = 'planned'")                                  \
    OWNED("change", "changes", "change", "x.title", "planned_on", "x.status = 'approved'")                                       \
    OWNED("plan", "operational_plans", "operational_plan", "x.title", "next_record_on", "x.status = 'active'")                   \
    ")"

static const char fresh[] =
    "SELECT d.what, d.subject, d.key, d.ref, left(d.title, 200), d.owner_id, CASE WHEN NOT d.reminds THEN d.day END, d.day"
    " FROM " OVERDUE " d WHERE NOT EXISTS (SELECT FROM operation.overdue_notice n WHERE n.tenant_id = $1 AND n.status = 'open'"
    " AND n.archived_at IS NULL AND n.subject_key = d.key AND n.what = d.what AND n.passed_on = d.day"
    " AND n.owner_id IS NOT DISTINCT FROM d.owner_id) ORDER BY d.day, d.key LIMIT 200";

static const char over[] =
    "SELECT n.id FROM operation.overdue_notice n WHERE n.tenant_id = $1 AND n.status = 'open' AND n.archived_at IS NULL"
    " AND NOT EXISTS (SELECT FROM " OVERDUE " d WHERE d.key = n.subject_key AND d.what = n.what AND d.day = n.passed_on"
    " AND d.owner_id IS NOT DISTINCT FROM n.owner_id) ORDER BY n.id LIMIT 200";
/* clang-format on */

static enum bl_status note(struct bl_request *r, const struct bl_rows *rows, int row)
{
    static const char *const members[] = {"what",  "subject",  "subject_key", "subject_ref",
                                          "title", "owner_id", "remind_on",   "passed_on"};
    json_t *body = json_object();
    for (int i = 0; i < (int)(sizeof members / sizeof *members); i++)
        if (bl_cell(r, rows, row, i))
            json_object_set_new(body, members[i], json_string(bl_cell(r, rows, row, i)));
    enum bl_status status = bl_create(r, "operation.overdue_notices", body, NULL);
    json_decref(body);
    return status;
}

/* What was seen to first, so that a record that has another owner now is noted again for that one. */
enum bl_status operation_note_overdue(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, over, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "operation.overdue_notices", bl_cell(r, rows, i, 0), "settle", NULL, NULL);
    if (status == BL_OK)
        status = bl_sql(r, fresh, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = note(r, rows, i);
    return status;
}
