/* POST /oauth/token: the client credentials grant (RFC 6749, section 4.4). Failures are told as its section 5.2 has them, not as
 * problem documents: OAuth libraries read these. */
#include "auth/internal.h"
#include "base/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BASIC_MAX = 1024, SCOPE_MAX = 4000 /* bytes; the token must stay below TOKEN_MAX */ };

/* Who says they call. */
struct credentials {
    const char *id, *secret;
    bool basic; /* by an Authorization header */
};

static enum bl_status refuse(struct bl_request *r, int status, const char *error, const char *description)
{
    log_pairs(LOG_WARN, "oauth_refused", (const char *const[]){"error", error, "description", description, NULL});
    bl_respond(r, status, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    if (status == 401)
        bl_set_header(r, "WWW-Authenticate", "Basic realm=\"ballium\", charset=\"UTF-8\"");
    bl_json_object(r, NULL);
    bl_json_text(r, "error", error);
    bl_json_text(r, "error_description", description);
    bl_json_close(r);
    return BL_OK;
}

static enum bl_status bad_request(struct bl_request *r, const char *description)
{
    return refuse(r, 400, "invalid_request", description);
}

static enum bl_status bad_client(struct bl_request *r)
{
    return refuse(r, 401, "invalid_client", "the client is not known, or the secret is not one of its secrets");
}

/* "Basic …" (RFC 6749, section 2.3.1): both parts are form-encoded before they are joined. */
static bool read_basic(struct bl_request *r, const char *header, struct credentials *c)
{
    char *joined = bl_alloc(r, BASIC_MAX + 1);
    size_t length;
    header += strspn(header, " ");
    if (sodium_base642bin((unsigned char *)joined, BASIC_MAX, header, strlen(header), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    const char *colon = memchr(joined, ':', length);
    if (!colon)
        return false;
    c->id = form_decode(r, joined, (size_t)(colon - joined));
    c->secret = form_decode(r, colon + 1, length - (size_t)(colon - joined) - 1);
    return c->id && c->secret;
}

/* By header or by body, never by both (section 2.3). False: answered. */
static bool read_credentials(struct bl_request *r, const struct form *form, struct credentials *c, enum bl_status *answered)
{
    bool repeated = false;
    const char *header = bl_header(r, "Authorization");
    const char *id = form_find(form, "client_id", &repeated), *secret = form_find(form, "client_secret", &repeated);
    *c = (struct credentials){.id = id, .secret = secret, .basic = header != NULL};
    if (!header && id && secret)
        return true;
    if (!header)
        *answered = refuse(r, 401, "invalid_client", "the client does not say who it is: send client_id and client_secret");
    else if (secret)
        *answered = bad_request(r, "the client says who it is in two ways: leave out the header or client_secret");
    else if (strncasecmp(header, "Basic ", 6) != 0 || !read_basic(r, header + 6, c))
        *answered = refuse(r, 401, "invalid_client", "the Authorization header is not Basic credentials");
    else if (id && strcmp(id, c->id) != 0)
        *answered = bad_request(r, "client_id is not the one of the Authorization header");
    else
        return true;
    return false;
}

/* Each a permission that the client holds (NULL: none is wanted in particular). */
static bool scope_good(const char *scope)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.: ";
    return !scope || (strlen(scope) <= SCOPE_MAX && scope[strspn(scope, letters)] == '\0');
}

static enum bl_status answer(struct bl_request *r, const char *client, const char *scope)
{
    const struct auth *auth = auth_current();
    int64_t now = r->now / 1000000;
    struct token token = {.expires = now + auth->access_ttl, .client = true, .scope = scope};
    snprintf(token.subject, sizeof token.subject, "%s", client);
    char *access = token_mint(&auth->terms, &token, now);
    if (!access)
        return bl_fail(r, BL_INTERNAL, "signing", NULL, "the token could not be signed");
    bl_defer(r, free, access);
    bl_respond(r, 200, "application/json");
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    bl_json_text(r, "access_token", access);
    bl_json_text(r, "token_type", "Bearer");
    bl_json_integer(r, "expires_in", auth->access_ttl);
    if (scope)
        bl_json_text(r, "scope", scope);
    bl_json_close(r);
    return BL_OK;
}

/* A scope that is more than the client holds is refused whole, never cut down in silence. */
static enum bl_status grant(struct bl_request *r, const struct credentials *c, const char *scope)
{
    char id[UUID_TEXT], hash[SECRET_HASH_ROOM];
    uint8_t bytes[16];
    struct bl_rows *rows;
    if (!uuid_parse(c->id, bytes) || !client_secret_valid(c->secret))
        return bad_client(r);
    uuid_format(bytes, id);
    secret_hash(c->secret, hash);
    enum bl_status status = bl_sql(r,
                                   "SELECT $3::text IS NULL OR (cardinality(wanted) > 0 AND wanted <@ permissions) FROM "
                                   "core.client_authenticate($1::uuid, $2::bytea), "
                                   "array_remove(string_to_array($3, ' '), '') AS wanted",
                                   (const char *const[]){id, hash, scope}, 3, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return bad_client(r);
    if (bl_integer(r, rows, 0, 0) == 0)
        return refuse(r, 400, "invalid_scope", "a scope is a list of permissions that the client holds, separated by spaces");
    return answer(r, id, scope);
}

enum bl_status oauth_token(struct bl_request *r)
{
    static const char form_type[] = "application/x-www-form-urlencoded";
    const char *text, *type = bl_header(r, "Content-Type");
    size_t length;
    struct form form;
    struct credentials credentials;
    bool repeated = false;
    enum bl_status status = bl_body_text(r, &text, &length);
    if (status != BL_OK)
        return status;
    if (!type || strncasecmp(type, form_type, sizeof form_type - 1) != 0 || !form_parse(&form, r, text, length))
        return bad_request(r, "send the parameters as application/x-www-form-urlencoded");
    const char *kind = form_find(&form, "grant_type", &repeated), *scope = form_find(&form, "scope", &repeated);
    (void)form_find(&form, "client_id", &repeated);
    (void)form_find(&form, "client_secret", &repeated);
    if (repeated)
        return bad_request(r, "a parameter is there twice");
    if (!kind)
        return bad_request(r, "grant_type is missing");
    if (strcmp(kind, "client_credentials") != 0)
        return refuse(r, 400, "unsupported_grant_type", "grant_type is client_credentials here");
    if (!scope_good(scope))
        return refuse(r, 400, "invalid_scope", "a scope is a list of permissions, separated by spaces");
    return read_credentials(r, &form, &credentials, &status) ? grant(r, &credentials, scope) : status;
}
