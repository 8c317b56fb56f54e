/* Clause 7.3: that people know the policy, their part in it, and what follows when rules are not met. */
#include "support.h"
#include <string.h>

const struct bl_field support_campaign_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Campaign",
     .help = "What people are made aware of, in a line. Best from an incident of your own.",
     .min = 1,
     .max = 200,
     .example = "Strangers in the yard"},
    {.name = "topics",
     .type = BL_LIST,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Topics",
     .help =
         "What of it clause 7.3 asks for: the policy, one's own contribution, what follows when rules are not met; or threats, "
         "reporting and good habits.",
     .values = "policy contribution consequences threats reporting habits",
     .example = "contribution"},
    {.name = "message",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Message",
     .help = "What everybody shall take away.",
     .max = 5000,
     .example = "Ask whoever has no badge, friendly and always."},
    {.name = "units",
     .type = BL_LIST,
     .flags = BL_FILTER,
     .label = "Units",
     .help = "Whom it is for. Empty: everybody.",
     .max = 100,
     .example = "Service desk"},
    {.name = "starts_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "From",
     .help = "The first day.",
     .example = "2026-03-01"},
    {.name = "ends_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "Until",
     .help = "The day by which everybody has taken part.",
     .example = "2026-04-30"},
    {.name = "pass_mark",
     .type = BL_INT,
     .label = "Pass mark",
     .help = "Points of 100 that the quiz asks for. Empty: there is no quiz, who was there has passed.",
     .min = 1,
     .max = 100,
     .example = "80"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who runs it."},
    {.name = "expected",
     .type = BL_INT,
     .flags = BL_SERVER,
     .label = "Persons meant",
     .help = "Counted when it was closed.",
     .min = 0,
     .max = 1000000},
    {.name = "reached",
     .type = BL_INT,
     .flags = BL_SERVER,
     .label = "Persons who passed",
     .help = "Counted when it was closed.",
     .min = 0,
     .max = 1000000},
    {0},
};

