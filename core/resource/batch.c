/* POST …:batch: many operations, all of them or none. Every body is checked before the first is carried out, so that one answer
 * names every wrong member; what only the database can object to ends the batch at the operation it objects to. */
#include "base/ids.h"
#include "resource/routes.h"
#include "resource/value.h"
#include "resource/within.h"
#include "resource/workflow.h"
#include "resource/write.h"

#include <stdlib.h>
#include <string.h>

#define OPERATIONS 500

enum kind { CREATE, UPDATE, ARCHIVE, RESTORE, TRANSITION };

struct operation {
    enum kind kind;
    const struct plan_transition *transition;
    const char *id;
    long version;
    const json_t *body;
};

struct result {
    int status;
    const char *id, *ref;
    int64_t version;
};

static enum bl_status wrong(struct bl_request *r, const char *code, const char *pointer, const char *detail)
{
    return bl_fail(r, BL_UNPROCESSABLE, code, pointer, "%s", detail);
}

/* ---- from JSON to operations; runs within "/operations/3", pointers are those of its members ---- */

static enum bl_status read_kind(struct bl_request *r, const struct plan *plan, const char *op, struct operation *out)
{
    static const char *const names[] = {"create", "update", "archive", "restore"};
    size_t last = (plan->resource->flags & BL_APPEND_ONLY) != 0 ? CREATE : RESTORE;
    for (size_t i = 0; op != NULL && i <= last; i++) {
        if (strcmp(op, names[i]) == 0) {
            out->kind = (enum kind)i;
            return BL_OK;
        }
    }
    out->kind = TRANSITION;
    for (size_t i = 0; op != NULL && i < plan->transition_count; i++) {
        out->transition = &plan->transitions[i];
        if (strcmp(op, out->transition->transition->name) == 0)
            return BL_OK;
    }
    return wrong(r, "not_allowed", "/op", "must be create, update, archive, restore or a transition that the resource has");
}

static enum bl_status read_id(struct bl_request *r, const json_t *value, struct operation *out)
{
    out->id = json_string_value(value);
    if (out->kind == CREATE)
        return value == NULL ? BL_OK : wrong(r, "unknown_member", "/id", "a create takes no id");
    if (value == NULL)
        return wrong(r, "required", "/id", "must be given");
    return out->id != NULL && uuid_valid(out->id) ? BL_OK : wrong(r, "bad_id", "/id", "must be the id of a record (a UUID)");
}

static enum bl_status read_version(struct bl_request *r, const json_t *value, struct operation *out)
{
    const char *tag = json_string_value(value);
    char *end = NULL;
    if (out->kind == CREATE)
        return value == NULL ? BL_OK : wrong(r, "unknown_member", "/if_match", "a create takes no if_match");
    if (value == NULL)
        return wrong(r, "required", "/if_match", "must be given: the ETag of the record as you read it");
    bool quoted = tag != NULL && tag[0] == '"' && tag[1] >= '1' && tag[1] <= '9';
    out->version = quoted ? strtol(tag + 1, &end, 10) : 0;
    if (!quoted || strcmp(end, "\"") != 0 || out->version > INT32_MAX)
        return wrong(r, "bad_if_match", "/if_match", "must be one ETag as it was sent, such as \"3\" with its quotes");
    return BL_OK;
}

/* A member that is not known, or a body that is not an object. */
static enum bl_status read_rest(struct bl_request *r, const json_t *operation, struct operation *out)
{
    static const char *const known[] = {"op", "id", "if_match", "body"};
    enum bl_status status = BL_OK;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)operation, name, value)
    {
        size_t i = 0;
        while (i < 4 && strcmp(known[i], name) != 0)
            i++;
        if (i == 4)
            status = wrong(r, "unknown_member", value_text(r, "/%s", name), "no such member here");
    }
    out->body = json_object_get(operation, "body");
    if (out->body != NULL && !json_is_object(out->body))
        return wrong(r, "type", "/body", "must be an object");
    if (out->body == NULL && (out->kind == CREATE || out->kind == UPDATE))
        return wrong(r, "required", "/body", "must be given");
    if (out->body != NULL && (out->kind == ARCHIVE || out->kind == RESTORE))
        return wrong(r, "unknown_member", "/body", "this operation takes no body");
    return status;
}

