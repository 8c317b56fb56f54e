#include "resource/import.h"

#include "base/ids.h"
#include "resource/describe.h"
#include "resource/value.h"
#include "resource/write.h"

#include <string.h>
#include <strings.h>

void import_object(struct import *im, struct import_line *line, const char *member, const char *code, const char *detail)
{
    const char *pointer = member != NULL ? value_text(im->request, "%s/%s", line->part, member) : line->part;
    im->status = bl_fail(im->request, BL_UNPROCESSABLE, code, pointer, "%s", detail);
    line->wrong = true;
}

/* ---- the header ---- */

static bool is_named(struct csv_cell cell, const char *name)
{
    return strlen(name) == cell.length && strncasecmp(name, cell.text, cell.length) == 0;
}

static bool is_read_only(const struct plan_column *column)
{
    return column->field != NULL && (column->field->flags & (BL_SERVER | BL_GENERATED)) != 0;
}

/* By name, as a CSV export has it, or by label, as an XLSX export has it. */
static const struct plan_column *column_of(const struct plan *plan, struct csv_cell cell)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *c = &plan->columns[i];
        char made[LABEL_TEXT];
        if (is_named(cell, c->name) || (c->field != NULL && is_named(cell, describe_field(c->field, made))))
            return c;
    }
    return NULL;
}

static bool is_taken(const struct import *im, const struct plan_column *column)
{
    for (size_t i = 0; i < im->column_count; i++) {
        if (im->columns[i].column == column)
            return true;
    }
    return false;
}

/* What an export shows and nobody can set (version, created_at, …) is passed over. */
static void read_header(struct import *im, const struct csv *csv)
{
    const struct plan *plan = im->plan;
    struct import_line header = {.number = csv->line, .part = value_text(im->request, "/lines/%u", csv->line)};
    im->id = im->ref = -1;
    for (size_t i = 0; i < csv->count; i++) {
        struct csv_cell cell = csv->cells[i];
        const struct plan_column *column = column_of(plan, cell);
        const char *shown = value_text(im->request, "%.*s", (int)(cell.length < 100 ? cell.length : 100), cell.text);
        if (column == NULL) {
            import_object(
                im, &header, NULL, "unknown_column",
                value_text(im->request, "\"%s\" is not a column here; fetch the template to see those that are", shown));
            continue;
        }
        if (is_taken(im, column)) {
            import_object(im, &header, column->name, "repeated_column", "stands more than once in the header");
            continue;
        }
        if (column == &plan->columns[plan->id])
            im->id = (int)im->column_count;
        else if (column == &plan->columns[plan->ref])
            im->ref = (int)im->column_count;
        else if (column->field == NULL || is_read_only(column))
            continue;
        im->columns[im->column_count++] = (struct import_column){column, i};
    }
}

/* ---- the lines ---- */

static bool is_empty(const struct csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        if (csv->cells[i].length > 0)
            return false;
    }
    return true;
}

static void read_line(struct import *im, const struct csv *csv, unsigned width)
{
    struct import_line *line = bl_alloc(im->request, sizeof *line);
    line->number = csv->line;
    line->part = value_text(im->request, "/lines/%u", csv->line);
    if (csv->count != width) {
        import_object(
            im, line, NULL, "wrong_width",
            value_text(im->request, "has %u cells, the header has %u; quote a cell that holds the separator", csv->count, width));
        return;
    }
    line->cells = arena_alloc(im->arena, (im->column_count + 1) * sizeof *line->cells);
    for (size_t i = 0; i < im->column_count; i++)
        line->cells[i] = csv_plain(csv->cells[im->columns[i].cell]);
    im->lines[im->count++] = line;
}

enum bl_status import_read(struct import *im, const char *text, size_t length)
{
    struct csv *csv = arena_alloc(im->arena, sizeof *csv);
    im->lines = bl_alloc(im->request, CSV_ROWS_MAX * sizeof *im->lines);
    csv_start(csv, im->arena, text, length);
    enum csv_result result = csv_next(csv);
    if (result == CSV_END)
        return bl_fail(im->request, BL_UNPROCESSABLE, "empty_file", NULL,
                       "the file is empty; its first line must name the columns");
    unsigned width = csv->count;
    if (result == CSV_ROW)
        read_header(im, csv);
    if (im->status != BL_OK)
        return im->status; /* without its columns no line can be judged */
    while (result == CSV_ROW && (result = csv_next(csv)) == CSV_ROW) {
        if (!is_empty(csv))
            read_line(im, csv, width);
    }
    if (result == CSV_BAD) {
        struct import_line here = {.part = value_text(im->request, "/lines/%u", csv->bad_line)};
        import_object(im, &here, NULL, csv->code, value_text(im->request, "column %u: %s", csv->bad_column, csv->detail));
    }
    return im->status;
}

/* ---- from cells to JSON ---- */

