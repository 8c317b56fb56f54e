#include "resource/statement.h"

#include <stdio.h>
#include <string.h>

void statement_start(struct statement *s, struct bl_request *r)
{
    *s = (struct statement){.request = r, .room = 1024};
    s->text = bl_alloc(r, s->room);
}

void statement_text(struct statement *s, const char *text)
{
    size_t length = strlen(text);
    if (s->length + length >= s->room) {
        s->room = (s->length + length + 1) * 2;
        char *bigger = bl_alloc(s->request, s->room);
        memcpy(bigger, s->text, s->length);
        s->text = bigger;
    }
    memcpy(s->text + s->length, text, length + 1);
    s->length += length;
}

bool statement_arg(struct statement *s, const char *value, const char *cast)
{
    if (s->nargs == STATEMENT_ARGS)
        return false;
    s->args[s->nargs++] = value;
    char place[64];
    snprintf(place, sizeof place, "$%d::%s", s->nargs + 1, cast); /* $1 is the tenant */
    statement_text(s, place);
    return true;
}

const char *resource_array(struct bl_request *r, const char *const *words, size_t count)
{
    size_t room = 3;
    for (size_t i = 0; i < count; i++)
        room += 2 * strlen(words[i]) + 3;
    char *out = bl_alloc(r, room), *p = out;
    *p++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (i)
            *p++ = ',';
        *p++ = '"';
        for (const char *c = words[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                *p++ = '\\';
            *p++ = *c;
        }
        *p++ = '"';
    }
    *p++ = '}';
    return out;
}
