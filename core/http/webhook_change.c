/* Making, changing and ending webhooks, and the keys that they sign with. Keys stand sealed in core.webhook_key: this role may
 * write them and not read them. */
#include "auth/auth.h"
#include "base/fetch.h"
#include "base/ids.h"
#include "base/webhook.h"
#include "http/webhooks.h"
#include "http/worker.h"
#include "resource/plan.h"
#include "tenant/input.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { WEBHOOKS_MAX = 20, URL_MAX = 500, EVENTS_MAX = 50, OVERLAP = 24, OVERLAP_MAX = 168 /* hours */ };

enum bl_status http_webhook_event(struct bl_request *r, const char *id, const char *verb, const char *change)
{
    struct bl_rows *rows;
    return bl_sql(r,
                  "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) "
                  "SELECT $1::uuid, $2::uuid, $3::uuid, 'core.webhooks', w.id, $5, w.version, $6::jsonb, $7 "
                  "FROM core.webhook w WHERE w.tenant_id = $1::uuid AND w.id = $4::uuid",
                  (const char *const[]){input_id(r), r->actor, id, verb, change, r->id}, 6, 0, &rows);
}

/* ---- what is asked ------------------------------------------------------------------------------------------------------ */

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

static const struct bl_field make_fields[] = {
    {.name = "url", .type = BL_TEXT, .flags = BL_REQUIRED, .min = 1, .max = URL_MAX},
    {.name = "events", .type = BL_LIST, .flags = BL_REQUIRED, .min = 1, .max = EVENTS_MAX},
    {.name = "ed25519", .type = BL_BOOL},
    {0},
};
static const struct bl_field patch_fields[] = {
    {.name = "url", .type = BL_TEXT, .min = 1, .max = URL_MAX},
    {.name = "events", .type = BL_LIST, .min = 1, .max = EVENTS_MAX},
    {.name = "enabled", .type = BL_BOOL},
    {0},
};
static const struct bl_field rotate_fields[] = {
    {.name = "overlap_hours", .type = BL_INT, .min = 0, .max = OVERLAP_MAX},
    {.name = "ed25519", .type = BL_BOOL},
    {0},
};

/* The answer to a request with an Idempotency-Key is kept for a day; a secret is kept nowhere. */
static enum bl_status keep_no_secret(struct bl_request *r)
{
    return bl_header(r, "Idempotency-Key") == NULL
               ? BL_OK
               : bl_fail(r, BL_BAD_REQUEST, "no_idempotency_key", NULL,
                         "the answer holds a secret and is stored nowhere: send this without Idempotency-Key");
}

/* What of the two is given must be good. */
static enum bl_status check_target(struct bl_request *r, const json_t *in)
{
    const char *url = input_text(in, "url");
    enum bl_status status = input_not_empty(r, in, "events");
    const char *why = url ? fetch_refuses(url, http_request_of(r)->worker->http->config->private_addresses) : NULL;
    if (status == BL_OK && why)
        status = bl_fail(r, BL_UNPROCESSABLE, "url", "/url", "%s", why);
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(in, "events"), i, event)
    {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/events/%zu", i);
        if (!good_filter(json_string_value(event)))
            status = bl_fail(r, BL_UNPROCESSABLE, "format", pointer,
                             "is *, a resource such as context.issues, or one with a verb: context.issues:create");
    }
    return status;
}

/* ---- keys --------------------------------------------------------------------------------------------------------------- */

struct new_key {
    const char *id;
    char secret[WEBHOOK_KEY_ROOM]; /* shown once */
};

