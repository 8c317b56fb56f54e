#include "jobs/transfer.h"

#include "base/json.h"
#include "db/db.h"
#include "files/files.h"
#include "http/exports.h"
#include "http/worker.h"
#include "jobs/tar.h"
#include "tenant/tenant.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_LIMIT = 256 * 1024 * 1024, PAGE = 500, PARTS_MAX = 1024, WEEK = 7 * 24 * 3600 };

/* What belongs to this installation and not to the organisation: queues, keys of retries, links that are open, sums. Members are
 * a part of their own. */
#define LEFT_OUT                                                                                                                 \
    "('core.membership', 'core.idempotency', 'core.job', 'core.message', 'core.receipt', 'core.invitation', 'core.file_quota', " \
    "'core.webhook', 'core.webhook_key', 'core.webhook_delivery')"

struct exporting {
    const struct config *config;
    struct transfer *out;
    struct db *db;
    struct arena *arena;
    struct tar tar;
    struct tar_part *parts;
    size_t count;
    struct files *files;
};

static bool fail(struct exporting *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct exporting *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(e->out->problem, TRANSFER_PROBLEM, format, args);
    va_end(args);
    return false;
}

static bool ask(struct exporting *e, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    db_queue(e->db, sql, args, nargs);
    return db_flush(e->db, e->arena, rows) == BL_OK || fail(e, "%s", db_error(e->db)->message);
}

static bool end_part(struct exporting *e, long long rows)
{
    if (e->count == PARTS_MAX)
        return fail(e, "there are more than %d parts", PARTS_MAX);
    tar_end(&e->tar, &e->parts[e->count]);
    e->parts[e->count++].rows = rows;
    e->out->rows += rows;
    e->out->parts++;
    return !e->tar.bad || fail(e, "cannot write: %s", strerror(errno));
}

/* A row a line; `select` gives one column of JSON text. */
static bool write_rows(struct exporting *e, const char *part, const char *select)
{
    const char *args[] = {e->out->tenant};
    struct bl_rows *rows;
    long long total = 0;
    if (!ask(e, arena_format(e->arena, "DECLARE part NO SCROLL CURSOR FOR %s", select), args, 1, &rows))
        return false;
    tar_begin(&e->tar, part);
    for (int got = PAGE; got == PAGE; total += got) {
        struct arena_mark mark = arena_mark(e->arena);
        if (!ask(e, "FETCH 500 FROM part", NULL, 0, &rows))
            return false;
        got = db_count(rows);
        for (int i = 0; i < got; i++) {
            const char *line = db_cell(rows, i, 0);
            tar_add(&e->tar, line, strlen(line));
            tar_add(&e->tar, "\n", 1);
        }
        arena_release(e->arena, mark);
    }
    return end_part(e, total) && ask(e, "CLOSE part", NULL, 0, &rows);
}

static const char tables_sql[] =
    "SELECT n.nspname || '.' || c.relname, (SELECT string_agg('t.' || quote_ident(a.attname), ', ' ORDER BY k.ord) FROM pg_index "
    "i "
    "CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (att, ord) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum "
    "= k.att "
    "WHERE i.indrelid = c.oid AND i.indisprimary) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped "
    "WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND has_table_privilege('ballium_app', c.oid, 'SELECT') "
    "AND n.nspname || '.' || c.relname NOT IN " LEFT_OUT " ORDER BY 1";

static bool write_tables(struct exporting *e)
{
    struct bl_rows *tables;
    if (!ask(e, tables_sql, NULL, 0, &tables))
        return false;
    for (int i = 0; i < db_count(tables); i++) {
        const char *table = db_cell(tables, i, 0);
        if (!write_rows(e, arena_format(e->arena, "%s.jsonl", table),
                        arena_format(e->arena, "SELECT to_jsonb(t)::text FROM %s t WHERE t.tenant_id = $1::uuid ORDER BY %s",
                                     table, db_cell(tables, i, 1))))
            return false;
    }
    return true;
}

