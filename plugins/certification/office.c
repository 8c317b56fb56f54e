/* A body's office: applications, auditors with their competences, and what each declares about a client. */
#include "certification.h"
#include "fields.h"
#include <stdio.h>
#include <string.h>

/* Whom the client named as having worked for it; sent with the application, not typed. */
static const struct bl_field people_items[] = {
    {.name = "person", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Person", .max = 36},
    {.name = "work", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "consultant internal_auditor employee", .label = "Work"},
    {.name = "until_on", .type = BL_DATE, .label = "Until"},
    {0},
};

const struct bl_field certification_application_fields[] = {
    {.name = "client_name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER,
     .label = "Client",
     .help = "Legal name.",
     .min = 1,
     .max = 200,
     .example = "Moat Hosting"},
    {.name = "client_org",
     .type = BL_TEXT,
     .flags = BL_FIXED | BL_FILTER,
     .label = "Organisation here",
     .help = "The short name of the client's organisation here, when it has one. A certification engagement must bind you; the "
             "client is told "
             "of what concerns it.",
     .max = 40},
    {.name = "request_id",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_FILTER,
     .max = 36,
     .label = "Request",
     .help = "Of the client's own record."},
    CERTIFICATION_APPLIES_FOR,
    CERTIFICATION_EDITION(BL_REQUIRED | BL_FILTER, "Of ISO/IEC 27001."),
    CERTIFICATION_SCOPE(BL_REQUIRED | BL_LONG | BL_SEARCH, "What shall be certified."),
    CERTIFICATION_ADDRESS("Street, postal code, town."),
    CERTIFICATION_CITY(BL_REQUIRED | BL_FILTER),
    CERTIFICATION_COUNTRY(BL_REQUIRED | BL_FILTER),
    {.name = "sites",
     .type = BL_ITEMS,
     .items = certification_site_items,
     .label = "Sites",
     .help = "Every place of work inside the scope."},
    CERTIFICATION_PERSONS,
    CERTIFICATION_OUTSOURCING("What others do for the client inside the scope; say so when it is nothing."),
    {.name = "received_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Received",
     .help = "The day on which it came.",
     .example = "2026-01-15"},
    {.name = "conflict",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Open conflict of interest",
     .help = "Of the body with this client; empty when there is none. No contract while it stands.",
     .max = 2000},
    {.name = "review",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Review",
     .help = "Competence, capacity, time, impartiality: what was looked at.",
     .max = 5000,
     .example = "We have two auditors with hosting experience; no ties to the client."},
    {.name = "reviewed_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Reviewed at", .help = "Set by the review."},
    {.name = "reviewed_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Reviewed by",
     .help = "Set by the review."},
    {.name = "refusal",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .max = 5000,
     .label = "Why refused",
     .help = "Set by the refusal; the client reads it."},
    {.name = "people",
     .type = BL_ITEMS,
     .items = people_items,
     .max = 500,
     .flags = BL_SERVER,
     .label = "Worked for the client",
     .help = "As the client's organisation said when it applied."},
    {0},
};

const struct bl_state certification_application_states[] = {
    {.name = "received", .label = "Received", .help = "Waits for the review.", .flags = BL_INITIAL},
    {.name = "accepted", .label = "Accepted", .help = "The review was positive.", .flags = BL_FROZEN},
    {.name = "refused", .label = "Refused", .help = "With its reason.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static enum bl_status keep_refusal(struct bl_request *r, const struct bl_change *change)
{
    (void)r;
    json_object_set(change->after, "refusal", json_object_get(change->input, "why"));
    return BL_OK;
}

static const struct bl_field why_input[] = {
    {.name = "why",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "Why",
     .help = "The client reads it.",
     .min = 1,
     .max = 5000,
     .example = "We have no auditor for this sector."},
    {0},
};

const struct bl_transition certification_application_transitions[] = {
    {.name = "accept",
     .from = "received",
     .to = "accepted",
     .needs = "review",
     .sets = "reviewed_at=now reviewed_by_id=actor",
     .after = certification_application_answered,
     .label = "Accept",
     .help = "The review is positive."},
    {.name = "reopen",
     .from = "accepted",
     .to = "received",
     .flags = BL_REASON,
     .label = "Take back",
     .help = "The review is not over after all."},
    {.name = "refuse",
     .from = "received",
     .to = "refused",
     .input = why_input,
     .sets = "reviewed_at=now reviewed_by_id=actor",
     .rule = keep_refusal,
     .after = certification_application_answered,
     .label = "Refuse",
     .help = "Says no, with the reason for the client."},
    {0},
};

enum bl_status certification_application_before(struct bl_request *r, const struct bl_change *change)
{
    const char *org = bl_text(change->after, "client_org"), *id;
    enum bl_status status = bl_not_future(r, change->after, "received_on");
    if (status == BL_OK && !change->before && org)
        status = certification_engaged(r, org, "/client_org", &id);
    return status;
}

/* ---- auditors */

static const struct bl_field competence_items[] = {
    {.name = "area", .type = BL_ENUM, .flags = BL_REQUIRED, .values = CERTIFICATION_AREAS, .label = "Area"},
    {.name = "from_on", .type = BL_DATE, .label = "From"},
    {.name = "until_on", .type = BL_DATE, .label = "Until", .help = "The last day; none: without end."},
    {.name = "proof", .type = BL_TEXT, .label = "Proof", .max = 500},
    {0},
};

const struct bl_field certification_auditor_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER | BL_PERSONAL,
     .label = "Auditor",
     .help = "As the client reads it.",
     .min = 1,
     .max = 200,
     .example = "Marco Bellini"},
    {.name = "member_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_FILTER,
     .label = "Member",
     .help = "The person's account here, when there is one. What the person did for clients is known by it."},
    {.name = "competences",
     .type = BL_ITEMS,
     .items = competence_items,
     .label = "Competences",
     .help = "By area, each with its days and proof."},
    {.name = "external",
     .type = BL_BOOL,
     .flags = BL_FILTER,
     .initial = "false",
     .label = "Contracted",
     .help = "Not employed by the body."},
    {.name = "available_days",
     .type = BL_INT,
     .min = 0,
     .max = 366,
     .label = "Days a year",
     .help = "For audits; the load is measured against it.",
     .example = "120"},
    {0},
};

enum bl_status certification_auditor_before(struct bl_request *r, const struct bl_change *change)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(change->after, "competences"), i, c)
    {
        if (certification_ordered(r, c, "from_on", "until_on"))
            return bl_fail(r, BL_UNPROCESSABLE, "wrong_order", "/competences", "competence %zu ends before it begins", i + 1);
    }
    return BL_OK;
}

