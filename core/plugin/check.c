#include "plugin/check.h"
#include "plugin/shape.h"
#include <ctype.h>
#include <jansson.h>
#include <string.h>

void check_object(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(c->errors, "%s.so: %s%s", c->plugin->name ? c->plugin->name : "(no name)", c->place, c->place[0] ? ": " : "");
    vfprintf(c->errors, format, args);
    fputc('\n', c->errors);
    va_end(args);
    c->objections++;
}

size_t check_enter(struct check *c, const char *format, ...)
{
    size_t before = strlen(c->place), used = before;
    if (before && before + 2 < sizeof c->place) {
        memcpy(c->place + before, ", ", 3);
        used += 2;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(c->place + used, sizeof c->place - used, format, args);
    va_end(args);
    return before;
}

void check_leave(struct check *c, size_t before)
{
    c->place[before] = '\0';
}

bool check_is_name(const char *word, size_t length)
{
    if (length == 0 || length > 50 || !islower((unsigned char)word[0]) || word[length - 1] == '_')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool letter = islower((unsigned char)word[i]) || isdigit((unsigned char)word[i]);
        if (!letter && (word[i] != '_' || word[i + 1] == '_'))
            return false;
    }
    return true;
}

bool check_is_name_text(const char *text)
{
    return text && check_is_name(text, strlen(text));
}

bool check_is_keyword(const char *name)
{
    /* pg_get_keywords() with catcode R or T, PostgreSQL 15 */
    static const char keywords[] =
        " all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column"
        " concurrently constraint create cross current_catalog current_date current_role current_schema current_time"
        " current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from"
        " full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit"
        " localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references"
        " returning right select session_user similar some symmetric table tablesample then to trailing true union unique user"
        " using variadic verbose when where window with ";
    return check_in_list(keywords, name, strlen(name));
}

bool check_in_list(const char *list, const char *word, size_t length)
{
    size_t n;
    for (const char *w = shape_word(&list, &n); n; w = shape_word(&list, &n))
        if (n == length && strncmp(w, word, n) == 0)
            return true;
    return false;
}

void check_list(struct check *c, const char *what, const char *list)
{
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        if (!check_is_name(word, length))
            check_object(c, "%s: `%.*s` is not a snake_case name", what, (int)length, word);
        else if (check_in_list(list, word, length))
            check_object(c, "%s: `%.*s` twice", what, (int)length, word);
    }
}

void check_sql(struct check *c, const char *what, const char *sql)
{
    if (!strstr(sql, "tenant_id = $1"))
        check_object(c, "%s: its SQL does not say `tenant_id = $1`", what);
}

static bool is_version(const char *text)
{
    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || text[digits] != (part < 2 ? '.' : '\0'))
            return false;
        text += digits + 1;
    }
    return true;
}

static void check_self(struct check *c)
{
    const struct bl_plugin *p = c->plugin;
    /* schemas of others, and words that stand in the same place of a path */
    static const char taken[] =
        "core public information_schema citus meta calendar search openapi members events files "
        "portfolio auth me orgs organisation organisations engagements invitations roles permissions access "
        "clients jobs signals export exports due";
    if (!check_is_name_text(p->name))
        check_object(c, "its name is not snake_case");
    else if (p == &plugin_core)
        return; /* this is whom the name is kept for */
    else if (check_in_list(taken, p->name, strlen(p->name)) || strncmp(p->name, "pg_", 3) == 0 || check_is_keyword(p->name))
        check_object(c, "the name `%s` is taken", p->name);
    if (!p->version || !is_version(p->version))
        check_object(c, "version is `%s`: three numbers with points, such as 1.0.0", p->version ? p->version : "");
    if (!p->clause || !*p->clause)
        check_object(c, "no clause");
    check_list(c, "requires", p->requires);
    if (check_in_list(p->requires, p->name, strlen(p->name)))
        check_object(c, "requires itself");
    const char *list = p->permissions;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        const char *colon = memchr(word, ':', length);
        size_t thing = colon ? (size_t)(colon - word) : 0;
        if (!colon || !check_is_name(word, thing) || !check_is_name(colon + 1, length - thing - 1))
            check_object(c, "permissions: `%.*s` is not thing:verb", (int)length, word);
    }
}

