/* What comes in from outside, one table a parser: parameters, path, query, media types, trace ids. */
#include "base/buf.h"
#include "http/media.h"
#include "http/params.h"
#include "http/path.h"
#include "http/query.h"
#include "http/trace.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- parameters ---- */

static void params_are_found_by_name_and_header(void **state)
{
    (void)state;
    const char *const pairs[] = {"REQUEST_METHOD=GET", "HTTP_IF_MATCH=\"3\"", "CONTENT_TYPE=text/csv",
                                 "HTTP_PROXY=",        "QUERY_STRING=a=b",    NULL};
    struct http_params p;
    assert_null(http_params_read(&p, pairs));
    assert_string_equal(http_params_find(&p, "REQUEST_METHOD"), "GET");
    assert_string_equal(http_params_find(&p, "QUERY_STRING"), "a=b");
    assert_null(http_params_find(&p, "REQUEST"));
    assert_null(http_params_find(&p, "HTTP_IF_MATCH_"));
    assert_string_equal(http_params_header(&p, "If-Match"), "\"3\"");
    assert_string_equal(http_params_header(&p, "if-match"), "\"3\"");
    assert_string_equal(http_params_header(&p, "Content-Type"), "text/csv");
    assert_null(http_params_header(&p, "Proxy")); /* empty: nginx hides it so */
    assert_null(http_params_header(&p, "Accept"));
    char long_name[HTTP_HEADER_NAME + 2];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_null(http_params_header(&p, long_name));
}

static void params_are_bounded_and_unique(void **state)
{
    (void)state;
    struct http_params p;
    assert_non_null(http_params_read(&p, (const char *const[]){"A=1", "B=2", "A=1", NULL}));
    assert_null(http_params_read(&p, (const char *const[]){"A=1", "AB=2", "a=1", NULL}));
    assert_non_null(http_params_read(&p, (const char *const[]){"=1", NULL}));
    assert_non_null(http_params_read(&p, (const char *const[]){"A", NULL}));

    const char *pairs[HTTP_PARAMS + 2] = {NULL};
    for (size_t i = 0; i < HTTP_PARAMS; i++)
        pairs[i] = arena_format(arena, "P%zu=x", i);
    assert_null(http_params_read(&p, pairs));
    pairs[HTTP_PARAMS] = "LAST=x";
    assert_non_null(http_params_read(&p, pairs));

    char *huge = arena_alloc(arena, HTTP_PARAMS_BYTES + 1);
    memset(huge, 'x', HTTP_PARAMS_BYTES);
    huge[1] = '=';
    assert_null(http_params_read(&p, (const char *const[]){huge, NULL}));
    assert_non_null(http_params_read(&p, (const char *const[]){huge, "A=", NULL}));
}

/* ---- path ---- */

static void paths_that_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *segments; /* separated by | */
    } table[] = {
        {"/", ""},
        {"/a", "a"},
        {"/api/v1/orgs/keep", "api|v1|orgs|keep"},
        {"/a%20b", "a b"},
        {"/%61", "a"},
        {"/a%252Fb", "a%2Fb"}, /* decoded once, not twice */
        {"/caf%C3%A9", "café"},
        {"/café", "café"},
        {"/x%3Aapprove", "x:approve"},
        {"/a+b", "a+b"},
        {"/...", "..."},
        {"/.a", ".a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_path path;
        assert_null(http_path_split(&path, arena, table[i].raw, strlen(table[i].raw)));
        char joined[256] = "";
        for (size_t s = 0; s < path.count; s++) {
            strcat(joined, s > 0 ? "|" : "");
            strcat(joined, path.segments[s]);
        }
        assert_string_equal(joined, table[i].segments);
    }
}

static void paths_that_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",       "a",     "a/b",   "*",      "//",      "/a//b",  "/a/",           "/a%2Fb",  "/a%2fb",
        "/a%00b", "/%00",  "/.",    "/..",    "/a/../b", "/a/./b", "/%2e",          "/%2E%2e", "/a/%2e.",
        "/a%",    "/a%4",  "/a%zz", "/a%4g",  "/%ff",    "/%C3",   "/%C0%AF",       "/\xff",   "/%ED%A0%80",
        "/a%0Ab", "/a%0d", "/a%7f", "/a\x01", "/a#b",    "/a/%1F", "/%F4%90%80%80", "/a%2F",   "http://x/y",
    };
    struct http_path path;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *why = http_path_split(&path, arena, table[i], strlen(table[i]));
        if (why == NULL)
            fail_msg("accepted: %s", table[i]);
    }
    assert_string_equal(http_path_split(&path, arena, "/a%4g", 5), "the path has a broken percent escape");
    assert_string_equal(http_path_split(&path, arena, "/a%g4", 5), "the path has a broken percent escape");
}

