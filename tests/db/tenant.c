/* From the {org} of a path to the organisation: more of them than the cache holds, each found as itself. */
#include "unit.h"

#include "tenant/tenant.h"
#include <stdlib.h>
#include <string.h>

enum { MANY = 9000, HOSTED = 1000 };
static struct db *app, *nowhere, *owner;
static struct arena *arena;
static char prefix[16];

static int set_up(void **state)
{
    (void)state;
    const char *migrator = getenv("BALLIUM_TEST_MIGRATOR"), *conninfo = getenv("BALLIUM_TEST_DATABASE");
    char id[UUID_TEXT], sql[512];
    if (!migrator || !conninfo)
        return -1;
    uuid_v7(id);
    snprintf(prefix, sizeof prefix, "t%s", id + 26); /* of this run: the database may hold those of another */
    arena = arena_new(64 << 20);
    app = db_new(conninfo, true);
    nowhere = db_new("host=/nonexistent dbname=x", false);
    owner = db_new(migrator, false);
    snprintf(sql, sizeof sql,
             "SET ROLE ballium_owner; INSERT INTO core.organisation (id, slug, name, kind) "
             "SELECT gen_random_uuid(), '%s-' || n, 'n', 'client' FROM generate_series(1, %d) n",
             prefix, MANY);
    return db_ready(owner) == BL_OK && db_script(owner, sql) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char sql[128];
    if (!owner)
        return -1;
    snprintf(sql, sizeof sql, "DELETE FROM core.organisation WHERE slug LIKE '%s-%%'", prefix);
    bool gone = db_script(owner, sql);
    arena_free(arena);
    db_free(app);
    db_free(nowhere);
    db_free(owner);
    return gone ? 0 : -1;
}

/* The organisations of a busy installation are looked up once each: a look-up is a round trip more for a request. */
static void all_are_remembered(void **state)
{
    (void)state;
    char wanted[64], slug[64], id[UUID_TEXT];
    int forgotten = 0;
    for (int n = 1; n <= HOSTED; n++) {
        snprintf(wanted, sizeof wanted, "%s-%d", prefix, n);
        assert_int_equal(tenant_find(app, arena, wanted, id, slug), BL_OK);
    }
    for (int n = 1; n <= HOSTED; n++) {
        snprintf(wanted, sizeof wanted, "%s-%d", prefix, n);
        forgotten += tenant_find(nowhere, arena, wanted, id, slug) != BL_OK;
    }
    assert_in_range(forgotten, 0, HOSTED / 100); /* a set may be full: its places are given by a keyed hash */
}

static void each_is_itself(void **state)
{
    (void)state;
    static char ids[MANY][UUID_TEXT];
    char wanted[64], slug[64], id[UUID_TEXT];
    for (int round = 0; round < 2; round++)
        for (int n = 0; n < MANY; n++) {
            snprintf(wanted, sizeof wanted, "%s-%d", prefix, n + 1);
            assert_int_equal(tenant_find(app, arena, wanted, id, slug), BL_OK);
            assert_string_equal(slug, wanted);
            if (round == 0)
                memcpy(ids[n], id, UUID_TEXT);
            assert_string_equal(id, ids[n]);
        }
    for (int n = 0; n < MANY; n++) { /* by id, too: now they are more than the cache holds */
        snprintf(wanted, sizeof wanted, "%s-%d", prefix, n + 1);
        assert_int_equal(tenant_find(app, arena, ids[n], id, slug), BL_OK);
        assert_string_equal(slug, wanted);
    }
}

/* What was found once is found again without the database. */
static void remembered(void **state)
{
    (void)state;
    char wanted[64], slug[64], id[UUID_TEXT], upper[UUID_TEXT];
    snprintf(wanted, sizeof wanted, "%s-7", prefix);
    assert_int_equal(tenant_find(app, arena, wanted, id, slug), BL_OK);
    assert_int_equal(tenant_find(nowhere, arena, wanted, id, slug), BL_OK);
    for (int i = 0; i < UUID_TEXT; i++)
        upper[i] = (char)(id[i] >= 'a' && id[i] <= 'f' ? id[i] - 32 : id[i]);
    assert_int_equal(tenant_find(app, arena, upper, id, slug), BL_OK);
    assert_string_equal(slug, wanted);
    assert_int_equal(tenant_find(nowhere, arena, id, id, slug), BL_OK); /* one id, however it is written */
    snprintf(wanted, sizeof wanted, "%s-0", prefix);
    assert_int_equal(tenant_find(app, arena, wanted, id, slug), BL_NOT_FOUND);
    assert_int_equal(tenant_find(nowhere, arena, wanted, id, slug), BL_UNAVAILABLE); /* an absence is not remembered */
}

/* What cannot be a slug is refused without asking. */
static void no_slugs(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "Keep",
                                      "ke ep",
                                      "ke_ep",
                                      "ke'ep",
                                      "ke\xc3\xa9p",
                                      "../keep",
                                      "k%00",
                                      "0198c0de-0000-7000-8000-00000000000G",
                                      "a-segment-that-is-longer-than-any-slug-or-id-could-ever-be-in-here"};
    char slug[64], id[UUID_TEXT];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(tenant_find(nowhere, arena, bad[i], id, slug), BL_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_remembered),
        cmocka_unit_test(each_is_itself),
        cmocka_unit_test(remembered),
        cmocka_unit_test(no_slugs),
    };
    return cmocka_run_group_tests_name("tenant", tests, set_up, tear_down);
}
