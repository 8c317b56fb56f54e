-- A service client has one home, whatever memberships somebody gives its account: by an engagement, or by hand.

ALTER TABLE core.client ADD COLUMN organisation_id uuid;
UPDATE core.client c SET organisation_id = (SELECT m.tenant_id FROM core.membership m WHERE m.user_id = c.id AND m.engagement_id IS NULL
    ORDER BY m.created_at LIMIT 1);
ALTER TABLE core.client ALTER COLUMN organisation_id SET NOT NULL;
ALTER TABLE core.client ADD CONSTRAINT client_organisation_fk FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);

CREATE OR REPLACE FUNCTION core.enter_client(actor uuid, tenant uuid, permission text, scope text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    held text[];
    entered text;
BEGIN
    IF nullif(current_setting('ballium.tenant', true), '') IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    SELECT c.permissions INTO held
        FROM core.client c
        JOIN core.membership m ON m.user_id = c.id AND m.tenant_id = enter_client.tenant
            AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active'
        WHERE c.id = enter_client.actor AND c.organisation_id = enter_client.tenant;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
    END IF;
    IF scope IS NOT NULL THEN
        held := ARRAY(SELECT h FROM unnest(held) h WHERE h = ANY (string_to_array(scope, ' ')));
    END IF;
    IF enter_client.permission <> ALL (held) THEN
        RAISE EXCEPTION 'this service client, or the scope of its token, does not include %', enter_client.permission
            USING ERRCODE = 'BL403';
    END IF;
    entered := set_config('ballium.tenant', enter_client.tenant::text, true);
    RETURN 'service_client;own=' || array_to_string(held, ' ');
END
$$;

CREATE OR REPLACE FUNCTION core.client_authenticate(client uuid, secret bytea) RETURNS TABLE (organisation uuid, permissions text[])
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.client_secret s SET used_at = now()
        FROM core.client c
        JOIN core.membership m ON m.user_id = c.id AND m.tenant_id = c.organisation_id AND m.status = 'active'
            AND m.user_status = 'active' AND m.tenant_status = 'active'
        WHERE s.client_id = client AND s.hash = secret AND c.id = s.client_id
        RETURNING m.tenant_id, c.permissions
    $$;

CREATE OR REPLACE FUNCTION core.clients(wanted uuid)
    RETURNS TABLE (id uuid, name text, permissions json, version integer, created_at timestamptz, created_by uuid,
                   last_used_at timestamptz, secrets json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.id, u.name, to_json(c.permissions), c.version, m.created_at, c.created_by, max(s.used_at),
        coalesce(json_agg(json_build_object('id', s.id, 'hint', s.hint, 'created_at', to_char(s.created_at AT TIME ZONE 'UTC',
            'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'last_used_at', to_char(s.used_at AT TIME ZONE 'UTC',
            'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) ORDER BY s.id) FILTER (WHERE s.id IS NOT NULL), '[]')
    FROM core.client c
    JOIN core.membership m ON m.user_id = c.id AND m.tenant_id = core.tenant() AND m.status = 'active'
    JOIN core.user_account u ON u.id = c.id
    LEFT JOIN core.client_secret s ON s.client_id = c.id
    WHERE c.organisation_id = core.tenant() AND (wanted IS NULL OR c.id = wanted)
    GROUP BY c.id, u.name, m.created_at
    ORDER BY c.id
    $$;

CREATE OR REPLACE FUNCTION core.client_create(id uuid, name text, permissions text[], secret uuid, hash bytea, hint text, actor uuid)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    strange text := core.unknown_permission(permissions);
BEGIN
    IF strange IS NOT NULL THEN
        RETURN 'unknown ' || strange;
    END IF;
    IF (SELECT count(*) >= 200 FROM core.clients(NULL)) THEN
        RETURN 'full';
    END IF;
    INSERT INTO core.user_account (id, email, name, kind)
        VALUES (client_create.id, client_create.id || '@client.invalid', client_create.name, 'service');
    INSERT INTO core.membership (tenant_id, user_id, roles) VALUES (core.tenant(), client_create.id, '{service_client}');
    INSERT INTO core.client (id, organisation_id, permissions, created_by)
        VALUES (client_create.id, core.tenant(), client_create.permissions, client_create.actor);
    INSERT INTO core.client_secret (id, client_id, hash, hint)
        VALUES (client_create.secret, client_create.id, client_create.hash, client_create.hint);
    RETURN 'done';
END
$$;

CREATE OR REPLACE FUNCTION core.client_lock(client uuid) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.version FROM core.client c
        WHERE c.id = client AND c.organisation_id = core.tenant() AND EXISTS (SELECT FROM core.membership m
            WHERE m.tenant_id = core.tenant() AND m.user_id = c.id AND m.status = 'active')
        FOR UPDATE
    $$;

-- Of people who are erased nothing is left that could sign in; of an organisation that is purged, no provider and no secret of one.
CREATE OR REPLACE FUNCTION core.erase_people(people uuid[]) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    WITH gone AS (
        UPDATE core.user_account u SET status = 'erased', name = 'Erased', email = u.id || '@erased.invalid', password_hash = NULL
            WHERE u.id = ANY (people) AND NOT EXISTS (SELECT FROM core.membership m WHERE m.user_id = u.id) RETURNING u.id
    ), ended AS (
        DELETE FROM core.session s USING gone WHERE s.user_id = gone.id
    ), secrets AS (
        DELETE FROM core.client_secret c USING gone WHERE c.client_id = gone.id
    ), codes AS (
        DELETE FROM core.recovery_code c USING gone WHERE c.user_id = gone.id
    ), factors AS (
        DELETE FROM core.totp t USING gone WHERE t.user_id = gone.id
    ), subjects AS (
        DELETE FROM core.identity_subject s USING gone WHERE s.user_id = gone.id
    ), providers AS (
        DELETE FROM core.identity_provider p WHERE p.organisation_id = nullif(current_setting('ballium.purge', true), '')::uuid
    )
    SELECT count(*) FROM gone
    $$;
