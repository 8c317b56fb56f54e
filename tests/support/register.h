/* Records of one area's registers, for tests over HTTP: make one, move it, expect what comes. Each fails the running test when
 * the service answers something else. Paths are below the organisation: "support/documents". */
#ifndef SUPPORT_REGISTER_H
#define SUPPORT_REGISTER_H

#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *register_org = "keep";

static inline void register_path(char out[300], const char *path, const char *id, const char *verb)
{
    snprintf(out, 300, "/api/v1/orgs/%s/%s%s%s%s%s", register_org, path, id ? "/" : "", id ? id : "", verb ? ":" : "",
             verb ? verb : "");
}

/* A text that no other test and no earlier run uses. */
static inline const char *fresh(const char *what)
{
    static char text[8][120];
    static unsigned made;
    char *out = text[++made % 8];
    snprintf(out, sizeof text[0], "%s %lx-%u", what, (unsigned long)time(NULL), made);
    return out;
}

static inline const char *day(int from_today)
{
    static char text[8][11];
    static unsigned made;
    char *out = text[++made % 8];
    time_t at = time(NULL) + (time_t)from_today * 86400;
    struct tm parts;
    strftime(out, sizeof text[0], "%Y-%m-%d", gmtime_r(&at, &parts));
    return out;
}

static inline struct answer try_make(struct api *who, const char *path, json_t *body)
{
    char whole[300];
    register_path(whole, path, NULL, NULL);
    assert_non_null(body);
    return api_post(who, whole, body);
}

/* The id of a new record; the caller frees it. Steals the body. */
static inline char *make(struct api *who, const char *path, json_t *body)
{
    struct answer a = try_make(who, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

static inline struct answer look(struct api *who, const char *path, const char *id)
{
    char whole[300];
    register_path(whole, path, id, NULL);
    struct answer a = api_get(who, "%s", whole);
    expect_status(&a, 200);
    return a;
}

/* POST …/{id}:verb, or PATCH with verb NULL, with the ETag as it is now. Steals the body. */
static inline struct answer act(struct api *who, const char *path, const char *id, const char *verb, json_t *body)
{
    char whole[300];
    struct answer now = look(who, path, id);
    register_path(whole, path, id, verb);
    struct answer a = api_send(who, verb ? "POST" : "PATCH", whole, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

/* It succeeds and leads to that state (NULL: any). */
static inline void moves(struct api *who, const char *path, const char *id, const char *verb, json_t *body, const char *state)
{
    struct answer a = act(who, path, id, verb, body);
    expect_status(&a, 200);
    if (state)
        assert_string_equal(answer_text(&a, "status"), state);
    answer_free(&a);
}

static inline void refuses(struct api *who, const char *path, const char *id, const char *verb, json_t *body, int status,
                           const char *code)
{
    struct answer a = act(who, path, id, verb, body);
    expect_problem(&a, status, code, NULL);
    answer_free(&a);
}

static inline void refuses_new(struct api *who, const char *path, json_t *body, int status, const char *code, const char *pointer)
{
    struct answer a = try_make(who, path, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* The text member of the record as it is now; the caller frees it; NULL: null. */
static inline char *member_of(struct api *who, const char *path, const char *id, const char *name)
{
    struct answer a = look(who, path, id);
    const char *text = answer_text(&a, name);
    char *out = text ? strdup(text) : NULL;
    answer_free(&a);
    return out;
}

static inline void has(struct api *who, const char *path, const char *id, const char *name, const char *value)
{
    char *is = member_of(who, path, id, name);
    if ((is == NULL) != (value == NULL) || (value && strcmp(is, value) != 0))
        fail_msg("%s of %s %s is %s instead of %s", name, path, id, is ? is : "null", value ? value : "null");
    free(is);
}

/* The demo user's id. */
static inline char *user_id(struct api *who)
{
    struct answer a = api_get(who, "/api/v1/me");
    expect_status(&a, 200);
    char *id = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return id;
}

/* What is answered to a verb in a state, to somebody who may do everything. What is not listed is refused with 409 wrong_state.
 */
struct line {
    const char *state, *verb;
    int status;
    const char *code;
};

static inline const struct line *find(const struct line *lines, const char *state, const char *verb)
{
    for (; lines->state; lines++)
        if (strcmp(lines->state, state) == 0 && strcmp(lines->verb, verb) == 0)
            return lines;
    return NULL;
}

static inline void expect_line(struct api *who, const char *path, const char *id, const struct line *line, const char *verb,
                               json_t *body)
{
    struct answer a = act(who, path, id, verb, body);
    if (line && line->status == 200)
        expect_status(&a, 200);
    else
        expect_problem(&a, line ? line->status : 409, line ? line->code : "wrong_state", NULL);
    answer_free(&a);
}

/* Value, whole (0: none) and verdict of a signal as they are now. */
struct signal_now {
    json_int_t value, of;
    bool good;
};

static inline struct signal_now signal_of(struct api *who, const char *area, const char *name)
{
    struct answer a = api_get(who, "/api/v1/orgs/%s/signals", register_org);
    expect_status(&a, 200);
    size_t i;
    json_t *s, *list = json_is_array(a.json) ? a.json : answer_at(&a, "items");
    json_array_foreach(list, i, s)
    {
        if (strcmp(json_string_value(json_object_get(s, "area")), area) == 0 &&
            strcmp(json_string_value(json_object_get(s, "name")), name) == 0) {
            struct signal_now now = {.value = json_integer_value(json_object_get(s, "value")),
                                     .of = json_integer_value(json_object_get(s, "of")),
                                     .good = json_is_true(json_object_get(s, "good"))};
            answer_free(&a);
            return now;
        }
    }
    fail_msg("no signal %s.%s: %.300s", area, name, a.body);
    return (struct signal_now){0};
}

#endif
