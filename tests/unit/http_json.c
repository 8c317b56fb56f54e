/* JSON bodies: what is refused, and where it says it is wrong. */
#include "http/json_body.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void objects_are_read(void **state)
{
    (void)state;
    static const char *const table[] = {
        "{}",
        " {\"a\": [1, 2.5, true, null, \"x\"]}\n",
        "{\"a\":\"\\u0001\\\\u0000 is text\"}", /* an escaped backslash, then u0000 */
        "{\"a\":\"caf\xC3\xA9 \\ud83d\\ude00\"}",
        "{\"brackets\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}",
        "{\"quote\":\"\\\"[\"}",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char why[HTTP_JSON_WHY] = "";
        json_t *json = http_json_parse(table[i], strlen(table[i]), why);
        if (json == NULL)
            fail_msg("%s: %s", table[i], why);
        json_decref(json);
    }
}

static void refusals_say_where(void **state)
{
    (void)state;
#define TEXT(literal) literal, sizeof(literal) - 1
    static const struct {
        const char *text;
        size_t length;
        const char *where, *what;
    } table[] = {
        {TEXT(""), "line 1, column 0", "near end of file"},
        {TEXT("{"), "line 1, column 1", "end of file"},
        {TEXT("{\"a\":1"), "line 1", "'}' expected"},
        {TEXT("{\n  \"a\": 1,\n}"), "line 3", "string or '}' expected"},
        {TEXT("{\"a\":1,\"a\":2}"), "line 1", "duplicate object key"},
        {TEXT("{\"a\":{\"b\":1,\"\\u0062\":2}}"), "line 1", "duplicate object key"},
        {TEXT("[]"), "line 1, column 1", "object"},
        {TEXT("1"), "line 1, column 1", "object"},
        {TEXT("null"), "line 1, column 1", "object"},
        {TEXT("\"x\""), "line 1, column 1", "object"},
        {TEXT("{} {}"), "line 1", "end of file expected"},
        {TEXT("{\"a\":1}x"), "line 1", "end of file expected"},
        {TEXT("{\"a\":\"\\u0000\"}"), "line 1, column 7", "\\u0000"},
        {TEXT("{\n\"a\\u0000\":1}"), "line 2, column 3", "\\u0000"},
        {TEXT("{\"a\":\"\0\"}"), "line 1, column 7", "zero"},
        {TEXT("{}\0"), "line 1, column 3", "zero"},
        {TEXT("{\"a\":\"\xC3\xA9\xFF\"}"), "line 1, column 8", "UTF-8"},
        {TEXT("{\"a\":\"\xED\xA0\x80\"}"), "line 1, column 7", "UTF-8"},
        {TEXT("{\"a\":\"\\\xC3\"}"), "line 1", "UTF-8"},
        {TEXT("{\"a\":\"\\ud800\"}"), "line 1", "Unicode"},
        {TEXT("{\"a\":\"\x01\"}"), "line 1", "control character"},
        {TEXT("{\"a\":'x'}"), "line 1", "invalid token"},
        {TEXT("{\"a\":NaN}"), "line 1", "invalid token"},
        {TEXT("{\"a\":1e999}"), "line 1", "real number overflow"},
        {TEXT("{\"a\":99999999999999999999}"), "line 1", "too big integer"},
        {TEXT("\xEF\xBB\xBF{}"), "line 1", "invalid token"},
        {TEXT("]"), "line 1", "unexpected token"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char why[HTTP_JSON_WHY] = "";
        json_t *json = http_json_parse(table[i].text, table[i].length, why);
        if (json != NULL)
            fail_msg("accepted: %s", table[i].text);
        if (strncmp(why, table[i].where, strlen(table[i].where)) != 0 || strstr(why, table[i].what) == NULL)
            fail_msg("%s: %s, not %s … %s", table[i].text, why, table[i].where, table[i].what);
    }
}

/* {"a":[[[…]]]}: `depth` brackets in all. */
static bool nested(size_t depth)
{
    char text[4096] = "{\"a\":", why[HTTP_JSON_WHY];
    memset(text + 5, '[', depth - 1);
    memset(text + 4 + depth, ']', depth - 1);
    text[3 + 2 * depth] = '}';
    json_t *json = http_json_parse(text, 4 + 2 * depth, why);
    json_decref(json);
    return json != NULL;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_true(nested(HTTP_JSON_DEPTH));
    assert_false(nested(HTTP_JSON_DEPTH + 1));
    assert_false(nested(2000));
}

static bool values(size_t count)
{
    char why[HTTP_JSON_WHY], *text = malloc(2 * count + 16);
    size_t n = (size_t)sprintf(text, "{\"a\":[1");
    for (size_t i = 3; i < count; i++, n += 2) /* the object, the array and the first */
        memcpy(text + n, ",1", 2);
    memcpy(text + n, "]}", 2);
    json_t *json = http_json_parse(text, n + 2, why);
    json_decref(json);
    free(text);
    return json != NULL;
}

static void values_are_bounded(void **state)
{
    (void)state;
    assert_true(values(HTTP_JSON_VALUES));
    assert_false(values(HTTP_JSON_VALUES + 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(values_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
