/* Proofs of the trail where there is none: an event that is not sealed, one that no checkpoint covers, a tree with holes. */
#include "hark.h"
#include "http_db.h"

#include "audit/internal.h"
#include "audit/seal.h"
#include <sodium.h>

static const struct bl_route plain = {.query = NULL};
static const struct engine_route routes[] = {
    {.method = "GET", .path = "/orgs/{org}/events/{id}/proof", .handler = audit_proof, .own = &plain}};

static struct stand stand;
static char event[UUID_TEXT];

static int set_up(void **state)
{
    (void)state;
    return stand_start(&stand, routes, 1, "");
}

static int tear_down(void **state)
{
    (void)state;
    stand_end(&stand);
    return 0;
}

/* Seven more, so that a proof needs nodes of the tree. */
static void happen(void)
{
    for (int i = 0; i < 8; i++) {
        uuid_v7(event);
        stand_ask(&stand,
                  "INSERT INTO core.event (tenant_id, id, actor, resource, record_id, verb, version, change, request_id) VALUES "
                  "('%s', '%s', '%s', 'context.issues', '%s', 'update', 1, '{}', 'test')",
                  stand.tenant, event, stand.member, event);
    }
}

static void seal(void)
{
    struct db *worker = db_new(getenv("BALLIUM_TEST_WORKER"), true);
    struct arena *arena = arena_new(8 << 20);
    struct checkpoint_key key;
    long sealed;
    crypto_sign_keypair(key.key, key.secret);
    assert_int_equal(db_ready(worker), BL_OK);
    do
        assert_int_equal(audit_seal(worker, arena, &key, &sealed), BL_OK);
    while (sealed > 0);
    arena_free(arena);
    db_free(worker);
}

static int proved(const char **code)
{
    static struct fake_io f;
    char path[100];
    snprintf(path, sizeof path, "/events/%s/proof", event);
    stand_request(&stand, &f, "GET", path);
    int status = stand_serve(&stand, &f);
    *code = stand_code(&f);
    fake_end(&f);
    return status;
}

static void what_is_not_sealed_has_no_proof(void **state)
{
    (void)state;
    const char *code;
    happen();
    assert_int_equal(proved(&code), 409);
    assert_string_equal(code, "not_sealed");
    seal();
    assert_int_equal(proved(&code), 200);
    happen(); /* those before are sealed: there is a checkpoint, and it does not cover this one */
    assert_int_equal(proved(&code), 409);
    assert_string_equal(code, "not_sealed");
    stand_ask(&stand, "UPDATE core.event SET seq = 1000 WHERE tenant_id = '%s' AND id = '%s'", stand.tenant, event);
    assert_int_equal(proved(&code), 409); /* a number that somebody has made up */
    assert_string_equal(code, "not_sealed");
    stand_ask(&stand, "UPDATE core.event SET seq = NULL WHERE tenant_id = '%s' AND id = '%s'", stand.tenant, event);
}

static void a_tree_with_holes_is_told(void **state)
{
    (void)state;
    const char *code;
    happen();
    seal();
    assert_int_equal(proved(&code), 200);
    stand_ask(&stand, "DELETE FROM core.tree_node WHERE tenant_id = '%s'", stand.tenant);
    struct hark log = hark_begin();
    int status = proved(&code);
    const char *said = hark_end(&log);
    assert_int_equal(status, 500);
    assert_string_equal(code, "internal"); /* nobody's matter but ours: the log says more */
    assert_non_null(strstr(said, "tree_broken"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_not_sealed_has_no_proof),
                                       cmocka_unit_test(a_tree_with_holes_is_told)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
