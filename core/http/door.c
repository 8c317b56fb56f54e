#include "http/door.h"

#include "base/ids.h"
#include "db/db.h"
#include "http/response.h"
#include "http/transaction.h"

#include <sodium.h>
#include <string.h>

enum {
    TOKEN_BYTES = 32,
    TOKEN_MOST = 100, /* characters that are worth hashing */
    USES = 60,        /* of one door in an hour: more is no report but a flood */
    HASH_ROOM = 2 + 2 * crypto_hash_sha256_BYTES + 1
};

/* As bytea text. The token has 256 random bits: a plain hash is enough. */
static void hash_of(const char *token, char out[HASH_ROOM])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)token, strlen(token));
    out[0] = '\\';
    out[1] = 'x';
    sodium_bin2hex(out + 2, HASH_ROOM - 2, hash, sizeof hash);
}

static enum bl_status closed(struct bl_request *base)
{
    return bl_fail(base, BL_NOT_FOUND, "no_such_door", NULL,
                   "nothing is taken here with this token: ask the organisation for the address and token that hold now");
}

enum bl_status http_door_enter(struct bl_request *base, const char *purpose, const char *token, const char *permission)
{
    struct http_request *r = http_request_of(base);
    char hash[HASH_ROOM], most[16];
    struct bl_rows *rows;
    if ((r->match.route->flags & BL_PUBLIC) == 0 || base->tenant != NULL || r->tx.state != TX_NONE)
        return bl_fail(base, BL_INTERNAL, "no_door", NULL, "only a public route that has entered no tenant goes through a door");
    if (token == NULL || *token == '\0' || strnlen(token, TOKEN_MOST + 1) > TOKEN_MOST)
        return closed(base);
    hash_of(token, hash);
    snprintf(most, sizeof most, "%d", USES);
    const char *args[] = {bl_param(base, "org"), purpose, hash, most};
    enum bl_status status =
        http_sql(r, "SELECT outcome, tenant, slug FROM core.enter_door($1, $2, $3::bytea, $4::integer)", args, 4, 0, &rows);
    if (status != BL_OK)
        return status;
    if (db_count(rows) == 0)
        return closed(base);
    if (strcmp(db_cell(rows, 0, 0), "in") != 0) {
        http_set_header(r, "Retry-After", "600");
        return bl_fail(base, BL_TOO_MANY_REQUESTS, "door_busy", NULL,
                       "very much was handed in here within the hour: try again later, or call the organisation");
    }
    snprintf(r->tenant, sizeof r->tenant, "%s", db_cell(rows, 0, 1));
    snprintf(r->slug, sizeof r->slug, "%s", db_cell(rows, 0, 2));
    base->tenant = r->tenant;
    base->org = r->slug;
    base->actor = BL_SERVICE;
    r->door = permission;
    return BL_OK;
}

enum bl_status http_door_open(struct bl_request *base, const char *purpose, const char **token)
{
    unsigned char random[TOKEN_BYTES];
    char door[UUID_TEXT], event[UUID_TEXT], hash[HASH_ROOM];
    size_t room = sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = bl_alloc(base, room);
    struct bl_rows *rows;
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text, room, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    hash_of(text, hash);
    uuid_v7(door);
    uuid_v7(event);
    const char *args[] = {door, purpose, hash, base->actor, event, base->id};
    *token = text;
    return bl_sql(base, "SELECT core.door_open($1::uuid, $2::uuid, $3, $4::bytea, $5::uuid, $6::uuid, $7)", args, 6, 0, &rows);
}

enum bl_status http_door_shut(struct bl_request *base, const char *purpose)
{
    char event[UUID_TEXT];
    struct bl_rows *rows;
    uuid_v7(event);
    const char *args[] = {purpose, base->actor, event, base->id};
    enum bl_status status = bl_sql(base, "SELECT core.door_shut($1::uuid, $2, $3::uuid, $4::uuid, $5)", args, 4, 0, &rows);
    if (status == BL_OK && bl_integer(base, rows, 0, 0) == 0)
        return bl_fail(base, BL_NOT_FOUND, "not_found", NULL, "it is shut already");
    return status;
}
