/* A script is data: who sends which request with which bodies. Every value that begins with @ stands for something known only
 * when it runs:
 *   "@today", "@today+30", "@today-400"   a date; "@today-2T18:05:00Z" a moment on it
 *   "@user:manager"                       the id of this organisation's person in that role
 *   "@name", "@name.ref"                  the id (or another member) of what an earlier step made under that name; the name
 *                                         itself may have dots
 * A step: {"as": role, "post" | "patch" | "get": path below the organisation, "each": [bodies], "names": "list/member"}; with
 * "in" it happens in another organisation, and "as" is an e-mail address. A body's own member
 * "@" is the name that the answer is kept under; where the path ends in "@" it is the name of the record that is meant. "names"
 * keeps each record of a list in the answer under one of its members, with the words of "prefix" before it. */
#include "cli/demo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct play {
    struct demo_service *service;
    struct demo_people *people;
    const char *org; /* in which the step happens */
    const char *own; /* of the script */
    json_t *members; /* of the script */
    json_t *names;   /* name -> record */
    size_t sent;
    bool again; /* a run before this one has begun it */
    time_t now;
};

struct demo_person *demo_person(struct demo_people *people, const char *email)
{
    for (size_t i = 0; email && i < people->count; i++)
        if (strcmp(people->list[i].email, email) == 0)
            return &people->list[i];
    return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static struct demo_person *in_role(const struct play *p, const char *role)
{
    size_t i;
    json_t *member;
    json_array_foreach(p->members, i, member)
    {
        if (strcmp(text_of(member, "role"), role) == 0)
            return demo_person(p->people, text_of(member, "email"));
    }
    return NULL;
}

/* What "@…" stands for; NULL: nothing. The caller frees it. */
static char *meant(const struct play *p, const char *word)
{
    char date[11];
    if (strncmp(word, "@today", 6) == 0) {
        char *rest, *whole;
        time_t day = p->now + 86400 * strtol(word + 6, &rest, 10);
        struct tm parts;
        gmtime_r(&day, &parts);
        strftime(date, sizeof date, "%Y-%m-%d", &parts);
        return asprintf(&whole, "%s%s", date, rest) < 0 ? NULL : whole;
    }
    if (strncmp(word, "@user:", 6) == 0) {
        const struct demo_person *person = in_role(p, word + 6);
        return person ? strdup(person->id) : NULL;
    }
    char name[80];
    size_t length = strcspn(word + 1, ".");
    snprintf(name, sizeof name, "%.*s", (int)length, word + 1);
    const char *found = text_of(json_object_get(p->names, word + 1), "id"); /* "A.8.13" is a name as a whole */
    if (!found && word[1 + length])
        found = text_of(json_object_get(p->names, name), word + length + 2);
    return found ? strdup(found) : NULL;
}

/* A copy with every "@…" replaced; NULL after a line to standard error. */
static json_t *resolve(const struct play *p, const json_t *value)
{
    const char *text = json_string_value(value), *name;
    json_t *copy, *member;
    size_t i;
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)value, name, member)
        {
            json_t *resolved = strcmp(name, "@") == 0 ? NULL : resolve(p, member);
            if (resolved)
                json_object_set_new(copy, name, resolved);
        }
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, member)
        {
            json_array_append_new(copy, resolve(p, member));
        }
        return copy;
    }
    if (!text || text[0] != '@')
        return json_deep_copy(value);
    char *found = meant(p, text);
    if (!found)
        fprintf(stderr, "ballium: demo: %s: nothing is called %s\n", p->org, text);
    copy = found ? json_string(found) : json_null();
    free(found);
    return copy;
}

/* "context/scopes/@first:submit" with the id of what @first names; a bare @ takes `own`. False: no such name. */
static bool path_of(const struct play *p, const char *path, const char *own, char *out, size_t room)
{
    char word[80];
    const char *mark = strchr(path, '@');
    size_t length = mark ? strcspn(mark, ":/?") : 0;
    snprintf(word, sizeof word, "@%.*s", length > 1 ? (int)length - 1 : 80, length > 1 ? mark + 1 : own ? own : "");
    char *id = mark ? meant(p, word) : NULL;
    if (mark && !id)
        fprintf(stderr, "ballium: demo: %s: nothing is called %s\n", p->org, word);
    else
        snprintf(out, room, "/api/v1/orgs/%s/%.*s%s%s", p->org, mark ? (int)(mark - path) : (int)strlen(path), path, id ? id : "",
                 mark ? mark + length : "");
    free(id);
    return !mark || id;
}

static bool good(const char *who, const struct demo_request *request, const struct demo_answer *answer)
{
    if (answer->status >= 200 && answer->status < 300)
        return true;
    fprintf(stderr, "ballium: demo: %s %s as %s: %d %s\n", request->method, request->path, who, answer->status, answer->text);
    if (request->body && !json_object_get(request->body, "password")) {
        json_dumpf(request->body, stderr, JSON_COMPACT);
        fputc('\n', stderr);
    }
    return false;
}

static bool log_in(struct play *p, struct demo_person *person)
{
    if (person->token)
        return true;
    json_t *body = json_pack("{s:s, s:s}", "email", person->email, "password", person->password);
    struct demo_request request = {.method = "POST", .path = "/api/v1/auth/login", .body = body};
    struct demo_answer answer = demo_call(p->service, &request);
    const char *token = good(person->email, &request, &answer) ? text_of(answer.json, "access_token") : NULL;
    person->token = token ? strdup(token) : NULL;
    demo_answer_free(&answer);
    json_decref(body);
    return person->token != NULL;
}

