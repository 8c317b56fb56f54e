-- Tenants, members, permissions, and what the resource engine keeps for every resource.
-- Everything is owned by ballium_owner (the migrator has done SET ROLE). No triggers on tenant tables: the engine's own
-- statements write version, reference and event, which also holds on Citus.

GRANT USAGE ON SCHEMA core TO ballium_app, ballium_portfolio, ballium_worker;

-- Those who serve make no tables, not even temporary ones.
DO $$ BEGIN EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;

-- The tenant of this transaction; NULL outside one. After a rollback the setting is '', hence nullif.
CREATE FUNCTION core.tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('ballium.tenant', true), '')::uuid;

-- The tenants of a portfolio read, set by core.enter_portfolio for the read-only role.
CREATE FUNCTION core.tenants() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('ballium.tenants', true), '')::uuid[];

-- Puts a tenant's table behind the wall. Every migration that makes one calls it; a test walks the catalogue for those that did not.
-- The wall holds for the owner too, who has no policy: a migration that must change rows says ALTER TABLE … NO FORCE ROW LEVEL
-- SECURITY before and FORCE again after, else it changes none.
CREATE FUNCTION core.fence(fenced regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', fenced);
    EXECUTE format('CREATE POLICY tenant ON %s TO ballium_app USING (tenant_id = core.tenant()) WITH CHECK (tenant_id = core.tenant())', fenced);
    EXECUTE format('CREATE POLICY portfolio ON %s FOR SELECT TO ballium_portfolio USING (tenant_id = ANY (core.tenants()))', fenced);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO ballium_app', fenced);
    EXECUTE format('GRANT SELECT ON %s TO ballium_portfolio', fenced);
END
$$;
REVOKE EXECUTE ON FUNCTION core.fence(regclass) FROM PUBLIC;

-- What belongs to nobody: no tenant column, reached by the serving role only through the functions below.
CREATE TABLE core.organisation (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organisation_pk PRIMARY KEY (id),
    CONSTRAINT organisation_slug_key UNIQUE (slug),
    CONSTRAINT organisation_slug_check CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    CONSTRAINT organisation_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT organisation_kind_check CHECK (kind IN ('client', 'consultancy', 'certification_body')),
    CONSTRAINT organisation_status_check CHECK (status IN ('active', 'suspended', 'closed'))
);

CREATE TABLE core.user_account (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text,
    status text NOT NULL DEFAULT 'active',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_account_pk PRIMARY KEY (id),
    CONSTRAINT user_account_email_check CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT user_account_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT user_account_status_check CHECK (status IN ('active', 'suspended', 'erased'))
);
CREATE UNIQUE INDEX user_account_email_key ON core.user_account (email);

-- role x permission, written by `ballium migrate` from the table in core/tenant/roles.c.
CREATE TABLE core.role_grant (
    role text NOT NULL,
    permission text NOT NULL,
    CONSTRAINT role_grant_pk PRIMARY KEY (role, permission)
);

-- Who belongs to which organisation. Kept when a person leaves (status), because records go on naming them.
CREATE TABLE core.membership (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    roles text[] NOT NULL,
    status text NOT NULL DEFAULT 'active',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT membership_pk PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT membership_status_check CHECK (status IN ('active', 'ended')),
    CONSTRAINT membership_roles_check CHECK (cardinality(roles) BETWEEN 1 AND 16)
);
CREATE INDEX membership_user_idx ON core.membership (user_id, tenant_id);
ALTER TABLE core.membership ADD CONSTRAINT membership_tenant_fk FOREIGN KEY (tenant_id) REFERENCES core.organisation (id);
ALTER TABLE core.membership ADD CONSTRAINT membership_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);
ALTER TABLE core.membership ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.membership FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON core.membership FOR SELECT TO ballium_app USING (tenant_id = core.tenant());
CREATE POLICY portfolio ON core.membership FOR SELECT TO ballium_portfolio USING (tenant_id = ANY (core.tenants()));
-- core.enter decides who may come in before a tenant is set, so its owner sees the directory.
CREATE POLICY directory ON core.membership TO ballium_owner USING (true) WITH CHECK (true);
GRANT SELECT ON core.membership TO ballium_app, ballium_portfolio;

-- Names of the members of this transaction's tenant, and of nobody else.
CREATE VIEW core.member WITH (security_barrier) AS
    SELECT m.tenant_id, m.user_id AS id, u.name, u.email, m.roles, m.status, m.created_at
    FROM core.membership m JOIN core.user_account u ON u.id = m.user_id
    WHERE m.tenant_id = core.tenant();
GRANT SELECT ON core.member TO ballium_app;

