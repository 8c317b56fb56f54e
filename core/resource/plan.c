/* From a descriptor to a plan. What plugin_check has accepted is not checked again; only what follows from the engine itself is.
 */
#include "resource/plan.h"

#include "plugin/shape.h"
#include "resource/filter.h"
#include "resource/sql.h"

#include <stdio.h>
#include <string.h>

char *plan_path(struct arena *arena, const char *name)
{
    char *path = arena_string(arena, name);
    for (char *p = path; *p; p++)
        if (*p == '_')
            *p = '-';
    return path;
}

static size_t add(struct plan *plan, struct plan_column column)
{
    plan->columns[plan->column_count] = column;
    return plan->column_count++;
}

static size_t add_own(struct plan *plan, const char *name, const char *cast, enum bl_type type, bool nullable)
{
    return add(plan, (struct plan_column){.name = name, .cast = cast, .type = type, .filter = true, .nullable = nullable});
}

static void add_status(struct arena *arena, struct plan *plan)
{
    struct bl_field status;
    char values[SHAPE_STATES];
    plan->status = -1;
    if (!shape_status(plan->resource, &status, values))
        return;
    plan->status = (int)add_own(plan, "status", "text", BL_ENUM, false);
    plan->columns[plan->status].values = arena_string(arena, values);
}

static void add_field(struct arena *arena, struct plan *plan, const struct bl_field *field)
{
    char type[SHAPE_TYPE];
    shape_type(field, type);
    bool list = field->type == BL_LIST || field->type == BL_ITEMS;
    if (field->flags & BL_TITLE)
        plan->title = field;
    add(plan, (struct plan_column){
                  .name = field->name,
                  .cast = arena_string(arena, type),
                  .type = field->type,
                  .values = field->values,
                  .field = field,
                  .raw = list,
                  .filter = (field->flags & BL_FILTER) != 0 && field->type != BL_ITEMS,
                  .nullable = !shape_not_null(field),
              });
}

static bool add_columns(struct arena *arena, struct plan *plan, FILE *errors)
{
    size_t fields = 0;
    while (plan->resource->fields[fields].name)
        fields++;
    if (fields + 10 > PLAN_COLUMNS) {
        fprintf(errors, "%s: resource %s: %zu fields; %d are the most\n", plan->plugin->name, plan->resource->name, fields,
                PLAN_COLUMNS - 10);
        return false;
    }
    plan->id = add_own(plan, "id", "uuid", BL_REF, false);
    plan->ref = add_own(plan, "ref", "text", BL_TEXT, false);
    plan->version = add_own(plan, "version", "integer", BL_INT, false);
    add_status(arena, plan);
    plan->field = plan->column_count;
    plan->field_count = fields;
    for (size_t i = 0; i < fields; i++)
        add_field(arena, plan, &plan->resource->fields[i]);
    plan->created_at = add_own(plan, "created_at", "timestamptz", BL_TIME, false);
    plan->created_by = add_own(plan, "created_by", "uuid", BL_REF, false);
    plan->updated_at = add_own(plan, "updated_at", "timestamptz", BL_TIME, false);
    plan->updated_by = add_own(plan, "updated_by", "uuid", BL_REF, false);
    plan->archived_at = add_own(plan, "archived_at", "timestamptz", BL_TIME, true);
    return true;
}

static uint64_t states_with(const struct bl_resource *resource, unsigned flag)
{
    uint64_t set = 0;
    for (size_t i = 0; resource->states && resource->states[i].name; i++)
        if (resource->states[i].flags & flag)
            set |= 1ULL << i;
    return set;
}

static uint64_t states_named(const struct bl_resource *resource, const char *list)
{
    uint64_t set = 0;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
        for (size_t i = 0; resource->states[i].name; i++)
            if (strlen(resource->states[i].name) == length && memcmp(resource->states[i].name, word, length) == 0)
                set |= 1ULL << i;
    return set;
}

static void add_transitions(struct arena *arena, struct plan *plan)
{
    const struct bl_transition *t = plan->resource->transitions;
    if (t == NULL)
        return;
    while (t[plan->transition_count].name)
        plan->transition_count++;
    plan->transitions = arena_alloc(arena, plan->transition_count * sizeof *plan->transitions);
    for (size_t i = 0; i < plan->transition_count; i++) {
        plan->transitions[i].transition = &t[i];
        plan->transitions[i].permission = arena_format(arena, "%s.%s:%s", plan->plugin->name, plan->resource->singular,
                                                       t[i].permission ? t[i].permission : "write");
        plan->transitions[i].from = states_named(plan->resource, t[i].from);
    }
}

static bool stores_something(const struct plan *plan, FILE *errors)
{
    for (const struct bl_field *f = plan->resource->fields; f->name; f++)
        if (sql_stored(f))
            return true;
    fprintf(errors, "%s: resource %s: every field is generated: there is nothing to write\n", plan->plugin->name,
            plan->resource->name);
    return false;
}

bool plan_compile(struct arena *arena, const struct engine *engine, const struct bl_plugin *plugin,
                  const struct bl_resource *resource, struct plan *plan, FILE *errors)
{
    *plan = (struct plan){.engine = engine, .plugin = plugin, .resource = resource};
    plan->name = arena_format(arena, "%s.%s", plugin->name, resource->name);
    plan->path = plan_path(arena, resource->name); /* the core's own stand beside the areas */
    if (plugin != &plugin_core)
        plan->path = arena_format(arena, "%s/%s", plan_path(arena, plugin->name), plan->path);
    plan->base = arena_format(arena, "/api/v1/orgs/{org}/%s", plan->path);
    plan->read = arena_format(arena, "%s.%s:read", plugin->name, resource->singular);
    plan->write = arena_format(arena, "%s.%s:write", plugin->name, resource->singular);
    plan->archive = arena_format(arena, "%s.%s:archive", plugin->name, resource->singular);
    plan->frozen = states_with(resource, BL_FROZEN);
    plan->closed = states_with(resource, BL_CLOSED);
    if (!stores_something(plan, errors) || !add_columns(arena, plan, errors))
        return false;
    add_transitions(arena, plan);
    char why[FILTER_WHY];
    if (!filter_sort(plan, resource->sort ? resource->sort : "-created_at", &plan->sort, why)) {
        fprintf(errors, "%s: resource %s: default sort: %s\n", plugin->name, resource->name, why);
        return false;
    }
    sql_compile(arena, plan);
    return true;
}

const struct plan_column *plan_column(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->column_count; i++)
        if (strcmp(plan->columns[i].name, name) == 0)
            return &plan->columns[i];
    return NULL;
}
