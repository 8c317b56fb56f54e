/* A stranger before another organisation's doors: who it is, what it knows of, and what a test of those doors shares. What
 * belongs to somebody else is answered exactly like what does not exist. Included once per program. */
#ifndef SUPPORT_STRANGER_H
#define SUPPORT_STRANGER_H

#include "attack.h"

#define KEEP "/api/v1/orgs/keep/context/"
#define HOME "/api/v1/orgs/barbican/context/"

static struct api *stranger, *insider; /* barbican's owner may all at home and nothing in keep; keep's manager does */
static json_t *document;
static char *keep_id, *keep_file;

/* Who has what barbican has not: together they hold a record of every resource that is referred to. */
static struct {
    const char *org, *role;
    struct api *api;
} others[] = {{"keep", "manager", NULL}, {"moat", "manager", NULL}, {"outerwall", "owner", NULL}};
enum { OTHERS = sizeof others / sizeof *others };

/* A file of that organisation, of new bytes and a new name. The caller frees its id and archives it. */
static inline char *upload(struct api *who, const char *org)
{
    static int made;
    char path[200], text[100];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/files?name=doors-%lld-%d.txt", org, (long long)time(NULL), ++made);
    snprintf(text, sizeof text, "Behind the doors of %s %lld %d\n", org, (long long)time(NULL), made);
    struct answer r = api_call(who, "POST", path, text, (const char *const[]){"Content-Type: text/plain", NULL});
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    return id;
}

/* The id of somebody else's record of that list; NULL: nobody has one. The caller frees it. */
static inline char *foreign_record(const char *template)
{
    char *id = NULL;
    for (size_t i = 0; i < OTHERS && id == NULL; i++)
        id = attack_first(others[i].api, template, others[i].org);
    return id;
}

static inline int set_up(void **state)
{
    (void)state;
    stranger = api_as("barbican", "owner");
    for (size_t i = 0; i < OTHERS; i++)
        others[i].api = api_as(others[i].org, others[i].role);
    insider = others[0].api;
    document = attack_document();
    struct answer r = api_get(insider, "/api/v1/orgs/keep");
    expect_status(&r, 200);
    keep_id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    keep_file = upload(insider, "keep");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    attack_archive(insider, "/api/v1/orgs/keep/files", keep_file);
    api_free(stranger);
    for (size_t i = 0; i < OTHERS; i++)
        api_free(others[i].api);
    json_decref(document);
    free(keep_id);
    free(keep_file);
    return 0;
}

/* What answers otherwise than it should, all of it: one run tells what there is to mend. */
static size_t offences;

__attribute__((format(printf, 1, 2))) static inline void offend(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stdout, format, args);
    va_end(args);
    fputc('\n', stdout);
    offences++;
}

static inline void no_offences(void)
{
    size_t count = offences;
    offences = 0;
    if (count > 0)
        fail_msg("%zu answers are not what they should be", count);
}

static inline bool is_method(const char *name)
{
    return strcmp(name, "parameters") != 0 && strcmp(name, "summary") != 0 && strcmp(name, "description") != 0;
}

static inline void upper(char *out, const char *name)
{
    size_t i = 0;
    for (; name[i] && i < 15; i++)
        out[i] = (char)(name[i] - 32);
    out[i] = '\0';
}

/* The example of a schema's property, or a value of its type. */
static inline json_t *example_of(json_t *property)
{
    json_t *example = json_array_get(json_object_get(property, "examples"), 0);
    if (example == NULL)
        example = json_array_get(json_object_get(property, "enum"), 0);
    return example ? json_incref(example) : NULL;
}

static inline char *foreign(const char *list)
{
    if (strstr(list, "/members") == NULL)
        return strcmp(list, "/api/v1/orgs/{org}/files") == 0 ? strdup(keep_file) : foreign_record(list);
    struct answer r = api_get(insider, "/api/v1/me");
    char *id = strdup(answer_text(&r, "user/id"));
    answer_free(&r);
    return id;
}

static inline bool complains(const struct answer *r, const char *pointer)
{
    size_t i;
    json_t *e;
    json_array_foreach(answer_at(r, "errors"), i, e)
    {
        const char *at = json_string_value(json_object_get(e, "pointer"));
        if (at && strcmp(at, pointer) == 0)
            return true;
    }
    return false;
}

#endif
