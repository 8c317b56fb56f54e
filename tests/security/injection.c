/* What is sent as a value stays a value: no SQL by any parameter, no member that the service sets itself, no second request in
 * one, no way round by a path, no line in the log and no formula in a table that somebody else wrote. Generated from the live
 * document where it can be, so that a new resource is covered by itself. */
#include "attack.h"

#include <ctype.h>

static json_t *document;
static struct api *manager;

static const char *const sql[] = {
    "' OR '1'='1",
    "'; DROP TABLE core.event; --",
    "eq.' UNION SELECT password_hash FROM core.user_account --",
    "in.(a,b') OR true --)",
    "$1",
    "\\",
    "1;SELECT pg_sleep(5)",
    "ne.x) OR (tenant_id <> core.tenant()",
};
enum { SQLS = sizeof sql / sizeof *sql };

static void encode(char *out, const char *text)
{
    for (; *text; text++)
        out += isalnum((unsigned char)*text) ? sprintf(out, "%c", *text) : sprintf(out, "%%%02X", (unsigned char)*text);
}

/* The answer to one more query: some answer, and never a broken one; nothing that a filter should have kept back. */
static void ask_with(const char *list, const char *name, const char *value, bool by_words)
{
    char query[400];
    encode(query, value);
    struct answer r = api_get(manager, "%s?%s=%s", list, name, query);
    if (r.status >= 500 || (r.status != 200 && r.status != 400 && r.status != 422))
        fail_msg("%s?%s=%s: %d %s", list, name, value, r.status, r.body);
    if (strstr(r.body, "argon2") || strstr(r.body, "syntax error"))
        fail_msg("%s?%s=%s tells: %s", list, name, value, r.body);
    bool unequal = strncmp(value, "ne.", 3) == 0;
    if (r.status == 200 && !by_words && !unequal && json_array_size(json_object_get(r.json, "items")) > 0)
        fail_msg("%s?%s=%s finds something: %s", list, name, value, r.body);
    answer_free(&r);
}

static bool is_list(const char *template, json_t *item)
{
    return strstr(template, "{org}") && !strchr(strstr(template, "{org}") + 5, '{') && !strchr(template, ':') &&
           json_object_get(item, "get") && json_object_get(item, "post");
}

static void no_parameter_is_sql(void **state)
{
    (void)state;
    const char *template;
    json_t *item, *parameter;
    size_t lists = 0, i;
    json_int_t before = attack_count(manager, "/api/v1/orgs/keep/context/issues");
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        char list[300];
        if (!is_list(template, item))
            continue;
        attack_path(list, sizeof list, template, "keep", "", "");
        json_array_foreach(json_object_get(json_object_get(item, "get"), "parameters"), i, parameter)
        {
            const char *name = json_string_value(json_object_get(parameter, "name"));
            bool filter = name && strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0;
            for (size_t k = 0; filter && k < SQLS; k++)
                ask_with(list, name, sql[k], strcmp(name, "q") == 0);
        }
        for (size_t k = 0; k < SQLS; k++) {
            char name[400];
            static const char *const shared[] = {"sort", "fields", "cursor", "limit",     "archived",
                                                 "q",    "status", "id",     "created_at"};
            for (size_t s = 0; s < sizeof shared / sizeof *shared; s++)
                ask_with(list, shared[s], sql[k], s == 5);
            encode(name, sql[k]); /* as the name of a field */
            struct answer r = api_get(manager, "%s?%s=x", list, name);
            assert_true(r.status == 400 || r.status == 422);
            answer_free(&r);
        }
        lists++;
    }
    assert_true(lists > 10);
    assert_int_equal(attack_count(manager, "/api/v1/orgs/keep/context/issues"), before);
}

/* Does the body's schema name it? */
static bool may_be_sent(json_t *schema, const char *member)
{
    return json_object_get(json_object_get(schema, "properties"), member) != NULL;
}

static json_t *schema_of(const char *reference)
{
    const char *name = reference ? strrchr(reference, '/') : NULL;
    return name ? json_object_get(json_object_get(json_object_get(document, "components"), "schemas"), name + 1) : NULL;
}

static json_t *body_schema(json_t *operation)
{
    json_t *schema = json_object_get(
        json_object_get(json_object_get(json_object_get(operation, "requestBody"), "content"), "application/json"), "schema");
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    return reference ? schema_of(reference) : schema;
}

