/* Another organisation's doors: every route of the live OpenAPI document, and every place of a request where an id can stand.
 * What belongs to somebody else is answered exactly like what does not exist. */
#include "attack.h"

#define KEEP "/api/v1/orgs/keep/context/"
#define HOME "/api/v1/orgs/barbican/context/"

static struct api *stranger, *insider; /* barbican's owner may all at home and nothing in keep; keep's manager does */
static json_t *document;
static char *keep_id, *keep_file;

#define DOCUMENTS "/api/v1/orgs/{org}/support/documents"
static char *free_document; /* one without a version in work and without a policy: each takes one of its own */

/* Who has what barbican has not: together they hold a record of every resource that is referred to. */
static struct {
    const char *org, *role;
    struct api *api;
} others[] = {{"keep", "manager", NULL}, {"moat", "manager", NULL}, {"outerwall", "owner", NULL}};
enum { OTHERS = sizeof others / sizeof *others };

/* A file of that organisation, of new bytes and a new name. The caller frees its id and archives it. */
static char *upload(struct api *who, const char *org)
{
    static int made;
    char path[200], text[100];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/files?name=doors-%lld-%d.txt", org, (long long)time(NULL), ++made);
    snprintf(text, sizeof text, "Behind the doors of %s %lld %d\n", org, (long long)time(NULL), made);
    struct answer r = api_call(who, "POST", path, text, (const char *const[]){"Content-Type: text/plain", NULL});
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    return id;
}

/* The id of somebody else's record of that list; NULL: nobody has one. The caller frees it. */
static char *foreign_record(const char *template)
{
    char *id = NULL;
    for (size_t i = 0; i < OTHERS && id == NULL; i++)
        id = attack_first(others[i].api, template, others[i].org);
    return id;
}

static int set_up(void **state)
{
    (void)state;
    stranger = api_as("barbican", "owner");
    for (size_t i = 0; i < OTHERS; i++)
        others[i].api = api_as(others[i].org, others[i].role);
    insider = others[0].api;
    document = attack_document();
    struct answer r = api_get(insider, "/api/v1/orgs/keep");
    expect_status(&r, 200);
    keep_id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    keep_file = upload(insider, "keep");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    attack_archive(insider, "/api/v1/orgs/keep/files", keep_file);
    api_free(stranger);
    for (size_t i = 0; i < OTHERS; i++)
        api_free(others[i].api);
    json_decref(document);
    free(keep_id);
    free(keep_file);
    free(free_document);
    return 0;
}

/* What answers otherwise than it should, all of it: one run tells what there is to mend. */
static size_t offences;

__attribute__((format(printf, 1, 2))) static void offend(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stdout, format, args);
    va_end(args);
    fputc('\n', stdout);
    offences++;
}

static void no_offences(void)
{
    size_t count = offences;
    offences = 0;
    if (count > 0)
        fail_msg("%zu answers are not what they should be", count);
}

static const char *const bodies[] = {NULL, "{}", "{\"title\":", "[]", "{\"tenant_id\":\"keep\",\"a\":1,\"a\":2}", "\xff\xfe"};
enum { BODIES = sizeof bodies / sizeof *bodies };

static void closed_like_nowhere(const char *method, const char *template, const char *org, const char *nowhere, const char *id,
                                const char *body, const char *const *headers)
{
    char there[500], nothing[500], what[700];
    attack_path(there, sizeof there, template, org, id, id);
    attack_path(nothing, sizeof nothing, template, nowhere, id, id);
    struct answer a = api_call(stranger, method, there, body, headers);
    struct answer b = api_call(stranger, method, nothing, body, headers);
    snprintf(what, sizeof what, "%s %s (body %s)", method, there, body ? body : "none");
    /* below public/ no token says who asks: what cannot be read or answered is refused before any organisation is looked for */
    bool unread = strstr(template, "/public/") != NULL && (a.status == 400 || a.status == 406 || a.status == 415);
    if (a.status != 404 && !unread)
        offend("%s: %d %s", what, a.status, a.body);
    attack_same(&a, &b, what);
    answer_free(&a);
    answer_free(&b);
}

static bool is_method(const char *name)
{
    return strcmp(name, "parameters") != 0 && strcmp(name, "summary") != 0 && strcmp(name, "description") != 0;
}

