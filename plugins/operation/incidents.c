/* A.5.26, A.5.27: an incident from awareness to lessons learned. */
#include "operation.h"
#include <string.h>

const struct bl_field operation_incident_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Incident",
     .help = "What happened, in one line.",
     .min = 1,
     .max = 200,
     .example = "Password given away in a forged mail"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is known",
     .help = "Kept up to date while it is worked on; single observations go on the timeline.",
     .max = 10000},
    {.name = "category",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Category",
     .help = "What sort of incident it is.",
     .values = "malware phishing unauthorised_access disclosure loss_or_theft outage misuse physical supplier error "
               "vulnerability other",
     .example = "phishing"},
    {.name = "severity",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Severity",
     .help = "Low: one person's work. Medium: a team's. High: the business, customers or people are harmed. Critical: it may end "
             "the business or endanger lives. High and critical ones close with cause and lessons only.",
     .values = "low medium high critical",
     .example = "medium"},
    {.name = "occurred_at",
     .type = BL_TIME,
     .flags = BL_FILTER,
     .label = "Began at",
     .help = "When it began, as far as is known. Not after the awareness.",
     .example = "2026-03-01T07:50:00Z"},
    {.name = "aware_at",
     .type = BL_TIME,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Aware since",
     .help = "When it was clear that this is an incident. Every clock runs from here.",
     .example = "2026-03-01T08:30:00Z"},
    OPERATION_OWNER("Who leads the response."),
    {.name = "personal_data",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Personal data",
     .help = "Are data about people touched? Then a notification to the authority is opened, due 72 hours after the awareness.",
     .initial = "false",
     .example = "false"},
    {.name = "persons_affected",
     .type = BL_INT,
     .flags = BL_FILTER,
     .label = "People affected",
     .help = "How many, as far as is known.",
     .min = 0,
     .max = 2000000000,
     .example = "1"},
    {.name = "impact",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Consequences",
     .help = "What it did or may do: to whom, to which information, for how long.",
     .max = 10000},
    {.name = "containment",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Containment",
     .help = "What keeps it from spreading.",
     .max = 10000,
     .example = "Account locked, sessions ended."},
    {.name = "eradication",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Eradication",
     .help = "How its cause was removed from the systems.",
     .max = 10000,
     .example = "Forwarding rule removed, password changed."},
    {.name = "recovery",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Recovery",
     .help = "How work came back, and what shows that it did.",
     .max = 10000,
     .example = "Account open again with a second factor; no odd log-in for a week."},
    {.name = "root_cause",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Cause",
     .help = "Why it could happen, not who was there.",
     .max = 10000,
     .example = "Mail from outside is not marked, and a password was enough."},
    {.name = "lessons",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Lessons learned",
     .help = "What will be different: controls, risks, training. Link them.",
     .max = 10000,
     .example = "Second factor for all; mail from outside is marked."},
    {.name = "cost",
     .type = BL_DECIMAL,
     .flags = BL_FILTER,
     .label = "Cost",
     .help = "What it cost in all, in the organisation's currency.",
     .min = 0,
     .max = 1000000000,
     .scale = 2,
     .example = "1200.00"},
    {.name = "contained_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Contained at",
     .help = "Set by its step."},
    {.name = "eradicated_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Eradicated at",
     .help = "Set by its step."},
    {.name = "recovered_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Recovered at",
     .help = "Set by its step."},
    {.name = "closed_at", .type = BL_TIME, .flags = BL_SERVER | BL_FILTER, .label = "Closed at", .help = "Set by its step."},
    {.name = "closed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Closed by",
     .help = "Set by its step."},
    {0},
};

const struct bl_relation operation_incident_relations[] = {
    {.name = "assets", .to = "operation.assets", .inverse = "incidents", .label = "Assets", .help = "What it touched."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "incidents",
     .label = "Controls",
     .help = "The controls that failed, helped, or will be changed."},
    {.name = "risks",
     .to = "planning.risks",
     .inverse = "incidents",
     .label = "Risks",
     .help = "The risks that it made true. Each is to be assessed again."},
    {.name = "nonconformities",
     .to = "improvement.nonconformities",
     .inverse = "incidents",
     .label = "Nonconformities",
     .help = "What it showed not to be as it should."},
    {.name = "corrective_actions",
     .to = "improvement.corrective_actions",
     .inverse = "incidents",
     .label = "Corrective actions",
     .help = "What is done so that it does not come again."},
    {0},
};