static enum bl_status add_key(struct bl_request *r, const char *webhook, bool pair, struct new_key *key)
{
    char signing[WEBHOOK_KEY_ROOM], public[WEBHOOK_KEY_ROOM];
    const char *secret_sealed, *signing_sealed = NULL;
    struct bl_rows *rows;
    key->id = input_id(r);
    webhook_new_secret(key->secret);
    webhook_new_pair(signing, public);
    enum bl_status status =
        auth_seal(r, &(struct vault_place){"webhook.secret", r->tenant, key->id}, key->secret, &secret_sealed);
    if (status == BL_OK && pair)
        status = auth_seal(r, &(struct vault_place){"webhook.signing", r->tenant, key->id}, signing, &signing_sealed);
    sodium_memzero(signing, sizeof signing);
    if (status != BL_OK)
        return status;
    return bl_sql(r,
                  "INSERT INTO core.webhook_key (tenant_id, webhook_id, id, secret, signing_key, public_key) VALUES ($1::uuid, "
                  "$2::uuid, $3::uuid, $4, $5, $6)",
                  (const char *const[]){webhook, key->id, secret_sealed, signing_sealed, pair ? public : NULL}, 5, 0, &rows);
}

/* Those that sign no longer: all, or all but the one in force. */
static enum bl_status erase_keys(struct bl_request *r, const char *webhook, bool all)
{
    struct bl_rows *rows;
    return bl_sql(
        r,
        "UPDATE core.webhook_key SET ends_at = least(ends_at, now()), secret = NULL, signing_key = NULL WHERE tenant_id "
        "= $1::uuid AND webhook_id = $2::uuid AND ($3::boolean OR ends_at IS NOT NULL)",
        (const char *const[]){webhook, all ? "t" : "f"}, 2, 0, &rows);
}

/* The row as it is, locked: what follows is of this request alone. Columns: version, url, events as JSON, state, key id, has it a
 * pair. */
enum { VERSION, URL, EVENTS, STATE, KEY, PAIR };
static enum bl_status lock(struct bl_request *r, const char *id, struct bl_rows **rows)
{
    if (!id)
        return http_webhook_missing(r);
    enum bl_status status = bl_sql(
        r,
        "SELECT w.version, w.url, to_json(w.events)::text, w.state, k.id, k.public_key IS NOT NULL FROM core.webhook w LEFT "
        "JOIN core.webhook_key k ON k.tenant_id = $1::uuid AND k.webhook_id = w.id AND k.ends_at IS NULL WHERE w.tenant_id "
        "= $1::uuid AND w.id = $2::uuid AND w.state <> 'ended' FOR UPDATE OF w",
        (const char *const[]){id}, 1, 0, rows);
    return status != BL_OK || bl_count(r, *rows) == 1 ? status : http_webhook_missing(r);
}

/* ---- make --------------------------------------------------------------------------------------------------------------- */

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

/* {"url": [before, after], …} of what differs, in the request's memory. */
static const char *text_of(struct bl_request *r, json_t *change)
{
    char *text = json_dumps(change, JSON_COMPACT);
    json_decref(change);
    bl_defer(r, free, text);
    return text;
}

enum bl_status http_webhook_make(struct bl_request *r)
{
    json_t *in = NULL;
    struct bl_rows *rows;
    struct new_key key;
    const char *id = input_id(r);
    enum bl_status status = keep_no_secret(r);
    if (status == BL_OK)
        status = input_read(r, make_fields, &in);
    if (status == BL_OK)
        status = check_target(r, in);
    if (status == BL_OK)
        status = has_room(r);
    if (status == BL_OK)
        status = bl_sql(r,
                        "INSERT INTO core.webhook (tenant_id, id, url, events, created_by) VALUES ($1::uuid, $2::uuid, $3, "
                        "$4::text[], $5::uuid)",
                        (const char *const[]){id, input_text(in, "url"), input_list(r, in, "events"), r->actor}, 4, 0, &rows);
    if (status == BL_OK)
        status = add_key(r, id, json_is_true(json_object_get(in, "ed25519")), &key);
    if (status == BL_OK)
        status = http_webhook_event(r, id, "create",
                                    text_of(r, json_pack("{s:[n,O], s:[n,O]}", "url", json_object_get(in, "url"), "events",
                                                         json_object_get(in, "events"))));
    return status == BL_OK ? http_webhook_answer(r, id, 201, key.secret) : status;
}

