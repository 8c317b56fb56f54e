/* Relations between records of any two resources: rows of core.link, served from either end. `here` is the record in the path,
 * `there` the other one. */
#include "base/ids.h"
#include "resource/routes.h"
#include "resource/value.h"
#include "resource/watch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The columns of core.link that hold the two ends. */
static const char *here_id(const struct plan_relation *relation)
{
    return relation->inverse ? "to_id" : "from_id";
}

static const char *there_id(const struct plan_relation *relation)
{
    return relation->inverse ? "from_id" : "to_id";
}

static enum bl_status need_loaded(struct bl_request *r, const struct plan_relation *relation)
{
    if (relation->other_plan != NULL)
        return BL_OK;
    return bl_fail(r, BL_CONFLICT, "area_not_loaded", NULL, "%s is not here: its area is not loaded", relation->other);
}

/* Whoever may not read the other end learns nothing about it. Valid after the first bl_sql. */
static enum bl_status need_read(struct bl_request *r, const struct plan_relation *relation)
{
    if (bl_may(r, relation->other_plan->read))
        return BL_OK;
    return bl_fail(r, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", relation->other_plan->read);
}

static const char *title_of(const struct plan *plan)
{
    return plan->title != NULL ? plan->title->name : "ref";
}

const char *resource_url(struct bl_request *r, const struct plan *plan, const char *id)
{
    return value_text(r, "/api/v1/orgs/%s/%s/%s", r->org, plan->path, id);
}

/* ---- list ---- */

static void put_linked(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "ref", rows, row, 1);
    bl_json_cell(r, "title", rows, row, 2);
    bl_json_text(r, "resource", plan->name);
    bl_json_text(r, "url", resource_url(r, plan, bl_cell(r, rows, row, 0)));
    bl_json_cell(r, "linked_at", rows, row, 3);
    bl_json_cell(r, "linked_by", rows, row, 4);
    bl_json_close(r);
}

/* One row of nulls: the record is there and has no (further) links. Archived records at the other end are left out. */
static char *list_sql(struct bl_request *r, const struct plan *plan, const struct plan_relation *relation)
{
    const struct plan *other = relation->other_plan;
    return value_text(
        r,
        "SELECT l.id, l.ref, l.title, l.created_at, l.created_by FROM %s h LEFT JOIN LATERAL (\n"
        "SELECT t.id, t.ref, t.%s::text AS title, k.created_at, k.created_by FROM core.link k JOIN %s t\n"
        "ON t.tenant_id = $1 AND t.id = k.%s AND t.archived_at IS NULL\n"
        "WHERE k.tenant_id = $1 AND k.relation = '%s' AND k.%s = $2::uuid\n"
        "AND k.%s > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY k.%s LIMIT $4::integer) l ON true\n"
        "WHERE h.tenant_id = $1 AND h.id = $2::uuid ORDER BY l.id",
        plan->resource->table, title_of(other), other->resource->table, there_id(relation), relation->key, here_id(relation),
        there_id(relation), there_id(relation));
}

enum bl_status resource_links(struct bl_request *r)
{
    const struct plan_route *route = plan_route(r);
    const struct plan_relation *relation = route->relation;
    const char *args[3];
    struct bl_rows *rows;
    long limit;
    enum bl_status status = resource_page_of(r, &limit, &args[1]);
    if (status == BL_OK)
        status = need_loaded(r, relation);
    if (status != BL_OK)
        return status;
    args[0] = resource_id(r);
    args[2] = value_text(r, "%ld", limit + 1);
    status = bl_sql(r, list_sql(r, route->plan, relation), args, 3, BL_FINAL, &rows);
    if (status == BL_OK)
        status = need_read(r, relation);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = resource_missing(r, route->plan);
    if (status != BL_OK)
        return status;
    int got = bl_count(r, rows), shown = got > limit ? (int)limit : got;
    const char *next = got > shown ? bl_cell(r, rows, shown - 1, 0) : NULL;
    bl_respond(r, 200, "application/json");
    if (next != NULL)
        bl_set_header(r, "Link", value_text(r, "<%s?limit=%ld&cursor=%s>; rel=\"next\"", r->path, limit, next));
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++) {
        if (bl_cell(r, rows, i, 0) != NULL)
            put_linked(r, relation->other_plan, rows, i);
    }
    bl_json_close(r);
    bl_json_text(r, "next", next);
    bl_json_close(r);
    return BL_OK;
}

