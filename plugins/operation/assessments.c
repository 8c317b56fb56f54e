/* Questionnaires for suppliers: templates that stay as they were once published, and answers whose score is computed. */
#include "operation.h"
#include <stdlib.h>
#include <string.h>

static const struct bl_field question_items[] = {
    {.name = "number",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Number",
     .help = "Names the question; answers refer to it.",
     .min = 1,
     .max = 20,
     .example = "1.1"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Question",
     .help = "Such that yes is good.",
     .min = 1,
     .max = 1000,
     .example = "Do all your people sign an agreement on secrecy?"},
    {.name = "weight",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Weight",
     .help = "1 for what is good to have, 10 for what must be.",
     .min = 1,
     .max = 10,
     .example = "5"},
    {.name = "must", .type = BL_BOOL, .label = "Must", .help = "Whoever answers no has not passed, whatever the score."},
    {0},
};

const struct bl_field operation_template_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Questionnaire",
     .help = "For which suppliers it is meant.",
     .min = 1,
     .max = 200,
     .example = "Suppliers who reach our network"},
    {.name = "description", .type = BL_TEXT, .flags = BL_LONG, .label = "Description", .help = "When to use it.", .max = 2000},
    {.name = "questions",
     .type = BL_ITEMS,
     .label = "Questions",
     .help = "Each with a number of its own and a weight.",
     .max = 200,
     .items = question_items},
    {.name = "pass_score",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Score to pass",
     .help = "Of 100.",
     .min = 0,
     .max = 100,
     .initial = "70",
     .example = "70"},
    {.name = "published_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Published at", .help = "Set by the publication."},
    {0},
};

const struct bl_state operation_template_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "published", .label = "Published", .help = "In use; its questions no longer change.", .flags = BL_FROZEN},
    {.name = "retired", .label = "Retired", .help = "For no new assessment.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char answerable[] =
    "SELECT '/questions', 'no_questions', 'a questionnaire needs at least one question' FROM operation.questionnaire_template t"
    " WHERE t.tenant_id = $1 AND t.id = $2 AND jsonb_array_length(t.questions) = 0"
    " UNION ALL SELECT '/questions', 'number_twice', format('the number %s stands %s times', q ->> 'number', count(*))"
    " FROM operation.questionnaire_template t CROSS JOIN LATERAL jsonb_array_elements(t.questions) q"
    " WHERE t.tenant_id = $1 AND t.id = $2 GROUP BY q ->> 'number' HAVING count(*) > 1";

const struct bl_transition operation_template_transitions[] = {
    {.name = "publish",
     .from = "draft",
     .to = "published",
     .sets = "published_at=now",
     .guard = answerable,
     .label = "Publish",
     .help = "From now its questions stay as they are; a change is a new questionnaire."},
    {.name = "retire", .from = "published", .to = "retired", .label = "Retire", .help = "For no new assessment."},
    {0},
};

static const struct bl_field answer_items[] = {
    {.name = "number",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Number",
     .help = "Of the question.",
     .min = 1,
     .max = 20,
     .example = "1.1"},
    {.name = "answer",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Answer",
     .help = "Partly counts half; what does not apply counts nothing.",
     .values = "yes partly no not_applicable",
     .example = "yes"},
    {.name = "note", .type = BL_TEXT, .label = "Note", .help = "What it rests on.", .max = 1000},
    {0},
};

const struct bl_field operation_assessment_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Assessment",
     .help = "How this one is called.",
     .min = 1,
     .max = 200,
     .example = "Yearly assessment 2026"},
    {.name = "supplier_id",
     .type = BL_REF,
     .ref = "operation.suppliers",
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Supplier",
     .help = "Who is assessed."},
    {.name = "template_id",
     .type = BL_REF,
     .ref = "operation.questionnaire_templates",
     .flags = BL_FILTER | BL_FIXED,
     .label = "Questionnaire",
     .help = "A published one. Needed to complete it: the score comes from its weights."},
    {.name = "assessed_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Assessed on",
     .help = "The day of the answers.",
     .example = "2026-05-01"},
    {.name = "assessor_id", .type = BL_REF, .ref = "core.member", .flags = BL_FILTER, .label = "Assessor", .help = "Who asked."},
    {.name = "answers",
     .type = BL_ITEMS,
     .label = "Answers",
     .help = "One for each question.",
     .max = 200,
     .items = answer_items},
    {.name = "findings",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Findings",
     .help = "What was seen, and what the supplier is to do. Needed when it did not pass.",
     .max = 10000},
    {.name = "next_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Next assessment",
     .help = "Left out: after the supplier's rhythm.",
     .example = "2027-05-01"},
    {.name = "score",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Score",
     .help = "Computed on completion, 0 to 100."},
    {.name = "passed", .type = BL_BOOL, .flags = BL_SERVER | BL_FILTER, .label = "Passed", .help = "Computed on completion."},
    {0},
};

