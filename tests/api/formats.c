/* Files, batches, links, search and the documents through the running service: what only shows behind nginx. */
#include "api.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HERE "/api/v1/orgs/outerwall/"
#define ISSUES HERE "context/issues"
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static struct api *owner;
static char stamp[32]; /* makes words new in every run */

static int log_in(void **state)
{
    (void)state;
    owner = api_as("outerwall", "owner");
    snprintf(stamp, sizeof stamp, "x%llx", (unsigned long long)time(NULL));
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    return 0;
}

static struct answer fetch(const char *path, const char *accept)
{
    char line[200];
    snprintf(line, sizeof line, "Accept: %s", accept);
    return api_call(owner, "GET", path, NULL, (const char *const[]){line, NULL});
}

static struct answer send_file(const char *path, const char *text)
{
    return api_call(owner, "POST", path, text, (const char *const[]){"Content-Type: text/csv", NULL});
}

static size_t lines_of(const struct answer *a)
{
    size_t lines = 0;
    for (size_t i = 0; i < a->length; i++)
        lines += a->body[i] == '\n';
    return lines;
}

/* More rows than a scan takes at a time, and more bytes than leave at once: what comes back is whole, and goes in again. */
static void long_files_go_round(void **state)
{
    enum { ROWS = 6000 };
    (void)state;
    char *text = malloc((size_t)ROWS * 200), *p = text, path[200];
    p = stpcpy(p, "title,origin,effect,category,influence,control,description\r\n");
    for (int i = 0; i < ROWS; i++)
        p += sprintf(p, "%s number %d,internal,negative,people,%d,2,\"A line, and\nanother \"\"line\"\"\"\r\n", stamp, i,
                     i % 5 + 1);
    struct answer a = send_file(ISSUES ":import", text);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "created"), ROWS);
    answer_free(&a);
    free(text);

    snprintf(path, sizeof path, ISSUES "?q=%s&sort=title", stamp);
    a = fetch(path, "text/csv");
    expect_status(&a, 200);
    assert_int_equal(lines_of(&a), 1 + 2 * ROWS);
    assert_non_null(strstr(answer_header(&a, "content-disposition"), "outerwall-context-issues-"));
    char *again = strdup(a.body);
    answer_free(&a);
    a = send_file(ISSUES ":import", again);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "unchanged"), ROWS);
    answer_free(&a);
    free(again);

    a = fetch(path, XLSX);
    expect_status(&a, 200);
    assert_true(a.length > 100000);
    assert_memory_equal(a.body, "PK\x03\x04", 4);
    answer_free(&a);
}

static void bad_files_are_answered_by_line(void **state)
{
    (void)state;
    struct answer a =
        send_file(ISSUES ":import", "title,origin,effect,category,influence,control\nx,internal,sideways,people,1,1\n");
    expect_problem(&a, 422, "invalid", "/lines/2/effect");
    answer_free(&a);
    size_t length = (size_t)2 << 20; /* more than a JSON body may have */
    char *text = malloc(length + 64);
    int head = sprintf(text, "title,description\n");
    memset(text + head, 'x', length);
    text[(size_t)head + length] = '\0';
    a = send_file(ISSUES ":import", text);
    expect_problem(&a, 422, "invalid", "/lines/2");
    answer_free(&a);
    free(text);
}

static void formats_are_negotiated(void **state)
{
    (void)state;
    struct answer a = fetch(ISSUES, "image/png");
    expect_status(&a, 406);
    answer_free(&a);
    a = fetch(ISSUES ":template", "*/*");
    expect_status(&a, 200);
    assert_memory_equal(answer_header(&a, "content-type"), "text/csv", 8);
    assert_memory_equal(a.body, "title,", 6);
    answer_free(&a);
}

