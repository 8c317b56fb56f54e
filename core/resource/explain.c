/* From a failed statement to words that its caller can act on. */
#include "base/log.h"
#include "db/db.h"
#include "resource/plan.h"
#include "resource/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct plan *plan_of(const struct engine *engine, const struct db_error *error)
{
    size_t count, schema = strlen(error->schema);
    const struct plan *const *plans = plan_all(engine, &count);
    for (size_t i = 0; i < count; i++) {
        const char *table = plans[i]->resource->table;
        if (strncmp(table, error->schema, schema) == 0 && table[schema] == '.' && strcmp(table + schema + 1, error->table) == 0)
            return plans[i];
    }
    return NULL;
}

/* issue_owner_id_fk of table issue, ending "_fk": owner_id. NULL: no field's. */
static const struct plan_column *column_of(const struct plan *plan, const struct db_error *error, const char *ending)
{
    size_t table = strlen(error->table), whole = strlen(error->constraint), end = strlen(ending);
    if (whole < table + 1 + end || strncmp(error->constraint, error->table, table) != 0 || error->constraint[table] != '_' ||
        strcmp(error->constraint + whole - end, ending) != 0)
        return NULL;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(whole - table - 1 - end), error->constraint + table + 1);
    return plan_column(plan, name);
}

static const struct bl_constraint *words_for(const struct plan *plan, const struct db_error *error)
{
    for (const struct bl_constraint *c = plan->resource->constraints; c && c->name; c++)
        if (strcmp(c->name, error->constraint) == 0)
            return c;
    return NULL;
}

static const struct {
    const char *state, *ending, *code, *detail;
    enum bl_status status;
} kinds[] = {
    {"23503", "_fk", "unknown_reference", "names a record that does not exist here", BL_UNPROCESSABLE},
    {"23505", "_key", "duplicate", "is taken: another record has the same value", BL_CONFLICT},
    {"23514", "_check", "not_allowed", "is not an allowed value", BL_UNPROCESSABLE},
    {"23P01", "_excl", "duplicate", "collides with another record", BL_CONFLICT},
};

/* True: it was a constraint of a resource, and the request has been told. */
static bool constraint(struct bl_request *r, const struct engine *engine, const struct db_error *error, enum bl_status *status)
{
    const struct plan *plan = plan_of(engine, error);
    for (size_t i = 0; plan && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].state, error->state) != 0)
            continue;
        const struct bl_constraint *own = words_for(plan, error);
        const struct plan_column *column = column_of(plan, error, kinds[i].ending);
        if (own == NULL && column == NULL)
            return false;
        const char *pointer = own ? own->pointer : value_text(r, "/%s", column->name);
        *status = bl_fail(r, kinds[i].status, own && own->code ? own->code : kinds[i].code, pointer, "%s",
                          own && own->detail ? own->detail : kinds[i].detail);
        return true;
    }
    return false;
}

static const char *code_of(enum bl_status status)
{
    switch (status) {
    case BL_BAD_REQUEST:
        return "bad_request";
    case BL_FORBIDDEN:
        return "forbidden";
    case BL_NOT_FOUND:
        return "not_found";
    case BL_CONFLICT:
        return "conflict";
    case BL_UNPROCESSABLE:
        return "invalid";
    case BL_TOO_MANY_REQUESTS:
        return "too_many_requests";
    default:
        return "internal";
    }
}

/* BL404 and the like: raised by our own functions with a text for the caller, COLUMN the member of the body that it is about and
 * CONSTRAINT the code, both optional; BL5nn are ours alone to read. */
static bool raised(struct bl_request *r, const struct db_error *error, enum bl_status *status)
{
    long number = strncmp(error->state, "BL", 2) == 0 ? strtol(error->state + 2, NULL, 10) : 0;
    if (number < 400 || number > 499)
        return false;
    const char *code = error->constraint[0] != '\0' ? error->constraint : code_of((enum bl_status)number);
    const char *pointer = error->column[0] != '\0' ? value_text(r, "/%s", error->column) : NULL;
    *status = bl_fail(r, (enum bl_status)number, value_text(r, "%s", code), pointer, "%s", error->message);
    return true;
}

/* http has told of lost connections, time-outs and deadlocks before: they are no fault of the statement's. */
enum bl_status engine_explain(struct bl_request *r, const struct engine *engine, const struct db_error *error)
{
    enum bl_status status;
    if (constraint(r, engine, error, &status) || raised(r, error, &status))
        return status;
    if (strcmp(error->state, "22P02") == 0 || strncmp(error->state, "2200", 4) == 0)
        return bl_fail(r, BL_BAD_REQUEST, "bad_value", NULL,
                       "a value in the request is not of the form it must have, or too large");
    log_pairs(LOG_ERROR, "db_error",
              (const char *const[]){"sqlstate", error->state, "message", error->message, "constraint", error->constraint, "table",
                                    error->table, NULL}); /* not the detail: it holds values */
    return bl_fail(r, BL_INTERNAL, "internal", NULL,
                   "the service has failed; what happened has been logged under the id of this request");
}
