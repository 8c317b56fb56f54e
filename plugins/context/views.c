/* The issues at a glance: SWOT and PESTEL. Each is one statement over the open issues, the weightiest first. */
#include "context.h"
#include <string.h>

enum { MOST = 1000 }; /* issues in one view: more than anybody reads */

enum column { GROUP, ID, REF, TITLE, CATEGORY, EFFECT, CONCERN, INFLUENCE, CONTROL, PRIORITY, OWNER_ID, OWNER, REVIEW_ON };

#define ISSUES(group, condition)                                                                                                 \
    "SELECT i." group ", i.id, i.ref, i.title, i.category, i.effect, i.concern, i.influence, i.control, i.priority,"             \
    " i.owner_id, m.name, i.review_on"                                                                                           \
    " FROM context.issue i LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = i.owner_id"                                    \
    " WHERE i.tenant_id = $1 AND i.archived_at IS NULL AND i.status = 'open'" condition                                          \
    " ORDER BY i.priority DESC, i.id LIMIT 1001"

struct group {
    const char *value, *member; /* of the column; in the answer */
};

static void put_issue(struct bl_request *r, const struct bl_rows *rows, int i)
{
    static const char *const names[] = {NULL,        "id",      "ref",      "title",    "category", "effect",   "concern",
                                        "influence", "control", "priority", "owner_id", "owner",    "review_on"};
    bl_json_object(r, NULL);
    for (int column = ID; column <= REVIEW_ON; column++)
        bl_json_cell(r, names[column], rows, i, column);
    bl_json_close(r);
}

static enum bl_status view(struct bl_request *r, const char *sql, const struct group *groups)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows) > MOST ? MOST : bl_count(r, rows);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    for (const struct group *g = groups; g->value; g++) {
        bl_json_array(r, g->member);
        for (int i = 0; i < count; i++)
            if (strcmp(bl_cell(r, rows, i, GROUP), g->value) == 0)
                put_issue(r, rows, i);
        bl_json_close(r);
    }
    bl_json_bool(r, "more", bl_count(r, rows) > MOST);
    bl_json_close(r);
    return BL_OK;
}

enum bl_status context_swot(struct bl_request *r)
{
    static const struct group quadrants[] = {
        {"strength", "strengths"}, {"weakness", "weaknesses"}, {"opportunity", "opportunities"}, {"threat", "threats"}, {0},
    };
    return view(r, ISSUES("quadrant", ""), quadrants);
}

enum bl_status context_pestel(struct bl_request *r)
{
    static const struct group categories[] = {
        {"political", "political"},
        {"economic", "economic"},
        {"social", "social"},
        {"technological", "technological"},
        {"environmental", "environmental"},
        {"legal", "legal"},
        {0},
    };
    return view(r, ISSUES("category", " AND i.origin = 'external'"), categories);
}
