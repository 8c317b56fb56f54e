/* Clause 4.1: what the organisation is for, what it wants from the ISMS, and what helps or hinders it. */
#include "context.h"
#include <string.h>

/* Great influence and little control come first: 5 and 1 give 25, 1 and 5 give 1. Interested parties use the same. */
#define PRIORITY "influence * (6 - control)"

static const char external[] = "political economic social technological environmental legal";
static const char internal[] = "culture strategy people process technology finance governance";

/* What is computed comes last, after the columns that it is computed from. */
const struct bl_field context_issue_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Issue",
     .help =
         "One matter in one line, concrete enough to act on: not \"staff\" but \"two people hold all knowledge of the backups\".",
     .min = 1,
     .max = 200,
     .example = "Two people hold all knowledge of the backups"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What it means for us",
     .help = "Where it comes from, how it shows, and what it does to information security.",
     .example = "Both plan to retire within three years; nothing is written down."},
    {.name = "origin",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Where it arises",
     .help = "Internal: inside the organisation, so you can change it. External: around it, so you can only answer it.",
     .values = "internal external",
     .example = "internal"},
    {.name = "effect",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Effect",
     .help = "Does it help (positive) or hinder (negative)? With the origin this gives the SWOT quadrant.",
     .values = "positive negative",
     .example = "negative"},
    {.name = "concern",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "What it touches",
     .help = "A goal of the business, or directly an outcome that the ISMS shall bring.",
     .values = "business_objective isms_outcome",
     .initial = "isms_outcome",
     .example = "isms_outcome"},
    {.name = "category",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Category",
     .help = "External: political, economic, social, technological, environmental, legal (PESTEL). "
             "Internal: culture, strategy, people, process, technology, finance, governance.",
     .values = "political economic social technological environmental legal "
               "culture strategy people process technology finance governance",
     .example = "people"},
    {.name = "influence",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Influence",
     .help = "How strongly it bears on us: 1 hardly, 5 decisively.",
     .min = 1,
     .max = 5,
     .example = "4"},
    {.name = "control",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Control",
     .help = "How far we can steer it: 1 not at all, 5 fully.",
     .min = 1,
     .max = 5,
     .example = "2"},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who watches this matter and speaks up when it changes.",
     .ref = "core.member"},
    CONTEXT_REVIEW_FIELDS,
    {.name = "priority",
     .type = BL_INT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Priority",
     .help = "Computed: influence x (6 - control), from 1 to 25. What weighs much and is little in our hands comes first.",
     .min = 1,
     .max = 25,
     .expr = PRIORITY,
     .example = "16"},
    {.name = "quadrant",
     .type = BL_ENUM,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "SWOT quadrant",
     .help = "Computed from origin and effect: internal and positive is a strength, internal and negative a weakness, "
             "external and positive an opportunity, external and negative a threat.",
     .values = "strength weakness opportunity threat",
     .expr = "CASE WHEN origin = 'internal' THEN CASE WHEN effect = 'positive' THEN 'strength' ELSE 'weakness' END"
             " WHEN effect = 'positive' THEN 'opportunity' ELSE 'threat' END",
     .example = "weakness"},
    {0},
};

const struct bl_relation context_issue_relations[] = {
    {.name = "outcomes",
     .to = "context.statements",
     .inverse = "issues",
     .label = "Purpose and outcomes it bears on",
     .help = "Which of the stated outcomes (or the purpose itself) this matter helps or hinders."},
    {0},
};

