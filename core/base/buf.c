#include "base/buf.h"

#include <stdio.h>
#include <string.h>

struct buf buf_new(struct arena *arena, size_t room)
{
    struct buf b = {.arena = arena, .room = room < 64 ? 64 : room};
    b.data = arena_alloc(arena, b.room);
    return b;
}

/* Where it cannot grow in its place the old run stays in the arena: doubling bounds the waste to the size itself. */
void buf_reserve(struct buf *b, size_t more)
{
    if (more < b->room - b->length)
        return;
    size_t wanted = b->room * 2;
    while (wanted - b->length <= more)
        wanted *= 2;
    b->data = arena_grow(b->arena, b->data, b->room, wanted);
    b->room = wanted;
}

void buf_integer(struct buf *b, int64_t value)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--p = '-';
    buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void buf_format(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(b->data + b->length, b->room - b->length, format, args);
    va_end(args);
    if (length > 0) {
        if ((size_t)length >= b->room - b->length) {
            buf_reserve(b, (size_t)length);
            vsnprintf(b->data + b->length, b->room - b->length, format, again);
        }
        b->length += (size_t)length;
    }
    va_end(again);
}

void buf_clear(struct buf *b)
{
    b->length = 0;
    b->data[0] = '\0';
}
