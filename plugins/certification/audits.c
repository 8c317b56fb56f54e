/* The body's audits: planned, told to the client who may object to the team, held, reported, decided upon. */
#include "certification.h"
#include "fields.h"
#include <string.h>

const struct bl_field certification_audit_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Audit",
     .help = "What it is called.",
     .min = 1,
     .max = 200,
     .example = "Stage 1"},
    {.name = "certificate_id",
     .type = BL_REF,
     .ref = "certification.certificates",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Certification",
     .help = "That it belongs to."},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .values = "stage_1 stage_2 surveillance recertification special transfer",
     .initial = "stage_1",
     .label = "Kind",
     .help = "In the cycle."},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "First day",
     .help = "Of the audit.",
     .example = "2026-02-02"},
    {.name = "ends_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_DUE,
     .label = "Last day",
     .help = "Clocks of nonconformities run from it.",
     .example = "2026-02-03"},
    {.name = "days",
     .type = BL_DECIMAL,
     .scale = 2,
     .flags = BL_REQUIRED,
     .min = 0,
     .max = 1000,
     .label = "Days",
     .help = "Of all auditors together.",
     .example = "2.00"},
    {.name = "sites", .type = BL_LIST, .max = 200, .label = "Sites", .help = "That are looked at this time."},
    {.name = "remote_share",
     .type = BL_INT,
     .min = 0,
     .max = 100,
     .initial = "0",
     .label = "Remote in per cent",
     .help = "Of the time."},
    {.name = "plan",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Plan",
     .help = "Criteria, scope, who looks at what, when. The client reads it.",
     .max = 20000,
     .example = "Day 1: scope, risk work. Day 2: server room, restore drill."},
    {.name = "report",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Report",
     .help = "The client reads it when the audit is concluded.",
     .max = 20000,
     .example = "The management system is written down and in use."},
    {.name = "notes",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Notes of the team",
     .help = "Stay inside the body.",
     .max = 20000},
    {.name = "objection",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .max = 5000,
     .label = "Objection",
     .help = "Of the client against a member of the team."},
    {.name = "announced_at",
     .type = BL_TIME,
     .flags = BL_SERVER,
     .label = "Announced at",
     .help = "Set when the client is told."},
    {.name = "concluded_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Concluded",
     .help = "Set with the report."},
    CERTIFICATION_ANSWERED,
    {0},
};

