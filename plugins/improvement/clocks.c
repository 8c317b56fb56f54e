/* How long each step may take, by source and grade: the organisation's own setting where there is one, else the default below. */
#include "improvement.h"
#include <string.h>

#define DAYS(field_name, field_label, field_help, field_example)                                                                 \
    {                                                                                                                            \
        .name = (field_name), .type = BL_INT, .flags = BL_REQUIRED, .label = (field_label), .help = (field_help), .min = 1,      \
        .max = 730, .example = (field_example)                                                                                   \
    }

const struct bl_field improvement_clock_fields[] = {
    {.name = "source",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Source",
     .help = "Nonconformities from where.",
     .values = IMPROVEMENT_SOURCES,
     .example = "complaint"},
    {.name = "grade",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Grade",
     .help = "Nonconformities of which weight.",
     .values = "major minor",
     .example = "minor"},
    DAYS("correct_days", "Days to the correction", "By then the harm is stopped and put right.", "14"),
    DAYS("cause_days", "Days to the cause", "By then the cause is known and similar cases were searched.", "30"),
    DAYS("act_days", "Days to the end of the actions", "By then the corrective actions are done.", "90"),
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Reason",
     .help = "Why these days: a contract, a rule of the certification body, an agreement.",
     .min = 1,
     .max = 2000,
     .example = "Agreed with the port authority in the service contract."},
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_GENERATED | BL_TITLE,
     .label = "Clock",
     .help = "What it is set for.",
     .expr = "grade || ', ' || replace(source, '_', ' ')"},
    {0},
};

enum bl_status improvement_clock_before(struct bl_request *r, const struct bl_change *change)
{
    json_int_t correct = json_integer_value(json_object_get(change->after, "correct_days"));
    json_int_t cause = json_integer_value(json_object_get(change->after, "cause_days"));
    json_int_t act = json_integer_value(json_object_get(change->after, "act_days"));
    if (cause < correct)
        return bl_fail(r, BL_UNPROCESSABLE, "out_of_order", "/cause_days",
                       "the cause cannot be due before the correction: give at least %lld days", (long long)correct);
    if (act < cause)
        return bl_fail(r, BL_UNPROCESSABLE, "out_of_order", "/act_days",
                       "the actions cannot be due before the cause is known: give at least %lld days", (long long)cause);
    return BL_OK;
}

/* $2 from, $3 source, $4 grade. The newest setting counts. The defaults stand here and in the README. */
static const char wind[] =
    "SELECT ($2::date + coalesce(k.correct_days, d.correct_days))::text, ($2::date + coalesce(k.cause_days, d.cause_days))::text,"
    " ($2::date + coalesce(k.act_days, d.act_days))::text"
    " FROM (VALUES ('major', 7, 30, 60), ('minor', 30, 60, 90)) d(grade, correct_days, cause_days, act_days)"
    " LEFT JOIN LATERAL (SELECT c.correct_days, c.cause_days, c.act_days FROM improvement.clock c WHERE c.tenant_id = $1"
    " AND c.archived_at IS NULL AND c.source = $3::text AND c.grade = $4::text ORDER BY c.created_at DESC, c.id DESC LIMIT 1) k"
    " ON true WHERE d.grade = $4::text";

enum bl_status improvement_wind(struct bl_request *r, json_t *record, const char *from, bool again)
{
    static const char *const fields[] = {"correction_due_on", "cause_due_on", "act_due_on"};
    const char *args[] = {from, bl_text(record, "source"), bl_text(record, "grade")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, wind, args, 3, 0, &rows);
    for (int i = again ? 1 : 0; status == BL_OK && i < 3; i++)
        json_object_set_new(record, fields[i], json_string(bl_cell(r, rows, 0, i)));
    return status;
}
