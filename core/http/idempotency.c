#include "http/idempotency.h"

#include "db/db.h"
#include "http/response.h"
#include "http/transaction.h"
#include "http/worker.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 200, HASH_TEXT = 2 + 2 * crypto_hash_sha256_BYTES + 1 };

/* Both statements begin after core.enter. The INSERT waits for another transaction's row of the same key; the SELECT after it has
 * a newer snapshot and sees that row. */
static const char take_sql[] = "INSERT INTO core.idempotency (tenant_id, actor, route, key, request_hash) "
                               "VALUES ($1::uuid, $2::uuid, $3, $4, $5::bytea) ON CONFLICT DO NOTHING RETURNING 1";
static const char look_sql[] = "SELECT request_hash = $5::bytea, status, headers, body FROM core.idempotency "
                               "WHERE tenant_id = $1::uuid AND actor = $2::uuid AND route = $3 AND key = $4";
static const char keep_sql[] = "UPDATE core.idempotency SET status = $5::integer, headers = $6, body = decode($7, 'base64') "
                               "WHERE tenant_id = $1::uuid AND actor = $2::uuid AND route = $3 AND key = $4";

static const char *key_of(const struct http_request *r)
{
    return http_params_header(&r->params, "Idempotency-Key");
}

static bool key_good(const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < length; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            return false;
    return length >= 1 && length <= KEY;
}

/* Adds a part with its length, so that no two requests give the same bytes. */
static void hash_part(crypto_hash_sha256_state *state, const char *bytes, size_t length)
{
    uint64_t n = length;
    crypto_hash_sha256_update(state, (const unsigned char *)&n, sizeof n);
    crypto_hash_sha256_update(state, (const unsigned char *)bytes, length);
}

/* Of all that makes the request what it is, as bytea text. */
static enum bl_status hash_request(struct http_request *r, char out[HASH_TEXT])
{
    const char *body, *type = http_params_header(&r->params, "Content-Type");
    size_t length;
    enum bl_status status = http_body_text(r, &body, &length);
    if (status != BL_OK)
        return status;
    crypto_hash_sha256_state state;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    hash_part(&state, r->base.method, strlen(r->base.method));
    hash_part(&state, r->base.path, strlen(r->base.path));
    hash_part(&state, type == NULL ? "" : type, type == NULL ? 0 : strlen(type));
    hash_part(&state, body, length);
    crypto_hash_sha256_final(&state, hash);
    out[0] = '\\';
    out[1] = 'x';
    sodium_bin2hex(out + 2, HASH_TEXT - 2, hash, sizeof hash);
    return BL_OK;
}

static void set_kept_headers(struct http_request *r, const char *text)
{
    char *lines = arena_string(r->arena, text), *line;
    while (lines != NULL && (line = strsep(&lines, "\n")) != NULL) {
        char *colon = strstr(line, ": ");
        if (colon == NULL)
            continue;
        *colon = '\0';
        http_set_header(r, line, colon + 2);
    }
}

static enum bl_status replay(struct http_request *r, const struct bl_rows *rows)
{
    if (db_count(rows) == 0 || db_null(rows, 0, 1))
        return bl_fail(&r->base, BL_CONFLICT, "try_again", NULL,
                       "the first request with this Idempotency-Key has just ended: "
                       "send this one again");
    if (db_integer(rows, 0, 0) == 0)
        return bl_fail(&r->base, BL_UNPROCESSABLE, "idempotency_key_reused", NULL,
                       "this Idempotency-Key came with another request before: use a new key for each request");
    /* the first line is the media type, see keep */
    char *headers = arena_string(r->arena, db_cell(rows, 0, 2));
    char *media = strsep(&headers, "\n");
    http_respond(r, (int)db_integer(rows, 0, 1), *media == '\0' ? NULL : media);
    set_kept_headers(r, headers);
    http_set_header(r, "Idempotency-Replayed", "true");
    int length = 0;
    const char *body = db_null(rows, 0, 3) ? "" : db_bytes(rows, 0, 3, &length);
    http_write(r, body, (size_t)length);
    r->done = true;
    return BL_OK;
}

enum bl_status http_idempotency_take(struct http_request *r)
{
    const char *key = key_of(r);
    char hash[HASH_TEXT];
    if (r->match.route->streams && !r->body.read)
        return BL_OK; /* its handler comes back when it has the body */
    if (key == NULL || r->base.tenant == NULL || strcmp(r->base.method, "POST") != 0)
        return BL_OK;
    if (!key_good(key))
        return bl_fail(&r->base, BL_BAD_REQUEST, "bad_idempotency_key", NULL,
                       "Idempotency-Key takes 1 to 200 visible ASCII characters");
    enum bl_status status = hash_request(r, hash);
    if (status != BL_OK)
        return status;
    const char *const args[] = {r->base.actor, r->match.route->path, key, hash};
    const struct http_statement statements[] = {{take_sql, args, 4}, {look_sql, args, 4}};
    struct bl_rows *rows[2];
    status = http_run(r, statements, 2, false, rows);
    if (status != BL_OK)
        return status;
    if (db_count(rows[0]) == 0)
        return replay(r, rows[1]);
    r->key_taken = true;
    return BL_OK;
}

/* The media type on the first line, then the headers. */
static const char *headers_text(struct http_request *r)
{
    const struct http_response *a = &r->response;
    struct buf text = buf_new(r->arena, 256);
    buf_text(&text, a->media_type == NULL ? "" : a->media_type);
    for (size_t i = 0; i < a->headers; i++)
        buf_format(&text, "\n%s: %s", a->header[i].name, a->header[i].value);
    return text.data;
}

static const char *body_base64(struct http_request *r)
{
    size_t length;
    const char *body = http_response_body(r, &length);
    size_t room = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(r->arena, room);
    return sodium_bin2base64(text, room, (const unsigned char *)body, length, sodium_base64_VARIANT_ORIGINAL);
}

enum bl_status http_idempotency_keep(struct http_request *r)
{
    struct bl_rows *rows[1];
    http_response_complete(r);
    const char *status = arena_format(r->arena, "%d", r->response.status);
    const char *const args[] = {r->base.actor, r->match.route->path, key_of(r), status, headers_text(r), body_base64(r)};
    return http_run(r, &(struct http_statement){keep_sql, args, 6}, 1, true, rows);
}