static void upper(char *out, const char *name)
{
    size_t i = 0;
    for (; name[i] && i < 15; i++)
        out[i] = (char)(name[i] - 32);
    out[i] = '\0';
}

static void every_route_of_another_organisation_is_404(void **state)
{
    (void)state;
    static const char *const tagged[] = {"If-Match: \"1\"", "Idempotency-Key: doors", NULL};
    static const char *const csv[] = {"Content-Type: text/csv", "Accept: image/png", NULL};
    const char *template, *name;
    json_t *item, *operation;
    size_t routes = 0;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        if (strstr(template, "{org}") == NULL)
            continue;
        char *id = strstr(template, "{id}") ? attack_first(insider, template, "keep") : NULL;
        json_object_foreach(item, name, operation)
        {
            if (!is_method(name))
                continue;
            char method[16];
            upper(method, name);
            bool reads = strcmp(method, "GET") == 0;
            for (size_t i = 0; i < (reads ? 1 : BODIES); i++)
                closed_like_nowhere(method, template, "keep", "nowhere", id ? id : NOBODYS, bodies[i], tagged);
            closed_like_nowhere(method, template, "keep", "nowhere", id ? id : NOBODYS, reads ? NULL : "title\nx\n", csv);
            closed_like_nowhere(method, template, keep_id, NOBODYS, id ? id : NOBODYS, NULL, NULL);
            closed_like_nowhere(method, template, "keep", "nowhere", "no-id", NULL, NULL);
            routes++;
        }
        free(id);
    }
    no_offences();
    assert_true(routes > 60);
}

/* The example of a schema's property, or a value of its type. */
static json_t *example_of(json_t *property)
{
    json_t *example = json_array_get(json_object_get(property, "examples"), 0);
    if (example == NULL)
        example = json_array_get(json_object_get(property, "enum"), 0);
    return example ? json_incref(example) : NULL;
}

/* Where a property's id comes from: "core.member" or "area.resources" in its description; false: it is no reference. */
static bool source_of(json_t *property, char list[200])
{
    const char *told = json_string_value(json_object_get(property, "description"));
    const char *format = json_string_value(json_object_get(property, "format"));
    const char *of = told ? strstr(told, "The id of one of ") : NULL;
    if (of == NULL || format == NULL || strcmp(format, "uuid") != 0)
        return false;
    char area[50], resource[80];
    if (sscanf(of, "The id of one of %49[a-z_].%79[a-z_]", area, resource) != 2)
        return false;
    for (char *p = area; *p; p++)
        *p = *p == '_' ? '-' : *p;
    for (char *p = resource; *p; p++)
        *p = *p == '_' ? '-' : *p;
    if (strcmp(area, "core") == 0)
        snprintf(list, 200, "/api/v1/orgs/{org}/%ss", resource);
    else
        snprintf(list, 200, "/api/v1/orgs/{org}/%s/%s", area, resource);
    return true;
}

static char *foreign(const char *list)
{
    if (strstr(list, "/members") == NULL)
        return strcmp(list, "/api/v1/orgs/{org}/files") == 0 ? strdup(keep_file) : foreign_record(list);
    struct answer r = api_get(insider, "/api/v1/me");
    char *id = strdup(answer_text(&r, "user/id"));
    answer_free(&r);
    return id;
}

/* The list of records that a Create schema belongs to: the path whose POST takes it. */
static const char *takes(const char *schema)
{
    char ref[200];
    snprintf(ref, sizeof ref, "#/components/schemas/%s", schema);
    const char *template;
    json_t *item;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        const char *told = NULL;
        json_unpack(item, "{s:{s:{s:{s:{s:{s:s}}}}}}", "post", "requestBody", "content", "application/json", "schema", "$ref",
                    &told);
        if (told && strcmp(told, ref) == 0)
            return template;
    }
    return NULL;
}

static bool complains(const struct answer *r, const char *pointer)
{
    size_t i;
    json_t *e;
    json_array_foreach(answer_at(r, "errors"), i, e)
    {
        const char *at = json_string_value(json_object_get(e, "pointer"));
        if (at && strcmp(at, pointer) == 0)
            return true;
    }
    return false;
}

static json_t *valid_body(json_t *schema);

