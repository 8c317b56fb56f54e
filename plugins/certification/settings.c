/* What each body sets for itself, and its table of audit time. The newest record counts; without one, what is written here does.
 */
#include "certification.h"
#include <stdlib.h>
#include <string.h>

const struct bl_field certification_settings_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE,
     .label = "Name",
     .help = "What these settings are called.",
     .min = 1,
     .max = 200,
     .initial = "Settings",
     .example = "Settings from the contract of 2027"},
    {.name = "expiry",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .values = "minus_one_day same_day",
     .initial = "minus_one_day",
     .label = "Last day",
     .help = "Three years after the decision, or the day before."},
    {.name = "stage2_months",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 1,
     .max = 24,
     .initial = "6",
     .label = "Months from stage 1 to stage 2",
     .help = "After that stage 1 is repeated."},
    {.name = "recertification_lead_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 1,
     .max = 365,
     .initial = "90",
     .label = "Days for the recertification",
     .help = "How long before the expiry its audit should be held."},
    {.name = "major_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 1,
     .max = 365,
     .initial = "90",
     .label = "Days for a major nonconformity",
     .help = "Of a surveillance or special audit, from its last day to the verification."},
    {.name = "minor_plan_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 1,
     .max = 365,
     .initial = "30",
     .label = "Days for the plan of a minor nonconformity",
     .help = "From the last day of the audit."},
    {.name = "suspension_months",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .min = 1,
     .max = 12,
     .initial = "6",
     .label = "Months of a suspension",
     .help = "After that the certificate is withdrawn or its scope reduced."},
    {.name = "acts_by_itself",
     .type = BL_BOOL,
     .flags = BL_REQUIRED,
     .initial = "false",
     .label = "Apply deadlines by itself",
     .help = "Whether the service suspends for a missed surveillance and withdraws after a suspension without waiting for a "
             "person. Expiry it applies always."},
    {.name = "accreditation_body",
     .type = BL_TEXT,
     .label = "Accredited by",
     .help = "Stands on the certificate and in the register.",
     .max = 200,
     .example = "The national accreditation body"},
    {.name = "accreditation_number",
     .type = BL_TEXT,
     .label = "Accreditation number",
     .max = 60,
     .help = "As on the accreditation certificate.",
     .example = "MS-0000"},
    {.name = "body_address",
     .type = BL_TEXT,
     .label = "Address",
     .help = "Of the body, as on its certificates.",
     .max = 500,
     .example = "Gate 1, 1010 Wien"},
    {.name = "mark",
     .type = BL_TEXT,
     .label = "Mark",
     .help = "The body's mark in words, as in the register.",
     .max = 100,
     .example = "OWC"},
    {.name = "public_url",
     .type = BL_TEXT,
     .max = 200,
     .label = "Address of the register",
     .help = "The code on a certificate leads there; the path of the certificate is added.",
     .example = "https://ballium.example"},
    {0},
};

static const struct bl_field band_items[] = {
    {.name = "persons_min", .type = BL_INT, .flags = BL_REQUIRED, .label = "From", .min = 1, .max = 1000000},
    {.name = "persons_max", .type = BL_INT, .flags = BL_REQUIRED, .label = "To", .min = 1, .max = 1000000},
    {.name = "days", .type = BL_DECIMAL, .flags = BL_REQUIRED, .label = "Days", .min = 0, .max = 1000, .scale = 2},
    {0},
};

static const struct bl_field cell_items[] = {
    {.name = "business", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "low medium high", .label = "Business complexity"},
    {.name = "it", .type = BL_ENUM, .flags = BL_REQUIRED, .values = "low medium high", .label = "IT complexity"},
    {.name = "least", .type = BL_INT, .flags = BL_REQUIRED, .label = "Least adjustment in per cent", .min = -30, .max = 100},
    {.name = "most", .type = BL_INT, .flags = BL_REQUIRED, .label = "Greatest adjustment in per cent", .min = -30, .max = 100},
    {0},
};

