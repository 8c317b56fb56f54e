/* Clauses 5.2 f and 7.3 a: that those whom a policy is for have read it; who has, who has not, and who was reminded. */
#include "leadership.h"
#include <stdio.h>
#include <string.h>

const struct bl_field leadership_campaign_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Campaign",
     .help = "What readers see it called.",
     .min = 1,
     .max = 200,
     .example = "Read the access policy"},
    {.name = "policy_id",
     .type = BL_REF,
     .ref = "leadership.policies",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Policy",
     .help = "What is to be read, by those whom the policy is for."},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "Until",
     .help = "The day by which everybody has read it.",
     .example = "2027-02-28"},
    {.name = "remind_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Reminded every … days",
     .help = "How long the service waits before it reminds those who are missing again.",
     .initial = "7",
     .min = 1,
     .max = 90,
     .example = "7"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who runs it."},
    {.name = "version_id",
     .type = BL_REF,
     .ref = "support.document_versions",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Version",
     .help = "Taken from the policy when it was started."},
    {.name = "started_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Started on", .help = "Set by that."},
    {.name = "closed_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Closed on", .help = "Set by that."},
    {.name = "reminded_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Last reminder", .help = "Set by that."},
    {.name = "expected",
     .type = BL_INT,
     .flags = BL_SERVER,
     .label = "Persons meant",
     .help = "Counted when it was closed.",
     .min = 0,
     .max = 1000000},
    {.name = "acknowledged",
     .type = BL_INT,
     .flags = BL_SERVER,
     .label = "Persons who have",
     .help = "Counted when it was closed.",
     .min = 0,
     .max = 1000000},
    {0},
};

