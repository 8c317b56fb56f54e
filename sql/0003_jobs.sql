-- The queue of `ballium work`. A job is taken by pushing its run_at past the time it may need (a lease): a worker that dies leaves
-- it to the next, and the attempt counts. Jobs of the platform itself belong to the nil tenant, which nobody can enter.
CREATE TABLE core.job (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'queued', -- dead: failed too often; it waits for a person
    run_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    problem text,                         -- of the last failed attempt
    outcome text,                         -- of the one that succeeded
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT job_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT job_kind_check CHECK (char_length(kind) BETWEEN 1 AND 63),
    CONSTRAINT job_state_check CHECK (state IN ('queued', 'done', 'dead')),
    CONSTRAINT job_finished_check CHECK ((finished_at IS NULL) = (state = 'queued'))
);
-- The next run of a periodic job is queued once, however many workers start.
CREATE UNIQUE INDEX job_periodic_key ON core.job (tenant_id, kind)
    WHERE state = 'queued' AND tenant_id = '00000000-0000-0000-0000-000000000000';
CREATE INDEX job_due_idx ON core.job (run_at) WHERE state = 'queued';
CREATE INDEX job_finished_idx ON core.job (finished_at) WHERE state <> 'queued';
SELECT core.fence('core.job');
REVOKE UPDATE ON core.job FROM ballium_app;
CREATE POLICY work ON core.job TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON core.job TO ballium_worker;

-- Log-ins sweep after themselves; this takes what is stale when nobody logs in. At most `most` of each; how many in all.
CREATE FUNCTION core.sweep_logins(most integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH attempt AS (
        DELETE FROM core.login_attempt WHERE key IN
            (SELECT a.key FROM core.login_attempt a WHERE a.expires_at < now() LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), session AS ( -- with its refresh tokens
        DELETE FROM core.session WHERE id IN
            (SELECT s.id FROM core.session s WHERE s.expires_at < now() LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM attempt) + (SELECT count(*) FROM session)
    $$;
REVOKE EXECUTE ON FUNCTION core.sweep_logins(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sweep_logins(integer) TO ballium_worker;
