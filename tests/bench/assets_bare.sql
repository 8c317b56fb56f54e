-- The inherited ratings of every asset of the organisation :tenant, as anybody would ask for them: past row-level security, with
-- nothing but the ids and the three figures.
WITH RECURSIVE carried AS (
    SELECT a.id, p.property, p.value
        FROM operation.asset a
        CROSS JOIN LATERAL (VALUES ('C', confidentiality), ('I', integrity), ('A', availability)) p (property, value)
        WHERE a.tenant_id = :'tenant' AND a.archived_at IS NULL
    UNION
    SELECT d.depends_on_id, c.property, c.value
        FROM carried c
        JOIN operation.asset_dependency d ON d.tenant_id = :'tenant' AND d.asset_id = c.id AND d.archived_at IS NULL
)
SELECT id, max(value) FILTER (WHERE property = 'C'), max(value) FILTER (WHERE property = 'I'),
    max(value) FILTER (WHERE property = 'A')
FROM carried GROUP BY id;
