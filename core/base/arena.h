/* Memory of one request: allocate often, free once. Not thread-safe; one arena belongs to one worker thread. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <ballium/status.h>
#include <stdarg.h>
#include <stddef.h>

struct arena;

/* `limit`: bytes after which arena_alloc calls arena_on_full's handler (or aborts). NULL when memory is out. Free: arena_free. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *);

/* Runs the cleanups, last first, and makes the arena empty; keeps one block for the next request. */
void arena_reset(struct arena *);

/* Called instead of returning NULL; must not return (the worker longjmps back to its loop and answers 503). */
void arena_on_full(struct arena *, void (*handler)(void *), void *arg);

void *arena_alloc(struct arena *, size_t size); /* zeroed, aligned for any type, never NULL */
/* `old` with `wanted` bytes instead of `had`: where it is when nothing was allocated since and its block has room, else a copy.
 * The new bytes hold anything. */
void *arena_grow(struct arena *, void *old, size_t had, size_t wanted);
char *arena_copy(struct arena *, const char *bytes, size_t length); /* NUL-terminated */
char *arena_string(struct arena *, const char *text);               /* NULL stays NULL */
char *arena_format(struct arena *, const char *format, ...) BL_PRINTF(2, 3);
char *arena_vformat(struct arena *, const char *format, va_list args) BL_PRINTF(2, 0);
void arena_defer(struct arena *, void (*fn)(void *), void *arg);
size_t arena_used(const struct arena *);

/* What was allocated after the mark goes at once: its cleanups run, last first. Marks nest like brackets. */
struct arena_mark {
    void *block, *cleanup;
    size_t in_block, taken, used;
};
struct arena_mark arena_mark(const struct arena *);
void arena_release(struct arena *, struct arena_mark);

#endif
