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

/* Four questions about a whole schema ($1), each answered in the same seven columns: what a table may hold is asked once, since
 * the service asks at every start. Only pg_catalog: the serving role may look without any right to the tables. */
enum { TABLES, POLICIES, COLUMNS, NAMES, QUESTIONS };

/* One row: struct fact. */
static const char *const questions[QUESTIONS] = {
    [TABLES] = "SELECT c.relname::text, '', NULL::text, NULL::text, c.relkind = 'r' OR c.relkind = 'p', c.relrowsecurity,"
               " c.relforcerowsecurity"
               " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1",

    /* A second permissive policy would be OR-ed with the tenant's: a door in the wall. */
    [POLICIES] = "SELECT c.relname::text, p.polname::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid),"
                 " pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), p.polpermissive, p.polcmd = '*', false"
                 " FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid"
                 " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                 " AND EXISTS (SELECT FROM unnest(p.polroles) r LEFT JOIN pg_catalog.pg_roles a ON a.oid = r"
                 " WHERE r = 0 OR a.rolname = 'ballium_app') ORDER BY 1, 2",

    [COLUMNS] = "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),"
                " pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.attgenerated = 's', a.attidentity <> ''"
                " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
                " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
                " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",

    /* Constraints, and unique indexes that are none. */
    [NAMES] =
        "SELECT c.relname::text, k.conname::text, pg_catalog.pg_get_constraintdef(k.oid), NULL::text, k.convalidated, false,"
        " false FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
        " UNION ALL SELECT c.relname::text, x.relname::text, pg_catalog.pg_get_indexdef(i.indexrelid), NULL::text,"
        " i.indisvalid, false, false FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
        " JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND i.indisunique"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)",
};

struct fact {
    const char *table, *name;
    const char *text; /* COLUMNS: type; NAMES: definition; POLICIES: using */
    const char *more; /* COLUMNS: default or generated; POLICIES: with check */
    bool first;       /* TABLES: is one; POLICIES: permissive; COLUMNS: NOT NULL; NAMES: valid */
    bool second;      /* TABLES: row-level security; POLICIES: for all; COLUMNS: generated */
    bool third;       /* TABLES: forced; COLUMNS: identity */
};

struct facts {
    struct fact *at;
    int count;
};

