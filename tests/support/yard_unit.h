/* The yard without a database: an engine made from its tables. */
#ifndef SUPPORT_YARD_UNIT_H
#define SUPPORT_YARD_UNIT_H

#include "ask.h"
#include "yard.h"

#include "plugin/registry.h"
#include "resource/plan.h"

struct yard_unit {
    struct registry *registry;
    struct engine *engine;
    const struct plan *gates, *towers, *entries;
};

static inline int yard_unit_up(void **state)
{
    static const struct bl_plugin *const plugins[] = {&yard};
    struct yard_unit *y = calloc(1, sizeof *y);
    assert_non_null(y);
    y->registry = registry_of(plugins, 1, stderr);
    assert_non_null(y->registry);
    y->engine = engine_new(y->registry, stderr);
    assert_non_null(y->engine);
    y->gates = plan_find(y->engine, "yard.gates");
    y->towers = plan_find(y->engine, "yard.towers");
    y->entries = plan_find(y->engine, "yard.log_entries");
    *state = y;
    return 0;
}

static inline int yard_unit_down(void **state)
{
    struct yard_unit *y = *state;
    if (y == NULL)
        return 0;
    engine_free(y->engine);
    registry_free(y->registry);
    free(y);
    return 0;
}

#endif
