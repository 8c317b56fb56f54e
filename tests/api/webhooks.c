/* Webhooks through the service: who may have them, what they show, what they refuse; and one that `ballium work` really tries. */
#include "person.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HOOKS "/api/v1/orgs/keep/webhooks"
#define GOOD "https://hooks.example.org/ballium"

static struct api *manager;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    return 0;
}

static json_t *wanted(const char *url, const char *event, bool ed25519)
{
    return json_pack("{s:s, s:[s], s:b}", "url", url, "events", event, "ed25519", (int)ed25519);
}

static void make(char id[40], const char *url, const char *event)
{
    struct answer a = api_post(manager, HOOKS, wanted(url, event, false));
    expect_status(&a, 201);
    snprintf(id, 40, "%s", answer_text(&a, "id"));
    answer_free(&a);
}

static struct answer act(const char *method, const char *id, const char *verb)
{
    char path[200];
    snprintf(path, sizeof path, HOOKS "/%s%s", id, verb);
    return api_call(manager, method, path, NULL, NULL);
}

static void expect_act(const char *method, const char *id, const char *verb, int status)
{
    struct answer a = act(method, id, verb);
    expect_status(&a, status);
    answer_free(&a);
}

static void the_secret_is_shown_once(void **state)
{
    (void)state;
    struct answer a = api_post(manager, HOOKS, wanted(GOOD, "context.issues:create", true));
    expect_status(&a, 201);
    char id[40], secret[80];
    snprintf(id, sizeof id, "%s", answer_text(&a, "id"));
    snprintf(secret, sizeof secret, "%s", answer_text(&a, "secret"));
    assert_int_equal(strncmp(secret, "whsec_", 6), 0);
    assert_int_equal(strncmp(answer_text(&a, "public_key"), "whpk_", 5), 0);
    assert_null(strstr(a.body, "whsk_"));
    assert_string_equal(answer_header(&a, "cache-control"), "no-store");
    answer_free(&a);
    a = api_get(manager, HOOKS);
    assert_non_null(strstr(a.body, id));
    assert_null(strstr(a.body, "whsec_"));
    answer_free(&a);
    a = api_get(manager, HOOKS "/%s", id);
    expect_status(&a, 200);
    assert_null(strstr(a.body, "whsec_"));
    assert_string_equal(answer_text(&a, "events/0"), "context.issues:create");
    assert_string_equal(answer_text(&a, "state"), "active");
    answer_free(&a);
    a = api_get(manager, "/api/v1/orgs/keep/events?record=%s", id);
    assert_null(strstr(a.body, secret));
    answer_free(&a);
    expect_act("DELETE", id, "", 204);
    expect_act("GET", id, "", 404);
    expect_act("DELETE", id, "", 404);
}

static void only_owners_and_managers_have_them(void **state)
{
    (void)state;
    static const char *const roles[] = {"reader", "contributor", "internal_auditor", "top_management", "risk_owner"};
    char id[40], path[200];
    make(id, GOOD, "*");
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct api *who = api_as("keep", roles[i]);
        struct answer a = api_get(who, HOOKS);
        expect_status(&a, 403);
        answer_free(&a);
        a = api_post(who, HOOKS, wanted(GOOD, "*", false));
        expect_status(&a, 403);
        answer_free(&a);
        snprintf(path, sizeof path, HOOKS "/%s", id);
        a = api_call(who, "DELETE", path, NULL, NULL);
        expect_status(&a, 403);
        answer_free(&a);
        api_free(who);
    }
    struct api *stranger = api_as("moat", "manager");
    struct answer a = api_get(stranger, HOOKS "/%s", id);
    expect_status(&a, 404);
    answer_free(&a);
    a = api_get(stranger, "/api/v1/orgs/moat/webhooks/%s", id);
    expect_status(&a, 404);
    answer_free(&a);
    api_free(stranger);
    expect_act("DELETE", id, "", 204);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://example.org/",      "https://127.0.0.1/",          "https://[::1]/",
                                       "https://10.0.0.1:8443/",   "https://169.254.169.254/",    "https://0/",
                                       "https://u:p@example.org/", "https://[::ffff:127.0.0.1]/", "ftp://example.org/"};
    static const char *const events[] = {
        "", "context", "context.", ".issues", "context.issues:", "Context.issues", "context.*", "context.issues:create:x", "**"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct answer a = api_post(manager, HOOKS, wanted(urls[i], "*", false));
        expect_problem(&a, 422, "url", "/url");
        answer_free(&a);
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct answer a = api_post(manager, HOOKS, wanted(GOOD, events[i], false));
        assert_int_equal(a.status, 422);
        assert_non_null(strstr(a.body, "/events"));
        answer_free(&a);
    }
    struct answer a = api_post(manager, HOOKS, json_pack("{s:s, s:[]}", "url", GOOD, "events"));
    assert_int_equal(a.status, 422);
    answer_free(&a);
    a = api_call(manager, "POST", HOOKS, "{\"url\":\"" GOOD "\",\"events\":[\"*\"]}",
                 (const char *const[]){"Idempotency-Key: k1", NULL});
    expect_problem(&a, 400, "no_idempotency_key", NULL);
    answer_free(&a);
}

