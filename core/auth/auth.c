#include "auth/internal.h"
#include "base/quota.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct auth *_Atomic current;

const struct bl_route *const auth_routes[] = {auth_sign_in_routes, auth_session_routes,    auth_totp_routes,
                                              auth_client_routes,  auth_invitation_routes, NULL};

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
    auth->cache = auth->keys ? cache_new() : NULL;
    auth->issuer = strdup(config->base_url);
    auth->audience = strdup(config->audience);
    auth->terms = (struct token_terms){auth->keys, auth->issuer, auth->audience};
    auth->access_ttl = config->access_ttl;
    auth->refresh_ttl = config->refresh_ttl;
    if (auth->keys && auth->cache && auth->issuer && auth->audience)
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
