/* The second factor: time-based one-time passwords (RFC 6238: SHA-1, 30 s, six digits, as every authenticator has it) by liboath,
 * and recovery codes. */
#include "auth/internal.h"

#include <ctype.h>
#include <liboath/oath.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECRET = 20, /* bytes: what RFC 4226, section 4 recommends */
    STEP = 30,
    WINDOW = 1, /* steps to either side: a clock that is wrong, a slow hand */
    DIGITS = 6,
    RECOVERY_CODES = 10,
    RECOVERY = 16, /* of 32 characters: 80 bits */
};

/* The time step that the code stands for; 0: it is not right. `secret`: hexadecimal. */
static uint64_t step_of(const char *secret, const char *code, int64_t now)
{
    unsigned char bytes[64];
    size_t length;
    uint64_t step = 0;
    if (strlen(code) != DIGITS || strspn(code, "0123456789") != DIGITS ||
        sodium_hex2bin(bytes, sizeof bytes, secret, strlen(secret), NULL, &length, NULL) != 0)
        return 0;
    int found = oath_totp_validate3((const char *)bytes, length, (time_t)now, STEP, 0, WINDOW, NULL, &step, code);
    sodium_memzero(bytes, sizeof bytes);
    return found >= 0 ? step : 0;
}

/* "abcd-efgh-…" as it was shown, whatever the case and the dashes. False: not the shape of one. */
static bool recovery_plain(const char *code, char out[RECOVERY + 1])
{
    int n = 0;
    for (; *code != '\0'; code++) {
        if (*code == '-' || *code == ' ')
            continue;
        if (n == RECOVERY || !isalnum((unsigned char)*code))
            return false;
        out[n++] = (char)tolower((unsigned char)*code);
    }
    out[n] = '\0';
    return n == RECOVERY;
}

/* The same of a sealed secret. */
static enum bl_status step_of_sealed(struct bl_request *r, const char *user, const char *sealed, const char *code, uint64_t *step)
{
    char secret[VAULT_SECRET + 1];
    enum bl_status status = auth_open(r, &(struct vault_place){"totp", "", user}, sealed, secret);
    *step = status == BL_OK ? step_of(secret, code, r->now / 1000000) : 0;
    sodium_memzero(secret, sizeof secret);
    return status;
}

/* A recovery code opens when the key of the secrets is lost, too. */
enum bl_status second_factor_take(struct bl_request *r, const char *user, const char *sealed, const char *code, bool *taken)
{
    char plain[RECOVERY + 1], argument[SECRET_HASH_ROOM];
    const char *sql;
    uint64_t step = 0;
    *taken = false;
    if (recovery_plain(code, plain)) {
        sql = "SELECT core.recovery_take($1::uuid, $2::bytea)";
        secret_hash(plain, argument);
    } else {
        enum bl_status opened = step_of_sealed(r, user, sealed, code, &step);
        if (opened != BL_OK || step == 0)
            return opened;
        sql = "SELECT core.totp_take($1::uuid, $2::bigint)";
        snprintf(argument, sizeof argument, "%llu", (unsigned long long)step);
    }
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, (const char *const[]){user, argument}, 2, 0, &rows);
    *taken = status == BL_OK && bl_integer(r, rows, 0, 0) != 0;
    return status;
}

/* ---- recovery codes ---- */

struct recovery {
    char shown[RECOVERY_CODES][RECOVERY + 4];                 /* abcd-efgh-ijkl-mnop */
    char hashes[RECOVERY_CODES * (SECRET_HASH_ROOM + 4) + 3]; /* as an array literal */
};

static void make_recovery(struct recovery *codes)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* none that look alike */
    char *at = stpcpy(codes->hashes, "{");
    for (int i = 0; i < RECOVERY_CODES; i++) {
        char plain[RECOVERY + 1], hash[SECRET_HASH_ROOM];
        for (int k = 0; k < RECOVERY; k++)
            plain[k] = letters[randombytes_uniform(32)];
        plain[RECOVERY] = '\0';
        secret_hash(plain, hash);
        snprintf(codes->shown[i], sizeof codes->shown[i], "%.4s-%.4s-%.4s-%.4s", plain, plain + 4, plain + 8, plain + 12);
        at = stpcpy(stpcpy(stpcpy(stpcpy(at, i ? "," : ""), "\"\\"), hash), "\""); /* the backslash is doubled inside an array */
    }
    stpcpy(at, "}");
}