const struct bl_state support_campaign_states[] = {
    {.name = "planned", .label = "Planned", .help = "Not begun.", .flags = BL_INITIAL},
    {.name = "running", .label = "Running", .help = "People take part."},
    {.name = "closed", .label = "Closed", .help = "Over; its coverage is kept.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "It did not take place.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* The persons a campaign c is for: here today, and of one of its units. */
#define MEANT "support.person p WHERE p.tenant_id = $1 AND support.meant(p.archived_at, p.left_on, p.unit, c.units)"

static const char nobody_meant[] =
    "SELECT '/units', 'nobody_meant', 'nobody of the list of persons belongs to these units: check how they are written'"
    " FROM support.awareness_campaign c WHERE c.tenant_id = $1 AND c.id = $2::uuid AND NOT EXISTS (SELECT FROM " MEANT ")";

static enum bl_status close_campaign(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM support.attendance a WHERE a.tenant_id = $1"
        " AND a.campaign_id = c.id AND a.person_id = p.id AND a.passed AND a.archived_at IS NULL))"
        " FROM support.awareness_campaign c, " MEANT " AND c.tenant_id = $1 AND c.id = $2::uuid";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, change->id, NULL, &rows);
    if (status)
        return status;
    json_object_set_new(change->after, "expected", json_integer(bl_integer(r, rows, 0, 0)));
    json_object_set_new(change->after, "reached", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

const struct bl_transition support_campaign_transitions[] = {
    {.name = "start",
     .from = "planned",
     .to = "running",
     .guard = nobody_meant,
     .label = "Start",
     .help = "People are called to take part."},
    {.name = "close",
     .from = "running",
     .to = "closed",
     .rule = close_campaign,
     .label = "Close",
     .help = "Counts whom it reached; nothing is entered after that."},
    {.name = "cancel",
     .from = "planned running",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "It does not take place; say why."},
    {0},
};

enum bl_status support_campaign_before(struct bl_request *r, const struct bl_change *change)
{
    return support_ordered(r, change, "starts_on", "ends_on");
}

const struct bl_field support_attendance_fields[] = {
    {.name = "campaign_id",
     .type = BL_REF,
     .ref = "support.awareness_campaigns",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Campaign",
     .help = "What the person took part in."},
    {.name = "person_id",
     .type = BL_REF,
     .ref = "support.persons",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Person",
     .help = "Who took part."},
    {.name = "way",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Way",
     .help = "How the person took part.",
     .initial = "Session",
     .min = 1,
     .max = 100,
     .example = "Session on the shop floor"},
    {.name = "attended_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Took part on",
     .help = "The day.",
     .example = "2026-03-10"},
    {.name = "score",
     .type = BL_INT,
     .flags = BL_FILTER,
     .label = "Points in the quiz",
     .help = "Of 100; the best try counts. Where the campaign has a quiz.",
     .min = 0,
     .max = 100,
     .example = "90"},
    {.name = "passed",
     .type = BL_BOOL,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Passed",
     .help = "Computed: the points reach the pass mark, or there is no quiz."},
    {0},
};

const struct bl_constraint support_attendance_constraints[] = {
    {.name = "attendance_once_key",
     .pointer = "/person_id",
     .code = "attendance_exists",
     .detail = "this person has taken part already: change the points there"},
    {0},
};

enum bl_status support_attendance_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT c.status, c.pass_mark, EXISTS (SELECT FROM " MEANT
                              " AND p.id = $3::uuid), c.starts_on > $4::date FROM support.awareness_campaign c"
                              " WHERE c.tenant_id = $1 AND c.id = $2::uuid AND c.archived_at IS NULL";
    const char *args[] = {bl_text(change->after, "campaign_id"), bl_text(change->after, "person_id"),
                          bl_text(change->after, "attended_on")};
    const json_t *score = json_object_get(change->after, "score");
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "attended_on");
    if (status == BL_OK)
        status = bl_sql(r, sql, args, 3, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/campaign_id", "there is no such campaign, or it is archived");
    const char *state = bl_cell(r, rows, 0, 0);
    if (strcmp(state, "closed") == 0 || strcmp(state, "cancelled") == 0)
        return bl_fail(r, BL_CONFLICT, "campaign_over", "/campaign_id", "the campaign is %s: nothing is entered any more", state);
    if (!bl_integer(r, rows, 0, 2))
        return bl_fail(r, BL_UNPROCESSABLE, "not_meant", "/person_id",
                       "the campaign is not for this person: the unit is another one, or the person has left");
    if (bl_integer(r, rows, 0, 3))
        return bl_fail(r, BL_UNPROCESSABLE, "before_start", "/attended_on", "the campaign had not begun on %s", args[2]);
    bool quiz = bl_cell(r, rows, 0, 1) != NULL;
    bool passed = !quiz || (json_is_integer(score) && json_integer_value(score) >= bl_integer(r, rows, 0, 1));
    json_object_set_new(change->after, "passed", json_boolean(passed));
    return BL_OK;
}

/* By unit: who is meant, took part, passed; and whom it has not reached. $2 campaign */
static const char coverage[] =
    "SELECT json_build_object('unit', u.unit, 'persons', u.persons, 'attended', u.attended, 'passed', u.passed, 'percent',"
    " 100 * u.passed / u.persons, 'missing', u.missing)::text, u.persons, u.passed FROM (SELECT p.unit, count(*) AS persons,"
    " count(a.id) AS attended, count(*) FILTER (WHERE a.passed) AS passed, coalesce(json_agg(json_build_object('person_id', p.id,"
    " 'ref', p.ref, 'name', p.name, 'score', a.score) ORDER BY p.name, p.id) FILTER (WHERE a.passed IS NOT TRUE), '[]') AS "
    "missing"
    " FROM support.awareness_campaign c JOIN support.person p ON p.tenant_id = $1 AND support.meant(p.archived_at, p.left_on, "
    "p.unit, c.units)"
    " LEFT JOIN support.attendance a ON a.tenant_id = $1 AND a.campaign_id = c.id AND a.person_id = p.id AND a.archived_at IS "
    "NULL"
    " WHERE c.tenant_id = $1 AND c.id = $2::uuid AND c.archived_at IS NULL GROUP BY p.unit) u ORDER BY u.unit LIMIT 1000";

/* GET awareness-campaigns/{id}/coverage */
enum bl_status support_coverage(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "support.awareness_campaigns", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, coverage, &id, 1, BL_FINAL, &rows);
    if (status)
        return status;
    int64_t persons = 0, passed = 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
        persons += bl_integer(r, rows, i, 1);
        passed += bl_integer(r, rows, i, 2);
    }
    bl_json_close(r);
    bl_json_integer(r, "persons", persons);
    bl_json_integer(r, "passed", passed);
    bl_json_integer(r, "percent", persons ? 100 * passed / persons : 0);
    bl_json_close(r);
    return BL_OK;
}
