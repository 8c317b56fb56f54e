/* The certificate on paper, with a QR code that leads to the public register. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char to_print[] =
    "SELECT json_build_object('number', c.number, 'client', c.client_name, 'address', c.address, 'city', c.city, 'country', c.country,"
    " 'sites', c.sites, 'scope', c.scope, 'standard', 'ISO/IEC 27001:' || c.edition, 'soa', c.soa_version, 'revision', c.revision,"
    " 'effective', c.effective_on, 'expires', c.expires_on, 'first', c.first_certified_on, 'previous', c.previous_expires_on,"
    " 'gap', coalesce(c.effective_on > c.previous_expires_on, false), 'recertified', (SELECT max(x.ends_on) FROM certification.audit x"
    " WHERE x.tenant_id = $1 AND x.certificate_id = c.id AND x.kind = 'recertification' AND x.status = 'used'),"
    " 'remote', c.remote_only, 'body', concat_ws(', ', o.name, s.body_address), 'mark', s.mark, 'accreditation', s.accreditation_body,"
    " 'accreditation_number', s.accreditation_number, 'url', rtrim(s.public_url, '/') || '/api/v1/public/certificates/' || c.number)::text,"
    " CASE WHEN c.status <> 'certified' THEN c.status WHEN c.expires_on < core.today() THEN 'expired'"
    " WHEN c.edition = '2013' AND core.today() > '2025-10-31' THEN 'to an edition that has ended' ELSE 'certified' END FROM certification.certificate c CROSS JOIN core.this_organisation o" CERTIFICATION_SETTINGS
    " WHERE c.tenant_id = $1 AND c.id = $2 AND c.archived_at IS NULL";
/* clang-format on */

static void fact(json_t *facts, const char *label, const char *value)
{
    if (value)
        json_array_append_new(facts, json_pack("[s, s]", label, value));
}

static json_t *facts_of(const json_t *c)
{
    json_t *facts = json_array();
    char revision[16];
    snprintf(revision, sizeof revision, "%ld", certification_number(c, "revision"));
    fact(facts, "Certificate number", bl_text(c, "number"));
    fact(facts, "Certified organisation", bl_text(c, "client"));
    fact(facts, "Place", bl_text(c, "address"));
    fact(facts, "Standard", bl_text(c, "standard"));
    fact(facts, "Version of the SoA", bl_text(c, "soa"));
    fact(facts, "Valid from", bl_text(c, "effective"));
    fact(facts, "Valid until", bl_text(c, "expires"));
    fact(facts, "Certified since", bl_text(c, "first"));
    if (json_is_true(json_object_get(c, "gap"))) { /* a lapse is shown */
        fact(facts, "Cycle before expired", bl_text(c, "previous"));
        fact(facts, "Recertification audit", bl_text(c, "recertified"));
    }
    fact(facts, "Revision", revision);
    fact(facts, "Issued by", bl_text(c, "body"));
    fact(facts, "Mark", bl_text(c, "mark"));
    fact(facts, "Accredited by", bl_text(c, "accreditation"));
    fact(facts, "Accreditation number", bl_text(c, "accreditation_number"));
    if (json_is_true(json_object_get(c, "remote")))
        fact(facts, "Note", "All work is done remotely; there is no physical place.");
    return facts;
}

static json_t *sites_of(const json_t *c)
{
    static const char *const names[] = {"name", "address", "city", "country", "activities"};
    json_t *rows = json_array(), *site;
    size_t i;
    json_array_foreach(json_object_get(c, "sites"), i, site)
    {
        json_t *row = json_array();
        for (size_t k = 0; k < 5; k++) {
            const char *text = bl_text(site, names[k]);
            json_array_append_new(row, json_string(text ? text : ""));
        }
        json_array_append_new(rows, row);
    }
    return json_pack("{s:s, s:{s:[{s:s},{s:s},{s:s},{s:s},{s:s}], s:o}}", "heading", "Sites", "table", "columns", "title", "Site",
                     "title", "Address", "title", "City", "title", "Country", "title", "Part of the scope", "rows", rows);
}

/* How to see whether it is valid now: by the code, where the body's register has an address. */
static json_t *check_of(struct bl_request *r, const json_t *c)
{
    static const char where[] = "The public register of the body says at every moment whether this certificate is valid";
    const char *url = bl_text(c, "url");
    const char *svg = url ? bl_qr_svg(r, url) : NULL;
    char *text = bl_alloc(r, sizeof where + (url ? strlen(url) : 0) + 10);
    sprintf(text, "%s%s%s", where, url ? ":\n" : ".", url ? url : "");
    json_t *section = json_pack("{s:s, s:s}", "heading", "Is it valid?", "text", text);
    if (svg)
        json_object_set_new(section, "image_svg", json_string(svg));
    return section;
}

static enum bl_status print_certificate(struct bl_request *r, const json_t *order, json_t **document)
{
    struct bl_rows *rows;
    const char *id = bl_text(order, "id");
    if (!id)
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/id", "name the certificate");
    enum bl_status status = bl_sql(r, to_print, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", "/id", "there is no such certificate");
    if (strcmp(bl_cell(r, rows, 0, 1), "certified") != 0)
        return bl_fail(r, BL_CONFLICT, "not_valid", "/id", "only a valid certificate is printed; this one is %s",
                       bl_cell(r, rows, 0, 1));
    json_t *c = json_loads(bl_cell(r, rows, 0, 0), 0, NULL);
    bl_defer(r, certification_release, c);
    json_t *sections = json_array();
    json_array_append_new(sections, json_pack("{s:s, s:s}", "heading", "Scope", "text", bl_text(c, "scope")));
    if (json_array_size(json_object_get(c, "sites")) > 0)
        json_array_append_new(sections, sites_of(c));
    json_array_append_new(sections, check_of(r, c));
    *document = json_pack("{s:s, s:s, s:o, s:o}", "title", "Certificate", "subtitle", bl_text(c, "client"), "facts", facts_of(c),
                          "sections", sections);
    return BL_OK;
}

const struct bl_report certification_reports[] = {
    {.name = "certificate", .label = "Certificate", .permission = "certification.certificate:read", .make = print_certificate},
    {0},
};
