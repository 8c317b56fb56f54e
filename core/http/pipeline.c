#include "http/pipeline.h"

#include "http/idempotency.h"
#include "http/limit.h"
#include "http/problem.h"
#include "http/response.h"
#include "http/transaction.h"
#include "http/worker.h"

#include "base/log.h"
#include "tenant/tenant.h"

#include <string.h>

static enum bl_status malformed(struct http_request *r, const char *code, const char *why)
{
    return bl_fail(&r->base, BL_BAD_REQUEST, code, NULL, "%s", why);
}

static void make_ids(struct http_request *r)
{
    http_request_id(http_params_find(&r->params, "REQUEST_ID"), r->id);
    if (!http_trace_parse(http_params_header(&r->params, "traceparent"), r->trace))
        memcpy(r->trace, r->id, sizeof r->trace); /* both are 32 hex digits: one id finds both */
    r->base.id = r->id;
    log_request(r->id, r->trace);
}

/* The query as nginx names it must be the one in the request line: nobody may see two requests in one. */
static const char *query_of(const struct http_request *r, const char *target)
{
    const char *mark = strchr(target, '?'), *named = http_params_find(&r->params, "QUERY_STRING");
    const char *query = mark == NULL ? "" : mark + 1;
    return named == NULL || strcmp(named, query) == 0 ? query : NULL;
}

static enum bl_status parse(struct http_request *r)
{
    const char *why = http_params_read(&r->params, r->io->params);
    make_ids(r);
    if (why != NULL)
        return malformed(r, "bad_headers", why);
    const char *method = http_params_find(&r->params, "REQUEST_METHOD"), *target = http_params_find(&r->params, "REQUEST_URI");
    if (method == NULL || *method == '\0' || target == NULL)
        return malformed(r, "bad_request", "there is no request line");
    r->head = strcmp(method, "HEAD") == 0;
    r->base.method = r->head ? "GET" : method; /* to the handler it is one; the body is dropped on its way out */
    size_t length = strcspn(target, "?");
    why = http_path_split(&r->path, r->arena, target, length);
    if (why != NULL)
        return malformed(r, "bad_path", why);
    r->base.path = arena_copy(r->arena, target, length);
    const char *query = query_of(r, target);
    why = query == NULL ? "QUERY_STRING is not the query of REQUEST_URI" : http_query_parse(&r->query, r->arena, query);
    return why == NULL ? BL_OK : malformed(r, "bad_query", why);
}

static enum bl_status route(struct http_request *r)
{
    enum bl_status found = http_router_find(r->worker->http->router, r->base.method, &r->path, &r->match);
    if (found == BL_NOT_FOUND)
        return bl_fail(&r->base, found, "no_such_path", NULL, "there is no such path: /api/v1/openapi.json lists them");
    if (found == BL_METHOD_NOT_ALLOWED) {
        http_set_header(r, "Allow", r->match.allow);
        if (strcmp(r->base.method, "OPTIONS") != 0)
            return bl_fail(&r->base, found, "method_not_allowed", NULL, "this path takes %s", r->match.allow);
        http_respond(r, 204, NULL);
        r->done = true;
        return BL_OK;
    }
    r->base.resource = r->match.route->resource;
    r->base.data = r->match.route->data;
    return BL_OK;
}

/* RFC 6750, section 3. `why` is constant text: "code: description", or "" when no bearer token came at all. */
static enum bl_status unauthorized(struct http_request *r, const char *why)
{
    const char *colon = strstr(why, ": "), *description = colon == NULL ? why : colon + 2;
    int code = colon == NULL ? (int)strlen(why) : (int)(colon - why);
    if (*why == '\0')
        return bl_fail(&r->base, BL_UNAUTHORIZED, "unauthorized", NULL,
                       "log in (POST /api/v1/auth/login) and send the access token as `Authorization: Bearer …`");
    http_set_header(
        r, "WWW-Authenticate",
        arena_format(r->arena, "Bearer realm=\"ballium\", error=\"%.*s\", error_description=\"%s\"", code, why, description));
    return bl_fail(&r->base, BL_UNAUTHORIZED, arena_copy(r->arena, why, (size_t)code), NULL, "the token is not accepted: %s",
                   description);
}

/* RFC 9470. A program cannot sign in anew, so it cannot do this at all. */
static enum bl_status stale(struct http_request *r)
{
    if (r->caller.session[0] == '\0')
        return bl_fail(&r->base, BL_FORBIDDEN, "person_needed", NULL,
                       "this is for people who signed in here: no service client and no token of an identity provider may do it");
    http_set_header(r, "WWW-Authenticate",
                    arena_format(r->arena,
                                 "Bearer realm=\"ballium\", error=\"insufficient_user_authentication\", "
                                 "error_description=\"sign in again to do this\", max_age=\"%d\"",
                                 AUTH_FRESH));
    return bl_fail(&r->base, BL_UNAUTHORIZED, "insufficient_user_authentication", NULL,
                   "this needs a sign-in of the last %d minutes: POST /api/v1/auth/step-up, then repeat it with the new token",
                   AUTH_FRESH / 60);
}

