#include "http/query.h"

#include "base/utf8.h"
#include "http/path.h"

#include <string.h>

/* Decodes one name or value into the arena. */
static const char *decode(struct arena *arena, const char *raw, size_t length, const char **out)
{
    char *text = arena_alloc(arena, length + 1);
    long n = http_percent_decode(text, raw, length, true);
    if (n < 0)
        return "the query has a broken percent escape";
    if (memchr(text, '\0', (size_t)n) != NULL)
        return "the query holds a zero byte";
    if (!utf8_valid(text, (size_t)n))
        return "the query is not valid UTF-8";
    text[n] = '\0';
    *out = text;
    return NULL;
}

static const char *add(struct http_query *q, struct arena *arena, const char *piece, size_t length)
{
    const char *equals = memchr(piece, '=', length), *end = piece + length, *name, *value, *why;
    if (q->count == HTTP_QUERY_PAIRS)
        return "the query has more than 64 parameters";
    if ((why = decode(arena, piece, (size_t)((equals == NULL ? end : equals) - piece), &name)) != NULL ||
        (why = decode(arena, equals == NULL ? end : equals + 1, equals == NULL ? 0 : (size_t)(end - equals - 1), &value)) != NULL)
        return why;
    if (*name == '\0')
        return "the query has a parameter without a name";
    q->pairs[q->count].name = name;
    q->pairs[q->count++].value = value;
    return NULL;
}

const char *http_query_parse(struct http_query *q, struct arena *arena, const char *raw)
{
    q->count = 0;
    if (strlen(raw) > HTTP_QUERY_BYTES)
        return "the query is longer than 8,192 bytes";
    while (*raw != '\0') {
        size_t length = strcspn(raw, "&");
        const char *why = length == 0 ? "the query has an empty parameter (&&)" : add(q, arena, raw, length);
        if (why != NULL)
            return why;
        raw += length;
        if (*raw == '&')
            raw++;
    }
    return NULL;
}

const char *http_query_find(const struct http_query *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->pairs[i].name, name) == 0)
            return q->pairs[i].value;
    return NULL;
}
