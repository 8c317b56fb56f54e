/* What one organisation's request leaves behind on a pooled connection, above all one whose transaction was aborted, the next
 * request of another organisation must not meet: no tenant that is entered still, no half-done transaction, no row. */
#include "attack.h"

#include <pthread.h>

enum { THREADS = 6, ROUNDS = 25 };

/* Refused by the database after the tenant was entered, or by core.enter itself: each aborts its transaction. */
static const struct {
    const char *method, *path, *body;
    int status;
} aborted[] = {
    {"POST", "/api/v1/orgs/keep/roles", "{\"name\":\"pool-clerk\",\"label\":\"Twice\",\"permissions\":[\"context.issue:read\"]}",
     409},
    {"POST", "/api/v1/orgs/keep/members/" NOBODYS ":suspend", "{}", 404},
    {"POST", "/api/v1/orgs/keep/context/issues/" NOBODYS "/links/outcomes", "{\"id\":\"" NOBODYS "\"}", 404},
    {"POST", "/api/v1/orgs/keep/organisations",
     "{\"slug\":\"pool-yard\",\"name\":\"P\",\"owner_email\":\"a@example.org\",\"valid_to\":\"2199-01-01\"}", 409},
    {"GET", "/api/v1/orgs/moat/context/issues", NULL, 404},
    {"GET", "/api/v1/orgs/barbican/context/issues", NULL, 404},
};
enum { WAYS = sizeof aborted / sizeof *aborted };

struct caller {
    pthread_t thread;
    struct api *keeps, *barbicans;
    char wrong[600]; /* what was not as it should be: cmocka fails in its own thread only */
};

static char *list_of_barbican; /* as nobody but its people see it */

static void once(struct caller *me, int round)
{
    int way = round % WAYS;
    struct answer a = api_call(me->keeps, aborted[way].method, aborted[way].path, aborted[way].body, NULL);
    if (a.status != aborted[way].status)
        snprintf(me->wrong, sizeof me->wrong, "%s %s: %d %s", aborted[way].method, aborted[way].path, a.status, a.body);
    answer_free(&a);
    a = api_call(me->keeps, "GET", "/api/v1/portfolio/organisations", NULL, NULL); /* another role, for one transaction */
    if (a.status != 200)
        snprintf(me->wrong, sizeof me->wrong, "a portfolio: %d %s", a.status, a.body);
    answer_free(&a);
    static const char *const reads[] = {"/api/v1/orgs/barbican/context/issues?sort=ref&limit=500&fields=id,ref",
                                        "/api/v1/orgs/barbican"};
    a = api_call(me->barbicans, "GET", reads[0], NULL, NULL);
    if (a.status != 200 || strcmp(a.body, list_of_barbican) != 0)
        snprintf(me->wrong, sizeof me->wrong, "after %s: %d %s", aborted[way].path, a.status, a.body);
    answer_free(&a);
    a = api_call(me->barbicans, "GET", reads[1], NULL, NULL);
    if (a.status != 200 || strcmp(answer_text(&a, "slug"), "barbican") != 0)
        snprintf(me->wrong, sizeof me->wrong, "after %s: %d %s", aborted[way].path, a.status, a.body);
    answer_free(&a);
    a = api_call(me->barbicans, "GET", "/api/v1/orgs/keep/context/issues", NULL, NULL);
    if (a.status != 404)
        snprintf(me->wrong, sizeof me->wrong, "a stranger after %s: %d %s", aborted[way].path, a.status, a.body);
    answer_free(&a);
}

static void *call(void *arg)
{
    struct caller *me = arg;
    for (int round = 0; round < ROUNDS && !me->wrong[0]; round++)
        once(me, round);
    return NULL;
}

static void an_aborted_transaction_poisons_no_connection(void **state)
{
    (void)state;
    struct api *manager = api_as("keep", "manager"), *owner = api_as("barbican", "manager");
    struct answer r = api_call(manager, aborted[0].method, aborted[0].path, aborted[0].body, NULL); /* so that it is there */
    assert_true(r.status == 201 || r.status == 409);
    answer_free(&r);
    r = api_get(owner, "/api/v1/orgs/barbican/context/issues?sort=ref&limit=500&fields=id,ref");
    expect_status(&r, 200);
    list_of_barbican = strdup(r.body);
    answer_free(&r);
    struct caller callers[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        callers[i].keeps = api_as("keep", "manager");
        callers[i].barbicans = api_as("barbican", "manager");
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    const char *wrong = "";
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        api_free(callers[i].keeps);
        api_free(callers[i].barbicans);
        wrong = callers[i].wrong[0] ? callers[i].wrong : wrong;
    }
    r = api_call(manager, "DELETE", "/api/v1/orgs/keep/roles/pool-clerk", NULL, (const char *const[]){"If-Match: \"1\"", NULL});
    expect_status(&r, 204);
    answer_free(&r);
    api_free(manager);
    api_free(owner);
    free(list_of_barbican);
    if (*wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    api_from_own_address();
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_aborted_transaction_poisons_no_connection)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
