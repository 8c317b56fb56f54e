/* Clause 7.4: what is told to whom, when, by whom and how; and what was told. */
#include "support.h"
#include <stdio.h>
#include <string.h>

const struct bl_field support_communication_item_fields[] = {
    {.name = "subject",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What",
     .help = "What is told.",
     .min = 1,
     .max = 200,
     .example = "A leak of customers' drawings"},
    {.name = "occasion",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "When",
     .help = "What sets it off: a day of the year, an event, a decision.",
     .min = 1,
     .max = 500,
     .example = "Within 24 hours after the leak is confirmed"},
    {.name = "audience",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH,
     .label = "With whom",
     .help = "Who is told.",
     .min = 1,
     .max = 500,
     .example = "The security desk of the customer"},
    {.name = "side",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Inside or outside",
     .help = "Does it stay in the house?",
     .values = "internal external",
     .initial = "internal",
     .example = "external"},
    {.name = "sender_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_REQUIRED | BL_OWNER | BL_FILTER,
     .label = "Who",
     .help = "Who tells it. In a crisis nobody else speaks."},
    {.name = "channel",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "How",
     .help = "By which way, and by which when that one fails.",
     .min = 1,
     .max = 500,
     .example = "By telephone, then in writing"},
    {.name = "crisis",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "In a crisis",
     .help = "Is it for the worst days? Then it is settled beforehand and tried.",
     .initial = "false",
     .example = "true"},
    {.name = "every_days",
     .type = BL_INT,
     .label = "Every … days",
     .help = "When it comes back by the calendar.",
     .min = 1,
     .max = 1100,
     .example = "90"},
    {.name = "first_on",
     .type = BL_DATE,
     .label = "First on",
     .help = "The first day, when it goes by the calendar.",
     .example = "2027-01-15"},
    {.name = "last_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Last told on", .help = "From the log."},
    {.name = "next_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next on",
     .help = "From the log and the rhythm; the first day when it was never told."},
    {0},
};

/* (last, next); $2 item, $3 first day, $4 rhythm */
static const char from_log[] =
    "SELECT l.last_on, CASE WHEN l.last_on IS NULL THEN $3::date ELSE l.last_on + $4::integer END FROM (SELECT max(sent_on) AS "
    "last_on FROM support.communication WHERE tenant_id = $1 AND item_id = $2::uuid) l";

enum bl_status support_communication_item_before(struct bl_request *r, const struct bl_change *change)
{
    const json_t *every = json_object_get(change->after, "every_days");
    char days[16];
    snprintf(days, sizeof days, "%d", (int)json_integer_value(every));
    const char *args[] = {change->id, bl_text(change->after, "first_on"), json_is_integer(every) ? days : NULL};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, from_log, args, 3, 0, &rows);
    if (status)
        return status;
    bl_set(change, "last_on", bl_cell(r, rows, 0, 0));
    bl_set(change, "next_on", bl_cell(r, rows, 0, 1));
    return BL_OK;
}

const struct bl_field support_communication_fields[] = {
    {.name = "item_id",
     .type = BL_REF,
     .ref = "support.communication_items",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Of the plan",
     .help = "Which line of the plan it carries out."},
    {.name = "subject",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "What was told",
     .help = "In a line.",
     .min = 1,
     .max = 200,
     .example = "Leak of 3 March: what happened, what we do"},
    {.name = "sent_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Told on",
     .help = "The day.",
     .example = "2026-03-04"},
    {.name = "recipients",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH,
     .label = "To whom",
     .help = "Who was told in fact.",
     .min = 1,
     .max = 500,
     .example = "Security desks of both customers"},
    {.name = "channel",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "How",
     .help = "By which way in fact.",
     .min = 1,
     .max = 200,
     .example = "Telephone, letter of the same day"},
    {.name = "evidence",
     .type = BL_TEXT,
     .label = "Where to see it",
     .help = "The letter, the minutes, the post.",
     .max = 500,
     .example = "Archive, folder Letters 2026-03"},
    {0},
};

enum bl_status support_communication_before(struct bl_request *r, const struct bl_change *change)
{
    return bl_not_future(r, change->after, "sent_on");
}

/* An empty change: the item's own rule reads the log again. */
enum bl_status support_communication_after(struct bl_request *r, const struct bl_change *change)
{
    json_t *nothing = json_object();
    enum bl_status status = bl_update(r, "support.communication_items", bl_text(change->after, "item_id"), nothing, NULL);
    json_decref(nothing);
    return status;
}
