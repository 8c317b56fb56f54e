/* Who must be told of an incident, by when: each clock runs from the incident's awareness. */
#include "operation.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUTHORITY_HOURS = 72 }; /* GDPR, article 33(1) */

const struct bl_field operation_notification_fields[] = {
    {.name = "incident_id",
     .type = BL_REF,
     .ref = "operation.incidents",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Incident",
     .help = "What is told of."},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Who is told",
     .help = "The data protection authority has 72 hours by law; the others what contract or law gives them.",
     .values = "data_protection_authority people_affected customer regulator supplier insurer police other",
     .example = "customer"},
    {.name = "recipient",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER,
     .label = "Recipient",
     .help = "Whom exactly, and by which address.",
     .min = 1,
     .max = 200,
     .example = "Port of Hamburg, security desk"},
    {.name = "obligation_id",
     .type = BL_REF,
     .ref = "operation.obligations",
     .flags = BL_FILTER,
     .label = "Duty",
     .help = "The duty of the register that asks for it. Its hours are taken when none are given."},
    {.name = "hours",
     .type = BL_INT,
     .flags = BL_FILTER,
     .label = "Hours",
     .help = "How long after the awareness. Left out: 72 for the authority, else those of the duty.",
     .min = 1,
     .max = 8760,
     .example = "24"},
    OPERATION_OWNER("Who writes and sends it."),
    {.name = "term_hours",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Term in hours",
     .help = "The hours that hold: those given, else 72 for the authority, else those of the duty."},
    {.name = "due_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Due at",
     .help = "Computed: the incident's awareness and the hours."},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Due on",
     .help = "Computed: the day of the above, UTC. It is on the calendar."},
    {.name = "sent_at", .type = BL_TIME, .flags = BL_SERVER | BL_FILTER, .label = "Sent at", .help = "Set when it is sent."},
    {.name = "how", .type = BL_TEXT, .flags = BL_SERVER, .label = "How", .help = "Set when it is sent.", .max = 1000},
    {.name = "delay_reason",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "Reason for the delay",
     .help = "Set when it is sent late.",
     .max = 2000},
    {.name = "late", .type = BL_BOOL, .flags = BL_SERVER | BL_FILTER, .label = "Late", .help = "Set when it is sent."},
    {0},
};

