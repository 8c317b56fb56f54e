#include "resource/filter.h"

#include "plugin/shape.h"
#include "resource/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct bl_request *r, const char *code, const char *name, const char *detail)
{
    (void)bl_fail(r, BL_BAD_REQUEST, code, NULL, "query parameter %s: %s", name, detail);
    return false;
}

static bool sortable(const struct plan_column *c)
{
    return c->filter && !c->raw;
}

bool filter_sort(const struct plan *plan, const char *text, struct plan_sort *sort, char why[FILTER_WHY])
{
    *sort = (struct plan_sort){0};
    while (*text) {
        bool descending = *text == '-';
        text += descending;
        size_t length = strcspn(text, ",");
        size_t column = 0;
        while (column < plan->column_count &&
               (strlen(plan->columns[column].name) != length || memcmp(plan->columns[column].name, text, length) != 0))
            column++;
        if (column == plan->column_count || !sortable(&plan->columns[column])) {
            snprintf(why, FILTER_WHY, "%.*s is not a member that lists are sorted by", (int)(length < 64 ? length : 64), text);
            return false;
        }
        if (sort->count == PLAN_SORT - 1) {
            snprintf(why, FILTER_WHY, "more than %d members", PLAN_SORT - 1);
            return false;
        }
        for (size_t i = 0; i < sort->count; i++)
            if (sort->keys[i].column == column) {
                snprintf(why, FILTER_WHY, "%s is named twice", plan->columns[column].name);
                return false;
            }
        sort->keys[sort->count].column = column;
        sort->keys[sort->count++].descending = descending;
        text += length + (text[length] == ',' && text[length + 1] != '\0');
        if (*text == ',')
            break;
    }
    if (*text || sort->count == 0) {
        snprintf(why, FILTER_WHY, "must be names with a comma between them, \"-\" before one for descending");
        return false;
    }
    if (sort->keys[sort->count - 1].column != plan->id) {
        sort->keys[sort->count].column = plan->id;
        sort->keys[sort->count].descending = sort->keys[sort->count - 1].descending;
        sort->count++;
    }
    return true;
}

enum operator{ EQ, NE, LT, LTE, GT, GTE, IN, NONE, SOME };

static const struct {
    const char *word;
    enum operator op;
    const char *sql;
} operators[] = {
    {"eq.", EQ, " = "},    {"ne.", NE, " <> "}, {"lt.", LT, " < "},      {"lte.", LTE, " <= "},    {"gt.", GT, " > "},
    {"gte.", GTE, " >= "}, {"in.(", IN, NULL},  {"is.null", NONE, NULL}, {"not.null", SOME, NULL},
};
#define OPERATORS (sizeof operators / sizeof *operators)

/* The operator at the front of a value, and what is left behind it. Without one the value stands for itself: status=open. */
static size_t operator_of(const char **value)
{
    for (size_t i = 0; i < OPERATORS; i++) {
        size_t length = strlen(operators[i].word);
        if (strncmp(*value, operators[i].word, length) != 0)
            continue;
        if (operators[i].op >= NONE && (*value)[length] != '\0')
            continue;
        *value += length;
        return i;
    }
    return 0;
}

static bool ordered(enum bl_type type)
{
    return type == BL_INT || type == BL_DECIMAL || type == BL_DATE || type == BL_TIME || type == BL_TEXT;
}

static const char *takes(const struct plan_column *c)
{
    if (c->type == BL_LIST)
        return "takes a word that the list holds, ne.word or in.(a,b)";
    if (ordered(c->type))
        return c->nullable ? "takes a value, or eq. ne. lt. lte. gt. gte. before one, in.(a,b), is.null, not.null"
                           : "takes a value, or eq. ne. lt. lte. gt. gte. before one, in.(a,b)";
    return c->nullable ? "takes a value, or eq. ne. before one, in.(a,b), is.null, not.null"
                       : "takes a value, or eq. ne. before one, in.(a,b)";
}

static bool allowed(const struct plan_column *c, enum operator op)
{
    if (op == NONE || op == SOME)
        return c->nullable;
    if (op >= LT && op <= GTE)
        return ordered(c->type);
    return true;
}

