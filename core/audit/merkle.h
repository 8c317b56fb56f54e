/* Merkle trees over SHA-256 as in RFC 6962, section 2, and the checks of RFC 9162, section 2.1. No I/O: who calls brings the
 * nodes. */
#ifndef AUDIT_MERKLE_H
#define AUDIT_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MERKLE_HASH = 32, MERKLE_LEVELS = 62, MERKLE_PROOF = 2 * MERKLE_LEVELS };

typedef uint8_t merkle_hash[MERKLE_HASH];

void merkle_leaf(const void *bytes, size_t length, merkle_hash out);
void merkle_node(const merkle_hash left, const merkle_hash right, merkle_hash out);

/* The right edge of a tree that grows: the complete subtrees of its leaves, one for each bit of `size`. Start zeroed. */
struct merkle_edge {
    uint64_t size;
    merkle_hash at[MERKLE_LEVELS];
};
/* Tells of each complete node that comes into being, the leaf itself (level 0) first. */
typedef void (*merkle_made)(void *arg, int level, uint64_t position, const merkle_hash);
void merkle_append(struct merkle_edge *, const merkle_hash leaf, merkle_made, void *arg);
void merkle_edge_root(const struct merkle_edge *, merkle_hash out); /* size 0: SHA-256 of nothing */

/* A complete node: level 0 is a leaf. */
typedef void (*merkle_get)(void *arg, int level, uint64_t position, merkle_hash out);
/* Fills `proof`, at most MERKLE_PROOF hashes; returns how many. index < size; 0 < from <= size. */
size_t merkle_inclusion(merkle_get, void *arg, uint64_t index, uint64_t size, merkle_hash *proof);
size_t merkle_consistency(merkle_get, void *arg, uint64_t from, uint64_t size, merkle_hash *proof);

bool merkle_included(const merkle_hash leaf, uint64_t index, uint64_t size, const merkle_hash *proof, size_t count,
                     const merkle_hash root);
bool merkle_consistent(uint64_t from, const merkle_hash from_root, uint64_t size, const merkle_hash root,
                       const merkle_hash *proof, size_t count);

#endif
