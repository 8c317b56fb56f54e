/* Every route of the live OpenAPI document, with another organisation's name and with another organisation's ids: a new route is
 * covered by itself. */
#include "stranger.h"

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

/* The ids of what that list shows the caller, added to `ids`; with `known`, those that are in there are offences. */
static void look_at_list(struct api *who, const char *template, const char *org, json_t *ids, json_t *known)
{
    char path[300];
    size_t i;
    json_t *item;
    attack_path(path, sizeof path, template, org, "", "");
    struct answer r = api_get(who, "%s%s", path, known ? "" : "?limit=500");
    if (r.status != 200 && !known) { /* it takes no limit */
        answer_free(&r);
        r = api_get(who, "%s", path);
    }
    json_array_foreach(r.status == 200 ? answer_at(&r, "items") : NULL, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        if (id && strlen(id) != sizeof NOBODYS - 1)
            continue; /* of a catalogue, which is everybody's */
        if (id && known && json_object_get(known, id))
            offend("%s shows %s, which is another organisation's", path, id);
        else if (id)
            json_object_set_new(ids, id, json_true());
    }
    answer_free(&r);
}

/* Records, events, files, jobs, days of a calendar: what both sides see, people and engagements, apart. */
static void no_list_shows_what_is_foreign(void **state)
{
    (void)state;
    const char *template;
    json_t *item, *theirs = json_object(), *ours = json_object();
    size_t seen = 0;
    json_object_foreach(json_object_get(document, "paths"), template, item)
    {
        bool shared = strstr(template, "/members") || strstr(template, "/access") || strstr(template, "/engagements");
        const char *org = strstr(template, "{org}");
        if (!org || strchr(org + 5, '{') || !json_object_get(item, "get") || shared || strstr(template, "/public/"))
            continue;
        json_object_clear(theirs);
        look_at_list(insider, template, "keep", theirs, NULL);
        seen += json_object_size(theirs);
        look_at_list(stranger, template, "barbican", ours, theirs);
    }
    no_offences();
    assert_true(seen > 300);
    json_decref(theirs);
    json_decref(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_of_another_organisation_is_404),
        cmocka_unit_test(a_foreign_id_under_the_own_organisation_is_404),
        cmocka_unit_test(no_list_shows_what_is_foreign),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
