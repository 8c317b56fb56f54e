-- Identity providers of organisations: whose tokens are taken, and through whom people sign in. A provider speaks for the members of
-- its organisation inside that organisation, and for nobody anywhere else: what comes of it always names the organisation.
-- Like log-in, all of it is looked at before a tenant is entered, so it belongs to nobody; the functions that manage providers act on
-- those of this transaction's tenant alone.

CREATE TABLE core.identity_provider (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    audience text NOT NULL,      -- of tokens that are sent to the API
    jwks_uri text NOT NULL,
    authorization_endpoint text, -- NULL: nobody signs in through it
    token_endpoint text,
    client_id text,
    client_secret text,          -- NULL: a public client, by PKCE alone
    trust_email boolean NOT NULL,
    jwks text,                   -- as fetched last
    fetched_at timestamptz,
    tried_at timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid NOT NULL,
    CONSTRAINT identity_provider_pk PRIMARY KEY (id),
    CONSTRAINT identity_provider_issuer_key UNIQUE (organisation_id, issuer),
    CONSTRAINT identity_provider_sign_in_check CHECK ((client_id IS NULL) = (authorization_endpoint IS NULL)
        AND (client_id IS NULL) = (token_endpoint IS NULL) AND (client_id IS NOT NULL OR client_secret IS NULL))
);
ALTER TABLE core.identity_provider ADD CONSTRAINT identity_provider_organisation_fk
    FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);

-- Who a subject of the provider is here.
CREATE TABLE core.identity_subject (
    provider_id uuid NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT identity_subject_pk PRIMARY KEY (provider_id, subject),
    CONSTRAINT identity_subject_subject_check CHECK (octet_length(subject) BETWEEN 1 AND 255)
);
ALTER TABLE core.identity_subject ADD CONSTRAINT identity_subject_provider_fk
    FOREIGN KEY (provider_id) REFERENCES core.identity_provider (id) ON DELETE CASCADE;
ALTER TABLE core.identity_subject ADD CONSTRAINT identity_subject_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);

-- A sign-in that was sent to its provider and has not come back.
CREATE TABLE core.sign_in (
    state bytea NOT NULL,   -- SHA-256 of what the provider gives back
    browser bytea NOT NULL, -- SHA-256 of the cookie: only who began it may end it
    provider_id uuid NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL, -- PKCE
    expires_at timestamptz NOT NULL DEFAULT now() + interval '10 minutes',
    CONSTRAINT sign_in_pk PRIMARY KEY (state)
);
CREATE INDEX sign_in_expiry_idx ON core.sign_in (expires_at);
ALTER TABLE core.sign_in ADD CONSTRAINT sign_in_provider_fk
    FOREIGN KEY (provider_id) REFERENCES core.identity_provider (id) ON DELETE CASCADE;

-- ---- before a tenant is entered ----

