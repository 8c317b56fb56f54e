/* Fields: what a type allows, which flags go together, whether the values given as text are values of the type. */
#include "base/ids.h"
#include "plugin/check.h"
#include "plugin/shape.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum place { COLUMN, INPUT, ITEM }; /* of a table, of a transition's body, of an object in ITEMS */

static size_t code_points(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static bool is_long(const char *text, long *out)
{
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return end != text && !*end && errno == 0 && !isspace((unsigned char)text[0]);
}

/* "-12.50" with at most `scale` digits behind the point; *whole is what stands before it. */
static bool is_decimal(const char *text, int scale, long *whole)
{
    const char *p = text + (*text == '-');
    size_t before = strspn(p, "0123456789");
    if (before == 0 || before > 18)
        return false;
    *whole = strtol(text, NULL, 10);
    p += before;
    if (!*p)
        return true;
    size_t after = *p == '.' ? strspn(p + 1, "0123456789") : 0;
    return after > 0 && after <= (size_t)scale && !p[1 + after];
}

/* Is `text` a value of the field? LIST, ITEMS and REF are not written as text here. */
static bool is_value(const struct bl_field *f, const char *text)
{
    long n = 0;
    bool free_range = !f->min && !f->max;
    int32_t day;
    int64_t moment;
    switch (f->type) {
    case BL_TEXT:
        n = (long)code_points(text);
        return n >= f->min && n <= shape_max(f);
    case BL_ENUM:
        return check_in_list(f->values, text, strlen(text));
    case BL_INT:
        return is_long(text, &n) && (free_range ? n >= INT32_MIN && n <= INT32_MAX : n >= f->min && n <= f->max);
    case BL_DECIMAL:
        return is_decimal(text, f->scale, &n) && (free_range || (n >= f->min && n <= f->max));
    case BL_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case BL_DATE:
        return date_parse(text, &day);
    case BL_TIME:
        return time_parse(text, &moment);
    default:
        return true;
    }
}

static void check_words(struct check *c, const struct bl_field *f)
{
    const char *list = f->values;
    size_t length;
    for (const char *word = shape_word(&list, &length); length; word = shape_word(&list, &length)) {
        size_t good = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
        if (good < length)
            check_object(c, "value `%.*s`: letters, digits, _ . and - only", (int)length, word);
        if (check_in_list(list, word, length))
            check_object(c, "value `%.*s` twice", (int)length, word);
    }
}

static void check_range(struct check *c, const struct bl_field *f)
{
    bool length = f->type == BL_TEXT || f->type == BL_LIST || f->type == BL_ITEMS;
    bool number = f->type == BL_INT || f->type == BL_DECIMAL;
    if (!length && !number) {
        if (f->min || f->max)
            check_object(c, "min and max mean nothing on this type");
        return;
    }
    if (length && f->min < 0)
        check_object(c, "min is below 0");
    if (f->min > shape_max(f))
        check_object(c, "min %ld is above max %ld", f->min, shape_max(f));
    if (f->type == BL_INT && (f->min < INT32_MIN || f->max > INT32_MAX))
        check_object(c, "min and max must fit 32 bits");
}

static void check_ref(struct check *c, const struct bl_field *f)
{
    if (!f->ref) {
        check_object(c, "REF without ref");
        return;
    }
    if (strcmp(f->ref, "core.member") == 0 || strcmp(f->ref, "core.file") == 0)
        return;
    size_t area = strcspn(f->ref, ".");
    bool own = strlen(c->plugin->name) == area && strncmp(f->ref, c->plugin->name, area) == 0;
    if (f->ref[area] != '.')
        check_object(c, "ref is `%s`: must be area.resource, core.member or core.file", f->ref);
    else if (!own && !check_in_list(c->plugin->requires, f->ref, area))
        check_object(c, "ref `%s`: `%.*s` is not in requires: require it, or make this a relation", f->ref, (int)area, f->ref);
    else {
        char name[64];
        const char *table, *key;
        snprintf(name, sizeof name, "%.*s", (int)area, f->ref);
        bool here = own || (c->others && registry_plugin(c->others, name));
        if (here && !shape_target(c->plugin, c->others, f->ref, &table, &key))
            check_object(c, "ref: no resource `%s`", f->ref);
    }
}

static void check_items(struct check *c, const struct bl_field *f);

/* What each type needs beside its name. */
static void check_type(struct check *c, const struct bl_field *f, enum place place)
{
    if (f->type < BL_TEXT || f->type > BL_ITEMS) {
        check_object(c, "unknown type %d", (int)f->type);
        return;
    }
    if (place == ITEM && (f->type == BL_TIME || f->type == BL_REF || f->type == BL_LIST || f->type == BL_ITEMS))
        check_object(c, "an object in ITEMS holds TEXT, ENUM, INT, DECIMAL, BOOL and DATE only");
    if (f->type == BL_ENUM && (!f->values || !f->values[strspn(f->values, " ")]))
        check_object(c, "ENUM without values");
    if (f->values && f->type != BL_ENUM && f->type != BL_LIST)
        check_object(c, "values on a type other than ENUM and LIST");
    check_words(c, f);
    if (f->type == BL_REF)
        check_ref(c, f);
    else if (f->ref)
        check_object(c, "ref on a type other than REF");
    if (f->scale < 0 || f->scale > 18 || (f->scale && f->type != BL_DECIMAL))
        check_object(c, "scale %d: 0 to 18, on a DECIMAL only", f->scale);
    check_range(c, f);
    if (f->type == BL_ITEMS && place == COLUMN)
        check_items(c, f);
    else if (f->items && f->type != BL_ITEMS)
        check_object(c, "items on a type other than ITEMS");
}

static void check_flags(struct check *c, const struct bl_field *f)
{
    static const struct {
        unsigned flag;
        const char *name;
        unsigned types; /* 1 << type */
    } rules[] = {
        {BL_SEARCH, "SEARCH", 1u << BL_TEXT | 1u << BL_LIST},
        {BL_DUE, "DUE", 1u << BL_DATE},
        {BL_OWNER, "OWNER", 1u << BL_REF},
        {BL_LONG, "LONG", 1u << BL_TEXT},
        {BL_TITLE, "TITLE", 1u << BL_TEXT},
        {BL_UNIQUE, "UNIQUE", ~(1u << BL_LIST | 1u << BL_ITEMS | 1u << BL_BOOL)},
        {BL_FILTER, "FILTER", ~(1u << BL_ITEMS)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (f->flags & rules[i].flag && !(rules[i].types >> f->type & 1))
            check_object(c, "%s cannot stand on this type", rules[i].name);
    if (f->flags >= BL_TITLE << 1)
        check_object(c, "unknown flags");
    if (f->flags & BL_OWNER && f->ref && strcmp(f->ref, "core.member") != 0)
        check_object(c, "OWNER must be a REF to core.member");
    if (f->flags & BL_LONG && f->flags & (BL_FILTER | BL_TITLE))
        check_object(c, "LONG text can be neither FILTER nor TITLE");
    if (f->flags & BL_UNIQUE && f->type == BL_TEXT && shape_max(f) > SHAPE_LENGTH_INDEXED)
        check_object(c, "UNIQUE text may have %d code points: set max", SHAPE_LENGTH_INDEXED);
    if (f->flags & BL_GENERATED && !f->expr)
        check_object(c, "GENERATED without expr");
    if (f->expr && !(f->flags & BL_GENERATED))
        check_object(c, "expr without GENERATED");
    if (f->flags & BL_GENERATED && (f->flags & (BL_REQUIRED | BL_SERVER | BL_FIXED) || f->initial))
        check_object(c, "GENERATED: neither REQUIRED, SERVER, FIXED nor initial, since nobody gives it");
}

static void check_values(struct check *c, const struct bl_field *f)
{
    if (f->initial && (f->type == BL_LIST || f->type == BL_ITEMS || f->type == BL_REF))
        check_object(c, "initial: not on LIST, ITEMS and REF");
    else if (f->initial && !is_value(f, f->initial))
        check_object(c, "initial `%s` is not a value of this field", f->initial);
    if (f->example && !is_value(f, f->example))
        check_object(c, "example `%s` is not a value of this field", f->example);
}

static void check_column(struct check *c, const struct bl_resource *r, const struct bl_field *f)
{
    static const char others[] = "status actions links"; /* members that the engine adds to a document */
    static const char queries[] = "sort fields q limit cursor archived";
    bool engine = check_in_list(others, f->name, strlen(f->name));
    for (const struct shape_column *k = shape_engine; k->name && !engine; k++)
        engine = strcmp(k->name, f->name) == 0;
    if (engine)
        check_object(c, "the name is the engine's own");
    else if (check_is_keyword(f->name))
        check_object(c, "the name is a reserved word of SQL");
    else if (f->flags & BL_FILTER && check_in_list(queries, f->name, strlen(f->name)))
        check_object(c, "FILTER: the name is a query parameter of the engine's");
    if (strlen(shape_table(r)) + strlen(f->name) + strlen("__check") > 63)
        check_object(c, "table and field are too long for the constraint's name: 55 bytes together");
    check_flags(c, f);
}

static void check_member(struct check *c, const struct bl_field *f, enum place place)
{
    unsigned allowed = BL_REQUIRED | BL_LONG | BL_PERSONAL | (place == ITEM ? BL_SEARCH : 0);
    if (f->flags & ~allowed)
        check_object(c, place == ITEM ? "flags other than REQUIRED, LONG, SEARCH and PERSONAL mean nothing in ITEMS"
                                      : "flags other than REQUIRED, LONG and PERSONAL mean nothing in a transition's input");
    if (f->expr)
        check_object(c, "expr: only on a column");
}

static void check_field(struct check *c, const struct bl_field *all, const struct bl_field *f, enum place place)
{
    if (!check_is_name_text(f->name))
        check_object(c, "its name is not snake_case");
    for (const struct bl_field *g = all; g < f; g++)
        if (strcmp(g->name, f->name) == 0)
            check_object(c, "named twice");
    int before = c->objections;
    check_type(c, f, place);
    if (c->objections == before) /* values are read by the type */
        check_values(c, f);
    if (place != COLUMN)
        check_member(c, f, place);
}

static void check_items(struct check *c, const struct bl_field *f)
{
    if (!f->items || !f->items->name) {
        check_object(c, "ITEMS without items");
        return;
    }
    for (const struct bl_field *item = f->items; item->name; item++) {
        size_t back = check_enter(c, "item %s", item->name);
        check_field(c, f->items, item, ITEM);
        check_leave(c, back);
    }
}

void check_fields(struct check *c, const struct bl_resource *r)
{
    int titles = 0;
    for (const struct bl_field *f = r->fields; f->name; f++) {
        size_t back = check_enter(c, "field %s", f->name);
        check_field(c, r->fields, f, COLUMN);
        if (f->type >= BL_TEXT && f->type <= BL_ITEMS)
            check_column(c, r, f);
        check_leave(c, back);
        titles += (f->flags & BL_TITLE) != 0;
    }
    if (titles != 1)
        check_object(c, "%d fields are TITLE: must be one", titles);
}

void check_input(struct check *c, const struct bl_transition *t)
{
    for (const struct bl_field *f = t->input; f && f->name; f++) {
        size_t back = check_enter(c, "input %s", f->name);
        check_field(c, t->input, f, INPUT);
        if (t->flags & BL_REASON && strcmp(f->name, "reason") == 0)
            check_object(c, "REASON brings this member already");
        check_leave(c, back);
    }
}
