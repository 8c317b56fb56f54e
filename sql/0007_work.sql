-- What `ballium work` does inside organisations: jobs that people order, duties of the areas, messages from one organisation to
-- another. The worker enters a tenant as the service itself (core.enter_service, which only its role may call) or as the person who
-- ordered (core.enter), and goes on as ballium_app, so that the same wall stands around it.
ALTER TABLE core.job ADD COLUMN actor uuid;        -- who ordered it; NULL: the platform's own
ALTER TABLE core.job ADD COLUMN client boolean NOT NULL DEFAULT false; -- that one is a service client,
ALTER TABLE core.job ADD COLUMN scope text;                            -- and its token was narrowed to this
ALTER TABLE core.job ADD COLUMN input jsonb;
ALTER TABLE core.job ADD COLUMN progress bigint;   -- of progress_of, in whatever the job counts
ALTER TABLE core.job ADD COLUMN progress_of bigint;
ALTER TABLE core.job ADD COLUMN result jsonb;
ALTER TABLE core.job ADD CONSTRAINT job_actor_check CHECK (actor IS NOT NULL OR tenant_id = '00000000-0000-0000-0000-000000000000');

CREATE FUNCTION core.enter_service(tenant uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    entered text;
BEGIN
    IF nullif(current_setting('ballium.tenant', true), '') IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    PERFORM FROM core.organisation o WHERE o.id = enter_service.tenant AND o.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such organisation, or it is not active' USING ERRCODE = 'BL404';
    END IF;
    entered := set_config('ballium.tenant', enter_service.tenant::text, true);
    RETURN 'service';
END
$$;
REVOKE EXECUTE ON FUNCTION core.enter_service(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter_service(uuid) TO ballium_worker;

GRANT EXECUTE ON FUNCTION core.find_organisation(text) TO ballium_worker; -- the slug of a job's organisation, for the log

-- Where the duties of the areas are done, in pages: the active organisations after `after`.
CREATE FUNCTION core.work_organisations(after uuid, most integer) RETURNS TABLE (id uuid, slug text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT o.id, o.slug FROM core.organisation o
    WHERE o.status = 'active' AND (work_organisations.after IS NULL OR o.id > work_organisations.after)
    ORDER BY o.id LIMIT most
    $$;
REVOKE EXECUTE ON FUNCTION core.work_organisations(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.work_organisations(uuid, integer) TO ballium_worker;

-- May one write to the other? Where an engagement binds them, or did: what is under way is brought to its end.
CREATE FUNCTION core.bound(one uuid, other uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT EXISTS (SELECT FROM core.engagement e WHERE (e.state = 'active' OR e.state = 'ended' AND e.answered_at IS NOT NULL)
        AND (e.client_id, e.provider_id) IN ((one, other), (other, one)))
    $$;
REVOKE EXECUTE ON FUNCTION core.bound(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.bound(uuid, uuid) TO ballium_app;

-- The only way from one organisation into another: written in the sender's transaction, carried over by the worker, pair by pair in
-- order. It belongs to the sender; the receiver keeps a receipt, written with whatever the message did there, so that it does it once.
CREATE TABLE core.message (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    to_tenant uuid NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting', -- dead: refused too often; it waits for a person
    run_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    problem text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid NOT NULL,
    finished_at timestamptz,
    CONSTRAINT message_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT message_kind_check CHECK (char_length(kind) BETWEEN 1 AND 127),
    CONSTRAINT message_state_check CHECK (state IN ('waiting', 'delivered', 'dead')),
    CONSTRAINT message_finished_check CHECK ((finished_at IS NULL) = (state = 'waiting'))
);
CREATE INDEX message_waiting_idx ON core.message (tenant_id, to_tenant, id) WHERE state = 'waiting';
CREATE INDEX message_due_idx ON core.message (run_at) WHERE state = 'waiting';
SELECT core.fence('core.message');
REVOKE UPDATE ON core.message FROM ballium_app;
CREATE POLICY work ON core.message TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON core.message TO ballium_worker;

CREATE TABLE core.receipt (
    tenant_id uuid NOT NULL, -- the receiver
    message_id uuid NOT NULL,
    from_tenant uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT receipt_pk PRIMARY KEY (tenant_id, message_id)
);
SELECT core.fence('core.receipt');
REVOKE UPDATE ON core.receipt FROM ballium_app;
