/* Any JSON as the body of a POST or PATCH: objections, or values for every field that must have one. */
#include "fuzz_engine.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct plan *plan, const struct plan_values *values, enum plan_mode mode)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        bool given = values->given >> i & 1;
        if ((f->flags & BL_REQUIRED) && (given || mode == PLAN_CREATE) && values->text[i] == NULL)
            abort();
        if (given && (f->flags & (BL_SERVER | BL_GENERATED)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct plan *plan = fuzz_gates();
    struct fuzz *f = fuzz_new();
    json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    for (int mode = PLAN_CREATE; body && mode <= PLAN_PATCH; mode++) {
        struct plan_values values;
        f->objections = 0;
        enum bl_status status = resource_validate(&f->request, plan, body, (enum plan_mode)mode, "", &values);
        if ((status == BL_OK) != (f->objections == 0))
            abort();
        if (status == BL_OK)
            check(plan, &values, (enum plan_mode)mode);
    }
    fuzz_free(f);
    json_decref(body);
    return 0;
}
