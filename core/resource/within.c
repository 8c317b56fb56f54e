#include "resource/within.h"

#include "resource/value.h"

struct within {
    struct bl_core core; /* the request's, with another vfail; first, so that the request's pointer finds this */
    const struct bl_core *outer;
    const char *part, *body;
    enum bl_status as;
};

/* What has no pointer is about the part as a whole; the service's own failures are about no part. */
static enum bl_status fail_within(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                  const char *format, va_list args)
{
    const struct within *within = (const struct within *)r->core;
    if (pointer != NULL)
        pointer = value_text(r, "%s%s", within->body, pointer);
    else if (status < BL_INTERNAL)
        pointer = within->part;
    if (within->as != BL_OK && status < BL_INTERNAL)
        status = within->as;
    return within->outer->vfail(r, status, code, pointer, format, args);
}

struct within *within_new(struct bl_request *r)
{
    return bl_alloc(r, sizeof(struct within));
}

void within_enter(struct within *within, struct bl_request *r, const char *part, const char *body, enum bl_status as)
{
    *within = (struct within){.core = *r->core, .outer = r->core, .part = part, .body = body, .as = as};
    within->core.vfail = fail_within;
    r->core = &within->core;
}

void within_leave(struct bl_request *r)
{
    r->core = ((const struct within *)r->core)->outer;
}
