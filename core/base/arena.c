#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { BLOCK = 32 * 1024 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

struct cleanup {
    struct cleanup *next;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *first, *current;
    struct cleanup *cleanups;
    size_t limit, taken, used;
    void (*full)(void *);
    void *full_arg;
};

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof *b + size);
    if (b != NULL) {
        b->next = NULL;
        b->size = size;
        b->used = 0;
        ASAN_POISON_MEMORY_REGION(b->bytes, size);
    }
    return b;
}

static void block_free(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->size);
    free(b);
}

struct arena *arena_new(size_t limit)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->first = a->current = block_new(BLOCK);
    if (a->first == NULL) {
        free(a);
        return NULL;
    }
    a->limit = limit;
    a->taken = BLOCK;
    return a;
}

/* Down to `last`, which stays; NULL: all. */
static void run_cleanups(struct arena *a, const struct cleanup *last)
{
    while (a->cleanups != last) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next; /* first, so that a cleanup that allocates cannot loop */
        c->fn(c->arg);
    }
}

static void drop_behind(struct block *kept)
{
    struct block *b = kept->next;
    while (b != NULL) {
        struct block *next = b->next;
        block_free(b);
        b = next;
    }
    kept->next = NULL;
}

void arena_reset(struct arena *a)
{
    run_cleanups(a, NULL);
    drop_behind(a->first);
    a->current = a->first;
    a->first->used = 0;
    ASAN_POISON_MEMORY_REGION(a->first->bytes, a->first->size);
    a->taken = a->first->size;
    a->used = 0;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->current, a->cleanups, a->current->used, a->taken, a->used};
}

void arena_release(struct arena *a, struct arena_mark mark)
{
    run_cleanups(a, mark.cleanup);
    a->current = mark.block;
    drop_behind(a->current);
    a->current->used = mark.in_block;
    ASAN_POISON_MEMORY_REGION(a->current->bytes + mark.in_block, a->current->size - mark.in_block);
    a->taken = mark.taken;
    a->used = mark.used;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    run_cleanups(a, NULL);
    drop_behind(a->first);
    block_free(a->first);
    free(a);
}

void arena_on_full(struct arena *a, void (*handler)(void *), void *arg)
{
    a->full = handler;
    a->full_arg = arg;
}

_Noreturn static void out_of_room(struct arena *a)
{
    if (a->full != NULL)
        a->full(a->full_arg); /* does not return */
    fputs("ballium: a request's memory is full and nobody handles it\n", stderr);
    abort();
}

static void add_block(struct arena *a, size_t size)
{
    size_t wanted = size > BLOCK ? size : BLOCK;
    if (size > a->limit || a->taken > a->limit - wanted)
        out_of_room(a);
    struct block *b = block_new(wanted);
    if (b == NULL)
        out_of_room(a);
    a->taken += wanted;
    a->current->next = b;
    a->current = b;
}

/* What an allocation of `size` bytes takes. */
static size_t room_of(struct arena *a, size_t size)
{
    enum { ALIGN = alignof(max_align_t) };
    if (size > SIZE_MAX - ALIGN)
        out_of_room(a);
    return size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
}

static unsigned char *take(struct arena *a, size_t size)
{
    size_t room = room_of(a, size);
    if (room > a->current->size - a->current->used)
        add_block(a, room);
    unsigned char *p = a->current->bytes + a->current->used;
    a->current->used += room;
    a->used += room;
    ASAN_UNPOISON_MEMORY_REGION(p, size == 0 ? room : size);
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size), 0, size == 0 ? room_of(a, 0) : size);
}

void *arena_grow(struct arena *a, void *old, size_t had, size_t wanted)
{
    struct block *b = a->current;
    size_t room = room_of(a, had), more = room_of(a, wanted) - room;
    bool last = (unsigned char *)old + room == b->bytes + b->used;
    if (!last || more > b->size - b->used)
        return memcpy(take(a, wanted), old, had);
    b->used += more;
    a->used += more;
    ASAN_UNPOISON_MEMORY_REGION(old, wanted);
    return old;
}

char *arena_copy(struct arena *a, const char *bytes, size_t length)
{
    char *copy = arena_alloc(a, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_string(struct arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, text, strlen(text));
}

char *arena_vformat(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return arena_copy(a, "", 0);
    char *text = arena_alloc(a, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_format(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vformat(a, format, args);
    va_end(args);
    return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct cleanup *c = arena_alloc(a, sizeof *c);
    c->fn = fn;
    c->arg = arg;
    c->next = a->cleanups;
    a->cleanups = c;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
