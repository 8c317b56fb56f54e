/* One call for each way in which a route of the core's own refuses: the status, the code and the place that a caller can rely on.
 */
#include "person.h"

#define ORG "/api/v1/orgs/%1"
#define CLIENTS ORG "/clients"
#define PROVIDERS ORG "/identity-providers"
#define HOOKS ORG "/webhooks"
#define FORM "Content-Type: application/x-www-form-urlencoded"

static struct person owner;
static struct api *who;
static char slug[40];

/* "%1" the organisation's slug, "%2" the service's address, "@300@" as many letters. */
static void fill(char *out, size_t room, const char *text)
{
    size_t n = 0;
    for (; *text && n + 1 < room; text++) {
        char *end;
        long letters = *text == '@' ? strtol(text + 1, &end, 10) : 0;
        if (letters > 0 && *end == '@') {
            for (; letters > 0 && n + 1 < room; letters--)
                out[n++] = 'x';
            text = end;
        } else if (text[0] == '%' && (text[1] == '1' || text[1] == '2')) {
            n += (size_t)snprintf(out + n, room - n, "%s", text[1] == '1' ? slug : getenv("BALLIUM_URL"));
            text++;
        } else {
            out[n++] = *text;
        }
    }
    out[n] = '\0';
}

static int set_up(void **state)
{
    (void)state;
    api_from_own_address();
    snprintf(slug, sizeof slug, "refusals-%lld-%d", (long long)time(NULL), (int)getpid());
    person_shell(NULL, 0, "\"$BALLIUM_BINARY\" org create --slug %s --name Refusals --kind client", slug);
    owner = person_new(slug, "owner");
    who = person_api(&owner, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(who);
    return 0;
}

struct refusal {
    const char *method, *path, *body;
    int status;
    const char *code, *pointer, *header;
};

static struct answer call(const char *method, const char *path, const char *body, const char *header)
{
    char where[2000], what[3000];
    fill(where, sizeof where, path);
    fill(what, sizeof what, body ? body : "");
    return api_call(who, method, where, body ? what : NULL, (const char *const[]){header, NULL});
}

static void refuse_all(const struct refusal *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct refusal *c = &table[i];
        struct answer r = call(c->method, c->path, c->body, c->header);
        if (r.status != c->status)
            print_error("%s %s %s:\n", c->method, c->path, c->body ? c->body : "");
        expect_problem(&r, c->status, c->code, c->pointer);
        answer_free(&r);
    }
}
#define REFUSE(table) refuse_all(table, sizeof(table) / sizeof *(table))

/* clang-format off */ /* a row a line, whatever its length */
static const struct refusal nothing_there[] = {
    {"GET", "/api/v1/orgs/nowhere-at-all", NULL, 404, "no_such_organisation", NULL, NULL},
    {"GET", ORG "/jobs/" NOBODYS, NULL, 404, "no_such_job", NULL, NULL},
    {"GET", ORG "/jobs/x", NULL, 404, "no_such_job", NULL, NULL},
    {"GET", ORG "/exports/" NOBODYS, NULL, 404, "no_such_export", NULL, NULL},
    {"GET", ORG "/exports/x", NULL, 404, "no_such_record", NULL, NULL},
    {"GET", ORG "/members/" NOBODYS, NULL, 404, "no_such_record", NULL, NULL},
    {"GET", ORG "/roles/no-such", NULL, 404, "no_such_record", NULL, NULL},
    {"DELETE", "/api/v1/me/sessions/" NOBODYS, NULL, 404, "no_such_session", NULL, NULL},
    {"DELETE", "/api/v1/me/sessions/x", NULL, 404, "no_such_session", NULL, NULL},
    {"GET", "/api/v1/auth/oidc/x", NULL, 404, "no_such_provider", NULL, NULL},
    {"GET", "/api/v1/auth/oidc/" NOBODYS, NULL, 404, "no_such_provider", NULL, NULL},
    {"GET", CLIENTS "/x", NULL, 404, "no_such_record", NULL, NULL},
    {"DELETE", CLIENTS "/x", NULL, 404, "no_such_record", NULL, NULL},
    {"POST", CLIENTS "/x/secrets", "{}", 404, "no_such_record", NULL, NULL},
    {"DELETE", CLIENTS "/x/secrets/" NOBODYS, NULL, 404, "no_such_record", NULL, NULL},
    {"DELETE", CLIENTS "/" NOBODYS "/secrets/x", NULL, 404, "no_such_record", NULL, NULL},
    {"GET", PROVIDERS "/x", NULL, 404, "no_such_record", NULL, NULL},
    {"DELETE", PROVIDERS "/x", NULL, 404, "no_such_record", NULL, NULL},
    {"POST", PROVIDERS "/x/subjects", "{\"subject\":\"s\",\"member_id\":\"" NOBODYS "\"}", 404, "no_such_record", NULL, NULL},
    {"DELETE", PROVIDERS "/x/subjects/s", NULL, 404, "no_such_record", NULL, NULL},
    {"GET", HOOKS "/x", NULL, 404, "no_such_record", NULL, NULL},
    {"POST", HOOKS "/x/deliveries/" NOBODYS ":replay", NULL, 404, "no_such_record", NULL, NULL},
    {"POST", HOOKS "/" NOBODYS "/deliveries/x:replay", NULL, 404, "no_such_record", NULL, NULL},
    {"GET", ORG "/audit/consistency?from=999999999", NULL, 404, "no_such_checkpoint", NULL, NULL},
};