static void suspend_and_resume(void **state)
{
    (void)state;
    char id[40];
    make(id, GOOD, "support.documents:publish");
    expect_act("POST", id, ":resume", 409);
    struct answer a = act("POST", id, ":suspend");
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "reason"), "person");
    answer_free(&a);
    expect_act("POST", id, ":suspend", 409);
    a = act("POST", id, ":resume");
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "state"), "active");
    assert_null(answer_text(&a, "reason"));
    answer_free(&a);
    expect_act("DELETE", id, "", 204);
    expect_act("POST", id, ":resume", 404);
}

static void path_of(const char *id, const char *verb, char path[200])
{
    snprintf(path, 200, HOOKS "/%s%s", id, verb);
}

static void patched(const char *id, json_t *patch, const char *etag, int status)
{
    char path[200];
    path_of(id, "", path);
    struct answer a = api_send(manager, "PATCH", path, patch, etag);
    expect_status(&a, status);
    answer_free(&a);
}

static void an_address_and_events_are_changed(void **state)
{
    (void)state;
    char id[40], path[200], first[20];
    struct answer a = api_post(manager, HOOKS, wanted(GOOD, "context.issues", false));
    expect_status(&a, 201);
    snprintf(id, sizeof id, "%s", answer_text(&a, "id"));
    snprintf(first, sizeof first, "%s", answer_header(&a, "etag"));
    assert_string_equal(first, "\"1\"");
    answer_free(&a);
    path_of(id, "", path);
    patched(id, json_pack("{s:s}", "url", GOOD "/2"), NULL, 428);
    patched(id, json_pack("{s:s}", "url", GOOD "/2"), "\"7\"", 412);
    patched(id, json_pack("{s:s}", "url", GOOD "/2"), "1", 400);
    a = api_send(manager, "PATCH", path, json_pack("{s:s, s:[s,s]}", "url", GOOD "/2", "events", "planning.risks", "*"), first);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "url"), GOOD "/2");
    assert_string_equal(answer_text(&a, "events/1"), "*");
    assert_int_equal(answer_integer(&a, "version"), 2);
    assert_string_equal(answer_header(&a, "etag"), "\"2\"");
    assert_null(strstr(a.body, "whsec_"));
    answer_free(&a);
    patched(id, json_pack("{s:s}", "url", GOOD "/3"), first, 412); /* whoever read it before that */
    patched(id, json_pack("{s:s}", "url", GOOD "/2"), "\"2\"", 200);
    a = api_get(manager, HOOKS "/%s", id);
    assert_string_equal(answer_header(&a, "etag"), "\"2\""); /* the same again is no change */
    answer_free(&a);
    a = api_get(manager, "/api/v1/orgs/keep/events?record=%s", id); /* the newest first */
    assert_string_equal(answer_text(&a, "items/0/verb"), "update");
    assert_string_equal(answer_text(&a, "items/0/change/url/0"), GOOD);
    assert_string_equal(answer_text(&a, "items/0/change/url/1"), GOOD "/2");
    assert_null(answer_at(&a, "items/0/change/enabled"));
    answer_free(&a);
    expect_act("DELETE", id, "", 204);
    patched(id, json_pack("{s:b}", "enabled", 1), "\"3\"", 404);
}

