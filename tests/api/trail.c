/* The trail over HTTP: what was done is on it, is sealed by the worker, and can be proved with nothing but the answers. */
#include "attack.h"

#include "audit/checkpoint.h"
#include <sodium.h>

#define EVENTS "/api/v1/orgs/keep/events"
#define ISSUES "/api/v1/orgs/keep/context/issues"

static struct api *manager;

static char *new_issue(const char *title)
{
    struct answer made =
        api_post(manager, ISSUES,
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "title", title, "origin", "internal", "effect", "negative",
                           "concern", "isms_outcome", "category", "people", "influence", 2, "control", 2));
    expect_status(&made, 201);
    char *id = strdup(answer_text(&made, "id"));
    answer_free(&made);
    return id;
}

static void every_act_is_on_it(void **state)
{
    (void)state;
    char *id = new_issue("Seen on the trail");
    attack_archive(manager, ISSUES, id);
    struct answer r = api_get(manager, EVENTS "?record=%s", id);
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "items/0/verb"), "archive");
    assert_string_equal(answer_text(&r, "items/1/verb"), "create");
    assert_string_equal(answer_text(&r, "items/1/resource"), "context.issues");
    assert_string_equal(answer_text(&r, "items/1/change/title/1"), "Seen on the trail");
    answer_free(&r);
    r = api_get(manager, EVENTS "?record=%s&verb=create&resource=context.issues&from=2020-01-01&to=2999-01-01", id);
    assert_int_equal(json_array_size(answer_at(&r, "items")), 1);
    answer_free(&r);
    r = api_get(manager, EVENTS "?record=%s&to=2020-01-01", id);
    assert_int_equal(json_array_size(answer_at(&r, "items")), 0);
    answer_free(&r);
    r = api_get(manager, EVENTS "?from=yesterday");
    expect_problem(&r, 400, "bad_time", NULL);
    answer_free(&r);
    r = api_get(manager, EVENTS "?limit=1");
    char *next = strdup(answer_text(&r, "next")), *first = strdup(answer_text(&r, "items/0/id"));
    answer_free(&r);
    r = api_get(manager, EVENTS "?limit=1&cursor=%s", next);
    assert_string_not_equal(answer_text(&r, "items/0/id"), first);
    answer_free(&r);
    char path[200];
    snprintf(path, sizeof path, EVENTS "?record=%s", id);
    r = api_call(manager, "GET", path, NULL, (const char *const[]){"Accept: text/csv", NULL});
    expect_status(&r, 200);
    assert_non_null(strstr(r.body, "context.issues"));
    answer_free(&r);
    free(next);
    free(first);
    free(id);
}

static void hex(const char *text, uint8_t *out, size_t length)
{
    size_t got;
    assert_non_null(text);
    assert_int_equal(sodium_hex2bin(out, length, text, strlen(text), NULL, &got, NULL), 0);
    assert_int_equal(got, length);
}

static struct checkpoint checkpoint_of(const struct answer *r, const char *at)
{
    struct checkpoint c = {0};
    char path[80];
#define AT(name) (snprintf(path, sizeof path, "%s/" name, at), path)
    snprintf(c.tenant, sizeof c.tenant, "%s", answer_text(r, AT("organisation")));
    c.size = (uint64_t)answer_integer(r, AT("size"));
    c.previous = (uint64_t)answer_integer(r, AT("previous"));
    c.at = answer_integer(r, AT("at_microseconds"));
    hex(answer_text(r, AT("root")), c.root, sizeof c.root);
    hex(answer_text(r, AT("key")), c.key, sizeof c.key);
    hex(answer_text(r, AT("signature")), c.signature, sizeof c.signature);
    return c;
}

static size_t proof_of(const struct answer *r, merkle_hash *proof)
{
    size_t count = json_array_size(answer_at(r, "proof"));
    for (size_t i = 0; i < count; i++)
        hex(json_string_value(json_array_get(answer_at(r, "proof"), i)), proof[i], MERKLE_HASH);
    return count;
}

/* The worker seals within seconds: asks until it has. */
static struct answer sealed_proof(const char *event)
{
    time_t patience = time(NULL) + 30;
    for (;;) {
        struct answer r = api_get(manager, EVENTS "/%s/proof", event);
        if (r.status != 409 || time(NULL) > patience)
            return r;
        answer_free(&r);
    }
}

static char *event_of(const char *record)
{
    struct answer r = api_get(manager, EVENTS "?record=%s", record);
    char *id = strdup(answer_text(&r, "items/0/id"));
    answer_free(&r);
    return id;
}

static void an_event_is_proved_and_the_tree_only_grows(void **state)
{
    (void)state;
    merkle_hash proof[MERKLE_PROOF], leaf;
    struct checkpoint at[2];
    for (int i = 0; i < 2; i++) {
        char *record = new_issue(i ? "Proved second" : "Proved first"), *event = event_of(record);
        struct answer r = sealed_proof(event);
        expect_status(&r, 200);
        at[i] = checkpoint_of(&r, "checkpoint");
        assert_true(checkpoint_verify(&at[i]));
        hex(answer_text(&r, "leaf"), leaf, sizeof leaf);
        size_t count = proof_of(&r, proof);
        assert_true(merkle_included(leaf, (uint64_t)answer_integer(&r, "seq"), at[i].size, proof, count, at[i].root));
        answer_free(&r);
        attack_archive(manager, ISSUES, record);
        free(record);
        free(event);
    }
    assert_true(at[0].size < at[1].size);
    struct answer r = api_get(manager, "/api/v1/orgs/keep/audit/consistency?from=%llu&to=%llu", (unsigned long long)at[0].size,
                              (unsigned long long)at[1].size);
    expect_status(&r, 200);
    size_t count = proof_of(&r, proof);
    assert_true(merkle_consistent(at[0].size, at[0].root, at[1].size, at[1].root, proof, count));
    answer_free(&r);
    r = api_get(manager, "/api/v1/orgs/keep/audit/consistency?from=999999999");
    expect_problem(&r, 404, "no_such_checkpoint", NULL);
    answer_free(&r);
    r = api_get(manager, "/api/v1/orgs/keep/audit/checkpoints");
    expect_status(&r, 200);
    struct checkpoint newest = checkpoint_of(&r, "items/0"), before = checkpoint_of(&r, "items/1");
    assert_true(checkpoint_verify(&newest) && checkpoint_verify(&before) && newest.previous == before.size);
    answer_free(&r);
}

static void only_those_who_may_read_it(void **state)
{
    (void)state;
    struct api *auditor = api_as("outerwall", "cb_auditor");
    struct answer r = api_get(auditor, "/api/v1/orgs/outerwall/events");
    expect_status(&r, 403);
    answer_free(&r);
    r = api_get(auditor, EVENTS);
    expect_status(&r, 404);
    answer_free(&r);
    api_free(auditor);
    r = api_get(manager, "/api/v1/orgs/keep/events/" NOBODYS "/proof");
    expect_problem(&r, 404, "no_such_event", NULL);
    answer_free(&r);
}

int main(void)
{
    api_from_own_address();
    manager = api_as("keep", "manager");
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_act_is_on_it),
                                       cmocka_unit_test(an_event_is_proved_and_the_tree_only_grows),
                                       cmocka_unit_test(only_those_who_may_read_it)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    api_free(manager);
    return failed;
}