const struct bl_state certification_audit_states[] = {
    {.name = "planned", .label = "Planned", .help = "Being put together.", .flags = BL_INITIAL},
    {.name = "announced", .label = "Announced", .help = "The client knows plan and team and may object."},
    {.name = "objected", .label = "Objected", .help = "The client objects to a member of the team."},
    {.name = "agreed", .label = "Agreed", .help = "The client has no objection."},
    {.name = "concluded", .label = "Concluded", .help = "Held and reported.", .flags = BL_FROZEN},
    {.name = "used", .label = "Decided upon", .help = "A decision rests on it.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "Not held.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* A leader, every area covered on all days of the audit, and nobody with a conflict. */
static const char team_complete[] =
    "SELECT '', 'leader_missing', 'name one leader of the team'"
    " WHERE (SELECT count(*) FROM certification.team_member t WHERE t.tenant_id = $1 AND t.audit_id = $2 AND t.archived_at IS "
    "NULL"
    " AND t.duty = 'leader') <> 1"
    " UNION ALL SELECT '', 'area_not_covered', format('nobody of the team has a competence in %s that holds on all days of the "
    "audit', replace(area, '_', ' '))"
    " FROM certification.audit x CROSS JOIN LATERAL unnest(string_to_array('" CERTIFICATION_AREAS "', ' ')) area"
    " WHERE x.tenant_id = $1 AND x.id = $2 AND NOT EXISTS (SELECT FROM certification.team_member t"
    " JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id = t.auditor_id"
    " CROSS JOIN LATERAL jsonb_array_elements(u.competences) k WHERE t.tenant_id = $1 AND t.audit_id = x.id AND t.archived_at IS "
    "NULL"
    " AND t.duty <> 'observer' AND k ->> 'area' = area AND coalesce((k ->> 'from_on')::date, '-infinity') <= x.starts_on"
    " AND coalesce((k ->> 'until_on')::date, 'infinity') >= x.ends_on)"
    " UNION ALL SELECT '', 'not_impartial', format('%s has no declaration about this client that clears the way', u.name)"
    " FROM certification.audit x JOIN certification.team_member t ON t.tenant_id = x.tenant_id AND t.audit_id = x.id AND "
    "t.archived_at IS NULL"
    " JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id = t.auditor_id WHERE x.tenant_id = $1 AND x.id = $2"
    " AND " CERTIFICATION_NOT_CLEARED;

/* The certificate's step says so in its own transaction, and nothing else does. */
static const char by_step[] = "SELECT '', 'by_step', 'this happens when the certificate takes the step that rests on the audit'"
                              " FROM certification.audit WHERE tenant_id = $1 AND id = $2"
                              " AND coalesce(current_setting('ballium.certification_step', true), '') = ''";

static enum bl_status conclude(struct bl_request *r, const struct bl_change *change)
{
    if (certification_day_in(change->after, "ends_on") > certification_latest_today(r))
        return bl_fail(r, BL_UNPROCESSABLE, "not_over", "/ends_on", "the last day of the audit is still to come");
    return BL_OK;
}

static enum bl_status tell(struct bl_request *r, const struct bl_change *change)
{
    return certification_tell(r, CERTIFICATION_AUDIT, change->id);
}

const struct bl_transition certification_audit_transitions[] = {
    {.name = "announce",
     .from = "planned",
     .to = "announced",
     .needs = "plan",
     .guard = team_complete,
     .sets = "announced_at=now",
     .after = tell,
     .label = "Announce",
     .help = "Tells the client plan and team. Every area of competence must be covered."},
    {.name = "agree", .from = "announced", .to = "agreed", .label = "Agreed", .help = "The client has no objection."},
    {.name = "object",
     .from = "announced",
     .to = "objected",
     .input = certification_objection_input,
     .sets = "objection=input",
     .label = "Objection",
     .help = "The client objects to a member of the team."},
    {.name = "replan",
     .from = "announced objected agreed",
     .to = "planned",
     .after = tell,
     .label = "Plan anew",
     .help = "Change team or days, then announce again."},
    {.name = "conclude",
     .from = "agreed",
     .to = "concluded",
     .needs = "report",
     .sets = "concluded_on=today",
     .rule = conclude,
     .after = tell,
     .label = "Conclude",
     .help = "Held and reported; the client gets the report."},
    {.name = "use",
     .from = "concluded",
     .to = "used",
     .permission = "read", /* auditors and deciders both take such steps; the guard refuses everybody else */
     .guard = by_step,
     .label = "Decided upon",
     .help = "Happens by itself when the certificate takes the step that rests on it."},
    {.name = "cancel",
     .from = "planned announced objected agreed",
     .to = "cancelled",
     .flags = BL_REASON,
     .after = tell,
     .label = "Cancel",
     .help = "It is not held; say why."},
    {0},
};

enum bl_status certification_audit_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = certification_ordered(r, change->after, "starts_on", "ends_on");
    const char *state = change->before ? bl_text(change->before, "status") : "planned";
    static const char *const fixed[] = {"starts_on", "ends_on", "plan"};
    for (size_t i = 0; status == BL_OK && i < 3 && strcmp(state, "planned") != 0; i++)
        if (!json_equal(json_object_get(change->before, fixed[i]), json_object_get(change->after, fixed[i])))
            return bl_fail(r, BL_CONFLICT, "announced", NULL,
                           "days and plan were announced to the client: plan the audit anew first");
    return status;
}

/* ---- the team */

const struct bl_field certification_team_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Part",
     .help = "What this person looks at.",
     .min = 1,
     .max = 200,
     .initial = "Member of the team",
     .example = "Technology and physical controls"},
    {.name = "audit_id",
     .type = BL_REF,
     .ref = "certification.certification_audits",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Audit",
     .help = "That the person takes part in."},
    {.name = "auditor_id",
     .type = BL_REF,
     .ref = "certification.auditors",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Auditor",
     .help = "Who takes part."},
    {.name = "duty",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .values = "leader auditor expert observer",
     .initial = "auditor",
     .label = "Duty",
     .help = "One leader; an observer covers no competence."},
    {0},
};

const struct bl_constraint certification_team_constraints[] = {
    {.name = "team_member_once_key", .pointer = "/auditor_id", .code = "in_team", .detail = "this person is in the team already"},
    {0},
};

static const char team_open[] = "SELECT status FROM certification.audit WHERE tenant_id = $1 AND id = $2 FOR UPDATE";

static enum bl_status still_planned(struct bl_request *r, const json_t *member)
{
    struct bl_rows *rows;
    const char *audit = bl_text(member, "audit_id");
    enum bl_status status = bl_sql(r, team_open, &audit, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0 && strcmp(bl_cell(r, rows, 0, 0), "planned") != 0)
        return bl_fail(r, BL_CONFLICT, "announced", NULL, "the team was announced to the client: plan the audit anew first");
    return status;
}

/* An auditor with a known conflict is refused here already; one who declared nothing yet at the announcement. */
static const char conflict[] =
    "SELECT d.finding FROM certification.audit x JOIN certification.declaration d ON d.tenant_id = x.tenant_id"
    " AND d.certificate_id = x.certificate_id AND d.auditor_id = $3 AND d.archived_at IS NULL"
    " WHERE x.tenant_id = $1 AND x.id = $2 AND NOT d.cleared AND NOT EXISTS (SELECT FROM certification.declaration n WHERE"
    " n.tenant_id = $1 AND n.certificate_id = d.certificate_id AND n.auditor_id = d.auditor_id AND n.archived_at IS NULL"
    " AND (n.declared_on, n.created_at) > (d.declared_on, d.created_at))";

enum bl_status certification_team_before(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *args[] = {bl_text(change->after, "audit_id"), bl_text(change->after, "auditor_id")};
    enum bl_status status = still_planned(r, change->after);
    if (status == BL_OK)
        status = bl_sql(r, conflict, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_impartial", "/auditor_id", "refused: %s", bl_cell(r, rows, 0, 0));
    return status;
}

enum bl_status certification_team_retire(struct bl_request *r, const struct bl_change *change)
{
    return still_planned(r, change->before);
}
