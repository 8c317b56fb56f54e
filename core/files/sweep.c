/* Care for the store: what nobody needs goes, what somebody needs is there. Both go over all organisations, as ballium_worker. */
#include "files/driver.h"

#include "db/db.h"

#include <sodium.h>
#include <string.h>

enum { BATCH = 500 };

/* Objects of the store, collected until they are worth a statement. */
struct orphans {
    const struct files *files;
    struct db *db;
    struct arena *arena;
    struct buf_pair {
        char tenants[BATCH * 37 + 3], hashes[BATCH * 65 + 3];
    } * names; /* array literals */
    int count;
    int64_t least_age;
    enum bl_status status;
    enum bl_status (*found)(struct orphans *, const char *tenant, const char *sha256);
    FILE *out;
    long long total;
};

/* Those that no row names. */
static const char orphan_sql[] =
    "SELECT k.tenant, k.sha256 FROM unnest($1::uuid[], $2::text[]) AS k (tenant, sha256) WHERE NOT EXISTS "
    "(SELECT FROM core.file f WHERE f.tenant_id = k.tenant AND f.sha256 = k.sha256)";

static enum bl_status ask(struct db *db, struct arena *arena, const char *sql, const char *const *args, int nargs,
                          struct bl_rows **rows)
{
    enum bl_status status = db_ready(db);
    if (status != BL_OK)
        return status;
    db_queue(db, sql, args, nargs);
    return db_flush(db, arena, rows);
}

static void look(struct orphans *o)
{
    struct bl_rows *rows;
    struct arena_mark mark = arena_mark(o->arena);
    if (o->count == 0 || o->status != BL_OK)
        return;
    strcat(o->names->tenants, "}");
    strcat(o->names->hashes, "}");
    o->status = ask(o->db, o->arena, orphan_sql, (const char *const[]){o->names->tenants, o->names->hashes}, 2, &rows);
    for (int i = 0; o->status == BL_OK && i < db_count(rows); i++)
        o->status = o->found(o, db_cell(rows, i, 0), db_cell(rows, i, 1));
    o->count = 0;
    arena_release(o->arena, mark);
}

static bool collect(void *arg, const char *tenant, const char *sha256, int64_t age)
{
    struct orphans *o = arg;
    if (age < o->least_age)
        return true;
    size_t at = (size_t)o->count * 37, there = (size_t)o->count * 65;
    snprintf(o->names->tenants + at, 38 + 1, "%c%s", o->count == 0 ? '{' : ',', tenant);
    snprintf(o->names->hashes + there, 66 + 1, "%c%s", o->count == 0 ? '{' : ',', sha256);
    if (++o->count == BATCH)
        look(o);
    return o->status == BL_OK;
}

static enum bl_status walk(struct orphans *o)
{
    struct files_problem problem;
    o->names = arena_alloc(o->arena, sizeof *o->names);
    if (!o->files->driver->walk(o->files, collect, o, &problem))
        return BL_UNAVAILABLE;
    look(o);
    return o->status;
}

/* With the organisation's quota held nobody keeps a file; the row is looked for again, since it may have come meanwhile. */
static enum bl_status take_orphan(struct orphans *o, const char *tenant, const char *sha256)
{
    static const char hold[] = "SELECT FROM core.file_quota WHERE tenant_id = $1::uuid FOR UPDATE";
    static const char still[] = "SELECT NOT EXISTS (SELECT FROM core.file WHERE tenant_id = $1::uuid AND sha256 = $2)";
    const char *args[] = {tenant, sha256};
    struct bl_rows *rows[3] = {NULL};
    struct files_problem problem;
    enum bl_status status = db_ready(o->db);
    if (status != BL_OK)
        return status;
    db_queue(o->db, "BEGIN", NULL, 0);
    db_queue(o->db, hold, args, 1);
    db_queue(o->db, still, args, 2);
    status = db_flush(o->db, o->arena, rows);
    if (status == BL_OK && db_integer(rows[2], 0, 0)) {
        if (o->files->driver->drop(o->files, tenant, sha256, &problem))
            o->total++;
        else
            status = BL_UNAVAILABLE;
    }
    db_rollback(o->db);
    return status;
}

enum bl_status files_sweep(const struct files *files, struct db *db, struct arena *arena, long long *taken)
{
    struct orphans o = {.files = files, .db = db, .arena = arena, .least_age = FILES_ORPHAN_AGE, .found = take_orphan};
    enum bl_status status = walk(&o);
    *taken = o.total;
    files_sweep_temp(files, taken);
    return status;
}

/* ---- verify ------------------------------------------------------------------------------------------------------------ */

