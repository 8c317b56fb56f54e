/* Small things that rules of several tables need. */
#include "planning.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int planning_int(const json_t *record, const char *name)
{
    const json_t *value = json_object_get(record, name);
    return json_is_integer(value) ? (int)json_integer_value(value) : -1;
}

static void drop(void *json)
{
    json_decref(json);
}

json_t *planning_parse(struct bl_request *r, const char *text)
{
    json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    bl_defer(r, drop, json);
    return json;
}

json_t *planning_object(struct bl_request *r)
{
    json_t *json = json_object();
    bl_defer(r, drop, json);
    return json;
}

char *planning_print(struct bl_request *r, const char *format, ...)
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

bool planning_is(const char *word, const char *list)
{
    size_t length = word ? strlen(word) : 0;
    for (const char *at = list; length && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

enum bl_status planning_refuse(struct bl_request *r, const struct planning_fault *fault)
{
    return bl_fail(r, BL_UNPROCESSABLE, fault->code, fault->pointer, "%s", fault->detail);
}

enum bl_status planning_pair(struct bl_request *r, const char *resource, const char *const ids[2])
{
    enum bl_status status = bl_there(r, resource, ids[0], NULL);
    if (status == BL_OK && !ids[1])
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter with: give the id of the one to compare with");
    if (status == BL_OK)
        status = bl_there(r, resource, ids[1], NULL);
    if (status == BL_OK && strcasecmp(ids[0], ids[1]) == 0)
        status = bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "it is one and the same: there is nothing to compare");
    return status;
}
