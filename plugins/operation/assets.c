/* A.5.9 to A.5.13: what is worth protecting, who answers for it, how much it matters, and its life from use to disposal. */
#include "operation.h"
#include <stdio.h>
#include <string.h>

#define RATING(field, title, words)                                                                                              \
    {                                                                                                                            \
        .name = (field), .type = BL_INT, .flags = BL_REQUIRED | BL_FILTER, .label = (title), .help = (words), .min = 1,          \
        .max = 5, .example = "3"                                                                                                 \
    }

const struct bl_field operation_asset_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Asset",
     .help = "What it is, as people call it. Group what is alike: \"laptops of the sales team\", not each one, unless each "
             "matters.",
     .min = 1,
     .max = 200,
     .example = "Drawing archive"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "Information, documents, reputation and processes are what the business lives on; the other kinds carry them.",
     .values = "information document infrastructure equipment software people reputation process service",
     .example = "information"},
    {.name = "inventory_number",
     .type = BL_TEXT,
     .flags = BL_UNIQUE | BL_SEARCH | BL_FILTER,
     .label = "Inventory number",
     .help = "The tag on it, or its number in another register. No two live assets have the same.",
     .max = 60,
     .example = "NB-0142"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Description",
     .help = "What it holds or does, and for whom.",
     .max = 5000,
     .example = "All drawings since 1998, with those of customers."},
    OPERATION_OWNER("Who answers for it: decides on its class, on who may use it, and on its end."),
    {.name = "custodian_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_FILTER,
     .label = "Custodian",
     .help = "Who looks after it day by day. May be the owner."},
    {.name = "classification",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Classification",
     .help = "Public: anybody may see it. Internal: our people. Confidential: named groups. Secret: named persons.",
     .values = "public internal confidential secret",
     .initial = "internal",
     .example = "confidential"},
    RATING("confidentiality", "Confidentiality",
           "What a disclosure would do: 1 nothing, 2 annoyance, 3 damage that can be mended, 4 grave damage, 5 it ends the "
           "business or harms people."),
    RATING("integrity", "Integrity", "What a wrong or changed content would do, on the same scale from 1 to 5."),
    RATING("availability", "Availability", "What its absence would do, on the same scale from 1 to 5."),
    {.name = "personal_data",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Personal data",
     .help = "Does it hold or handle data about people?",
     .initial = "false",
     .example = "false"},
    {.name = "location",
     .type = BL_TEXT,
     .flags = BL_SEARCH | BL_FILTER,
     .label = "Location",
     .help = "Where it is: room, rack, provider and region, or with whom.",
     .max = 200,
     .example = "Hill works, server room 2"},
    {.name = "acquired_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Ours since",
     .help = "The day on which it came to us.",
     .example = "2024-05-01"},
    {.name = "supported_until",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Supported until",
     .help = "The last day of warranty, licence or the maker's support. It is on the calendar.",
     .example = "2028-12-31"},
    OPERATION_REVIEW_FIELDS,
    {.name = "disposal",
     .type = BL_ENUM,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Way of disposal",
     .help = "Set by the disposal.",
     .values = "erased destroyed handed_back handed_over ended"},
    {.name = "disposal_evidence",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "Proof of the disposal",
     .help = "Set by the disposal.",
     .max = 500},
    {.name = "disposed_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Disposed of on",
     .help = "Set by the disposal."},
    {.name = "own_value",
     .type = BL_INT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Own value",
     .help = "Computed: the largest of the three ratings. What rests on it may raise it: see asset-values.",
     .min = 1,
     .max = 5,
     .expr = "greatest(confidentiality, integrity, availability)",
     .example = "3"},
    {0},
};

const struct bl_relation operation_asset_relations[] = {
    {.name = "processes",
     .to = "context.processes",
     .inverse = "assets",
     .label = "Processes",
     .help = "The processes that use or make it."},
    {.name = "controls",
     .to = "annex_a.controls",
     .inverse = "assets",
     .label = "Controls",
     .help = "The controls that protect it."},
    {0},
};

