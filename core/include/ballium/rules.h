/* What rules of every area need: the members of a record, days, answers of one kind. All of it stands on core.h; what a function
 * returns lives as long as the request, or as the record that it was asked for. */
#ifndef BALLIUM_RULES_H
#define BALLIUM_RULES_H

#include <ballium/core.h>

#include <ctype.h>
#include <string.h>
#include <time.h>

/* The text member; NULL when it is absent, null or blank. Borrowed from the record. */
static inline const char *bl_text(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

/* A BL_SERVER field of the record as it will be; value NULL: null. */
static inline void bl_set(const struct bl_change *change, const char *field, const char *value)
{
    json_object_set_new(change->after, field, value ? json_string(value) : json_null());
}

/* 36 characters in the form of a UUID. */
static inline bool bl_is_id(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (form[i] && (form[i] == 'x' ? isxdigit((unsigned char)text[i]) != 0 : text[i] == '-'))
        i++;
    return !form[i] && !text[i];
}

/* ---- days --------------------------------------------------------------------------------------------------------------- */

/* 2026-01-31, UTC, of microseconds since 1970. */
static inline void bl_day(int64_t microseconds, char out[11])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(out, 11, "%Y-%m-%d", &day);
}

/* Refuses a day that is still to come ("in_the_future" at the field). A day counts as begun once it has begun anywhere: at
 * UTC+14. */
BL_MUST_CHECK static inline enum bl_status bl_not_future(struct bl_request *r, const json_t *record, const char *field)
{
    const char *given = bl_text(record, field);
    char latest[11], pointer[64];
    bl_day(r->now + INT64_C(14) * 3600 * 1000000, latest);
    if (!given || strcmp(given, latest) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the day on which it happened",
                   given);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

/* {"items": […], "count": n} of rows whose first column is an item as JSON text. */
static inline void bl_items(struct bl_request *r, const struct bl_rows *rows)
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_integer(r, "count", bl_count(r, rows));
    bl_json_close(r);
}

/* `text` with `name` (NULL: nothing) where it says %s. */
static inline const char *bl_named(struct bl_request *r, const char *text, const char *name)
{
    const char *place = strstr(text, "%s");
    if (!place)
        return text;
    size_t room = strlen(text) + strlen(name ? name : "") + 1;
    char *out = (char *)bl_alloc(r, room);
    snprintf(out, room, "%.*s%s%s", (int)(place - text), text, name ? name : "", place + 2);
    return out;
}

/* /api/v1/orgs/{org}/REGISTER[/ID]; `id` NULL: the register ("context/processes"). */
static inline const char *bl_url(struct bl_request *r, const char *register_path, const char *id)
{
    size_t room = strlen(r->org) + strlen(register_path) + strlen(id ? id : "") + sizeof "/api/v1/orgs///";
    char *url = (char *)bl_alloc(r, room);
    snprintf(url, room, "/api/v1/orgs/%s/%s%s%s", r->org, register_path, id ? "/" : "", id ? id : "");
    return url;
}

/* What a clause may lack, as …/gaps lists it: an area's table of kinds, which ends with a zeroed element. */
struct bl_gap {
    const char *code, *title;
    const char *detail; /* what to do; one %s, for the name of what it is about, or none */
};
/* One gap as an object. Columns of the row: code, clause, resource ("outsourced_processes"), id and ref of the record to open
 * (null: one is to be added), name. A code that no kind has gets the words of the last one. */
static inline void bl_put_gap(struct bl_request *r, const char *area, const struct bl_gap *kinds, const struct bl_rows *rows,
                              int row)
{
    enum { CODE, CLAUSE, RESOURCE, ID, REF, NAME };
    const char *register_name = bl_cell(r, rows, row, RESOURCE), *id = bl_cell(r, rows, row, ID);
    size_t room = strlen(area) + strlen(register_name) + 2;
    char *resource = (char *)bl_alloc(r, room), *path = (char *)bl_alloc(r, room);
    while (kinds[1].code && strcmp(kinds->code, bl_cell(r, rows, row, CODE)) != 0)
        kinds++;
    snprintf(resource, room, "%s.%s", area, register_name);
    snprintf(path, room, "%s/%s", area, register_name);
    for (char *at = path; *at; at++)
        if (*at == '_')
            *at = '-';
    bl_json_object(r, NULL);
    bl_json_text(r, "clause", bl_cell(r, rows, row, CLAUSE));
    bl_json_text(r, "code", kinds->code);
    bl_json_text(r, "title", kinds->title);
    bl_json_text(r, "detail", bl_named(r, kinds->detail, bl_cell(r, rows, row, NAME)));
    bl_json_text(r, "resource", resource);
    bl_json_text(r, "id", id);
    bl_json_text(r, "ref", bl_cell(r, rows, row, REF));
    bl_json_text(r, "url", bl_url(r, path, id));
    bl_json_close(r);
}

/* ---- signals ------------------------------------------------------------------------------------------------------------ */

/* Value, total and goodness of a signal that counts what should not be; " FROM …" follows. Good is that there is none, as long as
 * there is a record that it could be. */
#define BL_NONE_OF(condition)                                                                                                    \
    "SELECT count(*) FILTER (WHERE " condition "), count(*), count(*) > 0 AND count(*) FILTER (WHERE " condition ") = 0"

#endif
