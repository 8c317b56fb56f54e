/* The difference between two versions of a document, line by line. */
#include "support.h"
#include <string.h>

enum { CONTEXT = 3 }; /* equal lines shown around a change */

/* (text, number, the other's id, text, number, id, one is a file); $2 version, $3 the other or NULL: the one before it that was
 * not discarded. */
static const char both[] =
    "SELECT v.text, v.number, f.id, f.text, f.number, v.id, v.file_id IS NOT NULL OR f.file_id IS NOT NULL FROM "
    "support.document_version v LEFT JOIN LATERAL ("
    "SELECT o.id, o.text, o.number, o.file_id FROM support.document_version o WHERE o.tenant_id = $1 AND o.document_id = "
    "v.document_id"
    " AND o.id <> v.id AND CASE WHEN $3::uuid IS NULL THEN o.number < v.number AND o.status <> 'discarded' ELSE o.id = $3::uuid "
    "END ORDER BY o.number DESC LIMIT 1) f ON true WHERE v.tenant_id = $1 AND v.id = $2::uuid";

static void put_line(struct bl_request *r, const char *name, const struct support_line *line)
{
    char *text = bl_alloc(r, line->length + 1);
    memcpy(text, line->at, line->length);
    bl_json_text(r, name, text);
}

static void put_version(struct bl_request *r, const char *name, const struct bl_rows *rows, int id, int number)
{
    bl_json_object(r, name);
    bl_json_cell(r, "id", rows, 0, id);
    bl_json_cell(r, "number", rows, 0, number);
    bl_json_close(r);
}

/* Where a hunk around the edit `first` ends: after CONTEXT equal lines that no further change follows. */
static size_t hunk_end(const struct support_edits *edits, size_t first)
{
    size_t end = first, equal = 0;
    for (size_t i = first; i < edits->count && equal <= 2 * CONTEXT; i++) {
        equal = edits->list[i].kind == '=' ? equal + 1 : 0;
        if (equal == 0)
            end = i + 1;
    }
    return end + CONTEXT < edits->count ? end + CONTEXT : edits->count;
}

static void put_hunk(struct bl_request *r, const struct support_edits *edits, size_t from, size_t to,
                     const struct support_line *a, const struct support_line *b)
{
    size_t old = 0, fresh = 0; /* lines before the hunk */
    for (size_t i = 0; i < from; i++) {
        old += edits->list[i].kind != '+';
        fresh += edits->list[i].kind != '-';
    }
    bl_json_object(r, NULL);
    bl_json_integer(r, "from_line", (int64_t)old + 1);
    bl_json_integer(r, "to_line", (int64_t)fresh + 1);
    bl_json_array(r, "lines");
    for (size_t i = from; i < to; i++) {
        const struct support_edit *e = &edits->list[i];
        bl_json_object(r, NULL);
        bl_json_text(r, "change", e->kind == '=' ? "none" : e->kind == '+' ? "added" : "removed");
        put_line(r, "text", e->kind == '+' ? &b[e->fresh] : &a[e->old]);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
}

static void put_difference(struct bl_request *r, const struct bl_rows *rows)
{
    const char *new_text = bl_cell(r, rows, 0, 0), *old_text = bl_cell(r, rows, 0, 3);
    struct support_line *a, *b;
    size_t a_count = support_lines(r, old_text ? old_text : "", &a), b_count = support_lines(r, new_text ? new_text : "", &b);
    struct support_edits edits = support_compare(r, a, a_count, b, b_count);
    int64_t added = 0, removed = 0;
    for (size_t i = 0; i < edits.count; i++) {
        added += edits.list[i].kind == '+';
        removed += edits.list[i].kind == '-';
    }
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    if (bl_cell(r, rows, 0, 2))
        put_version(r, "from", rows, 2, 4);
    else
        bl_json_raw(r, "from", NULL);
    put_version(r, "to", rows, 5, 1);
    bl_json_integer(r, "added", added);
    bl_json_integer(r, "removed", removed);
    bl_json_bool(r, "minimal", edits.minimal);
    bl_json_array(r, "hunks");
    for (size_t i = 0; i < edits.count;) {
        if (edits.list[i].kind == '=') {
            i++;
            continue;
        }
        size_t from = i > CONTEXT ? i - CONTEXT : 0, to = hunk_end(&edits, i);
        put_hunk(r, &edits, from, to, a, b);
        i = to;
    }
    bl_json_close(r);
    bl_json_close(r);
}

/* GET document-versions/{id}/difference?from= */
enum bl_status support_difference(struct bl_request *r)
{
    const char *args[] = {bl_param(r, "id"), bl_query(r, "from")};
    struct bl_rows *rows;
    if (args[1] && !bl_is_id(args[1]))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter from: must be the id of a version");
    enum bl_status status = bl_sql(r, both, args, 2, BL_FINAL, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such version");
    if (args[1] && !bl_cell(r, rows, 0, 2))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter from: is no other version of the same document");
    if (bl_integer(r, rows, 0, 6))
        return bl_fail(r, BL_CONFLICT, "not_text", NULL, "one of the two is a file: only texts are compared line by line");
    put_difference(r, rows);
    return BL_OK;
}