static void check_migrations(struct check *c)
{
    int expected = 1;
    for (const struct bl_migration *m = c->plugin->migrations; m && m->number; m++, expected++) {
        if (m->number != expected)
            check_object(c, "migration %04d stands where %04d is due: numbers are dense, from 1", m->number, expected);
        expected = m->number;
        if (!m->name || !m->sql)
            check_object(c, "migration %04d has no name or no SQL", m->number);
    }
}

static void check_signals(struct check *c)
{
    for (const struct bl_signal *s = c->plugin->signals; s && s->name; s++) {
        size_t back = check_enter(c, "signal %s", s->name);
        if (!check_is_name_text(s->name))
            check_object(c, "its name is not snake_case");
        for (const struct bl_signal *t = s + 1; t->name; t++)
            if (strcmp(s->name, t->name) == 0)
                check_object(c, "named twice");
        if (!s->clause)
            check_object(c, "no clause");
        if (!s->label)
            check_object(c, "no label");
        if (s->sql)
            check_sql(c, "sql", s->sql);
        else
            check_object(c, "no SQL");
        check_leave(c, back);
    }
}

/* Duties, jobs and inboxes: duties and jobs stand in one queue, so no two of them share a name. */
static void check_work(struct check *c)
{
    for (const struct bl_duty *d = c->plugin->duties; d && d->name; d++) {
        size_t back = check_enter(c, "duty %s", d->name);
        if (!check_is_name_text(d->name))
            check_object(c, "its name is not snake_case");
        if (d->period < 1)
            check_object(c, "period is %ld: must be a second at least", d->period);
        if (!d->run)
            check_object(c, "nothing to run");
        for (const struct bl_duty *e = d + 1; e->name; e++)
            if (strcmp(d->name, e->name) == 0)
                check_object(c, "named twice");
        for (const struct bl_job *j = c->plugin->jobs; j && j->name; j++)
            if (strcmp(d->name, j->name) == 0)
                check_object(c, "a job has the same name");
        check_leave(c, back);
    }
    for (const struct bl_job *j = c->plugin->jobs; j && j->name; j++) {
        size_t back = check_enter(c, "job %s", j->name);
        if (!check_is_name_text(j->name))
            check_object(c, "its name is not snake_case");
        if (!j->run)
            check_object(c, "nothing to run");
        for (const struct bl_job *k = j + 1; k->name; k++)
            if (strcmp(j->name, k->name) == 0)
                check_object(c, "named twice");
        check_leave(c, back);
    }
    for (const struct bl_inbox *i = c->plugin->inboxes; i && i->name; i++) {
        size_t back = check_enter(c, "inbox %s", i->name);
        if (!check_is_name_text(i->name))
            check_object(c, "its name is not snake_case");
        if (!i->receive)
            check_object(c, "nothing to receive with");
        for (const struct bl_inbox *k = i + 1; k->name; k++)
            if (strcmp(i->name, k->name) == 0)
                check_object(c, "named twice");
        check_leave(c, back);
    }
}

/* Does a resource of `plugin`, or its .permissions, declare "area.thing:verb"? */
static bool declares(const struct bl_plugin *plugin, const char *permission)
{
    size_t area = strlen(plugin->name);
    if (strncmp(permission, plugin->name, area) != 0 || permission[area] != '.')
        return false;
    const char *thing = permission + area + 1;
    if (check_in_list(plugin->permissions, thing, strlen(thing)))
        return true;
    for (const struct bl_resource *r = plugin->resources; r && r->name; r++) {
        size_t length = r->singular ? strlen(r->singular) : 0;
        if (length == 0 || strncmp(thing, r->singular, length) != 0 || thing[length] != ':')
            continue;
        const char *verb = thing + length + 1;
        if (strcmp(verb, "read") == 0 || strcmp(verb, "write") == 0)
            return true;
        if (strcmp(verb, "archive") == 0)
            return !(r->flags & BL_APPEND_ONLY);
        for (const struct bl_transition *t = r->transitions; t && t->name; t++)
            if (t->permission && strcmp(t->permission, verb) == 0)
                return true;
    }
    return false;
}

