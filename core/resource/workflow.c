#include "resource/workflow.h"

#include "base/ids.h"
#include "plugin/shape.h"
#include "resource/routes.h"
#include "resource/sql.h"
#include "resource/validate.h"
#include "resource/value.h"
#include "resource/watch.h"
#include "resource/write.h"

#include <stdlib.h>
#include <string.h>

static const struct bl_field reason_field[] = {
    {.name = "reason", .type = BL_TEXT, .flags = BL_REQUIRED | BL_LONG, .min = 1, .max = 2000},
    {.name = NULL},
};

/* The reason and the input, each checked. `input` NULL: the transition takes none. */
static enum bl_status read_body(struct bl_request *r, const struct bl_transition *t, const json_t *body, const char **reason,
                                json_t **input)
{
    const json_t *given = json_object_get(body, "reason");
    struct verdict why = {0};
    json_t *clean;
    *reason = NULL;
    enum bl_status status = validate_input(r, t->input, body, "reason", &clean);
    if (given == NULL || json_is_null(given)) {
        if (t->flags & BL_REASON)
            status = bl_fail(r, BL_UNPROCESSABLE, "required", "/reason", "must be given: say why");
    } else if (!value_of(r, reason_field, given, reason, &why)) {
        status = bl_fail(r, BL_UNPROCESSABLE, why.code, "/reason", "%s", why.detail);
    }
    *input = t->input ? clean : NULL;
    return status;
}

static enum bl_status check_state(struct bl_request *r, const struct plan *plan, const struct plan_transition *pt,
                                  const struct bl_rows *rows)
{
    int state = resource_state(r, plan, rows, 0);
    if (state >= 0 && (pt->from >> state & 1))
        return BL_OK;
    struct statement open; /* only its text: what is possible instead */
    statement_start(&open, r);
    for (size_t i = 0; i < plan->transition_count; i++)
        if (state >= 0 && (plan->transitions[i].from >> state & 1)) {
            statement_text(&open, open.length ? ", " : "");
            statement_text(&open, plan->transitions[i].transition->name);
        }
    return bl_fail(r, BL_CONFLICT, "wrong_state", NULL, "%s leads from %s; this %s is %s, from where lead: %s",
                   pt->transition->name, pt->transition->from, plan->resource->singular, bl_cell(r, rows, 0, plan->status),
                   open.length ? open.text : "none");
}

static bool has_value(const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value)[strspn(json_string_value(value), " \t\n")] != '\0';
    return value && !json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0);
}

static enum bl_status check_needs(struct bl_request *r, const struct bl_transition *t, const json_t *record)
{
    enum bl_status status = BL_OK;
    const char *needs = t->needs;
    size_t length;
    for (const char *word = shape_word(&needs, &length); length; word = shape_word(&needs, &length)) {
        const char *field = value_text(r, "%.*s", (int)length, word);
        if (!has_value(json_object_get(record, field)))
            status =
                bl_fail(r, BL_UNPROCESSABLE, "required", value_text(r, "/%s", field), "must have a value before %s", t->name);
    }
    return status;
}

static enum bl_status check_guard(struct bl_request *r, const struct bl_transition *t, const char *id)
{
    const char *args[] = {id, r->actor};
    struct bl_rows *rows;
    if (t->guard == NULL)
        return BL_OK;
    enum bl_status status = bl_sql(r, t->guard, args, strstr(t->guard, "$3") ? 2 : 1, 0, &rows);
    int objections = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < objections; i++)
        status = bl_fail(r, BL_UNPROCESSABLE, bl_cell(r, rows, i, 1), bl_cell(r, rows, i, 0), "%s", bl_cell(r, rows, i, 2));
    return status;
}

/* The record as it will be, for the rule to read and to complete. */
static json_t *foreseen(struct bl_request *r, const struct bl_transition *t, const json_t *record, const json_t *input)
{
    json_t *after = value_keep(r, json_deep_copy(record));
    if (t->to)
        json_object_set_new(after, "status", json_string(t->to));
    char now[TIME_TEXT];
    time_format(r->now, now);
    const char *sets = t->sets;
    size_t length;
    for (const char *word = shape_word(&sets, &length); length; word = shape_word(&sets, &length)) {
        size_t length_of_name = strcspn(word, "=");
        const char *what = word + length_of_name + 1, *name = value_text(r, "%.*s", (int)length_of_name, word);
        const char *value = *what == 'a' ? r->actor : *what == 'n' ? now : value_text(r, "%.10s", now);
        const json_t *given = json_object_get(input, name);
        json_object_set_new(after, name, *what != 'i' ? json_string(value) : given ? json_deep_copy(given) : json_null());
    }
    return after;
}

