/* The half of ballium doctor that asks PostgreSQL. */
#include "base/ids.h"
#include "cli/doctor.h"
#include "db/migrate.h"
#include "fcgi/transport.h"
#include <stdlib.h>
#include <string.h>

/* What row-level security cannot hold: superusers, BYPASSRLS, owners. */
static const char role_sql[] =
    "SELECT current_user::text, r.rolsuper, r.rolbypassrls, pg_catalog.pg_has_role(current_user, 'ballium_owner', 'MEMBER'),"
    " (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relowner = r.oid),"
    " current_setting('server_version_num')::integer, current_setting('server_version'),"
    " current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,"
    " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

static void check_role(struct doctor *d, const struct bl_rows *rows)
{
    const char *role = db_cell(rows, 0, 0);
    if (db_integer(rows, 0, 1))
        doctor_say(d, FAILURE, "database",
                   "%s is a superuser, whom row-level security does not hold: set `database` to ballium_app", role);
    else if (db_integer(rows, 0, 2))
        doctor_say(d, FAILURE, "database", "%s passes by row-level security: ALTER ROLE %s NOBYPASSRLS", role, role);
    else if (db_integer(rows, 0, 3))
        doctor_say(d, FAILURE, "database", "%s may become ballium_owner: set `database` to ballium_app", role);
    else if (db_integer(rows, 0, 4))
        doctor_say(d, FAILURE, "database", "%s owns %lld objects: the serving role must own none: ALTER … OWNER TO ballium_owner",
                   role, (long long)db_integer(rows, 0, 4));
    else
        doctor_say(d, FINE, "database", "PostgreSQL %s as %s", db_cell(rows, 0, 6), role);
    if (db_integer(rows, 0, 5) < 150000)
        doctor_say(d, FAILURE, "database", "PostgreSQL %s: 15 or newer is needed", db_cell(rows, 0, 6));
    long long wanted = (long long)d->config->processes * (d->config->threads + FCGI_SPARE);
    if (db_integer(rows, 0, 7) < wanted + 5)
        doctor_say(d, FAILURE, "database",
                   "max_connections leaves %lld, and %ld processes of %ld threads and %d spare ones take %lld: raise it, or "
                   "lower `threads`",
                   (long long)db_integer(rows, 0, 7), d->config->processes, d->config->threads, FCGI_SPARE, wanted);
}

/* Tokens are checked against this machine's clock, due dates against the database's. `asked`, `answered`: when, here. */
static void check_clock(struct doctor *d, int64_t there, int64_t asked, int64_t answered)
{
    enum { SECOND = 1000000 };
    static const int64_t year_2025 = INT64_C(1735689600) * SECOND;
    int64_t off = there < asked ? asked - there : there > answered ? there - answered : 0;
    if (answered < year_2025)
        doctor_say(d, FAILURE, "clock", "this machine's clock is years behind: start time synchronisation");
    else if (off > 30 * (int64_t)SECOND)
        doctor_say(d, FAILURE, "clock", "%lld s between this machine and the database: start time synchronisation on both",
                   (long long)(off / SECOND));
    else if (off > 2 * (int64_t)SECOND)
        doctor_say(d, WARNING, "clock", "%lld s between this machine and the database: start time synchronisation on both",
                   (long long)(off / SECOND));
    else
        doctor_say(d, FINE, "clock", "the same as the database's");
}

static bool check_serving(struct doctor *d, struct db *db, struct arena *arena)
{
    struct bl_rows *rows = NULL;
    if (db_ready(db) != BL_OK) {
        doctor_say(d, FAILURE, "database", "%s: is PostgreSQL running, and is `database` right?", db_error(db)->message);
        return false;
    }
    int64_t asked = clock_now();
    db_queue(db, role_sql, NULL, 0);
    if (db_flush(db, arena, &rows) != BL_OK) {
        doctor_say(d, FAILURE, "database", "%s: run sql/roles.sql once as a superuser", db_error(db)->message);
        return false;
    }
    check_role(d, rows);
    check_clock(d, db_integer(rows, 0, 8), asked, clock_now());
    return true;
}

/* Runs one check of an area that prints lines; says `fine` when it printed none. */
static void check_area(struct doctor *d, struct db *db, const char *what, const char *area,
                       int (*check)(struct db *, const struct bl_plugin *, FILE *), const struct bl_plugin *plugin)
{
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    if (!errors)
        return;
    int bad = check(db, plugin, errors);
    fclose(errors);
    if (bad)
        doctor_say_lines(d, FAILURE, what, *text ? text : "no answer");
    else
        doctor_say(d, FINE, what, "%s", area);
    free(text);
}

/* `plugin` NULL: the core itself. */
static int applied(struct db *db, const struct bl_plugin *plugin, FILE *errors)
{
    if (!plugin)
        return migrate_check(db, "core", bl_migrations_core, errors);
    return migrate_check(db, plugin->name, plugin->migrations, errors);
}

/* The roles that only some commands use. */
static void check_other_role(struct doctor *d, const char *conninfo, const char *setting, const char *use)
{
    struct db *db = db_new(conninfo, false);
    if (db && db_ready(db) == BL_OK)
        doctor_say(d, FINE, setting, "connects");
    else
        doctor_say(d, WARNING, setting, "%s: only %s needs it: run that where it connects, or mend `%s`",
                   db ? db_error(db)->message : "out of memory", use, setting);
    db_free(db);
}

void doctor_check_database(struct doctor *d)
{
    struct arena *arena = arena_new(1 << 20);
    struct db *db = db_new(d->config->database, false);
    if (!arena || !db)
        doctor_say(d, FAILURE, "database", "out of memory");
    else if (check_serving(d, db, arena)) {
        check_area(d, db, "migrations", "core", applied, NULL);
        for (size_t i = 0; d->registry && i < registry_count(d->registry); i++) {
            const struct bl_plugin *plugin = registry_at(d->registry, i)->plugin;
            if (plugin->migrations)
                check_area(d, db, "migrations", plugin->name, applied, plugin);
            check_area(d, db, "tables", plugin->name, plugin_drift, plugin);
        }
        check_other_role(d, d->config->migrator, "migrator", "`ballium migrate`");
        check_other_role(d, d->config->worker, "worker", "`ballium work`");
    }
    db_free(db);
    arena_free(arena);
}
