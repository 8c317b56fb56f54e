/* Clause 9.3: management reviews. What the edition wants looked at is gathered from the live data into a pack that does not
 * change once the review is held; every input is minuted and every decision has an owner before the review closes. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>

#define INPUTS "previous_actions issues parties nonconformities measurements audits objectives feedback risks improvement"

static const struct bl_field pack_items[] = {
    {.name = "input", .type = BL_ENUM, .flags = BL_REQUIRED, .label = "Input", .values = INPUTS},
    {.name = "number", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Number in the edition", .max = 20},
    {.name = "title", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "What it is about", .max = 200},
    {.name = "facts", .type = BL_TEXT, .label = "What the data says", .max = 20000},
    {0},
};

static const struct bl_field minute_items[] = {
    {.name = "input", .type = BL_ENUM, .flags = BL_REQUIRED, .label = "Input", .values = INPUTS, .example = "audits"},
    {.name = "discussed",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "What was said and concluded",
     .min = 1,
     .max = 5000,
     .example = "One minor finding; the works get the second list by summer."},
    {0},
};

const struct bl_field evaluation_review_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Management review",
     .help = "How it is called.",
     .min = 1,
     .max = 200,
     .example = "Management review, spring"},
    {.name = "edition",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Edition",
     .help = "Of ISO/IEC 27001, by year: says which inputs are wanted.",
     .values = EVALUATION_EDITIONS,
     .example = "2022"},
    {.name = "planned_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Planned for",
     .help = "On the calendar until it is held.",
     .example = "2026-05-20"},
    {.name = "since",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Looks back to",
     .help = "First day of the time that is looked at; left out: the day of the review before, else a year.",
     .example = "2025-05-20"},
    {.name = "chair_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Chair",
     .help = "Of top management.",
     .ref = "core.member"},
    {.name = "held_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Held on", .help = "The day it was held."},
    {.name = "attendees", .type = BL_LIST, .label = "Who was there", .max = 100, .example = "Sigrid Palme"},
    {.name = "minutes",
     .type = BL_ITEMS,
     .label = "Minutes",
     .help = "What was said and concluded on each input.",
     .items = minute_items},
    {.name = "conclusion",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Conclusion",
     .help = "Is the management system suitable, adequate and effective?",
     .max = 5000,
     .example = "It fits and works; building sites need more."},
    {.name = "pack",
     .type = BL_ITEMS,
     .flags = BL_SERVER,
     .label = "Pack",
     .help = "Gathered from the live data.",
     .items = pack_items},
    {.name = "gathered_at",
     .type = BL_TIME,
     .flags = BL_SERVER,
     .label = "Gathered at",
     .help = "Set when the pack is gathered."},
    {.name = "closed_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Closed on", .help = "Set by the step."},
    {.name = "closed_by_id",
     .type = BL_REF,
     .flags = BL_SERVER,
     .label = "Closed by",
     .help = "Set by the step.",
     .ref = "core.member"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_DUE,
     .label = "Due",
     .help = "The planned day, until it is held.",
     .expr = "CASE WHEN status IN ('draft', 'prepared') THEN planned_on END"},
    {0},
};

const struct bl_state evaluation_review_states[] = {
    {.name = "draft", .label = "Draft", .help = "Planned.", .flags = BL_INITIAL},
    {.name = "prepared", .label = "Prepared", .help = "The pack is gathered."},
    {.name = "held", .label = "Held", .help = "The pack stands; minutes and decisions are written."},
    {.name = "closed", .label = "Closed", .help = "Every input minuted, every decision owned.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* What each edition wants looked at: its own number for it. */
