/* The database stops at the first row that it objects to, and under row-level security it does not say which one it was. So it is
 * asked beforehand, once for all lines, what it would object to. */
#include "db/db.h"
#include "plugin/shape.h"
#include "resource/import.h"
#include "resource/sql.h"
#include "resource/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKED_AT_ONCE 500

/* Lines that set field i to a value, and the values. */
struct setters {
    struct import_line **lines;
    const char **values;
    size_t count;
};

static struct setters setters_of(struct import *im, size_t i)
{
    struct setters s = {.lines = bl_alloc(im->request, (im->count + 1) * sizeof *s.lines),
                        .values = bl_alloc(im->request, (im->count + 1) * sizeof *s.values)};
    for (size_t k = 0; k < im->count; k++) {
        struct import_line *line = im->lines[k];
        if (line->wrong || line->body == NULL || (line->values.given >> i & 1) == 0 || line->values.text[i] == NULL)
            continue;
        s.lines[s.count] = line;
        s.values[s.count++] = line->values.text[i];
    }
    return s;
}

/* ---- references ---- */

static enum bl_status check_reference(struct import *im, size_t i)
{
    struct bl_request *r = im->request;
    const struct bl_field *field = &im->plan->resource->fields[i];
    const char *table, *key;
    struct bl_rows *rows;
    struct setters s = setters_of(im, i);
    if (s.count == 0 || !shape_target(im->plan->plugin, engine_registry(im->plan->engine), field->ref, &table, &key))
        return BL_OK;
    const char *args[] = {resource_array(r, s.values, s.count)};
    const char *sql =
        value_text(r,
                   "SELECT x.n FROM unnest($2::uuid[]) WITH ORDINALITY x(id, n) WHERE NOT EXISTS (SELECT FROM %s k WHERE "
                   "k.tenant_id = $1 AND k.%s = x.id) ORDER BY x.n",
                   table, key);
    enum bl_status status = bl_sql(r, sql, args, 1, 0, &rows);
    for (int row = 0; status == BL_OK && row < bl_count(r, rows); row++)
        import_object(im, s.lines[bl_integer(r, rows, row, 0) - 1], field->name, "unknown_reference",
                      "names a record that does not exist here");
    return status;
}

/* ---- values that one live record may have ---- */

static void check_repeated(struct import *im, const struct setters *s, const char *name)
{
    json_t *seen = value_keep(im->request, json_object());
    for (size_t k = 0; k < s->count; k++) {
        const json_t *first = json_object_get(seen, s->values[k]);
        if (first != NULL)
            import_object(im, s->lines[k], name, "duplicate",
                          value_text(im->request, "line %lld has the same value", (long long)json_integer_value(first)));
        else
            json_object_set_new(seen, s->values[k], json_integer(s->lines[k]->number));
    }
}

static enum bl_status check_unique(struct import *im, size_t i)
{
    struct bl_request *r = im->request;
    const struct plan_column *column = &im->plan->columns[im->plan->field + i];
    struct bl_rows *rows;
    struct setters s = setters_of(im, i);
    if (s.count == 0)
        return BL_OK;
    check_repeated(im, &s, column->name);
    const char *args[] = {resource_array(r, s.values, s.count)};
    const char *sql =
        value_text(r,
                   "SELECT x.n, t.id, t.ref FROM unnest($2::%s[]) WITH ORDINALITY x(value, n) JOIN %s t ON t.tenant_id = $1 AND "
                   "t.%s = x.value AND t.archived_at IS NULL ORDER BY x.n",
                   column->cast, im->plan->resource->table, column->name);
    enum bl_status status = bl_sql(r, sql, args, 1, 0, &rows);
    for (int row = 0; status == BL_OK && row < bl_count(r, rows); row++) {
        struct import_line *line = s.lines[bl_integer(r, rows, row, 0) - 1];
        if (strcmp(bl_cell(r, rows, row, 1), line->id) != 0)
            import_object(im, line, column->name, "duplicate",
                          value_text(r, "is taken: %s has the same value", bl_cell(r, rows, row, 2)));
    }
    return status;
}

/* ---- CHECK constraints ---- */

/* A member of a record as PostgreSQL reads it; a new reference to JSON text or null. */
static json_t *stored(struct bl_request *r, const json_t *value)
{
    size_t i, n = 0;
    json_t *element;
    if (value == NULL || json_is_null(value) || json_is_string(value))
        return json_deep_copy(value);
    if (!json_is_array(value) || json_is_object(json_array_get(value, 0))) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        json_t *string = json_string(text);
        free(text);
        return string;
    }
    const char **words = bl_alloc(r, (json_array_size(value) + 1) * sizeof *words);
    json_array_foreach((json_t *)value, i, element) words[n++] = json_string_value(element);
    return json_string(resource_array(r, words, n));
}

/* The line's record as it will be: {"n": 3, "status": "draft", "f0": "…"}. */
static void put_row(struct import *im, const struct import_line *line, size_t n, json_t *row)
{
    const struct plan *plan = im->plan;
    json_object_set_new(row, "n", json_integer((json_int_t)n));
    json_object_set(row, "status", json_object_get(line->before, "status"));
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *field = &plan->resource->fields[i];
        char name[24];
        snprintf(name, sizeof name, "f%zu", i);
        if (!sql_stored(field))
            continue;
        if (line->before == NULL || (line->values.given >> i & 1) != 0)
            json_object_set_new(row, name, line->values.text[i] != NULL ? json_string(line->values.text[i]) : json_null());
        else if (field->type == BL_ITEMS && json_array_size(json_object_get(line->before, field->name)) == 0)
            json_object_set_new(row, name, json_string("[]"));
        else
            json_object_set_new(row, name, stored(im->request, json_object_get(line->before, field->name)));
    }
}

