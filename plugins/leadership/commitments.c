/* Clause 5.1: what top management does for the ISMS, and what shows it. */
#include "leadership.h"
#include <string.h>

const struct bl_field leadership_commitment_fields[] = {
    {.name = "letter",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Which of the eight",
     .help = "a policy and objectives, b part of everyday processes, c means, d telling why it matters, e following the outcome, "
             "f guiding and backing people, g improvement, h helping other managers.",
     .values = "a b c d e f g h",
     .example = "d"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What was done",
     .help = "A deed, not an intention.",
     .min = 1,
     .max = 200,
     .example = "Spoke at the works meeting about the open gate of March"},
    {.name = "done_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "By whom",
     .help = "Somebody of top management. Left out: whoever enters it."},
    {.name = "done_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "On",
     .help = "The day.",
     .example = "2026-03-18"},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Evidence",
     .help = "What shows it, and where it is.",
     .min = 1,
     .max = 2000,
     .example = "Minutes of the works meeting, item 2"},
    {.name = "again_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Again on",
     .help = "When the next deed of this kind is due.",
     .example = "2026-09-18"},
    {0},
};

const struct bl_relation leadership_commitment_relations[] = {
    {.name = "documents",
     .to = "support.documents",
     .inverse = "commitments",
     .label = "Documents",
     .help = "Documents and records that show it."},
    {0},
};

enum bl_status leadership_commitment_before(struct bl_request *r, const struct bl_change *change)
{
    const char *named = bl_text(change->after, "done_by_id");
    const char *entered = change->before ? bl_text(change->before, "created_by") : r->actor, *who = named ? named : entered;
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "done_on");
    if (status == BL_OK)
        status = leadership_ordered(r, change, "done_on", "again_on");
    if (status == BL_OK)
        status = bl_sql(r, "SELECT roles && '{owner,top_management}' FROM core.member WHERE tenant_id = $1 AND id = $2::uuid",
                        &who, 1, 0, &rows);
    if (status == BL_OK && (bl_count(r, rows) == 0 || !bl_integer(r, rows, 0, 0)))
        return bl_fail(r, BL_UNPROCESSABLE, "not_top_management", "/done_by_id",
                       "this is about what top management does itself: name one of them");
    return status;
}

static const char summary[] =
    "SELECT json_build_object('letter', deed.letter, 'what', deed.what, 'deeds', c.count, 'last_on', c.last_on, 'again_on', "
    "c.again_on, 'state', CASE WHEN c.count = 0 THEN 'missing' WHEN c.last_on < " LEADERSHIP_TODAY
    " - 365 THEN 'old' ELSE 'shown' END)::text FROM " LEADERSHIP_DEEDS
    " CROSS JOIN LATERAL (SELECT count(*), max(done_on) AS last_on, min(again_on) FILTER (WHERE again_on >= " LEADERSHIP_TODAY
    ") AS again_on FROM leadership.commitment WHERE tenant_id = $1 AND letter = deed.letter AND archived_at IS NULL) c"
    " ORDER BY deed.letter";

/* GET commitment-summary */
enum bl_status leadership_commitment_summary(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, summary, NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}