#define WANTED                                                                                                                   \
    "(VALUES (1, 'previous_actions', 'a', 'a', 'Actions from earlier reviews'),"                                                 \
    " (2, 'issues', 'b', 'b', 'Changes inside and outside'), (3, 'parties', NULL, 'c', 'Changes in what parties need'),"         \
    " (4, 'nonconformities', 'c 1', 'd 1', 'Nonconformities and corrective actions'),"                                           \
    " (5, 'measurements', 'c 2', 'd 2', 'Results of measuring'), (6, 'audits', 'c 3', 'd 3', 'Results of audits'),"              \
    " (7, 'objectives', 'c 4', 'd 4', 'How far objectives are met'), (8, 'feedback', 'd', 'e', 'Feedback of parties'),"          \
    " (9, 'risks', 'e', 'f', 'Risks and their treatment'), (10, 'improvement', 'f', 'g', 'Ways to improve'))"                    \
    " w(place, input, number_2013, number_2022, title)"
#define NUMBER "CASE v.edition WHEN '2013' THEN w.number_2013 ELSE w.number_2022 END"

static const char whole[] =
    "SELECT '/minutes', 'input_uncovered', format('%s (%s) was not minuted: write down what was said and concluded', w.title,"
    " " NUMBER ") FROM evaluation.management_review v CROSS JOIN " WANTED " WHERE v.tenant_id = $1 AND v.id = $2::uuid"
    " AND " NUMBER " IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_array_elements(v.minutes) m WHERE m ->> 'input' = w.input"
    " AND btrim(m ->> 'discussed') <> '')"
    " UNION ALL SELECT '', 'decision_without_owner', format('%s (%s) has no owner', d.title, d.ref)"
    " FROM evaluation.review_decision d WHERE d.tenant_id = $1 AND d.review_id = $2::uuid AND d.archived_at IS NULL"
    " AND d.status <> 'dropped' AND d.owner_id IS NULL"
    " UNION ALL SELECT '', 'action_without_date', format('%s (%s) has no date', d.title, d.ref)"
    " FROM evaluation.review_decision d WHERE d.tenant_id = $1 AND d.review_id = $2::uuid AND d.archived_at IS NULL"
    " AND d.status <> 'dropped' AND d.kind = 'action' AND d.due_on IS NULL";

const struct bl_transition evaluation_review_transitions[] = {
    {.name = "gather",
     .from = "draft prepared",
     .to = "prepared",
     .sets = "gathered_at=now",
     .rule = evaluation_gather,
     .label = "Gather the pack",
     .help = "Reads the live data. Again as often as you like until the review is held. Open actions come over."},
    {.name = "hold",
     .from = "prepared",
     .to = "held",
     .needs = "held_on chair_id attendees",
     .label = "Held",
     .help = "The review was held; the pack stays as it is."},
    {.name = "close",
     .from = "held",
     .to = "closed",
     .permission = "approve",
     .needs = "conclusion",
     .sets = "closed_on=today closed_by_id=actor",
     .guard = whole,
     .label = "Close",
     .help = "By top management. Refused while an input is not minuted or a decision has no owner."},
    {0},
};

enum bl_status evaluation_review_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const names[] = {"held_on", "since"};
    enum bl_status status = bl_not_future(r, change->after, names[0]);
    return status == BL_OK ? bl_not_future(r, change->after, names[1]) : status;
}

enum bl_status evaluation_review_retire(struct bl_request *r, const struct bl_change *change)
{
    if (evaluation_is_state(change->before, " draft prepared "))
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "kept", NULL, "a review that was held is evidence and is kept");
}

/* ---- decisions ---- */

