-- Service clients: programs that call the API of one organisation with permissions of their own (RFC 6749, section 4.4).
-- A client is a user_account without a password and with one membership, so that records and events name it like a person. What it
-- may do stands in core.client: its role, service_client, is granted nothing, so that core.enter lets it do nothing. Like a
-- session, a client belongs to nobody's tables: its token is asked for before a tenant is entered. The functions that
-- manage clients act on those of this transaction's tenant alone.

ALTER TABLE core.user_account ADD COLUMN kind text NOT NULL DEFAULT 'person';
ALTER TABLE core.user_account ADD CONSTRAINT user_account_kind_check CHECK (kind IN ('person', 'service'));
ALTER TABLE core.user_account ADD CONSTRAINT user_account_password_check CHECK (kind = 'person' OR password_hash IS NULL);

CREATE TABLE core.client (
    id uuid NOT NULL,
    permissions text[] NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_by uuid NOT NULL,
    CONSTRAINT client_pk PRIMARY KEY (id),
    CONSTRAINT client_permissions_check CHECK (cardinality(permissions) BETWEEN 1 AND 1000)
);
ALTER TABLE core.client ADD CONSTRAINT client_user_fk FOREIGN KEY (id) REFERENCES core.user_account (id);

CREATE TABLE core.client_secret (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    hash bytea NOT NULL, -- SHA-256 of the secret; the secret itself is stored nowhere
    hint text NOT NULL,  -- its last characters, to tell two apart
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    CONSTRAINT client_secret_pk PRIMARY KEY (id),
    CONSTRAINT client_secret_key UNIQUE (client_id, hash),
    CONSTRAINT client_secret_hash_check CHECK (octet_length(hash) = 32)
);
ALTER TABLE core.client_secret ADD CONSTRAINT client_secret_client_fk FOREIGN KEY (client_id) REFERENCES core.client (id);