/* It is no token of ours: on a route of an organisation it may be one of its identity provider's. The organisation of the path is
 * looked for only now, and whether it exists is not told. */
static enum bl_status ask_outside(struct http_request *r, const char *header, const char **why)
{
    const char *org = bl_param(&r->base, "org");
    char id[UUID_TEXT], slug[64];
    if (org == NULL)
        return BL_UNAUTHORIZED;
    enum bl_status status = http_database_ready(r);
    if (status != BL_OK)
        return status;
    const struct auth *auth = r->worker->http->auth;
    status = tenant_find(r->worker->db, r->arena, org, id, slug);
    if (status == BL_OK)
        status = auth_verify_outside(auth, r->worker->db, r->arena, header, id, r->base.now / 1000000, &r->caller, why);
    if (status == BL_UNAVAILABLE)
        return bl_fail(&r->base, BL_UNAVAILABLE, "database_unavailable", NULL,
                       "the database cannot be reached right now: try again in a moment");
    return status == BL_OK ? BL_OK : BL_UNAUTHORIZED;
}

/* A calendar cannot sign in: what its owner gave it stands for a token, on this route alone. */
static enum bl_status feed(struct http_request *r, const char *token)
{
    enum bl_status status = http_database_ready(r);
    if (status != BL_OK)
        return status;
    status = auth_feed(r->worker->db, r->arena, token, &r->caller);
    if (status == BL_UNAVAILABLE)
        return bl_fail(&r->base, BL_UNAVAILABLE, "database_unavailable", NULL,
                       "the database cannot be reached right now: try again in a moment");
    if (status != BL_OK)
        return unauthorized(r, "invalid_token: there is no such calendar feed, or it was taken back");
    r->base.actor = r->caller.actor;
    return BL_OK;
}

static enum bl_status authenticate(struct http_request *r)
{
    const char *why = "", *header = http_params_header(&r->params, "Authorization");
    unsigned flags = r->match.route->flags;
    if ((flags & BL_PUBLIC) != 0)
        return BL_OK;
    const char *token = (flags & ENGINE_FEED) != 0 ? http_query_find(&r->query, "token") : NULL;
    if (token != NULL)
        return feed(r, token);
    enum bl_status status = auth_verify(r->worker->http->auth, header, &r->caller, &why);
    if (status != BL_OK && *why != '\0')
        status = ask_outside(r, header, &why);
    if (status != BL_OK)
        return status == BL_UNAUTHORIZED ? unauthorized(r, why) : status;
    if (r->caller.organisation[0] != '\0' && bl_param(&r->base, "org") == NULL)
        return bl_fail(&r->base, BL_FORBIDDEN, "one_organisation", NULL,
                       "this token opens one organisation only, and this is not about it: log in here to do this");
    if ((flags & BL_FRESH) != 0 && !auth_fresh(&r->caller, r->base.now / 1000000))
        return stale(r);
    if ((r->match.route->flags & ENGINE_PORTFOLIO) != 0 && (r->caller.client || r->caller.organisation[0] != '\0'))
        return bl_fail(&r->base, BL_FORBIDDEN, "one_organisation", NULL, "this token is good for one organisation alone");
    if (r->caller.scoped)
        r->scope = auth_scope(header, r->arena);
    r->base.actor = r->caller.actor;
    return BL_OK;
}

/* A token that is good for one organisation opens no other. */
static bool opens(const struct http_request *r)
{
    return r->caller.organisation[0] == '\0' || strcmp(r->caller.organisation, r->tenant) == 0;
}

static enum bl_status tenant(struct http_request *r)
{
    const char *org = bl_param(&r->base, "org");
    if (org == NULL || (r->match.route->flags & BL_PUBLIC) != 0)
        return BL_OK;
    enum bl_status status = http_database_ready(r);
    if (status != BL_OK)
        return status;
    status = tenant_find(r->worker->db, r->arena, org, r->tenant, r->slug);
    if (status == BL_NOT_FOUND || (status == BL_OK && !opens(r)))
        return http_no_organisation(r);
    if (status != BL_OK)
        return bl_fail(&r->base, BL_UNAVAILABLE, "database_unavailable", NULL,
                       "the database cannot be reached right now: try again in a moment");
    r->base.tenant = r->tenant;
    r->base.org = r->slug;
    return BL_OK;
}

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, " ");
        if (n == length && strncmp(list, word, n) == 0)
            return true;
        list += n;
        list += strspn(list, " ");
    }
    return false;
}

