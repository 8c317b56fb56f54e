#include "http/webhooks.h"

#include "base/fetch.h"
#include "base/ids.h"
#include "base/webhook.h"
#include "http/worker.h"
#include "tenant/input.h"

#include <string.h>

enum { WEBHOOKS_MAX = 20, URL_MAX = 500, EVENTS_MAX = 50 };

#define WEBHOOK                                                                                                                  \
    "SELECT id, url, to_json(events)::text, state, reason, public_key, failures, failing_since, created_at, created_by "         \
    "FROM core.webhook WHERE tenant_id = $1::uuid AND state <> 'ended'"
#define DELIVERY                                                                                                                 \
    "SELECT id, type, state, attempts, attempted_at, status, problem, CASE WHEN state = 'waiting' THEN run_at END, created_at, " \
    "finished_at FROM core.webhook_delivery WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid"

static void put_members(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "url", rows, row, 1);
    bl_json_raw(r, "events", bl_cell(r, rows, row, 2));
    bl_json_cell(r, "state", rows, row, 3);
    bl_json_cell(r, "reason", rows, row, 4);
    bl_json_cell(r, "public_key", rows, row, 5);
    bl_json_cell(r, "failures", rows, row, 6);
    bl_json_cell(r, "failing_since", rows, row, 7);
    bl_json_cell(r, "created_at", rows, row, 8);
    bl_json_cell(r, "created_by", rows, row, 9);
}

static void put_webhook(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    put_members(r, rows, row);
    bl_json_close(r);
}

static void put_delivery(struct bl_request *r, const struct bl_rows *rows, int row)
{
    static const char *const names[] = {"id",     "type",    "state",       "attempts",   "attempted_at",
                                        "status", "problem", "next_try_at", "created_at", "finished_at"};
    bl_json_object(r, NULL);
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        bl_json_cell(r, names[i], rows, row, i);
    bl_json_close(r);
}

static enum bl_status no_webhook(struct bl_request *r)
{
    return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no webhook of that id here");
}

static enum bl_status trail(struct bl_request *r, const char *id, const char *verb)
{
    struct bl_rows *rows;
    return bl_sql(r,
                  "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) "
                  "SELECT $1::uuid, $2::uuid, $3::uuid, 'core.webhooks', w.id, $5, 1, jsonb_build_object('url', "
                  "jsonb_build_array(NULL, w.url), 'events', jsonb_build_array(NULL, w.events)), $6 "
                  "FROM core.webhook w WHERE w.tenant_id = $1::uuid AND w.id = $4::uuid",
                  (const char *const[]){input_id(r), r->actor, id, verb, r->id}, 5, 0, &rows);
}

/* ---- webhooks ----------------------------------------------------------------------------------------------------------- */

static enum bl_status list(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, WEBHOOK " ORDER BY id", NULL, 0, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_webhook) : status;
}

/* `secret` NULL: it is not shown. */
static enum bl_status answer(struct bl_request *r, const char *id, int code, const char *secret)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, WEBHOOK " AND id = $2::uuid", (const char *const[]){id}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return no_webhook(r);
    bl_respond(r, code, "application/json");
    if (secret)
        bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    put_members(r, rows, 0);
    if (secret)
        bl_json_text(r, "secret", secret);
    bl_json_close(r);
    return BL_OK;
}

static const char *id_of(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    return uuid_valid(id) ? id : NULL;
}

static enum bl_status show(struct bl_request *r)
{
    const char *id = id_of(r);
    return id ? answer(r, id, 200, NULL) : no_webhook(r);
}

static size_t name_length(const char *text)
{
    return *text >= 'a' && *text <= 'z' ? strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;
}

/* "*", "area.resources" or "area.resources:verb". */
static bool good_filter(const char *text)
{
    if (strcmp(text, "*") == 0)
        return true;
    size_t area = name_length(text);
    if (area == 0 || text[area] != '.' || strlen(text) > 200)
        return false;
    const char *rest = text + area + 1;
    size_t resource = name_length(rest);
    if (resource == 0)
        return false;
    rest += resource;
    return *rest == '\0' || (*rest == ':' && name_length(rest + 1) > 0 && rest[1 + name_length(rest + 1)] == '\0');
}

static const struct bl_field fields[] = {
    {.name = "url", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = URL_MAX},
    {.name = "events", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = EVENTS_MAX},
    {.name = "ed25519", .type = BL_BOOL},
    {0},
};

