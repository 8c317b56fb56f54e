/* Words for statements that answer a report's whole document as one cell of JSON (see bl_report in plugin.h), so that a report is
 * one statement: what it says is tables of columns and rows, not code. Put `clang-format off` around what is made of them. */
#ifndef BALLIUM_PAPER_H
#define BALLIUM_PAPER_H

#include <ballium/rules.h>

#define BL_COLUMN(title, width, kind) "jsonb_build_object('title', '" title "', 'width', " #width ", 'kind', '" kind "')"
/* A section with a table. `rows`: SELECT … AS place, jsonb_build_array(…) AS cells …; shown by place. */
#define BL_TABLE(heading, columns, rows)                                                                                         \
    "jsonb_build_object('heading', '" heading "', 'table', jsonb_build_object('columns', jsonb_build_array(" columns             \
    "), 'rows', coalesce((SELECT jsonb_agg(x.cells ORDER BY x.place) FROM (" rows ") x), '[]'::jsonb)))"
#define BL_SECTION(heading, text) "jsonb_build_object('heading', '" heading "', 'text', coalesce(" text ", '-'))"
#define BL_MARKDOWN(heading, text)                                                                                               \
    "jsonb_build_object('heading', '" heading "', 'markdown', true, 'text', coalesce(" text ", '-'))"
#define BL_FACT(label, value) "jsonb_build_array('" label "', coalesce(" value ", '-'))"
#define BL_SIGNED(role, name, day) "jsonb_build_object('role', '" role "', 'name', coalesce(" name ", '-'), 'date', " day ")"
#define BL_MEMBER(id) "(SELECT m.name FROM core.member m WHERE m.tenant_id = $1 AND m.id = " id ")"
#define BL_WORDS(text) "replace(" text ", '_', ' ')"
#define BL_LISTED(array) "nullif(replace(array_to_string(" array ", ', '), '_', ' '), '')"
#define BL_MINUTE(time) "to_char(" time " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"

/* The document that the statement answers; $2 is the order's id. `what` NULL: it is about no one record, and there is no $2. */
BL_MUST_CHECK static inline enum bl_status bl_paper(struct bl_request *r, const char *sql, const char *what, const json_t *order,
                                                    json_t **document)
{
    const char *id = bl_text(order, "id");
    struct bl_rows *rows;
    if (what && !id)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/id", "name the %s that the document is about", what);
    enum bl_status status = bl_sql(r, sql, &id, what ? 1 : 0, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        status = bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such %s", what ? what : "record");
    if (status)
        return status;
    *document = json_loads(bl_cell(r, rows, 0, 0), 0, NULL);
    return *document ? BL_OK : bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
}

#endif