const struct bl_state leadership_campaign_states[] = {
    {.name = "draft", .label = "Draft", .help = "Not begun.", .flags = BL_INITIAL},
    {.name = "running", .label = "Running", .help = "Readers are called and reminded."},
    {.name = "closed", .label = "Closed", .help = "Over; its figures are kept.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "It was not held.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* Each person p whom the campaign c is for, and the acknowledgement a that there is. */
#define READERS                                                                                                                  \
    " FROM leadership.acknowledgement_campaign c JOIN leadership.policy o ON o.tenant_id = $1 AND o.id = c.policy_id"            \
    " JOIN support.person p ON p.tenant_id = $1 AND " LEADERSHIP_MEANT                                                           \
    " LEFT JOIN support.acknowledgement a ON a.tenant_id = $1 AND a.version_id = c.version_id AND a.member_id = p.member_id"     \
    " WHERE c.tenant_id = $1 AND c.id = $2::uuid"

static const char not_published[] =
    "SELECT '/policy_id', 'not_published', 'the policy is not published: nobody is called to read a draft'"
    " FROM leadership.acknowledgement_campaign c JOIN leadership.policy o ON o.tenant_id = $1 AND o.id = c.policy_id"
    " WHERE c.tenant_id = $1 AND c.id = $2::uuid AND o.status <> 'published'";

static enum bl_status start(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT o.version_id FROM leadership.acknowledgement_campaign c JOIN leadership.policy o ON "
                              "o.tenant_id = $1 AND o.id = c.policy_id WHERE c.tenant_id = $1 AND c.id = $2::uuid";
    struct bl_rows *rows;
    enum bl_status status = leadership_row(r, sql, change->id, &rows);
    if (status == BL_OK)
        bl_set(change, "version_id", bl_cell(r, rows, 0, 0));
    return status;
}

static enum bl_status finish(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = leadership_row(r, "SELECT count(*), count(a.id)" READERS, change->id, &rows);
    if (status)
        return status;
    json_object_set_new(change->after, "expected", json_integer(bl_integer(r, rows, 0, 0)));
    json_object_set_new(change->after, "acknowledged", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

static const char nobody_missing[] =
    "SELECT '', 'nobody_missing', 'everybody has acknowledged it: there is nobody to remind' WHERE NOT EXISTS (SELECT" READERS
    " AND a.id IS NULL)";

/* One entry for each who is missing. */
static enum bl_status remind(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT p.id" READERS " AND a.id IS NULL ORDER BY p.id LIMIT 1000", &change->id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        json_t *body = json_pack("{s:s, s:s}", "campaign_id", change->id, "person_id", bl_cell(r, rows, i, 0));
        status = bl_create(r, "leadership.reminders", body, NULL);
        json_decref(body);
    }
    return status;
}

const struct bl_transition leadership_campaign_transitions[] = {
    {.name = "start",
     .from = "draft",
     .to = "running",
     .sets = "started_on=today",
     .guard = not_published,
     .rule = start,
     .label = "Start",
     .help = "Calls those whom the policy is for to read the version that is published now."},
    {.name = "remind",
     .from = "running",
     .sets = "reminded_at=now",
     .guard = nobody_missing,
     .after = remind,
     .label = "Remind",
     .help = "Notes a reminder for each who is missing. The service does it by itself in the rhythm above."},
    {.name = "close",
     .from = "running",
     .to = "closed",
     .sets = "closed_on=today",
     .rule = finish,
     .label = "Close",
     .help = "Counts who has and keeps the figures."},
    {.name = "cancel",
     .from = "draft running",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "It is not held; say why."},
    {0},
};

const struct bl_field leadership_reminder_fields[] = {
    {.name = "campaign_id",
     .type = BL_REF,
     .ref = "leadership.acknowledgement_campaigns",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Campaign",
     .help = "What the person has still to read."},
    {.name = "person_id",
     .type = BL_REF,
     .ref = "support.persons",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Person",
     .help = "Who was reminded."},
    {.name = "way",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Way",
     .help = "How the person was reminded.",
     .initial = "List of what is to be read",
     .min = 1,
     .max = 200,
     .example = "By word of mouth"},
    {0},
};

/* Nobody is reminded of what he has done. */
enum bl_status leadership_reminder_before(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {bl_text(change->after, "campaign_id"), bl_text(change->after, "person_id")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT a.id" READERS " AND p.id = $3::uuid", args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = bl_there(r, "leadership.acknowledgement_campaigns", args[0], "/campaign_id");
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_meant", "/person_id",
                       "the policy is not for this person: the unit is another one, or the person has left");
    if (bl_cell(r, rows, 0, 0))
        return bl_fail(r, BL_CONFLICT, "acknowledged_already", "/person_id", "this person has acknowledged it already");
    return BL_OK;
}

/* Each person: has, has not, or has no account to do it with. $2 campaign */
static const char progress[] =
    "SELECT json_build_object('person_id', p.id, 'ref', p.ref, 'name', p.name, 'unit', p.unit, 'state', CASE WHEN a.id IS NOT "
    "NULL"
    " THEN 'has' WHEN p.member_id IS NULL THEN 'no_account' ELSE 'has_not' END, 'acknowledged_at', a.created_at, 'reminders',"
    " (SELECT count(*) FROM leadership.reminder w WHERE w.tenant_id = $1 AND w.campaign_id = c.id AND w.person_id = p.id))::text,"
    " a.id IS NOT NULL, c.due_on < " LEADERSHIP_TODAY READERS " ORDER BY a.id IS NOT NULL, p.unit, p.name, p.id LIMIT 5000";

/* GET acknowledgement-campaigns/{id}/progress */
enum bl_status leadership_progress(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "leadership.acknowledgement_campaigns", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, progress, &id, 1, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows), have = 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count; i++) {
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
        have += (int)bl_integer(r, rows, i, 1);
    }
    bl_json_close(r);
    bl_json_integer(r, "have", have);
    bl_json_integer(r, "have_not", count - have);
    bl_json_integer(r, "percent", count ? 100 * have / count : 0);
    bl_json_bool(r, "overdue", count > have && bl_integer(r, rows, 0, 2));
    bl_json_close(r);
    return BL_OK;
}

/* Each campaign whose rhythm is over and that somebody has not answered. */
enum bl_status leadership_remind_readers(struct bl_request *r)
{
    static const char sql[] =
        "SELECT c.id FROM leadership.acknowledgement_campaign c JOIN leadership.policy o ON o.tenant_id = $1 AND o.id = "
        "c.policy_id"
        " WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND c.status = 'running'"
        " AND coalesce(c.reminded_at, c.started_on::timestamptz) < now() - make_interval(days => c.remind_days)"
        " AND EXISTS (SELECT FROM support.person p WHERE p.tenant_id = $1 AND " LEADERSHIP_MEANT
        " AND NOT EXISTS (SELECT FROM support.acknowledgement a"
        " WHERE a.tenant_id = $1 AND a.version_id = c.version_id AND a.member_id = p.member_id)) ORDER BY c.id LIMIT 50";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "leadership.acknowledgement_campaigns", bl_cell(r, rows, i, 0), "remind", NULL, NULL);
    return status;
}
