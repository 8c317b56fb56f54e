/* /api/v1/orgs/{org}/identity-providers: whose tokens this organisation takes, and who their subjects are here. Only owners write
 * it: whoever holds a provider's keys can speak for every member. */
#include "auth/internal.h"
#include "auth/outside.h"
#include "base/fetch.h"
#include "tenant/input.h"

#include <string.h>

enum { TEXT_MAX = 500 };
#define PROVIDERS                                                                                                                \
    "SELECT id, name, issuer, audience, jwks_uri, sign_in, client_id, trust_email, fetched_at, created_at, created_by, "         \
    "subjects::text FROM core.providers($2::uuid) WHERE core.tenant() = $1::uuid"

static enum bl_status ask_request(void *self, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    return bl_sql(self, sql, args, nargs, 0, rows);
}

static void *alloc_request(void *self, size_t n)
{
    return bl_alloc(self, n);
}

struct outside_place place_of(struct bl_request *r)
{
    return (struct outside_place){r, ask_request, alloc_request, auth_current()->inside};
}

static enum bl_status no_provider(struct bl_request *r)
{
    return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no identity provider of that id here");
}

static enum bl_status outcome_of(struct bl_request *r, const char *outcome)
{
    if (strcmp(outcome, "done") == 0)
        return BL_OK;
    if (strcmp(outcome, "missing") == 0)
        return no_provider(r);
    if (strcmp(outcome, "exists") == 0)
        return bl_fail(r, BL_CONFLICT, "exists", "/issuer", "there is an identity provider of this issuer already");
    if (strcmp(outcome, "full") == 0)
        return bl_fail(r, BL_CONFLICT, "full", NULL, "an organisation has at most ten identity providers");
    return bl_fail(r, BL_UNPROCESSABLE, "not_a_member", "/member_id",
                   "is nobody of the organisation's own people who is active (people who come by an engagement sign in here)");
}

static enum bl_status change(struct bl_request *r, const char *sql, const char *const *args, int nargs)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, nargs, 0, &rows);
    return status != BL_OK ? status : outcome_of(r, bl_cell(r, rows, 0, 0));
}

static void write_provider(struct bl_request *r, const struct bl_rows *rows, int row)
{
    static const char *const names[] = {"id",        "name",        "issuer",     "audience",   "jwks_uri",  "sign_in",
                                        "client_id", "trust_email", "fetched_at", "created_at", "created_by"};
    bl_json_object(r, NULL);
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        bl_json_cell(r, names[i], rows, row, i);
    bl_json_raw(r, "subjects", bl_cell(r, rows, row, 11));
    bl_json_close(r);
}

static enum bl_status list_providers(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, PROVIDERS, (const char *const[]){NULL}, 1, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, write_provider) : status;
}