/* NUL-terminated, with line feeds as line ends, as the API has them. */
static const char *text_of(struct import *im, struct csv_cell cell)
{
    char *text = arena_alloc(im->arena, cell.length + 1);
    size_t n = 0;
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.text[i] != '\r' || i + 1 == cell.length || cell.text[i + 1] != '\n')
            text[n++] = cell.text[i];
    }
    return text;
}

static json_t *value_of_cell(struct import *im, const struct bl_field *field, struct csv_cell cell)
{
    struct csv_cell element;
    json_t *list, *items;
    if (cell.length == 0)
        return json_null();
    switch (field->type) {
    case BL_LIST:
        list = json_array();
        while (csv_list_next(im->arena, &cell, &element))
            json_array_append_new(list, json_stringn(element.text, element.length));
        return list;
    case BL_ITEMS:
        items = json_loadb(cell.text, cell.length, JSON_REJECT_DUPLICATES, NULL);
        return items != NULL ? items : json_stringn(cell.text, cell.length);
    case BL_BOOL: /* spreadsheets write TRUE */
        if (is_named(cell, "true") || is_named(cell, "false"))
            return json_boolean(cell.length == 4);
        break;
    default:
        break;
    }
    return value_from(field, text_of(im, cell));
}

static bool is_member(const struct import_column *c)
{
    return c->column->field != NULL && c->column->field->type == BL_REF && strcmp(c->column->field->ref, "core.member") == 0;
}

/* ---- members by e-mail ---- */

