-- Webhooks: `ballium work` tells other systems what was recorded on the trail (Standard Webhooks 1.0.0). It says that something
-- happened to a record, never what the record holds.
CREATE TABLE core.webhook (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,      -- "*", "context.issues", "context.issues:approve"
    state text NOT NULL DEFAULT 'active',
    reason text,                 -- of a suspension: person, failing, gone
    secret text,                 -- "whsec_…" of the HMAC; the serving role may write it and not read it
    signing_key text,            -- "whsk_…", an Ed25519 seed; likewise
    public_key text,             -- "whpk_…"
    since timestamptz NOT NULL DEFAULT now(), -- events before are not told
    seen timestamptz NOT NULL DEFAULT now(),  -- the cursor: up to here events were read
    looked_at timestamptz NOT NULL DEFAULT '-infinity',
    failures integer NOT NULL DEFAULT 0,      -- attempts that failed, one after the other
    failing_since timestamptz,
    rests_until timestamptz NOT NULL DEFAULT '-infinity', -- so that a slow receiver holds up nobody else's
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid NOT NULL,
    CONSTRAINT webhook_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_url_check CHECK (char_length(url) BETWEEN 1 AND 500),
    CONSTRAINT webhook_events_check CHECK (cardinality(events) BETWEEN 1 AND 50),
    CONSTRAINT webhook_state_check CHECK (state IN ('active', 'suspended', 'ended')),
    CONSTRAINT webhook_reason_check CHECK ((state = 'suspended') = (reason IS NOT NULL)),
    CONSTRAINT webhook_secret_check CHECK ((state = 'ended') = (secret IS NULL))
);
SELECT core.fence('core.webhook');
REVOKE SELECT, UPDATE ON core.webhook FROM ballium_app;
REVOKE SELECT ON core.webhook FROM ballium_portfolio;
GRANT SELECT (tenant_id) ON core.webhook TO ballium_portfolio;
GRANT SELECT (tenant_id, id, url, events, state, reason, public_key, since, seen, failures, failing_since, created_at, created_by),
    UPDATE (state, reason, secret, signing_key, since, seen, failures, failing_since, rests_until) ON core.webhook TO ballium_app;
CREATE POLICY work ON core.webhook TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON core.webhook TO ballium_worker;

-- One event for one webhook; `id` is the event's, and the message's. Taken by pushing run_at past the time that an attempt may need.
CREATE TABLE core.webhook_delivery (
    tenant_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,       -- the bytes that are signed
    state text NOT NULL DEFAULT 'waiting', -- dead: failed too often; it waits for a person
    run_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    status integer,              -- of the last answer
    problem text,                -- of the last attempt
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT webhook_delivery_pk PRIMARY KEY (tenant_id, webhook_id, id),
    CONSTRAINT webhook_delivery_state_check CHECK (state IN ('waiting', 'delivered', 'dead')),
    CONSTRAINT webhook_delivery_finished_check CHECK ((finished_at IS NULL) = (state = 'waiting'))
);
CREATE INDEX webhook_delivery_due_idx ON core.webhook_delivery (run_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_finished_idx ON core.webhook_delivery (finished_at) WHERE state <> 'waiting';
ALTER TABLE core.webhook_delivery ADD CONSTRAINT webhook_delivery_webhook_fk FOREIGN KEY (tenant_id, webhook_id)
    REFERENCES core.webhook (tenant_id, id);
SELECT core.fence('core.webhook_delivery');
REVOKE UPDATE ON core.webhook_delivery FROM ballium_app;
GRANT UPDATE (state, run_at, attempts, finished_at) ON core.webhook_delivery TO ballium_app;
CREATE POLICY work ON core.webhook_delivery TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON core.webhook_delivery TO ballium_worker;

-- The least UUIDv7 of a moment.
CREATE FUNCTION core.uuid_floor(at timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;

CREATE FUNCTION core.organisation_active(organisation uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM core.organisation o WHERE o.id = organisation AND o.status = 'active') $$;
REVOKE EXECUTE ON FUNCTION core.organisation_active(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_active(uuid) TO ballium_worker;
