/* Clause 4.4: the processes that make the ISMS work, and what flows between them. */
#include "context.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINES(field_name, field_label, field_help, field_example)                                                                \
    {                                                                                                                            \
        .name = (field_name), .type = BL_LIST, .label = (field_label), .help = (field_help), .max = 50,                          \
        .example = (field_example)                                                                                               \
    }

const struct bl_field context_process_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Process",
     .help = "Starts with a verb, for a process does something: \"assess risks\", not \"risk assessment\".",
     .min = 1,
     .max = 200,
     .example = "Assess risks"},
    {.name = "family",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Family",
     .help = "Management steers, realization does the work, support gives the means.",
     .values = "management realization support",
     .example = "management"},
    {.name = "purpose",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "Purpose",
     .help = "What would be missing without it.",
     .max = 2000,
     .example = "We know what can go wrong, how badly, and what to see to first."},
    {.name = "owner_id",
     .type = BL_REF,
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who answers for its results. One person, who knows it.",
     .ref = "core.member"},
    LINES("inputs", "Inputs", "What it needs to start, and from where.", "Asset list"),
    LINES("outputs", "Outputs", "What it hands on, and to whom.", "Risk register"),
    LINES("activities", "Activities", "Its steps, in order.", "Name risks"),
    LINES("resources", "Resources", "People, tools, rooms, money.", "Two days a quarter of each department head"),
    LINES("indicators", "Indicators", "By what you see whether it works.", "Share of risks looked at within the year"),
    LINES("documents", "Documents", "What tells how it is done, and what proves that it was.", "Risk method"),
    LINES("restraints", "Restraints", "What limits it: laws, contracts, time, dependence on others.", "Works council must agree"),
    {.name = "mandatory",
     .type = BL_BOOL,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Indispensable",
     .help = "The ISMS cannot do without it. Adopted processes bring the catalogue's view, which you may change.",
     .initial = "false",
     .example = "true"},
    LINES("clauses", "Clauses and controls", "Which clauses and Annex A controls it serves, edition of 2022.", "6.1.2"),
    {.name = "catalogue_id",
     .type = BL_TEXT,
     .flags = BL_UNIQUE | BL_FIXED | BL_FILTER,
     .label = "Catalogue number",
     .help = "The process of the catalogue that this one was adopted from.",
     .max = 5,
     .example = "PR-01"},
    CONTEXT_REVIEW_FIELDS,
    {0},
};

const struct bl_constraint context_process_constraints[] = {
    {.name = "process_name_key",
     .pointer = "/name",
     .code = "process_exists",
     .detail = "a process of this name is listed already: use that one, or tell the two apart by name"},
    {.name = "process_catalogue_id_key",
     .pointer = "/catalogue_id",
     .code = "process_adopted",
     .detail = "this process of the catalogue is adopted already"},
    {0},
};

enum bl_status context_process_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = BL_OK;
    const char *id = bl_text(change->after, "catalogue_id");
    if (id && !change->before && !context_catalogue_find(context_catalogue(r), id))
        status = bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", "/catalogue_id",
                         "the catalogue has no %s: its numbers go from PR-01 to PR-%d; leave it out for a process of your own",
                         id, CONTEXT_CATALOGUE);
    enum bl_status reviewed = context_reviewed(r, change);
    return status ? status : reviewed;
}

const struct bl_field context_process_link_fields[] = {
    {.name = "from_process_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "From",
     .help = "The process that hands something on.",
     .ref = "context.processes"},
    {.name = "to_process_id",
     .type = BL_REF,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "To",
     .help = "The process that takes it up.",
     .ref = "context.processes"},
    {.name = "flow",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "What flows",
     .help = "The result, information or decision that is handed on.",
     .min = 1,
     .max = 200,
     .example = "Risks above the limit"},
    {0},
};

#define LOOP_WORDS "a process is not linked to itself: choose another one"

