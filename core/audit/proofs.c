/* Checkpoints and proofs: what somebody who keeps a checkpoint needs to see that nothing was changed under it. */
#include "audit/internal.h"
#include "audit/merkle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKPOINTS = 100, NEEDED = 4 * MERKLE_LEVELS * MERKLE_LEVELS };

#define CHECKPOINT_COLUMNS                                                                                                       \
    "c.size, c.previous, encode(c.root, 'hex'), c.at, encode(c.key, 'hex'), encode(c.signature, 'hex'), "                        \
    "(extract(epoch FROM c.at) * 1000000)::bigint"
enum checkpoint_column { SIZE, PREVIOUS, ROOT, AT, KEY, SIGNATURE, MICROS, CHECKPOINT_END };

static void put_checkpoint(struct bl_request *r, const char *name, const struct bl_rows *rows, int i, int first)
{
    bl_json_object(r, name);
    bl_json_text(r, "organisation", r->tenant);
    bl_json_cell(r, "size", rows, i, first + SIZE);
    bl_json_cell(r, "previous", rows, i, first + PREVIOUS);
    bl_json_cell(r, "root", rows, i, first + ROOT);
    bl_json_cell(r, "at", rows, i, first + AT);
    bl_json_cell(r, "at_microseconds", rows, i, first + MICROS);
    bl_json_cell(r, "key", rows, i, first + KEY);
    bl_json_cell(r, "signature", rows, i, first + SIGNATURE);
    bl_json_close(r);
}

enum bl_status audit_checkpoints(struct bl_request *r)
{
    const char *before = bl_query(r, "before");
    char *end = NULL;
    if (before && (strtoll(before, &end, 10) < 1 || *end))
        return bl_fail(r, BL_BAD_REQUEST, "bad_size", NULL, "query parameter before: must be the size of a checkpoint");
    struct bl_rows *rows;
    char most[16];
    snprintf(most, sizeof most, "%d", CHECKPOINTS);
    enum bl_status status =
        bl_sql(r,
               "SELECT " CHECKPOINT_COLUMNS " FROM core.checkpoint c WHERE c.tenant_id = $1 AND ($2::bigint IS "
               "NULL OR c.size < $2) ORDER BY c.size DESC LIMIT $3::integer",
               (const char *const[]){before, most}, 2, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        put_checkpoint(r, NULL, rows, i, 0);
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* ---- nodes: a first walk says which are needed, one statement fetches them, the second walk computes ---------------------- */

struct needs {
    int count;
    struct {
        int level;
        uint64_t position;
        merkle_hash hash;
    } node[NEEDED];
    bool asking;
};

static void get(void *arg, int level, uint64_t position, merkle_hash out)
{
    struct needs *n = arg;
    memset(out, 0, MERKLE_HASH);
    if (n->asking && n->count < NEEDED) {
        n->node[n->count].level = level;
        n->node[n->count++].position = position;
        return;
    }
    for (int i = 0; !n->asking && i < n->count; i++)
        if (n->node[i].level == level && n->node[i].position == position) {
            memcpy(out, n->node[i].hash, MERKLE_HASH);
            return;
        }
}

static enum bl_status fetch(struct bl_request *r, struct needs *n)
{
    size_t room = (size_t)n->count * 24 + 3, a = 0, b = 0;
    char *levels = bl_alloc(r, room), *positions = bl_alloc(r, room);
    a += (size_t)snprintf(levels, room, "{");
    b += (size_t)snprintf(positions, room, "{");
    for (int i = 0; i < n->count; i++) {
        a += (size_t)snprintf(levels + a, room - a, "%s%d", i ? "," : "", n->node[i].level);
        b += (size_t)snprintf(positions + b, room - b, "%s%llu", i ? "," : "", (unsigned long long)n->node[i].position);
    }
    strcat(levels, "}");
    strcat(positions, "}");
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT w.n, encode(t.hash, 'hex') FROM unnest($2::smallint[], $3::bigint[]) WITH ORDINALITY AS "
               "w (level, position, n) JOIN core.tree_node t ON t.tenant_id = $1 AND t.level = w.level AND "
               "t.position = w.position WHERE t.tenant_id = $1",
               (const char *const[]){levels, positions}, 2, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        const char *hash = bl_cell(r, rows, i, 1);
        sodium_hex2bin(n->node[bl_integer(r, rows, i, 0) - 1].hash, MERKLE_HASH, hash, strlen(hash), NULL, NULL, NULL);
    }
    if (status == BL_OK && bl_count(r, rows) != n->count)
        return bl_fail(r, BL_INTERNAL, "tree_broken", NULL,
                       "nodes of the trail's tree are missing: `ballium audit export` and verify");
    n->asking = false;
    return status;
}

static void put_proof(struct bl_request *r, const merkle_hash *proof, size_t count)
{
    char hex[2 * MERKLE_HASH + 1];
    bl_json_array(r, "proof");
    for (size_t i = 0; i < count; i++) {
        sodium_bin2hex(hex, sizeof hex, proof[i], MERKLE_HASH);
        bl_json_text(r, NULL, hex);
    }
    bl_json_close(r);
}

static struct needs *new_needs(struct bl_request *r)
{
    struct needs *n = bl_alloc(r, sizeof *n);
    n->asking = true;
    return n;
}

/* GET …/events/{id}/proof: in the newest checkpoint. */
enum bl_status audit_proof(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT " CHECKPOINT_COLUMNS ", e.seq, encode(e.leaf, 'hex') FROM core.event e LEFT JOIN LATERAL "
               "(SELECT * FROM core.checkpoint c WHERE c.tenant_id = $1 ORDER BY c.size DESC LIMIT 1) c ON true "
               "WHERE e.tenant_id = $1 AND e.id = $2::uuid",
               &id, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "no_such_event", NULL, "there is no event with this id here");
    if (!bl_cell(r, rows, 0, CHECKPOINT_END))
        return bl_fail(r, BL_CONFLICT, "not_sealed", NULL, "the event is not sealed yet: `ballium work` does it within seconds");
    struct needs *n = new_needs(r);
    merkle_hash proof[MERKLE_PROOF];
    uint64_t seq = (uint64_t)bl_integer(r, rows, 0, CHECKPOINT_END), size = (uint64_t)bl_integer(r, rows, 0, SIZE);
    if (seq >= size)
        return bl_fail(r, BL_CONFLICT, "not_sealed", NULL, "no checkpoint covers the event: run `ballium audit verify`");
    merkle_inclusion(get, n, seq, size, proof);
    status = n->count > 0 ? fetch(r, n) : BL_OK;
    if (status != BL_OK)
        return status;
    n->asking = false;
    size_t count = merkle_inclusion(get, n, seq, size, proof);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_text(r, "event", id);
    bl_json_cell(r, "seq", rows, 0, CHECKPOINT_END);
    bl_json_cell(r, "leaf", rows, 0, CHECKPOINT_END + 1);
    put_proof(r, proof, count);
    put_checkpoint(r, "checkpoint", rows, 0, 0);
    bl_json_close(r);
    return BL_OK;
}

