/* The check of an exported trail, without a database or a network.
 *
 * The file is JSON Lines. First {"trail":"ballium.trail/1","organisation":id,"slug":…}; then events in the order of their numbers
 * and after the size-th event its checkpoint:
 *   {"event":{"seq","id","at","actor","resource","record","ref","verb","version","request_id","salt","change","reason","commitment"}}
 *   {"checkpoint":{"size","previous","root","at","key","signature"}}
 * `at` in microseconds since 1970; salt, commitment, root, key, signature hexadecimal; `change` the text as PostgreSQL prints it;
 * commitment null unless the event was redacted (then salt is "", change "{}", reason null). Events that are not sealed yet have
 * seq null and stand at the end. */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct verify_known {
    const char *key; /* 64 hexadecimal digits: the one key that may have signed. NULL: whichever the checkpoints name, and it says
                        which */
    uint64_t size;   /* a checkpoint that somebody has kept elsewhere must be among these; 0: none */
    const char *root; /* of that one, hexadecimal */
};

/* True: everything holds. One line to `out` says what was found, in both cases. */
bool audit_verify(FILE *trail, const struct verify_known *, FILE *out);

#endif
