#include "http/webhooks.h"

#include "base/ids.h"
#include "resource/plan.h"
#include "tenant/input.h"

#include <string.h>

#define WEBHOOK                                                                                                                  \
    "SELECT w.id, w.url, to_json(w.events)::text, w.state = 'active', w.state, w.reason, k.public_key, p.public_key, "           \
    "p.ends_at, "                                                                                                                \
    "w.failures, w.failing_since, w.version, w.created_at, w.created_by FROM core.webhook w LEFT JOIN core.webhook_key k ON "    \
    "k.tenant_id = $1::uuid AND k.webhook_id = w.id AND k.ends_at IS NULL LEFT JOIN LATERAL (SELECT o.public_key, o.ends_at "    \
    "FROM "                                                                                                                      \
    "core.webhook_key o WHERE o.tenant_id = $1::uuid AND o.webhook_id = w.id AND o.ends_at > now() ORDER BY o.ends_at DESC "     \
    "LIMIT "                                                                                                                     \
    "1) p ON true WHERE w.tenant_id = $1::uuid AND w.state <> 'ended'"
#define DELIVERY                                                                                                                 \
    "SELECT id, type, state, attempts, attempted_at, status, problem, CASE WHEN state = 'waiting' THEN run_at END, created_at, " \
    "finished_at FROM core.webhook_delivery WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid"

enum { EVENTS = 2, VERSION = 11 }; /* columns */

static void put_members(struct bl_request *r, const struct bl_rows *rows, int row)
{
    static const char *const names[] = {"id",
                                        "url",
                                        "events",
                                        "enabled",
                                        "state",
                                        "reason",
                                        "public_key",
                                        "previous_public_key",
                                        "previous_ends_at",
                                        "failures",
                                        "failing_since",
                                        "version",
                                        "created_at",
                                        "created_by"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (i == EVENTS)
            bl_json_raw(r, names[i], bl_cell(r, rows, row, i));
        else
            bl_json_cell(r, names[i], rows, row, i);
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

enum bl_status http_webhook_missing(struct bl_request *r)
{
    return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no webhook of that id here");
}

/* ---- webhooks ----------------------------------------------------------------------------------------------------------- */

static enum bl_status list(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, WEBHOOK " ORDER BY w.id", NULL, 0, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_webhook) : status;
}

enum bl_status http_webhook_answer(struct bl_request *r, const char *id, int code, const char *secret)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, WEBHOOK " AND w.id = $2::uuid", (const char *const[]){id}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return http_webhook_missing(r);
    bl_respond(r, code, "application/json");
    resource_tag(r, bl_integer(r, rows, 0, VERSION));
    if (secret)
        bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    put_members(r, rows, 0);
    if (secret)
        bl_json_text(r, "secret", secret);
    bl_json_close(r);
    return BL_OK;
}

const char *http_webhook_id(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    return uuid_valid(id) ? id : NULL;
}

static enum bl_status show(struct bl_request *r)
{
    const char *id = http_webhook_id(r);
    return id ? http_webhook_answer(r, id, 200, NULL) : http_webhook_missing(r);
}

/* ---- deliveries --------------------------------------------------------------------------------------------------------- */

static enum bl_status deliveries(struct bl_request *r)
{
    static const char states[] = " waiting delivered dead ";
    struct input_page page;
    struct bl_rows *rows;
    const char *id = http_webhook_id(r), *state = bl_query(r, "state");
    enum bl_status status = id ? input_page(r, &page) : http_webhook_missing(r);
    if (status == BL_OK && state && (strchr(state, ' ') || *state == '\0' || !strstr(states, state)))
        status = bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "state is waiting, delivered or dead");
    if (status == BL_OK)
        status = bl_sql(r, WEBHOOK " AND w.id = $2::uuid", (const char *const[]){id}, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = http_webhook_missing(r);
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
    const char *id = http_webhook_id(r), *delivery = bl_param(r, "delivery_id");
    if (!id || !uuid_valid(delivery))
        return http_webhook_missing(r);
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
    status = http_webhook_event(r, id, "replay", "{}");
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
    "enabled": {"type": "boolean", "description": "Is it told what happens? false: suspended."},                                 \
    "state": {"type": "string", "enum": ["active", "suspended"]},                                                                \
    "reason": {"type": ["string", "null"], "description": "Of a suspension: person, failing (for five days), gone (it answered 410)."}, \
    "public_key": {"type": ["string", "null"], "description": "Ed25519, whpk_ and base64: verifies v1a signatures."},            \
    "previous_public_key": {"type": ["string", "null"], "description": "Of the key before, while it still signs."},              \
    "previous_ends_at": {"type": ["string", "null"], "format": "date-time",                                                      \
        "description": "Until then the key before signs, too."},                                                                 \
    "failures": {"type": "integer", "description": "Attempts that failed since the last that did not."},                         \
    "failing_since": {"type": ["string", "null"], "format": "date-time"}, "version": {"type": "integer"},                        \
    "created_at": {"type": "string", "format": "date-time"}, "created_by": {"type": "string", "format": "uuid"}
#define REQUIRED                                                                                                                 \
    "id", "url", "events", "enabled", "state", "reason", "public_key", "previous_public_key", "previous_ends_at", "failures",    \
    "failing_since", "version", "created_at", "created_by"
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
static const char patch_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false,
    "properties": {
        "url": {"type": "string", "minLength": 1, "maxLength": 500, "description": "What waits goes to the new address."},
        "events": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string"}},
        "enabled": {"type": "boolean", "description": "false suspends, true resumes from now on."}},
    "example": {"url": "https://hooks.example.org/isms", "enabled": true}
});
static const char rotate_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false,
    "properties": {
        "overlap_hours": {"type": ["integer", "null"], "minimum": 0, "maximum": 168,
            "description": "How long the key before signs, too. Left out: 24. 0: it ends at once, because somebody else has it."},
        "ed25519": {"type": ["boolean", "null"], "description": "With a key pair? Left out: as before."}},
    "example": {"overlap_hours": 48}
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
     .handler = http_webhook_make,
     .flags = BL_CREATED,
     .summary = "Make a webhook; the answer shows its secret, this once",
     .body = make_schema,
     .answer = made_schema},
    {.method = "GET",
     .path = PATH "/{id}",
     .permission = READ,
     .handler = show,
     .flags = BL_TAGGED,
     .summary = "A webhook",
     .answer = webhook_schema},
    {.method = "PATCH",
     .path = PATH "/{id}",
     .permission = WRITE,
     .handler = http_webhook_patch,
     .flags = BL_TAGGED,
     .summary = "Change a webhook's address, its events, or whether it is told at all",
     .body = patch_schema,
     .answer = webhook_schema},
    {.method = "POST",
     .path = PATH "/{id}:rotate",
     .permission = WRITE,
     .handler = http_webhook_rotate,
     .summary = "A new key; for a while messages carry signatures of both. The answer shows the new secret, this once",
     .body = rotate_schema,
     .answer = made_schema},
    {.method = "DELETE",
     .path = PATH "/{id}",
     .permission = "core.webhook:archive",
     .handler = http_webhook_end,
     .summary = "Take a webhook away"},
    {.method = "POST",
     .path = PATH "/{id}:suspend",
     .permission = WRITE,
     .handler = http_webhook_suspend,
     .summary = "Tell a webhook nothing until it is resumed",
     .answer = webhook_schema},
    {.method = "POST",
     .path = PATH "/{id}:resume",
     .permission = WRITE,
     .handler = http_webhook_resume,
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