static void paths_are_bounded(void **state)
{
    (void)state;
    struct http_path path;
    char raw[HTTP_PATH_BYTES + 2];
    memset(raw, 'a', sizeof raw);
    raw[0] = '/';
    assert_null(http_path_split(&path, arena, raw, HTTP_PATH_BYTES));
    assert_non_null(http_path_split(&path, arena, raw, HTTP_PATH_BYTES + 1));
    for (size_t i = 0; i < 2 * HTTP_SEGMENTS + 2; i += 2)
        raw[i] = '/';
    assert_null(http_path_split(&path, arena, raw, 2 * HTTP_SEGMENTS));
    assert_non_null(http_path_split(&path, arena, raw, 2 * HTTP_SEGMENTS + 2));
}

/* ---- query ---- */

static void queries_are_decoded_once(void **state)
{
    (void)state;
    struct http_query q;
    assert_null(http_query_parse(&q, arena, "q=a+b%2Bc&empty=&bare&x%3Dy=%26&caf%C3%A9=%2500&due=gte.1&due=lt.2&"));
    assert_int_equal(q.count, 7);
    assert_string_equal(http_query_find(&q, "q"), "a b+c");
    assert_string_equal(http_query_find(&q, "empty"), "");
    assert_string_equal(http_query_find(&q, "bare"), "");
    assert_string_equal(http_query_find(&q, "x=y"), "&");
    assert_string_equal(http_query_find(&q, "café"), "%00");
    assert_string_equal(http_query_find(&q, "due"), "gte.1"); /* the first; the second stays beside it */
    assert_string_equal(q.pairs[6].value, "lt.2");
    assert_null(http_query_find(&q, "x"));
    assert_null(http_query_parse(&q, arena, ""));
    assert_int_equal(q.count, 0);
}

static void queries_that_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {"=x",    "a=1&=x", "a=%",   "a=%4",  "a=%zz", "%=1",
                                        "a=%00", "%00=1",  "a=%ff", "%C3=1", "a&&b",  "&a"};
    struct http_query q;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (http_query_parse(&q, arena, table[i]) == NULL)
            fail_msg("accepted: %s", table[i]);
    assert_string_equal(http_query_parse(&q, arena, "a=%4g"), "the query has a broken percent escape");
    assert_string_equal(http_query_parse(&q, arena, "%g4=a"), "the query has a broken percent escape");
}

static void queries_are_bounded(void **state)
{
    (void)state;
    struct http_query q;
    struct buf text = buf_new(arena, 1024);
    for (int i = 0; i < HTTP_QUERY_PAIRS; i++)
        buf_format(&text, "%sp%d=x", i > 0 ? "&" : "", i);
    assert_null(http_query_parse(&q, arena, text.data));
    buf_text(&text, "&one=more");
    assert_non_null(http_query_parse(&q, arena, text.data));
    char *huge = arena_alloc(arena, HTTP_QUERY_BYTES + 2);
    memset(huge, 'x', HTTP_QUERY_BYTES);
    assert_null(http_query_parse(&q, arena, huge));
    huge[HTTP_QUERY_BYTES] = 'x';
    assert_non_null(http_query_parse(&q, arena, huge));
}

/* ---- media types ---- */

#define LONG_TYPE                                                                                                                \
    "application/"                                                                                                               \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void content_types(void **state)
{
    (void)state;
    static const struct {
        const char *value, *type, *charset; /* type NULL: refused */
    } table[] = {
        {"application/json", "application/json", ""},
        {"Application/JSON; Charset=\"UTF-8\"", "application/json", "utf-8"},
        {" text/csv ;charset=utf-8 ; header=present", "text/csv", "utf-8"},
        {"multipart/form-data; boundary=a-boundary-that-is-longer-than-thirty-two-characters", "multipart/form-data", ""},
        {"application/merge-patch+json", "application/merge-patch+json", ""},
        {"application/json;charset=latin1", "application/json", "latin1"},
        {"", NULL, NULL},
        {"json", NULL, NULL},
        {"application/", NULL, NULL},
        {"/json", NULL, NULL},
        {"application/json, text/csv", NULL, NULL},
        {"application/json;", NULL, NULL},
        {"application/json; charset", NULL, NULL},
        {"application/json; charset=", NULL, NULL},
        {"application/json; charset=\"utf-8", NULL, NULL},
        {"application/json; charset=utf-8; charset=latin1", NULL, NULL},
        {"application/json charset=utf-8", NULL, NULL},
        {"application/json; charset utf-8", NULL, NULL},
        {"application/json; =utf-8", NULL, NULL},
        {"application/json; header=", NULL, NULL},
        {"application/json; charset=\"\"", NULL, NULL},
        {"application/json; charset=a-set-of-characters-that-has-a-very-long-name", NULL, NULL},
        {"application/json; a-parameter-whose-name-is-longer-than-any=1", NULL, NULL},
        {LONG_TYPE, LONG_TYPE, ""},
        {LONG_TYPE "x", NULL, NULL},
    };
    assert_int_equal(sizeof LONG_TYPE, HTTP_MEDIA_TYPE); /* the longest that has room */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_media m;
        bool good = http_media_parse(&m, table[i].value);
        if (good != (table[i].type != NULL))
            fail_msg("%s: %s", table[i].value, good ? "accepted" : "refused");
        if (good) {
            assert_string_equal(m.type, table[i].type);
            assert_string_equal(m.charset, table[i].charset);
        }
    }
}

