#include "resource/value.h"

#include "base/ids.h"
#include "base/utf8.h"
#include "plugin/shape.h"
#include "resource/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *value_text(struct bl_request *r, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    size_t room = length < 0 ? 1 : (size_t)length + 1;
    char *text = bl_alloc(r, room);
    vsnprintf(text, room, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static void drop_json(void *json)
{
    json_decref(json);
}

json_t *value_keep(struct bl_request *r, json_t *json)
{
    bl_defer(r, drop_json, json);
    return json;
}

static bool refuse(struct verdict *why, const char *code, const char *detail)
{
    *why = (struct verdict){code, detail};
    return false;
}

static bool has_control(const char *text, bool paragraphs)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 && !(paragraphs && (*p == '\n' || *p == '\t')))
            return true;
        if (*p == 0x7F || (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F))
            return true;
    }
    return false;
}

/* Nothing that a reader would see: white space of any script. */
static bool is_blank(const char *text)
{
    static const char *const wide[] = {"\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xAF",
                                       "\xE2\x81\x9F", "\xE3\x80\x80", "\xEF\xBB\xBF"};
    while (*text) {
        size_t skip = strchr(" \t\n", *text) ? 1 : 0;
        for (size_t i = 0; !skip && i < sizeof wide / sizeof *wide; i++)
            if (strncmp(text, wide[i], strlen(wide[i])) == 0)
                skip = strlen(wide[i]);
        const unsigned char *u = (const unsigned char *)text;
        if (!skip && u[0] == 0xE2 && u[1] == 0x80 && u[2] >= 0x80 && u[2] <= 0x8B) /* U+2000 to U+200B */
            skip = 3;
        if (!skip)
            return false;
        text += skip;
    }
    return true;
}

static bool string_of(const json_t *value, const char **text, struct verdict *why)
{
    if (!json_is_string(value))
        return refuse(why, "type", "must be a string");
    *text = json_string_value(value);
    if (strlen(*text) != json_string_length(value))
        return refuse(why, "control_character", "must not hold a zero byte");
    return true;
}

static bool text_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text, struct verdict *why)
{
    if (!string_of(value, text, why))
        return false;
    if (has_control(*text, (f->flags & BL_LONG) != 0))
        return refuse(why, "control_character",
                      f->flags & BL_LONG ? "holds a control character; only line feeds and tabs are allowed"
                                         : "holds a control character or a line feed");
    size_t length = utf8_length(*text);
    if (length > (size_t)shape_max(f))
        return refuse(why, "too_long", value_text(r, "has %zu characters; %ld are the most", length, shape_max(f)));
    if (f->min > 0 && length < (size_t)f->min)
        return refuse(why, "too_short", value_text(r, "has %zu characters; %ld are the least", length, f->min));
    if ((f->flags & BL_REQUIRED) && is_blank(*text))
        return refuse(why, "blank", "must hold more than white space");
    return true;
}

static bool in_words(const char *list, const char *text)
{
    size_t length, wanted = strlen(text);
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length))
        if (length == wanted && memcmp(word, text, length) == 0)
            return true;
    return false;
}

static bool enum_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text, struct verdict *why)
{
    if (!string_of(value, text, why))
        return false;
    return in_words(f->values, *text) || refuse(why, "not_allowed", value_text(r, "must be one of: %s", f->values));
}

static bool integer_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text,
                       struct verdict *why)
{
    if (!json_is_integer(value))
        return refuse(why, "type", "must be a whole number");
    json_int_t n = json_integer_value(value);
    bool bounded = f->min || f->max;
    long low = bounded ? f->min : INT32_MIN, high = bounded ? f->max : INT32_MAX;
    if (n < low || n > high)
        return refuse(why, "out_of_range", value_text(r, "must be from %ld to %ld", low, high));
    *text = value_text(r, "%lld", (long long)n);
    return true;
}

/* "-12.50" as digits without the point, times 10^scale. False: not of that form, too many digits in front or behind. */
static bool scaled(const char *text, int scale, long long *out)
{
    bool negative = *text == '-';
    const char *p = text + negative;
    long long n = 0;
    int front = 0, behind = 0;
    for (; *p >= '0' && *p <= '9'; p++, front++) {
        if (front == 18 - scale)
            return false;
        n = n * 10 + (*p - '0');
    }
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, behind++) {
            if (behind == scale)
                return false;
            n = n * 10 + (*p - '0');
        }
        if (behind == 0)
            return false;
    }
    for (int i = behind; i < scale; i++)
        n *= 10;
    *out = negative ? -n : n;
    return front > 0 && *p == '\0';
}

