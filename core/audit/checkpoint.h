/* Checkpoints: the state of a tree, signed (Ed25519) by a key outside the database. The signature is over this text:
 *
 *   ballium.checkpoint/1
 *   <the organisation's id>
 *   <size>                 events in the tree
 *   <previous>             size of the checkpoint before, 0: none: so that none can be taken out
 *   <root>                 64 hexadecimal digits
 *   <at>                   microseconds since 1970
 *
 * each line with its line feed. */
#ifndef AUDIT_CHECKPOINT_H
#define AUDIT_CHECKPOINT_H

#include "audit/merkle.h"
#include "base/ids.h"

#include <stdio.h>

enum { CHECKPOINT_KEY = 32, CHECKPOINT_SECRET = 64, CHECKPOINT_SIGNATURE = 64 };

struct checkpoint {
    char tenant[UUID_TEXT];
    uint64_t size, previous;
    merkle_hash root;
    int64_t at; /* microseconds */
    uint8_t key[CHECKPOINT_KEY];
    uint8_t signature[CHECKPOINT_SIGNATURE];
};

struct checkpoint_key {
    uint8_t key[CHECKPOINT_KEY], secret[CHECKPOINT_SECRET];
};

/* <keys_dir>/audit.ed25519, made (0600) when it is not there and `make`. False: printed. */
bool checkpoint_key_load(const char *keys_dir, bool make, struct checkpoint_key *, FILE *errors);

void checkpoint_sign(struct checkpoint *, const struct checkpoint_key *); /* fills key and signature */
bool checkpoint_verify(const struct checkpoint *);                        /* by the key that it names */

#endif
