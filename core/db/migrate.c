/* Each file runs in a transaction of its own, under one advisory lock that the transaction holds: whoever comes second finds the
 * file applied. Nothing is left on the session. */
#include "db/migrate.h"
#include "base/ids.h"
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT (1024u * 1024)
#define LOCK_KEY "4852613071936487" /* any number, the same for ever: all of ballium's migrations queue for it */

/* The lock is waited for without limit: another migration may be long. What the file itself locks is not: a table in use must not
 * make every request queue behind us. */
#define BEGIN_LOCKED                                                                                                             \
    "BEGIN; SET LOCAL ROLE ballium_owner; SET LOCAL search_path = pg_catalog, pg_temp;"                                          \
    "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(" LOCK_KEY "); SET LOCAL lock_timeout = '5s';"

static const char make_core[] = BEGIN_LOCKED "CREATE SCHEMA IF NOT EXISTS core AUTHORIZATION ballium_owner;"
                                             "CREATE TABLE IF NOT EXISTS core.migration ("
                                             "  area text NOT NULL,"
                                             "  number integer NOT NULL,"
                                             "  name text NOT NULL,"
                                             "  sha256 text NOT NULL,"
                                             "  applied_at timestamptz NOT NULL DEFAULT now(),"
                                             "  CONSTRAINT migration_pk PRIMARY KEY (area, number));"
                                             "GRANT USAGE ON SCHEMA core TO ballium_app;"
                                             "GRANT SELECT ON core.migration TO ballium_app;"
                                             "COMMIT";

