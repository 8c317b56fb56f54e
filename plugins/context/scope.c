/* Clause 4.3: the sites, and the scope that the ISMS has: written, approved by somebody else, in force until the next one. */
#include "context.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bl_field context_site_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Site",
     .help = "The name by which everybody knows it.",
     .min = 1,
     .max = 200,
     .example = "River works"},
    {.name = "address",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH,
     .label = "Address",
     .help = "Street, number, postal code, town. For people who work from anywhere: say so.",
     .min = 1,
     .max = 500,
     .example = "Quay Road 4, 20457 Hamburg"},
    {.name = "country",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Country",
     .help = "Two capital letters (ISO 3166-1 alpha-2).",
     .min = 2,
     .max = 2,
     .example = "DE"},
    {.name = "headcount",
     .type = BL_INT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "People",
     .help = "How many people work here for the organisation, whoever pays them.",
     .min = 0,
     .max = 1000000,
     .example = "85"},
    {.name = "activities",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What is done here",
     .help = "The work, the rooms that matter for information security, who else is in the building.",
     .max = 2000,
     .example = "Machining and assembly; the main server room; a canteen run by a contractor."},
    {0},
};

const struct bl_constraint context_site_constraints[] = {
    {.name = "site_name_key",
     .pointer = "/name",
     .code = "site_exists",
     .detail = "a site of this name is listed already: use that one, or tell the two apart by name"},
    {.name = "site_country_code_check",
     .pointer = "/country",
     .code = "not_a_country",
     .detail = "the country is two capital letters, such as DE"},
    {0},
};

enum bl_status context_site_before(struct bl_request *r, const struct bl_change *change)
{
    const char *code = bl_text(change->after, "country");
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (code && (strlen(code) != 2 || strspn(code, letters) != 2))
        return bl_fail(r, BL_UNPROCESSABLE, "not_a_country", "/country", "the country is two capital letters, such as DE");
    return BL_OK;
}

static const struct bl_field part_items[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Name", .min = 1, .max = 200, .example = "Engineering"},
    {.name = "note", .type = BL_TEXT, .label = "Note", .help = "What of it is meant, if not all.", .max = 1000},
    {0},
};

static const struct bl_field exclusion_items[] = {
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "What is left out",
     .min = 1,
     .max = 500,
     .example = "The sales office in Lyon"},
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "Reason",
     .help = "Why it can stay outside without harm to what the ISMS shall bring about.",
     .min = 1,
     .max = 2000,
     .example = "It holds no customer data and reaches our systems as a guest only."},
    {.name = "site",
     .type = BL_TEXT,
     .label = "Site",
     .help = "The reference of the site, when a whole site is left out.",
     .max = 20,
     .example = "SITE-3"},
    {0},
};

static const struct bl_field touch_items[] = {
    {.name = "with",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "With or on whom",
     .help = "The supplier, group unit, customer or excluded part.",
     .min = 1,
     .max = 200,
     .example = "Payroll bureau"},
    {.name = "what",
     .type = BL_TEXT,
     .flags = BL_REQUIRED,
     .label = "What passes, or is needed",
     .help = "The work or the information that crosses the border of the scope.",
     .min = 1,
     .max = 1000,
     .example = "Personnel data, monthly"},
    {.name = "arrangement",
     .type = BL_TEXT,
     .label = "How it is handled",
     .help = "The agreement, the control, who looks after it.",
     .max = 1000,
     .example = "Contract of 2023 with data protection annex; reviewed each spring by HR."},
    {0},
};

