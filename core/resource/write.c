/* Create, patch, archive, restore: one statement each, unless the resource has rules in C, which need the row locked first. */
#include "resource/write.h"

#include "base/ids.h"
#include "base/log.h"
#include "resource/routes.h"
#include "resource/sql.h"
#include "resource/value.h"
#include "resource/watch.h"

#include <stdlib.h>
#include <string.h>

void write_head(struct bl_request *r, const char *id, const char **args)
{
    char *event = bl_alloc(r, UUID_TEXT);
    uuid_v7(event);
    args[0] = id;
    args[1] = r->actor;
    args[2] = event;
    args[3] = r->id;
}

/* ---- rules in C -------------------------------------------------------------------------------------------------------- */

/* Puts validated values into a record that a rule will read. */
static void overlay(const struct plan *plan, json_t *record, const struct plan_values *values, uint64_t which)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        bool list = f->type == BL_LIST || f->type == BL_ITEMS;
        if ((which >> i & 1) == 0)
            continue;
        if (f->type == BL_TIME && values->text[i])
            json_object_set_new(record, f->name, json_string(values->text[i])); /* in UTC */
        else if (values->json[i])
            json_object_set(record, f->name, values->json[i]);
        else
            json_object_set_new(record, f->name, list ? json_array() : json_null());
    }
}

enum bl_status write_taken(struct bl_request *r, const struct plan *plan, const json_t *before, const json_t *after,
                           uint64_t which, struct plan_values *values)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        json_t *is = json_object_get(after, f->name);
        if ((f->flags & BL_SERVER) == 0 || (which >> i & 1) == 0 || is == NULL ||
            json_equal(is, json_object_get(before, f->name)))
            continue;
        struct verdict why = {0};
        values->given |= 1ULL << i;
        values->text[i] = NULL;
        if (f->type == BL_ITEMS) {
            char *text = json_dumps(is, JSON_COMPACT);
            bl_defer(r, free, text);
            values->text[i] = text;
        } else if (!json_is_null(is) && !value_of(r, f, is, &values->text[i], &why)) {
            log_write(LOG_ERROR, "bad_rule", "%s: a rule has set %s to a value that %s", plan->name, f->name, why.detail);
            return bl_fail(r, BL_INTERNAL, "internal", NULL,
                           "the service has computed a value that does not fit; it has been logged");
        }
    }
    return BL_OK;
}

enum bl_status write_after(struct bl_request *r, const struct plan *plan, const char *verb, json_t *before,
                           const struct bl_rows *rows, int row)
{
    enum bl_status status = BL_OK;
    if (!write_followed(plan))
        return BL_OK;
    struct bl_change change = {.resource = plan->resource,
                               .id = bl_cell(r, rows, row, (int)plan->id),
                               .verb = verb,
                               .before = before,
                               .after = resource_record(r, plan, rows, row)};
    if (plan->resource->after)
        status = plan->resource->after(r, &change);
    return status == BL_OK ? watch_tell(r, plan->watches, &change) : status;
}

/* A new record as far as it is known before it is written. */
static json_t *nascent(const struct plan *plan, const char *id)
{
    json_t *record = json_object();
    json_object_set_new(record, "id", json_string(id));
    if (plan->status >= 0) {
        const struct bl_state *initial = plan->resource->states;
        while ((initial->flags & BL_INITIAL) == 0)
            initial++;
        json_object_set_new(record, "status", json_string(initial->name));
    }
    return record;
}

/* What a rule may change, as it was before the rule. */
static json_t *server_members(struct bl_request *r, const struct plan *plan, const json_t *record)
{
    json_t *members = value_keep(r, json_object());
    for (const struct bl_field *f = plan->resource->fields; f->name; f++)
        if (f->flags & BL_SERVER)
            json_object_set_new(members, f->name, json_deep_copy(json_object_get(record, f->name)));
    return members;
}

enum bl_status write_before(struct bl_request *r, const struct plan *plan, const char *id, json_t *before,
                            struct plan_values *values)
{
    if (plan->resource->before == NULL)
        return BL_OK;
    json_t *record = value_keep(r, before ? json_deep_copy(before) : nascent(plan, id));
    overlay(plan, record, values, before ? values->given : UINT64_MAX);
    json_t *was = server_members(r, plan, record);
    struct bl_change change = {
        .resource = plan->resource, .id = id, .verb = before ? "update" : "create", .before = before, .after = record};
    enum bl_status status = plan->resource->before(r, &change);
    return status == BL_OK ? write_taken(r, plan, was, record, UINT64_MAX, values) : status;
}

/* ---- create ------------------------------------------------------------------------------------------------------------ */

