/* From ratings to levels: under the method of the risk's round, and with what its controls are worth at this moment. */
#include "planning.h"
#include <stdio.h>
#include <string.h>

static const char method_sql[] = "SELECT to_jsonb(m)::text, r.status FROM planning.risk_round r"
                                 " JOIN planning.risk_method m ON m.tenant_id = $1 AND m.id = r.method_id"
                                 " WHERE r.tenant_id = $1 AND r.id = $2::uuid AND r.archived_at IS NULL";

enum bl_status planning_method_of(struct bl_request *r, const char *round_id, struct planning_method *method,
                                  const char **round_status)
{
    struct planning_fault fault;
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, method_sql, &round_id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "unknown_reference", "/round_id", "there is no round with this id here");
    *round_status = bl_cell(r, rows, 0, 1);
    if (!planning_method_read(planning_parse(r, bl_cell(r, rows, 0, 0)), false, method, &fault))
        *method = (struct planning_method){0}; /* a draft: nothing is rated under it */
    return BL_OK;
}

static const char *const stages[] = {"inherent", "current", "residual"};
enum { STAGES = 3 };

static const json_t *rating_of(const json_t *risk, const char *stage, size_t *place)
{
    const json_t *ratings = json_object_get(risk, "ratings");
    for (*place = 0; *place < json_array_size(ratings); ++*place) {
        const json_t *rating = json_array_get(ratings, *place);
        const char *is = bl_text(rating, "stage");
        if (is && strcmp(is, stage) == 0)
            return rating;
    }
    return NULL;
}

static json_t *known(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static void put_stage(json_t *risk, const char *stage, const struct planning_level *level)
{
    char name[40];
    const char *const members[] = {"likelihood", "impact", "score", "level"};
    const int64_t values[] = {level->likelihood, level->impact, level->level < 0 ? -1 : level->score, level->level};
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s_%s", stage, members[i]);
        json_object_set_new(risk, name, known(values[i]));
    }
}

/* A later stage is not above an earlier one, in nothing, unless somebody wrote down why. */
static enum bl_status check_order(struct bl_request *r, const json_t *risk, const struct planning_level levels[STAGES])
{
    for (int later = 1; later < STAGES; later++)
        for (int earlier = 0; earlier < later; earlier++) {
            const struct planning_level *a = &levels[earlier], *b = &levels[later];
            size_t place;
            if (a->level < 0 || b->level < 0)
                continue;
            bool rises = b->level > a->level || b->likelihood > a->likelihood || b->impact > a->impact;
            if (!rises || bl_text(rating_of(risk, stages[later], &place), "rise_reason"))
                continue;
            rating_of(risk, stages[later], &place);
            return bl_fail(r, BL_UNPROCESSABLE, "rise_without_reason", planning_print(r, "/ratings/%zu/rise_reason", place),
                           "the %s rating is above the %s one: say why, or rate it again", stages[later], stages[earlier]);
        }
    return BL_OK;
}

static enum bl_status rate_stages(struct bl_request *r, json_t *risk, const struct planning_method *m, int asset_value,
                                  struct planning_level levels[STAGES])
{
    size_t place, count = json_array_size(json_object_get(risk, "ratings")), found = 0;
    for (int s = 0; s < STAGES; s++) {
        struct planning_fault fault;
        const json_t *rating = rating_of(risk, stages[s], &place);
        levels[s] = (struct planning_level){.likelihood = -1, .impact = -1, .level = -1};
        found += rating != NULL;
        if (rating && !planning_level_of(m, rating, asset_value, &levels[s], &fault))
            return bl_fail(r, BL_UNPROCESSABLE, fault.code, planning_print(r, "/ratings/%zu%s", place, fault.pointer), "%s",
                           fault.detail);
        put_stage(risk, stages[s], &levels[s]);
    }
    if (found != count)
        return bl_fail(r, BL_UNPROCESSABLE, "stage_twice", "/ratings", "each stage is rated once");
    return BL_OK;
}

/* Does each rating say its impact, as a figure or in parts? */
static bool impacts_typed(const json_t *risk)
{
    size_t i;
    json_t *rating;
    bool all = true;
    json_array_foreach(json_object_get(risk, "ratings"), i, rating)
    {
        bool typed = planning_int(rating, "impact") >= 0;
        for (int k = 0; k < PLANNING_PARTS; k++)
            typed = typed || planning_int(rating, planning_parts[k]) >= 0;
        all = all && typed;
    }
    return all;
}

