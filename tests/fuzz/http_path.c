/* Any request target: accepted segments are clean, and a route is found in bounded time or not at all. */
#include "base/utf8.h"
#include "http/router.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct engine_route routes[] = {
    {.method = "GET", .path = "/a"},           {.method = "GET", .path = "/a/{x}"},     {.method = "GET", .path = "/a/{x}:go"},
    {.method = "GET", .path = "/{x}/{y}/{z}"}, {.method = "GET", .path = "/a/{x}/b"},   {.method = "POST", .path = "/a/b/{x}:go"},
    {.method = "GET", .path = "/{x}:go/{y}"},  {.method = "GET", .path = "/a/b/{x}/c"},
};

static void check_text(const char *segment)
{
    size_t length = strlen(segment);
    if (length == 0 || strchr(segment, '/') != NULL || !utf8_valid(segment, length))
        abort();
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)segment[i] < 0x20 || segment[i] == 0x7f)
            abort();
}

static void check_segment(const char *segment)
{
    check_text(segment);
    if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_router *router;
    if (router == NULL)
        router = http_router_new(routes, sizeof routes / sizeof *routes, stderr);
    struct arena *arena = arena_new(1 << 20);
    struct http_path path;
    char *raw = malloc(size + 1);
    memcpy(raw, data, size);
    if (http_path_split(&path, arena, raw, size) == NULL) {
        struct http_match match;
        for (size_t i = 0; i < path.count; i++)
            check_segment(path.segments[i]);
        if (http_router_find(router, "GET", &path, &match) == BL_OK)
            for (size_t i = 0; i < match.count; i++)
                check_text(match.values[i]);
    }
    free(raw);
    arena_free(arena);
    return 0;
}
