/* /api/v1/orgs/{org}/clients: the service clients of an organisation. Each change leaves an event; a secret is shown once. */
#include "auth/internal.h"
#include "base/buf.h"
#include "resource/plan.h"
#include "tenant/input.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENT_NAME = 200, PERMISSION = 128, PERMISSIONS = 1000 };

/* ---- what is asked ---- */

struct wanted {
    const char *name;        /* NULL: not given */
    const char *permissions; /* as an array literal of PostgreSQL; NULL: not given */
    json_t *list;            /* the same, borrowed */
};

static bool permission_shaped(const char *text)
{
    return text && *text != '\0' && strlen(text) <= PERMISSION &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.:")] == '\0';
}

/* Nobody gives a client what they do not hold themselves. */
static enum bl_status read_permissions(struct bl_request *r, json_t *list, struct wanted *w)
{
    enum bl_status status = BL_OK;
    size_t i, count = json_array_size(list), length = 3;
    json_t *one;
    if (!json_is_array(list) || count < 1 || count > PERMISSIONS)
        return bl_fail(r, BL_UNPROCESSABLE, "type", "/permissions", "is a list of 1 to %d permissions", PERMISSIONS);
    json_array_foreach(list, i, one)
    {
        char pointer[40];
        const char *text = json_string_value(one);
        snprintf(pointer, sizeof pointer, "/permissions/%zu", i);
        if (!permission_shaped(text))
            status = bl_fail(r, BL_UNPROCESSABLE, "format", pointer, "is not a permission, such as context.issue:read");
        else if (!bl_may(r, text))
            status = bl_fail(r, BL_UNPROCESSABLE, "not_held", pointer, "you do not hold %s yourself", text);
        else
            length += strlen(text) + 1;
    }
    if (status != BL_OK)
        return status;
    char *out = bl_alloc(r, length), *at = stpcpy(out, "{");
    json_array_foreach(list, i, one) at = stpcpy(stpcpy(at, i ? "," : ""), json_string_value(one));
    stpcpy(at, "}");
    w->permissions = out;
    w->list = list;
    return BL_OK;
}

static enum bl_status read_name(struct bl_request *r, json_t *value, struct wanted *w)
{
    w->name = json_string_value(value);
    if (!w->name || *w->name == '\0' || strlen(w->name) > CLIENT_NAME)
        return bl_fail(r, BL_UNPROCESSABLE, "type", "/name", "is a text of 1 to %d bytes", CLIENT_NAME);
    return BL_OK;
}

static enum bl_status unknown_member(struct bl_request *r, const char *name)
{
    size_t room = strlen(name) + 2;
    char *pointer = bl_alloc(r, room);
    snprintf(pointer, room, "/%s", name);
    return bl_fail(r, BL_UNPROCESSABLE, "unknown", pointer, "the body has a member that is not known here");
}

static enum bl_status read_wanted(struct bl_request *r, bool whole, struct wanted *w)
{
    json_t *body, *value;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    *w = (struct wanted){0};
    if (status != BL_OK)
        return status;
    json_object_foreach(body, name, value)
    {
        enum bl_status one = strcmp(name, "name") == 0          ? read_name(r, value, w)
                             : strcmp(name, "permissions") == 0 ? read_permissions(r, value, w)
                                                                : unknown_member(r, name);
        status = one != BL_OK ? one : status;
    }
    if (whole && !json_object_get(body, "name"))
        status = bl_fail(r, BL_UNPROCESSABLE, "required", "/name", "is required");
    if (whole && !json_object_get(body, "permissions"))
        status = bl_fail(r, BL_UNPROCESSABLE, "required", "/permissions", "is required");
    return status;
}

/* ---- what happens ---- */

static enum bl_status no_client(struct bl_request *r)
{
    return bl_fail(r, BL_NOT_FOUND, "no_such_record", NULL, "there is no service client of that id here");
}

/* The path's client; NULL: not an id. */
static const char *client_of(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    return uuid_valid(id) ? id : NULL;
}