/* ---- what an auditor declares about a client */

const struct bl_field certification_declaration_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Declaration",
     .help = "What it is called.",
     .min = 1,
     .max = 200,
     .initial = "Declaration of impartiality",
     .example = "Declaration of impartiality"},
    {.name = "auditor_id",
     .type = BL_REF,
     .ref = "certification.auditors",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Auditor",
     .help = "Who declares."},
    {.name = "certificate_id",
     .type = BL_REF,
     .ref = "certification.certificates",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Certification",
     .help = "Of the client that it is about."},
    {.name = "worked_as",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .values = "none consultant internal_auditor employee",
     .initial = "none",
     .label = "Worked for the client as",
     .help = "In the last years."},
    {.name = "worked_until_on", .type = BL_DATE, .label = "Until", .help = "The last day of that work; none while it goes on."},
    {.name = "interests",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Other ties",
     .help = "Family, shares, offers of work: whatever a stranger would ask about.",
     .max = 2000,
     .example = "None."},
    {.name = "declared_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Declared",
     .help = "The day of the declaration.",
     .example = "2026-01-20"},
    {.name = "cleared",
     .type = BL_BOOL,
     .flags = BL_SERVER | BL_FILTER,
     .label = "No conflict",
     .help = "Found by the service: two years must lie between such work and an audit."},
    {.name = "finding", .type = BL_TEXT, .flags = BL_SERVER, .max = 500, .label = "Found", .help = "Why not."},
    {0},
};

/* What the client named of the person in its newest application. $2 certificate, $3 auditor. */
static const char known_work[] =
    "SELECT p ->> 'work', p ->> 'until_on' FROM certification.certificate c"
    " JOIN certification.application a ON a.tenant_id = c.tenant_id AND a.id = c.application_id"
    " CROSS JOIN LATERAL jsonb_array_elements(a.people) p"
    " JOIN certification.auditor u ON u.tenant_id = c.tenant_id AND u.id = $3 AND u.member_id::text = p ->> 'person'"
    " WHERE c.tenant_id = $1 AND c.id = $2";

static bool recent(long until, long day)
{
    return !until || day <= certification_months(until, 24);
}

enum bl_status certification_declaration_before(struct bl_request *r, const struct bl_change *change)
{
    json_t *d = change->after;
    struct bl_rows *rows;
    const char *args[] = {bl_text(d, "certificate_id"), bl_text(d, "auditor_id")};
    enum bl_status status = bl_not_future(r, d, "declared_on");
    if (status == BL_OK)
        status = certification_ordered(r, d, "worked_until_on", "declared_on");
    if (status == BL_OK)
        status = bl_sql(r, known_work, args, 2, 0, &rows);
    if (status)
        return status;
    const char *work = bl_text(d, "worked_as");
    long day = certification_day_in(d, "declared_on");
    char finding[200] = "";
    if (strcmp(work, "none") != 0 && recent(certification_day_in(d, "worked_until_on"), day))
        snprintf(finding, sizeof finding, "says to have worked for the client as %s less than two years before", work);
    for (int i = 0; i < bl_count(r, rows); i++)
        if (recent(certification_day(bl_cell(r, rows, i, 1)), day))
            snprintf(finding, sizeof finding, "the client named this person as %s less than two years before",
                     bl_cell(r, rows, i, 0));
    json_object_set_new(d, "cleared", json_boolean(!*finding));
    json_object_set_new(d, "finding", *finding ? json_string(finding) : json_null());
    return BL_OK;
}
