-- 1,000 tenants, 1,000 issues each, for the user :actor. Ids are the numbers themselves, so that wrk and pgbench can name any record:
-- tenant 100000000001 .. 100000001000, issue 100000000001 .. 100001000000, after 00000000-0000-7000-8000-.
-- Run by the cluster's superuser, whom row-level security does not bind. The indexes are made again after the rows: six times faster.
\set ON_ERROR_STOP on
\set prefix '00000000-0000-7000-8000-'
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
INSERT INTO core.organisation (id, slug, name, kind)
SELECT (:'prefix' || n)::uuid, 'bench-' || n, 'Bench ' || n, 'client' FROM generate_series(100000000001, 100000001000) n;
INSERT INTO core.membership (tenant_id, user_id, roles)
SELECT (:'prefix' || n)::uuid, :'actor', '{manager}' FROM generate_series(100000000001, 100000001000) n;
INSERT INTO core.counter (tenant_id, register, value)
SELECT (:'prefix' || n)::uuid, 'context.issues', 1000 FROM generate_series(100000000001, 100000001000) n;

CREATE TEMP TABLE put_back AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index i
WHERE indrelid = 'context.issue'::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid);
SELECT 'DROP INDEX ' || name FROM put_back \gexec
INSERT INTO context.issue (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, status, title, description,
                           origin, effect, concern, category, influence, control, owner_id, review_on)
SELECT (:'prefix' || 100000000001 + (n - 100000000001) / 1000)::uuid, (:'prefix' || n)::uuid, 'ISS-' || 1 + (n - 100000000001) % 1000, 1,
       now(), :'actor', now(), :'actor', 'open', 'Supplier ' || n || ' may fail without a notice',
       'Two of the three suppliers of the main product work from the same region and share a carrier.', 'external',
       CASE n % 2 WHEN 0 THEN 'negative' ELSE 'positive' END, 'isms_outcome',
       (ARRAY['political', 'economic', 'social', 'technological', 'environmental', 'legal'])[1 + n % 6], 1 + n % 5, 1 + n / 5 % 5,
       :'actor', date '2027-01-01' + (n % 365)::integer
FROM generate_series(100000000001, 100001000000) n;
SELECT definition FROM put_back \gexec
VACUUM ANALYZE context.issue;
ANALYZE core.organisation, core.membership, core.counter;
CHECKPOINT;