enum bl_status resource_create(struct bl_request *r, const struct plan *plan, const json_t *body, const json_t *server,
                               unsigned flags, struct bl_rows **out)
{
    const char *args[SQL_CREATE_FIELDS + PLAN_COLUMNS];
    struct plan_values values;
    char *id = bl_alloc(r, UUID_TEXT);
    uuid_v7(id);
    enum bl_status status = resource_validate(r, plan, body, PLAN_CREATE, "", &values);
    if (status == BL_OK)
        status = write_before(r, plan, id, NULL, &values);
    if (status == BL_OK)
        status = write_taken(r, plan, NULL, server, UINT64_MAX, &values);
    if (status != BL_OK)
        return status;
    write_head(r, id, args);
    int n = SQL_CREATE_FIELDS - 2;
    for (size_t i = 0; i < plan->field_count; i++)
        if (sql_stored(&plan->resource->fields[i]))
            args[n++] = values.text[i];
    status = bl_sql(r, plan->sql_create, args, n, write_followed(plan) ? 0 : flags, out);
    return status == BL_OK ? write_after(r, plan, "create", NULL, *out, 0) : status;
}

/* ---- update ------------------------------------------------------------------------------------------------------------ */

/* Why a row that is there was not written; BL_OK: nothing stood in the way but that there was nothing to change. */
enum bl_status write_objection(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, long version,
                               bool archived, bool frozen)
{
    int64_t now = bl_integer(r, rows, 0, (int)plan->version);
    bool is_archived = bl_cell(r, rows, 0, (int)plan->archived_at) != NULL;
    int state = resource_state(r, plan, rows, 0);
    if (version >= 0 && now != version)
        return resource_changed_since(r, plan->resource->singular, now, version);
    if (is_archived && !archived)
        return bl_fail(r, BL_CONFLICT, "archived", NULL, "the %s is archived: restore it first", plan->resource->singular);
    if (!is_archived && archived)
        return bl_fail(r, BL_CONFLICT, "not_archived", NULL, "the %s is not archived", plan->resource->singular);
    if (frozen && state >= 0 && (plan->frozen >> state & 1))
        return bl_fail(r, BL_CONFLICT, "frozen", NULL, "a %s that is %s does not change", plan->resource->singular,
                       plan->resource->states[state].name);
    return BL_OK;
}

enum bl_status write_lock(struct bl_request *r, const struct plan *plan, const char *id, struct bl_rows **rows)
{
    enum bl_status status = bl_sql(r, plan->sql_lock, &id, 1, 0, rows);
    if (status == BL_OK && bl_count(r, *rows) == 0)
        return resource_missing(r, plan);
    return status;
}

static enum bl_status before_update(struct bl_request *r, const struct plan *plan, const char *id, long version,
                                    struct plan_values *values, json_t **before)
{
    struct bl_rows *rows;
    enum bl_status status = write_lock(r, plan, id, &rows);
    if (status == BL_OK)
        status = write_objection(r, plan, rows, version, false, true);
    if (status != BL_OK)
        return status;
    *before = resource_record(r, plan, rows, 0);
    return write_before(r, plan, id, *before, values);
}

enum bl_status resource_update(struct bl_request *r, const struct plan *plan, const char *id, long version, const json_t *patch,
                               unsigned flags, struct bl_rows **out)
{
    const char *args[SQL_UPDATE_FIELDS + PLAN_COLUMNS];
    struct plan_values values;
    json_t *before = NULL;
    enum bl_status status = resource_validate(r, plan, patch, PLAN_PATCH, "", &values);
    if (status == BL_OK && (plan->resource->before || write_followed(plan)))
        status = before_update(r, plan, id, version, &values, &before);
    if (status != BL_OK)
        return status;
    write_head(r, id, args);
    args[4] = version < 0 ? NULL : value_text(r, "%ld", version);
    args[5] = value_text(r, "%llu", (unsigned long long)values.given);
    int n = SQL_UPDATE_FIELDS - 2;
    for (size_t i = 0; i < plan->field_count; i++)
        if (sql_stored(&plan->resource->fields[i]))
            args[n++] = values.text[i];
    status = bl_sql(r, plan->sql_update, args, n, write_followed(plan) ? 0 : flags, out);
    if (status != BL_OK)
        return status;
    if (bl_count(r, *out) == 0)
        return resource_missing(r, plan);
    if (bl_integer(r, *out, 0, (int)plan->column_count))
        return write_after(r, plan, "update", before, *out, 0);
    return write_objection(r, plan, *out, version, false, true);
}

/* ---- archive, restore -------------------------------------------------------------------------------------------------- */