-- Enters the tenant for this transaction and answers the caller's roles ("manager,risk_owner"), or refuses:
-- BL404 not a member (the same as: no such organisation), BL403 without the permission, BL500 entered twice.
-- permission NULL: any member.
CREATE FUNCTION core.enter(actor uuid, tenant uuid, permission text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    held text[];
    granted boolean;
BEGIN
    IF nullif(current_setting('ballium.tenant', true), '') IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    SELECT m.roles,
           enter.permission IS NULL
               OR EXISTS (SELECT 1 FROM core.role_grant g WHERE g.role = ANY (m.roles) AND g.permission = enter.permission)
        INTO held, granted
        FROM core.membership m
        JOIN core.user_account u ON u.id = m.user_id AND u.status = 'active'
        JOIN core.organisation o ON o.id = m.tenant_id AND o.status = 'active'
        WHERE m.tenant_id = enter.tenant AND m.user_id = enter.actor AND m.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
    END IF;
    IF NOT granted THEN
        RAISE EXCEPTION 'your roles (%) do not include %', array_to_string(held, ', '), enter.permission USING ERRCODE = 'BL403';
    END IF;
    EXECUTE format('SET LOCAL ballium.tenant = %L', enter.tenant);
    RETURN array_to_string(held, ',');
END
$$;
REVOKE EXECUTE ON FUNCTION core.enter(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter(uuid, uuid, text) TO ballium_app;

-- The organisation behind a path segment (slug or id). Says only id and slug: whether the caller may enter is core.enter's to say.
CREATE FUNCTION core.find_organisation(segment text) RETURNS TABLE (id uuid, slug text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT o.id, o.slug FROM core.organisation o
    WHERE o.slug = segment
       OR o.id = CASE WHEN segment ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN segment::uuid END
    $$;
REVOKE EXECUTE ON FUNCTION core.find_organisation(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.find_organisation(text) TO ballium_app;

-- This transaction's organisation, for its members.
CREATE VIEW core.this_organisation WITH (security_barrier) AS
    SELECT o.id AS tenant_id, o.slug, o.name, o.kind, o.status, o.created_at FROM core.organisation o WHERE o.id = core.tenant();
GRANT SELECT ON core.this_organisation TO ballium_app;

-- The next reference number of a register: RISK-12. One row per tenant and register; a lock on that row orders the creators.
CREATE TABLE core.counter (
    tenant_id uuid NOT NULL,
    register text NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT counter_pk PRIMARY KEY (tenant_id, register)
);
SELECT core.fence('core.counter');

-- Who changed what, when. Written in the transaction of the change; never updated.
CREATE TABLE core.event (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor uuid NOT NULL,
    resource text NOT NULL,      -- "context.issues"
    record_id uuid NOT NULL,
    ref text,                    -- "ISS-12"
    verb text NOT NULL,          -- create, update, archive, restore, a transition, link, unlink
    version integer NOT NULL,    -- of the record after the change
    change jsonb NOT NULL,       -- {"field": [before, after]}
    reason text,
    request_id text NOT NULL,
    CONSTRAINT event_pk PRIMARY KEY (tenant_id, id)
);
CREATE INDEX event_record_idx ON core.event (tenant_id, resource, record_id, id);
SELECT core.fence('core.event');
REVOKE UPDATE ON core.event FROM ballium_app;

-- {"field": [before, after]} of the members that differ; bookkeeping columns left out.
CREATE FUNCTION core.difference(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(jsonb_object_agg(key, jsonb_build_array(b.value, a.value)), '{}')
    FROM jsonb_each(coalesce(before, '{}')) b FULL JOIN jsonb_each(coalesce(after, '{}')) a USING (key)
    WHERE a.value IS DISTINCT FROM b.value AND coalesce(a.value, 'null') IS DISTINCT FROM coalesce(b.value, 'null')
      AND key NOT IN ('tenant_id', 'id', 'ref', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by')
    $$;

-- Many-to-many relations of every area. relation is "planning.risks.controls"; both ends were checked by the engine.
CREATE TABLE core.link (
    tenant_id uuid NOT NULL,
    relation text NOT NULL,
    from_id uuid NOT NULL,
    to_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid NOT NULL,
    CONSTRAINT link_pk PRIMARY KEY (tenant_id, relation, from_id, to_id)
);
CREATE INDEX link_to_idx ON core.link (tenant_id, relation, to_id, from_id);
SELECT core.fence('core.link');
GRANT DELETE ON core.link TO ballium_app;

-- Full-text search as a plain inverted index: row-level security hides a GIN index from operators that are not leakproof.
CREATE TABLE core.search_term (
    tenant_id uuid NOT NULL,
    lexeme text COLLATE "C" NOT NULL,
    resource text NOT NULL,
    record_id uuid NOT NULL,
    weight smallint NOT NULL,
    CONSTRAINT search_term_pk PRIMARY KEY (tenant_id, lexeme, resource, record_id)
);
CREATE INDEX search_term_record_idx ON core.search_term (tenant_id, resource, record_id);
SELECT core.fence('core.search_term');
GRANT DELETE ON core.search_term TO ballium_app;

-- The first answer to an Idempotency-Key, replayed for 24 hours.
CREATE TABLE core.idempotency (
    tenant_id uuid NOT NULL,
    actor uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,              -- NULL while the first request is under way
    headers text,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pk PRIMARY KEY (tenant_id, actor, route, key),
    CONSTRAINT idempotency_key_check CHECK (char_length(key) BETWEEN 1 AND 200)
);
SELECT core.fence('core.idempotency');
CREATE INDEX idempotency_age_idx ON core.idempotency (created_at);
-- Old keys are swept by the worker, over all tenants, and that is all it may do there.
CREATE POLICY sweep ON core.idempotency TO ballium_worker USING (created_at < now() - interval '24 hours');
GRANT SELECT (created_at), DELETE ON core.idempotency TO ballium_worker;
