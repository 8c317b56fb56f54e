/* What an owner does with an organisation from outside of it: see that it is suspended, and let everybody in again. */
#include "auth/internal.h"
#include "tenant/input.h"

/* GET /api/v1/me/organisations */
static enum bl_status list(struct bl_request *r)
{
    struct bl_rows *rows;
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT id, slug, name, kind, status, suspended_by FROM core.owned_by($1::uuid)",
                        (const char *const[]){r->actor}, 1, BL_FINAL, &rows);
    if (status != BL_OK)
        return status;
    static const char *const names[] = {"id", "slug", "name", "kind", "status", "suspended_by"};
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        bl_json_object(r, NULL);
        for (int c = 0; c < (int)(sizeof names / sizeof *names); c++)
            bl_json_cell(r, names[c], rows, i, c);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* POST /api/v1/me/organisations/{slug}:resume */
static enum bl_status resume(struct bl_request *r)
{
    struct auth_caller caller;
    enum bl_status status = person_of(r, &caller);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT core.organisation_resume($1::uuid, $2, $3::uuid, $4)",
                        (const char *const[]){r->actor, bl_param(r, "slug"), input_id(r), r->id}, 4, BL_FINAL, NULL);
    if (status == BL_OK)
        bl_respond(r, 204, NULL);
    return status;
}

#define SCHEMA(...) #__VA_ARGS__
/* clang-format off */
static const char owned_schema[] = SCHEMA({
    "type": "object", "required": ["items"],
    "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": ["id", "slug", "name", "kind", "status", "suspended_by"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
            "kind": {"type": "string", "enum": ["client", "consultancy", "certification_body"]},
            "status": {"type": "string", "enum": ["active", "suspended"]},
            "suspended_by": {"type": ["string", "null"], "enum": ["owner", "platform", null],
                             "description": "What an owner has suspended an owner resumes."}
        }
    }}}
});
/* clang-format on */

const struct bl_route auth_owned_routes[] = {
    {.method = "GET",
     .path = "/api/v1/me/organisations",
     .handler = list,
     .summary = "The organisations that the caller is an owner of, suspended ones too",
     .answer = owned_schema},
    {.method = "POST",
     .path = "/api/v1/me/organisations/{slug}:resume",
     .handler = resume,
     .flags = BL_FRESH,
     .summary = "Let everybody into an organisation again that an owner has suspended"},
    {0},
};