/* A single value as PostgreSQL reads it. NULL: refused, and the request has been told. */
static const char *literal(struct bl_request *r, const struct plan_column *c, const char *text)
{
    struct bl_field probe = {.name = c->name, .type = c->type, .flags = BL_LONG, .values = c->values};
    if (c->field)
        probe.scale = c->field->scale;
    if (c->type == BL_LIST)
        probe.type = c->values ? BL_ENUM : BL_TEXT;
    struct verdict why = {"type", "must not be empty"};
    const char *out = NULL;
    if (*text && value_of(r, &probe, value_keep(r, value_from(&probe, text)), &out, &why))
        return out;
    refuse(r, "bad_filter", c->name, value_text(r, "%s; it %s", why.detail, takes(c)));
    return NULL;
}

/* The elements of "a,b,\"c,d\")" as an array literal. */
static const char *elements(struct bl_request *r, const struct plan_column *c, const char *text)
{
    enum { MOST = 100 };
    const char *words[MOST];
    size_t count = 0;
    size_t length = strlen(text);
    if (length < 2 || text[length - 1] != ')') {
        refuse(r, "bad_filter", c->name, "in. takes values in brackets: in.(a,b)");
        return NULL;
    }
    char *rest = value_text(r, "%.*s,", (int)(length - 1), text), *p = rest;
    while (*p) {
        char *word = p;
        if (*p == '"') {
            char *end = strchr(++word, '"');
            if (end == NULL || end[1] != ',') {
                refuse(r, "bad_filter", c->name, "a quote in in.(…) is not closed before the comma");
                return NULL;
            }
            *end = '\0';
            p = end + 2;
        } else {
            p = strchr(p, ',');
            *p++ = '\0';
        }
        if (count == MOST) {
            refuse(r, "bad_filter", c->name, "in. takes at most 100 values");
            return NULL;
        }
        words[count] = literal(r, c, word);
        if (words[count++] == NULL)
            return NULL;
    }
    return resource_array(r, words, count);
}

static bool add_list_condition(struct statement *s, const struct plan_column *c, enum operator op, const char *value)
{
    struct bl_request *r = s->request;
    if (op == IN)
        value = elements(r, c, value);
    else if ((value = literal(r, c, value)) != NULL)
        value = resource_array(r, &value, 1);
    if (value == NULL)
        return false;
    statement_text(s, op == NE ? " AND NOT t." : " AND t.");
    statement_text(s, c->name);
    statement_text(s, " && ");
    return statement_arg(s, value, "text[]") || refuse(r, "bad_filter", c->name, "too many conditions");
}

static bool add_condition(struct statement *s, const struct plan_column *c, const char *value)
{
    struct bl_request *r = s->request;
    size_t at = operator_of(&value);
    enum operator op = operators[at].op;
    if (!allowed(c, op))
        return refuse(r, "bad_filter", c->name, takes(c));
    if (c->type == BL_LIST)
        return add_list_condition(s, c, op, value);
    const char *cast = c->cast;
    if (op == IN) {
        value = elements(r, c, value);
        cast = value_text(r, "%s[]", c->cast);
    } else if (op < IN) {
        value = literal(r, c, value);
    }
    if (value == NULL)
        return false;
    statement_text(s, " AND t.");
    statement_text(s, c->name);
    if (op == NONE || op == SOME) {
        statement_text(s, op == NONE ? " IS NULL" : " IS NOT NULL");
        return true;
    }
    statement_text(s, op == IN ? " = ANY (" : op == NE && c->nullable ? " IS DISTINCT FROM " : operators[at].sql);
    if (!statement_arg(s, value, cast))
        return refuse(r, "bad_filter", c->name, "too many conditions");
    statement_text(s, op == IN ? ")" : "");
    return true;
}

static bool read_limit(struct bl_request *r, const char *value, long *limit)
{
    char *end;
    *limit = strtol(value, &end, 10);
    if (*value >= '1' && *value <= '9' && *end == '\0' && *limit <= PLAN_PAGE_MAX)
        return true;
    return refuse(r, "bad_limit", "limit", value_text(r, "must be a number from 1 to %d", PLAN_PAGE_MAX));
}