/* In words what the functions of the database answer. */
static enum bl_status outcome_of(struct bl_request *r, const char *outcome)
{
    if (strcmp(outcome, "done") == 0)
        return BL_OK;
    if (strcmp(outcome, "missing") == 0)
        return no_client(r);
    if (strcmp(outcome, "changed") == 0)
        return bl_fail(r, BL_PRECONDITION_FAILED, "version_mismatch", NULL, "somebody changed the client: read it again");
    if (strncmp(outcome, "unknown ", 8) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "unknown_permission", "/permissions", "there is no permission %s", outcome + 8);
    return bl_fail(r, BL_CONFLICT, "full", NULL,
                   "there are as many as there may be: an organisation has at most 200 clients, a client "
                   "two secrets; take one back first");
}

static enum bl_status change(struct bl_request *r, const char *sql, const char *const *args, int nargs)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, nargs, 0, &rows);
    return status != BL_OK ? status : outcome_of(r, bl_cell(r, rows, 0, 0));
}

/* The answer to a request with an Idempotency-Key is kept for a day; a secret is kept nowhere. */
static enum bl_status keep_no_secret(struct bl_request *r)
{
    return bl_header(r, "Idempotency-Key") == NULL
               ? BL_OK
               : bl_fail(r, BL_BAD_REQUEST, "no_idempotency_key", NULL,
                         "the answer holds a secret and is stored nowhere: send this without Idempotency-Key");
}

struct new_secret {
    char id[UUID_TEXT], text[CLIENT_SECRET_ROOM], hash[SECRET_HASH_ROOM];
    const char *hint;
};

static void make_secret(struct new_secret *s)
{
    uuid_v7(s->id);
    client_secret_new(s->text);
    secret_hash(s->text, s->hash);
    s->hint = s->text + sizeof s->text - 1 - CLIENT_SECRET_HINT;
}

/* ---- answers ---- */

/* Members of one client, into an open object. */
static void write_client(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_cell(r, "id", rows, row, 0);
    bl_json_cell(r, "name", rows, row, 1);
    bl_json_raw(r, "permissions", bl_cell(r, rows, row, 2));
    bl_json_cell(r, "version", rows, row, 3);
    bl_json_cell(r, "created_at", rows, row, 4);
    bl_json_cell(r, "created_by", rows, row, 5);
    bl_json_cell(r, "last_used_at", rows, row, 6);
    bl_json_raw(r, "secrets", bl_cell(r, rows, row, 7));
}

#define CLIENTS                                                                                                                  \
    "SELECT id, name, permissions::text, version, created_at, created_by, last_used_at, secrets::text FROM "                     \
    "core.clients($2::uuid) "                                                                                                    \
    "WHERE core.tenant() = $1::uuid"

/* The client as it is now; with its secret when there is a new one. */
static enum bl_status answer_client(struct bl_request *r, const char *id, int code, const struct new_secret *secret)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, CLIENTS, (const char *const[]){id}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return no_client(r);
    bl_respond(r, code, "application/json");
    resource_tag(r, bl_integer(r, rows, 0, 3));
    bl_set_header(r, "Cache-Control", "no-store");
    bl_json_object(r, NULL);
    write_client(r, rows, 0);
    if (secret) {
        bl_json_text(r, "client_secret", secret->text);
        bl_json_text(r, "client_secret_id", secret->id);
    }
    bl_json_close(r);
    return BL_OK;
}

/* ---- routes ---- */

static void put_client(struct bl_request *r, const struct bl_rows *rows, int row)
{
    bl_json_object(r, NULL);
    write_client(r, rows, row);
    bl_json_close(r);
}

static enum bl_status list_clients(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, CLIENTS, (const char *const[]){NULL}, 1, BL_FINAL, &rows);
    return status == BL_OK ? input_answer_list(r, rows, put_client) : status;
}

static enum bl_status read_client(struct bl_request *r)
{
    const char *id = client_of(r);
    return id ? answer_client(r, id, 200, NULL) : no_client(r);
}

