#include "audit/seal.h"

#include "base/buf.h"

#include <sodium.h>
#include <string.h>

enum { TENANTS = 20, EVENTS = 1000 };

/* Arrays for unnest, as PostgreSQL reads them. */
struct nodes {
    struct buf levels, positions, hashes;
    struct arena *arena;
};

static const char *hex_of(struct arena *arena, const uint8_t *bytes, size_t length)
{
    char *text = arena_alloc(arena, 2 * length + 3);
    text[0] = '\\';
    text[1] = 'x';
    sodium_bin2hex(text + 2, 2 * length + 1, bytes, length);
    return text;
}

static void add_node(void *arg, int level, uint64_t position, const merkle_hash hash)
{
    struct nodes *n = arg;
    const char *comma = n->levels.length > 1 ? "," : "";
    buf_format(&n->levels, "%s%d", comma, level);
    buf_format(&n->positions, "%s%llu", comma, (unsigned long long)position);
    buf_format(&n->hashes, "%s\"\\%s\"", comma, hex_of(n->arena, hash, MERKLE_HASH));
}

static enum bl_status one(struct db *db, struct arena *arena, const char *sql, const char *const *args, int nargs,
                          struct bl_rows **rows)
{
    db_queue(db, sql, args, nargs);
    return db_flush(db, arena, rows);
}

/* Locks the tree and reads its size and right edge. */
static enum bl_status open_tree(struct db *db, struct arena *arena, const char *tenant, struct merkle_edge *edge)
{
    struct bl_rows *rows[3], *nodes;
    db_queue(db, "BEGIN", NULL, 0);
    db_queue(db, "INSERT INTO core.tree (tenant_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING", &tenant, 1);
    db_queue(db, "SELECT size FROM core.tree WHERE tenant_id = $1::uuid FOR UPDATE", &tenant, 1);
    enum bl_status status = db_flush(db, arena, rows);
    if (status != BL_OK)
        return status;
    *edge = (struct merkle_edge){.size = (uint64_t)db_integer(rows[2], 0, 0)};
    const char *args[] = {tenant, arena_format(arena, "%llu", (unsigned long long)edge->size)};
    status =
        one(db, arena,
            "SELECT n.level::integer, encode(n.hash, 'hex') FROM core.tree_node n JOIN generate_series(0, 61) l ON n.level = l "
            "AND ($2::bigint >> l) & 1 = 1 AND n.position = ($2::bigint >> l) - 1 WHERE n.tenant_id = $1::uuid",
            args, 2, &nodes);
    for (int i = 0; status == BL_OK && i < db_count(nodes); i++) {
        const char *hash = db_cell(nodes, i, 1);
        sodium_hex2bin(edge->at[db_integer(nodes, i, 0)], MERKLE_HASH, hash, strlen(hash), NULL, NULL, NULL);
    }
    return status;
}

static enum bl_status write_tree(struct db *db, struct arena *arena, const char *tenant, const char *ids, uint64_t before,
                                 const struct nodes *nodes, const struct checkpoint *c)
{
    struct bl_rows *rows[5];
    const char *start = arena_format(arena, "%llu", (unsigned long long)before);
    const char *size = arena_format(arena, "%llu", (unsigned long long)c->size);
    char at[TIME_TEXT];
    time_format(c->at, at);
    db_queue(db,
             "UPDATE core.event e SET seq = $3::bigint + u.n - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS u (id, n) "
             "WHERE e.tenant_id = $1::uuid AND e.id = u.id",
             (const char *const[]){tenant, ids, start}, 3);
    db_queue(db,
             "INSERT INTO core.tree_node (tenant_id, level, position, hash) SELECT $1::uuid, n.level, n.position, n.hash "
             "FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS n (level, position, hash)",
             (const char *const[]){tenant, nodes->levels.data, nodes->positions.data, nodes->hashes.data}, 4);
    db_queue(db, "UPDATE core.tree SET size = $2::bigint WHERE tenant_id = $1::uuid", (const char *const[]){tenant, size}, 2);
    db_queue(db,
             "INSERT INTO core.checkpoint (tenant_id, size, previous, root, at, key, signature) VALUES ($1::uuid, $2::bigint, "
             "$3::bigint, $4::bytea, $5::timestamptz, $6::bytea, $7::bytea)",
             (const char *const[]){tenant, size, start, hex_of(arena, c->root, MERKLE_HASH), at,
                                   hex_of(arena, c->key, sizeof c->key), hex_of(arena, c->signature, sizeof c->signature)},
             7);
    db_queue(db, "COMMIT", NULL, 0);
    return db_flush(db, arena, rows);
}

