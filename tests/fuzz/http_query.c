/* Any query: accepted pairs are UTF-8 without zero bytes, have names, and are found again. */
#include "base/utf8.h"
#include "http/query.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_query query;
    char *raw = malloc(size + 1);
    memcpy(raw, data, size);
    raw[size] = '\0';
    if (http_query_parse(&query, arena, raw) == NULL) {
        for (size_t i = 0; i < query.count; i++) {
            const char *name = query.pairs[i].name, *value = query.pairs[i].value;
            if (*name == '\0' || !utf8_valid(name, strlen(name)) || !utf8_valid(value, strlen(value)) ||
                http_query_find(&query, name) == NULL)
                abort();
        }
    }
    free(raw);
    arena_free(arena);
    return 0;
}