static enum bl_status create_client(struct bl_request *r)
{
    struct wanted w;
    struct new_secret secret;
    struct bl_rows *rows;
    enum bl_status status = keep_no_secret(r);
    if (status == BL_OK) /* who may not be here is told so before what is wrong with the body */
        status = bl_sql(r, "SELECT core.tenant() = $1::uuid", NULL, 0, 0, &rows);
    if (status == BL_OK)
        status = read_wanted(r, true, &w);
    if (status != BL_OK)
        return status;
    char *id = bl_alloc(r, UUID_TEXT);
    uuid_v7(id);
    make_secret(&secret);
    status = change(
        r,
        "SELECT core.client_create($2::uuid, $3, $4::text[], $5::uuid, $6::bytea, $7, $8::uuid) WHERE core.tenant() = $1::uuid",
        (const char *const[]){id, w.name, w.permissions, secret.id, secret.hash, secret.hint, r->actor}, 7);
    if (status == BL_OK)
        status =
            leave_event(r, "core.clients", id, "create", json_pack("{s:[n,s], s:[n,O]}", "name", w.name, "permissions", w.list));
    return status == BL_OK ? answer_client(r, id, 201, &secret) : status;
}

static enum bl_status change_client(struct bl_request *r)
{
    struct wanted w;
    struct bl_rows *rows;
    char seen[24];
    long version = 0;
    const char *id = client_of(r);
    enum bl_status status = id ? resource_if_match(r, &version) : no_client(r);
    if (status == BL_OK)
        status = bl_sql(r, CLIENTS, (const char *const[]){id}, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    if (bl_count(r, rows) != 1)
        return no_client(r);
    status = read_wanted(r, false, &w);
    if (status != BL_OK)
        return status;
    snprintf(seen, sizeof seen, "%ld", version);
    json_t *before = json_loads(bl_cell(r, rows, 0, 2), 0, NULL), *difference = json_object();
    if (w.name && strcmp(w.name, bl_cell(r, rows, 0, 1)) != 0)
        json_object_set_new(difference, "name", json_pack("[s,s]", bl_cell(r, rows, 0, 1), w.name));
    if (w.list && !json_equal(w.list, before))
        json_object_set_new(difference, "permissions", json_pack("[O,O]", before, w.list));
    json_decref(before);
    status = change(r, "SELECT core.client_change($2::uuid, $3::integer, $4, $5::text[]) WHERE core.tenant() = $1::uuid",
                    (const char *const[]){id, seen, w.name, w.permissions}, 4);
    if (status == BL_OK)
        status = leave_event(r, "core.clients", id, "update", difference);
    else
        json_decref(difference);
    return status == BL_OK ? answer_client(r, id, 200, NULL) : status;
}

static enum bl_status end_client(struct bl_request *r)
{
    const char *id = client_of(r);
    if (!id)
        return no_client(r);
    enum bl_status status =
        change(r, "SELECT core.client_end($2::uuid) WHERE core.tenant() = $1::uuid", (const char *const[]){id}, 1);
    if (status == BL_OK)
        status = leave_event(r, "core.clients", id, "archive", json_object());
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

static enum bl_status add_secret(struct bl_request *r)
{
    struct new_secret secret;
    const char *id = client_of(r);
    if (!id)
        return no_client(r);
    make_secret(&secret);
    enum bl_status status = keep_no_secret(r);
    if (status == BL_OK)
        status = change(r, "SELECT core.client_secret_add($2::uuid, $3::uuid, $4::bytea, $5) WHERE core.tenant() = $1::uuid",
                        (const char *const[]){id, secret.id, secret.hash, secret.hint}, 4);
    if (status == BL_OK)
        status = leave_event(r, "core.clients", id, "add_secret", json_pack("{s:[n,s]}", "secret", secret.id));
    return status == BL_OK ? answer_client(r, id, 201, &secret) : status;
}

static enum bl_status drop_secret(struct bl_request *r)
{
    const char *id = client_of(r), *secret = bl_param(r, "secret_id");
    if (!id || !uuid_valid(secret))
        return no_client(r);
    enum bl_status status = change(r, "SELECT core.client_secret_drop($2::uuid, $3::uuid) WHERE core.tenant() = $1::uuid",
                                   (const char *const[]){id, secret}, 2);
    if (status == BL_OK)
        status = leave_event(r, "core.clients", id, "drop_secret", json_pack("{s:[s,n]}", "secret", secret));
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__
#define CLIENT_MEMBERS                                                                                                           \
    "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"},                                                      \
    "permissions": {"type": "array", "items": {"type": "string"}}, "version": {"type": "integer"},                               \
    "created_at": {"type": "string", "format": "date-time"}, "created_by": {"type": "string", "format": "uuid"},                 \
    "last_used_at": {"type": ["string", "null"], "format": "date-time"},                                                         \
    "secrets": {"type": "array", "maxItems": 2, "items": {                                                                       \
        "type": "object", "required": ["id", "hint", "created_at", "last_used_at"],                                              \
        "properties": {                                                                                                          \
            "id": {"type": "string", "format": "uuid"}, "hint": {"type": "string"},                                              \
            "created_at": {"type": "string", "format": "date-time"},                                                             \
            "last_used_at": {"type": ["string", "null"], "format": "date-time"}                                                  \
        }                                                                                                                        \
    }}
#define CLIENT_REQUIRED "id", "name", "permissions", "version", "created_at", "created_by", "last_used_at", "secrets"
#define EXPANDED(...) SCHEMA(__VA_ARGS__)

static const char list_schema[] = EXPANDED({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": [CLIENT_REQUIRED], "properties": {CLIENT_MEMBERS}
    }}}
});
static const char client_schema[] = EXPANDED({
    "type": "object", "required": [CLIENT_REQUIRED], "properties": {CLIENT_MEMBERS}
});
static const char secret_schema[] = EXPANDED({
    "type": "object", "required": [CLIENT_REQUIRED, "client_secret", "client_secret_id"],
    "properties": {CLIENT_MEMBERS, "client_secret": {"type": "string", "pattern": "^blsk_[0-9A-Za-z]{46}$"},
                   "client_secret_id": {"type": "string", "format": "uuid"}}
});
static const char create_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false, "required": ["name", "permissions"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "permissions": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {"type": "string"}}
    }
});
static const char change_schema[] = SCHEMA({
    "type": "object", "additionalProperties": false,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "permissions": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {"type": "string"}}
    }
});
static const char token_schema[] = SCHEMA({
    "type": "object", "required": ["access_token", "token_type", "expires_in"],
    "properties": {
        "access_token": {"type": "string"}, "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer"}, "scope": {"type": "string"}
    }
});
/* clang-format on */