static enum bl_status seal_tenant(struct db *db, struct arena *arena, const char *tenant, const struct checkpoint_key *key,
                                  long *sealed)
{
    struct merkle_edge edge;
    struct bl_rows *events;
    enum bl_status status = open_tree(db, arena, tenant, &edge);
    if (status == BL_OK)
        status = one(db, arena,
                     "SELECT e.id, encode(e.leaf, 'hex') FROM core.event e WHERE e.tenant_id = $1::uuid AND e.seq IS NULL "
                     "ORDER BY e.at, e.id LIMIT $2::integer",
                     (const char *const[]){tenant, arena_format(arena, "%d", EVENTS)}, 2, &events);
    if (status != BL_OK || db_count(events) == 0) {
        db_rollback(db);
        return status;
    }
    uint64_t before = edge.size;
    struct buf ids = buf_new(arena, 4096);
    struct nodes nodes = {buf_new(arena, 4096), buf_new(arena, 4096), buf_new(arena, 16384), arena};
    struct buf *const arrays[] = {&ids, &nodes.levels, &nodes.positions, &nodes.hashes};
    for (size_t i = 0; i < 4; i++)
        buf_char(arrays[i], '{');
    for (int i = 0; i < db_count(events); i++) {
        merkle_hash leaf;
        const char *text = db_cell(events, i, 1);
        sodium_hex2bin(leaf, MERKLE_HASH, text, strlen(text), NULL, NULL, NULL);
        buf_format(&ids, "%s%s", i ? "," : "", db_cell(events, i, 0));
        merkle_append(&edge, leaf, add_node, &nodes);
    }
    for (size_t i = 0; i < 4; i++)
        buf_char(arrays[i], '}');
    struct checkpoint c = {.size = edge.size, .previous = before, .at = clock_now()};
    snprintf(c.tenant, sizeof c.tenant, "%s", tenant);
    merkle_edge_root(&edge, c.root);
    checkpoint_sign(&c, key);
    status = write_tree(db, arena, tenant, ids.data, before, &nodes, &c);
    if (status == BL_OK)
        *sealed += db_count(events);
    else
        db_rollback(db);
    return status;
}

/* Says how far behind the seals are, for the metric. */
static enum bl_status look(struct db *db, struct arena *arena, struct bl_rows **tenants)
{
    const char *most = arena_format(arena, "%d", TENANTS);
    struct bl_rows *rows[2];
    db_queue(db,
             "INSERT INTO core.sealing (looked_at, oldest) SELECT now(), min(e.at) FROM core.event e WHERE e.seq IS NULL "
             "ON CONFLICT (only_row) DO UPDATE SET looked_at = excluded.looked_at, oldest = excluded.oldest",
             NULL, 0);
    db_queue(db, "SELECT e.tenant_id FROM core.event e WHERE e.seq IS NULL GROUP BY e.tenant_id LIMIT $1::integer", &most, 1);
    enum bl_status status = db_flush(db, arena, rows);
    *tenants = rows[1];
    return status;
}

enum bl_status audit_seal(struct db *db, struct arena *arena, const struct checkpoint_key *key, long *sealed)
{
    struct bl_rows *tenants;
    *sealed = 0;
    enum bl_status status = db_ready(db);
    if (status == BL_OK)
        status = look(db, arena, &tenants);
    for (int i = 0; status == BL_OK && i < db_count(tenants); i++)
        status = seal_tenant(db, arena, db_cell(tenants, i, 0), key, sealed);
    return status;
}