/* A new record of the stranger's own, of that list. The caller frees its id. */
static char *new_record(const char *list)
{
    char path[300];
    const char *ref = NULL;
    json_t *item = json_object_get(json_object_get(document, "paths"), list);
    json_unpack(item, "{s:{s:{s:{s:{s:{s:s}}}}}}", "post", "requestBody", "content", "application/json", "schema", "$ref", &ref);
    assert_non_null(ref);
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    attack_path(path, sizeof path, list, "barbican", "", "");
    struct answer r = api_post(stranger, path, valid_body(json_object_get(schemas, strrchr(ref, '/') + 1)));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    if (strcmp(list, DOCUMENTS) != 0) { /* the new record may have taken it */
        free(free_document);
        free_document = NULL;
    }
    return id;
}

/* The same; made only when there is none. */
static char *own_record(const char *list)
{
    if (strcmp(list, DOCUMENTS) == 0)
        return strdup(free_document ? free_document : (free_document = new_record(list)));
    char *id = attack_first(stranger, list, "barbican");
    return id ? id : new_record(list);
}

static char *own_id(void)
{
    struct answer r = api_get(stranger, "/api/v1/me");
    expect_status(&r, 200);
    char *id = strdup(answer_text(&r, "user/id"));
    answer_free(&r);
    return id;
}

/* The required members with their examples; references to the stranger's own records. */
static json_t *valid_body(json_t *schema)
{
    json_t *body = json_object(), *name;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        char list[200];
        const char *member = json_string_value(name);
        json_t *property = json_object_get(json_object_get(schema, "properties"), member);
        if (source_of(property, list)) {
            char *id = strstr(list, "/members") ? own_id() : own_record(list);
            json_object_set_new(body, member, json_string(id));
            free(id);
        } else if (strcmp(member, "name") == 0) { /* most names are unique in an organisation: a second run needs another */
            static int made;
            json_object_set_new(body, member, json_sprintf("Doors %lld-%d", (long long)time(NULL), ++made));
        } else {
            json_object_set_new(body, member, example_of(property));
        }
    }
    /* what is one's own needs no more than this; what comes from a catalogue would have to name its entry */
    json_t *properties = json_object_get(schema, "properties"), *value;
    json_array_foreach(json_object_get(json_object_get(properties, "origin"), "enum"), i, value)
    {
        if (strcmp(json_string_value(value), "own") != 0)
            continue;
        json_object_set_new(body, "origin", json_string("own"));
        json_object_set_new(body, "title", json_string("Double doors"));
    }
    return body;
}

/* What a rule asks for beside the required members when that reference is named: nothing but the id shall be wrong. */
static const struct {
    const char *template, *field, *member;
    int value;
} besides[] = {{"/api/v1/orgs/{org}/operation/notifications", "owner_id", "hours", 24}};

/* What the service alone writes is refused before anything in it is looked at. */
static bool by_itself(const struct answer *r)
{
    return r->status == 409 && strstr(r->body, "by_itself") != NULL;
}

/* The foreign id is refused by name, at its own pointer, exactly like one that nobody has. False: no organisation of
 * the demo has a record of that resource to name. */
static bool foreign_in_body(const char *template, json_t *schema, const char *field, const char *list)
{
    char path[300], batch[320], pointer[200], deep[240];
    char *id = foreign(list);
    attack_path(path, sizeof path, template, "barbican", "", "");
    snprintf(batch, sizeof batch, "%s:batch", path);
    snprintf(pointer, sizeof pointer, "/%s", field);
    snprintf(deep, sizeof deep, "/operations/0/body/%s", field);
    json_decref(valid_body(schema)); /* makes what it refers to */
    json_int_t before = attack_count(stranger, path);
    struct answer answers[2][2];
    for (int i = 0; i < 2; i++) {
        json_t *body = valid_body(schema);
        json_object_set_new(body, field, json_string(i || id == NULL ? NOBODYS : id));
        for (size_t k = 0; k < sizeof besides / sizeof *besides; k++)
            if (strcmp(besides[k].template, template) == 0 && strcmp(besides[k].field, field) == 0)
                json_object_set_new(body, besides[k].member, json_integer(besides[k].value));
        answers[0][i] = api_post(stranger, path, json_incref(body));
        answers[1][i] = api_post(stranger, batch, json_pack("{s:[{s:s, s:o}]}", "operations", "op", "create", "body", body));
        for (int k = 0; k < 2; k++) {
            if (!by_itself(&answers[k][i]) && (answers[k][i].status != 422 || !complains(&answers[k][i], k ? deep : pointer)))
                offend("%s of %s takes a foreign id: %d %s", field, k ? batch : path, answers[k][i].status, answers[k][i].body);
        }
    }
    attack_same(&answers[0][0], &answers[0][1], path);
    attack_same(&answers[1][0], &answers[1][1], batch);
    for (int i = 0; i < 4; i++)
        answer_free(&answers[i / 2][i % 2]);
    assert_int_equal(attack_count(stranger, path), before);
    bool foreigners = id != NULL;
    free(id);
    return foreigners;
}

