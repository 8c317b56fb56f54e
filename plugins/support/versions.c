/* The versions of a document: one is in force, one may be in work, the others are kept as they were. */
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bl_field support_version_fields[] = {
    {.name = "document_id",
     .type = BL_REF,
     .ref = "support.documents",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Document",
     .help = "Which document it is a version of."},
    {.name = "changes",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "What changed",
     .help = "Against the version before, in one line.",
     .min = 1,
     .max = 200,
     .example = "Copies are tried every quarter"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Text",
     .help = "The whole text, as Markdown; or else a file.",
     .max = 200000,
     .example = "# Backups\n\nEvery system is saved each night. A copy is tried every quarter."},
    {.name = "file_id",
     .type = BL_REF,
     .ref = "core.file",
     .flags = BL_FILTER,
     .label = "File",
     .help = "Instead of a text: a file that you have sent to files before. Its own SHA-256 is then the version's."},
    {.name = "author_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Author",
     .help = "Who answers for the text. Left out: who enters it. Neither this person nor anybody who typed the text reviews it."},
    {.name = "due_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "To be ready by",
     .help = "When it shall be in force.",
     .example = "2027-01-31"},
    {.name = "number",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Version",
     .help = "Counts the versions of this document: 1, 2, 3 …",
     .min = 1,
     .max = 100000},
    {.name = "quorum",
     .type = BL_INT,
     .flags = BL_SERVER,
     .label = "Approvals needed",
     .help = "Taken from the document when it was submitted.",
     .min = 1,
     .max = 20},
    {.name = "sha256",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "SHA-256",
     .help = "Of the text in UTF-8, or of the file, set when it is submitted. From then on neither changes.",
     .max = 64},
    {.name = "submitted_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Submitted at", .help = "Set by that."},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at", .help = "When enough reviewers had."},
    {.name = "published_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Published at", .help = "Set by that."},
    {.name = "published_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Published by",
     .help = "Set by that."},
    {.name = "superseded_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Superseded on",
     .help = "When the next version came, or the document was withdrawn."},
    {0},
};