const struct bl_state operation_asset_states[] = {
    {.name = "in_use", .label = "In use", .help = "It does its work.", .flags = BL_INITIAL},
    {.name = "in_storage", .label = "In storage", .help = "Kept, but not in use."},
    {.name = "lost", .label = "Lost", .help = "Nobody knows where it is, or a stranger has it."},
    {.name = "retired", .label = "Retired", .help = "Out of use for good; what it holds is still to be seen to."},
    {.name = "disposed", .label = "Disposed of", .help = "Gone, with proof.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* What must be settled before an asset goes. $2 asset. */
static const char still_needed[] =
    "SELECT '/status', 'still_needed', format('%s (%s) rests on it: take that dependency away, or retire that asset first', "
    "a.name, a.ref)"
    " FROM operation.asset_dependency d JOIN operation.asset a ON a.tenant_id = $1 AND a.id = d.asset_id"
    " WHERE d.tenant_id = $1 AND d.depends_on_id = $2 AND d.archived_at IS NULL AND a.archived_at IS NULL"
    " AND a.status IN ('in_use', 'in_storage')"
    " UNION ALL SELECT '/status', 'still_out', format('%s holds it (%s): have it handed back first', r.holder, r.ref)"
    " FROM operation.asset_return r"
    " WHERE r.tenant_id = $1 AND r.asset_id = $2 AND r.archived_at IS NULL AND r.status = 'issued'";

static const struct bl_field disposal_input[] = {
    {.name = "disposal",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Way of disposal",
     .help = "Erased so that nothing can be read, destroyed, handed back to its lender, handed over to a new owner, or ended "
             "(a service, a licence, a document that is no more).",
     .values = "erased destroyed handed_back handed_over ended",
     .example = "erased"},
    {.name = "disposal_evidence",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Proof",
     .help = "What shows it, and where that lies.",
     .min = 1,
     .max = 500,
     .example = "Certificate of erasure 2026-117, archive, folder Disposals"},
    {0},
};

/* What others could read must not leave the house readable. */
static enum bl_status nothing_readable(struct bl_request *r, const struct bl_change *change)
{
    bool closed =
        operation_is(change->after, "classification", "confidential") || operation_is(change->after, "classification", "secret");
    bool away = operation_is(change->after, "disposal", "handed_back") || operation_is(change->after, "disposal", "handed_over");
    if (closed && away)
        return bl_fail(r, BL_UNPROCESSABLE, "still_readable", "/disposal",
                       "this asset is %s: have it erased or destroyed; what is erased may then be handed on, with a lower class",
                       bl_text(change->after, "classification"));
    return BL_OK;
}

const struct bl_transition operation_asset_transitions[] = {
    {.name = "store", .from = "in_use", .to = "in_storage", .label = "Store", .help = "Out of use for now."},
    {.name = "take_into_use",
     .from = "in_storage retired",
     .to = "in_use",
     .needs = "owner_id",
     .label = "Take into use",
     .help = "It does its work (again), and somebody answers for it."},
    {.name = "report_lost",
     .from = "in_use in_storage retired",
     .to = "lost",
     .flags = BL_REASON,
     .label = "Report lost",
     .help = "Say when and where it was last seen. A loss is an event: report that too."},
    {.name = "find", .from = "lost", .to = "in_storage", .flags = BL_REASON, .label = "Found", .help = "Say where it was."},
    {.name = "retire",
     .from = "in_use in_storage lost",
     .to = "retired",
     .flags = BL_REASON,
     .guard = still_needed,
     .label = "Retire",
     .help = "Out of use for good. Refused while something in use rests on it or somebody holds it."},
    {.name = "dispose",
     .from = "retired",
     .to = "disposed",
     .needs = "owner_id",
     .sets = "disposal=input disposal_evidence=input disposed_on=today",
     .input = disposal_input,
     .rule = nothing_readable,
     .label = "Dispose of",
     .help = "Erased, destroyed or handed on, with proof. Confidential and secret assets are erased or destroyed."},
    {0},
};

const struct bl_constraint operation_asset_constraints[] = {
    {.name = "asset_inventory_number_key",
     .pointer = "/inventory_number",
     .code = "asset_exists",
     .detail = "another live asset has this inventory number: use that record, or correct the number"},
    {0},
};

enum bl_status operation_asset_before(struct bl_request *r, const struct bl_change *change)
{
    return operation_worse(operation_reviewed(r, change), bl_not_future(r, change->after, "acquired_on"));
}

/* Putting a record away must not be the way around the rules of retirement. */
enum bl_status operation_asset_retire(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    if (strcmp(change->verb, "archive") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, still_needed, &change->id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        (void)bl_fail(r, BL_CONFLICT, bl_cell(r, rows, i, 1), NULL, "%s", bl_cell(r, rows, i, 2));
    return status == BL_OK && bl_count(r, rows) > 0 ? BL_CONFLICT : status;
}