static bool plain_name(const char *area)
{
    if (!islower((unsigned char)*area) || strlen(area) > 40)
        return false;
    for (const char *p = area; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
            return false;
    return true;
}

/* The line of the `position`th character (UTF-8) of a text. */
static int line_of(const char *text, int position)
{
    int line = 1;
    for (int at = 1; *text && at < position; text++) {
        line += *text == '\n';
        at += ((unsigned char)text[1] & 0xC0) != 0x80;
    }
    return line;
}

static void print_error(const struct db *db, const char *area, const struct bl_migration *m, bool in_file, FILE *errors)
{
    const struct db_error *e = db_error(db);
    fprintf(errors, "%s/%04d_%s", area, m->number, m->name);
    if (in_file && e->position > 0)
        fprintf(errors, ":%d", line_of(m->sql, e->position));
    fprintf(errors, ": %s (%s)%s%s%s%s\n", e->message, e->state, *e->detail ? "; " : "", e->detail, *e->hint ? "; " : "",
            e->hint);
}

/* The recorded hash, NULL: not applied. False: db_error. */
static bool recorded(struct db *db, struct arena *arena, const char *area, int number, const char **sha256)
{
    const char *args[] = {area, arena_format(arena, "%d", number)};
    struct bl_rows *rows;
    db_queue(db, "SELECT sha256 FROM core.migration WHERE area = $1 AND number = $2::integer", args, 2);
    if (db_flush(db, arena, &rows) != BL_OK)
        return false;
    *sha256 = db_count(rows) == 1 ? db_cell(rows, 0, 0) : NULL;
    return true;
}

/* Records the file and commits. A file that ended its own transaction has taken the setting of `mark` with it. */
static bool record(struct db *db, struct arena *arena, const char *area, const struct bl_migration *m, const char *sha256,
                   bool *ended)
{
    const char *args[] = {area, arena_format(arena, "%d", m->number), m->name, sha256};
    struct bl_rows *rows[2];
    db_queue(db, "SELECT coalesce(current_setting('ballium.migrating', true), '') <> 'yes'", NULL, 0);
    if (db_flush(db, arena, rows) != BL_OK)
        return false;
    *ended = db_integer(rows[0], 0, 0) != 0;
    if (*ended)
        return false;
    db_queue(db, "INSERT INTO core.migration (area, number, name, sha256) VALUES ($1, $2::integer, $3, $4)", args, 4);
    db_queue(db, "COMMIT", NULL, 0);
    return db_flush(db, arena, rows) == BL_OK;
}

static bool apply(struct db *db, struct arena *arena, const char *area, const struct bl_migration *m, FILE *out, FILE *errors)
{
    char sha256[SHA256_TEXT];
    const char *known;
    sha256_text(m->sql, m->length, sha256);
    if (!db_script(db, BEGIN_LOCKED "SET LOCAL ballium.migrating = 'yes'") || !recorded(db, arena, area, m->number, &known)) {
        print_error(db, area, m, false, errors);
        return false;
    }
    if (known && strcmp(known, sha256) != 0) {
        fprintf(errors, "%s/%04d_%s: changed after it was applied: put the file back and write the change as a new one\n", area,
                m->number, m->name);
        return false;
    }
    if (known)
        return true;

    int64_t started = clock_monotonic();
    bool ended = false;
    if (!db_script(db, m->sql)) {
        print_error(db, area, m, true, errors);
        return false;
    }
    if (!record(db, arena, area, m, sha256, &ended)) {
        if (ended)
            fprintf(errors, "%s/%04d_%s: ends its own transaction: take BEGIN, COMMIT and ROLLBACK out of the file\n", area,
                    m->number, m->name);
        else
            print_error(db, area, m, false, errors);
        return false;
    }
    fprintf(out, "%s/%04d_%s: applied in %lld ms\n", area, m->number, m->name, (long long)(clock_monotonic() - started) / 1000);
    return true;
}

static bool make_schema(struct db *db, const char *area, FILE *errors)
{
    char sql[sizeof make_core + 512];
    bool made = db_script(db, make_core);
    if (made && strcmp(area, "core") != 0) {
        snprintf(sql, sizeof sql,
                 BEGIN_LOCKED "CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION ballium_owner;"
                              "GRANT USAGE ON SCHEMA %s TO ballium_app, ballium_portfolio; COMMIT",
                 area, area);
        made = db_script(db, sql);
    }
    if (!made)
        fprintf(errors, "%s: cannot make its schema: %s (%s)\n", area, db_error(db)->message, db_error(db)->state);
    db_rollback(db);
    return made;
}

/* Numbers are 1, 2, 3, …, and a zero byte would end the script early. */
static bool well_formed(const char *area, const struct bl_migration *migrations, FILE *errors)
{
    if (!plain_name(area)) {
        fprintf(errors, "%s: not a name for a schema\n", area);
        return false;
    }
    for (int i = 0; migrations[i].number; i++) {
        const struct bl_migration *m = &migrations[i];
        if (m->number != i + 1)
            fprintf(errors, "%s/%04d_%s: the next file must have number %04d\n", area, m->number, m->name, i + 1);
        else if (memchr(m->sql, 0, m->length))
            fprintf(errors, "%s/%04d_%s: holds a zero byte\n", area, m->number, m->name);
        else
            continue;
        return false;
    }
    return true;
}

bool migrate_area(struct db *db, const char *area, const struct bl_migration *migrations, FILE *out, FILE *errors)
{
    if (!well_formed(area, migrations, errors))
        return false;
    if (db_ready(db) != BL_OK) {
        fprintf(errors, "%s: the database cannot be reached: %s\n", area, db_error(db)->message);
        return false;
    }
    struct arena *arena = arena_new(ARENA_LIMIT);
    bool good = arena && make_schema(db, area, errors);
    for (const struct bl_migration *m = migrations; good && m->number; m++) {
        good = apply(db, arena, area, m, out, errors);
        db_rollback(db);
        arena_reset(arena);
    }
    arena_free(arena);
    return good;
}

/* The hash recorded for `number`, NULL: none. */
static const char *hash_in(const struct bl_rows *rows, int number)
{
    for (int i = 0; rows && i < db_count(rows); i++)
        if (db_integer(rows, i, 0) == number)
            return db_cell(rows, i, 1);
    return NULL;
}

int migrate_check(struct db *db, const char *area, const struct bl_migration *migrations, FILE *errors)
{
    int bad = 0;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct bl_rows *rows = NULL;
    enum bl_status status = arena ? db_ready(db) : BL_UNAVAILABLE;
    if (status == BL_OK) {
        db_queue(db, "SELECT number, sha256 FROM core.migration WHERE area = $1", &area, 1);
        status = db_flush(db, arena, &rows);
    }
    bool empty = strcmp(db_error(db)->state, "42P01") == 0; /* no core.migration yet: the files are missing, each gets its line */
    if (status != BL_OK && !empty)
        fprintf(errors, "%s: cannot read which migrations are applied: %s\n", area, db_error(db)->message);
    for (const struct bl_migration *m = migrations; m->number; m++) {
        char sha256[SHA256_TEXT];
        const char *known = hash_in(rows, m->number);
        sha256_text(m->sql, m->length, sha256);
        if (known && strcmp(known, sha256) == 0)
            continue;
        bad++;
        if (status == BL_OK || empty)
            fprintf(errors, "%s/%04d_%s: %s\n", area, m->number, m->name,
                    known ? "changed after it was applied: this build and the database do not belong together"
                          : "not applied: run `ballium migrate`");
    }
    db_rollback(db);
    arena_free(arena);
    return bad;
}
