/* Which route takes a path, what goes before what, and which tables are refused. */
#include "http/router.h"
#include "printed.h"
#include "unit.h"

#include <string.h>

static const struct engine_route routes[] = {
    {.method = "GET", .path = "/livez"},
    {.method = "GET", .path = "/orgs/{org}"},
    {.method = "GET", .path = "/orgs/{org}/context/issues"},
    {.method = "POST", .path = "/orgs/{org}/context/issues"},
    {.method = "POST", .path = "/orgs/{org}/context/issues:batch"},
    {.method = "GET", .path = "/orgs/{org}/context/issues/{id}"},
    {.method = "PATCH", .path = "/orgs/{org}/context/issues/{id}"},
    {.method = "POST", .path = "/orgs/{org}/context/issues/{id}:archive"},
    {.method = "GET", .path = "/orgs/{org}/context/issues/{id}/history"},
    {.method = "GET", .path = "/orgs/{org}/context/issues/{id}/links/{relation}"},
    {.method = "GET", .path = "/orgs/{org}/context/issues/{id}/links/controls"},
    {.method = "GET", .path = "/orgs/{org}/context/issues/open"},
    {.method = "GET", .path = "/orgs/{org}/{area}/{resource}/deep"},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static struct http_router *router;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    router = http_router_new(routes, ROUTES, stderr);
    return router == NULL || arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    http_router_free(router);
    arena_free(arena);
    return 0;
}

static enum bl_status find(const char *method, const char *path, struct http_match *match)
{
    struct http_path *segments = arena_alloc(arena, sizeof *segments);
    assert_null(http_path_split(segments, arena, path, strlen(path)));
    return http_router_find(router, method, segments, match);
}

static void the_nearest_template_wins(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *template, *values; /* values separated by | ; template NULL: not found */
    } table[] = {
        {"GET", "/livez", "/livez", ""},
        {"HEAD", "/livez", "/livez", ""},
        {"GET", "/orgs/keep", "/orgs/{org}", "keep"},
        {"GET", "/orgs/keep/context/issues", "/orgs/{org}/context/issues", "keep"},
        {"POST", "/orgs/keep/context/issues:batch", "/orgs/{org}/context/issues:batch", "keep"},
        {"GET", "/orgs/keep/context/issues/7", "/orgs/{org}/context/issues/{id}", "keep|7"},
        {"GET", "/orgs/keep/context/issues/open", "/orgs/{org}/context/issues/open", "keep"}, /* text before parameter */
        {"POST", "/orgs/keep/context/issues/7:archive", "/orgs/{org}/context/issues/{id}:archive", "keep|7"},
        {"GET", "/orgs/keep/context/issues/7/history", "/orgs/{org}/context/issues/{id}/history", "keep|7"},
        {"GET", "/orgs/keep/context/issues/open/history", "/orgs/{org}/context/issues/{id}/history", "keep|open"}, /* goes back */
        {"GET", "/orgs/keep/context/issues/7/links/controls", "/orgs/{org}/context/issues/{id}/links/controls", "keep|7"},
        {"GET", "/orgs/keep/context/issues/7/links/risks", "/orgs/{org}/context/issues/{id}/links/{relation}", "keep|7|risks"},
        {"GET", "/orgs/keep/context/issues/deep", "/orgs/{org}/context/issues/{id}", "keep|deep"},
        {"GET", "/orgs/keep/context/scopes/deep", "/orgs/{org}/{area}/{resource}/deep", "keep|context|scopes"},
        {"GET", "/", NULL, NULL},
        {"GET", "/orgs", NULL, NULL},
        {"GET", "/livez/x", NULL, NULL},
        {"GET", "/LIVEZ", NULL, NULL},
        {"GET", "/orgs/keep/context", NULL, NULL},
        {"POST", "/orgs/keep/context/issues/7:unknown", NULL, NULL}, /* a verb is not part of an id */
        {"POST", "/orgs/keep/context/issues/:archive", NULL, NULL},
        {"GET", "/orgs/a:b/context/issues", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_match m;
        enum bl_status status = find(table[i].method, table[i].path, &m);
        if ((status == BL_OK) != (table[i].template != NULL))
            fail_msg("%s %s: %d", table[i].method, table[i].path, (int)status);
        if (status != BL_OK) {
            assert_int_equal(status, BL_NOT_FOUND);
            continue;
        }
        assert_string_equal(m.route->path, table[i].template);
        assert_ptr_equal(m.route, &routes[m.index]);
        char values[128] = "";
        for (size_t v = 0; v < m.count; v++) {
            strcat(values, v > 0 ? "|" : "");
            strcat(values, m.values[v]);
        }
        assert_string_equal(values, table[i].values);
    }
}

