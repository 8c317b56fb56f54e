-- The purge: a closed organisation's rows are deleted for good. The owner of the tables, who sees no tenant's row, sees those of the
-- organisation that this transaction purges; only a closed one can be named, and only `ballium org purge` does.
CREATE FUNCTION core.purged() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('ballium.purge', true), '')::uuid;

CREATE OR REPLACE FUNCTION core.fence(fenced regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', fenced);
    EXECUTE format('CREATE POLICY tenant ON %s TO ballium_app USING (tenant_id = core.tenant()) WITH CHECK (tenant_id = core.tenant())', fenced);
    EXECUTE format('CREATE POLICY portfolio ON %s FOR SELECT TO ballium_portfolio USING (tenant_id = ANY (core.tenants()))', fenced);
    EXECUTE format('CREATE POLICY purge ON %s TO ballium_owner USING (tenant_id = core.purged()) WITH CHECK (false)', fenced);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO ballium_app', fenced);
    EXECUTE format('GRANT SELECT ON %s TO ballium_portfolio', fenced);
END
$$;

-- Those that were fenced before.
DO $$
DECLARE
    fenced record;
BEGIN
    FOR fenced IN SELECT p.polrelid::regclass AS name FROM pg_catalog.pg_policy p
        WHERE p.polname = 'tenant' AND p.polrelid <> 'core.membership'::regclass LOOP
        EXECUTE format('CREATE POLICY purge ON %s TO ballium_owner USING (tenant_id = core.purged()) WITH CHECK (false)', fenced.name);
    END LOOP;
END
$$;

-- What is left of it: a line and its proof.
CREATE TABLE core.purge (
    organisation_id uuid NOT NULL,
    slug text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    statement text NOT NULL, -- JSON: what was deleted
    proof text NOT NULL,     -- its hash, signed (JWS)
    CONSTRAINT purge_pk PRIMARY KEY (organisation_id)
);
ALTER TABLE core.purge ADD CONSTRAINT purge_organisation_fk FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);

-- Names the organisation for this transaction; refuses one that is not closed or was purged before.
CREATE FUNCTION core.enter_purge(tenant uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    entered text;
BEGIN
    PERFORM FROM core.organisation o WHERE o.id = tenant AND o.status = 'closed'
        AND NOT EXISTS (SELECT FROM core.purge p WHERE p.organisation_id = o.id) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only an organisation that is closed (ballium org close), and was not purged yet, can be purged'
            USING ERRCODE = 'BL409';
    END IF;
    entered := set_config('ballium.purge', tenant::text, true);
END
$$;
REVOKE EXECUTE ON FUNCTION core.enter_purge(uuid) FROM PUBLIC;

-- People who belong to no other organisation go too: the account stays as an empty place, because other trails may name it.
-- Their number.
CREATE FUNCTION core.erase_people(people uuid[]) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    WITH gone AS (
        UPDATE core.user_account u SET status = 'erased', name = 'Erased', email = u.id || '@erased.invalid', password_hash = NULL
            WHERE u.id = ANY (people) AND NOT EXISTS (SELECT FROM core.membership m WHERE m.user_id = u.id) RETURNING u.id
    ), ended AS (
        DELETE FROM core.session s USING gone WHERE s.user_id = gone.id
    ), secrets AS (
        DELETE FROM core.client_secret c USING gone WHERE c.client_id = gone.id
    )
    SELECT count(*) FROM gone
    $$;
REVOKE EXECUTE ON FUNCTION core.erase_people(uuid[]) FROM PUBLIC;
