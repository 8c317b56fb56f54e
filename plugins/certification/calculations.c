/* The calculation of audit time: every input, the computed days, a reasoned override; approved ones do not change. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bl_field group_items[] = {
    {.name = "work",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Work",
     .help = "What all of them do.",
     .min = 1,
     .max = 200},
    {.name = "persons", .type = BL_INT, .flags = BL_REQUIRED, .label = "Persons", .min = 1, .max = 1000000},
    {.name = "counted",
     .type = BL_INT,
     .label = "Counted",
     .help = "How many are counted when more than the square root.",
     .min = 0,
     .max = 1000000},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Reason",
     .help = "Why the work is simple and the same, and the number fits.",
     .min = 1,
     .max = 1000},
    {0},
};

static const struct bl_field factor_items[] = {
    {.name = "what", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Factor", .min = 1, .max = 200},
    {.name = "share", .type = BL_INT, .flags = BL_REQUIRED, .label = "Per cent", .min = -30, .max = 100},
    {.name = "reason", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Reason", .min = 1, .max = 1000},
    {0},
};

#define SCORE(field, words)                                                                                                      \
    {                                                                                                                            \
        .name = (field), .type = BL_INT, .flags = BL_REQUIRED, .min = 1, .max = 3, .label = (words),                             \
        .help = "1 simple, 2 usual, 3 complex.", .initial = "2", .example = "2"                                                  \
    }
#define DAYS(field, words)                                                                                                       \
    {                                                                                                                            \
        .name = (field), .type = BL_DECIMAL, .scale = 2, .flags = BL_SERVER, .label = (words), .help = "Computed."               \
    }
#define COUNT(field, words)                                                                                                      \
    {                                                                                                                            \
        .name = (field), .type = BL_INT, .flags = BL_SERVER, .label = (words), .help = "Computed."                               \
    }

const struct bl_field certification_calculation_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Calculation",
     .help = "What it is for.",
     .min = 1,
     .max = 200,
     .example = "Audit time of the initial audit"},
    {.name = "application_id",
     .type = BL_REF,
     .ref = "certification.applications",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Application",
     .help = "The application that it answers."},
    {.name = "table_id",
     .type = BL_REF,
     .ref = "certification.audit_time_tables",
     .flags = BL_FILTER,
     .label = "Table",
     .help = "A table of your own; none: that of the standard."},
    {.name = "persons",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Persons",
     .help = "Who work inside the scope, without those in groups below.",
     .min = 0,
     .max = 1000000,
     .example = "60"},
    {.name = "groups",
     .type = BL_ITEMS,
     .items = group_items,
     .max = CERTIFICATION_GROUPS,
     .label = "Groups of identical work",
     .help = "Each counts with the square root of its persons, or more."},
    SCORE("business_kind", "Kind of business and regulation"),
    SCORE("business_processes", "Processes and tasks"),
    SCORE("business_maturity", "Maturity of the system"),
    SCORE("it_infrastructure", "Infrastructure"),
    SCORE("it_suppliers", "Dependence on suppliers and cloud"),
    SCORE("it_development", "Development"),
    {.name = "adjustment",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Adjustment in per cent",
     .help = "Inside the bounds of the cell that the six factors lead to.",
     .min = -30,
     .max = 100,
     .initial = "0",
     .example = "0"},
    {.name = "adjustment_reason",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Why this adjustment",
     .help = "Kept with the calculation.",
     .max = 5000,
     .example = "One product, no development of its own."},
    {.name = "factors",
     .type = BL_ITEMS,
     .items = factor_items,
     .max = 20,
     .label = "Other factors",
     .help = "What the six factors do not say; added to the adjustment."},
    {.name = "sites",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Sites",
     .help = "Without the centre, which is audited every time.",
     .min = 0,
     .max = 100000,
     .initial = "0",
     .example = "0"},
    {.name = "sites_alike",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .initial = "true",
     .label = "Sites do the same work",
     .help = "Only then they are sampled by the square root."},
    {.name = "proved_effective",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .initial = "false",
     .label = "System proved effective",
     .help = "Over a whole cycle: the sample of the recertification is smaller."},
    {.name = "remote_share",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 0,
     .max = 100,
     .initial = "0",
     .label = "Remote work in per cent",
     .help = "Of the time of the audit.",
     .example = "0"},
    {.name = "override_days",
     .type = BL_DECIMAL,
     .scale = 2,
     .min = 0,
     .max = 1000,
     .label = "Days instead",
     .help = "Of the initial audit, when the computed figure does not fit; not below 70 per cent of the base."},
    {.name = "override_reason",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Why other days",
     .max = 5000,
     .help = "Needed with days of your own."},
    COUNT("persons_effective", "Persons counted"),
    {.name = "business_complexity",
     .type = BL_ENUM,
     .values = "low medium high",
     .flags = BL_SERVER,
     .label = "Business complexity",
     .help = "Computed."},
    {.name = "it_complexity",
     .type = BL_ENUM,
     .values = "low medium high",
     .flags = BL_SERVER,
     .label = "IT complexity",
     .help = "Computed."},
    COUNT("adjustment_least", "Least adjustment"),
    COUNT("adjustment_most", "Greatest adjustment"),
    COUNT("adjustment_total", "Adjustment with all factors"),
    DAYS("base_days", "Days by the table"),
    DAYS("initial_days", "Days of the initial audit"),
    DAYS("on_audit_days", "Of them on the audit, at least"),
    DAYS("surveillance_days", "Days of a surveillance"),
    DAYS("recertification_days", "Days of the recertification"),
    {.name = "floored",
     .type = BL_BOOL,
     .flags = BL_SERVER,
     .label = "Cut at 70 per cent",
     .help = "The reduction would have been greater."},
    COUNT("sample_initial", "Sites in the initial audit"),
    COUNT("sample_surveillance", "Sites in a surveillance"),
    COUNT("sample_recertification", "Sites in the recertification"),
    COUNT("sample_random", "Of the initial sample at random"),
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at", .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval."},
    {0},
};

const struct bl_state certification_calculation_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being worked out.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "Checked by somebody else; does not change.", .flags = BL_FROZEN},
    {.name = "replaced", .label = "Replaced", .help = "A newer one counts.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_transition certification_calculation_transitions[] = {
    {.name = "approve",
     .from = "draft",
     .to = "approved",
     .permission = "write",
     .flags = BL_NOT_AUTHOR,
     .needs = "adjustment_reason",
     .sets = "approved_at=now approved_by_id=actor",
     .label = "Approve",
     .help = "By somebody else than who worked it out."},
    {.name = "replace",
     .from = "approved",
     .to = "replaced",
     .flags = BL_REASON,
     .label = "Replace",
     .help = "A newer calculation counts; say why."},
    {0},
};

static const char *const levels[] = {"low", "medium", "high"};

static void set_days(json_t *record, const char *name, long centidays)
{
    char text[24];
    snprintf(text, sizeof text, "%ld.%02ld", centidays / 100, centidays % 100);
    json_object_set_new(record, name, json_string(text));
}

static void set_number(json_t *record, const char *name, long n)
{
    json_object_set_new(record, name, json_integer(n));
}

static enum certification_level complexity(const json_t *record, const char *const names[3])
{
    return certification_complexity((int)certification_number(record, names[0]), (int)certification_number(record, names[1]),
                                    (int)certification_number(record, names[2]));
}

static long effective(const json_t *record)
{
    struct certification_group groups[CERTIFICATION_GROUPS];
    size_t count = 0, i;
    json_t *group;
    json_array_foreach(json_object_get(record, "groups"), i, group)
    {
        if (count < CERTIFICATION_GROUPS)
            groups[count++] =
                (struct certification_group){certification_number(group, "persons"), certification_number(group, "counted")};
    }
    return certification_effective(certification_number(record, "persons"), groups, count);
}

static long total(const json_t *record)
{
    long share = certification_number(record, "adjustment");
    size_t i;
    json_t *factor;
    json_array_foreach(json_object_get(record, "factors"), i, factor)
    {
        share += certification_number(factor, "share");
    }
    return share;
}

/* Computed days, or the override when it is allowed. */
static enum bl_status days(struct bl_request *r, json_t *record, long persons, long base, long share)
{
    struct certification_time t = certification_audit_time(persons, base, (int)share);
    const char *own = bl_text(record, "override_days");
    if (own) {
        long centidays = (long)(strtod(own, NULL) * 100 + 0.5);
        if (!bl_text(record, "override_reason"))
            return bl_fail(r, BL_UNPROCESSABLE, "required", "/override_reason", "say why other days than the computed ones");
        if (centidays * 100 < base * 70)
            return bl_fail(r, BL_UNPROCESSABLE, "below_floor", "/override_days",
                           "not below 70 per cent of the %ld.%02ld days of the table", base / 100, base % 100);
        t = certification_audit_time(persons, centidays, 0);
        t.base = base;
    }
    set_days(record, "base_days", t.base);
    set_days(record, "initial_days", t.initial);
    set_days(record, "on_audit_days", t.on_audit);
    set_days(record, "surveillance_days", t.surveillance);
    set_days(record, "recertification_days", t.recertification);
    json_object_set_new(record, "floored", json_boolean(t.floored));
    return BL_OK;
}