-- The same as core.enter for a service client: `scope` (NULL: all) narrows what it holds to what its token was asked for. The answer
-- is like that for a role of the organisation's own: "service_client;own=context.issue:read context.issue:write".
CREATE FUNCTION core.enter_client(actor uuid, tenant uuid, permission text, scope text) RETURNS text
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
        WHERE c.id = enter_client.actor;
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
REVOKE EXECUTE ON FUNCTION core.enter_client(uuid, uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter_client(uuid, uuid, text, text) TO ballium_app;

-- Is this its secret? Answers the client's organisation and marks the secret as used; no row: unknown, wrong, or ended.
CREATE FUNCTION core.client_authenticate(client uuid, secret bytea) RETURNS TABLE (organisation uuid, permissions text[])
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.client_secret s SET used_at = now()
        FROM core.client c
        JOIN core.membership m ON m.user_id = c.id AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active'
        WHERE s.client_id = client AND s.hash = secret AND c.id = s.client_id
        RETURNING m.tenant_id, c.permissions
    $$;
REVOKE EXECUTE ON FUNCTION core.client_authenticate(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_authenticate(uuid, bytea) TO ballium_app;

-- The clients of this transaction's tenant, or one of them.
CREATE FUNCTION core.clients(wanted uuid)
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
    WHERE wanted IS NULL OR c.id = wanted
    GROUP BY c.id, u.name, m.created_at
    ORDER BY c.id
    $$;
REVOKE EXECUTE ON FUNCTION core.clients(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.clients(uuid) TO ballium_app;

-- The first of the wanted permissions that nothing declares; NULL: all are known. (The owner's role holds every one.)
CREATE FUNCTION core.unknown_permission(wanted text[]) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT w FROM unnest(wanted) w
        WHERE NOT EXISTS (SELECT FROM core.role_grant g WHERE g.role = 'owner' AND g.permission = w) LIMIT 1
    $$;
REVOKE EXECUTE ON FUNCTION core.unknown_permission(text[]) FROM PUBLIC;

-- outcome: done; unknown <permission>; full (an organisation has at most 200 clients).
CREATE FUNCTION core.client_create(id uuid, name text, permissions text[], secret uuid, hash bytea, hint text, actor uuid)
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
    INSERT INTO core.client (id, permissions, created_by)
        VALUES (client_create.id, client_create.permissions, client_create.actor);
    INSERT INTO core.client_secret (id, client_id, hash, hint)
        VALUES (client_create.secret, client_create.id, client_create.hash, client_create.hint);
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.client_create(uuid, text, text[], uuid, bytea, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_create(uuid, text, text[], uuid, bytea, text, uuid) TO ballium_app;

-- Locks a client of this tenant and answers its version; NULL: there is no such client here.
CREATE FUNCTION core.client_lock(client uuid) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.version FROM core.client c
        WHERE c.id = client AND EXISTS (SELECT FROM core.membership m
            WHERE m.tenant_id = core.tenant() AND m.user_id = c.id AND m.status = 'active')
        FOR UPDATE
    $$;
REVOKE EXECUTE ON FUNCTION core.client_lock(uuid) FROM PUBLIC;

-- NULL keeps name or permissions. outcome: done; unknown <permission>; missing; changed (another version).
CREATE FUNCTION core.client_change(client uuid, seen integer, name text, permissions text[]) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    strange text := core.unknown_permission(permissions);
    version integer := core.client_lock(client);
BEGIN
    IF version IS NULL THEN
        RETURN 'missing';
    ELSIF version <> seen THEN
        RETURN 'changed';
    ELSIF strange IS NOT NULL THEN
        RETURN 'unknown ' || strange;
    END IF;
    UPDATE core.client c SET permissions = coalesce(client_change.permissions, c.permissions), version = c.version + 1
        WHERE c.id = client;
    UPDATE core.user_account u SET name = client_change.name WHERE u.id = client AND client_change.name IS NOT NULL;
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.client_change(uuid, integer, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_change(uuid, integer, text, text[]) TO ballium_app;

-- Ends a client: its tokens are refused from the next request on. The records go on naming it. outcome: done; missing.
CREATE FUNCTION core.client_end(client uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF core.client_lock(client) IS NULL THEN
        RETURN 'missing';
    END IF;
    DELETE FROM core.client_secret s WHERE s.client_id = client;
    UPDATE core.client c SET version = c.version + 1 WHERE c.id = client;
    UPDATE core.membership m SET status = 'ended' WHERE m.tenant_id = core.tenant() AND m.user_id = client;
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.client_end(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_end(uuid) TO ballium_app;

-- Two secrets live side by side, so that a new one can be rolled out before the old one is taken back. outcome: done; missing; full.
CREATE FUNCTION core.client_secret_add(client uuid, id uuid, hash bytea, hint text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF core.client_lock(client) IS NULL THEN
        RETURN 'missing';
    ELSIF (SELECT count(*) >= 2 FROM core.client_secret s WHERE s.client_id = client) THEN
        RETURN 'full';
    END IF;
    INSERT INTO core.client_secret (id, client_id, hash, hint)
        VALUES (client_secret_add.id, client, client_secret_add.hash, client_secret_add.hint);
    UPDATE core.client c SET version = c.version + 1 WHERE c.id = client;
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.client_secret_add(uuid, uuid, bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_secret_add(uuid, uuid, bytea, text) TO ballium_app;

-- outcome: done; missing.
CREATE FUNCTION core.client_secret_drop(client uuid, secret uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF core.client_lock(client) IS NULL THEN
        RETURN 'missing';
    END IF;
    DELETE FROM core.client_secret s WHERE s.client_id = client AND s.id = secret;
    IF NOT FOUND THEN
        RETURN 'missing';
    END IF;
    UPDATE core.client c SET version = c.version + 1 WHERE c.id = client;
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.client_secret_drop(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.client_secret_drop(uuid, uuid) TO ballium_app;
