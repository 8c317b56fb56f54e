#include "jobs/redraw.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_LETTERS = UUID_TEXT - 1, SUM_LETTERS = 32 };

void redraw_expect(struct redraw *d, size_t count)
{
    struct redraw_pair *more = arena_alloc(d->arena, count * sizeof *more);
    if (d->count)
        memcpy(more, d->pairs, d->count * sizeof *more);
    d->pairs = more;
    d->room = count;
}

void redraw_add(struct redraw *d, const char *from, const char *to)
{
    if (d->count == d->room)
        redraw_expect(d, d->room ? d->room * 2 : 4096);
    struct redraw_pair *p = &d->pairs[d->count++];
    snprintf(p->from, sizeof p->from, "%s", from);
    snprintf(p->to, sizeof p->to, "%s", to ? to : "");
}

static int by_from(const void *a, const void *b)
{
    return strcmp(((const struct redraw_pair *)a)->from, ((const struct redraw_pair *)b)->from);
}

static int by_letters(const void *a, const void *b)
{
    return memcmp(a, b, UUID_LETTERS);
}

/* Ids tell the time they were made at, and lists and trails are in their order: a new id keeps the first half of the old one, and
 * those that have it in common keep their order. */
static void draw(struct redraw_pair *run, size_t count)
{
    char(*fresh)[UUID_TEXT] = malloc(count * sizeof *fresh);
    for (size_t i = 0; fresh && i < count; i++) {
        uuid_v7(fresh[i]);
        unsigned char half[8];
        randombytes_buf(half, sizeof half);
        snprintf(fresh[i], UUID_TEXT, "%.19s%02x%02x-%02x%02x%02x%02x%02x%02x", run[i].from, (half[0] & 0x3f) | 0x80, half[1],
                 half[2], half[3], half[4], half[5], half[6], half[7]);
    }
    if (fresh)
        qsort(fresh, count, sizeof *fresh, by_letters);
    for (size_t i = 0; i < count; i++) {
        if (fresh)
            memcpy(run[i].to, fresh[i], UUID_TEXT);
        else
            uuid_v7(run[i].to);
    }
    free(fresh);
}

void redraw_all(struct redraw *d)
{
    size_t kept = 0;
    qsort(d->pairs, d->count, sizeof *d->pairs, by_from);
    for (size_t i = 0; i < d->count; i++)
        if (kept == 0 || strcmp(d->pairs[i].from, d->pairs[kept - 1].from) != 0)
            d->pairs[kept++] = d->pairs[i];
        else if (d->pairs[i].to[0] != '\0')
            d->pairs[kept - 1] = d->pairs[i];
    d->count = d->sorted = kept;
    for (size_t i = 0, next; i < kept; i = next) {
        next = i + 1;
        if (d->pairs[i].to[0] != '\0')
            continue;
        while (next < kept && d->pairs[next].to[0] == '\0' && strncmp(d->pairs[next].from, d->pairs[i].from, 19) == 0)
            next++;
        draw(&d->pairs[i], next - i);
    }
}

static const char *becomes(const struct redraw *d, const char *letters, size_t length)
{
    struct redraw_pair key;
    memcpy(key.from, letters, length);
    key.from[length] = '\0';
    const struct redraw_pair *found = bsearch(&key, d->pairs, d->sorted, sizeof key, by_from);
    return found ? found->to : NULL;
}

const char *redraw_of(const struct redraw *d, const char *id)
{
    return strlen(id) == UUID_LETTERS ? becomes(d, id, UUID_LETTERS) : NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Is there an id at these letters? They are at least 36. */
static bool is_id(const char *at)
{
    for (int i = 0; i < UUID_LETTERS; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? at[i] != '-' : !is_hex(at[i]))
            return false;
    return true;
}

/* Is there a sum at these letters, such as an MD5: 32 hexadecimal digits and no more? */
static bool is_sum(const char *text, size_t at, size_t length)
{
    if (at + SUM_LETTERS > length || (at > 0 && is_hex(text[at - 1])) ||
        (at + SUM_LETTERS < length && is_hex(text[at + SUM_LETTERS])))
        return false;
    for (size_t i = 0; i < SUM_LETTERS; i++)
        if (!is_hex(text[at + i]))
            return false;
    return true;
}

void redraw_bytes(const struct redraw *d, char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t found = i + UUID_LETTERS <= length && bytes[i + 8] == '-' && is_id(bytes + i) ? UUID_LETTERS
                       : d->sums && is_sum(bytes, i, length)                                 ? SUM_LETTERS
                                                                                             : 0;
        const char *to = found ? becomes(d, bytes + i, found) : NULL;
        if (to)
            memcpy(bytes + i, to, found);
        if (found)
            i += found - 1;
    }
}

bool redraw_sum(struct redraw *d, const char *was, const char *now)
{
    if (strlen(was) != SUM_LETTERS || strlen(now) != SUM_LETTERS || !is_sum(was, 0, SUM_LETTERS) || strcmp(was, now) == 0)
        return false;
    redraw_add(d, was, now);
    d->sums = true;
    return true;
}
