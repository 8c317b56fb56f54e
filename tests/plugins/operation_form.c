/* The public report form through the real nginx: opened, used by strangers, bounded, shut; nothing is told to who may not know.
 */
#include "operation.h"
#include "person.h"

#define FORM MOAT "report-form"

static char *opened(void)
{
    struct answer a = api_post(manager, FORM ":open", NULL);
    expect_status(&a, 200);
    assert_string_equal(answer_header(&a, "cache-control"), "no-store");
    assert_string_equal(answer_text(&a, "url"), "/api/v1/public/reports/moat");
    char *token = strdup(answer_text(&a, "token"));
    assert_int_equal(strlen(token), 43);
    answer_free(&a);
    return token;
}

static struct answer report(const char *org, json_t *body)
{
    struct api *stranger = api_new();
    char path[200];
    snprintf(path, sizeof path, "/api/v1/public/reports/%s", org);
    struct answer a = api_post(stranger, path, body);
    api_free(stranger);
    return a;
}

static json_t *said(const char *token, const char *title)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "token", token, "title", title, "description", "Seen at the gate",
                     "reporter_contact", "555 0123");
}

static void a_stranger_reports(void **state)
{
    (void)state;
    char *token = opened();
    const char *title = fresh("Door open");
    struct answer a = report("moat", said(token, title));
    expect_status(&a, 200);
    assert_int_equal(json_object_size(a.json), 1); /* not a word more than that it was received */
    answer_free(&a);
    a = api_get(manager, MOAT "events?channel=form&sort=-noticed_at&limit=1");
    assert_string_equal(answer_text(&a, "items/0/title"), title);
    assert_string_equal(answer_text(&a, "items/0/status"), "reported");
    assert_string_equal(answer_text(&a, "items/0/reporter_contact"), "555 0123");
    answer_free(&a);
    a = api_get(manager, FORM);
    assert_true(json_is_true(answer_at(&a, "open")));
    assert_int_equal(answer_integer(&a, "used"), 1);
    assert_null(strstr(a.body, token));
    answer_free(&a);
    free(token);
}

/* Every way of not having the right token reads the same. */
static void nothing_is_told_to_others(void **state)
{
    (void)state;
    char *token = opened(), *text = NULL;
    struct answer a = report("ditch", said(token, "Elsewhere")); /* another organisation's form */
    struct answer b = report("no-such-organisation", said(token, "Nowhere"));
    struct answer c = report("moat", said("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Guessed"));
    struct answer d = report("moat", json_pack("{s:s}", "title", "Without"));
    struct answer *all[] = {&a, &b, &c, &d};
    for (size_t i = 0; i < 4; i++) {
        expect_problem(all[i], 404, "no_such_door", NULL);
        json_object_del(all[i]->json, "instance"); /* the request's own number */
        char *said_here = json_dumps(all[i]->json, JSON_SORT_KEYS);
        if (text)
            assert_string_equal(said_here, text);
        free(text);
        text = said_here;
        answer_free(all[i]);
    }
    free(text);
    free(token);
}

static void a_new_token_ends_the_old(void **state)
{
    (void)state;
    char *first = opened(), *second = opened();
    struct answer a = report("moat", said(first, "Old"));
    expect_status(&a, 404);
    answer_free(&a);
    a = report("moat", said(second, fresh("New")));
    expect_status(&a, 200);
    answer_free(&a);
    a = api_post(manager, FORM ":shut", NULL);
    expect_status(&a, 200);
    assert_true(json_is_false(answer_at(&a, "open")));
    answer_free(&a);
    a = api_post(manager, FORM ":shut", NULL);
    expect_status(&a, 404);
    answer_free(&a);
    a = report("moat", said(second, "Shut"));
    expect_status(&a, 404);
    answer_free(&a);
    free(first);
    free(second);
}

static void strangers_say_what_was_noticed_and_no_more(void **state)
{
    (void)state;
    char *token = opened();
    static const char *const foreign[] = {"channel", "owner_id", "incident_id", "status", "id", "tenant_id"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char pointer[40];
        json_t *body = said(token, "Too much");
        json_object_set_new(body, foreign[i], json_string(me));
        snprintf(pointer, sizeof pointer, "/%s", foreign[i]);
        struct answer a = report("moat", body);
        expect_problem(&a, 422, "unknown_field", pointer);
        answer_free(&a);
    }
    json_t *body = said(token, "Tomorrow");
    json_object_set_new(body, "noticed_at", json_string(moment(86400)));
    struct answer a = report("moat", body);
    expect_problem(&a, 422, "in_the_future", "/noticed_at");
    answer_free(&a);
    char *flood = malloc(40001);
    memset(flood, 'x', 40000);
    flood[40000] = '\0';
    body = said(token, "Long");
    json_object_set_new(body, "description", json_string(flood));
    a = report("moat", body);
    expect_status(&a, 413);
    answer_free(&a);
    free(flood);
    free(token);
}

static void the_form_is_the_managers(void **state)
{
    (void)state;
    struct api *consultant = api_as("moat", "consultant"), *other = api_as("keep", "manager");
    static const char *const acts[] = {":open", ":shut"};
    for (size_t i = 0; i < 2; i++) {
        char path[100];
        snprintf(path, sizeof path, FORM "%s", acts[i]);
        struct answer a = api_post(consultant, path, NULL);
        expect_status(&a, 403);
        answer_free(&a);
        a = api_post(other, path, NULL);
        expect_status(&a, 404);
        answer_free(&a);
    }
    api_free(consultant);
    api_free(other);
}

/* What one door takes in an hour is bounded, from however many addresses it comes. */
static void a_form_takes_so_much_an_hour(void **state)
{
    (void)state;
    char *token = opened();
    person_sql("UPDATE core.door d SET used = 60, hour = now() FROM core.organisation o WHERE o.id = d.organisation AND o.slug = "
               "'moat'");
    const char *title = fresh("One too many");
    struct answer a = report("moat", said(token, title));
    expect_problem(&a, 429, "door_busy", NULL);
    assert_string_equal(answer_header(&a, "retry-after"), "600");
    answer_free(&a);
    a = api_get(manager, MOAT "events?channel=form&sort=-noticed_at&limit=1");
    assert_string_not_equal(answer_text(&a, "items/0/title"), title);
    answer_free(&a);
    person_sql("UPDATE core.door d SET hour = now() - interval '61 minutes' FROM core.organisation o WHERE o.id = d.organisation "
               "AND o.slug = 'moat'");
    a = report("moat", said(token, title));
    expect_status(&a, 200);
    answer_free(&a);
    free(token);
}

/* Last: it uses up what this address may send in a minute. */
static void an_address_that_floods_is_slowed(void **state)
{
    (void)state;
    int slowed = 0;
    for (int i = 0; i < 60; i++) {
        struct answer a = report("moat", json_pack("{s:s}", "title", "Flood"));
        slowed += a.status == 429;
        answer_free(&a);
    }
    assert_true(slowed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_reports),
        cmocka_unit_test(nothing_is_told_to_others),
        cmocka_unit_test(a_new_token_ends_the_old),
        cmocka_unit_test(strangers_say_what_was_noticed_and_no_more),
        cmocka_unit_test(a_form_takes_so_much_an_hour),
        cmocka_unit_test(the_form_is_the_managers),
        cmocka_unit_test(an_address_that_floods_is_slowed),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