const struct bl_state operation_incident_states[] = {
    {.name = "open", .label = "Open", .help = "It is going on.", .flags = BL_INITIAL},
    {.name = "contained", .label = "Contained", .help = "It spreads no further."},
    {.name = "eradicated", .label = "Eradicated", .help = "Its cause is out of the systems."},
    {.name = "recovered", .label = "Recovered", .help = "Work is as before; cause and lessons are being written."},
    {.name = "closed", .label = "Closed", .help = "Over, and learned from.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "discarded", .label = "False alarm", .help = "It was none.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define CLOCKS_RUN                                                                                                               \
    "SELECT '/status', 'notification_pending', format('%s to %s is neither sent nor waived', n.ref, n.recipient)"                \
    " FROM operation.notification n WHERE n.tenant_id = $1 AND n.incident_id = $2 AND n.archived_at IS NULL"                     \
    " AND n.status = 'pending'"

static const char unlearned[] = CLOCKS_RUN
    " UNION ALL SELECT x.pointer, x.code, x.detail FROM operation.incident i CROSS JOIN LATERAL (VALUES"
    " ('/root_cause', 'cause_missing', i.root_cause, 'say why it could happen: an incident of this severity does not close "
    "without its cause'),"
    " ('/lessons', 'lessons_missing', i.lessons, 'say what will be different: an incident of this severity does not close "
    "without its lessons')) AS x (pointer, code, value, detail)"
    " WHERE i.tenant_id = $1 AND i.id = $2 AND i.severity IN ('high', 'critical')"
    " AND btrim(coalesce(x.value, ''), E' \\t\\r\\n') = ''";

const struct bl_transition operation_incident_transitions[] = {
    {.name = "contain",
     .from = "open",
     .to = "contained",
     .needs = "owner_id containment",
     .sets = "contained_at=now",
     .label = "Contained",
     .help = "It spreads no further, and somebody leads the response."},
    {.name = "eradicate",
     .from = "contained",
     .to = "eradicated",
     .needs = "eradication",
     .sets = "eradicated_at=now",
     .label = "Eradicated",
     .help = "Its cause is out of the systems."},
    {.name = "recover",
     .from = "contained eradicated",
     .to = "recovered",
     .needs = "recovery",
     .sets = "recovered_at=now",
     .label = "Recovered",
     .help = "Work is as before. From contained when there was nothing to eradicate."},
    {.name = "close",
     .from = "recovered",
     .to = "closed",
     .permission = "close",
     .sets = "closed_at=now closed_by_id=actor",
     .guard = unlearned,
     .label = "Close",
     .help = "Every notification is sent or waived; high and critical ones have cause and lessons."},
    {.name = "discard",
     .from = "open contained",
     .to = "discarded",
     .permission = "close",
     .flags = BL_REASON,
     .sets = "closed_at=now closed_by_id=actor",
     .guard = CLOCKS_RUN,
     .label = "False alarm",
     .help = "Say what it really was. Running notifications are waived first."},
    {.name = "reopen",
     .from = "closed discarded recovered",
     .to = "open",
     .flags = BL_REASON,
     .label = "Reopen",
     .help = "Say what is new."},
    {0},
};

enum bl_status operation_incident_before(struct bl_request *r, const struct bl_change *change)
{
    int64_t began, aware;
    enum bl_status status =
        operation_worse(operation_happened(r, change->after, "aware_at"), operation_happened(r, change->after, "occurred_at"));
    if (status == BL_OK && operation_moment(change->after, "occurred_at", &began) &&
        operation_moment(change->after, "aware_at", &aware) && began > aware)
        return bl_fail(r, BL_UNPROCESSABLE, "not_before_awareness", "/occurred_at",
                       "it cannot begin after somebody was aware of it");
    return status;
}

/* The clocks of an incident follow its awareness: an empty change makes each pending notification compute its own again. */
static enum bl_status move_clocks(struct bl_request *r, const char *id)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT id FROM operation.notification WHERE tenant_id = $1 AND incident_id = $2::uuid"
                                   " AND archived_at IS NULL AND status = 'pending'",
                                   &id, 1, 0, &rows);
    json_t *nothing = json_object();
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_update(r, "operation.notifications", bl_cell(r, rows, i, 0), nothing, NULL);
    json_decref(nothing);
    return status;
}

/* GDPR, article 33(1): the authority within 72 hours. Opened once; whether it is needed is then decided, with a reason. */
static enum bl_status open_clock(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT id FROM operation.notification WHERE tenant_id = $1 AND incident_id = $2::uuid"
                                   " AND archived_at IS NULL AND kind = 'data_protection_authority'",
                                   &change->id, 1, 0, &rows);
    if (status || bl_count(r, rows) > 0)
        return status;
    json_t *body = json_pack("{s:s, s:s, s:s, s:O*}", "incident_id", change->id, "kind", "data_protection_authority", "recipient",
                             "Data protection authority", "owner_id", json_object_get(change->after, "owner_id"));
    status = bl_create(r, "operation.notifications", body, NULL);
    json_decref(body);
    return status;
}

enum bl_status operation_incident_after(struct bl_request *r, const struct bl_change *change)
{
    int64_t was, is;
    enum bl_status status = BL_OK;
    if (change->before && operation_moment(change->before, "aware_at", &was) &&
        operation_moment(change->after, "aware_at", &is) && was != is)
        status = move_clocks(r, change->id);
    bool writes = !change->before || strcmp(change->verb, "update") == 0;
    if (status == BL_OK && writes && json_is_true(json_object_get(change->after, "personal_data")))
        status = open_clock(r, change);
    return status;
}
