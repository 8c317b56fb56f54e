/* The engine itself: all plans, how they relate, and the routes that come of them. */
#include "resource/engine.h"

#include "base/arena.h"
#include "resource/routes.h"

#include <stdlib.h>
#include <string.h>

#define ENGINE_MEMORY (256u << 20)

struct engine {
    struct arena *arena;
    const struct registry *registry;
    struct plan **plans;
    size_t plan_count;
    struct engine_route *routes;
    size_t route_count;
    const char *signals; /* one statement for all of them; NULL: there are none */
    struct plan_route none;
};

const void *engine_data(const struct engine *engine)
{
    return &engine->none;
}

const char *engine_signal_sql(const struct engine *engine)
{
    return engine->signals;
}

const struct registry *engine_registry(const struct engine *engine)
{
    return engine->registry;
}

const struct engine_route *engine_routes(const struct engine *engine, size_t *count)
{
    *count = engine->route_count;
    return engine->routes;
}

const struct plan *const *plan_all(const struct engine *engine, size_t *count)
{
    *count = engine->plan_count;
    return (const struct plan *const *)engine->plans;
}

static struct plan *find(const struct engine *engine, const char *name)
{
    for (size_t i = 0; i < engine->plan_count; i++)
        if (strcmp(engine->plans[i]->name, name) == 0)
            return engine->plans[i];
    return NULL;
}

const struct plan *plan_find(const struct engine *engine, const char *name)
{
    return find(engine, name);
}

static size_t count_resources(const struct registry *registry)
{
    size_t n = 0;
    for (size_t i = 0; i < registry_count(registry); i++)
        for (const struct bl_resource *r = registry_at(registry, i)->plugin->resources; r && r->name; r++)
            n++;
    return n;
}

static bool add_plans(struct engine *e, FILE *errors)
{
    bool good = true;
    e->plans = arena_alloc(e->arena, count_resources(e->registry) * sizeof(struct plan *));
    for (size_t i = 0; i < registry_count(e->registry); i++) {
        const struct bl_plugin *plugin = registry_at(e->registry, i)->plugin;
        for (const struct bl_resource *r = plugin->resources; r && r->name; r++) {
            struct plan *plan = arena_alloc(e->arena, sizeof *plan);
            e->plans[e->plan_count++] = plan;
            good = plan_compile(e->arena, e, plugin, r, plan, errors) && good;
        }
    }
    return good;
}

/* Each relation stands on the resource that declares it and, under its inverse name, on the one it leads to. */
static size_t relations_at(const struct engine *e, const struct plan *here, struct plan_relation *out)
{
    size_t n = 0;
    for (size_t i = 0; i < e->plan_count; i++) {
        const struct plan *from = e->plans[i];
        for (const struct bl_relation *rel = from->resource->relations; rel && rel->name; rel++) {
            const struct plan *to = find(e, rel->to);
            const char *key = out ? arena_format(e->arena, "%s.%s", from->name, rel->name) : NULL;
            if (from == here && out)
                out[n] =
                    (struct plan_relation){.name = rel->name, .key = key, .relation = rel, .other = rel->to, .other_plan = to};
            n += from == here;
            bool end = to == here && rel->inverse;
            if (end && out)
                out[n] = (struct plan_relation){
                    .name = rel->inverse, .key = key, .relation = rel, .inverse = true, .other = from->name, .other_plan = from};
            n += end;
        }
    }
    return n;
}

static bool add_relations(struct engine *e, FILE *errors)
{
    bool good = true;
    for (size_t i = 0; i < e->plan_count; i++) {
        struct plan *plan = e->plans[i];
        plan->relation_count = relations_at(e, plan, NULL);
        plan->relations = arena_alloc(e->arena, plan->relation_count * sizeof *plan->relations);
        relations_at(e, plan, plan->relations);
        for (size_t a = 0; a < plan->relation_count; a++)
            for (size_t b = a + 1; b < plan->relation_count; b++)
                if (strcmp(plan->relations[a].name, plan->relations[b].name) == 0) {
                    fprintf(errors, "%s: resource %s: two relations are called %s there (%s and %s): rename one\n",
                            plan->plugin->name, plan->resource->name, plan->relations[a].name, plan->relations[a].key,
                            plan->relations[b].key);
                    good = false;
                }
    }
    return good;
}