static bool known_permission(const struct check *c, const char *permission)
{
    if (check_in_list("core.member:read core.organisation:read core.event:read core.file:read core.file:write core.file:archive",
                      permission, strlen(permission)))
        return true;
    if (declares(c->plugin, permission))
        return true;
    const char *list = c->plugin->requires;
    size_t length;
    for (const char *word = shape_word(&list, &length); c->others && length; word = shape_word(&list, &length)) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        const struct bl_plugin *required = registry_plugin(c->others, name);
        if (required && declares(required, permission))
            return true;
    }
    return false;
}

/* "scopes/{id}:copy" -> "scopes/{}:copy". False: not a path that can be routed. */
static bool path_shape(const char *path, char *out, size_t room)
{
    size_t used = 0;
    bool start = true; /* of a segment */
    for (const char *p = path; *p; p++) {
        if (used + 3 > room)
            return false;
        if (*p == '{') {
            size_t length = strcspn(p + 1, "}");
            if (!start || p[1 + length] != '}' || !check_is_name(p + 1, length))
                return false;
            p += 1 + length;
            if (p[1] && p[1] != '/' && p[1] != ':')
                return false;
            memcpy(out + used, "{}", 2);
            used += 2;
            start = false;
            continue;
        }
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && !strchr("-/:", *p))
            return false;
        if ((*p == '/' || *p == ':') && (start || !p[1]))
            return false;
        start = *p == '/';
        out[used++] = *p;
    }
    out[used] = '\0';
    return used > 0;
}