static const struct refusal queries[] = {
    {"GET", ORG "/access?member=x", NULL, 400, "bad_id", NULL, NULL},
    {"GET", ORG "/access?limit=0", NULL, 400, "bad_limit", NULL, NULL},
    {"GET", ORG "/access?cursor=x", NULL, 400, "bad_cursor", NULL, NULL},
    {"GET", ORG "/events?limit=501", NULL, 400, "bad_limit", NULL, NULL},
    {"GET", ORG "/events?limit=x", NULL, 400, "bad_limit", NULL, NULL},
    {"GET", ORG "/events?record=x", NULL, 400, "bad_id", NULL, NULL},
    {"GET", ORG "/events?from=yesterday", NULL, 400, "bad_time", NULL, NULL},
    {"GET", ORG "/audit/checkpoints?before=x", NULL, 400, "bad_size", NULL, NULL},
    {"GET", ORG "/audit/checkpoints?before=0", NULL, 400, "bad_size", NULL, NULL},
    {"GET", ORG "/audit/consistency", NULL, 400, "bad_size", NULL, NULL},
    {"GET", ORG "/audit/consistency?from=1&to=x", NULL, 400, "bad_size", NULL, NULL},
    {"GET", ORG "/search", NULL, 400, "no_words", NULL, NULL},
    {"GET", "/api/v1/portfolio/search", NULL, 400, "no_words", NULL, NULL},
    {"GET", "/api/v1/portfolio/search?q=@501@", NULL, 400, "no_words", NULL, NULL},
    {"POST", ORG "/files?colour=red", "x", 400, "unknown_parameter", NULL, "Content-Type: application/octet-stream"},
    {"POST", ORG "/files?name=a&name=b", "x", 400, "repeated_parameter", NULL, "Content-Type: application/octet-stream"},
    {"POST", ORG "/context/sites:import", "x", 415, "unsupported_type", NULL, "Content-Type: text/csvx"},
    {"POST", ORG "/context/sites:import", "x", 415, "unsupported_type", NULL, "Content-Type: text/html"},
};