/* The rules of all areas that listen to "area.resource" or "area.resource.relation". */
static const bl_rule *watches_of(struct engine *e, const char *what)
{
    bl_rule *rules = NULL;
    for (size_t pass = 0, count = 0; pass < 2; pass++, count = 0) { /* once to count, once to fill */
        for (size_t i = 0; i < registry_count(e->registry); i++)
            for (const struct bl_watch *w = registry_at(e->registry, i)->plugin->watches; w && w->what; w++)
                if (strcmp(w->what, what) == 0) {
                    if (rules)
                        rules[count] = w->told;
                    count++;
                }
        if (pass == 0 && count == 0)
            return NULL;
        if (pass == 0)
            rules = arena_alloc(e->arena, (count + 1) * sizeof *rules); /* zeroed */
    }
    return rules;
}

static void add_watches(struct engine *e)
{
    for (size_t i = 0; i < e->plan_count; i++) {
        struct plan *plan = e->plans[i];
        plan->watches = watches_of(e, plan->name);
        for (size_t k = 0; k < plan->relation_count; k++)
            plan->relations[k].watches = watches_of(e, plan->relations[k].key);
    }
}

/* "/{id}:{transition}" with the name in it. */
static char *fill(struct arena *arena, const char *suffix, const char *hole, const char *name)
{
    const char *at = strstr(suffix, hole);
    return arena_format(arena, "%.*s%s%s", (int)(at - suffix), suffix, name, at + strlen(hole));
}

static const char table_types[] = "application/json text/csv application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

static void add_route(struct engine *e, const struct line *line, const struct plan *plan, const char *path,
                      const char *permission, struct plan_route data)
{
    if (e->routes) {
        struct plan_route *kept = arena_alloc(e->arena, sizeof *kept);
        *kept = data;
        e->routes[e->route_count] = (struct engine_route){
            .method = line->method,
            .path = path,
            .permission = permission,
            .handler = line->handler,
            .flags = line->flags & (BL_PUBLIC | BL_WRITE | BL_PORTFOLIO | ENGINE_FEED | ENGINE_PORTFOLIO),
            .resource = plan ? plan->resource : NULL,
            .data = kept,
            .checks_query = true,
            .plugin = plan ? plan->plugin : NULL,
            .body_limit = line->body_limit,
            .produces = line->flags & LINE_TABLE ? table_types : line->produces,
        };
    }
    e->route_count++;
}

static void add_resource_line(struct engine *e, const struct line *line, const struct plan *plan)
{
    const char *verb = line->verb == NULL                 ? NULL
                       : strcmp(line->verb, "read") == 0  ? plan->read
                       : strcmp(line->verb, "write") == 0 ? plan->write
                                                          : plan->archive;
    struct plan_route data = {.engine = e, .plan = plan};
    char *path = arena_format(e->arena, "%s%s", plan->base, line->suffix);
    if (line->flags & LINE_TRANSITION) {
        for (size_t i = 0; i < plan->transition_count; i++) {
            data.transition = &plan->transitions[i];
            add_route(e, line, plan, fill(e->arena, path, "{transition}", data.transition->transition->name),
                      data.transition->permission, data);
        }
    } else if (line->flags & LINE_RELATION) {
        for (size_t i = 0; i < plan->relation_count; i++) {
            data.relation = &plan->relations[i];
            add_route(e, line, plan, fill(e->arena, path, "{relation}", plan_path(e->arena, data.relation->name)), verb, data);
        }
    } else if (((line->flags & LINE_CHANGE) == 0 || (plan->resource->flags & BL_APPEND_ONLY) == 0) &&
               ((line->flags & LINE_MADE) == 0 || (plan->resource->flags & BL_UPLOADED) == 0)) {
        add_route(e, line, plan, path, verb, data);
    }
}

