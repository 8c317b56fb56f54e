/* A.5.24, A.5.25, A.6.8: what people report, and the decision whether it is an incident. */
#include "operation.h"
#include <string.h>

#define CATEGORIES                                                                                                               \
    "malware phishing unauthorised_access disclosure loss_or_theft outage misuse physical supplier error vulnerability other"

const struct bl_field operation_event_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What was noticed",
     .help = "In one line, without blame.",
     .min = 1,
     .max = 200,
     .example = "A mail asked for my password"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Details",
     .help = "What was seen, what was done since, who else knows.",
     .max = 10000,
     .example = "I had opened the link before I wondered about the address."},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "An event: something happened. A weakness: something could.",
     .values = "event weakness",
     .initial = "event",
     .example = "event"},
    {.name = "noticed_at",
     .type = BL_TIME,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Noticed at",
     .help = "When somebody first saw it.",
     .example = "2026-03-01T08:30:00Z"},
    {.name = "place",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Where",
     .help = "Room, system, on the road.",
     .max = 200,
     .example = "Mailbox of the sales team"},
    {.name = "channel",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "How it reached us",
     .help = "Who or what brought it up.",
     .values = "member form monitoring supplier customer authority",
     .initial = "member",
     .example = "member"},
    {.name = "reporter_name",
     .type = BL_TEXT,
     .flags = BL_PERSONAL,
     .label = "Reporter",
     .help = "Who reported it, when that is not who wrote it down. May stay empty.",
     .max = 200},
    {.name = "reporter_contact",
     .type = BL_TEXT,
     .flags = BL_PERSONAL,
     .label = "How to reach the reporter",
     .help = "Telephone or e-mail, for questions.",
     .max = 200},
    OPERATION_OWNER("Who looks at it."),
    {.name = "assessed_at",
     .type = BL_TIME,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Assessed at",
     .help = "Set by the decision."},
    {.name = "assessed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Assessed by",
     .help = "Set by the decision."},
    {.name = "incident_id",
     .type = BL_REF,
     .ref = "operation.incidents",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Incident",
     .help = "Set when it is declared one, or part of one."},
    {0},
};

const struct bl_state operation_event_states[] = {
    {.name = "reported", .label = "Reported", .help = "Waits for somebody to assess it.", .flags = BL_INITIAL},
    {.name = "incident", .label = "Incident", .help = "Is, or belongs to, an incident.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dismissed", .label = "No incident", .help = "Assessed, and none.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field declare_input[] = {
    {.name = "severity",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Severity",
     .help = "See the incident.",
     .values = "low medium high critical",
     .example = "medium"},
    {.name = "category",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Category",
     .help = "See the incident.",
     .values = CATEGORIES,
     .example = "phishing"},
    {.name = "aware_at",
     .type = BL_TIME,
     .label = "Aware since",
     .help = "When it was clear that it is one: clocks run from here. Left out: when the event was written down here."},
    {.name = "personal_data",
     .type = BL_BOOL,
     .label = "Personal data",
     .help = "Are data about people touched? Starts the clock of 72 hours."},
    {0},
};

static const struct bl_field attach_input[] = {
    {.name = "incident_id",
     .type = BL_REF,
     .ref = "operation.incidents",
     .flags = BL_REQUIRED,
     .label = "Incident",
     .help = "The incident that it is part of."},
    {0},
};

static json_t *given_or(const struct bl_change *change, const char *name, json_t *otherwise)
{
    json_t *given = json_object_get(change->input, name);
    if (!given || json_is_null(given))
        return otherwise;
    json_decref(otherwise);
    return json_incref(given);
}

/* From event to incident in one act: the incident is made before the event's row is written, so that the row names it. */
static enum bl_status declare(struct bl_request *r, const struct bl_change *change)
{
    json_t *record = NULL;
    json_t *body =
        json_pack("{s:O, s:O*, s:O, s:O, s:o, s:o, s:O*}", "title", json_object_get(change->before, "title"), "description",
                  json_object_get(change->before, "description"), "severity", json_object_get(change->input, "severity"),
                  "category", json_object_get(change->input, "category"), "aware_at",
                  given_or(change, "aware_at", json_incref(json_object_get(change->before, "created_at"))), "personal_data",
                  given_or(change, "personal_data", json_false()), "owner_id", json_object_get(change->before, "owner_id"));
    if (!body)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
    enum bl_status status = bl_create(r, "operation.incidents", body, &record);
    json_decref(body);
    if (status == BL_OK)
        bl_set(change, "incident_id", bl_text(record, "id"));
    return status;
}

static enum bl_status attach(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "incident_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT ref FROM operation.incident WHERE tenant_id = $1 AND id = $2::uuid"
                                   " AND archived_at IS NULL AND status NOT IN ('closed', 'discarded')",
                                   &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "no_open_incident", "/incident_id", "there is no open incident of that id");
    return status;
}

static enum bl_status start_over(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    bl_set(change, "assessed_at", NULL);
    bl_set(change, "assessed_by_id", NULL);
    return BL_OK;
}

const struct bl_transition operation_event_transitions[] = {
    {.name = "declare",
     .from = "reported",
     .to = "incident",
     .sets = "assessed_at=now assessed_by_id=actor",
     .input = declare_input,
     .rule = declare,
     .label = "Declare an incident",
     .help = "It is one: the incident is made in the same act, with its clocks."},
    {.name = "attach",
     .from = "reported",
     .to = "incident",
     .sets = "assessed_at=now assessed_by_id=actor incident_id=input",
     .input = attach_input,
     .rule = attach,
     .label = "Add to an incident",
     .help = "It belongs to an incident that is open already."},
    {.name = "dismiss",
     .from = "reported",
     .to = "dismissed",
     .flags = BL_REASON,
     .sets = "assessed_at=now assessed_by_id=actor",
     .label = "No incident",
     .help = "Say why it is none, and what is done about a weakness."},
    {.name = "reopen",
     .from = "dismissed",
     .to = "reported",
     .flags = BL_REASON,
     .rule = start_over,
     .label = "Reopen",
     .help = "Say what is new."},
    {0},
};

enum bl_status operation_event_before(struct bl_request *r, const struct bl_change *change)
{
    return operation_happened(r, change->after, "noticed_at");
}