static bool read_sort(struct bl_request *r, const struct plan *plan, const char *value, struct plan_sort *sort)
{
    char why[FILTER_WHY];
    return filter_sort(plan, value, sort, why) || refuse(r, "bad_sort", "sort", value_text(r, "%s", why));
}

static const char *filterable(struct bl_request *r, const struct plan *plan)
{
    struct statement list; /* only its text */
    statement_start(&list, r);
    statement_text(&list, "fields, sort, limit, cursor, q, archived");
    for (size_t i = 0; i < plan->column_count; i++)
        if (plan->columns[i].filter) {
            statement_text(&list, ", ");
            statement_text(&list, plan->columns[i].name);
        }
    return list.text;
}

/* The parameters that are not conditions; each may stand once. */
enum own { OWN_FIELDS, OWN_SORT, OWN_LIMIT, OWN_CURSOR, OWN_Q, OWN_ARCHIVED, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"fields", "sort", "limit", "cursor", "q", "archived"};

static bool read_archived(struct statement *where, const char *value)
{
    if (value == NULL || strcmp(value, "false") == 0)
        statement_text(where, " AND t.archived_at IS NULL");
    else if (strcmp(value, "only") == 0)
        statement_text(where, " AND t.archived_at IS NOT NULL");
    else if (strcmp(value, "true") != 0)
        return refuse(where->request, "bad_filter", "archived", "must be false, true (those as well) or only");
    return true;
}

static bool read_own(struct bl_request *r, const struct plan *plan, const char *const own[OWN_COUNT], struct statement *where,
                     struct filter *f)
{
    bool good = read_archived(where, own[OWN_ARCHIVED]);
    if (own[OWN_SORT])
        good = read_sort(r, plan, own[OWN_SORT], &f->sort) && good;
    if (own[OWN_LIMIT])
        good = read_limit(r, own[OWN_LIMIT], &f->limit) && good;
    good = resource_fields(r, plan, &f->columns) == BL_OK && good;
    f->cursor = own[OWN_CURSOR];
    f->paged = own[OWN_LIMIT] || own[OWN_CURSOR];
    f->plain = f->plain && !own[OWN_SORT] && !own[OWN_ARCHIVED] && !own[OWN_Q];
    return good;
}

static bool read_one(struct bl_request *r, const struct plan *plan, const char *name, const char *value, struct statement *where,
                     const char *own[OWN_COUNT], struct filter *f)
{
    for (int i = 0; i < OWN_COUNT; i++) {
        if (strcmp(own_names[i], name) != 0)
            continue;
        if (own[i])
            return refuse(r, "repeated_parameter", name, "stands more than once");
        own[i] = value;
        return true;
    }
    const struct plan_column *c = plan_column(plan, name);
    if (c == NULL || !c->filter)
        return refuse(r, "unknown_parameter", name, value_text(r, "lists take %s", filterable(r, plan)));
    f->plain = false;
    return add_condition(where, c, value);
}

enum bl_status filter_read(struct bl_request *r, const struct plan *plan, struct statement *where, struct filter *f)
{
    const char *own[OWN_COUNT] = {NULL};
    const char *name, *value;
    bool good = true;
    *f = (struct filter){.sort = plan->sort, .limit = PLAN_PAGE, .columns = PLAN_ALL, .plain = true};
    statement_start(where, r);
    statement_text(where, " WHERE t.tenant_id = $1");
    for (size_t i = 0; (name = bl_query_at(r, i, &value)) != NULL; i++)
        good = read_one(r, plan, name, value, where, own, f) && good;
    if (!read_own(r, plan, own, where, f) || !good)
        return BL_BAD_REQUEST;
    return own[OWN_Q] ? search_where(where, plan, own[OWN_Q]) : BL_OK; /* asks the database: whatever it answers is the answer */
}

enum bl_status filter_full(struct bl_request *r)
{
    return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "too many conditions in one query: %d values are the most",
                   STATEMENT_ARGS);
}

enum bl_status filter_whole(struct bl_request *r, const struct filter *f)
{
    return !f->paged ? BL_OK
                     : bl_fail(r, BL_BAD_REQUEST, "unknown_parameter", NULL,
                               "query parameters limit and cursor: a file holds every record of the list; leave them out");
}
