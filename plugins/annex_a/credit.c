/* What proves that a control works: tests and evidence. A control has credit while it is implemented, its newest test was passed
 * and is not outdated, and a piece of its evidence is still good: annex_a.has_credit in SQL, the one place that says so. */
#include "annex_a.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CONTROL                                                                                                                  \
    {                                                                                                                            \
        .name = "control_id", .type = BL_REF, .ref = "annex_a.controls", .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,            \
        .label = "Control", .help = "The control that this is about."                                                            \
    }

const struct bl_field annex_a_test_fields[] = {
    CONTROL,
    {.name = "method",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Method",
     .help = "How it was tested.",
     .values = "inspection observation interview reperformance technical"},
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "What was tested",
     .min = 1,
     .max = 200,
     .help = "The sample, or the question that the test answers.",
     .example = "Restore of three files from last week"},
    {.name = "tested_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Tested on",
     .help = "The day of the test. The newest test counts.",
     .example = "2026-03-01"},
    {.name = "result",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Result",
     .values = "passed failed",
     .help = "A failed test takes the control's credit at once."},
    {.name = "findings",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Findings",
     .max = 10000,
     .help = "What was seen. A failed test needs it.",
     .example = "Two of three files came back; the third was empty."},
    {.name = "tester_id", .type = BL_REF, .ref = "core.member", .flags = BL_FILTER, .label = "Tester", .help = "Who tested."},
    {.name = "next_test_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Next test",
     .help = "When to test again; left out: after the control's rhythm.",
     .example = "2026-09-01"},
    {0},
};

const struct bl_field annex_a_evidence_fields[] = {
    CONTROL,
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Evidence",
     .min = 1,
     .max = 200,
     .help = "What it is.",
     .example = "Log of the restore drill"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .initial = "record",
     .help = "What sort of evidence it is.",
     .values = "document record log report screenshot statement"},
    {.name = "location",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Where it lies",
     .min = 1,
     .max = 500,
     .help = "Where somebody who asks will find it.",
     .example = "Archive, folder Drills 2026"},
    {.name = "collected_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Collected on",
     .help = "The day it shows. It is good for the control's rhythm from then.",
     .example = "2026-03-01"},
    {.name = "valid_until",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Valid until",
     .help = "When it ends earlier than the rhythm says.",
     .example = "2026-12-31"},
    {0},
};

static enum bl_status ordered(struct bl_request *r, const struct bl_change *change, const char *first, const char *then)
{
    const char *a = bl_text(change->after, first), *b = bl_text(change->after, then);
    char pointer[64];
    if (!a || !b || strcmp(a, b) < 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", then);
    return bl_fail(r, BL_UNPROCESSABLE, "not_after", pointer, "must be a day after %s", a);
}

enum bl_status annex_a_test_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "tested_on");
    if (status == BL_OK)
        status = ordered(r, change, "tested_on", "next_test_on");
    if (status == BL_OK && strcmp(bl_text(change->after, "result"), "failed") == 0 && !bl_text(change->after, "findings"))
        status = bl_fail(r, BL_UNPROCESSABLE, "required", "/findings", "a failed test needs to say what was found");
    return status;
}

enum bl_status annex_a_evidence_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = bl_not_future(r, change->after, "collected_on");
    return status == BL_OK ? ordered(r, change, "collected_on", "valid_until") : status;
}

/* An empty change: the control's own rule reads its tests and evidence again, so that a test that came in late does not undo a
 * newer one. */
enum bl_status annex_a_proof_after(struct bl_request *r, const struct bl_change *change)
{
    json_t *nothing = json_object();
    enum bl_status status = bl_update(r, "annex_a.controls", bl_text(change->after, "control_id"), nothing, NULL);
    json_decref(nothing);
    return status;
}
