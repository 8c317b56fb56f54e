/* What is asked in an audit: questions of the catalogue and own ones, each with answer, evidence and sample. */
#include "evaluation.h"
#include <string.h>

const struct bl_field evaluation_checklist_fields[] = {
    {.name = "audit_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Audit",
     .help = "The audit in which it is asked.",
     .ref = "evaluation.audits"},
    {.name = "question",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "Question",
     .help = "What is to be found out.",
     .min = 1,
     .max = 1000,
     .example = "Is every remote session of the last month on the list?"},
    {.name = "number",
     .type = BL_TEXT,
     .flags = BL_SEARCH | BL_FILTER,
     .label = "Clause or control",
     .help = "What it is about.",
     .max = 40,
     .example = "A.8.15"},
    {.name = "question_id",
     .type = BL_TEXT,
     .flags = BL_FIXED | BL_FILTER,
     .label = "Number in the catalogue",
     .help = "Of a question that was drawn from the catalogue.",
     .max = 20},
    {.name = "method",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .label = "Method",
     .help = "How it is found out.",
     .values = "document_review interview sampling observation_or_test",
     .example = "sampling"},
    {.name = "looked_for",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "What to look for",
     .help = "Evidence that would show it.",
     .max = 2000,
     .example = "Session list, orders of the customer"},
    {.name = "answer",
     .type = BL_ENUM,
     .flags = BL_FILTER,
     .label = "Answer",
     .help = "What was found; with evidence.",
     .values = "met partly_met not_met not_applicable not_audited"},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Evidence",
     .help = "What was seen, read, heard: of what, when, by whom. For what was not audited: why.",
     .max = 5000,
     .example = "List of May, order 881 and 903."},
    {.name = "population",
     .type = BL_INT,
     .label = "Of how many",
     .help = "How many there are from which the sample was taken.",
     .min = 0,
     .max = 1000000000,
     .example = "64"},
    {.name = "sample",
     .type = BL_INT,
     .label = "Sample",
     .help = "How many were looked at.",
     .min = 0,
     .max = 1000000000,
     .example = "12"},
    {.name = "sampling",
     .type = BL_TEXT,
     .label = "How the sample was taken",
     .help = "At random, by judgement, the newest, …",
     .max = 500,
     .example = "Every fifth, from a random start"},
    {0},
};

enum bl_status evaluation_checklist_before(struct bl_request *r, const struct bl_change *change)
{
    static const char known[] = "SELECT 1 FROM evaluation.question WHERE $1::uuid IS NOT NULL AND id = $2::text";
    const char *question = bl_text(change->after, "question_id");
    const json_t *sample = json_object_get(change->after, "sample"), *population = json_object_get(change->after, "population");
    struct bl_rows *rows;
    if (bl_text(change->after, "answer") && !bl_text(change->after, "evidence"))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/evidence", "an answer needs its evidence, or why there is none");
    if (json_is_integer(sample) && !json_is_integer(population))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/population", "say from how many the sample was taken");
    if (json_is_integer(sample) && json_integer_value(sample) > json_integer_value(population))
        return bl_fail(r, BL_UNPROCESSABLE, "sample_too_large", "/sample",
                       "the sample cannot be larger than what it is taken from");
    if (question && !change->before) {
        enum bl_status status = bl_sql(r, known, &question, 1, 0, &rows);
        if (status == BL_OK && bl_count(r, rows) == 0)
            status =
                bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", "/question_id", "the catalogue has no question %s", question);
        if (status)
            return status;
    }
    return evaluation_audit_open(r, change);
}

/* Questions of the audit's clauses that it does not have yet, by the numbers of its edition. */
static const char drawable[] =
    "SELECT q.id, q.question, CASE a.edition WHEN '2013' THEN q.clause_2013 ELSE q.clause END, q.method, q.evidence"
    " FROM evaluation.audit a JOIN evaluation.question q ON EXISTS (SELECT FROM unnest(a.clauses) x"
    " WHERE CASE a.edition WHEN '2013' THEN q.clause_2013 ELSE q.clause END = x"
    " OR starts_with(CASE a.edition WHEN '2013' THEN q.clause_2013 ELSE q.clause END, x || '.'))"
    " WHERE a.tenant_id = $1 AND a.id = $2::uuid AND NOT EXISTS (SELECT FROM evaluation.audit_checklist_item i"
    " WHERE i.tenant_id = $1 AND i.audit_id = a.id AND i.archived_at IS NULL AND i.question_id = q.id) ORDER BY q.place";

/* POST audits/{id}:draw. Again does no harm. */
enum bl_status evaluation_draw(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "evaluation.audits", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, drawable, &id, 1, 0, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; status == BL_OK && i < count; i++) {
        json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "audit_id", id, "question_id", bl_cell(r, rows, i, 0),
                                 "question", bl_cell(r, rows, i, 1), "number", bl_cell(r, rows, i, 2), "method",
                                 bl_cell(r, rows, i, 3), "looked_for", bl_cell(r, rows, i, 4));
        status = bl_create(r, "evaluation.audit_checklist_items", body, NULL);
        json_decref(body);
    }
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_integer(r, "drawn", count);
    bl_json_close(r);
    return BL_OK;
}

/* GET questions?clause= */
enum bl_status evaluation_questions(struct bl_request *r)
{
    static const char sql[] =
        "SELECT json_build_object('id', id, 'clause', clause, 'clause_2013', clause_2013, 'question', question, 'evidence', "
        "evidence,"
        " 'method', method)::text FROM evaluation.question WHERE $1::uuid IS NOT NULL AND ($2::text IS NULL OR clause = $2"
        " OR starts_with(clause, $2 || '.')) ORDER BY place";
    const char *clause = bl_query(r, "clause");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &clause, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
