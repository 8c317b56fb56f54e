/* Small things that rules of several tables need. */
#include "improvement.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *improvement_text(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

static void date(int64_t microseconds, char out[11])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(out, 11, "%Y-%m-%d", &day);
}

void improvement_today(const struct bl_request *r, char out[11])
{
    date(r->now, out);
}

/* A day counts as begun once it has begun anywhere: at UTC+14. */
enum bl_status improvement_not_future(struct bl_request *r, const struct bl_change *change, const char *field)
{
    const char *given = improvement_text(change->after, field);
    char latest[11], pointer[64];
    date(r->now + INT64_C(14) * 3600 * 1000000, latest);
    if (!given || strcmp(given, latest) <= 0)
        return BL_OK;
    snprintf(pointer, sizeof pointer, "/%s", field);
    return bl_fail(r, BL_UNPROCESSABLE, "in_the_future", pointer, "%s is still to come: give the day on which it happened",
                   given);
}

static bool is_id(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (form[i] && (form[i] == 'x' ? isxdigit((unsigned char)text[i]) != 0 : text[i] == '-'))
        i++;
    return !form[i] && !text[i];
}

/* Every record has left an event: no need to know its table. */
static const char origin[] = "SELECT ref FROM core.event WHERE tenant_id = $1 AND resource = $2::text AND record_id = $3::uuid"
                             " ORDER BY id LIMIT 1";

enum bl_status improvement_origin(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {improvement_text(change->after, "origin_resource"), improvement_text(change->after, "origin_id")};
    struct bl_rows *rows;
    if (change->before || (!args[0] && !args[1]))
        return BL_OK;
    if (!args[0] || !args[1])
        return bl_fail(r, BL_UNPROCESSABLE, "origin_incomplete", args[0] ? "/origin_id" : "/origin_resource",
                       "name both the register (origin_resource) and the record (origin_id), or neither");
    enum bl_status status = BL_OK;
    bool found = is_id(args[1]);
    if (found) {
        status = bl_sql(r, origin, args, 2, 0, &rows);
        found = status == BL_OK && bl_count(r, rows) > 0;
    }
    if (status)
        return status;
    if (!found)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/origin_id", "%s has no such record", args[0]);
    json_object_set_new(change->after, "origin_ref", json_string(bl_cell(r, rows, 0, 0)));
    return BL_OK;
}