static bool write_organisation(struct exporting *e)
{
    struct bl_rows *rows;
    const char *args[] = {e->out->tenant};
    if (!ask(e,
             "SELECT jsonb_build_object('id', tenant_id, 'slug', slug, 'name', name, 'kind', kind)::text, slug "
             "FROM core.this_organisation WHERE tenant_id = $1::uuid",
             args, 1, &rows))
        return false;
    if (db_count(rows) != 1)
        return fail(e, "there is no such organisation");
    const char *text = db_cell(rows, 0, 0);
    snprintf(e->out->slug, sizeof e->out->slug, "%s", db_cell(rows, 0, 1));
    tar_begin(&e->tar, "organisation.json");
    tar_add(&e->tar, text, strlen(text));
    return end_part(e, 1) &&
           write_rows(
               e, "members.jsonl",
               "SELECT jsonb_build_object('id', m.id, 'name', m.name, 'email', m.email, 'roles', m.roles, 'status', m.status, "
               "'created_at', m.created_at, 'engaged', m.engagement_id IS NOT NULL)::text FROM core.member m "
               "WHERE m.tenant_id = $1::uuid ORDER BY m.id");
}

static bool pass_on(void *arg, const char *bytes, size_t length)
{
    tar_add(&((struct exporting *)arg)->tar, bytes, length);
    return !((struct exporting *)arg)->tar.bad;
}

static bool write_files(struct exporting *e)
{
    struct bl_rows *rows;
    struct files_problem problem = {0};
    if (!ask(e, "SELECT DISTINCT f.sha256 FROM core.file f WHERE f.tenant_id = $1::uuid ORDER BY 1",
             (const char *const[]){e->out->tenant}, 1, &rows))
        return false;
    for (int i = 0; i < db_count(rows); i++) {
        tar_begin(&e->tar, arena_format(e->arena, "files/%s", db_cell(rows, i, 0)));
        if (!files_send(e->files, e->out->tenant, db_cell(rows, i, 0), pass_on, e, &problem))
            return fail(e, "file %s: %s", db_cell(rows, i, 0), problem.detail);
        if (!end_part(e, 0))
            return false;
        e->out->files++;
    }
    return true;
}

static bool write_manifest(struct exporting *e)
{
    struct bl_rows *rows;
    struct buf text = buf_new(e->arena, 65536);
    if (!ask(e,
             "SELECT coalesce(json_object_agg(area, number ORDER BY area), '{}')::text, to_char(now() AT TIME ZONE 'UTC', "
             "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM (SELECT area, max(number) AS number FROM core.migration GROUP BY area) m",
             NULL, 0, &rows))
        return false;
    buf_format(
        &text,
        "{\"format\":\"ballium-export\",\"version\":1,\"ballium\":\"%s\",\"tenant\":\"%s\",\"slug\":\"%s\",\"at\":\"%s\",\n",
        BALLIUM_VERSION, e->out->tenant, e->out->slug, db_cell(rows, 0, 1));
    buf_format(&text, "\"migrations\":%s,\n\"parts\":[\n", db_cell(rows, 0, 0));
    for (size_t i = 0; i < e->count; i++)
        buf_format(&text, "{\"name\":\"%s\",\"rows\":%lld,\"size\":%lld,\"sha256\":\"%s\"}%s\n", e->parts[i].name,
                   e->parts[i].rows, e->parts[i].size, e->parts[i].sha256, i + 1 < e->count ? "," : "");
    buf_text(&text, "]}\n");
    tar_begin(&e->tar, "manifest.json");
    tar_add(&e->tar, text.data, text.length);
    if (!end_part(e, 0))
        return false;
    snprintf(e->out->manifest, sizeof e->out->manifest, "%s", e->parts[e->count - 1].sha256);
    return true;
}

