/* The OpenAPI document of a small area: whole, every reference resolved, every route there, every example valid. What a linter
 * says of it beyond that is asked in the contract check. */
#include "base/json.h"
#include "resource/describe.h"
#include "resource/openapi.h"
#include "resource/routes.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static enum bl_status view(struct bl_request *r)
{
    (void)r;
    return BL_OK;
}

static const struct bl_field stone_marks[] = {
    {.name = "side", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "north south"},
    {.name = "depth", .type = BL_INT, .min = 1, .max = 9},
    {.name = "cut_on", .type = BL_DATE},
    {0},
};

static const struct bl_field stone_fields[] = {
    {.name = "title", .type = BL_TEXT, .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER, .min = 12, .max = 40},
    {.name = "quarry_id", .type = BL_REF, .flags = BL_REQUIRED | BL_FIXED, .ref = "wall.quarries"},
    {.name = "mason_id", .type = BL_REF, .flags = BL_OWNER | BL_FILTER, .ref = "core.member", .help = "Who cuts it."},
    {.name = "kind", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, .values = "granite slate", .initial = "slate"},
    {.name = "weight", .type = BL_DECIMAL, .flags = BL_REQUIRED, .scale = 3, .min = 1, .max = 99},
    {.name = "course", .type = BL_INT, .flags = BL_REQUIRED, .min = 1, .max = 12},
    {.name = "dressed", .type = BL_BOOL, .initial = "false"},
    {.name = "set_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .example = "2026-03-31"},
    {.name = "tools", .type = BL_LIST, .values = "chisel mallet", .example = "mallet; chisel"},
    {.name = "marks", .type = BL_ITEMS, .flags = BL_REQUIRED, .items = stone_marks},
    {.name = "weighed_at", .type = BL_TIME, .flags = BL_SERVER},
    {.name = "pounds", .type = BL_DECIMAL, .flags = BL_GENERATED, .scale = 1, .expr = "weight * 2.2"},
    {0},
};

static const struct bl_state stone_states[] = {
    {.name = "rough", .flags = BL_INITIAL, .help = "As it came."},
    {.name = "set", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field set_input[] = {
    {.name = "place", .type = BL_TEXT, .flags = BL_REQUIRED},
    {0},
};

static const struct bl_transition stone_transitions[] = {
    {.name = "set_in_place", .from = "rough", .to = "set", .permission = "set", .flags = BL_REASON, .input = set_input},
    {0},
};

static const struct bl_relation stone_relations[] = {
    {.name = "neighbours", .to = "wall.quarries", .inverse = "stones"},
    {0},
};

static const struct bl_field quarry_fields[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED | BL_TITLE},
    {0},
};

static const struct bl_resource wall_resources[] = {
    {.name = "stones",
     .singular = "stone",
     .table = "wall.stone",
     .prefix = "ST",
     .clause = "4.1",
     .fields = stone_fields,
     .relations = stone_relations,
     .states = stone_states,
     .transitions = stone_transitions},
    {.name = "quarries",
     .singular = "quarry",
     .table = "wall.quarry",
     .prefix = "Q",
     .clause = "4.2",
     .flags = BL_APPEND_ONLY,
     .fields = quarry_fields},
    {0},
};

static const struct bl_route wall_routes[] = {
    {.method = "GET",
     .path = "plan",
     .permission = "wall.stone:read",
     .handler = view,
     .summary = "The wall as a drawing",
     .query = "scale",
     .produces = "application/json image/svg+xml",
     .answer = "{\"type\":\"object\"}"},
    {.method = "POST",
     .path = "stones/{id}:weigh",
     .permission = "wall.stone:write",
     .handler = view,
     .flags = BL_WRITE,
     .summary = "Weigh it",
     .body = "{\"type\":\"object\",\"properties\":{\"scale\":{\"type\":\"string\"}}}"},
    {.method = "POST", .path = "plan", .permission = "wall.stone:write", .handler = view, .flags = BL_WRITE, .summary = "Draw"},
    {0},
};

static const struct bl_migration wall_migrations[] = {{.number = 0}};

static const struct bl_plugin wall = {.abi = BL_ABI,
                                      .name = "wall",
                                      .version = "1.0.0",
                                      .clause = "4",
                                      .label = "Wall",
                                      .resources = wall_resources,
                                      .routes = wall_routes,
                                      .migrations = wall_migrations};

struct fixture {
    struct registry *registry;
    struct engine *engine;
    const struct engine_route *routes;
    size_t count;
    json_t *document;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    json_error_t error;
    *state = f;
    f->registry = registry_of((const struct bl_plugin *const[]){&wall}, 1, stderr);
    f->engine = f->registry != NULL ? engine_new(f->registry, stderr) : NULL;
    if (f->engine == NULL)
        return -1;
    f->routes = engine_routes(f->engine, &f->count);
    struct arena *arena = arena_new((size_t)64 << 20);
    struct buf out = buf_new(arena, 1024);
    openapi_build(f->engine, f->routes, f->count, &out);
    f->document = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (f->document == NULL)
        fprintf(stderr, "%s at %d: %.80s\n", error.text, error.position,
                out.data + (error.position > 40 ? error.position - 40 : 0));
    arena_free(arena);
    return f->document == NULL;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    json_decref(f->document);
    engine_free(f->engine);
    registry_free(f->registry);
    free(f);
    return 0;
}

/* By RFC 6901. */
static json_t *at(json_t *json, const char *pointer)
{
    char step[200];
    while (json != NULL && *pointer == '/') {
        size_t n = 0;
        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            if (pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                step[n++] = *++pointer == '0' ? '~' : '/';
            else
                step[n++] = *pointer;
        }
        step[n] = '\0';
        json = json_is_array(json) ? json_array_get(json, (size_t)atol(step)) : json_object_get(json, step);
    }
    return json;
}

static const char *text_at(json_t *json, const char *pointer)
{
    return json_string_value(at(json, pointer));
}

static json_t *operation_of(json_t *document, const char *path, const char *method)
{
    char lower[16] = "";
    for (size_t i = 0; method[i] != '\0'; i++)
        lower[i] = (char)(method[i] | 0x20);
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), lower);
}