static enum bl_status answer_provider(struct bl_request *r, const char *id, int code)
{
    struct bl_rows *rows;
    if (!uuid_valid(id))
        return no_provider(r);
    enum bl_status status = bl_sql(r, PROVIDERS, (const char *const[]){id}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return no_provider(r);
    bl_respond(r, code, "application/json");
    write_provider(r, rows, 0);
    return BL_OK;
}

static enum bl_status read_provider(struct bl_request *r)
{
    return answer_provider(r, bl_param(r, "id"), 200);
}

/* What makes a provider. */
struct wanted {
    const char *name, *issuer, *audience, *jwks_uri, *authorization, *token, *client_id, *client_secret;
    bool trust_email;
};

static enum bl_status read_wanted(struct bl_request *r, struct wanted *w)
{
    json_t *body, *trust;
    enum bl_status status = bl_body(r, &body);
    if (status != BL_OK)
        return status;
    *w = (struct wanted){0};
    trust = json_object_get(body, "trust_email");
    w->trust_email = json_is_true(trust);
    if (trust && !json_is_boolean(trust))
        status = bl_fail(r, BL_UNPROCESSABLE, "type", "/trust_email", "is true or false");
    json_object_del(body, "trust_email");
    const struct member members[] = {{"name", &w->name, true},
                                     {"issuer", &w->issuer, true},
                                     {"audience", &w->audience, true},
                                     {"jwks_uri", &w->jwks_uri, false},
                                     {"client_id", &w->client_id, false},
                                     {"client_secret", &w->client_secret, false},
                                     {0}};
    enum bl_status read = read_members(r, members);
    status = read != BL_OK ? read : status;
    for (const struct member *m = members; m->name && status == BL_OK; m++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%s", m->name);
        if (*m->value && (**m->value == '\0' || strlen(*m->value) > TEXT_MAX))
            status = bl_fail(r, BL_UNPROCESSABLE, "length", pointer, "has 1 to %d bytes", TEXT_MAX);
    }
    if (status == BL_OK && strcmp(w->issuer, auth_current()->issuer) == 0)
        status = bl_fail(r, BL_UNPROCESSABLE, "own_issuer", "/issuer", "is this service itself");
    if (status == BL_OK && w->client_id && strcmp(w->client_id, w->audience) == 0) /* RFC 8725, section 3.12 */
        status = bl_fail(
            r, BL_UNPROCESSABLE, "same", "/audience",
            "is the same as client_id: an ID token must not do for an access token, so give the API an audience of its own");
    if (status == BL_OK && !w->jwks_uri == !w->client_id)
        status = bl_fail(r, BL_UNPROCESSABLE, "one_of", NULL,
                         "give jwks_uri for a provider whose tokens are taken, or client_id for one that people sign in through");
    return status;
}

static bool good_address(const char *url, bool inside)
{
    return url && strlen(url) <= TEXT_MAX && (strncmp(url, "https://", 8) == 0 || (inside && strncmp(url, "http://", 7) == 0));
}

/* OpenID Connect Discovery 1.0, section 4: the document must speak of the issuer that was asked. */
static enum bl_status discover(struct bl_request *r, struct wanted *w)
{
    const struct outside_place place = place_of(r);
    const char *why;
    char url[TEXT_MAX + 64];
    size_t length = strlen(w->issuer);
    snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration", (int)(length - (w->issuer[length - 1] == '/')), w->issuer);
    json_t *document = outside_fetch(&place, &(struct fetch){.url = url}, &why);
    if (!document)
        return bl_fail(r, BL_UNPROCESSABLE, "discovery", "/issuer", "its .well-known/openid-configuration cannot be had: %s",
                       why);
    bl_defer(r, (void (*)(void *))json_decref, document);
    w->jwks_uri = json_string_value(json_object_get(document, "jwks_uri"));
    w->authorization = json_string_value(json_object_get(document, "authorization_endpoint"));
    w->token = json_string_value(json_object_get(document, "token_endpoint"));
    if (!jws_names(json_object_get(document, "issuer"), w->issuer))
        return bl_fail(r, BL_UNPROCESSABLE, "discovery", "/issuer", "its document speaks of another issuer");
    if (!good_address(w->jwks_uri, place.inside) || !good_address(w->authorization, place.inside) ||
        !good_address(w->token, place.inside))
        return bl_fail(r, BL_UNPROCESSABLE, "discovery", "/issuer", "its document lacks an endpoint, or one is not https://");
    return BL_OK;
}

static enum bl_status create_provider(struct bl_request *r)
{
    struct wanted w;
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT core.tenant() = $1::uuid", NULL, 0, 0, &rows); /* who may not be here is told so first */
    if (status == BL_OK)
        status = read_wanted(r, &w);
    if (status == BL_OK && w.client_id)
        status = discover(r, &w);
    if (status == BL_OK && !good_address(w.jwks_uri, auth_current()->inside))
        status = bl_fail(r, BL_UNPROCESSABLE, "format", "/jwks_uri", "is an address that begins with https://");
    if (status != BL_OK)
        return status;
    char *id = bl_alloc(r, UUID_TEXT);
    uuid_v7(id);
    const char *sealed = NULL;
    if (w.client_secret)
        status = auth_seal(r, &(struct vault_place){"provider", r->tenant, id}, w.client_secret, &sealed);
    if (status != BL_OK)
        return status;
    const char *const args[] = {id,         w.name,
                                w.issuer,   w.audience,
                                w.jwks_uri, w.authorization,
                                w.token,    w.client_id,
                                sealed,     w.trust_email ? "t" : "f",
                                r->actor};
    status = change(r,
                    "SELECT core.provider_create($2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11::boolean, $12::uuid) "
                    "WHERE core.tenant() = $1::uuid",
                    args, 11);
    if (status == BL_OK)
        status = leave_event(r, "core.identity_providers", id, "create",
                             json_pack("{s:[n,s], s:[n,s], s:[n,s], s:[n,b]}", "name", w.name, "issuer", w.issuer, "jwks_uri",
                                       w.jwks_uri, "trust_email", (int)w.trust_email));
    return status == BL_OK ? answer_provider(r, id, 201) : status;
}

static enum bl_status end_provider(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    if (!uuid_valid(id))
        return no_provider(r);
    enum bl_status status =
        change(r, "SELECT core.provider_end($2::uuid) WHERE core.tenant() = $1::uuid", (const char *const[]){id}, 1);
    if (status == BL_OK)
        status = leave_event(r, "core.identity_providers", id, "archive", json_object());
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* POST …/{id}/subjects: {subject, member_id}; a subject that has somebody already gets the new one. */
static enum bl_status bind_subject(struct bl_request *r)
{
    const char *id = bl_param(r, "id"), *subject, *person;
    if (!uuid_valid(id))
        return no_provider(r);
    enum bl_status status =
        read_members(r, (const struct member[]){{"subject", &subject, true}, {"member_id", &person, true}, {0}});
    if (status == BL_OK && (*subject == '\0' || strlen(subject) > 255))
        status = bl_fail(r, BL_UNPROCESSABLE, "length", "/subject", "has 1 to 255 bytes");
    if (status == BL_OK && !uuid_valid(person))
        status = bl_fail(r, BL_UNPROCESSABLE, "format", "/member_id", "is the id of a member");
    if (status == BL_OK)
        status = change(r, "SELECT core.provider_bind($2::uuid, $3, $4::uuid) WHERE core.tenant() = $1::uuid",
                        (const char *const[]){id, subject, person}, 3);
    if (status == BL_OK)
        status = leave_event(r, "core.identity_providers", id, "bind", json_pack("{s:[n,s]}", subject, person));
    return status == BL_OK ? answer_provider(r, id, 200) : status;
}

static enum bl_status unbind_subject(struct bl_request *r)
{
    const char *id = bl_param(r, "id"), *subject = bl_param(r, "subject");
    if (!uuid_valid(id))
        return no_provider(r);
    enum bl_status status = change(r, "SELECT core.provider_unbind($2::uuid, $3) WHERE core.tenant() = $1::uuid",
                                   (const char *const[]){id, subject}, 2);
    if (status == BL_OK)
        status = leave_event(r, "core.identity_providers", id, "unbind", json_pack("{s:[s,n]}", subject, ""));
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
#define EXPANDED(...) SCHEMA(__VA_ARGS__)
#define PROVIDER                                                                                                                 \
    "type": "object",                                                                                                            \
    "required": ["id", "name", "issuer", "audience", "jwks_uri", "sign_in", "client_id", "trust_email", "fetched_at",            \
                 "created_at", "created_by", "subjects"],                                                                        \
    "properties": {                                                                                                              \
        "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "issuer": {"type": "string"},                    \
        "audience": {"type": "string"}, "jwks_uri": {"type": "string"}, "sign_in": {"type": "boolean"},                          \
        "client_id": {"type": ["string", "null"]}, "trust_email": {"type": "boolean"},                                           \
        "fetched_at": {"type": ["string", "null"], "format": "date-time"},                                                       \
        "created_at": {"type": "string", "format": "date-time"}, "created_by": {"type": "string", "format": "uuid"},             \
        "subjects": {"type": "array", "items": {"type": "object", "required": ["subject", "member_id"], "properties": {          \
            "subject": {"type": "string"}, "member_id": {"type": "string", "format": "uuid"}}}}                                  \
    }
static const char list_schema[] = EXPANDED({
    "type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": {PROVIDER}}}
});
static const char provider_schema[] = EXPANDED({PROVIDER});
static const char create_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["name", "issuer", "audience"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 500}, "issuer": {"type": "string", "minLength": 1, "maxLength": 500},
        "audience": {"type": "string", "minLength": 1, "maxLength": 500},
        "jwks_uri": {"type": "string", "maxLength": 500}, "client_id": {"type": "string", "maxLength": 500},
        "client_secret": {"type": "string", "maxLength": 500}, "trust_email": {"type": "boolean"}
    }
});
static const char subject_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["subject", "member_id"],
    "properties": {"subject": {"type": "string", "minLength": 1, "maxLength": 255}, "member_id": {"type": "string", "format": "uuid"}}
});
/* clang-format on */

