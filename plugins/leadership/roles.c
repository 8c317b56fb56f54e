/* Clause 5.3: the roles of the ISMS with their duties and powers, and who holds them. */
#include "leadership.h"
#include <string.h>

const struct bl_field leadership_role_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Role",
     .help = "What it is called; needs of competence use the same name.",
     .min = 1,
     .max = 100,
     .example = "Information security officer"},
    {.name = "duty",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Duty of the standard",
     .help =
         "Conformity: sees to it that the ISMS meets the standard (5.3 a). Reporting: tells top management how it does (5.3 b). "
         "Both: does either. Audit: checks it from inside; not by whoever runs it. Other: none of these.",
     .values = "conformity reporting both audit other",
     .initial = "other",
     .example = "other"},
    {.name = "responsibilities",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Responsibilities",
     .help = "What whoever holds it must see to.",
     .min = 1,
     .max = 5000,
     .example = "Keeps the register of risks; calls the owners each quarter."},
    {.name = "authorities",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Authorities",
     .help = "What whoever holds it may decide or demand. A duty without power is none.",
     .min = 1,
     .max = 5000,
     .example = "May stop a release; has a budget of 5,000 a year."},
    {.name = "single",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .label = "One holder",
     .help = "True: one person holds it at a time. False: several may, such as owners of risks.",
     .initial = "true",
     .example = "true"},
    {.name = "deputy_needed",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Needs a deputy",
     .help = "Must somebody be there when the holder is not?",
     .initial = "true",
     .example = "true"},
    {.name = "announced_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Announced on",
     .help = "The day on which it was made known in the organisation who holds it and what for.",
     .example = "2026-01-15"},
    {0},
};

const struct bl_constraint leadership_role_constraints[] = {
    {.name = "role_name_key",
     .pointer = "/name",
     .code = "role_exists",
     .detail = "a role of this name is listed already: use that one"},
    {0},
};

enum bl_status leadership_role_before(struct bl_request *r, const struct bl_change *change)
{
    return bl_not_future(r, change->after, "announced_on");
}

enum bl_status leadership_role_retire(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT FROM leadership.appointment WHERE tenant_id = $1 AND role_id = $2::uuid AND status = 'in_force'),"
        " EXISTS (SELECT FROM leadership.responsibility WHERE tenant_id = $1 AND accountable_id = $2::uuid AND archived_at IS "
        "NULL)";
    struct bl_rows *rows;
    if (strcmp(change->verb, "archive") != 0)
        return BL_OK;
    enum bl_status status = leadership_row(r, sql, change->id, &rows);
    if (status == BL_OK && (bl_integer(r, rows, 0, 0) || bl_integer(r, rows, 0, 1)))
        return bl_fail(r, BL_CONFLICT, "role_in_use", NULL,
                       "somebody holds this role, or it is accountable in the matrix: end that first");
    return status;
}

const struct bl_field leadership_appointment_fields[] = {
    {.name = "role_id",
     .type = BL_REF,
     .ref = "leadership.roles",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Role",
     .help = "What the person is appointed to."},
    {.name = "person_id",
     .type = BL_REF,
     .ref = "support.persons",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Person",
     .help = "Who is appointed."},
    {.name = "part",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Holder or deputy",
     .help = "The deputy acts when the holder cannot.",
     .values = "holder deputy",
     .initial = "holder",
     .example = "holder"},
    {.name = "letter",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Letter",
     .help = "The letter of appointment, and where it is.",
     .initial = "Letter of appointment",
     .min = 1,
     .max = 200,
     .example = "Letter of appointment, personnel file"},
    {.name = "from_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "From",
     .help = "The first day.",
     .example = "2026-01-01"},
    {.name = "to_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "To",
     .help = "The last day, when it is for a time. On the calendar.",
     .example = "2028-12-31"},
    {.name = "signed_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Signed on",
     .help = "The day on which the person signed it. Without it nobody is appointed.",
     .example = "2025-12-20"},
    {.name = "appointed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Appointed by",
     .help = "Set by that."},
    {.name = "ended_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Ended on", .help = "Set by that."},
    {0},
};

