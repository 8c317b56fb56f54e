/* The leadership area, clause 5: its registers, routes, signals and duties. */
#include "leadership.h"

extern const struct bl_migration bl_migrations_leadership[];
extern const struct bl_plugin bl_plugin_leadership;

static const struct bl_resource resources[] = {
    {.name = "policies",
     .singular = "policy",
     .table = "leadership.policy",
     .prefix = "POL",
     .clause = "5.2",
     .label = "Policies",
     .help = "What top management stands for: the information security policy and those on single topics.",
     .fields = leadership_policy_fields,
     .states = leadership_policy_states,
     .transitions = leadership_policy_transitions,
     .constraints = leadership_policy_constraints,
     .sort = "title",
     .retire = leadership_policy_retire},
    {.name = "acknowledgement_campaigns",
     .singular = "acknowledgement_campaign",
     .table = "leadership.acknowledgement_campaign",
     .prefix = "CALL",
     .clause = "5.2",
     .label = "Acknowledgement campaigns",
     .help = "That those whom a policy is for have read it.",
     .fields = leadership_campaign_fields,
     .states = leadership_campaign_states,
     .transitions = leadership_campaign_transitions,
     .sort = "-due_on"},
    {.name = "reminders",
     .singular = "reminder",
     .table = "leadership.reminder",
     .prefix = "REM",
     .clause = "5.2",
     .label = "Reminders",
     .help = "Who was reminded to read a policy, and when.",
     .flags = BL_APPEND_ONLY,
     .fields = leadership_reminder_fields,
     .before = leadership_reminder_before},
    {.name = "commitments",
     .singular = "commitment",
     .table = "leadership.commitment",
     .prefix = "LEAD",
     .clause = "5.1",
     .label = "Deeds of top management",
     .help = "What top management does for the ISMS, a to h, with what shows it.",
     .fields = leadership_commitment_fields,
     .relations = leadership_commitment_relations,
     .sort = "-done_on",
     .before = leadership_commitment_before},
    {.name = "roles",
     .singular = "role",
     .table = "leadership.role",
     .prefix = "ROLE",
     .clause = "5.3",
     .label = "Roles",
     .help = "Roles of the ISMS with their responsibilities and authorities.",
     .fields = leadership_role_fields,
     .constraints = leadership_role_constraints,
     .sort = "name",
     .before = leadership_role_before,
     .retire = leadership_role_retire},
    {.name = "appointments",
     .singular = "appointment",
     .table = "leadership.appointment",
     .prefix = "APPT",
     .clause = "5.3",
     .label = "Appointments",
     .help = "Who holds which role or is its deputy, from when, until when.",
     .fields = leadership_appointment_fields,
     .states = leadership_appointment_states,
     .transitions = leadership_appointment_transitions,
     .constraints = leadership_appointment_constraints,
     .sort = "-from_on",
     .before = leadership_appointment_before},
    {.name = "responsibilities",
     .singular = "responsibility",
     .table = "leadership.responsibility",
     .prefix = "RACI",
     .clause = "5.3",
     .label = "Responsibility matrix",
     .help = "Who is accountable, does it, is asked and is told, activity by activity.",
     .fields = leadership_responsibility_fields,
     .relations = leadership_responsibility_relations,
     .sort = "activity",
     .before = leadership_responsibility_before},
    {0},
};

#define COUNT "{\"type\":\"integer\"}"
#define ITEMS(more)                                                                                                              \
    "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":"           \
    "\"object\"}}" more "}}"

