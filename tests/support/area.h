/* Short words for tests of an area through the running service: make a record, change it, be refused. Paths are those below the
 * organisation ("improvement/nonconformities"). Bodies are stolen. Static: each program has its own. */
#ifndef SUPPORT_AREA_H
#define SUPPORT_AREA_H

#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AREA_UNUSED __attribute__((unused))

static const char *area_org = "keep";

/* The user's id. Free it. */
AREA_UNUSED static char *area_id_of(struct api *who)
{
    struct answer a = api_get(who, "/api/v1/me");
    expect_status(&a, 200);
    char *id = strdup(answer_text(&a, "user/id"));
    answer_free(&a);
    return id;
}

/* The day so many days from now. Good until the next call but seven. */
AREA_UNUSED static const char *area_day(int days)
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

/* A word that no other run of any test has used. Good until the next call. */
AREA_UNUSED static const char *area_unique(const char *stem)
{
    static char text[100];
    static int made;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(text, sizeof text, "%s %lld.%09ld.%d", stem, (long long)now.tv_sec, now.tv_nsec, ++made);
    return text;
}

AREA_UNUSED static struct answer area_get(struct api *who, const char *path)
{
    return api_get(who, "/api/v1/orgs/%s/%s", area_org, path);
}

AREA_UNUSED static struct answer area_post(struct api *who, const char *path, json_t *body)
{
    char whole[300];
    snprintf(whole, sizeof whole, "/api/v1/orgs/%s/%s", area_org, path);
    return api_post(who, whole, body);
}

/* The id of the new record. Free it. */
AREA_UNUSED static char *area_make(struct api *who, const char *resource, json_t *body)
{
    struct answer a = area_post(who, resource, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

AREA_UNUSED static void area_refuse(struct api *who, const char *resource, json_t *body, int status, const char *code,
                                    const char *pointer)
{
    struct answer a = area_post(who, resource, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

AREA_UNUSED static struct answer area_read(struct api *who, const char *resource, const char *id)
{
    struct answer a = api_get(who, "/api/v1/orgs/%s/%s/%s", area_org, resource, id);
    expect_status(&a, 200);
    return a;
}

/* PATCH (verb "") or POST …:verb with the record's ETag. */
AREA_UNUSED static struct answer area_change(struct api *who, const char *resource, const char *id, const char *verb,
                                             json_t *body)
{
    char path[300];
    struct answer now = area_read(who, resource, id);
    snprintf(path, sizeof path, "/api/v1/orgs/%s/%s/%s%s%s", area_org, resource, id, *verb ? ":" : "", verb);
    struct answer a = api_send(who, *verb ? "POST" : "PATCH", path, body, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

AREA_UNUSED static void area_do(struct api *who, const char *resource, const char *id, const char *verb, json_t *body)
{
    struct answer a = area_change(who, resource, id, verb, body);
    expect_status(&a, 200);
    answer_free(&a);
}

AREA_UNUSED static void area_cannot(struct api *who, const char *resource, const char *id, const char *verb, json_t *body,
                                    int status, const char *code, const char *pointer)
{
    struct answer a = area_change(who, resource, id, verb, body);
    expect_problem(&a, status, code, pointer);
    answer_free(&a);
}

/* Is the text member what it must be? NULL: null. */
AREA_UNUSED static void area_is(struct api *who, const char *resource, const char *id, const char *member, const char *text)
{
    struct answer a = area_read(who, resource, id);
    const char *is = answer_text(&a, member);
    if (text && !is)
        fail_msg("%s of %s: %s expected, is null", member, resource, text);
    if (text)
        assert_string_equal(is, text);
    else
        assert_null(is);
    answer_free(&a);
}

/* A new organisation, empty, in which keep's people have their roles; the records of this program go there from now on. */
AREA_UNUSED static void area_new_org(const char *stem)
{
    static const char *const roles[] = {"owner",          "manager",          "contributor", "risk_owner",
                                        "top_management", "internal_auditor", "reader"};
    static char slug[60];
    char line[600];
    const char *ballium = getenv("BALLIUM_BINARY");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!ballium)
        fail_msg("BALLIUM_BINARY must name the installed program (tests/run sets it)");
    snprintf(slug, sizeof slug, "%s-%llx", stem,
             (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000);
    snprintf(line, sizeof line, "%s org create --slug %s --name 'Of a test' --kind client >/dev/null", ballium, slug);
    assert_int_equal(system(line), 0); // NOLINT(cert-env33-c): a test, with words of its own
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        snprintf(line, sizeof line, "%s user grant --email %s --org %s --roles %s >/dev/null", ballium,
                 api_email("keep", roles[i]), slug, roles[i]);
        assert_int_equal(system(line), 0); // NOLINT(cert-env33-c)
    }
    area_org = slug;
}

#endif
