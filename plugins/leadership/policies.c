/* Clause 5.2: the information security policy and those on single topics. What one says stands in its controlled document; here
 * is what makes it a policy: that top management stands for it, what it promises, whom it is for. */
#include "leadership.h"
#include <string.h>

#define CHECK(field_name, field_label, field_help)                                                                               \
    {                                                                                                                            \
        .name = (field_name), .type = BL_BOOL, .flags = BL_REQUIRED | BL_FILTER, .label = (field_label), .help = (field_help),   \
        .initial = "false", .example = "true"                                                                                    \
    }

const struct bl_field leadership_policy_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Policy",
     .help = "What it is called.",
     .min = 1,
     .max = 200,
     .example = "Access policy"},
    {.name = "level",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Level",
     .help = "Top: the information security policy itself; one is published. Topic: on a single matter.",
     .values = "top topic",
     .initial = "topic",
     .example = "topic"},
    {.name = "topic",
     .type = BL_TEXT,
     .flags = BL_SEARCH | BL_FILTER,
     .label = "Topic",
     .help = "Of a topic policy: what it is on.",
     .max = 100,
     .example = "Access"},
    {.name = "document_id",
     .type = BL_REF,
     .ref = "support.documents",
     .flags = BL_REQUIRED | BL_UNIQUE | BL_FIXED | BL_FILTER,
     .label = "Document",
     .help = "The controlled document that holds its text."},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who keeps it right."},
    CHECK("fits_purpose", "Fits what we are for", "Does it suit what the organisation is there for (5.2 a)?"),
    CHECK("gives_objectives", "Gives objectives", "Does it state the objectives, or how they are set (5.2 b)?"),
    CHECK("promises_requirements", "Promises to meet requirements",
          "Does it promise that applicable requirements are met (5.2 c)?"),
    CHECK("promises_improvement", "Promises to improve", "Does it promise that the ISMS keeps getting better (5.2 d)?"),
    {.name = "where_said",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Where it says so",
     .help = "The sentences, for whoever checks the four points.",
     .max = 2000,
     .example = "Second and third item of the list."},
    {.name = "units",
     .type = BL_LIST,
     .flags = BL_FILTER,
     .label = "Units",
     .help = "Whom it is for, by the units of the list of persons. Empty: everybody.",
     .max = 100,
     .example = "Service desk"},
    {.name = "outside",
     .type = BL_TEXT,
     .label = "Outside the house",
     .help = "To which interested parties it is given, and how (5.2 g); or why not.",
     .max = 500,
     .example = "Customers and the port authority: on the web site"},
    {.name = "review_months",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Reviewed every … months",
     .help = "The next review is due so many months after it was published or last confirmed.",
     .initial = "12",
     .min = 1,
     .max = 36,
     .example = "12"},
    {.name = "version_id",
     .type = BL_REF,
     .ref = "support.document_versions",
     .flags = BL_SERVER | BL_FILTER,
     .label = "Version stood for",
     .help = "The version that top management published as policy."},
    {.name = "published_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Published on", .help = "Set by that."},
    {.name = "published_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Published by",
     .help = "Set by that."},
    {.name = "reviewed_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Last review",
     .help = "Set when it is published and whenever it is confirmed."},
    {.name = "review_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next review",
     .help = "Computed from the last one."},
    {0},
};

