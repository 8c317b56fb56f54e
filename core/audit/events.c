/* GET …/events: the trail of the whole organisation, newest first, as JSON or CSV. */
#include "audit/internal.h"

#include "base/buf.h"
#include "base/ids.h"
#include "resource/csv.h"
#include "resource/export.h"
#include "resource/routes.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 50, PAGE_MAX = 500, CSV_PAGE = 1000, CSV_MAX = 20000 };
enum column { ID, AT, ACTOR, ACTOR_NAME, RESOURCE, RECORD, REF, VERB, VERSION, REASON, CHANGE, REQUEST, SEQ, REDACTED, COLUMNS };

static const char select_events[] =
    "SELECT e.id, e.at, e.actor, m.name, e.resource, e.record_id, e.ref, e.verb, e.version, e.reason, e.change::text, "
    "e.request_id, "
    "e.seq, e.commitment IS NOT NULL\n"
    "FROM core.event e LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = e.actor\n"
    "WHERE e.tenant_id = $1 AND ($2::text IS NULL OR e.resource = $2) AND ($3::uuid IS NULL OR e.record_id = $3)\n"
    "AND ($4::uuid IS NULL OR e.actor = $4) AND ($5::text IS NULL OR e.verb = $5) AND ($6::timestamptz IS NULL OR e.at >= $6)\n"
    "AND ($7::timestamptz IS NULL OR e.at < $7) AND ($8::uuid IS NULL OR e.id < $8) ORDER BY e.id DESC LIMIT $9::integer";

/* $2 to $8 of the statement. */
struct asked {
    const char *args[8];
    long limit;
};

static enum bl_status need_uuid(struct bl_request *r, const char *name, const char **out)
{
    *out = bl_query(r, name);
    return !*out || uuid_valid(*out)
               ? BL_OK
               : bl_fail(r, BL_BAD_REQUEST, "bad_id", NULL, "query parameter %s: must be an id (a UUID)", name);
}

/* A day or a moment. */
static enum bl_status need_time(struct bl_request *r, const char *name, const char **out)
{
    int64_t moment;
    int32_t day;
    *out = bl_query(r, name);
    return !*out || time_parse(*out, &moment) || date_parse(*out, &day)
               ? BL_OK
               : bl_fail(r, BL_BAD_REQUEST, "bad_time", NULL,
                         "query parameter %s: must be a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z", name);
}

static enum bl_status read_query(struct bl_request *r, struct asked *a)
{
    const char *limit = bl_query(r, "limit");
    char *end = NULL;
    enum bl_status all[] = {need_uuid(r, "record", &a->args[1]), need_uuid(r, "actor", &a->args[2]),
                            need_time(r, "from", &a->args[4]), need_time(r, "to", &a->args[5]),
                            need_uuid(r, "cursor", &a->args[6])};
    a->args[0] = bl_query(r, "resource");
    a->args[3] = bl_query(r, "verb");
    a->limit = limit ? strtol(limit, &end, 10) : PAGE;
    if (limit && (end == limit || *end || a->limit < 1 || a->limit > PAGE_MAX))
        return bl_fail(r, BL_BAD_REQUEST, "bad_limit", NULL, "query parameter limit: must be a number from 1 to %d", PAGE_MAX);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != BL_OK)
            return all[i];
    return BL_OK;
}

static enum bl_status fetch(struct bl_request *r, struct asked *a, long most, unsigned flags, struct bl_rows **rows)
{
    char *text = bl_alloc(r, 16);
    snprintf(text, 16, "%ld", most);
    a->args[7] = text;
    return bl_sql(r, select_events, a->args, 8, flags, rows);
}

static void put_event(struct bl_request *r, const struct bl_rows *rows, int i)
{
    resource_put_event(r, rows, i); /* ID to ACTOR_NAME */
    bl_json_cell(r, "resource", rows, i, RESOURCE);
    bl_json_cell(r, "record", rows, i, RECORD);
    bl_json_cell(r, "ref", rows, i, REF);
    bl_json_cell(r, "verb", rows, i, VERB);
    bl_json_cell(r, "version", rows, i, VERSION);
    bl_json_cell(r, "reason", rows, i, REASON);
    bl_json_raw(r, "change", bl_cell(r, rows, i, CHANGE));
    bl_json_cell(r, "request_id", rows, i, REQUEST);
    bl_json_cell(r, "seq", rows, i, SEQ);
    bl_json_cell(r, "redacted", rows, i, REDACTED);
    bl_json_close(r);
}

static enum bl_status as_json(struct bl_request *r, struct asked *a)
{
    struct bl_rows *rows;
    enum bl_status status = fetch(r, a, a->limit + 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    int got = bl_count(r, rows), shown = got > a->limit ? (int)a->limit : got;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < shown; i++)
        put_event(r, rows, i);
    bl_json_close(r);
    bl_json_text(r, "next", got > shown ? bl_cell(r, rows, shown - 1, ID) : NULL);
    bl_json_close(r);
    return BL_OK;
}

static void put_line(struct bl_request *r, struct buf *line, const struct bl_rows *rows, int i)
{
    for (int c = 0; c < COLUMNS; c++) {
        const char *text = bl_cell(r, rows, i, c);
        if (c > 0)
            buf_char(line, ',');
        if (text)
            csv_put(line, text, strlen(text), c != VERSION && c != SEQ);
    }
    buf_text(line, "\r\n");
}

static void drop_arena(void *arena)
{
    arena_free(arena);
}

/* Page by page inside the transaction, newest first: as many as `limit` says, else CSV_MAX; `to` reads on from there. */
static enum bl_status as_csv(struct bl_request *r, struct asked *a)
{
    static const char head[] =
        "id,at,actor,actor_name,resource,record,ref,verb,version,reason,change,request_id,seq,redacted\r\n";
    long left = bl_query(r, "limit") ? a->limit : CSV_MAX;
    struct arena *arena = arena_new(8 << 20);
    if (arena == NULL)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "not enough memory for the file; try again");
    bl_defer(r, drop_arena, arena);
    struct buf line = buf_new(arena, 4096);
    bool begun = false;
    struct statement note;
    statement_start(&note, r);
    enum bl_status noted = export_put_note(&note, "core.events", "csv");
    if (noted == BL_OK)
        noted = bl_sql(r, note.text, note.args, note.nargs, BL_APART, NULL);
    if (noted != BL_OK)
        return noted;
    for (int got = CSV_PAGE; got == CSV_PAGE && left > 0;) {
        struct bl_rows *rows;
        enum bl_status status = fetch(r, a, left < CSV_PAGE ? left : CSV_PAGE, 0, &rows);
        if (status != BL_OK)
            return status;
        if (!begun) {
            bl_respond(r, 200, "text/csv; charset=utf-8; header=present");
            bl_set_header(r, "Content-Disposition", "attachment; filename=\"events.csv\"");
            bl_write(r, head, sizeof head - 1);
            begun = true;
        }
        got = bl_count(r, rows);
        left -= got;
        for (int i = 0; i < got; i++) {
            put_line(r, &line, rows, i);
            bl_write(r, line.data, line.length);
            buf_clear(&line);
        }
        a->args[6] = got > 0 ? bl_cell(r, rows, got - 1, ID) : NULL;
    }
    return BL_OK;
}

enum bl_status audit_events(struct bl_request *r)
{
    struct asked asked = {.limit = PAGE};
    enum bl_status status = read_query(r, &asked);
    if (status != BL_OK)
        return status;
    return strcmp(bl_accepts(r), "text/csv") == 0 ? as_csv(r, &asked) : as_json(r, &asked);
}
