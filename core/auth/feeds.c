/* Calendar feeds: a person's own tokens for programs that cannot sign in. Each opens the calendar of one organisation and nothing
 * else, and is shown once. */
#include "auth/internal.h"
#include "db/db.h"
#include "tenant/input.h"

#include <sodium.h>
#include <string.h>

#define FEED_PREFIX "blf_"
enum { FEED_ROOM = 4 + 43 + 1 };

static void feed_new(char out[FEED_ROOM])
{
    unsigned char secret[32];
    randombytes_buf(secret, sizeof secret);
    char *at = stpcpy(out, FEED_PREFIX);
    sodium_bin2base64(at, FEED_ROOM - 4, secret, sizeof secret, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof secret);
}

enum bl_status auth_feed(struct db *db, struct arena *arena, const char *token, struct auth_caller *caller)
{
    char hash[SECRET_HASH_ROOM];
    struct bl_rows *rows = NULL;
    if (strlen(token) != FEED_ROOM - 1 || strncmp(token, FEED_PREFIX, strlen(FEED_PREFIX)) != 0)
        return BL_UNAUTHORIZED;
    secret_hash(token, hash);
    db_queue(db, "SELECT user_id, organisation_id FROM core.feed_look($1::bytea)", (const char *const[]){hash}, 1);
    if (db_flush(db, arena, &rows) != BL_OK) {
        db_rollback(db);
        return BL_UNAVAILABLE;
    }
    if (db_count(rows) != 1)
        return BL_UNAUTHORIZED;
    *caller = (struct auth_caller){.expires = INT64_MAX};
    snprintf(caller->actor, sizeof caller->actor, "%s", db_cell(rows, 0, 0));
    snprintf(caller->organisation, sizeof caller->organisation, "%s", db_cell(rows, 0, 1));
    return BL_OK;
}

/* ---- the person's own feeds ---- */

static void put_members(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "name", rows, row, 1);
    bl_json_cell(r, "created_at", rows, row, 2);
    bl_json_cell(r, "last_used_at", rows, row, 3);
}

static void put_feed(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    put_members(r, rows, row);
    bl_json_close(r);
}

#define FEEDS "SELECT id, name, created_at, used_at FROM core.feeds($1, $2::uuid)"

static enum bl_status list(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, FEEDS, (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_feed) : status;
}

static const struct bl_field name_field[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = 200},
    {0},
};

static enum bl_status make(struct bl_request *r)
{
    json_t *in;
    struct bl_rows *rows;
    char token[FEED_ROOM], hash[SECRET_HASH_ROOM];
    const char *id = input_id(r);
    if (bl_header(r, "Idempotency-Key"))
        return bl_fail(r, BL_BAD_REQUEST, "no_idempotency_key", NULL,
                       "the answer holds a token and is stored nowhere: send this without Idempotency-Key");
    enum bl_status status = input_read(r, name_field, &in);
    if (status != BL_OK)
        return status;
    feed_new(token);
    secret_hash(token, hash);
    const char *args[] = {r->actor, id, input_text(in, "name"), hash};
    status = bl_sql(r, "SELECT core.feed_make($1, $2::uuid, $3::uuid, $4, $5::bytea)", args, 4, 0, &rows);
    if (status == BL_OK && !bl_integer(r, rows, 0, 0))
        status = bl_fail(r, BL_CONFLICT, "full", NULL, "you have twenty feeds here already: take one back first");
    if (status == BL_OK)
        status = bl_sql(r, FEEDS " WHERE id = $3::uuid", (const char *const[]){r->actor, id}, 2, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    size_t room = strlen(r->org) + FEED_ROOM + 64;
    char *url = bl_alloc(r, room);
    snprintf(url, room, "/api/v1/orgs/%s/calendar.ics?token=%s", r->org, token);
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    put_members(r, rows, 0);
    bl_json_text(r, "token", token);
    bl_json_text(r, "url", url);
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status revoke(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, "SELECT core.feed_revoke($1, $2::uuid, $3::uuid)",
                                   (const char *const[]){r->actor, bl_param(r, "id")}, 2, 0, &rows);
    if (status == BL_OK && !bl_integer(r, rows, 0, 0))
        status = bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "you have no calendar feed of that id here");
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* ---- routes ---- */

#define SCHEMA(...) #__VA_ARGS__
/* clang-format off */
static const char list_schema[] = SCHEMA({
    "type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": ["id", "name", "created_at", "last_used_at"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"},
                       "created_at": {"type": "string", "format": "date-time"},
                       "last_used_at": {"type": ["string", "null"], "format": "date-time"}}}}}
});
static const char make_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Which program will read it."}},
    "example": {"name": "Telephone"}
});
static const char made_schema[] = SCHEMA({
    "type": "object", "required": ["id", "name", "created_at", "last_used_at", "token", "url"],
    "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"},
                   "created_at": {"type": "string", "format": "date-time"},
                   "last_used_at": {"type": ["string", "null"], "format": "date-time"},
                   "token": {"type": "string", "description": "Shown this once."},
                   "url": {"type": "string", "description": "What a calendar subscribes to. With &owner=me: only what is yours."}}
});
/* clang-format on */

#define PATH "/api/v1/orgs/{org}/calendar/feeds"

const struct bl_route auth_feed_routes[] = {
    {.method = "GET", .path = PATH, .handler = list, .summary = "The caller's own calendar feeds", .answer = list_schema},
    {.method = "POST",
     .path = PATH,
     .handler = make,
     .flags = BL_CREATED,
     .summary = "Make a calendar feed; the answer shows its token, this once",
     .body = make_schema,
     .answer = made_schema},
    {.method = "DELETE", .path = PATH "/{id}", .handler = revoke, .summary = "Take a calendar feed back"},
    {0},
};
