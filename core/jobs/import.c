#include "jobs/transfer.h"

#include "base/buf.h"
#include "db/db.h"
#include "files/files.h"
#include "jobs/redraw.h"
#include "jobs/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* All rows go into the database in one statement, so they are in memory at once, besides an id and the new one for each. */
enum { ARENA_LIMIT = 1024 * 1024 * 1024, RECORDS_MOST = 300 /* MiB */ };

struct importing {
    struct transfer *out;
    struct arena *arena;
    struct db *owner, *worker;
    struct files *files;
    char *bytes; /* mapped, read only */
    size_t length;
    struct tar_part *parts;
    size_t part_count;
    struct redraw ids;
    json_t *organisation, *manifest;
};

static bool fail(struct importing *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct importing *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(m->out->problem, TRANSFER_PROBLEM, format, args);
    va_end(args);
    return false;
}

static bool ask(struct importing *m, struct db *db, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    db_queue(db, sql, args, nargs);
    if (db_flush(db, m->arena, rows) == BL_OK)
        return true;
    const struct db_error *e = db_error(db);
    return fail(m, "%s%s%s%s", e->message, *e->detail ? ": " : "", e->detail,
                strcmp(e->constraint, "organisation_slug_key") == 0 ? ": give another one with --slug" : "");
}

/* ---- the archive ---------------------------------------------------------------------------------------------------------- */

static bool is_table(const struct tar_part *part)
{
    size_t length = strlen(part->name);
    return length > 6 && strcmp(part->name + length - 6, ".jsonl") == 0 && strcmp(part->name, "members.jsonl") != 0;
}

static bool is_small(struct importing *m)
{
    long long bytes = 0;
    for (size_t i = 0; i < m->part_count; i++)
        bytes += is_table(&m->parts[i]) ? m->parts[i].size : 0;
    return bytes <= RECORDS_MOST * 1024LL * 1024 ||
           fail(m, "its records take %lld MiB: an import takes %d at most", bytes / 1024 / 1024, RECORDS_MOST);
}

static bool open_archive(struct importing *m, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0 || about.st_size <= 0) {
        if (fd >= 0)
            close(fd);
        return fail(m, "cannot read %s: %s", path, fd < 0 ? strerror(errno) : "it is empty");
    }
    m->length = (size_t)about.st_size;
    void *map = mmap(NULL, m->length, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return fail(m, "cannot read %s: %s", path, strerror(errno));
    m->bytes = map;
    const char *why = tar_read(m->bytes, m->length, &m->parts, &m->part_count);
    return why ? fail(m, "%s: %s", path, why) : is_small(m);
}

static struct tar_part *part_of(struct importing *m, const char *name)
{
    for (size_t i = 0; i < m->part_count; i++)
        if (strcmp(m->parts[i].name, name) == 0)
            return &m->parts[i];
    return NULL;
}