static enum bl_status name_orphan(struct orphans *o, const char *tenant, const char *sha256)
{
    o->total++;
    fprintf(o->out, "orphan: %s/%.2s/%s has no row: the sweep of `ballium work` takes it when it is a day old\n", tenant, sha256,
            sha256);
    return BL_OK;
}

struct digest {
    crypto_hash_sha256_state state;
    long long size;
};

static bool digest(void *arg, const char *bytes, size_t length)
{
    struct digest *d = arg;
    crypto_hash_sha256_update(&d->state, (const unsigned char *)bytes, length);
    d->size += (long long)length;
    return true;
}

/* One kept object against what its rows say. */
static bool whole(const struct files *files, const struct bl_rows *rows, int row, FILE *out)
{
    const char *tenant = db_cell(rows, row, 0), *sha256 = db_cell(rows, row, 1), *ref = db_cell(rows, row, 2);
    struct digest d = {.size = 0};
    struct files_problem problem;
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[FILES_SHA256];
    crypto_hash_sha256_init(&d.state);
    if (!files_send(files, tenant, sha256, digest, &d, &problem)) {
        fprintf(out, "broken: %s of %s: %s: restore %s/%.2s/%s from a backup\n", ref, tenant, problem.detail, tenant, sha256,
                sha256);
        return false;
    }
    crypto_hash_sha256_final(&d.state, hash);
    sodium_bin2hex(text, sizeof text, hash, sizeof hash);
    if (strcmp(text, sha256) == 0 && d.size == db_integer(rows, row, 3))
        return true;
    fprintf(out, "broken: %s of %s: %s/%.2s/%s holds other bytes than were sent: restore it from a backup\n", ref, tenant, tenant,
            sha256, sha256);
    return false;
}

static enum bl_status verify_rows(const struct files *files, struct db *db, struct arena *arena, FILE *out, long long *seen,
                                  long *broken)
{
    /* One of several rows with the same bytes speaks for all. */
    static const char page[] = "SELECT DISTINCT ON (f.tenant_id, f.sha256) f.tenant_id, f.sha256, f.ref, f.size FROM core.file f "
                               "WHERE (f.tenant_id, f.sha256) > ($1::uuid, $2) ORDER BY f.tenant_id, f.sha256 LIMIT 200";
    char tenant[40] = "00000000-0000-0000-0000-000000000000", sha256[FILES_SHA256] = "";
    for (int count = 1; count > 0;) {
        struct arena_mark mark = arena_mark(arena);
        struct bl_rows *rows;
        enum bl_status status = ask(db, arena, page, (const char *const[]){tenant, sha256}, 2, &rows);
        if (status != BL_OK)
            return status;
        count = db_count(rows);
        for (int i = 0; i < count; i++)
            *broken += !whole(files, rows, i, out);
        *seen += count;
        if (count > 0) {
            snprintf(tenant, sizeof tenant, "%s", db_cell(rows, count - 1, 0));
            snprintf(sha256, sizeof sha256, "%s", db_cell(rows, count - 1, 1));
        }
        arena_release(arena, mark);
    }
    return BL_OK;
}

static enum bl_status verify_quotas(struct db *db, struct arena *arena, FILE *out, long *broken)
{
    static const char wrong[] =
        "SELECT coalesce(q.tenant_id, f.tenant_id), coalesce(q.used, 0), coalesce(f.used, 0) FROM core.file_quota q FULL JOIN "
        "(SELECT tenant_id, sum(size)::bigint AS used FROM core.file GROUP BY tenant_id) f ON f.tenant_id = q.tenant_id "
        "WHERE coalesce(q.used, 0) <> coalesce(f.used, 0) LIMIT 100";
    struct bl_rows *rows;
    enum bl_status status = ask(db, arena, wrong, NULL, 0, &rows);
    for (int i = 0; status == BL_OK && i < db_count(rows); i++, (*broken)++)
        fprintf(out, "broken: the quota of %s counts %lld bytes, its files have %lld\n", db_cell(rows, i, 0),
                (long long)db_integer(rows, i, 1), (long long)db_integer(rows, i, 2));
    return status;
}

long files_verify(const struct files *store, struct db *db, FILE *out, long long *files, long long *orphans)
{
    struct arena *arena = arena_new(16 << 20);
    long broken = 0;
    *files = *orphans = 0;
    if (arena == NULL)
        return -1;
    struct orphans o = {.files = store, .db = db, .arena = arena, .found = name_orphan, .out = out};
    enum bl_status status = verify_rows(store, db, arena, out, files, &broken);
    if (status == BL_OK)
        status = verify_quotas(db, arena, out, &broken);
    if (status == BL_OK)
        status = walk(&o);
    *orphans = o.total;
    arena_free(arena);
    return status == BL_OK ? broken : -1;
}