static json_t *answer_schema(json_t *operation, const char *status)
{
    json_t *schema = json_object_get(
        json_object_get(json_object_get(json_object_get(json_object_get(operation, "responses"), status), "content"),
                        "application/json"),
        "schema");
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    return reference ? schema_of(reference) : schema;
}

/* The path of the document with that ending. */
static json_t *item_of(const char *template, const char *ending)
{
    char path[400];
    snprintf(path, sizeof path, "%s%s", template, ending);
    return json_object_get(json_object_get(document, "paths"), path);
}

/* Every member is refused at its own place. How many they are. */
static size_t all_refused(const struct answer *r, json_t *members, const char *before)
{
    const char *member;
    json_t *value, *entry;
    expect_status(r, 422);
    json_object_foreach(members, member, value)
    {
        char pointer[200];
        size_t i;
        bool told = false;
        snprintf(pointer, sizeof pointer, "%s/%s", before, member);
        json_array_foreach(json_object_get(r->json, "errors"), i, entry)
        {
            const char *at = json_string_value(json_object_get(entry, "pointer"));
            told = told || (at && strcmp(at, pointer) == 0);
        }
        if (!told)
            fail_msg("%s: it is not refused: %s", pointer, r->body);
    }
    return json_object_size(members);
}

/* Every member of the record that is not a member of the body, and some that are nobody's: in a new record, in a batch, in a
 * change. */
static void nothing_is_assigned_that_is_the_services(void **state)
{
    (void)state;
    static const char *const others[] = {"tenant_id", "password_hash", "roles", "__proto__", "actions", "STATUS", "title "};
    const char *template, *member;
    json_t *item, *value;
    size_t tried = 0;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        json_t *post = json_object_get(item, "post"), *body = body_schema(post), *record = answer_schema(post, "201");
        char list[300], batch[400];
        if (!is_list(template, item) || !body || !json_object_get(record, "properties"))
            continue;
        attack_path(list, sizeof list, template, "keep", "", "");
        json_t *all = json_object();
        json_object_foreach(json_object_get(record, "properties"), member, value) if (!may_be_sent(body, member))
            json_object_set_new(all, member, json_string("1"));
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (!may_be_sent(body, others[i]))
                json_object_set_new(all, others[i], json_string("1"));
        json_int_t before = attack_count(manager, list);
        struct answer r = api_post(manager, list, json_incref(all));
        if (r.status == 403) { /* not the manager's to write */
            answer_free(&r);
            json_decref(all);
            continue;
        }
        tried += all_refused(&r, all, "");
        answer_free(&r);
        if (item_of(template, ":batch")) { /* a record of the engine's, and so is what it takes in a change */
            snprintf(batch, sizeof batch, "%s:batch", list);
            r = api_post(manager, batch, json_pack("{s:[{s:s, s:O}]}", "operations", "op", "create", "body", all));
            (void)all_refused(&r, all, "/operations/0/body");
            answer_free(&r);
        }
        char *id = attack_first(manager, template, "keep");
        if (id && item_of(template, ":batch") && json_object_get(item_of(template, "/{id}"), "patch")) {
            snprintf(batch, sizeof batch, "%s/%s", list, id);
            r = api_send(manager, "PATCH", batch, json_incref(all), "\"1\"");
            (void)all_refused(&r, all, "");
            answer_free(&r);
        }
        free(id);
        json_decref(all);
        assert_int_equal(attack_count(manager, list), before);
    }
    assert_true(tried > 100);
}