const struct bl_field context_scope_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Title",
     .help = "How this scope is called.",
     .min = 1,
     .max = 200,
     .example = "Scope of the ISMS"},
    {.name = "statement",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG | BL_SEARCH,
     .label = "Scope statement",
     .help = "What the ISMS covers, in words that a customer understands. It will stand on the certificate.",
     .min = 1,
     .max = 5000,
     .example =
         "Design, manufacture and service of gate drives at the River and Hill works, with all systems that support them."},
    {.name = "rationale",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "How we got there",
     .help = "Which issues and which requirements of parties led to these limits.",
     .max = 5000,
     .example = "Both works handle customers' drawings; the car makers ask for a certificate that covers design."},
    {.name = "units",
     .type = BL_ITEMS,
     .label = "Organisational units",
     .help = "Departments and teams inside the scope.",
     .items = part_items},
    {.name = "services",
     .type = BL_ITEMS,
     .label = "Products and services",
     .help = "What is delivered inside the scope.",
     .items = part_items},
    {.name = "systems",
     .type = BL_ITEMS,
     .label = "Systems",
     .help = "Networks, applications, platforms inside the scope.",
     .items = part_items},
    {.name = "exclusions",
     .type = BL_ITEMS,
     .label = "Exclusions",
     .help = "What a reader could think to be inside but is not, each with its reason.",
     .items = exclusion_items},
    {.name = "interfaces",
     .type = BL_ITEMS,
     .label = "Interfaces",
     .help = "Where work or information crosses the border of the scope.",
     .items = touch_items},
    {.name = "dependencies",
     .type = BL_ITEMS,
     .label = "Dependencies",
     .help = "What is done by others and the scope cannot do without.",
     .items = touch_items},
    {.name = "revises_id",
     .type = BL_REF,
     .flags = BL_FIXED | BL_FILTER,
     .label = "Revises",
     .help = "The version that this one was written from.",
     .ref = "context.scopes"},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Approved at", .help = "Set by the approval."},
    {.name = "approved_by_id",
     .type = BL_REF,
     .flags = BL_SERVER,
     .label = "Approved by",
     .help = "Set by the approval.",
     .ref = "core.member"},
    {.name = "in_force_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "In force since",
     .help = "Set when it comes into force."},
    {.name = "superseded_on",
     .type = BL_DATE,
     .flags = BL_SERVER,
     .label = "Superseded on",
     .help = "Set when the next version comes into force."},
    {.name = "reviewed_on",
     .type = BL_DATE,
     .flags = BL_SERVER,
     .label = "Last review",
     .help = "Set when it comes into force and whenever it is confirmed."},
    {.name = "review_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_DUE | BL_FILTER,
     .label = "Next review",
     .help = "A year after it came into force or was last confirmed."},
    /* The register's own number: dense and per tenant, and two writers at once cannot get the same. */
    {.name = "version_number",
     .type = BL_INT,
     .flags = BL_GENERATED | BL_FILTER,
     .label = "Version",
     .help = "Counts the versions of the scope: 1, 2, 3 …",
     .expr = "substring(ref from '[0-9]+$')::integer",
     .example = "2"},
    {0},
};

const struct bl_relation context_scope_relations[] = {
    {.name = "sites", .to = "context.sites", .inverse = "scopes", .label = "Sites", .help = "The sites inside this scope."},
    {0},
};

