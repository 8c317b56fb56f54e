#include "http/media.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t");
}

static size_t token_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || (p[n] != '\0' && strchr("!#$%&'*+-.^_`|~", p[n]) != NULL))
        n++;
    return n;
}

/* Reads type "/" subtype into `out` in lower case; moves *p behind it. */
static bool read_type(const char **p, char out[HTTP_MEDIA_TYPE])
{
    size_t type = token_length(*p);
    if (type == 0 || (*p)[type] != '/')
        return false;
    size_t subtype = token_length(*p + type + 1), length = type + 1 + subtype;
    if (subtype == 0 || length >= HTTP_MEDIA_TYPE)
        return false;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)tolower((unsigned char)(*p)[i]);
    out[length] = '\0';
    *p += length;
    return true;
}

/* Reads `; name=value`; the value may be quoted (its backslashes are not resolved: no value that matters here has any).
 * 1: read; 0: no parameter follows; -1: malformed or too long. */
static int read_parameter(const char **p, char name[32], char value[32])
{
    const char *at = skip_space(*p);
    if (*at != ';')
        return 0;
    at = skip_space(at + 1);
    size_t n = token_length(at);
    if (n == 0 || n >= 32 || at[n] != '=')
        return -1;
    for (size_t i = 0; i < n; i++)
        name[i] = (char)tolower((unsigned char)at[i]);
    name[n] = '\0';
    at += n + 1;
    bool quoted = *at == '"';
    at += quoted;
    n = quoted ? strcspn(at, "\"\\") : token_length(at);
    if ((quoted && at[n] != '"') || (!quoted && n == 0))
        return -1;
    size_t kept = n < 32 ? n : 0; /* a longer one (a multipart boundary) is of no interest */
    for (size_t i = 0; i < kept; i++)
        value[i] = (char)tolower((unsigned char)at[i]);
    value[kept] = '\0';
    *p = at + n + quoted;
    return 1;
}

bool http_media_parse(struct http_media *m, const char *text)
{
    char name[32], value[32];
    int found;
    m->charset[0] = '\0';
    const char *p = skip_space(text);
    if (!read_type(&p, m->type))
        return false;
    while ((found = read_parameter(&p, name, value)) == 1) {
        if (strcmp(name, "charset") != 0)
            continue;
        if (m->charset[0] != '\0' || value[0] == '\0')
            return false;
        memcpy(m->charset, value, strlen(value) + 1);
    }
    return found == 0 && *skip_space(p) == '\0';
}

bool http_media_is_json(const struct http_media *m)
{
    size_t length = strlen(m->type);
    return strcmp(m->type, "application/json") == 0 ||
           (strncmp(m->type, "application/", 12) == 0 && length > 17 && strcmp(m->type + length - 5, "+json") == 0);
}

/* A qvalue in thousandths; -1: not one. */
static int quality(const char *text)
{
    int value = 0, unit = 100;
    if (text[0] != '0' && text[0] != '1')
        return -1;
    value = (text[0] - '0') * 1000;
    if (text[1] == '\0')
        return value;
    if (text[1] != '.' || strlen(text + 2) > 3)
        return -1;
    for (text += 2; *text != '\0'; text++, unit /= 10) {
        if (!isdigit((unsigned char)*text))
            return -1;
        value += (*text - '0') * unit;
    }
    return value <= 1000 ? value : -1;
}

/* How closely `range` names `type`: 3 exactly, 2 by its type, 1 anything, 0 not. */
static int closeness(const char *range, const char *type, size_t type_length)
{
    if (strcmp(range, "*/*") == 0)
        return 1;
    size_t length = strlen(range);
    if (length > 2 && strcmp(range + length - 2, "/*") == 0)
        return strncmp(range, type, length - 1) == 0 ? 2 : 0;
    return length == type_length && strncmp(range, type, length) == 0 ? 3 : 0;
}

/* The quality that `accept` gives one type, in thousandths; 0: not wanted. A malformed element is passed over. */
static int wanted(const char *accept, const char *type, size_t type_length)
{
    int best = 0, result = 0;
    while (*accept != '\0') {
        char range[HTTP_MEDIA_TYPE], name[32], value[32];
        const char *p = skip_space(accept);
        int q = 1000, found = -1;
        if (read_type(&p, range)) {
            while ((found = read_parameter(&p, name, value)) == 1)
                if (strcmp(name, "q") == 0)
                    q = quality(value);
        }
        int close = found == 0 && q >= 0 ? closeness(range, type, type_length) : 0;
        if (close > best) {
            best = close;
            result = q;
        }
        accept += strcspn(accept, ",");
        if (*accept == ',')
            accept++;
    }
    return result;
}

bool http_media_choose(const char *offers, const char *accept, char out[HTTP_MEDIA_TYPE])
{
    int best = 0;
    for (const char *offer = offers; *offer != '\0';) {
        size_t length = strcspn(offer, " ");
        int q = accept == NULL ? 1000 : wanted(accept, offer, length);
        if (q > best && length < HTTP_MEDIA_TYPE) {
            best = q;
            memcpy(out, offer, length);
            out[length] = '\0';
        }
        offer += length;
        offer += strspn(offer, " ");
    }
    return best > 0;
}
