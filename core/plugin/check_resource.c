/* Resources: names, workflow, relations, and how they stand to those of other plugins. */
#include "plugin/check.h"
#include "plugin/shape.h"
#include <ctype.h>
#include <string.h>

const struct bl_field *check_find_field(const struct bl_resource *resource, const char *name, size_t length)
{
    for (const struct bl_field *f = resource->fields; f && f->name; f++)
        if (strlen(f->name) == length && strncmp(f->name, name, length) == 0)
            return f;
    return NULL;
}

static bool is_state(const struct bl_resource *resource, const char *name, size_t length)
{
    for (const struct bl_state *s = resource->states; s && s->name; s++)
        if (strlen(s->name) == length && strncmp(s->name, name, length) == 0)
            return true;
    return false;
}

static void check_names(struct check *c, const struct bl_resource *r)
{
    if (!check_is_name_text(r->name))
        check_object(c, "its name is not snake_case");
    if (!check_is_name_text(r->singular))
        check_object(c, "singular is not snake_case");
    size_t area = strlen(c->plugin->name);
    const char *table = shape_table(r);
    if (!r->table || strncmp(r->table, c->plugin->name, area) != 0 || r->table[area] != '.' || !check_is_name_text(table))
        check_object(c, "table is `%s`: must be `%s.` and a snake_case name", r->table ? r->table : "", c->plugin->name);
    else if (check_is_keyword(table))
        check_object(c, "table `%s`: a reserved word of SQL", r->table);
    size_t prefix = r->prefix ? strlen(r->prefix) : 0;
    if (prefix == 0 || prefix > 8 || !isupper((unsigned char)r->prefix[0]) ||
        strspn(r->prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != prefix)
        check_object(c, "prefix is `%s`: one to eight capitals and digits, a capital first", r->prefix ? r->prefix : "");
    if (!r->clause || !*r->clause)
        check_object(c, "no clause");
    if (r->flags & ~(unsigned)(c->plugin == &plugin_core ? BL_UPLOADED : BL_APPEND_ONLY))
        check_object(c, "unknown flags");
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void check_unique(struct check *c, const struct bl_resource *r)
{
    for (const struct bl_resource *s = c->plugin->resources; s < r; s++) {
        if (same(s->name, r->name))
            check_object(c, "named twice");
        if (same(s->singular, r->singular))
            check_object(c, "singular `%s` is that of %s", r->singular, s->name);
        if (same(s->table, r->table))
            check_object(c, "table `%s` is that of %s", r->table, s->name);
        if (same(s->prefix, r->prefix))
            check_object(c, "prefix `%s` is that of %s", r->prefix, s->name);
    }
    for (size_t i = 0; c->others && i < registry_count(c->others); i++) {
        const struct bl_plugin *other = registry_at(c->others, i)->plugin;
        for (const struct bl_resource *s = other->resources; other != c->plugin && s && s->name; s++)
            if (same(s->prefix, r->prefix))
                check_object(c, "prefix `%s` is that of %s.%s", r->prefix, other->name, s->name);
    }
}

static void check_states(struct check *c, const struct bl_resource *r)
{
    int initial = 0;
    size_t bytes = 0;
    for (const struct bl_state *s = r->states; s->name; s++) {
        bytes += strlen(s->name) + 1;
        initial += (s->flags & BL_INITIAL) != 0;
        if (!check_is_name_text(s->name))
            check_object(c, "state `%s` is not snake_case", s->name);
        if (s->flags & ~(unsigned)(BL_INITIAL | BL_FROZEN | BL_CLOSED))
            check_object(c, "state %s: unknown flags", s->name);
        for (const struct bl_state *t = r->states; t < s; t++)
            if (same(s->name, t->name))
                check_object(c, "state %s: named twice", s->name);
    }
    if (initial != 1)
        check_object(c, "%d states are INITIAL: must be one", initial);
    if (bytes + 2 > SHAPE_STATES)
        check_object(c, "too many states: their names may have %d bytes in all", SHAPE_STATES - 2);
}

/* The member of the input that fills `f`. */
static bool fills(const struct bl_transition *t, const struct bl_field *f)
{
    const struct bl_field *i = t->input;
    while (i && i->name && strcmp(i->name, f->name) != 0)
        i++;
    return i && i->name && i->type == f->type && f->type != BL_LIST && f->type != BL_ITEMS;
}

/* "approved_at=now approved_by=actor decision=input" */
static void check_sets(struct check *c, const struct bl_resource *r, const struct bl_transition *t)
{
    const char *list = t->sets;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        const char *equals = memchr(word, '=', length);
        size_t name = equals ? (size_t)(equals - word) : length;
        const struct bl_field *f = check_find_field(r, word, name);
        if (!f) {
            check_object(c, "sets: no field `%.*s`", (int)name, word);
            continue;
        }
        size_t left = length - name - 1;
        bool fits = false;
        if (equals && left == 3 && strncmp(equals + 1, "now", 3) == 0)
            fits = f->type == BL_TIME;
        else if (equals && left == 5 && strncmp(equals + 1, "today", 5) == 0)
            fits = f->type == BL_DATE;
        else if (equals && left == 5 && strncmp(equals + 1, "actor", 5) == 0)
            fits = f->type == BL_REF && same(f->ref, "core.member");
        else if (equals && left == 5 && strncmp(equals + 1, "input", 5) == 0)
            fits = fills(t, f);
        if (!fits)
            check_object(
                c,
                "sets: `%.*s`: must be =now on a TIME, =today on a DATE, =actor on a REF to core.member or =input with a "
                "member of the input of that name and type",
                (int)length, word);
        if (!(f->flags & BL_SERVER))
            check_object(c, "sets: field %s is not SERVER", f->name);
    }
}

static void check_transition(struct check *c, const struct bl_resource *r, const struct bl_transition *t)
{
    if (!check_is_name_text(t->name))
        check_object(c, "its name is not snake_case");
    if (check_in_list("create update archive restore batch import link unlink", t->name, strlen(t->name)))
        check_object(c, "its name is a verb of the engine's");
    for (const struct bl_transition *s = r->transitions; s < t; s++)
        if (same(s->name, t->name))
            check_object(c, "named twice");
    const char *list = t->from;
    size_t length;
    if (!t->from || !*t->from)
        check_object(c, "no state to come from");
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
        if (!is_state(r, word, length))
            check_object(c, "from: no state `%.*s`", (int)length, word);
    if (t->to && !is_state(r, t->to, strlen(t->to)))
        check_object(c, "to: no state `%s`", t->to);
    if (t->permission && !check_is_name_text(t->permission))
        check_object(c, "permission `%s` is not a verb in snake_case", t->permission);
    if (t->flags & ~(unsigned)(BL_NOT_AUTHOR | BL_REASON))
        check_object(c, "unknown flags");
    list = t->needs;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
        if (!check_find_field(r, word, length))
            check_object(c, "needs: no field `%.*s`", (int)length, word);
    check_sets(c, r, t);
    check_input(c, t);
    if (t->guard)
        check_sql(c, "guard", t->guard);
}

static void check_workflow(struct check *c, const struct bl_resource *r)
{
    if (r->states)
        check_states(c, r);
    else if (r->transitions && r->transitions->name)
        check_object(c, "transitions without states");
    for (const struct bl_transition *t = r->transitions; r->states && t && t->name; t++) {
        size_t back = check_enter(c, "transition %s", t->name);
        check_transition(c, r, t);
        check_leave(c, back);
    }
}

/* The resource at a relation's other end, when its area is here. */
static const struct bl_resource *other_end(const struct check *c, const char *to, bool *here)
{
    char area[64];
    snprintf(area, sizeof area, "%.*s", (int)strcspn(to, "."), to);
    const struct bl_plugin *plugin = same(area, c->plugin->name) ? c->plugin
                                     : c->others                 ? registry_plugin(c->others, area)
                                                                 : NULL;
    *here = plugin != NULL;
    for (const struct bl_resource *r = plugin ? plugin->resources : NULL; r && r->name; r++)
        if (same(r->name, strchr(to, '.') + 1))
            return r;
    return NULL;
}

static void check_relation(struct check *c, const struct bl_resource *r, const struct bl_relation *relation)
{
    if (!check_is_name_text(relation->name))
        check_object(c, "its name is not snake_case");
    if (!check_is_name_text(relation->inverse))
        check_object(c, "inverse is not snake_case: what are these records called at the other end?");
    for (const struct bl_relation *s = r->relations; s < relation; s++) {
        if (same(s->name, relation->name))
            check_object(c, "named twice");
        if (same(s->to, relation->to) && same(s->inverse, relation->inverse))
            check_object(c, "inverse `%s` is that of %s", relation->inverse, s->name);
    }
    size_t area = relation->to ? strcspn(relation->to, ".") : 0;
    if (!relation->to || !check_is_name(relation->to, area) || relation->to[area] != '.' ||
        !check_is_name_text(relation->to + area + 1)) {
        check_object(c, "to is `%s`: must be area.resource", relation->to ? relation->to : "");
        return;
    }
    bool here;
    const struct bl_resource *end = other_end(c, relation->to, &here);
    if (here && !end)
        check_object(c, "to: no resource `%s`", relation->to);
    for (const struct bl_relation *s = end ? end->relations : NULL; s && s->name; s++)
        if (same(s->name, relation->inverse))
            check_object(c, "inverse `%s` is a relation of %s already", relation->inverse, relation->to);
}

static void check_constraints(struct check *c, const struct bl_resource *r)
{
    for (const struct bl_constraint *k = r->constraints; k && k->name; k++) {
        if (!k->pointer || (k->pointer[0] != '/' && k->pointer[0] != '\0'))
            check_object(c, "constraint %s: pointer must be a JSON Pointer", k->name);
        if (!k->code || !k->detail)
            check_object(c, "constraint %s: no code or no detail", k->name);
    }
}

static void check_sort(struct check *c, const struct bl_resource *r)
{
    const char *name = shape_sort(r);
    const struct bl_field *f = check_find_field(r, name, strlen(name));
    bool known = f || (r->states && same(name, "status"));
    for (const struct shape_column *k = shape_engine; k->name && !known; k++)
        known = same(k->name, name) && !same(name, "tenant_id");
    if (!known)
        check_object(c, "sort: no field `%s`", name);
    else if (f && (f->type == BL_LIST || f->type == BL_ITEMS || (f->flags & BL_LONG)))
        check_object(c, "sort: field %s has no order", name);
}

void check_resources(struct check *c)
{
    for (const struct bl_resource *r = c->plugin->resources; r && r->name; r++) {
        size_t back = check_enter(c, "resource %s", r->name);
        check_names(c, r);
        check_unique(c, r);
        if (r->fields && r->fields->name)
            check_fields(c, r);
        else
            check_object(c, "no fields");
        check_workflow(c, r);
        for (const struct bl_relation *relation = r->relations; relation && relation->name; relation++) {
            size_t outer = check_enter(c, "relation %s", relation->name);
            check_relation(c, r, relation);
            check_leave(c, outer);
        }
        check_constraints(c, r);
        check_sort(c, r);
        check_leave(c, back);
    }
}

bool check_is_engine_path(const struct bl_plugin *plugin, const char *path)
{
    for (const struct bl_resource *r = plugin->resources; r && r->name; r++) {
        size_t length = strlen(r->name);
        char segment[64];
        snprintf(segment, sizeof segment, "%s", r->name);
        for (char *p = segment; *p; p++)
            if (*p == '_')
                *p = '-';
        if (strncmp(path, segment, length) != 0)
            continue;
        const char *rest = path + length;
        static const char served[] = ":batch :import /{} /{}:archive /{}:restore /{}/history";
        if (!*rest || check_in_list(served, rest, strlen(rest)) || strncmp(rest, "/{}/links/", 10) == 0)
            return true;
        for (const struct bl_transition *t = r->transitions; t && t->name; t++)
            if (strncmp(rest, "/{}:", 4) == 0 && same(rest + 4, t->name))
                return true;
    }
    return false;
}