/* ---- link, unlink ---- */

/* What a change of links answers: is each end there, is it archived; was anything changed; the other end as the list shows it. */
enum column { HERE, HERE_ARCHIVED, THERE, THERE_ARCHIVED, FROZEN, CHANGED };

/* An event at one end. In `change` the relation has the name it bears there, and says which record came or went. */
static void put_event(struct statement *s, const struct plan *plan, const char *alias, const char *event, const char *name,
                      const struct plan *other, const char *other_alias, bool link)
{
    const char *value = value_text(s->request, "jsonb_build_object('id', %s.id, 'ref', %s.ref, 'resource', '%s')", other_alias,
                                   other_alias, other->name);
    statement_text(
        s, value_text(s->request,
                      "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, request_id, "
                      "change)\nSELECT $1::uuid, %s::uuid, $4::uuid, '%s', %s.id, %s.ref, '%s', %s.version, $7::text, "
                      "jsonb_build_object('%s', jsonb_build_array(%s, %s))\nFROM here, there, changed",
                      event, plan->name, alias, alias, link ? "link" : "unlink", alias, name, link ? "NULL::jsonb" : value,
                      link ? value : "NULL::jsonb"));
}

static const char *name_there(const struct plan_relation *relation)
{
    if (relation->inverse)
        return relation->relation->name;
    return relation->relation->inverse != NULL ? relation->relation->inverse : relation->key;
}

/* A relation is part of the record that declares it: where that one is frozen, so are its links. */
static const char *frozen_sql(struct bl_request *r, const struct plan *plan)
{
    struct statement s;
    statement_start(&s, r);
    for (const struct bl_state *state = plan->resource->states; state != NULL && state->name != NULL; state++) {
        if (state->flags & BL_FROZEN)
            statement_text(&s, value_text(r, "%s'%s'", s.length ? ", " : "t.status IN (", state->name));
    }
    statement_text(&s, s.length ? ")" : "false");
    return s.text;
}

/* Where a rule will change the record (its own area's that one which declares the relation, other areas' either), it is locked
 * for that at once: two who link it at the same time would else both share it and wait for each other. */
static void put_end(struct statement *s, const struct plan *plan, const char *alias, const char *id, bool declares, bool ruled)
{
    statement_text(
        s, value_text(s->request,
                      "%s AS (SELECT t.id, t.ref, t.version, t.archived_at, t.%s::text AS title, %s AS frozen FROM %s t\nWHERE "
                      "t.tenant_id = $1 AND t.id = %s::uuid FOR %s),\n",
                      alias, title_of(plan), declares ? frozen_sql(s->request, plan) : "false", plan->resource->table, id,
                      ruled ? "UPDATE" : "SHARE"));
}

