/* Ids of an archive that become others where it is imported, and the sums that are made of ids (an MD5: 32 hexadecimal digits).
 */
#ifndef JOBS_REDRAW_H
#define JOBS_REDRAW_H

#include "base/arena.h"
#include "base/ids.h"
#include <stdbool.h>

/* `to` empty: not drawn yet. */
struct redraw_pair {
    char from[UUID_TEXT], to[UUID_TEXT];
};

struct redraw {
    struct arena *arena; /* all of its memory */
    struct redraw_pair *pairs;
    size_t count, room, sorted; /* sorted: how many of them can be looked up */
    bool sums;                  /* there are pairs of sums */
};

/* Room for so many, before the first is added: it grows by copying. */
void redraw_expect(struct redraw *, size_t count);
/* `to` NULL: redraw_all draws one. */
void redraw_add(struct redraw *, const char *from, const char *to);
/* False: no sum, or the same as before. */
bool redraw_sum(struct redraw *, const char *was, const char *now);
/* Sorts what was added and draws what is missing; the functions below see what was there when it was last called. */
void redraw_all(struct redraw *);
/* What the id becomes; NULL: not known. */
const char *redraw_of(const struct redraw *, const char *id);
/* Replaces every known id and sum, wherever it stands: a column, a list, a text. The lengths are the same. */
void redraw_bytes(const struct redraw *, char *bytes, size_t length);

#endif
