/* What the tests of the operation area share: the people, records that are theirs alone, changes with the record's ETag. */
#ifndef PLUGINS_OPERATION_H
#define PLUGINS_OPERATION_H

#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOAT "/api/v1/orgs/moat/operation/"

static struct api *manager, *owner; /* the manager writes, the owner may approve too */
static char *me, *boss;             /* their ids */

__attribute__((unused)) static int log_in(void **state)
{
    (void)state;
    manager = api_as("moat", "manager");
    owner = api_as("moat", "owner");
    struct answer a = api_get(manager, "/api/v1/me"), b = api_get(owner, "/api/v1/me");
    me = strdup(answer_text(&a, "user/id"));
    boss = strdup(answer_text(&b, "user/id"));
    answer_free(&a);
    answer_free(&b);
    return 0;
}

__attribute__((unused)) static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(owner);
    free(me);
    free(boss);
    return 0;
}

/* The day so many days from now. Good until the next call but seven. */
__attribute__((unused)) static const char *day(int days)
{
    static char texts[8][11];
    static int next;
    time_t then = time(NULL) + (time_t)days * 86400;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 8;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%d", &parts);
    return texts[next];
}

/* The moment so many seconds from now, likewise. */
__attribute__((unused)) static const char *moment(long seconds)
{
    static char texts[8][32];
    static int next;
    time_t then = time(NULL) + seconds;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 8;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%dT%H:%M:%SZ", &parts);
    return texts[next];
}

/* A name that no other record has. Good until the next call but three. */
__attribute__((unused)) static const char *fresh(const char *what)
{
    static char texts[4][120];
    static int made;
    made++;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(texts[made % 4], sizeof texts[0], "%s %lld-%ld-%d", what, (long long)now.tv_sec, now.tv_nsec, made);
    return texts[made % 4];
}

__attribute__((unused)) static struct answer make(const char *resource, json_t *body)
{
    char path[200];
    snprintf(path, sizeof path, MOAT "%s", resource);
    return api_post(manager, path, body);
}

__attribute__((unused)) static char *make_id(const char *resource, json_t *body)
{
    struct answer a = make(resource, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

__attribute__((unused)) static void refuse(const char *resource, json_t *body, int status, const char *code, const char *pointer)
{
    struct answer a = make(resource, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* PATCH (verb "") or POST …:verb with the record's ETag. Steals the body. */
__attribute__((unused)) static struct answer change_as(struct api *who, const char *resource, const char *id, const char *verb,
                                                       json_t *body)
{
    char path[200];
    struct answer now = api_get(who, MOAT "%s/%s", resource, id);
    expect_status(&now, 200);
    snprintf(path, sizeof path, MOAT "%s/%s%s%s", resource, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

/* Transitions with the permission "approve" are the owner's. */
__attribute__((unused)) static struct answer change(const char *resource, const char *id, const char *verb, json_t *body)
{
    return change_as(manager, resource, id, verb, body);
}

__attribute__((unused)) static void changed_by(struct api *who, const char *resource, const char *id, const char *verb,
                                               json_t *body)
{
    struct answer a = change_as(who, resource, id, verb, body);
    expect_status(&a, 200);
    answer_free(&a);
}

__attribute__((unused)) static void changed(const char *resource, const char *id, const char *verb, json_t *body)
{
    changed_by(manager, resource, id, verb, body);
}

__attribute__((unused)) static void not_changed(const char *resource, const char *id, const char *verb, json_t *body, int status,
                                                const char *code, const char *pointer)
{
    struct answer a = change(resource, id, verb, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* One row of a state machine's table: what each verb leads to, by the state it starts from; NULL: refused. */
struct lead {
    const char *verb;
    const char *to[8];
    json_t *(*body)(void); /* NULL: none */
};

/* Tries every verb from every state. `in` makes a record in a state. */
__attribute__((unused)) static void try_table(const char *resource, const char *const *states, const struct lead *table,
                                              char *(*in)(const char *state))
{
    for (const struct lead *lead = table; lead->verb; lead++)
        for (size_t s = 0; states[s]; s++) {
            char *id = in(states[s]);
            struct answer a = change_as(owner, resource, id, lead->verb, lead->body ? lead->body() : NULL);
            if (lead->to[s] && a.status != 200)
                fail_msg("%s from %s: %d %.1000s", lead->verb, states[s], a.status, a.body);
            if (!lead->to[s] && (a.status != 409 || !strstr(a.body, "wrong_state")))
                fail_msg("%s from %s is not refused: %d %.1000s", lead->verb, states[s], a.status, a.body);
            answer_free(&a);
            a = api_get(manager, MOAT "%s/%s", resource, id);
            assert_string_equal(answer_text(&a, "status"), lead->to[s] ? lead->to[s] : states[s]);
            answer_free(&a);
            free(id);
        }
}

__attribute__((unused)) static json_t *with_reason(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

#endif
