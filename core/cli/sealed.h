/* The secrets that the database keeps sealed (auth/vault.h), all of them: what `ballium key` and `ballium doctor` ask of them. */
#ifndef CLI_SEALED_H
#define CLI_SEALED_H

#include "auth/vault.h"
#include "base/config.h"
#include "db/db.h"

/* Second factors and identity providers are the owner's to see, keys of webhooks the worker's: hence two connections. */
struct sealed {
    struct db *owner, *worker;
    struct arena *arena;
};
/* False after a line to `errors`. Close it in either case. */
bool sealed_open(struct sealed *, const struct config *, FILE *errors);
void sealed_close(struct sealed *);

/* How many stand under `kid`; -1 after a line to `errors`. */
long sealed_under(struct sealed *, const char *kid, FILE *errors);
/* How many cannot be opened, each told in a line to `out` by its key; -1 after a line to `out`. `total`: of all. */
long sealed_lost(struct sealed *, const struct vault *, long *total, FILE *out);
/* Seals anew what stands under another key than the one that seals. False after lines to `errors`: what could not be opened stays
 * as it is. */
bool sealed_anew(struct sealed *, const struct vault *, long *total, long *changed, FILE *errors);

#endif