/* A file may hold what an export shows; what the service sets itself is passed over. */
static void nothing_is_assigned_by_an_import(void **state)
{
    (void)state;
    static const char list[] = "/api/v1/orgs/keep/context/scopes";
    struct answer me = api_get(manager, "/api/v1/me"), r;
    char file[1000], path[300];
    snprintf(file, sizeof file,
             "title,statement,rationale,units,services,status,version,created_by,approved_by_id,approved_at\n"
             "Imported,All.,Few.,\"[{\"\"name\"\":\"\"E\"\"}]\",\"[{\"\"name\"\":\"\"A\"\"}]\",in_force,9," NOBODYS
             ",%s,2020-01-01T00:00:00Z\n",
             answer_text(&me, "user/id"));
    snprintf(path, sizeof path, "%s:import", list);
    r = api_call(manager, "POST", path, file, (const char *const[]){"Content-Type: text/csv", NULL});
    expect_status(&r, 200);
    answer_free(&r);
    r = api_get(manager, "%s?sort=-created_at&limit=1", list);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/title"), "Imported");
    assert_string_equal(answer_text(&r, "items/0/status"), "draft");
    assert_int_equal(answer_integer(&r, "items/0/version"), 1);
    assert_string_equal(answer_text(&r, "items/0/created_by"), answer_text(&me, "user/id"));
    assert_null(answer_text(&r, "items/0/approved_by_id"));
    assert_null(answer_text(&r, "items/0/approved_at"));
    attack_archive(manager, list, answer_text(&r, "items/0/id"));
    answer_free(&r);
    answer_free(&me);
}

/* ---- one request is one request ------------------------------------------------------------------------------------------- */

#define HOST "Host: x\r\nConnection: close\r\n"

static void headers_do_not_smuggle(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
    } cases[] = {
        {"two lengths", "POST /api/v1/auth/login HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}"},
        {"a length and chunks",
         "POST /api/v1/auth/login HTTP/1.1\r\n" HOST
         "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/me HTTP/1.1\r\n\r\n"},
        {"chunks under another name", "POST /api/v1/auth/login HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
        {"chunks twice", "POST /api/v1/auth/login HTTP/1.1\r\n" HOST
                         "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
        {"a folded header", "GET /api/v1/me HTTP/1.1\r\n" HOST "Authorization: Bearer\r\n x.y.z\r\n\r\n"},
        {"a space before the colon", "GET /api/v1/me HTTP/1.1\r\n" HOST "Authorization : Bearer x\r\n\r\n"},
        {"two hosts", "GET /api/v1/me HTTP/1.1\r\n" HOST "Host: y\r\n\r\n"},
        {"a zero byte", NULL},
        {"a length that is none", "POST /api/v1/auth/login HTTP/1.1\r\n" HOST "Content-Length: 0x10\r\n\r\n{}"},
        {"a negative length", "POST /api/v1/auth/login HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n{}"},
    };
    static const char zero[] = "GET /api/v1/me HTTP/1.1\r\n" HOST "X-A: b\0c\r\n\r\n";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[8192];
        const char *bytes = cases[i].bytes ? cases[i].bytes : zero;
        int status = attack_raw(NULL, bytes, cases[i].bytes ? strlen(bytes) : sizeof zero - 1, out, sizeof out);
        if (status != 400 && status != 401 && status != 501)
            fail_msg("%s: %d\n%s", cases[i].what, status, out);
        const char *second = strstr(out + 1, "HTTP/1.1 ");
        if (second) /* an answer to what stood in the body */
            fail_msg("%s: answered twice:\n%s", cases[i].what, out);
    }
}

/* By one who may do what the request says: which of the two would count nobody can tell, so neither does. */
static void a_header_that_comes_twice_counts_for_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *what, *line, *headers;
        int status;
    } cases[] = {
        {"one of each", "GET /api/v1/me", "", 200},
        {"two tokens", "GET /api/v1/me", "Authorization: Bearer %s\r\n", 400},
        {"two tags", "PATCH /api/v1/orgs/keep/context/issues/" NOBODYS, "If-Match: \"1\"\r\nIf-Match: \"2\"\r\n", 400},
        {"two keys", "POST /api/v1/orgs/keep/context/issues", "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", 400},
        {"a tag by another name", "PATCH /api/v1/orgs/keep/context/issues/" NOBODYS, "If_Match: \"1\"\r\n", 428},
    };
    const char *token = api_token(manager);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[8192], out[8192], extra[4096] = "";
        const char *hole = strstr(cases[i].headers, "%s");
        snprintf(extra, sizeof extra, "%.*s%s%s", hole ? (int)(hole - cases[i].headers) : 0, cases[i].headers,
                 hole ? token : cases[i].headers, hole ? hole + 2 : "");
        snprintf(bytes, sizeof bytes,
                 "%s HTTP/1.1\r\n" HOST "Authorization: Bearer %s\r\n%sContent-Type: application/json\r\nContent-Length: "
                 "2\r\n\r\n{}",
                 cases[i].line, token, extra);
        int status = attack_raw(NULL, bytes, strlen(bytes), out, sizeof out);
        if (status != cases[i].status)
            fail_msg("%s: %d\n%s", cases[i].what, status, out);
    }
}

