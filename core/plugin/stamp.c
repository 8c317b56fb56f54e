/* To compare every column and constraint at each start takes as long as all else that a start does. So `ballium migrate` compares
 * them once and leaves two sums; while neither the descriptor nor the catalogue has changed, the comparison would say the same.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/ids.h"
#include "db/db.h"
#include "plugin/registry.h"

#include <stdlib.h>
#include <string.h>

/* Each catalogue row of the schemas by its key and the transaction that wrote it: any ALTER, CREATE or DROP changes the sum.
 * VACUUM and ANALYZE change rows in place and leave it alone. */
static const char sums[] =
    "WITH rel AS MATERIALIZED (SELECT c.oid, n.nspname, c.xmin AS x FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])), part AS ("
    "SELECT nspname, 'r' || oid || '.' || x AS k FROM rel"
    " UNION ALL SELECT r.nspname, 'a' || a.attrelid || '.' || a.attnum || '.' || a.xmin FROM rel r"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0"
    " UNION ALL SELECT r.nspname, 'd' || d.oid || '.' || d.xmin FROM rel r JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid"
    " UNION ALL SELECT r.nspname, 'c' || k.oid || '.' || k.xmin FROM rel r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid"
    " UNION ALL SELECT r.nspname, 'i' || i.indexrelid || '.' || i.xmin FROM rel r"
    " JOIN pg_catalog.pg_index i ON i.indrelid = r.oid"
    " UNION ALL SELECT r.nspname, 'p' || p.oid || '.' || p.xmin || p.polroles::text FROM rel r"
    " JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid)"
    " SELECT s.area, t.descriptor, t.catalogue, s.sum FROM (SELECT nspname::text AS area,"
    " sum(hashtextextended(k, 0)::numeric)::text || '/' || count(*) AS sum FROM part GROUP BY 1) s"
    " LEFT JOIN core.stamp t ON t.area = s.area";
enum { ARENA_LIMIT = 8 << 20 };
enum column { AREA, DESCRIPTOR, CATALOGUE, SUM };

static const char *schemas(struct arena *arena, const struct registry *registry)
{
    struct buf list = buf_new(arena, 256);
    buf_char(&list, '{');
    for (size_t i = 0; i < registry_count(registry); i++)
        buf_format(&list, "%s%s", i ? "," : "", registry_at(registry, i)->plugin->name);
    buf_char(&list, '}');
    return list.data;
}

static bool descriptor_sum(const struct bl_plugin *plugin, const struct registry *registry, char out[SHA256_TEXT])
{
    char *text = NULL;
    size_t length = 0;
    FILE *ddl = open_memstream(&text, &length);
    if (ddl == NULL)
        return false;
    plugin_ddl(plugin, registry, ddl);
    bool whole = fclose(ddl) == 0;
    if (whole)
        sha256_text(text, length, out);
    free(text);
    return whole;
}

static int row_of(const struct bl_rows *rows, const char *area)
{
    for (int i = 0; i < db_count(rows); i++)
        if (strcmp(db_cell(rows, i, AREA), area) == 0)
            return i;
    return -1;
}

static bool same(const struct bl_rows *rows, int row, int column, const char *text)
{
    return !db_null(rows, row, column) && strcmp(db_cell(rows, row, column), text) == 0;
}

/* Was the area compared as it is now? */
static bool known(const struct bl_rows *rows, const struct registry *registry, const struct bl_plugin *plugin)
{
    char sum[SHA256_TEXT];
    int row = rows ? row_of(rows, plugin->name) : -1;
    return row >= 0 && !db_null(rows, row, SUM) && same(rows, row, CATALOGUE, db_cell(rows, row, SUM)) &&
           descriptor_sum(plugin, registry, sum) && same(rows, row, DESCRIPTOR, sum);
}

/* The sums of every area that is loaded; NULL: no answer. */
static struct bl_rows *ask(struct db *db, struct arena *arena, const struct registry *registry)
{
    struct bl_rows *rows = NULL;
    const char *list = schemas(arena, registry);
    if (db_ready(db) != BL_OK)
        return NULL;
    db_queue(db, sums, &list, 1);
    return db_flush(db, arena, &rows) == BL_OK ? rows : NULL;
}

int plugin_drift_all(struct db *db, const struct registry *registry, FILE *errors)
{
    int wrong = 0;
    struct arena *arena = arena_new(ARENA_LIMIT);
    const struct bl_rows *rows = arena ? ask(db, arena, registry) : NULL;
    db_rollback(db);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct bl_plugin *plugin = registry_at(registry, i)->plugin;
        wrong += !known(rows, registry, plugin) && plugin_drift(db, plugin, errors) != 0;
    }
    arena_free(arena);
    return wrong;
}

static bool leave(struct db *db, struct arena *arena, const struct registry *registry, const struct bl_plugin *plugin,
                  const struct bl_rows *rows)
{
    char sum[SHA256_TEXT];
    int row = row_of(rows, plugin->name);
    if (row < 0) /* it has no tables */
        return true;
    if (!descriptor_sum(plugin, registry, sum) || db_ready(db) != BL_OK)
        return false;
    struct bl_rows *none[1];
    const char *args[] = {plugin->name, sum, db_cell(rows, row, SUM)};
    db_queue(db,
             "INSERT INTO core.stamp (area, descriptor, catalogue) VALUES ($1, $2, $3) ON CONFLICT (area) DO UPDATE SET "
             "descriptor = excluded.descriptor, catalogue = excluded.catalogue",
             args, 3);
    return db_flush(db, arena, none) == BL_OK;
}

/* The sums are taken before the comparison: what changes in between is compared again by the next start. */
bool plugin_stamp_all(struct db *db, const struct registry *registry, FILE *errors)
{
    struct arena *arena = arena_new(ARENA_LIMIT);
    bool owner = db_ready(db) == BL_OK && db_script(db, "SET ROLE ballium_owner");
    const struct bl_rows *rows = arena && owner ? ask(db, arena, registry) : NULL;
    bool good = rows != NULL;
    for (size_t i = 0; good && i < registry_count(registry); i++) {
        const struct bl_plugin *plugin = registry_at(registry, i)->plugin;
        if (!known(rows, registry, plugin) && plugin_drift(db, plugin, errors) == 0)
            good = leave(db, arena, registry, plugin, rows);
    }
    if (!good)
        fprintf(errors, "the tables could not be compared: %s\n", arena ? db_error(db)->message : "out of memory");
    db_rollback(db);
    owner = owner && db_script(db, "RESET ROLE");
    arena_free(arena);
    return good && owner;
}