const struct bl_state operation_notification_states[] = {
    {.name = "pending", .label = "Pending", .help = "The clock runs.", .flags = BL_INITIAL},
    {.name = "sent", .label = "Sent", .help = "The recipient was told.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "waived", .label = "Waived", .help = "It need not be told, for the reason given.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field send_input[] = {
    {.name = "sent_at",
     .type = BL_TIME,
     .flags = BL_REQUIRED,
     .label = "Sent at",
     .help = "When it left.",
     .example = "2026-03-02T10:00:00Z"},
    {.name = "how",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "How",
     .help = "By which way, what was said, the number of the receipt.",
     .min = 1,
     .max = 1000,
     .example = "Form of the authority, receipt 4711"},
    {.name = "delay_reason", .type = BL_TEXT, .label = "Reason for the delay", .help = "Needed when it is late.", .max = 2000},
    {0},
};

static const struct bl_field note_input[] = {
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "What was added",
     .help = "What the recipient was told later.",
     .min = 1,
     .max = 2000,
     .example = "Number of people affected: 12"},
    {0},
};

static enum bl_status sent(struct bl_request *r, const struct bl_change *change)
{
    const char *incident = bl_text(change->before, "incident_id");
    struct bl_rows *rows;
    int64_t left, due;
    enum bl_status status = operation_happened(r, change->after, "sent_at");
    if (status == BL_OK)
        status = bl_sql(r,
                        "SELECT (extract(epoch FROM aware_at) * 1000000)::bigint FROM operation.incident"
                        " WHERE tenant_id = $1 AND id = $2::uuid",
                        &incident, 1, 0, &rows);
    if (status || !operation_moment(change->after, "sent_at", &left) || !operation_moment(change->before, "due_at", &due))
        return status;
    if (left < bl_integer(r, rows, 0, 0))
        return bl_fail(r, BL_UNPROCESSABLE, "before_awareness", "/sent_at",
                       "it cannot leave before anybody was aware of the incident");
    if (left > due && !bl_text(change->after, "delay_reason"))
        return bl_fail(r, BL_UNPROCESSABLE, "delay_unexplained", "/delay_reason", "it was due at %s: say why it is late",
                       bl_text(change->before, "due_at"));
    json_object_set_new(change->after, "late", json_boolean(left > due));
    return BL_OK;
}

const struct bl_transition operation_notification_transitions[] = {
    {.name = "send",
     .from = "pending",
     .to = "sent",
     .sets = "sent_at=input how=input delay_reason=input",
     .input = send_input,
     .rule = sent,
     .label = "Sent",
     .help = "The recipient was told. A late one says why."},
    {.name = "supplement",
     .from = "sent",
     .input = note_input,
     .label = "Supplement",
     .help = "The recipient was told more. What was said is in the history."},
    {.name = "waive",
     .from = "pending",
     .to = "waived",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Waive",
     .help = "Say why it need not be told, such as: no risk to the people affected, since the data were encrypted."},
    {.name = "reopen",
     .from = "waived",
     .to = "pending",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Reopen",
     .help = "It must be told after all: say why. The clock has not stopped."},
    {0},
};

/* The hours that hold. */
static enum bl_status term(struct bl_request *r, const struct bl_change *change, const char *duty, int64_t *hours)
{
    json_t *given = json_object_get(change->after, "hours");
    bool authority = operation_is(change->after, "kind", "data_protection_authority");
    *hours = json_is_integer(given) ? json_integer_value(given) : authority ? AUTHORITY_HOURS : duty ? strtol(duty, NULL, 10) : 0;
    if (authority && *hours > AUTHORITY_HOURS)
        return bl_fail(r, BL_UNPROCESSABLE, "too_long", "/hours", "the data protection authority is told within %d hours",
                       AUTHORITY_HOURS);
    if (*hours == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/hours", "give the hours, or a duty that has hours");
    return BL_OK;
}

enum bl_status operation_notification_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT (extract(epoch FROM i.aware_at) * 1000000)::bigint, o.notify_hours, o.id FROM operation.incident i"
        " LEFT JOIN operation.obligation o ON o.tenant_id = $1 AND o.id = $3::uuid WHERE i.tenant_id = $1 AND i.id = $2::uuid";
    const char *args[] = {bl_text(change->after, "incident_id"), bl_text(change->after, "obligation_id")};
    struct bl_rows *rows;
    char text[32], day[11];
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status || bl_count(r, rows) == 0 || (args[1] && !bl_cell(r, rows, 0, 2))) /* the reference says so itself */
        return status;
    int64_t hours;
    status = term(r, change, bl_cell(r, rows, 0, 1), &hours);
    if (status)
        return status;
    int64_t due = bl_integer(r, rows, 0, 0) + hours * INT64_C(3600) * 1000000;
    json_object_set_new(change->after, "term_hours", json_integer(hours));
    operation_time(due, text);
    bl_day(due, day);
    bl_set(change, "due_at", text);
    bl_set(change, "due_on", day);
    return BL_OK;
}

/* GET clocks */
enum bl_status operation_clocks(struct bl_request *r)
{
    static const char sql[] =
        "SELECT json_build_object('id', n.id, 'ref', n.ref, 'kind', n.kind, 'recipient', n.recipient, 'incident_id', i.id,"
        " 'incident_ref', i.ref, 'incident', i.title, 'severity', i.severity, 'owner_id', n.owner_id,"
        " 'aware_at', to_char(i.aware_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'term_hours', n.term_hours,"
        " 'due_at', to_char(n.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " 'minutes_left', floor(extract(epoch FROM n.due_at - now()) / 60)::bigint, 'overdue', n.due_at < now())::text"
        " FROM operation.notification n JOIN operation.incident i ON i.tenant_id = $1 AND i.id = n.incident_id"
        " WHERE n.tenant_id = $1 AND n.archived_at IS NULL AND n.status = 'pending' ORDER BY n.due_at, n.id LIMIT 1001";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        operation_items(r, rows, 1000);
    return status;
}
