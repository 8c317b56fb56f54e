#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool tail(const unsigned char *p, unsigned char low, unsigned char high)
{
    return *p >= low && *p <= high;
}

size_t utf8_next(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t left = (size_t)(end - at);
    if (left == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return left >= 2 && tail(p + 1, 0x80, 0xBF) ? 2 : 0;
    if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80;  /* overlong */
        unsigned char high = p[0] == 0xED ? 0x9F : 0xBF; /* surrogates */
        return left >= 3 && tail(p + 1, low, high) && tail(p + 2, 0x80, 0xBF) ? 3 : 0;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80;
        unsigned char high = p[0] == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && tail(p + 1, low, high) && tail(p + 2, 0x80, 0xBF) && tail(p + 3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

bool utf8_valid(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        /* eight plain characters at a time: most text is ASCII */
        uint64_t word;
        if (end - bytes >= 8 && (memcpy(&word, bytes, 8), (word & 0x8080808080808080u) == 0)) {
            bytes += 8;
            continue;
        }
        size_t n = utf8_next(bytes, end);
        if (n == 0)
            return false;
        bytes += n;
    }
    return true;
}

size_t utf8_length(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}
