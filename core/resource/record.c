/* Records from code: what bl_create, bl_update and bl_transit do, the same way as the API. */
#include "resource/workflow.h"

#include <string.h>

static enum bl_status plan_named(struct bl_request *r, const char *resource, const struct plan **plan)
{
    const struct plan_route *route = plan_route(r);
    *plan = route ? plan_find(route->engine, resource) : NULL;
    return *plan ? BL_OK : bl_fail(r, BL_NOT_FOUND, "not_loaded", NULL, "there is no %s here: its area is not loaded", resource);
}

static enum bl_status permit(struct bl_request *r, const char *permission)
{
    return bl_may(r, permission) ? BL_OK
                                 : bl_fail(r, BL_FORBIDDEN, "forbidden", NULL, "your roles do not include %s", permission);
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
    const struct plan *plan;
    struct bl_rows *rows = NULL;
    enum bl_status status = plan_named(r, resource, &plan);
    if (status == BL_OK)
        status = permit(r, plan->write);
    if (status == BL_OK)
        status = resource_create(r, plan, body, "", 0, &rows);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_update(struct bl_request *r, const char *resource, const char *id, json_t *patch, json_t **out)
{
    const struct plan *plan;
    struct bl_rows *rows = NULL;
    enum bl_status status = plan_named(r, resource, &plan);
    if (status == BL_OK)
        status = permit(r, plan->write);
    if (status == BL_OK)
        status = resource_update(r, plan, id, -1, patch, "", 0, &rows);
    return give(r, plan, status, rows, out);
}

enum bl_status engine_transit(struct bl_request *r, const char *resource, const char *id, const char *transition, json_t *input,
                              json_t **out)
{
    const struct plan *plan;
    const struct plan_transition *found = NULL;
    struct bl_rows *rows = NULL;
    enum bl_status status = plan_named(r, resource, &plan);
    if (status != BL_OK)
        return status;
    for (size_t i = 0; i < plan->transition_count; i++)
        if (strcmp(plan->transitions[i].transition->name, transition) == 0)
            found = &plan->transitions[i];
    if (found == NULL)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "%s has no transition %s", resource, transition);
    status = permit(r, found->permission);
    if (status == BL_OK)
        status = workflow_transit(r, plan, found, id, -1, input, 0, &rows);
    return give(r, plan, status, rows, out);
}