static bool decimal_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text,
                       struct verdict *why)
{
    long long n, unit = 1;
    if (!json_is_string(value))
        return refuse(why, "type", "must be a number as a string, such as \"12.50\"");
    if (!string_of(value, text, why))
        return false;
    if (!scaled(*text, f->scale, &n))
        return refuse(why, "bad_decimal",
                      value_text(r, "must be a number such as \"12\" with at most %d digits behind the point", f->scale));
    for (int i = 0; i < f->scale; i++)
        unit *= 10;
    if ((f->min || f->max) && (n < (__int128)f->min * unit || n > (__int128)f->max * unit))
        return refuse(why, "out_of_range", value_text(r, "must be from %ld to %ld", f->min, f->max));
    return true;
}

static bool date_of(const json_t *value, const char **text, struct verdict *why)
{
    int32_t day;
    if (!string_of(value, text, why))
        return false;
    return date_parse(*text, &day) || refuse(why, "bad_date", "must be a day as YYYY-MM-DD that the calendar has");
}

static bool time_of(struct bl_request *r, const json_t *value, const char **text, struct verdict *why)
{
    int64_t at;
    if (!string_of(value, text, why))
        return false;
    if (!time_parse(*text, &at))
        return refuse(why, "bad_time", "must be a time as RFC 3339 has it, such as 2026-01-31T12:00:00Z");
    char *utc = bl_alloc(r, TIME_TEXT);
    time_format(at, utc);
    *text = utc;
    return true;
}

static bool id_of(const json_t *value, const char **text, struct verdict *why)
{
    if (!string_of(value, text, why))
        return false;
    return uuid_valid(*text) || refuse(why, "bad_id", "must be the id of a record (a UUID)");
}

bool value_count(struct bl_request *r, const struct bl_field *f, const json_t *value, struct verdict *why)
{
    size_t count = json_array_size(value);
    if (count > (size_t)shape_max(f))
        return refuse(why, "too_many", value_text(r, "holds %zu; %ld are the most", count, shape_max(f)));
    size_t least = f->min > 0 ? (size_t)f->min : f->flags & BL_REQUIRED ? 1 : 0;
    if (count < least)
        return refuse(why, "too_few", value_text(r, "holds %zu; %zu are the least", count, least));
    return true;
}

static bool list_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text, struct verdict *why)
{
    if (!json_is_array(value))
        return refuse(why, "type", "must be an array of strings");
    if (!value_count(r, f, value, why))
        return false;
    const struct bl_field element = {
        .name = f->name, .type = f->values ? BL_ENUM : BL_TEXT, .flags = BL_REQUIRED, .values = f->values};
    size_t count = json_array_size(value);
    const char **words = bl_alloc(r, (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++) {
        struct verdict inner = {0};
        const json_t *one = json_array_get(value, i);
        if (!(f->values ? enum_of : text_of)(r, &element, one, &words[i], &inner))
            return refuse(why, inner.code, value_text(r, "element %zu %s", i, inner.detail));
        for (size_t k = 0; k < i; k++)
            if (strcmp(words[k], words[i]) == 0)
                return refuse(why, "duplicate_value", value_text(r, "elements %zu and %zu are the same", k, i));
    }
    *text = resource_array(r, words, count);
    return true;
}

bool value_of(struct bl_request *r, const struct bl_field *f, const json_t *value, const char **text, struct verdict *why)
{
    switch (f->type) {
    case BL_TEXT:
        return text_of(r, f, value, text, why);
    case BL_ENUM:
        return enum_of(r, f, value, text, why);
    case BL_INT:
        return integer_of(r, f, value, text, why);
    case BL_DECIMAL:
        return decimal_of(r, f, value, text, why);
    case BL_BOOL:
        *text = json_is_true(value) ? "true" : "false";
        return json_is_boolean(value) || refuse(why, "type", "must be true or false");
    case BL_DATE:
        return date_of(value, text, why);
    case BL_TIME:
        return time_of(r, value, text, why);
    case BL_REF:
        return id_of(value, text, why);
    case BL_LIST:
        return list_of(r, f, value, text, why);
    case BL_ITEMS:
        break; /* objects have pointers of their own: check_items */
    }
    return refuse(why, "type", "must be an array of objects");
}

json_t *value_from(const struct bl_field *f, const char *text)
{
    char *end;
    if (*text == '\0')
        return json_null();
    if (f->type == BL_INT) {
        long long n = strtoll(text, &end, 10);
        if (*end == '\0' && ((*text >= '0' && *text <= '9') || (*text == '-' && end > text + 1)))
            return json_integer(n);
    }
    if (f->type == BL_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_boolean(*text == 't');
    return json_string(text);
}
