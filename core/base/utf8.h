/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, at most U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at `at` (1 to 4); 0: not one, or cut off at the end. */
size_t utf8_next(const char *at, const char *end);
bool utf8_valid(const char *bytes, size_t length);
/* Code points of valid UTF-8. */
size_t utf8_length(const char *text);

#endif