static void parameters_have_their_names(void **state)
{
    (void)state;
    struct http_match m;
    assert_int_equal(find("GET", "/orgs/keep/context/issues/7/links/risks", &m), BL_OK);
    assert_int_equal(m.count, 3);
    assert_string_equal(m.names[0], "org");
    assert_string_equal(m.names[1], "id");
    assert_string_equal(m.names[2], "relation");
}

static void methods_are_listed(void **state)
{
    (void)state;
    struct http_match m;
    assert_int_equal(find("DELETE", "/orgs/keep/context/issues/7", &m), BL_METHOD_NOT_ALLOWED);
    assert_string_equal(m.allow, "GET, HEAD, PATCH, OPTIONS");
    assert_int_equal(find("OPTIONS", "/orgs/keep/context/issues", &m), BL_METHOD_NOT_ALLOWED);
    assert_string_equal(m.allow, "GET, HEAD, POST, OPTIONS");
    assert_int_equal(find("HEAD", "/orgs/keep/context/issues:batch", &m), BL_METHOD_NOT_ALLOWED);
    assert_string_equal(m.allow, "POST, OPTIONS");
    assert_int_equal(find("get", "/livez", &m), BL_METHOD_NOT_ALLOWED); /* methods are case-sensitive */
    assert_int_equal(find("HEAD", "/livez", &m), BL_OK);
}

static void tables_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *paths[2], *said;
    } table[] = {
        {{"/a/{x}", "/a/{y}"}, "the same as /a/{x}"},
        {{"/a/{x}:go", "/a/{y}:go"}, "the same as /a/{x}:go"},
        {{"/a", "/a"}, "the same as /a"},
        {{"/a", "b"}, "not a template"},
        {{"/a", "/b//c"}, "not a template"},
        {{"/a", "/b/"}, "not a template"},
        {{"/a", "/{}"}, "not a template"},
        {{"/a", "/{x"}, "not a template"},
        {{"/a", "/x}"}, "not a template"},
        {{"/a", "/{x}y"}, "not a template"},
        {{"/a", "/{x}:"}, "not a template"},
        {{"/a", "/b%20c"}, "not a template"},
        {{"/a", "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}"}, "not a template"},
        {{"/a", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25"}, "not a template"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct engine_route two[] = {{.method = "GET", .path = table[i].paths[0]},
                                           {.method = "GET", .path = table[i].paths[1]}};
        struct printed p;
        printed_start(&p);
        struct http_router *refused = http_router_new(two, 2, p.out);
        const char *text = printed_end(&p);
        if (refused != NULL || strstr(text, table[i].said) == NULL)
            fail_msg("%s and %s: %s", table[i].paths[0], table[i].paths[1], text);
        printed_free(&p);
    }
}

static void other_methods_share_a_path(void **state)
{
    (void)state;
    const struct engine_route two[] = {{.method = "GET", .path = "/a/{x}"}, {.method = "PUT", .path = "/a/{y}"}};
    struct http_router *both = http_router_new(two, 2, stderr);
    assert_non_null(both);
    struct http_path path = {.count = 2, .segments = {arena_string(arena, "a"), arena_string(arena, "1")}};
    struct http_match m;
    assert_int_equal(http_router_find(both, "PUT", &path, &m), BL_OK);
    assert_string_equal(m.names[0], "y"); /* each by the names of its own template */
    http_router_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_template_wins),  cmocka_unit_test(parameters_have_their_names),
        cmocka_unit_test(methods_are_listed),         cmocka_unit_test(tables_that_are_refused),
        cmocka_unit_test(other_methods_share_a_path),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