const struct bl_state support_version_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "in_review", .label = "In review", .help = "Lies before its reviewers; the text stands still.", .flags = BL_FROZEN},
    {.name = "approved", .label = "Approved", .help = "Enough reviewers have approved it.", .flags = BL_FROZEN},
    {.name = "published", .label = "Published", .help = "The version in force. There is one.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "superseded", .label = "Superseded", .help = "Was in force; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "discarded", .label = "Discarded", .help = "Never came into force.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define BODY_WORDS "a version is a text or a file, not both: leave one of them empty"

const struct bl_constraint support_version_constraints[] = {
    {.name = "document_version_open_key",
     .pointer = "/document_id",
     .code = "version_in_work",
     .detail = "another version of this document is in work: go on with that one, or discard it"},
    {.name = "document_version_number_key",
     .pointer = "/document_id",
     .code = "version_in_work",
     .detail = "another version of this document was made at the same moment: look at it, then try again"},
    {.name = "document_version_published_key",
     .pointer = "/status",
     .code = "published_exists",
     .detail = "another version was published at the same moment: look at it, then try again"},
    {.name = "document_version_body_check", .pointer = "/file_id", .code = "text_or_file", .detail = BODY_WORDS},
    {.name = "document_version_hash_check",
     .pointer = "/text",
     .code = "text_fixed",
     .detail = "the text does not go with its SHA-256: a text that was submitted does not change"},
    {0},
};

static enum bl_status number_next(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT d.status, (SELECT coalesce(max(v.number), 0) + 1 FROM support.document_version v WHERE v.tenant_id = $1"
        " AND v.document_id = d.id) FROM support.document d WHERE d.tenant_id = $1 AND d.id = $2::uuid AND d.archived_at IS NULL";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, bl_text(change->after, "document_id"), "/document_id", &rows);
    if (status)
        return status;
    const char *state = bl_cell(r, rows, 0, 0);
    if (strcmp(state, "withdrawn") == 0 || strcmp(state, "disposed") == 0)
        return bl_fail(r, BL_CONFLICT, "document_over", "/document_id", "the document is %s: it gets no further version", state);
    json_object_set_new(change->after, "number", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

enum bl_status support_version_before(struct bl_request *r, const struct bl_change *change)
{
    if (bl_text(change->after, "text") && bl_text(change->after, "file_id"))
        return bl_fail(r, BL_UNPROCESSABLE, "text_or_file", "/file_id", "%s", BODY_WORDS);
    return change->before ? BL_OK : number_next(r, change);
}

enum bl_status support_version_retire(struct bl_request *r, const struct bl_change *change)
{
    const char *status = bl_text(change->before, "status");
    if (strcmp(change->verb, "archive") == 0 && strcmp(status, "draft") != 0 && strcmp(status, "discarded") != 0)
        return bl_fail(r, BL_CONFLICT, "version_kept", NULL, "a version that is %s is kept: only drafts and discarded ones go",
                       status);
    return BL_OK;
}

/* ---- the way to approval ----------------------------------------------------------------------------------------------- */

static const char complete[] =
    "SELECT '/text', 'required', 'there is neither text nor file yet: a version says something before it is reviewed'"
    " FROM support.document_version v WHERE v.tenant_id = $1 AND v.id = $2::uuid AND v.file_id IS NULL"
    " AND coalesce(v.text, '') !~ '\\S'"
    " UNION ALL SELECT '/file_id', 'file_archived', 'the file is archived: restore it, or name another one'"
    " FROM support.document_version v JOIN core.file f ON f.tenant_id = $1 AND f.id = v.file_id AND f.archived_at IS NOT NULL"
    " WHERE v.tenant_id = $1 AND v.id = $2::uuid"
    " UNION ALL SELECT '', 'reviewers_missing', format('%s of the reviewers must approve and %s are named: name more, or ask for "
    "fewer approvals on the document', d.quorum, n.count)"
    " FROM support.document_version v JOIN support.document d ON d.tenant_id = $1 AND d.id = v.document_id"
    " CROSS JOIN LATERAL (SELECT count(*) FROM support.document_review w WHERE w.tenant_id = $1 AND w.version_id = v.id"
    " AND w.archived_at IS NULL) n WHERE v.tenant_id = $1 AND v.id = $2::uuid AND n.count < d.quorum"
    " UNION ALL SELECT '', 'separation_of_duties', format('%s wrote this text and is named as its reviewer (%s): name somebody "
    "else', m.name, w.ref)"
    " FROM support.document_version v JOIN support.document_review w ON w.tenant_id = $1 AND w.version_id = v.id"
    " AND w.archived_at IS NULL JOIN core.member m ON m.tenant_id = $1 AND m.id = w.reviewer_id"
    " WHERE v.tenant_id = $1 AND v.id = $2::uuid AND support.wrote($1, v.id, w.reviewer_id)";

static enum bl_status submit(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT coalesce(f.sha256, encode(sha256(convert_to(v.text, 'UTF8')), 'hex')), d.quorum FROM support.document_version v"
        " JOIN support.document d ON d.tenant_id = $1 AND d.id = v.document_id"
        " LEFT JOIN core.file f ON f.tenant_id = $1 AND f.id = v.file_id WHERE v.tenant_id = $1 AND v.id = $2::uuid";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, change->id, NULL, &rows);
    if (status)
        return status;
    bl_set(change, "sha256", bl_cell(r, rows, 0, 0));
    json_object_set_new(change->after, "quorum", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

/* Back to work: the text may change again. */
static enum bl_status reopen(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    bl_set(change, "sha256", NULL);
    return BL_OK;
}

/* A new round: each reviewer decides about this text, whatever was said about an earlier one. */
static enum bl_status ask_again(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "SELECT id FROM support.document_review WHERE tenant_id = $1 AND version_id = $2::uuid AND "
                              "archived_at IS NULL AND status <> 'pending'";
    return support_transit_each(r, sql, change->id, "support.document_reviews", "ask", NULL);
}

static const char not_rejected[] =
    "SELECT '', 'not_rejected', 'it comes back when a reviewer rejects it; its author recalls it' WHERE NOT EXISTS (SELECT FROM "
    "support.document_review WHERE tenant_id = $1 AND version_id = $2::uuid AND archived_at IS NULL AND status = 'rejected')";

static const char quorum_open[] =
    "SELECT '', 'quorum_open', format('%s of %s approvals are there: it is approved by itself with the last one', n.count, "
    "v.quorum)"
    " FROM support.document_version v CROSS JOIN LATERAL (SELECT count(*) FROM support.document_review w"
    " WHERE w.tenant_id = $1 AND w.version_id = v.id AND w.archived_at IS NULL AND w.status = 'approved') n"
    " WHERE v.tenant_id = $1 AND v.id = $2::uuid AND n.count < v.quorum";

/* ---- publication ------------------------------------------------------------------------------------------------------- */

/* Which document the rest of this transaction takes out of force: the guard of `supersede` lets no other pass. */
#define LEAVING "ballium.support_leaving"

static const char leaves[] =
    "SELECT set_config('" LEAVING "', $2, true) WHERE $1::uuid IS NOT NULL"; /* local to the transaction */

static const char not_leaving[] =
    "SELECT '', 'still_in_force', 'it is superseded when the next version is published or the document is withdrawn: do that'"
    " FROM support.document_version v JOIN support.document d ON d.tenant_id = $1 AND d.id = v.document_id"
    " WHERE v.tenant_id = $1 AND v.id = $2::uuid AND d.status <> 'withdrawn'"
    " AND v.document_id::text IS DISTINCT FROM current_setting('" LEAVING "', true)";

/* Before this one is written, not after: a unique index lets only one be in force. */
static enum bl_status replace_previous(struct bl_request *r, const struct bl_change *change)
{
    static const char live[] =
        "SELECT id FROM support.document_version WHERE tenant_id = $1 AND document_id = $2::uuid AND status = 'published'";
    const char *document = bl_text(change->before, "document_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, leaves, &document, 1, 0, &rows);
    return status ? status : support_transit_each(r, live, document, "support.document_versions", "supersede", NULL);
}

static enum bl_status enforce_document(struct bl_request *r, const struct bl_change *change)
{
    return bl_transit(r, "support.documents", bl_text(change->after, "document_id"), "enforce", NULL, NULL);
}

const struct bl_transition support_version_transitions[] = {
    {.name = "submit",
     .from = "draft",
     .to = "in_review",
     .sets = "submitted_at=now",
     .guard = complete,
     .rule = submit,
     .after = ask_again,
     .label = "Submit for review",
     .help = "Asks its reviewers. The text stands still from now on."},
    {.name = "recall",
     .from = "in_review",
     .to = "draft",
     .flags = BL_REASON,
     .rule = reopen,
     .label = "Recall",
     .help = "Takes it back to work on it; what reviewers have said so far no longer counts."},
    {.name = "return",
     .from = "in_review",
     .to = "draft",
     .permission = "review",
     .flags = BL_REASON,
     .guard = not_rejected,
     .rule = reopen,
     .label = "Send back",
     .help = "Happens by itself when a reviewer rejects it."},
    {.name = "approve",
     .from = "in_review",
     .to = "approved",
     .permission = "review",
     .sets = "approved_at=now",
     .guard = quorum_open,
     .label = "Approve",
     .help = "Happens by itself with the last approval that is needed."},
    {.name = "publish",
     .from = "approved",
     .to = "published",
     .permission = "publish",
     .sets = "published_at=now published_by_id=actor",
     .rule = replace_previous,
     .after = enforce_document,
     .label = "Publish",
     .help = "From now on this is what holds; the version before is superseded."},
    {.name = "supersede",
     .from = "published",
     .to = "superseded",
     .permission = "publish",
     .sets = "superseded_on=today",
     .guard = not_leaving,
     .label = "Supersede",
     .help = "Happens by itself when the next version is published or the document withdrawn."},
    {.name = "discard",
     .from = "draft in_review approved",
     .to = "discarded",
     .flags = BL_REASON,
     .label = "Discard",
     .help = "It will not come into force; say why."},
    {0},
};

/* ---- the next version -------------------------------------------------------------------------------------------------- */

static void decref(void *value)
{
    json_decref(value);
}

/* POST documents/{id}:revise. A draft with the text of the version in force; the rules of a new version hold as ever. */
enum bl_status support_version_revise(struct bl_request *r)
{
    static const char sql[] =
        "SELECT v.text FROM support.document d LEFT JOIN support.document_version v ON v.tenant_id = $1 AND v.id = "
        "d.live_version_id WHERE d.tenant_id = $1 AND d.id = $2::uuid AND d.archived_at IS NULL";
    json_t *body, *record = NULL;
    struct bl_rows *rows;
    enum bl_status status = bl_body(r, &body);
    if (status == BL_OK)
        status = support_row(r, sql, bl_param(r, "id"), NULL, &rows);
    if (status)
        return status;
    json_t *version = json_deep_copy(body);
    bl_defer(r, decref, version);
    const char *text = bl_cell(r, rows, 0, 0);
    if (!json_object_get(version, "text") && !json_object_get(version, "file_id") && text)
        json_object_set_new(version, "text", json_string(text));
    json_object_set_new(version, "document_id", json_string(bl_param(r, "id")));
    status = bl_create(r, "support.document_versions", version, &record);
    return status ? status : support_created(r, "document-versions", record);
}
