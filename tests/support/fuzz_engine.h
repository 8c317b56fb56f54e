/* The yard's engine under a core that answers nothing: for fuzz targets. */
#ifndef SUPPORT_FUZZ_ENGINE_H
#define SUPPORT_FUZZ_ENGINE_H

#include "yard.h"

#include "base/arena.h"
#include "plugin/registry.h"
#include "resource/plan.h"

#include <stdlib.h>

struct fuzz {
    struct bl_request request; /* first */
    struct arena *arena;
    struct {
        const char *name, *value;
    } query[32];
    size_t queries, objections;
};

static inline struct fuzz *fuzz_of(struct bl_request *r)
{
    return (struct fuzz *)(void *)r;
}
static inline void *fuzz_alloc(struct bl_request *r, size_t n)
{
    return arena_alloc(fuzz_of(r)->arena, n);
}
static inline void fuzz_defer(struct bl_request *r, void (*fn)(void *), void *arg)
{
    arena_defer(fuzz_of(r)->arena, fn, arg);
}
static inline enum bl_status fuzz_vfail(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                        const char *format, va_list args) BL_PRINTF(5, 0);
static inline enum bl_status fuzz_vfail(struct bl_request *r, enum bl_status status, const char *code, const char *pointer,
                                        const char *format, va_list args)
{
    (void)code, (void)pointer;
    (void)arena_vformat(fuzz_of(r)->arena, format, args);
    fuzz_of(r)->objections++;
    return status;
}
static inline const char *fuzz_query_at(struct bl_request *r, size_t i, const char **value)
{
    if (i >= fuzz_of(r)->queries)
        return NULL;
    *value = fuzz_of(r)->query[i].value;
    return fuzz_of(r)->query[i].name;
}
static inline const char *fuzz_query(struct bl_request *r, const char *name)
{
    for (size_t i = 0; i < fuzz_of(r)->queries; i++)
        if (strcmp(fuzz_of(r)->query[i].name, name) == 0)
            return fuzz_of(r)->query[i].value;
    return NULL;
}
static inline enum bl_status fuzz_sql(struct bl_request *r, const char *sql, const char *const *args, int nargs, unsigned flags,
                                      struct bl_rows **out)
{
    (void)r, (void)sql, (void)args, (void)nargs, (void)flags, (void)out;
    return BL_UNAVAILABLE;
}

static const struct bl_core fuzz_core = {
    .alloc = fuzz_alloc,
    .defer = fuzz_defer,
    .vfail = fuzz_vfail,
    .query = fuzz_query,
    .query_at = fuzz_query_at,
    .sql = fuzz_sql,
};

static inline const struct plan *fuzz_gates(void)
{
    static const struct bl_plugin *const plugins[] = {&yard};
    static struct engine *engine;
    if (engine == NULL)
        engine = engine_new(registry_of(plugins, 1, stderr), stderr);
    return plan_find(engine, "yard.gates");
}

static inline struct fuzz *fuzz_new(void)
{
    struct fuzz *f = calloc(1, sizeof *f);
    f->arena = arena_new(64u << 20);
    f->request = (struct bl_request){.core = &fuzz_core, .id = "fuzz", .tenant = "t", .actor = "a", .method = "GET"};
    return f;
}

static inline void fuzz_free(struct fuzz *f)
{
    arena_free(f->arena);
    free(f);
}

#endif
