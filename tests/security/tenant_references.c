/* Every reference in a body of the live OpenAPI document, alone and in a batch: an id of somebody else's is refused at its
 * pointer, like one that nobody has. */
#include "stranger.h"

#define DOCUMENTS "/api/v1/orgs/{org}/support/documents"
static char *free_document; /* one without a version in work and without a policy: each takes one of its own */

static int leave(void **state)
{
    free(free_document);
    return tear_down(state);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_in_a_body_stays_inside),
        cmocka_unit_test(a_foreign_file_in_a_reference_is_422),
    };
    return cmocka_run_group_tests(tests, set_up, leave);
}