const struct bl_state context_scope_states[] = {
    {.name = "draft", .label = "Draft", .help = "Being written.", .flags = BL_INITIAL},
    {.name = "in_review", .label = "In review", .help = "Lies before top management."},
    {.name = "approved",
     .label = "Approved",
     .help = "Agreed by top management; its text no longer changes.",
     .flags = BL_FROZEN},
    {.name = "in_force", .label = "In force", .help = "The scope of the ISMS today. There is one.", .flags = BL_FROZEN},
    {.name = "superseded", .label = "Superseded", .help = "Was in force; kept as it was.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

/* What a scope must say before anybody is asked to approve it. */
static const char complete[] =
    "SELECT '/services', 'nothing_covered', 'name at least one unit and one product or service that the scope covers'"
    " FROM context.scope s WHERE s.tenant_id = $1 AND s.id = $2"
    " AND (jsonb_array_length(s.units) = 0 OR jsonb_array_length(s.services) = 0)"
    " UNION ALL SELECT '/exclusions', 'site_left_out', format('%s (%s) is neither among the sites of this scope nor among its "
    "exclusions: link it, or exclude it with a reason', t.name, t.ref)"
    " FROM context.site t JOIN context.scope s ON s.tenant_id = t.tenant_id AND s.id = $2"
    " WHERE t.tenant_id = $1 AND t.archived_at IS NULL"
    " AND NOT EXISTS (SELECT FROM core.link l WHERE l.tenant_id = $1 AND l.relation = 'context.scopes.sites'"
    " AND l.from_id = s.id AND l.to_id = t.id)"
    " AND NOT EXISTS (SELECT FROM jsonb_array_elements(s.exclusions) e WHERE e ->> 'site' = t.ref)";

static void set_next_review(struct bl_request *r, const struct bl_change *change)
{
    char today[11], next[11];
    bl_day(r->now, today);
    context_year_after(today, next);
    json_object_set_new(change->after, "reviewed_on", json_string(today));
    json_object_set_new(change->after, "review_on", json_string(next));
}

/* Before this one is written, not after: a unique index lets only one be in force. */
static enum bl_status replace_previous(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT id FROM context.scope WHERE tenant_id = $1 AND status = 'in_force'", NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "context.scopes", bl_cell(r, rows, i, 0), "supersede", NULL, NULL);
    set_next_review(r, change);
    return status;
}

static enum bl_status confirm(struct bl_request *r, const struct bl_change *change)
{
    set_next_review(r, change);
    return BL_OK;
}

const struct bl_transition context_scope_transitions[] = {
    {.name = "submit",
     .from = "draft",
     .to = "in_review",
     .needs = "rationale",
     .guard = complete,
     .label = "Submit for review",
     .help = "Asks top management to approve it."},
    {.name = "withdraw",
     .from = "in_review",
     .to = "draft",
     .flags = BL_REASON,
     .label = "Withdraw",
     .help = "Takes it back to work on it further; say why."},
    {.name = "return",
     .from = "in_review",
     .to = "draft",
     .permission = "approve",
     .flags = BL_REASON,
     .label = "Send back",
     .help = "Asks for changes; say which."},
    {.name = "approve",
     .from = "in_review",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "approved_at=now approved_by_id=actor",
     .guard = complete,
     .label = "Approve",
     .help = "By top management, and by somebody else than who wrote it."},
    {.name = "enforce",
     .from = "approved",
     .to = "in_force",
     .permission = "approve",
     .sets = "in_force_on=today",
     .rule = replace_previous,
     .label = "Bring into force",
     .help = "From today this is the scope; the one before it is superseded."},
    {.name = "confirm",
     .from = "in_force",
     .to = "in_force",
     .permission = "approve",
     .rule = confirm,
     .label = "Confirm",
     .help = "Reviewed and still right: it is due again in a year."},
    {.name = "supersede",
     .from = "in_force",
     .to = "superseded",
     .permission = "approve",
     .sets = "superseded_on=today",
     .label = "Take out of force",
     .help = "Happens by itself when the next version comes into force."},
    {0},
};

const struct bl_constraint context_scope_constraints[] = {
    {.name = "scope_in_force_key",
     .pointer = "/status",
     .code = "scope_in_force_exists",
     .detail = "another scope came into force at the same moment: look at it, then try again"},
    {.name = "scope_exclusions_reason_check",
     .pointer = "/exclusions",
     .code = "exclusion_without_reason",
     .detail = "every exclusion needs its reason"},
    {0},
};

enum bl_status context_scope_after(struct bl_request *r, const struct bl_change *change)
{
    const char *status = bl_text(change->after, "status");
    if (strcmp(change->verb, "archive") == 0 && status && strcmp(status, "in_force") == 0)
        return bl_fail(r, BL_CONFLICT, "scope_in_force", NULL,
                       "the scope in force cannot be archived: bring its successor into force, or take it out of force, first");
    return BL_OK;
}

/* Everything that a new version takes over, as one JSON object; the sites that still are, as text. */
static const char to_revise[] =
    "SELECT jsonb_build_object('title', title, 'statement', statement, 'rationale', rationale, 'units', units, 'services', "
    "services, 'systems', systems, 'exclusions', exclusions, 'interfaces', interfaces, 'dependencies', dependencies, "
    "'revises_id', id)::text, status,"
    " (SELECT string_agg(t.id::text, ' ' ORDER BY t.id) FROM core.link l"
    " JOIN context.site t ON t.tenant_id = l.tenant_id AND t.id = l.to_id AND t.archived_at IS NULL"
    " WHERE l.tenant_id = $1 AND l.relation = 'context.scopes.sites' AND l.from_id = s.id)"
    " FROM context.scope s WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";

static enum bl_status link_sites(struct bl_request *r, const char *id, const char *sites)
{
    enum bl_status status = BL_OK;
    while (status == BL_OK && sites && *sites) {
        char site[37];
        size_t length = strcspn(sites, " ");
        snprintf(site, sizeof site, "%.*s", (int)length, sites);
        status = bl_link(r, "context.scopes", id, "sites", site);
        sites += length + (sites[length] == ' ');
    }
    return status;
}

static void decref(void *value)
{
    json_decref(value);
}

/* What is not the form of an id names no record; PostgreSQL would call it a malformed request. */
static bool is_id(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (form[i] && (form[i] == 'x' ? isxdigit((unsigned char)text[i]) != 0 : text[i] == '-'))
        i++;
    return !form[i] && !text[i];
}

/* POST scopes/{id}:revise */
enum bl_status context_scope_revise(struct bl_request *r)
{
    struct bl_rows *rows;
    const char *id = bl_param(r, "id");
    if (!is_id(id))
        id = "00000000-0000-0000-0000-000000000000"; /* names none: 404, after the same checks of the caller */
    enum bl_status status = bl_sql(r, to_revise, &id, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such scope");
    const char *state = bl_cell(r, rows, 0, 1);
    if (strcmp(state, "draft") == 0 || strcmp(state, "in_review") == 0)
        return bl_fail(r, BL_CONFLICT, "not_approved_yet", NULL,
                       "this version is %s still: change it instead of writing a new one",
                       strcmp(state, "draft") == 0 ? "a draft" : "in review");
    json_t *body = json_loads(bl_cell(r, rows, 0, 0), 0, NULL), *record = NULL;
    if (!body)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory for this scope at the moment: try again");
    bl_defer(r, decref, body);
    status = bl_create(r, "context.scopes", body, &record);
    const char *new_id = bl_text(record, "id");
    if (status == BL_OK)
        status = link_sites(r, new_id, bl_cell(r, rows, 0, 2));
    if (status)
        return status;
    size_t room = strlen(r->org) + 80;
    char *location = bl_alloc(r, room);
    snprintf(location, room, "/api/v1/orgs/%s/context/scopes/%s", r->org, new_id);
    char *text = json_dumps(record, JSON_COMPACT);
    if (!text)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory for this scope at the moment: try again");
    bl_respond(r, 201, "application/json");
    bl_set_header(r, "Location", location);
    bl_write(r, text, strlen(text));
    free(text);
    return BL_OK;
}
