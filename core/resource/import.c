/* POST …:import and GET …:template. */
#include "resource/import.h"

#include "base/ids.h"
#include "resource/describe.h"
#include "resource/export.h"
#include "resource/routes.h"
#include "resource/sql.h"
#include "resource/value.h"
#include "resource/write.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROWS_AT_ONCE 500
#define LARGE ((size_t)256 << 10) /* bytes of a file */

const char *import_text(struct import *im, const json_t *json)
{
    free(im->text);
    im->text = json_dumps(json, JSON_COMPACT);
    return im->text;
}

/* ---- writing ---- */

/* A row for plan.sql_create_many. */
static json_t *row_of(const struct import *im, const struct import_line *line, size_t n)
{
    char event[UUID_TEXT], name[24];
    json_t *row = json_object();
    uuid_v7(event);
    json_object_set_new(row, "n", json_integer((json_int_t)n));
    json_object_set_new(row, "id", json_string(line->id));
    json_object_set_new(row, "event", json_string(event));
    for (size_t i = 0; i < im->plan->field_count; i++) {
        if (!sql_stored(&im->plan->resource->fields[i]) || line->values.text[i] == NULL)
            continue;
        snprintf(name, sizeof name, "f%zu", i);
        json_object_set_new(row, name, json_string(line->values.text[i]));
    }
    return row;
}

struct batch {
    struct import *import;
    json_t *rows;
};

static enum bl_status write_batch(struct bl_request *r, void *arg)
{
    const struct batch *batch = arg;
    const struct plan *plan = batch->import->plan;
    struct bl_rows *rows;
    const char *args[] = {import_text(batch->import, batch->rows), r->actor, value_text(r, "%zu", json_array_size(batch->rows)),
                          r->id};
    enum bl_status status = bl_sql(r, plan->sql_create_many, args, 4, 0, &rows);
    for (int i = 0; status == BL_OK && write_followed(plan) && i < bl_count(r, rows); i++)
        status = write_after(r, plan, "create", NULL, rows, i);
    return status;
}

static enum bl_status write_rows(struct import *im, json_t *rows)
{
    struct batch batch = {im, rows};
    within_enter(im->within, im->request, "/lines", "/lines", BL_OK);
    enum bl_status status = bl_scratch(im->request, write_batch, &batch);
    within_leave(im->request);
    im->created += json_array_size(rows);
    json_array_clear(rows);
    return status;
}

static enum bl_status create_lines(struct import *im)
{
    enum bl_status status = BL_OK;
    json_t *batch = value_keep(im->request, json_array());
    for (size_t i = 0; status == BL_OK && i < im->count; i++) {
        if (im->lines[i]->before != NULL)
            continue;
        json_array_append_new(batch, row_of(im, im->lines[i], json_array_size(batch) + 1));
        if (json_array_size(batch) == ROWS_AT_ONCE)
            status = write_rows(im, batch);
    }
    return status == BL_OK && json_array_size(batch) > 0 ? write_rows(im, batch) : status;
}

static enum bl_status update_lines(struct import *im)
{
    struct bl_request *r = im->request;
    const struct plan *plan = im->plan;
    enum bl_status status = BL_OK;
    for (size_t i = 0; status == BL_OK && i < im->count; i++) {
        const struct import_line *line = im->lines[i];
        struct bl_rows *rows;
        if (line->before == NULL || line->body == NULL)
            continue;
        within_enter(im->within, r, line->part, line->part, BL_UNPROCESSABLE);
        status = resource_update(r, plan, line->id, -1, line->body, 0, &rows);
        within_leave(r);
        json_int_t was = json_integer_value(json_object_get(line->before, "version"));
        im->updated += status == BL_OK && bl_integer(r, rows, 0, (int)plan->version) > was;
    }
    return status;
}

/* ---- POST …:import ---- */

static enum bl_status read_query(struct bl_request *r, bool *dry)
{
    const char *text = bl_query(r, "dry_run"), *type = bl_header(r, "Content-Type");
    *dry = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !*dry && strcmp(text, "false") != 0)
        return bl_fail(r, BL_BAD_REQUEST, "bad_parameter", NULL, "query parameter dry_run: must be true or false");
    if (type == NULL || strncasecmp(type, "text/csv", 8) != 0 || (type[8] != '\0' && strchr(" \t;", type[8]) == NULL))
        return bl_fail(r, BL_UNSUPPORTED_TYPE, "unsupported_type", NULL, "send the file as Content-Type: text/csv");
    return resource_known_query(r, "dry_run");
}

