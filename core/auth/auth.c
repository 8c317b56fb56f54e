#include "auth/internal.h"
#include "auth/outside.h"
#include "base/log.h"
#include "base/quota.h"
#include "db/db.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct auth *_Atomic current;

const struct bl_route *const auth_routes[] = {auth_sign_in_routes,
                                              auth_session_routes,
                                              auth_totp_routes,
                                              auth_client_routes,
                                              auth_invitation_routes,
                                              auth_provider_routes,
                                              auth_oidc_routes,
                                              auth_feed_routes,
                                              auth_reminder_routes,
                                              auth_owned_routes,
                                              NULL};

struct auth *auth_new(const struct config *config, FILE *errors)
{
    if (sodium_init() < 0) {
        fputs("libsodium cannot be used: the kernel gives no random numbers\n", errors);
        return NULL;
    }
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth)
        return NULL;
    auth->keys = keys_load(config->keys_dir, errors);
    auth->vault = auth->keys ? vault_load(config->keys_dir, errors) : NULL;
    auth->cache = auth->keys ? cache_new() : NULL;
    auth->issuer = strdup(config->base_url);
    auth->audience = strdup(config->audience);
    auth->terms = (struct token_terms){auth->keys, auth->issuer, auth->audience};
    auth->access_ttl = config->access_ttl;
    auth->refresh_ttl = config->refresh_ttl;
    auth->inside = config->private_addresses;
    if (auth->vault && auth->cache && auth->issuer && auth->audience)
        return auth;
    auth_free(auth);
    return NULL;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    const struct auth *used = auth;
    atomic_compare_exchange_strong(&current, &used, NULL);
    cache_free(auth->cache);
    keys_free(auth->keys);
    vault_free(auth->vault);
    free(auth->issuer);
    free(auth->audience);
    free(auth);
}

void auth_use(const struct auth *auth)
{
    atomic_store(&current, auth);
}

const struct auth *auth_current(void)
{
    return atomic_load(&current);
}

void auth_use_quotas(struct auth *auth, struct quota_table *quotas)
{
    auth->quotas = quotas;
}

void forget_session(const char *session)
{
    const struct auth *auth = auth_current();
    if (auth->quotas && session)
        quota_mark(auth->quotas, quota_key(auth->quotas, 's', session), auth->access_ttl + 2 * TOKEN_SKEW, clock_monotonic());
}

static bool session_over(const struct auth *auth, const char *session)
{
    return auth->quotas && session[0] != '\0' &&
           quota_marked(auth->quotas, quota_key(auth->quotas, 's', session), clock_monotonic());
}

/* The token behind "Bearer " (RFC 6750, section 2.1); NULL: another scheme, or nothing. */
static const char *bearer(const char *header)
{
    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    header += 7;
    header += strspn(header, " ");
    return *header != '\0' ? header : NULL;
}

enum bl_status auth_verify_at(const struct auth *auth, const char *header, int64_t now, struct auth_caller *caller,
                              const char **why)
{
    struct token token;
    const char *text = bearer(header);
    if (!text) {
        *why = "";
        return BL_UNAUTHORIZED;
    }
    size_t length = strnlen(text, TOKEN_MAX + 1);
    enum cache_answer answer = length <= TOKEN_MAX ? cache_find(auth->cache, text, length, now, &token) : CACHE_MISS;
    if (answer == CACHE_EXPIRED) {
        *why = "invalid_token: expired";
        return BL_UNAUTHORIZED;
    }
    if (answer == CACHE_MISS) {
        *why = token_verify(&auth->terms, text, now, &token);
        if (*why)
            return BL_UNAUTHORIZED;
        cache_keep(auth->cache, text, length, &token);
    }
    if (session_over(auth, token.session)) {
        *why = "invalid_token: the session is over";
        return BL_UNAUTHORIZED;
    }
    *caller = (struct auth_caller){.expires = token.expires,
                                   .authenticated = token.authenticated,
                                   .client = token.client,
                                   .two_factor = token.two_factor,
                                   .scoped = token.scoped};
    memcpy(caller->actor, token.subject, UUID_TEXT);
    memcpy(caller->session, token.session, UUID_TEXT);
    memcpy(caller->organisation, token.organisation, UUID_TEXT);
    return BL_OK;
}

const char *auth_scope(const char *header, struct arena *arena)
{
    const char *text = bearer(header);
    return text ? token_scope(text, arena) : NULL;
}

bool auth_fresh(const struct auth_caller *caller, int64_t now)
{
    return caller->session[0] != '\0' && caller->authenticated > now - AUTH_FRESH;
}

enum bl_status auth_verify(const struct auth *auth, const char *header, struct auth_caller *caller, const char **why)
{
    return auth_verify_at(auth, header, clock_now() / 1000000, caller, why);
}

/* ---- tokens of an organisation's identity provider ---- */

/* Where there is no transaction yet. */
struct directly {
    struct db *db;
    struct arena *arena;
};