const struct bl_constraint context_process_link_constraints[] = {
    {.name = "process_link_loop_check", .pointer = "/to_process_id", .code = "link_to_itself", .detail = LOOP_WORDS},
    {.name = "process_link_ends_key",
     .pointer = "/flow",
     .code = "link_exists",
     .detail = "these two processes are linked by this flow already"},
    {0},
};

/* Both ends must be live: an archived process is no longer on the map. */
static enum bl_status live(struct bl_request *r, const char *from, const char *to)
{
    static const char sql[] =
        "SELECT id FROM context.process WHERE tenant_id = $1 AND archived_at IS NULL AND id IN ($2::uuid, $3::uuid)";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, (const char *const[]){from, to}, 2, 0, &rows);
    if (status)
        return status;
    bool from_lives = false, to_lives = false;
    for (int i = 0; i < bl_count(r, rows); i++) {
        from_lives = from_lives || strcasecmp(bl_cell(r, rows, i, 0), from) == 0;
        to_lives = to_lives || strcasecmp(bl_cell(r, rows, i, 0), to) == 0;
    }
    static const char words[] = "there is no such process, or it is archived";
    if (!from_lives)
        status = bl_fail(r, BL_UNPROCESSABLE, "not_found", "/from_process_id", "%s", words);
    if (!to_lives)
        status = bl_fail(r, BL_UNPROCESSABLE, "not_found", "/to_process_id", "%s", words);
    return status;
}

enum bl_status context_process_link_before(struct bl_request *r, const struct bl_change *change)
{
    const char *from = bl_text(change->after, "from_process_id"), *to = bl_text(change->after, "to_process_id");
    if (!from || !to)
        return BL_OK;
    if (strcasecmp(from, to) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "link_to_itself", "/to_process_id", "%s", LOOP_WORDS);
    return live(r, from, to);
}

/* Is the lower-case form of the word in the list? The list begins and ends with a space. */
static bool in_list(const char *list, const char *word, size_t length)
{
    char padded[40];
    if (length + 3 > sizeof padded)
        return false;
    snprintf(padded, sizeof padded, " %.*s ", (int)length, word);
    for (char *c = padded; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return strstr(list, padded) != NULL;
}

static bool noun_ending(const char *word, size_t length)
{
    static const char *const endings[] = {"tion", "sion", "ment", "ity", "ness", "ance", "ence", "ship", "ing", "ology", "ery"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if (length > n + 1 && strncasecmp(word + length - n, endings[i], n) == 0)
            return true;
    }
    return false;
}

/* "Risk assessment" and "Training" name a thing, "assess risks" and "provide training" a deed. A name is taken for a thing when
 * its first word ends like a noun, or when it is two words and the second does; never when the first is a verb that we know. */
bool context_verb_first(const char *name)
{
    static const char verbs[] =
        " acquire adopt advance analyse apply approve assess assign audit balance bring build buy caution change check classify "
        "collect comment commission communicate complement conduct control create decide define deliver deploy design destroy "
        "develop distribute document enhance establish evaluate experiment finance give grant handle harden hire identify "
        "implement "
        "improve inform inspect install keep learn maintain make manage measure meet mention monitor operate organise organize "
        "perform plan position prepare prevent protect provide provision publish purchase question raise ration recover register "
        "release remove report respond restore retire review revoke run secure segment select sequence set share supplement "
        "support sustain teach test track train transition treat update verify watch write ";
    const char *first = name + strspn(name, " ");
    size_t length = strcspn(first, " ");
    if (length == 0 || in_list(verbs, first, length))
        return true;
    if (noun_ending(first, length))
        return false;
    const char *second = first + length + strspn(first + length, " ");
    size_t second_length = strcspn(second, " ");
    bool two = second_length > 0 && second[second_length + strspn(second + second_length, " ")] == '\0';
    return !two || !noun_ending(second, second_length);
}