static void every_reference_in_a_body_stays_inside(void **state)
{
    (void)state;
    const char *schema_name, *field;
    json_t *schema, *property;
    size_t references = 0;
    json_object_foreach(json_object_get(json_object_get(document, "components"), "schemas"), schema_name, schema)
    {
        const char *template = takes(schema_name);
        if (template == NULL || strstr(template, "{org}") == NULL || strstr(template, "{id}") != NULL)
            continue;
        json_object_foreach(json_object_get(schema, "properties"), field, property)
        {
            char list[200];
            if (!source_of(property, list))
                continue;
            bool named = foreign_in_body(template, schema, field, list);
            if (!named)
                printf("nobody has one: %s of %s\n", field, template);
            references += named;
        }
    }
    no_offences();
    assert_true(references > 100);
}

/* Bytes are the organisation's like everything else: the own file is taken, somebody else's is like one that is not there. */
static void a_foreign_file_in_a_reference_is_422(void **state)
{
    (void)state;
    static const char list[] = "/api/v1/orgs/barbican/support/document-versions";
    char *own = upload(stranger, "barbican"), *document_id = new_record(DOCUMENTS), path[200];
    const char *const files[] = {keep_file, NOBODYS, own};
    struct answer made[3];
    for (int i = 0; i < 3; i++)
        made[i] = api_post(stranger, list,
                           json_pack("{s:s, s:s, s:s}", "document_id", document_id, "changes", "As a file", "file_id", files[i]));
    expect_status(&made[0], 422);
    assert_true(complains(&made[0], "/file_id"));
    attack_same(&made[0], &made[1], list);
    expect_status(&made[2], 201);
    snprintf(path, sizeof path, "%s/%s", list, answer_text(&made[2], "id"));
    struct answer a = api_send(stranger, "PATCH", path, json_pack("{s:s}", "file_id", keep_file), "\"1\"");
    struct answer b = api_send(stranger, "PATCH", path, json_pack("{s:s}", "file_id", NOBODYS), "\"1\"");
    expect_status(&a, 422);
    assert_true(complains(&a, "/file_id"));
    attack_same(&a, &b, path);
    attack_archive(stranger, list, answer_text(&made[2], "id"));
    attack_archive(stranger, "/api/v1/orgs/barbican/support/documents", document_id);
    answer_free(&a);
    answer_free(&b);
    for (int i = 0; i < 3; i++)
        answer_free(&made[i]);
    free(document_id);
    free(own);
}

/* A record of the stranger's own. */
static char *own_issue(void)
{
    struct answer r = api_post(stranger, HOME "issues",
                               json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "title", "Doors", "origin", "internal", "effect",
                                         "negative", "category", "people", "influence", 2, "control", 2));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    return id;
}

/* What an operation's body needs at least, so that nothing but the id in the path is wrong with it. The caller frees it. */
static char *least_body(json_t *operation)
{
    json_t *schema = NULL, *name, *body = json_pack("{s:s}", "reason", "tried");
    json_unpack(operation, "{s:{s:{s:{s:o}}}}", "requestBody", "content", "application/json", "schema", &schema);
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        json_t *property = json_object_get(json_object_get(schema, "properties"), json_string_value(name));
        json_t *value = example_of(property), *type = json_object_get(property, "type");
        const char *format = json_string_value(json_object_get(property, "format")), *kind = json_string_value(type);
        if (value == NULL)
            value = format && strcmp(format, "uuid") == 0   ? json_string(NOBODYS)
                    : format && strcmp(format, "date") == 0 ? json_string("2026-01-01")
                    : kind && strcmp(kind, "integer") == 0  ? json_integer(1)
                    : kind && strcmp(kind, "boolean") == 0  ? json_true()
                    : kind && strcmp(kind, "array") == 0    ? json_pack("[s]", "tried")
                                                            : json_string("tried");
        json_object_set_new(body, json_string_value(name), value);
    }
    if (schema && !json_object_get(json_object_get(schema, "properties"), "reason"))
        json_object_del(body, "reason");
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

