/* Prints the DDL that a descriptor implies. Deterministic, so that two versions can be compared as text. The schema itself is
 * made by `ballium migrate`. */
#include "plugin/shape.h"
#include <stdlib.h>
#include <string.h>

/* Our style writes timestamptz; the catalogue says it in full. */
static const char *short_type(const char *type)
{
    return strcmp(type, "timestamp with time zone") == 0 ? "timestamptz" : type;
}

static void put_column(const struct bl_field *field, FILE *out)
{
    char type[SHAPE_TYPE];
    shape_type(field, type);
    fprintf(out, "    %s %s", field->name, short_type(type));
    if (shape_not_null(field))
        fputs(" NOT NULL", out);
    if (field->flags & BL_GENERATED)
        fprintf(out, " GENERATED ALWAYS AS (%s) STORED", field->expr);
    else if (field->type == BL_LIST)
        fputs(" DEFAULT '{}'", out);
    else if (field->type == BL_ITEMS)
        fputs(" DEFAULT '[]'", out);
    fputs(",\n", out);
}

static void put_check(const struct bl_resource *resource, const struct bl_field *field, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *expression = open_memstream(&text, &length);
    if (!expression)
        return;
    bool needed = shape_check(field, expression);
    fclose(expression);
    if (needed)
        fprintf(out, ",\n    CONSTRAINT %s_%s_check CHECK (%s)", shape_table(resource), field->name, text);
    free(text);
}

static void put_table(const struct bl_resource *resource, FILE *out)
{
    const char *table = shape_table(resource);
    struct bl_field status;
    char values[SHAPE_STATES];
    bool workflow = shape_status(resource, &status, values);

    fprintf(out, "CREATE TABLE %s (\n", resource->table);
    for (const struct shape_column *c = shape_engine; c->name; c++)
        fprintf(out, "    %s %s%s,\n", c->name, short_type(c->type), c->not_null ? " NOT NULL" : "");
    if (workflow)
        put_column(&status, out);
    for (const struct bl_field *f = resource->fields; f->name; f++)
        put_column(f, out);
    fprintf(out, "    CONSTRAINT %s_pk PRIMARY KEY (tenant_id, id),\n", table);
    fprintf(out, "    CONSTRAINT %s_ref_key UNIQUE (tenant_id, ref)", table);
    if (workflow)
        put_check(resource, &status, out);
    for (const struct bl_field *f = resource->fields; f->name; f++)
        put_check(resource, f, out);
    fputs("\n);\n", out);
}

/* Is this the default order, descending, of a column that may be null? Then only an index in just that order serves it. */
static bool last_when_null(const struct bl_resource *resource, const char *column)
{
    if (resource->sort == NULL || resource->sort[0] != '-' || strcmp(resource->sort + 1, column) != 0)
        return false;
    for (const struct bl_field *f = resource->fields; f->name; f++)
        if (strcmp(f->name, column) == 0)
            return (f->flags & BL_REQUIRED) == 0;
    return false;
}

/* Lists and the calendar read live rows only. id ends the key, as it ends every order. */
static void put_index(const struct bl_resource *resource, const char *column, enum shape_index kind, FILE *out)
{
    const char *table = shape_table(resource);
    if (kind == SHAPE_UNIQUE)
        fprintf(out, "CREATE UNIQUE INDEX %s_%s_key ON %s (tenant_id, %s) WHERE archived_at IS NULL;\n", table, column,
                resource->table, column);
    else if (kind == SHAPE_INDEX && last_when_null(resource, column))
        fprintf(out, "CREATE INDEX %s_%s_idx ON %s (tenant_id, %s DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;\n", table,
                column, resource->table, column);
    else if (kind == SHAPE_INDEX)
        fprintf(out, "CREATE INDEX %s_%s_idx ON %s (tenant_id, %s, id) WHERE archived_at IS NULL;\n", table, column,
                resource->table, column);
}

static void put_indexes(const struct bl_resource *resource, FILE *out)
{
    if (shape_sort_is_engine(resource))
        put_index(resource, shape_sort(resource), SHAPE_INDEX, out);
    for (const struct bl_field *f = resource->fields; f->name; f++)
        put_index(resource, f->name, shape_index(resource, f), out);
}

static void put_references(const struct bl_plugin *plugin, const struct registry *others, const struct bl_resource *resource,
                           FILE *out)
{
    for (const struct bl_field *f = resource->fields; f->name; f++) {
        const char *table, *key;
        if (f->type == BL_REF && shape_target(plugin, others, f->ref, &table, &key))
            fprintf(out, "ALTER TABLE %s ADD CONSTRAINT %s_%s_fk FOREIGN KEY (tenant_id, %s) REFERENCES %s (tenant_id, %s);\n",
                    resource->table, shape_table(resource), f->name, f->name, table, key);
    }
}

void plugin_ddl(const struct bl_plugin *plugin, const struct registry *others, FILE *out)
{
    if (!plugin->resources)
        return;
    for (const struct bl_resource *r = plugin->resources; r->name; r++) {
        put_table(r, out);
        put_indexes(r, out);
        fputs("\n", out);
    }
    for (const struct bl_resource *r = plugin->resources; r->name; r++)
        put_references(plugin, others, r, out);
    fputs("\n", out);
    for (const struct bl_resource *r = plugin->resources; r->name; r++)
        fprintf(out, "SELECT core.fence('%s');\n", r->table);
}
