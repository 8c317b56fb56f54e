/* The matrix of persons and needs: what each must be able to do by the roles he holds, and what is proved. One statement. */
#include "support.h"
#include <string.h>

/* $2 unit, $3 person, $4 state, each or NULL. */
#define VIEW                                                                                                                     \
    " SELECT json_build_object('person_id', person_id, 'person_ref', person_ref, 'person', person, 'unit', unit, 'role', role,"  \
    " 'competence_id', competence_id, 'competence', competence, 'need_id', need_id, 'need_ref', need_ref, 'needed', needed,"     \
    " 'shown', shown, 'expires_on', expires_on, 'state', state, 'training', training)::text,"                                    \
    " count(*) OVER (), count(*) FILTER (WHERE state = 'met') OVER () FROM cell"                                                 \
    " WHERE ($2::text IS NULL OR unit = $2) AND ($3::uuid IS NULL OR person_id = $3::uuid) AND ($4::text IS NULL OR CASE $4"     \
    " WHEN 'gap' THEN state <> 'met' ELSE state = $4 END) ORDER BY unit, person, person_id, role, competence, need_id LIMIT "    \
    "5000"

static const char with_appointments[] = SUPPORT_HOLDS SUPPORT_OWN_ROLES SUPPORT_APPOINTMENTS SUPPORT_CELLS VIEW,
                  own_roles[] = SUPPORT_HOLDS SUPPORT_OWN_ROLES SUPPORT_CELLS VIEW;

/* GET competence-gaps?unit=&person_id=&state= */
enum bl_status support_competence_gaps(struct bl_request *r)
{
    static const char *const states[] = {"gap", "met", "below", "expired", "missing"};
    const char *args[] = {bl_query(r, "unit"), bl_query(r, "person_id"), bl_query(r, "state")};
    struct bl_rows *rows;
    bool known = args[2] == NULL;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        known = known || strcmp(args[2], states[i]) == 0;
    if (!known)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL,
                       "query parameter state: must be gap, met, below, expired or missing");
    if (args[1] && !bl_is_id(args[1]))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter person_id: must be the id of a person");
    enum bl_status status = bl_sql(r, bl_loaded(r, "leadership") ? with_appointments : own_roles, args, 3, BL_FINAL, &rows);
    if (status)
        return status;
    int64_t count = bl_count(r, rows) ? bl_integer(r, rows, 0, 1) : 0, met = bl_count(r, rows) ? bl_integer(r, rows, 0, 2) : 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_integer(r, "count", count);
    bl_json_integer(r, "met", met);
    bl_json_bool(r, "more", count > bl_count(r, rows));
    bl_json_close(r);
    return BL_OK;
}
