#include "http/json_body.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

struct scan {
    const char *at, *end;
    size_t line, column; /* column in characters, as jansson counts */
    size_t depth, values;
    bool string;
};

static const char *structure(struct scan *s)
{
    switch (*s->at) {
    case '"':
        s->string = true;
        return NULL;
    case '{':
    case '[':
        if (++s->depth > HTTP_JSON_DEPTH)
            return "nested more than 32 deep";
        break;
    case '}':
    case ']':
        if (s->depth > 0)
            s->depth--; /* what does not match is jansson's to say */
        return NULL;
    case ',':
        break;
    default:
        return NULL;
    }
    return ++s->values > HTTP_JSON_VALUES ? "more than 65,536 values" : NULL;
}

/* One character, or an escape in a string; moves on. */
static const char *step(struct scan *s)
{
    size_t n = utf8_next(s->at, s->end), characters = 1;
    const char *why = NULL;
    if (n == 0)
        return "not valid UTF-8";
    if (*s->at == '\0')
        return "a zero byte";
    if (!s->string) {
        why = structure(s);
    } else if (*s->at == '"') {
        s->string = false;
    } else if (*s->at == '\\' && s->end - s->at >= 2 && (unsigned char)s->at[1] < 0x80) {
        if (s->end - s->at >= 6 && memcmp(s->at, "\\u0000", 6) == 0)
            return "the zero character \\u0000 is not allowed";
        n = characters = 2;
    }
    if (*s->at == '\n') {
        s->line++;
        s->column = 1;
    } else {
        s->column += characters;
    }
    s->at += n;
    return why;
}

static const char *scan(struct scan *s)
{
    while (s->at < s->end) {
        const char *why = step(s);
        if (why != NULL)
            return why;
    }
    return NULL;
}

json_t *http_json_parse(const char *bytes, size_t length, char why[HTTP_JSON_WHY])
{
    struct scan s = {.at = bytes, .end = bytes + length, .line = 1, .column = 1};
    const char *objection = scan(&s);
    if (objection != NULL) {
        snprintf(why, HTTP_JSON_WHY, "line %zu, column %zu: %s", s.line, s.column, objection);
        return NULL;
    }
    json_error_t error;
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        snprintf(why, HTTP_JSON_WHY, "line %d, column %d: %s", error.line, error.column, error.text);
        return NULL;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        snprintf(why, HTTP_JSON_WHY, "line 1, column 1: an object, {…}, is expected at the top");
        return NULL;
    }
    return root;
}
