/* The bodies of OAuth requests. */
#include "auth/internal.h"
#include "base/utf8.h"

#include <string.h>

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *form_decode(struct bl_request *r, const char *text, size_t length)
{
    char *out = bl_alloc(r, length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            out[n++] = text[i] == '+' ? ' ' : text[i];
            continue;
        }
        int high = i + 2 < length ? digit(text[i + 1]) : -1, low = high >= 0 ? digit(text[i + 2]) : -1;
        if (low < 0)
            return NULL;
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    return memchr(out, '\0', n) == NULL && utf8_valid(out, n) ? out : NULL;
}

bool form_parse(struct form *form, struct bl_request *r, const char *text, size_t length)
{
    const char *end = text + length;
    form->count = 0;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop ? stop : end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        if (form->count == FORM_PAIRS)
            return false;
        const char *name = form_decode(r, text, (size_t)((equals ? equals : stop) - text));
        const char *value = equals ? form_decode(r, equals + 1, (size_t)(stop - equals - 1)) : "";
        if (!name || !value)
            return false;
        form->pairs[form->count].name = name;
        form->pairs[form->count++].value = value;
        text = stop + 1;
    }
    return true;
}

const char *form_find(const struct form *form, const char *name, bool *repeated)
{
    const char *value = NULL;
    size_t times = 0;
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->pairs[i].name, name) == 0) {
            times++;
            value = form->pairs[i].value;
        }
    *repeated = *repeated || times > 1;
    return value && *value != '\0' ? value : NULL;
}
