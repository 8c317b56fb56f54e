/* Records from code: what bl_create, bl_update, bl_transit and bl_there do, the same way as the API. */
#include "resource/routes.h"
#include "resource/workflow.h"

#include <string.h>

/* NULL: the request has been told. */
static const struct plan *plan_named(struct bl_request *r, const char *resource)
{
    const struct plan_route *route = plan_route(r);
    const struct plan *plan = route ? plan_find(route->engine, resource) : NULL;
    if (plan == NULL)
        (void)bl_fail(r, BL_NOT_FOUND, "not_loaded", NULL, "there is no %s here: its area is not loaded", resource);
    return plan;
}

static enum bl_status permit(struct bl_request *r, const char *permission)
{
    if (bl_may(r, permission))
        return BL_OK;
    return bl_fail(r, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", permission);
}

static enum bl_status give(struct bl_request *r, const struct plan *plan, enum bl_status status, const struct bl_rows *rows,
                           json_t **out)
{
    if (status == BL_OK && out)
        *out = resource_record(r, plan, rows, 0);
    return status;
}

enum bl_status engine_create(struct bl_request *r, const char *resource, json_t *body, json_t **out)
{
    const struct plan *plan = plan_named(r, resource);
    struct bl_rows *rows = NULL;
    if (plan == NULL)
        return BL_NOT_FOUND;
    if (plan->resource->flags & BL_UPLOADED)
        return bl_fail(r, BL_UNPROCESSABLE, "needs_bytes", NULL, "a %s is made by sending its bytes", plan->resource->singular);
    enum bl_status status = permit(r, plan->write);
    if (status == BL_OK)
        status = resource_create(r, plan, body, NULL, 0, &rows);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_put(struct bl_request *r, const struct engine *engine, const char *resource, const json_t *body,
                          const json_t *server, json_t **out, bool answer)
{
    const struct plan *plan = plan_find(engine, resource);
    struct bl_rows *rows = NULL;
    if (plan == NULL)
        return bl_fail(r, BL_NOT_FOUND, "not_loaded", NULL, "there are no %s here", resource);
    enum bl_status status = resource_create(r, plan, body, server, 0, &rows);
    if (status == BL_OK && answer)
        resource_answer(r, plan, 201, rows, PLAN_ALL);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_update(struct bl_request *r, const char *resource, const char *id, json_t *patch, json_t **out)
{
    const struct plan *plan = plan_named(r, resource);
    struct bl_rows *rows = NULL;
    if (plan == NULL)
        return BL_NOT_FOUND;
    enum bl_status status = permit(r, plan->write);
    if (status == BL_OK)
        status = resource_update(r, plan, resource_uuid(id), -1, patch, 0, &rows);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_transit(struct bl_request *r, const char *resource, const char *id, const char *transition, json_t *input,
                              json_t **out)
{
    const struct plan *plan = plan_named(r, resource);
    const struct plan_transition *found = NULL;
    struct bl_rows *rows = NULL;
    if (plan == NULL)
        return BL_NOT_FOUND;
    for (size_t i = 0; i < plan->transition_count; i++)
        if (strcmp(plan->transitions[i].transition->name, transition) == 0)
            found = &plan->transitions[i];
    if (found == NULL)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "%s has no transition %s", resource, transition);
    enum bl_status status = permit(r, found->permission);
    if (status == BL_OK)
        status = workflow_transit(r, plan, found, resource_uuid(id), -1, input, 0, &rows);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_there(struct bl_request *r, const char *resource, const char *id, const char *pointer)
{
    const struct plan *plan = plan_named(r, resource);
    struct bl_rows *rows;
    if (plan == NULL)
        return BL_NOT_FOUND;
    id = resource_uuid(id);
    enum bl_status status = bl_sql(r, plan->sql_there, &id, 1, 0, &rows);
    if (status != BL_OK || bl_count(r, rows) > 0)
        return status;
    if (pointer == NULL)
        return resource_missing(r, plan);
    return bl_fail(r, BL_UNPROCESSABLE, "not_found", pointer, "there is no %s with this id here", plan->resource->singular);
}