static void batches_are_atomic(void **state)
{
    (void)state;
    json_t *good = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:i, s:i}}", "op", "create", "body", "title", "in a batch", "origin",
                             "internal", "effect", "positive", "category", "people", "influence", 1, "control", 1);
    json_t *bad = json_deep_copy(good);
    json_object_set_new(json_object_get(bad, "body"), "category", json_string("legal")); /* not one of internal issues */
    struct answer a = api_post(owner, ISSUES ":batch", json_pack("{s:[O, o]}", "operations", good, bad));
    expect_problem(&a, 422, "invalid", "/operations/1/body/category");
    answer_free(&a);
    a = api_post(owner, ISSUES ":batch", json_pack("{s:[o]}", "operations", good));
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "results/0/status"), 201);
    answer_free(&a);
}

static void links_and_search_work_together(void **state)
{
    (void)state;
    char path[300], title[100];
    snprintf(title, sizeof title, "%s outcome", stamp);
    struct answer issue = api_post(owner, ISSUES,
                                   json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "title", "linked", "origin", "external", "effect",
                                             "positive", "category", "legal", "influence", 1, "control", 1));
    expect_status(&issue, 201);
    struct answer statement = api_post(owner, HERE "context/statements",
                                       json_pack("{s:s, s:s, s:s}", "kind", "outcome", "title", title, "text", "We deliver."));
    expect_status(&statement, 201);
    snprintf(path, sizeof path, ISSUES "/%s/links/outcomes", answer_text(&issue, "id"));
    struct answer a = api_post(owner, path, json_pack("{s:s}", "id", answer_text(&statement, "id")));
    expect_status(&a, 201);
    answer_free(&a);
    a = api_get(owner, "%s", path);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "items/0/title"), title);
    answer_free(&a);
    snprintf(path, sizeof path, ISSUES "/%s/links/outcomes/%s", answer_text(&issue, "id"), answer_text(&statement, "id"));
    a = api_call(owner, "DELETE", path, NULL, NULL);
    expect_status(&a, 204);
    answer_free(&a);
    a = api_get(owner, HERE "search?q=%s%%20outc", stamp);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "items/0/id"), answer_text(&statement, "id"));
    answer_free(&a);
    answer_free(&issue);
    answer_free(&statement);
}

/* One who is not a member learns nothing, whatever is asked and however wrong it is. */
static void strangers_learn_nothing(void **state)
{
    static const char *const paths[] = {"meta",       "calendar",           "my-work",          "search?q=x",        "search",
                                        "search?q=-", "context/issues?q=x", "context/issues?q", "calendar?from=soon"};
    (void)state;
    struct api *stranger = api_as("keep", "owner");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer a = api_get(stranger, HERE "%s", paths[i]);
        expect_status(&a, 404);
        answer_free(&a);
        a = api_get(stranger, "/api/v1/orgs/no-such-organisation/%s", paths[i]);
        expect_status(&a, 404);
        answer_free(&a);
    }
    api_free(stranger);
}

static void the_document_has_a_validator(void **state)
{
    (void)state;
    struct api *anybody = api_new();
    struct answer a = api_get(anybody, "/api/v1/openapi.json");
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "openapi"), "3.1.0");
    char line[100];
    snprintf(line, sizeof line, "If-None-Match: %s", answer_header(&a, "etag"));
    answer_free(&a);
    for (int i = 0; i < 8; i++) { /* whichever process answers */
        a = api_call(anybody, "GET", "/api/v1/openapi.json", NULL, (const char *const[]){line, NULL});
        expect_status(&a, 304);
        assert_int_equal(a.length, 0);
        answer_free(&a);
    }
    a = api_get(anybody, "/api/v1/openapi.json?version=2");
    expect_status(&a, 400);
    answer_free(&a);
    api_free(anybody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_files_go_round),
        cmocka_unit_test(bad_files_are_answered_by_line),
        cmocka_unit_test(formats_are_negotiated),
        cmocka_unit_test(batches_are_atomic),
        cmocka_unit_test(links_and_search_work_together),
        cmocka_unit_test(strangers_learn_nothing),
        cmocka_unit_test(the_document_has_a_validator),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
