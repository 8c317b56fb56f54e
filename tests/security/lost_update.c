/* Whoever has read an old version changes nothing, whatever the way: a change, an archive, a transition, a batch. One after the
 * other, and all at once. */
#include "attack.h"
#include "outerwall.h"

#include <pthread.h>

#define CONTEXT "/api/v1/orgs/outerwall/context/"

enum { THREADS = 6 };

/* %s: the record's id and, in a batch, its tag with the quotes escaped. */
static const struct way {
    const char *name, *list, *method, *path, *body;
    bool batch;
} ways[] = {
    {"a change", CONTEXT "sites", "PATCH", "/%s", "{\"headcount\":7}", false},
    {"an archive", CONTEXT "sites", "POST", "/%s:archive", NULL, false},
    {"a transition", CONTEXT "scopes", "POST", "/%s:submit", NULL, false},
    {"a change in a batch", CONTEXT "sites", "POST", ":batch",
     "{\"operations\":[{\"op\":\"update\",\"id\":\"%s\",\"if_match\":\"%s\",\"body\":{\"headcount\":7}}]}", true},
    {"an archive in a batch", CONTEXT "sites", "POST", ":batch",
     "{\"operations\":[{\"op\":\"archive\",\"id\":\"%s\",\"if_match\":\"%s\"}]}", true},
    {"a transition in a batch", CONTEXT "scopes", "POST", ":batch",
     "{\"operations\":[{\"op\":\"submit\",\"id\":\"%s\",\"if_match\":\"%s\"}]}", true},
};
enum { WAYS = sizeof ways / sizeof *ways, TRANSITION = 2, TRANSITION_IN_BATCH = 5 };

/* A new record of the list. The caller frees its id. */
static char *make(const char *list)
{
    static int made;
    json_t *body = strstr(list, "scopes")
                       ? json_pack("{s:s, s:s, s:s, s:[{s:s}], s:[{s:s}]}", "title", "Raced", "statement", "All.", "rationale",
                                   "Few.", "units", "name", "Everybody", "services", "name", "Advice")
                       : json_pack("{s:o, s:s, s:s, s:i}", "name",
                                   json_sprintf("Raced %lld-%d-%d", (long long)time(NULL), (int)getpid(), ++made), "address",
                                   "Lane 1", "country", "DE", "headcount", 1);
    struct answer r = api_post(owner, list, body);
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    return id;
}

/* Goes that way with the tag of the first version. */
static struct answer go(struct api *who, const struct way *way, const char *id)
{
    char path[300], place[200], body[400];
    snprintf(place, sizeof place, "%s", way->path);
    char *hole = strstr(place, "%s");
    if (hole)
        snprintf(path, sizeof path, "%s%.*s%s%s", way->list, (int)(hole - place), place, id, hole + 2);
    else
        snprintf(path, sizeof path, "%s%s", way->list, place);
    const char *text = way->body;
    if (way->batch) {
        const char *first = strstr(text, "%s"), *second = strstr(first + 2, "%s");
        snprintf(body, sizeof body, "%.*s%s%.*s\\\"1\\\"%s", (int)(first - text), text, id, (int)(second - first - 2), first + 2,
                 second + 2);
        text = body;
    }
    return api_call(who, way->method, path, text, (const char *const[]){"If-Match: \"1\"", NULL});
}

static void who_has_read_an_old_version_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        char *id = make(ways[i].list), path[300];
        snprintf(path, sizeof path, "%s/%s", ways[i].list, id);
        json_t *change =
            strstr(ways[i].list, "scopes") ? json_pack("{s:s}", "title", "Changed since") : json_pack("{s:i}", "headcount", 2);
        struct answer before = api_send(owner, "PATCH", path, change, "\"1\"");
        expect_status(&before, 200);
        struct answer r = go(owner, &ways[i], id);
        if (r.status != 412)
            fail_msg("%s of an old version: %d %s", ways[i].name, r.status, r.body);
        struct answer after = api_get(owner, "%s", path);
        assert_string_equal(before.body, after.body);
        attack_archive(owner, ways[i].list, id);
        answer_free(&before);
        answer_free(&after);
        answer_free(&r);
        free(id);
    }
}

struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    struct api *api;
    const struct way *way;
    const char *id;
    int status;
};

static void *race(void *arg)
{
    struct racer *me = arg;
    pthread_barrier_wait(me->start);
    struct answer r = go(me->api, me->way, me->id);
    me->status = r.status;
    answer_free(&r);
    return NULL;
}

static void of_all_at_once_one_wins(void **state)
{
    (void)state;
    struct racer racers[THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        racers[i] = (struct racer){.start = &start, .api = api_as("outerwall", "owner")};
    for (size_t w = 0; w < WAYS; w++) {
        if (w == TRANSITION || w == TRANSITION_IN_BATCH)
            continue; /* what it asks for beside a version is not the race's */
        char *id = make(ways[w].list);
        int won = 0;
        for (int i = 0; i < THREADS; i++) {
            racers[i].way = &ways[w];
            racers[i].id = id;
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(racers[i].thread, NULL);
            won += racers[i].status == 200;
            if (racers[i].status != 200 && racers[i].status != 412)
                fail_msg("%s: %d", ways[w].name, racers[i].status);
        }
        assert_int_equal(won, 1);
        struct answer now = api_get(owner, "%s/%s", ways[w].list, id);
        assert_int_equal(answer_integer(&now, "version"), 2);
        if (!answer_text(&now, "archived_at"))
            attack_archive(owner, ways[w].list, id);
        answer_free(&now);
        free(id);
    }
    for (int i = 0; i < THREADS; i++)
        api_free(racers[i].api);
    pthread_barrier_destroy(&start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_read_an_old_version_changes_nothing),
        cmocka_unit_test(of_all_at_once_one_wins),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
