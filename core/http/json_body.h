/* A JSON text from outside: bounded and unambiguous before jansson builds a tree of it. */
#ifndef HTTP_JSON_BODY_H
#define HTTP_JSON_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_JSON_DEPTH = 32,
    HTTP_JSON_VALUES = 65536, /* a tree takes up to 100 times the memory of its text: `[{},{},…` */
    HTTP_JSON_WHY = 256,
};

/* The object in `bytes`; the caller owns it. NULL: `why` says what is wrong and where ("line 3, column 14: …"). Refused: invalid
 * UTF-8, a zero character (raw or \u0000), depth over 32, more than 65,536 values, a name twice, anything but an object. */
json_t *http_json_parse(const char *bytes, size_t length, char why[HTTP_JSON_WHY]);

#endif