static void a_foreign_id_under_the_own_organisation_is_404(void **state)
{
    (void)state;
    const char *template, *name;
    json_t *item, *operation;
    size_t tried = 0;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        if (strstr(template, "{org}") == NULL || strstr(template, "{id}") == NULL)
            continue;
        /* belong to both sides: engagements.c tries a third one; a person may be a member of many */
        if (strstr(template, "/engagements/") != NULL || strstr(template, "/members/") != NULL)
            continue;
        char *id = foreign_record(template);
        json_object_foreach(item, name, operation)
        {
            char method[16], there[500], nothing[500];
            if (!is_method(name))
                continue;
            upper(method, name);
            attack_path(there, sizeof there, template, "barbican", id ? id : NOBODYS, id ? id : NOBODYS);
            attack_path(nothing, sizeof nothing, template, "barbican", NOBODYS, NOBODYS);
            const char *body = strcmp(method, "PATCH") == 0  ? "{}"
                               : strstr(template, "/links/") ? "{\"id\":\"" NOBODYS "\"}"
                                                             : NULL;
            body = strcmp(method, "PATCH") == 0 || strcmp(method, "POST") == 0 ? body : NULL;
            char *least = strcmp(method, "POST") == 0 && body == NULL ? least_body(operation) : NULL;
            if (least && (strchr(template, ':') || json_object_get(operation, "requestBody")))
                body = least;
            static const char *const tagged[] = {"If-Match: \"1\"", NULL};
            struct answer a = api_call(stranger, method, there, body, tagged);
            struct answer b = api_call(stranger, method, nothing, body, tagged);
            if (a.status != 404)
                offend("%s %s (body %s): %d %s", method, there, body ? body : "none", a.status, a.body);
            attack_same(&a, &b, there);
            answer_free(&a);
            answer_free(&b);
            free(least);
            tried++;
        }
        free(id);
    }
    no_offences();
    assert_true(tried > 30);
}

static void patches_batches_and_links_stay_inside(void **state)
{
    (void)state;
    char *own = own_issue(), *theirs = attack_first(insider, "/api/v1/orgs/{org}/context/issues", "keep");
    char *outcome = attack_first(insider, "/api/v1/orgs/{org}/context/statements", "keep"), path[300];
    char *member = foreign("/members");
    snprintf(path, sizeof path, HOME "issues/%s", own);
    struct answer a = api_send(stranger, "PATCH", path, json_pack("{s:s}", "owner_id", member), "\"1\"");
    expect_status(&a, 422);
    assert_true(complains(&a, "/owner_id"));
    answer_free(&a);
    snprintf(path, sizeof path, HOME "issues/%s/links/outcomes", own);
    a = api_post(stranger, path, json_pack("{s:s}", "id", outcome));
    struct answer b = api_post(stranger, path, json_pack("{s:s}", "id", NOBODYS));
    expect_status(&a, 422);
    attack_same(&a, &b, path);
    answer_free(&a);
    answer_free(&b);
    struct answer before = api_get(insider, KEEP "issues/%s", theirs);
    static const char *const operations[] = {"update", "archive"};
    for (size_t i = 0; i < 2; i++) {
        json_t *one = json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", operations[i], "id", theirs, "if_match", "\"1\"", "body",
                                "title", "taken");
        if (i == 1)
            json_object_del(one, "body");
        json_t *other = json_deep_copy(one);
        json_object_set_new(other, "id", json_string(NOBODYS));
        a = api_post(stranger, HOME "issues:batch", json_pack("{s:[o]}", "operations", one));
        b = api_post(stranger, HOME "issues:batch", json_pack("{s:[o]}", "operations", other));
        assert_true(a.status >= 400 && a.status < 500);
        attack_same(&a, &b, operations[i]);
        answer_free(&a);
        answer_free(&b);
    }
    struct answer after = api_get(insider, KEEP "issues/%s", theirs);
    assert_string_equal(before.body, after.body);
    answer_free(&before);
    answer_free(&after);
    attack_archive(stranger, HOME "issues", own);
    free(own);
    free(theirs);
    free(outcome);
    free(member);
}