/* GET …/audit/consistency?from=SIZE&to=SIZE: sizes of checkpoints; without `to`: the newest. */
enum bl_status audit_consistency(struct bl_request *r)
{
    const char *args[] = {bl_query(r, "from"), bl_query(r, "to")};
    for (int i = 0; i < 2; i++)
        if (args[i] ? strspn(args[i], "0123456789") != strlen(args[i]) || strlen(args[i]) > 18 || !*args[i] : i == 0)
            return bl_fail(r, BL_BAD_REQUEST, "bad_size", NULL, "query parameter %s: must be the size of a checkpoint",
                           i ? "to" : "from");
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r,
               "SELECT " CHECKPOINT_COLUMNS " FROM core.checkpoint c WHERE c.tenant_id = $1 AND (c.size = $2::bigint OR c.size = "
               "coalesce($3::bigint, (SELECT max(x.size) FROM core.checkpoint x WHERE x.tenant_id = $1))) ORDER BY c.size",
               args, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    int got = bl_count(r, rows);
    if (got == 0 || bl_integer(r, rows, 0, SIZE) != strtoll(args[0], NULL, 10) ||
        (args[1] && bl_integer(r, rows, got - 1, SIZE) != strtoll(args[1], NULL, 10)))
        return bl_fail(r, BL_NOT_FOUND, "no_such_checkpoint", NULL,
                       "there are no checkpoints of these sizes, the smaller one first: …/audit/checkpoints lists them");
    struct needs *n = new_needs(r);
    merkle_hash proof[MERKLE_PROOF];
    uint64_t from = (uint64_t)bl_integer(r, rows, 0, SIZE), to = (uint64_t)bl_integer(r, rows, got - 1, SIZE);
    merkle_consistency(get, n, from, to, proof);
    status = n->count > 0 ? fetch(r, n) : BL_OK;
    if (status != BL_OK)
        return status;
    n->asking = false;
    size_t count = merkle_consistency(get, n, from, to, proof);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    put_proof(r, proof, count);
    put_checkpoint(r, "from", rows, 0, 0);
    put_checkpoint(r, "to", rows, got - 1, 0);
    bl_json_close(r);
    return BL_OK;
}