static json_t *resolve(json_t *document, json_t *json)
{
    const char *reference = json_string_value(json_object_get(json, "$ref"));
    return reference != NULL ? at(document, reference + 1) : json;
}

static void check_references(json_t *document, json_t *json)
{
    const char *name;
    json_t *member;
    size_t i;
    json_array_foreach(json, i, member) check_references(document, member);
    json_object_foreach(json, name, member)
    {
        check_references(document, member);
        if (strcmp(name, "$ref") == 0 && resolve(document, json) == NULL)
            fail_msg("%s leads nowhere", json_string_value(member));
    }
}

static void references_resolve(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(text_at(f->document, "/openapi"), "3.1.0");
    check_references(f->document, f->document);
}

static bool has_tag(json_t *document, const char *name)
{
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(document, "tags"), i, tag)
    {
        if (strcmp(text_at(tag, "/name"), name) == 0)
            return true;
    }
    return false;
}

static void check_path_parameters(json_t *document, json_t *operation, const char *path)
{
    size_t i, declared = 0, holes = 0;
    json_t *parameter;
    json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
    {
        char hole[80];
        parameter = resolve(document, parameter);
        if (strcmp(text_at(parameter, "/in"), "path") != 0)
            continue;
        declared++;
        snprintf(hole, sizeof hole, "{%s}", text_at(parameter, "/name"));
        assert_non_null(strstr(path, hole));
    }
    for (const char *p = strchr(path, '{'); p != NULL; p = strchr(p + 1, '{'))
        holes++;
    assert_int_equal(declared, holes);
}