/* $2 here, $3 there, $4 actor, $5 and $6 event ids, $7 request id. The ends are locked, so that neither is archived meanwhile. */
static const char *change_sql(struct bl_request *r, const struct plan *plan, const struct plan_relation *relation, bool link)
{
    struct statement s;
    statement_start(&s, r);
    statement_text(&s, "WITH ");
    bool ruled = relation->relation->after != NULL, watched = relation->watches != NULL;
    put_end(&s, plan, "here", "$2", !relation->inverse, watched || (ruled && !relation->inverse));
    put_end(&s, relation->other_plan, "there", "$3", relation->inverse, watched || (ruled && relation->inverse));
    statement_text(&s, "changed AS (");
    if (link)
        statement_text(&s, value_text(r,
                                      "INSERT INTO core.link (tenant_id, relation, %s, %s, created_by)\n"
                                      "SELECT $1::uuid, '%s', here.id, there.id, $4::uuid FROM here, there\n"
                                      "WHERE here.archived_at IS NULL AND there.archived_at IS NULL AND NOT here.frozen AND NOT "
                                      "there.frozen ON CONFLICT DO NOTHING",
                                      here_id(relation), there_id(relation), relation->key));
    else
        statement_text(
            &s, value_text(r,
                           "DELETE FROM core.link k USING here, there\nWHERE k.tenant_id = $1 AND k.relation = '%s' AND k.%s = "
                           "here.id AND k.%s = there.id AND here.archived_at IS NULL AND NOT here.frozen AND NOT there.frozen",
                           relation->key, here_id(relation), there_id(relation)));
    statement_text(&s, " RETURNING 1),\nevent_here AS (");
    put_event(&s, plan, "here", "$5", relation->name, relation->other_plan, "there", link);
    statement_text(&s, "),\nevent_there AS (");
    put_event(&s, relation->other_plan, "there", "$6", name_there(relation), plan, "here", link);
    statement_text(
        &s, ")\nSELECT h.id IS NOT NULL, h.archived_at IS NOT NULL, t.id IS NOT NULL, t.archived_at IS NOT NULL, h.frozen OR "
            "t.frozen, EXISTS (SELECT FROM changed), t.id, t.ref, t.title\nFROM (SELECT) one LEFT JOIN here h ON true LEFT JOIN "
            "there t ON true");
    return s.text;
}

static enum bl_status change(struct bl_request *r, const struct plan *plan, const struct plan_relation *relation, const char *id,
                             const char *other, bool link, struct bl_rows **rows)
{
    char *events[2] = {bl_alloc(r, UUID_TEXT), bl_alloc(r, UUID_TEXT)};
    uuid_v7(events[0]);
    uuid_v7(events[1]);
    const char *args[] = {id, other, r->actor, events[0], events[1], r->id};
    enum bl_status status = bl_sql(r, change_sql(r, plan, relation, link), args, 6, 0, rows);
    if (status == BL_OK)
        status = need_read(r, relation);
    if (status == BL_OK && !bl_integer(r, *rows, 0, HERE))
        status = resource_missing(r, plan);
    if (status == BL_OK && bl_integer(r, *rows, 0, HERE_ARCHIVED))
        status = bl_fail(r, BL_CONFLICT, "archived", NULL, "the %s is archived: restore it first", plan->resource->singular);
    if (status == BL_OK && bl_integer(r, *rows, 0, FROZEN))
        status = bl_fail(r, BL_CONFLICT, "frozen", NULL, "the %s is in a state in which it does not change, nor do its links",
                         (relation->inverse ? relation->other_plan : plan)->resource->singular);
    return status;
}

static void drop_json(void *json)
{
    json_decref(json);
}

/* The rule of the relation and those of areas that watch it, told from the end that declares it. */
static enum bl_status tell(struct bl_request *r, const struct plan *plan, const struct plan_relation *relation, const char *id,
                           const char *other, const char *verb)
{
    enum bl_status status = BL_OK;
    if (relation->relation->after == NULL && relation->watches == NULL)
        return BL_OK;
    json_t *input = json_pack("{s:s, s:s}", "relation", relation->relation->name, "id", relation->inverse ? id : other);
    bl_defer(r, drop_json, input);
    struct bl_change change = {.resource = (relation->inverse ? relation->other_plan : plan)->resource,
                               .id = relation->inverse ? other : id,
                               .verb = verb,
                               .input = input};
    if (relation->relation->after)
        status = relation->relation->after(r, &change);
    return status == BL_OK ? watch_tell(r, relation->watches, &change) : status;
}