static void check_schema_text(struct check *c, const char *what, const char *text)
{
    json_error_t error;
    json_t *schema = text ? json_loads(text, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (text && !json_is_object(schema))
        check_object(c, "%s is not a JSON object%s%s", what, schema ? "" : ": ", schema ? "" : error.text);
    json_decref(schema);
}

static void check_route(struct check *c, const struct bl_route *r, const char *shape)
{
    if (!check_in_list("GET POST PUT PATCH DELETE", r->method, strlen(r->method)))
        check_object(c, "method must be GET, POST, PUT, PATCH or DELETE");
    if (!r->handler)
        check_object(c, "no handler");
    if (!r->summary)
        check_object(c, "no summary");
    if (r->flags & ~(unsigned)(BL_PUBLIC | BL_WRITE | BL_CREATED | BL_ACCEPTED | BL_PORTFOLIO))
        check_object(c, "unknown flags");
    if (r->flags & BL_PORTFOLIO && (r->flags != BL_PORTFOLIO || strcmp(r->method, "GET") != 0 || strchr(shape, '{')))
        check_object(c, "PORTFOLIO is a GET without {name}s and without other flags");
    if (r->flags & BL_CREATED && r->flags & BL_ACCEPTED)
        check_object(c, "CREATED and ACCEPTED: one of them");
    if (r->flags & BL_PUBLIC && r->permission)
        check_object(c, "PUBLIC, so no permission can be asked for");
    else if (!(r->flags & BL_PUBLIC) && !r->permission)
        check_object(c, "no permission");
    else if (r->permission && !known_permission(c, r->permission))
        check_object(c, "nothing declares the permission `%s`", r->permission);
    if (!(r->flags & (BL_PUBLIC | BL_PORTFOLIO)) && check_is_engine_path(c->plugin, shape))
        check_object(c, "the engine serves this path already");
    check_list(c, "query", r->query);
    const char *list = r->produces;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
        if (!memchr(word, '/', length))
            check_object(c, "produces: `%.*s` is not a media type", (int)length, word);
    if (r->body && strcmp(r->method, "GET") == 0)
        check_object(c, "a GET takes no body");
    check_schema_text(c, "body", r->body);
    check_schema_text(c, "answer", r->answer);
}

static void check_reports(struct check *c)
{
    for (const struct bl_report *r = c->plugin->reports; r && r->name; r++) {
        size_t back = check_enter(c, "report %s", r->name);
        if (!check_is_name_text(r->name))
            check_object(c, "its name is not snake_case");
        for (const struct bl_report *s = r + 1; s->name; s++)
            if (strcmp(r->name, s->name) == 0)
                check_object(c, "named twice");
        if (!r->label)
            check_object(c, "no label");
        if (!r->permission)
            check_object(c, "no permission");
        else if (!known_permission(c, r->permission))
            check_object(c, "nothing declares the permission `%s`", r->permission);
        if (!r->make)
            check_object(c, "nothing makes it");
        check_leave(c, back);
    }
}

/* Is there such a resource, or such a relation of one, in an area that is here? */
static bool watchable(const struct bl_plugin *other, const char *what)
{
    size_t area = strcspn(what, ".") + 1;
    const char *resource = what + area, *dot = strchr(resource, '.');
    size_t length = dot ? (size_t)(dot - resource) : strlen(resource);
    for (const struct bl_resource *r = other->resources; r && r->name; r++) {
        if (strlen(r->name) != length || strncmp(r->name, resource, length) != 0)
            continue;
        for (const struct bl_relation *k = r->relations; dot && k && k->name; k++)
            if (strcmp(k->name, dot + 1) == 0)
                return true;
        return !dot;
    }
    return false;
}

/* "area.resource" or "area.resource.relation" */
static bool is_watch(const char *what)
{
    int words = 0;
    for (const char *at = what; at && words < 4; words++) {
        size_t length = strcspn(at, ".");
        if (!check_is_name(at, length))
            return false;
        at = at[length] ? at + length + 1 : NULL;
    }
    return words == 2 || words == 3;
}

static void check_watches(struct check *c)
{
    for (const struct bl_watch *w = c->plugin->watches; w && w->what; w++) {
        size_t back = check_enter(c, "watch %s", w->what);
        char area[64];
        snprintf(area, sizeof area, "%.*s", (int)strcspn(w->what, "."), w->what);
        const struct bl_plugin *other = c->others ? registry_plugin(c->others, area) : NULL;
        if (!is_watch(w->what))
            check_object(c, "must be area.resource or area.resource.relation");
        else if (strcmp(area, c->plugin->name) == 0)
            check_object(c, "it is the plugin's own: use `after` there");
        else if (other && !watchable(other, w->what))
            check_object(c, "%s has nothing of that name", area);
        if (!w->told)
            check_object(c, "nothing to tell it to");
        for (const struct bl_watch *x = w + 1; x->what; x++)
            if (strcmp(w->what, x->what) == 0)
                check_object(c, "named twice");
        check_leave(c, back);
    }
}

/* A view over a portfolio may stand at the area's own name. */
static bool route_shape(const struct bl_route *r, char *out, size_t room)
{
    out[0] = '\0';
    return r->path && ((r->flags & BL_PORTFOLIO && !*r->path) || path_shape(r->path, out, room));
}

/* Do both stand below the same root: an organisation's area, /public/, /portfolio/<area>? */
static bool same_root(const struct bl_route *a, const struct bl_route *b)
{
    return ((a->flags ^ b->flags) & (BL_PUBLIC | BL_PORTFOLIO)) == 0;
}

static void check_routes(struct check *c)
{
    for (const struct bl_route *r = c->plugin->routes; r && r->method; r++) {
        char shape[256], other[256];
        size_t back = check_enter(c, "route %s %s", r->method, r->path ? r->path : "");
        if (route_shape(r, shape, sizeof shape)) {
            check_route(c, r, shape);
            for (const struct bl_route *s = c->plugin->routes; s < r; s++)
                if (route_shape(s, other, sizeof other) && strcmp(shape, other) == 0 && strcmp(r->method, s->method) == 0 &&
                    same_root(r, s))
                    check_object(c, "duplicate of %s %s", s->method, s->path);
        } else {
            check_object(c, "the path is not segments of a-z, 0-9 and - or {name}, with :verb at most at the end of one");
        }
        check_leave(c, back);
    }
}

int plugin_check(const struct bl_plugin *plugin, const struct registry *others, FILE *errors)
{
    struct check c = {.plugin = plugin, .others = others, .errors = errors};
    if (!plugin->name) {
        check_object(&c, "the descriptor has no name");
        return c.objections;
    }
    check_self(&c);
    check_resources(&c);
    check_routes(&c);
    check_migrations(&c);
    check_signals(&c);
    check_reports(&c);
    check_work(&c);
    check_watches(&c);
    return c.objections;
}