static const struct bl_route routes[] = {
    {.method = "GET",
     .path = "acknowledgement-campaigns/{id}/progress",
     .permission = "leadership.acknowledgement_campaign:read",
     .handler = leadership_progress,
     .summary = "Who has acknowledged the policy, who has not, and how often each was reminded",
     .answer = ITEMS(",\"have\":" COUNT ",\"have_not\":" COUNT ",\"percent\":" COUNT ",\"overdue\":{\"type\":\"boolean\"}")},
    {.method = "GET",
     .path = "commitment-summary",
     .permission = "leadership.commitment:read",
     .handler = leadership_commitment_summary,
     .summary = "The eight things that top management does, and what shows each",
     .answer = ITEMS(",\"count\":" COUNT)},
    {.method = "GET",
     .path = "responsibility-matrix",
     .permission = "leadership.responsibility:read",
     .handler = leadership_matrix,
     .summary = "Activities with the letters of their roles, and the processes and controls they belong to",
     .answer = ITEMS(",\"count\":" COUNT)},
    {.method = "GET",
     .path = "gaps",
     .permission = "leadership.gap:read",
     .handler = leadership_gaps,
     .summary = "What clause 5 still lacks",
     .answer = ITEMS(",\"count\":" COUNT ",\"more\":{\"type\":\"boolean\"}")},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"deeds_shown", "5.1", "Deeds of top management shown within a year, of eight",
     "SELECT count(DISTINCT letter), 8::bigint, count(DISTINCT letter) = 8 FROM leadership.commitment WHERE " LIVE
     " AND done_on >= " LEADERSHIP_TODAY " - 365"},
    {"policy_published", "5.2", "The information security policy is published",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM leadership.policy WHERE " LIVE
     " AND level = 'top' AND status = 'published'"},
    {"policies_reviewed", "5.2", "Published policies whose review is not overdue",
     "SELECT count(*) FILTER (WHERE review_on >= " LEADERSHIP_TODAY
     "), count(*), count(*) > 0 AND bool_and(review_on >= " LEADERSHIP_TODAY ") FROM leadership.policy WHERE " LIVE
     " AND status = 'published'"},
    {"policy_acknowledged", "5.2", "Persons who have acknowledged the information security policy",
     "SELECT count(*) FILTER (WHERE a.id IS NOT NULL), count(*), count(*) > 0 AND bool_and(a.id IS NOT NULL)"
     " FROM leadership.policy o JOIN support.person p ON p.tenant_id = $1 AND " LEADERSHIP_MEANT
     " LEFT JOIN support.acknowledgement a ON a.tenant_id = $1"
     " AND a.version_id = o.version_id AND a.member_id = p.member_id"
     " WHERE o.tenant_id = $1 AND o.archived_at IS NULL AND o.level = 'top' AND o.status = 'published'"},
    {"roles_held", "5.3", "Roles of the ISMS that somebody holds",
     "SELECT count(*) FILTER (WHERE held), count(*), count(*) > 0 AND bool_and(held) FROM (SELECT EXISTS (SELECT FROM "
     "leadership.appointment a WHERE a.tenant_id = $1 AND a.role_id = o.id AND a.part = 'holder' AND a.status = 'in_force' AND "
     "a.archived_at IS NULL) AS held FROM leadership.role o WHERE o.tenant_id = $1 AND o.archived_at IS NULL) o"},
    {"reporting_role", "5.3", "Somebody reports to top management",
     "SELECT count(*), NULL::bigint, count(*) > 0 FROM leadership.appointment a JOIN leadership.role o ON o.tenant_id = $1 AND "
     "o.id = a.role_id AND o.archived_at IS NULL AND o.duty IN ('reporting', 'both') WHERE a.tenant_id = $1 AND a.archived_at IS "
     "NULL AND a.part = 'holder' AND a.status = 'in_force'"},
    {0},
};

static const struct bl_duty duties[] = {
    {.name = "end_appointments", .period = 6 * 3600, .run = leadership_end_appointments},
    {.name = "remind_readers", .period = 6 * 3600, .run = leadership_remind_readers},
    {0},
};

const struct bl_plugin bl_plugin_leadership = {
    .abi = BL_ABI,
    .name = "leadership",
    .version = "1.0.0",
    .clause = "5",
    .label = "Leadership",
    .help = "What top management stands for and does, and who holds which role.",
    .requires = "support",
    .permissions = "gap:read",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_leadership,
    .signals = signals,
    .duties = duties,
    .reports = leadership_reports,
};
