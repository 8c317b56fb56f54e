/* A growing run of bytes in an arena. Always NUL-terminated, so .data is a C string when no zero byte was added. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include <stdint.h>

struct buf {
    struct arena *arena;
    char *data;
    size_t length, room;
};

struct buf buf_new(struct arena *, size_t room);
void buf_add(struct buf *, const char *bytes, size_t length);
void buf_text(struct buf *, const char *text);
void buf_char(struct buf *, char c);
void buf_integer(struct buf *, int64_t value);
void buf_format(struct buf *, const char *format, ...) BL_PRINTF(2, 3);
void buf_clear(struct buf *);

#endif