static void what_a_change_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *body, *pointer;
    } bad[] = {
        {"{\"url\":\"https://10.0.0.1/\"}", "/url"},
        {"{\"url\":\"http://example.org/\"}", "/url"},
        {"{\"url\":null}", "/url"},
        {"{\"events\":null}", "/events"},
        {"{\"events\":[]}", "/events"},
        {"{\"events\":[\"**\"]}", "/events/0"},
        {"{\"enabled\":\"yes\"}", "/enabled"},
        {"{\"secret\":\"whsec_x\"}", "/secret"},
        {"{\"state\":\"active\"}", "/state"},
        {"{\"tenant_id\":\"x\"}", "/tenant_id"},
    };
    char id[40], path[200];
    make(id, GOOD, "*");
    path_of(id, "", path);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer a = api_call(manager, "PATCH", path, bad[i].body, (const char *const[]){"If-Match: \"1\"", NULL});
        if (a.status != 422 || !strstr(a.body, bad[i].pointer))
            fail_msg("%s: %d %s", bad[i].body, a.status, a.body);
        answer_free(&a);
    }
    struct api *reader = api_as("keep", "reader"), *stranger = api_as("moat", "manager");
    struct answer a = api_send(reader, "PATCH", path, json_pack("{s:b}", "enabled", 0), "\"1\"");
    expect_status(&a, 403);
    answer_free(&a);
    a = api_send(stranger, "PATCH", path, json_pack("{s:b}", "enabled", 0), "\"1\"");
    expect_status(&a, 404);
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/orgs/moat/webhooks/%s", id);
    a = api_send(stranger, "PATCH", path, json_pack("{s:b}", "enabled", 0), "\"1\"");
    expect_status(&a, 404);
    answer_free(&a);
    snprintf(path, sizeof path, "/api/v1/orgs/moat/webhooks/%s:rotate", id);
    a = api_call(stranger, "POST", path, NULL, NULL);
    expect_status(&a, 404);
    answer_free(&a);
    path_of(id, ":rotate", path);
    a = api_call(reader, "POST", path, NULL, NULL);
    expect_status(&a, 403);
    answer_free(&a);
    api_free(reader);
    api_free(stranger);
    expect_act("DELETE", id, "", 204);
}

static void enabled_is_the_same_switch(void **state)
{
    (void)state;
    char id[40], path[200];
    make(id, GOOD, "support.documents:publish");
    path_of(id, "", path);
    struct answer a = api_send(manager, "PATCH", path, json_pack("{s:b}", "enabled", 0), "\"1\"");
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "state"), "suspended");
    assert_string_equal(answer_text(&a, "reason"), "person");
    assert_true(json_is_false(answer_at(&a, "enabled")));
    answer_free(&a);
    expect_act("POST", id, ":suspend", 409);
    a = act("POST", id, ":resume");
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "version"), 3);
    assert_true(json_is_true(answer_at(&a, "enabled")));
    answer_free(&a);
    expect_act("DELETE", id, "", 204);
}

static struct answer rotate(const char *id, const char *body)
{
    char path[200];
    path_of(id, ":rotate", path);
    return api_call(manager, "POST", path, body, NULL);
}

/* Keys of the webhook that sign now, counted where the worker finds them. */
static void expect_keys(const char *id, const char *count)
{
    char found[40];
    person_shell(
        found, sizeof found,
        "psql -qXAt \"$(sed -n 's/^worker = //p' \"$BALLIUM_CONFIG\")\" -c \"SELECT count(*) FROM core.webhook_key WHERE "
        "webhook_id = '%s' AND secret IS NOT NULL AND (ends_at IS NULL OR ends_at > now())\"",
        id);
    assert_string_equal(found, count);
}

static void a_key_is_rotated(void **state)
{
    (void)state;
    char id[40], secret[80], public[80], other[80];
    struct answer a = api_post(manager, HOOKS, wanted(GOOD, "context.issues", true));
    expect_status(&a, 201);
    snprintf(id, sizeof id, "%s", answer_text(&a, "id"));
    snprintf(secret, sizeof secret, "%s", answer_text(&a, "secret"));
    snprintf(public, sizeof public, "%s", answer_text(&a, "public_key"));
    assert_null(answer_text(&a, "previous_ends_at"));
    answer_free(&a);
    a = rotate(id, NULL);
    expect_status(&a, 200);
    assert_string_equal(answer_header(&a, "cache-control"), "no-store");
    snprintf(other, sizeof other, "%s", answer_text(&a, "secret"));
    assert_int_equal(strncmp(other, "whsec_", 6), 0);
    assert_string_not_equal(other, secret);
    assert_string_not_equal(answer_text(&a, "public_key"), public);
    assert_string_equal(answer_text(&a, "previous_public_key"), public);
    assert_non_null(answer_text(&a, "previous_ends_at"));
    assert_int_equal(answer_integer(&a, "version"), 2);
    answer_free(&a);
    expect_keys(id, "2");
    a = rotate(id, "{\"overlap_hours\":168,\"ed25519\":false}"); /* the oldest ends: never more than two */
    expect_status(&a, 200);
    assert_null(answer_text(&a, "public_key"));
    assert_non_null(answer_text(&a, "previous_public_key"));
    answer_free(&a);
    expect_keys(id, "2");
    a = rotate(id, "{\"overlap_hours\":0}"); /* somebody else has them */
    expect_status(&a, 200);
    assert_null(answer_text(&a, "previous_ends_at"));
    answer_free(&a);
    expect_keys(id, "1");
    a = rotate(id, "{\"overlap_hours\":169}");
    assert_int_equal(a.status, 422);
    answer_free(&a);
    char path[200];
    path_of(id, ":rotate", path);
    a = api_call(manager, "POST", path, "{}", (const char *const[]){"Idempotency-Key: k2", NULL});
    expect_problem(&a, 400, "no_idempotency_key", NULL);
    answer_free(&a);
    a = api_get(manager, "/api/v1/orgs/keep/events?record=%s", id);
    assert_string_equal(answer_text(&a, "items/0/verb"), "rotate");
    assert_null(strstr(a.body, "whsec_"));
    assert_null(strstr(a.body, "v1."));
    answer_free(&a);
    expect_act("DELETE", id, "", 204);
    expect_keys(id, "0");
    a = rotate(id, NULL);
    expect_status(&a, 404);
    answer_free(&a);
}