static void every_route_is_there(void **state)
{
    struct fixture *f = *state;
    json_t *ids = json_object();
    for (size_t i = 0; i < f->count; i++) {
        json_t *operation = operation_of(f->document, f->routes[i].path, f->routes[i].method);
        const char *id = text_at(operation, "/operationId");
        if (id == NULL || text_at(operation, "/summary") == NULL)
            fail_msg("%s %s has no operation", f->routes[i].method, f->routes[i].path);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(id));
        assert_null(json_object_get(ids, id));
        json_object_set_new(ids, id, json_true());
        assert_true(has_tag(f->document, text_at(operation, "/tags/0")));
        assert_non_null(at(operation, "/responses/503"));
        check_path_parameters(f->document, operation, f->routes[i].path);
        bool open = (f->routes[i].flags & BL_PUBLIC) != 0;
        assert_int_equal(json_is_array(at(operation, "/security")), open);
        assert_int_equal(at(operation, "/responses/401") != NULL, !open);
    }
    json_decref(ids);
}

static void ids_are_readable(void **state)
{
    static const char *const table[][3] = {
        {"/api/v1/orgs/{org}/wall/stones", "GET", "wall_stones_list"},
        {"/api/v1/orgs/{org}/wall/stones/{id}", "PATCH", "wall_stones_update"},
        {"/api/v1/orgs/{org}/wall/stones/{id}:set_in_place", "POST", "wall_stones_set_in_place"},
        {"/api/v1/orgs/{org}/wall/stones/{id}/links/neighbours", "POST", "wall_stones_neighbours_link"},
        {"/api/v1/orgs/{org}/wall/quarries/{id}/links/stones/{other}", "DELETE", "wall_quarries_stones_unlink"},
        {"/api/v1/orgs/{org}/wall/plan", "GET", "wall_plan"},
        {"/api/v1/orgs/{org}/wall/plan", "POST", "wall_plan_2"},
        {"/api/v1/orgs/{org}/wall/stones/{id}:weigh", "POST", "wall_stones_weigh"},
        {"/api/v1/orgs/{org}/calendar", "GET", "calendar"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(text_at(operation_of(f->document, table[i][0], table[i][1]), "/operationId"), table[i][2]);
    assert_null(operation_of(f->document, "/api/v1/orgs/{org}/wall/quarries/{id}", "PATCH"));
}

static bool holds(json_t *list, const char *word)
{
    size_t i;
    json_t *element;
    json_array_foreach(list, i, element)
    {
        if (json_is_string(element) && strcmp(json_string_value(element), word) == 0)
            return true;
    }
    return false;
}

static void shapes_follow_the_flags(void **state)
{
    struct fixture *f = *state;
    json_t *schemas = at(f->document, "/components/schemas");
    json_t *record = json_object_get(schemas, "WallStone"), *create = json_object_get(schemas, "WallStoneCreate");
    json_t *patch = json_object_get(schemas, "WallStonePatch");
    assert_non_null(at(record, "/properties/pounds/readOnly"));
    assert_null(at(create, "/properties/pounds"));
    assert_null(at(create, "/properties/weighed_at"));
    assert_non_null(at(create, "/properties/quarry_id"));
    assert_null(at(patch, "/properties/quarry_id"));
    assert_true(holds(json_object_get(create, "required"), "title"));
    assert_false(holds(json_object_get(create, "required"), "kind")); /* has an initial value */
    assert_null(json_object_get(patch, "required"));
    assert_true(holds(at(create, "/properties/mason_id/type"), "null"));
    assert_string_equal(text_at(create, "/properties/title/type"), "string");
    assert_int_equal(json_integer_value(at(create, "/properties/course/maximum")), 12);
    assert_string_equal(text_at(create, "/properties/kind/default"), "slate");
    assert_string_equal(text_at(create, "/properties/mason_id/title"), "Mason");
    assert_true(holds(at(record, "/properties/status/enum"), "rough"));
    assert_true(holds(json_object_get(record, "required"), "version"));
    assert_null(json_object_get(schemas, "WallQuarryPatch")); /* append only */
    json_t *transition = operation_of(f->document, "/api/v1/orgs/{org}/wall/stones/{id}:set_in_place", "POST");
    assert_true(holds(at(transition, "/requestBody/content/application~1json/schema/required"), "reason"));
    assert_true(holds(at(transition, "/requestBody/content/application~1json/schema/required"), "place"));
}

static void plugin_routes_bring_their_schemas(void **state)
{
    struct fixture *f = *state;
    json_t *get = operation_of(f->document, "/api/v1/orgs/{org}/wall/plan", "GET");
    assert_string_equal(text_at(get, "/responses/200/content/application~1json/schema/type"), "object");
    assert_non_null(at(get, "/responses/200/content/image~1svg+xml"));
    json_t *post = operation_of(f->document, "/api/v1/orgs/{org}/wall/stones/{id}:weigh", "POST");
    assert_non_null(at(post, "/requestBody/content/application~1json/schema/properties/scale"));
}

static void filters_are_parameters(void **state)
{
    struct fixture *f = *state;
    json_t *list = operation_of(f->document, "/api/v1/orgs/{org}/wall/stones", "GET"), *parameter;
    json_t *names = json_object();
    size_t i;
    json_array_foreach(json_object_get(list, "parameters"), i, parameter)
    {
        const char *name = text_at(resolve(f->document, parameter), "/name");
        assert_null(json_object_get(names, name));
        json_object_set_new(names, name, json_true());
    }
    assert_non_null(json_object_get(names, "kind"));
    assert_non_null(json_object_get(names, "q"));
    assert_non_null(json_object_get(names, "sort"));
    assert_null(json_object_get(names, "weight"));
    json_decref(names);
    assert_non_null(at(list, "/responses/200/content/text~1csv"));
}

static void examples_fit(void **state)
{
    struct fixture *f = *state;
    json_t *create = at(f->document, "/components/schemas/WallStoneCreate");
    json_t *example = at(create, "/examples/0");
    for (const struct bl_field *field = stone_fields; field->name != NULL; field++) {
        json_t *value = json_object_get(example, field->name);
        if ((field->flags & BL_REQUIRED) != 0 && field->initial == NULL && (field->flags & (BL_SERVER | BL_GENERATED)) == 0)
            assert_non_null(value);
    }
    assert_true(strlen(text_at(example, "/title")) >= 12);
    assert_string_equal(text_at(example, "/weight"), "1.000");
    assert_int_equal(json_integer_value(json_object_get(example, "course")), 1);
    assert_string_equal(text_at(example, "/set_on"), "2026-03-31");
    assert_int_equal(json_array_size(json_object_get(example, "tools")), 2);
    assert_string_equal(text_at(example, "/tools/1"), "chisel");
    assert_string_equal(text_at(example, "/marks/0/side"), "north");
    assert_int_equal(json_integer_value(at(example, "/marks/0/depth")), 1);
}

static void labels_come_from_names(void **state)
{
    static const char *const table[][2] = {{"review_on", "Review on"}, {"owner_id", "Owner"}, {"title", "Title"}, {"id", "Id"},
                                           {"a_b_c", "A b c"},         {"paid_id", "Paid"}};
    char made[LABEL_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(describe_label(NULL, table[i][0], strlen(table[i][0]), made), table[i][1]);
    assert_string_equal(describe_label("Given", "x", 1, made), "Given");
    char longest[300];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(strlen(describe_label(NULL, longest, sizeof longest, made)), LABEL_TEXT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_resolve),
        cmocka_unit_test(every_route_is_there),
        cmocka_unit_test(ids_are_readable),
        cmocka_unit_test(shapes_follow_the_flags),
        cmocka_unit_test(plugin_routes_bring_their_schemas),
        cmocka_unit_test(filters_are_parameters),
        cmocka_unit_test(examples_fit),
        cmocka_unit_test(labels_come_from_names),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