const struct bl_state operation_assessment_states[] = {
    {.name = "draft", .label = "Draft", .help = "Answers come in.", .flags = BL_INITIAL},
    {.name = "completed", .label = "Completed", .help = "Scored; stays as it is.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* Half points are doubled so that all stays whole: yes 2, partly 1. $2 template, $3 answers. */
static const char scoring[] =
    "WITH question AS (SELECT q ->> 'number' AS number, (q ->> 'weight')::integer AS weight,"
    " coalesce((q ->> 'must')::boolean, false) AS must FROM operation.questionnaire_template t"
    " CROSS JOIN LATERAL jsonb_array_elements(t.questions) q WHERE t.tenant_id = $1 AND t.id = $2::uuid),"
    " answer AS (SELECT a ->> 'number' AS number, a ->> 'answer' AS answer FROM jsonb_array_elements($3::jsonb) a)"
    " SELECT coalesce(sum(q.weight * CASE a.answer WHEN 'yes' THEN 2 WHEN 'partly' THEN 1 ELSE 0 END) * 100"
    " / nullif(sum(q.weight * 2) FILTER (WHERE a.answer <> 'not_applicable'), 0), 0)::bigint,"
    " coalesce(bool_or(q.must AND a.answer = 'no'), false),"
    " (SELECT pass_score FROM operation.questionnaire_template WHERE tenant_id = $1 AND id = $2::uuid),"
    " string_agg(q.number, ', ' ORDER BY q.number) FILTER (WHERE a.number IS NULL),"
    " (SELECT string_agg(DISTINCT x.number, ', ') FROM answer x WHERE NOT EXISTS (SELECT FROM question y WHERE y.number = "
    "x.number)),"
    " (SELECT string_agg(z.number, ', ') FROM (SELECT number FROM answer GROUP BY number HAVING count(*) > 1) z)"
    " FROM question q LEFT JOIN answer a ON a.number = q.number";

static void free_text(void *text)
{
    free(text);
}

static enum bl_status score(struct bl_request *r, const struct bl_change *change)
{
    enum { SCORE, FAILED, PASS, OPEN, UNKNOWN, TWICE };
    json_t *answers = json_object_get(change->before, "answers");
    char *text = json_is_array(answers) ? json_dumps(answers, JSON_COMPACT) : strdup("[]");
    bl_defer(r, free_text, text);
    const char *args[] = {bl_text(change->before, "template_id"), text};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, scoring, args, 2, 0, &rows);
    if (status)
        return status;
    static const struct {
        int column;
        const char *code, *words;
    } faults[] = {{OPEN, "unanswered", "no answer to"},
                  {UNKNOWN, "unknown_question", "the questionnaire has no question"},
                  {TWICE, "answered_twice", "more than one answer to"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (bl_cell(r, rows, 0, faults[i].column))
            status = bl_fail(r, BL_UNPROCESSABLE, faults[i].code, "/answers", "%s: %s", faults[i].words,
                             bl_cell(r, rows, 0, faults[i].column));
    if (status)
        return status;
    bool passed = bl_integer(r, rows, 0, SCORE) >= bl_integer(r, rows, 0, PASS) && !bl_integer(r, rows, 0, FAILED);
    if (!passed && !bl_text(change->before, "findings"))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/findings", "it did not pass: say what was found");
    json_object_set_new(change->after, "score", json_integer(bl_integer(r, rows, 0, SCORE)));
    json_object_set_new(change->after, "passed", json_boolean(passed));
    return BL_OK;
}

/* An empty change: the supplier's own rule reads its assessments again, so that one that came in late does not undo a newer. */
static enum bl_status tell_supplier(struct bl_request *r, const struct bl_change *change)
{
    json_t *nothing = json_object();
    enum bl_status status = bl_update(r, "operation.suppliers", bl_text(change->after, "supplier_id"), nothing, NULL);
    json_decref(nothing);
    return status;
}

const struct bl_transition operation_assessment_transitions[] = {
    {.name = "complete",
     .from = "draft",
     .to = "completed",
     .needs = "template_id assessor_id",
     .rule = score,
     .after = tell_supplier,
     .label = "Complete",
     .help = "Every question has one answer. Score and verdict are computed, and the supplier takes them over."},
    {0},
};

enum bl_status operation_assessment_before(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {bl_text(change->after, "supplier_id"), bl_text(change->after, "template_id")};
    struct bl_rows *rows;
    enum bl_status status = operation_worse(bl_not_future(r, change->after, "assessed_on"),
                                            operation_ordered(r, change->after, "assessed_on", "next_on"));
    if (status || change->before)
        return status;
    status = bl_sql(r,
                    "SELECT (SELECT ref FROM operation.supplier WHERE tenant_id = $1 AND id = $2::uuid"
                    " AND (archived_at IS NOT NULL OR status = 'ended')),"
                    " (SELECT ref FROM operation.questionnaire_template WHERE tenant_id = $1 AND id = $3::uuid"
                    " AND (archived_at IS NOT NULL OR status <> 'published'))",
                    args, 2, 0, &rows);
    if (status)
        return status;
    if (bl_cell(r, rows, 0, 0))
        status =
            bl_fail(r, BL_UNPROCESSABLE, "supplier_ended", "/supplier_id", "%s works for us no more", bl_cell(r, rows, 0, 0));
    if (bl_cell(r, rows, 0, 1))
        status = bl_fail(r, BL_UNPROCESSABLE, "not_published", "/template_id",
                         "%s is not published, or retired: take another one", bl_cell(r, rows, 0, 1));
    return status;
}

/* A completed one counts: it is not put away to be rid of its verdict. */
enum bl_status operation_assessment_retire(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "archive") == 0 && operation_is(change->before, "status", "completed"))
        return bl_fail(r, BL_CONFLICT, "completed", NULL, "a completed assessment is a record: it stays");
    return BL_OK;
}
