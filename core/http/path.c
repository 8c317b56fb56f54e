#include "http/path.h"

#include "base/utf8.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long http_percent_decode(char *out, const char *raw, size_t length, bool plus)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (raw[i] == '%') {
            int high = i + 2 < length ? hex(raw[i + 1]) : -1, low = high < 0 ? -1 : hex(raw[i + 2]);
            if (low < 0)
                return -1;
            out[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = plus && raw[i] == '+' ? ' ' : raw[i];
        }
    }
    return (long)n;
}

/* What a decoded segment must not be. */
static const char *objection(const char *segment, size_t length)
{
    if (length == 0)
        return "the path has an empty segment: write single slashes and none at the end";
    if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
        return "the path has a dot segment: write it resolved";
    for (size_t i = 0; i < length; i++) {
        if (segment[i] == '/')
            return "a segment of the path holds an encoded slash (%2F)";
        if ((unsigned char)segment[i] < 0x20 || segment[i] == 0x7f)
            return "the path holds a control character";
    }
    return utf8_valid(segment, length) ? NULL : "the path is not valid UTF-8";
}

const char *http_path_split(struct http_path *path, struct arena *arena, const char *raw, size_t length)
{
    path->count = 0;
    if (length == 0 || raw[0] != '/')
        return "the path must begin with a slash";
    if (length > HTTP_PATH_BYTES)
        return "the path is longer than 2,048 bytes";
    if (memchr(raw, '#', length) != NULL)
        return "the path holds a fragment (#)";
    if (length == 1)
        return NULL;
    char *room = arena_alloc(arena, length + 1);
    const char *end = raw + length;
    for (const char *from = raw + 1, *slash; from <= end; from = slash + 1) {
        slash = memchr(from, '/', (size_t)(end - from));
        if (slash == NULL)
            slash = end;
        if (path->count == HTTP_SEGMENTS)
            return "the path has more than 24 segments";
        long n = http_percent_decode(room, from, (size_t)(slash - from), false);
        if (n < 0)
            return "the path has a broken percent escape";
        room[n] = '\0';
        const char *why = objection(room, (size_t)n);
        if (why != NULL)
            return why;
        path->segments[path->count++] = room;
        room += n + 1;
    }
    return NULL;
}
