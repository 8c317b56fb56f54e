/* Clause 7.5: the register of documents and records. What one says stands in its versions. */
#include "support.h"
#include <string.h>

const struct bl_field support_document_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Title",
     .help = "What people call it.",
     .min = 1,
     .max = 200,
     .example = "Rules for backups"},
    {.name = "number",
     .type = BL_TEXT,
     .flags = BL_UNIQUE | BL_SEARCH | BL_FILTER,
     .label = "Number",
     .help = "By your own scheme, such as IS-P-07. Without one the reference counts.",
     .max = 40,
     .example = "IS-P-07"},
    {.name = "information",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Document or record",
     .help = "A document says what shall be; it is revised. A record shows what was; it is kept.",
     .values = "document record",
     .initial = "document",
     .example = "document"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "What sort of paper it is.",
     .values = "policy method procedure instruction plan register form agreement statement report evidence standard other",
     .initial = "procedure",
     .example = "procedure"},
    {.name = "origin",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Origin",
     .help = "Internal: you write it. External: somebody else does and you need it; then say who, and which edition.",
     .values = "internal external",
     .initial = "internal",
     .example = "internal"},
    {.name = "issuer",
     .type = BL_TEXT,
     .flags = BL_SEARCH,
     .label = "Issuer",
     .help = "Of an external document: who issues it.",
     .max = 200,
     .example = "Port authority"},
    {.name = "edition",
     .type = BL_TEXT,
     .label = "Edition",
     .help = "Of an external document: which edition you work by.",
     .max = 100,
     .example = "2024-06"},
    {.name = "where_used",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Where it is used",
     .help = "The processes and places that need it at hand.",
     .max = 2000,
     .example = "Server room and service desk."},
    {.name = "location",
     .type = BL_TEXT,
     .label = "Where it lies",
     .help = "When it is not kept here as versions: the system, cabinet or address where it is found.",
     .max = 500,
     .example = "Log archive, index access-*"},
    {.name = "classification",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Classification",
     .help = "Who may see it.",
     .values = "public internal confidential secret",
     .initial = "internal",
     .example = "internal"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it that it is right, and reviews it in time."},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Why you keep it",
     .help = "What would go wrong without it. What nobody needs should not be written.",
     .max = 2000,
     .example = "Without it nobody would know which systems are saved, and how often a copy is tried."},
    {.name = "mandatory_id",
     .type = BL_TEXT,
     .flags = BL_FILTER,
     .label = "Answers to",
     .help = "The line of the list of mandatory documents that it answers to, such as MD-02.",
     .max = 10,
     .example = "MD-39"},
    {.name = "quorum",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Approvals needed",
     .help = "How many of the reviewers must approve a version. Taken over by a version when it is submitted.",
     .initial = "1",
     .min = 1,
     .max = 20,
     .example = "2"},
    {.name = "acknowledgement_required",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "To be acknowledged",
     .help = "Shall readers say that they have read and understood it?",
     .initial = "false",
     .example = "true"},
    {.name = "review_months",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Reviewed every … months",
     .help = "The next review is due so many months after it came into force or was last confirmed.",
     .initial = "12",
     .min = 1,
     .max = 60,
     .example = "12"},
    {.name = "retention_months",
     .type = BL_INT,
     .label = "Kept for … months",
     .help = "After it was withdrawn; 0: it need not be kept. It cannot be disposed of before, nor while this is empty.",
     .min = 0,
     .max = 1200,
     .example = "36"},
    {.name = "retention_basis",
     .type = BL_TEXT,
     .label = "Why so long",
     .help = "The law, contract or need behind the time.",
     .max = 500,
     .example = "Three years after the last audit that it proves something for."},
    {.name = "live_version_id",
     .type = BL_REF,
     .ref = "support.document_versions",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Version in force",
     .help = "Set when a version is published."},
    {.name = "in_force_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "In force since",
     .help = "Set when it, or a new version of it, comes into force."},
    {.name = "reviewed_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last review",
     .help = "Set when it comes into force and whenever it is confirmed."},
    {.name = "review_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next review",
     .help = "Computed from the last one."},
    {.name = "withdrawn_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Withdrawn on", .help = "Set by that."},
    {.name = "retain_until",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Kept until",
     .help = "Computed when it is withdrawn. Due for disposal from the day after."},
    {.name = "disposed_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Disposed of on", .help = "Set by that."},
    {.name = "disposed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Disposed of by",
     .help = "Set by that."},
    {.name = "disposal_method",
     .type = BL_ENUM,
     .flags = BL_SERVER,
     .label = "How it was disposed of",
     .help = "Given with the disposal.",
     .values = "erased shredded returned archived_elsewhere"},
    {.name = "disposal_witness",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "Witness of the disposal",
     .help = "Given with the disposal.",
     .max = 200},
    {0},
};

