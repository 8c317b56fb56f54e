/* Who has read what must be read. */
#include "support.h"
#include <string.h>

/* Every active member with the day of the acknowledgement of the version in force, or none. */
static const char readers[] =
    "SELECT json_build_object('member_id', m.id, 'name', m.name, 'acknowledged_at', a.created_at)::text, a.created_at IS NOT NULL"
    " FROM support.document d JOIN core.member m ON m.tenant_id = $1 AND m.status = 'active'"
    " LEFT JOIN support.acknowledgement a ON a.tenant_id = $1 AND a.version_id = d.live_version_id AND a.member_id = m.id"
    " WHERE d.tenant_id = $1 AND d.id = $2::uuid AND d.archived_at IS NULL ORDER BY a.created_at NULLS FIRST, m.name, m.id LIMIT "
    "5000";

static void put_items(struct bl_request *r, const struct bl_rows *rows)
{
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
}

/* GET documents/{id}/readers */
enum bl_status support_readers(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = support_row(r, readers, bl_param(r, "id"), NULL, &rows);
    if (status)
        return status;
    int64_t have = 0;
    for (int i = 0; i < bl_count(r, rows); i++)
        have += bl_integer(r, rows, i, 1);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    put_items(r, rows);
    bl_json_integer(r, "have", have);
    bl_json_integer(r, "have_not", bl_count(r, rows) - have);
    bl_json_close(r);
    return BL_OK;
}

/* $2 the caller */
static const char to_read[] =
    "SELECT json_build_object('document_id', d.id, 'ref', d.ref, 'number', d.number, 'title', d.title, 'version_id', v.id,"
    " 'version', v.number, 'published_at', v.published_at)::text FROM support.document d"
    " JOIN support.document_version v ON v.tenant_id = $1 AND v.id = d.live_version_id"
    " WHERE d.tenant_id = $1 AND d.archived_at IS NULL AND d.status = 'in_force' AND d.acknowledgement_required"
    " AND NOT EXISTS (SELECT FROM support.acknowledgement a WHERE a.tenant_id = $1 AND a.version_id = v.id AND a.member_id = "
    "$2::uuid) ORDER BY v.published_at, d.id LIMIT 1000";

/* GET to-read */
enum bl_status support_to_read(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, to_read, &r->actor, 1, BL_FINAL, &rows);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    put_items(r, rows);
    bl_json_integer(r, "count", bl_count(r, rows));
    bl_json_close(r);
    return BL_OK;
}
