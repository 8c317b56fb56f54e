/* A growing run of bytes in an arena. Always NUL-terminated, so .data is a C string when no zero byte was added. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include <stdint.h>
#include <string.h>

struct buf {
    struct arena *arena;
    char *data;
    size_t length, room;
};

struct buf buf_new(struct arena *, size_t room);
/* Makes room for `more` bytes and the NUL. */
void buf_reserve(struct buf *, size_t more);

/* Inline: an answer of 50 records passes here some ten thousand times. */
static inline void buf_add(struct buf *b, const char *bytes, size_t length)
{
    if (length >= b->room - b->length)
        buf_reserve(b, length);
    if (length > 0)
        memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
}

static inline void buf_char(struct buf *b, char c)
{
    if (b->room - b->length <= 1)
        buf_reserve(b, 1);
    b->data[b->length++] = c;
    b->data[b->length] = '\0';
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_integer(struct buf *, int64_t value);
void buf_format(struct buf *, const char *format, ...) BL_PRINTF(2, 3);
void buf_clear(struct buf *);

#endif