static void samples(json_t *record)
{
    long sites = certification_number(record, "sites");
    bool alike = json_is_true(json_object_get(record, "sites_alike")),
         proved = json_is_true(json_object_get(record, "proved_effective"));
    long initial = alike ? certification_sites(sites, CERTIFICATION_INITIAL) : sites;
    set_number(record, "sample_initial", initial);
    set_number(record, "sample_surveillance",
               certification_sites(sites, alike ? CERTIFICATION_SURVEILLANCE : CERTIFICATION_UNLIKE));
    set_number(
        record, "sample_recertification",
        !alike ? sites
               : certification_sites(sites, proved ? CERTIFICATION_RECERTIFICATION_EFFECTIVE : CERTIFICATION_RECERTIFICATION));
    set_number(record, "sample_random", certification_random(initial));
}

enum bl_status certification_calculation_before(struct bl_request *r, const struct bl_change *change)
{
    static const char *const business[] = {"business_kind", "business_processes", "business_maturity"};
    static const char *const it[] = {"it_infrastructure", "it_suppliers", "it_development"};
    json_t *record = change->after;
    struct certification_time_table table;
    enum bl_status status = certification_table_read(r, bl_text(record, "table_id"), &table);
    if (status)
        return status;
    enum certification_level b = complexity(record, business), i = complexity(record, it);
    struct certification_cell cell = table.cells[b][i];
    long adjustment = certification_number(record, "adjustment"), share = total(record), persons = effective(record);
    if (persons == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/persons", "at least one person works inside the scope");
    if (adjustment < cell.least || adjustment > cell.most)
        return bl_fail(r, BL_UNPROCESSABLE, "outside_cell", "/adjustment",
                       "business complexity %s and IT complexity %s allow %d to %d per cent", levels[b], levels[i], cell.least,
                       cell.most);
    if (share > 100)
        return bl_fail(r, BL_UNPROCESSABLE, "above_limit", "/factors",
                       "adjustment and factors come to %ld per cent: 100 is the most", share);
    set_number(record, "persons_effective", persons);
    json_object_set_new(record, "business_complexity", json_string(levels[b]));
    json_object_set_new(record, "it_complexity", json_string(levels[i]));
    set_number(record, "adjustment_least", cell.least);
    set_number(record, "adjustment_most", cell.most);
    set_number(record, "adjustment_total", share);
    samples(record);
    return days(r, record, persons, certification_base(&table, persons), share);
}
