/* Keyset pages. A cursor is base64url of ["seal", value per key]: where the page before ended. It opens nothing that the list
 * itself would not show, so the seal guards against mistakes (another list, another order), not against enemies. */
#include "resource/filter.h"
#include "resource/value.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEAL 17
#define CURSOR_MAX 8192

static uint64_t fnv(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return (hash ^ 0xFF) * 0x100000001B3u; /* an end: "ab" + "c" is not "a" + "bc" */
}

/* Of tenant, resource, conditions and order; the conditions in any sequence. The same in every process. */
static void seal_of(struct bl_request *r, const struct plan *plan, char out[SEAL])
{
    const uint64_t start = 0xCBF29CE484222325u;
    uint64_t seal = fnv(fnv(start, r->tenant), plan->name);
    const char *name, *value;
    for (size_t i = 0; (name = bl_query_at(r, i, &value)) != NULL; i++)
        if (strcmp(name, "cursor") != 0 && strcmp(name, "limit") != 0 && strcmp(name, "fields") != 0)
            seal += fnv(fnv(start, name), value);
    snprintf(out, SEAL, "%016llx", (unsigned long long)seal);
}

const char *filter_cursor(struct bl_request *r, const struct plan *plan, const struct filter *f, const struct bl_rows *rows,
                          int row)
{
    char seal[SEAL];
    seal_of(r, plan, seal);
    json_t *parts = value_keep(r, json_array());
    json_array_append_new(parts, json_string(seal));
    for (size_t i = 0; i < f->sort.count; i++) {
        const char *value = bl_cell(r, rows, row, (int)f->sort.keys[i].column);
        json_array_append_new(parts, value ? json_string(value) : json_null());
    }
    char *text = json_dumps(parts, JSON_COMPACT);
    if (text == NULL)
        return NULL;
    bl_defer(r, free, text);
    size_t room = sodium_base64_ENCODED_LEN(strlen(text), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = bl_alloc(r, room);
    sodium_bin2base64(out, room, (const unsigned char *)text, strlen(text), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return out;
}

/* One value of the cursor, as it must be for its key. False: not one of ours. */
static bool key_value(struct bl_request *r, const struct plan_column *c, const json_t *part, const char **out)
{
    struct bl_field probe = {.name = c->name, .type = c->type, .flags = BL_LONG, .values = c->values};
    struct verdict why;
    *out = NULL;
    if (json_is_null(part))
        return c->nullable;
    if (!json_is_string(part))
        return false;
    if (c->field)
        probe.scale = c->field->scale;
    *out = json_string_value(part);
    if (c->type == BL_TEXT)
        return true;
    return **out && value_of(r, &probe, value_keep(r, value_from(&probe, *out)), out, &why);
}

static bool open_cursor(struct bl_request *r, const struct plan *plan, const struct filter *f, const char *values[PLAN_SORT])
{
    size_t length = strlen(f->cursor), size = 0;
    char seal[SEAL];
    if (length > CURSOR_MAX)
        return false;
    unsigned char *text = bl_alloc(r, length + 1);
    if (sodium_base642bin(text, length, f->cursor, length, NULL, &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    json_t *parts = value_keep(r, json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL));
    const char *sealed = json_string_value(json_array_get(parts, 0));
    seal_of(r, plan, seal);
    bool good = json_array_size(parts) == f->sort.count + 1 && sealed && strcmp(sealed, seal) == 0;
    for (size_t i = 0; good && i < f->sort.count; i++)
        good = key_value(r, &plan->columns[f->sort.keys[i].column], json_array_get(parts, i + 1), &values[i]);
    return good;
}

static bool one_direction(const struct plan *plan, const struct plan_sort *sort)
{
    for (size_t i = 0; i < sort->count; i++)
        if (plan->columns[sort->keys[i].column].nullable || sort->keys[i].descending != sort->keys[0].descending)
            return false;
    return true;
}

/* (a, id) < ($3, $4): one range of the index. */
static bool put_row(struct statement *s, const struct plan *plan, const struct plan_sort *sort, const char *const *values)
{
    bool good = true;
    for (size_t i = 0; i < sort->count; i++) {
        statement_text(s, i ? ", t." : "(t.");
        statement_text(s, plan->columns[sort->keys[i].column].name);
    }
    statement_text(s, sort->keys[0].descending ? ") < (" : ") > (");
    for (size_t i = 0; i < sort->count; i++) {
        statement_text(s, i ? ", " : "");
        good = statement_arg(s, values[i], plan->columns[sort->keys[i].column].cast) && good;
    }
    statement_text(s, ")");
    return good;
}

/* (a > $3 OR a IS NULL OR (a = $4 AND …)): keys of mixed direction, or with NULLs, which stand last in either. */
static bool put_keys(struct statement *s, const struct plan *plan, const struct plan_sort *sort, const char *const *values,
                     size_t i)
{
    const struct plan_column *c = &plan->columns[sort->keys[i].column];
    const char *comparison = sort->keys[i].descending ? " < " : " > ";
    bool last = i + 1 == sort->count, good = true;
    statement_text(s, "(t.");
    statement_text(s, c->name);
    if (values[i] == NULL) {
        statement_text(s, " IS NULL AND ");
        good = put_keys(s, plan, sort, values, i + 1); /* id is never null, so there is a next key */
        statement_text(s, ")");
        return good;
    }
    statement_text(s, comparison);
    good = statement_arg(s, values[i], c->cast);
    if (c->nullable) {
        statement_text(s, " OR t.");
        statement_text(s, c->name);
        statement_text(s, " IS NULL");
    }
    if (!last) {
        statement_text(s, " OR (t.");
        statement_text(s, c->name);
        statement_text(s, " = ");
        good = statement_arg(s, values[i], c->cast) && good;
        statement_text(s, " AND ");
        good = put_keys(s, plan, sort, values, i + 1) && good;
        statement_text(s, ")");
    }
    statement_text(s, ")");
    return good;
}

static enum bl_status refuse(struct bl_request *r)
{
    return bl_fail(
        r, BL_BAD_REQUEST, "bad_cursor", NULL,
        "query parameter cursor: not one that this list gave with these conditions and this order; begin again without it");
}

bool filter_put_after(struct statement *s, const struct plan *plan, const struct plan_sort *sort, const char *const *values)
{
    statement_text(s, " AND ");
    return one_direction(plan, sort) ? put_row(s, plan, sort, values) : put_keys(s, plan, sort, values, 0);
}

enum bl_status filter_after(struct bl_request *r, const struct plan *plan, const struct filter *f, struct statement *s)
{
    const char *values[PLAN_SORT] = {NULL};
    if (!open_cursor(r, plan, f, values) || !filter_put_after(s, plan, &f->sort, values))
        return refuse(r);
    return BL_OK;
}
