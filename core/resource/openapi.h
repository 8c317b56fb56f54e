/* The OpenAPI 3.1 document in the making: what openapi.c (paths) and openapi_schema.c (shapes) share. */
#ifndef RESOURCE_OPENAPI_H
#define RESOURCE_OPENAPI_H

#include "base/json.h"
#include "resource/plan.h"

struct openapi {
    struct json json;
    struct arena *arena;
    json_t *base; /* core/data/openapi.json: all that does not come from tables */
    json_t *ids;  /* operationIds that are taken */
};

/* Writes the whole document of these routes into `out`, from whose arena it takes its memory. */
void openapi_build(const struct engine *, const struct engine_route *routes, size_t count, struct buf *out);

/* openapi_operation.c. The members of an operation object, inside braces that are open. */
bool openapi_operation(struct openapi *, const struct engine_route *); /* false: not one that every resource has */
extern const char openapi_common_problems[];                           /* statuses that any route with a token may answer */
void openapi_id(struct openapi *, const char *words);                  /* as operationId; with a number when it is taken */
void openapi_tag(struct openapi *, const char *tag);
const char *openapi_area(struct openapi *, const struct bl_plugin *); /* the area's tag */
void openapi_path_parameters(struct openapi *, const char *path);
void openapi_query(struct openapi *, const char *name, const char *help, const char *example); /* the last two may be NULL */
void openapi_problems(struct openapi *, const char *list);
void openapi_text_media(struct openapi *, const char *media, size_t length);

/* openapi_schema.c */
const char *openapi_schema_name(struct arena *, const struct plan *, const char *suffix); /* "ContextIssue" "Page" */
void openapi_schemas(struct openapi *, const struct plan *); /* the record, its page, what create and patch take */
/* An object of fields: a transition's input. `reason`: with the member that BL_REASON asks for. */
void openapi_input(struct openapi *, const char *name, const struct bl_field *, bool reason);
void openapi_ref(struct json *, const char *name, const char *pointer); /* {"$ref": "#/components/<pointer>"} */

#endif