static json_t *document(struct importing *m, const char *name)
{
    const struct tar_part *part = part_of(m, name);
    return part ? json_loadb(part->bytes, (size_t)part->size, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* Every part that the manifest names is there, with its size and hash, and nothing else is. */
static bool check_parts(struct importing *m)
{
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(m->manifest, "parts"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name")),
                   *hash = json_string_value(json_object_get(one, "sha256"));
        struct tar_part *part = name ? part_of(m, name) : NULL;
        if (!part || !hash || strcmp(hash, part->sha256) != 0)
            return fail(m, "part %s is missing or was changed", name ? name : "?");
        part->rows = json_integer_value(json_object_get(one, "rows"));
    }
    if (i + 1 != m->part_count)
        return fail(m, "there are parts that the manifest does not name");
    return true;
}

/* Rows fit only where the tables are the same. */
static bool check_versions(struct importing *m)
{
    struct bl_rows *rows;
    const char *area;
    json_t *number;
    if (!ask(m, m->owner, "SELECT area, max(number) FROM core.migration GROUP BY area", NULL, 0, &rows))
        return false;
    json_object_foreach(json_object_get(m->manifest, "migrations"), area, number)
    {
        int64_t here = 0;
        for (int i = 0; i < db_count(rows); i++)
            if (strcmp(db_cell(rows, i, 0), area) == 0)
                here = db_integer(rows, i, 1);
        if (here != json_integer_value(number))
            return fail(m, "the archive was made with migration %lld of %s, and this installation has %lld",
                        json_integer_value(number), area, (long long)here);
    }
    return true;
}

static bool check_archive(struct importing *m, const char *expected)
{
    const struct tar_part *part = part_of(m, "manifest.json");
    m->manifest = document(m, "manifest.json");
    m->organisation = document(m, "organisation.json");
    const char *format = json_string_value(json_object_get(m->manifest, "format"));
    if (!part || !m->manifest || !m->organisation || !format || strcmp(format, "ballium-export") != 0 ||
        json_integer_value(json_object_get(m->manifest, "version")) != 1)
        return fail(m, "it is not an archive of ballium org export, version 1");
    snprintf(m->out->manifest, sizeof m->out->manifest, "%s", part->sha256);
    if (expected && strcmp(expected, part->sha256) != 0)
        return fail(m, "part manifest.json was changed: its SHA-256 is %s", part->sha256);
    return check_parts(m) && check_versions(m);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------------- */

static const char *table_of(struct importing *m, const struct tar_part *part)
{
    return arena_copy(m->arena, part->name, strlen(part->name) - 6);
}

static size_t count_lines(const struct importing *m)
{
    size_t lines = 0;
    for (size_t i = 0; i < m->part_count; i++) {
        const char *at = m->parts[i].bytes, *end = at + m->parts[i].size;
        for (; is_table(&m->parts[i]) && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
            lines++;
    }
    return lines;
}

/* The id of each row of each table that has ids. */
static bool collect(struct importing *m)
{
    redraw_expect(&m->ids, count_lines(m));
    for (size_t i = 0; i < m->part_count; i++) {
        const struct tar_part *part = &m->parts[i];
        const char *end = part->bytes + part->size;
        for (const char *line = part->bytes; is_table(part) && line < end;) {
            const char *stop = memchr(line, '\n', (size_t)(end - line));
            if (!stop)
                return fail(m, "part %s: its last line is cut off", part->name);
            json_t *row = json_loadb(line, (size_t)(stop - line), 0, NULL);
            const char *id = json_string_value(json_object_get(row, "id"));
            if (!row)
                return fail(m, "part %s: a line is not JSON", part->name);
            if (id && uuid_valid(id))
                redraw_add(&m->ids, id, NULL);
            json_decref(row);
            line = stop + 1;
        }
    }
    return true;
}

/* "[line,line]": one argument for json_populate_recordset. */
static const char *as_array(const struct importing *m, const struct tar_part *part)
{
    if (part->size == 0)
        return "[]";
    size_t length = (size_t)part->size;
    char *out = arena_alloc(m->arena, length + 3);
    out[0] = '[';
    memcpy(out + 1, part->bytes, length);
    redraw_bytes(&m->ids, out + 1, length);
    for (char *end = out; (end = memchr(end, '\n', length - (size_t)(end - out))) != NULL;)
        *end = ',';
    out[length] = ']'; /* in the place of the last line's end */
    return out;
}

static const char columns_sql[] =
    "SELECT (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid "
    "AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' "
    "AND NOT (c.oid = 'core.event'::regclass AND a.attname = 'seq')), has_table_privilege('ballium_app', c.oid, 'INSERT') "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1 AND c.relkind = 'r' "
    "AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')";

/* All tables in one statement: foreign keys are looked at when it ends, so that no order of the tables is needed. */
static bool insert_rows(struct importing *m)
{
    struct buf sql = buf_new(m->arena, 65536);
    const char **args = arena_alloc(m->arena, m->part_count * sizeof *args);
    struct bl_rows *rows;
    int nargs = 0;
    for (size_t i = 0; i < m->part_count; i++) {
        if (!is_table(&m->parts[i]) || strcmp(m->parts[i].name, "core.role.jsonl") == 0)
            continue;
        const char *table = table_of(m, &m->parts[i]);
        if (!ask(m, m->worker, columns_sql, &table, 1, &rows))
            return false;
        if (db_count(rows) != 1)
            return fail(m, "part %s: there is no such table", m->parts[i].name);
        if (db_integer(rows, 0, 1) == 0 || m->parts[i].size == 0)
            continue; /* written by nobody but the service itself, which makes it anew; or nothing to write */
        args[nargs++] = as_array(m, &m->parts[i]);
        m->out->rows += m->parts[i].rows;
        m->out->parts++;
        buf_format(&sql, "%s p%d AS (INSERT INTO %s (%s) SELECT %s FROM json_populate_recordset(NULL::%s, $%d::json))\n",
                   nargs == 1 ? "WITH" : ",", nargs, table, db_cell(rows, 0, 0), db_cell(rows, 0, 0), table, nargs);
    }
    if (nargs == 0)
        return true;
    buf_text(&sql, "SELECT 1");
    const char *tenant = m->out->tenant;
    return ask(m, m->worker, sql.data, args, nargs, &rows) &&
           ask(m, m->worker,
               "INSERT INTO core.file_quota (tenant_id, used) SELECT $1::uuid, coalesce(sum(size), 0) FROM core.file f "
               "WHERE f.tenant_id = $1::uuid ON CONFLICT DO NOTHING",
               &tenant, 1, &rows);
}

/* Columns that the database makes of others, as text. */
static const char generated_sql[] =
    "SELECT n.nspname || '.' || c.relname, quote_ident(a.attname), a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = "
    "a.attrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attgenerated <> '' AND a.atttypid = 'text'::regtype AND c.relkind = "
    "'r' "
    "AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id') "
    "AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'id')";

/* The sum beside the id; NULL: none. `rows` have both, in the order of their ids. */
static const char *sum_of(const struct bl_rows *rows, const char *id)
{
    uint8_t wanted[16];
    int low = 0, high = uuid_parse(id, wanted) ? db_count(rows) : 0;
    while (low < high) {
        int length, middle = low + (high - low) / 2, order = memcmp(db_bytes(rows, middle, 0, &length), wanted, sizeof wanted);
        if (order == 0)
            return db_cell(rows, middle, 1);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* What the sum of each row was, and is now that its ids are others. */
static bool compare_sums(struct importing *m, const struct tar_part *part, const char *name, const struct bl_rows *rows,
                         size_t *found)
{
    const char *end = part->bytes + part->size;
    for (const char *line = part->bytes, *stop; line < end; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line)); /* collect has seen that it is there */
        json_t *row = json_loadb(line, (size_t)(stop - line), 0, NULL);
        const char *id = json_string_value(json_object_get(row, "id")), *was = json_string_value(json_object_get(row, name));
        const char *new_id = id && was ? redraw_of(&m->ids, id) : NULL, *now = new_id ? sum_of(rows, new_id) : NULL;
        if (now && redraw_sum(&m->ids, was, now))
            ++*found;
        json_decref(row);
    }
    return true;
}

/* Sums over ids have changed with them, and other rows may have noted one: a signature, say. Finds the pairs; true also when
 * there are none. */
static bool find_sums(struct importing *m, size_t *found)
{
    struct bl_rows *columns, *rows;
    const char *tenant = m->out->tenant;
    *found = 0;
    if (!ask(m, m->worker, generated_sql, NULL, 0, &columns))
        return false;
    for (int i = 0; i < db_count(columns); i++) {
        const struct tar_part *part = part_of(m, arena_format(m->arena, "%s.jsonl", db_cell(columns, i, 0)));
        if (!part || part->size == 0)
            continue;
        if (!ask(m, m->worker,
                 arena_format(m->arena, "SELECT id, %s FROM %s WHERE tenant_id = $1::uuid AND %s ~ '^[0-9a-f]{32}$' ORDER BY id",
                              db_cell(columns, i, 1), db_cell(columns, i, 0), db_cell(columns, i, 1)),
                 &tenant, 1, &rows) ||
            !compare_sums(m, part, db_cell(columns, i, 2), rows, found))
            return false;
    }
    return true;
}

/* Rows whose sums others have noted go in twice: the database makes the sums, then those who noted them are told. */
static bool restore_rows(struct importing *m)
{
    size_t found;
    long long rows = m->out->rows, parts = m->out->parts;
    if (!db_script(m->worker, "SAVEPOINT rows"))
        return fail(m, "%s", db_error(m->worker)->message);
    struct arena_mark mark = arena_mark(m->arena);
    bool good = insert_rows(m);
    arena_release(m->arena, mark);
    if (!good || !find_sums(m, &found))
        return false;
    if (found == 0)
        return true;
    redraw_all(&m->ids); /* sorts them in */
    m->out->rows = rows;
    m->out->parts = parts;
    if (!db_script(m->worker, "ROLLBACK TO rows"))
        return fail(m, "%s", db_error(m->worker)->message);
    return insert_rows(m);
}

static bool keep_files(struct importing *m)
{
    struct files_problem problem = {0};
    for (size_t i = 0; i < m->part_count; i++) {
        const struct tar_part *part = &m->parts[i];
        if (strncmp(part->name, "files/", 6) != 0)
            continue;
        struct files_upload *upload = files_begin(m->files, m->arena, &problem);
        const struct files_facts *facts =
            upload && files_add(upload, part->bytes, (size_t)part->size, &problem) ? files_end(upload, &problem) : NULL;
        if (!facts)
            return fail(m, "%s: %s", part->name, problem.detail);
        if (strcmp(facts->sha256, part->name + 6) != 0)
            return fail(m, "%s: its bytes are others", part->name);
        if (!files_keep(upload, m->out->tenant, &problem))
            return fail(m, "%s: %s", part->name, problem.detail);
        m->out->files++;
    }
    return true;
}

/* ---- the organisation and its people: the directory, which only the owner writes ------------------------------------------- */

/* People are found by their address, or made without a password. Service clients are accounts too: without secrets they open
 * nothing, and records go on naming them. Who was erased is nobody here as there: each an empty account of its own. */
#define MACHINE "'service_client' = ANY (p.roles)"
#define ERASED "p.email LIKE '%@erased.invalid'"
static const char people_sql[] =
    "WITH person AS (SELECT * FROM json_to_recordset($1::json) AS p (id uuid, email text, name text, roles text[])), "
    "added AS (INSERT INTO core.user_account (id, email, name) SELECT gen_random_uuid(), p.email, p.name FROM person p "
    "WHERE NOT (" MACHINE " OR " ERASED ") ON CONFLICT (email) DO NOTHING RETURNING id, email), "
    "own AS MATERIALIZED (SELECT p.id AS old, gen_random_uuid() AS id, p.name, " MACHINE " AS machine FROM person p "
    "WHERE " MACHINE " OR " ERASED "), "
    "made AS (INSERT INTO core.user_account (id, email, name, kind, status) SELECT c.id, c.id || CASE WHEN c.machine THEN "
    "'@client.invalid' ELSE '@erased.invalid' END, c.name, CASE WHEN c.machine THEN 'service' ELSE 'person' END, "
    "CASE WHEN c.machine THEN 'active' ELSE 'erased' END FROM own c) "
    "SELECT p.id, coalesce(a.id, u.id) FROM person p LEFT JOIN added a ON a.email = p.email "
    "LEFT JOIN core.user_account u ON u.email = p.email WHERE NOT (" MACHINE " OR " ERASED ") "
    "UNION ALL SELECT c.old, c.id FROM own c";

static const char members_sql[] =
    "INSERT INTO core.membership (tenant_id, user_id, roles, status, created_at, user_status, erased) "
    "SELECT $1::uuid, u.id, p.roles, CASE WHEN p.engaged OR " MACHINE " OR " ERASED " THEN 'ended' ELSE p.status END, "
    "p.created_at, u.status, " ERASED " FROM json_to_recordset($2::json) AS p (id uuid, email text, roles text[], status text, "
    "created_at timestamptz, engaged boolean) JOIN core.user_account u ON u.id = p.id";

/* What the first person to come in needs: the organisation, people, memberships, own roles. */
static bool make_directory(struct importing *m, const char *slug)
{
    struct bl_rows *rows;
    const struct tar_part *members = part_of(m, "members.jsonl"), *roles = part_of(m, "core.role.jsonl");
    const char *old = json_string_value(json_object_get(m->organisation, "id"));
    const char *args[] = {m->out->tenant, slug, json_string_value(json_object_get(m->organisation, "name")),
                          json_string_value(json_object_get(m->organisation, "kind"))};
    if (!members || !old || !uuid_valid(old) || !args[2] || !args[3])
        return fail(m, "organisation.json or members.jsonl is not as it should be");
    if (!ask(m, m->owner, "INSERT INTO core.organisation (id, slug, name, kind) VALUES ($1::uuid, $2, $3, $4)", args, 4, &rows))
        return false;
    redraw_add(&m->ids, old, m->out->tenant);
    const char *people[] = {as_array(m, members)}; /* no ids are known yet: as they were */
    if (!ask(m, m->owner, people_sql, people, 1, &rows))
        return false;
    for (int i = 0; i < db_count(rows); i++)
        redraw_add(&m->ids, db_cell(rows, i, 0), db_cell(rows, i, 1));
    redraw_all(&m->ids);
    const char *who[] = {m->out->tenant, as_array(m, members)}, *own[] = {roles ? as_array(m, roles) : "[]"};
    return ask(m, m->owner, members_sql, who, 2, &rows) &&
           ask(m, m->owner,
               "INSERT INTO core.role (tenant_id, id, name, label, permissions, created_at, updated_at, version) "
               "SELECT tenant_id, id, name, label, permissions, created_at, updated_at, version "
               "FROM json_populate_recordset(NULL::core.role, $1::json)",
               own, 1, &rows);
}

/* The rows failed after the directory was committed: it goes again. Accounts that were made for it stay; they open nothing. */
static void undo(struct importing *m)
{
    struct bl_rows *rows;
    const char *tenant = m->out->tenant;
    char why[TRANSFER_PROBLEM];
    snprintf(why, sizeof why, "%s", m->out->problem);
    db_rollback(m->worker);
    static const char *const gone[] = {"DELETE FROM core.role WHERE tenant_id = $1::uuid",
                                       "DELETE FROM core.membership WHERE tenant_id = $1::uuid",
                                       "DELETE FROM core.organisation WHERE id = $1::uuid"};
    for (size_t i = 0; i < 3; i++)
        if (!ask(m, m->owner, gone[i], &tenant, 1, &rows))
            return;
    snprintf(m->out->problem, TRANSFER_PROBLEM, "%s", why);
}

static bool connect(struct importing *m)
{
    if (db_ready(m->owner) != BL_OK || db_ready(m->worker) != BL_OK)
        return fail(m, "the database cannot be reached: check the settings `migrator` and `worker`");
    return db_script(m->owner, "SET ROLE ballium_owner") || fail(m, "%s", db_error(m->owner)->message);
}

static bool restore(struct importing *m, const char *slug)
{
    struct bl_rows *rows;
    const char *tenant = m->out->tenant;
    uuid_v7(m->out->tenant);
    snprintf(m->out->slug, sizeof m->out->slug, "%s", slug);
    if (!collect(m) || !db_script(m->owner, "BEGIN") || !make_directory(m, slug))
        return false;
    if (!db_script(m->owner, "COMMIT"))
        return fail(m, "%s", db_error(m->owner)->message);
    bool good = keep_files(m) && db_script(m->worker, "BEGIN; SET LOCAL ROLE ballium_app") &&
                ask(m, m->worker, "SELECT set_config('ballium.tenant', $1, true)", &tenant, 1, &rows) && restore_rows(m);
    if (good && !db_script(m->worker, "COMMIT"))
        good = fail(m, "%s", db_error(m->worker)->message);
    if (!good)
        undo(m);
    return good;
}

bool transfer_import(const struct config *config, const char *path, const char *slug, const char *manifest, struct transfer *out)
{
    *out = (struct transfer){0};
    struct importing m = {.out = out,
                          .arena = arena_new(ARENA_LIMIT),
                          .owner = db_new(config->migrator, false),
                          .worker = db_new(config->worker, false),
                          .files = files_new(config, stderr)};
    bool good = m.arena && m.owner && m.worker && m.files && sodium_init() >= 0;
    m.ids.arena = m.arena;
    if (!good)
        fail(&m, "no memory, or the store of files is not set up");
    good = good && open_archive(&m, path) && connect(&m) && check_archive(&m, manifest);
    if (good && !slug)
        slug = json_string_value(json_object_get(m.organisation, "slug"));
    good = good && restore(&m, slug ? slug : "");
    json_decref(m.manifest);
    json_decref(m.organisation);
    free(m.parts);
    if (m.bytes)
        munmap(m.bytes, m.length);
    if (m.arena)
        arena_free(m.arena);
    db_free(m.owner);
    db_free(m.worker);
    if (m.files)
        files_free(m.files);
    return good;
}