const struct bl_state leadership_policy_states[] = {
    {.name = "draft", .label = "Draft", .help = "Not published.", .flags = BL_INITIAL},
    {.name = "published", .label = "Published", .help = "Top management stands for it."},
    {.name = "withdrawn", .label = "Withdrawn", .help = "It no longer holds.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_constraint leadership_policy_constraints[] = {
    {.name = "policy_document_id_key",
     .pointer = "/document_id",
     .code = "document_is_policy",
     .detail = "another policy has this document: a text is one policy"},
    {.name = "policy_top_key",
     .pointer = "/level",
     .code = "top_policy_exists",
     .detail = "the information security policy is published already: withdraw it first, or publish its new version"},
    {0},
};

/* What a policy must be before anybody stands for it. */
#define PROMISE(pointer, field, words)                                                                                           \
    " UNION ALL SELECT '/" pointer "', 'promise_missing', '" words "' FROM leadership.policy WHERE tenant_id = $1 AND id = "     \
    "$2::uuid AND level = 'top' AND NOT " field
static const char unfit[] =
    "SELECT '/document_id', 'not_in_force', 'its document has no version in force: publish one there first'"
    " FROM leadership.policy p JOIN support.document d ON d.tenant_id = $1 AND d.id = p.document_id"
    " WHERE p.tenant_id = $1 AND p.id = $2::uuid AND (d.status <> 'in_force' OR d.live_version_id IS NULL)"
    " UNION ALL SELECT '', 'separation_of_duties', 'who wrote the text does not publish it as policy: somebody else has to'"
    " FROM leadership.policy p JOIN support.document d ON d.tenant_id = $1 AND d.id = p.document_id"
    " WHERE p.tenant_id = $1 AND p.id = $2::uuid AND support.wrote($1, d.live_version_id, $3::uuid)"
    " UNION ALL SELECT '', 'published_already', 'this version is published already: confirm it when you have reviewed it'"
    " FROM leadership.policy p JOIN support.document d ON d.tenant_id = $1 AND d.id = p.document_id"
    " WHERE p.tenant_id = $1 AND p.id = $2::uuid AND p.status = 'published' AND p.version_id = d.live_version_id"
    " UNION ALL SELECT '/topic', 'required', 'say what the policy is on' FROM leadership.policy WHERE tenant_id = $1 AND id = "
    "$2::uuid AND level = 'topic' AND coalesce(topic, '') !~ '\\S'" PROMISE(
        "fits_purpose", "fits_purpose", "the information security policy must fit what the organisation is for")
        PROMISE("gives_objectives", "gives_objectives",
                "the information security policy must give objectives, or a frame for them")
            PROMISE("promises_requirements", "promises_requirements",
                    "the information security policy must promise to meet requirements")
                PROMISE("promises_improvement", "promises_improvement",
                        "the information security policy must promise to keep improving");

static const char dates[] =
    "SELECT d.live_version_id, " LEADERSHIP_TODAY ", (" LEADERSHIP_TODAY " + make_interval(months => p.review_months))::date"
    " FROM leadership.policy p JOIN support.document d ON d.tenant_id = $1 AND d.id = p.document_id"
    " WHERE p.tenant_id = $1 AND p.id = $2::uuid";

static enum bl_status publish(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = leadership_row(r, dates, change->id, &rows);
    if (status)
        return status;
    bl_set(change, "version_id", bl_cell(r, rows, 0, 0));
    bl_set(change, "reviewed_on", bl_cell(r, rows, 0, 1));
    bl_set(change, "review_on", bl_cell(r, rows, 0, 2));
    return BL_OK;
}

static enum bl_status confirm(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = leadership_row(r, dates, change->id, &rows);
    if (status)
        return status;
    bl_set(change, "reviewed_on", bl_cell(r, rows, 0, 1));
    bl_set(change, "review_on", bl_cell(r, rows, 0, 2));
    return BL_OK;
}

const struct bl_transition leadership_policy_transitions[] = {
    {.name = "publish",
     .from = "draft published",
     .to = "published",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "published_on=today published_by_id=actor",
     .guard = unfit,
     .rule = publish,
     .label = "Publish",
     .help = "Top management stands for the version in force. Again when a new version is in force."},
    {.name = "confirm",
     .from = "published",
     .to = "published",
     .permission = "approve",
     .rule = confirm,
     .label = "Confirm",
     .help = "Reviewed and still right: the next review is set."},
    {.name = "withdraw",
     .from = "draft published",
     .to = "withdrawn",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Withdraw",
     .help = "It no longer holds; say why."},
    {0},
};

enum bl_status leadership_policy_retire(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "archive") == 0 && strcmp(bl_text(change->before, "status"), "published") == 0)
        return bl_fail(r, BL_CONFLICT, "policy_holds", NULL, "a published policy is not archived: withdraw it first");
    return BL_OK;
}