struct drift {
    const struct bl_plugin *plugin;
    const struct bl_resource *resource;
    const char *table; /* of the resource, without its schema */
    struct facts facts[QUESTIONS];
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

/* What is known of a name in this table; NULL: there is none. */
static const struct fact *find(const struct drift *d, int question, const char *name)
{
    const struct facts *facts = &d->facts[question];
    for (int i = 0; i < facts->count; i++)
        if (strcmp(facts->at[i].table, d->table) == 0 && strcmp(facts->at[i].name, name) == 0)
            return &facts->at[i];
    return NULL;
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
    const struct fact *table = find(d, TABLES, "");
    if (!table->second || !table->third)
        differ(d, "row-level security is not %s: SELECT core.fence('%s')", table->second ? "forced" : "enabled",
               d->resource->table);
    static const char wall[] = "(tenant_id = core.tenant())";
    bool found = false;
    for (int i = 0; i < d->facts[POLICIES].count; i++) {
        const struct fact *policy = &d->facts[POLICIES].at[i];
        if (strcmp(policy->table, d->table) != 0)
            continue;
        if (policy->second && policy->text && policy->more && strcmp(policy->text, wall) == 0 && strcmp(policy->more, wall) == 0)
            found = true;
        else if (policy->first)
            differ(d, "policy %s lets ballium_app past the tenant's", policy->name);
    }
    if (!found)
        differ(d, "no policy keeps ballium_app to the tenant: SELECT core.fence('%s')", d->resource->table);
}

static void compare_column(struct drift *d, const char *name, const char *type, bool not_null, const struct bl_field *field)
{
    const struct fact *column = find(d, COLUMNS, name);
    if (!column) {
        differ(d, "column %s is missing: must be %s%s", name, type, not_null ? " NOT NULL" : "");
        return;
    }
    if (strcmp(column->text, type) != 0)
        differ(d, "column %s is %s: must be %s", name, column->text, type);
    if (column->first != not_null)
        differ(d, "column %s is %s: must be %s", name, column->first ? "NOT NULL" : "nullable",
               not_null ? "NOT NULL" : "nullable");
    bool generated = field && field->flags & BL_GENERATED;
    if (column->second != generated)
        differ(d, "column %s is %sgenerated: must%s be", name, column->second ? "" : "not ", generated ? "" : " not");
    else if (generated && !same_constants(d, column->more, field->expr, false))
        differ(d, "column %s is generated as %s: must be (%s)", name, column->more, field->expr);
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
    for (int i = 0; i < d->facts[COLUMNS].count; i++) {
        const struct fact *column = &d->facts[COLUMNS].at[i];
        if (strcmp(column->table, d->table) == 0 && !is_known(d->resource, column->name) && column->first && !column->more &&
            !column->third)
            differ(d, "column %s is not in the descriptor, NOT NULL and without a default: nothing can be inserted",
                   column->name);
    }
}

/* What a constraint or unique index of that name must print as; `open`: only so far. */
static void compare_definition(struct drift *d, const char *name, const char *expected, bool open)
{
    const struct fact *is = find(d, NAMES, name);
    if (!is)
        differ(d, "%s is missing: %s", name, expected);
    else if (open ? strncmp(is->text, expected, strlen(expected)) != 0 : strcmp(is->text, expected) != 0)
        differ(d, "%s is %s: must be %s", name, is->text, expected);
    else if (!is->first)
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
    const char *name = arena_format(d->arena, "%s_%s_check", d->table, field->name);
    const char *expected = arena_string(d->arena, text);
    free(text);
    if (!needed)
        return;
    const struct fact *is = find(d, NAMES, name);
    if (!is)
        differ(d, "%s is missing: CHECK (%s)", name, expected);
    else if (!same_constants(d, is->text, expected, true))
        differ(d, "%s is %s: must be CHECK (%s)", name, is->text, expected);
    else if (!is->first)
        differ(d, "%s is not valid: the rows that are there break it", name);
}

/* Another area's table is known by its schema alone; the area checks its own. */
static void compare_reference(struct drift *d, const struct bl_field *field)
{
    const char *name = arena_format(d->arena, "%s_%s_fk", d->table, field->name);
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
    char values[SHAPE_STATES];
    struct bl_field status;
    compare_definition(d, arena_format(d->arena, "%s_pk", d->table), "PRIMARY KEY (tenant_id, id)", false);
    compare_definition(d, arena_format(d->arena, "%s_ref_key", d->table), "UNIQUE (tenant_id, ref)", false);
    if (shape_status(d->resource, &status, values))
        compare_check(d, &status);
    for (const struct bl_field *f = d->resource->fields; f->name; f++) {
        compare_check(d, f);
        if (f->type == BL_REF)
            compare_reference(d, f);
        if (f->flags & BL_UNIQUE)
            compare_definition(
                d, arena_format(d->arena, "%s_%s_key", d->table, f->name),
                arena_format(d->arena,
                             "CREATE UNIQUE INDEX %s_%s_key ON %s USING btree (tenant_id, %s) WHERE (archived_at IS NULL)",
                             d->table, f->name, d->resource->table, f->name),
                false);
    }
}

static bool ask(struct drift *d, struct db *db)
{
    struct bl_rows *rows[QUESTIONS];
    for (int q = 0; q < QUESTIONS; q++)
        db_queue(db, questions[q], &d->plugin->name, 1);
    if (db_flush(db, d->arena, rows) != BL_OK)
        return false;
    for (int q = 0; q < QUESTIONS; q++) {
        struct facts *facts = &d->facts[q];
        facts->count = db_count(rows[q]);
        facts->at = arena_alloc(d->arena, (size_t)facts->count * sizeof *facts->at);
        for (int i = 0; i < facts->count; i++)
            facts->at[i] = (struct fact){
                .table = db_cell(rows[q], i, 0),
                .name = db_cell(rows[q], i, 1),
                .text = db_cell(rows[q], i, 2),
                .more = db_cell(rows[q], i, 3),
                .first = db_integer(rows[q], i, 4) != 0,
                .second = db_integer(rows[q], i, 5) != 0,
                .third = db_integer(rows[q], i, 6) != 0,
            };
    }
    return true;
}

int plugin_drift(struct db *db, const struct bl_plugin *plugin, FILE *errors)
{
    struct drift d = {.plugin = plugin, .errors = errors, .arena = arena_new(64u << 20)};
    bool answered = d.arena && db_ready(db) == BL_OK && ask(&d, db);
    for (const struct bl_resource *r = plugin->resources; answered && r && r->name; r++) {
        d.resource = r;
        d.table = shape_table(r);
        const struct fact *table = find(&d, TABLES, "");
        if (!table || !table->first) {
            differ(&d, "is missing: run `ballium migrate`");
            continue;
        }
        compare_columns(&d);
        compare_names(&d);
        compare_wall(&d);
    }
    if (!answered)
        fprintf(errors, "%s.so: its tables cannot be compared: %s\n", plugin->name,
                d.arena ? db_error(db)->message : "out of memory");
    db_rollback(db);
    arena_free(d.arena);
    return answered ? d.count : -1;
}