#define PATH "/api/v1/orgs/{org}/clients"

const struct bl_route auth_client_routes[] = {
    {.method = "POST",
     .path = "/oauth/token",
     .handler = oauth_token,
     .flags = BL_PUBLIC,
     .summary = "Trade a service client's secret for an access token (RFC 6749, section 4.4)",
     .answer = token_schema},
    {.method = "GET",
     .path = PATH,
     .permission = "core.client:read",
     .handler = list_clients,
     .summary = "The service clients of the organisation",
     .answer = list_schema},
    {.method = "POST",
     .path = PATH,
     .permission = "core.client:write",
     .handler = create_client,
     .flags = BL_FRESH | BL_CREATED,
     .summary = "Make a service client; the answer shows its secret, this once",
     .body = create_schema,
     .answer = secret_schema},
    {.method = "GET",
     .path = PATH "/{id}",
     .permission = "core.client:read",
     .handler = read_client,
     .flags = BL_TAGGED,
     .summary = "A service client",
     .answer = client_schema},
    {.method = "PATCH",
     .path = PATH "/{id}",
     .permission = "core.client:write",
     .handler = change_client,
     .flags = BL_FRESH | BL_TAGGED,
     .summary = "Change name or permissions of a service client",
     .body = change_schema,
     .answer = client_schema},
    {.method = "DELETE",
     .path = PATH "/{id}",
     .permission = "core.client:write",
     .handler = end_client,
     .flags = BL_FRESH,
     .summary = "End a service client and its secrets"},
    {.method = "POST",
     .path = PATH "/{id}/secrets",
     .permission = "core.client:write",
     .handler = add_secret,
     .flags = BL_FRESH | BL_CREATED,
     .summary = "A second secret for a service client, shown this once",
     .answer = secret_schema},
    {.method = "DELETE",
     .path = PATH "/{id}/secrets/{secret_id}",
     .permission = "core.client:write",
     .handler = drop_secret,
     .flags = BL_FRESH,
     .summary = "Take a secret of a service client back"},
    {0},
};