const struct bl_state support_document_states[] = {
    {.name = "draft", .label = "Draft", .help = "Not in force yet.", .flags = BL_INITIAL},
    {.name = "in_force", .label = "In force", .help = "It holds. Its next version may be in work at the same time."},
    {.name = "withdrawn", .label = "Withdrawn", .help = "It no longer holds; kept until its time is over.", .flags = BL_FROZEN},
    {.name = "disposed",
     .label = "Disposed of",
     .help = "Its text is gone; that it was here, and how it went, stays.",
     .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

#define EXTERNAL_WORDS "an external document needs its issuer and its edition: without them nobody can tell which one you work by"

const struct bl_constraint support_document_constraints[] = {
    {.name = "document_number_key",
     .pointer = "/number",
     .code = "number_taken",
     .detail = "another document has this number: numbers name one document each"},
    {.name = "document_external_check", .pointer = "/issuer", .code = "external_incomplete", .detail = EXTERNAL_WORDS},
    {0},
};

enum bl_status support_document_before(struct bl_request *r, const struct bl_change *change)
{
    const char *origin = bl_text(change->after, "origin"), *mandatory = bl_text(change->after, "mandatory_id");
    struct bl_rows *rows;
    enum bl_status status = BL_OK;
    static const char *const parts[] = {"issuer", "edition"}, *const pointers[] = {"/issuer", "/edition"};
    for (size_t i = 0; origin && strcmp(origin, "external") == 0 && i < 2; i++)
        if (!bl_text(change->after, parts[i]))
            status = bl_fail(r, BL_UNPROCESSABLE, "external_incomplete", pointers[i], "%s", EXTERNAL_WORDS);
    if (status || !mandatory)
        return status;
    status =
        bl_sql(r, "SELECT 1 FROM support.mandatory_document WHERE $1::uuid IS NOT NULL AND id = $2", &mandatory, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", "/mandatory_id",
                       "the list of mandatory documents has no %s: see GET mandatory-documents", mandatory);
    return status;
}

/* What holds, or must still be kept, is not put away. */
enum bl_status support_document_retire(struct bl_request *r, const struct bl_change *change)
{
    const char *status = bl_text(change->before, "status");
    if (strcmp(change->verb, "archive") == 0 && (strcmp(status, "in_force") == 0 || strcmp(status, "withdrawn") == 0))
        return bl_fail(r, BL_CONFLICT, "still_kept", NULL,
                       "a document that is %s is not archived: withdraw it, keep it for its time, then dispose of it",
                       strcmp(status, "in_force") == 0 ? "in force" : "withdrawn");
    return BL_OK;
}

/* ---- coming into force ------------------------------------------------------------------------------------------------- */

/* (version, already there, today, next review, may stand without a version) */
static const char to_enforce[] =
    "SELECT v.id, d.status = 'in_force' AND d.live_version_id IS NOT DISTINCT FROM v.id, " SUPPORT_TODAY ","
    " (" SUPPORT_TODAY " + make_interval(months => d.review_months))::date,"
    " d.origin = 'external' OR coalesce(d.location, '') ~ '\\S'"
    " FROM support.document d LEFT JOIN support.document_version v ON v.tenant_id = $1 AND v.document_id = d.id AND v.status = "
    "'published' WHERE d.tenant_id = $1 AND d.id = $2::uuid";

static enum bl_status enforce(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = support_row(r, to_enforce, change->id, NULL, &rows);
    if (status)
        return status;
    const char *version = bl_cell(r, rows, 0, 0);
    if (bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_CONFLICT, "in_force_already", NULL, "it is in force as it is: confirm it, or publish a new version");
    if (!version && !bl_integer(r, rows, 0, 4))
        return bl_fail(r, BL_UNPROCESSABLE, "nothing_published", "/location",
                       "there is no published version: publish one, or say where the document lies if it is not kept here");
    bl_set(change, "live_version_id", version);
    bl_set(change, "in_force_on", bl_cell(r, rows, 0, 2));
    bl_set(change, "reviewed_on", bl_cell(r, rows, 0, 2));
    bl_set(change, "review_on", bl_cell(r, rows, 0, 3));
    return BL_OK;
}

static enum bl_status confirm(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT (" SUPPORT_TODAY " + make_interval(months => review_months))::date FROM support.document WHERE tenant_id = $1 "
        "AND id = $2::uuid";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, change->id, NULL, &rows);
    if (status == BL_OK)
        bl_set(change, "review_on", bl_cell(r, rows, 0, 0));
    return status;
}

/* ---- going ------------------------------------------------------------------------------------------------------------- */

static enum bl_status withdraw(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT (" SUPPORT_TODAY " + make_interval(months => retention_months))::date FROM support.document WHERE tenant_id = $1 "
        "AND id = $2::uuid";
    struct bl_rows *rows;
    enum bl_status status = support_row(r, sql, change->id, NULL, &rows);
    if (status)
        return status;
    bl_set(change, "retain_until", bl_cell(r, rows, 0, 0));
    bl_set(change, "live_version_id", NULL);
    bl_set(change, "review_on", NULL);
    return BL_OK;
}

static enum bl_status withdrawn(struct bl_request *r, const struct bl_change *change)
{
    static const char open[] =
        "SELECT id FROM support.document_version WHERE tenant_id = $1 AND document_id = $2::uuid AND archived_at IS NULL"
        " AND status IN ('draft', 'in_review', 'approved')";
    static const char live[] =
        "SELECT id FROM support.document_version WHERE tenant_id = $1 AND document_id = $2::uuid AND status = 'published'";
    enum bl_status status =
        support_transit_each(r, open, change->id, "support.document_versions", "discard", "The document was withdrawn");
    return status ? status : support_transit_each(r, live, change->id, "support.document_versions", "supersede", NULL);
}

static const char too_early[] =
    "SELECT '/retention_months', 'kept_still', CASE WHEN retain_until IS NULL THEN 'how long it is kept was never said: it "
    "cannot "
    "be disposed of' ELSE format('it is kept until %s: dispose of it after that day', retain_until) END"
    " FROM support.document WHERE tenant_id = $1 AND id = $2::uuid AND NOT coalesce(retention_months = 0 OR retain_until "
    "< " SUPPORT_TODAY ", false)";

static enum bl_status dispose(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    bl_set(change, "retain_until", NULL);
    return BL_OK;
}

/* The text goes; its hash stays, so that a copy that turns up can still be told. */
static enum bl_status disposed(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] = "UPDATE support.document_version SET text = NULL, file_id = NULL, version = version + 1 WHERE "
                              "tenant_id = $1 AND document_id = $2::uuid";
    struct bl_rows *rows;
    return bl_sql(r, sql, &change->id, 1, 0, &rows);
}

