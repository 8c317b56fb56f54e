/* A method as numbers, and what it makes of a rating. Scales count from 0. Products and sums take the place in the scale, counted
 * from 1, so that the lowest place does not make everything nothing. */
#include "planning.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const planning_parts[PLANNING_PARTS] = {"c", "i", "a", "money", "law", "reputation", "people", "operation"};

static bool wrong(struct planning_fault *fault, const char *pointer, const char *code, const char *detail)
{
    snprintf(fault->pointer, sizeof fault->pointer, "%s", pointer);
    snprintf(fault->code, sizeof fault->code, "%s", code);
    snprintf(fault->detail, sizeof fault->detail, "%s", detail);
    return false;
}

/* The place of the member's word in the list of words. */
static int word_of(const json_t *record, const char *name, const char *const *words)
{
    const char *word = bl_text(record, name);
    for (int i = 0; word && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return 0;
}

/* Which parts an impact is made of: from the first, how many. */
static void parts_of(enum planning_basis basis, int *from, int *to)
{
    *from = basis == PLANNING_DIMENSIONS ? 3 : 0;
    *to = basis == PLANNING_PROPERTIES ? 3 : basis == PLANNING_DIMENSIONS ? PLANNING_PARTS : 0;
}

/* ---- a method ---- */

static bool read_own_grid(const json_t *rows, struct planning_grid *grid, struct planning_fault *fault)
{
    *grid = (struct planning_grid){.rows = (int)json_array_size(rows)};
    for (int l = 0; l < grid->rows; l++) {
        const char *p = bl_text(json_array_get(rows, (size_t)l), "levels");
        int n = 0;
        for (char *end; p && *p; p = end) {
            long level = strtol(p, &end, 10);
            if (end == p || (*end && *end != ' ') || n == PLANNING_SCALE || level < 0 || level > PLANNING_LEVELS)
                return wrong(fault, "/own_grid", "bad_grid", "each row is up to six levels with a space between: \"0 1 2\"");
            grid->level[l][n++] = (int)level;
        }
        if (n == 0 || (l > 0 && n != grid->columns))
            return wrong(fault, "/own_grid", "not_rectangular", "every row of the grid must have the same number of levels");
        grid->columns = n;
    }
    return true;
}

static bool read_grid(const json_t *record, bool whole, struct planning_method *m, struct planning_fault *fault)
{
    const char *name = bl_text(record, "grid_name");
    const json_t *own = json_object_get(record, "own_grid");
    bool is_own = name && strcmp(name, "own") == 0;
    if (m->function != PLANNING_GRID)
        return true;
    if (json_array_size(own) > 0 && !is_own)
        return wrong(fault, "/own_grid", "not_used", "own_grid is used with grid_name own: set that, or leave the grid out");
    if (is_own && !read_own_grid(own, &m->grid, fault))
        return false;
    if (!is_own && name && !planning_grid_known(name, &m->grid))
        return wrong(fault, "/grid_name", "not_allowed", "there is no such grid");
    if (m->grid.rows == 0)
        return whole ? wrong(fault, is_own ? "/own_grid" : "/grid_name", "required", "the method needs its grid") : true;
    const char *pointer = is_own ? "/own_grid" : "/grid_name";
    if (m->likelihoods && m->impacts && (m->grid.rows != m->likelihoods || m->grid.columns != m->impacts))
        return wrong(fault, pointer, "grid_size", "the grid must have one row per likelihood and one column per impact");
    const char *why = planning_grid_fault(&m->grid, m->levels ? m->levels : PLANNING_LEVELS + 1);
    return why ? wrong(fault, pointer, "bad_grid", why) : true;
}

static bool read_levels(const json_t *record, bool whole, struct planning_method *m, struct planning_fault *fault)
{
    static const char *const ranks[] = {"risk_owner", "top_management", "organisation_owner", NULL};
    const json_t *levels = json_object_get(record, "levels");
    bool scores = m->function != PLANNING_GRID;
    m->levels = (int)json_array_size(levels);
    for (int i = 0; i < m->levels; i++) {
        const json_t *level = json_array_get(levels, (size_t)i);
        const json_t *from = json_object_get(level, "from_score");
        m->from[i] = json_is_integer(from) ? json_integer_value(from) : 0;
        m->rank[i] = (enum planning_rank)word_of(level, "rank", ranks);
        m->max_days[i] = planning_int(level, "max_days") > 0 ? planning_int(level, "max_days") : 0;
        if (scores && i > 0 && m->from[i] <= m->from[i - 1])
            return wrong(fault, "/levels", "scores_must_rise", "each level's from_score must be above that of the level below");
        if (i > 0 && m->rank[i] < m->rank[i - 1])
            return wrong(fault, "/levels", "ranks_must_rise", "a higher level cannot be accepted by a lower rank");
    }
    m->accept_up_to = planning_int(record, "accept_up_to");
    if (whole && m->levels < 2)
        return wrong(fault, "/levels", "required", "the method needs two levels or more");
    if (m->levels && m->accept_up_to >= m->levels)
        return wrong(fault, "/accept_up_to", "out_of_range", "must be one of the levels, counted from 0");
    return true;
}

static bool read_weights(const json_t *record, struct planning_method *m, struct planning_fault *fault)
{
    const json_t *weights = json_object_get(record, "weights");
    int from, to, total = 0;
    parts_of(m->basis, &from, &to);
    for (size_t i = 0; i < json_array_size(weights); i++) {
        const json_t *weight = json_array_get(weights, i);
        const char *part = bl_text(weight, "part");
        for (int k = from; part && k < to; k++)
            if (strcmp(planning_parts[k], part) == 0) {
                m->percent[k] = planning_int(weight, "percent");
                total += m->percent[k];
            }
    }
    if (m->aggregation == PLANNING_WEIGHTED && total != 100)
        return wrong(fault, "/weights", "not_100", "the weights of the parts that the impact is made of must add up to 100");
    return true;
}

static bool read_scale(const json_t *record, const char *name, bool whole, int *size, struct planning_fault *fault)
{
    char pointer[40];
    *size = (int)json_array_size(json_object_get(record, name));
    snprintf(pointer, sizeof pointer, "/%s", name);
    if ((whole || *size) && (*size < 3 || *size > PLANNING_SCALE))
        return wrong(fault, pointer, "scale_size", "a scale has three to six places, the lowest first");
    return true;
}

bool planning_method_read(const json_t *record, bool whole, struct planning_method *m, struct planning_fault *fault)
{
    static const char *const functions[] = {"grid", "product", "sum", "threats", "loss", NULL};
    static const char *const bases[] = {"overall", "properties", "dimensions", NULL};
    static const char *const ways[] = {"max", "sum", "weighted", NULL};
    *m = (struct planning_method){.function = (enum planning_function)word_of(record, "level_function", functions),
                                  .basis = (enum planning_basis)word_of(record, "impact_basis", bases),
                                  .aggregation = (enum planning_aggregation)word_of(record, "aggregation", ways)};
    bool scales = whole && m->function != PLANNING_LOSS;
    if (!read_scale(record, "likelihood_scale", scales, &m->likelihoods, fault) ||
        !read_scale(record, "impact_scale", scales, &m->impacts, fault) || !read_levels(record, whole, m, fault))
        return false;
    if (m->aggregation == PLANNING_TOTAL && (m->function == PLANNING_GRID || m->basis == PLANNING_OVERALL))
        return wrong(fault, "/aggregation", "sum_leaves_scale",
                     "a sum of parts leaves the impact scale: it needs parts, and product or sum as the level function");
    if (m->aggregation == PLANNING_WEIGHTED && m->basis == PLANNING_OVERALL)
        return wrong(fault, "/aggregation", "no_parts", "weights need an impact that is made of parts");
    return read_weights(record, m, fault) && read_grid(record, whole, m, fault);
}

/* ---- a rating ---- */

static bool place_of(const json_t *rating, const char *name, int size, int *out, struct planning_fault *fault)
{
    char pointer[40], detail[80];
    *out = planning_int(rating, name);
    snprintf(pointer, sizeof pointer, "/%s", name);
    if (*out < 0)
        return wrong(fault, pointer, "required", "the method needs it");
    snprintf(detail, sizeof detail, "must be from 0 to %d: a place in the scale of the method", size - 1);
    return *out < size || wrong(fault, pointer, "out_of_range", detail);
}

/* The impact as a place in the scale; as a sum of places (from 1) where the method adds up. */
static bool impact_of(const struct planning_method *m, const json_t *rating, int *impact, struct planning_fault *fault)
{
    int from, to, given = 0, most = 0, total = 0, weighted = 0;
    parts_of(m->basis, &from, &to);
    if (from == to)
        return place_of(rating, "impact", m->impacts, impact, fault);
    if (planning_int(rating, "impact") >= 0)
        return wrong(fault, "/impact", "computed", "the method computes the impact from its parts: give those");
    for (int k = from; k < to; k++) {
        int place;
        if (planning_int(rating, planning_parts[k]) < 0 && (m->aggregation != PLANNING_WEIGHTED || m->percent[k] == 0))
            continue;
        if (!place_of(rating, planning_parts[k], m->impacts, &place, fault))
            return false;
        given++;
        most = place > most ? place : most;
        total += place + 1;
        weighted += place * m->percent[k];
    }
    if (given == 0)
        return wrong(fault, "", "required",
                     from ? "give the impact on money, law, reputation, people or operation" : "give the impact on c, i or a");
    *impact = m->aggregation == PLANNING_TOTAL ? total : m->aggregation == PLANNING_WEIGHTED ? (weighted + 50) / 100 : most;
    return true;
}

static bool loss_of(const json_t *rating, int64_t *out, struct planning_fault *fault)
{
    const char *text = bl_text(rating, "loss_per_year");
    if (!text)
        return wrong(fault, "/loss_per_year", "required", "the method rates by the loss that is expected each year");
    *out = strtoll(text, NULL, 10); /* whole units of money decide */
    return true;
}

/* The place in the impact scale of an asset's value: 1 the lowest, 5 the highest, those between evenly, rounded half up. */
static int place_of_value(const struct planning_method *m, int value)
{
    return ((value - 1) * (m->impacts - 1) * 2 + PLANNING_ASSET_VALUES - 1) / (2 * (PLANNING_ASSET_VALUES - 1));
}

static int level_from(const struct planning_method *m, int64_t score)
{
    int level = 0;
    while (level + 1 < m->levels && score >= m->from[level + 1])
        level++;
    return level;
}

bool planning_level_of(const struct planning_method *m, const json_t *rating, int asset_value, struct planning_level *out,
                       struct planning_fault *fault)
{
    *out = (struct planning_level){.likelihood = -1, .impact = -1, .level = -1};
    if (m->function == PLANNING_LOSS) {
        if (!loss_of(rating, &out->score, fault))
            return false;
        out->level = level_from(m, out->score);
        return true;
    }
    bool by_asset = m->function == PLANNING_THREATS && asset_value > 0;
    if (by_asset)
        out->impact = place_of_value(m, asset_value);
    else if (!impact_of(m, rating, &out->impact, fault))
        return false;
    int64_t impact = m->aggregation == PLANNING_TOTAL && !by_asset ? out->impact : out->impact + 1;
    if (m->function == PLANNING_THREATS) {
        int threat, weakness, n = m->likelihoods;
        if (!place_of(rating, "threat", n, &threat, fault) || !place_of(rating, "weakness", n, &weakness, fault))
            return false;
        out->score = impact * (threat + 1) * (weakness + 1);
        out->likelihood = ((threat + 1) * (weakness + 1) + n - 1) / n - 1; /* 1 … n² brought down to 1 … n */
        out->level = level_from(m, out->score);
        return true;
    }
    if (!place_of(rating, "likelihood", m->likelihoods, &out->likelihood, fault))
        return false;
    out->score = m->function == PLANNING_SUM ? out->likelihood + 1 + impact : (out->likelihood + 1) * impact;
    out->level = m->function == PLANNING_GRID ? m->grid.level[out->likelihood][out->impact] : level_from(m, out->score);
    return true;
}
