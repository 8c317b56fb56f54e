/* The support area, clause 7: its registers, routes and signals. */
#include "support.h"

extern const struct bl_migration bl_migrations_support[];
extern const struct bl_plugin bl_plugin_support;

static const struct bl_resource resources[] = {
    {.name = "documents",
     .singular = "document",
     .table = "support.document",
     .prefix = "DOC",
     .clause = "7.5",
     .label = "Documents and records",
     .help = "What is written down because it must be, or because you need it; with its owner, its version in force and its end.",
     .fields = support_document_fields,
     .states = support_document_states,
     .transitions = support_document_transitions,
     .constraints = support_document_constraints,
     .sort = "title",
     .before = support_document_before,
     .retire = support_document_retire},
    {.name = "document_versions",
     .singular = "document_version",
     .table = "support.document_version",
     .prefix = "DV",
     .clause = "7.5.2",
     .label = "Versions of documents",
     .help = "What a document says, version by version. Approved text does not change.",
     .fields = support_version_fields,
     .states = support_version_states,
     .transitions = support_version_transitions,
     .constraints = support_version_constraints,
     .before = support_version_before,
     .retire = support_version_retire},
    {.name = "document_reviews",
     .singular = "document_review",
     .table = "support.document_review",
     .prefix = "DR",
     .clause = "7.5.2",
     .label = "Reviews of documents",
     .help = "Who looks at a version before it holds, and what came of it.",
     .fields = support_review_fields,
     .states = support_review_states,
     .transitions = support_review_transitions,
     .constraints = support_review_constraints,
     .before = support_review_before,
     .retire = support_review_retire},
    {.name = "acknowledgements",
     .singular = "acknowledgement",
     .table = "support.acknowledgement",
     .prefix = "ACK",
     .clause = "7.3",
     .label = "Acknowledgements",
     .help = "Who has read and understood which version.",
     .flags = BL_APPEND_ONLY,
     .fields = support_acknowledgement_fields,
     .constraints = support_acknowledgement_constraints,
     .before = support_acknowledgement_before},
    {0},
};

#define STRING "{\"type\":\"string\"}"
#define COUNT "{\"type\":\"integer\"}"
#define ITEMS(more)                                                                                                              \
    "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":"           \
    "\"object\"}}" more "}}"
#define VERSION                                                                                                                  \
    "{\"type\":[\"object\",\"null\"],\"properties\":{\"id\":{\"type\":\"string\",\"format\":\"uuid\"},\"number\":" COUNT "}}"

static const char difference_answer[] =
    "{\"type\":\"object\",\"required\":[\"from\",\"to\",\"added\",\"removed\",\"minimal\",\"hunks\"],\"properties\":{"
    "\"from\":" VERSION ",\"to\":" VERSION ",\"added\":" COUNT ",\"removed\":" COUNT
    ",\"minimal\":{\"type\":\"boolean\"},\"hunks\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"from_line\":" COUNT ",\"to_line\":" COUNT ",\"lines\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"change\":{\"enum\":[\"none\",\"added\",\"removed\"]},\"text\":" STRING "}}}}}}}}";

static const struct bl_route routes[] = {
    {.method = "POST",
     .path = "documents/{id}:revise",
     .permission = "support.document_version:write",
     .handler = support_version_revise,
     .flags = BL_CREATED,
     .summary = "Makes a draft of the next version from the text in force",
     .body = "{\"type\":\"object\",\"required\":[\"changes\"],\"properties\":{\"changes\":" STRING ",\"text\":" STRING
             ",\"author_id\":{\"type\":\"string\",\"format\":\"uuid\"},\"due_on\":{\"type\":\"string\",\"format\":\"date\"}}}"},
    {.method = "GET",
     .path = "document-versions/{id}/difference",
     .permission = "support.document_version:read",
     .handler = support_difference,
     .query = "from",
     .summary = "What changed in a version, line by line; from: against that one, else the one before",
     .answer = difference_answer},
    {.method = "GET",
     .path = "documents/{id}/readers",
     .permission = "support.acknowledgement:read",
     .handler = support_readers,
     .summary = "Who has acknowledged the version in force, and who has not",
     .answer = ITEMS(",\"have\":" COUNT ",\"have_not\":" COUNT)},
    {.method = "GET",
     .path = "to-read",
     .permission = "support.document:read",
     .handler = support_to_read,
     .summary = "What you have still to read and acknowledge",
     .answer = ITEMS(",\"count\":" COUNT)},
    {.method = "GET",
     .path = "mandatory-documents",
     .permission = "support.document:read",
     .handler = support_mandatory,
     .query = "edition obligation",
     .summary = "What must be written down, what of it is here, and what is missing",
     .answer = ITEMS(",\"count\":" COUNT ",\"missing\":" COUNT)},
    {0},
};

#define LIVE "tenant_id = $1 AND archived_at IS NULL"

static const struct bl_signal signals[] = {
    {"mandatory_documents", "7.5.1", "Mandatory documents and records in force",
     "SELECT count(*) FILTER (WHERE there), count(*), bool_and(there) FROM (SELECT EXISTS (SELECT FROM support.document d WHERE "
     "d.tenant_id = $1 AND d.archived_at IS NULL AND d.mandatory_id = m.id AND d.status = 'in_force') AS there"
     " FROM support.mandatory_document m WHERE m.obligation = 'mandatory') m"},
    {"documents_reviewed", "7.5.3", "Documents in force whose review is not overdue",
     "SELECT count(*) FILTER (WHERE review_on >= " SUPPORT_TODAY
     "), count(*), count(*) > 0 AND bool_and(review_on >= " SUPPORT_TODAY ") FROM support.document WHERE " LIVE
     " AND status = 'in_force'"},
    {"reviews_overdue", "7.5.2", "Reviews of documents that are overdue",
     "SELECT count(*), NULL::bigint, count(*) = 0 FROM support.document_review WHERE " LIVE
     " AND status = 'pending' AND due_on < " SUPPORT_TODAY},
    {"documents_to_dispose", "7.5.3", "Documents kept beyond their time",
     "SELECT count(*), NULL::bigint, count(*) = 0 FROM support.document WHERE " LIVE
     " AND status = 'withdrawn' AND retain_until < " SUPPORT_TODAY},
    {0},
};

const struct bl_plugin bl_plugin_support = {
    .abi = BL_ABI,
    .name = "support",
    .version = "1.0.0",
    .clause = "7",
    .label = "Support",
    .help = "What people need to do their part: means, competence, awareness, word from each other, and what is written down.",
    .resources = resources,
    .routes = routes,
    .migrations = bl_migrations_support,
    .signals = signals,
};