const struct bl_field certification_table_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Table",
     .help = "Its name and version.",
     .min = 1,
     .max = 200,
     .example = "Audit time 2027"},
    {.name = "valid_from_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Valid from",
     .help = "From this day on it replaces the table before it.",
     .example = "2099-01-01"},
    {.name = "bands",
     .type = BL_ITEMS,
     .items = band_items,
     .max = CERTIFICATION_BANDS,
     .label = "Bands",
     .help = "Persons and days of the initial audit, ascending, without gaps. None: those of the standard."},
    {.name = "cells",
     .type = BL_ITEMS,
     .items = cell_items,
     .max = 9,
     .label = "Cells of complexity",
     .help = "All nine, or none: those of the standard."},
    {0},
};

/* One row a band, then one a cell; $2 the table's id or NULL. */
static const char read_table[] =
    "SELECT 'band', b.persons_min, b.persons_max, (b.days * 100)::int, NULL, NULL FROM certification.audit_time_band b"
    " WHERE NOT EXISTS (SELECT FROM certification.audit_time_table t WHERE t.tenant_id = $1 AND t.id = $2::uuid AND "
    "jsonb_array_length(t.bands) > 0)"
    " UNION ALL SELECT 'band', (i ->> 'persons_min')::int, (i ->> 'persons_max')::int, ((i ->> 'days')::numeric * 100)::int, "
    "NULL, NULL"
    " FROM certification.audit_time_table t CROSS JOIN LATERAL jsonb_array_elements(t.bands) i WHERE t.tenant_id = $1 AND t.id = "
    "$2::uuid"
    " UNION ALL SELECT 'cell', 0, c.least, c.most, c.business, c.it FROM certification.audit_time_cell c"
    " WHERE NOT EXISTS (SELECT FROM certification.audit_time_table t WHERE t.tenant_id = $1 AND t.id = $2::uuid AND "
    "jsonb_array_length(t.cells) > 0)"
    " UNION ALL SELECT 'cell', 0, (i ->> 'least')::int, (i ->> 'most')::int, i ->> 'business', i ->> 'it'"
    " FROM certification.audit_time_table t CROSS JOIN LATERAL jsonb_array_elements(t.cells) i WHERE t.tenant_id = $1 AND t.id = "
    "$2::uuid"
    " ORDER BY 1, 2";

static size_t level(const char *word)
{
    return strcmp(word, "low") == 0 ? CERTIFICATION_LOW : strcmp(word, "medium") == 0 ? CERTIFICATION_MEDIUM : CERTIFICATION_HIGH;
}

enum bl_status certification_table_read(struct bl_request *r, const char *id, struct certification_time_table *table)
{
    struct bl_rows *rows;
    *table = (struct certification_time_table){.count = 0};
    enum bl_status status = bl_sql(r, read_table, &id, 1, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++) {
        long a = (long)bl_integer(r, rows, i, 1), b = (long)bl_integer(r, rows, i, 2), c = (long)bl_integer(r, rows, i, 3);
        if (strcmp(bl_cell(r, rows, i, 0), "cell") == 0)
            table->cells[level(bl_cell(r, rows, i, 4))][level(bl_cell(r, rows, i, 5))] =
                (struct certification_cell){(int)b, (int)c};
        else if (table->count < CERTIFICATION_BANDS)
            table->bands[table->count++] = (struct certification_band){a, b, c};
    }
    return status;
}

enum bl_status certification_table_before(struct bl_request *r, const struct bl_change *change)
{
    const json_t *bands = json_object_get(change->after, "bands"), *cells = json_object_get(change->after, "cells");
    long expected = 1;
    size_t i;
    json_t *band;
    bool seen[9] = {false};
    json_array_foreach(bands, i, band)
    {
        if (certification_number(band, "persons_min") != expected || certification_number(band, "persons_max") < expected)
            return bl_fail(r, BL_UNPROCESSABLE, "gap_in_bands", "/bands",
                           "band %zu must begin with %ld persons and not end before", i + 1, expected);
        expected = certification_number(band, "persons_max") + 1;
    }
    json_array_foreach(cells, i, band)
    {
        if (certification_number(band, "least") > certification_number(band, "most"))
            return bl_fail(r, BL_UNPROCESSABLE, "wrong_order", "/cells", "cell %zu: least is above most", i + 1);
        seen[level(bl_text(band, "business")) * 3 + level(bl_text(band, "it"))] = true;
    }
    for (i = 0; i < 9 && json_array_size(cells) > 0; i++)
        if (!seen[i])
            return bl_fail(r, BL_UNPROCESSABLE, "cell_missing", "/cells", "give all nine cells, each once");
    return BL_OK;
}