/* Of a route of an organisation that the engine has not made: what cannot be an id names nothing. */
static bool named(const struct http_request *r)
{
    const struct http_match *match = &r->match;
    for (size_t i = 0; r->base.tenant != NULL && match->route->own != NULL && i < match->count; i++) {
        size_t length = strlen(match->names[i]);
        bool id = strcmp(match->names[i], "id") == 0 || (length > 3 && strcmp(match->names[i] + length - 3, "_id") == 0);
        if (id && !uuid_valid(match->values[i]))
            return false;
    }
    return true;
}

/* What a route does not list is refused, and so is a name that comes twice. The engine's lists check their filters themselves,
 * where a repeated name makes a range. */
static enum bl_status query(struct http_request *r)
{
    const struct engine_route *route = r->match.route;
    const char *known = route->own == NULL ? NULL : route->own->query;
    if (route->checks_query)
        return BL_OK;
    if (!named(r))
        return bl_fail(&r->base, BL_NOT_FOUND, "no_such_record", NULL, "there is no record of that id here");
    for (size_t i = 0; i < r->query.count; i++) {
        const char *name = r->query.pairs[i].name;
        if (!listed(known, name))
            (void)bl_fail(&r->base, BL_BAD_REQUEST, "unknown_parameter", NULL, "there is no query parameter %s here%s%s", name,
                          known == NULL ? "" : ", only ", known == NULL ? "" : known);
        else if (http_query_find(&r->query, name) != r->query.pairs[i].value)
            (void)bl_fail(&r->base, BL_BAD_REQUEST, "repeated_parameter", NULL, "query parameter %s is given twice", name);
    }
    return r->problem.total > 0 ? BL_BAD_REQUEST : BL_OK;
}

static enum bl_status negotiate(struct http_request *r)
{
    const struct engine_route *route = r->match.route;
    const char *offers = route->produces != NULL                              ? route->produces
                         : route->own != NULL && route->own->produces != NULL ? route->own->produces
                                                                              : "application/json";
    if (strchr(offers, ' ') != NULL)
        http_set_header(r, "Vary", "Accept");
    if (!http_media_choose(offers, http_params_header(&r->params, "Accept"), r->media_type))
        return bl_fail(&r->base, BL_NOT_ACCEPTABLE, "not_acceptable", NULL, "this path answers as %s", offers);
    return BL_OK;
}

static enum bl_status handle(struct http_request *r)
{
    return r->match.route->handler(&r->base);
}

/* Settles the transaction and lets the answer go. What left already cannot be mended: then it is broken off. */
static enum bl_status finish(struct http_request *r)
{
    enum bl_status status = http_settle(r, r->status);
    http_limit_remember(r);
    if (status != BL_OK) {
        http_problem_log(r);
        if (r->response.head_sent)
            return status;
        http_problem_respond(r, status);
    }
    r->whole = http_response_send(r);
    return status;
}

static enum bl_status log_line(struct http_request *r)
{
    http_log(r);
    return r->status;
}

const struct http_stage http_stages[] = {
    {"parse", parse, false},
    {"route", route, false},
    {"authenticate", authenticate, false},
    {"tenant", tenant, false},
    {"limit", http_limit_take, false},
    {"query", query, false},
    {"negotiate", negotiate, false},
    {"idempotency", http_idempotency_take, false},
    {"handler", handle, false}, /* its first statement enters the tenant: membership and permission are checked there */
    {"finish", finish, true},
    {"log", log_line, true},
    {NULL, NULL, false},
};

void http_pipeline(struct http_request *r)
{
    for (const struct http_stage *s = http_stages; s->name != NULL; s++)
        if (s->always || (r->status == BL_OK && !r->done))
            r->status = s->run(r);
}

static const char *digits(struct http_request *r, int64_t value)
{
    struct buf text = buf_new(r->arena, 24);
    buf_integer(&text, value);
    return text.data;
}

void http_log(struct http_request *r)
{
    const struct http *http = r->worker->http;
    int64_t duration = clock_monotonic() - r->started;
    bool matched = r->match.route != NULL;
    const char *const pairs[] = {
        "method",       r->head ? "HEAD" : r->base.method == NULL ? "-" : r->base.method,
        "route",        matched ? r->match.route->path : "-",
        "#status",      digits(r, r->response.status),
        "#duration_us", digits(r, duration),
        "#bytes",       digits(r, (int64_t)r->response.length),
        "actor",        r->base.actor,
        "org",          r->base.org,
        "code",         r->status == BL_OK ? NULL : http_problem_code(r, r->status),
        "path",         matched ? NULL : r->base.path,
        "broken",       r->whole ? NULL : "true",
        NULL,
    };
    log_pairs(LOG_INFO, "request", pairs);
    http_metrics_end(http->metrics, matched ? r->match.index : SIZE_MAX, r->response.status, duration);
    if (!r->whole)
        http_metrics_count(http->metrics, METRIC_BROKEN_ANSWERS);
}