-- stale: its keys are to be fetched again when that may be done.
CREATE FUNCTION core.provider_find(organisation uuid, issuer text) RETURNS TABLE (id uuid, audience text, jwks text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.id, p.audience, p.jwks, p.fetched_at IS NULL OR p.fetched_at < now() - interval '1 hour'
    FROM core.identity_provider p WHERE p.organisation_id = organisation AND p.issuer = provider_find.issuer
    $$;
REVOKE EXECUTE ON FUNCTION core.provider_find(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_find(uuid, text) TO ballium_app;

-- May its keys be fetched now? Once a minute, whoever asks, in whatever process. NULL: not yet.
CREATE FUNCTION core.provider_claim(provider uuid) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.identity_provider p SET tried_at = now() WHERE p.id = provider AND p.tried_at < now() - interval '1 minute'
        RETURNING p.jwks_uri
    $$;
REVOKE EXECUTE ON FUNCTION core.provider_claim(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_claim(uuid) TO ballium_app;

CREATE FUNCTION core.provider_keep(provider uuid, fetched text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ UPDATE core.identity_provider p SET jwks = fetched, fetched_at = now() WHERE p.id = provider $$;
REVOKE EXECUTE ON FUNCTION core.provider_keep(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_keep(uuid, text) TO ballium_app;

-- Who that subject is: a member of the provider's organisation, of its own (nobody who comes by an engagement), or no row. `email`
-- (verified by the provider; may be NULL) counts when the provider is trusted with it and the subject has no one yet.
CREATE FUNCTION core.provider_member(provider uuid, subject text, email text) RETURNS TABLE (user_id uuid, organisation uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT m.user_id, p.organisation_id
    FROM core.identity_provider p
    LEFT JOIN core.identity_subject s ON s.provider_id = p.id AND s.subject = provider_member.subject
    JOIN core.user_account u ON u.kind = 'person' AND (u.id = s.user_id OR (s.user_id IS NULL AND p.trust_email AND u.email =
        lower(provider_member.email)))
    JOIN core.membership m ON m.tenant_id = p.organisation_id AND m.user_id = u.id AND m.engagement_id IS NULL
        AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active'
    WHERE p.id = provider
    $$;
REVOKE EXECUTE ON FUNCTION core.provider_member(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_member(uuid, text, text) TO ballium_app;

-- Begins a sign-in; no row: nobody signs in through that provider.
CREATE FUNCTION core.sign_in_begin(provider uuid, state bytea, browser bytea, nonce text, verifier text)
    RETURNS TABLE (authorization_endpoint text, client_id text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.sign_in WHERE core.sign_in.state IN
        (SELECT i.state FROM core.sign_in i WHERE i.expires_at < now() LIMIT 8 FOR UPDATE SKIP LOCKED);
    WITH begun AS (
        INSERT INTO core.sign_in (state, browser, provider_id, nonce, verifier)
            SELECT sign_in_begin.state, sign_in_begin.browser, p.id, sign_in_begin.nonce, sign_in_begin.verifier
            FROM core.identity_provider p JOIN core.organisation o ON o.id = p.organisation_id AND o.status = 'active'
            WHERE p.id = provider AND p.client_id IS NOT NULL
            RETURNING provider_id)
    SELECT p.authorization_endpoint, p.client_id FROM begun b JOIN core.identity_provider p ON p.id = b.provider_id
    $$;
REVOKE EXECUTE ON FUNCTION core.sign_in_begin(uuid, bytea, bytea, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sign_in_begin(uuid, bytea, bytea, text, text) TO ballium_app;

-- Ends it, once, for the browser that began it.
CREATE FUNCTION core.sign_in_end(state bytea, browser bytea)
    RETURNS TABLE (provider uuid, issuer text, jwks text, stale boolean, token_endpoint text, client_id text, client_secret text,
                   nonce text, verifier text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.sign_in i USING core.identity_provider p
        WHERE i.state = sign_in_end.state AND i.browser = sign_in_end.browser AND i.expires_at > now() AND p.id = i.provider_id
        RETURNING p.id, p.issuer, p.jwks, p.fetched_at IS NULL OR p.fetched_at < now() - interval '1 hour', p.token_endpoint,
                  p.client_id, p.client_secret, i.nonce, i.verifier
    $$;
REVOKE EXECUTE ON FUNCTION core.sign_in_end(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sign_in_end(bytea, bytea) TO ballium_app;

-- ---- inside a tenant ----

CREATE FUNCTION core.providers(wanted uuid)
    RETURNS TABLE (id uuid, name text, issuer text, audience text, jwks_uri text, sign_in boolean, client_id text, trust_email boolean,
                   fetched_at timestamptz, created_at timestamptz, created_by uuid, subjects json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.id, p.name, p.issuer, p.audience, p.jwks_uri, p.client_id IS NOT NULL, p.client_id, p.trust_email, p.fetched_at,
        p.created_at, p.created_by,
        (SELECT coalesce(json_agg(json_build_object('subject', s.subject, 'member_id', s.user_id) ORDER BY s.subject), '[]')
            FROM core.identity_subject s WHERE s.provider_id = p.id)
    FROM core.identity_provider p
    WHERE p.organisation_id = core.tenant() AND (wanted IS NULL OR p.id = wanted)
    ORDER BY p.id
    $$;
REVOKE EXECUTE ON FUNCTION core.providers(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.providers(uuid) TO ballium_app;

-- outcome: done; exists (one of that issuer); full (an organisation has at most ten).
CREATE FUNCTION core.provider_create(id uuid, name text, issuer text, audience text, jwks_uri text, authorization_endpoint text,
                                     token_endpoint text, client_id text, client_secret text, trust_email boolean, actor uuid)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF (SELECT count(*) >= 10 FROM core.identity_provider p WHERE p.organisation_id = core.tenant()) THEN
        RETURN 'full';
    END IF;
    INSERT INTO core.identity_provider (id, organisation_id, name, issuer, audience, jwks_uri, authorization_endpoint, token_endpoint,
            client_id, client_secret, trust_email, created_by)
        VALUES (provider_create.id, core.tenant(), provider_create.name, provider_create.issuer, provider_create.audience,
            provider_create.jwks_uri, provider_create.authorization_endpoint, provider_create.token_endpoint,
            provider_create.client_id, provider_create.client_secret, provider_create.trust_email, actor)
        ON CONFLICT ON CONSTRAINT identity_provider_issuer_key DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'done' ELSE 'exists' END;
END
$$;
REVOKE EXECUTE ON FUNCTION core.provider_create(uuid, text, text, text, text, text, text, text, text, boolean, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_create(uuid, text, text, text, text, text, text, text, text, boolean, uuid) TO ballium_app;

-- Ends a provider, and the sessions of its organisation's members that were opened through one. outcome: done; missing.
CREATE FUNCTION core.provider_end(provider uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    DELETE FROM core.identity_provider p WHERE p.id = provider AND p.organisation_id = core.tenant();
    IF NOT FOUND THEN
        RETURN 'missing';
    END IF;
    UPDATE core.session s SET ended_at = now(), ended_why = 'revoked'
        WHERE s.organisation_id = core.tenant() AND s.ended_at IS NULL;
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.provider_end(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_end(uuid) TO ballium_app;

-- outcome: done; missing; not_member (not one of the organisation's own people).
CREATE FUNCTION core.provider_bind(provider uuid, subject text, member uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM FROM core.identity_provider p WHERE p.id = provider AND p.organisation_id = core.tenant();
    IF NOT FOUND THEN
        RETURN 'missing';
    END IF;
    PERFORM FROM core.membership m JOIN core.user_account u ON u.id = m.user_id AND u.kind = 'person'
        WHERE m.tenant_id = core.tenant() AND m.user_id = member AND m.status = 'active' AND m.engagement_id IS NULL;
    IF NOT FOUND THEN
        RETURN 'not_member';
    END IF;
    INSERT INTO core.identity_subject (provider_id, subject, user_id) VALUES (provider, provider_bind.subject, member)
        ON CONFLICT ON CONSTRAINT identity_subject_pk DO UPDATE SET user_id = excluded.user_id, created_at = now();
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION core.provider_bind(uuid, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_bind(uuid, text, uuid) TO ballium_app;

-- outcome: done; missing.
CREATE FUNCTION core.provider_unbind(provider uuid, subject text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    DELETE FROM core.identity_subject s USING core.identity_provider p
        WHERE s.provider_id = provider AND s.subject = provider_unbind.subject AND p.id = provider
          AND p.organisation_id = core.tenant();
    RETURN CASE WHEN FOUND THEN 'done' ELSE 'missing' END;
END
$$;
REVOKE EXECUTE ON FUNCTION core.provider_unbind(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.provider_unbind(uuid, text) TO ballium_app;

-- Ends the session that the token belongs to, whether or not it was traded already; answers which.
DROP FUNCTION core.log_out(bytea);
CREATE FUNCTION core.log_out(token bytea) RETURNS TABLE (id uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.session s SET ended_at = now(), ended_why = 'logout'
        FROM core.refresh_token t WHERE t.hash = token AND s.id = t.session_id AND s.ended_at IS NULL RETURNING s.id
    $$;
REVOKE EXECUTE ON FUNCTION core.log_out(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.log_out(bytea) TO ballium_app;