static enum bl_status link_records(struct bl_request *r, const struct plan *plan, const struct plan_relation *relation,
                                   const char *id, const char *other, struct bl_rows **rows)
{
    const char *singular = relation->other_plan->resource->singular;
    if (plan == relation->other_plan && strcasecmp(id, other) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/id", "a %s is not linked to itself", singular);
    enum bl_status status = change(r, plan, relation, id, other, true, rows);
    if (status == BL_OK && !bl_integer(r, *rows, 0, THERE))
        status = bl_fail(r, BL_UNPROCESSABLE, "unknown_reference", "/id", "there is no %s with this id here", singular);
    if (status == BL_OK && bl_integer(r, *rows, 0, THERE_ARCHIVED))
        status = bl_fail(r, BL_UNPROCESSABLE, "archived", "/id", "the %s is archived: restore it first", singular);
    if (status == BL_OK && bl_integer(r, *rows, 0, CHANGED))
        status = tell(r, plan, relation, id, other, "link");
    return status;
}

/* The one member that the body has. */
static enum bl_status read_body(struct bl_request *r, const char **id)
{
    json_t *body, *value;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    json_object_foreach(body, name, value)
    {
        if (strcmp(name, "id") != 0)
            status = bl_fail(r, BL_UNPROCESSABLE, "unknown_member", value_text(r, "/%s", name), "no such member here");
    }
    *id = json_string_value(json_object_get(body, "id"));
    if (json_object_get(body, "id") == NULL)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/id", "must be given");
    if (*id == NULL || !uuid_valid(*id))
        return bl_fail(r, BL_UNPROCESSABLE, "bad_id", "/id", "must be the id of a record (a UUID)");
    return status;
}

enum bl_status resource_link(struct bl_request *r)
{
    const struct plan_route *route = plan_route(r);
    struct bl_rows *rows = NULL;
    const char *other = NULL;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = need_loaded(r, route->relation);
    if (status == BL_OK)
        status = read_body(r, &other);
    if (status == BL_OK)
        status = link_records(r, route->plan, route->relation, resource_id(r), other, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, bl_integer(r, rows, 0, CHANGED) ? 201 : 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_cell(r, "id", rows, 0, CHANGED + 1);
    bl_json_cell(r, "ref", rows, 0, CHANGED + 2);
    bl_json_cell(r, "title", rows, 0, CHANGED + 3);
    bl_json_text(r, "resource", route->relation->other);
    bl_json_text(r, "url", resource_url(r, route->relation->other_plan, bl_cell(r, rows, 0, CHANGED + 1)));
    bl_json_close(r);
    return BL_OK;
}

enum bl_status resource_unlink(struct bl_request *r)
{
    const struct plan_route *route = plan_route(r);
    struct bl_rows *rows;
    const char *other = bl_param(r, "other");
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = need_loaded(r, route->relation);
    if (status == BL_OK && !uuid_valid(other))
        other = "00000000-0000-0000-0000-000000000000"; /* names nothing: 404 after the same checks of the caller */
    if (status == BL_OK)
        status = change(r, route->plan, route->relation, resource_id(r), other, false, &rows);
    if (status == BL_OK && !bl_integer(r, rows, 0, CHANGED))
        status = bl_fail(r, BL_NOT_FOUND, "not_linked", NULL, "the two records are not linked by %s", route->relation->name);
    if (status == BL_OK)
        status = tell(r, route->plan, route->relation, resource_id(r), other, "unlink");
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* bl_core.link: from a plugin's code, with the same checks and permissions. */
enum bl_status engine_link(struct bl_request *r, const char *resource, const char *id, const char *relation, const char *to_id)
{
    const struct plan *plan = plan_find(plan_route(r)->engine, resource);
    const struct plan_relation *found = NULL;
    struct bl_rows *rows;
    for (size_t i = 0; plan != NULL && i < plan->relation_count; i++) {
        if (strcmp(plan->relations[i].name, relation) == 0)
            found = &plan->relations[i];
    }
    if (plan == NULL)
        return bl_fail(r, BL_CONFLICT, "area_not_loaded", NULL, "%s is not here: its area is not loaded", resource);
    if (found == NULL)
        return bl_fail(r, BL_NOT_FOUND, "no_such_relation", NULL, "%s has no relation %s", resource, relation);
    if (!bl_may(r, plan->write))
        return bl_fail(r, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", plan->write);
    if (!uuid_valid(id))
        return resource_missing(r, plan);
    if (!uuid_valid(to_id))
        return bl_fail(r, BL_UNPROCESSABLE, "bad_id", "/id", "must be the id of a record (a UUID)");
    enum bl_status status = need_loaded(r, found);
    return status == BL_OK ? link_records(r, plan, found, id, to_id, &rows) : status;
}
