/* Who looks at a version before it holds, and who has read it since. */
#include "support.h"
#include <string.h>

const struct bl_field support_review_fields[] = {
    {.name = "version_id",
     .type = BL_REF,
     .ref = "support.document_versions",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Version",
     .help = "What is to be reviewed."},
    {.name = "reviewer_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_REQUIRED | BL_FIXED | BL_OWNER | BL_FILTER,
     .label = "Reviewer",
     .help = "Who decides. Not somebody who wrote the text."},
    {.name = "focus",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "What to look at",
     .help = "Why this person: the law, the technique, the daily work.",
     .initial = "The whole text",
     .min = 1,
     .max = 200,
     .example = "Whether the shift leaders can do it like this"},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Wanted by",
     .help = "On the reviewer's calendar until it is decided.",
     .example = "2027-01-15"},
    {.name = "remark",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .label = "Remark",
     .help = "What the reviewer said with the decision.",
     .max = 5000},
    {.name = "decided_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Decided at", .help = "Set by the decision."},
    {.name = "sha256",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "SHA-256",
     .help = "Of the text that was decided about.",
     .max = 64},
    {0},
};

const struct bl_state support_review_states[] = {
    {.name = "pending", .label = "Pending", .help = "Not decided.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "The text is good as it is.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "rejected", .label = "Rejected", .help = "The text must change.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_constraint support_review_constraints[] = {
    {.name = "document_review_reviewer_key",
     .pointer = "/reviewer_id",
     .code = "reviewer_named",
     .detail = "this person is a reviewer of this version already"},
    {0},
};

/* (state, wrote it, archived); $2 version, $3 person */
static const char version_of[] = "SELECT v.status, support.wrote($1, v.id, $3::uuid) FROM support.document_version v"
                                 " WHERE v.tenant_id = $1 AND v.id = $2::uuid AND v.archived_at IS NULL";

enum bl_status support_review_before(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {bl_text(change->after, "version_id"), bl_text(change->after, "reviewer_id")};
    struct bl_rows *rows;
    if (change->before)
        return BL_OK;
    enum bl_status status = bl_sql(r, version_of, args, 2, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/version_id", "there is no such version, or it is archived");
    const char *state = bl_cell(r, rows, 0, 0);
    if (strcmp(state, "draft") != 0 && strcmp(state, "in_review") != 0)
        return bl_fail(r, BL_CONFLICT, "decided_already", "/version_id", "the version is %s: there is nothing left to review",
                       state);
    if (strcmp(state, "in_review") == 0 && bl_integer(r, rows, 0, 1)) /* of a draft the submission asks */
        return bl_fail(r, BL_UNPROCESSABLE, "separation_of_duties", "/reviewer_id",
                       "this person wrote the text: somebody else reviews it");
    return BL_OK;
}

/* A reviewer goes only while that leaves enough of them, and never takes a decision along. The lock comes first, in a statement
 * of its own: what is counted then is current. */
enum bl_status support_review_retire(struct bl_request *r, const struct bl_change *change)
{
    static const char lock[] =
        "SELECT status, quorum FROM support.document_version WHERE tenant_id = $1 AND id = $2::uuid FOR UPDATE";
    static const char count[] = "SELECT count(*) FROM support.document_review WHERE tenant_id = $1 AND version_id = $2::uuid AND "
                                "archived_at IS NULL";
    const char *version = bl_text(change->before, "version_id");
    struct bl_rows *rows, *left = NULL;
    if (strcmp(change->verb, "archive") != 0)
        return BL_OK;
    if (strcmp(bl_text(change->before, "status"), "pending") != 0)
        return bl_fail(r, BL_CONFLICT, "decision_kept", NULL, "a decision is kept: it tells who stood for the text");
    enum bl_status status = support_row(r, lock, version, NULL, &rows);
    if (status == BL_OK)
        status = support_row(r, count, version, NULL, &left);
    if (status == BL_OK && strcmp(bl_cell(r, rows, 0, 0), "in_review") == 0 &&
        bl_integer(r, left, 0, 0) <= bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_CONFLICT, "reviewers_missing", NULL,
                       "without this reviewer there would be fewer than must approve: name another one first");
    return status;
}

/* Locks the version: of two reviewers who decide at once the second counts the first. */
static enum bl_status decide(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT v.status, v.sha256, support.wrote($1, v.id, $3::uuid) FROM support.document_version v WHERE v.tenant_id = $1 AND "
        "v.id = $2::uuid FOR UPDATE";
    const char *args[] = {bl_text(change->before, "version_id"), r->actor}, *who = bl_text(change->before, "reviewer_id");
    struct bl_rows *rows;
    if (strcmp(who, r->actor) != 0)
        return bl_fail(r, BL_FORBIDDEN, "not_the_reviewer", NULL, "only the reviewer who is named here decides");
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status)
        return status;
    const char *state = bl_cell(r, rows, 0, 0);
    bool late = strcmp(state, "approved") == 0 && strcmp(change->verb, "approve") == 0; /* one more voice does no harm */
    if (strcmp(state, "in_review") != 0 && !late)
        return bl_fail(r, BL_CONFLICT, "not_in_review", NULL, "the version is %s: it is decided about while it is in review",
                       state);
    if (bl_integer(r, rows, 0, 2))
        return bl_fail(r, BL_FORBIDDEN, "separation_of_duties", NULL, "who wrote the text does not %s it", change->verb);
    bl_set(change, "sha256", bl_cell(r, rows, 0, 1));
    return BL_OK;
}

static enum bl_status count_approvals(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT v.status = 'in_review' AND (SELECT count(*) FROM support.document_review w WHERE w.tenant_id = $1 AND "
        "w.version_id = v.id AND w.archived_at IS NULL AND w.status = 'approved') >= v.quorum"
        " FROM support.document_version v WHERE v.tenant_id = $1 AND v.id = $2::uuid";
    const char *version = bl_text(change->after, "version_id");
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, version, NULL, &rows);
    if (status == BL_OK && bl_integer(r, rows, 0, 0))
        status = bl_transit(r, "support.document_versions", version, "approve", NULL, NULL);
    return status;
}

static enum bl_status send_back(struct bl_request *r, const struct bl_change *change)
{
    const char *remark = bl_text(change->after, "remark");
    json_t *input = json_pack("{s:s}", "reason", remark ? remark : "Rejected by a reviewer");
    enum bl_status status =
        bl_transit(r, "support.document_versions", bl_text(change->after, "version_id"), "return", input, NULL);
    json_decref(input);
    return status;
}

static const char newer_round[] =
    "SELECT '', 'decision_kept', 'a decision stands until the version is submitted again'"
    " FROM support.document_review w JOIN support.document_version v ON v.tenant_id = $1 AND v.id = w.version_id"
    " WHERE w.tenant_id = $1 AND w.id = $2::uuid AND NOT (v.status = 'in_review' AND w.decided_at < v.submitted_at)";

static enum bl_status forget(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    bl_set(change, "sha256", NULL);
    bl_set(change, "decided_at", NULL);
    bl_set(change, "remark", NULL);
    return BL_OK;
}

#define REMARK(how)                                                                                                              \
    {                                                                                                                            \
        .name = "remark", .type = BL_TEXT, .flags = BL_LONG | (how), .label = "Remark",                                          \
        .help = "What you found, for the author and for those who ask later.", .max = 5000,                                      \
        .example = "The times fit the night shift."                                                                              \
    }
static const struct bl_field approve_input[] = {REMARK(0), {0}}, reject_input[] = {REMARK(BL_REQUIRED), {0}};

const struct bl_transition support_review_transitions[] = {
    {.name = "approve",
     .from = "pending",
     .to = "approved",
     .permission = "review",
     .sets = "decided_at=now remark=input",
     .input = approve_input,
     .rule = decide,
     .after = count_approvals,
     .label = "Approve",
     .help = "The text is good as it is. With the last approval that is needed the version is approved."},
    {.name = "reject",
     .from = "pending",
     .to = "rejected",
     .permission = "review",
     .sets = "decided_at=now remark=input",
     .input = reject_input,
     .rule = decide,
     .after = send_back,
     .label = "Reject",
     .help = "The text must change: say how. The version goes back to its author."},
    {.name = "ask",
     .from = "approved rejected",
     .to = "pending",
     .permission = "review",
     .guard = newer_round,
     .rule = forget,
     .label = "Ask again",
     .help = "Happens by itself when a version is submitted again."},
    {0},
};

/* ---- acknowledgement --------------------------------------------------------------------------------------------------- */

const struct bl_field support_acknowledgement_fields[] = {
    {.name = "version_id",
     .type = BL_REF,
     .ref = "support.document_versions",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Version",
     .help = "What you have read: the version in force."},
    {.name = "statement",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "What you say",
     .help = "In your own words, if you like.",
     .initial = "I have read and understood it",
     .min = 1,
     .max = 200,
     .example = "I have read and understood it"},
    {.name = "member_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Reader",
     .help = "Whoever enters it: nobody acknowledges for another."},
    {.name = "sha256", .type = BL_TEXT, .flags = BL_SERVER, .label = "SHA-256", .help = "Of the text that was read.", .max = 64},
    {0},
};

const struct bl_constraint support_acknowledgement_constraints[] = {
    {.name = "acknowledgement_once_key",
     .pointer = "/version_id",
     .code = "acknowledged_already",
     .detail = "you have acknowledged this version already"},
    {0},
};

enum bl_status support_acknowledgement_before(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT status, sha256 FROM support.document_version WHERE tenant_id = $1 AND id = $2::uuid AND archived_at IS NULL";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, bl_text(change->after, "version_id"), "/version_id", &rows);
    if (status)
        return status;
    if (strcmp(bl_cell(r, rows, 0, 0), "published") != 0)
        return bl_fail(r, BL_CONFLICT, "not_in_force", "/version_id", "the version is %s: acknowledge the one that is in force",
                       bl_cell(r, rows, 0, 0));
    bl_set(change, "member_id", r->actor);
    bl_set(change, "sha256", bl_cell(r, rows, 0, 1));
    return BL_OK;
}
