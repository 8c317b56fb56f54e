/* Compares a descriptor with the tables as they are. A migration may add to the DDL that the descriptor implies (more
 * constraints, indexes, columns with a default); what the engine builds on must be there as it is. Plain indexes are not
 * compared: they change how fast, not what. */
#include "base/arena.h"
#include "base/buf.h"
#include "db/db.h"
#include "plugin/shape.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* $1 schema, $2 table. pg_catalog alone: the serving role may look without any right to the table. */
static const char table_sql[] = "SELECT c.relkind = 'r' OR c.relkind = 'p', c.relrowsecurity, c.relforcerowsecurity"
                                " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                                " WHERE n.nspname = $1 AND c.relname = $2";

/* A second permissive policy would be OR-ed with the tenant's: a door in the wall. */
static const char policies_sql[] = "SELECT p.polname::text, p.polpermissive, pg_catalog.pg_get_expr(p.polqual, p.polrelid),"
                                   " pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), p.polcmd = '*'"
                                   " FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid"
                                   " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                                   " WHERE n.nspname = $1 AND c.relname = $2"
                                   " AND EXISTS (SELECT FROM unnest(p.polroles) r LEFT JOIN pg_catalog.pg_roles a ON a.oid = r"
                                   " WHERE r = 0 OR a.rolname = 'ballium_app') ORDER BY 1";

static const char columns_sql[] =
    "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated = 's',"
    " pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity <> ''"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/* Constraints, and unique indexes that are none. */
static const char names_sql[] =
    "SELECT k.conname::text, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
    " UNION ALL SELECT x.relname::text, pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)";

enum { TABLE, POLICIES, COLUMNS, NAMES, ANSWERS };

struct drift {
    const struct bl_plugin *plugin;
    const struct bl_resource *resource;
    struct bl_rows *rows[ANSWERS];
    struct arena *arena;
    FILE *errors;
    int count;
};

BL_PRINTF(2, 3)
static void differ(struct drift *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(d->errors, "%s.so: table %s: ", d->plugin->name, d->resource->table);
    vfprintf(d->errors, format, args);
    fputc('\n', d->errors);
    va_end(args);
    d->count++;
}

/* The row whose first column is `name`; -1: none. */
static int row_of(const struct bl_rows *rows, const char *name)
{
    for (int i = 0; i < db_count(rows); i++)
        if (strcmp(db_cell(rows, i, 0), name) == 0)
            return i;
    return -1;
}

/* ---- expressions: PostgreSQL prints them in its own way, but their constants stay -------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The constants of an expression, one a line: 'words' and numbers. `sorted`: where their order says nothing. */
static const char *constants(struct arena *arena, const char *sql, bool sorted)
{
    enum { MOST = 256 };
    char *found[MOST];
    size_t count = 0;
    for (const char *p = sql; *p && count < MOST;) {
        char before = p > sql ? p[-1] : ' ';
        bool negative = *p == '-' && isdigit((unsigned char)p[1]) && !is_word(before) && before != ')';
        if (*p == '\'') {
            size_t length = strcspn(p + 1, "'");
            found[count++] = arena_copy(arena, p + 1, length);
            p += length + 1 + (p[length + 1] == '\'');
        } else if (negative || isdigit((unsigned char)*p)) {
            size_t length = 1 + strspn(p + 1, "0123456789.");
            found[count++] = arena_copy(arena, p, length);
            p += length;
        } else if (is_word(*p)) {
            while (is_word(*p))
                p++;
        } else {
            p++;
        }
    }
    if (sorted && count)
        qsort(found, count, sizeof *found, by_text);
    struct buf out = buf_new(arena, 64);
    for (size_t i = 0; i < count; i++)
        buf_format(&out, "%s\n", found[i]);
    return out.data;
}

static bool same_constants(struct drift *d, const char *a, const char *b, bool sorted)
{
    return strcmp(constants(d->arena, a, sorted), constants(d->arena, b, sorted)) == 0;
}

/* ---- the parts of a table ------------------------------------------------------------------------------------------------ */