static enum bl_status read_wanted(struct bl_request *r, json_t **in)
{
    bool inside = http_request_of(r)->worker->http->config->private_addresses;
    if (bl_header(r, "Idempotency-Key"))
        return bl_fail(r, BL_BAD_REQUEST, "no_idempotency_key", NULL,
                       "the answer holds a secret and is stored nowhere: send this without Idempotency-Key");
    enum bl_status status = input_read(r, fields, in);
    if (status == BL_OK)
        status = input_not_empty(r, *in, "events");
    if (status != BL_OK)
        return status;
    const char *why = fetch_refuses(input_text(*in, "url"), inside);
    if (why)
        return bl_fail(r, BL_UNPROCESSABLE, "url", "/url", "%s", why);
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(*in, "events"), i, event)
    {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/events/%zu", i);
        if (!good_filter(json_string_value(event)))
            return bl_fail(r, BL_UNPROCESSABLE, "format", pointer,
                           "is *, a resource such as context.issues, or one with a verb: context.issues:create");
    }
    return BL_OK;
}

/* The lock orders those who make one, so that the count holds. */
static enum bl_status has_room(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT pg_advisory_xact_lock(hashtextextended('core.webhook ' || $1::uuid, 0))::text", NULL, 0, 0, &rows);
    if (status == BL_OK)
        status =
            bl_sql(r, "SELECT count(*) FROM core.webhook WHERE tenant_id = $1::uuid AND state <> 'ended'", NULL, 0, 0, &rows);
    if (status == BL_OK && bl_integer(r, rows, 0, 0) >= WEBHOOKS_MAX)
        status =
            bl_fail(r, BL_CONFLICT, "full", NULL, "an organisation has at most %d webhooks: take one away first", WEBHOOKS_MAX);
    return status;
}

static enum bl_status make(struct bl_request *r)
{
    json_t *in = NULL;
    struct bl_rows *rows;
    char secret[WEBHOOK_KEY_ROOM], signing[WEBHOOK_KEY_ROOM], public[WEBHOOK_KEY_ROOM];
    const char *id = input_id(r);
    enum bl_status status = read_wanted(r, &in);
    if (status == BL_OK)
        status = has_room(r);
    if (status != BL_OK)
        return status;
    bool pair = json_is_true(json_object_get(in, "ed25519"));
    webhook_new_secret(secret);
    webhook_new_pair(signing, public);
    const char *args[] = {id,     input_text(in, "url"), input_list(r, in, "events"), r->actor,
                          secret, pair ? signing : NULL, pair ? public : NULL};
    status = bl_sql(r,
                    "INSERT INTO core.webhook (tenant_id, id, url, events, created_by, secret, signing_key, public_key) "
                    "VALUES ($1::uuid, $2::uuid, $3, $4::text[], $5::uuid, $6, $7, $8)",
                    args, 7, 0, &rows);
    if (status == BL_OK)
        status = trail(r, id, "create");
    return status == BL_OK ? answer(r, id, 201, secret) : status;
}

static enum bl_status change(struct bl_request *r, const char *sql, const char *id, const char *verb, const char *wrong)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, (const char *const[]){id}, 1, 0, &rows);
    if (status != BL_OK || bl_count(r, rows) == 1)
        return status == BL_OK ? trail(r, id, verb) : status;
    status = bl_sql(r, WEBHOOK " AND id = $2::uuid", (const char *const[]){id}, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    return bl_count(r, rows) == 0 ? no_webhook(r) : bl_fail(r, BL_CONFLICT, "state", NULL, "%s", wrong);
}

static enum bl_status suspend(struct bl_request *r)
{
    const char *id = id_of(r);
    enum bl_status status = id ? change(r,
                                        "UPDATE core.webhook SET state = 'suspended', reason = 'person' WHERE tenant_id = "
                                        "$1::uuid AND id = $2::uuid AND state = 'active' RETURNING id",
                                        id, "suspend", "it is suspended already")
                               : no_webhook(r);
    return status == BL_OK ? answer(r, id, 200, NULL) : status;
}

