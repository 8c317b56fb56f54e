/* The tenant's controls: those of Annex A that it implements, and its own. */
#include "annex_a.h"
#include <stdio.h>
#include <string.h>

const struct bl_field annex_a_control_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Control",
     .help = "What the control is called.",
     .min = 1,
     .max = 200,
     .example = "Backup of production data"},
    {.name = "origin",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Origin",
     .initial = "annex_a",
     .help = "Annex A, a control of your own, or one of another framework.",
     .values = "annex_a own other"},
    {.name = "edition",
     .type = BL_ENUM,
     .flags = BL_FILTER | BL_FIXED,
     .label = "Edition",
     .help = "Of Annex A, by year. Only for controls of Annex A.",
     .values = "2013 2022"},
    {.name = "catalogue_id",
     .type = BL_TEXT,
     .flags = BL_FILTER | BL_FIXED,
     .label = "Number in Annex A",
     .help = "Only for controls of Annex A: see the catalogue.",
     .max = 10,
     .example = "A.8.13"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who answers for the control."},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "How it is done",
     .help = "How this organisation does it: by whom, with what, how often.",
     .max = 10000,
     .example = "Every night to a second room; a copy each week that cannot be changed."},
    {.name = "target_date",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Target",
     .help = "When it shall be implemented.",
     .example = "2027-06-30"},
    {.name = "yearly_cost",
     .type = BL_DECIMAL,
     .flags = BL_FILTER,
     .label = "Cost per year",
     .min = 0,
     .max = 1000000000,
     .scale = 2,
     .help = "What it costs each year, in the organisation's currency.",
     .example = "4800.00"},
    {.name = "documents",
     .type = BL_LIST,
     .label = "Documents",
     .max = 50,
     .help = "Numbers or names of the documents that describe it.",
     .example = "Backup rules v3"},
    {.name = "test_rhythm_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .initial = "365",
     .label = "Test rhythm in days",
     .min = 1,
     .max = 1100,
     .help = "How long a test or a piece of evidence stays good.",
     .example = "180"},
    {.name = "implemented_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Implemented on",
     .help = "Set when the control is said to be implemented."},
    {.name = "last_tested_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Last test", .help = "From its tests."},
    {.name = "last_result",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .values = "passed failed",
     .label = "Last result",
     .help = "From its tests."},
    {.name = "next_test_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER | BL_DUE,
     .label = "Next test",
     .help = "From its last test: the day it named, or the rhythm. The control has no credit after it."},
    {.name = "evidence_until",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER | BL_DUE,
     .label = "Evidence good until",
     .help = "From its evidence. The control has no credit after it."},
    {.name = "open_target_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_DUE,
     .label = "Open target",
     .help = "The target, as long as the control is not implemented.",
     .expr = "CASE WHEN status <> 'implemented' THEN target_date END"},
    {0},
};

const struct bl_relation annex_a_control_relations[] = {
    {.name = "requirements",
     .to = "context.requirements",
     .inverse = "controls",
     .label = "Requirements",
     .help = "Duties by law, contract or other need that ask for this control."},
    {0},
};

const struct bl_state annex_a_control_states[] = {
    {.name = "not_started", .label = "Not started", .help = "Nothing is done yet.", .flags = BL_INITIAL},
    {.name = "planned", .label = "Planned", .help = "Somebody has it, with a date."},
    {.name = "partial", .label = "Partial", .help = "Done in part."},
    {.name = "implemented", .label = "Implemented", .help = "Done. It counts once a test and evidence show it."},
    {0},
};

const struct bl_transition annex_a_control_transitions[] = {
    {.name = "plan",
     .from = "not_started partial",
     .to = "planned",
     .needs = "owner_id target_date",
     .label = "Plan",
     .help = "Somebody takes it on, with a date."},
    {.name = "begin",
     .from = "not_started planned",
     .to = "partial",
     .needs = "owner_id",
     .label = "Begin",
     .help = "A part of it works."},
    {.name = "implement",
     .from = "not_started planned partial",
     .to = "implemented",
     .needs = "owner_id description",
     .sets = "implemented_on=today",
     .label = "Implement",
     .help = "All of it works, as described."},
    {.name = "fall_back",
     .from = "implemented",
     .to = "partial",
     .flags = BL_REASON,
     .label = "Fall back",
     .help = "It no longer works in full: say what is missing."},
    {.name = "drop",
     .from = "planned partial implemented",
     .to = "not_started",
     .flags = BL_REASON,
     .label = "Drop",
     .help = "It is not done any more, nor planned: say why."},
    {0},
};

const struct bl_constraint annex_a_control_constraints[] = {
    {.name = "control_catalogue_key",
     .pointer = "/catalogue_id",
     .code = "control_exists",
     .detail = "this control of Annex A is in your register already: use that record"},
    {0},
};

static enum bl_status check_origin(struct bl_request *r, const json_t *control)
{
    const char *args[] = {bl_text(control, "edition"), bl_text(control, "catalogue_id")};
    bool annex = strcmp(bl_text(control, "origin"), "annex_a") == 0;
    struct bl_rows *rows;
    if (!annex && (args[0] || args[1]))
        return bl_fail(r, BL_UNPROCESSABLE, "not_of_annex_a", "/catalogue_id",
                       "edition and number are for controls of Annex A: leave both out, or set origin to annex_a");
    if (!annex)
        return BL_OK;
    if (!args[0] || !args[1])
        return bl_fail(r, BL_UNPROCESSABLE, "required", args[0] ? "/catalogue_id" : "/edition",
                       "a control of Annex A needs its edition and its number, such as 2022 and A.8.13");
    enum bl_status status = bl_sql(
        r, "SELECT title FROM annex_a.catalogue WHERE edition = $2 AND id = $3 AND $1::uuid IS NOT NULL", args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", "/catalogue_id", "Annex A of %s has no control %s", args[0],
                       args[1]);
    return status;
}

/* The newest test, and the longest that any piece of evidence is good. $2 control, $3 rhythm. */
static const char proof[] =
    "SELECT t.tested_on, t.result, t.next_on, e.until FROM (SELECT) one"
    " LEFT JOIN LATERAL (SELECT tested_on, result, coalesce(next_test_on, tested_on + $3::integer) AS next_on"
    " FROM annex_a.control_test WHERE tenant_id = $1 AND control_id = $2::uuid AND archived_at IS NULL"
    " ORDER BY tested_on DESC, id DESC LIMIT 1) t ON true"
    " LEFT JOIN LATERAL (SELECT max(least(valid_until, collected_on + $3::integer)) AS until FROM annex_a.evidence_item"
    " WHERE tenant_id = $1 AND control_id = $2::uuid AND archived_at IS NULL) e ON true";

enum bl_status annex_a_control_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const fields[] = {"last_tested_on", "last_result", "next_test_on", "evidence_until"};
    char rhythm[16];
    const char *args[] = {change->id, rhythm};
    struct bl_rows *rows;
    if (!change->before)
        return check_origin(r, change->after);
    snprintf(rhythm, sizeof rhythm, "%d", (int)json_integer_value(json_object_get(change->after, "test_rhythm_days")));
    enum bl_status status = bl_sql(r, proof, args, 2, 0, &rows);
    for (int i = 0; status == BL_OK && i < 4; i++) {
        const char *cell = bl_cell(r, rows, 0, i);
        json_object_set_new(change->after, fields[i], cell ? json_string(cell) : json_null());
    }
    return status;
}