static const char *address_of(struct import *im, struct csv_cell cell)
{
    char *address = NULL;
    if (memchr(cell.text, '@', cell.length) != NULL)
        address = arena_copy(im->arena, cell.text, cell.length);
    for (char *p = address; p != NULL && *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    return address;
}

/* {"address": "id"} of those that the file names and that are members now. */
static enum bl_status find_members(struct import *im, json_t **members)
{
    struct bl_request *r = im->request;
    json_t *asked = value_keep(r, json_object());
    *members = value_keep(r, json_object());
    for (size_t i = 0; i < im->count; i++) {
        for (size_t c = 0; c < im->column_count; c++) {
            const char *address = is_member(&im->columns[c]) ? address_of(im, im->lines[i]->cells[c]) : NULL;
            if (address != NULL)
                json_object_set_new(asked, address, json_true());
        }
    }
    size_t n = 0;
    const char **words = bl_alloc(r, (json_object_size(asked) + 1) * sizeof *words), *name;
    json_t *one;
    struct bl_rows *rows;
    json_object_foreach(asked, name, one) words[n++] = name;
    if (n == 0)
        return BL_OK;
    const char *args[] = {resource_array(r, words, n)};
    enum bl_status status =
        bl_sql(r, "SELECT email, id FROM core.member WHERE tenant_id = $1 AND status = 'active' AND email = ANY ($2::text[])",
               args, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        json_object_set_new(*members, bl_cell(r, rows, i, 0), json_string(bl_cell(r, rows, i, 1)));
    return status;
}

/* ---- records by id or reference ---- */

static const char *key_of(struct import *im, const struct import_line *line, int column)
{
    if (column < 0 || line->cells[column].length == 0)
        return NULL;
    return text_of(im, line->cells[column]);
}

/* Locks the records that the file names, in one order, and keeps each under its id and its reference. */
static enum bl_status find_records(struct import *im, json_t *records)
{
    struct bl_request *r = im->request;
    const struct plan *plan = im->plan;
    const char **ids = bl_alloc(r, (im->count + 1) * sizeof *ids), **refs = bl_alloc(r, (im->count + 1) * sizeof *refs);
    size_t id_count = 0, ref_count = 0;
    struct bl_rows *rows;
    for (size_t i = 0; i < im->count; i++) {
        const char *id = key_of(im, im->lines[i], im->id), *ref = key_of(im, im->lines[i], im->ref);
        if (id != NULL && uuid_valid(id))
            ids[id_count++] = id;
        else if (id == NULL && ref != NULL)
            refs[ref_count++] = ref;
    }
    if (id_count + ref_count == 0)
        return BL_OK;
    const char *args[] = {resource_array(r, ids, id_count), resource_array(r, refs, ref_count)};
    const char *sql =
        value_text(r,
                   "SELECT %s FROM %s t WHERE t.tenant_id = $1 AND (t.id = ANY ($2::uuid[]) OR t.ref = ANY ($3::text[])) "
                   "ORDER BY t.id FOR UPDATE",
                   plan->select, plan->resource->table);
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        json_t *record = resource_record(r, plan, rows, i);
        json_object_set(records, bl_cell(r, rows, i, (int)plan->id), record);
        json_object_set(records, bl_cell(r, rows, i, (int)plan->ref), record);
    }
    return status;
}

/* Which record the line is about. False: an objection was made. */
static bool match_record(struct import *im, struct import_line *line, json_t *records, json_t *seen)
{
    const struct plan *plan = im->plan;
    const char *id = key_of(im, line, im->id), *ref = key_of(im, line, im->ref), *member = id != NULL ? "id" : "ref";
    if (id == NULL && ref == NULL) {
        char *made = bl_alloc(im->request, UUID_TEXT);
        uuid_v7(made);
        line->id = made;
        return true;
    }
    line->before = json_object_get(records, id != NULL ? id : ref);
    if (line->before == NULL) {
        import_object(im, line, member, "unknown_reference",
                      value_text(im->request, "names no %s here; leave it empty to make a new one", plan->resource->singular));
        return false;
    }
    line->id = json_string_value(json_object_get(line->before, "id"));
    if (json_object_get(seen, line->id) != NULL) {
        import_object(im, line, member, "duplicate", "the same record stands in the file twice");
        return false;
    }
    json_object_set_new(seen, line->id, json_true());
    if ((plan->resource->flags & BL_APPEND_ONLY) != 0)
        import_object(im, line, member, "append_only", "a record of this kind does not change; leave it empty to make a new one");
    return (plan->resource->flags & BL_APPEND_ONLY) == 0;
}

/* ---- bodies ---- */

static bool is_same(json_t *value, json_t *now)
{
    if (!json_is_null(value))
        return json_equal(value, now) != 0;
    bool nothing = now == NULL || json_is_null(now) || (json_is_array(now) && json_array_size(now) == 0);
    return nothing || (json_is_string(now) && json_string_length(now) == 0);
}

/* An empty cell of a new record leaves the member to its initial value. Of a record that is there, only what differs is set. */
static void make_body(struct import *im, struct import_line *line, json_t *members)
{
    line->body = value_keep(im->request, json_object());
    for (size_t i = 0; i < im->column_count; i++) {
        const struct import_column *c = &im->columns[i];
        const struct bl_field *field = c->column->field;
        if (field == NULL)
            continue;
        const char *address = is_member(c) ? address_of(im, line->cells[i]) : NULL;
        json_t *value =
            address != NULL ? json_incref(json_object_get(members, address)) : value_of_cell(im, field, line->cells[i]);
        if (value == NULL) {
            import_object(im, line, field->name, "unknown_address", "is not the e-mail address of a member of this organisation");
            continue;
        }
        bool wanted = line->before != NULL ? !is_same(value, json_object_get(line->before, field->name)) : !json_is_null(value);
        if (wanted)
            json_object_set(line->body, field->name, value);
        json_decref(value);
    }
    if (line->before != NULL && json_object_size(line->body) == 0)
        line->body = NULL;
}

static bool is_frozen(const struct plan *plan, const json_t *record)
{
    const char *status = json_string_value(json_object_get(record, "status"));
    for (size_t i = 0; status != NULL && plan->status >= 0 && plan->resource->states[i].name != NULL; i++) {
        if (strcmp(plan->resource->states[i].name, status) == 0)
            return (plan->frozen >> i & 1) != 0;
    }
    return false;
}

static void check_changeable(struct import *im, struct import_line *line)
{
    const char *singular = im->plan->resource->singular;
    if (!json_is_null(json_object_get(line->before, "archived_at")))
        import_object(im, line, NULL, "archived", value_text(im->request, "the %s is archived: restore it first", singular));
    else if (is_frozen(im->plan, line->before))
        import_object(im, line, NULL, "frozen",
                      value_text(im->request, "a %s that is %s does not change", singular,
                                 json_string_value(json_object_get(line->before, "status"))));
}

static void check_body(struct import *im, struct import_line *line)
{
    struct bl_request *r = im->request;
    if (line->before != NULL)
        check_changeable(im, line);
    within_enter(im->within, r, line->part, line->part, BL_UNPROCESSABLE);
    enum bl_status status =
        resource_validate(r, im->plan, line->body, line->before != NULL ? PLAN_PATCH : PLAN_CREATE, "", &line->values);
    if (status == BL_OK)
        status = write_before(r, im->plan, line->id, line->before, &line->values);
    within_leave(r);
    if (status == BL_OK)
        return;
    line->wrong = true;
    im->status = status;
}

enum bl_status import_bodies(struct import *im)
{
    json_t *records = value_keep(im->request, json_object()), *seen = value_keep(im->request, json_object()), *members;
    enum bl_status status = find_records(im, records);
    if (status == BL_OK)
        status = find_members(im, &members);
    if (status != BL_OK)
        return status;
    for (size_t i = 0; i < im->count; i++) {
        struct import_line *line = im->lines[i];
        if (!match_record(im, line, records, seen))
            continue;
        make_body(im, line, members);
        if (line->body != NULL)
            check_body(im, line);
        if (im->status >= BL_INTERNAL)
            return im->status; /* the database has failed: nothing more can be asked */
    }
    return im->status;
}