static void compare_wall(struct drift *d)
{
    if (!db_integer(d->rows[TABLE], 0, 1) || !db_integer(d->rows[TABLE], 0, 2))
        differ(d, "row-level security is not %s: SELECT core.fence('%s')",
               db_integer(d->rows[TABLE], 0, 1) ? "forced" : "enabled", d->resource->table);
    static const char wall[] = "(tenant_id = core.tenant())";
    const struct bl_rows *policies = d->rows[POLICIES];
    bool found = false;
    for (int i = 0; i < db_count(policies); i++) {
        const char *using = db_cell(policies, i, 2), *check = db_cell(policies, i, 3);
        if (using && check && db_integer(policies, i, 4) && strcmp(using, wall) == 0 && strcmp(check, wall) == 0)
            found = true;
        else if (db_integer(policies, i, 1))
            differ(d, "policy %s lets ballium_app past the tenant's", db_cell(policies, i, 0));
    }
    if (!found)
        differ(d, "no policy keeps ballium_app to the tenant: SELECT core.fence('%s')", d->resource->table);
}

static void compare_column(struct drift *d, const char *name, const char *type, bool not_null, const struct bl_field *field)
{
    const struct bl_rows *columns = d->rows[COLUMNS];
    int row = row_of(columns, name);
    if (row < 0) {
        differ(d, "column %s is missing: must be %s%s", name, type, not_null ? " NOT NULL" : "");
        return;
    }
    if (strcmp(db_cell(columns, row, 1), type) != 0)
        differ(d, "column %s is %s: must be %s", name, db_cell(columns, row, 1), type);
    bool is_not_null = db_integer(columns, row, 2) != 0, is_generated = db_integer(columns, row, 3) != 0;
    if (is_not_null != not_null)
        differ(d, "column %s is %s: must be %s", name, is_not_null ? "NOT NULL" : "nullable", not_null ? "NOT NULL" : "nullable");
    bool generated = field && field->flags & BL_GENERATED;
    if (is_generated != generated)
        differ(d, "column %s is %sgenerated: must%s be", name, is_generated ? "" : "not ", generated ? "" : " not");
    else if (generated && !same_constants(d, db_cell(columns, row, 4), field->expr, false))
        differ(d, "column %s is generated as %s: must be (%s)", name, db_cell(columns, row, 4), field->expr);
}

