/* The facts that areas compute from their own tables, gathered without knowing the areas: one statement for all of them. */
#include "base/buf.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>

enum column { NUMBER, VALUE, OF, GOOD };

/* SELECT 0, value, of, good FROM (the signal's own statement) UNION ALL … ; NULL: no area has any. */
const char *signals_compile(struct arena *arena, const struct registry *registry)
{
    struct buf sql = buf_new(arena, 1024);
    int n = 0;
    for (size_t i = 0; i < registry_count(registry); i++)
        for (const struct bl_signal *s = registry_at(registry, i)->plugin->signals; s && s->name; s++) {
            buf_format(&sql, "%sSELECT %d, s.value::bigint, s.total::bigint, s.good FROM (%s) s(value, total, good)",
                       n ? "\nUNION ALL " : "", n, s->sql);
            n++;
        }
    return n ? sql.data : NULL;
}

static const struct bl_signal *signal_at(const struct registry *registry, int64_t number, const struct bl_plugin **plugin)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        *plugin = registry_at(registry, i)->plugin;
        for (const struct bl_signal *s = (*plugin)->signals; s && s->name; s++)
            if (number-- == 0)
                return s;
    }
    return NULL;
}

static json_t *number_or_null(struct bl_request *r, const struct bl_rows *rows, int row, int column)
{
    return bl_cell(r, rows, row, column) ? json_integer(bl_integer(r, rows, row, column)) : json_null();
}

enum bl_status engine_signals(struct bl_request *r, json_t **out)
{
    const struct engine *engine = plan_route(r)->engine;
    struct bl_rows *rows = NULL;
    const char *sql = engine_signal_sql(engine);
    enum bl_status status = sql ? bl_sql(r, sql, NULL, 0, 0, &rows) : BL_OK;
    *out = value_keep(r, json_array());
    for (int i = 0; sql && status == BL_OK && i < bl_count(r, rows); i++) {
        const struct bl_plugin *plugin = NULL;
        const struct bl_signal *s = signal_at(engine_registry(engine), bl_integer(r, rows, i, NUMBER), &plugin);
        if (s == NULL)
            continue;
        json_array_append_new(*out, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "area", plugin->name, "name", s->name,
                                              "clause", s->clause, "label", s->label, "value", number_or_null(r, rows, i, VALUE),
                                              "of", number_or_null(r, rows, i, OF), "good", bl_integer(r, rows, i, GOOD) != 0));
    }
    return status;
}

enum bl_status engine_signal_list(struct bl_request *r)
{
    json_t *all = NULL;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = engine_signals(r, &all);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    char *text = json_dumps(all, JSON_COMPACT);
    bl_defer(r, free, text);
    bl_json_raw(r, "items", text);
    bl_json_close(r);
    return BL_OK;
}