/* Asks until the first delivery has been tried; the worker looks every five seconds. */
static struct answer first_try(const char *id, const char *state)
{
    for (time_t end = time(NULL) + 60; time(NULL) < end;) {
        struct answer a = api_get(manager, HOOKS "/%s/deliveries?state=%s", id, state);
        expect_status(&a, 200);
        if (json_array_size(answer_at(&a, "items")) > 0 && answer_text(&a, "items/0/problem") != NULL &&
            answer_integer(&a, "items/0/attempts") > 0)
            return a;
        answer_free(&a);
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    fail_msg("no delivery of %s was tried within a minute", id);
    return (struct answer){0};
}

/* The name leads inside: that is seen when it is asked. Its own making is the first event that it would tell. */
static void a_name_that_leads_inside_is_not_reached(void **state)
{
    (void)state;
    char id[40], replay[200];
    make(id, "https://localhost/", "core.webhooks:create");
    struct answer a = first_try(id, "waiting");
    assert_string_equal(answer_text(&a, "items/0/problem"), "its address is not one of the public Internet");
    assert_string_equal(answer_text(&a, "items/0/type"), "core.webhooks.create");
    snprintf(replay, sizeof replay, "/deliveries/%s:replay", answer_text(&a, "items/0/id"));
    answer_free(&a);
    expect_act("POST", id, replay, 409); /* it waits for its next attempt */
    a = api_get(manager, HOOKS "/%s/deliveries?state=everything", id);
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    expect_act("POST", id, "/deliveries/00000000-0000-7000-8000-000000000000:replay", 404);
    expect_act("DELETE", id, "", 204);
    expect_act("GET", id, "/deliveries", 404);
}

/* Nine attempts are told to have been; the tenth is the worker's own, and the last. Then a person has it tried once more. */
static void a_dead_delivery_is_replayed(void **state)
{
    (void)state;
    char id[40], replay[200];
    make(id, "https://localhost/", "core.webhooks:create");
    struct answer a = first_try(id, "waiting");
    answer_free(&a);
    person_shell(
        NULL, 0,
        "psql -qX -v ON_ERROR_STOP=1 \"$(sed -n 's/^worker = //p' \"$BALLIUM_CONFIG\")\" -c \"UPDATE core.webhook_delivery "
        "SET attempts = 9, run_at = now() WHERE webhook_id = '%s'\" -c \"UPDATE core.webhook SET rests_until = "
        "'-infinity' WHERE id = '%s'\"",
        id, id);
    a = first_try(id, "dead");
    assert_int_equal(answer_integer(&a, "items/0/attempts"), 10);
    snprintf(replay, sizeof replay, "/deliveries/%s:replay", answer_text(&a, "items/0/id"));
    answer_free(&a);
    a = act("POST", id, replay);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "state"), "waiting");
    assert_int_equal(answer_integer(&a, "attempts"), 0);
    answer_free(&a);
    a = first_try(id, "waiting");
    assert_int_equal(answer_integer(&a, "items/0/attempts"), 1);
    answer_free(&a);
    expect_act("POST", id, replay, 409);
    expect_act("DELETE", id, "", 204);
    expect_act("POST", id, replay, 409); /* nobody is told any more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_secret_is_shown_once),
        cmocka_unit_test(only_owners_and_managers_have_them),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(suspend_and_resume),
        cmocka_unit_test(an_address_and_events_are_changed),
        cmocka_unit_test(what_a_change_refuses),
        cmocka_unit_test(enabled_is_the_same_switch),
        cmocka_unit_test(a_key_is_rotated),
        cmocka_unit_test(a_name_that_leads_inside_is_not_reached),
        cmocka_unit_test(a_dead_delivery_is_replayed),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