const struct bl_state leadership_appointment_states[] = {
    {.name = "proposed", .label = "Proposed", .help = "Not appointed yet.", .flags = BL_INITIAL},
    {.name = "in_force", .label = "In force", .help = "The person holds the role, or is the deputy."},
    {.name = "ended", .label = "Ended", .help = "Over; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_constraint leadership_appointment_constraints[] = {
    {.name = "appointment_person_key",
     .pointer = "/person_id",
     .code = "appointed_already",
     .detail = "this person is named for this role already"},
    {0},
};

enum bl_status leadership_appointment_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = leadership_ordered(r, change, "from_on", "to_on");
    return status ? status : bl_not_future(r, change->after, "signed_on");
}

/* Not by oneself; of a role for one only one holds it; and who holds it is not his own deputy (an index sees to that). */
static const char appoint_guard[] =
    "SELECT '', 'separation_of_duties', 'nobody appoints himself: somebody else has to' FROM leadership.appointment a"
    " JOIN support.person p ON p.tenant_id = $1 AND p.id = a.person_id AND p.member_id = $3::uuid"
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid"
    " UNION ALL SELECT '/person_id', 'person_gone', format('%s no longer works here', p.name) FROM leadership.appointment a"
    " JOIN support.person p ON p.tenant_id = $1 AND p.id = a.person_id AND NOT (" LEADERSHIP_HERE ")"
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid"
    " UNION ALL SELECT '/from_on', 'too_early', format('it is for the time from %s: appoint then', a.from_on)"
    " FROM leadership.appointment a WHERE a.tenant_id = $1 AND a.id = $2::uuid AND a.from_on > " LEADERSHIP_TODAY
    " UNION ALL SELECT '/to_on', 'over_already', format('its time was over on %s', a.to_on)"
    " FROM leadership.appointment a WHERE a.tenant_id = $1 AND a.id = $2::uuid AND a.to_on < " LEADERSHIP_TODAY
    " UNION ALL SELECT '/role_id', 'role_held', format('%s holds it: end that first, or let the role have several holders', "
    "p.name)"
    " FROM leadership.appointment a JOIN leadership.role o ON o.tenant_id = $1 AND o.id = a.role_id AND o.single"
    " JOIN leadership.appointment b ON b.tenant_id = $1 AND b.role_id = a.role_id AND b.id <> a.id AND b.part = 'holder'"
    " AND b.status = 'in_force' JOIN support.person p ON p.tenant_id = $1 AND p.id = b.person_id"
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid AND a.part = 'holder'";

/* Two who appoint at once are put in a row by the role's lock; the guard's answer to the second is asked again. */
static enum bl_status appoint(struct bl_request *r, const struct bl_change *change)
{
    static const char lock[] = "SELECT single FROM leadership.role WHERE tenant_id = $1 AND id = $2::uuid FOR UPDATE";
    static const char held[] =
        "SELECT 1 FROM leadership.appointment WHERE tenant_id = $1 AND role_id = $2::uuid AND part = 'holder' "
        "AND status = 'in_force'";
    const char *role = bl_text(change->before, "role_id");
    struct bl_rows *rows, *holders;
    enum bl_status status = leadership_row(r, lock, role, &rows);
    if (status == BL_OK)
        status = bl_sql(r, held, &role, 1, 0, &holders);
    if (status == BL_OK && bl_integer(r, rows, 0, 0) && bl_count(r, holders) > 0 &&
        strcmp(bl_text(change->before, "part"), "holder") == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "role_held", "/role_id", "somebody was appointed at the same moment: look at it");
    return status;
}

const struct bl_transition leadership_appointment_transitions[] = {
    {.name = "appoint",
     .from = "proposed",
     .to = "in_force",
     .permission = "approve",
     .needs = "signed_on",
     .sets = "appointed_by_id=actor",
     .guard = appoint_guard,
     .rule = appoint,
     .label = "Appoint",
     .help = "By top management, and not oneself."},
    {.name = "end",
     .from = "proposed in_force",
     .to = "ended",
     .flags = BL_REASON,
     .sets = "ended_on=today",
     .label = "End",
     .help = "The person holds it no longer; say why. Happens by itself after the last day."},
    {0},
};

enum bl_status leadership_end_appointments(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT id FROM leadership.appointment WHERE tenant_id = $1 AND archived_at IS NULL AND status IN ('proposed', "
               "'in_force') AND to_on < " LEADERSHIP_TODAY " ORDER BY to_on LIMIT 200",
               NULL, 0, 0, &rows);
    json_t *input = json_pack("{s:s}", "reason", "Its last day has passed");
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "leadership.appointments", bl_cell(r, rows, i, 0), "end", input, NULL);
    json_decref(input);
    return status;
}
