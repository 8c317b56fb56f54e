/* Clause 7.1: people, money and tools that the ISMS needs: planned, granted, used. */
#include "support.h"
#include <stdio.h>
#include <string.h>

const struct bl_field support_resource_plan_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What is needed",
     .help = "In a line.",
     .min = 1,
     .max = 200,
     .example = "Two days a month of the network engineer"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "People's time, money, or tools.",
     .values = "people money tools",
     .example = "people"},
    {.name = "purpose",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What for",
     .help = "What of the ISMS cannot be done without it.",
     .max = 2000,
     .example = "Rights are looked at each quarter."},
    {.name = "unit",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Counted in",
     .help = "Days, EUR, licences: the same word for the same thing, so that it can be added up.",
     .min = 1,
     .max = 30,
     .example = "days"},
    {.name = "period_from",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "From",
     .help = "The first day that it is for.",
     .example = "2027-01-01"},
    {.name = "period_to",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_DUE | BL_FILTER,
     .label = "To",
     .help = "The last day that it is for.",
     .example = "2027-12-31"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who asks for it and uses it."},
    {.name = "planned",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Planned",
     .help = "How much is needed. It stands once it was asked for.",
     .min = 0,
     .max = 1000000000,
     .scale = 2,
     .example = "24.00"},
    {.name = "used",
     .type = BL_DECIMAL,
     .flags = BL_FILTER,
     .label = "Used",
     .help = "How much of what was granted is used up so far.",
     .min = 0,
     .max = 1000000000,
     .scale = 2},
    {.name = "granted",
     .type = BL_DECIMAL,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Granted",
     .help = "How much top management gave.",
     .min = 0,
     .max = 1000000000,
     .scale = 2},
    {.name = "granted_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Granted by",
     .help = "Set by that."},
    {.name = "short_by",
     .type = BL_DECIMAL,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Short by",
     .help = "Computed: what was planned and not granted, once that is decided.",
     .scale = 2,
     .expr = "planned - granted"},
    {0},
};

const struct bl_state support_resource_plan_states[] = {
    {.name = "draft", .label = "Draft", .help = "Not asked for yet.", .flags = BL_INITIAL},
    {.name = "requested", .label = "Requested", .help = "Lies before top management."},
    {.name = "granted", .label = "Granted", .help = "It may be used, as far as it was granted."},
    {.name = "refused", .label = "Refused", .help = "Nothing was given.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "closed", .label = "Closed", .help = "Its time is over.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field grant_input[] = {
    {.name = "granted",
     .type = BL_DECIMAL,
     .flags = BL_REQUIRED,
     .label = "How much",
     .help = "As much as was planned, or less.",
     .min = 0,
     .max = 1000000000,
     .scale = 2,
     .example = "24.00"},
    {0},
};

const struct bl_transition support_resource_plan_transitions[] = {
    {.name = "request",
     .from = "draft",
     .to = "requested",
     .needs = "purpose",
     .label = "Ask for it",
     .help = "Top management decides."},
    {.name = "withdraw", .from = "requested", .to = "draft", .label = "Take back", .help = "To change it."},
    {.name = "grant",
     .from = "requested",
     .to = "granted",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "granted=input granted_by_id=actor",
     .input = grant_input,
     .label = "Grant",
     .help = "All of it or a part. Not by who asks."},
    {.name = "refuse",
     .from = "requested",
     .to = "refused",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Refuse",
     .help = "Say how the ISMS shall do without."},
    {.name = "close",
     .from = "granted",
     .to = "closed",
     .needs = "used",
     .label = "Close",
     .help = "Say first how much was used."},
    {0},
};

/* Once it was asked for, what was asked for stands; only its use goes on. */
enum bl_status support_resource_plan_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const fixed[] = {"planned", "kind", "unit", "period_from", "period_to", "purpose", "title"};
    const char *state = bl_text(change->before, "status");
    enum bl_status status = support_ordered(r, change, "period_from", "period_to");
    bool asked = state && strcmp(state, "draft") != 0;
    for (size_t i = 0; asked && i < sizeof fixed / sizeof *fixed; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%s", fixed[i]);
        if (!json_equal(json_object_get(change->before, fixed[i]), json_object_get(change->after, fixed[i])))
            status = bl_fail(r, BL_CONFLICT, "asked_for", pointer, "it was asked for like this: take it back first");
    }
    if (bl_text(change->after, "used") && (!state || strcmp(state, "granted") != 0))
        status = bl_fail(r, BL_CONFLICT, "not_granted", "/used", "nothing is used before it was granted");
    return status;
}

/* What holds today or lies in the asked year, by kind and unit. $2 year or NULL: today */
static const char summary[] =
    "SELECT json_build_object('kind', kind, 'unit', unit, 'plans', count(*), 'planned', sum(planned)::text, 'granted',"
    " coalesce(sum(granted), 0)::text, 'used', coalesce(sum(used), 0)::text, 'left',"
    " (coalesce(sum(granted), 0) - coalesce(sum(used), 0))::text, 'undecided', count(*) FILTER (WHERE status = 'requested'),"
    " 'overspent', count(*) FILTER (WHERE used > granted))::text FROM support.resource_plan"
    " WHERE tenant_id = $1 AND archived_at IS NULL AND CASE WHEN $2::integer IS NULL THEN " SUPPORT_TODAY
    " BETWEEN period_from AND period_to ELSE period_from <= make_date($2::integer, 12, 31) AND period_to >= "
    "make_date($2::integer, 1, 1) END GROUP BY kind, unit ORDER BY kind, unit";

/* GET resource-summary?year= */
enum bl_status support_resource_summary(struct bl_request *r)
{
    const char *year = bl_query(r, "year");
    struct bl_rows *rows;
    if (year && (strlen(year) != 4 || strspn(year, "0123456789") != 4 || year[0] == '0'))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter year: must be a year such as 2027");
    enum bl_status status = bl_sql(r, summary, &year, 1, BL_FINAL, &rows);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}
