/* Certification over all organisations that the caller may enter: a body sees its clients, a consultant those it advises, and who
 * works for one client that one. Each row is a record of the organisation it names; nothing is put together across two. */
#include "certification.h"
#include "due.h"
#include <stdio.h>
#include <string.h>

enum { ROWS = 1000 };

/* clang-format off */

/* $1 organisations, $2 today, $3 days ahead. What is archived, and what never came to be, is not counted. */
#define HELD                                                                                                                     \
    "SELECT c.tenant_id, 'body' AS side, 'certificates' AS resource, c.id, c.ref, c.client_name AS client, NULL AS body, c.number," \
    " c.status AS state, c.edition, c.expires_on, c.suspended_until_on, c.client_change FROM certification.certificate c"        \
    " WHERE c.tenant_id = ANY ($1) AND c.archived_at IS NULL AND c.status NOT IN ('none', 'refused')"                            \
    " UNION ALL SELECT h.tenant_id, 'client', 'held_certificates', h.id, h.ref, h.client_name, h.body_name, h.number, h.state,"  \
    " h.edition, h.expires_on, h.suspended_until_on, h.change_told FROM certification.held_certificate h"                        \
    " WHERE h.tenant_id = ANY ($1) AND h.archived_at IS NULL AND h.state <> 'refused'"
#define DUE "SELECT * FROM (" CERTIFICATION_DUE("= ANY ($1)") ") p WHERE due <= $2::date + $3::integer"

/* Valid, and its last day lies within the days asked for. */
#define EXPIRING "(state IN ('certified', 'suspended') AND expires_on BETWEEN $2::date AND $2::date + $3::integer)"

static const char sums[] =
    "SELECT tenant_id, side, sum(certified) AS certified, sum(suspended) AS suspended, sum(expiring) AS expiring,"
    " sum(late) AS late, sum(due) AS due FROM ("
    "SELECT tenant_id, side, (state = 'certified')::integer AS certified, (state = 'suspended')::integer AS suspended,"
    " coalesce(" EXPIRING ", false)::integer AS expiring, 0 AS late, 0 AS due FROM (" HELD ") h"
    " UNION ALL SELECT tenant_id, side, 0, 0, 0, (due < $2::date)::integer, (due >= $2::date)::integer FROM (" DUE ") d"
    ") x GROUP BY tenant_id, side ORDER BY tenant_id, side LIMIT 1001";

static const char certifications[] =
    "SELECT h.tenant_id, h.side, h.resource, h.id, h.ref, h.client, h.body, h.number, h.state, h.edition, h.expires_on,"
    " coalesce(" EXPIRING ", false) AS expiring, h.suspended_until_on, h.client_change, coalesce(d.late, 0) AS late,"
    " coalesce(d.due, 0) AS due, d.next_what, d.next_on FROM (" HELD ") h LEFT JOIN (SELECT tenant_id, certificate_id,"
    " count(*) FILTER (WHERE due < $2::date) AS late, count(*) FILTER (WHERE due >= $2::date) AS due, min(due) AS next_on,"
    " (array_agg(what ORDER BY due, what))[1] AS next_what FROM (" DUE ") p WHERE certificate_id IS NOT NULL"
    " GROUP BY tenant_id, certificate_id) d ON d.tenant_id = h.tenant_id AND d.certificate_id = h.id"
    " ORDER BY coalesce(d.late, 0) > 0 DESC, h.state = 'suspended' DESC, d.next_on, h.client, h.id LIMIT 1001";

static const char due_days[] =
    "SELECT tenant_id, side, resource, id, ref, client, name, state, what, due, due < $2::date, due - $2::date FROM (" DUE
    ") d ORDER BY due, ref, id LIMIT 1001";

static const char load[] =
    "SELECT tenant_id, auditor_id, ref, name, year, audits, days, leads, available_days FROM ("
    CERTIFICATION_LOAD("= ANY ($1)") ") l WHERE year >= extract(year FROM $2::date) AND $3::integer >= 0"
    " ORDER BY year, days DESC, name, auditor_id LIMIT 1001";
/* clang-format on */

struct list {
    const char *name, *sql;
    bool records;            /* second and third member: register and id of the record */
    const char *members[18]; /* of the columns behind the first, which is the organisation */
};
static const struct list lists[] = {
    {"organisations", sums, false, {"side", "certified", "suspended", "expiring", "late", "due"}},
    {"certifications",
     certifications,
     true,
     {"side", "resource", "id", "ref", "client", "body", "number", "state", "edition", "expires_on", "expiring",
      "suspended_until_on", "change", "late", "due", "next", "next_on"}},
    {"due", due_days, true, {"side", "resource", "id", "ref", "client", "name", "state", "what", "on", "late", "days"}},
    {"auditors", load, false, {"id", "ref", "name", "year", "audits", "days", "leads", "available_days"}},
};
enum { LISTS = sizeof lists / sizeof *lists };

/* Where the record is read: its register's name takes hyphens in a path. */
static void put_url(struct bl_request *r, const char *slug, const char *resource, const char *id)
{
    char url[200];
    int start = snprintf(url, sizeof url, "/api/v1/orgs/%.60s/", slug);
    snprintf(url + start, sizeof url - (size_t)start, "certification/%.60s/%.36s", resource, id);
    for (char *at = url + start; *at; at++)
        if (*at == '_')
            *at = '-';
    bl_json_text(r, "url", url);
}

static void put_row(struct bl_request *r, const struct list *list, const struct bl_rows *rows, int row)
{
    const char *slug = "", *name = "";
    bl_json_object(r, NULL);
    if (bl_organisation(r, bl_cell(r, rows, row, 0), &slug, &name)) {
        bl_json_object(r, "organisation");
        bl_json_text(r, "slug", slug);
        bl_json_text(r, "name", name);
        bl_json_close(r);
    }
    for (int k = 0; list->members[k]; k++)
        bl_json_cell(r, list->members[k], rows, row, k + 1);
    if (list->records)
        put_url(r, slug, bl_cell(r, rows, row, 2), bl_cell(r, rows, row, 3));
    bl_json_close(r);
}

/* GET /api/v1/portfolio/certification?days= */
enum bl_status certification_portfolio(struct bl_request *r)
{
    struct bl_rows *rows[LISTS];
    char today[11];
    bool more = false;
    const char *days = NULL;
    enum bl_status status = certification_days_ahead(r, "90", &days);
    bl_day(r->now, today);
    const char *args[] = {today, days};
    for (size_t i = 0; status == BL_OK && i < LISTS; i++)
        status = bl_sql(r, lists[i].sql, args, 2, i + 1 == LISTS ? BL_FINAL : 0, &rows[i]);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_text(r, "today", today);
    for (size_t i = 0; i < LISTS; i++) {
        bl_json_array(r, lists[i].name);
        for (int row = 0; row < bl_count(r, rows[i]) && row < ROWS; row++)
            put_row(r, &lists[i], rows[i], row);
        bl_json_close(r);
        more = more || bl_count(r, rows[i]) > ROWS;
    }
    bl_json_bool(r, "more", more);
    bl_json_close(r);
    return BL_OK;
}