/* ---- change ------------------------------------------------------------------------------------------------------------- */

static enum bl_status read_patch(struct bl_request *r, json_t **in)
{
    json_t *body, *value;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    json_object_foreach(body, name, value)
    {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%.30s", name);
        if (json_is_null(value)) /* a merge patch would take it away */
            status = bl_fail(r, BL_UNPROCESSABLE, "required", pointer, "cannot be taken away");
    }
    if (status == BL_OK)
        status = input_read(r, patch_fields, in);
    return status == BL_OK ? check_target(r, *in) : status;
}

static void add_difference(json_t *difference, const char *name, json_t *before, json_t *after)
{
    if (after && !json_equal(before, after))
        json_object_set_new(difference, name, json_pack("[O,O]", before, after));
    json_decref(before);
}

/* What differs from the row. */
static json_t *difference_of(struct bl_request *r, const struct bl_rows *row, const json_t *in)
{
    json_t *difference = json_object();
    add_difference(difference, "url", json_string(bl_cell(r, row, 0, URL)), json_object_get(in, "url"));
    add_difference(difference, "events", json_loads(bl_cell(r, row, 0, EVENTS), 0, NULL), json_object_get(in, "events"));
    add_difference(difference, "enabled", json_boolean(strcmp(bl_cell(r, row, 0, STATE), "active") == 0),
                   json_object_get(in, "enabled"));
    return difference;
}

/* A webhook that is resumed is told what happens from now on; that it had failed is forgotten then, and with a new address. NULL:
 * as it is. */
static enum bl_status write(struct bl_request *r, const char *id, const char *url, const char *events, const char *state)
{
    struct bl_rows *rows;
    return bl_sql(
        r,
        "UPDATE core.webhook SET version = version + 1, url = coalesce($3, url), events = coalesce($4::text[], events), "
        "state = coalesce($5, state), reason = CASE $5 WHEN 'active' THEN NULL WHEN 'suspended' THEN 'person' ELSE "
        "reason END, since = CASE $5 WHEN 'active' THEN now() ELSE since END, seen = CASE $5 WHEN 'active' THEN now() "
        "ELSE seen END, failures = CASE WHEN $5 = 'active' OR $3 <> url THEN 0 ELSE failures END, failing_since = CASE "
        "WHEN $5 = 'active' OR $3 <> url THEN NULL ELSE failing_since END, rests_until = CASE WHEN $5 = 'active' OR $3 "
        "<> url THEN '-infinity' ELSE rests_until END WHERE tenant_id = $1::uuid AND id = $2::uuid",
        (const char *const[]){id, url, events, state}, 4, 0, &rows);
}

enum bl_status http_webhook_patch(struct bl_request *r)
{
    json_t *in = NULL;
    struct bl_rows *row = NULL;
    long seen = 0;
    const char *id = http_webhook_id(r);
    enum bl_status status = lock(r, id, &row);
    if (status == BL_OK)
        status = resource_if_match(r, &seen);
    if (status == BL_OK && bl_integer(r, row, 0, VERSION) != seen)
        status = resource_changed_since(r, "webhook", bl_integer(r, row, 0, VERSION), seen);
    if (status == BL_OK)
        status = read_patch(r, &in);
    if (status != BL_OK)
        return status;
    json_t *difference = difference_of(r, row, in), *enabled = json_object_get(difference, "enabled");
    const char *state = enabled ? json_is_true(json_array_get(enabled, 1)) ? "active" : "suspended" : NULL;
    bool changes = json_object_size(difference) > 0;
    const char *change = text_of(r, difference);
    if (changes)
        status = write(r, id, input_text(in, "url"), input_list(r, in, "events"), state);
    if (status == BL_OK && changes)
        status = http_webhook_event(r, id, "update", change);
    return status == BL_OK ? http_webhook_answer(r, id, 200, NULL) : status;
}