/* The largest rating of the risk's assets and of all that rests on them, as operation counts it. Without assets, or without that
 * area: what is typed; where nothing is, the last value that was known. -1: none. */
static enum bl_status value_assets(struct bl_request *r, const struct bl_change *change, int *value)
{
    static const char sql[] =
        "WITH RECURSIVE above AS (SELECT a.id, a.own_value FROM core.link l JOIN operation.asset a ON a.tenant_id = $1"
        " AND a.id = l.to_id AND a.archived_at IS NULL AND a.status <> 'disposed' WHERE l.tenant_id = $1"
        " AND l.relation = 'planning.risks.assets' AND l.from_id = $2::uuid UNION SELECT a.id, a.own_value FROM above b"
        " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d.depends_on_id = b.id AND d.archived_at IS NULL"
        " JOIN operation.asset a ON a.tenant_id = $1 AND a.id = d.asset_id AND a.archived_at IS NULL AND a.status <> 'disposed')"
        " SELECT max(own_value) FROM above";
    struct bl_rows *rows;
    *value = impacts_typed(change->after) ? -1 : planning_int(change->before, "asset_value");
    if (!change->before || !bl_loaded(r, "operation"))
        return BL_OK;
    enum bl_status status = bl_sql(r, sql, &change->id, 1, 0, &rows);
    if (status == BL_OK && bl_cell(r, rows, 0, 0))
        *value = (int)bl_integer(r, rows, 0, 0);
    return status;
}

static enum bl_status credited(struct bl_request *r, const char *risk, bool *out)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT " PLANNING_CREDITED " FROM core.link l JOIN annex_a.control c ON c.tenant_id = $1 AND c.id = l.to_id"
               " AND c.archived_at IS NULL WHERE l.tenant_id = $1 AND l.relation = 'planning.risks.controls'"
               " AND l.from_id = $2::uuid",
               &risk, 1, 0, &rows);
    *out = status == BL_OK && bl_integer(r, rows, 0, 0);
    return status;
}

static bool rated_anew(const struct bl_change *change)
{
    const json_t *before = json_object_get(change->before, "ratings"), *after = json_object_get(change->after, "ratings");
    const char *was = bl_text(change->before, "round_id"), *is = bl_text(change->after, "round_id");
    if (!change->before)
        return json_array_size(after) > 0;
    return !json_equal(before, after) || !was || !is || strcmp(was, is) != 0;
}

enum bl_status planning_rate(struct bl_request *r, const struct bl_change *change)
{
    struct planning_method method = {0};
    struct planning_level levels[STAGES] = {0};
    const char *round_status = NULL;
    bool credit = false, ratings = json_array_size(json_object_get(change->after, "ratings")) > 0;
    enum bl_status status = planning_method_of(r, bl_text(change->after, "round_id"), &method, &round_status);
    if (status == BL_OK && ratings && rated_anew(change) && !planning_is(round_status, "open closed"))
        return bl_fail(r, BL_CONFLICT, "round_not_open", "/ratings", "the round is %s: nothing is rated in it", round_status);
    int asset_value = -1;
    if (status == BL_OK && method.function == PLANNING_THREATS)
        status = value_assets(r, change, &asset_value);
    if (status == BL_OK)
        status = rate_stages(r, change->after, &method, asset_value, levels);
    if (status == BL_OK && rated_anew(change)) /* who changes an asset is not asked why the risk rises */
        status = check_order(r, change->after, levels);
    if (status == BL_OK && change->before)
        status = credited(r, change->id, &credit);
    if (status)
        return status;
    int current = levels[1].level, inherent = levels[0].level;
    json_object_set_new(change->after, "asset_value", known(asset_value));
    json_object_set_new(change->after, "credited", json_boolean(credit));
    json_object_set_new(change->after, "counted_level", known(current < 0 || credit || inherent < current ? current : inherent));
    json_object_set_new(change->after, "acceptance_level", method.levels ? json_integer(method.accept_up_to) : json_null());
    return BL_OK;
}

enum bl_status planning_recompute(struct bl_request *r, const char *risk_id)
{
    return bl_update(r, "planning.risks", risk_id, planning_object(r), NULL);
}
