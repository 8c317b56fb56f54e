/* What people say of each requirement of the standard: how far it is met, and by what one can see it. */
#include "evaluation.h"
#include <string.h>

const struct bl_field evaluation_status_fields[] = {
    {.name = "requirement",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER | BL_TITLE | BL_SEARCH,
     .label = "Requirement",
     .help = "Edition and number, as the readiness view shows them.",
     .min = 6,
     .max = 8,
     .example = "2022#12"},
    {.name = "state",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "How far",
     .help = "As judged on the day below. No requirement can be left out.",
     .values = "not_started planned partial fulfilled",
     .example = "planned"},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Evidence",
     .help = "By what one sees it, and where it lies. Nothing counts without.",
     .max = 5000,
     .example = "Scope statement, version 2; minutes of May."},
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is missing",
     .help = "Or what should be better.",
     .max = 5000,
     .example = "The building sites."},
    {.name = "judged_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Judged on",
     .help = "Counts for a year. The newest judgement of a requirement counts.",
     .example = "2026-03-01"},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it.",
     .ref = "core.member"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Due",
     .help = "By when it shall be fulfilled, or judged again.",
     .example = "2026-12-31"},
    {.name = "edition",
     .type = BL_TEXT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Edition",
     .help = "Of ISO/IEC 27001, by year.",
     .expr = "split_part(requirement, '#', 1)"},
    {0},
};

enum bl_status evaluation_status_before(struct bl_request *r, const struct bl_change *change)
{
    static const char known[] =
        "SELECT 1 FROM evaluation.requirement WHERE $1::uuid IS NOT NULL AND edition || '#' || seq = $2::text";
    const char *requirement = bl_text(change->after, "requirement"), *state = bl_text(change->after, "state");
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "judged_on");
    if (status == BL_OK && (strcmp(state, "fulfilled") == 0 || strcmp(state, "partial") == 0) &&
        !bl_text(change->after, "evidence"))
        status =
            bl_fail(r, BL_UNPROCESSABLE, "required", "/evidence", "say by what one can see it: nothing counts without evidence");
    if (status || change->before)
        return status;
    status = bl_sql(r, known, &requirement, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", "/requirement",
                         "no edition has a requirement %s: GET evaluation/readiness lists them", requirement);
    return status;
}
