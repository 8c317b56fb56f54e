/* One record: from rows to JSON, straight from what the database sent. */
#include "resource/routes.h"
#include "resource/validate.h"
#include "resource/value.h"

#include "base/ids.h"

#include <stdio.h>
#include <string.h>

void resource_caller(struct bl_request *r, const struct plan *plan, struct plan_caller *caller)
{
    bool changes = (plan->resource->flags & BL_APPEND_ONLY) == 0;
    *caller = (struct plan_caller){
        .write = changes && bl_may(r, plan->write),
        .archive = changes && bl_may(r, plan->archive),
    };
    for (size_t i = 0; i < plan->transition_count; i++)
        if (bl_may(r, plan->transitions[i].permission))
            caller->transitions |= 1ULL << i;
}

int resource_state(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row)
{
    const char *status = plan->status < 0 ? NULL : bl_cell(r, rows, row, plan->status);
    for (int i = 0; status && plan->resource->states[i].name; i++)
        if (strcmp(plan->resource->states[i].name, status) == 0)
            return i;
    return -1;
}

bool resource_is_author(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row)
{
    return strcmp(bl_cell(r, rows, row, (int)plan->created_by), r->actor) == 0 ||
           strcmp(bl_cell(r, rows, row, (int)plan->updated_by), r->actor) == 0;
}

/* What this caller may do with this row now. */
static void put_actions(struct bl_request *r, const struct plan *plan, const struct plan_caller *caller,
                        const struct bl_rows *rows, int row)
{
    bool archived = bl_cell(r, rows, row, (int)plan->archived_at) != NULL;
    int state = caller->transitions || plan->frozen ? resource_state(r, plan, rows, row) : -1;
    uint64_t here = state < 0 ? 0 : 1ULL << state;
    bl_json_array(r, "actions");
    if (caller->write && !archived && !(plan->frozen & here))
        bl_json_text(r, NULL, "update");
    if (caller->archive)
        bl_json_text(r, NULL, archived ? "restore" : "archive");
    for (size_t i = 0; i < plan->transition_count && !archived; i++) {
        const struct plan_transition *t = &plan->transitions[i];
        if ((t->from & here) == 0 || (caller->transitions >> i & 1) == 0)
            continue;
        if ((t->transition->flags & BL_NOT_AUTHOR) && resource_is_author(r, plan, rows, row))
            continue;
        bl_json_text(r, NULL, t->transition->name);
    }
    bl_json_close(r);
}

void resource_json_row(struct bl_request *r, const struct plan *plan, const struct plan_caller *caller,
                       const struct bl_rows *rows, int row, uint64_t columns, const char *name)
{
    bl_json_object(r, name);
    for (size_t i = 0; i < plan->column_count; i++) {
        if (columns >> i & 1)
            bl_json_cell(r, plan->columns[i].name, rows, row, (int)i);
    }
    if (columns & PLAN_ACTIONS)
        put_actions(r, plan, caller, rows, row);
    bl_json_close(r);
}

static json_t *member(struct bl_request *r, const struct plan_column *c, const struct bl_rows *rows, int row, int column)
{
    const char *text = bl_cell(r, rows, row, column);
    if (text == NULL)
        return json_null();
    if (c->raw)
        return json_loads(text, JSON_DECODE_ANY, NULL);
    if (c->type == BL_INT)
        return json_integer(bl_integer(r, rows, row, column));
    if (c->type == BL_BOOL)
        return json_boolean(bl_integer(r, rows, row, column) != 0);
    return json_string(text);
}

json_t *resource_record(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int row)
{
    json_t *record = value_keep(r, json_object());
    for (size_t i = 0; i < plan->column_count; i++)
        json_object_set_new(record, plan->columns[i].name, member(r, &plan->columns[i], rows, row, (int)i));
    return record;
}

/* A text that is not an id names nothing: asked for as the nil UUID, it gets the same 404, after the same checks of the caller.
 */
const char *resource_uuid(const char *id)
{
    return id && uuid_valid(id) ? id : "00000000-0000-0000-0000-000000000000";
}

const char *resource_id(struct bl_request *r)
{
    return resource_uuid(bl_param(r, "id"));
}

enum bl_status resource_missing(struct bl_request *r, const struct plan *plan)
{
    return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no %s with this id here", plan->resource->singular);
}

void resource_answer(struct bl_request *r, const struct plan *plan, int status, const struct bl_rows *rows, uint64_t columns)
{
    struct plan_caller caller;
    resource_caller(r, plan, &caller);
    bl_respond(r, status, "application/json");
    resource_tag(r, bl_integer(r, rows, 0, (int)plan->version));
    if (status == 201)
        bl_set_header(r, "Location", resource_url(r, plan, bl_cell(r, rows, 0, (int)plan->id)));
    resource_json_row(r, plan, &caller, rows, 0, columns, NULL);
}

enum bl_status resource_fields(struct bl_request *r, const struct plan *plan, uint64_t *columns)
{
    const char *text = bl_query(r, "fields");
    *columns = PLAN_ALL;
    if (text == NULL)
        return BL_OK;
    *columns = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        const char *name = value_text(r, "%.*s", (int)(length < 128 ? length : 128), text);
        const struct plan_column *c = plan_column(plan, name);
        if (c)
            *columns |= 1ULL << (c - plan->columns);
        else if (strcmp(name, "actions") == 0)
            *columns |= PLAN_ACTIONS;
        else
            return bl_fail(r, BL_BAD_REQUEST, "unknown_field", NULL, "query parameter fields: %s has no member \"%s\"",
                           plan->resource->singular, name);
        if (text[length] == '\0')
            return BL_OK;
        text += length + 1;
    }
}

static bool listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at && (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return length > 0;
    return false;
}

static bool repeated(struct bl_request *r, size_t i, const char *name)
{
    const char *value;
    while (i-- > 0)
        if (strcmp(bl_query_at(r, i, &value), name) == 0)
            return true;
    return false;
}

enum bl_status resource_known_query(struct bl_request *r, const char *allowed)
{
    const char *name, *value;
    for (size_t i = 0; (name = bl_query_at(r, i, &value)) != NULL; i++) {
        if (!listed(allowed, name))
            return bl_fail(r, BL_BAD_REQUEST, "unknown_parameter", NULL, "query parameter %s: this route takes %s", name,
                           allowed ? allowed : "none");
        if (repeated(r, i, name))
            return bl_fail(r, BL_BAD_REQUEST, "repeated_parameter", NULL, "query parameter %s: stands more than once", name);
    }
    return BL_OK;
}

enum bl_status resource_get(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    uint64_t columns;
    enum bl_status status = resource_known_query(r, "fields");
    if (status == BL_OK)
        status = resource_fields(r, plan, &columns);
    if (status != BL_OK)
        return status;
    struct bl_rows *rows;
    const char *id = resource_id(r);
    status = bl_sql(r, plan->sql_read, &id, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) == 0)
        return resource_missing(r, plan);
    resource_answer(r, plan, 200, rows, columns);
    return BL_OK;
}