static void no_header_changes_the_method(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-HTTP-Method-Override: DELETE",
                                          "X-Method-Override: PATCH",
                                          "X-HTTP-Method: PUT",
                                          "Content-Type: application/json",
                                          "X-Original-URL: /metrics",
                                          "X-Rewrite-URL: /metrics",
                                          "X-Forwarded-Host: evil.example",
                                          NULL};
    struct answer plain = api_get(manager, "/api/v1/orgs/keep"),
                  dressed = api_call(manager, "GET", "/api/v1/orgs/keep", NULL, headers);
    attack_same(&plain, &dressed, "a header");
    assert_null(strstr(dressed.headers, "evil.example"));
    answer_free(&plain);
    answer_free(&dressed);
}

static void no_path_leads_round_the_door(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/api/v1/orgs/keep/../moat",
        "/api/v1/orgs/keep/%2e%2e/moat",
        "/api/v1/orgs/keep/..%2fmoat",
        "/api/v1/orgs//moat",
        "/api/v1/orgs/keep/./../moat",
        "/api/v1/orgs/moat%00",
        "/api/v1/orgs/moat;x=keep",
        "/api/v1/orgs/keep%2f..%2fmoat",
        /* to what the caller may see, but by another name */
        "/api/v1/orgs/keep%00",
        "/api/v1/orgs/keep%00moat",
        "/api/v1/orgs/keep/",
        "/api/v1//orgs/keep",
        "/api/v1/orgs/KEEP",
        "/api/v1/orgs/moat/../keep",
        "/api/v1/orgs/keep%2fcontext%2fissues",
        "/api/v1/orgs/moat/",
        "/api/v1/orgs/MOAT",
        "/api/v1/orgs/moat%20",
        "/api/v1/orgs/moat.",
        "/api/v1/orgs/%6doat",
        "/api/v1/orgs/keep\\..\\moat",
        "/api/v1/orgs/keep/..;/moat",
        "/API/v1/orgs/moat",
        "/metrics/",
        "/%6detrics",
        "/api/v1/../../metrics",
        "//metrics",
        "/metrics?x=/api/v1/me",
        "/api/v1/orgs/keep/%c0%ae%c0%ae/x",
        "/api/v1/orgs/keep/files/../../etc",
        "/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/static/../nginx.conf",
        "/.git/config",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char bytes[4096], out[16384];
        snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\n" HOST "Authorization: Bearer %s\r\n\r\n", paths[i],
                 api_token(manager));
        int status = attack_raw("127.55.0.9", bytes, strlen(bytes), out, sizeof out);
        if (status != 400 && status != 404 && status != 403)
            fail_msg("%s: %d\n%s", paths[i], status, out);
    }
}

/* ---- what others read: the log, a table ------------------------------------------------------------------------------------ */

static void no_value_writes_a_line_of_the_log(void **state)
{
    (void)state;
    const char *name = getenv("BALLIUM_SERVE_LOG");
    assert_non_null(name);
    FILE *log = fopen(name, "r");
    assert_non_null(log);
    fseek(log, 0, SEEK_END);
    static const char *const paths[] = {"/api/v1/%0a%7b%22level%22:%22info%22%7d", "/api/v1/orgs/keep%0d%0aforged",
                                        "/api/v1/%1b%5b2J", "/api/v1/%22,%22level%22:%22x", "/api/v1/%e2%80%a8forged"};
    static const char *const headers[] = {"User-Agent: \x1b[2J\"} forged", "traceparent: 00-\"}\n-x-01", "X-Request-Id: forged",
                                          NULL};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer r = api_call(manager, "GET", paths[i], NULL, headers);
        assert_true(r.status == 400 || r.status == 404);
        answer_free(&r);
    }
    /* as no client would send them: quotes and bytes that are no text */
    static const char *const raw[] = {"/api/v1/\",\"level\":\"error\",\"event\":\"forged\",\"x\":\"", "/api/v1/\\",
                                      "/api/v1/\xff\xfe"};
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        char bytes[4096], out[8192];
        snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\n" HOST "\r\n", raw[i]);
        int status = attack_raw(NULL, bytes, strlen(bytes), out, sizeof out);
        if (status != 400 && status != 404)
            fail_msg("%s: %d\n%s", raw[i], status, out);
    }
    struct answer r = api_post(manager, "/api/v1/orgs/keep/context/issues",
                               json_pack("{s:s}", "title", "a\n{\"level\":\"error\",\"event\":\"forged\"}"));
    expect_status(&r, 422);
    answer_free(&r);
    char line[20000];
    size_t lines = 0;
    while (fgets(line, sizeof line, log)) {
        json_error_t error;
        json_t *entry = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(entry))
            fail_msg("no line of JSON: %s", line);
        const char *event = json_string_value(json_object_get(entry, "event"));
        assert_non_null(event);
        assert_string_not_equal(event, "forged");
        for (const char *p = line; *p && p[1]; p++)
            assert_true((unsigned char)*p >= 0x20); /* no control character, so no escape of a terminal */
        json_decref(entry);
        lines++;
    }
    fclose(log);
    assert_true(lines >= sizeof paths / sizeof *paths);
}