static enum bl_status ask_directly(void *self, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    struct directly *d = self;
    db_queue(d->db, sql, args, nargs);
    return db_flush(d->db, d->arena, rows) == BL_OK ? BL_OK : BL_UNAVAILABLE;
}

static void *alloc_directly(void *self, size_t n)
{
    return arena_alloc(((struct directly *)self)->arena, n);
}

/* The issuer that an unverified token names, in the arena; NULL: it is ours, or no token. */
static const char *other_issuer(const struct auth *auth, const char *text, struct arena *arena)
{
    struct jws_part parts[JWS_PARTS];
    bool shaped = strnlen(text, TOKEN_MAX + 1) <= TOKEN_MAX && jws_split(text, parts);
    json_t *claims = shaped ? jws_parse(parts[1]) : NULL;
    const char *issuer = arena_string(arena, json_string_value(json_object_get(claims, "iss")));
    json_decref(claims);
    return issuer && strcmp(issuer, auth->issuer) != 0 ? issuer : NULL;
}

/* An address counts only when the provider says that it has verified it. */
enum bl_status ask_member(const struct outside_place *place, const char *provider, json_t *claims, struct bl_rows **rows)
{
    const char *subject = json_string_value(json_object_get(claims, "sub"));
    const char *email =
        json_is_true(json_object_get(claims, "email_verified")) ? json_string_value(json_object_get(claims, "email")) : NULL;
    return place->ask(place->self, "SELECT user_id, organisation FROM core.provider_member($1::uuid, $2, $3)",
                      (const char *const[]){provider, subject, email}, 3, rows);
}

static enum bl_status find_member(const struct outside_place *place, const char *provider, json_t *claims,
                                  struct auth_caller *caller, const char **why)
{
    struct bl_rows *rows;
    enum bl_status status = ask_member(place, provider, claims, &rows);
    if (status != BL_OK)
        return status;
    *why = "invalid_token: its subject is nobody here";
    if (db_count(rows) != 1)
        return BL_UNAUTHORIZED;
    *caller = (struct auth_caller){.expires = jws_date(claims, "exp", 0)};
    snprintf(caller->actor, sizeof caller->actor, "%s", db_cell(rows, 0, 0));
    snprintf(caller->organisation, sizeof caller->organisation, "%s", db_cell(rows, 0, 1));
    return BL_OK;
}

enum bl_status auth_verify_outside(const struct auth *auth, struct db *db, struct arena *arena, const char *header,
                                   const char *organisation, int64_t now, struct auth_caller *caller, const char **why)
{
    struct bl_rows *rows;
    struct directly self = {db, arena};
    const struct outside_place place = {&self, ask_directly, alloc_directly, auth->inside};
    const char *text = bearer(header), *issuer = text ? other_issuer(auth, text, arena) : NULL;
    if (!issuer)
        return BL_UNAUTHORIZED;
    enum bl_status status = place.ask(place.self, "SELECT id, audience, jwks, stale FROM core.provider_find($1::uuid, $2)",
                                      (const char *const[]){organisation, issuer}, 2, &rows);
    if (status != BL_OK || db_count(rows) != 1)
        return status == BL_OK ? BL_UNAUTHORIZED : status;
    const char *provider = db_cell(rows, 0, 0);
    struct outside_terms terms = {.jwks = db_cell(rows, 0, 2), .issuer = issuer, .audience = db_cell(rows, 0, 1), .access = true};
    json_t *claims;
    status = outside_check(&place, provider, db_integer(rows, 0, 3) != 0, &terms, text, now, &claims, why);
    if (status == BL_OK)
        status = find_member(&place, provider, claims, caller, why);
    json_decref(claims);
    return status;
}

/* ---- secrets that the database keeps ---- */

enum bl_status auth_seal(struct bl_request *r, const struct vault_place *place, const char *secret, const char **sealed)
{
    char *out = bl_alloc(r, VAULT_SEALED);
    *sealed = out;
    if (vault_seal(auth_current()->vault, place, secret, out))
        return BL_OK;
    return bl_fail(r, BL_INTERNAL, "vault", NULL, "a secret of %zu bytes does not fit", strlen(secret));
}

enum bl_status auth_open(struct bl_request *r, const struct vault_place *place, const char *sealed, char out[VAULT_SECRET + 1])
{
    char kid[KID_ROOM] = "";
    const char *why = vault_open(auth_current()->vault, place, sealed, out);
    if (!why)
        return BL_OK;
    (void)vault_kid(sealed, kid);
    log_pairs(LOG_ERROR, "vault",
              (const char *const[]){"why", why, "purpose", place->purpose, "row", place->row, "key", kid, NULL});
    bl_set_header(r, "Retry-After", "300");
    return bl_fail(r, BL_UNAVAILABLE, why == vault_no_key ? "secret_key_missing" : "secret_unreadable", NULL,
                   "a secret that this needs cannot be opened: %s", why);
}