static void json_types(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool json;
    } table[] = {{"application/json", true},     {"application/merge-patch+json", true},
                 {"application/+json", false},   {"text/json", false},
                 {"application/jsonx", false},   {"application/x-www-form-urlencoded", false},
                 {"application/json+xml", false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_media m;
        assert_true(http_media_parse(&m, table[i].value));
        assert_int_equal(http_media_is_json(&m), table[i].json);
    }
}

static void accept_chooses(void **state)
{
    (void)state;
    static const char offers[] = "application/json text/csv image/svg+xml";
    static const struct {
        const char *accept, *chosen; /* NULL: none */
    } table[] = {
        {NULL, "application/json"},
        {"*/*", "application/json"},
        {"text/csv", "text/csv"},
        {"TEXT/CSV", "text/csv"},
        {"text/*", "text/csv"},
        {"text/html,application/xhtml+xml,*/*;q=0.8", "application/json"},
        {"application/json;q=0.5, text/csv;q=0.9", "text/csv"},
        {"*/*, application/json;q=0", "text/csv"}, /* the specific range counts */
        {"image/*;q=0.7, text/csv;q=0.700", "text/csv"},
        {"text/csv;header=present", "text/csv"},
        {"text/html", NULL},
        {"application/json;q=0", NULL},
        {"*/*;q=0", NULL},
        {"nonsense", NULL},
        {"nonsense, text/csv", "text/csv"},
        {"text/csv;q=2", NULL},
        {"text/csv;q=0.1234", NULL},
        {"text/csv;q=0x5", NULL},
        {"text/csv;q=0.5a", NULL},
        {"text/csv;q=1.001", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char out[HTTP_MEDIA_TYPE] = "";
        bool found = http_media_choose(offers, table[i].accept, out);
        if (found != (table[i].chosen != NULL))
            fail_msg("%s: %s", table[i].accept, found ? out : "nothing");
        if (found)
            assert_string_equal(out, table[i].chosen);
    }
}

/* ---- ids ---- */

static void traceparents(void **state)
{
    (void)state;
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
    static const struct {
        const char *value;
        bool good;
    } table[] = {
        {"00-" TRACE "-" SPAN "-01", true},
        {"cc-" TRACE "-" SPAN "-01-what-comes-later", true},
        {"cc-" TRACE "-" SPAN "-01", true},
        {"cc-" TRACE "-" SPAN "-01.x", false},
        {"00-" TRACE "-" SPAN "-01-more", false},
        {"ff-" TRACE "-" SPAN "-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false},
        {"00-00000000000000000000000000000000-" SPAN "-01", false},
        {"00-" TRACE "-0000000000000000-01", false},
        {"00-" TRACE "-" SPAN "-0", false},
        {"00-" TRACE "-" SPAN "-0x", false},
        {"0x-" TRACE "-" SPAN "-01", false},
        {"00-" TRACE "-" SPAN "_01", false},
        {"00-" TRACE "-00f067aa0ba902bx-01", false},
        {"00_" TRACE "-" SPAN "-01", false},
        {"00-" TRACE "\n" SPAN "-01", false},
        {"", false},
        {NULL, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char id[HTTP_TRACE_ID] = "";
        assert_int_equal(http_trace_parse(table[i].value, id), table[i].good);
        assert_string_equal(id, table[i].good ? TRACE : "");
    }
}

static void request_ids(void **state)
{
    (void)state;
    static const char *const refused[] = {NULL,
                                          "",
                                          "abc",
                                          "0123456789abcdef0123456789abcdeX",
                                          "0123456789ABCDEF0123456789ABCDEF",
                                          "0123456789abcdef0123456789abcdef0",
                                          "\"},{\"level\":\"error\",\"x\":\"xxxx"};
    char id[HTTP_TRACE_ID], other[HTTP_TRACE_ID];
    http_request_id("0123456789abcdef0123456789abcdef", id);
    assert_string_equal(id, "0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        http_request_id(refused[i], id);
        http_request_id(refused[i], other);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
        assert_int_equal(strlen(id), 32);
        assert_string_not_equal(id, other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(params_are_found_by_name_and_header),
        cmocka_unit_test(params_are_bounded_and_unique),
        cmocka_unit_test(paths_that_have_one_form),
        cmocka_unit_test(paths_that_are_refused),
        cmocka_unit_test(paths_are_bounded),
        cmocka_unit_test(queries_are_decoded_once),
        cmocka_unit_test(queries_that_are_refused),
        cmocka_unit_test(queries_are_bounded),
        cmocka_unit_test(content_types),
        cmocka_unit_test(json_types),
        cmocka_unit_test(accept_chooses),
        cmocka_unit_test(traceparents),
        cmocka_unit_test(request_ids),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