/* The worker's role goes on as the serving one: the same wall stands around it. */
static bool enter(struct exporting *e, const char *actor)
{
    struct bl_rows *rows;
    static const char permission[] = "core.organisation:export";
    const char *args[] = {actor, e->out->tenant, permission, tenant_role_holders(permission)};
    if (db_ready(e->db) != BL_OK)
        return fail(e, "the database cannot be reached: %s", db_error(e->db)->message);
    if (!db_script(e->db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE ballium_app"))
        return fail(e, "%s", db_error(e->db)->message);
    return actor ? ask(e, "SELECT core.enter($1::uuid, $2::uuid, $3, $4::text[])", args, 4, &rows)
                 : ask(e, "SELECT set_config('ballium.tenant', $1, true)", args + 1, 1, &rows);
}

bool transfer_export(const struct config *config, const char *tenant, const char *actor, const char *path, struct transfer *out)
{
    *out = (struct transfer){0};
    snprintf(out->tenant, sizeof out->tenant, "%s", tenant);
    struct exporting e = {.config = config,
                          .out = out,
                          .db = db_new(config->worker, false),
                          .arena = arena_new(ARENA_LIMIT),
                          .parts = calloc(PARTS_MAX, sizeof *e.parts),
                          .files = files_new(config, stderr)};
    bool good = e.db && e.arena && e.parts && e.files, made = false;
    if (!good)
        fail(&e, "no memory, or the store of files is not set up");
    if (good && !tar_create(&e.tar, path))
        good = fail(&e, "cannot make %s: %s", path, strerror(errno));
    made = good;
    good = good && enter(&e, actor) && write_organisation(&e) && write_tables(&e) && write_files(&e) && write_manifest(&e);
    if (made && !tar_finish(&e.tar) && good)
        good = fail(&e, "cannot write %s: %s", path, strerror(errno));
    if (made && !good)
        unlink(path);
    if (e.arena)
        arena_free(e.arena);
    if (e.db)
        db_free(e.db);
    if (e.files)
        files_free(e.files);
    free(e.parts);
    return good;
}

/* What was not taken away in a week goes. */
static void sweep(const char *folder)
{
    char path[1400];
    struct stat about;
    DIR *dir = opendir(folder);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_mtime < time(NULL) - WEEK)
            unlink(path);
    }
    if (dir)
        closedir(dir);
}

static bool make_folder(const struct config *config, const char *tenant)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/exports", config->data_dir);
    bool good = mkdir(path, 0700) == 0 || errno == EEXIST;
    http_export_path(config, tenant, NULL, path, sizeof path);
    good = good && (mkdir(path, 0700) == 0 || errno == EEXIST);
    if (good)
        sweep(path);
    return good;
}

enum bl_status transfer_job(struct bl_request *r, const json_t *input, json_t **outcome)
{
    const struct config *config = http_request_of(r)->worker->http->config;
    const char *id = json_string_value(json_object_get(input, "export"));
    struct transfer t;
    struct stat about = {0};
    char path[1024];
    if (!id || !uuid_valid(id))
        return bl_fail(r, BL_INTERNAL, "bad_order", NULL, "the order names no export");
    if (!make_folder(config, r->tenant))
        return bl_fail(r, BL_INTERNAL, "no_folder", NULL, "the folder of exports cannot be made in %s: %s", config->data_dir,
                       strerror(errno));
    http_export_path(config, r->tenant, id, path, sizeof path);
    unlink(path); /* of an attempt that was broken off */
    if (!transfer_export(config, r->tenant, r->actor, path, &t))
        return bl_fail(r, BL_CONFLICT, "export_failed", NULL, "%s", t.problem);
    (void)stat(path, &about);
    char url[200];
    snprintf(url, sizeof url, "/api/v1/orgs/%s/exports/%s", r->org, id);
    *outcome =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "export", id, "url", url, "size", (json_int_t)about.st_size, "rows",
                  (json_int_t)t.rows, "parts", (json_int_t)t.parts, "files", (json_int_t)t.files, "manifest_sha256", t.manifest);
    return BL_OK;
}