const struct bl_state context_issue_states[] = {
    {.name = "open", .label = "Open", .help = "It bears on us now.", .flags = BL_INITIAL},
    {.name = "closed", .label = "Closed", .help = "It no longer bears on us; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition context_issue_transitions[] = {
    {.name = "close",
     .from = "open",
     .to = "closed",
     .flags = BL_REASON,
     .label = "Close",
     .help = "Say why it no longer bears on us."},
    {.name = "reopen",
     .from = "closed",
     .to = "open",
     .flags = BL_REASON,
     .label = "Reopen",
     .help = "Say what has brought it back."},
    {0},
};

#define CATEGORY_WORDS                                                                                                           \
    "this category does not go with the origin: external issues take political, economic, social, technological, "               \
    "environmental or legal; internal ones culture, strategy, people, process, technology, finance or governance"

const struct bl_constraint context_issue_constraints[] = {
    {.name = "issue_category_origin_check", .pointer = "/category", .code = "category_not_of_origin", .detail = CATEGORY_WORDS},
    {0},
};

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

enum bl_status context_issue_before(struct bl_request *r, const struct bl_change *change)
{
    const char *origin = bl_text(change->after, "origin"), *category = bl_text(change->after, "category");
    enum bl_status status = BL_OK;
    if (origin && category && !listed(strcmp(origin, "external") == 0 ? external : internal, category))
        status = bl_fail(r, BL_UNPROCESSABLE, "category_not_of_origin", "/category", "%s", CATEGORY_WORDS);
    enum bl_status reviewed = context_reviewed(r, change);
    return status ? status : reviewed;
}

const struct bl_field context_statement_fields[] = {
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,
     .label = "Kind",
     .help = "Purpose: what the organisation is there for; there is one. Outcome: something the ISMS shall bring about.",
     .values = "purpose outcome",
     .example = "outcome"},
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Title",
     .help = "The statement in a few words.",
     .min = 1,
     .max = 200,
     .example = "Customers can rely on their drawings staying secret"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Statement",
     .help = "The whole statement, as you would say it to a new colleague.",
     .min = 1,
     .max = 5000,
     .example = "Nobody outside the agreed circle sees a customer's drawing before the customer publishes it."},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "How we can tell",
     .help = "By what you will see that it is so. For an outcome: the figure or the fact you would show.",
     .max = 5000,
     .example = "No disclosure in twelve months; every exchange with suppliers runs over the portal."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who answers for it.",
     .ref = "core.member"},
    CONTEXT_REVIEW_FIELDS,
    {0},
};

const struct bl_constraint context_statement_constraints[] = {
    {.name = "statement_purpose_key",
     .pointer = "/kind",
     .code = "purpose_exists",
     .detail = "the purpose is stated already, and there is only one: change it, or archive it first"},
    {0},
};

const struct bl_field context_climate_fields[] = {
    {.name = "relevant",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Is climate change relevant?",
     .help = "Does climate change bear on what the ISMS shall bring about? Think of heat and floods at sites, power, supply, "
             "and what customers or authorities ask.",
     .example = "true"},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Reason",
     .help = "Why you conclude so. \"Not relevant\" needs a reason too.",
     .min = 1,
     .max = 5000,
     .example = "The server room of the river site was closed for two days by high water."},
    {.name = "consequences",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "What follows",
     .help = "What the ISMS does because of it: issues, risks, requirements of parties that you have noted.",
     .max = 5000,
     .example = "Flooding is rated among the risks of the river site."},
    {.name = "decided_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Decided on",
     .help = "The day of the decision. The newest decision counts.",
     .example = "2026-02-10"},
    {.name = "decided_by_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Decided by",
     .help = "Who made the decision.",
     .ref = "core.member"},
    {.name = "review_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Next look",
     .help = "When the question is asked again.",
     .example = "2027-02-10"},
    {.name = "conclusion",
     .type = BL_TEXT,
     .flags = BL_GENERATED | BL_TITLE,
     .label = "Conclusion",
     .help = "Computed from the answer.",
     .expr = "CASE WHEN relevant THEN 'Climate change is relevant' ELSE 'Climate change is not relevant' END",
     .example = "Climate change is relevant"},
    {0},
};

enum bl_status context_climate_before(struct bl_request *r, const struct bl_change *change)
{
    return bl_not_future(r, change->after, "decided_on");
}