static enum bl_status write(struct bl_request *r, const struct plan *plan, const struct plan_transition *pt, const char *id,
                            const char *reason, const json_t *input, const struct plan_values *values, unsigned flags,
                            struct bl_rows **out)
{
    const char *args[SQL_TRANSITION_FIELDS + PLAN_COLUMNS];
    char *text = input ? json_dumps(input, JSON_COMPACT) : NULL;
    bl_defer(r, free, text);
    write_head(r, id, args);
    args[4] = reason;
    args[5] = text;
    int n = 6;
    if (pt->taken)
        args[n++] = value_text(r, "%llu", (unsigned long long)values->given);
    for (size_t i = 0; i < plan->field_count; i++)
        if (pt->taken >> i & 1)
            args[n++] = values->text[i];
    return bl_sql(r, pt->sql, args, n, flags, out);
}

enum bl_status workflow_transit(struct bl_request *r, const struct plan *plan, const struct plan_transition *pt, const char *id,
                                long version, const json_t *body, unsigned flags, struct bl_rows **out)
{
    const struct bl_transition *t = pt->transition;
    struct plan_values values = {.given = 0};
    const char *reason;
    json_t *input;
    enum bl_status status = read_body(r, t, body, &reason, &input);
    if (status == BL_OK)
        status = write_lock(r, plan, id, out);
    if (status == BL_OK)
        status = write_objection(r, plan, *out, version, false, false);
    if (status == BL_OK)
        status = check_state(r, plan, pt, *out);
    if (status == BL_OK && (t->flags & BL_NOT_AUTHOR) && resource_is_author(r, plan, *out, 0))
        status = bl_fail(r, BL_FORBIDDEN, "separation_of_duties", NULL, "who wrote the %s does not %s it: somebody else has to",
                         plan->resource->singular, t->name);
    if (status != BL_OK)
        return status;
    struct bl_change change = {.resource = plan->resource, .id = id, .verb = t->name, .input = input};
    change.before = resource_record(r, plan, *out, 0);
    status = check_needs(r, t, change.before);
    if (status == BL_OK)
        status = check_guard(r, t, id);
    if (status == BL_OK && t->rule) {
        change.after = foreseen(r, t, change.before, input);
        json_t *proposed = value_keep(r, json_deep_copy(change.after));
        status = t->rule(r, &change);
        if (status == BL_OK)
            status = write_taken(r, plan, proposed, change.after, pt->taken, &values);
    }
    if (status == BL_OK)
        status = write(r, plan, pt, id, reason, input, &values, t->after || plan->watches ? 0 : flags, out);
    if (status != BL_OK || (t->after == NULL && plan->watches == NULL))
        return status;
    change.after = resource_record(r, plan, *out, 0);
    if (t->after)
        status = t->after(r, &change);
    return status == BL_OK ? watch_tell(r, plan->watches, &change) : status;
}

/* A transition without input needs no body at all. */
static enum bl_status body_or_none(struct bl_request *r, json_t **body)
{
    const char *text;
    size_t length;
    enum bl_status status = bl_body_text(r, &text, &length);
    *body = NULL;
    return status == BL_OK && length > 0 ? bl_body(r, body) : status;
}

enum bl_status resource_transit(struct bl_request *r)
{
    const struct plan_route *route = plan_route(r);
    struct bl_rows *rows = NULL;
    json_t *body = NULL;
    long version = 0;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = resource_if_match(r, &version);
    if (status == BL_OK)
        status = body_or_none(r, &body);
    if (status == BL_OK)
        status = workflow_transit(r, route->plan, route->transition, resource_id(r), version, body, BL_FINAL, &rows);
    if (status == BL_OK)
        resource_answer(r, route->plan, 200, rows, PLAN_ALL);
    return status;
}
