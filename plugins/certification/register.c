/* The public register. What everybody may see is copied out of the body's record into a table of its own, which belongs to nobody
 * and holds nothing else: reading it enters no tenant. It is written only through certification.publish, which writes for the
 * body whose tenant the transaction has entered, and for no other. */
#include "certification.h"
#include <string.h>

/* clang-format off */
/* $2 certificate. A certificate without number is not known to the public; a confidential one is taken out. */
static const char publish[] =
    "SELECT certification.publish(c.number, CASE WHEN c.public AND c.archived_at IS NULL THEN jsonb_build_object('name', c.client_name,"
    " 'address', c.address, 'city', c.city, 'country', c.country, 'status', CASE c.status WHEN 'certified' THEN 'Active'"
    " WHEN 'suspended' THEN 'Suspended' WHEN 'withdrawn' THEN 'Withdrawn' WHEN 'transferred_out' THEN 'Cancelled'"
    " WHEN 'expired' THEN 'Expired' ELSE 'Inactive' END, 'standard', 'ISO/IEC 27001:' || c.edition, 'scope', c.scope, 'sites', c.sites,"
    " 'effective_on', c.effective_on, 'expires_on', coalesce(c.expires_on, c.previous_expires_on), 'revision', c.revision,"
    " 'accreditation_body', s.accreditation_body, 'accreditation_number', s.accreditation_number) END)"
    " FROM certification.certificate c" CERTIFICATION_SETTINGS " WHERE c.tenant_id = $1 AND c.id = $2 AND c.number IS NOT NULL";
/* clang-format on */

enum bl_status certification_publish(struct bl_request *r, const char *certificate)
{
    struct bl_rows *rows;
    return bl_sql(r, publish, &certificate, 1, 0, &rows);
}

/* clang-format off */
/* What only says that it is valid, and cannot be by its days or its edition, has ended, whether or not somebody has said so yet. */
#define ENDED_BY_ITSELF(valid, expires, edition_2013)                                                                            \
    " WHEN " valid " AND " expires " < core.today() THEN 'Expired' WHEN " valid " AND " edition_2013                             \
    " AND core.today() > '2025-10-31' THEN 'Withdrawn'"
#define STATUS                                                                                                                   \
    "CASE" ENDED_BY_ITSELF("p.status IN ('Active', 'Suspended')", "p.expires_on", "p.standard = 'ISO/IEC 27001:2013'") " ELSE p.status END"
#define ENTRY                                                                                                                    \
    "json_build_object('number', p.number, 'name', p.name, 'city', p.city, 'country', p.country, 'status', " STATUS ","          \
    " 'standard', p.standard, 'scope', p.scope, 'sites', p.sites, 'effective_on', p.effective_on, 'expires_on', p.expires_on,"   \
    " 'revision', p.revision, 'body', p.body_name, 'accreditation_body', p.accreditation_body, 'accreditation_number',"          \
    " p.accreditation_number)::text"
/* clang-format on */

/* GET /api/v1/public/certificates/{number} */
enum bl_status certification_public_one(struct bl_request *r)
{
    struct bl_rows *rows;
    const char *number = bl_param(r, "number");
    enum bl_status status = bl_sql(r, "SELECT " ENTRY " FROM certification.public_register p WHERE p.number = upper($1)", &number,
                                   1, BL_FINAL, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "the register knows no certificate of this number");
    const char *text = bl_cell(r, rows, 0, 0);
    bl_respond(r, 200, "application/json");
    bl_write(r, text, strlen(text));
    return BL_OK;
}

static void put_items(struct bl_request *r, const struct bl_rows *rows, int most)
{
    int count = bl_count(r, rows);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < count && i < most; i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_bool(r, "more", count > most);
    bl_json_close(r);
}

/* GET /api/v1/public/certificates?name=&country=&status= : part of a name, of three letters at least; fifty at most. */
enum bl_status certification_public_search(struct bl_request *r)
{
    struct bl_rows *rows;
    const char *args[] = {bl_query(r, "name"), bl_query(r, "country"), bl_query(r, "status")};
    if (args[0] && strlen(args[0]) < 3)
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter name: give three letters of the name at least");
    enum bl_status status =
        bl_sql(r,
               "SELECT " ENTRY
               " FROM certification.public_register p WHERE ($1::text IS NULL OR position(lower($1) in lower(p.name)) > 0)"
               " AND ($2::text IS NULL OR p.country = upper($2)) AND ($3::text IS NULL OR " STATUS
               " = $3) ORDER BY p.name, p.number LIMIT 51",
               args, 3, BL_FINAL, &rows);
    if (status == BL_OK)
        put_items(r, rows, 50);
    return status;
}

/* clang-format off */
/* The layout of the global register: dates as YYYYMMDD, seven statuses. */
static const char export[] =
    "SELECT json_build_object('certificate_number', c.number, 'certification_identity_number', c.id,"
    " 'certified_entity_name', c.client_name, 'certified_entity_address', c.address,"
    " 'site_address', concat_ws(', ', c.address, c.city, c.country), 'site_list', c.sites, 'certification_type', 'Management System',"
    " 'standard_and_edition', 'ISO/IEC 27001:' || c.edition, 'scope_statement', c.scope, 'certification_status', CASE"
    ENDED_BY_ITSELF("c.status IN ('certified', 'suspended')", "c.expires_on", "c.edition = '2013'")
    " WHEN c.status = 'certified' THEN 'Active' WHEN c.status = 'suspended' THEN 'Suspended' WHEN c.status = 'withdrawn' THEN 'Withdrawn'"
    " WHEN c.status = 'expired' THEN 'Expired' WHEN c.status = 'transferred_out' THEN 'Cancelled'"
    " WHEN c.status = 'decision_pending' THEN 'Draft' ELSE 'Inactive' END,"
    " 'first_certified_on', to_char(c.first_certified_on, 'YYYYMMDD'), 'effective_date', to_char(c.effective_on, 'YYYYMMDD'),"
    " 'expiry_date', to_char(coalesce(c.expires_on, c.previous_expires_on), 'YYYYMMDD'), 'revision', c.revision,"
    " 'remote_only_note', c.remote_only, 'cb_name_address_mark', concat_ws(', ', o.name, s.body_address, s.mark),"
    " 'accreditation_body', s.accreditation_body, 'accreditation_number', s.accreditation_number, 'visible_to_public', c.public)::text"
    " FROM certification.certificate c CROSS JOIN core.this_organisation o" CERTIFICATION_SETTINGS
    " WHERE c.tenant_id = $1 AND c.archived_at IS NULL AND c.number IS NOT NULL AND c.public ORDER BY c.number LIMIT 5001";
/* clang-format on */

/* GET register-export */
enum bl_status certification_register_export(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, export, NULL, 0, BL_FINAL, &rows);
    if (status == BL_OK)
        put_items(r, rows, 5000);
    return status;
}
