/* SQL that a view of one organisation and one over a portfolio share. `own` says whose rows count: "= $1", "= ANY ($1)". */
#ifndef CERTIFICATION_DUE_H
#define CERTIFICATION_DUE_H

/* clang-format off */

/* A certificate gives one row for each of its days to come. */
#define CERTIFICATION_DAYS_OF(c, state)                                                                                          \
    " CROSS JOIN LATERAL (VALUES ('surveillance', " c ".surveillance_due_on), ('recertification_audit', " c ".recertification_due_on)," \
    " ('expiry', " c ".expires_on), ('suspension', " c ".suspended_until_on), ('restoration', " c ".restore_until_on)) d (what, due)" \
    " WHERE d.due IS NOT NULL AND CASE d.what WHEN 'suspension' THEN " state " = 'suspended' WHEN 'restoration' THEN " state     \
    " = 'expired' ELSE " state " IN ('certified', 'suspended') END AND " c ".archived_at IS NULL AND " c ".tenant_id "

/* An audit that is still to come, or late. */
#define CERTIFICATION_TO_HOLD(x) x ".archived_at IS NULL AND " x ".status IN ('planned', 'announced', 'objected', 'agreed') AND " x ".tenant_id "

/* (tenant_id, side, resource, certificate_id, client, id, ref, name, state, what, due). What a client holds does not say which
 * audit or nonconformity belongs to which certificate. */
#define CERTIFICATION_DUE(own)                                                                                                   \
    "SELECT c.tenant_id, 'body' AS side, 'certificates' AS resource, c.id AS certificate_id, c.client_name AS client, c.id, c.ref," \
    " c.client_name AS name, c.status AS state, d.what, d.due FROM certification.certificate c"                                  \
    CERTIFICATION_DAYS_OF("c", "c.status") own                                                                                   \
    " UNION ALL SELECT h.tenant_id, 'client', 'held_certificates', h.id, h.client_name, h.id, h.ref, h.client_name, h.state,"    \
    " d.what, d.due FROM certification.held_certificate h" CERTIFICATION_DAYS_OF("h", "h.state") own                             \
    " UNION ALL SELECT f.tenant_id, 'body', 'nonconformities', c.id, c.client_name, f.id, f.ref, f.title, f.status,"             \
    " 'nonconformity', f.due_on FROM certification.finding f"                                                                    \
    " JOIN certification.audit x ON x.tenant_id = f.tenant_id AND x.id = f.audit_id"                                             \
    " JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = x.certificate_id"                                 \
    " WHERE f.archived_at IS NULL AND f.due_on IS NOT NULL AND f.tenant_id " own                                                 \
    " UNION ALL SELECT f.tenant_id, 'client', 'received_findings', NULL, NULL, f.id, f.ref, f.title, f.status, 'nonconformity',"  \
    " f.due_on FROM certification.received_finding f WHERE f.archived_at IS NULL AND f.due_on IS NOT NULL AND f.tenant_id " own   \
    " UNION ALL SELECT x.tenant_id, 'body', 'certification_audits', c.id, c.client_name, x.id, x.ref, x.title, x.status, 'audit'," \
    " x.starts_on FROM certification.audit x"                                                                                    \
    " JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = x.certificate_id WHERE " CERTIFICATION_TO_HOLD("x") own \
    " UNION ALL SELECT v.tenant_id, 'client', 'announced_audits', NULL, NULL, v.id, v.ref, v.title, v.status, 'audit', v.starts_on" \
    " FROM certification.announced_audit v WHERE " CERTIFICATION_TO_HOLD("v") own

/* Audits and days of each auditor by year: (tenant_id, auditor_id, ref, name, year, audits, days, leads, available_days). */
#define CERTIFICATION_LOAD(own)                                                                                                  \
    "SELECT u.tenant_id, u.id AS auditor_id, u.ref, u.name, extract(year FROM x.starts_on)::integer AS year, count(*) AS audits," \
    " sum(x.ends_on - x.starts_on + 1) AS days, count(*) FILTER (WHERE t.duty = 'leader') AS leads, u.available_days"            \
    " FROM certification.team_member t JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id = t.auditor_id"        \
    " JOIN certification.audit x ON x.tenant_id = t.tenant_id AND x.id = t.audit_id"                                             \
    " WHERE t.archived_at IS NULL AND x.archived_at IS NULL AND x.status <> 'cancelled' AND t.tenant_id " own                    \
    " GROUP BY u.tenant_id, u.id, extract(year FROM x.starts_on)"
/* clang-format on */

#endif
