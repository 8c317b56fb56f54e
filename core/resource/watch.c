#include "resource/watch.h"

#include <ballium/core.h>

enum { DEEPEST = 8 }; /* areas that tell each other of the changes that they make of it: a circle must not eat the stack */

struct watch {
    struct bl_core core; /* the request's, with other answers; first, so that the request's pointer finds this */
    const struct bl_core *outer;
    int depth;
};

static bool may_all(struct bl_request *r, const char *permission)
{
    (void)r;
    (void)permission;
    return true;
}

static enum bl_status fail_outside(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                   const char *format, va_list args)
{
    const struct watch *watch = (const struct watch *)r->core;
    (void)pointer;
    r->core = watch->outer; /* what stands around may know itself by this pointer */
    status = r->core->vfail(r, status, code, NULL, format, args);
    r->core = &watch->core;
    return status;
}

static int depth_of(const struct bl_request *r)
{
    return r->core->may == may_all ? ((const struct watch *)r->core)->depth : 0;
}

enum bl_status watch_tell(struct bl_request *r, const bl_rule *rules, const struct bl_change *change)
{
    enum bl_status status = BL_OK;
    const char *actor = r->actor;
    if (rules == NULL)
        return BL_OK;
    if (depth_of(r) == DEEPEST)
        return bl_fail(r, BL_INTERNAL, "watch_circle", NULL, "areas tell each other of this change without end");
    struct watch *watch = bl_alloc(r, sizeof *watch); /* not on the stack: the request may end in the middle (memory is out) */
    *watch = (struct watch){.core = *r->core, .outer = r->core, .depth = depth_of(r) + 1};
    watch->core.may = may_all;
    watch->core.vfail = fail_outside;
    r->core = &watch->core;
    r->actor = BL_SERVICE;
    for (; *rules && status == BL_OK; rules++)
        status = (*rules)(r, change);
    r->actor = actor;
    r->core = watch->outer;
    return status;
}
