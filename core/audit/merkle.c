#include "audit/merkle.h"

#include <sodium.h>
#include <string.h>

void merkle_leaf(const void *bytes, size_t length, merkle_hash out)
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, (const unsigned char *)"\0", 1);
    crypto_hash_sha256_update(&s, bytes, length);
    crypto_hash_sha256_final(&s, out);
}

void merkle_node(const merkle_hash left, const merkle_hash right, merkle_hash out)
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, (const unsigned char *)"\1", 1);
    crypto_hash_sha256_update(&s, left, MERKLE_HASH);
    crypto_hash_sha256_update(&s, right, MERKLE_HASH);
    crypto_hash_sha256_final(&s, out);
}

void merkle_append(struct merkle_edge *edge, const merkle_hash leaf, merkle_made made, void *arg)
{
    merkle_hash hash;
    int level = 0;
    memcpy(hash, leaf, sizeof hash);
    made(arg, 0, edge->size, hash);
    for (; edge->size >> level & 1; level++) {
        merkle_node(edge->at[level], hash, hash);
        made(arg, level + 1, edge->size >> (level + 1), hash);
    }
    memcpy(edge->at[level], hash, sizeof hash);
    edge->size++;
}

void merkle_edge_root(const struct merkle_edge *edge, merkle_hash out)
{
    bool begun = false;
    crypto_hash_sha256(out, (const unsigned char *)"", 0);
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if ((edge->size >> level & 1) == 0)
            continue;
        if (begun)
            merkle_node(edge->at[level], out, out);
        else
            memcpy(out, edge->at[level], MERKLE_HASH);
        begun = true;
    }
}

/* ---- proofs ------------------------------------------------------------------------------------------------------------- */

/* The greatest power of two below n > 1, as its exponent. */
static int split(uint64_t n)
{
    int k = 0;
    while (UINT64_C(1) << (k + 1) < n)
        k++;
    return k;
}

/* MTH of the leaves from `start` to `end`; start is a multiple of every power of two that the range is cut at. */
static void range(merkle_get get, void *arg, uint64_t start, uint64_t end, merkle_hash out)
{
    uint64_t n = end - start;
    if ((n & (n - 1)) == 0) {
        int level = 0;
        while (UINT64_C(1) << level < n)
            level++;
        get(arg, level, start >> level, out);
        return;
    }
    merkle_hash right;
    uint64_t k = UINT64_C(1) << split(n);
    range(get, arg, start, start + k, out);
    range(get, arg, start + k, end, right);
    merkle_node(out, right, out);
}

size_t merkle_inclusion(merkle_get get, void *arg, uint64_t index, uint64_t size, merkle_hash *proof)
{
    merkle_hash downwards[MERKLE_PROOF];
    size_t n = 0;
    uint64_t start = 0, end = size;
    while (end - start > 1) {
        uint64_t middle = start + (UINT64_C(1) << split(end - start));
        if (index < middle) {
            range(get, arg, middle, end, downwards[n++]);
            end = middle;
        } else {
            range(get, arg, start, middle, downwards[n++]);
            start = middle;
        }
    }
    for (size_t i = 0; i < n; i++)
        memcpy(proof[i], downwards[n - 1 - i], MERKLE_HASH);
    return n;
}

/* SUBPROOF of RFC 6962, section 2.1.2, without its recursion. */
size_t merkle_consistency(merkle_get get, void *arg, uint64_t from, uint64_t size, merkle_hash *proof)
{
    merkle_hash downwards[MERKLE_PROOF];
    size_t n = 0;
    uint64_t start = 0, end = size, m = from;
    bool whole = true; /* the old tree is the subtree from 0: its root is known to the asker */
    while (m < end) {
        uint64_t middle = start + (UINT64_C(1) << split(end - start));
        if (m <= middle) {
            range(get, arg, middle, end, downwards[n++]);
            end = middle;
        } else {
            range(get, arg, start, middle, downwards[n++]);
            start = middle;
            whole = false;
        }
    }
    if (!whole)
        range(get, arg, start, end, downwards[n++]);
    for (size_t i = 0; i < n; i++)
        memcpy(proof[i], downwards[n - 1 - i], MERKLE_HASH);
    return n;
}

static bool same(const merkle_hash a, const merkle_hash b)
{
    return memcmp(a, b, MERKLE_HASH) == 0;
}

/* RFC 9162, section 2.1.3.2. */
bool merkle_included(const merkle_hash leaf, uint64_t index, uint64_t size, const merkle_hash *proof, size_t count,
                     const merkle_hash root)
{
    if (index >= size)
        return false;
    uint64_t fn = index, sn = size - 1;
    merkle_hash r;
    memcpy(r, leaf, sizeof r);
    for (size_t i = 0; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            merkle_node(proof[i], r, r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(r, proof[i], r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(r, root);
}

/* RFC 9162, section 2.1.4.2. */
bool merkle_consistent(uint64_t from, const merkle_hash from_root, uint64_t size, const merkle_hash root,
                       const merkle_hash *proof, size_t count)
{
    if (from == 0 || from > size)
        return false;
    if (from == size)
        return count == 0 && same(from_root, root);
    uint64_t fn = from - 1, sn = size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    merkle_hash fr, sr;
    size_t i = 0;
    bool complete = (from & (from - 1)) == 0; /* then the old root stands for itself */
    if (!complete && count == 0)
        return false;
    memcpy(fr, complete ? from_root : proof[i++], sizeof fr);
    memcpy(sr, fr, sizeof sr);
    for (; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            merkle_node(proof[i], fr, fr);
            merkle_node(proof[i], sr, sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(sr, proof[i], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(fr, from_root) && same(sr, root);
}