const struct bl_field evaluation_decision_fields[] = {
    {.name = "review_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Review",
     .help = "Where it was decided.",
     .ref = "evaluation.management_reviews"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "An action has a date too.",
     .values = "decision action",
     .initial = "action",
     .example = "action"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Decision",
     .help = "What was decided.",
     .min = 1,
     .max = 200,
     .example = "A second list for building sites"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Wording",
     .help = "With the means that were granted.",
     .max = 5000,
     .example = "Three days of the harbour office; no money needed."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it.",
     .ref = "core.member"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Due", .help = "By when.", .example = "2026-08-31"},
    {.name = "result",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Result",
     .help = "What was done, and where one can see it.",
     .max = 5000,
     .example = "The list is in use since July."},
    {.name = "done_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Done on", .help = "Set by the step."},
    {.name = "carried_to_id",
     .type = BL_REF,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Carried over to",
     .help = "The last review that found it open.",
     .ref = "evaluation.management_reviews"},
    {.name = "times_carried",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Times carried over",
     .help = "How many reviews found it open.",
     .min = 0,
     .max = 1000},
    {0},
};

const struct bl_state evaluation_decision_states[] = {
    {.name = "open", .label = "Open", .help = "To be carried out.", .flags = BL_INITIAL},
    {.name = "done", .label = "Done", .help = "As its result says.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "dropped", .label = "Dropped", .help = "For the reason given.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field carry_input[] = {
    {.name = "carried_to_id",
     .type = BL_REF,
     .flags = BL_REQUIRED,
     .label = "To",
     .help = "The review that found it open.",
     .ref = "evaluation.management_reviews"},
    {0},
};

static enum bl_status carried(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    json_int_t times = json_integer_value(json_object_get(change->before, "times_carried"));
    json_object_set_new(change->after, "times_carried", json_integer(times + 1));
    return BL_OK;
}

const struct bl_transition evaluation_decision_transitions[] = {
    {.name = "complete",
     .from = "open",
     .to = "done",
     .needs = "owner_id result",
     .sets = "done_on=today",
     .label = "Complete",
     .help = "It is carried out, as the result says."},
    {.name = "drop",
     .from = "open",
     .to = "dropped",
     .flags = BL_REASON,
     .label = "Drop",
     .help = "It will not be done; say why."},
    {.name = "carry",
     .from = "open",
     .sets = "carried_to_id=input",
     .input = carry_input,
     .rule = carried,
     .label = "Carry over",
     .help = "Happens by itself when the next review gathers its pack."},
    {0},
};

/* FOR SHARE: the review does not close while a decision is written. */
enum bl_status evaluation_decision_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT status FROM evaluation.management_review WHERE tenant_id = $1 AND id = $2::uuid FOR SHARE";
    const char *id = bl_text(change->after, "review_id");
    struct bl_rows *rows;
    if (!change->before)
        json_object_set_new(change->after, "times_carried", json_integer(0));
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/review_id", "there is no such review");
    if (strcmp(bl_cell(r, rows, 0, 0), "closed") != 0)
        return BL_OK;
    if (!change->before)
        return bl_fail(r, BL_CONFLICT, "review_closed", "/review_id", "the review is closed: decide it in the next one");
    /* What was decided stays; who carries it out, by when and with what result may change. */
    static const char *const kept[] = {"kind", "title", "text"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!json_equal(json_object_get(change->before, kept[i]), json_object_get(change->after, kept[i]))) {
            char pointer[16];
            snprintf(pointer, sizeof pointer, "/%s", kept[i]);
            return bl_fail(r, BL_CONFLICT, "review_closed", pointer, "the review is closed: what it decided stays as it is");
        }
    if (!bl_text(change->after, "owner_id"))
        return bl_fail(r, BL_CONFLICT, "decision_without_owner", "/owner_id", "a decision of a closed review has an owner");
    return BL_OK;
}

enum bl_status evaluation_decision_retire(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT 1 FROM evaluation.management_review WHERE tenant_id = $1 AND id = $2::uuid AND status = 'closed'";
    const char *id = bl_text(change->before, "review_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        status =
            bl_fail(r, BL_CONFLICT, "kept", NULL, "what a closed review decided is kept: complete it, or drop it with a reason");
    return status;
}

/* What the edition wants looked at, in its order: input, number, title. $2 the review. */
const char evaluation_wanted[] = "SELECT w.input, " NUMBER ", w.title FROM evaluation.management_review v CROSS JOIN " WANTED
                                 " WHERE v.tenant_id = $1 AND v.id = $2::uuid AND " NUMBER " IS NOT NULL ORDER BY w.place";