/* What happened meanwhile is not told: it stands on the trail. */
static enum bl_status resume(struct bl_request *r)
{
    const char *id = id_of(r);
    enum bl_status status =
        id ? change(r,
                    "UPDATE core.webhook SET state = 'active', reason = NULL, since = now(), seen = now(), failures = 0, "
                    "failing_since = NULL, rests_until = '-infinity' WHERE tenant_id = $1::uuid AND id = $2::uuid AND state = "
                    "'suspended' RETURNING id",
                    id, "resume", "it is active")
           : no_webhook(r);
    return status == BL_OK ? answer(r, id, 200, NULL) : status;
}

/* The row stays for its deliveries; the keys go. */
static enum bl_status end(struct bl_request *r)
{
    const char *id = id_of(r);
    enum bl_status status =
        id ? change(r,
                    "UPDATE core.webhook SET state = 'ended', reason = NULL, secret = NULL, signing_key = NULL WHERE tenant_id = "
                    "$1::uuid AND id = $2::uuid AND state <> 'ended' RETURNING id",
                    id, "archive", "")
           : no_webhook(r);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* ---- deliveries --------------------------------------------------------------------------------------------------------- */

static enum bl_status deliveries(struct bl_request *r)
{
    static const char states[] = " waiting delivered dead ";
    struct input_page page;
    struct bl_rows *rows;
    const char *id = id_of(r), *state = bl_query(r, "state");
    enum bl_status status = id ? input_page(r, &page) : no_webhook(r);
    if (status == BL_OK && state && (strchr(state, ' ') || *state == '\0' || !strstr(states, state)))
        status = bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "state is waiting, delivered or dead");
    if (status == BL_OK)
        status = bl_sql(r, WEBHOOK " AND id = $2::uuid", (const char *const[]){id}, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = no_webhook(r);
    if (status == BL_OK)
        status = bl_sql(r,
                        DELIVERY " AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR id < $4::uuid) "
                                 "ORDER BY id DESC LIMIT $5::bigint",
                        (const char *const[]){id, state, page.cursor, page.limit_text}, 4, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_page(r, rows, &page, put_delivery) : status;
}

static enum bl_status replay(struct bl_request *r)
{
    struct bl_rows *rows;
    const char *id = id_of(r), *delivery = bl_param(r, "delivery_id");
    if (!id || !uuid_valid(delivery))
        return no_webhook(r);
    enum bl_status status = bl_sql(r,
                                   "UPDATE core.webhook_delivery d SET state = 'waiting', run_at = now(), attempts = 0, "
                                   "finished_at = NULL WHERE d.tenant_id = $1::uuid AND d.webhook_id = $2::uuid AND d.id = "
                                   "$3::uuid AND d.state <> 'waiting' AND EXISTS (SELECT FROM core.webhook w WHERE w.tenant_id = "
                                   "$1::uuid AND w.id = d.webhook_id AND w.state <> 'ended') RETURNING d.id",
                                   (const char *const[]){id, delivery}, 2, 0, &rows);
    bool done = status == BL_OK && bl_count(r, rows) == 1;
    if (status == BL_OK)
        status = bl_sql(r, DELIVERY " AND id = $3::uuid", (const char *const[]){id, delivery}, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no delivery of that id here");
    if (!done)
        return bl_fail(r, BL_CONFLICT, "state", NULL, "it waits for its next attempt, or its webhook was taken away");
    status = trail(r, id, "replay");
    if (status != BL_OK)
        return status;
    bl_respond(r, 200, "application/json");
    put_delivery(r, rows, 0);
    return BL_OK;
}

/* ---- routes ------------------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
#define EXPANDED(...) SCHEMA(__VA_ARGS__)
#define MEMBERS                                                                                                                  \
    "id": {"type": "string", "format": "uuid"}, "url": {"type": "string"},                                                       \
    "events": {"type": "array", "items": {"type": "string"}},                                                                    \
    "state": {"type": "string", "enum": ["active", "suspended"]},                                                                \
    "reason": {"type": ["string", "null"], "description": "Of a suspension: person, failing (for five days), gone (it answered 410)."}, \
    "public_key": {"type": ["string", "null"], "description": "Ed25519, whpk_ and base64: verifies v1a signatures."},            \
    "failures": {"type": "integer", "description": "Attempts that failed since the last that did not."},                         \
    "failing_since": {"type": ["string", "null"], "format": "date-time"},                                                        \
    "created_at": {"type": "string", "format": "date-time"}, "created_by": {"type": "string", "format": "uuid"}
#define REQUIRED                                                                                                                 \
    "id", "url", "events", "state", "reason", "public_key", "failures", "failing_since", "created_at", "created_by"
#define DELIVERY_OBJECT                                                                                                          \
    "type": "object", "required": ["id", "type", "state", "attempts", "attempted_at", "status", "problem", "next_try_at",        \
                                   "created_at", "finished_at"],                                                                 \
    "properties": {                                                                                                              \
        "id": {"type": "string", "format": "uuid", "description": "The event's, and webhook-id of the message."},                \
        "type": {"type": "string"}, "state": {"type": "string", "enum": ["waiting", "delivered", "dead"]},                       \
        "attempts": {"type": "integer"}, "attempted_at": {"type": ["string", "null"], "format": "date-time"},                    \
        "status": {"type": ["integer", "null"], "description": "HTTP status of the last answer."},                               \
        "problem": {"type": ["string", "null"]}, "next_try_at": {"type": ["string", "null"], "format": "date-time"},             \
        "created_at": {"type": "string", "format": "date-time"}, "finished_at": {"type": ["string", "null"], "format": "date-time"}}
static const char webhook_schema[] = EXPANDED({"type": "object", "required": [REQUIRED], "properties": {MEMBERS}});
static const char list_schema[] = EXPANDED({"type": "object", "required": ["items"], "properties": {"items": {"type": "array",
    "items": {"type": "object", "required": [REQUIRED], "properties": {MEMBERS}}}}});
static const char made_schema[] = EXPANDED({"type": "object", "required": [REQUIRED, "secret"], "properties": {MEMBERS,
    "secret": {"type": "string", "description": "whsec_ and base64: verifies v1 signatures. Shown this once."}}});
static const char make_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["url", "events"],
    "properties": {
        "url": {"type": "string", "minLength": 1, "maxLength": 500, "description": "https://, on the public Internet."},
        "events": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string"},
                   "description": "*, area.resources, or area.resources:verb."},
        "ed25519": {"type": ["boolean", "null"], "description": "Also sign with a key pair of this webhook's own."}},
    "example": {"url": "https://hooks.example.org/ballium", "events": ["planning.risks", "improvement.nonconformities:create"]}
});
static const char deliveries_schema[] = EXPANDED({"type": "object", "required": ["items", "next"], "properties": {
    "items": {"type": "array", "items": {DELIVERY_OBJECT}}, "next": {"type": ["string", "null"]}}});
static const char delivery_schema[] = EXPANDED({DELIVERY_OBJECT});
/* clang-format on */

#define PATH "/api/v1/orgs/{org}/webhooks"
#define READ "core.webhook:read"
#define WRITE "core.webhook:write"

const struct bl_route http_webhook_routes[] = {
    {.method = "GET",
     .path = PATH,
     .permission = READ,
     .handler = list,
     .summary = "The organisation's webhooks",
     .answer = list_schema},
    {.method = "POST",
     .path = PATH,
     .permission = WRITE,
     .handler = make,
     .flags = BL_CREATED,
     .summary = "Make a webhook; the answer shows its secret, this once",
     .body = make_schema,
     .answer = made_schema},
    {.method = "GET",
     .path = PATH "/{id}",
     .permission = READ,
     .handler = show,
     .summary = "A webhook",
     .answer = webhook_schema},
    {.method = "DELETE",
     .path = PATH "/{id}",
     .permission = "core.webhook:archive",
     .handler = end,
     .summary = "Take a webhook away"},
    {.method = "POST",
     .path = PATH "/{id}:suspend",
     .permission = WRITE,
     .handler = suspend,
     .summary = "Tell a webhook nothing until it is resumed",
     .answer = webhook_schema},
    {.method = "POST",
     .path = PATH "/{id}:resume",
     .permission = WRITE,
     .handler = resume,
     .summary = "Tell a webhook what happens from now on",
     .answer = webhook_schema},
    {.method = "GET",
     .path = PATH "/{id}/deliveries",
     .permission = READ,
     .handler = deliveries,
     .summary = "What a webhook was told, the newest first",
     .query = "state limit cursor",
     .answer = deliveries_schema},
    {.method = "POST",
     .path = PATH "/{id}/deliveries/{delivery_id}:replay",
     .permission = WRITE,
     .handler = replay,
     .summary = "Deliver once more what was delivered or is dead",
     .answer = delivery_schema},
    {0},
};
