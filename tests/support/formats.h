/* Requests to the yard that carry a file, a second path parameter, or no answer body. */
#ifndef SUPPORT_FORMATS_H
#define SUPPORT_FORMATS_H

#include "base/buf.h"
#include "yard_db.h"

#define GATES "yard/gates"
#define GATE "yard/gates/{id}"
#define TOWERS "yard/towers"
#define NOBODY "01990000-0000-7000-8000-0000000000ff"

static const char *formats_file = "", *formats_other;

static inline enum bl_status formats_text(struct bl_request *r, const char **text, size_t *length)
{
    (void)r;
    *text = formats_file;
    *length = strlen(formats_file);
    return BL_OK;
}

static inline const char *formats_param(struct bl_request *r, const char *name)
{
    return strcmp(name, "other") == 0 ? formats_other : fake_param(r, name);
}

static inline void formats_respond(struct bl_request *r, int status, const char *media_type)
{
    fake_respond(r, status, media_type != NULL ? media_type : "");
}

static inline struct ask *formats_ask(struct yard_db *y)
{
    struct ask *a = yard_ask(y);
    a->fake.core.text = formats_text;
    a->fake.core.param = formats_param;
    a->fake.core.respond = formats_respond;
    a->fake.core.link = engine_link;
    return a;
}

/* The answer's status; the request goes. */
static inline int formats_done(struct ask *a, int status)
{
    ask_free(a);
    return status;
}

/* How many rows a superuser sees. */
#define formats_count(y, ...) atol(yard_value(y, __VA_ARGS__))

#endif