static void drop_arena(void *arena)
{
    arena_free(arena);
}

static void drop_text(void *import)
{
    free(((struct import *)import)->text);
}

/* A large file takes tens of megabytes in small pieces; without this the process would keep them. Runs when all is freed. */
static void give_back(void *nothing)
{
    (void)nothing;
    malloc_trim(0);
}

/* All lines are checked even when some are wrong, so that one answer names every one. */
static enum bl_status check(struct import *im, const char *text, size_t length)
{
    enum bl_status status = import_read(im, text, length);
    if (im->column_count == 0)
        return status;
    enum bl_status bodies = import_bodies(im);
    if (bodies < BL_INTERNAL)
        bodies = import_check(im);
    return bodies != BL_OK ? bodies : status;
}

static void count_checked(struct import *im)
{
    for (size_t i = 0; i < im->count; i++) {
        im->created += im->lines[i]->before == NULL;
        im->updated += im->lines[i]->before != NULL && im->lines[i]->body != NULL;
    }
}

static void answer(struct bl_request *r, const struct import *im, bool dry)
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_bool(r, "dry_run", dry);
    bl_json_integer(r, "rows", (int64_t)im->count);
    bl_json_integer(r, "created", (int64_t)im->created);
    bl_json_integer(r, "updated", (int64_t)im->updated);
    bl_json_integer(r, "unchanged", (int64_t)(im->count - im->created - im->updated));
    bl_json_close(r);
}

enum bl_status resource_import(struct bl_request *r)
{
    const char *text;
    size_t length;
    bool dry;
    enum bl_status status = read_query(r, &dry);
    if (status == BL_OK)
        status = bl_body_text(r, &text, &length);
    if (status != BL_OK)
        return status;
    if (length > LARGE)
        bl_defer(r, give_back, NULL); /* the first to be deferred is the last to run */
    struct import *im = bl_alloc(r, sizeof *im);
    bl_defer(r, drop_text, im);
    im->request = r;
    im->plan = plan_route(r)->plan;
    im->within = within_new(r);
    im->arena = arena_new(4 * length + ((size_t)32 << 20)); /* each cell is copied at most four times */
    if (im->arena == NULL)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "not enough memory for the file; try again");
    bl_defer(r, drop_arena, im->arena);
    status = check(im, text, length);
    if (status == BL_OK && dry)
        count_checked(im);
    if (status == BL_OK && !dry)
        status = update_lines(im);
    if (status == BL_OK && !dry)
        status = create_lines(im);
    if (status == BL_OK)
        answer(r, im, dry);
    return status;
}

/* ---- GET …:template ---- */

static bool can_be_set(const struct bl_field *field)
{
    return (field->flags & (BL_SERVER | BL_GENERATED)) == 0;
}

/* A row of field names, or of an example of each. */
static void put_row(struct bl_request *r, const struct plan *plan, struct buf *line, bool example)
{
    const char *comma = "";
    buf_clear(line);
    for (const struct bl_field *f = plan->resource->fields; f->name != NULL; f++) {
        char made[EXAMPLE_TEXT];
        if (!can_be_set(f))
            continue;
        const char *text = example ? describe_example(f, made) : f->name;
        if (example && f->type == BL_REF)
            text = strcmp(f->ref, "core.member") == 0 ? "name@example.org" : "";
        buf_text(line, comma);
        csv_put(line, text, strlen(text), f->type != BL_INT && f->type != BL_DECIMAL);
        comma = ",";
    }
    buf_text(line, "\r\n");
    bl_write(r, line->data, line->length);
}

enum bl_status resource_template(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    enum bl_status status = resource_known_query(r, NULL);
    if (status != BL_OK)
        return status;
    struct arena *arena = arena_new((size_t)1 << 20);
    if (arena == NULL)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "not enough memory for the file; try again");
    bl_defer(r, drop_arena, arena);
    struct buf line = buf_new(arena, 4096);
    export_respond(r, plan, "text/csv; charset=utf-8; header=present", "csv");
    put_row(r, plan, &line, false);
    put_row(r, plan, &line, true);
    return BL_OK;
}
