-- 10,000 assets of the organisation :tenant and 20,000 dependencies between them, each asset resting on two earlier ones.
\set ON_ERROR_STOP on
SELECT setseed(0.5);
INSERT INTO operation.asset (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, status, name, kind,
        classification, confidentiality, integrity, availability, personal_data)
    SELECT :'tenant', ('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'BENCH-' || i, 1, now(), :'tenant', now(),
        :'tenant', 'in_use', 'Asset ' || i, 'equipment', 'internal', 1 + floor(4.1 * random() ^ 4), 1 + floor(4.1 * random() ^ 4),
        1 + floor(4.1 * random() ^ 4), false
    FROM generate_series(0, 9999) i;
INSERT INTO operation.asset_dependency (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, asset_id,
        depends_on_id, what)
    SELECT :'tenant', ('019b0000-0000-7000-8000-' || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid,
        'BENCH-' || row_number() OVER (), 1, now(), :'tenant', now(), :'tenant', a, b, 'needs it'
    FROM (SELECT DISTINCT ('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS a,
            ('019a0000-0000-7000-8000-' || lpad(to_hex(floor(i * random())::integer), 12, '0'))::uuid AS b
        FROM generate_series(1, 9999) i, generate_series(1, 2)) e;
ANALYZE operation.asset;
ANALYZE operation.asset_dependency;
