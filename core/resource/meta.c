/* GET /api/v1/orgs/{org}/meta: the descriptors as a user interface needs them to build lists, forms and buttons, with what the
 * caller may do. */
#include "plugin/shape.h"
#include "resource/describe.h"
#include "resource/routes.h"

#include <string.h>

static void put_words(struct bl_request *r, const char *name, const char *list)
{
    size_t length;
    bl_json_array(r, name);
    for (const char *word = shape_word(&list, &length); length > 0; word = shape_word(&list, &length)) {
        char *copy = bl_alloc(r, length + 1);
        memcpy(copy, word, length);
        bl_json_text(r, NULL, copy);
    }
    bl_json_close(r);
}

static void put_label(struct bl_request *r, const char *label, const char *name, const char *help)
{
    char made[LABEL_TEXT];
    bl_json_text(r, "label", describe_label(label, name, strlen(name), made));
    bl_json_text(r, "help", help);
}

/* Values of an ENUM or LIST, each with its label. */
static void put_values(struct bl_request *r, const char *values)
{
    size_t length;
    bl_json_array(r, "values");
    for (const char *word = shape_word(&values, &length); length > 0; word = shape_word(&values, &length)) {
        char made[LABEL_TEXT], *copy = bl_alloc(r, length + 1);
        memcpy(copy, word, length);
        bl_json_object(r, NULL);
        bl_json_text(r, "value", copy);
        bl_json_text(r, "label", describe_label(NULL, copy, length, made));
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_bounds(struct bl_request *r, const struct bl_field *f)
{
    bool many = f->type == BL_LIST || f->type == BL_ITEMS;
    if (f->type == BL_TEXT) {
        bl_json_integer(r, "min", f->min);
        bl_json_integer(r, "max", shape_max(f));
    } else if (many) {
        bl_json_integer(r, "max", shape_max(f));
    } else if ((f->type == BL_INT || f->type == BL_DECIMAL) && (f->min != 0 || f->max != 0)) {
        bl_json_integer(r, "min", f->min);
        bl_json_integer(r, "max", f->max);
    }
    if (f->type == BL_DECIMAL)
        bl_json_integer(r, "scale", f->scale);
}

static void put_fields(struct bl_request *r, const char *name, const struct bl_field *fields)
{
    static const struct {
        const char *name;
        unsigned flag;
    } flags[] = {
        {"required", BL_REQUIRED}, {"filter", BL_FILTER}, {"search", BL_SEARCH},     {"due", BL_DUE},
        {"owner", BL_OWNER},       {"unique", BL_UNIQUE}, {"personal", BL_PERSONAL}, {"read_only", BL_SERVER | BL_GENERATED},
        {"fixed", BL_FIXED},       {"long", BL_LONG},     {"title", BL_TITLE},
    };
    bl_json_array(r, name);
    for (const struct bl_field *f = fields; f != NULL && f->name != NULL; f++) {
        bl_json_object(r, NULL);
        bl_json_text(r, "name", f->name);
        put_label(r, f->label, f->name, f->help);
        bl_json_text(r, "type", describe_type(f->type));
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            bl_json_bool(r, flags[i].name, (f->flags & flags[i].flag) != 0);
        bl_json_bool(r, "sort", (f->flags & BL_FILTER) != 0 && f->type != BL_LIST && f->type != BL_ITEMS);
        put_bounds(r, f);
        if (f->values != NULL)
            put_values(r, f->values);
        if (f->ref != NULL)
            bl_json_text(r, "ref", f->ref);
        if (f->items != NULL)
            put_fields(r, "items", f->items);
        bl_json_text(r, "default", f->initial);
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_states(struct bl_request *r, const struct bl_resource *resource)
{
    bl_json_array(r, "states");
    for (const struct bl_state *s = resource->states; s != NULL && s->name != NULL; s++) {
        bl_json_object(r, NULL);
        bl_json_text(r, "name", s->name);
        put_label(r, s->label, s->name, s->help);
        bl_json_bool(r, "initial", (s->flags & BL_INITIAL) != 0);
        bl_json_bool(r, "frozen", (s->flags & BL_FROZEN) != 0);
        bl_json_bool(r, "closed", (s->flags & BL_CLOSED) != 0);
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_transitions(struct bl_request *r, const struct plan *plan)
{
    bl_json_array(r, "transitions");
    for (size_t i = 0; i < plan->transition_count; i++) {
        const struct bl_transition *t = plan->transitions[i].transition;
        bl_json_object(r, NULL);
        bl_json_text(r, "name", t->name);
        put_label(r, t->label, t->name, t->help);
        put_words(r, "from", t->from);
        bl_json_text(r, "to", t->to); /* null: stays */
        put_words(r, "needs", t->needs);
        bl_json_bool(r, "reason", (t->flags & BL_REASON) != 0);
        bl_json_bool(r, "not_author", (t->flags & BL_NOT_AUTHOR) != 0);
        put_fields(r, "input", t->input);
        bl_json_text(r, "permission", plan->transitions[i].permission);
        bl_json_bool(r, "permitted", bl_may(r, plan->transitions[i].permission));
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_relations(struct bl_request *r, const struct plan *plan)
{
    bl_json_array(r, "relations");
    for (size_t i = 0; i < plan->relation_count; i++) {
        const struct plan_relation *relation = &plan->relations[i];
        bl_json_object(r, NULL);
        bl_json_text(r, "name", relation->name);
        put_label(r, relation->inverse ? NULL : relation->relation->label, relation->name, relation->relation->help);
        bl_json_text(r, "to", relation->other);
        bl_json_bool(r, "inverse", relation->inverse);
        bl_json_bool(r, "loaded", relation->other_plan != NULL);
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_resource(struct bl_request *r, const struct plan *plan)
{
    const struct bl_resource *resource = plan->resource;
    bl_json_object(r, NULL);
    bl_json_text(r, "name", plan->name);
    bl_json_text(r, "singular", resource->singular);
    put_label(r, resource->label, resource->name, resource->help);
    bl_json_text(r, "path", plan->path);
    bl_json_text(r, "prefix", resource->prefix);
    bl_json_text(r, "clause", resource->clause);
    bl_json_text(r, "sort", resource->sort != NULL ? resource->sort : "-created_at");
    bl_json_text(r, "title", plan->title != NULL ? plan->title->name : "ref");
    bl_json_bool(r, "append_only", (resource->flags & BL_APPEND_ONLY) != 0);
    bl_json_object(r, "permitted");
    bl_json_bool(r, "read", bl_may(r, plan->read));
    bl_json_bool(r, "write", bl_may(r, plan->write));
    bl_json_bool(r, "archive", bl_may(r, plan->archive));
    bl_json_close(r);
    put_fields(r, "fields", resource->fields);
    put_states(r, resource);
    put_transitions(r, plan);
    put_relations(r, plan);
    bl_json_close(r);
}

/* What an area serves beside its resources: views, checks, commands. */
static void put_routes(struct bl_request *r, const struct bl_plugin *plugin)
{
    bl_json_array(r, "routes");
    for (const struct bl_route *route = plugin->routes; route != NULL && route->method != NULL; route++) {
        bl_json_object(r, NULL);
        bl_json_text(r, "method", route->method);
        bl_json_text(r, "path", route->path);
        bl_json_text(r, "summary", route->summary);
        put_words(r, "query", route->query);
        put_words(r, "produces", route->produces != NULL ? route->produces : "application/json");
        bl_json_bool(r, "permitted", route->permission == NULL || bl_may(r, route->permission));
        bl_json_close(r);
    }
    bl_json_close(r);
}

static void put_area(struct bl_request *r, const struct engine *engine, const struct bl_plugin *plugin)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    bl_json_object(r, NULL);
    bl_json_text(r, "name", plugin->name);
    put_label(r, plugin->label, plugin->name, plugin->help);
    bl_json_text(r, "clause", plugin->clause);
    bl_json_text(r, "version", plugin->version);
    bl_json_array(r, "resources");
    for (size_t i = 0; i < count; i++) {
        if (plans[i]->plugin == plugin)
            put_resource(r, plans[i]);
    }
    bl_json_close(r);
    put_routes(r, plugin);
    bl_json_close(r);
}

enum bl_status engine_meta(struct bl_request *r)
{
    const struct engine *engine = plan_route(r)->engine;
    const struct registry *registry = engine_registry(engine);
    struct bl_rows *rows;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT slug, name, kind FROM core.this_organisation WHERE tenant_id = $1", NULL, 0, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_object(r, "organisation");
    bl_json_text(r, "id", r->tenant);
    for (int column = 0; column < 3; column++)
        bl_json_cell(r, column == 0 ? "slug" : column == 1 ? "name" : "kind", rows, 0, column);
    bl_json_close(r);
    bl_json_array(r, "areas");
    for (size_t i = 0; i < registry_count(registry); i++)
        put_area(r, engine, registry_at(registry, i)->plugin);
    bl_json_close(r);
    size_t count;
    const char *const *permissions = registry_permissions(registry, &count);
    bl_json_array(r, "permissions");
    for (size_t i = 0; i < count; i++) {
        if (bl_may(r, permissions[i]))
            bl_json_text(r, NULL, permissions[i]);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}