static enum bl_status read_operation(struct bl_request *r, const struct plan *plan, const json_t *operation,
                                     struct operation *out)
{
    struct plan_values values;
    *out = (struct operation){.version = -1};
    if (!json_is_object(operation))
        return wrong(r, "type", "", "must be an object");
    enum bl_status worst = read_kind(r, plan, json_string_value(json_object_get(operation, "op")), out);
    if (worst != BL_OK)
        return worst;
    enum bl_status each[] = {read_id(r, json_object_get(operation, "id"), out),
                             read_version(r, json_object_get(operation, "if_match"), out), read_rest(r, operation, out)};
    for (size_t i = 0; i < 3; i++)
        worst = worst == BL_OK ? each[i] : worst;
    if (worst == BL_OK && (out->kind == CREATE || out->kind == UPDATE))
        worst = resource_validate(r, plan, out->body, out->kind == CREATE ? PLAN_CREATE : PLAN_PATCH, "/body", &values);
    return worst;
}

static enum bl_status read_operations(struct bl_request *r, const struct plan *plan, struct operation **out, size_t *count)
{
    json_t *body, *list;
    struct within *within = within_new(r);
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    list = json_object_get(body, "operations");
    if (!json_is_array(list) || json_object_size(body) != 1)
        return wrong(r, "type", "/operations", "the body must be an object with an array \"operations\" and nothing else");
    *count = json_array_size(list);
    if (*count < 1 || *count > OPERATIONS)
        return bl_fail(r, BL_UNPROCESSABLE, "too_many", "/operations", "must hold from 1 to %d operations", OPERATIONS);
    *out = bl_alloc(r, *count * sizeof **out);
    for (size_t i = 0; i < *count; i++) {
        const char *part = value_text(r, "/operations/%zu", i);
        within_enter(within, r, part, part, 0);
        enum bl_status one = read_operation(r, plan, json_array_get(list, i), &(*out)[i]);
        within_leave(r);
        status = status == BL_OK ? one : status;
    }
    return status;
}

/* ---- carrying them out; runs within "/operations/3", pointers are those of its body ---- */

static enum bl_status permit(struct bl_request *r, const char *permission)
{
    if (bl_may(r, permission))
        return BL_OK;
    return bl_fail(r, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", permission);
}

static enum bl_status run(struct bl_request *r, const struct plan *plan, const struct operation *o, struct bl_rows **rows)
{
    enum bl_status status;
    switch (o->kind) {
    case CREATE:
        return resource_create(r, plan, o->body, NULL, 0, rows);
    case UPDATE:
        return resource_update(r, plan, o->id, o->version, o->body, 0, rows);
    case ARCHIVE:
    case RESTORE:
        status = permit(r, plan->archive);
        return status == BL_OK ? write_put_away(r, plan, o->id, o->version, o->kind == RESTORE, 0, rows) : status;
    case TRANSITION:
        if (o->transition == NULL)
            break;
        status = permit(r, o->transition->permission);
        return status == BL_OK ? workflow_transit(r, plan, o->transition, o->id, o->version, o->body, 0, rows) : status;
    }
    return BL_INTERNAL;
}

static enum bl_status run_all(struct bl_request *r, const struct plan *plan, const struct operation *operations, size_t count,
                              struct result *results)
{
    struct within *within = within_new(r);
    struct bl_rows *rows;
    /* the caller is let in, so that permissions are known */
    enum bl_status status = bl_sql(r, "SELECT FROM core.this_organisation WHERE tenant_id = $1", NULL, 0, 0, &rows);
    for (size_t i = 0; status == BL_OK && i < count; i++) {
        const char *part = value_text(r, "/operations/%zu", i);
        within_enter(within, r, part, value_text(r, "%s/body", part), 0);
        status = run(r, plan, &operations[i], &rows);
        within_leave(r);
        if (status == BL_OK)
            results[i] = (struct result){operations[i].kind == CREATE ? 201 : 200, bl_cell(r, rows, 0, (int)plan->id),
                                         bl_cell(r, rows, 0, (int)plan->ref), bl_integer(r, rows, 0, (int)plan->version)};
    }
    return status;
}

enum bl_status resource_batch(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    struct operation *operations = NULL;
    size_t count = 0;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = read_operations(r, plan, &operations, &count);
    if (status != BL_OK || operations == NULL)
        return status;
    struct result *results = bl_alloc(r, count * sizeof *results);
    status = run_all(r, plan, operations, count, results);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "results");
    for (size_t i = 0; i < count; i++) {
        bl_json_object(r, NULL);
        bl_json_integer(r, "status", results[i].status);
        bl_json_text(r, "id", results[i].id);
        bl_json_text(r, "ref", results[i].ref);
        bl_json_integer(r, "version", results[i].version);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}