enum bl_status write_put_away(struct bl_request *r, const struct plan *plan, const char *id, long version, bool restore,
                              unsigned flags, struct bl_rows **out)
{
    const char *args[8];
    json_t *before = NULL;
    enum bl_status status = BL_OK;
    if (write_followed(plan) || plan->resource->retire) {
        status = write_lock(r, plan, id, out);
        if (status == BL_OK)
            status = write_objection(r, plan, *out, version, restore, false);
        if (status == BL_OK)
            before = resource_record(r, plan, *out, 0);
    }
    if (status == BL_OK && plan->resource->retire)
        status = plan->resource->retire(
            r,
            &(struct bl_change){.resource = plan->resource, .id = id, .verb = restore ? "restore" : "archive", .before = before});
    if (status != BL_OK)
        return status;
    write_head(r, id, args);
    args[4] = value_text(r, "%ld", version);
    status = bl_sql(r, restore ? plan->sql_restore : plan->sql_archive, args, 5, write_followed(plan) ? 0 : flags, out);
    if (status != BL_OK)
        return status;
    if (bl_count(r, *out) == 0)
        return resource_missing(r, plan);
    if (!bl_integer(r, *out, 0, (int)plan->column_count))
        return write_objection(r, plan, *out, version, restore, false);
    return write_after(r, plan, restore ? "restore" : "archive", before, *out, 0);
}

static enum bl_status archive(struct bl_request *r, bool restore)
{
    const struct plan *plan = plan_route(r)->plan;
    struct bl_rows *rows = NULL;
    long version = 0;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = resource_if_match(r, &version);
    if (status == BL_OK)
        status = write_put_away(r, plan, resource_id(r), version, restore, BL_FINAL, &rows);
    if (status == BL_OK)
        resource_answer(r, plan, 200, rows, PLAN_ALL);
    return status;
}

enum bl_status resource_archive(struct bl_request *r)
{
    return archive(r, false);
}

enum bl_status resource_restore(struct bl_request *r)
{
    return archive(r, true);
}

/* ---- HTTP -------------------------------------------------------------------------------------------------------------- */

enum bl_status resource_if_match(struct bl_request *r, long *version)
{
    const char *tag = bl_header(r, "If-Match");
    char *end;
    if (tag == NULL)
        return bl_fail(r, BL_PRECONDITION_REQUIRED, "if_match_required", NULL,
                       "send If-Match with the ETag of the record as you read it, so that nobody's change is lost");
    bool quoted = tag[0] == '"' && tag[1] >= '1' && tag[1] <= '9';
    *version = quoted ? strtol(tag + 1, &end, 10) : 0;
    if (!quoted || strcmp(end, "\"") != 0 || *version > INT32_MAX)
        return bl_fail(r, BL_BAD_REQUEST, "bad_if_match", NULL,
                       "If-Match must be one ETag as it was sent, such as \"3\" with its quotes");
    return BL_OK;
}

enum bl_status resource_changed_since(struct bl_request *r, const char *what, int64_t now, long seen)
{
    return bl_fail(r, BL_PRECONDITION_FAILED, "version_mismatch", NULL,
                   "the %s has version %lld by now; If-Match names %ld: read it again, then repeat the change", what,
                   (long long)now, seen);
}

void resource_tag(struct bl_request *r, int64_t version)
{
    char tag[32];
    snprintf(tag, sizeof tag, "\"%lld\"", (long long)version);
    bl_set_header(r, "ETag", tag);
}

enum bl_status resource_post(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    struct bl_rows *rows = NULL;
    json_t *body = NULL;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK)
        status = bl_body(r, &body);
    if (status == BL_OK)
        status = resource_create(r, plan, body, NULL, BL_FINAL, &rows);
    if (status == BL_OK)
        resource_answer(r, plan, 201, rows, PLAN_ALL);
    return status;
}

static bool is_patch_type(const char *type)
{
    static const char *const types[] = {"application/merge-patch+json", "application/json"};
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        size_t length = strlen(types[i]);
        if (strncasecmp(type, types[i], length) == 0 && (type[length] == '\0' || strchr(" \t;", type[length])))
            return true;
    }
    return false;
}

enum bl_status resource_patch(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    struct bl_rows *rows = NULL;
    json_t *body = NULL;
    long version = 0;
    enum bl_status status = resource_known_query(r, NULL);
    if (status == BL_OK && !is_patch_type(bl_header(r, "Content-Type")))
        status = bl_fail(r, BL_UNSUPPORTED_TYPE, "unsupported_type", NULL,
                         "a PATCH is a merge patch (RFC 7396): send Content-Type: application/merge-patch+json");
    if (status == BL_OK)
        status = resource_if_match(r, &version);
    if (status == BL_OK)
        status = bl_body(r, &body);
    if (status == BL_OK)
        status = resource_update(r, plan, resource_id(r), version, body, BL_FINAL, &rows);
    if (status == BL_OK)
        resource_answer(r, plan, 200, rows, PLAN_ALL);
    return status;
}