static enum bl_status answer_recovery(struct bl_request *r, const struct recovery *codes)
{
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_array(r, "recovery_codes");
    for (int i = 0; i < RECOVERY_CODES; i++)
        bl_json_text(r, NULL, codes->shown[i]);
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* ---- routes ---- */

/* GET /api/v1/me/totp */
static enum bl_status totp_state(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT confirmed, recovery_left FROM core.totp_state($1::uuid)", (const char *const[]){r->actor}, 1,
                        BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    bool confirmed = bl_count(r, rows) == 1 && bl_integer(r, rows, 0, 0) != 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_bool(r, "enabled", confirmed);
    bl_json_integer(r, "recovery_codes_left", confirmed ? bl_integer(r, rows, 0, 1) : 0);
    bl_json_close(r);
    return BL_OK;
}

/* `text` with all but letters and digits percent-encoded, which is right in every part of a URI; what is too long for a label is
 * cut at the end of a character. */
static char *uri_text(struct bl_request *r, const char *text)
{
    enum { LABEL = 250 };
    char *out = bl_alloc(r, LABEL + 1), *at = out;
    while (*text != '\0') {
        size_t bytes = 1, room;
        while (((unsigned char)text[bytes] & 0xC0) == 0x80)
            bytes++;
        room = bytes == 1 && isalnum((unsigned char)*text) ? 1 : 3 * bytes;
        if ((size_t)(at - out) + room > LABEL)
            break;
        for (; bytes > 0; bytes--, text++)
            at += room == 1 ? sprintf(at, "%c", *text) : sprintf(at, "%%%02X", (unsigned char)*text);
    }
    return out;
}

/* POST /api/v1/me/totp: a new secret, which is in force once a code of it was sent to …/totp:confirm. The URI is what
 * authenticators scan, hence the code. */
static enum bl_status totp_enrol(struct bl_request *r)
{
    unsigned char secret[SECRET];
    char hex[2 * SECRET + 1], uri[400], *base32 = NULL;
    const char *sealed;
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status != BL_OK)
        return status;
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(hex, sizeof hex, secret, sizeof secret);
    status = auth_seal(r, &(struct vault_place){"totp", "", r->actor}, hex, &sealed);
    sodium_memzero(hex, sizeof hex);
    bool encoded = oath_base32_encode((const char *)secret, sizeof secret, &base32, NULL) == OATH_OK;
    sodium_memzero(secret, sizeof secret);
    if (status != BL_OK)
        return status;
    if (!encoded)
        return bl_fail(r, BL_UNAVAILABLE, "memory", NULL, "no memory: try again");
    bl_defer(r, free, base32);
    base32[strcspn(base32, "=")] = '\0';
    status = bl_sql(r, "SELECT core.totp_enrol($1::uuid, $2), (SELECT email FROM core.me($1::uuid))",
                    (const char *const[]){r->actor, sealed}, 2, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_integer(r, rows, 0, 0) == 0)
        return bl_fail(r, BL_CONFLICT, "second_factor_in_force", NULL, "a second factor is in force already: remove it first");
    const char *email = bl_cell(r, rows, 0, 1);
    snprintf(uri, sizeof uri, "otpauth://totp/Ballium:%s?secret=%s&issuer=Ballium&algorithm=SHA1&digits=%d&period=%d",
             uri_text(r, email ? email : ""), base32, DIGITS, STEP);
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_text(r, "secret", base32);
    bl_json_text(r, "uri", uri);
    bl_json_text(r, "qr_svg", bl_qr_svg(r, uri));
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status wrong_code(struct bl_request *r)
{
    return bl_fail(r, BL_UNPROCESSABLE, "wrong_code", "/code",
                   "is not the code of this moment: look at the authenticator's clock");
}

/* POST /api/v1/me/totp:confirm */
static enum bl_status totp_confirm(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    const char *code;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = read_members(r, (const struct member[]){{"code", &code, true}, {0}});
    if (status == BL_OK)
        status = bl_sql(r, "SELECT waiting FROM core.totp_state($1::uuid)", (const char *const[]){r->actor}, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    const char *sealed = bl_count(r, rows) == 1 ? bl_cell(r, rows, 0, 0) : NULL;
    if (!sealed)
        return bl_fail(r, BL_CONFLICT, "nothing_to_confirm", NULL,
                       "there is no secret that waits: POST /api/v1/me/totp makes one");
    uint64_t step;
    status = step_of_sealed(r, r->actor, sealed, code, &step);
    if (status != BL_OK || step == 0)
        return status != BL_OK ? status : wrong_code(r);
    char number[24];
    struct recovery *codes = bl_alloc(r, sizeof *codes);
    make_recovery(codes);
    snprintf(number, sizeof number, "%llu", (unsigned long long)step);
    status = bl_sql(r, "SELECT core.totp_confirm($1::uuid, $2::uuid, $3::bigint, $4::bytea[])",
                    (const char *const[]){r->actor, caller.session, number, codes->hashes}, 4, BL_FINAL, &rows);
    return status == BL_OK ? answer_recovery(r, codes) : status;
}

/* POST /api/v1/me/totp:recovery */
static enum bl_status totp_recovery(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    struct recovery *codes = bl_alloc(r, sizeof *codes);
    enum bl_status status = person_of(r, &caller);
    if (status != BL_OK)
        return status;
    make_recovery(codes);
    status = bl_sql(r, "SELECT core.recovery_renew($1::uuid, $2::bytea[])", (const char *const[]){r->actor, codes->hashes}, 2,
                    BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_integer(r, rows, 0, 0) == 0)
        return bl_fail(r, BL_CONFLICT, "no_second_factor", NULL, "there is no second factor that a code could stand in for");
    return answer_recovery(r, codes);
}

/* DELETE /api/v1/me/totp */
static enum bl_status totp_remove(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.totp_remove($1::uuid)", (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
static const char state_schema[] = SCHEMA({
    "type": "object", "required": ["enabled", "recovery_codes_left"],
    "properties": {"enabled": {"type": "boolean"}, "recovery_codes_left": {"type": "integer"}}
});
static const char enrol_schema[] = SCHEMA({
    "type": "object", "required": ["secret", "uri", "qr_svg"],
    "properties": {"secret": {"type": "string"}, "uri": {"type": "string"},
                   "qr_svg": {"type": ["string", "null"], "description": "The URI as a QR code: an SVG document. Show it as an image."}}
});
static const char code_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["code"], "properties": {"code": {"type": "string", "maxLength": 64}}
});
static const char recovery_schema[] = SCHEMA({
    "type": "object", "required": ["recovery_codes"], "properties": {"recovery_codes": {"type": "array", "items": {"type": "string"}}}
});
/* clang-format on */

const struct bl_route auth_totp_routes[] = {
    {.method = "GET",
     .path = "/api/v1/me/totp",
     .handler = totp_state,
     .summary = "Is there a second factor?",
     .answer = state_schema},
    {.method = "POST",
     .path = "/api/v1/me/totp",
     .handler = totp_enrol,
     .flags = BL_FRESH,
     .summary = "A new secret for an authenticator; in force once it is confirmed",
     .answer = enrol_schema},
    {.method = "POST",
     .path = "/api/v1/me/totp:confirm",
     .handler = totp_confirm,
     .flags = BL_FRESH,
     .summary = "Put the second factor in force; ends the other sessions and shows recovery codes, this once",
     .body = code_schema,
     .answer = recovery_schema},
    {.method = "POST",
     .path = "/api/v1/me/totp:recovery",
     .handler = totp_recovery,
     .flags = BL_FRESH,
     .summary = "New recovery codes instead of all old ones",
     .answer = recovery_schema},
    {.method = "DELETE",
     .path = "/api/v1/me/totp",
     .handler = totp_remove,
     .flags = BL_FRESH,
     .summary = "Remove the second factor"},
    {0},
};
