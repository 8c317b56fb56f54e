#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

void json_start(struct json *j, struct buf *out)
{
    memset(j, 0, sizeof *j);
    j->out = out;
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Names are short and mostly plain: quoted in one pass, without a look at their length. */
static bool put_short(struct buf *out, const char *name)
{
    enum { SHORT = 40 };
    if (out->room - out->length <= SHORT + 4)
        buf_reserve(out, SHORT + 4);
    char *start = out->data + out->length, *p = start;
    *p++ = '"';
    for (; is_plain(*name) && p <= start + SHORT; name++)
        *p++ = *name;
    if (*name != '\0') {
        *start = '\0';
        return false;
    }
    memcpy(p, "\":", 3);
    out->length += (size_t)(p + 2 - start);
    return true;
}

/* The comma and the name that go before a value. */
static void begin(struct json *j, const char *name)
{
    if (j->filled[j->depth])
        buf_char(j->out, ',');
    j->filled[j->depth] = true;
    if (name != NULL && !put_short(j->out, name)) {
        json_quote(j->out, name, strlen(name));
        buf_char(j->out, ':');
    }
}

void json_open(struct json *j, const char *name, char bracket)
{
    assert(j->depth < JSON_DEPTH);
    begin(j, name);
    buf_char(j->out, bracket);
    j->depth++;
    j->filled[j->depth] = false;
    j->close[j->depth] = bracket == '{' ? '}' : ']';
}

void json_end(struct json *j)
{
    assert(j->depth > 0);
    buf_char(j->out, j->close[j->depth]);
    j->depth--;
}

static void escape(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        buf_add(out, "\\\"", 2);
        return;
    case '\\':
        buf_add(out, "\\\\", 2);
        return;
    case '\n':
        buf_add(out, "\\n", 2);
        return;
    case '\r':
        buf_add(out, "\\r", 2);
        return;
    case '\t':
        buf_add(out, "\\t", 2);
        return;
    default: {
        char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buf_add(out, code, sizeof code);
    }
    }
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Does one of eight bytes need a look: a control character, a quote, a backslash, or what is not ASCII? */
static bool needs_look(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
    /* A byte of zero, or below 0x20, borrows from its top bit; what borrows falsely stands above one that truly did. */
    uint64_t borrowed = ((quote - EACH(1)) & ~quote) | ((backslash - EACH(1)) & ~backslash) | ((word - EACH(0x20)) & ~word);
    return ((borrowed | word | (word + EACH(1))) & EACH(0x80)) != 0;
}

static const char *plain_end(const char *text, const char *end)
{
    while (end - text >= 8 && !needs_look(text))
        text += 8;
    while (text < end && is_plain(*text))
        text++;
    return text;
}

void json_quote(struct buf *out, const char *text, size_t length)
{
    const char *end = text + length, *plain = text;
    buf_char(out, '"');
    for (text = plain_end(text, end); text < end; text = plain_end(text, end)) {
        unsigned char c = (unsigned char)*text;
        size_t n = c < 0x80 ? 0 : utf8_next(text, end);
        if (n > 0) {
            text += n;
            continue;
        }
        buf_add(out, plain, (size_t)(text - plain));
        if (c < 0x80)
            escape(out, c);
        else
            buf_add(out, "\xEF\xBF\xBD", 3); /* U+FFFD: the answer stays valid whatever was stored */
        plain = ++text;
    }
    buf_add(out, plain, (size_t)(text - plain));
    buf_char(out, '"');
}

void json_put_bytes(struct json *j, const char *name, const char *value, size_t length)
{
    begin(j, name);
    json_quote(j->out, value, length);
}

void json_put_text(struct json *j, const char *name, const char *value)
{
    if (value == NULL)
        json_put_raw_bytes(j, name, "null", 4);
    else
        json_put_bytes(j, name, value, strlen(value));
}

void json_put_integer(struct json *j, const char *name, int64_t value)
{
    begin(j, name);
    buf_integer(j->out, value);
}

void json_put_bool(struct json *j, const char *name, bool value)
{
    json_put_raw_bytes(j, name, value ? "true" : "false", value ? 4 : 5);
}

void json_put_raw(struct json *j, const char *name, const char *json)
{
    if (json == NULL)
        json = "null";
    json_put_raw_bytes(j, name, json, strlen(json));
}

void json_put_raw_bytes(struct json *j, const char *name, const char *json, size_t length)
{
    begin(j, name);
    buf_add(j->out, json, length);
}
