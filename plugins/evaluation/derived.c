/* Metrics that are computed from the data kept here: a signal that some area registers is measured like anything else. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>

/* The signal "area.name" in what bl_signals gives; NULL: none. */
static const json_t *find(const json_t *signals, const char *name)
{
    size_t i, area = strcspn(name, ".");
    json_t *signal;
    json_array_foreach(signals, i, signal)
    {
        const char *of = json_string_value(json_object_get(signal, "area"));
        if (strlen(of) == area && strncmp(of, name, area) == 0 && name[area] == '.' &&
            strcmp(json_string_value(json_object_get(signal, "name")), name + area + 1) == 0)
            return signal;
    }
    return NULL;
}

enum bl_status evaluation_signal_known(struct bl_request *r, const char *name)
{
    json_t *signals;
    enum bl_status status = bl_signals(r, &signals);
    if (status == BL_OK && !find(signals, name))
        status = bl_fail(r, BL_UNPROCESSABLE, "no_such_signal", "/signal",
                         "no area that is here has a signal %s: GET /api/v1/orgs/%s/signals lists them as area and name", name,
                         r->org);
    return status;
}

/* The value as the metric's unit has it; false: there is nothing to measure, or to take a share of. */
static bool figure(const json_t *signal, const char *unit, char *out, size_t room)
{
    json_int_t value = json_integer_value(json_object_get(signal, "value")),
               of = json_integer_value(json_object_get(signal, "of"));
    if (json_is_null(json_object_get(signal, "value")))
        return false;
    if (strcmp(unit, "%") != 0)
        return snprintf(out, room, "%lld", (long long)value) > 0;
    if (of <= 0)
        return false;
    json_int_t hundredths = (value * 20000 + of) / (2 * of); /* half up */
    return snprintf(out, room, "%lld.%02lld", (long long)(hundredths / 100), (long long)(hundredths % 100)) > 0;
}

/* Active metrics with a signal that were not measured today; $2: only those that are due. */
static const char waiting[] = "SELECT k.id, k.signal, k.unit FROM evaluation.metric k WHERE k.tenant_id = $1 AND k.archived_at "
                              "IS NULL AND k.status = 'active'"
                              " AND k.signal IS NOT NULL AND k.last_measured_on IS DISTINCT FROM $3::date AND (NOT $2::boolean "
                              "OR k.next_due_on <= $3::date)"
                              " ORDER BY k.id LIMIT 200";

static enum bl_status take(struct bl_request *r, bool due, int *taken, int *without)
{
    char today[11], value[40];
    bl_day(r->now, today);
    const char *args[] = {due ? "true" : "false", today};
    struct bl_rows *rows;
    json_t *signals = NULL;
    enum bl_status status = bl_sql(r, waiting, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        status = bl_signals(r, &signals);
    *taken = *without = 0;
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        const json_t *signal = find(signals, bl_cell(r, rows, i, 1));
        if (!signal || !figure(signal, bl_cell(r, rows, i, 2), value, sizeof value)) {
            ++*without;
            continue;
        }
        json_t *body = json_pack("{s:s, s:s, s:s}", "metric_id", bl_cell(r, rows, i, 0), "value", value, "measured_on", today);
        status = bl_create(r, "evaluation.measurements", body, NULL);
        json_decref(body);
        ++*taken;
    }
    return status;
}

/* POST metrics:take */
enum bl_status evaluation_take(struct bl_request *r)
{
    int taken, without;
    enum bl_status status = take(r, false, &taken, &without);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_integer(r, "taken", taken);
    bl_json_integer(r, "without_data", without);
    bl_json_close(r);
    return BL_OK;
}

/* The duty: what is due is measured by itself. */
enum bl_status evaluation_take_due(struct bl_request *r)
{
    int taken, without;
    return take(r, true, &taken, &without);
}

/* ---- signals as facts of a review ---- */

static bool of_clause(const json_t *signal, const char *clauses)
{
    const char *clause = json_string_value(json_object_get(signal, "clause"));
    char padded[40];
    snprintf(padded, sizeof padded, " %s ", clause);
    return strstr(clauses, padded) != NULL;
}

const char *evaluation_signal_lines(struct bl_request *r, const json_t *signals, const char *clauses)
{
    size_t i, room = 1, length = 0;
    json_t *signal;
    json_array_foreach(signals, i, signal)
    {
        room += strlen(json_string_value(json_object_get(signal, "label"))) + 60;
    }
    char *text = bl_alloc(r, room);
    json_array_foreach(signals, i, signal)
    {
        const json_t *of = json_object_get(signal, "of");
        if (!of_clause(signal, clauses))
            continue;
        length += (size_t)snprintf(text + length, room - length, "%s%s: %lld", length ? "\n" : "",
                                   json_string_value(json_object_get(signal, "label")),
                                   (long long)json_integer_value(json_object_get(signal, "value")));
        if (json_is_integer(of))
            length += (size_t)snprintf(text + length, room - length, " of %lld", (long long)json_integer_value(of));
    }
    return length ? text : NULL;
}