static const struct refusal bodies[] = {
    {"POST", "/api/v1/auth/login", "{\"email\":\"@1017@\",\"password\":\"p\"}", 422, "length", "/email", NULL},
    {"POST", "/api/v1/auth/login", "{\"email\":\"e\",\"password\":\"@1100@\"}", 422, "length", "/password", NULL},
    {"POST", "/api/v1/auth/login", "{\"email\":\"e\",\"password\":\"p\",\"code\":\"@100@\"}", 422, "length", "/code", NULL},
    {"POST", "/api/v1/me/password", "{\"password\":\"correct horse battery\",\"new_password\":\"correct horse battery\"}", 422, "password", "/new_password", NULL},
    {"POST", "/api/v1/me/totp:confirm", "{\"code\":\"123456\"}", 409, "nothing_to_confirm", NULL, NULL},
    {"POST", "/api/v1/me/totp:recovery", NULL, 409, "no_second_factor", NULL, NULL},
    {"POST", ORG "/calendar/feeds", "{}", 400, "no_idempotency_key", NULL, "Idempotency-Key: a-key-of-ours"},
    {"POST", ORG "/invitations", "{\"email\":\"a@b.example\",\"roles\":[\"reader\"]}", 400, "no_idempotency_key", NULL, "Idempotency-Key: a-key-of-ours"},
    {"POST", ORG "/planning/reports/soa", "{\"id\":\"" NOBODYS "\",\"format\":\"doc\"}", 422, "unknown_format", "/format", NULL},
    {"POST", ORG "/planning/reports/soa", "{\"id\":\"" NOBODYS "\",\"format\":7}", 422, "unknown_format", "/format", NULL},
    {"POST", ORG "/planning/reports/soa", "{\"id\":\"x\"}", 422, "bad_id", "/id", NULL},
    {"POST", CLIENTS, "{}", 422, "required", "/name", NULL},
    {"POST", CLIENTS, "{}", 422, "required", "/permissions", NULL},
    {"POST", CLIENTS, "{\"name\":7,\"permissions\":[\"core.member:read\"]}", 422, "type", "/name", NULL},
    {"POST", CLIENTS, "{\"name\":\"\",\"permissions\":[\"core.member:read\"]}", 422, "type", "/name", NULL},
    {"POST", CLIENTS, "{\"name\":\"@201@\",\"permissions\":[\"core.member:read\"]}", 422, "type", "/name", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":{\"a\":1}}", 422, "type", "/permissions", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":[]}", 422, "type", "/permissions", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":[\"Core.member:read\"]}", 422, "format", "/permissions/0", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":[\"core.member:read\",7]}", 422, "format", "/permissions/1", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":[\"core.nothing:read\"]}", 422, "unknown_permission", "/permissions", NULL},
    {"POST", CLIENTS, "{\"name\":\"n\",\"permissions\":[\"core.member:read\"],\"secret\":\"s\"}", 422, "unknown", "/secret", NULL},
    {"PATCH", CLIENTS "/" NOBODYS, "{\"name\":\"n\"}", 428, "if_match_required", NULL, NULL},
    {"PATCH", CLIENTS "/" NOBODYS, "{\"name\":\"n\"}", 400, "bad_if_match", NULL, "If-Match: \"0\""},
    {"PATCH", CLIENTS "/" NOBODYS, "{\"name\":\"n\"}", 400, "bad_if_match", NULL, "If-Match: \"4294967297\""},
    {"PATCH", CLIENTS "/" NOBODYS, "{\"name\":\"n\"}", 400, "bad_if_match", NULL, "If-Match: \"1\"x"},
    {"POST", PROVIDERS, "{}", 422, "required", "/name", NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i.example\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\",\"trust_email\":\"yes\"}", 422, "type", "/trust_email", NULL},
    {"POST", PROVIDERS, "{\"name\":\"\",\"issuer\":\"https://i.example\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\"}", 422, "length", "/name", NULL},
    {"POST", PROVIDERS, "{\"name\":\"@501@\",\"issuer\":\"https://i.example\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\"}", 422, "length", "/name", NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"%2\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\"}", 422, "own_issuer", "/issuer", NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i.example\",\"audience\":\"a\",\"client_id\":\"a\"}", 422, "same", "/audience", NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i.example\",\"audience\":\"a\"}", 422, "one_of", NULL, NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i.example\",\"audience\":\"a\",\"jwks_uri\":\"ftp://i.example/k\"}", 422, "format", "/jwks_uri", NULL},
    {"POST", PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i.invalid\",\"audience\":\"a\",\"client_id\":\"c\"}", 422, "discovery", "/issuer", NULL},
    {"POST", PROVIDERS "/" NOBODYS "/subjects", "{\"subject\":\"\",\"member_id\":\"" NOBODYS "\"}", 422, "length", "/subject", NULL},
    {"POST", PROVIDERS "/" NOBODYS "/subjects", "{\"subject\":\"@256@\",\"member_id\":\"" NOBODYS "\"}", 422, "length", "/subject", NULL},
    {"POST", PROVIDERS "/" NOBODYS "/subjects", "{\"subject\":\"s\",\"member_id\":\"x\"}", 422, "format", "/member_id", NULL},
};
/* clang-format on */

static void what_is_not_there(void **state)
{
    (void)state;
    REFUSE(nothing_there);
}

static void what_a_query_may_not_say(void **state)
{
    (void)state;
    REFUSE(queries);
}

static void what_a_body_may_not_say(void **state)
{
    (void)state;
    REFUSE(bodies);
}