#define PATH "/api/v1/orgs/{org}/identity-providers"
#define READ "core.identity_provider:read"
#define WRITE "core.identity_provider:write"

const struct bl_route auth_provider_routes[] = {
    {.method = "GET",
     .path = PATH,
     .permission = READ,
     .handler = list_providers,
     .summary = "The identity providers whose tokens the organisation takes",
     .answer = list_schema},
    {.method = "POST",
     .path = PATH,
     .permission = WRITE,
     .handler = create_provider,
     .flags = BL_FRESH | BL_CREATED,
     .summary = "Take the tokens of an identity provider, or let people sign in through it",
     .body = create_schema,
     .answer = provider_schema},
    {.method = "GET",
     .path = PATH "/{id}",
     .permission = READ,
     .handler = read_provider,
     .summary = "An identity provider",
     .answer = provider_schema},
    {.method = "DELETE",
     .path = PATH "/{id}",
     .permission = WRITE,
     .handler = end_provider,
     .flags = BL_FRESH,
     .summary = "Take an identity provider's tokens no longer; ends the sessions that were opened through one"},
    {.method = "POST",
     .path = PATH "/{id}/subjects",
     .permission = WRITE,
     .handler = bind_subject,
     .flags = BL_FRESH,
     .summary = "Say which member a subject of the provider is",
     .body = subject_schema,
     .answer = provider_schema},
    {.method = "DELETE",
     .path = PATH "/{id}/subjects/{subject}",
     .permission = WRITE,
     .handler = unbind_subject,
     .flags = BL_FRESH,
     .summary = "A subject of the provider is nobody here any more"},
    {0},
};