static const struct bl_field disposal_input[] = {
    {.name = "disposal_method",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "How",
     .help = "What was done with it.",
     .values = "erased shredded returned archived_elsewhere",
     .example = "erased"},
    {.name = "disposal_witness",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Witness",
     .help = "Who can say that it was done.",
     .min = 1,
     .max = 200,
     .example = "Head of the archive"},
    {0},
};

const struct bl_transition support_document_transitions[] = {
    {.name = "enforce",
     .from = "draft in_force",
     .to = "in_force",
     .permission = "publish",
     .rule = enforce,
     .label = "Bring into force",
     .help = "Happens by itself when a version is published. By hand for what is not kept here as versions."},
    {.name = "confirm",
     .from = "in_force",
     .to = "in_force",
     .sets = "reviewed_on=today",
     .rule = confirm,
     .label = "Confirm",
     .help = "Reviewed and still right: the next review is set."},
    {.name = "withdraw",
     .from = "draft in_force",
     .to = "withdrawn",
     .permission = "publish",
     .flags = BL_REASON,
     .sets = "withdrawn_on=today",
     .rule = withdraw,
     .after = withdrawn,
     .label = "Withdraw",
     .help = "It no longer holds. Versions in work are discarded; it is kept for its time."},
    {.name = "dispose",
     .from = "withdrawn",
     .to = "disposed",
     .permission = "dispose",
     .sets = "disposed_on=today disposed_by_id=actor disposal_method=input disposal_witness=input",
     .input = disposal_input,
     .guard = too_early,
     .rule = dispose,
     .after = disposed,
     .label = "Dispose of",
     .help = "After its time. The text goes, the hash and this entry stay."},
    {0},
};
