/* Records under a race: lost updates, retries, pages while rows are inserted. */
#include "attack.h"
#include "outerwall.h"

#include <pthread.h>

#define SITES "/api/v1/orgs/outerwall/context/sites"

enum { THREADS = 8 };
static char record[300], etag[100];

static json_t *site(const char *name)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "name", name, "address", "Lane 1", "country", "DE", "headcount", 1);
}

static char *named(const char *what)
{
    static int made;
    static char name[100];
    snprintf(name, sizeof name, "%s %lld-%d-%d", what, (long long)time(NULL), (int)getpid(), ++made);
    return name;
}

static char *make(const char *name)
{
    struct answer r = api_post(owner, SITES, site(name));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    snprintf(etag, sizeof etag, "%s", answer_header(&r, "etag"));
    snprintf(record, sizeof record, SITES "/%s", id);
    answer_free(&r);
    return id;
}

struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    struct api *api;
    int number, status;
};

static void *race(void *arg)
{
    struct racer *me = arg;
    pthread_barrier_wait(me->start);
    struct answer r = api_send(me->api, "PATCH", record, json_pack("{s:i}", "headcount", 100 + me->number), etag);
    me->status = r.status;
    answer_free(&r);
    return NULL;
}

static void one_of_eight_writers_wins(void **state)
{
    (void)state;
    struct racer racers[THREADS];
    pthread_barrier_t start;
    char *id = make(named("Race"));
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.start = &start, .api = api_as("outerwall", "owner"), .number = i};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    int won = -1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(racers[i].thread, NULL);
        api_free(racers[i].api);
        if (racers[i].status == 200) {
            assert_int_equal(won, -1);
            won = i;
        } else {
            assert_int_equal(racers[i].status, 412);
        }
    }
    assert_true(won >= 0);
    struct answer now = api_get(owner, "%s", record);
    assert_int_equal(answer_integer(&now, "headcount"), 100 + won);
    assert_int_equal(answer_integer(&now, "version"), 2);
    answer_free(&now);
    pthread_barrier_destroy(&start);
    attack_archive(owner, SITES, id);
    free(id);
}

static void writes_need_the_right_tag(void **state)
{
    (void)state;
    char *id = make(named("Tag"));
    struct answer r = api_send(owner, "PATCH", record, json_pack("{s:i}", "headcount", 2), NULL);
    expect_status(&r, 428);
    answer_free(&r);
    r = api_send(owner, "PATCH", record, json_pack("{s:i}", "headcount", 2), "\"99\"");
    expect_status(&r, 412);
    answer_free(&r);
    r = api_send(owner, "PATCH", record, json_pack("{s:i}", "headcount", 2), etag);
    expect_status(&r, 200);
    answer_free(&r);
    attack_archive(owner, SITES, id);
    free(id);
}

static void a_retry_is_answered_again(void **state)
{
    (void)state;
    char key[200], *name = named("Retry");
    snprintf(key, sizeof key, "Idempotency-Key: %s", name);
    for (char *p = key + 17; *p; p++)
        *p = *p == ' ' ? '-' : *p;
    json_t *body = site(name);
    char *text = json_dumps(body, 0);
    json_decref(body);
    const char *headers[] = {key, NULL};
    struct answer a = api_call(owner, "POST", SITES, text, headers);
    json_int_t between = attack_count(owner, SITES);
    struct answer b = api_call(owner, "POST", SITES, text, headers);
    expect_status(&a, 201);
    expect_status(&b, 201);
    assert_string_equal(a.body, b.body);
    assert_int_equal(attack_count(owner, SITES), between);
    struct answer c = api_call(owner, "POST", SITES, "{\"name\":\"Other\"}", headers);
    expect_status(&c, 422);
    attack_archive(owner, SITES, answer_text(&a, "id"));
    answer_free(&a);
    answer_free(&b);
    answer_free(&c);
    free(text);
}

/* Rows that are there from beginning to end are seen once, whatever is inserted before and behind the page. */
static void pages_visit_each_row_once(void **state)
{
    (void)state;
    enum { ROWS = 12 };
    char *ids[ROWS], *late[ROWS], stem[100], next[3000] = "";
    int seen[ROWS] = {0}, added = 0;
    snprintf(stem, sizeof stem, "%s", named("Page"));
    for (int i = 0; i < ROWS; i++) {
        char name[150];
        snprintf(name, sizeof name, "%s %02d", stem, 2 * i);
        ids[i] = make(name);
    }
    do {
        struct answer page = api_get(owner, SITES "?limit=3&sort=name&fields=id,name%s%s", *next ? "&cursor=" : "", next);
        expect_status(&page, 200);
        size_t i;
        json_t *row;
        json_array_foreach(answer_at(&page, "items"), i, row)
        {
            assert_int_equal(json_object_size(row), 2); /* sparse */
            for (int k = 0; k < ROWS; k++)
                seen[k] += strcmp(ids[k], json_string_value(json_object_get(row, "id"))) == 0;
        }
        snprintf(next, sizeof next, "%s", answer_text(&page, "next") ? answer_text(&page, "next") : "");
        answer_free(&page);
        if (added < ROWS) {
            char name[150];
            snprintf(name, sizeof name, "%s %02d", stem, 2 * added + 1);
            late[added++] = make(name);
        }
    } while (*next);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(seen[i], 1);
        attack_archive(owner, SITES, ids[i]);
        free(ids[i]);
    }
    for (int i = 0; i < added; i++) {
        attack_archive(owner, SITES, late[i]);
        free(late[i]);
    }
}

static void a_count_is_given_when_asked_for(void **state)
{
    (void)state;
    struct answer r = api_get(owner, SITES "?limit=1");
    assert_null(answer_at(&r, "count"));
    answer_free(&r);
    json_int_t before = attack_count(owner, SITES);
    char *id = make(named("Count"));
    assert_int_equal(attack_count(owner, SITES), before + 1);
    attack_archive(owner, SITES, id);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_eight_writers_wins),       cmocka_unit_test(writes_need_the_right_tag),
        cmocka_unit_test(a_retry_is_answered_again),       cmocka_unit_test(pages_visit_each_row_once),
        cmocka_unit_test(a_count_is_given_when_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