/* OAuth has words of its own for what is wrong (RFC 6749, section 5.2). */
static void what_the_token_endpoint_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *body, *type, *authorization;
        int status;
        const char *error;
    } table[] = {
        {"{}", "Content-Type: application/json", NULL, 400, "invalid_request"},
        {"grant_type=%zz", FORM, NULL, 400, "invalid_request"},
        {"grant_type=client_credentials", FORM, NULL, 401, "invalid_client"},
        {"grant_type=client_credentials", FORM, "Authorization: Digest abc", 401, "invalid_client"},
        {"grant_type=client_credentials", FORM, "Authorization: Basic YWJj", 401, "invalid_client"}, /* no colon */
        {"grant_type=client_credentials&client_id=a&client_id=b", FORM, NULL, 400, "invalid_request"},
    };
    struct api *nobody = api_new();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *headers[] = {table[i].type, table[i].authorization, NULL};
        struct answer r = api_call(nobody, "POST", "/oauth/token", table[i].body, headers);
        if (r.status != table[i].status)
            print_error("%s:\n", table[i].body);
        expect_status(&r, table[i].status);
        assert_string_equal(answer_text(&r, "error"), table[i].error);
        answer_free(&r);
    }
    api_free(nobody);
}

static void an_issuer_is_named_once(void **state)
{
    (void)state;
    static const char body[] =
        "{\"name\":\"n\",\"issuer\":\"https://once.example\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\"}";
    struct answer r = call("POST", PROVIDERS, body, NULL);
    expect_status(&r, 201);
    char path[200];
    snprintf(path, sizeof path, "%s/%s", PROVIDERS, answer_text(&r, "id"));
    answer_free(&r);
    r = call("POST", PROVIDERS, body, NULL);
    expect_problem(&r, 409, "exists", "/issuer");
    answer_free(&r);
    r = call("DELETE", path, NULL, NULL);
    expect_status(&r, 204);
    answer_free(&r);
}

/* As many as there may be, and one more. */
static void registers_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
        int most;
    } table[] = {
        {HOOKS, "{\"url\":\"https://hooks.example/%d\",\"events\":[\"*\"]}", 20},
        {PROVIDERS, "{\"name\":\"n\",\"issuer\":\"https://i%d.example\",\"audience\":\"a\",\"jwks_uri\":\"https://i.example/k\"}",
         10},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int n = 0; n <= table[i].most; n++) {
            const char *at = strstr(table[i].body, "%d");
            char body[300];
            snprintf(body, sizeof body, "%.*s%d%s", (int)(at - table[i].body), table[i].body, n, at + 2);
            struct answer r = call("POST", table[i].path, body, NULL);
            if (n < table[i].most)
                expect_status(&r, 201);
            else
                expect_problem(&r, 409, "full", NULL);
            answer_free(&r);
        }
}

/* A program belongs to one organisation: what is about a person, or about many organisations, is not for it. */
static void a_service_client_stays_at_home(void **state)
{
    (void)state;
    struct answer r = call("POST", CLIENTS, "{\"name\":\"Scanner\",\"permissions\":[\"context.issue:read\"]}", NULL);
    expect_status(&r, 201);
    char form[400];
    snprintf(form, sizeof form, "grant_type=client_credentials&client_id=%s&client_secret=%s", answer_text(&r, "id"),
             answer_text(&r, "client_secret"));
    answer_free(&r);
    struct api *client = api_new();
    r = api_call(client, "POST", "/oauth/token", form, (const char *const[]){FORM, NULL});
    expect_status(&r, 200);
    api_set_token(client, answer_text(&r, "access_token"));
    answer_free(&r);
    static const char *const paths[] = {"/api/v1/portfolio/organisations", "/api/v1/portfolio/due?to=2099-01-01",
                                        "/api/v1/portfolio/search?q=a"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        r = api_get(client, "%s", paths[i]);
        expect_problem(&r, 403, "one_organisation", NULL);
        answer_free(&r);
    }
    r = api_get(client, "/api/v1/me/sessions");
    expect_problem(&r, 403, "person_needed", NULL);
    answer_free(&r);
    api_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(what_a_query_may_not_say),
        cmocka_unit_test(what_a_body_may_not_say),
        cmocka_unit_test(what_the_token_endpoint_refuses),
        cmocka_unit_test(an_issuer_is_named_once),
        cmocka_unit_test(registers_are_bounded),
        cmocka_unit_test(a_service_client_stays_at_home),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
