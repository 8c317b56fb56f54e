/* Who counts: a session or a service client for itself, whatever number of tokens it has; the members of an organisation
 * together. Whether somebody is a member only core.enter can say, later. So the organisation's quota is taken from by those whom
 * it let in within the last minute: a stranger can neither use it up nor see by it that the organisation exists. */
#include "http/limit.h"

#include "base/ids.h"
#include "http/response.h"
#include "http/worker.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 60, MEMBER = 60 /* seconds */ };

void http_use_quotas(struct http *http, struct quota_table *quotas)
{
    char *policy = malloc(128);
    const struct config *c = http->config;
    if (policy == NULL || c->rate_token + c->rate_tenant == 0) {
        free(policy);
        return;
    }
    int n = 0;
    if (c->rate_token > 0)
        n = snprintf(policy, 128, "\"token\";q=%ld;w=%d", c->rate_token, WINDOW);
    if (c->rate_tenant > 0)
        snprintf(policy + n, 128 - (size_t)n, "%s\"organisation\";q=%ld;w=%d", n > 0 ? ", " : "", c->rate_tenant, WINDOW);
    free(http->rate_policy);
    http->rate_policy = policy;
    http->quotas = quotas;
}

static enum bl_status refuse(struct http_request *r, const char *whose, const struct quota_left *left)
{
    http_set_header(r, "Retry-After", arena_format(r->arena, "%lld", (long long)left->wait));
    return bl_fail(&r->base, BL_TOO_MANY_REQUESTS, "too_many_requests", NULL,
                   "too many requests of %s: try again in %lld seconds", whose, (long long)left->wait);
}

static uint64_t member_key(const struct http_request *r)
{
    char both[2 * UUID_TEXT];
    memcpy(both, r->caller.actor, UUID_TEXT - 1);
    memcpy(both + UUID_TEXT - 1, r->tenant, UUID_TEXT);
    return quota_key(r->worker->http->quotas, 'm', both);
}

enum bl_status http_limit_take(struct http_request *r)
{
    const struct http *http = r->worker->http;
    const struct config *c = http->config;
    struct http_limit *l = &r->limit;
    if (http->quotas == NULL || r->base.actor == NULL)
        return BL_OK;
    const char *caller = r->caller.session[0] != '\0' ? r->caller.session : r->caller.actor;
    if (c->rate_token > 0) {
        l->token_left =
            quota_take(http->quotas, quota_key(http->quotas, 't', caller), (struct quota){c->rate_token, WINDOW}, r->started);
        l->token = true;
        if (!l->token_left.taken)
            return refuse(r, "this token", &l->token_left);
    }
    if (c->rate_tenant == 0 || r->base.tenant == NULL || !quota_marked(http->quotas, member_key(r), r->started))
        return BL_OK;
    l->tenant_left =
        quota_take(http->quotas, quota_key(http->quotas, 'o', r->tenant), (struct quota){c->rate_tenant, WINDOW}, r->started);
    l->tenant = l->member = true;
    return l->tenant_left.taken ? BL_OK : refuse(r, "this organisation", &l->tenant_left);
}

void http_limit_remember(struct http_request *r)
{
    struct quota_table *quotas = r->worker->http->quotas;
    if (quotas != NULL && r->tx.roles != NULL && !r->limit.member)
        quota_mark(quotas, member_key(r), MEMBER, r->started);
}

static void put(struct buf *head, const char *name, const struct quota_left *left)
{
    buf_text(head, name);
    buf_text(head, ";r=");
    buf_integer(head, left->remaining);
    buf_text(head, ";t=");
    buf_integer(head, left->reset);
}

void http_limit_write(const struct http_request *r, struct buf *head)
{
    const struct http_limit *l = &r->limit;
    if (!l->token && !l->tenant)
        return;
    buf_text(head, "RateLimit-Policy: ");
    buf_text(head, r->worker->http->rate_policy);
    buf_text(head, "\r\nRateLimit: ");
    if (l->token)
        put(head, "\"token\"", &l->token_left);
    if (l->token && l->tenant)
        buf_text(head, ", ");
    if (l->tenant)
        put(head, "\"organisation\"", &l->tenant_left);
    buf_text(head, "\r\n");
}