static enum bl_status turn(struct bl_request *r, const char *state, const char *verb, const char *change, const char *wrong)
{
    struct bl_rows *row = NULL;
    const char *id = http_webhook_id(r);
    enum bl_status status = lock(r, id, &row);
    if (status == BL_OK && strcmp(bl_cell(r, row, 0, STATE), state) == 0)
        status = bl_fail(r, BL_CONFLICT, "state", NULL, "%s", wrong);
    if (status == BL_OK)
        status = write(r, id, NULL, NULL, state);
    if (status == BL_OK)
        status = http_webhook_event(r, id, verb, change);
    return status == BL_OK ? http_webhook_answer(r, id, 200, NULL) : status;
}

enum bl_status http_webhook_suspend(struct bl_request *r)
{
    return turn(r, "suspended", "suspend", "{\"enabled\":[true,false]}", "it is suspended already");
}

/* What happened meanwhile is not told: it stands on the trail. */
enum bl_status http_webhook_resume(struct bl_request *r)
{
    return turn(r, "active", "resume", "{\"enabled\":[false,true]}", "it is active");
}

/* At most two keys sign: a rotation in the time of another one ends the oldest at once. */
static enum bl_status replace_key(struct bl_request *r, const char *id, const struct bl_rows *row, const json_t *in,
                                  struct new_key *key)
{
    const json_t *hours = json_object_get(in, "overlap_hours"), *pair = json_object_get(in, "ed25519");
    char overlap[24];
    struct bl_rows *rows;
    snprintf(overlap, sizeof overlap, "%lld", json_is_integer(hours) ? json_integer_value(hours) : OVERLAP);
    enum bl_status status = erase_keys(r, id, strcmp(overlap, "0") == 0);
    if (status == BL_OK)
        status =
            bl_sql(r,
                   "UPDATE core.webhook_key SET ends_at = now() + $3::integer * interval '1 hour' WHERE tenant_id = $1::uuid "
                   "AND webhook_id = $2::uuid AND ends_at IS NULL",
                   (const char *const[]){id, overlap}, 2, 0, &rows);
    return status == BL_OK ? add_key(r, id, pair ? json_is_true(pair) : bl_integer(r, row, 0, PAIR) != 0, key) : status;
}

enum bl_status http_webhook_rotate(struct bl_request *r)
{
    json_t *in = NULL;
    struct bl_rows *row = NULL;
    struct new_key key;
    const char *id = http_webhook_id(r);
    enum bl_status status = keep_no_secret(r);
    if (status == BL_OK)
        status = lock(r, id, &row);
    if (status == BL_OK)
        status = input_read(r, rotate_fields, &in);
    if (status == BL_OK)
        status = replace_key(r, id, row, in, &key);
    if (status == BL_OK)
        status = write(r, id, NULL, NULL, NULL);
    if (status == BL_OK)
        status = http_webhook_event(r, id, "rotate", text_of(r, json_pack("{s:[s?,s]}", "key", bl_cell(r, row, 0, KEY), key.id)));
    return status == BL_OK ? http_webhook_answer(r, id, 200, key.secret) : status;
}

/* The row stays for its deliveries; the keys go. */
enum bl_status http_webhook_end(struct bl_request *r)
{
    struct bl_rows *rows;
    const char *id = http_webhook_id(r);
    enum bl_status status = lock(r, id, &rows);
    if (status == BL_OK)
        status =
            bl_sql(r,
                   "UPDATE core.webhook SET state = 'ended', reason = NULL, version = version + 1 WHERE tenant_id = $1::uuid "
                   "AND id = $2::uuid",
                   (const char *const[]){id}, 1, 0, &rows);
    if (status == BL_OK)
        status = erase_keys(r, id, true);
    if (status == BL_OK)
        status = http_webhook_event(r, id, "archive", "{}");
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}