static void filters_find_nothing_foreign(void **state)
{
    (void)state;
    char *member = foreign("/members"), *party = attack_first(insider, "/api/v1/orgs/{org}/context/interested-parties", "keep");
    assert_non_null(party);
    const char *const asked[][2] = {{"issues?owner_id", member}, {"requirements?party_id", party}, {"issues?q", "customers"}};
    for (size_t i = 0; i < 3; i++) {
        struct answer a = api_get(stranger, HOME "%s=%s", asked[i][0], asked[i][1]);
        expect_status(&a, 200);
        if (json_array_size(answer_at(&a, "items")) != 0)
            fail_msg("%s finds %s", asked[i][0], a.body);
        answer_free(&a);
    }
    free(member);
    free(party);
}

static void a_foreign_cursor_opens_nothing(void **state)
{
    (void)state;
    struct answer page = api_get(insider, KEEP "issues?limit=1&sort=title");
    expect_status(&page, 200);
    assert_non_null(answer_text(&page, "next"));
    struct answer same = api_get(insider, KEEP "issues?limit=1&sort=title&cursor=%s", answer_text(&page, "next"));
    expect_status(&same, 200); /* it is good where it comes from */
    struct answer a = api_get(stranger, HOME "issues?limit=1&sort=title&cursor=%s", answer_text(&page, "next"));
    expect_status(&a, 400);
    answer_free(&a);
    answer_free(&same);
    answer_free(&page);
}

static void an_idempotency_key_is_one_organisations(void **state)
{
    (void)state;
    char key[100];
    snprintf(key, sizeof key, "Idempotency-Key: doors-%lld-%d", (long long)time(NULL), (int)getpid());
    const char *headers[] = {key, NULL};
    char text[300];
    snprintf(text, sizeof text, "{\"name\":\"Doors %s\",\"address\":\"Lane 1\",\"country\":\"DE\",\"headcount\":1}", key + 17);
    struct answer a = api_call(insider, "POST", KEEP "sites", text, headers);
    struct answer b = api_call(stranger, "POST", HOME "sites", text, headers);
    struct answer again = api_call(stranger, "POST", HOME "sites", text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    expect_status(&again, 201);
    assert_string_not_equal(answer_text(&a, "id"), answer_text(&b, "id"));
    assert_string_equal(answer_text(&again, "id"), answer_text(&b, "id"));
    attack_archive(insider, KEEP "sites", answer_text(&a, "id"));
    attack_archive(stranger, HOME "sites", answer_text(&b, "id"));
    answer_free(&a);
    answer_free(&b);
    answer_free(&again);
}

/* One person in two organisations, with the same key: the tenant alone keeps the two answers apart. */
static void an_idempotency_key_of_one_person_in_two_organisations(void **state)
{
    (void)state;
    struct api *both = api_as("ditch", "consultant");
    char key[100], text[300];
    snprintf(key, sizeof key, "Idempotency-Key: two-%lld-%d", (long long)time(NULL), (int)getpid());
    snprintf(text, sizeof text, "{\"name\":\"%s\",\"address\":\"Lane 1\",\"country\":\"DE\",\"headcount\":1}", key + 17);
    const char *headers[] = {key, NULL};
    struct answer a = api_call(both, "POST", KEEP "sites", text, headers);
    struct answer b = api_call(both, "POST", HOME "sites", text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    assert_string_not_equal(answer_text(&a, "id"), answer_text(&b, "id"));
    attack_archive(both, KEEP "sites", answer_text(&a, "id"));
    attack_archive(both, HOME "sites", answer_text(&b, "id"));
    answer_free(&a);
    answer_free(&b);
    api_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_of_another_organisation_is_404),
        cmocka_unit_test(a_foreign_id_under_the_own_organisation_is_404),
        cmocka_unit_test(every_reference_in_a_body_stays_inside),
        cmocka_unit_test(a_foreign_file_in_a_reference_is_422),
        cmocka_unit_test(patches_batches_and_links_stay_inside),
        cmocka_unit_test(filters_find_nothing_foreign),
        cmocka_unit_test(a_foreign_cursor_opens_nothing),
        cmocka_unit_test(an_idempotency_key_is_one_organisations),
        cmocka_unit_test(an_idempotency_key_of_one_person_in_two_organisations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
