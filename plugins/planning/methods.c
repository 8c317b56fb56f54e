/* Clause 6.1.2 a and b: how this organisation rates risks. A version that is approved never changes; the next one supersedes it.
 */
#include "planning.h"
#include <string.h>

static const struct bl_field likelihood_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Name", .min = 1, .max = 60, .example = "Rare"},
    {.name = "text", .type = BL_TEXT, .label = "What it means", .max = 500, .example = "Nobody here has seen it happen"},
    {.name = "frequency", .type = BL_TEXT, .label = "How often", .max = 100, .example = "Less than once in ten years"},
    {0},
};

static const struct bl_field impact_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Name", .min = 1, .max = 60, .example = "Slight"},
    {.name = "money", .type = BL_TEXT, .label = "Money", .max = 500, .example = "Below 5,000"},
    {.name = "law", .type = BL_TEXT, .label = "Law", .max = 500},
    {.name = "reputation", .type = BL_TEXT, .label = "Reputation", .max = 500},
    {.name = "people", .type = BL_TEXT, .label = "People", .max = 500},
    {.name = "operation", .type = BL_TEXT, .label = "Operation", .max = 500, .example = "Nobody outside the team notices"},
    {0},
};

static const struct bl_field level_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Name", .min = 1, .max = 60, .example = "Low"},
    {.name = "from_score",
     .type = BL_INT,
     .label = "From score",
     .help = "The lowest score of this level. Not used with a grid.",
     .min = 0,
     .max = 2000000000},
    {.name = "rank",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Accepted by",
     .help = "Who may accept a risk of this level.",
     .values = "risk_owner top_management organisation_owner",
     .example = "risk_owner"},
    {.name = "max_days", .type = BL_INT, .label = "Longest acceptance in days", .min = 1, .max = 3660, .example = "365"},
    {0},
};

static const struct bl_field weight_items[] = {
    {.name = "part",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Part of the impact",
     .values = "c i a money law reputation people operation"},
    {.name = "percent", .type = BL_INT, .flags = BL_REQUIRED, .label = "Percent", .min = 0, .max = 100},
    {0},
};

static const struct bl_field grid_items[] = {
    {.name = "levels",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Levels of one likelihood",
     .help = "One per impact, the lowest impact first, counted from 0, with a space between.",
     .min = 1,
     .max = 40,
     .example = "0 1 1"},
    {0},
};

const struct bl_field planning_method_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Method",
     .help = "How it is called.",
     .min = 1,
     .max = 200,
     .example = "Risk method of the works"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "How it works",
     .help = "So that two people who use it come to the same result.",
     .max = 20000},
    {.name = "unit",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "What is assessed",
     .help = "Scenarios (source, event, consequence), assets with threats and weaknesses, or both.",
     .initial = "scenario",
     .values = "scenario asset_threat_vulnerability mixed"},
    {.name = "likelihood_scale",
     .type = BL_ITEMS,
     .label = "Likelihood",
     .help = "Three to six places, the lowest first. Ratings count them from 0.",
     .max = PLANNING_SCALE,
     .items = likelihood_items},
    {.name = "impact_scale",
     .type = BL_ITEMS,
     .label = "Impact",
     .help = "Three to six places, the lowest first, each with a text per dimension.",
     .max = PLANNING_SCALE,
     .items = impact_items},
    {.name = "impact_basis",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Impact is rated",
     .help = "As one figure; for confidentiality, integrity and availability; or for money, law, reputation, people, operation.",
     .initial = "overall",
     .values = "overall properties dimensions"},
    {.name = "aggregation",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "Parts become one impact by",
     .initial = "max",
     .values = "max sum weighted"},
    {.name = "weights",
     .type = BL_ITEMS,
     .label = "Weights",
     .help = "Percent per part; 100 in all. Only for weighted.",
     .max = PLANNING_PARTS,
     .items = weight_items},
    {.name = "level_function",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Level comes from",
     .help = "A grid of likelihood and impact; their product or sum; asset x threat x weakness; or the loss per year.",
     .initial = "grid",
     .values = "grid product sum threats loss"},
    {.name = "grid_name",
     .type = BL_ENUM,
     .label = "Grid",
     .help = "One of the known grids (see planning/grids), or own.",
     .values = "3x3_3 4x4_3 4x4_5 5x5_5 5x5_4 6x6_4 own"},
    {.name = "own_grid",
     .type = BL_ITEMS,
     .label = "Own grid",
     .help = "One row per likelihood. A level never falls when likelihood or impact rises.",
     .max = PLANNING_SCALE,
     .items = grid_items},
    {.name = "levels",
     .type = BL_ITEMS,
     .label = "Levels",
     .help = "The lowest first; each with who may accept it and for how long.",
     .max = PLANNING_LEVELS,
     .items = level_items},
    {.name = "accept_up_to",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Acceptable up to level",
     .help = "Counted from 0. Above it a risk needs treatment, or an acceptance with rank, reason and end.",
     .initial = "0",
     .min = 0,
     .max = 7,
     .example = "1"},
    {.name = "currency", .type = BL_TEXT, .label = "Currency", .max = 3, .example = "EUR"},
    {.name = "revises_id",
     .type = BL_REF,
     .ref = "planning.risk_methods",
     .flags = BL_FIXED | BL_FILTER,
     .label = "Revises",
     .help = "The version that this one takes over from when it is approved."},
    {.name = "version_number", .type = BL_INT, .flags = BL_SERVER | BL_FILTER, .label = "Version", .help = "1, 2, 3 …"},
    {.name = "unused_levels",
     .type = BL_LIST,
     .flags = BL_SERVER,
     .label = "Levels that the grid never gives",
     .help = "A warning only.",
     .max = PLANNING_LEVELS},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at"},
    {.name = "approved_by_id", .type = BL_REF, .ref = "core.member", .flags = BL_SERVER, .label = "Approved by"},
    {.name = "superseded_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Superseded at"},
    {0},
};