/* Fills `rows` with up to CHECKED_AT_ONCE lines from *next on, which moves. */
static void put_rows(struct import *im, size_t *next, struct import_line **lines, json_t *rows)
{
    size_t n = 0;
    json_array_clear(rows);
    for (; *next < im->count && n < CHECKED_AT_ONCE; ++*next) {
        struct import_line *line = im->lines[*next];
        if (line->wrong || line->body == NULL)
            continue;
        json_t *row = json_object();
        json_array_append_new(rows, row);
        put_row(im, line, n, row);
        lines[n++] = line;
    }
}

/* The fields under their own names and types, the engine's columns, then what is generated from them. */
static void put_records(struct statement *s, const struct plan *plan)
{
    struct bl_request *r = s->request;
    const char *initial = "";
    for (const struct bl_state *state = plan->resource->states; state != NULL && state->name != NULL; state++)
        initial = (state->flags & BL_INITIAL) != 0 ? state->name : initial;
    statement_text(s, "(SELECT y.*");
    for (size_t i = 0; i < plan->field_count; i++) {
        if (!sql_stored(&plan->resource->fields[i]))
            statement_text(s, value_text(r, ", (%s)::%s AS %s", plan->resource->fields[i].expr,
                                         plan->columns[plan->field + i].cast, plan->resource->fields[i].name));
    }
    statement_text(s, " FROM (SELECT i.n AS _n, $1::uuid AS tenant_id, $1::uuid AS id, ''::text AS ref, 1 AS version, now() AS "
                      "created_at, $3::uuid AS created_by, now() AS updated_at, $3::uuid AS updated_by, NULL::timestamptz AS "
                      "archived_at");
    if (plan->status >= 0)
        statement_text(s, value_text(r, ", coalesce(i.status, '%s') AS status", initial));
    for (size_t i = 0; i < plan->field_count; i++) {
        if (sql_stored(&plan->resource->fields[i]))
            statement_text(
                s, value_text(r, ", i.f%zu::%s AS %s", i, plan->columns[plan->field + i].cast, plan->resource->fields[i].name));
    }
    statement_text(s, " FROM jsonb_to_recordset($2::jsonb) AS i(n bigint, status text");
    for (size_t i = 0; i < plan->field_count; i++) {
        if (sql_stored(&plan->resource->fields[i]))
            statement_text(s, value_text(r, ", f%zu text", i));
    }
    statement_text(s, ")) y) x");
}

/* The constraints are the catalogue's words, from the migrations. */
static enum bl_status put_constraints(struct import *im, struct statement *s, int *count)
{
    struct bl_request *r = im->request;
    struct bl_rows *rows;
    const char *args[] = {im->plan->resource->table};
    enum bl_status status =
        bl_sql(r,
               "SELECT c.conname::text, pg_get_expr(c.conbin, c.conrelid) FROM core.this_organisation o, "
               "pg_catalog.pg_constraint c WHERE o.tenant_id = $1 AND c.conrelid = $2::text::regclass AND c.contype = 'c' "
               "ORDER BY c.conname",
               args, 1, 0, &rows);
    *count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < *count; i++)
        statement_text(s, value_text(r, "%s('%s', %s)", i > 0 ? ", " : "", bl_cell(r, rows, i, 0), bl_cell(r, rows, i, 1)));
    return status;
}

/* In the words that a single create would have been answered with. */
static void object_to(struct import *im, struct import_line *line, const char *constraint)
{
    const char *table = im->plan->resource->table, *dot = strchr(table, '.');
    struct db_error error = {.state = "23514"};
    snprintf(error.constraint, sizeof error.constraint, "%s", constraint);
    snprintf(error.schema, sizeof error.schema, "%.*s", (int)(dot - table), table);
    snprintf(error.table, sizeof error.table, "%s", dot + 1);
    within_enter(im->within, im->request, line->part, line->part, BL_UNPROCESSABLE);
    im->status = engine_explain(im->request, im->plan->engine, &error);
    within_leave(im->request);
    line->wrong = true;
}

static enum bl_status check_constraints(struct import *im)
{
    struct bl_request *r = im->request;
    struct import_line *lines[CHECKED_AT_ONCE];
    struct statement s;
    struct bl_rows *answer;
    size_t next = 0;
    int count;
    json_t *rows = value_keep(r, json_array());
    statement_start(&s, r);
    statement_text(&s, "SELECT x._n, c.name FROM ");
    put_records(&s, im->plan);
    statement_text(&s, ", LATERAL (VALUES ");
    enum bl_status status = put_constraints(im, &s, &count);
    statement_text(&s, ") c(name, holds) WHERE c.holds IS FALSE AND x.tenant_id = $1 ORDER BY x._n, c.name");
    put_rows(im, &next, lines, rows);
    for (; status == BL_OK && count > 0 && json_array_size(rows) > 0; put_rows(im, &next, lines, rows)) {
        const char *args[] = {import_text(im, rows), r->actor};
        status = bl_sql(r, s.text, args, 2, 0, &answer);
        for (int row = 0; status == BL_OK && row < bl_count(r, answer); row++)
            object_to(im, lines[bl_integer(r, answer, row, 0)], bl_cell(r, answer, row, 1));
    }
    return status;
}

enum bl_status import_check(struct import *im)
{
    enum bl_status status = BL_OK;
    for (size_t i = 0; status == BL_OK && i < im->plan->field_count; i++) {
        const struct bl_field *field = &im->plan->resource->fields[i];
        if (field->type == BL_REF)
            status = check_reference(im, i);
        if (status == BL_OK && (field->flags & BL_UNIQUE) != 0)
            status = check_unique(im, i);
    }
    if (status == BL_OK)
        status = check_constraints(im);
    return status != BL_OK ? status : im->status;
}