/* Formulas in the sheets of a workbook, as unzip and a search find them. */
static size_t formulas_in(const struct answer *workbook)
{
    char path[] = "/tmp/ballium-sheet-XXXXXX", line[400], said[40] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, workbook->body, workbook->length) == (ssize_t)workbook->length);
    close(fd);
    snprintf(
        line, sizeof line,
        "python3 -c \"import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); t = b''.join(z.read(n) for n in z.namelist()); "
        "print(t.count(b'<f>') + t.count(b'<f ') + 1000 * (b'1+' not in t and b'2+3' not in t and b'SUM' not in t and b'HYPER' "
        "not in t))\" %s",
        path);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(said, sizeof said, pipe));
    pclose(pipe);
    unlink(path);
    return (size_t)atol(said);
}

static void no_cell_is_a_formula(void **state)
{
    (void)state;
    static const char *const formulas[] = {"=HYPERLINK(\"http://evil.example\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)",
                                           "=1+1"};
    static const char list[] = "/api/v1/orgs/keep/context/issues";
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        struct answer made =
            api_post(manager, list,
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "title", formulas[i], "origin", "internal", "effect",
                               "negative", "concern", "isms_outcome", "category", "people", "influence", 1, "control", 1));
        expect_status(&made, 201);
        char path[200];
        snprintf(path, sizeof path, "%s?id=%s", list, answer_text(&made, "id"));
        struct answer csv = api_call(manager, "GET", path, NULL, (const char *const[]){"Accept: text/csv", NULL});
        expect_status(&csv, 200);
        const char *at = strstr(csv.body, "1+");
        bool bare = strstr(csv.body, ",=") || strstr(csv.body, ",+") || strstr(csv.body, ",-2") || strstr(csv.body, ",@") ||
                    strstr(csv.body, ",\"=") || strstr(csv.body, ",\"+");
        if (bare || (at == NULL && i == 4))
            fail_msg("%s stands as a formula:\n%s", formulas[i], csv.body);
        struct answer xlsx =
            api_call(manager, "GET", path, NULL,
                     (const char *const[]){"Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", NULL});
        expect_status(&xlsx, 200);
        assert_int_equal(formulas_in(&xlsx), 0); /* and the text is there */
        answer_free(&xlsx);
        attack_archive(manager, list, answer_text(&made, "id"));
        answer_free(&csv);
        answer_free(&made);
    }
}

int main(void)
{
    api_from_own_address();
    document = attack_document();
    manager = api_as("keep", "manager");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_parameter_is_sql),
        cmocka_unit_test(nothing_is_assigned_that_is_the_services),
        cmocka_unit_test(nothing_is_assigned_by_an_import),
        cmocka_unit_test(headers_do_not_smuggle),
        cmocka_unit_test(a_header_that_comes_twice_counts_for_nothing),
        cmocka_unit_test(no_header_changes_the_method),
        cmocka_unit_test(no_path_leads_round_the_door),
        cmocka_unit_test(no_value_writes_a_line_of_the_log),
        cmocka_unit_test(no_cell_is_a_formula),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    api_free(manager);
    json_decref(document);
    return failed;
}