const struct bl_state planning_method_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "approved", .label = "Approved", .help = "Rounds may use it; it never changes.", .flags = BL_FROZEN},
    {.name = "superseded", .label = "Superseded", .help = "A later version took over.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_constraint planning_method_constraints[] = {
    {.name = "risk_method_successor_key",
     .pointer = "/revises_id",
     .code = "revised_already",
     .detail = "another version revises that one already: change it, or revise the newest one"},
    {0},
};

static void note_unused(const struct planning_method *m, json_t *record)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    json_t *unused = json_array();
    for (int level = 0; m->function == PLANNING_GRID && m->grid.rows && level < m->levels; level++) {
        bool used = false;
        for (int l = 0; l < m->grid.rows; l++)
            for (int i = 0; i < m->grid.columns; i++)
                used |= m->grid.level[l][i] == level;
        if (!used)
            json_array_append_new(unused, json_string(names[level]));
    }
    json_object_set_new(record, "unused_levels", unused);
}

static enum bl_status number(struct bl_request *r, const struct bl_change *change)
{
    const char *revises = bl_text(change->after, "revises_id");
    struct bl_rows *rows;
    int version = 1;
    if (revises) {
        enum bl_status status =
            bl_sql(r, "SELECT version_number, status FROM planning.risk_method WHERE tenant_id = $1 AND id = $2::uuid", &revises,
                   1, 0, &rows);
        if (status)
            return status;
        if (bl_count(r, rows) && strcmp(bl_cell(r, rows, 0, 1), "draft") == 0)
            return bl_fail(r, BL_CONFLICT, "draft_still", "/revises_id", "that version is a draft still: change it instead");
        version = bl_count(r, rows) ? (int)bl_integer(r, rows, 0, 0) + 1 : 1;
    }
    json_object_set_new(change->after, "version_number", json_integer(version));
    return BL_OK;
}

enum bl_status planning_method_before(struct bl_request *r, const struct bl_change *change)
{
    struct planning_method method;
    struct planning_fault fault;
    if (!planning_method_read(change->after, false, &method, &fault))
        return planning_refuse(r, &fault);
    note_unused(&method, change->after);
    return change->before ? BL_OK : number(r, change);
}

/* Whole before it is approved; the version that it revises gives way. */
static enum bl_status approve(struct bl_request *r, const struct bl_change *change)
{
    const char *revises = bl_text(change->before, "revises_id");
    struct planning_method method;
    struct planning_fault fault;
    struct bl_rows *rows;
    if (!planning_method_read(change->before, true, &method, &fault))
        return planning_refuse(r, &fault);
    if (!revises)
        return BL_OK;
    enum bl_status status =
        bl_sql(r, "SELECT FROM planning.risk_method WHERE tenant_id = $1 AND id = $2::uuid AND status = 'approved'", &revises, 1,
               0, &rows);
    if (status == BL_OK && bl_count(r, rows))
        status = bl_transit(r, "planning.risk_methods", revises, "supersede", NULL, NULL);
    return status;
}

const struct bl_transition planning_method_transitions[] = {
    {.name = "approve",
     .from = "draft",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "approved_at=now approved_by_id=actor",
     .rule = approve,
     .label = "Approve",
     .help = "By somebody else than who wrote it. From now it never changes; the version that it revises is superseded."},
    {.name = "supersede",
     .from = "approved",
     .to = "superseded",
     .permission = "approve",
     .sets = "superseded_at=now",
     .label = "Take out of use",
     .help = "Happens by itself when the next version is approved. Risks that were settled under it are opened again."},
    {0},
};