/* A change to a record names the version that it was made from. */
static char *etag_of(struct play *p, const struct demo_person *person, const char *path)
{
    char record[300];
    const char *last = strrchr(path, '/'), *verb = last ? strchr(last, ':') : NULL;
    snprintf(record, sizeof record, "%.*s", verb ? (int)(verb - path) : (int)strlen(path), path);
    struct demo_request request = {.method = "GET", .path = record, .token = person->token};
    struct demo_answer answer = demo_call(p->service, &request);
    char *etag = answer.status == 200 && answer.etag ? strdup(answer.etag) : NULL;
    demo_answer_free(&answer);
    return etag;
}

static void keep(struct play *p, const json_t *step, const json_t *body, json_t *answer)
{
    const char *name = text_of(body, "@"), *names = text_of(step, "names");
    if (name && !json_object_get(p->names, name))
        json_object_set(p->names, name, answer);
    if (!names)
        return;
    char list[40];
    const char *member = strchr(names, '/') + 1;
    snprintf(list, sizeof list, "%.*s", (int)(member - names - 1), names);
    size_t i;
    json_t *record;
    json_array_foreach(json_object_get(answer, list), i, record)
    {
        const char *prefix = text_of(step, "prefix"), *value = text_of(record, member);
        char own[80];
        snprintf(own, sizeof own, "%s%s", prefix ? prefix : "", value ? value : "");
        json_object_set(p->names, own, record);
    }
}

/* A run that broke off has changed the record already, and later steps have closed it. */
static bool was_changed(const struct play *p, const struct demo_answer *answer)
{
    const char *type = text_of(answer->json, "type");
    return p->again && type && strcmp(type, "urn:ballium:problem:frozen") == 0;
}

/* The key makes a step that was done already, in a run that broke off, answer as it did then. */
static bool send_one(struct play *p, const json_t *step, struct demo_person *person, const json_t *body)
{
    char path[300], key[80];
    const char *patch = text_of(step, "patch"), *get = text_of(step, "get");
    const char *target = patch ? patch : get ? get : text_of(step, "post");
    if (!target || !path_of(p, target, text_of(body, "@"), path, sizeof path))
        return false;
    bool record = patch || (strchr(target, '@') && strchr(target, ':'));
    char *etag = record ? etag_of(p, person, path) : NULL;
    json_t *resolved = get ? NULL : resolve(p, body);
    snprintf(key, sizeof key, "demo-%s-%zu", p->own, ++p->sent);
    struct demo_request request = {.method = patch ? "PATCH"
                                             : get ? "GET"
                                                   : "POST",
                                   .path = path,
                                   .token = person->token,
                                   .body = resolved,
                                   .if_match = etag,
                                   .key = patch || get ? NULL : key};
    struct demo_answer answer = demo_call(p->service, &request);
    bool done = (patch && was_changed(p, &answer)) || good(person->email, &request, &answer);
    if (done)
        keep(p, step, body, answer.json);
    demo_answer_free(&answer);
    json_decref(resolved);
    free(etag);
    return done;
}

static bool do_step(struct play *p, const json_t *step)
{
    const char *in = text_of(step, "in"), *as = text_of(step, "as");
    struct demo_person *person = in ? demo_person(p->people, as) : in_role(p, as);
    p->org = in ? in : p->own;
    if (!person) {
        fprintf(stderr, "ballium: demo: %s has nobody in the role %s\n", p->org, as);
        return false;
    }
    bool going = log_in(p, person);
    size_t i;
    json_t *body;
    json_array_foreach(json_object_get(step, "each"), i, body)
    {
        going = going && send_one(p, step, person, body);
    }
    return going;
}

/* Keys are kept for a day. Was this organisation's first record made longer ago, so that its steps would be done twice? */
static bool played_before(struct play *p, json_t *steps)
{
    char path[300], limit[32];
    const json_t *step = json_array_get(steps, 0);
    struct demo_person *person = step ? in_role(p, text_of(step, "as")) : NULL;
    if (!person || !log_in(p, person))
        return false;
    snprintf(path, sizeof path, "/api/v1/orgs/%s/%s?sort=created_at&limit=1", p->org, text_of(step, "post"));
    struct demo_request request = {.method = "GET", .path = path, .token = person->token};
    struct demo_answer answer = demo_call(p->service, &request);
    const char *made = text_of(json_array_get(json_object_get(answer.json, "items"), 0), "created_at");
    time_t day = p->now - (time_t)23 * 3600;
    struct tm parts;
    gmtime_r(&day, &parts);
    strftime(limit, sizeof limit, "%Y-%m-%dT%H:%M:%S", &parts);
    bool before = made && strcmp(made, limit) < 0;
    demo_answer_free(&answer);
    return before;
}

bool demo_play(struct demo_service *service, struct demo_people *people, json_t *script, bool again)
{
    struct play p = {.service = service,
                     .people = people,
                     .org = text_of(json_object_get(script, "organisation"), "slug"),
                     .own = text_of(json_object_get(script, "organisation"), "slug"),
                     .members = json_object_get(script, "members"),
                     .names = json_object(),
                     .again = again,
                     .now = time(NULL)};
    bool going = true;
    size_t i;
    json_t *step, *steps = json_object_get(script, "steps");
    if (again && played_before(&p, steps)) {
        printf("%-10s is kept as it is\n", p.own);
        steps = NULL;
    }
    json_array_foreach(steps, i, step)
    {
        going = going && do_step(&p, step);
    }
    if (going && p.sent > 0)
        printf("%-10s %3zu requests\n", p.own, p.sent);
    json_decref(p.names);
    return going;
}