/* Does the engine know the column? */
static bool is_known(const struct bl_resource *resource, const char *name)
{
    for (const struct shape_column *c = shape_engine; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return true;
    for (const struct bl_field *f = resource->fields; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    return resource->states && strcmp(name, "status") == 0;
}

static void compare_columns(struct drift *d)
{
    char type[SHAPE_TYPE], values[SHAPE_STATES];
    struct bl_field status;
    for (const struct shape_column *c = shape_engine; c->name; c++)
        compare_column(d, c->name, c->type, c->not_null, NULL);
    if (shape_status(d->resource, &status, values))
        compare_column(d, "status", "text", true, NULL);
    for (const struct bl_field *f = d->resource->fields; f->name; f++) {
        shape_type(f, type);
        compare_column(d, f->name, type, shape_not_null(f), f);
    }
    const struct bl_rows *columns = d->rows[COLUMNS];
    for (int i = 0; i < db_count(columns); i++)
        if (!is_known(d->resource, db_cell(columns, i, 0)) && db_integer(columns, i, 2) && db_null(columns, i, 4) &&
            !db_integer(columns, i, 5))
            differ(d, "column %s is not in the descriptor, NOT NULL and without a default: nothing can be inserted",
                   db_cell(columns, i, 0));
}

/* What a constraint or unique index of that name must print as; `open`: only so far. */
static void compare_definition(struct drift *d, const char *name, const char *expected, bool open)
{
    int row = row_of(d->rows[NAMES], name);
    const char *is = row < 0 ? NULL : db_cell(d->rows[NAMES], row, 1);
    if (!is)
        differ(d, "%s is missing: %s", name, expected);
    else if (open ? strncmp(is, expected, strlen(expected)) != 0 : strcmp(is, expected) != 0)
        differ(d, "%s is %s: must be %s", name, is, expected);
    else if (!db_integer(d->rows[NAMES], row, 2))
        differ(d, "%s is not valid: the rows that are there break it", name);
}

static void compare_check(struct drift *d, const struct bl_field *field)
{
    char *text = NULL;
    size_t length = 0;
    FILE *expression = open_memstream(&text, &length);
    if (!expression)
        return;
    bool needed = shape_check(field, expression);
    fclose(expression);
    const char *name = arena_format(d->arena, "%s_%s_check", shape_table(d->resource), field->name);
    const char *expected = arena_string(d->arena, text);
    free(text);
    if (!needed)
        return;
    int row = row_of(d->rows[NAMES], name);
    if (row < 0)
        differ(d, "%s is missing: CHECK (%s)", name, expected);
    else if (!same_constants(d, db_cell(d->rows[NAMES], row, 1), expected, true))
        differ(d, "%s is %s: must be CHECK (%s)", name, db_cell(d->rows[NAMES], row, 1), expected);
    else if (!db_integer(d->rows[NAMES], row, 2))
        differ(d, "%s is not valid: the rows that are there break it", name);
}

/* Another area's table is known by its schema alone; the area checks its own. */
static void compare_reference(struct drift *d, const struct bl_field *field)
{
    const char *name = arena_format(d->arena, "%s_%s_fk", shape_table(d->resource), field->name);
    const char *table, *key;
    bool own = shape_target(d->plugin, NULL, field->ref, &table, &key);
    const char *start = arena_format(d->arena, "FOREIGN KEY (tenant_id, %s) REFERENCES ", field->name);
    if (own)
        compare_definition(d, name, arena_format(d->arena, "%s%s(tenant_id, %s)", start, table, key), false);
    else
        compare_definition(d, name, arena_format(d->arena, "%s%.*s.", start, (int)strcspn(field->ref, "."), field->ref), true);
}

static void compare_names(struct drift *d)
{
    const char *table = shape_table(d->resource);
    char values[SHAPE_STATES];
    struct bl_field status;
    compare_definition(d, arena_format(d->arena, "%s_pk", table), "PRIMARY KEY (tenant_id, id)", false);
    compare_definition(d, arena_format(d->arena, "%s_ref_key", table), "UNIQUE (tenant_id, ref)", false);
    if (shape_status(d->resource, &status, values))
        compare_check(d, &status);
    for (const struct bl_field *f = d->resource->fields; f->name; f++) {
        compare_check(d, f);
        if (f->type == BL_REF)
            compare_reference(d, f);
        if (f->flags & BL_UNIQUE)
            compare_definition(
                d, arena_format(d->arena, "%s_%s_key", table, f->name),
                arena_format(d->arena,
                             "CREATE UNIQUE INDEX %s_%s_key ON %s USING btree (tenant_id, %s) WHERE (archived_at IS NULL)", table,
                             f->name, d->resource->table, f->name),
                false);
    }
}

static bool ask(struct drift *d, struct db *db)
{
    const char *args[] = {d->plugin->name, shape_table(d->resource)};
    db_queue(db, table_sql, args, 2);
    db_queue(db, policies_sql, args, 2);
    db_queue(db, columns_sql, args, 2);
    db_queue(db, names_sql, args, 2);
    return db_flush(db, d->arena, d->rows) == BL_OK;
}

int plugin_drift(struct db *db, const struct bl_plugin *plugin, FILE *errors)
{
    struct drift d = {.plugin = plugin, .errors = errors, .arena = arena_new(8u << 20)};
    bool answered = d.arena && db_ready(db) == BL_OK;
    for (const struct bl_resource *r = plugin->resources; answered && r && r->name; r++) {
        d.resource = r;
        answered = ask(&d, db);
        if (answered && (db_count(d.rows[TABLE]) == 0 || !db_integer(d.rows[TABLE], 0, 0))) {
            differ(&d, "is missing: run `ballium migrate`");
        } else if (answered) {
            compare_columns(&d);
            compare_names(&d);
            compare_wall(&d);
        }
        arena_reset(d.arena);
    }
    if (!answered)
        fprintf(errors, "%s.so: its tables cannot be compared: %s\n", plugin->name,
                d.arena ? db_error(db)->message : "out of memory");
    db_rollback(db);
    arena_free(d.arena);
    return answered ? d.count : -1;
}