static const char *own_path(struct engine *e, const struct bl_plugin *plugin, const struct bl_route *own)
{
    const char *area = plan_path(e->arena, plugin->name);
    if (own->flags & BL_PUBLIC)
        return arena_format(e->arena, "/api/v1/public/%s", own->path);
    if (own->flags & BL_PORTFOLIO)
        return arena_format(e->arena, "/api/v1/portfolio/%s%s%s", area, *own->path ? "/" : "", own->path);
    return arena_format(e->arena, "/api/v1/orgs/{org}/%s/%s", area, own->path);
}

static void add_own_routes(struct engine *e, const struct bl_plugin *plugin)
{
    for (const struct bl_route *own = plugin->routes; own && own->method; own++) {
        struct line line = {.method = own->method,
                            .handler = own->handler,
                            .flags = own->flags | (own->flags & BL_PORTFOLIO ? ENGINE_PORTFOLIO : 0u)};
        const char *path = own_path(e, plugin, own);
        add_route(e, &line, NULL, path, own->permission, (struct plan_route){.engine = e});
        if (e->routes) {
            struct engine_route *route = &e->routes[e->route_count - 1];
            route->own = own;
            route->plugin = plugin;
            route->produces = own->produces;
            route->checks_query = false;
        }
    }
}

/* For the document: what every report takes and answers. */
static const struct bl_route *about_report(struct engine *e, const struct bl_report *report)
{
    struct bl_route *about = arena_alloc(e->arena, sizeof *about);
    *about = (struct bl_route){.method = "POST",
                               .flags = BL_ACCEPTED,
                               .summary = arena_format(e->arena, "Order a report: %s", report->label),
                               .body = report_order_schema,
                               .answer = report_answer_schema};
    return about;
}

static void add_reports(struct engine *e, const struct bl_plugin *plugin)
{
    static const struct line line = {.method = "POST", .handler = resource_report, .flags = BL_WRITE};
    for (const struct bl_report *report = plugin->reports; report && report->name; report++) {
        add_route(e, &line, NULL,
                  arena_format(e->arena, "/api/v1/orgs/{org}/%s/reports/%s", plan_path(e->arena, plugin->name),
                               plan_path(e->arena, report->name)),
                  report->permission,
                  (struct plan_route){.engine = e, .report = arena_format(e->arena, "%s.%s", plugin->name, report->name)});
        if (e->routes) {
            e->routes[e->route_count - 1].own = about_report(e, report);
            e->routes[e->route_count - 1].plugin = plugin;
        }
    }
}

static void walk_routes(struct engine *e)
{
    e->route_count = 0;
    for (size_t i = 0; i < e->plan_count; i++)
        for (const struct line *line = resource_lines; line->method; line++)
            add_resource_line(e, line, e->plans[i]);
    for (size_t i = 0; i < registry_count(e->registry); i++)
        add_own_routes(e, registry_at(e->registry, i)->plugin);
    for (size_t i = 0; i < registry_count(e->registry); i++)
        add_reports(e, registry_at(e->registry, i)->plugin);
    for (const struct line *line = tenant_lines; line->method; line++)
        add_route(e, line, NULL, arena_format(e->arena, "/api/v1/orgs/{org}%s", line->suffix), line->verb,
                  (struct plan_route){.engine = e});
    for (const struct line *line = service_lines; line->method; line++)
        add_route(e, line, NULL, line->suffix, line->verb, (struct plan_route){.engine = e});
}

struct engine *engine_new(const struct registry *registry, FILE *errors)
{
    struct engine *e = calloc(1, sizeof *e);
    struct arena *arena = e ? arena_new(ENGINE_MEMORY) : NULL;
    if (arena == NULL) {
        fputs("engine: out of memory\n", errors);
        free(e);
        return NULL;
    }
    e->arena = arena;
    e->registry = registry;
    e->signals = signals_compile(arena, registry);
    e->none = (struct plan_route){.engine = e};
    if (!add_plans(e, errors) || !add_relations(e, errors)) {
        engine_free(e);
        return NULL;
    }
    add_watches(e);
    walk_routes(e); /* once to count, once to fill */
    e->routes = arena_alloc(arena, e->route_count * sizeof *e->routes);
    walk_routes(e);
    return e;
}

void engine_free(struct engine *e)
{
    if (e == NULL)
        return;
    arena_free(e->arena);
    free(e);
}
